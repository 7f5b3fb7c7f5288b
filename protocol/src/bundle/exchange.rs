//! The two receipts of an exchange against each other.
//!
//! Guarantees: a missing counterpart is *could not be checked*, never passed and never failed.

use schemas::receipt::ReceiptRole;

use super::{CheckId, Finding, Reason, Report, record::Attestations};
use crate::exchange::PairRule;

pub(super) fn check(attestations: &Attestations, report: &mut Report) {
    let [one, other] = attestations.receipts.as_slice() else {
        return report.add(CheckId::CounterpartHeld, None, Finding::CouldNotBeChecked(Reason::CounterpartMissing));
    };
    report.add(CheckId::CounterpartHeld, None, Finding::Passed);
    for rule in PairRule::ALL {
        let finding = match (one, other) {
            (Some(one), Some(other)) if one.claims().role == ReceiptRole::Provider => rule.holds(one, other).into(),
            (Some(one), Some(other)) => rule.holds(other, one).into(),
            _ => Finding::CouldNotBeChecked(Reason::EarlierCheck),
        };
        report.add(check_id(*rule), None, finding);
    }
}

const fn check_id(rule: PairRule) -> CheckId {
    match rule {
        PairRule::Parties => CheckId::SameParties,
        PairRule::Exchange => CheckId::SameExchange,
        PairRule::Query => CheckId::SameQuery,
        PairRule::Terms => CheckId::SameTerms,
        PairRule::Basis => CheckId::SameBasis,
        PairRule::Data => CheckId::SameData,
        PairRule::Fields => CheckId::SameFields,
        PairRule::Outcome => CheckId::SameOutcome,
        PairRule::Counterpart => CheckId::CounterpartDigest,
    }
}
