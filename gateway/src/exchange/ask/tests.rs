//! Questions over real mutual TLS: each ends once, with a receipt on both sides, whatever dies in between.

use protocol::exchange::{PairRule, check_receipt};
use schemas::{
    federation::Disclosure,
    receipt::{Outcome, Receipt},
};
use service_kit::db::DatabaseError;

use super::*;
use crate::exchange::testing::{
    count,
    federation::{Engine, Federation, tamper},
    receipts_of,
};

/// Both receipts as the consumer holds them, consistent with one another.
async fn pair(federation: &Federation, exchange: &MessageId) -> (Attested<Receipt>, Option<Attested<Receipt>>) {
    let (own, counterpart) = receipts_of(federation.consumer.db(), exchange).await.unwrap();
    let own = Attested::<Receipt>::read_own(&own, federation.consumer.keys().signing.public()).unwrap();
    check_receipt(own.claims()).unwrap();
    let member = federation.provider_member();
    let theirs = counterpart.map(|jws| Attested::<Receipt>::verify(jws.as_str().as_bytes(), &member).unwrap());
    if let Some(theirs) = &theirs {
        assert_eq!(PairRule::first_broken(theirs, &own), None);
    }
    (own, theirs)
}

/// A question that was stored, as if the process had died right after.
async fn stored(federation: &Federation, request: &LocalQuery) -> (AskKey, Pending) {
    let key = AskKey::new(federation.system().name.clone(), federation.key());
    let wanted = Digest::of(serde_json::to_vec(request).unwrap());
    let pending = federation.consumer.begin(&key, request, wanted).await.unwrap().unwrap();
    (key, pending)
}

async fn recover(federation: &Federation) -> usize {
    federation.consumer.hurry_open_questions().await.unwrap();
    federation.consumer.recover_questions().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_gets_the_record_and_both_sides_hold_both_receipts() {
    let federation = Federation::start().await;
    let provider = federation.serve().await;
    let request = federation.held(&federation.consent(2)).await;
    let (ask, key) = (&federation.consumer, federation.key());
    let answer = ask.ask(federation.system(), key.clone(), &request).await.unwrap();
    assert_eq!(answer.record.rows.len(), 1);
    let (own, theirs) = pair(&federation, &answer.exchange).await;
    assert_eq!((&own.claims().jti, own.claims().outcome), (&answer.receipt, Outcome::Answered));
    assert_eq!(theirs.unwrap().claims().jti, answer.counterpart);
    assert_eq!((count(ask.db(), "outbox"), count(ask.db(), "ask_open")), (1, 0));

    let again = ask.ask(federation.system(), key.clone(), &request).await.unwrap();
    assert_eq!(again, answer, "the same request under the same key gets the same answer");
    let mut other = request.clone();
    other.case = Some("another".parse().unwrap());
    let conflict = ask.ask(federation.system(), key, &other).await.unwrap_err();
    assert_eq!(conflict.code(), Code::Conflict, "a key names one question");
    assert_eq!(count(ask.db(), "receipt"), 1);

    assert_eq!(ask.return_receipts().await.unwrap(), 1);
    assert_eq!(ask.return_receipts().await.unwrap(), 0, "the queue is empty");
    let at_provider = receipts_of(provider.app().db(), &answer.exchange).await.unwrap();
    assert_eq!(at_provider.1.as_ref(), Some(own.jws()));
    provider.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_refusal_reaches_the_caller_with_its_receipts() {
    let federation = Federation::start().await;
    let provider = federation.serve().await;
    let request = federation.held(&federation.consent(1)).await;
    let ask = &federation.consumer;
    ask.ask(federation.system(), federation.key(), &request).await.unwrap();
    let key = federation.key();
    let refused = ask.ask(federation.system(), key.clone(), &request).await.unwrap_err();
    assert_eq!(refused.code(), Code::ConsentUsedUp);
    assert!(refused.refusal().is_some(), "with the signed answer");
    assert_eq!(ask.ask(federation.system(), key, &request).await.unwrap_err(), refused, "and again");
    assert_eq!((count(ask.db(), "receipt"), count(ask.db(), "counterpart_receipt")), (2, 2));
    provider.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_consent_does_not_allow_is_not_asked() {
    let federation = Federation::start().await;
    let consent = federation.consent(1);
    let request = federation.held(&consent).await;
    let ask = &federation.consumer;
    type Bend = fn(&mut LocalQuery);
    let table: [(&str, Code, Bend); 3] = [
        ("a purpose that the system does not have", Code::AccessDenied, |r| r.purpose = "food.ration".parse().unwrap()),
        ("a consent that is not held", Code::ConsentMissing, |r| {
            r.consent = "urn:uuid:01936b1e-5b2f-7c3d-8e4f-0123456789ab".parse().unwrap();
        }),
        ("no field", Code::RequestMalformed, |r| r.fields.clear()),
    ];
    for (why, code, bend) in table {
        let mut bent = request.clone();
        bend(&mut bent);
        let refused = ask.ask(federation.system(), federation.key(), &bent).await.unwrap_err();
        assert_eq!((refused.code(), refused.refusal()), (code, None), "{why}");
    }
    let verified = protocol::credential::vc::verify(&consent.jws, &federation.world.authority.entity).unwrap();
    let index = crate::store::exchange::consent_index(ask.keys(), verified.issuer(), verified.id());
    let revoked = ask.db().write(move |conn| {
        let change = crate::store::exchange::ConsentChange::Revoke;
        Ok::<_, DatabaseError>(crate::store::exchange::consent_order(conn, &index, 1, change)?)
    });
    assert!(revoked.await.unwrap().applied);
    let refused = ask.ask(federation.system(), federation.key(), &request).await.unwrap_err();
    assert_eq!(refused.code(), Code::ConsentRevoked);
    assert_eq!((count(ask.db(), "ask"), count(ask.db(), "receipt")), (0, 0), "nothing was asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_was_stored_and_never_sent_is_sent_after_a_restart() {
    let federation = Federation::start().await;
    let request = federation.held(&federation.consent(1)).await;
    let (key, pending) = stored(&federation, &request).await;
    assert_eq!(recover(&federation).await, 0, "the provider is away: it stays open");
    let provider = federation.serve().await;
    assert_eq!(recover(&federation).await, 1);
    assert_eq!(recover(&federation).await, 0, "once");
    let (own, theirs) = pair(&federation, &pending.query.claims().jti).await;
    assert_eq!((own.claims().outcome, theirs.is_some()), (Outcome::Answered, true));
    let answer = federation.consumer.ask(federation.system(), key.idempotency, &request).await.unwrap();
    assert_eq!(answer.receipt, own.claims().jti, "the caller gets what recovery heard");
    provider.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_given_and_never_heard_is_heard_after_a_restart() {
    let federation = Federation::start().await;
    let provider = federation.serve().await;
    let request = federation.held(&federation.consent(1)).await;
    let (_, pending) = stored(&federation, &request).await;
    let heard = federation.consumer.send_once(pending.query.claims(), pending.query.jws().as_str()).await.unwrap();
    assert!(matches!(heard, Heard::Answer(_)), "the provider answered, and the asker died");
    assert_eq!(recover(&federation).await, 1);
    let exchange = &pending.query.claims().jti;
    let (own, theirs) = pair(&federation, exchange).await;
    assert_eq!(own.claims().outcome, Outcome::Answered);
    let at_provider = receipts_of(provider.app().db(), exchange).await.unwrap();
    assert_eq!(Some(&at_provider.0), theirs.as_ref().map(Attested::jws), "the one receipt of the one answer");
    assert_eq!(count(provider.app().db(), "receipt"), 1);
    provider.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_whose_answer_cannot_be_had_any_more_is_closed_as_unconfirmed() {
    let federation = Federation::start().await;
    let request = federation.held(&federation.consent(1)).await;
    let (key, pending) = stored(&federation, &request).await;
    let exchange = pending.query.claims().jti.clone();
    tamper(&federation.consumer, "UPDATE ask_open SET asked_ms = asked_ms - 3600000".to_owned()).await;
    assert_eq!(recover(&federation).await, 1);
    assert_eq!(recover(&federation).await, 0, "once");
    let (own, theirs) = pair(&federation, &exchange).await;
    assert_eq!((own.claims().outcome, theirs), (Outcome::Unconfirmed, None));
    assert_eq!(count(federation.consumer.db(), "outbox"), 1, "it is logged like any other");
    let closed = federation.consumer.ask(federation.system(), key.idempotency, &request).await.unwrap_err();
    assert_eq!(closed.code(), Code::PeerUnavailable);

    // The provider never saw it: the receipt stands alone, and leaves the queue.
    let provider = federation.serve().await;
    assert_eq!(federation.consumer.return_receipts().await.unwrap(), 1);
    assert_eq!(count(provider.app().db(), "counterpart_receipt"), 0);
    provider.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_forgotten_is_matched_by_an_unconfirmed_receipt_at_the_provider() {
    let federation = Federation::start().await;
    let provider = federation.serve().await;
    let request = federation.held(&federation.consent(1)).await;
    let (_, pending) = stored(&federation, &request).await;
    federation.consumer.send_once(pending.query.claims(), pending.query.jws().as_str()).await.unwrap();
    tamper(provider.app(), "DELETE FROM stored_answer".to_owned()).await;
    assert_eq!(recover(&federation).await, 1, "`replayed` is the provider's last word");
    let exchange = &pending.query.claims().jti;
    let (own, _) = pair(&federation, exchange).await;
    assert_eq!(own.claims().outcome, Outcome::Unconfirmed);
    assert_eq!(federation.consumer.return_receipts().await.unwrap(), 1);
    let at_provider = receipts_of(provider.app().db(), exchange).await.unwrap();
    assert_eq!(at_provider.1.as_ref(), Some(own.jws()), "each receipt finds its counterpart");
    provider.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_end_one_question_at_once_write_one_receipt() {
    let federation = Federation::start().await;
    let provider = federation.serve().await;
    let request = federation.held(&federation.consent(1)).await;
    let (_, pending) = stored(&federation, &request).await;
    let ends = futures_util::future::join_all((0..8).map(|_| async {
        let heard = federation.consumer.send_once(pending.query.claims(), pending.query.jws().as_str()).await.unwrap();
        federation.consumer.end(&pending, heard).await.unwrap()
    }))
    .await;
    assert!(ends.iter().all(|end| *end == ends[0]), "everybody hears the first end");
    assert_eq!((count(federation.consumer.db(), "receipt"), count(provider.app().db(), "receipt")), (1, 1));
    provider.stop().await.unwrap();
}

/// A question under the law about the citizen of these tests.
fn under_law(federation: &Federation) -> (LawQuestion, About) {
    let query = federation.world.law_query("RID-0001");
    let schemas::query::Basis::Law { id, subject } = query.basis.clone() else { panic!("a law") };
    let question = LawQuestion {
        law: id,
        provider: federation.provider.entity().clone(),
        dataset: query.query.dataset.clone(),
        fields: query.query.fields.clone(),
        predicates: Vec::new(),
        purpose: query.query.purpose.clone(),
        case: "CG-2026-118".parse().unwrap(),
        officer: "officer-1".parse().unwrap(),
    };
    (question, About { sealed: subject, people: vec![her(federation)] })
}

/// Her pseudonym at the asker.
fn her(federation: &Federation) -> SectorSubject {
    federation.world.registry.subject("RID-0001", &federation.world.consumer.sector)
}

/// Receipts of the asker that she is told of so many days later.
async fn told(federation: &Federation, days: i64) -> Vec<Receipt> {
    let app = federation.consumer.clone();
    let at = app.now().plus(days * 86_400);
    let index = crate::store::links::subject_index(app.keys(), &her(federation));
    let rows =
        move |conn: &mut _| Ok::<_, DatabaseError>(crate::store::exchange::receipts_of_subject(conn, &index, at, 10)?);
    let rows = federation.consumer.db().read(rows).await.unwrap();
    let key = federation.consumer.keys().signing.public();
    rows.iter().map(|row| Attested::<Receipt>::read_own(&row.jws, key).unwrap().into_parts().0).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_use_under_a_law_stands_in_her_history_at_the_asker_when_the_law_tells_her() {
    for (disclosure, days) in [(Disclosure::Immediate, 0), (Disclosure::Delayed(30), 30)] {
        let federation = Federation::start_on(Engine::Sqlite, |registers| registers.law.disclosure = disclosure).await;
        let provider = federation.serve().await;
        let (question, about) = under_law(&federation);
        let key = AskKey::new(federation.system().name.clone(), federation.key());
        let end = federation.consumer.ask_under_law(&key, Digest::of("wanted"), &question, about).await.unwrap();
        assert!(matches!(end, End::Answered(_)), "{end:?}");
        if days > 0 {
            assert_eq!(told(&federation, days - 1).await, [], "not a day before");
        }
        let [receipt] = <[Receipt; 1]>::try_from(told(&federation, days).await).unwrap();
        let mark = federation.consumer.keys().subject_mac.receipt_subject(&her(&federation), &receipt.jti);
        assert_eq!(receipt.subject, Some(mark.to_string()), "and the receipt itself names her, to us alone");
        let stranger = federation.world.registry.subject("RID-0002", &federation.world.consumer.sector);
        let other = federation.consumer.keys().subject_mac.receipt_subject(&stranger, &receipt.jti);
        assert_ne!(receipt.subject, Some(other.to_string()));
        provider.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_under_a_law_that_another_process_closes_is_hers_too() {
    let federation = Federation::start().await;
    let (question, about) = under_law(&federation);
    let key = AskKey::new(federation.system().name.clone(), federation.key());
    let begun = federation
        .consumer
        .begin_under_law(&key, Digest::of("wanted"), &question, (about, None), federation.consumer.now())
        .await;
    drop(begun.unwrap().unwrap());
    let restarted = federation.restart();
    restarted.refresh_directory().await.unwrap();
    let Some(Before::Open(pending)) = restarted.asked_before(&key, &Digest::of("wanted")).await.unwrap() else {
        panic!("an open question")
    };
    restarted.end_unconfirmed(&pending, Code::PeerUnavailable).await.unwrap();
    let [receipt] = <[Receipt; 1]>::try_from(told(&federation, 0).await).unwrap();
    assert_eq!((receipt.outcome, receipt.subject.is_some()), (Outcome::Unconfirmed, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_become_a_law_for_emergencies_is_not_asked_under_as_before() {
    let federation = Federation::start_on(Engine::Sqlite, |registers| registers.law.break_glass = true).await;
    let (question, about) = under_law(&federation);
    let key = AskKey::new(federation.system().name.clone(), federation.key());
    let asked = federation.consumer.ask_under_law(&key, Digest::of("wanted"), &question, about).await;
    assert_eq!(asked.unwrap_err().code(), Code::ReasonMissing);
    assert_eq!(count(federation.consumer.db(), "ask"), 0, "nothing was signed");
}
