//! `GET /v1/letters` and `POST /v1/letters/{id}/handed-over`: the post room's list, and an officer's word that a letter arrived.

use actix_web::{HttpResponse, http::Method, web};
use schemas::{id::MessageId, notice::LetterHandedOver, problem::Code};
use service_kit::{
    access::{Caller, Routes},
    server::{Body, ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use crate::{app::App, config::SystemRight, notices::HandOverError};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(letters, handed_over))]
pub struct Api;

pub(crate) fn routes(routes: Routes) -> Routes {
    let caller = Caller::System(SystemRight::Post.as_str());
    let routes = routes.route(Method::GET, "/v1/letters", caller, RouteLimits::NO_BODY, letters);
    routes.route(Method::POST, "/v1/letters/{id}/handed-over", caller, RouteLimits::body(1024), handed_over)
}

/// Letters that lie in the folder for printing, oldest first.
#[utoipa::path(get, path = "/v1/letters", tag = "local", responses(
    (status = 200, description = "A list of PrintedLetter", content_type = "application/json"),
    (status = 403, description = "access-denied: the system does not carry letters"),
))]
async fn letters(app: web::Data<App>) -> Reply {
    Ok(HttpResponse::Ok().json(app.letters().await.map_err(failed)?))
}

/// An officer saw the letter reach her: it counts as delivered, and its page is removed.
#[utoipa::path(post, path = "/v1/letters/{id}/handed-over", tag = "local",
    params(("id" = String, Path, description = "The notice")),
    request_body(content = String, content_type = "application/json", description = "LetterHandedOver: the officer's pseudonym"),
    responses(
        (status = 204, description = "Taken"),
        (status = 400, description = "request-malformed"),
        (status = 403, description = "access-denied: the system does not carry letters"),
        (status = 404, description = "not-found: no such letter waits"),
    ))]
async fn handed_over(app: web::Data<App>, path: web::Path<String>, body: Body) -> Reply {
    let order: LetterHandedOver = body.json()?;
    let unknown = || ProblemResponse::new(Code::NotFound).detail("no such letter waits");
    let id: MessageId = path.parse().map_err(|_| unknown())?;
    match app.letter_handed_over(&id, &order.officer).await {
        Ok(()) => Ok(HttpResponse::NoContent().finish()),
        Err(HandOverError::Unknown) => Err(unknown()),
        Err(HandOverError::Store(error)) => Err(failed(error)),
    }
}

fn failed(error: service_kit::db::DatabaseError) -> ProblemResponse {
    tracing::error!(%error, "letters could not be read or written");
    ProblemResponse::new(Code::Internal)
}
