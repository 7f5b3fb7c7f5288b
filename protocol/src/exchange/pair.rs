//! When a receipt is consistent in itself, and when two receipts are about one exchange.
//!
//! Guarantees: each rule stands once and serves the gateway (counterparts that come in) and the auditor (bundles).
//! Deliberately absent: signatures; both receipts are [`Attested`] already.

use schemas::{
    digest::Digest,
    receipt::{Outcome, Receipt, ReceiptRole},
};

use super::Attested;

/// A receipt contradicts itself.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ReceiptFault {
    /// A provider cannot leave its own exchange unconfirmed.
    #[error("a provider's receipt says unconfirmed")]
    Role,
    /// Data without an answer, or an answer without data.
    #[error("data and outcome disagree")]
    Data,
    /// A code without a refusal, or a refusal without a code.
    #[error("refusal and outcome disagree")]
    Refusal,
    /// `answer` and `counterpart` belong to a consumer that saw an answer, and to nobody else.
    #[error("answer and counterpart do not fit role and outcome")]
    Counterpart,
    /// An answer without a basis.
    #[error("an answer names no basis")]
    Basis,
}

/// Checks that outcome, data, refusal and counterpart fit together.
///
/// # Errors
/// The first fault.
pub fn check_receipt(receipt: &Receipt) -> Result<(), ReceiptFault> {
    let outcome = receipt.outcome;
    let saw_an_answer = receipt.role == ReceiptRole::Consumer && outcome != Outcome::Unconfirmed;
    if receipt.role == ReceiptRole::Provider && outcome == Outcome::Unconfirmed {
        return Err(ReceiptFault::Role);
    }
    if receipt.data.is_some() != (outcome == Outcome::Answered) {
        return Err(ReceiptFault::Data);
    }
    if receipt.refusal.is_some() != (outcome == Outcome::Refused) {
        return Err(ReceiptFault::Refusal);
    }
    if receipt.answer.is_some() != saw_an_answer || receipt.counterpart.is_some() != saw_an_answer {
        return Err(ReceiptFault::Counterpart);
    }
    if outcome == Outcome::Answered && receipt.basis.is_none() {
        return Err(ReceiptFault::Basis);
    }
    Ok(())
}

/// One thing in which the two receipts of an exchange must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PairRule {
    /// One provider, one consumer, each naming the other.
    Parties,
    /// The same exchange id.
    Exchange,
    /// The same query, by digest.
    Query,
    /// The same purpose and dataset.
    Terms,
    /// The same basis, where both know it.
    Basis,
    /// The same sealed data; an unconfirmed consumer saw none.
    Data,
    /// The same items and questions; an unconfirmed consumer names those it asked for.
    Fields,
    /// The same outcome and refusal, or unconfirmed at the consumer.
    Outcome,
    /// The consumer names the provider's receipt by digest.
    Counterpart,
}

impl PairRule {
    /// Every rule, in the order of checking.
    pub const ALL: &[Self] = &[
        Self::Parties,
        Self::Exchange,
        Self::Query,
        Self::Terms,
        Self::Basis,
        Self::Data,
        Self::Fields,
        Self::Outcome,
        Self::Counterpart,
    ];

    /// Whether the rule holds for these two.
    pub fn holds(self, provider: &Attested<Receipt>, consumer: &Attested<Receipt>) -> bool {
        self.holds_of((provider.claims(), provider.digest()), consumer.claims())
    }

    /// The same of claims whose signatures are known: the provider's with the digest of its token.
    fn holds_of(self, (p, digest): (&Receipt, Digest), c: &Receipt) -> bool {
        let unconfirmed = c.outcome == Outcome::Unconfirmed;
        match self {
            Self::Parties => {
                (p.role, c.role) == (ReceiptRole::Provider, ReceiptRole::Consumer)
                    && p.iss != c.iss
                    && (&p.iss, &p.peer) == (&c.peer, &c.iss)
            }
            Self::Exchange => p.exchange == c.exchange,
            Self::Query => p.query == c.query,
            Self::Terms => (&p.purpose, &p.dataset) == (&c.purpose, &c.dataset),
            Self::Basis => match (&p.basis, &c.basis) {
                (Some(p), Some(c)) => p == c,
                // Whoever refuses early may not have read it; whoever answered has.
                _ => p.outcome != Outcome::Answered || unconfirmed,
            },
            Self::Data => p.data == c.data || unconfirmed,
            Self::Fields if unconfirmed => {
                p.fields.iter().all(|field| c.fields.contains(field))
                    && p.predicates.iter().all(|predicate| c.predicates.contains(predicate))
            }
            Self::Fields => (&p.fields, &p.predicates) == (&c.fields, &c.predicates),
            Self::Outcome => (p.outcome, p.refusal) == (c.outcome, c.refusal) || unconfirmed,
            Self::Counterpart => c.counterpart == Some(digest) || unconfirmed,
        }
    }

    /// The first rule that does not hold.
    pub fn first_broken(provider: &Attested<Receipt>, consumer: &Attested<Receipt>) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| !rule.holds(provider, consumer))
    }

    /// The same for a provider that holds its own receipt in an insert-only row: what it signed it need not verify again.
    pub fn first_broken_of_own(ours: (&Receipt, Digest), theirs: &Attested<Receipt>) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| !rule.holds_of(ours, theirs.claims()))
    }
}
