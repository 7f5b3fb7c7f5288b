//! What must last of life events: subscriptions, follow lists, feeds with their deliveries, the inbox, records of both sides.
//!
//! Guarantees: what was signed is insert-only (triggers refuse the rest); numbers of a feed and the contiguous mark only grow;
//! whom somebody follows stands here as keyed hashes alone; uniqueness is decided by an index. Deliberately absent: rules.

use protocol::exchange::MemberClaims;
use schemas::id::{EntityId, SectorSubject};

use super::encrypted::Encrypted;
use crate::keys::Keys;

pub mod ages;
pub mod captured;
pub mod cases;
pub mod feeds;
pub mod follows;
pub mod heads;
pub mod inbox;
pub mod overview;
pub mod pseudonyms;
pub mod records;
pub mod scopes;
pub mod subscriptions;
pub mod told;
pub mod work;

pub use records::bundle_records;

const PERSON: Encrypted = Encrypted { table: "follow", column: "person" };
const CAPTURED: Encrypted = Encrypted { table: "captured", column: "row" };
const INBOX_PERSON: Encrypted = Encrypted { table: "inbox_work", column: "person" };
const PSEUDONYM: Encrypted = Encrypted { table: "pseudonym", column: "subject" };

/// On which side of a subscription this department stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It sends.
    Source,
    /// It hears.
    Subscriber,
}

impl Side {
    /// As it stands in the tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Subscriber => "subscriber",
        }
    }
}

/// A keyed hash by which a person is found. It names nobody to who has no key. Base64url.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersonIndex(String);

impl PersonIndex {
    /// Of one of the source's own residents.
    pub fn of_resident(keys: &Keys, number: &str) -> Self {
        Self(PERSON.index(keys, number))
    }

    /// Of a subscriber's pseudonym, at the source that inverts it.
    pub fn of_pseudonym(keys: &Keys, subject: &SectorSubject) -> Self {
        Self(PSEUDONYM.index(keys, subject.as_str()))
    }

    /// Of the pseudonym by which a source speaks of a person to us.
    pub fn of_reference(keys: &Keys, source: &EntityId, subject_ref: &str) -> Self {
        Self(INBOX_PERSON.index(keys, &format!("{source} {subject_ref}")))
    }

    /// As it stands in the tables.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The keyed hash of a row of the department's register, or of its registration number.
pub(crate) fn captured_index(keys: &Keys, what: &str, value: &str) -> String {
    CAPTURED.index(keys, &format!("{what} {value}"))
}

/// The claims of a stored token. It was verified, or signed by us, before it was stored.
///
/// # Errors
/// If the row was damaged.
pub(crate) fn stored_claims<T: MemberClaims>(jws: &str) -> diesel::QueryResult<T> {
    let damaged = |what: &'static str| diesel::result::Error::DeserializationError(what.into());
    let payload = jws.split('.').nth(1).ok_or_else(|| damaged("a stored token has no payload"))?;
    let payload = protocol::seal::decode_base64url(payload).map_err(|_| damaged("a stored token is not base64url"))?;
    serde_json::from_slice(&payload).map_err(|_| damaged("a stored token holds other claims"))
}
