//! Asking the identity registry to name people to another department, for questions under a law.
//!
//! Guarantees: what leaves is sealed to the registry, what comes back to the receiver; each call is a question like any other,
//! stored before it is sent and receipted on both sides. Deliberately absent: reading a name; only its receiver can.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use protocol::exchange::seal_naming;
use schemas::{
    answer::{FieldValue, Record},
    digest::Digest,
    federation::Law,
    id::{CaseId, CompactJwe, EntityId, LawId, PurposeCode, SectorSubject, SystemName},
    naming::{DATASET, FIELD, NamingOrder, PEOPLE},
    problem::Code,
};

use super::{
    Rejected,
    ask::{About, LawQuestion, NotAnswered},
};
use crate::{app::App, store::exchange::asks::AskKey};

/// People of one call at most (protocol, "The citizen").
pub const PEOPLE_IN_A_CALL: usize = 10_000;
/// Messages in the air at once.
const AT_ONCE: usize = 4;

/// For what people are named: stands in each call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamingBasis {
    /// The law that gives us `identity.subject`; [`App::naming_law`] finds it.
    pub law: LawId,
    /// The asker's case.
    pub case: CaseId,
    /// A pseudonym of the officer.
    pub officer: SystemName,
    /// Which of our systems asks.
    pub system: SystemName,
}

impl App {
    /// The law under which the identity registry names people to others for us, for that purpose. Never one for emergencies: names
    /// are many people's, an emergency is one person's.
    ///
    /// # Errors
    /// `law-not-registered`, `directory-outdated`.
    pub fn naming_law(&self, purpose: &PurposeCode) -> Result<Law, NotAnswered> {
        let (directory, now) = (self.directory(), self.now());
        directory.authorize_current(now)?;
        let is_ours = |law: &&Law| {
            law.consumer == *self.entity()
                && law.allowed.dataset.as_str() == DATASET
                && law.purpose == *purpose
                && !law.break_glass
                && law.until >= now.civil_day()
        };
        let none = NotAnswered::new(Code::LawNotRegistered);
        let none = none.detail("no law lets this department have people named to others for that purpose");
        directory.laws().and_then(|laws| laws.iter().find(is_ours)).cloned().ok_or(none)
    }

    /// Has people named to a receiver: for each pseudonym of ours a name that only the receiver opens, inside our messages alone;
    /// `None` for one that is nobody's. At most [`PEOPLE_IN_A_CALL`], each once; each counts in the law's quotas. They go out in
    /// messages of [`PEOPLE`].
    ///
    /// # Errors
    /// [`NotAnswered`], with the registry's signed refusal where it gave one; then nobody is named, but calls that went well count.
    pub async fn name_subjects(
        &self,
        basis: &NamingBasis,
        receiver: &EntityId,
        subjects: &[SectorSubject],
    ) -> Result<Vec<Option<CompactJwe>>, NotAnswered> {
        if subjects.len() > PEOPLE_IN_A_CALL {
            return Err(NotAnswered::new(Code::RequestTooLarge).detail("at most ten thousand people in one call"));
        }
        let none = NotAnswered::new(Code::LawNotRegistered);
        let law = self.directory().law(&basis.law, self.now())?.cloned().ok_or(none)?;
        let calls = subjects.chunks(PEOPLE).map(|people| self.name_some(basis, &law, receiver, people.to_vec()));
        // Collected first: a stream over the closure itself would not be `Send` for every lifetime.
        let calls: Vec<_> = calls.collect();
        let names: Vec<Vec<_>> = stream::iter(calls).buffered(AT_ONCE).try_collect().await?;
        Ok(names.into_iter().flatten().collect())
    }

    async fn name_some(
        &self,
        basis: &NamingBasis,
        law: &Law,
        receiver: &EntityId,
        subjects: Vec<SectorSubject>,
    ) -> Result<Vec<Option<CompactJwe>>, NotAnswered> {
        let people = subjects.len();
        let question = question(basis, law)?;
        self.authorize_law(&question, self.now())?;
        let order = NamingOrder { receiver: receiver.clone(), subjects: subjects.clone() };
        let order = self.seal_order(&law.provider, order)?;
        let key = AskKey::new(basis.system.clone(), protocol::seal::random::message_id(self.now()));
        let end = self
            .ask_under_law(&key, Digest::of(order.as_str()), &question, About { sealed: order, people: subjects })
            .await?;
        let invalid = NotAnswered::new(Code::PeerAnswerInvalid);
        names(&end.into_result()?.record, people).ok_or(invalid)
    }

    fn seal_order(&self, registry: &EntityId, order: NamingOrder) -> Result<CompactJwe, NotAnswered> {
        let directory = self.directory();
        let key = directory.peer(registry, self.now())?.encryption_key();
        Ok(seal_naming(self.entity(), registry, key, &order).map_err(Rejected::from)?)
    }
}

fn question(basis: &NamingBasis, law: &Law) -> Result<LawQuestion, NotAnswered> {
    let unreadable = |_| NotAnswered::new(Code::Internal);
    Ok(LawQuestion {
        law: law.id.clone(),
        provider: law.provider.clone(),
        dataset: law.allowed.dataset.clone(),
        fields: vec![FIELD.parse().map_err(unreadable)?],
        predicates: Vec::new(),
        purpose: law.purpose.clone(),
        case: basis.case.clone(),
        officer: basis.officer.clone(),
    })
}

/// The names in their order, if the record holds one row a person.
fn names(record: &Record, people: usize) -> Option<Vec<Option<CompactJwe>>> {
    let name = |row: &std::collections::BTreeMap<_, FieldValue>| match row.values().next()? {
        FieldValue::Missing => Some(None),
        FieldValue::Text(text) => text.parse().ok().map(Some),
        FieldValue::Integer(_) | FieldValue::Boolean(_) => None,
    };
    (record.rows.len() == people).then(|| record.rows.iter().map(name).collect())?
}
