//! Subordinate statements (OpenID Federation 1.1 §3.1): what the anchor says of a member, for 24 hours.
//!
//! Guarantees: a statement that still says what is true is given again byte for byte for ten minutes; a new one has
//! a greater `iat` than any before, so that two with one `iat` and other bytes never exist. A change of standing or
//! configuration forgets the old one at once.

use protocol::{
    federation::{STATEMENT_LIFE, sign_statement},
    seal::{self, SealFailed, SigningKey},
};
use schemas::{
    federation::{Constraints, EntityConfiguration, JwkSet, SubordinateStatement},
    id::{CompactJws, EntityId},
    time::Timestamp,
};
use service_kit::db::{Database, DatabaseError};

use crate::store::{
    Connection, StoreError, log,
    member::{self, Member},
};

/// How long one is given again, seconds: far below its life, so that a member always gets a fresh one.
const REUSE: i64 = 600;

/// No statement could be given.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It could not be signed.
    #[error(transparent)]
    Seal(#[from] SealFailed),
}

impl From<DatabaseError> for StatementError {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

/// The statement about a member; `None` if there is no such member.
pub(crate) async fn statement(
    database: &Database,
    anchor: &EntityId,
    key: &SigningKey,
    subject: EntityId,
    now: Timestamp,
) -> Result<Option<CompactJws>, StatementError> {
    let wanted = subject.clone();
    let Some(member) = database.read(move |conn| member::member_find(conn, &wanted)).await? else { return Ok(None) };
    if let Some(reusable) = reusable(&member, now) {
        return Ok(Some(reusable));
    }
    let (anchor, key) = (anchor.clone(), key.clone());
    database.write(move |conn| renew(conn, &anchor, &key, &subject, now)).await
}

fn reusable(member: &Member, now: Timestamp) -> Option<CompactJws> {
    let age = now.seconds() - member.statement_iat.seconds();
    // A little ahead of the clock: two changes within one second.
    member.statement.clone().filter(|_| (-60..REUSE).contains(&age))
}

/// Signs a new statement under the write lock, unless another caller just has.
pub(crate) fn renew(
    conn: &mut Connection,
    anchor: &EntityId,
    key: &SigningKey,
    subject: &EntityId,
    now: Timestamp,
) -> Result<Option<CompactJws>, StatementError> {
    let Some(member) = member::member_find(conn, subject)? else { return Ok(None) };
    if let Some(reusable) = reusable(&member, now) {
        return Ok(Some(reusable));
    }
    let iat = member.statement_iat.plus(1).max(now.numeric());
    let claims = SubordinateStatement {
        iss: anchor.clone(),
        sub: member.entity.clone(),
        iat,
        exp: iat.plus(STATEMENT_LIFE),
        jwks: federation_keys(&member.configuration)?,
        constraints: Constraints { max_path_length: 0 },
        roles: member.roles,
        sector: member.sector,
        standing: member.standing,
        entity_configuration: member.configuration_digest,
        directory_size: log::head(conn)?.size,
    };
    let jws = sign_statement(key, &claims)?;
    member::statement_put(conn, subject, iat, &jws)?;
    Ok(Some(jws))
}

/// The federation keys of a configuration in force, which was verified before it was stored.
pub(super) fn federation_keys(configuration: &CompactJws) -> Result<JwkSet, StoreError> {
    let damaged = || StoreError::Damaged("entity configuration");
    let payload = configuration.as_str().split('.').nth(1).unwrap_or_default();
    let payload = seal::decode_base64url(payload).map_err(|_| damaged())?;
    let claims: EntityConfiguration = serde_json::from_slice(&payload).map_err(|_| damaged())?;
    Ok(claims.jwks)
}
