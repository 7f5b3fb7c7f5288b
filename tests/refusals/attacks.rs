//! The attacks that `SECURITY.md`'s rules 1 to 16 forbid, tried at the provider's peer listener with a real member's keys and a real
//! citizen's bindings. What other tables show is not repeated: `messages` and `consents` (forms, parties, scope), `clock` (old
//! statuses), `counted` (races), `revocation` (two processes).

use openssl::{
    bn::{BigNum, BigNumContext},
    ec::EcGroup,
    nid::Nid,
};
use protocol::{
    credential::{KeyBinding, vc::presentation_nonce},
    seal::{KeyReference, Typ, decode_base64url, encode_base64url, sign_as},
};
use schemas::{consent::OrderAction, problem::Code};
use serde_json::{Value, json};

use super::{
    attempt::{Attempt, Row, row},
    consents::{basis_of, order},
    messages::{reheader, resign},
    world::World,
};
use crate::rogue::{Heard, Traces};

pub fn rows() -> Vec<Row> {
    [algorithms(), headers(), types_and_members(), encodings(), sealed_parts(), key_bindings()]
        .into_iter()
        .flatten()
        .collect()
}

/// The header of a query with one thing different.
fn headed(attempt: &mut Attempt<'_>, change: impl FnOnce(&mut Value)) {
    let mut header = json!({ "alg": "ES256", "typ": "dx-query+jwt", "kid": attempt.key.kid() });
    change(&mut header);
    reheader(attempt, &header.to_string());
}

/// Rule 1: the algorithm is the registered key's, whatever the token says.
fn algorithms() -> Vec<Row> {
    use Code::*;
    vec![
        row(TokenMalformed, "rule 1: HMAC, keyed with what everybody knows", |a| {
            headed(a, |h| h["alg"] = "HS256".into())
        }),
        row(TokenMalformed, "rule 1: RSA", |a| headed(a, |h| h["alg"] = "RS256".into())),
        row(TokenMalformed, "rule 1: a curve that is not registered", |a| headed(a, |h| h["alg"] = "ES384".into())),
        row(TokenMalformed, "rule 1: in another spelling", |a| headed(a, |h| h["alg"] = "es256".into())),
        row(SignatureInvalid, "rule 1: an algorithm that we know, with a key of another", |a| {
            headed(a, |h| h["alg"] = "EdDSA".into());
        }),
    ]
}

/// Rules 2 and 3: nothing in a header leads anywhere, and nothing changes how it is read.
fn headers() -> Vec<Row> {
    use Code::*;
    vec![
        row(TokenMalformed, "rule 2: jku", |a| headed(a, |h| h["jku"] = "https://evil.example/jwks".into())),
        row(TokenMalformed, "rule 2: x5u", |a| headed(a, |h| h["x5u"] = "https://evil.example/chain".into())),
        row(TokenMalformed, "rule 2: x5c", |a| headed(a, |h| h["x5c"] = json!(["MIIB"]))),
        row(TokenMalformed, "rule 2: jwk", |a| {
            let jwk = serde_json::to_value(a.key.public().jwk()).unwrap();
            headed(a, |h| h["jwk"] = jwk);
        }),
        row(SignatureInvalid, "rule 2: a kid that is an address", |a| {
            headed(a, |h| h["kid"] = "https://evil.example/key".into());
        }),
        row(TokenMalformed, "rule 3: a payload that is not encoded", |a| headed(a, |h| h["b64"] = json!(false))),
        row(TokenMalformed, "rule 3: compressed", |a| headed(a, |h| h["zip"] = "DEF".into())),
        row(TokenMalformed, "rule 3: a member that nobody knows", |a| headed(a, |h| h["nonce"] = "n".into())),
        row(TokenMalformed, "rule 3: the JSON serialisation", |a| {
            let compact = String::from_utf8(a.bytes().clone()).unwrap();
            let parts: Vec<&str> = compact.split('.').collect();
            let flattened = json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] });
            *a.bytes() = flattened.to_string().into_bytes();
        }),
    ]
}

/// Rules 4, 5, 6 and 9: one type, each member once, every claim that is required, and no claim before the signature.
fn types_and_members() -> Vec<Row> {
    use Code::*;
    vec![
        row(TokenTypeWrong, "rule 4: a JWT of no kind", |a| headed(a, |h| h["typ"] = "JWT".into())),
        row(TokenTypeWrong, "rule 4: with application/ before it", |a| {
            headed(a, |h| h["typ"] = "application/dx-query+jwt".into())
        }),
        row(TokenTypeWrong, "rule 4: a citizen's kind", |a| a.typ = Typ::ConsentOrder),
        row(TokenMalformed, "rule 4: no type", |a| headed(a, |h| drop(h.as_object_mut().unwrap().remove("typ")))),
        row(TokenMalformed, "rule 5: a claim twice", |a| {
            let claims = a.claims().to_string().replacen('{', r#"{"exp":1,"#, 1);
            twice(a, &claims);
        }),
        row(TokenMalformed, "rule 5: a member twice, further in", |a| {
            let claims = a.claims().to_string().replacen(r#""query":{"#, r#""query":{"dataset":"revenue.income","#, 1);
            twice(a, &claims);
        }),
        row(TokenMalformed, "rule 5: a member twice, spelled otherwise", |a| {
            let claims = a.claims().to_string().replacen('{', "{\"\\u0065xp\":1,", 1);
            twice(a, &claims);
        }),
        row(TokenMalformed, "rule 6: for nobody", |a| without(a, "aud")),
        row(PeerCertificateMismatch, "rule 6: by nobody", |a| without(a, "iss")),
        row(TokenMalformed, "rule 6: without its time", |a| without(a, "iat")),
        row(TokenMalformed, "rule 6: without its id", |a| without(a, "jti")),
        row(TokenMalformed, "rule 6: without its version", |a| without(a, "v")),
        row(TokenMalformed, "rule 6: a time that is no whole number", |a| a.claims()["iat"] = json!(1.5)),
        row(TokenMalformed, "rule 6: an id that is no UUID", |a| a.claims()["jti"] = "1".into()),
        row(SignatureInvalid, "rule 9: stale, for another department, and not signed", |a| {
            a.claims()["iat"] = json!(1);
            a.claims()["aud"] = "https://elsewhere.example".into();
            let compact = String::from_utf8(a.bytes().clone()).unwrap();
            let (signed, _) = compact.rsplit_once('.').unwrap();
            *a.bytes() = format!("{signed}.{}", encode_base64url([7; 64])).into_bytes();
        }),
    ]
}

fn twice(attempt: &mut Attempt<'_>, claims: &str) {
    let kid = attempt.key.kid().clone();
    resign(attempt, &format!(r#"{{"alg":"ES256","typ":"dx-query+jwt","kid":"{kid}"}}"#), claims);
}

fn without(attempt: &mut Attempt<'_>, claim: &str) {
    assert!(attempt.claims().as_object_mut().unwrap().remove(claim).is_some());
}

/// Rule 11: one spelling of each token.
fn encodings() -> Vec<Row> {
    use Code::*;
    vec![
        row(TokenMalformed, "rule 11: bits behind the last byte", |a| {
            let last = a.bytes().last_mut().unwrap();
            // 86 characters hold 64 bytes and four bits that must be zero.
            assert!(b"AQgw".contains(last));
            *last += 1;
        }),
        row(TokenMalformed, "rule 11: a line break", |a| a.bytes().push(b'\n')),
        row(TokenMalformed, "rule 11: the other alphabet", |a| {
            let compact = String::from_utf8(a.bytes().clone()).unwrap();
            *a.bytes() = format!("{}+", &compact[..compact.len() - 1]).into_bytes();
        }),
        row(SignatureInvalid, "rule 11: a signature in DER", |a| {
            let compact = String::from_utf8(a.bytes().clone()).unwrap();
            let (signed, _) = compact.rsplit_once('.').unwrap();
            *a.bytes() = format!("{signed}.{}", encode_base64url([0x30; 71])).into_bytes();
        }),
    ]
}

/// Rule 10: sealed with ECDH-ES and A256GCM, or not at all.
fn sealed_parts() -> Vec<Row> {
    use Code::*;
    vec![
        row(BindingInvalid, "rule 10: sealed with RSA", |a| sealed(a, |h| h["alg"] = "RSA-OAEP-256".into())),
        row(BindingInvalid, "rule 10: sealed with a password", |a| {
            sealed(a, |h| {
                h["alg"] = "PBES2-HS512+A256KW".into();
                h["p2c"] = json!(1_000_000);
                h["p2s"] = "c2FsdA".into();
            });
        }),
        row(BindingInvalid, "rule 10: sealed with a shared key", |a| sealed(a, |h| h["alg"] = "dir".into())),
        row(BindingInvalid, "rule 10: another cipher", |a| sealed(a, |h| h["enc"] = "A128CBC-HS256".into())),
        row(BindingInvalid, "rule 10: compressed", |a| sealed(a, |h| h["zip"] = "DEF".into())),
        row(BindingInvalid, "rule 10: a key to be fetched", |a| {
            sealed(a, |h| h["jku"] = "https://evil.example/k".into())
        }),
        row(BindingInvalid, "rule 10: content of another kind", |a| {
            sealed(a, |h| h["cty"] = "dx-answer-data+json".into())
        }),
        row(BindingInvalid, "rule 10: a point that is not on the curve", |a| {
            sealed(a, |h| h["epk"]["y"] = encode_base64url([1; 32]).into());
        }),
    ]
}

/// Changes the header of the sealed binding: its tag holds the header too, so it cannot open, but it must not be tried either.
fn sealed(attempt: &mut Attempt<'_>, change: impl FnOnce(&mut Value)) {
    let jwe = attempt.basis()["binding"].as_str().unwrap().to_owned();
    let (header, rest) = jwe.split_once('.').unwrap();
    let mut header: Value = serde_json::from_slice(&decode_base64url(header).unwrap()).unwrap();
    change(&mut header);
    attempt.basis()["binding"] = format!("{}.{rest}", encode_base64url(header.to_string())).into();
}

/// Rule 14: signature, audience, nonce, time and `sd_hash` of the key binding, each missing or wrong.
fn key_bindings() -> Vec<Row> {
    use Code::*;
    vec![
        row(BindingInvalid, "rule 14: no key binding", |a| present(a, |shown, _| shown.to_owned())),
        row(BindingInvalid, "rule 14: for another department", |a| {
            bound(a, |k| k["aud"] = "https://elsewhere.example".into())
        }),
        row(BindingInvalid, "rule 14: without an audience", |a| {
            bound(a, |k| drop(k.as_object_mut().unwrap().remove("aud")))
        }),
        row(BindingInvalid, "rule 14: over another nonce", |a| {
            bound(a, |k| k["nonce"] = encode_base64url([9; 32]).into())
        }),
        row(BindingInvalid, "rule 14: without a nonce", |a| {
            bound(a, |k| drop(k.as_object_mut().unwrap().remove("nonce")))
        }),
        row(BindingInvalid, "rule 14: over other disclosures", |a| {
            bound(a, |k| k["sd_hash"] = encode_base64url([9; 32]).into())
        }),
        row(BindingInvalid, "rule 14: without sd_hash", |a| {
            bound(a, |k| drop(k.as_object_mut().unwrap().remove("sd_hash")))
        }),
        row(BindingInvalid, "rule 14: eleven minutes after the card was shown", |a| {
            let late = a.draft.notice.shown_at.plus(11 * 60).seconds();
            bound(a, |k| k["iat"] = json!(late));
        }),
        row(BindingInvalid, "rule 14: without its time", |a| {
            bound(a, |k| drop(k.as_object_mut().unwrap().remove("iat")))
        }),
        row(BindingInvalid, "rule 14: signed by another key of hers", |a| {
            let other = a.world.citizen.bindings[1].key.clone();
            present(a, |shown, claims| {
                format!("{shown}{}", sign_as(Typ::KeyBinding, &other, KeyReference::Absent, claims).unwrap())
            });
        }),
        row(BindingInvalid, "rule 14: signed as something else", |a| {
            let key = a.binding.key.clone();
            present(a, |shown, claims| {
                format!("{shown}{}", sign_as(Typ::Consent, &key, KeyReference::Absent, claims).unwrap())
            });
        }),
        row(BindingInvalid, "rule 14: with one disclosure more than was signed", |a| {
            let (held, to) = (a.binding.held.clone(), key_binding(a));
            let more = held.present(&["given_name", "sub_revenue"], &to, &a.binding.key).unwrap();
            let (more, _) = more.rsplit_once('~').unwrap();
            let more = format!("{more}~");
            let key = a.binding.key.clone();
            present(a, |_, claims| {
                format!("{more}{}", sign_as(Typ::KeyBinding, &key, KeyReference::Absent, claims).unwrap())
            });
        }),
        row(BindingInvalid, "rule 14: showing no pseudonym", |a| {
            let (to, consent) = (key_binding(a), a.world.citizen.sign(&a.draft, &a.binding.key));
            let to = KeyBinding { nonce: presentation_nonce(&consent), ..to };
            let shown = a.binding.held.present(&["given_name"], &to, &a.binding.key).unwrap();
            *a.basis() = a.world.citizen.seal(&consent, &shown, &a.draft.terms.provider);
        }),
    ]
}

fn key_binding(attempt: &Attempt<'_>) -> KeyBinding {
    KeyBinding {
        aud: attempt.draft.terms.provider.to_string(),
        nonce: String::new(),
        iat: attempt.now.plus(-20).numeric(),
        transaction_data_hashes: Vec::new(),
    }
}

/// Makes the presentation anew from what is shown (`…~`) and the claims of a good key binding.
fn present(attempt: &mut Attempt<'_>, make: impl FnOnce(&str, &Value) -> String) {
    let world = attempt.world;
    let (provider, now) = (attempt.draft.terms.provider.clone(), attempt.now);
    let consent = world.citizen.sign(&attempt.draft, &attempt.binding.key);
    let good = world.citizen.present(&consent, &attempt.binding, &provider, now);
    let (shown, bound) = good.rsplit_once('~').unwrap();
    let claims = bound.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&decode_base64url(claims).unwrap()).unwrap();
    let made = make(&format!("{shown}~"), &claims);
    *attempt.basis() = world.citizen.seal(&consent, &made, &provider);
}

/// A key binding by the right key with other claims.
fn bound(attempt: &mut Attempt<'_>, change: impl FnOnce(&mut Value)) {
    let key = attempt.binding.key.clone();
    present(attempt, |shown, claims| {
        let mut claims = claims.clone();
        change(&mut claims);
        format!("{shown}{}", sign_as(Typ::KeyBinding, &key, KeyReference::Absent, &claims).unwrap())
    });
}

/// Rule 7: equal bytes get the stored answer, unless she paused or revoked meanwhile. Rule 11: another signature that verifies as well
/// is the same query.
pub async fn what_was_answered_is_not_given_again_against_her_word(world: &World) {
    let (asker, door) = &world.callers[0];
    let key = &world.citizen.bindings[0].key;
    let consent = world.citizen.sign(&world.draft(world.now()), key);
    let basis = basis_of(world, &consent);
    let query = asker.sign(&asker.claims(world.federation.revenue.entity(), &basis, world.now()));
    assert_eq!(door.ask(&query).await, Heard::Answered);
    let before = Traces::of(&world.federation.revenue);
    assert_eq!(door.ask(&malleated(&query)).await, Heard::Problem(Code::Replayed), "s and n - s verify alike");
    assert_eq!(door.ask(&query).await, Heard::Answered, "equal bytes");
    assert_eq!(Traces::of(&world.federation.revenue), before);
    order(world, key, &consent, OrderAction::Pause, 1).await.unwrap();
    assert_eq!(door.ask(&query).await, Heard::Problem(Code::ConsentPaused));
    order(world, key, &consent, OrderAction::Resume, 2).await.unwrap();
    assert_eq!(door.ask(&query).await, Heard::Answered, "while she allows it again");
    order(world, key, &consent, OrderAction::Revoke, 3).await.unwrap();
    assert_eq!(door.ask(&query).await, Heard::Problem(Code::ConsentRevoked));
    world.is_good("after her word").await;
}

/// The other of the two signatures that an ES256 signature stands for: (r, n - s).
fn malleated(jws: &str) -> String {
    let (signed, signature) = jws.rsplit_once('.').unwrap();
    let signature = decode_base64url(signature).unwrap();
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let (mut order, mut other) = (BigNum::new().unwrap(), BigNum::new().unwrap());
    group.order(&mut order, &mut BigNumContext::new().unwrap()).unwrap();
    other.checked_sub(&order, &BigNum::from_slice(&signature[32..]).unwrap()).unwrap();
    let changed = [signature[..32].to_vec(), other.to_vec_padded(32).unwrap()].concat();
    format!("{signed}.{}", encode_base64url(changed))
}

/// Rule 8: headers, path and query string say whatever they like.
pub async fn nothing_beside_the_token_is_trusted(world: &World) {
    let mut attempt = Attempt::new(world);
    let bytes = attempt.bytes().clone();
    let door = &world.callers[0].1;
    let food = world.federation.food.entity().as_str();
    let headers = [("x-forwarded-for", "10.0.0.1"), ("x-client-id", food), ("authorization", "Bearer admin")];
    let reply = door.post(&bytes, "application/dx-query+jwt", &headers).await;
    assert_eq!(door.heard(&reply).0, Heard::Answered, "headers change nothing");
    let mut attempt = Attempt::new(world);
    let bytes = attempt.bytes().clone();
    let path = format!("/peer/v1/queries?iss={food}&fields=annual_income");
    let reply = door.post_to(&path, &bytes, "application/dx-query+jwt").await;
    let (heard, answer) = door.heard(&reply);
    assert_eq!(heard, Heard::Answered, "nor does a query string");
    assert!(answer.is_some_and(|answer| answer.aud == world.callers[0].0.entity), "it is for the signer");
}
