//! Whether a registered law allows these two departments to compare these two rolls by this identifier.
//!
//! Guarantees: default deny; a law for comparisons is good for nothing else, for no department can offer a data set of that name.
//! Source: protocol, "Federation" (register of laws); ADR 0535. Deliberately absent: the day's quota, which is taken where the
//! acceptance is committed.

use schemas::{
    federation::{AllowedData, Law, Purpose},
    id::{DatasetId, EntityId},
    overlap::OverlapTerms,
    problem::Code,
    time::Timestamp,
};

use super::MOST;
use crate::consent::Refusal;

/// The last part of the purpose and of the data set of a law that is for a comparison.
const OVERLAP: &str = "overlap";

/// The data set by which a law names the comparison of a roll: the roll's name and `.overlap`. `None` where that would be too long.
pub fn dataset_of(roll: &DatasetId) -> Option<DatasetId> {
    format!("{roll}.{OVERLAP}").parse().ok()
}

fn for_overlap(dotted: &str) -> bool {
    dotted.rsplit('.').next() == Some(OVERLAP)
}

fn require(holds: bool, code: Code, because: &'static str) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(Refusal::new(code, because)) }
}

/// Allows a comparison. `law`: the one that is registered under the id of the terms; `purpose`: that of the law, in its newest version.
/// `answerer_has` is how many people the answerer's side has, once that is known.
///
/// # Errors
/// `law-not-registered`, `overlap-not-allowed`, `law-scope-exceeded`, `overlap-too-large`.
pub fn authorize(
    terms: &OverlapTerms,
    [asker, answerer]: [&EntityId; 2],
    law: Option<&Law>,
    purpose: Option<&Purpose>,
    answerer_has: Option<u32>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let none = Refusal::new(Code::LawNotRegistered, "no such law in force");
    let law = law.filter(|law| law.id == terms.law && now.civil_day() <= law.until).ok_or(none)?;
    let compares = for_overlap(law.purpose.as_str()) && for_overlap(law.allowed.dataset.as_str()) && !law.break_glass;
    require(compares, Code::OverlapNotAllowed, "the law is not for comparing rolls")?;
    let beyond = Code::LawScopeExceeded;
    require(law.consumer == *asker, beyond, "another asker")?;
    require(law.provider == *answerer, beyond, "another answerer")?;
    require(law.purpose == terms.purpose, beyond, "another purpose")?;
    require(dataset_of(&terms.of).as_ref() == Some(&law.allowed.dataset), beyond, "another roll")?;
    require(law.allowed.fields.contains(&terms.identifier), beyond, "another identifier")?;
    let allows = |purpose: &&Purpose| {
        let names = |allowed: &AllowedData| {
            allowed.dataset == law.allowed.dataset && allowed.fields.contains(&terms.identifier)
        };
        purpose.code == law.purpose && purpose.allowed.iter().any(names)
    };
    require(purpose.filter(allows).is_some(), beyond, "an item that its purpose does not have")?;
    let most = law.quota.per_day.min(MOST);
    require(terms.people <= most, Code::OverlapTooLarge, "more people than the law compares in a day")?;
    require(answerer_has.is_none_or(|people| people <= most), Code::OverlapTooLarge, "more people here than that")
}
