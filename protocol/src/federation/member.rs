//! A member as the federation vouches for it at this moment.

use schemas::{
    digest::Digest,
    federation::{DataGateway, DatasetDescription, Role, Standing, SubordinateStatement},
    id::{CompactJws, DatasetId, EntityId, EventType, KeyId, PurposeCode, Sector},
    time::{NumericDate, Timestamp},
};

use super::{FederationError, Mark, Officers, SigningKeys, anchor::certificates, statement::VerifiedConfiguration};
use crate::seal::{EncryptionKey, VerifyingKey, certificate::Certificate};

/// A member whose chain was verified. Keys are parsed once, here.
#[derive(Clone, Debug)]
pub struct VerifiedMember {
    statement: SubordinateStatement,
    gateway: DataGateway,
    signing_keys: SigningKeys,
    encryption_key: EncryptionKey,
    officers: Officers,
    certificates: Vec<(Vec<u8>, Certificate)>,
    expires: Timestamp,
    statement_mark: Mark,
    configuration_mark: Mark,
    chain: Vec<CompactJws>,
}

impl VerifiedMember {
    pub(super) fn new(
        configuration: VerifiedConfiguration,
        statement: SubordinateStatement,
        statement_mark: Mark,
        ends: Timestamp,
        chain: Vec<CompactJws>,
    ) -> Result<Self, FederationError> {
        let claims = configuration.claims();
        let gateway = claims.metadata.data_gateway.clone().ok_or(FederationError::Metadata("no data_gateway"))?;
        if !gateway.protocol_versions.iter().any(|version| version == "1") {
            return Err(FederationError::Metadata("no common version of the protocol"));
        }
        let current = gateway.encryption_jwks.keys.first().ok_or(FederationError::Metadata("no encryption key"))?;
        let with_der = |certificate: Certificate| Ok((certificate.to_der()?, certificate));
        let certificates = certificates(&gateway.tls_certificates)?
            .into_iter()
            .map(with_der)
            .collect::<Result<_, FederationError>>()?;
        Ok(Self {
            signing_keys: SigningKeys::of(&gateway.signing_jwks)?,
            encryption_key: EncryptionKey::from_jwk(current)?,
            officers: Officers::of(&gateway.officer_jwks)?,
            certificates,
            expires: ends.min(Timestamp::from_numeric(claims.exp)),
            configuration_mark: Mark::of_statement(claims.iat, configuration.digest()),
            statement_mark,
            statement,
            gateway,
            chain,
        })
    }

    /// The member.
    pub fn entity(&self) -> &EntityId {
        &self.statement.sub
    }

    /// The sector whose pseudonyms the member uses.
    pub fn sector(&self) -> &Sector {
        &self.statement.sector
    }

    /// What the anchor lets it do.
    pub fn roles(&self) -> &[Role] {
        &self.statement.roles
    }

    /// Active or suspended.
    pub fn standing(&self) -> Standing {
        self.statement.standing
    }

    /// Its endpoints, datasets and events.
    pub fn gateway(&self) -> &DataGateway {
        &self.gateway
    }

    /// One of its datasets.
    pub fn dataset(&self, id: &DatasetId) -> Option<&DatasetDescription> {
        self.gateway.datasets.iter().find(|dataset| dataset.id == *id)
    }

    /// The key to seal to.
    pub fn encryption_key(&self) -> &EncryptionKey {
        &self.encryption_key
    }

    /// Its officers' keys.
    pub fn officers(&self) -> &Officers {
        &self.officers
    }

    /// The certificates of its listener: the only roots towards it.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.certificates.iter().map(|(_, certificate)| certificate)
    }

    /// When the first of the chain's statements ends: after that the directory is outdated for this member.
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Size of the log when the anchor issued its statement.
    pub fn directory_size(&self) -> u64 {
        self.statement.directory_size
    }

    /// The digest of its entity configuration, as the log has it.
    pub fn configuration_digest(&self) -> Digest {
        self.statement.entity_configuration
    }

    /// What to compare with what was seen of the anchor's statement about it before.
    pub fn statement_mark(&self) -> Mark {
        self.statement_mark
    }

    /// What to compare with what was seen of its own configuration before.
    pub fn configuration_mark(&self) -> Mark {
        self.configuration_mark
    }

    /// The chain as it was verified, for bundles.
    pub fn chain(&self) -> &[CompactJws] {
        &self.chain
    }

    /// The key of this id, if it counted when the member signed; `received` is the log's time of receipt, if known.
    ///
    /// # Errors
    /// [`FederationError::KeyNotValid`].
    pub fn signing_key(
        &self,
        kid: &KeyId,
        at: NumericDate,
        received: Option<Timestamp>,
    ) -> Result<&VerifyingKey, FederationError> {
        let key = self.signing_keys.valid_at(kid, at, received);
        key.ok_or_else(|| FederationError::KeyNotValid(self.entity().clone()))
    }

    /// Allows this certificate for this member now: equal to one listed, and within its validity.
    ///
    /// # Errors
    /// [`FederationError::CertificateMismatch`].
    pub fn authorize_certificate(&self, der: &[u8], now: Timestamp) -> Result<(), FederationError> {
        let mut listed = self.certificates.iter();
        let allowed = listed.any(|(ours, certificate)| ours.as_slice() == der && certificate.is_valid_at(now));
        if allowed { Ok(()) } else { Err(FederationError::CertificateMismatch(self.entity().clone())) }
    }

    /// Allows it to answer queries.
    ///
    /// # Errors
    /// [`FederationError::RoleMissing`].
    pub fn authorize_provider(&self) -> Result<(), FederationError> {
        self.authorize(|role| *role == Role::Provider)
    }

    /// Allows it to ask for this purpose: one whose code is the family or lies below it.
    ///
    /// # Errors
    /// [`FederationError::RoleMissing`].
    pub fn authorize_consumer(&self, purpose: &PurposeCode) -> Result<(), FederationError> {
        let covers = |family: &PurposeCode| {
            let below = purpose.as_str().strip_prefix(family.as_str());
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.authorize(|role| matches!(role, Role::Consumer(family) if covers(family)))
    }

    /// Allows it to send events of this type.
    ///
    /// # Errors
    /// [`FederationError::RoleMissing`].
    pub fn authorize_event_source(&self, kind: &EventType) -> Result<(), FederationError> {
        self.authorize(|role| matches!(role, Role::EventSource(granted) if granted == kind))
    }

    /// Allows it to issue bindings and to name people in this sector.
    ///
    /// # Errors
    /// [`FederationError::RoleMissing`].
    pub fn authorize_identity_registry(&self, sector: &Sector) -> Result<(), FederationError> {
        self.authorize(|role| matches!(role, Role::IdentityRegistry(granted) if granted == sector))
    }

    /// Allows it to run assisted sessions.
    ///
    /// # Errors
    /// [`FederationError::RoleMissing`].
    pub fn authorize_assisted_operator(&self) -> Result<(), FederationError> {
        self.authorize(|role| *role == Role::AssistedOperator)
    }

    fn authorize(&self, suits: impl Fn(&Role) -> bool) -> Result<(), FederationError> {
        if self.statement.roles.iter().any(suits) {
            Ok(())
        } else {
            Err(FederationError::RoleMissing(self.entity().clone()))
        }
    }
}
