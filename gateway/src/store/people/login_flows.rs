//! Sign-ins that wait at the OpenID provider.

use diesel::{
    OptionalExtension, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Text},
};
use schemas::digest::Digest;
use service_kit::db::AnyConnection;

use super::PeopleStoreError;

/// What was kept of a sign-in until the person comes back.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginFlow {
    /// Digest of the cookie of the browser that began it.
    pub browser: Digest,
    /// Must stand in the ID token.
    pub nonce: String,
    /// Opens the code (RFC 7636).
    pub verifier: String,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    browser: String,
    #[diesel(sql_type = Text)]
    nonce: String,
    #[diesel(sql_type = Text)]
    verifier: String,
}

/// Begins a flow, and removes those that nobody came back from.
///
/// # Errors
/// If the database fails.
pub fn login_flow_insert(
    conn: &mut AnyConnection,
    state: &Digest,
    flow: &LoginFlow,
    now_ms: i64,
    until_ms: i64,
) -> Result<(), PeopleStoreError> {
    sql_query("DELETE FROM login_flow WHERE until_ms <= $1").bind::<BigInt, _>(now_ms).execute(conn)?;
    sql_query("INSERT INTO login_flow (state, browser, nonce, verifier, until_ms) VALUES ($1, $2, $3, $4, $5)")
        .bind::<Text, _>(state.to_string())
        .bind::<Text, _>(flow.browser.to_string())
        .bind::<Text, _>(&flow.nonce)
        .bind::<Text, _>(&flow.verifier)
        .bind::<BigInt, _>(until_ms)
        .execute(conn)?;
    Ok(())
}

/// Ends a flow: whoever shows its state gets it, once.
///
/// # Errors
/// If the database fails.
pub fn login_flow_claim(
    conn: &mut AnyConnection,
    state: &Digest,
    now_ms: i64,
) -> Result<Option<LoginFlow>, PeopleStoreError> {
    let found: Option<Row> =
        sql_query("DELETE FROM login_flow WHERE state = $1 AND until_ms > $2 RETURNING browser, nonce, verifier")
            .bind::<Text, _>(state.to_string())
            .bind::<BigInt, _>(now_ms)
            .get_result(conn)
            .optional()?;
    let read = |row: Row| {
        let browser = row.browser.parse().map_err(|_| PeopleStoreError::Content { table: "login_flow" })?;
        Ok(LoginFlow { browser, nonce: row.nonce, verifier: row.verifier })
    };
    found.map(read).transpose()
}
