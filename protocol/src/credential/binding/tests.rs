//! A presentation that is right, and every way to bend one.

use super::*;
use crate::{
    credential::sd_jwt,
    seal::{Algorithm, KeyReference, SigningKey, Typ, decode_base64url, encode_base64url, sign, sign_as},
    testing::{Citizen, World, name},
};
use schemas::{consent::BINDING_VCT, id::Sector, time::Timestamp};
use serde_json::{Value, json};

const PROVIDER: &str = "https://revenue.gov.example";
const NONCE: &str = "n-0S6_WzA2Mj";

struct Scene {
    world: World,
    asha: Citizen,
    sector: Sector,
}

fn scene() -> Scene {
    let world = World::new();
    let asha = world.citizen("RID-0001");
    let sector = world.provider.sector.clone();
    Scene { world, asha, sector }
}

impl Scene {
    fn to(&self) -> KeyBinding {
        KeyBinding {
            aud: PROVIDER.to_owned(),
            nonce: NONCE.to_owned(),
            iat: self.world.now.numeric(),
            transaction_data_hashes: Vec::new(),
        }
    }

    fn shown(&self) -> String {
        self.asha.binding.present_subject(&self.sector, &self.to(), &self.asha.key).unwrap()
    }

    fn verify(&self, presentation: &str) -> Result<VerifiedBinding, BindingError> {
        self.verify_at(presentation, self.world.now)
    }

    fn verify_at(&self, presentation: &str, now: Timestamp) -> Result<VerifiedBinding, BindingError> {
        let expected = Expected { audience: PROVIDER, nonce: NONCE, holder: None };
        verify(presentation, &self.world.registry.keys(), expected, now)
    }

    /// Issues what the registry never would, and presents all of it.
    fn forge_issued(&self, change: impl FnOnce(&mut Value, &mut Vec<String>)) -> Result<VerifiedBinding, BindingError> {
        let mut parts = self.asha.binding.as_str().split('~');
        let mut payload = payload(parts.next().unwrap());
        let mut disclosures: Vec<String> = Vec::new();
        change(&mut payload, &mut disclosures);
        let jwt = sign(Typ::SdJwtVc, &self.world.registry.signing, &payload).unwrap();
        self.verify(&self.bind(&join(jwt.as_str(), &disclosures)))
    }

    /// Appends a right key binding to whatever stands before it.
    fn bind(&self, unbound: &str) -> String {
        let claims = KeyBindingClaims {
            iat: self.world.now.numeric(),
            aud: PROVIDER.to_owned(),
            nonce: NONCE.to_owned(),
            sd_hash: encode_base64url(schemas::digest::Digest::of(unbound).as_bytes()),
            transaction_data_hashes: Vec::new(),
            transaction_data_hashes_alg: None,
        };
        let kb = sign_as(Typ::KeyBinding, &self.asha.key, KeyReference::Absent, &claims).unwrap();
        format!("{unbound}{kb}")
    }
}

fn payload(jwt: &str) -> Value {
    serde_json::from_slice(&decode_base64url(jwt.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

fn join(jwt: &str, disclosures: &[String]) -> String {
    let mut text = format!("{jwt}~");
    for disclosure in disclosures {
        text.push_str(disclosure);
        text.push('~');
    }
    text
}

/// A disclosure of any value, and its digest.
fn disclosure(value: &Value) -> (String, String) {
    let encoded = encode_base64url(value.to_string());
    let digest = encode_base64url(schemas::digest::Digest::of(&encoded).as_bytes());
    (encoded, digest)
}

const SALT: &str = "_26bc4LT-ac6q2KI6cBW5es";

#[test]
fn the_provider_learns_its_own_pseudonym_and_nothing_else() {
    let scene = scene();
    let binding = scene.verify(&scene.shown()).unwrap();
    assert_eq!(binding.sole_subject(&scene.sector), Some(scene.world.registry.subject("RID-0001", &scene.sector)));
    assert_eq!(binding.key(), scene.asha.key.public());
    for hidden in ["resident_id", "given_name", "family_name", "birthdate", "sub_social", "sub_food"] {
        assert_eq!(binding.disclosed(hidden), None, "{hidden}");
    }
    assert_eq!(binding.sole_subject(&name("social")), None);
    assert!(!format!("{binding:?}").contains("RID"));
}

#[test]
fn a_holder_may_show_more_where_it_is_asked_for() {
    let scene = scene();
    let shown = scene.asha.binding.present(&["given_name", "birthdate"], &scene.to(), &scene.asha.key).unwrap();
    let binding = scene.verify(&shown).unwrap();
    assert_eq!(binding.disclosed("given_name"), Some("आशा"));
    assert_eq!(binding.disclosed("birthdate"), Some("1958-02-28"));
    assert_eq!(binding.sole_subject(&scene.sector), None);
    assert!(scene.asha.binding.present(&["caste"], &scene.to(), &scene.asha.key).is_err());
}

#[test]
fn a_presentation_may_cover_transaction_data() {
    let scene = scene();
    let to = KeyBinding { transaction_data_hashes: vec!["aGFzaA".to_owned()], ..scene.to() };
    let shown = scene.asha.binding.present_subject(&scene.sector, &to, &scene.asha.key).unwrap();
    assert_eq!(scene.verify(&shown).unwrap().transaction_data_hashes(), ["aGFzaA"]);
}

#[test]
fn each_concealed_claim_has_a_salt_of_its_own_and_decoys_hide_their_number() {
    let scene = scene();
    let token = scene.asha.binding.as_str();
    let disclosures: Vec<&str> = token.split('~').skip(1).filter(|part| !part.is_empty()).collect();
    let salts: std::collections::BTreeSet<String> = disclosures
        .iter()
        .map(|d| serde_json::from_slice::<Vec<String>>(&decode_base64url(d).unwrap()).unwrap()[0].clone())
        .collect();
    assert_eq!((disclosures.len(), salts.len()), (7, 7), "four of the person, three sectors");
    let sd = payload(token.split('~').next().unwrap())["_sd"].as_array().unwrap().len();
    assert_eq!(sd, 10, "three decoys");
    let again = scene.world.registry.bind("RID-0001", scene.asha.key.public());
    assert!(disclosures.iter().all(|d| !again.as_str().contains(d)), "another binding shares no disclosure");
}

#[test]
fn a_presentation_made_for_something_else_is_refused() {
    let scene = scene();
    let (asha, now) = (&scene.asha, scene.world.now.numeric());
    let present = |to: KeyBinding| asha.binding.present_subject(&scene.sector, &to, &asha.key).unwrap();
    let to = || scene.to();
    for (shown, why) in [
        (present(KeyBinding { aud: "https://food.gov.example".to_owned(), ..to() }), "it is for another receiver"),
        (present(KeyBinding { nonce: "other".to_owned(), ..to() }), "it answers another nonce"),
    ] {
        assert_eq!(scene.verify(&shown).unwrap_err(), BindingError::NotBound(why));
    }
    let early = present(KeyBinding { iat: now.plus(11), ..to() });
    assert_eq!(scene.verify(&early).unwrap_err(), BindingError::OutOfTime);
    assert!(scene.verify(&present(KeyBinding { iat: now.plus(10), ..to() })).is_ok());
}

#[test]
fn a_presentation_without_or_with_anothers_key_binding_is_refused() {
    let scene = scene();
    let shown = scene.shown();
    let (unbound, _) = shown.rsplit_once('~').unwrap();
    let unbound = format!("{unbound}~");
    assert_eq!(scene.verify(&unbound).unwrap_err(), BindingError::NotBound("there is none"));
    let meena = scene.world.citizen("RID-0002");
    let theirs = meena.binding.present_subject(&scene.sector, &scene.to(), &meena.key).unwrap();
    let kb = theirs.rsplit_once('~').unwrap().1;
    let swapped = format!("{unbound}{kb}");
    assert_eq!(scene.verify(&swapped).unwrap_err(), BindingError::Token(JwsError::SignatureInvalid));
    let wrong = scene.asha.binding.present_subject(&scene.sector, &scene.to(), &meena.key);
    assert!(matches!(wrong, Err(PresentError::OtherKey)));
}

#[test]
fn a_disclosure_dropped_or_added_afterwards_is_refused() {
    let scene = scene();
    let shown = scene.shown();
    let parts: Vec<&str> = shown.split('~').collect();
    let (jwt, kb) = (parts[0], parts[2]);
    let others = BindingError::NotBound("it covers other disclosures");
    assert_eq!(scene.verify(&format!("{jwt}~{kb}")).unwrap_err(), others);
    let resident = scene.asha.binding.as_str().split('~').nth(1).unwrap();
    assert_eq!(scene.verify(&format!("{jwt}~{}~{resident}~{kb}", parts[1])).unwrap_err(), others);
    let twice = format!("{jwt}~{0}~{0}~{kb}", parts[1]);
    assert_eq!(scene.verify(&twice).unwrap_err(), BindingError::Malformed("a disclosure stands twice"));
}

#[test]
fn a_disclosure_that_the_registry_never_signed_is_refused() {
    let scene = scene();
    let jwt = scene.asha.binding.as_str().split('~').next().unwrap();
    let (other, _) = sd_jwt::conceal("sub_revenue", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let refused = scene.verify(&scene.bind(&join(jwt, &[other]))).unwrap_err();
    assert_eq!(refused, BindingError::Malformed("a disclosure belongs to no digest"));
}

#[test]
fn even_the_registry_cannot_conceal_or_disclose_what_is_not_a_bindings() {
    let scene = scene();
    let conceal = |value: Value| {
        scene.forge_issued(|payload, disclosures| {
            let (encoded, digest) = disclosure(&value);
            payload["_sd"].as_array_mut().unwrap().push(json!(digest));
            disclosures.push(encoded);
        })
    };
    assert!(conceal(json!([SALT, "given_name", "Asha"])).is_ok(), "the scene itself is right");
    for (value, why) in [
        (json!([SALT, "exp", 9_999_999_999_i64]), "a claim that stands in the clear"),
        (json!([SALT, "caste", "x"]), "an unknown claim"),
        (json!([SALT, "sub_Revenue", "x"]), "a sector that cannot be"),
        (json!([SALT, "given_name", {"_sd": []}]), "a nested object"),
        (json!([SALT, "given_name", 7]), "a number"),
        (json!([SALT, "_sd", "x"]), "a reserved name"),
        (json!([SALT, "...", "x"]), "a reserved name"),
        (json!([SALT, "x"]), "an array element"),
        (json!(["short", "given_name", "Asha"]), "a salt that can be guessed"),
        (json!([SALT]), "a salt alone"),
        (json!({"salt": SALT}), "no array"),
        (json!([[SALT], "given_name", "Asha"]), "a salt that is no text"),
        (nested(9), "too deep"),
    ] {
        assert!(matches!(conceal(value), Err(BindingError::Malformed(_))), "{why}");
    }
}

fn nested(depth: usize) -> Value {
    let inner = (0..depth).fold(json!("x"), |inner, _| json!([inner]));
    json!([SALT, "given_name", inner])
}

#[test]
fn even_the_registry_cannot_use_a_digest_twice_or_change_the_kind() {
    let scene = scene();
    type Change = fn(&mut Value);
    let cases: [(&str, Change); 9] = [
        ("a digest twice", |p| {
            let first = p["_sd"][0].clone();
            p["_sd"].as_array_mut().unwrap().push(first);
        }),
        ("a digest of another length", |p| p["_sd"][0] = json!("AAAA")),
        ("a digest that is no text", |p| p["_sd"][0] = json!(7)),
        ("another vct", |p| p["vct"] = json!("urn:vinimay:guardianship:1")),
        ("another hash", |p| p["_sd_alg"] = json!("sha-512")),
        ("an unknown clear claim", |p| p["resident_id"] = json!("RID-0001")),
        ("no expiry", |p| drop(p.as_object_mut().unwrap().remove("exp"))),
        ("no key", |p| drop(p.as_object_mut().unwrap().remove("cnf"))),
        ("no status", |p| drop(p.as_object_mut().unwrap().remove("status"))),
    ];
    assert!(scene.forge_issued(|_, _| ()).is_ok());
    for (why, change) in cases {
        let refused = scene.forge_issued(|payload, _| change(payload)).unwrap_err();
        assert_eq!(refused.code(), Code::BindingInvalid, "{why}");
    }
}

#[test]
fn more_than_64_disclosures_or_16_kb_are_refused() {
    let scene = scene();
    let jwt = scene.asha.binding.as_str().split('~').next().unwrap();
    let many: Vec<String> = (0..65).map(|_| sd_jwt::conceal("given_name", "x").0).collect();
    let refused = scene.verify(&scene.bind(&join(jwt, &many))).unwrap_err();
    assert_eq!(refused, BindingError::Malformed("too many disclosures"));
    let long = vec![sd_jwt::conceal("given_name", &"x".repeat(16_000)).0];
    let refused = scene.verify(&scene.bind(&join(jwt, &long))).unwrap_err();
    assert_eq!(refused, BindingError::Malformed("longer than allowed"));
}

#[test]
fn a_binding_by_anyone_but_the_registry_is_refused() {
    let scene = scene();
    let forger = SigningKey::generate(Algorithm::Es256).unwrap();
    let draft = scene.world.registry.draft("RID-0001", scene.asha.key.public());
    let forged = issue(&draft, &forger).unwrap();
    let refused = HeldBinding::receive(&forged, &scene.world.registry.keys(), scene.asha.key.public());
    assert_eq!(refused.unwrap_err(), BindingError::IssuerUnknown);
    // The registry's own `kid` over the forger's signature.
    let kid = scene.world.registry.signing.kid().as_str();
    let payload = payload(scene.asha.binding.as_str());
    let jwt = sign_as(Typ::SdJwtVc, &forger, KeyReference::Url(kid), &payload).unwrap();
    let refused = scene.verify(&scene.bind(&join(jwt.as_str(), &[]))).unwrap_err();
    assert_eq!(refused, BindingError::Token(JwsError::SignatureInvalid));
}

#[test]
fn a_binding_for_another_key_is_not_received() {
    let scene = scene();
    let other = SigningKey::generate(Algorithm::Es256).unwrap();
    let keys = scene.world.registry.keys();
    let refused = HeldBinding::receive(scene.asha.binding.as_str(), &keys, other.public());
    assert_eq!(refused.unwrap_err(), BindingError::NotBound("it names another key"));
    let bound = HeldBinding::receive(&scene.shown(), &keys, scene.asha.key.public());
    assert_eq!(bound.unwrap_err(), BindingError::Malformed("it is already bound"));
}

#[test]
fn a_binding_ends_ten_seconds_after_its_end_and_begins_ten_before() {
    let scene = scene();
    let shown = scene.shown();
    let end = Timestamp::from_numeric(scene.asha.binding.claims().exp);
    assert!(scene.verify_at(&shown, end.plus(10)).is_ok());
    assert_eq!(scene.verify_at(&shown, end.plus(11)).unwrap_err(), BindingError::OutOfTime);
    let begin = Timestamp::from_numeric(scene.asha.binding.claims().iat);
    assert_eq!(scene.verify_at(&shown, begin.plus(-11)).unwrap_err(), BindingError::OutOfTime);
}

#[test]
fn the_two_signed_parts_are_never_taken_for_one_another() {
    let scene = scene();
    let payload = payload(scene.asha.binding.as_str());
    let as_status = sign(Typ::StatusList, &scene.world.registry.signing, &payload).unwrap();
    let refused = scene.verify(&scene.bind(&join(as_status.as_str(), &[]))).unwrap_err();
    assert_eq!(refused, BindingError::Token(JwsError::TypeWrong { expected: Typ::SdJwtVc }));
    assert_eq!(payload["vct"], BINDING_VCT);
    let shown = scene.shown();
    let unbound = format!("{}~", shown.rsplit_once('~').unwrap().0);
    let consent = scene.asha.consent(&scene.world.terms()).jws;
    let refused = scene.verify(&format!("{unbound}{consent}")).unwrap_err();
    assert_eq!(refused, BindingError::Token(JwsError::TypeWrong { expected: Typ::KeyBinding }));
}

#[test]
fn a_probable_holder_changes_nothing_but_the_work() {
    let scene = scene();
    let shown = scene.shown();
    let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
    for probable in [None, Some(scene.asha.key.public()), Some(stranger.public())] {
        let expected = Expected { audience: PROVIDER, nonce: NONCE, holder: probable };
        let binding = verify(&shown, &scene.world.registry.keys(), expected, scene.world.now).unwrap();
        assert_eq!(binding.key(), scene.asha.key.public());
    }
}

mod mutations {
    //! Whatever is done to a presentation by somebody who lacks the keys.

    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    static SCENE: LazyLock<(Scene, String)> = LazyLock::new(|| {
        let scene = scene();
        let shown = scene.shown();
        (scene, shown)
    });

    proptest! {
        #[test]
        fn one_changed_character_anywhere_is_refused(at: prop::sample::Index, to in "[A-Za-z0-9_.~-]") {
            let (scene, shown) = &*SCENE;
            let at = at.index(shown.len());
            let changed = format!("{}{to}{}", &shown[..at], &shown[at + 1..]);
            prop_assert_eq!(scene.verify(&changed).is_ok(), changed == *shown);
        }

        #[test]
        fn parts_taken_out_doubled_or_swapped_are_refused(order in prop::collection::vec(0_usize..3, 0..5)) {
            let (scene, shown) = &*SCENE;
            let parts: Vec<&str> = shown.split('~').collect();
            let text = order.iter().map(|&n| parts[n]).collect::<Vec<_>>().join("~");
            prop_assert_eq!(scene.verify(&text).is_ok(), order == [0, 1, 2]);
        }

        #[test]
        fn no_text_makes_the_reader_fall(text in "[A-Za-z0-9_.~= -]{0,300}", bytes: Vec<u8>) {
            let (scene, _) = &*SCENE;
            let disclosed = format!("a.b.c~{}~", encode_base64url(bytes));
            prop_assert!(scene.verify(&text).is_err());
            prop_assert!(scene.verify(&disclosed).is_err());
        }
    }
}
