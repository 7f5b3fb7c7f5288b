//! From a system's request to a signed query that is stored: on which consent, to whom.
//!
//! Guarantees: a consent that has ended, or that the citizen has stopped, is not used. Deliberately absent: the decision about
//! items; the provider makes it, so that an attempt to see more leaves signed evidence at both sides and stands in the
//! citizen's history (ADR 0240).

use protocol::{
    consent::Refusal,
    credential::{VerifiedConsent, vc},
    exchange::{Attested, Consumer, Question},
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
use service_kit::db::DatabaseError;

use super::{NotAnswered, Pending};
use crate::{
    app::App,
    exchange::{Rejected, journal::milliseconds},
    store::{
        consents::held::held_find,
        exchange::{
            asks::{AskKey, NewAsk, query_open, query_seal},
            consent_find, consent_index,
        },
    },
};

/// How long a query lives, seconds.
const LIFE: u8 = 60;
/// When recovery looks at a question for the first time, milliseconds after it was asked: after its caller has given up.
const UNDISTURBED_MS: i64 = 15_000;

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
        let (consent, binding) = self.held(&request.consent).await?;
        authorize(&consent, request, now)?;
        self.authorize_own_row(&consent, now).await?;
        let directory = self.directory();
        let provider = directory.peer(&consent.terms().provider, now)?;
        provider.authorize_provider().map_err(|error| Refusal::new(error.code(), "it is not a provider"))?;
        let query = self.sign(key, request, &consent, binding, now)?;
        let ask = NewAsk {
            exchange: query.claims().jti.clone(),
            key: key.clone(),
            request: wanted,
            provider: query.claims().aud.clone(),
            query: query_seal(self.keys(), &query.claims().jti, query.jws()).map_err(Rejected::from)?,
            next_ms: milliseconds(now).saturating_add(UNDISTURBED_MS),
        };
        let stored = self.exchange().asks.open(ask, now).await?;
        Ok(stored.then_some(Pending { query, consent }))
    }

    /// A question read back from storage.
    pub(in crate::exchange) fn pending(&self, exchange: &MessageId, stored: &[u8]) -> Result<Pending, NotAnswered> {
        let unreadable = || NotAnswered::new(Code::Internal);
        let jws = query_open(self.keys(), exchange, stored).map_err(Rejected::from)?;
        let query = Attested::<Query>::read_own(&jws, self.keys().signing.public()).map_err(|_| unreadable())?;
        let Basis::Consent { consent, .. } = &query.claims().basis else { return Err(unreadable()) };
        let consent = self.verify_held(consent)?;
        Ok(Pending { query, consent })
    }

    async fn held(&self, id: &ConsentId) -> Result<(VerifiedConsent, CompactJwe), NotAnswered> {
        let (app, wanted) = (self.clone(), id.clone());
        let found = self.db().read(move |conn| held_find(conn, app.keys(), &wanted)).await.map_err(|error| {
            tracing::warn!(%error, "a held consent could not be read");
            NotAnswered::new(Code::Overloaded)
        })?;
        let held = found.ok_or(NotAnswered::new(Code::ConsentMissing).detail("no consent of that id is held here"))?;
        Ok((self.verify_held(&held.consent)?, held.binding))
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

    /// What the citizen ordered since, as far as she told us.
    async fn authorize_own_row(&self, consent: &VerifiedConsent, now: Timestamp) -> Result<(), NotAnswered> {
        let index = consent_index(self.keys(), consent.issuer(), consent.id());
        let row = self.db().read(move |conn| Ok::<_, DatabaseError>(consent_find(conn, &index)?)).await;
        let Some(row) = row.map_err(Rejected::from)? else { return Ok(()) };
        match row.state.status {
            ConsentStatus::Paused => Err(NotAnswered::new(Code::ConsentPaused)),
            ConsentStatus::Revoked => Err(NotAnswered::new(Code::ConsentRevoked)),
            ConsentStatus::Active if row.state.until.is_some_and(|until| until <= now) => {
                Err(NotAnswered::new(Code::ConsentExpired))
            }
            ConsentStatus::Active => Ok(()),
        }
    }

    fn sign(
        &self,
        key: &AskKey,
        request: &LocalQuery,
        consent: &VerifiedConsent,
        binding: CompactJwe,
        now: Timestamp,
    ) -> Result<Attested<Query>, NotAnswered> {
        let question = Question {
            provider: consent.terms().provider.clone(),
            terms: QueryTerms {
                dataset: consent.terms().dataset.clone(),
                fields: request.fields.clone(),
                predicates: Vec::new(),
                purpose: request.purpose.clone(),
            },
            basis: Basis::Consent { consent: consent.compact().clone(), binding },
            agent: Agent { system: key.system.clone(), officer: request.officer.clone() },
            case: request.case.clone(),
        };
        Ok(self.consumer().ask(question, LIFE, now).map_err(Rejected::from)?)
    }

    /// We as we sign questions and their receipts.
    pub(in crate::exchange) fn consumer(&self) -> Consumer<'_> {
        let keys = self.keys();
        Consumer { entity: self.entity(), signing: &keys.signing, subject_mac: &keys.subject_mac }
    }
}

fn authorize(consent: &VerifiedConsent, request: &LocalQuery, now: Timestamp) -> Result<(), NotAnswered> {
    let terms = consent.terms();
    let rules = [
        (request.purpose == terms.purpose.code, Code::ConsentPurposeMismatch, "the consent is for another purpose"),
        (!request.fields.is_empty(), Code::RequestMalformed, "name one or more fields"),
        (consent.valid_from() <= now, Code::ConsentNotYetValid, "the consent begins later"),
        (now < consent.valid_until(), Code::ConsentExpired, "ask the citizen again"),
    ];
    match rules.into_iter().find(|(holds, ..)| !holds) {
        Some((_, code, detail)) => Err(NotAnswered::new(code).detail(detail)),
        None => Ok(()),
    }
}
