//! One happening, told to each subscriber that follows somebody of whom it speaks, or hears of everybody.
//!
//! Guarantees: only a subscription in force, under a law that is registered still, is served, and only with what its filter lets
//! through; one that speaks of everybody also needs the data owner's approval; people are named by the subscriber's own pseudonyms
//! alone; each event is signed once, here. Deliberately absent: deciding what happened.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use protocol::{
    event::{NamingRegistry, Occurrence, Source},
    federation::VerifiedMember,
};
use registry_adapter::{identity::Resident, key::LocalKey};
use schemas::{
    event::{
        AgeThreshold, EventAssurance, EventBasis, EventFilter, EventKind, EventMatch, EventPayload, RelatedPerson,
        Relation, SubscriptionScope,
    },
    id::EntityId,
    problem::Code,
};
use service_kit::db::AnyConnection;

mod page;

pub(super) use page::{Page, together};

use super::{TriggerError, happening::Happening};
use crate::{
    app::App,
    store::triggers::{
        PersonIndex,
        feeds::{FeedEvent, NewEvent},
        subscriptions::SubscriptionRow,
        told::Told,
    },
};

/// The residents of whom happenings speak, as far as the register knows them.
pub(super) type Known = BTreeMap<LocalKey, Resident>;

/// Name and birth year, where the register knows them.
pub(super) fn about(resident: Option<&Resident>) -> EventMatch {
    let name = |resident: &Resident| match &resident.family_name {
        Some(family) => format!("{} {family}", resident.given_name),
        None => resident.given_name.clone(),
    };
    EventMatch {
        name: resident.map(name).unwrap_or_default(),
        birth_year: resident.and_then(|resident| resident.birth_date.year()),
    }
}

/// Numbers and signs one event for each subscriber that is to hear of it; returns how many. The page stores them.
pub(super) fn tell_all(
    app: &App,
    (page, conn): (&mut Page, &mut AnyConnection),
    happening: &Happening,
    known: &Known,
) -> Result<usize, TriggerError> {
    let (directory, today) = (app.directory(), app.now().civil_day());
    let mut told = BTreeSet::new();
    for subscription in interested(app, page, conn, happening)? {
        let covered = subscription.in_force(today)
            && subscription.types.iter().any(|kind| kind.as_str() == happening.kind.as_str());
        if !covered || told.contains(&subscription.peer) || !lets_through(page, conn, &subscription, happening, known)?
        {
            continue;
        }
        // An outdated directory stops the pass and the change stays pending; a law that ended stops this subscription.
        let Some(_law) = directory.law(&subscription.law, app.now())? else {
            tracing::warn!(peer = %subscription.peer, law = %subscription.law, "a law is not in force; the subscriber is not told");
            continue;
        };
        let Some(subscriber) = directory.members().member(&subscription.peer) else {
            tracing::error!(peer = %subscription.peer, "a subscriber is no member any more and is not told");
            continue;
        };
        let telling = Telling { app, happening, known, subscription: &subscription, subscriber };
        if telling.tell(page, conn)? {
            told.insert(subscription.peer.clone());
        }
    }
    Ok(told.len())
}

/// Who follows the person or, for a birth or a merged entry, the people who will answer for it; then who hears of everybody.
fn interested(
    app: &App,
    page: &mut Page,
    conn: &mut AnyConnection,
    happening: &Happening,
) -> Result<Vec<Arc<SubscriptionRow>>, TriggerError> {
    let today = app.now().civil_day();
    let mut all = Vec::new();
    for person in followed(app, happening) {
        all.extend(page.following(conn, &person, today)?);
    }
    all.extend(page.everybody(conn, today)?);
    Ok(all)
}

/// People of a happening whose followers hear of it, the subject first.
pub(super) fn followed(app: &App, happening: &Happening) -> Vec<PersonIndex> {
    let answers = |relation: &Relation| matches!(relation, Relation::Mother | Relation::Father | Relation::Survivor);
    let related = happening.people.iter().filter(|(relation, _)| answers(relation)).map(|(_, key)| key);
    let index = |key: &LocalKey| PersonIndex::of_resident(app.keys(), key.as_str());
    std::iter::once(&happening.subject).chain(related).map(index).collect()
}

fn lets_through(
    page: &mut Page,
    conn: &mut AnyConnection,
    subscription: &SubscriptionRow,
    happening: &Happening,
    known: &Known,
) -> Result<bool, TriggerError> {
    let row = page.scope(conn, &subscription.id)?;
    let open = !row.ended && (row.scope == SubscriptionScope::Follow || row.approved);
    let district = known.get(&happening.subject).and_then(|resident| resident.district.as_deref());
    Ok(open && passes(row.filter.as_ref(), happening, district))
}

/// The age that an event is about.
fn age(happening: &Happening) -> Option<AgeThreshold> {
    match happening.draft.payload(&[], None).ok()? {
        EventPayload::AgeAttained(age) => Some(AgeThreshold { years: age.years, convention: age.convention }),
        EventPayload::AgeRevised(age) => Some(AgeThreshold { years: age.years, convention: age.convention }),
        _ => None,
    }
}

/// Whether a filter lets an event through. What the register does not know leaves nobody out; an age must be asked for.
fn passes(filter: Option<&EventFilter>, happening: &Happening, district: Option<&str>) -> bool {
    let of_age = matches!(happening.kind, EventKind::AgeAttained | EventKind::AgeRevised);
    let Some(filter) = filter else { return !of_age };
    if of_age && !age(happening).is_some_and(|age| filter.ages.contains(&age)) {
        return false;
    }
    let moved = match happening.draft.payload(&[], None) {
        Ok(EventPayload::ResidenceMoved(moved)) => Some(moved),
        _ => None,
    };
    let ends = moved.iter().flat_map(|moved| [&moved.from, &moved.to]);
    let states: Vec<&str> = ends.clone().filter_map(|place| place.state.as_ref()).map(|code| code.as_str()).collect();
    let mut districts: Vec<&str> = ends.filter_map(|place| place.district.as_ref()).map(|code| code.as_str()).collect();
    districts.extend(district);
    let meets = |wanted: &[schemas::id::LgdCode], here: &[&str]| {
        wanted.is_empty() || here.is_empty() || wanted.iter().any(|code| here.contains(&code.as_str()))
    };
    meets(&filter.states, &states) && meets(&filter.districts, &districts)
}

/// One event for one subscriber.
struct Telling<'a> {
    app: &'a App,
    happening: &'a Happening,
    known: &'a Known,
    subscription: &'a SubscriptionRow,
    subscriber: &'a VerifiedMember,
}

impl Telling<'_> {
    /// Signs and stores it; `false`: it only replaces an event that this subscriber was not told.
    fn tell(&self, page: &mut Page, conn: &mut AnyConnection) -> Result<bool, TriggerError> {
        let Self { app, happening, subscription, subscriber, .. } = self;
        let (keys, peer) = (app.keys(), &subscription.peer);
        let person = PersonIndex::of_resident(keys, happening.subject.as_str());
        let supersedes = match &happening.replaces {
            Some(replaced) => {
                page.told_of(conn, peer, (&replaced.registration, &person, replaced.kind), app.now_ms())?
            }
            None => None,
        };
        if supersedes.is_none() && happening.replaces.as_ref().is_some_and(|replaced| replaced.only) {
            return Ok(false);
        }
        let (seq, after) = page.next(conn, peer)?;
        let kind = happening.kind.event_type().ok_or(TriggerError::Answer("a type has no name"))?;
        let occurrence = Occurrence {
            subscriber: peer.clone(),
            kind: kind.clone(),
            seq,
            subject_ref: self.pseudonym(b"subject-ref\0", happening.subject.as_str()),
            person_seq: page.next_of_person(conn, (peer, &person))?,
            effective: happening.effective,
            recorded: happening.recorded,
            assurance: if happening.kind.is_reported() { EventAssurance::Reported } else { EventAssurance::Registered },
            case: happening.case.clone(),
            supersedes,
            basis: EventBasis::Law { id: subscription.law.clone() },
            subject: self.named(&happening.subject)?,
            after,
        };
        let source = Source { entity: app.entity(), signing: &keys.signing };
        let about = about(self.known.get(&happening.subject));
        let event = source.event(occurrence, subscriber.encryption_key(), &about, &self.payload()?, app.now())?;
        let stored = FeedEvent { seq, jti: event.claims().jti.clone(), jws: event.jws().clone() };
        let told = Told {
            subscriber: peer.clone(),
            event: stored.jti.clone(),
            kind,
            registration: happening.registration.clone(),
            person: person.clone(),
            case: happening.case.clone(),
        };
        let (digest, urgent) = (event.digest(), happening.kind.is_urgent());
        page.push(NewEvent { subscriber: peer.clone(), event: stored, digest, person, urgent }, told);
        Ok(true)
    }

    fn payload(&self) -> Result<EventPayload, TriggerError> {
        let mut people = Vec::with_capacity(self.happening.people.len());
        for (relation, key) in &self.happening.people {
            let EventMatch { name, birth_year } = about(self.known.get(key));
            let name = (!name.is_empty()).then_some(name);
            people.push((*relation, RelatedPerson { name, birth_year, subject: Some(self.named(key)?) }));
        }
        let household = self.happening.draft.household().map(|number| self.pseudonym(b"household-ref\0", number));
        let payload = self.happening.draft.payload(&people, household);
        payload.map_err(|_| TriggerError::Answer("an event has no payload of its type"))
    }

    /// A pairwise pseudonym, stable for this subscriber.
    fn pseudonym(&self, what: &[u8], number: &str) -> String {
        let peer: &EntityId = &self.subscription.peer;
        self.app.keys().index.hash(&[what, peer.as_str().as_bytes(), b"\0", number.as_bytes()]).to_string()
    }

    /// A resident, named to the subscriber for events of ours.
    fn named(&self, resident: &LocalKey) -> Result<schemas::id::CompactJwe, TriggerError> {
        use protocol::consent::Refusal;
        let not_ours = Refusal::new(Code::RoleMissing, "we do not name people of the subscriber's sector");
        let (app, us) = (self.app, self.app.entity());
        let sector = app.keys().sectors.get(self.subscriber.sector()).ok_or(not_ours)?;
        let registry = NamingRegistry { entity: us, signing: &app.keys().signing };
        let receiver = (&self.subscription.peer, self.subscriber.encryption_key());
        Ok(registry.name(receiver, us, sector.sector_subject(resident.as_str()), app.now())?)
    }
}

#[cfg(test)]
mod tests;
