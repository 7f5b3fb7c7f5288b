//! A removal needs everything at once: each missing piece, and each piece of something else, is refused by name.

use schemas::{
    decision::{AppealRoute, SchemeVersion},
    id::ReasonCode,
    notice::Channel,
    version::V1,
};

use super::*;
use crate::{
    seal::{Algorithm, SigningKey, random},
    testing::name,
};

const NOW: i64 = 1_795_248_100; // 2026-11-21

struct Scene {
    us: EntityId,
    key: SigningKey,
}

fn now() -> Timestamp {
    Timestamp::from_seconds(NOW)
}

fn days_later(days: i64) -> Timestamp {
    now().plus(days * 86_400)
}

impl Scene {
    fn new() -> Self {
        Self { us: name("https://social.gov.example"), key: SigningKey::generate(Algorithm::Es256).unwrap() }
    }

    fn removal(&self) -> DecisionRecord {
        DecisionRecord {
            v: V1,
            iss: self.us.clone(),
            iat: now().numeric(),
            jti: random::message_id(now()),
            salt: random::salt(),
            decision: random::message_id(now()),
            previous: None,
            case: name("case-7"),
            scheme: Some(SchemeVersion { id: name("CG-IGNOAPS"), version: 3, hash: Digest::of("the file") }),
            rule: None,
            direction: Direction::Out,
            action: DecisionAction::Remove,
            state: DecisionState::Proposed,
            reason: name::<ReasonCode>("DEATH_REGISTERED"),
            effective: name("2026-11-18"),
            target: Some(DecisionTarget { roll: name("social.pension"), person: name(&"p".repeat(43)) }),
            events: vec![Digest::of("the event")],
            clauses: Vec::new(),
            decisive: Vec::new(),
            changes: None,
            r#match: None,
            confirmed_by: vec![name("officer-1")],
            notice_days: Some(30),
            notice: None,
            undoes: None,
            effects: Vec::new(),
        }
    }

    fn decided(&self, record: DecisionRecord) -> VerifiedDecision {
        let signed = Attested::sign(record, &self.key).unwrap();
        VerifiedDecision::verify(signed.jws(), &self.us, self.key.public()).unwrap()
    }

    fn decision(&self) -> VerifiedDecision {
        self.decided(self.removal())
    }

    fn notice(&self, of: &VerifiedDecision) -> NoticeRecord {
        NoticeRecord {
            v: V1,
            iss: self.us.clone(),
            iat: now().numeric(),
            jti: random::message_id(now()),
            salt: random::salt(),
            case: of.record().case.clone(),
            decision: of.id().clone(),
            record: of.digest(),
            channel: Channel::Letter,
            language: name("hi"),
            text: Digest::of("the letter"),
            appeal: vec![AppealRoute::Wallet, AppealRoute::Counter],
            delivery: Some(NoticeDelivery {
                at: now(),
                evidence: DeliveryEvidence::Officer,
                by: Some(name("officer-9")),
                window_ends: name("2026-12-21"),
            }),
        }
    }

    fn told(&self, record: NoticeRecord) -> VerifiedNotice {
        let signed = Attested::sign(record, &self.key).unwrap();
        VerifiedNotice::verify(signed.jws(), &self.us, self.key.public()).unwrap()
    }

    fn delivered(&self, of: &VerifiedDecision) -> DeliveredNotice {
        self.told(self.notice(of)).delivered().unwrap()
    }
}

#[test]
fn decision_notice_and_a_window_that_is_over_make_a_warrant_for_this_person_alone() {
    let scene = Scene::new();
    let decision = scene.decision();
    let notice = scene.delivered(&decision);
    let over = notice.window_over(days_later(31)).unwrap();
    let warrant = RemovalWarrant::issue(&decision, &notice, Objection::None(over), days_later(31)).unwrap();
    assert_eq!(warrant.decision(), decision.id());
    assert_eq!((warrant.record(), warrant.notice()), (decision.digest(), notice.digest()));
    assert_eq!(Some(warrant.target()), decision.record().target.as_ref());
    assert_eq!(warrant.reference(), notice.reference());
}

#[test]
fn the_last_day_of_the_window_belongs_to_the_person() {
    let scene = Scene::new();
    let notice = scene.delivered(&scene.decision());
    // Midnight of the 22nd in India is 18:30 UTC of the 21st.
    let last: Timestamp = name("2026-12-21T18:29:59Z");
    assert_eq!(notice.window_over(last), Err(WindowOpen { until: name("2026-12-21") }));
    assert!(notice.window_over(last.plus(1)).is_ok());
}

#[test]
fn a_clock_that_was_set_back_opens_the_window_again() {
    let scene = Scene::new();
    let decision = scene.decision();
    let notice = scene.delivered(&decision);
    let over = Objection::None(notice.window_over(days_later(31)).unwrap());
    let refused = RemovalWarrant::issue(&decision, &notice, over, days_later(2));
    assert_eq!(refused.unwrap_err(), NoWarrant::WindowOpen(WindowOpen { until: name("2026-12-21") }));
}

#[test]
fn an_upheld_objection_needs_a_second_person_who_did_not_confirm_the_decision() {
    let scene = Scene::new();
    let decision = scene.decision();
    let notice = scene.delivered(&decision);
    for (heard, seconded) in [("officer-2", "officer-2"), ("officer-2", "officer-1"), ("officer-1", "officer-1")] {
        let open = OpenObjection::raised(&decision);
        assert_eq!(open.uphold(&name(heard), &name(seconded)), Err(OnePerson), "{heard} {seconded}");
    }
    let upheld = || OpenObjection::raised(&decision).uphold(&name("officer-1"), &name("officer-2")).unwrap();
    let issue = |days| RemovalWarrant::issue(&decision, &notice, Objection::Upheld(upheld()), days_later(days));
    let open = NoWarrant::WindowOpen(WindowOpen { until: name("2026-12-21") });
    assert_eq!(issue(1).unwrap_err(), open, "who objects early has no shorter time to object");
    assert!(issue(31).is_ok());
}

#[test]
fn what_belongs_to_another_decision_does_not_help() {
    let scene = Scene::new();
    let (decision, other) = (scene.decision(), scene.decision());
    let (notice, elsewhere) = (scene.delivered(&decision), scene.delivered(&other));
    let at = days_later(31);
    let over = |notice: &DeliveredNotice| Objection::None(notice.window_over(at).unwrap());
    let issue = |notice: &DeliveredNotice, objection| RemovalWarrant::issue(&decision, notice, objection, at);
    assert_eq!(issue(&elsewhere, over(&elsewhere)).unwrap_err(), NoWarrant::OtherNotice);
    assert_eq!(issue(&notice, over(&elsewhere)).unwrap_err(), NoWarrant::OtherObjection);
    let upheld = OpenObjection::raised(&other).uphold(&name("officer-2"), &name("officer-3")).unwrap();
    assert_eq!(issue(&notice, Objection::Upheld(upheld)).unwrap_err(), NoWarrant::OtherObjection);
    // A notice of an earlier record of the same decision tells of other reasons.
    let earlier = DecisionRecord { decision: decision.id().clone(), ..scene.removal() };
    let earlier = scene.delivered(&scene.decided(earlier));
    assert_eq!(issue(&earlier, over(&earlier)).unwrap_err(), NoWarrant::OtherNotice);
}

#[test]
fn a_decision_that_is_no_open_removal_of_somebody_gives_no_warrant() {
    let scene = Scene::new();
    let base = scene.removal();
    let hold = DecisionRecord { action: DecisionAction::Hold, ..base.clone() };
    let nobody = DecisionRecord { target: None, ..base.clone() };
    let reversed = DecisionRecord { state: DecisionState::Reversed, ..base.clone() };
    let restored = DecisionRecord { state: DecisionState::Restored, ..base };
    for (record, expected) in [
        (hold, NoWarrant::NoRemoval),
        (nobody, NoWarrant::NoTarget),
        (reversed, NoWarrant::Done),
        (restored, NoWarrant::Done),
    ] {
        let decision = scene.decided(record);
        let notice = scene.delivered(&decision);
        let over = Objection::None(notice.window_over(days_later(31)).unwrap());
        assert_eq!(RemovalWarrant::issue(&decision, &notice, over, days_later(31)).unwrap_err(), expected);
    }
}

#[test]
fn a_window_shorter_than_promised_gives_no_warrant() {
    let scene = Scene::new();
    let decision = scene.decision();
    let mut record = scene.notice(&decision);
    record.delivery.as_mut().unwrap().window_ends = name("2026-12-20");
    let notice = scene.told(record).delivered().unwrap();
    let over = Objection::None(notice.window_over(days_later(31)).unwrap());
    let refused = RemovalWarrant::issue(&decision, &notice, over, days_later(31));
    assert_eq!(refused.unwrap_err(), NoWarrant::WindowShort { days: 30 });
}

#[test]
fn a_notice_without_a_delivery_is_not_a_delivered_one() {
    let scene = Scene::new();
    let record = NoticeRecord { delivery: None, ..scene.notice(&scene.decision()) };
    assert_eq!(scene.told(record).delivered(), Err(NotDelivered));
}

#[test]
fn a_forged_signature_never_becomes_a_verified_decision_or_notice() {
    let scene = Scene::new();
    let forger = Scene { us: scene.us.clone(), key: SigningKey::generate(Algorithm::Es256).unwrap() };
    let decision = Attested::sign(forger.removal(), &forger.key).unwrap();
    let notice = Attested::sign(forger.notice(&forger.decision()), &forger.key).unwrap();
    let ours = scene.key.public();
    assert!(matches!(
        VerifiedDecision::verify(decision.jws(), &scene.us, ours),
        Err(RecordInvalid::Signature(NotAttested::Token(_)))
    ));
    assert!(matches!(
        VerifiedNotice::verify(notice.jws(), &scene.us, ours),
        Err(RecordInvalid::Signature(NotAttested::Token(_)))
    ));
    // A changed member breaks the signature too.
    let good = Attested::sign(scene.removal(), &scene.key).unwrap();
    let parts: Vec<&str> = good.jws().as_str().split('.').collect();
    let other = Attested::sign(DecisionRecord { reason: name("MOVED_OUT"), ..scene.removal() }, &scene.key).unwrap();
    let swapped = format!("{}.{}.{}", parts[0], other.jws().as_str().split('.').nth(1).unwrap(), parts[2]);
    assert!(VerifiedDecision::verify(&swapped.parse().unwrap(), &scene.us, ours).is_err());
    // A notice is no decision, though the key is ours.
    let notice = Attested::sign(scene.notice(&scene.decision()), &scene.key).unwrap();
    assert!(VerifiedDecision::verify(notice.jws(), &scene.us, ours).is_err());
}

#[test]
fn another_departments_record_is_not_ours() {
    let scene = Scene::new();
    let foreign = DecisionRecord { iss: name("https://food.gov.example"), ..scene.removal() };
    let signed = Attested::sign(foreign, &scene.key).unwrap();
    let refused = VerifiedDecision::verify(signed.jws(), &scene.us, scene.key.public());
    assert_eq!(refused.unwrap_err(), RecordInvalid::OtherDepartment);
}

#[test]
fn records_that_contradict_themselves_are_refused() {
    type Change = fn(&mut DecisionRecord);
    let scene = Scene::new();
    let cases: [(&str, Change); 7] = [
        ("neither scheme nor rule", |r| r.scheme = None),
        ("both scheme and rule", |r| r.rule = Some(name("death-hold@1"))),
        ("a removal into a scheme", |r| r.direction = Direction::In),
        ("a removal without a notice period", |r| r.notice_days = None),
        ("removed without a notice", |r| r.state = DecisionState::Removed),
        ("a decisive clause that was not evaluated", |r| r.decisive = vec![name("I1")]),
        ("one officer twice", |r| r.confirmed_by = vec![name("officer-1"), name("officer-1")]),
    ];
    for (why, change) in cases {
        let mut record = scene.removal();
        change(&mut record);
        let signed = Attested::sign(record, &scene.key).unwrap();
        let refused = VerifiedDecision::verify(signed.jws(), &scene.us, scene.key.public());
        assert!(matches!(refused, Err(RecordInvalid::Contradiction(_))), "{why}");
    }
}

#[test]
fn deliveries_that_cannot_be_are_refused() {
    type Change = fn(&mut NoticeDelivery);
    let scene = Scene::new();
    let cases: [(&str, Change); 3] = [
        ("a window before the delivery", |d| d.window_ends = name("2026-11-20")),
        ("an officer's entry without an officer", |d| d.by = None),
        ("a delivery that is yet to come", |d| d.at = days_later(1)),
    ];
    for (why, change) in cases {
        let mut record = scene.notice(&scene.decision());
        change(record.delivery.as_mut().unwrap());
        let signed = Attested::sign(record, &scene.key).unwrap();
        let refused = VerifiedNotice::verify(signed.jws(), &scene.us, scene.key.public());
        assert!(matches!(refused, Err(RecordInvalid::Contradiction(_))), "{why}");
    }
}
