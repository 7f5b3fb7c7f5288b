//! The trust anchor's HTTP interface.

use std::time::Duration;

use protocol::federation::{FederationError, VerifiedAnchor, verify_applicant};
use protocol::seal::random;
use schemas::{
    bundle::TrustRoot,
    digest::Digest,
    federation::{JoinRequest, SignedRegister},
    id::{CompactJws, EntityId},
    problem::{Code, Problem},
    time::Timestamp,
};
use serde::{Deserialize, de::DeserializeOwned};
use service_kit::http_client::{ClientLimits, HttpClient, HttpError, NetworkPolicy, Reply, fetch_unpinned};
use tlog::entry::EntryType;
use url::Url;

use crate::store::directory::RegisterKind;

/// Longest answer that is read, bytes: a directory of thousands of members.
const MAX: usize = 4 * 1024 * 1024;
/// Where every entity serves its own statement (OpenID Federation 1.1 §9).
pub const WELL_KNOWN: &str = "/.well-known/openid-federation";

/// The anchor did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum AnchorError {
    /// No answer.
    #[error("the trust anchor cannot be reached: {0}")]
    Away(#[from] HttpError),
    /// It refused.
    #[error("the trust anchor refused: {code}: {detail}")]
    Refused {
        /// Why.
        code: Code,
        /// Its words, with its mend.
        detail: String,
        /// Seconds after which to try again.
        retry_after: Option<u32>,
    },
    /// It answered something that cannot be read.
    #[error("the trust anchor's answer cannot be read: {0}")]
    Unreadable(&'static str),
    /// Its statement of itself is not acceptable.
    #[error(transparent)]
    Untrusted(#[from] FederationError),
}

/// A proof as the anchor serves it.
#[derive(Clone, Debug, Deserialize)]
pub struct ServedProof {
    /// The tlog-proof.
    pub proof: String,
    /// RFC 3161 responses over its checkpoint, base64 of DER.
    #[serde(default)]
    pub timestamps: Vec<String>,
}

/// The anchor, over TLS pinned to the certificates of its own verified statement.
#[derive(Clone, Debug)]
pub struct AnchorClient {
    http: HttpClient,
    entity: EntityId,
    list: String,
    resolve: String,
    registers: String,
    submissions: String,
    join: String,
    log: String,
}

/// Reads the anchor's statement over a connection that nobody vouches for, and holds it against the fingerprint.
///
/// # Errors
/// If the anchor is away, or is not the pinned one.
pub async fn configuration_unpinned(entity: &EntityId, networks: NetworkPolicy) -> Result<CompactJws, AnchorError> {
    let url = parse(&format!("{entity}{WELL_KNOWN}"))?;
    text(fetch_unpinned(&url, networks, MAX).await?)
}

impl AnchorClient {
    /// A client for the anchor that this statement describes.
    ///
    /// # Errors
    /// If the statement is not the pinned anchor's, or no client can be made of it.
    pub fn new(
        configuration: &CompactJws,
        root: &TrustRoot,
        networks: NetworkPolicy,
        now: Timestamp,
    ) -> Result<Self, AnchorError> {
        let anchor = VerifiedAnchor::verify(configuration, root, now)?;
        let claims = verify_applicant(configuration, now)?.claims().metadata.clone();
        let endpoints = claims.federation_entity.ok_or(FederationError::Metadata("no federation_entity"))?;
        let roots: Vec<Vec<u8>> =
            anchor.certificates().iter().filter_map(|certificate| certificate.to_der().ok()).collect();
        let metadata = anchor.metadata();
        Ok(Self {
            http: HttpClient::pinned(&roots, None, networks, ClientLimits::default())?,
            entity: anchor.entity().clone(),
            list: endpoints.federation_list_endpoint,
            resolve: endpoints.federation_resolve_endpoint,
            registers: metadata.registers_endpoint.clone(),
            submissions: metadata.submission_endpoint.clone(),
            join: metadata.join_endpoint.clone(),
            log: metadata.log_url.clone(),
        })
    }

    /// Its own statement.
    ///
    /// # Errors
    /// [`AnchorError`], as everywhere here.
    pub async fn configuration(&self) -> Result<CompactJws, AnchorError> {
        text(self.get(&format!("{}{WELL_KNOWN}", self.entity), &[]).await?)
    }

    /// All members (OpenID Federation 1.1 §8.2).
    ///
    /// # Errors
    /// [`AnchorError`].
    pub async fn members(&self) -> Result<Vec<EntityId>, AnchorError> {
        json(self.get(&self.list, &[]).await?)
    }

    /// A member's chain in a signed response (OpenID Federation 1.1 §8.3).
    ///
    /// # Errors
    /// [`AnchorError`].
    pub async fn resolve(&self, member: &EntityId) -> Result<CompactJws, AnchorError> {
        text(self.get(&self.resolve, &[("sub", member.as_str()), ("trust_anchor", self.entity.as_str())]).await?)
    }

    /// The signatures of a register; `None` while there is none.
    ///
    /// # Errors
    /// [`AnchorError`].
    pub async fn register(&self, kind: RegisterKind) -> Result<Option<SignedRegister>, AnchorError> {
        let reply = self.fetch(&format!("{}/{}", self.registers, kind.as_str()), &[]).await?;
        if reply.status == 404 { Ok(None) } else { json(accepted(reply)?).map(Some) }
    }

    /// Applies for membership, or updates what one joined with.
    ///
    /// # Errors
    /// [`AnchorError`].
    pub async fn join(&self, request: &JoinRequest) -> Result<(), AnchorError> {
        let body = serde_json::to_vec(request).map_err(|_| AnchorError::Unreadable("the application"))?;
        let reply = self.http.post(&parse(&self.join)?, "application/json", body, MAX).await?;
        accepted(reply).map(drop)
    }

    /// Submits digests; the acknowledgement is not yet verified.
    ///
    /// # Errors
    /// [`AnchorError`].
    pub async fn submit(&self, submission: &CompactJws) -> Result<CompactJws, AnchorError> {
        let body = submission.as_str().as_bytes().to_vec();
        let reply = self.http.post(&parse(&self.submissions)?, "application/dx-anchor-submit+jwt", body, MAX).await?;
        text(accepted(reply)?)
    }

    /// The proof of a record in a published, stamped checkpoint; `None` while there is none. A record that is in the log
    /// already is waited for.
    ///
    /// # Errors
    /// [`AnchorError`].
    pub async fn proof(
        &self,
        kind: EntryType,
        digest: &Digest,
        wait: Duration,
    ) -> Result<Option<ServedProof>, AnchorError> {
        let (kind, digest) = (u8::from(kind).to_string(), digest.to_string());
        // Less than the client's own patience of ten seconds.
        let wait = wait.as_secs().min(8).to_string();
        let question = [("type", kind.as_str()), ("digest", &digest), ("wait", &wait)];
        let reply = self.fetch(&format!("{}/log/proof", self.log), &question).await?;
        // 202: in the log, and not yet in a published checkpoint. 404: not in the log.
        if matches!(reply.status, 202 | 404) { Ok(None) } else { json(accepted(reply)?).map(Some) }
    }

    async fn get(&self, url: &str, query: &[(&str, &str)]) -> Result<Reply, AnchorError> {
        accepted(self.fetch(url, query).await?)
    }

    async fn fetch(&self, url: &str, query: &[(&str, &str)]) -> Result<Reply, AnchorError> {
        let mut url = parse(url)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(self.http.fetch(&url, MAX).await?)
    }
}

fn parse(url: &str) -> Result<Url, AnchorError> {
    Url::parse(url).map_err(|_| AnchorError::Unreadable("an endpoint of its statement"))
}

fn accepted(reply: Reply) -> Result<Reply, AnchorError> {
    if (200..300).contains(&reply.status) {
        return Ok(reply);
    }
    let problem: Option<Problem> = serde_json::from_slice(&reply.body).ok();
    let retry_after = reply.retry_after.or(problem.as_ref().and_then(|problem| problem.retry_after));
    let (code, detail) = problem.map_or((Code::Internal, format!("status {}", reply.status)), |problem| {
        (problem.code, problem.detail.unwrap_or(problem.title))
    });
    Err(AnchorError::Refused { code, detail, retry_after })
}

fn text(reply: Reply) -> Result<CompactJws, AnchorError> {
    let text = std::str::from_utf8(&reply.body).map_err(|_| AnchorError::Unreadable("no text"))?;
    text.trim_end().parse().map_err(|_| AnchorError::Unreadable("no signed statement"))
}

fn json<T: DeserializeOwned>(reply: Reply) -> Result<T, AnchorError> {
    serde_json::from_slice(&reply.body).map_err(|_| AnchorError::Unreadable("no JSON of the expected form"))
}

/// A part of `whole` drawn evenly: full jitter of a back-off.
pub fn jittered(whole: Duration) -> Duration {
    let [a, b] = random::bytes::<2>();
    whole.mul_f64(f64::from(u16::from_be_bytes([a, b])) / f64::from(u16::MAX))
}
