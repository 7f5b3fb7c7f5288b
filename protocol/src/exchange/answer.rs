//! What the answering department signs: the sealed record, its receipt, and the answer around both.
//!
//! Guarantees: only fields that were asked for and granted leave; the receipt names exactly what left, by digest and
//! item; a refusal is receipted in the same form. Deliberately absent: the decision itself, and the durable commit
//! without which nothing may be sent.

use schemas::{
    answer::{Answer, PredicateResult, Refusal},
    consent::Predicate,
    digest::Digest,
    id::{CompactJwe, EntityId, FieldName, MessageId, SectorSubject},
    problem::Code,
    receipt::{Outcome, Receipt, ReceiptBasis, ReceiptRole},
    time::Timestamp,
    version::V1,
};

use super::{Attested, PeerQuery};
use crate::{
    consent::{Disclosed, Grant},
    seal::{Binding, EncryptionKey, SealFailed, SigningKey, keyed_hash::MacKey, random, seal},
};

/// The answering department as it signs.
#[derive(Clone, Copy, Debug)]
pub struct Provider<'a> {
    /// Who answers.
    pub entity: &'a EntityId,
    /// Signs answers and receipts.
    pub signing: &'a SigningKey,
    /// Keys the subject in receipts.
    pub subject_mac: &'a MacKey,
}

/// What a receipt says beside the outcome; empty as far as the decision did not come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The basis, once it was read.
    pub basis: Option<ReceiptBasis>,
    /// The person, once established; enters the receipt only as a keyed hash.
    pub subject: Option<SectorSubject>,
    /// How fresh the status of the binding was.
    pub status_checked: Option<Timestamp>,
    /// Size of the log when the directory in use was issued.
    pub directory_size: u64,
}

/// A record that only the asker can open, for one answer alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedRecord {
    answer: MessageId,
    data: CompactJwe,
    fields: Vec<FieldName>,
    predicates: Vec<Predicate>,
}

/// An answer with its receipt, both signed, to be committed together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedAnswer {
    /// What is sent.
    pub answer: Attested<Answer>,
    /// What is anchored; stands inside the answer too.
    pub receipt: Attested<Receipt>,
}

impl Provider<'_> {
    /// Seals to the asker what the grant disclosed, of what this query asked for (security, requirement 13). `asker` is the current key of the query's issuer.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn seal_record(
        &self,
        query: &PeerQuery,
        asker: &EncryptionKey,
        grant: &Grant,
        disclosed: Disclosed,
        now: Timestamp,
    ) -> Result<SealedRecord, SealFailed> {
        let asked = &query.claims().query;
        let fields: Vec<_> = asked.fields.iter().filter(|field| grant.fields().contains(*field)).cloned().collect();
        let mut record = disclosed.into_record();
        // The grant may be of another query than this one, and what was disclosed under another grant.
        record.dataset = grant.dataset().clone();
        record.rows.iter_mut().for_each(|row| row.retain(|field, _| fields.contains(field)));
        record.predicates.retain(|answer| asked.predicates.contains(&answer.question()));
        let predicates = record.predicates.iter().map(PredicateResult::question).collect();
        let answer = random::message_id(now);
        let data = seal(asker, &Binding::answer(self.entity, grant.consumer(), &answer), &record)?;
        Ok(SealedRecord { answer, data, fields, predicates })
    }

    /// Signs the answer, or the refusal, with its receipt.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn answer(
        &self,
        query: &PeerQuery,
        decided: Result<SealedRecord, Code>,
        evidence: &Evidence,
        now: Timestamp,
    ) -> Result<SignedAnswer, SealFailed> {
        let receipt = Attested::sign(self.receipt(query, &decided, evidence, now), self.signing)?;
        let (jti, data, refusal) = match decided {
            Ok(record) => (record.answer, Some(record.data), None),
            Err(code) => (random::message_id(now), None, Some(Refusal { code })),
        };
        let answer = Answer {
            v: V1,
            iss: self.entity.clone(),
            aud: query.claims().iss.clone(),
            iat: now.numeric(),
            jti,
            query_jti: query.claims().jti.clone(),
            query: query.digest(),
            outcome: receipt.claims().outcome,
            data,
            refusal,
            receipt: receipt.jws().clone(),
        };
        Ok(SignedAnswer { answer: Attested::sign(answer, self.signing)?, receipt })
    }

    fn receipt(
        &self,
        query: &PeerQuery,
        decided: &Result<SealedRecord, Code>,
        evidence: &Evidence,
        now: Timestamp,
    ) -> Receipt {
        let asked = &query.claims().query;
        let jti = random::message_id(now);
        Receipt {
            v: V1,
            iss: self.entity.clone(),
            role: ReceiptRole::Provider,
            peer: query.claims().iss.clone(),
            iat: now.numeric(),
            salt: random::salt(),
            exchange: query.claims().jti.clone(),
            query: query.digest(),
            data: decided.as_ref().ok().map(|record| Digest::of(record.data.as_str())),
            basis: evidence.basis.clone(),
            purpose: asked.purpose.clone(),
            dataset: asked.dataset.clone(),
            fields: decided.as_ref().map_or_else(|_| asked.fields.clone(), |record| record.fields.clone()),
            predicates: decided.as_ref().map_or_else(|_| asked.predicates.clone(), |record| record.predicates.clone()),
            subject: evidence.subject.as_ref().map(|sub| self.subject_mac.receipt_subject(sub, &jti).to_string()),
            outcome: if decided.is_ok() { Outcome::Answered } else { Outcome::Refused },
            refusal: decided.as_ref().err().copied(),
            status_checked: evidence.status_checked,
            directory_size: evidence.directory_size,
            answer: None,
            counterpart: None,
            jti,
        }
    }
}
