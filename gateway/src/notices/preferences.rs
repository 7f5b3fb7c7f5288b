//! A citizen chooses how much she wants to hear, and where: an order signed by the key of her binding.
//!
//! Guarantees: the order is by the key that the binding proves, for this department, not from the future; the latest `iat` counts,
//! whatever order they arrive in; a repeat is answered again; a number or address that an order does not name stays as it is. What must
//! be told is told on every level. Deliberately absent: a proof that
//! a number or an address is hers.

use protocol::{
    consent::Refusal,
    credential::{VerifiedBinding, did},
    seal::{JwsError, Limits, Typ, UnverifiedJws, freshness::SKEW},
};
use schemas::{
    digest::Digest,
    id::CompactJws,
    notice::{PreferencesOrder, PreferencesRequest, PreferencesView},
    problem::Code,
    time::Timestamp,
};
use service_kit::words::Language;

use super::{
    NoticeError,
    ask::{persons, view_of},
};
use crate::{
    app::App,
    consents::PresentationError,
    store::notices::preferences::{Contact, Preference, preference_lock, preference_put},
};

/// An order was not obeyed.
#[derive(Debug, thiserror::Error)]
pub enum PreferencesError {
    /// The presentation.
    #[error(transparent)]
    Presentation(#[from] PresentationError),
    /// Why.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The row.
    #[error(transparent)]
    Store(#[from] NoticeError),
}

impl App {
    /// Keeps what she has chosen.
    ///
    /// # Errors
    /// Those of the presentation; `access-denied` (an assisted session's); codes of the token; `consent-wrong-subject` (by another key than the binding's), `audience-wrong`,
    /// `stale` (from the future), `request-malformed` (a language without texts), `conflict` (a later order is kept).
    pub(crate) async fn choose_notices(
        &self,
        request: &PreferencesRequest,
    ) -> Result<PreferencesView, PreferencesError> {
        let now = self.now();
        // What needs no nonce first: a malformed order must not spend one.
        let order = claimed(&request.order)?;
        let binding = self.verify_own_presentation(&request.binding).await?;
        let (chosen, digest) = self.verify_preferences(order, &binding, now)?;
        let (keys, persons) = (self.keys().clone(), persons(self, &binding));
        let kept = self.db().write(move |conn| {
            let mut kept = None;
            for person in &persons {
                let before = preference_lock(conn, &keys, person)?.map(|before| before.contact).unwrap_or_default();
                let chosen = chosen.after(before);
                if !preference_put(conn, &keys, (person, &digest), &chosen, now)? {
                    return Ok(None);
                }
                kept = Some(view_of(&chosen));
            }
            Ok::<_, NoticeError>(kept)
        });
        Ok(kept.await?.ok_or(Refusal::new(Code::Conflict, "a later order is kept"))?)
    }

    fn verify_preferences(
        &self,
        order: UnverifiedJws,
        binding: &VerifiedBinding,
        now: Timestamp,
    ) -> Result<(Chosen, Digest), Refusal> {
        let digest = order.digest();
        let order = order.verify(Typ::Preferences, binding.key()).map_err(|error| match error {
            JwsError::SignatureInvalid => Refusal::new(Code::ConsentWrongSubject, "not by the binding's key"),
            other => bad(other),
        })?;
        let order: PreferencesOrder = order.claims().map_err(bad)?;
        if did::encode(binding.key()).ok().as_ref() != Some(&order.iss) {
            return Err(Refusal::new(Code::ConsentWrongSubject, "the order names another issuer"));
        }
        if order.aud != *self.entity() {
            return Err(Refusal::new(Code::AudienceWrong, "the order is for another department"));
        }
        if order.iat > now.plus(SKEW).numeric() {
            return Err(Refusal::new(Code::Stale, "the order is from the future"));
        }
        if !Language::ALL.iter().any(|language| language.tag() == order.language) {
            return Err(Refusal::new(Code::RequestMalformed, "`language` is `en` or `hi`"));
        }
        Ok((Chosen(order), digest))
    }
}

/// What she ordered, verified.
struct Chosen(PreferencesOrder);

impl Chosen {
    /// What holds from now on: what the order does not name stays as it was, `null` forgets it.
    fn after(&self, before: Contact) -> Preference {
        let PreferencesOrder { level, language, phone, email, iat, .. } = &self.0;
        let contact =
            Contact { phone: phone.clone().unwrap_or(before.phone), email: email.clone().unwrap_or(before.email) };
        Preference { level: *level, language: language.clone(), contact, ordered: Timestamp::from_numeric(*iat) }
    }
}

fn bad(error: JwsError) -> Refusal {
    Refusal::new(error.code(), "the order's token is refused")
}

fn claimed(order: &CompactJws) -> Result<UnverifiedJws, Refusal> {
    UnverifiedJws::of(order, Limits::ORDER).map_err(bad)
}
