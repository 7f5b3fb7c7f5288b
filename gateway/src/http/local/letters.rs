//! `GET /v1/letters` and `POST /v1/letters/{id}/handed-over`: the post room's list, and an officer's word that a letter arrived.

use actix_web::{HttpResponse, http::Method, web};
use schemas::{id::MessageId, notice::LetterHandedOver, problem::Code};
use service_kit::{
    access::{Caller, Routes, System},
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
        (status = 403, description = "access-denied: the system does not carry letters, or no open account of an operator or reviewer has this name; \
                                      four-eyes-required: the officer confirmed the removal that the letter tells of, or said who is meant"),
        (status = 404, description = "not-found: no such letter waits"),
    ))]
async fn handed_over(app: web::Data<App>, caller: System, path: web::Path<String>, body: Body) -> Reply {
    let order: LetterHandedOver = body.json()?;
    let denied = || ProblemResponse::new(Code::AccessDenied);
    let system = caller.0.name.parse().map_err(|_| denied())?;
    let unknown = || ProblemResponse::new(Code::NotFound).detail("no such letter waits");
    let id: MessageId = path.parse().map_err(|_| unknown())?;
    match app.letter_handed_over(&id, (&system, &order.officer)).await {
        Ok(()) => Ok(HttpResponse::NoContent().finish()),
        Err(HandOverError::Unknown) => Err(unknown()),
        Err(error @ HandOverError::Officer) => Err(denied().detail(error.to_string())),
        Err(error @ HandOverError::Confirmed) => {
            Err(ProblemResponse::new(Code::FourEyesRequired).detail(error.to_string()))
        }
        Err(error @ HandOverError::Read(_)) => Err(failed(error)),
    }
}

fn failed(error: impl std::fmt::Display) -> ProblemResponse {
    tracing::error!(%error, "letters could not be read or written");
    ProblemResponse::new(Code::Internal)
}
