//! From an offer to bindings, and every way in which a wallet gets none.

use protocol::{
    credential::Status,
    seal::{Algorithm, SigningKey},
};
use schemas::{
    consent::StatusReference,
    openid::{AuthorizationServerMetadata, IssuerMetadata, TokenResponse},
    problem::Code,
};
use serde_json::json;
use service_kit::db::DatabaseError;

use crate::{
    consents::testing::{CitizenWorld, Proofs, TestWallet, code},
    identity::{binding_resume, binding_revoke, binding_suspend},
};

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_living_resident_is_bound_one_binding_a_key_and_nothing_personal_in_clear() {
    let world = CitizenWorld::start().await;
    let metadata: IssuerMetadata = world.civil.fetch("/.well-known/openid-credential-issuer").await.json();
    assert_eq!(metadata.credential_issuer, world.civil.entity.as_str());
    let server: AuthorizationServerMetadata = world.civil.fetch("/.well-known/oauth-authorization-server").await.json();
    assert!(server.token_endpoint.ends_with("/identity/token") && server.anonymous_access);

    let wallets = TestWallet::batch(&world, "R-1", 3).await;
    let places: Vec<&StatusReference> = wallets.iter().map(|w| &w.binding.claims().status.status_list).collect();
    assert!(places[0].idx != places[1].idx && places[1].idx != places[2].idx && places[0].idx != places[2].idx);
    for wallet in &wallets {
        assert_eq!(wallet.binding.concealed("given_name"), Some("Sushila"));
        assert_eq!(wallet.binding.concealed("birthdate"), Some("1964-02-29"));
        let subject = world.civil.app().keys().sectors[&"revenue".parse().unwrap()].sector_subject("R-1");
        assert_eq!(wallet.binding.concealed("sub_revenue"), Some(subject.as_str()));
        let signed = protocol::seal::decode_base64url(wallet.binding.as_str().split('.').nth(1).unwrap()).unwrap();
        let clear = String::from_utf8(signed).unwrap();
        assert!(!clear.contains("Sushila") && !clear.contains("1964") && !clear.contains(subject.as_str()), "{clear}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_codes_kill_an_offer_and_a_used_one_is_dead_too() {
    let world = CitizenWorld::start().await;
    let refused = (400, "invalid_grant".to_owned());
    let offer = world.offer("R-1").await;
    let (dpop, code_of) = (key(), code(&offer));
    let wrong = if offer.tx_code == "000000" { "000001" } else { "000000" };
    for _ in 0..4 {
        let proof = Proofs::dpop(&world, &dpop, "/identity/token", None);
        assert_eq!(Proofs::redeem(&world, Some(&proof), &code_of, wrong).await.oauth(), refused);
    }
    let proof = Proofs::dpop(&world, &dpop, "/identity/token", None);
    let fifth = world.offer("R-1").await;
    Proofs::redeem(&world, Some(&proof), &code_of, wrong).await.oauth();
    let proof = Proofs::dpop(&world, &dpop, "/identity/token", None);
    assert_eq!(
        Proofs::redeem(&world, Some(&proof), &code_of, &offer.tx_code).await.oauth(),
        refused,
        "dead after five"
    );

    let proof = Proofs::dpop(&world, &dpop, "/identity/token", None);
    Proofs::redeem(&world, Some(&proof), &code(&fifth), &fifth.tx_code).await.json::<TokenResponse>();
    let proof = Proofs::dpop(&world, &dpop, "/identity/token", None);
    assert_eq!(Proofs::redeem(&world, Some(&proof), &code(&fifth), &fifth.tx_code).await.oauth(), refused, "used");
    let proof = Proofs::dpop(&world, &dpop, "/identity/token", None);
    assert_eq!(Proofs::redeem(&world, Some(&proof), "unknown", "123456").await.oauth(), refused, "unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_needs_a_dpop_proof_for_this_address_used_once() {
    let world = CitizenWorld::start().await;
    let offer = world.offer("R-1").await;
    let (dpop, code_of) = (key(), code(&offer));
    let refused = (400, "invalid_dpop_proof".to_owned());
    let elsewhere = Proofs::dpop(&world, &dpop, "/identity/credential", None);
    let with_token = Proofs::dpop(&world, &dpop, "/identity/token", Some("another"));
    for bad in [None, Some("no.proof.here"), Some(elsewhere.as_str()), Some(with_token.as_str())] {
        assert_eq!(Proofs::redeem(&world, bad, &code_of, &offer.tx_code).await.oauth(), refused, "{bad:?}");
    }
    let proof = Proofs::dpop(&world, &dpop, "/identity/token", None);
    Proofs::redeem(&world, Some(&proof), &code_of, &offer.tx_code).await.json::<TokenResponse>();
    let other = world.offer("R-1").await;
    assert_eq!(Proofs::redeem(&world, Some(&proof), &code(&other), &other.tx_code).await.oauth(), refused, "replayed");
    let form = [("grant_type", "password")];
    let answer = world.civil.post_form("/identity/token", &[("DPoP", &proof)], &form).await;
    assert_eq!(answer.oauth(), (400, "unsupported_grant_type".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn bindings_need_the_token_its_key_a_fresh_nonce_and_a_proof_each() {
    let world = CitizenWorld::start().await;
    let proofs = Proofs::of(&world, "R-1").await;
    let (holder, stranger) = (key(), key());
    let nonce = Proofs::nonce(&world).await;
    let proven = Proofs::prove(&world, std::slice::from_ref(&holder), &nonce);
    let no_token = (401, "invalid_token".to_owned());
    let by_stranger = Proofs::dpop(&world, &stranger, "/identity/credential", Some(&proofs.token));
    assert_eq!(proofs.issue_with(&world, &by_stranger, proven.clone()).await.oauth(), no_token, "another key");
    let without_hash = Proofs::dpop(&world, &proofs.dpop, "/identity/credential", None);
    assert_eq!(proofs.issue_with(&world, &without_hash, proven.clone()).await.oauth(), no_token, "no ath");
    let elsewhere = Proofs::dpop(&world, &proofs.dpop, "/identity/token", Some(&proofs.token));
    assert_eq!(proofs.issue_with(&world, &elsewhere, proven.clone()).await.oauth(), no_token, "another htu");
    let other = Proofs { dpop: key(), token: "unknown".to_owned() };
    assert_eq!(other.issue(&world, proven.clone()).await.oauth(), no_token, "unknown token");

    let foreign = Proofs::prove(&world, std::slice::from_ref(&holder), "not-a-nonce");
    assert_eq!(proofs.issue(&world, foreign).await.oauth(), (400, "invalid_nonce".to_owned()));
    let bad_proof = (400, "invalid_proof".to_owned());
    assert_eq!(proofs.issue(&world, Vec::new()).await.oauth(), bad_proof, "no proof");
    let twice = vec![proven[0].clone(), proven[0].clone()];
    assert_eq!(proofs.issue(&world, twice).await.oauth(), bad_proof, "a key twice");
    let many: Vec<SigningKey> = (0..17).map(|_| key()).collect();
    assert_eq!(proofs.issue(&world, Proofs::prove(&world, &many, &nonce)).await.oauth(), bad_proof, "seventeen");

    assert_eq!(proofs.issue(&world, proven.clone()).await.0.status, 200, "the good one");
    assert_eq!(proofs.issue(&world, proven).await.oauth(), (400, "invalid_nonce".to_owned()), "the nonce was used");
    let again = Proofs::prove(&world, &[holder], &Proofs::nonce(&world).await);
    assert_eq!(proofs.issue(&world, again).await.oauth(), bad_proof, "a key has one binding");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_unknown_dead_or_without_a_day_of_birth_is_invited_and_only_by_a_registry() {
    let world = CitizenWorld::start().await;
    for resident in ["R-404", "R-3", "R-4", ""] {
        let answer = world.civil.portal_post("/v1/binding-offers", &[], &json!({ "resident": resident })).await;
        assert_eq!(answer.refused(), Code::NotFoundOrNotPermitted, "{resident}");
    }
    let answer = world.social.portal_post("/v1/binding-offers", &[], &json!({ "resident": "R-1" })).await;
    assert_eq!(answer.refused(), Code::RoleMissing);
    for path in ["/.well-known/openid-credential-issuer", "/status/rb/0"] {
        assert_eq!(world.social.fetch(path).await.refused(), Code::RoleMissing, "{path}");
    }
    assert_eq!(world.civil.fetch("/status/rb/9").await.refused(), Code::NotFound);
    let rows = world.civil.app().db().read(|conn| crate::store::testing::rows(conn, "audit_trail")).await;
    assert!(rows.unwrap() >= 4, "refused invitations stand in the audit trail");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_is_published_lifted_and_a_revocation_is_final() {
    let world = CitizenWorld::start().await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let other = TestWallet::of(&world, "R-2").await;
    let number: registry_adapter::key::LocalKey = "R-1".parse().unwrap();
    let status = || async {
        let place = &wallet.binding.claims().status.status_list;
        let token = world.civil.fetch("/status/rb/0").await.text();
        let key = world.civil.app().keys().signing.public().clone();
        let list = protocol::credential::status_list::verify(
            token.as_bytes(),
            &place.uri,
            &world.civil.entity,
            &key,
            world.now(),
        )
        .unwrap();
        let theirs = list.status_of(&other.binding.claims().status.status_list).unwrap().status();
        assert_eq!(theirs, Status::Valid, "nobody else is touched");
        list.status_of(place).unwrap().status()
    };
    assert_eq!(status().await, Status::Valid);
    let changes =
        [(0, Status::Suspended), (1, Status::Valid), (2, Status::Invalid), (1, Status::Invalid), (0, Status::Invalid)];
    for (change, expected) in changes {
        let (keys, number) = (world.civil.app().keys().clone(), number.clone());
        let done = world.civil.app().db().write(move |conn| {
            let change = [binding_suspend, binding_resume, binding_revoke][change];
            Ok::<_, DatabaseError>(change(conn, &keys, &number)?)
        });
        done.await.unwrap();
        assert_eq!(status().await, expected);
    }
}
