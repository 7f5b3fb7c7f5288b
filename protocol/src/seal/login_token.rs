//! ID tokens of an OpenID provider, by which officers sign in (OpenID Connect Core 1.0 §2, §3.1.3.7), and the assertion by which
//! we prove ourselves to it (RFC 7523 §3).
//!
//! Guarantees: what holds for every JWS here holds for these: size first, strict base64url and JSON, ES256 or EdDSA alone, the
//! algorithm is the key's, nothing but `alg`, `kid` and `typ` in the header, the key is one that was given. Only `typ` is freer:
//! OpenID Connect leaves it out or says `JWT`. Deliberately absent: judging claims, and RS256 (ADR 0342).

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    Algorithm, Jwk, Limits, SealFailed, SigningKey, VerifyingKey, decode_base64url, encode_base64url, strict_json,
};

/// A provider's key, under the id that the provider gave it.
#[derive(Clone)]
pub struct ProviderKey {
    id: String,
    key: VerifyingKey,
}

/// The token was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoginTokenError {
    /// Too long, or not a strict compact JWS.
    #[error("the ID token is malformed: {0}")]
    Malformed(&'static str),
    /// No given key has this id and algorithm.
    #[error("the ID token names a key or an algorithm that the provider does not publish")]
    KeyUnknown,
    /// The signature is not by that key.
    #[error("the ID token's signature could not be verified")]
    SignatureInvalid,
}

#[derive(Deserialize)]
struct PublishedKey {
    kty: String,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: Option<String>,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default, rename = "use")]
    use_: Option<String>,
    #[serde(default)]
    alg: Option<String>,
}

#[derive(Deserialize)]
struct PublishedKeys {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    typ: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
}

/// The keys of a provider's JWK set (RFC 7517 §5) that can sign ID tokens for us; keys of other kinds are passed over, as §5 of
/// the RFC says.
///
/// # Errors
/// If the text is no strict JSON of that form.
pub fn provider_keys(text: &[u8], limits: Limits) -> Result<Vec<ProviderKey>, LoginTokenError> {
    strict_json::check(text, limits).map_err(|_| LoginTokenError::Malformed("the key set is no strict JSON"))?;
    let set: PublishedKeys =
        serde_json::from_slice(text).map_err(|_| LoginTokenError::Malformed("the key set has another form"))?;
    Ok(set.keys.into_iter().filter_map(provider_key).collect())
}

fn provider_key(value: serde_json::Value) -> Option<ProviderKey> {
    let published: PublishedKey = serde_json::from_value(value).ok()?;
    let PublishedKey { kty, crv, x, y, kid, use_, alg } = published;
    // The provider's ids are its own; ours are thumbprints.
    let jwk = Jwk { kty, crv, x, y, kid: None, use_, alg, iat: None, exp: None, revoked: None };
    Some(ProviderKey { id: kid?, key: VerifyingKey::from_jwk(&jwk).ok()? })
}

/// Verifies an ID token and gives its claims, which are still to be judged.
///
/// # Errors
/// [`LoginTokenError`].
pub fn verify<T: DeserializeOwned>(token: &str, keys: &[ProviderKey], limits: Limits) -> Result<T, LoginTokenError> {
    use LoginTokenError::{KeyUnknown, Malformed, SignatureInvalid};
    if token.len() > limits.bytes {
        return Err(Malformed("longer than allowed"));
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(Malformed("not three parts"))?;
    let (header, payload) = signed.split_once('.').ok_or(Malformed("not three parts"))?;
    let part = |text: &str| decode_base64url(text).map_err(|_| Malformed("not base64url"));
    let (header, payload, signature) = (part(header)?, part(payload)?, part(signature)?);
    for json in [&header, &payload] {
        strict_json::check(json, limits).map_err(|_| Malformed("not strict JSON"))?;
    }
    let header: Header = serde_json::from_slice(&header).map_err(|_| Malformed("a header member is not allowed"))?;
    if header.typ.as_deref().is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
        return Err(Malformed("another type of token"));
    }
    let algorithm = Algorithm::of(&header.alg).ok_or(KeyUnknown)?;
    let named = keys.iter().find(|key| header.kid.as_deref() == Some(&key.id) && key.key.algorithm() == algorithm);
    if !named.ok_or(KeyUnknown)?.key.verifies(signed.as_bytes(), &signature) {
        return Err(SignatureInvalid);
    }
    serde_json::from_slice(&payload).map_err(|_| Malformed("the claims have another form"))
}

/// Signs claims as a plain JWT (`typ` is `JWT`): the assertion of `private_key_jwt`.
///
/// # Errors
/// If OpenSSL fails.
pub fn sign(key: &SigningKey, claims: &impl Serialize) -> Result<String, SealFailed> {
    let header = Header {
        alg: key.algorithm().as_str().to_owned(),
        typ: Some("JWT".to_owned()),
        kid: Some(key.kid().to_string()),
    };
    let part = |json: serde_json::Result<Vec<u8>>| {
        json.map(encode_base64url).map_err(|_| SealFailed { operation: "write claims" })
    };
    let signed = format!("{}.{}", part(serde_json::to_vec(&header))?, part(serde_json::to_vec(claims))?);
    let signature = key.sign_bytes(signed.as_bytes())?;
    Ok(format!("{signed}.{}", encode_base64url(signature)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const LIMITS: Limits = Limits::OTHER;

    fn published(key: &SigningKey, id: &str) -> Value {
        let jwk = key.public().jwk();
        json!({ "kty": jwk.kty, "crv": jwk.crv, "x": jwk.x, "y": jwk.y, "kid": id, "use": "sig", "ext": true })
    }

    fn keys(published: Vec<Value>) -> Vec<ProviderKey> {
        provider_keys(json!({ "keys": published }).to_string().as_bytes(), LIMITS).unwrap()
    }

    fn token(key: &SigningKey, header: &Value, claims: &Value) -> String {
        let part = |json: &Value| encode_base64url(json.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        format!("{signed}.{}", encode_base64url(key.sign_bytes(signed.as_bytes()).unwrap()))
    }

    #[test]
    fn a_token_by_a_published_key_is_verified_with_and_without_typ() {
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
            let key = SigningKey::generate(algorithm).unwrap();
            let mut one = published(&key, "k1");
            if algorithm == Algorithm::EdDsa {
                one.as_object_mut().unwrap().remove("y");
            }
            let keys = keys(vec![json!({ "kty": "RSA", "n": "AQ", "e": "AQAB", "kid": "r" }), one]);
            assert_eq!(keys.len(), 1, "keys of other kinds are passed over");
            for header in [
                json!({"alg": algorithm.as_str(), "kid": "k1"}),
                json!({"alg": algorithm.as_str(), "kid": "k1", "typ": "JWT"}),
            ] {
                let claims: Value = verify(&token(&key, &header, &json!({"sub": "a"})), &keys, LIMITS).unwrap();
                assert_eq!(claims["sub"], "a");
            }
        }
    }

    #[test]
    fn every_other_header_is_refused() {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let keys = keys(vec![published(&key, "k1")]);
        for header in [
            json!({"alg": "none", "kid": "k1"}),
            json!({"alg": "HS256", "kid": "k1"}),
            json!({"alg": "RS256", "kid": "k1"}),
            json!({"alg": "EdDSA", "kid": "k1"}),
            json!({"alg": "ES256", "kid": "k2"}),
            json!({"alg": "ES256"}),
            json!({"alg": "ES256", "kid": "k1", "typ": "dx-query+jwt"}),
            json!({"alg": "ES256", "kid": "k1", "crit": ["b64"], "b64": false}),
            json!({"alg": "ES256", "kid": "k1", "jku": "https://evil.example"}),
            json!({"alg": "ES256", "kid": "k1", "jwk": published(&key, "k1")}),
        ] {
            let refused = verify::<Value>(&token(&key, &header, &json!({"sub": "a"})), &keys, LIMITS);
            assert!(refused.is_err(), "{header}");
        }
    }

    #[test]
    fn another_signer_a_changed_token_and_a_long_one_are_refused() {
        let (key, other) =
            (SigningKey::generate(Algorithm::Es256).unwrap(), SigningKey::generate(Algorithm::Es256).unwrap());
        let keys = keys(vec![published(&key, "k1")]);
        let header = json!({"alg": "ES256", "kid": "k1"});
        let good = token(&key, &header, &json!({"sub": "a"}));
        assert!(verify::<Value>(&good, &keys, LIMITS).is_ok());
        let forged = token(&other, &header, &json!({"sub": "a"}));
        assert_eq!(verify::<Value>(&forged, &keys, LIMITS), Err(LoginTokenError::SignatureInvalid));
        let parts: Vec<&str> = good.split('.').collect();
        let changed = format!("{}.{}.{}", parts[0], encode_base64url(br#"{"sub":"b"}"#), parts[2]);
        assert_eq!(verify::<Value>(&changed, &keys, LIMITS), Err(LoginTokenError::SignatureInvalid));
        let twice = token(&key, &header, &json!({}));
        let doubled = twice.replacen(&encode_base64url("{}"), &encode_base64url(r#"{"a":1,"a":2}"#), 1);
        assert!(matches!(verify::<Value>(&doubled, &keys, LIMITS), Err(LoginTokenError::Malformed(_))));
        for bad in ["", "a", "a.b", &"a".repeat(5000)] {
            assert!(matches!(verify::<Value>(bad, &keys, LIMITS), Err(LoginTokenError::Malformed(_))), "{bad}");
        }
    }

    #[test]
    fn our_assertion_is_a_plain_jwt() {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let assertion = sign(&key, &json!({"iss": "client"})).unwrap();
        let keys = keys(vec![published(&key, key.kid().as_str())]);
        let claims: Value = verify(&assertion, &keys, LIMITS).unwrap();
        assert_eq!(claims["iss"], "client");
    }
}
