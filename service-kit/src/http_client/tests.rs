use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::{HttpRequest, HttpResponse, http::Method};
use futures_util::future::join_all;

use super::*;
use crate::{
    access::{Caller, Routes},
    clock::Clock,
    server::{Body, Bound, Limits, RouteLimits, RunningServer, Server, ServerContext},
    testing::self_signed,
};

async fn big() -> HttpResponse {
    HttpResponse::Ok().body(vec![0; 5000])
}

async fn streamed() -> HttpResponse {
    let chunk = || Ok::<_, actix_web::Error>(actix_web::web::Bytes::from_static(&[0; 1000]));
    HttpResponse::Ok().streaming(futures_util::stream::iter((0..100).map(move |_| chunk())))
}

async fn moved() -> HttpResponse {
    HttpResponse::Found().insert_header(("location", "/big")).finish()
}

async fn packed() -> HttpResponse {
    HttpResponse::Ok().insert_header(("content-encoding", "gzip")).body("x")
}

async fn mirror(request: HttpRequest, body: Body) -> HttpResponse {
    let proof = request.headers().get("dpop").map(|v| v.as_bytes().to_vec()).unwrap_or_default();
    HttpResponse::Ok()
        .content_type("Text/Plain; charset=utf-8")
        .insert_header(("retry-after", "7"))
        .body([&body[..], &proof].concat())
}

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

async fn counted() -> &'static str {
    MOST.fetch_max(NOW.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    NOW.fetch_sub(1, Ordering::SeqCst);
    "counted"
}

struct World {
    identity: ServerIdentity,
    port: u16,
    running: RunningServer,
}

impl World {
    fn start(host: &str, days: i64) -> Self {
        let (certificate, key) = self_signed(host, days);
        let identity = ServerIdentity::from_pem(&certificate, &Secret::new(key)).unwrap();
        let bound = Bound::bind("test", "127.0.0.1:0".parse().unwrap()).unwrap();
        let port = bound.address().port();
        let context = ServerContext::new("https://kit.localhost".parse().unwrap(), Clock::default(), Limits::default());
        let routes = || {
            Routes::new("test")
                .route(Method::GET, "/big", Caller::Public, RouteLimits::NO_BODY, big)
                .route(Method::GET, "/streamed", Caller::Public, RouteLimits::NO_BODY, streamed)
                .route(Method::GET, "/moved", Caller::Public, RouteLimits::NO_BODY, moved)
                .route(Method::GET, "/packed", Caller::Public, RouteLimits::NO_BODY, packed)
                .route(Method::GET, "/counted", Caller::Public, RouteLimits::NO_BODY, counted)
                .route(Method::POST, "/mirror", Caller::Public, RouteLimits::body(100), mirror)
        };
        let tls = identity.acceptor().unwrap();
        let running = Server::new(context, 1).listen(bound, Some(tls), routes).unwrap().start();
        Self { identity, port, running }
    }

    fn url(&self, path: &str) -> Url {
        format!("https://kit.localhost:{}{path}", self.port).parse().unwrap()
    }

    fn client(&self) -> HttpClient {
        let root = self.identity.certificate_der().unwrap();
        HttpClient::pinned(&[root], None, loopback(), ClientLimits::default()).unwrap()
    }
}

fn loopback() -> NetworkPolicy {
    NetworkPolicy::parse(["127.0.0.0/8"]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_carries_its_body_and_headers_and_the_reply_is_whole() {
    let world = World::start("kit.localhost", 30);
    let reply = world
        .client()
        .post_with(&world.url("/mirror"), "application/x", &[("DPoP", "-proof")], b"body".to_vec(), 100)
        .await
        .unwrap();
    assert_eq!((reply.status, reply.body.as_slice(), reply.retry_after), (200, b"body-proof".as_slice(), Some(7)));
    assert_eq!(reply.media_type.as_deref(), Some("text/plain"));
    world.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_read_up_to_the_limit_and_redirects_are_not_followed() {
    let world = World::start("kit.localhost", 30);
    let client = world.client();
    assert_eq!(client.fetch(&world.url("/big"), 5000).await.unwrap().body.len(), 5000);
    for path in ["/big", "/streamed"] {
        assert!(matches!(client.fetch(&world.url(path), 4999).await, Err(HttpError::TooLarge(4999))), "{path}");
    }
    assert_eq!(client.fetch(&world.url("/moved"), 5000).await.unwrap().status, 302);
    assert!(matches!(client.fetch(&world.url("/packed"), 5000).await, Err(HttpError::Encoded)));
    world.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_pinned_certificate_of_that_host_and_in_time_is_trusted() {
    let world = World::start("kit.localhost", 30);
    let (stranger, _) = self_signed("kit.localhost", 30);
    let stranger = openssl::x509::X509::from_pem(&stranger).unwrap().to_der().unwrap();
    let wrong = HttpClient::pinned(&[stranger], None, loopback(), ClientLimits::default()).unwrap();
    assert!(matches!(wrong.fetch(&world.url("/big"), 9000).await, Err(HttpError::NotSent(_))));
    let nobody = HttpClient::pinned(&[], None, loopback(), ClientLimits::default()).unwrap();
    assert!(matches!(nobody.fetch(&world.url("/big"), 9000).await, Err(HttpError::NotSent(_))));
    assert_eq!(fetch_unpinned(&world.url("/big"), loopback(), 9000).await.unwrap().body.len(), 5000);
    for other in [World::start("other.localhost", 30), World::start("kit.localhost", -1)] {
        assert!(matches!(other.client().fetch(&other.url("/big"), 9000).await, Err(HttpError::NotSent(_))));
        other.running.stop().await.unwrap();
    }
    world.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn loopback_is_closed_unless_the_configuration_opens_it() {
    let world = World::start("kit.localhost", 30);
    let root = world.identity.certificate_der().unwrap();
    let closed = HttpClient::pinned(&[root], None, NetworkPolicy::default(), ClientLimits::default()).unwrap();
    let by_name = closed.fetch(&world.url("/big"), 9000).await.unwrap_err();
    assert!(matches!(&by_name, HttpError::NotSent(text) if text.contains("public Internet")), "{by_name}");
    let literal = format!("https://127.0.0.1:{}/big", world.port).parse().unwrap();
    assert!(matches!(closed.fetch(&literal, 9000).await, Err(HttpError::Refused(OutboundRefused::Network(_)))));
    assert!(matches!(fetch_unpinned(&literal, NetworkPolicy::default(), 9).await, Err(HttpError::Refused(_))));
    let plain = "http://kit.localhost/".parse().unwrap();
    assert!(matches!(closed.fetch(&plain, 9000).await, Err(HttpError::Refused(OutboundRefused::Scheme))));
    world.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_is_told_apart_from_one_that_does_not_answer() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    let client = |limits| HttpClient::pinned(&[], None, loopback(), limits).unwrap();
    let url: Url = format!("https://kit.localhost:{}/", address.port()).parse().unwrap();
    // Accepts, and never says a word: the handshake does not end.
    let short =
        ClientLimits { connect: Duration::from_millis(200), total: Duration::from_millis(300), pool: 1, at_once: 1 };
    assert!(client(short).fetch(&url, 10).await.is_err());
    drop(free);
    assert!(matches!(client(ClientLimits::default()).fetch(&url, 10).await, Err(HttpError::NotSent(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_requests_are_on_their_way_than_may_be() {
    let world = World::start("kit.localhost", 30);
    let root = world.identity.certificate_der().unwrap();
    let long = Duration::from_secs(120);
    let limits = ClientLimits { connect: long, total: long, pool: 3, at_once: 3 };
    let client = HttpClient::pinned(&[root], None, loopback(), limits).unwrap();
    let url = world.url("/counted");
    let replies = join_all((0..24).map(|_| client.fetch(&url, 100))).await;
    assert!(replies.into_iter().all(|reply| reply.unwrap().status == 200));
    assert!((1..=3).contains(&MOST.load(Ordering::SeqCst)));
    world.running.stop().await.unwrap();
}
