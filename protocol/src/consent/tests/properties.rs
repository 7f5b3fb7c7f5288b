//! Whatever is consented or registered, asked and offered: a grant never holds more than each of them.

use std::sync::LazyLock;

use proptest::{prelude::*, strategy::ValueTree as _};
use schemas::{
    federation::{DatasetDescription, FieldDescription, Mask, Purpose},
    id::FieldName,
    query::Query,
};

use super::*;

const NAMES: [&str; 6] = ["annual_income_band", "annual_income", "assessed_on", "land_area", "district", "caste"];

/// Keys are made once; each case signs its own consent.
static WORLD: LazyLock<World> = LazyLock::new(World::new);

fn fields() -> impl Strategy<Value = BTreeSet<FieldName>> {
    prop::collection::btree_set(prop::sample::select(NAMES.to_vec()).prop_map(name::<FieldName>), 0..=NAMES.len())
}

/// Questions about the same six fields; few bounds, so that equal ones are drawn.
fn questions() -> impl Strategy<Value = BTreeSet<Predicate>> {
    let one = (prop::sample::select(NAMES.to_vec()), prop::sample::select(vec![PredicateOp::Lte, PredicateOp::Gte]));
    let one =
        (one, 0_u8..2).prop_map(|((field, op), value)| Predicate { field: name(field), op, value: value.to_string() });
    prop::collection::btree_set(one, 0..3)
}

/// What a basis and what a query names.
#[derive(Clone, Debug)]
struct Items {
    fields: BTreeSet<FieldName>,
    predicates: BTreeSet<Predicate>,
}

fn items() -> impl Strategy<Value = Items> {
    (fields(), questions()).prop_map(|(fields, predicates)| Items { fields, predicates })
}

/// Basis, query, purpose and offer drawn apart, so that most do not agree.
#[derive(Clone, Debug)]
struct Drawn {
    allowed: Items,
    asked: Option<Items>,
    mapped: BTreeSet<FieldName>,
    masked: BTreeSet<FieldName>,
    registered: BTreeSet<FieldName>,
    predicates_only: BTreeSet<FieldName>,
    max_uses: u32,
    uses: u32,
    per_period: Option<(u32, u32)>,
    starts: i64,
    lasts: i64,
    purpose: &'static str,
    consumer: &'static str,
    sensitive: bool,
    live: bool,
}

prop_compose! {
    fn drawn()(
        allowed in items(), other in items(), own in prop::bool::ANY,
        (mapped, masked, registered) in (fields(), fields(), fields()),
        predicates_only in prop::collection::btree_set(prop::sample::select(NAMES.to_vec()).prop_map(name::<FieldName>), 0..2),
        (max_uses, uses, per_period) in (1_u32..6, 0_u32..3, prop::option::of((1_u32..4, 0_u32..4))),
        (starts, lasts) in (-200_000_i64..20, 1_i64..9_000_000),
        purpose in prop::sample::select(vec!["social.old-age-pension.eligibility", "social.old-age-pension.eligibility", "social.other"]),
        consumer in prop::sample::select(vec!["https://social.gov.example", "https://social.gov.example", "https://food.gov.example"]),
        (sensitive, live) in (prop::bool::weighted(0.2), prop::bool::ANY),
    ) -> Drawn {
        // Half of the draws ask for what was allowed, so that grants are not rare.
        let asked = if own { None } else { Some(other) };
        let allowed_twice = allowed.predicates.iter().any(|asked| allowed.fields.contains(&asked.field));
        let fields = match allowed_twice {
            true => allowed.fields.iter().filter(|f| !allowed.predicates.iter().any(|p| p.field == **f)).cloned().collect(),
            false => allowed.fields,
        };
        let allowed = Items { fields, predicates: allowed.predicates };
        Drawn { allowed, asked, mapped, masked, registered, predicates_only, max_uses, uses, per_period, starts, lasts, purpose,
                consumer, sensitive, live }
    }
}

impl Drawn {
    /// The purpose has all of the basis, or only what was drawn.
    fn purpose(&self) -> Purpose {
        let mut purpose = WORLD.purpose.clone();
        let named = self.allowed.predicates.iter().map(|asked| asked.field.clone());
        let all: BTreeSet<_> = self.allowed.fields.iter().cloned().chain(named).collect();
        let has =
            if self.lasts % 4 == 0 { self.registered.clone() } else { self.registered.union(&all).cloned().collect() };
        purpose.allowed[0].fields = has.into_iter().collect();
        purpose.predicates_only = self.predicates_only.iter().cloned().collect();
        purpose.sensitive = self.sensitive;
        purpose
    }

    fn dataset(&self) -> DatasetDescription {
        let mut dataset = WORLD.dataset.clone();
        let described = |field: &FieldName| FieldDescription {
            name: field.clone(),
            r#type: "integer".to_owned(),
            mask: self.masked.contains(field).then_some(Mask::Last4),
            ..WORLD.dataset.fields[0].clone()
        };
        dataset.fields = self.mapped.iter().map(described).collect();
        dataset
    }

    fn asks(&self, query: &mut Query) {
        let asked = self.asked.as_ref().unwrap_or(&self.allowed);
        query.query.fields = asked.fields.iter().cloned().collect();
        query.query.predicates = asked.predicates.iter().cloned().collect();
        query.query.purpose = name(self.purpose);
    }

    /// What holds for a grant on any basis.
    fn bounds(&self, query: &Query, purpose: &Purpose, grant: &Grant) -> Result<(), TestCaseError> {
        let asked: BTreeSet<_> = query.query.fields.iter().cloned().collect();
        let registered: BTreeSet<_> = purpose.allowed[0].fields.iter().cloned().collect();
        for bound in [&self.allowed.fields, &asked, &self.mapped, &registered] {
            prop_assert!(grant.fields().is_subset(bound));
        }
        prop_assert!(grant.fields().is_disjoint(&self.predicates_only), "a value of which only questions are answered");
        for question in grant.predicates() {
            prop_assert!(self.allowed.predicates.contains(question) && query.query.predicates.contains(question));
            prop_assert!(self.mapped.contains(&question.field) && registered.contains(&question.field));
            prop_assert!(!grant.fields().contains(&question.field), "both a value and a question");
        }
        prop_assert!(!(grant.fields().is_empty() && grant.predicates().is_empty()));
        for field in grant.fields() {
            prop_assert_eq!(grant.masks().contains_key(field), self.masked.contains(field));
        }
        prop_assert_eq!((grant.consumer(), grant.provider()), (&query.iss, &query.aud));
        prop_assert_eq!((grant.purpose(), grant.dataset()), (&query.query.purpose, &query.query.dataset));
        self.discloses(grant)
    }

    /// Whatever the source returns, no more than granted leaves, and nothing whole that has a mask.
    fn discloses(&self, grant: &Grant) -> Result<(), TestCaseError> {
        let row: std::collections::BTreeMap<FieldName, schemas::answer::FieldValue> =
            NAMES.iter().map(|field| (name(field), schemas::answer::FieldValue::Integer(123_456))).collect();
        let record = grant.disclose(vec![row.clone(), row]).into_record();
        for (field, value) in record.rows.iter().flatten() {
            prop_assert!(grant.fields().contains(field));
            let whole = *value == schemas::answer::FieldValue::Integer(123_456);
            prop_assert_eq!(whole, !self.masked.contains(field));
        }
        prop_assert_eq!(record.rows.is_empty(), grant.fields().is_empty());
        prop_assert!(record.predicates.iter().map(|answer| answer.question()).eq(grant.predicates().iter().cloned()));
        Ok(())
    }
}

/// A decision on a consent, with what went into it; `None` if no wallet would sign such terms.
struct Decided {
    terms: ConsentTerms,
    draft: ConsentDraft,
    query: Query,
    purpose: Purpose,
    decision: Result<Grant, Refusal>,
}

fn decide(drawn: &Drawn) -> Option<Decided> {
    let world = &*WORLD;
    let citizen = world.citizen("RID-0001");
    let mut terms = world.terms();
    terms.fields = drawn.allowed.fields.iter().cloned().collect();
    terms.predicates = drawn.allowed.predicates.iter().cloned().collect();
    terms.consumer = name(drawn.consumer);
    terms.frequency = Frequency {
        mode: FrequencyMode::Recurring,
        max_uses: drawn.max_uses,
        period: drawn.per_period.map(|_| name("P1W")),
        uses_per_period: drawn.per_period.map(|(uses, _)| uses),
    };
    let mut draft = citizen.draft(&terms);
    draft.valid_from = world.now.plus(drawn.starts);
    draft.valid_until = draft.valid_from.plus(drawn.lasts);
    crate::credential::vc::issue(draft.clone(), &world.authority.entity, &citizen.key).ok()?;
    let proofs = crate::testing::Proofs { live: drawn.live.then(|| "a-nonce".to_owned()), guardianship: None };
    let mut query = world.query(&citizen.sign_with(draft.clone(), &proofs));
    drawn.asks(&mut query);
    let (purpose, dataset) = (drawn.purpose(), drawn.dataset());
    let offer =
        Offer { sector: &world.provider.sector, purpose: Some(&purpose), dataset: Some(&dataset), operator: None };
    let window = drawn.per_period.map(|(_, uses)| WindowUse { index: 0, uses });
    let state = State::Consent(ConsentState { uses: drawn.uses, window, ..ConsentState::fresh() });
    let basis = world.basis_of(Asked::of(&Query { iss: terms.consumer.clone(), ..query.clone() })).unwrap();
    let decision = Grant::authorize(Asked::of(&query), &basis, &offer, &state, world.now);
    Some(Decided { terms, draft, query, purpose, decision })
}

/// A decision under a law of the same items.
fn decide_under_law(drawn: &Drawn) -> (schemas::federation::Law, Query, Purpose, Result<Grant, Refusal>) {
    let mut case = LawCase::new();
    case.with_law(|law| {
        law.allowed.fields = drawn.allowed.fields.iter().cloned().collect();
        law.predicates = drawn.allowed.predicates.iter().cloned().collect();
    });
    let law = case.basis.law.law().clone();
    drawn.asks(&mut case.query);
    case.query.iss = name(drawn.consumer);
    case.state = State::Law(LawUse { per_day: drawn.uses * 5, per_officer: drawn.uses, per_subject: drawn.uses });
    let purpose = drawn.purpose();
    (case.purpose, case.dataset) = (Some(purpose.clone()), Some(drawn.dataset()));
    let query = case.query.clone();
    (law, query, purpose, case.decide())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_grant_never_holds_more_than_the_consent(drawn in drawn()) {
        let Some(Decided { terms, draft, query, purpose, decision: Ok(grant) }) = decide(&drawn) else { return Ok(()) };
        drawn.bounds(&query, &purpose, &grant)?;
        prop_assert_eq!((grant.consumer(), grant.purpose()), (&terms.consumer, &terms.purpose.code));
        prop_assert_eq!((grant.data_range(), grant.retention()), (terms.data_range, terms.retention));
        let claim = use_of(&grant);
        prop_assert!(drawn.uses < claim.max_uses && claim.max_uses == terms.frequency.max_uses);
        prop_assert_eq!(claim.live.is_some(), drawn.sensitive, "presence where it is needed, and only there");
        let now = WORLD.now;
        prop_assert!(draft.valid_from <= now.plus(10) && now < draft.valid_until);
        if let Some(window) = claim.window {
            prop_assert!(window.start <= now.plus(10) && now < window.end);
            let used = drawn.per_period.filter(|_| window.index == 0).map_or(0, |(_, used)| used);
            prop_assert!(Some(window.uses) == terms.frequency.uses_per_period && used < window.uses);
        }
    }

    #[test]
    fn a_grant_never_holds_more_than_the_law(drawn in drawn()) {
        let (law, query, purpose, Ok(grant)) = decide_under_law(&drawn) else { return Ok(()) };
        drawn.bounds(&query, &purpose, &grant)?;
        prop_assert_eq!((grant.consumer(), grant.provider(), grant.purpose()), (&law.consumer, &law.provider, &law.purpose));
        prop_assert_eq!(grant.retention().duration, purpose.max_retention);
        let Claim::Law(claim) = grant.claim() else { panic!("a quota") };
        prop_assert!(drawn.uses < claim.quota.per_subject && drawn.uses < claim.quota.per_officer);
        prop_assert!(drawn.uses * 5 < claim.quota.per_day && claim.quota == law.quota);
        prop_assert_eq!(Some(&claim.officer), query.agent.officer.as_ref());
    }
}

#[test]
fn the_draws_reach_grants_and_refusals() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut grants, mut questions, mut refusals, mut under_law) = (0, 0, 0, 0);
    for _ in 0..256 {
        let drawn = drawn().new_tree(&mut runner).unwrap().current();
        match decide(&drawn).map(|decided| decided.decision) {
            Some(Ok(grant)) => {
                grants += 1;
                questions += usize::from(!grant.predicates().is_empty());
            }
            Some(Err(_)) => refusals += 1,
            None => (),
        }
        under_law += usize::from(decide_under_law(&drawn).3.is_ok());
    }
    let counts = format!("{grants} grants, {questions} with questions, {refusals} refusals, {under_law} under a law");
    assert!(grants >= 10 && questions >= 3 && refusals >= 50 && under_law >= 10, "{counts}");
}
