use schemas::federation::SubmittedEntry;
use service_kit::clock::Clock;

use super::*;
use crate::testing::{TestAnchor, TestDepartment};

#[derive(serde::Serialize)]
struct Claims {
    iss: EntityId,
    iat: NumericDate,
}

async fn member(anchor: &TestAnchor) -> (TestDepartment, App) {
    TestDepartment::member(anchor, "revenue", &["provider"], None, "").await
}

/// A record that the department signed a moment ago.
fn record(app: &App) -> CompactJws {
    let claims = Claims { iss: app.entity().clone(), iat: app.now().numeric() };
    protocol::seal::sign(protocol::seal::Typ::EntityStatement, &app.keys().signing, &claims).unwrap()
}

fn records(jws: &CompactJws) -> Records {
    Records { kind: BundleKind::Exchange, records: vec![(EntryType::ExchangeReceipt, jws.clone())] }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_holds_the_record_its_proof_and_the_signers_chain_of_that_time() {
    let anchor = TestAnchor::start(&Clock::default());
    let (_department, app) = member(&anchor).await;
    let jws = record(&app);
    anchor.state().log.push(SubmittedEntry { r#type: 1, digest: Digest::of(jws.as_str()) });
    let bundle = of_records(&app, &records(&jws), Duration::ZERO).await.unwrap();
    assert_eq!(bundle.kind, BundleKind::Exchange);
    assert_eq!((&bundle.records[0].jws, bundle.records[0].proof.as_deref()), (&jws, Some("proof of 0")));
    assert_eq!(bundle.records[0].timestamps, ["AA=="]);
    let chain = &bundle.members[0].chain;
    let member = protocol::federation::verify_chain(chain, app.trust_root(), app.now()).unwrap();
    assert_eq!(member.entity(), app.entity());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_the_log_does_not_have_is_waited_for_and_then_not_yet() {
    let anchor = TestAnchor::start(&Clock::default());
    let (_department, app) = member(&anchor).await;
    let jws = record(&app);
    let missing = of_records(&app, &records(&jws), Duration::ZERO).await;
    assert!(matches!(missing, Err(BundleError::NotYet)));
    let (waiting, wanted) = (app.clone(), records(&jws));
    let bundle = tokio::spawn(async move { of_records(&waiting, &wanted, Duration::from_secs(8)).await });
    anchor.state().log.push(SubmittedEntry { r#type: 1, digest: Digest::of(jws.as_str()) });
    assert!(bundle.await.unwrap().is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_register_that_a_receipt_names_is_found_however_many_came_after_it() {
    let anchor = TestAnchor::start(&Clock::default());
    let (_department, app) = member(&anchor).await;
    let mut digests = Vec::new();
    for (version, per_day) in [(1, 10), (2, 11), (3, 12)] {
        let mut law = protocol_testing::law();
        law.quota.per_day = per_day;
        let content = schemas::federation::RegisterContent::Laws(vec![law]);
        digests.push(Digest::of(serde_json::to_vec(&content).unwrap()));
        anchor.register(version, &content, app.now());
        app.refresh_directory().await.unwrap();
    }
    for digest in &digests {
        let named = BTreeSet::from([*digest]);
        let found = app.db().read(move |conn| registers(conn, &named)).await.unwrap();
        assert_eq!(found.iter().map(protocol::federation::register_digest).collect::<Vec<_>>(), [Some(*digest)]);
    }
    let named = BTreeSet::from([digests[0], digests[2], Digest::of("of another federation")]);
    assert_eq!(app.db().read(move |conn| registers(conn, &named)).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_nobody_gave_has_no_bundle() {
    let anchor = TestAnchor::start(&Clock::default());
    let (_department, app) = member(&anchor).await;
    let id = protocol::seal::random::message_id(app.now());
    assert!(matches!(assemble(&app, id, Duration::ZERO).await, Err(BundleError::Unknown)));
}
