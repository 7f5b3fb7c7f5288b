//! The build of the wallet that a member serves, as it says itself: typ `dx-build+jwt`.
//!
//! Source: protocol, first table and "The citizen" (the wallet is static, its build digest is logged). Guarantees: a consent's
//! `evidence.wallet` names the same digest, so that what showed a card can be told years later. Deliberately absent: the files, which anybody
//! can hash.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    id::{EntityId, MessageId, Salt},
    time::NumericDate,
    version::V1,
};

/// A member's word that it serves this build, logged as entry type 10.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WalletBuild {
    /// Structure version.
    pub v: V1,
    /// The identity registry that serves it.
    pub iss: EntityId,
    /// Since when.
    pub iat: NumericDate,
    /// Id of the record.
    pub jti: MessageId,
    /// Keeps the logged digest from being guessed.
    pub salt: Salt,
    /// The build: SHA-256 over a line `<sha256 in hex>  <path>` for each file, in the order of paths.
    pub build: Digest,
}
