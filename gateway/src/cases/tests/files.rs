use schemas::{asking::PartOutcome, problem::Code};
use service_kit::db::DatabaseError;

use super::world::{case, held, until_rows};
use crate::{
    exchange::testing::{
        count,
        federation::{Federation, tamper},
    },
    store::{
        exchange::{ConsentChange, consent_index, consent_order},
        inquiries::Kind,
    },
};

async fn audited(federation: &Federation, action: &str, outcome: &str) -> usize {
    use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        action: String,
        #[diesel(sql_type = Text)]
        outcome: String,
    }
    let rows = federation
        .consumer
        .db()
        .read(|conn| Ok::<_, DatabaseError>(sql_query("SELECT action, outcome FROM audit_trail").load::<Row>(conn)?));
    rows.await.unwrap().iter().filter(|row| row.action == action && row.outcome == outcome).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_file_is_seen_by_its_maker_and_each_look_is_written_down() {
    let federation = Federation::start().await;
    let provider = federation.serve().await;
    let (app, system) = (&federation.consumer, federation.system());
    let parts = vec![
        held(&federation, &federation.consent(1), "applicant").await,
        held(&federation, &federation.consent(1), "spouse").await,
    ];
    let made = app.open_case(system, federation.key(), &case(parts)).await.unwrap();
    assert_eq!(made.parts.iter().filter(|part| part.record.is_some()).count(), 2);
    let officer = "officer-1".parse().unwrap();
    let seen = app.look_at_case(&system.name, Some(&officer), &made.id).await.unwrap();
    assert_eq!(seen, made, "the values are kept");
    assert_eq!(seen.parts[1].person.as_ref().unwrap().as_str(), "spouse");

    let (other, stranger) = ("officer-2".parse().unwrap(), "tax-portal".parse().unwrap());
    let refused = [
        app.look_at_case(&system.name, Some(&other), &made.id).await,
        app.look_at_case(&system.name, None, &made.id).await,
        app.look_at_case(&stranger, Some(&officer), &made.id).await,
        app.look_at_case(&system.name, Some(&officer), &federation.key()).await,
    ];
    assert!(
        refused.into_iter().all(|seen| seen.unwrap_err().code() == Code::NotFound),
        "it is as if it were not there"
    );
    assert_eq!(audited(&federation, "case.open", "done").await, 1);
    assert_eq!(
        (audited(&federation, "case.read", "done").await, audited(&federation, "case.read", "refused").await),
        (1, 4)
    );
    provider.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_gone_with_its_consent_and_with_its_time_and_the_receipts_stay() {
    let federation = Federation::start().await;
    let provider = federation.serve().await;
    let (app, system) = (&federation.consumer, federation.system());
    let (revoked, over) = (federation.consent(1), federation.consent(1));
    let parts = vec![held(&federation, &revoked, "applicant").await, held(&federation, &over, "applicant").await];
    let (key, query) = (federation.key(), case(parts));
    let made = app.open_case(system, key.clone(), &query).await.unwrap();
    let officer = "officer-1".parse().unwrap();

    let consent = protocol::credential::vc::verify(&revoked.jws, &federation.world.authority.entity).unwrap();
    let index = consent_index(app.keys(), consent.issuer(), consent.id());
    let ordered =
        app.db().write(move |conn| Ok::<_, DatabaseError>(consent_order(conn, &index, 1, ConsentChange::Revoke)?));
    assert!(ordered.await.unwrap().applied);
    let repeated = app.open_case(system, key, &query).await.unwrap();
    assert_eq!(
        (&repeated.id, &repeated.parts[0].record, repeated.parts[1].record.is_some()),
        (&made.id, &None, true),
        "the request again shows no more than a look"
    );
    let seen = app.look_at_case(&system.name, Some(&officer), &made.id).await.unwrap();
    assert_eq!(
        (&seen.parts[0].record, seen.parts[1].record.is_some()),
        (&None, true),
        "a revoked consent takes its value"
    );

    tamper(app, "UPDATE inquiry_part SET value_until_ms = 1 WHERE value IS NOT NULL".to_owned()).await;
    app.keep_cases().await.unwrap();
    let seen = app.look_at_case(&system.name, Some(&officer), &made.id).await.unwrap();
    assert!(seen.parts.iter().all(|part| part.record.is_none() && part.outcome == PartOutcome::Answered));
    assert!(seen.parts.iter().all(|part| part.receipt.is_some() && part.counterpart.is_some()));

    tamper(app, "UPDATE inquiry SET made_ms = 1".to_owned()).await;
    app.keep_cases().await.unwrap();
    let forgotten = app.look_at_case(&system.name, Some(&officer), &made.id).await.unwrap_err();
    assert_eq!(forgotten.code(), Code::RequestExpired);
    provider.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inquiry_that_cannot_be_settled_keeps_no_value_of_another() {
    let federation = Federation::start().await;
    let (app, system) = (&federation.consumer, federation.system());
    let stuck = case(vec![held(&federation, &federation.consent(1), "applicant").await]);
    let over = until_rows(app, "ask_open", 1);
    let stuck = app.ask_parts(system, (federation.key(), Kind::Case), &stuck, over).await.unwrap();
    tamper(app, format!("UPDATE inquiry_part SET about = x'00' WHERE inquiry = '{}'", stuck.id)).await;
    let provider = federation.serve().await;
    app.hurry_open_questions().await.unwrap();
    assert_eq!(app.recover_questions().await.unwrap(), 1);
    assert!(app.settle_inquiry(&stuck.id).await.is_err(), "its column is damaged");

    let good = case(vec![held(&federation, &federation.consent(1), "applicant").await]);
    app.open_case(system, federation.key(), &good).await.unwrap();
    tamper(app, "UPDATE inquiry_part SET value_until_ms = 1 WHERE value IS NOT NULL".to_owned()).await;
    app.keep_cases().await.unwrap();
    let kept = app.db().read(|conn| Ok::<_, DatabaseError>(values(conn)?)).await.unwrap();
    assert_eq!(kept, 0, "it is forgotten all the same");
    provider.stop().await.unwrap();
}

fn values(conn: &mut service_kit::db::AnyConnection) -> service_kit::db::QueryResult<i64> {
    use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let count = sql_query("SELECT COUNT(*) AS count FROM inquiry_part WHERE value IS NOT NULL");
    Ok(count.get_result::<Count>(conn)?.count)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_recovery_hears_later_reaches_the_case_file() {
    let federation = Federation::start().await;
    let (app, system) = (&federation.consumer, federation.system());
    let parts = vec![held(&federation, &federation.consent(1), "applicant").await];
    let query = case(parts);
    let over = until_rows(app, "ask_open", 1);
    let made = app.ask_parts(system, (federation.key(), Kind::Case), &query, over).await.unwrap();
    assert!(made.parts[0].open);

    let provider = federation.serve().await;
    app.hurry_open_questions().await.unwrap();
    assert_eq!(app.recover_questions().await.unwrap(), 1);
    app.keep_cases().await.unwrap();
    tamper(app, "DELETE FROM ask_answer".to_owned()).await;
    let officer = "officer-1".parse().unwrap();
    let seen = app.look_at_case(&system.name, Some(&officer), &made.id).await.unwrap();
    assert_eq!((seen.parts[0].outcome, seen.parts[0].open), (PartOutcome::Answered, false));
    assert!(seen.parts[0].record.is_some(), "kept although the answer of the question is no longer");
    assert_eq!(count(app.db(), "receipt"), 1);
    provider.stop().await.unwrap();
}
