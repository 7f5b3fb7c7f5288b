//! What an ID token must say (OpenID Connect Core 1.0 §3.1.3.7).

use schemas::time::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::OpenIdError;
use crate::config::OpenIdSettings;

/// Seconds by which clocks may differ (protocol, "Requests").
const SKEW: i64 = 10;
/// How old an ID token may be when it comes, seconds.
const OLDEST: i64 = 600;
/// Characters of a name for display.
const DISPLAY: usize = 80;

/// The claims of an ID token whose signature was verified.
#[derive(Debug, Deserialize)]
pub(super) struct IdToken {
    iss: String,
    sub: String,
    aud: Value,
    exp: i64,
    iat: i64,
    nonce: Option<String>,
    azp: Option<String>,
    name: Option<String>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// Who it is, and in which groups.
#[derive(Debug)]
pub(super) struct Judged {
    pub subject: String,
    pub display: Option<String>,
    pub groups: Vec<String>,
}

impl IdToken {
    /// Takes the token's word if it is for us, now, and for this sign-in.
    pub(super) fn judge(self, settings: &OpenIdSettings, nonce: &str, now: Timestamp) -> Result<Judged, OpenIdError> {
        let wrong = |what| Err(OpenIdError::Token(what));
        let now = now.seconds();
        if self.iss != settings.issuer.as_str() {
            return wrong("iss");
        }
        if !is_for(&self.aud, self.azp.as_deref(), &settings.client_id) {
            return wrong("aud");
        }
        if self.exp.saturating_add(SKEW) <= now {
            return wrong("exp");
        }
        if self.iat > now.saturating_add(SKEW) || self.iat < now.saturating_sub(OLDEST) {
            return wrong("iat");
        }
        if self.nonce.as_deref() != Some(nonce) {
            return wrong("nonce");
        }
        if self.sub.is_empty() || self.sub.len() > 255 {
            return wrong("sub");
        }
        let groups = self.more.get(&settings.role_claim).map(texts).unwrap_or_default();
        let display = self.name.map(|name| name.chars().filter(|c| !c.is_control()).take(DISPLAY).collect());
        Ok(Judged { subject: self.sub, display, groups })
    }
}

/// For us alone; or for us among others, and then `azp` says that we asked.
fn is_for(aud: &Value, azp: Option<&str>, client: &str) -> bool {
    let audience = texts(aud);
    let ours = audience.iter().any(|one| one == client);
    ours && azp.is_none_or(|azp| azp == client) && (audience.len() == 1 || azp.is_some())
}

/// A text, or a list of texts.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list.iter().filter_map(|one| one.as_str().map(str::to_owned)).take(256).collect(),
        _ => Vec::new(),
    }
}
