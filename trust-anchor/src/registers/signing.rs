//! Two officers put a version of a register in force.
//!
//! Guarantees: each signature is by a key that the configuration lists for a person with the role `register`; two
//! keys of one person count once. Deliberately absent: signing at two desks (each officer's key file is at hand).

use std::path::{Path, PathBuf};

use protocol::{
    federation::sign_register,
    seal::{SealFailed, SigningKey, random},
};
use schemas::{
    federation::{OfficerJwk, Register, RegisterContent},
    id::EntityId,
    time::Timestamp,
    version::V1,
};

use super::RegisterFileError;
use crate::{
    keys::{KeysError, REGISTER_ROLE, load_signing},
    store::{StoreError, register::Signature},
};

/// A register was not changed.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// A file was not taken.
    #[error(transparent)]
    File(#[from] RegisterFileError),
    /// Registered entries never change.
    #[error("{0} is registered with other terms; mend: give the new terms a new version")]
    Changed(String),
    /// Everything is registered.
    #[error("all of this is registered already")]
    NothingNew,
    /// The key is no officer's.
    #[error(
        "{0} is not the key of an officer of this authority; mend: use a key made by `init --officer`, or list it in the configuration"
    )]
    OfficerUnknown(PathBuf),
    /// One person is not two.
    #[error("a register needs the signatures of two different persons; mend: name two officers' keys")]
    OnePerson,
    /// A key file was refused.
    #[error(transparent)]
    Key(#[from] KeysError),
    /// It could not be signed.
    #[error(transparent)]
    Seal(#[from] SealFailed),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Officers who are here to sign: at least two different persons. Made by [`Officers::load`] alone.
#[derive(Debug)]
pub(crate) struct Officers(Vec<(String, SigningKey)>);

impl Officers {
    /// Reads key files and finds their persons among the authority's officers.
    pub(crate) fn load(paths: &[PathBuf], known: &[OfficerJwk]) -> Result<Self, RegisterError> {
        let mut officers: Vec<(String, SigningKey)> = Vec::new();
        for path in paths {
            let (person, key) = identify(path, known)?;
            if officers.iter().all(|(other, _)| *other != person) {
                officers.push((person, key));
            }
        }
        if officers.len() < 2 { Err(RegisterError::OnePerson) } else { Ok(Self(officers)) }
    }

    /// Who signs, for the audit trail.
    pub(crate) fn names(&self) -> String {
        self.0.iter().map(|(person, _)| person.as_str()).collect::<Vec<_>>().join("+")
    }
}

fn identify(path: &Path, known: &[OfficerJwk]) -> Result<(String, SigningKey), RegisterError> {
    let key = load_signing(path)?;
    let officer =
        known.iter().find(|officer| officer.role == REGISTER_ROLE && officer.jwk.kid.as_ref() == Some(key.kid()));
    let officer = officer.ok_or_else(|| RegisterError::OfficerUnknown(path.to_owned()))?;
    Ok((officer.person.clone(), key))
}

/// One signature an officer over the same version and content.
pub(crate) fn sign(
    officers: &Officers,
    anchor: &EntityId,
    version: u64,
    content: &RegisterContent,
    now: Timestamp,
) -> Result<Vec<Signature>, SealFailed> {
    let one = |(person, key): &(String, SigningKey)| {
        let claims = Register {
            v: V1,
            iss: anchor.clone(),
            iat: now.numeric(),
            jti: random::message_id(now),
            salt: random::salt(),
            version,
            content: content.clone(),
        };
        Ok(Signature { person: person.clone(), jws: sign_register(key, &claims)? })
    };
    officers.0.iter().map(one).collect()
}
