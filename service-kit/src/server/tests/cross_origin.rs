use super::*;

const PAGE: &str = "https://wallet.example";

async fn refused() -> ProblemResponse {
    ProblemResponse::new(schemas::problem::Code::AccessDenied)
}

async fn good() -> HttpResponse {
    HttpResponse::Ok().body("hello")
}

fn routes() -> Routes {
    Routes::new("test")
        .cross_origin(&["/shared"], || Some(PAGE.to_owned()))
        .route(Method::GET, "/shared/good", Caller::Public, RouteLimits::NO_BODY, good)
        .route(Method::POST, "/shared/refused", Caller::Public, RouteLimits::body(16), refused)
        .route(Method::GET, "/own", Caller::Public, RouteLimits::NO_BODY, good)
}

async fn ask(address: SocketAddr, method: &str, path: &str, more: &str) -> String {
    let request =
        format!("{method} {path} HTTP/1.1\r\nhost: kit\r\nconnection: close\r\ncontent-length: 0\r\n{more}\r\n");
    raw(address, request).await.to_ascii_lowercase()
}

fn preflight(origin: &str, method: &str) -> String {
    format!("origin: {origin}\r\naccess-control-request-method: {method}\r\naccess-control-request-headers: dpop\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn one_origin_reads_answers_and_refusals_and_no_other_does() {
    let (address, server) = plain(Limits::default(), routes);
    let allowed = format!("access-control-allow-origin: {PAGE}\r\n");
    for (method, path) in [("GET", "/shared/good"), ("POST", "/shared/refused"), ("PUT", "/shared/good")] {
        let answer = ask(address, method, path, &format!("origin: {PAGE}\r\n")).await;
        assert!(answer.contains(&allowed) && answer.contains("vary: origin\r\n"), "{method} {path}: {answer}");
        assert!(!answer.contains("allow-credentials"), "{answer}");
    }
    for origin in [
        "https://wallet.example.evil.example",
        "https://wallet.example:8443",
        "http://wallet.example",
        "https://wallet.example/",
        "null",
        "https://wallet.example\r\norigin: https://evil.example",
    ] {
        let answer = ask(address, "GET", "/shared/good", &format!("origin: {origin}\r\n")).await;
        assert!(answer.starts_with("http/1.1 200") && answer.contains("vary: origin\r\n"), "{answer}");
        assert!(!answer.contains("access-control"), "{origin}: {answer}");
    }
    let own = ask(address, "GET", "/own", &format!("origin: {PAGE}\r\n")).await;
    assert!(own.starts_with("http/1.1 200") && !own.contains("access-control") && !own.contains("vary"), "{own}");
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preflight_names_what_the_route_takes_and_is_an_unknown_method_to_everybody_else() {
    let (address, server) = plain(Limits::default(), routes);
    let good = ask(address, "OPTIONS", "/shared/refused", &preflight(PAGE, "POST")).await;
    assert!(good.starts_with("http/1.1 204"), "{good}");
    for header in [
        "access-control-allow-origin: https://wallet.example\r\n",
        "access-control-allow-methods: post\r\n",
        "access-control-allow-headers: authorization, content-type, dpop\r\n",
    ] {
        assert!(good.contains(header), "{good}");
    }
    for (path, more) in [
        ("/shared/refused", preflight("https://evil.example", "POST")),
        ("/shared/refused", preflight(PAGE, "DELETE")),
        ("/shared/refused", format!("origin: {PAGE}\r\n")),
        ("/own", preflight(PAGE, "GET")),
    ] {
        let answer = ask(address, "OPTIONS", path, &more).await;
        assert!(answer.starts_with("http/1.1 405") && !answer.contains("allow-methods"), "{path} {more}: {answer}");
    }
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_origin_nothing_is_shared() {
    let (address, server) = plain(Limits::default(), || {
        Routes::new("test").cross_origin(&["/"], || None).route(
            Method::GET,
            "/good",
            Caller::Public,
            RouteLimits::NO_BODY,
            good,
        )
    });
    let answer = ask(address, "GET", "/good", &format!("origin: {PAGE}\r\n")).await;
    assert!(answer.starts_with("http/1.1 200") && !answer.contains("access-control"), "{answer}");
    server.stop().await.unwrap();
}
