//! What a department's own systems are refused on the local listener, and what they hear of peers that fail.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use openssl::ssl::{SslAcceptor, SslFiletype, SslMethod, SslStream, SslVerifyMode};
use protocol::seal::random;
use schemas::{
    id::ConsentId,
    problem::{Code, Problem},
};
use serde_json::{Value, json};
use service_kit::http_client::{HttpClient, Reply};
use vinimay::{
    demo::PENSION_PURPOSE,
    world::{Department, LocalClient},
};

use super::world::World;
use crate::{
    ready::{consenting_citizen, good},
    rogue::{Traces, address, client, plain_code},
};

/// What is shown here.
pub const CODES: &[Code] = &[
    Code::AccessDenied,
    Code::ConsentMissing,
    Code::ConsentPurposeMismatch,
    Code::ConsentScopeExceeded,
    Code::RequestMalformed,
    Code::RequestTooLarge,
    Code::Conflict,
    Code::PeerAnswerInvalid,
    Code::ConsentAboveTemplate,
    Code::DatasetUnknown,
    Code::NotFound,
    Code::NotFoundOrNotPermitted,
];

/// What a refusal on the local listener must not add to. Answers of peers, orders that they carry on (`consent_state`) and jobs of
/// their own may come at any time.
const TABLES: [&str; 7] =
    ["ask", "ask_open", "ask_answer", "receipt", "consent_request", "held_consent", "subject_link"];

fn left(department: &Department) -> Vec<i64> {
    let traces = Traces::of(department);
    TABLES.iter().map(|table| traces.rows[*table]).collect()
}

/// A question with the consent, to be bent.
pub fn question(consent: &ConsentId) -> Value {
    json!({ "consent": consent, "fields": ["annual_income_band"], "purpose": PENSION_PURPOSE })
}

/// Asks under a key of its own.
pub async fn ask(portal: &LocalClient, world: &World, question: &Value) -> Reply {
    let key = random::message_id(world.now()).to_string();
    portal.post("/v1/queries", &[("Idempotency-Key", &key)], question).await.unwrap()
}

async fn is_answered(portal: &LocalClient, world: &World, consent: &ConsentId, when: &str) {
    let reply = ask(portal, world, &question(consent)).await;
    assert_eq!(reply.status, 200, "{when}: {}", String::from_utf8_lossy(&reply.body));
}

/// Questions and requests that the department's own gateway refuses before anybody else hears of them.
pub async fn refusals_to_own_systems(world: &mut World) {
    let social = world.federation.social.portal(0).unwrap();
    let (_, consent) = consenting_citizen(&world.federation).await;
    is_answered(&social, world, &consent, "the first").await;
    type Bend = fn(&mut Value);
    let questions: [(Code, &str, Bend); 5] = [
        (Code::AccessDenied, "a purpose that the portal does not have", |q| {
            q["purpose"] = "food.ration.continuation".into()
        }),
        (Code::ConsentMissing, "a consent that is not held", |q| {
            q["consent"] = "urn:uuid:01939c3e-7a10-7a10-8a10-0123456789ab".into()
        }),
        (Code::RequestMalformed, "a member that nobody knows", |q| q["urgent"] = json!(true)),
        (Code::RequestMalformed, "no consent", |q| drop(q.as_object_mut().unwrap().remove("consent"))),
        (Code::RequestTooLarge, "more than 32 kilobytes", |q| q["case"] = "x".repeat(40_000).into()),
    ];
    for (code, why, bend) in questions {
        let before = (left(&world.federation.social), heard(&world.federation.revenue));
        let mut bent = question(&consent);
        bend(&mut bent);
        assert_eq!(plain_code(&ask(&social, world, &bent).await), code, "{why}");
        assert_eq!((left(&world.federation.social), heard(&world.federation.revenue)), before, "{why}");
    }
    beyond_the_consent(world, &social, &consent).await;
    is_answered(&social, world, &consent, "after refusals").await;
    keys_and_rights(world, &social, &consent).await;
    requests_for_consent(world, &social).await;
    other_doors(world, &social).await;
    is_answered(&social, world, &consent, "the last").await;
}

/// What the provider has of our questions. Receipts that come back to it come when they come.
fn heard(provider: &Department) -> (i64, i64, usize) {
    let traces = Traces::of(provider);
    (traces.rows["receipt"], traces.uses, traces.statements)
}

/// The provider refuses and signs; its word comes through, with a receipt on both sides.
async fn beyond_the_consent(world: &World, portal: &LocalClient, consent: &ConsentId) {
    let (receipts, uses, statements) = heard(&world.federation.revenue);
    let mut bent = question(consent);
    bent["fields"] = json!(["annual_income_band", "annual_income"]);
    let reply = ask(portal, world, &bent).await;
    assert_eq!(plain_code(&reply), Code::ConsentScopeExceeded);
    let problem: Problem = serde_json::from_slice(&reply.body).unwrap();
    assert!(problem.refusal.is_some(), "the signed refusal comes with it");
    assert_eq!(heard(&world.federation.revenue), (receipts + 1, uses, statements), "a receipt, no use, no read");
}

async fn keys_and_rights(world: &World, social: &LocalClient, consent: &ConsentId) {
    let before = left(&world.federation.social);
    let reply = social.post("/v1/queries", &[], &question(consent)).await.unwrap();
    assert_eq!(plain_code(&reply), Code::RequestMalformed, "without an Idempotency-Key");
    let (clerk, base) = (clerk(world), world.federation.social.local_address(0));
    let url = format!("{base}/v1/queries").parse().unwrap();
    let body = serde_json::to_vec(&question(consent)).unwrap();
    let reply = clerk.post(&url, "application/json", body, 1 << 16).await.unwrap();
    assert_eq!(plain_code(&reply), Code::AccessDenied, "a system that may not ask");
    assert_eq!(left(&world.federation.social), before);
    let key = random::message_id(world.now()).to_string();
    let headers = [("Idempotency-Key", key.as_str())];
    let first = social.post("/v1/queries", &headers, &question(consent)).await.unwrap();
    let before = left(&world.federation.social);
    let again = social.post("/v1/queries", &headers, &question(consent)).await.unwrap();
    assert_eq!((first.status, &first.body), (200, &again.body), "the same request under the same key");
    let mut other = question(consent);
    other["case"] = "another".into();
    let reply = social.post("/v1/queries", &headers, &other).await.unwrap();
    assert_eq!(plain_code(&reply), Code::Conflict, "another request under the same key");
    assert_eq!(left(&world.federation.social), before);
}

/// The system of social welfare that may only read evidence.
pub fn clerk(world: &World) -> HttpClient {
    let folder = world.folder.path();
    let shows = (folder.join("clerk.pem"), folder.join("clerk.key.pem"));
    client(&world.federation.social.folder().join("keys/tls.pem"), Some((&shows.0, &shows.1)))
}

async fn requests_for_consent(world: &World, social: &LocalClient) {
    let order = json!({
        "purpose": PENSION_PURPOSE,
        "items": [{ "provider": world.federation.revenue.entity(), "dataset": "revenue.income", "fields": ["annual_income_band"] }],
        "validity": "P90D", "frequency": { "mode": "recurring", "maxUses": 4 }, "retention": "P180D",
    });
    type Bend = fn(&mut Value);
    let requests: [(Code, &str, Bend); 5] = [
        (Code::AccessDenied, "a purpose that the portal does not have", |o| {
            o["purpose"] = "food.ration.continuation".into()
        }),
        (Code::ConsentAboveTemplate, "an item that the purpose does not have", |o| {
            o["items"][0]["fields"] = json!(["annual_income"])
        }),
        (Code::ConsentAboveTemplate, "more uses than the purpose allows", |o| o["frequency"]["maxUses"] = json!(13)),
        (Code::ConsentAboveTemplate, "kept for longer than the purpose allows", |o| o["retention"] = "P1Y".into()),
        (Code::RequestMalformed, "a member that nobody knows", |o| o["quietly"] = json!(true)),
    ];
    for (code, why, bend) in requests {
        let before = left(&world.federation.social);
        let mut bent = order.clone();
        bend(&mut bent);
        let reply = social.post("/v1/consent-requests", &[], &bent).await.unwrap();
        assert_eq!(plain_code(&reply), code, "{why}: {}", String::from_utf8_lossy(&reply.body));
        assert_eq!(left(&world.federation.social), before, "{why}");
    }
    let mut elsewhere = order.clone();
    elsewhere["items"][0]["provider"] = world.federation.food.entity().as_str().into();
    let reply = social.post("/v1/consent-requests", &[], &elsewhere).await.unwrap();
    assert_eq!(plain_code(&reply), Code::DatasetUnknown, "of a department that does not have it");
    let _: Value = good(&social.post("/v1/consent-requests", &[], &order).await.unwrap());
}

async fn other_doors(world: &World, social: &LocalClient) {
    let before = left(&world.federation.social);
    for (path, code) in [
        ("/v1/receipts/01939c3e-7a10-7a10-8a10-0123456789ab/bundle", Code::NotFound),
        ("/v1/consent-requests/01939c3e-7a10-7a10-8a10-0123456789ab", Code::NotFound),
        ("/v1/queries", Code::MethodNotAllowed),
        ("/", Code::NotFound),
    ] {
        assert_eq!(plain_code(&social.fetch(path).await.unwrap()), code, "{path}");
    }
    assert_eq!(left(&world.federation.social), before);
    let civil = world.federation.civil.portal(0).unwrap();
    let offers = || Traces::of(&world.federation.civil).rows["binding_offer"];
    let before = offers();
    let reply = civil.post("/v1/binding-offers", &[], &json!({ "resident": "99999999999" })).await.unwrap();
    assert_eq!(plain_code(&reply), Code::NotFoundOrNotPermitted, "a resident who is not in the register");
    let reply = social.post("/v1/binding-offers", &[], &json!({ "resident": "99999999999" })).await.unwrap();
    assert_eq!(plain_code(&reply), Code::RoleMissing, "a department that is no identity registry");
    assert_eq!(offers(), before);
}

/// A provider that answers with something that it did not sign: its keys were stolen by somebody who does not know the protocol.
pub async fn peers_that_fail(world: &mut World) {
    let social = world.federation.social.portal(0).unwrap();
    let consents = social_consents(world).await;
    is_answered(&social, world, &consents, "before the impostor").await;
    world.federation.revenue.stop().unwrap();
    let impostor = impostor(&world.federation.revenue, "peers", NO_ANSWER.to_owned());
    let key = random::message_id(world.now()).to_string();
    let headers = [("Idempotency-Key", key.as_str())];
    let before = left(&world.federation.social);
    let reply = social.post("/v1/queries", &headers, &question(&consents)).await.unwrap();
    assert_eq!(plain_code(&reply), Code::PeerAnswerInvalid);
    let after = left(&world.federation.social);
    assert_eq!((after[0] - before[0], after[1] - before[1]), (1, 1), "the question stays open: it was asked");
    assert_eq!(after[2..], before[2..], "and has no end: no receipt");
    impostor.leave();
    world.federation.revenue.start_all().unwrap();
    let reply = social.post("/v1/queries", &headers, &question(&consents)).await.unwrap();
    assert_eq!(reply.status, 200, "the same question, answered: {}", String::from_utf8_lossy(&reply.body));
}

pub async fn social_consents(world: &World) -> ConsentId {
    let home = world.federation.folder.join("wallet-of-another-day");
    let root = world.federation.anchor.trust_root().unwrap();
    let citizen = vinimay::demo::Citizen::with_wallet(&world.federation.binary, home, &root).unwrap();
    let applicant = world.federation.databases.cast.applicant.clone().unwrap();
    let desk = world.federation.civil.portal(0).unwrap();
    let resident = json!({ "resident": applicant.keys.resident_no.to_string() });
    citizen.bind(&good(&desk.post("/v1/binding-offers", &[], &resident).await.unwrap())).unwrap();
    crate::ready::consent_with_uses(&world.federation, &citizen, 4).await
}

/// Success, and five bytes that nobody signed.
const NO_ANSWER: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/dx-answer+jwt\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";

/// Somebody at a department's address, with its certificate.
pub struct Impostor {
    port: u16,
    leaving: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Impostor {
    /// Goes, so that the department can come back.
    pub fn leave(self) {
        self.leaving.store(true, Ordering::SeqCst);
        // Whoever waits for a caller gets one.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        self.thread.join().unwrap();
    }
}

/// Whatever is asked at a department's listener, and however often, this is the reply.
pub fn impostor(department: &Department, listener: &str, reply: String) -> Impostor {
    let (keys, address) = (department.folder().join("keys"), address(department, "public", listener));
    let port = address.rsplit(':').next().unwrap().parse().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let mut acceptor = SslAcceptor::mozilla_modern_v5(SslMethod::tls_server()).unwrap();
    acceptor.set_certificate_file(keys.join("tls.pem"), SslFiletype::PEM).unwrap();
    acceptor.set_private_key_file(keys.join("tls.key.pem"), SslFiletype::PEM).unwrap();
    acceptor.set_verify_callback(SslVerifyMode::PEER, |_, _| true);
    let (acceptor, leaving) = (acceptor.build(), Arc::new(AtomicBool::new(false)));
    let left = Arc::clone(&leaving);
    let thread = std::thread::spawn(move || {
        for connection in listener.incoming() {
            if left.load(Ordering::SeqCst) {
                return;
            }
            if let Ok(connection) = acceptor.accept(connection.unwrap()) {
                answer_once(connection, &reply);
            }
        }
    });
    Impostor { port, leaving, thread }
}

/// Reads the head of a request and answers, if the caller waits for it.
fn answer_once(mut connection: SslStream<TcpStream>, reply: &str) {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match connection.read(&mut part) {
            Ok(read) if read > 0 => request.extend_from_slice(&part[..read]),
            _ => return,
        }
    }
    let _ = connection.write_all(reply.as_bytes());
    let _ = connection.shutdown();
}
