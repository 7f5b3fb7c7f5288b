//! For tests: an anchor that was initialised and runs in this process on free ports, and departments with real keys.

use base64::{Engine, engine::general_purpose::STANDARD};
use protocol::{
    federation::sign_configuration,
    seal::{self, Algorithm, DecryptionKey, SigningKey, Typ, certificate::TlsIdentity, random},
};
use schemas::{
    digest::Digest,
    federation::*,
    id::{CompactJws, EntityId},
    problem::Problem,
    time::Timestamp,
    version::V1,
};
use serde::de::DeserializeOwned;
use service_kit::{
    clock::Clock,
    http_client::{ClientLimits, HttpClient, NetworkPolicy, Reply},
};
use tlog::{
    checkpoint::SignedCheckpoint,
    merkle::{Frontier, Hash, leaf_hash, root_of_leaves},
    note::VerifyingKey,
    tile::{FULL_WIDTH, bundles_between, parse_bundle, tiles_between},
};

use crate::{
    commands,
    config::AnchorConfig,
    init::{Initialised, init},
    keys::Keys,
    proving::{AnchoredProof, EntryProofs},
    registers::Placeholders,
    run::{RunningAnchor, start},
};

pub const ENTITY: &str = "https://anchor.localhost";

/// An anchor on disk, running or not.
pub struct World {
    pub folder: tempfile::TempDir,
    pub config: AnchorConfig,
    pub initialised: Initialised,
    pub running: Option<RunningAnchor>,
    pub client: HttpClient,
}

impl World {
    /// Initialised, not running.
    pub fn new() -> Self {
        Self::with("")
    }

    /// The same, with further lines in the configuration.
    pub fn with(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path(), more);
        let officers = ["asha", "ravi"].map(str::to_owned);
        let initialised = init(&config, &officers, now()).unwrap();
        let keys = Keys::load(&config).unwrap();
        let client = client(&keys);
        Self { folder, config, initialised, running: None, client }
    }

    pub async fn started() -> Self {
        let mut world = Self::new();
        world.start().await;
        world
    }

    pub async fn start(&mut self) {
        self.running = Some(start(&self.config, Clock::system(), None).await.unwrap());
    }

    /// Closes kept connections, which a stop would wait for.
    pub fn hang_up(&mut self) {
        let keys = Keys::load(&self.config).unwrap();
        self.client = client(&keys);
    }

    pub async fn stop(&mut self) {
        self.hang_up();
        self.running.take().unwrap().stop().await.unwrap();
    }

    pub fn url(&self, path: &str) -> url::Url {
        let port = self.running.as_ref().unwrap().address.port();
        format!("{ENTITY}:{port}{path}").parse().unwrap()
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.client.fetch(&self.url(path), 4 << 20).await.unwrap()
    }

    pub async fn post(&self, path: &str, media_type: &str, body: impl Into<Vec<u8>>) -> Reply {
        self.client.post(&self.url(path), media_type, body.into(), 4 << 20).await.unwrap()
    }

    /// Invites over the command line, as an officer does.
    pub fn invite(&self, department: &Department, roles: &[&str]) -> String {
        let roles = roles.iter().map(|role| role.parse().unwrap()).collect();
        let entity = department.entity.clone();
        commands::member_invite(&self.config, entity, roles, "social".parse().unwrap(), None).unwrap().code
    }

    pub async fn post_join(&self, invitation: &str, configuration: &CompactJws) -> Reply {
        let request = JoinRequest { invitation: invitation.to_owned(), entity_configuration: configuration.clone() };
        self.post("/federation/join", "application/json", serde_json::to_vec(&request).unwrap()).await
    }

    /// A member of these roles.
    pub async fn member(&self, name: &str, roles: &[&str]) -> Department {
        let department = Department::new(name);
        let code = self.invite(&department, roles);
        let reply = self.post_join(&code, &department.configuration(0)).await;
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        department
    }

    pub async fn submit(&self, token: &CompactJws) -> Reply {
        self.post("/log/submissions", "application/dx-anchor-submit+jwt", token.as_str()).await
    }

    /// Logs digests of these records; verifies the acknowledgement.
    pub async fn log(&self, department: &Department, entry_type: u8, records: &[&str]) -> AnchorAck {
        let entries = records.iter().map(|record| entry(entry_type, record)).collect();
        let reply = self.submit(&department.submission(entries)).await;
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        self.acknowledgement(&reply)
    }

    pub fn acknowledgement(&self, reply: &Reply) -> AnchorAck {
        let keys = Keys::load(&self.config).unwrap();
        let token = seal::UnverifiedJws::parse(&reply.body, seal::Limits::STATEMENT.members(2_000)).unwrap();
        token.verify(Typ::AnchorAck, keys.signing.public()).unwrap().claims().unwrap()
    }

    /// The proof, waited for.
    pub async fn proof(&self, entry_type: u8, record: &str) -> AnchoredProof {
        let path = format!("/log/proof?type={entry_type}&digest={}&wait=10", Digest::of(record));
        let reply = self.get(&path).await;
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        json(&reply)
    }

    pub async fn proofs(&self, entries: &[SubmittedEntry]) -> EntryProofs {
        let body = serde_json::json!({ "entries": entries }).to_string();
        let reply = self.post("/log/proofs", "application/json", body).await;
        assert_eq!(reply.status, 200);
        json(&reply)
    }

    pub fn log_key(&self) -> VerifyingKey {
        self.initialised.trust_root.log_vkey.parse().unwrap()
    }

    /// Reads the whole log over HTTP as a stranger does, and verifies all of it; returns its size.
    pub async fn verify_whole_log(&self) -> u64 {
        let note = self.get("/checkpoint").await;
        assert_eq!(note.status, 200);
        let signed = SignedCheckpoint::parse(&note.body).unwrap().verify(&self.log_key()).unwrap();
        let head = signed.checkpoint().clone();
        let mut frontier = Frontier::new();
        let mut leaves: Vec<Hash> = Vec::new();
        for bundle in bundles_between(0, head.size) {
            let reply = self.get(&format!("/{bundle}")).await;
            for bytes in parse_bundle(&reply.body, bundle.width()).unwrap() {
                tlog::entry::Entry::parse(&bytes).unwrap();
                leaves.push(leaf_hash(&bytes));
                frontier.append(leaf_hash(&bytes));
            }
        }
        assert_eq!((frontier.size(), frontier.root()), (head.size, head.root));
        for tile in tiles_between(0, head.size) {
            let reply = self.get(&format!("/{tile}")).await;
            assert_eq!(reply.body, tile_of(&leaves, tile.level(), tile.index(), tile.width()), "{tile}");
        }
        head.size
    }

    pub fn officer_keys(&self) -> Vec<std::path::PathBuf> {
        self.initialised.officer_keys.clone()
    }

    pub fn placeholders(&self) -> Placeholders {
        let entity = |name: &str| (name.to_owned(), format!("https://{name}.localhost").parse().unwrap());
        ["civil", "social", "food", "revenue"].map(entity).into()
    }
}

fn client(keys: &Keys) -> HttpClient {
    let root = keys.tls.certificate().to_der().unwrap();
    let networks = NetworkPolicy::parse(["127.0.0.0/8", "::1/128"]).unwrap();
    HttpClient::pinned(&[root], None, networks, ClientLimits::default()).unwrap()
}

/// A tile from the leaves, by the definition in C2SP tlog-tiles.
fn tile_of(leaves: &[Hash], level: u8, index: u64, width: u16) -> Vec<u8> {
    let span = usize::from(FULL_WIDTH).pow(level.into());
    let first = usize::try_from(index).unwrap() * usize::from(FULL_WIDTH);
    let hash = |n: usize| root_of_leaves(&leaves[n * span..(n + 1) * span]);
    (first..first + usize::from(width)).flat_map(|n| *hash(n).as_bytes()).collect()
}

pub fn config(folder: &std::path::Path, more: &str) -> AnchorConfig {
    let path = folder.join("anchor.toml");
    let text = format!(
        "entity = \"{ENTITY}\"\nlisten = \"127.0.0.1:0\"\nmanagement_listen = \"127.0.0.1:0\"\ndata_dir = \"data\"\n\
         batch_interval_ms = 20\npublish_interval_ms = 100\n{more}\n"
    );
    std::fs::write(&path, text).unwrap();
    AnchorConfig::load(&path).unwrap()
}

pub fn now() -> Timestamp {
    Clock::system().now()
}

pub fn json<T: DeserializeOwned>(reply: &Reply) -> T {
    serde_json::from_slice(&reply.body).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&reply.body)))
}

/// The code of a problem document; checks that status and document agree.
pub fn refusal(reply: &Reply) -> String {
    let problem: Problem = json(reply);
    assert_eq!(reply.media_type.as_deref(), Some(Problem::MEDIA_TYPE));
    assert_eq!((problem.status, reply.retry_after), (reply.status, problem.retry_after));
    problem.code.to_string()
}

pub fn entry(entry_type: u8, record: &str) -> SubmittedEntry {
    SubmittedEntry { r#type: entry_type, digest: Digest::of(record) }
}

/// A department with all its keys.
pub struct Department {
    pub entity: EntityId,
    pub federation: SigningKey,
    pub signing: SigningKey,
    pub encryption: DecryptionKey,
    pub certificate: String,
}

impl Department {
    pub fn new(name: &str) -> Self {
        let key = || SigningKey::generate(Algorithm::Es256).unwrap();
        let host = format!("{name}.localhost");
        let tls =
            TlsIdentity::self_signed(&host, &[host.parse().unwrap()], now().plus(-60), now().plus(86_400)).unwrap();
        Self {
            entity: format!("https://{host}").parse().unwrap(),
            federation: key(),
            signing: key(),
            encryption: DecryptionKey::generate().unwrap(),
            certificate: STANDARD.encode(tls.certificate().to_der().unwrap()),
        }
    }

    /// Its claims about itself, issued `age` seconds ago.
    pub fn claims(&self, age: i64) -> EntityConfiguration {
        let at = |path: &str| format!("{}{path}", self.entity);
        let set = |key: &SigningKey| JwkSet { keys: vec![key.public().jwk().clone()] };
        let gateway = DataGateway {
            organization_name: [("en".to_owned(), "Department".to_owned())].into(),
            protocol_versions: vec!["1".to_owned()],
            query_endpoint: at("/query"),
            event_endpoint: at("/events"),
            receipts_endpoint: at("/receipts"),
            citizen_endpoint: at("/citizen"),
            witness: None,
            signing_jwks: set(&self.signing),
            encryption_jwks: JwkSet { keys: vec![self.encryption.public().jwk().clone()] },
            officer_jwks: Vec::new(),
            tls_certificates: vec![self.certificate.clone()],
            datasets: Vec::new(),
            events_published: Vec::new(),
        };
        let iat = now().plus(-age).numeric();
        EntityConfiguration {
            iss: self.entity.clone(),
            sub: self.entity.clone(),
            iat,
            exp: iat.plus(86_400 * 30),
            jwks: set(&self.federation),
            authority_hints: vec![ENTITY.parse().unwrap()],
            metadata: Metadata { data_gateway: Some(gateway), ..Metadata::default() },
        }
    }

    pub fn configuration(&self, age: i64) -> CompactJws {
        sign_configuration(&self.federation, &self.claims(age)).unwrap()
    }

    /// The claims of a submission that is good in every way.
    pub fn submission_claims(&self, entries: Vec<SubmittedEntry>) -> AnchorSubmission {
        let iat = now().numeric();
        AnchorSubmission {
            v: V1,
            iss: self.entity.clone(),
            aud: ENTITY.parse().unwrap(),
            iat,
            exp: iat.plus(120),
            jti: random::message_id(now()),
            entries,
        }
    }

    pub fn submission(&self, entries: Vec<SubmittedEntry>) -> CompactJws {
        self.sign(&self.submission_claims(entries))
    }

    pub fn sign(&self, claims: &AnchorSubmission) -> CompactJws {
        seal::sign(Typ::AnchorSubmit, &self.signing, claims).unwrap()
    }
}
