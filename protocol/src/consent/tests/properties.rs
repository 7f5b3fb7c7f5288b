//! Whatever is consented, asked and offered: a grant never holds more than each of them.

use std::sync::LazyLock;

use proptest::{prelude::*, strategy::ValueTree as _};
use schemas::{federation::FieldDescription, id::FieldName};

use super::*;

const NAMES: [&str; 6] = ["annual_income_band", "annual_income", "assessed_on", "land_area", "district", "caste"];

/// Keys are made once; each case signs its own consent.
static WORLD: LazyLock<World> = LazyLock::new(World::new);

fn fields() -> impl Strategy<Value = BTreeSet<FieldName>> {
    prop::collection::btree_set(prop::sample::select(NAMES.to_vec()).prop_map(name::<FieldName>), 0..=NAMES.len())
}

/// Terms, query and offer drawn apart, so that most do not agree.
#[derive(Clone, Debug)]
struct Drawn {
    consented: BTreeSet<FieldName>,
    asked: BTreeSet<FieldName>,
    mapped: BTreeSet<FieldName>,
    allowed: BTreeSet<FieldName>,
    max_uses: u32,
    uses: u32,
    per_period: Option<(u32, u32)>,
    starts: i64,
    lasts: i64,
    purpose: &'static str,
    consumer: &'static str,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let purposes = vec!["social.old-age-pension.eligibility", "social.other"];
    let consumers = vec!["https://social.gov.example", "https://social.gov.example", "https://food.gov.example"];
    (
        (fields(), fields(), fields(), fields()),
        (1_u32..6, 0_u32..6, prop::option::of((1_u32..4, 0_u32..4))),
        (-200_000_i64..20, 1_i64..9_000_000),
        (prop::sample::select(purposes), prop::sample::select(consumers)),
    )
        .prop_map(|((consented, asked, mapped, allowed), (max_uses, uses, per_period), (starts, lasts), names)| {
            Drawn {
                consented,
                // Half of the draws ask for what was consented, so that grants are not rare.
                asked: if uses % 2 == 0 { asked } else { BTreeSet::new() },
                mapped,
                allowed,
                max_uses,
                uses: uses / 2,
                per_period,
                starts,
                lasts,
                purpose: names.0,
                consumer: names.1,
            }
        })
}

/// The decision over a draw, with what went into it; `None` if no wallet would sign such terms.
fn decide(drawn: &Drawn) -> Option<(ConsentTerms, ConsentDraft, Query, Result<Grant, Refusal>)> {
    let world = &*WORLD;
    let citizen = world.citizen("RID-0001");
    let mut terms = world.terms();
    terms.fields = drawn.consented.iter().cloned().collect();
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
    let mut query = world.query(&citizen.sign(draft.clone()));
    if !drawn.asked.is_empty() {
        query.query.fields = drawn.asked.iter().cloned().collect();
    }
    query.query.purpose = name(drawn.purpose);
    let mut purpose = world.purpose.clone();
    purpose.allowed[0].fields = drawn.allowed.union(&drawn.consented).cloned().collect();
    let mut dataset = world.dataset.clone();
    let described = |name: &FieldName| FieldDescription { name: name.clone(), ..world.dataset.fields[0].clone() };
    dataset.fields = drawn.mapped.iter().map(described).collect();
    let offer = Offer { sector: &world.provider.sector, purpose: Some(&purpose), dataset: Some(&dataset) };
    let window = drawn.per_period.map(|(_, uses)| WindowUse { index: 0, uses });
    let state = ConsentState { uses: drawn.uses, window, ..ConsentState::fresh() };
    let basis = world.basis(&Query { iss: terms.consumer.clone(), ..query.clone() });
    let decision = Grant::authorize(Asked::of(&query), &basis, &offer, &state, world.now);
    Some((terms, draft, query, decision))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_grant_never_holds_more_than_the_consent(drawn in drawn()) {
        let Some((terms, draft, query, Ok(grant))) = decide(&drawn) else { return Ok(()) };
        let within = |bound: &BTreeSet<FieldName>| grant.fields().is_subset(bound);
        let asked: BTreeSet<FieldName> = query.query.fields.iter().cloned().collect();
        prop_assert!(within(&drawn.consented) && within(&asked) && within(&drawn.mapped));
        prop_assert!(!grant.fields().is_empty() && asked.is_subset(&drawn.consented));
        prop_assert_eq!((grant.consumer(), grant.provider()), (&terms.consumer, &terms.provider));
        prop_assert_eq!(grant.consumer(), &query.iss);
        prop_assert_eq!((grant.purpose(), &query.query.purpose), (&terms.purpose.code, &terms.purpose.code));
        prop_assert_eq!((grant.data_range(), grant.retention()), (terms.data_range, terms.retention));
        prop_assert!(drawn.uses < grant.use_claim().max_uses && grant.use_claim().max_uses == terms.frequency.max_uses);
        let now = WORLD.now;
        prop_assert!(draft.valid_from <= now.plus(10) && now < draft.valid_until);
        if let Some(window) = grant.use_claim().window {
            prop_assert!(window.start <= now.plus(10) && now < window.end);
            let used = drawn.per_period.filter(|_| window.index == 0).map_or(0, |(_, used)| used);
            prop_assert!(Some(window.uses) == terms.frequency.uses_per_period && used < window.uses);
        }
    }
}

#[test]
fn the_draws_reach_grants_and_refusals() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut grants, mut refusals) = (0, 0);
    for _ in 0..192 {
        let drawn = drawn().new_tree(&mut runner).unwrap().current();
        match decide(&drawn) {
            Some((.., Ok(_))) => grants += 1,
            Some((.., Err(_))) => refusals += 1,
            None => (),
        }
    }
    assert!(grants >= 5 && refusals >= 50, "{grants} grants, {refusals} refusals");
}
