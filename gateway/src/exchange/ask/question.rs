//! From a system's request to a signed query that is stored: on which consent, to whom.
//!
//! Guarantees: a consent that has ended, or that the citizen has stopped, is not used. Deliberately absent: the decision about
//! items; the provider makes it, so that an attempt to see more leaves signed evidence at both sides and stands in the
//! citizen's history (ADR 0240).

use protocol::{
    credential::{VerifiedConsent, vc},
    exchange::{Attested, Question},
};
use schemas::{
    consent::ConsentStatus,
    digest::Digest,
    id::{CompactJwe, CompactJws, ConsentId, MessageId},
    local::LocalQuery,
    problem::Code,
    query::{Agent, Basis, Query, QueryTerms},
    time::Timestamp,
};

use super::{NotAnswered, Pending, PendingBasis};
use crate::{
    app::App,
    exchange::Rejected,
    store::{
        consents::{held::held_find, requests::RequestStoreError},
        exchange::{
            ConsentIndex, ConsentRow,
            asks::{AskKey, StoredQuery, query_open},
            consent_find, consent_index,
        },
    },
};

/// A consent that we hold, and what our own row says of it.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// The consent.
    pub(crate) consent: VerifiedConsent,
    /// Where our rows speak of it.
    pub(crate) index: ConsentIndex,
    binding: CompactJwe,
    row: Option<ConsentRow>,
}

impl App {
    /// Signs and stores the question. `None`: its key names another one already.
    pub(super) async fn begin(
        &self,
        key: &AskKey,
        request: &LocalQuery,
        wanted: Digest,
    ) -> Result<Option<Pending>, NotAnswered> {
        let now = self.now();
        self.authorize_anchored().await?;
        let held = self.held(&request.consent).await?;
        authorize(&held.consent, request, now)?;
        authorize_own_row(held.row, now)?;
        let Held { consent, binding, .. } = held;
        self.authorize_asked(&consent.terms().provider, now)?;
        let question = Question {
            provider: consent.terms().provider.clone(),
            terms: QueryTerms {
                dataset: consent.terms().dataset.clone(),
                fields: request.fields.clone(),
                predicates: request.predicates.clone(),
                purpose: request.purpose.clone(),
            },
            basis: Basis::Consent { consent: consent.compact().clone(), binding },
            agent: Agent { system: key.system.clone(), officer: request.officer.clone() },
            case: request.case.clone(),
        };
        self.store_question(key, wanted, question, PendingBasis::Consent(Box::new(consent)), now).await
    }

    /// A question read back from storage.
    pub(in crate::exchange) fn pending(&self, exchange: &MessageId, stored: &[u8]) -> Result<Pending, NotAnswered> {
        let StoredQuery { query, people } = query_open(self.keys(), exchange, stored).map_err(Rejected::from)?;
        let query = Attested::<Query>::read_own(&query, self.keys().signing.public())
            .map_err(|_| NotAnswered::new(Code::Internal))?;
        let basis = match &query.claims().basis {
            Basis::Consent { consent, .. } => PendingBasis::Consent(Box::new(self.verify_held(consent)?)),
            Basis::Law { id, .. } => PendingBasis::Law { id: id.clone(), people },
        };
        Ok(Pending { query, basis })
    }

    /// A consent by its id, with our own row of it, in one read.
    ///
    /// # Errors
    /// `consent-missing`; codes of a consent that does not verify.
    pub(crate) async fn held(&self, id: &ConsentId) -> Result<Held, NotAnswered> {
        let (app, wanted) = (self.clone(), id.clone());
        self.db()
            .read(move |conn| {
                let found = held_find(conn, app.keys(), &wanted).map_err(|error| unreadable(&error))?;
                let missing = NotAnswered::new(Code::ConsentMissing).detail("no consent of that id is held here");
                let tokens = found.ok_or(missing)?;
                let consent = app.verify_held(&tokens.consent)?;
                let index = consent_index(app.keys(), consent.issuer(), consent.id());
                let row = consent_find(conn, &index).map_err(|error| unreadable(&error.into()))?;
                Ok(Held { consent, index, binding: tokens.binding, row })
            })
            .await
    }

    fn verify_held(&self, consent: &CompactJws) -> Result<VerifiedConsent, NotAnswered> {
        let remembered = self.exchange().held.as_ref().map(|cache| (cache, Digest::of(consent.as_str())));
        if let Some(found) = remembered.as_ref().and_then(|(cache, digest)| cache.get(digest)) {
            return Ok((*found).clone());
        }
        let verified =
            vc::verify(consent, &self.trust_root().entity).map_err(|error| NotAnswered::new(error.code()))?;
        if let Some((cache, digest)) = remembered {
            cache.insert(digest, std::sync::Arc::new(verified.clone()));
        }
        Ok(verified)
    }
}

fn unreadable(error: &RequestStoreError) -> NotAnswered {
    tracing::warn!(%error, "a held consent could not be read");
    NotAnswered::new(Code::Overloaded)
}

/// What the citizen ordered since, as far as she told us.
fn authorize_own_row(row: Option<ConsentRow>, now: Timestamp) -> Result<(), NotAnswered> {
    let Some(row) = row else { return Ok(()) };
    match row.state.status {
        ConsentStatus::Paused => Err(NotAnswered::new(Code::ConsentPaused)),
        ConsentStatus::Revoked => Err(NotAnswered::new(Code::ConsentRevoked)),
        ConsentStatus::Active if row.state.until.is_some_and(|until| until <= now) => {
            Err(NotAnswered::new(Code::ConsentExpired))
        }
        ConsentStatus::Active => Ok(()),
    }
}

fn authorize(consent: &VerifiedConsent, request: &LocalQuery, now: Timestamp) -> Result<(), NotAnswered> {
    let terms = consent.terms();
    let asks = !request.fields.is_empty() || !request.predicates.is_empty();
    let rules = [
        (request.purpose == terms.purpose.code, Code::ConsentPurposeMismatch, "the consent is for another purpose"),
        (asks, Code::RequestMalformed, "name one or more fields or predicates"),
        (consent.valid_from() <= now, Code::ConsentNotYetValid, "the consent begins later"),
        (now < consent.valid_until(), Code::ConsentExpired, "ask the citizen again"),
    ];
    match rules.into_iter().find(|(holds, ..)| !holds) {
        Some((_, code, detail)) => Err(NotAnswered::new(code).detail(detail)),
        None => Ok(()),
    }
}
