//! The trust anchor of a world.

use std::path::{Path, PathBuf};

use anyhow::Context;
use schemas::{
    bundle::TrustRoot,
    federation::Role,
    id::{EntityId, Sector},
};

use super::{
    address::Addresses,
    process::{Binary, Server},
    settings::{quoted, quoted_path},
};

/// The two officers of a world's authority.
const OFFICERS: [&str; 2] = ["officer-asha", "officer-binod"];

/// Files with purposes and laws, for `anchor purpose add` and `anchor law add`.
#[derive(Clone, Debug)]
pub struct Registers {
    /// The purposes.
    pub purposes: PathBuf,
    /// The laws.
    pub laws: PathBuf,
}

/// An initialised anchor; runs while its server is kept.
#[derive(Debug)]
pub struct Anchor {
    binary: Binary,
    folder: PathBuf,
    entity: EntityId,
    server: Option<Server>,
}

impl Anchor {
    /// Makes keys, database and configuration in `folder` by `vinimay anchor init`.
    ///
    /// # Errors
    /// If a file cannot be written or the command refuses.
    pub fn init(binary: &Binary, folder: &Path, addresses: &Addresses) -> anyhow::Result<Self> {
        Self::init_with_wallet(binary, folder, addresses, None)
    }

    /// The same for a federation whose wallet has this origin.
    ///
    /// # Errors
    /// As [`init`](Self::init).
    pub fn init_with_wallet(
        binary: &Binary,
        folder: &Path,
        addresses: &Addresses,
        wallet: Option<&EntityId>,
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let port = addresses.port();
        let wallet = wallet.map_or(String::new(), |origin| format!("wallet_origin = {}\n", quoted(origin.as_str())));
        let entity: EntityId = format!("https://anchor.localhost:{port}").parse()?;
        let text = format!(
            "entity = {}\nname = \"Chhattisgarh data exchange authority\"\nlisten = \"127.0.0.1:{port}\"\nmanagement_listen = \"127.0.0.1:{}\"\n\
             {wallet}data_dir = {}\n",
            quoted(entity.as_str()),
            addresses.port(),
            quoted_path(&folder.join("data")),
        );
        std::fs::write(folder.join("anchor.toml"), text)?;
        let anchor = Self { binary: binary.clone(), folder: folder.to_owned(), entity, server: None };
        let mut arguments = vec!["init"];
        for officer in OFFICERS {
            arguments.extend(["--officer", officer]);
        }
        anchor.command(&arguments)?;
        Ok(anchor)
    }

    /// Its entity id.
    pub const fn entity(&self) -> &EntityId {
        &self.entity
    }

    /// The file that auditors and members pin.
    pub fn trust_root_file(&self) -> PathBuf {
        self.folder.join("data").join("trust-root.json")
    }

    /// What auditors and members pin.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn trust_root(&self) -> anyhow::Result<TrustRoot> {
        let text = std::fs::read_to_string(self.trust_root_file()).context("the anchor's trust root")?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Runs `vinimay anchor <arguments> --config …`.
    ///
    /// # Errors
    /// If the command refuses.
    pub fn command(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let config = self.config();
        let mut all = vec!["anchor"];
        all.extend(arguments);
        all.extend(["--config", &config]);
        self.binary.run(&all)
    }

    fn config(&self) -> String {
        self.folder.join("anchor.toml").display().to_string()
    }

    /// Puts purposes and laws in force, signed by both officers; `${name}` in the files stands for a department.
    ///
    /// # Errors
    /// If the command refuses.
    pub fn add_registers(&self, registers: &Registers, departments: &[(&str, &EntityId)]) -> anyhow::Result<()> {
        let keys = self.folder.join("data/keys/officers");
        let key = |officer: &str| keys.join(format!("{officer}.pem")).display().to_string();
        let (first, second) = (key(OFFICERS[0]), key(OFFICERS[1]));
        let set: Vec<String> = departments.iter().map(|(name, entity)| format!("{name}={entity}")).collect();
        for (kind, file) in [("purpose", &registers.purposes), ("law", &registers.laws)] {
            let file = file.display().to_string();
            let mut arguments = vec![kind, "add", file.as_str(), "--officer-key", &first, "--officer-key", &second];
            for one in &set {
                arguments.extend(["--set", one]);
            }
            self.command(&arguments)?;
        }
        Ok(())
    }

    /// Starts the server, or starts it again.
    ///
    /// # Errors
    /// If it does not become ready.
    pub fn start(&mut self) -> anyhow::Result<()> {
        let config = self.config();
        self.server =
            Some(self.binary.serve(&["anchor", "run", "--config", &config], &self.folder.join("anchor.log"))?);
        Ok(())
    }

    /// The running server.
    pub const fn server(&mut self) -> Option<&mut Server> {
        self.server.as_mut()
    }

    /// Stops the server in order.
    ///
    /// # Errors
    /// If it cannot be waited for, or ended otherwise.
    pub fn stop(&mut self) -> std::io::Result<()> {
        self.server.take().map_or(Ok(()), Server::stop)
    }

    /// Invites a member and returns the one-time code.
    ///
    /// # Errors
    /// If the command refuses.
    pub fn invite(&self, entity: &EntityId, sector: &Sector, roles: &[Role]) -> anyhow::Result<String> {
        let roles: Vec<String> = roles.iter().map(ToString::to_string).collect();
        let mut arguments = vec!["member", "invite", entity.as_str(), "--sector", sector.as_str()];
        for role in &roles {
            arguments.extend(["--role", role]);
        }
        arguments.push("--json");
        let printed: serde_json::Value = serde_json::from_str(&self.command(&arguments)?)?;
        printed["code"].as_str().map(str::to_owned).context("the anchor printed no invitation")
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}
