//! The rules of a registered law, in their order, each with its code.
//!
//! Guarantees: the law bounds parties, purpose, items and time, its quotas bound the day, and the registered purpose
//! bounds the law. Deliberately absent: consent, presence and binding; a law needs none, so the citizen is told instead.

use schemas::{
    consent::Retention,
    federation::Law,
    problem::Code,
    query::{Basis, Query},
    time::Timestamp,
};

use super::{
    Asked, LawBasis, LawUse, Offer, Refusal, State,
    grant::{Claim, Grant, QuotaClaim},
    items::Allowed,
    rules::require,
};

/// Decides a query under a law.
pub(super) fn authorize(
    asked: Asked<'_>,
    basis: &LawBasis,
    offer: &Offer<'_>,
    state: &State,
    now: Timestamp,
) -> Result<Grant, Refusal> {
    let (law, query) = (basis.law.law(), asked.query());
    named(query, basis)?;
    parties(query, law)?;
    accountable(query, basis)?;
    scope(query, law, now)?;
    let purpose = offer.purpose.filter(|purpose| purpose.code == law.purpose);
    let purpose = purpose.ok_or(beyond("its purpose is not registered"))?;
    require(allowed(law).is_within(purpose), Code::LawScopeExceeded, "an item that its purpose does not have")?;
    let (_, items) = allowed(law).offered(&query.query, &law.purpose, offer)?;
    let claim = quota(basis, law, state, now)?;
    Ok(Grant {
        consumer: law.consumer.clone(),
        provider: law.provider.clone(),
        dataset: law.allowed.dataset.clone(),
        items,
        subject: basis.subject.clone(),
        data_range: None,
        purpose: law.purpose.clone(),
        retention: Retention { duration: purpose.max_retention },
        claim: Claim::Law(claim),
        basis: basis.law.receipt_basis(),
        status_checked: None,
    })
}

const fn beyond(because: &'static str) -> Refusal {
    Refusal::new(Code::LawScopeExceeded, because)
}

const fn allowed(law: &Law) -> Allowed<'_> {
    let Law { allowed, predicates, .. } = law;
    Allowed { dataset: &allowed.dataset, fields: allowed.fields.as_slice(), predicates: predicates.as_slice() }
}

/// 1. The query names this very law.
fn named(query: &Query, basis: &LawBasis) -> Result<(), Refusal> {
    let named = matches!(&query.basis, Basis::Law { id, .. } if *id == basis.law.law().id);
    require(named, Code::LawNotRegistered, "the query names another basis")
}

/// 2. The parties of the query are those of the law.
pub(super) fn parties(query: &Query, law: &Law) -> Result<(), Refusal> {
    require(query.iss == law.consumer, Code::LawScopeExceeded, "another asker")?;
    require(query.aud == law.provider, Code::LawScopeExceeded, "another answerer")
}

/// 3. Somebody answers for it: a case and an officer, those of the query.
pub(super) fn accountable(query: &Query, basis: &LawBasis) -> Result<(), Refusal> {
    require(query.case.as_ref() == Some(&basis.case), Code::LawScopeExceeded, "no case, or another")?;
    require(query.agent.officer.as_ref() == Some(&basis.officer), Code::LawScopeExceeded, "no officer, or another")
}

/// 4. The query asks for no more than the law allows, for its purpose, until its last day.
fn scope(query: &Query, law: &Law, now: Timestamp) -> Result<(), Refusal> {
    require(now.civil_day() <= law.until, Code::LawScopeExceeded, "the law has ended")?;
    require(query.query.purpose == law.purpose, Code::LawScopeExceeded, "another purpose")?;
    allowed(law).covers(&query.query).map_err(beyond)
}

/// 5. An answer is left today: in all, for this officer, about this person.
fn quota(basis: &LawBasis, law: &Law, state: &State, now: Timestamp) -> Result<QuotaClaim, Refusal> {
    let exceeded = |because| Refusal::new(Code::LawQuotaExceeded, because);
    let State::Law(LawUse { per_day, per_officer, per_subject }) = *state else {
        return Err(exceeded("the uses of this law are not known"));
    };
    let rules = [
        (per_day < law.quota.per_day, "the day's limit is reached"),
        (per_officer < law.quota.per_officer, "the officer's limit is reached"),
        (per_subject < law.quota.per_subject, "the limit for one person is reached"),
    ];
    if let Some((_, because)) = rules.into_iter().find(|(holds, _)| !holds) {
        return Err(exceeded(because));
    }
    Ok(QuotaClaim {
        law: law.id.clone(),
        day: now.civil_day(),
        officer: basis.officer.clone(),
        subject: basis.subject.clone(),
        quota: law.quota,
    })
}
