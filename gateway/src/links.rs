//! Which pseudonym is which local number, and how a department comes to know it.
//!
//! Guarantees: both sides are encrypted at rest; a pseudonym keeps its first link until an officer changes it. Deliberately
//! absent: similarity and guesses; the matcher of `registry-adapter` links what is sure and leaves the rest.

use registry_adapter::key::LocalKey;
use schemas::id::SectorSubject;
use service_kit::db::Database;

use crate::{
    keys::Keys,
    store::links::{LinkError, link_find, link_subjects},
};

/// The links of this department. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Links {
    db: Database,
    keys: Keys,
}

impl Links {
    /// Links in this database, under these keys.
    pub const fn new(db: Database, keys: Keys) -> Self {
        Self { db, keys }
    }

    /// The local number of a pseudonym, if it is linked.
    ///
    /// # Errors
    /// If the database or the encryption fails.
    pub async fn resolve(&self, subject: &SectorSubject) -> Result<Option<LocalKey>, LinkError> {
        let (keys, subject) = (self.keys.clone(), subject.clone());
        let found = self.db.read(move |conn| link_find(conn, &keys, &subject)).await?;
        Ok(found.and_then(|text| text.parse().ok()))
    }

    /// The pseudonyms of a local number: none, one, or more if two people claim one number.
    ///
    /// # Errors
    /// If the database or the encryption fails.
    pub async fn subjects_of(&self, key: &LocalKey) -> Result<Vec<SectorSubject>, LinkError> {
        let (keys, key) = (self.keys.clone(), key.clone());
        self.db.read(move |conn| link_subjects(conn, &keys, key.as_str())).await
    }
}
