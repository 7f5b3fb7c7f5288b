//! Problem documents (RFC 9457) as answers.
//!
//! A handler returns `Result<_, ProblemResponse>`; the entity's address and the request's id are filled in by the
//! outermost layer, so that no error is answered without them. 5xx tell nothing but their code.

use std::fmt;

use actix_web::{
    HttpResponse, HttpResponseBuilder, ResponseError,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
};
use schemas::{
    id::{CompactJws, EntityId},
    problem::{Code, Problem},
};

/// What most handlers return.
pub type Reply = Result<HttpResponse, ProblemResponse>;

/// A refusal or failure on its way to the caller.
#[derive(Clone, Debug)]
pub struct ProblemResponse {
    code: Code,
    detail: Option<String>,
    refusal: Option<CompactJws>,
    retry_after: Option<u32>,
    challenge: Option<&'static str>,
}

impl ProblemResponse {
    /// The plain problem of a code.
    pub const fn new(code: Code) -> Self {
        Self { code, detail: None, refusal: None, retry_after: None, challenge: None }
    }

    /// What was wrong here and how to mend it. Never internal text, never personal data.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The signed refusal of another server.
    #[must_use]
    pub fn refusal(mut self, refusal: CompactJws) -> Self {
        self.refusal = Some(refusal);
        self
    }

    /// Seconds after which to try again; also the `Retry-After` header.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The `WWW-Authenticate` header (RFC 9110 §11.6.1), such as `DPoP`.
    #[must_use]
    pub const fn challenge(mut self, challenge: &'static str) -> Self {
        self.challenge = Some(challenge);
        self
    }

    /// The code.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// What was wrong here, if that was said.
    pub fn explanation(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// Seconds after which to try again.
    pub const fn seconds_to_retry(&self) -> Option<u32> {
        self.retry_after
    }

    /// The code that fits an answer of the framework itself.
    pub(super) fn of_status(status: StatusCode) -> Self {
        Self::new(match status.as_u16() {
            401 => Code::NotAuthenticated,
            403 => Code::AccessDenied,
            404 => Code::NotFound,
            405 => Code::MethodNotAllowed,
            408 => Code::RequestTimeout,
            409 => Code::Conflict,
            413 | 414 | 431 => Code::RequestTooLarge,
            415 => Code::MediaTypeUnsupported,
            429 => Code::TooManyRequests,
            503 => Code::Overloaded,
            400..500 => Code::RequestMalformed,
            _ => Code::Internal,
        })
    }

    /// The whole document as an answer.
    pub(super) fn document(&self, entity: &EntityId, request_id: &str) -> HttpResponse {
        let mut problem = Problem::new(entity, self.code, request_id);
        problem.detail.clone_from(&self.detail);
        problem.refusal = self.refusal.as_ref().map(ToString::to_string);
        problem.retry_after = self.retry_after;
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        self.head().insert_header((header::CONTENT_TYPE, Problem::MEDIA_TYPE)).body(body)
    }

    fn head(&self) -> HttpResponseBuilder {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, HeaderValue::from(seconds)));
        }
        if let Some(challenge) = self.challenge {
            response.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        response
    }
}

impl fmt::Display for ProblemResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())
    }
}

impl std::error::Error for ProblemResponse {}

impl From<Code> for ProblemResponse {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl ResponseError for ProblemResponse {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The draft travels in the response's extensions to the outermost layer, which writes the document.
    fn error_response(&self) -> HttpResponse {
        let mut response = self.head().finish();
        response.extensions_mut().insert(self.clone());
        response
    }
}

/// Where no route is.
pub(super) async fn not_found() -> ProblemResponse {
    ProblemResponse::new(Code::NotFound)
}

impl actix_web::Responder for ProblemResponse {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &actix_web::HttpRequest) -> HttpResponse {
        self.error_response()
    }
}
