//! Notices on their ways: real servers for mail and short messages, a folder for letters, wallets that prove who they are.

mod choosing;
mod mail;
mod post;
mod uses;
mod wallet;

use protocol::seal::random;
use schemas::{
    digest::Digest,
    id::{EntityId, MessageId, SectorSubject},
    notice::{Channel, DeliveryState, NoticeKind, NoticeLevel},
};

use super::{Person, deliver, write};
use crate::{
    app::App,
    store::notices::{
        NoticeStoreError,
        deliveries::deliveries_of,
        notices_of,
        preferences::{Contact, Preference, preference_put},
    },
};

/// Milliseconds of an hour.
const HOUR: i64 = 3_600_000;

fn entity(name: &str) -> EntityId {
    format!("https://{name}.gov.example").parse().unwrap()
}

fn subject() -> SectorSubject {
    "A".repeat(43).parse().unwrap()
}

fn hold() -> NoticeKind {
    let event = "01936b1e-5b2f-7c3d-8e4f-0123456789ab".parse().unwrap();
    NoticeKind::Hold { event, source: entity("civil") }
}

fn erased(app: &App) -> NoticeKind {
    let exchange = random::message_id(app.now());
    NoticeKind::Erased { exchange, provider: entity("revenue"), dataset: "revenue.income".parse().unwrap() }
}

/// She can be reached there, on this level.
async fn reachable(app: &App, person: &Person, level: NoticeLevel, phone: Option<&str>, email: Option<&str>) {
    let contact = Contact { phone: phone.map(|p| p.parse().unwrap()), email: email.map(|e| e.parse().unwrap()) };
    let chosen = Preference { level, language: "hi".to_owned(), contact, ordered: app.now() };
    let (keys, person, now) = (app.keys().clone(), person.clone(), app.now());
    let digest = Digest::of(random::token());
    let kept = app.db().write(move |conn| preference_put(conn, &keys, (&person, &digest), &chosen, now)).await;
    assert!(kept.unwrap());
}

/// Writes a notice as its cause would.
async fn tell(app: &App, person: &Person, kind: NoticeKind) {
    let (keys, person, now) = (app.keys().clone(), person.clone(), app.now());
    app.db().write(move |conn| write(conn, &keys, &person, &kind, now)).await.unwrap();
}

/// Every notice that she may see, with its ways.
async fn ways(app: &App, person: &Person) -> Vec<(MessageId, NoticeKind, Vec<(Channel, DeliveryState)>)> {
    let (keys, person) = (app.keys().clone(), person.clone());
    let told = app.db().read(move |conn| {
        let notices = notices_of(conn, &keys, &person, 100)?;
        let with = notices.into_iter().map(|notice| {
            let ways = deliveries_of(conn, &notice.id)?;
            Ok((notice.id, notice.kind, ways))
        });
        with.collect::<Result<Vec<_>, NoticeStoreError>>()
    });
    told.await.unwrap()
}

/// One round, so many hours from now.
async fn round(app: &App, hours: i64) {
    deliver::run_at(app, app.now_ms() + hours * HOUR).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cause_makes_one_notice_and_a_rolled_back_cause_makes_none() {
    for postgres in [false, true] {
        let member = crate::webhooks::testing::Member::start(postgres, "", &[]).await;
        let (app, person) = (&member.app, Person::of_subject(member.app.keys(), &subject()));
        tell(app, &person, hold()).await;
        tell(app, &person, hold()).await;
        let (keys, to, now) = (app.keys().clone(), person.clone(), app.now());
        let other = NoticeKind::Hold { event: random::message_id(now), source: entity("health") };
        let undone = app.db().write(move |conn| {
            write(conn, &keys, &to, &other, now)?;
            Err::<(), NoticeStoreError>(diesel::result::Error::RollbackTransaction.into())
        });
        assert!(undone.await.is_err());
        let told = ways(app, &person).await;
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].1, hold());
        round(app, 0).await;
        assert_eq!(ways(app, &person).await[0].2, [], "no way is configured: her wallet alone");
        let stranger = Person::of_subject(app.keys(), &"B".repeat(43).parse().unwrap());
        assert!(ways(app, &stranger).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_notice_stands_readable_in_the_database() {
    let member = crate::webhooks::testing::Member::start(false, "", &[]).await;
    let (app, person) = (&member.app, Person::of_subject(member.app.keys(), &subject()));
    reachable(app, &person, NoticeLevel::EveryUse, Some("+919876543210"), Some("sushila@mail.example")).await;
    tell(app, &person, erased(app)).await;
    let id = ways(app, &person).await[0].0.to_string();
    let file = |name: &str| std::fs::read(member.department.path(name)).unwrap();
    // What was written last still stands in the write-ahead log.
    let bytes = [file("gateway.sqlite"), file("gateway.sqlite-wal")].concat();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains(&id), "the row is there to be read");
    for secret in ["9876543210", "sushila", "revenue.income", subject().as_str()] {
        assert!(!text.contains(secret), "{secret}");
    }
}
