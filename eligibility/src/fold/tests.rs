//! Rows of "Cases that must come out right" that facts alone decide, and the independence of the order.

use proptest::{prelude::*, sample::subsequence};
use schemas::event::{EventKind, Relation};

use super::{testing::*, *};
use crate::{
    age::Convention,
    fact::{Benefit, Of, Value, names},
    truth::Truth,
};

const TODAY: &str = "2026-11-21";

fn folded(records: &[EventRecord]) -> Folded {
    fold(records, &Related::default(), day(TODAY))
}

#[test]
fn same_registration_number_under_a_new_event_id_no_second_effect() {
    let once = folded(&[death(1, "D-1", "2026-11-18")]);
    let twice = folded(&[death(1, "D-1", "2026-11-18"), death(2, "D-1", "2026-11-18")]);
    assert_eq!(once, twice);
    assert_eq!(once.death.unwrap().on, day("2026-11-18"));
}

#[test]
fn annulment_arrives_before_the_death_stored_the_death_is_neutralised_when_it_comes() {
    let annulled = death_annulled(2, "D-1", "2026-11-20");
    let first = folded(std::slice::from_ref(&annulled));
    assert_eq!((first.death, first.facts.truth(names::ALIVE)), (None, Some(true)));
    let both = folded(&[annulled.clone(), death(1, "D-1", "2026-11-18")]);
    assert_eq!((both.death, both.facts.truth(names::ALIVE)), (None, Some(true)));
    let again = death(3, "D-1", "2026-11-18").recorded_on("2026-11-21");
    assert!(folded(&[annulled, again]).death.is_some(), "a registration made after the annulment stands");
}

#[test]
fn another_departments_annulment_undoes_no_registration() {
    let mut annulled = death_annulled(2, "D-1", "2026-11-20");
    annulled.source = "https://other.example".parse().unwrap();
    assert!(folded(&[annulled, death(1, "D-1", "2026-11-18")]).death.is_some());
}

#[test]
fn what_is_void_for_somebody_else_stands_under_the_same_number_for_whom_it_was_meant() {
    let wrong = Annulled::of(&death_annulled(2, "D-1", "2026-11-18").recorded_on("2026-11-20")).unwrap();
    let related = Related { annulled: vec![wrong], spouses: vec![] };
    let right = death(1, "D-1", "2026-11-18").recorded_on("2026-11-20");
    assert!(fold(std::slice::from_ref(&right), &related, day(TODAY)).death.is_some(), "registered in the same hour");
    let mother = birth(3, "2026-11-18", 1).as_related(Relation::Mother);
    let payload = r#"{"registration_number":"B-3","reason":"duplicate"}"#;
    let annulled = Annulled::of(&record(4, EventKind::BirthAnnulled, "2026-11-19", payload)).unwrap();
    let related = Related { annulled: vec![annulled], spouses: vec![] };
    assert_eq!(fold(&[mother], &related, day(TODAY)).deliveries, [], "what is said of her as the mother goes with it");
}

#[test]
fn death_of_the_spouse_arrives_before_the_marriage_after_both_widowed() {
    let status = |records: &[EventRecord]| folded(records).facts.text(names::MARITAL_STATUS).map(str::to_owned);
    let (marriage, end) = (married(1, "1990-05-01"), widowed(2, "2026-11-18", "D-1"));
    assert_eq!(status(&[end.clone(), marriage.clone()]).as_deref(), Some("widowed"));
    assert_eq!(status(&[marriage, end]).as_deref(), Some("widowed"));
}

#[test]
fn a_husbands_death_that_is_heard_of_as_his_own_makes_a_widow_too_and_its_annulment_a_wife() {
    let marriage = married(1, "1990-05-01");
    let related =
        |annulled: Vec<Annulled>| Related { annulled, spouses: vec![(message(1), death(2, "D-1", "2026-11-18"))] };
    let status = |related: &Related| {
        let folded = fold(std::slice::from_ref(&marriage), related, day(TODAY));
        folded.facts.text(names::MARITAL_STATUS).map(str::to_owned)
    };
    assert_eq!(status(&related(vec![])).as_deref(), Some("widowed"));
    let void = Annulled::of(&death_annulled(3, "D-1", "2026-11-20")).unwrap();
    assert_eq!(status(&related(vec![void])).as_deref(), Some("married"));
}

#[test]
fn husbands_death_annulled_the_end_of_the_marriage_goes_with_it() {
    let records = [married(1, "1990-05-01"), widowed(2, "2026-11-18", "D-1")];
    let void = Annulled::of(&death_annulled(3, "D-1", "2026-11-20")).unwrap();
    let related = Related { annulled: vec![void], spouses: vec![] };
    let status = |related| fold(&records, related, day(TODAY)).facts.text(names::MARITAL_STATUS).map(str::to_owned);
    assert_eq!(status(&related).as_deref(), Some("married"));
    assert_eq!(status(&Related::default()).as_deref(), Some("widowed"));
}

#[test]
fn a_sign_of_life_after_the_death_date_contradicts_it_and_one_before_does_not() {
    let after = folded(&[death(1, "D-1", "2026-11-18"), presence(2, "2026-11-19", "387")]);
    assert_eq!((after.death, after.facts.truth(names::ALIVE), after.contradictions.len()), (None, None, 1));
    let before = folded(&[death(1, "D-1", "2026-11-18"), presence(2, "2026-11-18", "387")]);
    assert_eq!((before.death.is_some(), before.facts.truth(names::ALIVE)), (true, Some(false)));
}

#[test]
fn a_death_known_by_its_month_is_contradicted_only_after_the_month() {
    let mut month = death(1, "D-1", "2026-10-01");
    if let Content::Event(schemas::event::EventPayload::DeathRegistered(dead)) = &mut month.content {
        dead.death_date_precision = schemas::event::DatePrecision::Month;
    }
    assert!(folded(&[month.clone(), presence(2, "2026-10-31", "387")]).death.is_some());
    assert!(folded(&[month, presence(2, "2026-11-01", "387")]).death.is_none());
}

#[test]
fn death_reported_by_an_anganwadi_worker_only_is_a_report_and_no_death() {
    let only = folded(&[reported(1, "2026-11-18")]);
    assert_eq!((only.death, only.facts.truth(names::ALIVE)), (None, None));
    assert!(only.reported.is_some());
    let registered = folded(&[reported(1, "2026-11-18"), death(2, "D-1", "2026-11-18")]);
    assert_eq!((registered.reported, registered.death.is_some()), (None, true));
    assert_eq!(folded(&[reported(1, "2026-11-18"), presence(2, "2026-11-20", "387")]).reported, None);
}

#[test]
fn moves_out_and_back_before_the_window_ends_no_move_stands() {
    let out = moved(1, "2026-08-01", "out_of_state", false);
    let gone = folded(std::slice::from_ref(&out));
    assert_eq!((gone.moved_out.unwrap().since, gone.facts.text(names::STATE_CODE)), (day("2026-08-01"), Some("27")));
    let back = folded(&[moved(2, "2026-10-01", "return", false), out]);
    assert_eq!((back.moved_out, back.facts.text(names::STATE_CODE)), (None, Some("22")));
}

#[test]
fn seasonal_work_is_not_migration() {
    assert_eq!(folded(&[moved(1, "2026-08-01", "out_of_state", true)]).moved_out, None);
}

#[test]
fn out_of_state_against_a_payment_drawn_at_home_last_week_sign_of_presence() {
    let out = moved(1, "2026-11-20", "out_of_state", false);
    let at_home = folded(&[out.clone(), presence(2, "2026-11-14", "387")]);
    assert_eq!((at_home.moved_out, at_home.facts.get(names::STATE_CODE)), (None, None));
    assert!(matches!(at_home.contradictions[..], [Contradiction::AtHomeAfterMove { .. }]));
    for elsewhere in [presence(2, "2026-11-14", "490"), presence(2, "2026-06-01", "387")] {
        assert!(folded(&[out.clone(), elsewhere]).moved_out.is_some());
    }
}

#[test]
fn twins_minutes_apart_one_delivery_of_the_mother() {
    let mother = |record: EventRecord| record.as_related(Relation::Mother);
    let twins = folded(&[mother(birth(1, "2026-11-18", 2)), mother(birth(2, "2026-11-19", 2))]);
    assert_eq!(twins.deliveries.len(), 1);
    assert_eq!((twins.facts.integer(names::DELIVERY_PLURALITY), twins.facts.get(names::BIRTH_DATE)), (Some(2), None));
    let apart = folded(&[mother(birth(1, "2024-11-18", 1)), mother(birth(2, "2026-11-19", 1))]);
    assert_eq!(apart.deliveries.len(), 2);
}

#[test]
fn birth_date_corrected_both_ways_the_latest_word_on_an_age_counts() {
    let on = |records: &[EventRecord]| folded(records).facts.attained(60, Convention::Anniversary).unwrap().on;
    let later = [attained(1, 60, "2026-03-01"), revised(2, 60, ("2026-03-01", "2030-03-01"), "2026-11-20")];
    assert_eq!(on(&later), day("2030-03-01"));
    let earlier = [attained(3, 60, "2026-11-01"), revised(4, 60, ("2026-11-01", "2022-11-01"), "2026-11-20")];
    assert_eq!(on(&earlier), day("2022-11-01"));
}

#[test]
fn birth_date_corrected_1966_to_1970_after_60_she_is_56_today_and_alive_and_no_day_wakes_her() {
    let told = [attained(1, 60, "2026-03-01"), revised(2, 60, ("2026-03-01", "2030-03-01"), "2026-11-20")];
    let later = folded(&told);
    assert_eq!(later.facts.attained_by(day("2026-11-21"), Convention::Anniversary), None, "not 60");
    assert_eq!((later.facts.truth(names::ALIVE), later.wakes), (Some(true), None));
    let alone = folded(&told[1..]);
    assert!(alone.facts.get(names::ALIVE).unwrap().effective <= day("2026-11-21"), "that she lives is known by now");
}

#[test]
fn what_is_superseded_or_not_yet_effective_does_not_count_and_the_day_of_the_latter_is_known() {
    let wrong = death(1, "D-1", "2026-11-01");
    let right = death(2, "D-1", "2026-11-18").replacing(1);
    assert_eq!(folded(&[right, wrong]).death.unwrap().on, day("2026-11-18"));
    let ahead = folded(&[married(1, "2026-12-24")]);
    assert_eq!((ahead.facts.get(names::MARITAL_STATUS), ahead.wakes), (None, Some(day("2026-12-24"))));
}

#[test]
fn of_two_sources_on_one_day_the_higher_priority_is_believed() {
    let said = |n: u32, priority: u8, content| EventRecord {
        priority,
        recorded: day("2026-11-01").start(),
        source: format!("https://s{n}.example").parse().unwrap(),
        content,
        ..married(n, "2026-11-01")
    };
    let bpl = |value: bool| Content::Stated(vec![(names::BPL.parse().unwrap(), Some(value.into()))]);
    let both = folded(&[said(2, 50, bpl(false)), said(1, 100, bpl(true))]);
    assert_eq!(both.facts.get(names::BPL).unwrap().value, Value::Bool(true));
}

#[test]
fn of_each_source_the_last_word_about_a_class_counts_and_silence_says_nothing() {
    let said = |n: u32, source: &str, benefits: Vec<Benefit>, whole: &[&str]| EventRecord {
        source: format!("https://{source}.example").parse().unwrap(),
        content: Content::Draws { benefits, whole: whole.iter().map(|class| Of::Class((*class).to_owned())).collect() },
        ..married(n, "2026-11-01")
    };
    let draws = |scheme: &str, class: &str| {
        let (scheme, class) = (scheme.to_owned(), class.to_owned());
        Benefit { scheme, class, since: day("2020-01-01"), until: None, monthly: None }
    };
    let schemes = |records: &[EventRecord]| {
        let folded = folded(records);
        folded.facts.benefits().iter().map(|benefit| benefit.scheme.clone()).collect::<Vec<_>>()
    };
    let pension = |records: &[EventRecord]| {
        let pension = Of::Class("pension".to_owned());
        folded(records).facts.benefits().any((&pension, None), None, |benefit| benefit.class == "pension")
    };
    let (a, b) =
        (said(1, "a", vec![draws("A", "pension")], &[]), said(2, "b", vec![draws("B", "ration")], &["ration"]));
    let silent = said(3, "a", vec![], &[]);
    assert_eq!(schemes(&[a.clone(), b.clone(), silent.clone()]), ["A", "B"], "united; silence takes nothing back");
    assert_eq!(pension(std::slice::from_ref(&b)), Truth::Unknown, "all rations say nothing of pensions");
    assert_eq!(pension(&[silent]), Truth::Unknown);
    let no_more = said(4, "a", vec![], &["pension"]);
    assert_eq!(pension(&[a.clone(), no_more.clone()]), Truth::False);
    assert_eq!(pension(&[no_more, a.clone()]), Truth::False, "in whatever order they come");
    let elsewhere = said(5, "c", vec![], &["pension"]);
    assert_eq!(pension(&[a, elsewhere]), Truth::True, "another source takes nothing back");
}

/// One of each kind that bears on others, so that any seven of them get in each other's way.
pub(crate) fn a_life() -> Vec<EventRecord> {
    let mother = |record: EventRecord| record.as_related(Relation::Mother);
    vec![
        married(1, "1990-05-01"),
        widowed(2, "2026-11-18", "D-9"),
        death(3, "D-1", "2026-11-18"),
        death_annulled(4, "D-1", "2026-11-20"),
        death(5, "D-1", "2026-11-18"),
        death(6, "D-2", "2026-11-19"),
        presence(7, "2026-11-20", "387"),
        reported(8, "2026-11-10"),
        moved(9, "2026-08-01", "out_of_state", false),
        moved(10, "2026-10-01", "return", false),
        attained(11, 60, "2026-03-01"),
        revised(12, 60, ("2026-03-01", "2030-03-01"), "2026-11-20"),
        mother(birth(13, "2026-11-18", 2)),
        mother(birth(14, "2026-11-19", 2)),
        moved(15, "2026-11-19", "out_of_state", false),
        death_annulled(16, "D-2", "2026-11-21"),
        death(17, "D-2", "2026-11-17").replacing(6),
    ]
}

/// Up to seven of them in any order, some of them several times.
pub(crate) fn shuffled() -> impl Strategy<Value = (Vec<EventRecord>, Vec<EventRecord>)> {
    subsequence(a_life(), 1..=7).prop_flat_map(|some| {
        let again = subsequence(some.clone(), 0..=some.len());
        (Just(some.clone()), again.prop_flat_map(move |again| Just([some.clone(), again].concat()).prop_shuffle()))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn any_order_and_any_duplicates_of_up_to_seven_events_give_one_state((in_order, mixed) in shuffled()) {
        prop_assert_eq!(folded(&in_order), folded(&mixed));
    }
}

/// Not a sample: each of the 5,040 orders of seven events that undo each other.
#[test]
fn all_permutations_of_seven_events_give_one_state() {
    let life = a_life();
    let mut seven: Vec<EventRecord> = [0, 1, 2, 3, 4, 6, 8].map(|n: usize| life[n].clone()).to_vec();
    let expected = folded(&seven);
    let mut orders = 0;
    permute(&mut seven, 7, &mut |order| {
        orders += 1;
        assert_eq!(folded(order), expected);
    });
    assert_eq!(orders, 5040);
}

/// Heap's algorithm.
fn permute(items: &mut [EventRecord], n: usize, visit: &mut impl FnMut(&[EventRecord])) {
    if n <= 1 {
        return visit(items);
    }
    for i in 0..n {
        permute(items, n - 1, visit);
        items.swap(if n.is_multiple_of(2) { i } else { 0 }, n - 1);
    }
}

#[test]
fn who_becomes_the_head_of_a_household_is_it_until_she_leaves_it() {
    let head = |records: &[EventRecord]| folded(records).facts.truth(names::HEAD);
    let (became, left) = (household(1, "head_changed", "2026-11-01"), household(2, "member_left", "2026-11-10"));
    assert_eq!(head(std::slice::from_ref(&became)), Some(true));
    assert_eq!(head(&[left, became]), Some(false), "in whatever order they come");
    let named = household(3, "member_added", "2026-11-01");
    assert_eq!(head(std::slice::from_ref(&named)), None, "a member is no head");
    assert_eq!(head(&[named.as_related(Relation::Head)]), Some(true), "but the one who is named is");
}
