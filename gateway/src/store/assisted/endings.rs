//! Revocations that were signed at the end of an assisted session and wait for the slip to come back.
//!
//! Guarantees: orders stand here encrypted, for they carry consents; a row is written once and stays; when she wanted the end is
//! kept the first time. Deliberately absent: sending them.

use diesel::{
    QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Binary, Text},
};
use schemas::{
    id::{CompactJws, ConsentId, MessageId},
    time::Timestamp,
};
use service_kit::db::{AnyConnection, DatabaseError};

use crate::{
    keys::Keys,
    store::encrypted::{ColumnError, Encrypted},
};

const ORDER: Encrypted = Encrypted { table: "assisted_ending", column: "signed_order" };

/// A signed revocation, not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Of which consent.
    pub consent: ConsentId,
    /// The order.
    pub order: CompactJws,
}

/// Rows that cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum EndingStoreError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The encryption.
    #[error(transparent)]
    Column(#[from] ColumnError),
}

impl From<diesel::result::Error> for EndingStoreError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

fn place(session: &MessageId, consent: &str) -> String {
    format!("{session} {consent}")
}

/// Keeps the revocations of a session.
///
/// # Errors
/// If the database or the encryption fails; if one of a consent is kept already.
pub fn endings_insert(
    conn: &mut AnyConnection,
    keys: &Keys,
    session: &MessageId,
    endings: &[Ending],
) -> Result<(), EndingStoreError> {
    for Ending { consent, order } in endings {
        let sealed = ORDER.seal(keys, &place(session, consent.as_str()), order)?;
        sql_query("INSERT INTO assisted_ending (session, consent, signed_order) VALUES ($1, $2, $3)")
            .bind::<Text, _>(session.as_str())
            .bind::<Text, _>(consent.as_str())
            .bind::<Binary, _>(sealed)
            .execute(conn)?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    consent: String,
    #[diesel(sql_type = Binary)]
    signed_order: Vec<u8>,
}

/// The revocations of a session, which she wants now.
///
/// # Errors
/// If the database or the encryption fails.
pub fn endings_wanted(
    conn: &mut AnyConnection,
    keys: &Keys,
    session: &MessageId,
    now: Timestamp,
) -> Result<Vec<Ending>, EndingStoreError> {
    sql_query("UPDATE assisted_ending SET ordered_at = $1 WHERE session = $2 AND ordered_at IS NULL")
        .bind::<BigInt, _>(now.seconds())
        .bind::<Text, _>(session.as_str())
        .execute(conn)?;
    let rows: Vec<Row> =
        sql_query("SELECT consent, signed_order FROM assisted_ending WHERE session = $1 ORDER BY consent")
            .bind::<Text, _>(session.as_str())
            .load(conn)?;
    let open = |row: Row| {
        let order = ORDER.open(keys, &place(session, &row.consent), &row.signed_order)?;
        Ok(Ending { consent: row.consent.parse().map_err(|_| ColumnError::Content)?, order })
    };
    rows.into_iter().map(open).collect()
}
