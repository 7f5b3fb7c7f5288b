//! Consents that this department may use: encrypted, insert-only.

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Binary, Text},
};
use schemas::{
    id::{CompactJwe, CompactJws, ConsentId, MessageId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use service_kit::db::AnyConnection;

use super::requests::RequestStoreError;
use crate::{
    keys::Keys,
    store::{
        encrypted::{ColumnError, Encrypted},
        exchange::statement::Statement,
    },
};

const TOKENS: Encrypted = Encrypted { table: "held_consent", column: "tokens" };

/// A consent and the presentation that goes with it to its provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldConsent {
    /// The consent, which names provider, dataset, fields and purpose.
    pub consent: CompactJws,
    /// The presentation, sealed to the provider.
    pub binding: CompactJwe,
}

/// A consent, to be written.
#[derive(Debug)]
pub struct NewHeld<'a> {
    /// Its id.
    pub id: &'a ConsentId,
    /// The request that it answers.
    pub request: &'a MessageId,
    /// Which item of the request, from 0.
    pub place: i64,
    /// The tokens.
    pub tokens: &'a HeldConsent,
    /// When it ends.
    pub valid_until: Timestamp,
}

/// Writes a consent; `false` if its id is there already.
///
/// # Errors
/// If the database or the encryption fails.
pub fn held_insert(conn: &mut AnyConnection, keys: &Keys, new: &NewHeld<'_>) -> Result<bool, RequestStoreError> {
    let tokens = TOKENS.seal(keys, new.id.as_str(), new.tokens)?;
    let written = sql_query(
        "INSERT INTO held_consent (consent, request, place, tokens, valid_until) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(new.id.as_str())
    .bind::<Text, _>(new.request.as_str())
    .bind::<BigInt, _>(new.place)
    .bind::<Binary, _>(tokens)
    .bind::<BigInt, _>(new.valid_until.seconds())
    .execute(conn)?;
    Ok(written == 1)
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Binary)]
    tokens: Vec<u8>,
}

/// A consent by its id.
///
/// # Errors
/// If the database or the encryption fails.
pub fn held_find(
    conn: &mut AnyConnection,
    keys: &Keys,
    id: &ConsentId,
) -> Result<Option<HeldConsent>, RequestStoreError> {
    let rows: Vec<Row> =
        Statement::new("SELECT tokens FROM held_consent WHERE consent = ").bind(id.as_str()).load(conn)?;
    let row = rows.into_iter().next();
    Ok(row.map(|row| TOKENS.open(keys, id.as_str(), &row.tokens)).transpose()?)
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = Text)]
    consent: String,
}

/// The consents that came of a request, in the order of its items.
///
/// # Errors
/// If the database fails or a row is damaged.
pub fn held_of_request(conn: &mut AnyConnection, request: &MessageId) -> Result<Vec<ConsentId>, RequestStoreError> {
    let rows: QueryResult<Vec<IdRow>> = sql_query("SELECT consent FROM held_consent WHERE request = $1 ORDER BY place")
        .bind::<Text, _>(request.as_str())
        .load(conn);
    let ids = rows?.into_iter().map(|row| row.consent.parse().map_err(|_| ColumnError::Content));
    Ok(ids.collect::<Result<_, _>>()?)
}
