//! The types and the table of moves say the same, and nothing leads to a removal but a window or two persons.

use schemas::{
    id::MessageId,
    scheme::DecisionState::{self, *},
    time::{CivilDate, Timestamp},
};

use super::{
    entering::{AnyEntering, Entering, NoApplicationNeeded},
    leaving::{AnyLeaving, Leaving, TwoPersons, Window},
};

fn id() -> MessageId {
    "01936b1e-5b2f-7c3d-8e4f-0123456789ab".parse().unwrap()
}

fn day(text: &str) -> CivilDate {
    text.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const ALL: [DecisionState; 15] = [
    Proposed, Offered, Accepted, Declined, Expired, Withdrawn, Enrolled, Held, Noticed, Contested, Upheld, Removed,
    Reversed, Released, Restored,
];

/// Every step that the types offer, by its states.
const STEPS: &[(DecisionState, DecisionState)] = &[
    (Proposed, Offered),
    (Proposed, Enrolled),
    (Proposed, Withdrawn),
    (Offered, Accepted),
    (Offered, Declined),
    (Offered, Expired),
    (Offered, Withdrawn),
    (Accepted, Enrolled),
    (Enrolled, Declined),
    (Proposed, Held),
    (Proposed, Noticed),
    (Held, Noticed),
    (Held, Released),
    (Noticed, Contested),
    (Noticed, Removed),
    (Noticed, Released),
    (Contested, Upheld),
    (Contested, Reversed),
    (Upheld, Contested),
    (Upheld, Removed),
    (Upheld, Released),
    (Removed, Restored),
];

#[test]
fn the_table_of_moves_holds_the_steps_of_the_types_and_no_other() {
    for from in ALL {
        for to in ALL {
            assert_eq!(from.may_become(to), STEPS.contains(&(from, to)), "{from:?} to {to:?}");
        }
    }
}

#[test]
fn a_window_counts_whole_days_in_india_after_the_day_of_the_delivery() {
    // 20:00 UTC is the next day in India.
    let window = Window::after(at("2026-11-20T20:00:00Z"), 30);
    assert_eq!(window.ends(), day("2026-12-21"));
    assert!(!window.is_over(at("2026-12-21T18:29:59Z")), "its last day is hers to the end");
    assert!(window.is_over(at("2026-12-21T18:30:00Z")));
}

#[test]
fn a_window_that_runs_lets_nobody_go_and_one_that_is_over_does() {
    let noticed = Leaving::begin(id()).hold().noticed(Window::after(at("2026-11-20T06:00:00Z"), 30));
    let noticed = noticed.window_over(at("2026-12-20T06:00:00Z")).unwrap_err();
    let may = noticed.window_over(at("2026-12-20T18:30:00Z")).unwrap();
    assert_eq!(may.removed().restore().id(), &id());
}

#[test]
fn an_upheld_objection_needs_two_persons() {
    assert_eq!(TwoPersons::of("anita", "anita"), None);
    assert_eq!(TwoPersons::of("anita", ""), None);
    let two = TwoPersons::of("anita", "binod").unwrap();
    let window = Window::after(at("2026-11-20T06:00:00Z"), 30);
    let upheld = Leaving::begin(id()).noticed(window).contest().uphold(&two, Some(window));
    let upheld = upheld.removable(at("2026-12-20T06:00:00Z")).unwrap_err();
    assert!(upheld.clone().contest(at("2026-12-20T06:00:00Z")).is_ok(), "the last day is hers, also to say more");
    let upheld = upheld.contest(at("2026-12-20T18:30:00Z")).unwrap_err();
    assert_eq!(upheld.removable(at("2026-12-20T18:30:00Z")).unwrap().id(), &id());
    let unknown = Leaving::begin(id()).noticed(window).contest().uphold(&two, None);
    assert!(unknown.removable(at("2030-01-01T00:00:00Z")).is_err(), "a window that nobody knows is not over");
}

#[test]
fn an_offer_ends_after_its_last_day_and_can_be_taken_on_it() {
    let offered = Entering::begin(id()).offer(day("2026-12-21"));
    let offered = offered.expire(day("2026-12-21")).unwrap_err();
    assert!(offered.clone().accept(day("2026-12-21")).is_ok());
    assert!(offered.clone().accept(day("2026-12-22")).is_err());
    assert!(offered.expire(day("2026-12-22")).is_ok());
}

#[test]
fn who_is_entered_by_law_may_decline() {
    let law = NoApplicationNeeded::by_the_scheme();
    assert_eq!(Entering::begin(id()).enrol_by_law(law).decline(law).id(), &id());
}

#[test]
fn a_stored_state_is_put_together_only_if_it_is_whole() {
    assert!(AnyLeaving::stored(id(), Noticed, None).is_err(), "a window starts only at a recorded delivery");
    assert!(AnyEntering::stored(id(), Offered, None).is_err());
    let window = Window::stored(at("2026-11-20T06:00:00Z"), day("2026-12-20"));
    for state in ALL {
        let leaving = AnyLeaving::stored(id(), state, Some(window)).is_ok();
        let entering = AnyEntering::stored(id(), state, Some(day("2026-12-20"))).is_ok();
        assert!(leaving || entering, "{state:?} belongs somewhere");
        assert_eq!(leaving && entering, matches!(state, Proposed | Withdrawn), "{state:?}");
    }
}
