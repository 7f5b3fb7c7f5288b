//! What every part of a running gateway holds: configuration, clock, keys, database, directory, clients.
//!
//! Guarantees: cheap to clone; no state but caches, so that any number of processes may share one PostgreSQL. Deliberately
//! absent: what the areas keep for themselves (`areas.rs`), and anything that decides.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use protocol::consent::Refusal;
use registry_adapter::{
    registry::Registry,
    source::{OpenError as SourceError, Source, SourceOptions},
    statement_log::StatementLog,
};
use schemas::{
    bundle::TrustRoot,
    id::{CompactJws, EntityId, SystemName},
    problem::Code,
    time::Timestamp,
};
use service_kit::{
    access::SystemPrincipal,
    clock::Clock,
    db::{Database, DatabaseUrl, MigrateError, OpenError},
    http_client::{HttpError, NetworkPolicy},
    secret::{Secret, SecretError},
    tls::{PinnedSet, ServerIdentity, TlsError},
};
use tokio::sync::Mutex as AsyncMutex;

use crate::{
    anchoring::Overdue,
    areas::Areas,
    clients::{
        anchor::{AnchorClient, AnchorError},
        peer::{PeerClient, PeerClients},
    },
    config::{Config, SystemSettings},
    directory::{self, DirectorySnapshot, LoadError, RefreshError},
    jobs::Wakes,
    join::{TrustRootError, read_trust_root},
    keys::{KeyFileError, KeyFolder, Keys},
    links::Links,
    store::MIGRATIONS,
};

/// Reads at a time of the department's own database.
const SOURCE_CONNECTIONS: u32 = 8;

/// The gateway could not be opened. Each says how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A key file.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// A password file.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Not joined.
    #[error(transparent)]
    TrustRoot(#[from] TrustRootError),
    /// The database.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// Its tables.
    #[error(transparent)]
    Schema(#[from] MigrateError),
    /// What is stored of the federation.
    #[error(transparent)]
    Directory(#[from] LoadError),
    /// The department's own database.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Our certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A system's certificate.
    #[error("{path}: {problem}; mend: name the PEM file of that system's client certificate")]
    SystemCertificate {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The statement log.
    #[error("{path}: {source}; mend: let this user write there, or remove source.statement_log")]
    StatementLog {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A way to citizens that cannot be used as configured.
    #[error(transparent)]
    Notices(#[from] crate::notices::NoticesStartError),
    /// A system that cannot be told to erase as configured.
    #[error(transparent)]
    Outside(#[from] crate::webhooks::OutsideError),
    /// A writer's thread.
    #[error("a thread could not be started: {0}")]
    Threads(#[from] std::io::Error),
    /// A `[[follow]]` section that cannot be followed.
    #[error("follow: {0}; mend: correct the section, or the source's mapping and writer")]
    Follow(String),
    /// A roll that is mapped in a way for which something is not configured.
    #[error("rolls: {0}; mend: add the section, or map the roll with its journal beside it and written directly")]
    Rolls(String),
    /// The texts of pages.
    #[error(transparent)]
    Words(#[from] service_kit::words::WordsError),
    /// The OpenID provider of officers.
    #[error(transparent)]
    OpenId(#[from] crate::people::openid::OpenIdSetupError),
    /// A list of networks that `Config::load` let pass.
    #[error("network.allow: {0}")]
    Networks(String),
}

/// Everything that does not change while a gateway runs, and the caches of what does.
pub struct Foundation {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) keys: Keys,
    pub(crate) db: Database,
    pub(crate) root: TrustRoot,
    pub(crate) networks: NetworkPolicy,
    pub(crate) source: Option<Source>,
    pub(crate) links: Links,
    pub(crate) identity: ServerIdentity,
    directory: RwLock<Arc<DirectorySnapshot>>,
    /// The turn to ask the anchor what is new: who asks later also takes over later.
    refreshing: AsyncMutex<()>,
    admitted_peers: PinnedSet<EntityId>,
    admitted_systems: PinnedSet<SystemPrincipal>,
    clients: PeerClients,
    anchor: Mutex<Option<(CompactJws, AnchorClient)>>,
    pub(crate) overdue: Overdue,
    pub(crate) wakes: Wakes,
}

struct Inner {
    foundation: Foundation,
    areas: Areas,
}

/// A handle on the running gateway.
#[derive(Clone)]
pub struct App(Arc<Inner>);

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("App").field(&self.entity()).finish()
    }
}

impl Foundation {
    /// Opens what `init` and `join` made; creates nothing. Blocks; call it inside a tokio runtime.
    ///
    /// # Errors
    /// [`StartError`], with its mend.
    pub fn open(config: Config, clock: Clock) -> Result<Self, StartError> {
        let folder = KeyFolder::new(config.keys.folder.resolve());
        let sectors = config.identity.as_ref().map(|identity| identity.sectors.clone()).unwrap_or_default();
        let keys = folder.load(&sectors)?;
        let db = open_database(&config)?;
        let root = read_trust_root(folder.path())?;
        let now = clock.now();
        let snapshot = db.read_blocking(|conn| directory::load(conn, &root, now))?;
        let source = open_source(&config)?;
        Self::assemble(Parts { config, clock, keys, db, root, snapshot, source })
    }

    /// Puts opened parts together.
    pub(crate) fn assemble(parts: Parts) -> Result<Self, StartError> {
        let Parts { config, clock, keys, db, root, snapshot, source } = parts;
        let networks = config.network.policy().map_err(StartError::Networks)?;
        let identity = server_identity(&keys)?;
        let this = Self {
            links: Links::new(db.clone(), keys.clone()),
            clients: PeerClients::new(identity.clone(), networks.clone()),
            admitted_peers: PinnedSet::new(clock.clone()),
            admitted_systems: PinnedSet::new(clock.clone()),
            anchor: Mutex::default(),
            overdue: Overdue::new(config.anchor.grace.duration()),
            directory: RwLock::new(Arc::new(snapshot)),
            refreshing: AsyncMutex::default(),
            wakes: Wakes::default(),
            config,
            clock,
            keys,
            db,
            root,
            networks,
            source,
            identity,
        };
        this.admit_systems()?;
        this.admit_peers(&this.directory());
        Ok(this)
    }

    /// The directory as last seen.
    pub fn directory(&self) -> Arc<DirectorySnapshot> {
        Arc::clone(&self.directory.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn admit_peers(&self, snapshot: &DirectorySnapshot) {
        self.admitted_peers.replace(snapshot.certificates());
    }

    fn admit_systems(&self) -> Result<(), StartError> {
        let mut admitted = Vec::new();
        for system in &self.config.systems {
            let path = system.certificate_file.resolve();
            let wrong = |problem: String| StartError::SystemCertificate { path: path.clone(), problem };
            let pem = std::fs::read(&path).map_err(|error| wrong(error.to_string()))?;
            let certificate =
                protocol::seal::certificate::Certificate::from_pem(&pem).map_err(|error| wrong(error.to_string()))?;
            let rights = system.may.iter().map(|right| right.as_str().to_owned()).collect();
            let principal = SystemPrincipal { name: system.name.to_string(), purposes: rights };
            admitted.push((certificate.to_der().map_err(|error| wrong(error.to_string()))?, principal));
        }
        self.admitted_systems.replace(admitted);
        Ok(())
    }
}

/// Parts of a gateway, opened.
pub(crate) struct Parts {
    pub config: Config,
    pub clock: Clock,
    pub keys: Keys,
    pub db: Database,
    pub root: TrustRoot,
    pub snapshot: DirectorySnapshot,
    pub source: Option<Source>,
}

/// Opens the gateway's own database and refuses a schema that this program does not know.
///
/// # Errors
/// [`StartError`].
pub fn open_database(config: &Config) -> Result<Database, StartError> {
    let database = Database::open(&config.database.address()?)?;
    database.check_schema(&MIGRATIONS)?;
    Ok(database)
}

/// Opens the department's own database, if it has one, and proves that the reader cannot write.
///
/// # Errors
/// [`StartError`].
pub fn open_source(config: &Config) -> Result<Option<Source>, StartError> {
    let Some(settings) = &config.source else { return Ok(None) };
    let reader = settings.reader.address()?;
    // PostgreSQL keeps a log of its own; ours is of SQLite's statements, without their values.
    let log = match (&reader, &settings.statement_log) {
        (DatabaseUrl::Sqlite(_), Some(file)) => {
            let path = file.resolve();
            Some(StatementLog::to_file(&path).map_err(|source| StartError::StatementLog { path, source })?)
        }
        _ => None,
    };
    let options = SourceOptions {
        mapping: settings.mapping.resolve(),
        reader,
        writer: settings.writer.as_ref().map(|writer| writer.address()).transpose()?,
        statement_log: log,
        connections: SOURCE_CONNECTIONS,
    };
    Ok(Some(Source::open(options)?))
}

fn server_identity(keys: &Keys) -> Result<ServerIdentity, StartError> {
    let failed = |error: protocol::seal::KeyError| StartError::Keys(KeyFileError::Making(error));
    let certificate = keys.tls.certificate().to_pem().map_err(failed)?;
    let key = Secret::new(keys.tls.key_to_pem().map_err(failed)?.to_vec());
    Ok(ServerIdentity::from_pem(&certificate, &key)?)
}

impl App {
    /// Opens what `init` and `join` made. Blocks; call it inside a tokio runtime.
    ///
    /// # Errors
    /// [`StartError`], with its mend.
    pub fn open(config: Config, clock: Clock) -> Result<Self, StartError> {
        Foundation::open(config, clock).and_then(Self::new)
    }

    /// Lets the areas build what they keep.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub(crate) fn new(foundation: Foundation) -> Result<Self, StartError> {
        let areas = Areas::new(&foundation)?;
        Ok(Self(Arc::new(Inner { foundation, areas })))
    }

    fn foundation(&self) -> &Foundation {
        &self.0.foundation
    }

    /// Clients for other departments.
    #[cfg(test)]
    pub(crate) fn peer_clients(&self) -> &PeerClients {
        &self.foundation().clients
    }

    pub(crate) fn areas(&self) -> &Areas {
        &self.0.areas
    }

    /// The department.
    pub fn entity(&self) -> &EntityId {
        &self.foundation().config.entity
    }

    /// Its configuration.
    pub fn config(&self) -> &Config {
        &self.foundation().config
    }

    /// The clock; read it once a request.
    pub fn clock(&self) -> &Clock {
        &self.foundation().clock
    }

    /// Its keys.
    pub fn keys(&self) -> &Keys {
        &self.foundation().keys
    }

    /// Its database.
    pub fn db(&self) -> &Database {
        &self.foundation().db
    }

    /// What it pinned of the trust anchor.
    pub fn trust_root(&self) -> &TrustRoot {
        &self.foundation().root
    }

    /// Where connections may go.
    pub fn networks(&self) -> &NetworkPolicy {
        &self.foundation().networks
    }

    /// The directory as last seen; look-ups in it refuse what has ended.
    pub fn directory(&self) -> Arc<DirectorySnapshot> {
        self.foundation().directory()
    }

    /// The origin of the federation's wallet as the trust anchor signed it; nothing in our own configuration changes it.
    pub fn wallet_origin(&self) -> Option<String> {
        let directory = self.directory();
        let origin = directory.members().anchor().metadata().wallet_origin.as_ref();
        origin.map(ToString::to_string)
    }

    /// The department's own database, behind the contract.
    pub fn registry(&self) -> Option<&dyn Registry> {
        self.source().map(|source| source as &dyn Registry)
    }

    /// The department's own database: registry, residents, matchers, rolls, changes.
    pub fn source(&self) -> Option<&Source> {
        self.foundation().source.as_ref()
    }

    /// Which pseudonym is which local number.
    pub fn links(&self) -> &Links {
        &self.foundation().links
    }

    /// Our certificate and its key, for listeners.
    pub fn identity(&self) -> &ServerIdentity {
        &self.foundation().identity
    }

    /// Members' certificates, as the peers' listener admits them.
    pub fn admitted_peers(&self) -> &PinnedSet<EntityId> {
        &self.foundation().admitted_peers
    }

    /// Certificates of our own systems, as the local listener admits them.
    pub fn admitted_systems(&self) -> &PinnedSet<SystemPrincipal> {
        &self.foundation().admitted_systems
    }

    /// One of our own systems by name.
    pub fn system(&self, name: &SystemName) -> Option<&SystemSettings> {
        self.config().systems.iter().find(|system| system.name == *name)
    }

    /// A client for a member that may take part now, trusting its listed certificates alone.
    ///
    /// # Errors
    /// `peer-unknown`, `peer-suspended`, `directory-outdated`, or `peer-certificate-mismatch` if no client can be made.
    pub fn peer_client(&self, entity: &EntityId) -> Result<PeerClient, Refusal> {
        let snapshot = self.directory();
        let member = snapshot.peer(entity, self.clock().now())?;
        let unusable = |error: HttpError| {
            tracing::warn!(%entity, %error, "no client can be made for a member");
            Refusal::new(Code::PeerCertificateMismatch, "no client can be made of the member's certificates")
        };
        self.foundation().clients.client(member).map_err(unusable)
    }

    /// A client for the trust anchor; kept, with its connections, while the anchor's statement stays the same.
    ///
    /// # Errors
    /// If its statement has ended or no client can be made.
    pub fn anchor_client(&self) -> Result<AnchorClient, AnchorError> {
        let snapshot = self.directory();
        let statement = snapshot.anchor_configuration();
        let mut made = self.foundation().anchor.lock().unwrap_or_else(PoisonError::into_inner);
        match &*made {
            Some((known, client)) if known == statement => Ok(client.clone()),
            _ => {
                let client = AnchorClient::new(statement, self.trust_root(), self.networks().clone(), self.now())?;
                *made = Some((statement.clone(), client.clone()));
                Ok(client)
            }
        }
    }

    /// Asks the anchor what is new and takes it over.
    ///
    /// # Errors
    /// If the anchor is away or not believed; the directory then stays as it was.
    pub async fn refresh_directory(&self) -> Result<Arc<DirectorySnapshot>, RefreshError> {
        let _turn = self.foundation().refreshing.lock().await;
        let client = self.anchor_client()?;
        let (before, now) = (self.directory(), self.clock().now());
        let refreshed = directory::refresh(self.db(), &client, self.trust_root(), Some(before), now).await?;
        let snapshot = Arc::new(refreshed.snapshot);
        self.foundation().admit_peers(&snapshot);
        *self.foundation().directory.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&snapshot);
        Ok(snapshot)
    }

    /// Pokes the outbox pump: something was queued for the log.
    pub fn wake_anchor(&self) {
        self.wakes().wake(crate::jobs::ANCHOR);
    }

    /// Pokes of the jobs, by name.
    pub fn wakes(&self) -> &Wakes {
        &self.foundation().wakes
    }

    /// Refuses new exchanges when a receipt has waited for the log longer than the grace.
    ///
    /// # Errors
    /// `anchor-overdue`; `overloaded` if the database cannot tell.
    pub async fn authorize_anchored(&self) -> Result<(), Refusal> {
        self.foundation().overdue.authorize(self.db(), self.clock()).await
    }

    /// Now, of this gateway's clock.
    pub fn now(&self) -> Timestamp {
        self.clock().now()
    }
}
