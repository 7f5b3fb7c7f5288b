//! `vinimay anchor init`: keys, database and an empty, signed log, once; never implicitly, never again.
//!
//! Guarantees: nothing is changed if anything is there already; the database is the last thing that appears, so
//! an interrupted `init` is seen and named. Deliberately absent: joining an existing authority.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use schemas::{bundle::TrustRoot, id::EntityId, time::Timestamp, version::V1};
use service_kit::{
    audit_trail::{self, Outcome},
    db::{Database, DatabaseError, DatabaseUrl, MigrateError, OpenError},
};
use tlog::{merkle::EMPTY_ROOT, note::KeyName};

use crate::{
    config::AnchorConfig,
    configuration::{self, ConfigurationError},
    keys::{self, Keys, KeysError},
    published_file::{PublishedFile, PublishedFileError},
    sequencer::sign_checkpoint,
    store::{self, StoreError, anchor::Identity, log::Head},
};

/// The trust root's file in the data folder.
pub const TRUST_ROOT_FILE: &str = "trust-root.json";

/// What `init` made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Initialised {
    /// What members and auditors pin; also in [`Self::trust_root_file`].
    pub trust_root: TrustRoot,
    /// Where it was written.
    pub trust_root_file: PathBuf,
    /// The root certificate for `openssl ts -verify -CAfile`.
    pub tsa_root_file: PathBuf,
    /// Private keys of the officers that were made.
    pub officer_keys: Vec<PathBuf>,
}

/// `init` changed nothing, or was interrupted and says so next time.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// There is an anchor already.
    #[error(
        "{path} already exists: this anchor was initialised before; mend: `vinimay anchor run`, or choose another data_dir"
    )]
    AlreadyThere {
        /// What was found.
        path: PathBuf,
    },
    /// Keys are there, the database is not.
    #[error(
        "{path} holds keys and there is no database: an earlier init was interrupted; mend: remove that folder and run init again"
    )]
    Interrupted {
        /// The folder of the keys.
        path: PathBuf,
    },
    /// A folder or file cannot be made.
    #[error("{path}: {source}; mend: let this user write there")]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The origin cannot name a log.
    #[error("the entity cannot name a log")]
    Origin,
    /// Keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its tables.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// Its first rows.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The anchor's own entity configuration.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The published checkpoint.
    #[error(transparent)]
    Published(#[from] PublishedFileError),
}

impl From<DatabaseError> for InitError {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

/// Makes an anchor. `officers` are persons for whom key files are made here (a demonstration, a small site); others
/// bring their public key through the configuration. Call it inside a tokio runtime.
///
/// # Errors
/// [`InitError`], with its mend.
pub fn init(config: &AnchorConfig, officers: &[String], now: Timestamp) -> Result<Initialised, InitError> {
    refuse_second(config)?;
    officers.iter().try_for_each(|person| keys::check_person(person))?;
    let origin = origin(config, now)?;
    make_folder(&config.data_dir())?;
    keys::create(config, &origin, officers, now)?;
    let keys = Keys::load(config)?;
    let genesis = Head {
        size: 0,
        root: EMPTY_ROOT,
        received_ms: u64::try_from(now.seconds()).unwrap_or(0).saturating_mul(1_000),
        note: sign_checkpoint(0, EMPTY_ROOT, &keys.log).ok_or(InitError::Origin)?,
    };
    PublishedFile::in_folder(&config.data_dir()).write(&genesis.note)?;
    let trust_root_file = write_trust_root(config, &keys)?;
    create_database(config, &keys, genesis, now)?;
    let key_of = |person: &String| config.keys_dir().join("officers").join(format!("{person}.pem"));
    Ok(Initialised {
        trust_root: trust_root(&config.entity, &keys),
        trust_root_file,
        tsa_root_file: config.keys_dir().join("tsa-root.pem"),
        officer_keys: officers.iter().map(key_of).collect(),
    })
}

fn refuse_second(config: &AnchorConfig) -> Result<(), InitError> {
    if let DatabaseUrl::Sqlite(path) = config.database()
        && path.exists()
    {
        return Err(InitError::AlreadyThere { path });
    }
    let keys = config.keys_dir();
    if keys.join("federation.pem").exists() { Err(InitError::Interrupted { path: keys }) } else { Ok(()) }
}

/// `<host>/log/<year>`: one key a period; the next log has the next name.
fn origin(config: &AnchorConfig, now: Timestamp) -> Result<KeyName, InitError> {
    let year = now.civil_day().date().year();
    format!("{}/log/{year}", config.authority()).parse().map_err(|_| InitError::Origin)
}

fn make_folder(path: &Path) -> Result<(), InitError> {
    use std::os::unix::fs::DirBuilderExt;
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| InitError::Io { path: path.to_owned(), source })
}

/// What a member or an auditor pins.
pub fn trust_root(entity: &EntityId, keys: &Keys) -> TrustRoot {
    TrustRoot {
        v: V1,
        entity: entity.clone(),
        fingerprint: keys.federation.kid().clone(),
        log_vkey: keys.log.verifying_key().to_string(),
        tsa_root: STANDARD.encode(keys.tsa_root.as_bytes()),
    }
}

fn write_trust_root(config: &AnchorConfig, keys: &Keys) -> Result<PathBuf, InitError> {
    let path = config.data_dir().join(TRUST_ROOT_FILE);
    let io = |source| InitError::Io { path: path.clone(), source };
    let mut json = serde_json::to_vec_pretty(&trust_root(&config.entity, keys)).map_err(|error| io(error.into()))?;
    json.push(b'\n');
    fs::write(&path, json).map_err(io)?;
    Ok(path)
}

fn create_database(config: &AnchorConfig, keys: &Keys, genesis: Head, now: Timestamp) -> Result<(), InitError> {
    let database = Database::create(&config.database())?;
    database.migrate(&store::migrations())?;
    let identity = Identity {
        entity: config.entity.clone(),
        origin: keys.log.verifying_key().name().to_string(),
        log_vkey: keys.log.verifying_key().to_string(),
    };
    database.write_blocking(|conn| {
        store::anchor::identity_insert(conn, &identity, now.numeric())?;
        store::log::head_insert(conn, &genesis)?;
        configuration::current(conn, configuration::Described::of(config), keys, now)?;
        let entry = audit_trail::Entry {
            at: now,
            actor: "command-line".to_owned(),
            action: "anchor.init".to_owned(),
            target: config.entity.to_string(),
            outcome: Outcome::Done,
            code: None,
        };
        audit_trail::append(conn, &entry).map_err(DatabaseError::from)?;
        Ok(())
    })
}
