//! The cryptographic operations of one exchange, alone: OpenSSL's primitives over bytes of the sizes that travel.
//!
//! Counted with verification caches off, from the code of both gateways (`protocol::exchange`, `protocol::consent`,
//! `gateway::exchange`). Guarantees: keys are ready, nothing is parsed or encoded, so that no gateway could need less; the best of
//! several rounds counts. Deliberately absent: TLS records, and what is done once for many exchanges (directory, status lists,
//! submissions to the anchor).

use std::{hint::black_box, time::Duration};

use anyhow::Context;
use openssl::{
    bn::{BigNum, BigNumContext},
    derive::Deriver,
    ec::{EcGroup, EcKey},
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private, Public},
    rand::rand_bytes,
    sha::sha256,
    sign::{Signer, Verifier},
    symm::{Cipher, decrypt_aead, encrypt_aead},
};
use service_kit::clock::Clock;
use vinimay::bench::{CryptoOperation, Floor};

use crate::scene::{Messages, Scene};

/// Time given to each round of an operation.
const ROUND: Duration = Duration::from_millis(60);
const ROUNDS: usize = 5;

/// Keys that are ready, and the material of one operation each.
struct Bench {
    clock: Clock,
    group: EcGroup,
    private: PKey<Private>,
    public: PKey<Public>,
    key: [u8; 32],
}

/// Measures everything; a few seconds.
///
/// # Errors
/// If OpenSSL fails, or the scene does not hold.
pub fn measure(clock: &Clock, cores: usize) -> anyhow::Result<Floor> {
    let scene = Scene::new();
    let messages = scene.exchange()?;
    let functions = best(clock, || scene.exchange().map(drop))?;
    Ok(Floor { operations: operations(clock, &messages)?, cores, functions_micros: functions })
}

fn operations(clock: &Clock, messages: &Messages) -> anyhow::Result<Vec<CryptoOperation>> {
    let bench = Bench::new(clock)?;
    let [query, answer, receipt] = [&messages.query.jws(), &messages.answer.answer.jws(), &messages.receipt.jws()]
        .map(|jws| signed_length(jws.as_str()));
    let consent = signed_length(messages.consent.jws.as_str());
    // Seven tokens are verified and four signed; their mean length stands for each.
    let verified = mean(&[query, consent, consent, consent / 4, answer, receipt, receipt]);
    let signed = mean(&[query, answer, receipt, receipt]);
    let binding = messages.consent.binding.as_str().len() * 3 / 4;
    let stored = messages.answer.answer.jws().as_str().len();
    let operation = |name, needed_for, times, micros| CryptoOperation { name, needed_for, times, micros };
    Ok(vec![
        operation("ES256 sign", "query; answer, provider's receipt; consumer's receipt", 4, bench.sign(signed)?),
        operation(
            "ES256 verify",
            "query; consent, binding, key binding; answer, provider's receipt; consumer's receipt at the provider",
            7,
            bench.verify(verified)?,
        ),
        operation("P-256 point check", "the citizen's key", 1, bench.check_point()?),
        operation("ECDH-ES + A256GCM open", "binding presentation; record", 2, bench.open(binding)?),
        operation("ECDH-ES + A256GCM seal", "record", 1, bench.seal(256)?),
        operation(
            "SHA-256",
            "digests of query, answer, receipts, data, consent and binding on both sides",
            14,
            bench.hash(verified)?,
        ),
        operation(
            "HMAC-SHA-256",
            "subject in the receipts; blind indexes of consent, person, issuer; a key for each encrypted column",
            10,
            bench.mac()?,
        ),
        operation(
            "A256GCM column",
            "stored answer; held consent, stored query, stored answer at the consumer",
            4,
            bench.column(stored)?,
        ),
    ])
}

/// What the signature of a compact JWS covers.
fn signed_length(jws: &str) -> usize {
    jws.rsplit_once('.').map_or(0, |(signed, _)| signed.len())
}

fn mean(lengths: &[usize]) -> usize {
    lengths.iter().sum::<usize>() / lengths.len().max(1)
}

/// Microseconds a time, of the best round.
fn best(clock: &Clock, mut operation: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let mut fastest = f64::INFINITY;
    for _ in 0..ROUNDS {
        let (begun, mut times) = (clock.monotonic(), 0_u32);
        let took = loop {
            operation()?;
            times += 1;
            let took = clock.monotonic().saturating_sub(begun);
            if took >= ROUND {
                break took;
            }
        };
        fastest = fastest.min(took.as_secs_f64() * 1_000_000.0 / f64::from(times));
    }
    Ok(fastest)
}

impl Bench {
    fn new(clock: &Clock) -> anyhow::Result<Self> {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
        let key = EcKey::generate(&group)?;
        let public = PKey::from_ec_key(EcKey::from_public_key(&group, key.public_key())?)?;
        let mut content = [0; 32];
        rand_bytes(&mut content)?;
        Ok(Self { clock: clock.clone(), group, private: PKey::from_ec_key(key)?, public, key: content })
    }

    fn sign(&self, length: usize) -> anyhow::Result<f64> {
        let message = vec![7; length];
        best(&self.clock, || {
            black_box(Signer::new(MessageDigest::sha256(), &self.private)?.sign_oneshot_to_vec(&message)?);
            Ok(())
        })
    }

    fn verify(&self, length: usize) -> anyhow::Result<f64> {
        let message = vec![7; length];
        let signature = Signer::new(MessageDigest::sha256(), &self.private)?.sign_oneshot_to_vec(&message)?;
        best(&self.clock, || {
            let good = Verifier::new(MessageDigest::sha256(), &self.public)?.verify_oneshot(&signature, &message)?;
            good.then_some(()).context("the signature verifies")
        })
    }

    fn check_point(&self) -> anyhow::Result<f64> {
        let (mut x, mut y, mut context) = (BigNum::new()?, BigNum::new()?, BigNumContext::new()?);
        self.public.ec_key()?.public_key().affine_coordinates(&self.group, &mut x, &mut y, &mut context)?;
        best(&self.clock, || {
            black_box(EcKey::from_public_key_affine_coordinates(&self.group, &x, &y)?);
            Ok(())
        })
    }

    /// The ephemeral point is checked, the secret agreed, the key derived, the content decrypted.
    fn open(&self, length: usize) -> anyhow::Result<f64> {
        let (mut x, mut y, mut context) = (BigNum::new()?, BigNum::new()?, BigNumContext::new()?);
        EcKey::generate(&self.group)?.public_key().affine_coordinates(&self.group, &mut x, &mut y, &mut context)?;
        let (content, iv, mut tag) = (vec![7; length], [1; 12], [0; 16]);
        let sealed = encrypt_aead(Cipher::aes_256_gcm(), &self.key, Some(&iv), b"", &content, &mut tag)?;
        best(&self.clock, || {
            let ephemeral = PKey::from_ec_key(EcKey::from_public_key_affine_coordinates(&self.group, &x, &y)?)?;
            black_box(agree(&self.private, &ephemeral)?);
            black_box(decrypt_aead(Cipher::aes_256_gcm(), &self.key, Some(&iv), b"", &sealed, &tag)?);
            Ok(())
        })
    }

    fn seal(&self, length: usize) -> anyhow::Result<f64> {
        let content = vec![7; length];
        best(&self.clock, || {
            let ephemeral = PKey::from_ec_key(EcKey::generate(&self.group)?)?;
            let key = agree(&ephemeral, &self.public)?;
            let (mut iv, mut tag) = ([0; 12], [0; 16]);
            rand_bytes(&mut iv)?;
            black_box(encrypt_aead(Cipher::aes_256_gcm(), &key, Some(&iv), b"", &content, &mut tag)?);
            Ok(())
        })
    }

    fn hash(&self, length: usize) -> anyhow::Result<f64> {
        let message = vec![7; length];
        best(&self.clock, || {
            black_box(sha256(&message));
            Ok(())
        })
    }

    fn mac(&self) -> anyhow::Result<f64> {
        let key = PKey::hmac(&self.key)?;
        best(&self.clock, || {
            black_box(Signer::new(MessageDigest::sha256(), &key)?.sign_oneshot_to_vec(&[7; 96])?);
            Ok(())
        })
    }

    fn column(&self, length: usize) -> anyhow::Result<f64> {
        let content = vec![7; length];
        best(&self.clock, || {
            let (mut iv, mut tag) = ([0; 12], [0; 16]);
            rand_bytes(&mut iv)?;
            black_box(encrypt_aead(Cipher::aes_256_gcm(), &self.key, Some(&iv), b"", &content, &mut tag)?);
            Ok(())
        })
    }
}

/// ECDH and one round of the Concat KDF.
fn agree(private: &PKey<Private>, public: &PKey<Public>) -> anyhow::Result<[u8; 32]> {
    let mut deriver = Deriver::new(private)?;
    deriver.set_peer_ex(public, false)?;
    let secret = deriver.derive_to_vec()?;
    Ok(sha256(&[&[0, 0, 0, 1], secret.as_slice(), b"A256GCM"].concat()))
}
