//! What a seeding run left to an officer: who waits, which rows she could be, and the officer's word.
//!
//! Guarantees: name and birth date leave the database for the officer's page alone, and that they did is an audit row; a decision has
//! a reason in words, an audit row, and then the end of the waiting. Deliberately absent: any proposal; rows are shown with what is equal and what is not.

use registry_adapter::{
    identity::BirthDate,
    key::LocalKey,
    matching::{Candidate, MatchError, Person},
};
use schemas::{
    id::{SectorSubject, SystemName},
    linking::NamedResident,
    problem::Code,
};
use service_kit::{audit_trail::Entry, db::DatabaseError};

use super::Linked;
use crate::{
    app::App,
    audit,
    break_glass::Reason,
    store::{
        links::LinkError,
        links_decided::{Decision, decision_insert},
        links_open::{open_find, open_list, open_remove},
    },
};

/// Actions in the audit trail.
const DISMISS: &str = "link.dismiss";
const COMPARE: &str = "link.compare";
/// Their target; who it was stands in no audit row.
const TARGET: &str = "subject-link";
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

/// Who decides, and why.
#[derive(Clone, Debug)]
pub struct Decider {
    /// The officer's pseudonym.
    pub officer: SystemName,
    /// In words.
    pub reason: Reason,
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

    /// Shows an officer one who waits, beside the rows that she could be; that it was looked at is a row of the audit trail.
    ///
    /// # Errors
    /// If the rows or the table cannot be read. `None`: she does not wait.
    pub async fn compare_link(
        &self,
        subject: &SectorSubject,
        account: &SystemName,
    ) -> Result<Option<(NamedResident, Vec<Candidate>)>, OfficerError> {
        let (keys, whom) = (self.keys().clone(), subject.clone());
        let person = self.db().read(move |conn| open_find(conn, &keys, &whom)).await?;
        let row = audit::done(account.as_str(), COMPARE, TARGET, self.now());
        let row = if person.is_some() { row } else { audit::refused(row, Some(Code::NotFound)) };
        audit::record(self.db(), row).await?;
        let Some(person) = person else { return Ok(None) };
        Ok(Some((person, self.link_candidates(subject).await?)))
    }

    /// The officer says which of the rows that she was shown it is; who waits no more after it, unless she is linked to another row.
    /// Every outcome is a row of the audit trail. `None`: she does not wait, or this is none of her rows.
    ///
    /// # Errors
    /// If the rows cannot be read or written.
    pub async fn confirm_link(
        &self,
        subject: &SectorSubject,
        key: LocalKey,
        by: &Decider,
    ) -> Result<Option<Linked>, OfficerError> {
        let candidates = self.link_candidates(subject).await?;
        if !candidates.iter().any(|candidate| candidate.key == key) {
            let row = audit::done(by.officer.as_str(), audit::LINK_SET, TARGET, self.now());
            audit::record(self.db(), audit::refused(row, Some(Code::NotFound))).await?;
            return Ok(None);
        }
        let linked = self.links().link_by_officer(subject.clone(), key, by.officer.clone(), self.now()).await?;
        if matches!(linked, Linked::New | Linked::Same) {
            self.write_decision(subject, by, true, None).await?;
        }
        Ok(Some(linked))
    }

    /// The officer says that she is none of the rows; nobody is linked. `false`: she does not wait.
    ///
    /// # Errors
    /// If the rows cannot be written.
    pub async fn dismiss_link(&self, subject: &SectorSubject, by: &Decider) -> Result<bool, OfficerError> {
        let row = audit::done(by.officer.as_str(), DISMISS, TARGET, self.now());
        let (keys, whom) = (self.keys().clone(), subject.clone());
        if self.db().read(move |conn| open_find(conn, &keys, &whom)).await?.is_none() {
            audit::record(self.db(), audit::refused(row, Some(Code::NotFound))).await?;
            return Ok(false);
        }
        self.write_decision(subject, by, false, Some(row)).await?;
        Ok(true)
    }

    /// The reason, the end of the waiting, and what goes into the audit trail, in one transaction.
    async fn write_decision(
        &self,
        subject: &SectorSubject,
        by: &Decider,
        linked: bool,
        row: Option<Entry>,
    ) -> Result<(), OfficerError> {
        let (keys, subject, by, at) = (self.keys().clone(), subject.clone(), by.clone(), self.now());
        let decided = self.db().write(move |conn| {
            let decision = Decision { subject: &subject, officer: &by.officer, linked, reason: by.reason.as_str(), at };
            decision_insert(conn, &keys, &decision)?;
            open_remove(conn, &keys, &subject)?;
            if let Some(row) = &row {
                audit::append(conn, row)?;
            }
            Ok::<_, LinkError>(())
        });
        Ok(decided.await?)
    }
}
