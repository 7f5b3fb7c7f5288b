//! Entries of a register that were found to be one person, or two after all.
//!
//! Guarantees: everything that was said of any of them is said of each while the merge stands; a split, or an annulled merge, parts them
//! again, and what came from the other one rests on nothing from then on. A merge is a register's opinion about who somebody is, and may
//! be wrong: what would begin to take something away only because of it waits for an officer, what would end for it alone is not
//! carried out, and nobody is offered what the other one draws already. Deliberately absent: joining rows of a roll.

use std::collections::{BTreeMap, BTreeSet};

use eligibility::propose::{Cause, Proposal};
use registry_adapter::{
    key::LocalKey,
    roll::{RollError, RollWriter as _, Standing},
};
use schemas::{
    digest::Digest,
    event::{EventPayload, Relation},
    id::{MessageId, SectorSubject},
    time::Timestamp,
};
use service_kit::db::AnyConnection;

use super::{
    DecisionError,
    error::blocking,
    look::Said,
    own::{Paying, Standings},
};
use crate::{
    app::App,
    keys::Keys,
    notices::Person,
    store::decisions::facts::{Heard, facts_of},
};

/// More entries than one person ever has; beyond it nobody is joined any more.
const ENTRIES: usize = 8;

/// The other entries of one person.
#[derive(Clone, Debug, Default)]
pub(super) struct Joined {
    /// Those that are hers.
    pub(super) others: Vec<(SectorSubject, Person)>,
    /// What was said of them.
    pub(super) heard: Vec<Heard>,
    /// What was said of entries that were taken for hers and are not.
    pub(super) parted: BTreeSet<Digest>,
    /// Whether this entry gave way to another.
    pub(super) ended: bool,
}

impl Joined {
    /// Everything that is known of the entries that are, or were, taken for this person's.
    ///
    /// # Errors
    /// If the records cannot be read.
    pub(super) fn of(conn: &mut AnyConnection, keys: &Keys, person: &Person) -> Result<Self, DecisionError> {
        let own = facts_of(conn, keys, person)?;
        let mut this = Self { ended: gave_way(&own), ..Self::default() };
        let mut open = bonds(&own);
        while let Some((subject, joined)) = open.pop() {
            let other = Person::of_subject(keys, &subject);
            let known = other == *person || this.others.iter().any(|(_, known)| *known == other);
            if known || this.others.len() >= ENTRIES {
                continue;
            }
            let heard = facts_of(conn, keys, &other)?;
            if joined {
                open.extend(bonds(&heard));
                this.heard.extend(heard);
                this.others.push((subject, other));
            } else {
                this.parted.extend(heard.iter().map(|heard| heard.record.digest));
            }
        }
        // What is said of both of them, such as the split itself, is said of her too.
        let hers: BTreeSet<Digest> = own.iter().chain(&this.heard).map(|heard| heard.record.digest).collect();
        this.parted.retain(|digest| !hers.contains(digest));
        Ok(this)
    }

    pub(super) fn is_none(&self) -> bool {
        self.others.is_empty() && self.parted.is_empty()
    }
}

/// The other entries of which one's records speak, and whether they are one person by the last word about the two.
fn bonds(heard: &[Heard]) -> Vec<(SectorSubject, bool)> {
    let mut last: BTreeMap<String, (Timestamp, &MessageId, SectorSubject, bool)> = BTreeMap::new();
    let replaced: BTreeSet<&MessageId> = heard.iter().filter_map(|heard| heard.record.supersedes.as_ref()).collect();
    for said in heard {
        let (wanted, joins) = match said.record.event() {
            Some(EventPayload::PersonMerged(_)) => (Relation::Survivor, !replaced.contains(&said.record.id)),
            Some(EventPayload::PersonSplit(_)) => (Relation::Parted, false),
            _ => continue,
        };
        for (_, other) in said.others.iter().filter(|(relation, _)| *relation == wanted) {
            let (at, id) = (said.record.recorded, &said.record.id);
            let later = last.get(other.as_str()).is_none_or(|(known, known_id, ..)| (*known, *known_id) <= (at, id));
            if later {
                last.insert(other.as_str().to_owned(), (at, id, other.clone(), joins));
            }
        }
    }
    last.into_values().map(|(_, _, other, joins)| (other, joins)).collect()
}

/// Whether an entry ended in favour of another, by the last word about it.
fn gave_way(heard: &[Heard]) -> bool {
    use eligibility::fold::Role;
    let about = heard.iter().filter(|heard| heard.record.role == Role::Subject);
    let words = about.filter_map(|heard| match heard.record.event() {
        Some(EventPayload::PersonMerged(_)) => Some((heard.record.recorded, &heard.record.id, true)),
        Some(EventPayload::PersonSplit(_)) => Some((heard.record.recorded, &heard.record.id, false)),
        _ => None,
    });
    words.max().is_some_and(|(.., merged)| merged)
}

/// How her other entries stand on the rolls, by their own numbers.
///
/// # Errors
/// If a roll does not answer.
pub(super) async fn standings(
    app: &App,
    (joined, own): (&Joined, Option<&LocalKey>),
    paying: &[Paying],
) -> Result<Vec<Standings>, DecisionError> {
    let mut numbers: Vec<LocalKey> = Vec::new();
    for (subject, _) in &joined.others {
        let number = app.links().resolve(subject).await?;
        numbers.extend(number.filter(|number| Some(number) != own && !numbers.contains(number)));
    }
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let (app, rolls) = (app.clone(), paying.iter().map(|paying| paying.roll.clone()).collect::<BTreeSet<_>>());
    blocking(move || {
        let Some(writer) = app.triggers().rolls() else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for number in &numbers {
            let mut standings = Standings::new();
            for roll in &rolls {
                match writer.standing(roll, number) {
                    Err(RollError::RollUnknown(_)) => {}
                    standing => drop(standings.insert(roll.clone(), standing?)),
                }
            }
            found.push(standings);
        }
        Ok(found)
    })
    .await
}

/// What begins by these proposals, by the rules that propose it.
pub(super) fn begun(said: &[Said<'_>]) -> BTreeSet<(String, Cause)> {
    let each = said.iter().flat_map(|said| said.proposals.iter().map(move |proposal| (said, proposal)));
    each.filter_map(|(said, proposal)| match proposal {
        Proposal::Leave { cause, .. } => Some((said.plan.key().to_owned(), cause.clone())),
        _ => None,
    })
    .collect()
}

/// What is undone by these proposals.
pub(super) fn ended(said: &[Said<'_>]) -> BTreeSet<MessageId> {
    let each = said.iter().flat_map(|said| &said.proposals);
    each.filter_map(|proposal| match proposal {
        Proposal::Undo { decision } => Some(decision.clone()),
        _ => None,
    })
    .collect()
}

/// What her own entry alone would not begin waits for an officer; whoever draws something under another entry, or whose entry gave way
/// to another, is offered nothing.
pub(super) fn restrain(
    said: &mut [Said<'_>],
    alone: &BTreeSet<(String, Cause)>,
    (joined, elsewhere): (&Joined, &[Standings]),
) {
    for said in said {
        let key = said.plan.key().to_owned();
        for proposal in &mut said.proposals {
            if let Proposal::Leave { cause, officer, .. } = proposal {
                *officer |= !alone.contains(&(key.clone(), cause.clone()));
            }
        }
        let drawn = elsewhere.iter().filter_map(|standings| standings.get(&said.plan.roll)).any(Standing::is_enrolled);
        if drawn || joined.ended {
            said.proposals.retain(|proposal| !matches!(proposal, Proposal::Offer { .. } | Proposal::Enrol { .. }));
        }
        // That another entry is a head is hers to say only once it is surely hers.
        said.proposals.retain(|proposal| !matches!(proposal, Proposal::Head { .. }));
    }
}

#[cfg(test)]
mod tests {
    use eligibility::fold::{Content, EventRecord, Role};
    use schemas::event::{EventAssurance, EventKind};

    use super::*;

    fn said(n: u32, kind: EventKind, member: &str, other: &str) -> Heard {
        let relation = if kind == EventKind::PersonMerged { Relation::Survivor } else { Relation::Parted };
        let payload = format!(r#"{{"{member}":{{"name":"Sushila Sahu","birth_year":1954,"subject":null}}}}"#);
        let record = EventRecord {
            id: format!("01936b1e-5b2f-7c3d-8e4f-{n:012x}").parse().unwrap(),
            source: "https://civil.localhost".parse().unwrap(),
            priority: 100,
            effective: "2026-11-21".parse().unwrap(),
            recorded: Timestamp::from_seconds(i64::from(n) * 60),
            assurance: EventAssurance::Registered,
            case: format!("case-{n}").parse().unwrap(),
            supersedes: None,
            digest: Digest::of(n.to_string()),
            role: Role::Subject,
            content: Content::Event(EventPayload::parse(kind, payload.as_bytes()).unwrap()),
        };
        Heard { record, others: vec![(relation, subject(other))] }
    }

    fn subject(name: &str) -> SectorSubject {
        let text = format!("{name}{}", "A".repeat(43 - name.len()));
        text.parse().unwrap()
    }

    fn joined(heard: &[Heard]) -> Vec<bool> {
        bonds(heard).into_iter().map(|(_, joined)| joined).collect()
    }

    #[test]
    fn the_last_word_about_two_entries_counts_in_whatever_order_it_came() {
        let (merge, split) =
            (said(1, EventKind::PersonMerged, "into", "b"), said(2, EventKind::PersonSplit, "parted", "b"));
        let again = said(3, EventKind::PersonMerged, "into", "b");
        assert_eq!(joined(std::slice::from_ref(&merge)), [true]);
        assert_eq!(joined(&[merge.clone(), split.clone()]), [false]);
        assert_eq!(joined(&[split.clone(), merge.clone()]), [false]);
        assert_eq!(joined(&[again.clone(), split.clone(), merge.clone()]), [true]);
        assert_eq!(
            (gave_way(std::slice::from_ref(&merge)), gave_way(&[split, merge.clone()]), gave_way(&[])),
            (true, false, false)
        );
        let mut corrected = said(4, EventKind::PersonMerged, "into", "c");
        corrected.record.supersedes = Some(merge.record.id.clone());
        let bonds = bonds(&[merge, corrected]);
        assert_eq!(
            bonds.iter().map(|(other, joined)| (*other == subject("c"), *joined)).collect::<BTreeSet<_>>(),
            [(true, true), (false, false)].into()
        );
    }
}
