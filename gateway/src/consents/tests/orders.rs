//! A citizen orders: it holds from the acknowledgement on, in her order, and only about her own consent.

use protocol::seal::{KeyReference, Limits, Typ, UnverifiedJws, sign_as};
use schemas::{
    consent::{ConsentStatus, OrderAck, OrderAction},
    digest::Digest,
    id::CompactJws,
    problem::Code,
};
use serde_json::{Value, json};
use tlog::entry::EntryType;

use crate::{
    consents::testing::{CitizenWorld, PURPOSE, TestWallet},
    store::{outbox::anchored_find, testing::rows},
};

fn ack(token: &str, world: &CitizenWorld) -> OrderAck {
    let key = world.revenue.app().keys().signing.public().clone();
    let token = UnverifiedJws::parse(token.as_bytes(), Limits::RECORD).unwrap();
    token.verify(Typ::OrderAck, &key).unwrap().claims().unwrap()
}

async fn query(world: &CitizenWorld, consent: &schemas::id::ConsentId) -> crate::consents::testing::Answer {
    let key = protocol::seal::random::message_id(world.now()).to_string();
    let query = json!({ "consent": consent, "fields": ["annual_income_band"], "purpose": PURPOSE });
    world.social.portal_post("/v1/queries", &[("Idempotency-Key", &key)], &query).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_before_the_first_query_holds_and_a_repeat_gets_the_same_acknowledgement() {
    let world = CitizenWorld::start().await;
    world.link("R-1", "KH-1").await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let (id, consent) = wallet.consent(&world).await;
    let order = wallet.sign(&wallet.order(&world, &consent, OrderAction::Revoke, 1));
    let first = TestWallet::send(&world.revenue, &order).await.text();
    let said = ack(&first, &world);
    assert_eq!((said.status, said.order, &said.consent), (ConsentStatus::Revoked, Digest::of(order.as_str()), &id));
    assert_eq!(TestWallet::send(&world.revenue, &order).await.text(), first, "acknowledged again, byte for byte");
    let acks = world.revenue.app().db().read(|conn| rows(conn, "order_ack")).await;
    assert_eq!(acks.unwrap(), 1);
    assert_eq!(query(&world, &id).await.refused(), Code::ConsentRevoked);
    TestWallet::send(&world.social, &order).await.text();

    let digest = Digest::of(&first);
    let logged = async {
        loop {
            let found = world.revenue.app().db().read(move |conn| {
                Ok::<_, service_kit::db::DatabaseError>(anchored_find(conn, EntryType::Consent, &digest)?)
            });
            if found.await.unwrap().is_some() {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(120), logged)
        .await
        .expect("the acknowledgement reaches the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn pause_and_resume_work_in_their_order_and_an_old_order_changes_nothing() {
    let world = CitizenWorld::start().await;
    world.link("R-1", "KH-1").await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let (id, consent) = wallet.consent(&world).await;
    let order = |action, n| wallet.sign(&wallet.order(&world, &consent, action, n));
    let (pause, resume, late) =
        (order(OrderAction::Pause, 1), order(OrderAction::Resume, 2), order(OrderAction::Pause, 2));
    assert_eq!(ack(&TestWallet::send(&world.revenue, &pause).await.text(), &world).status, ConsentStatus::Paused);
    assert_eq!(query(&world, &id).await.refused(), Code::ConsentPaused);
    assert_eq!(ack(&TestWallet::send(&world.revenue, &resume).await.text(), &world).status, ConsentStatus::Active);
    query(&world, &id).await.json::<Value>();
    assert_eq!(TestWallet::send(&world.revenue, &late).await.refused(), Code::Conflict, "its number is not greater");
    query(&world, &id).await.json::<Value>();
    // Repeated, it is acknowledged as it was then, and holds no more than it did.
    assert_eq!(ack(&TestWallet::send(&world.revenue, &pause).await.text(), &world).status, ConsentStatus::Paused);
    query(&world, &id).await.json::<Value>();
    TestWallet::send(&world.revenue, &order(OrderAction::Revoke, 3)).await.text();
    assert_eq!(
        TestWallet::send(&world.revenue, &order(OrderAction::Resume, 4)).await.refused(),
        Code::Conflict,
        "final"
    );
    TestWallet::send(&world.revenue, &order(OrderAction::Revoke, 1)).await.text();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_can_be_shortened_and_never_lengthened() {
    let world = CitizenWorld::start().await;
    world.link("R-1", "KH-1").await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let (id, consent) = wallet.consent(&world).await;
    let shorten = |until, n| {
        let mut order = wallet.order(&world, &consent, OrderAction::Shorten, n);
        order.until = Some(until);
        wallet.sign(&order)
    };
    TestWallet::send(&world.revenue, &shorten(world.now().plus(-1), 1)).await.text();
    assert_eq!(query(&world, &id).await.refused(), Code::ConsentExpired);
    TestWallet::send(&world.revenue, &shorten(world.now().plus(86_400), 2)).await.text();
    assert_eq!(query(&world, &id).await.refused(), Code::ConsentExpired, "a later end changes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_others_for_others_and_of_other_forms_are_refused_and_change_nothing() {
    let world = CitizenWorld::start().await;
    world.link("R-1", "KH-1").await;
    let wallets = TestWallet::batch(&world, "R-1", 2).await;
    let (her, other) = (&wallets[0], &wallets[1]);
    let (id, consent) = her.consent(&world).await;
    let good = her.order(&world, &consent, OrderAction::Revoke, 1);
    let url = protocol::credential::did::key_url(&good.iss);
    let signed = |order| her.sign(order);
    let mut to_others = good.clone();
    to_others.aud = vec![world.civil.entity.clone()];
    let mut with_until = good.clone();
    with_until.until = Some(world.now());
    let mut without_until = good.clone();
    without_until.action = OrderAction::Shorten;
    let mut future = good.clone();
    future.iat = world.now().plus(3600).numeric();
    let mut another_issuer = good.clone();
    another_issuer.iss = protocol::credential::did::encode(other.key.public()).unwrap();
    let refused: Vec<(CompactJws, Code, &str)> = vec![
        (other.sign(&good), Code::ConsentWrongSubject, "by another key"),
        (signed(&another_issuer), Code::ConsentWrongSubject, "naming another issuer"),
        (signed(&to_others), Code::AudienceWrong, "for others"),
        (signed(&with_until), Code::RequestMalformed, "an end for a revocation"),
        (signed(&without_until), Code::RequestMalformed, "no end for a shortening"),
        (signed(&future), Code::Stale, "from the future"),
        (consent.clone(), Code::TokenMalformed, "a consent is no order"),
        (
            sign_as(Typ::Objection, &her.key, KeyReference::Url(&url), &good).unwrap(),
            Code::TokenTypeWrong,
            "another type",
        ),
    ];
    for (order, code, why) in refused {
        assert_eq!(TestWallet::send(&world.revenue, &order).await.refused(), code, "{why}");
    }
    assert_eq!(
        TestWallet::send(&world.civil, &signed(&good)).await.refused(),
        Code::AudienceWrong,
        "no party of this consent"
    );
    let answer = world.revenue.post("/citizen/v1/orders", "text/plain", &[], signed(&good).as_str()).await;
    assert_eq!(answer.refused(), Code::MediaTypeUnsupported);
    let acks = world.revenue.app().db().read(|conn| rows(conn, "order_ack")).await;
    assert_eq!(acks.unwrap(), 0);
    query(&world, &id).await.json::<Value>();
}
