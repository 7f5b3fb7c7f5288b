//! A carrier's word that a short message arrived: it counts where the system that says so has proven who it is.
//!
//! Guarantees: only for a message that we sent and the gateway for messages took; never before it was sent, never in the future; the
//! first report stays; a row of the audit trail in the same transaction. With it a window may start, as with a wallet's word.
//! Deliberately absent: asking carriers; the department's relay passes their signed or authenticated reports on, with its certificate.

use protocol::consent::Refusal;
use schemas::{
    id::{MessageId, SystemName},
    problem::Code,
    time::Timestamp,
};
use service_kit::db::{AnyConnection, DatabaseError};

use crate::{
    app::App,
    audit,
    store::notices::reports::{message_gone, report_insert},
};

/// The action in the audit trail.
const ARRIVED: &str = "message.arrived";
/// How far another clock may be off, seconds.
const SKEW: i64 = 60;

/// A report was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReportRefused {
    /// Why.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database.
    #[error(transparent)]
    Store(#[from] DatabaseError),
}

impl App {
    /// A system reports that the short message of a notice arrived. The same again is taken again.
    ///
    /// # Errors
    /// `not-found`: no short message of this notice went out; `request-malformed`: before it went, or in the future.
    pub async fn message_arrived(
        &self,
        notice: &MessageId,
        (system, at): (&SystemName, Timestamp),
    ) -> Result<(), ReportRefused> {
        let row = audit::done(system.as_str(), ARRIVED, notice.as_str(), self.now());
        let (with, id, by, done) = (self.clone(), notice.clone(), system.clone(), row.clone());
        let write = move |conn: &mut AnyConnection| {
            let gone = message_gone(conn, &id).map_err(DatabaseError::from)?;
            let gone = gone.ok_or(Refusal::new(Code::NotFound, "no short message of this notice went out"))?;
            let since = Timestamp::from_seconds(gone.since_ms.div_euclid(1000)).plus(-SKEW);
            if at < since || at > with.now().plus(SKEW) {
                return Err(Refusal::new(Code::RequestMalformed, "it arrived before it went, or in the future").into());
            }
            let arrived_ms = at.seconds().saturating_mul(1000);
            if report_insert(conn, &id, (&by, arrived_ms), with.now_ms()).map_err(DatabaseError::from)? {
                audit::append(conn, &done)?;
            }
            Ok(())
        };
        let result: Result<(), ReportRefused> = self.db().write(write).await;
        if let Err(ReportRefused::Refused(refusal)) = &result {
            audit::record(self.db(), audit::refused(row, Some(refusal.code()))).await?;
        }
        self.wake_decisions();
        result
    }
}
