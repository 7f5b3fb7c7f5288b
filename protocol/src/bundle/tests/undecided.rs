//! What is missing is *could not be checked*: not trusted, and not failed either.

use schemas::bundle::Bundle;

use super::{super::*, evidence::*};
use crate::federation::testing::NOW;

fn assert_undecided(bundle: &Bundle, root: &TrustRoot, id: CheckId, reason: Reason) {
    let report = verify(&written(bundle), root, NOW.plus(60));
    assert!(report.findings(id).contains(&Finding::CouldNotBeChecked(reason)), "{id:?} {report:#?}");
    assert_eq!(report.verdict(), Verdict::Undecided, "{id:?}");
}

#[test]
fn an_exchange_without_its_counterpart() {
    let exchange = Exchange::new();
    for (receipt, member) in [(&exchange.provider, 0), (&exchange.consumer, 1)] {
        let mut bundle = exchange.bundle_of(&[receipt.jws()]);
        bundle.members = vec![bundle.members[member].clone()];
        assert_undecided(&bundle, &exchange.root, CheckId::CounterpartHeld, Reason::CounterpartMissing);
    }
}

#[test]
fn a_record_that_is_not_anchored_yet() {
    let exchange = Exchange::new();
    let mut bundle = exchange.bundle();
    (bundle.records[1].proof, bundle.records[1].timestamps) = (None, vec![]);
    assert_undecided(&bundle, &exchange.root, CheckId::LogInclusion, Reason::NotAnchored);
    assert_undecided(&bundle, &exchange.root, CheckId::LogTime, Reason::NotAnchored);
}

#[test]
fn a_record_that_is_not_stamped_yet() {
    let exchange = Exchange::new();
    let mut bundle = exchange.bundle();
    bundle.records[0].timestamps.clear();
    assert_undecided(&bundle, &exchange.root, CheckId::Timestamp, Reason::NotStamped);
}

#[test]
fn a_stamp_without_its_proof_says_nothing() {
    let exchange = Exchange::new();
    let mut bundle = exchange.bundle();
    bundle.records[0].proof = None;
    assert_undecided(&bundle, &exchange.root, CheckId::Timestamp, Reason::EarlierCheck);
}

#[test]
fn a_signer_without_a_chain() {
    let exchange = Exchange::new();
    let mut bundle = exchange.bundle();
    bundle.members.remove(0);
    assert_undecided(&bundle, &exchange.root, CheckId::SignerChain, Reason::ChainMissing);
    assert_undecided(&bundle, &exchange.root, CheckId::SameExchange, Reason::EarlierCheck);
}

#[test]
fn an_event_without_acknowledgement_or_application() {
    let trigger = Trigger::new();
    let bundle = trigger.bundle_of(&[trigger.event.jws(), trigger.ack.jws()]);
    assert_undecided(&bundle, &trigger.root, CheckId::Application, Reason::CounterpartMissing);
    let mut bundle = trigger.bundle_of(&[trigger.event.jws()]);
    bundle.members.truncate(1);
    assert_undecided(&bundle, &trigger.root, CheckId::CounterpartHeld, Reason::CounterpartMissing);
    let mut bundle = trigger.bundle_of(&[trigger.ack.jws()]);
    bundle.members.remove(0);
    assert_undecided(&bundle, &trigger.root, CheckId::CounterpartHeld, Reason::CounterpartMissing);
}
