//! What an officer hands in: a public key, and proof that she holds its private half.
//!
//! Guarantees: the proof is a JWS of a kind of its own, signed by that very key, for this department and this account, made within
//! a day; so nobody registers another's key as her own, and what is pasted elsewhere is of no use there. Deliberately absent: a
//! nonce; what can be done with a proof twice is to hand in the same key for the same account.

use protocol::seal::{Jwk, Limits, SealFailed, SigningKey, Typ, UnverifiedJws, VerifyingKey, key::bare, random, sign};
use schemas::{
    id::{CompactJws, EntityId, KeyId, MessageId, SystemName},
    time::{NumericDate, Timestamp},
};
use serde::{Deserialize, Serialize};

/// How far the clock of the officer's own machine may be off, and how long she may take, seconds.
const LIFE: i64 = 86_400;
/// Bytes of what is pasted.
const LONGEST: usize = 4096;

/// What the officer's machine prints and the console takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandedIn {
    /// What another officer compares.
    pub thumbprint: KeyId,
    /// The key.
    pub public: Jwk,
    /// Signed by it, typ `dx-officer-key+jwt`.
    pub proof: CompactJws,
}

/// What is signed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    v: u8,
    /// The key's thumbprint.
    iss: KeyId,
    /// The department.
    aud: EntityId,
    iat: NumericDate,
    jti: MessageId,
    /// The account that hands it in.
    account: SystemName,
}

/// For whom a proof is.
#[derive(Clone, Copy, Debug)]
pub struct Purpose<'a> {
    /// The department.
    pub department: &'a EntityId,
    /// The account that hands the key in.
    pub account: &'a SystemName,
}

impl HandedIn {
    /// On the officer's own machine.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn new(key: &SigningKey, of: Purpose<'_>, now: Timestamp) -> Result<Self, SealFailed> {
        let claims = Claims {
            v: 1,
            iss: key.kid().clone(),
            aud: of.department.clone(),
            iat: now.numeric(),
            jti: random::message_id(now),
            account: of.account.clone(),
        };
        let proof = sign(Typ::OfficerKey, key, &claims)?;
        Ok(Self { thumbprint: key.kid().clone(), public: bare(key.public().jwk()), proof })
    }
}

/// The key that was pasted, if whoever made the text holds it.
///
/// # Errors
/// Why not, for whoever pasted it.
pub(super) fn proven_key(text: &str, of: Purpose<'_>, now: Timestamp) -> Result<VerifyingKey, &'static str> {
    const NOT_ONE: &str = "this is no key with its proof; paste everything that the command printed";
    if text.len() > LONGEST {
        return Err(NOT_ONE);
    }
    let handed: HandedIn = serde_json::from_str(text.trim()).map_err(|_| NOT_ONE)?;
    let key = VerifyingKey::from_jwk(&bare(&handed.public)).map_err(|_| NOT_ONE)?;
    let proof = UnverifiedJws::of(&handed.proof, Limits::ORDER).map_err(|_| NOT_ONE)?;
    let proof = proof.verify(Typ::OfficerKey, &key).map_err(|_| "the proof is not signed by this key")?;
    let claims: Claims = proof.claims().map_err(|_| NOT_ONE)?;
    if claims.iss != *key.kid() || handed.thumbprint != *key.kid() {
        return Err("the proof is of another key");
    }
    if claims.aud != *of.department || claims.account != *of.account {
        return Err("the proof was made for another account or department; run the command as this page shows it");
    }
    let age = now.seconds().saturating_sub(claims.iat.seconds());
    if !(-LIFE..=LIFE).contains(&age) {
        return Err("the proof is older than a day; run the command again");
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use protocol::seal::Algorithm;
    use serde_json::Value;

    use super::*;

    const NOW: i64 = 1_795_248_100;

    fn now() -> Timestamp {
        Timestamp::from_seconds(NOW)
    }

    fn key() -> SigningKey {
        SigningKey::generate(Algorithm::Es256).unwrap()
    }

    fn made(key: &SigningKey, department: &str, account: &str, at: i64) -> Value {
        let (department, account) = (department.parse().unwrap(), account.parse().unwrap());
        let of = Purpose { department: &department, account: &account };
        serde_json::to_value(HandedIn::new(key, of, Timestamp::from_seconds(at)).unwrap()).unwrap()
    }

    fn judged(text: &str) -> Result<VerifyingKey, &'static str> {
        let (department, account) = ("https://food.gov.example".parse().unwrap(), "asha".parse().unwrap());
        proven_key(text, Purpose { department: &department, account: &account }, now())
    }

    const DEPARTMENT: &str = "https://food.gov.example";

    #[test]
    fn a_key_counts_with_a_proof_by_itself_for_this_account_made_within_a_day() {
        let mine = key();
        for at in [NOW, NOW - LIFE, NOW + LIFE] {
            let found = judged(&made(&mine, DEPARTMENT, "asha", at).to_string()).unwrap();
            assert_eq!(found.kid(), mine.kid());
        }
        for (what, value) in [
            ("another department", made(&mine, "https://other.gov.example", "asha", NOW)),
            ("another account", made(&mine, DEPARTMENT, "ravi", NOW)),
            ("too old", made(&mine, DEPARTMENT, "asha", NOW - LIFE - 1)),
            ("of the future", made(&mine, DEPARTMENT, "asha", NOW + LIFE + 1)),
        ] {
            assert!(judged(&value.to_string()).is_err(), "{what}");
        }
    }

    #[test]
    fn the_key_of_somebody_else_is_not_handed_in_with_an_own_proof() {
        let (mine, other) = (made(&key(), DEPARTMENT, "asha", NOW), made(&key(), DEPARTMENT, "asha", NOW));
        for member in ["thumbprint", "public", "proof"] {
            let mut mixed = mine.clone();
            mixed[member] = other[member].clone();
            assert!(judged(&mixed.to_string()).is_err(), "{member} of the other");
            let mut bare = mine.clone();
            bare.as_object_mut().unwrap().remove(member);
            assert!(judged(&bare.to_string()).is_err(), "without {member}");
        }
        for text in ["", "nonsense", "{}", &"x".repeat(5000)] {
            assert!(judged(text).is_err());
        }
        assert!(judged(&mine.to_string()).is_ok(), "good before and after");
    }

    #[test]
    fn a_signature_of_another_kind_by_the_same_key_is_no_proof() {
        let mine = key();
        let mut value = made(&mine, DEPARTMENT, "asha", NOW);
        let payload = value["proof"].as_str().unwrap().split('.').nth(1).unwrap().to_owned();
        let claims: Value = serde_json::from_slice(&protocol::seal::decode_base64url(payload).unwrap()).unwrap();
        value["proof"] = sign(Typ::Scheme, &mine, &claims).unwrap().as_str().into();
        assert!(judged(&value.to_string()).is_err());
    }
}
