//! About whom: from the department's own number to its own pseudonym, and from there, by the identity registry, to the provider's.
//!
//! Guarantees: who is linked to no pseudonym, or to more than one, is nobody; the provider's pseudonym is never seen here, it comes
//! sealed to the provider.

use registry_adapter::key::LocalKey;
use schemas::{
    asking::PersonReference,
    id::{CompactJwe, SectorSubject},
    problem::Code,
};
use service_kit::db::AnyConnection;

use crate::{
    app::App,
    break_glass::{self, Person},
    exchange::{
        ask::{About, Before, End, LawQuestion, NotAnswered, Urgent, digest},
        naming::NamingBasis,
    },
    store::{
        exchange::asks::AskKey,
        links::{LinkError, link_subjects},
    },
};

/// The same for a number that is not linked, and for a person whom the identity registry does not name.
pub(super) fn nobody() -> NotAnswered {
    NotAnswered::new(Code::NotFoundOrNotPermitted)
        .detail("nobody is linked to that number, or known to the identity registry")
}

impl App {
    /// Asks under a law about one person, naming the person first, or hears again how the question of this key ended.
    ///
    /// # Errors
    /// [`NotAnswered`]; a signed refusal is an [`End`].
    pub(crate) async fn ask_about(
        &self,
        key: &AskKey,
        question: &LawQuestion,
        (person, reason): (&PersonReference, Option<&str>),
    ) -> Result<End, NotAnswered> {
        let wanted = digest(&(question, person, reason))?;
        match self.asked_before(key, &wanted).await? {
            Some(Before::Ended(end)) => return Ok(end),
            Some(Before::Open(pending)) => return self.finish(&pending).await,
            None => {}
        }
        let law = self.authorize_law(question, self.now())?;
        let emergency = break_glass::authorize(&law, Some(&question.officer), reason)?;
        let emergency = match emergency {
            Some(emergency) => Some(self.authorize_officer(emergency, &law).await?),
            None => None,
        };
        let subject = self.subject_of(person).await?;
        let person = Person::of_subject(self.keys(), &subject);
        let urgent = emergency.map(|emergency| Urgent { law, emergency, person });
        let people = vec![subject];
        let named = self.named_to_provider(key, question, &people).await?;
        let about = About { sealed: named.into_iter().next().flatten().ok_or_else(nobody)?, people };
        match urgent {
            None => self.ask_under_law(key, wanted, question, about).await,
            Some(urgent) => self.ask_urgently(key, wanted, question, (about, urgent)).await,
        }
    }

    /// Refuses a law that the register does not give us, and one for emergencies: an emergency is one person's, with a reason.
    ///
    /// # Errors
    /// `law-not-registered`, `reason-missing`, `request-malformed`, `directory-outdated`.
    pub(super) fn authorize_ordinary_law(&self, question: &LawQuestion) -> Result<(), NotAnswered> {
        let law = self.authorize_law(question, self.now())?;
        Ok(break_glass::authorize(&law, Some(&question.officer), None).map(drop)?)
    }

    /// The department's own pseudonym of a person.
    async fn subject_of(&self, person: &PersonReference) -> Result<SectorSubject, NotAnswered> {
        match person {
            PersonReference::Sub(subject) => Ok(subject.clone()),
            PersonReference::Number(number) => {
                let (app, number) = (self.clone(), number.clone());
                self.db().read(move |conn| app.linked(conn, &number)).await
            }
        }
    }

    /// The one pseudonym of a local number.
    ///
    /// # Errors
    /// `not-found-or-not-permitted` if there is none, or more than one.
    pub(super) fn linked(&self, conn: &mut AnyConnection, number: &str) -> Result<SectorSubject, NotAnswered> {
        let nobody = || NotAnswered::new(Code::NotFoundOrNotPermitted).detail("nobody is linked to that number");
        let key: LocalKey = number.parse().map_err(|_| nobody())?;
        let found = link_subjects(conn, self.keys(), key.as_str()).map_err(|error: LinkError| {
            tracing::warn!(%error, "links could not be read");
            NotAnswered::new(Code::Overloaded)
        })?;
        match <[SectorSubject; 1]>::try_from(found) {
            Ok([subject]) => Ok(subject),
            Err(_) => Err(nobody()),
        }
    }

    /// These people, named to the provider by the identity registry: one sealed name each, in their order; none for nobody.
    ///
    /// # Errors
    /// `law-not-registered` where no law has people named for that purpose; what the identity registry said, or that it is away.
    pub(crate) async fn named_to_provider(
        &self,
        key: &AskKey,
        question: &LawQuestion,
        subjects: &[SectorSubject],
    ) -> Result<Vec<Option<CompactJwe>>, NotAnswered> {
        let basis = NamingBasis {
            law: self.naming_law(&question.purpose)?.id,
            case: question.case.clone(),
            officer: question.officer.clone(),
            system: key.system.clone(),
        };
        self.name_subjects(&basis, &question.provider, subjects).await
    }
}
