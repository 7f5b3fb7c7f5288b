//! A pension department of which deaths were heard before it is served: from then on everything is done by its pages, commands and
//! counter, as officers do it.

use diesel::{
    Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection, connection::SimpleConnection as _, sql_query,
    sql_types::Text,
};
use protocol::{
    event::OpenedEvent,
    seal::{Algorithm, SigningKey, random},
};
use schemas::{
    digest::Digest,
    event::{CloudEventsVersion, Event, EventAssurance, EventBasis, EventKind, EventMatch, EventPayload},
    federation::OfficerJwk,
    id::{CompactJwe, MessageId, SectorSubject, SystemName},
    version::V1,
};
use service_kit::{clock::Clock, db::AnyConnection};
use service_kit_testing::{Browser, Page};

use crate::{
    app::App,
    decisions::{hear, settle},
    people::{HandedIn, Purpose, testing::Office},
    store::{
        links::{LinkError, NewLink, link_insert},
        people::officer_keys::{officer_key_confirm, officer_key_insert},
    },
    testing::{Source, TestAnchor, TestDepartment},
    triggers,
};

const SOURCE: Source = Source {
    sql: "CREATE TABLE pension_beneficiary (ppo_no INTEGER PRIMARY KEY, payment_status TEXT NOT NULL, status_reason TEXT, \
              status_since TEXT, full_name TEXT, dob TEXT, gram_panchayat TEXT);
          INSERT INTO pension_beneficiary VALUES (101, 'ACTIVE', NULL, '2016-04-01', 'Sushila Sahu', '1954-02-28', 'Belargaon'),
              (102, 'ACTIVE', NULL, '2016-04-01', 'Budhram Netam', '1950-01-01', NULL);",
    mapping: r#"
[source]
kind = "sqlite"
[[matching]]
table = "pension_beneficiary"
key = "ppo_no"
name = "full_name"
birth_date = "dob"
birth_date_form = "iso"
name_form = "given family"
[[roll]]
id = "social.pension"
table = "pension_beneficiary"
key = "ppo_no"
status = "payment_status"
active = "ACTIVE"
held = "HOLD"
removed = "REMOVED"
reason = "status_reason"
since = "status_since"
subject_key = "ppo_no"
[roll.fact]
"person.name" = "full_name"
"person.local_body" = "gram_panchayat"
"#,
};

const FOLLOW: &str = "writer = { url = \"sqlite://source.sqlite\" }\n[[follow]]\nsource = \"https://civil.localhost\"\n\
                      event = \"in.vinimay.death.registered.v1\"\npurpose = \"social.pension.continuation\"\nlaw = \"rbd-1969-s3a\"\n\
                      roll = \"social.pension\"\n[[systems]]\nname = \"counter\"\ncertificate_file = \"counter.pem\"\nmay = [\"object\"]\n\
                      [[systems]]\nname = \"portal\"\ncertificate_file = \"portal.pem\"\nmay = [\"post\"]\n\
                      [[systems]]\nname = \"relay\"\ncertificate_file = \"relay.pem\"\nmay = [\"carrier\"]\n";
pub(super) const WHY: &str = "She stood before me with her certificate.";

/// Before anybody looks: a department that hears.
pub(super) struct World {
    pub(super) app: App,
    department: TestDepartment,
    anchor: TestAnchor,
    /// Private keys of the counter's system, of the portal and of the carriers' relay, with their certificates.
    pub(super) systems: [(Vec<u8>, Vec<u8>); 3],
}

impl World {
    /// Sushila is linked to 101, Budhram to 102.
    pub(super) async fn open() -> Self {
        let anchor = TestAnchor::start(&Clock::default());
        let department = TestDepartment::new("social", Some(&SOURCE), FOLLOW);
        let systems = ["counter", "portal", "relay"].map(|name| {
            let made = service_kit_testing::self_signed(name, 30);
            std::fs::write(department.path(&format!("{name}.pem")), &made.0).unwrap();
            made
        });
        department.init();
        department.join(&anchor, &["provider"]).await.unwrap();
        let app = department.open();
        let this = Self { app, department, anchor, systems };
        this.link("sushila", "101").await;
        this.link("budhram", "102").await;
        this
    }

    fn subject(&self, name: &str) -> SectorSubject {
        self.app.keys().subject_mac.sector_subject(name)
    }

    async fn link(&self, name: &str, local: &str) {
        let link = NewLink {
            subject: self.subject(name),
            local_key: local.to_owned(),
            method: "officer".to_owned(),
            score: 100,
            confirmed_by: "officer-1".to_owned(),
        };
        let app = self.app.clone();
        let linked = self.app.db().write(move |conn| link_insert(conn, app.keys(), &link, app.now())).await;
        assert!(linked.unwrap_or_else(|error: LinkError| panic!("{error}")));
    }

    /// A death of somebody, as the inbox opened it; a report is hearsay.
    pub(super) fn death(&self, name: &str, number: &str, about: EventMatch) -> OpenedEvent {
        let day = self.app.now().civil_day();
        let payload = format!(
            r#"{{"registration_number":"{number}","death_date":"{day}","death_date_precision":"day","match":{{"method":"resident-number","score":100}}}}"#
        );
        self.event((name, number, about), EventKind::DeathRegistered, &payload)
    }

    pub(super) fn hearsay(&self, name: &str, number: &str) -> OpenedEvent {
        let about = EventMatch { name: name.to_owned(), birth_year: None };
        let payload = format!(r#"{{"report_number":"{number}","reported_by":"anganwadi","death_date":null}}"#);
        self.event((name, number, about), EventKind::DeathReported, &payload)
    }

    fn event(&self, (name, number, about): (&str, &str, EventMatch), kind: EventKind, payload: &str) -> OpenedEvent {
        let now = self.app.now();
        let (sealed, id): (CompactJwe, MessageId) = ("a..b.c.d".parse().unwrap(), random::message_id(now));
        OpenedEvent {
            source: "https://civil.localhost".parse().unwrap(),
            claims: Event {
                v: V1,
                iss: "https://civil.localhost".parse().unwrap(),
                aud: self.app.entity().clone(),
                iat: now.numeric(),
                jti: id.clone(),
                salt: random::salt(),
                specversion: CloudEventsVersion::V1,
                r#type: kind.event_type().unwrap(),
                seq: 1,
                subject_ref: name.to_owned(),
                person_seq: 1,
                effective: now.civil_day(),
                recorded: now,
                assurance: if kind.is_reported() { EventAssurance::Reported } else { EventAssurance::Registered },
                case: format!("case-{number}").parse().unwrap(),
                supersedes: None,
                basis: EventBasis::Law { id: "rbd-1969-s3a".parse().unwrap() },
                subject: sealed.clone(),
                r#match: sealed.clone(),
                data: sealed,
            },
            subject: self.subject(name),
            about,
            payload: EventPayload::parse(kind, payload.as_bytes()).unwrap(),
            related: Vec::new(),
            digest: Digest::of(id.as_str()),
        }
    }

    /// Hears an event and looks at everybody concerned.
    pub(super) async fn hears(&self, event: &OpenedEvent) {
        let lease = self.app.lease(triggers::APPLY).await.unwrap().unwrap();
        let concerned = hear(&self.app, event, &lease).await.unwrap();
        for person in &concerned.persons {
            settle(&self.app, person).await.unwrap();
        }
        self.app.release(lease).await.unwrap();
    }

    /// Sushila's death is heard, which holds her pension, and the department is served. Her decision.
    pub(super) async fn served(self) -> (Served, MessageId) {
        let about = EventMatch { name: "Sushila Sahu".to_owned(), birth_year: Some(1954) };
        self.hears(&self.death("sushila", "D-1", about)).await;
        let decision = self.app.decisions_in_case(&"case-D-1".parse().unwrap()).await.unwrap()[0].decision.clone();
        (self.serve().await, decision)
    }

    pub(super) async fn serve(self) -> Served {
        let Self { app, department, anchor, systems } = self;
        let office = Office::serving(department, anchor).await;
        Served { office, app, systems }
    }
}

/// A department that is served, beside which a second process has the same database open.
pub(super) struct Served {
    pub(super) office: Office,
    app: App,
    pub(super) systems: [(Vec<u8>, Vec<u8>); 3],
}

impl Served {
    /// An officer who signed in.
    pub(super) async fn officer(&self, name: &str, roles: &str) -> Browser {
        self.office.account_of(name, name, roles).await
    }

    /// One text of the department's own table.
    pub(super) fn look(&self, sql: &str) -> String {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            text: String,
        }
        let rows: Vec<Row> =
            sql_query(format!("SELECT CAST(({sql}) AS TEXT) AS text")).load(&mut self.table()).unwrap();
        rows.into_iter().next().unwrap().text
    }

    /// The department's own table, changed by somebody else.
    pub(super) fn change(&self, sql: &str) {
        self.table().batch_execute(sql).unwrap();
    }

    fn table(&self) -> SqliteConnection {
        let file = self.office.department.path("source.sqlite").display().to_string();
        let mut conn = SqliteConnection::establish(&file).unwrap();
        conn.batch_execute("PRAGMA busy_timeout = 60000").unwrap();
        conn
    }

    /// `ppo=status` of the roll, in order.
    pub(super) fn roll(&self) -> String {
        self.look("SELECT group_concat(ppo_no || '=' || payment_status, ' ') FROM (SELECT * FROM pension_beneficiary ORDER BY ppo_no)")
    }

    /// A key of an account, confirmed by another officer if so wanted; its file is written, too.
    pub(super) async fn key(&self, account: &str, person: &str, confirmed: bool) -> SigningKey {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let name: SystemName = account.parse().unwrap();
        let app = self.office.running.app();
        let of = Purpose { department: app.entity(), account: &name };
        let public = HandedIn::new(&key, of, app.now()).unwrap().public;
        let officer = OfficerJwk { person: person.to_owned(), role: "review".to_owned(), jwk: public };
        let (kid, by) = (key.kid().clone(), "admin".parse::<SystemName>().unwrap());
        let write = move |conn: &mut AnyConnection| {
            officer_key_insert(conn, &name, &kid, &officer, 1)?;
            if confirmed {
                officer_key_confirm(conn, &kid, &by)?;
            }
            Ok::<_, crate::store::people::PeopleStoreError>(())
        };
        app.db().write(write).await.unwrap();
        key
    }

    /// Nobody serves any more; time may go on.
    pub(super) async fn closed(self) -> (App, impl Fn() -> String) {
        let Self { office, app, .. } = self;
        let Office { running, department, .. } = office;
        running.stop().await.unwrap();
        let file = department.path("source.sqlite").display().to_string();
        let status = move || {
            let _kept = &department;
            #[derive(QueryableByName)]
            struct Row {
                #[diesel(sql_type = Text)]
                text: String,
            }
            let mut conn = SqliteConnection::establish(&file).unwrap();
            conn.batch_execute("PRAGMA busy_timeout = 60000").unwrap();
            let rows: Vec<Row> = sql_query("SELECT payment_status AS text FROM pension_beneficiary WHERE ppo_no = 101")
                .load(&mut conn)
                .unwrap();
            rows.into_iter().next().unwrap().text
        };
        (app, status)
    }
}

/// Posts with the form token of the console's first page.
pub(super) async fn post(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    let token = browser.get("/console").await.hidden("form_token");
    browser.post(path, &[fields, &[("form_token", token.as_str())]].concat()).await
}

/// The code on the page of a refusal.
pub(super) fn refusal(page: &Page) -> String {
    let code = page.body.split_once("data-code=\"").and_then(|(_, rest)| rest.split('"').next());
    format!("{} {}", page.status, code.unwrap_or_default())
}
