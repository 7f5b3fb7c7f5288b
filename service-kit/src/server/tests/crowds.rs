//! More than there is room for: everybody who was let in gets an answer, and who is refused hears why and when to come back.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use tokio::sync::Semaphore;

use super::*;

const HELLO: &[u8] = b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

static BEGUN: AtomicUsize = AtomicUsize::new(0);
static MAY_END: Semaphore = Semaphore::const_new(0);

async fn held(body: Body) -> HttpResponse {
    BEGUN.fetch_add(1, Ordering::SeqCst);
    MAY_END.acquire().await.unwrap().forget();
    HttpResponse::Ok().body(body.to_vec())
}

fn held_routes() -> Routes {
    echo_routes().route(Method::POST, "/held", Caller::Public, RouteLimits::body(1024), held)
}

/// Reads until the connection ends, or until so much was answered.
fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let (mut answer, mut some) = (String::new(), [0; 1024]);
    while !answer.ends_with(end) {
        match stream.read(&mut some).unwrap_or(0) {
            0 => break,
            read => answer.push_str(std::str::from_utf8(&some[..read]).unwrap()),
        }
    }
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_past_a_peers_share_hears_so_and_those_before_it_are_answered() {
    let (address, running) = plain(Limits { connections_per_peer: 2, ..Limits::default() }, held_routes);
    tokio::task::spawn_blocking(move || {
        let mut working = [connect(address), connect(address)];
        for stream in &mut working {
            stream.write_all(b"POST /held HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nwork").unwrap();
        }
        while BEGUN.load(Ordering::SeqCst) < 2 {
            std::thread::yield_now();
        }
        let mut third = connect(address);
        third.write_all(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nmore").unwrap();
        let (status, problem) = {
            let answer = read_until(&mut third, "\0");
            assert!(answer.contains("retry-after: 1\r\n") && answer.contains("connection: close\r\n"), "{answer}");
            problem_of(&answer)
        };
        assert_eq!((status, problem["code"].as_str()), (429, Some("too-many-requests")));

        MAY_END.add_permits(2);
        for stream in &mut working {
            assert!(read_until(stream, "work").starts_with("HTTP/1.1 200"));
        }
        let mut fourth = connect(address);
        fourth.write_all(HELLO).unwrap();
        assert!(read_until(&mut fourth, "hello").starts_with("HTTP/1.1 200"), "there is room again");
    })
    .await
    .unwrap();
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_past_the_processs_share_hears_so() {
    let (address, running) = plain(Limits { connections: 1, ..Limits::default() }, echo_routes);
    tokio::task::spawn_blocking(move || {
        let mut first = connect(address);
        first.write_all(HELLO).unwrap();
        assert!(read_until(&mut first, "hello").starts_with("HTTP/1.1 200"));
        let mut second = connect(address);
        second.write_all(HELLO).unwrap();
        let answer = read_until(&mut second, "\0");
        assert!(answer.contains("retry-after: 1\r\n") && answer.contains("connection: close\r\n"), "{answer}");
        assert_eq!(problem_of(&answer).1["code"].as_str(), Some("overloaded"));
        first.write_all(HELLO).unwrap();
        assert!(read_until(&mut first, "hello").starts_with("HTTP/1.1 200"), "who was there goes on");
    })
    .await
    .unwrap();
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_was_opened_ahead_is_answered_when_it_speaks() {
    let head = Duration::from_millis(200);
    let (address, running) = plain(Limits { head, ..Limits::default() }, echo_routes);
    tokio::task::spawn_blocking(move || {
        let mut ahead = connect(address);
        // Later than it, another one begins a head and is cut off: so long has the first one been silent.
        let mut slow = connect(address);
        slow.write_all(b"GET /hel").unwrap();
        assert!(!read_until(&mut slow, "\0").starts_with("HTTP/1.1 200"));
        ahead.write_all(HELLO).unwrap();
        assert!(read_until(&mut ahead, "hello").starts_with("HTTP/1.1 200"));
    })
    .await
    .unwrap();
    running.stop().await.unwrap();
}

async fn unhurried(body: Body) -> HttpResponse {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    HttpResponse::Ok().body(body.to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_storm_every_request_is_answered_or_refused_and_none_is_torn() {
    let server = identity("kit.localhost");
    let limits = Limits { concurrent: 1, queued: 2, connection_requests: 3, ..Limits::default() };
    let bound = Bound::bind("test", "127.0.0.1:0".parse().unwrap()).unwrap();
    let target = url(bound.address(), "/unhurried");
    let routes =
        || Routes::new("test").route(Method::POST, "/unhurried", Caller::Public, RouteLimits::body(64), unhurried);
    let tls = server.acceptor().unwrap();
    let running = Server::new(context(limits), 2).listen(bound, Some(tls), routes).unwrap().start();
    let patient =
        ClientLimits { connect: Duration::from_secs(120), total: Duration::from_secs(120), pool: 16, at_once: 16 };
    let client = HttpClient::pinned(&[der(&server)], None, loopback(), patient).unwrap();
    let asked = (0..400).map(|n| {
        let (client, target, text) = (client.clone(), target.clone(), format!("question {n}"));
        async move { (client.post(&target, "text/plain", text.clone().into_bytes(), 4096).await, text) }
    });
    let mut answered = 0;
    for (reply, text) in join_all(asked).await {
        let reply = reply.unwrap();
        match reply.status {
            200 => {
                assert_eq!(reply.body, text.into_bytes(), "its own answer");
                answered += 1;
            }
            429 | 503 => assert!(reply.retry_after.is_some()),
            status => panic!("{status}"),
        }
    }
    assert!(answered > 0);
    running.stop().await.unwrap();
}
