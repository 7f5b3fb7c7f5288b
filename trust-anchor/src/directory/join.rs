//! Joining, and updating what one joined with. Read [`join`] from top to bottom.
//!
//! Guarantees: the digest is in the log before the directory speaks of it; an invitation is used once; only the
//! federation key that a member joined with may update it. A stop between log and directory leaves a digest that
//! nothing refers to, and the same request again ends well.

use schemas::{digest::Digest, federation::JoinRequest, id::EntityId, problem::Code, time::Timestamp};
use service_kit::{
    audit_trail::{self, Outcome},
    db::{Database, DatabaseError},
};
use tlog::entry::{EntryType, RecordDigest};

use super::{
    application::{self, Application, ApplicationError},
    statement,
};
use crate::{
    sequencer::{LogQueue, QueueError, Wanted},
    store::{
        Connection, StoreError,
        member::{self, Configuration, Invitation, Member},
    },
};

/// A configuration is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Joined {
    /// Where its digest stands in the log.
    pub log_index: u64,
}

/// Nobody joined, nothing changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JoinError {
    #[error(transparent)]
    Application(#[from] ApplicationError),
    #[error("this invitation is not known, or it has ended; mend: ask the authority for a new one")]
    InvitationUnknown,
    #[error(
        "this invitation was used; mend: a member updates its entry with its own federation key; a lost key needs a new invitation"
    )]
    InvitationUsed,
    #[error("this invitation is for another entity; mend: use the one for this entity")]
    OtherEntity,
    #[error("only the federation key with which this member joined may update it")]
    OtherKey,
    #[error("a configuration as new or newer is in force; mend: sign one with a later `iat`")]
    NotNewer,
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<DatabaseError> for JoinError {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

impl JoinError {
    /// The code of refusal.
    pub(crate) const fn code(&self) -> Code {
        match self {
            Self::Application(error) => error.code(),
            Self::InvitationUnknown | Self::OtherEntity => Code::AccessDenied,
            Self::InvitationUsed | Self::NotNewer => Code::Conflict,
            Self::OtherKey => Code::SignatureInvalid,
            Self::Queue(_) => Code::Overloaded,
            Self::Store(_) => Code::Internal,
        }
    }
}

/// Takes a new member in, or puts a member's newer configuration in force.
pub(crate) async fn join(
    database: &Database,
    queue: &LogQueue,
    anchor: &EntityId,
    request: JoinRequest,
    now: Timestamp,
) -> Result<Joined, JoinError> {
    let application = application::verify(&request.entity_configuration, anchor, now)?;
    let entity = application.claims.sub.clone();
    let code = Digest::of(&request.invitation);
    let by_invitation = !request.invitation.is_empty();
    let wanted = entity.clone();
    let found = database
        .read(move |conn| {
            Ok::<_, StoreError>((member::member_find(conn, &wanted)?, member::invitation_find(conn, code)?))
        })
        .await?;
    // A stranger's attempt is counted by the server; a row of the audit trail is for those whom an officer knows.
    let is_known = found.0.is_some() || found.1.is_some();
    let result = match found {
        (Some(member), invitation) if !by_invitation || invitation.is_some() => {
            update(database, queue, member, application, by_invitation, now).await
        }
        (_, invitation) => enter(database, queue, invitation, code, application, now).await,
    };
    if let Err(error) = &result
        && is_known
    {
        record_refusal(database, &entity, error, now).await?;
    }
    result
}

async fn enter(
    database: &Database,
    queue: &LogQueue,
    invitation: Option<Invitation>,
    code: Digest,
    application: Application,
    now: Timestamp,
) -> Result<Joined, JoinError> {
    let invitation = authorize(invitation, &application, now)?;
    let configuration = log(queue, &application).await?;
    let log_index = configuration.log_index;
    let entity = application.claims.sub;
    database
        .write(move |conn| {
            if !member::invitation_claim(conn, code, now)? {
                return Err(JoinError::InvitationUsed);
            }
            member::member_insert(conn, &entity, &invitation, &configuration, now)?;
            audit(conn, &entity, "member.join", Outcome::Done, None, now)
        })
        .await?;
    Ok(Joined { log_index })
}

fn authorize(
    invitation: Option<Invitation>,
    application: &Application,
    now: Timestamp,
) -> Result<Invitation, JoinError> {
    let invitation =
        invitation.filter(|found| found.used || found.expires_at > now).ok_or(JoinError::InvitationUnknown)?;
    if invitation.used {
        return Err(JoinError::InvitationUsed);
    }
    if invitation.entity != application.claims.sub {
        return Err(JoinError::OtherEntity);
    }
    application::authorize_roles(&application.gateway, &invitation.roles)?;
    Ok(invitation)
}

async fn update(
    database: &Database,
    queue: &LogQueue,
    known: Member,
    application: Application,
    by_invitation: bool,
    now: Timestamp,
) -> Result<Joined, JoinError> {
    if by_invitation {
        return Err(JoinError::InvitationUsed);
    }
    // The same configuration again: the answer to a lost answer.
    if known.configuration == application.jws {
        return Ok(Joined { log_index: log(queue, &application).await?.log_index });
    }
    let trusted = statement::federation_keys(&known.configuration)?;
    if !trusted.keys.iter().any(|jwk| jwk.kid.as_ref() == Some(&application.signer)) {
        return Err(JoinError::OtherKey);
    }
    if application.claims.iat <= known.configuration_iat {
        return Err(JoinError::NotNewer);
    }
    application::authorize_roles(&application.gateway, &known.roles)?;
    let configuration = log(queue, &application).await?;
    let log_index = configuration.log_index;
    database
        .write(move |conn| {
            if !member::configuration_replace(conn, &known.entity, &configuration)? {
                return Err(JoinError::NotNewer);
            }
            audit(conn, &known.entity, "member.update", Outcome::Done, None, now)
        })
        .await?;
    Ok(Joined { log_index })
}

/// Durable in the log first: nothing in the directory is in force that the log does not have.
async fn log(queue: &LogQueue, application: &Application) -> Result<Configuration, JoinError> {
    let digest = RecordDigest::of(application.jws.as_str().as_bytes());
    let placed = queue.sequence(vec![Wanted { entry_type: EntryType::Directory, digest }]).await?;
    let place = placed.first().ok_or(QueueError::Refusing)?;
    Ok(Configuration { jws: application.jws.clone(), iat: application.claims.iat, log_index: place.index })
}

async fn record_refusal(
    database: &Database,
    entity: &EntityId,
    error: &JoinError,
    now: Timestamp,
) -> Result<(), JoinError> {
    let (entity, code) = (entity.clone(), error.code());
    database.write(move |conn| audit(conn, &entity, "member.join", Outcome::Refused, Some(code), now)).await
}

fn audit(
    conn: &mut Connection,
    entity: &EntityId,
    action: &str,
    outcome: Outcome,
    code: Option<Code>,
    at: Timestamp,
) -> Result<(), JoinError> {
    let entry = audit_trail::Entry {
        at,
        actor: entity.to_string(),
        action: action.to_owned(),
        target: entity.to_string(),
        outcome,
        code,
    };
    audit_trail::append(conn, &entry).map_err(DatabaseError::from)?;
    Ok(())
}
