//! Lists for a panchayat or ward: whose notice of a removal has not arrived, by the place that the department's own roll has of her, so
//! that somebody there hands it over.
//!
//! Guarantees: a list starts no time and delivers nothing; each is a row of the audit trail. Names come from the roll, where it is
//! mapped, and stay on the page. Deliberately absent: why; that stands in her own letter, which is for nobody else's eyes.

use std::collections::BTreeMap;

use registry_adapter::{key::LocalKey, mapping::RollId, roll::roster::RosterRow};
use schemas::{
    answer::FieldValue,
    id::{CaseId, FactName, MessageId, SystemName},
    time::CivilDate,
};
use service_kit::db::AnyConnection;

use crate::{
    app::App,
    audit,
    decisions::{DecisionError, OfficerRefused},
    store::{
        decisions::cases::{Decided, decisions_untold},
        links::link_find,
    },
};

/// The facts by which a roll's mapping (`[roll.fact]`) says who somebody is and where she lives.
const NAME: &str = "person.name";
const LOCAL_BODY: &str = "person.local_body";
/// Its action in the audit trail.
const LISTED: &str = "decision.places";
/// People of all lists at most; what is longer is printed again when these have theirs.
const MOST: usize = 2_000;

/// What is to be brought where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceLists {
    /// One a place; who has no place comes last.
    pub lists: Vec<PlaceList>,
    /// Whether there are more people than fit: they are on the lists when these have their notices.
    pub more: bool,
}

/// The people of one place.
#[derive(Clone, PartialEq, Eq)]
pub struct PlaceList {
    /// As the roll has it: a code of the Local Government Directory, or the department's own word. None where it does not say.
    pub place: Option<String>,
    /// Oldest first.
    pub people: Vec<Untold>,
}

/// Somebody whose notice has not arrived.
#[derive(Clone, PartialEq, Eq)]
pub struct Untold {
    /// The decision.
    pub decision: MessageId,
    /// Her number at this department.
    pub number: Option<String>,
    /// As the roll has it.
    pub name: Option<String>,
    /// The scheme's name by language; empty where a built-in rule decided.
    pub scheme: BTreeMap<String, String>,
    /// The case on her letter.
    pub case: CaseId,
    /// Whether her payment is on hold.
    pub held: bool,
    /// Whether it goes to her household, after a death.
    pub household: bool,
    /// Whole days to object, from the day on which it reaches her.
    pub days: u16,
    /// Since when it waits.
    pub since: CivilDate,
}

// They are about people.
impl std::fmt::Debug for PlaceList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PlaceList({} people)", self.people.len())
    }
}

impl std::fmt::Debug for Untold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Untold").field("decision", &self.decision).finish_non_exhaustive()
    }
}

/// What the roll has of somebody.
#[derive(Default)]
struct Entry {
    name: Option<String>,
    place: Option<String>,
}

impl App {
    /// Whom a notice of a removal has not reached, place by place.
    ///
    /// # Errors
    /// If decisions or rolls cannot be read: half a list would leave people out in silence.
    pub async fn untold_by_place(&self, officer: &SystemName) -> Result<PlaceLists, OfficerRefused> {
        let with = self.clone();
        let mut untold = self.db().read(move |conn| untold(conn, &with)).await?;
        let more = untold.len() > MOST;
        untold.truncate(MOST);
        let row = audit::done(officer.as_str(), LISTED, &untold.len().to_string(), self.now());
        audit::record(self.db(), row).await.map_err(DecisionError::from)?;
        let with = self.clone();
        let listed = tokio::task::spawn_blocking(move || by_place(&with, untold)).await;
        let lists = listed.map_err(|_| DecisionError::NotWhole("the process is stopping"))??;
        Ok(PlaceLists { lists, more })
    }
}

fn untold(conn: &mut AnyConnection, app: &App) -> Result<Vec<(Decided, Option<LocalKey>)>, DecisionError> {
    let found = decisions_untold(conn, app.keys(), MOST as i64 + 1)?;
    let with_number = found.into_iter().map(|decided| {
        let number = link_find(conn, app.keys(), &decided.matter.subject)?;
        Ok((decided, number.and_then(|number| number.parse().ok())))
    });
    with_number.collect()
}

fn by_place(app: &App, untold: Vec<(Decided, Option<LocalKey>)>) -> Result<Vec<PlaceList>, DecisionError> {
    let mut places: BTreeMap<(bool, Option<String>), Vec<Untold>> = BTreeMap::new();
    for (decided, number) in untold {
        let entry = match &number {
            Some(number) => entry(app, &decided.roll, number)?,
            None => Entry::default(),
        };
        let one = Untold {
            number: number.map(|number| number.as_str().to_owned()),
            name: entry.name,
            scheme: decided.matter.title,
            case: decided.case,
            held: decided.matter.hold.is_some(),
            household: decided.matter.notice.is_some_and(|notice| notice.household),
            days: decided.matter.notice.map_or(0, |notice| notice.days),
            since: decided.since,
            decision: decided.id,
        };
        places.entry((entry.place.is_none(), entry.place)).or_default().push(one);
    }
    Ok(places.into_iter().map(|((_, place), people)| PlaceList { place, people }).collect())
}

/// What her rows on the roll say; of several the first that says it.
fn entry(app: &App, roll: &str, number: &LocalKey) -> Result<Entry, DecisionError> {
    let roll: RollId = roll.parse().map_err(|_| DecisionError::NotWhole("its roll is no roll"))?;
    let Some(roster) = app.source().and_then(|source| source.roster(&roll)) else { return Ok(Entry::default()) };
    let rows = roster.of(number)?;
    Ok(Entry { name: said(&rows, NAME), place: said(&rows, LOCAL_BODY) })
}

fn said(rows: &[RosterRow], fact: &str) -> Option<String> {
    let fact: FactName = fact.parse().ok()?;
    let text = rows.iter().find_map(|row| match row.facts.get(&fact)? {
        FieldValue::Text(text) => Some(text.clone()),
        FieldValue::Integer(code) => Some(code.to_string()),
        _ => None,
    })?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
