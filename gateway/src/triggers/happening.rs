//! What happened, as far as it follows from one change of the register: an event to be told, and those that come with it.
//!
//! Guarantees: everything that follows from one registration has one case; two parties are told of a marriage, each of the other; who
//! was married to the dead hears that the marriage has ended, and that it stands again when the death is annulled.
//! Deliberately absent: who hears of it (`tell`), and numbering.

use std::collections::BTreeMap;

use registry_adapter::{
    changes::{Change, ChangeFeed, Content, Draft},
    key::LocalKey,
};
use schemas::{
    event::{EventKind, Relation},
    id::CaseId,
    time::{CivilDate, Timestamp},
};
use serde_json::json;

use super::TriggerError;
use crate::{keys::Keys, store::triggers::captured_index};

/// One thing that happened to one person. Personal data.
pub(super) struct Happening {
    /// Its type.
    pub kind: EventKind,
    /// What makes it one: each is claimed before it is told, so that it is told once.
    pub claims: Vec<String>,
    /// To whom.
    pub subject: LocalKey,
    /// The others of whom it speaks.
    pub people: BTreeMap<Relation, LocalKey>,
    /// When the register recorded it.
    pub recorded: Timestamp,
    /// From which day it holds.
    pub effective: CivilDate,
    /// The payload, without the people.
    pub draft: Draft,
    /// Joins everything that follows from one registration, without telling its number.
    pub case: CaseId,
    /// The registration that it tells of, as a keyed hash.
    pub registration: Option<String>,
    /// The event that it replaces.
    pub replaces: Option<Replaced>,
}

/// An event that another one replaces, found for each subscriber among what it was told.
pub(super) struct Replaced {
    /// Its type.
    pub kind: EventKind,
    /// The registration that it told of, as a keyed hash.
    pub registration: String,
    /// Who was not told that one is not told this one either.
    pub only: bool,
}

/// What one registration is called, whatever becomes of it.
const fn class(kind: EventKind) -> &'static str {
    use EventKind::{
        BirthAnnulled, BirthRegistered, BirthStillbirth, DeathAnnulled, DeathRegistered, DeathReported, MarriageEnded,
        MarriageRegistered,
    };
    match kind {
        BirthRegistered | BirthAnnulled => "birth",
        BirthStillbirth => "stillbirth",
        DeathReported => "report",
        DeathRegistered | DeathAnnulled => "death",
        MarriageRegistered | MarriageEnded => "marriage",
        _ => kind.as_str(),
    }
}

/// Whether one registration number makes at most one event of the type.
const fn once_by_number(kind: EventKind) -> bool {
    use EventKind::{
        BirthAnnulled, BirthRegistered, BirthStillbirth, DeathAnnulled, DeathRegistered, DeathReported, MarriageEnded,
        MarriageRegistered,
    };
    matches!(
        kind,
        BirthRegistered
            | BirthAnnulled
            | BirthStillbirth
            | DeathReported
            | DeathRegistered
            | DeathAnnulled
            | MarriageRegistered
            | MarriageEnded
    )
}

pub(super) fn registration_index(keys: &Keys, kind: EventKind, number: &str) -> String {
    captured_index(keys, "registration", &format!("{} {number}", class(kind)))
}

/// A case id that tells nothing of what it joins.
pub(super) fn case_of(keys: &Keys, class: &str, number: &str) -> Result<CaseId, TriggerError> {
    let hash = keys.index.hash(&[b"case\0", class.as_bytes(), b"\0", number.as_bytes()]);
    hash.to_string().parse().map_err(|_| TriggerError::Answer("a keyed hash is no case id"))
}

/// Everything that follows from a change of the register. Blocks: it asks the register who was married to whom.
pub(super) fn happenings_of(keys: &Keys, feed: &ChangeFeed, change: Change) -> Result<Vec<Happening>, TriggerError> {
    let (Some(kind), Ok(content), Some(subject)) =
        (EventKind::of(&change.event), change.content, change.subject.clone())
    else {
        return Ok(Vec::new());
    };
    let recorded = change.recorded;
    let row = Row { kind, change_id: change.position.to_string(), row_key: change.row_key, recorded: change.recorded };
    let main = row.happening(keys, &subject, content)?;
    with_consequences(keys, Some(feed), recorded, main)
}

/// What happened, and what follows from it for those who were married to the person. Blocks.
pub(super) fn with_consequences(
    keys: &Keys,
    feed: Option<&ChangeFeed>,
    recorded: Timestamp,
    main: Happening,
) -> Result<Vec<Happening>, TriggerError> {
    match (main.kind, feed) {
        (EventKind::MarriageRegistered, Some(feed)) => married(keys, feed, recorded, main),
        (EventKind::MarriageRegistered | EventKind::MarriageEnded, _) => both_parties(keys, main),
        (EventKind::DeathRegistered, Some(feed)) => died(keys, feed, recorded, main),
        (EventKind::DeathAnnulled, Some(feed)) => lives(keys, feed, recorded, main),
        _ => Ok(vec![main]),
    }
}

/// What a department's own system has reported, known by the report's id.
pub(super) struct ReportedBy<'a> {
    /// Its type.
    pub kind: EventKind,
    /// Names the report among all of this department's.
    pub report: &'a str,
    /// To whom it happened.
    pub subject: LocalKey,
    /// When it was reported.
    pub recorded: Timestamp,
}

impl ReportedBy<'_> {
    /// As a happening; the report itself was claimed before.
    pub(super) fn happening(self, keys: &Keys, content: Content) -> Result<Happening, TriggerError> {
        let Self { kind, report, subject, recorded } = self;
        let row_key = report.parse().map_err(|_| TriggerError::Answer("a report's id is no key"))?;
        Row { kind, change_id: report.to_owned(), row_key, recorded }.happening(keys, &subject, content)
    }
}

struct Row {
    kind: EventKind,
    change_id: String,
    row_key: LocalKey,
    recorded: Timestamp,
}

impl Row {
    fn happening(&self, keys: &Keys, subject: &LocalKey, content: Content) -> Result<Happening, TriggerError> {
        let Self { kind, row_key, recorded, .. } = self;
        let number = content.draft.registration_number().map(str::to_owned);
        let mut claims = vec![if content.repeats {
            captured_index(keys, "change", &format!("{} {} {recorded}", row_key.as_str(), self.change_id))
        } else {
            captured_index(keys, "row", row_key.as_str())
        }];
        if let Some(number) = number.as_deref().filter(|_| once_by_number(*kind)) {
            claims.push(captured_index(keys, "number", number));
        }
        let case = match &number {
            Some(number) => case_of(keys, class(*kind), number)?,
            None => case_of(keys, kind.as_str(), &format!("{} {}", row_key.as_str(), self.change_id))?,
        };
        Ok(Happening {
            kind: *kind,
            replaces: replaced(keys, *kind, &content, number.as_deref()),
            registration: number.as_deref().map(|number| registration_index(keys, *kind, number)),
            claims,
            subject: subject.clone(),
            people: content.related,
            recorded: *recorded,
            effective: content.effective,
            draft: content.draft,
            case,
        })
    }
}

/// An annulment replaces the registration that it annuls; any other row that which its register says it corrects.
fn replaced(keys: &Keys, kind: EventKind, content: &Content, number: Option<&str>) -> Option<Replaced> {
    let annulled = match kind {
        EventKind::BirthAnnulled => Some(EventKind::BirthRegistered),
        EventKind::DeathAnnulled => Some(EventKind::DeathRegistered),
        _ => None,
    };
    let earlier = content.supersedes.as_deref().or(annulled.and(number))?;
    let kind = annulled.unwrap_or(kind);
    Some(Replaced { kind, registration: registration_index(keys, kind, earlier), only: false })
}

/// The same for the other party, about her or him.
fn both_parties(keys: &Keys, first: Happening) -> Result<Vec<Happening>, TriggerError> {
    let Some(spouse) = first.people.get(&Relation::Spouse).cloned() else { return Ok(vec![first]) };
    let claims = first.claims.iter().map(|claim| captured_index(keys, "other party", claim)).collect();
    let replaces = first.replaces.as_ref().map(|replaced| Replaced {
        kind: replaced.kind,
        registration: replaced.registration.clone(),
        only: replaced.only,
    });
    let other = Happening {
        claims,
        people: [(Relation::Spouse, first.subject.clone())].into(),
        subject: spouse,
        draft: first.draft.clone(),
        case: first.case.clone(),
        registration: first.registration.clone(),
        replaces,
        ..first
    };
    Ok(vec![first, other])
}

/// A marriage that is registered after one of the two has died has ended already.
fn married(
    keys: &Keys,
    feed: &ChangeFeed,
    recorded: Timestamp,
    main: Happening,
) -> Result<Vec<Happening>, TriggerError> {
    let number = main.draft.registration_number().unwrap_or_default().to_owned();
    let (first, second) = (main.subject.clone(), main.people.get(&Relation::Spouse).cloned());
    let mut all = both_parties(keys, main)?;
    let Some(second) = second else { return Ok(all) };
    for (dead, survivor) in [(&first, &second), (&second, &first)] {
        if let (Some(death), None) = (feed.death_of(dead)?, feed.death_of(survivor)?) {
            let widowed = Widowed { dead, survivor, marriage: &number, death: &death.registration_number };
            all.push(widowed.ended(keys, death.day, recorded)?);
        }
    }
    Ok(all)
}

/// Who was married to the dead hears that the marriage has ended, in the same case.
fn died(keys: &Keys, feed: &ChangeFeed, recorded: Timestamp, main: Happening) -> Result<Vec<Happening>, TriggerError> {
    let death = main.draft.registration_number().unwrap_or_default().to_owned();
    let (dead, day) = (main.subject.clone(), main.effective);
    let mut all = vec![main];
    for marriage in feed.marriages_of(&dead)? {
        if feed.death_of(&marriage.spouse)?.is_none() {
            let number = &marriage.registration_number;
            let widowed = Widowed { dead: &dead, survivor: &marriage.spouse, marriage: number, death: &death };
            all.push(widowed.ended(keys, day, recorded)?);
        }
    }
    Ok(all)
}

/// Who was told that the marriage has ended by this death hears that it stands.
fn lives(keys: &Keys, feed: &ChangeFeed, recorded: Timestamp, main: Happening) -> Result<Vec<Happening>, TriggerError> {
    let death = main.draft.registration_number().unwrap_or_default().to_owned();
    let alive = main.subject.clone();
    let mut all = vec![main];
    for marriage in feed.marriages_of(&alive)? {
        let number = &marriage.registration_number;
        let widowed = Widowed { dead: &alive, survivor: &marriage.spouse, marriage: number, death: &death };
        all.push(widowed.stands(keys, marriage.day, recorded)?);
    }
    Ok(all)
}

/// A marriage, and the death by which it ends or seemed to end.
struct Widowed<'a> {
    dead: &'a LocalKey,
    survivor: &'a LocalKey,
    marriage: &'a str,
    death: &'a str,
}

impl Widowed<'_> {
    fn both(&self) -> String {
        format!("{} {}", self.death, self.marriage)
    }

    fn happening(
        &self,
        keys: &Keys,
        (kind, what): (EventKind, &'static str),
        members: serde_json::Value,
        (effective, recorded): (CivilDate, Timestamp),
    ) -> Result<Happening, TriggerError> {
        let serde_json::Value::Object(members) = members else { return Err(TriggerError::Answer("no members")) };
        let draft = Draft::of(kind, members).map_err(|_| TriggerError::Answer("a derived event has no payload"))?;
        Ok(Happening {
            kind,
            claims: vec![captured_index(keys, what, &self.both())],
            subject: self.survivor.clone(),
            people: [(Relation::Spouse, self.dead.clone())].into(),
            recorded,
            effective,
            draft,
            case: case_of(keys, "death", self.death)?,
            registration: Some(registration_index(keys, EventKind::MarriageEnded, &self.both())),
            replaces: None,
        })
    }

    fn ended(&self, keys: &Keys, day: CivilDate, recorded: Timestamp) -> Result<Happening, TriggerError> {
        let members = json!({
            "registration_number": self.marriage, "date": day, "reason": "death_of_spouse",
            "death_registration_number": self.death,
        });
        self.happening(keys, (EventKind::MarriageEnded, "widowed"), members, (day, recorded))
    }

    /// The marriage once more, in place of its end; only for who was told of that.
    fn stands(&self, keys: &Keys, day: CivilDate, recorded: Timestamp) -> Result<Happening, TriggerError> {
        let members = json!({ "registration_number": self.marriage, "date": day });
        let again = self.happening(keys, (EventKind::MarriageRegistered, "not widowed"), members, (day, recorded))?;
        let ended = registration_index(keys, EventKind::MarriageEnded, &self.both());
        let replaces = Some(Replaced { kind: EventKind::MarriageEnded, registration: ended, only: true });
        Ok(Happening { replaces, ..again })
    }
}
