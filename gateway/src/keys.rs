//! The department's keys: made once by `init`, read from files that only this user can read.
//!
//! Guarantees: private keys stand in files of mode 0600, never in configuration, environment or logs. The federation key is
//! read only by `init` and `join`; a running gateway does not hold it (protocol, "Keys of a member": kept off line).

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use protocol::seal::{
    Algorithm, DecryptionKey, SigningKey, certificate::TlsIdentity, envelope::KeyRing, keyed_hash::MacKey,
};
use schemas::id::Sector;
use service_kit::secret::{SecretError, SecretFile};

/// The keys of a running gateway.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Signs messages and records.
    pub signing: SigningKey,
    /// Opens what is sealed to us; the current one first, old ones until the last consent that may use them has ended.
    pub encryption: Vec<DecryptionKey>,
    /// The certificate of our listeners and of our calls.
    pub tls: TlsIdentity,
    /// Makes `subject` of receipts.
    pub subject_mac: MacKey,
    /// Encrypts columns with personal data.
    pub columns: KeyRing,
    /// Finds encrypted columns.
    pub index: MacKey,
    /// Identity registry: K_sector of each sector.
    pub sectors: BTreeMap<Sector, MacKey>,
}

/// A key file is missing, readable by others, or not a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file cannot be read, or others can read it too.
    #[error(transparent)]
    File(#[from] SecretError),
    /// The file holds something else.
    #[error(
        "{path} does not hold {what}; restore it from the backup of keys, or run `vinimay gateway init` in an empty folder"
    )]
    Content {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// A key could not be made.
    #[error("a key could not be made: {0}")]
    Making(#[source] protocol::seal::KeyError),
    /// There are keys already.
    #[error("{path} exists already: this gateway has been initialised; to start over, move the folder away first")]
    Exists {
        /// The file in the way.
        path: PathBuf,
    },
}

/// The folder with the key files.
#[derive(Clone, Debug)]
pub struct KeyFolder(PathBuf);

impl KeyFolder {
    /// Names a folder; nothing is read yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Makes all keys. Refuses if any file is there already.
    ///
    /// # Errors
    /// If a key exists, cannot be made or cannot be written.
    pub fn create(&self, tls: &TlsIdentity, sectors: &[Sector]) -> Result<(), KeyFileError> {
        let federation = SigningKey::generate(Algorithm::Es256).map_err(KeyFileError::Making)?;
        let signing = SigningKey::generate(Algorithm::Es256).map_err(KeyFileError::Making)?;
        let encryption = DecryptionKey::generate().map_err(KeyFileError::Making)?;
        let mut files: Vec<(String, Vec<u8>)> = vec![
            ("federation.pem".into(), federation.to_pem().map_err(KeyFileError::Making)?.to_vec()),
            ("signing.pem".into(), signing.to_pem().map_err(KeyFileError::Making)?.to_vec()),
            ("encryption.pem".into(), encryption.to_pem().map_err(KeyFileError::Making)?.to_vec()),
            ("tls.key.pem".into(), tls.key_to_pem().map_err(KeyFileError::Making)?.to_vec()),
            ("tls.pem".into(), tls.certificate().to_pem().map_err(KeyFileError::Making)?),
            ("subject-mac.key".into(), MacKey::generate().to_text().as_bytes().to_vec()),
            ("columns.keys".into(), KeyRing::generate().to_text().as_bytes().to_vec()),
            ("index.key".into(), MacKey::generate().to_text().as_bytes().to_vec()),
        ];
        for sector in sectors {
            files.push((sector_file(sector), MacKey::generate().to_text().as_bytes().to_vec()));
        }
        if let Some((name, _)) = files.iter().find(|(name, _)| self.file(name).exists()) {
            return Err(KeyFileError::Exists { path: self.file(name) });
        }
        for (name, content) in files {
            SecretFile::write(&self.file(&name), &content)?;
        }
        Ok(())
    }

    /// Reads what a running gateway needs.
    ///
    /// # Errors
    /// Naming the file, with the mend.
    pub fn load(&self, sectors: &[Sector]) -> Result<Keys, KeyFileError> {
        let sectors = sectors
            .iter()
            .map(|sector| Ok((sector.clone(), self.mac(&sector_file(sector))?)))
            .collect::<Result<_, KeyFileError>>()?;
        Ok(Keys {
            signing: self.read("signing.pem", "a signing key", |b| SigningKey::from_pem(b).ok())?,
            encryption: self.decryption_keys()?,
            tls: self.tls()?,
            subject_mac: self.mac("subject-mac.key")?,
            columns: self.read("columns.keys", "a ring of column keys", |b| KeyRing::from_text(text(b)?).ok())?,
            index: self.mac("index.key")?,
            sectors,
        })
    }

    /// The federation key, for `init` and `join` alone.
    ///
    /// # Errors
    /// Naming the file, with the mend.
    pub fn federation(&self) -> Result<SigningKey, KeyFileError> {
        self.read("federation.pem", "a federation key", |b| SigningKey::from_pem(b).ok())
    }

    /// `encryption.pem`, then `encryption-old-*.pem`, which are kept while a consent may still need them.
    fn decryption_keys(&self) -> Result<Vec<DecryptionKey>, KeyFileError> {
        let mut names = vec!["encryption.pem".to_owned()];
        if let Ok(entries) = std::fs::read_dir(&self.0) {
            let mut old: Vec<String> = entries
                .flatten()
                .filter_map(|e| e.file_name().into_string().ok())
                .filter(|n| n.starts_with("encryption-old-"))
                .collect();
            old.sort_unstable_by(|a, b| b.cmp(a));
            names.append(&mut old);
        }
        names.iter().map(|n| self.read(n, "an encryption key", |b| DecryptionKey::from_pem(b).ok())).collect()
    }

    fn tls(&self) -> Result<TlsIdentity, KeyFileError> {
        let certificate = SecretFile::read(&self.file("tls.pem"))?;
        self.read("tls.key.pem", "the key of tls.pem", |b| TlsIdentity::from_pem(certificate.expose(), b).ok())
    }

    fn mac(&self, name: &str) -> Result<MacKey, KeyFileError> {
        self.read(name, "a key of 32 bytes in base64url", |b| MacKey::from_text(text(b)?).ok())
    }

    fn read<T>(&self, name: &str, what: &'static str, parse: impl Fn(&[u8]) -> Option<T>) -> Result<T, KeyFileError> {
        let path = self.file(name);
        let content = SecretFile::read(&path)?;
        parse(content.expose()).ok_or(KeyFileError::Content { path, what })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

fn sector_file(sector: &Sector) -> String {
    format!("sector-{sector}.key")
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::time::Timestamp;

    fn identity() -> TlsIdentity {
        let now: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        TlsIdentity::self_signed("test", &["localhost".parse().unwrap()], now, now.plus(86_400)).unwrap()
    }

    #[test]
    fn keys_that_were_made_are_read_back_once_and_not_made_again() {
        let home = tempfile::tempdir().unwrap();
        let folder = KeyFolder::new(home.path().join("keys"));
        let sectors = vec!["revenue".parse().unwrap()];
        std::fs::create_dir(folder.path()).unwrap();
        folder.create(&identity(), &sectors).unwrap();
        let keys = folder.load(&sectors).unwrap();
        assert_eq!(keys.sectors.len(), 1);
        assert_eq!(folder.load(&[]).unwrap().signing.kid(), keys.signing.kid());
        assert_ne!(folder.federation().unwrap().kid(), keys.signing.kid());
        assert!(matches!(folder.create(&identity(), &sectors), Err(KeyFileError::Exists { .. })));
    }

    #[test]
    fn a_file_that_holds_no_key_is_named() {
        let home = tempfile::tempdir().unwrap();
        let folder = KeyFolder::new(home.path());
        folder.create(&identity(), &[]).unwrap();
        std::fs::write(home.path().join("subject-mac.key"), "no key").unwrap();
        let error = folder.load(&[]).unwrap_err().to_string();
        assert!(error.contains("subject-mac.key") && error.contains("base64url"), "{error}");
    }
}
