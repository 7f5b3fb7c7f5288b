//! The two things that the driver asks: social welfare's gateway on its local listener, and the plain server for the same rows.
//!
//! Guarantees: every query is new (a fresh `Idempotency-Key`), citizens are drawn in turn, and an answer is good only if it holds
//! the one field that was asked for.

use std::{path::PathBuf, sync::Arc};

use protocol::seal::random;
use schemas::{id::ConsentId, local::LocalAnswer, problem::Problem};
use serde::Deserialize;
use serde_json::json;
use service_kit::{
    clock::Clock,
    http_client::{HttpClient, HttpError, Reply},
};
use url::Url;
use vinimay::{
    bench::Answered,
    world::{Binary, Department, Server},
};

use crate::{
    databases::Databases,
    federation::{FIELD, Federation, PURPOSE, portal},
    plain::{Asked, Settings as PlainSettings},
    settings::Settings,
};

const ANSWER_BYTES: usize = 1 << 16;

/// Social welfare's portal.
#[derive(Clone)]
pub struct Asking {
    client: HttpClient,
    url: Url,
    consents: Arc<[ConsentId]>,
    clock: Clock,
}

impl Asking {
    /// A portal with so many connections.
    ///
    /// # Errors
    /// If certificates cannot be read.
    pub fn new(social: &Department, consents: &[ConsentId], connections: usize, clock: &Clock) -> anyhow::Result<Self> {
        let client = portal(social, &social.folder().join("keys/tls.pem"), connections)?;
        let url = format!("{}/v1/queries", social.local_address(0)).parse()?;
        Ok(Self { client, url, consents: consents.into(), clock: clock.clone() })
    }

    /// Asks about the citizen whose turn it is.
    pub async fn ask(&self, number: u64) -> Answered {
        let turn = usize::try_from(number).unwrap_or_default() % self.consents.len();
        let query = json!({ "consent": self.consents[turn], "fields": [FIELD], "purpose": PURPOSE }).to_string();
        let key = random::message_id(self.clock.now()).to_string();
        let headers = [("Idempotency-Key", key.as_str())];
        let reply =
            self.client.post_with(&self.url, "application/json", &headers, query.into_bytes(), ANSWER_BYTES).await;
        judge(reply, |body| {
            let answer = serde_json::from_slice::<LocalAnswer>(body).ok()?;
            let [row] = answer.record.rows.as_slice() else { return None };
            (row.len() == 1 && row.keys().all(|field| field.as_str() == FIELD)).then_some(())
        })
    }
}

fn judge(reply: Result<Reply, HttpError>, is_good: impl FnOnce(&[u8]) -> Option<()>) -> Answered {
    let reply = match reply {
        Ok(reply) => reply,
        Err(error) => return Answered::Failed(error.to_string()),
    };
    if reply.status == 200 {
        return is_good(&reply.body)
            .map_or_else(|| Answered::Failed("not what was asked for".to_owned()), |()| Answered::Good);
    }
    match serde_json::from_slice::<Problem>(&reply.body) {
        Ok(problem) => Answered::Refused(problem.code.to_string()),
        Err(_) => Answered::Failed(format!("status {}", reply.status)),
    }
}

/// The plain server, running as a process of its own.
pub struct PlainServer {
    server: Server,
    url: Url,
    certificate: PathBuf,
    people: usize,
}

/// Who asks the plain server: the same client as the gateway's.
#[derive(Clone)]
pub struct PlainAsking {
    client: HttpClient,
    url: Url,
    people: u64,
}

/// What the plain server answers.
#[derive(Deserialize)]
struct PlainRows {
    rows: Vec<serde_json::Map<String, serde_json::Value>>,
}

impl PlainServer {
    /// Starts it with revenue's certificate and database, for social welfare's portal.
    ///
    /// # Errors
    /// If it does not become ready.
    pub fn start(federation: &Federation, databases: &Databases, settings: &Settings) -> anyhow::Result<Self> {
        let (port, keys) = (federation.addresses.port(), federation.revenue.folder().join("keys"));
        let plain = PlainSettings {
            address: format!("127.0.0.1:{port}"),
            certificate: keys.join("tls.pem"),
            key: keys.join("tls.key.pem"),
            client: federation.social.folder().join("systems/portal.pem"),
            database: databases.reader("revenue"),
            workers: settings.cores,
        };
        let file = federation.revenue.folder().join("plain-server.json");
        std::fs::write(&file, serde_json::to_vec(&plain)?)?;
        let binary = Binary::at(std::env::current_exe()?);
        let log = federation.revenue.folder().join("plain-server.log");
        let server = binary.serve(&["plain-server", &file.display().to_string()], &log)?;
        let url = format!("https://localhost:{port}/rows").parse()?;
        Ok(Self { server, url, certificate: plain.certificate, people: settings.citizens })
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.server.id()
    }

    /// A client with so many connections.
    ///
    /// # Errors
    /// If certificates cannot be read.
    pub fn asking(&self, federation: &Federation, connections: usize) -> anyhow::Result<PlainAsking> {
        let client = portal(&federation.social, &self.certificate, connections)?;
        Ok(PlainAsking { client, url: self.url.clone(), people: u64::try_from(self.people)? })
    }

    /// Stops it.
    ///
    /// # Errors
    /// If it cannot be waited for.
    pub fn stop(self) -> std::io::Result<()> {
        self.server.stop().map(drop)
    }
}

impl PlainAsking {
    /// Asks for the row of the citizen whose turn it is.
    pub async fn ask(&self, number: u64) -> Answered {
        let asked = Asked { khata_no: format!("SYN-K{:06}", number % self.people) };
        let Ok(body) = serde_json::to_vec(&asked) else { return Answered::Failed("the driver".to_owned()) };
        let reply = self.client.post(&self.url, "application/json", body, ANSWER_BYTES).await;
        judge(reply, |body| {
            let rows = serde_json::from_slice::<PlainRows>(body).ok()?.rows;
            let [row] = rows.as_slice() else { return None };
            (row.len() == 1 && row.get(FIELD).is_some_and(serde_json::Value::is_string)).then_some(())
        })
    }
}
