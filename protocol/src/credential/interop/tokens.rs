//! `identity-kit` verifies our binding, guardianship and status list, and refuses what we refuse.

use std::{future::Future, pin::Pin};

use identity_kit::{
    jose::{DefaultVerifier, Jwk},
    resolver::{KeyReference, KeyResolutionError, KeyResolver, KeyRole},
    sd_jwt_vc::{
        KeyBindingOptions, SdJwt, SdJwtCredentialValidator, SdJwtValidationError, SdJwtValidationOptions,
        ValidatedSdJwtVc,
    },
    status_list::{StatusListRef, StatusListToken as KitToken},
    vc::{
        JwtClaims,
        validation::{StatusPolicy, TimeOptions},
    },
};
use schemas::time::Timestamp;

use crate::{
    credential::{
        Status, StatusList,
        block_on::block_on,
        guardianship,
        status_list::{Publication, publish},
    },
    testing::{Citizen, World, name},
};

/// The key of our registry, for tokens that name it as their issuer; nobody else's.
struct Directory<'a>(&'a World);

type Resolving<'f> = Pin<Box<dyn Future<Output = Result<Jwk, KeyResolutionError>> + Send + 'f>>;

impl KeyResolver for Directory<'_> {
    // What `async_trait` writes, by hand.
    fn resolve_key<'s, 'k, 'f>(&'s self, key: &'k KeyReference, _: KeyRole) -> Resolving<'f>
    where
        's: 'f,
        'k: 'f,
        Self: 'f,
    {
        let signing = self.0.registry.signing.public();
        let listed = match key {
            KeyReference::Jwks { issuer, kid } => {
                issuer.as_str().trim_end_matches('/') == self.0.registry.entity.as_str()
                    && kid == signing.kid().as_str()
            }
            // A holder's key that the token itself carries in `cnf`.
            KeyReference::Jwk(jwk) => {
                let jwk = jwk.public();
                return Box::pin(async move { Ok(jwk) });
            }
            _ => false,
        };
        let jwk = serde_json::to_value(signing.jwk()).unwrap();
        let answer =
            if listed { Ok(serde_json::from_value(jwk).unwrap()) } else { Err(KeyResolutionError::unsupported(key)) };
        Box::pin(async move { answer })
    }
}

fn at(now: Timestamp) -> TimeOptions {
    TimeOptions::at(JwtClaims::timestamp(now.seconds()).unwrap())
}

fn validate(world: &World, token: &str, bound: Option<(&str, &str)>) -> Result<ValidatedSdJwtVc, SdJwtValidationError> {
    let mut options = SdJwtValidationOptions::new().with_time(at(world.now)).with_status(StatusPolicy::SkipAll);
    if let Some((audience, nonce)) = bound {
        options = options.with_key_binding(KeyBindingOptions::new(audience, nonce).with_time(at(world.now)));
    }
    let validator = SdJwtCredentialValidator::new(Directory(world), DefaultVerifier);
    block_on(validator.validate(&SdJwt::parse(token).unwrap(), &options.rejecting_legacy_typ()))
}

fn scene() -> (World, Citizen) {
    let world = World::new();
    let asha = world.citizen("RID-0001");
    (world, asha)
}

const REVENUE: &str = "https://revenue.gov.example";

#[test]
fn our_binding_is_verified_with_what_it_discloses() {
    let (world, asha) = scene();
    let shown = asha.present(&name(REVENUE), "n-1");
    let verified = validate(&world, &shown, Some((REVENUE, "n-1"))).unwrap();
    let claims = serde_json::to_value(verified.credential.claims().to_map()).unwrap();
    assert_eq!(claims["vct"], schemas::consent::BINDING_VCT);
    assert_eq!(claims["iss"], world.registry.entity.as_str());
    assert_eq!(claims["sub_revenue"], world.registry.subject("RID-0001", &name("revenue")).as_str());
    assert_eq!(claims.get("sub_food"), None, "what was not disclosed stays hidden");
    assert_eq!(claims.get("given_name"), None);
    let reference: StatusListRef = serde_json::from_value(claims["status"]["status_list"].clone()).unwrap();
    assert_eq!((reference.uri.as_str(), reference.idx), (asha.binding.claims().status.status_list.uri.as_str(), 1));
}

#[test]
fn the_whole_binding_is_verified_as_it_is_issued() {
    let (world, asha) = scene();
    let verified = validate(&world, asha.binding.as_str(), None).unwrap();
    let claims = serde_json::to_value(verified.credential.claims().to_map()).unwrap();
    for (claim, value) in [("given_name", "आशा"), ("birthdate", "1958-02-28"), ("resident_id", "RID-0001")] {
        assert_eq!(claims[claim], value);
    }
}

#[test]
fn what_we_refuse_is_refused_there_too() {
    let (world, asha) = scene();
    let shown = asha.present(&name(REVENUE), "n-1");
    let (unbound, key_binding) = shown.rsplit_once('~').unwrap();
    let meena = world.citizen("RID-0002").present(&name(REVENUE), "n-1");
    let theirs = meena.rsplit_once('~').unwrap().1;
    let (jwt, _) = shown.split_once('~').unwrap();
    let cases = [
        ("another nonce", shown.clone(), (REVENUE, "n-2")),
        ("another receiver", shown.clone(), ("https://food.gov.example", "n-1")),
        ("no key binding", format!("{unbound}~"), (REVENUE, "n-1")),
        ("another person's key binding", format!("{unbound}~{theirs}"), (REVENUE, "n-1")),
        ("a disclosure less", format!("{jwt}~{key_binding}"), (REVENUE, "n-1")),
    ];
    assert!(validate(&world, &shown, Some((REVENUE, "n-1"))).is_ok());
    for (why, token, bound) in cases {
        assert!(validate(&world, &token, Some(bound)).is_err(), "{why}");
        let expected = crate::credential::binding::Expected { audience: bound.0, nonce: bound.1, holder: None };
        assert!(
            crate::credential::binding::verify(&token, &world.registry.keys(), expected, world.now).is_err(),
            "{why}"
        );
    }
    let later = World { now: world.now.plus(400 * 86_400), ..world };
    assert!(validate(&later, &shown, Some((REVENUE, "n-1"))).is_err(), "after its end");
}

#[test]
fn our_guardianship_is_verified() {
    let (world, asha) = scene();
    let token = world.registry.appoint(&world.registry.guardianship("RID-0007", asha.key.public()));
    let shown = guardianship::show(&token, &name("revenue")).unwrap();
    let claims = validate(&world, &shown, None).unwrap().credential.claims().to_map();
    let claims = serde_json::to_value(claims).unwrap();
    assert_eq!(claims["vct"], schemas::consent::GUARDIANSHIP_VCT);
    assert_eq!((&claims["depth"], &claims["purposes"]), (&1.into(), &serde_json::json!(["social"])));
    assert_eq!(claims["sub_revenue"], world.registry.subject("RID-0007", &name("revenue")).as_str());
    assert_eq!(claims.get("sub_food"), None);
}

#[test]
fn our_status_list_reads_the_same_there() {
    let (world, _) = scene();
    let mut list = StatusList::new(1000).unwrap();
    for (index, status) in [(0, Status::Invalid), (7, Status::Suspended), (999, Status::Invalid)] {
        list.set(index, status).unwrap();
    }
    let uri = "https://civil.gov.example/status/rb/7".to_owned();
    let (iat, exp) = (world.now.numeric(), world.now.numeric().plus(86_400));
    let publication = Publication { issuer: world.registry.entity.clone(), uri: uri.clone(), iat, exp, ttl: 60 };
    let token = publish(&list, &publication, &world.registry.signing).unwrap();
    let (_, read) = KitToken::decode(&token.as_str().parse().unwrap()).unwrap();
    let status = |index| read.status_of(&StatusListRef::new(uri.clone(), index), at(world.now)).map(|status| status.0);
    for (index, value) in [(0, 1), (1, 0), (7, 2), (8, 0), (998, 0), (999, 1)] {
        assert_eq!(status(index).unwrap(), value, "{index}");
    }
    assert!(status(1000).is_err(), "past the end");
    assert!(read.status_of(&StatusListRef::new(uri, 0), at(world.now.plus(86_401))).is_err(), "after its end");
}
