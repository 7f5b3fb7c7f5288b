//! Assisted sessions and what was approved in them.
//!
//! Guarantees: token and codes stand here as keyed hashes; a session is closed once; an approval is decided once, and its fifth
//! wrong code kills it. Deliberately absent: the citizen, her phone and her binding.

pub mod endings;

use diesel::{
    OptionalExtension, QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use schemas::{
    consent::AssistanceMethod,
    digest::Digest,
    id::{MessageId, SystemName},
    time::Timestamp,
};
use service_kit::db::AnyConnection;

use crate::{
    keys::Keys,
    store::{encrypted::Encrypted, exchange::statement::read},
};

/// Wrong codes after which an approval is dead.
pub const TRIES: i64 = 5;

const TOKEN: Encrypted = Encrypted { table: "assisted_session", column: "token" };
const CODE: Encrypted = Encrypted { table: "assisted_approval", column: "code" };

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// Its id.
    pub id: MessageId,
    /// The person who helps.
    pub operator: SystemName,
    /// When it was opened.
    pub opened: Timestamp,
    /// When it ends by itself.
    pub ends: Timestamp,
}

/// Writes a session.
pub fn session_insert(conn: &mut AnyConnection, keys: &Keys, session: &StoredSession, token: &str) -> QueryResult<()> {
    sql_query(
        "INSERT INTO assisted_session (id, operator, opened_at, ends_at, token_index) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind::<Text, _>(session.id.as_str())
    .bind::<Text, _>(session.operator.as_str())
    .bind::<BigInt, _>(session.opened.seconds())
    .bind::<BigInt, _>(session.ends.seconds())
    .bind::<Text, _>(TOKEN.index(keys, token))
    .execute(conn)
    .map(drop)
}

#[derive(QueryableByName)]
struct SessionRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    operator: String,
    #[diesel(sql_type = BigInt)]
    opened_at: i64,
    #[diesel(sql_type = BigInt)]
    ends_at: i64,
}

/// The open session of a token.
pub fn session_open(
    conn: &mut AnyConnection,
    keys: &Keys,
    token: &str,
    now: Timestamp,
) -> QueryResult<Option<StoredSession>> {
    let row: Option<SessionRow> = sql_query(
        "SELECT id, operator, opened_at, ends_at FROM assisted_session \
         WHERE token_index = $1 AND closed_at IS NULL AND ends_at > $2",
    )
    .bind::<Text, _>(TOKEN.index(keys, token))
    .bind::<BigInt, _>(now.seconds())
    .get_result(conn)
    .optional()?;
    row.map(|row| {
        Ok(StoredSession {
            id: read(&row.id)?,
            operator: read(&row.operator)?,
            opened: Timestamp::from_seconds(row.opened_at),
            ends: Timestamp::from_seconds(row.ends_at),
        })
    })
    .transpose()
}

/// Closes a session with its slip; `false` if it is closed already. Approvals that are open die with it.
pub fn session_close(conn: &mut AnyConnection, id: &MessageId, slip: &str, now: Timestamp) -> QueryResult<bool> {
    let closed = sql_query("UPDATE assisted_session SET closed_at = $1, slip = $2 WHERE id = $3 AND closed_at IS NULL")
        .bind::<BigInt, _>(now.seconds())
        .bind::<Text, _>(slip)
        .bind::<Text, _>(id.as_str())
        .execute(conn)?;
    sql_query("UPDATE assisted_approval SET state = 'dead' WHERE session = $1 AND state = 'open'")
        .bind::<Text, _>(id.as_str())
        .execute(conn)?;
    Ok(closed == 1)
}

#[derive(QueryableByName)]
struct SlipRow {
    #[diesel(sql_type = Nullable<Text>)]
    slip: Option<String>,
}

/// The slip of a closed session of this operator.
pub fn slip_find(conn: &mut AnyConnection, id: &MessageId, operator: &SystemName) -> QueryResult<Option<String>> {
    let row: Option<SlipRow> = sql_query("SELECT slip FROM assisted_session WHERE id = $1 AND operator = $2")
        .bind::<Text, _>(id.as_str())
        .bind::<Text, _>(operator.as_str())
        .get_result(conn)
        .optional()?;
    Ok(row.and_then(|row| row.slip))
}

/// An approval that is asked for.
#[derive(Debug)]
pub struct NewApproval<'a> {
    /// Its id.
    pub id: &'a MessageId,
    /// Of which session.
    pub session: &'a MessageId,
    /// Of which card.
    pub card: &'a Digest,
    /// How.
    pub method: AssistanceMethod,
    /// The code.
    pub code: &'a str,
    /// When it ends.
    pub expires: Timestamp,
}

const fn word(method: AssistanceMethod) -> &'static str {
    match method {
        AssistanceMethod::Code => "code",
        AssistanceMethod::OtpReadOut => "otp-read-out",
    }
}

fn code_index(keys: &Keys, id: &MessageId, code: &str) -> String {
    CODE.index(keys, &format!("{id} {code}"))
}

/// Writes an approval that waits for its code.
pub fn approval_insert(conn: &mut AnyConnection, keys: &Keys, new: &NewApproval<'_>) -> QueryResult<()> {
    sql_query(
        "INSERT INTO assisted_approval (id, session, card, method, code_index, tries, state, expires_at) \
         VALUES ($1, $2, $3, $4, $5, 0, 'open', $6)",
    )
    .bind::<Text, _>(new.id.as_str())
    .bind::<Text, _>(new.session.as_str())
    .bind::<Binary, _>(new.card.as_bytes().to_vec())
    .bind::<Text, _>(word(new.method))
    .bind::<Text, _>(code_index(keys, new.id, new.code))
    .bind::<BigInt, _>(new.expires.seconds())
    .execute(conn)
    .map(drop)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// How many approvals a session has asked for.
pub fn approvals_of(conn: &mut AnyConnection, session: &MessageId) -> QueryResult<i64> {
    let row: Count = sql_query("SELECT COUNT(*) AS count FROM assisted_approval WHERE session = $1")
        .bind::<Text, _>(session.as_str())
        .get_result(conn)?;
    Ok(row.count)
}

#[derive(QueryableByName)]
struct ApprovedRow {
    #[diesel(sql_type = Binary)]
    card: Vec<u8>,
    #[diesel(sql_type = Text)]
    method: String,
}

/// Approves with the right code: card and method. A wrong one counts, and the fifth kills.
pub fn approval_confirm(
    conn: &mut AnyConnection,
    keys: &Keys,
    session: &MessageId,
    (id, code): (&MessageId, &str),
    now: Timestamp,
) -> QueryResult<Option<(Digest, AssistanceMethod)>> {
    let approved: Option<ApprovedRow> = sql_query(
        "UPDATE assisted_approval SET state = 'approved' WHERE id = $1 AND session = $2 AND code_index = $3 \
         AND state = 'open' AND expires_at > $4 RETURNING card, method",
    )
    .bind::<Text, _>(id.as_str())
    .bind::<Text, _>(session.as_str())
    .bind::<Text, _>(code_index(keys, id, code))
    .bind::<BigInt, _>(now.seconds())
    .get_result(conn)
    .optional()?;
    if let Some(row) = approved {
        let card = <[u8; 32]>::try_from(row.card.as_slice())
            .map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))?;
        let method = if row.method == "code" { AssistanceMethod::Code } else { AssistanceMethod::OtpReadOut };
        return Ok(Some((Digest::from_bytes(card), method)));
    }
    sql_query(
        "UPDATE assisted_approval SET tries = tries + 1, state = CASE WHEN tries + 1 >= $1 THEN 'dead' ELSE 'open' END \
         WHERE id = $2 AND session = $3 AND state = 'open'",
    )
    .bind::<BigInt, _>(TRIES)
    .bind::<Text, _>(id.as_str())
    .bind::<Text, _>(session.as_str())
    .execute(conn)?;
    Ok(None)
}
