//! What is trusted, now and after the certificates have ended.

use schemas::{
    bundle::BundleKind, digest::Digest, problem::Code, time::Timestamp, version::V1, wallet_build::WalletBuild,
};
use tlog::entry::EntryType;

use super::{super::*, evidence::*};
use crate::{
    exchange::{Attested, Evidence, fixture::edited},
    federation::{
        VerifiedMember,
        testing::{NOW, Party},
    },
    seal::random,
};

fn assert_trusted(bytes: &[u8], root: &TrustRoot, now: Timestamp) -> Report {
    let report = verify(bytes, root, now);
    let spoilt: Vec<_> = report.checks.iter().filter(|check| check.finding != Finding::Passed).collect();
    assert_eq!((report.verdict(), spoilt), (Verdict::Trusted, vec![]));
    report
}

#[test]
fn the_evidence_of_an_exchange_is_trusted_today_and_in_thirty_years() {
    let exchange = Exchange::new();
    let bytes = written(&exchange.bundle());
    for years in [0, 1, 30] {
        assert_trusted(&bytes, &exchange.root, NOW.plus(60 + years * 31_557_600));
    }
}

#[test]
fn a_report_names_each_record_its_place_and_its_stamp() {
    let exchange = Exchange::new();
    let report = assert_trusted(&written(&exchange.bundle()), &exchange.root, NOW.plus(60));
    assert_eq!(report.kind, Some(BundleKind::Exchange));
    let exchange_id = &exchange.provider.claims().exchange;
    let places: Vec<_> = report.records.iter().map(|r| (r.record, &r.about, r.index, r.stamped)).collect();
    let stamped = Some(NOW.plus(1));
    assert_eq!(places, [(0, exchange_id, Some(5), stamped), (1, exchange_id, Some(6), stamped)]);
    assert_eq!(report.stamps.len(), 2);
}

#[test]
fn the_order_of_the_two_receipts_does_not_matter() {
    let exchange = Exchange::new();
    let bundle = exchange.bundle_of(&[exchange.consumer.jws(), exchange.provider.jws()]);
    assert_trusted(&written(&bundle), &exchange.root, NOW.plus(60));
}

#[test]
fn refusals_and_unconfirmed_exchanges_leave_evidence_too() {
    let exchange = Exchange::new();
    let scene = &exchange.scene;
    let query = scene.ask();
    let refused = scene.refuse(&scene.accept(&query), Code::ConsentRevoked);
    let receipt = scene.receipt(&query, &refused);
    let bundle = exchange.bundle_of(&[refused.receipt.jws(), receipt.jws()]);
    assert_trusted(&written(&bundle), &exchange.root, NOW.plus(60));

    let answered = scene.answer(&scene.accept(&query));
    let evidence = Evidence { basis: answered.receipt.claims().basis.clone(), ..Evidence::default() };
    let unconfirmed = scene.signs_for_social().unconfirmed(&query, &evidence, NOW).unwrap();
    let bundle = exchange.bundle_of(&[answered.receipt.jws(), unconfirmed.jws()]);
    assert_trusted(&written(&bundle), &exchange.root, NOW.plus(60));
}

#[test]
fn a_refusal_for_a_missing_role_is_evidence_though_the_role_is_missing() {
    let mut exchange = Exchange::new();
    let query = exchange.scene.ask();
    let refused = exchange.scene.refuse(&exchange.scene.accept(&query), Code::RoleMissing);
    let receipt = exchange.scene.receipt(&query, &refused);
    let (provider, consumer) = (exchange.provider.clone(), exchange.consumer.clone());
    (exchange.provider, exchange.consumer) = (refused.receipt, receipt);
    let powerless = exchange.scene.authority.admit(&exchange.scene.social, &["provider"]);
    let mut bundle = exchange.bundle();
    bundle.members[1] = chain_of(&powerless);
    assert_trusted(&written(&bundle), &exchange.root, NOW.plus(60));
    // The same member could not have been answered.
    (exchange.provider, exchange.consumer) = (provider, consumer);
    let mut bundle = exchange.bundle();
    bundle.members[1] = chain_of(&powerless);
    let report = verify(&written(&bundle), &exchange.root, NOW.plus(60));
    assert!(report.findings(CheckId::SignerRole).contains(&Finding::Failed(Reason::RoleMissing)));
}

#[test]
fn the_evidence_of_a_trigger_is_trusted() {
    let trigger = Trigger::new();
    let report = assert_trusted(&written(&trigger.bundle()), &trigger.root, NOW.plus(60));
    assert_eq!(report.kind, Some(BundleKind::Trigger));
    assert!(report.records.iter().all(|record| record.about == trigger.event.claims().jti));
}

#[test]
fn an_event_that_was_refused_needs_no_application() {
    let trigger = Trigger::new();
    let refused = edited(&trigger.ack, &trigger.scene.social.signing, |ack| {
        (ack.result, ack.refusal) = (schemas::event::EventResult::Refused, Some(Code::RoleMissing));
    });
    let bundle = trigger.bundle_of(&[trigger.event.jws(), refused.jws()]);
    assert_trusted(&written(&bundle), &trigger.root, NOW.plus(60));
}

/// A member's word that it serves a build, logged, with its chain.
fn build_by(trigger: &Trigger, department: &Party, member: &VerifiedMember) -> Bundle {
    let claims = WalletBuild {
        v: V1,
        iss: member.entity().clone(),
        iat: NOW.numeric(),
        jti: random::message_id(NOW),
        salt: random::salt(),
        build: Digest::of("the files"),
    };
    let record = Attested::sign(claims, &department.signing).unwrap();
    let tree = Tree::of(&trigger.anchor, &[record.jws()], EntryType::Build);
    let records = vec![tree.bundled(&trigger.anchor, record.jws())];
    Bundle { v: V1, kind: BundleKind::Build, records, members: vec![chain_of(member)], registers: vec![] }
}

#[test]
fn the_build_of_a_wallet_is_known_by_its_registrys_logged_word_and_by_nobody_elses() {
    let trigger = Trigger::new();
    let bundle = build_by(&trigger, &trigger.scene.civil, &trigger.scene.source());
    let report = assert_trusted(&written(&bundle), &trigger.root, NOW.plus(60));
    assert_eq!((report.kind, report.build), (Some(BundleKind::Build), Some(Digest::of("the files"))));

    let stranger = build_by(&trigger, &trigger.scene.social, &trigger.scene.receiver());
    let report = verify(&written(&stranger), &trigger.root, NOW.plus(60));
    assert_eq!(report.findings(CheckId::SignerRole), [Finding::Failed(Reason::RoleMissing)]);
    assert_eq!(report.verdict(), Verdict::Failed);
    let other = Bundle { kind: BundleKind::Trigger, ..bundle.clone() };
    let report = verify(&written(&other), &trigger.root, NOW.plus(60));
    assert_eq!(
        (report.findings(CheckId::RecordSignature), report.build),
        (vec![Finding::Failed(Reason::RecordType)], None)
    );
    let twice = Bundle { records: vec![bundle.records[0].clone(), trigger.bundle().records.remove(0)], ..bundle };
    let report = verify(&written(&twice), &trigger.root, NOW.plus(60));
    assert_eq!(report.findings(CheckId::Structure), [Finding::Failed(Reason::Count)]);
}

#[test]
fn what_compose_writes_is_what_verify_reads() {
    let exchange = Exchange::new();
    let bundle = exchange.bundle();
    let Bundle { kind, records, mut members, .. } = bundle.clone();
    members.extend(members.clone());
    let mut bytes = compose(kind, records.clone(), members.clone(), vec![]).unwrap();
    assert!(bytes == written(&bundle), "a chain that stands twice is written once");
    bytes.push(b'\n');
    assert_trusted(&bytes, &exchange.root, NOW.plus(60));
    let twice = vec![records[0].clone(), records[0].clone()];
    assert_eq!(compose(kind, twice, members.clone(), vec![]), Err(ComposeError(Reason::Duplicate)));
    assert_eq!(compose(kind, vec![], members, vec![]), Err(ComposeError(Reason::Count)));
}

#[test]
fn every_check_and_reason_has_its_own_text_and_each_verdict_its_exit_code() {
    let texts = CheckId::ALL.iter().map(|id| id.as_str()).chain(Reason::ALL.iter().map(|reason| reason.as_str()));
    let texts: Vec<_> = texts.collect();
    let unique: std::collections::BTreeSet<_> = texts.iter().collect();
    assert_eq!(unique.len(), texts.len());
    let codes = [Verdict::Trusted, Verdict::Failed, Verdict::Undecided, Verdict::Foreign].map(Verdict::exit_code);
    assert_eq!(codes, [0, 1, 3, 4]);
    assert_eq!(Report::default().verdict(), Verdict::Undecided, "nothing checked is nothing trusted");
}

#[test]
fn a_report_is_written_as_flat_json() {
    let exchange = Exchange::new();
    let mut bundle = exchange.bundle();
    bundle.records[1].timestamps.clear();
    let report = verify(&written(&bundle), &exchange.root, NOW.plus(60));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["checks"][0], serde_json::json!({ "id": "structure", "finding": "passed" }));
    let unstamped = serde_json::json!(
        { "id": "timestamp", "record": 1, "finding": "could-not-be-checked", "reason": "not-stamped" });
    assert!(json["checks"].as_array().unwrap().contains(&unstamped));
}
