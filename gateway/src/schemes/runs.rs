//! Back-tests that a page begins: they run on while the officer does something else, and say how far they are.
//!
//! Guarantees: one a file at a time, on all replicas; a failed one says by which code, and is a row of the audit trail. Deliberately
//! absent: the back-test itself (`super::backtest`).

use schemas::{decision::SchemeVersion, digest::Digest, id::SystemName, problem::Code};
use service_kit::db::Database;

use super::{Progress, SchemeError, action, leavers::target};
use crate::{
    app::App,
    audit,
    store::schemes::{
        StoredVersion,
        runs::{run_begin, run_end, run_touch},
    },
};

impl App {
    /// Begins a back-test of a version on the roll by which it pays.
    ///
    /// # Errors
    /// `not-found` without that version, `conflict` without a roll for it or while another back-test of it goes on.
    pub async fn begin_backtest(&self, by: &SystemName, version: &SchemeVersion) -> Result<(), SchemeError> {
        let begun = self.claim_backtest(by, version).await;
        if let Err(error) = &begun {
            let row = audit::done(by.as_str(), action::BACKTEST, &target(version), self.now());
            audit::record(self.db(), audit::refused(row, Some(error.code()))).await?;
        }
        let stored = begun?;
        let (app, by, version) = (self.clone(), by.clone(), version.clone());
        tokio::spawn(async move {
            let ended = app.run_backtest(&by, stored).await;
            if let Err(error) = app.end_backtest(&by, &version, ended).await {
                tracing::error!(%error, "the end of a back-test could not be kept");
            }
        });
        Ok(())
    }

    async fn claim_backtest(&self, by: &SystemName, version: &SchemeVersion) -> Result<StoredVersion, SchemeError> {
        let conflict = |why| SchemeError::refused(Code::Conflict, why);
        let stored = self.schemes().version(&version.id, version.version).await?;
        if self.source().is_none() || self.config().decisions.roll(&version.id).is_none() {
            return Err(conflict("it is not configured which roll this scheme pays by"));
        }
        let (hash, by, now_ms) = (stored.hash, by.clone(), self.schemes().now_ms());
        let mine = self.db().write(move |conn| Ok::<_, SchemeError>(run_begin(conn, &hash, &by, now_ms)?)).await?;
        if mine { Ok(stored) } else { Err(conflict("a back-test of this version goes on already")) }
    }

    async fn run_backtest(&self, by: &SystemName, stored: StoredVersion) -> Result<(), SchemeError> {
        let gone = || SchemeError::refused(Code::Conflict, "it is not configured which roll this scheme pays by");
        let settings = &self.config().decisions;
        let roll = settings.roll(&stored.scheme).ok_or_else(gone)?;
        let rolls = settings.rolls.iter().filter_map(|(id, roll)| Some((id.parse().ok()?, roll.parse().ok()?)));
        let progress = self.progress_of(stored.hash);
        let source = self.source().ok_or_else(gone)?;
        self.schemes().backtest(by.as_str(), source, stored, (roll, rolls.collect()), None, progress).await.map(drop)
    }

    /// Says how far it is, where the roll is read; what cannot be said is said the next time.
    fn progress_of(&self, hash: Digest) -> Progress {
        let (db, clock): (Database, _) = (self.db().clone(), self.clock().clone());
        Box::new(move |people, total| {
            let now_ms = clock.now().seconds().saturating_mul(1_000);
            let told = db.write_blocking(|conn| Ok::<_, SchemeError>(run_touch(conn, &hash, (people, total), now_ms)?));
            if let Err(error) = told {
                tracing::warn!(%error, "how far a back-test is could not be kept");
            }
        })
    }

    async fn end_backtest(
        &self,
        by: &SystemName,
        version: &SchemeVersion,
        ended: Result<(), SchemeError>,
    ) -> Result<(), SchemeError> {
        let failed = ended.err();
        if let Some(error) = &failed {
            tracing::error!(%error, scheme = %version.id, "a back-test failed");
        }
        let code = failed.map(|error| error.code());
        let (hash, now_ms) = (version.hash, self.schemes().now_ms());
        let row = audit::done(by.as_str(), action::BACKTEST, &target(version), self.now());
        self.db()
            .write(move |conn| {
                run_end(conn, &hash, code, now_ms)?;
                if code.is_some() {
                    audit::append(conn, &audit::refused(row, code))?;
                }
                Ok(())
            })
            .await
    }
}
