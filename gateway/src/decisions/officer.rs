//! What officers do about decisions: hear objections, confirm proposals, enter deliveries, say who is meant, let a breaker go on.
//!
//! Guarantees: an objection is decided by two persons, not two accounts, and only if both say the same; each action, refused ones
//! included, is a row of the audit trail in its transaction; an officer's word that is in a person's favour stays while its cause is
//! the same. Deliberately absent: a way to remove somebody without notice, window and warrant; there is none for officers either.

use std::collections::BTreeMap;

use eligibility::{
    fold::Role,
    lifecycle::leaving::{AnyLeaving, TwoPersons},
};
use protocol::consent::Refusal;
use registry_adapter::key::LocalKey;
use schemas::{
    benefits::ObjectionTaken,
    decision::{AppealRoute, DecisionAction, DeliveryEvidence},
    event::EventMatch,
    id::{CaseId, EntityId, MessageId, SystemName},
    notice::{Channel, DecisionStep},
    problem::Code,
    scheme::DecisionState,
    time::{CivilDate, Timestamp},
};
use service_kit::db::{AnyConnection, DatabaseError};

use super::{
    DecisionError, Stopped,
    citizen::{CitizenError, Said, object_now},
    decide::{self, Clerk},
    run::{Delivered, deliver_now, local},
};
use crate::{
    app::App,
    audit,
    notices::Person,
    people::{FourEyesRefused, two_persons},
    store::decisions::{
        DecisionStoreError,
        breakers::{breaker_find, breaker_first, breaker_second, breakers_open},
        cases::{
            Decided, Todo, Waits, decision_find, decision_update, decisions_in, decisions_of_case, decisions_stopped,
        },
        facts::fact_insert,
        objections::{StoredObjection, objection_again, objection_find, objection_first, objection_second},
        persons::{Known, person_due},
        queue::{QueueKind, Waiting, queue_find, queue_open, queue_resolved},
    },
};

/// Rows of one list.
const MOST: i64 = 500;
/// A held decision whose window did not begin for so long is shown to officers: no delivered notice begins it.
const UNDELIVERED_SECONDS: i64 = 14 * 86_400;

/// Names of actions in the audit trail.
mod action {
    pub(super) const REVIEW: &str = "decision.review";
    pub(super) const OBJECTION: &str = "decision.objection";
    pub(super) const DELIVERED: &str = "decision.delivered";
    pub(super) const BREAKER: &str = "decision.breaker";
    pub(super) const QUEUE: &str = "decision.match";
}

/// An officer's wish was not done.
#[derive(Debug, thiserror::Error)]
pub enum OfficerRefused {
    /// Not allowed, or not as things stand; the text may be shown.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Ours.
    #[error(transparent)]
    Failed(#[from] DecisionError),
}

impl OfficerRefused {
    /// The code for whoever asked.
    pub fn code(&self) -> Code {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Failed(_) => Code::Internal,
        }
    }
}

impl From<FourEyesRefused> for OfficerRefused {
    fn from(error: FourEyesRefused) -> Self {
        match error {
            FourEyesRefused::Refused(refusal) => Self::Refused(refusal),
            FourEyesRefused::Store(error) => Self::Failed(DecisionStoreError::from(error).into()),
        }
    }
}

impl From<CitizenError> for OfficerRefused {
    fn from(error: CitizenError) -> Self {
        match error {
            CitizenError::Refused(refusal) => Self::Refused(refusal),
            CitizenError::Failed(error) => Self::Failed(error),
            CitizenError::Presentation(_) => Self::Failed(DecisionError::NotWhole("a presentation")),
        }
    }
}

impl From<DecisionStoreError> for OfficerRefused {
    fn from(error: DecisionStoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<DatabaseError> for OfficerRefused {
    fn from(error: DatabaseError) -> Self {
        Self::Failed(error.into())
    }
}

fn conflict(why: &'static str) -> OfficerRefused {
    Refusal::new(Code::Conflict, why).into()
}

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
}

// Her words must not reach a log by accident.
impl std::fmt::Debug for Objected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Objected").field("route", &self.route).field("slip", &self.slip).finish_non_exhaustive()
    }
}

impl From<StoredObjection> for Objected {
    fn from(stored: StoredObjection) -> Self {
        let StoredObjection { route, words, slip, at_ms, first, .. } = stored;
        Self { route, words, slip, at: Timestamp::from_seconds(at_ms.div_euclid(1000)), first }
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

impl App {
    /// What waits for officers: objections first, then proposals, flags and reviews, then holds that nobody could be told of for two
    /// weeks, so that somebody calls on her; oldest first.
    ///
    /// # Errors
    /// If the rows cannot be read.
    pub async fn review_list(&self) -> Result<Vec<ReviewItem>, DecisionError> {
        let (with, now) = (self.clone(), self.decided_at());
        self.db()
            .read(move |conn| {
                let mut waiting = decisions_in(conn, with.keys(), DecisionState::Contested, MOST)?;
                let proposed = decisions_in(conn, with.keys(), DecisionState::Proposed, MOST)?;
                waiting.extend(proposed.into_iter().filter(|decided| decided.waits.is_some()));
                let held = decisions_in(conn, with.keys(), DecisionState::Held, MOST)?;
                let quiet = |decided: &Decided| decided.since.start().plus(UNDELIVERED_SECONDS) <= now;
                waiting.extend(held.into_iter().filter(quiet));
                waiting.into_iter().map(|decided| item(conn, &with, decided)).collect()
            })
            .await
    }

    /// Everything that was decided in a cascade here.
    ///
    /// # Errors
    /// If the rows cannot be read.
    pub async fn decisions_in_case(&self, case: &CaseId) -> Result<Vec<ReviewItem>, DecisionError> {
        let (with, case) = (self.clone(), case.clone());
        self.db()
            .read(move |conn| {
                let found = decisions_of_case(conn, with.keys(), &case)?;
                found.into_iter().map(|decided| item(conn, &with, decided)).collect()
            })
            .await
    }

    /// An officer decides: about an objection with a second person; about a proposal, flag or review alone.
    ///
    /// # Errors
    /// `not-found`, `conflict` (nothing waits), `four-eyes-required` (the same person).
    pub async fn review_decide(
        &self,
        officer: &SystemName,
        decision: &MessageId,
        upheld: bool,
    ) -> Result<ReviewOutcome, OfficerRefused> {
        let (with, by, id, now) = (self.clone(), officer.clone(), decision.clone(), self.decided_at());
        let write = move |conn: &mut AnyConnection| {
            let decided = decision_find(conn, with.keys(), &id)?;
            let decided = decided.ok_or(Refusal::new(Code::NotFound, "no such decision"))?;
            let person = decided.person.clone();
            let outcome = match (decided.state, decided.waits) {
                (DecisionState::Contested, _) => hear(conn, &with, decided, (&by, upheld), now)?,
                (DecisionState::Proposed, Some(Waits::Officer)) => confirm(conn, &with, decided, (&by, upheld), now)?,
                _ => return Err(conflict("nothing waits for an officer here")),
            };
            Ok((outcome, person))
        };
        let (outcome, person) = self.audited((officer, action::REVIEW, decision.as_str()), write).await?;
        self.tell_roll(&person).await;
        Ok(outcome)
    }

    /// Enters an objection that was taken at the counter or by an assisted operator.
    ///
    /// # Errors
    /// `not-found`, `conflict`: nothing can be objected to, or no more.
    pub async fn objection_enter(
        &self,
        officer: &SystemName,
        decision: &MessageId,
        (route, words): (AppealRoute, &str),
    ) -> Result<Slip, OfficerRefused> {
        let said = Said { route, words: words.to_owned(), by: Some(officer.clone()) };
        let (with, id, now) = (self.clone(), decision.clone(), self.decided_at());
        let write = move |conn: &mut AnyConnection| Ok(object_now(conn, &with, &id, said, now)?);
        let slip = self.audited((officer, action::OBJECTION, decision.as_str()), write).await?;
        self.wake_anchor();
        Ok(slip)
    }

    /// Enters that the notice of a decision reached the person: handed over, or as a delivery report of short messages says.
    ///
    /// # Errors
    /// `not-found`, `conflict`: no notice was sent, or its window runs.
    pub async fn notice_delivered(
        &self,
        officer: &SystemName,
        decision: &MessageId,
        evidence: DeliveryEvidence,
    ) -> Result<(), OfficerRefused> {
        let by = officer.as_str().parse().map_err(|_| DecisionError::NotWhole("an officer without a name"))?;
        let channel = match evidence {
            DeliveryEvidence::Wallet => return Err(conflict("a wallet acknowledges by itself")),
            DeliveryEvidence::SmsReport => Channel::Sms,
            DeliveryEvidence::Officer => Channel::Letter,
        };
        let delivered = Delivered { channel, evidence, by: Some(by) };
        let (with, id, now) = (self.clone(), decision.clone(), self.decided_at());
        let write = move |conn: &mut AnyConnection| {
            if decision_find(conn, with.keys(), &id)?.is_none() {
                return Err(Refusal::new(Code::NotFound, "no such decision").into());
            }
            deliver_now(conn, &with, &id, &delivered, now).map_err(|error| match error {
                DecisionError::NotWhole(why) => conflict(why),
                other => other.into(),
            })
        };
        self.audited((officer, action::DELIVERED, decision.as_str()), write).await?;
        self.wake_anchor();
        Ok(())
    }

    /// Schemes whose removals stopped.
    ///
    /// # Errors
    /// If the rows cannot be read.
    pub async fn breakers(&self) -> Result<Vec<Stopped>, DecisionError> {
        Ok(self.db().read(breakers_open).await?)
    }

    /// Signs that a stopped scheme may go on; the second person's signature lets it. `true`: it goes on.
    ///
    /// # Errors
    /// `conflict` (it is not stopped), `four-eyes-required`.
    pub async fn breaker_release(&self, officer: &SystemName, scheme: &str) -> Result<bool, OfficerRefused> {
        let (with, by, name, now) = (self.clone(), officer.clone(), scheme.to_owned(), self.decided_at());
        let write = move |conn: &mut AnyConnection| {
            let stopped = breaker_find(conn, &name)?.filter(|stopped| stopped.released_ms.is_none());
            let stopped = stopped.ok_or_else(|| conflict("this scheme is not stopped"))?;
            let Some(first) = stopped.first_by else {
                breaker_first(conn, &name, &by)?;
                return Ok(false);
            };
            two_persons(conn, &first, &by)?;
            breaker_second(conn, &name, &by, with.decided_at_ms())?;
            for decided in decisions_stopped(conn, with.keys(), &name)? {
                resume(conn, &with, decided, now)?;
            }
            Ok(true)
        };
        let released = self.audited((officer, action::BREAKER, scheme), write).await?;
        self.wake_notices();
        self.wake_decisions();
        Ok(released)
    }

    /// Records of which nobody here is surely meant, oldest first.
    ///
    /// # Errors
    /// If the rows cannot be read.
    pub async fn match_queue(&self) -> Result<Vec<QueueItem>, DecisionError> {
        let keys = self.keys().clone();
        let open = self.db().read(move |conn| queue_open(conn, &keys, MOST)).await?;
        Ok(open.into_iter().map(QueueItem::from).collect())
    }

    /// Says who is meant by a local number, or that nobody here is.
    ///
    /// # Errors
    /// `not-found`; `conflict`: the person is linked to another number, another person to this one, or nobody is.
    pub async fn match_resolve(
        &self,
        officer: &SystemName,
        key: &QueueKey,
        number: Option<&LocalKey>,
    ) -> Result<(), OfficerRefused> {
        let (with, at) = (self.clone(), key.clone());
        let read = move |conn: &mut AnyConnection| queue_find(conn, with.keys(), (&at.source, &at.event, at.role));
        let waiting = self.db().read(read).await?;
        let waiting = waiting.ok_or(Refusal::new(Code::NotFound, "nothing of this kind waits"))?;
        let subject = match (number, &waiting.person) {
            (None, _) => None,
            (Some(number), Some(person)) => Some(self.linked_by(officer, person, number).await?),
            (Some(number), None) => {
                let subjects = self.links().subjects_of(number).await.map_err(DecisionError::from)?;
                let [subject] = &subjects[..] else {
                    return Err(conflict("that number is linked to nobody, or to more than one"));
                };
                Some(subject.clone())
            }
        };
        let (with, by, at) = (self.clone(), officer.clone(), key.clone());
        let write = move |conn: &mut AnyConnection| {
            if !queue_resolved(conn, (&at.source, &at.event, at.role), &by, with.decided_at_ms())? {
                return Err(conflict("somebody resolved it meanwhile"));
            }
            if let Some(subject) = subject {
                let person = Person::of_subject(with.keys(), &subject);
                fact_insert(conn, with.keys(), (&person, &waiting.heard), with.decided_at_ms())?;
                let known = Known { subject, about: Some(waiting.about.clone()) };
                person_due(conn, with.keys(), (&person, &known), with.decided_at_ms())?;
            }
            Ok(())
        };
        self.audited((officer, action::QUEUE, key.event.as_str()), write).await?;
        self.wake_decisions();
        Ok(())
    }

    /// Links the person of a waiting record to a number; her pseudonym.
    async fn linked_by(
        &self,
        officer: &SystemName,
        person: &Person,
        number: &LocalKey,
    ) -> Result<schemas::id::SectorSubject, OfficerRefused> {
        let known = super::look::local_key(self, person).await?;
        let (known, _) = known.ok_or(Refusal::new(Code::NotFound, "this person is not known"))?;
        let linked =
            self.links().link_by_officer(known.subject.clone(), number.clone(), officer.clone(), self.decided_at());
        match linked.await.map_err(DecisionError::from)? {
            crate::links::Linked::Other => Err(conflict("the person is linked to another number")),
            crate::links::Linked::Taken => Err(conflict("that number is linked to another person")),
            crate::links::Linked::New | crate::links::Linked::Same => Ok(known.subject),
        }
    }

    /// Does it in one transaction with its audit row; a refusal leaves its own.
    async fn audited<T: Send + 'static>(
        &self,
        (officer, action, target): (&SystemName, &'static str, &str),
        write: impl FnOnce(&mut AnyConnection) -> Result<T, OfficerRefused> + Send + 'static,
    ) -> Result<T, OfficerRefused> {
        let row = audit::done(officer.as_str(), action, target, self.decided_at());
        let done = row.clone();
        let result = self.db().write(move |conn| {
            let result = write(conn)?;
            audit::append(conn, &done)?;
            Ok::<_, OfficerRefused>(result)
        });
        let result = result.await;
        if let Err(error) = &result {
            audit::record(self.db(), audit::refused(row, Some(error.code()))).await?;
        }
        result
    }

    /// The roll is told now; if that fails, the job goes on with it.
    async fn tell_roll(&self, person: &Person) {
        if let Err(error) = super::settle(self, person).await {
            tracing::warn!(%error, "a review is kept, and the roll is told later");
        }
        self.wake_anchor();
        self.wake_notices();
        self.wake_decisions();
    }
}

fn item(conn: &mut AnyConnection, app: &App, decided: Decided) -> Result<ReviewItem, DecisionError> {
    Ok(ReviewItem {
        objection: objection_find(conn, app.keys(), &decided.id)?.map(Objected::from),
        local: local(conn, app, &decided)?,
        why: app.why(&decided),
        at: Timestamp::from_seconds(decided.at_ms.div_euclid(1000)),
        stopped: decided.waits == Some(Waits::Breaker),
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

/// An objection is heard: the first proposes, another person must say the same.
fn hear(
    conn: &mut AnyConnection,
    app: &App,
    decided: Decided,
    (by, upheld): (&SystemName, bool),
    now: Timestamp,
) -> Result<ReviewOutcome, OfficerRefused> {
    let objection = objection_find(conn, app.keys(), &decided.id)?;
    let objection = objection.ok_or(DecisionError::NotWhole("an objection without words"))?;
    // Who confirmed the removal hears no objection against it: the warrant would refuse such a pair for ever.
    apart_from_confirmers(conn, &decided, by)?;
    let Some((first, first_upheld)) = objection.first else {
        objection_first(conn, &decided.id, (by, upheld))?;
        return Ok(ReviewOutcome::SecondNeeded);
    };
    two_persons(conn, &first, by)?;
    if first_upheld != upheld {
        objection_again(conn, &decided.id)?;
        return Ok(ReviewOutcome::HeardAnew);
    }
    let two = TwoPersons::of(first.as_str(), by.as_str());
    let two = two.ok_or(Refusal::new(Code::FourEyesRequired, "another person must do this"))?;
    if !objection_second(conn, &decided.id, by, app.decided_at_ms())? {
        return Err(conflict("it is decided"));
    }
    let AnyLeaving::Contested(contested) =
        AnyLeaving::stored(decided.id.clone(), decided.state, None).map_err(DecisionError::from)?
    else {
        return Err(conflict("nothing is contested"));
    };
    let number = local(conn, app, &decided)?;
    let clerk = Clerk { app, local: number.as_ref(), now };
    let mut after = decided;
    for officer in two.both() {
        after.matter.confirmed_by.extend(officer.parse().ok());
    }
    if upheld {
        contested.uphold(&two);
        (after.state, after.todo, after.since) = (DecisionState::Upheld, Some(Todo::Remove), now.civil_day());
        clerk.log(conn, &after, super::records::Word::own(&after))?;
        decide::tell(conn, app, &after, DecisionStep::Upheld, now)?;
        clerk.update(conn, &after)?;
        return Ok(ReviewOutcome::Decided(DecisionState::Upheld));
    }
    contested.reverse();
    clerk.lift(conn, after, DecisionState::Reversed, ("OBJECTION_UPHELD".to_owned(), None))?;
    Ok(ReviewOutcome::Decided(DecisionState::Reversed))
}

/// Refuses one of those who confirmed it, or another account of the same person.
fn apart_from_confirmers(conn: &mut AnyConnection, decided: &Decided, by: &SystemName) -> Result<(), OfficerRefused> {
    for confirmed in &decided.matter.confirmed_by {
        let confirmed = confirmed.as_str().parse().map_err(|_| DecisionError::NotWhole("an officer without a name"))?;
        two_persons(conn, &confirmed, by)?;
    }
    Ok(())
}

/// An officer looks at a proposal: it goes on to notice and window, or is dropped for this cause.
fn confirm(
    conn: &mut AnyConnection,
    app: &App,
    mut decided: Decided,
    (by, upheld): (&SystemName, bool),
    now: Timestamp,
) -> Result<ReviewOutcome, OfficerRefused> {
    let number = local(conn, app, &decided)?;
    let clerk = Clerk { app, local: number.as_ref(), now };
    decided.matter.confirmed_by.extend(by.as_str().parse().ok());
    decided.waits = None;
    if decided.action == DecisionAction::Remove && upheld {
        begin(conn, &clerk, &mut decided)?;
        clerk.update(conn, &decided)?;
        return Ok(ReviewOutcome::Decided(decided.state));
    }
    if upheld {
        return Err(conflict("a flag or a contradiction removes nobody: the register that said it must settle it"));
    }
    (decided.state, decided.matter.dismissed) = (DecisionState::Withdrawn, true);
    decided.since = now.civil_day();
    clerk.log(conn, &decided, super::records::Word::own(&decided))?;
    clerk.update(conn, &decided)?;
    Ok(ReviewOutcome::Decided(DecisionState::Withdrawn))
}

/// A removal that waited goes on: hold, records, notice.
fn begin(conn: &mut AnyConnection, clerk: &Clerk<'_>, decided: &mut Decided) -> Result<(), DecisionError> {
    if decided.matter.hold.is_some() {
        (decided.state, decided.todo) = (DecisionState::Held, Some(Todo::Hold));
    }
    decided.since = clerk.now.civil_day();
    clerk.go_on_leaving(conn, decided)
}

/// What the breaker stopped goes on; what needs an officer waits for one.
fn resume(conn: &mut AnyConnection, app: &App, mut decided: Decided, now: Timestamp) -> Result<(), OfficerRefused> {
    let number = local(conn, app, &decided)?;
    let clerk = Clerk { app, local: number.as_ref(), now };
    let by_clause = decided.matter.cause.reason == eligibility::propose::Reason::ClauseFalse;
    decided.waits = by_clause.then_some(Waits::Officer);
    if decided.waits.is_none() {
        begin(conn, &clerk, &mut decided)?;
    }
    if decision_update(conn, app.keys(), &decided)? { Ok(()) } else { Err(DecisionError::Overtaken.into()) }
}
