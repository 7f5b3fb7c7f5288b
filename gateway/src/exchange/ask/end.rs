//! How a question ends: an answer that was verified, a signed refusal, or nothing that could be confirmed.
//!
//! Guarantees: our receipt is durable before anything of the answer goes to the caller; an answer that does not verify ends
//! nothing, because the provider may have given another one before.

use protocol::exchange::{Answered, Attested, Evidence, VerifiedAnswer, open_answer};
use schemas::{
    id::CompactJws,
    local::LocalAnswer,
    problem::Code,
    receipt::{Receipt, ReceiptBasis},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use service_kit::db::DatabaseError;

use super::{Close, Heard, NotAnswered, Pending};
use crate::{
    app::App,
    exchange::Rejected,
    store::exchange::asks::{AskRow, ask_of_exchange},
};

/// How a question ended, as the caller hears it, again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(in crate::exchange) enum End {
    /// With data.
    Answered(LocalAnswer),
    /// With a signed refusal.
    Refused {
        /// Why.
        code: Code,
        /// The signed answer.
        answer: CompactJws,
    },
    /// Without an answer.
    Unconfirmed {
        /// What was last heard.
        code: Code,
    },
}

impl End {
    pub(super) fn into_result(self) -> Result<LocalAnswer, NotAnswered> {
        match self {
            Self::Answered(answer) => Ok(answer),
            Self::Refused { code, answer } => Err(NotAnswered { refusal: Some(answer), ..NotAnswered::new(code) }),
            Self::Unconfirmed { code } => Err(NotAnswered::new(code)
                .detail("no answer could be confirmed; the exchange is closed, ask anew with another Idempotency-Key")),
        }
    }
}

impl App {
    /// Takes what was heard. A question of which nothing final was heard stays open.
    ///
    /// # Errors
    /// [`Code::PeerAnswerInvalid`], or what was heard.
    pub(in crate::exchange) async fn end(&self, pending: &Pending, heard: Heard) -> Result<End, NotAnswered> {
        match heard {
            Heard::Answer(bytes) => self.end_answered(pending, &bytes).await,
            Heard::Never(code) => self.end_unconfirmed(pending, code).await,
            Heard::NotYet(code) => Err(NotAnswered { retry_after: Some(1), ..NotAnswered::new(code) }
                .detail("the question stays open; repeat the request with the same Idempotency-Key")),
        }
    }

    async fn end_answered(&self, pending: &Pending, bytes: &[u8]) -> Result<End, NotAnswered> {
        let now = self.now();
        let directory = self.directory();
        let provider = directory.peer(&pending.query.claims().aud, now)?;
        let answer = open_answer(bytes, &pending.query, provider, &self.keys().encryption, now).map_err(|error| {
            tracing::warn!(%error, peer = %provider.entity(), "an answer is not taken");
            NotAnswered::new(error.code())
        })?;
        let evidence = evidence(pending, provider.directory_size());
        let receipt = self.consumer().receipt(&pending.query, &answer, &evidence, now).map_err(Rejected::from)?;
        let end = end_of(&answer, &receipt);
        let counterpart = Some(answer.receipt().clone());
        self.close(pending, Close { receipt, counterpart, end, issuer: pending.consent.issuer().clone() }).await
    }

    /// Closes a question whose answer cannot be had.
    ///
    /// # Errors
    /// If the database does not answer.
    pub(in crate::exchange) async fn end_unconfirmed(&self, pending: &Pending, code: Code) -> Result<End, NotAnswered> {
        let now: Timestamp = self.now();
        let size = self.directory().directory_size();
        let receipt =
            self.consumer().unconfirmed(&pending.query, &evidence(pending, size), now).map_err(Rejected::from)?;
        let close = Close {
            receipt,
            counterpart: None,
            end: End::Unconfirmed { code },
            issuer: pending.consent.issuer().clone(),
        };
        self.close(pending, close).await
    }

    /// Makes the end durable, or takes the one that was there first.
    async fn close(&self, pending: &Pending, close: Close) -> Result<End, NotAnswered> {
        let end = close.end.clone();
        if self.exchange().asks.close(close).await? {
            self.wake_anchor();
            return Ok(end);
        }
        let exchange = pending.query.claims().jti.clone();
        let found = self.db().read(move |conn| Ok::<_, DatabaseError>(ask_of_exchange(conn, &exchange)?)).await;
        match found.map_err(Rejected::from)? {
            Some(AskRow { exchange, end: Some(end), .. }) => Ok(self.exchange().asks.end(&exchange, &end)?),
            _ => Err(NotAnswered::new(Code::Conflict).detail("the answer is no longer kept")),
        }
    }
}

fn end_of(answer: &VerifiedAnswer, receipt: &Attested<Receipt>) -> End {
    match answer.answered() {
        Answered::Record(record) => End::Answered(LocalAnswer {
            exchange: receipt.claims().exchange.clone(),
            receipt: receipt.claims().jti.clone(),
            counterpart: answer.receipt().claims().jti.clone(),
            record: record.clone(),
        }),
        Answered::Refused(code) => End::Refused { code: *code, answer: answer.jws().clone() },
    }
}

fn evidence(pending: &Pending, directory_size: u64) -> Evidence {
    let (id, digest) = (pending.consent.id().clone(), pending.consent.digest());
    Evidence { basis: Some(ReceiptBasis::Consent { id, digest }), subject: None, status_checked: None, directory_size }
}
