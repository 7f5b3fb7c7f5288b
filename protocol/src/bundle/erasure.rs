//! The record of an erasure against the receipt of the answer that was erased.
//!
//! Guarantees: it counts only for the asking department's own receipt in the bundle, by exchange and digest, by the same signer;
//! without that receipt, or where it did not pass itself, it is *could not be checked*. Deliberately absent: a bundle without such a
//! record, which says nothing: the answer may still be kept, or its time be no one's to know; and whether the systems spoke the truth.

use schemas::{
    erasure::Erasure,
    receipt::{Outcome, Receipt, ReceiptRole},
    time::Timestamp,
};

use super::{CheckId, Finding, Reason, Report, record::Attestations};
use crate::{exchange::Attested, seal::freshness::SKEW};

pub(super) fn check(attestations: &Attestations, report: &mut Report) {
    let Some(erasure) = attestations.erasures.first() else { return };
    let mut receipts = attestations.receipts.iter();
    let spoilt = receipts.clone().any(Option::is_none);
    let erased = receipts.by_ref().flatten().find(|receipt| receipt.claims().role == ReceiptRole::Consumer);
    let finding = match (erasure, erased) {
        (Some(erasure), Some(receipt)) => is_of(erasure, receipt).into(),
        (None, _) => Finding::CouldNotBeChecked(Reason::EarlierCheck),
        (Some(_), None) if spoilt => Finding::CouldNotBeChecked(Reason::EarlierCheck),
        (Some(_), None) => Finding::CouldNotBeChecked(Reason::CounterpartMissing),
    };
    report.add(CheckId::Erasure, None, finding);
}

/// Only what was answered was ever there to erase, and nothing was erased before it came.
fn is_of(erasure: &Attested<Erasure>, receipt: &Attested<Receipt>) -> bool {
    let (e, r) = (erasure.claims(), receipt.claims());
    (&e.iss, &e.exchange, e.receipt) == (&r.iss, &r.exchange, receipt.digest())
        && r.outcome == Outcome::Answered
        && e.gateway.plus(SKEW) >= Timestamp::from_numeric(r.iat)
}

/// The gateway erased when it was due or later; each order stands once, was confirmed after that, and before the record was signed.
/// Several processes of one gateway wrote these times, whose clocks may differ by the usual skew.
pub(super) fn is_consistent(erasure: &Erasure) -> bool {
    let latest = Timestamp::from_numeric(erasure.iat).plus(SKEW);
    let mut orders = std::collections::BTreeSet::new();
    let within = |at: Timestamp| at.plus(SKEW) >= erasure.gateway && at <= latest;
    let mut systems = erasure.systems.iter();
    erasure.gateway >= erasure.due
        && erasure.gateway <= latest
        && systems.all(|one| orders.insert(&one.order) && within(one.confirmed))
}
