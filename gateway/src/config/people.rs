//! How the department's officers sign in.

use std::collections::BTreeMap;

use schemas::id::EntityId;
use serde::Deserialize;
use service_kit::config::{FilePath, Seconds};

use crate::people::{Lifetimes, Role};

/// The section `[people]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeopleSettings {
    /// After how long without a request a session ends.
    #[serde(default = "a_quarter_of_an_hour")]
    pub idle: Seconds,
    /// After how long a session ends in any case.
    #[serde(default = "eight_hours")]
    pub absolute: Seconds,
    /// The provider by which officers sign in; without it they have passwords.
    #[serde(default)]
    pub openid: Option<OpenIdSettings>,
}

impl Default for PeopleSettings {
    fn default() -> Self {
        Self { idle: a_quarter_of_an_hour(), absolute: eight_hours(), openid: None }
    }
}

impl PeopleSettings {
    /// How long sessions last.
    pub const fn lifetimes(&self) -> Lifetimes {
        Lifetimes { idle: self.idle.duration(), absolute: self.absolute.duration() }
    }
}

const fn a_quarter_of_an_hour() -> Seconds {
    Seconds(15 * 60)
}

const fn eight_hours() -> Seconds {
    Seconds(8 * 3600)
}

/// An OpenID provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenIdSettings {
    /// Its issuer: an https URL, exactly as its metadata and tokens write it.
    pub issuer: EntityId,
    /// The name under which it knows us.
    pub client_id: String,
    /// A file of mode 0600 with the secret that it gave us; or `client_key_file`.
    #[serde(default)]
    pub client_secret_file: Option<FilePath>,
    /// A file of mode 0600 with a private key (PKCS#8 PEM) whose public half it knows: `private_key_jwt`.
    #[serde(default)]
    pub client_key_file: Option<FilePath>,
    /// PEM: the certificates that we trust for it, and no others.
    pub certificate_file: FilePath,
    /// Hosts beside the issuer's own where its endpoints may stand.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// The claim of its ID tokens that lists groups or roles.
    pub role_claim: String,
    /// Which of these give which of our roles: `roles = { auditor = ["gov-auditors"] }`.
    pub roles: BTreeMap<Role, Vec<String>>,
}
