//! `vinimay gateway join`: from a fingerprint on paper to a first verified directory.
//!
//! Guarantees: before anything is sent, the anchor has shown a statement signed by the key of that fingerprint, over a
//! connection that is then pinned to its certificates; what is written down (`trust-root.json`) was verified; a second `join`
//! never changes the anchor. Deliberately absent: any trust in the first connection itself.

use std::{
    io,
    path::{Path, PathBuf},
};

use protocol::federation::{FederationError, VerifiedAnchor};
use schemas::{
    bundle::TrustRoot,
    federation::JoinRequest,
    id::{CompactJws, EntityId, KeyId},
    problem::Code,
    time::Timestamp,
    version::V1,
};
use service_kit::db::{Database, DatabaseError};

use crate::{
    app::{StartError, open_database, open_source},
    audit,
    clients::anchor::{AnchorClient, AnchorError, configuration_unpinned},
    config::Config,
    configuration::{self, ConfigurationError},
    directory::{self, DirectorySnapshot, RefreshError},
    keys::{KeyFileError, KeyFolder},
    people::published_officer_keys,
    store::{
        directory::{StatementKind, statement_seen_find},
        people::PeopleStoreError,
    },
};

/// The file in the key folder that says which trust anchor is ours.
pub const TRUST_ROOT_FILE: &str = "trust-root.json";

/// What the person who joins has on paper.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The anchor's entity id.
    pub anchor: EntityId,
    /// Thumbprint of its federation key.
    pub fingerprint: KeyId,
    /// The one-time code; `None` updates an entry with which one joined before.
    pub code: Option<String>,
}

/// Joined, or updated.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Joined {
    /// The department.
    pub entity: EntityId,
    /// The anchor.
    pub anchor: EntityId,
    /// Members that the directory lists now.
    pub members: usize,
    /// What the anchor lets the department do.
    pub roles: Vec<schemas::federation::Role>,
}

/// `trust-root.json` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustRootError {
    /// Not there.
    #[error("{path} does not exist: this gateway has not joined a federation; mend: run `vinimay gateway join`")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// Cannot be read, or holds something else.
    #[error("{path}: {problem}; mend: restore it from a backup, or remove it and run `vinimay gateway join` again")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}

/// Nobody joined.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The anchor's key is not the one on paper.
    #[error(
        "the key of {anchor} has the fingerprint {found}, not {expected}: this is not the trust anchor you were told of; mend: compare both with the authority on another way, and do not go on before"
    )]
    WrongFingerprint {
        /// The anchor.
        anchor: EntityId,
        /// On paper.
        expected: KeyId,
        /// On line.
        found: KeyId,
    },
    /// The anchor's statement does not verify.
    #[error("the statement of {anchor} does not verify; mend: check the address, and ask the authority")]
    Untrusted {
        /// The anchor.
        anchor: EntityId,
        /// Why.
        #[source]
        source: FederationError,
    },
    /// The gateway belongs to another federation.
    #[error(
        "this gateway has joined {joined}; mend: to change the federation, remove {path} and join with a new invitation"
    )]
    OtherFederation {
        /// The anchor that was pinned.
        joined: EntityId,
        /// The file that says so.
        path: PathBuf,
    },
    /// The anchor does not answer.
    #[error(
        "{anchor} cannot be reached: {source}; mend: check the address and that the trust anchor runs, then join again; an invitation is used up only by success"
    )]
    Away {
        /// The anchor.
        anchor: EntityId,
        /// Why.
        source: AnchorError,
    },
    /// The anchor refused.
    #[error("the trust anchor refused: {detail} ({code})")]
    Refused {
        /// Why.
        code: Code,
        /// In its words, with its mend.
        detail: String,
    },
    /// Admitted, and the directory could not be read.
    #[error(
        "the application was taken, but the directory could not be read: {0}; mend: run `vinimay gateway join` again without an invitation"
    )]
    Directory(#[source] RefreshError),
    /// Admitted, and the directory does not list us.
    #[error(
        "the directory does not list this department yet; mend: run `vinimay gateway join` again without an invitation"
    )]
    NotListed,
    /// Our own files.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Key files.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// The pinned root.
    #[error(transparent)]
    TrustRoot(#[from] TrustRootError),
    /// Our own statement.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Keys of officers.
    #[error(transparent)]
    Officers(#[from] PeopleStoreError),
    /// The root could not be written.
    #[error(
        "{path}: {source}; mend: let this user write there, then run `vinimay gateway join` again without an invitation"
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl JoinError {
    /// Whether something that was to be trusted must not be.
    pub const fn is_trust_failure(&self) -> bool {
        matches!(self, Self::WrongFingerprint { .. } | Self::Untrusted { .. })
    }

    /// Whether nothing can be told because the anchor is away.
    pub const fn is_away(&self) -> bool {
        matches!(self, Self::Away { .. })
    }
}

/// Reads the pinned root of trust.
///
/// # Errors
/// [`TrustRootError`], with its mend.
pub fn read_trust_root(keys: &Path) -> Result<TrustRoot, TrustRootError> {
    let path = keys.join(TRUST_ROOT_FILE);
    let unreadable = |problem: String| TrustRootError::Unreadable { path: path.clone(), problem };
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(TrustRootError::Missing { path }),
        Err(error) => Err(unreadable(error.to_string())),
    }
}

/// Joins, or updates the entry with which the department joined before.
///
/// # Errors
/// [`JoinError`], with its mend.
pub async fn join(config: &Config, invitation: &Invitation, now: Timestamp) -> Result<Joined, JoinError> {
    let folder = KeyFolder::new(config.keys.folder.resolve());
    let database = open_database(config)?;
    let result = match refuse_other_federation(folder.path(), invitation) {
        Ok(()) => apply(config, &folder, &database, invitation, now).await,
        Err(error) => Err(error),
    };
    let entry = audit::by_command_line(config, audit::JOIN, now);
    let entry = match &result {
        Ok(_) => entry,
        Err(JoinError::Refused { code, .. }) => audit::refused(entry, Some(*code)),
        Err(_) => audit::refused(entry, None),
    };
    audit::record(&database, entry).await?;
    result
}

fn refuse_other_federation(keys: &Path, invitation: &Invitation) -> Result<(), JoinError> {
    match read_trust_root(keys) {
        Ok(root) if root.entity == invitation.anchor && root.fingerprint == invitation.fingerprint => Ok(()),
        Ok(root) => Err(JoinError::OtherFederation { joined: root.entity, path: keys.join(TRUST_ROOT_FILE) }),
        Err(TrustRootError::Missing { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn apply(
    config: &Config,
    folder: &KeyFolder,
    database: &Database,
    invitation: &Invitation,
    now: Timestamp,
) -> Result<Joined, JoinError> {
    let networks = config.network.policy().map_err(StartError::Networks)?;
    let away = |source| JoinError::Away { anchor: invitation.anchor.clone(), source };
    let statement = configuration_unpinned(&invitation.anchor, networks.clone()).await.map_err(away)?;
    let root = pin(&statement, invitation, now)?;
    // From here on the connection is pinned to certificates that the fingerprint vouches for.
    let client = AnchorClient::new(&statement, &root, networks, now).map_err(away)?;
    let entity_configuration = own_statement(config, folder, database, &root, now).await?;
    let code = invitation.code.clone().unwrap_or_default();
    client
        .join(&JoinRequest { invitation: code, entity_configuration })
        .await
        .map_err(|error| refusal(invitation, error))?;
    let refreshed = directory::refresh(database, &client, &root, None, now).await.map_err(JoinError::Directory)?;
    let joined = listed(config, &root, &refreshed.snapshot)?;
    write_trust_root(folder.path(), &root)?;
    Ok(joined)
}

/// Holds the anchor's statement against the fingerprint on paper.
fn pin(statement: &CompactJws, invitation: &Invitation, now: Timestamp) -> Result<TrustRoot, JoinError> {
    let anchor = invitation.anchor.clone();
    let untrusted = |source| JoinError::Untrusted { anchor: anchor.clone(), source };
    let applicant = protocol::federation::verify_applicant(statement, now).map_err(untrusted)?;
    if *applicant.signer() != invitation.fingerprint {
        return Err(JoinError::WrongFingerprint {
            anchor,
            expected: invitation.fingerprint.clone(),
            found: applicant.signer().clone(),
        });
    }
    let metadata = applicant.claims().metadata.trust_anchor.clone();
    let metadata = metadata.ok_or(FederationError::Metadata("no trust_anchor")).map_err(untrusted)?;
    let root = TrustRoot {
        v: V1,
        entity: anchor.clone(),
        fingerprint: invitation.fingerprint.clone(),
        log_vkey: metadata.log_vkey,
        tsa_root: metadata.tsa_root,
    };
    VerifiedAnchor::verify(statement, &root, now).map_err(untrusted)?;
    Ok(root)
}

/// A statement with a greater `iat` than any that the directory has had of us.
async fn own_statement(
    config: &Config,
    folder: &KeyFolder,
    database: &Database,
    root: &TrustRoot,
    now: Timestamp,
) -> Result<CompactJws, JoinError> {
    let sectors = config.identity.as_ref().map(|identity| identity.sectors.clone()).unwrap_or_default();
    let keys = folder.load(&sectors)?;
    let source = open_source(config)?;
    let entity = config.entity.clone();
    let seen = database.read(move |conn| statement_seen_find(conn, &entity, StatementKind::Configuration)).await?;
    let officers = database.read(published_officer_keys).await?;
    let after = seen.map_or(0, |mark| i64::try_from(mark.position).unwrap_or(i64::MAX)).saturating_add(1);
    let iat = Timestamp::from_seconds(now.seconds().max(after)).numeric();
    Ok(configuration::sign(&folder.federation()?, config, &keys, source.as_ref(), officers, &root.entity, iat)?)
}

fn refusal(invitation: &Invitation, error: AnchorError) -> JoinError {
    match error {
        AnchorError::Refused { code, detail, .. } => JoinError::Refused { code, detail },
        source => JoinError::Away { anchor: invitation.anchor.clone(), source },
    }
}

fn listed(config: &Config, root: &TrustRoot, snapshot: &DirectorySnapshot) -> Result<Joined, JoinError> {
    let member = snapshot.members().member(&config.entity).ok_or(JoinError::NotListed)?;
    Ok(Joined {
        entity: config.entity.clone(),
        anchor: root.entity.clone(),
        members: snapshot.members().members().count(),
        roles: member.roles().to_vec(),
    })
}

/// Whole or not at all: written beside and moved into place.
fn write_trust_root(keys: &Path, root: &TrustRoot) -> Result<(), JoinError> {
    let path = keys.join(TRUST_ROOT_FILE);
    let io = |source: io::Error| JoinError::Write { path: path.clone(), source };
    let mut json = serde_json::to_vec_pretty(root).map_err(|error| io(error.into()))?;
    json.push(b'\n');
    let staged = keys.join("trust-root.json.new");
    let mut file = std::fs::File::create(&staged).map_err(io)?;
    io::Write::write_all(&mut file, &json).and_then(|()| file.sync_all()).map_err(io)?;
    std::fs::rename(&staged, &path).map_err(io)
}

#[cfg(test)]
mod tests;
