//! The only place that makes HTTP clients.
//!
//! Guarantees: https only, TLS 1.3, OpenSSL, trust in exactly the given certificates; no redirects, no proxies, no
//! decompression; connect 2 s, total 10 s; addresses outside of the public Internet are refused after name
//! resolution, and as literals, unless a configured network holds them; bodies are read up to a limit; requests on their way at
//! once are bounded for each client. Deliberately absent: retries (the caller knows what is safe to repeat), cookies, certificate
//! authorities.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, header, tls};
use tokio::sync::{Semaphore, SemaphorePermit};
use url::Url;

use crate::{secret::Secret, tls::ServerIdentity};

mod outbound;
pub use outbound::{NetworkPolicy, OutboundRefused};

/// A request did not lead to an answer that may be used.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The address is not one to which we may connect. Nothing was sent.
    #[error(transparent)]
    Refused(#[from] OutboundRefused),
    /// No connection. Nothing was sent, so trying again is safe.
    #[error("no connection: {0}")]
    NotSent(String),
    /// Sent, but no whole answer came in time. The other side may have acted.
    #[error("no whole answer: {0}")]
    Unanswered(String),
    /// The answer is longer than we take.
    #[error("the answer is longer than {0} bytes")]
    TooLarge(usize),
    /// The answer is compressed, which we never asked for.
    #[error("the answer has a content encoding")]
    Encoded,
    /// The client could not be made.
    #[error("the client could not be made: {0}")]
    Setup(String),
}

/// Sizes and time-outs. The defaults are those of the security design.
#[derive(Clone, Copy, Debug)]
pub struct ClientLimits {
    /// For the connection.
    pub connect: Duration,
    /// For the whole exchange.
    pub total: Duration,
    /// Idle connections kept for each host.
    pub pool: usize,
    /// Requests on their way at once; more wait for their turn, as long as a request may take in all.
    pub at_once: usize,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(2), total: Duration::from_secs(10), pool: 16, at_once: 64 }
    }
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The media type, without parameters, in lower case.
    pub media_type: Option<String>,
    /// Seconds after which the server asks us to try again.
    pub retry_after: Option<u32>,
    /// The body.
    pub body: Vec<u8>,
}

/// A client for one trust: one peer, or one named service. Clones share its connections and its turns.
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: Client,
    networks: Arc<NetworkPolicy>,
    turns: Arc<Semaphore>,
    patience: Duration,
}

impl HttpClient {
    /// Trusts exactly these certificates (DER), shows `identity` if one is given.
    pub fn pinned(
        roots: &[Vec<u8>],
        identity: Option<&ServerIdentity>,
        networks: NetworkPolicy,
        limits: ClientLimits,
    ) -> Result<Self, HttpError> {
        let roots: Result<Vec<_>, _> = roots.iter().map(|der| reqwest::Certificate::from_der(der)).collect();
        let mut builder = hardened(&networks, limits).tls_certs_only(roots.map_err(setup)?);
        if let Some(identity) = identity {
            let (certificate, key): (Vec<u8>, Secret<Vec<u8>>) =
                identity.client_pem().map_err(|error| HttpError::Setup(error.to_string()))?;
            builder = builder.identity(reqwest::Identity::from_pkcs8_pem(&certificate, key.expose()).map_err(setup)?);
        }
        Self::built(builder, networks, limits)
    }

    /// Trusts these certificates (DER), and beside them the authorities that this machine trusts: for a citizen's own program, which
    /// meets listeners with a certificate for browsers. Never between members.
    pub fn listed_or_public(
        roots: &[Vec<u8>],
        networks: NetworkPolicy,
        limits: ClientLimits,
    ) -> Result<Self, HttpError> {
        let roots: Result<Vec<_>, _> = roots.iter().map(|der| reqwest::Certificate::from_der(der)).collect();
        let builder = hardened(&networks, limits).tls_certs_merge(roots.map_err(setup)?);
        Self::built(builder, networks, limits)
    }

    fn built(
        builder: reqwest::ClientBuilder,
        networks: NetworkPolicy,
        limits: ClientLimits,
    ) -> Result<Self, HttpError> {
        Ok(Self {
            client: builder.build().map_err(setup)?,
            networks: Arc::new(networks),
            turns: Arc::new(Semaphore::new(limits.at_once.max(1))),
            patience: limits.total,
        })
    }

    /// Reads the address.
    pub async fn fetch(&self, url: &Url, max: usize) -> Result<Reply, HttpError> {
        self.networks.check(url)?;
        let _turn = self.turn().await?;
        answer(self.client.get(url.clone()), max).await
    }

    /// One slow party holds up those who speak to it, and the party that is fast enough gets no more connections than it admits.
    async fn turn(&self) -> Result<SemaphorePermit<'_>, HttpError> {
        let turn = tokio::time::timeout(self.patience, self.turns.acquire()).await;
        turn.ok()
            .and_then(Result::ok)
            .ok_or_else(|| HttpError::NotSent("no turn came: too much is on its way there".to_owned()))
    }

    /// Posts the body as this media type.
    pub async fn post(&self, url: &Url, media_type: &str, body: Vec<u8>, max: usize) -> Result<Reply, HttpError> {
        self.post_with(url, media_type, &[], body, max).await
    }

    /// Posts the body with further headers, such as `DPoP` or `Authorization`.
    pub async fn post_with(
        &self,
        url: &Url,
        media_type: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
        max: usize,
    ) -> Result<Reply, HttpError> {
        self.networks.check(url)?;
        let mut request = self.client.post(url.clone()).header(header::CONTENT_TYPE, media_type).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let _turn = self.turn().await?;
        answer(request, max).await
    }
}

/// The one fetch whose server nobody has vouched for yet: what a newcomer reads when it joins. The connection
/// is encrypted but NOT authenticated; the caller must check the content against a fingerprint got out of band.
pub async fn fetch_unpinned(url: &Url, networks: NetworkPolicy, max: usize) -> Result<Reply, HttpError> {
    networks.check(url)?;
    let client = hardened(&networks, ClientLimits::default())
        .tls_certs_only(std::iter::empty())
        .tls_danger_accept_invalid_certs(true)
        .tls_danger_accept_invalid_hostnames(true)
        .build()
        .map_err(setup)?;
    answer(client.get(url.clone()), max).await
}

#[allow(clippy::disallowed_methods)] // this is the one constructor
fn hardened(networks: &NetworkPolicy, limits: ClientLimits) -> reqwest::ClientBuilder {
    Client::builder()
        // Another crate of the build switches rustls on, so OpenSSL is chosen and not left to the default.
        .tls_backend_native()
        .tls_version_min(tls::Version::TLS_1_3)
        .https_only(true)
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .referer(false)
        .tcp_nodelay(true)
        .connect_timeout(limits.connect)
        .timeout(limits.total)
        .pool_max_idle_per_host(limits.pool)
        // Shorter than the 30 s after which our servers close, so that no request meets a closing connection.
        .pool_idle_timeout(Duration::from_secs(20))
        .dns_resolver(networks.clone())
}

fn setup(error: reqwest::Error) -> HttpError {
    HttpError::Setup(spelled_out(&error))
}

async fn answer(request: reqwest::RequestBuilder, max: usize) -> Result<Reply, HttpError> {
    let response = request.send().await.map_err(blame)?;
    if response.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(HttpError::Encoded);
    }
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let media_type =
        text(header::CONTENT_TYPE).map(|value| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    let retry_after = text(header::RETRY_AFTER).and_then(|value| value.parse().ok());
    let status = response.status().as_u16();
    Ok(Reply { status, media_type, retry_after, body: read_capped(response, max).await? })
}

async fn read_capped(mut response: reqwest::Response, max: usize) -> Result<Vec<u8>, HttpError> {
    let announced = usize::try_from(response.content_length().unwrap_or(0)).unwrap_or(usize::MAX);
    if announced > max {
        return Err(HttpError::TooLarge(max));
    }
    let mut body = Vec::with_capacity(announced);
    while let Some(chunk) = response.chunk().await.map_err(|error| HttpError::Unanswered(spelled_out(&error)))? {
        if body.len().saturating_add(chunk.len()) > max {
            return Err(HttpError::TooLarge(max));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn blame(error: reqwest::Error) -> HttpError {
    let text = spelled_out(&error);
    if error.is_connect() || error.is_builder() { HttpError::NotSent(text) } else { HttpError::Unanswered(text) }
}

/// The chain of causes in one line, without the address (which may hold names).
fn spelled_out(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(error) = cause {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&error.to_string());
        cause = error.source();
    }
    if text.is_empty() && error.is_timeout() { "timed out".to_owned() } else { text }
}

#[cfg(test)]
mod tests;
