//! The wallet's folder: settings, keys, bindings, what was shown, consents with their orders.
//!
//! Guarantees: folder 0700, files 0600, each replaced as a whole, so that a crash leaves the old or the new one. Keys are
//! written before anything that names them.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use protocol::seal::SigningKey;
use schemas::{
    bundle::TrustRoot,
    consent::ConsentStatus,
    id::{CompactJws, ConsentId, EntityId, KeyId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use service_kit::{http_client::NetworkPolicy, secret::SecretFile};

use super::WalletError;

const SETTINGS: &str = "wallet.json";
const BINDINGS: &str = "bindings.json";
const CONSENTS: &str = "consents";
const SHOWN: &str = "shown";
const KEYS: &str = "keys";

/// What the wallet was made with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The pinned root.
    pub root: TrustRoot,
    /// Private networks to which it may connect, in CIDR form.
    pub allow_networks: Vec<String>,
}

impl Settings {
    /// Where connections may go.
    ///
    /// # Errors
    /// If an entry is no network.
    pub fn networks(&self) -> Result<NetworkPolicy, WalletError> {
        NetworkPolicy::parse(self.allow_networks.iter().map(String::as_str)).map_err(WalletError::Usage)
    }
}

/// What a key and its binding are for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Use {
    /// For one department that asks.
    Consumer(EntityId),
    /// For departments that only answer: history and links.
    General,
    /// For a department that will come to ask; given to it at its first request.
    Spare,
}

/// A key's binding.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BoundKey {
    /// The key.
    pub kid: KeyId,
    /// What it is for.
    pub purpose: Use,
    /// The registry that issued the binding.
    pub registry: EntityId,
    /// The binding with all its disclosures.
    pub token: String,
}

/// A request as it was shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShownRequest {
    /// The link.
    pub link: String,
    /// The signed request.
    pub object: CompactJws,
    /// The nonce that it must hold.
    pub wallet_nonce: String,
    /// `hi` or `en`.
    pub language: String,
    /// When.
    pub shown_at: Timestamp,
}

/// An order and who has not acknowledged it yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SentOrder {
    /// The order.
    pub order: CompactJws,
    /// Who has not.
    pub pending: Vec<EntityId>,
    /// Who has, and how.
    pub acknowledged: Vec<(EntityId, CompactJws)>,
}

/// A consent that she gave.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeptConsent {
    /// The consent.
    pub consent: CompactJws,
    /// The key that signed it.
    pub kid: KeyId,
    /// Who may ask.
    pub consumer: EntityId,
    /// Who may answer.
    pub provider: EntityId,
    /// The card's text.
    pub text: String,
    /// Whether the asker said that it has it.
    pub delivered: bool,
    /// What she ordered last.
    pub status: ConsentStatus,
    /// Number of the last order.
    pub n: u32,
    /// Her orders, oldest first.
    pub orders: Vec<SentOrder>,
}

/// The wallet's folder.
#[derive(Clone, Debug)]
pub struct Home(PathBuf);

impl Home {
    /// Names a folder; nothing is read yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Makes a new wallet.
    ///
    /// # Errors
    /// If there is one already, or the folder cannot be written.
    pub fn create(&self, settings: &Settings) -> Result<(), WalletError> {
        if self.0.join(SETTINGS).exists() {
            let problem = "there is a wallet already; mend: name another --home, or move this one away".to_owned();
            return Err(WalletError::File { path: self.0.clone(), problem });
        }
        for folder in [self.0.clone(), self.0.join(KEYS), self.0.join(CONSENTS), self.0.join(SHOWN)] {
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
            made.map_err(|error| file(&folder, error))?;
        }
        self.write(SETTINGS, settings)
    }

    /// What it was made with.
    ///
    /// # Errors
    /// If there is no wallet.
    pub fn settings(&self) -> Result<Settings, WalletError> {
        self.read(SETTINGS)?.ok_or_else(|| WalletError::File {
            path: self.0.clone(),
            problem: "there is no wallet; mend: run `vinimay wallet init`, or name its folder with --home".to_owned(),
        })
    }

    pub(super) fn key_insert(&self, key: &SigningKey) -> Result<(), WalletError> {
        Ok(SecretFile::write(&self.key_file(key.kid()), &key.to_pem()?)?)
    }

    pub(super) fn key(&self, kid: &KeyId) -> Result<SigningKey, WalletError> {
        let pem = SecretFile::read(&self.key_file(kid))?;
        Ok(SigningKey::from_pem(pem.expose())?)
    }

    fn key_file(&self, kid: &KeyId) -> PathBuf {
        self.0.join(KEYS).join(format!("{kid}.pem"))
    }

    pub(super) fn bindings(&self) -> Result<Vec<BoundKey>, WalletError> {
        Ok(self.read(BINDINGS)?.unwrap_or_default())
    }

    pub(super) fn bindings_replace(&self, bindings: &[BoundKey]) -> Result<(), WalletError> {
        self.write(BINDINGS, &bindings)
    }

    pub(super) fn shown(&self, link: &str) -> Result<Option<ShownRequest>, WalletError> {
        let shown: Option<ShownRequest> = self.read(&shown_file(link))?;
        Ok(shown.filter(|shown| shown.link == link))
    }

    pub(super) fn shown_insert(&self, shown: &ShownRequest) -> Result<(), WalletError> {
        self.write(&shown_file(&shown.link), shown)
    }

    pub(super) fn consent(&self, id: &ConsentId) -> Result<Option<KeptConsent>, WalletError> {
        self.read(&consent_file(id))
    }

    pub(super) fn consent_replace(&self, id: &ConsentId, kept: &KeptConsent) -> Result<(), WalletError> {
        self.write(&consent_file(id), kept)
    }

    /// The ids of all consents.
    pub(super) fn consents(&self) -> Result<Vec<ConsentId>, WalletError> {
        let folder = self.0.join(CONSENTS);
        let entries = fs::read_dir(&folder).map_err(|error| file(&folder, error))?;
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let mut ids: Vec<ConsentId> =
            names.filter_map(|name| format!("urn:uuid:{}", name.strip_suffix(".json")?).parse().ok()).collect();
        ids.sort_unstable();
        Ok(ids)
    }

    pub(super) fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, WalletError> {
        let path = self.0.join(name);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| file(&path, error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(file(&path, error)),
        }
    }

    pub(super) fn write(&self, name: &str, value: &impl Serialize) -> Result<(), WalletError> {
        let path = self.0.join(name);
        let bytes = serde_json::to_vec_pretty(value).map_err(|error| file(&path, error))?;
        replace(&path, &bytes).map_err(|error| file(&path, error))
    }
}

/// Writes beside, then moves over: a reader sees the old file or the new one.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let mut new = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    new.write_all(bytes)?;
    new.sync_all()?;
    fs::rename(&beside, path)?;
    path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}

fn file(path: &Path, error: impl std::fmt::Display) -> WalletError {
    WalletError::File { path: path.to_owned(), problem: error.to_string() }
}

fn shown_file(link: &str) -> String {
    let digest = schemas::digest::Digest::of(link).to_string();
    format!("{SHOWN}/{}.json", digest.trim_start_matches("sha256:"))
}

fn consent_file(id: &ConsentId) -> String {
    format!("{CONSENTS}/{}.json", id.as_str().trim_start_matches("urn:uuid:"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::seal::Algorithm;
    use std::os::unix::fs::PermissionsExt as _;

    fn home() -> (tempfile::TempDir, Home) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("wallet"));
        let root = serde_json::from_value(serde_json::json!({ "v": 1, "entity": "https://anchor.gov.example",
            "fingerprint": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "log_vkey": "x", "tsa_root": "x" }));
        home.create(&Settings { root: root.unwrap(), allow_networks: Vec::new() }).unwrap();
        (folder, home)
    }

    #[test]
    fn the_folder_and_its_files_are_the_owners_alone() {
        let (_folder, home) = home();
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        home.key_insert(&key).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&home.0), mode(&home.0.join(KEYS))), (0o700, 0o700));
        assert_eq!((mode(&home.0.join(SETTINGS)), mode(&home.key_file(key.kid()))), (0o600, 0o600));
        assert_eq!(home.key(key.kid()).unwrap().kid(), key.kid());
    }

    #[test]
    fn a_second_wallet_in_one_folder_and_a_missing_one_are_refused_with_a_mend() {
        let (folder, home) = home();
        let again = home.create(&home.settings().unwrap()).unwrap_err();
        assert!(again.to_string().contains("--home") && again.exit() == Failure::USAGE, "{again}");
        let missing = Home::at(folder.path().join("nowhere")).settings().unwrap_err();
        assert!(missing.to_string().contains("wallet init"), "{missing}");
    }

    #[test]
    fn what_is_written_reads_back_and_is_replaced_as_a_whole() {
        let (_folder, home) = home();
        assert!(home.bindings().unwrap().is_empty());
        let bound = BoundKey {
            kid: "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k".parse().unwrap(),
            purpose: Use::Consumer("https://social.gov.example".parse().unwrap()),
            registry: "https://civil.gov.example".parse().unwrap(),
            token: "a.b.c~".to_owned(),
        };
        home.bindings_replace(&[bound.clone(), bound]).unwrap();
        assert_eq!(home.bindings().unwrap().len(), 2);
        home.bindings_replace(&[]).unwrap();
        assert!(home.bindings().unwrap().is_empty());
        assert!(home.consents().unwrap().is_empty());
    }

    use crate::cli::Failure;
}
