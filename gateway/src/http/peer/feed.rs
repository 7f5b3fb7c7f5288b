//! `GET /peer/v1/events/feed`: a subscriber reads its feed again. `POST` there: a source's heartbeat.

use std::time::Duration;

use actix_web::{HttpResponse, http::Method, web};
use schemas::{id::EntityId, problem::Code};
use serde::Deserialize;
use service_kit::{
    access::{Caller, Peer, Routes},
    server::{Body, ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use crate::{
    app::App,
    configuration::path,
    triggers::{feed::PAGE, heartbeat::FEED_HEAD},
};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(page, heartbeat))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let patient = RouteLimits::NO_BODY.within(Duration::from_secs(25));
    routes.route(Method::GET, path::FEED, Caller::Peer, patient, page).route(
        Method::POST,
        path::FEED,
        Caller::Peer,
        RouteLimits::body(16 * 1024),
        heartbeat,
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    #[serde(default)]
    after: u64,
    #[serde(default = "whole_page")]
    limit: u32,
    #[serde(default)]
    wait: u32,
}

/// The longest that a reader is kept waiting, seconds.
const LONGEST_WAIT: u32 = 20;
const LOOK_AGAIN: Duration = Duration::from_millis(250);

const fn whole_page() -> u32 {
    PAGE
}

/// A page of the caller's own feed.
#[utoipa::path(get, path = "/peer/v1/events/feed", tag = "peers",
    params(
        ("after" = Option<u64>, Query, description = "The last number that is known; from the beginning if absent"),
        ("limit" = Option<u32>, Query, description = "At most so many events, 1 to 1,000; fewer come if they are large"),
        ("wait" = Option<u32>, Query, description = "Seconds to wait for an event where there is none yet, up to 20"),
    ),
    responses(
        (status = 200, description = "FeedPage: the signed head, and events in order", content_type = "application/json", body = String),
        (status = 401, description = "peer-unknown"),
        (status = 403, description = "peer-suspended"),
        (status = 503, description = "directory-outdated, overloaded"),
    ))]
async fn page(app: web::Data<App>, caller: Peer<EntityId>, question: web::Query<Question>) -> Reply {
    app.directory().peer(&caller.0, app.now()).map_err(crate::http::problem)?;
    let until = app.clock().monotonic() + Duration::from_secs(question.wait.min(LONGEST_WAIT).into());
    loop {
        let page = app.feed_page(&caller.0, question.after, question.limit).await.map_err(|error| {
            tracing::warn!(%error, "a feed could not be read");
            ProblemResponse::new(Code::Overloaded).retry_after(1)
        })?;
        if !page.events.is_empty() || app.clock().monotonic() >= until {
            return Ok(HttpResponse::Ok().json(page));
        }
        app.clock().sleep(LOOK_AGAIN).await;
    }
}

/// The signed head of the caller's feed to us.
#[utoipa::path(post, path = "/peer/v1/events/feed", tag = "peers",
    request_body(content = String, content_type = "application/dx-feed-head+jwt", description = "A compact JWS of type dx-feed-head+jwt"),
    responses(
        (status = 204, description = "Kept"),
        (status = 400, description = "token-malformed, token-type-wrong, version-unsupported"),
        (status = 401, description = "peer-unknown, signature-invalid, peer-certificate-mismatch"),
        (status = 403, description = "peer-suspended, audience-wrong, access-denied: we do not follow the caller"),
        (status = 503, description = "directory-outdated, overloaded"),
    ))]
async fn heartbeat(app: web::Data<App>, caller: Peer<EntityId>, body: Body) -> Reply {
    app.receive_head(&caller.0, body.require_media_type(FEED_HEAD)?).await?;
    Ok(HttpResponse::NoContent().finish())
}
