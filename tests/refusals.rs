//! Every code of refusal, through real HTTP, between two good requests that succeed; and that a refusal changes nothing.
//!
//! A row names the code and how a good request is bent to earn it. Before and after each row a good request is answered. A plain
//! problem leaves no row in any table; a signed refusal leaves its claim, its receipt and its stored answer, and one entry for the
//! log; neither uses a consent or reads the department's source. The last test counts the codes: each is in a row, or in a list
//! that says why it is not.

mod attacks;
pub mod attempt;
mod clock;
pub mod consents;
mod emergencies;
mod laws;
pub mod local;
pub mod messages;
mod people;
mod responses;
pub mod world;

use std::collections::{BTreeMap, BTreeSet};

use schemas::problem::Code;

use self::{
    attempt::{Attempt, Row},
    world::World,
};
use crate::{
    rogue::{Heard, Traces},
    support::alone,
};

/// What a signed refusal leaves, and nothing more.
fn of_a_signed_refusal() -> BTreeMap<String, i64> {
    ["exchange_claim", "receipt", "stored_answer"].map(|table| (table.to_owned(), 1)).into()
}

/// Runs rows one after the other at the provider's peer listener.
async fn refuse_all(world: &World, rows: &[Row]) {
    world.is_good("before the first row").await;
    for row in rows {
        let before = Traces::of(&world.federation.revenue);
        let mut attempt = Attempt::new(world);
        (row.bend)(&mut attempt);
        let heard = attempt.send().await;
        let after = Traces::of(&world.federation.revenue);
        let signed = match heard {
            Heard::Refused(code) if code == row.code => true,
            Heard::Problem(code) if code == row.code => false,
            other => panic!("{}: expected {}, heard {other:?}", row.why, row.code),
        };
        let left = if signed { of_a_signed_refusal() } else { BTreeMap::new() };
        assert_eq!(after.since(&before), left, "{}", row.why);
        assert_eq!(after.logged - before.logged, i64::from(signed), "{}: entries for the log", row.why);
        assert_eq!((after.uses, after.statements), (before.uses, before.statements), "{}: no use, no read", row.why);
        world.is_good(row.why).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_changes_nothing() {
    let _turn = alone();
    let mut world = World::start().await;
    let before = world.everything_is_logged().await;
    refuse_all(&world, &messages::rows()).await;
    refuse_all(&world, &consents::rows()).await;
    refuse_all(&world, &attacks::rows()).await;
    refuse_all(&world, &laws::rows()).await;
    laws::quotas(&world).await;
    emergencies::refusals_to_officers(&world).await;
    attacks::what_was_answered_is_not_given_again_against_her_word(&world).await;
    attacks::nothing_beside_the_token_is_trusted(&world).await;
    messages::a_known_id_is_not_used_again(&world).await;
    consents::what_is_ordered_or_used_up_is_refused(&world).await;
    consents::an_unknown_person_looks_like_a_basis_that_does_not_reach(&world).await;
    consents::a_source_that_cannot_be_read(&world).await;
    messages::beside_the_protocol(&world).await;
    messages::too_much_at_once(&world).await;
    local::refusals_to_own_systems(&mut world).await;
    people::refusals_to_wallets(&world).await;
    responses::refused_answers(&world).await;
    local::peers_that_fail(&mut world).await;
    consents::a_binding_that_is_suspended_or_revoked(&mut world).await;
    let after = world.everything_is_logged().await;
    assert_eq!(
        world.log_size() - before.0,
        u64::try_from(after.1 - before.1).unwrap(),
        "the log holds what the departments anchored, no more"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn time_refuses_and_time_that_is_mended_answers() {
    let _turn = alone();
    clock::everything_that_time_refuses().await;
}

/// Codes without a row, and why.
const NOT_HERE: [(Code, &str); 1] = [(
    Code::Internal,
    "a defect of ours: no request is known to cause it; service-kit tests what a panicking handler answers",
)];

#[test]
fn every_code_has_a_row_or_a_reason() {
    let rows = messages::rows().into_iter().chain(consents::rows()).chain(laws::rows()).map(|row| row.code);
    let beside = [
        messages::BESIDE,
        consents::BESIDE,
        laws::BESIDE,
        emergencies::CODES,
        local::CODES,
        people::CODES,
        responses::CODES,
        clock::CODES,
        crate::bodies::CODES,
        crate::browser::CODES,
    ]
    .concat();
    let shown: BTreeSet<Code> = rows.chain(beside).collect();
    let excused: BTreeSet<Code> = NOT_HERE.iter().map(|(code, _)| *code).collect();
    let forgotten: Vec<&Code> =
        Code::ALL.iter().filter(|code| !shown.contains(code) && !excused.contains(code)).collect();
    assert!(forgotten.is_empty(), "codes that no test shows: {forgotten:?}");
    assert!(shown.is_disjoint(&excused), "what is shown needs no excuse");
}
