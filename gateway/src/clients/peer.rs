//! Other departments' gateways: mutual TLS 1.3, one client a peer, made of what the directory lists for it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use protocol::federation::VerifiedMember;
use schemas::id::EntityId;
use service_kit::{
    http_client::{ClientLimits, HttpClient, HttpError, NetworkPolicy, Reply},
    tls::ServerIdentity,
};
use url::Url;

/// Longest answer of a peer, bytes (security, "Limits and time-outs").
pub const MAX_ANSWER: usize = 1024 * 1024;

/// Requests on their way to one peer, and connections kept to it: below a certificate's share of a listener (security, "Limits and
/// time-outs"), so that what is asked waits here and is not refused there.
const CONNECTIONS: usize = 48;

/// Speaks to one department.
#[derive(Clone, Debug)]
pub struct PeerClient {
    http: HttpClient,
}

impl PeerClient {
    /// Posts a signed message to one of the peer's endpoints; the answer is bytes, capped at [`MAX_ANSWER`].
    ///
    /// # Errors
    /// [`HttpError::NotSent`] if nothing was sent (trying again is safe), else what went wrong.
    pub async fn post(&self, endpoint: &str, media_type: &str, body: Vec<u8>) -> Result<Reply, HttpError> {
        let url =
            Url::parse(endpoint).map_err(|_| HttpError::Setup("the directory lists no usable address".to_owned()))?;
        self.http.post(&url, media_type, body, MAX_ANSWER).await
    }

    /// Reads one of the peer's endpoints.
    ///
    /// # Errors
    /// As [`post`](Self::post).
    pub async fn fetch(&self, endpoint: &str, query: &[(&str, &str)]) -> Result<Reply, HttpError> {
        let mut url =
            Url::parse(endpoint).map_err(|_| HttpError::Setup("the directory lists no usable address".to_owned()))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.http.fetch(&url, MAX_ANSWER).await
    }
}

/// An address on a member's peers' listener, where the directory's certificates are shown whatever browsers see elsewhere.
pub fn peers_address(member: &VerifiedMember, path: &str) -> Option<String> {
    let mut url = Url::parse(&member.gateway().query_endpoint).ok()?;
    url.set_path(path);
    Some(url.into())
}

/// A client, and the certificates (DER) for which it was made.
type Made = (Vec<Vec<u8>>, PeerClient);

/// Clients by peer, kept while the peer's certificates stay the same.
#[derive(Debug)]
pub struct PeerClients {
    identity: ServerIdentity,
    networks: NetworkPolicy,
    made: Mutex<HashMap<EntityId, Made>>,
}

impl PeerClients {
    /// Clients that show this identity.
    pub fn new(identity: ServerIdentity, networks: NetworkPolicy) -> Self {
        Self { identity, networks, made: Mutex::default() }
    }

    /// The client for a member as the directory lists it now.
    ///
    /// # Errors
    /// If a certificate cannot be used.
    pub fn client(&self, member: &VerifiedMember) -> Result<PeerClient, HttpError> {
        // As many are kept as are used at once: after a group commit many answers come together, and a connection that is thrown
        // away then costs a handshake at the next one.
        self.client_within(member, ClientLimits { pool: CONNECTIONS, at_once: CONNECTIONS, ..ClientLimits::default() })
    }

    /// The same, made within these limits if there is none yet.
    pub(crate) fn client_within(&self, member: &VerifiedMember, limits: ClientLimits) -> Result<PeerClient, HttpError> {
        let roots: Vec<Vec<u8>> = member.certificates().filter_map(|certificate| certificate.to_der().ok()).collect();
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, client)) = made.get(member.entity())
            && *known == roots
        {
            return Ok(client.clone());
        }
        let http = HttpClient::pinned(&roots, Some(&self.identity), self.networks.clone(), limits)?;
        let client = PeerClient { http };
        made.insert(member.entity().clone(), (roots, client.clone()));
        Ok(client)
    }
}
