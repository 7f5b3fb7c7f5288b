//! A receipt's signature checked by the `openssl` command line, which shares no code with this crate.

use std::{fs, path::Path, process::Command};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::super::fixture::*;
use crate::seal::{Jwk, decode_base64url};

/// SubjectPublicKeyInfo of a P-256 key up to the coordinates (RFC 5480 §2).
const SPKI: &str = "3059301306072a8648ce3d020106082a8648ce3d03010703420004";

fn pem(jwk: &Jwk) -> String {
    let mut der = hex::decode(SPKI).unwrap();
    der.extend(decode_base64url(&jwk.x).unwrap());
    der.extend(decode_base64url(jwk.y.as_ref().unwrap()).unwrap());
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der))
}

/// `r ‖ s` as the SEQUENCE of two INTEGERs that OpenSSL reads (RFC 3279 §2.2.3).
fn der_signature(jose: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let mut digits: Vec<u8> = number.iter().copied().skip_while(|byte| *byte == 0).collect();
        if digits.first().is_none_or(|first| *first >= 0x80) {
            digits.insert(0, 0);
        }
        [&[2, digits.len() as u8], digits.as_slice()].concat()
    };
    let body = [integer(&jose[..32]), integer(&jose[32..])].concat();
    [&[0x30, body.len() as u8], body.as_slice()].concat()
}

fn openssl_verifies(folder: &Path, jws: &str, jwk: &Jwk) -> bool {
    let (signed, signature) = jws.rsplit_once('.').unwrap();
    fs::write(folder.join("key.pem"), pem(jwk)).unwrap();
    fs::write(folder.join("signed"), signed).unwrap();
    fs::write(folder.join("signature"), der_signature(&decode_base64url(signature).unwrap())).unwrap();
    let arguments = ["dgst", "-sha256", "-verify", "key.pem", "-signature", "signature", "signed"];
    Command::new("openssl").args(arguments).current_dir(folder).output().unwrap().status.success()
}

#[test]
fn openssl_verifies_a_receipt_and_refuses_it_with_another_key_or_text() {
    let scene = Scene::new();
    let receipt = scene.answer(&scene.accept(&scene.ask())).receipt;
    let folder = tempfile::tempdir().unwrap();
    let key = scene.world.provider.signing.public().jwk();
    let jws = receipt.jws().as_str();
    assert!(openssl_verifies(folder.path(), jws, key));
    assert!(!openssl_verifies(folder.path(), jws, scene.world.consumer.signing.public().jwk()));
    assert!(!openssl_verifies(folder.path(), &jws.replacen('.', "A.", 1), key));
}
