//! Blinded points of P-256: what a private comparison of two sets is made of (Meadows 1986; Huberman, Franklin, Hogg 1999).
//!
//! Guarantees: a point that is read lies on the curve and is not the point at infinity, and P-256 has no smaller subgroup; a secret is
//! drawn by OpenSSL from 1 to n − 1, used for one comparison, never printed, and cleared. Blinding by two secrets gives the same point in
//! either order. Deliberately absent: what is compared, and with whom ([`crate::overlap`]); constant time of [`Blinding::of`] in the
//! hashed value, which is this side's own.

use openssl::{
    bn::{BigNum, BigNumContext},
    ec::{EcGroup, EcPoint, EcPointRef, PointConversionForm},
    error::ErrorStack,
    nid::Nid,
};
use schemas::id::BlindedPoint;
use sha2::{Digest as _, Sha256};

use super::{SealFailed, decode_base64url, encode_base64url, formed};

/// Length of a compressed point, bytes (SEC 1 §2.3.3).
const LENGTH: usize = 33;
/// A hash is a coordinate of a point every second time; that none of so many is has a chance of 2⁻²⁵⁶.
const TRIES: u16 = 256;

/// A blinded value: a point of P-256, compressed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Blinded([u8; LENGTH]);

/// The text is no point of P-256.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a blinded value is a compressed point of P-256, 44 characters of base64url")]
pub struct InvalidBlinded;

impl Blinded {
    /// As it is sent.
    pub fn to_point(self) -> BlindedPoint {
        formed(&encode_base64url(self.0))
    }

    /// Points as they were sent, each found to be one.
    ///
    /// # Errors
    /// [`InvalidBlinded`] if one of them is none.
    pub fn read(points: &[BlindedPoint]) -> Result<Vec<Self>, InvalidBlinded> {
        let mut curve = Curve::new().map_err(|_| InvalidBlinded)?;
        points.iter().map(|point| curve.read(point)).collect()
    }

    /// The compressed point, for a digest over many.
    pub const fn as_bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }
}

// A value under a pseudonym of both sides: it does not print itself.
impl std::fmt::Debug for Blinded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Blinded(…)")
    }
}

struct Curve {
    group: EcGroup,
    context: BigNumContext,
}

impl Curve {
    fn new() -> Result<Self, ErrorStack> {
        Ok(Self { group: EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?, context: BigNumContext::new()? })
    }

    fn read(&mut self, point: &BlindedPoint) -> Result<Blinded, InvalidBlinded> {
        let bytes = decode_base64url(point.as_str()).map_err(|_| InvalidBlinded)?;
        let this = Blinded(bytes.try_into().map_err(|_| InvalidBlinded)?);
        // The point at infinity is one byte, so that no text of this length is it.
        self.point(&this).map(|_| this).map_err(|_| InvalidBlinded)
    }

    /// OpenSSL refuses what is not on the curve.
    fn point(&mut self, blinded: &Blinded) -> Result<EcPoint, ErrorStack> {
        EcPoint::from_bytes(&self.group, &blinded.0, &mut self.context)
    }

    fn times(&mut self, point: &EcPointRef, secret: &BigNum) -> Result<Blinded, ErrorStack> {
        let mut product = EcPoint::new(&self.group)?;
        product.mul2(&self.group, point, secret, &mut self.context)?;
        let bytes = product.to_bytes(&self.group, PointConversionForm::COMPRESSED, &mut self.context)?;
        // A secret below the prime order takes no point to infinity, so that it has its whole length.
        bytes.try_into().map(Blinded).map_err(|_| ErrorStack::get())
    }
}

/// One side's secret of one comparison.
pub struct Blinding(BigNum);

impl std::fmt::Debug for Blinding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Blinding(…)")
    }
}

impl Drop for Blinding {
    fn drop(&mut self) {
        self.0.clear();
    }
}

impl Blinding {
    /// A new secret.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn generate() -> Result<Self, SealFailed> {
        secret().map(Self).map_err(SealFailed::to("draw a secret"))
    }

    /// Values of ours, hashed to the curve and blinded, in their order. Equal values under one context give equal points.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn of<'v>(
        &self,
        context: &[u8],
        values: impl IntoIterator<Item = &'v [u8]>,
    ) -> Result<Vec<Blinded>, SealFailed> {
        let blinded = || {
            let mut curve = Curve::new()?;
            let mut one = |value| {
                let point = hashed(&mut curve, context, value)?;
                curve.times(&point, &self.0)
            };
            values.into_iter().map(&mut one).collect::<Result<Vec<_>, ErrorStack>>()
        };
        blinded().map_err(SealFailed::to("blind a value"))
    }

    /// Values that the other side blinded, blinded again, in their order.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn again(&self, theirs: &[Blinded]) -> Result<Vec<Blinded>, SealFailed> {
        let blinded = || {
            let mut curve = Curve::new()?;
            let mut one = |theirs| {
                let point = curve.point(theirs)?;
                curve.times(&point, &self.0)
            };
            theirs.iter().map(&mut one).collect::<Result<Vec<_>, ErrorStack>>()
        };
        blinded().map_err(SealFailed::to("blind a value again"))
    }
}

fn secret() -> Result<BigNum, ErrorStack> {
    let mut curve = Curve::new()?;
    let (mut order, mut secret) = (BigNum::new()?, BigNum::new_secure()?);
    curve.group.order(&mut order, &mut curve.context)?;
    loop {
        order.rand_range(&mut secret)?;
        if secret.num_bits() > 0 {
            secret.set_const_time();
            return Ok(secret);
        }
    }
}

/// Try and increment: the first of SHA-256(context length ‖ context ‖ counter ‖ value) that is a coordinate of a point. Nobody knows its
/// logarithm.
fn hashed(curve: &mut Curve, context: &[u8], value: &[u8]) -> Result<EcPoint, ErrorStack> {
    let mut last = ErrorStack::get();
    for counter in 0..TRIES {
        let mut hash = Sha256::new();
        hash.update(u64::try_from(context.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(context);
        hash.update(counter.to_be_bytes());
        hash.update(value);
        let mut bytes = [2; LENGTH];
        bytes[1..].copy_from_slice(&hash.finalize());
        match curve.point(&Blinded(bytes)) {
            Ok(point) => return Ok(point),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(secret: &Blinding, context: &[u8], value: &[u8]) -> Blinded {
        secret.of(context, [value]).unwrap()[0]
    }

    fn read(text: &str) -> Result<Vec<Blinded>, InvalidBlinded> {
        Blinded::read(&[text.parse().unwrap()])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn two_secrets_give_one_point_in_either_order(value: Vec<u8>, other: Vec<u8>) {
            let (a, b) = (Blinding::generate().unwrap(), Blinding::generate().unwrap());
            let ab = b.again(&[one(&a, b"context", &value)]).unwrap();
            let ba = a.again(&[one(&b, b"context", &value)]).unwrap();
            prop_assert_eq!(&ab, &ba);
            let differs = a.again(&[one(&b, b"context", &other)]).unwrap();
            prop_assert_eq!(ab == differs, value == other);
            prop_assert_eq!(Blinded::read(&[ab[0].to_point()]), Ok(ab));
        }
    }

    #[test]
    fn one_value_looks_another_in_each_comparison() {
        let (first, second) = (Blinding::generate().unwrap(), Blinding::generate().unwrap());
        assert_ne!(one(&first, b"a", b"R-1"), one(&second, b"a", b"R-1"));
        assert_ne!(one(&first, b"a", b"R-1"), one(&first, b"b", b"R-1"));
        assert_eq!(one(&first, b"a", b"R-1"), one(&first, b"a", b"R-1"));
    }

    #[test]
    fn pages_keep_their_order() {
        let (ours, theirs) = (Blinding::generate().unwrap(), Blinding::generate().unwrap());
        let values: [&[u8]; 3] = [b"R-1", b"R-2", b"R-3"];
        let page = ours.of(b"c", values).unwrap();
        assert_eq!(page, values.map(|value| one(&ours, b"c", value)));
        let each = page.iter().flat_map(|point| theirs.again(std::slice::from_ref(point)).unwrap());
        assert_eq!(theirs.again(&page).unwrap(), each.collect::<Vec<_>>());
    }

    #[test]
    fn what_is_no_point_is_not_read() {
        let good = one(&Blinding::generate().unwrap(), b"c", b"R-1");
        let mut off_the_curve = [0xff; LENGTH];
        off_the_curve[0] = 2;
        let mut uncompressed = good.0;
        uncompressed[0] = 4;
        let mut infinity = [0; LENGTH];
        assert!(read(good.to_point().as_str()).is_ok());
        for bad in [off_the_curve, uncompressed, infinity] {
            assert_eq!(read(&encode_base64url(bad)), Err(InvalidBlinded));
        }
        infinity[0] = 2;
        // x = 0 lies on P-256, for b is a square: a point like any other, of the whole prime order.
        assert!(read(&encode_base64url(infinity)).is_ok());
        for short in [&good.0[..32], &[0]] {
            assert!(encode_base64url(short).parse::<BlindedPoint>().is_err());
        }
        assert!(!format!("{good:?}").contains(good.to_point().as_str()));
        // A page with one that is none is no page.
        let page = [good.to_point(), encode_base64url(off_the_curve).parse().unwrap()];
        assert_eq!(Blinded::read(&page), Err(InvalidBlinded));
    }
}
