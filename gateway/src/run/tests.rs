use std::net::TcpListener;

use service_kit::{
    http_client::{ClientLimits, HttpClient, NetworkPolicy},
    secret::Secret,
    tls::ServerIdentity,
};
use url::Url;

use super::*;
use crate::testing::{TestAnchor, TestDepartment};

const PORTAL: &str = "[[systems]]\nname = \"portal\"\ncertificate_file = \"portal.pem\"\nmay = [\"link\"]\n";

/// A joined department with a portal that may link, running.
async fn running(anchor: &TestAnchor) -> (TestDepartment, ServerIdentity, Running) {
    let department = TestDepartment::new("food", None, PORTAL);
    let (certificate, key) = service_kit_testing::self_signed("portal", 30);
    std::fs::write(department.path("portal.pem"), &certificate).unwrap();
    let portal = ServerIdentity::from_pem(&certificate, &Secret::new(key)).unwrap();
    department.init();
    department.join(anchor, &["provider"]).await.unwrap();
    let running = start(department.config(), Clock::default(), None).await.unwrap();
    (department, portal, running)
}

fn client(running: &Running, identity: Option<&ServerIdentity>) -> HttpClient {
    let roots = [running.app().identity().certificate_der().unwrap()];
    let networks = NetworkPolicy::parse(["127.0.0.0/8"]).unwrap();
    HttpClient::pinned(&roots, identity, networks, ClientLimits::default()).unwrap()
}

fn url(running: &Running, listener: &str, path: &str) -> Url {
    Url::parse(&format!("https://localhost:{}{path}", running.listeners()[listener].port())).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn four_listeners_answer_those_whom_they_know_and_nobody_else() {
    let anchor = TestAnchor::start(&Clock::default());
    let (_department, portal, running) = running(&anchor).await;
    let (public, system) = (client(&running, None), client(&running, Some(&portal)));

    let own = public.fetch(&url(&running, "people", "/.well-known/openid-federation"), 1 << 20).await.unwrap();
    assert_eq!((own.status, own.media_type.as_deref()), (200, Some("application/entity-statement+jwt")));

    let link = format!(r#"{{"subject":"{}","local_key":"F-1","officer":"officer-1"}}"#, "A".repeat(43)).into_bytes();
    let linked =
        system.post(&url(&running, "local", "/v1/links"), "application/json", link.clone(), 1 << 20).await.unwrap();
    assert_eq!(linked.status, 201);
    let bundle = "/v1/receipts/01936b1e-5b2f-7c3d-8e4f-0123456789ab/bundle";
    let denied = system.fetch(&url(&running, "local", bundle), 1 << 20).await.unwrap();
    assert_eq!(denied.status, 403, "the portal may link, and not audit");
    assert!(
        public.post(&url(&running, "local", "/v1/links"), "application/json", link, 1 << 20).await.is_err(),
        "no certificate"
    );
    assert!(system.fetch(&url(&running, "peers", "/"), 1 << 20).await.is_err(), "a system is no peer");
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_ready_once_it_runs_and_says_what_stands_against_it() {
    let anchor = TestAnchor::start(&Clock::default());
    let (_department, _portal, running) = running(&anchor).await;
    assert_eq!(running.health.obstacles().await, Vec::<&str>::new());
    running.health.drain();
    assert_eq!(running.health.obstacles().await, ["draining"]);
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_occupied_port_is_named_with_its_mend_before_anything_is_opened() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let department = TestDepartment::new("food", None, "");
    let text = std::fs::read_to_string(department.path("gateway.toml")).unwrap();
    let peers = format!("peers = \"{}\"", taken.local_addr().unwrap());
    std::fs::write(department.path("gateway.toml"), text.replacen("peers = \"127.0.0.1:0\"", &peers, 1)).unwrap();
    let error = start(department.config(), Clock::default(), None).await.unwrap_err();
    assert!(matches!(error, RunError::Bind(BindError::Occupied { .. })));
    assert!(error.to_string().contains("is in use; mend: stop what listens there"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_starts_while_its_directory_is_away() {
    let mut anchor = TestAnchor::start(&Clock::default());
    let (department, _portal, first) = running(&anchor).await;
    first.stop().await.unwrap();
    anchor.go_away().await;
    let second = start(department.config(), Clock::default(), None).await.unwrap();
    assert_eq!(second.health.obstacles().await, Vec::<&str>::new(), "for a day, the stored chains are as good");
    second.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn run_creates_nothing() {
    let department = TestDepartment::new("food", None, "");
    let error = start(department.config(), Clock::default(), None).await.unwrap_err().to_string();
    assert!(error.contains("keys") && !department.path("gateway.sqlite").exists(), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_without_a_readable_certificate_stops_the_start() {
    let anchor = TestAnchor::start(&Clock::default());
    let department = TestDepartment::new("food", None, PORTAL);
    department.init();
    department.join(&anchor, &["provider"]).await.unwrap();
    let error = start(department.config(), Clock::default(), None).await.unwrap_err().to_string();
    assert!(error.contains("portal.pem") && error.contains("mend: name the PEM file"), "{error}");
}
