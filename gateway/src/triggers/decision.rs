//! The id of the decision that an event leads to: the same however often, and under whatever event id, a death is told.

use registry_adapter::{key::LocalKey, mapping::RollId};
use schemas::{
    event::DeathRegistered,
    id::{EntityId, MessageId},
};

use crate::keys::Keys;

/// A UUID of version 7 whose time is the day of death and whose rest is a keyed hash over source, registration number, person
/// and roll. `None` never occurs for a civil date.
pub(super) fn hold_decision(
    keys: &Keys,
    source: &EntityId,
    death: &DeathRegistered,
    person: &LocalKey,
    roll: &RollId,
) -> Option<MessageId> {
    let parts = ["hold", source.as_str(), &death.registration_number, person.as_str(), roll.as_str()];
    let parts: Vec<Vec<u8>> =
        parts.iter().map(|part| [&(part.len() as u64).to_be_bytes(), part.as_bytes()].concat()).collect();
    let parts: Vec<&[u8]> = std::iter::once(b"decision\0".as_slice()).chain(parts.iter().map(Vec::as_slice)).collect();
    let hash = keys.index.hash(&parts);
    let rest = <[u8; 10]>::try_from(hash.as_bytes().get(..10)?).ok()?;
    let ms = u64::try_from(death.death_date.start().seconds().max(0)).ok()?.checked_mul(1000)?;
    uuid::Builder::from_unix_timestamp_millis(ms, &rest).into_uuid().to_string().parse().ok()
}
