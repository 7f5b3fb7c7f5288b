//! Judging an entity configuration that somebody posted: is it the entity's own, for us, whole, and within its roles?
//!
//! Guarantees: an [`Application`] was signed by a federation key that it names itself; every key and certificate in
//! it can be used. Whether that key may speak for the entity, the invitation or the earlier configuration says.

use base64::{Engine, engine::general_purpose::STANDARD};
use protocol::{
    federation::{FederationError, verify_applicant},
    seal::{EncryptionKey, VerifyingKey, certificate::Certificate},
};
use schemas::{
    federation::{DataGateway, EntityConfiguration, Role},
    id::{CompactJws, EntityId, KeyId},
    problem::Code,
    time::Timestamp,
};

/// The version of the protocol that every member speaks.
const VERSION: &str = "1";

/// A configuration that stands by itself.
#[derive(Debug, Clone)]
pub(crate) struct Application {
    pub jws: CompactJws,
    pub claims: EntityConfiguration,
    pub gateway: DataGateway,
    /// The federation key that signed it.
    pub signer: KeyId,
}

/// Why a configuration was not taken. Each says how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApplicationError {
    #[error("the entity configuration is malformed: {0}")]
    Malformed(&'static str),
    #[error("the entity configuration is not the entity's own: {0}")]
    NotOwn(#[from] FederationError),
    #[error(
        "the entity configuration does not list protocol version {VERSION}; run the release that the federation uses"
    )]
    Version,
    #[error("the entity configuration does not name this trust anchor in `authority_hints`")]
    OtherAnchor,
    #[error("a {0} key in the entity configuration cannot be used")]
    Key(&'static str),
    #[error("a TLS certificate in the entity configuration cannot be read or is not valid now")]
    Certificate,
    #[error("the entity configuration offers {0}, for which the entity has no role; ask the authority for the role")]
    Role(&'static str),
}

impl ApplicationError {
    /// The code of refusal.
    pub(crate) const fn code(&self) -> Code {
        match self {
            Self::NotOwn(error) => match error {
                FederationError::Statement(error) => error.code(),
                FederationError::NotLinked(_) => Code::SignatureInvalid,
                FederationError::LifeTooLong | FederationError::NotYetValid | FederationError::Expired => Code::Stale,
                _ => Code::TokenMalformed,
            },
            Self::Version => Code::VersionUnsupported,
            Self::OtherAnchor => Code::AudienceWrong,
            Self::Role(_) => Code::RoleMissing,
            Self::Malformed(_) | Self::Key(_) | Self::Certificate => Code::TokenMalformed,
        }
    }
}

/// Verifies a posted configuration.
pub(crate) fn verify(jws: &CompactJws, anchor: &EntityId, now: Timestamp) -> Result<Application, ApplicationError> {
    let own = verify_applicant(jws, now)?;
    let (claims, signer) = (own.claims().clone(), own.signer().clone());
    if !claims.authority_hints.contains(anchor) {
        return Err(ApplicationError::OtherAnchor);
    }
    let gateway = claims.metadata.data_gateway.clone().ok_or(ApplicationError::Malformed("no `data_gateway`"))?;
    check_gateway(&gateway, now)?;
    Ok(Application { jws: jws.clone(), claims, gateway, signer })
}

fn check_gateway(gateway: &DataGateway, now: Timestamp) -> Result<(), ApplicationError> {
    if !gateway.protocol_versions.iter().any(|version| version == VERSION) {
        return Err(ApplicationError::Version);
    }
    let signing = gateway.signing_jwks.keys.iter().all(|jwk| VerifyingKey::from_jwk(jwk).is_ok());
    if gateway.signing_jwks.keys.is_empty() || !signing {
        return Err(ApplicationError::Key("signing"));
    }
    let encryption = gateway.encryption_jwks.keys.iter().all(|jwk| EncryptionKey::from_jwk(jwk).is_ok());
    if gateway.encryption_jwks.keys.is_empty() || !encryption {
        return Err(ApplicationError::Key("encryption"));
    }
    if !gateway.officer_jwks.iter().all(|officer| VerifyingKey::from_jwk(&officer.jwk).is_ok()) {
        return Err(ApplicationError::Key("officer"));
    }
    check_certificates(gateway, now)?;
    let endpoints =
        [&gateway.query_endpoint, &gateway.event_endpoint, &gateway.receipts_endpoint, &gateway.citizen_endpoint];
    if endpoints.iter().all(|endpoint| endpoint.starts_with("https://") && url::Url::parse(endpoint).is_ok()) {
        Ok(())
    } else {
        Err(ApplicationError::Malformed("an endpoint is no https URL"))
    }
}

/// The first must count now; the next one may begin later.
fn check_certificates(gateway: &DataGateway, now: Timestamp) -> Result<(), ApplicationError> {
    let certificates: Vec<Certificate> = gateway
        .tls_certificates
        .iter()
        .map(|text| STANDARD.decode(text).ok().and_then(|der| Certificate::from_der(&der).ok()))
        .collect::<Option<_>>()
        .ok_or(ApplicationError::Certificate)?;
    let usable = (1..=4).contains(&certificates.len()) && certificates.iter().any(|one| one.is_valid_at(now));
    if usable { Ok(()) } else { Err(ApplicationError::Certificate) }
}

/// What is offered must be covered by the roles that the authority gave.
pub(crate) fn authorize_roles(gateway: &DataGateway, roles: &[Role]) -> Result<(), ApplicationError> {
    if !gateway.datasets.is_empty()
        && !roles.iter().any(|role| matches!(role, Role::Provider | Role::IdentityRegistry(_)))
    {
        return Err(ApplicationError::Role("datasets"));
    }
    let may_send = |event| roles.iter().any(|role| matches!(role, Role::EventSource(kind) if kind == event));
    if gateway.events_published.iter().all(may_send) { Ok(()) } else { Err(ApplicationError::Role("events")) }
}
