//! Resolved trust chains and historical keys (OpenID Federation 1.1 §8.3 and §8.7).
//!
//! Guarantees: a chain holds the member's configuration, the statement about it and the anchor's configuration, in
//! this order, as they are in force. Deliberately absent: metadata policies; they are not used here.

use protocol::{
    federation::{STATEMENT_LIFE, sign_resolve_response},
    seal::{SealFailed, SigningKey, encode_base64url},
};
use schemas::{
    federation::{Jwk, ResolveResponse},
    id::{CompactJws, EntityId},
    time::{NumericDate, Timestamp},
};
use serde::Serialize;

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    kid: &'a str,
}

#[derive(Serialize)]
struct HistoricalKeys<'a> {
    iss: &'a EntityId,
    iat: NumericDate,
    keys: &'a [Jwk],
}

/// A signed `resolve-response+jwt`.
pub(crate) fn resolve_response(
    anchor: &EntityId,
    key: &SigningKey,
    subject: EntityId,
    trust_chain: Vec<CompactJws>,
    now: Timestamp,
) -> Result<CompactJws, SealFailed> {
    let iat = now.numeric();
    let claims = ResolveResponse { iss: anchor.clone(), sub: subject, iat, exp: iat.plus(STATEMENT_LIFE), trust_chain };
    sign_resolve_response(key, &claims)
}

/// A signed `jwk-set+jwt` of federation keys that were used before. This log's anchor has had one key.
pub(crate) fn historical_keys(
    anchor: &EntityId,
    key: &SigningKey,
    former: &[Jwk],
    now: Timestamp,
) -> Result<CompactJws, SealFailed> {
    // This kind stands in OpenID Federation alone; nothing of ours verifies it, so it is no `Typ`.
    let claims = HistoricalKeys { iss: anchor, iat: now.numeric(), keys: former };
    let failed = SealFailed { operation: "write claims as JSON" };
    let header = Header { alg: key.algorithm().as_str(), typ: "jwk-set+jwt", kid: key.kid().as_str() };
    let part = |json: Result<Vec<u8>, serde_json::Error>| json.map(encode_base64url);
    let (Ok(header), Ok(payload)) = (part(serde_json::to_vec(&header)), part(serde_json::to_vec(&claims))) else {
        return Err(failed);
    };
    let signed = format!("{header}.{payload}");
    let signature = encode_base64url(key.sign_bytes(signed.as_bytes())?);
    format!("{signed}.{signature}").parse().map_err(|_| failed)
}
