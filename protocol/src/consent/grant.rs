//! The grant: what one query may have, and the claim that its answer consumes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use schemas::{
    consent::{DataRange, Predicate, Retention},
    federation::{LawQuota, Mask},
    id::{ConsentId, DatasetId, Did, EntityId, FieldName, LawId, PurposeCode, SectorSubject, SystemName},
    receipt::ReceiptBasis,
    time::{CivilDate, Timestamp},
};

use super::{Asked, LiveNonce, Offer, Refusal, State, VerifiedBasis, Window, law, rules};

/// What a query may have: made by [`Grant::authorize`] alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Grant {
    pub(super) consumer: EntityId,
    pub(super) provider: EntityId,
    pub(super) dataset: DatasetId,
    pub(super) items: Items,
    pub(super) subject: SectorSubject,
    pub(super) data_range: Option<DataRange>,
    pub(super) purpose: PurposeCode,
    pub(super) retention: Retention,
    pub(super) claim: Claim,
    pub(super) basis: ReceiptBasis,
    pub(super) status_checked: Option<Timestamp>,
}

/// What may leave: allowed, requested and mapped. Never empty in a grant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Items {
    /// Values.
    pub fields: BTreeSet<FieldName>,
    /// The only form in which some of them leave.
    pub masks: BTreeMap<FieldName, Mask>,
    /// Questions with yes or no, in the order in which they were asked.
    pub predicates: Vec<Predicate>,
}

/// What an answer consumes, for the conditional UPDATE in the commit of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// One use of a consent.
    Consent(UseClaim),
    /// One answer within the daily limits of a law.
    Law(QuotaClaim),
}

/// One use of a consent.
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
    /// A nonce that must be ours, and be spent for this consent: at its first use, or by it before.
    pub live: Option<LiveNonce>,
}

/// One answer within the daily limits of a law. Each limit counts by itself; all three must hold.
#[derive(Clone, PartialEq, Eq)]
pub struct QuotaClaim {
    /// The law.
    pub law: LawId,
    /// The civil day (Asia/Kolkata) that it counts for.
    pub day: CivilDate,
    /// Counts for this officer of the asker.
    pub officer: SystemName,
    /// Counts for this person.
    pub subject: SectorSubject,
    /// The limits.
    pub quota: LawQuota,
}

/// Never the subject.
impl fmt::Debug for QuotaClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QuotaClaim({} on {})", self.law, self.day)
    }
}

impl Grant {
    /// Decides. The rules stand in their order in `consent/rules.rs` and `consent/law.rs`; the first that fails is the
    /// refusal.
    ///
    /// # Errors
    /// The refusal, with the code of `protocol.md`, "Codes of refusal".
    pub fn authorize(
        asked: Asked<'_>,
        basis: &VerifiedBasis,
        offer: &Offer<'_>,
        state: &State,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        match basis {
            VerifiedBasis::Consent(basis) => rules::authorize(asked, basis, offer, state, now),
            VerifiedBasis::Law(basis) => law::authorize(asked, basis, offer, state, now),
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

    /// Which items leave as values: allowed, requested and offered.
    pub fn fields(&self) -> &BTreeSet<FieldName> {
        &self.items.fields
    }

    /// The only form in which some of them leave.
    pub fn masks(&self) -> &BTreeMap<FieldName, Mask> {
        &self.items.masks
    }

    /// Which questions are answered with yes or no, in the order in which they were asked.
    pub fn predicates(&self) -> &[Predicate] {
        &self.items.predicates
    }

    /// What the department's database is read for: the fields that leave, and those that only questions look at.
    pub fn reads(&self) -> BTreeSet<FieldName> {
        let looked_at = self.items.predicates.iter().map(|predicate| &predicate.field);
        self.items.fields.iter().chain(looked_at).cloned().collect()
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

    /// What the answer consumes.
    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    /// The basis as a receipt names it.
    pub fn receipt_basis(&self) -> ReceiptBasis {
        self.basis.clone()
    }

    /// When the binding's status was looked up; `None` under a law.
    pub fn status_checked(&self) -> Option<Timestamp> {
        self.status_checked
    }
}

/// Never the subject.
impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Grant({} to {} for {})", self.dataset, self.consumer, self.purpose)
    }
}
