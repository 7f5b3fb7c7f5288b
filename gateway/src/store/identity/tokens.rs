//! Access tokens: a short time in which one wallet may fetch bindings.

use diesel::{
    OptionalExtension, QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use schemas::{id::KeyId, time::Timestamp};
use service_kit::db::AnyConnection;

use super::bindings::resident_name;
use super::offers::{Invited, OfferStoreError, terms_read, terms_written};
use crate::{
    keys::Keys,
    store::encrypted::{ColumnError, Encrypted},
};

const TOKEN: Encrypted = Encrypted { table: "access_token", column: "token" };
const RESIDENT: Encrypted = Encrypted { table: "access_token", column: "resident" };

/// A token, to be written.
#[derive(Debug)]
pub struct NewToken<'a> {
    /// The token.
    pub token: &'a str,
    /// The wallet's DPoP key.
    pub dpop_key: &'a KeyId,
    /// Whose bindings it opens.
    pub whose: &'a Invited,
    /// When it ends.
    pub expires: Timestamp,
}

/// Writes a token.
///
/// # Errors
/// If the database or the encryption fails.
pub fn token_insert(conn: &mut AnyConnection, keys: &Keys, token: &NewToken<'_>) -> Result<(), OfferStoreError> {
    let index = TOKEN.index(keys, token.token);
    let resident = RESIDENT.seal(keys, &index, &token.whose.resident.as_str())?;
    sql_query(
        "INSERT INTO access_token (token_index, dpop_key, resident, terms, issued, expires_at, resident_index) \
         VALUES ($1, $2, $3, $4, 0, $5, $6)",
    )
    .bind::<Text, _>(&index)
    .bind::<Text, _>(token.dpop_key.as_str())
    .bind::<Binary, _>(resident)
    .bind::<Nullable<Text>, _>(terms_written(token.whose.assisted.as_ref())?)
    .bind::<BigInt, _>(token.expires.seconds())
    .bind::<Text, _>(resident_name(keys, &token.whose.resident))
    .execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Binary)]
    resident: Vec<u8>,
    #[diesel(sql_type = Nullable<Text>)]
    terms: Option<String>,
}

/// Takes so many bindings of a token's allowance; whose they are, or `None` if the token is unknown, has ended, belongs to
/// another key, or has not so many left of `most`.
///
/// # Errors
/// If the database or the encryption fails.
pub fn token_take(
    conn: &mut AnyConnection,
    keys: &Keys,
    token: &str,
    dpop_key: &KeyId,
    take: Take,
    now: Timestamp,
) -> Result<Option<Invited>, OfferStoreError> {
    let index = TOKEN.index(keys, token);
    let row: Option<Row> = sql_query(
        "UPDATE access_token SET issued = issued + $1 \
         WHERE token_index = $2 AND dpop_key = $3 AND issued + $1 <= $4 AND expires_at > $5 RETURNING resident, terms",
    )
    .bind::<BigInt, _>(take.bindings)
    .bind::<Text, _>(&index)
    .bind::<Text, _>(dpop_key.as_str())
    .bind::<BigInt, _>(take.most)
    .bind::<BigInt, _>(now.seconds())
    .get_result(conn)
    .optional()?;
    let Some(row) = row else { return Ok(None) };
    let number: String = RESIDENT.open(keys, &index, &row.resident)?;
    let resident = number.parse().map_err(|_| ColumnError::Content)?;
    Ok(Some(Invited { resident, assisted: terms_read(row.terms)? }))
}

/// Whether a token was not ended since it was taken from; until the caller's transaction ends, nobody ends it.
pub fn token_stands(conn: &mut AnyConnection, keys: &Keys, token: &str) -> QueryResult<bool> {
    // A write and not a look: it makes a revocation at the same time wait, which then ends what is issued here.
    let held = sql_query("UPDATE access_token SET issued = issued WHERE token_index = $1")
        .bind::<Text, _>(TOKEN.index(keys, token))
        .execute(conn)?;
    Ok(held == 1)
}

/// Ends the tokens of a resident, by her name among others ([`resident_name`]), except those of one wallet. Returns how many.
pub(super) fn tokens_end_of(conn: &mut AnyConnection, resident: &str, except: Option<&str>) -> QueryResult<usize> {
    sql_query("DELETE FROM access_token WHERE resident_index = $1 AND dpop_key <> $2")
        .bind::<Text, _>(resident)
        .bind::<Text, _>(except.unwrap_or_default())
        .execute(conn)
}

/// How much of a token's allowance.
#[derive(Clone, Copy, Debug)]
pub struct Take {
    /// Bindings wanted now.
    pub bindings: i64,
    /// Bindings on one token in all.
    pub most: i64,
}

/// Removes tokens that ended before this time.
pub fn tokens_prune(conn: &mut AnyConnection, before: Timestamp) -> QueryResult<usize> {
    sql_query("DELETE FROM access_token WHERE expires_at < $1").bind::<BigInt, _>(before.seconds()).execute(conn)
}
