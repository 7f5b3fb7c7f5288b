//! What a subscriber has still to do: apply events, one lane a person, and tell their sources.

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Text},
};
use schemas::id::{CompactJws, EntityId, MessageId};
use service_kit::db::AnyConnection;

use crate::store::exchange::statement::{ROWS, Statement, read};

/// An event to apply, or an application to return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// Whose event.
    pub source: EntityId,
    /// Which.
    pub event: MessageId,
    /// The event, or its application.
    pub jws: CompactJws,
    /// How often it was tried.
    pub tries: u32,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = Text)]
    event: String,
    #[diesel(sql_type = Text)]
    jws: String,
    #[diesel(sql_type = BigInt)]
    tries: i64,
}

impl Row {
    fn parsed(self) -> QueryResult<Work> {
        let tries = u32::try_from(self.tries).unwrap_or(u32::MAX);
        Ok(Work { source: read(&self.source)?, event: read(&self.event)?, jws: read(&self.jws)?, tries })
    }
}

/// Events whose turn it is: of each person the earliest alone, so that its order is kept and a bad one stops nobody else. Persons of
/// whom something urgent waits come first.
pub fn work_due(conn: &mut AnyConnection, now_ms: i64, limit: i64) -> QueryResult<Vec<Work>> {
    let urgent = work_of_urgent_lanes(conn, now_ms, limit)?;
    if urgent.is_empty() { work_in_order(conn, now_ms, limit) } else { Ok(urgent) }
}

fn work_of_urgent_lanes(conn: &mut AnyConnection, now_ms: i64, limit: i64) -> QueryResult<Vec<Work>> {
    let rows: Vec<Row> = Statement::new(
        "SELECT w.source, w.event, e.jws, w.tries FROM inbox_work w \
         JOIN inbox_event e ON e.source = w.source AND e.jti = w.event WHERE w.next_ms <= ",
    )
    .bind(now_ms)
    .sql(
        " AND w.person_index IN (SELECT u.person_index FROM inbox_work u WHERE u.source = w.source AND u.urgent = 1) \
         AND NOT EXISTS (SELECT 1 FROM inbox_work p WHERE p.source = w.source AND p.person_index = w.person_index \
         AND (p.person_seq < w.person_seq OR (p.person_seq = w.person_seq AND p.seq < w.seq))) ORDER BY w.seq LIMIT ",
    )
    .bind(limit)
    .load(conn)?;
    rows.into_iter().map(Row::parsed).collect()
}

fn work_in_order(conn: &mut AnyConnection, now_ms: i64, limit: i64) -> QueryResult<Vec<Work>> {
    let rows: Vec<Row> = Statement::new(
        "SELECT w.source, w.event, e.jws, w.tries FROM inbox_work w \
         JOIN inbox_event e ON e.source = w.source AND e.jti = w.event WHERE w.next_ms <= ",
    )
    .bind(now_ms)
    .sql(
        " AND NOT EXISTS (SELECT 1 FROM inbox_work p WHERE p.source = w.source AND p.person_index = w.person_index \
         AND (p.person_seq < w.person_seq OR (p.person_seq = w.person_seq AND p.seq < w.seq))) ORDER BY w.seq LIMIT ",
    )
    .bind(limit)
    .load(conn)?;
    rows.into_iter().map(Row::parsed).collect()
}

/// It is done.
pub fn work_done(conn: &mut AnyConnection, source: &EntityId, event: &MessageId) -> QueryResult<()> {
    let delete = Statement::new("DELETE FROM inbox_work WHERE source = ").bind(source.as_str());
    delete.sql(" AND event = ").bind(event.as_str()).execute(conn).map(drop)
}

/// It is tried again, not before `next_ms`.
pub fn work_later(conn: &mut AnyConnection, source: &EntityId, event: &MessageId, next_ms: i64) -> QueryResult<()> {
    let update =
        Statement::new("UPDATE inbox_work SET tries = tries + 1, next_ms = ").bind(next_ms).sql(" WHERE source = ");
    update.bind(source.as_str()).sql(" AND event = ").bind(event.as_str()).execute(conn).map(drop)
}

/// Queues an application for its source.
pub fn return_insert(conn: &mut AnyConnection, source: &EntityId, event: &MessageId) -> QueryResult<()> {
    Statement::new("INSERT INTO inbox_return (source, event, tries, next_ms) VALUES ")
        .row([source.as_str().into(), event.as_str().into(), 0.into(), 0.into()])
        .sql(" ON CONFLICT DO NOTHING")
        .execute(conn)
        .map(drop)
}

#[derive(QueryableByName)]
struct Source {
    #[diesel(sql_type = Text)]
    source: String,
}

/// Sources for which an application's turn has come.
pub fn sources_to_tell(conn: &mut AnyConnection, now_ms: i64) -> QueryResult<Vec<EntityId>> {
    let select = Statement::new("SELECT DISTINCT source FROM inbox_return WHERE next_ms <= ").bind(now_ms);
    select.load::<Source>(conn)?.iter().map(|row| read(&row.source)).collect()
}

/// Applications of a source's events whose turn it is.
pub fn returns_due(conn: &mut AnyConnection, source: &EntityId, now_ms: i64, limit: i64) -> QueryResult<Vec<Work>> {
    let rows: Vec<Row> = Statement::new(
        "SELECT w.source, w.event, r.jws, w.tries FROM inbox_return w JOIN event_record r ON r.role = 'subscriber' \
         AND r.peer = w.source AND r.event = w.event AND r.kind = 'applied' WHERE w.source = ",
    )
    .bind(source.as_str())
    .sql(" AND w.next_ms <= ")
    .bind(now_ms)
    .sql(" ORDER BY w.next_ms, w.event LIMIT ")
    .bind(limit)
    .load(conn)?;
    rows.into_iter().map(Row::parsed).collect()
}

/// The source has these.
pub fn returns_done(conn: &mut AnyConnection, source: &EntityId, works: &[Work]) -> QueryResult<()> {
    for chunk in works.chunks(ROWS) {
        let delete = Statement::new("DELETE FROM inbox_return WHERE source = ").bind(source.as_str());
        delete.sql(" AND event IN ").row(chunk.iter().map(|work| work.event.as_str().into())).execute(conn)?;
    }
    Ok(())
}

/// They are returned again, not before `next_ms`.
pub fn returns_later(conn: &mut AnyConnection, source: &EntityId, works: &[Work], next_ms: i64) -> QueryResult<()> {
    for chunk in works.chunks(ROWS) {
        let update = Statement::new("UPDATE inbox_return SET tries = tries + 1, next_ms = ")
            .bind(next_ms)
            .sql(" WHERE source = ");
        let update = update.bind(source.as_str()).sql(" AND event IN ");
        update.row(chunk.iter().map(|work| work.event.as_str().into())).execute(conn)?;
    }
    Ok(())
}
