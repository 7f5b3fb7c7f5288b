//! What one message says of one person, as it is kept: the input of the fold.
//!
//! Guarantees: a record has one place in the order of all records of a person, whenever it arrives. Deliberately absent: how a
//! message is verified and opened; a record is made from what was.

use schemas::{
    digest::Digest,
    event::{EventAssurance, EventPayload, Relation},
    id::{CaseId, EntityId, MessageId},
    time::{CivilDate, Timestamp},
};

use crate::fact::{Benefit, FactPath, FactSource, Of, Value};

/// What the person of a record is to the one whom the event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// The one whom it is about.
    Subject,
    /// Somebody of whom it also speaks.
    Related(Relation),
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A life event.
    Event(EventPayload),
    /// Facts, fetched under a law or a consent, or entered; `None`: the source no longer says so.
    Stated(Vec<(FactPath, Option<Value>)>),
    /// Benefits that she draws, and the classes and schemes of which these are all: of them the source's last word counts alone,
    /// and what is not among them is known not to be. Of others nothing is said but what is named.
    Draws {
        /// The benefits.
        benefits: Vec<Benefit>,
        /// Of these nothing is missing.
        whole: Vec<Of>,
    },
}

/// One record of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRecord {
    /// `jti` of the event, or id of the exchange.
    pub id: MessageId,
    /// Who said it.
    pub source: EntityId,
    /// Whom to believe if two say different things of one day: the higher one.
    pub priority: u8,
    /// From which day it holds.
    pub effective: CivilDate,
    /// When the source recorded it.
    pub recorded: Timestamp,
    /// Hearsay, or in the register.
    pub assurance: EventAssurance,
    /// Joins a whole cascade.
    pub case: CaseId,
    /// The event that this one replaces.
    pub supersedes: Option<MessageId>,
    /// Of the signed message that brought it.
    pub digest: Digest,
    /// What the person is in it.
    pub role: Role,
    /// What it says.
    pub content: Content,
}

/// The order in which records are applied; the last word counts.
pub(super) type Place<'a> = (CivilDate, Timestamp, u8, &'a MessageId, Role);

impl EventRecord {
    /// Effective day, recorded time, priority of the source, id.
    pub(super) fn place(&self) -> Place<'_> {
        (self.effective, self.recorded, self.priority, &self.id, self.role)
    }

    /// As corrections of what was always so are ordered: by when they were recorded.
    pub(super) fn written(&self) -> (Timestamp, u8, &MessageId, Role) {
        (self.recorded, self.priority, &self.id, self.role)
    }

    /// The event in it.
    pub fn event(&self) -> Option<&EventPayload> {
        match &self.content {
            Content::Event(payload) => Some(payload),
            _ => None,
        }
    }

    /// Whether it says on which day an age is completed; that day may lie ahead.
    pub(super) fn is_of_an_age(&self) -> bool {
        matches!(self.event(), Some(EventPayload::AgeAttained(_) | EventPayload::AgeRevised(_)))
    }

    /// Who said it, as a fact names it.
    pub fn fact_source(&self) -> FactSource {
        FactSource { entity: self.source.clone(), priority: self.priority, id: self.id.clone() }
    }
}
