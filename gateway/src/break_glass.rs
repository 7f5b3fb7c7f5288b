//! Break-glass: asking in an emergency, under a registered law of its own, and the second pair of eyes afterwards.
//!
//! Guarantees: no use without a law that is registered for emergencies, an officer with an account here, and a reason in words; the use, the notice to the
//! citizen and the review that it opens are one transaction with the question; a review is decided once, within a day or it is overdue
//! and shown so, by another person with another key, with a reason; she is told the result; every decision, refused ones included, is a
//! row of the audit trail. Deliberately absent: asking itself (`exchange`), and the page (`console`).

mod review;
#[cfg(test)]
mod tests;

use protocol::consent::Refusal;
use schemas::{
    federation::Law,
    id::{EntityId, KeyId, MessageId, SystemName},
    notice::NoticeKind,
    problem::Code,
    receipt::ReceiptRole,
    time::Timestamp,
};
use service_kit::{
    db::{AnyConnection, DatabaseError},
    jobs::{Jobs, JobsError},
};

pub use self::review::{Counts, LawCounts, Officer, Outcome, Review, ReviewError};
pub use crate::store::{break_glass::StoredUse, notices::Person};

use crate::{
    app::App,
    audit,
    keys::Keys,
    notices::{self, NoticeError},
    store::{
        break_glass::{BreakGlassStoreError, NewUse, officer_is_known, use_insert},
        people::{PeopleStoreError, officer_keys::officer_key_of},
    },
};

/// Within this a second officer must have looked, seconds.
pub const REVIEW_WITHIN: i64 = 86_400;
/// A reason is a sentence, not a letter; and not a book, characters.
const REASON: std::ops::RangeInclusive<usize> = 10..=2_000;
/// The job that looks for reviews that are late.
pub const REVIEWS: &str = "break-glass-reviews";
/// The action in the audit trail.
const OPENED: &str = "break-glass.open";

/// Why an officer asks, or how a reviewer judges: at least a sentence.
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
pub struct Reason(String);

impl Reason {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

// It may name a person: it must not reach a log by accident.
impl std::fmt::Debug for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reason(…)")
    }
}

impl std::str::FromStr for Reason {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let text = text.trim();
        let is_said = REASON.contains(&text.chars().count()) && text.chars().filter(|c| c.is_alphabetic()).count() >= 5;
        let is_plain = !text.chars().any(|c| c.is_control() && c != '\n');
        if is_said && is_plain {
            return Ok(Self(text.to_owned()));
        }
        Err(Refusal::new(Code::ReasonMissing, "a reason is 10 to 2,000 characters in words"))
    }
}

/// A use cannot be written down; then nothing is asked.
#[derive(Debug, thiserror::Error)]
pub enum BreakGlassError {
    /// Not allowed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The row.
    #[error(transparent)]
    Store(#[from] BreakGlassStoreError),
    /// The notice.
    #[error(transparent)]
    Notice(#[from] NoticeError),
}

impl From<DatabaseError> for BreakGlassError {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

/// What an emergency question needs beside what every question under a law needs.
#[derive(Clone, Debug)]
pub struct Emergency {
    /// Who asks.
    pub officer: SystemName,
    /// The key that the officer used, if one.
    pub officer_key: Option<KeyId>,
    /// Why.
    pub reason: Reason,
}

/// Whether a question under this law is one for emergencies, and whether it brings what that needs.
///
/// # Errors
/// `reason-missing`: an emergency law without officer or reason; `law-scope-exceeded`: a reason for a law that is none for emergencies.
pub fn authorize(law: &Law, officer: Option<&SystemName>, reason: Option<&str>) -> Result<Option<Emergency>, Refusal> {
    match (law.break_glass, officer, reason) {
        (false, _, None) => Ok(None),
        (false, _, Some(_)) => Err(Refusal::new(
            Code::LawScopeExceeded,
            "this law is not registered for emergencies; ask without a reason",
        )),
        (true, Some(officer), Some(reason)) => {
            Ok(Some(Emergency { officer: officer.clone(), officer_key: None, reason: reason.parse()? }))
        }
        (true, _, _) => Err(Refusal::new(Code::ReasonMissing, "a law for emergencies needs an officer and a reason")),
    }
}

impl App {
    /// Refuses an emergency of an officer who has no account here: a free name would let one person ask and review. A refusal is a
    /// row of the audit trail. Of one who has an account, the key by which she signs is written down, if she has one.
    ///
    /// # Errors
    /// `access-denied`; if the rows cannot be read or written.
    pub(crate) async fn authorize_officer(
        &self,
        emergency: Emergency,
        law: &Law,
    ) -> Result<Emergency, BreakGlassError> {
        let officer = emergency.officer.clone();
        let known = self.db().read(move |conn| {
            let known = officer_is_known(conn, &officer)?;
            let key = if known { officer_key_of(conn, &officer)? } else { None };
            Ok::<_, PeopleStoreError>(known.then_some(key))
        });
        if let Some(officer_key) = known.await.map_err(BreakGlassStoreError::from)? {
            return Ok(Emergency { officer_key, ..emergency });
        }
        let refusal = Refusal::new(Code::AccessDenied, "the officer has no account at this gateway");
        let row = audit::done(emergency.officer.as_str(), OPENED, law.id.as_str(), self.now());
        audit::record(self.db(), audit::refused(row, Some(refusal.code()))).await?;
        Err(refusal.into())
    }
}

/// One use, as either side knows it.
#[derive(Clone, Debug)]
pub struct Use<'a> {
    /// `jti` of the query.
    pub exchange: &'a MessageId,
    /// Under which law.
    pub law: &'a Law,
    /// Whose data, where she is known here.
    pub person: Option<&'a Person>,
    /// When.
    pub at: Timestamp,
}

/// What the answering side knows of an emergency: a law for emergencies, and the officer that the query names.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The law.
    pub law: Law,
    /// Who asked.
    pub officer: SystemName,
}

/// The asking side, in the transaction that stores the question before it is sent: the use with its review, the notice, an audit row.
///
/// # Errors
/// `law-scope-exceeded` if the law is none for emergencies; if anything cannot be written, and then nothing may be sent.
pub fn open(
    conn: &mut AnyConnection,
    keys: &Keys,
    used: &Use<'_>,
    emergency: &Emergency,
) -> Result<(), BreakGlassError> {
    let new = NewUse {
        exchange: used.exchange,
        role: ReceiptRole::Consumer,
        law: &used.law.id,
        peer: &used.law.provider,
        officer: &emergency.officer,
        officer_key: emergency.officer_key.as_ref(),
        reason: Some(emergency.reason.as_str()),
        person: used.person,
        opened: used.at,
        due: used.at.plus(REVIEW_WITHIN),
    };
    if write(conn, keys, used, &new)? {
        let row = audit::done(emergency.officer.as_str(), OPENED, used.exchange.as_str(), used.at);
        audit::append(conn, &row)?;
    }
    Ok(())
}

/// The answering side, in the transaction that commits the answer: the use is counted and she is told. `officer`: as the query names.
///
/// # Errors
/// As [`open`].
pub fn answered(
    conn: &mut AnyConnection,
    keys: &Keys,
    used: &Use<'_>,
    officer: &SystemName,
) -> Result<(), BreakGlassError> {
    let new = NewUse {
        exchange: used.exchange,
        role: ReceiptRole::Provider,
        law: &used.law.id,
        peer: &used.law.consumer,
        officer,
        officer_key: None,
        reason: None,
        person: used.person,
        opened: used.at,
        due: used.at.plus(REVIEW_WITHIN),
    };
    write(conn, keys, used, &new).map(drop)
}

/// The row and the notice. `false`: this use is written already.
fn write(conn: &mut AnyConnection, keys: &Keys, used: &Use<'_>, new: &NewUse<'_>) -> Result<bool, BreakGlassError> {
    if !used.law.break_glass {
        return Err(Refusal::new(Code::LawScopeExceeded, "this law is not registered for emergencies").into());
    }
    if !use_insert(conn, keys, new)? {
        return Ok(false);
    }
    if let Some(person) = used.person {
        notices::write(conn, keys, person, &notice(used), used.at)?;
    }
    Ok(true)
}

fn notice(used: &Use<'_>) -> NoticeKind {
    let (asker, provider): (&EntityId, &EntityId) = (&used.law.consumer, &used.law.provider);
    NoticeKind::BreakGlass {
        exchange: used.exchange.clone(),
        asker: asker.clone(),
        provider: provider.clone(),
        law: used.law.id.clone(),
        dataset: used.law.allowed.dataset.clone(),
    }
}

/// Shows how many reviews wait and how many are late; late ones are an alarm each minute until somebody decides.
async fn watch(app: &App) -> Result<(), DatabaseError> {
    let counts = app.break_glass_counts(Timestamp::from_seconds(0)).await?;
    let (open, overdue) = (counts.open(), counts.overdue());
    if overdue > 0 {
        tracing::error!(overdue, "uses in an emergency were not reviewed within a day");
    }
    #[allow(clippy::cast_precision_loss, reason = "metrics")]
    {
        metrics::gauge!("break_glass_reviews_open").set(open as f64);
        metrics::gauge!("break_glass_reviews_overdue").set(overdue as f64);
    }
    Ok(())
}

/// Registers the job of this area and pokes it once.
///
/// # Errors
/// If the scheduler refuses.
pub async fn schedule(app: &App, jobs: &mut Jobs) -> Result<(), JobsError> {
    let with = app.clone();
    let watching = move || {
        let app = with.clone();
        async move { watch(&app).await }
    };
    let watching = jobs.every("50 * * * * *", REVIEWS, watching).await?;
    watching.poke();
    app.wakes().put(REVIEWS, watching);
    Ok(())
}
