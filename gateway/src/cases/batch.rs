//! One question about many people, under a registered law: taken, kept, and handed to whichever process drives it.
//!
//! Guarantees: nothing is asked before the whole batch is durable; numbers are encrypted as long as the batch may go on; the same
//! request under the same key goes on with those who have no end, and with nobody else.

use std::collections::BTreeSet;

use protocol::seal::random;
use registry_adapter::key::LocalKey;
use schemas::{
    asking::{BatchOrder, PERSONS},
    id::{MessageId, SystemName},
    problem::Code,
};
use service_kit::db::DatabaseError;

use super::{
    InquiryAbout, PartAbout, authorize, jobs, milliseconds,
    parts::{there, unsealed},
};
use crate::{
    app::App,
    audit,
    config::{SystemRight, SystemSettings},
    exchange::ask::{LawQuestion, NotAnswered, digest},
    store::{
        encrypted::ColumnError,
        exchange::asks::AskKey,
        inquiries::{
            Inquiry, Kind, NewInquiry, State, Written, batch_resume, inquiry_about_seal, inquiry_find, inquiry_insert,
            part_about_seal,
        },
    },
};

/// The asking of a batch in the audit trail.
const ASKED: &str = "batch.ask";
/// The reading of one.
const READ: &str = "batch.read";

impl App {
    /// Takes a batch, or goes on with it; returns its id. The people are asked about in the background.
    ///
    /// # Errors
    /// `access-denied`, `request-malformed`, `law-not-registered`, `conflict`, `directory-outdated`, `overloaded`. Refusals stand in
    /// the audit trail as well.
    pub async fn open_batch(
        &self,
        system: &SystemSettings,
        key: MessageId,
        order: &BatchOrder,
    ) -> Result<MessageId, NotAnswered> {
        let question = question(order);
        let row = audit::done(system.name.as_str(), ASKED, order.law.as_str(), self.now());
        let allowed = authorize(system, SystemRight::Batch, &order.purpose)
            .and_then(|()| check(order))
            .and_then(|()| self.authorize_ordinary_law(&question));
        if let Err(not) = allowed {
            audit::record(self.db(), audit::refused(row, Some(not.code()))).await?;
            return Err(not);
        }
        let new = self.new_batch(&system.name, key, order, question).await?;
        let written = self.db().write(move |conn| {
            let written = inquiry_insert(conn, &new)?;
            if let Written::There(batch) = &written {
                batch_resume(conn, &batch.id)?;
            }
            audit::append(conn, &row)?;
            Ok::<_, DatabaseError>(written)
        });
        let batch = there(written.await?)?;
        self.wakes().wake(jobs::BATCHES);
        Ok(batch.id)
    }

    async fn new_batch(
        &self,
        system: &SystemName,
        key: MessageId,
        order: &BatchOrder,
        question: LawQuestion,
    ) -> Result<NewInquiry, NotAnswered> {
        let now = self.now();
        let id = random::message_id(now);
        let about = InquiryAbout {
            case: order.case.clone(),
            purpose: order.purpose.clone(),
            officer: Some(order.officer.clone()),
            question: Some(question),
        };
        let new = NewInquiry {
            about: inquiry_about_seal(self.keys(), &id, &about).map_err(unsealed)?,
            parts: self.seal_numbers(&id, order.numbers.clone()).await?,
            key: AskKey::new(system.clone(), key),
            kind: Kind::Batch,
            department: self.entity().clone(),
            request: digest(order)?,
            officer: Some(order.officer.clone()),
            made_ms: milliseconds(now),
            id,
        };
        Ok(new)
    }

    /// Ten thousand numbers are some 20 ms of encryption: not on the threads that serve connections.
    async fn seal_numbers(&self, id: &MessageId, numbers: Vec<String>) -> Result<Vec<Vec<u8>>, NotAnswered> {
        let (app, id) = (self.clone(), id.clone());
        let work = tokio::task::spawn_blocking(move || {
            let seal = |(place, number)| {
                let about = PartAbout { number: Some(number), ..PartAbout::default() };
                part_about_seal(app.keys(), &id, place, &about)
            };
            (0_u32..).zip(numbers).map(seal).collect::<Result<Vec<_>, ColumnError>>()
        });
        work.await.map_err(|_| NotAnswered::new(Code::Internal))?.map_err(unsealed)
    }

    /// A batch of this system, to be read. Each reading is an audit row.
    ///
    /// # Errors
    /// `not-found`, `overloaded`.
    pub async fn look_at_batch(&self, system: &SystemName, id: &MessageId) -> Result<(), NotAnswered> {
        let own = self.batch(id).await?.filter(|batch| batch.key.system == *system);
        let row = audit::done(system.as_str(), READ, id.as_str(), self.now());
        if own.is_none() {
            audit::record(self.db(), audit::refused(row, Some(Code::NotFound))).await?;
            return Err(NotAnswered::new(Code::NotFound).detail("there is no batch of this id for you"));
        }
        Ok(audit::record(self.db(), row).await?)
    }

    pub(super) async fn batch(&self, id: &MessageId) -> Result<Option<Inquiry>, NotAnswered> {
        let id = id.clone();
        let found = self.db().read(move |conn| Ok::<_, DatabaseError>(inquiry_find(conn, &id)?)).await?;
        Ok(found.filter(|inquiry| inquiry.kind == Kind::Batch))
    }
}

pub(super) fn question(order: &BatchOrder) -> LawQuestion {
    LawQuestion {
        law: order.law.clone(),
        provider: order.provider.clone(),
        dataset: order.dataset.clone(),
        fields: order.fields.clone(),
        predicates: order.predicates.clone(),
        purpose: order.purpose.clone(),
        case: order.case.clone(),
        officer: order.officer.clone(),
    }
}

fn check(order: &BatchOrder) -> Result<(), NotAnswered> {
    let each_once = || order.numbers.iter().collect::<BTreeSet<_>>().len() == order.numbers.len();
    let rules = [
        ((1..=PERSONS).contains(&order.numbers.len()), "name 1 to 10,000 people"),
        (order.numbers.iter().all(|number| number.parse::<LocalKey>().is_ok()), "a number is 1 to 128 bytes of text"),
        (each_once(), "name each person once"),
    ];
    match rules.into_iter().find(|(holds, _)| !holds) {
        Some((_, detail)) => Err(NotAnswered::new(Code::RequestMalformed).detail(detail)),
        None => Ok(()),
    }
}

/// Whether somebody works on it, or is to.
pub(super) fn is_running(batch: &Inquiry) -> bool {
    batch.state == State::Running
}
