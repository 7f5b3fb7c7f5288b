//! From bytes to a [`Bundle`]: bounded, strict, in its one spelling, without duplicates.
//!
//! Guarantees: what is accepted is what [`compose`](super::compose()) writes, at most one final line break apart.

use std::collections::BTreeSet;

use schemas::{
    bundle::{Bundle, BundleKind, BundledMember, BundledRecord},
    id::CompactJws,
};

use super::{Reason, record::typ_of};
use crate::seal::{Limits, Typ, check_strict_json};

/// Largest bundle read, bytes.
pub const MAX_BUNDLE_BYTES: usize = 4 * 1024 * 1024;

/// Most members: both parties with a chain for each record.
const MAX_MEMBERS: usize = 6;
/// Most time stamps of one record.
const MAX_TIMESTAMPS: usize = 4;
/// Most registers: one, or that of each receipt if the parties had seen different ones.
const MAX_REGISTERS: usize = 2;
/// Most signatures of one register.
const MAX_OFFICERS: usize = 8;
/// Longest chain: entity configuration, statement, intermediates to come, the anchor's own configuration.
const MAX_CHAIN: usize = 6;

const LIMITS: Limits = Limits { bytes: MAX_BUNDLE_BYTES, depth: 6, members: 16, string: 128 * 1024 };

pub(super) fn read(bytes: &[u8]) -> Result<Bundle, Reason> {
    if bytes.len() > MAX_BUNDLE_BYTES {
        return Err(Reason::TooLarge);
    }
    check_strict_json(bytes, LIMITS).map_err(|_| Reason::NotStrictJson)?;
    let bundle: Bundle = serde_json::from_slice(bytes).map_err(|_| Reason::NotABundle)?;
    if bytes.strip_suffix(b"\n").unwrap_or(bytes) != write(&bundle)? {
        return Err(Reason::NotCanonical);
    }
    check_counts(&bundle)?;
    check_duplicates(&bundle)?;
    Ok(bundle)
}

/// The one spelling: members in the order of the type, no space, nothing escaped that need not be.
pub(super) fn write(bundle: &Bundle) -> Result<Vec<u8>, Reason> {
    serde_json::to_vec(bundle).map_err(|_| Reason::NotABundle)
}

fn check_counts(bundle: &Bundle) -> Result<(), Reason> {
    // Of an exchange both receipts, and beside them the record that the answer was erased.
    let erasures = bundle.records.iter().filter(|record| typ_of(record) == Some(Typ::Erasure)).count();
    let (most, most_erasures) = match bundle.kind {
        BundleKind::Exchange => (2, 1),
        BundleKind::Trigger => (3, 0),
        BundleKind::Build => (1, 0),
    };
    let stamped = |record: &BundledRecord| record.timestamps.len() <= MAX_TIMESTAMPS;
    let chained = |member: &BundledMember| (1..=MAX_CHAIN).contains(&member.chain.len());
    let fits = (1..=most).contains(&(bundle.records.len() - erasures))
        && erasures <= most_erasures
        && bundle.members.len() <= MAX_MEMBERS
        && bundle.registers.len() <= MAX_REGISTERS
        && (bundle.kind == BundleKind::Exchange || bundle.registers.is_empty())
        && bundle.registers.iter().all(|register| register.signatures.len() <= MAX_OFFICERS)
        && bundle.records.iter().all(stamped)
        && bundle.members.iter().all(chained);
    if fits { Ok(()) } else { Err(Reason::Count) }
}

fn check_duplicates(bundle: &Bundle) -> Result<(), Reason> {
    let records: BTreeSet<&CompactJws> = bundle.records.iter().map(|record| &record.jws).collect();
    let chains: BTreeSet<&[CompactJws]> = bundle.members.iter().map(|member| member.chain.as_slice()).collect();
    let stamps_differ =
        |record: &BundledRecord| record.timestamps.iter().collect::<BTreeSet<_>>().len() == record.timestamps.len();
    let unique = records.len() == bundle.records.len()
        && chains.len() == bundle.members.len()
        && bundle.records.iter().all(stamps_differ)
        && (1..bundle.registers.len()).all(|place| !bundle.registers[..place].contains(&bundle.registers[place]));
    if unique { Ok(()) } else { Err(Reason::Duplicate) }
}
