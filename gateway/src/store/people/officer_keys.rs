//! Public keys of officers who may sign for the department.

use diesel::{
    OptionalExtension, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Nullable, Text},
};
use schemas::{
    federation::{Jwk, OfficerJwk},
    id::{KeyId, SystemName},
};
use service_kit::db::AnyConnection;

use super::PeopleStoreError;
use crate::people::OfficerKey;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    kid: String,
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = Text)]
    person: String,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Text)]
    jwk: String,
    #[diesel(sql_type = Nullable<Text>)]
    confirmed_by: Option<String>,
}

impl Row {
    fn read(self) -> Result<OfficerKey, PeopleStoreError> {
        let wrong = || PeopleStoreError::Content { table: "officer_key" };
        Ok(OfficerKey {
            kid: self.kid.parse().map_err(|_| wrong())?,
            account: self.account.parse().map_err(|_| wrong())?,
            confirmed_by: self.confirmed_by.map(|name| name.parse()).transpose().map_err(|_| wrong())?,
            key: OfficerJwk {
                jwk: serde_json::from_str::<Jwk>(&self.jwk).map_err(|_| wrong())?,
                person: self.person,
                role: self.role,
            },
        })
    }
}

/// Writes a key down that nobody has confirmed. Returns whether it was new.
///
/// # Errors
/// If the database fails.
pub fn officer_key_insert(
    conn: &mut AnyConnection,
    account: &SystemName,
    kid: &KeyId,
    key: &OfficerJwk,
    now_ms: i64,
) -> Result<bool, PeopleStoreError> {
    let jwk = serde_json::to_string(&key.jwk).map_err(|_| PeopleStoreError::Content { table: "officer_key" })?;
    let rows = sql_query(
        "INSERT INTO officer_key (kid, account, person, role, jwk, registered_ms) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(kid.as_str())
    .bind::<Text, _>(account.as_str())
    .bind::<Text, _>(&key.person)
    .bind::<Text, _>(&key.role)
    .bind::<Text, _>(jwk)
    .bind::<BigInt, _>(now_ms)
    .execute(conn)?;
    Ok(rows == 1)
}

/// Keys that have not ended, by account.
///
/// # Errors
/// If the database fails.
pub fn officer_key_list(conn: &mut AnyConnection) -> Result<Vec<OfficerKey>, PeopleStoreError> {
    let rows: Vec<Row> = sql_query(
        "SELECT kid, account, person, role, jwk, confirmed_by FROM officer_key WHERE ended_ms IS NULL \
         ORDER BY account, registered_ms, kid LIMIT 1000",
    )
    .load(conn)?;
    rows.into_iter().map(Row::read).collect()
}

/// A key that has not ended.
///
/// # Errors
/// If the database fails.
pub fn officer_key_find(conn: &mut AnyConnection, kid: &KeyId) -> Result<Option<OfficerKey>, PeopleStoreError> {
    let found: Option<Row> = sql_query(
        "SELECT kid, account, person, role, jwk, confirmed_by FROM officer_key WHERE kid = $1 AND ended_ms IS NULL",
    )
    .bind::<Text, _>(kid.as_str())
    .get_result(conn)
    .optional()?;
    found.map(Row::read).transpose()
}

/// The newest confirmed key of an officer, by pseudonym.
///
/// # Errors
/// If the database fails.
pub fn officer_key_of(conn: &mut AnyConnection, person: &SystemName) -> Result<Option<KeyId>, PeopleStoreError> {
    let found: Option<Row> = sql_query(
        "SELECT kid, account, person, role, jwk, confirmed_by FROM officer_key WHERE person = $1 \
         AND confirmed_by IS NOT NULL AND ended_ms IS NULL ORDER BY registered_ms DESC, kid LIMIT 1",
    )
    .bind::<Text, _>(person.as_str())
    .get_result(conn)
    .optional()?;
    Ok(found.map(Row::read).transpose()?.map(|key| key.kid))
}

/// Confirms a key. Returns whether there was one to confirm. Whose it may not be is the caller's to see.
///
/// # Errors
/// If the database fails.
pub fn officer_key_confirm(
    conn: &mut AnyConnection,
    kid: &KeyId,
    account: &SystemName,
) -> Result<bool, PeopleStoreError> {
    let rows = sql_query(
        "UPDATE officer_key SET confirmed_by = $1 WHERE kid = $2 AND confirmed_by IS NULL AND ended_ms IS NULL",
    )
    .bind::<Text, _>(account.as_str())
    .bind::<Text, _>(kid.as_str())
    .execute(conn)?;
    Ok(rows == 1)
}

/// Ends a key. Returns whether there was one to end.
///
/// # Errors
/// If the database fails.
pub fn officer_key_end(conn: &mut AnyConnection, kid: &KeyId, now_ms: i64) -> Result<bool, PeopleStoreError> {
    let rows = sql_query("UPDATE officer_key SET ended_ms = $1 WHERE kid = $2 AND ended_ms IS NULL")
        .bind::<BigInt, _>(now_ms)
        .bind::<Text, _>(kid.as_str())
        .execute(conn)?;
    Ok(rows == 1)
}
