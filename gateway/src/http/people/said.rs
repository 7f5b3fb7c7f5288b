//! How this area's endpoints say no.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use protocol::consent::Refusal;
use schemas::{openid::OAuthError, problem::Code};
use service_kit::server::ProblemResponse;

use crate::{
    consents::PresentationError,
    http::problem,
    identity::{EndingError, GuardianshipError, IdentityError},
};

/// A refusal whose reason helps its reader to mend the request. The reasons are fixed texts and never about a person; those
/// that would help a forger, or tell whether somebody exists, stay in our own log.
pub(crate) fn refused(refusal: Refusal) -> ProblemResponse {
    let helps = matches!(
        refusal.code(),
        Code::AccessDenied
            | Code::Conflict
            | Code::ConsentAboveTemplate
            | Code::DatasetUnknown
            | Code::LiveNonceRequired
            | Code::RequestExpired
            | Code::RequestMalformed
            | Code::RoleMissing
            | Code::Stale
            | Code::TooManyRequests
    );
    let answer = problem(refusal);
    if helps { answer.detail(refusal.because()) } else { answer }
}

/// A failure of ours: the reason is for our own log.
pub(crate) fn failed(error: impl std::fmt::Display) -> ProblemResponse {
    tracing::error!(%error, "a request failed");
    ProblemResponse::new(Code::Internal)
}

/// A presentation that was not accepted.
pub(crate) fn unproven(error: PresentationError) -> ProblemResponse {
    match error {
        PresentationError::Refused(refusal) => refused(refusal),
        PresentationError::Store(error) => failed(error),
    }
}

/// Bindings that were not ended or resumed.
pub(crate) fn unchanged(error: EndingError) -> ProblemResponse {
    match error {
        EndingError::Refused(refusal) => refused(refusal),
        EndingError::Presentation(error) => unproven(error),
        EndingError::Store(error) => failed(error),
    }
}

/// Guardianships that were not issued.
pub(crate) fn unguarded(error: GuardianshipError) -> ProblemResponse {
    match error {
        GuardianshipError::Refused(refusal) => refused(refusal),
        GuardianshipError::Presentation(error) => unproven(error),
        GuardianshipError::Identity(error) => failed(error),
    }
}

/// An error in the words of OAuth 2.0 (RFC 6749 §5.2); for a bad token with its challenge (RFC 9449 §7.1).
pub(super) fn oauth(error: &IdentityError) -> HttpResponse {
    match error {
        IdentityError::Failed(source) => tracing::error!(error = %source, "the identity registry failed"),
        IdentityError::Unavailable(refusal) => {
            tracing::warn!(code = %refusal.code(), because = refusal.because(), "not issued")
        }
        other => tracing::info!(code = other.code(), because = %other, "not issued"),
    }
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = HttpResponse::build(status);
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    if matches!(error, IdentityError::TokenInvalid) {
        answer.insert_header((header::WWW_AUTHENTICATE, r#"DPoP error="invalid_token", algs="ES256""#));
    }
    answer.json(OAuthError { error: error.code().to_owned(), error_description: Some(error.to_string()) })
}
