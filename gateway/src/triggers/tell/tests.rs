//! What helps to match, and what a filter lets through.

use registry_adapter::{changes::Draft, identity::BirthDate};
use serde_json::json;

use super::*;

fn happening(kind: EventKind, members: serde_json::Value) -> Happening {
    Happening {
        kind,
        claims: Vec::new(),
        subject: "R-1".parse().unwrap(),
        people: BTreeMap::new(),
        recorded: "2026-11-20T09:15:02Z".parse().unwrap(),
        effective: "2026-11-18".parse().unwrap(),
        draft: Draft::of(kind, members.as_object().unwrap().clone()).unwrap(),
        case: "case".parse().unwrap(),
        registration: None,
        replaces: None,
    }
}

fn filter(filter: serde_json::Value) -> EventFilter {
    serde_json::from_value(filter).unwrap()
}

#[test]
fn what_helps_to_match_is_name_and_year_and_never_the_birth_date() {
    let resident = Resident {
        number: "R-1".parse().unwrap(),
        given_name: "Sushila".to_owned(),
        family_name: Some("Sahu".to_owned()),
        birth_date: BirthDate::Day("1954-02-28".parse().unwrap()),
        district: None,
        alive: false,
    };
    let shown = serde_json::to_string(&about(Some(&resident))).unwrap();
    assert!(shown.contains("Sushila Sahu") && shown.contains("1954") && !shown.contains("02-28"), "{shown}");
    let budhram = Resident { family_name: None, birth_date: BirthDate::Unknown, ..resident };
    assert_eq!(about(Some(&budhram)), EventMatch { name: "Sushila".to_owned(), birth_year: None });
    assert_eq!(about(None), EventMatch { name: String::new(), birth_year: None });
}

#[test]
fn an_age_is_told_only_to_who_asked_for_it() {
    let sixty = happening(
        EventKind::AgeAttained,
        json!({ "years": 60, "convention": "anniversary", "effective": "2026-11-18" }),
    );
    let asks = |ages: serde_json::Value| filter(json!({ "ages": ages }));
    assert!(!passes(None, &sixty, None), "nobody hears of ages without asking");
    assert!(passes(Some(&asks(json!([{ "years": 60, "convention": "anniversary" }]))), &sixty, None));
    for other in [
        json!([]),
        json!([{ "years": 18, "convention": "anniversary" }]),
        json!([{ "years": 60, "convention": "day_before" }]),
    ] {
        assert!(!passes(Some(&asks(other)), &sixty, None));
    }
}

#[test]
fn a_district_leaves_out_who_is_known_to_live_elsewhere() {
    let death = happening(EventKind::DeathAnnulled, json!({ "registration_number": "D-1", "reason": "court" }));
    let durg = filter(json!({ "districts": ["387"] }));
    assert!(passes(Some(&durg), &death, Some("387")));
    assert!(!passes(Some(&durg), &death, Some("388")));
    assert!(passes(Some(&durg), &death, None), "unknown leaves nobody out");
    assert!(passes(None, &death, Some("388")));
}

#[test]
fn a_move_concerns_both_its_ends() {
    let place = |state: &str, district: &str| json!({ "state": state, "district": district, "local_body": null });
    let moved = happening(
        EventKind::ResidenceMoved,
        json!({ "registration_number": null, "from": place("22", "387"), "to": place("27", "519"),
            "kind": "out_of_state", "temporary": false }),
    );
    assert!(passes(Some(&filter(json!({ "states": ["27"] }))), &moved, None));
    assert!(passes(Some(&filter(json!({ "states": ["22"], "districts": ["519"] }))), &moved, None));
    assert!(!passes(Some(&filter(json!({ "states": ["09"] }))), &moved, None));
}
