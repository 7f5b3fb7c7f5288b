//! Who may call what: each documented route of each listener, called by those who may not; and what administrators did, in a
//! chain that shows every change.
//!
//! The crates hold that every route declares its caller; here the running processes are asked, over the network, as a stranger, as
//! a stranger with a certificate, and as a system of the department that was given another right.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
};

use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query,
    sql_types::{Nullable, Text},
};
use protocol::seal::{Algorithm, SigningKey, Typ, certificate::TlsIdentity, random, sign};
use schemas::{digest::Digest, problem::Code};
use serde_json::{Value, json};
use service_kit::{
    audit_trail::{self, ChainError},
    clock::Clock,
    db::{Database, DatabaseUrl},
    http_client::{HttpClient, HttpError, Reply},
    secret::SecretFile,
};
use tempfile::TempDir;
use vinimay::{
    demo::{Federation, PENSION_PURPOSE, Variation},
    world::Department,
};

use crate::{
    doors::listening,
    ready::{Ready, good},
    rogue::{Asker, Citizen, client, plain_code},
    support::{binary, in_company},
};

/// Systems of social welfare with one right each; the portal has all.
const RIGHTS: [&str; 9] = ["ask", "audit", "link", "invite", "post", "batch", "report", "object", "carrier"];

#[tokio::test(flavor = "multi_thread")]
async fn nobody_calls_what_is_not_declared_for_them() {
    let _turn = in_company();
    let passes = Passes::new();
    let mut variation = Variation::default();
    variation.more.insert("civil", passes.systems());
    let ready = Ready::by(binary(), &variation, Clock::system().now());
    let federation = &ready.federation;
    // So that there is a status list.
    let person = federation.databases.cast.applicant.clone().unwrap().keys.resident_no.to_string();
    Citizen::bind(federation, &person, 1, Clock::system().now()).await;
    let described = described(&http(&federation.civil.management(0), "/openapi.json"));
    for listener in ["peers", "people", "local", "management"] {
        assert!(!described[listener].is_empty(), "{listener} has routes");
    }
    peers_need_a_members_certificate(federation, &passes, &described["peers"]).await;
    systems_need_the_right(federation, &passes, &described["local"]).await;
    the_public_gets_what_is_public(federation, &described["people"]).await;
    each_route_stands_on_its_own_listener(federation, &described).await;
    only_probes_need_no_certificate(federation, &described["management"]);
    members_alone_write_to_the_anchor(federation).await;
}

/// A documented route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Route {
    method: String,
    path: String,
}

impl Route {
    /// With parameters that name nothing.
    fn filled(&self) -> String {
        let parts = self.path.split('/').map(|part| match part {
            "{id}" | "{event}" => "01939c3e-7a10-7a10-8a10-0123456789ab",
            "{list}" | "{n}" | "{size}" | "{level}" | "{place}" => "0",
            "{kind}" => "purposes",
            part if part.starts_with('{') => "none",
            part => part,
        });
        parts.collect::<Vec<_>>().join("/")
    }

    /// Calls it with nothing in its body.
    async fn call(&self, client: &HttpClient, base: &str) -> Result<Reply, HttpError> {
        let url = format!("{base}{}", self.filled()).parse().unwrap();
        match self.method.as_str() {
            "get" => client.fetch(&url, 1 << 22).await,
            "post" => client.post(&url, "application/octet-stream", Vec::new(), 1 << 20).await,
            other => panic!("{other} {}: no such method is expected", self.path),
        }
    }
}

/// Routes by tag, which names the listener.
fn described(document: &Value) -> BTreeMap<String, Vec<Route>> {
    let mut routes: BTreeMap<String, Vec<Route>> = BTreeMap::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let tag = operation["tags"][0].as_str().unwrap_or("public").to_owned();
            routes.entry(tag).or_default().push(Route { method: method.clone(), path: path.clone() });
        }
    }
    routes
}

/// Certificates of nobody, and of systems with one right.
struct Passes {
    folder: TempDir,
}

impl Passes {
    fn new() -> Self {
        let passes = Self { folder: tempfile::tempdir().unwrap() };
        for name in RIGHTS.into_iter().chain(["stranger"]) {
            let now = Clock::system().now();
            let identity =
                TlsIdentity::self_signed(name, &["localhost".parse().unwrap()], now.plus(-60), now.plus(86_400))
                    .unwrap();
            let (certificate, key) = passes.files(name);
            std::fs::write(certificate, identity.certificate().to_pem().unwrap()).unwrap();
            SecretFile::write(&key, &identity.key_to_pem().unwrap()).unwrap();
        }
        passes
    }

    fn files(&self, name: &str) -> (PathBuf, PathBuf) {
        (self.folder.path().join(format!("{name}.pem")), self.folder.path().join(format!("{name}.key.pem")))
    }

    /// The configuration's sections.
    fn systems(&self) -> String {
        let section = |name: &str| {
            let (certificate, _) = self.files(name);
            format!("\n[[systems]]\nname = \"{name}\"\ncertificate_file = {certificate:?}\nmay = [\"{name}\"]\n")
        };
        RIGHTS.map(section).concat()
    }

    fn show(&self, name: &str, server: &Department) -> HttpClient {
        let (certificate, key) = self.files(name);
        client(&server.folder().join("keys/tls.pem"), Some((&certificate, &key)))
    }
}

/// Nobody was let in: no connection, or one of these codes.
fn turned_away(called: Result<Reply, HttpError>, codes: &[Code], what: &dyn Debug) {
    if let Ok(reply) = called {
        let code = plain_code(&reply);
        assert!(codes.contains(&code), "{what:?}: {code}");
    }
}

async fn peers_need_a_members_certificate(federation: &Federation, passes: &Passes, routes: &[Route]) {
    let server = &federation.civil;
    let (base, trusts) = (listening(server, 0, "peers"), server.folder().join("keys/tls.pem"));
    let keys = federation.social.folder().join("keys");
    let member = client(&trusts, Some((&keys.join("tls.pem"), &keys.join("tls.key.pem"))));
    let (nobody, stranger) = (client(&trusts, None), passes.show("stranger", server));
    // A system of the department itself is no peer.
    let system = passes.show("ask", server);
    for route in routes {
        let known = route.call(&member, &base).await.unwrap();
        assert!(
            known.status == 200 || ![Code::PeerUnknown, Code::NotAuthenticated].contains(&plain_code(&known)),
            "{route:?} for a member"
        );
        for other in [&nobody, &stranger, &system] {
            turned_away(route.call(other, &base).await, &[Code::PeerUnknown, Code::NotAuthenticated], route);
        }
    }
}

async fn systems_need_the_right(federation: &Federation, passes: &Passes, routes: &[Route]) {
    let server = &federation.civil;
    let base = listening(server, 0, "local").replace("civil.localhost", "localhost");
    let trusts = server.folder().join("keys/tls.pem");
    let keys = federation.social.folder().join("keys");
    let member = client(&trusts, Some((&keys.join("tls.pem"), &keys.join("tls.key.pem"))));
    let (nobody, stranger) = (client(&trusts, None), passes.show("stranger", server));
    let mut used = BTreeSet::new();
    for route in routes {
        for other in [&nobody, &stranger, &member] {
            turned_away(route.call(other, &base).await, &[Code::NotAuthenticated], route);
        }
        let mut admitted = Vec::new();
        for right in RIGHTS {
            let reply = route.call(&passes.show(right, server), &base).await.unwrap();
            if reply.status == 200 || plain_code(&reply) != Code::AccessDenied {
                admitted.push(right);
            }
        }
        assert_eq!(admitted.len(), 1, "{route:?} asks for one right, and these were let in: {admitted:?}");
        used.extend(admitted);
    }
    assert_eq!(used, RIGHTS.into(), "each right is of use");
}

async fn the_public_gets_what_is_public(federation: &Federation, routes: &[Route]) {
    let server = &federation.civil;
    let anybody = client(&server.folder().join("keys/tls.pem"), None);
    let mut given = BTreeSet::new();
    for route in routes {
        let reply = route.call(&anybody, &listening(server, 0, "people")).await.unwrap();
        if reply.status == 200 {
            given.insert(route.path.as_str());
        } else if reply.media_type.as_deref().is_some_and(|media| media.starts_with("text/html")) {
            assert!((400..500).contains(&reply.status), "{route:?}: a page that says no: {}", reply.status);
        } else {
            plain_code(&reply);
        }
    }
    let public = [
        "/.well-known/openid-federation",
        "/.well-known/openid-credential-issuer",
        "/.well-known/oauth-authorization-server",
        "/accessibility",
        "/citizen/v1/nonce",
        "/identity/nonce",
        "/privacy",
        "/problems",
        "/sign-in",
        "/status",
        "/transparency",
        "/status/rb/{list}",
    ];
    assert_eq!(given, public.into(), "what is given to anybody who shows nothing");
}

async fn each_route_stands_on_its_own_listener(federation: &Federation, described: &BTreeMap<String, Vec<Route>>) {
    let server = &federation.civil;
    let anybody = client(&server.folder().join("keys/tls.pem"), None);
    let people = listening(server, 0, "people");
    for listener in ["peers", "local", "management"] {
        for route in &described[listener] {
            let reply = route.call(&anybody, &people).await.unwrap();
            assert_eq!(plain_code(&reply), Code::NotFound, "{route:?} on the people's listener");
        }
    }
    for route in ["local", "peers", "people"].iter().flat_map(|listener| &described[*listener]) {
        let answer = raw(&server.management(0), &route.method.to_uppercase(), &route.filled());
        assert!(answer.starts_with("HTTP/1.1 404"), "{route:?} on the management listener: {answer}");
    }
}

fn only_probes_need_no_certificate(federation: &Federation, routes: &[Route]) {
    let paths: BTreeSet<&str> = routes.iter().map(|route| route.path.as_str()).collect();
    assert_eq!(paths, ["/healthz/live", "/healthz/ready", "/healthz/started", "/metrics", "/openapi.json"].into());
    for route in routes {
        assert_eq!(route.method, "get");
        for department in federation.departments().map(|(_, department)| department) {
            let management = department.management(0);
            assert!(management.starts_with("http://127.0.0.1:"), "the management listener is on loopback");
            let answer = raw(&management, "GET", &route.path);
            assert!(answer.starts_with("HTTP/1.1 200"), "{route:?}: {answer}");
            assert!(raw(&management, "POST", &route.path).starts_with("HTTP/1.1 405"), "{route:?}");
        }
    }
}

/// Anybody may read the anchor; two routes write, and each wants a signature.
async fn members_alone_write_to_the_anchor(federation: &Federation) {
    let anchor = &federation.anchor;
    let (anybody, base) = (client(&anchor.folder().join("data/keys/tls.pem"), None), anchor.entity().as_str());
    let document: Value =
        good(&anybody.fetch(&format!("{base}/openapi.json").parse().unwrap(), 1 << 20).await.unwrap());
    for route in described(&document).into_values().flatten().filter(|route| route.method == "post") {
        let reply = route.call(&anybody, base).await.unwrap();
        assert!((400..500).contains(&reply.status), "{route:?}: {}", reply.status);
        plain_code(&reply);
    }
    let (social, stranger) = (Asker::of(&federation.social), SigningKey::generate(Algorithm::Es256).unwrap());
    let now = Clock::system().now();
    let submission = |iss: &str| {
        json!({
            "v": 1, "iss": iss, "aud": base, "iat": now.seconds(), "exp": now.seconds() + 60, "jti": random::message_id(now),
            "entries": [{ "type": 1, "digest": Digest::of("an entry of a stranger") }],
        })
    };
    let cases = [
        ("https://stranger.example", &stranger, Code::PeerUnknown),
        (social.entity.as_str(), &stranger, Code::SignatureInvalid),
        ("https://stranger.example", &social.signing, Code::PeerUnknown),
    ];
    for (iss, key, code) in cases {
        let jws = sign(Typ::AnchorSubmit, key, &submission(iss)).unwrap().to_string();
        let url = format!("{base}/log/submissions").parse().unwrap();
        let reply = anybody.post(&url, "application/dx-anchor-submit+jwt", jws.into_bytes(), 1 << 16).await.unwrap();
        assert_eq!(plain_code(&reply), code, "{iss}");
    }
    // The log may grow meanwhile by what the departments owe it.
    let proof = format!("{base}/log/proof?type=1&digest={}", Digest::of("an entry of a stranger"));
    let reply = anybody.fetch(&proof.parse().unwrap(), 1 << 16).await.unwrap();
    assert_eq!(plain_code(&reply), Code::NotFound, "the stranger's entry is not in the log");
}

/// A request on a listener without TLS, and all that came back.
fn raw(base: &str, method: &str, path: &str) -> String {
    let address = base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

fn http(base: &str, path: &str) -> Value {
    let answer = raw(base, "GET", path);
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_administrators_do_and_are_refused_stands_in_a_chain() {
    let _turn = in_company();
    let ready = Ready::plain();
    let federation = &ready.federation;
    administrators_act(federation).await;
    let expected: [(PathBuf, &[Row]); 3] = [
        (
            federation.civil.folder().join("gateway.sqlite"),
            &[
                ("gateway.init", "done", None),
                ("gateway.join", "done", None),
                ("subjects.export", "done", None),
                ("subjects.export", "refused", Some("law-not-registered")),
                ("binding.offer", "done", None),
                ("binding.offer", "refused", Some("not-found-or-not-permitted")),
            ],
        ),
        (
            federation.social.folder().join("gateway.sqlite"),
            &[
                ("gateway.join", "done", None),
                ("gateway.join", "failed", None),
                ("link.seed", "done", None),
                ("link.seed", "refused", Some("token-malformed")),
                ("overlap.ask", "refused", Some("law-not-registered")),
                ("consent.ask", "done", None),
                ("consent.ask", "refused", Some("access-denied")),
            ],
        ),
        (
            anchor_database(&federation.anchor.folder().join("data")),
            &[
                ("anchor.init", "done", None),
                ("member.invite", "done", None),
                ("member.join", "done", None),
                ("purpose.add", "done", None),
                ("member.suspend", "done", None),
                ("member.resume", "done", None),
                ("member.suspend", "refused", Some("not-found")),
            ],
        ),
    ];
    for (database, rows) in expected {
        let there = trail(&database);
        for (action, outcome, code) in rows {
            let row = ((*action).to_owned(), (*outcome).to_owned(), code.map(str::to_owned));
            assert!(there.contains(&row), "{}: {row:?} is not among {there:#?}", database.display());
        }
        no_row_can_be_changed_unseen(&database);
    }
}

/// Action, outcome, code.
type Row = (&'static str, &'static str, Option<&'static str>);

async fn administrators_act(federation: &Federation) {
    let (civil, social, anchor) = (&federation.civil, &federation.social, &federation.anchor);
    let desk = civil.portal(0).unwrap();
    let person = federation.databases.cast.applicant.clone().unwrap().keys.resident_no.to_string();
    let _: Value = good(&desk.post("/v1/binding-offers", &[], &json!({ "resident": person })).await.unwrap());
    let nobody = desk.post("/v1/binding-offers", &[], &json!({ "resident": "1" })).await.unwrap();
    assert_eq!(plain_code(&nobody), Code::NotFoundOrNotPermitted);
    let out = federation.folder.join("never").display().to_string();
    civil
        .command(&["subjects", "export", "--for", social.entity().as_str(), "--law", "no-such-law", "--out", &out])
        .unwrap_err();

    let portal = social.portal(0).unwrap();
    let order = |purpose: &str| {
        json!({
            "purpose": purpose,
            "items": [{ "provider": federation.revenue.entity(), "dataset": "revenue.income", "fields": ["annual_income_band"] }],
            "validity": "P90D", "frequency": { "mode": "recurring", "maxUses": 4 }, "retention": "P180D",
        })
    };
    let _: Value = good(&portal.post("/v1/consent-requests", &[], &order(PENSION_PURPOSE)).await.unwrap());
    let refused = portal.post("/v1/consent-requests", &[], &order("social.no-such-purpose")).await.unwrap();
    assert!((400..500).contains(&refused.status), "{}", refused.status);
    let garbage = federation.folder.join("garbage");
    std::fs::write(&garbage, "not a file of any registry").unwrap();
    social.command(&["link", "seed", &garbage.display().to_string()]).unwrap_err();
    let food = federation.food.entity().as_str();
    let roll = ["--law", "no-such-law", "--roll", "social.pension", "--officer", "officer-7", "--case", "SW-1"];
    social.command(&[&["overlap", "compare", "--with", food][..], &roll].concat()).unwrap_err();
    let wrong = "A".repeat(43);
    social.command(&["join", anchor.entity().as_str(), "--fingerprint", &wrong]).unwrap_err();

    anchor.command(&["member", "suspend", food]).unwrap();
    anchor.command(&["member", "resume", food]).unwrap();
    anchor.command(&["member", "suspend", "https://stranger.example"]).unwrap_err();
}

fn anchor_database(data: &Path) -> PathBuf {
    let mut files = std::fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|e| e == "sqlite" || e == "db")).unwrap()
}

#[derive(QueryableByName)]
struct Told {
    #[diesel(sql_type = Text)]
    action: String,
    #[diesel(sql_type = Text)]
    outcome: String,
    #[diesel(sql_type = Nullable<Text>)]
    code: Option<String>,
}

fn trail(database: &Path) -> BTreeSet<(String, String, Option<String>)> {
    let mut conn = SqliteConnection::establish(&format!("file:{}?mode=ro", database.display())).unwrap();
    sql_query("PRAGMA busy_timeout = 60000").execute(&mut conn).unwrap();
    let rows: Vec<Told> = sql_query("SELECT action, outcome, code FROM audit_trail").load(&mut conn).unwrap();
    rows.into_iter().map(|row| (row.action, row.outcome, row.code)).collect()
}

/// The application cannot change a row, and whoever goes beneath it is found.
fn no_row_can_be_changed_unseen(database: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.sqlite");
    let mut conn = SqliteConnection::establish(&database.display().to_string()).unwrap();
    sql_query(format!("VACUUM INTO '{}'", copy.display())).execute(&mut conn).unwrap();
    assert!(verify(&copy).is_ok(), "{}: the chain holds", database.display());
    let mut conn = SqliteConnection::establish(&copy.display().to_string()).unwrap();
    let changes = ["UPDATE audit_trail SET actor = 'nobody' WHERE seq = 2", "DELETE FROM audit_trail WHERE seq = 2"];
    for change in changes {
        assert!(sql_query(change).execute(&mut conn).is_err(), "{change}: the table takes it");
    }
    for trigger in ["audit_trail_no_update", "audit_trail_no_delete"] {
        sql_query(format!("DROP TRIGGER {trigger}")).execute(&mut conn).unwrap();
    }
    for change in changes {
        sql_query(change).execute(&mut conn).unwrap();
        assert!(matches!(verify(&copy), Err(ChainError::Broken { seq: 2 })), "{change}: unseen");
    }
}

fn verify(database: &Path) -> Result<(), ChainError> {
    let database = Database::open(&DatabaseUrl::Sqlite(database.to_owned())).unwrap();
    let verified = database.read_blocking(|conn| audit_trail::verify(conn).map(drop));
    // Nobody else has the copy open when it is changed.
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(database.close()));
    verified
}
