//! What a guardianship shows, and each way in which one does not verify.

use schemas::consent::GuardianshipDepth;

use super::*;
use crate::{
    seal::Algorithm,
    testing::{IdentityRegistry, World, name},
};

fn scene() -> (World, SigningKey, String) {
    let world = World::new();
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let token = world.registry.appoint(&world.registry.guardianship("RID-0007", key.public()));
    (world, key, token)
}

#[test]
fn only_the_wards_name_in_one_sector_is_shown() {
    let (world, key, token) = scene();
    let shown = show(&token, &name("revenue")).unwrap();
    let verified = verify(&shown, &world.registry.keys(), Some(key.public())).unwrap();
    assert_eq!(verified.sole_ward(&name("revenue")), Some(world.registry.subject("RID-0007", &name("revenue"))));
    assert_eq!(verified.sole_ward(&name("food")), None);
    assert_eq!((verified.guardian(), verified.claims().depth), (key.public(), GuardianshipDepth));
    let food = world.registry.subject("RID-0007", &name("food"));
    assert!(!shown.contains(&crate::seal::encode_base64url(food.as_str())));
    let whole = verify(&token, &world.registry.keys(), None).unwrap();
    assert_eq!(whole.sole_ward(&name("revenue")), None, "more than one name is shown");
    assert_eq!(whole.digest(), verified.digest(), "the same credential, whatever is shown");
    assert!(show(&token, &name("defence")).is_err(), "a sector that it does not have");
    assert!(!format!("{verified:?}").contains(verified.sole_ward(&name("revenue")).unwrap().as_str()));
}

#[test]
fn purposes_cover_themselves_and_what_lies_below() {
    let (world, _, token) = scene();
    let verified = verify(&token, &world.registry.keys(), None).unwrap();
    for (purpose, covered) in
        [("social", true), ("social.old-age-pension", true), ("socialist", false), ("health.vaccination", false)]
    {
        assert_eq!(verified.covers(&name(purpose)), covered, "{purpose}");
    }
}

/// The token with its claims edited and signed again.
fn edited(world: &World, key: &SigningKey, edit: impl FnOnce(&mut serde_json::Value)) -> String {
    let token = world.registry.appoint(&world.registry.guardianship("RID-0007", key.public()));
    let (jwt, disclosures) = token.split_once('~').unwrap();
    let payload = crate::seal::decode_base64url(jwt.split('.').nth(1).unwrap()).unwrap();
    let mut claims: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    edit(&mut claims);
    format!("{}~{disclosures}", sign(Typ::SdJwtVc, &world.registry.signing, &claims).unwrap())
}

#[test]
fn another_kind_another_form_or_another_issuer_is_refused() {
    let (world, key, token) = scene();
    let refused = |token: &str| verify(token, &world.registry.keys(), None).unwrap_err();
    assert!(verify(&edited(&world, &key, |_| ()), &world.registry.keys(), None).is_ok());
    type Edit = fn(&mut serde_json::Value);
    let edits: [(&str, Edit); 7] = [
        ("the type of a binding", |c| c["vct"] = "urn:vinimay:resident-binding:1".into()),
        ("depth 2", |c| c["depth"] = 2.into()),
        ("without an end", |c| drop(c.as_object_mut().unwrap().remove("exp"))),
        ("a member that it does not have", |c| c["mode"] = "self".into()),
        ("another hash", |c| c["_sd_alg"] = "sha-512".into()),
        ("a key with dates", |c| c["cnf"]["jwk"]["exp"] = 1.into()),
        ("a key off the curve", |c| c["cnf"]["jwk"]["y"] = c["cnf"]["jwk"]["x"].clone()),
    ];
    for (why, edit) in edits {
        let error = refused(&edited(&world, &key, edit));
        assert!(matches!(error, BindingError::Malformed(_) | BindingError::Token(_)), "{why}: {error}");
    }
    assert_eq!(
        refused(&edited(&world, &key, |c| c["iss"] = "https://food.gov.example".into())),
        BindingError::IssuerUnknown
    );
    let stranger = IdentityRegistry::new(&["revenue"], world.now);
    let foreign = stranger.appoint(&stranger.guardianship("RID-0007", key.public()));
    assert_eq!(refused(&foreign), BindingError::IssuerUnknown, "a key that nobody lists");
    let binding = world.registry.bind("RID-0001", key.public()).as_str().to_owned();
    assert!(matches!(refused(&binding), BindingError::Token(_) | BindingError::Malformed(_)));
    assert!(matches!(refused(&format!("{token}e30.e30.AA")), BindingError::Malformed(_)), "a key binding");
}

#[test]
fn a_guardianship_is_no_binding() {
    let (world, key, token) = scene();
    assert!(crate::credential::HeldBinding::receive(&token, &world.registry.keys(), key.public()).is_err());
}

#[test]
fn a_disclosure_that_was_changed_added_or_of_something_else_is_refused() {
    let (world, _, token) = scene();
    let shown = show(&token, &name("revenue")).unwrap();
    let (jwt, _) = shown.split_once('~').unwrap();
    let (stolen, _) = sd_jwt::conceal("sub_revenue", world.registry.subject("RID-0001", &name("revenue")).as_str());
    assert!(verify(&format!("{jwt}~{stolen}~"), &world.registry.keys(), None).is_err(), "another person");
    assert!(verify(&format!("{shown}{stolen}~"), &world.registry.keys(), None).is_err(), "one person more");
    let nobody = verify(&format!("{jwt}~"), &world.registry.keys(), None).unwrap();
    assert_eq!(nobody.sole_ward(&name("revenue")), None, "nothing shown");
}
