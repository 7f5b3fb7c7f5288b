//! `journal verify` and `journal replay`: what the command line calls.

use std::path::Path;

use registry_adapter::{
    journal::{Finding, replay::Replayed},
    mapping::RollId,
};
use schemas::time::{CivilDate, Timestamp};
use serde::Serialize;
use service_kit::{clock::Clock, config::ConfigError};

use super::{RollsError, Suspicion, replay, verify};
use crate::{
    app::{App, StartError},
    config::Config,
};

/// A command about journals failed.
#[derive(Debug, thiserror::Error)]
pub enum JournalCommandError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Opening what is there.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The journal or the roll.
    #[error(transparent)]
    Rolls(#[from] RollsError),
}

/// Something that should not be, in words of its own. Keys of rows are the department's own and are shown to it alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// `edited`, `missing`, `unlinked`, `head-disagrees`, `row-changed-outside` or `row-missing`.
    pub what: &'static str,
    /// Number of the entry, or of the first.
    pub seq: Option<u64>,
    /// Number of the last entry of several.
    pub to: Option<u64>,
    /// Key of the row.
    pub row: Option<String>,
    /// Up to then it was as it should be.
    pub after: Option<Timestamp>,
    /// When it was found.
    pub found: Timestamp,
}

impl From<Suspicion> for Shown {
    fn from(suspicion: Suspicion) -> Self {
        let Suspicion { finding, after, found } = suspicion;
        let shown = |what, seq, to, row| Self { what, seq, to, row, after, found };
        match finding {
            Finding::Edited { seq } => shown("edited", Some(seq), None, None),
            Finding::Missing { from, to } => shown("missing", Some(from), Some(to), None),
            Finding::Unlinked { seq } => shown("unlinked", Some(seq), None, None),
            Finding::HeadDisagrees { anchored } => shown("head-disagrees", Some(anchored), None, None),
            Finding::RowChangedOutside { row_key } => {
                shown("row-changed-outside", None, None, Some(row_key.as_str().to_owned()))
            }
            Finding::RowMissing { row_key } => shown("row-missing", None, None, Some(row_key.as_str().to_owned())),
        }
    }
}

/// Compares a roll's journal with itself, its signed head and the roll; empty where all is well.
///
/// # Errors
/// [`JournalCommandError`].
pub async fn journal_verify(config: &Path, roll: &RollId, clock: &Clock) -> Result<Vec<Shown>, JournalCommandError> {
    let app = open(config, clock).await?;
    Ok(verify(&app, roll).await?.into_iter().map(Shown::from).collect())
}

/// The roll as it stood at the end of a day; today, if none is given.
///
/// # Errors
/// [`JournalCommandError`].
pub async fn journal_replay(
    config: &Path,
    roll: &RollId,
    day: Option<CivilDate>,
    clock: &Clock,
) -> Result<Replayed, JournalCommandError> {
    let app = open(config, clock).await?;
    Ok(replay(&app, roll, day.unwrap_or_else(|| clock.now().civil_day())).await?)
}

async fn open(config: &Path, clock: &Clock) -> Result<App, JournalCommandError> {
    let (config, clock) = (Config::load(config)?, clock.clone());
    Ok(super::blocking(move || App::open(config, clock)).await??)
}
