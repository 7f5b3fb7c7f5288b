//! A wallet fetches its person's notices and chooses how much it wants to hear.

use protocol::{
    credential::did,
    seal::{SigningKey, Typ, random, sign},
};
use schemas::{
    id::{EntityId, MessageId},
    notice::{
        DeliveryState, NoticeLevel, Notices, NoticesRequest, PreferencesOrder, PreferencesRequest, PreferencesView,
    },
    problem::Code,
    time::NumericDate,
    version::V1,
};

use super::{Person, hold, tell};
use crate::consents::testing::{Answer, CitizenWorld, Proofs, TestWallet};

const PHONE: &str = "+919876543210";

async fn fetch(world: &CitizenWorld, wallet: &TestWallet) -> Answer {
    let binding = wallet.present(world, &world.revenue, &["sub_revenue"]).await;
    world.revenue.post_json("/citizen/v1/notices", &NoticesRequest { binding, seen: Vec::new() }).await
}

async fn fetch_again(world: &CitizenWorld, wallet: &TestWallet, seen: &[MessageId]) -> Answer {
    let binding = wallet.present(world, &world.revenue, &["sub_revenue"]).await;
    world.revenue.post_json("/citizen/v1/notices", &NoticesRequest { binding, seen: seen.to_vec() }).await
}

fn order(key: &SigningKey, aud: &EntityId, iat: NumericDate, level: NoticeLevel) -> PreferencesOrder {
    PreferencesOrder {
        v: V1,
        iss: did::encode(&key.public().clone()).unwrap(),
        aud: aud.clone(),
        iat,
        jti: random::message_id(schemas::time::Timestamp::from_numeric(iat)),
        level,
        language: "hi".to_owned(),
        phone: Some(Some(PHONE.parse().unwrap())),
        email: None,
    }
}

async fn choose(world: &CitizenWorld, wallet: &TestWallet, order: schemas::id::CompactJws) -> Answer {
    let binding = wallet.present(world, &world.revenue, &["sub_revenue"]).await;
    world.revenue.post_json("/citizen/v1/preferences", &PreferencesRequest { binding, order }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_gets_its_own_notices_in_both_languages_and_nobody_elses() {
    let world = CitizenWorld::start().await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let app = world.revenue.app();
    let subject = world.civil.app().keys().sectors[&"revenue".parse().unwrap()].sector_subject("R-1");
    let person = Person::of_subject(app.keys(), &subject);
    tell(app, &person, hold()).await;

    let other = TestWallet::of(&world, "R-2").await;
    assert!(fetch(&world, &other).await.json::<Notices>().notices.is_empty(), "another person's");
    let first: Notices = fetch(&world, &wallet).await.json();
    assert_eq!((first.member, first.notices.len(), first.preferences), (world.revenue.entity.clone(), 1, None));
    let notice = &first.notices[0];
    assert_eq!((&notice.about, notice.seen), (&hold(), false));
    assert_eq!(notice.text["en"].title, "Your payment is on hold");
    assert!(notice.text["hi"].body.contains("भुगतान"));
    assert_eq!(notice.delivery.get("wallet"), None, "the answer may be lost on its way");
    let again: Notices = fetch(&world, &wallet).await.json();
    assert!(!again.notices[0].seen, "and so may the second");
    fetch_again(&world, &other, std::slice::from_ref(&notice.id)).await.json::<Notices>();
    let again: Notices = fetch(&world, &wallet).await.json();
    assert!(!again.notices[0].seen, "nobody acknowledges for another person");
    let named: Notices = fetch_again(&world, &wallet, std::slice::from_ref(&notice.id)).await.json();
    assert!(named.notices[0].seen, "named is delivered");
    assert_eq!(named.notices[0].delivery["wallet"], DeliveryState::Delivered);

    let binding = wallet.present(&world, &world.revenue, &["sub_revenue"]).await;
    let request = NoticesRequest { binding, seen: Vec::new() };
    world.revenue.post_json("/citizen/v1/notices", &request).await.json::<Notices>();
    assert_eq!(world.revenue.post_json("/citizen/v1/notices", &request).await.refused(), Code::Replayed);
    let without = NoticesRequest { binding: wallet.binding.as_str().to_owned(), seen: Vec::new() };
    assert_eq!(world.revenue.post_json("/citizen/v1/notices", &without).await.refused(), Code::BindingInvalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_is_an_order_by_the_bindings_key_for_this_department() {
    let world = CitizenWorld::start().await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let (us, now) = (world.revenue.entity.clone(), world.now().numeric());
    let signed = |order: &PreferencesOrder| sign(Typ::Preferences, &wallet.key, order).unwrap();
    let good = order(&wallet.key, &us, now, NoticeLevel::Weekly);
    let first = signed(&good);
    let chosen: PreferencesView = choose(&world, &wallet, first.clone()).await.json();
    assert_eq!((chosen.level, chosen.phone, chosen.email), (NoticeLevel::Weekly, true, false));

    let stranger = SigningKey::generate(protocol::seal::Algorithm::Es256).unwrap();
    let refused: Vec<(&str, schemas::id::CompactJws, Code)> = vec![
        ("by another key", sign(Typ::Preferences, &stranger, &good).unwrap(), Code::ConsentWrongSubject),
        (
            "naming another issuer",
            signed(&PreferencesOrder { iss: did::encode(&stranger.public().clone()).unwrap(), ..good.clone() }),
            Code::ConsentWrongSubject,
        ),
        (
            "for another department",
            signed(&PreferencesOrder { aud: world.social.entity.clone(), ..good.clone() }),
            Code::AudienceWrong,
        ),
        ("from the future", signed(&order(&wallet.key, &us, now.plus(3_600), NoticeLevel::Weekly)), Code::Stale),
        (
            "in a language without texts",
            signed(&PreferencesOrder { language: "xx".to_owned(), ..good.clone() }),
            Code::RequestMalformed,
        ),
        (
            "older than the one that is kept",
            signed(&order(&wallet.key, &us, now.plus(-60), NoticeLevel::Exceptions)),
            Code::Conflict,
        ),
        ("of another kind", sign(Typ::ConsentOrder, &wallet.key, &good).unwrap(), Code::TokenTypeWrong),
    ];
    for (why, order, code) in refused {
        assert_eq!(choose(&world, &wallet, order).await.refused(), code, "{why}");
    }
    let told: Notices = fetch(&world, &wallet).await.json();
    let kept = told.preferences.unwrap();
    assert_eq!(
        (kept.level, kept.language.as_str(), kept.phone),
        (NoticeLevel::Weekly, "hi", true),
        "the good one holds"
    );
    choose(&world, &wallet, first).await.json::<PreferencesView>();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_of_how_much_forgets_no_number_and_no_address() {
    let world = CitizenWorld::start().await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let (us, now) = (world.revenue.entity.clone(), world.now().numeric());
    let base =
        |seconds| PreferencesOrder { phone: None, ..order(&wallet.key, &us, now.plus(seconds), NoticeLevel::Weekly) };
    let mail = || Some(Some("sushila@mail.example".parse().unwrap()));
    let orders = [
        ("a number alone", PreferencesOrder { phone: Some(Some(PHONE.parse().unwrap())), ..base(-9) }, (true, false)),
        ("how much, and nothing else", PreferencesOrder { level: NoticeLevel::Exceptions, ..base(-8) }, (true, false)),
        ("an address as well", PreferencesOrder { email: mail(), ..base(-7) }, (true, true)),
        ("the number is forgotten", PreferencesOrder { phone: Some(None), ..base(-6) }, (false, true)),
        ("how much once more", base(-5), (false, true)),
        ("all is forgotten", PreferencesOrder { phone: Some(None), email: Some(None), ..base(-4) }, (false, false)),
    ];
    for (why, wanted, kept) in orders {
        let signed = sign(Typ::Preferences, &wallet.key, &wanted).unwrap();
        let view: PreferencesView = choose(&world, &wallet, signed).await.json();
        assert_eq!((view.phone, view.email), kept, "{why}: as answered");
        let told = fetch(&world, &wallet).await.json::<Notices>().preferences.unwrap();
        assert_eq!((told.phone, told.email), kept, "{why}: as kept");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_chosen_in_an_assisted_session() {
    let world = CitizenWorld::start().await;
    let helped = TestWallet::bound(&world, &Proofs::assisted(&world, "R-1").await, 1).await.remove(0);
    let good = order(&helped.key, &world.revenue.entity, world.now().numeric(), NoticeLevel::Weekly);
    let order = sign(Typ::Preferences, &helped.key, &good).unwrap();
    assert_eq!(choose(&world, &helped, order).await.refused(), Code::AccessDenied);
    assert_eq!(fetch(&world, &helped).await.json::<Notices>().preferences, None);
}
