//! Two sides find whom both have, and nothing that crosses between them tells of anybody else.

use proptest::prelude::*;

use super::*;

fn context(request: &str) -> Context {
    let (asker, answerer) =
        ("https://social.gov.example".parse().unwrap(), "https://food.gov.example".parse().unwrap());
    Context::new(&"nfsa-2013-s12".parse().unwrap(), [&asker, &answerer], &Digest::of(request))
}

fn people(identifiers: &[String]) -> People<String> {
    identifiers.iter().map(|identifier| (identifier.clone(), identifier.as_bytes().to_vec())).collect()
}

/// Everything that crosses, and what each side learns.
fn compare(a: &[String], b: &[String]) -> ([Vec<Blinded>; 4], [BTreeSet<String>; 2]) {
    let (left, right) =
        (Side::begin(&context("r"), people(a)).unwrap(), Side::begin(&context("r"), people(b)).unwrap());
    let (from_left, from_right): (Vec<_>, Vec<_>) = (left.points().collect(), right.points().collect());
    let (back_to_left, back_to_right) = (right.again(&from_left).unwrap(), left.again(&from_right).unwrap());
    let left = left.common(&back_to_left, &back_to_right).unwrap().into_iter().collect();
    let right = right.common(&back_to_right, &back_to_left).unwrap().into_iter().collect();
    ([from_left, from_right, back_to_left, back_to_right], [left, right])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn both_learn_exactly_whom_both_have(a in prop::collection::btree_set("R-[0-9]{1,2}", 0..12), b in prop::collection::btree_set("R-[0-9]{1,2}", 0..12)) {
        let (one, two): (Vec<String>, Vec<String>) = (a.iter().cloned().collect(), b.iter().cloned().collect());
        let expected: BTreeSet<String> = a.intersection(&b).cloned().collect();
        let (_, learned) = compare(&one, &two);
        prop_assert_eq!(learned, [expected.clone(), expected]);
    }
}

#[test]
fn nothing_that_crosses_can_be_tried_out_without_the_others_secret() {
    let (a, b) = (vec!["CANARY-A".to_owned(), "BOTH".to_owned()], vec!["CANARY-B".to_owned(), "BOTH".to_owned()]);
    let (crossed, _) = compare(&a, &b);
    // Somebody who saw everything, knows all identifiers and the context, and makes secrets of his own.
    let guess = Blinding::generate().unwrap();
    for identifier in ["CANARY-A", "CANARY-B", "BOTH"] {
        let tried = guess.of(&context("r").0, identifier.as_bytes()).unwrap();
        for points in &crossed {
            assert!(!points.contains(&tried), "{identifier}");
            for point in points {
                let shown = point.to_text();
                assert!(!shown.contains(identifier));
            }
        }
    }
}

#[test]
fn points_of_one_comparison_mean_nothing_in_another() {
    let both = vec!["BOTH".to_owned()];
    let first: Vec<Blinded> = Side::begin(&context("one"), people(&both)).unwrap().points().collect();
    let other = Side::begin(&context("two"), people(&both)).unwrap();
    let replayed = other.again(&first).unwrap();
    let right = Side::begin(&context("two"), people(&both)).unwrap();
    let ours = right.again(&other.points().collect::<Vec<_>>()).unwrap();
    assert_eq!(other.common(&ours, &replayed).unwrap(), Vec::<String>::new());
}

#[test]
fn what_is_not_each_of_our_points_once_ends_the_comparison() {
    let side = || Side::begin(&context("r"), people(&["X".to_owned(), "Y".to_owned()])).unwrap();
    let (left, right) = (side(), side());
    let points: Vec<Blinded> = left.points().collect();
    let back = right.again(&points).unwrap();
    for tampered in [vec![], back[..1].to_vec(), vec![back[0], back[0]], [back.clone(), back[..1].to_vec()].concat()] {
        assert_eq!(side().common(&tampered, &[]), Err(OverlapError::NotOurs));
    }
    assert!(matches!(right.again(&[points[0], points[0]]), Err(BeginError::People(OverlapError::NotOurs))));
}

#[test]
fn two_people_of_one_identifier_are_not_compared() {
    let twice = vec![("one", b"same".to_vec()), ("two", b"same".to_vec())];
    assert!(matches!(Side::begin(&context("r"), twice), Err(BeginError::People(OverlapError::NotDistinct))));
}
