//! Any type opens as what it says, and as nothing else.

use schemas::event::{
    AGE_ATTAINED, AgeAttained, AgeConvention, DEATH_ANNULLED, DEATH_REGISTERED, DEATH_REPORTED, DeathAnnulled,
    DeathAnnulment, DeathReported, MARRIAGE_REGISTERED, MarriageRegistered, RelatedPerson, Reporter,
};
use serde::Serialize;

use super::*;
use crate::{
    event::{fixture::Scene, *},
    federation::testing::{NOW, entity},
    seal::keyed_hash::MacKey,
    testing::name,
};

/// An event of a type with a payload, as the source would sign it.
fn event(scene: &Scene, kind: &str, assurance: EventAssurance, payload: &impl Serialize) -> PeerEvent {
    let occurrence = Occurrence { kind: name(kind), assurance, ..scene.occurrence(1) };
    let key = scene.social.encryption.public();
    let event = scene.signs_for_civil().event(occurrence, key, &Scene::about(), payload, NOW).unwrap();
    scene.accept(&event)
}

fn opened(scene: &Scene, event: &PeerEvent) -> Result<OpenedEvent, EventUnusable> {
    open_any_event(event, &scene.source(), std::slice::from_ref(&scene.social.encryption))
}

fn annulled() -> DeathAnnulled {
    DeathAnnulled { registration_number: "D-1".into(), reason: DeathAnnulment::NeverDied }
}

#[test]
fn an_event_of_any_type_opens_with_its_person_and_its_digest() {
    let scene = Scene::new();
    let event = event(&scene, DEATH_ANNULLED, EventAssurance::Registered, &annulled());
    let open = opened(&scene, &event).unwrap();
    assert_eq!(open.payload, EventPayload::DeathAnnulled(annulled()));
    assert_eq!((&open.subject, &open.about), (&scene.sub, &Scene::about()));
    assert_eq!((&open.source, open.digest), (&entity("civil"), event.digest()));
    assert!(open.related.is_empty());
}

#[test]
fn the_payload_of_another_type_and_an_unknown_type_are_refused() {
    let scene = Scene::new();
    let other = event(&scene, DEATH_REGISTERED, EventAssurance::Registered, &annulled());
    assert!(matches!(opened(&scene, &other), Err(EventUnusable::Unreadable(_))));
    for unknown in ["in.vinimay.death.rumoured.v1", "in.vinimay.death.annulled.v2", "in.vinimay.feed.heartbeat.v1"] {
        let event = event(&scene, unknown, EventAssurance::Registered, &annulled());
        let refused = opened(&scene, &event).unwrap_err();
        assert_eq!((&refused, refused.code()), (&EventUnusable::Type, Code::VersionUnsupported), "{unknown}");
    }
}

#[test]
fn hearsay_cannot_call_itself_registered() {
    let scene = Scene::new();
    let told = DeathReported { report_number: "R-1".into(), reported_by: Reporter::Anganwadi, death_date: None };
    let honest = event(&scene, DEATH_REPORTED, EventAssurance::Reported, &told);
    assert!(opened(&scene, &honest).is_ok());
    let lying = event(&scene, DEATH_REPORTED, EventAssurance::Registered, &told);
    assert_eq!(opened(&scene, &lying), Err(EventUnusable::Contradiction));
    let shy = event(&scene, DEATH_ANNULLED, EventAssurance::Reported, &annulled());
    assert_eq!(opened(&scene, &shy), Err(EventUnusable::Contradiction));
}

#[test]
fn an_age_holds_from_the_same_day_outside_and_inside() {
    let scene = Scene::new();
    let age = |day: &str| AgeAttained { years: 60, convention: AgeConvention::Anniversary, effective: name(day) };
    let same = event(&scene, AGE_ATTAINED, EventAssurance::Registered, &age("2026-11-18"));
    assert!(opened(&scene, &same).is_ok());
    let other = event(&scene, AGE_ATTAINED, EventAssurance::Registered, &age("2026-11-19"));
    assert_eq!(opened(&scene, &other), Err(EventUnusable::Contradiction));
}

#[test]
fn the_other_person_is_opened_only_if_the_registry_named_her_to_us() {
    let scene = Scene::new();
    let husband = MacKey::generate().sector_subject("RID-0002");
    let (civil, social) = (entity("civil"), entity("social"));
    let registry = NamingRegistry { entity: &civil, signing: &scene.civil.signing };
    let named = |asker: &EntityId| {
        let to = (&social, scene.social.encryption.public());
        registry.name(to, asker, husband.clone(), NOW).unwrap()
    };
    let married = |subject| MarriageRegistered {
        registration_number: "M-1".into(),
        date: name("2026-11-18"),
        spouse: RelatedPerson { name: None, birth_year: None, subject },
    };
    let wedding = |subject| event(&scene, MARRIAGE_REGISTERED, EventAssurance::Registered, &married(subject));
    let open = opened(&scene, &wedding(Some(named(&civil)))).unwrap();
    assert_eq!(open.related, [(Relation::Spouse, husband.clone())]);
    assert!(opened(&scene, &wedding(None)).unwrap().related.is_empty(), "unknown to the register");
    let for_another = opened(&scene, &wedding(Some(named(&entity("food")))));
    assert!(matches!(for_another, Err(EventUnusable::Unreadable(_))));
}
