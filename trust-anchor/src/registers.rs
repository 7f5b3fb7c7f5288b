//! The purpose registry and the register of laws: read from files, checked, signed by two officers, logged, served.
//!
//! Guarantees: a version is the whole content, counts up by one, and is served only when two different persons have
//! signed it and every signature is in the log; what is registered once under a code and version never changes.
//! Deliberately absent: removing an entry (a law ends by its date), and any judgement of a query.

mod file;
mod lint;
mod signing;

use std::collections::BTreeMap;

use schemas::{
    federation::{Law, Purpose, Register, RegisterContent, SignedRegister},
    id::CompactJws,
    problem::Code,
};
use service_kit::db::DatabaseError;

pub use file::{Placeholders, RegisterFileError};
pub(crate) use file::{read_laws, read_purposes};
pub use signing::RegisterError;
pub(crate) use signing::{Officers, sign};

use crate::store::{Connection, StoreError, register};

/// Which register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegisterKind {
    /// The purpose registry.
    Purposes,
    /// The register of laws.
    Laws,
}

impl RegisterKind {
    /// Its name in the database and in its address.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Purposes => "purposes",
            Self::Laws => "laws",
        }
    }
}

/// What is served: the signatures of the newest version in force.
pub(crate) fn served(conn: &mut Connection, kind: RegisterKind) -> Result<Option<SignedRegister>, StoreError> {
    let found = register::in_force(conn, kind.as_str())?;
    Ok(found.map(|(_, signatures)| SignedRegister { signatures: signatures.into_iter().map(|one| one.jws).collect() }))
}

/// The content of the newest version, logged or not; empty if there is none.
pub(crate) fn newest(conn: &mut Connection, kind: RegisterKind) -> Result<(u64, RegisterContent), StoreError> {
    let version = register::newest_version(conn, kind.as_str())?;
    let signatures = register::signatures(conn, kind.as_str(), version)?;
    let empty = match kind {
        RegisterKind::Purposes => RegisterContent::Purposes(Vec::new()),
        RegisterKind::Laws => RegisterContent::Laws(Vec::new()),
    };
    signatures.first().map_or(Ok((version, empty)), |one| Ok((version, content(&one.jws)?)))
}

/// What an officer signed; it was made here and never came from outside.
fn content(jws: &CompactJws) -> Result<RegisterContent, StoreError> {
    let damaged = || StoreError::Damaged("register");
    let payload = jws.as_str().split('.').nth(1).unwrap_or_default();
    let payload = protocol::seal::decode_base64url(payload).map_err(|_| damaged())?;
    let register: Register = serde_json::from_slice(&payload).map_err(|_| damaged())?;
    Ok(register.content)
}

/// Adds purposes to what is registered. Former versions stay: consents name the version they were given under.
///
/// # Errors
/// [`RegisterError::Changed`] for one that is registered with other terms, [`RegisterError::NothingNew`].
pub(crate) fn merge_purposes(known: RegisterContent, new: Vec<Purpose>) -> Result<RegisterContent, RegisterError> {
    let RegisterContent::Purposes(known) = known else { return Err(RegisterError::NothingNew) };
    let name = |one: &Purpose| (one.code.to_string(), one.version.to_string());
    merge(known, new, name, name).map(RegisterContent::Purposes)
}

/// Adds laws to what is registered. A newer version takes the place of the former: a query names a law by its id.
///
/// # Errors
/// As [`merge_purposes`].
pub(crate) fn merge_laws(known: RegisterContent, new: Vec<Law>) -> Result<RegisterContent, RegisterError> {
    let RegisterContent::Laws(known) = known else { return Err(RegisterError::NothingNew) };
    let name = |one: &Law| (one.id.to_string(), one.version.to_string());
    merge(known, new, |one| one.id.clone(), name).map(RegisterContent::Laws)
}

/// `place` is what may stand once; `name` is under what terms never change.
fn merge<T: PartialEq, K: Ord>(
    known: Vec<T>,
    new: Vec<T>,
    place: impl Fn(&T) -> K,
    name: impl Fn(&T) -> (String, String),
) -> Result<Vec<T>, RegisterError> {
    let mut all: BTreeMap<K, T> = known.into_iter().map(|one| (place(&one), one)).collect();
    let mut changed = false;
    for one in new {
        match all.get(&place(&one)) {
            Some(registered) if *registered == one => continue,
            Some(registered) if name(registered) == name(&one) => {
                let (id, version) = name(&one);
                return Err(RegisterError::Changed(format!("{id} version {version}")));
            }
            _ => {}
        }
        changed = true;
        all.insert(place(&one), one);
    }
    if changed { Ok(all.into_values().collect()) } else { Err(RegisterError::NothingNew) }
}

impl From<DatabaseError> for RegisterError {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

impl RegisterError {
    /// The code under which a refusal stands in the audit trail.
    pub(crate) const fn code(&self) -> Code {
        match self {
            Self::File(_) => Code::RequestMalformed,
            Self::Changed(_) | Self::NothingNew => Code::Conflict,
            Self::OfficerUnknown(_) | Self::OnePerson => Code::AccessDenied,
            Self::Key(_) | Self::Store(_) | Self::Seal(_) => Code::Internal,
        }
    }
}

#[cfg(test)]
mod tests;
