//! What the anchor says of itself: its entity configuration (OpenID Federation 1.1 §3.1).
//!
//! Guarantees: a new one is signed only when keys, certificates, officers or addresses changed or the old one nears
//! its end; its `iat` is greater than that of every earlier one; its digest is queued for the log in the same
//! transaction. Deliberately absent: intermediates above this anchor.

use base64::{Engine, engine::general_purpose::STANDARD};
use protocol::{
    federation::sign_configuration,
    seal::{self, SealFailed, SigningKey, Typ},
};
use schemas::{
    federation::{EntityConfiguration, FederationEntity, Jwk, JwkSet, Metadata, TrustAnchorMetadata},
    id::{CompactJws, EntityId},
    time::Timestamp,
};
use service_kit::db::DatabaseError;
use tlog::entry::{EntryType, RecordDigest};

use crate::{
    config::AnchorConfig,
    keys::Keys,
    store::{self, Connection, StoreError},
};

const DAY: i64 = 86_400;
/// How long an entity configuration lives.
const LIFE: i64 = 365 * DAY;
/// Renewed when so much of its life is left.
const RENEW_BEFORE: i64 = 30 * DAY;

/// The anchor's own configuration could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It could not be signed.
    #[error(transparent)]
    Seal(#[from] SealFailed),
    /// The listener's certificate cannot be written down.
    #[error("the certificate of the listener cannot be read")]
    Certificate,
}

impl From<DatabaseError> for ConfigurationError {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

/// The anchor's addresses, all below its entity id.
pub(crate) mod path {
    pub(crate) const FETCH: &str = "/federation/fetch";
    pub(crate) const LIST: &str = "/federation/list";
    pub(crate) const RESOLVE: &str = "/federation/resolve";
    pub(crate) const HISTORICAL_KEYS: &str = "/federation/historical-keys";
    pub(crate) const JOIN: &str = "/federation/join";
    pub(crate) const SUBMISSIONS: &str = "/log/submissions";
    pub(crate) const REGISTERS: &str = "/registers";
}

/// What the configuration file says of the anchor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Described<'a> {
    /// Its entity id.
    pub entity: &'a EntityId,
    /// Its name for people.
    pub name: &'a str,
    /// The origin of the federation's wallet.
    pub wallet_origin: Option<&'a EntityId>,
}

impl<'a> Described<'a> {
    /// Of a checked configuration.
    pub(crate) fn of(config: &'a AnchorConfig) -> Self {
        Self { entity: &config.entity, name: &config.name, wallet_origin: config.wallet_origin.as_ref() }
    }
}

/// The configuration that counts now; signs a new one if it must.
///
/// # Errors
/// [`ConfigurationError`].
pub(crate) fn current(
    conn: &mut Connection,
    described: Described<'_>,
    keys: &Keys,
    now: Timestamp,
) -> Result<CompactJws, ConfigurationError> {
    let wanted = claims(described, keys, now)?;
    let newest = store::anchor::configuration_newest(conn)?;
    if let Some((_, jws)) = &newest
        && signed_by(jws, &keys.federation).is_some_and(|stored| still_counts(&stored, &wanted, now))
    {
        return Ok(jws.clone());
    }
    let iat = newest.map_or(now.numeric(), |(last, _)| last.plus(1).max(now.numeric()));
    let jws = sign_configuration(&keys.federation, &EntityConfiguration { iat, exp: iat.plus(LIFE), ..wanted })?;
    store::anchor::configuration_insert(conn, iat, &jws)?;
    store::log::pending_insert(conn, EntryType::Directory, RecordDigest::of(jws.as_str().as_bytes()))?;
    Ok(jws)
}

fn still_counts(stored: &EntityConfiguration, wanted: &EntityConfiguration, now: Timestamp) -> bool {
    let same = EntityConfiguration { iat: wanted.iat, exp: wanted.exp, ..stored.clone() } == *wanted;
    same && stored.exp.seconds() - now.seconds() > RENEW_BEFORE
}

/// The claims of a stored configuration, if this key signed it.
fn signed_by(jws: &CompactJws, key: &SigningKey) -> Option<EntityConfiguration> {
    let unverified = seal::UnverifiedJws::of(jws, seal::Limits::STATEMENT).ok()?;
    unverified.verify(Typ::EntityStatement, key.public()).ok()?.claims().ok()
}

fn claims(described: Described<'_>, keys: &Keys, now: Timestamp) -> Result<EntityConfiguration, ConfigurationError> {
    let entity = described.entity;
    let at = |path: &str| format!("{entity}{path}");
    let certificate = keys.tls.certificate().to_der().map_err(|_| ConfigurationError::Certificate)?;
    Ok(EntityConfiguration {
        iss: entity.clone(),
        sub: entity.clone(),
        iat: now.numeric(),
        exp: now.numeric().plus(LIFE),
        jwks: set(keys.federation.public().jwk()),
        authority_hints: Vec::new(),
        metadata: Metadata {
            data_gateway: None,
            trust_anchor: Some(TrustAnchorMetadata {
                signing_jwks: set(keys.signing.public().jwk()),
                officer_jwks: keys.officers.clone(),
                log_vkey: keys.log.verifying_key().to_string(),
                log_url: entity.to_string(),
                tsa_root: STANDARD.encode(keys.tsa_root.as_bytes()),
                submission_endpoint: at(path::SUBMISSIONS),
                join_endpoint: at(path::JOIN),
                registers_endpoint: at(path::REGISTERS),
                tls_certificates: vec![STANDARD.encode(certificate)],
                wallet_origin: described.wallet_origin.cloned(),
            }),
            federation_entity: Some(FederationEntity {
                organization_name: described.name.to_owned(),
                federation_fetch_endpoint: at(path::FETCH),
                federation_list_endpoint: at(path::LIST),
                federation_resolve_endpoint: at(path::RESOLVE),
                federation_historical_keys_endpoint: at(path::HISTORICAL_KEYS),
            }),
        },
    })
}

fn set(jwk: &Jwk) -> JwkSet {
    JwkSet { keys: vec![jwk.clone()] }
}
