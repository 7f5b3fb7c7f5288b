//! No removal without due process: the types through which alone a person can be taken off a roll.
//!
//! Guarantees: a [`RemovalWarrant`] has one constructor, which needs the department's own signed decision, the signed record that
//! its notice arrived, and a window that is over: without an objection, or with one that a second person upheld. Each of
//! them exists only after its signature was verified here, and all are bound to each other by digest. An objection that is open
//! has no way into a warrant.
//! Deliberately absent: storage; whether an objection was raised is what the caller's books say, in the commit that removes.
//! Source: triggers, "Decisions and the journal".
//!
//! A decision alone is not enough:
//! ```compile_fail,E0061
//! # use protocol::due_process::{RemovalWarrant, VerifiedDecision};
//! # fn example(decision: &VerifiedDecision, now: schemas::time::Timestamp) {
//! RemovalWarrant::issue(decision, now);
//! # }
//! ```
//! A notice that was written is not a notice that was delivered:
//! ```compile_fail,E0308
//! # use protocol::due_process::{RemovalWarrant, VerifiedDecision, VerifiedNotice, Objection};
//! # fn example(decision: &VerifiedDecision, notice: &VerifiedNotice, none: Objection, now: schemas::time::Timestamp) {
//! RemovalWarrant::issue(decision, notice, none, now);
//! # }
//! ```
//! An objection that is still open does not do:
//! ```compile_fail,E0308
//! # use protocol::due_process::{RemovalWarrant, VerifiedDecision, DeliveredNotice, OpenObjection};
//! # fn example(decision: &VerifiedDecision, notice: &DeliveredNotice, open: OpenObjection, now: schemas::time::Timestamp) {
//! RemovalWarrant::issue(decision, notice, open, now);
//! # }
//! ```
//! Nor does a window that is not known to be over:
//! ```compile_fail,E0308
//! # use protocol::due_process::{DeliveredNotice, Objection};
//! # fn example(notice: &DeliveredNotice) -> Objection {
//! Objection::None(notice)
//! # }
//! ```
//! A signed record is no verified decision, and a warrant cannot be written down:
//! ```compile_fail,E0308
//! # use protocol::{due_process::{RemovalWarrant, DeliveredNotice, Objection}, exchange::Attested};
//! # use schemas::decision::DecisionRecord;
//! # fn example(d: &Attested<DecisionRecord>, notice: &DeliveredNotice, none: Objection, now: schemas::time::Timestamp) {
//! RemovalWarrant::issue(d, notice, none, now);
//! # }
//! ```
//! ```compile_fail,E0451
//! # use protocol::due_process::{ClosedWindow, RemovalWarrant};
//! # fn example(digest: schemas::digest::Digest) -> ClosedWindow {
//! ClosedWindow { notice: digest }
//! # }
//! ```

use schemas::{
    decision::{DecisionAction, DecisionNotice, DecisionRecord, DecisionTarget, DeliveryEvidence, Direction},
    decision::{NoticeDelivery, NoticeRecord},
    digest::Digest,
    id::{CompactJws, EntityId, MessageId, StaffMark},
    scheme::DecisionState,
    time::{CivilDate, NumericDate, Timestamp},
};

use crate::{
    exchange::{Attested, MemberClaims, NotAttested},
    federation::VerifiedMember,
    seal::{Limits, Typ, VerifyingKey},
};

macro_rules! member_claims {
    ($($name:ident $typ:ident;)*) => {
        $(impl MemberClaims for $name {
            const TYP: Typ = Typ::$typ;
            /// Clauses with their facts.
            const LIMITS: Limits = Limits::of(64 * 1024);
            fn iss(&self) -> &EntityId {
                &self.iss
            }
            fn iat(&self) -> NumericDate {
                self.iat
            }
        })*
    };
}
member_claims! {
    DecisionRecord Decision;
    NoticeRecord Notice;
}

#[cfg(test)]
mod tests;

/// A record is not what a decision or notice of ours must be.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum RecordInvalid {
    /// Its form or signature.
    #[error("the record is not signed by this department")]
    Signature(#[from] NotAttested),
    /// Another department's.
    #[error("the record is another department's")]
    OtherDepartment,
    /// It says of itself what cannot be.
    #[error("the record contradicts itself: {0}")]
    Contradiction(&'static str),
}

/// A decision that this department signed. Made by [`VerifiedDecision::verify`] alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedDecision(Attested<DecisionRecord>);

impl VerifiedDecision {
    /// Verifies a decision's record with the department's own key, and that it is in one piece.
    ///
    /// # Errors
    /// If the signature is not by this key, the record is another department's, or it contradicts itself.
    pub fn verify(jws: &CompactJws, us: &EntityId, key: &VerifyingKey) -> Result<Self, RecordInvalid> {
        Self::formed(own(jws, us, key)?)
    }

    /// The same by the directory's word about ourselves, whose older keys stay good for what they signed in their time.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_member(jws: &CompactJws, us: &VerifiedMember) -> Result<Self, RecordInvalid> {
        Self::formed(Attested::verify(jws.as_str().as_bytes(), us)?)
    }

    fn formed(attested: Attested<DecisionRecord>) -> Result<Self, RecordInvalid> {
        authorize_form(attested.claims())?;
        Ok(Self(attested))
    }

    /// The record.
    pub fn record(&self) -> &DecisionRecord {
        self.0.claims()
    }

    /// Id of the decision.
    pub fn id(&self) -> &MessageId {
        &self.0.claims().decision
    }

    /// SHA-256 over the record as signed.
    pub fn digest(&self) -> Digest {
        self.0.digest()
    }

    /// The record as signed.
    pub fn jws(&self) -> &CompactJws {
        self.0.jws()
    }
}

/// Reads a token of our own and sees that it names us.
fn own<T: MemberClaims>(jws: &CompactJws, us: &EntityId, key: &VerifyingKey) -> Result<Attested<T>, RecordInvalid> {
    let attested = Attested::<T>::read_own(jws, key)?;
    if attested.claims().iss() == us { Ok(attested) } else { Err(RecordInvalid::OtherDepartment) }
}

/// What no decision may say.
fn authorize_form(record: &DecisionRecord) -> Result<(), RecordInvalid> {
    use DecisionAction::{Hold, Remove};
    let wrong = |what| Err(RecordInvalid::Contradiction(what));
    if record.scheme.is_some() == record.rule.is_some() {
        return wrong("neither or both of a scheme and a rule decided");
    }
    if record.action == Remove && (record.direction != Direction::Out || record.notice_days.is_none()) {
        return wrong("a removal without a notice period");
    }
    if record.action == Hold && record.direction != Direction::Out {
        return wrong("a hold that goes into a scheme");
    }
    if record.state == DecisionState::Removed && record.notice.is_none() {
        return wrong("removed without a notice");
    }
    if !record.decisive.iter().all(|id| record.clauses.iter().any(|clause| clause.id == *id)) {
        return wrong("a decisive clause was not evaluated");
    }
    let mut seen = std::collections::BTreeSet::new();
    if !record.confirmed_by.iter().all(|officer| seen.insert(officer)) {
        return wrong("one officer confirmed twice");
    }
    Ok(())
}

/// A notice that this department signed; whether it arrived is another matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedNotice(Attested<NoticeRecord>);

impl VerifiedNotice {
    /// Verifies a notice's record with the department's own key.
    ///
    /// # Errors
    /// If the signature is not by this key, the record is another department's, or it contradicts itself.
    pub fn verify(jws: &CompactJws, us: &EntityId, key: &VerifyingKey) -> Result<Self, RecordInvalid> {
        Self::formed(own(jws, us, key)?)
    }

    /// The same by the directory's word about ourselves.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_member(jws: &CompactJws, us: &VerifiedMember) -> Result<Self, RecordInvalid> {
        Self::formed(Attested::verify(jws.as_str().as_bytes(), us)?)
    }

    fn formed(attested: Attested<NoticeRecord>) -> Result<Self, RecordInvalid> {
        if let Some(delivery) = &attested.claims().delivery {
            if delivery.window_ends < delivery.at.civil_day() {
                return Err(RecordInvalid::Contradiction("a window that ends before the notice arrived"));
            }
            if delivery.evidence == DeliveryEvidence::Officer && delivery.by.is_none() {
                return Err(RecordInvalid::Contradiction("an officer's entry without the officer"));
            }
            if delivery.at.seconds() > attested.claims().iat.seconds() {
                return Err(RecordInvalid::Contradiction("a delivery that is yet to come"));
            }
        }
        Ok(Self(attested))
    }

    /// The record.
    pub fn record(&self) -> &NoticeRecord {
        self.0.claims()
    }

    /// SHA-256 over the record as signed.
    pub fn digest(&self) -> Digest {
        self.0.digest()
    }

    /// The notice as a delivered one.
    ///
    /// # Errors
    /// If no delivery is recorded.
    pub fn delivered(self) -> Result<DeliveredNotice, NotDelivered> {
        let delivery = self.0.claims().delivery.clone().ok_or(NotDelivered)?;
        Ok(DeliveredNotice { notice: self, delivery })
    }
}

/// The notice did not arrive, so that no window runs.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("no delivery of the notice is recorded; an undelivered notice removes nobody")]
pub struct NotDelivered;

/// A notice with a recorded delivery: the only thing that starts a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveredNotice {
    notice: VerifiedNotice,
    delivery: NoticeDelivery,
}

impl DeliveredNotice {
    /// The record.
    pub fn record(&self) -> &NoticeRecord {
        self.notice.record()
    }

    /// SHA-256 over the record as signed.
    pub fn digest(&self) -> Digest {
        self.notice.digest()
    }

    /// The delivery.
    pub fn delivery(&self) -> &NoticeDelivery {
        &self.delivery
    }

    /// What a later record of the decision says of it.
    pub fn reference(&self) -> DecisionNotice {
        DecisionNotice { digest: self.digest(), window_ends: self.delivery.window_ends }
    }

    /// That the window is over: the last day to object has passed in Asia/Kolkata.
    ///
    /// # Errors
    /// While it is open.
    pub fn window_over(&self, now: Timestamp) -> Result<ClosedWindow, WindowOpen> {
        let until = self.delivery.window_ends;
        if now.civil_day() > until { Ok(ClosedWindow { notice: self.digest() }) } else { Err(WindowOpen { until }) }
    }
}

/// The person may still object.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("the person may object until {until}, that day included")]
pub struct WindowOpen {
    /// The last day.
    pub until: CivilDate,
}

/// That the window of one notice is over. Made by [`DeliveredNotice::window_over`] alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosedWindow {
    notice: Digest,
}

/// An objection that was raised and not decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenObjection {
    decision: MessageId,
    /// Who proposed or confirmed the decision; may not judge the objection.
    proposed_by: Vec<StaffMark>,
}

impl OpenObjection {
    /// An objection against this decision.
    pub fn raised(decision: &VerifiedDecision) -> Self {
        Self { decision: decision.id().clone(), proposed_by: decision.record().confirmed_by.clone() }
    }

    /// The objection was heard and the removal stands: decided by two persons, of whom neither confirmed the decision alone.
    ///
    /// # Errors
    /// If one person would be both, or the second had confirmed the decision.
    pub fn uphold(self, heard_by: &StaffMark, seconded_by: &StaffMark) -> Result<UpheldObjection, OnePerson> {
        if heard_by == seconded_by || self.proposed_by.contains(seconded_by) {
            return Err(OnePerson);
        }
        Ok(UpheldObjection { decision: self.decision })
    }
}

/// Four eyes are missing.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("a second person must decide, who did not confirm the decision")]
pub struct OnePerson;

/// An objection that was heard and not found right. Made by [`OpenObjection::uphold`] alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpheldObjection {
    decision: MessageId,
}

/// How it stands with objections when a removal is carried out. There is no variant for an open one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Objection {
    /// Nobody objected, and nobody can any more.
    None(ClosedWindow),
    /// Somebody objected, and a second person upheld the removal.
    Upheld(UpheldObjection),
}

/// Why a removal may not be carried out.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoWarrant {
    /// The decision is none to remove somebody.
    #[error("the decision is not to remove anybody")]
    NoRemoval,
    /// No roll or no person is named.
    #[error("the decision names nobody on a roll")]
    NoTarget,
    /// The notice tells of something else.
    #[error("the notice is not about this decision")]
    OtherNotice,
    /// The window was shorter than the decision promised.
    #[error("the window was shorter than the decision's {days} days")]
    WindowShort {
        /// What was promised.
        days: u16,
    },
    /// The window is open.
    #[error(transparent)]
    WindowOpen(#[from] WindowOpen),
    /// The word about objections is about something else.
    #[error("the objection is not against this decision, or the window is another notice's")]
    OtherObjection,
    /// The decision has been carried out, reversed or lifted.
    #[error("the decision is no longer one to carry out")]
    Done,
}

/// The right to take one person off one roll. Made by [`RemovalWarrant::issue`] alone; not cloned, so that it is used once.
#[derive(Debug, PartialEq, Eq)]
pub struct RemovalWarrant {
    decision: MessageId,
    record: Digest,
    notice: Digest,
    target: DecisionTarget,
    undelayed_until: CivilDate,
}

impl RemovalWarrant {
    /// Issues it, if decision, notice and objection belong together and all has run its course.
    ///
    /// # Errors
    /// By the first thing that is missing.
    pub fn issue(
        decision: &VerifiedDecision,
        notice: &DeliveredNotice,
        objection: Objection,
        now: Timestamp,
    ) -> Result<Self, NoWarrant> {
        let record = decision.record();
        let (DecisionAction::Remove, Some(days)) = (record.action, record.notice_days) else {
            return Err(NoWarrant::NoRemoval);
        };
        authorize_state(record.state)?;
        let target = record.target.clone().ok_or(NoWarrant::NoTarget)?;
        let told = notice.record();
        if (&told.decision, told.record, &told.case) != (&record.decision, decision.digest(), &record.case) {
            return Err(NoWarrant::OtherNotice);
        }
        let ends = notice.delivery().window_ends;
        if ends < later(notice.delivery().at.civil_day(), days) {
            return Err(NoWarrant::WindowShort { days });
        }
        match objection {
            Objection::None(window) if window.notice == notice.digest() => {}
            Objection::Upheld(upheld) if upheld.decision == record.decision => {}
            Objection::None(_) | Objection::Upheld(_) => return Err(NoWarrant::OtherObjection),
        }
        // Asked again: a clock that was set back since must not shorten the window. Nor does an objection, whoever entered it:
        // what was heard early is carried out when everybody's time is over.
        notice.window_over(now)?;
        let (decision_id, digest) = (record.decision.clone(), decision.digest());
        Ok(Self { decision: decision_id, record: digest, notice: notice.digest(), target, undelayed_until: ends })
    }

    /// Id of the decision.
    pub fn decision(&self) -> &MessageId {
        &self.decision
    }

    /// Digest of the decision's record.
    pub fn record(&self) -> Digest {
        self.record
    }

    /// Digest of the notice's record.
    pub fn notice(&self) -> Digest {
        self.notice
    }

    /// Whom it concerns.
    pub fn target(&self) -> &DecisionTarget {
        &self.target
    }

    /// What the next record of the decision says of the notice.
    pub fn reference(&self) -> DecisionNotice {
        DecisionNotice { digest: self.notice, window_ends: self.undelayed_until }
    }
}

/// Only a decision that is still on its way may be carried out.
const fn authorize_state(state: DecisionState) -> Result<(), NoWarrant> {
    use DecisionState::{Contested, Held, Noticed, Proposed, Upheld};
    match state {
        Proposed | Held | Noticed | Contested | Upheld => Ok(()),
        _ => Err(NoWarrant::Done),
    }
}

/// So many days later.
fn later(day: CivilDate, days: u16) -> CivilDate {
    use jiff::ToSpan as _;
    // The end of the calendar is the longest window there is.
    CivilDate::from_date(day.date().saturating_add(i64::from(days).days()))
}
