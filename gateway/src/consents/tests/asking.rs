//! A system asks: what may be asked, and how a request is fetched.

use schemas::{
    id::MessageId,
    local::{ConsentRequestState, ConsentRequestView},
    problem::Code,
};
use serde_json::{Value, json};
use service_kit::db::DatabaseError;

use crate::{
    consents::testing::{CitizenWorld, TestWallet},
    store::{consents::requests::OBJECTS, testing::rows},
};

/// Changes one member of an order.
fn changed(order: &Value, pointer: &str, value: Value) -> Value {
    let mut order = order.clone();
    *order.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
    order
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_within_the_registered_purpose_becomes_a_link_and_others_leave_no_row() {
    let world = CitizenWorld::start().await;
    let view = world.ask().await;
    assert_eq!((view.state, view.consents.len()), (ConsentRequestState::Waiting, 0));
    assert!(view.link.starts_with("openid4vp://?client_id=openid_federation%3A"), "{}", view.link);
    assert_eq!(world.view(&view.id).await, view);

    let good = world.consent_order();
    let refused = [
        ("/purpose", json!("social.other"), Code::AccessDenied, "another purpose than the system's"),
        ("/purpose", json!("revenue.audit"), Code::AccessDenied, "another family"),
        ("/items/0/provider", json!("https://nobody.example"), Code::PeerUnknown, "no member"),
        ("/items/0/provider", json!(world.civil.entity), Code::DatasetUnknown, "another provider"),
        ("/items/0/provider", json!(world.social.entity), Code::RoleMissing, "itself"),
        ("/items/0/dataset", json!("revenue.land"), Code::DatasetUnknown, "no such dataset"),
        ("/items/0/fields", json!(["caste"]), Code::DatasetUnknown, "no such field"),
        (
            "/items/0/fields",
            json!(["annual_income"]),
            Code::ConsentAboveTemplate,
            "a field that the purpose does not have",
        ),
        ("/items/0/fields", json!([]), Code::ConsentAboveTemplate, "no field"),
        ("/validity", json!("P91D"), Code::ConsentAboveTemplate, "longer than registered"),
        ("/retention", json!("P1Y"), Code::ConsentAboveTemplate, "kept for longer"),
        ("/frequency", json!({ "mode": "recurring", "maxUses": 13 }), Code::ConsentAboveTemplate, "more often"),
        ("/frequency", json!({ "mode": "one-time", "maxUses": 2 }), Code::RequestMalformed, "once is not twice"),
        ("/frequency", json!({ "mode": "recurring", "maxUses": 0 }), Code::RequestMalformed, "never"),
        (
            "/frequency",
            json!({ "mode": "recurring", "maxUses": 2, "period": "P1M" }),
            Code::RequestMalformed,
            "half a window",
        ),
        (
            "/items/0/dataRange",
            json!({ "from": "2026-01-02", "to": "2026-01-01" }),
            Code::RequestMalformed,
            "an empty range",
        ),
        ("/items", json!([]), Code::RequestMalformed, "nothing"),
        ("/items", json!([good["items"][0], good["items"][0]]), Code::RequestMalformed, "twice the same"),
        ("/retention", json!(180), Code::RequestMalformed, "no duration"),
    ];
    for (pointer, value, code, why) in refused {
        let answer = world.social.portal_post("/v1/consent-requests", &[], &changed(&good, pointer, value)).await;
        assert_eq!(answer.refused(), code, "{why}");
    }
    let kept = world.social.app().db().read(|conn| rows(conn, "consent_request")).await;
    assert_eq!(kept.unwrap(), 1, "refused requests are not kept");
    world.ask().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_department_without_the_role_asks_nobody() {
    let world = CitizenWorld::start().await;
    let answer = world.revenue.portal_post("/v1/consent-requests", &[], &world.consent_order()).await;
    assert_eq!(answer.refused(), Code::RoleMissing);
    let unknown = protocol::seal::random::message_id(world.now());
    assert_eq!(world.social.portal_fetch(&format!("/v1/consent-requests/{unknown}")).await.refused(), Code::NotFound);
    assert_eq!(world.social.portal_fetch("/v1/consent-requests/nonsense").await.refused(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fetch_is_signed_afresh_with_the_wallets_nonce_and_not_without_end() {
    let world = CitizenWorld::start().await;
    let view = world.ask().await;
    let (one, two) = (TestWallet::fetch(&world, &view).await, TestWallet::fetch(&world, &view).await);
    assert_eq!(one.claims.wallet_nonce.as_deref(), Some("w-1"));
    assert_ne!(one.claims.nonce, two.claims.nonce);
    assert_eq!((one.claims.state.as_str(), &one.asked), (view.id.as_str(), &two.asked));
    let path = format!("/consents/requests/{}", view.id);
    let long = "x".repeat(200);
    for bad in ["", long.as_str()] {
        let answer = world.social.post_form(&path, &[], &[("wallet_nonce", bad)]).await;
        assert_eq!(answer.refused(), Code::RequestMalformed, "{bad}");
    }
    for _ in 2..OBJECTS {
        TestWallet::fetch(&world, &view).await;
    }
    let answer = world.social.post_form(&path, &[], &[("wallet_nonce", "w")]).await;
    assert_eq!(answer.refused(), Code::TooManyRequests);
}

/// Moves the end of a request into the past, as a day of waiting would.
async fn let_expire(world: &CitizenWorld, id: &MessageId) {
    use diesel::{RunQueryDsl as _, sql_query, sql_types::Text};
    let id = id.to_string();
    let moved = world.social.app().db().write(move |conn| {
        let update = sql_query("UPDATE consent_request SET expires_at = 1000 WHERE id = $1").bind::<Text, _>(id);
        Ok::<_, DatabaseError>(update.execute(conn)?)
    });
    assert_eq!(moved.await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_nobody_answers_expires_and_says_so_to_both_sides() {
    let world = CitizenWorld::start().await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let view: ConsentRequestView = world.ask().await;
    let fetched = TestWallet::fetch(&world, &view).await;
    let_expire(&world, &view.id).await;
    let expired = world.view(&view.id).await;
    assert_eq!(expired.state, ConsentRequestState::Expired, "to the portal");
    assert!(
        view.qr.is_some_and(|qr| qr.path.starts_with("M4 4h")) && expired.qr.is_none(),
        "what has ended is not scanned"
    );
    let path = format!("/consents/requests/{}", view.id);
    assert_eq!(world.social.post_form(&path, &[], &[("wallet_nonce", "w")]).await.refused(), Code::RequestExpired);
    let response = wallet.response(&world, &fetched, wallet.draft(&world, &fetched));
    assert_eq!(TestWallet::post(&world, &fetched, &response).await.refused(), Code::RequestExpired, "to the wallet");
    let denied = [("error", "access_denied"), ("state", view.id.as_str())];
    assert_eq!(world.social.post_form("/consents/responses", &[], &denied).await.refused(), Code::RequestExpired);
}
