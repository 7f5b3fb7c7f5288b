//! To whom a question goes, and the commit that stores it signed.

use protocol::{
    consent::Refusal,
    exchange::{Attested, Consumer, Question},
};
use schemas::{
    digest::Digest,
    id::{EntityId, SectorSubject},
    query::Query,
    time::Timestamp,
};

use service_kit::db::DatabaseError;

use super::{NotAnswered, Pending, PendingBasis, law::Urgent};
use crate::{
    app::App,
    break_glass::{self, BreakGlassError, Use},
    exchange::{Rejected, journal::milliseconds},
    store::exchange::asks::{AskKey, NewAsk, asks_insert, query_seal},
};

/// How long a query lives, seconds.
const LIFE: u8 = 60;
/// When recovery looks at a question for the first time, milliseconds after it was asked: after its caller has given up.
const UNDISTURBED_MS: i64 = 15_000;

impl App {
    /// Refuses whom the directory does not know as a provider, or as an identity registry of our sector (which is asked for
    /// names), that may take part now.
    ///
    /// # Errors
    /// `peer-unknown`, `peer-suspended`, `directory-outdated`, `role-missing`.
    pub(super) fn authorize_asked(&self, provider: &EntityId, now: Timestamp) -> Result<(), Refusal> {
        let directory = self.directory();
        let provider = directory.peer(provider, now)?;
        if provider.authorize_identity_registry(&self.config().sector).is_ok() {
            return Ok(());
        }
        provider.authorize_provider().map_err(|error| Refusal::new(error.code(), "it is not a provider"))
    }

    /// Signs and stores the question. `None`: its key names another one already.
    pub(super) async fn store_question(
        &self,
        key: &AskKey,
        wanted: Digest,
        question: Question,
        basis: PendingBasis,
        now: Timestamp,
    ) -> Result<Option<Pending>, NotAnswered> {
        let (query, ask) = self.new_ask(key, wanted, (question, basis.people()), now)?;
        let stored = self.exchange().asks.open(ask, now).await?;
        Ok(stored.then_some(Pending { query, basis }))
    }

    /// The same in an emergency: the use, its review and the notice to the citizen are written with the question, or nothing is.
    pub(super) async fn store_urgent(
        &self,
        key: &AskKey,
        wanted: Digest,
        (question, people): (Question, Vec<SectorSubject>),
        urgent: Urgent,
        now: Timestamp,
    ) -> Result<Option<Pending>, NotAnswered> {
        let basis = PendingBasis::Law { id: urgent.law.id.clone(), people };
        let (query, ask) = self.new_ask(key, wanted, (question, basis.people()), now)?;
        let app = self.clone();
        let written = self.db().write(move |conn| {
            let written =
                asks_insert(conn, std::slice::from_ref(&ask), milliseconds(now)).map_err(DatabaseError::from)?;
            let used = Use { exchange: &ask.exchange, law: &urgent.law, person: Some(&urgent.person), at: now };
            if written.contains(&ask.exchange) {
                break_glass::open(conn, app.keys(), &used, &urgent.emergency)?;
                return Ok(true);
            }
            Ok::<_, BreakGlassError>(false)
        });
        Ok(written.await?.then_some(Pending { query, basis }))
    }

    fn new_ask(
        &self,
        key: &AskKey,
        wanted: Digest,
        (question, people): (Question, &[SectorSubject]),
        now: Timestamp,
    ) -> Result<(Attested<Query>, NewAsk), NotAnswered> {
        let query: Attested<Query> = self.consumer().ask(question, LIFE, now).map_err(Rejected::from)?;
        let ask = NewAsk {
            exchange: query.claims().jti.clone(),
            key: key.clone(),
            request: wanted,
            provider: query.claims().aud.clone(),
            query: query_seal(self.keys(), &query.claims().jti, query.jws(), people).map_err(Rejected::from)?,
            next_ms: milliseconds(now).saturating_add(UNDISTURBED_MS),
        };
        Ok((query, ask))
    }

    /// We as we sign questions and their receipts.
    pub(in crate::exchange) fn consumer(&self) -> Consumer<'_> {
        let keys = self.keys();
        Consumer { entity: self.entity(), signing: &keys.signing, subject_mac: &keys.subject_mac }
    }
}
