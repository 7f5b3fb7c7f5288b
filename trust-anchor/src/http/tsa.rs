//! `POST /tsa` (RFC 3161 §3.4): time stamps for anybody.

use service_kit::server::{Body, Reply};

use super::{Anchor, fresh};

/// Stamps a hash. A refusal is a TimeStampResp too, with status 200 as the RFC has it.
#[utoipa::path(
    post,
    path = "/tsa",
    request_body(content = Vec<u8>, content_type = "application/timestamp-query", description = "TimeStampReq, DER"),
    responses((status = 200, description = "TimeStampResp, DER", body = Vec<u8>, content_type = "application/timestamp-reply"))
)]
pub(super) async fn post(anchor: Anchor, body: Body) -> Reply {
    let query = body.require_media_type("application/timestamp-query")?;
    let answered = anchor.authority.answer(query, anchor.clock.now().seconds());
    let der = answered.map_or_else(|refusal| refusal.to_response_der(), |response| response.as_der().to_vec());
    Ok(fresh().content_type("application/timestamp-reply").body(der))
}
