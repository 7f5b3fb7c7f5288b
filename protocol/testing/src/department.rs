//! A member with all its keys.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use schemas::{
    federation::{DataGateway, DatasetDescription, EntityConfiguration, JwkSet, Metadata, Role},
    id::{CompactJws, EntityId, Sector},
    time::Timestamp,
};

use super::name;
use protocol::seal::{Algorithm, DecryptionKey, SigningKey, Typ, certificate::TlsIdentity, keyed_hash::MacKey, sign};

/// A self-signed certificate for `<name>.gov.example` and `localhost`, ninety days from yesterday.
pub(super) fn certificate(sector: &str, now: Timestamp) -> TlsIdentity {
    let hosts = [name(&format!("{sector}.gov.example")), name("localhost")];
    TlsIdentity::self_signed(sector, &hosts, now.plus(-86_400), now.plus(89 * 86_400)).expect("a certificate is made")
}

/// A certificate as metadata lists it: base64 of DER.
pub(super) fn listed(tls: &TlsIdentity) -> String {
    STANDARD.encode(tls.certificate().to_der().expect("a certificate is written"))
}

/// A department: `https://<name>.gov.example`, of the sector of the same name.
pub struct Department {
    /// Its entity id.
    pub entity: EntityId,
    /// Its sector.
    pub sector: Sector,
    /// What the anchor lets it do.
    pub roles: Vec<Role>,
    /// Kept off line; signs the entity configuration.
    pub federation: SigningKey,
    /// Signs messages and records.
    pub signing: SigningKey,
    /// Opens what is sealed to it.
    pub encryption: DecryptionKey,
    /// Its certificate, for the host of its entity id and for the loopback.
    pub tls: TlsIdentity,
    /// Keys the subjects in its receipts.
    pub subject_mac: MacKey,
    /// What it offers.
    pub datasets: Vec<DatasetDescription>,
    configuration: std::sync::OnceLock<CompactJws>,
    now: Timestamp,
}

impl Department {
    /// Makes the keys.
    pub fn new(sector: &str, roles: Vec<Role>, now: Timestamp) -> Self {
        let key = || SigningKey::generate(Algorithm::Es256).expect("a key is made");
        Self {
            entity: name(&format!("https://{sector}.gov.example")),
            sector: name(sector),
            roles,
            federation: key(),
            signing: key(),
            encryption: DecryptionKey::generate().expect("a key is made"),
            tls: certificate(sector, now),
            subject_mac: MacKey::generate(),
            datasets: Vec::new(),
            configuration: std::sync::OnceLock::new(),
            now,
        }
    }

    /// Its entity configuration, signed once: later changes of the department do not show.
    pub fn entity_configuration(&self) -> CompactJws {
        self.configuration.get_or_init(|| self.sign_configuration()).clone()
    }

    fn sign_configuration(&self) -> CompactJws {
        let claims = EntityConfiguration {
            iss: self.entity.clone(),
            sub: self.entity.clone(),
            iat: self.now.numeric(),
            exp: self.now.numeric().plus(86_400),
            jwks: JwkSet { keys: vec![self.federation.public().jwk().clone()] },
            authority_hints: vec![name("https://anchor.gov.example")],
            metadata: Metadata { data_gateway: Some(self.data_gateway()), ..Metadata::default() },
        };
        sign(Typ::EntityStatement, &self.federation, &claims).expect("a configuration is signed")
    }

    fn data_gateway(&self) -> DataGateway {
        DataGateway {
            organization_name: BTreeMap::from([("en".to_owned(), self.sector.to_string())]),
            protocol_versions: vec!["1".to_owned()],
            query_endpoint: format!("{}/peer/queries", self.entity),
            event_endpoint: format!("{}/peer/events", self.entity),
            receipts_endpoint: format!("{}/peer/receipts", self.entity),
            citizen_endpoint: format!("{}/citizen", self.entity),
            witness: None,
            signing_jwks: JwkSet { keys: vec![self.signing.public().jwk().clone()] },
            encryption_jwks: JwkSet { keys: vec![self.encryption.public().jwk().clone()] },
            officer_jwks: Vec::new(),
            tls_certificates: vec![listed(&self.tls)],
            datasets: self.datasets.clone(),
            events_published: Vec::new(),
        }
    }
}
