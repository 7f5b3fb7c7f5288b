//! Signed-in people: who passes a route's gate, and from which pages forms are taken.

use std::sync::{Arc, Mutex};

use schemas::problem::Code;

use super::*;
use crate::access::{FormToken, Found, Noted, PublicForm, SessionToken, Sessions, Submitted, User};

const ASHA: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const RAVI: &str = "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr";

/// Two sessions, and what was refused.
#[derive(Clone, Default)]
struct Book {
    noted: Arc<Mutex<Vec<String>>>,
    ended: Arc<Mutex<bool>>,
}

impl Sessions for Book {
    fn find<'a>(&'a self, token: &'a SessionToken) -> Found<'a> {
        let of = |text: &str| SessionToken::new(text.to_owned()).unwrap().digest();
        let name = [("asha", ASHA), ("ravi", RAVI)].into_iter().find(|(_, text)| of(text) == token.digest());
        let found = name.filter(|_| !*self.ended.lock().unwrap()).map(|(name, _)| User {
            name: name.parse().unwrap(),
            person: name.parse().unwrap(),
            display: name.to_owned(),
            roles: [if name == "asha" { "reviewer" } else { "observer" }.to_owned()].into(),
            session: "s-1".parse().unwrap(),
        });
        Box::pin(async move { Ok(found) })
    }

    fn refused<'a>(&'a self, user: &'a User, route: &'static str, code: Code) -> Noted<'a> {
        self.noted.lock().unwrap().push(format!("{} {route} {code}", user.name));
        Box::pin(async { Ok(()) })
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    reason: String,
}

async fn whoami(user: User, token: FormToken) -> String {
    format!("{} {}", user.name, token.as_str())
}

async fn decide(submitted: Submitted<Decision>) -> String {
    format!("{}: {}", submitted.user.name, submitted.form.reason)
}

async fn script(user: User) -> String {
    user.name.to_string()
}

async fn knock(form: PublicForm<Decision>) -> String {
    form.0.reason
}

fn page(request: &actix_web::HttpRequest, problem: &ProblemResponse, id: &str) -> Option<HttpResponse> {
    let wanted = request.headers().get("accept").is_some_and(|accept| accept == "text/html");
    let text = format!("<p>{} {}</p>", problem.code(), id.len());
    wanted.then(|| HttpResponse::Forbidden().content_type("text/html").body(text))
}

fn people(book: &Book) -> Routes {
    let form = RouteLimits::body(1024);
    Routes::new("people")
        .sessions(Arc::new(book.clone()))
        .problem_page(page)
        .route(Method::GET, "/me", Caller::User(""), RouteLimits::NO_BODY, whoami)
        .route(Method::GET, "/queue", Caller::User("reviewer auditor"), RouteLimits::NO_BODY, whoami)
        .route(Method::POST, "/queue", Caller::User("reviewer"), form, decide)
        .route(Method::POST, "/script", Caller::User(""), form, script)
        .route(Method::POST, "/knock", Caller::Public, form, knock)
}

struct Listener {
    book: Book,
    address: SocketAddr,
    running: RunningServer,
}

fn listener() -> Listener {
    let book = Book::default();
    let routes = book.clone();
    let (address, running) = plain(Limits::default(), move || people(&routes));
    Listener { book, address, running }
}

impl Listener {
    async fn get(&self, path: &str, headers: &str) -> String {
        raw(self.address, format!("GET {path} HTTP/1.1\r\nHost: kit\r\nConnection: close\r\n{headers}\r\n")).await
    }

    async fn post(&self, path: &str, headers: &str, body: &str) -> String {
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: kit\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        let form = "Content-Type: application/x-www-form-urlencoded\r\n";
        raw(self.address, format!("{head}{form}{headers}\r\n{body}")).await
    }

    /// What a page of this session would send.
    async fn form_token(&self, session: &str) -> String {
        let answer = self.get("/me", &cookie(session)).await;
        answer.rsplit(' ').next().unwrap().trim().to_owned()
    }
}

fn cookie(session: &str) -> String {
    format!("Cookie: __Host-session={session}\r\n")
}

fn refused(answer: &str) -> (u64, String) {
    let (status, problem) = problem_of(answer);
    (status.into(), problem["code"].as_str().unwrap_or_default().to_owned())
}

fn says(answer: &str, text: &str) -> bool {
    answer.starts_with("HTTP/1.1 200") && answer.ends_with(text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_for_people_takes_those_of_its_roles_while_their_session_lasts() {
    let listener = listener();
    assert!(listener.get("/queue", &cookie(ASHA)).await.starts_with("HTTP/1.1 200"));
    assert!(listener.get("/me", &cookie(RAVI)).await.contains("ravi"));
    for headers in [String::new(), cookie("short"), cookie(&"x".repeat(43)), cookie(ASHA) + &cookie(RAVI)] {
        assert_eq!(refused(&listener.get("/me", &headers).await), (401, "not-authenticated".into()), "{headers}");
    }
    assert_eq!(refused(&listener.get("/queue", &cookie(RAVI)).await), (403, "access-denied".into()));
    assert_eq!(*listener.book.noted.lock().unwrap(), ["ravi /queue access-denied"]);
    assert!(listener.get("/queue", &cookie(ASHA)).await.starts_with("HTTP/1.1 200"), "good before and after");
    *listener.book.ended.lock().unwrap() = true;
    assert_eq!(refused(&listener.get("/queue", &cookie(ASHA)).await).0, 401);
    listener.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_counts_if_a_page_of_this_very_session_sent_it() {
    let listener = listener();
    let (asha, ravi) = (listener.form_token(ASHA).await, listener.form_token(RAVI).await);
    let own = cookie(ASHA) + "Origin: https://kit\r\nSec-Fetch-Site: same-origin\r\n";
    let good = format!("reason=ok&form_token={asha}");
    assert!(says(&listener.post("/queue", &own, &good).await, "asha: ok"));
    let foreign = (403, "form-foreign".to_owned());
    for (headers, body) in [
        (own.clone(), "reason=ok".to_owned()),
        (own.clone(), format!("reason=ok&form_token={ravi}")),
        (own.clone(), "reason=ok&form_token=".to_owned()),
        (cookie(ASHA), good.clone()),
        (cookie(ASHA) + "Origin: https://evil\r\n", good.clone()),
        (cookie(ASHA) + "Origin: http://kit\r\n", good.clone()),
        (cookie(ASHA) + "Origin: null\r\n", good.clone()),
        (cookie(ASHA) + "Sec-Fetch-Site: cross-site\r\n", good.clone()),
        (cookie(ASHA) + "Sec-Fetch-Site: same-site\r\nOrigin: https://kit\r\n", good.clone()),
        (cookie(ASHA) + "Sec-Fetch-Site: none\r\n", good.clone()),
    ] {
        assert_eq!(refused(&listener.post("/queue", &headers, &body).await), foreign, "{headers} {body}");
    }
    assert_eq!(listener.book.noted.lock().unwrap().len(), 10, "each is written down");
    for body in [
        format!("reason=a&reason=b&form_token={asha}"),
        format!("form_token={asha}"),
        format!("reason=a&x=1&form_token={asha}"),
    ] {
        assert_eq!(refused(&listener.post("/queue", &own, &body).await), (400, "request-malformed".into()), "{body}");
    }
    assert!(says(&listener.post("/queue", &own, &good).await, "asha: ok"), "good before and after");
    listener.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_shows_the_token_in_a_header_and_a_public_form_its_origin() {
    let listener = listener();
    let token = listener.form_token(RAVI).await;
    let own = cookie(RAVI) + "Sec-Fetch-Site: same-origin\r\n";
    assert!(says(&listener.post("/script", &format!("{own}X-Form-Token: {token}\r\n"), "").await, "ravi"));
    assert_eq!(refused(&listener.post("/script", &own, "").await), (403, "form-foreign".into()));
    assert!(says(&listener.post("/knock", "Origin: https://kit\r\n", "reason=hi").await, "hi"));
    for headers in ["", "Origin: https://evil\r\n"] {
        assert_eq!(refused(&listener.post("/knock", headers, "reason=hi").await), (403, "form-foreign".into()));
    }
    listener.running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_problem_becomes_a_page_where_one_is_wanted() {
    let listener = listener();
    let answer = listener.get("/queue", &(cookie(RAVI) + "Accept: text/html\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 403") && answer.ends_with("<p>access-denied 36</p>"), "{answer}");
    let plain = listener.get("/queue", &cookie(RAVI)).await;
    assert_eq!(refused(&plain), (403, "access-denied".into()));
    listener.running.stop().await.unwrap();
}
