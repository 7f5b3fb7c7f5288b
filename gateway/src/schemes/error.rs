//! Why something about a scheme was not done.

use eligibility::lint::LintDiagnostic;
use protocol::{consent::Refusal, seal::SealFailed};
use registry_adapter::roll::RollError;
use schemas::{digest::Digest, problem::Code};
use service_kit::db::DatabaseError;

use crate::{
    people::FourEyesRefused,
    store::{people::PeopleStoreError, schemes::SchemeStoreError},
};

/// The findings of a lint with an error among them.
#[derive(Debug)]
pub struct NotLinted(pub Vec<LintDiagnostic>);

/// It was not done.
#[derive(Debug, thiserror::Error)]
pub enum SchemeError {
    /// It is not allowed or does not fit; the text may be shown.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The file has errors.
    #[error("the scheme has {} findings; mend: vinimay gateway scheme lint FILE shows them", .0.0.len())]
    NotLinted(NotLinted),
    /// A stored file cannot be read by this program.
    #[error("the scheme file {0} cannot be read by this program; mend: run the version that published it")]
    Unreadable(Digest),
    /// The rows.
    #[error(transparent)]
    Store(#[from] SchemeStoreError),
    /// Accounts and keys.
    #[error(transparent)]
    People(#[from] PeopleStoreError),
    /// The department's own database.
    #[error(transparent)]
    Roll(#[from] RollError),
    /// OpenSSL.
    #[error(transparent)]
    Seal(#[from] SealFailed),
}

impl SchemeError {
    pub(super) fn refused(code: Code, why: &'static str) -> Self {
        Self::Refused(Refusal::new(code, why))
    }

    /// The code for whoever asked.
    pub fn code(&self) -> Code {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::NotLinted(_) => Code::SchemeNotClean,
            Self::Unreadable(_) | Self::Store(_) | Self::People(_) | Self::Roll(_) | Self::Seal(_) => Code::Internal,
        }
    }
}

impl From<DatabaseError> for SchemeError {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

impl From<FourEyesRefused> for SchemeError {
    fn from(error: FourEyesRefused) -> Self {
        match error {
            FourEyesRefused::Refused(refusal) => Self::Refused(refusal),
            FourEyesRefused::Store(error) => Self::People(error),
        }
    }
}
