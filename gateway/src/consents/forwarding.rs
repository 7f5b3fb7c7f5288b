//! An order reaches both parties of a consent, whichever of them the citizen reached.
//!
//! Source: protocol, "Requests" (either party may carry it to the other), "Ending it". Guarantees: carried over mutual TLS to the
//! party's own listener, verified there like one that she brings herself; tried for three days, then parked with an alarm and
//! never dropped; an acknowledgement counts only if that party signed it for this order. Deliberately absent: any effect here.

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

use crate::{
    app::App,
    clients::{anchor::jittered, peer::peers_address},
    store::consents::{
        forwards::{Forward, ForwardEnd, forward_end, forward_later, forwards_claim, forwards_of},
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
/// Orders of one round.
const BATCH: i64 = 100;
/// How long a claimed order is left to whoever claimed it, milliseconds.
const CLAIMED_MS: i64 = 30_000;
/// Longest pause between two tries, seconds (security, requirement 39).
const LONGEST_PAUSE: u64 = 900;
/// Parked after so long, milliseconds.
const PARKED_MS: i64 = 72 * 3_600_000;

/// What the other party said now.
enum Heard {
    End(ForwardEnd),
    /// Away, or overloaded: seconds after which it wants to be asked again.
    Later(Option<u32>),
}

impl App {
    /// Carries orders on that are due at this time; returns how many came to an end.
    ///
    /// # Errors
    /// If the database or the encryption fails.
    pub async fn forward_orders(&self, now_ms: i64) -> Result<usize, RequestStoreError> {
        let keys = self.keys().clone();
        let times = (now_ms, now_ms.saturating_add(CLAIMED_MS));
        let due = self.db().write(move |conn| forwards_claim(conn, &keys, times, BATCH)).await?;
        let mut ended = 0;
        for forward in due {
            ended += usize::from(self.forward_order(&forward, now_ms).await?);
        }
        Ok(ended)
    }

    async fn forward_order(&self, forward: &Forward, now_ms: i64) -> Result<bool, DatabaseError> {
        let (digest, peer) = (forward.digest, forward.peer.clone());
        let too_long = now_ms.saturating_sub(forward.since_ms) >= PARKED_MS;
        let end = match self.carry(forward).await {
            Heard::End(end) => end,
            Heard::Later(_) if too_long => {
                tracing::error!(%peer, "an order of a citizen could not be carried to the other party for three days; it is parked");
                metrics::counter!("orders_parked_total").increment(1);
                ForwardEnd::Parked
            }
            Heard::Later(wanted) => {
                let next = now_ms.saturating_add(pause_ms(forward.tries, wanted));
                self.db().write(move |conn| Ok::<_, DatabaseError>(forward_later(conn, &digest, &peer, next)?)).await?;
                return Ok(false);
            }
        };
        self.db().write(move |conn| Ok::<_, DatabaseError>(forward_end(conn, &digest, &peer, &end)?)).await
    }

    async fn carry(&self, forward: &Forward) -> Heard {
        let directory = self.directory();
        let Ok(member) = directory.peer(&forward.peer, self.now()) else { return Heard::Later(None) };
        let (Ok(client), Some(address)) = (self.peer_client(&forward.peer), peers_address(member, PATH)) else {
            return Heard::Later(None);
        };
        let order = forward.order.as_str().as_bytes().to_vec();
        let Ok(reply) = client.post(&address, ORDER_TYPE, order).await else { return Heard::Later(None) };
        match reply.status {
            200 => self.acknowledged(forward, &reply.body).map_or(Heard::Later(None), Heard::End),
            400..=499 if reply.status != 429 => refused(&reply.body).map_or(Heard::Later(None), Heard::End),
            _ => Heard::Later(reply.retry_after),
        }
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
            | Code::TooManyRequests
    );
    (!passes).then_some(ForwardEnd::Refused(code))
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
        assert!(refused(&said(Code::PeerSuspended)).is_none() && refused(b"no problem").is_none());
    }
}
