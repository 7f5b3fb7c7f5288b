//! The protected header: an allow-list, read strictly.
//!
//! `crit`, `b64`, `zip`, `jku`, `x5u`, `x5c` and every other member are refused because they are not on the list.

use schemas::id::KeyId;
use serde::Deserialize;

use super::{JwsError, object};
use crate::seal::{Algorithm, Jwk, Limits, Typ};

#[derive(Clone)]
pub(super) struct Header {
    pub algorithm: Algorithm,
    pub typ: String,
    pub kid: Option<String>,
    pub jwk: Option<Jwk>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    alg: String,
    typ: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    jwk: Option<Jwk>,
}

impl Header {
    pub(super) fn parse(json: &[u8], limits: Limits) -> Result<Self, JwsError> {
        object(json, Limits { string: 4096, members: 16, depth: 3, ..limits })?;
        let Members { alg, typ, kid, jwk } =
            serde_json::from_slice(json).map_err(|_| JwsError::Malformed("a header member is not allowed"))?;
        let algorithm = Algorithm::of(&alg).ok_or(JwsError::Malformed("only ES256 and EdDSA are accepted"))?;
        if jwk.is_some() && !Typ::of(&typ).is_some_and(Typ::proves_header_key) {
            return Err(JwsError::Malformed("a header member is not allowed"));
        }
        Ok(Self { algorithm, typ, kid, jwk })
    }

    /// A `kid` that is a thumbprint must be that of the verifying key; others (`did:jwk:…#0`) are judged by those
    /// who know what they mean.
    pub(super) fn names_another_than(&self, key: &KeyId) -> bool {
        self.kid.as_deref().and_then(|kid| kid.parse::<KeyId>().ok()).is_some_and(|kid| kid != *key)
    }
}
