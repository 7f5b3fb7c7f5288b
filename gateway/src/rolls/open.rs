//! The department's rolls as mapping and configuration together say: where journals are kept, who makes the changes.
//!
//! Guarantees: a roll whose journal is to be kept apart, or that a system of the department changes itself, is not opened without the
//! database or the address for it; the gateway then does not start. Deliberately absent: changing anything.

use std::sync::Arc;

use registry_adapter::{
    mapping::{JournalPlace, WriteWay},
    roll::MappedRolls,
    source::Source,
};

use super::webhook::RollWebhook;
use crate::{
    app::{Foundation, StartError},
    config::SourceSettings,
};

/// Opens the rolls. Blocks.
///
/// # Errors
/// If they cannot be opened, or the configuration lacks what the mapping asks for.
pub(crate) fn open(
    foundation: &Foundation,
    (settings, source): (&SourceSettings, &Source),
) -> Result<MappedRolls, StartError> {
    // The digests of rows are keyed apart from every other use of the key by their own prefix.
    let mut rolls = source.rolls(foundation.keys.index.clone())?;
    if let Some(journal) = &settings.journal {
        rolls = rolls.with_books(&journal.address()?)?;
    }
    if let Some(webhook) = &settings.webhook {
        rolls = rolls.with_sender(Arc::new(RollWebhook::open(foundation, webhook)?));
    }
    authorize(&rolls, settings)?;
    Ok(rolls)
}

/// What the mapping asks for must be configured, or a decision would wait for ever.
fn authorize(rolls: &MappedRolls, settings: &SourceSettings) -> Result<(), StartError> {
    for (roll, journal, write) in rolls.ways() {
        // What a system does itself cannot be one transaction with a journal row of ours.
        let apart = journal == JournalPlace::Apart;
        if apart && settings.journal.is_none() {
            let what =
                format!("the roll {roll} is mapped with journal = \"apart\", and no [source.journal] names a database");
            return Err(StartError::Rolls(what));
        }
        if write == WriteWay::Webhook && settings.webhook.is_none() {
            let what =
                format!("the roll {roll} is mapped with write = \"webhook\", and no [source.webhook] names a system");
            return Err(StartError::Rolls(what));
        }
    }
    Ok(())
}
