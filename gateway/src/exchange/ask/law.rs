//! Asking under a registered law: about whom the identity registry named to the provider.
//!
//! Guarantees: case and officer stand in each query; a law that the register does not give us for this provider is not asked
//! under; a question in an emergency is stored with its review and its notice; our own pseudonym of the person is kept with it, so that
//! our receipt tells her of the use. Deliberately absent: the decision about items and quotas, which is the provider's, and naming
//! (`cases/persons.rs`).

use protocol::{consent::Refusal, exchange::Question};
use schemas::{
    consent::Predicate,
    digest::Digest,
    federation::Law,
    id::{CaseId, DatasetId, EntityId, FieldName, LawId, PurposeCode, SystemName},
    problem::Code,
    query::{Agent, Basis, QueryTerms},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{About, End, NotAnswered, Pending, PendingBasis};
use crate::{
    app::App,
    break_glass::{Emergency, Person},
    store::exchange::asks::AskKey,
};

/// What is asked under a law, of everybody the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LawQuestion {
    /// Which law.
    pub(crate) law: LawId,
    /// Whom.
    pub(crate) provider: EntityId,
    /// About what.
    pub(crate) dataset: DatasetId,
    /// Which fields.
    pub(crate) fields: Vec<FieldName>,
    /// Questions with yes or no.
    pub(crate) predicates: Vec<Predicate>,
    /// For what.
    pub(crate) purpose: PurposeCode,
    /// The asker's case.
    pub(crate) case: CaseId,
    /// A pseudonym of the officer.
    pub(crate) officer: SystemName,
}

/// What an emergency question is stored with.
#[derive(Clone, Debug)]
pub(crate) struct Urgent {
    /// The law, registered for emergencies.
    pub(crate) law: Law,
    /// Who asks, and why.
    pub(crate) emergency: Emergency,
    /// Whom to tell.
    pub(crate) person: Person,
}

impl App {
    /// Asks under a law about one named person, or hears again how the question of this key ended.
    ///
    /// # Errors
    /// [`NotAnswered`]; a signed refusal is an [`End`].
    pub(crate) async fn ask_under_law(
        &self,
        key: &AskKey,
        wanted: Digest,
        question: &LawQuestion,
        about: About,
    ) -> Result<End, NotAnswered> {
        let begun = self.begin_under_law(key, wanted, question, (about, None), self.now()).await;
        self.go_on(key, wanted, begun).await
    }

    /// The same under a law for emergencies.
    ///
    /// # Errors
    /// As [`ask_under_law`](Self::ask_under_law).
    pub(crate) async fn ask_urgently(
        &self,
        key: &AskKey,
        wanted: Digest,
        question: &LawQuestion,
        (about, urgent): (About, Urgent),
    ) -> Result<End, NotAnswered> {
        let begun = self.begin_under_law(key, wanted, question, (about, Some(urgent)), self.now()).await;
        self.go_on(key, wanted, begun).await
    }

    /// Signs and stores the question, dated `now`. `None`: its key names another one already.
    pub(crate) async fn begin_under_law(
        &self,
        key: &AskKey,
        wanted: Digest,
        question: &LawQuestion,
        (about, urgent): (About, Option<Urgent>),
        now: Timestamp,
    ) -> Result<Option<Pending>, NotAnswered> {
        self.authorize_anchored().await?;
        self.authorize_asked(&question.provider, now)?;
        // A law can have become one for emergencies since a batch began, or since it was looked up.
        match (self.authorize_law(question, now)?.break_glass, urgent.is_some()) {
            (true, false) => {
                let alone = "an emergency is asked about alone, with a reason";
                return Err(NotAnswered::new(Code::ReasonMissing).detail(alone));
            }
            (false, true) => return Err(NotAnswered::new(Code::LawScopeExceeded)),
            (true, true) | (false, false) => {}
        }
        let (law, About { sealed, people }) = (question.law.clone(), about);
        let asked = Question {
            provider: question.provider.clone(),
            terms: QueryTerms {
                dataset: question.dataset.clone(),
                fields: question.fields.clone(),
                predicates: question.predicates.clone(),
                purpose: question.purpose.clone(),
            },
            basis: Basis::Law { id: law.clone(), subject: sealed },
            agent: Agent { system: key.system.clone(), officer: Some(question.officer.clone()) },
            case: Some(question.case.clone()),
        };
        match urgent {
            None => self.store_question(key, wanted, asked, PendingBasis::Law { id: law, people }, now).await,
            Some(urgent) => self.store_urgent(key, wanted, (asked, people), urgent, now).await,
        }
    }

    /// The law, if the register gives it to us for that provider today and something is asked at all.
    ///
    /// # Errors
    /// `law-not-registered`, `request-malformed`, `directory-outdated`.
    pub(crate) fn authorize_law(&self, question: &LawQuestion, now: Timestamp) -> Result<Law, NotAnswered> {
        if question.fields.is_empty() && question.predicates.is_empty() {
            return Err(NotAnswered::new(Code::RequestMalformed).detail("name one or more fields or predicates"));
        }
        let unknown = Refusal::new(Code::LawNotRegistered, "no law of that id lets this department ask that provider");
        let directory = self.directory();
        let law = directory.law(&question.law, now)?;
        let law = law.filter(|law| law.consumer == *self.entity() && law.provider == question.provider);
        Ok(law.cloned().ok_or(unknown)?)
    }
}
