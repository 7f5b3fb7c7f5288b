//! What the asking department signs: the query, and its own receipt once it knows how the exchange ended.
//!
//! Guarantees: the receipt names the query, the answer and the provider's receipt by digest; an exchange whose answer
//! never came is closed as `unconfirmed`. Deliberately absent: sending, and the order "receipt first, then the data
//! to the caller", which the gateway keeps.

use schemas::{
    id::{CaseId, EntityId},
    query::{Agent, Basis, Query, QueryTerms},
    receipt::{Outcome, Receipt, ReceiptRole},
    time::Timestamp,
    version::V1,
};

use super::{Attested, Evidence, VerifiedAnswer};
use crate::seal::{SealFailed, SigningKey, freshness::MAX_LIFE, keyed_hash::MacKey, random};

/// The asking department as it signs.
#[derive(Clone, Copy, Debug)]
pub struct Consumer<'a> {
    /// Who asks.
    pub entity: &'a EntityId,
    /// Signs queries and receipts.
    pub signing: &'a SigningKey,
    /// Keys the subject in receipts.
    pub subject_mac: &'a MacKey,
}

/// What to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Whom.
    pub provider: EntityId,
    /// What.
    pub terms: QueryTerms,
    /// Why it is allowed.
    pub basis: Basis,
    /// Which system, which officer.
    pub agent: Agent,
    /// The case.
    pub case: Option<CaseId>,
}

impl Consumer<'_> {
    /// Signs a query that lives so many seconds, at most 120.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn ask(&self, question: Question, life: u8, now: Timestamp) -> Result<Attested<Query>, SealFailed> {
        let Question { provider, terms, basis, agent, case } = question;
        let query = Query {
            v: V1,
            iss: self.entity.clone(),
            aud: provider,
            iat: now.numeric(),
            exp: now.numeric().plus(i64::from(life).min(MAX_LIFE)),
            jti: random::message_id(now),
            query: terms,
            basis,
            agent,
            case,
        };
        Attested::sign(query, self.signing)
    }

    /// Signs our receipt for an answer or a signed refusal.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn receipt(
        &self,
        query: &Attested<Query>,
        answer: &VerifiedAnswer,
        evidence: &Evidence,
        now: Timestamp,
    ) -> Result<Attested<Receipt>, SealFailed> {
        let theirs = answer.receipt().claims();
        let receipt = Receipt {
            data: theirs.data,
            fields: theirs.fields.clone(),
            predicates: theirs.predicates.clone(),
            outcome: theirs.outcome,
            refusal: theirs.refusal,
            answer: Some(answer.digest()),
            counterpart: Some(answer.receipt().digest()),
            ..self.unanswered(query, evidence, now)
        };
        Attested::sign(receipt, self.signing)
    }

    /// Signs our receipt for an exchange whose answer never came.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn unconfirmed(
        &self,
        query: &Attested<Query>,
        evidence: &Evidence,
        now: Timestamp,
    ) -> Result<Attested<Receipt>, SealFailed> {
        Attested::sign(self.unanswered(query, evidence, now), self.signing)
    }

    fn unanswered(&self, query: &Attested<Query>, evidence: &Evidence, now: Timestamp) -> Receipt {
        let asked = query.claims();
        let jti = random::message_id(now);
        Receipt {
            v: V1,
            iss: self.entity.clone(),
            role: ReceiptRole::Consumer,
            peer: asked.aud.clone(),
            iat: now.numeric(),
            salt: random::salt(),
            exchange: asked.jti.clone(),
            query: query.digest(),
            data: None,
            basis: evidence.basis.clone(),
            purpose: asked.query.purpose.clone(),
            dataset: asked.query.dataset.clone(),
            fields: asked.query.fields.clone(),
            predicates: asked.query.predicates.clone(),
            subject: evidence.subject.as_ref().map(|sub| self.subject_mac.receipt_subject(sub, &jti).to_string()),
            outcome: Outcome::Unconfirmed,
            refusal: None,
            status_checked: evidence.status_checked,
            directory_size: evidence.directory_size,
            answer: None,
            counterpart: None,
            jti,
        }
    }
}
