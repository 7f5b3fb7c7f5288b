//! A small federation with real keys for the tests of this crate: an anchor and any number of members.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use schemas::{
    bundle::TrustRoot,
    federation::*,
    id::{CompactJws, EntityId},
    time::{NumericDate, Timestamp},
    version::V1,
};

use super::*;
use crate::seal::{Algorithm, DecryptionKey, SigningKey, certificate::TlsIdentity, random};

/// The instant of these tests.
pub const NOW: Timestamp = Timestamp::from_seconds(1_795_248_100);

/// `https://<name>.gov.example`.
pub fn entity(name: &str) -> EntityId {
    format!("https://{name}.gov.example").parse().unwrap()
}

fn at(seconds: i64) -> NumericDate {
    NOW.plus(seconds).numeric()
}

fn new_key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

/// The keys of `SigningKey`s as a set.
pub fn set(keys: &[&SigningKey]) -> JwkSet {
    JwkSet { keys: keys.iter().map(|key| key.public().jwk().clone()).collect() }
}

/// A self-signed certificate as metadata lists it.
pub fn listed_certificate(host: &str) -> String {
    let hosts = [host.parse().unwrap()];
    let identity = TlsIdentity::self_signed(host, &hosts, NOW.plus(-60), NOW.plus(86_400)).unwrap();
    STANDARD.encode(identity.certificate().to_der().unwrap())
}

/// An entity with all its private keys, and what it says of itself.
pub struct Party {
    pub federation: SigningKey,
    pub signing: SigningKey,
    pub encryption: DecryptionKey,
    pub configuration: EntityConfiguration,
}

impl Party {
    /// A department below the anchor.
    pub fn member(name: &str) -> Self {
        let (federation, signing, encryption) = (new_key(), new_key(), DecryptionKey::generate().unwrap());
        let url = entity(name);
        let gateway = DataGateway {
            organization_name: [("en".to_owned(), name.to_owned())].into(),
            protocol_versions: vec!["1".into()],
            query_endpoint: format!("{url}/query"),
            event_endpoint: format!("{url}/events"),
            receipts_endpoint: format!("{url}/receipts"),
            citizen_endpoint: format!("{url}/citizen"),
            witness: None,
            signing_jwks: set(&[&signing]),
            encryption_jwks: JwkSet { keys: vec![encryption.public().jwk().clone()] },
            officer_jwks: vec![],
            tls_certificates: vec![listed_certificate(&format!("{name}.gov.example"))],
            datasets: vec![],
            events_published: vec![],
        };
        let metadata = Metadata { data_gateway: Some(gateway), ..Metadata::default() };
        let configuration = EntityConfiguration {
            iss: url.clone(),
            sub: url,
            iat: at(-3600),
            exp: at(30 * 86_400),
            jwks: set(&[&federation]),
            authority_hints: vec![entity("anchor")],
            metadata,
        };
        Self { federation, signing, encryption, configuration }
    }

    /// The member's own statement.
    pub fn own_statement(&self) -> CompactJws {
        sign_configuration(&self.federation, &self.configuration).unwrap()
    }

    /// What the gateway says.
    pub fn gateway(&mut self) -> &mut DataGateway {
        self.configuration.metadata.data_gateway.as_mut().unwrap()
    }

    /// A statement about a subordinate, as this party would make it.
    pub fn statement_about(&self, configuration: &CompactJws, member: &Self) -> SubordinateStatement {
        SubordinateStatement {
            iss: self.configuration.iss.clone(),
            sub: member.configuration.sub.clone(),
            iat: at(-60),
            exp: at(-60 + STATEMENT_LIFE),
            jwks: member.configuration.jwks.clone(),
            constraints: Constraints { max_path_length: 0 },
            roles: vec![Role::Provider],
            sector: "revenue".parse().unwrap(),
            standing: Standing::Active,
            entity_configuration: schemas::digest::Digest::of(configuration.as_str()),
            directory_size: 7,
        }
    }
}

/// The anchor with two officers.
pub struct Authority {
    pub party: Party,
    pub officers: [SigningKey; 2],
    pub root: TrustRoot,
}

impl Authority {
    /// A new authority.
    pub fn new() -> Self {
        let mut party = Party::member("anchor");
        let officers = [new_key(), new_key()];
        let officer = |person: &str, key: &SigningKey| OfficerJwk {
            person: person.into(),
            role: "register".into(),
            jwk: key.public().jwk().clone(),
        };
        let metadata = TrustAnchorMetadata {
            signing_jwks: set(&[&party.signing]),
            officer_jwks: vec![officer("a", &officers[0]), officer("b", &officers[1])],
            log_vkey: "anchor.gov.example/log+00000000+AA".into(),
            log_url: "https://anchor.gov.example/log".into(),
            tsa_root: String::new(),
            submission_endpoint: "https://anchor.gov.example/submit".into(),
            join_endpoint: "https://anchor.gov.example/join".into(),
            registers_endpoint: "https://anchor.gov.example/registers".into(),
            tls_certificates: vec![listed_certificate("anchor.gov.example")],
            wallet_origin: None,
        };
        party.configuration.authority_hints.clear();
        party.configuration.metadata = Metadata { trust_anchor: Some(metadata), ..Metadata::default() };
        let root = TrustRoot {
            v: V1,
            entity: entity("anchor"),
            fingerprint: party.federation.kid().clone(),
            log_vkey: "anchor.gov.example/log+00000000+AA".into(),
            tsa_root: String::new(),
        };
        Self { party, officers, root }
    }

    /// The anchor, verified.
    pub fn verified(&self) -> VerifiedAnchor {
        VerifiedAnchor::verify(&self.party.own_statement(), &self.root, NOW).unwrap()
    }

    /// The chain of a member, with the anchor's statement edited before it is signed.
    pub fn chain(&self, member: &Party, edit: impl FnOnce(&mut SubordinateStatement)) -> Vec<CompactJws> {
        let configuration = member.own_statement();
        let mut statement = self.party.statement_about(&configuration, member);
        edit(&mut statement);
        let statement = sign_statement(&self.party.federation, &statement).unwrap();
        vec![configuration, statement, self.party.own_statement()]
    }

    /// A member that was verified with these roles.
    pub fn admit(&self, member: &Party, roles: &[&str]) -> VerifiedMember {
        let roles = roles.iter().map(|role| role.parse().unwrap()).collect();
        verify_chain(&self.chain(member, |statement| statement.roles = roles), &self.root, NOW).unwrap()
    }

    /// A register's claims.
    pub fn register(&self, version: u64, content: RegisterContent) -> Register {
        let (jti, salt) = (random::message_id(NOW), random::salt());
        Register { v: V1, iss: entity("anchor"), iat: at(-60), jti, salt, version, content }
    }
}
