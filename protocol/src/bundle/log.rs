//! A record in the log: proof, checkpoint, time stamps, all against the pinned root.
//!
//! Guarantees: the leaf is rebuilt from the record's own bytes and the proof's `extra` line; the checkpoint is signed
//! by the pinned key; the token is over the note with the log's line alone, so that cosignatures cannot disturb it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use schemas::{
    bundle::{BundledRecord, TrustRoot},
    time::{NumericDate, Timestamp},
};
use tlog::{
    checkpoint::CheckpointError,
    entry::{Entry, EntryType},
    note::{NoteError, VerifyingKey},
    proof::{ProofError, TlogProof, VerifiedInclusion},
    timestamp::{CertificateDer, TimestampResponse, TokenError, VerifiedTimestamp, verify_token},
};

use super::{CheckId, Finding, Reason, Report, Stamp};
use crate::seal::freshness::SKEW;

/// The pinned root, parsed.
pub(super) struct Pinned<'a> {
    pub root: &'a TrustRoot,
    log: VerifyingKey,
    tsa: CertificateDer,
}

/// Where a record stands in the log: proven, not claimed.
pub(super) struct Place {
    pub index: u64,
    pub received_ms: u64,
    /// The earliest stamped time of the checkpoint that covers it.
    pub stamped: Option<Timestamp>,
}

impl<'a> Pinned<'a> {
    pub(super) fn new(root: &'a TrustRoot) -> Result<Self, Reason> {
        let log = root.log_vkey.parse().map_err(|_| Reason::RootMalformed)?;
        let der = STANDARD.decode(&root.tsa_root).map_err(|_| Reason::RootMalformed)?;
        let tsa = CertificateDer::from_der(&der).map_err(|_| Reason::RootMalformed)?;
        Ok(Self { root, log, tsa })
    }

    /// Checks where a record stands in the log and how that is stamped; the place, if it is proven.
    pub(super) fn check_anchored(
        &self,
        index: usize,
        record: &BundledRecord,
        entry_type: EntryType,
        now: Timestamp,
        report: &mut Report,
    ) -> Option<Place> {
        let at = Some(index);
        let Some(proof) = &record.proof else {
            report.add(CheckId::LogCheckpoint, at, Finding::CouldNotBeChecked(Reason::NotAnchored));
            report.add(CheckId::LogInclusion, at, Finding::CouldNotBeChecked(Reason::NotAnchored));
            check_unproven_stamps(record, at, report);
            return None;
        };
        let checkpoint = self.checkpoint(proof);
        report.add(CheckId::LogCheckpoint, at, Finding::from(&checkpoint));
        let included = checkpoint.and_then(|proof| self.inclusion(&proof, record, entry_type));
        report.add(CheckId::LogInclusion, at, Finding::from(&included));
        let Ok((entry, inclusion)) = included else {
            check_unproven_stamps(record, at, report);
            return None;
        };
        let mut place = Place { index: inclusion.index(), received_ms: entry.received_ms, stamped: None };
        let note = inclusion.checkpoint().log_note().to_string();
        self.check_stamps(index, record, &note, now, &mut place, report);
        Some(place)
    }

    fn checkpoint(&self, proof: &str) -> Result<TlogProof, Reason> {
        let proof = TlogProof::parse(proof.as_bytes()).map_err(|_| Reason::ProofMalformed)?;
        match proof.signed_checkpoint().verify(&self.log) {
            Ok(_) => Ok(proof),
            Err(CheckpointError::ForeignLog { .. } | CheckpointError::Note(NoteError::NoTrustedSignature)) => {
                Err(Reason::ForeignLog)
            }
            Err(_) => Err(Reason::CheckpointSignature),
        }
    }

    fn inclusion(
        &self,
        proof: &TlogProof,
        record: &BundledRecord,
        entry_type: EntryType,
    ) -> Result<(Entry, VerifiedInclusion), Reason> {
        let verified = proof.verify_record(record.jws.as_str().as_bytes(), &self.log).map_err(|error| match error {
            ProofError::Inclusion(_) => Reason::NotIncluded,
            _ => Reason::ProofMalformed,
        })?;
        if verified.0.entry_type == entry_type { Ok(verified) } else { Err(Reason::EntryType) }
    }

    fn check_stamps(
        &self,
        index: usize,
        record: &BundledRecord,
        note: &str,
        now: Timestamp,
        place: &mut Place,
        report: &mut Report,
    ) {
        let at = Some(index);
        if record.timestamps.is_empty() {
            report.add(CheckId::Timestamp, at, Finding::CouldNotBeChecked(Reason::NotStamped));
            report.add(CheckId::TimestampTime, at, Finding::CouldNotBeChecked(Reason::NotStamped));
        }
        for token in &record.timestamps {
            let verified = self.stamp(token, note);
            report.add(CheckId::Timestamp, at, Finding::from(&verified));
            let Ok((response, stamp)) = verified else {
                report.add(CheckId::TimestampTime, at, Finding::CouldNotBeChecked(Reason::EarlierCheck));
                continue;
            };
            report.add(CheckId::TimestampTime, at, place.check_stamp(&stamp, now));
            let stamped = Timestamp::from_seconds(stamp.gen_time_unix);
            place.stamped = Some(place.stamped.map_or(stamped, |earlier| earlier.min(stamped)));
            report.stamps.push(Stamp { record: index, note: note.to_owned(), response, stamped });
        }
    }

    pub(super) fn stamp(&self, base64: &str, note: &str) -> Result<(Vec<u8>, VerifiedTimestamp), Reason> {
        let der = STANDARD.decode(base64).map_err(|_| Reason::TokenInvalid)?;
        let response = TimestampResponse::parse(&der).map_err(|_| Reason::TokenInvalid)?;
        if !is_plainly_granted(&response) {
            return Err(Reason::TokenInvalid);
        }
        let stamp =
            verify_token(response.token_der(), note.as_bytes(), &self.tsa, &[]).map_err(|error| match error {
                TokenError::ImprintMismatch => Reason::OtherCheckpoint,
                TokenError::UntrustedPath => Reason::ForeignStamp,
                TokenError::OutsideValidity => Reason::StampExpired,
                _ => Reason::TokenInvalid,
            })?;
        Ok((der, stamp))
    }
}

/// The status around a token is signed by nobody: only `SEQUENCE { INTEGER 0 }` (granted, RFC 3161 §2.4.2) passes, so
/// that no byte of it is free.
fn is_plainly_granted(response: &TimestampResponse) -> bool {
    const GRANTED: [u8; 5] = [0x30, 0x03, 0x02, 0x01, 0x00];
    let (der, token) = (response.as_der(), response.token_der());
    der.strip_suffix(token).is_some_and(|head| head.ends_with(&GRANTED) && is_shortest_sequence(head, token.len() + 5))
}

/// Whether what stands before the status is a SEQUENCE header for that length in DER (X.690 §10.1).
fn is_shortest_sequence(head: &[u8], content: usize) -> bool {
    let length = content.to_be_bytes();
    let significant: Vec<u8> = length.iter().copied().skip_while(|byte| *byte == 0).collect();
    let header = match u8::try_from(content) {
        Ok(short) if short < 0x80 => vec![0x30, short],
        _ => [&[0x30, 0x80 | significant.len() as u8], significant.as_slice()].concat(),
    };
    head.len() == header.len() + 5 && head.starts_with(&header)
}

/// Stamps of a record that is not proven to be in the log say nothing about it, whatever they are over.
fn check_unproven_stamps(record: &BundledRecord, at: Option<usize>, report: &mut Report) {
    let reason = if record.timestamps.is_empty() { Reason::NotStamped } else { Reason::EarlierCheck };
    report.add(CheckId::Timestamp, at, Finding::CouldNotBeChecked(reason));
    report.add(CheckId::TimestampTime, at, Finding::CouldNotBeChecked(reason));
}

impl Place {
    /// When the log received the record, the second cut off.
    pub(super) fn received(&self) -> Timestamp {
        Timestamp::from_seconds(i64::try_from(self.received_ms / 1000).unwrap_or(i64::MAX))
    }

    /// Signed before it was received, received before now; clocks may differ by the usual skew.
    pub(super) fn check_order(&self, signed: NumericDate, now: Timestamp) -> Finding {
        ordered(signed <= self.received().plus(SKEW).numeric() && self.received() <= now.plus(SKEW))
    }

    /// Stamped when or after it was received, as far as the authority's clock goes, and not in the future.
    fn check_stamp(&self, stamp: &VerifiedTimestamp, now: Timestamp) -> Finding {
        let earliest = Timestamp::from_seconds(stamp.gen_time_unix);
        let latest = earliest.plus(i64::from(stamp.accuracy_s.unwrap_or(0)));
        ordered(latest >= self.received() && earliest <= now.plus(SKEW))
    }
}

fn ordered(holds: bool) -> Finding {
    if holds { Finding::Passed } else { Finding::Failed(Reason::TimeOrder) }
}
