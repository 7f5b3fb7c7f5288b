//! Inviting an entity: what it may become, and the one-time code that it proves the invitation with.
//!
//! Guarantees: the code is 256 random bits, kept only as a hash, and ends. Deliberately absent: sending it.

use protocol::seal::random;
use schemas::{
    digest::Digest,
    federation::Role,
    id::{EntityId, Sector},
    time::Timestamp,
};

use crate::store::{Connection, StoreError, member};

/// How long an invitation counts if nothing else is said, seconds.
pub const DEFAULT_LIFE: i64 = 7 * 86_400;

/// An invitation, with the code that is shown once.
#[derive(Clone)]
pub struct Invited {
    /// The invited entity.
    pub entity: EntityId,
    /// The one-time code: pass it on by another way than this network.
    pub code: String,
    /// Until when it counts.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for Invited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Invited({} until {})", self.entity, self.expires_at)
    }
}

/// Nobody was invited.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is such a member.
    #[error(
        "{0} is a member already; mend: `vinimay anchor member list` shows it; a member updates its entry by itself"
    )]
    AlreadyMember(EntityId),
    /// Roles are needed.
    #[error(
        "an invitation needs at least one role; mend: add `--role provider`, `--role consumer:<family>` or another"
    )]
    NoRole,
}

/// Keeps an invitation for this entity.
pub(crate) fn invite(
    conn: &mut Connection,
    entity: EntityId,
    roles: Vec<Role>,
    sector: Sector,
    now: Timestamp,
    life_seconds: i64,
) -> Result<Invited, InviteError> {
    if roles.is_empty() {
        return Err(InviteError::NoRole);
    }
    if member::member_find(conn, &entity)?.is_some() {
        return Err(InviteError::AlreadyMember(entity));
    }
    let (code, expires_at) = (random::token(), now.plus(life_seconds));
    let kept = member::Invitation { entity: entity.clone(), roles, sector, expires_at, used: false };
    member::invitation_insert(conn, Digest::of(&code), &kept)?;
    Ok(Invited { entity, code, expires_at })
}
