//! What was said of other people and bears on one: annulments in her cascades, and the deaths of those she married.
//!
//! Deliberately absent: what follows from it (`eligibility::fold`).

use eligibility::fold::{Annulled, Related, Role};
use schemas::event::{EventPayload, Relation};
use service_kit::db::AnyConnection;

use super::DecisionError;
use crate::{
    keys::Keys,
    notices::Person,
    store::decisions::facts::{Heard, facts_beside, facts_of},
};

/// What was said of others and bears on her: annulments of her cascades, and deaths of those she married.
pub(super) fn related(
    conn: &mut AnyConnection,
    keys: &Keys,
    (person, heard): (&Person, &[Heard]),
) -> Result<Related, DecisionError> {
    let mut related = Related { annulled: annulled_beside(conn, keys, person)?, spouses: Vec::new() };
    for marriage in
        heard.iter().filter(|heard| matches!(heard.record.event(), Some(EventPayload::MarriageRegistered(_))))
    {
        let Some((_, spouse)) = marriage.others.iter().find(|(relation, _)| *relation == Relation::Spouse) else {
            continue;
        };
        for said in facts_of(conn, keys, &Person::of_subject(keys, spouse))? {
            if said.record.role != Role::Subject {
                continue;
            }
            related.annulled.extend(Annulled::of(&said.record));
            if matches!(said.record.event(), Some(EventPayload::DeathRegistered(_))) {
                related.spouses.push((marriage.record.id.clone(), said.record));
            }
        }
    }
    Ok(related)
}

/// Whom she married, as far as they are named to us: what is said of her may bear on them.
///
/// # Errors
/// If the records cannot be read.
pub(super) fn spouses(conn: &mut AnyConnection, keys: &Keys, person: &Person) -> Result<Vec<Person>, DecisionError> {
    let heard = facts_of(conn, keys, person)?;
    let marriages =
        heard.iter().filter(|heard| matches!(heard.record.event(), Some(EventPayload::MarriageRegistered(_))));
    let spouses = marriages.flat_map(|heard| &heard.others).filter(|(relation, _)| *relation == Relation::Spouse);
    let mut persons: Vec<Person> = spouses.map(|(_, spouse)| Person::of_subject(keys, spouse)).collect();
    persons.dedup();
    Ok(persons)
}

/// What was annulled in her cascades, of others.
///
/// # Errors
/// If the records cannot be read.
pub(super) fn annulled_beside(
    conn: &mut AnyConnection,
    keys: &Keys,
    person: &Person,
) -> Result<Vec<Annulled>, DecisionError> {
    let beside = facts_beside(conn, keys, person)?;
    Ok(beside.iter().filter_map(|heard| Annulled::of(&heard.record)).collect())
}
