//! Registered laws at the department that answers under them: what they count, and when the citizen is told.
//!
//! Guarantees: a day is a civil day of Asia/Kolkata; all in all, each officer and each person have a count of their own; a quota
//! that is used up is heard (log and metric), for it is the sign of misuse. Deliberately absent: what a law allows
//! (`protocol::consent`), and the taking itself (`exchange/journal/quotas.rs`).

use protocol::consent::{LawBasis, LawUse, QuotaClaim};
use schemas::{
    federation::{Disclosure, Law},
    id::{EntityId, LawId},
    naming::DATASET,
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
pub(crate) const DAY: i64 = 86_400;
/// Longest time for which a law may keep its uses back, days (protocol, "register of laws").
pub(crate) const LONGEST_DELAY: u16 = 180;

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
    match delay(law) {
        0 => None,
        days => Some(now.plus(i64::from(days).saturating_mul(DAY))),
    }
}

/// The same where the register is at hand: that a person was named to another department tells her that she is asked about there, so
/// a naming is told no earlier than any use for which it can have been: under a law of the same asker and purpose (ADR 0391).
pub(crate) fn told_from_among<'l>(law: &Law, laws: impl Iterator<Item = &'l Law>, now: Timestamp) -> Option<Timestamp> {
    if law.allowed.dataset.as_str() != DATASET {
        return told_from(law, now);
    }
    let today = now.civil_day();
    let serves = |other: &&Law| other.consumer == law.consumer && other.purpose == law.purpose && other.until >= today;
    let longest = laws.filter(serves).map(delay).max().unwrap_or(0).max(delay(law));
    told_from(&Law { disclosure: Disclosure::Delayed(longest), ..law.clone() }, now)
}

/// Days that a law keeps its uses back. An emergency is told at once, whatever else its law says.
const fn delay(law: &Law) -> u16 {
    match law.disclosure {
        Disclosure::Delayed(days) if !law.break_glass => days,
        Disclosure::Delayed(_) | Disclosure::Immediate => 0,
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

    fn law(dataset: &str, consumer: &str, disclosure: Disclosure) -> Law {
        let mut law = protocol_testing::law();
        law.allowed.dataset = dataset.parse().unwrap();
        law.consumer = consumer.parse().unwrap();
        Law { disclosure, ..law }
    }

    #[test]
    fn a_naming_is_told_no_earlier_than_the_uses_that_it_serves() {
        let (us, other) = ("https://social.gov.example", "https://food.gov.example");
        let now = Timestamp::from_seconds(1_795_248_100);
        let days = |days: i64| Some(now.plus(days * DAY));
        let income = |disclosure| law("revenue.income", us, disclosure);
        let elsewhere = law("revenue.income", other, Disclosure::Delayed(90));
        let mut other_purpose = income(Disclosure::Delayed(90));
        other_purpose.purpose = "social.widow-pension.eligibility".parse().unwrap();
        let ended = Law { until: "2026-01-31".parse().unwrap(), ..income(Disclosure::Delayed(90)) };
        let emergency = Law { break_glass: true, ..income(Disclosure::Delayed(90)) };
        for (own, others, told, why) in [
            (Disclosure::Immediate, vec![], None, "alone"),
            (Disclosure::Immediate, vec![income(Disclosure::Immediate)], None, "for a use that is told at once"),
            (Disclosure::Immediate, vec![income(Disclosure::Delayed(30))], days(30), "for a delayed use"),
            (Disclosure::Delayed(60), vec![income(Disclosure::Delayed(30))], days(60), "its own delay is longer"),
            (
                Disclosure::Delayed(7),
                vec![income(Disclosure::Delayed(30)), income(Disclosure::Delayed(180))],
                days(180),
                "for the latest of several",
            ),
            (Disclosure::Immediate, vec![elsewhere, other_purpose, ended, emergency], None, "for none of these"),
        ] {
            let naming = law(DATASET, us, own);
            let all = std::iter::once(&naming).chain(&others);
            assert_eq!(told_from_among(&naming, all, now), told, "{why}");
        }
        let (data, longer) = (income(Disclosure::Delayed(3)), income(Disclosure::Delayed(30)));
        assert_eq!(told_from_among(&data, [&longer].into_iter(), now), days(3), "a use of data follows its own law");
    }

    #[test]
    fn counts_that_are_not_known_refuse_every_use() {
        assert_eq!(uses(&[1, 2, 3]), LawUse { per_day: 1, per_officer: 2, per_subject: 3 });
        for damaged in [&[][..], &[1][..], &[1, 2, 3, 4][..]] {
            assert_eq!(uses(damaged).per_day, u32::MAX);
        }
    }
}
