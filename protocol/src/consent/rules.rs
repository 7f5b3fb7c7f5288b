//! The rules of a consent in their order, each with its codes. One function judges one thing and changes nothing.

use schemas::{
    consent::{ConsentStatus, ConsentTerms, DataSubject, Decision, FrequencyMode, OnwardSharing},
    federation::{DatasetDescription, Purpose},
    id::SectorSubject,
    problem::Code,
    receipt::ReceiptBasis,
    time::Timestamp,
};

use super::{
    Asked, ConsentBasis, ConsentState, LiveNonce, Offer, Refusal, State, bounds,
    grant::{Claim, Grant, UseClaim},
    items::Allowed,
    person, window,
};
use crate::{
    credential::{BindingStatus, Status, VerifiedConsent},
    seal::freshness::SKEW,
};

/// How old the status of a binding may be, seconds.
const STATUS_AGE: i64 = 4 * 60 * 60;
/// The same for sensitive purposes.
const STATUS_AGE_SENSITIVE: i64 = 60;

pub(super) fn require(holds: bool, code: Code, because: &'static str) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(Refusal::new(code, because)) }
}

/// Decides a query on a consent.
pub(super) fn authorize(
    asked: Asked<'_>,
    basis: &ConsentBasis,
    offer: &Offer<'_>,
    state: &State,
    now: Timestamp,
) -> Result<Grant, Refusal> {
    let (consent, terms) = (&basis.consent, basis.consent.terms());
    parties(asked, terms)?;
    person::decided(basis, offer)?;
    let subject = person::subject(basis, offer, now)?;
    let state = in_force(consent, state, now)?;
    purpose(asked, terms)?;
    allowed(terms).covers(&asked.query().query).map_err(|because| Refusal::new(Code::ConsentScopeExceeded, because))?;
    let purpose = bounds::template(consent, offer, now)?;
    let (dataset, items) = allowed(terms).offered(&asked.query().query, &terms.purpose.code, offer)?;
    person::assisted(basis, dataset, purpose, offer)?;
    let status_checked = binding(basis, dataset, purpose, now)?;
    let live = presence(basis, purpose)?;
    let claim = uses(consent, state, live, now)?;
    Ok(of(consent, items, subject, claim, status_checked))
}

fn of(
    consent: &VerifiedConsent,
    items: super::grant::Items,
    subject: SectorSubject,
    claim: UseClaim,
    status_checked: Timestamp,
) -> Grant {
    let terms = consent.terms();
    Grant {
        consumer: terms.consumer.clone(),
        provider: terms.provider.clone(),
        dataset: terms.dataset.clone(),
        items,
        subject,
        data_range: terms.data_range,
        purpose: terms.purpose.code.clone(),
        retention: terms.retention,
        claim: Claim::Consent(claim),
        basis: ReceiptBasis::Consent { id: consent.id().clone(), digest: consent.digest() },
        status_checked: Some(status_checked),
    }
}

/// What she allows of the dataset.
pub(super) fn allowed(terms: &ConsentTerms) -> Allowed<'_> {
    Allowed { dataset: &terms.dataset, fields: &terms.fields, predicates: &terms.predicates }
}

/// 1. The parties of the query are those of the consent.
pub(super) fn parties(asked: Asked<'_>, terms: &ConsentTerms) -> Result<(), Refusal> {
    let query = asked.query();
    require(query.iss == terms.consumer, Code::ConsentWrongConsumer, "another asker")?;
    require(query.aud == terms.provider, Code::ConsentWrongProvider, "another answerer")
}

/// 3. The consent holds now: neither revoked nor paused, begun and not ended.
fn in_force(consent: &VerifiedConsent, state: &State, now: Timestamp) -> Result<ConsentState, Refusal> {
    let ConsentTerms { decision: Decision::Given, onward_sharing: OnwardSharing::None, .. } = consent.terms();
    let State::Consent(state) = *state else {
        return Err(Refusal::new(Code::ConsentUsedUp, "the uses of this consent are not known"));
    };
    match state.status {
        ConsentStatus::Active => Ok(()),
        ConsentStatus::Paused => Err(Refusal::new(Code::ConsentPaused, "paused")),
        ConsentStatus::Revoked => Err(Refusal::new(Code::ConsentRevoked, "revoked")),
    }?;
    // The wallet's clock may run a little ahead of ours; the end is never stretched.
    require(consent.valid_from() <= now.plus(SKEW), Code::ConsentNotYetValid, "begins later")?;
    let end = state.until.map_or(consent.valid_until(), |until| until.min(consent.valid_until()));
    require(now < end, Code::ConsentExpired, "ended").map(|()| state)
}

/// 4. The query is for the purpose that she read.
fn purpose(asked: Asked<'_>, terms: &ConsentTerms) -> Result<(), Refusal> {
    let same = asked.query().query.purpose == terms.purpose.code;
    require(same, Code::ConsentPurposeMismatch, "another purpose")
}

/// 8. The binding holds now, strongly enough, and that is known freshly enough; so does the guardianship of a ward.
fn binding(
    basis: &ConsentBasis,
    dataset: &DatasetDescription,
    purpose: &Purpose,
    now: Timestamp,
) -> Result<Timestamp, Refusal> {
    let claims = basis.binding.claims();
    require(now.numeric() <= claims.exp.plus(SKEW), Code::BindingInvalid, "the binding has ended")?;
    let strong = claims.assurance_level >= dataset.assurance;
    require(strong, Code::BindingAssuranceTooLow, "assurance below the dataset's")?;
    let known = basis.status.as_ref().filter(|status| status.is_of(&claims.iss, basis.binding.status()));
    let checked = fresh(known, purpose, now, |status| match status {
        Status::Valid => Ok(()),
        Status::Suspended => Err(Refusal::new(Code::BindingSuspended, "suspended")),
        Status::Invalid | Status::Unknown(_) => Err(Refusal::new(Code::BindingRevoked, "revoked")),
    })?;
    let DataSubject::Ward { .. } = basis.terms().data_subject else { return Ok(checked) };
    let ward = basis.guardianship.as_ref().ok_or(person::NO_GUARDIANSHIP)?;
    let (issuer, reference) = (ward.guardianship.issuer(), ward.guardianship.status());
    let known = ward.status.as_ref().filter(|status| status.is_of(issuer, reference));
    let ended = Refusal::new(Code::GuardianshipInvalid, "the guardianship was ended or suspended");
    let also = fresh(known, purpose, now, |status| if status == Status::Valid { Ok(()) } else { Err(ended) })?;
    Ok(checked.min(also))
}

/// What a status list says now, if that is known freshly enough for the purpose; and when it was looked up.
fn fresh(
    known: Option<&BindingStatus>,
    purpose: &Purpose,
    now: Timestamp,
    judge: impl FnOnce(Status) -> Result<(), Refusal>,
) -> Result<Timestamp, Refusal> {
    let unavailable = Refusal::new(Code::BindingStatusUnavailable, "no status fresh enough");
    let status = known.ok_or(unavailable)?;
    judge(status.status())?;
    let limit = if purpose.sensitive { STATUS_AGE_SENSITIVE } else { STATUS_AGE };
    // A look-up from the future is a clock that stepped back: as unknown as none.
    let fresh = status.age(now).is_some_and(|age| (-SKEW..=limit).contains(&age));
    if fresh { Ok(status.checked_at()) } else { Err(unavailable) }
}

/// 9. She is present, where that is needed: the same binding, by the same key, over a nonce that the caller spends.
fn presence(basis: &ConsentBasis, purpose: &Purpose) -> Result<Option<LiveNonce>, Refusal> {
    let once = basis.terms().frequency.mode == FrequencyMode::OneTime;
    if !(once || purpose.sensitive || purpose.required_presence) {
        return Ok(None);
    }
    let missing = |because| Refusal::new(Code::LiveNonceRequired, because);
    let live = basis.live.as_ref().ok_or(missing("no proof over a live nonce"))?;
    let same = live.key() == basis.consent.key() && live.claims() == basis.binding.claims();
    require(same, Code::LiveNonceRequired, "the proof is of another binding")?;
    let here = live.audience() == basis.terms().provider.as_str();
    require(here, Code::LiveNonceRequired, "the proof is for another receiver")?;
    require(person::near_shown(basis, live), Code::LiveNonceRequired, "the proof is of another time")?;
    let own = live.nonce() != basis.consent.presentation_nonce();
    require(own, Code::LiveNonceRequired, "the proof is over the consent and not over a nonce")?;
    Ok(Some(LiveNonce::of(live)))
}

/// 10. A use is left, in all and in this window.
fn uses(
    consent: &VerifiedConsent,
    state: ConsentState,
    live: Option<LiveNonce>,
    now: Timestamp,
) -> Result<UseClaim, Refusal> {
    let frequency = &consent.terms().frequency;
    let used_up = |holds, because| require(holds, Code::ConsentUsedUp, because);
    used_up(state.uses < frequency.max_uses, "no use is left")?;
    let window = window::at(frequency, consent.valid_from(), now);
    if let (Some(window), Some(used)) = (window, state.window) {
        used_up(used.index <= window.index, "the clock stepped back into an earlier window")?;
        used_up(used.index < window.index || used.uses < window.uses, "no use is left in this window")?;
    }
    let (issuer, consent) = (consent.issuer().clone(), consent.id().clone());
    Ok(UseClaim { issuer, consent, max_uses: frequency.max_uses, window, live })
}
