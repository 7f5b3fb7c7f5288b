//! Posting to a member: forms, JSON and tokens; what comes back other than 2xx is that member's refusal, in its words.

use protocol::federation::VerifiedMember;
use schemas::{openid::OAuthError, problem::Problem};
use serde::{Serialize, de::DeserializeOwned};
use service_kit::http_client::{HttpClient, Reply};
use url::{Url, form_urlencoded};

use super::WalletError;

/// Longest answer of a member, bytes.
const MOST: usize = 1 << 20;
/// It was asked too often (RFC 6585, section 4).
const TOO_MANY: u16 = 429;
const FORM: &str = "application/x-www-form-urlencoded";

/// A member and the client for it.
pub(super) struct Party<'a> {
    pub member: &'a VerifiedMember,
    pub http: HttpClient,
}

impl Party<'_> {
    /// Posts a form.
    pub async fn form(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        fields: &[(&str, &str)],
    ) -> Result<Reply, WalletError> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.post(url, FORM, headers, body.into_bytes()).await
    }

    /// Posts a JSON document.
    pub async fn json(&self, url: &str, headers: &[(&str, &str)], body: &impl Serialize) -> Result<Reply, WalletError> {
        let body = serde_json::to_vec(body).map_err(|error| WalletError::Usage(error.to_string()))?;
        self.post(url, "application/json", headers, body).await
    }

    /// Posts bytes; the address must be one of this member's listeners.
    pub async fn post(
        &self,
        url: &str,
        media: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Reply, WalletError> {
        let url = self.own(url)?;
        let sent = self.http.post_with(&url, media, headers, body, MOST).await;
        self.accepted(sent.map_err(|error| WalletError::unanswered(self.member.entity(), error))?)
    }

    /// Reads an address of this member.
    pub async fn fetch(&self, url: &str) -> Result<Reply, WalletError> {
        let url = self.own(url)?;
        let fetched = self.http.fetch(&url, MOST).await;
        self.accepted(fetched.map_err(|error| WalletError::unanswered(self.member.entity(), error))?)
    }

    /// Only where the directory says this member listens for people: an answer must not lead the wallet elsewhere.
    fn own(&self, url: &str) -> Result<Url, WalletError> {
        let parse = |text: &str| Url::parse(text).ok();
        let wanted = parse(url).ok_or_else(|| WalletError::Usage(format!("{url} is no address")))?;
        let listed = [self.member.entity().as_str(), self.member.gateway().citizen_endpoint.as_str()];
        if listed.into_iter().filter_map(parse).any(|known| known.origin() == wanted.origin()) {
            return Ok(wanted);
        }
        Err(WalletError::Untrusted(format!("{url} is no address of {}", self.member.entity())))
    }

    fn accepted(&self, reply: Reply) -> Result<Reply, WalletError> {
        if (200..300).contains(&reply.status) {
            return Ok(reply);
        }
        let said = said(&reply);
        let party = self.member.entity().clone();
        // Neither says anything of what was asked; later it may.
        if reply.status >= 500 || reply.status == TOO_MANY {
            return Err(WalletError::Unanswered { party, reason: said });
        }
        let code = serde_json::from_slice::<Problem>(&reply.body).ok().map(|problem| problem.code);
        Err(WalletError::Refused { party, code, reason: said })
    }

    /// The JSON of an answer.
    pub fn read<T: DeserializeOwned>(&self, reply: &Reply) -> Result<T, WalletError> {
        let party = self.member.entity();
        serde_json::from_slice(&reply.body)
            .map_err(|_| WalletError::Untrusted(format!("{party} answered something else than expected")))
    }

    /// The text of an answer, as a token.
    pub fn token<T: std::str::FromStr>(&self, reply: &Reply) -> Result<T, WalletError> {
        let text = std::str::from_utf8(&reply.body).ok().and_then(|text| text.trim_end().parse().ok());
        text.ok_or_else(|| WalletError::Untrusted(format!("{} answered no token", self.member.entity())))
    }
}

fn said(reply: &Reply) -> String {
    if let Ok(problem) = serde_json::from_slice::<Problem>(&reply.body) {
        return format!("{} ({})", problem.detail.unwrap_or(problem.title), problem.code);
    }
    match serde_json::from_slice::<OAuthError>(&reply.body) {
        Ok(error) => format!("{} ({})", error.error_description.unwrap_or_default(), error.error),
        Err(_) => format!("status {}", reply.status),
    }
}
