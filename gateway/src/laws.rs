//! Registered laws at the department that answers under them: what they count, and when the citizen is told.
//!
//! Guarantees: a day is a civil day of Asia/Kolkata; all in all, each officer and each person have a count of their own; a quota
//! that is used up is heard (log and metric), for it is the sign of misuse. Deliberately absent: what a law allows
//! (`protocol::consent`), and the taking itself (`exchange/journal/quotas.rs`).

use protocol::consent::{LawBasis, LawUse, QuotaClaim};
use schemas::{
    federation::{Disclosure, Law},
    id::{EntityId, LawId},
    time::Timestamp,
};

use crate::{
    exchange::journal::LawTake,
    keys::Keys,
    store::exchange::law_uses::{LawCounter, LawDay},
};

/// How many days counts are kept: longer than any clock is wrong.
pub const KEPT_DAYS: i64 = 40;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// The counts of a query under a law: in all, of the officer, about the person.
pub(crate) fn counters(keys: &Keys, basis: &LawBasis, now: Timestamp) -> Vec<LawCounter> {
    let law = basis.law.law();
    let day = LawDay::of(now);
    vec![
        LawCounter::of_law(&law.id, day),
        LawCounter::of_officer(keys, &law.id, day, &law.consumer, &basis.officer),
        LawCounter::of_subject(keys, &law.id, day, &basis.subject),
    ]
}

/// Uses so far, in the order of [`counters`]; a count that is not known refuses every use.
pub(crate) fn uses(found: &[u32]) -> LawUse {
    let [per_day, per_officer, per_subject] = found.try_into().unwrap_or([u32::MAX; 3]);
    LawUse { per_day, per_officer, per_subject }
}

/// What an answer takes of the day's counts.
pub(crate) fn takes(keys: &Keys, claim: &QuotaClaim, consumer: &EntityId, now: Timestamp) -> Vec<LawTake> {
    let day = LawDay::of(now);
    let one = |counter, most| LawTake { counter, uses: 1, most };
    vec![
        one(LawCounter::of_law(&claim.law, day), claim.quota.per_day),
        one(LawCounter::of_officer(keys, &claim.law, day, consumer, &claim.officer), claim.quota.per_officer),
        one(LawCounter::of_subject(keys, &claim.law, day, &claim.subject), claim.quota.per_subject),
    ]
}

/// From when the person may be told of a use; `None`: at once.
pub(crate) fn told_from(law: &Law, now: Timestamp) -> Option<Timestamp> {
    match law.disclosure {
        Disclosure::Immediate => None,
        Disclosure::Delayed(days) => Some(now.plus(i64::from(days).saturating_mul(DAY))),
    }
}

/// Says aloud that a law's quota is used up.
pub(crate) fn alarm(law: &LawId, consumer: &EntityId) {
    metrics::counter!("law_quota_exceeded_total", "law" => law.to_string()).increment(1);
    tracing::error!(%law, %consumer, alarm = "law-quota-exceeded", "the daily quota of a law is used up; look who asks, and why");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_that_are_not_known_refuse_every_use() {
        assert_eq!(uses(&[1, 2, 3]), LawUse { per_day: 1, per_officer: 2, per_subject: 3 });
        for damaged in [&[][..], &[1][..], &[1, 2, 3, 4][..]] {
            assert_eq!(uses(damaged).per_day, u32::MAX);
        }
    }
}
