//! An order that reached one party reaches the other: carried by the first, acknowledged by both, shown as pending meanwhile.

use schemas::{
    citizen::OrderStanding,
    consent::{ConsentStatus, OrderAction},
    digest::Digest,
    id::{CompactJws, EntityId},
    problem::Code,
};
use serde_json::{Value, json};

use crate::consents::testing::{Answer, CitizenWorld, PURPOSE, Serving, TestWallet};

/// Longer than an order is left to the wallet alone, milliseconds.
const LATER: i64 = 10_000;

async fn query(world: &CitizenWorld, consent: &schemas::id::ConsentId) -> Answer {
    let key = protocol::seal::random::message_id(world.now()).to_string();
    let query = json!({ "consent": consent, "fields": ["annual_income_band"], "purpose": PURPOSE });
    world.social.portal_post("/v1/queries", &[("Idempotency-Key", &key)], &query).await
}

async fn standing(at: &Serving, order: &CompactJws) -> Answer {
    let digest = Digest::of(order.as_str()).to_string();
    at.fetch(&format!("/citizen/v1/orders/{}", digest.strip_prefix("sha256:").unwrap())).await
}

async fn carry(from: &Serving) -> usize {
    let now_ms = i64::try_from(from.app().clock().now_ms()).unwrap();
    from.app().forward_orders(now_ms + LATER).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_that_reached_the_asker_alone_is_carried_to_the_provider() {
    let world = CitizenWorld::start().await;
    world.link("R-1", "KH-1").await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let (id, consent) = wallet.consent(&world).await;
    query(&world, &id).await.json::<Value>();
    let order = wallet.sign(&wallet.order(&world, &consent, OrderAction::Revoke, 1));
    TestWallet::send(&world.social, &order).await.text();

    let before: OrderStanding = standing(&world.social, &order).await.json();
    assert_eq!((&before.consent, before.acknowledgements.len()), (&id, 1));
    assert_eq!(before.pending, std::slice::from_ref(&world.revenue.entity), "shown as pending");
    assert_eq!(standing(&world.revenue, &order).await.refused(), Code::NotFound, "the provider has not heard");

    // The job of the running gateway may have been first: then nothing is due here any more.
    carry(&world.social).await;
    let after: OrderStanding = wait_for(&world.social, &order).await;
    assert_eq!((after.acknowledgements.len(), after.pending.len(), after.refused), (2, 0, None));
    let holds: OrderStanding = standing(&world.revenue, &order).await.json();
    assert!(after.acknowledgements.contains(&holds.acknowledgements[0]), "the provider's own word");
    assert_eq!(query(&world, &id).await.refused(), Code::ConsentRevoked);
}

/// Until nobody is pending.
async fn wait_for(at: &Serving, order: &CompactJws) -> OrderStanding {
    let settled = async {
        loop {
            let told: OrderStanding = standing(at, order).await.json();
            if told.pending.is_empty() {
                return told;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), settled).await.expect("the order is carried")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_against_a_later_one_is_refused_there_and_that_is_told() {
    let world = CitizenWorld::start().await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let (_, consent) = wallet.consent(&world).await;
    let order = |action, n| wallet.sign(&wallet.order(&world, &consent, action, n));
    TestWallet::send(&world.revenue, &order(OrderAction::Resume, 5)).await.text();
    let late = order(OrderAction::Pause, 4);
    TestWallet::send(&world.social, &late).await.text();
    carry(&world.social).await;
    let told = wait_for(&world.social, &late).await;
    assert_eq!((told.acknowledgements.len(), told.refused), (1, Some(Code::Conflict)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_for_one_party_stays_there() {
    let world = CitizenWorld::start().await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let (_, consent) = wallet.consent(&world).await;
    let mut order = wallet.order(&world, &consent, OrderAction::Pause, 1);
    order.aud = vec![world.social.entity.clone()];
    let order = wallet.sign(&order);
    TestWallet::send(&world.social, &order).await.text();
    let told: OrderStanding = standing(&world.social, &order).await.json();
    assert_eq!((told.acknowledgements.len(), told.pending), (1, Vec::<EntityId>::new()));
    assert_eq!(standing(&world.social, &"a.b.c".parse().unwrap()).await.refused(), Code::NotFound, "nobody's order");
    assert_eq!(world.social.fetch("/citizen/v1/orders/nonsense").await.refused(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_order_brought_by_two_at_once_is_acknowledged_once() {
    let world = CitizenWorld::start().await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let (_, consent) = wallet.consent(&world).await;
    for n in 1..=4 {
        let order = wallet.sign(&wallet.order(&world, &consent, OrderAction::Pause, n));
        let (one, two) =
            tokio::join!(TestWallet::send(&world.revenue, &order), TestWallet::send(&world.revenue, &order));
        assert_eq!(one.text(), two.text(), "byte for byte");
    }
    let resume = wallet.sign(&wallet.order(&world, &consent, OrderAction::Resume, 9));
    let ack = TestWallet::send(&world.revenue, &resume).await.text();
    let status = protocol::seal::decode_base64url(ack.split('.').nth(1).unwrap()).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&status).unwrap()["status"], json!(ConsentStatus::Active));
}
