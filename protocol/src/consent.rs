//! The decision: what a basis allows a query to have. Pure, default deny.
//!
//! Guarantees: [`Grant::authorize`] is the only way to a [`Grant`], and only a grant opens a registry. Every member of
//! the terms of a consent, and of a registered law, has a rule; what no rule covers is refused. A grant never holds a
//! field, predicate, period, use, purpose or party beyond the consent or law, beyond the registered purpose, or beyond
//! what the provider offers; and [`Grant::disclose`] lets no value out that was only asked about, nor one unmasked.
//! Deliberately absent: signatures (the arguments were verified), counting (the claiming UPDATE decides for good; the
//! state given here only spares a read), and whether a live nonce is ours and unspent (the same commit).

mod basis;
mod bounds;
mod disclose;
mod evidence;
mod grant;
mod items;
mod law;
mod person;
mod predicate;
mod rules;
mod window;

pub use basis::{
    Asked, ConsentBasis, ConsentState, LawBasis, LawUse, LiveNonce, Offer, State, VerifiedBasis, WardBasis, WindowUse,
};
pub use disclose::Disclosed;
pub use evidence::BasisReader;
pub use grant::{Claim, Grant, QuotaClaim, UseClaim};
pub use window::Window;

use schemas::problem::Code;

/// Why a query gets nothing. `because` is a fixed text for the department's own log, never about a person.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{code}: {because}")]
pub struct Refusal {
    code: Code,
    because: &'static str,
}

impl Refusal {
    /// A refusal for a reason found outside the decision, such as a row that says so.
    pub const fn new(code: Code, because: &'static str) -> Self {
        Self { code, because }
    }

    /// The code that goes into the signed refusal.
    pub const fn code(self) -> Code {
        self.code
    }

    /// The rule that failed.
    pub const fn because(self) -> &'static str {
        self.because
    }
}

#[cfg(test)]
mod tests;
