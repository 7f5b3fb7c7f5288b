//! The whole road over real listeners: a consent, an answer, its day; a revocation; the portal fetches its order and confirms.

use schemas::{
    citizen::HistoryRequest, consent::OrderAction, id::MessageId, problem::Code, time::Timestamp, webhook::WebhookEvent,
};
use serde_json::{Value, json};
use service_kit::db::DatabaseError;
use tlog::entry::EntryType;

use super::record;
use crate::{
    consents::testing::{CitizenWorld, PURPOSE, TestWallet},
    retention::ends,
    store::retention::retention_find,
};

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_remembered_with_its_receipt_and_goes_when_she_revokes() {
    let world = CitizenWorld::start().await;
    world.link("R-1", "KH-1").await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let (id, consent) = wallet.consent(&world).await;
    let key = protocol::seal::random::message_id(world.now()).to_string();
    let query = json!({ "consent": id, "fields": ["annual_income_band"], "purpose": PURPOSE });
    let headers = [("Idempotency-Key", key.as_str())];
    let asked = || world.social.portal_post("/v1/queries", &headers, &query);
    let answered: Value = asked().await.json();
    let exchange: MessageId = answered["exchange"].as_str().unwrap().parse().unwrap();

    let app = world.social.app();
    let of = exchange.clone();
    let kept = app.db().read(move |conn| Ok::<_, DatabaseError>(retention_find(conn, &of)?)).await.unwrap().unwrap();
    assert_eq!((kept.system.as_str(), &kept.provider), ("portal", &world.revenue.entity));
    let days: Vec<Timestamp> = [0, -60].map(|s| ends(world.now().plus(s), "P90D".parse().unwrap())).into();
    assert!(days.contains(&kept.ends), "ninety days, as the consent says");
    assert!(world.social.portal_fetch("/v1/erasures").await.json::<Vec<WebhookEvent>>().is_empty());

    // As if the purpose had promised it when the consent was given.
    app.db()
        .write(|conn| {
            Ok::<_, DatabaseError>(diesel::RunQueryDsl::execute(
                diesel::sql_query("UPDATE retention SET ends_on_revocation = 1"),
                conn,
            )?)
        })
        .await
        .unwrap();
    let order = wallet.sign(&wallet.order(&world, &consent, OrderAction::Revoke, 1));
    TestWallet::send(&world.social, &order).await.text();
    let orders = loop {
        let orders: Vec<WebhookEvent> = world.social.portal_fetch("/v1/erasures").await.json();
        if !orders.is_empty() {
            break orders;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(orders[0].subject, exchange);
    assert_eq!(asked().await.refused(), Code::Conflict, "the gateway's own copy is gone");

    let wrong = world.social.portal_post("/v1/erasures/confirmations", &[], &json!({ "id": exchange })).await;
    assert_eq!(wrong.refused(), Code::NotFound, "an exchange is no order");
    let wrong = world.social.portal_post("/v1/erasures/confirmations", &[], &json!({ "done": true })).await;
    assert_eq!(wrong.refused(), Code::RequestMalformed);
    assert_eq!(record(app, &exchange).await, None);
    let taken = world.social.portal_post("/v1/erasures/confirmations", &[], &json!({ "id": orders[0].id })).await;
    assert_eq!(taken.0.status, 204);
    while record(app, &exchange).await.is_none() {
        tokio::task::yield_now().await;
    }
    assert!(world.social.portal_fetch("/v1/erasures").await.json::<Vec<WebhookEvent>>().is_empty());

    let of = exchange.clone();
    let bundled =
        app.db().read(move |conn| crate::store::evidence::exchange_records(conn, &of)).await.unwrap().unwrap();
    let kinds: Vec<EntryType> = bundled.records.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [EntryType::ExchangeReceipt, EntryType::ExchangeReceipt, EntryType::Consent]);
    assert_eq!(Some(&bundled.records[2].1), record(app, &exchange).await.as_ref(), "an auditor gets the record too");
    let theirs = world.revenue.app().db().read(move |conn| crate::store::evidence::exchange_records(conn, &exchange));
    let theirs = theirs.await.unwrap().unwrap();
    assert!(
        theirs.records.iter().all(|(kind, _)| *kind == EntryType::ExchangeReceipt),
        "whoever answered erases nothing"
    );

    let exchange: MessageId = answered["exchange"].as_str().unwrap().parse().unwrap();
    let binding = wallet.present(&world, &world.social, &[]).await;
    let told: Value = world.social.post_json("/citizen/v1/history", &HistoryRequest { binding }).await.json();
    assert_eq!(told["uses"][0]["exchange"], exchange.as_str());
    assert!(told["uses"][0]["erased"].is_string(), "her history says so: {told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_are_for_systems_that_carry_them() {
    let world = CitizenWorld::start().await;
    assert_eq!(world.social.portal_fetch("/v1/letters").await.refused(), Code::AccessDenied);
    let path = format!("/v1/letters/{}/handed-over", protocol::seal::random::message_id(world.now()));
    let refused = world.social.portal_post(&path, &[], &json!({ "officer": "officer-7" })).await;
    assert_eq!(refused.refused(), Code::AccessDenied);
}
