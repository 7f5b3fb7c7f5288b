//! An opened event becomes records: one of each person of whom it speaks and whom the register names to us.
//!
//! Guarantees: all of them are one commit, and a repeat writes nothing; whom the register cannot name, or who is nobody here, waits
//! for an officer; the same name and birth year alone is nobody. Deliberately absent: what follows from it.

use eligibility::fold::{Annulled, Content, EventRecord, Role};
use protocol::event::OpenedEvent;
use schemas::{
    event::{EventKind, EventMatch, Relation},
    id::SectorSubject,
};
use service_kit::{db::AnyConnection, lease::Lease};

use super::{DecisionError, joined::Joined, related::spouses};
use crate::{
    app::App,
    keys::Keys,
    notices::Person,
    store::{
        decisions::{
            facts::{Heard, fact_insert, persons_of_case},
            persons::{Known, person_due},
            queue::{QueueKind, Waiting, queue_insert},
        },
        links::link_find,
    },
};

/// Priority of a register's own word; of hearsay.
const REGISTERED: u8 = 100;
const REPORTED: u8 = 10;

/// Whom an event concerns here.
#[derive(Clone, Debug)]
pub(crate) struct Concerned {
    /// The one whom it is about.
    pub(crate) subject: Person,
    /// Everybody whose facts it may change, the subject first.
    pub(crate) persons: Vec<Person>,
}

/// Keeps an event's records and marks everybody concerned as due.
///
/// # Errors
/// If the rows cannot be written, or another process took over.
pub(crate) async fn hear(app: &App, opened: &OpenedEvent, lease: &Lease) -> Result<Concerned, DecisionError> {
    let candidates = same_name(app, opened).await?;
    let (keys, opened, lease, now_ms) = (app.keys().clone(), opened.clone(), lease.clone(), app.decided_at_ms());
    app.db()
        .write(move |conn| {
            if !lease.check(conn)? {
                return Err(DecisionError::Overtaken);
            }
            let subject = Person::of_subject(&keys, &opened.subject);
            let linked = link_find(conn, &keys, &opened.subject)?.is_some();
            let mut persons = vec![subject.clone()];
            for (role, pseudonym, about) in people(&opened) {
                let heard = Heard { record: record(&opened, role), others: others(&opened, role) };
                let person = Person::of_subject(&keys, &pseudonym);
                fact_insert(conn, &keys, (&person, &heard), now_ms)?;
                let known = Known { subject: pseudonym, about };
                person_due(conn, &keys, (&person, &known), now_ms)?;
                if !persons.contains(&person) {
                    persons.push(person);
                }
            }
            for waiting in unnamed(&opened, (&subject, linked), candidates, now_ms) {
                queue_insert(conn, &keys, &waiting)?;
            }
            for person in beside(conn, &keys, &opened, &subject)? {
                if !persons.contains(&person) {
                    persons.push(person);
                }
            }
            Ok(Concerned { subject, persons })
        })
        .await
}

/// Who is looked at again beside those of whom it speaks: everybody of a case in which something was annulled or corrected, and
/// the widows of the dead, and her other entries.
fn beside(
    conn: &mut AnyConnection,
    keys: &Keys,
    opened: &OpenedEvent,
    subject: &Person,
) -> Result<Vec<Person>, DecisionError> {
    let undoes = opened.claims.supersedes.is_some() || Annulled::of(&record(opened, Role::Subject)).is_some();
    let mut persons = if undoes { persons_of_case(conn, &opened.claims.case)? } else { Vec::new() };
    let dies = matches!(opened.payload.kind(), EventKind::DeathRegistered | EventKind::DeathAnnulled);
    if dies {
        persons.extend(spouses(conn, keys, subject)?);
    }
    persons.extend(Joined::of(conn, keys, subject)?.others.into_iter().map(|(_, other)| other));
    Ok(persons)
}

fn record(opened: &OpenedEvent, role: Role) -> EventRecord {
    let claims = &opened.claims;
    EventRecord {
        id: claims.jti.clone(),
        source: claims.iss.clone(),
        priority: if opened.payload.kind().is_reported() { REPORTED } else { REGISTERED },
        effective: claims.effective,
        recorded: claims.recorded,
        assurance: claims.assurance,
        case: claims.case.clone(),
        supersedes: claims.supersedes.clone(),
        digest: opened.digest,
        role,
        content: Content::Event(opened.payload.clone()),
    }
}

/// Each person whom the register names to us, in her role.
fn people(opened: &OpenedEvent) -> Vec<(Role, SectorSubject, Option<EventMatch>)> {
    let subject = (Role::Subject, opened.subject.clone(), Some(opened.about.clone()));
    let told = opened.payload.related();
    let related = opened.related.iter().map(|(relation, pseudonym)| {
        let about = told
            .iter()
            .find(|(known, _)| known == relation)
            .and_then(|(_, person)| Some(EventMatch { name: person.name.clone()?, birth_year: person.birth_year }));
        (Role::Related(*relation), pseudonym.clone(), about)
    });
    std::iter::once(subject).chain(related).collect()
}

/// The others, as the person of this role sees them.
fn others(opened: &OpenedEvent, role: Role) -> Vec<(Relation, SectorSubject)> {
    match role {
        Role::Subject => opened.related.clone(),
        // A marriage is mutual; other relations are looked at from the subject's side alone.
        Role::Related(Relation::Spouse) => vec![(Relation::Spouse, opened.subject.clone())],
        // So is a merge, and a split.
        Role::Related(relation @ (Relation::Survivor | Relation::Parted)) => vec![(relation, opened.subject.clone())],
        Role::Related(_) => Vec::new(),
    }
}

/// Events that may take something from somebody: for them it matters that nobody here is surely meant.
const fn may_take(kind: EventKind) -> bool {
    use EventKind as K;
    matches!(kind, K::DeathRegistered | K::DeathReported | K::ResidenceMoved | K::PersonMerged)
}

/// Who waits for an officer: the subject, if nobody here is linked to her and an event may take something; related people
/// whom the register does not know by number.
fn unnamed(
    opened: &OpenedEvent,
    (subject, linked): (&Person, bool),
    candidates: Vec<String>,
    at_ms: i64,
) -> Vec<Waiting> {
    let mut waiting = Vec::new();
    if !linked && (may_take(opened.payload.kind()) || !candidates.is_empty()) {
        waiting.push(Waiting {
            kind: if candidates.is_empty() { QueueKind::Unmatched } else { QueueKind::Ambiguous },
            person: Some(subject.clone()),
            heard: Heard { record: record(opened, Role::Subject), others: others(opened, Role::Subject) },
            about: opened.about.clone(),
            candidates,
            at_ms,
        });
    }
    for (relation, person) in opened.payload.related() {
        let named = opened.related.iter().any(|(known, _)| *known == relation);
        if named || relation != Relation::Mother {
            continue;
        }
        let name = person.name.clone().unwrap_or_default();
        let role = Role::Related(relation);
        waiting.push(Waiting {
            kind: QueueKind::Unmatched,
            person: None,
            heard: Heard { record: record(opened, role), others: others(opened, role) },
            about: EventMatch { name, birth_year: person.birth_year },
            candidates: Vec::new(),
            at_ms,
        });
    }
    waiting
}

/// Local numbers of people here with the same name and birth year: never enough to act upon.
async fn same_name(app: &App, opened: &OpenedEvent) -> Result<Vec<String>, DecisionError> {
    if !may_take(opened.payload.kind()) || app.links().resolve(&opened.subject).await?.is_some() {
        return Ok(Vec::new());
    }
    let Some(year) = opened.about.birth_year else { return Ok(Vec::new()) };
    let (app, name) = (app.clone(), opened.about.name.clone());
    super::error::blocking(move || Ok(super::look::namesakes(&app, &name, year))).await
}
