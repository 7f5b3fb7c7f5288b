//! An order that reached one party reaches the other: carried by the first, acknowledged by both, shown as pending meanwhile.

use protocol::credential::vc;
use schemas::{
    citizen::OrderStanding,
    consent::{ConsentStatus, OrderAction},
    digest::Digest,
    id::{CompactJws, EntityId},
    problem::Code,
};
use serde_json::{Value, json};
use service_kit::db::DatabaseError;

use crate::{
    consents::testing::{Answer, CitizenWorld, PURPOSE, Serving, TestWallet},
    store::{
        consents::forwards::{ForwardEnd, forward_end},
        exchange::{consent_find, consent_index},
        testing::rows,
    },
};

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
    for party in [&world.social, &world.revenue] {
        assert_eq!(held(party, &consent).await, (ConsentStatus::Revoked, Some(1)), "{}", party.entity);
    }
}

/// What holds for a consent at a party, and the number of the last order there.
async fn held(at: &Serving, consent: &CompactJws) -> (ConsentStatus, Option<u32>) {
    let consent = vc::verify(consent, &at.app().trust_root().entity).unwrap();
    let index = consent_index(at.app().keys(), consent.issuer(), consent.id());
    let found = at.app().db().read(move |conn| Ok::<_, DatabaseError>(consent_find(conn, &index)?));
    let row = found.await.unwrap().unwrap();
    (row.state.status, row.order_n)
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
    tokio::time::timeout(std::time::Duration::from_secs(120), settled).await.expect("the order is carried")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_against_a_later_one_is_refused_there_and_that_is_told() {
    let world = CitizenWorld::start().await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let (_, consent) = wallet.consent(&world).await;
    let mut first = wallet.order(&world, &consent, OrderAction::Resume, 5);
    first.aud = vec![world.revenue.entity.clone()];
    TestWallet::send(&world.revenue, &wallet.sign(&first)).await.text();
    let late = wallet.sign(&wallet.order(&world, &consent, OrderAction::Pause, 4));
    TestWallet::send(&world.social, &late).await.text();
    carry(&world.social).await;
    let told = wait_for(&world.social, &late).await;
    assert_eq!((told.acknowledgements.len(), told.refused), (1, Some(Code::Conflict)));
    assert_eq!(held(&world.social, &consent).await, (ConsentStatus::Paused, Some(4)));
    assert_eq!(held(&world.revenue, &consent).await, (ConsentStatus::Active, Some(5)), "the later one holds");
}

/// An order about a consent that she signed by herself and that names this provider.
async fn order_naming(world: &CitizenWorld, wallet: &TestWallet, provider: &EntityId) -> CompactJws {
    let fetched = TestWallet::fetch(world, &world.ask().await).await;
    let mut draft = wallet.draft(world, &fetched);
    draft.terms.provider = provider.clone();
    let consent = vc::issue(draft, &world.social.app().trust_root().entity, &wallet.key).unwrap();
    let mut order = wallet.order(world, &consent, OrderAction::Revoke, 1);
    order.aud = vec![world.social.entity.clone(), provider.clone()];
    wallet.sign(&order)
}

async fn waiting(at: &Serving) -> i64 {
    at.app().db().read(|conn| rows(conn, "order_forward WHERE state = 'waiting'")).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_waits_for_a_party_that_the_directory_does_not_list() {
    let world = CitizenWorld::start().await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let stranger = "https://stranger.gov.example".parse().unwrap();
    let order = order_naming(&world, &wallet, &stranger).await;
    TestWallet::send(&world.social, &order).await.text();
    let told: OrderStanding = standing(&world.social, &order).await.json();
    assert_eq!((told.acknowledgements.len(), told.pending), (1, Vec::new()), "it is obeyed here");
    assert_eq!(world.social.app().db().read(|conn| rows(conn, "order_forward")).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_that_is_away_holds_back_no_other_and_a_parked_order_brought_again_sets_out_anew() {
    let world = CitizenWorld::start().await;
    let wallets = TestWallet::batch(&world, "R-1", 2).await;
    let away = order_naming(&world, &wallets[0], &world.civil.entity).await;
    let (_, consent) = wallets[1].consent(&world).await;
    let there = wallets[1].sign(&wallets[1].order(&world, &consent, OrderAction::Pause, 1));
    let (social, gone) = (&world.social, world.civil.entity);
    world.civil.running.stop().await.unwrap();
    for order in [&away, &there] {
        TestWallet::send(social, order).await.text();
    }
    carry(social).await;
    assert_eq!(wait_for(social, &there).await.acknowledgements.len(), 2);
    let told: OrderStanding = standing(social, &away).await.json();
    assert_eq!((told.pending, waiting(social).await), (vec![gone.clone()], 1));

    let digest = Digest::of(away.as_str());
    let parked = social
        .app()
        .db()
        .write(move |conn| Ok::<_, DatabaseError>(forward_end(conn, &digest, &gone, &ForwardEnd::Parked)?));
    assert!(parked.await.unwrap());
    assert_eq!(waiting(social).await, 0);
    TestWallet::send(social, &away).await.text();
    assert_eq!(waiting(social).await, 1);
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
