//! `vinimay anchor member …`

use schemas::{
    federation::{Role, Standing},
    id::{EntityId, Sector},
    time::Timestamp,
};
use serde::Serialize;

use super::{ACTOR, Action, CommandError, administer, audit, open};
use crate::{
    config::AnchorConfig,
    directory::{self, Invited},
    store::member,
};

/// A member, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemberView {
    /// Entity id.
    pub entity: EntityId,
    /// What it may do.
    pub roles: Vec<Role>,
    /// The sector of its pseudonyms.
    pub sector: Sector,
    /// Active or suspended.
    pub standing: Standing,
    /// Since when, RFC 3339.
    pub joined_at: String,
}

/// Invites an entity; the code is shown once and kept as a hash. `life_seconds` is how long it counts
/// (`directory::invitation` default: 7 days if `None`).
///
/// # Errors
/// [`CommandError`]; the attempt is in the audit trail.
pub fn member_invite(
    config: &AnchorConfig,
    entity: EntityId,
    roles: Vec<Role>,
    sector: Sector,
    life_seconds: Option<i64>,
) -> Result<Invited, CommandError> {
    let action = Action { name: "member.invite", target: entity.to_string() };
    administer(config, &action, |conn, _, now| {
        let life = life_seconds.unwrap_or(directory::DEFAULT_INVITATION_LIFE);
        let invited = directory::invite(conn, entity, roles, sector, now, life)?;
        audit(conn, &action, now)?;
        Ok(invited)
    })
}

/// All members, by entity id.
///
/// # Errors
/// [`CommandError`].
pub fn member_list(config: &AnchorConfig) -> Result<Vec<MemberView>, CommandError> {
    let members = open(config)?.read_blocking(member::members)?;
    let view = |one: member::Member| MemberView {
        entity: one.entity,
        roles: one.roles,
        sector: one.sector,
        standing: one.standing,
        joined_at: Timestamp::to_string(&one.joined_at),
    };
    Ok(members.into_iter().map(view).collect())
}

/// Suspends a member: the directory says so at once, everybody knows within 60 s, the log holds it.
///
/// # Errors
/// [`CommandError`]; the attempt is in the audit trail.
pub fn member_suspend(config: &AnchorConfig, entity: &EntityId) -> Result<(), CommandError> {
    change(config, "member.suspend", entity, Standing::Suspended)
}

/// Lifts a suspension.
///
/// # Errors
/// [`CommandError`]; the attempt is in the audit trail.
pub fn member_resume(config: &AnchorConfig, entity: &EntityId) -> Result<(), CommandError> {
    change(config, "member.resume", entity, Standing::Active)
}

fn change(
    config: &AnchorConfig,
    name: &'static str,
    entity: &EntityId,
    standing: Standing,
) -> Result<(), CommandError> {
    let action = Action { name, target: entity.to_string() };
    administer(config, &action, |conn, keys, now| {
        Ok(directory::set_standing(conn, &config.entity, &keys.federation, ACTOR, entity, standing, now)?)
    })
}
