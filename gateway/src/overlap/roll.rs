//! Whom our roll has by the common identifier: read once, through the reader's role, in payment or held.
//!
//! Guarantees: people who share an identifier, as those of one ration card do, are one entry; rows without one are left out and
//! counted. Deliberately absent: writing, and anything else that the rows hold.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{consent::Refusal, overlap::People};
use registry_adapter::{key::LocalKey, mapping::RollId, roll::roster::Roster};
use schemas::{
    id::{DatasetId, FieldName},
    problem::Code,
};

use super::OverlapError;
use crate::app::App;

/// Our own numbers of those who share one identifier.
pub(super) type Numbers = BTreeSet<LocalKey>;

/// A roll, read.
pub(super) struct OwnRoll {
    /// By identifier.
    pub people: People<Numbers>,
    /// Rows that hold no identifier.
    pub without: u64,
}

impl OwnRoll {
    /// How many different identifiers it holds.
    pub(super) fn size(&self) -> u32 {
        u32::try_from(self.people.len()).unwrap_or(u32::MAX)
    }
}

/// Reads a roll.
///
/// # Errors
/// `dataset-unknown` where it is not mapped for this identifier; the roll cannot be read.
pub(super) async fn read(app: &App, roll: &DatasetId, identifier: &FieldName) -> Result<OwnRoll, OverlapError> {
    let unknown = Refusal::new(Code::DatasetUnknown, "the roll is not mapped with this identifier");
    let roster = app.source().and_then(|source| source.roster(&RollId::from(roll.clone()))).ok_or(unknown)?;
    let identifier = identifier.clone();
    let read = tokio::task::spawn_blocking(move || by_identifier(&roster, &identifier));
    read.await.map_err(|_| OverlapError::Stopping)??.ok_or(OverlapError::NotAllowed(unknown))
}

fn by_identifier(roster: &Roster, identifier: &FieldName) -> Result<Option<OwnRoll>, OverlapError> {
    let Some(found) = roster.identified(identifier)? else { return Ok(None) };
    let (mut people, mut without) = (BTreeMap::<Vec<u8>, Numbers>::new(), found.without);
    for (person, written) in found.people {
        match protocol::overlap::canonical(&written) {
            Some(spelt) => drop(people.entry(spelt).or_default().insert(person)),
            None => without += 1,
        }
    }
    let people = people.into_iter().map(|(identifier, numbers)| (numbers, identifier)).collect();
    Ok(Some(OwnRoll { people, without }))
}
