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
    local::{BindingsChanged, BindingsOrder},
};
use service_kit::{audit_trail::ChainError, clock::Clock, config::ConfigError};

use crate::{
    app::{App, StartError, open_source},
    audit,
    bundle::{self, BundleError},
    catalogue,
    config::Config,
    identity::{EndingError, EndingReason},
    init::{self, InitError, Initialised},
    join::{self, Invitation, JoinError, Joined},
    keys::{KeyFileError, KeyFolder},
    links::{self, ExportError, Exported, SeedError, Seeded},
    parked::{Kind, Parked},
    store::consents::requests::RequestStoreError,
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
    /// `parked`.
    #[error(transparent)]
    Parked(#[from] RequestStoreError),
    /// `trail verify`.
    #[error("{0}; mend: keep the database as it is, and compare with the heads that the anchor holds")]
    Trail(#[from] ChainError),
    /// `binding revoke`.
    #[error("the bindings were not ended: {0}")]
    Ending(#[from] EndingError),
    /// `catalogue`.
    #[error("{}; mend: let the gateway reach the trust anchor", .0.because())]
    Catalogue(#[from] Refusal),
    /// `trigger`, `subscription`.
    #[error(transparent)]
    Trigger(#[from] crate::triggers::TriggerError),
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

/// Ends every binding of a resident at the identity registry, as for a lost phone; she then gets a new invitation.
///
/// # Errors
/// [`CommandError`], with its mend.
pub async fn binding_revoke(
    config: &Path,
    resident: String,
    reason: EndingReason,
    clock: &Clock,
) -> Result<BindingsChanged, CommandError> {
    let app = open(config, clock).await?;
    Ok(app.revoke_bindings_because((audit::COMMAND_LINE, reason), &BindingsOrder { resident }).await?)
}

/// What is parked.
///
/// # Errors
/// [`CommandError`], with its mend.
pub async fn parked_list(config: &Path, clock: &Clock) -> Result<Parked, CommandError> {
    Ok(offline(config, clock).await?.parked().await?)
}

/// Sets everything of a kind that is parked out anew; how many.
///
/// # Errors
/// [`CommandError`], with its mend.
pub async fn parked_replay(config: &Path, kind: Kind, clock: &Clock) -> Result<u64, CommandError> {
    Ok(offline(config, clock).await?.replay_parked(audit::COMMAND_LINE, kind).await?)
}

/// Hashes the whole audit trail again; how many rows it has.
///
/// # Errors
/// [`CommandError`]; a broken chain names its first wrong row.
pub async fn trail_verify(config: &Path, clock: &Clock) -> Result<i64, CommandError> {
    let head = offline(config, clock).await?.officers().verify_trail().await?;
    Ok(head.map_or(0, |head| head.seq))
}

/// The evidence of one receipt.
///
/// # Errors
/// [`CommandError`], with its mend.
pub async fn bundle(config: &Path, id: MessageId, clock: &Clock) -> Result<Bundle, CommandError> {
    let app = open(config, clock).await?;
    Ok(bundle::assemble(&app, id, std::time::Duration::from_secs(bundle::LONGEST_WAIT.into())).await?)
}

/// Opens the gateway's files alone.
async fn offline(config: &Path, clock: &Clock) -> Result<App, CommandError> {
    let (config, clock) = (Config::load(config)?, clock.clone());
    Ok(blocking(move || App::open(config, clock)).await??)
}

/// Opens the gateway's files and asks the anchor what is new, if it answers.
async fn open(config: &Path, clock: &Clock) -> Result<App, CommandError> {
    let app = offline(config, clock).await?;
    if let Err(error) = app.refresh_directory().await {
        tracing::warn!(%error, "the directory could not be refreshed; going on with what was stored");
    }
    Ok(app)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, CommandError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| CommandError::Stopping)
}

mod triggers;

pub use triggers::{
    Replayed, SubscriptionChanged, SubscriptionView, TriggerList, subscription_approve, subscription_end,
    subscription_list, subscription_propose, trigger_go_on, trigger_list, trigger_replay, trigger_show,
};

#[cfg(test)]
mod tests;
