//! The federation authority: the trust anchor's keys and two officers, with what they sign.

use schemas::{
    digest::Digest,
    federation::{
        Constraints, EntityConfiguration, FederationEntity, JwkSet, Metadata, OfficerJwk, Purpose, Register,
        RegisterContent, SignedRegister, Standing, SubordinateStatement, TrustAnchorMetadata,
    },
    id::{CompactJws, EntityId},
    time::Timestamp,
    version::V1,
};

use super::{Department, name};
use crate::seal::{Algorithm, SigningKey, Typ, random, sign};

/// The trust anchor and its officers.
pub struct Authority {
    /// `https://anchor.gov.example`.
    pub entity: EntityId,
    /// Signs the entity configuration and the subordinate statements.
    pub federation: SigningKey,
    /// Signs acknowledgements.
    pub signing: SigningKey,
    /// Two officers who sign registers.
    pub officers: [SigningKey; 2],
    now: Timestamp,
}

impl Authority {
    /// Makes the keys.
    pub fn new(now: Timestamp) -> Self {
        let key = || SigningKey::generate(Algorithm::Es256).expect("a key is made");
        let officers = [key(), key()];
        Self { entity: name("https://anchor.gov.example"), federation: key(), signing: key(), officers, now }
    }

    /// Its entity configuration, signed. The log's key and the time-stamp root are placeholders of the right form.
    pub fn entity_configuration(&self) -> CompactJws {
        let claims = EntityConfiguration {
            iss: self.entity.clone(),
            sub: self.entity.clone(),
            iat: self.now.numeric(),
            exp: self.now.numeric().plus(86_400),
            jwks: JwkSet { keys: vec![self.federation.public().jwk().clone()] },
            authority_hints: Vec::new(),
            metadata: Metadata {
                trust_anchor: Some(self.trust_anchor()),
                federation_entity: Some(self.federation_entity()),
                ..Metadata::default()
            },
        };
        sign(Typ::EntityStatement, &self.federation, &claims).expect("a configuration is signed")
    }

    fn trust_anchor(&self) -> TrustAnchorMetadata {
        let officer = |(n, key): (usize, &SigningKey)| OfficerJwk {
            person: format!("officer-{n}"),
            role: "register".to_owned(),
            jwk: key.public().jwk().clone(),
        };
        TrustAnchorMetadata {
            signing_jwks: JwkSet { keys: vec![self.signing.public().jwk().clone()] },
            officer_jwks: self.officers.iter().enumerate().map(officer).collect(),
            log_vkey: "anchor.gov.example/log+00000000+AA==".to_owned(),
            log_url: format!("{}/log", self.entity),
            tsa_root: String::new(),
            submission_endpoint: format!("{}/submit", self.entity),
            join_endpoint: format!("{}/join", self.entity),
            registers_endpoint: format!("{}/registers", self.entity),
            tls_certificates: Vec::new(),
        }
    }

    fn federation_entity(&self) -> FederationEntity {
        FederationEntity {
            organization_name: "Federation Authority".to_owned(),
            federation_fetch_endpoint: format!("{}/fetch", self.entity),
            federation_list_endpoint: format!("{}/list", self.entity),
            federation_resolve_endpoint: format!("{}/resolve", self.entity),
            federation_historical_keys_endpoint: format!("{}/historical-keys", self.entity),
        }
    }

    /// Its statement about a member in good standing, signed.
    pub fn statement(&self, member: &Department) -> CompactJws {
        let claims = SubordinateStatement {
            iss: self.entity.clone(),
            sub: member.entity.clone(),
            iat: self.now.numeric(),
            exp: self.now.numeric().plus(86_400),
            jwks: JwkSet { keys: vec![member.federation.public().jwk().clone()] },
            constraints: Constraints { max_path_length: 0 },
            roles: member.roles.clone(),
            sector: member.sector.clone(),
            standing: Standing::Active,
            entity_configuration: Digest::of(member.entity_configuration().as_str()),
            directory_size: 48_213,
        };
        sign(Typ::EntityStatement, &self.federation, &claims).expect("a statement is signed")
    }

    /// A register of purposes, signed by both officers.
    pub fn purposes(&self, version: u64, purposes: &[Purpose]) -> SignedRegister {
        let signed = |officer: &SigningKey| {
            let claims = Register {
                v: V1,
                iss: self.entity.clone(),
                iat: self.now.numeric(),
                jti: random::message_id(self.now),
                salt: random::salt(),
                version,
                content: RegisterContent::Purposes(purposes.to_vec()),
            };
            sign(Typ::Register, officer, &claims).expect("a register is signed")
        };
        SignedRegister { signatures: self.officers.iter().map(signed).collect() }
    }
}
