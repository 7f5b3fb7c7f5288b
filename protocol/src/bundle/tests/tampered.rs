//! Each binding broken, and the check that says so.

use schemas::{
    bundle::{Bundle, BundledRecord},
    digest::Digest,
    federation::Standing,
    id::CompactJws,
    receipt::Receipt,
};
use tlog::entry::{Entry, EntryType, RecordDigest};

use super::{super::*, evidence::*};
use crate::{
    exchange::fixture::edited,
    federation::{
        testing::{Authority, NOW, Party},
        verify_chain,
    },
};

/// The verdict, and that one check failed for that reason.
fn assert_failed(bundle: &Bundle, root: &TrustRoot, id: CheckId, reason: Reason) {
    let report = verify(&written(bundle), root, NOW.plus(60));
    assert!(report.findings(id).contains(&Finding::Failed(reason)), "{id:?} {reason:?} in {report:#?}");
    let verdict = if reason.is_foreign() { Verdict::Foreign } else { Verdict::Failed };
    assert_eq!(report.verdict(), verdict, "{id:?} {reason:?}");
}

#[test]
fn a_receipt_of_another_exchange() {
    let exchange = Exchange::new();
    let other = exchange.scene.ask();
    let answer = exchange.scene.answer(&exchange.scene.accept(&other));
    let receipt = exchange.scene.receipt(&other, &answer);
    let bundle = exchange.bundle_of(&[exchange.provider.jws(), receipt.jws()]);
    for id in [CheckId::SameExchange, CheckId::SameQuery, CheckId::SameData, CheckId::CounterpartDigest] {
        assert_failed(&bundle, &exchange.root, id, Reason::Mismatch);
    }
}

#[test]
fn receipts_that_disagree() {
    let exchange = Exchange::new();
    type Edit = fn(&mut Receipt);
    let cases: [(Edit, CheckId); 6] = [
        (|r| r.peer = "https://food.gov.example".parse().unwrap(), CheckId::SameParties),
        (|r| r.purpose = "social.x".parse().unwrap(), CheckId::SameTerms),
        (|r| r.data = Some(Digest::of("x")), CheckId::SameData),
        (|r| r.fields.clear(), CheckId::SameFields),
        (|r| r.counterpart = Some(Digest::of("x")), CheckId::CounterpartDigest),
        (|r| r.query = Digest::of("x"), CheckId::SameQuery),
    ];
    for (edit, id) in cases {
        let spoilt = edited(&exchange.consumer, &exchange.scene.world.consumer.signing, edit);
        let bundle = exchange.bundle_of(&[exchange.provider.jws(), spoilt.jws()]);
        assert_failed(&bundle, &exchange.root, id, Reason::Mismatch);
    }
    let twice = edited(&exchange.provider, &exchange.scene.world.provider.signing, |r| r.iat = r.iat.plus(1));
    let mut bundle = exchange.bundle_of(&[exchange.provider.jws(), twice.jws()]);
    bundle.members.truncate(1);
    assert_failed(&bundle, &exchange.root, CheckId::SameParties, Reason::Mismatch);
}

#[test]
fn a_receipt_that_contradicts_itself() {
    let exchange = Exchange::new();
    let spoilt = edited(&exchange.provider, &exchange.scene.world.provider.signing, |r| r.data = None);
    let bundle = exchange.bundle_of(&[spoilt.jws(), exchange.consumer.jws()]);
    assert_failed(&bundle, &exchange.root, CheckId::RecordConsistent, Reason::Contradiction);
}

#[test]
fn a_record_that_its_signer_did_not_sign() {
    let exchange = Exchange::new();
    let forged = edited(&exchange.provider, &Party::member("revenue").signing, |_| ());
    let bundle = exchange.bundle_of(&[forged.jws(), exchange.consumer.jws()]);
    assert_failed(&bundle, &exchange.root, CheckId::RecordSignature, Reason::SignatureInvalid);
    let trigger = Trigger::new();
    let mut bundle = exchange.bundle();
    bundle.records[0].jws = trigger.event.jws().clone();
    assert_failed(&bundle, &exchange.root, CheckId::RecordSignature, Reason::RecordType);
    bundle.records[0].jws = "a.b.c".parse().unwrap();
    assert_failed(&bundle, &exchange.root, CheckId::RecordSignature, Reason::RecordMalformed);
}

#[test]
fn a_proof_for_another_index_or_of_another_record() {
    let exchange = Exchange::new();
    let records = [exchange.provider.jws(), exchange.consumer.jws()];
    let tree = Tree::of(&exchange.anchor, &records, EntryType::ExchangeReceipt);
    let mut bundle = exchange.bundle();
    bundle.records[0].proof = Some(tree.proof(7));
    assert_failed(&bundle, &exchange.root, CheckId::LogInclusion, Reason::NotIncluded);
    let mut bundle = exchange.bundle();
    let (left, right) = bundle.records.split_at_mut(1);
    std::mem::swap(&mut left[0].proof, &mut right[0].proof);
    assert_failed(&bundle, &exchange.root, CheckId::LogInclusion, Reason::NotIncluded);
    let claimed = tree.proof(5).replace("index 5", "index 4");
    bundle.records[0].proof = Some(claimed);
    assert_failed(&bundle, &exchange.root, CheckId::LogInclusion, Reason::NotIncluded);
    bundle.records[0].proof = Some("c2sp.org/tlog-proof@v1\n".into());
    assert_failed(&bundle, &exchange.root, CheckId::LogCheckpoint, Reason::ProofMalformed);
}

#[test]
fn an_entry_of_another_type_or_time() {
    let exchange = Exchange::new();
    let jws = exchange.provider.jws();
    let logged = |entry_type, received_ms| {
        let digest = RecordDigest::of(jws.as_str().as_bytes());
        let tree = Tree::signed(&exchange.anchor, vec![Entry { entry_type, received_ms, digest }]);
        let mut bundle = exchange.bundle();
        bundle.records[0] = tree.bundled(&exchange.anchor, jws);
        bundle
    };
    let ms = |seconds: i64| u64::try_from(NOW.seconds() + seconds).unwrap() * 1000;
    let id = CheckId::LogInclusion;
    assert_failed(&logged(EntryType::Trigger, ms(0)), &exchange.root, id, Reason::EntryType);
    let id = CheckId::LogTime;
    assert_failed(&logged(EntryType::ExchangeReceipt, ms(-11)), &exchange.root, id, Reason::TimeOrder);
    assert_failed(&logged(EntryType::ExchangeReceipt, ms(71)), &exchange.root, id, Reason::TimeOrder);
    // Received three seconds after it was stamped, on a clock that is right to one.
    let id = CheckId::TimestampTime;
    assert_failed(&logged(EntryType::ExchangeReceipt, ms(3)), &exchange.root, id, Reason::TimeOrder);
    let bundle = logged(EntryType::ExchangeReceipt, ms(2));
    assert_eq!(verify(&written(&bundle), &exchange.root, NOW.plus(60)).verdict(), Verdict::Trusted);
}

#[test]
fn a_stamp_from_the_future() {
    let exchange = Exchange::new();
    let mut bundle = exchange.bundle();
    let tree =
        Tree::of(&exchange.anchor, &[exchange.provider.jws(), exchange.consumer.jws()], EntryType::ExchangeReceipt);
    bundle.records[0].timestamps = vec![exchange.anchor.stamp(&tree.note(), 71)];
    assert_failed(&bundle, &exchange.root, CheckId::TimestampTime, Reason::TimeOrder);
}

/// The same receipts, logged and stamped elsewhere.
fn elsewhere(exchange: &Exchange, anchor: &Anchor) -> Vec<BundledRecord> {
    let records = [exchange.provider.jws(), exchange.consumer.jws()];
    let tree = Tree::of(anchor, &records, EntryType::ExchangeReceipt);
    records.iter().map(|jws| tree.bundled(anchor, jws)).collect()
}

#[test]
fn a_checkpoint_of_another_log_or_another_key() {
    let exchange = Exchange::new();
    for other in [Anchor::new("other.example/log", 7), Anchor::new(ORIGIN, 8)] {
        let mut bundle = exchange.bundle();
        bundle.records[0] = elsewhere(&exchange, &other).remove(0);
        assert_failed(&bundle, &exchange.root, CheckId::LogCheckpoint, Reason::ForeignLog);
    }
}

#[test]
fn a_checkpoint_that_its_log_did_not_sign() {
    let exchange = Exchange::new();
    let mut bundle = exchange.bundle();
    let other = exchange.bundle_of(&[exchange.consumer.jws(), exchange.provider.jws()]);
    let (good, foreign) = (bundle.records[0].proof.clone().unwrap(), other.records[0].proof.clone().unwrap());
    let (head, _) = good.rsplit_once(' ').unwrap();
    let (_, signature) = foreign.rsplit_once(' ').unwrap();
    bundle.records[0].proof = Some(format!("{head} {signature}"));
    assert_failed(&bundle, &exchange.root, CheckId::LogCheckpoint, Reason::CheckpointSignature);
}

#[test]
fn a_token_of_another_checkpoint_or_another_authority() {
    let exchange = Exchange::new();
    let mut bundle = exchange.bundle();
    let other = exchange.bundle_of(&[exchange.consumer.jws(), exchange.provider.jws()]);
    bundle.records[0].timestamps = other.records[0].timestamps.clone();
    assert_failed(&bundle, &exchange.root, CheckId::Timestamp, Reason::OtherCheckpoint);

    let records = [exchange.provider.jws(), exchange.consumer.jws()];
    let note = Tree::of(&exchange.anchor, &records, EntryType::ExchangeReceipt).note();
    bundle.records[0].timestamps = vec![Anchor::new(ORIGIN, 8).stamp(&note, 1)];
    assert_failed(&bundle, &exchange.root, CheckId::Timestamp, Reason::ForeignStamp);
    // One good token does not make up for a bad one beside it.
    bundle.records[0].timestamps = vec![exchange.anchor.stamp(&note, 1), "AAAA".into()];
    assert_failed(&bundle, &exchange.root, CheckId::Timestamp, Reason::TokenInvalid);
}

/// The bundle with the provider's chain replaced.
fn with_chain(exchange: &Exchange, chain: Vec<CompactJws>) -> Bundle {
    let mut bundle = exchange.bundle();
    bundle.members[0].chain = chain;
    bundle
}

#[test]
fn an_expired_a_later_or_a_suspended_statement() {
    let exchange = Exchange::new();
    let scene = &exchange.scene;
    let lived = |from: i64| {
        scene.authority.chain(&scene.revenue, |statement| {
            (statement.iat, statement.exp) = (NOW.numeric().plus(from), NOW.numeric().plus(from + 3600));
        })
    };
    for from in [-3600, 3600] {
        let bundle = with_chain(&exchange, lived(from));
        assert_failed(&bundle, &exchange.root, CheckId::SignerChain, Reason::StatementExpired);
    }
    let suspended = scene.authority.chain(&scene.revenue, |statement| statement.standing = Standing::Suspended);
    assert_failed(&with_chain(&exchange, suspended), &exchange.root, CheckId::SignerRole, Reason::Suspended);
    let powerless = scene.authority.chain(&scene.revenue, |statement| statement.roles.clear());
    assert_failed(&with_chain(&exchange, powerless), &exchange.root, CheckId::SignerRole, Reason::RoleMissing);
}

#[test]
fn a_foreign_statement_or_a_foreign_anchor() {
    let exchange = Exchange::new();
    let other = Authority::new();
    let foreign = other.chain(&exchange.scene.revenue, |_| ());
    let ours = exchange.scene.authority.chain(&exchange.scene.revenue, |_| ());
    let id = CheckId::SignerChain;
    assert_failed(&with_chain(&exchange, foreign.clone()), &exchange.root, id, Reason::ForeignAnchor);
    let mixed = vec![ours[0].clone(), foreign[1].clone(), ours[2].clone()];
    assert_failed(&with_chain(&exchange, mixed), &exchange.root, id, Reason::ForeignStatement);
    let about_another = exchange.scene.authority.chain(&exchange.scene.social, |_| ());
    let swapped = vec![ours[0].clone(), about_another[1].clone(), ours[2].clone()];
    assert_failed(&with_chain(&exchange, swapped), &exchange.root, id, Reason::ForeignStatement);
    // The whole chain of another member under this member's name.
    assert!(verify_chain(&about_another, &exchange.root, NOW).is_ok());
    assert_failed(&with_chain(&exchange, about_another), &exchange.root, id, Reason::ChainInvalid);
}

#[test]
fn another_root_than_the_one_pinned() {
    let exchange = Exchange::new();
    let bundle = exchange.bundle();
    let (other, elsewhere) = (Authority::new(), Anchor::new(ORIGIN, 8));
    let foreign = root(&other.root, &exchange.anchor);
    assert_failed(&bundle, &foreign, CheckId::SignerChain, Reason::ForeignAnchor);
    let log_vkey = elsewhere.log.verifying_key().to_string();
    let foreign = TrustRoot { log_vkey, ..exchange.root.clone() };
    assert_failed(&bundle, &foreign, CheckId::LogCheckpoint, Reason::ForeignLog);
    let tsa_root = root(&other.root, &elsewhere).tsa_root;
    let foreign = TrustRoot { tsa_root, ..exchange.root.clone() };
    assert_failed(&bundle, &foreign, CheckId::Timestamp, Reason::ForeignStamp);
    for malformed in [
        TrustRoot { log_vkey: "x".into(), ..exchange.root.clone() },
        TrustRoot { tsa_root: "AAAA".into(), ..exchange.root.clone() },
        TrustRoot { tsa_root: "not base64".into(), ..exchange.root.clone() },
    ] {
        assert_failed(&bundle, &malformed, CheckId::TrustRoot, Reason::RootMalformed);
    }
}

#[test]
fn an_acknowledgement_or_application_of_another_event() {
    let trigger = Trigger::new();
    let other = trigger.scene.accept(&trigger.scene.event(2));
    let social = trigger.scene.signs_for_social();
    let ack = social.acknowledge(&other, Ok(schemas::event::EventResult::Received), 2, NOW).unwrap();
    let bundle = trigger.bundle_of(&[trigger.event.jws(), ack.jws(), trigger.applied.jws()]);
    assert_failed(&bundle, &trigger.root, CheckId::Acknowledgement, Reason::Mismatch);
    let applied = social.applied(&other, schemas::event::AppliedResult::Settled, NOW).unwrap();
    let bundle = trigger.bundle_of(&[trigger.event.jws(), trigger.ack.jws(), applied.jws()]);
    assert_failed(&bundle, &trigger.root, CheckId::Application, Reason::Mismatch);
    let bundle = trigger.bundle_of(&[trigger.event.jws(), trigger.ack.jws(), ack.jws()]);
    assert_failed(&bundle, &trigger.root, CheckId::Structure, Reason::Duplicate);
}

#[test]
fn an_event_of_a_type_that_its_source_may_not_send() {
    let trigger = Trigger::new();
    let mut bundle = trigger.bundle();
    let chain = trigger.scene.authority.chain(&trigger.scene.civil, |_| ());
    bundle.members[0].chain = chain;
    assert_failed(&bundle, &trigger.root, CheckId::SignerRole, Reason::RoleMissing);
}

#[test]
fn a_key_stolen_before_the_log_received_the_record_and_one_stolen_after() {
    let mut exchange = Exchange::new();
    let at = |seconds: i64| {
        let revoked_at = NOW.numeric().plus(seconds);
        Some(schemas::federation::Revoked { revoked_at, reason: "compromised".into() })
    };
    exchange.scene.revenue.gateway().signing_jwks.keys[0].revoked = at(0);
    let report = verify(&written(&exchange.bundle()), &exchange.root, NOW.plus(60));
    assert!(report.findings(CheckId::RecordSignature).contains(&Finding::Failed(Reason::SignatureInvalid)));
    exchange.scene.revenue.gateway().signing_jwks.keys[0].revoked = at(1);
    let report = verify(&written(&exchange.bundle()), &exchange.root, NOW.plus(60));
    assert_eq!(report.verdict(), Verdict::Trusted);
}
