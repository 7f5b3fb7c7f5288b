use std::collections::BTreeSet;

use openssl::ssl::{SslConnector, SslMethod, SslSessionCacheMode, SslVerifyMode, SslVersion};

use super::*;

async fn whoami(peer: Peer<String>) -> String {
    peer.0
}

async fn portal(system: System) -> String {
    system.0.name
}

struct Mutual {
    address: SocketAddr,
    server: ServerIdentity,
    peers: PinnedSet<String>,
    running: RunningServer,
}

fn mutual() -> Mutual {
    let (server, peers) = (identity("kit.localhost"), PinnedSet::new(Clock::default()));
    let bound = Bound::bind("peers", "127.0.0.1:0".parse().unwrap()).unwrap();
    let address = bound.address();
    let tls = server.mutual_acceptor(peers.clone()).unwrap();
    let set = peers.clone();
    let routes = move || {
        Routes::new("peers").peers(set.clone()).route(Method::GET, "/who", Caller::Peer, RouteLimits::NO_BODY, whoami)
    };
    let running = Server::new(context(Limits::default()), 1).listen(bound, Some(tls), routes).unwrap().start();
    Mutual { address, server, peers, running }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pinned_peer_is_known_by_name_and_everybody_else_stays_outside() {
    let world = mutual();
    let (known, unknown, expired) =
        (identity("a.localhost"), identity("a.localhost"), identity_for_days("a.localhost", -1));
    world.peers.replace([(der(&known), "a".to_owned()), (der(&expired), "old".to_owned())]);
    let who = url(world.address, "/who");
    let answer = client(&world.server, Some(&known)).fetch(&who, 100).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"a".as_slice()));
    for stranger in [Some(&unknown), Some(&expired), None] {
        assert!(client(&world.server, stranger).fetch(&who, 100).await.is_err());
    }
    let other_server = identity("kit.localhost");
    assert!(client(&other_server, Some(&known)).fetch(&who, 100).await.is_err(), "the server is pinned as well");
    world.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_peer_is_refused_on_its_open_connection() {
    let world = mutual();
    let known = identity("a.localhost");
    world.peers.replace([(der(&known), "a".to_owned())]);
    let (client, who) = (client(&world.server, Some(&known)), url(world.address, "/who"));
    assert_eq!(client.fetch(&who, 1000).await.unwrap().status, 200);
    world.peers.replace([]);
    let answer = client.fetch(&who, 1000).await.unwrap();
    let problem: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((answer.status, problem["code"].as_str()), (401, Some("peer-unknown")));
    assert_eq!(answer.media_type.as_deref(), Some("application/problem+json"));
    world.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn older_tls_is_refused_and_no_session_ticket_is_given() {
    let world = mutual();
    let known = identity("a.localhost");
    world.peers.replace([(der(&known), "a".to_owned())]);
    let (certificate, key) = known.client_pem().unwrap();
    let address = world.address;
    let tickets = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let seen = Arc::clone(&tickets);
    tokio::task::spawn_blocking(move || {
        let connector = |newest| {
            let mut builder = SslConnector::builder(SslMethod::tls_client()).unwrap();
            builder.set_max_proto_version(Some(newest)).unwrap();
            builder.set_certificate(&openssl::x509::X509::from_pem(&certificate).unwrap()).unwrap();
            builder.set_private_key(&openssl::pkey::PKey::private_key_from_pem(key.expose()).unwrap()).unwrap();
            builder.set_session_cache_mode(SslSessionCacheMode::CLIENT);
            let seen = Arc::clone(&seen);
            builder.set_new_session_callback(move |_, _| {
                seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            });
            let mut configured = builder.build().configure().unwrap();
            // The server's certificate is not what this test is about.
            configured.set_verify(SslVerifyMode::NONE);
            configured.verify_hostname(false).connect("kit.localhost", connect(address))
        };
        assert!(connector(SslVersion::TLS1_2).is_err());
        let mut stream = connector(SslVersion::TLS1_3).unwrap();
        stream.write_all(b"GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.ends_with("\r\n\r\na") && !stream.ssl().session_reused(), "{answer}");
    })
    .await
    .unwrap();
    assert_eq!(tickets.load(std::sync::atomic::Ordering::SeqCst), 0);
    world.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_may_do_what_its_purposes_name() {
    let (server, system, stranger) = (identity("kit.localhost"), identity("portal"), identity("portal"));
    let systems = PinnedSet::new(Clock::default());
    let purposes = BTreeSet::from(["ask".to_owned()]);
    systems.replace([(der(&system), SystemPrincipal { name: "pension-portal".to_owned(), purposes })]);
    let everybody = PinnedSet::new(Clock::default());
    everybody.replace([(der(&system), ()), (der(&stranger), ())]);
    let bound = Bound::bind("local", "127.0.0.1:0".parse().unwrap()).unwrap();
    let address = bound.address();
    let tls = server.mutual_acceptor(everybody).unwrap();
    let routes = move || {
        Routes::new("local")
            .systems(systems.clone())
            .route(Method::GET, "/ask", Caller::System("ask"), RouteLimits::NO_BODY, portal)
            .route(Method::GET, "/admin", Caller::Operator("admin"), RouteLimits::NO_BODY, portal)
    };
    let running = Server::new(context(Limits::default()), 1).listen(bound, Some(tls), routes).unwrap().start();
    for (who, path, status, said) in [
        (&system, "/ask", 200, "pension-portal"),
        (&system, "/admin", 403, "access-denied"),
        (&stranger, "/ask", 401, "not-authenticated"),
    ] {
        let answer = client(&server, Some(who)).fetch(&url(address, path), 1000).await.unwrap();
        assert_eq!(answer.status, status, "{path}");
        assert!(String::from_utf8_lossy(&answer.body).contains(said), "{path}");
    }
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_has_a_bounded_number_of_connections_and_of_requests() {
    let limits =
        Limits { connections: 2, connections_per_peer: 1, requests_per_second: 1, burst: 3, ..Limits::default() };
    let (address, running) = plain(limits, echo_routes);
    let held = [connect(address), connect(address)];
    // The first two count once the server has taken them; an answer on each proves that.
    for mut stream in held.iter() {
        stream.write_all(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
    }
    assert_eq!(raw(address, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n").await, "", "twice its share and no more");
    // So many at once that a bucket filled by one a second does not last for them.
    let mut stream = &held[0];
    let last = "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n".repeat(60) + last).as_bytes()).unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    assert!(answers.starts_with("HTTP/1.1 200"), "the third is within the burst: {answers}");
    assert!(answers.contains("HTTP/1.1 429") && answers.contains("retry-after: 1"), "{answers}");
    running.stop().await.unwrap();
}
