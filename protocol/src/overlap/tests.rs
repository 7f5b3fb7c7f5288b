//! Two sides find whom both have, and nothing that crosses between them tells of anybody else.

use std::collections::BTreeSet;

use proptest::prelude::*;
use schemas::{
    federation::{AllowedData, LawQuota},
    id::BlindedPoint,
    overlap::{OverlapStep, OverlapTerms, OverlapTurn},
    problem::Code,
    time::Timestamp,
};

use super::*;
use crate::{
    seal::blinding::Blinding,
    testing::{Authority, Department, NOW, name},
};

mod allowed;
mod signed;

fn context(request: &str) -> Context {
    let (asker, answerer) =
        ("https://social.gov.example".parse().unwrap(), "https://food.gov.example".parse().unwrap());
    Context::new(&"nfsa-2013-s12".parse().unwrap(), [&asker, &answerer], &Digest::of(request))
}

fn people(identifiers: &[String]) -> People<String> {
    identifiers.iter().map(|identifier| (identifier.clone(), identifier.as_bytes().to_vec())).collect()
}

fn size(people: &[String]) -> u32 {
    u32::try_from(people.len()).unwrap()
}

fn begin(a: &[String], b: &[String]) -> (Asking<String>, Answering<String>) {
    let asking = Asking::begin(context("r"), people(a), size(b)).unwrap();
    (asking, Answering::begin(context("r"), people(b), size(a)).unwrap())
}

/// Everything that crosses, and how it ended on each side.
fn compare(a: &[String], b: &[String]) -> (Vec<OverlapTurn>, [Ended<String>; 2]) {
    let (mut asking, mut answering) = begin(a, b);
    let mut crossed = Vec::new();
    while let Some(turn) = asking.turn().unwrap() {
        assert!(!answering.is_complete());
        let answer = answering.answer(&turn).unwrap();
        asking.take(&turn, &answer).unwrap();
        crossed.extend([turn, answer]);
    }
    assert!(answering.is_complete() && asking.turns() == answering.turns());
    (crossed, [asking.end().unwrap(), answering.end().unwrap()])
}

fn names(ended: Ended<String>) -> BTreeSet<String> {
    ended.common.into_names().into_iter().collect()
}

fn numbered(prefix: &str, range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|n| format!("{prefix}-{n}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn both_learn_exactly_whom_both_have(a in prop::collection::btree_set("R-[0-9]{1,2}", 0..12), b in prop::collection::btree_set("R-[0-9]{1,2}", 0..12)) {
        let (one, two): (Vec<String>, Vec<String>) = (a.iter().cloned().collect(), b.iter().cloned().collect());
        let expected: BTreeSet<String> = a.intersection(&b).cloned().collect();
        let (_, [asker, answerer]) = compare(&one, &two);
        prop_assert_eq!(asker.sizes, (size(&one), size(&two)));
        prop_assert_eq!(answerer.sizes, (size(&two), size(&one)));
        prop_assert_eq!(asker.transcript, answerer.transcript);
        prop_assert_eq!([names(asker), names(answerer)], [expected.clone(), expected]);
    }

    /// What a side sees depends on the other's roll in nothing but its size and in whom both have: with both exchanged for others of
    /// the same number, everything it can compute from what it saw has the same shape, and no point of one run is in the other.
    #[test]
    fn what_crosses_tells_sizes_and_the_overlap_and_nothing_else(common in 0_u32..4, a in 0_u32..5, b in 0_u32..5) {
        let roll = |own: &str, others| [numbered("BOTH", 0..common), numbered(own, 0..others)].concat();
        let (first, [one, _]) = compare(&roll("A", a), &roll("B", b));
        let (second, [two, _]) = compare(&roll("A", a), &roll("OTHER", b));
        prop_assert_eq!(names(one), names(two));
        let shape = |crossed: &[OverlapTurn]| crossed.iter().map(|t| (t.n, t.points.len(), t.again.len())).collect::<Vec<_>>();
        prop_assert_eq!(shape(&first), shape(&second));
        let points = |crossed: &[OverlapTurn]| -> BTreeSet<BlindedPoint> {
            crossed.iter().flat_map(|turn| turn.points.iter().chain(&turn.again)).cloned().collect()
        };
        prop_assert!(points(&first).is_disjoint(&points(&second)));
        // Within one run only doubly blinded points of those whom both have stand twice: once from each side.
        let all: usize = first.iter().map(|turn| turn.points.len() + turn.again.len()).sum();
        prop_assert_eq!(all - points(&first).len(), usize::try_from(common).unwrap());
    }
}

#[test]
fn rolls_of_many_pages_are_compared_whichever_side_has_more() {
    let (many, few) = (numbered("R", 0..1_001), ["R-1000".to_owned(), "R-9999".to_owned()]);
    for (a, b, turns) in [(&many[..], &few[..], 2), (&few[..], &many[..], 3)] {
        let (crossed, ended) = compare(a, b);
        assert_eq!(crossed.len(), 2 * turns);
        assert!(crossed.iter().all(|turn| turn.points.len() <= PAGE && turn.again.len() <= PAGE));
        assert_eq!(ended.map(names), [BTreeSet::from(["R-1000".to_owned()]), BTreeSet::from(["R-1000".to_owned()])]);
    }
    let (crossed, ended) = compare(&[], &[]);
    assert_eq!((crossed.len(), ended.map(names)), (2, [BTreeSet::new(), BTreeSet::new()]));
}

#[test]
fn nothing_that_crosses_can_be_tried_out_without_the_others_secret() {
    let (a, b) = (vec!["CANARY-A".to_owned(), "BOTH".to_owned()], vec!["CANARY-B".to_owned(), "BOTH".to_owned()]);
    let (crossed, _) = compare(&a, &b);
    // Somebody who saw everything, knows all identifiers and the context, and makes secrets of his own.
    let guess = Blinding::generate().unwrap();
    for identifier in ["CANARY-A", "CANARY-B", "BOTH"] {
        let tried = guess.of(&context("r").0, [identifier.as_bytes()]).unwrap()[0].to_point();
        for point in crossed.iter().flat_map(|turn| turn.points.iter().chain(&turn.again)) {
            assert!(*point != tried && !point.as_str().contains(identifier), "{identifier}");
        }
    }
}

#[test]
fn points_of_one_comparison_mean_nothing_in_another() {
    let both = ["BOTH".to_owned()];
    let begin = |request| Asking::begin(context(request), people(&both), 1).unwrap();
    let old = begin("one").turn().unwrap().unwrap();
    let mut replayed = Answering::begin(context("two"), people(&both), 1).unwrap();
    let answer = replayed.answer(&old).unwrap();
    // Whoever replays points has not their secret; with another one nothing fits.
    let mut thief = begin("two");
    let own = thief.turn().unwrap().unwrap();
    thief.take(&own, &answer).unwrap();
    let last = thief.turn().unwrap().unwrap();
    let end = replayed.answer(&last).unwrap();
    thief.take(&last, &end).unwrap();
    assert!(thief.end().unwrap().common.is_empty() && replayed.end().unwrap().common.is_empty());
}

#[test]
fn what_is_not_each_point_once_in_its_turn_ends_the_comparison() {
    let ours = ["X".to_owned(), "Y".to_owned()];
    let off_the_curve: BlindedPoint = format!("Av{}", "_".repeat(42)).parse().unwrap();
    type Bend = Box<dyn Fn(&mut OverlapTurn)>;
    let bends: Vec<(&str, Bend)> = vec![
        ("a point is missing", Box::new(|turn| turn.points.truncate(1))),
        ("a point too many", Box::new(|turn| turn.points.push(turn.points[0].clone()))),
        ("a point twice", Box::new(|turn| turn.points[1] = turn.points[0].clone())),
        ("no point of the curve", Box::new(move |turn| turn.points[1] = off_the_curve.clone())),
        ("something came back that never went", Box::new(|turn| turn.again.push(turn.points[0].clone()))),
        ("another turn", Box::new(|turn| turn.n += 1)),
    ];
    for (why, bend) in bends {
        let (asking, mut answering) = begin(&ours, &ours);
        let mut turn = asking.turn().unwrap().unwrap();
        bend(&mut turn);
        assert!(answering.answer(&turn).is_err(), "{why}");
        // The other way round: an answer that is bent.
        let (mut asking, mut answering) = begin(&ours, &ours);
        let turn = asking.turn().unwrap().unwrap();
        let mut answer = answering.answer(&turn).unwrap();
        bend(&mut answer);
        assert!(asking.take(&turn, &answer).is_err(), "{why}, in an answer");
    }
}

#[test]
fn a_point_that_comes_back_twice_is_found_at_the_end() {
    let (mut asking, mut answering) = begin(&["X".to_owned(), "Y".to_owned()], &[]);
    let turn = asking.turn().unwrap().unwrap();
    let mut answer = answering.answer(&turn).unwrap();
    answer.again[1] = answer.again[0].clone();
    asking.take(&turn, &answer).unwrap();
    assert!(matches!(asking.end(), Err(OverlapError::NotEachOnce)));
}

#[test]
fn a_comparison_without_its_last_page_has_no_end() {
    let ours = ["X".to_owned()];
    let (mut asking, mut answering) = begin(&ours, &ours);
    let turn = asking.turn().unwrap().unwrap();
    asking.take(&turn, &answering.answer(&turn).unwrap()).unwrap();
    assert!(!answering.is_complete());
    assert!(matches!(answering.end(), Err(OverlapError::NotEachOnce)), "its points did not come back yet");
}

#[test]
fn a_comparison_that_is_over_takes_no_turn_more() {
    let (mut asking, mut answering) = begin(&[], &[]);
    let turn = asking.turn().unwrap().unwrap();
    asking.take(&turn, &answering.answer(&turn).unwrap()).unwrap();
    assert_eq!(asking.turn().unwrap(), None);
    let more = OverlapTurn { n: 1, points: Vec::new(), again: Vec::new() };
    assert!(matches!(answering.answer(&more), Err(OverlapError::OutOfTurn)));
}

#[test]
fn two_people_of_one_identifier_and_too_many_are_not_compared() {
    let twice = vec![("one", b"same".to_vec()), ("two", b"same".to_vec())];
    assert!(matches!(Asking::begin(context("r"), twice, 0), Err(OverlapError::NotDistinct)));
    assert!(matches!(Answering::begin(context("r"), people(&[]), MOST + 1), Err(OverlapError::TooMany)));
}

#[test]
fn an_identifier_has_one_spelling() {
    let spelt = |text| canonical(text).map(|bytes| String::from_utf8(bytes).unwrap());
    for (written, expected) in [
        ("cg-0042 17", Some("CG004217")),
        (" CG 0042-17\u{a0}", Some("CG004217")),
        ("CG/0042", Some("CG/0042")),
        ("क-7", Some("क7")),
        (" - ", None),
        ("", None),
    ] {
        assert_eq!(spelt(written).as_deref(), expected, "{written:?}");
    }
}
