//! One changed byte anywhere in a proof, a note or a token, and nothing is believed any more.

use std::sync::LazyLock;

use proptest::prelude::*;
use tlog::{
    checkpoint::SignedCheckpoint,
    entry::{Entry, EntryType, RecordDigest},
    proof::TlogProof,
    timestamp::{TimestampRequest, TokenSerial, verify_token},
};

use crate::world::{Authority, MemoryLog, NOW, authority, log_key};

static PROOF: LazyLock<String> = LazyLock::new(|| {
    let entry = |i: u64| {
        let digest = RecordDigest::of(&i.to_be_bytes());
        Entry { entry_type: EntryType::ExchangeReceipt, received_ms: 1_767_139_200_000 + i, digest }
    };
    let log = MemoryLog::of(&(0..333).map(|i| entry(i).to_bytes()).collect::<Vec<_>>());
    log.proof(300, Some(entry(300).extra().to_vec()), &log_key()).to_string()
});

static STAMPED: LazyLock<(Authority, String, Vec<u8>)> = LazyLock::new(|| {
    let authority = authority(40);
    let note = MemoryLog::of(&["one", "two"]).checkpoint(&log_key()).to_string();
    let request = TimestampRequest::for_message(note.as_bytes(), Some([9; 8])).unwrap();
    let response = authority.tsa.stamp(&request, NOW, &TokenSerial::new([1; 8], 1)).unwrap();
    let token = response.token_der().to_vec();
    (authority, note, token)
});

fn proof_is_believed(bytes: &[u8]) -> bool {
    let verify = |proof: TlogProof| proof.verify_record(&300_u64.to_be_bytes(), log_key().verifying_key()).is_ok();
    TlogProof::parse(bytes).is_ok_and(verify)
}

fn note_is_believed(bytes: &[u8]) -> bool {
    SignedCheckpoint::parse(bytes).is_ok_and(|note| note.verify(log_key().verifying_key()).is_ok())
}

fn token_is_believed(token: &[u8], note: &[u8]) -> bool {
    verify_token(token, note, &STAMPED.0.root, &[]).is_ok()
}

fn flipped(bytes: &[u8], position: usize, mask: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[position] ^= mask;
    bytes
}

#[test]
fn unchanged_they_are_believed() {
    assert!(proof_is_believed(PROOF.as_bytes()));
    assert!(note_is_believed(STAMPED.1.as_bytes()));
    assert!(token_is_believed(&STAMPED.2, STAMPED.1.as_bytes()));
}

#[test]
fn every_byte_of_a_token_counts() {
    for position in 0..STAMPED.2.len() {
        for mask in [0x01, 0x20, 0x80] {
            let token = flipped(&STAMPED.2, position, mask);
            assert!(!token_is_believed(&token, STAMPED.1.as_bytes()), "byte {position} ^ {mask:#x}");
        }
    }
}

#[test]
fn every_byte_of_a_proof_and_of_a_note_counts() {
    for position in 0..PROOF.len() {
        assert!(!proof_is_believed(&flipped(PROOF.as_bytes(), position, 1)), "byte {position} of the proof");
    }
    for position in 0..STAMPED.1.len() {
        assert!(!note_is_believed(&flipped(STAMPED.1.as_bytes(), position, 1)), "byte {position} of the note");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_change_of_any_byte_is_believed(position in any::<prop::sample::Index>(), mask in 1..=255_u8) {
        let (_, note, token) = &*STAMPED;
        prop_assert!(!proof_is_believed(&flipped(PROOF.as_bytes(), position.index(PROOF.len()), mask)));
        prop_assert!(!note_is_believed(&flipped(note.as_bytes(), position.index(note.len()), mask)));
        prop_assert!(!token_is_believed(&flipped(token, position.index(token.len()), mask), note.as_bytes()));
        prop_assert!(!token_is_believed(token, &flipped(note.as_bytes(), position.index(note.len()), mask)));
    }

    #[test]
    fn no_cut_is_believed(cut in any::<prop::sample::Index>()) {
        let (_, note, token) = &*STAMPED;
        prop_assert!(!proof_is_believed(&PROOF.as_bytes()[..cut.index(PROOF.len())]));
        prop_assert!(!note_is_believed(&note.as_bytes()[..cut.index(note.len())]));
        prop_assert!(!token_is_believed(&token[..cut.index(token.len())], note.as_bytes()));
    }
}
