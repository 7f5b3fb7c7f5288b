//! Bindings end: at the desk, by the person herself from a new phone; and go on after an annulled death. A new one takes its place.

use protocol::seal::{Algorithm, SigningKey};
use schemas::{
    citizen::{
        Guardianships, GuardianshipsRequest, History, HistoryRequest, LinkRequest, RevokeRequest, RevokeScope, Revoked,
    },
    local::BindingsChanged,
    problem::Code,
};
use serde_json::json;
use service_kit::db::DatabaseError;

use crate::{
    consents::testing::{Answer, CitizenWorld, Proofs, TestWallet, code},
    identity::{binding_suspend, lift_suspension},
};

async fn desk(world: &CitizenWorld, what: &str, resident: &str) -> Answer {
    world.civil.portal_post(&format!("/v1/bindings/{what}"), &[], &json!({ "resident": resident })).await
}

/// What a department says to a wallet, once it has read the newest status lists.
async fn history(world: &CitizenWorld, wallet: &TestWallet) -> Answer {
    let revenue = world.revenue.app();
    // A first look makes the list known; then it is read anew.
    let first = wallet.present(world, &world.revenue, &["sub_revenue"]).await;
    world.revenue.post_json("/citizen/v1/history", &HistoryRequest { binding: first }).await;
    revenue.statuses().refresh(revenue).await.unwrap();
    let binding = wallet.present(world, &world.revenue, &["sub_revenue"]).await;
    world.revenue.post_json("/citizen/v1/history", &HistoryRequest { binding }).await
}

async fn revoke(world: &CitizenWorld, wallet: &TestWallet, scope: RevokeScope) -> Answer {
    let binding = wallet.present(world, &world.civil, &[]).await;
    world.civil.post_json("/identity/bindings/revoke", &RevokeRequest { binding, scope }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_phone_is_ended_at_the_desk_and_a_new_one_bound() {
    let world = CitizenWorld::start().await;
    let (lost, other) = (TestWallet::batch(&world, "R-1", 2).await, TestWallet::of(&world, "R-2").await);
    history(&world, &lost[0]).await.json::<History>();
    assert_eq!(desk(&world, "revoke", "R-1").await.json::<BindingsChanged>().changed, 2);
    assert_eq!(desk(&world, "revoke", "R-1").await.json::<BindingsChanged>().changed, 0, "they have ended");
    assert_eq!(history(&world, &lost[0]).await.refused(), Code::BindingRevoked);
    assert_eq!(history(&world, &lost[1]).await.refused(), Code::BindingRevoked);
    history(&world, &other).await.json::<History>();
    let found = TestWallet::of(&world, "R-1").await;
    history(&world, &found).await.json::<History>();
    assert_eq!(desk(&world, "resume", "R-1").await.json::<BindingsChanged>().changed, 0, "revoked is final");
    assert_eq!(history(&world, &lost[0]).await.refused(), Code::BindingRevoked);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registry_itself_believes_no_binding_for_a_moment_longer_than_it_holds() {
    let world = CitizenWorld::start().await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let at_the_registry = async || {
        let binding = wallet.present(&world, &world.civil, &["resident_id"]).await;
        world.civil.post_json("/identity/guardianships", &GuardianshipsRequest { binding }).await
    };
    // It has looked at its own list, so that an older one could be remembered.
    at_the_registry().await.json::<Guardianships>();
    let (keys, resident) = (world.civil.app().keys().clone(), "R-1".parse().unwrap());
    let suspend = move |conn: &mut _| Ok::<_, DatabaseError>(binding_suspend(conn, &keys, &resident)?);
    assert_eq!(world.civil.app().db().write(suspend).await.unwrap(), 1);
    assert_eq!(at_the_registry().await.refused(), Code::BindingSuspended);
    assert_eq!(desk(&world, "resume", "R-1").await.json::<BindingsChanged>().changed, 1);
    at_the_registry().await.json::<Guardianships>();
    assert_eq!(desk(&world, "revoke", "R-1").await.json::<BindingsChanged>().changed, 1);
    assert_eq!(at_the_registry().await.refused(), Code::BindingRevoked);
}

#[tokio::test(flavor = "multi_thread")]
async fn she_ends_the_bindings_of_her_old_phone_from_her_new_one() {
    let world = CitizenWorld::start().await;
    let old = TestWallet::batch(&world, "R-1", 3).await;
    let new = TestWallet::of(&world, "R-1").await;
    let stranger = TestWallet::of(&world, "R-2").await;
    assert_eq!(revoke(&world, &new, RevokeScope::Others).await.json::<Revoked>().revoked, 3);
    assert_eq!(revoke(&world, &new, RevokeScope::Others).await.json::<Revoked>().revoked, 0);
    assert_eq!(history(&world, &old[2]).await.refused(), Code::BindingRevoked);
    history(&world, &new).await.json::<History>();
    history(&world, &stranger).await.json::<History>();
    // The registry's own copy of the list is older than the revocation: its rows decide.
    for scope in [RevokeScope::Others, RevokeScope::All] {
        assert_eq!(revoke(&world, &old[0], scope).await.refused(), Code::BindingRevoked, "an ended one ends none");
    }
    history(&world, &new).await.json::<History>();
    assert_eq!(revoke(&world, &new, RevokeScope::All).await.json::<Revoked>().revoked, 1, "this phone's own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_for_others_or_a_second_time_ends_nothing() {
    let world = CitizenWorld::start().await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let post = |binding: String| async {
        world.civil.post_json("/identity/bindings/revoke", &RevokeRequest { binding, scope: RevokeScope::Others }).await
    };
    let elsewhere = wallet.present(&world, &world.revenue, &[]).await;
    assert_eq!(post(elsewhere).await.refused(), Code::Stale, "another department's nonce");
    assert_eq!(post(wallet.binding.as_str().to_owned()).await.refused(), Code::BindingInvalid, "no key binding");
    let shown = wallet.present(&world, &world.civil, &[]).await;
    post(shown.clone()).await.json::<Revoked>();
    assert_eq!(post(shown).await.refused(), Code::Replayed);
    let at_another = wallet.present(&world, &world.social, &[]).await;
    let refused = world
        .social
        .post_json("/identity/bindings/revoke", &RevokeRequest { binding: at_another, scope: RevokeScope::All })
        .await;
    assert_eq!(refused.refused(), Code::RoleMissing);
    history(&world, &wallet).await.json::<History>();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_is_lifted_for_the_living_alone_and_by_the_registry_alone() {
    let world = CitizenWorld::start().await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let (keys, number) = (world.civil.app().keys().clone(), "R-1".parse().unwrap());
    let suspended =
        world.civil.app().db().write(move |conn| Ok::<_, DatabaseError>(binding_suspend(conn, &keys, &number)?));
    assert_eq!(suspended.await.unwrap(), 1);
    assert_eq!(history(&world, &wallet).await.refused(), Code::BindingSuspended);
    for nobody in ["R-3", "R-404", ""] {
        assert_eq!(desk(&world, "resume", nobody).await.refused(), Code::NotFoundOrNotPermitted, "{nobody}");
    }
    assert_eq!(desk(&world, "resume", "R-1").await.json::<BindingsChanged>().changed, 1);
    history(&world, &wallet).await.json::<History>();
    let elsewhere = world.social.portal_post("/v1/bindings/revoke", &[], &json!({ "resident": "R-1" })).await;
    assert_eq!(elsewhere.refused(), Code::RoleMissing);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_annulled_death_lifts_its_suspension_of_the_living_once_and_ends_no_revocation() {
    let world = CitizenWorld::start().await;
    let app = world.civil.app().clone();
    let (wallet, revoked) = (TestWallet::of(&world, "R-1").await, TestWallet::of(&world, "R-2").await);
    assert_eq!(desk(&world, "revoke", "R-2").await.json::<BindingsChanged>().changed, 1);
    let lifted = async |number: &str| {
        let number = number.parse().unwrap();
        let alive = app.named_alive(&number).await.unwrap()?;
        let (of, now) = (app.clone(), app.now());
        let lift = move |conn: &mut _| lift_suspension(conn, of.keys(), of.entity(), &alive, now);
        Some(app.db().write(lift).await.unwrap())
    };
    for (number, suspended) in [("R-1", 1), ("R-2", 0)] {
        let (keys, number) = (app.keys().clone(), number.parse().unwrap());
        let suspend = move |conn: &mut _| Ok::<_, DatabaseError>(binding_suspend(conn, &keys, &number)?);
        assert_eq!(app.db().write(suspend).await.unwrap(), suspended);
    }
    assert_eq!(history(&world, &wallet).await.refused(), Code::BindingSuspended);
    assert_eq!(lifted("R-3").await, None, "another death of hers stands in the register");
    assert_eq!(lifted("R-1").await, Some(1));
    assert_eq!(lifted("R-1").await, Some(0), "a repeat");
    assert_eq!(lifted("R-2").await, Some(0), "a lost phone stays lost");
    history(&world, &wallet).await.json::<History>();
    assert_eq!(history(&world, &revoked).await.refused(), Code::BindingRevoked);
    let elsewhere = world.social.app().named_alive(&"R-1".parse().unwrap()).await;
    assert_eq!(elsewhere.unwrap_err().code(), Code::RoleMissing);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_ends_the_invitation_and_the_token_that_were_open() {
    let world = CitizenWorld::start().await;
    let key = || SigningKey::generate(Algorithm::Es256).unwrap();
    let lost = TestWallet::of(&world, "R-1").await;
    let (offer, token, stranger) =
        (world.offer("R-1").await, Proofs::of(&world, "R-1").await, Proofs::of(&world, "R-2").await);
    assert_eq!(desk(&world, "revoke", "R-1").await.json::<BindingsChanged>().changed, 1);
    let redeemed = async |offer| {
        let proof = Proofs::dpop(&world, &key(), "/identity/token", None);
        Proofs::redeem(&world, Some(&proof), &code(offer), &offer.tx_code).await
    };
    assert_eq!(redeemed(&offer).await.oauth(), (400, "invalid_grant".to_owned()), "the invitation");
    let proven = Proofs::prove(&world, &[key()], &Proofs::nonce(&world).await);
    assert_eq!(token.issue(&world, proven).await.oauth(), (401, "invalid_token".to_owned()), "the token");
    TestWallet::bound(&world, &stranger, 1).await;

    let (found, offer, token) =
        (TestWallet::of(&world, "R-1").await, world.offer("R-1").await, Proofs::of(&world, "R-1").await);
    assert_eq!(revoke(&world, &found, RevokeScope::Others).await.json::<Revoked>().revoked, 0);
    assert_eq!(redeemed(&offer).await.oauth(), (400, "invalid_grant".to_owned()), "by herself, too");
    let proven = Proofs::prove(&world, &[key()], &Proofs::nonce(&world).await);
    assert_eq!(token.issue(&world, proven).await.oauth(), (401, "invalid_token".to_owned()));
    assert_eq!(history(&world, &lost).await.refused(), Code::BindingRevoked);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assisted_session_decides_nothing_that_outlives_it() {
    let world = CitizenWorld::start().await;
    let own = TestWallet::of(&world, "R-1").await;
    let helped = TestWallet::bound(&world, &Proofs::assisted(&world, "R-1").await, 1).await.remove(0);
    for scope in [RevokeScope::Others, RevokeScope::All] {
        assert_eq!(revoke(&world, &helped, scope).await.refused(), Code::AccessDenied);
    }
    let binding = helped.present(&world, &world.civil, &["resident_id"]).await;
    let answer = world.civil.post_json("/identity/guardianships", &GuardianshipsRequest { binding }).await;
    assert_eq!(answer.refused(), Code::AccessDenied, "guardianships");
    let named = ["sub_revenue", "given_name", "family_name", "birthdate"];
    let binding = helped.present(&world, &world.revenue, &named).await;
    let link = LinkRequest { binding, local_number: "KH-1".to_owned() };
    assert_eq!(world.revenue.post_json("/citizen/v1/links", &link).await.refused(), Code::AccessDenied, "links");
    history(&world, &helped).await.json::<History>();
    history(&world, &own).await.json::<History>();
}
