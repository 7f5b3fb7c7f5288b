use std::time::Duration;

use schemas::digest::Digest;
use service_kit::clock::Clock;
use tlog::entry::EntryType;

use super::*;
use crate::{
    store::{
        outbox::{anchored_find, outbox_insert},
        testing::rows,
    },
    testing::{Misbehaviour, TestAnchor, TestDepartment},
};

async fn member(anchor: &TestAnchor) -> (TestDepartment, App) {
    TestDepartment::member(anchor, "revenue", &["provider"], None, "").await
}

async fn queue(app: &App, count: usize, since_ms: i64) -> Vec<Digest> {
    let digests: Vec<Digest> = (0..count).map(|n| Digest::of(format!("receipt {n}"))).collect();
    let entries: Vec<_> = digests.iter().map(|digest| (EntryType::ExchangeReceipt, *digest)).collect();
    app.db().write(move |conn| Ok::<_, DatabaseError>(outbox_insert(conn, &entries, since_ms)?)).await.unwrap();
    digests
}

async fn waiting(app: &App) -> i64 {
    app.db().read(|conn| rows(conn, "outbox")).await.unwrap()
}

/// The pump of a process of its own.
fn pump() -> Pump {
    Pump { holder: random::token(), pause: Mutex::default(), held: Mutex::default() }
}

fn now_ms(app: &App) -> i64 {
    i64::try_from(app.clock().now_ms()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_logged_once_and_its_place_is_known() {
    let anchor = TestAnchor::start(&Clock::default());
    let (_department, app) = member(&anchor).await;
    let digests = queue(&app, 1_500, now_ms(&app)).await;
    pump().run(&app).await.unwrap();
    assert_eq!((waiting(&app).await, anchor.state().log.len()), (0, 1_500), "in two batches");
    let last = digests[1_499];
    let place = app
        .db()
        .read(move |conn| Ok::<_, DatabaseError>(anchored_find(conn, EntryType::ExchangeReceipt, &last)?))
        .await
        .unwrap();
    let logged = anchor.state().log.iter().position(|entry| entry.digest == last).unwrap();
    assert_eq!(usize::try_from(place.unwrap().log_index).unwrap(), logged);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_of_something_else_or_by_somebody_else_is_none() {
    let anchor = TestAnchor::start(&Clock::default());
    let (_department, app) = member(&anchor).await;
    queue(&app, 3, now_ms(&app)).await;
    let ours = pump();
    for (wrong, says) in [(Misbehaviour::OtherDigest, "digests"), (Misbehaviour::OtherKey, "not the anchor's")] {
        anchor.state().misbehaviour = wrong;
        ours.anchor_is_back();
        let error = ours.run(&app).await.unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!(waiting(&app).await, 3, "{wrong:?}");
    }
    anchor.state().misbehaviour = Misbehaviour::None;
    ours.anchor_is_back();
    ours.run(&app).await.unwrap();
    assert_eq!((waiting(&app).await, anchor.state().log.len()), (0, 3), "each stands in the log once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_anchor_is_left_alone_for_as_long_as_it_asks() {
    let anchor = TestAnchor::start(&Clock::default());
    let (_department, app) = member(&anchor).await;
    queue(&app, 1, now_ms(&app)).await;
    anchor.state().misbehaviour = Misbehaviour::Busy;
    let (ours, before) = (pump(), app.clock().monotonic());
    assert!(ours.run(&app).await.is_err());
    assert!(ours.lock().until >= before + Duration::from_secs(7_000));
    ours.run(&app).await.unwrap();
    assert_eq!(waiting(&app).await, 1, "nothing was tried");
    anchor.state().misbehaviour = Misbehaviour::None;
    ours.anchor_is_back();
    ours.run(&app).await.unwrap();
    assert_eq!(waiting(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wait_grows_and_stays_below_a_quarter_of_an_hour() {
    let clock = Clock::default();
    let ours = pump();
    let failure = PumpError::OtherAck("for the test");
    for failures in 1..=20 {
        ours.note(&clock, Some(&failure));
        let pause = *ours.lock();
        let most = SHORTEST.saturating_mul(1 << (failures - 1_u32).min(10)).min(LONGEST);
        assert_eq!(pause.failures, failures);
        assert!(pause.until <= clock.monotonic() + most, "after {failures} failures");
    }
    ours.note(&clock, None);
    assert_eq!(ours.lock().failures, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_at_a_time_submits() {
    let anchor = TestAnchor::start(&Clock::default());
    let (_department, app) = member(&anchor).await;
    queue(&app, 1, now_ms(&app)).await;
    let (one, other) = (pump(), pump());
    let lease = one.lease(&app).await.unwrap().unwrap();
    assert_eq!(one.lease(&app).await.unwrap().unwrap(), lease, "kept, not taken anew");
    other.run(&app).await.unwrap();
    assert_eq!(waiting(&app).await, 1, "the other holds the lease");
    app.db().write(move |conn| Ok::<_, DatabaseError>(lease.release(conn)?)).await.unwrap();
    other.run(&app).await.unwrap();
    assert_eq!(waiting(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pump_that_was_overtaken_stops_and_what_it_wrote_is_true() {
    let anchor = TestAnchor::start(&Clock::default());
    let (_department, app) = member(&anchor).await;
    queue(&app, 1, now_ms(&app)).await;
    let ours = pump();
    let lease = ours.lease(&app).await.unwrap().unwrap();
    app.db()
        .write(|conn| Ok::<_, DatabaseError>(Lease::acquire(conn, LEASE_NAME, "other", u64::MAX / 4, LEASE)?))
        .await
        .unwrap();
    ours.submit_all(&app, &lease).await.unwrap();
    assert!(ours.held.lock().unwrap().is_none(), "it knows");
    assert_eq!((waiting(&app).await, anchor.state().log.len()), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn exchanges_pause_once_a_receipt_has_waited_longer_than_the_grace() {
    let anchor = TestAnchor::start(&Clock::default());
    let (_department, app) = member(&anchor).await;
    let grace = Duration::from_secs(4 * 3600);
    let verdict = |app: App| async move { Overdue::new(grace).authorize(app.db(), app.clock()).await };
    assert!(verdict(app.clone()).await.is_ok(), "nothing waits");
    let grace_ms = i64::try_from(grace.as_millis()).unwrap();
    queue(&app, 1, now_ms(&app) - grace_ms + 60_000).await;
    assert!(verdict(app.clone()).await.is_ok(), "within the grace");
    let older = Digest::of("older");
    let since = now_ms(&app) - grace_ms - 1;
    app.db()
        .write(move |conn| Ok::<_, DatabaseError>(outbox_insert(conn, &[(EntryType::Trigger, older)], since)?))
        .await
        .unwrap();
    assert_eq!(verdict(app).await.unwrap_err().code(), Code::AnchorOverdue);
}
