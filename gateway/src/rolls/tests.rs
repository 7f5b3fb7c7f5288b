//! What others do to a roll is alarmed and journaled; heads are signed once a growth; verification names the window.

mod apart;

use diesel::{Connection as _, SqliteConnection, connection::SimpleConnection as _};
use registry_adapter::{
    key::LocalKey,
    roll::{HoldDecision, RollWriter as _},
};
use service_kit::clock::Clock;

use super::*;
use crate::{
    store::testing::rows,
    testing::{Source, TestAnchor, TestDepartment},
};

const SOCIAL: Source = Source {
    sql: "CREATE TABLE pension (ppo_no INTEGER PRIMARY KEY, status TEXT NOT NULL, reason TEXT, since TEXT);
          INSERT INTO pension VALUES (101, 'ACTIVE', NULL, '2016-04-01'), (102, 'ACTIVE', NULL, '2017-04-01');",
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
"#,
};

const MORE: &str = "writer = { url = \"sqlite://source.sqlite\" }\n[[follow]]\nsource = \"https://civil.localhost\"\n\
    event = \"in.vinimay.death.registered.v1\"\npurpose = \"social.pension.continuation\"\nlaw = \"rbd-1969-s3a\"\n\
    roll = \"social.pension\"\n";

struct World {
    app: App,
    department: TestDepartment,
    _anchor: TestAnchor,
}

impl World {
    async fn new() -> Self {
        let anchor = TestAnchor::start(&Clock::default());
        let (department, app) = TestDepartment::member(&anchor, "social", &["provider"], Some(&SOCIAL), MORE).await;
        Self { app, department, _anchor: anchor }
    }

    fn roll(&self) -> RollId {
        "social.pension".parse().unwrap()
    }

    /// What a clerk does, or whoever has the file.
    fn edit(&self, sql: &str) {
        let path = self.department.path("source.sqlite");
        let mut conn = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        conn.batch_execute(sql).unwrap();
    }

    async fn count(&self, table: &'static str) -> i64 {
        self.app.db().read(move |conn| rows(conn, table)).await.unwrap()
    }

    async fn hold(&self, who: &'static str) {
        let (rolls, at, roll) = (open(&self.app).unwrap(), self.app.now(), self.roll());
        let order = HoldDecision {
            roll,
            subject: who.parse::<LocalKey>().unwrap(),
            event: Digest::of("the event"),
            decision: random::message_id(at),
            reason: "DEATH_REGISTERED".to_owned(),
            effective: at.civil_day(),
            actor: "rule:death-hold@1".to_owned(),
        };
        blocking(move || rolls.hold(&order, at)).await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_of_a_roll_is_journaled_alarmed_and_written_into_the_audit_trail_once() {
    let world = World::new().await;
    watch(&world.app).await.unwrap();
    let stock = world.count("audit_trail").await;
    world.edit("UPDATE pension SET status = 'REMOVED' WHERE ppo_no = 101");
    let suspicions = verify(&world.app, &world.roll()).await.unwrap();
    assert!(matches!(&suspicions[..], [Suspicion { finding: Finding::RowChangedOutside { .. }, after: Some(_), .. }]));
    for _ in 0..2 {
        watch(&world.app).await.unwrap();
        assert_eq!(world.count("audit_trail").await, stock + 1);
    }
    assert_eq!(verify(&world.app, &world.roll()).await.unwrap(), []);
    world.edit("DELETE FROM pension WHERE ppo_no = 102; DELETE FROM vinimay_touched");
    scan(&world.app).await.unwrap();
    assert_eq!(world.count("audit_trail").await, stock + 2, "the scan finds what no trigger told");
    let replayed = replay(&world.app, &world.roll(), world.app.now().civil_day()).await.unwrap();
    assert_eq!(
        replayed.to_lines(),
        "{\"ppo_no\":\"101\",\"reason\":null,\"since\":\"2016-04-01\",\"status\":\"REMOVED\"}\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_an_order_met_is_alarmed_too() {
    let world = World::new().await;
    watch(&world.app).await.unwrap();
    let stock = world.count("audit_trail").await;
    world.edit("UPDATE pension SET reason = 'COURT' WHERE ppo_no = 101");
    world.hold("101").await;
    for _ in 0..2 {
        watch(&world.app).await.unwrap();
        assert_eq!(world.count("audit_trail").await, stock + 1, "the order journaled it; the watch says so, once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_no_first_look_reached_did_not_appear() {
    let world = World::new().await;
    // An order came before the first look, or that look was broken off.
    world.hold("101").await;
    let before = world.count("audit_trail").await;
    scan(&world.app).await.unwrap();
    watch(&world.app).await.unwrap();
    assert_eq!(world.count("audit_trail").await, before, "nobody can say that they appeared");
    assert_eq!(verify(&world.app, &world.roll()).await.unwrap(), []);
    world.edit("INSERT INTO pension VALUES (104, 'ACTIVE', NULL, '2026-04-01')");
    scan(&world.app).await.unwrap();
    assert_eq!(world.count("audit_trail").await, before + 1, "from then on they do");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_is_signed_and_queued_for_the_log_only_when_the_journal_grew() {
    let world = World::new().await;
    heads(&world.app).await.unwrap();
    assert_eq!(world.count("journal_head").await, 0, "an empty journal has no head");
    world.hold("101").await;
    let waiting = world.count("outbox").await;
    for _ in 0..2 {
        heads(&world.app).await.unwrap();
        assert_eq!(world.count("journal_head").await, 1);
        assert_eq!(world.count("outbox").await, waiting + 1);
    }
    world.hold("102").await;
    heads(&world.app).await.unwrap();
    assert_eq!(world.count("journal_head").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_row_that_was_deleted_disagrees_with_its_signed_head_and_the_window_is_named() {
    let world = World::new().await;
    for who in ["101", "102"] {
        world.hold(who).await;
    }
    heads(&world.app).await.unwrap();
    let signed = world.app.now();
    world.edit("DROP TRIGGER vinimay_journal_no_delete; DELETE FROM vinimay_journal WHERE seq = 2");
    let suspicions = verify(&world.app, &world.roll()).await.unwrap();
    let [suspicion] = &suspicions[..] else { panic!("{suspicions:?}") };
    assert_eq!(suspicion.finding, Finding::HeadDisagrees { anchored: 2 });
    assert!(suspicion.after.unwrap() <= signed && suspicion.found >= signed);
}
