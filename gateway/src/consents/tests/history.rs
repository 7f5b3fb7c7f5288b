//! Who used my data: one's own, over a fresh nonce, to the right department.

use protocol::seal::random;
use schemas::{
    bundle::Bundle,
    citizen::{BundleRequest, History, HistoryRequest, PresentationNonce},
    problem::Code,
    receipt::{Outcome, ReceiptRole},
};
use serde_json::{Value, json};
use service_kit::db::DatabaseError;

use crate::{
    consents::testing::{CitizenWorld, PURPOSE, TestWallet},
    identity::binding_suspend,
};

async fn ask(world: &CitizenWorld, consent: &schemas::id::ConsentId, field: &str) -> crate::consents::testing::Answer {
    let key = random::message_id(world.now()).to_string();
    let query = json!({ "consent": consent, "fields": [field], "purpose": PURPOSE });
    world.social.portal_post("/v1/queries", &[("Idempotency-Key", &key)], &query).await
}

#[tokio::test(flavor = "multi_thread")]
async fn she_sees_her_uses_at_both_sides_and_somebody_else_sees_none_of_them() {
    let world = CitizenWorld::start().await;
    world.link("R-1", "KH-1").await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let (id, _) = wallet.consent(&world).await;
    let answered: Value = ask(&world, &id, "annual_income_band").await.json();
    assert_eq!(ask(&world, &id, "annual_income").await.refused(), Code::ConsentScopeExceeded);

    let shown = wallet.present(&world, &world.revenue, &["sub_revenue"]).await;
    let at_provider: History =
        world.revenue.post_json("/citizen/v1/history", &HistoryRequest { binding: shown }).await.json();
    assert_eq!(at_provider.member, world.revenue.entity);
    assert_eq!(at_provider.uses.len(), 2, "an answer and a refusal");
    let used = at_provider.uses.iter().find(|used| used.outcome == Outcome::Answered).unwrap();
    assert_eq!(
        (used.role, &used.peer, used.exchange.as_str()),
        (ReceiptRole::Provider, &world.social.entity, answered["exchange"].as_str().unwrap())
    );
    assert_eq!((used.consent.as_ref(), used.fields.len()), (Some(&id), 1));
    assert!(!serde_json::to_string(&at_provider).unwrap().contains("below_100000"), "never a value");
    let refused = at_provider.uses.iter().find(|used| used.outcome == Outcome::Refused).unwrap();
    assert_eq!(refused.refusal, Some(Code::ConsentScopeExceeded));

    let shown = wallet.present(&world, &world.social, &[]).await;
    let at_consumer: History =
        world.social.post_json("/citizen/v1/history", &HistoryRequest { binding: shown }).await.json();
    assert!(
        at_consumer
            .uses
            .iter()
            .any(|used| used.role == ReceiptRole::Consumer && used.exchange == used_exchange(&answered))
    );

    let other = TestWallet::of(&world, "R-2").await;
    for (department, disclose) in [(&world.revenue, &["sub_revenue"][..]), (&world.social, &["sub_social"][..])] {
        let shown = other.present(&world, department, disclose).await;
        let theirs: History =
            department.post_json("/citizen/v1/history", &HistoryRequest { binding: shown }).await.json();
        assert!(theirs.uses.is_empty(), "another person's uses");
    }
}

fn used_exchange(answered: &Value) -> schemas::id::MessageId {
    answered["exchange"].as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_needs_a_fresh_nonce_of_this_department_and_a_binding_that_holds() {
    let world = CitizenWorld::start().await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let told =
        |binding: String| async { world.revenue.post_json("/citizen/v1/history", &HistoryRequest { binding }).await };
    let shown = wallet.present(&world, &world.revenue, &["sub_revenue"]).await;
    told(shown.clone()).await.json::<History>();
    assert_eq!(told(shown).await.refused(), Code::Replayed, "the nonce was used");
    let foreign: PresentationNonce = world.social.post("/citizen/v1/nonce", "application/json", &[], "").await.json();
    let over = |nonce: &str, to| wallet.present_over(&world, to, nonce, &["sub_revenue"]);
    assert_eq!(
        told(over(&foreign.nonce, &world.revenue.entity)).await.refused(),
        Code::Stale,
        "another department's nonce"
    );
    let own: PresentationNonce = world.revenue.post("/citizen/v1/nonce", "application/json", &[], "").await.json();
    assert_eq!(
        told(over(&own.nonce, &world.social.entity)).await.refused(),
        Code::BindingInvalid,
        "for another department"
    );
    assert_eq!(told(wallet.binding.as_str().to_owned()).await.refused(), Code::BindingInvalid, "without a key binding");
    assert_eq!(told("nonsense".to_owned()).await.refused(), Code::BindingInvalid);
    // A refused presentation does not spend its nonce: nobody can burn another's.
    told(over(&own.nonce, &world.revenue.entity)).await.json::<History>();

    let (keys, number) = (world.civil.app().keys().clone(), "R-1".parse().unwrap());
    let suspended =
        world.civil.app().db().write(move |conn| Ok::<_, DatabaseError>(binding_suspend(conn, &keys, &number)?));
    assert_eq!(suspended.await.unwrap(), 1);
    world.revenue.app().statuses().refresh(world.revenue.app()).await.unwrap();
    let shown = wallet.present(&world, &world.revenue, &["sub_revenue"]).await;
    assert_eq!(told(shown).await.refused(), Code::BindingSuspended);
}

#[tokio::test(flavor = "multi_thread")]
async fn she_takes_the_bundle_of_her_own_exchange_and_of_no_other_persons() {
    let world = CitizenWorld::start().await;
    world.link("R-1", "KH-1").await;
    let (wallet, other) = (TestWallet::of(&world, "R-1").await, TestWallet::of(&world, "R-2").await);
    let (id, _) = wallet.consent(&world).await;
    let answered: Value = ask(&world, &id, "annual_income_band").await.json();
    let exchange = used_exchange(&answered);
    let take = |binding: String| async {
        let request = BundleRequest { binding, exchange: exchange.clone() };
        world.revenue.post_json("/citizen/v1/bundles", &request).await
    };
    let mine = take(wallet.present(&world, &world.revenue, &["sub_revenue"]).await).await;
    let bundle: Bundle = mine.json();
    assert!(!bundle.records.is_empty() && bundle.records.iter().all(|record| record.proof.is_some()));
    take(wallet.present(&world, &world.revenue, &[]).await).await.json::<Bundle>();
    let refused = take(other.present(&world, &world.revenue, &["sub_revenue"]).await).await;
    assert_eq!(refused.refused(), Code::NotFound, "another person's");
    let shown = wallet.present(&world, &world.revenue, &["sub_revenue"]).await;
    let unknown = BundleRequest { binding: shown.clone(), exchange: random::message_id(world.now()) };
    assert_eq!(world.revenue.post_json("/citizen/v1/bundles", &unknown).await.refused(), Code::NotFound, "the same");
    assert_eq!(take(shown).await.refused(), Code::Replayed, "the nonce was used");
    take(wallet.present(&world, &world.revenue, &["sub_revenue"]).await).await.json::<Bundle>();
}
