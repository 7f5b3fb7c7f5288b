//! What wallets read before anything else: issuer and authorisation server metadata.

use schemas::{
    consent::BINDING_VCT,
    openid::{AuthorizationServerMetadata, BINDING_CONFIGURATION, BatchIssuance, IssuerMetadata},
};
use serde_json::json;

use super::{address, credential::BATCH};
use crate::app::App;

/// Where codes become tokens.
pub(super) const TOKEN: &str = "/identity/token";
/// Where nonces are given.
pub(super) const NONCE: &str = "/identity/nonce";
/// Where bindings are issued.
pub(super) const CREDENTIAL: &str = "/identity/credential";

impl App {
    /// Issuer metadata (OpenID4VCI 1.0 §12.2).
    pub(crate) fn issuer_metadata(&self) -> IssuerMetadata {
        let people = &self.config().public.people;
        IssuerMetadata {
            credential_issuer: self.entity().to_string(),
            credential_endpoint: address(people, CREDENTIAL),
            nonce_endpoint: address(people, NONCE),
            batch_credential_issuance: BatchIssuance { batch_size: BATCH },
            credential_configurations_supported: json!({ BINDING_CONFIGURATION: {
                "format": "dc+sd-jwt",
                "vct": BINDING_VCT,
                "cryptographic_binding_methods_supported": ["jwk"],
                "credential_signing_alg_values_supported": ["ES256"],
                "proof_types_supported": { "jwt": { "proof_signing_alg_values_supported": ["ES256"] } },
            } }),
        }
    }

    /// Authorisation server metadata (RFC 8414) of the same entity.
    pub(crate) fn authorization_server_metadata(&self) -> AuthorizationServerMetadata {
        AuthorizationServerMetadata {
            issuer: self.entity().to_string(),
            token_endpoint: address(&self.config().public.people, TOKEN),
            dpop_signing_alg_values_supported: vec!["ES256".to_owned()],
            anonymous_access: true,
        }
    }
}
