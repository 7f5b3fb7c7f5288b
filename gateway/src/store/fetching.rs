//! Questions about facts that a scheme needs: which is open, how the last one ended, when to ask again.
//!
//! Guarantees: one row a person and fact, so that one question is open at a time; whoever asks has claimed the row by a conditional
//! UPDATE, which also takes from the day's budget; rows name a person by a keyed hash, what is asked is encrypted. Deliberately
//! absent: when a fact is needed and how it is asked for (`crate::fetching`).

use std::collections::BTreeMap;

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use eligibility::fact::FactPath;
use schemas::{
    digest::Digest,
    id::{DatasetId, FieldName, LawId, MessageId, SchemeId, SectorSubject},
    time::CivilDate,
};
use serde::{Deserialize, Serialize};
use service_kit::db::AnyConnection;

use crate::{
    keys::Keys,
    store::{
        decisions::DecisionStoreError,
        encrypted::Encrypted,
        exchange::{
            ConsentIndex,
            statement::{Statement, read},
        },
        notices::Person,
    },
};

const BODY: Encrypted = Encrypted { table: "fact_ask", column: "body" };

/// On what a fact is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FactBasis {
    /// A registered law.
    Law(LawId),
    /// Her consent.
    Consent,
}

/// What is to be asked of whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactWanted {
    /// Our pseudonym of her.
    pub subject: SectorSubject,
    /// The fact.
    pub path: FactPath,
    /// The data set that holds it.
    pub dataset: DatasetId,
    /// Its field.
    pub field: FieldName,
    /// On what.
    pub basis: FactBasis,
    /// For the sake of which scheme.
    pub scheme: SchemeId,
    /// Its name by language.
    pub title: BTreeMap<String, String>,
}

/// How a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskState {
    /// To be asked when its time comes.
    Due,
    /// A request for consent waits for her.
    Asked,
    /// It was answered.
    Known,
    /// Nobody needs it now.
    Idle,
}

impl AskState {
    const fn word(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Asked => "asked",
            Self::Known => "known",
            Self::Idle => "idle",
        }
    }
}

/// One row.
#[derive(Clone, Debug)]
pub struct FactAsk {
    /// Whom.
    pub person: Person,
    /// What.
    pub wanted: FactWanted,
    /// How it stands.
    pub state: AskState,
    /// Key of the question that is open.
    pub question: Option<MessageId>,
    /// The request for consent.
    pub request: Option<MessageId>,
    /// How the last question ended, if without a value.
    pub reason: Option<String>,
    /// Questions in a row without a value.
    pub tries: i64,
    /// When to ask again, milliseconds since the epoch.
    pub next_ms: i64,
    /// Grows with each change.
    pub turn: i64,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    person: String,
    #[diesel(sql_type = Text)]
    fact: String,
    #[diesel(sql_type = Binary)]
    body: Vec<u8>,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Text>)]
    question: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    request: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
    #[diesel(sql_type = BigInt)]
    tries: i64,
    #[diesel(sql_type = BigInt)]
    next_ms: i64,
    #[diesel(sql_type = BigInt)]
    turn: i64,
}

fn place(person: &str, fact: &str) -> String {
    format!("{person} {fact}")
}

impl Row {
    fn read(self, keys: &Keys) -> Result<FactAsk, DecisionStoreError> {
        let id = |text: Option<String>| text.as_deref().map(read::<MessageId>).transpose();
        Ok(FactAsk {
            wanted: BODY.open(keys, &place(&self.person, &self.fact), &self.body)?,
            person: Person::from_stored(self.person),
            state: match self.state.as_str() {
                "due" => AskState::Due,
                "asked" => AskState::Asked,
                "known" => AskState::Known,
                _ => AskState::Idle,
            },
            question: id(self.question)?,
            request: id(self.request)?,
            reason: self.reason,
            tries: self.tries,
            next_ms: self.next_ms,
            turn: self.turn,
        })
    }
}

const COLUMNS: &str =
    "SELECT person, fact, body, state, question, request, reason, tries, next_ms, turn FROM fact_ask WHERE ";

fn found(rows: Vec<Row>, keys: &Keys) -> Result<Vec<FactAsk>, DecisionStoreError> {
    rows.into_iter().map(|row| row.read(keys)).collect()
}

/// All rows of a person.
///
/// # Errors
/// If the database or the encryption fails.
pub fn asks_of(conn: &mut AnyConnection, keys: &Keys, person: &Person) -> Result<Vec<FactAsk>, DecisionStoreError> {
    let rows = Statement::new(COLUMNS).sql("person = ").bind(person.as_str()).sql(" ORDER BY fact").load(conn)?;
    found(rows, keys)
}

/// Rows that lack a value and say why, of everybody: what officers are shown.
///
/// # Errors
/// If the database or the encryption fails.
pub fn asks_unanswered(conn: &mut AnyConnection, keys: &Keys, limit: i64) -> Result<Vec<FactAsk>, DecisionStoreError> {
    let rows = Statement::new(COLUMNS)
        .sql("state IN ('due', 'asked') AND reason IS NOT NULL ORDER BY next_ms, person, fact LIMIT ")
        .bind(limit)
        .load(conn)?;
    found(rows, keys)
}

/// A fact is needed: a new row is due now; one that nobody needed, or whose answer has become too old, is due at its own time; one
/// that is being asked for stays as it is.
///
/// # Errors
/// If the database or the encryption fails.
pub fn ask_want(
    conn: &mut AnyConnection,
    keys: &Keys,
    (person, wanted): (&Person, &FactWanted),
    now_ms: i64,
) -> Result<(), DecisionStoreError> {
    let fact = wanted.path.as_str();
    let body = BODY.seal(keys, &place(person.as_str(), fact), wanted)?;
    Statement::new("INSERT INTO fact_ask (person, fact, body, state, next_ms) VALUES ")
        .row([person.as_str().into(), fact.into(), body.as_slice().into(), "due".into(), now_ms.into()])
        .sql(
            " ON CONFLICT (person, fact) DO UPDATE SET body = excluded.body, state = 'due', tries = 0, \
             question = NULL, turn = fact_ask.turn + 1 WHERE fact_ask.state IN ('known', 'idle')",
        )
        .execute(conn)?;
    Ok(())
}

/// Nobody needs it now: it is not asked for. What is being asked at this moment ends as it does.
///
/// # Errors
/// If the database fails.
pub fn ask_rest(
    conn: &mut AnyConnection,
    (person, path): (&Person, &FactPath),
    now_ms: i64,
) -> Result<(), DecisionStoreError> {
    let rest =
        Statement::new("UPDATE fact_ask SET state = 'idle', turn = turn + 1 WHERE person = ").bind(person.as_str());
    let rest = rest.sql(" AND fact = ").bind(path.as_str());
    rest.sql(" AND state = 'due' AND claimed_ms <= ").bind(now_ms).execute(conn)?;
    Ok(())
}

/// Who may be asked about now, at most `limit`.
///
/// # Errors
/// If the database or the encryption fails.
pub fn asks_due(
    conn: &mut AnyConnection,
    keys: &Keys,
    now_ms: i64,
    limit: i64,
) -> Result<Vec<FactAsk>, DecisionStoreError> {
    let rows = Statement::new(COLUMNS)
        .sql("state IN ('due', 'asked') AND next_ms <= ")
        .bind(now_ms)
        .sql(" AND claimed_ms <= ")
        .bind(now_ms)
        .sql(" ORDER BY next_ms, person, fact LIMIT ")
        .bind(limit)
        .load(conn)?;
    found(rows, keys)
}

/// What came of claiming a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is ours; this is its turn now.
    Ours(i64),
    /// Another process has it.
    Theirs,
    /// The day's budget is spent.
    Spent,
}

/// Claims a row for one question, to be asked under `question` if none is open, and takes a new question from the day's budget.
///
/// # Errors
/// If the database fails; then nothing is claimed.
pub fn ask_claim(
    conn: &mut AnyConnection,
    (ask, question): (&FactAsk, Option<&MessageId>),
    (now_ms, until_ms): (i64, i64),
    (day, budget): (CivilDate, u32),
) -> Result<Claim, DecisionStoreError> {
    let new = question.is_some() && ask.question.is_none();
    if new && !budget_take(conn, day, budget)? {
        return Ok(Claim::Spent);
    }
    let question = ask.question.as_ref().or(question).map(MessageId::as_str);
    let claimed = Statement::new("UPDATE fact_ask SET claimed_ms = ")
        .bind(until_ms)
        .sql(", question = ")
        .bind(question)
        .sql(", turn = turn + 1 WHERE claimed_ms <= ")
        .bind(now_ms)
        .sql(" AND turn = ")
        .bind(ask.turn)
        .sql(" AND person = ")
        .bind(ask.person.as_str())
        .sql(" AND fact = ")
        .bind(ask.wanted.path.as_str())
        .execute(conn)?;
    if claimed == 1 {
        return Ok(Claim::Ours(ask.turn.saturating_add(1)));
    }
    if new {
        budget_give_back(conn, day)?;
    }
    Ok(Claim::Theirs)
}

fn budget_take(conn: &mut AnyConnection, day: CivilDate, budget: u32) -> Result<bool, DecisionStoreError> {
    let day = day.to_string();
    let taken = Statement::new("INSERT INTO fact_budget (day, asked) SELECT ")
        .bind(day.as_str())
        .sql(", 1 WHERE ")
        .bind(i64::from(budget))
        .sql(" > 0 ON CONFLICT (day) DO UPDATE SET asked = fact_budget.asked + 1 WHERE fact_budget.asked < ")
        .bind(i64::from(budget))
        .execute(conn)?;
    Ok(taken == 1)
}

fn budget_give_back(conn: &mut AnyConnection, day: CivilDate) -> Result<(), DecisionStoreError> {
    let day = day.to_string();
    Statement::new("UPDATE fact_budget SET asked = asked - 1 WHERE day = ").bind(day.as_str()).execute(conn)?;
    Ok(())
}

/// How a claimed row stands after its question.
#[derive(Clone, Debug)]
pub struct AskEnd<'a> {
    /// The state.
    pub state: AskState,
    /// The question that stays open, if it does.
    pub question: Option<&'a MessageId>,
    /// The request for consent, if there is one.
    pub request: Option<&'a MessageId>,
    /// On which consent the value came.
    pub consent: Option<&'a ConsentIndex>,
    /// Why there is no value.
    pub reason: Option<&'a str>,
    /// Questions in a row without a value.
    pub tries: i64,
    /// When to ask again.
    pub next_ms: i64,
}

/// Writes down how a claimed question ended and gives the row back. `false`: the claim was lost.
///
/// # Errors
/// If the database fails.
pub fn ask_end(conn: &mut AnyConnection, ask: &FactAsk, end: &AskEnd<'_>) -> Result<bool, DecisionStoreError> {
    let update = Statement::new("UPDATE fact_ask SET claimed_ms = 0, turn = turn + 1, state = ")
        .bind(end.state.word())
        .sql(", question = ")
        .bind(end.question.map(MessageId::as_str))
        .sql(", request = ")
        .bind(end.request.map(MessageId::as_str))
        .sql(", consent = ")
        .bind(end.consent.map(ConsentIndex::as_str))
        .sql(", reason = ")
        .bind(end.reason)
        .sql(", tries = ")
        .bind(end.tries)
        .sql(", next_ms = ")
        .bind(end.next_ms)
        .sql(" WHERE turn = ")
        .bind(ask.turn)
        .sql(" AND person = ")
        .bind(ask.person.as_str())
        .sql(" AND fact = ")
        .bind(ask.wanted.path.as_str());
    Ok(update.execute(conn)? == 1)
}

/// A request for consent was answered: whoever waits for it looks now.
///
/// # Errors
/// If the database fails.
pub fn ask_answered(conn: &mut AnyConnection, request: &MessageId, now_ms: i64) -> diesel::QueryResult<usize> {
    let now =
        Statement::new("UPDATE fact_ask SET next_ms = ").bind(now_ms).sql(" WHERE state = 'asked' AND request = ");
    now.bind(request.as_str()).execute(conn)
}

/// The rows whose value came on this consent.
///
/// # Errors
/// If the database or the encryption fails.
pub fn asks_on_consent(
    conn: &mut AnyConnection,
    keys: &Keys,
    consent: &ConsentIndex,
) -> Result<Vec<FactAsk>, DecisionStoreError> {
    let rows = Statement::new(COLUMNS).sql("consent = ").bind(consent.as_str()).load(conn)?;
    found(rows, keys)
}

/// A key showed a person's pseudonym here; those who wait for that look now.
///
/// # Errors
/// If the database fails.
pub fn proven_insert(
    conn: &mut AnyConnection,
    (person, holder): (&Person, &Person),
    now_ms: i64,
) -> diesel::QueryResult<()> {
    let new = Statement::new("INSERT INTO proven_key (person, holder) VALUES ")
        .row([person.as_str().into(), holder.as_str().into()])
        .sql(" ON CONFLICT DO NOTHING")
        .execute(conn)?;
    if new == 1 {
        let wake = Statement::new("UPDATE fact_ask SET next_ms = ").bind(now_ms);
        wake.sql(" WHERE state = 'asked' AND person = ").bind(person.as_str()).execute(conn)?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Whether a key has shown a person's pseudonym here.
///
/// # Errors
/// If the database fails.
pub fn is_proven(conn: &mut AnyConnection, (person, holder): (&Person, &Person)) -> diesel::QueryResult<bool> {
    let rows: Vec<Count> = Statement::new("SELECT COUNT(*) AS count FROM proven_key WHERE person = ")
        .bind(person.as_str())
        .sql(" AND holder = ")
        .bind(holder.as_str())
        .load(conn)?;
    Ok(rows.first().is_some_and(|row| row.count > 0))
}

#[derive(QueryableByName)]
struct DigestRow {
    #[diesel(sql_type = Binary)]
    digest: Vec<u8>,
}

/// The digest of one of our receipts.
///
/// # Errors
/// If the database fails.
pub fn receipt_digest(conn: &mut AnyConnection, receipt: &MessageId) -> Result<Option<Digest>, DecisionStoreError> {
    let rows: Vec<DigestRow> =
        Statement::new("SELECT digest FROM receipt WHERE jti = ").bind(receipt.as_str()).load(conn)?;
    let bytes = rows.into_iter().next().map(|row| <[u8; 32]>::try_from(row.digest));
    bytes.transpose().map(|found| found.map(Digest::from_bytes)).map_err(|_| DecisionStoreError::Damaged("a digest"))
}

#[cfg(test)]
mod tests;
