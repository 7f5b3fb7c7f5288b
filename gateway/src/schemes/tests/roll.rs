//! A whole roll, back-tested by the code that the command runs, held against one SQL statement over the same tables.
//!
//! Guarantees: the statement shares nothing with us: the truth of each clause is SQL's own three-valued one. Who would
//! enter or leave is compared by number (the first 100,000 of each, as they are kept), with the clauses that made it so; everybody else by count, in each district, sex and
//! category, and against the version in force. `VINIMAY_DEPTH=soak` takes 1,000,000 people.

use diesel::{
    Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection,
    connection::SimpleConnection as _,
    sql_query,
    sql_types::{BigInt, Text},
};
use eligibility::backtest::{Counts, Difference};

use super::*;

const EMPTY: Files = Files {
    sql: "CREATE TABLE pensioner (ppo INTEGER PRIMARY KEY, person TEXT, state TEXT NOT NULL, since TEXT, amount INTEGER, \
          born TEXT, bpl INTEGER, lives_in TEXT, district TEXT, category TEXT, sex TEXT);\n\
          CREATE TABLE widow (number INTEGER PRIMARY KEY, person TEXT UNIQUE, state TEXT NOT NULL);",
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
removed = "stopped"
since = "since"
amount = "amount"
[roll.fact]
"person.birth_date" = "born"
"household.bpl" = "bpl"
"person.state_code" = "lives_in"
"person.district" = "district"
"person.category" = "category"
"person.sex" = "sex"
[[roll]]
id = "widow"
table = "widow"
key = "number"
subject_key = "person"
status = "state"
active = "active"
held = "held"
removed = "stopped"
"#,
};

/// Some are too young, some above the line, of some it is not known; some draw a widow's pension, of some nobody can say.
const FILL: &str = "
    INSERT INTO pensioner
    WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < $people)
    SELECT n, 'P' || n,
        CASE WHEN n % 7 < 2 THEN 'active' WHEN n % 7 = 2 THEN 'held' WHEN n % 7 = 3 THEN 'stopped' WHEN n % 7 = 4 THEN 'applied' ELSE 'active' END,
        '2015-04-01', 500,
        CASE WHEN n % 53 = 0 THEN NULL ELSE date('1930-01-01', '+' || ((n * 7919) % 14200) || ' days') END,
        CASE n % 50 WHEN 0 THEN NULL WHEN 1 THEN 0 ELSE 1 END,
        CASE WHEN n % 97 = 0 THEN '21' WHEN n % 89 = 0 THEN NULL ELSE '22' END,
        387 + n % 33, CASE n % 5 WHEN 0 THEN 'ST' WHEN 1 THEN 'SC' WHEN 2 THEN 'OBC' WHEN 3 THEN 'GEN' ELSE NULL END,
        CASE WHEN n % 41 = 0 THEN NULL WHEN n % 2 = 0 THEN 'female' ELSE 'male' END
    FROM counted;
    INSERT INTO widow SELECT ppo, person,
        CASE ppo % 4 WHEN 0 THEN 'active' WHEN 1 THEN 'stopped' WHEN 2 THEN 'to be seen' ELSE 'held' END
    FROM pensioner WHERE ppo % 13 = 0;";

/// What each person's facts say, clause by clause; NULL is what is not known.
const JUDGED: &str = "
    CREATE VIEW known AS SELECT ppo, p.person, p.state IN ('active', 'held') AS enrolled,
        coalesce(district, 'unknown') AS district, coalesce(category, 'unknown') AS category, coalesce(sex, 'unknown') AS sex,
        strftime('%Y', '$day') - strftime('%Y', born) - (strftime('%m-%d', '$day') < strftime('%m-%d', born)) AS age,
        bpl AS poor, lives_in = '22' AS here,
        CASE WHEN w.state IN ('active', 'held') THEN 1 WHEN w.state = 'stopped' OR w.state IS NULL THEN 0 END AS other
    FROM pensioner p LEFT JOIN widow w ON w.person = p.person;
    CREATE VIEW judged AS SELECT *,
        CASE WHEN NOT (age >= 60 AND poor AND here) THEN 'no' WHEN other THEN 'officer'
            WHEN age >= 60 AND poor AND here AND NOT other THEN 'yes' ELSE 'unknown' END AS by60,
        CASE WHEN NOT (age >= 65 AND poor AND here) THEN 'no' WHEN other THEN 'officer'
            WHEN age >= 65 AND poor AND here AND NOT other THEN 'yes' ELSE 'unknown' END AS by65
    FROM known;
    CREATE TABLE moved AS SELECT *,
        CASE by60 WHEN 'yes' THEN iif(enrolled, 'stay', 'enter') WHEN 'no' THEN iif(enrolled, 'leave', 'out') ELSE by60 END AS move60,
        CASE by65 WHEN 'yes' THEN iif(enrolled, 'stay', 'enter') WHEN 'no' THEN iif(enrolled, 'leave', 'out') ELSE by65 END AS move65
    FROM judged ORDER BY ppo;";

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = Text)]
    what: String,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    person: String,
    #[diesel(sql_type = Text)]
    why: String,
}

/// The department's own tables.
struct Tables(SqliteConnection);

impl Tables {
    fn filled(world: &World) -> Self {
        let people = if std::env::var("VINIMAY_DEPTH").as_deref() == Ok("soak") { 1_000_000 } else { 6_000 };
        let file = world.department.path("source.sqlite").display().to_string();
        let mut conn = SqliteConnection::establish(&file).unwrap();
        let judged = JUDGED.replace("$day", &world.today().to_string());
        conn.batch_execute(&format!("PRAGMA busy_timeout = 60000; {}", FILL.replace("$people", &format!("{people}"))))
            .unwrap();
        conn.batch_execute(&judged).unwrap();
        Self(conn)
    }

    /// How many people there are of each `what`.
    fn counts(&mut self, what: &str, among: &str) -> BTreeMap<String, u64> {
        let sql = format!("SELECT {what} AS what, COUNT(*) AS n FROM moved WHERE {among} GROUP BY 1");
        let rows: Vec<Count> = sql_query(sql).load(&mut self.0).unwrap();
        rows.into_iter().map(|row| (row.what, u64::try_from(row.n).unwrap())).collect()
    }

    fn count(&mut self, among: &str) -> u64 {
        self.counts("'all'", among).remove("all").unwrap_or(0)
    }

    /// By how they move, of all whom this names.
    fn movements(&mut self, age: u8, among: &str) -> Counts {
        let of = self.counts(&format!("move{age}"), among);
        let one = |name: &str| of.get(name).copied().unwrap_or(0);
        Counts {
            enter: one("enter"),
            leave: one("leave"),
            stay: one("stay"),
            out: one("out"),
            unknown: one("unknown"),
            officer: one("officer"),
        }
    }

    fn groups(&mut self, age: u8, by: &str) -> BTreeMap<String, Counts> {
        let names = self.counts(by, "true");
        names.into_keys().map(|name| (name.clone(), self.movements(age, &format!("{by} = '{name}'")))).collect()
    }

    /// Who moves so, in the roll's order, with the clauses that are against her.
    fn who(&mut self, age: u8, movement: &str) -> Vec<(String, String)> {
        let sql = format!(
            "SELECT person, iif(move{age} = 'leave', concat_ws(' ', iif(age < {age}, 'I1', NULL), iif(NOT poor, 'I2', NULL), \
             iif(NOT here, 'I3', NULL)), '') AS why FROM moved WHERE move{age} = '{movement}' ORDER BY ppo"
        );
        let rows: Vec<Named> = sql_query(sql).load(&mut self.0).unwrap();
        rows.into_iter().map(|row| (row.person, row.why)).collect()
    }
}

impl World {
    /// The pension from this age on, which leaves a widow's pension to an officer.
    fn from(&self, version: u32, age: u8) -> String {
        let born = 1966 - u16::from(age - 60);
        self.file(version)
            .replace("class = \"pension\", other_than_self = true", "scheme = \"CG-IGNWPS\"")
            .replace("at_least = 60", &format!("at_least = {age}"))
            .replace("1966", &born.to_string())
            .replace("1968-02-29", if age == 60 { "1968-02-29" } else { "1960-02-29" })
    }

    async fn tested_on_all(&self, version: u32, age: u8) -> BackTested {
        self.schemes.submit("asha", self.from(version, age)).await.unwrap();
        let rolls = BTreeMap::from([("CG-IGNWPS".parse().unwrap(), "widow".parse().unwrap())]);
        self.backtest_beside(version, rolls).await
    }

    /// Everybody who moves so, and why, page after page.
    async fn movers_of(&self, tested: &BackTested, moving: Moving) -> Vec<(String, String)> {
        let (asha, mut all) = ("asha".parse::<SystemName>().unwrap(), Vec::new());
        for page in 0.. {
            let movers = self.schemes.movers(&asha, (&tested.scheme, tested.record), (moving, page)).await.unwrap();
            let why = |ids: &[schemas::id::ClauseId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            all.extend(movers.people.iter().map(|person| (person.handle.clone(), why(&person.decisive))));
            if !movers.more {
                break;
            }
        }
        all
    }

    async fn equals(&self, tables: &mut Tables, tested: &BackTested, age: u8) {
        let result = &tested.result;
        assert_eq!((result.people, result.on_roll), (tables.count("true"), tables.count("enrolled")));
        assert_eq!(result.counts, tables.movements(age, "true"));
        assert_eq!(result.by_district, tables.groups(age, "district"));
        assert_eq!(result.by_sex, tables.groups(age, "sex"));
        assert_eq!(result.by_category, tables.groups(age, "category"));
        for (clause, fails) in [("I1", format!("age < {age}")), ("I2", "NOT poor".into()), ("I3", "NOT here".into())] {
            let counted = result.why_leave.iter().find(|(id, _)| id.as_str() == clause).map_or(0, |(_, n)| *n);
            assert_eq!(counted, tables.count(&format!("move{age} = 'leave' AND {fails}")), "{clause}");
        }
        for (moving, name) in [(Moving::Enter, "enter"), (Moving::Leave, "leave")] {
            let ours = self.movers_of(tested, moving).await;
            let mut theirs = tables.who(age, name);
            // Of a larger roll the first are named.
            theirs.truncate(100_000);
            if name == "enter" {
                assert!(ours.iter().map(|(who, _)| who).eq(theirs.iter().map(|(who, _)| who)), "who would enter");
            } else {
                assert!(ours == theirs, "who would leave, and why");
            }
        }
        assert!(result.why_leave.keys().all(|id| ["I1", "I2", "I3"].contains(&id.as_str())), "{:?}", result.why_leave);
        let leaves = tables.who(age, "leave");
        assert_eq!(result.leavers.len(), leaves.len().min(50), "the sample that an officer reads");
        assert!(result.leavers.iter().all(|leaver| leaves.iter().any(|(who, _)| *who == leaver.handle)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_test_of_a_whole_roll_is_what_one_sql_statement_says_person_by_person() {
    let world = World::over(&EMPTY);
    let mut tables = Tables::filled(&world);
    let (asha, ravi) = (world.officer("asha", "officer-1").await, world.officer("ravi", "officer-2").await);
    let live = world.tested_on_all(1, 60).await;
    world.equals(&mut tables, &live, 60).await;
    let counts = live.result.counts;
    for many in [counts.enter, counts.leave, counts.stay, counts.out, counts.unknown, counts.officer] {
        assert!(many > 50, "equal and empty would be no proof: {counts:?}");
    }
    assert_eq!(live.result.difference, Difference::default(), "there is no version in force");

    world.schemes.read_leavers(&asha.0, &live.scheme, None).await.unwrap();
    world.sign(&asha, &live.scheme).await.unwrap();
    world.sign(&ravi, &live.scheme).await.unwrap();
    world.schemes.publish("asha", &live.scheme).await.unwrap();
    let new = world.tested_on_all(2, 65).await;
    world.equals(&mut tables, &new, 65).await;
    let certain = |by: &str| format!("CASE {by} WHEN 'yes' THEN 1 WHEN 'no' THEN 0 END");
    let (was, is) = (certain("by60"), certain("by65"));
    let expected = Difference {
        live: Some(live.scheme.hash),
        same: tables.count(&format!("{was} IS {is}")),
        gains: tables.count(&format!("{was} = 0 AND {is} = 1")),
        loses: tables.count(&format!("{was} = 1 AND {is} = 0")),
        less_certain: tables.count(&format!("{was} IS NOT NULL AND {is} IS NULL")),
        more_certain: tables.count(&format!("{was} IS NULL AND {is} IS NOT NULL")),
    };
    assert_eq!(new.result.difference, expected);
    assert!(expected.loses > 50 && expected.more_certain > 10, "{expected:?}");
}
