//! How old a status list may be that is believed.

use protocol::credential::{
    Status,
    status_list::{Publication, StatusList, publish, verify},
};
use schemas::{citizen::HistoryRequest, consent::StatusReference, local::BindingsChanged, problem::Code};
use serde_json::json;

use crate::consents::{
    statuses::KnownList,
    testing::{CitizenWorld, TestWallet},
};

/// The revenue department fetched this list, in which everybody is in force, so many seconds ago; it ends so many from now.
fn fetched(world: &CitizenWorld, list: u32, age: i64, ends: i64) -> StatusReference {
    let (keys, issuer) = (world.civil.app().keys(), world.civil.entity.clone());
    let (uri, checked) = (format!("{issuer}/status/rb/{list}"), world.now().plus(-age));
    let exp = checked.plus(5 * 3600).numeric();
    let publication = Publication { issuer, uri: uri.clone(), iat: checked.numeric(), exp, ttl: 60 };
    let token = publish(&StatusList::new(131_072).unwrap(), &publication, &keys.signing).unwrap();
    let key = keys.signing.public();
    let known = verify(token.as_str().as_bytes(), &uri, &publication.issuer, key, checked).unwrap();
    world.revenue.app().statuses().learn(&uri, KnownList::new(known, world.now().plus(ends).numeric()));
    StatusReference { idx: 0, uri }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_cannot_be_fetched_is_believed_for_four_hours_and_to_its_end() {
    let world = CitizenWorld::start().await;
    let (revenue, day) = (world.revenue.app(), 86_400);
    // The registry has no list of these numbers: none of them can be renewed.
    for (list, age, ends, expected, what) in [
        (21, 4 * 3600 - 60, day, Some(Status::Valid), "just under four hours"),
        (22, 4 * 3600 + 60, day, None, "more than four hours"),
        (23, 300, -1, None, "past its own end"),
        (24, -3600, day, None, "from the future"),
    ] {
        let place = fetched(&world, list, age, ends);
        assert_eq!(revenue.statuses().fresh(revenue, &world.civil.entity, &place).await, expected, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_fifty_seconds_is_renewed_before_it_is_believed() {
    let world = CitizenWorld::start().await;
    let wallet = TestWallet::of(&world, "R-1").await;
    fetched(&world, 0, 50, 86_400);
    let revoked = world.civil.portal_post("/v1/bindings/revoke", &[], &json!({ "resident": "R-1" })).await;
    assert_eq!(revoked.json::<BindingsChanged>().changed, 1);
    let binding = wallet.present(&world, &world.revenue, &["sub_revenue"]).await;
    let answer = world.revenue.post_json("/citizen/v1/history", &HistoryRequest { binding }).await;
    assert_eq!(answer.refused(), Code::BindingRevoked);
}
