//! The federation authority: the trust anchor's keys and two officers, with what they sign.

use schemas::{
    bundle::TrustRoot,
    digest::Digest,
    federation::{
        Constraints, EntityConfiguration, FederationEntity, JwkSet, Law, Metadata, OfficerJwk, Purpose, Register,
        RegisterContent, SignedRegister, Standing, SubordinateStatement, TrustAnchorMetadata,
    },
    id::{CompactJws, EntityId},
    time::Timestamp,
    version::V1,
};

use super::{
    Department,
    department::{certificate, listed},
    name,
};
use protocol::{
    federation::{VerifiedAnchor, VerifiedMember, verify_chain},
    seal::{Algorithm, SigningKey, Typ, certificate::TlsIdentity, random, sign},
};

/// A verifier key of the right form: this authority keeps no log.
const LOG_VKEY: &str = "anchor.gov.example/log+00000000+AA==";

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
    /// The certificate of its listener.
    pub tls: TlsIdentity,
    now: Timestamp,
}

impl Authority {
    /// Makes the keys.
    pub fn new(now: Timestamp) -> Self {
        let key = || SigningKey::generate(Algorithm::Es256).expect("a key is made");
        let officers = [key(), key()];
        Self {
            entity: name("https://anchor.gov.example"),
            federation: key(),
            signing: key(),
            officers,
            tls: certificate("anchor", now),
            now,
        }
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
            log_vkey: LOG_VKEY.to_owned(),
            log_url: format!("{}/log", self.entity),
            tsa_root: String::new(),
            submission_endpoint: format!("{}/submit", self.entity),
            join_endpoint: format!("{}/join", self.entity),
            registers_endpoint: format!("{}/registers", self.entity),
            tls_certificates: vec![listed(&self.tls)],
            wallet_origin: None,
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

    /// What members pin when they join.
    pub fn root(&self) -> TrustRoot {
        TrustRoot {
            v: V1,
            entity: self.entity.clone(),
            fingerprint: self.federation.kid().clone(),
            log_vkey: LOG_VKEY.to_owned(),
            tsa_root: String::new(),
        }
    }

    /// The anchor, verified against its root.
    pub fn verified(&self) -> VerifiedAnchor {
        VerifiedAnchor::verify(&self.entity_configuration(), &self.root(), self.now).expect("a good configuration")
    }

    /// A member, verified through its chain.
    pub fn admit(&self, member: &Department) -> VerifiedMember {
        let chain = [member.entity_configuration(), self.statement(member), self.entity_configuration()];
        verify_chain(&chain, &self.root(), self.now).expect("a good chain")
    }

    /// A register of purposes, signed by both officers.
    pub fn purposes(&self, version: u64, purposes: &[Purpose]) -> SignedRegister {
        self.register(version, &RegisterContent::Purposes(purposes.to_vec()))
    }

    /// A register of laws, signed by both officers.
    pub fn laws(&self, version: u64, laws: &[Law]) -> SignedRegister {
        self.register(version, &RegisterContent::Laws(laws.to_vec()))
    }

    fn register(&self, version: u64, content: &RegisterContent) -> SignedRegister {
        let signed = |officer: &SigningKey| {
            let claims = Register {
                v: V1,
                iss: self.entity.clone(),
                iat: self.now.numeric(),
                jti: random::message_id(self.now),
                salt: random::salt(),
                version,
                content: content.clone(),
            };
            sign(Typ::Register, officer, &claims).expect("a register is signed")
        };
        SignedRegister { signatures: self.officers.iter().map(signed).collect() }
    }
}
