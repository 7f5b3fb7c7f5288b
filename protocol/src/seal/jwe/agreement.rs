//! ECDH-ES in direct mode: the content key is agreed, not sent (RFC 7518 §4.6; NIST SP 800-56A §5.8.1).

use openssl::{
    derive::Deriver,
    error::ErrorStack,
    pkey::{PKeyRef, Private, Public},
};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{ENC, front::Parties};

/// The 256-bit key for A256GCM.
///
/// `public` was read by `key::p256_point`, which checked it; OpenSSL need not check again.
pub(super) fn content_key(
    private: &PKeyRef<Private>,
    public: &PKeyRef<Public>,
    parties: &Parties,
) -> Result<Zeroizing<[u8; 32]>, ErrorStack> {
    Ok(concat_kdf(&shared_secret(private, public)?, ENC, &parties.apu, &parties.apv, 256))
}

fn shared_secret(private: &PKeyRef<Private>, public: &PKeyRef<Public>) -> Result<Zeroizing<Vec<u8>>, ErrorStack> {
    let mut deriver = Deriver::new(private)?;
    deriver.set_peer_ex(public, false)?;
    deriver.derive_to_vec().map(Zeroizing::new)
}

/// One round of the Concat KDF with SHA-256, which is all that a key of up to 256 bits needs.
fn concat_kdf(secret: &[u8], algorithm: &str, apu: &[u8], apv: &[u8], bits: u32) -> Zeroizing<[u8; 32]> {
    let mut hash = Sha256::new();
    hash.update(1_u32.to_be_bytes());
    hash.update(secret);
    for info in [algorithm.as_bytes(), apu, apv] {
        // Names and party information are shorter than 4 GB: constants here, a few bytes in the tests.
        hash.update(u32::try_from(info.len()).unwrap_or(u32::MAX).to_be_bytes());
        hash.update(info);
    }
    hash.update(bits.to_be_bytes());
    Zeroizing::new(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use openssl::{
        bn::BigNum,
        ec::{EcGroup, EcKey, EcPoint},
        nid::Nid,
        pkey::PKey,
    };

    use super::*;
    use crate::seal::{decode_base64url, encode_base64url, key::p256_point};

    /// RFC 7518, appendix C: Alice's ephemeral key, Bob's key, and what they agree on.
    #[test]
    fn the_vector_of_rfc_7518_appendix_c() {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let scalar =
            BigNum::from_slice(&decode_base64url("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo").unwrap()).unwrap();
        let mut context = openssl::bn::BigNumContext::new().unwrap();
        let mut point = EcPoint::new(&group).unwrap();
        point.mul_generator2(&group, &scalar, &mut context).unwrap();
        let alice = PKey::from_ec_key(EcKey::from_private_components(&group, &scalar, &point).unwrap()).unwrap();
        let bob = p256_point(
            &serde_json::from_str(
                r#"{"kty":"EC","crv":"P-256","x":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
                    "y":"e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck"}"#,
            )
            .unwrap(),
        )
        .unwrap();
        let secret = shared_secret(&alice, &bob).unwrap();
        let key = concat_kdf(&secret, "A128GCM", b"Alice", b"Bob", 128);
        assert_eq!(encode_base64url(&key[..16]), "VqqN6vgjbSBcIijNcacQGg");
    }
}
