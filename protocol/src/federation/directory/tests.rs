//! Finding members by name and certificate, their roles, and each stranger.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use schemas::problem::Code;

use super::*;
use crate::federation::{
    FederationError as E,
    testing::{Authority, NOW, Party, entity},
    verify_chain,
};

fn der(party: &Party) -> Vec<u8> {
    STANDARD.decode(&party.configuration.metadata.data_gateway.as_ref().unwrap().tls_certificates[0]).unwrap()
}

fn owner(directory: &Directory, party: &Party) -> Option<EntityId> {
    directory.certificates().find(|(listed, _)| *listed == der(party)).map(|(_, owner)| owner.clone())
}

#[test]
fn a_peer_is_found_by_its_name_and_by_its_certificate() {
    let (authority, revenue, food) = (Authority::new(), Party::member("revenue"), Party::member("food"));
    let members = [authority.admit(&revenue, &["provider"]), authority.admit(&food, &[])];
    let directory = Directory::new(authority.verified(), members);
    assert_eq!(directory.peer(&entity("food"), NOW).unwrap().entity(), &entity("food"));
    assert_eq!(owner(&directory, &revenue), Some(entity("revenue")));
    assert_eq!(owner(&directory, &food), Some(entity("food")));
    assert_eq!(directory.certificates().count(), 2);
    assert_eq!(directory.members().count(), 2);
}

#[test]
fn each_stranger_is_refused_with_its_code() {
    let (authority, revenue) = (Authority::new(), Party::member("revenue"));
    let suspended = Party::member("suspended");
    let chain = authority.chain(&suspended, |statement| statement.standing = Standing::Suspended);
    let members = [authority.admit(&revenue, &[]), verify_chain(&chain, &authority.root, NOW).unwrap()];
    let directory = Directory::new(authority.verified(), members);
    let later = NOW.plus(86_400);
    for (verdict, error, code) in [
        (directory.peer(&entity("other"), NOW), E::Unknown(entity("other")), Code::PeerUnknown),
        (directory.peer(&entity("suspended"), NOW), E::Suspended(entity("suspended")), Code::PeerSuspended),
        (directory.peer(&entity("revenue"), later), E::Expired, Code::DirectoryOutdated),
    ] {
        let refused = verdict.unwrap_err();
        assert_eq!((refused.code(), &refused), (code, &error));
    }
    assert!(directory.member(&entity("suspended")).is_some());
    assert_eq!(owner(&directory, &suspended), Some(entity("suspended")), "it is told that it is suspended");
    assert_eq!(owner(&directory, &Party::member("other")), None);
}

#[test]
fn a_certificate_counts_for_its_member_alone_and_only_while_it_is_valid() {
    let (authority, revenue, food) = (Authority::new(), Party::member("revenue"), Party::member("food"));
    let member = authority.admit(&revenue, &[]);
    assert_eq!(member.authorize_certificate(&der(&revenue), NOW), Ok(()));
    let mismatch = Err(E::CertificateMismatch(entity("revenue")));
    assert_eq!(member.authorize_certificate(&der(&food), NOW), mismatch);
    assert_eq!(member.authorize_certificate(&der(&revenue), NOW.plus(86_401)), mismatch);
    assert_eq!(member.authorize_certificate(&der(&revenue), NOW.plus(-61)), mismatch);
}

#[test]
fn a_copied_certificate_identifies_nobody_but_does_not_lock_its_owner_out() {
    let (authority, revenue, mut thief) = (Authority::new(), Party::member("revenue"), Party::member("thief"));
    thief.gateway().tls_certificates =
        revenue.configuration.metadata.data_gateway.as_ref().unwrap().tls_certificates.clone();
    let members = [authority.admit(&revenue, &[]), authority.admit(&thief, &[])];
    let directory = Directory::new(authority.verified(), members);
    assert_eq!(owner(&directory, &revenue), None);
    let owner = directory.peer(&entity("revenue"), NOW).unwrap();
    assert_eq!(owner.authorize_certificate(&der(&revenue), NOW), Ok(()));
}

#[test]
fn roles_allow_exactly_what_they_name() {
    let (authority, revenue) = (Authority::new(), Party::member("revenue"));
    let none = authority.admit(&revenue, &[]);
    let roles = ["provider", "consumer:social.pension", "event-source:in.vinimay.death.registered.v1"];
    let some = authority.admit(&revenue, &roles);
    let registry = authority.admit(&revenue, &["identity-registry:health", "assisted-operator"]);
    let missing = Err(E::RoleMissing(entity("revenue")));
    assert_eq!((some.authorize_provider(), none.authorize_provider()), (Ok(()), missing.clone()));
    for (purpose, allowed) in [
        ("social.pension", true),
        ("social.pension.eligibility", true),
        ("social.pensions", false),
        ("social", false),
        ("food.pension", false),
    ] {
        assert_eq!(some.authorize_consumer(&purpose.parse().unwrap()).is_ok(), allowed, "{purpose}");
    }
    assert_eq!(some.authorize_event_source(&"in.vinimay.death.registered.v1".parse().unwrap()), Ok(()));
    assert_eq!(some.authorize_event_source(&"in.vinimay.birth.registered.v1".parse().unwrap()), missing);
    assert_eq!(registry.authorize_identity_registry(&"health".parse().unwrap()), Ok(()));
    assert_eq!(registry.authorize_identity_registry(&"food".parse().unwrap()), missing);
    assert_eq!((registry.authorize_assisted_operator(), some.authorize_assisted_operator()), (Ok(()), missing));
}

#[test]
fn of_two_entries_of_a_member_the_later_counts() {
    let (authority, revenue) = (Authority::new(), Party::member("revenue"));
    let older = authority.admit(&revenue, &[]);
    let chain = authority.chain(&revenue, |s| (s.iat, s.directory_size) = (NOW.numeric(), 9));
    let newer = verify_chain(&chain, &authority.root, NOW).unwrap();
    for members in [[older.clone(), newer.clone()], [newer, older]] {
        let directory = Directory::new(authority.verified(), members);
        assert_eq!(directory.member(&entity("revenue")).unwrap().directory_size(), 9);
    }
}
