//! Messages of OpenID4VP 1.0 (asking for a consent) and OpenID4VCI 1.0 (issuing a resident binding) as far as we use them.
//!
//! Source: OpenID for Verifiable Presentations 1.0 §5, §8; OpenID for Verifiable Credential Issuance 1.0 §4 to §8;
//! RFC 9449 (DPoP). Messages of these standards are open: members we do not know are ignored, except in what we sign
//! ourselves and what a citizen is shown ([`ConsentTransaction`], closed).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    consent::{DataRange, Frequency, Predicate},
    federation::JwkSet,
    id::{CompactJwe, CompactJws, DatasetId, EntityId, FieldName, PurposeCode, RegisterVersion},
    time::{CalendarDuration, NumericDate},
};

/// `type` of our transaction data.
pub const CONSENT_TRANSACTION: &str = "urn:vinimay:consent:1";
/// The client identifier prefix of a federation member (OpenID4VP 1.0 §5.9.3).
pub const FEDERATION_CLIENT: &str = "openid_federation:";
/// `aud` of a request object for a wallet found without discovery (OpenID4VP 1.0 §5.8).
pub const STATIC_WALLET_AUDIENCE: &str = "https://self-issued.me/v2";
/// Grant type of a pre-authorised code (OpenID4VCI 1.0 §4.1.1).
pub const PRE_AUTHORIZED_GRANT: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";
/// Our one credential configuration.
pub const BINDING_CONFIGURATION: &str = "resident-binding";
/// Id of the binding in the DCQL query and the `vp_token`.
pub const BINDING_QUERY_ID: &str = "binding";

/// A signed request for a consent, typ `oauth-authz-req+jwt` (OpenID4VP 1.0 §5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestObject {
    /// The asking department.
    pub iss: EntityId,
    /// [`STATIC_WALLET_AUDIENCE`].
    pub aud: String,
    /// Issued at.
    pub iat: NumericDate,
    /// Expires at.
    pub exp: NumericDate,
    /// `openid_federation:<entity>`.
    pub client_id: String,
    /// `vp_token`.
    pub response_type: String,
    /// `direct_post.jwt`.
    pub response_mode: String,
    /// Where the response is posted.
    pub response_uri: String,
    /// Bound into the key binding of the session presentation.
    pub nonce: String,
    /// Names the request at the asker.
    pub state: String,
    /// Echo of the wallet's nonce (§5.10.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wallet_nonce: Option<String>,
    /// Asks for the binding.
    pub dcql_query: DcqlQuery,
    /// Keys for the encrypted response.
    pub client_metadata: ClientMetadata,
    /// Base64url of the JSON of a [`ConsentTransaction`], exactly one.
    pub transaction_data: Vec<String>,
}

/// Digital Credentials Query Language (OpenID4VP 1.0 §6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DcqlQuery {
    /// The credentials asked for.
    pub credentials: Vec<DcqlCredential>,
}

/// One credential of a DCQL query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DcqlCredential {
    /// Names it in the `vp_token`.
    pub id: String,
    /// `dc+sd-jwt`.
    pub format: String,
    /// Types.
    pub meta: DcqlMeta,
    /// No claims: the session presentation discloses nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<serde_json::Value>,
}

/// Types of a DCQL credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DcqlMeta {
    /// Acceptable `vct` values.
    pub vct_values: Vec<String>,
}

/// The asker's keys and formats (OpenID4VP 1.0 §11).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClientMetadata {
    /// Encryption key for the response.
    pub jwks: JwkSet,
    /// `A256GCM`.
    pub encrypted_response_enc_values_supported: Vec<String>,
    /// `dc+sd-jwt` with ES256.
    pub vp_formats_supported: serde_json::Value,
}

/// What the citizen is asked to sign; shown on the card word for word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentTransaction {
    /// [`CONSENT_TRANSACTION`].
    pub r#type: String,
    /// [`BINDING_QUERY_ID`].
    pub credential_ids: Vec<String>,
    /// For what.
    pub purpose: PurposeCode,
    /// Version of the purpose.
    pub purpose_version: RegisterVersion,
    /// The purpose's text by language, as registered.
    pub text: BTreeMap<String, String>,
    /// The asking department's name by language.
    pub consumer_name: BTreeMap<String, String>,
    /// What is asked for, a consent each.
    pub items: Vec<TransactionItem>,
    /// From approval on.
    pub validity: CalendarDuration,
    /// How often.
    pub frequency: Frequency,
    /// How long answers are kept.
    pub retention: CalendarDuration,
    /// Asked of a guardian, about a ward of hers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub for_ward: bool,
}

/// One provider, one dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransactionItem {
    /// Who holds the data.
    pub provider: EntityId,
    /// The dataset.
    pub dataset: DatasetId,
    /// Its fields.
    pub fields: Vec<FieldName>,
    /// Questions with yes or no.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predicates: Vec<Predicate>,
    /// Which days the data may speak of.
    #[serde(rename = "dataRange", default, skip_serializing_if = "Option::is_none")]
    pub data_range: Option<DataRange>,
}

/// The plaintext of a `direct_post.jwt` response (OpenID4VP 1.0 §8.3), with our two additional parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorizationResponse {
    /// The request.
    pub state: String,
    /// `{"binding": ["<SD-JWT+KB>"]}`.
    pub vp_token: BTreeMap<String, Vec<String>>,
    /// One consent an item, in order.
    pub consents: Vec<CompactJws>,
    /// One presentation an item, each sealed to its provider.
    pub consent_bindings: Vec<CompactJwe>,
}

/// A credential offer (OpenID4VCI 1.0 §4.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CredentialOffer {
    /// The identity registry's issuer identifier.
    pub credential_issuer: String,
    /// [`BINDING_CONFIGURATION`].
    pub credential_configuration_ids: Vec<String>,
    /// By grant type.
    pub grants: BTreeMap<String, PreAuthorizedGrant>,
}

/// The pre-authorised code grant of an offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PreAuthorizedGrant {
    /// The code.
    #[serde(rename = "pre-authorized_code")]
    pub code: String,
    /// What the transaction code looks like.
    pub tx_code: TxCodeForm,
}

/// What a transaction code looks like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TxCodeForm {
    /// `numeric`.
    pub input_mode: String,
    /// Digits.
    pub length: u8,
}

/// Issuer metadata at `/.well-known/openid-credential-issuer` (OpenID4VCI 1.0 §12.2). `token_endpoint` stands in the
/// authorisation server's metadata, which is this issuer's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IssuerMetadata {
    /// Issuer identifier.
    pub credential_issuer: String,
    /// Where credentials are issued.
    pub credential_endpoint: String,
    /// Where nonces are given.
    pub nonce_endpoint: String,
    /// Most proofs in one request.
    pub batch_credential_issuance: BatchIssuance,
    /// By id.
    pub credential_configurations_supported: serde_json::Value,
}

/// Most proofs in one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BatchIssuance {
    /// At least 2.
    pub batch_size: u32,
}

/// Authorisation server metadata (RFC 8414) of the issuer, as far as a wallet needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuthorizationServerMetadata {
    /// Equal to the issuer identifier.
    pub issuer: String,
    /// Where codes become tokens.
    pub token_endpoint: String,
    /// `["ES256"]`.
    pub dpop_signing_alg_values_supported: Vec<String>,
    /// True: an offer names no client.
    #[serde(rename = "pre-authorized_grant_anonymous_access_supported")]
    pub anonymous_access: bool,
}

/// The token endpoint's answer (RFC 6749 §5.1).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenResponse {
    /// Bound to the DPoP key.
    pub access_token: String,
    /// `DPoP`.
    pub token_type: String,
    /// Seconds.
    pub expires_in: u32,
}

/// The nonce endpoint's answer (OpenID4VCI 1.0 §7.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NonceResponse {
    /// For `nonce` of the proofs.
    pub c_nonce: String,
}

/// A credential request (OpenID4VCI 1.0 §8.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialRequest {
    /// [`BINDING_CONFIGURATION`].
    pub credential_configuration_id: String,
    /// One proof a key.
    pub proofs: CredentialProofs,
}

/// Proofs of possession, one a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialProofs {
    /// Compact JWSs of typ `openid4vci-proof+jwt`.
    pub jwt: Vec<CompactJws>,
}

/// A credential response (OpenID4VCI 1.0 §8.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CredentialResponse {
    /// One a proof, in order.
    pub credentials: Vec<IssuedCredential>,
}

/// One issued credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IssuedCredential {
    /// SD-JWT with all its disclosures.
    pub credential: String,
}

/// An error of OAuth 2.0 (RFC 6749 §5.2) or OpenID4VCI 1.0 §8.3.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OAuthError {
    /// `invalid_grant`, `invalid_proof`, `invalid_nonce`, …
    pub error: String,
    /// For a developer; never personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
}
