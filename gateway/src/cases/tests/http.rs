//! The local listener as a portal sees it: over mutual TLS, with its own certificate.

use schemas::{
    asking::{BatchProgress, BatchState, CaseView, PartAnswer, PartOutcome},
    catalogue::Catalogue,
    local::LocalAnswer,
    problem::{Code, Problem},
};
use serde::{Serialize, de::DeserializeOwned};
use service_kit::{
    http_client::{ClientLimits, HttpClient, NetworkPolicy, Reply},
    secret::Secret,
    tls::ServerIdentity,
};
use url::Url;

use super::world::{Office, case, part};
use crate::{exchange::testing::federation::Engine, run::Running};

const LONGEST: usize = 1 << 20;

struct Portal {
    asker: Running,
    client: HttpClient,
}

impl Portal {
    async fn open(office: &Office) -> Self {
        let (certificate, key) = service_kit_testing::self_signed("portal", 30);
        let asker = office.federation.serve_asker(&certificate).await;
        let identity = ServerIdentity::from_pem(&certificate, &Secret::new(key)).unwrap();
        let roots = [asker.app().identity().certificate_der().unwrap()];
        let networks = NetworkPolicy::parse(["127.0.0.0/8"]).unwrap();
        let client = HttpClient::pinned(&roots, Some(&identity), networks, ClientLimits::default()).unwrap();
        Self { asker, client }
    }

    fn url(&self, path: &str) -> Url {
        Url::parse(&format!("https://localhost:{}{path}", self.asker.listeners()["local"].port())).unwrap()
    }

    async fn post(&self, path: &str, key: Option<&str>, body: &impl Serialize) -> Reply {
        let headers: Vec<_> = key.map(|key| ("Idempotency-Key", key)).into_iter().collect();
        let body = serde_json::to_vec(body).unwrap();
        self.client.post_with(&self.url(path), "application/json", &headers, body, LONGEST).await.unwrap()
    }

    async fn fetch(&self, path: &str) -> Reply {
        self.client.fetch(&self.url(path), LONGEST).await.unwrap()
    }
}

fn read<T: DeserializeOwned>(reply: &Reply) -> T {
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    serde_json::from_slice(&reply.body).unwrap()
}

fn code(reply: &Reply) -> Code {
    serde_json::from_slice::<Problem>(&reply.body).unwrap().code
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_asks_one_question_and_several_and_looks_into_its_case_file() {
    let office = Office::open(Engine::Sqlite, |_| {}).await;
    let federation = &office.federation;
    let portal = Portal::open(&office).await;
    let request = federation.held(&federation.consent(3)).await;
    let one: LocalAnswer = read(&portal.post("/v1/queries", Some(federation.key().as_str()), &request).await);
    assert_eq!(one.record.rows.len(), 1);
    let mut query = case(vec![part(&request, "applicant")]);
    let view: CaseView = read(&portal.post("/v1/queries", Some(federation.key().as_str()), &query).await);
    assert_eq!((view.parts[0].outcome, view.parts[0].record.as_ref()), (PartOutcome::Answered, Some(&one.record)));

    query.officer = None;
    let file: CaseView = read(&portal.post("/v1/cases", Some(federation.key().as_str()), &query).await);
    let path = format!("/v1/cases/{}", file.id);
    assert_eq!(read::<CaseView>(&portal.fetch(&path).await), file);
    query.officer = Some("officer-1".parse().unwrap());
    let file: CaseView = read(&portal.post("/v1/cases", Some(federation.key().as_str()), &query).await);
    let hidden = portal.fetch(&format!("/v1/cases/{}", file.id)).await;
    assert_eq!(
        (hidden.status, code(&hidden)),
        (404, Code::NotFound),
        "an officer's file, looked for without the officer"
    );

    let nameless = portal.post("/v1/queries", None, &query).await;
    assert_eq!((nameless.status, code(&nameless)), (400, Code::RequestMalformed));
    let mut both = serde_json::to_value(&query).unwrap();
    both["consent"] = request.consent.as_str().into();
    let mixed = portal.post("/v1/queries", Some(federation.key().as_str()), &both).await;
    assert_eq!((mixed.status, code(&mixed)), (400, Code::RequestMalformed), "neither one question nor several");
    portal.asker.stop().await.unwrap();
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_hears_a_batch_line_by_line_while_the_job_works_on_it() {
    let office = Office::open(Engine::Sqlite, |_| {}).await;
    let order = office.order(&office.people(70).await);
    let portal = Portal::open(&office).await;
    let key = office.federation.key();
    let reply = portal.post("/v1/batches", Some(key.as_str()), &order).await;
    assert_eq!((reply.status, reply.media_type.as_deref()), (200, Some("application/x-ndjson")));
    let text = String::from_utf8(reply.body).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    let last: BatchState = serde_json::from_str(lines.pop().unwrap()).unwrap();
    assert_eq!((last.state, last.persons, last.ended), (BatchProgress::Ended, 70, 70));
    let people: Vec<PartAnswer> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(
        people.iter().zip(0..).all(|(person, place)| person.part == place && person.outcome == PartOutcome::Answered)
    );

    let rest = portal.fetch(&format!("/v1/batches/{}?after=68", last.batch)).await;
    assert_eq!(String::from_utf8(rest.body).unwrap().lines().count(), 2, "the last person, and how it stands");
    let unknown = portal.fetch(&format!("/v1/batches/{key}")).await;
    assert_eq!((unknown.status, code(&unknown)), (404, Code::NotFound));
    portal.asker.stop().await.unwrap();
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_reads_the_catalogue() {
    let office = Office::open(Engine::Sqlite, |_| {}).await;
    let portal = Portal::open(&office).await;
    let catalogue: Catalogue = read(&portal.fetch("/v1/catalogue").await);
    let income = catalogue.datasets.iter().find(|entry| entry.dataset.as_str() == "revenue.income").unwrap();
    assert!(!income.purposes.is_empty() && !income.laws.is_empty());
    portal.asker.stop().await.unwrap();
    office.close().await;
}
