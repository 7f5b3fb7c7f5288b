//! Suspending and resuming a member.
//!
//! Guarantees: standing, the statement that says it, the row of the audit trail and the place in the queue of the
//! log change in one transaction, so a suspension can neither be silent nor be lost. A refused action is a row too.

use protocol::seal::SigningKey;
use schemas::{federation::Standing, id::EntityId, problem::Code, time::Timestamp};
use service_kit::{
    audit_trail::{self, Outcome},
    db::DatabaseError,
};
use tlog::entry::{EntryType, RecordDigest};

use super::{StatementError, statement};
use crate::store::{Connection, StoreError, log, member};

/// Nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum StandingError {
    /// No such member.
    #[error("{0} is not a member; mend: `vinimay anchor member list` shows all")]
    Unknown(EntityId),
    /// It is so already.
    #[error("{0} has this standing already")]
    Unchanged(EntityId),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The statement could not be made.
    #[error(transparent)]
    Statement(#[from] StatementError),
}

impl From<DatabaseError> for StandingError {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

impl StandingError {
    /// The code under which a refusal stands in the audit trail.
    pub(crate) const fn code(&self) -> Code {
        match self {
            Self::Unknown(_) => Code::NotFound,
            Self::Unchanged(_) => Code::Conflict,
            Self::Store(_) | Self::Statement(_) => Code::Internal,
        }
    }
}

/// Changes the standing of a member. Call it in one transaction.
pub(crate) fn set_standing(
    conn: &mut Connection,
    anchor: &EntityId,
    key: &SigningKey,
    actor: &str,
    entity: &EntityId,
    standing: Standing,
    now: Timestamp,
) -> Result<(), StandingError> {
    let member = member::member_find(conn, entity)?.ok_or_else(|| StandingError::Unknown(entity.clone()))?;
    if member.standing == standing {
        return Err(StandingError::Unchanged(entity.clone()));
    }
    member::standing_set(conn, entity, standing)?;
    // The statement itself is the signed record of the policy event that goes into the log.
    let statement =
        statement::renew(conn, anchor, key, entity, now)?.ok_or_else(|| StandingError::Unknown(entity.clone()))?;
    log::pending_insert(conn, EntryType::Directory, RecordDigest::of(statement.as_str().as_bytes()))?;
    let entry = audit_trail::Entry {
        at: now,
        actor: actor.to_owned(),
        action: action(standing).to_owned(),
        target: entity.to_string(),
        outcome: Outcome::Done,
        code: None,
    };
    audit_trail::append(conn, &entry).map_err(DatabaseError::from)?;
    Ok(())
}

/// The name of the action in the audit trail.
pub(crate) const fn action(standing: Standing) -> &'static str {
    match standing {
        Standing::Active => "member.resume",
        Standing::Suspended => "member.suspend",
    }
}
