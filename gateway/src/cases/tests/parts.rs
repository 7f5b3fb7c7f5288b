use schemas::{
    asking::{CaseView, LawPart, PartOutcome, PersonReference, QueryPart},
    problem::Code,
};

use super::world::{Away, case, held, part, until_rows};
use crate::{
    exchange::testing::{
        count,
        federation::{Federation, tamper},
        receipts_of,
    },
    store::inquiries::Kind,
};

fn outcomes(view: &CaseView) -> Vec<(PartOutcome, bool, Option<Code>)> {
    view.parts.iter().map(|part| (part.outcome, part.open, part.code)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_part_is_answered_refused_or_unavailable_and_hides_no_other() {
    let federation = Federation::start().await;
    let provider = federation.serve().await;
    let away = Away::join(&federation).await;
    let app = &federation.consumer;
    let mut beyond = federation.held(&federation.consent(1)).await;
    beyond.fields = vec!["annual_income".parse().unwrap()];
    let mut unknown = beyond.clone();
    unknown.consent = "urn:uuid:01936b1e-5b2f-7c3d-8e4f-0123456789ab".parse().unwrap();
    let query = case(vec![
        held(&federation, &federation.consent(1), "applicant").await,
        part(&beyond, "spouse"),
        part(&away.held(&federation).await, "applicant"),
        part(&unknown, "child"),
    ]);
    let key = federation.key();
    // Two receipts are there when the two that can end have ended; the third is still being waited for.
    let over = until_rows(app, "receipt", 2);
    let view = app.ask_parts(federation.system(), (key.clone(), Kind::Parts), &query, over).await.unwrap();
    let expected = [
        (PartOutcome::Answered, false, None),
        (PartOutcome::Refused, false, Some(Code::ConsentScopeExceeded)),
        (PartOutcome::Unavailable, true, Some(Code::PeerUnavailable)),
        (PartOutcome::Refused, false, Some(Code::ConsentMissing)),
    ];
    assert_eq!(outcomes(&view), expected);
    let [answered, refused, unavailable, missing] = view.parts.as_slice() else { panic!("four parts") };
    assert_eq!(answered.record.as_ref().unwrap().rows.len(), 1);
    assert!(refused.refusal.is_some() && refused.record.is_none(), "with the signed refusal");
    for ended in [answered, refused] {
        let (own, theirs) = receipts_of(app.db(), ended.exchange.as_ref().unwrap()).await.unwrap();
        assert!(own.as_str().len() > 100 && theirs.is_some(), "each with both receipts");
        assert!(ended.receipt.is_some() && ended.counterpart.is_some() && ended.ended.is_some());
    }
    assert!(unavailable.exchange.is_some() && unavailable.receipt.is_none(), "the question goes on");
    assert_eq!((&missing.exchange, &missing.receipt), (&None, &None), "nothing was asked");
    assert_eq!(
        (&answered.provider, &unavailable.provider),
        (&Some(federation.provider.entity().clone()), &Some(away.entity.clone()))
    );

    let again = app.ask_parts(federation.system(), (key, Kind::Parts), &query, std::future::ready(())).await.unwrap();
    assert_eq!(again.id, view.id);
    assert_eq!(again.parts[..2], view.parts[..2], "what has ended stays as it was");
    assert_eq!(again.parts[2].exchange, unavailable.exchange, "and what is open goes on");
    assert_eq!((count(app.db(), "ask_open"), count(app.db(), "receipt")), (1, 2));
    provider.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_that_were_signed_before_a_death_are_sent_and_no_part_is_asked_twice() {
    let federation = Federation::start().await;
    let app = &federation.consumer;
    let parts = [
        held(&federation, &federation.consent(1), "applicant").await,
        held(&federation, &federation.consent(1), "spouse").await,
    ];
    let (query, key) = (case(parts.to_vec()), federation.key());
    let asked = until_rows(app, "ask_open", 2);
    let before = app.ask_parts(federation.system(), (key.clone(), Kind::Parts), &query, asked).await.unwrap();
    // As if the process had died before it wrote how the parts stand.
    tamper(app, "UPDATE inquiry_part SET outcome = NULL, code = NULL, exchange = NULL".to_owned()).await;
    let provider = federation.serve().await;
    let restarted = federation.restart();
    let after = restarted.ask_case(federation.system(), key.clone(), &query).await.unwrap();
    assert_eq!(outcomes(&after), [(PartOutcome::Answered, false, None); 2]);
    let exchanges = |view: &CaseView| view.parts.iter().map(|part| part.exchange.clone()).collect::<Vec<_>>();
    assert_eq!(exchanges(&after), exchanges(&before));
    let again = restarted.ask_case(federation.system(), key, &query).await.unwrap();
    assert_eq!(again, after);
    assert_eq!((count(app.db(), "receipt"), count(provider.app().db(), "receipt")), (2, 2), "each was answered once");
    provider.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_names_one_request_whatever_its_form() {
    let federation = Federation::start().await;
    let (app, system) = (&federation.consumer, federation.system());
    let request = federation.held(&federation.consent(4)).await;
    let query = case(vec![part(&request, "applicant")]);
    let key = federation.key();
    let now = || std::future::ready(());
    app.ask_parts(system, (key.clone(), Kind::Parts), &query, now()).await.unwrap();
    let mut other = query.clone();
    other.case = "another".parse().unwrap();
    let conflicts = [
        app.ask_parts(system, (key.clone(), Kind::Parts), &other, now()).await.unwrap_err(),
        app.ask_parts(system, (key.clone(), Kind::Case), &query, now()).await.unwrap_err(),
        app.ask(system, key, &request).await.unwrap_err(),
    ];
    assert!(conflicts.iter().all(|not| not.code() == Code::Conflict), "{conflicts:?}");

    let provider = federation.serve().await;
    let key = federation.key();
    app.ask(system, key.clone(), &request).await.unwrap();
    let taken = app.ask_parts(system, (key, Kind::Parts), &query, now()).await.unwrap_err();
    assert_eq!(taken.code(), Code::Conflict, "a single question's key, too");
    provider.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_refused_before_anything_is_written() {
    let federation = Federation::start().await;
    let (app, system) = (&federation.consumer, federation.system());
    let request = federation.held(&federation.consent(1)).await;
    let good = case(vec![part(&request, "applicant")]);
    let law = QueryPart::Law(LawPart {
        law: "a-law".parse().unwrap(),
        provider: federation.provider.entity().clone(),
        dataset: "revenue.income".parse().unwrap(),
        fields: request.fields.clone(),
        predicates: Vec::new(),
        subject: PersonReference::Number("P-1".to_owned()),
        reason: None,
        person: None,
    });
    let mut foreign = good.clone();
    foreign.purpose = "food.ration".parse().unwrap();
    let mut nobody = case(vec![law.clone()]);
    nobody.officer = None;
    let table = [
        ("no part", Kind::Parts, case(Vec::new()), Code::RequestMalformed),
        ("seventeen parts", Kind::Parts, case(vec![part(&request, "applicant"); 17]), Code::RequestMalformed),
        ("a law without an officer", Kind::Parts, nobody, Code::RequestMalformed),
        ("a case file under a law", Kind::Case, case(vec![law.clone()]), Code::RequestMalformed),
        ("a purpose that the system does not have", Kind::Parts, foreign, Code::AccessDenied),
    ];
    for (why, kind, query, code) in table {
        let key = (federation.key(), kind);
        let refused = app.ask_parts(system, key, &query, std::future::pending()).await.unwrap_err();
        assert_eq!(refused.code(), code, "{why}");
    }
    let mut other = system.clone();
    other.may.clear();
    let refused = app.ask_case(&other, federation.key(), &good).await.unwrap_err();
    assert_eq!(refused.code(), Code::AccessDenied, "a system without the right");
    assert_eq!((count(app.db(), "inquiry"), count(app.db(), "ask")), (0, 0));

    let unknown = app.ask_case(system, federation.key(), &case(vec![law])).await.unwrap();
    assert_eq!(outcomes(&unknown), [(PartOutcome::Refused, false, Some(Code::LawNotRegistered))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_predicates_alone_is_passed_on_as_it_is() {
    let federation = Federation::start().await;
    let app = &federation.consumer;
    let mut request = federation.held(&federation.consent(1)).await;
    request.fields.clear();
    request.predicates = vec![schemas::consent::Predicate {
        field: "annual_income".parse().unwrap(),
        op: schemas::consent::PredicateOp::Lte,
        value: "200000".to_owned(),
    }];
    let provider = federation.serve().await;
    let refused = app.ask(federation.system(), federation.key(), &request).await.unwrap_err();
    assert_eq!(refused.code(), Code::ConsentScopeExceeded, "the consent holds no predicate");
    assert!(refused.refusal().is_some(), "the provider said so");
    provider.stop().await.unwrap();
}
