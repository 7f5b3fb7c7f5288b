//! No byte of a bundle is free, and no bytes make the verifier panic.

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use proptest::prelude::*;
use schemas::bundle::Bundle;

use super::{super::*, evidence::*};
use crate::federation::testing::NOW;

struct Sample {
    bundle: Bundle,
    bytes: Vec<u8>,
    root: TrustRoot,
}

static EXCHANGE: LazyLock<Sample> = LazyLock::new(|| {
    let Exchange { root, .. } = &*WORLD;
    let bundle = WORLD.bundle();
    Sample { bytes: written(&bundle), bundle, root: root.clone() }
});
static WORLD: LazyLock<Exchange> = LazyLock::new(Exchange::new);
static TRIGGER: LazyLock<Sample> = LazyLock::new(|| {
    let trigger = Trigger::new();
    let bundle = trigger.bundle();
    Sample { bytes: written(&bundle), bundle, root: trigger.root }
});

fn verdict(bytes: &[u8], root: &TrustRoot) -> Verdict {
    verify(bytes, root, NOW.plus(60)).verdict()
}

/// Where one part of a bundle stands in its bytes.
fn region(sample: &Sample, part: usize) -> std::ops::Range<usize> {
    let record = &sample.bundle.records[part % 2];
    let chain = &sample.bundle.members[part % 2].chain;
    let proof = serde_json::to_string(record.proof.as_ref().unwrap()).unwrap();
    let text = match part / 2 {
        0 => record.jws.as_str(),
        1 => proof.trim_matches('"'),
        2 => &record.timestamps[0],
        3 => chain[0].as_str(),
        4 => chain[1].as_str(),
        5 => chain[2].as_str(),
        _ => return 0..sample.bytes.len(),
    };
    let all = std::str::from_utf8(&sample.bytes).unwrap();
    let start = all.find(text).unwrap();
    start..start + text.len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn one_byte_changed_in_any_part_is_never_trusted(
        part in 0..14_usize, at: prop::sample::Index, byte: u8, trigger: bool,
    ) {
        let sample = if trigger { &*TRIGGER } else { &*EXCHANGE };
        let region = region(sample, part);
        let position = region.start + at.index(region.len());
        let mut bytes = sample.bytes.clone();
        prop_assume!(bytes[position] != byte);
        bytes[position] = byte;
        prop_assert_ne!(verdict(&bytes, &sample.root), Verdict::Trusted, "byte {} of part {}", position, part);
    }

    #[test]
    fn one_byte_more_or_less_is_never_trusted(at: prop::sample::Index, byte: u8, insert: bool) {
        let mut bytes = EXCHANGE.bytes.clone();
        let position = at.index(bytes.len());
        match insert {
            true => bytes.insert(position, byte),
            false => prop_assert!(bytes.drain(position..=position).count() == 1),
        }
        prop_assert_ne!(verdict(&bytes, &EXCHANGE.root), Verdict::Trusted);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>, proof in ".{0,80}", stamp in "[A-Za-z0-9+/=]{0,80}") {
        prop_assert_eq!(verdict(&bytes, &EXCHANGE.root), Verdict::Failed);
        let mut bundle = EXCHANGE.bundle.clone();
        bundle.records[0].proof = Some(proof);
        bundle.records[0].timestamps = vec![stamp];
        prop_assert_ne!(verdict(&written(&bundle), &EXCHANGE.root), Verdict::Trusted);
    }
}

#[test]
fn no_byte_of_a_token_is_free() {
    let sample = &*EXCHANGE;
    let pinned = Pinned::new(&sample.root).unwrap();
    let record = &sample.bundle.records[0];
    let proof = tlog::proof::TlogProof::parse(record.proof.as_ref().unwrap().as_bytes()).unwrap();
    let note = proof.signed_checkpoint().note().to_string();
    let der = STANDARD.decode(&record.timestamps[0]).unwrap();
    assert!(pinned.stamp(&STANDARD.encode(&der), &note).is_ok());
    for position in 0..der.len() {
        for bit in [0x01, 0x02, 0x20, 0x80] {
            let mut spoilt = der.clone();
            spoilt[position] ^= bit;
            assert!(pinned.stamp(&STANDARD.encode(spoilt), &note).is_err(), "byte {position} of the token");
        }
    }
}

#[test]
fn another_spelling_of_the_same_document_is_not_canonical() {
    let sample = &*EXCHANGE;
    let text = String::from_utf8(sample.bytes.clone()).unwrap();
    let (version, rest) = text.split_at("{\"v\":1,".len());
    let reordered = format!("{{{},\"v\":1}}", rest.strip_suffix('}').unwrap());
    assert_eq!(version, "{\"v\":1,");
    for (why, other, reason) in [
        ("a space", text.replacen(':', ": ", 1), Reason::NotCanonical),
        ("pretty", serde_json::to_string_pretty(&sample.bundle).unwrap(), Reason::NotCanonical),
        ("two line breaks", format!("{text}\n\n"), Reason::NotCanonical),
        ("an escape", text.replacen("exchange", "exchang\\u0065", 1), Reason::NotCanonical),
        ("another order", reordered, Reason::NotCanonical),
        ("a byte order mark", format!("\u{feff}{text}"), Reason::NotStrictJson),
        ("a member twice", text.replacen('{', "{\"v\":1,", 1), Reason::NotStrictJson),
        ("a float", text.replacen("\"v\":1", "\"v\":1.0", 1), Reason::NotStrictJson),
        ("version 2", text.replacen("\"v\":1", "\"v\":2", 1), Reason::NotABundle),
        ("a policy inside", text.replacen("\"v\":1", "\"v\":1,\"policy\":\"quorum none\"", 1), Reason::NotABundle),
        ("nothing", String::new(), Reason::NotStrictJson),
        ("too much", " ".repeat(MAX_BUNDLE_BYTES + 1), Reason::TooLarge),
    ] {
        let report = verify(other.as_bytes(), &sample.root, NOW.plus(60));
        assert_eq!(report.findings(CheckId::Structure), [Finding::Failed(reason)], "{why}");
        assert_eq!(report.verdict(), Verdict::Failed, "{why}");
    }
}

#[test]
fn more_than_belongs_into_a_bundle_is_refused() {
    let sample = &*EXCHANGE;
    type Edit = fn(&mut Bundle);
    let cases: [(&str, Edit, Reason); 8] = [
        ("a record twice", |b| b.records[1] = b.records[0].clone(), Reason::Duplicate),
        ("a chain twice", |b| b.members.push(b.members[0].clone()), Reason::Duplicate),
        ("a token twice", |b| b.records[0].timestamps = vec!["AA".into(), "AA".into()], Reason::Duplicate),
        ("three receipts", |b| b.records.push(TRIGGER.bundle.records[0].clone()), Reason::Count),
        ("no record", |b| b.records.clear(), Reason::Count),
        ("no chain", |b| b.members[0].chain.clear(), Reason::Count),
        ("a long chain", |b| b.members[0].chain = vec![b.records[0].jws.clone(); 7], Reason::Count),
        ("five tokens", |b| b.records[0].timestamps = (0..5).map(|n| n.to_string()).collect(), Reason::Count),
    ];
    for (why, edit, reason) in cases {
        let mut bundle = sample.bundle.clone();
        edit(&mut bundle);
        let report = verify(&written(&bundle), &sample.root, NOW.plus(60));
        assert_eq!(report.findings(CheckId::Structure), [Finding::Failed(reason)], "{why}");
    }
}

#[test]
fn a_chain_that_serves_no_record_is_refused() {
    let sample = &*EXCHANGE;
    let mut bundle = sample.bundle.clone();
    bundle.members.push(TRIGGER.bundle.members[0].clone());
    let report = verify(&written(&bundle), &sample.root, NOW.plus(60));
    assert!(report.findings(CheckId::SignerChain).contains(&Finding::Failed(Reason::NotNeeded)));
    // A second chain of a signer, good or not, is no place to hide bytes either.
    let mut bundle = sample.bundle.clone();
    let mut second = bundle.members[0].clone();
    second.chain.swap(0, 1);
    bundle.members.push(second);
    assert_ne!(verdict(&written(&bundle), &sample.root), Verdict::Trusted);
}
