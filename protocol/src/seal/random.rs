//! Every random value of the program, from OpenSSL's generator (NIST SP 800-90A CTR-DRBG, seeded by the kernel).
//!
//! Guarantees: a value is fresh or the process ends. A generator that fails cannot be worked around and must not
//! be reported to a peer, so there is no error to handle. Deliberately absent: seeds and reproducible chance.

use schemas::{
    id::{ConsentId, MessageId, Salt},
    time::Timestamp,
};
use uuid::Uuid;

/// So many random bytes.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

/// Fills a buffer with random bytes.
pub fn fill(buffer: &mut [u8]) {
    if openssl::rand::rand_bytes(buffer).is_err() {
        // Without chance there are no nonces, and a nonce used twice opens AES-GCM: stop at once.
        std::process::abort();
    }
}

/// A new message id: UUID v7 (RFC 9562 §5.7) of this second with 74 random bits.
pub fn message_id(now: Timestamp) -> MessageId {
    super::formed(&uuid_v7(now).hyphenated().to_string())
}

/// A new id of the `seq`th message of a row: UUID v7 of this second, then 32 bits that count (RFC 9562 §6.2, method 1), then 42 random
/// ones. Of two messages of one second the later has the greater id.
pub fn message_id_in_turn(now: Timestamp, seq: u64) -> MessageId {
    let [a, b, c, d] = u32::try_from(seq % (1 << 32)).unwrap_or(u32::MAX).to_be_bytes();
    let mut tail = bytes::<10>();
    // The first 4 bits make way for the version, the first 2 of the third byte for the variant.
    tail[0] = a >> 4;
    tail[1] = (a << 4) | (b >> 4);
    tail[2] = ((b << 2) & 0x3c) | (c >> 6);
    tail[3] = (c << 2) | (d >> 6);
    tail[4] = (d << 2) | (tail[4] & 0x03);
    super::formed(&uuid_v7_of(now, &tail).hyphenated().to_string())
}

/// The second that an id tells; 1970 for one without.
pub fn second_of(id: &MessageId) -> Timestamp {
    let told = Uuid::parse_str(id.as_str()).ok().and_then(|uuid| uuid.get_timestamp());
    Timestamp::from_seconds(told.map_or(0, |told| i64::try_from(told.to_unix().0).unwrap_or(0)))
}

/// A new consent id, `urn:uuid:` and a UUID v7.
pub fn consent_id(now: Timestamp) -> ConsentId {
    super::formed(&uuid_v7(now).urn().to_string())
}

fn uuid_v7(now: Timestamp) -> Uuid {
    uuid_v7_of(now, &bytes())
}

fn uuid_v7_of(now: Timestamp, tail: &[u8; 10]) -> Uuid {
    let milliseconds = u64::try_from(now.seconds()).unwrap_or(0).saturating_mul(1000);
    uuid::Builder::from_unix_timestamp_millis(milliseconds, tail).into_uuid()
}

/// 128 random bits, so that a logged digest cannot be guessed.
pub fn salt() -> Salt {
    super::formed(&super::encode_base64url(bytes::<16>()))
}

/// A nonce of 128 random bits, base64url.
pub fn nonce() -> String {
    super::encode_base64url(bytes::<16>())
}

/// A bearer token or code of 256 random bits, base64url.
pub fn token() -> String {
    super::encode_base64url(bytes::<32>())
}

/// A `tx_code` of so many decimal digits, each equally likely (OpenID4VCI 1.0 §3.5).
pub fn pin(digits: usize) -> String {
    let mut pin = String::with_capacity(digits);
    while pin.len() < digits {
        let [byte] = bytes::<1>();
        // 250 is the greatest multiple of ten in a byte; beyond it the digits 0 to 5 would be likelier.
        if byte < 250 {
            pin.push(char::from(b'0' + byte % 10));
        }
    }
    pin
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn of_two_messages_of_one_second_the_later_has_the_greater_id() {
        let now = Timestamp::from_seconds(1_795_248_100);
        for first in [0, 1, 0xf, 0xff, 0xfff, 0xffff, 0xf_ffff, 0x3f_ffff, 0xff_ffff, 0xfff_ffff, 0xffff_fffe_u64] {
            for _ in 0..50 {
                let (before, after) = (message_id_in_turn(now, first), message_id_in_turn(now, first + 1));
                assert!(before < after, "{first}: {before} {after}");
                let uuid = Uuid::parse_str(after.as_str()).unwrap();
                assert_eq!((uuid.get_version_num(), uuid.get_variant()), (7, uuid::Variant::RFC4122));
            }
        }
        let again: BTreeSet<_> = (0..1000).map(|_| message_id_in_turn(now, 7)).collect();
        assert_eq!(again.len(), 1000, "who hears it sets it apart");
        assert!(message_id_in_turn(now, u64::from(u32::MAX)) < message_id_in_turn(now.plus(1), 0));
    }

    #[test]
    fn a_message_id_tells_its_second_and_never_repeats() {
        let now = Timestamp::from_seconds(1_795_248_100);
        let ids: BTreeSet<_> = (0..1000).map(|_| message_id(now)).collect();
        assert_eq!(ids.len(), 1000);
        for id in ids {
            let uuid = Uuid::parse_str(id.as_str()).unwrap();
            assert_eq!(uuid.get_timestamp().unwrap().to_unix().0, 1_795_248_100);
            assert_eq!(second_of(&id), now);
        }
        assert!(consent_id(now).as_str().starts_with("urn:uuid:"));
        assert!(message_id(now) < message_id(now.plus(1)));
    }

    #[test]
    fn salts_nonces_and_tokens_have_their_lengths() {
        assert_eq!(salt().as_str().len(), 22);
        assert_eq!(nonce().len(), 22);
        assert_eq!(token().len(), 43);
        assert_ne!(token(), token());
    }

    #[test]
    fn each_digit_of_a_pin_occurs() {
        let pin = pin(2000);
        assert_eq!(pin.len(), 2000);
        assert!(('0'..='9').all(|digit| pin.contains(digit)));
        assert!(pin.bytes().all(|b| b.is_ascii_digit()));
    }
}
