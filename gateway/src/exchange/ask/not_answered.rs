//! Why one of our systems gets no data: a code, what to do about it, and the other side's signed refusal if it gave one.

use protocol::consent::Refusal;
use schemas::{
    id::{CompactJws, MessageId},
    problem::Code,
};
use service_kit::{db::DatabaseError, server::ProblemResponse};

use crate::{break_glass::BreakGlassError, exchange::Rejected};

/// Why one of our systems gets no data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not answered: {code}")]
pub struct NotAnswered {
    code: Code,
    detail: Option<&'static str>,
    refusal: Option<CompactJws>,
    retry_after: Option<u32>,
    /// The question that was signed, if one was.
    exchange: Option<MessageId>,
}

impl NotAnswered {
    pub(crate) const fn new(code: Code) -> Self {
        Self { code, detail: None, refusal: None, retry_after: None, exchange: None }
    }

    pub(crate) fn detail(self, detail: &'static str) -> Self {
        Self { detail: Some(detail), ..self }
    }

    /// With the other department's signed refusal.
    pub(super) fn refused_by(self, refusal: CompactJws) -> Self {
        Self { refusal: Some(refusal), ..self }
    }

    /// To be tried again soon.
    pub(super) fn again(self) -> Self {
        Self { retry_after: Some(1), ..self }
    }

    /// About a question that is stored and goes on.
    pub(crate) fn of(self, exchange: &MessageId) -> Self {
        Self { exchange: Some(exchange.clone()), ..self }
    }

    /// The code.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The other department's signed refusal, if that is what it was.
    pub const fn refusal(&self) -> Option<&CompactJws> {
        self.refusal.as_ref()
    }

    /// The question that was signed and goes on, if there is one.
    pub const fn exchange(&self) -> Option<&MessageId> {
        self.exchange.as_ref()
    }

    /// Whether the same request may get an answer at another time, without anybody changing what it stands on.
    pub const fn is_passing(&self) -> bool {
        self.exchange.is_some()
            || matches!(
                self.code,
                Code::Overloaded
                    | Code::TooManyRequests
                    | Code::RegistryUnavailable
                    | Code::BindingStatusUnavailable
                    | Code::AnchorOverdue
                    | Code::DirectoryOutdated
                    | Code::PeerUnavailable
                    | Code::PeerAnswerInvalid
                    | Code::PeerUnknown
                    | Code::PeerSuspended
                    | Code::LawQuotaExceeded
                    | Code::Internal
            )
    }
}

impl From<Refusal> for NotAnswered {
    fn from(refusal: Refusal) -> Self {
        tracing::info!(code = %refusal.code(), because = refusal.because(), "a question is not asked");
        Self::new(refusal.code()).detail(refusal.because())
    }
}

impl From<Rejected> for NotAnswered {
    fn from(rejected: Rejected) -> Self {
        Self { retry_after: Some(1), ..Self::new(rejected.code()) }
    }
}

impl From<DatabaseError> for NotAnswered {
    fn from(error: DatabaseError) -> Self {
        Rejected::from(error).into()
    }
}

impl From<BreakGlassError> for NotAnswered {
    fn from(error: BreakGlassError) -> Self {
        match error {
            BreakGlassError::Refused(refusal) => refusal.into(),
            error => {
                tracing::warn!(%error, "a question in an emergency could not be stored");
                Self { retry_after: Some(1), ..Self::new(Code::Overloaded) }
            }
        }
    }
}

impl From<NotAnswered> for ProblemResponse {
    fn from(not: NotAnswered) -> Self {
        let problem = Self::new(not.code);
        let problem = not.detail.map_or(problem.clone(), |detail| problem.detail(detail));
        let problem = not.retry_after.map_or(problem.clone(), |seconds| problem.retry_after(seconds));
        not.refusal.map_or(problem.clone(), |refusal| problem.refusal(refusal))
    }
}
