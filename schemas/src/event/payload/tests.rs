//! Each type takes its own payload and no other.

use serde_json::json;

use super::*;

fn samples() -> Vec<(EventKind, serde_json::Value)> {
    let spouse = json!({ "name": "Budhram Sahu", "birth_year": 1950, "subject": null });
    let place = json!({ "state": "22", "district": "387", "local_body": null });
    let born = json!({ "state": "22", "district": "387", "local_body": null, "kind": "facility" });
    use EventKind::*;
    vec![
        (
            BirthRegistered,
            json!({ "registration_number": "B-1", "child": { "birth_date": "2026-11-18", "sex": "female",
                "birth_order": 2, "plurality": 2 }, "mother": spouse, "father": null, "place": born,
                "registration_type": "court-ordered" }),
        ),
        (BirthAnnulled, json!({ "registration_number": "B-1", "reason": "never_born" })),
        (BirthStillbirth, json!({ "registration_number": "S-1", "date": "2026-11-18", "place": born, "plurality": 1 })),
        (DeathReported, json!({ "report_number": "R-1", "reported_by": "anganwadi", "death_date": null })),
        (
            DeathRegistered,
            json!({ "registration_number": "D-1", "death_date": "2026-11-18", "death_date_precision": "day",
                "match": { "method": "resident-number", "score": 100 } }),
        ),
        (DeathAnnulled, json!({ "registration_number": "D-1", "reason": "never_died" })),
        (AgeAttained, json!({ "years": 60, "convention": "anniversary", "effective": "2026-11-21" })),
        (
            AgeRevised,
            json!({ "years": 60, "convention": "day_before", "attained": false, "effective": "2030-11-20",
                "before": "2026-11-20" }),
        ),
        (MarriageRegistered, json!({ "registration_number": "M-1", "date": "2026-11-18", "spouse": spouse })),
        (
            MarriageEnded,
            json!({ "registration_number": "M-1", "date": "2026-11-18", "reason": "death_of_spouse", "spouse": spouse,
                "death_registration_number": "D-1" }),
        ),
        (
            ResidenceMoved,
            json!({ "registration_number": null, "from": place, "to": place, "kind": "out_of_state",
                "temporary": false }),
        ),
        (HouseholdChanged, json!({ "household_ref": "h", "change": "head_changed", "head": null })),
        (PersonCorrected, json!({ "fields": [{ "field": "given_name", "value": "Sunita" }] })),
        (PersonMerged, json!({ "into": spouse })),
        (PersonSplit, json!({ "parted": spouse })),
        (PresenceConfirmed, json!({ "date": "2026-11-18", "kind": "biometric", "district": "387" })),
    ]
}

fn parse(kind: EventKind, payload: &serde_json::Value) -> Result<EventPayload, PayloadInvalid> {
    EventPayload::parse(kind, payload.to_string().as_bytes())
}

#[test]
fn each_type_reads_its_payload_and_prints_it_unchanged() {
    for (kind, sample) in samples() {
        let payload = parse(kind, &sample).unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        assert_eq!(payload.kind(), kind);
        assert_eq!(serde_json::to_value(&payload).unwrap(), sample, "{kind:?}");
    }
    let with_payload = EventKind::ALL.iter().filter(|kind| !kind.is_of_feed()).count();
    assert_eq!(samples().len(), with_payload, "a sample of each");
}

#[test]
fn no_type_reads_the_payload_of_another() {
    for (kind, _) in samples() {
        for (other, sample) in samples() {
            if kind != other && parse(kind, &sample).is_ok() {
                // Of one form are only the two annulments, and they differ by their reasons.
                panic!("{kind:?} takes the payload of {other:?}");
            }
        }
    }
}

#[test]
fn a_member_that_is_unknown_or_a_cause_of_death_is_refused() {
    for (kind, mut sample) in samples() {
        sample["cause"] = json!("malaria");
        let refused = parse(kind, &sample);
        assert_eq!(refused, Err(PayloadInvalid::Form), "{kind:?}");
    }
}

#[test]
fn what_is_larger_than_an_event_or_speaks_of_a_feed_is_refused() {
    let long = json!({ "registration_number": "x".repeat(MAX_PAYLOAD), "reason": "court" });
    assert_eq!(parse(EventKind::DeathAnnulled, &long), Err(PayloadInvalid::TooLarge));
    assert_eq!(parse(EventKind::FeedHeartbeat, &json!({})), Err(PayloadInvalid::NotAboutAPerson));
}

#[test]
fn events_about_age_hold_no_birth_date() {
    for kind in [EventKind::AgeAttained, EventKind::AgeRevised] {
        let (_, mut sample) = samples().into_iter().find(|(known, _)| *known == kind).unwrap();
        sample["birth_date"] = json!("1966-11-21");
        assert_eq!(parse(kind, &sample), Err(PayloadInvalid::Form));
    }
}

#[test]
fn related_people_and_registrations_are_found() {
    let related = |kind| {
        let (_, sample) = samples().into_iter().find(|(known, _)| *known == kind).unwrap();
        let payload = parse(kind, &sample).unwrap();
        let relations: Vec<Relation> = payload.related().into_iter().map(|(relation, _)| relation).collect();
        (relations, payload.registration_number().map(str::to_owned))
    };
    assert_eq!(related(EventKind::BirthRegistered), (vec![Relation::Mother], Some("B-1".to_owned())));
    assert_eq!(related(EventKind::MarriageEnded), (vec![Relation::Spouse], Some("M-1".to_owned())));
    assert_eq!(related(EventKind::PersonMerged), (vec![Relation::Survivor], None));
    assert_eq!(related(EventKind::PresenceConfirmed), (vec![], None));
}
