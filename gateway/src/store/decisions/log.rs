//! Signed records of decisions and of the notices of them, in their order; each is queued for the log in its own transaction.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};
use schemas::{
    digest::Digest,
    id::{CompactJws, MessageId},
};
use service_kit::db::AnyConnection;
use tlog::entry::EntryType;

use super::DecisionStoreError;
use crate::store::{
    exchange::statement::{Statement, read},
    outbox::outbox_insert,
};

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogKind {
    /// `dx-decision+jwt`.
    Decision,
    /// `dx-notice+jwt`.
    Notice,
}

impl LogKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Notice => "notice",
        }
    }
}

/// One signed record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Its place, from 0.
    pub place: i64,
    /// What it is.
    pub kind: LogKind,
    /// As signed.
    pub jws: CompactJws,
}

impl Logged {
    /// SHA-256 over it.
    pub fn digest(&self) -> Digest {
        Digest::of(self.jws.as_str())
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    jws: String,
}

/// The records of a decision, in their order.
///
/// # Errors
/// If the database fails.
pub fn log_of(conn: &mut AnyConnection, decision: &MessageId) -> Result<Vec<Logged>, DecisionStoreError> {
    let select = Statement::new("SELECT place, kind, jws FROM decision_record WHERE decision = ");
    let rows: Vec<Row> = select.bind(decision.as_str()).sql(" ORDER BY place").load(conn)?;
    let logged = rows.into_iter().map(|row| {
        let kind = if row.kind == "notice" { LogKind::Notice } else { LogKind::Decision };
        Ok(Logged { place: row.place, kind, jws: read(&row.jws)? })
    });
    logged.collect()
}

/// Appends a record and queues its digest for the log.
///
/// # Errors
/// If the database fails; of two at one place one is refused by the table.
pub fn log_append(
    conn: &mut AnyConnection,
    decision: &MessageId,
    (kind, jws): (LogKind, &CompactJws),
    now_ms: i64,
) -> Result<(), DecisionStoreError> {
    let digest = Digest::of(jws.as_str());
    let place = i64::try_from(log_of(conn, decision)?.len()).unwrap_or(i64::MAX);
    Statement::new("INSERT INTO decision_record (decision, place, kind, digest, jws, at_ms) VALUES ")
        .row([
            decision.as_str().into(),
            place.into(),
            kind.word().into(),
            digest.to_string().as_str().into(),
            jws.as_str().into(),
            now_ms.into(),
        ])
        .execute(conn)?;
    outbox_insert(conn, &[(EntryType::Decision, digest)], now_ms)?;
    Ok(())
}
