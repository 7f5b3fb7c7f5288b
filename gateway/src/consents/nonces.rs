//! Nonces that this department gives out: proven to be ours by a keyed hash, spent once in the database.
//!
//! Guarantees: giving one out writes nothing, so that nobody can fill the database by asking; one is accepted until its time,
//! by every process that holds the same keys. Deliberately absent: who may ask; anybody may.

use openssl::memcmp;
use protocol::seal::{decode_base64url, encode_base64url, random};
use schemas::time::Timestamp;
use serde::Deserialize;

use crate::{keys::Keys, store::consents::spent::Once};

/// How long a nonce may be used, seconds.
pub const LIFE: u32 = 300;
/// How long one may be used that proves presence inside a consent: she reads the card in between, and the query comes after.
pub const LIVE_LIFE: u32 = 900;

/// How long a nonce for this use lives, seconds.
pub const fn life(once: Once) -> u32 {
    match once {
        Once::Live => LIVE_LIFE,
        Once::Citizen | Once::Identity | Once::Dpop => LIFE,
    }
}

const RANDOM: usize = 16;
const MAC: usize = 16;
const HEAD: usize = 8 + RANDOM;

/// The nonce is not one of ours, or its time has passed.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("the nonce is not one of this department's, or has ended")]
pub struct InvalidNonce;

/// A nonce for this use, from now on for its [`life`].
pub fn issue(keys: &Keys, once: Once, now: Timestamp) -> String {
    let mut nonce = now.plus(i64::from(life(once))).seconds().to_be_bytes().to_vec();
    nonce.extend_from_slice(&random::bytes::<RANDOM>());
    let mac = mac(keys, once, &nonce);
    nonce.extend_from_slice(&mac);
    encode_base64url(nonce)
}

/// When a nonce of ours ends.
///
/// # Errors
/// If it is not ours for this use, or has ended.
pub fn authorize(keys: &Keys, once: Once, nonce: &str, now: Timestamp) -> Result<Timestamp, InvalidNonce> {
    let bytes = decode_base64url(nonce).map_err(|_| InvalidNonce)?;
    let (head, tag) = bytes.split_at_checked(HEAD).filter(|(_, tag)| tag.len() == MAC).ok_or(InvalidNonce)?;
    if !memcmp::eq(&mac(keys, once, head), tag) {
        return Err(InvalidNonce);
    }
    let seconds = head.first_chunk::<8>().map(|bytes| i64::from_be_bytes(*bytes)).ok_or(InvalidNonce)?;
    let ends = Timestamp::from_seconds(seconds);
    if now < ends { Ok(ends) } else { Err(InvalidNonce) }
}

fn mac(keys: &Keys, once: Once, head: &[u8]) -> [u8; MAC] {
    let whole = keys.index.blind_index(&format!("nonce|{}", once.word()), head);
    let mut tag = [0; MAC];
    tag.copy_from_slice(&whole.as_bytes()[..MAC]);
    tag
}

#[derive(Deserialize)]
struct NonceOnly {
    nonce: String,
}

/// The nonce that a compact JWS says it answers, before anything was verified: only for finding out whether it is ours; the
/// verification then compares it.
pub fn claimed(compact: &str) -> Option<String> {
    let payload = decode_base64url(compact.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<NonceOnly>(&payload).ok().map(|claims| claims.nonce)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consents::testing::keys;

    #[test]
    fn a_nonce_is_ours_until_its_time_and_for_its_use_alone() {
        let (keys, now) = (keys(), Timestamp::from_seconds(1_795_248_100));
        let nonce = issue(&keys, Once::Citizen, now);
        let ends = now.plus(i64::from(LIFE));
        assert_eq!(authorize(&keys, Once::Citizen, &nonce, now), Ok(ends));
        assert_eq!(authorize(&keys, Once::Citizen, &nonce, ends.plus(-1)), Ok(ends));
        assert_eq!(authorize(&keys, Once::Citizen, &nonce, ends), Err(InvalidNonce), "at its end");
        assert_eq!(authorize(&keys, Once::Identity, &nonce, now), Err(InvalidNonce), "for another use");
        assert_eq!(
            authorize(&super::super::testing::keys(), Once::Citizen, &nonce, now),
            Err(InvalidNonce),
            "another's"
        );
        for bad in ["", "AA", "no base64url!", &nonce[1..], &format!("{nonce}AAAA")] {
            assert_eq!(authorize(&keys, Once::Citizen, bad, now), Err(InvalidNonce), "{bad}");
        }
        assert_ne!(nonce, issue(&keys, Once::Citizen, now));
    }

    #[test]
    fn a_nonce_for_presence_lives_a_quarter_of_an_hour_and_is_good_for_nothing_else() {
        let (keys, now) = (keys(), Timestamp::from_seconds(1_795_248_100));
        let nonce = issue(&keys, Once::Live, now);
        assert_eq!(authorize(&keys, Once::Live, &nonce, now.plus(899)), Ok(now.plus(900)));
        assert_eq!(authorize(&keys, Once::Live, &nonce, now.plus(900)), Err(InvalidNonce));
        assert_eq!(authorize(&keys, Once::Citizen, &nonce, now), Err(InvalidNonce));
        assert_eq!(authorize(&keys, Once::Live, &issue(&keys, Once::Citizen, now), now), Err(InvalidNonce));
    }

    #[test]
    fn a_changed_end_is_seen() {
        let (keys, now) = (keys(), Timestamp::from_seconds(1_795_248_100));
        let mut bytes = decode_base64url(issue(&keys, Once::Citizen, now)).unwrap();
        bytes[6] ^= 1;
        assert_eq!(authorize(&keys, Once::Citizen, &encode_base64url(bytes), now), Err(InvalidNonce));
    }

    #[test]
    fn the_claimed_nonce_is_read_without_trust() {
        let payload = encode_base64url(br#"{"nonce":"n-1","aud":"x"}"#);
        assert_eq!(claimed(&format!("a.{payload}.c")).as_deref(), Some("n-1"));
        for bad in ["", "a", "a.b.c", "a.!.c"] {
            assert_eq!(claimed(bad), None);
        }
    }
}
