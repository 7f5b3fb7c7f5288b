//! A citizen's key as `did:jwk` (did:jwk method specification, DIF), written by `ssi`.
//!
//! Guarantees: P-256 or Ed25519 public keys only, and one spelling for each key (RFC 8785 over the required members of
//! the JWK), so that equal keys have equal DIDs: uses of a consent are counted by its issuer. Deliberately absent:
//! every other DID method, and resolution over the network.

use schemas::id::Did;
use serde::Deserialize;
use ssi::{
    dids::DIDJWK,
    jwk::{Base64urlUInt, ECParams, JWK, OctetParams, Params},
};

use crate::seal::{Jwk, Limits, VerifyingKey, check_strict_json, decode_base64url};

const PREFIX: &str = "did:jwk:";

/// A DID that is not the one spelling of a supported public key.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("the DID is not the canonical did:jwk of a P-256 or Ed25519 public key")]
pub struct DidError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members {
    kty: String,
    crv: String,
    x: String,
    #[serde(default)]
    y: Option<String>,
}

/// The DID of a key.
///
/// # Errors
/// Only if the key is of a kind that `VerifyingKey` never holds.
pub fn encode(key: &VerifyingKey) -> Result<Did, DidError> {
    DIDJWK::generate(&ssi_key(key.jwk())?).as_str().parse().map_err(|_| DidError)
}

/// The key of a DID.
///
/// # Errors
/// If it is not strict base64url of a strict JWK, if the key is of another kind or its point invalid, or if it could
/// have been written in another way.
pub fn resolve(did: &Did) -> Result<VerifyingKey, DidError> {
    let text = did.as_str().strip_prefix(PREFIX).ok_or(DidError)?;
    let json = decode_base64url(text).map_err(|_| DidError)?;
    check_strict_json(&json, Limits::of(512)).map_err(|_| DidError)?;
    let Members { kty, crv, x, y } = serde_json::from_slice(&json).map_err(|_| DidError)?;
    let jwk = Jwk { kty, crv, x, y, kid: None, use_: None, alg: None, iat: None, exp: None, revoked: None };
    let key = VerifyingKey::from_jwk(&jwk).map_err(|_| DidError)?;
    if json == canonical(key.jwk()).as_bytes() { Ok(key) } else { Err(DidError) }
}

/// The DID URL of the one key that a did:jwk has: `<did>#0`.
pub fn key_url(did: &Did) -> String {
    format!("{did}#0")
}

/// The DID of a key's DID URL, if it is one of did:jwk.
pub(super) fn of_key_url(url: &str) -> Option<Did> {
    url.strip_suffix("#0")?.parse().ok()
}

/// RFC 8785 over the required members: what [`encode`] writes, without the way through `ssi`'s types.
fn canonical(Jwk { kty, crv, x, y, .. }: &Jwk) -> String {
    match y {
        Some(y) => format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}","y":"{y}"}}"#),
        None => format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}"}}"#),
    }
}

/// The required members alone, in `ssi`'s shape.
fn ssi_key(jwk: &Jwk) -> Result<JWK, DidError> {
    let bytes = |text: &str| decode_base64url(text).map(Base64urlUInt).map_err(|_| DidError);
    let params = match (jwk.kty.as_str(), jwk.y.as_deref()) {
        ("EC", Some(y)) => Params::EC(ECParams {
            curve: Some(jwk.crv.clone()),
            x_coordinate: Some(bytes(&jwk.x)?),
            y_coordinate: Some(bytes(y)?),
            ecc_private_key: None,
        }),
        ("OKP", None) => {
            Params::OKP(OctetParams { curve: jwk.crv.clone(), public_key: bytes(&jwk.x)?, private_key: None })
        }
        _ => return Err(DidError),
    };
    Ok(JWK::from(params))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        credential::block_on::block_on,
        seal::{Algorithm, SigningKey, encode_base64url},
    };
    use ssi::dids::{DIDBuf, DIDResolver, resolution::Options};

    /// The example of the did:jwk method specification, "P-256".
    const EXAMPLE: &str = "did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6OTFQSDZDZEgyVjAiLCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9";

    fn did(json: &str) -> Did {
        format!("{PREFIX}{}", encode_base64url(json)).parse().unwrap()
    }

    #[test]
    fn the_example_of_the_method_specification_resolves_and_is_written_the_same() {
        let key = resolve(&EXAMPLE.parse().unwrap()).unwrap();
        assert_eq!(key.jwk().x, "acbIQiuMs3i8_uszEjJ2tpTtRM4EU3yz91PH6CdH2V0");
        assert_eq!(encode(&key).unwrap().as_str(), EXAMPLE);
    }

    #[test]
    fn both_kinds_of_keys_go_there_and_back() {
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
            let key = SigningKey::generate(algorithm).unwrap();
            let did = encode(key.public()).unwrap();
            assert_eq!(resolve(&did).unwrap(), *key.public());
            let written = decode_base64url(did.as_str().strip_prefix(PREFIX).unwrap()).unwrap();
            assert_eq!(written, canonical(key.public().jwk()).as_bytes(), "as `ssi` writes it");
            assert_eq!(of_key_url(&key_url(&did)), Some(did));
        }
    }

    #[test]
    fn the_resolver_of_ssi_finds_the_same_key() {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let did = DIDBuf::new(encode(key.public()).unwrap().as_str().as_bytes().to_vec()).unwrap();
        let mut options = Options::default();
        options.parameters.public_key_format = Some("JsonWebKey2020".to_owned());
        let resolved = block_on(DIDJWK.resolve_with(&did, options)).unwrap();
        let method = resolved.document.verification_method.first().unwrap();
        assert_eq!(method.properties["publicKeyJwk"]["x"], key.public().jwk().x.as_str());
        assert_eq!(method.id.as_str(), format!("{did}#0"));
    }

    #[test]
    fn every_other_spelling_or_kind_is_refused() {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let Jwk { x, y, .. } = key.public().jwk().clone();
        let y = y.unwrap();
        let good = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        assert!(resolve(&did(&good)).is_ok());
        for (json, why) in [
            (format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#), "members in another order"),
            (good.replace(':', ": "), "spaces"),
            (good.replace('}', r#","alg":"ES256"}"#), "a member that is not required"),
            (good.replace('}', r#","d":"AAAA"}"#), "a private member"),
            (good.replace(r#""kty":"EC","#, r#""kty":"EC","kty":"EC","#), "a member twice"),
            (good.replace("P-256", "P-384"), "another curve"),
            (good.replace(&y, &x), "a point off the curve"),
            (r#"{"k":"AAAA","kty":"oct"}"#.to_owned(), "a symmetric key"),
            ("[]".to_owned(), "no object"),
            (String::from("x"), "no JSON"),
        ] {
            assert_eq!(resolve(&did(&json)), Err(DidError), "{why}");
        }
        let padded = format!("{}=", EXAMPLE);
        assert!(padded.parse::<Did>().is_err());
        assert_eq!(resolve(&"did:jwk:AR".parse().unwrap()), Err(DidError), "trailing bits");
    }

    #[test]
    fn only_the_first_key_of_a_did_is_named() {
        assert_eq!(of_key_url(EXAMPLE), None);
        assert_eq!(of_key_url(&format!("{EXAMPLE}#1")), None);
        assert_eq!(of_key_url("did:web:example.org#0"), None);
    }
}
