//! A member that asks: queries with arbitrary claims under its real key, over mutual TLS with its real certificate.

use protocol::seal::{Limits, SigningKey, Typ, UnverifiedJws, random, sign};
use schemas::{
    answer::Answer,
    id::EntityId,
    problem::{Code, Problem},
    receipt::Outcome,
    time::Timestamp,
};
use serde_json::{Value, json};
use service_kit::http_client::{HttpClient, Reply};
use url::Url;
use vinimay::{demo::PENSION_PURPOSE, world::Department};

use super::{address, client, seconds};

/// The media type of queries.
pub const QUERY_TYPE: &str = "application/dx-query+jwt";

/// A joined member's name and signing key.
#[derive(Clone)]
pub struct Asker {
    pub entity: EntityId,
    pub signing: SigningKey,
}

impl Asker {
    pub fn of(department: &Department) -> Self {
        let pem = std::fs::read(department.folder().join("keys/signing.pem")).unwrap();
        Self { entity: department.entity().clone(), signing: SigningKey::from_pem(&pem).unwrap() }
    }

    /// A good query for the one granted item, as claims to be bent.
    pub fn claims(&self, provider: &EntityId, basis: &Value, now: Timestamp) -> Value {
        json!({
            "v": 1, "iss": self.entity, "aud": provider, "iat": seconds(now), "exp": seconds(now) + 60,
            "jti": random::message_id(now),
            "query": { "dataset": "revenue.income", "fields": ["annual_income_band"], "purpose": PENSION_PURPOSE },
            "basis": basis,
            "agent": { "system": "pension-portal" },
        })
    }

    pub fn sign(&self, claims: &Value) -> String {
        sign(Typ::Query, &self.signing, claims).unwrap().to_string()
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// The data, sealed.
    Answered,
    /// A signed refusal.
    Refused(Code),
    /// A plain problem document.
    Problem(Code),
}

/// A provider's peer listener, reached with a member's certificate.
pub struct PeerDoor {
    client: HttpClient,
    base: String,
    answers: SigningKey,
}

impl PeerDoor {
    pub fn of(provider: &Department, caller: &Department) -> Self {
        let (theirs, ours) = (provider.folder().join("keys"), caller.folder().join("keys"));
        let pem = std::fs::read(theirs.join("signing.pem")).unwrap();
        Self {
            client: client(&theirs.join("tls.pem"), Some((&ours.join("tls.pem"), &ours.join("tls.key.pem")))),
            base: address(provider, "public", "peers"),
            answers: SigningKey::from_pem(&pem).unwrap(),
        }
    }

    pub fn url(&self, path: &str) -> Url {
        format!("{}{path}", self.base).parse().unwrap()
    }

    /// Sends anything to the query endpoint.
    pub async fn post(&self, body: &[u8], media_type: &str, headers: &[(&str, &str)]) -> Reply {
        let url = self.url("/peer/v1/queries");
        self.client.post_with(&url, media_type, headers, body.to_vec(), 1 << 20).await.unwrap()
    }

    /// The same where nobody may be there, or nobody who lets us in.
    pub async fn try_post(&self, body: &[u8], media_type: &str) -> Option<Reply> {
        self.client.post(&self.url("/peer/v1/queries"), media_type, body.to_vec(), 1 << 20).await.ok()
    }

    pub async fn fetch(&self, path: &str) -> Reply {
        self.client.fetch(&self.url(path), 1 << 20).await.unwrap()
    }

    /// Sends anything anywhere.
    pub async fn post_to(&self, path: &str, body: &[u8], media_type: &str) -> Reply {
        self.client.post(&self.url(path), media_type, body.to_vec(), 1 << 20).await.unwrap()
    }

    /// Asks, and verifies the signature of what comes back.
    pub async fn ask(&self, jws: &str) -> Heard {
        let reply = self.post(jws.as_bytes(), QUERY_TYPE, &[]).await;
        self.heard(&reply).0
    }

    /// What a reply says; with the claims of a signed one.
    pub fn heard(&self, reply: &Reply) -> (Heard, Option<Answer>) {
        if reply.status != 200 {
            return (Heard::Problem(plain_code(reply)), None);
        }
        let token = UnverifiedJws::parse(&reply.body, Limits::ANSWER).unwrap();
        let answer: Answer = token.verify(Typ::Answer, self.answers.public()).unwrap().claims().unwrap();
        let heard = match (&answer.outcome, &answer.refusal) {
            (Outcome::Answered, None) => Heard::Answered,
            (Outcome::Refused, Some(refusal)) => Heard::Refused(refusal.code),
            contradiction => panic!("an answer that contradicts itself: {contradiction:?}"),
        };
        (heard, Some(answer))
    }
}

/// The code of a problem document, which must agree with its status and tell nothing of the inside.
pub fn plain_code(reply: &Reply) -> Code {
    assert_eq!(reply.media_type.as_deref(), Some(Problem::MEDIA_TYPE), "{}", String::from_utf8_lossy(&reply.body));
    let problem: Problem = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!((problem.status, reply.status), (problem.code.status(), problem.code.status()), "{problem:?}");
    assert!(
        problem.kind.ends_with(&format!("/problems/{}", problem.code)) && !problem.request_id.is_empty(),
        "{problem:?}"
    );
    problem.code
}
