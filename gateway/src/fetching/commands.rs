//! `fact unknown`: what the command line calls.

use std::path::Path;

use service_kit::{clock::Clock, config::ConfigError};

use super::Unknown;
use crate::{
    app::{App, StartError},
    config::Config,
    decisions::DecisionError,
};

/// A command about facts failed.
#[derive(Debug, thiserror::Error)]
pub enum FactCommandError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Opening what is there.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The rows.
    #[error(transparent)]
    Rows(#[from] DecisionError),
    /// The process stops.
    #[error("the process is stopping")]
    Stopping,
}

/// Facts that were asked for and did not come, at most so many.
///
/// # Errors
/// [`FactCommandError`].
pub async fn unknown(config: &Path, most: u32, clock: &Clock) -> Result<Vec<Unknown>, FactCommandError> {
    let (config, clock) = (Config::load(config)?, clock.clone());
    let opened = tokio::task::spawn_blocking(move || App::open(config, clock)).await;
    let app = opened.map_err(|_| FactCommandError::Stopping)??;
    Ok(app.facts_unknown(most).await?)
}
