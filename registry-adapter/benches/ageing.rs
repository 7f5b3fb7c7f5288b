//! Part of `make bench`: who attains one of ten ages on one day, and on thirty missed days, among 30,000,000 people in PostgreSQL.
//!
//! `BENCH_PEOPLE_AGEING` sets the number of people. People are generated in a table as a register of residents has it, with a partial
//! index on the birth date; they are found by the very pages that a gateway reads, through the reader's role, and days are cut as
//! triggers, "Ageing", says. Measured after one pass that warms nothing but the server's own cache. Guarantees: how many were found is
//! compared with a count by the database over the same days of birth; beside each figure stands the floor of the same run: the same
//! rows read by one plain statement for each age. Deliberately absent: telling anybody; `benches/events` does that.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, clippy::panic, missing_docs)]

use std::time::{Duration, Instant};

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl,
    connection::SimpleConnection,
    sql_query,
    sql_types::{BigInt, Text},
};
use eligibility::age::{Convention, cut_under};
use registry_adapter::{
    identity::Residents,
    source::{Source, SourceOptions},
};
use schemas::time::CivilDate;
use service_kit_testing::PostgresServer;

const AGES: [u8; 10] = [3, 5, 6, 14, 18, 21, 40, 60, 70, 80];
const TODAY: &str = "2026-11-21";
const AIM_ONE_DAY: Duration = Duration::from_secs(1);
const AIM_MIB: f64 = 200.0;

const MAPPING: &str = r#"
[source]
kind = "postgres"
[identity]
table = "residents"
key = "resident_no"
given_name = "given_name"
family_name = "family_name"
birthdate = "date_of_birth"
birth_precision = "dob_precision"
district = "district_lgd"
alive = "alive"
"#;

/// A hundred years of births; one in fifty is dead, of one in thirty only the year of birth is known.
const PEOPLE: &str = "
    CREATE ROLE bench_reader LOGIN;
    CREATE TABLE residents (resident_no integer NOT NULL, given_name text NOT NULL, family_name text,
        date_of_birth date NOT NULL, dob_precision text NOT NULL, district_lgd integer NOT NULL, alive boolean NOT NULL);
    INSERT INTO residents SELECT n, 'Nagarik', NULL, date '1926-11-22' + (n::bigint * 7919 % 36525)::integer,
        CASE n % 30 WHEN 0 THEN 'year' ELSE 'day' END, 387, n % 50 <> 0 FROM generate_series(1, $people) AS n;
    ALTER TABLE residents ADD PRIMARY KEY (resident_no);
    CREATE INDEX residents_ageing ON residents (date_of_birth) WHERE alive AND dob_precision = 'day';
    REVOKE CREATE ON SCHEMA public FROM PUBLIC; REVOKE TEMPORARY ON DATABASE register FROM PUBLIC;
    GRANT SELECT ON residents TO bench_reader";

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn main() {
    let people: u64 = std::env::var("BENCH_PEOPLE_AGEING").map_or(30_000_000, |text| text.parse().unwrap());
    let server = PostgresServer::start(&[]);
    PgConnection::establish(&server.uri("postgres")).unwrap().batch_execute("CREATE DATABASE register").unwrap();
    let mut owner = PgConnection::establish(&server.uri("register")).unwrap();
    let begun = Instant::now();
    owner.batch_execute(&PEOPLE.replace("$people", &people.to_string())).unwrap();
    owner.batch_execute("VACUUM ANALYZE residents").unwrap();
    println!("{people} people generated and indexed in {:.0} s", begun.elapsed().as_secs_f64());

    let folder = tempfile::tempdir().unwrap();
    let mapping = folder.path().join("mapping.toml");
    std::fs::write(&mapping, MAPPING).unwrap();
    let reader = server.uri("register").replacen("vinimay@", "bench_reader@", 1).parse().unwrap();
    let options = SourceOptions { mapping, reader, writer: None, statement_log: None, connections: 2 };
    let residents = Source::open(options).unwrap().residents().unwrap();

    pass(&residents, 1);
    let one_day = measured(&residents, &mut owner, 1);
    let many_days = measured(&residents, &mut owner, 30);
    // Before the floor, which holds all its rows at once.
    let peak = peak();
    one_day.report("one day", "   aim 1", &mut owner);
    many_days.report("thirty missed days", "", &mut owner);
    println!("peak memory of the reader: {peak:.0} MiB   aim {AIM_MIB:.0}");
    assert!(one_day.took < 2 * AIM_ONE_DAY && peak < 2.0 * AIM_MIB, "an aim is missed by more than twice");
}

/// All ten ages over so many days; how many people attain one.
fn pass(residents: &Residents, days: i32) -> u64 {
    AGES.iter().map(|years| attaining(residents, span(*years, days))).sum()
}

/// One pass.
struct Measured {
    days: i32,
    found: u64,
    took: Duration,
}

fn measured(residents: &Residents, owner: &mut PgConnection, days: i32) -> Measured {
    let begun = Instant::now();
    let found = pass(residents, days);
    let took = begun.elapsed();
    let counted: i64 = AGES.iter().map(|years| counted(owner, span(*years, days))).sum();
    assert_eq!(i64::try_from(found).unwrap(), counted, "the database counts others");
    Measured { days, found, took }
}

impl Measured {
    fn report(&self, name: &str, aim: &str, owner: &mut PgConnection) {
        let begun = Instant::now();
        let plain: usize = AGES.iter().map(|years| plain(owner, span(*years, self.days))).sum();
        let (seconds, floor) = (self.took.as_secs_f64(), begun.elapsed().as_secs_f64());
        assert_eq!(u64::try_from(plain).unwrap(), self.found, "the plain statements read others");
        println!("{name}, {} ages: {} people in {seconds:.3} s{aim}", AGES.len(), self.found);
        println!("  the floor, one plain statement an age: {floor:.3} s; {:.1} times that", seconds / floor);
    }
}

/// Days of birth, after the first and until the second, of those who complete so many years within the last `days` days.
fn span(years: u8, days: i32) -> (CivilDate, CivilDate) {
    let today: CivilDate = TODAY.parse().unwrap();
    let before = CivilDate::from_date(today.date().checked_sub(jiff::Span::new().days(days)).unwrap());
    (cut_under(before, years, Convention::Anniversary), cut_under(today, years, Convention::Anniversary))
}

/// Page after page, as a gateway reads them.
fn attaining(residents: &Residents, span: (CivilDate, CivilDate)) -> u64 {
    let (mut found, mut from) = (0, None);
    loop {
        let page = residents.born_between(span, from.as_ref()).unwrap();
        found += u64::try_from(page.people.len()).unwrap();
        let Some(next) = page.next else { return found };
        from = Some(next);
    }
}

fn counted(owner: &mut PgConnection, (after, until): (CivilDate, CivilDate)) -> i64 {
    let query = format!(
        "SELECT count(*) AS number FROM residents WHERE alive AND dob_precision = 'day' AND date_of_birth > '{after}' AND date_of_birth <= '{until}'"
    );
    sql_query(query).get_result::<Number>(owner).unwrap().number
}

#[derive(QueryableByName)]
struct Plain {
    #[diesel(sql_type = Text)]
    number: String,
    #[diesel(sql_type = Text)]
    born: String,
}

/// What the reader needs of them, in one statement; how many they are.
fn plain(owner: &mut PgConnection, (after, until): (CivilDate, CivilDate)) -> usize {
    let query = format!(
        "SELECT resident_no::text AS number, date_of_birth::text AS born FROM residents \
         WHERE alive AND dob_precision = 'day' AND date_of_birth > '{after}' AND date_of_birth <= '{until}' ORDER BY date_of_birth, resident_no"
    );
    let rows = sql_query(query).load::<Plain>(owner).unwrap();
    rows.iter().filter(|row| !row.number.is_empty() && !row.born.is_empty()).count()
}

/// Greatest resident memory of this process, MiB.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap() / 1024.0
}
