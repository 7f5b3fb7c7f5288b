//! The anchor's public listener: one endpoint a file, each saying who may call it.
//!
//! Guarantees: reads are public and can be cached as the log's design says; writes are signed by the member in the
//! body; nothing here decides, it parses, calls and responds. Deliberately absent: client certificates (members
//! prove themselves by signature, readers need no proof) and administration (that is the command line's).

mod checkpoint;
mod entity_configuration;
mod federation_fetch;
mod federation_list;
mod federation_resolve;
mod historical_keys;
mod join;
mod openapi;
mod proof;
mod proofs;
mod registers;
mod submissions;
mod tile;
mod time_stamp;
mod tsa;

use std::time::Duration;

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::{Method, header},
    web,
};
use protocol::seal::Limits;
use schemas::{
    id::{CompactJws, EntityId},
    problem::Code,
};
use service_kit::{
    access::{Caller, Routes},
    clock::Clock,
    db::Database,
    server::{ProblemResponse, RouteLimits},
};
use std::sync::Arc;
use tokio::sync::watch;

use crate::{keys::Keys, publisher::Shown, sequencer::LogQueue, stamping::OwnAuthority, submission::Submissions};

/// What handlers work with.
pub(crate) struct AnchorState {
    pub entity: EntityId,
    pub keys: Arc<Keys>,
    pub database: Database,
    pub clock: Clock,
    pub queue: LogQueue,
    pub submissions: Submissions,
    pub authority: Arc<OwnAuthority>,
    pub shown: watch::Receiver<Shown>,
    pub configuration: watch::Receiver<CompactJws>,
}

/// What handlers take.
pub(crate) type Anchor = web::Data<AnchorState>;

const MEMBER: Caller = Caller::Signer("a member, by its signing key");
const APPLICANT: Caller = Caller::Signer("an applicant or member, by its federation key");
const READ: RouteLimits = RouteLimits::NO_BODY;
/// A join request: an entity configuration of at most 1 MB in JSON.
const JOIN: RouteLimits = RouteLimits::body(Limits::STATEMENT.bytes + 4 * 1024);
const SUBMISSION: RouteLimits = RouteLimits::body(Limits::SUBMISSION.bytes);
const QUERY: RouteLimits = RouteLimits::body(tlog::timestamp::MAX_REQUEST_BYTES);
/// 1,024 times type and digest as JSON.
const DIGESTS: RouteLimits = RouteLimits::body(160 * 1024);

/// Every route of the public listener.
pub(crate) fn routes(state: Anchor) -> Routes {
    Routes::new("public")
        .data(state)
        .route(Method::GET, "/.well-known/openid-federation", Caller::Public, READ, entity_configuration::get)
        .route(Method::GET, "/federation/fetch", Caller::Public, READ, federation_fetch::get)
        .route(Method::GET, "/federation/list", Caller::Public, READ, federation_list::get)
        .route(Method::GET, "/federation/resolve", Caller::Public, READ, federation_resolve::get)
        .route(Method::GET, "/federation/historical-keys", Caller::Public, READ, historical_keys::get)
        .route(Method::POST, "/federation/join", APPLICANT, JOIN, join::post)
        .route(Method::GET, "/registers/{kind}", Caller::Public, READ, registers::get)
        .route(Method::POST, "/log/submissions", MEMBER, SUBMISSION, submissions::post)
        .route(Method::GET, "/log/proof", Caller::Public, READ.within(PROOF_TIME), proof::get)
        .route(Method::POST, "/log/proofs", Caller::Public, DIGESTS, proofs::post)
        .route(Method::GET, "/checkpoint", Caller::Public, READ, checkpoint::newest)
        .route(Method::GET, "/checkpoint/{size}", Caller::Public, READ, checkpoint::of_size)
        .route(Method::GET, "/checkpoint/{size}/timestamp.tsr", Caller::Public, READ, time_stamp::get)
        .route(Method::GET, "/tile/entries/{place:.*}", Caller::Public, READ, tile::entries)
        .route(Method::GET, "/tile/{level}/{place:.*}", Caller::Public, READ, tile::hashes)
        .route(Method::POST, "/tsa", Caller::Public, QUERY, tsa::post)
        .route(Method::GET, "/openapi.json", Caller::Public, READ, openapi::get)
}

/// A proof may be waited for.
const PROOF_TIME: Duration = Duration::from_secs(15);

/// An answer that anybody may read from anywhere, and that must be asked for anew each time.
fn fresh() -> HttpResponseBuilder {
    public("no-cache")
}

/// An answer that never changes.
fn immutable() -> HttpResponseBuilder {
    public("public, max-age=31536000, immutable")
}

fn public(cache: &'static str) -> HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CACHE_CONTROL, cache)).insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
    answer
}

/// A failure of ours: the reason is for our journal, not for the caller.
fn internal(error: impl std::fmt::Display) -> ProblemResponse {
    tracing::error!(%error, "a request failed");
    ProblemResponse::new(Code::Internal)
}

#[cfg(test)]
mod tests;
