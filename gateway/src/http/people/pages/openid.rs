//! `/openid/start`, `/openid/callback`: officers whom an OpenID provider knows.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, StatusCode, header},
    web,
};
use schemas::problem::Code;
use service_kit::{
    access::{Caller, Routes, SameSite, cookie, set_cookie},
    server::{ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::{View, refused, show};
use crate::{
    app::App,
    console::views,
    people::openid::{OpenId, OpenIdError, Returned},
};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(start, callback))]
pub struct Api;

/// The cookie of the browser that began; `Lax`, because the provider's page sends it back here.
const COOKIE: &str = "__Host-login";
/// How long it lives, seconds.
const LIFE: u32 = 600;

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::Public;
    routes.route(Method::GET, "/openid/start", caller, RouteLimits::NO_BODY, start).route(
        Method::GET,
        "/openid/callback",
        caller,
        RouteLimits::NO_BODY,
        callback,
    )
}

fn provider(app: &App) -> Result<&OpenId, ProblemResponse> {
    app.openid().ok_or(ProblemResponse::new(Code::NotFound))
}

fn back(app: &App) -> String {
    format!("{}/openid/callback", app.config().public.people.as_str().trim_end_matches('/'))
}

fn failed(error: OpenIdError) -> ProblemResponse {
    match error {
        OpenIdError::People(error) => refused(error),
        OpenIdError::Away(_) => ProblemResponse::new(Code::PeerUnavailable),
        _ => ProblemResponse::new(Code::SignInRefused),
    }
}

/// Sends the browser to the provider.
#[utoipa::path(get, path = "/openid/start", tag = "people", responses(
    (status = 302, description = "To the provider"),
    (status = 404, description = "not-found: there is no provider"),
    (status = 502, description = "peer-unavailable: the provider does not answer"),
))]
async fn start(app: web::Data<App>) -> Reply {
    let begun = provider(&app)?.begin(&back(&app)).await.map_err(|error| {
        tracing::warn!(%error, "a sign-in through the provider could not begin");
        failed(error)
    })?;
    let mut answer = HttpResponse::Found();
    answer
        .insert_header((header::LOCATION, begun.address.as_str()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::SET_COOKIE, set_cookie(COOKIE, &begun.browser, SameSite::Lax, Some(LIFE))));
    Ok(answer.finish())
}

/// Takes the browser back.
#[utoipa::path(get, path = "/openid/callback", tag = "people", responses(
    (status = 200, description = "Signed in: a page that goes on to the console", content_type = "text/html"),
    (status = 401, description = "sign-in-refused"),
    (status = 404, description = "not-found: there is no provider"),
))]
async fn callback(view: View, request: HttpRequest, returned: web::Query<Returned>) -> Reply {
    let app = &view.app;
    let (browser, from) = (cookie(&request, COOKIE), request.peer_addr().map(|address| address.ip()));
    let ended = provider(app)?.finish(returned.into_inner(), browser.as_deref(), &back(app), from).await;
    let session = ended.map_err(failed)?;
    // A page and not a redirect: the session's cookie is `Strict`, and the browser still comes from the provider.
    let mut answer = show(&view, StatusCode::OK, &views::SignedIn { page: view.page("signed-in") })?;
    for line in [session.token.set_cookie(), set_cookie(COOKIE, "", SameSite::Lax, Some(0))] {
        if let Ok(line) = header::HeaderValue::from_str(&line) {
            answer.headers_mut().append(header::SET_COOKIE, line);
        }
    }
    answer.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    Ok(answer)
}
