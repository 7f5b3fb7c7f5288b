//! Who this anchor is, and what it said of itself.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};
use schemas::{
    id::{CompactJws, EntityId},
    time::NumericDate,
};

use super::{
    Connection, StoreError,
    schema::{anchor, anchor_configuration, audit_head},
};

/// The identity that `init` gave to this database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub entity: EntityId,
    pub origin: String,
    pub log_vkey: String,
}

pub(crate) fn identity_insert(conn: &mut Connection, id: &Identity, now: NumericDate) -> Result<(), StoreError> {
    diesel::insert_into(anchor::table)
        .values((
            anchor::id.eq(1),
            anchor::entity.eq(id.entity.as_str()),
            anchor::origin.eq(&id.origin),
            anchor::log_vkey.eq(&id.log_vkey),
            anchor::created_at.eq(now.seconds()),
        ))
        .execute(conn)?;
    Ok(())
}

pub(crate) fn identity(conn: &mut Connection) -> Result<Identity, StoreError> {
    let row: Option<(String, String, String)> = anchor::table
        .filter(anchor::id.eq(1))
        .select((anchor::entity, anchor::origin, anchor::log_vkey))
        .first(conn)
        .optional()?;
    let (entity, origin, log_vkey) = row.ok_or(StoreError::Damaged("identity"))?;
    Ok(Identity { entity: entity.parse().map_err(|_| StoreError::Damaged("identity"))?, origin, log_vkey })
}

pub(crate) fn configuration_insert(
    conn: &mut Connection,
    iat: NumericDate,
    jws: &CompactJws,
) -> Result<(), StoreError> {
    diesel::insert_into(anchor_configuration::table)
        .values((anchor_configuration::iat.eq(iat.seconds()), anchor_configuration::jws.eq(jws.as_str())))
        .execute(conn)?;
    Ok(())
}

/// The newest configuration, and when it was issued.
pub(crate) fn configuration_newest(conn: &mut Connection) -> Result<Option<(NumericDate, CompactJws)>, StoreError> {
    let row: Option<(i64, String)> = anchor_configuration::table
        .order(anchor_configuration::iat.desc())
        .select((anchor_configuration::iat, anchor_configuration::jws))
        .first(conn)
        .optional()?;
    row.map(|(iat, jws)| {
        let jws = jws.parse().map_err(|_| StoreError::Damaged("entity configuration"))?;
        Ok((NumericDate::from_seconds(iat), jws))
    })
    .transpose()
}

pub(crate) fn audit_head_insert(conn: &mut Connection, seq: i64, jws: &CompactJws) -> Result<(), StoreError> {
    diesel::insert_into(audit_head::table)
        .values((audit_head::seq.eq(seq), audit_head::jws.eq(jws.as_str())))
        .execute(conn)?;
    Ok(())
}

/// The row up to which the audit trail is held by the log; 0 if it is not.
pub(crate) fn audit_head_newest(conn: &mut Connection) -> Result<i64, StoreError> {
    let newest: Option<i64> =
        audit_head::table.order(audit_head::seq.desc()).select(audit_head::seq).first(conn).optional()?;
    Ok(newest.unwrap_or(0))
}
