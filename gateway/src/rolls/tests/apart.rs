//! Journals kept apart and rolls that the department's own system changes, as the configuration wires them.

use std::sync::{Arc, Mutex};

use protocol::seal::{Limits, Typ, UnverifiedJws};
use registry_adapter::{
    journal::RowOutcome,
    key::LocalKey,
    roll::{Applied, HoldDecision, RollError, RollWriter as _},
};
use schemas::roll_order::{RollAction, RollOrder};

use super::*;
use crate::{
    app::StartError,
    webhooks::testing::{HttpsEndpoint, Said},
};

const ROLL: &str = "CREATE TABLE pension (ppo_no INTEGER PRIMARY KEY, status TEXT NOT NULL, reason TEXT, since TEXT);
          INSERT INTO pension VALUES (101, 'ACTIVE', NULL, '2016-04-01'), (102, 'ACTIVE', NULL, '2017-04-01');";

macro_rules! mapping {
    ($how:literal) => {
        concat!(
            "[source]\nkind = \"sqlite\"\n[[roll]]\nid = \"social.pension\"\ntable = \"pension\"\nkey = \"ppo_no\"\n\
             subject_key = \"ppo_no\"\nstatus = \"status\"\nactive = \"ACTIVE\"\nheld = \"HOLD\"\nremoved = \"REMOVED\"\n\
             reason = \"reason\"\nsince = \"since\"\n",
            $how,
            "\n"
        )
    };
}

const APART: Source = Source { sql: ROLL, mapping: mapping!("journal = \"apart\"") };
const BY_WEBHOOK: Source = Source { sql: ROLL, mapping: mapping!("journal = \"apart\"\nwrite = \"webhook\"") };
const BOOKS: &str = "[source.journal]\nurl = \"sqlite://journal.sqlite\"\n";
const RULE: &str = "[decisions.rolls]\n\"T-ANY\" = \"social.pension\"\n";

/// A department whose roll is written so, with this in its configuration.
struct Office {
    app: App,
    department: TestDepartment,
    _anchor: TestAnchor,
}

impl Office {
    async fn open(source: &Source, sections: &str, roots: Option<&[u8]>) -> Result<Self, StartError> {
        let anchor = TestAnchor::start(&Clock::default());
        let more = format!("writer = {{ url = \"sqlite://source.sqlite\" }}\n{sections}{RULE}");
        let department = TestDepartment::new("social", Some(source), &more);
        std::fs::write(department.path("journal.sqlite"), []).unwrap();
        if let Some(roots) = roots {
            std::fs::write(department.path("roll-system.pem"), roots).unwrap();
        }
        department.init();
        department.join(&anchor, &["provider"]).await.unwrap();
        let (config, clock) = (department.config(), department.clock.clone());
        let app = tokio::task::block_in_place(|| App::open(config, clock))?;
        Ok(Self { app, department, _anchor: anchor })
    }

    fn sql(&self, sql: &str) {
        let mut conn =
            SqliteConnection::establish(&self.department.path("source.sqlite").display().to_string()).unwrap();
        conn.batch_execute(&format!("PRAGMA busy_timeout = 60000; {sql}")).unwrap();
    }

    fn roll_id(&self) -> RollId {
        "social.pension".parse().unwrap()
    }

    async fn hold(&self, decision: &str) -> Result<Applied, RollError> {
        let (rolls, roll, now) = (self.app.triggers().rolls().unwrap().clone(), self.roll_id(), self.app.now());
        let order = HoldDecision {
            roll,
            subject: "101".parse::<LocalKey>().unwrap(),
            event: Digest::of("event"),
            decision: decision.parse().unwrap(),
            reason: "DEATH_REGISTERED".to_owned(),
            effective: "2026-11-18".parse().unwrap(),
            actor: "rule:death-hold@1".to_owned(),
        };
        tokio::task::spawn_blocking(move || rolls.hold(&order, now)).await.unwrap()
    }

    async fn outcome(&self) -> RowOutcome {
        self.hold(DECISION).await.unwrap().rows[0].outcome
    }

    fn entries(&self) -> u64 {
        let rolls = self.app.triggers().rolls().unwrap();
        tokio::task::block_in_place(|| rolls.journal_head(&self.roll_id()).unwrap().map_or(0, |head| head.seq))
    }
}

const DECISION: &str = "01936b1e-5b2f-7c3d-8e4f-0123456789ab";

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_does_not_start_without_what_its_mapping_asks_for() {
    for (source, sections, lacks) in [
        (&APART, "", "[source.journal]"),
        (&BY_WEBHOOK, "", "[source.journal]"),
        (&BY_WEBHOOK, BOOKS, "[source.webhook]"),
    ] {
        let Err(error) = Office::open(source, sections, None).await else { panic!("{lacks}: it started") };
        assert!(matches!(&error, StartError::Rolls(_)) && error.to_string().contains(lacks), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_apart_holds_intent_and_confirmation_and_the_roll_no_journal() {
    let office = Office::open(&APART, BOOKS, None).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(office.outcome().await, RowOutcome::Held);
    assert_eq!(office.entries(), 2);
    heads(&office.app).await.unwrap();
    let head = office.app.db().read(|conn| rows(conn, "journal_head")).await.unwrap();
    assert_eq!(head, 1, "its head is signed and logged like any other");
    assert_eq!(verify(&office.app, &office.roll_id()).await.unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roll_that_cannot_be_written_is_written_once_it_can() {
    let office = Office::open(&APART, BOOKS, None).await.unwrap_or_else(|error| panic!("{error}"));
    office.sql("CREATE TRIGGER down BEFORE UPDATE ON pension BEGIN SELECT RAISE(ABORT, 'down'); END");
    assert!(office.hold(DECISION).await.is_err());
    assert_eq!(office.entries(), 1, "the intent alone");
    office.sql("DROP TRIGGER down");
    watch(&office.app).await.unwrap();
    assert_eq!((office.entries(), office.outcome().await), (2, RowOutcome::Held));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_the_departments_system_makes_counts_when_it_reads_back() {
    let says = Arc::new(Mutex::new(503_u16));
    let saying = Arc::clone(&says);
    let system = HttpsEndpoint::start(move |_| -> Said { (*saying.lock().unwrap(), "", Vec::new()) }).await;
    let url = format!("https://localhost:{}/rolls", system.port);
    let sections = format!("{BOOKS}[source.webhook]\nurl = \"{url}\"\nroots_file = \"roll-system.pem\"\n");
    let office = Office::open(&BY_WEBHOOK, &sections, Some(&system.certificate)).await;
    let office = office.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(office.outcome().await, RowOutcome::Intended, "nobody took it");
    *says.lock().unwrap() = 204;
    assert_eq!(office.outcome().await, RowOutcome::Intended, "that it was taken proves nothing");
    let heard = system.heard().pop().unwrap();
    assert_eq!((heard.line.as_str(), heard.header("content-type")), ("POST /rolls HTTP/1.1", Some(ROLL_ORDER)));
    let token = UnverifiedJws::parse(&heard.body, Limits::QUERY).unwrap();
    let order: RollOrder = token.verify(Typ::RollOrder, office.app.keys().signing.public()).unwrap().claims().unwrap();
    assert_eq!((order.aud.as_str(), order.row.as_str(), order.action), (url.as_str(), "101", RollAction::Hold));
    assert_eq!((order.decision.as_str(), order.after["status"].as_deref()), (DECISION, Some("HOLD")));
    assert_eq!(order.before.unwrap()["status"].as_deref(), Some("ACTIVE"));
    let since = order.after["since"].clone().unwrap();
    office.sql(&format!(
        "UPDATE pension SET status = 'HOLD', reason = 'DEATH_REGISTERED', since = '{since}' WHERE ppo_no = 101"
    ));
    watch(&office.app).await.unwrap();
    let told = system.heard().len();
    assert_eq!((office.outcome().await, system.heard().len()), (RowOutcome::Held, told), "nobody is told twice");
}
