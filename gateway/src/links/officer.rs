//! What a seeding run left to an officer: who waits, which rows she could be, and the officer's word.
//!
//! Guarantees: name and birth date leave the database for the officer's page alone; a decision is a link with its audit row, and
//! then the end of the waiting. Deliberately absent: any proposal; rows are shown with what is equal and what is not.

use registry_adapter::{
    identity::BirthDate,
    key::LocalKey,
    matching::{Candidate, MatchError, Person},
};
use schemas::{
    id::{SectorSubject, SystemName},
    linking::NamedResident,
};
use service_kit::db::DatabaseError;

use super::Linked;
use crate::{
    app::App,
    audit,
    store::{
        links::LinkError,
        links_open::{open_find, open_list, open_remove},
    },
};

/// The action in the audit trail.
const DISMISS: &str = "link.dismiss";
/// People on one page.
const PAGE: i64 = 50;

/// The officer's page cannot be filled.
#[derive(Debug, thiserror::Error)]
pub enum OfficerError {
    /// The rows.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The department's own table.
    #[error(transparent)]
    Match(#[from] MatchError),
    /// A thread ended.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl App {
    /// Whom only an officer can link, longest waiting first, at most fifty.
    ///
    /// # Errors
    /// If the rows cannot be read.
    pub async fn open_links(&self) -> Result<Vec<NamedResident>, OfficerError> {
        let keys = self.keys().clone();
        Ok(self.db().read(move |conn| open_list(conn, &keys, PAGE)).await?)
    }

    /// The rows of the department's table that this person could be, those with more in common first. Empty if she does not
    /// wait.
    ///
    /// # Errors
    /// If the rows or the table cannot be read.
    pub async fn link_candidates(&self, subject: &SectorSubject) -> Result<Vec<Candidate>, OfficerError> {
        let (keys, subject) = (self.keys().clone(), subject.clone());
        let found = self.db().read(move |conn| open_find(conn, &keys, &subject)).await?;
        let Some(waiting) = found else { return Ok(Vec::new()) };
        let matchers = self.source().map(|source| source.matchers()).unwrap_or_default();
        let person = Person {
            given_name: waiting.given_name,
            family_name: waiting.family_name,
            birth_date: BirthDate::Day(waiting.birth_date),
            district: waiting.district,
        };
        let work = tokio::task::spawn_blocking(move || {
            let mut candidates = Vec::new();
            for matcher in matchers {
                candidates.extend(matcher.candidates(&person)?);
            }
            candidates.sort_by_key(|candidate: &Candidate| (!candidate.same_name, !candidate.same_district));
            Ok::<_, MatchError>(candidates)
        });
        Ok(work.await.map_err(|error| DatabaseError::Unavailable(error.to_string()))??)
    }

    /// The officer says which row she is; who waits no more after it, unless she is linked to another row.
    ///
    /// # Errors
    /// If the rows cannot be written.
    pub async fn confirm_link(
        &self,
        subject: &SectorSubject,
        key: LocalKey,
        officer: &SystemName,
    ) -> Result<Linked, OfficerError> {
        let linked = self.links().link_by_officer(subject.clone(), key, officer.clone(), self.now()).await?;
        if linked != Linked::Other {
            let (keys, subject) = (self.keys().clone(), subject.clone());
            self.db().write(move |conn| Ok::<_, DatabaseError>(open_remove(conn, &keys, &subject)?)).await?;
        }
        Ok(linked)
    }

    /// The officer says that she is none of the rows; nobody is linked.
    ///
    /// # Errors
    /// If the rows cannot be written.
    pub async fn dismiss_link(&self, subject: &SectorSubject, officer: &SystemName) -> Result<(), OfficerError> {
        let row = audit::done(officer.as_str(), DISMISS, "subject-link", self.now());
        let (keys, subject) = (self.keys().clone(), subject.clone());
        let dismissed = self.db().write(move |conn| {
            open_remove(conn, &keys, &subject)?;
            audit::append(conn, &row)
        });
        Ok(dismissed.await?)
    }
}
