//! Configuration files of a world, written as a department's staff would write them.

use std::path::{Path, PathBuf};

use schemas::id::EntityId;

use super::address::Addresses;

/// Where a gateway keeps its own rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Store {
    /// A SQLite file in the gateway's folder.
    Sqlite,
    /// A PostgreSQL database, several gateways on it if need be.
    Postgres(String),
}

impl Store {
    /// The address as the configuration takes it.
    pub fn url(&self) -> String {
        match self {
            Self::Sqlite => "sqlite://gateway.sqlite".to_owned(),
            Self::Postgres(url) => url.clone(),
        }
    }
}

/// A built wallet, and where it is served.
#[derive(Clone, Debug)]
pub struct ServedWallet {
    /// The origin of its pages.
    pub origin: EntityId,
    /// The port behind it.
    pub port: u16,
    /// The folder with its files.
    pub folder: PathBuf,
}

impl ServedWallet {
    /// The wallet as `scripts/web.sh` builds it, below the folder where the program runs; `None` if it is not built.
    ///
    /// # Errors
    /// If its origin cannot be written.
    pub fn built(addresses: &Addresses) -> anyhow::Result<Option<Self>> {
        let folder = std::env::current_dir()?.join("web/wallet/dist");
        if !folder.join("index.html").exists() {
            return Ok(None);
        }
        let port = addresses.port();
        Ok(Some(Self { origin: format!("https://wallet.localhost:{port}").parse()?, port, folder }))
    }

    /// The section of the identity registry's configuration.
    pub fn section(&self) -> String {
        let (origin, folder) = (quoted(self.origin.as_str()), quoted_path(&self.folder));
        format!("\n[wallet]\nlisten = \"127.0.0.1:{}\"\npublic = {origin}\nfolder = {folder}\n", self.port)
    }
}

/// A TOML string: JSON's escapes are a subset of TOML's basic strings.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Quotes a path.
pub fn quoted_path(path: &Path) -> String {
    quoted(&path.display().to_string())
}

/// A TOML array of strings.
pub fn quoted_list<T: ToString>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(|item| quoted(&item.to_string())).collect();
    format!("[{}]", items.join(", "))
}
