//! The record of an erasure beside the receipts: what it proves, and each way in which it proves nothing.

use schemas::{
    bundle::Bundle,
    digest::Digest,
    erasure::{Erasure, ErasureReason, SystemErasure},
    time::Timestamp,
    version::V1,
};
use tlog::entry::{Entry, EntryType, RecordDigest};

use super::{super::*, evidence::*};
use crate::{
    exchange::{Attested, fixture::edited},
    federation::testing::{NOW, Party},
    seal::{SigningKey, random},
};

/// Signed a minute after the answer, by systems that confirmed within it.
fn erasure(exchange: &Exchange) -> Attested<Erasure> {
    let receipt = &exchange.consumer;
    let system = |name: &str, seconds| SystemErasure {
        system: name.parse().unwrap(),
        order: random::message_id(NOW),
        confirmed: NOW.plus(seconds),
    };
    let claims = Erasure {
        v: V1,
        iss: receipt.claims().iss.clone(),
        iat: NOW.plus(60).numeric(),
        jti: random::message_id(NOW),
        salt: random::salt(),
        exchange: receipt.claims().exchange.clone(),
        receipt: receipt.digest(),
        reason: ErasureReason::RetentionOver,
        due: NOW.plus(30),
        gateway: NOW.plus(31),
        systems: vec![system("pension-portal", 40), system("archive", 60)],
    };
    Attested::sign(claims, key(exchange)).unwrap()
}

fn key(exchange: &Exchange) -> &SigningKey {
    &exchange.scene.world.consumer.signing
}

/// The bundle with a record logged a minute later under that type.
fn with(exchange: &Exchange, record: &Attested<Erasure>, entry_type: EntryType) -> Bundle {
    let mut bundle = exchange.bundle();
    let digest = RecordDigest::of(record.jws().as_str().as_bytes());
    let received_ms = u64::try_from(NOW.plus(61).seconds()).unwrap() * 1000;
    let tree = Tree::signed(&exchange.anchor, vec![Entry { entry_type, received_ms, digest }]);
    let mut logged = tree.bundled(&exchange.anchor, record.jws());
    logged.timestamps = vec![exchange.anchor.stamp(&tree.note(), 62)];
    bundle.records.push(logged);
    bundle
}

fn judged(exchange: &Exchange, bundle: &Bundle) -> Report {
    verify(&written(bundle), &exchange.root, NOW.plus(120))
}

#[track_caller]
fn assert_failed(exchange: &Exchange, bundle: &Bundle, id: CheckId, reason: Reason, why: &str) {
    let report = judged(exchange, bundle);
    assert!(report.findings(id).contains(&Finding::Failed(reason)), "{why}: {:?}", report.checks);
    assert_eq!(report.verdict(), Verdict::Failed, "{why}");
}

#[test]
fn the_record_of_an_erasure_is_trusted_beside_the_receipts() {
    let exchange = Exchange::new();
    let record = erasure(&exchange);
    let bundle = with(&exchange, &record, EntryType::Consent);
    let report = judged(&exchange, &bundle);
    assert_eq!((report.verdict(), report.findings(CheckId::Erasure)), (Verdict::Trusted, vec![Finding::Passed]));
    let summary = report.records.last().unwrap();
    assert_eq!((summary.typ, &summary.about), ("dx-erasure+jwt", &exchange.consumer.claims().exchange));
    let composed = compose(bundle.kind, bundle.records, bundle.members, vec![]).unwrap();
    assert_eq!(verify(&composed, &exchange.root, NOW.plus(120)).verdict(), Verdict::Trusted);
}

#[test]
fn a_bundle_without_one_says_nothing_of_an_erasure() {
    let exchange = Exchange::new();
    let report = judged(&exchange, &exchange.bundle());
    assert_eq!((report.verdict(), report.findings(CheckId::Erasure)), (Verdict::Trusted, vec![]));
}

#[test]
fn an_erasure_of_something_else_is_refused() {
    let exchange = Exchange::new();
    type Edit = fn(&mut Erasure);
    let edits: [(&str, Edit); 4] = [
        ("another exchange", |e| e.exchange = e.jti.clone()),
        ("another receipt", |e| e.receipt = Digest::of("x")),
        ("before the answer came", |e| (e.due, e.gateway) = (NOW.plus(-20), NOW.plus(-11))),
        ("before the answer came, as a whole", |e| {
            (e.due, e.gateway) = (NOW.plus(-11), NOW.plus(-11));
            e.systems.clear();
        }),
    ];
    for (why, edit) in edits {
        let bundle = with(&exchange, &edited(&erasure(&exchange), key(&exchange), edit), EntryType::Consent);
        assert_failed(&exchange, &bundle, CheckId::Erasure, Reason::Mismatch, why);
    }
    let other = exchange.scene.world.provider.signing.clone();
    let entity = exchange.provider.claims().iss.clone();
    let theirs = edited(&erasure(&exchange), &other, |e| e.iss = entity);
    let bundle = with(&exchange, &theirs, EntryType::Consent);
    assert_failed(&exchange, &bundle, CheckId::Erasure, Reason::Mismatch, "signed by the answering department");
}

#[test]
fn a_record_that_contradicts_itself_is_refused() {
    let exchange = Exchange::new();
    type Edit = fn(&mut Erasure);
    let edits: [(&str, Edit); 5] = [
        ("before it was due", |e| e.due = e.gateway.plus(1)),
        ("after it was signed", |e| e.gateway = NOW.plus(71)),
        ("confirmed before it was erased here", |e| e.systems[0].confirmed = NOW.plus(20)),
        ("confirmed after it was signed", |e| e.systems[0].confirmed = NOW.plus(71)),
        ("one order twice", |e| e.systems[1].order = e.systems[0].order.clone()),
    ];
    for (why, edit) in edits {
        let bundle = with(&exchange, &edited(&erasure(&exchange), key(&exchange), edit), EntryType::Consent);
        assert_failed(&exchange, &bundle, CheckId::RecordConsistent, Reason::Contradiction, why);
    }
}

#[test]
fn a_forged_a_wrongly_logged_and_a_doubled_record_are_refused() {
    let exchange = Exchange::new();
    let record = erasure(&exchange);
    let forged = edited(&record, &Party::member("social").signing, |_| ());
    let bundle = with(&exchange, &forged, EntryType::Consent);
    assert_failed(&exchange, &bundle, CheckId::RecordSignature, Reason::SignatureInvalid, "another's key");
    let findings = judged(&exchange, &bundle).findings(CheckId::Erasure);
    assert_eq!(findings, [Finding::CouldNotBeChecked(Reason::EarlierCheck)]);
    let receipt = with(&exchange, &record, EntryType::ExchangeReceipt);
    assert_failed(&exchange, &receipt, CheckId::LogInclusion, Reason::EntryType, "logged as a receipt");
    let mut bundle = with(&exchange, &record, EntryType::Consent);
    let again = edited(&record, key(&exchange), |e| e.iat = e.iat.plus(1));
    bundle.records.push(with(&exchange, &again, EntryType::Consent).records.remove(2));
    assert_failed(&exchange, &bundle, CheckId::Structure, Reason::Count, "two records");
}

#[test]
fn without_the_askers_receipt_or_its_place_in_the_log_it_cannot_be_checked() {
    let exchange = Exchange::new();
    let mut bundle = with(&exchange, &erasure(&exchange), EntryType::Consent);
    bundle.records.remove(1);
    let report = judged(&exchange, &bundle);
    let missing = Finding::CouldNotBeChecked(Reason::CounterpartMissing);
    assert_eq!((report.verdict(), report.findings(CheckId::Erasure)), (Verdict::Undecided, vec![missing]));
    let mut bundle = with(&exchange, &erasure(&exchange), EntryType::Consent);
    (bundle.records[2].proof, bundle.records[2].timestamps) = (None, vec![]);
    let report = judged(&exchange, &bundle);
    assert_eq!((report.verdict(), report.findings(CheckId::Erasure)), (Verdict::Undecided, vec![Finding::Passed]));
}

#[test]
fn a_refusal_has_nothing_to_erase() {
    let mut exchange = Exchange::new();
    let query = exchange.scene.ask();
    let refused = exchange.scene.refuse(&exchange.scene.accept(&query), schemas::problem::Code::ConsentRevoked);
    exchange.consumer = exchange.scene.receipt(&query, &refused);
    exchange.provider = refused.receipt;
    let bundle = with(&exchange, &erasure(&exchange), EntryType::Consent);
    assert_failed(&exchange, &bundle, CheckId::Erasure, Reason::Mismatch, "nothing came");
}

#[test]
fn no_byte_of_the_record_can_change() {
    let exchange = Exchange::new();
    let bundle = with(&exchange, &erasure(&exchange), EntryType::Consent);
    let text = bundle.records[2].jws.to_string();
    let now: Timestamp = NOW.plus(120);
    for place in (0..text.len()).step_by(7) {
        let mut bytes = text.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        let Ok(jws) = name_or_none(&bytes) else { continue };
        let mut spoilt = bundle.clone();
        spoilt.records[2].jws = jws;
        assert_ne!(verify(&written(&spoilt), &exchange.root, now).verdict(), Verdict::Trusted, "byte {place}");
    }
}

fn name_or_none(bytes: &[u8]) -> Result<schemas::id::CompactJws, ()> {
    std::str::from_utf8(bytes).map_err(|_| ())?.parse().map_err(|_| ())
}
