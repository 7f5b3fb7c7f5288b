//! `vinimay gateway init`: keys, certificate and database, once; never implicitly, never again.
//!
//! Guarantees: nothing is changed if anything is there already; keys are made beside their folder and moved in as the last
//! step, so that an `init` that failed leaves nothing in the way of the next. Deliberately absent: joining a federation.

use std::{
    io,
    path::{Path, PathBuf},
};

use protocol::seal::{
    KeyError,
    certificate::{HostName, TlsIdentity},
};
use schemas::{
    id::{EntityId, KeyId},
    time::Timestamp,
};
use service_kit::db::{Database, DatabaseError, DatabaseUrl, MigrateError, OpenError, require_free_space};

use crate::{
    audit,
    config::Config,
    keys::{KeyFileError, KeyFolder},
    store::MIGRATIONS,
};

/// How long the certificate of the listeners lasts (security, "Limits and time-outs").
pub const CERTIFICATE_SECONDS: i64 = 90 * 86_400;

type Create = fn(&DatabaseUrl) -> Result<Database, OpenError>;
#[cfg(not(test))]
const CREATE: Create = Database::create;
#[cfg(test)]
const CREATE: Create = crate::testing::create_database;

/// What was made.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Initialised {
    /// The department.
    pub entity: EntityId,
    /// The folder with the keys.
    pub keys: PathBuf,
    /// The database, without a password.
    pub database: String,
    /// Thumbprint of the federation key: what the authority will know the department by.
    pub federation_key: KeyId,
    /// Until when the certificate of the listeners is valid.
    pub certificate_ends: Timestamp,
}

/// Nothing was made. Each says how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// There is a gateway already.
    #[error(
        "{path} exists already: this gateway was initialised before; mend: `vinimay gateway join` or `run` it, or choose another place"
    )]
    AlreadyThere {
        /// What is in the way.
        path: PathBuf,
    },
    /// A folder cannot be made or moved.
    #[error("{path}: {source}; mend: let this user write there")]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An address has a host that no certificate can name.
    #[error(
        "{url} has no host that a certificate can name; mend: use a DNS name in lower case or an IP address in [public]"
    )]
    Host {
        /// The address.
        url: EntityId,
    },
    /// The certificate could not be made.
    #[error("the certificate could not be made")]
    Certificate(#[source] KeyError),
    /// Keys.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// A password file.
    #[error(transparent)]
    Secret(#[from] service_kit::secret::SecretError),
    /// The database, a full disk included.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its tables.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// Its first row.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// Makes keys, certificate and database. Blocks; call it inside a tokio runtime.
///
/// # Errors
/// [`InitError`], with its mend; then nothing was changed.
pub fn init(config: &Config, now: Timestamp) -> Result<Initialised, InitError> {
    let folder = config.keys.folder.resolve();
    let url = config.database.address()?;
    refuse_second(&folder, &url)?;
    if let DatabaseUrl::Sqlite(path) = &url {
        require_free_space(path)?;
    }
    require_free_space(&folder)?;
    let hosts = hosts(config)?;
    let tls = TlsIdentity::self_signed(config.entity.as_str(), &hosts, now.plus(-60), now.plus(CERTIFICATE_SECONDS))
        .map_err(InitError::Certificate)?;
    let staged = staging(&folder);
    let made = make(config, &url, &KeyFolder::new(&staged), &tls, now);
    match made.and_then(|()| rename(&staged, &folder)) {
        Ok(()) => Ok(Initialised {
            entity: config.entity.clone(),
            federation_key: KeyFolder::new(&folder).federation()?.kid().clone(),
            keys: folder,
            database: url.to_string(),
            certificate_ends: now.plus(CERTIFICATE_SECONDS),
        }),
        Err(error) => {
            // Keys that signed nothing yet: whoever runs init again gets new ones.
            let _ = std::fs::remove_dir_all(&staged);
            Err(error)
        }
    }
}

fn refuse_second(folder: &Path, url: &DatabaseUrl) -> Result<(), InitError> {
    let occupied = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if occupied {
        return Err(InitError::AlreadyThere { path: folder.to_owned() });
    }
    match url {
        DatabaseUrl::Sqlite(path) if path.exists() => Err(InitError::AlreadyThere { path: path.clone() }),
        _ => Ok(()),
    }
}

/// Beside the folder, so that the move is one step of one file system.
fn staging(folder: &Path) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(".init");
    folder.with_file_name(name)
}

fn make(
    config: &Config,
    url: &DatabaseUrl,
    keys: &KeyFolder,
    tls: &TlsIdentity,
    now: Timestamp,
) -> Result<(), InitError> {
    make_folder(keys.path())?;
    let sectors = config.identity.as_ref().map(|identity| identity.sectors.clone()).unwrap_or_default();
    keys.create(tls, &sectors)?;
    let database = CREATE(url)?;
    let filled = database.migrate(&MIGRATIONS).map_err(InitError::from).and_then(|_| {
        database.write_blocking(|conn| Ok(audit::append(conn, &audit::by_command_line(config, audit::INIT, now))?))
    });
    if filled.is_err()
        && let DatabaseUrl::Sqlite(path) = url
    {
        // We made this file a moment ago; without its tables it is only in the way.
        let _ = std::fs::remove_file(path);
    }
    filled
}

fn make_folder(path: &Path) -> Result<(), InitError> {
    use std::os::unix::fs::DirBuilderExt as _;
    let io = |source| InitError::Io { path: path.to_owned(), source };
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(error)),
        _ => {}
    }
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io)
}

fn rename(from: &Path, to: &Path) -> Result<(), InitError> {
    let io = |source| InitError::Io { path: to.to_owned(), source };
    std::fs::rename(from, to).map_err(io)?;
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(parent).and_then(|folder| folder.sync_all()).map_err(io)
}

/// The hosts under which others and our own systems call: those of `[public]` and of the wallet, and `localhost`.
fn hosts(config: &Config) -> Result<Vec<HostName>, InitError> {
    let mut hosts = Vec::new();
    let wallet = config.wallet.as_ref().map(|wallet| &wallet.public);
    for url in [&config.public.people, &config.public.peers, &config.entity].into_iter().chain(wallet) {
        let host = url::Url::parse(url.as_str()).ok().and_then(|parsed| parsed.host_str().map(str::to_owned));
        let host = host.and_then(|host| host.parse().ok()).ok_or_else(|| InitError::Host { url: url.clone() })?;
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    let localhost = HostName::Dns("localhost".into());
    if !hosts.contains(&localhost) {
        hosts.push(localhost);
    }
    Ok(hosts)
}

#[cfg(test)]
mod tests;
