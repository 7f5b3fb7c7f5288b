//! What stops a decision; it is tried again, and nothing is lost.

use protocol::{
    due_process::{NoWarrant, NotDelivered, OnePerson, RecordInvalid},
    seal::SealFailed,
};
use registry_adapter::roll::RollError;
use service_kit::db::{DatabaseError, StatementError};

use crate::{
    notices::NoticeError,
    store::{decisions::DecisionStoreError, links::LinkError},
};

/// A decision was not taken, or not carried out.
#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    /// The rows.
    #[error(transparent)]
    Store(#[from] DecisionStoreError),
    /// A notice.
    #[error(transparent)]
    Notice(#[from] NoticeError),
    /// A link.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// OpenSSL.
    #[error(transparent)]
    Seal(#[from] SealFailed),
    /// The roll.
    #[error(transparent)]
    Roll(#[from] RollError),
    /// Our own record does not verify.
    #[error(transparent)]
    Record(#[from] RecordInvalid),
    /// A removal without its right.
    #[error(transparent)]
    NoWarrant(#[from] NoWarrant),
    /// A removal without a delivered notice.
    #[error(transparent)]
    NotDelivered(#[from] NotDelivered),
    /// Four eyes are missing.
    #[error(transparent)]
    OnePerson(#[from] OnePerson),
    /// What is stored cannot be.
    #[error("a stored decision is not whole: {0}")]
    NotWhole(&'static str),
    /// Published schemes cannot be read.
    #[error("the published schemes cannot be read: {0}")]
    Schemes(String),
    /// The order reached the department's own system, which has not done it yet.
    #[error("the department's own system has not done it yet")]
    Intended,
    /// Another process took over.
    #[error("another process took over, or the decision changed meanwhile")]
    Overtaken,
    /// The process is stopping.
    #[error("the process is stopping")]
    Stopping,
}

impl From<DatabaseError> for DecisionError {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

impl From<StatementError> for DecisionError {
    fn from(error: StatementError) -> Self {
        DatabaseError::from(error).into()
    }
}

impl From<eligibility::lifecycle::NotWhole> for DecisionError {
    fn from(error: eligibility::lifecycle::NotWhole) -> Self {
        Self::NotWhole(error.what)
    }
}

/// Runs what blocks on the pool for it.
pub(super) async fn blocking<T, F>(work: F) -> Result<T, DecisionError>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, DecisionError> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(stopped) => match stopped.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(DecisionError::Stopping),
        },
    }
}
