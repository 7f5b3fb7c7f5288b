//! `vinimay gateway run`: opens what is there, starts four listeners (five where the wallet is served) and the jobs, and stops in order.
//!
//! Guarantees: creates nothing; every address is ours before any listener answers; the reader of the department's database was
//! seen to fail at writing. Deliberately absent: signals and standard output, which are the command line's.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use service_kit::{
    clock::Clock,
    config::Listen,
    db::{DatabaseUrl, free_space},
    health::Health,
    jobs::{Jobs, JobsError},
    server::{BindError, Bound, Limits, RunningServer, Server, ServerContext, StopSignal},
    telemetry::Metrics,
    tls::{ServerIdentity, TlsError},
};

use crate::{
    app::{App, StartError},
    config::Config,
    http, jobs,
    public_tls::{PublicCertificateError, PublicCertificates},
};

/// When the heartbeat of the jobs is older, the gateway is not ready.
const JOB_PATIENCE: Duration = Duration::from_secs(600);

/// The gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Something that it opens.
    #[error(transparent)]
    Start(#[from] StartError),
    /// An address.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// Its certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A certificate for browsers.
    #[error(transparent)]
    Public(#[from] PublicCertificateError),
    /// The wallet's files.
    #[error(transparent)]
    Wallet(#[from] http::wallet::FilesError),
    /// The record of the wallet's build.
    #[error(transparent)]
    WalletBuild(#[from] crate::wallet_build::BuildError),
    /// Its jobs.
    #[error(transparent)]
    Jobs(#[from] JobsError),
    /// The listeners.
    #[error("the listeners could not be started: {0}")]
    Listen(#[from] std::io::Error),
}

/// A gateway that answers.
pub struct Running {
    app: App,
    server: RunningServer,
    jobs: Jobs,
    health: Health,
    listeners: BTreeMap<&'static str, SocketAddr>,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Running").field(&self.listeners).finish()
    }
}

/// Opens, binds, starts. The gateway answers when this returns.
///
/// # Errors
/// [`RunError`], with its mend; then nothing runs.
pub async fn start(config: Config, clock: Clock, metrics: Option<Metrics>) -> Result<Running, RunError> {
    let bound = bind(&config)?;
    let workers = config.performance.workers;
    let context = ServerContext::new(config.entity.clone(), clock.clone(), limits(&config));
    let opened = tokio::task::spawn_blocking(move || App::open(config, clock)).await.map_err(std::io::Error::other)?;
    let app = opened?;
    let mut jobs = Jobs::new(app.clock().clone()).await?;
    jobs::schedule(&app, &mut jobs).await?;
    let health = Health::new();
    watch(&app, &jobs, &health);
    let listeners = bound.iter().map(|(name, bound)| (*name, bound.address())).collect();
    let public = PublicCertificates::load(app.config(), app.identity(), app.now())?;
    watch_certificates(&app, &public, &health);
    let files = app.config().wallet.as_ref().map(|wallet| http::wallet::Files::read(&wallet.folder.resolve()));
    let files = files.transpose()?;
    if let Some(build) = files.as_ref().and_then(http::wallet::Files::build) {
        crate::wallet_build::schedule(&app, &mut jobs, build).await?;
    }
    let parts = Parts { app: app.clone(), health: health.clone(), metrics, public, files };
    let server = serve(&parts, context, workers, bound)?;
    jobs.start().await?;
    health.start();
    Ok(Running { app, server, jobs, health, listeners })
}

fn bind(config: &Config) -> Result<Vec<(&'static str, Bound)>, BindError> {
    let listen = &config.listen;
    let mut addresses: Vec<(&'static str, Listen)> = vec![
        (http::PEERS, listen.peers),
        (http::PEOPLE, listen.people),
        (http::LOCAL, listen.local),
        (http::MANAGEMENT, listen.management),
    ];
    addresses.extend(config.wallet.as_ref().map(|wallet| (http::WALLET, wallet.listen)));
    addresses.into_iter().map(|(name, address)| Ok((name, Bound::bind(name, address)?))).collect()
}

fn limits(config: &Config) -> Limits {
    Limits { notice: config.shutdown.announce.duration(), drain: config.shutdown.drain.duration(), ..Limits::default() }
}

/// What listeners are made of.
struct Parts {
    app: App,
    health: Health,
    metrics: Option<Metrics>,
    public: PublicCertificates,
    files: Option<http::wallet::Files>,
}

fn serve(
    parts: &Parts,
    context: ServerContext,
    workers: usize,
    bound: Vec<(&'static str, Bound)>,
) -> Result<RunningServer, RunError> {
    let mut server = Server::new(context, workers);
    for (name, bound) in bound {
        let (app, health, metrics) = (parts.app.clone(), parts.health.clone(), parts.metrics.clone());
        let files = parts.files.clone().unwrap_or_default();
        let tls = match name {
            http::PEERS => Some(app.identity().mutual_acceptor(app.admitted_peers().clone())?),
            http::LOCAL => Some(app.identity().mutual_acceptor(app.admitted_systems().clone())?),
            http::PEOPLE => Some(parts.public.people.acceptor()?),
            http::WALLET => Some(parts.public.wallet.acceptor()?),
            _ => None,
        };
        server = match name {
            http::PEERS => server.listen(bound, tls, move || http::peers(&app))?,
            http::LOCAL => server.listen(bound, tls, move || http::local(&app))?,
            http::PEOPLE => server.listen(bound, tls, move || http::people(&app))?,
            http::WALLET => server.listen(bound, tls, move || http::wallet(&app, &files))?,
            _ => server.listen(bound, tls, move || http::management(&app, health.clone(), metrics.clone()))?,
        };
    }
    Ok(server.start())
}

/// Not ready once a certificate that somebody is shown has ended.
fn watch_certificates(app: &App, public: &PublicCertificates, health: &Health) {
    let ends = [&public.people, &public.wallet].map(ServerIdentity::not_after);
    let (app, first) = (app.clone(), ends.into_iter().min());
    health.check("public-certificate", move || {
        let still = first.is_none_or(|first| app.now() < first);
        async move { if still { Ok(()) } else { Err("a certificate for browsers has ended".to_owned()) } }
    });
}

/// What must hold for this process to be ready (security, requirement 45).
fn watch(app: &App, jobs: &Jobs, health: &Health) {
    let watched = app.clone();
    health.check("database", move || {
        let app = watched.clone();
        async move { app.db().ping().await.map_err(|error| error.to_string()) }
    });
    let watched = app.clone();
    health.check("directory", move || {
        let app = watched.clone();
        async move { app.directory().authorize_current(app.now()).map_err(|refusal| refusal.to_string()) }
    });
    let watched = app.clone();
    health.check("certificate", move || {
        let app = watched.clone();
        async move {
            if app.now() < app.identity().not_after() { Ok(()) } else { Err("our certificate has ended".to_owned()) }
        }
    });
    let watched = app.clone();
    health.check("disk", move || {
        let app = watched.clone();
        async move { disk(app.db().url()) }
    });
    let ages = Arc::new(jobs.ages());
    health.check("jobs", move || {
        let ages = Arc::clone(&ages);
        // Not the other jobs: a trust anchor or a peer that is away is no failure of this process.
        async move {
            let alive = ages.age(jobs::HEARTBEAT).is_some_and(|age| age < JOB_PATIENCE);
            if alive { Ok(()) } else { Err("jobs have not been woken for ten minutes".to_owned()) }
        }
    });
}

fn disk(url: &DatabaseUrl) -> Result<(), String> {
    let DatabaseUrl::Sqlite(path) = url else { return Ok(()) };
    let space = free_space(path).map_err(|error| error.to_string())?;
    if space.is_enough() { Ok(()) } else { Err("less than 5 % or 256 MiB of the disk is free".to_owned()) }
}

impl Running {
    /// Where the listeners are, by name.
    pub const fn listeners(&self) -> &BTreeMap<&'static str, SocketAddr> {
        &self.listeners
    }

    /// The gateway's parts.
    pub const fn app(&self) -> &App {
        &self.app
    }

    /// Serves until SIGTERM or SIGINT, then stops in order.
    ///
    /// # Errors
    /// If a listener failed.
    pub async fn until_signal(mut self, stop: StopSignal) -> Result<(), RunError> {
        self.server.until_signal(&self.health, stop).await?;
        self.jobs.stop().await?;
        Ok(())
    }

    /// Not ready any more, a moment for callers to notice, then what runs is finished.
    ///
    /// # Errors
    /// If a listener failed.
    pub async fn stop(mut self) -> Result<(), RunError> {
        self.health.drain();
        tracing::info!("stopping: not ready any more, finishing what runs");
        tokio::time::sleep(self.app.config().shutdown.announce.duration()).await;
        self.server.stop().await?;
        self.jobs.stop().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
