//! A pension department with a roll, a food department that knows who is poor, and the identity registry between them.

use std::sync::Arc;

use eligibility::{fact::Value, scheme::Scheme};
use protocol::{exchange::Attested, seal::random};
use protocol_testing::name;
use schemas::{
    decision::DecisionRecord,
    digest::Digest,
    federation::{AllowedData, Law, LawQuota, RegisterContent},
    id::SectorSubject,
    time::Timestamp,
};
use service_kit::clock::Clock;

use crate::{
    app::App,
    decisions::{
        self,
        facts::{Says, Stated},
    },
    exchange::testing::{
        count,
        federation::{Engine, department},
    },
    fetching::run,
    notices::Person,
    run::{self, Running},
    store::{
        decisions::{
            cases::{Decided, decisions_of},
            log::{LogKind, log_of},
        },
        fetching::{FactAsk, asks_of},
        links::{LinkError, NewLink, link_insert},
    },
    testing::{Source, TestAnchor, TestDepartment},
};

const CIVIL: Source = Source {
    sql: "CREATE TABLE residents (resident_no TEXT PRIMARY KEY NOT NULL, given_name TEXT NOT NULL, family_name TEXT,
              date_of_birth TEXT NOT NULL, alive INTEGER NOT NULL);
          INSERT INTO residents VALUES ('RID-1', 'Asha', 'Verma', '1958-02-28', 1), ('RID-2', 'Budhni', NULL, '1950-01-01', 1),
              ('RID-3', 'Chandni', NULL, '1955-01-01', 1);",
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

const FOOD: Source = Source {
    sql: "CREATE TABLE household (card_no TEXT PRIMARY KEY NOT NULL, on_bpl_list BOOLEAN);
          INSERT INTO household VALUES ('C-1', 1), ('C-2', 0), ('C-3', NULL);",
    mapping: r#"
[source]
kind = "sqlite"
[[dataset]]
id = "food.household"
title = { en = "Household", hi = "परिवार" }
table = "household"
key = "card_no"
purposes = ["social.old-age-pension.eligibility"]
assurance = "substantial"
[[dataset.field]]
name = "bpl"
column = "on_bpl_list"
type = "boolean"
sensitivity = "personal"
"#,
};

pub const SOCIAL: Source = Source {
    sql: "CREATE TABLE pension (ppo_no INTEGER PRIMARY KEY, status TEXT NOT NULL, reason TEXT, since TEXT, until_day TEXT, amount INTEGER);
          INSERT INTO pension VALUES (102, 'ACTIVE', NULL, '2016-04-01', NULL, 500);",
    mapping: r#"
[source]
kind = "sqlite"
[[roll]]
id = "social.pension"
table = "pension"
key = "ppo_no"
subject_key = "ppo_no"
status = "status"
active = "ACTIVE"
held = "HOLD"
removed = "REMOVED"
reason = "reason"
since = "since"
until = "until_day"
amount = "amount"
[roll.enrol]
number = "next"
"#,
};

/// A pension for poor widows: the one is told, the other fetched.
pub const POOR_WIDOWS: &str = r#"
[scheme]
id = "T-POOR-WIDOWS"
version = 1
title = { en = "Poor widows' pension", hi = "गरीब विधवा पेंशन" }
department = "https://social.localhost"
class = "pension"
in_force = { from = 2020-01-01 }
age_convention = "anniversary"
[[clause]]
id = "I1"
kind = "include"
marital_status = ["widowed"]
text = { en = "Is a widow", hi = "विधवा हैं" }
ref = "Test rules, para 1"
[[clause]]
id = "I2"
kind = "include"
when = "household.bpl"
fact = { dataset = "food.household", field = "bpl", basis = "BASIS", max_age_days = 180 }
text = { en = "Household is on the Below Poverty Line list", hi = "परिवार गरीबी रेखा सूची में" }
ref = "Test rules, para 2"
[benefit]
slabs = [{ age_from = 0, monthly = 500 }]
[effect.include]
mode = "offer"
[effect.remove]
clause_false = { notice_days = 30, officer = true }
unknown = "no_action"
"#;

pub const LAW: &str = "nfsa-2013-s12-social";
pub const DAY: i64 = 86_400;

/// What the authority registers, before it does.
pub struct Registers {
    pub law: Law,
    pub naming: Law,
}

pub struct World {
    pub app: App,
    pub food: App,
    pub registry: App,
    social: TestDepartment,
    food_department: TestDepartment,
    serving: Vec<Running>,
    _civil: TestDepartment,
    _anchor: TestAnchor,
}

impl World {
    pub async fn new() -> Self {
        Self::with("per_day = 100", |_| {}).await
    }

    /// `settings`: more of `[fetching]`.
    pub async fn with(settings: &str, bend: impl FnOnce(&mut Registers)) -> Self {
        let (clock, sqlite) = (Clock::default(), Engine::Sqlite);
        let anchor = TestAnchor::start(&clock);
        let roles = ["identity-registry:food", "identity-registry:social"];
        let sectors = "[identity]\nsectors = [\"food\", \"social\"]\n";
        let civil = department(&anchor, ("civil", &roles), Some(&CIVIL), sectors, sqlite).await;
        let food = department(&anchor, ("food", &["provider"]), Some(&FOOD), "", sqlite).await;
        let more = format!(
            "writer = {{ url = \"sqlite://source.sqlite\" }}\n[decisions.rolls]\n\"T-POOR-WIDOWS\" = \"social.pension\"\n\
             [[systems]]\nname = \"schemes\"\ncertificate_file = \"portal.pem\"\nmay = [\"ask\"]\n\
             purposes = [\"social.old-age-pension.eligibility\"]\n\
             [fetching]\nsystem = \"schemes\"\nofficer = \"officer-1\"\n{settings}\n"
        );
        let social = department(&anchor, ("social", &["consumer:social"]), Some(&SOCIAL), &more, sqlite).await;
        let (registry, provider, app) = (civil.open(), food.open(), social.open());
        register(&anchor, [&registry, &provider, &app], bend, clock.now());
        for each in [&registry, &provider, &app] {
            each.refresh_directory().await.unwrap();
        }
        let mut this = Self {
            app,
            registry,
            food: provider,
            social,
            food_department: food,
            serving: Vec::new(),
            _civil: civil,
            _anchor: anchor,
        };
        this.give(&this.app, &format!("law:{LAW}"));
        this.serving.push(run::start(this._civil.config(), this._civil.clock.clone(), None).await.unwrap());
        for (resident, number) in [("RID-1", "C-1"), ("RID-2", "C-2"), ("RID-3", "C-3")] {
            this.link(&this.food, resident, number).await;
        }
        this.link(&this.app, "RID-2", "102").await;
        this
    }

    /// The scheme, with its fact on this basis.
    pub fn give(&self, app: &App, basis: &str) {
        let scheme = Scheme::parse(&POOR_WIDOWS.replace("BASIS", basis)).unwrap_or_else(|found| panic!("{found:?}"));
        app.decisions().give(vec![Arc::new(scheme)]);
    }

    /// The food department's listeners.
    pub async fn serve_food(&mut self) {
        let running = run::start(self.food_department.config(), self.food_department.clock.clone(), None).await;
        self.serving.push(running.unwrap());
    }

    pub async fn food_goes_off_line(&mut self) {
        self.serving.pop().unwrap().stop().await.unwrap();
    }

    /// She is looked at again, whatever the reason.
    pub async fn looked_at(&self, resident: &str) {
        decisions::settle(&self.app, &self.person(resident)).await.unwrap();
    }

    /// The pension department once more, as another process on the same database.
    pub fn replica(&self) -> App {
        let app = self.social.open();
        self.give(&app, &format!("law:{LAW}"));
        app
    }

    pub async fn close(self) {
        for running in self.serving {
            running.stop().await.unwrap();
        }
    }

    /// Nobody is linked to her number there any more.
    pub async fn food_forgets(&self, resident: &str) {
        let subject = self.registry.keys().sectors[&name("food")].sector_subject(resident);
        let index = Person::of_subject(self.food.keys(), &subject);
        let sql = format!("DELETE FROM subject_link WHERE subject_index = '{}'", index.as_str());
        crate::exchange::testing::federation::tamper(&self.food, sql).await;
    }

    /// The pension department's own pseudonym of a resident.
    pub fn subject(&self, resident: &str) -> SectorSubject {
        self.registry.keys().sectors[&name("social")].sector_subject(resident)
    }

    pub fn person(&self, resident: &str) -> Person {
        Person::of_subject(self.app.keys(), &self.subject(resident))
    }

    async fn link(&self, department: &App, resident: &str, number: &str) {
        let subject = self.registry.keys().sectors[&department.config().sector].sector_subject(resident);
        let link = NewLink {
            subject,
            local_key: number.to_owned(),
            method: "officer".to_owned(),
            score: 100,
            confirmed_by: "officer-1".to_owned(),
        };
        let app = department.clone();
        let linked = department.db().write(move |conn| link_insert(conn, app.keys(), &link, app.now())).await;
        assert!(linked.unwrap_or_else(|error: LinkError| panic!("{error}")));
    }

    /// Her own register says how she lives.
    pub async fn lives(&self, resident: &str, status: &str) {
        self.states(resident, "person.marital_status", status.into()).await;
    }

    pub async fn states(&self, resident: &str, path: &str, value: Value) {
        // Of words of one second nobody can say which came first.
        self.app.decisions().go_ahead(1);
        let now = self.app.decided_at();
        let stated = Stated {
            source: "https://civil.localhost".parse().unwrap(),
            id: random::message_id(now),
            receipt: Digest::of(path),
            effective: "2020-01-01".parse().unwrap(),
            recorded: now,
            says: Says::Facts(vec![(path.parse().unwrap(), Some(value))]),
        };
        assert!(self.app.state_facts(&self.subject(resident), stated).await.unwrap());
    }

    /// Lets the job ask once.
    pub async fn asks(&self) {
        run(&self.app).await.unwrap();
    }

    pub async fn decisions(&self, resident: &str) -> Vec<Decided> {
        let (keys, person) = (self.app.keys().clone(), self.person(resident));
        self.app.db().read(move |conn| decisions_of(conn, &keys, &person)).await.unwrap()
    }

    /// The signed records of her decisions, verified by our own key.
    pub async fn records(&self, resident: &str) -> Vec<DecisionRecord> {
        let mut records = Vec::new();
        for decided in self.decisions(resident).await {
            let log = self.app.db().read(move |conn| log_of(conn, &decided.id)).await.unwrap();
            let key = self.app.keys().signing.public();
            for logged in log.into_iter().filter(|logged| logged.kind == LogKind::Decision) {
                records.push(Attested::read_own(&logged.jws, key).unwrap().into_parts().0);
            }
        }
        records
    }

    pub async fn rows(&self, resident: &str) -> Vec<FactAsk> {
        let (keys, person) = (self.app.keys().clone(), self.person(resident));
        self.app.db().read(move |conn| asks_of(conn, &keys, &person)).await.unwrap()
    }

    /// Why her fact is not known.
    pub async fn reason(&self, resident: &str) -> Option<String> {
        self.rows(resident).await.into_iter().find_map(|ask| ask.reason)
    }

    /// Exchanges in which the food department answered.
    pub async fn answers(&self) -> i64 {
        count(self.food.db(), "receipt")
    }

    /// `ppo=status` of the roll.
    pub async fn roll(&self) -> String {
        use diesel::{
            Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query, sql_types::Text,
        };
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            text: String,
        }
        let file = self.social.path("source.sqlite").display().to_string();
        let mut conn = SqliteConnection::establish(&file).unwrap();
        let sql = "SELECT CAST(group_concat(ppo_no || '=' || status, ' ') AS TEXT) AS text FROM pension";
        let rows: Vec<Row> = sql_query(sql).load(&mut conn).unwrap();
        rows.into_iter().next().unwrap().text
    }
}

fn register(
    anchor: &TestAnchor,
    [registry, food, social]: [&App; 3],
    bend: impl FnOnce(&mut Registers),
    now: Timestamp,
) {
    let (mut purpose, mut law) = (protocol_testing::purpose(), protocol_testing::law());
    let allowed = AllowedData { dataset: name("food.household"), fields: vec![name("bpl")] };
    let named = AllowedData { dataset: name(schemas::naming::DATASET), fields: vec![name(schemas::naming::FIELD)] };
    purpose.allowed = vec![allowed.clone(), named.clone()];
    law.id = name(LAW);
    (law.consumer, law.provider, law.allowed) = (social.entity().clone(), food.entity().clone(), allowed);
    law.quota = LawQuota { per_day: 100, per_officer: 100, per_subject: 10 };
    let naming =
        Law { id: name("aadhaar-2016-s7-social"), provider: registry.entity().clone(), allowed: named, ..law.clone() };
    let mut registers = Registers { law, naming };
    bend(&mut registers);
    anchor.register(1, &RegisterContent::Purposes(vec![purpose]), now);
    anchor.register(1, &RegisterContent::Laws(vec![registers.law, registers.naming]), now);
}

/// Rows of a table of ours.
pub async fn rows_of(app: &App, table: &'static str) -> i64 {
    let found = app.db().read(move |conn| crate::store::testing::rows(conn, table)).await;
    found.unwrap()
}
