//! She brings her slip back: the consents of that session end.
//!
//! Her key ended with the session, so each consent left a revocation that it signed in the session's last moment (ADR 0381).
//! Guarantees: kept is only what revokes a consent of that very session and verifies as such; any operator of this department
//! sends it, and stands in the audit trail; it goes to both parties and is tried until they acknowledge. Deliberately absent: any
//! other order.

use protocol::{
    consent::Refusal,
    credential::{VerifiedConsent, vc},
    seal::{Limits, Typ, UnverifiedJws, decode_base64url},
};
use schemas::{
    consent::{ConsentOrder, OrderAction},
    id::{CompactJws, ConsentId, MessageId, SystemName},
    problem::Code,
};
use serde::Deserialize;

use super::AssistedError;
use crate::{
    app::App,
    audit,
    store::{
        assisted::endings::{Ending, EndingStoreError, endings_wanted},
        consents::forwards::{NewForward, forward_insert},
        exchange::consent_index,
    },
};

/// The action in the audit trail.
const END: &str = "assisted.end";

#[derive(Deserialize)]
struct ConsentOnly {
    consent: CompactJws,
}

/// A revocation that verifies, with its consent.
struct Revocation {
    token: UnverifiedJws,
    consent: VerifiedConsent,
}

impl App {
    /// Revocations of consents of this session, each of one that is on the slip.
    ///
    /// # Errors
    /// `request-malformed`: one is something else.
    pub(super) fn session_endings(
        &self,
        session: &MessageId,
        orders: &[CompactJws],
        consents: &[ConsentId],
    ) -> Result<Vec<Ending>, Refusal> {
        let other = Refusal::new(Code::RequestMalformed, "an ending is no revocation of a consent of this session");
        let ending = |order: &CompactJws| {
            let consent = self.revocation(order).ok_or(other)?.consent;
            let of_session = consent.notice().assistance.as_ref().is_some_and(|helped| helped.session == *session);
            let listed = of_session && consents.contains(consent.id());
            listed.then(|| Ending { consent: consent.id().clone(), order: order.clone() }).ok_or(other)
        };
        let mut endings = orders.iter().map(ending).collect::<Result<Vec<_>, _>>()?;
        endings.sort_by(|one, two| one.consent.as_str().cmp(two.consent.as_str()));
        endings.dedup_by(|one, two| one.consent == two.consent);
        Ok(endings)
    }

    fn revocation(&self, order: &CompactJws) -> Option<Revocation> {
        let token = UnverifiedJws::of(order, Limits::ORDER).ok()?;
        let payload = decode_base64url(order.as_str().split('.').nth(1)?).ok()?;
        let ConsentOnly { consent } = serde_json::from_slice(&payload).ok()?;
        let consent = vc::verify(&consent, &self.trust_root().entity).ok()?;
        let again = UnverifiedJws::of(order, Limits::ORDER).ok()?;
        let claims: ConsentOrder = again.verify(Typ::ConsentOrder, consent.key()).ok()?.claims().ok()?;
        let terms = consent.terms();
        let revokes = claims.action == OrderAction::Revoke && claims.until.is_none() && claims.iss == *consent.issuer();
        let for_both = [&terms.consumer, &terms.provider].into_iter().all(|party| claims.aud.contains(party));
        (revokes && for_both).then_some(Revocation { token, consent })
    }

    /// Ends the consents of a session, as she wants who brings the slip; how many.
    ///
    /// # Errors
    /// `not-found` (no session of this number left anything to end), those of an order where we are a party ourselves.
    pub async fn assisted_end(&self, session: &MessageId, by: &SystemName) -> Result<usize, AssistedError> {
        let now = self.now();
        let row = audit::done(by.as_str(), END, session.as_str(), now);
        let (keys, id) = (self.keys().clone(), session.clone());
        let wanted = self.db().write(move |conn| {
            let endings = endings_wanted(conn, &keys, &id, now)?;
            let row = if endings.is_empty() { audit::refused(row, Some(Code::NotFound)) } else { row };
            audit::append(conn, &row)?;
            Ok::<_, EndingStoreError>(endings)
        });
        let endings = wanted.await?;
        if endings.is_empty() {
            return Err(Refusal::new(Code::NotFound, "no session of this number left anything to end").into());
        }
        for ending in &endings {
            self.send_ending(&ending.order).await?;
        }
        Ok(endings.len())
    }

    /// Obeys the order where we are a party, which carries it on; else sends it to both.
    async fn send_ending(&self, order: &CompactJws) -> Result<(), AssistedError> {
        let damaged = Refusal::new(Code::TokenMalformed, "a kept revocation does not verify");
        let Revocation { token, consent } = self.revocation(order).ok_or(damaged)?;
        let terms = consent.terms();
        if [&terms.consumer, &terms.provider].contains(&self.entity()) {
            // Ended before by another way is acknowledged again: what she wants holds.
            return self.obey_order(order.as_str().as_bytes()).await.map(drop).map_err(AssistedError::from);
        }
        let (keys, digest, order) = (self.keys().clone(), token.digest(), order.clone());
        let index = consent_index(&keys, consent.issuer(), consent.id());
        let parties = [terms.consumer.clone(), terms.provider.clone()];
        let now_ms = i64::try_from(self.clock().now_ms()).unwrap_or(i64::MAX);
        let written = self.db().write(move |conn| {
            for peer in &parties {
                let new = NewForward {
                    digest: &digest,
                    peer,
                    consent: &index,
                    order: &order,
                    revokes: true,
                    now_ms,
                    next_ms: now_ms,
                };
                forward_insert(conn, &keys, &new)?;
            }
            Ok(())
        });
        written.await.map_err(AssistedError::Forward)
    }
}
