//! What the command line calls: each command opens what it needs, does one thing, and returns what is to be printed.
//!
//! Guarantees: a command that needs the directory asks the anchor first, and goes on with what was stored if the anchor is away.
//! Deliberately absent: printing, exit codes, arguments.

use std::path::Path;

use protocol::consent::Refusal;
use schemas::{
    bundle::Bundle,
    catalogue::Catalogue,
    federation::DatasetDescription,
    id::{EntityId, LawId, MessageId},
};
use service_kit::{clock::Clock, config::ConfigError};

use crate::{
    app::{App, StartError, open_source},
    bundle::{self, BundleError},
    catalogue,
    config::Config,
    init::{self, InitError, Initialised},
    join::{self, Invitation, JoinError, Joined},
    keys::{KeyFileError, KeyFolder},
    links::{self, ExportError, Exported, SeedError, Seeded},
};

/// A command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// `init`.
    #[error(transparent)]
    Init(#[from] InitError),
    /// `join`.
    #[error(transparent)]
    Join(#[from] JoinError),
    /// Opening what is there.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Key files.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// `subjects export`.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// `link seed`.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// `bundle`.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// `catalogue`.
    #[error("{}; mend: let the gateway reach the trust anchor", .0.because())]
    Catalogue(#[from] Refusal),
    /// The blocking pool is gone.
    #[error("the process is stopping")]
    Stopping,
}

/// Makes keys, certificate and database.
///
/// # Errors
/// [`CommandError`], with its mend.
pub async fn init(config: &Path, clock: &Clock) -> Result<Initialised, CommandError> {
    let (config, now) = (Config::load(config)?, clock.now());
    Ok(blocking(move || init::init(&config, now)).await??)
}

/// Joins a federation, or updates the entry.
///
/// # Errors
/// [`CommandError`], with its mend.
pub async fn join(config: &Path, invitation: &Invitation, clock: &Clock) -> Result<Joined, CommandError> {
    Ok(join::join(&Config::load(config)?, invitation, clock.now()).await?)
}

/// What a configuration means here, once everything in it was tried.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Checked {
    /// The department.
    pub entity: EntityId,
    /// Its own database, without a password.
    pub database: String,
    /// Datasets of the mapping.
    pub datasets: Vec<DatasetDescription>,
    /// Whether keys are there.
    pub initialised: bool,
    /// Whether it has joined.
    pub joined: bool,
}

/// Tries a configuration: keys, mapping, and that the reader of the source cannot write.
///
/// # Errors
/// [`CommandError`], naming file, line and key.
pub async fn config_check(config: &Path) -> Result<Checked, CommandError> {
    let config = Config::load(config)?;
    blocking(move || {
        let source = open_source(&config)?;
        let folder = KeyFolder::new(config.keys.folder.resolve());
        let initialised = folder.path().join("signing.pem").exists();
        if initialised {
            folder.load(&config.identity.as_ref().map(|identity| identity.sectors.clone()).unwrap_or_default())?;
        }
        Ok(Checked {
            entity: config.entity.clone(),
            database: config.database.url.to_string(),
            datasets: source.map(|source| source.mapping().describe()).unwrap_or_default(),
            joined: join::read_trust_root(folder.path()).is_ok(),
            initialised,
        })
    })
    .await?
}

/// The datasets of all active members, with the bases that cover them.
///
/// # Errors
/// [`CommandError`], with its mend.
pub async fn catalogue(config: &Path, clock: &Clock) -> Result<Catalogue, CommandError> {
    let app = open(config, clock).await?;
    Ok(catalogue::catalogue(&app.directory(), app.now())?)
}

/// Names residents to a department.
///
/// # Errors
/// [`CommandError`], with its mend.
pub async fn subjects_export(
    config: &Path,
    receiver: EntityId,
    law: LawId,
    out: &Path,
    clock: &Clock,
) -> Result<Exported, CommandError> {
    let (app, out) = (open(config, clock).await?, out.to_owned());
    Ok(blocking(move || links::export(&app, &receiver, &law, &out)).await??)
}

/// Links the residents of a seeding file.
///
/// # Errors
/// [`CommandError`], with its mend.
pub async fn link_seed(config: &Path, file: &Path, clock: &Clock) -> Result<Seeded, CommandError> {
    let (app, file) = (open(config, clock).await?, file.to_owned());
    Ok(blocking(move || links::seed(&app, &file)).await??)
}

/// The evidence of one receipt.
///
/// # Errors
/// [`CommandError`], with its mend.
pub async fn bundle(config: &Path, id: MessageId, clock: &Clock) -> Result<Bundle, CommandError> {
    let app = open(config, clock).await?;
    Ok(bundle::assemble(&app, id, std::time::Duration::from_secs(bundle::LONGEST_WAIT.into())).await?)
}

/// Opens the gateway's files and asks the anchor what is new, if it answers.
async fn open(config: &Path, clock: &Clock) -> Result<App, CommandError> {
    let (config, clock) = (Config::load(config)?, clock.clone());
    let app = blocking(move || App::open(config, clock)).await??;
    if let Err(error) = app.refresh_directory().await {
        tracing::warn!(%error, "the directory could not be refreshed; going on with what was stored");
    }
    Ok(app)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, CommandError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| CommandError::Stopping)
}

#[cfg(test)]
mod tests;
