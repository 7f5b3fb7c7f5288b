//! A query that gets no signed answer: nobody is known to have signed it, or nothing could be made durable.

use schemas::problem::Code;
use service_kit::server::ProblemResponse;

/// A plain problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("rejected: {code}")]
pub struct Rejected {
    code: Code,
    retry_after: Option<u32>,
}

impl Rejected {
    /// For this reason.
    pub const fn new(code: Code) -> Self {
        Self { code, retry_after: None }
    }

    /// Seconds after which to try again.
    #[must_use]
    pub const fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// The code.
    pub const fn code(self) -> Code {
        self.code
    }
}

impl From<Rejected> for ProblemResponse {
    fn from(rejected: Rejected) -> Self {
        let problem = Self::new(rejected.code);
        match rejected.retry_after {
            Some(seconds) => problem.retry_after(seconds),
            None => problem,
        }
    }
}
