//! The running anchor: what starts, in which order, and how it stops.
//!
//! Guarantees: nothing is answered before the log was verified; a log that cannot be continued is served read-only
//! and says so in readiness; a fatal error of the sequencer ends the process; on SIGTERM what runs is finished, what
//! was sequenced is published, and the database is closed. Deliberately absent: several anchors on one database (the second one is refused).

mod background;
mod upkeep;

use std::{
    fs::{File, TryLockError},
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use actix_web::web;
use service_kit::{
    clock::Clock,
    db::{Database, DatabaseError, DatabaseUrl, require_free_space},
    health::{Health, management_routes},
    secret::Secret,
    server::{BindError, Bound, Limits, RunningServer, Server, ServerContext, StopSignal},
    telemetry::Metrics,
    tls::{ServerIdentity, TlsError},
};
use tokio::sync::watch;

use self::{
    background::{Background, Log},
    upkeep::{keep_up, upkeep},
};
use crate::{
    commands::{self, CommandError},
    config::AnchorConfig,
    configuration::ConfigurationError,
    http::{self, AnchorState},
    keys::{Keys, KeysError},
    published_file::PublishedFile,
    quota::Quotas,
    sequencer::{LogQueue, SequencerError},
    stamping::OwnAuthority,
    store::{self, StoreError},
    submission::Submissions,
};

/// The anchor could not start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Its database cannot be used.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another process runs this anchor.
    #[error("{path} is locked: this anchor runs already; mend: stop the other process, or leave it running")]
    AlreadyRunning {
        /// The lock file.
        path: PathBuf,
    },
    /// The key of the log is not the one of this database.
    #[error(
        "the log's key is not the one with which this database was made; mend: restore the key file that belongs here"
    )]
    OtherKey,
    /// Its own entity configuration.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// An address is not free.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The listener.
    #[error("the listener failed: {0}")]
    Listener(#[from] std::io::Error),
    /// The log.
    #[error(transparent)]
    Sequencer(#[from] SequencerError),
    /// What was published before cannot be read.
    #[error("the newest publication cannot be read: {0}")]
    Publication(String),
}

impl From<DatabaseError> for RunError {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

impl From<KeysError> for RunError {
    fn from(error: KeysError) -> Self {
        Self::Command(error.into())
    }
}

/// Held while the anchor runs; the system gives it back when the process ends, however it ends. The head's
/// compare-and-swap would stop one of two anchors too, but only after the other has lost its place.
fn lock(config: &AnchorConfig) -> Result<File, RunError> {
    let path = config.data_dir().join("anchor.lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(RunError::AlreadyRunning { path }),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// An anchor that answers.
pub struct RunningAnchor {
    /// Where everybody reaches it.
    pub address: SocketAddr,
    /// Where its site watches it.
    pub management_address: SocketAddr,
    server: RunningServer,
    health: Health,
    background: Background,
    database: Database,
    lock: File,
    /// For tests that fill it.
    #[cfg(test)]
    pub(crate) queue: LogQueue,
}

/// How long a stop waits for connections to the database that a worker's last request still holds.
const CLOSING: Duration = Duration::from_secs(30);

/// Starts an anchor that `init` has made; returns once it answers.
///
/// # Errors
/// [`RunError`], with its mend.
pub async fn start(config: &AnchorConfig, clock: Clock, metrics: Option<Metrics>) -> Result<RunningAnchor, RunError> {
    let (bound, management) =
        (Bound::bind("public", config.listen)?, Bound::bind("management", config.management_listen)?);
    let (address, management_address) = (bound.address(), management.address());
    let lock = lock(config)?;
    let health = Health::new();
    let (state, background) = prepare(config, clock.clone(), &health)?;
    let database = state.database.clone();
    #[cfg(test)]
    let queue = state.queue.clone();
    let state = web::Data::new(state);
    let tls = acceptor(&state.keys)?;
    let context = ServerContext::new(config.entity.clone(), clock, Limits::default());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let watched = health.clone();
    let server = Server::new(context, workers)
        .listen(bound, Some(tls), move || http::routes(state.clone()))?
        .listen(management, None, move || management_routes(watched.clone(), metrics.clone()))?
        .start();
    health.start();
    Ok(RunningAnchor {
        address,
        management_address,
        server,
        health,
        background,
        database,
        lock,
        #[cfg(test)]
        queue,
    })
}

impl RunningAnchor {
    /// Serves until SIGTERM or SIGINT, or until the log has a fatal error.
    ///
    /// # Errors
    /// The fatal error.
    pub async fn until_signal(mut self, stop: StopSignal) -> Result<(), RunError> {
        tokio::select! {
            fatal = self.background.fatal() => Err(fatal),
            stopped = self.server.until_signal(&self.health, stop) => {
                stopped?;
                let published = self.background.stop().await;
                closed(self.health, self.database, self.lock).await;
                published
            }
        }
    }

    /// Stops at once: finishes what runs, publishes what was sequenced, closes the database. Afterwards its folder may be
    /// copied or replaced.
    ///
    /// # Errors
    /// What the log ended with.
    pub async fn stop(self) -> Result<(), RunError> {
        self.health.drain();
        self.server.stop().await?;
        let published = self.background.stop().await;
        closed(self.health, self.database, self.lock).await;
        published
    }

    /// Names of what stands against being ready; empty: ready.
    pub async fn obstacles(&self) -> Vec<&'static str> {
        self.health.obstacles().await
    }
}

/// Waits for the threads of the workers, which hold connections until they have ended, a moment after the listeners did. The
/// lock is given back last: the next anchor finds a database that nobody uses.
async fn closed(health: Health, database: Database, lock: File) {
    drop(health); // its checks hold the database
    if tokio::time::timeout(CLOSING, database.close()).await.is_err() {
        tracing::warn!("the database is still in use after the stop");
    }
    drop(lock);
}

fn acceptor(keys: &Keys) -> Result<openssl::ssl::SslAcceptor, RunError> {
    let content = |_| KeysError::LogKey;
    let certificate = keys.tls.certificate().to_pem().map_err(content)?;
    let key = keys.tls.key_to_pem().map_err(content)?;
    Ok(ServerIdentity::from_pem(&certificate, &Secret::new(key.to_vec()))?.acceptor()?)
}

/// Opens and verifies everything, starts what works in the background.
fn prepare(config: &AnchorConfig, clock: Clock, health: &Health) -> Result<(AnchorState, Background), RunError> {
    let database = commands::open(config)?;
    let keys = Arc::new(Keys::load(config)?);
    let identity = database.read_blocking(store::anchor::identity)?;
    if identity.log_vkey != keys.log.verifying_key().to_string() {
        return Err(RunError::OtherKey);
    }
    let configuration = upkeep(&database, config, &keys, &clock)?;
    let file = PublishedFile::in_folder(&config.data_dir());
    let (queue, jobs) = LogQueue::new();
    let (stop_log, log_stopped) = watch::channel(false);
    let (stop_rest, rest_stopped) = watch::channel(false);

    let log = Log { database: database.clone(), keys: Arc::clone(&keys), file: file.clone(), clock: clock.clone() };
    let (sequencer, writable) = log.start(config, jobs, log_stopped, health)?;
    let authority = own_authority(&database, &keys)?;
    let (shown, mut rest) = log.publish(config, &authority, rest_stopped.clone(), health, writable)?;
    let (renewed, renewal) = keep_up(configuration, config, &log, rest_stopped);
    rest.push(renewal);
    watch_resources(health, &database, &keys, &clock);

    let quotas = Quotas::new(config.member_entries_per_second, config.member_entries_burst);
    let submissions = Submissions::new(
        database.clone(),
        queue.clone(),
        config.entity.clone(),
        identity.origin,
        keys.signing.clone(),
        quotas,
    );
    let state = AnchorState {
        entity: config.entity.clone(),
        keys,
        database,
        clock,
        queue,
        submissions,
        authority,
        shown,
        configuration: renewed,
    };
    Ok((state, Background { stop_log, stop_rest, sequencer, rest }))
}

fn own_authority(database: &Database, keys: &Keys) -> Result<Arc<OwnAuthority>, RunError> {
    let newest = database.read_blocking(store::publication::newest)?;
    let last = newest.iter().flat_map(|one| &one.stamps).map(|stamp| stamp.gen_time).max();
    Ok(Arc::new(OwnAuthority::new(keys.tsa.clone(), keys.tsa_root.clone(), last)))
}

/// Readiness: database, disk, and the listener's certificate.
fn watch_resources(health: &Health, database: &Database, keys: &Arc<Keys>, clock: &Clock) {
    let pinged = database.clone();
    health.check("database", move || {
        let database = pinged.clone();
        async move { database.ping().await.map_err(|error| error.to_string()) }
    });
    if let DatabaseUrl::Sqlite(path) = database.url().clone() {
        health.check("disk", move || {
            let path = path.clone();
            async move { require_free_space(&path).map_err(|error| error.to_string()) }
        });
    }
    let (keys, clock) = (Arc::clone(keys), clock.clone());
    health.check("certificate", move || {
        let valid = keys.tls.certificate().is_valid_at(clock.now());
        async move { if valid { Ok(()) } else { Err("the listener's certificate has ended".to_owned()) } }
    });
}

/// The state of handlers, for a test that looks at routes alone.
#[cfg(test)]
pub(crate) fn prepare_for_test(config: &AnchorConfig) -> (AnchorState, impl Sized) {
    prepare(config, Clock::system(), &Health::new()).unwrap_or_else(|error| panic!("{error}"))
}
