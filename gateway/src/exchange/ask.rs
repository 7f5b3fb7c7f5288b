//! Asking another department for one of our systems, from top to bottom.
//!
//! Guarantees: the signed query is durable before it is sent and goes out byte for byte each time; the answer is verified and our
//! own receipt durable before the data goes to the caller; a question ends exactly once, as answered, refused or
//! `unconfirmed`, with a receipt; a system's idempotency key names one question for ever. The steps, in this order:
//!
//! | step | where | problems |
//! |---|---|---|
//! | may this system ask for this | [`App::ask`] | `access-denied` |
//! | asked before under this key? | `App::asked_before` | `conflict`; else the same end, or the open question goes on |
//! | our own evidence is logged in time | `App::authorize_anchored` | `anchor-overdue` |
//! | the consent that we hold | `ask/question.rs` | `consent-missing`, `-revoked`, `-paused`, `-expired`, `-not-yet-valid`, `-purpose-mismatch` |
//! | the provider, as the directory has it | `ask/question.rs` | `peer-unknown`, `peer-suspended`, `directory-outdated` |
//! | sign, store, send | `ask/asks.rs`, `ask/send.rs` | `overloaded`, `peer-unavailable`; what the peer said before a signature |
//! | verify, receipt, then the data | `ask/end.rs` | `peer-answer-invalid`; a signed refusal with its code |

mod asks;
mod end;
mod question;
mod send;
#[cfg(test)]
pub(super) mod tests;

use protocol::{consent::Refusal, credential::VerifiedConsent, exchange::Attested};
use schemas::{
    digest::Digest,
    id::{CompactJws, MessageId},
    local::{LocalAnswer, LocalQuery},
    problem::Code,
    query::Query,
};
use service_kit::server::ProblemResponse;

pub use self::{asks::Asks, send::QUERY_TYPE};
pub(super) use self::{asks::Close, end::End, send::Heard};
use super::Rejected;
use crate::{
    app::App,
    config::{SystemRight, SystemSettings},
    store::exchange::asks::{AskKey, AskRow, ask_find},
};

/// A question that was stored and has no end yet.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    /// The query, as it goes out each time.
    pub(super) query: Attested<Query>,
    /// The consent in it.
    pub(super) consent: VerifiedConsent,
}

/// Why one of our systems gets no data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not answered: {code}")]
pub struct NotAnswered {
    code: Code,
    detail: Option<&'static str>,
    refusal: Option<CompactJws>,
    retry_after: Option<u32>,
}

impl NotAnswered {
    pub(super) const fn new(code: Code) -> Self {
        Self { code, detail: None, refusal: None, retry_after: None }
    }

    pub(super) fn detail(self, detail: &'static str) -> Self {
        Self { detail: Some(detail), ..self }
    }

    /// The code.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The other department's signed refusal, if that is what it was.
    pub const fn refusal(&self) -> Option<&CompactJws> {
        self.refusal.as_ref()
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

impl From<NotAnswered> for ProblemResponse {
    fn from(not: NotAnswered) -> Self {
        let problem = Self::new(not.code);
        let problem = not.detail.map_or(problem.clone(), |detail| problem.detail(detail));
        let problem = not.retry_after.map_or(problem.clone(), |seconds| problem.retry_after(seconds));
        not.refusal.map_or(problem.clone(), |refusal| problem.refusal(refusal))
    }
}

impl App {
    /// Asks another department on a consent that we hold, for one of our systems. `key` is the request's idempotency key.
    ///
    /// # Errors
    /// [`NotAnswered`], with the other department's signed refusal where it gave one.
    pub async fn ask(
        &self,
        system: &SystemSettings,
        key: MessageId,
        request: &LocalQuery,
    ) -> Result<LocalAnswer, NotAnswered> {
        if !system.may.contains(&SystemRight::Ask) || !system.purposes.contains(&request.purpose) {
            return Err(NotAnswered::new(Code::AccessDenied).detail("this system may not ask for that purpose"));
        }
        let key = AskKey { system: system.name.clone(), idempotency: key };
        let wanted = Digest::of(serde_json::to_vec(request).map_err(|_| NotAnswered::new(Code::RequestMalformed))?);
        let pending = match self.asked_before(&key, &wanted).await? {
            Some(Before::Ended(end)) => return end.into_result(),
            Some(Before::Open(pending)) => *pending,
            None => match self.begin(&key, request, wanted).await? {
                Some(pending) => pending,
                // Another request with the same key was faster: it is asking.
                None => return Err(NotAnswered { retry_after: Some(1), ..NotAnswered::new(Code::Conflict) }),
            },
        };
        let heard = self.send(&pending).await?;
        self.end(&pending, heard).await?.into_result()
    }

    /// The question that this key named before, and how it stands.
    async fn asked_before(&self, key: &AskKey, wanted: &Digest) -> Result<Option<Before>, NotAnswered> {
        let named = key.clone();
        let found = self.db().read(move |conn| Ok::<_, service_kit::db::DatabaseError>(ask_find(conn, &named)?)).await;
        match found.map_err(Rejected::from)? {
            None => Ok(None),
            Some(row) if row.request != *wanted => {
                Err(NotAnswered::new(Code::Conflict).detail("this Idempotency-Key was used for another request"))
            }
            Some(row) => self.before(row).map(Some),
        }
    }

    fn before(&self, row: AskRow) -> Result<Before, NotAnswered> {
        match (row.open, row.end) {
            (_, Some(end)) => Ok(Before::Ended(self.exchange().asks.end(&row.exchange, &end)?)),
            (Some(open), None) => self.pending(&row.exchange, &open).map(Box::new).map(Before::Open),
            (None, None) => {
                Err(NotAnswered::new(Code::Conflict).detail("the answer under this Idempotency-Key is no longer kept"))
            }
        }
    }
}

/// How a question that was asked before stands.
enum Before {
    Ended(End),
    Open(Box<Pending>),
}
