//! What a purpose or a law must have before an officer signs it. Names of datasets are not judged: a dataset may be
//! registered before its provider joins.

use std::collections::BTreeMap;

use schemas::{
    consent::Predicate,
    federation::{AllowedData, Disclosure, Law, Purpose},
    naming,
    time::CivilDate,
};

/// Languages in which every text must be.
const LANGUAGES: [&str; 2] = ["en", "hi"];
/// Longest delay of telling the citizen, days.
const MAX_DELAY: u16 = 180;

/// The first thing that is wrong.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// The key in the file.
    pub key: &'static str,
    /// What is wrong and how to mend it.
    pub problem: String,
}

fn finding(key: &'static str, problem: impl Into<String>) -> Option<Finding> {
    Some(Finding { key, problem: problem.into() })
}

pub(super) fn purpose(one: &Purpose) -> Option<Finding> {
    text("text", &one.text)
        .or_else(|| data(&one.allowed))
        .or_else(|| predicates_only(one))
        .or_else(|| {
            let bound = &one.max_frequency;
            let empty = bound.modes.is_empty() || bound.max_uses == 0;
            empty
                .then(|| finding("max_frequency", "no mode, or no use; mend: give modes and at least one use"))
                .flatten()
        })
        .or_else(|| {
            one.dpv
                .is_empty()
                .then(|| finding("dpv", "the term is empty; mend: name a Data Privacy Vocabulary term"))
                .flatten()
        })
}

pub(super) fn law(one: &Law, today: CivilDate) -> Option<Finding> {
    if one.statute.trim().is_empty() || one.section.trim().is_empty() {
        return finding("statute", "statute or section is empty; mend: cite both");
    }
    if one.consumer == one.provider {
        return finding("consumer", "consumer and provider are the same; mend: name two entities");
    }
    if one.until < today {
        return finding("until", "the last day has passed; mend: give a later day");
    }
    if let Disclosure::Delayed(days) = one.disclosure
        && !(1..=MAX_DELAY).contains(&days)
    {
        return finding(
            "disclosure",
            format!("{days} days are outside 1 to {MAX_DELAY}; mend: tell the citizen sooner"),
        );
    }
    let quota = &one.quota;
    if quota.per_day == 0 || quota.per_officer == 0 || quota.per_subject == 0 || quota.per_officer > quota.per_day {
        return finding(
            "quota",
            "a limit is 0, or an officer's is above the day's; mend: give limits that fit together",
        );
    }
    if one.break_glass && one.disclosure != Disclosure::Immediate {
        let problem = "a law for emergencies tells the citizen at once; mend: write `disclosure = \"immediate\"`";
        return finding("disclosure", problem);
    }
    if one.break_glass && one.allowed.dataset.as_str() == naming::DATASET {
        let problem =
            "a law for emergencies names nobody to others; mend: take `break_glass` out, or register another dataset";
        return finding("break_glass", problem);
    }
    text("title", &one.title).or_else(|| questions(one))
}

/// A field of which only questions are answered is one that the purpose has.
fn predicates_only(one: &Purpose) -> Option<Finding> {
    let allowed = |field| one.allowed.iter().any(|data| data.fields.contains(field));
    let missing = one.predicates_only.iter().find(|field| !allowed(field))?;
    let problem = format!("{missing} is not allowed; mend: name it under `allowed` too, or leave it out here");
    finding("predicates_only", problem)
}

/// Something is allowed, each question makes sense, and no field is both a value and a question.
fn questions(one: &Law) -> Option<Finding> {
    if one.predicates.is_empty() {
        return data(std::slice::from_ref(&one.allowed));
    }
    for (place, asked) in one.predicates.iter().enumerate() {
        let Predicate { field, value, .. } = asked;
        if value.is_empty() {
            let problem = format!("the question about {field} compares with nothing; mend: give it a value");
            return finding("predicates", problem);
        }
        if one.allowed.fields.contains(field) {
            let problem = format!("{field} is allowed as a value as well; mend: keep one of the two");
            return finding("predicates", problem);
        }
        if one.predicates.iter().skip(place + 1).any(|other| other == asked) {
            return finding("predicates", format!("a question about {field} stands twice; mend: keep one of the two"));
        }
    }
    None
}

fn text(key: &'static str, by_language: &BTreeMap<String, String>) -> Option<Finding> {
    for language in LANGUAGES {
        if by_language.get(language).is_none_or(|text| text.trim().is_empty()) {
            return finding(
                key,
                format!("no text in `{language}`; mend: write it as whole sentences a citizen understands"),
            );
        }
    }
    // The digest is over the text: other line ends would be another text.
    let foreign = by_language.values().any(|text| text.contains('\r'));
    foreign.then(|| finding(key, "a carriage return; mend: end lines with a line feed alone")).flatten()
}

fn data(allowed: &[AllowedData]) -> Option<Finding> {
    let empty = allowed.is_empty() || allowed.iter().any(|one| one.fields.is_empty());
    empty.then(|| finding("allowed", "no dataset, or a dataset without fields; mend: name each field")).flatten()
}
