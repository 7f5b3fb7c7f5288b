//! One provider as two processes on one PostgreSQL, and a member and a citizen who know both doors.
//!
//! Guarantees: real processes, real mutual TLS with the member's own certificate, queries under its own key. Deliberately absent:
//! any way to tell the processes apart but their ports.

use std::time::Duration;

use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};
use protocol::{
    credential::{did, vc::ConsentDraft},
    seal::{KeyReference, Limits, SigningKey, Typ, UnverifiedJws, random, sign_as},
};
use schemas::{
    answer::Answer,
    consent::{ConsentOrder, ConsentStatus, OrderAck, OrderAction},
    id::CompactJws,
    version::V1,
};
use serde_json::Value;
use service_kit::{
    clock::Clock,
    db::DatabaseUrl,
    http_client::{ClientLimits, HttpClient, HttpError, NetworkPolicy, Reply},
    tls::ServerIdentity,
};
use service_kit_testing::postgres;
use tokio::sync::Semaphore;
use url::Url;
use vinimay::{
    demo::Variation,
    world::{Binary, Department, Store},
};

use crate::{
    ready::Ready,
    rogue::{Asker, Citizen, Heard, PeerDoor, certificate_der, client},
};

/// The media type of queries.
const QUERY: &str = "application/dx-query+jwt";
/// The media type of a citizen's orders.
const ORDER: &str = "application/consent-order+jwt";
/// Below the 64 connections that a gateway grants one member's certificate.
const CONNECTIONS: usize = 48;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

/// Revenue behind two doors, asked by social welfare on behalf of one citizen.
pub struct Doors {
    pub ready: Ready,
    pub clock: Clock,
    pub asker: Asker,
    pub citizen: Citizen,
    /// Revenue's database.
    pub database: String,
    peer: PeerDoor,
    client: HttpClient,
    queries: [Url; 2],
    orders: [Url; 2],
    connections: [Semaphore; 2],
}

impl Doors {
    /// Starts everything; `more` goes into everybody's configuration.
    pub async fn open(binary: Binary, clock: Clock, more: &str) -> Self {
        Self::varied(binary, clock, Variation::default(), more).await
    }

    /// The same with other differences.
    pub async fn varied(binary: Binary, clock: Clock, mut variation: Variation, more: &str) -> Self {
        let DatabaseUrl::Postgres(database) = postgres().new_database() else { unreachable!("it is PostgreSQL") };
        let database = database.expose().to_owned();
        variation.stores.insert("revenue", (Store::Postgres(database.clone()), 2));
        for name in ["civil", "revenue", "food", "social"] {
            variation.more.insert(name, more.to_owned());
        }
        let ready = Ready::by(binary, &variation, clock.now());
        let (revenue, social) = (&ready.federation.revenue, &ready.federation.social);
        let applicant = ready.federation.databases.cast.applicant.clone().unwrap().keys.resident_no.to_string();
        let citizen = Citizen::bind(&ready.federation, &applicant, 1, clock.now()).await;
        let url =
            |number, listener, path: &str| format!("{}{path}", listening(revenue, number, listener)).parse().unwrap();
        Self {
            asker: Asker::of(social),
            peer: PeerDoor::of(revenue, social),
            client: member_client(revenue, social),
            queries: [0, 1].map(|number| url(number, "peers", "/peer/v1/queries")),
            orders: [0, 1].map(|number| url(number, "people", "/citizen/v1/orders")),
            connections: [0, 1].map(|_| Semaphore::new(CONNECTIONS)),
            citizen,
            clock,
            database,
            ready,
        }
    }

    /// A consent that revenue honours for social welfare.
    pub fn draft(&self) -> ConsentDraft {
        let federation = &self.ready.federation;
        self.citizen.draft(federation.social.entity(), federation.revenue.entity(), self.clock.now())
    }

    /// The basis of queries on a draft.
    pub fn basis(&self, draft: &ConsentDraft) -> Value {
        self.citizen.basis(draft, &self.citizen.bindings[0], self.clock.now())
    }

    /// A new query on this basis.
    pub fn query(&self, basis: &Value) -> String {
        let claims = self.asker.claims(self.ready.federation.revenue.entity(), basis, self.clock.now());
        self.asker.sign(&claims)
    }

    /// Sends a query to one of the two processes.
    pub async fn send(&self, door: usize, query: &str) -> Reply {
        self.send_timed(door, query).await.1.unwrap()
    }

    /// The same, and when it was sent: not before this instant. An error where no whole answer came.
    pub async fn send_timed(&self, door: usize, query: &str) -> (Duration, Result<Reply, HttpError>) {
        let _connection = self.connections[door].acquire().await.unwrap();
        let sent = self.clock.monotonic();
        (sent, self.client.post(&self.queries[door], QUERY, query.as_bytes().to_vec(), 1 << 20).await)
    }

    /// What one of the two processes answers to a new query on this basis, on a new connection: one that was kept may be too old
    /// for the server when the clock was moved.
    pub async fn ask(&self, door: usize, basis: &Value) -> Heard {
        let client = member_client(&self.ready.federation.revenue, &self.ready.federation.social);
        let reply = client.post(&self.queries[door], QUERY, self.query(basis).into_bytes(), 1 << 20).await.unwrap();
        self.heard(&reply).0
    }

    /// How many receipts wait for the log.
    pub fn waiting(&self) -> i64 {
        let mut conn = PgConnection::establish(&self.database).unwrap();
        diesel::sql_query("SELECT count(*) AS count FROM outbox").get_result::<Count>(&mut conn).unwrap().count
    }

    /// What a reply says; a signed one is verified, and its receipt too.
    pub fn heard(&self, reply: &Reply) -> (Heard, Option<Answer>) {
        let (heard, answer) = self.peer.heard(reply);
        if let Some(answer) = &answer {
            let pem = std::fs::read(self.ready.federation.revenue.folder().join("keys/signing.pem")).unwrap();
            let key = SigningKey::from_pem(&pem).unwrap();
            let receipt = UnverifiedJws::parse(answer.receipt.as_str().as_bytes(), Limits::RECORD).unwrap();
            let receipt: Value = receipt.verify(Typ::Receipt, key.public()).unwrap().claims().unwrap();
            assert_eq!(receipt["exchange"], answer.query_jti.as_str(), "a receipt of this exchange");
        }
        (heard, answer)
    }

    /// The citizen's order at one of the two processes.
    pub async fn order(&self, door: usize, consent: &CompactJws, action: OrderAction, n: u32) -> ConsentStatus {
        let federation = &self.ready.federation;
        let key = &self.citizen.bindings[0].key;
        let did = did::encode(key.public()).unwrap();
        let order = ConsentOrder {
            v: V1,
            iss: did.clone(),
            aud: vec![federation.social.entity().clone(), federation.revenue.entity().clone()],
            iat: self.clock.now().numeric(),
            jti: random::message_id(self.clock.now()),
            consent: consent.clone(),
            action,
            until: None,
            n,
        };
        let signed = sign_as(Typ::ConsentOrder, key, KeyReference::Url(&did::key_url(&did)), &order).unwrap();
        let people = client(&federation.revenue.folder().join("keys/tls.pem"), None);
        let reply = people.post(&self.orders[door], ORDER, signed.as_str().as_bytes().to_vec(), 1 << 16).await.unwrap();
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        let payload = std::str::from_utf8(&reply.body).unwrap().split('.').nth(1).unwrap().to_owned();
        let ack: OrderAck = serde_json::from_slice(&protocol::seal::decode_base64url(&payload).unwrap()).unwrap();
        ack.status
    }
}

/// Where the process of a number listens, as the certificate names the host.
pub fn listening(department: &Department, number: usize, listener: &str) -> String {
    let file = if number == 0 { "gateway.toml".to_owned() } else { format!("gateway-{number}.toml") };
    let table: toml::Table = std::fs::read_to_string(department.folder().join(file)).unwrap().parse().unwrap();
    let address = table["listen"][listener].as_str().unwrap();
    let host: Url = table["entity"].as_str().unwrap().parse().unwrap();
    format!("https://{}:{}", host.host_str().unwrap(), address.rsplit_once(':').unwrap().1)
}

/// Like any member's client, with as many connections as a member is granted.
fn member_client(provider: &Department, caller: &Department) -> HttpClient {
    let keys = caller.folder().join("keys");
    let identity = ServerIdentity::load(&keys.join("tls.pem"), &keys.join("tls.key.pem")).unwrap();
    let networks = NetworkPolicy::parse(["127.0.0.0/8"]).unwrap();
    // Longer than a server takes for anything, so that a question without an answer is the server's doing.
    let (connect, total) = (Duration::from_secs(60), Duration::from_secs(120));
    let limits = ClientLimits { connect, total, pool: CONNECTIONS, at_once: 2 * CONNECTIONS };
    HttpClient::pinned(&[certificate_der(&provider.folder().join("keys/tls.pem"))], Some(&identity), networks, limits)
        .unwrap()
}
