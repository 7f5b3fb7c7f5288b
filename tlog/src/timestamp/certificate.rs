//! X.509 certificates of the authority: making the root and its leaf, and the few fields that a
//! token repeats. Paths are judged in `verify.rs`.

use openssl::{
    asn1::{Asn1Integer, Asn1Time},
    bn::BigNum,
    hash::MessageDigest,
    nid::Nid,
    x509::{
        X509, X509Builder, X509Name,
        extension::{AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectKeyIdentifier},
    },
};
use sha2::{Digest, Sha256};

use super::{
    LibraryError,
    der::{self, DerError, Reader, context, context_primitive},
    key::TsaKey,
    oid,
    token::TokenSerial,
};

/// Largest certificate read, bytes.
const MAX_CERTIFICATE_BYTES: usize = 16 * 1024;

/// One certificate, well-formed DER. Nothing says yet whether it is to be trusted.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CertificateDer(Vec<u8>);

/// What a new certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateSpec<'a> {
    /// Common name of the subject.
    pub common_name: &'a str,
    /// Serial number, unique under its issuer.
    pub serial: TokenSerial,
    /// First second of validity, since 1970.
    pub not_before_unix: i64,
    /// Last second of validity, since 1970.
    pub not_after_unix: i64,
}

/// Why a certificate was not made or not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not one X.509 certificate, or too large.
    #[error("malformed certificate")]
    Malformed,
    /// It may not stamp: extended key usage must be critical and timeStamping alone, key usage
    /// digitalSignature (RFC 3161 §2.3).
    #[error("the certificate is not for time stamping alone")]
    Usage,
    /// The private key is not that of the certificate.
    #[error("the key does not belong to the certificate")]
    ForeignKey,
    /// OpenSSL failed.
    #[error(transparent)]
    Library(#[from] LibraryError),
}

impl From<DerError> for CertificateError {
    fn from(_: DerError) -> Self {
        Self::Malformed
    }
}

impl From<openssl::error::ErrorStack> for CertificateError {
    fn from(_: openssl::error::ErrorStack) -> Self {
        Self::Library(LibraryError)
    }
}

/// The fields of a certificate that tokens name it by, borrowed from its DER.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a> {
    /// Contents of the serial number's INTEGER.
    pub serial: &'a [u8],
    /// The issuer's Name, whole.
    pub issuer: &'a [u8],
    extensions: &'a [u8],
}

impl CertificateDer {
    /// Takes one DER certificate.
    ///
    /// # Errors
    /// [`CertificateError::Malformed`].
    pub fn from_der(bytes: &[u8]) -> Result<Self, CertificateError> {
        if bytes.len() > MAX_CERTIFICATE_BYTES {
            return Err(CertificateError::Malformed);
        }
        let certificate = Self(bytes.to_vec());
        certificate.fields()?;
        certificate.x509().map_err(|_| CertificateError::Malformed)?;
        Ok(certificate)
    }

    /// Reads the first certificate of a PEM file.
    ///
    /// # Errors
    /// [`CertificateError::Malformed`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, CertificateError> {
        let x509 = X509::from_pem(pem).map_err(|_| CertificateError::Malformed)?;
        Self::from_der(&x509.to_der()?)
    }

    /// The PEM file that `openssl ts -verify -CAfile` reads.
    ///
    /// # Errors
    /// [`CertificateError::Library`].
    pub fn to_pem(&self) -> Result<Vec<u8>, CertificateError> {
        Ok(self.x509()?.to_pem()?)
    }

    /// The DER bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn x509(&self) -> Result<X509, LibraryError> {
        Ok(X509::from_der(&self.0)?)
    }

    pub(super) fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }

    /// TBSCertificate up to what is needed (RFC 5280 §4.1).
    pub(super) fn fields(&self) -> Result<Fields<'_>, DerError> {
        let mut tbs = Reader::only(&self.0, der::SEQUENCE)?.nested(der::SEQUENCE)?;
        tbs.optional(context(0))?;
        let serial = tbs.integer()?;
        tbs.element(der::SEQUENCE)?;
        let issuer = tbs.element(der::SEQUENCE)?.whole;
        for _validity_subject_key in 0..3 {
            tbs.element(der::SEQUENCE)?;
        }
        tbs.optional(context_primitive(1))?;
        tbs.optional(context_primitive(2))?;
        let extensions = tbs.optional(context(3))?.map_or(&[][..], |extensions| extensions.value);
        tbs.finish()?;
        Ok(Fields { serial, issuer, extensions })
    }
}

impl std::fmt::Debug for CertificateDer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CertificateDer({})", hex::encode(self.sha256()))
    }
}

impl<'a> Fields<'a> {
    /// Whether it may stamp: RFC 3161 §2.3, and digitalSignature where key usage is limited.
    pub fn check_stamping(&self) -> Result<(), CertificateError> {
        let usage = sole_value(self.extension(oid::EXTENDED_KEY_USAGE)?.filter(|(critical, _)| *critical))?;
        let mut purposes = Reader::only(usage, der::SEQUENCE)?;
        if purposes.value(der::OID)? != oid::TIME_STAMPING || !purposes.is_empty() {
            return Err(CertificateError::Usage);
        }
        let Some((_, usage)) = self.extension(oid::KEY_USAGE)? else { return Ok(()) };
        match Reader::new(usage).value(der::BIT_STRING)? {
            [_unused, bits, ..] if bits & 0x80 != 0 => Ok(()),
            _ => Err(CertificateError::Usage),
        }
    }

    /// Whether an extension is critical, and its contents; twice the same is malformed.
    fn extension(&self, wanted: &[u8]) -> Result<Option<(bool, &'a [u8])>, DerError> {
        if self.extensions.is_empty() {
            return Ok(None);
        }
        let mut list = Reader::only(self.extensions, der::SEQUENCE)?;
        let mut found = None;
        while !list.is_empty() {
            let mut extension = list.nested(der::SEQUENCE)?;
            let oid = extension.value(der::OID)?;
            let critical = extension.default_false()?;
            let value = extension.value(der::OCTET_STRING)?;
            extension.finish()?;
            if oid == wanted && found.replace((critical, value)).is_some() {
                return Err(DerError);
            }
        }
        Ok(found)
    }
}

fn sole_value(extension: Option<(bool, &[u8])>) -> Result<&[u8], CertificateError> {
    extension.map(|(_, value)| value).ok_or(CertificateError::Usage)
}

/// Makes a self-signed root that may sign certificates of authorities and nothing else.
///
/// # Errors
/// [`CertificateError::Library`].
pub fn create_root(key: &TsaKey, spec: &CertificateSpec<'_>) -> Result<CertificateDer, CertificateError> {
    let name = common_name(spec.common_name)?;
    let mut builder = start(key, spec, &name, &name)?;
    builder.append_extension(BasicConstraints::new().critical().ca().pathlen(1).build()?)?;
    builder.append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().build()?)?;
    let identifier = SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None))?;
    builder.append_extension(identifier)?;
    finish(builder, key)
}

/// Makes the certificate of an authority under `root`: critical extended key usage timeStamping
/// alone, key usage digitalSignature.
///
/// # Errors
/// [`CertificateError::ForeignKey`] when `root_key` is not the root's, else
/// [`CertificateError::Library`].
pub fn create_tsa_certificate(
    root: &CertificateDer,
    root_key: &TsaKey,
    tsa_key: &TsaKey,
    spec: &CertificateSpec<'_>,
) -> Result<CertificateDer, CertificateError> {
    let issuer = root.x509()?;
    if !issuer.public_key()?.public_eq(root_key.pkey()) {
        return Err(CertificateError::ForeignKey);
    }
    let subject = common_name(spec.common_name)?;
    let mut builder = start(tsa_key, spec, &subject, issuer.subject_name())?;
    builder.append_extension(BasicConstraints::new().critical().build()?)?;
    builder.append_extension(KeyUsage::new().critical().digital_signature().build()?)?;
    builder.append_extension(ExtendedKeyUsage::new().critical().time_stamping().build()?)?;
    let context = builder.x509v3_context(Some(&issuer), None);
    let own = SubjectKeyIdentifier::new().build(&context)?;
    let above = AuthorityKeyIdentifier::new().keyid(true).build(&context)?;
    builder.append_extension(own)?;
    builder.append_extension(above)?;
    finish(builder, root_key)
}

fn start(
    key: &TsaKey,
    spec: &CertificateSpec<'_>,
    subject: &openssl::x509::X509NameRef,
    issuer: &openssl::x509::X509NameRef,
) -> Result<X509Builder, CertificateError> {
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    let serial = Asn1Integer::from_bn(&*BigNum::from_slice(spec.serial.as_bytes())?)?;
    builder.set_serial_number(&serial)?;
    builder.set_subject_name(subject)?;
    builder.set_issuer_name(issuer)?;
    builder.set_not_before(&*Asn1Time::from_unix(spec.not_before_unix)?)?;
    builder.set_not_after(&*Asn1Time::from_unix(spec.not_after_unix)?)?;
    builder.set_pubkey(key.pkey())?;
    Ok(builder)
}

fn finish(mut builder: X509Builder, key: &TsaKey) -> Result<CertificateDer, CertificateError> {
    builder.sign(key.pkey(), MessageDigest::sha256())?;
    CertificateDer::from_der(&builder.build().to_der()?)
}

fn common_name(text: &str) -> Result<X509Name, CertificateError> {
    let mut name = X509Name::builder()?;
    name.append_entry_by_nid(Nid::COMMONNAME, text)?;
    Ok(name.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(name: &str) -> CertificateSpec<'_> {
        let serial = TokenSerial::new([9; 8], 1);
        CertificateSpec { common_name: name, serial, not_before_unix: 1_700_000_000, not_after_unix: 1_900_000_000 }
    }

    fn pair() -> (CertificateDer, CertificateDer) {
        let (root_key, tsa_key) = (TsaKey::from_secret(&[1; 32]).unwrap(), TsaKey::from_secret(&[2; 32]).unwrap());
        let root = create_root(&root_key, &spec("Test root")).unwrap();
        let tsa = create_tsa_certificate(&root, &root_key, &tsa_key, &spec("Test TSA")).unwrap();
        (root, tsa)
    }

    #[test]
    fn the_leaf_may_stamp_and_the_root_may_not() {
        let (root, tsa) = pair();
        assert_eq!(tsa.fields().unwrap().check_stamping(), Ok(()));
        assert_eq!(root.fields().unwrap().check_stamping(), Err(CertificateError::Usage));
        assert_eq!(tsa.fields().unwrap().issuer, root.fields().unwrap().issuer);
        assert_eq!(CertificateDer::from_pem(&tsa.to_pem().unwrap()), Ok(tsa));
    }

    #[test]
    fn a_root_signs_only_with_its_own_key() {
        let (root, _) = pair();
        let other = TsaKey::from_secret(&[5; 32]).unwrap();
        let made = create_tsa_certificate(&root, &other, &other, &spec("Test TSA"));
        assert_eq!(made, Err(CertificateError::ForeignKey));
    }

    #[test]
    fn bytes_that_are_no_certificate_are_refused() {
        let (root, _) = pair();
        for bytes in [&[][..], &[0x30, 0], &root.as_bytes()[1..], &[root.as_bytes(), &[0]].concat(), &[0; 20_000]] {
            assert_eq!(CertificateDer::from_der(bytes), Err(CertificateError::Malformed));
        }
        assert_eq!(CertificateDer::from_pem(b"no pem"), Err(CertificateError::Malformed));
    }
}
