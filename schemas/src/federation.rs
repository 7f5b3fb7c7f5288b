//! Statements of the federation: who is a member, with which keys, endpoints and roles; purposes and laws.
//!
//! Source: OpenID Federation 1.1 §3 (entity statements), RFC 7517 (JWK); protocol, "Federation".
//! Deliberately absent: verification (see `protocol::federation`) and any private key.

mod dataset;
mod register;

use std::{collections::BTreeMap, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    digest::Digest,
    id::{CompactJws, EntityId, EventType, KeyId, MessageId, PurposeCode, Salt, Sector},
    time::NumericDate,
    version::V1,
};

pub use dataset::{Assurance, DatasetDescription, FieldDescription, Mask, Sensitivity};
pub use register::{
    AllowedData, Disclosure, FrequencyBound, Law, LawQuota, Purpose, Register, RegisterContent, SignedRegister,
};

/// A public key (RFC 7517; P-256: RFC 7518 §6.2; Ed25519: RFC 8037 §2), with the dates that OpenID Federation 1.1
/// §8.7 gives to historical keys. A private member makes it unreadable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Jwk {
    /// `EC` or `OKP`.
    pub kty: String,
    /// `P-256` or `Ed25519`.
    pub crv: String,
    /// First coordinate, or the whole Ed25519 key; base64url.
    pub x: String,
    /// Second coordinate of a P-256 point; base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// RFC 7638 thumbprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<KeyId>,
    /// `sig` or `enc`.
    #[serde(rename = "use", default, skip_serializing_if = "Option::is_none")]
    pub use_: Option<String>,
    /// `ES256`, `EdDSA` or `ECDH-ES`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// Valid from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iat: Option<NumericDate>,
    /// Valid until (exclusive).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<NumericDate>,
    /// Set when the key was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Revoked>,
}

/// When and why a key was revoked (OpenID Federation 1.1 §8.7.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revoked {
    /// The instant of revocation.
    pub revoked_at: NumericDate,
    /// `unspecified`, `compromised` or `superseded`.
    pub reason: String,
}

/// A set of public keys (RFC 7517 §5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JwkSet {
    /// The keys, newest first.
    pub keys: Vec<Jwk>,
}

/// The key of one person who may sign for a department. Two keys of one person count once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfficerJwk {
    /// A pseudonym of the person, stable within the department.
    pub person: String,
    /// What the person may sign: `register`, `scheme`, `review`.
    pub role: String,
    /// The public key.
    pub jwk: Jwk,
}

/// A role that the trust anchor gave to a member; stands in the subordinate statement.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Issues resident bindings and names people in this sector: `identity-registry:<sector>`.
    IdentityRegistry(Sector),
    /// Answers queries: `provider`.
    Provider,
    /// Asks for purposes whose code begins with this family: `consumer:<family>`.
    Consumer(PurposeCode),
    /// Sends events of this type: `event-source:<type>`.
    EventSource(EventType),
    /// Runs assisted sessions: `assisted-operator`.
    AssistedOperator,
}

/// The text names no role.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "a role is written identity-registry:<sector>, provider, consumer:<family>, event-source:<type> or assisted-operator"
)]
pub struct InvalidRole;

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IdentityRegistry(sector) => write!(f, "identity-registry:{sector}"),
            Self::Provider => f.write_str("provider"),
            Self::Consumer(family) => write!(f, "consumer:{family}"),
            Self::EventSource(kind) => write!(f, "event-source:{kind}"),
            Self::AssistedOperator => f.write_str("assisted-operator"),
        }
    }
}

impl FromStr for Role {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, InvalidRole> {
        let parsed = match text.split_once(':') {
            None if text == "provider" => Some(Self::Provider),
            None if text == "assisted-operator" => Some(Self::AssistedOperator),
            Some(("identity-registry", sector)) => sector.parse().ok().map(Self::IdentityRegistry),
            Some(("consumer", family)) => family.parse().ok().map(Self::Consumer),
            Some(("event-source", kind)) => kind.parse().ok().map(Self::EventSource),
            _ => None,
        };
        parsed.ok_or(InvalidRole)
    }
}

impl Serialize for Role {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Role {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Role {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Role".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^(provider|assisted-operator|(identity-registry|consumer|event-source):.+)$" })
    }
}

/// An entity's statement about itself (OpenID Federation 1.1 §3.1), typ `entity-statement+jwt`, iss = sub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntityConfiguration {
    /// The entity.
    pub iss: EntityId,
    /// The entity again.
    pub sub: EntityId,
    /// Issued at.
    pub iat: NumericDate,
    /// Expires at.
    pub exp: NumericDate,
    /// The federation keys, kept off line.
    pub jwks: JwkSet,
    /// Superiors; empty for the trust anchor.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authority_hints: Vec<EntityId>,
    /// What the entity offers.
    pub metadata: Metadata,
}

/// The metadata of an entity by type; exactly those that the entity plays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// A member's gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_gateway: Option<DataGateway>,
    /// The trust anchor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust_anchor: Option<TrustAnchorMetadata>,
    /// OpenID Federation endpoints (§5.1.1), at the trust anchor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub federation_entity: Option<FederationEntity>,
}

/// Endpoints of OpenID Federation 1.1 §5.1.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FederationEntity {
    /// A name for people.
    pub organization_name: String,
    /// Subordinate statements: `?sub=`.
    pub federation_fetch_endpoint: String,
    /// All subordinates.
    pub federation_list_endpoint: String,
    /// A resolved trust chain: `?sub=&trust_anchor=`.
    pub federation_resolve_endpoint: String,
    /// Keys that were used before.
    pub federation_historical_keys_endpoint: String,
}

/// What the trust anchor says of its log, its time stamps and its officers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrustAnchorMetadata {
    /// Keys that sign acknowledgements.
    pub signing_jwks: JwkSet,
    /// Officers who sign registers.
    pub officer_jwks: Vec<OfficerJwk>,
    /// The log's verifier key (C2SP signed-note), its name being the origin.
    pub log_vkey: String,
    /// Prefix of `/checkpoint` and `/tile/…`.
    pub log_url: String,
    /// Root certificate of the time-stamp authority, base64 of DER.
    pub tsa_root: String,
    /// Where submissions are posted.
    pub submission_endpoint: String,
    /// Where an invited member posts its entity configuration.
    pub join_endpoint: String,
    /// Where registers are read: `/purposes`, `/laws` below it.
    pub registers_endpoint: String,
    /// Certificates of the anchor's listener, base64 of DER, current and next.
    pub tls_certificates: Vec<String>,
    /// The one origin of the federation's wallet; members' citizen endpoints allow exactly it (CORS).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet_origin: Option<EntityId>,
}

/// A member's gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataGateway {
    /// A name for people, by language (`en`, `hi`).
    pub organization_name: BTreeMap<String, String>,
    /// Versions of this protocol: `["1"]`.
    pub protocol_versions: Vec<String>,
    /// Where queries are posted (mutual TLS).
    pub query_endpoint: String,
    /// Where events are posted (mutual TLS).
    pub event_endpoint: String,
    /// Where counterpart receipts are posted (mutual TLS).
    pub receipts_endpoint: String,
    /// Where citizens' wallets go.
    pub citizen_endpoint: String,
    /// The witness, once it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<WitnessEntry>,
    /// Keys that sign messages and records, past ones included.
    pub signing_jwks: JwkSet,
    /// Keys to encrypt to, the current one first.
    pub encryption_jwks: JwkSet,
    /// Officers who may sign.
    pub officer_jwks: Vec<OfficerJwk>,
    /// Self-signed certificates, base64 of DER: current and next.
    pub tls_certificates: Vec<String>,
    /// What the department offers.
    pub datasets: Vec<DatasetDescription>,
    /// Types of events that it sends.
    pub events_published: Vec<EventType>,
}

/// A witness of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WitnessEntry {
    /// Verifier key of type cosignature/v1.
    pub vkey: String,
    /// Submission prefix.
    pub url: String,
}

/// The trust anchor's statement about a member (OpenID Federation 1.1 §3.2), typ `entity-statement+jwt`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubordinateStatement {
    /// The trust anchor.
    pub iss: EntityId,
    /// The member.
    pub sub: EntityId,
    /// Issued at.
    pub iat: NumericDate,
    /// Expires at, 24 h later.
    pub exp: NumericDate,
    /// The member's federation keys as the anchor knows them.
    pub jwks: JwkSet,
    /// Nothing below a member, until intermediates come.
    pub constraints: Constraints,
    /// What the member may do.
    pub roles: Vec<Role>,
    /// The sector whose pseudonyms the member uses.
    pub sector: Sector,
    /// Active or suspended.
    pub standing: Standing,
    /// The entity configuration that the log has: nothing else counts.
    pub entity_configuration: Digest,
    /// Size of the log when this was issued.
    pub directory_size: u64,
}

/// OpenID Federation 1.1 §6.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Constraints {
    /// Greatest number of intermediates below.
    pub max_path_length: u32,
}

/// Whether a member may take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// May take part.
    Active,
    /// May not, until lifted.
    Suspended,
}

/// The answer of the resolve endpoint, typ `resolve-response+jwt` (OpenID Federation 1.1 §8.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveResponse {
    /// The trust anchor.
    pub iss: EntityId,
    /// The member.
    pub sub: EntityId,
    /// Issued at.
    pub iat: NumericDate,
    /// Expires at.
    pub exp: NumericDate,
    /// Entity configuration, subordinate statement, the anchor's entity configuration.
    pub trust_chain: Vec<CompactJws>,
}

/// A member's application, posted to `join_endpoint` over TLS pinned through the fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinRequest {
    /// The one-time code of the invitation.
    pub invitation: String,
    /// Self-signed by the member's federation key.
    pub entity_configuration: CompactJws,
}

/// A member's entries for the log, typ `dx-anchor-submit+jwt`; at most 1,024.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnchorSubmission {
    /// Structure version.
    pub v: V1,
    /// The member.
    pub iss: EntityId,
    /// The trust anchor.
    pub aud: EntityId,
    /// Issued at.
    pub iat: NumericDate,
    /// Expires at, at most 120 s later.
    pub exp: NumericDate,
    /// Id of the submission.
    pub jti: MessageId,
    /// What to log.
    pub entries: Vec<SubmittedEntry>,
}

/// One entry for the log: never more than a type and a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmittedEntry {
    /// Entry type, 1 to 11 (see `tlog::entry`).
    pub r#type: u8,
    /// SHA-256 of the exact JWS.
    pub digest: Digest,
}

/// The trust anchor's promise that entries are in every later checkpoint, typ `dx-anchor-ack+jwt`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnchorAck {
    /// Structure version.
    pub v: V1,
    /// The trust anchor.
    pub iss: EntityId,
    /// The member.
    pub aud: EntityId,
    /// Issued at.
    pub iat: NumericDate,
    /// Id of the acknowledgement.
    pub jti: MessageId,
    /// Keeps the digest from being guessed.
    pub salt: Salt,
    /// The submission.
    pub submission: MessageId,
    /// The log.
    pub origin: String,
    /// In the order of the submission.
    pub entries: Vec<SequencedEntry>,
}

/// Where an entry stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SequencedEntry {
    /// SHA-256 of the exact JWS.
    pub digest: Digest,
    /// Its place, from 0.
    pub index: u64,
    /// When the anchor took it, milliseconds since the epoch.
    pub received_ms: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_reads_back_what_it_prints() {
        for text in [
            "provider",
            "assisted-operator",
            "identity-registry:revenue",
            "consumer:social",
            "event-source:in.vinimay.death.registered.v1",
        ] {
            assert_eq!(text.parse::<Role>().unwrap().to_string(), text);
        }
        for bad in ["", "admin", "provider:x", "consumer:", "event-source:death", "identity-registry"] {
            assert_eq!(bad.parse::<Role>(), Err(InvalidRole), "{bad}");
        }
    }

    #[test]
    fn a_key_with_a_private_member_is_not_read() {
        let public = r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#;
        assert!(serde_json::from_str::<Jwk>(public).is_ok());
        assert!(serde_json::from_str::<Jwk>(&public.replace('}', r#","d":"AA"}"#)).is_err());
    }
}
