use super::*;
use crate::health::management_routes;

const HELLO: &[u8] = b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

/// One whole answer of a connection that stays open; empty if the server has closed it.
fn read_once(stream: &mut TcpStream) -> String {
    let (mut answer, mut byte) = (Vec::new(), [0]);
    while stream.read(&mut byte).unwrap_or(0) > 0 {
        answer.extend(byte);
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if length.is_none_or(|length| body.len() >= length.parse::<usize>().unwrap()) {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_head_has_a_deadline_and_not_only_the_first() {
    const HEAD: Duration = Duration::from_millis(500);
    let (address, running) = plain(Limits { head: HEAD, ..Limits::default() }, echo_routes);
    tokio::task::spawn_blocking(move || {
        let mut stream = connect(address);
        stream.write_all(b"GET /hel").unwrap();
        let answer = read_once(&mut stream);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");

        let mut stream = answered_three_times(address, HEAD);
        stream.write_all(b"GET /hel").unwrap();
        assert_eq!(read_once(&mut stream), "", "closed, long before the keep-alive of 30 s");
    })
    .await
    .unwrap();
    running.stop().await.unwrap();
}

/// A connection on which three requests were answered. If this thread stood still for as long as the deadline, the server was
/// right to close; then there is another connection.
fn answered_three_times(address: SocketAddr, deadline: Duration) -> TcpStream {
    let clock = Clock::default();
    'connections: loop {
        let mut stream = connect(address);
        for _ in 0..3 {
            let begun = clock.monotonic();
            let sent = stream.write_all(HELLO);
            let answer = read_once(&mut stream);
            if !(sent.is_ok() && answer.ends_with("hello")) {
                assert!(clock.monotonic() - begun >= deadline, "closed before its time: {answer:?}");
                continue 'connections;
            }
        }
        return stream;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_without_end_is_cut_off() {
    let (address, running) = plain(Limits::default(), echo_routes);
    let endless = format!("GET /hello HTTP/1.1\r\nHost: x\r\nA: {}", "x".repeat(1024 * 1024));
    assert!(!raw(address, endless).await.starts_with("HTTP/1.1 200"));
    let many: String = (0..80).map(|n| format!("h{n}: v\r\n")).collect();
    let answer = raw(address, format!("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{many}\r\n")).await;
    assert_eq!(problem_of(&answer).0, 413);
    assert!(raw(address, "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.ends_with("hello"));
    running.stop().await.unwrap();
}

async fn large() -> HttpResponse {
    HttpResponse::Ok().body(vec![b'x'; 32 * 1024 * 1024])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_takes_is_cut_off() {
    let limits = Limits { write: Duration::from_millis(200), ..Limits::default() };
    let routes = || Routes::new("test").route(Method::GET, "/large", Caller::Public, RouteLimits::NO_BODY, large);
    let (address, running, context) = plain_watched(limits, routes);
    tokio::task::spawn_blocking(move || {
        let mut stream = connect(address);
        stream.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        // Nothing is read until the server has given up.
        let mut peeked = [0; 1];
        stream.peek(&mut peeked).unwrap();
        while context.inner.connections.open() > 0 {
            std::thread::yield_now();
        }
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.len() < 32 * 1024 * 1024, "{}", answer.len());
    })
    .await
    .unwrap();
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_ends_after_its_share_of_requests() {
    let (address, running) = plain(Limits { connection_requests: 3, ..Limits::default() }, echo_routes);
    tokio::task::spawn_blocking(move || {
        let mut stream = connect(address);
        for n in 1..=3 {
            stream.write_all(HELLO).unwrap();
            let answer = read_once(&mut stream);
            assert_eq!(answer.contains("connection: close"), n == 3, "{answer}");
        }
        assert_eq!(read_once(&mut stream), "");
    })
    .await
    .unwrap();
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn our_request_id_is_ours_and_the_clients_is_not_taken() {
    let (address, running) = plain(Limits::default(), echo_routes);
    let answer =
        raw(address, "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: mine\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}");
    let id = answer.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap();
    assert!(id.parse::<schemas::id::MessageId>().is_ok(), "{id}");
    running.stop().await.unwrap();
}

#[tokio::test]
async fn an_occupied_port_is_an_error_with_its_mend() {
    let first = Bound::bind("peers", "127.0.0.1:0".parse().unwrap()).unwrap();
    let error = Bound::bind("people", crate::config::Listen(first.address())).unwrap_err();
    assert!(matches!(error, BindError::Occupied { .. }));
    let text = error.to_string();
    assert!(text.contains("people") && text.contains(&first.address().to_string()) && text.contains("mend"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_management_listener_tells_the_state_of_the_process() {
    let health = Health::new();
    let shared = health.clone();
    let (address, running) = plain(Limits::default(), move || management_routes(shared.clone(), None));
    let get = |path: &str| raw(address, format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    assert!(get("/healthz/live").await.starts_with("HTTP/1.1 200"));
    assert!(get("/healthz/started").await.starts_with("HTTP/1.1 503"));
    health.start();
    assert!(get("/healthz/ready").await.starts_with("HTTP/1.1 200"));
    health.check("database", || async { Err("password=hunter2".to_owned()) });
    let answer = get("/healthz/ready").await;
    assert!(
        answer.starts_with("HTTP/1.1 503") && answer.contains("database") && !answer.contains("hunter2"),
        "{answer}"
    );
    running.stop().await.unwrap();
}

#[test]
fn a_signal_lets_requests_finish_and_the_process_exits_with_zero() {
    let folder = tempfile::tempdir().unwrap();
    let address_file = folder.path().join("address");
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "server::tests::lifetimes::child_serves_until_a_signal", "--ignored"])
        .env("KIT_ADDRESS_FILE", &address_file)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let address: SocketAddr = loop {
        if let Some(address) = std::fs::read_to_string(&address_file).ok().and_then(|text| text.parse().ok()) {
            break address;
        }
        std::thread::yield_now();
    };
    let mut stream = connect(address);
    stream.write_all(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    // The handler says that it has begun by making a file.
    while !address_file.with_extension("begun").exists() {
        std::thread::yield_now();
    }
    let killed = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert!(read_once(&mut stream).ends_with("done"));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

async fn wait() -> &'static str {
    let file = std::path::PathBuf::from(std::env::var("KIT_ADDRESS_FILE").unwrap());
    std::fs::write(file.with_extension("begun"), "").unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    "done"
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test above as a child process"]
async fn child_serves_until_a_signal() {
    let stop = StopSignal::listen().unwrap();
    let limits = Limits { notice: Duration::from_millis(10), drain: Duration::from_secs(5), ..Limits::default() };
    let (address, running) =
        plain(limits, || Routes::new("test").route(Method::GET, "/wait", Caller::Public, RouteLimits::NO_BODY, wait));
    std::fs::write(std::env::var("KIT_ADDRESS_FILE").unwrap(), address.to_string()).unwrap();
    let health = Health::new();
    running.until_signal(&health, stop).await.unwrap();
    assert_eq!(health.obstacles().await, ["starting", "draining"]);
}

#[test]
fn a_signal_that_comes_before_anybody_waits_for_it_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let heard = folder.path().join("heard");
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "server::tests::lifetimes::child_is_stopped_before_it_serves", "--ignored"])
        .env("KIT_HEARD_FILE", &heard)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let (clock, patience) = (Clock::default(), Duration::from_secs(120));
    let since = clock.monotonic();
    while child.try_wait().unwrap().is_none() {
        if clock.monotonic().saturating_sub(since) > patience {
            child.kill().unwrap();
        }
        std::thread::yield_now();
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(heard.exists(), "it has run, and stopped in order");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test above as a child process"]
async fn child_is_stopped_before_it_serves() {
    let stop = StopSignal::listen().unwrap();
    let mut seen = StopSignal::listen().unwrap();
    let itself = std::process::id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &itself]).status().unwrap().success());
    // It was delivered, and is over: nobody will send it again.
    seen.received().await;
    let (_, running) = plain(Limits::default(), || {
        Routes::new("test").route(Method::GET, "/wait", Caller::Public, RouteLimits::NO_BODY, wait)
    });
    running.until_signal(&Health::new(), stop).await.unwrap();
    std::fs::write(std::env::var("KIT_HEARD_FILE").unwrap(), "").unwrap();
}
