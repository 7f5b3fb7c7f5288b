//! Why a comparison does not begin or does not go on.

use protocol::{consent::Refusal, exchange::NotAttested, overlap::NotTaken, seal::SealFailed};
use registry_adapter::roll::RollError;
use schemas::problem::Code;
use service_kit::{db::DatabaseError, http_client::HttpError};

use crate::{exchange::Rejected, store::overlap::marks::MarkError};

/// A comparison failed.
#[derive(Debug, thiserror::Error)]
pub enum OverlapError {
    /// It is not allowed here.
    #[error("{0}; nothing was sent")]
    NotAllowed(Refusal),
    /// The other department said no.
    #[error("the other department refuses: {} ({code})", code.title())]
    Refused {
        /// Its code.
        code: Code,
    },
    /// No connection, or no whole answer.
    #[error("the other department cannot be reached: {0}; mend: begin again later, nothing is carried over")]
    Away(#[from] HttpError),
    /// Its answer is no problem document and no statement.
    #[error("the other department answered status {0}")]
    Status(u16),
    /// Its statement.
    #[error("the other department's statement cannot be used: {0}")]
    Statement(#[from] NotTaken),
    /// It says something else than belongs here.
    #[error("the other department's statement says something else than belongs here: {0}")]
    Says(&'static str),
    /// The points.
    #[error("the comparison cannot go on: {0}")]
    Points(#[from] protocol::overlap::OverlapError),
    /// Our roll.
    #[error(transparent)]
    Roll(#[from] RollError),
    /// A stored token of our own.
    #[error(transparent)]
    Stored(#[from] NotAttested),
    /// The rows.
    #[error(transparent)]
    Marks(#[from] MarkError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// OpenSSL.
    #[error(transparent)]
    Seal(#[from] SealFailed),
    /// The process is stopping.
    #[error("the process is stopping")]
    Stopping,
}

impl From<Refusal> for OverlapError {
    fn from(refusal: Refusal) -> Self {
        Self::NotAllowed(refusal)
    }
}

impl OverlapError {
    /// The code, where it has one.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::NotAllowed(refusal) => Some(refusal.code()),
            Self::Refused { code } => Some(*code),
            Self::Points(error) => Some(code_of(error)),
            Self::Statement(error) => Some(error.code()),
            Self::Roll(_) => Some(Code::RegistryUnavailable),
            _ => None,
        }
    }
}

/// The code under which a side hears what is wrong with its points.
pub(super) const fn code_of(error: &protocol::overlap::OverlapError) -> Code {
    use protocol::overlap::OverlapError as E;
    match error {
        E::TooMany => Code::OverlapTooLarge,
        E::NotDistinct | E::OutOfTurn | E::NotEachOnce | E::NoPoint(_) => Code::OverlapPointsInvalid,
        E::Seal(_) => Code::Internal,
    }
}

/// What a peer is told where nothing could be signed.
impl From<OverlapError> for Rejected {
    fn from(error: OverlapError) -> Self {
        match error.code() {
            Some(code @ Code::RegistryUnavailable) => Self::new(code).retry_after(5),
            Some(code) => Self::new(code),
            None => {
                tracing::warn!(%error, "a comparison of rolls stopped here");
                Self::new(Code::Overloaded).retry_after(5)
            }
        }
    }
}
