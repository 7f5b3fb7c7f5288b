//! Moving, changing and disguising sealed parts; josekit as the oracle both ways.

use std::sync::LazyLock;

use josekit::jwe::ECDH_ES;
use proptest::prelude::*;
use schemas::time::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::seal::{decode_base64url, encode_base64url, key::bare, random};

static KEY: LazyLock<DecryptionKey> = LazyLock::new(|| DecryptionKey::generate().unwrap());
static BINDING: LazyLock<Binding> = LazyLock::new(|| {
    let id = random::message_id(Timestamp::from_seconds(1_795_248_100));
    Binding::answer(&entity("revenue"), &entity("social"), &id)
});

fn entity(name: &str) -> EntityId {
    format!("https://{name}.gov.example").parse().unwrap()
}

fn sealed() -> CompactJwe {
    seal(KEY.public(), &BINDING, &json!({ "annual_income_band": "B" })).unwrap()
}

fn opened(jwe: &CompactJwe) -> Result<Value, JweError> {
    open(jwe, &KEY, &BINDING, Limits::ANSWER)
}

#[test]
fn what_is_sealed_opens_for_its_message() {
    assert_eq!(opened(&sealed()).unwrap(), json!({ "annual_income_band": "B" }));
}

#[test]
fn the_header_has_exactly_five_members() {
    let header = decode_base64url(sealed().as_str().split('.').next().unwrap()).unwrap();
    let header: serde_json::Map<String, Value> = serde_json::from_slice(&header).unwrap();
    let mut members: Vec<_> = header.keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["alg", "cty", "enc", "epk", "kid"]);
}

#[test]
fn a_sealed_part_cannot_be_moved_into_another_message() {
    let now = Timestamp::from_seconds(1_795_248_100);
    let (id, other) = (random::message_id(now), random::message_id(now));
    let (revenue, social, food) = (entity("revenue"), entity("social"), entity("food"));
    let did: schemas::id::Did = "did:jwk:abc".parse().unwrap();
    let another: schemas::id::Did = "did:jwk:abd".parse().unwrap();
    let consent = random::consent_id(now);
    let answer = Binding::answer(&revenue, &social, &id);
    let presentation = Binding::presentation(&did, &revenue, &consent);
    let subject = Binding::subject(&revenue, &food, &social);
    for (made, expected, why) in [
        (&answer, Binding::answer(&revenue, &social, &other), "another id"),
        (&answer, Binding::answer(&food, &social, &id), "another issuer"),
        (&answer, Binding::answer(&revenue, &food, &id), "another receiver"),
        (&answer, Binding::event(&revenue, &social, &id), "another kind"),
        (&presentation, Binding::presentation(&another, &revenue, &consent), "another citizen"),
        (&presentation, Binding::presentation(&did, &social, &consent), "another provider"),
        (&presentation, Binding::presentation(&did, &revenue, &random::consent_id(now)), "another consent"),
        (&subject, Binding::subject(&revenue, &food, &revenue), "another asker"),
        (&subject, Binding::answer(&revenue, &food, &id), "an id instead of an asker"),
    ] {
        let jwe = seal(KEY.public(), made, &"x").unwrap();
        assert_eq!(open::<String>(&jwe, &KEY, made, Limits::ANSWER).unwrap(), "x");
        assert!(open::<String>(&jwe, &KEY, &expected, Limits::ANSWER).is_err(), "{why}");
    }
    // Even with the header's content type equal, the inside decides.
    let jwe = seal(KEY.public(), &answer, &"x").unwrap();
    let verdict = open::<String>(&jwe, &KEY, &Binding::answer(&revenue, &social, &other), Limits::ANSWER);
    assert_eq!(verdict.unwrap_err(), JweError::Moved);
}

#[test]
fn another_key_is_told_apart_from_a_broken_part() {
    let stranger = DecryptionKey::generate().unwrap();
    let verdict = open::<Value>(&sealed(), &stranger, &BINDING, Limits::ANSWER);
    assert_eq!(verdict.unwrap_err(), JweError::OtherKey);
}

/// The sealed part with its header replaced by the edit of it.
fn with_header(edit: impl FnOnce(&mut Value)) -> CompactJwe {
    let jwe = sealed();
    let (header, rest) = jwe.as_str().split_once('.').unwrap();
    let mut header: Value = serde_json::from_slice(&decode_base64url(header).unwrap()).unwrap();
    edit(&mut header);
    format!("{}.{rest}", encode_base64url(header.to_string())).parse().unwrap()
}

#[test]
fn header_members_beyond_the_five_and_other_algorithms_are_refused() {
    type Edit = fn(&mut Value);
    let edits: [(Edit, &str); 12] = [
        (|h| h["zip"] = json!("DEF"), "compression"),
        (|h| h["apu"] = json!("QQ"), "party information"),
        (|h| h["apv"] = json!("QQ"), "party information"),
        (|h| h["crit"] = json!(["exp"]), "crit"),
        (|h| h["p2c"] = json!(1_000_000), "PBES2 rounds"),
        (|h| h["jku"] = json!("https://x.example"), "a key by URL"),
        (|h| h["alg"] = json!("ECDH-ES+A256KW"), "key wrapping"),
        (|h| h["alg"] = json!("RSA-OAEP"), "RSA"),
        (|h| h["alg"] = json!("dir"), "a shared key"),
        (|h| h["enc"] = json!("A128CBC-HS256"), "another content encryption"),
        (|h| h["epk"]["crv"] = json!("P-521"), "another curve"),
        (|h| h["cty"] = json!("dx-event-data+json"), "another kind of content"),
    ];
    for (edit, why) in edits {
        assert!(matches!(opened(&with_header(edit)), Err(JweError::Malformed(_))), "{why}");
    }
    let doubled = |jwe: &CompactJwe| {
        let (header, rest) = jwe.as_str().split_once('.').unwrap();
        let header = String::from_utf8(decode_base64url(header).unwrap()).unwrap();
        let header = header.replacen('{', r#"{"alg":"dir","#, 1);
        format!("{}.{rest}", encode_base64url(header)).parse::<CompactJwe>().unwrap()
    };
    assert!(matches!(opened(&doubled(&sealed())), Err(JweError::Malformed(_))));
}

#[test]
fn an_ephemeral_point_off_the_curve_is_refused() {
    let off = with_header(|header| header["epk"]["y"] = header["epk"]["x"].clone());
    assert_eq!(opened(&off).unwrap_err(), JweError::Malformed("the ephemeral point is not valid"));
    let moved = with_header(|header| {
        let other = DecryptionKey::generate().unwrap().public().jwk().clone();
        (header["epk"]["x"], header["epk"]["y"]) = (json!(other.x), json!(other.y));
    });
    assert_eq!(opened(&moved).unwrap_err(), JweError::NotOpened);
}

#[test]
fn a_shortened_tag_is_refused_before_openssl_sees_it() {
    let jwe = sealed();
    let (rest, tag) = jwe.as_str().rsplit_once('.').unwrap();
    let tag = decode_base64url(tag).unwrap();
    for length in [1, 4, 8, 12, 15] {
        let short: CompactJwe = format!("{rest}.{}", encode_base64url(&tag[..length])).parse().unwrap();
        assert!(matches!(opened(&short), Err(JweError::Malformed(_))), "{length}");
    }
}

#[test]
fn an_encrypted_key_where_none_belongs_is_refused() {
    let with_key: CompactJwe = sealed().as_str().replacen("..", ".AAAA.", 1).parse().unwrap();
    assert!(matches!(opened(&with_key), Err(JweError::Malformed(_))));
}

#[test]
fn a_body_beyond_the_limit_is_refused_unopened() {
    let verdict = open::<Value>(&sealed(), &KEY, &BINDING, Limits::of(100));
    assert_eq!(verdict.unwrap_err(), JweError::Malformed("longer than allowed"));
}

#[test]
fn content_with_a_member_twice_is_refused() {
    let content = format!(r#"{{"v":1,"iss":"{}","aud":"x","jti":"y","jti":"z","body":1}}"#, BINDING.iss());
    let jwe = encrypt(KEY.public(), BINDING.content_type(), content.as_bytes()).unwrap();
    assert_eq!(opened(&jwe).unwrap_err(), JweError::Content("strict JSON"));
}

/// Sealed by josekit, which writes the header in its own order.
fn by_josekit(content: &str, content_type: Option<&str>) -> CompactJwe {
    let mut header = JweHeader::new();
    header.set_content_encryption(ENC);
    header.set_key_id(KEY.kid().as_str());
    if let Some(content_type) = content_type {
        header.set_content_type(content_type);
    }
    let jwk = josekit::jwk::Jwk::from_bytes(serde_json::to_vec(&bare(KEY.public().jwk())).unwrap()).unwrap();
    let encrypter = ECDH_ES.encrypter_from_jwk(&jwk).unwrap();
    JweContext::new().serialize_compact(content.as_bytes(), &header, &encrypter).unwrap().parse().unwrap()
}

#[test]
fn josekit_opens_what_we_seal_and_we_open_what_josekit_seals() {
    let decrypter = ECDH_ES.decrypter_from_pem(&*KEY.to_pem().unwrap()).unwrap();
    let (content, header) = JweContext::new().deserialize_compact(sealed().as_str(), &decrypter).unwrap();
    let content: Value = serde_json::from_slice(&content).unwrap();
    assert_eq!(content["body"], json!({ "annual_income_band": "B" }));
    assert_eq!(content["jti"], BINDING.jti().unwrap());
    assert_eq!(header.content_type(), Some(BINDING.content_type()));
    let theirs = by_josekit(&content.to_string(), Some(BINDING.content_type()));
    assert_eq!(opened(&theirs).unwrap(), json!({ "annual_income_band": "B" }));
}

#[test]
fn an_openid_response_opens_with_and_without_content_type() {
    let response = json!({ "vp_token": { "binding": ["a~b~c"] }, "state": "s" });
    let jwe = seal_plain(KEY.public(), &response).unwrap();
    assert_eq!(open_plain::<Value>(&jwe, &KEY, Limits::PRESENTATION).unwrap(), response);
    let bare = by_josekit(&response.to_string(), None);
    assert_eq!(open_plain::<Value>(&bare, &KEY, Limits::PRESENTATION).unwrap(), response);
    assert!(open::<Value>(&bare, &KEY, &BINDING, Limits::PRESENTATION).is_err());
}

/// Libraries for wallets write `apu` and `apv` (the request's nonce) of their own accord.
#[test]
fn an_openid_response_may_name_the_parties_and_nothing_else_may() {
    let response = json!({ "state": "s" });
    let mut header = JweHeader::new();
    header.set_content_encryption("A256GCM");
    header.set_key_id(KEY.kid().as_str());
    header.set_agreement_partyuinfo(b"wallet");
    header.set_agreement_partyvinfo(b"nonce");
    let mut jwk = josekit::jwk::Jwk::from_bytes(serde_json::to_vec(&bare(KEY.public().jwk())).unwrap()).unwrap();
    jwk.set_algorithm("ECDH-ES");
    let encrypter = ECDH_ES.encrypter_from_jwk(&jwk).unwrap();
    let sealed = CONTEXT.serialize_compact(response.to_string().as_bytes(), &header, &encrypter).unwrap();
    let jwe: CompactJwe = sealed.parse().unwrap();
    assert_eq!(open_plain::<Value>(&jwe, &KEY, Limits::PRESENTATION).unwrap(), response);
    assert!(matches!(open::<Value>(&jwe, &KEY, &BINDING, Limits::PRESENTATION), Err(JweError::Malformed(_))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_changed_bit_opens(bit: prop::sample::Index) {
        let mut bytes = sealed().as_str().as_bytes().to_vec();
        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let opened = String::from_utf8(bytes).ok().and_then(|text| text.parse().ok()).map(|jwe| opened(&jwe));
        prop_assert!(opened.is_none_or(|verdict| verdict.is_err()));
    }

    #[test]
    fn any_text_comes_back_equal(text in ".{0,200}") {
        let jwe = seal(KEY.public(), &BINDING, &text).unwrap();
        prop_assert_eq!(open::<String>(&jwe, &KEY, &BINDING, Limits::ANSWER).unwrap(), text);
    }
}
