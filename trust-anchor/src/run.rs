//! The running anchor: what starts, in which order, and how it stops.
//!
//! Guarantees: nothing is answered before the log was verified; a log that cannot be continued is served read-only
//! and says so in readiness; a fatal error of the sequencer ends the process; on SIGTERM what runs is finished, what
//! was sequenced is published. Deliberately absent: several anchors on one database (the second one is refused).

use std::{
    fs::{File, TryLockError},
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use actix_web::web;
use schemas::id::CompactJws;
use service_kit::{
    clock::Clock,
    db::{Database, DatabaseError, DatabaseUrl, require_free_space},
    health::{Health, management_routes},
    secret::Secret,
    server::{BindError, Bound, Limits, RunningServer, Server, ServerContext},
    telemetry::Metrics,
    tls::{ServerIdentity, TlsError},
};
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    audit_head,
    commands::{self, CommandError},
    config::AnchorConfig,
    configuration::{self, ConfigurationError},
    http::{self, AnchorState},
    keys::{Keys, KeysError},
    published_file::PublishedFile,
    publisher::{self, PublishError, Publisher},
    quota::Quotas,
    sequencer::{self, LogJobs, LogQueue, Sequencer, SequencerError},
    stamping::{OwnAuthority, Stamper},
    store::{self, StoreError},
    submission::Submissions,
};

/// How often the anchor's own configuration is looked at, to renew it in time, and its audit trail put into the log.
const UPKEEP: Duration = Duration::from_secs(3_600);

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

/// Runs until SIGTERM or SIGINT, or until a fatal error.
///
/// # Errors
/// [`RunError`], with its mend.
pub async fn run(config: &AnchorConfig) -> Result<(), RunError> {
    let metrics = Metrics::install().ok();
    start(config, Clock::system(), metrics).await?.until_signal().await
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
    _lock: File,
}

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
    Ok(RunningAnchor { address, management_address, server, health, background, _lock: lock })
}

impl RunningAnchor {
    /// Serves until SIGTERM or SIGINT, or until the log has a fatal error.
    ///
    /// # Errors
    /// The fatal error.
    pub async fn until_signal(mut self) -> Result<(), RunError> {
        tokio::select! {
            fatal = self.background.fatal() => Err(fatal),
            stopped = self.server.until_signal(&self.health) => {
                stopped?;
                self.background.stop().await
            }
        }
    }

    /// Stops at once: finishes what runs, publishes what was sequenced.
    ///
    /// # Errors
    /// What the log ended with.
    pub async fn stop(self) -> Result<(), RunError> {
        self.health.drain();
        self.server.stop().await?;
        self.background.stop().await
    }

    /// Names of what stands against being ready; empty: ready.
    pub async fn obstacles(&self) -> Vec<&'static str> {
        self.health.obstacles().await
    }
}

fn acceptor(keys: &Keys) -> Result<openssl::ssl::SslAcceptor, RunError> {
    let content = |_| KeysError::LogKey;
    let certificate = keys.tls.certificate().to_pem().map_err(content)?;
    let key = keys.tls.key_to_pem().map_err(content)?;
    Ok(ServerIdentity::from_pem(&certificate, &Secret::new(key.to_vec()))?.acceptor()?)
}

/// The parts that work beside the listeners.
struct Background {
    stop_log: watch::Sender<bool>,
    stop_rest: watch::Sender<bool>,
    sequencer: JoinHandle<Result<(), SequencerError>>,
    rest: Vec<JoinHandle<()>>,
}

impl Background {
    /// Resolves when the sequencer ends by itself, which it does for a fatal error alone.
    async fn fatal(&mut self) -> RunError {
        match (&mut self.sequencer).await {
            Ok(Err(error)) => error.into(),
            Ok(Ok(())) | Err(_) => SequencerError::SelfCheck("the sequencer ended").into(),
        }
    }

    async fn stop(self) -> Result<(), RunError> {
        // First the log, then the publisher, so that what was acknowledged is published.
        self.stop_log.send_replace(true);
        let ended = self.sequencer.await.unwrap_or(Err(SequencerError::SelfCheck("the sequencer panicked")));
        self.stop_rest.send_replace(true);
        for task in self.rest {
            if task.await.is_err() {
                tracing::error!("a background task panicked");
            }
        }
        Ok(ended?)
    }
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

/// What the sequencer and the publisher share.
struct Log {
    database: Database,
    keys: Arc<Keys>,
    file: PublishedFile,
    clock: Clock,
}

impl Log {
    /// Starts the sequencer; a log that cannot be continued is served read-only.
    fn start(
        &self,
        config: &AnchorConfig,
        jobs: LogJobs,
        stop: watch::Receiver<bool>,
        health: &Health,
    ) -> Result<(JoinHandle<Result<(), SequencerError>>, bool), RunError> {
        let (trouble, watched) = watch::channel(None::<String>);
        health.check("log", move || {
            let trouble = watched.borrow().clone();
            async move { trouble.map_or(Ok(()), Err) }
        });
        match Sequencer::start(self.database.clone(), self.keys.log.clone(), self.file.clone()) {
            Ok(mut sequencer) => {
                self.drain(&mut sequencer)?;
                let running =
                    sequencer::run(sequencer, jobs, self.clock.clone(), config.batch_interval(), stop, trouble);
                Ok((tokio::spawn(running), true))
            }
            Err(SequencerError::Recovery(error)) => {
                tracing::error!(%error, "the log cannot be continued: read-only");
                trouble.send_replace(Some(error.to_string()));
                // `jobs` is dropped: every submission is refused.
                let waiting = async move {
                    let mut stop = stop;
                    let _closed = stop.wait_for(|stop| *stop).await;
                    drop(trouble);
                    Ok(())
                };
                Ok((tokio::spawn(waiting), false))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What the authority wanted logged is in the log before anybody is answered.
    fn drain(&self, sequencer: &mut Sequencer) -> Result<(), RunError> {
        loop {
            match sequencer.drain_pending(self.clock.now_ms()) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if error.is_fatal() => return Err(error.into()),
                Err(error) => {
                    // The loop of batches tries again, and readiness tells.
                    tracing::error!(%error, "what waited for the log still waits");
                    return Ok(());
                }
            }
        }
    }

    /// Shows what was published, and goes on publishing if the log goes on.
    fn publish(
        &self,
        config: &AnchorConfig,
        authority: &Arc<OwnAuthority>,
        stop: watch::Receiver<bool>,
        health: &Health,
        writable: bool,
    ) -> Result<(watch::Receiver<publisher::Shown>, Vec<JoinHandle<()>>), RunError> {
        let (trouble, watched) = watch::channel(None::<String>);
        health.check("publication", move || {
            let trouble = watched.borrow().clone();
            async move { trouble.map_or(Ok(()), Err) }
        });
        let stampers: Vec<Arc<dyn Stamper>> = vec![Arc::clone(authority) as _];
        let (publisher, shown) = Publisher::start(self.database.clone(), stampers, self.file.clone())
            .map_err(|error: PublishError| RunError::Publication(error.to_string()))?;
        if !writable {
            return Ok((shown, Vec::new()));
        }
        let running = publisher::run(publisher, self.clock.clone(), config.publish_interval(), stop, trouble);
        Ok((shown, vec![tokio::spawn(running)]))
    }
}

fn own_authority(database: &Database, keys: &Keys) -> Result<Arc<OwnAuthority>, RunError> {
    let newest = database.read_blocking(store::publication::newest)?;
    let last = newest.iter().flat_map(|one| &one.stamps).map(|stamp| stamp.gen_time).max();
    Ok(Arc::new(OwnAuthority::new(keys.tsa.clone(), keys.tsa_root.clone(), last)))
}

fn upkeep(
    database: &Database,
    config: &AnchorConfig,
    keys: &Keys,
    clock: &Clock,
) -> Result<CompactJws, ConfigurationError> {
    database.write_blocking(|conn| {
        let now = clock.now();
        audit_head::log(conn, &config.entity, &keys.signing, now)?;
        configuration::current(conn, &config.entity, &config.name, keys, now)
    })
}

/// Renews the anchor's own configuration long before it ends, and puts the head of the audit trail into the log, at
/// start and once an hour.
fn keep_up(
    first: CompactJws,
    config: &AnchorConfig,
    log: &Log,
    mut stop: watch::Receiver<bool>,
) -> (watch::Receiver<CompactJws>, JoinHandle<()>) {
    let (renewed, receiver) = watch::channel(first);
    let (config, database, keys, clock) =
        (config.clone(), log.database.clone(), Arc::clone(&log.keys), log.clock.clone());
    let task = tokio::spawn(async move {
        loop {
            tokio::select! {
                () = clock.sleep(UPKEEP) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            let (config, database, keys, clock) = (config.clone(), database.clone(), Arc::clone(&keys), clock.clone());
            let work = move || upkeep(&database, &config, &keys, &clock);
            match tokio::task::spawn_blocking(work).await {
                Ok(Ok(jws)) => drop(renewed.send_replace(jws)),
                Ok(Err(error)) => tracing::error!(%error, "the entity configuration was not renewed"),
                Err(_) => tracing::error!("renewing the entity configuration panicked"),
            }
        }
    });
    (receiver, task)
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
