//! `overlap compare`, `list`, `show`, `settle`: what the command line calls.

use std::path::Path;

use schemas::id::{MessageId, SystemName};
use service_kit::{clock::Clock, config::ConfigError};

use super::{Compared, Order, OverlapError, OverlapView, Shown};
use crate::{
    app::{App, StartError},
    audit,
    break_glass::Reason,
    config::Config,
    store::overlap::marks::Finding,
};

/// A command about comparisons failed.
#[derive(Debug, thiserror::Error)]
pub enum OverlapCommandError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Opening what is there.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The comparison.
    #[error(transparent)]
    Overlap(#[from] OverlapError),
    /// No such comparison or mark.
    #[error("there is nothing of this id that waits or was compared; mend: see `overlap list` and `overlap show`")]
    Unknown,
    /// The process stops.
    #[error("the process is stopping")]
    Stopping,
}

/// Compares a roll with another department's.
///
/// # Errors
/// [`OverlapCommandError`], with its mend.
pub async fn compare(config: &Path, order: Order, clock: &Clock) -> Result<Compared, OverlapCommandError> {
    let app = open(config, clock).await?;
    if let Err(error) = app.refresh_directory().await {
        tracing::warn!(%error, "the directory could not be refreshed; going on with what was stored");
    }
    Ok(app.compare_rolls(order).await?)
}

/// Comparisons, the newest first.
///
/// # Errors
/// [`OverlapCommandError`].
pub async fn list(config: &Path, most: u32, clock: &Clock) -> Result<Vec<OverlapView>, OverlapCommandError> {
    Ok(open(config, clock).await?.overlaps_seen(most).await?)
}

/// One comparison, with the numbers of those who were found.
///
/// # Errors
/// [`OverlapCommandError`].
pub async fn show(config: &Path, comparison: &MessageId, clock: &Clock) -> Result<Shown, OverlapCommandError> {
    let found = open(config, clock).await?.overlap_shown(comparison, audit::COMMAND_LINE).await?;
    found.ok_or(OverlapCommandError::Unknown)
}

/// Writes down what an officer found.
///
/// # Errors
/// [`OverlapCommandError`].
pub async fn settle(
    config: &Path,
    mark: &MessageId,
    (officer, finding, reason): (&SystemName, Finding, &Reason),
    clock: &Clock,
) -> Result<(), OverlapCommandError> {
    let settled = open(config, clock).await?.overlap_settle(mark, officer, finding, reason).await?;
    if settled { Ok(()) } else { Err(OverlapCommandError::Unknown) }
}

async fn open(config: &Path, clock: &Clock) -> Result<App, OverlapCommandError> {
    let (config, clock) = (Config::load(config)?, clock.clone());
    let opened = tokio::task::spawn_blocking(move || App::open(config, clock)).await;
    Ok(opened.map_err(|_| OverlapCommandError::Stopping)??)
}
