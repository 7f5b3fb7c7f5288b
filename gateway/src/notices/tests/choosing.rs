//! What a citizen chooses, and in which order orders count.

use schemas::{
    digest::Digest,
    notice::{NoticeKind, NoticeLevel},
};

use super::{Person, erased, hold, reachable, round, subject, tell, ways};
use crate::{
    store::notices::preferences::{Contact, Preference, preference_find, preference_put},
    webhooks::testing::Member,
};

#[tokio::test(flavor = "multi_thread")]
async fn what_she_does_not_want_to_hear_is_withheld_and_what_must_be_told_is_told() {
    for postgres in [false, true] {
        let member = Member::start(postgres, "", &[]).await;
        let app = &member.app;
        let person = Person::of_subject(app.keys(), &subject());
        tell(app, &person, erased(app)).await;
        tell(app, &person, hold()).await;
        round(app, 0).await;
        let kinds: Vec<NoticeKind> = ways(app, &person).await.into_iter().map(|(_, kind, _)| kind).collect();
        assert_eq!(kinds, [hold()], "who has chosen nothing hears what must be told");
        reachable(app, &person, NoticeLevel::EveryUse, None, None).await;
        tell(app, &person, erased(app)).await;
        round(app, 0).await;
        assert_eq!(ways(app, &person).await.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_order_counts_whatever_order_they_arrive_in() {
    for postgres in [false, true] {
        let member = Member::start(postgres, "", &[]).await;
        let app = member.app.clone();
        let person = Person::of_subject(app.keys(), &subject());
        let now = app.now();
        let put = |level: NoticeLevel, seconds: i64, digest: &str| {
            let (app, person, digest) = (app.clone(), person.clone(), Digest::of(digest));
            let chosen = Preference {
                level,
                language: "en".to_owned(),
                contact: Contact::default(),
                ordered: now.plus(seconds),
            };
            async move {
                let keys = app.keys().clone();
                let kept = app.db().write(move |conn| preference_put(conn, &keys, (&person, &digest), &chosen, now));
                kept.await.unwrap()
            }
        };
        assert!(put(NoticeLevel::Weekly, 0, "first").await);
        assert!(put(NoticeLevel::EveryUse, 10, "second").await);
        assert!(!put(NoticeLevel::Weekly, 0, "first").await, "an older one comes late");
        assert!(!put(NoticeLevel::Exceptions, 10, "another of the same second").await);
        assert!(put(NoticeLevel::EveryUse, 10, "second").await, "a repeat");
        let (keys, of) = (app.keys().clone(), person.clone());
        let kept = app.db().read(move |conn| preference_find(conn, &keys, &of)).await.unwrap().unwrap();
        assert_eq!((kept.level, kept.ordered), (NoticeLevel::EveryUse, now.plus(10)));
    }
}
