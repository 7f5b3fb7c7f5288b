//! A small federation of real keys, for tests and benchmarks.
//!
//! Guarantees: whatever it makes was signed, sealed and verified by the same code that serves; a [`Grant`] comes out of
//! [`Grant::authorize`] like any other. Deliberately absent from released binaries, of which this crate is no part.
//!
//! ```ignore
//! let world = World::new();
//! let asha = world.citizen("RID-0001");
//! let consent = asha.consent(&world.terms());
//! let query = world.sealed(&world.query(&consent));
//! let grant = world.grant(&consent);
//! ```
#![allow(clippy::expect_used, reason = "a fixture that cannot be made is a failed test")]

mod authority;
mod citizen;
mod department;
mod registry;

pub use authority::Authority;
pub use citizen::{Citizen, Proofs, SignedConsent};
pub use department::Department;
pub use registry::IdentityRegistry;

use std::{collections::BTreeMap, str::FromStr};

use schemas::{
    consent::{
        ConsentPurpose, ConsentTerms, DataRange, DataSubject, Decision, Frequency, FrequencyMode, OnwardSharing,
        Retention,
    },
    federation::{
        AllowedData, Assurance, DatasetDescription, Disclosure, FieldDescription, FrequencyBound, Law, LawQuota,
        Purpose, Role, Sensitivity,
    },
    id::{CompactJwe, CompactJws, EntityId},
    query::{Agent, Basis, Query, QueryTerms},
    time::Timestamp,
    version::V1,
};

use protocol::{
    consent::{Asked, BasisReader, ConsentState, Grant, LawUse, Offer, Refusal, State, VerifiedBasis},
    event::NamingRegistry,
    exchange::{accept, authorize_peer},
    federation::{Directory, VerifiedLaws, VerifiedPurposes, VerifiedRegister, verify_register},
    seal::{Typ, random, sign},
};

/// The instant at which the fixtures live: 2026-11-21T08:01:40Z.
pub const NOW: i64 = 1_795_248_100;

/// Reads a name that the test spells.
///
/// # Panics
/// If it is not one.
pub fn name<T: FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a valid name")
}

/// An authority, a registry, a department that asks and one that answers, and one purpose and dataset.
pub struct World {
    /// The trust anchor's organisation.
    pub authority: Authority,
    /// Who issues bindings.
    pub registry: IdentityRegistry,
    /// Who asks: `https://social.gov.example`.
    pub consumer: Department,
    /// Who answers: `https://revenue.gov.example`.
    pub provider: Department,
    /// The purpose.
    pub purpose: Purpose,
    /// The dataset.
    pub dataset: DatasetDescription,
    /// A law that allows the consumer the same dataset.
    pub law: Law,
    /// Now.
    pub now: Timestamp,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// Makes all keys anew; a few milliseconds.
    pub fn new() -> Self {
        let now = Timestamp::from_seconds(NOW);
        let dataset = dataset();
        let mut provider = Department::new("revenue", vec![Role::Provider], now);
        provider.datasets.push(dataset.clone());
        Self {
            authority: Authority::new(now),
            registry: IdentityRegistry::new(&["revenue", "social", "food"], now),
            consumer: Department::new("social", vec![Role::Consumer(name("social"))], now),
            provider,
            purpose: purpose(),
            dataset,
            law: law(),
            now,
        }
    }

    /// The directory as a member verified it: asker, answerer and registry.
    pub fn directory(&self) -> Directory {
        let members = [&self.consumer, &self.provider, &self.registry.member].map(|d| self.authority.admit(d));
        Directory::new(self.authority.verified(), members)
    }

    /// The purpose registry as a member verified it.
    pub fn purposes(&self) -> VerifiedPurposes {
        let signed = self.authority.purposes(1, std::slice::from_ref(&self.purpose));
        match verify_register(&signed, &self.authority.verified(), self.now).expect("a good register") {
            VerifiedRegister::Purposes(purposes) => purposes,
            VerifiedRegister::Laws(_) => unreachable!("purposes were signed"),
        }
    }

    /// The register of laws as a member verified it.
    pub fn laws(&self) -> VerifiedLaws {
        let signed = self.authority.laws(1, std::slice::from_ref(&self.law));
        match verify_register(&signed, &self.authority.verified(), self.now).expect("a good register") {
            VerifiedRegister::Laws(laws) => laws,
            VerifiedRegister::Purposes(_) => unreachable!("laws were signed"),
        }
    }

    /// A new query under the law for all that it allows, about a person whom the registry named to the provider.
    pub fn law_query(&self, resident_id: &str) -> Query {
        let Law { id, allowed, predicates, purpose, .. } = &self.law;
        Query {
            v: V1,
            iss: self.consumer.entity.clone(),
            aud: self.provider.entity.clone(),
            iat: self.now.numeric(),
            exp: self.now.numeric().plus(60),
            jti: random::message_id(self.now),
            query: QueryTerms {
                dataset: allowed.dataset.clone(),
                fields: allowed.fields.clone(),
                predicates: predicates.clone(),
                purpose: purpose.clone(),
            },
            basis: Basis::Law { id: id.clone(), subject: self.named(resident_id, &self.consumer.entity) },
            agent: Agent { system: name("pension-portal"), officer: Some(name("o-17")) },
            case: Some(name("CG-2026-118")),
        }
    }

    /// A person named to the provider for the messages of an asker.
    pub fn named(&self, resident_id: &str, asker: &EntityId) -> CompactJwe {
        let subject = self.registry.subject(resident_id, &self.provider.sector);
        let key = self.provider.encryption.public();
        let registry = NamingRegistry { entity: &self.registry.entity, signing: &self.registry.signing };
        registry.name((&self.provider.entity, key), asker, subject, self.now).expect("a person is named")
    }

    /// A person with a key and a binding for the consumer.
    pub fn citizen(&self, resident_id: &str) -> Citizen {
        Citizen::new(self, resident_id)
    }

    /// Terms that the purpose allows: one band of income, up to four times, once a month.
    pub fn terms(&self) -> ConsentTerms {
        let text = self.purpose.text_digest("hi").expect("the purpose has a Hindi text");
        ConsentTerms {
            v: V1,
            decision: Decision::Given,
            data_subject: DataSubject::Own {},
            purpose: ConsentPurpose {
                code: self.purpose.code.clone(),
                version: self.purpose.version.clone(),
                text,
                dpv: self.purpose.dpv.clone(),
            },
            consumer: self.consumer.entity.clone(),
            provider: self.provider.entity.clone(),
            dataset: self.dataset.id.clone(),
            fields: vec![name("annual_income_band")],
            predicates: Vec::new(),
            data_range: Some(DataRange { from: name("2025-04-01"), to: name("2026-03-31") }),
            frequency: Frequency {
                mode: FrequencyMode::Recurring,
                max_uses: 4,
                period: Some(name("P1M")),
                uses_per_period: Some(1),
            },
            retention: Retention { duration: name("P180D") },
            onward_sharing: OnwardSharing::None,
        }
    }

    /// A new query for all that the consent names.
    pub fn query(&self, consent: &SignedConsent) -> Query {
        let terms = &consent.terms;
        Query {
            v: V1,
            iss: self.consumer.entity.clone(),
            aud: self.provider.entity.clone(),
            iat: self.now.numeric(),
            exp: self.now.numeric().plus(60),
            jti: random::message_id(self.now),
            query: QueryTerms {
                dataset: terms.dataset.clone(),
                fields: terms.fields.clone(),
                predicates: terms.predicates.clone(),
                purpose: terms.purpose.code.clone(),
            },
            basis: Basis::Consent { consent: consent.jws.clone(), binding: consent.binding.clone() },
            agent: Agent { system: name("pension-portal"), officer: None },
            case: None,
        }
    }

    /// The query, signed by the consumer.
    pub fn sealed(&self, query: &Query) -> CompactJws {
        sign(Typ::Query, &self.consumer.signing, query).expect("a query is signed")
    }

    /// What the provider makes of a query's basis, with a status looked up now.
    ///
    /// # Errors
    /// As [`VerifiedBasis::verify`].
    pub fn verify_basis(&self, query: &Query) -> Result<VerifiedBasis, Refusal> {
        self.asked(query, |asked| self.basis_of(asked))
    }

    /// The query as the provider accepts it: signed by the consumer, verified, meant for the provider, and fresh.
    fn asked<T>(&self, query: &Query, then: impl FnOnce(Asked<'_>) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let peer = self.authority.admit(&self.consumer);
        let accepted = accept(self.sealed(query).as_str().as_bytes(), &peer).expect("the consumer's own query");
        then(authorize_peer(&accepted, &peer, &self.provider.entity)?.fresh(self.now)?)
    }

    /// The same of a query that was accepted.
    ///
    /// # Errors
    /// As [`VerifiedBasis::verify`].
    pub fn basis_of(&self, asked: Asked<'_>) -> Result<VerifiedBasis, Refusal> {
        let registries = self.registry.keys();
        let keys = std::slice::from_ref(&self.provider.encryption);
        let laws = self.laws();
        let reader = BasisReader { anchor: &self.authority.entity, keys, registries: &registries, laws: Some(&laws) };
        let mut basis = VerifiedBasis::verify(asked, &reader, self.now)?;
        if let VerifiedBasis::Consent(basis) = &mut basis {
            let list = self.registry.status_list(self.now);
            basis.status = list.status_of(basis.binding.status()).ok();
            if let Some(ward) = &mut basis.guardianship {
                ward.status = list.status_of(ward.guardianship.status()).ok();
            }
        }
        Ok(basis)
    }

    /// The same for a basis that is good.
    pub fn basis(&self, query: &Query) -> VerifiedBasis {
        self.verify_basis(query).expect("a good basis")
    }

    /// What the provider offers.
    pub fn offer(&self) -> Offer<'_> {
        Offer {
            sector: &self.provider.sector,
            purpose: Some(&self.purpose),
            dataset: Some(&self.dataset),
            operator: None,
        }
    }

    /// The decision over a query.
    ///
    /// # Errors
    /// As [`Grant::authorize`].
    pub fn authorize(&self, query: &Query) -> Result<Grant, Refusal> {
        self.asked(query, |asked| {
            let basis = self.basis_of(asked)?;
            let state = match basis {
                VerifiedBasis::Consent(_) => State::Consent(ConsentState::fresh()),
                VerifiedBasis::Law(_) => State::Law(LawUse::default()),
            };
            Grant::authorize(asked, &basis, &self.offer(), &state, self.now)
        })
    }

    /// A grant for all that the consent names.
    pub fn grant(&self, consent: &SignedConsent) -> Grant {
        self.authorize(&self.query(consent)).expect("the world's own consent is granted")
    }
}

/// `social.old-age-pension.eligibility`, in English and Hindi.
pub fn purpose() -> Purpose {
    let texts = [
        ("en", "To decide whether you can get the old-age pension."),
        ("hi", "यह तय करने के लिए कि आपको वृद्धावस्था पेंशन मिल सकती है या नहीं।"),
    ];
    Purpose {
        code: name("social.old-age-pension.eligibility"),
        version: name("2026-10"),
        text: texts.map(|(language, text)| (language.to_owned(), text.to_owned())).into(),
        dpv: "https://w3id.org/dpv#ServiceProvision".to_owned(),
        allowed: vec![AllowedData {
            dataset: name("revenue.income"),
            fields: vec![name("annual_income_band"), name("annual_income"), name("assessed_on")],
        }],
        max_validity: name("P1Y"),
        max_frequency: FrequencyBound { modes: vec![FrequencyMode::Recurring, FrequencyMode::OneTime], max_uses: 1000 },
        max_retention: name("P1Y"),
        sensitive: false,
        required_presence: false,
        predicates_only: Vec::new(),
        erase_on_revocation: false,
    }
}

/// `it-1961-s138-social`: the same purpose and dataset without consent, ten times a day.
pub fn law() -> Law {
    Law {
        id: name("it-1961-s138-social"),
        version: name("2026-10"),
        title: [("en".to_owned(), "Income for pensions".to_owned()), ("hi".to_owned(), "पेंशन के लिए आय".to_owned())]
            .into(),
        statute: "Income-tax Act, 1961 (43 of 1961)".to_owned(),
        section: "138".to_owned(),
        consumer: name("https://social.gov.example"),
        provider: name("https://revenue.gov.example"),
        purpose: name("social.old-age-pension.eligibility"),
        allowed: AllowedData { dataset: name("revenue.income"), fields: vec![name("annual_income_band")] },
        predicates: Vec::new(),
        until: name("2028-03-31"),
        quota: LawQuota { per_day: 10, per_officer: 4, per_subject: 2 },
        disclosure: Disclosure::Immediate,
        break_glass: false,
    }
}

/// `revenue.income` with three fields.
pub fn dataset() -> DatasetDescription {
    let field = |field: &str, kind: &str| FieldDescription {
        name: name(field),
        title: BTreeMap::new(),
        r#type: kind.to_owned(),
        sensitivity: Sensitivity::Personal,
        mask: None,
    };
    DatasetDescription {
        id: name("revenue.income"),
        title: BTreeMap::from([("en".to_owned(), "Income".to_owned()), ("hi".to_owned(), "आय".to_owned())]),
        fields: vec![
            field("annual_income_band", "text"),
            field("annual_income", "integer"),
            field("assessed_on", "date"),
        ],
        purposes: vec![name("social.old-age-pension.eligibility")],
        assurance: Assurance::Substantial,
        refuse_assisted: false,
    }
}

#[cfg(test)]
mod tests;
