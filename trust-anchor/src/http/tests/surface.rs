//! The listener as a whole: every route declared and described, cache and CORS headers, `init`, management.

use std::collections::BTreeSet;

use actix_web::web;
use diesel::connection::SimpleConnection;
use service_kit::{
    access::{Caller, undeclared_routes},
    db::AnyConnection,
};
use utoipa::OpenApi;

use super::super::{AnchorState, openapi::Document, routes};
use crate::{
    init::{InitError, init},
    testing::{World, config, json, now, refusal},
};

/// Declarations of the listener, without a running anchor behind them.
fn declared() -> Vec<service_kit::access::RouteDeclaration> {
    let world = World::new();
    let (state, _background) = crate::run::prepare_for_test(&world.config);
    routes(web::Data::<AnchorState>::new(state)).declarations()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_declared_described_and_open_to_the_right_callers() {
    let declared = declared();
    let described: BTreeSet<(String, String)> = Document::openapi()
        .paths
        .paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = [("GET", item.get.is_some()), ("POST", item.post.is_some())];
            methods.into_iter().filter(|(_, there)| *there).map(|(method, _)| (method.to_owned(), path.clone()))
        })
        .collect();
    let plain = |path: &str| path.replace(":.*", "");
    let routed: BTreeSet<(String, String)> =
        declared.iter().map(|route| (route.method.to_string(), plain(route.path))).collect();
    assert_eq!(routed, described);
    for route in &declared {
        let writes = route.path == "/federation/join" || route.path == "/log/submissions";
        assert_eq!(matches!(route.caller, Caller::Signer(_)), writes, "{}", route.path);
        assert_eq!(route.limits.body > 0, route.method == "POST", "{}", route.path);
    }
    let sources = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    assert_eq!(undeclared_routes(&sources).unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::disallowed_methods)] // the client of the service kit hides headers, which this test is about
async fn the_log_may_be_cached_as_its_design_says_and_read_from_any_origin() {
    let world = World::started().await;
    let dept = world.member("social", &["provider"]).await;
    world.log(&dept, 1, &["receipt"]).await;
    world.proof(1, "receipt").await;
    let client = reqwest::Client::builder()
        .tls_backend_native()
        .tls_danger_accept_invalid_certs(true)
        .no_proxy()
        .build()
        .unwrap();
    let size = world.verify_whole_log().await;
    for (path, cache, media_type) in [
        ("/checkpoint".to_owned(), "no-cache", "text/plain; charset=utf-8"),
        (format!("/tile/0/000.p/{size}"), "public, max-age=31536000, immutable", "application/octet-stream"),
        (format!("/tile/entries/000.p/{size}"), "public, max-age=31536000, immutable", "application/octet-stream"),
    ] {
        let url = world.url(&path).to_string().replace("anchor.localhost", "127.0.0.1");
        let reply = client.get(url).send().await.unwrap();
        assert_eq!(reply.status(), 200, "{path}");
        for (name, expected) in
            [("cache-control", cache), ("access-control-allow-origin", "*"), ("content-type", media_type)]
        {
            assert_eq!(reply.headers().get(name).unwrap(), expected, "{path} {name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_that_name_no_tile_are_not_found() {
    let world = World::started().await;
    let dept = world.member("social", &["provider"]).await;
    world.log(&dept, 1, &["receipt"]).await;
    world.proof(1, "receipt").await;
    for path in [
        "/tile/0/000",
        "/tile/0/000.p/255",
        "/tile/0/000.p/0",
        "/tile/0/000.p/01",
        "/tile/00/000.p/1",
        "/tile/0/x000/000.p/1",
        "/tile/1/000.p/1",
        "/tile/64/000.p/1",
        "/tile/0/001.p/1",
        "/tile/entries/000",
        "/tile/entries/001.p/1",
        "/checkpoint/99999",
        "/checkpoint/99999/timestamp.tsr",
        "/checkpoint/-1",
        "/nothing",
        "/registers/purposes",
        "/federation/fetch?sub=https://nobody.localhost",
    ] {
        let reply = world.get(path).await;
        assert_eq!(reply.status, 404, "{path}");
        assert_eq!(refusal(&reply), "not-found", "{path}");
    }
    for path in ["/federation/fetch", "/federation/fetch?sub=nobody", "/log/proof?type=1", "/log/proof?type=1&digest=x"]
    {
        assert_eq!(refusal(&world.get(path).await), "request-malformed", "{path}");
    }
    assert_eq!(world.get("/tile/0/000.p/1").await.body.len(), 32);
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_may_have_a_hash_stamped_and_openssl_accepts_it() {
    let world = World::started().await;
    let file = |name: &str| world.folder.path().join(name);
    std::fs::write(file("message"), "anything").unwrap();
    let query = std::process::Command::new("openssl")
        .args(["ts", "-query", "-sha256", "-cert", "-data"])
        .arg(file("message"))
        .arg("-out")
        .arg(file("q.tsq"))
        .output()
        .unwrap();
    assert!(query.status.success());
    let reply = world.post("/tsa", "application/timestamp-query", std::fs::read(file("q.tsq")).unwrap()).await;
    assert_eq!((reply.status, reply.media_type.as_deref()), (200, Some("application/timestamp-reply")));
    std::fs::write(file("r.tsr"), &reply.body).unwrap();
    let verified = std::process::Command::new("openssl")
        .args(["ts", "-verify", "-queryfile"])
        .arg(file("q.tsq"))
        .arg("-in")
        .arg(file("r.tsr"))
        .arg("-CAfile")
        .arg(&world.initialised.tsa_root_file)
        .output()
        .unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    let garbage = world.post("/tsa", "application/timestamp-query", "x").await;
    assert_eq!(garbage.status, 200, "RFC 3161 refuses inside its own format");
    assert!(tlog::timestamp::TimestampResponse::parse(&garbage.body).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_management_listener_tells_that_the_anchor_is_ready() {
    let world = World::started().await;
    let address = world.running.as_ref().unwrap().management_address;
    for path in ["/healthz/live", "/healthz/ready", "/healthz/started", "/metrics"] {
        let answer = tokio::task::spawn_blocking(move || plain_get(address, path)).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    }
    assert_eq!(refusal(&world.get("/healthz/ready").await), "not-found", "not on the public listener");
}

fn plain_get(address: std::net::SocketAddr, path: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_init_is_an_error_with_its_mend_and_changes_nothing() {
    let world = World::new();
    // SQLite tidies its own files when connections close, at any time; what is in the database is compared by a copy of it.
    let copies = tempfile::tempdir().unwrap();
    let database = || {
        let copy = copies.path().join("copy.db");
        let _absent = std::fs::remove_file(&copy);
        let database = service_kit::db::Database::open(&world.config.database()).unwrap();
        match &mut **database.lend_writer().unwrap() {
            AnyConnection::Sqlite(conn) => conn.batch_execute(&format!("VACUUM INTO '{}'", copy.display())).unwrap(),
            AnyConnection::Postgres(_) => unreachable!(),
        }
        std::fs::read(&copy).unwrap()
    };
    let files = || {
        let mut found = walk(world.folder.path());
        found.retain(|path| !path.file_name().unwrap().to_string_lossy().starts_with("anchor.db"));
        let mut found: Vec<_> = found.into_iter().map(|path| (std::fs::read(&path).unwrap(), path)).collect();
        found.sort();
        (found, database())
    };
    let before = files();
    let error = init(&world.config, &["eve".to_owned()], now()).unwrap_err();
    assert!(matches!(error, InitError::AlreadyThere { .. }) && error.to_string().contains("mend"), "{error}");
    assert!(files() == before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_init_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), "");
    std::fs::create_dir_all(config.keys_dir()).unwrap();
    std::fs::write(config.keys_dir().join("federation.pem"), "half").unwrap();
    let error = init(&config, &[], now()).unwrap_err();
    assert!(error.to_string().contains("interrupted") && error.to_string().contains("mend"), "{error}");
    let bad = init(&config, &["../x".to_owned()], now());
    assert!(bad.is_err());
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn start_refuses_what_does_not_belong_together() {
    use crate::run::start;
    use service_kit::clock::Clock;
    let world = World::new();
    let failed = |config: crate::config::AnchorConfig| async move {
        start(&config, Clock::system(), None).await.err().unwrap().to_string()
    };

    let mut other = world.config.clone();
    other.entity = "https://other.localhost".parse().unwrap();
    assert!(failed(other).await.contains("the configuration of https://other.localhost"));

    let mut missing = world.config.clone();
    missing.database = Some("sqlite:///nowhere/anchor.db".parse().unwrap());
    assert!(failed(missing).await.contains("init"));

    let occupied = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut busy = world.config.clone();
    busy.listen = occupied.local_addr().unwrap().to_string().parse().unwrap();
    assert!(failed(busy).await.contains("in use"));

    let key = world.config.keys_dir().join("log.skey");
    let foreign = World::new();
    std::fs::remove_file(&key).unwrap();
    service_kit::secret::SecretFile::write(&key, &std::fs::read(foreign.config.keys_dir().join("log.skey")).unwrap())
        .unwrap();
    assert!(failed(world.config.clone()).await.contains("the log's key is not the one"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_anchors_on_one_database_the_second_is_refused_and_the_first_goes_on() {
    let mut world = World::started().await;
    let dept = world.member("social", &["provider"]).await;
    let second = crate::run::start(&world.config, service_kit::clock::Clock::system(), None).await;
    assert!(second.err().unwrap().to_string().contains("runs already"));
    world.stop().await;
    world.start().await;
    world.log(&dept, 1, &["by the first again"]).await;
    world.proof(1, "by the first again").await;
    world.verify_whole_log().await;
    let described: serde_json::Value = json(&world.get("/openapi.json").await);
    assert!(described["paths"]["/checkpoint"]["get"].is_object());
}
