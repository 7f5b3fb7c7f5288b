//! `/console/rolls`: journals beside the rolls, what others did, and the comparison that finds it.

use actix_web::http::{Method, StatusCode};
use registry_adapter::mapping::RollId;
use schemas::problem::Code;
use serde::Deserialize;
use service_kit::{
    access::{Caller, Routes, Submitted},
    server::{ProblemResponse, Reply, RouteLimits},
};
use utoipa::OpenApi;

use super::{FORM, View, show};
use crate::{console::triggers as views, http::people::said::failed};

/// The endpoints' description.
#[derive(OpenApi)]
#[openapi(paths(list, verify))]
pub struct Api;

const READERS: Caller = Caller::User("scheme-officer reviewer auditor");

pub(crate) fn routes(routes: Routes) -> Routes {
    let routes = routes.route(Method::GET, "/console/rolls", READERS, RouteLimits::NO_BODY, list);
    routes.route(Method::POST, "/console/rolls/verify", READERS, RouteLimits::body(FORM), verify)
}

/// Each roll with the head of its journal.
#[utoipa::path(get, path = "/console/rolls", tag = "people", responses(
    (status = 200, description = "The page", content_type = "text/html"),
    (status = 401, description = "not-authenticated"),
    (status = 403, description = "access-denied"),
))]
async fn list(view: View) -> Reply {
    let rolls = view.app.rolls_seen().await.map_err(failed)?;
    show(&view, StatusCode::OK, &views::Rolls { page: view.page("rolls"), rolls, compared: None })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    roll: String,
}

/// Compares a journal with itself, its signed head and the roll.
#[utoipa::path(post, path = "/console/rolls/verify", tag = "people",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "roll"),
    responses(
        (status = 200, description = "The page with what was found", content_type = "text/html"),
        (status = 403, description = "access-denied, form-foreign"),
        (status = 404, description = "not-found: no such roll is open here"),
    ))]
async fn verify(view: View, submitted: Submitted<Which>) -> Reply {
    let rolls = view.app.rolls_seen().await.map_err(failed)?;
    let named = |roll: &RollId| roll.to_string() == submitted.form.roll;
    let roll = rolls.iter().map(|seen| &seen.roll).find(|roll| named(roll)).cloned();
    let roll = roll.ok_or(ProblemResponse::new(Code::NotFound))?;
    let found = view.app.verify_roll(&submitted.user.name, &roll).await.map_err(failed)?;
    let view = view.of_person(submitted.user, submitted.token);
    let compared = Some((roll.to_string(), found));
    show(&view, StatusCode::OK, &views::Rolls { page: view.page("rolls"), rolls, compared })
}
