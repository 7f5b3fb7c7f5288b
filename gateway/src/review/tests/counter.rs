//! `POST /v1/objections` as a counter's own system sees it: over mutual TLS, with its own certificate.

use protocol::exchange::Attested;
use schemas::{
    decision::{DecisionRecord, DeliveryEvidence},
    notice::Channel,
    problem::{Code, Problem},
    scheme::DecisionState,
};
use serde_json::{Value, json};
use service_kit::{
    http_client::{ClientLimits, HttpClient, NetworkPolicy, Reply},
    secret::Secret,
    tls::ServerIdentity,
};
use url::Url;

use super::world::{Served, World};
use crate::store::notices::deliveries::{Step, delivery_insert, delivery_step};

fn client(served: &Served, system: usize) -> HttpClient {
    let (certificate, key) = &served.systems[system];
    let identity = ServerIdentity::from_pem(certificate, &Secret::new(key.clone())).unwrap();
    let roots = [served.office.running.app().identity().certificate_der().unwrap()];
    let networks = NetworkPolicy::parse(["127.0.0.0/8"]).unwrap();
    HttpClient::pinned(&roots, Some(&identity), networks, ClientLimits::default()).unwrap()
}

async fn say(served: &Served, client: &HttpClient, body: &Value) -> Reply {
    post(served, client, "/v1/objections", body).await
}

async fn post(served: &Served, client: &HttpClient, path: &str, body: &Value) -> Reply {
    let port = served.office.running.listeners()["local"].port();
    let url = Url::parse(&format!("https://localhost:{port}{path}")).unwrap();
    let body = serde_json::to_vec(body).unwrap();
    client.post_with(&url, "application/json", &[], body, 1 << 16).await.unwrap()
}

fn code(reply: &Reply) -> Code {
    serde_json::from_slice::<Problem>(&reply.body).unwrap().code
}

#[tokio::test(flavor = "multi_thread")]
async fn a_counters_system_gets_a_slip_and_a_signed_receipt_and_the_same_again() {
    let (served, decision) = World::open().await.served().await;
    let _meena = served.officer("meena", "operator").await;
    let _lata = served.officer("lata", "auditor").await;
    let (counter, portal) = (client(&served, 0), client(&served, 1));
    let order = |officer: &str| json!({ "case": "case-D-1", "number": "101", "route": "counter", "words": "I live.", "papers": ["Ration card"], "officer": officer });
    let changed = |name: &str, value: Value| {
        let mut order = order("meena");
        order[name] = value;
        order
    };
    for (client, body, wanted) in [
        (&portal, order("meena"), Code::AccessDenied),
        (&counter, order("nobody"), Code::AccessDenied),
        (&counter, order("lata"), Code::AccessDenied),
        (&counter, changed("number", json!("102")), Code::NotFound),
        (&counter, changed("decision", json!(decision)), Code::RequestMalformed),
        (&counter, changed("number", Value::Null), Code::RequestMalformed),
        (&counter, changed("route", json!("wallet")), Code::RequestMalformed),
        (&counter, changed("words", json!("x".repeat(2_001))), Code::RequestMalformed),
        (&counter, changed("papers", json!(vec!["x"; 21])), Code::RequestMalformed),
        (&counter, changed("papers", json!(["x".repeat(201)])), Code::RequestMalformed),
        (&counter, changed("more", json!(1)), Code::RequestMalformed),
    ] {
        assert_eq!(code(&say(&served, client, &body).await), wanted, "{body}");
    }
    let taken = say(&served, &counter, &order("meena")).await;
    assert_eq!(taken.status, 200, "{}", String::from_utf8_lossy(&taken.body));
    let slip: Value = serde_json::from_slice(&taken.body).unwrap();
    assert_eq!((slip["decision"].as_str(), slip["case"].as_str()), (Some(decision.as_str()), Some("case-D-1")));
    assert_eq!(slip["slip"].as_str().unwrap().len(), 8);
    assert!(
        slip["text"]["hi"]["title"].as_str().unwrap().ends_with("है")
            && slip["text"]["en"]["lines"].as_array().unwrap().len() == 7
    );
    let record = slip["record"].as_str().unwrap().parse().unwrap();
    let key = served.office.running.app().keys().signing.public();
    let (record, _) = Attested::<DecisionRecord>::read_own(&record, key).unwrap().into_parts();
    assert_eq!((record.decision, record.state), (decision.clone(), DecisionState::Contested));
    let again: Value = serde_json::from_slice(
        &say(&served, &counter, &json!({ "decision": decision, "route": "operator", "officer": "meena" })).await.body,
    )
    .unwrap();
    assert_eq!(
        (&again["slip"], &again["record"]),
        (&slip["slip"], &slip["record"]),
        "the same objection, the same receipt"
    );
    let audit = served.office.audit().await;
    assert!(audit.contains(&format!("meena decision.objection {decision} done")), "{audit:#?}");
    assert!(audit.contains(&"counter decision.counter lata refused access-denied".to_owned()), "{audit:#?}");
    assert!(
        audit.contains(&format!("counter decision.counter {decision} meena done")),
        "which system said so: {audit:#?}"
    );
    served.office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carriers_report_over_its_own_certificate_starts_the_window_of_a_message_that_went() {
    let (served, decision) = World::open().await.served().await;
    let [counter, _, relay] = [0, 1, 2].map(|system| client(&served, system));
    let app = served.office.running.app().clone();
    let notice = app.review_evidence(&decision).await.unwrap().unwrap().notice.unwrap().id;
    let path = |id: &str| format!("/v1/messages/{id}/arrived");
    let at = |seconds: i64| json!({ "at": app.now().plus(seconds) });
    let unknown = "01936b1e-5b2f-7c3d-8e4f-0123456789ab";
    let early = post(&served, &relay, &path(notice.as_str()), &at(0)).await;
    assert_eq!(code(&early), Code::NotFound, "nothing went yet");
    let (id, now_ms) = (notice.clone(), app.now_ms());
    let sent = move |conn: &mut service_kit::db::AnyConnection| {
        delivery_insert(conn, &id, Channel::Sms, now_ms)?;
        delivery_step(conn, (&id, Channel::Sms), &Step::Delivered("202".to_owned()), now_ms)?;
        Ok::<_, service_kit::db::DatabaseError>(())
    };
    app.db().write(sent).await.unwrap();
    for (client, id, body, wanted) in [
        (&counter, notice.as_str(), at(0), Code::AccessDenied),
        (&relay, unknown, at(0), Code::NotFound),
        (&relay, "nonsense", at(0), Code::NotFound),
        (&relay, notice.as_str(), at(3_600), Code::RequestMalformed),
        (&relay, notice.as_str(), at(-3_600), Code::RequestMalformed),
        (&relay, notice.as_str(), json!({}), Code::RequestMalformed),
        (&relay, notice.as_str(), json!({ "at": app.now(), "more": 1 }), Code::RequestMalformed),
    ] {
        assert_eq!(code(&post(&served, client, &path(id), &body).await), wanted, "{id} {body}");
    }
    for again in [false, true] {
        let taken = post(&served, &relay, &path(notice.as_str()), &at(0)).await;
        assert_eq!(taken.status, 204, "{again}: {}", String::from_utf8_lossy(&taken.body));
    }
    let audit = served.office.audit().await;
    let done = audit.iter().filter(|line| **line == format!("relay message.arrived {notice} done")).count();
    assert_eq!(done, 1, "the first word counts: {audit:#?}");
    let (app, _) = served.closed().await;
    crate::decisions::run(&app).await.unwrap();
    let evidence = app.review_evidence(&decision).await.unwrap().unwrap();
    let delivery = evidence.notice.unwrap().delivery.unwrap();
    assert_eq!((delivery.evidence, delivery.by.unwrap().as_str()), (DeliveryEvidence::SmsReport, "relay"));
}
