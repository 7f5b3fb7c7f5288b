//! A warrant as the gateway makes it: signed decision, signed notice, window over.

use protocol::{
    due_process::{DeliveredNotice, Objection, RemovalWarrant, VerifiedDecision, VerifiedNotice},
    exchange::Attested,
    seal::{Algorithm, SigningKey, random},
};
use schemas::{
    decision::{
        AppealRoute, DecisionAction, DecisionRecord, DecisionTarget, DeliveryEvidence, Direction, NoticeDelivery,
        NoticeRecord,
    },
    digest::Digest,
    id::{EntityId, MessageId},
    notice::Channel,
    scheme::DecisionState,
    time::Timestamp,
    version::V1,
};

use super::super::{MappedRolls, Removal, RollWriter};
use crate::mapping::RollId;

/// A warrant against this person of this roll, with 30 days that are over at `at`.
pub(super) fn warrant(rolls: &MappedRolls, roll: &RollId, subject: &str, at: Timestamp) -> RemovalWarrant {
    let told = at.plus(-40 * 86_400);
    let decision = random::message_id(told);
    let person = rolls.person_mark(roll, &subject.parse().unwrap(), &decision).unwrap();
    let target = DecisionTarget { roll: roll.dataset().clone(), person };
    let (us, key) = ("https://social.gov.example".parse().unwrap(), SigningKey::generate(Algorithm::Es256).unwrap());
    let record = Attested::sign(decided(&us, decision, target, told), &key).unwrap();
    let decision = VerifiedDecision::verify(record.jws(), &us, key.public()).unwrap();
    let notice = Attested::sign(told_of(&us, &decision, told), &key).unwrap();
    let notice: DeliveredNotice = VerifiedNotice::verify(notice.jws(), &us, key.public()).unwrap().delivered().unwrap();
    let over = Objection::None(notice.window_over(at).unwrap());
    RemovalWarrant::issue(&decision, &notice, over, at).unwrap()
}

pub(super) fn removal(roll: &RollId, subject: &str) -> Removal {
    Removal {
        roll: roll.clone(),
        subject: subject.parse().unwrap(),
        event: None,
        reason: "DEATH_REGISTERED".to_owned(),
        effective: "2026-11-18".parse().unwrap(),
        actor: "officer:7".to_owned(),
    }
}

fn decided(us: &EntityId, decision: MessageId, target: DecisionTarget, at: Timestamp) -> DecisionRecord {
    DecisionRecord {
        v: V1,
        iss: us.clone(),
        iat: at.numeric(),
        jti: random::message_id(at),
        salt: random::salt(),
        decision,
        previous: None,
        case: "case-7".parse().unwrap(),
        scheme: None,
        rule: Some("death-removal@1".parse().unwrap()),
        direction: Direction::Out,
        action: DecisionAction::Remove,
        state: DecisionState::Held,
        reason: "DEATH_REGISTERED".parse().unwrap(),
        effective: "2026-11-18".parse().unwrap(),
        target: Some(target),
        events: vec![Digest::of("the event")],
        clauses: Vec::new(),
        decisive: Vec::new(),
        changes: None,
        r#match: None,
        confirmed_by: Vec::new(),
        notice_days: Some(30),
        notice: None,
        undoes: None,
        effects: Vec::new(),
    }
}

fn told_of(us: &EntityId, decision: &VerifiedDecision, at: Timestamp) -> NoticeRecord {
    NoticeRecord {
        v: V1,
        iss: us.clone(),
        iat: at.numeric(),
        jti: random::message_id(at),
        salt: random::salt(),
        case: decision.record().case.clone(),
        decision: decision.id().clone(),
        record: decision.digest(),
        channel: Channel::Wallet,
        language: "hi".parse().unwrap(),
        text: Digest::of("the text"),
        appeal: vec![AppealRoute::Wallet],
        delivery: Some(NoticeDelivery {
            at,
            evidence: DeliveryEvidence::Wallet,
            by: None,
            window_ends: at.plus(30 * 86_400).civil_day(),
        }),
    }
}
