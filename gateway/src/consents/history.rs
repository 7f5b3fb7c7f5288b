//! "Who used my data": what this department took part in, told to the person whose data it was.
//!
//! Guarantees: rows are found by the pseudonym that she disclosed and by the key that she proved, never by anything else;
//! names of items, never values; what a law keeps back appears when its time has come. Deliberately absent: paging.

use std::collections::BTreeMap;

use protocol::{
    consent::Refusal,
    credential::{VerifiedBinding, did},
    seal::decode_base64url,
};
use schemas::{
    citizen::{History, HistoryRequest, HistoryUse},
    federation::Disclosure,
    id::{CompactJws, MessageId, SectorSubject},
    receipt::{Receipt, ReceiptBasis, ReceiptRole},
    time::Timestamp,
};
use service_kit::db::DatabaseError;

use super::PresentationError;
use crate::{
    app::App,
    directory::DirectorySnapshot,
    store::{
        exchange::{ReceiptRow, issuer_index, receipts_of_consent_issuer, receipts_of_subject},
        links::subject_index,
        retention::erasures_of,
    },
};

/// Uses told at most, newest first.
const MOST: u32 = 500;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// A history cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The presentation.
    #[error(transparent)]
    Presentation(#[from] PresentationError),
    /// The directory, by which delayed disclosure is judged.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The rows.
    #[error(transparent)]
    Store(#[from] DatabaseError),
}

impl App {
    /// The uses of one person's data that we took part in.
    ///
    /// # Errors
    /// Those of the presentation; if the rows cannot be read.
    pub(crate) async fn history(&self, request: &HistoryRequest) -> Result<History, HistoryError> {
        let binding = self.verify_presentation(&request.binding).await?;
        let rows = self.rows_of(&binding).await?;
        let erased = self.erased_of(&rows).await?;
        let (directory, now) = (self.directory(), self.now());
        let mut uses: BTreeMap<(i64, MessageId), HistoryUse> = BTreeMap::new();
        for row in rows {
            let Some(receipt) = read_own(&row.jws) else {
                tracing::warn!("a receipt of our own cannot be read");
                continue;
            };
            if is_told(&receipt, &directory, now)? {
                let erased = erased.get(&receipt.exchange).copied().filter(|_| receipt.role == ReceiptRole::Consumer);
                let told = HistoryUse { erased, assisted: row.assisted, ..of(&receipt, row.log_index) };
                uses.insert((-receipt.iat.seconds(), receipt.jti), told);
            }
        }
        Ok(History { member: self.entity().clone(), uses: uses.into_values().take(MOST as usize).collect() })
    }

    /// Since when answers of these exchanges are gone, where a signed record says so.
    async fn erased_of(&self, rows: &[ReceiptRow]) -> Result<BTreeMap<MessageId, Timestamp>, DatabaseError> {
        let receipts = rows.iter().filter_map(|row| read_own(&row.jws));
        let exchanges: Vec<MessageId> = receipts.map(|receipt| receipt.exchange).collect();
        let found = self.db().read(move |conn| Ok::<_, DatabaseError>(erasures_of(conn, &exchanges)?)).await?;
        Ok(found.into_iter().map(|erasure| (erasure.exchange, erasure.at)).collect())
    }

    /// Rows by her pseudonym here, if she disclosed it, and rows on consents that the proven key signed.
    async fn rows_of(&self, binding: &VerifiedBinding) -> Result<Vec<ReceiptRow>, DatabaseError> {
        let subject = binding.disclosed(&format!("sub_{}", self.config().sector));
        let subject: Option<SectorSubject> = subject.and_then(|text| text.parse().ok());
        let (keys, issuer, now) = (self.keys().clone(), did::encode(binding.key()).ok(), self.now());
        self.db()
            .read(move |conn| {
                let mut rows = Vec::new();
                if let Some(subject) = &subject {
                    rows.extend(receipts_of_subject(conn, &subject_index(&keys, subject), now, MOST)?);
                }
                if let Some(issuer) = &issuer {
                    rows.extend(receipts_of_consent_issuer(conn, &issuer_index(&keys, issuer), now, MOST)?);
                }
                Ok(rows)
            })
            .await
    }
}

/// A receipt that we signed and kept: its row is ours and insert-only.
fn read_own(jws: &CompactJws) -> Option<Receipt> {
    let payload = decode_base64url(jws.as_str().split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

/// Uses under a law with delayed disclosure are told so many days later; a law that is not registered any more delays nothing.
fn is_told(receipt: &Receipt, directory: &DirectorySnapshot, now: Timestamp) -> Result<bool, Refusal> {
    let Some(ReceiptBasis::Law { id, .. }) = &receipt.basis else { return Ok(true) };
    directory.authorize_current(now)?;
    // An emergency is told at once, whatever else its law says.
    let law = directory.laws().and_then(|laws| laws.iter().find(|law| law.id == *id && !law.break_glass));
    Ok(match law.map(|law| law.disclosure) {
        Some(Disclosure::Delayed(days)) => receipt.iat.plus(i64::from(days) * DAY) <= now.numeric(),
        Some(Disclosure::Immediate) | None => true,
    })
}

fn of(receipt: &Receipt, log_index: Option<i64>) -> HistoryUse {
    let (consent, law) = match &receipt.basis {
        Some(ReceiptBasis::Consent { id, .. }) => (Some(id.clone()), None),
        Some(ReceiptBasis::Law { id, .. }) => (None, Some(id.clone())),
        None => (None, None),
    };
    HistoryUse {
        exchange: receipt.exchange.clone(),
        role: receipt.role,
        peer: receipt.peer.clone(),
        at: Timestamp::from_numeric(receipt.iat),
        purpose: receipt.purpose.clone(),
        dataset: receipt.dataset.clone(),
        fields: receipt.fields.clone(),
        predicates: receipt.predicates.clone(),
        consent,
        assisted: None,
        law,
        outcome: receipt.outcome,
        refusal: receipt.refusal,
        anchored: log_index.and_then(|index| u64::try_from(index).ok()),
        erased: None,
    }
}
