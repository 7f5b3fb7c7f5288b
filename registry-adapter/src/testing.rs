//! Throw-away departments for tests: the same tables on a SQLite file and on a real PostgreSQL server.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use diesel::connection::SimpleConnection;
use service_kit::db::{AnyConnection, DatabaseUrl};
use service_kit_testing::{PostgresServer, postgres};

use crate::{
    catalogue::Engine,
    connection::{Connector, Role},
    install::{Roles, install},
    source::{OpenError, Source, SourceOptions},
    statement::{Row, Statement},
    statement_log::{StatementLog, StatementObserver},
};

const TABLES: &str = "
    CREATE TABLE khatedar (khata_no TEXT PRIMARY KEY NOT NULL, name_en TEXT NOT NULL, dob TEXT, annual_income INTEGER,
        income_band TEXT, income_year_start DATE_TYPE NOT NULL, rakba_hectare TEXT, taxpayer BOOLEAN,
        district_code TEXT NOT NULL);
    CREATE TABLE income_year (khata_no TEXT NOT NULL, year_start DATE_TYPE NOT NULL, band TEXT);
    CREATE VIEW khata_view AS SELECT khata_no, income_band FROM khatedar;
    CREATE TABLE pension_beneficiary (ppo_no INTEGER PRIMARY KEY, person_no TEXT NOT NULL, applicant_name TEXT NOT NULL,
        dob TEXT, district_lgd INTEGER NOT NULL, payment_status TEXT NOT NULL, status_reason TEXT,
        status_since DATE_TYPE, monthly_amount INTEGER NOT NULL);
    CREATE TABLE residents (resident_no TEXT PRIMARY KEY NOT NULL, given_name TEXT NOT NULL, family_name TEXT,
        date_of_birth TEXT NOT NULL, dob_precision TEXT NOT NULL, district_lgd INTEGER NOT NULL, alive INTEGER NOT NULL);
    CREATE TABLE deaths (registration_number TEXT PRIMARY KEY, resident_no TEXT, date_of_death TEXT NOT NULL,
        date_precision TEXT NOT NULL, place_lgd INTEGER NOT NULL);
    INSERT INTO khatedar VALUES ('KH-1', 'SAHU, Sushila', '29/02/1964', 84000, 'below_100000', '2025-04-01', '0.405',
        BOOL_FALSE, '387');
    INSERT INTO khatedar VALUES ('KH-2', 'Budhram', '01/01/1950', 120000, NULL, '2024-04-01', '1.000', BOOL_TRUE, '387');
    INSERT INTO income_year VALUES ('KH-1', '2023-04-01', 'low'), ('KH-1', '2024-04-01', 'middle'),
        ('KH-1', '2025-04-01', 'high');
    INSERT INTO pension_beneficiary VALUES (101, 'P-1', 'Sushila Sahu', '1964-02-29', 387, 'ACTIVE', NULL, NULL, 500),
        (102, 'P-2', 'Budhram', '1950-01-01', 387, 'STOPPED', 'LEFT', '2020-01-31', 0),
        (103, 'P-1', 'Sushila Sahu', '1964-02-29', 387, 'ACTIVE', 'RENEWED', '2025-04-01', 300);
    INSERT INTO residents VALUES ('R-1', 'Sushila', 'Sahu', '1964-02-29', 'day', 387, 1),
        ('R-2', 'Budhram', NULL, '1950-01-01', 'year', 387, 1), ('R-3', 'Phulo', 'Netam', '2001-12-31', 'day', 388, 0);
";

/// A mapping of those tables; `KIND` is the engine.
pub(crate) const MAPPING: &str = r#"
[source]
kind = "KIND"

[[dataset]]
id = "revenue.income"
title = { en = "Annual income", hi = "वार्षिक आय" }
table = "khatedar"
key = "khata_no"
purposes = ["social.old-age-pension.eligibility"]
assurance = "substantial"
range_column = "income_year_start"

[[dataset.field]]
name = "annual_income_band"
column = "income_band"
type = "text"
sensitivity = "personal"

[[dataset.field]]
name = "annual_income"
column = "annual_income"
type = "integer"
sensitivity = "sensitive"

[[dataset.field]]
name = "taxpayer"
column = "taxpayer"
type = "boolean"
sensitivity = "personal"

[[dataset.field]]
name = "income_year_start"
column = "income_year_start"
type = "date"
sensitivity = "public"

[[dataset]]
id = "revenue.income-years"
title = { en = "Income by year", hi = "वर्षवार आय" }
table = "income_year"
key = "khata_no"
purposes = ["social.old-age-pension.eligibility"]
assurance = "substantial"
range_column = "year_start"

[[dataset.field]]
name = "band"
column = "band"
type = "text"
sensitivity = "personal"

[[dataset]]
id = "social.pension-status"
title = { en = "Pension status", hi = "पेंशन की स्थिति" }
table = "pension_beneficiary"
key = "ppo_no"
purposes = ["social.old-age-pension.eligibility"]
assurance = "substantial"

[[dataset.field]]
name = "payment_status"
column = "payment_status"
type = "text"
sensitivity = "personal"

[[matching]]
table = "khatedar"
key = "khata_no"
name = "name_en"
name_form = "family, given"
birth_date = "dob"
birth_date_form = "dd/mm/yyyy"
district = "district_code"

[[matching]]
table = "pension_beneficiary"
key = "ppo_no"
name = "applicant_name"
name_form = "given family"
birth_date = "dob"
birth_date_form = "iso"
district = "district_lgd"

[[roll]]
id = "social.pension"
table = "pension_beneficiary"
key = "ppo_no"
status = "payment_status"
active = "ACTIVE"
held = "HOLD"
reason = "status_reason"
since = "status_since"
subject_key = "person_no"

[[change]]
event = "in.vinimay.death.registered.v1"
table = "deaths"
key = "registration_number"
subject = "resident_no"
effective = "date_of_death"

[change.payload]
registration_number = "registration_number"
death_date = "date_of_death"
death_date_precision = "date_precision"

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

/// One department with its database, mapping and roles.
pub(crate) struct Department {
    folder: tempfile::TempDir,
    pub(crate) engine: Engine,
    pub(crate) mapping: PathBuf,
    pub(crate) owner: DatabaseUrl,
    pub(crate) reader: DatabaseUrl,
    pub(crate) writer: DatabaseUrl,
    roles: Option<Roles>,
}

/// The same department on both engines, installed.
pub(crate) fn departments() -> [Department; 2] {
    [Department::sqlite(), Department::postgres()]
}

impl Department {
    /// On a SQLite file.
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("department.db");
        std::fs::File::create(&path).unwrap();
        let url: DatabaseUrl = format!("sqlite://{}", path.display()).parse().unwrap();
        Self::furnished(folder, Engine::Sqlite, url.clone(), url.clone(), url, None)
    }

    /// On a database of its own of the test's PostgreSQL server, with a role each for reading and writing.
    pub(crate) fn postgres() -> Self {
        Self::on(postgres())
    }

    /// The same on a server of the caller's.
    pub(crate) fn on(server: &PostgresServer) -> Self {
        let owner = server.new_database();
        let name = owner.to_string().rsplit('/').next().unwrap().to_owned();
        let (reader, writer) = (format!("{name}_reader"), format!("{name}_writer"));
        let roles = Roles { reader: reader.parse().unwrap(), writer: writer.parse().unwrap() };
        execute(&owner, &format!("CREATE ROLE {reader} LOGIN; CREATE ROLE {writer} LOGIN"));
        let url = |role: &str| server.uri(&name).replace("vinimay@", &format!("{role}@")).parse().unwrap();
        let (reader, writer) = (url(&reader), url(&writer));
        Self::furnished(tempfile::tempdir().unwrap(), Engine::Postgres, owner, reader, writer, Some(roles))
    }

    fn furnished(
        folder: tempfile::TempDir,
        engine: Engine,
        owner: DatabaseUrl,
        reader: DatabaseUrl,
        writer: DatabaseUrl,
        roles: Option<Roles>,
    ) -> Self {
        let (date, yes, no) = match engine {
            Engine::Sqlite => ("TEXT", "1", "0"),
            Engine::Postgres => ("DATE", "true", "false"),
        };
        execute(&owner, &TABLES.replace("DATE_TYPE", date).replace("BOOL_TRUE", yes).replace("BOOL_FALSE", no));
        let mapping = folder.path().join("mapping.toml");
        let department = Self { folder, engine, mapping, owner, reader, writer, roles };
        department.write_mapping(MAPPING);
        department.install();
        department
    }

    /// Replaces the mapping file.
    pub(crate) fn write_mapping(&self, text: &str) {
        std::fs::write(&self.mapping, text.replace("KIND", &self.engine.to_string())).unwrap();
    }

    /// Installs the journal, the outbox and the triggers.
    pub(crate) fn install(&self) {
        install(&self.mapping, &self.owner, self.roles.as_ref()).unwrap();
    }

    /// How the gateway opens it.
    pub(crate) fn options(&self) -> SourceOptions {
        SourceOptions {
            mapping: self.mapping.clone(),
            reader: self.reader.clone(),
            writer: Some(self.writer.clone()),
            statement_log: None,
            connections: 4,
        }
    }

    /// Opens it.
    pub(crate) fn open(&self) -> Source {
        self.try_open().unwrap()
    }

    /// Opens it, or says why not.
    pub(crate) fn try_open(&self) -> Result<Source, OpenError> {
        Source::open(self.options())
    }

    /// What the department's own clerks do: any SQL, as the owner.
    pub(crate) fn execute(&self, sql: &str) {
        execute(&self.owner, sql);
    }

    /// Rows of texts, as the owner.
    pub(crate) fn rows(&self, query: &'static str) -> Vec<Vec<Option<String>>> {
        let mut conn = connection(&self.owner);
        Statement::new(query).rows(&mut conn).unwrap().into_iter().map(Row::into_values).collect()
    }

    /// The reader's role on PostgreSQL.
    pub(crate) fn reader_role(&self) -> String {
        self.roles.as_ref().unwrap().reader.to_string()
    }

    /// The writer's role on PostgreSQL.
    pub(crate) fn writer_role(&self) -> String {
        self.roles.as_ref().unwrap().writer.to_string()
    }

    /// A path beside the database.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// A connection that may write everything.
pub(crate) fn connection(url: &DatabaseUrl) -> AnyConnection {
    Connector::new(url, Role::Writer, None).establish().unwrap()
}

pub(crate) fn execute(url: &DatabaseUrl, sql: &str) {
    match connection(url) {
        AnyConnection::Sqlite(mut conn) => conn.batch_execute(sql).unwrap(),
        AnyConnection::Postgres(mut conn) => conn.batch_execute(sql).unwrap(),
    }
}

/// Remembers every statement.
#[derive(Default)]
pub(crate) struct Heard(Mutex<Vec<String>>);

impl StatementObserver for Heard {
    fn statement(&self, sql: &str) {
        self.0.lock().unwrap().push(sql.to_owned());
    }
}

impl Heard {
    pub(crate) fn log() -> (Arc<Self>, StatementLog) {
        let heard = Arc::new(Self::default());
        (Arc::clone(&heard), StatementLog::observed_by(heard))
    }

    /// What was heard since the last call.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}
