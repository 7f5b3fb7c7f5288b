//! An event on its way, and what comes back.

use schemas::{
    event::{AppliedResult, DeathRegistered, Event, EventAck, EventMatch, EventResult},
    federation::Standing,
    id::{CompactJwe, EntityId},
    problem::Code,
    time::Timestamp,
};

use super::super::{fixture::*, *};
use crate::{
    exchange::{Attested, NotAttested, fixture::edited},
    federation::{
        testing::{NOW, Party, entity},
        verify_chain,
    },
    seal::{DecryptionKey, JweError, SigningKey},
    testing::name,
};

fn keys(scene: &Scene) -> [DecryptionKey; 1] {
    [scene.social.encryption.clone()]
}

#[test]
fn the_receiver_opens_person_match_and_payload() {
    let scene = Scene::new();
    let event = scene.accept(&scene.event(1));
    authorize_event(&event, &scene.source(), &entity("social"), NOW).unwrap();
    let contents: EventContents<DeathRegistered> = open_event(&event, &scene.source(), &keys(&scene)).unwrap();
    assert_eq!(contents, EventContents { subject: scene.sub.clone(), about: Scene::about(), data: Scene::death() });
}

#[test]
fn an_event_counts_however_late_but_never_before_its_time() {
    let scene = Scene::new();
    let event = scene.accept(&scene.event(1));
    let authorized = |seconds| authorize_event(&event, &scene.source(), &entity("social"), NOW.plus(seconds));
    assert_eq!(authorized(400 * 86_400), Ok(()));
    assert_eq!(authorized(-10), Ok(()));
    assert_eq!(authorized(-11), Err(Code::Stale));
}

#[test]
fn what_fails_after_the_signature_is_refused_by_code() {
    let scene = Scene::new();
    let ours = scene.accept(&scene.event(1));
    let theirs = scene.accept(&edited(&scene.event(1), &scene.civil.signing, |event| event.aud = entity("food")));
    let birth = scene.accept(&edited(&scene.event(1), &scene.civil.signing, |event| {
        event.r#type = name("in.vinimay.birth.registered.v1");
    }));
    let chain = scene.authority.chain(&scene.civil, |statement| statement.standing = Standing::Suspended);
    let suspended = verify_chain(&chain, &scene.authority.root, NOW).unwrap();
    for (why, event, source, code) in [
        ("for another", &theirs, scene.source(), Code::AudienceWrong),
        ("a type it may not send", &birth, scene.source(), Code::RoleMissing),
        ("suspended", &ours, suspended, Code::PeerSuspended),
        ("another member", &ours, scene.receiver(), Code::PeerCertificateMismatch),
    ] {
        assert_eq!(authorize_event(event, &source, &entity("social"), NOW), Err(code), "{why}");
    }
}

#[test]
fn what_nobody_is_known_to_have_signed_is_no_event() {
    let scene = Scene::new();
    let forged = edited(&scene.event(1), &Party::member("civil").signing, |_| ());
    let taken = accept_event(forged.jws().as_str().as_bytes(), &scene.source());
    assert_eq!(taken.unwrap_err(), NotAttested::KeyNotValid);
    let event = scene.event(1);
    let taken = accept_event(event.jws().as_str().as_bytes(), &scene.receiver());
    assert_eq!(taken.unwrap_err(), NotAttested::OtherIssuer);
    let long = format!("{}{}", event.jws(), "A".repeat(16 * 1024));
    assert_eq!(accept_event(long.as_bytes(), &scene.source()).unwrap_err().code(), Code::TokenMalformed);
}

#[test]
fn a_sealed_part_of_another_event_does_not_open() {
    let scene = Scene::new();
    let (one, other) = (scene.event(1), scene.event(2));
    let moved = |edit: fn(&mut Event, &Event)| {
        let event = scene.accept(&edited(&one, &scene.civil.signing, |event| edit(event, other.claims())));
        open_event::<DeathRegistered>(&event, &scene.source(), &keys(&scene)).unwrap_err()
    };
    let part = EventUnreadable::Part;
    assert_eq!(moved(|event, other| event.data = other.data.clone()), part(JweError::Moved));
    assert_eq!(moved(|event, other| event.r#match = other.r#match.clone()), part(JweError::Moved));
    let content = moved(|event, _| event.data = event.r#match.clone());
    assert!(matches!(content, EventUnreadable::Part(JweError::Content(_))));
    let subject = moved(|event, _| event.subject = event.data.clone());
    assert!(matches!(subject, EventUnreadable::Name(NameInvalid::Sealed(JweError::Malformed(_)))));
    let event = scene.accept(&one);
    let stranger = [DecryptionKey::generate().unwrap()];
    let opened = open_event::<DeathRegistered>(&event, &scene.source(), &stranger);
    assert_eq!(opened.unwrap_err(), NameInvalid::Sealed(JweError::OtherKey).into());
    let other_type = open_event::<EventMatch>(&event, &scene.source(), &keys(&scene));
    assert!(matches!(other_type, Err(EventUnreadable::Part(JweError::Content(_)))));
}

/// A name for an event, made by whoever holds that key in the name of that registry.
fn named(scene: &Scene, (registry, key): (&EntityId, &SigningKey), asker: &EntityId, now: Timestamp) -> CompactJwe {
    let to = (&entity("social"), scene.social.encryption.public());
    NamingRegistry { entity: registry, signing: key }.name(to, asker, scene.sub.clone(), now).unwrap()
}

#[test]
fn a_person_in_an_event_is_named_by_the_registry_for_this_source_and_while_the_event_was_signed() {
    let scene = Scene::new();
    let (civil, food, stolen) = (entity("civil"), entity("food"), Party::member("food").signing);
    let own = &scene.civil.signing;
    let opened = |jwe: CompactJwe| {
        let event = scene.accept(&edited(&scene.event(1), own, |event| event.subject = jwe));
        open_event::<DeathRegistered>(&event, &scene.source(), &keys(&scene)).map(|contents| contents.subject)
    };
    assert_eq!(opened(named(&scene, (&civil, own), &civil, NOW)), Ok(scene.sub.clone()));
    for (why, jwe, error) in [
        ("another key in its name", named(&scene, (&civil, &stolen), &civil, NOW), NameInvalid::NotRegistry),
        ("another member", named(&scene, (&food, &stolen), &civil, NOW), NameInvalid::NotRegistry),
        ("for another source", named(&scene, (&civil, own), &food, NOW), NameInvalid::Sealed(JweError::Moved)),
        ("of last week", named(&scene, (&civil, own), &civil, NOW.plus(-7 * 86_400)), NameInvalid::NotInForce),
        ("of tomorrow", named(&scene, (&civil, own), &civil, NOW.plus(86_400)), NameInvalid::NotInForce),
    ] {
        assert_eq!(opened(jwe), Err(EventUnreadable::Name(error)), "{why}");
    }
}

#[test]
fn the_source_takes_an_acknowledgement_of_its_very_event_and_no_other() {
    let scene = Scene::new();
    let (event, other) = (scene.event(1), scene.event(2));
    let social = scene.signs_for_social();
    let ack = social.acknowledge(&scene.accept(&event), Ok(EventResult::Received), 1, NOW).unwrap();
    let bytes = ack.jws().as_str().as_bytes();
    assert_eq!(accept_ack(bytes, &event, &scene.receiver()).unwrap(), ack);
    assert_eq!(accept_ack(bytes, &other, &scene.receiver()).unwrap_err(), NotAboutEvent::Other);
    assert_eq!(accept_ack(bytes, &event, &scene.source()).unwrap_err().code(), Code::PeerCertificateMismatch);
    type Edit = fn(&mut EventAck);
    let edits: [Edit; 5] = [
        |ack| ack.seq = 2,
        |ack| ack.digest = schemas::digest::Digest::of("x"),
        |ack| ack.aud = entity("food"),
        |ack| ack.event = ack.jti.clone(),
        |ack| ack.refusal = Some(Code::RoleMissing),
    ];
    for edit in edits {
        let spoilt = edited(&ack, &scene.social.signing, edit);
        let taken = accept_ack(spoilt.jws().as_str().as_bytes(), &event, &scene.receiver());
        assert_eq!(taken.unwrap_err(), NotAboutEvent::Other);
    }
}

#[test]
fn a_refusal_of_an_event_carries_its_code() {
    let scene = Scene::new();
    let event = scene.event(1);
    let refused = scene.signs_for_social().acknowledge(&scene.accept(&event), Err(Code::RoleMissing), 0, NOW).unwrap();
    let taken = accept_ack(refused.jws().as_str().as_bytes(), &event, &scene.receiver()).unwrap();
    assert_eq!((taken.claims().result, taken.claims().refusal), (EventResult::Refused, Some(Code::RoleMissing)));
}

#[test]
fn the_application_tells_the_source_no_more_than_its_result() {
    let scene = Scene::new();
    let event = scene.event(1);
    let applied = scene.signs_for_social().applied(&scene.accept(&event), AppliedResult::Settled, NOW).unwrap();
    let bytes = applied.jws().as_str().as_bytes();
    assert_eq!(accept_applied(bytes, &event, &scene.receiver()).unwrap().claims().result, AppliedResult::Settled);
    assert_eq!(accept_applied(bytes, &scene.event(2), &scene.receiver()).unwrap_err(), NotAboutEvent::Other);
    let members = serde_json::to_value(applied.claims()).unwrap();
    let mut names: Vec<_> = members.as_object().unwrap().keys().cloned().collect();
    names.sort();
    assert_eq!(names, ["aud", "digest", "event", "iat", "iss", "jti", "result", "salt", "v"]);
}

#[test]
fn an_event_reads_back_from_storage() {
    let scene = Scene::new();
    let event = scene.event(1);
    assert_eq!(Attested::read_own(event.jws(), scene.civil.signing.public()).unwrap(), event);
}

#[test]
fn of_two_events_of_a_feed_the_later_has_the_greater_id_whatever_the_clock_says() {
    let scene = Scene::new();
    let told = |seq, after: Option<&Event>, now| {
        let occurrence = Occurrence { after: after.map(|event| event.jti.clone()), ..scene.occurrence(seq) };
        let receiver = scene.social.encryption.public();
        let event = scene.signs_for_civil().event(occurrence, receiver, &Scene::about(), &Scene::death(), now);
        event.unwrap().into_parts().0
    };
    let first = told(1, None, NOW);
    let second = told(2, Some(&first), NOW.plus(-86_400));
    let third = told(3, Some(&second), NOW.plus(60));
    assert!(first.jti < second.jti && second.jti < third.jti, "{} {} {}", first.jti, second.jti, third.jti);
    assert_eq!(second.iat, NOW.plus(-86_400).numeric(), "what it says of its time is the clock's own");
}
