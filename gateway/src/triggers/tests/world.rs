//! Two departments: one whose register records deaths, one that pays pensions. Steps run only when a test says so.

use std::time::Duration;

use diesel::{
    Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection, connection::SimpleConnection as _, sql_query,
    sql_types::Text,
};
use protocol::{
    event::{PeerEvent, accept_event},
    exchange::Attested,
};
use schemas::{
    event::{
        AGE_ATTAINED, AGE_REVISED, DEATH_ANNULLED, DEATH_REGISTERED, DEATH_REPORTED, Event, EventAck, MARRIAGE_ENDED,
        MARRIAGE_REGISTERED, PRESENCE_CONFIRMED,
    },
    federation::{AllowedData, Disclosure, Law, LawQuota, RegisterContent},
    id::{CompactJws, EntityId, SectorSubject},
};
use service_kit::{
    clock::Clock,
    config::Listen,
    db::{DatabaseError, DatabaseUrl},
    http_client::ClientLimits,
    server::{Bound, Limits, RunningServer, Server, ServerContext},
};
use service_kit_testing::postgres;

use tokio::net::TcpListener;

use crate::{
    app::App,
    http,
    store::{
        links::{LinkError, NewLink, link_insert},
        testing::rows,
        triggers::feeds::{FeedEvent, feed_page},
    },
    testing::{Source, TestAnchor, TestDepartment},
    triggers::{apply, capture, delivery, follow, returns},
};

const CIVIL: Source = Source {
    sql: "CREATE TABLE residents (resident_no TEXT PRIMARY KEY NOT NULL, given_name TEXT NOT NULL, family_name TEXT,
              date_of_birth TEXT NOT NULL, dob_precision TEXT NOT NULL, district_lgd INTEGER NOT NULL, alive INTEGER NOT NULL);
          CREATE TABLE deaths (entry_no INTEGER PRIMARY KEY, registration_number TEXT NOT NULL, resident_no TEXT,
              date_of_death TEXT NOT NULL, date_precision TEXT NOT NULL, cancelled_on TEXT, cancel_reason TEXT);
          CREATE TABLE marriages (reg_no TEXT PRIMARY KEY NOT NULL, husband TEXT, wife TEXT, married_on TEXT NOT NULL, ended_on TEXT,
              how TEXT);
          CREATE TABLE reports (report_no TEXT PRIMARY KEY NOT NULL, resident_no TEXT, told_on TEXT NOT NULL, by_whom TEXT NOT NULL);
          INSERT INTO residents VALUES ('R-1', 'Sushila', 'Sahu', '1954-02-28', 'day', 387, 1), ('R-2', 'Budhram', NULL, '1950-01-01', 'year', 387, 1),
              ('R-3', 'Phulo', 'Netam', '1951-12-31', 'day', 388, 1), ('R-4', 'Mangal', 'Sahu', '1949-05-05', 'day', 388, 1);",
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
[[change]]
event = "in.vinimay.death.registered.v1"
table = "deaths"
key = "entry_no"
subject = "resident_no"
effective = "date_of_death"
[change.payload]
registration_number = "registration_number"
death_date = "date_of_death"
death_date_precision = "date_precision"
[[change]]
event = "in.vinimay.death.annulled.v1"
table = "deaths"
key = "entry_no"
subject = "resident_no"
effective = "cancelled_on"
on = "update"
watch = ["cancelled_on"]
when = { cancelled_on = "*" }
[change.payload]
registration_number = "registration_number"
reason = "cancel_reason"
[[change]]
event = "in.vinimay.death.reported.v1"
table = "reports"
key = "report_no"
subject = "resident_no"
effective = "told_on"
[change.payload]
report_number = "report_no"
reported_by = "by_whom"
[[change]]
event = "in.vinimay.marriage.registered.v1"
table = "marriages"
key = "reg_no"
subject = "husband"
effective = "married_on"
ended = "ended_on"
related = { spouse = "wife" }
[change.payload]
registration_number = "reg_no"
[[change]]
event = "in.vinimay.marriage.ended.v1"
table = "marriages"
key = "reg_no"
subject = "husband"
effective = "ended_on"
on = "update"
watch = ["ended_on"]
when = { ended_on = "*" }
related = { spouse = "wife" }
[change.payload]
registration_number = "reg_no"
reason = "how"
[[change]]
event = "in.vinimay.age.revised.v1"
table = "residents"
key = "resident_no"
subject = "resident_no"
effective = "date_of_birth"
on = "both"
watch = ["date_of_birth", "dob_precision"]
"#,
};

/// Types that civil registration may tell.
pub const TOLD: &[&str] =
    &[DEATH_REGISTERED, DEATH_ANNULLED, DEATH_REPORTED, MARRIAGE_REGISTERED, MARRIAGE_ENDED, AGE_ATTAINED, AGE_REVISED];

const SOCIAL: Source = Source {
    sql: "CREATE TABLE pension_beneficiary (ppo_no INTEGER PRIMARY KEY, payment_status TEXT NOT NULL, status_reason TEXT, status_since TEXT);
          INSERT INTO pension_beneficiary VALUES (101, 'ACTIVE', NULL, NULL), (102, 'ACTIVE', NULL, NULL), (103, 'ACTIVE', NULL, NULL),
              (104, 'STOPPED', 'LEFT', '2020-01-31');",
    mapping: r#"
[source]
kind = "sqlite"
[[roll]]
id = "social.pension"
table = "pension_beneficiary"
key = "ppo_no"
status = "payment_status"
active = "ACTIVE"
held = "HOLD"
reason = "status_reason"
since = "status_since"
subject_key = "ppo_no"
"#,
};

pub const LAW: &str = "rbd-1969-s3a";
pub const PURPOSE: &str = "social.pension.continuation";

/// Which engine keeps the gateways' own databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

pub const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// A department, opened but without jobs, and its peers' listener.
pub struct Member {
    pub department: TestDepartment,
    pub app: App,
    server: Option<RunningServer>,
    port: u16,
}

pub struct World {
    pub anchor: TestAnchor,
    pub civil: Member,
    pub social: Member,
}

pub fn law(civil: &str, social: &str) -> Law {
    Law {
        id: LAW.parse().unwrap(),
        version: "2026-10".parse().unwrap(),
        title: [("en".to_owned(), "Deaths".to_owned())].into(),
        statute: "RBD Act".to_owned(),
        section: "3A".to_owned(),
        consumer: social.parse().unwrap(),
        provider: civil.parse().unwrap(),
        purpose: PURPOSE.parse().unwrap(),
        allowed: AllowedData {
            dataset: "civil.death".parse().unwrap(),
            fields: vec!["date_of_death".parse().unwrap()],
        },
        until: "2040-03-31".parse().unwrap(),
        quota: LawQuota { per_day: 10, per_officer: 10, per_subject: 10 },
        disclosure: Disclosure::Immediate,
        predicates: Vec::new(),
        break_glass: false,
    }
}

/// A law for each subject of events; `law-death` beside [`LAW`].
fn laws(civil: &str, social: &str) -> Vec<Law> {
    let about = |subject: &str| Law {
        id: format!("law-{subject}").parse().unwrap(),
        allowed: AllowedData {
            dataset: format!("civil.{subject}").parse().unwrap(),
            fields: vec!["effective".parse().unwrap()],
        },
        ..law(civil, social)
    };
    std::iter::once(law(civil, social)).chain(["death", "marriage", "age"].map(about)).collect()
}

impl Member {
    /// Joined; its peers' listener stands where the directory says, once [`serve`](Self::serve) is called.
    async fn join(
        anchor: &TestAnchor,
        name: &str,
        roles: &[&str],
        source: &Source,
        more: &str,
        engine: Engine,
    ) -> Self {
        let department = TestDepartment::new(name, Some(source), more);
        std::fs::write(department.path("desk.pem"), service_kit_testing::self_signed("desk", 30).0).unwrap();
        let port = service_kit_testing::free_port();
        let mut text = std::fs::read_to_string(department.path("gateway.toml")).unwrap();
        text = text
            .replace("peers = \"127.0.0.1:0\"", &format!("peers = \"127.0.0.1:{port}\""))
            .replace(&format!("https://{name}.localhost:8443"), &format!("https://localhost:{port}"));
        if engine == Engine::Postgres {
            let DatabaseUrl::Postgres(url) = tokio::task::block_in_place(|| postgres().new_database()) else {
                panic!("no PostgreSQL")
            };
            text = text.replace("sqlite://gateway.sqlite", url.expose());
        }
        std::fs::write(department.path("gateway.toml"), text).unwrap();
        department.init();
        department.join(anchor, roles).await.unwrap();
        let app = department.open();
        Self { department, app, server: None, port }
    }

    /// Starts the peers' listener alone: no job runs.
    pub fn serve(&mut self) {
        let bound = Bound::bind("peers", Listen(format!("127.0.0.1:{}", self.port).parse().unwrap())).unwrap();
        let limits = Limits { drain: Duration::ZERO, notice: Duration::ZERO, ..Limits::default() };
        let context = ServerContext::new(self.app.entity().clone(), Clock::default(), limits);
        let tls = self.app.identity().mutual_acceptor(self.app.admitted_peers().clone()).unwrap();
        let app = self.app.clone();
        self.server =
            Some(Server::new(context, 1).listen(bound, Some(tls), move || http::peers(&app)).unwrap().start());
    }

    /// Takes connections where its listener stood, and leaves all else to the test.
    pub async fn takes_calls(&self) -> TcpListener {
        TcpListener::bind(("127.0.0.1", self.port)).await.unwrap()
    }

    pub async fn go_away(&mut self) {
        self.server.take().unwrap().stop().await.unwrap();
    }

    /// Waits for a peer's answer for as long as the test lasts, on whatever machine.
    pub fn has_patience_with(&self, peer: &EntityId) {
        let (directory, hours) = (self.app.directory(), Duration::from_secs(86_400));
        let limits = ClientLimits { connect: hours, total: hours, pool: 1, at_once: 1 };
        let member = directory.members().member(peer).unwrap();
        self.app.peer_clients().client_within(member, limits).unwrap();
    }

    /// The department's own database, changed by its own application.
    pub fn enter(&self, sql: &str) {
        let mut conn =
            SqliteConnection::establish(&self.department.path("source.sqlite").display().to_string()).unwrap();
        conn.batch_execute(&format!("PRAGMA busy_timeout = 60000; {sql}")).unwrap();
    }

    /// One text of the department's own database.
    pub fn look(&self, sql: &str) -> String {
        self.look_in("source.sqlite", sql)
    }

    /// One text of the gateway's own database on SQLite.
    pub fn look_gateway(&self, sql: &str) -> String {
        self.look_in("gateway.sqlite", sql)
    }

    /// The same; on PostgreSQL, where the engine is another, the answer that SQLite would give.
    pub fn look_gateway_if_sqlite(&self, engine: Engine, sql: &str) -> String {
        if engine == Engine::Sqlite { self.look_gateway(sql) } else { "0".to_owned() }
    }

    fn look_in(&self, file: &str, sql: &str) -> String {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            text: String,
        }
        let mut conn = SqliteConnection::establish(&self.department.path(file).display().to_string()).unwrap();
        conn.batch_execute("PRAGMA busy_timeout = 60000").unwrap();
        let rows: Vec<Row> = sql_query(format!("SELECT CAST(({sql}) AS TEXT) AS text")).load(&mut conn).unwrap();
        rows.into_iter().next().unwrap().text
    }

    /// Rows of a table of the gateway's own database.
    pub async fn rows(&self, table: &'static str) -> i64 {
        self.app.db().read(move |conn| rows(conn, table)).await.unwrap()
    }

    /// Runs SQL that no code path of ours would.
    pub async fn tamper(&self, sql: &'static str) {
        self.app.db().write(move |conn| Ok::<_, DatabaseError>(sql_query(sql).execute(conn)?)).await.unwrap();
    }
}

impl World {
    /// Joined, serving, refreshed; not yet subscribed.
    pub async fn joined(engine: Engine) -> Self {
        let clock = Clock::default();
        let anchor = TestAnchor::start(&clock);
        let (civil, social) = ("https://civil.localhost", "https://social.localhost");
        anchor.register(1, &RegisterContent::Laws(laws(civil, social)), clock.now());
        let writer = "writer = { url = \"sqlite://source.sqlite\" }\n";
        let roles: Vec<String> = TOLD.iter().map(|kind| format!("event-source:{kind}")).collect();
        let roles: Vec<&str> = roles.iter().map(String::as_str).chain(["identity-registry:social"]).collect();
        let desk = format!(
            "[[systems]]\nname = \"desk\"\ncertificate_file = \"desk.pem\"\nmay = [\"report\"]\nevents = [\"{DEATH_REGISTERED}\", \
             \"{PRESENCE_CONFIRMED}\"]\n"
        );
        let names = format!("{writer}[identity]\nsectors = [\"social\"]\n{desk}");
        let civil = Member::join(&anchor, "civil", &roles, &CIVIL, &names, engine).await;
        let follows = format!(
            "{writer}[[follow]]\nsource = \"https://civil.localhost\"\nevent = \"{DEATH_REGISTERED}\"\npurpose = \"{PURPOSE}\"\nlaw = \"{LAW}\"\n\
             roll = \"social.pension\"\n"
        );
        let social = Member::join(&anchor, "social", &["provider"], &SOCIAL, &follows, engine).await;
        let mut this = Self { anchor, civil, social };
        this.civil.app.refresh_directory().await.unwrap();
        for (resident, local) in [("R-1", "101"), ("R-2", "102"), ("R-3", "103")] {
            this.link(resident, local).await;
        }
        this.civil.serve();
        this.social.serve();
        this
    }

    /// Joined, subscribed, and the follow list told.
    pub async fn following(engine: Engine) -> Self {
        let this = Self::joined(engine).await;
        this.follow().await;
        assert_eq!(this.civil.rows("follow").await, 3, "three are on the roll and linked");
        this
    }

    /// One more department, known to the source.
    pub async fn joins(&self, name: &str) -> Member {
        let member = Member::join(&self.anchor, name, &["provider"], &SOCIAL, "", Engine::Sqlite).await;
        self.civil.app.refresh_directory().await.unwrap();
        member
    }

    pub fn subject(&self, resident: &str) -> SectorSubject {
        self.civil.app.keys().sectors[&"social".parse().unwrap()].sector_subject(resident)
    }

    pub async fn link(&self, resident: &str, local_key: &str) {
        let link = NewLink {
            subject: self.subject(resident),
            local_key: local_key.to_owned(),
            method: "officer".to_owned(),
            score: 100,
            confirmed_by: "officer-1".to_owned(),
        };
        let app = self.social.app.clone();
        let linked = self.social.app.db().write(move |conn| link_insert(conn, app.keys(), &link, app.now())).await;
        assert!(linked.unwrap_or_else(|error: LinkError| panic!("{error}")));
    }

    /// Two looks at the links: a number that stands still is acted upon.
    pub async fn follow(&self) {
        for _ in 0..2 {
            follow::run(&self.social.app).await.unwrap();
        }
    }

    /// A death in the register's own table.
    pub fn death(&self, entry: u32, number: &str, resident: &str) {
        self.civil.enter(&format!(
            "INSERT INTO deaths VALUES ({entry}, '{number}', '{resident}', '2026-11-18', 'day', NULL, NULL)"
        ));
    }

    /// Everything that the source does by itself.
    pub async fn source_works(&self) {
        capture::once(&self.civil.app).await.unwrap();
        delivery::run(&self.civil.app).await.unwrap();
    }

    /// Everything that the subscriber does by itself.
    pub async fn subscriber_works(&self) {
        apply::run(&self.social.app).await.unwrap();
        returns::run(&self.social.app).await.unwrap();
    }

    /// `ppo=status` of the roll, in order.
    pub fn roll(&self) -> String {
        self.social.look("SELECT group_concat(ppo_no || '=' || payment_status, ' ') FROM (SELECT * FROM pension_beneficiary ORDER BY ppo_no)")
    }

    /// Entries of the journal beside the roll.
    pub fn journal(&self) -> String {
        self.social.look("SELECT COUNT(*) FROM vinimay_journal")
    }

    /// The feed as it stands.
    pub async fn feed(&self) -> Vec<FeedEvent> {
        let subscriber = self.social.app.entity().clone();
        self.civil
            .app
            .db()
            .read(move |conn| Ok::<_, DatabaseError>(feed_page(conn, &subscriber, 0, 1_000)?))
            .await
            .unwrap()
    }

    /// Captures deaths of these residents, and gives their events.
    pub async fn events(&self, residents: &[&str]) -> Vec<CompactJws> {
        let before = self.feed().await.len();
        for resident in residents {
            let entry = u32::try_from(before).unwrap() + resident[2..].parse::<u32>().unwrap() * 10;
            self.death(entry, &format!("D-{entry}"), resident);
        }
        capture::once(&self.civil.app).await.unwrap();
        let events = self.feed().await.split_off(before);
        assert_eq!(events.len(), residents.len());
        events.into_iter().map(|event| event.jws).collect()
    }

    /// Gives events to the subscriber as its listener would; its acknowledgements, verified.
    pub async fn give(&self, events: &[CompactJws]) -> Vec<EventAck> {
        let acks = self.social.app.receive_events(self.civil.app.entity(), events).await.unwrap();
        let directory = self.civil.app.directory();
        let social = directory.members().member(self.social.app.entity()).unwrap();
        acks.iter()
            .map(|ack| Attested::<EventAck>::verify(ack.as_str().as_bytes(), social).unwrap().into_parts().0)
            .collect()
    }

    /// The event as its receiver verified it.
    pub fn verified(&self, event: &CompactJws) -> PeerEvent {
        let directory = self.social.app.directory();
        accept_event(event.as_str().as_bytes(), directory.members().member(self.civil.app.entity()).unwrap()).unwrap()
    }

    /// An event of another world, signed by this world's source.
    pub fn resigned_by_civil(&self, world: &Self, event: &CompactJws) -> CompactJws {
        let claims = world.verified(event).claims().clone();
        Attested::sign(claims, &self.civil.app.keys().signing).unwrap().jws().clone()
    }

    /// The same event with other claims, signed by the source itself.
    pub fn resigned(&self, event: &CompactJws, change: impl FnOnce(&mut Event)) -> CompactJws {
        let mut claims = self.verified(event).claims().clone();
        change(&mut claims);
        Attested::sign(claims, &self.civil.app.keys().signing).unwrap().jws().clone()
    }
}
