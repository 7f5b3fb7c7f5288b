//! Life events as officers follow them: what was heard in a case, how far each came, and how many of a peer's came how far.
//!
//! Guarantees: types, numbers and times, never contents; nobody is named. Deliberately absent: what was decided (`store::decisions`).

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};
use schemas::{
    digest::Digest,
    event::Event,
    id::{CaseId, EntityId, MessageId},
    time::Timestamp,
};
use serde::Serialize;
use service_kit::db::AnyConnection;

use super::stored_claims;
use crate::store::{
    exchange::statement::{Statement, read},
    notices::Person,
};

fn moment(ms: i64) -> Timestamp {
    Timestamp::from_seconds(ms.div_euclid(1_000))
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// An event as it was heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventHeard {
    /// Who told it.
    pub source: EntityId,
    /// Its id.
    pub id: MessageId,
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: String,
    /// SHA-256 over it: records of decisions name it by this.
    pub digest: Digest,
    /// Its number in the feed.
    pub seq: u64,
    /// When it came.
    pub received: Timestamp,
    /// What the source was told of its application, and when; none while it is not applied.
    pub applied: Option<(String, Timestamp)>,
}

#[derive(QueryableByName)]
struct HeardRow {
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = Text)]
    jti: String,
    #[diesel(sql_type = Text)]
    event_type: String,
    #[diesel(sql_type = Text)]
    digest: String,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = BigInt)]
    received_ms: i64,
    #[diesel(sql_type = Nullable<Text>)]
    result: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    applied_ms: Option<i64>,
}

impl HeardRow {
    fn heard(self) -> QueryResult<EventHeard> {
        Ok(EventHeard {
            source: read(&self.source)?,
            id: read(&self.jti)?,
            event_type: self.event_type,
            digest: read(&self.digest)?,
            seq: unsigned(self.seq),
            received: moment(self.received_ms),
            applied: self.result.zip(self.applied_ms.map(moment)),
        })
    }
}

const HEARD: &str = "SELECT e.source, e.jti, e.event_type, e.digest, e.seq, e.received_ms, r.result, r.at_ms AS applied_ms \
                     FROM (SELECT DISTINCT source, message FROM fact_record WHERE ";
const OF: &str = ") f JOIN inbox_event e ON e.source = f.source AND e.jti = f.message LEFT JOIN event_record r ON \
                  r.role = 'subscriber' AND r.peer = e.source AND r.event = e.jti AND r.kind = 'applied' \
                  ORDER BY e.received_ms, e.jti LIMIT 500";

fn heard(rows: Vec<HeardRow>) -> QueryResult<Vec<EventHeard>> {
    rows.into_iter().map(HeardRow::heard).collect()
}

/// What was heard of a person, oldest first.
pub fn events_of_person(conn: &mut AnyConnection, person: &Person) -> QueryResult<Vec<EventHeard>> {
    heard(Statement::new(HEARD).sql("person = ").bind(person.as_str()).sql(OF).load(conn)?)
}

/// What was heard in a case, oldest first.
pub fn events_of_case(conn: &mut AnyConnection, case: &CaseId) -> QueryResult<Vec<EventHeard>> {
    heard(Statement::new(HEARD).sql("case_id = ").bind(case.as_str()).sql(OF).load(conn)?)
}

/// The case of an event that was heard, its type and when it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseSeen {
    /// The case.
    pub case: CaseId,
    /// The type of its newest event.
    pub event_type: String,
    /// When that came.
    pub received: Timestamp,
}

/// Cases of the events that were heard last, newest first.
pub fn cases_newest(conn: &mut AnyConnection, limit: i64) -> QueryResult<Vec<CaseSeen>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        jws: String,
        #[diesel(sql_type = Text)]
        event_type: String,
        #[diesel(sql_type = BigInt)]
        received_ms: i64,
    }
    let select =
        Statement::new("SELECT jws, event_type, received_ms FROM inbox_event ORDER BY received_ms DESC, jti LIMIT ");
    let rows: Vec<Row> = select.bind(limit).load(conn)?;
    let mut cases: Vec<CaseSeen> = Vec::new();
    for row in rows {
        let case = stored_claims::<Event>(&row.jws)?.case;
        if !cases.iter().any(|known| known.case == case) {
            cases.push(CaseSeen { case, event_type: row.event_type, received: moment(row.received_ms) });
        }
    }
    Ok(cases)
}

/// How many of a peer's events came how far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Funnel {
    /// Told.
    pub told: u64,
    /// Acknowledged as durably stored.
    pub acknowledged: u64,
    /// Refused.
    pub refused: u64,
    /// Applied.
    pub applied: u64,
    /// By what came of those: `settled`, `unmatched`, `contradicted`.
    pub results: Vec<(String, u64)>,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Text)]
    peer: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<Text>)]
    result: Option<String>,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

impl Funnel {
    fn count(&mut self, row: Counted) {
        let number = unsigned(row.number);
        match (row.kind.as_str(), row.result) {
            ("told", _) => self.told = self.told.saturating_add(number),
            ("received", _) => self.acknowledged = self.acknowledged.saturating_add(number),
            ("refused", _) => self.refused = self.refused.saturating_add(number),
            ("applied", result) => {
                self.applied = self.applied.saturating_add(number);
                self.results.extend(result.map(|result| (result, number)));
            }
            _ => {}
        }
    }

    /// How many were applied with this result.
    pub fn of(&self, result: &str) -> u64 {
        self.results.iter().filter(|(known, _)| known == result).map(|(_, number)| number).sum()
    }
}

fn funnels(rows: Vec<Counted>) -> QueryResult<Vec<(EntityId, Funnel)>> {
    let mut funnels: Vec<(EntityId, Funnel)> = Vec::new();
    for row in rows {
        let peer: EntityId = read(&row.peer)?;
        let known = funnels.iter().position(|(of, _)| *of == peer);
        let place = known.unwrap_or_else(|| {
            funnels.push((peer, Funnel::default()));
            funnels.len().saturating_sub(1)
        });
        if let Some((_, funnel)) = funnels.get_mut(place) {
            funnel.count(row);
        }
    }
    Ok(funnels)
}

/// What we told each subscriber since then, and how far it came.
pub fn funnels_told(conn: &mut AnyConnection, since_ms: i64) -> QueryResult<Vec<(EntityId, Funnel)>> {
    let told = Statement::new(
        "SELECT subscriber AS peer, 'told' AS kind, NULL AS result, COUNT(*) AS number FROM feed_event WHERE made_ms >= ",
    )
    .bind(since_ms)
    .sql(" GROUP BY subscriber UNION ALL SELECT r.peer, r.kind, r.result, COUNT(*) AS number FROM event_record r \
          JOIN feed_event e ON e.jti = r.event WHERE r.role = 'source' AND e.made_ms >= ")
    .bind(since_ms)
    .sql(" GROUP BY r.peer, r.kind, r.result ORDER BY 1, 2, 3");
    funnels(told.load(conn)?)
}

/// What each source told us since then, and how far it came.
pub fn funnels_heard(conn: &mut AnyConnection, since_ms: i64) -> QueryResult<Vec<(EntityId, Funnel)>> {
    let heard = Statement::new(
        "SELECT source AS peer, 'told' AS kind, NULL AS result, COUNT(*) AS number FROM inbox_event WHERE received_ms >= ",
    )
    .bind(since_ms)
    .sql(" GROUP BY source UNION ALL SELECT r.peer, r.kind, r.result, COUNT(*) AS number FROM event_record r \
          JOIN inbox_event e ON e.source = r.peer AND e.jti = r.event WHERE r.role = 'subscriber' AND e.received_ms >= ")
    .bind(since_ms)
    .sql(" GROUP BY r.peer, r.kind, r.result ORDER BY 1, 2, 3");
    funnels(heard.load(conn)?)
}

#[cfg(test)]
mod tests {
    use diesel::{RunQueryDsl as _, sql_query};
    use service_kit::db::DatabaseError;
    use service_kit_testing::DatabaseWorld;

    use super::*;
    use crate::store::MIGRATIONS;

    const ROWS: &[&str] = &[
        "INSERT INTO feed_event (subscriber, seq, jti, person_index, digest, jws, made_ms) VALUES \
         ('https://food.gov.example', 1, '01936b1e-5b2f-7c3d-8e4f-0123456789a1', 'p', 'd1', 'j', 100), \
         ('https://food.gov.example', 2, '01936b1e-5b2f-7c3d-8e4f-0123456789a2', 'p', 'd2', 'j', 200), \
         ('https://food.gov.example', 3, '01936b1e-5b2f-7c3d-8e4f-0123456789a3', 'p', 'd3', 'j', 50)",
        "INSERT INTO event_record (role, peer, event, kind, result, digest, jws, at_ms) VALUES \
         ('source', 'https://food.gov.example', '01936b1e-5b2f-7c3d-8e4f-0123456789a1', 'received', NULL, 'e1', 'j', 110), \
         ('source', 'https://food.gov.example', '01936b1e-5b2f-7c3d-8e4f-0123456789a1', 'applied', 'settled', 'e2', 'j', 120), \
         ('source', 'https://food.gov.example', '01936b1e-5b2f-7c3d-8e4f-0123456789a3', 'received', NULL, 'e3', 'j', 60)",
        "INSERT INTO inbox_event (source, jti, seq, event_type, digest, jws, received_ms) VALUES \
         ('https://civil.gov.example', '01936b1e-5b2f-7c3d-8e4f-0123456789b1', 1, 'in.vinimay.death.registered.v1', \
         'sha-256:0000000000000000000000000000000000000000000000000000000000000000', 'j', 150)",
        "INSERT INTO event_record (role, peer, event, kind, result, digest, jws, at_ms) VALUES \
         ('subscriber', 'https://civil.gov.example', '01936b1e-5b2f-7c3d-8e4f-0123456789b1', 'received', NULL, 'f1', 'j', 151), \
         ('subscriber', 'https://civil.gov.example', '01936b1e-5b2f-7c3d-8e4f-0123456789b1', 'applied', 'unmatched', 'f2', 'j', 152)",
    ];

    #[tokio::test(flavor = "multi_thread")]
    async fn a_funnel_counts_what_was_told_since_then_and_how_far_each_came_on_both_databases() {
        let both = || [DatabaseWorld::sqlite(&MIGRATIONS), DatabaseWorld::postgres(&MIGRATIONS)];
        for world in tokio::task::block_in_place(both) {
            let counted = world.database.write(|conn| {
                for statement in ROWS {
                    sql_query(*statement).execute(conn)?;
                }
                Ok::<_, DatabaseError>((funnels_told(conn, 100)?, funnels_heard(conn, 100)?, funnels_heard(conn, 151)?))
            });
            let (told, heard, later) = counted.await.unwrap();
            assert_eq!(told.len(), 1);
            let (peer, funnel) = &told[0];
            assert_eq!(
                (peer.as_str(), funnel.told, funnel.acknowledged, funnel.applied),
                ("https://food.gov.example", 2, 1, 1)
            );
            assert_eq!((funnel.of("settled"), funnel.of("unmatched")), (1, 0));
            assert_eq!((heard[0].1.told, heard[0].1.acknowledged, heard[0].1.of("unmatched")), (1, 1, 1));
            assert!(later.is_empty());
        }
    }
}
