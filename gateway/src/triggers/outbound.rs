//! Calls to another department's event endpoint and what stands below it.

use protocol::federation::VerifiedMember;
use schemas::{id::EntityId, problem::Problem};
use serde::{Serialize, de::DeserializeOwned};
use service_kit::http_client::Reply;

use super::TriggerError;
use crate::app::App;

pub(super) const JSON: &str = "application/json";

/// What stands below a source's or subscriber's `event_endpoint`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Below {
    /// The endpoint itself.
    Events,
    /// `/feed`.
    Feed,
    /// `/applied`.
    Applied,
    /// `/subscriptions`.
    Subscriptions,
    /// `/follows`.
    Follows,
}

impl Below {
    const fn path(self) -> &'static str {
        match self {
            Self::Events => "",
            Self::Feed => "/feed",
            Self::Applied => "/applied",
            Self::Subscriptions => "/subscriptions",
            Self::Follows => "/follows",
        }
    }
}

/// Posts and takes a 2xx answer alone.
pub(super) async fn post(
    app: &App,
    peer: &EntityId,
    below: Below,
    media_type: &str,
    body: Vec<u8>,
) -> Result<Reply, TriggerError> {
    let client = app.peer_client(peer)?;
    accepted(client.post(&endpoint(app, peer, below)?, media_type, body).await?)
}

/// Posts JSON and reads JSON.
pub(super) async fn post_json<T: DeserializeOwned>(
    app: &App,
    peer: &EntityId,
    below: Below,
    body: &impl Serialize,
) -> Result<T, TriggerError> {
    let body = serde_json::to_vec(body).map_err(|_| TriggerError::Answer("the request has no JSON form"))?;
    json(&post(app, peer, below, JSON, body).await?)
}

/// Reads JSON.
pub(super) async fn fetch_json<T: DeserializeOwned>(
    app: &App,
    peer: &EntityId,
    below: Below,
    query: &[(&str, &str)],
) -> Result<T, TriggerError> {
    let client = app.peer_client(peer)?;
    json(&accepted(client.fetch(&endpoint(app, peer, below)?, query).await?)?)
}

fn endpoint(app: &App, peer: &EntityId, below: Below) -> Result<String, TriggerError> {
    let snapshot = app.directory();
    Ok(format!("{}{}", snapshot.peer(peer, app.now())?.gateway().event_endpoint, below.path()))
}

fn accepted(reply: Reply) -> Result<Reply, TriggerError> {
    if (200..300).contains(&reply.status) {
        return Ok(reply);
    }
    let problem: Option<Problem> = serde_json::from_slice(&reply.body).ok();
    let retry_after = reply.retry_after.or(problem.as_ref().and_then(|problem| problem.retry_after));
    Err(TriggerError::Refused { status: reply.status, code: problem.map(|problem| problem.code), retry_after })
}

fn json<T: DeserializeOwned>(reply: &Reply) -> Result<T, TriggerError> {
    serde_json::from_slice(&reply.body).map_err(|_| TriggerError::Answer("no JSON of the expected form"))
}

/// Our own entry of the directory: whose keys verify what we signed, old ones included.
pub(super) fn our_entry<'d>(
    directory: &'d crate::directory::DirectorySnapshot,
    us: &EntityId,
) -> Result<&'d VerifiedMember, TriggerError> {
    use protocol::consent::Refusal;
    use schemas::problem::Code;
    let missing = Refusal::new(Code::DirectoryOutdated, "the directory does not list this department");
    directory.members().member(us).ok_or(TriggerError::NotAllowed(missing))
}
