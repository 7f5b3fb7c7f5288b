//! What is to be done for one person in one scheme: from the facts as they stand, never from the event that woke us.
//!
//! Guarantees: a pure and deterministic function; asked again when nothing changed it proposes nothing, and any order of events ends
//! with the same open decisions (a property test shows both). Unknown removes nobody; hearsay only flags; a contradiction holds
//! nothing and goes to an officer; what was decided for a person stays decided while its cause is the same. Deliberately absent: a
//! proposal that removes. The last step needs a delivered notice and its window ([`crate::lifecycle::leaving::MayBeRemoved`]).

mod entering;
mod leaving;
mod staying;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use schemas::{
    decision::DecisionAction,
    digest::Digest,
    id::{CaseId, MessageId},
    scheme::DecisionState,
    time::CivilDate,
};
use serde::{Deserialize, Serialize};

use crate::{
    effect::{Effect, NoticeTo},
    fold::{Death, Folded, Origin},
};

/// What the evaluation of a scheme said, as far as a proposal depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every clause holds, since a day.
    Eligible {
        /// Since when.
        since: CivilDate,
    },
    /// A clause does not hold; `decisive` names those that made the difference.
    NotEligible {
        /// Ids of clauses, sorted.
        decisive: Vec<String>,
    },
    /// A fact is missing.
    Unknown,
    /// An officer must decide, such as about two pensions.
    Conflict,
}

/// How the person stands on the roll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Not there.
    Absent,
    /// Drawing it.
    Active,
    /// There, and held.
    Held,
    /// There, and ended.
    Removed,
}

/// Why something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Every clause holds.
    Eligible,
    /// A registered death.
    Death,
    /// A reported death.
    DeathReported,
    /// A sign of life after the day of death.
    AliveAfterDeath,
    /// A move out of the state.
    MovedOut,
    /// A presence at home after such a move.
    AtHomeAfterMove,
    /// A clause no longer holds.
    ClauseFalse,
    /// Clauses ask for an officer.
    Conflict,
    /// She is the head of her household from now on.
    HeadOfHousehold,
}

impl Reason {
    /// The code that stands in records, and by which texts are found.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Eligible => "ELIGIBLE",
            Self::Death => "DEATH_REGISTERED",
            Self::DeathReported => "DEATH_REPORTED",
            Self::AliveAfterDeath => "ALIVE_AFTER_DEATH",
            Self::MovedOut => "MOVED_OUT_OF_STATE",
            Self::AtHomeAfterMove => "AT_HOME_AFTER_MOVE",
            Self::ClauseFalse => "CLAUSE_FALSE",
            Self::Conflict => "CONFLICT",
            Self::HeadOfHousehold => "HEAD_OF_HOUSEHOLD",
        }
    }
}

/// What one decision hangs on: the same cause is decided once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cause {
    /// Why.
    pub reason: Reason,
    /// Which registration, event, clauses or unit.
    pub key: String,
}

impl Cause {
    fn of_death(reason: Reason, death: &Death) -> Self {
        Self { reason, key: death.key() }
    }

    /// Whether it hangs on this death, under whichever of its registrations.
    fn is_of_death(&self, reason: Reason, death: &Death) -> bool {
        self.reason == reason && death.is(&self.key)
    }

    fn of(reason: Reason, origin: &Origin) -> Self {
        let what = origin.registration.clone().unwrap_or_else(|| origin.event.to_string());
        Self { reason, key: format!("{} {what}", origin.source) }
    }
}

/// A decision that was taken before about this person and scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Its id.
    pub id: MessageId,
    /// What it is about.
    pub action: DecisionAction,
    /// Why.
    pub cause: Cause,
    /// How far it has come.
    pub state: DecisionState,
    /// The day of its last step.
    pub since: CivilDate,
    /// Whether an officer looked and decided for the person: the same cause does not come again.
    pub dismissed: bool,
    /// Hash of the scheme's version by which it was decided; none where a built-in rule decided.
    pub rules: Option<Digest>,
    /// The day from which it holds.
    pub effective: CivilDate,
    /// Digests of the events that caused it or bore its decisive facts.
    pub events: BTreeSet<Digest>,
    /// The cascade in which it stands.
    pub case: Option<CaseId>,
}

impl Past {
    /// Whether something is still to happen by it.
    pub const fn is_open(&self) -> bool {
        use DecisionState as S;
        matches!(self.state, S::Proposed | S::Offered | S::Accepted | S::Held | S::Noticed | S::Contested | S::Upheld)
    }
}

/// What a proposal wants to happen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proposal {
    /// End a decision whose reason went away: lift the hold, take back the offer, close the flag or review.
    Undo {
        /// Which.
        decision: MessageId,
    },
    /// Put a removed person back as if never gone.
    Restore {
        /// The removal.
        decision: MessageId,
    },
    /// The same reason is told otherwise now, such as the corrected day of a death: nothing is lifted, held or told anew.
    Amend {
        /// Which.
        decision: MessageId,
        /// As it is called now.
        cause: Cause,
        /// From which day it holds now.
        effective: CivilDate,
    },
    /// Begin to take somebody out: hold if `hold`, then notice; nobody is removed by it.
    Leave {
        /// Why.
        cause: Cause,
        /// From which day the reason holds.
        effective: CivilDate,
        /// Whether payment is held at once.
        hold: bool,
        /// Whether the notice goes out now; else a later evaluation sends it.
        notice: Option<Notice>,
        /// Whether an officer must look before the notice.
        officer: bool,
    },
    /// The notice of a decision that was held without one goes out now.
    Notify {
        /// Which.
        decision: MessageId,
        /// The notice.
        notice: Notice,
    },
    /// Show an officer a report; nothing else.
    Flag {
        /// Why.
        cause: Cause,
    },
    /// Ask an officer to decide.
    Review {
        /// Why.
        cause: Cause,
    },
    /// Offer the scheme.
    Offer {
        /// Why.
        cause: Cause,
        /// Since when she is eligible.
        since: CivilDate,
    },
    /// Enter her by law.
    Enrol {
        /// Why.
        cause: Cause,
        /// Since when she is eligible.
        since: CivilDate,
    },
    /// Enter on a roll that names heads of households that she is one: the card goes on in her name.
    Head {
        /// Why.
        cause: Cause,
        /// Since when she is.
        since: CivilDate,
    },
}

/// Whom to tell, and how long the window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Notice {
    /// Whole days.
    pub days: u16,
    /// Whether the household is told, after a death.
    pub household: bool,
}

impl Notice {
    const fn of(days: u16, to: NoticeTo) -> Self {
        Self { days, household: matches!(to, NoticeTo::Household) }
    }
}

/// Everything on which proposals depend.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// What the scheme does on the way in and out.
    pub effect: &'a Effect,
    /// What its clauses say.
    pub verdict: &'a Verdict,
    /// How she stands on the roll.
    pub standing: Standing,
    /// What is known of her.
    pub folded: &'a Folded,
    /// The unit of the entitlement, such as the day of a delivery; empty where it is the person.
    pub unit: &'a str,
    /// Hash of the scheme's version that speaks now; none where a built-in rule does.
    pub rules: Option<Digest>,
    /// Decisions taken before.
    pub past: &'a [Past],
    /// The civil day.
    pub today: CivilDate,
}

/// What is to be done now, in the order in which to do it. [`Proposal::Undo`] and [`Proposal::Restore`] come first.
pub fn propose(situation: &Situation<'_>) -> Vec<Proposal> {
    let mut proposals = leaving::undone(situation);
    proposals.extend(leaving::amended(situation));
    proposals.extend(leaving::begun(situation));
    proposals.extend(entering::proposals(situation));
    proposals.extend(staying::proposals(situation));
    proposals.sort();
    proposals.dedup();
    proposals
}

/// The next day on which the same question may have another answer by itself.
pub fn wakes(situation: &Situation<'_>) -> Option<CivilDate> {
    let moved = leaving::notice_of_move(situation).filter(|day| *day > situation.today);
    [situation.folded.wakes, moved].into_iter().flatten().min()
}

impl Situation<'_> {
    fn open(&self) -> impl Iterator<Item = &Past> {
        self.past.iter().filter(|past| past.is_open())
    }

    fn is_on_the_roll(&self) -> bool {
        matches!(self.standing, Standing::Active | Standing::Held)
    }

    /// Whether this cause was asked about before, and is still open or was decided for the person.
    fn settled(&self, cause: &Cause, action: DecisionAction) -> bool {
        self.open().any(|past| past.cause == *cause && past.action == action) || self.was_for_her(cause, action)
    }

    /// Whether this cause was asked about before and decided for the person.
    fn was_for_her(&self, cause: &Cause, action: DecisionAction) -> bool {
        let same = |past: &&Past| past.cause == *cause && past.action == action;
        self.past.iter().filter(same).any(|past| past.dismissed || past.state == DecisionState::Reversed)
    }
}
