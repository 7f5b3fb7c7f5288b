//! Our own signed words about a comparison, made ready to be kept, and the one place that keeps them.
//!
//! Guarantees: what we sign is queued for the log in the transaction that keeps it. Deliberately absent: when they are signed.

use protocol::{exchange::Attested, overlap::Party, seal::SealFailed};
use schemas::{
    digest::Digest,
    overlap::{OverlapCounts, OverlapResult, OverlapSays},
    time::Timestamp,
};
use service_kit::db::{AnyConnection, QueryResult};
use tlog::entry::EntryType;

use crate::{
    app::App,
    store::{
        outbox::outbox_insert,
        overlap::{OverlapKey, OverlapRecord, record_insert},
    },
};

/// What stands beside a record in the store.
const fn what(says: &OverlapSays) -> &'static str {
    match says {
        OverlapSays::Accepted { .. } => "accepted",
        OverlapSays::Refused { .. } => "refused",
        OverlapSays::Compared(_) => "compared",
        // Turns are never kept.
        OverlapSays::Broken { .. } | OverlapSays::Turn(_) => "broken",
    }
}

/// A statement as it is kept.
pub(super) fn record(statement: &Attested<OverlapResult>, ours: bool) -> OverlapRecord {
    let claims = statement.claims();
    OverlapRecord { ours, what: what(&claims.says), jti: claims.jti.clone(), jws: statement.jws().clone() }
}

/// Keeps records, and queues those that we signed for the log.
pub(super) fn keep(
    conn: &mut AnyConnection,
    key: &OverlapKey,
    records: &[OverlapRecord],
    (at, now_ms): (Timestamp, i64),
) -> QueryResult<()> {
    records.iter().try_for_each(|record| record_insert(conn, key, record, at))?;
    let ours = records.iter().filter(|record| record.ours);
    let logged: Vec<_> = ours.map(|record| (EntryType::Consent, Digest::of(record.jws.as_str()))).collect();
    outbox_insert(conn, &logged, now_ms)
}

impl App {
    /// Signs a statement about a comparison.
    pub(super) fn overlap_statement(
        &self,
        key: &OverlapKey,
        request: Digest,
        says: OverlapSays,
    ) -> Result<Attested<OverlapResult>, SealFailed> {
        let party = Party { entity: self.entity(), signing: &self.keys().signing, peer: &key.peer };
        party.statement((&key.comparison, request), says, self.now())
    }
}

/// The numbers of a comparison that ended, as the side that asked counts them first.
pub(super) fn counts<T>(ended: &protocol::overlap::Ended<T>, we_asked: bool) -> OverlapCounts {
    let (ours, theirs) = ended.sizes;
    let (asker, answerer) = if we_asked { (ours, theirs) } else { (theirs, ours) };
    let common = u32::try_from(ended.common.len()).unwrap_or(u32::MAX);
    OverlapCounts { asker, answerer, common, transcript: ended.transcript }
}
