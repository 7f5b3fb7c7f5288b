//! One department with a pension roll, whose jobs run only when a test says so, and events as its inbox would open them.

use std::sync::Arc;

use diesel::{
    Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection, connection::SimpleConnection as _, sql_query,
    sql_types::Text,
};
use eligibility::scheme::Scheme;
use protocol::{event::OpenedEvent, exchange::Attested, seal::random};
use schemas::{
    decision::{DecisionRecord, NoticeRecord},
    digest::Digest,
    event::{CloudEventsVersion, Event, EventAssurance, EventBasis, EventKind, EventMatch, EventPayload, Relation},
    id::{CompactJwe, MessageId, SectorSubject, SystemName},
    time::{CivilDate, Timestamp},
    version::V1,
};
use service_kit::clock::Clock;

use crate::{
    app::App,
    decisions::{hear, run, settle},
    notices::Person,
    people::{By, Invite, Password, Role, Roles},
    store::{
        decisions::{
            cases::{Decided, decisions_of},
            log::{LogKind, log_of},
        },
        links::{LinkError, NewLink, link_insert},
        notices::{StoredNotice, notice_fetched, notices_of},
    },
    testing::{Source, TestAnchor, TestDepartment},
    triggers,
    webhooks::testing::{HttpsEndpoint, Said},
};

pub const SOCIAL: Source = Source {
    sql: "CREATE TABLE pension_beneficiary (ppo_no INTEGER PRIMARY KEY, payment_status TEXT NOT NULL, status_reason TEXT, \
              status_since TEXT, until_day TEXT, amount INTEGER, full_name TEXT, dob TEXT);
          INSERT INTO pension_beneficiary VALUES (101, 'ACTIVE', NULL, '2016-04-01', NULL, 500, 'Sushila Sahu', '1954-02-28'),
              (102, 'ACTIVE', NULL, '2016-04-01', NULL, 500, 'Budhram Netam', '1950-01-01'),
              (103, 'ACTIVE', NULL, '2016-04-01', NULL, 500, 'Phulo Netam', '1951-12-31');",
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
until = "until_day"
amount = "amount"
subject_key = "ppo_no"
[roll.fact]
"person.name" = "full_name"
[roll.enrol]
number = "next"
"#,
};

/// A pension for widows, told apart by their marriage alone, so that a test needs no other department.
pub const WIDOWS: &str = r#"
[scheme]
id = "T-WIDOWS"
version = 1
title = { en = "Widow pension", hi = "विधवा पेंशन" }
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
[benefit]
slabs = [{ age_from = 0, monthly = 500 }]
[effect.include]
mode = "offer"
[effect.remove]
death = { hold_at = "registered", remove_at = "registered", notice_days = 30, notice_to = "household" }
moved_out_of_state = { hold = false, remove_after_days = 90, notice_days = 30 }
clause_false = { notice_days = 30, officer = true }
unknown = "no_action"
breaker = { percent_of_roll = 0.5, times_median_90d = 3.0 }
"#;

pub const DAY: i64 = 86_400;

/// What the department follows: deaths of whoever is on its roll.
const FOLLOW: &str = "[[follow]]\nsource = \"https://civil.localhost\"\nevent = \"in.vinimay.death.registered.v1\"\n\
                      purpose = \"social.pension.continuation\"\nlaw = \"rbd-1969-s3a\"\nroll = \"social.pension\"\n";

/// A department without jobs.
pub struct World {
    pub app: App,
    department: TestDepartment,
    _anchor: TestAnchor,
}

impl World {
    /// Governed by the built-in rule.
    pub async fn by_rule() -> Self {
        Self::by_rule_on(false).await
    }

    /// The same on PostgreSQL, if asked.
    pub async fn by_rule_on(postgres: bool) -> Self {
        Self::with(postgres, &format!("writer = {{ url = \"sqlite://source.sqlite\" }}\n{FOLLOW}")).await
    }

    /// The same at a department whose own system writes to the roll; that system is away, and what it was told is done by hand.
    pub async fn by_rule_and_hand() -> Self {
        let apart = "[[roll]]\njournal = \"apart\"\nwrite = \"webhook\"";
        let source =
            Source { sql: SOCIAL.sql, mapping: Box::leak(SOCIAL.mapping.replace("[[roll]]", apart).into_boxed_str()) };
        let more = format!(
            "writer = {{ url = \"sqlite://source.sqlite\" }}\n[source.journal]\nurl = \"sqlite://journal.sqlite\"\n\
             [source.webhook]\nurl = \"https://localhost:1/rolls\"\nroots_file = \"system.pem\"\n{FOLLOW}"
        );
        let away = HttpsEndpoint::start(|_| -> Said { (503, "", Vec::new()) }).await;
        let files = [("journal.sqlite", [].as_slice()), ("system.pem", &away.certificate)];
        Self::with_files(false, &source, &more, &files).await
    }

    /// Governed by the built-in rule, where the first person has two rows on the roll.
    pub async fn by_rule_of_two_rows() -> Self {
        let sql = format!(
            "{} ALTER TABLE pension_beneficiary ADD COLUMN person_no TEXT;
             INSERT INTO pension_beneficiary VALUES (104, 'ACTIVE', NULL, '2018-04-01', NULL, 300, 'S. S.', '1954-02-27', '101');
             UPDATE pension_beneficiary SET person_no = ppo_no WHERE person_no IS NULL;",
            SOCIAL.sql
        );
        let mapping = SOCIAL.mapping.replace("subject_key = \"ppo_no\"", "subject_key = \"person_no\"");
        let source = Source { sql: Box::leak(sql.into_boxed_str()), mapping: Box::leak(mapping.into_boxed_str()) };
        let more = format!("writer = {{ url = \"sqlite://source.sqlite\" }}\n{FOLLOW}");
        Self::with_files(false, &source, &more, &[]).await
    }

    /// Governed by this scheme.
    pub async fn by_scheme(text: &str) -> Self {
        Self::by_scheme_on(false, text).await
    }

    /// Governed by the built-in rule until schemes are given; then by this one, whose roll is configured.
    pub async fn by_rule_and_then(id: &str) -> Self {
        let rolls = format!("[decisions.rolls]\n\"{id}\" = \"social.pension\"\n");
        let this =
            Self::with(false, &format!("writer = {{ url = \"sqlite://source.sqlite\" }}\n{rolls}{FOLLOW}")).await;
        this.app.decisions().give(Vec::new());
        this
    }

    /// Governed by this scheme; another one, of which no version is in force, pays by the same roll.
    pub async fn by_scheme_beside(text: &str, other: &str) -> Self {
        let scheme = Scheme::parse(text).unwrap_or_else(|findings| panic!("{findings:?}"));
        let lines = format!("\"{}\" = \"social.pension\"\n\"{other}\" = \"social.pension\"\n", scheme.id);
        let writer = "writer = { url = \"sqlite://source.sqlite\" }";
        let this = Self::with(false, &format!("{writer}\n[decisions.rolls]\n{lines}")).await;
        this.app.decisions().give(vec![Arc::new(scheme)]);
        this
    }

    /// The same on PostgreSQL, if asked.
    pub async fn by_scheme_on(postgres: bool, text: &str) -> Self {
        let scheme = Scheme::parse(text).unwrap_or_else(|findings| panic!("{findings:?}"));
        let rolls = format!(
            "writer = {{ url = \"sqlite://source.sqlite\" }}\n[decisions.rolls]\n\"{}\" = \"social.pension\"\n",
            scheme.id
        );
        let this = Self::with(postgres, &rolls).await;
        this.app.decisions().give(vec![Arc::new(scheme)]);
        this
    }

    async fn with(postgres: bool, more: &str) -> Self {
        Self::with_source(postgres, &SOCIAL, more).await
    }

    /// Governed by these schemes, each with the roll of this source by which it pays.
    pub async fn by_schemes(source: &Source, schemes: &[(&str, &str)]) -> Self {
        let parsed = schemes.iter().map(|(text, roll)| {
            let scheme = Scheme::parse(text).unwrap_or_else(|findings| panic!("{findings:?}"));
            (Arc::new(scheme), roll)
        });
        let parsed: Vec<_> = parsed.collect();
        let rolls: String = parsed.iter().map(|(scheme, roll)| format!("\"{}\" = \"{roll}\"\n", scheme.id)).collect();
        let writer = "writer = { url = \"sqlite://source.sqlite\" }";
        let this = Self::with_source(false, source, &format!("{writer}\n[decisions.rolls]\n{rolls}")).await;
        this.app.decisions().give(parsed.into_iter().map(|(scheme, _)| scheme).collect());
        this
    }

    async fn with_source(postgres: bool, source: &Source, more: &str) -> Self {
        Self::with_files(postgres, source, more, &[]).await
    }

    async fn with_files(postgres: bool, source: &Source, more: &str, files: &[(&str, &[u8])]) -> Self {
        let anchor = TestAnchor::start(&Clock::default());
        let department = TestDepartment::new("social", Some(source), more);
        if postgres {
            let url = tokio::task::block_in_place(|| service_kit_testing::postgres().new_database());
            let service_kit::db::DatabaseUrl::Postgres(url) = url else { panic!("no PostgreSQL") };
            let file = department.path("gateway.toml");
            let text = std::fs::read_to_string(&file).unwrap();
            std::fs::write(&file, text.replace("sqlite://gateway.sqlite", url.expose())).unwrap();
        }
        for (name, bytes) in files {
            std::fs::write(department.path(name), bytes).unwrap();
        }
        department.init();
        department.join(&anchor, &["provider"]).await.unwrap();
        let app = department.open();
        let this = Self { app, department, _anchor: anchor };
        for (name, local) in [("sushila", "101"), ("budhram", "102"), ("phulo", "103")] {
            this.link(name, local).await;
        }
        this
    }

    /// As many people more, `p200`, `p201`, … by their numbers on the roll.
    pub async fn populate(&self, numbers: std::ops::Range<u32>) {
        let row = |n| {
            format!("INSERT INTO pension_beneficiary VALUES ({n}, 'ACTIVE', NULL, NULL, NULL, 500, 'P {n}', NULL);")
        };
        self.enter(&numbers.clone().map(row).collect::<String>());
        for n in numbers {
            self.link(&format!("p{n}"), &n.to_string()).await;
        }
    }

    /// Their deaths are heard.
    pub async fn die(&self, numbers: std::ops::Range<u32>) {
        for n in numbers {
            self.hears(&self.death(&format!("p{n}"), &format!("D-{n}"))).await;
        }
    }

    /// How many payments are held.
    pub fn held(&self) -> u32 {
        self.look("SELECT COUNT(*) FROM pension_beneficiary WHERE payment_status = 'HOLD'").parse().unwrap()
    }

    /// Another process of the same gateway, by the same rules.
    pub fn beside(&self) -> App {
        self.department.open()
    }

    /// The pseudonym of somebody.
    pub fn subject(&self, name: &str) -> SectorSubject {
        self.app.keys().subject_mac.sector_subject(name)
    }

    pub fn person(&self, name: &str) -> Person {
        Person::of_subject(self.app.keys(), &self.subject(name))
    }

    pub async fn link(&self, name: &str, local: &str) {
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

    /// An event about somebody, as the inbox opened it.
    pub fn event(&self, name: &str, kind: EventKind, case: &str, payload: &str) -> OpenedEvent {
        event_of(&self.app, (name, self.subject(name)), kind, (case, payload))
    }

    pub fn death(&self, name: &str, number: &str) -> OpenedEvent {
        let day = self.now().civil_day();
        let payload = format!(
            r#"{{"registration_number":"{number}","death_date":"{day}","death_date_precision":"day","match":{{"method":"resident-number","score":100}}}}"#
        );
        self.event(name, EventKind::DeathRegistered, &format!("case-{number}"), &payload)
    }

    /// A death of this day.
    pub fn death_on(&self, name: &str, number: &str, day: &str) -> OpenedEvent {
        let payload = format!(
            r#"{{"registration_number":"{number}","death_date":"{day}","death_date_precision":"day","match":{{"method":"resident-number","score":100}}}}"#
        );
        let mut event = self.event(name, EventKind::DeathRegistered, &format!("case-{number}"), &payload);
        event.claims.effective = day.parse().unwrap();
        event
    }

    pub fn annulled(&self, name: &str, number: &str) -> OpenedEvent {
        let payload = format!(r#"{{"registration_number":"{number}","reason":"never_died"}}"#);
        self.event(name, EventKind::DeathAnnulled, &format!("case-{number}"), &payload)
    }

    pub fn married(&self, name: &str, on: &str) -> OpenedEvent {
        let payload = format!(
            r#"{{"registration_number":"M-1","date":"{on}","spouse":{{"name":"Mangal","birth_year":1949,"subject":null}}}}"#
        );
        let mut event = self.event(name, EventKind::MarriageRegistered, "case-m", &payload);
        event.claims.effective = on.parse().unwrap();
        event
    }

    pub fn widowed(&self, name: &str, death: &str) -> OpenedEvent {
        let day = self.now().civil_day();
        let payload = format!(
            r#"{{"registration_number":"M-1","date":"{day}","reason":"death_of_spouse","spouse":{{"name":"Mangal","birth_year":1949,"subject":null}},"death_registration_number":"{death}"}}"#
        );
        self.event(name, EventKind::MarriageEnded, &format!("case-{death}"), &payload)
    }

    /// Hears an event and looks at everybody concerned, as the job that applies events does.
    pub async fn hears(&self, event: &OpenedEvent) {
        hears(&self.app, event).await;
    }

    /// Lets days go by, and then the job run.
    pub async fn days(&self, days: i64) {
        self.app.decisions().go_ahead(days * DAY);
        run(&self.app).await.unwrap();
    }

    pub fn now(&self) -> Timestamp {
        self.app.decided_at()
    }

    pub fn today(&self) -> CivilDate {
        self.now().civil_day()
    }

    pub async fn decisions(&self, name: &str) -> Vec<Decided> {
        let (keys, person) = (self.app.keys().clone(), self.person(name));
        self.app.db().read(move |conn| decisions_of(conn, &keys, &person)).await.unwrap()
    }

    pub async fn only(&self, name: &str) -> Decided {
        let mut decided = self.decisions(name).await;
        assert_eq!(decided.len(), 1, "{decided:?}");
        decided.remove(0)
    }

    /// The signed records of a decision, verified by our own key: decisions, and notices.
    pub async fn records(&self, id: &MessageId) -> (Vec<DecisionRecord>, Vec<NoticeRecord>) {
        let id = id.clone();
        let log = self.app.db().read(move |conn| log_of(conn, &id)).await.unwrap();
        let key = self.app.keys().signing.public();
        let (mut decisions, mut notices) = (Vec::new(), Vec::new());
        for logged in log {
            match logged.kind {
                LogKind::Decision => decisions.push(Attested::read_own(&logged.jws, key).unwrap().into_parts().0),
                LogKind::Notice => notices.push(Attested::read_own(&logged.jws, key).unwrap().into_parts().0),
            }
        }
        (decisions, notices)
    }

    pub async fn notices(&self, name: &str) -> Vec<StoredNotice> {
        let (keys, person) = (self.app.keys().clone(), self.person(name));
        self.app.db().read(move |conn| notices_of(conn, &keys, &person, 100)).await.unwrap()
    }

    /// Her wallet fetches what there is to tell, and says that it has it; then the job runs.
    pub async fn wallet_fetches(&self, name: &str) {
        let (person, told) = (self.person(name), self.notices(name).await);
        let fetched = move |conn: &mut _| {
            let mut new = 0;
            for notice in told {
                new += notice_fetched(conn, &person, &notice.id, 1)?;
            }
            Ok::<_, service_kit::db::DatabaseError>(new)
        };
        assert!(self.app.db().write(fetched).await.unwrap() > 0);
        self.days(0).await;
    }

    /// An officer with an account.
    pub async fn officer(&self, name: &str, person: &str) -> SystemName {
        let invite = Invite {
            name: name.parse().unwrap(),
            person: Some(person.parse().unwrap()),
            display: None,
            roles: Roles::new([Role::Reviewer]),
        };
        let code = self.app.officers().invite(By::CommandLine, invite).await.unwrap().code;
        let password = Password::new("monsoon arrives on a tuesday".to_owned());
        self.app.officers().accept(&code, password).await.unwrap()
    }

    /// The department's own table, changed by its own application.
    pub fn enter(&self, sql: &str) {
        let file = self.department.path("source.sqlite").display().to_string();
        let mut conn = SqliteConnection::establish(&file).unwrap();
        conn.batch_execute(&format!("PRAGMA busy_timeout = 60000; {sql}")).unwrap();
    }

    /// From now on its table lets nobody be taken off; `DROP TRIGGER closed` ends it.
    pub fn lets_nobody_be_removed(&self) {
        self.enter(
            "CREATE TRIGGER closed BEFORE UPDATE ON pension_beneficiary WHEN NEW.payment_status = 'REMOVED' \
             BEGIN SELECT RAISE(ABORT, 'closed'); END;",
        );
    }

    /// One text of the department's own table.
    pub fn look(&self, sql: &str) -> String {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            text: String,
        }
        let file = self.department.path("source.sqlite").display().to_string();
        let mut conn = SqliteConnection::establish(&file).unwrap();
        conn.batch_execute("PRAGMA busy_timeout = 60000").unwrap();
        let rows: Vec<Row> = sql_query(format!("SELECT CAST(({sql}) AS TEXT) AS text")).load(&mut conn).unwrap();
        rows.into_iter().next().unwrap().text
    }

    /// `ppo=status` of the roll, in order.
    pub fn roll(&self) -> String {
        self.look("SELECT group_concat(ppo_no || '=' || payment_status, ' ') FROM (SELECT * FROM pension_beneficiary ORDER BY ppo_no)")
    }
}

/// An event about somebody, as this gateway's inbox opened it.
pub fn event_of(
    app: &App,
    (name, subject): (&str, SectorSubject),
    kind: EventKind,
    (case, payload): (&str, &str),
) -> OpenedEvent {
    let payload = EventPayload::parse(kind, payload.as_bytes()).unwrap();
    let now = app.decided_at();
    let sealed: CompactJwe = "a..b.c.d".parse().unwrap();
    let id = random::message_id(now);
    OpenedEvent {
        source: "https://civil.localhost".parse().unwrap(),
        claims: Event {
            v: V1,
            iss: "https://civil.localhost".parse().unwrap(),
            aud: app.entity().clone(),
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
            case: case.parse().unwrap(),
            supersedes: None,
            basis: EventBasis::Law { id: "rbd-1969-s3a".parse().unwrap() },
            subject: sealed.clone(),
            r#match: sealed.clone(),
            data: sealed,
        },
        subject,
        about: EventMatch { name: name.to_owned(), birth_year: None },
        payload,
        related: Vec::new(),
        digest: Digest::of(id.as_str()),
    }
}

/// Hears an event and looks at everybody concerned, as the job that applies events does.
pub async fn hears(app: &App, event: &OpenedEvent) {
    let lease = app.lease(triggers::APPLY).await.unwrap().unwrap();
    let concerned = hear(app, event, &lease).await.unwrap();
    for person in &concerned.persons {
        settle(app, person).await.unwrap();
    }
    app.release(lease).await.unwrap();
}

/// The same event, in the place of an earlier one.
pub fn replacing(mut event: OpenedEvent, earlier: &OpenedEvent) -> OpenedEvent {
    event.claims.supersedes = Some(earlier.claims.jti.clone());
    event.claims.recorded = earlier.claims.recorded.plus(60);
    event
}

/// The same event, speaking of this other person too.
pub fn with_related(mut event: OpenedEvent, relation: Relation, subject: SectorSubject) -> OpenedEvent {
    event.related.push((relation, subject));
    event
}
