//! The key that verifies, with its algorithm and id.

use std::{
    fmt,
    sync::{Arc, LazyLock},
};

use josekit::jws::{EdDSA, JwsVerifier};
use openssl::{
    bn::{BigNum, BigNumContext},
    ec::{EcGroup, EcKey, EcKeyRef, EcPoint, PointConversionForm},
    ecdsa::EcdsaSig,
    error::ErrorStack,
    nid::Nid,
    pkey::{HasPublic, Id, PKey, PKeyRef, Public},
};
use schemas::id::KeyId;
use sha2::{Digest as _, Sha256};

use super::{Algorithm, Jwk, KeyError, thumbprint};
use crate::seal::{decode_base64url, encode_base64url};

/// A public key that verifies signatures of exactly one algorithm.
#[derive(Clone)]
pub struct VerifyingKey(Arc<Inner>);

struct Inner {
    algorithm: Algorithm,
    verifier: Verifier,
    jwk: Jwk,
    kid: KeyId,
}

enum Verifier {
    Josekit(Box<dyn JwsVerifier>),
    /// P-256: josekit takes keys as DER alone, whose decoding by OpenSSL 3 costs more than a verification, and most keys of a directory
    /// verify nothing (ADR 0524).
    Point(EcKey<Public>),
}

impl VerifyingKey {
    /// Checks a JWK and takes it for verifying.
    ///
    /// # Errors
    /// If its kind, point, `use`, `alg` or `kid` is wrong.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        let (algorithm, key) = match (jwk.kty.as_str(), jwk.crv.as_str(), &jwk.y) {
            ("EC", "P-256", Some(_)) => (Algorithm::Es256, p256_point(jwk)?),
            ("OKP", "Ed25519", None) => (Algorithm::EdDsa, ed25519_point(jwk)?),
            _ => return Err(KeyError::Unsupported),
        };
        check_use(jwk, "sig", algorithm.as_str())?;
        let kid = check_id(jwk)?;
        Self::new(algorithm, &key, Jwk { kid: Some(kid.clone()), ..jwk.clone() }, kid)
    }

    /// The public half of an OpenSSL key.
    pub(super) fn of(key: &PKeyRef<impl HasPublic>) -> Result<Self, KeyError> {
        let (algorithm, bare) = match key.id() {
            Id::EC => (Algorithm::Es256, p256_jwk(key)?),
            Id::ED25519 => (Algorithm::EdDsa, ed25519_jwk(key)?),
            _ => return Err(KeyError::Unsupported),
        };
        let kid = thumbprint(&bare)?;
        let jwk =
            Jwk { use_: Some("sig".into()), alg: Some(algorithm.as_str().into()), kid: Some(kid.clone()), ..bare };
        Self::new(algorithm, key, jwk, kid)
    }

    fn new(algorithm: Algorithm, key: &PKeyRef<impl HasPublic>, jwk: Jwk, kid: KeyId) -> Result<Self, KeyError> {
        let verifier = match algorithm {
            Algorithm::Es256 => Verifier::Point(public_point(key).map_err(|_| KeyError::InvalidPoint)?),
            Algorithm::EdDsa => {
                let der = key.public_key_to_der().map_err(|_| KeyError::InvalidPoint)?;
                Verifier::Josekit(Box::new(EdDSA.verifier_from_der(der).map_err(|_| KeyError::InvalidPoint)?))
            }
        };
        Ok(Self(Arc::new(Inner { algorithm, verifier, jwk, kid })))
    }

    /// The one algorithm of this key.
    pub fn algorithm(&self) -> Algorithm {
        self.0.algorithm
    }

    /// The RFC 7638 thumbprint.
    pub fn kid(&self) -> &KeyId {
        &self.0.kid
    }

    /// The key as it is published.
    pub fn jwk(&self) -> &Jwk {
        &self.0.jwk
    }

    /// Whether this key made that signature over those bytes. A signature of another length than 64 is refused.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        signature.len() == 64
            && match &self.0.verifier {
                Verifier::Josekit(verifier) => verifier.verify(message, signature).is_ok(),
                Verifier::Point(key) => ecdsa(key, message, signature).unwrap_or(false),
            }
    }
}

/// The public half alone of a key on a curve.
fn public_point(key: &PKeyRef<impl HasPublic>) -> Result<EcKey<Public>, ErrorStack> {
    let key = key.ec_key()?;
    EcKey::from_public_key(key.group(), key.public_key())
}

/// ECDSA over SHA-256 with the 64 bytes `r ‖ s` (RFC 7518 §3.4). OpenSSL refuses values outside 1 to n − 1.
fn ecdsa(key: &EcKeyRef<Public>, message: &[u8], signature: &[u8]) -> Result<bool, ErrorStack> {
    let (r, s) = signature.split_at(32);
    let signature = EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?;
    signature.verify(&Sha256::digest(message), key)
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({} {})", self.0.algorithm.as_str(), self.0.kid)
    }
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.kid == other.0.kid
    }
}

impl Eq for VerifyingKey {}

/// `use` and `alg`, where present, must say what the key is taken for (RFC 7517 §4.2, §4.4).
pub(super) fn check_use(jwk: &Jwk, key_use: &str, alg: &str) -> Result<(), KeyError> {
    let agrees = |said: &Option<String>, meant: &str| said.as_deref().is_none_or(|said| said == meant);
    if agrees(&jwk.use_, key_use) && agrees(&jwk.alg, alg) { Ok(()) } else { Err(KeyError::WrongUse) }
}

/// `kid`, where present, must be the thumbprint.
pub(super) fn check_id(jwk: &Jwk) -> Result<KeyId, KeyError> {
    let kid = thumbprint(jwk)?;
    if jwk.kid.as_ref().is_none_or(|said| *said == kid) { Ok(kid) } else { Err(KeyError::WrongId) }
}

/// OpenSSL checks that both coordinates are in range and the point is on the curve (SEC 1 §2.3.4). The cofactor of
/// P-256 is 1, so that every such point but infinity, which this form cannot write, has the full order: the slow
/// multiplication by the order, which `EC_KEY_check_key` does, would add nothing (NIST SP 800-56A §5.6.2.3.4).
pub(in crate::seal) fn p256_point(jwk: &Jwk) -> Result<PKey<Public>, KeyError> {
    let mut uncompressed = vec![4];
    for coordinate in [Some(&jwk.x), jwk.y.as_ref()] {
        let bytes = coordinate.and_then(|text| decode_base64url(text).ok()).filter(|bytes| bytes.len() == 32);
        uncompressed.extend(bytes.ok_or(KeyError::InvalidPoint)?);
    }
    let group = p256()?;
    let mut context = BigNumContext::new().map_err(|_| KeyError::Failed)?;
    let point = EcPoint::from_bytes(group, &uncompressed, &mut context).map_err(|_| KeyError::InvalidPoint)?;
    let key = EcKey::from_public_key(group, &point).map_err(|_| KeyError::InvalidPoint)?;
    PKey::from_ec_key(key).map_err(|_| KeyError::Failed)
}

/// The curve, made once: OpenSSL takes as long for it as for a third of a verification.
static P256: LazyLock<Result<EcGroup, KeyError>> =
    LazyLock::new(|| EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).map_err(|_| KeyError::Failed));

pub(super) fn p256() -> Result<&'static EcGroup, KeyError> {
    P256.as_ref().map_err(Clone::clone)
}

fn ed25519_point(jwk: &Jwk) -> Result<PKey<Public>, KeyError> {
    let bytes = decode_base64url(&jwk.x).map_err(|_| KeyError::InvalidPoint)?;
    // Points of small order verify signatures over any message (RFC 8032 §5.1.7 leaves that to the caller).
    if bytes.len() != 32 || SMALL_ORDER.contains(&hex::encode(&bytes).as_str()) {
        return Err(KeyError::InvalidPoint);
    }
    PKey::public_key_from_raw_bytes(&bytes, Id::ED25519).map_err(|_| KeyError::InvalidPoint)
}

/// The eight points of small order of Curve25519 in Edwards form, and their second encodings.
const SMALL_ORDER: [&str; 14] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

pub(super) fn p256_jwk(key: &PKeyRef<impl HasPublic>) -> Result<Jwk, KeyError> {
    let ec = key.ec_key().map_err(|_| KeyError::Unsupported)?;
    if ec.group().curve_name() != Some(Nid::X9_62_PRIME256V1) {
        return Err(KeyError::Unsupported);
    }
    let mut context = BigNumContext::new().map_err(|_| KeyError::Failed)?;
    let form = PointConversionForm::UNCOMPRESSED;
    let point = ec.public_key().to_bytes(ec.group(), form, &mut context).map_err(|_| KeyError::InvalidPoint)?;
    // SEC 1 §2.3.3: 04, then both coordinates.
    let [4, coordinates @ ..] = point.as_slice() else { return Err(KeyError::InvalidPoint) };
    let (x, y) = coordinates.split_at_checked(32).ok_or(KeyError::InvalidPoint)?;
    Ok(Jwk {
        kty: "EC".into(),
        crv: "P-256".into(),
        x: encode_base64url(x),
        y: Some(encode_base64url(y)),
        use_: None,
        alg: None,
        kid: None,
        iat: None,
        exp: None,
        revoked: None,
    })
}

fn ed25519_jwk(key: &PKeyRef<impl HasPublic>) -> Result<Jwk, KeyError> {
    let x = key.raw_public_key().map(encode_base64url).map_err(|_| KeyError::Failed)?;
    let (kty, crv) = ("OKP".into(), "Ed25519".into());
    Ok(Jwk { kty, crv, x, y: None, use_: None, alg: None, kid: None, iat: None, exp: None, revoked: None })
}

#[cfg(test)]
mod tests;
