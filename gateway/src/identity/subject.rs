//! Naming people: the identity registry tells a receiver, through the asker, whom the asker means.
//!
//! Source: protocol, "The citizen" (dataset `identity.subject`). Guarantees: only under a registered law that gives the asker this
//! dataset; each name is signed by us, lives a day, opens at the receiver alone and inside the asker's messages alone; nobody and somebody unknown look the
//! same; the call is receipted, and each person counts in the law's quotas. Deliberately absent: naming on a consent, with which
//! a provider gets its own name of her anyway (the binding presentation).

use std::collections::{BTreeMap, BTreeSet};

use protocol::{
    consent::{Asked, Claim, Grant, LawBasis, LawUse, Offer, Refusal, State, VerifiedBasis},
    event::NamingRegistry,
    exchange::open_naming,
    federation::{RegisteredLaw, VerifiedMember},
    seal::EncryptionKey,
};
use registry_adapter::key::LocalKey;
use schemas::{
    answer::FieldValue,
    federation::{Assurance, DatasetDescription, FieldDescription, Sensitivity},
    id::{CaseId, CompactJwe, EntityId, FieldName, PurposeCode, SectorSubject, SystemName},
    naming::{DATASET, FIELD, NamingOrder, PEOPLE},
    problem::Code,
    query::Basis,
    time::Timestamp,
};

use crate::{
    app::App,
    directory::DirectorySnapshot,
    exchange::journal::{LawTake, Taking, Trail},
    keys::Keys,
    store::exchange::law_uses::{LawCounter, LawDay},
};

mod residents;

/// One call, read and not yet judged.
pub(crate) struct Naming<'q> {
    asked: Asked<'q>,
    law: RegisteredLaw,
    order: NamingOrder,
    case: CaseId,
    officer: SystemName,
}

/// Names as they leave, with what they consume.
pub(crate) struct Named {
    pub(crate) grant: Grant,
    pub(crate) rows: Vec<BTreeMap<FieldName, FieldValue>>,
    pub(crate) taking: Taking,
}

impl Naming<'_> {
    /// Whether a query asks for names.
    pub(crate) fn is_asked(asked: Asked<'_>) -> bool {
        asked.query().query.dataset.as_str() == DATASET && matches!(asked.query().basis, Basis::Law { .. })
    }

    /// What is counted of a call before anybody is looked up: the law's and the officer's day.
    pub(crate) fn counters(&self, keys: &Keys, now: Timestamp) -> Vec<LawCounter> {
        let (law, day) = (self.law.law(), LawDay::of(now));
        vec![LawCounter::of_law(&law.id, day), LawCounter::of_officer(keys, &law.id, day, &law.consumer, &self.officer)]
    }

    /// What a call takes: each person counts.
    fn takes(&self, keys: &Keys, now: Timestamp) -> Vec<LawTake> {
        let (law, day) = (self.law.law(), LawDay::of(now));
        let people = u32::try_from(self.order.subjects.len()).unwrap_or(u32::MAX);
        let most = [law.quota.per_day, law.quota.per_officer];
        let all = self.counters(keys, now).into_iter().zip(most);
        let all = all.map(|(counter, most)| LawTake { counter, uses: people, most });
        let each = self.order.subjects.iter().map(|subject| LawTake {
            counter: LawCounter::of_subject(keys, &law.id, day, subject),
            uses: 1,
            most: law.quota.per_subject,
        });
        all.chain(each).collect()
    }
}

impl App {
    /// Reads a call for names. What is learned goes into the trail.
    ///
    /// # Errors
    /// `dataset-unknown`: we are no identity registry; `law-not-registered`, `law-scope-exceeded`, `token-malformed`,
    /// `directory-outdated`.
    pub(crate) fn read_naming<'q>(
        &self,
        asked: Asked<'q>,
        directory: &DirectorySnapshot,
        now: Timestamp,
    ) -> Result<Naming<'q>, Refusal> {
        directory.authorize_current(now)?;
        let query = asked.query();
        self.identity_registry(now).map_err(|_| Refusal::new(Code::DatasetUnknown, "we are no identity registry"))?;
        let Basis::Law { id, subject } = &query.basis else {
            return Err(Refusal::new(Code::DatasetUnknown, "names are given under a law alone"));
        };
        let law = directory.laws().and_then(|laws| laws.registered(id));
        let law = law.ok_or(Refusal::new(Code::LawNotRegistered, "no such law"))?;
        let beyond = |because| Refusal::new(Code::LawScopeExceeded, because);
        if law.law().break_glass {
            return Err(beyond("names are not given under a law for emergencies"));
        }
        let case = query.case.clone().ok_or(beyond("a law needs a case"))?;
        let officer = query.agent.officer.clone().ok_or(beyond("a law needs an officer"))?;
        let order = open_naming(subject, self.entity(), &self.keys().encryption, &query.iss)
            .map_err(|error| Refusal::new(error.code(), "the order does not open for this asker"))?;
        let different: BTreeSet<_> = order.subjects.iter().collect();
        match order.subjects.len() {
            0 => Err(beyond("nobody is to be named")),
            people if people > PEOPLE => Err(beyond("more people than a message holds")),
            people if people != different.len() => Err(beyond("a person stands twice")),
            _ => Ok(Naming { asked, law, order, case, officer }),
        }
    }

    /// Judges a call and names whom we know.
    ///
    /// # Errors
    /// Those of `Grant::authorize` under a law; of the receiver, as the directory has it; `registry-unavailable`.
    pub(crate) async fn name_people(
        &self,
        naming: &Naming<'_>,
        asker: &VerifiedMember,
        uses: &[u32],
        directory: &DirectorySnapshot,
        now: Timestamp,
        trail: &mut Trail,
    ) -> Result<Named, Refusal> {
        let grant = self.authorize_naming(naming, uses, directory, now)?;
        let receiver = directory.peer(&naming.order.receiver, now)?;
        let unknown = Refusal::new(Code::NotFoundOrNotPermitted, "we name nobody to that sector");
        let key = self.keys().sectors.get(receiver.sector()).cloned().ok_or(unknown)?;
        let known = self.residents_of(asker.sector(), &naming.order.subjects).await?;
        trail.people = self.own_names(&known);
        let subjects =
            known.into_iter().map(|number| number.map(|number| key.sector_subject(number.as_str()))).collect();
        let to = Receiver { entity: receiver.entity().clone(), key: receiver.encryption_key().clone() };
        let names = self.seal_names(to, asker.entity().clone(), subjects).await?;
        let field: FieldName = FIELD.parse().map_err(|_| unknown)?;
        let value =
            |name: Option<CompactJwe>| name.map_or(FieldValue::Missing, |name| FieldValue::Text(name.to_string()));
        let rows = names.into_iter().map(|name| BTreeMap::from([(field.clone(), value(name))])).collect();
        Ok(Named { grant, rows, taking: Taking::Quota(naming.takes(self.keys(), now)) })
    }

    /// The rules of the law, which are the same for each person of a call; and what is left of the day for all of them.
    fn authorize_naming(
        &self,
        naming: &Naming<'_>,
        uses: &[u32],
        directory: &DirectorySnapshot,
        now: Timestamp,
    ) -> Result<Grant, Refusal> {
        let law = naming.law.law();
        let nobody = Refusal::new(Code::LawScopeExceeded, "nobody is to be named");
        let basis = LawBasis {
            law: naming.law.clone(),
            subject: naming.order.subjects.first().cloned().ok_or(nobody)?,
            case: naming.case.clone(),
            officer: naming.officer.clone(),
        };
        let dataset = offered(&law.purpose).ok_or(nobody)?;
        let purpose = directory.purpose_newest(&law.purpose, now)?;
        let offer = Offer { sector: &self.config().sector, purpose, dataset: Some(&dataset), operator: None };
        let [per_day, per_officer] = uses.try_into().unwrap_or([u32::MAX; 2]);
        let state = State::Law(LawUse { per_day, per_officer, per_subject: 0 });
        let grant = Grant::authorize(naming.asked, &VerifiedBasis::Law(Box::new(basis)), &offer, &state, now)?;
        let people = naming.takes(self.keys(), now);
        let fit = people.iter().zip([per_day, per_officer]).all(|(take, before)| take.fits(before));
        match (fit, grant.claim()) {
            (true, Claim::Law(_)) => Ok(grant),
            _ => Err(Refusal::new(Code::LawQuotaExceeded, "fewer are left today than people are asked about")),
        }
    }

    /// The people by their names in our own sector, so that their history here shows that they were named.
    fn own_names(&self, known: &[Option<LocalKey>]) -> Vec<SectorSubject> {
        let Some(key) = self.keys().sectors.get(&self.config().sector) else { return Vec::new() };
        known.iter().flatten().map(|number| key.sector_subject(number.as_str())).collect()
    }

    /// A signature and a sealing each, some 0.15 ms: not on the threads that serve connections.
    async fn seal_names(
        &self,
        to: Receiver,
        asker: EntityId,
        subjects: Vec<Option<SectorSubject>>,
    ) -> Result<Vec<Option<CompactJwe>>, Refusal> {
        let (registry, signing, now) = (self.entity().clone(), self.keys().signing.clone(), self.now());
        let seal = move |sub: SectorSubject| {
            let registry = NamingRegistry { entity: &registry, signing: &signing };
            registry.name((&to.entity, &to.key), &asker, sub, now)
        };
        let work = move || subjects.into_iter().map(|sub| sub.map(&seal).transpose()).collect::<Result<_, _>>();
        let away = Refusal::new(Code::RegistryUnavailable, "the names could not be sealed");
        tokio::task::spawn_blocking(work).await.map_err(|_| away)?.map_err(|error| {
            tracing::error!(%error, "a name could not be sealed");
            away
        })
    }
}

/// To whom names are sealed.
struct Receiver {
    entity: EntityId,
    key: EncryptionKey,
}

/// The dataset as the registry offers it: for the law's own purpose.
fn offered(purpose: &PurposeCode) -> Option<DatasetDescription> {
    let title = [("en", "Names of people for another department"), ("hi", "दूसरे विभाग के लिए व्यक्तियों की पहचान")];
    Some(DatasetDescription {
        id: DATASET.parse().ok()?,
        title: title.map(|(language, text)| (language.to_owned(), text.to_owned())).into(),
        fields: vec![FieldDescription {
            name: FIELD.parse().ok()?,
            title: [("en", "Name in the other sector"), ("hi", "दूसरे क्षेत्र में पहचान")]
                .map(|(language, text)| (language.to_owned(), text.to_owned()))
                .into(),
            r#type: "text".to_owned(),
            sensitivity: Sensitivity::Personal,
            mask: None,
        }],
        purposes: vec![purpose.clone()],
        assurance: Assurance::Low,
        refuse_assisted: false,
    })
}
