//! A member's published keys, past ones included, and its officers' keys (OpenID Federation 1.1 §8.7).

use std::collections::{BTreeMap, BTreeSet};

use schemas::{
    federation::{Jwk, JwkSet, OfficerJwk, Revoked},
    id::KeyId,
    time::{NumericDate, Timestamp},
};

use super::FederationError;
use crate::seal::VerifyingKey;

/// Keys by id, each with the time in which it counted.
#[derive(Clone, Debug, Default)]
pub struct SigningKeys(BTreeMap<KeyId, Entry>);

#[derive(Clone, Debug)]
struct Entry {
    key: VerifyingKey,
    from: Option<NumericDate>,
    until: Option<NumericDate>,
    revoked: Option<Revoked>,
}

impl Entry {
    fn of(jwk: &Jwk) -> Result<Self, FederationError> {
        let key = VerifyingKey::from_jwk(jwk)?;
        Ok(Self { key, from: jwk.iat, until: jwk.exp, revoked: jwk.revoked.clone() })
    }

    fn counted(&self, at: NumericDate, received: Option<Timestamp>) -> bool {
        let within = self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until);
        within
            && self.revoked.as_ref().is_none_or(|revoked| match revoked.reason.as_str() {
                // Whoever stole the key can write any `iat`: only the log's time of receipt helps.
                "superseded" | "unspecified" => at < revoked.revoked_at,
                _ => received.is_some_and(|received| received.numeric() < revoked.revoked_at),
            })
    }
}

impl SigningKeys {
    /// Takes a published set.
    ///
    /// # Errors
    /// If a key cannot be used or stands twice.
    pub(super) fn of(set: &JwkSet) -> Result<Self, FederationError> {
        let mut keys = BTreeMap::new();
        for jwk in &set.keys {
            let entry = Entry::of(jwk)?;
            if keys.insert(entry.key.kid().clone(), entry).is_some() {
                return Err(FederationError::Metadata("a key stands twice"));
            }
        }
        Ok(Self(keys))
    }

    /// The key of this id, if it counted at the signature's `iat`; for a key revoked as compromised, if the log
    /// received the signature before that.
    pub fn valid_at(&self, kid: &KeyId, at: NumericDate, received: Option<Timestamp>) -> Option<&VerifyingKey> {
        self.0.get(kid).filter(|entry| entry.counted(at, received)).map(|entry| &entry.key)
    }

    /// The key of this id, whenever it counted.
    pub(super) fn ever(&self, kid: &KeyId) -> Option<&VerifyingKey> {
        self.0.get(kid).map(|entry| &entry.key)
    }
}

/// Keys of persons who may sign.
#[derive(Clone, Debug, Default)]
pub struct Officers(BTreeMap<KeyId, (OfficerJwk, Entry)>);

impl Officers {
    /// Takes the published list.
    ///
    /// # Errors
    /// If a key cannot be used or stands twice.
    pub(super) fn of(list: &[OfficerJwk]) -> Result<Self, FederationError> {
        let mut officers = BTreeMap::new();
        for officer in list {
            let entry = Entry::of(&officer.jwk)?;
            if officers.insert(entry.key.kid().clone(), (officer.clone(), entry)).is_some() {
                return Err(FederationError::Metadata("an officer's key stands twice"));
            }
        }
        Ok(Self(officers))
    }

    /// The officer and key of this id, if the key counted at that time and the officer may sign in this role.
    pub fn valid_at(&self, kid: &KeyId, role: &str, at: NumericDate) -> Option<(&str, &VerifyingKey)> {
        let (officer, entry) = self.0.get(kid)?;
        (officer.role == role && entry.counted(at, None)).then_some((officer.person.as_str(), &entry.key))
    }

    /// How many different persons may sign in this role at that time.
    pub fn persons(&self, role: &str, at: NumericDate) -> usize {
        let able = self.0.values().filter(|(officer, entry)| officer.role == role && entry.counted(at, None));
        able.map(|(officer, _)| &officer.person).collect::<BTreeSet<_>>().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::{Algorithm, SigningKey};

    fn date(seconds: i64) -> NumericDate {
        NumericDate::from_seconds(seconds)
    }

    fn keys(edit: impl FnOnce(&mut Jwk)) -> (SigningKeys, KeyId) {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let mut jwk = key.public().jwk().clone();
        edit(&mut jwk);
        (SigningKeys::of(&JwkSet { keys: vec![jwk] }).unwrap(), key.kid().clone())
    }

    #[test]
    fn a_past_key_verifies_what_was_signed_in_its_time() {
        let (keys, kid) = keys(|jwk| (jwk.iat, jwk.exp) = (Some(date(100)), Some(date(200))));
        for (at, valid) in [(99, false), (100, true), (199, true), (200, false)] {
            assert_eq!(keys.valid_at(&kid, date(at), None).is_some(), valid, "{at}");
        }
    }

    #[test]
    fn a_superseded_key_verifies_what_was_signed_before() {
        let revoked = Revoked { revoked_at: date(150), reason: "superseded".into() };
        let (keys, kid) = keys(|jwk| jwk.revoked = Some(revoked));
        assert!(keys.valid_at(&kid, date(149), None).is_some());
        assert!(keys.valid_at(&kid, date(150), None).is_none());
    }

    #[test]
    fn a_compromised_key_verifies_only_what_the_log_had_received() {
        for reason in ["compromised", "anything else"] {
            let revoked = Revoked { revoked_at: date(150), reason: reason.into() };
            let (keys, kid) = keys(|jwk| jwk.revoked = Some(revoked));
            assert!(keys.valid_at(&kid, date(100), None).is_none());
            assert!(keys.valid_at(&kid, date(100), Some(Timestamp::from_seconds(150))).is_none());
            assert!(keys.valid_at(&kid, date(100), Some(Timestamp::from_seconds(149))).is_some());
        }
    }

    #[test]
    fn an_unknown_id_has_no_key_and_a_key_stands_once() {
        let (keys, _) = keys(|_| ());
        let other = SigningKey::generate(Algorithm::Es256).unwrap();
        assert!(keys.valid_at(other.kid(), date(100), None).is_none());
        let jwk = other.public().jwk().clone();
        let twice = JwkSet { keys: vec![jwk.clone(), jwk] };
        assert_eq!(SigningKeys::of(&twice).unwrap_err(), FederationError::Metadata("a key stands twice"));
    }
}
