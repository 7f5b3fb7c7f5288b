//! Which registration each event told of: by it, what replaces or annuls a registration names the event that it replaces.
//!
//! Guarantees: insert-only; registration and person are keyed hashes. Deliberately absent: the events ([`super::feeds`]).

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Text},
};
use schemas::{
    event::EventKind,
    id::{CaseId, EntityId, EventType, MessageId},
};
use service_kit::db::AnyConnection;

use super::PersonIndex;
use crate::store::exchange::statement::{Bind, ROWS, Statement, read};

/// What an event told.
#[derive(Clone, Debug)]
pub struct Told {
    /// To whom.
    pub subscriber: EntityId,
    /// The event.
    pub event: MessageId,
    /// Its type.
    pub kind: EventType,
    /// The keyed hash of the registration, where it is of one.
    pub registration: Option<String>,
    /// About whom.
    pub person: PersonIndex,
    /// Its case.
    pub case: CaseId,
}

/// Remembers them.
pub fn told_insert(conn: &mut AnyConnection, told: &[Told], now_ms: i64) -> QueryResult<()> {
    let into =
        "INSERT INTO told (subscriber, jti, event_type, registration_index, person_index, case_id, at_ms) VALUES ";
    for chunk in told.chunks(ROWS) {
        let rows = chunk.iter().map(|told| -> [Bind; 7] {
            [
                told.subscriber.as_str().into(),
                told.event.as_str().into(),
                told.kind.as_str().into(),
                told.registration.as_deref().into(),
                told.person.as_str().into(),
                told.case.as_str().into(),
                now_ms.into(),
            ]
        });
        Statement::new(into).rows(rows).execute(conn)?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Event {
    #[diesel(sql_type = Text)]
    jti: String,
}

/// The latest event of a type that told this subscriber of a registration of a person.
pub fn told_of(
    conn: &mut AnyConnection,
    subscriber: &EntityId,
    registration: &str,
    person: &PersonIndex,
    kind: EventKind,
) -> QueryResult<Option<MessageId>> {
    let select = Statement::new("SELECT jti FROM told WHERE subscriber = ").bind(subscriber.as_str());
    let select = select.sql(" AND registration_index = ").bind(registration).sql(" AND person_index = ");
    let select = select.bind(person.as_str()).sql(" AND event_type = ").bind(kind.as_str());
    let rows: Vec<Event> = select.sql(" ORDER BY at_ms DESC, jti DESC LIMIT 1").load(conn)?;
    rows.first().map(|row| read(&row.jti)).transpose()
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = Text)]
    event_type: String,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// How many events of each type were told to a subscriber since an instant.
pub fn told_counts(
    conn: &mut AnyConnection,
    subscriber: &EntityId,
    since_ms: i64,
) -> QueryResult<Vec<(EventType, u64)>> {
    let select = Statement::new("SELECT event_type, COUNT(*) AS number FROM told WHERE subscriber = ");
    let select = select.bind(subscriber.as_str()).sql(" AND at_ms >= ").bind(since_ms);
    let rows: Vec<Count> = select.sql(" GROUP BY event_type ORDER BY event_type").load(conn)?;
    rows.iter().map(|row| Ok((read(&row.event_type)?, u64::try_from(row.number).unwrap_or(0)))).collect()
}
