//! Decisions as they stand. Their history are the signed records ([`super::log`]).

use std::collections::{BTreeMap, BTreeSet};

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use eligibility::{
    lifecycle::leaving::Window,
    propose::{Cause, Notice, Past},
};
use schemas::{
    decision::{ClauseRecord, DecisionAction, SchemeVersion, WouldChange},
    digest::Digest,
    event::MatchEvidence,
    id::{CaseId, ClauseId, EntityId, MessageId, RuleId, SectorSubject, StaffMark},
    scheme::DecisionState,
    time::{CivilDate, Timestamp},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use service_kit::db::AnyConnection;

use super::DecisionStoreError;
use crate::{
    keys::Keys,
    store::{
        encrypted::Encrypted,
        exchange::statement::{Statement, read},
        notices::Person,
    },
};

const BODY: Encrypted = Encrypted { table: "decision", column: "body" };

/// What a roll is still to be told by a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Todo {
    /// Hold the payment.
    Hold,
    /// Lift the hold.
    Release,
    /// Enter the person.
    Enrol,
    /// Take the person off, with a warrant.
    Remove,
    /// Put the person back.
    Restore,
    /// Take back an entry by law that she declined: hold at once; the end needs no notice, for she asked for it.
    Decline,
    /// Enter that she is the head of her household from now on.
    NameHead,
}

/// Why a proposal does not go on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Waits {
    /// An officer must look first.
    Officer,
    /// The breaker stopped the scheme.
    Breaker,
}

/// What undid a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    /// Id of the decision that undid it.
    pub decision: MessageId,
    /// Why, as a code.
    pub reason: String,
    /// Digest of the event that led to it, where one did.
    pub event: Option<Digest>,
}

/// Everything about a decision that may describe a person; encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matter {
    /// Whom.
    pub subject: SectorSubject,
    /// What it hangs on.
    pub cause: Cause,
    /// From which day it holds.
    pub effective: CivilDate,
    /// Whom to tell, and how long the window is.
    pub notice: Option<Notice>,
    /// The scheme's version, or none where a rule decided.
    pub scheme: Option<SchemeVersion>,
    /// The built-in rule, or none where a scheme decided.
    pub rule: Option<RuleId>,
    /// The name of the scheme by language.
    pub title: BTreeMap<String, String>,
    /// Rupees a month, where the scheme pays monthly.
    pub monthly: Option<u32>,
    /// Digests of the events that woke it.
    pub events: Vec<Digest>,
    /// Whose register recorded them.
    pub source: Option<EntityId>,
    /// How the person was matched.
    pub matched: Option<MatchEvidence>,
    /// Each clause.
    pub clauses: Vec<ClauseRecord>,
    /// The decisive ones.
    pub decisive: Vec<ClauseId>,
    /// What would change it.
    pub changes: Option<WouldChange>,
    /// The officers who confirmed it.
    pub confirmed_by: Vec<StaffMark>,
    /// The decision that holds the payment meanwhile.
    pub hold: Option<MessageId>,
    /// When the notice arrived.
    pub delivered: Option<Timestamp>,
    /// What undid it.
    pub undone: Option<Undone>,
    /// By law: entered without an application.
    pub by_law: bool,
    /// An officer looked and decided for the person.
    pub dismissed: bool,
    /// What the decisive clauses say to people.
    #[serde(default)]
    pub rules: Vec<DecisiveRule>,
    /// The scheme that follows, for whose sake it was held.
    #[serde(default)]
    pub next: Option<Next>,
}

/// A scheme that follows on one that ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    /// Its id.
    pub scheme: String,
    /// The roll by which it pays.
    pub roll: String,
    /// From and until which days it was seen to pay her, one after the other.
    pub paid: Vec<(CivilDate, CivilDate)>,
    /// Whether it was found to pay no more, and nothing was lifted by that.
    #[serde(default)]
    pub stopped: bool,
}

impl Next {
    /// It begins to pay her today.
    pub fn begins(&mut self, today: CivilDate) {
        self.stopped = false;
        if self.paid.last().is_none_or(|(_, until)| *until < today) {
            self.paid.push((today, today));
        }
    }

    /// It pays her today still, as it did when somebody looked last: between two looks nobody found that it did not.
    pub fn goes_on(&mut self, today: CivilDate) {
        match self.paid.last_mut() {
            Some((_, until)) if !self.stopped => *until = today.max(*until),
            _ => self.begins(today),
        }
    }
}

/// A clause that made the difference, as its version words it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisiveRule {
    /// Whether it must hold; else it must not.
    pub includes: bool,
    /// By language.
    pub text: BTreeMap<String, String>,
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Its id.
    pub id: MessageId,
    /// About whom.
    pub person: Person,
    /// Id of the scheme, or of the rule.
    pub scheme: String,
    /// The roll.
    pub roll: String,
    /// What it is about.
    pub action: DecisionAction,
    /// How far it has come.
    pub state: DecisionState,
    /// Joins a cascade.
    pub case: CaseId,
    /// The rest.
    pub matter: Matter,
    /// The day of the last step.
    pub since: CivilDate,
    /// Last day of an offer or window.
    pub until: Option<CivilDate>,
    /// What the roll is still to be told.
    pub todo: Option<Todo>,
    /// Why it does not go on by itself.
    pub waits: Option<Waits>,
    /// The notice on which a removal rests.
    pub notice: Option<MessageId>,
    /// Grows with each change.
    pub turn: i64,
    /// When it began, milliseconds since the epoch.
    pub at_ms: i64,
}

impl Decided {
    /// Digests of the events that caused it, and of the records that bore the facts of its decisive clauses.
    fn rests_on(&self) -> BTreeSet<Digest> {
        let decisive = self.matter.clauses.iter().filter(|clause| self.matter.decisive.contains(&clause.id));
        let bore = decisive.flat_map(|clause| &clause.facts).filter_map(|fact| fact.receipt);
        self.matter.events.iter().copied().chain(bore).collect()
    }

    /// As proposals look at it.
    pub fn past(&self) -> Past {
        let Self { id, action, state, since, .. } = self;
        let (cause, dismissed) = (self.matter.cause.clone(), self.matter.dismissed);
        let rules = self.matter.scheme.as_ref().map(|scheme| scheme.hash);
        let (effective, case) = (self.matter.effective, Some(self.case.clone()));
        let (id, events) = (id.clone(), self.rests_on());
        Past { id, action: *action, cause, state: *state, since: *since, dismissed, rules, effective, events, case }
    }

    /// The window that runs, or ran; none before a delivery is recorded.
    pub fn window(&self) -> Option<Window> {
        self.matter.delivered.zip(self.until).map(|(at, ends)| Window::stored(at, ends))
    }
}

/// A word of a closed set as JSON has it, without the quotes.
pub(super) fn word<T: Serialize>(value: &T) -> Result<String, DecisionStoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        _ => Err(DecisionStoreError::Damaged("a word that is none")),
    }
}

fn unword<T: DeserializeOwned>(text: &str) -> Result<T, DecisionStoreError> {
    let value = serde_json::Value::String(text.to_owned());
    serde_json::from_value(value).map_err(|_| DecisionStoreError::Damaged("an unknown word"))
}

/// Writes a new decision.
///
/// # Errors
/// If the database or the encryption fails.
pub fn decision_insert(conn: &mut AnyConnection, keys: &Keys, new: &Decided) -> Result<(), DecisionStoreError> {
    let body = BODY.seal(keys, new.id.as_str(), &new.matter)?;
    let (todo, waits) = (new.todo.as_ref().map(word).transpose()?, new.waits.as_ref().map(word).transpose()?);
    Statement::new(
        "INSERT INTO decision (id, person, scheme, roll, action, reason, state, case_id, body, since_day, until_day, todo, waits, \
         notice, at_ms) VALUES ",
    )
    .row([
        new.id.as_str().into(),
        new.person.as_str().into(),
        new.scheme.as_str().into(),
        new.roll.as_str().into(),
        word(&new.action)?.as_str().into(),
        new.matter.cause.reason.code().into(),
        word(&new.state)?.as_str().into(),
        new.case.as_str().into(),
        body.as_slice().into(),
        new.since.to_string().as_str().into(),
        new.until.map(|day| day.to_string()).as_deref().into(),
        todo.as_deref().into(),
        waits.as_deref().into(),
        new.notice.as_ref().map(MessageId::as_str).into(),
        new.at_ms.into(),
    ])
    .execute(conn)?;
    Ok(())
}

/// Writes a decision as it stands now. `false`: it was changed since it was read; nothing was written.
///
/// # Errors
/// If the database or the encryption fails.
pub fn decision_update(conn: &mut AnyConnection, keys: &Keys, now: &Decided) -> Result<bool, DecisionStoreError> {
    let body = BODY.seal(keys, now.id.as_str(), &now.matter)?;
    let (todo, waits) = (now.todo.as_ref().map(word).transpose()?, now.waits.as_ref().map(word).transpose()?);
    let update = Statement::new(
        "UPDATE decision SET turn = turn + 1, tries = 0, next_ms = 0, failing_ms = NULL, parked_ms = NULL, state = ",
    );
    let update = update.bind(word(&now.state)?.as_str()).sql(", body = ").bind(body.as_slice());
    let update = update.sql(", since_day = ").bind(now.since.to_string().as_str());
    let update = update.sql(", until_day = ").bind(now.until.map(|day| day.to_string()).as_deref());
    let update = update.sql(", todo = ").bind(todo.as_deref()).sql(", waits = ").bind(waits.as_deref());
    let update = update.sql(", notice = ").bind(now.notice.as_ref().map(MessageId::as_str));
    let update = update.sql(" WHERE id = ").bind(now.id.as_str()).sql(" AND turn = ").bind(now.turn);
    Ok(update.execute(conn)? == 1)
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    person: String,
    #[diesel(sql_type = Text)]
    scheme: String,
    #[diesel(sql_type = Text)]
    roll: String,
    #[diesel(sql_type = Text)]
    action: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Text)]
    case_id: String,
    #[diesel(sql_type = Binary)]
    body: Vec<u8>,
    #[diesel(sql_type = Text)]
    since_day: String,
    #[diesel(sql_type = Nullable<Text>)]
    until_day: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    todo: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    waits: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    notice: Option<String>,
    #[diesel(sql_type = BigInt)]
    turn: i64,
    #[diesel(sql_type = BigInt)]
    at_ms: i64,
}

impl Row {
    fn open(self, keys: &Keys) -> Result<Decided, DecisionStoreError> {
        let matter = BODY.open(keys, &self.id, &self.body)?;
        Ok(Decided {
            id: read(&self.id)?,
            person: Person::from_stored(self.person),
            scheme: self.scheme,
            roll: self.roll,
            action: unword(&self.action)?,
            state: unword(&self.state)?,
            case: read(&self.case_id)?,
            matter,
            since: read(&self.since_day)?,
            until: self.until_day.as_deref().map(read).transpose()?,
            todo: self.todo.as_deref().map(unword).transpose()?,
            waits: self.waits.as_deref().map(unword).transpose()?,
            notice: self.notice.as_deref().map(read).transpose()?,
            turn: self.turn,
            at_ms: self.at_ms,
        })
    }
}

const COLUMNS: &str = "SELECT id, person, scheme, roll, action, state, case_id, body, since_day, until_day, todo, waits, notice, \
                       turn, at_ms FROM decision WHERE ";

fn opened(rows: Vec<Row>, keys: &Keys) -> Result<Vec<Decided>, DecisionStoreError> {
    rows.into_iter().map(|row| row.open(keys)).collect()
}

/// One decision.
///
/// # Errors
/// If the database or the encryption fails.
pub fn decision_find(
    conn: &mut AnyConnection,
    keys: &Keys,
    id: &MessageId,
) -> Result<Option<Decided>, DecisionStoreError> {
    let rows: Vec<Row> = Statement::new(COLUMNS).sql("id = ").bind(id.as_str()).load(conn)?;
    Ok(opened(rows, keys)?.into_iter().next())
}

/// The decision of which this notice tells, if it tells of one.
///
/// # Errors
/// If the database or the encryption fails.
pub fn decision_told_by(
    conn: &mut AnyConnection,
    keys: &Keys,
    notice: &MessageId,
) -> Result<Option<Decided>, DecisionStoreError> {
    let rows: Vec<Row> = Statement::new(COLUMNS).sql("notice = ").bind(notice.as_str()).load(conn)?;
    Ok(opened(rows, keys)?.into_iter().next())
}

/// Every decision about a person, oldest first.
///
/// # Errors
/// If the database or the encryption fails.
pub fn decisions_of(
    conn: &mut AnyConnection,
    keys: &Keys,
    person: &Person,
) -> Result<Vec<Decided>, DecisionStoreError> {
    let rows = Statement::new(COLUMNS).sql("person = ").bind(person.as_str()).sql(" ORDER BY at_ms, id").load(conn)?;
    opened(rows, keys)
}

/// Every decision of a cascade here, oldest first.
///
/// # Errors
/// If the database or the encryption fails.
pub fn decisions_of_case(
    conn: &mut AnyConnection,
    keys: &Keys,
    case: &CaseId,
) -> Result<Vec<Decided>, DecisionStoreError> {
    let rows = Statement::new(COLUMNS).sql("case_id = ").bind(case.as_str()).sql(" ORDER BY at_ms, id").load(conn)?;
    opened(rows, keys)
}

/// Decisions in a state, oldest first, at most `limit`.
///
/// # Errors
/// If the database or the encryption fails.
pub fn decisions_in(
    conn: &mut AnyConnection,
    keys: &Keys,
    state: DecisionState,
    limit: i64,
) -> Result<Vec<Decided>, DecisionStoreError> {
    let select = Statement::new(COLUMNS).sql("state = ").bind(word(&state)?.as_str());
    opened(select.sql(" ORDER BY at_ms, id LIMIT ").bind(limit).load(conn)?, keys)
}

/// Removals of which a notice was written that nobody has received, as far as is known; oldest first, at most `limit`.
///
/// # Errors
/// If the database or the encryption fails.
pub fn decisions_untold(conn: &mut AnyConnection, keys: &Keys, limit: i64) -> Result<Vec<Decided>, DecisionStoreError> {
    let select = Statement::new(COLUMNS).sql("action = ").bind(word(&DecisionAction::Remove)?.as_str());
    let select = select.sql(" AND state IN (").bind(word(&DecisionState::Proposed)?.as_str()).sql(", ");
    let select = select.bind(word(&DecisionState::Held)?.as_str()).sql(") AND notice IS NOT NULL AND waits IS NULL");
    opened(select.sql(" ORDER BY at_ms, id LIMIT ").bind(limit).load(conn)?, keys)
}

/// Decisions that wait for something, oldest first, at most `limit`.
///
/// # Errors
/// If the database or the encryption fails.
pub fn decisions_waiting(
    conn: &mut AnyConnection,
    keys: &Keys,
    waits: Waits,
    limit: i64,
) -> Result<Vec<Decided>, DecisionStoreError> {
    let select = Statement::new(COLUMNS).sql("waits = ").bind(word(&waits)?.as_str());
    opened(select.sql(" ORDER BY at_ms, id LIMIT ").bind(limit).load(conn)?, keys)
}

/// Removals that were carried out and are objected to, oldest first, at most `limit`.
///
/// # Errors
/// If the database or the encryption fails.
pub fn decisions_appealed(
    conn: &mut AnyConnection,
    keys: &Keys,
    limit: i64,
) -> Result<Vec<Decided>, DecisionStoreError> {
    let open = "state = 'removed' AND EXISTS (SELECT 1 FROM objection o WHERE o.decision = decision.id AND o.second_by IS NULL) \
                ORDER BY at_ms, id LIMIT ";
    opened(Statement::new(COLUMNS).sql(open).bind(limit).load(conn)?, keys)
}

#[derive(QueryableByName)]
struct Day {
    #[diesel(sql_type = BigInt)]
    day: i64,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many removals of a scheme began, by whole days before `now_ms`: (0, today's last 24 hours), (1, the 24 hours before), …
///
/// # Errors
/// If the database fails.
pub fn removals_begun(
    conn: &mut AnyConnection,
    scheme: &str,
    now_ms: i64,
    days: i64,
) -> Result<Vec<(i64, u64)>, DecisionStoreError> {
    let rows: Vec<Day> = Statement::new("SELECT (")
        .bind(now_ms)
        .sql(" - at_ms) / 86400000 AS day, COUNT(*) AS count FROM decision WHERE action = 'remove' AND scheme = ")
        .bind(scheme)
        .sql(" AND at_ms > ")
        .bind(now_ms - days * 86_400_000)
        .sql(" GROUP BY 1 ORDER BY 1")
        .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.day, u64::try_from(row.count).unwrap_or(0))).collect())
}

#[derive(QueryableByName)]
struct TellRow {
    #[diesel(sql_type = Nullable<BigInt>)]
    fetched_ms: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    proof: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    reported_by: Option<String>,
}

/// How a notice arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// A wallet fetched it.
    Wallet,
    /// An officer saw the letter reach her.
    Letter {
        /// Who.
        by: String,
    },
    /// The gateway for short messages proved who it is and said that the message arrived.
    Sms {
        /// Which system said so.
        by: String,
    },
}

/// How a notice arrived, if it did in a way that starts a window.
///
/// # Errors
/// If the database fails.
pub fn notice_arrived(conn: &mut AnyConnection, notice: &MessageId) -> Result<Option<Arrived>, DecisionStoreError> {
    let rows: Vec<TellRow> = Statement::new(
        "SELECT n.fetched_ms AS fetched_ms, d.proof AS proof, r.reported_by AS reported_by FROM notice n \
         LEFT JOIN notice_delivery d ON d.notice = n.id AND d.channel = 'letter' AND d.state = 'delivered' \
         LEFT JOIN notice_report r ON r.notice = n.id WHERE n.id = ",
    )
    .bind(notice.as_str())
    .load(conn)?;
    let Some(row) = rows.into_iter().next() else { return Ok(None) };
    Ok(match (row.fetched_ms, row.proof, row.reported_by) {
        (Some(_), _, _) => Some(Arrived::Wallet),
        (None, Some(by), _) => Some(Arrived::Letter { by }),
        (None, None, Some(by)) => Some(Arrived::Sms { by }),
        (None, None, None) => None,
    })
}
