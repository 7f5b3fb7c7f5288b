//! 6. A registered purpose is the upper bound of any consent that names it: text, items, time, frequency, retention.

use schemas::{
    consent::{ConsentPurpose, ConsentTerms},
    federation::{FrequencyBound, Purpose},
    problem::Code,
    time::{CalendarDuration, Timestamp},
};

use super::{Offer, Refusal, rules};
use crate::credential::VerifiedConsent;

/// Holds the consent against the purpose registry and returns the purpose.
pub(super) fn template<'a>(
    consent: &VerifiedConsent,
    offer: &Offer<'a>,
    now: Timestamp,
) -> Result<&'a Purpose, Refusal> {
    let terms = consent.terms();
    let above = |because| Refusal::new(Code::ConsentAboveTemplate, because);
    let registered = offer.purpose.filter(|p| p.code == terms.purpose.code).ok_or(above("purpose not registered"))?;
    let rules = [
        (is_text(&terms.purpose, registered, &consent.notice().locale), "another text or version than registered"),
        (rules::allowed(terms).is_within(registered), "an item that the purpose does not have, or not as a value"),
        (is_short(consent, registered.max_validity), "valid for longer than the purpose allows"),
        (is_rare(terms, &registered.max_frequency), "more often than the purpose allows"),
        (is_kept_shorter(terms, registered.max_retention, now), "kept for longer than the purpose allows"),
    ];
    match rules.into_iter().find(|(holds, _)| !holds) {
        Some((_, because)) => Err(above(because)),
        None => Ok(registered),
    }
}

/// What she read is what the officers signed, in a language that it has.
fn is_text(consented: &ConsentPurpose, registered: &Purpose, locale: &str) -> bool {
    consented.version == registered.version
        && consented.dpv == registered.dpv
        && registered.text_digest(locale) == Some(consented.text)
}

/// From `validFrom` to `validUntil` at most the registered time, to the same time of day.
fn is_short(consent: &VerifiedConsent, longest: CalendarDuration) -> bool {
    let first_day = consent.valid_from().civil_day();
    let time_of_day = consent.valid_from().seconds() - first_day.start().seconds();
    consent.valid_until() <= longest.after(first_day, 1).start().plus(time_of_day)
}

fn is_rare(terms: &ConsentTerms, bound: &FrequencyBound) -> bool {
    bound.modes.contains(&terms.frequency.mode) && terms.frequency.max_uses <= bound.max_uses
}

/// Both counted from today, the day of the answer, so that months and days compare exactly.
fn is_kept_shorter(terms: &ConsentTerms, longest: CalendarDuration, now: Timestamp) -> bool {
    let today = now.civil_day();
    terms.retention.duration.after(today, 1) <= longest.after(today, 1)
}
