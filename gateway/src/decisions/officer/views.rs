//! What officers are shown: decisions that wait, objections, and records of which nobody is surely meant.
//!
//! Guarantees: her words and names are in no `Debug`. Deliberately absent: what is done about them (`officer`).

use std::collections::BTreeMap;

use eligibility::fold::Role;
use registry_adapter::key::LocalKey;
use schemas::{
    benefits::ObjectionTaken,
    decision::{AppealRoute, DecisionAction},
    event::EventMatch,
    id::{CaseId, EntityId, MessageId, SystemName},
    scheme::DecisionState,
    time::{CivilDate, Timestamp},
};
use service_kit::db::AnyConnection;

use crate::{
    app::App,
    decisions::{DecisionError, run::local},
    store::decisions::{
        cases::{Decided, Waits},
        objections::{StoredObjection, objection_find},
        queue::{QueueKind, Waiting},
    },
};

/// A decision that waits for an officer, or is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewItem {
    /// The decision.
    pub decision: MessageId,
    /// The number on letters.
    pub case: CaseId,
    /// Id of the scheme, or of the built-in rule.
    pub scheme: String,
    /// The name of the scheme, by language.
    pub title: BTreeMap<String, String>,
    /// The roll.
    pub roll: String,
    /// What it is about.
    pub action: DecisionAction,
    /// How far it has come.
    pub state: DecisionState,
    /// Why, as a code.
    pub reason: &'static str,
    /// The same in one sentence, by language.
    pub why: BTreeMap<String, String>,
    /// From which day it holds.
    pub effective: CivilDate,
    /// Last day of the window or offer.
    pub until: Option<CivilDate>,
    /// When it began.
    pub at: Timestamp,
    /// Whether the breaker stopped it.
    pub stopped: bool,
    /// Whether it goes on only with an officer's word.
    pub asked: bool,
    /// The person's number here, where she is linked.
    pub local: Option<LocalKey>,
    /// The objection, if there is one.
    pub objection: Option<Objected>,
}

/// An objection as officers see it.
#[derive(Clone, PartialEq, Eq)]
pub struct Objected {
    /// Where it was taken.
    pub route: AppealRoute,
    /// What was said.
    pub words: String,
    /// The number on the slip.
    pub slip: String,
    /// When.
    pub at: Timestamp,
    /// Who proposed how to decide it, and whether the removal would stand.
    pub first: Option<(SystemName, bool)>,
    /// Whether it is still to be decided.
    pub open: bool,
}

// Her words must not reach a log by accident.
impl std::fmt::Debug for Objected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Objected").field("route", &self.route).field("slip", &self.slip).finish_non_exhaustive()
    }
}

impl From<StoredObjection> for Objected {
    fn from(stored: StoredObjection) -> Self {
        let StoredObjection { route, words, slip, at_ms, first, second, .. } = stored;
        Self { route, words, slip, at: Timestamp::from_seconds(at_ms.div_euclid(1000)), first, open: second.is_none() }
    }
}

/// What a decision of an officer led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewOutcome {
    /// A second person must say the same.
    SecondNeeded,
    /// The second person said otherwise: it is heard anew.
    HeardAnew,
    /// It is decided.
    Decided(DecisionState),
}

/// The receipt of an objection that was entered for somebody.
pub type Slip = ObjectionTaken;

/// Which waiting record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueKey {
    /// Who told it.
    pub source: EntityId,
    /// `jti` of the event.
    pub event: MessageId,
    /// In which role the person stands.
    pub role: Role,
}

/// A record of which nobody here is surely meant.
#[derive(Clone, PartialEq, Eq)]
pub struct QueueItem {
    /// Which.
    pub key: QueueKey,
    /// Nobody here, or somebody of the same name and birth year.
    pub kind: QueueKind,
    /// The type of the event.
    pub event_type: &'static str,
    /// Name and birth year as told.
    pub about: EventMatch,
    /// Local numbers of people whose name and birth year fit.
    pub candidates: Vec<String>,
    /// Since when.
    pub at: Timestamp,
}

impl std::fmt::Debug for QueueItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QueueItem").field("key", &self.key).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl From<Waiting> for QueueItem {
    fn from(waiting: Waiting) -> Self {
        let record = waiting.heard.record;
        Self {
            event_type: record.event().map_or("", |payload| payload.kind().as_str()),
            key: QueueKey { source: record.source, event: record.id, role: record.role },
            kind: waiting.kind,
            about: waiting.about,
            candidates: waiting.candidates,
            at: Timestamp::from_seconds(waiting.at_ms.div_euclid(1000)),
        }
    }
}

pub(super) fn item(conn: &mut AnyConnection, app: &App, decided: Decided) -> Result<ReviewItem, DecisionError> {
    Ok(ReviewItem {
        objection: objection_find(conn, app.keys(), &decided.id)?.map(Objected::from),
        local: local(conn, app, &decided)?,
        why: app.why(&decided),
        at: Timestamp::from_seconds(decided.at_ms.div_euclid(1000)),
        stopped: decided.waits == Some(Waits::Breaker),
        asked: decided.waits == Some(Waits::Officer),
        reason: decided.matter.cause.reason.code(),
        effective: decided.matter.effective,
        title: decided.matter.title,
        decision: decided.id,
        case: decided.case,
        scheme: decided.scheme,
        roll: decided.roll,
        action: decided.action,
        state: decided.state,
        until: decided.until,
    })
}
