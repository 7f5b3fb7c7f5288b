//! Every register of laws that was seen in force, by the digest by which receipts name it.
//!
//! Guarantees: what was seen once stays, whatever the anchor serves since; the first signatures over a content stay. Deliberately
//! absent: verification; what stands here was verified before, and an auditor verifies it again. There are as many rows as the authority
//! published versions, so nothing is ever swept.

use diesel::{
    QueryableByName, RunQueryDsl as _, sql_query,
    sql_types::{BigInt, Binary, Text},
};
use schemas::{digest::Digest, federation::SignedRegister};
use service_kit::db::{AnyConnection, DatabaseError};

/// Keeps a register of laws under the digest of its content.
///
/// # Errors
/// If the database fails.
pub fn law_register_keep(
    conn: &mut AnyConnection,
    digest: &Digest,
    version: u64,
    signed: &SignedRegister,
) -> Result<(), DatabaseError> {
    let signatures = serde_json::to_string(&signed.signatures)
        .map_err(|error| DatabaseError::Constraint(format!("a register cannot be written as JSON: {error}")))?;
    sql_query("INSERT INTO law_register (digest, version, signatures) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind::<Binary, _>(digest.as_bytes().to_vec())
        .bind::<BigInt, _>(i64::try_from(version).unwrap_or(i64::MAX))
        .bind::<Text, _>(signatures)
        .execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    signatures: String,
}

/// The register of that content; `None` if it was never seen here.
///
/// # Errors
/// If the database fails, or the row was damaged beneath us.
pub fn law_register_find(conn: &mut AnyConnection, digest: &Digest) -> Result<Option<SignedRegister>, DatabaseError> {
    let rows: Vec<Row> = sql_query("SELECT signatures FROM law_register WHERE digest = $1")
        .bind::<Binary, _>(digest.as_bytes().to_vec())
        .load(conn)?;
    let read = |row: &Row| serde_json::from_str(&row.signatures).map(|signatures| SignedRegister { signatures });
    let damaged = |_| DatabaseError::Storage("a stored register of laws cannot be read".to_owned());
    rows.first().map(read).transpose().map_err(damaged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::testing::databases;

    fn register(text: &str) -> SignedRegister {
        SignedRegister { signatures: vec![format!("e30.{text}.e30").parse().unwrap()] }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_register_once_seen_is_found_by_what_it_says_for_ever() {
        for world in databases() {
            let conn = &mut **world.database.lend_writer().unwrap();
            let (old, new) = (Digest::of("old"), Digest::of("new"));
            law_register_keep(conn, &old, 3, &register("b2xk")).unwrap();
            law_register_keep(conn, &new, 4, &register("bmV3")).unwrap();
            law_register_keep(conn, &old, 5, &register("YWdhaW4")).unwrap();
            assert_eq!(law_register_find(conn, &old).unwrap(), Some(register("b2xk")), "the first signatures stay");
            assert_eq!(law_register_find(conn, &new).unwrap(), Some(register("bmV3")));
            assert_eq!(law_register_find(conn, &Digest::of("none")).unwrap(), None);
        }
    }
}
