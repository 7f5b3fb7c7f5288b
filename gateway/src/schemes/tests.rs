//! From the file to being in force and back, by the code that serves: who may sign, what must be there first, what is refused.

mod roll;

use protocol::seal::{Algorithm, SigningKey};
use registry_adapter::mapping::RollId;
use schemas::{
    id::{CompactJws, SystemName},
    problem::Code,
    scheme::SchemeAction,
    time::CivilDate,
};
use service_kit::db::AnyConnection;

use super::*;
use crate::{
    people::{By, Change, HandedIn, Invite, Purpose, Roles},
    store::{
        outbox::outbox_waiting,
        people::officer_keys::{officer_key_confirm, officer_key_end, officer_key_insert},
    },
    testing::{Source as Files, TestDepartment},
};

const PENSION: &str = include_str!("../../../eligibility/samples/cg-ignoaps.toml");

const FILES: Files = Files {
    sql: "CREATE TABLE pensioner (ppo INTEGER PRIMARY KEY, person TEXT, state TEXT NOT NULL, since TEXT, amount INTEGER, \
          born TEXT, bpl INTEGER, lives_in TEXT, district TEXT, sex TEXT);\n\
          INSERT INTO pensioner VALUES \
          (1, 'P1', 'active', '2020-01-01', 500, '1950-01-01', 1, '22', 'Raipur', 'female'),\
          (2, 'P2', 'active', '2020-01-01', 500, '1950-01-01', 0, '22', 'Raipur', 'male'),\
          (3, 'P3', 'active', '2020-01-01', 500, '1950-01-01', NULL, '22', 'Durg', 'female'),\
          (4, 'P4', 'applied', NULL, NULL, '1950-01-01', 1, '22', 'Durg', 'female'),\
          (5, 'P5', 'applied', NULL, NULL, '1990-01-01', 1, '22', 'Durg', 'male'),\
          (6, 'P6', 'held', '2020-01-01', 500, '1950-01-01', 1, '21', 'Durg', 'male');",
    mapping: r#"
[source]
kind = "sqlite"
[[roll]]
id = "pension"
table = "pensioner"
key = "ppo"
subject_key = "person"
status = "state"
active = "active"
held = "held"
since = "since"
amount = "amount"
[roll.fact]
"person.birth_date" = "born"
"household.bpl" = "bpl"
"person.state_code" = "lives_in"
"person.district" = "district"
"person.sex" = "sex"
"#,
};

/// A department, its schemes, and scheme officers with keys.
struct World {
    department: TestDepartment,
    schemes: Schemes,
}

impl World {
    fn open() -> Self {
        Self::over(&FILES)
    }

    fn over(files: &Files) -> Self {
        let department = TestDepartment::new("social", Some(files), "");
        department.init();
        let config = department.config();
        let folder = crate::keys::KeyFolder::new(config.keys.folder.resolve());
        let keys = folder.load(&[]).unwrap();
        let db = crate::app::open_database(&config).unwrap();
        let schemes = Schemes::new(db, keys, department.clock.clone(), config.entity.clone());
        Self { department, schemes }
    }

    fn today(&self) -> CivilDate {
        self.department.clock.now().civil_day()
    }

    /// The sample as this department's, for a version, in force from long ago.
    fn file(&self, version: u32) -> String {
        PENSION
            .replace("https://social.gov.example", self.department.entity.as_str())
            .replace("version = 3", &format!("version = {version}"))
            .replace("in_force = { from = 2026-04-01 }", "in_force = { from = 2020-04-01 }")
    }

    async fn officer(&self, name: &str, person: &str) -> (SystemName, SigningKey) {
        let account: SystemName = name.parse().unwrap();
        let config = self.department.config();
        let people = crate::people::People::new(
            self.schemes.db.clone(),
            self.schemes.keys.clone(),
            self.department.clock.clone(),
            config.people.lifetimes(),
        );
        let invite = Invite {
            name: account.clone(),
            person: Some(person.parse().unwrap()),
            display: None,
            roles: Roles::new([crate::people::Role::SchemeOfficer]),
        };
        people.invite(By::CommandLine, invite).await.unwrap();
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let of = Purpose { department: &self.department.entity, account: &account };
        let handed = HandedIn::new(&key, of, self.department.clock.now()).unwrap();
        let officer = schemas::federation::OfficerJwk {
            person: person.to_owned(),
            role: "scheme".to_owned(),
            jwk: handed.public,
        };
        let (owner, kid, by) = (account.clone(), key.kid().clone(), "admin".parse::<SystemName>().unwrap());
        self.write(move |conn| {
            officer_key_insert(conn, &owner, &kid, &officer, 1).unwrap();
            officer_key_confirm(conn, &kid, &by).unwrap();
        })
        .await;
        (account, key)
    }

    async fn write<T: Send + 'static>(&self, work: impl FnMut(&mut AnyConnection) -> T + Send + 'static) -> T {
        let mut work = work;
        self.schemes.db.write(move |conn| Ok::<_, SchemeError>(work(conn))).await.unwrap()
    }

    async fn tested(&self, version: u32) -> SchemeVersion {
        let named = self.schemes.submit("asha", self.file(version)).await.unwrap();
        self.backtest(version).await;
        self.schemes.read_leavers(&"asha".parse().unwrap(), &named, None).await.unwrap();
        named
    }

    async fn backtest(&self, version: u32) -> BackTested {
        self.backtest_beside(version, BTreeMap::new()).await
    }

    /// The same where the department's other schemes pay by these rolls.
    async fn backtest_beside(&self, version: u32, rolls: BTreeMap<SchemeId, RollId>) -> BackTested {
        let config = self.department.config();
        let source =
            tokio::task::spawn_blocking(move || crate::app::open_source(&config).unwrap().unwrap()).await.unwrap();
        let stored = self.schemes.version(&"CG-IGNOAPS".parse().unwrap(), version).await.unwrap();
        let roll: RollId = "pension".parse().unwrap();
        let quiet: Progress = Box::new(|_, _| {});
        self.schemes.backtest("asha", &source, stored, (roll, rolls), None, quiet).await.unwrap()
    }

    async fn order(&self, by: &(SystemName, SigningKey), version: &SchemeVersion) -> CompactJws {
        let terms = self.schemes.publish_terms(version, None).await.unwrap();
        sign_order(&by.1, &terms, self.department.clock.now()).unwrap()
    }

    async fn sign(&self, by: &(SystemName, SigningKey), version: &SchemeVersion) -> Result<OrderTaken, SchemeError> {
        let order = self.order(by, version).await;
        self.schemes.take_signature(&by.0, &order).await
    }

    async fn active(&self) -> Vec<String> {
        self.schemes.active(self.today()).await.unwrap().iter().map(ToString::to_string).collect()
    }

    async fn roll_back(&self, by: &(SystemName, SigningKey)) -> OrderTaken {
        let terms = self.schemes.rollback_terms(&"CG-IGNOAPS".parse().unwrap(), None).await.unwrap();
        let order = sign_order(&by.1, &terms, self.department.clock.now()).unwrap();
        self.schemes.take_order(&by.0, &order).await.unwrap()
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, SchemeError>) -> Code {
    result.unwrap_err().code()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheme_goes_from_the_file_into_force_and_back() {
    let world = World::open();
    let (asha, ravi) = (world.officer("asha", "officer-1").await, world.officer("ravi", "officer-2").await);
    let first = world.tested(1).await;
    assert_eq!(world.active().await, Vec::<String>::new());
    assert_eq!(world.sign(&asha, &first).await.unwrap().signatures, 1);
    assert_eq!(world.sign(&ravi, &first).await.unwrap().signatures, 2);
    world.schemes.publish("asha", &first).await.unwrap();
    assert_eq!(world.active().await, ["CG-IGNOAPS@1"]);
    let thresholds = world.schemes.thresholds(world.today()).await.unwrap();
    assert_eq!(thresholds.iter().map(|t| t.years).collect::<Vec<_>>(), [60, 80]);

    let second = world.tested(2).await;
    world.sign(&asha, &second).await.unwrap();
    world.sign(&ravi, &second).await.unwrap();
    world.schemes.publish("asha", &second).await.unwrap();
    assert_eq!(world.active().await, ["CG-IGNOAPS@2"]);

    assert!(!world.roll_back(&asha).await.carried_out, "one person is not enough");
    assert_eq!(world.active().await, ["CG-IGNOAPS@2"]);
    let taken = world.roll_back(&ravi).await;
    assert_eq!((taken.carried_out, taken.terms.action, taken.terms.scheme.version), (true, SchemeAction::Rollback, 1));
    assert_eq!(world.active().await, ["CG-IGNOAPS@1"]);
    let states: Vec<VersionState> = world.schemes.list().await.unwrap().iter().map(|l| l.state).collect();
    assert_eq!(states, [VersionState::InForce, VersionState::Superseded]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_does_not_come_back_by_taking_back_again() {
    let world = World::open();
    let (asha, ravi) = (world.officer("asha", "officer-1").await, world.officer("ravi", "officer-2").await);
    for number in 1..=3 {
        let version = world.tested(number).await;
        world.sign(&asha, &version).await.unwrap();
        world.sign(&ravi, &version).await.unwrap();
        world.schemes.publish("asha", &version).await.unwrap();
    }
    let taken_back = world.schemes.version(&"CG-IGNOAPS".parse().unwrap(), 3).await.unwrap().hash;
    for (action, now) in [
        (SchemeAction::Rollback, &["CG-IGNOAPS@2"][..]),
        (SchemeAction::Rollback, &["CG-IGNOAPS@1"]),
        (SchemeAction::Withdraw, &[]),
    ] {
        world.roll_back(&asha).await;
        assert_eq!(world.roll_back(&ravi).await.terms.action, action);
        assert_eq!(world.active().await, now);
        // Nor by an order that two officers write themselves: the leavers of that version were read for another day.
        let version = world.schemes.version(&"CG-IGNOAPS".parse().unwrap(), 3).await.unwrap();
        let named = SchemeVersion { id: version.scheme, version: 3, hash: taken_back };
        let terms = world.schemes.publish_terms(&named, None).await.unwrap();
        let terms = Terms { action: SchemeAction::Rollback, ..terms };
        let order = sign_order(&asha.1, &terms, world.department.clock.now()).unwrap();
        assert_eq!(code(world.schemes.take_order(&asha.0, &order).await), Code::Conflict);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_whose_account_was_closed_or_who_is_none_any_more_signs_nothing_and_signed_nothing() {
    let world = World::open();
    let (asha, ravi) = (world.officer("asha", "officer-1").await, world.officer("ravi", "officer-2").await);
    let version = world.tested(1).await;
    world.sign(&asha, &version).await.unwrap();
    world.sign(&ravi, &version).await.unwrap();
    let config = world.department.config();
    let people = crate::people::People::new(
        world.schemes.db.clone(),
        world.schemes.keys.clone(),
        world.department.clock.clone(),
        config.people.lifetimes(),
    );
    let roles = |role| Change::Roles(Roles::new([role]));
    for (change, back) in [
        (Change::Disable, Change::Enable),
        (roles(crate::people::Role::Observer), roles(crate::people::Role::SchemeOfficer)),
    ] {
        people.change(By::CommandLine, ravi.0.clone(), change).await.unwrap();
        assert_eq!(code(world.sign(&ravi, &version).await), Code::AccessDenied);
        assert_eq!(code(world.schemes.publish("asha", &version).await), Code::FourEyesRequired);
        people.change(By::CommandLine, ravi.0.clone(), back).await.unwrap();
    }
    world.schemes.publish("asha", &version).await.unwrap();
    assert_eq!(world.active().await, ["CG-IGNOAPS@1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_version_is_withdrawn_by_a_rollback() {
    let world = World::open();
    let (asha, ravi) = (world.officer("asha", "officer-1").await, world.officer("ravi", "officer-2").await);
    let first = world.tested(1).await;
    world.sign(&asha, &first).await.unwrap();
    world.sign(&ravi, &first).await.unwrap();
    world.schemes.publish("asha", &first).await.unwrap();
    world.roll_back(&asha).await;
    assert_eq!(world.roll_back(&ravi).await.terms.action, SchemeAction::Withdraw);
    assert_eq!(world.active().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_forged_brings_nothing_into_force() {
    let world = World::open();
    let asha = world.officer("asha", "officer-1").await;
    let other_account = world.officer("asha-2", "officer-1").await;
    let version = world.schemes.submit("asha", world.file(1)).await.unwrap();
    assert_eq!(code(world.schemes.publish_terms(&version, None).await), Code::BacktestMissing);
    let tested = world.backtest(1).await;
    assert_eq!(code(world.sign(&asha, &version).await), Code::LeaversUnread);
    let another = Some(Digest::of("another"));
    assert_eq!(code(world.schemes.read_leavers(&asha.0, &version, another).await), Code::Conflict);
    world.schemes.read_leavers(&asha.0, &version, Some(tested.record)).await.unwrap();
    assert_eq!(code(world.schemes.publish("asha", &version).await), Code::FourEyesRequired, "nobody signed");

    let order = world.order(&asha, &version).await;
    assert_eq!(
        code(world.schemes.take_signature(&other_account.0, &order).await),
        Code::AccessDenied,
        "another's order"
    );
    let stranger = (asha.0.clone(), SigningKey::generate(Algorithm::Es256).unwrap());
    assert_eq!(code(world.sign(&stranger, &version).await), Code::AccessDenied, "a key that is not registered");
    let parts: Vec<&str> = order.as_str().split('.').collect();
    let other = world.order(&asha, &version).await;
    let forged = format!("{}.{}.{}", parts[0], parts[1], other.as_str().split('.').nth(2).unwrap());
    assert_eq!(code(world.schemes.take_signature(&asha.0, &forged.parse().unwrap()).await), Code::SignatureInvalid);

    world.sign(&asha, &version).await.unwrap();
    assert_eq!(world.sign(&asha, &version).await.unwrap().signatures, 1, "one officer counts once");
    world.sign(&other_account, &version).await.unwrap();
    assert_eq!(
        code(world.schemes.publish("asha", &version).await),
        Code::FourEyesRequired,
        "two accounts of one person"
    );

    let yesterday = CivilDate::from_date(world.today().date().yesterday().unwrap());
    let terms = world.schemes.publish_terms(&version, Some(yesterday)).await.unwrap();
    let order = sign_order(&asha.1, &terms, world.department.clock.now()).unwrap();
    assert_eq!(code(world.schemes.take_signature(&asha.0, &order).await), Code::Conflict, "backwards");
    let terms = Terms { backtest: Digest::of("another"), ..world.schemes.publish_terms(&version, None).await.unwrap() };
    let order = sign_order(&asha.1, &terms, world.department.clock.now()).unwrap();
    assert_eq!(code(world.schemes.take_signature(&asha.0, &order).await), Code::Conflict, "another back-test");
    assert_ne!(tested.record, Digest::of("another"));
    assert_eq!(world.active().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_whose_key_ended_counts_no_more() {
    let world = World::open();
    let (asha, ravi) = (world.officer("asha", "officer-1").await, world.officer("ravi", "officer-2").await);
    let version = world.tested(1).await;
    world.sign(&asha, &version).await.unwrap();
    world.sign(&ravi, &version).await.unwrap();
    let kid = ravi.1.kid().clone();
    world.write(move |conn| officer_key_end(conn, &kid, 2).unwrap()).await;
    assert_eq!(code(world.schemes.publish("asha", &version).await), Code::FourEyesRequired);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_errors_of_another_department_or_under_a_taken_number_is_not_taken_in() {
    let world = World::open();
    let broken = world.file(1).replacen("age = { at_least = 60 }", "age = { at_lest = 60 }", 1);
    assert_eq!(code(world.schemes.submit("asha", broken).await), Code::SchemeNotClean);
    assert_eq!(code(world.schemes.submit("asha", PENSION.replace("social.gov", "food.gov")).await), Code::AccessDenied);
    let first = world.schemes.submit("asha", world.file(1)).await.unwrap();
    assert_eq!(world.schemes.submit("asha", world.file(1)).await.unwrap(), first, "the same file twice");
    let other = format!("{}\n# another text\n", world.file(1));
    assert_eq!(code(world.schemes.submit("asha", other).await), Code::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_test_reads_the_roll_person_by_person_and_its_counts_are_signed_and_logged() {
    let world = World::open();
    world.schemes.submit("asha", world.file(1)).await.unwrap();
    let tested = world.backtest(1).await;
    let counts = tested.result.counts;
    assert_eq!(
        (counts.stay, counts.leave, counts.unknown, counts.enter, counts.out, counts.officer),
        (0, 2, 3, 0, 1, 0),
        "whoever is eligible but for a pension elsewhere, of which nobody told, is unknown"
    );
    assert_eq!((tested.result.people, tested.result.on_roll), (6, 4));
    let why: Vec<(&str, u64)> = tested.result.why_leave.iter().map(|(id, n)| (id.as_str(), *n)).collect();
    assert_eq!(why, [("I2", 1), ("I3", 1)]);
    assert_eq!(tested.result.leavers.iter().map(|l| l.handle.as_str()).collect::<Vec<_>>(), ["P2", "P6"]);
    let asha: SystemName = "asha".parse().unwrap();
    let listed = async |moving, page| {
        let movers = world.schemes.movers(&asha, (&tested.scheme, tested.record), (moving, page)).await?;
        Ok::<_, SchemeError>((movers.people.iter().map(|p| p.handle.clone()).collect::<Vec<_>>(), movers.more))
    };
    assert_eq!(listed(Moving::Leave, 0).await.unwrap(), (vec!["P2".to_owned(), "P6".to_owned()], false));
    assert_eq!(listed(Moving::Enter, 0).await.unwrap(), (Vec::new(), false));
    assert_eq!(code(listed(Moving::Enter, 1).await), Code::NotFound);
    assert_eq!((tested.result.by_district["Raipur"].leave, tested.result.by_sex["male"].leave), (1, 2));
    let record = tested.record;
    let waits = world.write(move |conn| outbox_waiting(conn, 100).unwrap().iter().any(|e| e.digest == record)).await;
    assert!(waits, "queued for the log");
    let hash = tested.scheme.hash;
    let keys = world.schemes.keys.clone();
    let stored = world.write(move |conn| backtest_newest(conn, &keys, &hash).unwrap().unwrap()).await;
    assert_eq!(stored.result, tested.result);
    assert!(!stored.jws.as_str().contains("P2"));
}

#[test]
fn the_last_order_whose_day_has_come_is_in_force() {
    let day = |text: &str| text.parse::<CivilDate>().unwrap();
    let order = |place: i64, action, text: &str, from: &str| StoredOrder {
        scheme: "CG-X".parse().unwrap(),
        place,
        action,
        hash: Digest::of(text),
        from: day(from),
        terms: Digest::of(format!("{place}")),
        at_ms: place,
    };
    let orders = [
        order(0, SchemeAction::Publish, "one", "2026-04-01"),
        order(1, SchemeAction::Publish, "two", "2026-12-01"),
        order(2, SchemeAction::Rollback, "one", "2026-11-25"),
        order(3, SchemeAction::Withdraw, "one", "2027-01-01"),
    ];
    for (on, expected) in [
        ("2026-03-31", None),
        ("2026-04-01", Some("one")),
        ("2026-11-25", Some("one")),
        ("2026-12-01", Some("one")),
        ("2027-01-01", None),
    ] {
        assert_eq!(in_force(&orders, day(on)).next().map(|o| o.hash), expected.map(Digest::of), "{on}");
    }
    assert_eq!(in_force(&orders[..2], day("2026-12-01")).next().unwrap().hash, Digest::of("two"));
}
