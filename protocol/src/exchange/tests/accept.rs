//! What a provider takes for a peer's query, and what it refuses in which order.

use schemas::{federation::Standing, problem::Code, time::NumericDate};
use serde_json::{Value, json};

use super::super::{fixture::*, *};
use crate::{
    federation::{
        testing::{Authority, NOW, Party, entity},
        verify_chain,
    },
    seal::{Typ, sign},
};

fn code_of(result: Result<PeerQuery, NotAccepted>) -> Code {
    result.unwrap_err().code()
}

/// The query's claims as JSON, edited and signed by social as some type.
fn signed_json(scene: &Scene, typ: Typ, edit: impl FnOnce(&mut Value)) -> String {
    let mut claims = serde_json::to_value(scene.ask().claims()).unwrap();
    edit(&mut claims);
    sign(typ, &scene.world.consumer.signing, &claims).unwrap().to_string()
}

#[test]
fn a_query_of_the_member_at_the_other_end_is_taken() {
    let scene = Scene::new();
    let query = scene.ask();
    let taken = accept(query.jws().as_str().as_bytes(), &scene.consumer()).unwrap();
    assert_eq!((taken.claims(), taken.digest(), taken.jws()), (query.claims(), query.digest(), query.jws()));
    let asked = authorize_peer(&taken, &scene.consumer(), &entity("revenue")).unwrap().fresh(NOW).unwrap();
    assert_eq!(asked.query(), query.claims());
}

#[test]
fn what_nobody_is_known_to_have_signed_gets_a_plain_problem() {
    let scene = Scene::new();
    let good = scene.ask().jws().to_string();
    let (head, signature) = good.rsplit_once('.').unwrap();
    let other_signature = scene.ask().jws().to_string();
    let other_signature = other_signature.rsplit('.').next().unwrap();
    let as_social = |edit: fn(&mut Value)| signed_json(&scene, Typ::Query, edit);
    for (why, token, code) in [
        ("nothing", String::new(), Code::TokenMalformed),
        ("two parts", head.to_owned(), Code::TokenMalformed),
        ("longer than 64 kB", format!("{good}{}", "A".repeat(64 * 1024)), Code::TokenMalformed),
        ("another signature", format!("{head}.{other_signature}"), Code::SignatureInvalid),
        ("a padded signature", format!("{head}.{signature}="), Code::TokenMalformed),
        ("a receipt", signed_json(&scene, Typ::Receipt, |_| ()), Code::TokenTypeWrong),
        ("version 2", as_social(|claims| claims["v"] = json!(2)), Code::VersionUnsupported),
        ("no version", as_social(|claims| drop(claims.as_object_mut().unwrap().remove("v"))), Code::TokenMalformed),
        ("no end", as_social(|claims| drop(claims.as_object_mut().unwrap().remove("exp"))), Code::TokenMalformed),
        ("no time", as_social(|claims| drop(claims.as_object_mut().unwrap().remove("iat"))), Code::TokenMalformed),
        ("a fraction", as_social(|claims| claims["iat"] = json!(1.5)), Code::TokenMalformed),
        ("an unknown member", as_social(|claims| claims["limit"] = json!(1)), Code::TokenMalformed),
        (
            "another issuer",
            as_social(|claims| claims["iss"] = json!("https://food.gov.example")),
            Code::PeerCertificateMismatch,
        ),
        (
            "no issuer",
            as_social(|claims| drop(claims.as_object_mut().unwrap().remove("iss"))),
            Code::PeerCertificateMismatch,
        ),
    ] {
        assert_eq!(code_of(accept(token.as_bytes(), &scene.consumer())), code, "{why}");
    }
    assert!(accept(good.as_bytes(), &scene.consumer()).is_ok());
}

#[test]
fn a_stranger_s_key_signs_nothing_for_a_member() {
    let scene = Scene::new();
    let stranger = Party::member("social");
    let forged = edited(&scene.ask(), &stranger.signing, |_| ());
    assert_eq!(code_of(accept(forged.jws().as_str().as_bytes(), &scene.consumer())), Code::SignatureInvalid);
    let elsewhere = scene.authority.admit(&Party::member("food"), &["consumer:social"]);
    let query = scene.ask();
    assert_eq!(code_of(accept(query.jws().as_str().as_bytes(), &elsewhere)), Code::PeerCertificateMismatch);
}

#[test]
fn a_key_signs_only_in_its_time() {
    let mut scene = Scene::new();
    let query = scene.ask();
    let date = |seconds: i64| Some(NumericDate::from_seconds(NOW.seconds() + seconds));
    for (from, until, taken) in [(-10, 10, true), (1, 10, false), (-10, 0, false)] {
        with_dated_key(&mut scene.social, |jwk| (jwk.iat, jwk.exp) = (date(from), date(until)));
        let result = accept(query.jws().as_str().as_bytes(), &scene.consumer());
        assert_eq!(result.is_ok(), taken, "valid from {from} until {until}");
        if let Err(error) = result {
            assert_eq!(error, NotAccepted::from(NotAttested::KeyNotValid));
        }
    }
}

#[test]
fn what_fails_after_the_signature_gets_a_signed_refusal() {
    let scene = Scene::new();
    let us = entity("revenue");
    let chain = |standing: Standing| {
        let chain = scene.authority.chain(&scene.social, |statement| {
            (statement.roles, statement.standing) = (vec!["consumer:social".parse().unwrap()], standing);
        });
        verify_chain(&chain, &scene.authority.root, NOW).unwrap()
    };
    let roles = |role: &str| scene.authority.admit(&scene.social, &[role]);
    let ours = scene.accept(&scene.ask());
    let theirs = scene.accept(&scene.ask_edited(|query| query.aud = entity("food")));
    for (why, query, peer, expected) in [
        ("for another", &theirs, chain(Standing::Active), Some(Code::AudienceWrong)),
        ("suspended", &ours, chain(Standing::Suspended), Some(Code::PeerSuspended)),
        ("provider only", &ours, roles("provider"), Some(Code::RoleMissing)),
        ("another family", &ours, roles("consumer:health"), Some(Code::RoleMissing)),
        ("a family that only begins alike", &ours, roles("consumer:soc"), Some(Code::RoleMissing)),
        ("another member", &ours, scene.provider(), Some(Code::PeerCertificateMismatch)),
        ("in good standing", &ours, chain(Standing::Active), None),
        ("the very purpose", &ours, roles("consumer:social.old-age-pension.eligibility"), None),
    ] {
        let refused = authorize_peer(query, &peer, &us).err().map(|refusal| refusal.code());
        assert_eq!(refused, expected, "{why}");
    }
}

#[test]
fn a_query_out_of_its_time_is_stale() {
    let scene = Scene::new();
    for (iat, exp, fresh) in [(0, 60, true), (10, 70, true), (11, 70, false), (-130, -11, false), (0, 121, false)] {
        let query = scene.accept(&scene.ask_edited(|query| {
            (query.iat, query.exp) = (NOW.numeric().plus(iat), NOW.numeric().plus(exp));
        }));
        let result = authorize_peer(&query, &scene.consumer(), &entity("revenue")).unwrap().fresh(NOW);
        assert_eq!(result.err().map(|refusal| refusal.code()), (!fresh).then_some(Code::Stale), "{iat} to {exp}");
    }
}

#[test]
fn a_query_lives_two_minutes_at_most_and_reads_back_from_storage() {
    let scene = Scene::new();
    let asked = scene.signs_for_social().ask(scene.question(), 255, NOW).unwrap();
    assert_eq!(asked.claims().exp, NOW.numeric().plus(120));
    let again = Attested::read_own(asked.jws(), scene.world.consumer.signing.public()).unwrap();
    assert_eq!(again, asked);
    let other = Authority::new().party.signing;
    assert!(Attested::<schemas::query::Query>::read_own(asked.jws(), other.public()).is_err());
}
