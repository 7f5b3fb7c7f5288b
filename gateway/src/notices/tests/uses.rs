//! Uses become notices for those who want to hear of them: each once, late ones too, none that a law keeps back.

use protocol::seal::{Typ, random, sign};
use schemas::{
    digest::Digest,
    id::MessageId,
    notice::{NoticeKind, NoticeLevel},
    receipt::{Outcome, Receipt, ReceiptRole},
    time::Timestamp,
    version::V1,
};
use service_kit::db::DatabaseError;

use super::{Person, entity, reachable, subject, ways};
use crate::{app::App, notices::uses::run_at, webhooks::testing::Member};

/// A receipt of ours about her, as the journal keeps one. Returns its exchange.
async fn used(app: &App, person: &Person, at: Timestamp, outcome: Outcome, told_from: Option<i64>) -> MessageId {
    use diesel::{
        RunQueryDsl as _, sql_query,
        sql_types::{BigInt, Binary, Nullable, Text},
    };
    let exchange = random::message_id(at);
    let receipt = Receipt {
        v: V1,
        iss: app.entity().clone(),
        role: ReceiptRole::Provider,
        peer: entity("revenue"),
        iat: at.numeric(),
        jti: random::message_id(at),
        salt: random::salt(),
        exchange: exchange.clone(),
        query: Digest::of("query"),
        data: None,
        basis: None,
        purpose: "social.old-age-pension.eligibility".parse().unwrap(),
        dataset: "revenue.income".parse().unwrap(),
        fields: Vec::new(),
        predicates: Vec::new(),
        subject: None,
        outcome,
        refusal: None,
        status_checked: None,
        directory_size: 0,
        answer: None,
        counterpart: None,
    };
    let jws = sign(Typ::Receipt, &app.keys().signing, &receipt).unwrap();
    let index = person.as_str().to_owned();
    let written = app.db().write(move |conn| {
        sql_query(
            "INSERT INTO receipt (jti, role, peer, exchange, digest, jws, issued_at, subject_index, told_from) \
             VALUES ($1, 'provider', $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind::<Text, _>(receipt.jti.as_str())
        .bind::<Text, _>(receipt.peer.as_str())
        .bind::<Text, _>(receipt.exchange.as_str())
        .bind::<Binary, _>(Digest::of(jws.as_str()).as_bytes().to_vec())
        .bind::<Text, _>(jws.as_str())
        .bind::<BigInt, _>(receipt.iat.seconds())
        .bind::<Text, _>(index)
        .bind::<Nullable<BigInt>, _>(told_from)
        .execute(conn)?;
        Ok::<_, DatabaseError>(())
    });
    written.await.unwrap();
    exchange
}

async fn told(app: &App, person: &Person) -> Vec<NoticeKind> {
    ways(app, person).await.into_iter().map(|(_, kind, _)| kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_use_is_told_once_and_one_that_comes_late_as_well() {
    for postgres in [false, true] {
        let member = Member::start(postgres, "", &[]).await;
        let app = &member.app;
        let person = Person::of_subject(app.keys(), &subject());
        reachable(app, &person, NoticeLevel::EveryUse, None, None).await;
        let now = app.now();
        let first = used(app, &person, now.plus(30), Outcome::Answered, None).await;
        used(app, &person, now.plus(31), Outcome::Refused, None).await;
        used(app, &person, now.plus(32), Outcome::Answered, Some(now.plus(86_400).seconds())).await;
        let stranger = Person::of_subject(app.keys(), &"B".repeat(43).parse().unwrap());
        used(app, &stranger, now.plus(33), Outcome::Answered, None).await;
        run_at(app, now.plus(61)).await.unwrap();
        run_at(app, now.plus(62)).await.unwrap();
        let kinds = told(app, &person).await;
        assert!(matches!(kinds.as_slice(), [NoticeKind::Use { exchange, .. }] if *exchange == first), "{kinds:?}");
        let late = used(app, &person, now.plus(40), Outcome::Answered, None).await;
        run_at(app, now.plus(200)).await.unwrap();
        let kinds = told(app, &person).await;
        assert_eq!(kinds.len(), 2);
        assert!(kinds.iter().any(|kind| matches!(kind, NoticeKind::Use { exchange, .. } if *exchange == late)));
        assert!(told(app, &stranger).await.is_empty(), "who has chosen nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_week_is_told_in_one_notice_and_a_week_without_uses_in_none() {
    let member = Member::start(false, "", &[]).await;
    let app = &member.app;
    let person = Person::of_subject(app.keys(), &subject());
    reachable(app, &person, NoticeLevel::Weekly, None, None).await;
    let now = app.now();
    for seconds in [60, 3_600, 90_000] {
        used(app, &person, now.plus(seconds), Outcome::Answered, None).await;
    }
    run_at(app, now.plus(100_000)).await.unwrap();
    assert!(told(app, &person).await.is_empty(), "the week is not over");
    run_at(app, now.plus(8 * 86_400)).await.unwrap();
    let kinds = told(app, &person).await;
    let [NoticeKind::Summary { uses: 3, from, until }] = kinds.as_slice() else { panic!("{kinds:?}") };
    assert_eq!((*from, until.start().plus(86_400)), (now.civil_day(), from.start().plus(7 * 86_400)));
    run_at(app, now.plus(16 * 86_400)).await.unwrap();
    assert_eq!(told(app, &person).await.len(), 1, "a week without uses is none");
}
