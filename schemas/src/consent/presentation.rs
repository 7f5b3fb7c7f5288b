//! What a wallet seals to the provider beside a consent.
//!
//! Source: protocol, "With the consent goes a binding presentation". A plain consent seals the text of `binding` alone;
//! this structure is for those that need more. Deliberately absent: the sealing (`protocol::credential::binding`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The proofs that go with one consent, body of the sealed part.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BindingPresentation {
    /// SD-JWT+KB over the digest of the consent: the provider's `sub_<sector>` of her who decided.
    pub binding: String,
    /// SD-JWT+KB of the same binding over a nonce of the provider: she is present. For one-time and sensitive purposes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<String>,
    /// SD-JWT that shows the provider's `sub_<sector>` of the ward, where she decided for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guardianship: Option<String>,
}

// Pseudonyms stand in it: it does not print itself.
impl std::fmt::Debug for BindingPresentation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BindingPresentation(…)")
    }
}
