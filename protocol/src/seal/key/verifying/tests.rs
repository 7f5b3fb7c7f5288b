//! Which keys are taken for what, and that both verifiers agree.

use super::*;
use crate::seal::{DecryptionKey, EncryptionKey, SigningKey};

fn es256() -> Jwk {
    SigningKey::generate(Algorithm::Es256).unwrap().public().jwk().clone()
}

fn eddsa() -> Jwk {
    SigningKey::generate(Algorithm::EdDsa).unwrap().public().jwk().clone()
}

#[test]
fn a_published_key_reads_back() {
    for (jwk, algorithm) in [(es256(), Algorithm::Es256), (eddsa(), Algorithm::EdDsa)] {
        let key = VerifyingKey::from_jwk(&jwk).unwrap();
        assert_eq!((key.jwk(), key.algorithm()), (&jwk, algorithm));
        assert_eq!(jwk.kid.as_ref(), Some(key.kid()));
    }
}

#[test]
fn each_wrong_key_is_refused() {
    let (ec, ed) = (es256(), eddsa());
    let other = es256();
    let x = |x: &str| Jwk { x: x.into(), kid: None, ..ec.clone() };
    for (jwk, error, why) in [
        (Jwk { kty: "RSA".into(), ..ec.clone() }, KeyError::Unsupported, "RSA"),
        (Jwk { kty: "oct".into(), ..ed.clone() }, KeyError::Unsupported, "a symmetric key"),
        (Jwk { crv: "P-384".into(), ..ec.clone() }, KeyError::Unsupported, "another curve"),
        (Jwk { crv: "X25519".into(), ..ed.clone() }, KeyError::Unsupported, "a key for agreement"),
        (Jwk { y: None, ..ec.clone() }, KeyError::Unsupported, "half a point"),
        (Jwk { y: ec.y.clone(), ..ed.clone() }, KeyError::Unsupported, "a coordinate too many"),
        (Jwk { use_: Some("enc".into()), ..ec.clone() }, KeyError::WrongUse, "for encryption"),
        (Jwk { alg: Some("EdDSA".into()), ..ec.clone() }, KeyError::WrongUse, "the other algorithm"),
        (Jwk { alg: Some("none".into()), ..ec.clone() }, KeyError::WrongUse, "no algorithm"),
        (Jwk { kid: other.kid.clone(), ..ec.clone() }, KeyError::WrongId, "another's id"),
        (Jwk { y: other.y.clone(), kid: None, ..ec.clone() }, KeyError::InvalidPoint, "a point off the curve"),
        (x("AA"), KeyError::InvalidPoint, "a short coordinate"),
        (x(&format!("{}==", ec.x)), KeyError::InvalidPoint, "padding"),
        (x(&format!("AA{}", ec.x)), KeyError::InvalidPoint, "a long coordinate"),
        (Jwk { x: "AA".into(), kid: None, ..ed.clone() }, KeyError::InvalidPoint, "a short Ed25519 key"),
    ] {
        assert_eq!(VerifyingKey::from_jwk(&jwk).unwrap_err(), error, "{why}");
    }
}

#[test]
fn an_ed25519_point_of_small_order_is_refused() {
    for point in SMALL_ORDER {
        let x = encode_base64url(hex::decode(point).unwrap());
        assert_eq!(VerifyingKey::from_jwk(&Jwk { x, kid: None, ..eddsa() }).unwrap_err(), KeyError::InvalidPoint);
    }
}

#[test]
fn a_key_for_signing_is_none_for_sealing_and_the_other_way_round() {
    assert_eq!(EncryptionKey::from_jwk(&es256()).unwrap_err(), KeyError::WrongUse);
    assert_eq!(EncryptionKey::from_jwk(&eddsa()).unwrap_err(), KeyError::Unsupported);
    let sealing = DecryptionKey::generate().unwrap().public().jwk().clone();
    assert!(EncryptionKey::from_jwk(&sealing).is_ok());
    assert_eq!(VerifyingKey::from_jwk(&sealing).unwrap_err(), KeyError::WrongUse);
}

#[test]
fn a_private_key_file_reads_back_and_nothing_else_is_read() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let key = SigningKey::generate(algorithm).unwrap();
        assert_eq!(SigningKey::from_pem(&key.to_pem().unwrap()).unwrap().kid(), key.kid());
    }
    let opening = DecryptionKey::generate().unwrap();
    assert_eq!(DecryptionKey::from_pem(&opening.to_pem().unwrap()).unwrap().kid(), opening.kid());
    let rsa = PKey::from_rsa(openssl::rsa::Rsa::generate(2048).unwrap()).unwrap();
    assert_eq!(SigningKey::from_pem(&rsa.private_key_to_pem_pkcs8().unwrap()).unwrap_err(), KeyError::Unsupported);
    assert_eq!(SigningKey::from_pem(b"").unwrap_err(), KeyError::Unreadable);
    let encrypted = PKey::generate_ed25519().unwrap();
    let pem = encrypted.private_key_to_pem_pkcs8_passphrase(openssl::symm::Cipher::aes_256_cbc(), b"secret").unwrap();
    assert_eq!(SigningKey::from_pem(&pem).unwrap_err(), KeyError::Unreadable);
    let public = VerifyingKey::from_jwk(&es256()).unwrap();
    assert!(!format!("{public:?}").is_empty());
}

#[test]
fn a_private_key_never_prints_itself() {
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    assert_eq!(format!("{key:?}"), format!("SigningKey(EdDSA {})", key.kid()));
}

fn josekits(jwk: &Jwk) -> Box<dyn JwsVerifier> {
    let jwk = josekit::jwk::Jwk::from_bytes(serde_json::to_vec(jwk).unwrap()).unwrap();
    match jwk.curve() {
        Some("P-256") => Box::new(josekit::jws::ES256.verifier_from_jwk(&jwk).unwrap()),
        _ => Box::new(EdDSA.verifier_from_jwk(&jwk).unwrap()),
    }
}

#[test]
fn a_key_judges_as_josekits_verifier_does() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let key = SigningKey::generate(algorithm).unwrap();
        let read = VerifyingKey::from_jwk(key.public().jwk()).unwrap();
        assert_eq!((read.kid(), read.jwk(), read.algorithm()), (key.kid(), key.public().jwk(), algorithm));
        let oracle = josekits(key.public().jwk());
        let good = key.sign_bytes(b"message").unwrap();
        let others = SigningKey::generate(algorithm).unwrap().sign_bytes(b"message").unwrap();
        let half_zero = [&good[..32], &[0; 32]].concat();
        let order = hex::decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").unwrap();
        let half_order = [&order[..], &good[32..]].concat();
        let cases = [good.clone(), others, half_zero, half_order, vec![0; 64], vec![0xff; 64], good[..63].to_vec()];
        for (number, signature) in cases.iter().enumerate() {
            for message in [&b"message"[..], b"massage"] {
                let verdict = read.verifies(message, signature);
                assert_eq!(verdict, number == 0 && message == b"message", "{algorithm:?} {number}");
                assert_eq!(verdict, key.public().verifies(message, signature), "{algorithm:?} {number}");
                assert_eq!(verdict, oracle.verify(message, signature).is_ok(), "{algorithm:?} {number}, josekit");
            }
        }
    }
}
