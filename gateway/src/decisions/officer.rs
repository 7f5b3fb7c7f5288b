//! What officers do about decisions: hear objections, confirm proposals, enter deliveries, say who is meant, let a breaker go on.
//!
//! Guarantees: an objection is decided by two persons, not two accounts, and only if both say the same; each action, refused ones
//! included, is a row of the audit trail in its transaction; an officer's word that is in a person's favour stays while its cause is
//! the same. Deliberately absent: a way to remove somebody without notice, window and warrant; there is none for officers either.

mod hearing;
mod views;

use protocol::consent::Refusal;
use registry_adapter::key::LocalKey;
use schemas::{
    decision::{AppealRoute, DeliveryEvidence},
    id::{CaseId, MessageId, SectorSubject, SystemName},
    notice::Channel,
    problem::Code,
    scheme::DecisionState,
};
use service_kit::db::{AnyConnection, DatabaseError};

pub(crate) use self::hearing::apart_from_who_confirmed;
pub(super) use self::hearing::begin;
pub use self::views::{Objected, QueueItem, QueueKey, ReviewItem, ReviewOutcome, Slip};
use self::{
    hearing::{apart_to_deliver, confirm, free, hear, is_unconfirmed},
    views::item,
};
use super::{
    DecisionError, Stopped,
    citizen::CitizenError,
    clock,
    contest::{Said, object_now},
    look::before_objection,
    run::{Delivered, deliver_now, locked},
};
use crate::{
    app::App,
    audit,
    links::{Linked, link_by_officer},
    notices::Person,
    people::{FourEyesRefused, two_persons},
    store::{
        decisions::{
            DecisionStoreError,
            breakers::{breaker_find, breaker_first, breaker_second, breakers_open},
            cases::{
                Decided, Waits, decision_find, decisions_appealed, decisions_in, decisions_of_case, decisions_waiting,
            },
            facts::fact_insert,
            persons::{Known, person_due, person_find},
            queue::{Waiting, queue_find, queue_open, queue_resolved},
        },
        links::link_subjects,
        notices::reports::message_gone,
        review::{Sayings, notes_keep},
    },
};

/// Rows of one list.
const MOST: i64 = 500;
/// People of stopped schemes in the list; how many there are stands beside the scheme.
const STOPPED: i64 = 100;
/// A held decision whose window did not begin for so long is shown to officers: no delivered notice begins it.
const UNDELIVERED_SECONDS: i64 = 14 * 86_400;

/// Names of actions in the audit trail.
mod action {
    pub(super) const REVIEW: &str = "decision.review";
    pub(super) const OBJECTION: &str = "decision.objection";
    pub(super) const DELIVERED: &str = "decision.delivered";
    pub(super) const BREAKER: &str = "decision.breaker";
    pub(super) const QUEUE: &str = "decision.match";
    pub(super) const QUEUE_SEEN: &str = "decision.match-look";
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

impl App {
    /// What waits for officers: objections first, also those against removals that were carried out; then proposals, flags, reviews and
    /// what a roll did not do; then holds that nobody could be told of for two weeks, so that somebody calls on her; oldest first.
    ///
    /// # Errors
    /// If the rows cannot be read.
    pub async fn review_list(&self) -> Result<Vec<ReviewItem>, DecisionError> {
        let (with, now) = (self.clone(), self.decided_at());
        self.db()
            .read(move |conn| {
                let mut waiting = decisions_in(conn, with.keys(), DecisionState::Contested, MOST)?;
                waiting.extend(decisions_appealed(conn, with.keys(), MOST)?);
                waiting.extend(decisions_waiting(conn, with.keys(), Waits::Officer, MOST)?);
                // A flood that was stopped hides nobody else.
                waiting.extend(decisions_waiting(conn, with.keys(), Waits::Breaker, STOPPED)?);
                let held = decisions_in(conn, with.keys(), DecisionState::Held, MOST)?;
                let quiet = |decided: &Decided| {
                    decided.waits.is_none() && decided.since.start().plus(UNDELIVERED_SECONDS) <= now
                };
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

    /// An officer decides: about an objection with a second person; about a proposal, flag or review, or what a roll did not do, alone.
    ///
    /// # Errors
    /// `not-found`, `conflict` (nothing waits), `four-eyes-required` (the same person).
    #[cfg(test)]
    pub async fn review_decide(
        &self,
        officer: &SystemName,
        decision: &MessageId,
        upheld: bool,
    ) -> Result<ReviewOutcome, OfficerRefused> {
        self.review_decide_saying(officer, (decision, upheld), Sayings::new()).await
    }

    /// The same, with what she says beside it, in one commit.
    ///
    /// # Errors
    /// `not-found`, `conflict` (nothing waits), `four-eyes-required` (the same person).
    pub(crate) async fn review_decide_saying(
        &self,
        officer: &SystemName,
        (decision, upheld): (&MessageId, bool),
        said: Sayings,
    ) -> Result<ReviewOutcome, OfficerRefused> {
        let (with, by, id, now) = (self.clone(), officer.clone(), decision.clone(), self.decided_at());
        let write = move |conn: &mut AnyConnection| {
            let decided = locked(conn, &with, &id)?;
            let decided = decided.ok_or(Refusal::new(Code::NotFound, "no such decision"))?;
            let person = decided.person.clone();
            use DecisionState as S;
            // Of a payment that is held before any notice she can only be freed.
            let untold = decided.state == S::Held && decided.notice.is_none();
            let outcome = match (decided.state, decided.waits) {
                (S::Contested | S::Removed, _) => hear(conn, &with, decided, (&by, upheld), now)?,
                (S::Proposed, Some(Waits::Officer)) => confirm(conn, &with, decided, (&by, upheld), now)?,
                // Held meanwhile for the sake of the scheme that follows: what was proposed is still to be confirmed.
                (S::Held, Some(Waits::Officer)) if untold && is_unconfirmed(&decided) => {
                    confirm(conn, &with, decided, (&by, upheld), now)?
                }
                (S::Held | S::Noticed | S::Upheld, Some(Waits::Officer)) => {
                    free(conn, &with, decided, (&by, upheld), now)?
                }
                (S::Held, None) if untold && !upheld => free(conn, &with, decided, (&by, upheld), now)?,
                _ => return Err(conflict("nothing waits for an officer here")),
            };
            notes_keep(conn, with.keys(), (&by, &id), said, with.now())?;
            Ok((outcome, person))
        };
        let (outcome, person) = self.audited((officer, action::REVIEW, decision.as_str()), write).await?;
        self.tell_roll(&person).await;
        Ok(outcome)
    }

    /// Enters an objection that was taken at the counter or by an assisted operator.
    ///
    /// # Errors
    /// `not-found`, `conflict`: nothing can be objected to, or no more; `four-eyes-required`.
    #[cfg(test)]
    pub async fn objection_enter(
        &self,
        officer: &SystemName,
        decision: &MessageId,
        said: (AppealRoute, &str),
    ) -> Result<Slip, OfficerRefused> {
        self.objection_enter_with(officer, decision, said, Sayings::new()).await
    }

    /// The same, with the papers that were shown, in one commit.
    ///
    /// # Errors
    /// `not-found`, `conflict`: nothing can be objected to, or no more; `four-eyes-required`: no delivery of her notice was recorded
    /// yet, and the same person confirmed the removal or said who is meant.
    pub(crate) async fn objection_enter_with(
        &self,
        officer: &SystemName,
        decision: &MessageId,
        (route, words): (AppealRoute, &str),
        papers: Sayings,
    ) -> Result<Slip, OfficerRefused> {
        let said = Said { route, words: words.to_owned(), by: Some(officer.clone()) };
        let (with, id, now) = (self.clone(), decision.clone(), self.decided_at());
        let by = officer.clone();
        let (keys, of) = (self.keys().clone(), id.clone());
        let known = self.db().read(move |conn| decision_find(conn, &keys, &of)).await.map_err(DecisionError::from)?;
        let handed_over = match known {
            Some(known) => before_objection(self, &known.person, &known.id).await.err(),
            None => None,
        };
        let write = move |conn: &mut AnyConnection| {
            if let Some(refusal) = handed_over {
                return Err(refusal.into());
            }
            let decided = decision_find(conn, with.keys(), &id)?;
            // Where no delivery was recorded yet, this is it: as with a letter, not by the word of who confirmed the removal or named her.
            if let Some(decided) = decided.filter(|decided| decided.matter.delivered.is_none()) {
                apart_to_deliver(conn, &decided, &by)?;
            }
            let slip = object_now(conn, &with, &id, said, now)?;
            notes_keep(conn, with.keys(), (&by, &id), papers, with.now())?;
            Ok(slip)
        };
        let slip = self.audited((officer, action::OBJECTION, decision.as_str()), write).await?;
        self.wake_anchor();
        Ok(slip)
    }

    /// Enters that the notice of a decision reached the person: handed over, or as a delivery report of a short message that went out
    /// says. Who confirmed the removal does not say so too: nobody is taken off by one person's word.
    ///
    /// # Errors
    /// `not-found`; `conflict`: no notice was sent, no short message of it went out, or its window runs; `four-eyes-required`.
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
        if !clock::may_begin(self).await {
            return Err(conflict("the clock jumped ahead; no window begins before somebody has looked at it"));
        }
        let delivered = Delivered { channel, evidence, by: Some(by) };
        let (with, by, id, now) = (self.clone(), officer.clone(), decision.clone(), self.decided_at());
        let write = move |conn: &mut AnyConnection| {
            let decided = decision_find(conn, with.keys(), &id)?;
            let decided = decided.ok_or(Refusal::new(Code::NotFound, "no such decision"))?;
            apart_to_deliver(conn, &decided, &by)?;
            let went = decided.notice.as_ref().map(|notice| message_gone(conn, notice)).transpose();
            if channel == Channel::Sms && went.map_err(DatabaseError::from)?.flatten().is_none() {
                return Err(conflict("no short message of this notice went out"));
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

    /// Signs that a stopped scheme may go on for so many people; another person's signature for the same number lets it, for a day.
    /// Another number is signed anew. Who waits goes on by pages; one person more than signed for stops it again. `true`: it goes on.
    ///
    /// # Errors
    /// `conflict` (it is not stopped, or for nobody), `four-eyes-required`.
    pub async fn breaker_release(
        &self,
        officer: &SystemName,
        scheme: &str,
        people: u64,
    ) -> Result<bool, OfficerRefused> {
        let (with, by, name) = (self.clone(), officer.clone(), scheme.to_owned());
        let write = move |conn: &mut AnyConnection| {
            let stopped = breaker_find(conn, &name)?.filter(|stopped| stopped.released_ms.is_none());
            let stopped = stopped.ok_or_else(|| conflict("this scheme is not stopped"))?;
            if people == 0 {
                return Err(conflict("it goes on for one person at least, or stays stopped"));
            }
            let signed = stopped.first_by.filter(|_| stopped.ceiling == Some(people));
            let Some(first) = signed else {
                breaker_first(conn, &name, (&by, people))?;
                return Ok(false);
            };
            two_persons(conn, &first, &by)?;
            if !breaker_second(conn, &name, ((&first, people), &by), with.decided_at_ms())? {
                return Err(conflict("somebody signed for another number meanwhile"));
            }
            Ok(true)
        };
        let target = format!("{scheme} {people}");
        let released = self.audited((officer, action::BREAKER, &target), write).await?;
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

    /// The same for an officer who looks at it; names stand there, so that she did is a row of the audit trail.
    ///
    /// # Errors
    /// If the rows cannot be read or written.
    pub async fn match_queue_seen(&self, officer: &SystemName) -> Result<Vec<QueueItem>, DecisionError> {
        let queue = self.match_queue().await?;
        if !queue.is_empty() {
            let row = audit::done(officer.as_str(), action::QUEUE_SEEN, &format!("{} people", queue.len()), self.now());
            audit::record(self.db(), row).await?;
        }
        Ok(queue)
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
        let (with, by, at, number) = (self.clone(), officer.clone(), key.clone(), number.cloned());
        let write = move |conn: &mut AnyConnection| {
            let place = (&at.source, &at.event, at.role);
            let waiting = queue_find(conn, with.keys(), place)?;
            let waiting = waiting.ok_or(Refusal::new(Code::NotFound, "nothing of this kind waits"))?;
            // Resolved first: whoever comes second links nobody.
            if !queue_resolved(conn, place, &by, with.decided_at_ms())? {
                return Err(conflict("somebody resolved it meanwhile"));
            }
            let Some(number) = number else { return Ok(()) };
            let subject = meant(conn, &with, &by, (&waiting, &number))?;
            let person = Person::of_subject(with.keys(), &subject);
            fact_insert(conn, with.keys(), (&person, &waiting.heard), with.decided_at_ms())?;
            let known = Known { subject, about: Some(waiting.about) };
            Ok(person_due(conn, with.keys(), (&person, &known), with.decided_at_ms())?)
        };
        self.audited((officer, action::QUEUE, key.event.as_str()), write).await?;
        self.wake_decisions();
        Ok(())
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

/// Whom a waiting record means by a number: its person, who is linked to it, or whoever is linked to it already.
fn meant(
    conn: &mut AnyConnection,
    app: &App,
    officer: &SystemName,
    (waiting, number): (&Waiting, &LocalKey),
) -> Result<SectorSubject, OfficerRefused> {
    let Some(person) = &waiting.person else {
        let subjects = link_subjects(conn, app.keys(), number.as_str()).map_err(DecisionError::from)?;
        let [subject] = &subjects[..] else {
            return Err(conflict("that number is linked to nobody, or to more than one"));
        };
        return Ok(subject.clone());
    };
    let known = person_find(conn, app.keys(), person)?;
    let subject = known.ok_or(Refusal::new(Code::NotFound, "this person is not known"))?.subject;
    let linked = link_by_officer(conn, app.keys(), (&subject, number), officer, app.decided_at());
    match linked.map_err(DecisionError::from)? {
        Linked::Other => Err(conflict("the person is linked to another number")),
        Linked::Taken => Err(conflict("that number is linked to another person")),
        Linked::New | Linked::Same => Ok(subject),
    }
}
