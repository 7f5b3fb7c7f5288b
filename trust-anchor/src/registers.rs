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

/// Adds purposes to what is registered.
///
/// # Errors
/// [`RegisterError::Changed`] for one that is registered with other terms, [`RegisterError::NothingNew`].
pub(crate) fn merge_purposes(known: RegisterContent, new: Vec<Purpose>) -> Result<RegisterContent, RegisterError> {
    let RegisterContent::Purposes(known) = known else { return Err(RegisterError::NothingNew) };
    merge(known, new, |one| format!("{} version {}", one.code, one.version)).map(RegisterContent::Purposes)
}

/// Adds laws to what is registered.
///
/// # Errors
/// As [`merge_purposes`].
pub(crate) fn merge_laws(known: RegisterContent, new: Vec<Law>) -> Result<RegisterContent, RegisterError> {
    let RegisterContent::Laws(known) = known else { return Err(RegisterError::NothingNew) };
    merge(known, new, |one| format!("{} version {}", one.id, one.version)).map(RegisterContent::Laws)
}

fn merge<T: PartialEq>(known: Vec<T>, new: Vec<T>, name: impl Fn(&T) -> String) -> Result<Vec<T>, RegisterError> {
    let mut all: BTreeMap<String, T> = known.into_iter().map(|one| (name(&one), one)).collect();
    let before = all.len();
    for one in new {
        match all.get(&name(&one)) {
            Some(registered) if *registered != one => return Err(RegisterError::Changed(name(&one))),
            Some(_) => {}
            None => {
                all.insert(name(&one), one);
            }
        }
    }
    if all.len() == before { Err(RegisterError::NothingNew) } else { Ok(all.into_values().collect()) }
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
