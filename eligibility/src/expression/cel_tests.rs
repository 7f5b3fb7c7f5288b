//! What an expression may say, what it is refused for and where, and what it makes of unknown facts.

use std::{borrow::Cow, collections::BTreeMap};

use proptest::prelude::*;

use super::*;

struct Given(BTreeMap<&'static str, Value>);

impl Lookup for Given {
    fn value(&self, name: &str) -> Option<Cow<'_, Value>> {
        self.0.get(name).map(Cow::Borrowed)
    }
}

fn given(facts: &[(&'static str, Value)]) -> Given {
    Given(facts.iter().cloned().collect())
}

fn truth(source: &str, facts: &[(&'static str, Value)]) -> Truth {
    CommonExpressions.compile(source, Wanted::Truth).unwrap().truth(&given(facts))
}

fn fault(source: &str) -> Fault {
    CommonExpressions.compile(source, Wanted::Truth).unwrap_err().remove(0)
}

#[test]
fn facts_are_compared_as_what_they_are() {
    let day = |text: &str| Value::Date(text.parse().unwrap());
    for (source, facts, expected) in [
        ("household.bpl", vec![(names::BPL, true.into())], Truth::True),
        ("!household.bpl", vec![(names::BPL, true.into())], Truth::False),
        ("household.members >= 2 && household.members < 5", vec![(names::MEMBERS, 4.into())], Truth::True),
        ("household.members + 1 > 5", vec![(names::MEMBERS, 4.into())], Truth::False),
        ("person.sex == 'female'", vec![(names::SEX, "female".into())], Truth::True),
        (
            "person.marital_status in ['widowed', 'deserted']",
            vec![(names::MARITAL_STATUS, "widowed".into())],
            Truth::True,
        ),
        (
            "person.marital_status in ['widowed', 'deserted']",
            vec![(names::MARITAL_STATUS, "married".into())],
            Truth::False,
        ),
        ("delivery.date >= '2026-04-01'", vec![(names::DELIVERY_DATE, day("2026-04-01"))], Truth::True),
        ("delivery.date >= '2026-04-01'", vec![(names::DELIVERY_DATE, day("2026-03-31"))], Truth::False),
        ("person.age >= 60", vec![(vocabulary::AGE, 60.into())], Truth::True),
        ("household.bpl ? household.members > 2 : false", vec![(names::BPL, false.into())], Truth::False),
        (
            "sum(benefits.monthly.pension) < 1000",
            vec![("benefits.monthly.pension", Value::List(vec![500.into(), 350.into()]))],
            Truth::True,
        ),
    ] {
        assert_eq!(truth(source, &facts), expected, "{source}");
    }
}

#[test]
fn what_is_missing_is_unknown_unless_the_other_side_decides() {
    let bpl = |v: bool| vec![(names::BPL, Value::from(v))];
    for (source, facts, expected) in [
        ("household.bpl", vec![], Truth::Unknown),
        ("!household.bpl", vec![], Truth::Unknown),
        ("household.bpl && household.public_office", bpl(false), Truth::False),
        ("household.public_office && household.bpl", bpl(false), Truth::False),
        ("household.bpl && household.public_office", bpl(true), Truth::Unknown),
        ("household.bpl || household.public_office", bpl(true), Truth::True),
        ("household.public_office || household.bpl", bpl(true), Truth::True),
        ("household.public_office || household.bpl", bpl(false), Truth::Unknown),
        ("household.members == household.members", vec![], Truth::Unknown),
        ("person.sex == 'female'", vec![(names::SEX, "f".into())], Truth::Unknown),
        ("household.bpl", vec![(names::BPL, "yes".into())], Truth::Unknown),
        ("household.members / 0 == 1", vec![(names::MEMBERS, 4.into())], Truth::Unknown),
        ("household.members * household.members > 0", vec![(names::MEMBERS, i64::MAX.into())], Truth::Unknown),
        ("max(benefits.monthly.pension) > 0", vec![("benefits.monthly.pension", Value::List(vec![]))], Truth::Unknown),
        (
            "sum(benefits.monthly.pension) >= 0",
            vec![("benefits.monthly.pension", Value::List(vec![1.into(); MAX_LIST + 1]))],
            Truth::Unknown,
        ),
    ] {
        assert_eq!(truth(source, &facts), expected, "{source}");
    }
}

#[test]
fn a_formula_gives_whole_rupees() {
    let formula = CommonExpressions.compile("max(0, 1000 - sum(benefits.monthly.pension))", Wanted::Amount).unwrap();
    let of = |amounts: &[i64]| {
        formula
            .amount(&given(&[("benefits.monthly.pension", Value::List(amounts.iter().map(|a| (*a).into()).collect()))]))
    };
    assert_eq!((of(&[]), of(&[500]), of(&[700, 650])), (Some(1000), Some(500), Some(0)));
    assert_eq!(formula.amount(&given(&[])), None);
    assert_eq!(formula.names(), ["benefits.monthly.pension"]);
}

#[test]
fn what_is_refused_is_refused_at_its_place() {
    for (source, place, what) in [
        ("household.bpl && houshold.bpl", "houshold.bpl", "no fact is named `houshold.bpl`"),
        ("household.bpl && person.age >= 'x'", ">=", "`>=` does not go with a whole number and a text"),
        ("person.sex == 'femal'", "'femal'", "the fact never has this value"),
        ("delivery.date >= '1 April'", "'1 April'", "a date is written \"YYYY-MM-DD\""),
        ("person.state_code == 22", "==", "`==` does not go with a text and a whole number"),
        ("household.members > 2.5", "2.5", "only whole numbers, texts, true and false may stand here"),
        ("household.members", "household.members", "this gives no truth"),
    ] {
        let fault = fault(source);
        assert_eq!((&source[fault.at.clone()], fault.what.as_str()), (place, what), "{source}");
    }
    assert_eq!(fault("houshold.bpl").help, "did you mean `household.bpl`?");
}

#[test]
fn loops_presence_tests_methods_and_conversions_are_refused() {
    for source in [
        "has(household.bpl)",
        "[1, 2].all(x, x > 0)",
        "[1, 2].exists(x, x > person.age)",
        "size(person.sex) > 1",
        "person.sex.startsWith('f')",
        "person.sex.matches('(a+)+$')",
        "int(person.state_code) == 22",
        "{'a': 1}['a'] == 1",
        "[1, 2][0] == 1",
        "now() > 1",
        "dyn(household.bpl)",
        "household.?bpl == 1",
        "max(1, 2, 3) > 1",
        "max() > 1",
        "b'abc' == b'abc'",
        "1u == 1u",
        "null == null",
    ] {
        assert!(CommonExpressions.compile(source, Wanted::Truth).is_err(), "{source}");
    }
}

#[test]
fn an_expression_is_bounded_in_size_and_depth() {
    let wide = ["household.bpl"; 33].join(" && ");
    let nested = format!("{}household.bpl{}", "(".repeat(11), ")".repeat(11));
    let long = format!("household.bpl && person.state_code == '{}'", "2".repeat(600));
    for source in [wide, nested, long, "-".repeat(499), "[".repeat(499), "(".repeat(10), "?".repeat(9)] {
        assert!(CommonExpressions.compile(&source, Wanted::Truth).is_err(), "{source}");
    }
    let deepest = format!("{}household.bpl{}", "(".repeat(10), ")".repeat(10));
    assert!(CommonExpressions.compile(&deepest, Wanted::Truth).is_ok());
}

#[test]
fn a_syntax_error_points_into_the_line() {
    let source = "household.bpl &&\n  person.age > > 60";
    let fault = fault(source);
    assert_eq!(&source[fault.at], ">", "the second one");
    assert!(CommonExpressions.compile("", Wanted::Truth).is_err());
    assert!(CommonExpressions.compile("household.bpl &&", Wanted::Truth).is_err());
}

proptest! {
    #[test]
    fn no_text_takes_the_reader_down(source in "[ -~\\n]{0,60}|[()!&|<>=+*/%?:.,a-z0-9'\" \\[\\]-]{0,80}") {
        if let Err(faults) = CommonExpressions.compile(&source, Wanted::Truth) {
            for fault in faults {
                prop_assert!(source.get(fault.at).is_some(), "the place lies within the text");
            }
        }
    }

    #[test]
    fn forgetting_a_fact_makes_a_result_unknown_and_never_turns_it_round(
        bpl in proptest::option::of(any::<bool>()), office in proptest::option::of(any::<bool>()),
        members in proptest::option::of(0_i64..6), forget in 0_usize..3, form in 0_usize..6,
    ) {
        let source = [
            "household.bpl && !household.public_office || household.members > 3",
            "household.members < 3 ? household.bpl : household.public_office",
            "!(household.bpl || household.public_office) && household.members in [1, 2, 3]",
            "max(household.members, 3) >= 4 || household.bpl",
            "household.bpl == household.public_office",
            "household.members % 2 == 0 && (household.bpl || household.members / 2 > 1)",
        ][form];
        let mut all: Vec<(&'static str, Value)> = Vec::new();
        all.extend(bpl.map(|v| (names::BPL, v.into())));
        all.extend(office.map(|v| (names::PUBLIC_OFFICE, v.into())));
        all.extend(members.map(|v| (names::MEMBERS, v.into())));
        let full = truth(source, &all);
        let gone = [names::BPL, names::PUBLIC_OFFICE, names::MEMBERS][forget];
        all.retain(|(name, _)| *name != gone);
        let less = truth(source, &all);
        prop_assert!(less == full || less == Truth::Unknown, "{full:?} became {less:?}");
    }
}
