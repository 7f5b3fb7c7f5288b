//! An order reaches both parties of a consent, whichever of them the citizen reached.
//!
//! Source: protocol, "Requests" (either party may carry it to the other), "Ending it". Guarantees: carried over mutual TLS to the
//! party's own listener, verified there like one that she brings herself; tried for three days, then parked with an alarm and
//! never dropped; an order that the party goes on putting off holds back no later one; an acknowledgement counts only if that party signed it for this order; only members of the directory are told,
//! each in a lane of its own, so that one that is away or slow costs the others nothing. Deliberately absent: any effect here.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use protocol::seal::{Limits, Typ, UnverifiedJws};
use schemas::{
    citizen::OrderStanding,
    consent::OrderAck,
    digest::Digest,
    id::{CompactJws, EntityId},
    problem::{Code, Problem},
};
use serde::Deserialize;
use service_kit::db::DatabaseError;
use tokio::task::JoinSet;

use crate::{
    app::App,
    clients::{anchor::jittered, peer::peers_address},
    store::consents::{
        forwards::{ClaimBounds, Forward, ForwardEnd, Waits, forward_end, forward_later, forwards_claim, forwards_of},
        orders::ack_find,
        requests::RequestStoreError,
    },
};

/// The media type of an order.
pub const ORDER_TYPE: &str = "application/consent-order+jwt";
/// Below a member's peers' listener.
pub const PATH: &str = "/peer/v1/orders";
/// The wallet brings it to both by itself; nobody is in its way for so long, milliseconds.
pub(super) const FIRST_MS: i64 = 2_000;
/// Orders of one round: few for each party, so that a flood for one leaves the others their share.
const ROUND: ClaimBounds = ClaimBounds { per_peer: 10, all: 200 };
/// How long a claimed order is left to whoever claimed it, milliseconds: longer than all of a party's take, at 10 s each.
const CLAIMED_MS: i64 = 240_000;
/// Longest pause between two tries, seconds (security, requirement 39).
const LONGEST_PAUSE: u64 = 900;
/// Parked after so long, milliseconds.
const PARKED_MS: i64 = 72 * 3_600_000;

/// What the other party said now. Seconds after which it wants to be asked again.
enum Heard {
    End(ForwardEnd),
    /// Not about this order now.
    Later(Option<u32>),
    /// Nothing: it cannot be reached, or takes no more at the moment. The same would be heard of any other order.
    Away(Option<u32>),
}

/// The parties that are being told at this moment, each by one task.
#[derive(Clone, Debug, Default)]
pub struct Lanes(Arc<Mutex<BTreeSet<EntityId>>>);

/// A party's lane; it is free again when this is dropped.
struct Lane {
    lanes: Lanes,
    peer: EntityId,
}

impl Lanes {
    fn busy(&self) -> Vec<EntityId> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// `None`: somebody else is at it.
    fn take(&self, peer: &EntityId) -> Option<Lane> {
        let new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(peer.clone());
        new.then(|| Lane { lanes: self.clone(), peer: peer.clone() })
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.lanes.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.peer);
    }
}

impl App {
    /// Carries orders on that are due at this time, to parties that are not being told already; returns how many came to an end.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn forward_orders(&self, now_ms: i64) -> Result<usize, RequestStoreError> {
        let (mut lanes, mut ended) = (self.begin_forwarding(now_ms).await?, 0);
        while let Some(lane) = lanes.join_next().await {
            ended += lane.unwrap_or(Ok(0))?;
        }
        Ok(ended)
    }

    /// The same without waiting for the parties, so that the next round is not the slowest one's to begin.
    ///
    /// # Errors
    /// If the database fails.
    pub(super) async fn forward_orders_apart(&self, now_ms: i64) -> Result<(), RequestStoreError> {
        self.begin_forwarding(now_ms).await?.detach_all();
        Ok(())
    }

    async fn begin_forwarding(&self, now_ms: i64) -> Result<JoinSet<Result<usize, DatabaseError>>, RequestStoreError> {
        let (keys, lanes) = (self.keys().clone(), self.areas().citizens.lanes.clone());
        let (times, busy) = ((now_ms, now_ms.saturating_add(CLAIMED_MS)), lanes.busy());
        let claim = self.db().write(move |conn| forwards_claim(conn, &keys, times, (&busy, ROUND))).await?;
        metrics::counter!("orders_parked_total").increment(u64::try_from(claim.damaged).unwrap_or(u64::MAX));
        let mut queues: HashMap<EntityId, Vec<Forward>> = HashMap::new();
        for forward in claim.due {
            queues.entry(forward.peer.clone()).or_default().push(forward);
        }
        queues.values_mut().for_each(|queue| queue.sort_by_key(|forward| forward.since_ms));
        let mut running = JoinSet::new();
        for (peer, queue) in queues {
            // What was claimed stays ours, even if another round was faster to take the lane.
            let (app, lane) = (self.clone(), lanes.take(&peer));
            running.spawn(async move {
                let _lane = lane;
                app.forward_to_one(queue, now_ms).await.inspect_err(|error| {
                    tracing::error!(%error, "what came of a citizen's orders could not be written down; they are tried again");
                })
            });
        }
        Ok(running)
    }

    /// One party's orders, one after the other; if it is away all are put off.
    async fn forward_to_one(&self, queue: Vec<Forward>, now_ms: i64) -> Result<usize, DatabaseError> {
        let (mut ended, mut away) = (0, None);
        for forward in queue {
            let heard = match away {
                Some(wanted) => Heard::Away(wanted),
                None => self.carry(&forward).await,
            };
            if let Heard::Away(wanted) = heard {
                away = Some(wanted);
            }
            ended += usize::from(self.conclude(&forward, heard, now_ms).await?);
        }
        Ok(ended)
    }

    async fn conclude(&self, forward: &Forward, heard: Heard, now_ms: i64) -> Result<bool, DatabaseError> {
        let (digest, peer) = (forward.digest, forward.peer.clone());
        let too_long = now_ms.saturating_sub(forward.since_ms) >= PARKED_MS;
        let end = match heard {
            Heard::End(end) => end,
            Heard::Later(_) | Heard::Away(_) if too_long => {
                tracing::error!(%peer, "an order of a citizen could not be carried to the other party for three days; it is parked");
                metrics::counter!("orders_parked_total").increment(1);
                ForwardEnd::Parked
            }
            Heard::Later(wanted) => return self.put_off(forward, (wanted, Waits::PutOff), now_ms).await,
            Heard::Away(wanted) => return self.put_off(forward, (wanted, Waits::Away), now_ms).await,
        };
        self.db().write(move |conn| Ok::<_, DatabaseError>(forward_end(conn, &digest, &peer, &end)?)).await
    }

    /// It has not come to an end.
    async fn put_off(
        &self,
        forward: &Forward,
        (wanted, why): (Option<u32>, Waits),
        now_ms: i64,
    ) -> Result<bool, DatabaseError> {
        let (digest, peer) = (forward.digest, forward.peer.clone());
        let next = now_ms.saturating_add(pause_ms(forward.tries, wanted));
        let written = self.db().write(move |conn| Ok(forward_later(conn, &digest, &peer, (next, why))?));
        written.await.map(|()| false)
    }

    async fn carry(&self, forward: &Forward) -> Heard {
        let directory = self.directory();
        let Ok(member) = directory.peer(&forward.peer, self.now()) else { return Heard::Away(None) };
        let (Ok(client), Some(address)) = (self.peer_client(&forward.peer), peers_address(member, PATH)) else {
            return Heard::Away(None);
        };
        let order = forward.order.as_str().as_bytes().to_vec();
        let Ok(reply) = client.post(&address, ORDER_TYPE, order).await else { return Heard::Away(None) };
        let end = match reply.status {
            200 => self.acknowledged(forward, &reply.body),
            429 => return Heard::Away(reply.retry_after),
            400..=499 => refused(&reply.body),
            _ => None,
        };
        end.map_or(Heard::Later(reply.retry_after), Heard::End)
    }

    /// An acknowledgement that this party signed for this order.
    fn acknowledged(&self, forward: &Forward, body: &[u8]) -> Option<ForwardEnd> {
        let directory = self.directory();
        let member = directory.peer(&forward.peer, self.now()).ok()?;
        let token = UnverifiedJws::parse(body, Limits::ORDER).ok()?;
        let compact: CompactJws = token.as_str().parse().ok()?;
        let kid = token.claimed_issuer().key_id()?;
        let key = member.signing_key(&kid, self.now().numeric(), None).ok()?;
        let ack: OrderAck = token.verify(Typ::OrderAck, key).ok()?.claims().ok()?;
        (ack.iss == forward.peer && ack.order == forward.digest).then_some(ForwardEnd::Acknowledged(compact))
    }

    /// How an order stands at both parties.
    ///
    /// # Errors
    /// `not-found` if no order of this digest was obeyed here.
    pub(crate) async fn order_standing(&self, digest: Digest) -> Result<Option<OrderStanding>, RequestStoreError> {
        let found = self.db().read(move |conn| {
            let Some(own) = ack_find(conn, &digest)? else { return Ok(None) };
            Ok::<_, RequestStoreError>(Some((own, forwards_of(conn, &digest)?)))
        });
        let Some((own, others)) = found.await? else { return Ok(None) };
        Ok(standing(digest, own, others))
    }
}

#[derive(Deserialize)]
struct ConsentOnly {
    consent: schemas::id::ConsentId,
}

fn standing(order: Digest, own: CompactJws, others: Vec<(EntityId, Option<ForwardEnd>)>) -> Option<OrderStanding> {
    let payload = protocol::seal::decode_base64url(own.as_str().split('.').nth(1)?).ok()?;
    let ConsentOnly { consent } = serde_json::from_slice(&payload).ok()?;
    let mut told = OrderStanding { order, consent, acknowledgements: vec![own], pending: Vec::new(), refused: None };
    for (peer, end) in others {
        match end {
            Some(ForwardEnd::Acknowledged(ack)) => told.acknowledgements.push(ack),
            Some(ForwardEnd::Refused(code)) => told.refused = Some(code),
            Some(ForwardEnd::Parked) | None => told.pending.push(peer),
        }
    }
    Some(told)
}

/// A refusal that trying again will not change. Codes that may pass are none.
fn refused(body: &[u8]) -> Option<ForwardEnd> {
    let code = serde_json::from_slice::<Problem>(body).ok()?.code;
    let passes = matches!(
        code,
        Code::PeerUnknown
            | Code::PeerSuspended
            | Code::PeerCertificateMismatch
            | Code::NotFound
            | Code::Stale
            | Code::RequestTimeout
            | Code::TooManyRequests
    );
    // Whatever is the fault of the other side may be mended there.
    (!passes && code.status() < 500).then_some(ForwardEnd::Refused(code))
}

/// 1 s doubling to 15 min, full jitter, never before the other side's Retry-After.
fn pause_ms(tries: u32, wanted: Option<u32>) -> i64 {
    let whole = std::time::Duration::from_secs((1 << tries.min(10)).min(LONGEST_PAUSE));
    let pause = jittered(whole).max(std::time::Duration::from_secs(wanted.unwrap_or(1).into()));
    i64::try_from(pause.as_millis()).unwrap_or(i64::MAX)
}

/// Who may be told, beside us.
pub(super) fn other_parties<'a>(
    us: &'a EntityId,
    parties: [&'a EntityId; 2],
    audience: &'a [EntityId],
) -> impl Iterator<Item = &'a EntityId> {
    parties.into_iter().filter(move |party| *party != us && audience.contains(party))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_quarter_of_an_hour_and_obey_retry_after() {
        for tries in 0..60 {
            assert!((1_000..=900_000).contains(&pause_ms(tries, None)), "{tries}");
            assert!(pause_ms(tries, Some(2_000)) >= 2_000_000, "{tries}");
        }
    }

    #[test]
    fn a_lane_is_taken_by_one_and_free_again_however_its_task_ends() {
        let lanes = Lanes::default();
        let [a, b]: [EntityId; 2] = ["a", "b"].map(|name| format!("https://{name}.gov.example").parse().unwrap());
        let (first, second) = (lanes.take(&a), lanes.take(&b));
        assert!(first.is_some() && second.is_some() && lanes.take(&a).is_none());
        assert_eq!(lanes.busy(), [a.clone(), b.clone()]);
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            let _lane = first;
            panic!("in the middle");
        }));
        assert!(ended.is_err());
        assert_eq!(lanes.busy(), [b]);
        assert!(lanes.take(&a).is_some());
    }

    #[test]
    fn an_order_goes_to_the_other_party_if_it_is_meant_for_it() {
        let [a, b, c]: [EntityId; 3] =
            ["a", "b", "c"].map(|name| format!("https://{name}.gov.example").parse().unwrap());
        let others = |audience: &[EntityId]| other_parties(&a, [&a, &b], audience).cloned().collect::<Vec<_>>();
        assert_eq!(others(&[a.clone(), b.clone()]), std::slice::from_ref(&b));
        assert_eq!(others(&[a.clone(), c]), [], "another department is no party");
        assert_eq!(others(std::slice::from_ref(&a)), [], "she ordered one alone");
    }

    #[test]
    fn what_may_pass_is_no_end() {
        let entity = "https://a.gov.example".parse().unwrap();
        let said = |code| serde_json::to_vec(&Problem::new(&entity, code, "r")).unwrap();
        assert!(matches!(refused(&said(Code::Conflict)), Some(ForwardEnd::Refused(Code::Conflict))));
        assert!(matches!(refused(&said(Code::AudienceWrong)), Some(ForwardEnd::Refused(Code::AudienceWrong))));
        assert!(refused(b"no problem").is_none());
        for code in [
            Code::PeerSuspended,
            Code::PeerUnknown,
            Code::Stale,
            Code::RequestTimeout,
            Code::TooManyRequests,
            Code::Overloaded,
            Code::Internal,
            Code::RegistryUnavailable,
        ] {
            assert!(refused(&said(code)).is_none(), "{code:?}");
        }
    }
}
