//! Why a JWS was refused. No variant carries text of the token: it may be about a person.

use schemas::problem::Code;

use crate::seal::{StrictJsonError, Typ};

/// A JWS is not acceptable.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum JwsError {
    /// Not the compact form, or a header member or algorithm that is not accepted.
    #[error("the token is malformed: {0}")]
    Malformed(&'static str),
    /// Header or payload is not strict JSON.
    #[error("the token's JSON is malformed: {0}")]
    Json(StrictJsonError),
    /// The claims are not those of the expected structure.
    #[error("the token's claims are not those of {structure} (at byte {column})")]
    Claims {
        /// The type that was expected.
        structure: &'static str,
        /// Where reading stopped.
        column: usize,
    },
    /// Another `typ`.
    #[error("the token is not of type {}", expected.as_str())]
    TypeWrong {
        /// The one type that is accepted here.
        expected: Typ,
    },
    /// Another `v` than 1.
    #[error("the token's version is not supported; 1 is")]
    VersionUnsupported,
    /// The signature, the algorithm or the key id is not the key's.
    #[error("the token's signature is not by the expected key")]
    SignatureInvalid,
}

impl JwsError {
    /// The code of refusal.
    pub const fn code(&self) -> Code {
        match self {
            Self::Malformed(_) | Self::Json(_) | Self::Claims { .. } => Code::TokenMalformed,
            Self::TypeWrong { .. } => Code::TokenTypeWrong,
            Self::VersionUnsupported => Code::VersionUnsupported,
            Self::SignatureInvalid => Code::SignatureInvalid,
        }
    }

    /// Keeps the place and drops the message, which quotes the token.
    pub(super) fn claims<T>(error: serde_json::Error) -> Self {
        Self::Claims { structure: std::any::type_name::<T>(), column: error.column() }
    }
}
