//! A department of a world: configuration, keys, its systems' certificates, and one or more gateway processes.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use protocol::seal::certificate::{Certificate, TlsIdentity};
use schemas::{
    federation::Role,
    id::{EntityId, Sector},
    time::Timestamp,
};
use serde::Serialize;
use service_kit::{
    http_client::{ClientLimits, HttpClient, NetworkPolicy, Reply},
    tls::ServerIdentity,
};

use super::{
    address::Addresses,
    anchor::Anchor,
    process::{Binary, Server},
    settings::{Store, quoted, quoted_list, quoted_path},
};

/// Longer than any route of the local listener takes, so that its own answer is heard and not our impatience.
const PATIENT: ClientLimits =
    ClientLimits { connect: Duration::from_secs(10), total: Duration::from_secs(60), pool: 16, at_once: 64 };

/// What a department is to be.
#[derive(Clone, Debug)]
pub struct DepartmentPlan {
    /// Short name: folder, host and sector.
    pub name: &'static str,
    /// Its name for people, by language.
    pub title: BTreeMap<&'static str, &'static str>,
    /// What the anchor lets it do.
    pub roles: Vec<Role>,
    /// Its own database (SQLite file or postgres URL) and the text of the mapping, if it has one.
    pub source: Option<(String, String)>,
    /// Whether it writes to that database (holds, change capture).
    pub writes: bool,
    /// Where the gateway keeps its rows.
    pub store: Store,
    /// Sectors for which it makes pseudonyms; only the identity registry has any.
    pub names_people_of: Vec<Sector>,
    /// Purposes for which its portal may ask.
    pub purposes: Vec<&'static str>,
    /// More sections of the configuration file.
    pub more: String,
}

/// An initialised department.
#[derive(Debug)]
pub struct Department {
    binary: Binary,
    folder: PathBuf,
    entity: EntityId,
    sector: Sector,
    roles: Vec<Role>,
    configs: Vec<PathBuf>,
    local_ports: Vec<u16>,
    management_ports: Vec<u16>,
    servers: Vec<Option<Server>>,
}

/// Calls the local listener as the department's own system would.
#[derive(Clone, Debug)]
pub struct LocalClient {
    client: HttpClient,
    base: String,
}

impl LocalClient {
    /// Posts a JSON document to a path.
    ///
    /// # Errors
    /// If no whole answer comes; a problem document is an answer.
    pub async fn post(&self, path: &str, headers: &[(&str, &str)], body: &impl Serialize) -> anyhow::Result<Reply> {
        let body = serde_json::to_vec(body)?;
        Ok(self.client.post_with(&self.url(path)?, "application/json", headers, body, ANSWER_BYTES).await?)
    }

    /// Reads a path.
    ///
    /// # Errors
    /// If no whole answer comes; a problem document is an answer.
    pub async fn fetch(&self, path: &str) -> anyhow::Result<Reply> {
        Ok(self.client.fetch(&self.url(path)?, ANSWER_BYTES).await?)
    }

    fn url(&self, path: &str) -> anyhow::Result<url::Url> {
        Ok(format!("{}{path}", self.base).parse()?)
    }
}

/// The largest answer that a portal takes.
const ANSWER_BYTES: usize = 1 << 20;

/// Certificates of a world last as long as the design says a leaf should.
const CERTIFICATE_SECONDS: i64 = 90 * 86_400;

impl Department {
    /// Writes configuration and mapping, and runs `vinimay gateway init`. `processes` gateways share one database.
    ///
    /// # Errors
    /// If a file cannot be written or the command refuses.
    pub fn init(
        binary: &Binary,
        folder: &Path,
        addresses: &Addresses,
        plan: &DepartmentPlan,
        processes: usize,
        now: Timestamp,
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder.join("systems"))?;
        let (people, peers) = (addresses.port(), addresses.port());
        let entity: EntityId = format!("https://{}.localhost:{people}", plan.name).parse()?;
        let system =
            TlsIdentity::self_signed("portal", &["localhost".parse()?], now.plus(-60), now.plus(CERTIFICATE_SECONDS))?;
        std::fs::write(folder.join("systems/portal.pem"), system.certificate().to_pem()?)?;
        service_kit::secret::SecretFile::write(&folder.join("systems/portal.key.pem"), &system.key_to_pem()?)?;
        let mut department = Self {
            binary: binary.clone(),
            folder: folder.to_owned(),
            entity,
            sector: plan.name.parse()?,
            roles: plan.roles.clone(),
            configs: Vec::new(),
            local_ports: Vec::new(),
            management_ports: Vec::new(),
            servers: Vec::new(),
        };
        for number in 0..processes {
            // The first process answers at the published addresses; others have addresses of their own on the same database.
            let ports = if number == 0 { (people, peers) } else { (addresses.port(), addresses.port()) };
            department.add_process(plan, addresses, (people, peers), ports, number)?;
        }
        department.command(&["init"])?;
        Ok(department)
    }

    fn add_process(
        &mut self,
        plan: &DepartmentPlan,
        addresses: &Addresses,
        public: (u16, u16),
        listen: (u16, u16),
        number: usize,
    ) -> anyhow::Result<()> {
        let (local, management) = (addresses.port(), addresses.port());
        let titles: Vec<String> =
            plan.title.iter().map(|(language, title)| format!("{language} = {}", quoted(title))).collect();
        let mut text = format!(
            "entity = {entity}\nsector = {sector}\nname = {{ {titles} }}\n\n[listen]\npeers = \"127.0.0.1:{}\"\npeople = \"127.0.0.1:{}\"\n\
             local = \"127.0.0.1:{local}\"\nmanagement = \"127.0.0.1:{management}\"\n\n[public]\npeers = \"https://{name}.localhost:{}\"\n\
             people = {entity}\n\n[database]\nurl = {}\n\n[keys]\nfolder = \"keys\"\n\n[network]\nallow = [\"127.0.0.0/8\"]\n\n\
             [shutdown]\nannounce = 0\ndrain = 10\n",
            listen.1,
            listen.0,
            public.1,
            quoted(&plan.store.url()),
            entity = quoted(self.entity.as_str()),
            sector = quoted(plan.name),
            titles = titles.join(", "),
            name = plan.name,
        );
        text.push_str(&format!(
            "\n[[systems]]\nname = \"portal\"\ncertificate_file = \"systems/portal.pem\"\nmay = [\"ask\", \"audit\", \"link\", \"invite\"]\npurposes = {}\n",
            quoted_list(&plan.purposes)
        ));
        if let Some((database, mapping)) = &plan.source {
            std::fs::write(self.folder.join("mapping.toml"), mapping)?;
            text.push_str(&format!(
                "\n[source]\nmapping = \"mapping.toml\"\nstatement_log = \"statements.log\"\nreader = {{ url = {} }}\n",
                quoted(database)
            ));
            if plan.writes {
                text.push_str(&format!("writer = {{ url = {} }}\n", quoted(database)));
            }
        }
        if !plan.names_people_of.is_empty() {
            text.push_str(&format!("\n[identity]\nsectors = {}\n", quoted_list(&plan.names_people_of)));
        }
        text.push_str(&plan.more);
        let file =
            self.folder.join(if number == 0 { "gateway.toml".to_owned() } else { format!("gateway-{number}.toml") });
        std::fs::write(&file, text).with_context(|| quoted_path(&file))?;
        self.configs.push(file);
        self.local_ports.push(local);
        self.management_ports.push(management);
        self.servers.push(None);
        Ok(())
    }

    /// Its entity id.
    pub const fn entity(&self) -> &EntityId {
        &self.entity
    }

    /// The program that it runs.
    pub const fn program(&self) -> &Binary {
        &self.binary
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs `vinimay gateway <arguments> --config …`.
    ///
    /// # Errors
    /// If the command refuses.
    pub fn command(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let config = self.configs[0].display().to_string();
        let mut all = vec!["gateway"];
        all.extend(arguments);
        all.extend(["--config", &config]);
        self.binary.run(&all)
    }

    /// Has the anchor invite this department, and joins.
    ///
    /// # Errors
    /// If either command refuses.
    pub fn join(&self, anchor: &Anchor) -> anyhow::Result<()> {
        let invitation = anchor.invite(&self.entity, &self.sector, &self.roles)?;
        let file = self.folder.join("invitation.txt");
        std::fs::write(&file, invitation)?;
        let root = anchor.trust_root()?;
        let file = file.display().to_string();
        self.command(&[
            "join",
            anchor.entity().as_str(),
            "--fingerprint",
            root.fingerprint.as_str(),
            "--invitation-file",
            &file,
        ])?;
        Ok(())
    }

    /// Starts the gateway of a number (0 is the published one), or starts it again.
    ///
    /// # Errors
    /// If it does not become ready.
    pub fn start(&mut self, number: usize) -> anyhow::Result<()> {
        let config = self.configs[number].display().to_string();
        let log = self.folder.join(format!("gateway-{number}.log"));
        self.servers[number] = Some(self.binary.serve(&["gateway", "run", "--config", &config], &log)?);
        Ok(())
    }

    /// Starts all its gateways.
    ///
    /// # Errors
    /// If one does not become ready.
    pub fn start_all(&mut self) -> anyhow::Result<()> {
        (0..self.configs.len()).try_for_each(|number| self.start(number))
    }

    /// The running gateway of a number.
    pub fn server(&mut self, number: usize) -> Option<&mut Server> {
        self.servers.get_mut(number).and_then(Option::as_mut)
    }

    /// Stops all its gateways in order.
    ///
    /// # Errors
    /// If one cannot be waited for, or ended otherwise than in order.
    pub fn stop(&mut self) -> std::io::Result<()> {
        // Each is stopped, whatever became of another.
        let stopped: Vec<std::io::Result<()>> =
            self.servers.iter_mut().filter_map(Option::take).map(Server::stop).collect();
        stopped.into_iter().collect()
    }

    /// Speaks as the department's portal to the gateway of a number.
    ///
    /// # Errors
    /// If the certificates cannot be read.
    pub fn portal(&self, number: usize) -> anyhow::Result<LocalClient> {
        let systems = self.folder.join("systems");
        let identity = ServerIdentity::load(&systems.join("portal.pem"), &systems.join("portal.key.pem"))?;
        let gateway = Certificate::from_pem(&std::fs::read(self.folder.join("keys/tls.pem"))?)?.to_der()?;
        let networks = NetworkPolicy::parse(["127.0.0.0/8"]).map_err(anyhow::Error::msg)?;
        let client = HttpClient::pinned(&[gateway], Some(&identity), networks, PATIENT)?;
        Ok(LocalClient { client, base: format!("https://localhost:{}", self.local_ports[number]) })
    }

    /// The local listener of a gateway.
    pub fn local_address(&self, number: usize) -> String {
        format!("https://localhost:{}", self.local_ports[number])
    }

    /// The management listener of a gateway.
    pub fn management(&self, number: usize) -> String {
        format!("http://127.0.0.1:{}", self.management_ports[number])
    }
}
