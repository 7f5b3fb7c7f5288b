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
mod issuance;
mod laws;
pub mod local;
pub mod messages;
mod people;
mod presence;
mod responses;
mod resumed;
pub mod world;

use std::collections::{BTreeMap, BTreeSet};

use schemas::problem::Code;

use self::{
    attempt::{Attempt, Row},
    world::World,
};
use crate::{
    rogue::{Heard, Traces},
    support::in_company,
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
    let _turn = in_company();
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
    presence::presence_is_proven_once_and_here(&world).await;
    presence::nobody_decides_for_another_without_right(&world).await;
    presence::nobody_reads_anothers_history(&world).await;
    issuance::refusals_to_thieves(&world).await;
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
    let _turn = in_company();
    clock::everything_that_time_refuses().await;
}

/// Codes without a row, and why.
const NOT_HERE: [(Code, &str); 5] = [
    (
        Code::Internal,
        "a defect of ours: no request is known to cause it; service-kit tests what a panicking handler answers",
    ),
    (Code::OverlapNotAllowed, COMPARISON),
    (Code::OverlapTooLarge, COMPARISON),
    (Code::OverlapPointsInvalid, COMPARISON),
    (Code::OverlapEnded, COMPARISON),
];
const COMPARISON: &str = "a comparison of rolls holds a secret from message to message: gateway/src/overlap/tests, between two gateways over TLS";

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
        presence::CODES,
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

/// Words of OAuth 2.0 (RFC 6749, RFC 9449) and OpenID4VCI 1.0, which the endpoints for wallets speak.
const OAUTH: [&str; 6] =
    ["invalid_dpop_proof", "invalid_grant", "invalid_nonce", "invalid_proof", "invalid_request", "invalid_token"];

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn the_table_of_attacks_names_tests_and_codes_that_there_are() {
    let repository = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(repository.join("docs/attacks.md")).unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split('|').map(str::trim).collect())
        .filter(|cells: &Vec<&str>| cells.len() == 6 && cells[1].parse::<u8>().is_ok())
        .collect();
    let rules: BTreeSet<u8> = rows.iter().map(|cells| cells[1].parse().unwrap()).collect();
    assert_eq!(rules, (1..=16).collect(), "every rule about tokens and keys has a row");
    for cells in &rows {
        assert!(quoted(cells[3]).next().is_some(), "nothing tries it: {}", cells[2]);
        for test in quoted(cells[3]) {
            let (file, name) = test.split_once("::").unwrap();
            let source = std::fs::read_to_string(repository.join(file)).unwrap_or_else(|_| panic!("no file {file}"));
            assert!(source.contains(&format!("fn {name}(")), "{file} has no {name}");
        }
        for code in quoted(cells[4]) {
            assert!(code.parse::<Code>().is_ok() || OAUTH.contains(&code), "no code {code}");
        }
    }
}
