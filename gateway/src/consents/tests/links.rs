//! A citizen ties her pseudonym to her number: her own, once.

use schemas::{
    citizen::{LinkRequest, Linked},
    problem::Code,
};

use crate::{
    consents::testing::{Answer, CitizenWorld, TestWallet},
    store::testing::rows,
};

const NAMED: &[&str] = &["sub_revenue", "given_name", "family_name", "birthdate"];

async fn link(world: &CitizenWorld, wallet: &TestWallet, number: &str, disclose: &[&str]) -> Answer {
    let binding = wallet.present(world, &world.revenue, disclose).await;
    world.revenue.post_json("/citizen/v1/links", &LinkRequest { binding, local_number: number.to_owned() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_is_tied_to_the_person_whose_row_it_is_and_to_nobody_else() {
    let world = CitizenWorld::start().await;
    let (sushila, budhram) = (TestWallet::of(&world, "R-1").await, TestWallet::of(&world, "R-2").await);
    let nobody = Code::NotFoundOrNotPermitted;
    assert_eq!(link(&world, &budhram, "KH-1", NAMED).await.refused(), nobody, "another person's number");
    assert_eq!(link(&world, &sushila, "KH-404", NAMED).await.refused(), nobody, "no such number");
    assert_eq!(link(&world, &sushila, "KH-1", &["sub_revenue"]).await.refused(), nobody, "without her name");
    assert_eq!(link(&world, &sushila, "KH-1", &NAMED[1..]).await.refused(), nobody, "without her pseudonym");
    let kept = world.revenue.app().db().read(|conn| rows(conn, "subject_link")).await;
    assert_eq!(kept.unwrap(), 0);

    let tied: Linked = link(&world, &sushila, "KH-1", NAMED).await.json();
    assert_eq!(tied.score, 100);
    link(&world, &sushila, "KH-1", NAMED).await.json::<Linked>();
    let kept = world.revenue.app().db().read(|conn| rows(conn, "subject_link")).await;
    assert_eq!(kept.unwrap(), 1, "once");
    let subject = sushila.binding.concealed("sub_revenue").unwrap().parse().unwrap();
    let found = world.revenue.app().links().resolve(&subject).await.unwrap().unwrap();
    assert_eq!(found.as_str(), "KH-1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_another_pseudonym_has_is_not_given_twice() {
    let world = CitizenWorld::start().await;
    world.link("R-77", "KH-1").await;
    let sushila = TestWallet::of(&world, "R-1").await;
    assert_eq!(link(&world, &sushila, "KH-1", NAMED).await.refused(), Code::NotFoundOrNotPermitted);
}
