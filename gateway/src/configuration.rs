//! What the department says of itself: its entity configuration (OpenID Federation 1.1 §3.1), made by `join`.
//!
//! Guarantees: nothing stands in it that the configuration, the mapping and the keys do not say; the federation key signs it
//! and is read for that alone. Deliberately absent: roles and standing; those are the anchor's word.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use protocol::{
    federation::sign_configuration,
    seal::{KeyError, SealFailed, SigningKey},
};
use registry_adapter::{registry::Registry as _, source::Source};
use schemas::{
    federation::{DataGateway, EntityConfiguration, Jwk, JwkSet, Metadata, OfficerJwk},
    id::{CompactJws, EntityId},
    time::NumericDate,
};

use crate::{config::Config, keys::Keys};

/// How long a configuration lives, seconds; its key is off line, so that it cannot be renewed daily.
const LIFE: i64 = 365 * 86_400;

/// Paths below `public.peers`, and the media type that each takes.
pub mod path {
    /// Queries.
    pub const QUERIES: &str = "/peer/v1/queries";
    /// Counterpart receipts.
    pub const RECEIPTS: &str = "/peer/v1/receipts";
    /// Events.
    pub const EVENTS: &str = "/peer/v1/events";
    /// The feed of events.
    pub const FEED: &str = "/peer/v1/events/feed";
    /// Applications of events, on their way back to the source.
    pub const APPLIED: &str = "/peer/v1/events/applied";
    /// Subscriptions.
    pub const SUBSCRIPTIONS: &str = "/peer/v1/events/subscriptions";
    /// Changes of follow lists.
    pub const FOLLOWS: &str = "/peer/v1/events/follows";
    /// Comparisons of rolls.
    pub const OVERLAPS: &str = "/peer/v1/overlaps";
    /// Below `public.people`: where wallets go.
    pub const CITIZEN: &str = "/citizen/v1";
}

/// The statement could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// The certificate cannot be written down.
    #[error("the certificate of the listeners cannot be read")]
    Certificate(#[source] KeyError),
    /// It could not be signed.
    #[error(transparent)]
    Seal(#[from] SealFailed),
}

/// Makes and signs the statement.
///
/// # Errors
/// If OpenSSL fails.
pub fn sign(
    federation: &SigningKey,
    config: &Config,
    keys: &Keys,
    source: Option<&Source>,
    officers: Vec<OfficerJwk>,
    anchor: &EntityId,
    iat: NumericDate,
) -> Result<CompactJws, ConfigurationError> {
    let claims = EntityConfiguration {
        iss: config.entity.clone(),
        sub: config.entity.clone(),
        iat,
        exp: iat.plus(LIFE),
        jwks: set([federation.public().jwk().clone()]),
        authority_hints: vec![anchor.clone()],
        metadata: Metadata { data_gateway: Some(gateway(config, keys, source, officers)?), ..Metadata::default() },
    };
    Ok(sign_configuration(federation, &claims)?)
}

fn gateway(
    config: &Config,
    keys: &Keys,
    source: Option<&Source>,
    officers: Vec<OfficerJwk>,
) -> Result<DataGateway, ConfigurationError> {
    let peers = |path: &str| format!("{}{path}", config.public.peers);
    let certificate = keys.tls.certificate().to_der().map_err(ConfigurationError::Certificate)?;
    Ok(DataGateway {
        organization_name: config.name.clone(),
        protocol_versions: vec!["1".to_owned()],
        query_endpoint: peers(path::QUERIES),
        event_endpoint: peers(path::EVENTS),
        receipts_endpoint: peers(path::RECEIPTS),
        citizen_endpoint: format!("{}{}", config.public.people, path::CITIZEN),
        witness: None,
        signing_jwks: set([keys.signing.public().jwk().clone()]),
        encryption_jwks: set(keys.encryption.iter().map(|key| key.public().jwk().clone())),
        officer_jwks: officers,
        tls_certificates: vec![STANDARD.encode(certificate)],
        datasets: source.map(|source| source.describe()).unwrap_or_default(),
        events_published: source.map(|source| source.mapping().events().cloned().collect()).unwrap_or_default(),
    })
}

fn set(keys: impl IntoIterator<Item = Jwk>) -> JwkSet {
    JwkSet { keys: keys.into_iter().collect() }
}
