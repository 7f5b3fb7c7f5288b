//! A citizen orders: revoke, pause, resume, shorten. At the provider and at the consumer alike.
//!
//! The order carries the consent, so it works before the first query. If we stop before the commit, nothing holds and nothing
//! was acknowledged; after it the order holds on every replica, and a repeat gets the same acknowledgement.

use protocol::{
    consent::Refusal,
    credential::{VerifiedConsent, vc},
    seal::{JwsError, Limits, SealFailed, Typ, UnverifiedJws, decode_base64url, freshness::SKEW, random, sign},
};
use schemas::{
    consent::{ConsentOrder, ConsentStatus, OrderAck, OrderAction},
    digest::Digest,
    id::{CompactJws, EntityId},
    problem::Code,
    time::Timestamp,
    version::V1,
};
use serde::Deserialize;
use service_kit::db::{AnyConnection, DatabaseError};
use tlog::entry::EntryType;

use super::forwarding::{FIRST_MS, other_parties};
use crate::{
    app::App,
    keys::Keys,
    store::{
        consents::{
            forwards::{NewForward, forward_insert},
            orders::{NewAck, ack_find, ack_insert},
            requests::RequestStoreError,
        },
        decisions::DecisionStoreError,
        exchange::{ConsentChange, OrderEffect, consent_index, consent_order, consent_state::consents_lock},
        outbox::outbox_insert,
        retention::retention_revoked,
    },
};

/// An order was not obeyed.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// Why.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The acknowledgement could not be signed; nothing was changed.
    #[error(transparent)]
    Seal(#[from] SealFailed),
    /// It could not be kept; nothing was changed.
    #[error(transparent)]
    Store(#[from] DatabaseError),
    /// It could not be kept for the other party; nothing was changed.
    #[error(transparent)]
    Forward(#[from] RequestStoreError),
    /// What came on it could not be forgotten; nothing was changed.
    #[error(transparent)]
    Facts(#[from] DecisionStoreError),
}

#[derive(Deserialize)]
struct ConsentOnly {
    consent: CompactJws,
}

/// An order by the person who gave the consent, to us.
struct VerifiedOrder {
    compact: CompactJws,
    claims: ConsentOrder,
    consent: VerifiedConsent,
    digest: Digest,
    change: ConsentChange,
}

impl App {
    /// Obeys an order and acknowledges it.
    ///
    /// # Errors
    /// Codes of token and consent, `consent-wrong-subject` (not by the consent's key), `audience-wrong`, `stale` (from the
    /// future), `request-malformed`, `conflict` (its number is not greater than the last one's, or the consent is revoked).
    pub(crate) async fn obey_order(&self, order: &[u8]) -> Result<CompactJws, OrderError> {
        let now = self.now();
        let order = self.verify_order(order, now)?;
        let (keys, entity) = (self.keys().clone(), self.entity().clone());
        let now_ms = i64::try_from(self.clock().now_ms()).unwrap_or(i64::MAX);
        let others = self.others_known(&order);
        let ack = self.db().write(move |conn| {
            // Locked first: of two that bring one order at once, the second finds the acknowledgement of the first.
            let index = consent_index(&keys, order.consent.issuer(), order.consent.id());
            consents_lock(conn, std::slice::from_ref(&index)).map_err(DatabaseError::from)?;
            if let Some(known) = ack_find(conn, &order.digest).map_err(DatabaseError::from)? {
                // Brought again: what was parked on the way to the other party sets out anew.
                carry_on(conn, &keys, &order, &others, now_ms)?;
                return Ok(known);
            }
            let status = apply(conn, &keys, &order)?;
            let claims = OrderAck {
                v: V1,
                iss: entity.clone(),
                iat: now.numeric(),
                jti: random::message_id(now),
                salt: random::salt(),
                order: order.digest,
                consent: order.consent.id().clone(),
                status,
            };
            let ack = sign(Typ::OrderAck, &keys.signing, &claims)?;
            record(conn, &keys, &order, &ack, (now, now_ms)).map_err(OrderError::from)?;
            if order.change == ConsentChange::Revoke {
                // What a scheme learnt on it is unknown from here on.
                crate::fetching::consent_ended(conn, &keys, (&index, &order.digest), now)?;
            }
            carry_on(conn, &keys, &order, &others, now_ms)?;
            Ok::<_, OrderError>(ack)
        });
        let ack = ack.await?;
        self.wake_anchor();
        self.wake_decisions();
        Ok(ack)
    }

    /// The other parties that the directory lists. Anybody can sign a consent that names anybody: nothing waits for strangers.
    /// One that is suspended, or whose statement is about to be renewed, is told when it takes part again.
    fn others_known(&self, order: &VerifiedOrder) -> Vec<EntityId> {
        let (directory, terms) = (self.directory(), order.consent.terms());
        other_parties(self.entity(), [&terms.consumer, &terms.provider], &order.claims.aud)
            .filter(|party| directory.members().member(party).is_some())
            .cloned()
            .collect()
    }

    fn verify_order(&self, order: &[u8], now: Timestamp) -> Result<VerifiedOrder, Refusal> {
        let bad = |error: JwsError| Refusal::new(error.code(), "the order's token is refused");
        let token = UnverifiedJws::parse(order, Limits::ORDER).map_err(bad)?;
        let digest = token.digest();
        let compact = token.as_str().parse().map_err(|_| Refusal::new(Code::TokenMalformed, "no compact token"))?;
        let consent = carried_consent(token.as_str()).ok_or(Refusal::new(Code::TokenMalformed, "no consent inside"))?;
        let consent = vc::verify(&consent, &self.trust_root().entity)
            .map_err(|error| Refusal::new(error.code(), "the order's consent does not verify"))?;
        let token = token.verify(Typ::ConsentOrder, consent.key()).map_err(|error| match error {
            JwsError::SignatureInvalid => Refusal::new(Code::ConsentWrongSubject, "not by the consent's key"),
            other => bad(other),
        })?;
        let claims: ConsentOrder = token.claims().map_err(bad)?;
        if claims.iss != *consent.issuer() {
            return Err(Refusal::new(Code::ConsentWrongSubject, "the order names another issuer"));
        }
        let (us, terms) = (self.entity(), consent.terms());
        if !claims.aud.contains(us) || (terms.consumer != *us && terms.provider != *us) {
            return Err(Refusal::new(Code::AudienceWrong, "the consent or its order is for others"));
        }
        if claims.iat > now.plus(SKEW).numeric() {
            return Err(Refusal::new(Code::Stale, "the order is from the future"));
        }
        let change = change_of(&claims)?;
        Ok(VerifiedOrder { compact, claims, consent, digest, change })
    }
}

/// The consent that an order carries; it is verified next, and its key then verifies the order.
fn carried_consent(order: &str) -> Option<CompactJws> {
    let payload = decode_base64url(order.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<ConsentOnly>(&payload).ok().map(|claims| claims.consent)
}

fn change_of(claims: &ConsentOrder) -> Result<ConsentChange, Refusal> {
    match (claims.action, claims.until) {
        (OrderAction::Revoke, None) => Ok(ConsentChange::Revoke),
        (OrderAction::Pause, None) => Ok(ConsentChange::Pause),
        (OrderAction::Resume, None) => Ok(ConsentChange::Resume),
        (OrderAction::Shorten, Some(until)) => Ok(ConsentChange::Shorten(until)),
        _ => Err(Refusal::new(Code::RequestMalformed, "`until` goes with `shorten` and with nothing else")),
    }
}

fn apply(conn: &mut AnyConnection, keys: &Keys, order: &VerifiedOrder) -> Result<ConsentStatus, OrderError> {
    let index = consent_index(keys, order.consent.issuer(), order.consent.id());
    let effect = consent_order(conn, &index, order.claims.n, order.change).map_err(DatabaseError::from)?;
    let OrderEffect { applied, state } = effect;
    // Revoked is what a second revocation wants as well.
    let holds = state.status == ConsentStatus::Revoked && order.change == ConsentChange::Revoke;
    if applied || holds {
        return Ok(state.status);
    }
    Err(Refusal::new(Code::Conflict, "not later than the last order, or the consent is revoked").into())
}

/// Keeps the acknowledgement and queues it for the log.
fn record(
    conn: &mut AnyConnection,
    keys: &Keys,
    order: &VerifiedOrder,
    ack: &CompactJws,
    (now, now_ms): (Timestamp, i64),
) -> Result<(), DatabaseError> {
    let consent = consent_index(keys, order.consent.issuer(), order.consent.id());
    let new = NewAck { order: &order.digest, consent: &consent, n: order.claims.n, ack, at: now };
    ack_insert(conn, &new)?;
    if order.change == ConsentChange::Revoke {
        // What the purpose promised to erase then is due in the same commit.
        retention_revoked(conn, &consent, now)?;
    }
    outbox_insert(conn, &[(EntryType::Consent, Digest::of(ack.as_str()))], now_ms)?;
    Ok(())
}

/// Queues the order for the other parties, in the transaction that obeys it.
fn carry_on(
    conn: &mut AnyConnection,
    keys: &Keys,
    order: &VerifiedOrder,
    others: &[EntityId],
    now_ms: i64,
) -> Result<(), OrderError> {
    let index = consent_index(keys, order.consent.issuer(), order.consent.id());
    let next_ms = now_ms.saturating_add(FIRST_MS);
    for peer in others {
        let (digest, revokes, order) = (&order.digest, order.change == ConsentChange::Revoke, &order.compact);
        forward_insert(conn, keys, &NewForward { digest, peer, consent: &index, order, revokes, now_ms, next_ms })?;
    }
    Ok(())
}
