//! Civil registration: the identity registry, the source of life events, and the clerks who write in its tables.
//!
//! Guarantees: everything that happens is one plain statement on the register's own tables, as its own application sends it.

use std::path::{Path, PathBuf};

use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query,
    sql_types::BigInt,
};
use gateway::{
    keys::{KeyFolder, Keys},
    store::triggers::PersonIndex,
};
use jiff::civil::Date;
use protocol::seal::keyed_hash::MacKey;
use schemas::id::{Sector, SectorSubject};
use vinimay::world::{Department, Store};

use super::kept::Kept;

/// Chhattisgarh and a neighbour, in the Local Government Directory.
pub const HOME: i32 = 22;
pub const ODISHA: i32 = 21;
/// Durg.
pub const DURG: i32 = 387;

/// Who is entered as a resident.
#[derive(Clone, Copy, Debug)]
pub struct Newcomer<'a> {
    /// Given and family name.
    pub name: &'a str,
    /// Her birth date.
    pub born: Date,
    /// `female` or `male`.
    pub sex: &'a str,
}

/// A birth as the hospital tells it.
#[derive(Clone, Copy, Debug)]
pub struct Birth<'a> {
    /// The child's name and birth date.
    pub child: Newcomer<'a>,
    /// The mother's number, where she is known.
    pub mother: Option<&'a str>,
    /// Her name, as the hospital wrote it down.
    pub mother_name: Option<&'a str>,
    /// First or second of twins.
    pub order: i32,
    /// One, or two for twins.
    pub plurality: i32,
}

/// The register.
#[derive(Debug)]
pub struct Register {
    /// Its gateway.
    pub department: Department,
    /// Its own database.
    pub database: PathBuf,
    sectors: Vec<Sector>,
    kept: Kept,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

impl Register {
    /// Makes the empty database.
    pub fn create(database: &Path) {
        let mut conn = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
        conn.batch_execute("PRAGMA journal_mode = WAL").unwrap();
        conn.batch_execute(include_str!("register.sql")).unwrap();
    }

    /// The mapping of its tables.
    pub const MAPPING: &str = include_str!("register.toml");

    pub(super) fn of(department: Department, database: PathBuf, sectors: Vec<Sector>, store: Store) -> Self {
        let kept = Kept::of(department.folder().to_owned(), store);
        Self { department, database, sectors, kept }
    }

    /// Its gateway's own database.
    pub const fn kept(&self) -> &Kept {
        &self.kept
    }

    /// The register's database, as its own application opens it.
    pub fn open(&self) -> SqliteConnection {
        let mut conn = SqliteConnection::establish(self.database.to_str().unwrap()).unwrap();
        conn.batch_execute("PRAGMA busy_timeout = 60000").unwrap();
        conn
    }

    /// Several statements as one transaction of the register's application.
    pub fn enters(&self, statements: &str) {
        self.open().batch_execute(&format!("BEGIN IMMEDIATE; {statements}; COMMIT")).unwrap();
    }

    fn number(&self, query: &str) -> i64 {
        sql_query(query).get_result::<Number>(&mut self.open()).unwrap().n
    }

    /// The pseudonym of a resident in a department's sector, as the registry itself makes it.
    pub fn pseudonym(&self, resident: &str, sector: &str) -> SectorSubject {
        self.sector_key(sector).sector_subject(resident)
    }

    fn keys(&self) -> Keys {
        KeyFolder::new(self.department.folder().join("keys")).load(&self.sectors).unwrap()
    }

    fn sector_key(&self, sector: &str) -> MacKey {
        self.keys().sectors[&sector.parse::<Sector>().unwrap()].clone()
    }

    /// Enters a resident; gives the number.
    pub fn resident(&self, who: Newcomer<'_>) -> String {
        let number = format!("R-{:06}", self.number("SELECT COUNT(*) + 1 AS n FROM residents"));
        self.enters(&resident(&number, who));
        number
    }

    /// Enters many of one name and birth date; gives their numbers.
    pub fn residents(&self, count: usize, who: Newcomer<'_>) -> Vec<String> {
        let first = self.number("SELECT COUNT(*) + 1 AS n FROM residents");
        let numbers: Vec<String> = (first..).take(count).map(|n| format!("R-{n:06}")).collect();
        let rows: Vec<String> = numbers.iter().map(|number| resident(number, who)).collect();
        self.enters(&rows.join(";"));
        numbers
    }

    /// Registers a birth; gives the child's resident number.
    pub fn birth(&self, birth: Birth<'_>) -> String {
        let child = format!("R-{:06}", self.number("SELECT COUNT(*) + 1 AS n FROM residents"));
        let Birth { child: Newcomer { born, sex, .. }, mother, mother_name, order, plurality } = birth;
        let [mother, name] =
            [mother, mother_name].map(|text| text.map_or("NULL".to_owned(), |text| format!("'{text}'")));
        self.enters(&format!(
            "{}; INSERT INTO births (registration_number, resident_no, date_of_birth, sex, birth_order, plurality, mother_no, mother_name, \
             place_lgd, place_kind) \
             VALUES ('B-{child}', '{child}', '{born}', '{sex}', {order}, {plurality}, {mother}, {name}, {DURG}, 'facility')",
            resident(&child, birth.child)
        ));
        child
    }

    /// Registers a death; gives the registration number.
    pub fn death(&self, resident: &str, on: Date) -> String {
        let number = format!("D-{:06}", self.number("SELECT COUNT(*) + 1 AS n FROM deaths"));
        self.death_numbered(&number, resident, on);
        number
    }

    /// Registers a death under a number of the caller's choice, once more if it is known.
    pub fn death_numbered(&self, number: &str, resident: &str, on: Date) {
        self.enters(&format!(
            "INSERT INTO deaths (registration_number, resident_no, date_of_death) VALUES ('{number}', '{resident}', '{on}')"
        ));
    }

    /// Annuls the registration of a death: she never died.
    pub fn annulment(&self, registration: &str, resident: &str, on: Date) {
        self.enters(&format!(
            "INSERT INTO annulments (registration_number, resident_no, annulled_on, reason) \
             VALUES ('{registration}', '{resident}', '{on}', 'never_died')"
        ));
    }

    /// Enters that somebody, by their role, reported a death.
    pub fn report(&self, resident: &str, by: &str, on: Date) {
        let number = self.number("SELECT COUNT(*) + 1 AS n FROM reports");
        self.enters(&format!(
            "INSERT INTO reports (report_number, resident_no, reported_by, reported_on) VALUES ('A-{number}', '{resident}', '{by}', '{on}')"
        ));
    }

    /// Registers a marriage.
    pub fn marriage(&self, wife: &str, husband: &str, on: Date) {
        let number = self.number("SELECT COUNT(*) + 1 AS n FROM marriages");
        self.enters(&format!(
            "INSERT INTO marriages (registration_number, husband_no, wife_no, date_of_marriage) \
             VALUES ('M-{number}', '{husband}', '{wife}', '{on}')"
        ));
    }

    /// Registers a move for good, out of the state or back home.
    pub fn moved(&self, resident: &str, kind: &str, on: Date) {
        let (from, to) = if kind == "out_of_state" { (HOME, ODISHA) } else { (ODISHA, HOME) };
        let (from_district, to_district) =
            if from == HOME { (DURG.to_string(), "NULL".to_owned()) } else { ("NULL".to_owned(), DURG.to_string()) };
        let number = self.number("SELECT COUNT(*) + 1 AS n FROM moves");
        self.enters(&format!(
            "INSERT INTO moves (registration_number, resident_no, moved_on, kind, from_state, from_district, to_state, to_district) \
             VALUES ('V-{number}', '{resident}', '{on}', '{kind}', {from}, {from_district}, {to}, {to_district})"
        ));
    }

    /// Enters that somebody was seen alive in her own district.
    pub fn presence(&self, resident: &str, kind: &str, on: Date) {
        self.enters(&format!(
            "INSERT INTO presences (resident_no, seen_on, kind, district) VALUES ('{resident}', '{on}', '{kind}', {DURG})"
        ));
    }

    /// Corrects a birth date in the register of residents.
    pub fn corrects_the_birth_date(&self, resident: &str, born: Date) {
        self.enters(&format!("UPDATE residents SET date_of_birth = '{born}' WHERE resident_no = '{resident}'"));
    }

    /// Corrects another particular, and tells it.
    pub fn corrects(&self, resident: &str, (field, value): (&str, &str), on: Date) {
        self.enters(&format!(
            "INSERT INTO corrections (resident_no, corrected_on, field, value) VALUES ('{resident}', '{on}', '{field}', '{value}')"
        ));
    }

    /// Enters that somebody is the head of a household from a day on.
    pub fn becomes_head(&self, resident: &str, household: &str, on: Date) {
        self.enters(&format!(
            "INSERT INTO households (household_no, resident_no, changed_on, change, head_no) \
             VALUES ('{household}', '{resident}', '{on}', 'head_changed', '{resident}')"
        ));
    }

    /// Under how many subscriptions a department follows a resident.
    pub fn follows_of(&self, resident: &str, subscriber: &str) -> i64 {
        let person = PersonIndex::of_resident(&self.keys(), resident);
        self.kept.count(&format!(
            "follow JOIN subscription ON subscription.id = follow.subscription \
             WHERE follow.person_index = '{}' AND subscription.peer = '{subscriber}'",
            person.as_str()
        ))
    }

    /// Changes that the gateway has not taken yet.
    pub fn pending(&self) -> i64 {
        self.number("SELECT COUNT(*) AS n FROM vinimay_outbox")
    }
}

fn resident(number: &str, Newcomer { name, born, sex }: Newcomer<'_>) -> String {
    let (given, family) = name.split_once(' ').map_or((name, "NULL".to_owned()), |(g, f)| (g, format!("'{f}'")));
    format!(
        "INSERT INTO residents (resident_no, given_name, family_name, sex, date_of_birth, district_lgd) \
         VALUES ('{number}', '{given}', {family}, '{sex}', '{born}', {DURG})"
    )
}
