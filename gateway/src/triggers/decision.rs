//! The id of the decision that an event leads to: the same however often, and under whatever event id, a death is told.

use registry_adapter::{key::LocalKey, mapping::RollId};
use schemas::{
    event::DeathRegistered,
    id::{EntityId, MessageId},
};

use crate::keys::Keys;

/// A UUID of version 7 whose time is the day of death and whose rest is a keyed hash over source, registration number, person
/// and roll. `None` never occurs for a civil date.
pub(super) fn hold_decision(
    keys: &Keys,
    source: &EntityId,
    death: &DeathRegistered,
    person: &LocalKey,
    roll: &RollId,
) -> Option<MessageId> {
    let parts = ["hold", source.as_str(), &death.registration_number, person.as_str(), roll.as_str()];
    let parts: Vec<Vec<u8>> =
        parts.iter().map(|part| [&(part.len() as u64).to_be_bytes(), part.as_bytes()].concat()).collect();
    let parts: Vec<&[u8]> = std::iter::once(b"decision\0".as_slice()).chain(parts.iter().map(Vec::as_slice)).collect();
    let hash = keys.index.hash(&parts);
    let rest = <[u8; 10]>::try_from(hash.as_bytes().get(..10)?).ok()?;
    let ms = u64::try_from(death.death_date.start().seconds().max(0)).ok()?.checked_mul(1000)?;
    uuid::Builder::from_unix_timestamp_millis(ms, &rest).into_uuid().to_string().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use protocol::seal::{
        Algorithm, DecryptionKey, SigningKey, certificate::TlsIdentity, envelope::KeyRing, keyed_hash::MacKey,
    };
    use schemas::{
        event::{DatePrecision, MatchEvidence},
        time::Timestamp,
    };

    use super::*;

    fn keys() -> Keys {
        let now = Timestamp::from_seconds(1_795_248_100);
        Keys {
            signing: SigningKey::generate(Algorithm::Es256).unwrap(),
            encryption: vec![DecryptionKey::generate().unwrap()],
            tls: TlsIdentity::self_signed("t", &["localhost".parse().unwrap()], now, now.plus(86_400)).unwrap(),
            subject_mac: MacKey::generate(),
            columns: KeyRing::generate(),
            index: MacKey::generate(),
            sectors: BTreeMap::new(),
        }
    }

    fn death(number: &str) -> DeathRegistered {
        DeathRegistered {
            registration_number: number.to_owned(),
            death_date: "2026-11-18".parse().unwrap(),
            death_date_precision: DatePrecision::Day,
            r#match: MatchEvidence { method: "resident-number".to_owned(), score: 100 },
        }
    }

    #[test]
    fn one_death_of_one_person_on_one_roll_is_one_decision_and_anything_else_another() {
        let keys = keys();
        let decide = |source: &str, number: &str, person: &str, roll: &str| {
            let (source, person) = (source.parse().unwrap(), person.parse().unwrap());
            hold_decision(&keys, &source, &death(number), &person, &roll.parse().unwrap()).unwrap()
        };
        let base = decide("https://civil.example", "D-1", "101", "social.pension");
        assert_eq!(base, decide("https://civil.example", "D-1", "101", "social.pension"));
        let others = [
            decide("https://other.example", "D-1", "101", "social.pension"),
            decide("https://civil.example", "D-2", "101", "social.pension"),
            decide("https://civil.example", "D-1", "102", "social.pension"),
            decide("https://civil.example", "D-1", "101", "food.ration"),
            // The same letters, cut elsewhere.
            decide("https://civil.example", "D-11", "01", "social.pension"),
        ];
        for other in others {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn a_death_before_1970_has_a_decision_too() {
        let early = DeathRegistered { death_date: "1947-08-15".parse().unwrap(), ..death("D-1") };
        let roll = "social.pension".parse().unwrap();
        assert!(
            hold_decision(&keys(), &"https://c.example".parse().unwrap(), &early, &"1".parse().unwrap(), &roll)
                .is_some()
        );
    }
}
