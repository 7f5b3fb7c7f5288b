//! The rules in their order, each with its codes. One function judges one thing and changes nothing.

use std::collections::BTreeSet;

use schemas::{
    consent::{BindingMode, ConsentStatus, ConsentTerms, DataSubject, Decision, FrequencyMode, OnwardSharing},
    federation::{DatasetDescription, Purpose},
    id::{FieldName, SectorSubject},
    problem::Code,
    time::Timestamp,
};

use super::{Asked, ConsentBasis, ConsentState, Offer, Refusal, UseClaim, window};
use crate::{
    credential::{Status, VerifiedConsent},
    seal::freshness::SKEW,
};

/// How far the key binding's time may lie from when the card was shown, seconds.
const NEAR_SHOWN: i64 = 10 * 60;
/// How old the status of a binding may be, seconds.
const STATUS_AGE: i64 = 4 * 60 * 60;
/// The same for sensitive purposes.
const STATUS_AGE_SENSITIVE: i64 = 60;

fn require(holds: bool, code: Code, because: &'static str) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(Refusal::new(code, because)) }
}

/// 1. The parties of the query are those of the consent.
pub(super) fn parties(asked: Asked<'_>, terms: &ConsentTerms) -> Result<(), Refusal> {
    let query = asked.query();
    require(query.iss == terms.consumer, Code::ConsentWrongConsumer, "another asker")?;
    require(query.aud == terms.provider, Code::ConsentWrongProvider, "another answerer")
}

/// 2. The person who consented is the person of the binding, which was presented for this very consent.
pub(super) fn subject(basis: &ConsentBasis, offer: &Offer<'_>) -> Result<SectorSubject, Refusal> {
    let ConsentBasis { consent, binding, .. } = basis;
    require(consent.key() == binding.key(), Code::ConsentWrongSubject, "the binding names another key")?;
    let invalid = |holds, because| require(holds, Code::BindingInvalid, because);
    invalid(binding.audience() == consent.terms().provider.as_str(), "presented to another receiver")?;
    invalid(binding.nonce() == consent.presentation_nonce(), "presented for another consent")?;
    let apart = binding.presented().seconds() - consent.notice().shown_at.seconds();
    invalid(apart.abs() <= NEAR_SHOWN, "presented at another time than the consent was shown")?;
    invalid(binding.claims().mode == BindingMode::Own, "an assisted session without its operator")?;
    let subject = binding.sole_subject(offer.sector);
    let subject = subject.ok_or(Refusal::new(Code::BindingInvalid, "not exactly the pseudonym of this sector"))?;
    match &consent.terms().data_subject {
        DataSubject::Own {} => Ok(subject),
        DataSubject::Ward { .. } => Err(Refusal::new(Code::GuardianshipInvalid, "no guardianship was presented")),
    }
}

/// 3. The consent holds now: neither revoked nor paused, begun and not ended.
pub(super) fn in_force(consent: &VerifiedConsent, state: &ConsentState, now: Timestamp) -> Result<(), Refusal> {
    let ConsentTerms { decision: Decision::Given, onward_sharing: OnwardSharing::None, .. } = consent.terms();
    match state.status {
        ConsentStatus::Active => Ok(()),
        ConsentStatus::Paused => Err(Refusal::new(Code::ConsentPaused, "paused")),
        ConsentStatus::Revoked => Err(Refusal::new(Code::ConsentRevoked, "revoked")),
    }?;
    // The wallet's clock may run a little ahead of ours; the end is never stretched.
    require(consent.valid_from() <= now.plus(SKEW), Code::ConsentNotYetValid, "begins later")?;
    let end = state.until.map_or(consent.valid_until(), |until| until.min(consent.valid_until()));
    require(now < end, Code::ConsentExpired, "ended")
}

/// 4. The query is for the purpose that she read.
pub(super) fn purpose(asked: Asked<'_>, terms: &ConsentTerms) -> Result<(), Refusal> {
    let same = asked.query().query.purpose == terms.purpose.code;
    require(same, Code::ConsentPurposeMismatch, "another purpose")
}

/// 5. The query asks for no more than she allowed.
pub(super) fn scope(asked: Asked<'_>, terms: &ConsentTerms) -> Result<(), Refusal> {
    let wanted = &asked.query().query;
    let within = |holds, because| require(holds, Code::ConsentScopeExceeded, because);
    within(wanted.dataset == terms.dataset, "another dataset")?;
    within(wanted.predicates.is_empty(), "predicates are not answered yet")?;
    within(!wanted.fields.is_empty(), "no item is asked for")?;
    within(wanted.fields.iter().all(|field| terms.fields.contains(field)), "an item she did not name")
}

/// 7. The provider offers it: consented ∩ requested ∩ mapped.
pub(super) fn dataset<'a>(
    asked: Asked<'_>,
    terms: &ConsentTerms,
    offer: &Offer<'a>,
) -> Result<(&'a DatasetDescription, BTreeSet<FieldName>), Refusal> {
    let unknown = |because| Refusal::new(Code::DatasetUnknown, because);
    let dataset = offer.dataset.filter(|d| d.id == terms.dataset).ok_or(unknown("not offered"))?;
    if !dataset.purposes.contains(&terms.purpose.code) {
        return Err(unknown("not offered for this purpose"));
    }
    let mapped: BTreeSet<_> = dataset.fields.iter().map(|field| &field.name).collect();
    let wanted = asked.query().query.fields.iter();
    let fields: BTreeSet<_> = wanted.filter(|f| terms.fields.contains(f) && mapped.contains(f)).cloned().collect();
    if fields.is_empty() { Err(unknown("none of the items is mapped")) } else { Ok((dataset, fields)) }
}

/// 8. The binding holds now, strongly enough, and that is known freshly enough.
pub(super) fn binding(
    basis: &ConsentBasis,
    dataset: &DatasetDescription,
    sensitive: bool,
    now: Timestamp,
) -> Result<Timestamp, Refusal> {
    let claims = basis.binding.claims();
    require(now.numeric() <= claims.exp.plus(SKEW), Code::BindingInvalid, "the binding has ended")?;
    let strong = claims.assurance_level >= dataset.assurance;
    require(strong, Code::BindingAssuranceTooLow, "assurance below the dataset's")?;
    let unavailable = Refusal::new(Code::BindingStatusUnavailable, "no status fresh enough");
    let status = basis.status.as_ref().filter(|s| s.is_of(&claims.iss, basis.binding.status())).ok_or(unavailable)?;
    match status.status() {
        Status::Valid => Ok(()),
        Status::Suspended => Err(Refusal::new(Code::BindingSuspended, "suspended")),
        Status::Invalid | Status::Unknown(_) => Err(Refusal::new(Code::BindingRevoked, "revoked")),
    }?;
    let limit = if sensitive { STATUS_AGE_SENSITIVE } else { STATUS_AGE };
    // A look-up from the future is a clock that stepped back: as unknown as none.
    let fresh = status.age(now).is_some_and(|age| (-SKEW..=limit).contains(&age));
    if fresh { Ok(status.checked_at()) } else { Err(unavailable) }
}

/// 9. She is present, where that is needed. No proof over a live nonce exists yet, so what needs one is refused.
pub(super) fn presence(terms: &ConsentTerms, purpose: &Purpose) -> Result<(), Refusal> {
    let needed = purpose.sensitive || terms.frequency.mode == FrequencyMode::OneTime;
    require(!needed, Code::LiveNonceRequired, "no proof over a live nonce")
}

/// 10. A use is left, in all and in this window.
pub(super) fn uses(consent: &VerifiedConsent, state: &ConsentState, now: Timestamp) -> Result<UseClaim, Refusal> {
    let frequency = &consent.terms().frequency;
    let used_up = |holds, because| require(holds, Code::ConsentUsedUp, because);
    used_up(state.uses < frequency.max_uses, "no use is left")?;
    let window = window::at(frequency, consent.valid_from(), now);
    if let (Some(window), Some(used)) = (window, state.window) {
        used_up(used.index <= window.index, "the clock stepped back into an earlier window")?;
        used_up(used.index < window.index || used.uses < window.uses, "no use is left in this window")?;
    }
    let (issuer, consent) = (consent.issuer().clone(), consent.id().clone());
    Ok(UseClaim { issuer, consent, max_uses: frequency.max_uses, window })
}
