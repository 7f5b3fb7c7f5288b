//! What makes a consent a consent; and that `ssi` agrees with us in both directions.

use super::*;
use crate::{
    credential::block_on::block_on,
    seal::{Algorithm, decode_base64url, sign},
    testing::{World, name},
};
use serde_json::{Value, json};
use ssi::{
    JWK,
    claims::{
        JwsSlice, JwsVec, VerificationParameters,
        jws::{Header, encode_sign_custom_header},
        vc::v2::{Credential, JsonCredential},
        vc_jose_cose::JoseVc,
    },
};

fn payload(jws: &CompactJws) -> Value {
    let part = jws.as_str().split('.').nth(1).unwrap();
    serde_json::from_slice(&decode_base64url(part).unwrap()).unwrap()
}

/// Signs a changed payload as the citizen would, and verifies it.
fn verify_changed(change: impl FnOnce(&mut Value)) -> Result<VerifiedConsent, ConsentError> {
    let world = World::new();
    let asha = world.citizen("RID-0001");
    let mut claims = payload(&asha.consent(&world.terms()).jws);
    let url = did::key_url(&did::encode(asha.key.public()).unwrap());
    change(&mut claims);
    let jws = sign_as(Typ::Consent, &asha.key, KeyReference::Url(&url), &claims).unwrap();
    verify(&jws, &world.authority.entity)
}

#[test]
fn what_the_citizen_signed_is_what_the_provider_reads() {
    let world = World::new();
    let asha = world.citizen("RID-0001");
    let draft = asha.draft(&world.terms());
    let signed = asha.sign(draft.clone());
    let consent = verify(&signed.jws, &world.authority.entity).unwrap();
    assert_eq!(*consent.terms(), draft.terms);
    assert_eq!(*consent.notice(), draft.notice);
    assert_eq!(
        (consent.id(), consent.valid_from(), consent.valid_until()),
        (&draft.id, draft.valid_from, draft.valid_until)
    );
    assert_eq!(consent.key(), asha.key.public());
    assert_eq!(consent.digest(), Digest::of(signed.jws.as_str()));
}

#[test]
fn an_ed25519_key_signs_consents_too() {
    let world = World::new();
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let jws = issue(world.citizen("RID-0001").draft(&world.terms()), &world.authority.entity, &key).unwrap();
    assert_eq!(verify(&jws, &world.authority.entity).unwrap().key(), key.public());
}

#[test]
fn each_change_of_form_is_refused() {
    let subject = "/credentialSubject/consent";
    type Change = Box<dyn FnOnce(&mut Value)>;
    let set = |pointer: &str, value: Value| -> Change {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let (parent, name) = (parent.to_owned(), name.to_owned());
        Box::new(move |claims| {
            claims.pointer_mut(&parent).unwrap()[name] = value;
        })
    };
    let evidence =
        |name: &'static str, value: Value| -> Change { Box::new(move |claims| claims["evidence"][0][name] = value) };
    let contexts = json!(["https://anchor.gov.example/contexts/consent/v1", VCDM_CONTEXT]);
    let foreign = json!([VCDM_CONTEXT, "https://evil.example/contexts/consent/v1"]);
    let cases: Vec<(&str, Change)> = vec![
        ("contexts in another order", set("/@context", contexts)),
        ("a context of another federation", set("/@context", foreign)),
        ("a context too many", set("/@context", json!([VCDM_CONTEXT, "a", "b"]))),
        ("types in another order", set("/type", json!(["ConsentCredential", "VerifiableCredential"]))),
        ("another type", set("/type", json!(["VerifiableCredential", "IncomeCredential"]))),
        ("the claim vc of the old mapping", set("/vc", json!({}))),
        ("a status list", set("/credentialStatus", json!({"type": "X"}))),
        ("an id that is no UUID v7", set("/id", json!("urn:uuid:00000000-0000-4000-8000-000000000000"))),
        ("evidence of another type", evidence("type", json!("Photograph"))),
        (
            "two pieces of evidence",
            Box::new(|claims| {
                let one = claims["evidence"][0].clone();
                claims["evidence"].as_array_mut().unwrap().push(one);
            }),
        ),
        ("a locale that is no language", evidence("locale", json!("../../etc"))),
        ("an end before the beginning", set("/validUntil", json!("2020-01-01T00:00:00Z"))),
        ("a fraction of a second", set("/validFrom", json!("2026-11-21T08:00:00.5Z"))),
        ("shown after its end", evidence("shownAt", json!("2030-01-01T00:00:00Z"))),
        ("a decision that is no consent", set(&format!("{subject}/decision"), json!("denied"))),
        ("another version", set(&format!("{subject}/v"), json!(2))),
        ("onward sharing", set(&format!("{subject}/onwardSharing"), json!("any"))),
        ("an unknown member", set(&format!("{subject}/sellTo"), json!("anyone"))),
        ("no item", set(&format!("{subject}/fields"), json!([]))),
        ("an item twice", set(&format!("{subject}/fields"), json!(["annual_income", "annual_income"]))),
        ("consumer and provider the same", set(&format!("{subject}/consumer"), json!("https://revenue.gov.example"))),
        ("an empty data range", set(&format!("{subject}/dataRange"), json!({"from":"2026-02-02","to":"2026-02-01"}))),
        ("no use at all", set(&format!("{subject}/frequency"), json!({"mode":"recurring","maxUses":0}))),
        ("one time, used twice", set(&format!("{subject}/frequency"), json!({"mode":"one-time","maxUses":2}))),
        (
            "a period without uses",
            set(&format!("{subject}/frequency"), json!({"mode":"recurring","maxUses":2,"period":"P1M"})),
        ),
        (
            "more uses a period than in all",
            set(
                &format!("{subject}/frequency"),
                json!({"mode":"recurring","maxUses":2,"period":"P1M","usesPerPeriod":3}),
            ),
        ),
    ];
    assert!(verify_changed(|_| ()).is_ok());
    for (why, change) in cases {
        let code = verify_changed(change).map(|_| ()).map_err(|error| error.code());
        assert_eq!(code, Err(Code::TokenMalformed), "{why}");
    }
    assert!(verify_changed(|_| ()).is_ok());
}

#[test]
fn a_consent_larger_than_16_kb_is_refused_before_it_is_read() {
    let many: Vec<String> = (0..1000).map(|n| format!("field_number_{n}")).collect();
    let refused = verify_changed(|claims| claims["credentialSubject"]["consent"]["fields"] = json!(many));
    assert_eq!(refused.unwrap_err(), ConsentError::Token(JwsError::Malformed("longer than allowed")));
}

#[test]
fn issuer_subject_and_key_must_be_one_person() {
    let other = did::encode(SigningKey::generate(Algorithm::Es256).unwrap().public()).unwrap();
    for member in ["issuer", "credentialSubject"] {
        let refused = verify_changed(|claims| match member {
            "issuer" => claims["issuer"] = json!(other),
            _ => claims["credentialSubject"]["id"] = json!(other),
        });
        assert_eq!(refused.unwrap_err().code(), Code::ConsentWrongSubject, "{member}");
    }
}

#[test]
fn another_key_behind_the_same_did_is_a_forgery() {
    let world = World::new();
    let asha = world.citizen("RID-0001");
    let claims = payload(&asha.consent(&world.terms()).jws);
    let url = did::key_url(&did::encode(asha.key.public()).unwrap());
    let thief = SigningKey::generate(Algorithm::Es256).unwrap();
    let forged = sign_as(Typ::Consent, &thief, KeyReference::Url(&url), &claims).unwrap();
    assert_eq!(verify(&forged, &world.authority.entity).unwrap_err().code(), Code::SignatureInvalid);
    let thumbprint = sign(Typ::Consent, &asha.key, &claims).unwrap();
    assert_eq!(verify(&thumbprint, &world.authority.entity).unwrap_err().code(), Code::ConsentWrongSubject);
}

#[test]
fn another_kind_of_token_is_no_consent() {
    let world = World::new();
    let asha = world.citizen("RID-0001");
    let claims = payload(&asha.consent(&world.terms()).jws);
    let url = did::key_url(&did::encode(asha.key.public()).unwrap());
    let order = sign_as(Typ::RequestObject, &asha.key, KeyReference::Url(&url), &claims).unwrap();
    assert_eq!(verify(&order, &world.authority.entity).unwrap_err().code(), Code::TokenTypeWrong);
}

#[test]
fn a_draft_that_would_be_refused_is_not_signed() {
    let world = World::new();
    let asha = world.citizen("RID-0001");
    let mut draft = asha.draft(&world.terms());
    draft.valid_until = draft.valid_from;
    assert!(matches!(issue(draft, &world.authority.entity, &asha.key), Err(IssueError::Refused(_))));
}

#[test]
fn ssi_accepts_what_we_sign() {
    let world = World::new();
    let asha = world.citizen("RID-0001");
    let jws = JwsVec::new(asha.consent(&world.terms()).jws.to_string().into_bytes()).unwrap();
    let credential = JoseVc::decode_any(JwsSlice::new(jws.as_bytes()).unwrap()).unwrap();
    assert_eq!(credential.signing_bytes.payload.0.additional_types(), ["ConsentCredential"]);
    let key: JWK = serde_json::from_value(json!(crate::seal::key::bare(asha.key.public().jwk()))).unwrap();
    // Dates are judged by `consent` with a clock that is an argument; ssi's own clock would be today's.
    let signature = block_on(jws.verify(VerificationParameters::from_resolver(&key))).unwrap();
    assert_eq!(signature, Ok(()));
}

#[test]
fn we_accept_what_ssi_signs() {
    let world = World::new();
    let asha = world.citizen("RID-0001");
    let mut claims = payload(&asha.consent(&world.terms()).jws);
    let key = JWK::generate_p256();
    let did = ssi::dids::DIDJWK::generate(&key.to_public()).to_string();
    claims["issuer"] = json!(did);
    claims["credentialSubject"]["id"] = json!(did);
    // ssi would write the one piece of evidence without its array, which VCDM allows and our closed form does not.
    let credential: JsonCredential = serde_json::from_value(claims.clone()).unwrap();
    assert_eq!(credential.evidence.len(), 1);
    let written = serde_json::to_string(&claims).unwrap();
    let header = Header {
        algorithm: ssi::jwk::Algorithm::ES256,
        type_: Some("vc+jwt".to_owned()),
        key_id: Some(format!("{did}#0")),
        ..Header::default()
    };
    let jws = encode_sign_custom_header(&written, &key, &header).unwrap();
    let consent = verify(&name(&jws), &world.authority.entity).unwrap();
    assert_eq!(consent.issuer().as_str(), did);
}

mod mutations {
    //! Whatever is done to a consent by somebody who lacks the key.

    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    static SIGNED: LazyLock<(World, CompactJws)> = LazyLock::new(|| {
        let world = World::new();
        let jws = world.citizen("RID-0001").consent(&world.terms()).jws;
        (world, jws)
    });

    proptest! {
        #[test]
        fn one_changed_character_anywhere_is_refused(at: prop::sample::Index, to in "[A-Za-z0-9_-]") {
            let (world, jws) = &*SIGNED;
            let at = at.index(jws.as_str().len());
            let changed = format!("{}{to}{}", &jws.as_str()[..at], &jws.as_str()[at + 1..]);
            let Ok(changed) = changed.parse::<CompactJws>() else { return Ok(()) };
            prop_assert_eq!(verify(&changed, &world.authority.entity).is_ok(), changed == *jws);
        }
    }

    #[test]
    fn the_malleable_twin_of_a_signature_is_the_same_consent() {
        // (r, n − s) verifies like (r, s): so uses are counted by issuer and id, never by digest.
        let (world, jws) = &*SIGNED;
        let (signed, signature) = jws.as_str().rsplit_once('.').unwrap();
        let bytes = decode_base64url(signature).unwrap();
        let order =
            openssl::bn::BigNum::from_hex_str("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
        let s = openssl::bn::BigNum::from_slice(&bytes[32..]).unwrap();
        let mut twin = openssl::bn::BigNum::new().unwrap();
        twin.checked_sub(&order.unwrap(), &s).unwrap();
        let twin = [&bytes[..32], &twin.to_vec_padded(32).unwrap()].concat();
        let twin: CompactJws = name(&format!("{signed}.{}", encode_base64url(twin)));
        let (one, other) = (verify(jws, &world.authority.entity), verify(&twin, &world.authority.entity));
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_ne!(one.digest(), other.digest());
        assert_eq!((one.issuer(), one.id()), (other.issuer(), other.id()));
    }
}
