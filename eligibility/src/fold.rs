//! The facts of a person as they follow from all that was ever said of her.
//!
//! Guarantees: a pure function of the set of records: any order of arrival and any number of duplicates give the same result
//! (a property test over permutations shows it). Records are applied by effective day, recorded time, priority of the source and
//! id, less what was superseded or annulled; facts that never change in the world, such as a birth date or an age, follow their
//! latest correction. A death is contradicted by a sign of life after it, a move out of the state by a presence at home; then the
//! fact is unknown, and unknown removes nobody. Deliberately absent: the day of today but as an argument; storage.

mod apply;
mod record;
mod standing;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeSet;

use schemas::{
    digest::Digest,
    event::Reporter,
    id::{CaseId, EntityId, MessageId},
    time::{CivilDate, Timestamp},
};

use self::standing::Void;
pub use self::{
    record::{Content, EventRecord, Role},
    standing::{Annulled, Family},
};
use crate::fact::PersonFacts;

/// What is known of other people and bears on this one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Related {
    /// Registrations of other people's events that are void: a husband's death.
    pub annulled: Vec<Annulled>,
    /// Records of husbands and wives, by the id of the record of the marriage here.
    pub spouses: Vec<(MessageId, EventRecord)>,
}

/// Whence something is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// `jti` of the event.
    pub event: MessageId,
    /// Who said it.
    pub source: EntityId,
    /// Digest of the signed event.
    pub digest: Digest,
    /// The cascade.
    pub case: CaseId,
    /// When it was recorded.
    pub recorded: Timestamp,
    /// The number of its registration.
    pub registration: Option<String>,
}

/// A registered death that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Death {
    /// The day.
    pub on: CivilDate,
    /// Whence.
    pub origin: Origin,
    /// Every number and day under which this same death was ever registered: a corrected day is an amendment, not another death.
    pub family: BTreeSet<String>,
}

impl Death {
    /// By what a decision names it: source and number of the registration that stands.
    pub fn key(&self) -> String {
        let what = self.origin.registration.clone().unwrap_or_else(|| self.origin.event.to_string());
        format!("{} {what}", self.origin.source)
    }

    /// Whether a decision that names this key means this death.
    pub fn is(&self, key: &str) -> bool {
        self.family.contains(key) || self.key() == key
    }
}

/// A report of a death without a registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedDeath {
    /// By whose role.
    pub by: Reporter,
    /// Whence.
    pub origin: Origin,
}

/// A move out of the state that stands: she has not come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedOut {
    /// Since this day.
    pub since: CivilDate,
    /// Whence.
    pub origin: Origin,
}

/// Something that cannot be if another thing is so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contradiction {
    /// A sign of life after the day of death.
    AliveAfterDeath {
        /// The death.
        death: Death,
        /// The sign of life.
        sign: Origin,
    },
    /// A presence at home after the move out of the state.
    AtHomeAfterMove {
        /// The move.
        moved: MovedOut,
        /// The presence.
        sign: Origin,
    },
}

/// One delivery of a mother: twins are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The day of the first child.
    pub on: CivilDate,
    /// Whence.
    pub origin: Origin,
}

/// What follows from a person's records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    /// The facts.
    pub facts: PersonFacts,
    /// A registered death that nothing contradicts.
    pub death: Option<Death>,
    /// Every registered death that nothing contradicts, that one first: a person dies once, and may be registered twice.
    pub deaths: Vec<Death>,
    /// By their keys, registrations of a death that are void because it was registered twice.
    pub entered_twice: BTreeSet<String>,
    /// Digests of records that were annulled, replaced, or whose word on what never changes was corrected; with those of others that
    /// bear on her. What rests on one of them rests on nothing.
    pub voided: BTreeSet<Digest>,
    /// Cascades in which something was annulled.
    pub void_cases: BTreeSet<CaseId>,
    /// A reported death, if none is registered and no sign of life came after it.
    pub reported: Option<ReportedDeath>,
    /// A move out of the state that nothing contradicts.
    pub moved_out: Option<MovedOut>,
    /// What cannot be true together.
    pub contradictions: Vec<Contradiction>,
    /// Deliveries, by day.
    pub deliveries: Vec<Delivery>,
    /// The next day on which a record takes effect that does not yet.
    pub wakes: Option<CivilDate>,
}

/// Folds all records of one person into the facts as they stand on a day.
pub fn fold(records: &[EventRecord], related: &Related, as_of: CivilDate) -> Folded {
    let hers = Void { own: &[], others: &related.annulled };
    let stands = standing::standing(records, hers);
    // Of an age the day is the fact itself: that she will complete it later is known now, and is no age that she has.
    let (now, later): (Vec<&EventRecord>, Vec<&EventRecord>) =
        stands.into_iter().partition(|record| record.effective <= as_of || record.is_of_an_age());
    let wakes = later.iter().map(|record| record.effective).min();
    let deaths: Vec<EventRecord> = related.spouses.iter().map(|(_, record)| record.clone()).collect();
    let mut folded = Folded { wakes, ..apply::apply((&now, records), related, as_of) };
    let of_spouses = Void { own: &related.annulled, others: &[] };
    for (voided, cases) in [standing::voided(records, hers), standing::voided(&deaths, of_spouses)] {
        folded.voided.extend(voided);
        folded.void_cases.extend(cases);
    }
    folded.entered_twice = standing::entered_twice(records);
    folded
}
