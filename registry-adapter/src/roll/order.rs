//! What a decision asks of a roll.
//!
//! Guarantees: each order names its decision, by which it is done once; a removal is ordered beside a warrant and cannot be carried
//! out without one. No order prints the person into a log.

use std::collections::{BTreeMap, BTreeSet};

use schemas::{
    answer::FieldValue,
    digest::Digest,
    id::{FactName, MessageId},
    time::CivilDate,
};

use crate::{key::LocalKey, mapping::RollId};

/// A decision to hold what a person draws from a roll. Reversible; arrears are listed when it is lifted.
#[derive(Clone, Debug)]
pub struct HoldDecision {
    /// The roll.
    pub roll: RollId,
    /// The person, as this department's `subject_link` has it.
    pub subject: LocalKey,
    /// Digest of the event that led to it.
    pub event: Digest,
    /// Id of the decision: done once, however often it is asked for.
    pub decision: MessageId,
    /// Reason code, such as `DEATH_REGISTERED`; written to the roll's reason column, if mapped.
    pub reason: String,
    /// From which day it holds.
    pub effective: CivilDate,
    /// Who decided: a rule's id and version, or an officer's pseudonym.
    pub actor: String,
}

/// A decision to lift one hold.
#[derive(Clone, Debug)]
pub struct ReleaseDecision {
    /// The roll.
    pub roll: RollId,
    /// The person.
    pub subject: LocalKey,
    /// The decision whose hold is lifted.
    pub hold: MessageId,
    /// Digest of the event that led to it, where one did.
    pub event: Option<Digest>,
    /// Id of this decision.
    pub decision: MessageId,
    /// Reason code, such as `DEATH_ANNULLED`.
    pub reason: String,
    /// Months (`2026-11`) that another roll of the department paid her instead: none of them is in arrears.
    pub paid: BTreeSet<String>,
    /// Who decided.
    pub actor: String,
}

/// A decision to enter a person on a roll.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// The roll.
    pub roll: RollId,
    /// The person; none only where the new row's number becomes the person's number here.
    pub subject: Option<LocalKey>,
    /// Id of the decision.
    pub decision: MessageId,
    /// Digest of the event that led to it, where one did.
    pub event: Option<Digest>,
    /// Reason code, such as `AGE_ATTAINED`.
    pub reason: String,
    /// First day; written to the roll's since column, if mapped.
    pub effective: CivilDate,
    /// Last day, where one is known.
    pub until: Option<CivilDate>,
    /// Whole rupees a month, where the roll has an amount.
    pub amount: Option<u32>,
    /// What is known of the person, for the mapped columns of facts. A mapped fact that is not here stops the enrolment.
    pub facts: BTreeMap<FactName, FieldValue>,
    /// Who decided.
    pub actor: String,
}

/// What a removal writes; whom and why it may is the warrant's.
#[derive(Clone, Debug)]
pub struct Removal {
    /// The roll.
    pub roll: RollId,
    /// The person.
    pub subject: LocalKey,
    /// Digest of the event that led to it, where one did.
    pub event: Option<Digest>,
    /// Reason code; written to the roll's reason column, if mapped.
    pub reason: String,
    /// The last day; written to the roll's until column, if mapped.
    pub effective: CivilDate,
    /// Who decided.
    pub actor: String,
}

/// A decision to undo a removal: back as if never gone (SPDCI status 6, Reinstated).
#[derive(Clone, Debug)]
pub struct Restoration {
    /// The roll.
    pub roll: RollId,
    /// The person.
    pub subject: LocalKey,
    /// The decision whose removal is undone.
    pub removal: MessageId,
    /// Id of this decision.
    pub decision: MessageId,
    /// Digest of the event that led to it, where one did.
    pub event: Option<Digest>,
    /// Reason code, such as `DEATH_ANNULLED`.
    pub reason: String,
    /// Months (`2026-11`) that another roll of the department paid her instead: none of them is in arrears.
    pub paid: BTreeSet<String>,
    /// Who decided.
    pub actor: String,
}

/// A decision about a person who stays: another amount, another end, another fact (the head of a household).
#[derive(Clone, Debug)]
pub struct Amendment {
    /// The roll.
    pub roll: RollId,
    /// The person.
    pub subject: LocalKey,
    /// Id of the decision.
    pub decision: MessageId,
    /// Digest of the event that led to it, where one did.
    pub event: Option<Digest>,
    /// Reason code, such as `SLAB_CHANGED`.
    pub reason: String,
    /// From which day it holds.
    pub effective: CivilDate,
    /// A new last day.
    pub until: Option<CivilDate>,
    /// A new amount, whole rupees a month.
    pub amount: Option<u32>,
    /// New values of mapped facts.
    pub facts: BTreeMap<FactName, FieldValue>,
    /// Who decided.
    pub actor: String,
}
