//! The strict front against every known abuse, the vectors of the RFCs, and stock OpenSSL.

use std::sync::LazyLock;

use proptest::prelude::*;
use schemas::problem::Code;
use serde_json::{Value, json};

use super::*;
use crate::seal::{Algorithm, SigningKey, StrictJsonError, encode_base64url};

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::Es256).unwrap());
static ED: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::EdDsa).unwrap());

fn claims() -> Value {
    json!({ "v": 1, "iss": "https://revenue.gov.example", "note": "क" })
}

/// A token whose header and payload are exactly these texts, correctly signed.
fn forged(header: &str, payload: &str, key: &SigningKey) -> String {
    let signed = format!("{}.{}", encode_base64url(header), encode_base64url(payload));
    let signature = key.sign_bytes(signed.as_bytes()).unwrap();
    format!("{signed}.{}", encode_base64url(signature))
}

fn judged(token: &str, typ: Typ, key: &VerifyingKey) -> Result<VerifiedJws, JwsError> {
    UnverifiedJws::parse(token.as_bytes(), Limits::OTHER)?.verify(typ, key)
}

#[test]
fn what_is_signed_verifies_and_gives_back_its_claims() {
    for key in [&*KEY, &*ED] {
        let token = sign(Typ::Query, key, &claims()).unwrap();
        let unverified = UnverifiedJws::of(&token, Limits::QUERY).unwrap();
        assert_eq!(unverified.claimed_typ(), Some(Typ::Query));
        assert_eq!(unverified.claimed_issuer().iss(), Some("https://revenue.gov.example"));
        assert_eq!(unverified.claimed_issuer().key_id().as_ref(), Some(key.kid()));
        let verified = unverified.verify(Typ::Query, key.public()).unwrap();
        assert_eq!(verified.claims::<Value>().unwrap(), claims());
        assert_eq!(verified.digest(), Digest::of(token.as_str()));
        assert_eq!(verified.signer(), key.kid());
    }
}

#[test]
fn the_header_has_a_fixed_order() {
    let token = sign(Typ::Answer, &KEY, &claims()).unwrap();
    let header = decode_base64url(token.as_str().split('.').next().unwrap()).unwrap();
    let expected = format!(r#"{{"alg":"ES256","typ":"dx-answer+jwt","kid":"{}"}}"#, KEY.kid());
    assert_eq!(String::from_utf8(header).unwrap(), expected);
}

#[test]
fn the_vectors_of_rfc_7515_a_3_and_rfc_8037_a_4_verify_with_their_keys() {
    // Their headers have no `typ`, so that the front refuses them; the signatures are checked beneath it.
    for (jwk, signed, signature) in [
        (
            json!({ "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" }),
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        ),
        (
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }),
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        ),
    ] {
        let key = VerifyingKey::from_jwk(&serde_json::from_value(jwk).unwrap()).unwrap();
        let signature = decode_base64url(signature).unwrap();
        assert!(key.verifies(signed.as_bytes(), &signature));
        assert!(!key.verifies(format!("{signed}x").as_bytes(), &signature));
    }
}

#[test]
fn rfc_8037_a_4_signs_to_the_same_bytes() {
    let seed = decode_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
    let key = SigningKey::from_ed25519_seed(&seed.try_into().unwrap()).unwrap();
    let signature = key.sign_bytes(b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc").unwrap();
    assert_eq!(
        encode_base64url(signature),
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    );
}

#[test]
fn each_refusal_has_its_code() {
    let kid = KEY.kid();
    let good = r#"{"v":1}"#;
    let with = |member: &str| format!(r#"{{"alg":"ES256","typ":"dx-query+jwt","kid":"{kid}"{member}}}"#);
    let jwk = serde_json::to_string(KEY.public().jwk()).unwrap();
    for (header, payload, code, why) in [
        (with(""), good, None, "the good one"),
        (with(r#","crit":["exp"]"#), good, Some(Code::TokenMalformed), "crit"),
        (with(r#","b64":false"#), good, Some(Code::TokenMalformed), "b64"),
        (with(r#","zip":"DEF""#), good, Some(Code::TokenMalformed), "zip"),
        (with(r#","jku":"https://x.example""#), good, Some(Code::TokenMalformed), "jku"),
        (with(r#","x5u":"https://x.example""#), good, Some(Code::TokenMalformed), "x5u"),
        (with(r#","x5c":["AA"]"#), good, Some(Code::TokenMalformed), "x5c"),
        (with(&format!(r#","jwk":{jwk}"#)), good, Some(Code::TokenMalformed), "jwk where no possession is proven"),
        (with(r#","cty":"x""#), good, Some(Code::TokenMalformed), "another member"),
        (with(r#","alg":"ES256""#), good, Some(Code::TokenMalformed), "a header member twice"),
        (with(r#","\u0061lg":"none""#), good, Some(Code::TokenMalformed), "a header member twice, escaped"),
        (with("").replace("ES256", "none"), good, Some(Code::TokenMalformed), "none"),
        (with("").replace("ES256", "HS256"), good, Some(Code::TokenMalformed), "HMAC"),
        (with("").replace("ES256", "RS256"), good, Some(Code::TokenMalformed), "RSA"),
        (with("").replace("ES256", "ES256K"), good, Some(Code::TokenMalformed), "another curve"),
        (with("").replace("ES256", "EdDSA"), good, Some(Code::SignatureInvalid), "the other algorithm"),
        (with("").replace("dx-query", "dx-answer"), good, Some(Code::TokenTypeWrong), "another type"),
        (with("").replace("dx-query+jwt", "JWT"), good, Some(Code::TokenTypeWrong), "no type of ours"),
        (with("").replace("dx-query", "DX-QUERY"), good, Some(Code::TokenTypeWrong), "another case"),
        (r#"{"alg":"ES256"}"#.into(), good, Some(Code::TokenMalformed), "no type"),
        (r#"["alg"]"#.into(), good, Some(Code::TokenMalformed), "a header that is no object"),
        (with("").replace(kid.as_str(), ED.kid().as_str()), good, Some(Code::SignatureInvalid), "another's id"),
        (with(""), r#"{"v":2}"#, Some(Code::VersionUnsupported), "version 2"),
        (with(""), r#"{"v":2,"exp":"soon"}"#, Some(Code::VersionUnsupported), "version before claims"),
        (with(""), r#"{"v":"1"}"#, Some(Code::VersionUnsupported), "a version that is a text"),
        (with(""), r#"{}"#, Some(Code::TokenMalformed), "no version"),
        (with(""), r#"{"v":1,"v":1}"#, Some(Code::TokenMalformed), "a claim twice"),
        (with(""), r#"{"v":1,"a":{"b":1,"b":2}}"#, Some(Code::TokenMalformed), "a claim twice, deeper"),
        (with(""), r#"{"v":1,"a":1.5}"#, Some(Code::TokenMalformed), "a float"),
        (with(""), r#"[1]"#, Some(Code::TokenMalformed), "claims that are no object"),
        (with(""), "not json", Some(Code::TokenMalformed), "claims that are no JSON"),
    ] {
        let verdict = judged(&forged(&header, payload, &KEY), Typ::Query, KEY.public());
        assert_eq!(verdict.as_ref().err().map(JwsError::code), code, "{why}: {verdict:?}");
    }
}

#[test]
fn a_public_key_taken_for_an_hmac_secret_opens_nothing() {
    let header = format!(r#"{{"alg":"HS256","typ":"dx-query+jwt","kid":"{}"}}"#, KEY.kid());
    let signed = format!("{}.{}", encode_base64url(header), encode_base64url(r#"{"v":1}"#));
    let secret = serde_json::to_vec(KEY.public().jwk()).unwrap();
    let key = openssl::pkey::PKey::hmac(&secret).unwrap();
    let mut signer = openssl::sign::Signer::new(openssl::hash::MessageDigest::sha256(), &key).unwrap();
    let mac = signer.sign_oneshot_to_vec(signed.as_bytes()).unwrap();
    let token = format!("{signed}.{}", encode_base64url(mac));
    assert_eq!(judged(&token, Typ::Query, KEY.public()).unwrap_err().code(), Code::TokenMalformed);
}

#[test]
fn a_signature_of_another_length_or_form_is_refused() {
    let token = sign(Typ::Query, &KEY, &claims()).unwrap();
    let (signed, signature) = token.as_str().rsplit_once('.').unwrap();
    let raw = decode_base64url(signature).unwrap();
    let der = openssl::ecdsa::EcdsaSig::from_private_components(
        openssl::bn::BigNum::from_slice(&raw[..32]).unwrap(),
        openssl::bn::BigNum::from_slice(&raw[32..]).unwrap(),
    )
    .unwrap()
    .to_der()
    .unwrap();
    for bad in [raw[..63].to_vec(), [raw.as_slice(), &[0]].concat(), der, vec![0; 64], vec![0xff; 64], vec![1]] {
        let token = format!("{signed}.{}", encode_base64url(bad));
        assert_eq!(judged(&token, Typ::Query, KEY.public()).unwrap_err(), JwsError::SignatureInvalid);
    }
}

#[test]
fn the_mirrored_signature_verifies_too_so_that_identity_is_the_id_and_never_the_bytes() {
    let token = sign(Typ::Query, &KEY, &claims()).unwrap();
    let (signed, signature) = token.as_str().rsplit_once('.').unwrap();
    let raw = decode_base64url(signature).unwrap();
    let order =
        openssl::bn::BigNum::from_hex_str("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551").unwrap();
    let s = openssl::bn::BigNum::from_slice(&raw[32..]).unwrap();
    let mirrored = [&raw[..32], &(&order - &s).to_vec_padded(32).unwrap()].concat();
    let other = format!("{signed}.{}", encode_base64url(mirrored));
    let (one, two) =
        (judged(token.as_str(), Typ::Query, KEY.public()).unwrap(), judged(&other, Typ::Query, KEY.public()).unwrap());
    assert_eq!(one.claims::<Value>(), two.claims::<Value>());
    assert_ne!(one.digest(), two.digest());
}

#[test]
fn only_three_parts_of_strict_base64url_are_read() {
    let token = sign(Typ::Query, &KEY, &claims()).unwrap().to_string();
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    for bad in [
        String::new(),
        "..".into(),
        format!("{header}.{payload}"),
        format!("{token}.{signature}"),
        format!("{header}..{signature}"),
        format!("{header}.{payload}."),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}.{signature}=="),
        format!(" {token}"),
        format!("{token}\n"),
        format!("{}.{payload}.{signature}", header.replace('e', "+")),
        json!({ "protected": header, "payload": payload, "signature": signature }).to_string(),
    ] {
        let verdict = UnverifiedJws::parse(bad.as_bytes(), Limits::OTHER);
        assert_eq!(verdict.unwrap_err().code(), Code::TokenMalformed, "{bad}");
    }
    // The last character of a 64-byte signature carries four unused bits; setting one must not be overlooked.
    let last = signature.chars().last().unwrap();
    let other = if last == 'Q' { 'R' } else { char::from(last as u8 + 1) };
    let trailing = format!("{header}.{payload}.{}{other}", &signature[..85]);
    assert!(judged(&trailing, Typ::Query, KEY.public()).is_err());
}

#[test]
fn size_and_depth_are_checked_before_anything_is_read() {
    let huge = vec![b'.'; 4 * 1024 + 1];
    let error = UnverifiedJws::parse(&huge, Limits::OTHER).unwrap_err();
    assert_eq!(error, JwsError::Malformed("longer than allowed"));
    let bomb = format!(r#"{{"v":1,"a":{}{}}}"#, "[".repeat(1000), "]".repeat(1000));
    let token = forged(r#"{"alg":"ES256","typ":"dx-query+jwt"}"#, &bomb, &KEY);
    let error = UnverifiedJws::parse(token.as_bytes(), Limits::QUERY).unwrap_err();
    assert_eq!(error, JwsError::Json(StrictJsonError::TooDeep));
}

#[test]
fn a_proof_of_possession_carries_its_key_and_nothing_else_does() {
    let proof = sign_as(Typ::Dpop, &KEY, KeyReference::Key, &json!({ "jti": "x" })).unwrap();
    let unverified = UnverifiedJws::of(&proof, Limits::OTHER).unwrap();
    let key = VerifyingKey::from_jwk(unverified.header_key().unwrap()).unwrap();
    assert_eq!(key, *KEY.public());
    let verified = unverified.verify(Typ::Dpop, &key).unwrap();
    assert_eq!(verified.header_key().unwrap().kid, None);
    let query = sign_as(Typ::Query, &KEY, KeyReference::Key, &claims()).unwrap();
    assert_eq!(UnverifiedJws::of(&query, Limits::OTHER).unwrap_err().code(), Code::TokenMalformed);
}

#[test]
fn a_header_key_with_a_private_member_is_refused() {
    let mut jwk = serde_json::to_value(KEY.public().jwk()).unwrap();
    jwk["d"] = json!("AA");
    let token = forged(&json!({ "alg": "ES256", "typ": "dpop+jwt", "jwk": jwk }).to_string(), "{}", &KEY);
    assert_eq!(UnverifiedJws::parse(token.as_bytes(), Limits::OTHER).unwrap_err().code(), Code::TokenMalformed);
}

#[test]
fn a_citizens_key_reference_is_kept_as_it_stands() {
    let token = sign_as(Typ::Consent, &KEY, KeyReference::Url("did:jwk:abc#0"), &json!({})).unwrap();
    let verified = judged(token.as_str(), Typ::Consent, KEY.public()).unwrap();
    assert_eq!(verified.kid(), Some("did:jwk:abc#0"));
    let absent = sign_as(Typ::KeyBinding, &KEY, KeyReference::Absent, &json!({})).unwrap();
    assert_eq!(judged(absent.as_str(), Typ::KeyBinding, KEY.public()).unwrap().kid(), None);
}

#[test]
fn an_error_never_quotes_the_token() {
    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Narrow {
        #[allow(dead_code)]
        v: u8,
    }
    let token = sign(Typ::Query, &KEY, &json!({ "v": 1, "aadhaar": "1234" })).unwrap();
    let error = judged(token.as_str(), Typ::Query, KEY.public()).unwrap().claims::<Narrow>().unwrap_err();
    assert_eq!(error.code(), Code::TokenMalformed);
    assert!(!format!("{error} {error:?}").contains("1234"));
}

#[test]
fn stock_openssl_verifies_what_josekit_signed() {
    let folder = tempfile::tempdir().unwrap();
    let token = sign(Typ::Receipt, &KEY, &claims()).unwrap();
    let (signed, signature) = token.as_str().rsplit_once('.').unwrap();
    let raw = decode_base64url(signature).unwrap();
    let number = |bytes: &[u8]| openssl::bn::BigNum::from_slice(bytes).unwrap();
    let der = openssl::ecdsa::EcdsaSig::from_private_components(number(&raw[..32]), number(&raw[32..])).unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let key = file("key", &KEY.to_pem().unwrap());
    let (signed, signature) = (file("signed", signed.as_bytes()), file("signature", &der.to_der().unwrap()));
    let output = std::process::Command::new("openssl")
        .args(["dgst", "-sha256", "-prverify"])
        .arg(key)
        .arg("-signature")
        .arg(signature)
        .arg(signed)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "Verified OK");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_changed_bit_verifies(bit: prop::sample::Index) {
        let token = sign(Typ::Query, &ED, &claims()).unwrap();
        let mut bytes = token.as_str().as_bytes().to_vec();
        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let verdict = UnverifiedJws::parse(&bytes, Limits::OTHER).and_then(|jws| jws.verify(Typ::Query, ED.public()));
        prop_assert!(verdict.is_err());
    }

    #[test]
    fn any_claims_come_back_equal(text in ".{0,64}", number: i64, list: Vec<u32>) {
        let claims = json!({ "v": 1, "text": text, "number": number, "list": list });
        let token = sign(Typ::Event, &KEY, &claims).unwrap();
        let verified = judged(token.as_str(), Typ::Event, KEY.public()).unwrap();
        prop_assert_eq!(verified.claims::<Value>().unwrap(), claims);
    }

    #[test]
    fn whatever_the_bytes_parsing_returns(bytes: Vec<u8>) {
        prop_assert!(UnverifiedJws::parse(&bytes, Limits::OTHER).is_err());
    }
}
