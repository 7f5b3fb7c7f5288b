//! The provider: what it says of itself, its keys, and where a code becomes a token.
//!
//! Guarantees: metadata and keys are fetched at most every ten minutes, never because a token names a key that is not there;
//! answers are capped; every endpoint stands on a host that the configuration names.

use std::sync::{Mutex, PoisonError};

use openssl::x509::X509;
use protocol::seal::{
    Limits, SigningKey, check_strict_json,
    login_token::{self, LoginTokenError, ProviderKey},
    random,
};
use serde::Deserialize;
use service_kit::{
    http_client::{ClientLimits, HttpClient, HttpError, NetworkPolicy},
    secret::{Secret, SecretError, SecretFile},
};
use url::{Url, form_urlencoded};

use super::PeopleError;
use crate::config::OpenIdSettings;

/// Bounds of everything that the provider sends.
pub(super) const LIMITS: Limits = Limits::of(64 * 1024);
/// How long metadata and keys are used, milliseconds.
const FRESH_MS: i64 = 600_000;
const FORM: &str = "application/x-www-form-urlencoded";

/// The provider cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum OpenIdSetupError {
    /// A file with a secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The certificates.
    #[error("{path}: {problem}; mend: name a PEM file with the certificates of people.openid.issuer")]
    Certificates {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Neither or both ways to prove ourselves.
    #[error("people.openid needs one of client_secret_file and client_key_file; mend: name one of them")]
    Client,
    /// The key.
    #[error("people.openid.client_key_file holds no private key in PKCS#8 PEM")]
    Key,
    /// The client.
    #[error(transparent)]
    Http(#[from] HttpError),
}

/// A sign-in through the provider did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum OpenIdError {
    /// The provider did not answer.
    #[error("the OpenID provider could not be asked: {0}")]
    Away(#[from] HttpError),
    /// It does not say what it must, or says something else.
    #[error("the OpenID provider's answer was not accepted: {0}")]
    Answer(&'static str),
    /// The ID token does not verify.
    #[error(transparent)]
    Unverified(#[from] LoginTokenError),
    /// A claim of the ID token is not as it must be.
    #[error("the ID token's claim {0} was not accepted")]
    Token(&'static str),
    /// Our assertion could not be signed.
    #[error(transparent)]
    Seal(#[from] protocol::seal::SealFailed),
    /// The account.
    #[error(transparent)]
    People(#[from] PeopleError),
}

/// How we prove ourselves at the token endpoint.
enum Client {
    Secret(Secret<String>),
    Key(Box<SigningKey>),
}

/// What the provider says of itself (OpenID Connect Discovery 1.0 §3).
#[derive(Clone, Debug, Deserialize)]
pub struct Metadata {
    issuer: String,
    pub(super) authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
}

#[derive(Deserialize)]
struct TokenAnswer {
    id_token: String,
}

struct Fetched<T> {
    what: T,
    at_ms: i64,
}

/// One provider.
pub struct Provider {
    settings: OpenIdSettings,
    client: Client,
    http: HttpClient,
    metadata: Mutex<Option<Fetched<Metadata>>>,
    keys: Mutex<Option<Fetched<Vec<ProviderKey>>>>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Provider").field(&self.settings.issuer).finish()
    }
}

impl Provider {
    /// Reads the files that the section names; asks nobody yet.
    ///
    /// # Errors
    /// [`OpenIdSetupError`], with its mend.
    pub fn open(settings: OpenIdSettings, networks: NetworkPolicy) -> Result<Self, OpenIdSetupError> {
        let client = match (&settings.client_secret_file, &settings.client_key_file) {
            (Some(file), None) => {
                let content = SecretFile::read(&file.resolve())?;
                Client::Secret(Secret::new(String::from_utf8_lossy(content.expose()).trim_end().to_owned()))
            }
            (None, Some(file)) => {
                let pem = SecretFile::read(&file.resolve())?;
                Client::Key(Box::new(SigningKey::from_pem(pem.expose()).map_err(|_| OpenIdSetupError::Key)?))
            }
            _ => return Err(OpenIdSetupError::Client),
        };
        let http = HttpClient::pinned(&certificates(&settings)?, None, networks, ClientLimits::default())?;
        Ok(Self { settings, client, http, metadata: Mutex::default(), keys: Mutex::default() })
    }

    pub(super) const fn settings(&self) -> &OpenIdSettings {
        &self.settings
    }

    /// What it says of itself, at most ten minutes old.
    pub(super) async fn metadata(&self, now_ms: i64) -> Result<Metadata, OpenIdError> {
        if let Some(known) = fresh(&self.metadata, now_ms) {
            return Ok(known);
        }
        let issuer = self.settings.issuer.as_str();
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let address = Url::parse(&address).map_err(|_| OpenIdError::Answer("the issuer is no address"))?;
        let body = self.fetch(&address).await?;
        check_strict_json(&body, LIMITS).map_err(|_| OpenIdError::Answer("its metadata is no strict JSON"))?;
        let metadata: Metadata =
            serde_json::from_slice(&body).map_err(|_| OpenIdError::Answer("its metadata lacks an endpoint"))?;
        if metadata.issuer != issuer {
            return Err(OpenIdError::Answer("its metadata names another issuer"));
        }
        for endpoint in [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri] {
            self.authorize_host(endpoint)?;
        }
        keep(&self.metadata, metadata.clone(), now_ms);
        Ok(metadata)
    }

    /// Its keys, at most ten minutes old.
    pub(super) async fn keys(&self, now_ms: i64) -> Result<Vec<ProviderKey>, OpenIdError> {
        if let Some(known) = fresh(&self.keys, now_ms) {
            return Ok(known);
        }
        let metadata = self.metadata(now_ms).await?;
        let keys = login_token::provider_keys(&self.fetch(&metadata.jwks_uri).await?, LIMITS)?;
        keep(&self.keys, keys.clone(), now_ms);
        Ok(keys)
    }

    /// The ID token for a code.
    pub(super) async fn redeem(
        &self,
        code: &str,
        verifier: &str,
        back: &str,
        now_ms: i64,
    ) -> Result<String, OpenIdError> {
        let metadata = self.metadata(now_ms).await?;
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", back)
            .append_pair("code_verifier", verifier)
            .append_pair("client_id", &self.settings.client_id);
        match &self.client {
            Client::Secret(secret) => drop(form.append_pair("client_secret", secret.expose())),
            Client::Key(key) => {
                let assertion = self.assertion(key, now_ms)?;
                form.append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
                    .append_pair("client_assertion", &assertion);
            }
        }
        let body = form.finish().into_bytes();
        let reply = self.http.post(&metadata.token_endpoint, FORM, body, LIMITS.bytes).await?;
        if reply.status != 200 {
            return Err(OpenIdError::Answer("it did not take the code"));
        }
        check_strict_json(&reply.body, LIMITS).map_err(|_| OpenIdError::Answer("its answer is no strict JSON"))?;
        let answer: TokenAnswer =
            serde_json::from_slice(&reply.body).map_err(|_| OpenIdError::Answer("no ID token came"))?;
        Ok(answer.id_token)
    }

    /// `private_key_jwt` (OpenID Connect Core 1.0 §9); the audience is the issuer (FAPI 2.0 §5.3.3.1).
    fn assertion(&self, key: &SigningKey, now_ms: i64) -> Result<String, OpenIdError> {
        let now = now_ms / 1000;
        let claims = serde_json::json!({
            "iss": self.settings.client_id, "sub": self.settings.client_id, "aud": self.settings.issuer,
            "jti": random::token(), "iat": now, "exp": now.saturating_add(60),
        });
        Ok(login_token::sign(key, &claims)?)
    }

    async fn fetch(&self, address: &Url) -> Result<Vec<u8>, OpenIdError> {
        self.authorize_host(address)?;
        let reply = self.http.fetch(address, LIMITS.bytes).await?;
        if reply.status == 200 { Ok(reply.body) } else { Err(OpenIdError::Answer("it answers with an error")) }
    }

    /// Connections go to hosts that are named, and nowhere else (security, requirement 20).
    fn authorize_host(&self, address: &Url) -> Result<(), OpenIdError> {
        let own = Url::parse(self.settings.issuer.as_str()).ok().and_then(|url| url.host_str().map(str::to_owned));
        let host = address.host_str().unwrap_or_default();
        let named = own.as_deref() == Some(host) || self.settings.hosts.iter().any(|name| name == host);
        if named && address.scheme() == "https" {
            return Ok(());
        }
        Err(OpenIdError::Answer("an endpoint stands on a host that people.openid.hosts does not name"))
    }
}

fn certificates(settings: &OpenIdSettings) -> Result<Vec<Vec<u8>>, OpenIdSetupError> {
    let path = settings.certificate_file.resolve();
    let wrong = |problem: String| OpenIdSetupError::Certificates { path: path.clone(), problem };
    let pem = std::fs::read(&path).map_err(|error| wrong(error.to_string()))?;
    let found = X509::stack_from_pem(&pem).map_err(|_| wrong("no certificates in it can be read".to_owned()))?;
    if found.is_empty() {
        return Err(wrong("there is no certificate in it".to_owned()));
    }
    found.iter().map(|one| one.to_der().map_err(|error| wrong(error.to_string()))).collect()
}

fn fresh<T: Clone>(kept: &Mutex<Option<Fetched<T>>>, now_ms: i64) -> Option<T> {
    let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    kept.as_ref().filter(|kept| now_ms.saturating_sub(kept.at_ms) < FRESH_MS).map(|kept| kept.what.clone())
}

fn keep<T>(place: &Mutex<Option<Fetched<T>>>, what: T, at_ms: i64) {
    *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(Fetched { what, at_ms });
}
