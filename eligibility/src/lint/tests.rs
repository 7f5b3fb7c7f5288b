//! Each rule of the lint with the change that breaks it, and what people see.

use super::*;

const SAMPLE: &str = include_str!("../../samples/cg-ignoaps.toml");

/// The line that says where the fact of the exclusion comes from.
const PENSIONS: &str =
    "fact = { dataset = \"finance.pensions\", field = \"drawn\", basis = \"law:nsap-2014\", max_age_days = 90 }\n";

fn codes(text: &str) -> Vec<&'static str> {
    lint(text).findings.iter().map(|f| f.code).collect()
}

fn without_test(name: &str) -> String {
    let start = SAMPLE.find(&format!("[[test]]\nname = \"{name}\"")).unwrap();
    let end = SAMPLE[start + 1..].find("[[test]]").map_or(SAMPLE.len(), |n| start + 1 + n);
    format!("{}{}", &SAMPLE[..start], &SAMPLE[end..])
}

#[test]
fn a_good_file_has_no_findings() {
    assert!(lint(SAMPLE).is_clean());
    assert_eq!(codes(SAMPLE), Vec::<&str>::new());
}

#[test]
fn each_rule_has_its_code() {
    for (from, to, code) in [
        (
            "text = { en = \"Has completed 60 years\", hi = \"60 वर्ष की आयु पूरी हो चुकी है\" }",
            "text = { en = \"Has completed 60 years\" }",
            "no-text",
        ),
        (
            "text = { en = \"Has completed 60 years\", hi = \"60 वर्ष की आयु पूरी हो चुकी है\" }",
            "text = { en = \"x\", hi = \"x\" }",
            "no-text",
        ),
        ("text = { en = \"Has completed 60 years\", hi = \"60 वर्ष की आयु पूरी हो चुकी है\" }\n", "", "no-text"),
        ("ref = \"NSAP Guidelines, October 2014, para 2.3\"\n", "", "no-reference"),
        ("breaker = { percent_of_roll = 0.5, times_median_90d = 3.0 }", "", "no-breaker"),
        (", max_age_days = 180", "", "no-max-age"),
        (", max_age_days = 90", "", "no-max-age"),
        (PENSIONS, "", "class-unknown"),
        ("[benefit]\n", "[paid_by]\npension = []\n\n[benefit]\n", "bad-value"),
        ("[benefit]\n", "[paid_by]\npension = [7]\n\n[benefit]\n", "bad-value"),
        ("in_force = { from = 2026-04-01 }", "in_force = { from = 2026-04-01, until = 2026-03-31 }", "bad-value"),
        ("age = { at_least = 60 }", "age = { at_least = 60, at_most = 59 }", "ages-overlap"),
        ("when = \"household.bpl\"", "when = \"person.age >= 60 && household.bpl\"", "age-in-expression"),
        ("residence = { state = \"22\" }", "age = { at_most = 50 }", "ages-overlap"),
        ("enrolled = { class = \"pension\", other_than_self = true }", "age = { at_least = 70 }", "ages-overlap"),
    ] {
        assert!(SAMPLE.contains(from), "{from}");
        let found = codes(&SAMPLE.replacen(from, to, 1));
        assert!(found.contains(&code), "{to}: {found:?}");
    }
    let nobody = SAMPLE.replace("kind = \"include\"", "kind = \"exclude\"");
    assert!(codes(&nobody).contains(&"no-include"));
}

#[test]
fn a_class_that_nobody_can_know_is_told_unless_the_file_says_who_pays_it_or_who_says_so() {
    let silent = SAMPLE.replace(PENSIONS, "");
    let found = lint(&silent).findings;
    let told: Vec<_> = found.iter().filter(|finding| finding.code == "class-unknown").collect();
    assert_eq!((told.len(), told[0].level), (1, Level::Warning), "{found:?}");
    assert!(
        told[0].what.contains("clause X1") && told[0].what.contains("`pension`") && told[0].help.contains("[paid_by]")
    );
    let named = silent.replacen("[benefit]", "[paid_by]\npension = [\"CG-IGNOAPS\", \"CG-IGNWPS\"]\n\n[benefit]", 1);
    assert_eq!(codes(&named), Vec::<&str>::new());
    let formula = include_str!("../../samples/cg-mahtari-vandan.toml");
    assert_eq!(codes(formula), Vec::<&str>::new());
    let fact = formula.lines().find(|line| line.contains("finance.pensions")).unwrap();
    assert_eq!(codes(&formula.replace(fact, "")), ["class-unknown"]);
}

#[test]
fn each_clause_needs_a_true_a_false_and_an_unknown_example() {
    for (name, code) in [
        ("lives in another state", "no-false-example"),
        ("draws another pension: an officer looks", "no-true-example"),
        ("nothing is known", "no-unknown-example"),
    ] {
        assert!(codes(&without_test(name)).contains(&code), "{name}");
    }
}

#[test]
fn each_bound_of_an_age_needs_the_day_before_the_day_and_the_day_after() {
    for (name, code) in [
        ("one day short", "no-day-before-example"),
        ("the day after", "no-day-after-example"),
        ("the day before 80", "no-day-before-example"),
        ("on the day of 80", "no-day-example"),
        ("the day after 80", "no-day-after-example"),
    ] {
        let found = codes(&without_test(name));
        assert!(found.contains(&code), "{name}: {found:?}");
    }
}

#[test]
fn a_warning_does_not_forbid_activation_and_an_error_does() {
    assert!(lint(&SAMPLE.replacen(", max_age_days = 180", "", 1)).findings.iter().any(|f| f.level == Level::Warning));
    assert!(!lint(&without_test("one day short")).is_clean());
    assert!(!lint("[scheme]").is_clean());
}

#[test]
fn people_see_an_arrow_into_the_file_and_how_to_mend_it() {
    let text = SAMPLE.replacen("when = \"household.bpl\"", "when = \"household.bpl && houshold.members > 2\"", 1);
    let found = lint(&text).findings;
    let shown = render(&found, "cg-ignoaps.toml", &text, false);
    for part in [
        "unknown-fact",
        "no fact is named `houshold.members`",
        "did you mean `household.members`?",
        "cg-ignoaps.toml:24:26",
    ] {
        assert!(shown.contains(part), "{part}:\n{shown}");
    }
    assert_eq!(found[0].line_and_column(&text), (24, 26));
    assert!(!shown.contains('\u{1b}'), "no colour where none was asked for");
}
