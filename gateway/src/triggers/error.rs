//! What stops a pass of this area's jobs; it is tried again at its next time, and nothing is lost.

use protocol::{consent::Refusal, exchange::NotAttested, seal::SealFailed};
use registry_adapter::{changes::ChangeError, identity::IdentityError, roll::RollError};
use schemas::problem::Code;
use service_kit::{
    db::{DatabaseError, StatementError},
    http_client::HttpError,
};

use crate::store::{
    encrypted::ColumnError,
    links::LinkError,
    triggers::{ages::AgeStoreError, follows::FollowError},
};

/// A pass stopped.
#[derive(Debug, thiserror::Error)]
pub enum TriggerError {
    /// The gateway's database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// An encrypted column.
    #[error(transparent)]
    Column(#[from] ColumnError),
    /// A notice.
    #[error(transparent)]
    Notice(#[from] crate::notices::NoticeError),
    /// A link.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// A crossing of an age.
    #[error(transparent)]
    Ages(#[from] AgeStoreError),
    /// OpenSSL.
    #[error(transparent)]
    Seal(#[from] SealFailed),
    /// The outbox in the department's database.
    #[error(transparent)]
    Changes(#[from] ChangeError),
    /// The register of residents.
    #[error(transparent)]
    Residents(#[from] IdentityError),
    /// A roll.
    #[error(transparent)]
    Roll(#[from] RollError),
    /// What an event leads to.
    #[error(transparent)]
    Decision(#[from] crate::decisions::DecisionError),
    /// The directory or a law does not allow it now.
    #[error("{0}")]
    NotAllowed(Refusal),
    /// No connection, or no whole answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The other side said no.
    #[error("the other side answered status {status}")]
    Refused {
        /// Status.
        status: u16,
        /// Its code, where it gave a problem document.
        code: Option<Code>,
        /// Seconds to wait.
        retry_after: Option<u32>,
    },
    /// The other side's answer cannot be used.
    #[error("the other side's answer cannot be used: {0}")]
    Answer(&'static str),
    /// A stored token of our own, or one that the other side sent, does not verify now.
    #[error(transparent)]
    Token(#[from] NotAttested),
    /// Another process took over.
    #[error("another process has taken over this work")]
    Overtaken,
    /// The process is stopping.
    #[error("the process is stopping")]
    Stopping,
}

impl From<Refusal> for TriggerError {
    fn from(refusal: Refusal) -> Self {
        Self::NotAllowed(refusal)
    }
}

impl From<StatementError> for TriggerError {
    fn from(error: StatementError) -> Self {
        Self::Database(error.into())
    }
}

impl From<FollowError> for TriggerError {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Database(error) => Self::Database(error),
            FollowError::Column(error) => Self::Column(error),
        }
    }
}

impl TriggerError {
    /// What the other side asked us to wait, seconds.
    pub const fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// Runs blocking work on the blocking pool.
pub(super) async fn blocking<T, F>(work: F) -> Result<T, TriggerError>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, TriggerError> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(stopped) => match stopped.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(TriggerError::Stopping),
        },
    }
}
