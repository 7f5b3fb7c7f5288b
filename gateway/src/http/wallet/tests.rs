use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
};

use service_kit::{
    clock::Clock,
    config::Listen,
    server::{Bound, Limits, RunningServer, Server, ServerContext},
};

use super::*;
use crate::{
    http,
    testing::{TestAnchor, TestDepartment, WALLET_ORIGIN},
};

/// A folder with a built wallet, compressed forms of its script beside it.
fn build() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("assets")).unwrap();
    for (name, content) in [
        ("index.html", "<!doctype html><title>Wallet</title>"),
        ("sw.js", "self.skipWaiting()"),
        ("manifest.webmanifest", "{}"),
        ("assets/index-B2f1.js", "plain script"),
        ("assets/index-B2f1.js.br", "brotli form"),
        ("assets/index-B2f1.js.gz", "gzip form"),
    ] {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

struct Serving {
    address: SocketAddr,
    _server: RunningServer,
    _department: TestDepartment,
    app: App,
    anchor: TestAnchor,
}

/// The wallet's routes of a department, without TLS, so that bytes can be looked at.
async fn serve(origin: &str) -> Serving {
    serve_with(origin, "").await
}

/// The same of a department with more in its configuration.
async fn serve_with(origin: &str, more: &str) -> Serving {
    let anchor = TestAnchor::start(&Clock::default());
    let folder = build();
    let wallet = format!(
        "[wallet]\nlisten = \"127.0.0.1:0\"\npublic = \"{origin}\"\nfolder = \"{}\"\n{more}",
        folder.path().display()
    );
    let (department, app) = TestDepartment::member(&anchor, "civil", &["provider"], None, &wallet).await;
    app.refresh_directory().await.unwrap();
    let files = Files::read(folder.path()).unwrap();
    let bound = Bound::bind("wallet", Listen("127.0.0.1:0".parse().unwrap())).unwrap();
    let address = bound.address();
    let context = ServerContext::new(app.entity().clone(), Clock::default(), Limits::default());
    let served = app.clone();
    let server = Server::new(context, 1).listen(bound, None, move || http::wallet(&served, &files)).unwrap().start();
    Serving { address, _server: server, _department: department, app, anchor }
}

impl Serving {
    /// Head in lower case, and body.
    async fn get(&self, path: &str, more: &str) -> (String, String) {
        let (address, request) =
            (self.address, format!("GET {path} HTTP/1.1\r\nhost: wallet\r\nconnection: close\r\n{more}\r\n"));
        let answer = tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap();
            String::from_utf8_lossy(&answer).into_owned()
        });
        let answer = answer.await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_ascii_lowercase(), body.to_owned())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_served_with_a_policy_that_names_the_federation_and_nobody_else() {
    let serving = serve(WALLET_ORIGIN).await;
    let (head, body) = serving.get("/", "").await;
    assert!(head.starts_with("http/1.1 200") && body.contains("<title>Wallet</title>"), "{head}");
    let policy = head.lines().find_map(|line| line.strip_prefix("content-security-policy: ")).unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    let connect = policy.split(';').find_map(|part| part.trim().strip_prefix("connect-src ")).unwrap();
    let allowed: Vec<&str> = connect.split(' ').collect();
    let anchor = serving.anchor.root.entity.to_string();
    assert_eq!(allowed, ["'self'", "https://civil.localhost", anchor.as_str()]);
    for header in [
        "cache-control: no-cache",
        "content-type: text/html; charset=utf-8",
        "referrer-policy: no-referrer",
        "cross-origin-opener-policy: same-origin",
        "x-content-type-options: nosniff",
        "x-frame-options: deny",
    ] {
        assert!(head.contains(header), "{header} in {head}");
    }
    assert!(!head.contains("set-cookie") && !head.contains("access-control"), "{head}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hashed_files_are_kept_for_ever_in_the_smallest_form_that_the_caller_takes() {
    let serving = serve(WALLET_ORIGIN).await;
    let script = "/assets/index-B2f1.js";
    for (accepted, encoding, content) in [
        ("", None, "plain script"),
        ("accept-encoding: gzip, deflate, br\r\n", Some("br"), "brotli form"),
        ("accept-encoding: gzip\r\n", Some("gzip"), "gzip form"),
        ("accept-encoding: br;q=0, gzip;q=0.5\r\n", Some("gzip"), "gzip form"),
        ("accept-encoding: identity\r\n", None, "plain script"),
    ] {
        let (head, body) = serving.get(script, accepted).await;
        assert_eq!(body, content, "{accepted}");
        assert!(head.contains("immutable") && head.contains("content-type: text/javascript"), "{head}");
        assert!(head.contains("vary: accept-encoding"), "{head}");
        let named = head.lines().find_map(|line| line.strip_prefix("content-encoding: "));
        assert_eq!(named, encoding, "{accepted}");
    }
    let (worker, _) = serving.get("/sw.js", "accept-encoding: br\r\n").await;
    assert!(worker.contains("cache-control: no-cache") && !worker.contains("content-encoding"), "{worker}");
    let tag = worker.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
    let (again, body) = serving.get("/sw.js", &format!("if-none-match: {tag}\r\n")).await;
    assert!(again.starts_with("http/1.1 304") && body.is_empty(), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registry_signs_and_logs_the_build_that_it_serves_once() {
    use protocol::exchange::Attested;
    use schemas::wallet_build::WalletBuild;
    let serving = serve_with(WALLET_ORIGIN, "[identity]\nsectors = [\"civil\"]\n").await;
    let (head, _) = serving.get("/build.jwt", "").await;
    assert!(head.starts_with("http/1.1 404"), "nothing before it was signed: {head}");
    let shown: serde_json::Value = serde_json::from_str(&serving.get("/federation.json", "").await.1).unwrap();
    let build: Digest = serde_json::from_value(shown["build"].clone()).unwrap();
    for _ in 0..2 {
        serving.app.record_wallet_build(build).await.unwrap();
    }
    let (head, body) = serving.get("/build.jwt", "").await;
    assert!(head.contains("content-type: application/dx-build+jwt") && head.contains("no-cache"), "{head}");
    let member = serving.app.directory().members().member(serving.app.entity()).unwrap().clone();
    let record = Attested::<WalletBuild>::verify(body.as_bytes(), &member).unwrap();
    assert_eq!((record.claims().build, &record.claims().iss), (build, serving.app.entity()));
    let logged = serving
        .app
        .db()
        .read(|conn| Ok::<_, service_kit::db::DatabaseError>(crate::store::outbox::outbox_waiting(conn, 100)?));
    let logged = logged.await.unwrap();
    let builds: Vec<_> = logged.iter().filter(|entry| entry.r#type == 10).map(|entry| entry.digest).collect();
    assert_eq!(builds, [record.digest()], "once, as entry type 10");
    serving.app.record_wallet_build(Digest::of("another build")).await.unwrap();
    assert_eq!(serving.get("/build.jwt", "").await.1, body, "each build has its own record");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_static_host_signs_no_build() {
    let serving = serve(WALLET_ORIGIN).await;
    serving.app.record_wallet_build(Digest::of("a build")).await.unwrap();
    let (head, _) = serving.get("/build.jwt", "").await;
    assert!(head.starts_with("http/1.1 404"), "{head}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_the_files_of_the_build_can_be_had() {
    let serving = serve(WALLET_ORIGIN).await;
    for path in [
        "/../gateway.toml",
        "/assets/../../gateway.toml",
        "/%2e%2e/gateway.toml",
        "/assets%2f..%2f..%2fgateway.toml",
        "//etc/passwd",
        "/assets/",
        "/assets/index-B2f1.js.br",
        "/INDEX.HTML",
    ] {
        let (head, _) = serving.get(path, "").await;
        assert!(head.starts_with("http/1.1 404"), "{path}: {head}");
    }
    let (compressed, _) = serving.get("/sw.js", "content-encoding: gzip\r\n").await;
    assert!(compressed.starts_with("http/1.1 415"), "{compressed}");
    let (good, _) = serving.get("/index.html", "").await;
    assert!(good.starts_with("http/1.1 200"), "{good}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_wallet_pins_is_what_this_gateway_pinned() {
    let serving = serve(WALLET_ORIGIN).await;
    let (_, body) = serving.get("/federation.json", "").await;
    let pinned: serde_json::Value = serde_json::from_str(&body).unwrap();
    let root = serving.app.trust_root();
    assert_eq!(pinned["anchor"], root.entity.as_str());
    assert_eq!(pinned["fingerprint"], root.fingerprint.as_str());
    let expected = Files::read(build().path()).unwrap().build().unwrap();
    assert_eq!(pinned["build"], expected.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_the_anchor_did_not_sign_serves_nothing() {
    let serving = serve("https://other.localhost:7777").await;
    for path in ["/", "/index.html", "/federation.json"] {
        let (head, body) = serving.get(path, "").await;
        assert!(head.starts_with("http/1.1 404") && body.contains("mend:"), "{path}: {head}");
    }
}

#[test]
fn a_folder_without_a_page_or_with_a_link_is_refused_with_a_mend() {
    let folder = build();
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("passwd")).unwrap();
    let error = Files::read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("passwd") && error.contains("mend:"), "{error}");
    let empty = tempfile::tempdir().unwrap();
    assert!(Files::read(empty.path()).unwrap_err().to_string().contains("index.html"));
    assert!(Files::read(&empty.path().join("none")).unwrap_err().to_string().contains("wallet.folder"));
}

#[test]
fn a_build_has_one_digest_whatever_its_compressed_forms() {
    let folder = build();
    let before = Files::read(folder.path()).unwrap().build();
    std::fs::write(folder.path().join("assets/index-B2f1.js.gz"), "another compressor").unwrap();
    assert_eq!(Files::read(folder.path()).unwrap().build(), before);
    std::fs::write(folder.path().join("sw.js"), "changed").unwrap();
    assert_ne!(Files::read(folder.path()).unwrap().build(), before);
    let changed = Files::read(folder.path()).unwrap().build();
    std::fs::write(folder.path().join("build.json"), "{}").unwrap();
    assert_eq!(Files::read(folder.path()).unwrap().build(), changed, "the list holds the digest and is not counted");
}
