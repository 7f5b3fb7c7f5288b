//! What is counted of receipts for the public page.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use diesel::{
    QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Text},
};
use schemas::{
    receipt::{Outcome, ReceiptBasis, ReceiptRole},
    time::Timestamp,
};
use serde::Deserialize;
use service_kit::db::AnyConnection;

/// What is read of a receipt of ours, and nothing of whom it is about.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CountedReceipt {
    /// Which side we were.
    pub role: ReceiptRole,
    /// Under what.
    #[serde(default)]
    pub basis: Option<ReceiptBasis>,
    /// How it ended.
    pub outcome: Outcome,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    issued_at: i64,
    #[diesel(sql_type = Text)]
    jti: String,
    #[diesel(sql_type = Text)]
    jws: String,
}

/// Rows that are in memory at a time.
const PAGE: i64 = 1_000;

/// Shows our own receipts of this time to `count`, from `from` to before `until`.
///
/// # Errors
/// If the rows cannot be read.
pub fn receipts_between(
    conn: &mut AnyConnection,
    from: Timestamp,
    until: Timestamp,
    mut count: impl FnMut(CountedReceipt),
) -> QueryResult<()> {
    let (mut at, mut after) = (from.seconds(), String::new());
    loop {
        let rows: Vec<Row> = sql_query(
            "SELECT issued_at, jti, jws FROM receipt WHERE issued_at < $1 AND (issued_at, jti) > ($2, $3) \
             ORDER BY issued_at, jti LIMIT $4",
        )
        .bind::<BigInt, _>(until.seconds())
        .bind::<BigInt, _>(at)
        .bind::<Text, _>(&after)
        .bind::<BigInt, _>(PAGE)
        .load(conn)?;
        let Some(last) = rows.last() else { return Ok(()) };
        (at, after) = (last.issued_at, last.jti.clone());
        rows.iter().filter_map(|row| counted(&row.jws)).for_each(&mut count);
    }
}

/// Our own token, out of our own table: the signature was made here, and is not verified again for a count.
fn counted(jws: &str) -> Option<CountedReceipt> {
    let payload = URL_SAFE_NO_PAD.decode(jws.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}
