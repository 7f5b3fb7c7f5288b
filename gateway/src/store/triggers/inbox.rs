//! Events as they came: once by id, once by number; what contradicts what came first is kept as evidence.

use std::collections::BTreeSet;

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};
use protocol::event::PeerEvent;
use schemas::{
    digest::Digest,
    event::EventKind,
    id::{CompactJws, EntityId, EventType, MessageId},
    time::Timestamp,
};
use service_kit::db::AnyConnection;

use super::PersonIndex;
use crate::store::exchange::statement::{Bind, ROWS, Statement, read};

/// What became of an event that was to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is stored now, and waits to be applied.
    New,
    /// These very bytes are here already.
    Same,
    /// Its id or its number belongs to other bytes.
    Other,
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Stores events of one source and queues their application; what became of each, in their order.
pub fn inbox_insert(
    conn: &mut AnyConnection,
    events: &[(&PeerEvent, PersonIndex)],
    now_ms: i64,
) -> QueryResult<Vec<Stored>> {
    let mut all = Vec::with_capacity(events.len());
    for chunk in events.chunks(ROWS) {
        let mut new = inbox_new(conn, chunk, now_ms)?;
        let mut work = Vec::with_capacity(chunk.len());
        for (event, person) in chunk {
            // Of two with one id in one delivery the first is stored.
            if new.remove(event.claims().jti.as_str()) {
                work.push((*event, person));
                all.push(Stored::New);
            } else {
                all.push(inbox_known(conn, event)?);
            }
        }
        inbox_work_insert(conn, &work)?;
    }
    Ok(all)
}

/// Stores what is not known by id or number; gives the ids of what was stored.
fn inbox_new(
    conn: &mut AnyConnection,
    events: &[(&PeerEvent, PersonIndex)],
    now_ms: i64,
) -> QueryResult<BTreeSet<String>> {
    let rows = events.iter().map(|(event, _)| -> [Bind; 7] {
        let claims = event.claims();
        [
            claims.iss.as_str().into(),
            claims.jti.as_str().into(),
            signed(claims.seq).into(),
            claims.r#type.as_str().into(),
            event.digest().to_string().as_str().into(),
            event.jws().as_str().into(),
            now_ms.into(),
        ]
    });
    let insert =
        Statement::new("INSERT INTO inbox_event (source, jti, seq, event_type, digest, jws, received_ms) VALUES ");
    let new: Vec<TextRow> = insert.rows(rows).sql(" ON CONFLICT DO NOTHING RETURNING jti AS text").load(conn)?;
    Ok(new.into_iter().map(|row| row.text).collect())
}

fn inbox_known(conn: &mut AnyConnection, event: &PeerEvent) -> QueryResult<Stored> {
    let claims = event.claims();
    let here = Statement::new("SELECT digest AS text FROM inbox_event WHERE source = ").bind(claims.iss.as_str());
    let here: Vec<TextRow> = here.sql(" AND jti = ").bind(claims.jti.as_str()).load(conn)?;
    let digest = event.digest().to_string();
    Ok(if here.first().is_some_and(|row| row.text == digest) { Stored::Same } else { Stored::Other })
}

fn inbox_work_insert(conn: &mut AnyConnection, events: &[(&PeerEvent, &PersonIndex)]) -> QueryResult<()> {
    if events.is_empty() {
        return Ok(());
    }
    let rows = events.iter().map(|(event, person)| -> [Bind; 8] {
        let claims = event.claims();
        let urgent = EventKind::of(&claims.r#type).is_some_and(EventKind::is_urgent);
        [
            claims.iss.as_str().into(),
            claims.jti.as_str().into(),
            person.as_str().into(),
            signed(claims.person_seq).into(),
            signed(claims.seq).into(),
            0.into(),
            0.into(),
            i64::from(urgent).into(),
        ]
    });
    Statement::new(
        "INSERT INTO inbox_work (source, event, person_index, person_seq, seq, tries, next_ms, urgent) VALUES ",
    )
    .rows(rows)
    .execute(conn)
    .map(drop)
}

#[derive(QueryableByName)]
struct TextRow {
    #[diesel(sql_type = Text)]
    text: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Keeps bytes that contradict what came first.
pub fn equivocation_insert(conn: &mut AnyConnection, event: &PeerEvent, now_ms: i64) -> QueryResult<()> {
    let claims = event.claims();
    Statement::new("INSERT INTO equivocation (source, digest, event, seq, jws, at_ms) VALUES ")
        .row([
            claims.iss.as_str().into(),
            event.digest().to_string().as_str().into(),
            claims.jti.as_str().into(),
            signed(claims.seq).into(),
            event.jws().as_str().into(),
            now_ms.into(),
        ])
        .sql(" ON CONFLICT DO NOTHING")
        .execute(conn)
        .map(drop)
}

/// How many contradictions of a source are kept.
pub fn equivocation_count(conn: &mut AnyConnection, source: &EntityId) -> QueryResult<u64> {
    let select = Statement::new("SELECT COUNT(*) AS number FROM equivocation WHERE source = ").bind(source.as_str());
    Ok(select.load::<Number>(conn)?.first().map_or(0, |row| unsigned(row.number)))
}

/// The number up to which nothing of a source is missing.
pub fn inbox_contiguous(conn: &mut AnyConnection, source: &EntityId) -> QueryResult<u64> {
    let select = Statement::new("SELECT contiguous AS number FROM inbox WHERE source = ").bind(source.as_str());
    Ok(select.load::<Number>(conn)?.first().map_or(0, |row| unsigned(row.number)))
}

/// Moves the mark as far as events are stored, and returns it.
pub fn inbox_advance(conn: &mut AnyConnection, source: &EntityId) -> QueryResult<u64> {
    const PAGE: i64 = 1_000;
    let before = inbox_contiguous(conn, source)?;
    let mut mark = before;
    loop {
        let select = Statement::new("SELECT seq AS number FROM inbox_event WHERE source = ").bind(source.as_str());
        let select = select.sql(" AND seq > ").bind(signed(mark)).sql(" ORDER BY seq LIMIT ").bind(PAGE);
        let page: Vec<Number> = select.load(conn)?;
        let next = page.iter().fold(mark, |mark, row| if unsigned(row.number) == mark + 1 { mark + 1 } else { mark });
        let whole = next - mark == unsigned(PAGE);
        mark = next;
        if !whole {
            break;
        }
    }
    if mark > before {
        Statement::new("INSERT INTO inbox (source, contiguous) VALUES ")
            .row([source.as_str().into(), signed(mark).into()])
            .sql(" ON CONFLICT (source) DO UPDATE SET contiguous = excluded.contiguous WHERE inbox.contiguous < excluded.contiguous")
            .execute(conn)?;
    }
    Ok(mark)
}

/// The greatest number of a source that is here.
pub fn inbox_last(conn: &mut AnyConnection, source: &EntityId) -> QueryResult<u64> {
    let select =
        Statement::new("SELECT COALESCE(MAX(seq), 0) AS number FROM inbox_event WHERE source = ").bind(source.as_str());
    Ok(select.load::<Number>(conn)?.first().map_or(0, |row| unsigned(row.number)))
}

/// From a number on, the last one before the next that is missing: the number itself where the one after it is missing.
pub fn inbox_run_end(conn: &mut AnyConnection, source: &EntityId, from: u64) -> QueryResult<u64> {
    let select = Statement::new("SELECT COALESCE(MIN(here.seq), ").bind(signed(from));
    let select = select.sql(") AS number FROM inbox_event here WHERE here.source = ").bind(source.as_str());
    let select = select.sql(" AND here.seq > ").bind(signed(from));
    let select = select.sql(" AND NOT EXISTS (SELECT 1 FROM inbox_event after WHERE after.source = here.source AND after.seq = here.seq + 1)");
    let select = select
        .sql(" AND EXISTS (SELECT 1 FROM inbox_event next WHERE next.source = here.source AND next.seq = ")
        .bind(signed(from.saturating_add(1)));
    Ok(select.sql(")").load::<Number>(conn)?.first().map_or(from, |row| unsigned(row.number)))
}

/// The digests of a source's events up to a number, in their order.
pub fn inbox_digests(conn: &mut AnyConnection, source: &EntityId, last: u64) -> QueryResult<Vec<Digest>> {
    let select = Statement::new("SELECT digest AS text FROM inbox_event WHERE source = ").bind(source.as_str());
    let rows: Vec<TextRow> = select.sql(" AND seq <= ").bind(signed(last)).sql(" ORDER BY seq").load(conn)?;
    rows.iter().map(|row| read(&row.text)).collect()
}

/// An event as it came.
pub fn inbox_find(conn: &mut AnyConnection, source: &EntityId, event: &MessageId) -> QueryResult<Option<CompactJws>> {
    let select = Statement::new("SELECT jws AS text FROM inbox_event WHERE source = ").bind(source.as_str());
    let rows: Vec<TextRow> = select.sql(" AND jti = ").bind(event.as_str()).load(conn)?;
    rows.first().map(|row| read(&row.text)).transpose()
}

/// One event for the department's own systems.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxRow {
    /// Its id.
    pub event: MessageId,
    /// Its type.
    pub kind: EventType,
    /// Who sent it.
    pub source: EntityId,
    /// Its number.
    pub seq: u64,
    /// `received`, `settled`, `unmatched`, `contradicted`.
    pub state: String,
    /// When it was stored.
    pub received: Timestamp,
}

#[derive(QueryableByName)]
struct Listed {
    #[diesel(sql_type = Text)]
    jti: String,
    #[diesel(sql_type = Text)]
    event_type: String,
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Nullable<Text>)]
    result: Option<String>,
    #[diesel(sql_type = BigInt)]
    received_ms: i64,
}

/// The newest events first.
pub fn inbox_newest(conn: &mut AnyConnection, limit: i64) -> QueryResult<Vec<InboxRow>> {
    let rows: Vec<Listed> = Statement::new(
        "SELECT e.jti, e.event_type, e.source, e.seq, a.result, e.received_ms FROM inbox_event e \
         LEFT JOIN event_record a ON a.role = 'subscriber' AND a.peer = e.source AND a.event = e.jti AND a.kind = 'applied' \
         ORDER BY e.received_ms DESC, e.seq DESC LIMIT ",
    )
    .bind(limit)
    .load(conn)?;
    rows.into_iter()
        .map(|row| {
            Ok(InboxRow {
                event: read(&row.jti)?,
                kind: read(&row.event_type)?,
                source: read(&row.source)?,
                seq: unsigned(row.seq),
                state: row.result.unwrap_or_else(|| "received".to_owned()),
                received: Timestamp::from_seconds(row.received_ms / 1000),
            })
        })
        .collect()
}
