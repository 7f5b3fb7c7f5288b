//! Acknowledgements and applications of events, ours and the other side's; and what a bundle shows of a trigger.

use std::collections::BTreeSet;

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{Nullable, Text},
};
use schemas::{
    bundle::BundleKind,
    digest::Digest,
    event::{AppliedResult, EventResult},
    id::{CompactJws, EntityId, MessageId},
};
use service_kit::db::{AnyConnection, DatabaseError};
use tlog::entry::EntryType;

use super::Side;
use crate::{
    bundle::Records,
    store::exchange::statement::{Bind, ROWS, Statement, read},
};

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// Durably stored.
    Received,
    /// Was there before.
    Duplicate,
    /// Not taken.
    Refused,
    /// Has run its course.
    Applied,
}

impl RecordKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Duplicate => "duplicate",
            Self::Refused => "refused",
            Self::Applied => "applied",
        }
    }

    /// Of an acknowledgement.
    pub const fn of_ack(result: EventResult) -> Self {
        match result {
            EventResult::Received => Self::Received,
            EventResult::Duplicate => Self::Duplicate,
            EventResult::Refused => Self::Refused,
        }
    }
}

/// As the tables and the local interface write it.
pub const fn result_word(result: AppliedResult) -> &'static str {
    match result {
        AppliedResult::Settled => "settled",
        AppliedResult::Unmatched => "unmatched",
        AppliedResult::Contradicted => "contradicted",
    }
}

/// Which record: on which side we stand, with whom, of which event.
#[derive(Clone, Copy, Debug)]
pub struct RecordKey<'a> {
    /// Our side.
    pub side: Side,
    /// The other side.
    pub peer: &'a EntityId,
    /// The event.
    pub event: &'a MessageId,
    /// What it says.
    pub kind: RecordKind,
}

/// A record that is to be stored.
#[derive(Clone, Copy, Debug)]
pub struct NewRecord<'a> {
    /// Which.
    pub key: RecordKey<'a>,
    /// The token.
    pub jws: &'a CompactJws,
    /// Of an application, what became of the event.
    pub result: Option<AppliedResult>,
}

/// Stores a record; the first of its kind stays. `true`: this one is stored.
pub fn record_insert(
    conn: &mut AnyConnection,
    key: RecordKey<'_>,
    jws: &CompactJws,
    result: Option<AppliedResult>,
    now_ms: i64,
) -> QueryResult<bool> {
    Ok(records_insert(conn, &[NewRecord { key, jws, result }], now_ms)?.contains(&Digest::of(jws.as_str())))
}

/// Stores records; the first of its kind about an event stays. Gives the digests of those that are stored now.
pub fn records_insert(
    conn: &mut AnyConnection,
    records: &[NewRecord<'_>],
    now_ms: i64,
) -> QueryResult<BTreeSet<Digest>> {
    let mut stored = BTreeSet::new();
    for chunk in records.chunks(ROWS) {
        let rows = chunk.iter().map(|NewRecord { key, jws, result }| -> [Bind; 8] {
            [
                key.side.as_str().into(),
                key.peer.as_str().into(),
                key.event.as_str().into(),
                key.kind.as_str().into(),
                result.map(result_word).into(),
                Digest::of(jws.as_str()).to_string().as_str().into(),
                jws.as_str().into(),
                now_ms.into(),
            ]
        });
        let insert =
            Statement::new("INSERT INTO event_record (role, peer, event, kind, result, digest, jws, at_ms) VALUES ");
        let new: Vec<Stored> = insert.rows(rows).sql(" ON CONFLICT DO NOTHING RETURNING digest").load(conn)?;
        for row in new {
            stored.insert(read(&row.digest)?);
        }
    }
    Ok(stored)
}

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = Text)]
    digest: String,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    jws: String,
}

/// The record of this kind.
pub fn record_find(conn: &mut AnyConnection, key: RecordKey<'_>) -> QueryResult<Option<CompactJws>> {
    let select =
        Statement::new("SELECT jws FROM event_record WHERE role = ").bind(key.side.as_str()).sql(" AND peer = ");
    let select = select.bind(key.peer.as_str()).sql(" AND event = ").bind(key.event.as_str()).sql(" AND kind = ");
    let rows: Vec<Row> = select.bind(key.kind.as_str()).load(conn)?;
    rows.first().map(|row| read(&row.jws)).transpose()
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    event: String,
    #[diesel(sql_type = Nullable<Text>)]
    received: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    duplicate: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    refused: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    applied: Option<String>,
}

const BUNDLE: [&str; 2] = [
    "SELECT e.jws AS event, r.jws AS received, d.jws AS duplicate, f.jws AS refused, a.jws AS applied FROM inbox_event e \
     LEFT JOIN event_record r ON r.role = 'subscriber' AND r.peer = e.source AND r.event = e.jti AND r.kind = 'received' \
     LEFT JOIN event_record d ON d.role = 'subscriber' AND d.peer = e.source AND d.event = e.jti AND d.kind = 'duplicate' \
     LEFT JOIN event_record f ON f.role = 'subscriber' AND f.peer = e.source AND f.event = e.jti AND f.kind = 'refused' \
     LEFT JOIN event_record a ON a.role = 'subscriber' AND a.peer = e.source AND a.event = e.jti AND a.kind = 'applied' \
     WHERE e.jti = ",
    "SELECT e.jws AS event, r.jws AS received, d.jws AS duplicate, f.jws AS refused, a.jws AS applied FROM feed_event e \
     LEFT JOIN event_record r ON r.role = 'source' AND r.peer = e.subscriber AND r.event = e.jti AND r.kind = 'received' \
     LEFT JOIN event_record d ON d.role = 'source' AND d.peer = e.subscriber AND d.event = e.jti AND d.kind = 'duplicate' \
     LEFT JOIN event_record f ON f.role = 'source' AND f.peer = e.subscriber AND f.event = e.jti AND f.kind = 'refused' \
     LEFT JOIN event_record a ON a.role = 'source' AND a.peer = e.subscriber AND a.event = e.jti AND a.kind = 'applied' \
     WHERE e.jti = ",
];

/// Event, acknowledgement and application, as far as this side has them, for a bundle.
///
/// # Errors
/// If the database fails or a row is damaged.
pub fn bundle_records(conn: &mut AnyConnection, event: &MessageId) -> Result<Option<Records>, DatabaseError> {
    for select in BUNDLE {
        let rows: Vec<Found> = Statement::new(select).bind(event.as_str()).sql(" LIMIT 1").load(conn)?;
        let Some(found) = rows.into_iter().next() else { continue };
        // The first word counts: a later one only says that the event came again.
        let ack = found.received.or(found.duplicate).or(found.refused);
        let texts = [Some(found.event), ack, found.applied];
        let records = texts.into_iter().flatten().map(|jws| Ok((EntryType::Trigger, read(&jws)?)));
        return Ok(Some(Records { kind: BundleKind::Trigger, records: records.collect::<QueryResult<_>>()? }));
    }
    Ok(None)
}
