//! Life events that a department's own system reports.

use schemas::{
    event::{DEATH_REGISTERED, EventPayload, MARRIAGE_ENDED, PRESENCE_CONFIRMED},
    problem::Code,
};
use serde_json::{Value, json};

use super::{
    life::{Wanted, opened, subscribe},
    world::*,
};
use crate::triggers::report::{Report, Reported};

fn report(members: Value) -> Report {
    let mut report = json!({
        "id": "01936b1e-5b2f-7c3d-8e4f-00000000000a", "type": DEATH_REGISTERED, "subject": "R-1",
        "effective": "2026-11-18", "payload": { "registration_number": "D-9" },
    });
    report.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    serde_json::from_value(report).unwrap()
}

async fn reported(world: &World, system: &str, report: Report) -> Result<Reported, Code> {
    world.civil.app.report(&system.parse().unwrap(), report).await.map_err(|rejected| rejected.code())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_told_once_with_all_its_consequences() {
    for engine in ENGINES {
        let world = World::joined(engine).await;
        subscribe(&world, Wanted::of("law-death", &[DEATH_REGISTERED]), &["R-2"]).await;
        subscribe(&world, Wanted::of("law-marriage", &[MARRIAGE_ENDED]), &["R-1"]).await;
        world.civil.enter("INSERT INTO marriages VALUES ('M-1', 'R-2', 'R-1', '1970-05-01', NULL, NULL)");
        let death = report(json!({ "subject": "R-2" }));
        assert_eq!(reported(&world, "desk", death.clone()).await, Ok(Reported::Told(2)), "{engine:?}");
        assert_eq!(reported(&world, "desk", death).await, Ok(Reported::Known));
        let events = opened(&world).await;
        assert!(matches!(events[0].payload, EventPayload::DeathRegistered(_)));
        assert!(matches!(events[1].payload, EventPayload::MarriageEnded(_)));
        assert_eq!(events[0].claims.case, events[1].claims.case);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_beyond_its_right_or_of_nobody_is_refused_with_its_code() {
    let world = World::joined(Engine::Sqlite).await;
    assert_eq!(reported(&world, "desk", report(json!({}))).await, Ok(Reported::Told(0)), "followed by nobody");
    let refused = [
        ("desk", json!({ "effective": "2026-11-19" }), Code::Conflict),
        ("portal", json!({}), Code::RoleMissing),
        ("desk", json!({ "type": MARRIAGE_ENDED }), Code::RoleMissing),
        // The configuration allows it, and the directory gives this department no such role.
        ("desk", json!({ "type": PRESENCE_CONFIRMED }), Code::RoleMissing),
        ("desk", json!({ "payload": { "cause": "malaria" } }), Code::RequestMalformed),
        ("desk", json!({ "payload": {} }), Code::RequestMalformed),
        ("desk", json!({ "related": { "spouse": "R-2" } }), Code::RequestMalformed),
        ("desk", json!({ "subject": "" }), Code::RequestMalformed),
        (
            "desk",
            json!({ "id": "01936b1e-5b2f-7c3d-8e4f-00000000000b", "subject": "R-77" }),
            Code::NotFoundOrNotPermitted,
        ),
    ];
    for (system, change, code) in refused {
        assert_eq!(reported(&world, system, report(change.clone())).await, Err(code), "{change}");
    }
}
