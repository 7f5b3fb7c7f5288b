//! The anchor's configuration: one TOML file, unknown keys refused, each value checked when it is read.
//!
//! Deliberately absent: secrets (they are files of mode 0600 in `keys_dir`), and outbound networks: the anchor
//! calls nobody.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use protocol::seal::certificate::HostName;
use schemas::id::EntityId;
use serde::Deserialize;
use service_kit::{
    config::{self, ConfigError, FilePath, Listen},
    db::DatabaseUrl,
};

/// Prefix of environment variables that overrule a key: `VINIMAY_ANCHOR_LISTEN`, sections joined by `__`.
pub const ENV_PREFIX: &str = "VINIMAY_ANCHOR_";

/// The configuration as it stands in the file. [`AnchorConfig::load`] checks it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchorConfig {
    /// This anchor's entity id: `https://` and a host, with a port if it is not 443; no path.
    pub entity: EntityId,
    /// A name for people.
    #[serde(default = "default_name")]
    pub name: String,
    /// The one origin of the federation's wallet: `https://` and a host, with a port if it is not 443. Members allow pages of
    /// exactly this origin to call their citizen endpoints.
    #[serde(default)]
    pub wallet_origin: Option<EntityId>,
    /// Where everybody reaches the anchor over TLS.
    pub listen: Listen,
    /// Health and metrics, for this site's own network.
    pub management_listen: Listen,
    /// The folder of the database and of the last published checkpoint.
    pub data_dir: FilePath,
    /// The database; by default `anchor.db` in `data_dir`. SQLite alone for now.
    #[serde(default)]
    pub database: Option<DatabaseUrl>,
    /// The folder of the key files; by default `keys` in `data_dir`.
    #[serde(default)]
    pub keys_dir: Option<FilePath>,
    /// The certificate that the listener shows, if it is not the one that `init` made.
    #[serde(default)]
    pub tls: Option<TlsFiles>,
    /// Milliseconds between batches of the log, 20 to 1,000.
    #[serde(default = "default_batch_interval_ms")]
    pub batch_interval_ms: u64,
    /// Milliseconds between publications while the log grows, 100 to 60,000.
    #[serde(default = "default_publish_interval_ms")]
    pub publish_interval_ms: u64,
    /// Entries a second that one member may submit, as a long-term average.
    #[serde(default = "default_entries_per_second")]
    pub member_entries_per_second: u32,
    /// Entries that one member may submit at once.
    #[serde(default = "default_burst")]
    pub member_entries_burst: u32,
    /// Officers of the authority who sign registers, beside those whose keys `init --officer` made.
    #[serde(default)]
    pub officers: Vec<OfficerFile>,
}

/// A certificate and its key, PEM.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The certificate.
    pub certificate: FilePath,
    /// Its private key, mode 0600.
    pub key: FilePath,
}

/// An officer who keeps her own key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficerFile {
    /// A pseudonym of the person. Two keys of one person count once.
    pub person: String,
    /// Her public key, a JWK in a file.
    pub jwk: FilePath,
}

fn default_name() -> String {
    "Federation authority".to_owned()
}

const fn default_batch_interval_ms() -> u64 {
    100
}

const fn default_publish_interval_ms() -> u64 {
    1_000
}

const fn default_entries_per_second() -> u32 {
    1_000
}

const fn default_burst() -> u32 {
    4_096
}

impl AnchorConfig {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`ConfigError`], with file, line, key and mend.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let config: Self = config::load(path, ENV_PREFIX)?;
        let refuse = |key: &str, problem: &str, mend: &str| ConfigError {
            origin: path.display().to_string(),
            line: None,
            key: key.to_owned(),
            problem: problem.to_owned(),
            mend: mend.to_owned(),
        };
        if config.host().is_none() {
            return Err(refuse("entity", "the entity is not a bare host", "write https://host or https://host:port"));
        }
        if config.wallet_origin.as_ref().is_some_and(|origin| bare_host(origin).is_none()) {
            return Err(refuse(
                "wallet_origin",
                "an origin has no path",
                "write https://host or https://host:port, as browsers do",
            ));
        }
        if !(20..=1_000).contains(&config.batch_interval_ms) {
            return Err(refuse("batch_interval_ms", "it is outside 20 to 1,000", "remove it, 100 is the default"));
        }
        if !(100..=60_000).contains(&config.publish_interval_ms) {
            return Err(refuse(
                "publish_interval_ms",
                "it is outside 100 to 60,000",
                "remove it, 1,000 is the default",
            ));
        }
        if config.member_entries_per_second == 0 || config.member_entries_burst < 1_024 {
            return Err(refuse(
                "member_entries_burst",
                "a full submission has 1,024 entries",
                "give at least 1024, and one a second",
            ));
        }
        if matches!(config.database, Some(DatabaseUrl::Postgres(_))) {
            return Err(refuse(
                "database",
                "the anchor runs on SQLite for now",
                "write sqlite:///path/to/anchor.db, or remove it",
            ));
        }
        Ok(config)
    }

    /// The host of the entity, if it is one without a path.
    pub fn host(&self) -> Option<HostName> {
        bare_host(&self.entity)
    }

    /// The entity without its scheme: the first part of the log's origin.
    pub fn authority(&self) -> &str {
        self.entity.as_str().trim_start_matches("https://")
    }

    /// The folder of the database and the published checkpoint.
    pub fn data_dir(&self) -> PathBuf {
        self.data_dir.resolve()
    }

    /// The folder of the keys.
    pub fn keys_dir(&self) -> PathBuf {
        self.keys_dir.as_ref().map_or_else(|| self.data_dir().join("keys"), FilePath::resolve)
    }

    /// The database.
    pub fn database(&self) -> DatabaseUrl {
        let own = || DatabaseUrl::Sqlite(self.data_dir().join("anchor.db"));
        self.database.clone().map_or_else(own, |url| url.relative_to(&self.data_dir()))
    }

    /// Time between batches.
    pub const fn batch_interval(&self) -> Duration {
        Duration::from_millis(self.batch_interval_ms)
    }

    /// Time between publications.
    pub const fn publish_interval(&self) -> Duration {
        Duration::from_millis(self.publish_interval_ms)
    }
}

/// The host of an address without a path.
fn bare_host(entity: &EntityId) -> Option<HostName> {
    let rest = entity.as_str().strip_prefix("https://")?;
    let url = rest.split('/').collect::<Vec<_>>();
    let [authority] = url[..] else { return None };
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    host.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(more: &str, entity: &str) -> Result<AnchorConfig, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("anchor.toml");
        let text = format!(
            "entity = \"{entity}\"\nlisten = \"127.0.0.1:0\"\nmanagement_listen = \"127.0.0.1:0\"\ndata_dir = \"data\"\n{more}"
        );
        std::fs::write(&path, text).unwrap();
        AnchorConfig::load(&path)
    }

    #[test]
    fn paths_are_read_against_the_folder_of_the_file_and_intervals_have_defaults() {
        let config = load("", "https://anchor.gov.example:7400").unwrap();
        assert!(config.data_dir().is_absolute() && config.data_dir().ends_with("data"));
        assert!(config.keys_dir().ends_with("data/keys"));
        assert!(config.database().to_string().ends_with("data/anchor.db"));
        assert_eq!((config.batch_interval().as_millis(), config.publish_interval().as_secs()), (100, 1));
        assert_eq!(config.host().unwrap().to_string(), "anchor.gov.example");
        assert_eq!(config.authority(), "anchor.gov.example:7400");
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_its_key() {
        for (more, key) in [
            ("batch_interval_ms = 5", "batch_interval_ms"),
            ("publish_interval_ms = 1", "publish_interval_ms"),
            ("member_entries_burst = 10", "member_entries_burst"),
            ("database = \"postgres://a@b/c\"", "database"),
            ("batch_intervall_ms = 100", "batch_intervall_ms"),
            ("wallet_origin = \"https://wallet.gov.example/app\"", "wallet_origin"),
        ] {
            let error = load(more, "https://anchor.gov.example").unwrap_err();
            assert_eq!(error.key, key, "{error}");
        }
        assert_eq!(load("", "https://anchor.gov.example/unit").unwrap_err().key, "entity");
    }
}
