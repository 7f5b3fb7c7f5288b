//! An identity registry, a provider and a consumer with real databases, joined to one anchor, serving over TLS.

use protocol::seal::certificate::{Certificate, TlsIdentity};
use schemas::{
    federation::RegisterContent,
    id::{EntityId, MessageId},
    local::{BindingOffer, ConsentRequestView},
    openid::OAuthError,
    problem::{Code, Problem},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use service_kit::{
    clock::Clock,
    http_client::{ClientLimits, HttpClient, NetworkPolicy, Reply},
    secret::Secret,
    tls::ServerIdentity,
};
use url::{Url, form_urlencoded};

use crate::{
    app::App,
    http,
    run::{self, Running},
    store::links::{LinkError, NewLink, link_insert},
    testing::{Source, TestAnchor, TestDepartment},
};

/// The purpose of the tests.
pub(crate) const PURPOSE: &str = "social.old-age-pension.eligibility";
const MOST: usize = 1 << 20;

const CIVIL: Source = Source {
    sql: "CREATE TABLE residents (resident_no TEXT PRIMARY KEY NOT NULL, given_name TEXT, family_name TEXT, date_of_birth TEXT,
            dob_precision TEXT, district_lgd TEXT, alive INTEGER);
          INSERT INTO residents VALUES ('R-1', 'Sushila', 'Sahu', '1964-02-29', 'day', '387', 1),
            ('R-2', 'Budhram', '', '1950-01-01', 'day', '387', 1), ('R-3', 'Ramesh', 'Verma', '1940-05-05', 'day', '387', 0),
            ('R-4', 'Phulbai', 'Netam', '1948', 'year', '387', 1), ('R-5', 'Asha', 'Sahu', '2015-03-04', 'day', '387', 1);
          CREATE TABLE guardians (ward_no TEXT NOT NULL, guardian_no TEXT NOT NULL, until TEXT);
          INSERT INTO guardians VALUES ('R-5', 'R-1', NULL), ('R-2', 'R-1', NULL), ('R-3', 'R-1', NULL), ('R-5', 'R-4', NULL),
            ('R-5', 'R-2', '2020-01-01');",
    mapping: r#"
[source]
kind = "sqlite"
[identity]
table = "residents"
key = "resident_no"
given_name = "given_name"
family_name = "family_name"
birthdate = "date_of_birth"
birth_precision = "dob_precision"
district = "district_lgd"
alive = "alive"
[guardians]
table = "guardians"
ward = "ward_no"
guardian = "guardian_no"
until = "until"
"#,
};

const REVENUE: Source = Source {
    sql: "CREATE TABLE khatedar (khata_no TEXT PRIMARY KEY NOT NULL, name_en TEXT, dob TEXT, district_code TEXT, annual_income INTEGER,
            income_band TEXT, assessed_on TEXT);
          INSERT INTO khatedar VALUES ('KH-1', 'Sahu, Sushila', '29/02/1964', '387', 84000, 'below_100000', '2025-06-01'),
            ('KH-2', 'Budhram', '01/01/1950', '387', 120000, 'below_200000', '2025-07-01');",
    mapping: r#"
[source]
kind = "sqlite"
[[dataset]]
id = "revenue.income"
title = { en = "Income", hi = "आय" }
table = "khatedar"
key = "khata_no"
purposes = ["social.old-age-pension.eligibility", "social.other"]
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
[[matching]]
table = "khatedar"
key = "khata_no"
name = "name_en"
name_form = "family, given"
birth_date = "dob"
birth_date_form = "dd/mm/yyyy"
district = "district_code"
"#,
};

/// A department that runs.
pub(crate) struct Serving {
    pub(crate) running: Running,
    pub(crate) entity: EntityId,
    people: HttpClient,
    portal: HttpClient,
    local: String,
    pub(crate) department: TestDepartment,
}

/// Everybody.
pub(crate) struct CitizenWorld {
    _anchor: TestAnchor,
    pub(crate) civil: Serving,
    pub(crate) revenue: Serving,
    pub(crate) social: Serving,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer(pub(crate) Reply);

impl Answer {
    /// A good answer's JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> T {
        assert!((200..300).contains(&self.0.status), "{}: {}", self.0.status, String::from_utf8_lossy(&self.0.body));
        serde_json::from_slice(&self.0.body).unwrap()
    }

    /// A good answer's text.
    pub(crate) fn text(&self) -> String {
        assert!((200..300).contains(&self.0.status), "{}: {}", self.0.status, String::from_utf8_lossy(&self.0.body));
        String::from_utf8(self.0.body.clone()).unwrap()
    }

    /// The code of a refusal.
    pub(crate) fn refused(&self) -> Code {
        let problem: Problem = serde_json::from_slice(&self.0.body)
            .unwrap_or_else(|_| panic!("{}: {}", self.0.status, String::from_utf8_lossy(&self.0.body)));
        assert_eq!(problem.status, self.0.status);
        problem.code
    }

    /// Status and error of an OAuth refusal.
    pub(crate) fn oauth(&self) -> (u16, String) {
        let error: OAuthError = serde_json::from_slice(&self.0.body)
            .unwrap_or_else(|_| panic!("{}: {}", self.0.status, String::from_utf8_lossy(&self.0.body)));
        (self.0.status, error.error)
    }
}

fn networks() -> NetworkPolicy {
    NetworkPolicy::parse(["127.0.0.0/8"]).unwrap()
}

fn free_port() -> u16 {
    service_kit_testing::free_port()
}

impl Serving {
    /// Joins with an entity id that holds the people's port, so that its addresses can be called.
    async fn prepare(
        anchor: &TestAnchor,
        name: &str,
        roles: &[&str],
        source: Option<&Source>,
        more: &str,
    ) -> (TestDepartment, TlsIdentity) {
        let system = format!(
            "[[systems]]\nname = \"portal\"\ncertificate_file = \"portal.pem\"\nmay = [\"ask\", \"invite\", \"link\", \"audit\"]\npurposes = [\"{PURPOSE}\"]\n"
        );
        let department = TestDepartment::new(name, source, &format!("{system}{more}"));
        let (people, peers) = (free_port(), free_port());
        let file = department.path("gateway.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text
            .replace("people = \"127.0.0.1:0\"", &format!("people = \"127.0.0.1:{people}\""))
            .replace("\npeers = \"127.0.0.1:0\"", &format!("\npeers = \"127.0.0.1:{peers}\""))
            .replace(&format!("https://{name}.localhost:8443"), &format!("https://{name}.localhost:{peers}"))
            .replace(&format!("https://{name}.localhost\""), &format!("https://{name}.localhost:{people}\""));
        std::fs::write(&file, text).unwrap();
        let now = department.clock.now();
        let identity =
            TlsIdentity::self_signed("portal", &["localhost".parse().unwrap()], now.plus(-60), now.plus(86_400))
                .unwrap();
        std::fs::write(department.path("portal.pem"), identity.certificate().to_pem().unwrap()).unwrap();
        department.init();
        department.join(anchor, roles).await.unwrap();
        (department, identity)
    }

    async fn run((department, portal): (TestDepartment, TlsIdentity)) -> Self {
        let config = department.config();
        let entity = config.entity.clone();
        let running = run::start(config, department.clock.clone(), None).await.unwrap();
        running.app().refresh_directory().await.unwrap();
        let root =
            Certificate::from_pem(&std::fs::read(department.path("keys/tls.pem")).unwrap()).unwrap().to_der().unwrap();
        let key = Secret::new(portal.key_to_pem().unwrap().to_vec());
        let identity = ServerIdentity::from_pem(&portal.certificate().to_pem().unwrap(), &key).unwrap();
        let client = |identity| {
            HttpClient::pinned(std::slice::from_ref(&root), identity, networks(), ClientLimits::default()).unwrap()
        };
        let local = format!("https://localhost:{}", running.listeners()[http::LOCAL].port());
        Self { people: client(None), portal: client(Some(&identity)), running, entity, local, department }
    }

    pub(crate) fn app(&self) -> &App {
        self.running.app()
    }

    /// Posts to the people's listener.
    pub(crate) async fn post(
        &self,
        path: &str,
        media: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let url: Url = format!("{}{path}", self.entity).parse().unwrap();
        Answer(self.people.post_with(&url, media, headers, body.into(), MOST).await.unwrap())
    }

    pub(crate) async fn post_json(&self, path: &str, body: &impl Serialize) -> Answer {
        self.post(path, "application/json", &[], serde_json::to_vec(body).unwrap()).await
    }

    pub(crate) async fn post_form(&self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.post(path, "application/x-www-form-urlencoded", headers, body).await
    }

    pub(crate) async fn fetch(&self, path: &str) -> Answer {
        Answer(self.people.fetch(&format!("{}{path}", self.entity).parse().unwrap(), MOST).await.unwrap())
    }

    /// Posts to the local listener as the department's portal.
    pub(crate) async fn portal_post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let (url, body) = (format!("{}{path}", self.local).parse().unwrap(), serde_json::to_vec(body).unwrap());
        Answer(self.portal.post_with(&url, "application/json", headers, body, MOST).await.unwrap())
    }

    pub(crate) async fn portal_fetch(&self, path: &str) -> Answer {
        Answer(self.portal.fetch(&format!("{}{path}", self.local).parse().unwrap(), MOST).await.unwrap())
    }
}

impl CitizenWorld {
    pub(crate) async fn start() -> Self {
        let purposes = vec![purpose(PURPOSE, false), purpose("social.other", true)];
        Self::start_with(purposes, &REVENUE, None, "").await
    }

    /// The same with an asker that has a database, and more in its configuration.
    pub(crate) async fn start_beside(social: &Source, more: &str) -> Self {
        let purposes = vec![purpose(PURPOSE, false), purpose("social.other", true)];
        Self::start_with(purposes, &REVENUE, Some(social), more).await
    }

    /// The same with other purposes, another provider, and an asker with a database and more in its configuration.
    pub(crate) async fn start_with(
        purposes: Vec<schemas::federation::Purpose>,
        revenue: &Source,
        social: Option<&Source>,
        more: &str,
    ) -> Self {
        let clock = Clock::default();
        let anchor = TestAnchor::start(&clock);
        anchor.register(1, &RegisterContent::Purposes(purposes), clock.now());
        let sectors = ["civil", "revenue", "social"];
        let mut roles: Vec<String> = sectors.iter().map(|sector| format!("identity-registry:{sector}")).collect();
        roles.extend(["provider", "assisted-operator"].map(str::to_owned));
        let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
        let identity =
            "[identity]\nsectors = [\"civil\", \"revenue\", \"social\"]\nguardianship_purposes = [\"social\"]\n";
        let civil = Serving::prepare(&anchor, "civil", &roles, Some(&CIVIL), identity).await;
        let revenue = Serving::prepare(&anchor, "revenue", &["provider"], Some(revenue), "").await;
        let social = Serving::prepare(&anchor, "social", &["consumer:social", "assisted-operator"], social, more).await;
        let (civil, revenue, social) =
            (Serving::run(civil).await, Serving::run(revenue).await, Serving::run(social).await);
        Self { _anchor: anchor, civil, revenue, social }
    }

    pub(crate) fn now(&self) -> schemas::time::Timestamp {
        self.social.app().now()
    }

    /// The desk invites a resident.
    pub(crate) async fn offer(&self, resident: &str) -> BindingOffer {
        self.civil.portal_post("/v1/binding-offers", &[], &json!({ "resident": resident })).await.json()
    }

    /// An order for the income band, thirty days, four uses.
    pub(crate) fn consent_order(&self) -> Value {
        json!({
            "purpose": PURPOSE,
            "items": [{ "provider": self.revenue.entity, "dataset": "revenue.income", "fields": ["annual_income_band"],
                        "dataRange": { "from": "2025-04-01", "to": "2026-03-31" } }],
            "validity": "P30D", "frequency": { "mode": "recurring", "maxUses": 4 }, "retention": "P90D",
        })
    }

    /// The portal asks a citizen.
    pub(crate) async fn ask(&self) -> ConsentRequestView {
        self.social.portal_post("/v1/consent-requests", &[], &self.consent_order()).await.json()
    }

    pub(crate) async fn view(&self, id: &MessageId) -> ConsentRequestView {
        self.social.portal_fetch(&format!("/v1/consent-requests/{id}")).await.json()
    }

    /// Ties a resident to a number of the revenue department.
    pub(crate) async fn link(&self, resident: &str, number: &str) {
        let app = self.revenue.app().clone();
        let subject = self.civil.app().keys().sectors[&"revenue".parse().unwrap()].sector_subject(resident);
        let link = NewLink {
            subject,
            local_key: number.to_owned(),
            method: "officer".to_owned(),
            score: 100,
            confirmed_by: "officer-1".to_owned(),
        };
        let now = self.now();
        let linked = self.revenue.app().db().write(move |conn| link_insert(conn, app.keys(), &link, now)).await;
        assert!(linked.unwrap_or_else(|error: LinkError| panic!("{error}")));
    }
}

pub(crate) fn purpose(code: &str, sensitive: bool) -> schemas::federation::Purpose {
    serde_json::from_value(json!({
        "code": code, "version": "2026-10", "dpv": "https://w3id.org/dpv#ServiceProvision", "sensitive": sensitive,
        "text": { "en": "To find out whether you may receive the pension.", "hi": "यह जानने के लिए कि आप पेंशन पा सकती हैं या नहीं।" },
        "allowed": [{ "dataset": "revenue.income", "fields": ["annual_income_band"] }],
        "max_validity": "P90D", "max_retention": "P180D", "max_frequency": { "modes": ["one-time", "recurring"], "max_uses": 12 },
    }))
    .unwrap()
}
