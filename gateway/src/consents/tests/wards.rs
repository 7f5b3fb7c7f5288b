//! For whom a citizen's key may decide: as the register's table says, until the ward comes of age.

use protocol::credential::guardianship::{VerifiedGuardianship, show, verify};
use schemas::{
    citizen::{Guardianships, GuardianshipsRequest},
    id::{EntityId, KeyId, SectorSubject},
    problem::Code,
    time::NumericDate,
};

use crate::consents::testing::{Answer, CitizenWorld, TestWallet};

async fn ask(world: &CitizenWorld, wallet: &TestWallet, disclose: &[&str]) -> Answer {
    let binding = wallet.present(world, &world.civil, disclose).await;
    world.civil.post_json("/identity/guardianships", &GuardianshipsRequest { binding }).await
}

fn verified(world: &CitizenWorld, credential: &str) -> VerifiedGuardianship {
    let (registry, key) = (world.civil.entity.clone(), world.civil.app().keys().signing.public().clone());
    let trusted = move |issuer: &EntityId, kid: &KeyId, _: NumericDate| {
        (*issuer == registry && kid == key.kid()).then(|| key.clone())
    };
    verify(credential, &trusted, None).unwrap()
}

fn subject(world: &CitizenWorld, sector: &str, resident: &str) -> SectorSubject {
    world.civil.app().keys().sectors[&sector.parse().unwrap()].sector_subject(resident)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mothers_key_decides_for_her_child_and_for_nobody_grown_or_dead() {
    let world = CitizenWorld::start().await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let issued: Guardianships = ask(&world, &wallet, &["resident_id"]).await.json();
    assert_eq!(issued.wards.iter().map(|ward| ward.given_name.as_str()).collect::<Vec<_>>(), ["Asha"]);
    let credential = &issued.wards[0].credential;
    let shown = verified(&world, &show(credential, &"revenue".parse().unwrap()).unwrap());
    assert_eq!(shown.guardian(), wallet.key.public());
    assert_eq!(shown.sole_ward(&"revenue".parse().unwrap()), Some(subject(&world, "revenue", "R-5")));
    let of_age: schemas::time::CivilDate = "2033-03-04".parse().unwrap();
    assert_eq!(shown.claims().exp, of_age.start().numeric(), "until the eighteenth birthday begins");
    assert!(shown.covers(&"social.old-age-pension.eligibility".parse().unwrap()));
    assert!(!shown.covers(&"revenue.audit".parse().unwrap()));
    assert!(!credential.contains("Asha") && !credential.contains("2015"), "no name, no birthday");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_and_a_ward_have_one_place_however_often_they_are_asked_for() {
    let world = CitizenWorld::start().await;
    let wallets = TestWallet::batch(&world, "R-1", 2).await;
    let mut places = Vec::new();
    for wallet in [&wallets[0], &wallets[0], &wallets[1]] {
        let issued: Guardianships = ask(&world, wallet, &["resident_id"]).await.json();
        places.push((verified(&world, &issued.wards[0].credential).status().clone(), issued.wards[0].ward.clone()));
    }
    assert_eq!(places[0], places[1], "the same place, and the same name of the ward");
    assert_ne!(places[0].0, places[2].0, "another key has another place, so that departments cannot compare");
    assert_eq!(places[0].1, places[2].1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_ward_or_does_not_say_who_she_is_gets_none() {
    let world = CitizenWorld::start().await;
    let ended = TestWallet::of(&world, "R-2").await;
    assert!(ask(&world, &ended, &["resident_id"]).await.json::<Guardianships>().wards.is_empty(), "it ended in 2020");
    let wallet = TestWallet::of(&world, "R-1").await;
    assert_eq!(ask(&world, &wallet, &[]).await.refused(), Code::BindingInvalid, "without her number");
    let shown = wallet.present(&world, &world.civil, &["resident_id"]).await;
    let request = GuardianshipsRequest { binding: shown };
    assert_eq!(world.civil.post_json("/identity/guardianships", &request).await.0.status, 200);
    assert_eq!(world.civil.post_json("/identity/guardianships", &request).await.refused(), Code::Replayed);
    let elsewhere = wallet.present(&world, &world.social, &[]).await;
    let request = GuardianshipsRequest { binding: elsewhere };
    assert_eq!(world.social.post_json("/identity/guardianships", &request).await.refused(), Code::RoleMissing);
}
