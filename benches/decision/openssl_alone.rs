//! The same verifications and key agreements with OpenSSL and nothing around them.
//!
//! Guarantees: real tokens, real signatures, real ephemeral points. With [`Keys::FromCoordinates`] the points that a message brings
//! along (the citizen's key, the ephemeral key) are read and checked, as whoever receives them must; with [`Keys::Ready`] not even
//! that. Deliberately absent: parsing, hashing beyond what a signature covers, opening what is sealed.

use std::hint::black_box;

use anyhow::Context;
use openssl::{
    bn::{BigNum, BigNumContext},
    derive::Deriver,
    ec::{EcGroup, EcKey, EcPoint},
    ecdsa::EcdsaSig,
    hash::MessageDigest,
    nid::Nid,
    pkey::{PKey, Private, Public},
    sign::Verifier,
};
use protocol::seal::{Jwk, decode_base64url};

/// Which keys are ready.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// Those of members; others are read from their coordinates.
    FromCoordinates,
    /// All.
    Ready,
}

/// What one query makes its receiver do.
#[derive(Clone)]
pub enum Work {
    /// Verify a compact JWS.
    Verify {
        /// The token.
        jws: String,
        /// The key that it should be by.
        key: Jwk,
        /// Whether the message brings the key along.
        brought: bool,
    },
    /// Agree on a key with the ephemeral point of a JWE.
    Agree {
        /// The ephemeral point.
        ephemeral: Jwk,
    },
}

enum Ready {
    Verify { message: Vec<u8>, signature: Vec<u8>, key: PKey<Public>, brought: Option<Coordinates> },
    Agree { ephemeral: PKey<Public>, coordinates: Coordinates },
}

/// An uncompressed point (SEC 1 §2.3.3), as two coordinates come to stand behind one another.
struct Coordinates(Vec<u8>);

/// Everything that the queries of a scene need, in their order.
pub struct OpensslAlone {
    group: EcGroup,
    ours: PKey<Private>,
    work: Vec<Ready>,
    /// Signatures verified in a pass.
    pub verifications: usize,
    /// Key agreements in a pass.
    pub agreements: usize,
}

impl OpensslAlone {
    pub fn new(work: &[Work]) -> anyhow::Result<Self> {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
        // Any private key of the curve agrees as fast as another.
        let ours = PKey::from_ec_key(EcKey::generate(&group)?)?;
        let ready = work.iter().map(|one| one.ready(&group)).collect::<anyhow::Result<Vec<_>>>()?;
        let verifications = work.iter().filter(|one| matches!(one, Work::Verify { .. })).count();
        Ok(Self { group, ours, work: ready, verifications, agreements: work.len() - verifications })
    }

    /// Does all of it once.
    pub fn replay(&self, keys: Keys) -> anyhow::Result<()> {
        for one in &self.work {
            match one {
                Ready::Verify { message, signature, key, brought } => {
                    let read = match brought {
                        Some(point) if keys == Keys::FromCoordinates => Some(point.read(&self.group)?),
                        _ => None,
                    };
                    let key = read.as_ref().unwrap_or(key);
                    black_box(Verifier::new(MessageDigest::sha256(), key)?.verify_oneshot(signature, message)?);
                }
                Ready::Agree { ephemeral, coordinates } => {
                    let read = (keys == Keys::FromCoordinates).then(|| coordinates.read(&self.group)).transpose()?;
                    let mut deriver = Deriver::new(&self.ours)?;
                    deriver.set_peer_ex(read.as_ref().unwrap_or(ephemeral), false)?;
                    black_box(deriver.derive_to_vec()?);
                }
            }
        }
        Ok(())
    }
}

impl Work {
    fn ready(&self, group: &EcGroup) -> anyhow::Result<Ready> {
        match self {
            Self::Agree { ephemeral } => {
                let coordinates = Coordinates::of(ephemeral)?;
                Ok(Ready::Agree { ephemeral: coordinates.read(group)?, coordinates })
            }
            Self::Verify { jws, key, brought } => {
                let (message, signature) = jws.rsplit_once('.').context("a compact JWS")?;
                let signature = decode_base64url(signature)?;
                let (r, s) = signature.split_at_checked(32).context("a signature of 64 bytes")?;
                let signature = EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?;
                let point = Coordinates::of(key)?;
                Ok(Ready::Verify {
                    message: message.as_bytes().to_vec(),
                    signature: signature.to_der()?,
                    key: point.read(group)?,
                    brought: brought.then_some(point),
                })
            }
        }
    }
}

impl Coordinates {
    fn of(jwk: &Jwk) -> anyhow::Result<Self> {
        let y = jwk.y.as_deref().context("a point has two coordinates")?;
        Ok(Self([vec![4], decode_base64url(&jwk.x)?, decode_base64url(y)?].concat()))
    }

    fn read(&self, group: &EcGroup) -> anyhow::Result<PKey<Public>> {
        // That it lies on the curve is checked; more need not be, the cofactor is 1.
        let point = EcPoint::from_bytes(group, &self.0, &mut *BigNumContext::new()?)?;
        Ok(PKey::from_ec_key(EcKey::from_public_key(group, &point)?)?)
    }
}
