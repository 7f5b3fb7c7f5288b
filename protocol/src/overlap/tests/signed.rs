//! Messages and statements count where they belong, and nowhere else.

use super::*;
use crate::{
    exchange::NotAttested,
    seal::{ClaimsError, Typ, random, sign},
};
use schemas::{federation::Role, overlap::OverlapSays};

fn terms() -> OverlapTerms {
    OverlapTerms {
        law: name("nfsa-2013-s12"),
        purpose: name("social.pension.overlap"),
        identifier: name("ration_card"),
        roll: name("social.pension"),
        of: name("food.ration-card"),
        people: 2,
        officer: name("officer-1"),
        case: name("C-1"),
    }
}

#[test]
fn a_message_is_taken_from_its_signer_for_us_and_now() {
    let now = Timestamp::from_seconds(NOW);
    let authority = Authority::new(now);
    let asker = Department::new("social", vec![Role::Consumer(name("social"))], now);
    let food: EntityId = name("https://food.gov.example");
    let member = authority.admit(&asker);
    let party = Party { entity: &asker.entity, signing: &asker.signing, peer: &food };
    let comparison = random::message_id(now);
    let begin = party.message(&comparison, OverlapStep::Begin(terms()), now).unwrap();
    let bytes = begin.jws().as_str().as_bytes();
    assert_eq!(accept_message(bytes, &member, &food, now).unwrap().claims(), begin.claims());
    let taken =
        |bytes: &[u8], us: &EntityId, at| accept_message(bytes, &member, us, at).map(drop).map_err(|e| e.code());
    assert_eq!(taken(bytes, &food, now.plus(71)), Err(Code::Stale));
    assert_eq!(taken(bytes, &asker.entity, now), Err(Code::AudienceWrong));
    assert_eq!(taken(b"a.b.c", &food, now), Err(Code::TokenMalformed));
    // A first message names itself, a later one does not.
    let mut other = begin.claims().clone();
    other.comparison = random::message_id(now);
    let other = sign(Typ::Overlap, &asker.signing, &other).unwrap();
    assert_eq!(taken(other.as_str().as_bytes(), &food, now), Err(Code::TokenMalformed));
    let turn = OverlapTurn { n: 0, points: Vec::new(), again: Vec::new() };
    let turn = party.message(&comparison, OverlapStep::Turn(turn), now).unwrap();
    assert_eq!(taken(turn.jws().as_str().as_bytes(), &food, now), Ok(()));
    // Signed by somebody else.
    let thief = Department::new("health", vec![Role::Consumer(name("health"))], now);
    let forged = sign(Typ::Overlap, &thief.signing, begin.claims()).unwrap();
    assert_eq!(taken(forged.as_str().as_bytes(), &food, now), Err(Code::SignatureInvalid));
    let of_another = accept_message(bytes, &authority.admit(&thief), &food, now).unwrap_err();
    assert_eq!(of_another, NotTaken::Token(NotAttested::OtherIssuer));
}

#[test]
fn a_statement_is_taken_about_this_comparison_alone() {
    let now = Timestamp::from_seconds(NOW);
    let authority = Authority::new(now);
    let food = Department::new("food", vec![Role::Provider], now);
    let (social, member) = (name::<EntityId>("https://social.gov.example"), authority.admit(&food));
    let party = Party { entity: &food.entity, signing: &food.signing, peer: &social };
    let about = (random::message_id(now), Digest::of("the request"));
    let accepted = OverlapSays::Accepted { people: 7 };
    let statement = party.statement((&about.0, about.1), accepted.clone(), now).unwrap();
    let bytes = statement.jws().as_str().as_bytes();
    assert_eq!(accept_result(bytes, &member, &social, (&about.0, about.1)).unwrap().claims().says, accepted);
    let other = random::message_id(now);
    for about in [(&other, about.1), (&about.0, Digest::of("another request"))] {
        assert_eq!(accept_result(bytes, &member, &social, about), Err(NotTaken::Elsewhere));
    }
    let elsewhere = accept_result(bytes, &member, &food.entity, (&about.0, about.1)).unwrap_err();
    assert_eq!(elsewhere, NotTaken::Claims(ClaimsError::AudienceWrong));
}
