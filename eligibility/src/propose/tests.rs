//! What is proposed in the cases that must come out right, and that the order of events makes no difference to what stays open.

use proptest::prelude::*;
use schemas::{
    decision::DecisionAction,
    event::{DeathAnnulment, EventKind, EventPayload},
    scheme::DecisionState,
};

use super::*;
use crate::{
    effect::{ClauseFalseRule, DeathRule, Include, Mode, MoveRule, Remove},
    fact::names,
    fold::{
        Annulled, Content, EventRecord, Related, fold,
        testing::{attained, day, death, death_annulled, married, message, moved, presence, record, reported, widowed},
        tests::shuffled,
    },
};

const TODAY: &str = "2026-11-21";

fn effect(mode: Mode, hold_moved: bool) -> Effect {
    Effect {
        include: Include { mode, remembered_months: 12 },
        remove: Remove {
            death: Some(DeathRule { hold: true, notice_days: 30, notice_to: NoticeTo::Household }),
            moved_out_of_state: Some(MoveRule { hold: hold_moved, remove_after_days: 90, notice_days: 30 }),
            clause_false: Some(ClauseFalseRule { notice_days: 30, officer: true }),
            breaker: None,
        },
    }
}

/// A scheme for widows: what the evaluation of its one clause says.
fn verdict(folded: &Folded) -> Verdict {
    match folded.facts.get(names::MARITAL_STATUS) {
        None => Verdict::Unknown,
        Some(fact) if fact.value == "widowed".into() => Verdict::Eligible { since: fact.effective },
        Some(_) => Verdict::NotEligible { decisive: vec!["I1".to_owned()] },
    }
}

/// A decision of today, by no version of a scheme, that rests on nothing.
fn past(id: MessageId, action: DecisionAction, cause: Cause, state: DecisionState) -> Past {
    Past {
        id,
        action,
        cause,
        state,
        since: day(TODAY),
        dismissed: false,
        rules: None,
        effective: day(TODAY),
        events: BTreeSet::new(),
        case: None,
    }
}

/// A scheme for wives: the other way round.
fn wives(folded: &Folded) -> Verdict {
    match folded.facts.get(names::MARITAL_STATUS) {
        None => Verdict::Unknown,
        Some(fact) if fact.value == "married".into() => Verdict::Eligible { since: fact.effective },
        Some(_) => Verdict::NotEligible { decisive: vec!["I1".to_owned()] },
    }
}

/// A department that does at once what is proposed, but for officers and windows.
#[derive(Clone, Debug)]
struct Department {
    effect: Effect,
    verdict: fn(&Folded) -> Verdict,
    records: Vec<EventRecord>,
    related: Related,
    past: Vec<Past>,
    standing: Standing,
    today: CivilDate,
}

impl Department {
    fn new(standing: Standing) -> Self {
        let effect = effect(Mode::Offer, false);
        let related = Related::default();
        Self { effect, verdict, records: vec![], related, past: vec![], standing, today: day(TODAY) }
    }

    fn proposals(&self) -> Vec<Proposal> {
        let folded = fold(&self.records, &self.related, self.today);
        let verdict = (self.verdict)(&folded);
        let Self { effect, past, standing, today, .. } = self;
        propose(&Situation {
            effect,
            verdict: &verdict,
            standing: *standing,
            folded: &folded,
            unit: "",
            rules: None,
            past,
            today: *today,
        })
    }

    fn hears(&mut self, record: EventRecord) -> Vec<Proposal> {
        self.records.push(record);
        let proposals = self.proposals();
        for proposal in &proposals {
            self.does(proposal);
        }
        assert_eq!(self.proposals(), [], "asked again when nothing changed it proposes nothing");
        proposals
    }

    fn decides(&mut self, action: DecisionAction, cause: &Cause, state: DecisionState) {
        self.decides_from(action, cause, (state, self.today));
    }

    /// It rests on the latest that was heard of her marriage.
    fn decides_from(&mut self, action: DecisionAction, cause: &Cause, (state, effective): (DecisionState, CivilDate)) {
        let id = message(1000 + u32::try_from(self.past.len()).unwrap());
        let folded = fold(&self.records, &self.related, self.today);
        let status = folded.facts.get(names::MARITAL_STATUS).and_then(|fact| fact.receipt);
        let moved = folded.moved_out.map(|moved| moved.origin.digest);
        let past = past(id, action, cause.clone(), state);
        let events = status.into_iter().chain(moved).collect();
        self.past.push(Past { since: self.today, effective, events, ..past });
    }

    fn does(&mut self, proposal: &Proposal) {
        match proposal {
            Proposal::Undo { decision } => {
                let past = self.past.iter_mut().find(|past| past.id == *decision).unwrap();
                past.state = match past.state {
                    DecisionState::Held | DecisionState::Noticed | DecisionState::Upheld => {
                        self.standing = Standing::Active;
                        DecisionState::Released
                    }
                    DecisionState::Contested => {
                        self.standing = Standing::Active;
                        DecisionState::Reversed
                    }
                    _ => DecisionState::Withdrawn,
                };
            }
            Proposal::Restore { decision } => {
                self.past.iter_mut().find(|past| past.id == *decision).unwrap().state = DecisionState::Restored;
                self.standing = Standing::Active;
            }
            Proposal::Amend { decision, cause, effective } => {
                let past = self.past.iter_mut().find(|past| past.id == *decision).unwrap();
                (past.cause, past.effective) = (cause.clone(), *effective);
            }
            Proposal::Leave { cause, hold, effective, .. } => {
                let state = if *hold { DecisionState::Held } else { DecisionState::Proposed };
                if *hold {
                    self.standing = Standing::Held;
                }
                self.decides_from(DecisionAction::Remove, cause, (state, *effective));
            }
            Proposal::Notify { .. } => {}
            Proposal::Flag { cause } => self.decides(DecisionAction::Flag, cause, DecisionState::Proposed),
            Proposal::Review { cause } => self.decides(DecisionAction::Review, cause, DecisionState::Proposed),
            Proposal::Offer { cause, .. } => self.decides(DecisionAction::Offer, cause, DecisionState::Offered),
            Proposal::Head { cause, .. } => self.decides(DecisionAction::Amend, cause, DecisionState::Enrolled),
            Proposal::Enrol { cause, .. } => {
                self.decides(DecisionAction::Enrol, cause, DecisionState::Enrolled);
                self.standing = Standing::Active;
            }
        }
    }

    /// The open decisions, without ids, which differ from run to run.
    fn open(&self) -> Vec<(DecisionAction, Cause, DecisionState)> {
        let mut open: Vec<_> = self
            .past
            .iter()
            .filter(|past| past.is_open())
            .map(|past| (past.action, past.cause.clone(), past.state))
            .collect();
        open.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        open
    }
}

#[test]
fn a_registered_death_holds_and_sends_a_notice_and_nothing_more() {
    let mut department = Department::new(Standing::Active);
    let proposals = department.hears(death(1, "D-1", "2026-11-18"));
    let [Proposal::Leave { cause, effective, hold, notice, officer }] = &proposals[..] else { panic!("{proposals:?}") };
    assert_eq!((cause.reason, *effective, *hold, *officer), (Reason::Death, day("2026-11-18"), true, false));
    assert_eq!(*notice, Some(Notice { days: 30, household: true }));
    assert_eq!(department.hears(death(2, "D-1", "2026-11-18")), [], "the same registration under a new event id");
}

#[test]
fn death_reported_by_an_anganwadi_worker_only_flag_no_hold_no_removal() {
    let mut department = Department::new(Standing::Active);
    let proposals = department.hears(reported(1, "2026-11-18"));
    assert!(matches!(proposals[..], [Proposal::Flag { .. }]), "{proposals:?}");
    let registered = department.hears(death(2, "D-1", "2026-11-18"));
    assert!(matches!(registered[..], [Proposal::Undo { .. }, Proposal::Leave { .. }]), "{registered:?}");
}

#[test]
fn annulled_within_the_window_released_and_after_removal_reinstated() {
    let mut department = Department::new(Standing::Active);
    department.hears(death(1, "D-1", "2026-11-18"));
    let mut removed = department.clone();
    let proposals = department.hears(death_annulled(2, "D-1", "2026-11-20"));
    assert!(matches!(proposals[..], [Proposal::Undo { .. }]), "{proposals:?}");
    assert_eq!(department.standing, Standing::Active);
    (removed.past[0].state, removed.standing) = (DecisionState::Removed, Standing::Removed);
    let proposals = removed.hears(death_annulled(2, "D-1", "2026-11-20"));
    assert!(matches!(proposals[..], [Proposal::Restore { .. }]), "{proposals:?}");
}

#[test]
fn a_sign_of_life_lifts_the_hold_and_opens_a_review() {
    let mut department = Department::new(Standing::Active);
    department.hears(death(1, "D-1", "2026-11-18"));
    let proposals = department.hears(presence(2, "2026-11-20", "387"));
    let [Proposal::Undo { .. }, Proposal::Review { cause }] = &proposals[..] else { panic!("{proposals:?}") };
    assert_eq!((cause.reason, department.standing), (Reason::AliveAfterDeath, Standing::Active));
    let annulled = department.hears(death_annulled(3, "D-1", "2026-11-21"));
    assert!(matches!(annulled[..], [Proposal::Undo { .. }]), "the review ends: {annulled:?}");
    assert_eq!(department.open(), []);
}

#[test]
fn a_decision_for_the_person_stays_while_its_cause_is_the_same() {
    let mut department = Department::new(Standing::Active);
    department.hears(death(1, "D-1", "2026-11-18"));
    (department.past[0].state, department.standing) = (DecisionState::Reversed, Standing::Active);
    assert_eq!(department.hears(death(2, "D-1", "2026-11-18")), []);
    let other = department.hears(death(3, "D-2", "2026-11-20"));
    assert_eq!(other, [], "one death is one: the first registration stands");
}

#[test]
fn a_corrected_day_of_death_is_the_same_death_no_release_no_second_hold_no_restoration() {
    for state in [DecisionState::Held, DecisionState::Noticed, DecisionState::Contested, DecisionState::Removed] {
        let mut department = Department::new(Standing::Active);
        department.hears(death(1, "D-1", "2026-11-18"));
        let standing = if state == DecisionState::Removed { Standing::Removed } else { Standing::Held };
        (department.past[0].state, department.standing) = (state, standing);
        let proposals = department.hears(death(2, "D-1", "2026-11-10").replacing(1));
        let [Proposal::Amend { effective, .. }] = &proposals[..] else { panic!("{state:?} {proposals:?}") };
        assert_eq!(*effective, day("2026-11-10"));
        assert_eq!((department.past.len(), department.past[0].state), (1, state));
        let renumbered = department.hears(death(3, "D-7", "2026-11-11").replacing(2));
        assert!(matches!(renumbered[..], [Proposal::Amend { .. }]), "under another number: {renumbered:?}");
        let annulled = department.hears(death_annulled(4, "D-7", "2026-11-20"));
        assert!(matches!(annulled[..], [Proposal::Undo { .. } | Proposal::Restore { .. }]), "{annulled:?}");
        assert_eq!(department.standing, Standing::Active);
    }
}

#[test]
fn a_decision_of_the_time_when_deaths_were_told_apart_by_their_days_is_amended_and_not_undone() {
    let mut department = Department::new(Standing::Held);
    let cause = Cause { reason: Reason::Death, key: "2026-11-18".to_owned() };
    department.past = vec![past(message(1000), DecisionAction::Remove, cause, DecisionState::Noticed)];
    let proposals = department.hears(death(1, "D-1", "2026-11-18"));
    assert!(matches!(proposals[..], [Proposal::Amend { .. }]), "{proposals:?}");
    assert!(department.past[0].cause.key.ends_with(" D-1"));
}

#[test]
fn a_death_entered_twice_goes_on_under_the_registration_that_stands() {
    for state in [DecisionState::Noticed, DecisionState::Removed] {
        let mut department = Department::new(Standing::Active);
        department.hears(death(1, "D-1", "2026-11-18"));
        let standing = if state == DecisionState::Removed { Standing::Removed } else { Standing::Held };
        (department.past[0].state, department.standing) = (state, standing);
        assert_eq!(department.hears(death(2, "D-2", "2026-11-19")), [], "a person dies once");
        let mut twice = death_annulled(3, "D-1", "2026-11-20");
        let Content::Event(EventPayload::DeathAnnulled(annulled)) = &mut twice.content else { panic!() };
        annulled.reason = DeathAnnulment::Duplicate;
        let proposals = department.hears(twice);
        assert!(matches!(proposals[..], [Proposal::Amend { .. }]), "{state:?} {proposals:?}");
        let never = department.hears(death_annulled(4, "D-2", "2026-11-21"));
        assert!(matches!(never[..], [Proposal::Undo { .. } | Proposal::Restore { .. }]), "{never:?}");
    }
}

#[test]
fn who_was_found_alive_is_held_again_only_for_a_death_after_that() {
    let mut department = Department::new(Standing::Active);
    department.hears(death(1, "D-1", "2026-11-18"));
    (department.past[0].state, department.standing) = (DecisionState::Reversed, Standing::Active);
    assert_eq!(department.hears(death(2, "D-1", "2026-11-15").replacing(1)), [], "a correction of what was untrue");
    assert_eq!(department.hears(death(3, "D-2", "2026-11-10")), [], "she lived on the day of the objection");
    department.today = day("2030-02-01");
    let proposals = department.hears(death(4, "D-9", "2030-01-31"));
    let [Proposal::Leave { effective, hold: true, .. }] = &proposals[..] else { panic!("{proposals:?}") };
    assert_eq!(*effective, day("2030-01-31"));
}

#[test]
fn a_wife_removed_because_of_her_husbands_death_is_restored_when_it_is_annulled() {
    let mut department = Department::new(Standing::Active);
    department.verdict = wives;
    department.hears(married(1, "1990-05-01"));
    let proposals = department.hears(widowed(2, "2026-11-18", "D-9"));
    assert!(matches!(&proposals[..], [Proposal::Leave { cause, .. }] if cause.reason == Reason::ClauseFalse));
    (department.past[0].state, department.standing) = (DecisionState::Removed, Standing::Removed);
    assert_eq!(department.proposals(), [], "rightly, as long as he is dead");
    let mut divorced = department.clone();
    let proposals = department.hears(death_annulled(3, "D-9", "2026-11-20"));
    assert!(matches!(proposals[..], [Proposal::Restore { .. }]), "and not offered anew: {proposals:?}");
    // A reason of its own needs a notice of its own; it is no reason to leave her where a void one put her.
    let payload = r#"{"registration_number":"M-1","date":"2026-11-19","reason":"divorce","spouse":{"name":"B","birth_year":1950,"subject":null},"death_registration_number":null}"#;
    divorced.records.push(record(4, EventKind::MarriageEnded, "2026-11-19", payload));
    assert_eq!(
        divorced.hears(death_annulled(3, "D-9", "2026-11-20")),
        [],
        "the clause of which she was told is false all the same"
    );
}

#[test]
fn a_husbands_death_heard_of_as_his_own_is_what_her_removal_rests_on() {
    let mut department = Department::new(Standing::Active);
    department.verdict = wives;
    department.related.spouses = vec![(message(1), death(2, "D-9", "2026-11-18"))];
    let proposals = department.hears(married(1, "1990-05-01"));
    assert!(matches!(&proposals[..], [Proposal::Leave { cause, .. }] if cause.reason == Reason::ClauseFalse));
    (department.past[0].state, department.standing) = (DecisionState::Removed, Standing::Removed);
    let corrected = (message(1), death(3, "D-9", "2026-11-12").replacing(2));
    department.related.spouses.push(corrected);
    assert_eq!(department.proposals(), [], "a corrected day changes nothing for her");
    department.related.annulled = vec![Annulled::of(&death_annulled(4, "D-9", "2026-11-20")).unwrap()];
    assert!(matches!(department.proposals()[..], [Proposal::Restore { .. }]), "{:?}", department.proposals());
}

#[test]
fn a_move_that_was_never_made_restores_and_one_that_ended_does_not() {
    let removed = || {
        let mut department = Department::new(Standing::Active);
        department.hears(widowed(1, "2020-01-01", "D-9"));
        department.today = day("2027-01-30");
        department.hears(moved(2, "2026-11-01", "out_of_state", false));
        (department.past[0].state, department.standing) = (DecisionState::Removed, Standing::Removed);
        department
    };
    let back = removed().hears(moved(3, "2027-01-20", "return", false));
    assert!(matches!(back[..], [Proposal::Offer { .. }]), "she came back: {back:?}");
    let never = removed().hears(moved(3, "2026-11-01", "within_district", false).replacing(2));
    assert!(matches!(never[..], [Proposal::Restore { .. }]), "{never:?}");
}

#[test]
fn husband_dies_widows_pension_offered_death_annulled_withdrawn() {
    let mut department = Department::new(Standing::Absent);
    department.hears(married(1, "1990-05-01"));
    let proposals = department.hears(widowed(2, "2026-11-18", "D-9"));
    let [Proposal::Offer { since, .. }] = &proposals[..] else { panic!("{proposals:?}") };
    assert_eq!(*since, day("2026-11-18"));
    let proposals = department.hears(death_annulled(3, "D-9", "2026-11-20"));
    assert!(matches!(proposals[..], [Proposal::Undo { .. }]), "{proposals:?}");
    assert_eq!(department.past[0].state, DecisionState::Withdrawn);
}

#[test]
fn a_declined_offer_is_remembered_twelve_months() {
    let mut department = Department::new(Standing::Absent);
    department.hears(widowed(2, "2026-11-18", "D-9"));
    department.past[0].state = DecisionState::Declined;
    assert_eq!(department.hears(attained(3, 60, "2026-11-20")), []);
    department.today = day("2027-11-20");
    assert_eq!(department.proposals(), []);
    department.today = day("2027-11-21");
    assert!(matches!(department.proposals()[..], [Proposal::Offer { .. }]));
}

#[test]
fn enrol_enters_at_once_and_nobody_is_offered_what_she_draws() {
    let mut department = Department::new(Standing::Absent);
    department.effect.include.mode = Mode::Enrol { basis: "law:nfsa-2013".to_owned() };
    let proposals = department.hears(widowed(2, "2026-11-18", "D-9"));
    assert!(matches!(proposals[..], [Proposal::Enrol { .. }]), "{proposals:?}");
    assert_eq!(department.hears(attained(3, 60, "2026-11-20")), []);
}

#[test]
fn unknown_removes_nobody_and_ends_what_had_begun() {
    let mut department = Department::new(Standing::Active);
    assert_eq!(department.hears(attained(1, 60, "2026-11-20")), [], "the marriage is unknown");
    let proposals = department.hears(married(2, "1990-05-01"));
    let [Proposal::Leave { cause, hold, officer, .. }] = &proposals[..] else { panic!("{proposals:?}") };
    assert_eq!((cause.reason, cause.key.as_str(), *hold, *officer), (Reason::ClauseFalse, "I1", false, true));
    department.records.retain(|record| record.id != message(2));
    assert!(matches!(department.proposals()[..], [Proposal::Undo { .. }]));
}

#[test]
fn moves_out_and_back_before_the_window_ends_no_removal() {
    let mut department = Department::new(Standing::Active);
    department.hears(widowed(1, "2020-01-01", "D-9"));
    assert_eq!(department.hears(moved(2, "2026-11-01", "out_of_state", false)), [], "90 days are not over");
    department.today = day("2027-01-30");
    let proposals = department.proposals();
    let [Proposal::Leave { cause, effective, hold, .. }] = &proposals[..] else { panic!("{proposals:?}") };
    assert_eq!((cause.reason, *effective, *hold), (Reason::MovedOut, day("2026-11-01"), false));
    department.does(&proposals[0].clone());
    let back = department.hears(moved(3, "2027-01-20", "return", false));
    assert!(matches!(back[..], [Proposal::Undo { .. }]), "{back:?}");
    assert_eq!(department.open(), []);
}

#[test]
fn a_move_that_holds_at_once_sends_its_notice_on_its_day() {
    let mut department = Department::new(Standing::Active);
    department.effect = effect(Mode::Offer, true);
    department.hears(widowed(1, "2020-01-01", "D-9"));
    let proposals = department.hears(moved(2, "2026-11-01", "out_of_state", false));
    assert!(matches!(proposals[..], [Proposal::Leave { hold: true, notice: None, .. }]), "{proposals:?}");
    department.today = day("2027-01-30");
    let proposals = department.proposals();
    assert!(
        matches!(proposals[..], [Proposal::Notify { notice: Notice { days: 30, household: false }, .. }]),
        "{proposals:?}"
    );
}

#[test]
fn out_of_state_against_a_payment_drawn_at_home_last_week_review_no_removal() {
    let mut department = Department::new(Standing::Active);
    department.today = day("2027-06-01");
    department.hears(widowed(1, "2020-01-01", "D-9"));
    department.hears(moved(2, "2026-11-20", "out_of_state", false));
    let proposals = department.hears(presence(3, "2026-11-25", "387"));
    let [Proposal::Undo { .. }, Proposal::Review { cause }] = &proposals[..] else { panic!("{proposals:?}") };
    assert_eq!(cause.reason, Reason::AtHomeAfterMove);
}

#[test]
fn a_clause_removes_only_for_the_reason_and_by_the_version_of_which_she_was_told() {
    let (effect, folded) = (effect(Mode::Offer, false), Folded::default());
    let (one, two) = (Digest::of("version 1"), Digest::of("version 2"));
    for (told, now, version, stands) in [
        ("I1", "I1", one, true),
        ("I1", "I1 I2", one, true),
        ("I1", "I2", one, false),
        ("I1 I2", "I2", one, false),
        ("", "I1", one, false),
        ("I1", "I1", two, false),
    ] {
        for state in [DecisionState::Proposed, DecisionState::Noticed, DecisionState::Upheld] {
            let cause = Cause { reason: Reason::ClauseFalse, key: told.to_owned() };
            let past = [Past { rules: Some(one), ..past(message(1), DecisionAction::Remove, cause, state) }];
            let verdict = Verdict::NotEligible { decisive: now.split(' ').map(str::to_owned).collect() };
            let proposals = propose(&Situation {
                effect: &effect,
                verdict: &verdict,
                standing: Standing::Active,
                folded: &folded,
                unit: "",
                rules: Some(version),
                past: &past,
                today: day(TODAY),
            });
            if stands {
                assert_eq!(proposals, [], "{told} {now}");
                continue;
            }
            let [Proposal::Undo { .. }, Proposal::Leave { cause, notice: Some(_), .. }] = &proposals[..] else {
                panic!("{told} {now} {proposals:?}")
            };
            assert_eq!((cause.reason, cause.key.as_str()), (Reason::ClauseFalse, now));
        }
    }
}

#[test]
fn a_conflict_goes_to_an_officer_and_offers_nothing() {
    let folded = Folded::default();
    let (effect, verdict) = (effect(Mode::Offer, false), Verdict::Conflict);
    let situation = Situation {
        effect: &effect,
        verdict: &verdict,
        standing: Standing::Absent,
        folded: &folded,
        unit: "",
        rules: None,
        past: &[],
        today: day(TODAY),
    };
    let proposals = propose(&situation);
    assert!(
        matches!(&proposals[..], [Proposal::Review { cause }] if cause.reason == Reason::Conflict),
        "{proposals:?}"
    );
}

#[test]
fn one_delivery_is_paid_once_whatever_became_of_the_first_decision() {
    let (effect, verdict) = (effect(Mode::Offer, false), Verdict::Eligible { since: day(TODAY) });
    let folded = Folded::default();
    let offered = |key: &str, state| {
        let cause = Cause { reason: Reason::Eligible, key: key.to_owned() };
        vec![past(message(1), DecisionAction::Offer, cause, state)]
    };
    for (key, state, offers) in [
        ("2026-11-18", DecisionState::Enrolled, 0),
        ("2026-11-18", DecisionState::Offered, 0),
        ("2026-11-18", DecisionState::Withdrawn, 1),
        ("2024-01-01", DecisionState::Enrolled, 1),
    ] {
        let past = offered(key, state);
        let situation = Situation {
            effect: &effect,
            verdict: &verdict,
            standing: Standing::Active,
            folded: &folded,
            unit: "2026-11-18",
            rules: None,
            past: &past,
            today: day(TODAY),
        };
        assert_eq!(propose(&situation).len(), offers, "{key} {state:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn any_order_and_any_duplicates_of_up_to_seven_events_give_the_same_open_proposals(
        (in_order, mixed) in shuffled(), on_the_roll in any::<bool>(),
    ) {
        let mut one = Department::new(if on_the_roll { Standing::Active } else { Standing::Absent });
        let mut other = one.clone();
        for record in in_order {
            one.hears(record);
        }
        for record in mixed {
            other.hears(record);
        }
        prop_assert_eq!(one.open(), other.open());
        prop_assert_eq!(one.standing, other.standing);
    }
}
