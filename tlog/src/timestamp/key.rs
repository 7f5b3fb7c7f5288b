//! P-256 keys of the authority and its root: OpenSSL cannot verify Ed25519 inside CMS.

use std::fmt;

use openssl::{
    bn::{BigNum, BigNumContext},
    ec::{EcGroup, EcKey, EcPoint},
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private},
    sign::Signer,
};

use super::LibraryError;

/// Private P-256 key of a time-stamping authority or its root.
#[derive(Clone)]
pub struct TsaKey(PKey<Private>);

impl TsaKey {
    /// The key whose secret number is these 32 big-endian bytes, drawn by the caller.
    ///
    /// # Errors
    /// [`LibraryError`] for zero or a number not below the order of the curve.
    pub fn from_secret(secret: &[u8; 32]) -> Result<Self, LibraryError> {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
        let number = BigNum::from_slice(secret)?;
        let mut order = BigNum::new()?;
        let mut context = BigNumContext::new()?;
        group.order(&mut order, &mut context)?;
        if number >= order || number.num_bits() == 0 {
            return Err(LibraryError);
        }
        let mut public = EcPoint::new(&group)?;
        public.mul_generator2(&group, &number, &mut context)?;
        Self::from_ec(EcKey::from_private_components(&group, &number, &public)?)
    }

    /// Reads a PKCS #8 PEM file.
    ///
    /// # Errors
    /// [`LibraryError`] for anything but a P-256 private key.
    pub fn from_pem(pem: &[u8]) -> Result<Self, LibraryError> {
        Self::from_ec(PKey::private_key_from_pem(pem)?.ec_key()?)
    }

    fn from_ec(key: EcKey<Private>) -> Result<Self, LibraryError> {
        key.check_key()?;
        if key.group().curve_name() != Some(Nid::X9_62_PRIME256V1) {
            return Err(LibraryError);
        }
        Ok(Self(PKey::from_ec_key(key)?))
    }

    /// PKCS #8 PEM, secret: for a key file of its own.
    ///
    /// # Errors
    /// [`LibraryError`].
    pub fn to_pem(&self) -> Result<Vec<u8>, LibraryError> {
        Ok(self.0.private_key_to_pem_pkcs8()?)
    }

    pub(super) fn pkey(&self) -> &PKey<Private> {
        &self.0
    }

    /// ECDSA with SHA-256, DER.
    pub(super) fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, LibraryError> {
        Ok(Signer::new(MessageDigest::sha256(), &self.0)?.sign_oneshot_to_vec(bytes)?)
    }
}

impl fmt::Debug for TsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TsaKey(P-256)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_stored_and_read_back() {
        let key = TsaKey::from_secret(&[3; 32]).unwrap();
        let read = TsaKey::from_pem(&key.to_pem().unwrap()).unwrap();
        assert!(read.pkey().public_eq(key.pkey()));
        assert_eq!(format!("{key:?}"), "TsaKey(P-256)");
    }

    #[test]
    fn numbers_outside_the_curve_and_other_keys_are_refused() {
        assert!(TsaKey::from_secret(&[0; 32]).is_err());
        assert!(TsaKey::from_secret(&[0xff; 32]).is_err());
        let ed25519 = PKey::private_key_from_raw_bytes(&[1; 32], openssl::pkey::Id::ED25519).unwrap();
        assert!(TsaKey::from_pem(&ed25519.private_key_to_pem_pkcs8().unwrap()).is_err());
        let other = EcKey::generate(&EcGroup::from_curve_name(Nid::SECP384R1).unwrap()).unwrap();
        assert!(TsaKey::from_pem(&PKey::from_ec_key(other).unwrap().private_key_to_pem_pkcs8().unwrap()).is_err());
    }
}
