//! A department of the small world: its own tables, its gateway, its officers.
//!
//! Guarantees: rows and journal are read from the department's own database, decisions from its gateway's, with the department's keys;
//! what officers do goes through commands and listeners.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
};

use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::SimpleConnection,
    sql_query,
    sql_types::{BigInt, Nullable, Text},
};
use gateway::{
    keys::{KeyFolder, Keys},
    notices::Person,
    store::decisions::{
        cases::{Decided, decisions_of},
        facts::facts_of,
    },
};
use jiff::civil::Date;
use protocol::seal::certificate::TlsIdentity;
use schemas::{
    decision::DecisionAction,
    id::{MessageId, SectorSubject},
    scheme::DecisionState,
    time::Timestamp,
};
use serde_json::{Value, json};
use service_kit::http_client::HttpClient;
use vinimay::{
    demo::Officer,
    world::{Binary, Department},
};

use super::{
    kept::Kept,
    laws::{PURPOSE, law},
    plan::{EVENTS, OfficePlan},
    register::Register,
};
use crate::rogue::client;

/// The desk that hands letters over.
const DESK: &str = "desk";
const CERTIFICATE_SECONDS: i64 = 90 * 86_400;

/// A row of the roll as it stands.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct RollRow {
    /// Its number.
    #[diesel(sql_type = Text)]
    pub number: String,
    /// `ACTIVE`, `HOLD` or `STOPPED`.
    #[diesel(sql_type = Text)]
    pub status: String,
    /// Why.
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
    /// Since when.
    #[diesel(sql_type = Nullable<Text>)]
    pub since: Option<String>,
    /// Last day.
    #[diesel(sql_type = Nullable<Text>)]
    pub until: Option<String>,
    /// Rupees a month.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub amount: Option<i64>,
}

/// A row of the journal.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Journaled {
    /// Its place in the roll's journal.
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    /// The row.
    #[diesel(sql_type = Text)]
    pub row_key: String,
    /// What became of the order, or `changed-outside`.
    #[diesel(sql_type = Text)]
    pub outcome: String,
    /// Why.
    #[diesel(sql_type = Text)]
    pub reason: String,
    /// From which day.
    #[diesel(sql_type = Nullable<Text>)]
    pub effective: Option<String>,
    /// The decision.
    #[diesel(sql_type = Nullable<Text>)]
    pub decision: Option<String>,
    /// What was not paid meanwhile, as JSON.
    #[diesel(sql_type = Nullable<Text>)]
    pub arrears: Option<String>,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// The department.
pub struct Office {
    /// What it was to be.
    pub plan: OfficePlan,
    /// Its gateway.
    pub department: Department,
    /// Its own database.
    pub database: PathBuf,
    binary: Binary,
    pub(super) officers: Option<[Officer; 2]>,
    pub(super) reviewers: bool,
}

impl Office {
    /// Makes its database and its gateway; nothing runs yet.
    pub(super) fn set_up(
        binary: &Binary,
        folder: &Path,
        addresses: &vinimay::world::Addresses,
        (plan, civil): (&OfficePlan, &Department),
        now: Timestamp,
    ) -> Self {
        let folder = folder.join(plan.name);
        for beside in ["systems", "letters"] {
            std::fs::create_dir_all(folder.join(beside)).unwrap();
        }
        let database = folder.join("office.sqlite");
        let mut conn = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
        conn.batch_execute("PRAGMA journal_mode = WAL").unwrap();
        conn.batch_execute(include_str!("office.sql")).unwrap();
        let desk = TlsIdentity::self_signed(
            DESK,
            &["localhost".parse().unwrap()],
            now.plus(-60),
            now.plus(CERTIFICATE_SECONDS),
        );
        let desk = desk.unwrap();
        std::fs::write(folder.join("systems/desk.pem"), desk.certificate().to_pem().unwrap()).unwrap();
        service_kit::secret::SecretFile::write(&folder.join("systems/desk.key.pem"), &desk.key_to_pem().unwrap())
            .unwrap();
        let department =
            Department::init(binary, &folder, addresses, &plan.department(&database, civil), 1, now).unwrap();
        Self { plan: plan.clone(), department, database, binary: binary.clone(), officers: None, reviewers: false }
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.plan.name
    }

    /// Its two scheme officers, who are reviewers too.
    pub fn officers(&mut self) -> &[Officer; 2] {
        let department = &self.department;
        self.officers.get_or_insert_with(|| {
            let roles = ["scheme-officer", "reviewer", "admin"];
            let officers = ["asha", "binod"].map(|name| Officer::hired(department, name, &roles).unwrap());
            let keys = [&officers[0], &officers[1]].map(|officer| officer.registers_a_key(department).unwrap());
            officers[0].confirms(&keys[1]).unwrap();
            officers[1].confirms(&keys[0]).unwrap();
            officers
        })
    }

    /// Brings a scheme into force, by the commands that its officers use.
    pub fn publishes(&mut self, id: &str, scheme: &str, from: Date) {
        let text = scheme.replace("${us}", self.department.entity().as_str()).replace("${today}", &from.to_string());
        let file = self.department.folder().join(format!("{id}.toml"));
        std::fs::write(&file, text).unwrap();
        let keys: Vec<(String, String)> =
            self.officers().iter().map(|officer| (officer.name.clone(), officer.key.display().to_string())).collect();
        self.says(&["scheme", "submit", &file.display().to_string()]);
        self.says(&["scheme", "backtest", id, "--json"]);
        for (name, key) in &keys {
            self.says(&["scheme", "approve", id, "--account", name, "--key", key, "--leavers-read"]);
        }
        self.says(&["scheme", "publish", id]);
    }

    /// Subscribes to what it hears about everybody; civil registration's data owner approves.
    pub(super) fn subscribes(&self, civil: &Department, until: Date) {
        for subject in &self.plan.hears {
            let prefix = format!("{subject}.");
            let types = EVENTS.iter().chain(&["marriage.ended", "household.changed"]);
            let types: Vec<String> = types
                .filter(|event| event.starts_with(&prefix))
                .map(|event| format!("in.vinimay.{event}.v1"))
                .collect();
            let (law, until) = (law(self.name(), subject), until.to_string());
            let mut arguments = vec!["subscription", "propose", "--source", civil.entity().as_str(), "--law", &law];
            arguments.extend(["--purpose", PURPOSE, "--everybody", "--until", &until]);
            types.iter().for_each(|kind| arguments.extend(["--type", kind]));
            if *subject == "age" {
                self.plan.ages.iter().for_each(|age| arguments.extend(["--age", age]));
            }
            let proposed = self.says(&arguments);
            civil
                .command(&["subscription", "approve", proposed["id"].as_str().unwrap(), "--owner", "data-owner"])
                .unwrap();
        }
    }

    /// Runs one of its gateway's commands; what it printed, as JSON where it is.
    pub fn says(&self, arguments: &[&str]) -> Value {
        let printed = self.department.command(arguments).unwrap();
        serde_json::from_str(&printed).unwrap_or(Value::String(printed))
    }

    /// The department's database, as its own application opens it.
    pub fn open(&self) -> SqliteConnection {
        let mut conn = SqliteConnection::establish(self.database.to_str().unwrap()).unwrap();
        conn.batch_execute("PRAGMA busy_timeout = 60000").unwrap();
        conn
    }

    /// Statements of the department's own application.
    pub fn enters(&self, statements: &str) {
        self.open().batch_execute(&format!("BEGIN IMMEDIATE; {statements}; COMMIT")).unwrap();
    }

    /// Enters a beneficiary of long standing under a number of the department's own; gives it.
    pub fn beneficiary(&self, id: &str, number: &str, name: &str) -> String {
        self.beneficiaries(id, &[(number.to_owned(), name.to_owned())]);
        number.to_owned()
    }

    /// Enters many, in one transaction.
    pub fn beneficiaries(&self, id: &str, people: &[(String, String)]) {
        let rows: Vec<String> = people
            .iter()
            .map(|(number, name)| {
                format!("('{id}-{number}', '{number}', '{name}', '{id}', 'ACTIVE', '2020-01-01', 500)")
            })
            .collect();
        let rows = rows.join(", ");
        self.enters(&format!(
            "INSERT INTO beneficiary (number, person_no, name, scheme, status, since, amount) VALUES {rows}"
        ));
    }

    /// Enters somebody whom the department knows without paying her.
    pub fn knows(&self, number: &str, name: &str, born: Date) {
        self.enters(&format!(
            "INSERT INTO people (person_no, name, birth_date) VALUES ('{number}', '{name}', '{born}')"
        ));
    }

    /// An officer links a resident to a number here.
    pub async fn links(&self, civil: &Register, resident: &str, number: &str) {
        let subject = civil.pseudonym(resident, self.name());
        let order = json!({ "subject": subject, "local_key": number, "officer": "asha" });
        let reply = self.department.portal(0).unwrap().post("/v1/links", &[], &order).await.unwrap();
        assert!(reply.status < 300, "{}", String::from_utf8_lossy(&reply.body));
    }

    /// The rows of a person on a roll, oldest first.
    pub fn rows(&self, id: &str, number: &str) -> Vec<RollRow> {
        let query = "SELECT number, status, reason, since, until, amount FROM beneficiary \
                     WHERE scheme = ? AND COALESCE(person_no, number) = ? ORDER BY rowid";
        sql_query(query).bind::<Text, _>(id).bind::<Text, _>(number).load(&mut self.open()).unwrap()
    }

    /// How many rows `FROM …` has in its own database.
    pub fn count(&self, from: &str) -> i64 {
        let query = format!("SELECT COUNT(*) AS n FROM {from}");
        sql_query(query).get_result::<Number>(&mut self.open()).unwrap().n
    }

    /// The numbers of everybody of this name on a roll.
    pub fn named(&self, id: &str, name: &str) -> Vec<RollRow> {
        let query =
            "SELECT number, status, reason, since, until, amount FROM beneficiary WHERE scheme = ? AND name = ?";
        sql_query(query).bind::<Text, _>(id).bind::<Text, _>(name).load(&mut self.open()).unwrap()
    }

    /// How a person stands on a roll: the status of her last row, or `absent`.
    pub fn stands(&self, id: &str, number: &str) -> String {
        self.rows(id, number).pop().map_or_else(|| "absent".to_owned(), |row| row.status)
    }

    /// The journal of a roll, in its order.
    pub fn journal(&self, id: &str) -> Vec<Journaled> {
        let roll = self.benefit(id).roll(self.name());
        let query = "SELECT seq, row_key, outcome, reason, effective, decision, arrears FROM vinimay_journal WHERE roll = ? ORDER BY seq";
        sql_query(query).bind::<Text, _>(roll).load(&mut self.open()).unwrap()
    }

    /// What our decisions did to one row: the outcomes, in their order.
    pub fn story(&self, id: &str, row: &str) -> Vec<String> {
        let ours = |entry: &Journaled| entry.row_key == row && entry.decision.is_some();
        self.journal(id).into_iter().filter(ours).map(|entry| entry.outcome).collect()
    }

    fn benefit(&self, id: &str) -> super::plan::Benefit {
        *self.plan.benefits.iter().find(|benefit| benefit.id == id).unwrap()
    }

    /// The gateway's keys, where the department keeps them.
    pub fn keys(&self) -> Keys {
        KeyFolder::new(self.department.folder().join("keys")).load(&[]).unwrap()
    }

    /// Its gateway's own database.
    pub fn kept(&self) -> Kept {
        Kept::of(self.department.folder().to_owned(), self.plan.store.clone())
    }

    /// Every decision about a resident here, oldest first.
    pub fn decisions(&self, civil: &Register, resident: &str) -> Vec<Decided> {
        self.decisions_about(&civil.pseudonym(resident, self.name()))
    }

    /// The days from which everything that was said of a resident here holds, as the gateway keeps it.
    pub fn heard_of(&self, civil: &Register, resident: &str) -> Vec<Date> {
        let (keys, subject) = (self.keys(), civil.pseudonym(resident, self.name()));
        let heard = facts_of(&mut self.kept().open(), &keys, &Person::of_subject(&keys, &subject)).unwrap();
        heard.into_iter().map(|heard| heard.record.effective.date()).collect()
    }

    fn decisions_about(&self, subject: &SectorSubject) -> Vec<Decided> {
        let keys = self.keys();
        decisions_of(&mut self.kept().open(), &keys, &Person::of_subject(&keys, subject)).unwrap()
    }

    /// Action and state of every decision about a resident under a scheme or rule, oldest first.
    pub fn history(&self, civil: &Register, resident: &str, scheme: &str) -> Vec<(DecisionAction, DecisionState)> {
        let decisions = self.decisions(civil, resident).into_iter();
        decisions.filter(|decided| decided.scheme == scheme).map(|decided| (decided.action, decided.state)).collect()
    }

    /// An officer hands a letter over, if it waits at the desk; whether it did.
    pub async fn hands_over(&self, letter: &MessageId) -> bool {
        let url = self.desk_url(&format!("/v1/letters/{letter}/handed-over"));
        let order = serde_json::to_vec(&json!({ "officer": "chandan" })).unwrap();
        let reply = self.desk().post_with(&url, "application/json", &[], order, 1 << 16).await.unwrap();
        assert!([204, 403, 404].contains(&reply.status), "{}", String::from_utf8_lossy(&reply.body));
        if reply.status == 403 {
            // Nobody of this name has an account yet.
            self.says(&["user", "invite", "chandan", "--role", "operator"]);
        }
        reply.status == 204
    }

    fn desk(&self) -> HttpClient {
        let folder = self.department.folder();
        let own = (folder.join("systems/desk.pem"), folder.join("systems/desk.key.pem"));
        client(&folder.join("keys/tls.pem"), Some((&own.0, &own.1)))
    }

    fn desk_url(&self, path: &str) -> url::Url {
        format!("{}{path}", self.department.local_address(0)).parse().unwrap()
    }

    /// Stops the gateway in order: the department is cut off.
    pub fn cut_off(&mut self) {
        self.department.stop().unwrap();
    }

    /// Starts the gateway again.
    pub fn comes_back(&mut self) {
        self.department.start(0).unwrap();
    }

    /// How often one of its gateway's jobs has run since it was started.
    pub fn runs_of(&self, job: &str) -> u64 {
        let text = metrics(&self.department).unwrap_or_default();
        let of_the_job = |line: &&str| line.starts_with("job_runs_total") && line.contains(&format!("job=\"{job}\""));
        text.lines().filter(of_the_job).filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    }

    /// What `journal verify` finds: whether it went well, and what it printed.
    pub fn verifies(&self, id: &str) -> (bool, String) {
        let output = self.journal_verified(id);
        (output.status.success(), crate::support::both(&output))
    }

    /// The findings of `journal verify`, as it prints them.
    pub fn found_in_the_journal(&self, id: &str) -> Vec<Value> {
        serde_json::from_slice(&self.journal_verified(id).stdout).unwrap()
    }

    fn journal_verified(&self, id: &str) -> std::process::Output {
        let roll = self.benefit(id).roll(self.name());
        let config = self.department.folder().join("gateway.toml").display().to_string();
        self.binary.command(&["gateway", "journal", "verify", &roll, "--config", &config]).output().unwrap()
    }
}

/// The metrics of a gateway, from its own machine; none while it does not answer.
fn metrics(department: &Department) -> Option<String> {
    let address = department.management(0);
    let address = address.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).ok()?;
    stream
        .write_all(format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())
        .ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}
