//! What each side verifies of the other: the consumer its answer, the provider the consumer's receipt.
//!
//! Guarantees: a [`VerifiedAnswer`] was signed by the provider that was asked, for us, about exactly our query; its
//! receipt is by the same provider about the same bytes; no field came that was not asked for.
//! Deliberately absent: storing, and giving the data to anybody before our receipt is durable.

use std::collections::BTreeSet;

use schemas::{
    answer::{Answer, PredicateResult, Record},
    digest::Digest,
    federation::Standing,
    id::{CompactJws, FieldName},
    problem::Code,
    query::Query,
    receipt::{Outcome, Receipt, ReceiptRole},
    time::{NumericDate, Timestamp},
};

use super::{Attested, NotAttested, PairRule, ReceiptFault, check_receipt};
use crate::{
    federation::VerifiedMember,
    seal::{Binding, DecryptionKey, JweError, Limits, freshness::SKEW, open},
};

/// An answer that belongs to our query, opened. Made by [`open_answer`] alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedAnswer {
    answered: Answered,
    answer: Attested<Answer>,
    receipt: Attested<Receipt>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The data.
    Record(Record),
    /// A signed refusal.
    Refused(Code),
}

/// Why an answer is not taken. All of them are the other side's fault and are shown as `peer-answer-invalid`.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum AnswerInvalid {
    /// The answer's signature or form.
    #[error("the answer is not the provider's")]
    Answer(#[source] NotAttested),
    /// The receipt's signature or form.
    #[error("the receipt is not the provider's")]
    Receipt(#[source] NotAttested),
    /// The member that answered is not the one that was asked.
    #[error("the answer is from another member than was asked")]
    OtherProvider,
    /// The provider is suspended: what it says now is not acted upon.
    #[error("the provider is suspended")]
    Suspended,
    /// For somebody else.
    #[error("the answer is meant for another member")]
    Audience,
    /// About another query.
    #[error("the answer is to another query")]
    OtherQuery,
    /// Older than the query, or from the future.
    #[error("the answer's time does not fit the query's")]
    Time,
    /// Outcome, data and refusal contradict one another.
    #[error("the answer contradicts itself")]
    Inconsistent,
    /// The receipt contradicts itself.
    #[error("the receipt contradicts itself")]
    ReceiptInconsistent(#[source] ReceiptFault),
    /// The receipt is about something else than the answer.
    #[error("the receipt is not about this answer")]
    OtherReceipt,
    /// None of our keys opens the data.
    #[error("the data does not open")]
    Sealed(#[source] JweError),
    /// A field or dataset that was not asked for.
    #[error("the answer holds what was not asked for")]
    Unasked,
}

impl AnswerInvalid {
    /// Always `peer-answer-invalid`.
    pub const fn code(&self) -> Code {
        Code::PeerAnswerInvalid
    }
}

/// Verifies and opens the answer to a query of ours. `keys` are all our decryption keys, old ones included.
///
/// # Errors
/// By the first thing that is wrong.
pub fn open_answer(
    bytes: &[u8],
    query: &Attested<Query>,
    provider: &VerifiedMember,
    keys: &[DecryptionKey],
    now: Timestamp,
) -> Result<VerifiedAnswer, AnswerInvalid> {
    if *provider.entity() != query.claims().aud {
        return Err(AnswerInvalid::OtherProvider);
    }
    if provider.standing() == Standing::Suspended {
        return Err(AnswerInvalid::Suspended);
    }
    let answer = Attested::<Answer>::verify(bytes, provider).map_err(AnswerInvalid::Answer)?;
    check_answer(answer.claims(), query, now)?;
    let receipt = answer.claims().receipt.as_str().as_bytes();
    let receipt = Attested::<Receipt>::verify(receipt, provider).map_err(AnswerInvalid::Receipt)?;
    check_inner_receipt(receipt.claims(), answer.claims(), query, now)?;
    let answered = open_record(answer.claims(), receipt.claims(), keys)?;
    Ok(VerifiedAnswer { answered, answer, receipt })
}

fn check_answer(answer: &Answer, query: &Attested<Query>, now: Timestamp) -> Result<(), AnswerInvalid> {
    if answer.aud != query.claims().iss {
        return Err(AnswerInvalid::Audience);
    }
    if answer.query_jti != query.claims().jti || answer.query != query.digest() {
        return Err(AnswerInvalid::OtherQuery);
    }
    check_time(answer.iat, query, now)?;
    let consistent = match answer.outcome {
        Outcome::Answered => answer.data.is_some() && answer.refusal.is_none(),
        Outcome::Refused => answer.data.is_none() && answer.refusal.is_some(),
        Outcome::Unconfirmed => false,
    };
    if consistent { Ok(()) } else { Err(AnswerInvalid::Inconsistent) }
}

/// A stored answer may come back long after it was made, never from before the query.
fn check_time(iat: NumericDate, query: &Attested<Query>, now: Timestamp) -> Result<(), AnswerInvalid> {
    let since = query.claims().iat.plus(-SKEW);
    if (since..=now.numeric().plus(SKEW)).contains(&iat) { Ok(()) } else { Err(AnswerInvalid::Time) }
}

fn check_inner_receipt(
    receipt: &Receipt,
    answer: &Answer,
    query: &Attested<Query>,
    now: Timestamp,
) -> Result<(), AnswerInvalid> {
    check_receipt(receipt).map_err(AnswerInvalid::ReceiptInconsistent)?;
    check_time(receipt.iat, query, now)?;
    let asked = &query.claims().query;
    let same = receipt.role == ReceiptRole::Provider
        && receipt.peer == query.claims().iss
        && receipt.exchange == query.claims().jti
        && receipt.query == query.digest()
        && receipt.outcome == answer.outcome
        && receipt.refusal == answer.refusal.map(|refusal| refusal.code)
        && receipt.data == answer.data.as_ref().map(|data| Digest::of(data.as_str()))
        && (&receipt.purpose, &receipt.dataset) == (&asked.purpose, &asked.dataset);
    if !same {
        return Err(AnswerInvalid::OtherReceipt);
    }
    let within = receipt.fields.iter().all(|field| asked.fields.contains(field))
        && receipt.predicates.iter().all(|predicate| asked.predicates.contains(predicate));
    if within { Ok(()) } else { Err(AnswerInvalid::Unasked) }
}

fn open_record(answer: &Answer, receipt: &Receipt, keys: &[DecryptionKey]) -> Result<Answered, AnswerInvalid> {
    let Some(data) = &answer.data else {
        return answer.refusal.map(|refusal| Answered::Refused(refusal.code)).ok_or(AnswerInvalid::Inconsistent);
    };
    let binding = Binding::answer(&answer.iss, &answer.aud, &answer.jti);
    let opened = keys.iter().map(|key| open::<Record>(data, key, &binding, Limits::ANSWER));
    let record = first_opened(opened).map_err(AnswerInvalid::Sealed)?;
    let named: BTreeSet<&FieldName> = receipt.fields.iter().collect();
    let fits = record.dataset == receipt.dataset
        && record.rows.iter().all(|row| row.keys().all(|f| named.contains(f)))
        && record.predicates.iter().map(PredicateResult::question).eq(receipt.predicates.iter().cloned());
    if fits { Ok(Answered::Record(record)) } else { Err(AnswerInvalid::Unasked) }
}

/// The first key that fits decides: another error than "for another key" is the answer's own.
pub(crate) fn first_opened<T>(tries: impl Iterator<Item = Result<T, JweError>>) -> Result<T, JweError> {
    for result in tries {
        if result.as_ref().err() != Some(&JweError::OtherKey) {
            return result;
        }
    }
    Err(JweError::OtherKey)
}

impl VerifiedAnswer {
    /// The data, or the refusal.
    pub fn answered(&self) -> &Answered {
        &self.answered
    }

    /// The same, taken out.
    pub fn into_answered(self) -> Answered {
        self.answered
    }

    /// The provider's receipt.
    pub fn receipt(&self) -> &Attested<Receipt> {
        &self.receipt
    }

    /// The answer as it came.
    pub fn jws(&self) -> &CompactJws {
        self.answer.jws()
    }

    /// SHA-256 over the answer as it came.
    pub fn digest(&self) -> Digest {
        self.answer.digest()
    }
}

/// Why a counterpart receipt is not taken.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum CounterpartInvalid {
    /// Its signature or form.
    #[error("the receipt is not the consumer's")]
    Receipt(#[from] NotAttested),
    /// It contradicts itself.
    #[error("the receipt contradicts itself")]
    Inconsistent(#[from] ReceiptFault),
    /// It is not about the same exchange.
    #[error("the receipt does not match ours in {0:?}")]
    Mismatch(PairRule),
}

impl CounterpartInvalid {
    /// The code of refusal.
    pub const fn code(&self) -> Code {
        match self {
            Self::Receipt(error) => error.code(),
            Self::Inconsistent(_) | Self::Mismatch(_) => Code::Conflict,
        }
    }
}

/// Takes the consumer's receipt for an exchange that we answered.
///
/// # Errors
/// By the first thing that is wrong.
pub fn accept_counterpart(
    bytes: &[u8],
    ours: &Attested<Receipt>,
    consumer: &VerifiedMember,
) -> Result<Attested<Receipt>, CounterpartInvalid> {
    let theirs = Attested::<Receipt>::verify(bytes, consumer)?;
    check_receipt(theirs.claims())?;
    match PairRule::first_broken(ours, &theirs) {
        Some(rule) => Err(CounterpartInvalid::Mismatch(rule)),
        None => Ok(theirs),
    }
}
