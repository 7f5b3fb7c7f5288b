//! Receipts: our own and the other side's, insert-only.

use std::collections::{HashMap, HashSet};

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};
use protocol::exchange::Attested;
use schemas::{
    digest::Digest,
    id::{CompactJws, EntityId, LawId, MessageId},
    receipt::{Receipt, ReceiptBasis, ReceiptRole},
    time::{NumericDate, Timestamp},
};
use service_kit::db::AnyConnection;

use super::{
    claims::ClaimKey,
    statement::{ROWS, Statement, read},
};

/// A receipt of ours, to be written.
#[derive(Clone, Debug)]
pub struct NewReceipt {
    /// Its id.
    pub jti: MessageId,
    /// Which side we were.
    pub role: ReceiptRole,
    /// The other side, and the exchange.
    pub key: ClaimKey,
    /// Digest of the token.
    pub digest: Digest,
    /// The token.
    pub jws: CompactJws,
    /// When.
    pub issued: NumericDate,
    /// The person, by the index of `subject_link`.
    pub subject: Option<String>,
    /// The consent's issuer, by [`issuer_index`](super::issuer_index).
    pub issuer: Option<String>,
    /// The law, where that is the basis.
    pub law: Option<LawId>,
    /// From when the person may be told; `None`: at once.
    pub told_from: Option<Timestamp>,
    /// Further people, by the index of `subject_link`, where the exchange is about more than one.
    pub people: Vec<String>,
    /// Whose operator helped to give the consent.
    pub assisted: Option<EntityId>,
}

impl NewReceipt {
    /// The row of a receipt that we signed.
    pub fn of(receipt: &Attested<Receipt>, subject: Option<String>, issuer: Option<String>) -> Self {
        let claims = receipt.claims();
        Self {
            jti: claims.jti.clone(),
            role: claims.role,
            key: ClaimKey { peer: claims.peer.clone(), exchange: claims.exchange.clone() },
            digest: receipt.digest(),
            jws: receipt.jws().clone(),
            issued: claims.iat,
            subject,
            issuer,
            law: match &claims.basis {
                Some(ReceiptBasis::Law { id, .. }) => Some(id.clone()),
                Some(ReceiptBasis::Consent { .. }) | None => None,
            },
            told_from: None,
            people: Vec::new(),
            assisted: None,
        }
    }

    /// The same, of which the person is told only from then on.
    #[must_use]
    pub fn told_from(self, told_from: Option<Timestamp>) -> Self {
        Self { told_from, ..self }
    }
}

const fn word(role: ReceiptRole) -> &'static str {
    match role {
        ReceiptRole::Provider => "provider",
        ReceiptRole::Consumer => "consumer",
    }
}

#[derive(QueryableByName)]
struct JtiRow {
    #[diesel(sql_type = Text)]
    jti: String,
}

/// Writes receipts of ours; an exchange that has one in that role keeps it. Returns the ids of those that were written.
/// The rows must be sorted by their keys.
pub fn receipts_insert(conn: &mut AnyConnection, receipts: &[NewReceipt]) -> QueryResult<HashSet<MessageId>> {
    let mut written = HashSet::new();
    for chunk in receipts.chunks(ROWS) {
        let rows = chunk.iter().map(|receipt| {
            [
                receipt.jti.as_str().into(),
                word(receipt.role).into(),
                receipt.key.peer.as_str().into(),
                receipt.key.exchange.as_str().into(),
                receipt.digest.as_bytes().as_slice().into(),
                receipt.jws.as_str().into(),
                receipt.issued.seconds().into(),
                receipt.subject.as_deref().into(),
                receipt.issuer.as_deref().into(),
                receipt.law.as_ref().map(LawId::as_str).into(),
                receipt.told_from.map(Timestamp::seconds).into(),
                receipt.assisted.as_ref().map(EntityId::as_str).into(),
            ]
        });
        let inserted: Vec<JtiRow> = Statement::new(
            "INSERT INTO receipt \
             (jti, role, peer, exchange, digest, jws, issued_at, subject_index, issuer_index, law, told_from, assisted) \
             VALUES ",
        )
        .rows(rows)
        .sql(" ON CONFLICT DO NOTHING RETURNING jti")
        .load(conn)?;
        for row in inserted {
            written.insert(read(&row.jti)?);
        }
    }
    for receipt in receipts.iter().filter(|receipt| written.contains(&receipt.jti)) {
        people_insert(conn, receipt)?;
    }
    Ok(written)
}

fn people_insert(conn: &mut AnyConnection, receipt: &NewReceipt) -> QueryResult<()> {
    for chunk in receipt.people.chunks(ROWS) {
        let rows = chunk.iter().map(|person| [person.as_str().into(), receipt.jti.as_str().into()]);
        Statement::new("INSERT INTO receipt_person (subject_index, receipt) VALUES ")
            .rows(rows)
            .sql(" ON CONFLICT DO NOTHING")
            .execute(conn)?;
    }
    Ok(())
}

/// Writes receipts of the other side; the first one of an exchange stays.
pub fn counterparts_insert(conn: &mut AnyConnection, receipts: &[Attested<Receipt>]) -> QueryResult<()> {
    let mut sorted: Vec<_> = receipts.iter().collect();
    sorted.sort_by(|a, b| (&a.claims().iss, &a.claims().exchange).cmp(&(&b.claims().iss, &b.claims().exchange)));
    for chunk in sorted.chunks(ROWS) {
        let rows = chunk.iter().map(|receipt| {
            let claims = receipt.claims();
            [
                word(claims.role).into(),
                claims.iss.as_str().into(),
                claims.exchange.as_str().into(),
                claims.jti.as_str().into(),
                receipt.digest().as_bytes().as_slice().into(),
                receipt.jws().as_str().into(),
            ]
        });
        Statement::new("INSERT INTO counterpart_receipt (role, peer, exchange, jti, digest, jws) VALUES ")
            .rows(rows)
            .sql(" ON CONFLICT DO NOTHING")
            .execute(conn)?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct ExchangeRow {
    #[diesel(sql_type = Text)]
    exchange: String,
    #[diesel(sql_type = Text)]
    jws: String,
}

/// Our receipts as the provider for these exchanges with a peer, by exchange.
pub fn provider_receipts(
    conn: &mut AnyConnection,
    peer: &EntityId,
    exchanges: &[MessageId],
) -> QueryResult<HashMap<MessageId, CompactJws>> {
    let mut found = HashMap::new();
    for chunk in exchanges.chunks(ROWS) {
        let rows: Vec<ExchangeRow> =
            Statement::new("SELECT exchange, jws FROM receipt WHERE role = 'provider' AND peer = ")
                .bind(peer.as_str())
                .sql(" AND exchange IN (VALUES ")
                .rows(chunk.iter().map(|exchange| [exchange.as_str().into()]))
                .sql(")")
                .load(conn)?;
        for row in rows {
            found.insert(read(&row.exchange)?, read(&row.jws)?);
        }
    }
    Ok(found)
}

/// One of our receipts, for a citizen's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptRow {
    /// The receipt.
    pub jws: CompactJws,
    /// Its place in the log, once it is there.
    pub log_index: Option<i64>,
    /// Whose operator helped to give the consent.
    pub assisted: Option<EntityId>,
}

#[derive(QueryableByName)]
struct HistoryRow {
    #[diesel(sql_type = Text)]
    jws: String,
    #[diesel(sql_type = Nullable<Text>)]
    assisted: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    log_index: Option<i64>,
}

/// Entry type 1 of the log: receipt of an exchange.
const HISTORY: &str = "SELECT r.jws, r.assisted, a.log_index FROM receipt r \
     LEFT JOIN anchored a ON a.digest = r.digest AND a.entry_type = 1 WHERE (r.told_from IS NULL OR r.told_from <= ";

/// Our receipts about one person (index of `store::links::subject_index`), newest first, at most `limit`: those of which she
/// may be told at `now`, which a law may put off.
pub fn receipts_of_subject(
    conn: &mut AnyConnection,
    subject: &str,
    now: Timestamp,
    limit: u32,
) -> QueryResult<Vec<ReceiptRow>> {
    let told = Statement::new(HISTORY).bind(now.seconds()).sql(") AND (r.subject_index = ").bind(subject);
    let told = told.sql(" OR r.jti IN (SELECT p.receipt FROM receipt_person p WHERE p.subject_index = ").bind(subject);
    history(told.sql("))"), limit, conn)
}

/// Our receipts on consents of one issuer (index of [`issuer_index`](super::issuer_index)), newest first.
pub fn receipts_of_consent_issuer(
    conn: &mut AnyConnection,
    issuer: &str,
    now: Timestamp,
    limit: u32,
) -> QueryResult<Vec<ReceiptRow>> {
    let told = Statement::new(HISTORY).bind(now.seconds()).sql(") AND r.issuer_index = ").bind(issuer);
    history(told, limit, conn)
}

fn history(statement: Statement, limit: u32, conn: &mut AnyConnection) -> QueryResult<Vec<ReceiptRow>> {
    let rows: Vec<HistoryRow> =
        statement.sql(" ORDER BY r.issued_at DESC, r.jti DESC LIMIT ").bind(i64::from(limit)).load(conn)?;
    let row = |row: HistoryRow| {
        let assisted = row.assisted.as_deref().map(read).transpose()?;
        Ok(ReceiptRow { jws: read(&row.jws)?, log_index: row.log_index, assisted })
    };
    rows.into_iter().map(row).collect()
}
