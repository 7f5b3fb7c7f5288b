//! Why a wallet did not do what was asked, in four classes that are its exit codes.

use gateway::clients::anchor::AnchorError;
use protocol::{
    credential::{
        binding::{BindingError, PresentError},
        vc::IssueError,
    },
    federation::FederationError,
    seal::{JwsError, KeyError, SealFailed},
};
use schemas::{id::EntityId, problem::Code};
use service_kit::{http_client::HttpError, secret::SecretError};

use crate::cli::Failure;

/// A command did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum WalletError {
    /// Something that was trusted must not be.
    #[error("{0}; mend: do not go on, and ask the department or the authority by another way")]
    Untrusted(String),
    /// The other side said no.
    #[error("{party} refused: {reason}")]
    Refused {
        /// Who.
        party: EntityId,
        /// Its code, if it is one of the protocol's.
        code: Option<Code>,
        /// Its code and words.
        reason: String,
    },
    /// Whether it happened is not known.
    #[error("{party} gave no whole answer: {reason}; mend: try again")]
    Unanswered {
        /// Who.
        party: EntityId,
        /// Why.
        reason: String,
    },
    /// What was typed, or what stands in the wallet's folder.
    #[error("{0}")]
    Usage(String),
    /// A file of the wallet.
    #[error("{path}: {problem}")]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A secret file.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A key could not be made or used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The cryptographic library.
    #[error(transparent)]
    Seal(#[from] SealFailed),
    /// A consent could not be signed.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// A binding could not be presented.
    #[error(transparent)]
    Present(#[from] PresentError),
}

impl WalletError {
    /// The exit code (experience, "Commands").
    pub const fn exit(&self) -> u8 {
        match self {
            Self::Untrusted(_) => Failure::TRUST,
            Self::Unanswered { .. } => Failure::UNKNOWN,
            Self::Usage(_) | Self::File { .. } | Self::Secret(_) => Failure::USAGE,
            Self::Refused { .. } | Self::Key(_) | Self::Seal(_) | Self::Issue(_) | Self::Present(_) => Failure::NO,
        }
    }

    /// No answer of that party.
    pub(super) fn unanswered(party: &EntityId, error: HttpError) -> Self {
        Self::Unanswered { party: party.clone(), reason: error.to_string() }
    }

    /// What the anchor's client reports.
    pub(super) fn anchor(anchor: &EntityId, error: AnchorError) -> Self {
        match error {
            AnchorError::Away(error) => Self::unanswered(anchor, error),
            AnchorError::Refused { code, detail, .. } => {
                Self::Refused { party: anchor.clone(), code: None, reason: format!("{detail} ({code})") }
            }
            AnchorError::Untrusted(error) => error.into(),
            other => Self::Untrusted(format!("{anchor}: {other}")),
        }
    }
}

impl From<FederationError> for WalletError {
    fn from(error: FederationError) -> Self {
        Self::Untrusted(error.to_string())
    }
}

impl From<JwsError> for WalletError {
    fn from(error: JwsError) -> Self {
        Self::Untrusted(error.to_string())
    }
}

impl From<BindingError> for WalletError {
    fn from(error: BindingError) -> Self {
        Self::Untrusted(error.to_string())
    }
}

impl From<WalletError> for Failure {
    fn from(error: WalletError) -> Self {
        Self::new(error.exit(), error)
    }
}
