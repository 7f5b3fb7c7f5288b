//! One version as a page shows it: file, back-test, signatures, and what is in force beside it.
//!
//! Deliberately absent: what a page makes of it (`crate::console::schemes`).

use std::sync::Arc;

use eligibility::{backtest::BackTestResult, scheme::Scheme};
use schemas::{
    digest::Digest,
    id::{SchemeId, SystemName},
    scheme::SchemeAction,
    time::CivilDate,
};
use service_kit::db::AnyConnection;

use super::{Listed, SchemeError, Schemes, Terms, in_force, orders};
use crate::store::schemes::{
    StoredOrder, StoredVersion, backtest_newest, order_list, runs, signature_list, version_find, version_of_hash,
};
use schemas::problem::Code;

/// The newest back-test of a version.
#[derive(Clone, Debug)]
pub struct Tested {
    /// Digest of the signed record.
    pub digest: Digest,
    /// When, milliseconds since the epoch.
    pub at_ms: i64,
    /// What came out.
    pub result: BackTestResult,
    /// Who read the sample of leavers.
    pub readers: Vec<SystemName>,
}

impl Tested {
    /// Whether nobody has to read anything before somebody signs.
    pub fn is_read(&self) -> bool {
        self.result.leavers.is_empty() || !self.readers.is_empty()
    }
}

/// What officers signed and what was not carried out yet.
#[derive(Clone, Debug)]
pub struct Open {
    /// What they say alike.
    pub terms: Terms,
    /// Who signed, the first first.
    pub by: Vec<SystemName>,
}

/// A version, and everything about it.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The file.
    pub stored: StoredVersion,
    /// The same, read.
    pub scheme: Arc<Scheme>,
    /// How it stands.
    pub listed: Listed,
    /// What is in force of this scheme today, with its file.
    pub live: Option<(Arc<Scheme>, StoredVersion)>,
    /// Its newest back-test.
    pub test: Option<Tested>,
    /// The back-test that a page began.
    pub run: Option<runs::Run>,
    /// An open order to bring it into force.
    pub publishing: Option<Open>,
    /// An open order to take this scheme's version in force back.
    pub taking_back: Option<Open>,
    /// Every order about the scheme that was carried out, the newest first.
    pub orders: Vec<(StoredOrder, u32)>,
    /// Today, by the gateway's clock.
    pub today: CivilDate,
    /// Now, milliseconds since the epoch.
    pub now_ms: i64,
}

impl Detail {
    /// Whether this very version is in force today.
    pub fn is_live(&self) -> bool {
        self.live.as_ref().is_some_and(|(live, _)| live.hash == self.scheme.hash)
    }

    /// Whether a back-test goes on now.
    pub fn is_running(&self) -> bool {
        let running = self.run.as_ref().filter(|run| run.state == runs::RunState::Running);
        running.is_some_and(|run| run.touched_ms >= self.now_ms.saturating_sub(runs::BROKEN_OFF))
    }
}

impl Schemes {
    /// A version with everything about it.
    ///
    /// # Errors
    /// `not-found`.
    pub async fn detail(&self, id: &SchemeId, version: u32) -> Result<Detail, SchemeError> {
        let (this, id, today, now_ms) = (self.clone(), id.clone(), self.now().civil_day(), self.now_ms());
        let read = move |conn: &mut AnyConnection| {
            let missing = || SchemeError::refused(Code::NotFound, "no such version was handed in");
            let stored = version_find(conn, &id, version)?.ok_or_else(missing)?;
            let orders = order_list(conn, Some(&id))?;
            let live = match in_force(&orders, today).next().map(|order| order.hash) {
                Some(hash) => version_of_hash(conn, &hash)?
                    .map(|stored| this.scheme_of(conn, &hash).map(|scheme| (scheme, stored)))
                    .transpose()?,
                None => None,
            };
            let of_this = |open: &Open| open.terms.scheme.hash == stored.hash;
            Ok(Detail {
                scheme: this.scheme_of(conn, &stored.hash)?,
                listed: this.listed(conn, stored.clone(), &orders, today)?,
                test: this.tested(conn, &stored.hash)?,
                run: runs::run_find(conn, &stored.hash)?,
                publishing: open(conn, &id, SchemeAction::Publish)?.filter(of_this),
                taking_back: match open(conn, &id, SchemeAction::Rollback)? {
                    None => open(conn, &id, SchemeAction::Withdraw)?,
                    found => found,
                },
                orders: numbered(conn, orders)?,
                live,
                stored,
                today,
                now_ms,
            })
        };
        self.db.read(read).await
    }

    fn tested(&self, conn: &mut AnyConnection, hash: &Digest) -> Result<Option<Tested>, SchemeError> {
        let Some(test) = backtest_newest(conn, &self.keys, hash)? else { return Ok(None) };
        let readers = runs::leavers_readers(conn, &test.digest)?;
        Ok(Some(Tested { digest: test.digest, at_ms: test.at_ms, result: test.result, readers }))
    }
}

fn open(conn: &mut AnyConnection, id: &SchemeId, action: SchemeAction) -> Result<Option<Open>, SchemeError> {
    let Some(terms) = orders::waiting(conn, id, action)? else { return Ok(None) };
    let by = signers(conn, id, &terms.digest()?)?;
    Ok(Some(Open { terms, by }))
}

/// Who signed these terms, the first first.
pub(super) fn signers(conn: &mut AnyConnection, id: &SchemeId, terms: &Digest) -> Result<Vec<SystemName>, SchemeError> {
    let all = signature_list(conn, id)?.into_iter().rev();
    Ok(all.filter(|signature| signature.terms == *terms).map(|signature| signature.account).collect())
}

fn numbered(conn: &mut AnyConnection, orders: Vec<StoredOrder>) -> Result<Vec<(StoredOrder, u32)>, SchemeError> {
    let number = |order: StoredOrder| {
        let stored = version_of_hash(conn, &order.hash)?.ok_or(SchemeError::Unreadable(order.hash))?;
        Ok((order, stored.version))
    };
    orders.into_iter().rev().map(number).collect()
}
