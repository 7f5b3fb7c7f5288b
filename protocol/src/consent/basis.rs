//! What the decision is made from: all of it verified before, none of it fetched here.

use schemas::{
    consent::{ConsentStatus, ConsentTerms},
    federation::{DatasetDescription, Purpose},
    id::{LawId, Sector},
    query::Query,
    time::Timestamp,
};

use crate::credential::{BindingStatus, VerifiedBinding, VerifiedConsent};

/// A query whose signer, audience and freshness were verified. Only this crate makes one, from such a query.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a>(&'a Query);

impl<'a> Asked<'a> {
    /// Takes a query that was accepted.
    pub(crate) const fn of(query: &'a Query) -> Self {
        Self(query)
    }

    /// The query.
    pub const fn query(self) -> &'a Query {
        self.0
    }
}

/// Why the asker says it may ask, verified.
#[derive(Clone, Debug)]
pub enum VerifiedBasis {
    /// The citizen's consent.
    Consent(Box<ConsentBasis>),
    /// A law by its id; refused until laws are judged.
    Law(LawId),
}

/// A consent and whose it is.
#[derive(Clone, Debug)]
pub struct ConsentBasis {
    /// The consent.
    pub consent: VerifiedConsent,
    /// The binding presentation that came with it.
    pub binding: VerifiedBinding,
    /// What was last known of the binding's status; `None` if its list could not be had.
    pub status: Option<BindingStatus>,
}

/// What this provider knows for this query.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// The provider's sector, from its subordinate statement.
    pub sector: &'a Sector,
    /// The purpose that the consent names, in exactly that version; `None` if it is not registered.
    pub purpose: Option<&'a Purpose>,
    /// The dataset, with the fields that are mapped; `None` if it is not offered.
    pub dataset: Option<&'a DatasetDescription>,
}

/// What the provider's own row says of a consent. A consent without a row was never used: [`ConsentState::fresh`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsentState {
    /// Active, paused or revoked.
    pub status: ConsentStatus,
    /// An earlier end that the citizen ordered.
    pub until: Option<Timestamp>,
    /// Uses so far.
    pub uses: u32,
    /// Uses in the latest window that had one.
    pub window: Option<WindowUse>,
}

/// Uses in one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowUse {
    /// The window's number, from 0.
    pub index: u32,
    /// Uses in it so far.
    pub uses: u32,
}

impl ConsentState {
    /// Active and never used.
    pub const fn fresh() -> Self {
        Self { status: ConsentStatus::Active, until: None, uses: 0, window: None }
    }
}

impl ConsentBasis {
    /// The terms of the consent.
    pub fn terms(&self) -> &ConsentTerms {
        self.consent.terms()
    }
}
