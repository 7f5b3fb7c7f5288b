//! Systems that are away, refuse, lie; a gateway that dies between the steps; three days of silence.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use schemas::{notice::NoticeKind, webhook::WebhookEvent};

use super::{DAY, at, confirming, kept, member, own_copies, person, record, remember, run_at};
use crate::{
    retention::order_due,
    webhooks::testing::{Heard, HttpsEndpoint, Said},
};

/// An endpoint that says what stands in the cell, and confirms when nothing does.
async fn moody() -> (HttpsEndpoint, Arc<Mutex<Option<Said>>>) {
    let mood: Arc<Mutex<Option<Said>>> = Arc::default();
    let says = Arc::clone(&mood);
    let endpoint =
        HttpsEndpoint::start(move |heard| says.lock().unwrap().clone().unwrap_or_else(|| confirming(heard))).await;
    (endpoint, mood)
}

fn ids(heard: &[Heard]) -> Vec<String> {
    let id = |heard: &Heard| serde_json::from_slice::<WebhookEvent>(&heard.body).unwrap().id.to_string();
    heard.iter().map(id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_2xx_that_names_the_order_counts_and_anything_else_is_said_again() {
    for postgres in [false, true] {
        let (endpoint, mood) = moody().await;
        let member = member(postgres, &endpoint).await;
        let (app, now) = (&member.app, member.app.now());
        let one = kept(app, now, None);
        remember(app, &one).await;
        let other = protocol::seal::random::message_id(now);
        let lies: Vec<Said> = vec![
            (404, "", Vec::new()),
            (403, "", b"{\"id\":\"no\"}".to_vec()),
            (500, "", Vec::new()),
            (302, "Location: https://localhost/\r\n", Vec::new()),
            (200, "", Vec::new()),
            (200, "", b"{}".to_vec()),
            (200, "", format!("{{\"id\":\"{other}\"}}").into_bytes()),
            (200, "", vec![b' '; 40_000]),
        ];
        let mut hours = 0;
        for lie in lies {
            *mood.lock().unwrap() = Some(lie.clone());
            run_at(app, at(now.plus(hours * 3_600))).await.unwrap();
            assert_eq!(record(app, &one.exchange).await, None, "{lie:?}");
            hours += 1;
        }
        let heard = endpoint.heard();
        assert_eq!(heard.len(), 8, "each hour once");
        assert!(heard.windows(2).all(|pair| pair[0].body == pair[1].body), "byte for byte");
        assert_eq!(own_copies(app).await, 0, "ours went on the day all the same");
        *mood.lock().unwrap() = None;
        run_at(app, at(now.plus(hours * 3_600))).await.unwrap();
        assert!(record(app, &one.exchange).await.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_that_is_away_is_waited_for_and_one_that_asks_for_time_gets_it() {
    let (endpoint, mood) = moody().await;
    let member = member(false, &endpoint).await;
    let (app, now) = (&member.app, member.app.now());
    let one = kept(app, now, None);
    remember(app, &one).await;
    *mood.lock().unwrap() = Some((503, "Retry-After: 7200\r\n", Vec::new()));
    run_at(app, at(now)).await.unwrap();
    *mood.lock().unwrap() = None;
    run_at(app, at(now.plus(3_600))).await.unwrap();
    assert_eq!(endpoint.heard().len(), 1, "it asked for two hours");
    run_at(app, at(now.plus(7_201))).await.unwrap();
    assert!(record(app, &one.exchange).await.is_some());

    let gone = kept(app, now, None);
    remember(app, &gone).await;
    drop(endpoint);
    run_at(app, at(now.plus(8_000))).await.unwrap();
    assert_eq!(record(app, &gone.exchange).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_dies_between_the_steps_goes_on_where_it_was() {
    for postgres in [false, true] {
        let endpoint = HttpsEndpoint::start(confirming).await;
        let member = member(postgres, &endpoint).await;
        let now = member.app.now();
        let one = kept(&member.app, now, None);
        remember(&member.app, &one).await;
        // It dies after the order was signed, and before it was sent.
        assert_eq!(order_due(&member.app, at(now)).await.unwrap(), 1);
        assert_eq!((endpoint.heard().len(), own_copies(&member.app).await), (0, 0));
        // It dies after the system heard it, and before that was kept: the system hears the same once more.
        let second = member.department.open();
        let (db, at_ms) = (second.db().clone(), now.seconds() * 1000);
        let due = db.read(move |conn| {
            Ok::<_, service_kit::db::DatabaseError>(crate::store::retention::orders::orders_due(conn, at_ms, 9)?)
        });
        let order = due.await.unwrap().remove(0);
        let heard_and_forgotten = super::super::tell::event(second.entity(), &order);
        let system = &second.areas().retention.systems[&order.system];
        let body = serde_json::to_vec(&heard_and_forgotten).unwrap();
        assert_eq!(system.post("application/cloudevents+json", &[], body).await.unwrap().status, 200);
        drop(second);
        let third = member.department.open();
        run_at(&third, at(now.plus(1))).await.unwrap();
        let heard = endpoint.heard();
        assert_eq!((heard.len(), &heard[0].body), (2, &heard[1].body), "the same bytes, so that it knows the repeat");
        assert!(record(&third, &one.exchange).await.is_some());
        run_at(&member.app, at(now.plus(2))).await.unwrap();
        assert_eq!(endpoint.heard().len(), 2, "and never again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_three_days_it_is_parked_she_is_told_and_an_officer_may_send_it_again() {
    let (endpoint, mood) = moody().await;
    let member = member(false, &endpoint).await;
    let (app, now) = (&member.app, member.app.now());
    let one = kept(app, now, None);
    remember(app, &one).await;
    *mood.lock().unwrap() = Some((410, "", Vec::new()));
    for days in [0, 1, 2, 3, 4] {
        run_at(app, at(now.plus(days * DAY + days))).await.unwrap();
    }
    assert_eq!(endpoint.heard().len(), 4, "not after it was parked");
    let (keys, of) = (app.keys().clone(), person(app));
    let notices = app.db().read(move |conn| crate::store::notices::notices_of(conn, &keys, &of, 9)).await.unwrap();
    assert!(matches!(notices[0].kind, NoticeKind::ErasureOverdue { .. }), "{notices:?}");
    *mood.lock().unwrap() = None;
    assert_eq!(app.replay_erasures().await.unwrap(), 1);
    run_at(app, at(app.now().plus(1))).await.unwrap();
    assert!(record(app, &one.exchange).await.is_some());
    let ids = ids(&endpoint.heard());
    assert!(ids.iter().all(|id| *id == ids[0]), "one order, one id");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_database_make_one_record() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let endpoint = HttpsEndpoint::start(move |heard| {
        counted.fetch_add(1, Ordering::SeqCst);
        confirming(heard)
    })
    .await;
    let member = member(true, &endpoint).await;
    let (first, second) = (member.app.clone(), member.department.open());
    let now = first.now();
    let all: Vec<_> = (0..20).map(|_| kept(&first, now, None)).collect();
    for one in &all {
        remember(&first, one).await;
    }
    let (a, b) = tokio::join!(run_at(&first, at(now)), run_at(&second, at(now)));
    a.unwrap();
    b.unwrap();
    run_at(&second, at(now.plus(1))).await.unwrap();
    for one in &all {
        assert!(record(&first, &one.exchange).await.is_some());
    }
    assert_eq!(calls.load(Ordering::SeqCst), 20, "the lease let one of them call");
}
