//! Members, their entity configurations, and invitations.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};
use schemas::{
    digest::Digest,
    federation::{Role, Standing},
    id::{CompactJws, EntityId, Sector},
    time::{NumericDate, Timestamp},
};

use super::{
    Connection, StoreError, bytes32,
    schema::{invitation, member, member_configuration},
    signed,
};

/// What an invited entity will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invitation {
    pub entity: EntityId,
    pub roles: Vec<Role>,
    pub sector: Sector,
    pub expires_at: Timestamp,
    pub used: bool,
}

/// A member as the directory knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub entity: EntityId,
    pub roles: Vec<Role>,
    pub sector: Sector,
    pub standing: Standing,
    pub joined_at: Timestamp,
    /// The entity configuration in force.
    pub configuration: CompactJws,
    pub configuration_digest: Digest,
    pub configuration_iat: NumericDate,
    /// `iat` of the newest subordinate statement ever given, which the next one must exceed.
    pub statement_iat: NumericDate,
    /// That statement, if it still says what is true.
    pub statement: Option<CompactJws>,
}

/// An entity configuration with its place in the log.
#[derive(Debug, Clone)]
pub(crate) struct Configuration {
    pub jws: CompactJws,
    pub iat: NumericDate,
    pub log_index: u64,
}

pub(crate) fn invitation_insert(conn: &mut Connection, code: Digest, new: &Invitation) -> Result<(), StoreError> {
    diesel::insert_into(invitation::table)
        .values((
            invitation::code_sha256.eq(code.as_bytes().to_vec()),
            invitation::entity.eq(new.entity.as_str()),
            invitation::roles.eq(join_roles(&new.roles)),
            invitation::sector.eq(new.sector.as_str()),
            invitation::expires_at.eq(new.expires_at.seconds()),
        ))
        .execute(conn)?;
    Ok(())
}

pub(crate) fn invitation_find(conn: &mut Connection, code: Digest) -> Result<Option<Invitation>, StoreError> {
    let row: Option<(String, String, String, i64, Option<i64>)> = invitation::table
        .filter(invitation::code_sha256.eq(code.as_bytes().to_vec()))
        .select((
            invitation::entity,
            invitation::roles,
            invitation::sector,
            invitation::expires_at,
            invitation::used_at,
        ))
        .first(conn)
        .optional()?;
    row.map(|(entity, roles, sector, expires_at, used_at)| {
        Ok(Invitation {
            entity: entity.parse().map_err(|_| StoreError::Damaged("invitation"))?,
            roles: split_roles(&roles)?,
            sector: sector.parse().map_err(|_| StoreError::Damaged("invitation"))?,
            expires_at: Timestamp::from_seconds(expires_at),
            used: used_at.is_some(),
        })
    })
    .transpose()
}

/// Uses up an invitation; false if somebody else has.
pub(crate) fn invitation_claim(conn: &mut Connection, code: Digest, now: Timestamp) -> Result<bool, StoreError> {
    let claimed = diesel::update(invitation::table)
        .filter(invitation::code_sha256.eq(code.as_bytes().to_vec()))
        .filter(invitation::used_at.is_null())
        .set(invitation::used_at.eq(now.seconds()))
        .execute(conn)?;
    Ok(claimed == 1)
}

/// Adds an active member with its first configuration.
pub(crate) fn member_insert(
    conn: &mut Connection,
    entity: &EntityId,
    invited: &Invitation,
    first: &Configuration,
    now: Timestamp,
) -> Result<(), StoreError> {
    diesel::insert_into(member::table)
        .values((
            member::entity.eq(entity.as_str()),
            member::roles.eq(join_roles(&invited.roles)),
            member::sector.eq(invited.sector.as_str()),
            member::standing.eq(standing_text(Standing::Active)),
            member::joined_at.eq(now.seconds()),
            member::configuration.eq(first.jws.as_str()),
            member::configuration_sha256.eq(Digest::of(first.jws.as_str()).as_bytes().to_vec()),
            member::configuration_iat.eq(first.iat.seconds()),
            member::statement_iat.eq(0_i64),
        ))
        .execute(conn)?;
    configuration_insert(conn, entity, first)
}

fn configuration_insert(conn: &mut Connection, entity: &EntityId, new: &Configuration) -> Result<(), StoreError> {
    diesel::insert_into(member_configuration::table)
        .values((
            member_configuration::entity.eq(entity.as_str()),
            member_configuration::iat.eq(new.iat.seconds()),
            member_configuration::jws.eq(new.jws.as_str()),
            member_configuration::log_index.eq(signed(new.log_index)?),
        ))
        .execute(conn)?;
    Ok(())
}

/// Puts a newer configuration in force; false if one as new or newer is there.
pub(crate) fn configuration_replace(
    conn: &mut Connection,
    entity: &EntityId,
    new: &Configuration,
) -> Result<bool, StoreError> {
    let replaced = diesel::update(member::table)
        .filter(member::entity.eq(entity.as_str()))
        .filter(member::configuration_iat.lt(new.iat.seconds()))
        .set((
            member::configuration.eq(new.jws.as_str()),
            member::configuration_sha256.eq(Digest::of(new.jws.as_str()).as_bytes().to_vec()),
            member::configuration_iat.eq(new.iat.seconds()),
            member::statement.eq(None::<String>),
        ))
        .execute(conn)?;
    if replaced == 1 {
        configuration_insert(conn, entity, new)?;
    }
    Ok(replaced == 1)
}

/// Keeps a new subordinate statement, which must be newer than the last one; false if it is not.
pub(crate) fn statement_put(
    conn: &mut Connection,
    entity: &EntityId,
    iat: NumericDate,
    statement: &CompactJws,
) -> Result<bool, StoreError> {
    let kept = diesel::update(member::table)
        .filter(member::entity.eq(entity.as_str()))
        .filter(member::statement_iat.lt(iat.seconds()))
        .set((member::statement_iat.eq(iat.seconds()), member::statement.eq(Some(statement.as_str()))))
        .execute(conn)?;
    Ok(kept == 1)
}

/// Changes the standing; the statement that said otherwise is forgotten.
pub(crate) fn standing_set(conn: &mut Connection, entity: &EntityId, standing: Standing) -> Result<(), StoreError> {
    diesel::update(member::table)
        .filter(member::entity.eq(entity.as_str()))
        .set((member::standing.eq(standing_text(standing)), member::statement.eq(None::<String>)))
        .execute(conn)?;
    Ok(())
}

type Row = (String, String, String, String, i64, String, Vec<u8>, i64, i64, Option<String>);

pub(crate) fn member_find(conn: &mut Connection, entity: &EntityId) -> Result<Option<Member>, StoreError> {
    let row: Option<Row> =
        member::table.filter(member::entity.eq(entity.as_str())).select(member::all_columns).first(conn).optional()?;
    row.map(read_member).transpose()
}

pub(crate) fn members(conn: &mut Connection) -> Result<Vec<Member>, StoreError> {
    let rows: Vec<Row> = member::table.order(member::entity.asc()).select(member::all_columns).load(conn)?;
    rows.into_iter().map(read_member).collect()
}

/// The ids of all members, in their order: what `federation_list_endpoint` answers.
pub(crate) fn entities(conn: &mut Connection) -> Result<Vec<EntityId>, StoreError> {
    let rows: Vec<String> = member::table.order(member::entity.asc()).select(member::entity).load(conn)?;
    rows.iter().map(|entity| entity.parse().map_err(|_| StoreError::Damaged("member"))).collect()
}

fn read_member(row: Row) -> Result<Member, StoreError> {
    let damaged = || StoreError::Damaged("member");
    let (
        entity,
        roles,
        sector,
        standing,
        joined_at,
        configuration,
        digest,
        configuration_iat,
        statement_iat,
        statement,
    ) = row;
    Ok(Member {
        entity: entity.parse().map_err(|_| damaged())?,
        roles: split_roles(&roles)?,
        sector: sector.parse().map_err(|_| damaged())?,
        standing: match standing.as_str() {
            "active" => Standing::Active,
            "suspended" => Standing::Suspended,
            _ => return Err(damaged()),
        },
        joined_at: Timestamp::from_seconds(joined_at),
        configuration: configuration.parse().map_err(|_| damaged())?,
        configuration_digest: Digest::from_bytes(bytes32(&digest)?),
        configuration_iat: NumericDate::from_seconds(configuration_iat),
        statement_iat: NumericDate::from_seconds(statement_iat),
        statement: statement.map(|jws| jws.parse().map_err(|_| damaged())).transpose()?,
    })
}

const fn standing_text(standing: Standing) -> &'static str {
    match standing {
        Standing::Active => "active",
        Standing::Suspended => "suspended",
    }
}

/// Roles never hold a space.
fn join_roles(roles: &[Role]) -> String {
    roles.iter().map(Role::to_string).collect::<Vec<_>>().join(" ")
}

fn split_roles(text: &str) -> Result<Vec<Role>, StoreError> {
    text.split_whitespace().map(|role| role.parse().map_err(|_| StoreError::Damaged("role"))).collect()
}
