//! How a question ends: an answer that was verified, a signed refusal, or nothing that could be confirmed.
//!
//! Guarantees: our receipt is durable before anything of the answer goes to the caller; an answer that does not verify ends
//! nothing, because the provider may have given another one before.

use protocol::{
    credential::VerifiedConsent,
    exchange::{Answered, Attested, Evidence, VerifiedAnswer, open_answer},
};
use schemas::{
    id::{CompactJws, Did, LawId, MessageId, SectorSubject},
    local::LocalAnswer,
    naming::DATASET,
    problem::Code,
    receipt::{Receipt, ReceiptBasis},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use service_kit::db::DatabaseError;

use super::{Close, Heard, NotAnswered, Pending, PendingBasis, asks::Told};
use crate::{
    app::App,
    exchange::Rejected,
    laws,
    store::exchange::asks::{AskRow, ask_of_exchange},
};

/// How a question ended, as the caller hears it, again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum End {
    /// With data.
    Answered(LocalAnswer),
    /// With a signed refusal.
    Refused {
        /// Why.
        code: Code,
        /// The signed answer.
        answer: CompactJws,
        /// The exchange and its receipts; absent in ends of an earlier version.
        #[serde(default)]
        evidence: Option<EndEvidence>,
    },
    /// Without an answer.
    Unconfirmed {
        /// What was last heard.
        code: Code,
        /// The exchange and our receipt; absent in ends of an earlier version.
        #[serde(default)]
        evidence: Option<EndEvidence>,
    },
}

/// What proves an end that is no data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndEvidence {
    /// `jti` of the query.
    pub(crate) exchange: MessageId,
    /// Our receipt.
    pub(crate) receipt: MessageId,
    /// The other side's, if it gave one.
    pub(crate) counterpart: Option<MessageId>,
}

impl End {
    /// What the caller hears.
    ///
    /// # Errors
    /// A refusal, or that no answer could be confirmed.
    pub(crate) fn into_result(self) -> Result<LocalAnswer, NotAnswered> {
        match self {
            Self::Answered(answer) => Ok(answer),
            Self::Refused { code, answer, .. } => Err(NotAnswered::new(code).refused_by(answer)),
            Self::Unconfirmed { code, .. } => Err(NotAnswered::new(code)
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
            Heard::NotYet(code) => Err(NotAnswered::new(code)
                .again()
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
        let theirs = answer.receipt().claims().basis.clone();
        let evidence = self.evidence(pending, theirs, provider.directory_size());
        let receipt = self.consumer().receipt(&pending.query, &answer, &evidence, now).map_err(Rejected::from)?;
        let end = end_of(&answer, &receipt);
        let counterpart = Some(answer.receipt().clone());
        let kept = self.kept(pending.query.claims(), &receipt, pending.consent());
        let told = self.told(pending, now);
        self.close(pending, Close { receipt, counterpart, end, issuer: pending.issuer(), told, kept }).await
    }

    /// Closes a question whose answer cannot be had.
    ///
    /// # Errors
    /// If the database does not answer.
    pub(in crate::exchange) async fn end_unconfirmed(&self, pending: &Pending, code: Code) -> Result<End, NotAnswered> {
        let now: Timestamp = self.now();
        let size = self.directory().directory_size();
        let evidence = self.evidence(pending, None, size);
        let receipt = self.consumer().unconfirmed(&pending.query, &evidence, now).map_err(Rejected::from)?;
        let end = End::Unconfirmed { code, evidence: Some(end_evidence(&receipt, None)) };
        let told = self.told(pending, now);
        let close = Close { receipt, counterpart: None, end, issuer: pending.issuer(), told, kept: None };
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

    /// What our receipt says of the basis. A law is named in the version that the provider judged by, where it says one.
    fn evidence(&self, pending: &Pending, theirs: Option<ReceiptBasis>, directory_size: u64) -> Evidence {
        let basis = match &pending.basis {
            PendingBasis::Consent(consent) => {
                Some(ReceiptBasis::Consent { id: consent.id().clone(), digest: consent.digest() })
            }
            PendingBasis::Law { id: law, .. } => {
                let same = theirs.filter(|basis| matches!(basis, ReceiptBasis::Law { id, .. } if id == law));
                same.or_else(|| self.own_law(law))
            }
        };
        Evidence { basis, subject: pending.person().cloned(), status_checked: None, directory_size }
    }

    /// Who is told of a use under a law, and from when: no earlier than at the provider.
    fn told(&self, pending: &Pending, now: Timestamp) -> Told {
        let (id, people) = match &pending.basis {
            PendingBasis::Law { id, people } => (id, people),
            PendingBasis::Consent(consent) => {
                let helped = consent.notice().assistance.as_ref();
                return Told { assisted: helped.map(|one| one.operator.clone()), ..Told::default() };
            }
        };
        let directory = self.directory();
        let registered = directory.laws().and_then(|laws| Some((laws, laws.iter().find(|law| law.id == *id)?)));
        // A law that is not to be seen now may have been one with the longest delay.
        let latest = || Some(now.plus(i64::from(laws::LONGEST_DELAY) * laws::DAY));
        let from = registered.map_or_else(latest, |(laws, law)| laws::told_from_among(law, laws.iter(), now));
        match pending.person() {
            Some(person) => Told { person: Some(person.clone()), from, ..Told::default() },
            None => Told { others: people.clone(), from, ..Told::default() },
        }
    }

    /// A law as our own directory has it.
    fn own_law(&self, id: &LawId) -> Option<ReceiptBasis> {
        let directory = self.directory();
        let laws = directory.laws()?;
        let version = laws.law(id, self.now()).map(|law| law.version.clone());
        Some(ReceiptBasis::Law { id: id.clone(), version, digest: laws.mark().digest })
    }
}

impl Pending {
    /// The consent; none under a law.
    fn consent(&self) -> Option<&VerifiedConsent> {
        match &self.basis {
            PendingBasis::Consent(consent) => Some(consent),
            PendingBasis::Law { .. } => None,
        }
    }

    /// The one person whom a question under a law is about, by our own pseudonym; nobody where people are only to be named.
    fn person(&self) -> Option<&SectorSubject> {
        let naming = self.query.claims().query.dataset.as_str() == DATASET;
        match &self.basis {
            PendingBasis::Law { people, .. } if !naming => people.first(),
            PendingBasis::Law { .. } | PendingBasis::Consent(_) => None,
        }
    }

    /// The consent's issuer; nobody under a law.
    fn issuer(&self) -> Option<Did> {
        self.consent().map(|consent| consent.issuer().clone())
    }
}

fn end_of(answer: &VerifiedAnswer, receipt: &Attested<Receipt>) -> End {
    let counterpart = &answer.receipt().claims().jti;
    match answer.answered() {
        Answered::Record(record) => End::Answered(LocalAnswer {
            exchange: receipt.claims().exchange.clone(),
            receipt: receipt.claims().jti.clone(),
            counterpart: counterpart.clone(),
            record: record.clone(),
        }),
        Answered::Refused(code) => {
            let evidence = Some(end_evidence(receipt, Some(counterpart)));
            End::Refused { code: *code, answer: answer.jws().clone(), evidence }
        }
    }
}

fn end_evidence(receipt: &Attested<Receipt>, counterpart: Option<&MessageId>) -> EndEvidence {
    let Receipt { exchange, jti, .. } = receipt.claims();
    EndEvidence { exchange: exchange.clone(), receipt: jti.clone(), counterpart: counterpart.cloned() }
}
