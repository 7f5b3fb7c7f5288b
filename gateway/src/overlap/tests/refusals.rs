//! Everything that the answering side refuses, over the connection of a member in good standing.

use protocol::{exchange::Attested, overlap::Party, seal::random};
use schemas::{
    federation::Standing,
    overlap::{Overlap, OverlapCounts, OverlapSays, OverlapStep, OverlapTerms},
    problem::Code,
};

use super::world::{World, count};
use crate::{
    overlap::OVERLAP,
    store::overlap::{Side, State, marks::MarkError, overlap_find},
};

async fn state_of(world: &World, begin: &Attested<Overlap>) -> Option<State> {
    let key = world.key(Side::Answerer, &begin.claims().comparison);
    let found = world.food().db().read(move |conn| Ok::<_, MarkError>(overlap_find(conn, &key)?)).await.unwrap();
    found.map(|row| row.state)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_answering_side_refuses() {
    let world = World::new().await;
    terms_beyond_the_law(&world).await;
    messages_that_nobody_may_send(&world).await;
    points_that_are_none(&world).await;
    turns_out_of_their_order(&world).await;
    results_that_contradict(&world).await;
    a_suspended_member(&world).await;
    assert_eq!(count(world.food(), "overlap_mark").await, 0, "nobody was found by any of it");
    world.close().await;
}

/// Each gets a signed refusal, kept and queued for the log.
async fn terms_beyond_the_law(world: &World) {
    type Bend = fn(&mut OverlapTerms);
    let rows: [(&str, Code, Bend); 11] = [
        ("no such law", Code::LawNotRegistered, |t| t.law = "no-such-law".parse().unwrap()),
        ("a law for queries", Code::OverlapNotAllowed, |t| t.law = "for-queries".parse().unwrap()),
        ("a law of others", Code::LawScopeExceeded, |t| t.law = "of-others".parse().unwrap()),
        ("another purpose", Code::LawScopeExceeded, |t| t.purpose = "social.widow.overlap".parse().unwrap()),
        ("a purpose of another family", Code::RoleMissing, |t| t.purpose = "health.pension.overlap".parse().unwrap()),
        ("another roll", Code::LawScopeExceeded, |t| t.of = "food.kerosene".parse().unwrap()),
        ("another identifier", Code::LawScopeExceeded, |t| t.identifier = "voter_id".parse().unwrap()),
        ("an identifier that is not mapped", Code::DatasetUnknown, |t| {
            (t.law, t.identifier) = ("voters".parse().unwrap(), "voter_id".parse().unwrap());
        }),
        ("too many people", Code::OverlapTooLarge, |t| t.people = 1_001),
        ("a roll of ours that is too large", Code::OverlapTooLarge, |t| t.law = "small".parse().unwrap()),
        ("more than the officer has left today", Code::LawQuotaExceeded, |t| t.people = 501),
    ];
    for (why, code, bend) in rows {
        let mut terms = world.terms(1);
        bend(&mut terms);
        let begin = world.begin(terms);
        assert_eq!(world.says(&begin, &begin).await, Ok(OverlapSays::Refused { code }), "{why}");
        assert_eq!(state_of(world, &begin).await, Some(State::Refused), "{why}");
        // A refused comparison takes no turn.
        let turn = schemas::overlap::OverlapTurn { n: 0, points: Vec::new(), again: Vec::new() };
        let turn = world.step(&begin, OverlapStep::Turn(turn));
        assert_eq!(world.says(&begin, &turn).await, Err(Code::OverlapEnded), "{why}");
    }
}

async fn messages_that_nobody_may_send(world: &World) {
    let before = count(world.food(), "overlap").await;
    let (now, entity, signing) = (world.social.now(), world.social.entity(), &world.social.keys().signing);
    let old = now.plus(-200);
    let stale = world.party().message(&random::message_id(old), OverlapStep::Begin(world.terms(1)), old).unwrap();
    let elsewhere = Party { entity, signing, peer: entity };
    let elsewhere = elsewhere.message(&random::message_id(now), OverlapStep::Begin(world.terms(1)), now).unwrap();
    let as_another = Party { entity: world.food().entity(), signing, peer: world.food().entity() };
    let as_another = as_another.message(&random::message_id(now), OverlapStep::Begin(world.terms(1)), now).unwrap();
    let post = async |message: &Attested<Overlap>| world.post(message.jws().as_str().as_bytes()).await.unwrap_err();
    assert_eq!(post(&stale).await, Code::Stale);
    assert_eq!(post(&elsewhere).await, Code::AudienceWrong);
    assert_eq!(post(&as_another).await, Code::PeerCertificateMismatch);
    assert_eq!(world.post(b"not a token").await.unwrap_err(), Code::TokenMalformed);
    assert_eq!(world.post(&vec![b'a'; 160 * 1024 + 1]).await.unwrap_err(), Code::RequestTooLarge);
    let statement = world.social.overlap_statement(
        &world.key(Side::Asker, &random::message_id(now)),
        stale.digest(),
        OverlapSays::Accepted { people: 1 },
    );
    let statement = statement.unwrap();
    assert_eq!(world.post(statement.jws().as_str().as_bytes()).await.unwrap_err(), Code::TokenTypeWrong);
    assert_eq!(count(world.food(), "overlap").await, before, "none of them left a row");
    assert!(OVERLAP.ends_with("+jwt"));
}

async fn points_that_are_none(world: &World) {
    let (begin, asking) = world.begun(&["CG100"]).await;
    // One comparison of a peer at a time.
    let second = world.begin(world.terms(1));
    assert_eq!(world.says(&second, &second).await, Err(Code::Overloaded));
    let mut turn = asking.turn().unwrap().unwrap();
    turn.points[0] = format!("Av{}", "_".repeat(42)).parse().unwrap();
    let bad = world.step(&begin, OverlapStep::Turn(turn));
    assert_eq!(world.says(&begin, &bad).await, Err(Code::OverlapPointsInvalid));
    assert_eq!(state_of(world, &begin).await, Some(State::Broken));
    let good = world.step(&begin, OverlapStep::Turn(asking.turn().unwrap().unwrap()));
    assert_eq!(world.says(&begin, &good).await, Err(Code::OverlapEnded), "its secret is gone");
}

async fn turns_out_of_their_order(world: &World) {
    let (begin, mut asking) = world.begun(&["CG100", "X"]).await;
    // The first message again is the same comparison; another under its id is none.
    assert_eq!(world.says(&begin, &begin).await, Ok(OverlapSays::Accepted { people: 4 }));
    let id = &begin.claims().comparison;
    let other = world.party().message(id, OverlapStep::Begin(world.terms(3)), world.social.now()).unwrap();
    assert_eq!(world.says(&begin, &other).await, Err(Code::Replayed));
    let turn = asking.turn().unwrap().unwrap();
    let message = world.step(&begin, OverlapStep::Turn(turn.clone()));
    let Ok(OverlapSays::Turn(answer)) = world.says(&begin, &message).await else { panic!("a page") };
    // The same bytes get the same page, other bytes for a turn that was taken get nothing.
    assert_eq!(world.says(&begin, &message).await, Ok(OverlapSays::Turn(answer.clone())));
    let resigned = world.step(&begin, OverlapStep::Turn(turn.clone()));
    assert_eq!(world.says(&begin, &resigned).await, Err(Code::Replayed));
    asking.take(&turn, &answer).unwrap();
    // Its end before its last page ends it for both.
    let counts = OverlapCounts { asker: 2, answerer: 4, common: 1, transcript: begin.digest() };
    let early =
        world.social.overlap_statement(&world.key(Side::Asker, id), begin.digest(), OverlapSays::Compared(counts));
    let early = world.step(&begin, OverlapStep::End(early.unwrap().jws().clone()));
    assert_eq!(world.says(&begin, &early).await, Err(Code::OverlapPointsInvalid));
    assert_eq!(state_of(world, &begin).await, Some(State::Broken));
}

async fn results_that_contradict(world: &World) {
    let (begin, mut asking) = world.begun(&["CG100"]).await;
    while let Some(turn) = asking.turn().unwrap() {
        let message = world.step(&begin, OverlapStep::Turn(turn.clone()));
        let Ok(OverlapSays::Turn(answer)) = world.says(&begin, &message).await else { panic!("a page") };
        asking.take(&turn, &answer).unwrap();
    }
    let ended = asking.end().unwrap();
    assert_eq!(ended.common.len(), 1);
    let lie = OverlapCounts { asker: 1, answerer: 4, common: 0, transcript: ended.transcript };
    let key = world.key(Side::Asker, &begin.claims().comparison);
    let lie = world.social.overlap_statement(&key, begin.digest(), OverlapSays::Compared(lie)).unwrap();
    let end = world.step(&begin, OverlapStep::End(lie.jws().clone()));
    assert_eq!(world.says(&begin, &end).await, Err(Code::Conflict));
    assert_eq!(state_of(world, &begin).await, Some(State::Broken));
}

async fn a_suspended_member(world: &World) {
    let (begin, asking) = world.begun(&["CG100"]).await;
    world.stands(Standing::Suspended).await;
    let turn = world.step(&begin, OverlapStep::Turn(asking.turn().unwrap().unwrap()));
    assert_eq!(world.says(&begin, &turn).await, Err(Code::PeerSuspended), "in the midst of a comparison too");
    let new = world.begin(world.terms(1));
    assert_eq!(world.says(&new, &new).await, Err(Code::PeerSuspended));
}
