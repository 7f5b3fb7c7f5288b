//! Whether the terms of a consent agree with one another, whatever any register says.

use std::collections::BTreeSet;

use schemas::consent::{ConsentCredential, ConsentTerms, Frequency, FrequencyMode};

/// Checks what no provider could ever grant.
pub(super) fn check(credential: &ConsentCredential) -> Result<(), &'static str> {
    let [notice] = &credential.evidence;
    let rules = [
        (credential.valid_from < credential.valid_until, "it ends before it begins"),
        (notice.shown_at < credential.valid_until, "it was shown after its end"),
    ];
    rules.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, why)| Err(why))?;
    check_terms(&credential.credential_subject.consent)
}

fn check_terms(terms: &ConsentTerms) -> Result<(), &'static str> {
    let fields: BTreeSet<_> = terms.fields.iter().collect();
    let predicates: BTreeSet<_> = terms.predicates.iter().collect();
    let rules = [
        (terms.consumer != terms.provider, "consumer and provider are the same"),
        (!fields.is_empty() || !predicates.is_empty(), "it names no item"),
        (fields.len() == terms.fields.len(), "an item stands twice"),
        (predicates.len() == terms.predicates.len(), "a predicate stands twice"),
        (
            !predicates.iter().any(|predicate| fields.contains(&predicate.field)),
            "an item stands both as a value and as a question",
        ),
        (terms.data_range.is_none_or(|range| range.from <= range.to), "the data range is empty"),
        (is_coherent(&terms.frequency), "the frequency contradicts itself"),
    ];
    rules.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, why)| Err(why))
}

fn is_coherent(frequency: &Frequency) -> bool {
    let counted = frequency.max_uses >= 1;
    let windows = match (frequency.period, frequency.uses_per_period) {
        (None, None) => true,
        (Some(_), Some(uses)) => (1..=frequency.max_uses).contains(&uses),
        _ => false,
    };
    let once = frequency.mode != FrequencyMode::OneTime || (frequency.max_uses == 1 && frequency.period.is_none());
    counted && windows && once
}
