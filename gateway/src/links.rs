//! Which pseudonym is which local number, and how a department comes to know it.
//!
//! Guarantees: both sides are encrypted at rest; a pseudonym keeps its first link; each way of linking leaves an audit row in
//! the transaction that links. Deliberately absent: similarity and guesses; the matcher of `registry-adapter` links what is sure
//! and leaves the rest to an officer.

use registry_adapter::key::LocalKey;
use schemas::{
    federation::Law,
    id::{EntityId, SectorSubject, SystemName},
    time::Timestamp,
};
use service_kit::db::{AnyConnection, Database};

use crate::{
    audit,
    keys::Keys,
    store::links::{LinkError, NewLink, link_find, link_insert, link_lock, link_subjects},
};

mod export;
mod officer;
mod page;
mod receipt;
mod seed;

pub use export::{ExportError, Exported, export};
pub use officer::{Decider, OfficerError};
pub use page::PageError;
pub use receipt::ReceiptUnfit;
pub use seed::{SeedError, Seeded, seed};

/// The dataset that a seeding law names.
pub const DATASET: &str = "identity.subject";
/// What a page of a seeding file tells the receiver of each resident; its law must name every one of them.
const FIELDS: [&str; 5] = ["sub", "given_name", "family_name", "birth_date", "district"];
/// How an officer's link is recorded.
const BY_OFFICER: &str = "officer";

/// The links of this department. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Links {
    db: Database,
    keys: Keys,
}

/// What an officer's link led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linked {
    /// It was written.
    New,
    /// The same link was there.
    Same,
    /// The pseudonym is linked to another number.
    Other,
    /// The number is linked to another pseudonym.
    Taken,
}

/// Whether a law lets this registry tell that department what a seeding file holds.
fn allows(law: &Law, registry: &EntityId, receiver: &EntityId) -> bool {
    let names = |field: &&str| law.allowed.fields.iter().any(|allowed| allowed.as_str() == *field);
    law.provider == *registry
        && law.consumer == *receiver
        && law.allowed.dataset.as_str() == DATASET
        && FIELDS.iter().all(names)
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

    /// Writes down that an officer found a pseudonym to be a local number. A number that another pseudonym has is not given twice.
    ///
    /// # Errors
    /// If the database or the encryption fails.
    pub async fn link_by_officer(
        &self,
        subject: SectorSubject,
        key: LocalKey,
        officer: SystemName,
        now: Timestamp,
    ) -> Result<Linked, LinkError> {
        let keys = self.keys.clone();
        self.db.write(move |conn| link_by_officer(conn, &keys, (&subject, &key), &officer, now)).await
    }
}

/// The same in the caller's transaction, with its row of the audit trail.
///
/// # Errors
/// If the database or the encryption fails.
pub(crate) fn link_by_officer(
    conn: &mut AnyConnection,
    keys: &Keys,
    (subject, key): (&SectorSubject, &LocalKey),
    officer: &SystemName,
    now: Timestamp,
) -> Result<Linked, LinkError> {
    let link = NewLink {
        subject: subject.clone(),
        local_key: key.as_str().to_owned(),
        method: BY_OFFICER.to_owned(),
        score: 100,
        confirmed_by: officer.to_string(),
    };
    // Of two officers who name one number at once, the second sees the first.
    link_lock(conn, keys, &link.local_key)?;
    let others = link_subjects(conn, keys, &link.local_key)?;
    let outcome = if others.iter().any(|other| *other != link.subject) {
        Linked::Taken
    } else if link_insert(conn, keys, &link, now)? {
        Linked::New
    } else if link_find(conn, keys, &link.subject)?.as_deref() == Some(link.local_key.as_str()) {
        Linked::Same
    } else {
        Linked::Other
    };
    let entry = audit::done(officer.as_str(), audit::LINK_SET, "subject-link", now);
    let entry = match outcome {
        Linked::Other | Linked::Taken => audit::refused(entry, Some(schemas::problem::Code::Conflict)),
        Linked::New | Linked::Same => entry,
    };
    audit::append(conn, &entry)?;
    Ok(outcome)
}

#[cfg(test)]
mod tests;
