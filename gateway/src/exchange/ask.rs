//! Asking another department for one of our systems, from top to bottom.
//!
//! Guarantees: the signed query is durable before it is sent and goes out byte for byte each time; the answer is verified and our
//! own receipt durable before the data goes to the caller; a question ends exactly once, as answered, refused or
//! `unconfirmed`, with a receipt; a system's idempotency key names one question for ever. The steps, in this order:
//!
//! | step | where | problems |
//! |---|---|---|
//! | may this system ask for this | [`App::ask`] | `access-denied` |
//! | our own evidence is logged in time | `App::authorize_anchored` | `anchor-overdue` |
//! | the consent that we hold, or the law | `ask/question.rs`, `ask/law.rs` | `consent-missing`, `-revoked`, `-paused`, `-expired`, `-not-yet-valid`, `-purpose-mismatch`; `law-not-registered` |
//! | the provider, as the directory has it | `ask/provider.rs` | `peer-unknown`, `peer-suspended`, `directory-outdated` |
//! | sign, store; is the key free? | `ask/asks.rs` | `overloaded` |
//! | asked before under this key? then its end, or the open question goes on | `App::asked_before` | `conflict` |
//! | send | `ask/send.rs` | `peer-unavailable`; what the peer said before a signature |
//! | verify, receipt, then the data | `ask/end.rs` | `peer-answer-invalid`; a signed refusal with its code |
//!
//! A new question costs one read. That its key is taken is found when it is stored; whatever speaks against asking now is held back
//! until it is known that nothing was asked before, so that a repeated request hears its old end all the same.

mod asks;
mod end;
mod law;
mod not_answered;
mod provider;
mod question;
mod send;
#[cfg(test)]
pub(super) mod tests;

use protocol::{credential::VerifiedConsent, exchange::Attested};
use schemas::{
    digest::Digest,
    id::{CompactJwe, LawId, MessageId, SectorSubject},
    local::{LocalAnswer, LocalQuery},
    problem::Code,
    query::Query,
};
use service_kit::db::DatabaseError;

pub use self::{asks::Asks, not_answered::NotAnswered, send::QUERY_TYPE};
pub(super) use self::{asks::Close, send::Heard};
pub(crate) use self::{
    end::{End, EndEvidence},
    law::{LawQuestion, Urgent},
};
use super::Rejected;
use crate::{
    app::App,
    config::{SystemRight, SystemSettings},
    store::exchange::asks::{AskKey, AskRow, ask_find},
};

/// A question that was stored and has no end yet.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    /// The query, as it goes out each time.
    pub(crate) query: Attested<Query>,
    /// What it stands on.
    pub(super) basis: PendingBasis,
}

/// What a question stands on.
#[derive(Clone, Debug)]
pub(super) enum PendingBasis {
    /// The consent in it.
    Consent(Box<VerifiedConsent>),
    /// A registered law.
    Law {
        /// Which.
        id: LawId,
        /// Whom it is about, by our own pseudonyms.
        people: Vec<SectorSubject>,
    },
}

impl PendingBasis {
    /// Whom a question under a law is about, by our own pseudonyms; nobody on a consent, whose issuer is known.
    fn people(&self) -> &[SectorSubject] {
        match self {
            Self::Law { people, .. } => people,
            Self::Consent(_) => &[],
        }
    }
}

/// About whom a question under a law is.
#[derive(Clone)]
pub(crate) struct About {
    /// As it stands in the query: sealed to the one who is asked.
    pub(crate) sealed: CompactJwe,
    /// By our own pseudonyms, so that the use stands in these people's history here too.
    pub(crate) people: Vec<SectorSubject>,
}

// Pseudonyms stand in it: it does not print itself.
impl std::fmt::Debug for About {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "About({} people)", self.people.len())
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
        self.ask_on_consent(&AskKey::new(system.name.clone(), key), request).await?.into_result()
    }

    /// Asks on a consent, or hears again how the question of this key ended.
    ///
    /// # Errors
    /// [`NotAnswered`]; a signed refusal is an [`End`].
    pub(crate) async fn ask_on_consent(&self, key: &AskKey, request: &LocalQuery) -> Result<End, NotAnswered> {
        let wanted = digest(request)?;
        let begun = self.begin(key, request, wanted).await;
        self.go_on(key, wanted, begun).await
    }

    /// Sends what was begun, or what was begun before under the same key.
    async fn go_on(
        &self,
        key: &AskKey,
        wanted: Digest,
        begun: Result<Option<Pending>, NotAnswered>,
    ) -> Result<End, NotAnswered> {
        let pending = match begun {
            Ok(Some(pending)) => pending,
            taken => match (self.asked_before(key, &wanted).await?, taken) {
                (Some(Before::Ended(end)), _) => return Ok(end),
                (Some(Before::Open(pending)), _) => *pending,
                (None, Err(why)) => return Err(why),
                (None, Ok(_)) => return Err(NotAnswered::new(Code::Internal)),
            },
        };
        self.finish(&pending).await
    }

    /// Sends a stored question until something final is heard.
    ///
    /// # Errors
    /// What was heard last; the question then stays open, and recovery goes on with it.
    pub(crate) async fn finish(&self, pending: &Pending) -> Result<End, NotAnswered> {
        let exchange = &pending.query.claims().jti;
        let heard = self.send(pending).await.map_err(|not| not.of(exchange))?;
        self.end(pending, heard).await.map_err(|not| not.of(exchange))
    }

    /// The question that this key named before, and how it stands.
    pub(crate) async fn asked_before(&self, key: &AskKey, wanted: &Digest) -> Result<Option<Before>, NotAnswered> {
        let named = key.clone();
        let found = self.db().read(move |conn| Ok::<_, DatabaseError>(ask_find(conn, &named)?)).await?;
        found.map(|row| self.before(row, wanted)).transpose()
    }

    /// A question as it was found under its key.
    ///
    /// # Errors
    /// `conflict` if it was another one, or its answer is no longer kept.
    pub(crate) fn before(&self, row: AskRow, wanted: &Digest) -> Result<Before, NotAnswered> {
        if row.request != *wanted {
            return Err(NotAnswered::new(Code::Conflict).detail("this Idempotency-Key was used for another request"));
        }
        match (row.open, row.end) {
            (_, Some(end)) => Ok(Before::Ended(self.exchange().asks.end(&row.exchange, &end)?)),
            (Some(open), None) => self.pending(&row.exchange, &open).map(Box::new).map(Before::Open),
            (None, None) => {
                Err(NotAnswered::new(Code::Conflict).detail("the answer under this Idempotency-Key is no longer kept"))
            }
        }
    }

    /// An end as it was stored.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub(crate) fn stored_end(&self, exchange: &MessageId, stored: &[u8]) -> Result<End, Rejected> {
        self.exchange().asks.end(exchange, stored)
    }
}

/// How a question that was asked before stands.
pub(crate) enum Before {
    /// It has an end.
    Ended(End),
    /// It goes on.
    Open(Box<Pending>),
}

/// The digest by which a key's later use is compared with its first.
///
/// # Errors
/// `request-malformed`, if it cannot be written as JSON.
pub(crate) fn digest<T: serde::Serialize>(request: &T) -> Result<Digest, NotAnswered> {
    serde_json::to_vec(request).map(Digest::of).map_err(|_| NotAnswered::new(Code::RequestMalformed))
}
