use super::*;

async fn parse(body: Body) -> Reply {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Input {
        n: u32,
    }
    let input: Input = body.json()?;
    Ok(HttpResponse::Ok().body(input.n.to_string()))
}

async fn panics() -> HttpResponse {
    panic!("on purpose: secret detail")
}

async fn slow() -> HttpResponse {
    std::future::pending().await
}

fn routes() -> Routes {
    echo_routes()
        .route(Method::POST, "/parse", Caller::Public, RouteLimits::body(1024), parse)
        .route(Method::GET, "/panic", Caller::Public, RouteLimits::NO_BODY, panics)
        .route(Method::GET, "/slow", Caller::Public, RouteLimits::NO_BODY.within(Duration::from_millis(50)), slow)
}

fn post(path: &str, headers: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n{body}")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_is_a_problem_and_good_requests_succeed_between_them() {
    let (address, running) = plain(Limits::default(), routes);
    let json = "Content-Type: application/json\r\n";
    let long = "x".repeat(2000);
    let cases = [
        ("GET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_owned(), 404, "not-found"),
        ("PUT /parse HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_owned(), 405, "method-not-allowed"),
        ("GET /panic HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_owned(), 500, "internal"),
        ("GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_owned(), 503, "overloaded"),
        (
            post("/parse", &format!("{json}Content-Encoding: gzip\r\nContent-Length: 2\r\n"), "{}"),
            415,
            "media-type-unsupported",
        ),
        (post("/parse", "Content-Type: text/plain\r\nContent-Length: 2\r\n", "{}"), 415, "media-type-unsupported"),
        (post("/parse", &format!("{json}Content-Length: 2\r\n"), "{}"), 400, "request-malformed"),
        (post("/parse", &format!("{json}Content-Length: 15\r\n"), "{\"n\":1,\"m\":222}"), 400, "request-malformed"),
        (post("/parse", &format!("{json}Content-Length: 13\r\n"), "{\"n\":1,\"n\":2}"), 400, "request-malformed"),
        (post("/parse", &format!("{json}Content-Length: 2000\r\n"), &long), 413, "request-too-large"),
        (
            post("/parse", &format!("{json}Transfer-Encoding: chunked\r\n"), &format!("7d0\r\n{long}\r\n0\r\n\r\n")),
            413,
            "request-too-large",
        ),
        (
            "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody".to_owned(),
            413,
            "request-too-large",
        ),
        (format!("GET /hello?{long}{long} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), 413, "request-too-large"),
    ];
    for (request, status, code) in cases {
        let (got, problem) = problem_of(&raw(address, request.clone()).await);
        let request = &request[..request.len().min(60)];
        assert_eq!((got, problem["code"].as_str()), (status, Some(code)), "{request}");
        assert_eq!(problem["type"], format!("https://kit.localhost/problems/{code}"));
        assert!(problem["request_id"].as_str().is_some_and(|id| id.len() == 36) && problem["title"].is_string());
        assert!(!problem.to_string().contains("secret"), "nothing internal");
        let good = raw(address, post("/parse", &format!("{json}Content-Length: 7\r\n"), "{\"n\":5}")).await;
        assert!(good.starts_with("HTTP/1.1 200") && good.ends_with("\r\n\r\n5"), "after {request}: {good}");
    }
    let answer = raw(address, "PUT /parse HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert!(answer.contains("allow: POST"), "{answer}");
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_body_is_cut_off_and_a_broken_one_refused() {
    let (address, running) = plain(Limits { body: Duration::from_millis(300), ..Limits::default() }, routes);
    let (status, problem) = problem_of(&raw(address, post("/echo", "Content-Length: 10\r\n", "12345")).await);
    assert_eq!((status, problem["code"].as_str()), (408, Some("request-timeout")));
    let broken = post("/echo", "Transfer-Encoding: chunked\r\n", "zz\r\n");
    assert!(raw(address, broken).await.starts_with("HTTP/1.1 400"));
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_upload_still_gets_to_read_its_refusal() {
    let (address, running) = plain(Limits::default(), routes);
    let huge = post("/parse", "Content-Length: 104857600\r\n", &"x".repeat(128 * 1024));
    let (status, _) = problem_of(&raw(address, huge).await);
    assert_eq!(status, 413);
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_share_one_budget() {
    let shared = context(Limits { buffered_bodies: 40_000, ..Limits::default() });
    let bound = Bound::bind("test", "127.0.0.1:0".parse().unwrap()).unwrap();
    let address = bound.address();
    let running = Server::new(shared.clone(), 1).listen(bound, None, routes).unwrap().start();
    let mut held = connect(address);
    held.write_all(post("/echo", "Content-Length: 50000\r\n", &"x".repeat(30_000)).as_bytes()).unwrap();
    while shared.inner.budget.used() < 30_000 {
        tokio::task::yield_now().await;
    }
    let wanted = post("/echo", "Content-Length: 20000\r\n", &"x".repeat(20_000));
    let (status, problem) = problem_of(&raw(address, wanted.clone()).await);
    assert_eq!((status, problem["code"].as_str(), problem["retry_after"].as_u64()), (503, Some("overloaded"), Some(1)));
    drop(held);
    while shared.inner.budget.used() > 0 {
        tokio::task::yield_now().await;
    }
    assert!(raw(address, wanted).await.starts_with("HTTP/1.1 200"));
    running.stop().await.unwrap();
}

fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    status.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// In a process of its own, because the memory of other tests would be counted too.
#[test]
fn a_thousand_bodies_at_once_cost_little_memory() {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "server::tests::bodies::child_holds_a_thousand_bodies", "--ignored"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test above as a child process"]
async fn child_holds_a_thousand_bodies() {
    let limits = Limits { connections_per_peer: 2000, burst: 10_000, ..Limits::default() };
    let (address, running) = plain(limits, routes);
    assert!(raw(address, post("/echo", "Content-Length: 1\r\n", "x")).await.ends_with("\r\n\r\nx"));
    let before = resident_bytes();
    let most = tokio::task::spawn_blocking(move || {
        let chunk = [b'['; 16 * 1024];
        let mut streams = Vec::new();
        for n in 0..1000 {
            let mut stream = connect(address);
            stream.set_nonblocking(true).unwrap();
            // Slow ones within the limit, announced huge ones, and endless nested ones.
            let head = match n % 3 {
                0 => "Content-Length: 65000\r\n",
                1 => "Content-Length: 104857600\r\n",
                _ => "Transfer-Encoding: chunked\r\n",
            };
            let _ = stream.write(post("/echo", head, if n % 3 == 2 { "6400000\r\n" } else { "" }).as_bytes());
            streams.push(stream);
        }
        let mut most = 0;
        for _ in 0..20 {
            for stream in &mut streams {
                let _ = stream.write(&chunk);
            }
            most = most.max(resident_bytes());
        }
        most
    })
    .await
    .unwrap();
    let grown = most.saturating_sub(before);
    assert!(grown < 64 * 1024 * 1024, "grew by {} MiB", grown / 1024 / 1024);
    assert!(
        raw(address, post("/parse", "Content-Type: application/json\r\nContent-Length: 7\r\n", "{\"n\":5}"))
            .await
            .ends_with('5')
    );
    running.stop().await.unwrap();
}
