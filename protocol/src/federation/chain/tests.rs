//! Each link of a trust chain, broken one at a time.

use schemas::federation::{Role, Standing};

use super::*;
use crate::{
    federation::{
        FederationError as E, sign_configuration, sign_resolve_response, sign_statement,
        testing::{Authority, NOW, Party, entity, set},
    },
    seal::{Algorithm, JwsError, SigningKey},
};

#[test]
fn a_member_is_what_the_anchor_and_its_own_statement_say() {
    let (authority, revenue) = (Authority::new(), Party::member("revenue"));
    let chain = authority.chain(&revenue, |_| ());
    let member = verify_chain(&chain, &authority.root, NOW).unwrap();
    assert_eq!(member.entity(), &entity("revenue"));
    assert_eq!(member.roles(), [Role::Provider]);
    assert_eq!(member.standing(), Standing::Active);
    assert_eq!(member.directory_size(), 7);
    assert_eq!(member.encryption_key().kid(), revenue.encryption.kid());
    assert_eq!(member.chain(), chain);
    assert!(member.signing_key(revenue.signing.kid(), NOW.numeric(), None).is_ok());
    assert_eq!(
        member.signing_key(revenue.federation.kid(), NOW.numeric(), None).unwrap_err(),
        E::KeyNotValid(entity("revenue")),
    );
}

#[test]
fn each_false_statement_of_the_anchor_is_refused() {
    type Edit = fn(&mut SubordinateStatement);
    let other = SigningKey::generate(Algorithm::Es256).unwrap();
    let (authority, revenue) = (Authority::new(), Party::member("revenue"));
    let cases: [(Edit, E, &str); 7] = [
        (|s| s.iss = entity("other"), E::NotLinked("a statement by another superior"), "another superior"),
        (|s| s.sub = entity("food"), E::NotLinked("a configuration of another entity"), "about another member"),
        (|s| s.sub = s.iss.clone(), E::NotLinked("a superior's statement about itself"), "about itself"),
        (|s| s.exp = s.iat.plus(24 * 3600 + 1), E::LifeTooLong, "more than a day"),
        (|s| (s.iat, s.exp) = (NOW.plus(11).numeric(), NOW.plus(60).numeric()), E::NotYetValid, "the future"),
        (|s| s.exp = NOW.numeric(), E::Expired, "ended"),
        (
            |s| s.entity_configuration = schemas::digest::Digest::of("x"),
            E::NotLinked("not the configuration that the log has"),
            "another configuration",
        ),
    ];
    for (edit, error, why) in cases {
        let chain = authority.chain(&revenue, edit);
        assert_eq!(verify_chain(&chain, &authority.root, NOW).unwrap_err(), error, "{why}");
    }
    let chain = authority.chain(&revenue, |s| s.jwks = set(&[&other]));
    let error = E::NotLinked("signed by a key that the superior does not name");
    assert_eq!(verify_chain(&chain, &authority.root, NOW).unwrap_err(), error);
}

#[test]
fn a_statement_by_any_other_key_is_refused() {
    let (authority, revenue) = (Authority::new(), Party::member("revenue"));
    let mut chain = authority.chain(&revenue, |_| ());
    let statement = authority.party.statement_about(&chain[0], &revenue);
    for key in [&revenue.federation, &authority.party.signing, &authority.officers[0]] {
        chain[1] = sign_statement(key, &statement).unwrap();
        let error = E::NotLinked("not signed by the superior's key");
        assert_eq!(verify_chain(&chain, &authority.root, NOW).unwrap_err(), error);
    }
}

#[test]
fn another_anchor_is_refused_by_its_fingerprint() {
    let (ours, theirs, revenue) = (Authority::new(), Authority::new(), Party::member("revenue"));
    let chain = theirs.chain(&revenue, |_| ());
    assert_eq!(verify_chain(&chain, &ours.root, NOW).unwrap_err(), E::AnchorNotPinned);
    let mut mixed = ours.chain(&revenue, |_| ());
    mixed[2] = chain[2].clone();
    assert_eq!(verify_chain(&mixed, &ours.root, NOW).unwrap_err(), E::AnchorNotPinned);
    let mut root = ours.root.clone();
    root.entity = entity("other");
    assert_eq!(verify_chain(&ours.chain(&revenue, |_| ()), &root, NOW).unwrap_err(), E::AnchorNotPinned);
}

#[test]
fn each_false_configuration_of_the_member_is_refused() {
    type Edit = fn(&mut Party);
    let cases: [(Edit, E, &str); 8] = [
        (|p| p.configuration.iss = entity("food"), E::NotLinked("an entity configuration about another entity"), "iss"),
        (|p| p.configuration.authority_hints.clear(), E::NotLinked("the entity does not name this superior"), "hints"),
        (|p| p.configuration.exp = NOW.numeric(), E::Expired, "ended"),
        (|p| p.configuration.exp = NOW.plus(401 * 86_400).numeric(), E::LifeTooLong, "more than 400 days"),
        (|p| p.configuration.metadata.data_gateway = None, E::Metadata("no data_gateway"), "no gateway"),
        (|p| p.gateway().protocol_versions = vec!["2".into()], E::Metadata("no common version of the protocol"), "v2"),
        (|p| p.gateway().encryption_jwks.keys.clear(), E::Metadata("no encryption key"), "nothing to seal to"),
        (
            |p| p.gateway().tls_certificates.clear(),
            E::Metadata("one to four certificates are listed"),
            "no certificate",
        ),
    ];
    let authority = Authority::new();
    for (edit, error, why) in cases {
        let mut revenue = Party::member("revenue");
        edit(&mut revenue);
        let chain = authority.chain(&revenue, |_| ());
        assert_eq!(verify_chain(&chain, &authority.root, NOW).unwrap_err(), error, "{why}");
    }
}

#[test]
fn a_configuration_that_claims_roles_does_not_parse() {
    let (authority, revenue) = (Authority::new(), Party::member("revenue"));
    let mut claims = serde_json::to_value(&revenue.configuration).unwrap();
    claims["roles"] = serde_json::json!(["provider"]);
    let own = crate::seal::sign(Typ::EntityStatement, &revenue.federation, &claims).unwrap();
    let statement = authority.party.statement_about(&own, &revenue);
    let statement = sign_statement(&authority.party.federation, &statement).unwrap();
    let chain = [own, statement, authority.party.own_statement()];
    let error = verify_chain(&chain, &authority.root, NOW).unwrap_err();
    assert!(matches!(error, E::Statement(JwsError::Claims { .. })), "{error:?}");
}

#[test]
fn a_chain_has_at_least_three_statements_in_order() {
    let (authority, revenue) = (Authority::new(), Party::member("revenue"));
    let chain = authority.chain(&revenue, |_| ());
    for bad in [&chain[..0], &chain[..1], &chain[..2], &chain[1..]] {
        assert!(verify_chain(bad, &authority.root, NOW).is_err());
    }
    for (one, two) in [(0, 1), (1, 2), (0, 2)] {
        let mut shuffled = chain.clone();
        shuffled.swap(one, two);
        assert!(verify_chain(&shuffled, &authority.root, NOW).is_err());
    }
    let long = [vec![chain[0].clone()], vec![chain[1].clone(); 7], vec![chain[2].clone()]].concat();
    assert_eq!(verify_chain(&long, &authority.root, NOW).unwrap_err(), E::PathTooLong);
}

/// Anchor → state → department.
fn below_a_state(length: u32, edit: impl FnOnce(&mut SubordinateStatement)) -> Result<VerifiedMember, E> {
    let (authority, state, mut leaf) = (Authority::new(), Party::member("state"), Party::member("revenue"));
    leaf.configuration.authority_hints = vec![entity("state")];
    let (own, of_state) = (leaf.own_statement(), state.own_statement());
    let by_state = state.statement_about(&own, &leaf);
    let mut by_anchor = authority.party.statement_about(&of_state, &state);
    by_anchor.constraints.max_path_length = length;
    edit(&mut by_anchor);
    let chain = [
        own,
        sign_statement(&state.federation, &by_state).unwrap(),
        sign_statement(&authority.party.federation, &by_anchor).unwrap(),
        authority.party.own_statement(),
    ];
    verify_chain(&chain, &authority.root, NOW)
}

#[test]
fn an_intermediate_needs_room_in_its_superiors_constraint() {
    assert_eq!(below_a_state(0, |_| ()).unwrap_err(), E::PathTooLong);
    assert_eq!(below_a_state(1, |_| ()).unwrap().entity(), &entity("revenue"));
}

#[test]
fn an_intermediate_grants_no_more_than_it_has() {
    assert_eq!(below_a_state(1, |_| ()).unwrap().roles(), [Role::Provider]);
    assert!(below_a_state(1, |s| s.roles.clear()).unwrap().roles().is_empty());
    let suspended = below_a_state(1, |s| s.standing = Standing::Suspended).unwrap();
    assert_eq!(suspended.standing(), Standing::Suspended);
}

#[test]
fn evidence_is_judged_at_its_own_time() {
    let (authority, revenue) = (Authority::new(), Party::member("revenue"));
    let chain = authority.chain(&revenue, |_| ());
    let later = NOW.plus(2 * 86_400);
    assert_eq!(verify_chain(&chain, &authority.root, later).unwrap_err(), E::Expired);
    let member = verify_chain(&chain, &authority.root, NOW).unwrap();
    assert_eq!(member.expires(), NOW.plus(-60 + STATEMENT_LIFE));
}

#[test]
fn an_applicant_proves_possession_of_its_key() {
    let (revenue, food) = (Party::member("revenue"), Party::member("food"));
    let verified = crate::federation::verify_applicant(&revenue.own_statement(), NOW).unwrap();
    assert_eq!(verified.signer(), revenue.federation.kid());
    assert_eq!(verified.claims(), &revenue.configuration);
    let stolen = sign_configuration(&food.federation, &revenue.configuration).unwrap();
    let error = E::NotLinked("signed by a key it does not hold");
    assert_eq!(crate::federation::verify_applicant(&stolen, NOW).unwrap_err(), error);
}

#[test]
fn a_resolve_response_counts_if_the_anchor_signed_it_about_this_member() {
    let (authority, revenue) = (Authority::new(), Party::member("revenue"));
    let (anchor, chain) = (authority.verified(), authority.chain(&revenue, |_| ()));
    let (iat, exp) = (NOW.numeric(), NOW.plus(60).numeric());
    let claims =
        ResolveResponse { iss: entity("anchor"), sub: entity("revenue"), iat, exp, trust_chain: chain.clone() };
    let response = sign_resolve_response(&authority.party.federation, &claims).unwrap();
    assert_eq!(resolved_chain(&response, &anchor, &entity("revenue"), NOW).unwrap(), chain);
    assert!(resolved_chain(&response, &anchor, &entity("food"), NOW).is_err());
    assert_eq!(resolved_chain(&response, &anchor, &entity("revenue"), NOW.plus(61)), Err(E::Expired));
    let forged = sign_resolve_response(&revenue.federation, &claims).unwrap();
    assert!(resolved_chain(&forged, &anchor, &entity("revenue"), NOW).is_err());
}
