//! Requests for consent, and the request objects that wallets fetched.

use diesel::{
    OptionalExtension, QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use protocol::seal::DecryptionKey;
use schemas::{
    digest::Digest,
    id::{CaseId, KeyId, MessageId, SystemName},
    local::ConsentRequestState,
    openid::ConsentTransaction,
    time::Timestamp,
};
use service_kit::db::{AnyConnection, DatabaseError};

use crate::{
    keys::Keys,
    store::encrypted::{ColumnError, Encrypted},
};

const KEY: Encrypted = Encrypted { table: "consent_request", column: "key" };

/// Request objects of one request at most: a wallet fetches one, or a few when it shows the card again.
pub const OBJECTS: i64 = 32;

/// A request for consent.
#[derive(Clone, Debug)]
pub struct StoredRequest {
    /// Its id; also the `state` of OpenID4VP.
    pub id: MessageId,
    /// Who asked.
    pub system: SystemName,
    /// The asker's case.
    pub case: Option<CaseId>,
    /// What the citizen is asked.
    pub terms: ConsentTransaction,
    /// To which responses are sealed.
    pub key: DecryptionKey,
    /// When it ends by itself.
    pub expires: Timestamp,
    /// How it stood when it was read; a waiting one may have expired.
    pub state: ConsentRequestState,
}

/// A request that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RequestStoreError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The encryption, or a row that holds something else.
    #[error(transparent)]
    Column(#[from] ColumnError),
}

impl From<diesel::result::Error> for RequestStoreError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

/// Writes a request that waits.
///
/// # Errors
/// If the database or the encryption fails.
pub fn request_insert(conn: &mut AnyConnection, keys: &Keys, new: &StoredRequest) -> Result<(), RequestStoreError> {
    let pem = new.key.to_pem().map_err(|_| ColumnError::Content)?;
    let pem = std::str::from_utf8(&pem).map_err(|_| ColumnError::Content)?;
    let terms = serde_json::to_string(&new.terms).map_err(|_| ColumnError::Content)?;
    sql_query(
        "INSERT INTO consent_request (id, system, case_id, terms, key_id, key, state, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $7)",
    )
    .bind::<Text, _>(new.id.as_str())
    .bind::<Text, _>(new.system.as_str())
    .bind::<Nullable<Text>, _>(new.case.as_ref().map(CaseId::as_str))
    .bind::<Text, _>(terms)
    .bind::<Text, _>(new.key.kid().as_str())
    .bind::<Binary, _>(KEY.seal(keys, new.id.as_str(), &pem)?)
    .bind::<BigInt, _>(new.expires.seconds())
    .execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    system: String,
    #[diesel(sql_type = Nullable<Text>)]
    case_id: Option<String>,
    #[diesel(sql_type = Text)]
    terms: String,
    #[diesel(sql_type = Binary)]
    key: Vec<u8>,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = BigInt)]
    expires_at: i64,
}

impl Row {
    fn read(self, keys: &Keys) -> Result<StoredRequest, ColumnError> {
        let content = |_| ColumnError::Content;
        let pem: String = KEY.open(keys, &self.id, &self.key)?;
        Ok(StoredRequest {
            id: self.id.parse().map_err(|_| ColumnError::Content)?,
            system: self.system.parse().map_err(|_| ColumnError::Content)?,
            case: self.case_id.map(|case| case.parse()).transpose().map_err(|_| ColumnError::Content)?,
            terms: serde_json::from_str(&self.terms).map_err(|_| ColumnError::Content)?,
            key: DecryptionKey::from_pem(pem.as_bytes()).map_err(content)?,
            expires: Timestamp::from_seconds(self.expires_at),
            state: match self.state.as_str() {
                "waiting" => ConsentRequestState::Waiting,
                "given" => ConsentRequestState::Given,
                "denied" => ConsentRequestState::Denied,
                _ => return Err(ColumnError::Content),
            },
        })
    }
}

const COLUMNS: &str = "SELECT id, system, case_id, terms, key, state, expires_at FROM consent_request";

/// A request by its id.
///
/// # Errors
/// If the database or the encryption fails.
pub fn request_find(
    conn: &mut AnyConnection,
    keys: &Keys,
    id: &MessageId,
) -> Result<Option<StoredRequest>, RequestStoreError> {
    let row = sql_query(format!("{COLUMNS} WHERE id = $1")).bind::<Text, _>(id.as_str());
    let row: Option<Row> = row.get_result(conn).optional()?;
    Ok(row.map(|row| row.read(keys)).transpose()?)
}

/// A request by the key to which its response was sealed.
///
/// # Errors
/// If the database or the encryption fails.
pub fn request_of_key(
    conn: &mut AnyConnection,
    keys: &Keys,
    key: &KeyId,
) -> Result<Option<StoredRequest>, RequestStoreError> {
    let row = sql_query(format!("{COLUMNS} WHERE key_id = $1")).bind::<Text, _>(key.as_str());
    let row: Option<Row> = row.get_result(conn).optional()?;
    Ok(row.map(|row| row.read(keys)).transpose()?)
}

/// Decides a request that waits and has not ended; `false` if somebody decided before, or it has ended.
pub fn request_decide(conn: &mut AnyConnection, id: &MessageId, given: bool, now: Timestamp) -> QueryResult<bool> {
    let decided =
        sql_query("UPDATE consent_request SET state = $1 WHERE id = $2 AND state = 'waiting' AND expires_at > $3")
            .bind::<Text, _>(if given { "given" } else { "denied" })
            .bind::<Text, _>(id.as_str())
            .bind::<BigInt, _>(now.seconds())
            .execute(conn)?;
    Ok(decided == 1)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Remembers a request object that a wallet fetches; `false` if the request has had too many.
pub fn object_insert(
    conn: &mut AnyConnection,
    request: &MessageId,
    digest: &Digest,
    nonce: &str,
    now: Timestamp,
) -> QueryResult<bool> {
    let served: Count = sql_query("SELECT COUNT(*) AS count FROM request_object WHERE request = $1")
        .bind::<Text, _>(request.as_str())
        .get_result(conn)?;
    if served.count >= OBJECTS {
        return Ok(false);
    }
    sql_query("INSERT INTO request_object (digest, request, nonce, served_at) VALUES ($1, $2, $3, $4)")
        .bind::<Binary, _>(digest.as_bytes().to_vec())
        .bind::<Text, _>(request.as_str())
        .bind::<Text, _>(nonce)
        .bind::<BigInt, _>(now.seconds())
        .execute(conn)?;
    Ok(true)
}

/// A request object that was served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedObject {
    /// Its nonce.
    pub nonce: String,
    /// When.
    pub served: Timestamp,
}

#[derive(QueryableByName)]
struct ObjectRow {
    #[diesel(sql_type = Text)]
    nonce: String,
    #[diesel(sql_type = BigInt)]
    served_at: i64,
}

/// The object of this digest, if it was one of this request's.
pub fn object_find(
    conn: &mut AnyConnection,
    request: &MessageId,
    digest: &Digest,
) -> QueryResult<Option<ServedObject>> {
    let row: Option<ObjectRow> =
        sql_query("SELECT nonce, served_at FROM request_object WHERE digest = $1 AND request = $2")
            .bind::<Binary, _>(digest.as_bytes().to_vec())
            .bind::<Text, _>(request.as_str())
            .get_result(conn)
            .optional()?;
    Ok(row.map(|row| ServedObject { nonce: row.nonce, served: Timestamp::from_seconds(row.served_at) }))
}
