//! Offline verification of a time-stamp token against a message and a pinned root.
//!
//! Guarantees, all of them or an error: the message's hash is the stamped one, the signature
//! covers it, the signing certificate is the one that the signed attributes name, it may stamp and
//! nothing else, and at the stamped time it had a valid path to the pinned root. Deliberately
//! absent: revocation. A token stays as good as its keys; renewal dates it anew.

use openssl::{
    hash::MessageDigest,
    pkey::Id,
    sign::Verifier,
    stack::Stack,
    x509::{X509PurposeId, X509StoreContext, X509VerifyResult, store::X509StoreBuilder, verify::X509VerifyParam},
};

use super::{
    LibraryError,
    certificate::{CertificateDer, CertificateError},
    der::DerError,
    oid::{self, PolicyOid},
    request::HashAlgorithm,
    response::{MAX_RESPONSE_BYTES, Refusal},
    token::{CertificateId, SignedAttributes, Signer, Token, TokenSerial, TstInfo},
};

/// Longest path: leaf, two intermediates, root.
const MAX_INTERMEDIATES: i32 = 2;

/// `X509_V_ERR_CERT_NOT_YET_VALID` and `X509_V_ERR_CERT_HAS_EXPIRED`.
const OUTSIDE_VALIDITY: [i32; 2] = [9, 10];

/// What a good token says. Made by [`verify_token`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedTimestamp {
    /// When the authority saw the hash, seconds since 1970, fractions cut off.
    pub gen_time_unix: i64,
    /// How far its clock may be off, seconds, rounded up; `None` where it does not say.
    pub accuracy_s: Option<u32>,
    /// The token's serial number.
    pub serial: TokenSerial,
    /// The policy it was made under.
    pub policy: PolicyOid,
    /// Contents of the nonce's INTEGER, to compare with the request's.
    pub nonce: Option<Vec<u8>>,
}

/// Why a token was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a time-stamp token, or larger than is read.
    #[error("the token is malformed")]
    Malformed,
    /// A hash or signature algorithm that is not accepted.
    #[error("the token uses an algorithm that is not accepted")]
    Algorithm,
    /// The token stamps another message.
    #[error("the token is for another message")]
    ImprintMismatch,
    /// The signed attributes are not over this content.
    #[error("the token's signed attributes are not over its content")]
    ContentMismatch,
    /// The signing certificate is neither in the token nor given.
    #[error("the certificate that signed the token is not there")]
    NoCertificate,
    /// The certificate may not stamp, or is malformed.
    #[error("the token's certificate was refused")]
    Certificate(#[source] CertificateError),
    /// The signature does not verify.
    #[error("the token's signature does not verify")]
    BadSignature,
    /// A certificate of the path was not valid at the stamped time.
    #[error("a certificate was not valid at the stamped time")]
    OutsideValidity,
    /// No path from the certificate to the pinned root.
    #[error("the token's certificate does not lead to the pinned root")]
    UntrustedPath,
    /// OpenSSL failed.
    #[error(transparent)]
    Library(#[from] LibraryError),
}

impl From<DerError> for TokenError {
    fn from(_: DerError) -> Self {
        Self::Malformed
    }
}

impl From<openssl::error::ErrorStack> for TokenError {
    fn from(_: openssl::error::ErrorStack) -> Self {
        Self::Library(LibraryError)
    }
}

/// Verifies a token (a ContentInfo) over `message`, for a checkpoint the text of its log note.
///
/// `root` is the pinned trust anchor, obtained out of band. `chain` holds certificates that the
/// token may lack: the authority's and intermediates; they need not be trusted.
///
/// # Errors
/// [`TokenError`] by the first thing that fails.
pub fn verify_token(
    token: &[u8],
    message: &[u8],
    root: &CertificateDer,
    chain: &[CertificateDer],
) -> Result<VerifiedTimestamp, TokenError> {
    if token.len() > MAX_RESPONSE_BYTES {
        return Err(TokenError::Malformed);
    }
    let token = Token::parse(token)?;
    let info = TstInfo::parse(token.info).map_err(|refusal| match refusal {
        Refusal::BadAlg => TokenError::Algorithm,
        _ => TokenError::Malformed,
    })?;
    if info.imprint.algorithm.digest(message)? != info.imprint.digest {
        return Err(TokenError::ImprintMismatch);
    }
    let attributes = SignedAttributes::parse(token.signer.attributes)?;
    check_content(&token, &attributes)?;
    let certificates = all_certificates(&token, chain)?;
    let leaf = signing_certificate(&token.signer, &attributes, &certificates)?;
    leaf.fields()?.check_stamping().map_err(TokenError::Certificate)?;
    check_signature(&token.signer, leaf)?;
    check_path(leaf, &certificates, root, info.gen_time_unix)?;
    let TstInfo { gen_time_unix, accuracy_s, serial, policy, nonce, .. } = info;
    Ok(VerifiedTimestamp { gen_time_unix, accuracy_s, serial, policy, nonce })
}

fn check_content(token: &Token<'_>, attributes: &SignedAttributes<'_>) -> Result<(), TokenError> {
    let algorithm = HashAlgorithm::from_oid(token.signer.digest_oid).ok_or(TokenError::Algorithm)?;
    let same = attributes.content_type == oid::TST_INFO && attributes.message_digest == algorithm.digest(token.info)?;
    if same { Ok(()) } else { Err(TokenError::ContentMismatch) }
}

fn all_certificates(token: &Token<'_>, chain: &[CertificateDer]) -> Result<Vec<CertificateDer>, TokenError> {
    let embedded = token.certificates.iter().map(|der| CertificateDer::from_der(der));
    let mut all = embedded.collect::<Result<Vec<_>, _>>().map_err(TokenError::Certificate)?;
    all.extend_from_slice(chain);
    Ok(all)
}

/// The certificate that the signed attributes name by hash, and the signer by issuer and serial.
fn signing_certificate<'a>(
    signer: &Signer<'_>,
    attributes: &SignedAttributes<'_>,
    certificates: &'a [CertificateDer],
) -> Result<&'a CertificateDer, TokenError> {
    let identifier = CertificateId::parse(attributes.signing_certificate)?;
    let algorithm = HashAlgorithm::from_oid(identifier.hash_oid).ok_or(TokenError::Algorithm)?;
    if identifier.issuer_serial.is_some_and(|named| named != (signer.issuer, signer.serial)) {
        return Err(TokenError::NoCertificate);
    }
    for certificate in certificates {
        let fields = certificate.fields()?;
        let named = (fields.issuer, fields.serial) == (signer.issuer, signer.serial);
        if named && algorithm.digest(certificate.as_bytes())? == identifier.hash {
            return Ok(certificate);
        }
    }
    Err(TokenError::NoCertificate)
}

fn check_signature(signer: &Signer<'_>, leaf: &CertificateDer) -> Result<(), TokenError> {
    let (key_type, digest) = signature_algorithm(signer)?;
    let key = leaf.x509()?.public_key()?;
    if key.id() != key_type {
        return Err(TokenError::Algorithm);
    }
    let mut verifier = Verifier::new(digest, &key)?;
    // A malformed ECDSA signature is a library error, not a verdict; both refuse.
    match verifier.verify_oneshot(signer.signature, &signer.signed_bytes()) {
        Ok(true) => Ok(()),
        _ => Err(TokenError::BadSignature),
    }
}

fn signature_algorithm(signer: &Signer<'_>) -> Result<(Id, MessageDigest), TokenError> {
    match signer.signature_oid {
        oid::ECDSA_SHA256 => Ok((Id::EC, MessageDigest::sha256())),
        oid::ECDSA_SHA384 => Ok((Id::EC, MessageDigest::sha384())),
        oid::ECDSA_SHA512 => Ok((Id::EC, MessageDigest::sha512())),
        oid::RSA_SHA256 => Ok((Id::RSA, MessageDigest::sha256())),
        oid::RSA_SHA384 => Ok((Id::RSA, MessageDigest::sha384())),
        oid::RSA_SHA512 => Ok((Id::RSA, MessageDigest::sha512())),
        // CMS lets RSA name its hash by the digest algorithm (RFC 3370 §3.2).
        oid::RSA => {
            let digest = HashAlgorithm::from_oid(signer.digest_oid).ok_or(TokenError::Algorithm)?;
            Ok((Id::RSA, digest.message_digest()))
        }
        _ => Err(TokenError::Algorithm),
    }
}

/// The path to the root alone, for the purpose of time stamping, at the stamped time.
fn check_path(
    leaf: &CertificateDer,
    untrusted: &[CertificateDer],
    root: &CertificateDer,
    at_unix: i64,
) -> Result<(), TokenError> {
    let mut parameters = X509VerifyParam::new()?;
    parameters.set_purpose(X509PurposeId::TIMESTAMP_SIGN)?;
    parameters.set_time(at_unix);
    parameters.set_depth(MAX_INTERMEDIATES);
    let mut store = X509StoreBuilder::new()?;
    store.add_cert(root.x509()?)?;
    store.set_param(&parameters)?;
    let mut stack = Stack::new()?;
    for certificate in untrusted {
        stack.push(certificate.x509()?)?;
    }
    let mut context = X509StoreContext::new()?;
    let (valid, reason) = context
        .init(&store.build(), &*leaf.x509()?, &stack, |context| Ok((context.verify_cert()?, context.error())))?;
    match (valid && reason == X509VerifyResult::OK, OUTSIDE_VALIDITY.contains(&reason.as_raw())) {
        (true, _) => Ok(()),
        (false, true) => Err(TokenError::OutsideValidity),
        (false, false) => Err(TokenError::UntrustedPath),
    }
}
