//! A gateway's configuration: one TOML file, each key also from the environment (`VINIMAY_GATEWAY_…`).
//!
//! Guarantees: unknown keys are refused with a suggestion; nothing here weakens a check; secrets are named by file.
//! Deliberately absent: keys themselves (`keys.rs`) and what `join` learns about the federation (`directory/`).

use std::{collections::BTreeMap, path::Path};

use service_kit::{
    http_client::NetworkPolicy,
    secret::{Secret, SecretError, SecretFile},
};

use schemas::{
    id::{EntityId, EventType, LawId, PurposeCode, Sector, SystemName},
    time::CalendarDuration,
};
use serde::Deserialize;
use service_kit::{
    config::{ConfigError, FilePath, Listen, Seconds},
    db::DatabaseUrl,
};

mod decisions;
mod fetching;
mod people;
pub use decisions::DecisionSettings;
pub use fetching::FetchingSettings;
pub use people::{OpenIdSettings, PeopleSettings};

/// Prefix of environment variables that override the file.
pub const ENVIRONMENT: &str = "VINIMAY_GATEWAY_";

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The department's entity id; its people's listener answers under it.
    pub entity: EntityId,
    /// The sector whose pseudonyms the department uses.
    pub sector: Sector,
    /// Its name for people, by language (`en`, `hi`).
    pub name: BTreeMap<String, String>,
    /// Where to listen.
    pub listen: Listeners,
    /// How others reach those listeners.
    pub public: PublicAddresses,
    /// The gateway's own database.
    pub database: DatabaseSettings,
    /// Key files.
    pub keys: KeySettings,
    /// How to live with the trust anchor; which one it is, `join` writes into the key folder.
    #[serde(default)]
    pub anchor: AnchorSettings,
    /// The department's own database, if it offers data or hears events.
    #[serde(default)]
    pub source: Option<SourceSettings>,
    /// The department's own systems, which may use the local listener.
    #[serde(default)]
    pub systems: Vec<SystemSettings>,
    /// Networks to which connections may go although they are private.
    #[serde(default)]
    pub network: NetworkSettings,
    /// Set at the identity registry alone.
    #[serde(default)]
    pub identity: Option<IdentitySettings>,
    /// Set where the federation's wallet is served: at the identity registry, or at a static host elsewhere.
    #[serde(default)]
    pub wallet: Option<WalletSettings>,
    /// How officers sign in.
    #[serde(default)]
    pub people: PeopleSettings,
    /// Events of other departments that this one follows.
    #[serde(default)]
    pub follow: Vec<FollowSettings>,
    /// Which rolls the department's schemes govern.
    #[serde(default)]
    pub decisions: DecisionSettings,
    /// How facts are fetched that schemes need; none are without it.
    #[serde(default)]
    pub fetching: Option<FetchingSettings>,
    /// Ways to citizens beside their wallets.
    #[serde(default)]
    pub notices: crate::notices::NoticeSettings,
    /// What trades memory for speed, never safety for speed.
    #[serde(default)]
    pub performance: PerformanceSettings,
    /// How long a stop may take.
    #[serde(default)]
    pub shutdown: ShutdownSettings,
}

/// Addresses to listen on; port 0 lets the system choose.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listeners {
    /// Other departments: mutual TLS 1.3.
    pub peers: Listen,
    /// Wallets and public pages: TLS.
    pub people: Listen,
    /// The department's own systems: mutual TLS 1.3.
    pub local: Listen,
    /// Health and metrics: loopback, no TLS.
    pub management: Listen,
    /// What the people's listener shows to browsers, if not the certificate that the directory lists. Peers' and local
    /// listeners show the listed one in every case.
    #[serde(default)]
    pub people_tls: Option<PublicTls>,
}

/// A certificate that browsers trust, and its key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicTls {
    /// PEM: the certificate, then those that vouch for it.
    pub certificate_file: FilePath,
    /// PEM, mode 0600: its private key.
    pub key_file: FilePath,
}

/// The wallet's own listener, which serves static files and nothing else.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WalletSettings {
    /// Where to listen.
    pub listen: Listen,
    /// The wallet's origin, as the trust anchor's configuration names it; nothing is served under any other.
    pub public: EntityId,
    /// The folder with the built wallet: `index.html` and the files beside it.
    pub folder: FilePath,
    /// What browsers are shown; by default what the people's listener shows.
    #[serde(default)]
    pub tls: Option<PublicTls>,
}

/// How others reach the listeners: https URLs without a path.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicAddresses {
    /// The peers' listener.
    pub peers: EntityId,
    /// The people's listener.
    pub people: EntityId,
}

/// The gateway's own database.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    /// `sqlite://path` (relative to this file) or `postgres://…` without a password.
    pub url: DatabaseUrl,
    /// A file of mode 0600 that holds the password.
    #[serde(default)]
    pub password_file: Option<FilePath>,
}

/// Key files.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySettings {
    /// A folder of mode 0700 with the files that `init` makes.
    pub folder: FilePath,
}

/// How to live with the trust anchor.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchorSettings {
    /// How long a receipt may wait for the log before queries pause.
    #[serde(default = "four_hours")]
    pub grace: Seconds,
    /// How often the directory and status lists are read again.
    #[serde(default = "one_minute")]
    pub refresh: Seconds,
}

impl Default for AnchorSettings {
    fn default() -> Self {
        Self { grace: four_hours(), refresh: one_minute() }
    }
}

const fn four_hours() -> Seconds {
    Seconds(4 * 3600)
}

const fn one_minute() -> Seconds {
    Seconds(60)
}

/// The department's own database.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSettings {
    /// For queries: a role that cannot write; proven at start.
    pub reader: DatabaseSettings,
    /// For holds on beneficiaries and for change capture: a role that can write only what the mapping names.
    #[serde(default)]
    pub writer: Option<DatabaseSettings>,
    /// A database of the gateway's own for the journals of rolls mapped with `journal = "apart"`.
    #[serde(default)]
    pub journal: Option<DatabaseSettings>,
    /// The department's system that makes the changes of rolls mapped with `write = "webhook"`.
    #[serde(default)]
    pub webhook: Option<crate::webhooks::WebhookSettings>,
    /// Which columns are which fields.
    pub mapping: FilePath,
    /// A file that records each statement (never its values) sent to the source.
    #[serde(default)]
    pub statement_log: Option<FilePath>,
}

impl SourceSettings {
    fn databases(&mut self) -> impl Iterator<Item = &mut DatabaseSettings> {
        std::iter::once(&mut self.reader).chain(self.writer.as_mut()).chain(self.journal.as_mut())
    }
}

/// One of the department's own systems.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemSettings {
    /// Its name; stands in queries as `agent.system`.
    pub name: SystemName,
    /// Its client certificate, PEM.
    pub certificate_file: FilePath,
    /// What it may do.
    pub may: Vec<SystemRight>,
    /// Purposes for which it may ask.
    #[serde(default)]
    pub purposes: Vec<PurposeCode>,
    /// Types of life events that it may report.
    #[serde(default)]
    pub events: Vec<EventType>,
    /// Where it is told to erase answers; without it the system fetches its orders (`GET /v1/erasures`).
    #[serde(default)]
    pub erase: Option<crate::webhooks::WebhookSettings>,
}

/// What a system may do on the local listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SystemRight {
    /// Ask other departments, and ask citizens for consent.
    Ask,
    /// Read bundles of receipts.
    Audit,
    /// Tie pseudonyms to local numbers.
    Link,
    /// Invite residents' wallets (identity registry).
    Invite,
    /// Print letters, and say when one was handed over.
    Post,
    /// Ask about many people at once, under a registered law.
    Batch,
    /// Report life events, of the types in `events`.
    Report,
    /// Enter objections of people who came in person.
    Object,
    /// Pass on carriers' reports that short messages arrived.
    Carrier,
}

impl SystemRight {
    /// As configurations and route declarations write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Audit => "audit",
            Self::Link => "link",
            Self::Invite => "invite",
            Self::Post => "post",
            Self::Batch => "batch",
            Self::Report => "report",
            Self::Object => "object",
            Self::Carrier => "carrier",
        }
    }
}

/// Networks to which connections may go although they are private.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSettings {
    /// In CIDR form, such as `127.0.0.0/8` for a demo or `10.20.0.0/16` for a state network.
    #[serde(default)]
    pub allow: Vec<String>,
}

/// The identity registry's part.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentitySettings {
    /// Sectors for which it makes pseudonyms; each has a key file `sector-<name>.key`.
    pub sectors: Vec<Sector>,
    /// How long a binding lasts.
    #[serde(default = "one_year")]
    pub validity: CalendarDuration,
    /// For what guardians may decide: codes of purposes, or families above them. None: no guardianships are issued.
    #[serde(default)]
    pub guardianship_purposes: Vec<PurposeCode>,
}

#[allow(clippy::expect_used, reason = "a constant that a test parses")]
fn one_year() -> CalendarDuration {
    "P1Y".parse().expect("P1Y is a duration")
}

/// One kind of event that this department hears.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowSettings {
    /// Who sends it.
    pub source: EntityId,
    /// Its type.
    pub event: EventType,
    /// For what.
    pub purpose: PurposeCode,
    /// Under which registered law.
    pub law: LawId,
    /// Whose beneficiaries are held: a roll of the mapping.
    pub roll: String,
    /// How long each person is followed at most.
    #[serde(default = "one_year")]
    pub follow_for: CalendarDuration,
}

/// What trades memory for speed.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerformanceSettings {
    /// Remember a binding that was verified once, by its digest, until its status list changes. Status, times and
    /// revocation are looked at each time all the same.
    #[serde(default = "yes")]
    pub verification_cache: bool,
    /// Threads of the peers' listener.
    #[serde(default = "two")]
    pub workers: usize,
}

impl Default for PerformanceSettings {
    fn default() -> Self {
        Self { verification_cache: true, workers: 2 }
    }
}

const fn yes() -> bool {
    true
}

const fn two() -> usize {
    2
}

/// How long a stop may take.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShutdownSettings {
    /// Not ready, still answering: time for load balancers to notice.
    #[serde(default = "five_seconds")]
    pub announce: Seconds,
    /// Time for what runs to end.
    #[serde(default = "twenty_five_seconds")]
    pub drain: Seconds,
}

impl Default for ShutdownSettings {
    fn default() -> Self {
        Self { announce: five_seconds(), drain: twenty_five_seconds() }
    }
}

const fn five_seconds() -> Seconds {
    Seconds(5)
}

const fn twenty_five_seconds() -> Seconds {
    Seconds(25)
}

impl Config {
    /// Reads the file and lays the environment over it.
    ///
    /// # Errors
    /// Naming file, line and key, with the mend.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let mut config: Self = service_kit::config::load(path, ENVIRONMENT)?;
        let folder = service_kit::config::folder_of(path);
        let of_source = config.source.as_mut().into_iter().flat_map(SourceSettings::databases);
        for database in std::iter::once(&mut config.database).chain(of_source) {
            database.url = database.url.clone().relative_to(&folder);
        }
        config.authorize_values(path)?;
        Ok(config)
    }

    /// What types alone cannot refuse.
    fn authorize_values(&self, path: &Path) -> Result<(), ConfigError> {
        let wrong = |key: &str, problem: String, mend: &str| {
            let origin = path.display().to_string();
            Err(ConfigError { origin, line: None, key: key.to_owned(), problem, mend: mend.to_owned() })
        };
        if let Err(problem) = self.network.policy() {
            return wrong("network.allow", problem, "write networks as 10.20.0.0/16");
        }
        if !self.listen.management.0.ip().is_loopback() {
            return wrong(
                "listen.management",
                "health and metrics are served without TLS".to_owned(),
                "listen on a loopback address such as 127.0.0.1:9443",
            );
        }
        if let Some(wallet) = &self.wallet
            && wallet.public.as_str().matches('/').count() != 2
        {
            return wrong(
                "wallet.public",
                "an origin has no path".to_owned(),
                "write https://host or https://host:port, as the trust anchor's wallet_origin says",
            );
        }
        let mut names: Vec<&SystemName> = self.systems.iter().map(|system| &system.name).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return wrong("systems", format!("the system {} stands twice", twice[0]), "give each system one entry");
        }
        Ok(())
    }
}

impl NetworkSettings {
    /// Where connections may go.
    ///
    /// # Errors
    /// If an entry is no network.
    pub fn policy(&self) -> Result<NetworkPolicy, String> {
        NetworkPolicy::parse(self.allow.iter().map(String::as_str))
    }
}

impl DatabaseSettings {
    /// The address with the password of its file, if one is named.
    ///
    /// # Errors
    /// If the file is missing, or others can read it.
    pub fn address(&self) -> Result<DatabaseUrl, SecretError> {
        let (Some(file), DatabaseUrl::Postgres(uri)) = (&self.password_file, &self.url) else {
            return Ok(self.url.clone());
        };
        let content = SecretFile::read(&file.resolve())?;
        let password = String::from_utf8_lossy(content.expose()).trim_end().to_owned();
        let with_password = url::Url::parse(uri.expose()).ok().and_then(|mut url| {
            url.set_password(Some(&password)).ok()?;
            Some(DatabaseUrl::Postgres(Secret::new(url.to_string())))
        });
        Ok(with_password.unwrap_or_else(|| self.url.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
entity = "https://revenue.gov.example"
sector = "revenue"
name = { en = "Revenue", hi = "राजस्व" }
[listen]
peers = "127.0.0.1:0"
people = "127.0.0.1:0"
local = "127.0.0.1:0"
management = "127.0.0.1:0"
[public]
peers = "https://revenue.gov.example:8443"
people = "https://revenue.gov.example"
[database]
url = "sqlite://gateway.sqlite"
[keys]
folder = "keys"
"#;

    fn load(text: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.toml");
        std::fs::write(&path, text).unwrap();
        Config::load(&path)
    }

    #[test]
    fn the_defaults_are_those_of_the_design() {
        let config = load(GOOD).unwrap();
        assert_eq!(config.anchor.grace.0, 4 * 3600);
        assert_eq!(config.anchor.refresh.0, 60);
        assert!(config.performance.verification_cache);
        assert_eq!((config.shutdown.announce.0, config.shutdown.drain.0), (5, 25));
    }

    #[test]
    fn an_unknown_key_is_refused_with_a_suggestion() {
        let error = load(&GOOD.replace("folder", "foldr")).unwrap_err();
        assert!(error.to_string().contains("did you mean `folder`?"), "{error}");
        let error = load(&format!("{GOOD}\n[performance]\nskip_signatures = true\n")).unwrap_err();
        assert!(error.key.contains("skip_signatures"), "{error}");
    }

    #[test]
    fn values_that_are_no_networks_or_open_doors_are_refused_by_key() {
        let error = load(&format!("{GOOD}\n[network]\nallow = [\"everywhere\"]\n")).unwrap_err();
        assert_eq!(error.key, "network.allow");
        let error = load(&GOOD.replace("management = \"127.0.0.1:0\"", "management = \"0.0.0.0:0\"")).unwrap_err();
        assert_eq!(error.key, "listen.management");
        let system = "\n[[systems]]\nname = \"portal\"\ncertificate_file = \"p.pem\"\nmay = []\n";
        assert_eq!(load(&format!("{GOOD}{system}{system}")).unwrap_err().key, "systems");
    }

    #[test]
    fn a_password_comes_from_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.toml");
        SecretFile::write(&folder.path().join("db.secret"), b"p@ss word\n").unwrap();
        let database = "url = \"postgres://vinimay@db.example/gateway\"\npassword_file = \"db.secret\"";
        std::fs::write(&path, GOOD.replace("url = \"sqlite://gateway.sqlite\"", database)).unwrap();
        let address = Config::load(&path).unwrap().database.address().unwrap();
        assert!(
            matches!(address, DatabaseUrl::Postgres(uri) if uri.expose() == "postgres://vinimay:p%40ss%20word@db.example/gateway")
        );
    }

    #[test]
    fn a_wallet_has_an_origin_and_a_folder() {
        let wallet =
            "\n[wallet]\nlisten = \"127.0.0.1:0\"\npublic = \"https://wallet.example:8443\"\nfolder = \"dist\"\n";
        let config = load(&format!("{GOOD}{wallet}")).unwrap();
        assert_eq!(config.wallet.unwrap().public.as_str(), "https://wallet.example:8443");
        assert_eq!(load(&format!("{GOOD}{}", wallet.replace(":8443", "/app"))).unwrap_err().key, "wallet.public");
        assert!(load(&format!("{GOOD}{}", wallet.replace("folder = \"dist\"\n", ""))).is_err());
    }

    #[test]
    fn a_system_may_only_what_is_known() {
        let system = "\n[[systems]]\nname = \"portal\"\ncertificate_file = \"p.pem\"\nmay = [\"everything\"]\n";
        assert!(load(&format!("{GOOD}{system}")).unwrap_err().to_string().contains("everything"));
        assert!(load(&format!("{GOOD}{}", system.replace("everything", "ask"))).is_ok());
    }
}
