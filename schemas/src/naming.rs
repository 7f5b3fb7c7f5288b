//! Whom the identity registry is asked to name, and to whom.
//!
//! Source: protocol, "The citizen" (dataset `identity.subject`). The order is sealed by the asker to the registry and stands where
//! a query under a law names its person; the names come back as the rows of a record, in the order of the pseudonyms.
//! Deliberately absent: anything about the people but the asker's own pseudonyms.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::{EntityId, SectorSubject};

/// The dataset.
pub const DATASET: &str = "identity.subject";
/// Its one field: the receiver's pseudonym of the person, sealed so that the receiver alone opens it; null for nobody.
pub const FIELD: &str = "subject";
/// People in one message at most: question and answer stay below the limits of every query (64 kB) and answer (1 MB). A call for
/// more goes out as several messages.
pub const PEOPLE: usize = 500;

/// People to be named to one receiver, sealed by the asker to the identity registry.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamingOrder {
    /// Who will open the names.
    pub receiver: EntityId,
    /// The asker's own pseudonyms; at most [`PEOPLE`], each once.
    pub subjects: Vec<SectorSubject>,
}

// Pseudonyms stand in it: it does not print itself.
impl std::fmt::Debug for NamingOrder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NamingOrder({} people to {})", self.subjects.len(), self.receiver)
    }
}
