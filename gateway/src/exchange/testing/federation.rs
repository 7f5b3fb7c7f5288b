//! A trust anchor, a provider with a real database, a consumer and an identity registry, joined over real TLS.

use std::sync::Arc;

use protocol::{federation::VerifiedMember, seal::certificate::Certificate};
use protocol_testing::{Authority, Citizen, Department, IdentityRegistry, SignedConsent, World, name};
use schemas::{
    consent::ConsentTerms,
    federation::{AllowedData, Law, LawQuota, Purpose, RegisterContent, Role},
    id::{CompactJws, MessageId},
    local::LocalQuery,
    query::Query,
    time::Timestamp,
};
use service_kit::{
    clock::Clock,
    db::{DatabaseError, DatabaseUrl},
};
use service_kit_testing::postgres;

use crate::{
    app::App,
    config::SystemSettings,
    exchange::Rejected,
    run::{self, Running},
    store::{
        consents::held::{HeldConsent, NewHeld, held_insert},
        links::{LinkError, NewLink, link_insert},
    },
    testing::{Source, TestAnchor, TestDepartment},
};

const SOURCE: Source = Source {
    sql: "CREATE TABLE khatedar (khata_no TEXT PRIMARY KEY NOT NULL, annual_income INTEGER, income_band TEXT, assessed_on TEXT);
          INSERT INTO khatedar VALUES ('KH-1', 84000, 'below_100000', '2025-06-01'), ('KH-2', 120000, NULL, '2025-07-01');",
    mapping: r#"
[source]
kind = "sqlite"
[[dataset]]
id = "revenue.income"
title = { en = "Income", hi = "आय" }
table = "khatedar"
key = "khata_no"
purposes = ["social.old-age-pension.eligibility"]
assurance = "substantial"
refuse_assisted = true
range_column = "assessed_on"
[[dataset.field]]
name = "annual_income_band"
column = "income_band"
type = "text"
sensitivity = "personal"
[[dataset.field]]
name = "annual_income"
column = "annual_income"
type = "integer"
sensitivity = "sensitive"
[[dataset.field]]
name = "assessed_on"
column = "assessed_on"
type = "date"
sensitivity = "public"
"#,
};

const SYSTEM: &str = "[[systems]]\nname = \"pension-portal\"\ncertificate_file = \"portal.pem\"\nmay = [\"ask\", \"batch\"]\n\
                      purposes = [\"social.old-age-pension.eligibility\"]\n";

/// The identity registry's own residents.
const CIVIL: Source = Source {
    sql: "CREATE TABLE residents (resident_no TEXT PRIMARY KEY NOT NULL, given_name TEXT NOT NULL, family_name TEXT,
              date_of_birth TEXT NOT NULL, alive INTEGER NOT NULL);
          INSERT INTO residents VALUES ('RID-0001', 'Asha', 'Verma', '1958-02-28', 1), ('RID-0002', 'Budhram', NULL, '1950-01-01', 1),
              ('RID-0003', 'Chandni', NULL, '2015-01-01', 1);",
    mapping: r#"
[source]
kind = "sqlite"
[identity]
table = "residents"
key = "resident_no"
given_name = "given_name"
family_name = "family_name"
birthdate = "date_of_birth"
alive = "alive"
"#,
};

/// Which engine keeps the gateways' own databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

pub const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// What the authority registers, before it does.
pub struct Registers {
    /// The one purpose.
    pub purpose: Purpose,
    /// The consumer may ask the provider.
    pub law: Law,
    /// The consumer may have people named by the identity registry.
    pub naming: Law,
}

pub struct Federation {
    pub anchor: TestAnchor,
    pub revenue: TestDepartment,
    pub provider: App,
    social: TestDepartment,
    pub consumer: App,
    pub civil: TestDepartment,
    pub registry: App,
    /// The law under which people are named.
    pub naming: Law,
    pub world: Arc<World>,
}

impl Federation {
    pub async fn start() -> Self {
        Self::start_on(Engine::Sqlite, |_| {}).await
    }

    /// The same with other registers, and provider's and asker's own rows on that engine.
    pub async fn start_on(engine: Engine, bend: impl FnOnce(&mut Registers)) -> Self {
        let clock = Clock::default();
        let anchor = TestAnchor::start(&clock);
        let now = clock.now();
        let sqlite = Engine::Sqlite;
        let roles = ["identity-registry:revenue", "identity-registry:social"];
        let sectors = "[identity]\nsectors = [\"revenue\", \"social\"]\n";
        let civil = department(&anchor, ("civil", &roles), Some(&CIVIL), sectors, sqlite).await;
        let log = format!("statement_log = \"statements.log\"\n{SYSTEM}");
        let revenue = department(&anchor, ("revenue", &["provider"]), Some(&SOURCE), &log, engine).await;
        let social =
            department(&anchor, ("social", &["consumer:social", "assisted-operator"]), None, SYSTEM, engine).await;
        let (registry, provider, consumer) = (civil.open(), revenue.open(), social.open());
        let registers = registers([&registry, &provider, &consumer], bend);
        anchor.register(1, &RegisterContent::Purposes(vec![registers.purpose.clone()]), now);
        let laws = vec![registers.law.clone(), registers.naming.clone()];
        anchor.register(1, &RegisterContent::Laws(laws), now);
        for app in [&registry, &provider, &consumer] {
            app.refresh_directory().await.unwrap();
        }
        let world = Arc::new(world(&anchor, [&registry, &provider, &consumer], &registers, now));
        let naming = registers.naming;
        let this = Self { anchor, revenue, provider, social, consumer, civil, registry, naming, world };
        this.learn_statuses(&this.provider, 0);
        this.link("RID-0001", "KH-1").await;
        this
    }

    /// The provider's listeners, on the address that the directory lists.
    pub async fn serve(&self) -> Running {
        let running = run::start(self.revenue.config(), self.revenue.clock.clone(), None).await.unwrap();
        self.learn_statuses(running.app(), 0);
        running
    }

    /// The identity registry's listeners, on the address that the directory lists.
    pub async fn serve_registry(&self) -> Running {
        run::start(self.civil.config(), self.civil.clock.clone(), None).await.unwrap()
    }

    /// The asker's listeners, for a portal with this certificate (PEM).
    pub async fn serve_asker(&self, portal: &[u8]) -> Running {
        std::fs::write(self.social.path("portal.pem"), portal).unwrap();
        run::start(self.social.config(), self.social.clock.clone(), None).await.unwrap()
    }

    /// The asker once more, as another process on the same database.
    pub fn restart(&self) -> App {
        self.social.open()
    }

    /// The status list as it stands, as if fetched so many seconds after the beginning.
    pub fn learn_statuses(&self, app: &App, seconds: i64) {
        let list = self.world.registry.status_list(self.world.now.plus(seconds));
        app.statuses().learn(&format!("{}/status/rb/7", self.world.registry.entity), list);
    }

    /// Ties a resident to a number of the provider.
    pub async fn link(&self, resident: &str, number: &str) {
        let subject = self.world.registry.subject(resident, &self.world.provider.sector);
        let (app, now) = (self.provider.clone(), self.world.now);
        let link = NewLink {
            subject,
            local_key: number.to_owned(),
            method: "officer".to_owned(),
            score: 100,
            confirmed_by: "officer-1".to_owned(),
        };
        let linked = self.provider.db().write(move |conn| link_insert(conn, app.keys(), &link, now)).await;
        assert!(linked.unwrap_or_else(|error: LinkError| panic!("{error}")));
    }

    pub fn citizen(&self) -> Citizen {
        self.world.citizen("RID-0001")
    }

    /// Terms for one band of income, so often, without windows.
    pub fn terms(&self, max_uses: u32) -> ConsentTerms {
        let mut terms = self.world.terms();
        terms.frequency.max_uses = max_uses;
        terms.frequency.period = None;
        terms.frequency.uses_per_period = None;
        terms
    }

    pub fn consent(&self, max_uses: u32) -> SignedConsent {
        self.citizen().consent(&self.terms(max_uses))
    }

    /// The asker's certificate as the connection would show it.
    pub fn certificate(&self) -> Vec<u8> {
        self.consumer.keys().tls.certificate().to_der().unwrap()
    }

    /// Gives a signed query to the provider, as its listener would.
    pub async fn answer(&self, query: &Query) -> Result<CompactJws, Rejected> {
        self.answer_bytes(self.world.sealed(query).as_str().as_bytes()).await
    }

    pub async fn answer_bytes(&self, bytes: &[u8]) -> Result<CompactJws, Rejected> {
        self.provider.answer(self.consumer.entity(), &self.certificate(), bytes).await
    }

    /// Puts a consent where the consumer keeps what citizens gave it; returns the request for it.
    pub async fn held(&self, consent: &SignedConsent) -> LocalQuery {
        let verified = protocol::credential::vc::verify(&consent.jws, &self.world.authority.entity).unwrap();
        let request = LocalQuery {
            consent: verified.id().clone(),
            fields: consent.terms.fields.clone(),
            predicates: Vec::new(),
            purpose: consent.terms.purpose.code.clone(),
            case: None,
            officer: None,
        };
        let (app, tokens) =
            (self.consumer.clone(), HeldConsent { consent: consent.jws.clone(), binding: consent.binding.clone() });
        let (id, valid_until, request_id) = (verified.id().clone(), verified.valid_until(), self.key());
        let stored = self.consumer.db().write(move |conn| {
            let new = NewHeld { id: &id, request: &request_id, place: 0, tokens: &tokens, valid_until };
            held_insert(conn, app.keys(), &new)
        });
        assert!(stored.await.unwrap_or_else(|error| panic!("{error}")));
        request
    }

    /// A new idempotency key.
    pub fn key(&self) -> MessageId {
        protocol::seal::random::message_id(self.world.now)
    }

    pub fn system(&self) -> &SystemSettings {
        self.consumer.system(&name("pension-portal")).unwrap()
    }

    /// What the source's own log of statements holds.
    pub fn statements(&self) -> usize {
        std::fs::read_to_string(self.revenue.path("statements.log")).map_or(0, |text| text.lines().count())
    }

    pub fn provider_member(&self) -> VerifiedMember {
        self.consumer.directory().members().member(self.provider.entity()).unwrap().clone()
    }
}

/// Runs SQL that no code path of ours would.
pub async fn tamper(app: &App, sql: String) {
    use diesel::{RunQueryDsl, sql_query};
    let done = app.db().write(move |conn| Ok::<_, DatabaseError>(sql_query(sql).execute(conn)?)).await;
    done.unwrap();
}

/// The registers of the world of `protocol`, with the entities of these gateways.
fn registers([registry, provider, consumer]: [&App; 3], bend: impl FnOnce(&mut Registers)) -> Registers {
    let (mut purpose, mut law) = (protocol_testing::purpose(), protocol_testing::law());
    let named = AllowedData { dataset: name(schemas::naming::DATASET), fields: vec![name(schemas::naming::FIELD)] };
    purpose.allowed.push(named.clone());
    (law.consumer, law.provider) = (consumer.entity().clone(), provider.entity().clone());
    let naming = Law {
        id: name("aadhaar-2016-s7-social"),
        provider: registry.entity().clone(),
        allowed: named,
        quota: LawQuota { per_day: 50, per_officer: 20, per_subject: 5 },
        ..law.clone()
    };
    let mut registers = Registers { purpose, law, naming };
    bend(&mut registers);
    registers
}

/// The same departments as the fixtures of `protocol` see them.
fn world(anchor: &TestAnchor, [civil, provider, consumer]: [&App; 3], registers: &Registers, now: Timestamp) -> World {
    let mut registry = IdentityRegistry::new(&["revenue", "social", "food"], now);
    registry.entity = civil.entity().clone();
    registry.signing = civil.keys().signing.clone();
    let mut authority = Authority::new(now);
    authority.entity = anchor.root.entity.clone();
    World {
        authority,
        registry,
        consumer: as_department("social", consumer, vec![Role::Consumer(name("social"))]),
        provider: as_department("revenue", provider, vec![Role::Provider]),
        purpose: registers.purpose.clone(),
        dataset: protocol_testing::dataset(),
        law: registers.law.clone(),
        now,
    }
}

/// A department whose peers' listener is where its configuration says.
pub async fn department(
    anchor: &TestAnchor,
    (name, roles): (&str, &[&str]),
    source: Option<&Source>,
    more: &str,
    engine: Engine,
) -> TestDepartment {
    let department = TestDepartment::new(name, source, more);
    let port = service_kit_testing::free_port();
    let text = std::fs::read_to_string(department.path("gateway.toml")).unwrap();
    let mut text = text
        .replace("peers = \"127.0.0.1:0\"", &format!("peers = \"127.0.0.1:{port}\""))
        .replace(&format!("https://{name}.localhost:8443"), &format!("https://localhost:{port}"));
    if engine == Engine::Postgres {
        let DatabaseUrl::Postgres(url) = tokio::task::block_in_place(|| postgres().new_database()) else {
            panic!("no PostgreSQL")
        };
        text = text.replace("sqlite://gateway.sqlite", url.expose());
    }
    std::fs::write(department.path("gateway.toml"), text).unwrap();
    std::fs::write(department.path("portal.pem"), service_kit_testing::self_signed("portal", 30).0).unwrap();
    department.init();
    department.join(anchor, roles).await.unwrap();
    department
}

/// A member as the fixtures of `protocol` see one: with the keys of the gateway.
fn as_department(sector: &str, app: &App, roles: Vec<Role>) -> Department {
    let mut department = Department::new(sector, roles, app.now());
    let keys = app.keys();
    department.entity = app.entity().clone();
    department.signing = keys.signing.clone();
    department.encryption = keys.encryption[0].clone();
    department.subject_mac = keys.subject_mac.clone();
    department.tls = keys.tls.clone();
    department
}

/// A certificate of nobody here.
pub fn strange_certificate() -> Vec<u8> {
    let (pem, _) = service_kit_testing::self_signed("stranger", 30);
    Certificate::from_pem(&pem).unwrap().to_der().unwrap()
}
