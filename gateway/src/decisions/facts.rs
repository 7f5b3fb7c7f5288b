//! Facts that no event brought: fetched under a law or a consent, or entered by the department's own systems.
//!
//! Guarantees: a fact keeps the department that said it, its day and the record of the exchange that brought it; the same message
//! says it once. Deliberately absent: fetching (`crate::fetching`).

use eligibility::{
    fact::{Benefit, FactPath, Of, Value},
    fold::{Content, EventRecord, Role},
};
use registry_adapter::key::LocalKey;
use schemas::{
    digest::Digest,
    event::EventAssurance,
    id::{EntityId, MessageId, SectorSubject},
    time::{CivilDate, Timestamp},
};

use super::DecisionError;
use crate::{
    app::App,
    notices::Person,
    store::decisions::{
        facts::{Heard, fact_insert},
        persons::{Known, person_due},
    },
};

/// Priority of a fact that was fetched: below a register's own event of the same day and time.
pub(crate) const FETCHED: u8 = 50;

/// What was said, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// The department that says so.
    pub source: EntityId,
    /// Id of the exchange, or of the entry.
    pub id: MessageId,
    /// The receipt of the exchange; of an entry by hand, the digest of what was entered.
    pub receipt: Digest,
    /// From which day it holds.
    pub effective: CivilDate,
    /// When its source recorded it.
    pub recorded: Timestamp,
    /// What.
    pub says: Says,
}

/// What a source says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// Facts; `None`: it no longer says so.
    Facts(Vec<(FactPath, Option<Value>)>),
    /// Benefits that she draws, and the classes and schemes of which these are all. Whoever draws nothing of a class is known by
    /// an empty list of a class that is named.
    Benefits {
        /// The benefits.
        drawn: Vec<Benefit>,
        /// Of these nothing is missing.
        whole: Vec<Of>,
    },
}

impl App {
    /// Keeps what a source says of a person and looks at her. Whether it was new.
    ///
    /// # Errors
    /// If it cannot be kept, or the roll cannot be told now; asking again is safe.
    pub async fn state_facts(&self, subject: &SectorSubject, stated: Stated) -> Result<bool, DecisionError> {
        let case = stated.id.as_str().parse().map_err(|_| DecisionError::NotWhole("a case"))?;
        let content = match stated.says {
            Says::Facts(facts) => Content::Stated(facts),
            Says::Benefits { drawn, whole } => Content::Draws { benefits: drawn, whole },
        };
        let record = EventRecord {
            id: stated.id,
            source: stated.source,
            priority: FETCHED,
            effective: stated.effective,
            recorded: stated.recorded,
            assurance: EventAssurance::Registered,
            case,
            supersedes: None,
            digest: stated.receipt,
            role: Role::Subject,
            content,
        };
        let person = Person::of_subject(self.keys(), subject);
        let heard = Heard { record, others: Vec::new() };
        let (keys, who, now_ms) = (self.keys().clone(), person.clone(), self.decided_at_ms());
        let known = Known { subject: subject.clone(), about: None };
        let new = self.db().write(move |conn| {
            let new = fact_insert(conn, &keys, (&who, &heard), now_ms)?;
            if new {
                person_due(conn, &keys, (&who, &known), now_ms)?;
            }
            Ok::<_, DecisionError>(new)
        });
        let new = new.await?;
        if new {
            super::settle(self, &person).await?;
        }
        Ok(new)
    }

    /// The same of somebody by the department's own number.
    ///
    /// # Errors
    /// As [`state_facts`](Self::state_facts); if not exactly one person is linked to the number.
    pub async fn state_facts_of(&self, number: &LocalKey, stated: Stated) -> Result<bool, DecisionError> {
        let subjects = self.links().subjects_of(number).await?;
        let [subject] = &subjects[..] else {
            return Err(DecisionError::NotWhole("that number is linked to nobody, or to more than one"));
        };
        self.state_facts(subject, stated).await
    }
}
