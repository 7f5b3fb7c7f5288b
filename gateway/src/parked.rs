//! What was given up for the time being: notices, orders to erase, citizens' orders on their way to the other party, decisions.
//!
//! Guarantees: nothing parked is dropped; that somebody set it out anew is a row of the audit trail, in the transaction that does it.
//! Deliberately absent: events, which are replayed by subscriber (`triggers`), and parking itself, which stands in each area.

use schemas::{
    id::{EntityId, MessageId},
    notice::DeliveryState,
    time::Timestamp,
};
use serde::Serialize;
use service_kit::db::DatabaseError;

use crate::{
    app::App,
    audit,
    store::{
        consents::{
            forwards::{forward_replay, forwards_parked},
            requests::RequestStoreError,
        },
        decisions::{
            DecisionStoreError,
            work::{decisions_parked, parked_count, parked_replay},
        },
        notices::deliveries::{deliveries_count, deliveries_replay},
        retention::orders::{orders_count, orders_replay},
    },
};

/// The action in the audit trail.
const REPLAY: &str = "parked.replay";
/// Orders of one list.
const MOST: i64 = 1000;

/// What can be parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Ways of notices.
    Notices,
    /// Orders to own systems to erase an answer.
    Erasures,
    /// Citizens' orders for the other party.
    Orders,
    /// Decisions that could not go on, and people who could not be looked at.
    Decisions,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Notices, Self::Erasures, Self::Orders, Self::Decisions];

    /// As commands and audit rows write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Notices => "notices",
            Self::Erasures => "erasures",
            Self::Orders => "orders",
            Self::Decisions => "decisions",
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or("what is parked is notices, erasures, orders or decisions")
    }
}

/// A citizen's order that did not reach the other party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParkedOrder {
    /// Its digest.
    pub order: String,
    /// Whom it did not reach.
    pub party: EntityId,
    /// Since when it waited.
    pub since: Timestamp,
}

/// A decision that could not go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParkedDecision {
    /// Which.
    pub decision: MessageId,
    /// What the roll was to be told, where it was that.
    pub order: Option<String>,
    /// Since when it fails.
    pub since: Timestamp,
}

/// What is parked now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Parked {
    /// Ways of notices.
    pub notices: u64,
    /// Orders to erase.
    pub erasures: u64,
    /// Citizens' orders, oldest first.
    pub orders: Vec<ParkedOrder>,
    /// Decisions, oldest first.
    pub decisions: Vec<ParkedDecision>,
    /// People who could not be looked at.
    pub people: u64,
}

impl App {
    /// What is parked now.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn parked(&self) -> Result<Parked, RequestStoreError> {
        self.db()
            .read(|conn| {
                let ways = deliveries_count(conn)?;
                let notices = ways.iter().filter(|(state, _)| *state == DeliveryState::Parked).map(|(_, n)| *n).sum();
                let orders = forwards_parked(conn, MOST)?.into_iter().map(|parked| ParkedOrder {
                    order: parked.digest.to_string(),
                    party: parked.peer,
                    since: Timestamp::from_seconds(parked.since_ms / 1000),
                });
                let (_, erasures) = orders_count(conn)?;
                let decisions =
                    decisions_parked(conn, MOST).map_err(unreadable)?.into_iter().map(|parked| ParkedDecision {
                        decision: parked.id,
                        order: parked.todo,
                        since: Timestamp::from_seconds(parked.since_ms.div_euclid(1000)),
                    });
                let (_, people) = parked_count(conn).map_err(unreadable)?;
                Ok(Parked {
                    notices: count(notices),
                    erasures: count(erasures),
                    orders: orders.collect(),
                    decisions: decisions.collect(),
                    people: count(people),
                })
            })
            .await
    }

    /// Sets everything of a kind out anew; how many. A running gateway takes them up at its next round.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn replay_parked(&self, by: &str, kind: Kind) -> Result<u64, RequestStoreError> {
        let (row, now_ms) = (audit::done(by, REPLAY, kind.as_str(), self.now()), self.now_ms());
        self.db()
            .write(move |conn| {
                let replayed = match kind {
                    Kind::Notices => deliveries_replay(conn, now_ms)?,
                    Kind::Erasures => orders_replay(conn, now_ms)?,
                    Kind::Decisions => parked_replay(conn, now_ms).map_err(unreadable)?,
                    Kind::Orders => {
                        let mut replayed = 0;
                        for parked in forwards_parked(conn, MOST)? {
                            replayed += usize::from(forward_replay(conn, &parked.digest, &parked.peer, now_ms)?);
                        }
                        replayed
                    }
                };
                audit::append(conn, &row)?;
                Ok(u64::try_from(replayed).unwrap_or(u64::MAX))
            })
            .await
    }
}

/// These rows hold nothing that is encrypted: what fails is the database.
fn unreadable(error: DecisionStoreError) -> RequestStoreError {
    match error {
        DecisionStoreError::Database(error) => error.into(),
        other => DatabaseError::Unavailable(other.to_string()).into(),
    }
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use diesel::{RunQueryDsl as _, sql_query};
    use service_kit::audit_trail;

    use super::*;
    use crate::webhooks::testing::Member;

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_parked_is_listed_by_kind_and_sets_out_anew_with_a_row_of_the_trail() {
        for postgres in [false, true] {
            let member = Member::start(postgres, "", &[]).await;
            let app = &member.app;
            assert_eq!(app.parked().await.unwrap(), Parked::default());
            let rows = app.db().write(|conn| {
                for statement in [
                    "INSERT INTO notice_delivery (notice, channel, state, tries, since_ms, next_ms) \
                     VALUES ('n', 'mail', 'parked', 9, 1, 1)",
                    "INSERT INTO erase_order (id, exchange, system, jws, since_ms, tries, next_ms, parked) \
                     VALUES ('e', 'x', 's', 'a.b.c', 1, 9, 1, 1)",
                    "INSERT INTO decision (id, person, scheme, roll, action, reason, state, case_id, body, since_day, todo, at_ms, \
                     tries, next_ms, failing_ms, parked_ms) VALUES ('01936b1e-5b2f-7c3d-8e4f-000000000031', 'p', 's', 'r', \
                     'remove', 'DEATH', 'held', 'c', '', '2026-11-20', 'release', 1, 9, 1, 1000, 2000)",
                    "INSERT INTO decision_person (person, body, due_ms, tries, failing_ms, parked_ms) VALUES ('p', '', 1, 9, 1, 2)",
                ] {
                    sql_query(statement).execute(conn)?;
                }
                Ok::<_, DatabaseError>(())
            });
            rows.await.unwrap();
            let parked = app.parked().await.unwrap();
            assert_eq!((parked.notices, parked.erasures, parked.orders.len()), (1, 1, 0));
            assert_eq!((parked.decisions.len(), parked.people), (1, 1));
            assert_eq!(parked.decisions[0].order.as_deref(), Some("release"));
            assert_eq!(
                parked.decisions[0].since,
                Timestamp::from_seconds(1),
                "since when it fails, not since it was parked"
            );
            for (kind, replayed) in [(Kind::Notices, 1), (Kind::Erasures, 1), (Kind::Orders, 0), (Kind::Decisions, 2)] {
                assert_eq!(app.replay_parked("command-line", kind).await.unwrap(), replayed, "{kind:?}");
                assert_eq!(kind.as_str().parse(), Ok(kind));
            }
            assert_eq!(app.parked().await.unwrap(), Parked::default());
            let trail = app.db().read(|conn| Ok::<_, DatabaseError>(audit_trail::newest(conn, i64::MAX, 4)?)).await;
            let targets: Vec<String> =
                trail.unwrap().into_iter().map(|row| format!("{} {}", row.action, row.target)).collect();
            assert_eq!(
                targets,
                ["parked.replay decisions", "parked.replay orders", "parked.replay erasures", "parked.replay notices"]
            );
        }
    }
}
