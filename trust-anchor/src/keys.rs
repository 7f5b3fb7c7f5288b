//! The anchor's keys as files: made once by `init`, read at each start, never printed.
//!
//! Guarantees: private keys are in files of mode 0600 that are never overwritten; what is read fits together
//! (certificate and key, log key and origin). Deliberately absent: hardware tokens, rotation of the log key (the
//! next log has the next key).

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use protocol::seal::{
    Algorithm, Jwk, KeyError, SigningKey, VerifyingKey,
    certificate::{HostName, TlsIdentity},
    random,
};
use schemas::{federation::OfficerJwk, time::Timestamp};
use service_kit::secret::{SecretError, SecretFile};
use tlog::{
    note,
    timestamp::{
        CertificateDer, CertificateError, CertificateSpec, DEFAULT_POLICY, TokenSerial, Tsa, TsaKey, create_root,
        create_tsa_certificate,
    },
};

use crate::config::{AnchorConfig, OfficerFile};

const YEAR: i64 = 31_556_952;
/// How far our clock may be from UTC, seconds, as stated in time stamps.
const ACCURACY_SECONDS: u32 = 1;
/// The role under which the authority's officers sign.
pub(crate) const REGISTER_ROLE: &str = "register";

/// Everything the running anchor signs with.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Signs the entity configuration and the subordinate statements.
    pub federation: SigningKey,
    /// Signs acknowledgements.
    pub signing: SigningKey,
    /// Signs checkpoints; its name is the log's origin.
    pub log: note::SigningKey,
    /// Signs time stamps.
    pub tsa: Tsa,
    /// What verifiers of time stamps pin.
    pub tsa_root: CertificateDer,
    /// What the listener shows.
    pub tls: TlsIdentity,
    /// Public keys of the officers.
    pub officers: Vec<OfficerJwk>,
}

/// Keys could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A private key's file was refused.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A public file cannot be read or written.
    #[error("{path}: {source}; mend: restore the key files that `vinimay anchor init` made")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file does not hold what its name says.
    #[error("{path} does not hold {what}; mend: restore the file that `vinimay anchor init` made")]
    Content {
        /// The file.
        path: PathBuf,
        /// What was expected.
        what: &'static str,
    },
    /// A key could not be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A certificate of the time-stamp authority could not be made.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A note key could not be made.
    #[error("the log's key could not be made")]
    LogKey,
    /// The name of an officer cannot name a file.
    #[error("`{0}` cannot name an officer; mend: use letters, digits and hyphens")]
    OfficerName(String),
}

/// Makes every key that is not there yet into `folder`, which `init` has found empty.
pub(crate) fn create(
    config: &AnchorConfig,
    origin: &note::KeyName,
    officers: &[String],
    now: Timestamp,
) -> Result<(), KeysError> {
    let folder = config.keys_dir();
    let at = |name: &str| folder.join(name);
    create_folder(&at("officers"))?;
    SecretFile::write(&at("federation.pem"), &SigningKey::generate(Algorithm::Es256)?.to_pem()?)?;
    SecretFile::write(&at("signing.pem"), &SigningKey::generate(Algorithm::Es256)?.to_pem()?)?;
    let log = note::SigningKey::from_seed(origin.clone(), &random::bytes()).map_err(|_| KeysError::LogKey)?;
    SecretFile::write(&at("log.skey"), log.to_skey().map_err(|_| KeysError::LogKey)?.as_bytes())?;
    create_tsa(&folder, config.authority(), now)?;
    if config.tls.is_none() {
        create_tls(&folder, config, now)?;
    }
    officers.iter().try_for_each(|person| create_officer(&folder, person))
}

fn create_folder(path: &Path) -> Result<(), KeysError> {
    use std::os::unix::fs::DirBuilderExt;
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| KeysError::Io { path: path.to_owned(), source })
}

fn create_tsa(folder: &Path, authority: &str, now: Timestamp) -> Result<(), KeysError> {
    let (root_key, key) = (new_tsa_key(), new_tsa_key());
    let spec = |common_name, counter, years: i64| CertificateSpec {
        common_name,
        serial: TokenSerial::new(random::bytes(), counter),
        // An hour before, so that a verifier whose clock is a little late accepts the first token.
        not_before_unix: now.seconds() - 3_600,
        not_after_unix: now.seconds().saturating_add(years * YEAR),
    };
    let short: String = authority.chars().take(40).collect();
    let (root_name, name) = (format!("{short} time-stamp root"), format!("{short} time stamps"));
    let root = create_root(&root_key, &spec(&root_name, 1, 20))?;
    let leaf = create_tsa_certificate(&root, &root_key, &key, &spec(&name, 2, 10))?;
    SecretFile::write(&folder.join("tsa-root.key.pem"), &root_key.to_pem().map_err(CertificateError::from)?)?;
    SecretFile::write(&folder.join("tsa.key.pem"), &key.to_pem().map_err(CertificateError::from)?)?;
    write_public(&folder.join("tsa-root.pem"), &root.to_pem()?)?;
    write_public(&folder.join("tsa.pem"), &leaf.to_pem()?)
}

fn new_tsa_key() -> TsaKey {
    loop {
        // All but one in 2^32 random numbers are below the order of the curve.
        if let Ok(key) = TsaKey::from_secret(&random::bytes()) {
            return key;
        }
    }
}

fn create_tls(folder: &Path, config: &AnchorConfig, now: Timestamp) -> Result<(), KeysError> {
    let hosts: Vec<HostName> = config.host().into_iter().collect();
    // A year: rotation is a manual act of the authority until it is automated.
    let identity = TlsIdentity::self_signed(config.entity.as_str(), &hosts, now.plus(-3_600), now.plus(YEAR))?;
    SecretFile::write(&folder.join("tls.key.pem"), &identity.key_to_pem()?)?;
    write_public(&folder.join("tls.pem"), &identity.certificate().to_pem()?)
}

fn create_officer(folder: &Path, person: &str) -> Result<(), KeysError> {
    check_person(person)?;
    let key = SigningKey::generate(Algorithm::Es256)?;
    let folder = folder.join("officers");
    SecretFile::write(&folder.join(format!("{person}.pem")), &key.to_pem()?)?;
    let path = folder.join(format!("{person}.jwk"));
    let json = serde_json::to_vec_pretty(key.public().jwk());
    write_public(&path, &json.map_err(|_| KeysError::Content { path: path.clone(), what: "a JWK" })?)
}

pub(crate) fn check_person(person: &str) -> Result<(), KeysError> {
    let valid = (1..=64).contains(&person.len()) && person.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if valid { Ok(()) } else { Err(KeysError::OfficerName(person.to_owned())) }
}

fn write_public(path: &Path, content: &[u8]) -> Result<(), KeysError> {
    fs::write(path, content).map_err(|source| KeysError::Io { path: path.to_owned(), source })
}

impl Keys {
    /// Reads what `init` made.
    ///
    /// # Errors
    /// [`KeysError`], naming the file.
    pub fn load(config: &AnchorConfig) -> Result<Self, KeysError> {
        let folder = config.keys_dir();
        let (tsa, tsa_root) = load_tsa(&folder)?;
        Ok(Self {
            federation: load_signing(&folder.join("federation.pem"))?,
            signing: load_signing(&folder.join("signing.pem"))?,
            log: load_log(&folder.join("log.skey"))?,
            tsa,
            tsa_root,
            tls: load_tls(&folder, config)?,
            officers: load_officers(&folder, &config.officers)?,
        })
    }
}

/// Reads a private JOSE key: PKCS#8 PEM, mode 0600.
///
/// # Errors
/// [`KeysError`], naming the file.
pub fn load_signing(path: &Path) -> Result<SigningKey, KeysError> {
    let pem = SecretFile::read(path)?;
    SigningKey::from_pem(pem.expose()).map_err(|_| KeysError::Content { path: path.to_owned(), what: "a private key" })
}

fn load_log(path: &Path) -> Result<note::SigningKey, KeysError> {
    let text = SecretFile::read(path)?;
    let parsed = std::str::from_utf8(text.expose()).ok().and_then(|text| text.trim().parse().ok());
    parsed.ok_or(KeysError::Content { path: path.to_owned(), what: "the log's key" })
}

fn load_tsa(folder: &Path) -> Result<(Tsa, CertificateDer), KeysError> {
    let content = |name: &str, what| KeysError::Content { path: folder.join(name), what };
    let certificate = |name: &str| {
        CertificateDer::from_pem(&read_public(&folder.join(name))?).map_err(|_| content(name, "a certificate"))
    };
    let key = SecretFile::read(&folder.join("tsa.key.pem"))?;
    let key = TsaKey::from_pem(key.expose()).map_err(|_| content("tsa.key.pem", "a P-256 key"))?;
    let policy = DEFAULT_POLICY.parse().map_err(|_| content("tsa.pem", "a policy"))?;
    let tsa = Tsa::new(key, certificate("tsa.pem")?, Vec::new(), policy, ACCURACY_SECONDS)?;
    Ok((tsa, certificate("tsa-root.pem")?))
}

fn load_tls(folder: &Path, config: &AnchorConfig) -> Result<TlsIdentity, KeysError> {
    let (certificate, key) = tls_files(folder, config);
    let secret = SecretFile::read(&key)?;
    TlsIdentity::from_pem(&read_public(&certificate)?, secret.expose())
        .map_err(|_| KeysError::Content { path: certificate, what: "the certificate of the TLS key" })
}

/// Where the listener's certificate and key are.
pub(crate) fn tls_files(folder: &Path, config: &AnchorConfig) -> (PathBuf, PathBuf) {
    match &config.tls {
        Some(files) => (files.certificate.resolve(), files.key.resolve()),
        None => (folder.join("tls.pem"), folder.join("tls.key.pem")),
    }
}

fn load_officers(folder: &Path, named: &[OfficerFile]) -> Result<Vec<OfficerJwk>, KeysError> {
    let folder = folder.join("officers");
    let listing = fs::read_dir(&folder).map_err(|source| KeysError::Io { path: folder.clone(), source })?;
    let mut files: Vec<(String, PathBuf)> = listing
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "jwk"))
        .filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), path)))
        .collect();
    files.extend(named.iter().map(|officer| (officer.person.clone(), officer.jwk.resolve())));
    files.sort();
    files.into_iter().map(|(person, path)| load_officer(person, &path)).collect()
}

fn load_officer(person: String, path: &Path) -> Result<OfficerJwk, KeysError> {
    check_person(&person)?;
    let wrong = || KeysError::Content { path: path.to_owned(), what: "a public JWK" };
    let jwk: Jwk = serde_json::from_slice(&read_public(path)?).map_err(|_| wrong())?;
    let key = VerifyingKey::from_jwk(&jwk).map_err(|_| wrong())?;
    Ok(OfficerJwk { person, role: REGISTER_ROLE.to_owned(), jwk: key.jwk().clone() })
}

fn read_public(path: &Path) -> Result<Vec<u8>, KeysError> {
    fs::read(path).map_err(|source| KeysError::Io { path: path.to_owned(), source })
}
