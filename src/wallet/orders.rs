//! She orders: revoke, pause, resume, shorten. To both parties; what does not reach one is kept and tried again.

use protocol::{
    credential::did,
    federation::VerifiedMember,
    seal::{KeyReference, Limits, Typ, UnverifiedJws, random, sign_as},
};
use schemas::{
    consent::{ConsentOrder, ConsentStatus, OrderAck, OrderAction},
    digest::Digest,
    id::{CompactJws, ConsentId, EntityId},
    time::Timestamp,
    version::V1,
};
use serde::Serialize;

use super::{
    Federation, Home, WalletError,
    home::{KeptConsent, SentOrder},
    post::Party,
};

/// How an order stands.
#[derive(Clone, Debug, Serialize)]
pub struct Ordered {
    /// The consent.
    pub consent: ConsentId,
    /// Who signed that it holds.
    pub acknowledged: Vec<EntityId>,
    /// Who could not be reached; tried again at the next command.
    pub pending: Vec<EntityId>,
    /// Who refused, and why; not tried again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
}

/// Signs an order, keeps it, and sends it to consumer and provider.
///
/// # Errors
/// If there is no such consent, or it was revoked before.
pub async fn order(
    home: &Home,
    federation: &Federation,
    id: &ConsentId,
    action: OrderAction,
    until: Option<Timestamp>,
) -> Result<Ordered, WalletError> {
    let kept = home.consent(id)?;
    let mut kept = kept.ok_or_else(|| WalletError::Usage(format!("the wallet has no consent {id}")))?;
    if kept.status == ConsentStatus::Revoked && action != OrderAction::Revoke {
        return Err(WalletError::Usage("a revoked consent stays revoked; the department must ask again".to_owned()));
    }
    let order = sign_order(home, federation, &kept, action, until)?;
    kept.n = kept.n.saturating_add(1);
    kept.status = match action {
        OrderAction::Revoke => ConsentStatus::Revoked,
        OrderAction::Pause => ConsentStatus::Paused,
        OrderAction::Resume => ConsentStatus::Active,
        OrderAction::Shorten => kept.status,
    };
    let parties = vec![kept.consumer.clone(), kept.provider.clone()];
    kept.orders.push(SentOrder { order, pending: parties, acknowledged: Vec::new() });
    // On disk before it is sent: a crash in between loses nothing.
    home.consent_replace(id, &kept)?;
    let refused = send_pending(home, federation, id, &mut kept).await?;
    let last = kept.orders.last().map_or((Vec::new(), Vec::new()), |sent| {
        (sent.acknowledged.iter().map(|(party, _)| party.clone()).collect(), sent.pending.clone())
    });
    Ok(Ordered { consent: id.clone(), acknowledged: last.0, pending: last.1, refused })
}

fn sign_order(
    home: &Home,
    federation: &Federation,
    kept: &KeptConsent,
    action: OrderAction,
    until: Option<Timestamp>,
) -> Result<CompactJws, WalletError> {
    let (key, now) = (home.key(&kept.kid)?, federation.now());
    let iss = did::encode(key.public()).map_err(|error| WalletError::Usage(error.to_string()))?;
    let url = did::key_url(&iss);
    let claims = ConsentOrder {
        v: V1,
        iss,
        aud: vec![kept.consumer.clone(), kept.provider.clone()],
        iat: now.numeric(),
        jti: random::message_id(now),
        consent: kept.consent.clone(),
        action,
        until,
        n: kept.n.saturating_add(1),
    };
    Ok(sign_as(Typ::ConsentOrder, &key, KeyReference::Url(&url), &claims)?)
}

/// Sends what has not been acknowledged, of every consent. Returns how many deliveries still wait.
///
/// # Errors
/// If a file of the wallet cannot be read or written.
pub async fn retry_pending(home: &Home, federation: &Federation) -> Result<usize, WalletError> {
    let mut waiting = 0;
    for id in home.consents()? {
        let Some(mut kept) = home.consent(&id)? else { continue };
        if kept.orders.iter().any(|sent| !sent.pending.is_empty()) {
            send_pending(home, federation, &id, &mut kept).await?;
            waiting += kept.orders.iter().map(|sent| sent.pending.len()).sum::<usize>();
        }
    }
    Ok(waiting)
}

async fn send_pending(
    home: &Home,
    federation: &Federation,
    id: &ConsentId,
    kept: &mut KeptConsent,
) -> Result<Vec<String>, WalletError> {
    let mut refused = Vec::new();
    // In their order: a later order must not overtake an earlier one at the same party.
    for place in 0..kept.orders.len() {
        for party in kept.orders.get(place).map(|sent| sent.pending.clone()).unwrap_or_default() {
            let Some(order) = kept.orders.get(place).map(|sent| sent.order.clone()) else { continue };
            let sent = deliver(federation, &party, id, &order).await;
            let Some(entry) = kept.orders.get_mut(place) else { continue };
            match sent {
                Ok(ack) => entry.acknowledged.push((party.clone(), ack)),
                Err(WalletError::Unanswered { .. }) => continue,
                Err(error) => refused.push(error.to_string()),
            }
            entry.pending.retain(|waiting| *waiting != party);
            home.consent_replace(id, kept)?;
        }
    }
    Ok(refused)
}

/// Posts an order and verifies that its acknowledgement is this party's word about this very order.
async fn deliver(
    federation: &Federation,
    party: &EntityId,
    consent: &ConsentId,
    order: &CompactJws,
) -> Result<CompactJws, WalletError> {
    let member = federation.member(party).await?;
    let endpoint = format!("{}/orders", member.gateway().citizen_endpoint);
    let speaking = Party { member: &member, http: federation.http(&member)? };
    let body = order.as_str().as_bytes().to_vec();
    let reply = speaking.post(&endpoint, "application/consent-order+jwt", &[], body).await?;
    let ack: CompactJws = speaking.token(&reply)?;
    verify_ack(&ack, &member, consent, order, federation.now())?;
    Ok(ack)
}

fn verify_ack(
    ack: &CompactJws,
    member: &VerifiedMember,
    consent: &ConsentId,
    order: &CompactJws,
    now: Timestamp,
) -> Result<(), WalletError> {
    let token = UnverifiedJws::of(ack, Limits::RECORD)?;
    let untrusted = || WalletError::Untrusted(format!("{} acknowledged something else", member.entity()));
    let kid = token.claimed_issuer().key_id().ok_or_else(untrusted)?;
    let key = member.signing_key(&kid, now.numeric(), None)?;
    let claims: OrderAck = token.verify(Typ::OrderAck, key)?.claims()?;
    let about_this = claims.order == Digest::of(order.as_str()) && claims.consent == *consent;
    if claims.iss == *member.entity() && about_this { Ok(()) } else { Err(untrusted()) }
}
