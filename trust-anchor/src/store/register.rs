//! Signatures of registers. A version is in force once all its signatures are in the log.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};
use schemas::{digest::Digest, id::CompactJws};
use tlog::entry::EntryType;

use super::{Connection, StoreError, bytes32, log, schema::register_signature, signed, unsigned};

/// One officer's signature on a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    pub person: String,
    pub jws: CompactJws,
}

pub(crate) fn signature_insert(
    conn: &mut Connection,
    kind: &str,
    version: u64,
    signature: &Signature,
) -> Result<(), StoreError> {
    diesel::insert_into(register_signature::table)
        .values((
            register_signature::kind.eq(kind),
            register_signature::version.eq(signed(version)?),
            register_signature::person.eq(&signature.person),
            register_signature::jws.eq(signature.jws.as_str()),
            register_signature::sha256.eq(Digest::of(signature.jws.as_str()).as_bytes().to_vec()),
        ))
        .execute(conn)?;
    Ok(())
}

/// The newest version, logged or not; 0 if there is none.
pub(crate) fn newest_version(conn: &mut Connection, kind: &str) -> Result<u64, StoreError> {
    let newest: Option<i64> = register_signature::table
        .filter(register_signature::kind.eq(kind))
        .order(register_signature::version.desc())
        .select(register_signature::version)
        .first(conn)
        .optional()?;
    newest.map_or(Ok(0), unsigned)
}

/// The signatures of a version, by person.
pub(crate) fn signatures(conn: &mut Connection, kind: &str, version: u64) -> Result<Vec<Signature>, StoreError> {
    Ok(rows(conn, kind, version)?.into_iter().map(|(signature, _)| signature).collect())
}

/// The newest version all of whose signatures are in the log, with them.
pub(crate) fn in_force(conn: &mut Connection, kind: &str) -> Result<Option<(u64, Vec<Signature>)>, StoreError> {
    for version in (1..=newest_version(conn, kind)?).rev() {
        let rows = rows(conn, kind, version)?;
        let mut logged = !rows.is_empty();
        for (_, digest) in &rows {
            logged = logged && log::entry_find(conn, EntryType::Version, (*digest.as_bytes()).into())?.is_some();
        }
        if logged {
            return Ok(Some((version, rows.into_iter().map(|(signature, _)| signature).collect())));
        }
    }
    Ok(None)
}

fn rows(conn: &mut Connection, kind: &str, version: u64) -> Result<Vec<(Signature, Digest)>, StoreError> {
    let rows: Vec<(String, String, Vec<u8>)> = register_signature::table
        .filter(register_signature::kind.eq(kind))
        .filter(register_signature::version.eq(signed(version)?))
        .order(register_signature::person.asc())
        .select((register_signature::person, register_signature::jws, register_signature::sha256))
        .load(conn)?;
    rows.into_iter()
        .map(|(person, jws, digest)| {
            let jws = jws.parse().map_err(|_| StoreError::Damaged("register"))?;
            Ok((Signature { person, jws }, Digest::from_bytes(bytes32(&digest)?)))
        })
        .collect()
}
