//! What a consumer takes for the answer to its query.

use std::collections::BTreeMap;

use schemas::{
    answer::{Answer, FieldValue, Record, Refusal},
    digest::Digest,
    federation::Standing,
    problem::Code,
    receipt::{Outcome, Receipt, ReceiptRole},
};

use super::super::{fixture::*, *};
use crate::{
    federation::{
        testing::{NOW, entity},
        verify_chain,
    },
    seal::{Binding, DecryptionKey, JweError, seal},
    testing::name,
};

#[test]
fn the_asker_opens_exactly_what_was_asked_and_granted() {
    let scene = Scene::new();
    let query = scene.ask();
    let opened = scene.open(&scene.answer(&scene.accept(&query)), &query).unwrap();
    // Revenue's row held the income itself too; it was neither asked for nor granted.
    let rows = vec![BTreeMap::from([(name("annual_income_band"), FieldValue::Text("below-1-lakh".into()))])];
    assert_eq!(
        *opened.answered(),
        Answered::Record(Record { dataset: name("revenue.income"), rows, predicates: vec![] })
    );
    let receipt = opened.receipt().claims();
    assert_eq!((receipt.exchange.clone(), receipt.query), (query.claims().jti.clone(), query.digest()));
    assert_eq!(receipt.fields, [name("annual_income_band")]);
    assert!(receipt.subject.is_some() && check_receipt(receipt).is_ok());
}

#[test]
fn a_signed_refusal_comes_with_its_receipt() {
    let scene = Scene::new();
    let query = scene.ask();
    let opened = scene.open(&scene.refuse(&scene.accept(&query), Code::ConsentRevoked), &query).unwrap();
    assert_eq!(*opened.answered(), Answered::Refused(Code::ConsentRevoked));
    assert_eq!(opened.receipt().claims().refusal, Some(Code::ConsentRevoked));
    assert_eq!(opened.receipt().claims().data, None);
}

/// Edits the answer's receipt and answer, signs both again as revenue, and opens.
fn open_edited(
    scene: &Scene,
    refused: bool,
    edit_receipt: impl FnOnce(&mut Receipt),
    edit_answer: impl FnOnce(&mut Answer),
) -> Result<VerifiedAnswer, AnswerInvalid> {
    let query = scene.ask();
    let peer = scene.accept(&query);
    let good = if refused { scene.refuse(&peer, Code::ConsentRevoked) } else { scene.answer(&peer) };
    let key = &scene.world.provider.signing;
    let receipt = edited(&good.receipt, key, edit_receipt);
    let answer = edited(&good.answer, key, |answer| {
        answer.receipt = receipt.jws().clone();
        edit_answer(answer);
    });
    scene.open_bytes(answer.jws().as_str().as_bytes(), &query, NOW)
}

#[test]
fn an_answer_that_belongs_to_something_else_is_not_taken() {
    let scene = Scene::new();
    type Edit = fn(&mut Answer);
    let cases: [(&str, bool, Edit, AnswerInvalid); 9] = [
        ("for another", false, |a| a.aud = entity("food"), AnswerInvalid::Audience),
        ("to another id", false, |a| a.query_jti = a.jti.clone(), AnswerInvalid::OtherQuery),
        ("to other bytes", false, |a| a.query = Digest::of("x"), AnswerInvalid::OtherQuery),
        ("before the query", false, |a| a.iat = a.iat.plus(-11), AnswerInvalid::Time),
        ("from the future", false, |a| a.iat = a.iat.plus(11), AnswerInvalid::Time),
        ("answered without data", false, |a| a.data = None, AnswerInvalid::Inconsistent),
        ("unconfirmed", false, |a| a.outcome = Outcome::Unconfirmed, AnswerInvalid::Inconsistent),
        ("refused without a code", true, |a| a.refusal = None, AnswerInvalid::Inconsistent),
        (
            "another code than the receipt",
            true,
            |a| a.refusal = Some(Refusal { code: Code::ConsentPaused }),
            AnswerInvalid::OtherReceipt,
        ),
    ];
    for (why, refused, edit, expected) in cases {
        assert_eq!(open_edited(&scene, refused, |_| (), edit).unwrap_err(), expected, "{why}");
    }
    assert!(open_edited(&scene, false, |_| (), |_| ()).is_ok());
}

#[test]
fn a_receipt_that_belongs_to_something_else_is_not_taken() {
    let scene = Scene::new();
    type Edit = fn(&mut Receipt);
    let cases: [(&str, Edit, AnswerInvalid); 10] = [
        ("another exchange", |r| r.exchange = r.jti.clone(), AnswerInvalid::OtherReceipt),
        ("another query", |r| r.query = Digest::of("x"), AnswerInvalid::OtherReceipt),
        ("another peer", |r| r.peer = entity("food"), AnswerInvalid::OtherReceipt),
        ("other data", |r| r.data = Some(Digest::of("x")), AnswerInvalid::OtherReceipt),
        ("another purpose", |r| r.purpose = name("social.x"), AnswerInvalid::OtherReceipt),
        ("another dataset", |r| r.dataset = name("food.card"), AnswerInvalid::OtherReceipt),
        ("a field not asked for", |r| r.fields.push(name("annual_income")), AnswerInvalid::Unasked),
        ("a field not named", |r| r.fields.clear(), AnswerInvalid::Unasked),
        ("before the query", |r| r.iat = r.iat.plus(-11), AnswerInvalid::Time),
        ("no basis", |r| r.basis = None, AnswerInvalid::ReceiptInconsistent(ReceiptFault::Basis)),
    ];
    for (why, edit, expected) in cases {
        assert_eq!(open_edited(&scene, false, edit, |_| ()).unwrap_err(), expected, "{why}");
    }
    let as_consumer = |r: &mut Receipt| {
        (r.role, r.answer, r.counterpart) = (ReceiptRole::Consumer, Some(Digest::of("a")), Some(Digest::of("b")));
    };
    assert_eq!(open_edited(&scene, false, as_consumer, |_| ()).unwrap_err(), AnswerInvalid::OtherReceipt);
}

#[test]
fn data_of_another_answer_or_for_another_key_does_not_open() {
    let scene = Scene::new();
    let query = scene.ask();
    let peer = scene.accept(&query);
    let (one, other) = (scene.answer(&peer), scene.answer(&peer));
    let key = &scene.world.provider.signing;
    let moved = other.answer.claims().data.clone();
    let receipt = edited(&one.receipt, key, |r| r.data = moved.as_ref().map(|data| Digest::of(data.as_str())));
    let answer = edited(&one.answer, key, |a| (a.data, a.receipt) = (moved, receipt.jws().clone()));
    let opened = scene.open_bytes(answer.jws().as_str().as_bytes(), &query, NOW);
    assert_eq!(opened.unwrap_err(), AnswerInvalid::Sealed(JweError::Moved));

    let stranger = [DecryptionKey::generate().unwrap()];
    let bytes = one.answer.jws().as_str().as_bytes();
    let opened = open_answer(bytes, &query, &scene.provider(), &stranger, NOW);
    assert_eq!(opened.unwrap_err(), AnswerInvalid::Sealed(JweError::OtherKey));
    let rotated = [stranger[0].clone(), scene.world.consumer.encryption.clone()];
    assert!(open_answer(bytes, &query, &scene.provider(), &rotated, NOW).is_ok());
}

#[test]
fn a_record_with_a_field_that_the_receipt_does_not_name_is_not_taken() {
    let scene = Scene::new();
    let query = scene.ask();
    let good = scene.answer(&scene.accept(&query));
    let claims = good.answer.claims();
    let record = Record { dataset: name("revenue.income"), rows: vec![row()], predicates: vec![] };
    let binding = Binding::answer(&claims.iss, &claims.aud, &claims.jti);
    let data = seal(scene.world.consumer.encryption.public(), &binding, &record).unwrap();
    let key = &scene.world.provider.signing;
    let receipt = edited(&good.receipt, key, |r| r.data = Some(Digest::of(data.as_str())));
    let answer = edited(&good.answer, key, |a| (a.data, a.receipt) = (Some(data), receipt.jws().clone()));
    let opened = scene.open_bytes(answer.jws().as_str().as_bytes(), &query, NOW);
    assert_eq!(opened.unwrap_err(), AnswerInvalid::Unasked);
}

#[test]
fn only_the_member_that_was_asked_answers_and_only_in_good_standing() {
    let scene = Scene::new();
    let query = scene.ask();
    let good = scene.answer(&scene.accept(&query));
    let bytes = good.answer.jws().as_str().as_bytes();
    let keys = [scene.world.consumer.encryption.clone()];
    let other = open_answer(bytes, &query, &scene.consumer(), &keys, NOW).unwrap_err();
    assert_eq!(other, AnswerInvalid::OtherProvider);
    let chain = scene.authority.chain(&scene.revenue, |statement| statement.standing = Standing::Suspended);
    let suspended = verify_chain(&chain, &scene.authority.root, NOW).unwrap();
    assert_eq!(open_answer(bytes, &query, &suspended, &keys, NOW).unwrap_err(), AnswerInvalid::Suspended);
    let forged = edited(&good.answer, &scene.world.consumer.signing, |_| ());
    let forged = scene.open_bytes(forged.jws().as_str().as_bytes(), &query, NOW).unwrap_err();
    assert_eq!(forged, AnswerInvalid::Answer(NotAttested::KeyNotValid));
    assert_eq!(forged.code(), Code::PeerAnswerInvalid);
}

#[test]
fn a_stored_answer_may_come_back_later() {
    let scene = Scene::new();
    let query = scene.ask();
    let good = scene.answer(&scene.accept(&query));
    assert!(scene.open_bytes(good.answer.jws().as_str().as_bytes(), &query, NOW.plus(3600)).is_ok());
}
