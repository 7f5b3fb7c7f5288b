//! What the decision is made from: all of it verified before, none of it fetched here.

use schemas::{
    consent::{Assistance, ConsentStatus, ConsentTerms, DataSubject},
    federation::{DatasetDescription, Purpose},
    id::{CaseId, Sector, SectorSubject, SystemName},
    query::Query,
    time::Timestamp,
};

use crate::{
    credential::{BindingStatus, VerifiedBinding, VerifiedConsent, VerifiedGuardianship},
    federation::{RegisteredLaw, VerifiedMember},
};

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
    /// A registered law and the person whom the identity registry named.
    Law(Box<LawBasis>),
}

/// A consent and whose it is.
#[derive(Clone, Debug)]
pub struct ConsentBasis {
    /// The consent.
    pub consent: VerifiedConsent,
    /// The binding presentation that came with it: of her who decided.
    pub binding: VerifiedBinding,
    /// What was last known of the binding's status; `None` if its list could not be had.
    pub status: Option<BindingStatus>,
    /// The same binding over a nonce that we may have given: whether it is ours and unspent is the caller's to say.
    pub live: Option<VerifiedBinding>,
    /// The guardianship that came with it.
    pub guardianship: Option<WardBasis>,
}

/// A guardianship and what is known of it.
#[derive(Clone, Debug)]
pub struct WardBasis {
    /// The guardianship, with the ward's pseudonym.
    pub guardianship: VerifiedGuardianship,
    /// What was last known of its status; `None` if its list could not be had.
    pub status: Option<BindingStatus>,
}

/// A law, and about whom, in which case and for which officer it is used.
#[derive(Clone)]
pub struct LawBasis {
    /// The law as the register in force has it.
    pub law: RegisteredLaw,
    /// The provider's own pseudonym of the person, as the identity registry named it to us for this asker.
    pub subject: SectorSubject,
    /// The asker's case.
    pub case: CaseId,
    /// The asker's officer, a pseudonym.
    pub officer: SystemName,
}

/// Never the subject.
impl std::fmt::Debug for LawBasis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LawBasis({})", self.law.law().id)
    }
}

/// A nonce of the provider over which the citizen proved that she is present.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LiveNonce(Box<str>);

impl LiveNonce {
    /// Takes the nonce of a presentation that was verified.
    pub(super) fn of(live: &VerifiedBinding) -> Self {
        Self(live.nonce().into())
    }

    /// The nonce as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What this provider knows for this query.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// The provider's sector, from its subordinate statement.
    pub sector: &'a Sector,
    /// The purpose that the consent names, in exactly that version; under a law the newest version of the law's purpose;
    /// `None` if it is not registered.
    pub purpose: Option<&'a Purpose>,
    /// The dataset, with the fields that are mapped; `None` if it is not offered.
    pub dataset: Option<&'a DatasetDescription>,
    /// The member that [`ConsentBasis::assistance`] names; `None` if there is no assistance or the directory has no such
    /// member.
    pub operator: Option<&'a VerifiedMember>,
}

/// What the provider's own rows say of the basis. It only spares a read: the commit decides for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Of a consent.
    Consent(ConsentState),
    /// Of a law.
    Law(LawUse),
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

/// Answers under one law so far on this civil day (Asia/Kolkata).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LawUse {
    /// In all.
    pub per_day: u32,
    /// For this officer.
    pub per_officer: u32,
    /// About this person.
    pub per_subject: u32,
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

    /// Who helped, as the consent says.
    pub fn assistance(&self) -> Option<&Assistance> {
        self.consent.notice().assistance.as_ref()
    }

    /// About whom, in that sector: herself, or the ward of the guardianship that came along. Nothing is judged yet.
    pub fn subject(&self, sector: &Sector) -> Option<SectorSubject> {
        match self.terms().data_subject {
            DataSubject::Own {} => self.binding.sole_subject(sector),
            DataSubject::Ward { .. } => self.guardianship.as_ref()?.guardianship.sole_ward(sector),
        }
    }
}

impl VerifiedBasis {
    /// About whom, in that sector. Nothing is judged yet.
    pub fn subject(&self, sector: &Sector) -> Option<SectorSubject> {
        match self {
            Self::Consent(basis) => basis.subject(sector),
            Self::Law(basis) => Some(basis.subject.clone()),
        }
    }
}
