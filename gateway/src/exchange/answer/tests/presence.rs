//! What a consent may need beside a binding: presence, a guardianship; and what stops a stored answer.

use protocol::credential::binding::BindingDraft;
use protocol_testing::{Proofs, SignedConsent};
use schemas::consent::{Assistance, AssistanceMethod, AssistedBy, BindingMode, Predicate, PredicateOp};

use super::*;
use crate::{
    consents::nonces,
    exchange::testing::{
        ROUNDS,
        federation::{ENGINES, Engine},
    },
    store::consents::spent::Once,
};

fn one_time(federation: &Federation) -> schemas::consent::ConsentTerms {
    let mut terms = federation.terms(1);
    terms.frequency.mode = FrequencyMode::OneTime;
    terms
}

/// A consent for once with a proof over that nonce.
fn present(federation: &Federation, nonce: String) -> SignedConsent {
    let citizen = federation.citizen();
    citizen.sign_with(citizen.draft(&one_time(federation)), &Proofs { live: Some(nonce), ..Proofs::default() })
}

async fn code_for(federation: &Federation, consent: &SignedConsent) -> Option<Code> {
    code_of(federation, &federation.answer(&federation.world.query(consent)).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_is_proven_over_a_nonce_of_ours_for_one_consent() {
    let federation = Federation::start().await;
    let (keys, now) = (federation.provider.keys().clone(), federation.provider.now());
    let live = |at: Timestamp| nonces::issue(&keys, Once::Live, at);
    let nonce = live(now);
    let first = present(&federation, nonce.clone());
    assert_eq!(code_for(&federation, &first).await, None);
    let read = federation.statements();
    let refused = [
        ("spent for another consent", present(&federation, nonce)),
        ("ended", present(&federation, live(now.plus(-901)))),
        ("for another use", present(&federation, nonces::issue(&keys, Once::Citizen, now))),
        ("another department's", present(&federation, nonces::issue(federation.consumer.keys(), Once::Live, now))),
        ("not given by anybody", present(&federation, "n-1".to_owned())),
        ("no proof at all", federation.citizen().consent(&one_time(&federation))),
    ];
    for (why, consent) in refused {
        assert_eq!(code_for(&federation, &consent).await, Some(Code::LiveNonceRequired), "{why}");
    }
    assert_eq!(federation.statements(), read, "nothing was read");
    assert_eq!(code_for(&federation, &first).await, Some(Code::ConsentUsedUp), "once is once");
    assert_eq!(code_for(&federation, &present(&federation, live(now))).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_consents_over_one_nonce_at_once_one_is_answered() {
    for engine in ENGINES {
        let federation = Federation::start_on(engine, |_| {}).await;
        for _ in 0..ROUNDS {
            let nonce = nonces::issue(federation.provider.keys(), Once::Live, federation.provider.now());
            let asks = (0..2).map(|_| federation.world.query(&present(&federation, nonce.clone())));
            let asks: Vec<_> = asks.map(|query| federation.world.sealed(&query)).collect();
            let (one, two) = tokio::join!(
                federation.answer_bytes(asks[0].as_str().as_bytes()),
                federation.answer_bytes(asks[1].as_str().as_bytes())
            );
            let mut codes = [code_of(&federation, &one), code_of(&federation, &two)];
            codes.sort_unstable();
            assert_eq!(codes, [None, Some(Code::LiveNonceRequired)], "{engine:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purpose_that_needs_presence_gets_it_once_for_all_uses_of_a_consent() {
    let federation = Federation::start_on(Engine::Sqlite, |registers| registers.purpose.required_presence = true).await;
    let citizen = federation.citizen();
    let nonce = nonces::issue(federation.provider.keys(), Once::Live, federation.provider.now());
    let proofs = Proofs { live: Some(nonce), ..Proofs::default() };
    let consent = citizen.sign_with(citizen.draft(&federation.terms(3)), &proofs);
    assert_eq!(code_for(&federation, &consent).await, None);
    // The nonce has ended long since for everybody else.
    tamper(&federation.provider, "DELETE FROM spent".to_owned()).await;
    assert_eq!(code_for(&federation, &consent).await, None, "presence was proven when she agreed");
    assert_eq!(code_for(&federation, &federation.consent(3)).await, Some(Code::LiveNonceRequired));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guardian_reaches_her_ward_while_the_guardianship_holds() {
    let federation = Federation::start().await;
    federation.link("RID-0003", "KH-2").await;
    let guardian = federation.citizen();
    let draft = federation.world.registry.guardianship("RID-0003", guardian.key.public());
    let token = federation.world.registry.appoint(&draft);
    let mut terms = federation.terms(9);
    let signed = token.split('~').next().unwrap();
    terms.data_subject = DataSubject::Ward { guardianship_sha256: schemas::digest::Digest::of(signed) };
    let proofs = Proofs { guardianship: Some(token), ..Proofs::default() };
    let consent = guardian.sign_with(guardian.draft(&terms), &proofs);
    let missing = guardian.consent(&terms);
    assert_eq!(code_for(&federation, &consent).await, None);
    assert_eq!(code_for(&federation, &missing).await, Some(Code::GuardianshipInvalid), "not shown");
    let query = federation.world.sealed(&federation.world.query(&consent));
    let bytes = query.as_str().as_bytes();
    let answer = federation.answer_bytes(bytes).await.unwrap();
    assert_eq!(code(&federation, &answer), None);
    federation.world.registry.set_status(&draft.status, Status::Invalid);
    federation.learn_statuses(&federation.provider, 1);
    assert_eq!(code_for(&federation, &consent).await, Some(Code::GuardianshipInvalid), "ended");
    assert_eq!(federation.answer_bytes(bytes).await.unwrap_err().code(), Code::GuardianshipInvalid, "nor again");
    assert_eq!(code_for(&federation, &federation.consent(1)).await, None, "she herself is not touched");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_answer_leaves_no_second_time_once_the_binding_is_suspended_or_revoked() {
    let federation = Federation::start().await;
    let citizen = federation.citizen();
    let query = federation.world.sealed(&federation.world.query(&citizen.consent(&federation.terms(1))));
    let bytes = query.as_str().as_bytes();
    let answer = federation.answer_bytes(bytes).await.unwrap();
    assert_eq!(code(&federation, &answer), None);
    let reference = citizen.binding.claims().status.status_list.clone();
    for (seconds, status, refusal) in [
        (1, Status::Suspended, Err(Code::BindingSuspended)),
        (2, Status::Valid, Ok(&answer)),
        (3, Status::Invalid, Err(Code::BindingRevoked)),
    ] {
        federation.world.registry.set_status(&reference, status);
        federation.learn_statuses(&federation.provider, seconds);
        let again = federation.answer_bytes(bytes).await;
        assert_eq!(again.as_ref().map_err(|rejected| rejected.code()), refusal, "{status:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_with_yes_or_no_is_answered_without_the_value() {
    let federation = Federation::start().await;
    let lte = |value: &str| Predicate { field: name("annual_income"), op: PredicateOp::Lte, value: value.to_owned() };
    let mut terms = federation.terms(2);
    (terms.fields, terms.predicates) = (Vec::new(), vec![lte("84000"), lte("1000")]);
    let query = federation.world.query(&federation.citizen().consent(&terms));
    let sealed = federation.world.sealed(&query);
    let answer = federation.answer_bytes(sealed.as_str().as_bytes()).await.unwrap();
    let asked = Attested::<Query>::read_own(&sealed, federation.consumer.keys().signing.public()).unwrap();
    let keys = &federation.consumer.keys().encryption;
    let (member, now) = (federation.provider_member(), federation.consumer.now());
    let opened = protocol::exchange::open_answer(answer.as_str().as_bytes(), &asked, &member, keys, now).unwrap();
    let protocol::exchange::Answered::Record(record) = opened.answered() else { panic!("a record") };
    assert_eq!(record.rows, [], "no value, not even the number of rows");
    let said: Vec<_> = record.predicates.iter().map(|answer| (answer.question(), answer.holds)).collect();
    assert_eq!(said, [(lte("84000"), Some(true)), (lte("1000"), Some(false))]);
    assert_eq!(opened.receipt().claims().predicates, [lte("84000"), lte("1000")], "and never what the answer was");
    let mut more = query;
    more.jti = random::message_id(federation.world.now);
    more.query.predicates.push(lte("50"));
    let refused = federation.answer(&more).await;
    assert_eq!(code_of(&federation, &refused), Some(Code::ConsentScopeExceeded), "a question she did not allow");
}

/// A consent that an operator of that member helped to give.
fn assisted(federation: &Federation, operator: &EntityId, live: Option<String>) -> SignedConsent {
    let registry = &federation.world.registry;
    let mut citizen = federation.citizen();
    let session = random::message_id(federation.world.now);
    let by = AssistedBy {
        operator: operator.clone(),
        session: session.clone(),
        person: "op-7".parse().unwrap(),
        until: federation.world.now.plus(3600).numeric(),
    };
    let own = registry.draft("RID-0001", citizen.key.public());
    let draft = BindingDraft { mode: BindingMode::Assisted, assisted: Some(by), ..own };
    citizen.binding = registry.hold(&draft);
    let mut draft = citizen.draft(&federation.terms(2));
    draft.notice.assistance = Some(Assistance { operator: operator.clone(), session, method: AssistanceMethod::Code });
    citizen.sign_with(draft, &Proofs { live, ..Proofs::default() })
}

#[tokio::test(flavor = "multi_thread")]
async fn help_is_by_a_member_that_may_give_it_and_refused_where_the_dataset_says_so() {
    let federation = Federation::start().await;
    let (helper, other) = (federation.consumer.entity(), federation.provider.entity());
    assert_eq!(code_for(&federation, &assisted(&federation, helper, None)).await, None);
    let read = federation.statements();
    let without_role = assisted(&federation, other, None);
    assert_eq!(code_for(&federation, &without_role).await, Some(Code::BindingInvalid), "no role to help");
    assert_eq!(federation.statements(), read);

    let sensitive = Federation::start_on(Engine::Sqlite, |registers| registers.purpose.sensitive = true).await;
    let live = || Some(nonces::issue(sensitive.provider.keys(), Once::Live, sensitive.provider.now()));
    let helped = assisted(&sensitive, sensitive.consumer.entity(), live());
    assert_eq!(code_for(&sensitive, &helped).await, Some(Code::BindingAssuranceTooLow), "a sensitive purpose");
    let citizen = sensitive.citizen();
    let proofs = Proofs { live: live(), ..Proofs::default() };
    let alone = citizen.sign_with(citizen.draft(&sensitive.terms(2)), &proofs);
    assert_eq!(code_for(&sensitive, &alone).await, None, "she herself is answered");
}
