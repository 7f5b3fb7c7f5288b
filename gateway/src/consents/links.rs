//! A citizen ties her pseudonym to her number in this department: she shows name and birth date, and names the number.
//!
//! Guarantees: the department's own row of that number must have that name and birth date; a number that another pseudonym
//! has is not given twice, to two at once neither; every failure sounds the same; what came of it is an audit row without a name. Deliberately absent: similarity.

use protocol::{consent::Refusal, credential::VerifiedBinding};
use registry_adapter::{identity::BirthDate, key::LocalKey, matching::Person};
use schemas::{
    citizen::{LinkRequest, Linked},
    id::SectorSubject,
    problem::Code,
    time::CivilDate,
};

use super::PresentationError;
use crate::{
    app::App,
    audit,
    store::links::{LinkError as StoreError, NewLink, link_find, link_insert, link_lock, link_subjects},
};

/// How it was confirmed.
const CONFIRMED_BY: &str = "citizen";
const METHOD: &str = "number-name-birthdate";
const SCORE: u8 = 100;

/// No tie was made.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The presentation.
    #[error(transparent)]
    Presentation(#[from] PresentationError),
    /// Why.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The row.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const NOBODY: Refusal = Refusal::new(Code::NotFoundOrNotPermitted, "no one row is hers");

impl App {
    /// Ties a pseudonym to a number.
    ///
    /// # Errors
    /// Those of the presentation; `access-denied` (an assisted session's); `not-found-or-not-permitted`; `registry-unavailable`.
    pub(crate) async fn link_by_citizen(&self, request: &LinkRequest) -> Result<Linked, LinkError> {
        let binding = self.verify_own_presentation(&request.binding).await?;
        let (subject, person) = self.shown(&binding).ok_or(NOBODY)?;
        let number: LocalKey = request.local_number.parse().map_err(|_| NOBODY)?;
        self.confirm(person, &number).await?;
        let (keys, now) = (self.keys().clone(), self.now());
        let link = NewLink {
            subject,
            local_key: number.as_str().to_owned(),
            method: METHOD.to_owned(),
            score: SCORE,
            confirmed_by: CONFIRMED_BY.to_owned(),
        };
        let row = audit::done(CONFIRMED_BY, audit::LINK_SET, "subject-link", now);
        let tied = self.db().write(move |conn| {
            // Of two namesakes who name one number at once, the second sees the first.
            link_lock(conn, &keys, &link.local_key)?;
            let others = link_subjects(conn, &keys, &link.local_key)?;
            let is_free = others.iter().all(|other| *other == link.subject);
            let tied = is_free
                && (link_insert(conn, &keys, &link, now)?
                    || link_find(conn, &keys, &link.subject)?.as_ref() == Some(&link.local_key));
            let row = if tied { row } else { audit::refused(row, Some(NOBODY.code())) };
            audit::append(conn, &row)?;
            Ok::<_, StoreError>(tied)
        });
        if !tied.await? {
            return Err(NOBODY.into());
        }
        Ok(Linked { method: METHOD.to_owned(), score: SCORE })
    }

    /// What she disclosed: the pseudonym of our sector, name and birth date, all of them.
    fn shown(&self, binding: &VerifiedBinding) -> Option<(SectorSubject, Person)> {
        let subject = binding.disclosed(&format!("sub_{}", self.config().sector))?.parse().ok()?;
        let born: CivilDate = binding.disclosed("birthdate")?.parse().ok()?;
        let family_name = binding.disclosed("family_name").filter(|name| !name.is_empty());
        let person = Person {
            given_name: binding.disclosed("given_name")?.to_owned(),
            family_name: family_name.map(str::to_owned),
            birth_date: BirthDate::Day(born),
            district: None,
        };
        Some((subject, person))
    }

    async fn confirm(&self, person: Person, number: &LocalKey) -> Result<(), Refusal> {
        let away = Refusal::new(Code::RegistryUnavailable, "the department's table of people did not answer");
        let matchers = self.source().ok_or(NOBODY)?.matchers();
        let number = number.clone();
        let found = tokio::task::spawn_blocking(move || {
            for matcher in matchers {
                if matcher.confirm(&person, &number).map_err(|_| away)? {
                    return Ok(());
                }
            }
            Err(NOBODY)
        });
        found.await.map_err(|_| away)?
    }
}
