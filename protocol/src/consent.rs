//! The decision: what a basis allows a query to have. Pure, default deny.
//!
//! Guarantees: [`Grant::authorize`] is the only way to a [`Grant`], and only a grant opens a registry. Every member of
//! the terms of a consent has a rule; what no rule covers is refused. A grant never holds a field, period, use, purpose
//! or party beyond the consent, beyond the registered purpose, or beyond what the provider offers.
//! Deliberately absent: signatures (the arguments were verified), counting (the claiming UPDATE decides for good; the
//! state given here only spares a read), laws, predicates and live nonces, which are refused until they exist.

mod basis;
mod bounds;
mod evidence;
mod rules;
mod window;

pub use basis::{Asked, ConsentBasis, ConsentState, Offer, VerifiedBasis, WindowUse};
pub use evidence::BasisReader;
pub use window::Window;

use std::{collections::BTreeSet, fmt};

use schemas::{
    consent::{ConsentTerms, DataRange, Retention},
    digest::Digest,
    id::{ConsentId, DatasetId, Did, EntityId, FieldName, PurposeCode, SectorSubject},
    problem::Code,
    receipt::ReceiptBasis,
    time::Timestamp,
};

use crate::credential::VerifiedConsent;

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

/// What a query may have: made by [`Grant::authorize`] alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Grant {
    consumer: EntityId,
    provider: EntityId,
    dataset: DatasetId,
    fields: BTreeSet<FieldName>,
    subject: SectorSubject,
    data_range: Option<DataRange>,
    purpose: PurposeCode,
    retention: Retention,
    claim: UseClaim,
    consent_digest: Digest,
    status_checked: Timestamp,
}

/// The one use that an answer consumes, for the conditional UPDATE in the commit of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseClaim {
    /// The citizen's key; with the id it names the consent. Never the digest: ES256 signatures are malleable.
    pub issuer: Did,
    /// The consent.
    pub consent: ConsentId,
    /// Uses in all.
    pub max_uses: u32,
    /// The calendar window of this use, where the consent has windows.
    pub window: Option<Window>,
}

impl Grant {
    /// Decides. The rules stand in their order in `consent/rules.rs`; the first that fails is the refusal.
    ///
    /// # Errors
    /// The refusal, with the code of `protocol.md`, "Codes of refusal".
    pub fn authorize(
        asked: Asked<'_>,
        basis: &VerifiedBasis,
        offer: &Offer<'_>,
        state: &ConsentState,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let basis = match basis {
            VerifiedBasis::Consent(basis) => basis,
            VerifiedBasis::Law(_) => return Err(Refusal::new(Code::LawNotRegistered, "laws are not judged yet")),
        };
        let terms = basis.consent.terms();
        rules::parties(asked, terms)?;
        let subject = rules::subject(basis, offer)?;
        rules::in_force(&basis.consent, state, now)?;
        rules::purpose(asked, terms)?;
        rules::scope(asked, terms)?;
        let purpose = bounds::template(&basis.consent, offer, now)?;
        let (dataset, fields) = rules::dataset(asked, terms, offer)?;
        let status_checked = rules::binding(basis, dataset, purpose.sensitive, now)?;
        rules::presence(terms, purpose)?;
        let claim = rules::uses(&basis.consent, state, now)?;
        Ok(Self::of(&basis.consent, fields, subject, claim, status_checked))
    }

    fn of(
        consent: &VerifiedConsent,
        fields: BTreeSet<FieldName>,
        subject: SectorSubject,
        claim: UseClaim,
        status_checked: Timestamp,
    ) -> Self {
        let ConsentTerms { consumer, provider, dataset, data_range, purpose, retention, .. } = consent.terms().clone();
        let (consent_digest, purpose) = (consent.digest(), purpose.code);
        Self {
            consumer,
            provider,
            dataset,
            fields,
            subject,
            data_range,
            purpose,
            retention,
            claim,
            consent_digest,
            status_checked,
        }
    }

    /// Who may have it.
    pub fn consumer(&self) -> &EntityId {
        &self.consumer
    }

    /// Who may give it.
    pub fn provider(&self) -> &EntityId {
        &self.provider
    }

    /// Of which dataset.
    pub fn dataset(&self) -> &DatasetId {
        &self.dataset
    }

    /// Which items: consented, requested and offered. Never empty.
    pub fn fields(&self) -> &BTreeSet<FieldName> {
        &self.fields
    }

    /// About whom: the provider's own pseudonym.
    pub fn subject(&self) -> &SectorSubject {
        &self.subject
    }

    /// Which days the data may speak of.
    pub fn data_range(&self) -> Option<DataRange> {
        self.data_range
    }

    /// For what.
    pub fn purpose(&self) -> &PurposeCode {
        &self.purpose
    }

    /// How long the asker may keep it.
    pub fn retention(&self) -> Retention {
        self.retention
    }

    /// The use that the answer consumes.
    pub fn use_claim(&self) -> &UseClaim {
        &self.claim
    }

    /// The basis as a receipt names it.
    pub fn receipt_basis(&self) -> ReceiptBasis {
        ReceiptBasis::Consent { id: self.claim.consent.clone(), digest: self.consent_digest }
    }

    /// When the binding's status was looked up.
    pub fn status_checked(&self) -> Timestamp {
        self.status_checked
    }
}

/// Never the subject.
impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Grant({} to {} for {})", self.dataset, self.consumer, self.purpose)
    }
}

#[cfg(test)]
mod tests;
