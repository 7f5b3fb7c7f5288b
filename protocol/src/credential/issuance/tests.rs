//! Proofs of possession: each thing they are made for, and each way to use one elsewhere.

use super::*;
use crate::{
    seal::{Algorithm, random, sign},
    testing::{NOW, name},
};

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_seconds(NOW)
}

fn registry() -> EntityId {
    name("https://civil.gov.example")
}

const TOKEN: DpopFor<'static> =
    DpopFor { method: "POST", url: "https://civil.gov.example/credential", access_token: Some("secret") };

#[test]
fn a_proof_gives_the_key_that_made_it() {
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let key = SigningKey::generate(algorithm).unwrap();
        let proof = prove_key(&key, &registry(), "n-1", now().numeric()).unwrap();
        assert_eq!(verify_key_proof(&proof, &registry(), "n-1", now()).unwrap(), *key.public());
    }
}

#[test]
fn a_proof_for_another_receiver_nonce_or_time_is_refused() {
    let key = key();
    let proof =
        |aud: &str, nonce: &str, shift: i64| prove_key(&key, &name(aud), nonce, now().numeric().plus(shift)).unwrap();
    let civil = "https://civil.gov.example";
    for (proof, expected, why) in [
        (proof("https://food.gov.example", "n-1", 0), ProofError::Mismatch("receiver"), "receiver"),
        (proof(civil, "n-2", 0), ProofError::Mismatch("nonce"), "nonce"),
        (proof(civil, "n-1", -121), ProofError::Stale, "too old"),
        (proof(civil, "n-1", 11), ProofError::Stale, "from the future"),
    ] {
        assert_eq!(verify_key_proof(&proof, &registry(), "n-1", now()).unwrap_err(), expected, "{why}");
    }
    assert!(verify_key_proof(&proof(civil, "n-1", 10), &registry(), "n-1", now()).is_ok());
}

#[test]
fn a_proof_must_carry_its_key_and_be_signed_by_it() {
    let (key, thief) = (key(), key());
    let claims = CredentialProof { iss: None, aud: registry(), iat: now().numeric(), nonce: "n-1".to_owned() };
    let without = sign(Typ::CredentialProof, &key, &claims).unwrap();
    assert_eq!(verify_key_proof(&without, &registry(), "n-1", now()).unwrap_err(), ProofError::NoKey);
    let mine = prove_key(&key, &registry(), "n-1", now().numeric()).unwrap();
    let theirs = prove_key(&thief, &registry(), "n-1", now().numeric()).unwrap();
    let (header, _) = mine.as_str().split_once('.').unwrap();
    let (_, rest) = theirs.as_str().split_once('.').unwrap();
    let spliced = name(&format!("{header}.{rest}"));
    let refused = verify_key_proof(&spliced, &registry(), "n-1", now()).unwrap_err();
    assert_eq!(refused, ProofError::Token(JwsError::SignatureInvalid));
}

#[test]
fn a_dpop_proof_gives_its_key_and_id() {
    let key = key();
    let jti = random::message_id(now());
    let proof = prove_dpop(&key, TOKEN, &jti, now().numeric()).unwrap();
    let verified = verify_dpop(proof.as_str(), TOKEN, now()).unwrap();
    assert_eq!((verified.key(), verified.jti()), (key.public(), jti.as_str()));
}

#[test]
fn a_dpop_proof_for_anything_else_is_refused() {
    let key = key();
    let jti = random::message_id(now());
    let made = |made_for| prove_dpop(&key, made_for, &jti, now().numeric()).unwrap();
    let other_url = "https://civil.gov.example/token";
    for (made_for, what) in [
        (DpopFor { method: "GET", ..TOKEN }, "method"),
        (DpopFor { url: other_url, ..TOKEN }, "address"),
        (DpopFor { access_token: Some("another"), ..TOKEN }, "access token"),
        (DpopFor { access_token: None, ..TOKEN }, "access token"),
    ] {
        let refused = verify_dpop(made(made_for).as_str(), TOKEN, now()).unwrap_err();
        assert_eq!(refused, ProofError::Mismatch(what));
    }
    let late = now().plus(PROOF_LIFE + 1);
    assert_eq!(verify_dpop(made(TOKEN).as_str(), TOKEN, late).unwrap_err(), ProofError::Stale);
}

#[test]
fn one_kind_of_proof_is_never_taken_for_the_other() {
    let key = key();
    let proof = prove_key(&key, &registry(), "n-1", now().numeric()).unwrap();
    let expected = ProofError::Token(JwsError::TypeWrong { expected: Typ::Dpop });
    assert_eq!(verify_dpop(proof.as_str(), TOKEN, now()).unwrap_err(), expected);
}

#[test]
fn the_access_token_hash_is_that_of_rfc_9449_section_7() {
    let token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
    assert_eq!(token_hash(token), "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
}
