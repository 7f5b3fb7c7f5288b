//! Writing a bundle as [`verify`](super::verify) reads it.
//!
//! Guarantees: what is written has the one spelling and is within the bounds. Deliberately absent: collecting the
//! parts, and any claim that they verify.

use schemas::{
    bundle::{Bundle, BundleKind, BundledMember, BundledRecord},
    federation::SignedRegister,
    version::V1,
};

use super::{Reason, read};

/// The parts make no bundle.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("the parts make no bundle: {}", .0.as_str())]
pub struct ComposeError(pub Reason);

/// Writes a bundle. Records stand in the order given (an exchange: own receipt, then the counterpart's, then the
/// record of the erasure; a trigger:
/// event, acknowledgement, application; a build: its record); a chain that stands twice is written once; `registers` are those that a basis
/// names, and no others.
///
/// # Errors
/// [`ComposeError`] with what [`verify`](super::verify) would say of its structure.
pub fn compose(
    kind: BundleKind,
    records: Vec<BundledRecord>,
    members: Vec<BundledMember>,
    registers: Vec<SignedRegister>,
) -> Result<Vec<u8>, ComposeError> {
    let mut unique: Vec<BundledMember> = Vec::with_capacity(members.len());
    for member in members {
        if !unique.contains(&member) {
            unique.push(member);
        }
    }
    let bundle = Bundle { v: V1, kind, records, members: unique, registers };
    let bytes = read::write(&bundle).map_err(ComposeError)?;
    read::read(&bytes).map_err(ComposeError)?;
    Ok(bytes)
}
