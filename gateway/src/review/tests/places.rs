//! Lists for panchayats and wards: whose notice has not arrived, by place; a list delivers nothing.

use schemas::{decision::DeliveryEvidence, event::EventMatch};

use super::world::*;
use crate::http::people::pages::tests::html::check;

const LISTS: &str = "/console/review/places";

/// Both deaths are heard. Of Budhram the roll says no place.
async fn both() -> Served {
    let world = World::open().await;
    for (name, number) in [("sushila", "D-1"), ("budhram", "D-2")] {
        let about = EventMatch { name: name.to_owned(), birth_year: None };
        world.hears(&world.death(name, number, about)).await;
    }
    world.serve().await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_place_has_its_list_in_both_languages_and_who_was_told_is_on_none() {
    let served = both().await;
    let asha = served.officer("asha", "reviewer").await;
    let page = post(&asha, LISTS, &[]).await;
    check(&page, "en", "the lists");
    let places: Vec<&str> =
        page.body.split("data-place=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(places, ["Belargaon", ""], "who has no place comes last");
    let (belargaon, nowhere) = page.body.split_once("data-place=\"\"").unwrap();
    for text in [
        "Panchayat or ward: Belargaon",
        "पंचायत या वार्ड: Belargaon",
        "101",
        "Sushila Sahu",
        "on hold",
        "रोका गया है",
        "30",
        "case-D-1",
    ] {
        assert!(belargaon.contains(text) && !nowhere.contains("Sushila"), "{text}: {}", page.body);
    }
    for text in ["Panchayat or ward not known", "102", "Budhram Netam", "case-D-2"] {
        assert!(nowhere.contains(text) && !belargaon.contains("Budhram"), "{text}: {}", page.body);
    }
    assert_eq!(served.roll(), "101=HOLD 102=HOLD");
    let app = served.office.running.app();
    let found = app.untold_by_place(&"asha".parse().unwrap()).await.unwrap();
    assert!(!found.more);
    let waiting = found.lists;
    assert_eq!(waiting.iter().map(|list| list.people.len()).collect::<Vec<_>>(), [1, 1], "printed is not delivered");
    app.notice_delivered(&"asha".parse().unwrap(), &waiting[0].people[0].decision, DeliveryEvidence::Officer)
        .await
        .unwrap();
    let page = post(&asha, LISTS, &[]).await;
    assert!(!page.body.contains("Belargaon") && page.body.contains("Budhram Netam"), "{}", page.body);
    app.notice_delivered(&"asha".parse().unwrap(), &waiting[1].people[0].decision, DeliveryEvidence::Officer)
        .await
        .unwrap();
    let page = post(&asha, LISTS, &[]).await;
    assert!(page.body.contains("Everybody who is to be told has been told."), "{}", page.body);
    let audit: Vec<String> = served.office.audit().await;
    let lists: Vec<&String> = audit.iter().filter(|line| line.contains("decision.places")).collect();
    assert_eq!(lists.len(), 4, "each list that somebody took: {audit:#?}");
    served.office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roll_that_cannot_be_read_makes_no_list_with_people_left_out() {
    let served = both().await;
    let asha = served.officer("asha", "reviewer").await;
    served.change("ALTER TABLE pension_beneficiary RENAME TO moved");
    let page = post(&asha, LISTS, &[]).await;
    assert!(page.status >= 500, "{} {}", page.status, page.body);
    served.change("ALTER TABLE moved RENAME TO pension_beneficiary");
    assert!(post(&asha, LISTS, &[]).await.body.contains("Sushila Sahu"));
    served.office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_table_holds_is_text_on_the_page_and_nothing_else() {
    let served = both().await;
    let asha = served.officer("asha", "reviewer").await;
    served.change("UPDATE pension_beneficiary SET gram_panchayat = '<b>\"x', full_name = '<script>1</script>'");
    let page = post(&asha, LISTS, &[]).await;
    check(&page, "en", "the lists");
    assert!(!page.body.contains("<script>1") && !page.body.contains("<b>"), "{}", page.body);
    assert_eq!(page.body.matches("<div class=\"place\"").count(), 1, "one place, two people");
    served.office.close().await;
}
