//! Which records stand: not superseded, not annulled, and of one registration the first alone.
//!
//! Guarantees: an annulment works wherever it stands in the order of arrival; it undoes its registration and what other events of
//! its case built upon that; a registration made after it stands again. Deliberately absent: what the standing records say.

use std::collections::BTreeSet;

use schemas::{
    digest::Digest,
    event::{DeathAnnulment, DeathRegistered, EventPayload, MarriageEnd},
    id::{CaseId, EntityId, MessageId},
    time::Timestamp,
};

use super::record::{EventRecord, Role};

/// A registration that was declared void, known from this person's records or from another's of the same cascade.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Annulled {
    /// By whom.
    pub source: EntityId,
    /// Which family of registrations.
    pub family: Family,
    /// Its number.
    pub registration: String,
    /// The cascade.
    pub case: CaseId,
    /// When that was recorded: a later registration under the same number stands.
    pub recorded: Timestamp,
}

/// Which register a number is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Births.
    Birth,
    /// Stillbirths.
    Stillbirth,
    /// Deaths.
    Death,
    /// Reports of deaths.
    DeathReport,
    /// Marriages.
    Marriage,
    /// Ends of marriages.
    MarriageEnd,
    /// Moves.
    Move,
}

impl Family {
    const fn of(payload: &EventPayload) -> Option<Self> {
        Some(match payload {
            EventPayload::BirthRegistered(_) => Self::Birth,
            EventPayload::BirthStillbirth(_) => Self::Stillbirth,
            EventPayload::DeathRegistered(_) => Self::Death,
            EventPayload::DeathReported(_) => Self::DeathReport,
            EventPayload::MarriageRegistered(_) => Self::Marriage,
            EventPayload::MarriageEnded(_) => Self::MarriageEnd,
            EventPayload::ResidenceMoved(_) => Self::Move,
            _ => return None,
        })
    }
}

impl Annulled {
    /// The annulment in a record, if it is one.
    pub fn of(record: &EventRecord) -> Option<Self> {
        let (family, registration) = match record.event()? {
            EventPayload::BirthAnnulled(annulled) => (Family::Birth, &annulled.registration_number),
            EventPayload::DeathAnnulled(annulled) => (Family::Death, &annulled.registration_number),
            _ => return None,
        };
        Some(Self {
            source: record.source.clone(),
            family,
            registration: registration.clone(),
            case: record.case.clone(),
            recorded: record.recorded,
        })
    }

    /// `by_another`: it was said of somebody else, as whose registration it may be void while this person's own under the same
    /// number stands: a death entered for the wrong person.
    fn undoes(&self, record: &EventRecord, by_another: bool) -> bool {
        let Some(payload) = record.event() else { return false };
        if record.source != self.source || record.recorded > self.recorded {
            return false;
        }
        let hers = by_another && record.role == Role::Subject;
        let itself = Family::of(payload) == Some(self.family)
            && payload.registration_number() == Some(self.registration.as_str());
        itself && !hers || self.undoes_what_follows(payload)
    }

    /// A marriage that ended by a death goes on if the death is void.
    fn undoes_what_follows(&self, payload: &EventPayload) -> bool {
        let EventPayload::MarriageEnded(ended) = payload else { return false };
        self.family == Family::Death
            && ended.reason == MarriageEnd::DeathOfSpouse
            && ended.death_registration_number.as_deref() == Some(self.registration.as_str())
    }
}

/// What is void for a person: by what was said of her, and by what was said of others.
#[derive(Clone, Copy)]
pub(super) struct Void<'a> {
    pub own: &'a [Annulled],
    pub others: &'a [Annulled],
}

impl Void<'_> {
    fn of(self, records: &[EventRecord]) -> impl Fn(&EventRecord) -> bool {
        let own: Vec<Annulled> = records.iter().filter_map(Annulled::of).chain(self.own.iter().cloned()).collect();
        let others = self.others.to_vec();
        move |record| {
            own.iter().any(|annulled| annulled.undoes(record, false))
                || others.iter().any(|annulled| annulled.undoes(record, true))
        }
    }
}

/// The records that stand, in their order.
pub(super) fn standing<'a>(records: &'a [EventRecord], void: Void<'_>) -> Vec<&'a EventRecord> {
    let superseded = superseded(records);
    let is_void = void.of(records);
    let mut stands: Vec<&EventRecord> = records
        .iter()
        .filter(|record| !superseded.contains(&(&record.source, &record.id)))
        .filter(|record| !is_void(record))
        .collect();
    stands.sort_by(|a, b| a.place().cmp(&b.place()));
    stands.dedup_by(|a, b| a.id == b.id && a.source == b.source && a.role == b.role);
    first_of_each_registration(stands)
}

/// Records that do not stand because they were replaced or annulled, and the cascades of what was annulled.
pub(super) fn voided(records: &[EventRecord], void: Void<'_>) -> (BTreeSet<Digest>, BTreeSet<CaseId>) {
    let (superseded, is_void) = (superseded(records), void.of(records));
    let falls = |record: &&EventRecord| superseded.contains(&(&record.source, &record.id)) || is_void(record);
    let digests = records.iter().filter(falls).map(|record| record.digest).collect();
    let told = records.iter().filter_map(Annulled::of);
    (digests, told.chain(void.own.iter().chain(void.others).cloned()).map(|annulled| annulled.case).collect())
}

/// Registrations of deaths that were entered twice: the other one stands.
pub(super) fn entered_twice(records: &[EventRecord]) -> BTreeSet<String> {
    let twice = records.iter().filter_map(|record| match record.event() {
        Some(EventPayload::DeathAnnulled(annulled)) if annulled.reason == DeathAnnulment::Duplicate => {
            Some(number(record, &annulled.registration_number))
        }
        _ => None,
    });
    twice.collect()
}

fn number(record: &EventRecord, registration: &str) -> String {
    format!("{} {registration}", record.source)
}

/// Everything by which one death was ever registered: its number, those of the registrations that it replaces or that replace it,
/// and their days, by which deaths were told apart once.
pub(super) fn family_of_death(records: &[EventRecord], of: &EventRecord) -> BTreeSet<String> {
    let deaths: Vec<(&EventRecord, &DeathRegistered)> = records
        .iter()
        .filter(|record| record.source == of.source && record.role == of.role)
        .filter_map(|record| match record.event() {
            Some(EventPayload::DeathRegistered(death)) => Some((record, death)),
            _ => None,
        })
        .collect();
    let replaces = |a: &EventRecord, b: &EventRecord| a.supersedes.as_ref() == Some(&b.id);
    let mut family: Vec<(&EventRecord, &DeathRegistered)> =
        deaths.iter().filter(|(record, _)| record.id == of.id).copied().collect();
    loop {
        let akin = |(record, death): &&(&EventRecord, &DeathRegistered)| {
            family.iter().any(|(known, same)| {
                same.registration_number == death.registration_number
                    || replaces(known, record)
                    || replaces(record, known)
            }) && !family.iter().any(|(known, _)| known.id == record.id)
        };
        let more: Vec<_> = deaths.iter().filter(akin).copied().collect();
        if more.is_empty() {
            break;
        }
        family.extend(more);
    }
    let names = |(record, death): (&EventRecord, &DeathRegistered)| {
        [number(record, &death.registration_number), death.death_date.to_string()]
    };
    family.into_iter().flat_map(names).collect()
}

fn superseded(records: &[EventRecord]) -> BTreeSet<(&EntityId, &MessageId)> {
    records.iter().filter_map(|record| Some((&record.source, record.supersedes.as_ref()?))).collect()
}

/// The same registration number under another event id has no second effect.
fn first_of_each_registration(mut records: Vec<&EventRecord>) -> Vec<&EventRecord> {
    let mut seen = BTreeSet::new();
    records.retain(|record| {
        let key = record.event().and_then(|payload| {
            Some((&record.source, Family::of(payload)?, payload.registration_number()?.to_owned(), record.role))
        });
        key.is_none_or(|key| seen.insert(key))
    });
    records
}
