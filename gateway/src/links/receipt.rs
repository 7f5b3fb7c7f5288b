//! Receipts of a seeding run: the registry's stands on the last line of the file, the department's answers it.
//!
//! Guarantees: both are receipts like those of any exchange, logged and paired; the exchange is the id of the first page, the data
//! the digest of all pages, so that a file whose pages were exchanged has no receipt; one run counts once in the law's day.
//! Deliberately absent: the people of the file; a run is about everybody who lives.

use protocol::{
    exchange::{Attested, NotAttested, check_receipt},
    federation::{RegisteredLaw, VerifiedMember},
    seal::{SealFailed, random},
};
use schemas::{
    digest::Digest,
    federation::Law,
    id::{EntityId, FieldName, MessageId},
    receipt::{Outcome, Receipt, ReceiptBasis, ReceiptRole},
    time::Timestamp,
    version::V1,
};
use service_kit::db::{AnyConnection, DatabaseError};
use tlog::entry::EntryType;

use super::FIELDS;
use crate::{
    app::App,
    exchange::journal::LawTake,
    laws,
    store::{
        exchange::{
            law_uses::{LawCounter, LawDay, LawUsesTaken, law_uses_lock, law_uses_take},
            receipts::{NewReceipt, counterparts_insert, receipts_insert},
            returns::returns_insert,
        },
        outbox::outbox_insert,
    },
};

/// The pages of a file, one after another.
#[derive(Clone, Debug, Default)]
pub(super) struct Pages {
    first: Option<(MessageId, Digest)>,
    digests: String,
}

impl Pages {
    /// The next page, as it stands in the file.
    pub(super) fn add(&mut self, jti: &MessageId, line: &str) {
        let digest = Digest::of(line);
        self.first.get_or_insert_with(|| (jti.clone(), digest));
        self.digests.push_str(&digest.to_string());
        self.digests.push('\n');
    }

    /// Digest over the digests of all pages, one a line.
    fn data(&self) -> Digest {
        Digest::of(&self.digests)
    }
}

/// A receipt does not fit the pages above it.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ReceiptUnfit {
    /// Its signature or form.
    #[error("the receipt on the last line is not the registry's: {0}")]
    Receipt(#[from] NotAttested),
    /// It is about another file, department or law.
    #[error("the receipt on the last line is about another file")]
    Other,
}

/// Signs the registry's receipt of a file.
pub(super) fn sign_given(
    app: &App,
    receiver: &EntityId,
    law: &RegisteredLaw,
    pages: &Pages,
    now: Timestamp,
) -> Result<Option<Attested<Receipt>>, SealFailed> {
    let Some((exchange, query)) = pages.first.clone() else { return Ok(None) };
    let receipt = Receipt {
        v: V1,
        iss: app.entity().clone(),
        role: ReceiptRole::Provider,
        peer: receiver.clone(),
        iat: now.numeric(),
        jti: random::message_id(now),
        salt: random::salt(),
        exchange,
        query,
        data: Some(pages.data()),
        basis: Some(law.receipt_basis()),
        purpose: law.law().purpose.clone(),
        dataset: law.law().allowed.dataset.clone(),
        fields: FIELDS.iter().filter_map(|field| field.parse::<FieldName>().ok()).collect(),
        predicates: Vec::new(),
        subject: None,
        outcome: Outcome::Answered,
        refusal: None,
        status_checked: None,
        directory_size: app.directory().directory_size(),
        answer: None,
        counterpart: None,
    };
    Attested::sign(receipt, &app.keys().signing).map(Some)
}

/// Verifies the registry's receipt against the pages above it.
pub(super) fn verify_given(
    line: &str,
    registry: &VerifiedMember,
    us: &EntityId,
    law: &Law,
    pages: &Pages,
) -> Result<Attested<Receipt>, ReceiptUnfit> {
    let receipt = Attested::<Receipt>::verify(line.as_bytes(), registry)?;
    let said = receipt.claims();
    let same_law = matches!(&said.basis, Some(ReceiptBasis::Law { id, .. }) if *id == law.id);
    let fits = check_receipt(said).is_ok()
        && (said.role, said.outcome) == (ReceiptRole::Provider, Outcome::Answered)
        && said.peer == *us
        && pages.first.as_ref().is_some_and(|(jti, digest)| (jti, digest) == (&said.exchange, &said.query))
        && said.data == Some(pages.data())
        && (&said.purpose, &said.dataset) == (&law.purpose, &law.allowed.dataset)
        && same_law;
    if fits { Ok(receipt) } else { Err(ReceiptUnfit::Other) }
}

/// Signs the department's own receipt of a file that it took.
pub(super) fn sign_taken(
    app: &App,
    given: &Attested<Receipt>,
    now: Timestamp,
) -> Result<Attested<Receipt>, SealFailed> {
    let theirs = given.claims().clone();
    let receipt = Receipt {
        iss: app.entity().clone(),
        role: ReceiptRole::Consumer,
        peer: theirs.iss.clone(),
        iat: now.numeric(),
        jti: random::message_id(now),
        salt: random::salt(),
        directory_size: app.directory().directory_size(),
        answer: theirs.data,
        counterpart: Some(given.digest()),
        ..theirs
    };
    Attested::sign(receipt, &app.keys().signing)
}

/// Counts a run in the law's day. `false`: none is left.
pub(super) fn count_run(conn: &mut AnyConnection, law: &Law, now: Timestamp) -> Result<bool, DatabaseError> {
    let counter = LawCounter::of_law(&law.id, LawDay::of(now));
    let before = law_uses_lock(conn, std::slice::from_ref(&counter))?.get(&counter).copied().unwrap_or(u32::MAX);
    let take = LawTake { counter: counter.clone(), uses: 1, most: law.quota.per_day };
    if !take.fits(before) {
        laws::alarm(&law.id, &law.consumer);
        return Ok(false);
    }
    let taken = LawUsesTaken { counter, before, after: before.saturating_add(1) };
    if law_uses_take(conn, &[taken])? == 1 {
        return Ok(true);
    }
    Err(DatabaseError::Unavailable("a locked count of a law changed".to_owned()))
}

/// Writes the registry's receipt and queues it for the log.
pub(super) fn record_given(
    conn: &mut AnyConnection,
    receipt: &Attested<Receipt>,
    law: &Law,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let row = NewReceipt::of(receipt, None, None).told_from(laws::told_from(law, now));
    receipts_insert(conn, std::slice::from_ref(&row))?;
    Ok(outbox_insert(conn, &[(EntryType::ExchangeReceipt, row.digest)], milliseconds(now))?)
}

/// Writes both receipts of a file that was taken, once, and sends ours on its way to the registry.
pub(super) fn record_taken(
    conn: &mut AnyConnection,
    ours: &Attested<Receipt>,
    given: Attested<Receipt>,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let row = NewReceipt::of(ours, None, None);
    if receipts_insert(conn, std::slice::from_ref(&row))?.is_empty() {
        return Ok(());
    }
    counterparts_insert(conn, &[given])?;
    returns_insert(conn, &[&row], milliseconds(now))?;
    Ok(outbox_insert(conn, &[(EntryType::ExchangeReceipt, row.digest)], milliseconds(now))?)
}

const fn milliseconds(at: Timestamp) -> i64 {
    at.seconds().saturating_mul(1000)
}
