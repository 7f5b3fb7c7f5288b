//! A trust anchor, a provider with a real database, a consumer and an identity registry, joined over real TLS.

use std::sync::Arc;

use protocol::{
    federation::VerifiedMember,
    seal::certificate::Certificate,
    testing::{Authority, Citizen, Department, IdentityRegistry, SignedConsent, World, name},
};
use schemas::{
    consent::ConsentTerms,
    federation::{RegisterContent, Role},
    id::{CompactJws, MessageId},
    local::LocalQuery,
    query::Query,
};
use service_kit::{clock::Clock, db::DatabaseError};

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

const SYSTEM: &str = "[[systems]]\nname = \"pension-portal\"\ncertificate_file = \"portal.pem\"\nmay = [\"ask\"]\n\
                      purposes = [\"social.old-age-pension.eligibility\"]\n";

pub struct Federation {
    pub anchor: TestAnchor,
    pub revenue: TestDepartment,
    pub provider: App,
    _social: TestDepartment,
    pub consumer: App,
    pub world: Arc<World>,
}

impl Federation {
    pub async fn start() -> Self {
        let clock = Clock::default();
        let anchor = TestAnchor::start(&clock);
        let now = clock.now();
        let world_terms = World::new();
        anchor.register(1, &RegisterContent::Purposes(vec![world_terms.purpose.clone()]), now);
        let (_, civil) = TestDepartment::member(&anchor, "civil", &["identity-registry:revenue"], None, "").await;
        let log = format!("statement_log = \"statements.log\"\n{SYSTEM}");
        let revenue = department(&anchor, "revenue", "provider", Some(&SOURCE), &log).await;
        let social = department(&anchor, "social", "consumer:social", None, SYSTEM).await;
        let (provider, consumer) = (revenue.open(), social.open());
        provider.refresh_directory().await.unwrap();

        let mut registry = IdentityRegistry::new(&["revenue", "social", "food"], now);
        registry.entity = civil.entity().clone();
        registry.signing = civil.keys().signing.clone();
        let mut authority = Authority::new(now);
        authority.entity = anchor.root.entity.clone();
        let mut world = World {
            authority,
            registry,
            consumer: as_department("social", &consumer, vec![Role::Consumer(name("social"))]),
            provider: as_department("revenue", &provider, vec![Role::Provider]),
            purpose: world_terms.purpose,
            dataset: world_terms.dataset,
            law: world_terms.law,
            now,
        };
        world.law.consumer = world.consumer.entity.clone();
        world.law.provider = world.provider.entity.clone();
        anchor.register(1, &RegisterContent::Laws(vec![world.law.clone()]), now);
        provider.refresh_directory().await.unwrap();
        let world = Arc::new(world);
        let this = Self { anchor, revenue, provider, _social: social, consumer, world };
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

/// A department whose peers' listener is where its configuration says.
async fn department(
    anchor: &TestAnchor,
    name: &str,
    role: &str,
    source: Option<&Source>,
    more: &str,
) -> TestDepartment {
    let department = TestDepartment::new(name, source, more);
    let port = service_kit::testing::free_port();
    let text = std::fs::read_to_string(department.path("gateway.toml")).unwrap();
    let text = text
        .replace("peers = \"127.0.0.1:0\"", &format!("peers = \"127.0.0.1:{port}\""))
        .replace(&format!("https://{name}.localhost:8443"), &format!("https://localhost:{port}"));
    std::fs::write(department.path("gateway.toml"), text).unwrap();
    std::fs::write(department.path("portal.pem"), service_kit::testing::self_signed("portal", 30).0).unwrap();
    department.init();
    department.join(anchor, &[role]).await.unwrap();
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
    let (pem, _) = service_kit::testing::self_signed("stranger", 30);
    Certificate::from_pem(&pem).unwrap().to_der().unwrap()
}
