//! `POST /log/submissions`: a member's digests into the log. Answered when they are durable.

use service_kit::server::{Body, ProblemResponse, Reply};

use super::{Anchor, fresh, internal};
use crate::submission::SubmissionError;

/// Logs up to 1,024 digests.
#[utoipa::path(
    post,
    path = "/log/submissions",
    request_body(content = String, content_type = "application/dx-anchor-submit+jwt", description = "AnchorSubmission, signed by the member"),
    responses(
        (status = 200, description = "AnchorAck: where each stands, for ever", body = String, content_type = "application/dx-anchor-ack+jwt"),
        (status = 400, description = "token-malformed, token-type-wrong, version-unsupported, stale, request-malformed"),
        (status = 401, description = "peer-unknown, signature-invalid"),
        (status = 403, description = "peer-suspended, role-missing, audience-wrong"),
        (status = 413, description = "request-too-large"),
        (status = 415, description = "media-type-unsupported"),
        (status = 429, description = "too-many-requests: the member's quota"),
        (status = 503, description = "overloaded: the queue of the log is full, or it takes no entries now"),
    )
)]
pub(super) async fn post(anchor: Anchor, body: Body) -> Reply {
    let token = body.require_media_type("application/dx-anchor-submit+jwt")?;
    let (now, monotonic) = (anchor.clock.now(), anchor.clock.monotonic());
    let ack = anchor.submissions.submit(token, now, monotonic).await.map_err(problem)?;
    Ok(fresh().content_type("application/dx-anchor-ack+jwt").body(ack.to_string()))
}

fn problem(error: SubmissionError) -> ProblemResponse {
    if matches!(error, SubmissionError::Store(_) | SubmissionError::Seal(_)) {
        return internal(error);
    }
    let problem = ProblemResponse::new(error.code()).detail(error.to_string());
    match error.retry_after() {
        Some(seconds) => problem.retry_after(seconds),
        None => problem,
    }
}
