//! When two receipts are about one exchange.

use schemas::{
    digest::Digest,
    problem::Code,
    receipt::{Outcome, Receipt, ReceiptRole},
};

use super::super::{fixture::*, *};
use crate::{
    federation::testing::{NOW, entity},
    testing::name,
};

#[test]
fn both_receipts_of_an_answer_and_of_a_refusal_agree() {
    let scene = Scene::new();
    let query = scene.ask();
    let peer = scene.accept(&query);
    for answer in [scene.answer(&peer), scene.refuse(&peer, Code::ConsentPaused)] {
        let consumer = scene.receipt(&query, &answer);
        assert_eq!(PairRule::first_broken(&answer.receipt, &consumer), None);
        let taken = accept_counterpart(consumer.jws().as_str().as_bytes(), &answer.receipt, &scene.consumer());
        assert_eq!(taken.unwrap(), consumer);
        assert_eq!(consumer.claims().answer, Some(answer.answer.digest()));
    }
}

#[test]
fn an_answer_that_never_came_is_closed_as_unconfirmed() {
    let scene = Scene::new();
    let query = scene.ask();
    let answer = scene.answer(&scene.accept(&query));
    let evidence = Evidence { basis: answer.receipt.claims().basis.clone(), ..Evidence::default() };
    let consumer = scene.signs_for_social().unconfirmed(&query, &evidence, NOW).unwrap();
    assert_eq!(check_receipt(consumer.claims()), Ok(()));
    assert_eq!(PairRule::first_broken(&answer.receipt, &consumer), None);
}

#[test]
fn each_rule_breaks_when_its_member_differs() {
    let scene = Scene::new();
    let query = scene.ask();
    let answer = scene.answer(&scene.accept(&query));
    let good = scene.receipt(&query, &answer);
    type Edit = fn(&mut Receipt);
    let cases: [(Edit, PairRule); 11] = [
        (|r| r.peer = entity("food"), PairRule::Parties),
        (|r| r.role = ReceiptRole::Provider, PairRule::Parties),
        (|r| r.exchange = r.jti.clone(), PairRule::Exchange),
        (|r| r.query = Digest::of("x"), PairRule::Query),
        (|r| r.purpose = name("social.x"), PairRule::Terms),
        (|r| r.dataset = name("food.card"), PairRule::Terms),
        (|r| r.basis = None, PairRule::Basis),
        (|r| r.data = Some(Digest::of("x")), PairRule::Data),
        (|r| r.fields.push(name("annual_income")), PairRule::Fields),
        (|r| r.refusal = Some(Code::Stale), PairRule::Outcome),
        (|r| r.counterpart = Some(Digest::of("x")), PairRule::Counterpart),
    ];
    for (edit, rule) in cases {
        let spoilt = edited(&good, &scene.world.consumer.signing, edit);
        assert_eq!(PairRule::first_broken(&answer.receipt, &spoilt), Some(rule));
    }
    assert_eq!(PairRule::ALL.iter().filter(|rule| rule.holds(&answer.receipt, &good)).count(), PairRule::ALL.len());
}

#[test]
fn a_receipt_of_another_exchange_is_no_counterpart() {
    let scene = Scene::new();
    let (one, two) = (scene.ask(), scene.ask());
    let (first, second) = (scene.answer(&scene.accept(&one)), scene.answer(&scene.accept(&two)));
    let consumer = scene.receipt(&two, &second);
    let taken = accept_counterpart(consumer.jws().as_str().as_bytes(), &first.receipt, &scene.consumer());
    let error = taken.unwrap_err();
    assert_eq!((error.clone(), error.code()), (CounterpartInvalid::Mismatch(PairRule::Exchange), Code::Conflict));
    let not_hers = accept_counterpart(first.receipt.jws().as_str().as_bytes(), &first.receipt, &scene.consumer());
    assert_eq!(not_hers.unwrap_err().code(), Code::PeerCertificateMismatch);
}

#[test]
fn a_receipt_that_contradicts_itself_is_refused() {
    let scene = Scene::new();
    let query = scene.ask();
    let answer = scene.answer(&scene.accept(&query));
    type Edit = fn(&mut Receipt);
    let cases: [(Edit, ReceiptFault); 7] = [
        (|r| r.outcome = Outcome::Unconfirmed, ReceiptFault::Role),
        (|r| r.outcome = Outcome::Refused, ReceiptFault::Data),
        (|r| r.data = None, ReceiptFault::Data),
        (|r| r.refusal = Some(Code::Stale), ReceiptFault::Refusal),
        (|r| (r.data, r.outcome) = (None, Outcome::Refused), ReceiptFault::Refusal),
        (|r| r.counterpart = Some(Digest::of("x")), ReceiptFault::Counterpart),
        (|r| r.basis = None, ReceiptFault::Basis),
    ];
    for (edit, fault) in cases {
        let mut claims = answer.receipt.claims().clone();
        edit(&mut claims);
        assert_eq!(check_receipt(&claims), Err(fault));
    }
}

#[test]
fn two_receipts_of_one_person_look_unrelated() {
    let scene = Scene::new();
    let one = scene.answer(&scene.accept(&scene.ask()));
    let two = scene.answer(&scene.accept(&scene.ask()));
    assert_ne!(one.receipt.claims().subject, two.receipt.claims().subject);
    assert_ne!(one.receipt.claims().salt, two.receipt.claims().salt);
}
