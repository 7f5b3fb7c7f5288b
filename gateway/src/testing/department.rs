//! A department in a folder of its own: configuration, optional source, `init` and `join` by the real commands.

use std::path::PathBuf;

use schemas::id::EntityId;
use service_kit::clock::Clock;

use super::TestAnchor;
use crate::{
    app::App,
    config::Config,
    init::{Initialised, init},
    join::{Invitation, JoinError, Joined, join},
};

/// The department's own database: statements that make it, and the mapping's text.
pub(crate) struct Source {
    pub(crate) sql: &'static str,
    pub(crate) mapping: &'static str,
}

pub(crate) struct TestDepartment {
    folder: tempfile::TempDir,
    pub(crate) entity: EntityId,
    pub(crate) clock: Clock,
}

impl TestDepartment {
    /// Writes the configuration of `https://<name>.localhost`; `more` is appended to it.
    pub(crate) fn new(name: &str, source: Option<&Source>, more: &str) -> Self {
        service_kit_testing::show_warnings();
        let folder = tempfile::tempdir().unwrap();
        let entity: EntityId = format!("https://{name}.localhost").parse().unwrap();
        let mut text = format!(
            "entity = \"{entity}\"\nsector = \"{name}\"\nname = {{ en = \"{name}\" }}\n\
             [listen]\npeers = \"127.0.0.1:0\"\npeople = \"127.0.0.1:0\"\nlocal = \"127.0.0.1:0\"\nmanagement = \"127.0.0.1:0\"\n\
             [public]\npeers = \"https://{name}.localhost:8443\"\npeople = \"{entity}\"\n\
             [database]\nurl = \"sqlite://gateway.sqlite\"\n[keys]\nfolder = \"keys\"\n[network]\nallow = [\"127.0.0.0/8\"]\n\
             [shutdown]\nannounce = 0\ndrain = 1\n"
        );
        if let Some(source) = source {
            crate::store::testing::sqlite_file(&folder.path().join("source.sqlite"), source.sql);
            std::fs::write(folder.path().join("mapping.toml"), source.mapping).unwrap();
            text += "[source]\nreader = { url = \"sqlite://source.sqlite\" }\nmapping = \"mapping.toml\"\n";
        }
        std::fs::write(folder.path().join("gateway.toml"), text + more).unwrap();
        Self { folder, entity, clock: Clock::default() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn config(&self) -> Config {
        Config::load(&self.path("gateway.toml")).unwrap()
    }

    pub(crate) fn init(&self) -> Initialised {
        tokio::task::block_in_place(|| init(&self.config(), self.clock.now()).unwrap())
    }

    /// What the authority hands over on paper.
    pub(crate) fn invitation(&self, anchor: &TestAnchor, code: Option<String>) -> Invitation {
        Invitation { anchor: anchor.root.entity.clone(), fingerprint: anchor.root.fingerprint.clone(), code }
    }

    pub(crate) async fn join(&self, anchor: &TestAnchor, roles: &[&str]) -> Result<Joined, JoinError> {
        let invitation = self.invitation(anchor, Some(anchor.invite(roles)));
        join(&self.config(), &invitation, self.clock.now()).await
    }

    pub(crate) fn open(&self) -> App {
        tokio::task::block_in_place(|| App::open(self.config(), self.clock.clone()).unwrap())
    }

    /// Initialised, joined with these roles, opened.
    pub(crate) async fn member(
        anchor: &TestAnchor,
        name: &str,
        roles: &[&str],
        source: Option<&Source>,
        more: &str,
    ) -> (Self, App) {
        let department = Self::new(name, source, more);
        department.init();
        department.join(anchor, roles).await.unwrap();
        let app = department.open();
        (department, app)
    }
}
