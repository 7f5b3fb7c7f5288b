//! What was given up for the time being: notices, orders to erase, citizens' orders on their way to the other party.
//!
//! Guarantees: nothing parked is dropped; that somebody set it out anew is a row of the audit trail, in the transaction that does it.
//! Deliberately absent: events, which are replayed by subscriber (`triggers`), and parking itself, which stands in each area.

use schemas::{id::EntityId, notice::DeliveryState, time::Timestamp};
use serde::Serialize;

use crate::{
    app::App,
    audit,
    store::{
        consents::{
            forwards::{forward_replay, forwards_parked},
            requests::RequestStoreError,
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
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Notices, Self::Erasures, Self::Orders];

    /// As commands and audit rows write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Notices => "notices",
            Self::Erasures => "erasures",
            Self::Orders => "orders",
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or("what is parked is notices, erasures or orders")
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

/// What is parked now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Parked {
    /// Ways of notices.
    pub notices: u64,
    /// Orders to erase.
    pub erasures: u64,
    /// Citizens' orders, oldest first.
    pub orders: Vec<ParkedOrder>,
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
                Ok(Parked { notices: count(notices), erasures: count(erasures), orders: orders.collect() })
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

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use diesel::{RunQueryDsl as _, sql_query};
    use service_kit::{audit_trail, db::DatabaseError};

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
                ] {
                    sql_query(statement).execute(conn)?;
                }
                Ok::<_, DatabaseError>(())
            });
            rows.await.unwrap();
            let parked = app.parked().await.unwrap();
            assert_eq!((parked.notices, parked.erasures, parked.orders.len()), (1, 1, 0));
            for (kind, replayed) in [(Kind::Notices, 1), (Kind::Erasures, 1), (Kind::Orders, 0)] {
                assert_eq!(app.replay_parked("command-line", kind).await.unwrap(), replayed, "{kind:?}");
                assert_eq!(kind.as_str().parse(), Ok(kind));
            }
            assert_eq!(app.parked().await.unwrap(), Parked::default());
            let trail = app.db().read(|conn| Ok::<_, DatabaseError>(audit_trail::newest(conn, i64::MAX, 3)?)).await;
            let targets: Vec<String> =
                trail.unwrap().into_iter().map(|row| format!("{} {}", row.action, row.target)).collect();
            assert_eq!(targets, ["parked.replay orders", "parked.replay erasures", "parked.replay notices"]);
        }
    }
}
