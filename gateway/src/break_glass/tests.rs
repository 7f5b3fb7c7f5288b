//! Emergencies: what opens one, what the second officer may and may not, what is counted.

use protocol::seal::random;
use schemas::{federation::Law, id::MessageId, notice::NoticeKind, problem::Code, time::Timestamp};
use serde_json::json;
use service_kit::db::DatabaseError;

use super::{
    BreakGlassError, Emergency, Officer, Outcome, REVIEW_WITHIN, Reason, Review, ReviewError, Use, answered, authorize,
    open,
};
use crate::{app::App, notices::Person, store::notices::notices_of, webhooks::testing::Member};

const WHY: &str = "Unconscious patient in casualty, allergies unknown";

fn law(break_glass: bool) -> Law {
    serde_json::from_value(json!({
        "id": "emergency-1", "version": "2026-10", "title": { "en": "Emergency care", "hi": "आपात चिकित्सा" },
        "statute": "Clinical Establishments Act, 2010", "section": "12(2)",
        "consumer": "https://social.localhost", "provider": "https://health.gov.example", "purpose": "health.emergency",
        "allowed": { "dataset": "health.record", "fields": ["allergies"] }, "until": "2030-12-31",
        "quota": { "per_day": 10, "per_officer": 5, "per_subject": 2 }, "disclosure": "immediate", "break_glass": break_glass,
    }))
    .unwrap()
}

fn emergency(officer: &str) -> Emergency {
    let key = Some("K".repeat(43).parse().unwrap());
    Emergency { officer: officer.parse().unwrap(), officer_key: key, reason: WHY.parse().unwrap() }
}

fn person(app: &App) -> Person {
    Person::of_subject(app.keys(), &"A".repeat(43).parse().unwrap())
}

/// The asking side's transaction.
async fn ask(app: &App, law: Law, at: Timestamp) -> Result<MessageId, BreakGlassError> {
    let (keys, who, exchange) = (app.keys().clone(), person(app), random::message_id(at));
    let id = exchange.clone();
    let written = app.db().write(move |conn| {
        let used = Use { exchange: &id, law: &law, person: Some(&who), at };
        open(conn, &keys, &used, &emergency("officer-7"))
    });
    written.await.map(|()| exchange)
}

fn officer(name: &str, key: Option<char>) -> Officer {
    Officer { name: name.parse().unwrap(), key: key.map(|c| c.to_string().repeat(43).parse().unwrap()) }
}

fn review(exchange: &MessageId, outcome: Outcome) -> Review {
    Review { exchange: exchange.clone(), outcome, reason: "The ward book confirms it".parse().unwrap() }
}

fn code(error: ReviewError) -> Code {
    match error {
        ReviewError::Refused(refusal) => refusal.code(),
        other => panic!("{other}"),
    }
}

async fn kinds(app: &App) -> Vec<NoticeKind> {
    let (keys, of) = (app.keys().clone(), person(app));
    let told = app.db().read(move |conn| notices_of(conn, &keys, &of, 9)).await.unwrap();
    told.into_iter().map(|notice| notice.kind).collect()
}

async fn audited(app: &App) -> Vec<(String, String)> {
    use diesel::{QueryableByName, RunQueryDsl as _, sql_query, sql_types::Text};
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        action: String,
        #[diesel(sql_type = Text)]
        outcome: String,
    }
    let rows = app.db().read(|conn| {
        let query = sql_query("SELECT action, outcome FROM audit_trail WHERE action LIKE 'break-glass.%' ORDER BY seq");
        Ok::<_, DatabaseError>(query.load::<Row>(conn)?)
    });
    rows.await.unwrap().into_iter().map(|row| (row.action, row.outcome)).collect()
}

#[test]
fn an_emergency_needs_its_own_law_an_officer_and_a_reason_in_words() {
    let officer = "officer-7".parse().unwrap();
    assert!(authorize(&law(false), Some(&officer), None).unwrap().is_none(), "an ordinary law");
    assert!(authorize(&law(true), Some(&officer), Some(WHY)).unwrap().is_some());
    for (law, officer, reason, code) in [
        (law(false), Some(&officer), Some(WHY), Code::LawScopeExceeded),
        (law(true), None, Some(WHY), Code::ReasonMissing),
        (law(true), Some(&officer), None, Code::ReasonMissing),
        (law(true), Some(&officer), Some(""), Code::ReasonMissing),
        (law(true), Some(&officer), Some("          "), Code::ReasonMissing),
        (law(true), Some(&officer), Some("urgent"), Code::ReasonMissing),
        (law(true), Some(&officer), Some("1234567890 12"), Code::ReasonMissing),
        (law(true), Some(&officer), Some("a reason\u{0}with a zero"), Code::ReasonMissing),
    ] {
        assert_eq!(authorize(&law, officer, reason).unwrap_err().code(), code, "{reason:?}");
    }
    assert!("रोगी बेहोश है, एलर्जी की जानकारी नहीं".parse::<Reason>().is_ok());
    assert!("x y ".repeat(600).parse::<Reason>().is_err(), "no books");
    assert_eq!(format!("{:?}", WHY.parse::<Reason>().unwrap()), "Reason(…)");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_use_opens_a_review_and_tells_her_in_one_transaction() {
    for postgres in [false, true] {
        let member = Member::start(postgres, "", &[]).await;
        let (app, now) = (&member.app, member.app.now());
        let exchange = ask(app, law(true), now).await.unwrap();
        let open = app.open_reviews().await.unwrap();
        assert_eq!((open.len(), &open[0].exchange, open[0].reason.as_str()), (1, &exchange, WHY));
        assert_eq!((open[0].officer.as_str(), open[0].due), ("officer-7", now.plus(REVIEW_WITHIN)));
        assert!(matches!(kinds(app).await.as_slice(), [NoticeKind::BreakGlass { asker, .. }] if asker == app.entity()));
        assert_eq!(audited(app).await, [("break-glass.open".to_owned(), "done".to_owned())]);

        let refused = ask(app, law(false), now).await.unwrap_err();
        assert!(matches!(refused, BreakGlassError::Refused(refusal) if refusal.code() == Code::LawScopeExceeded));
        assert_eq!((app.open_reviews().await.unwrap().len(), kinds(app).await.len()), (1, 1), "nothing was written");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_person_with_another_key_decides_once() {
    for postgres in [false, true] {
        let member = Member::start(postgres, "", &[]).await;
        let (app, now) = (&member.app, member.app.now());
        let (right, wrong) = (ask(app, law(true), now).await.unwrap(), ask(app, law(true), now).await.unwrap());
        let other = random::message_id(now);
        for (by, of, refused) in [
            (officer("officer-7", None), &right, Code::FourEyesRequired),
            (officer("officer-7", Some('Z')), &right, Code::FourEyesRequired),
            (officer("officer-8", Some('K')), &right, Code::FourEyesRequired),
            (officer("officer-8", Some('Z')), &other, Code::NotFound),
        ] {
            assert_eq!(
                code(app.decide_review(by.clone(), review(of, Outcome::Upheld)).await.unwrap_err()),
                refused,
                "{by:?}"
            );
        }
        app.decide_review(officer("officer-8", Some('Z')), review(&right, Outcome::Upheld)).await.unwrap();
        app.decide_review(officer("officer-9", None), review(&wrong, Outcome::Rejected)).await.unwrap();
        let again = app.decide_review(officer("officer-9", None), review(&right, Outcome::Rejected)).await;
        assert_eq!(code(again.unwrap_err()), Code::Conflict, "it stays as it was decided");
        assert!(app.open_reviews().await.unwrap().is_empty());

        let told = kinds(app).await;
        let reviewed = |of: &MessageId, found: bool| {
            told.iter().any(|kind| matches!(kind, NoticeKind::BreakGlassReviewed { exchange, upheld, .. } if exchange == of && *upheld == found))
        };
        assert!(reviewed(&right, true) && reviewed(&wrong, false), "{told:?}");
        let outcomes: Vec<String> = audited(app).await.into_iter().map(|(_, outcome)| outcome).collect();
        let count = |word: &str| outcomes.iter().filter(|outcome| *outcome == word).count();
        assert_eq!((count("done"), count("refused")), (4, 5), "refused ones are rows as well");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_officers_at_once_leave_one_decision() {
    let member = Member::start(true, "", &[]).await;
    let (app, now) = (&member.app, member.app.now());
    let exchange = ask(app, law(true), now).await.unwrap();
    let (a, b) = tokio::join!(
        app.decide_review(officer("officer-8", None), review(&exchange, Outcome::Upheld)),
        app.decide_review(officer("officer-9", None), review(&exchange, Outcome::Rejected)),
    );
    assert_eq!([a.is_ok(), b.is_ok()].iter().filter(|ok| **ok).count(), 1);
    assert_eq!(kinds(app).await.iter().filter(|kind| matches!(kind, NoticeKind::BreakGlassReviewed { .. })).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_that_nobody_made_within_a_day_is_overdue_and_counted() {
    for postgres in [false, true] {
        let member = Member::start(postgres, "", &[]).await;
        let (app, now) = (&member.app, member.app.now());
        ask(app, law(true), now.plus(-REVIEW_WITHIN)).await.unwrap();
        ask(app, law(true), now.plus(-REVIEW_WITHIN + 3_600)).await.unwrap();
        let decided = ask(app, law(true), now).await.unwrap();
        app.decide_review(officer("officer-8", None), review(&decided, Outcome::Upheld)).await.unwrap();
        let (keys, who, at) = (app.keys().clone(), person(app), now);
        let told = app.db().write(move |conn| {
            let (law, id) = (law(true), random::message_id(at));
            let used = Use { exchange: &id, law: &law, person: Some(&who), at };
            answered(conn, &keys, &used, &"officer-70".parse().unwrap())
        });
        told.await.unwrap();
        let counts = app.break_glass_counts(Timestamp::from_seconds(0)).await.unwrap();
        let of = &counts.0[&"emergency-1".parse().unwrap()];
        assert_eq!((of.asked, of.answered, of.upheld, of.rejected, of.open, of.overdue), (3, 1, 1, 0, 2, 1));
        assert_eq!((counts.open(), counts.overdue()), (2, 1));
        assert_eq!(app.open_reviews().await.unwrap().len(), 2, "the answering side reviews nothing");
        let since = app.break_glass_counts(now.plus(-60)).await.unwrap();
        assert_eq!(since.0[&"emergency-1".parse().unwrap()].asked, 1, "from then on");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tables_refuse_what_the_code_would_not_do() {
    for postgres in [false, true] {
        let member = Member::start(postgres, "", &[]).await;
        let app = &member.app;
        let exchange = ask(app, law(true), app.now()).await.unwrap();
        let same = "UPDATE break_glass SET state = 'upheld', reviewer = officer, review = reason, decided_at = 1";
        let key = "UPDATE break_glass SET state = 'upheld', reviewer = 'x', reviewer_key = officer_key, review = reason, decided_at = 1";
        let bare = "UPDATE break_glass SET state = 'upheld'";
        let run = |statement: &'static str| {
            app.db().write(move |conn| {
                Ok::<_, DatabaseError>(diesel::RunQueryDsl::execute(diesel::sql_query(statement), conn)?)
            })
        };
        for statement in [same, key, bare, "DELETE FROM break_glass"] {
            assert!(run(statement).await.is_err(), "{statement}");
        }
        app.decide_review(officer("officer-8", None), review(&exchange, Outcome::Upheld)).await.unwrap();
        assert!(run("UPDATE break_glass SET state = 'rejected'").await.is_err(), "decided once");
    }
}
