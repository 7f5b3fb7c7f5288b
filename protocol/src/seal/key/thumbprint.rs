//! RFC 7638 thumbprints: the id of a key is the SHA-256 over its required members in lexicographic order.

use schemas::id::KeyId;
use sha2::{Digest as _, Sha256};

use super::{Jwk, KeyError};

/// The RFC 7638 SHA-256 thumbprint of an EC or OKP key (RFC 8037 §2 for OKP).
///
/// # Errors
/// If the key is of neither kind or lacks a member.
pub fn thumbprint(jwk: &Jwk) -> Result<KeyId, KeyError> {
    // Members hold only base64url and names checked by the callers: nothing needs escaping.
    let members = match (jwk.kty.as_str(), &jwk.y) {
        ("EC", Some(y)) => format!(r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{y}"}}"#, jwk.crv, jwk.x),
        ("OKP", None) => format!(r#"{{"crv":"{}","kty":"OKP","x":"{}"}}"#, jwk.crv, jwk.x),
        _ => return Err(KeyError::Unsupported),
    };
    crate::seal::encode_base64url(Sha256::digest(members)).parse().map_err(|_| KeyError::Unsupported)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwk(kty: &str, crv: &str, x: &str, y: Option<&str>) -> Jwk {
        Jwk {
            kty: kty.into(),
            crv: crv.into(),
            x: x.into(),
            y: y.map(Into::into),
            use_: None,
            alg: None,
            kid: None,
            iat: None,
            exp: None,
            revoked: None,
        }
    }

    #[test]
    fn the_vector_of_rfc_8037_appendix_a_3() {
        let key = jwk("OKP", "Ed25519", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", None);
        assert_eq!(thumbprint(&key).unwrap().as_str(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn an_ec_key_hashes_its_four_members_in_order() {
        // RFC 7515 A.3's key; the expected value is SHA-256 over the text computed with `openssl dgst`.
        let key = jwk(
            "EC",
            "P-256",
            "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            Some("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"),
        );
        assert_eq!(thumbprint(&key).unwrap().as_str(), "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
    }

    #[test]
    fn other_kinds_have_no_thumbprint_here() {
        assert!(thumbprint(&jwk("RSA", "P-256", "AQAB", None)).is_err());
        assert!(thumbprint(&jwk("EC", "P-256", "AQAB", None)).is_err());
    }
}
