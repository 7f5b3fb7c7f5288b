//! The second pair of eyes: what waits, how it is decided, and the counts that the public sees.

use std::collections::BTreeMap;

use protocol::consent::Refusal;
use schemas::{
    id::{EntityId, KeyId, LawId, MessageId, SystemName},
    notice::NoticeKind,
    problem::Code,
    receipt::ReceiptRole,
    time::Timestamp,
};
use service_kit::db::{AnyConnection, DatabaseError};

use super::Reason;
use crate::{
    app::App,
    audit,
    keys::Keys,
    notices::{self, NoticeError},
    people::{FourEyesRefused, two_officers},
    store::break_glass::{
        BreakGlassStoreError, NewReview, StoredUse, UseCount, UseState, use_decide, use_find, uses_count, uses_open,
    },
};

/// Reviews of one list.
const MOST: i64 = 500;
/// The action in the audit trail.
const DECIDED: &str = "break-glass.review";

/// A review was not decided.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// Why.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The row.
    #[error(transparent)]
    Store(#[from] BreakGlassStoreError),
    /// The notice.
    #[error(transparent)]
    Notice(#[from] NoticeError),
}

impl From<FourEyesRefused> for ReviewError {
    fn from(error: FourEyesRefused) -> Self {
        match error {
            FourEyesRefused::Refused(refusal) => Self::Refused(refusal),
            FourEyesRefused::Store(error) => Self::Store(error.into()),
        }
    }
}

impl From<DatabaseError> for ReviewError {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

/// Who decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Officer {
    /// The pseudonym, the same as in queries.
    pub name: SystemName,
    /// The key that the officer used, if one.
    pub key: Option<KeyId>,
}

/// How a use is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There was an emergency.
    Upheld,
    /// There was none, or it did not need this.
    Rejected,
}

/// A decision.
#[derive(Clone, Debug)]
pub struct Review {
    /// Of which use.
    pub exchange: MessageId,
    /// How.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
}

impl App {
    /// Uses that wait for a second officer, most urgent first; `due` in the past means overdue.
    ///
    /// # Errors
    /// If the rows cannot be read.
    pub async fn open_reviews(&self) -> Result<Vec<StoredUse>, BreakGlassStoreError> {
        let keys = self.keys().clone();
        self.db().read(move |conn| uses_open(conn, &keys, MOST)).await
    }

    /// Decides a review. A row in the audit trail either way.
    ///
    /// # Errors
    /// `not-found` (no such use), `conflict` (decided already), `four-eyes-required` (the same person, or the same key).
    pub async fn decide_review(&self, by: Officer, review: Review) -> Result<(), ReviewError> {
        let (keys, us, now) = (self.keys().clone(), self.entity().clone(), self.now());
        let row = audit::done(by.name.as_str(), DECIDED, review.exchange.as_str(), now);
        let (acting, acted) = (by, review);
        let decided = self.db().write(move |conn| decide(conn, (&keys, &us), &acting, &acted, now)).await;
        match &decided {
            // Written by `decide`, in its transaction.
            Ok(()) => self.wake_notices(),
            Err(error) => {
                let code = match error {
                    ReviewError::Refused(refusal) => Some(refusal.code()),
                    ReviewError::Store(_) | ReviewError::Notice(_) => None,
                };
                audit::record(self.db(), audit::refused(row, code)).await?;
            }
        }
        decided
    }

    /// How often laws for emergencies were used from `since` on, and how the reviews stand: for `/transparency`.
    ///
    /// # Errors
    /// If the rows cannot be read.
    pub async fn break_glass_counts(&self, since: Timestamp) -> Result<Counts, DatabaseError> {
        let now = self.now();
        let counted = self.db().read(move |conn| Ok::<_, DatabaseError>(uses_count(conn, since, now)?)).await?;
        Ok(Counts::of(counted))
    }
}

/// Decides a review in the caller's transaction: row, notice, audit.
///
/// # Errors
/// As [`App::decide_review`].
pub(super) fn decide(
    conn: &mut AnyConnection,
    (keys, us): (&Keys, &EntityId),
    by: &Officer,
    review: &Review,
    now: Timestamp,
) -> Result<(), ReviewError> {
    let used = use_find(conn, keys, &review.exchange)?.ok_or(Refusal::new(Code::NotFound, "no such use"))?;
    authorize_four_eyes(conn, &used, by)?;
    let upheld = review.outcome == Outcome::Upheld;
    let new = NewReview {
        exchange: &review.exchange,
        reviewer: &by.name,
        reviewer_key: by.key.as_ref(),
        upheld,
        reason: review.reason.as_str(),
        at: now,
    };
    if used.state != UseState::Open || !use_decide(conn, keys, &new)? {
        return Err(Refusal::new(Code::Conflict, "this use is decided already").into());
    }
    if let Some(person) = &used.person {
        let kind = NoticeKind::BreakGlassReviewed { exchange: review.exchange.clone(), asker: us.clone(), upheld };
        notices::write(conn, keys, person, &kind, now)?;
    }
    audit::append(conn, &audit::done(by.name.as_str(), DECIDED, review.exchange.as_str(), now))?;
    Ok(())
}

/// Another person, with another key.
fn authorize_four_eyes(conn: &mut AnyConnection, used: &StoredUse, by: &Officer) -> Result<(), ReviewError> {
    two_officers(conn, &used.officer, &by.name)?;
    if used.officer_key.is_some() && used.officer_key == by.key {
        return Err(Refusal::new(Code::FourEyesRequired, "the key is the one of who asked").into());
    }
    Ok(())
}

/// Counts of one law.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LawCounts {
    /// Uses as the asking side.
    pub asked: u64,
    /// Uses as the answering side.
    pub answered: u64,
    /// Of those asked: found right.
    pub upheld: u64,
    /// Of those asked: found wrong.
    pub rejected: u64,
    /// Of those asked: not reviewed yet.
    pub open: u64,
    /// Of those open: should have been reviewed by now.
    pub overdue: u64,
}

/// Counts by law.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(pub BTreeMap<LawId, LawCounts>);

impl Counts {
    fn of(counted: Vec<UseCount>) -> Self {
        let mut laws: BTreeMap<LawId, LawCounts> = BTreeMap::new();
        for UseCount { law, role, state, uses, overdue } in counted {
            let counts = laws.entry(law).or_default();
            match role {
                ReceiptRole::Provider => counts.answered += uses,
                ReceiptRole::Consumer => {
                    counts.asked += uses;
                    counts.overdue += overdue;
                    match state {
                        UseState::Upheld => counts.upheld += uses,
                        UseState::Rejected => counts.rejected += uses,
                        UseState::Open | UseState::Counted => counts.open += uses,
                    }
                }
            }
        }
        Self(laws)
    }

    /// Reviews that wait.
    pub fn open(&self) -> u64 {
        self.0.values().map(|law| law.open).sum()
    }

    /// Reviews that should have been done by now.
    pub fn overdue(&self) -> u64 {
        self.0.values().map(|law| law.overdue).sum()
    }
}
