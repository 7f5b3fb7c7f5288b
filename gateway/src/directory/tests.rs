use schemas::{federation::Standing, problem::Code, time::Timestamp};
use service_kit::clock::Clock;

use super::{
    DirectorySnapshot,
    refresh::{Fetched, keep},
};
use crate::{
    app::App,
    testing::{TestAnchor, TestDepartment},
};

const DAY: i64 = 86_400;

async fn member(anchor: &TestAnchor) -> (TestDepartment, App) {
    TestDepartment::member(anchor, "social", &["consumer:social"], None, "").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_member_and_a_suspension_are_seen_at_the_next_refresh() {
    let anchor = TestAnchor::start(&Clock::default());
    let (_social, app) = member(&anchor).await;
    let (food, _) = TestDepartment::member(&anchor, "food", &["provider"], None, "").await;
    assert_eq!(app.directory().peer(&food.entity, app.now()).unwrap_err().code(), Code::PeerUnknown);
    assert_eq!(app.admitted_peers().len(), 1);
    app.refresh_directory().await.unwrap();
    assert!(app.directory().peer(&food.entity, app.now()).is_ok() && app.peer_client(&food.entity).is_ok());
    assert_eq!(app.admitted_peers().len(), 2);

    {
        let mut state = anchor.state();
        let entry = state.members.get_mut(&food.entity).unwrap();
        (entry.standing, entry.changed) = (Standing::Suspended, true);
    }
    app.refresh_directory().await.unwrap();
    assert_eq!(app.peer_client(&food.entity).unwrap_err().code(), Code::PeerSuspended);
    assert_eq!(app.admitted_peers().len(), 2, "it hears a signed refusal and no closed door");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_goes_back_changes_nothing_not_even_after_a_restart() {
    let anchor = TestAnchor::start(&Clock::default());
    let (department, app) = member(&anchor).await;
    let seen = app.directory().members().member(app.entity()).unwrap().statement_mark();
    anchor.state().dated = Some(department.clock.now().seconds() - 3_600);
    anchor.state().members.get_mut(&department.entity).unwrap().standing = Standing::Suspended;
    for app in [app, department.open()] {
        app.refresh_directory().await.unwrap();
        let snapshot = app.directory();
        let own = snapshot.members().member(app.entity()).unwrap();
        assert_eq!((own.statement_mark(), own.standing()), (seen, Standing::Active));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_statements_of_one_instant_are_refused() {
    let anchor = TestAnchor::start(&Clock::default());
    let (department, app) = member(&anchor).await;
    let seen = app.directory().members().member(app.entity()).unwrap().statement_mark();
    {
        let mut state = anchor.state();
        let entry = state.members.get_mut(&department.entity).unwrap();
        entry.roles = vec!["provider".parse().unwrap()];
        entry.forget_statement();
        // The same instant as before, other words.
        state.dated = Some(i64::try_from(seen.position).unwrap());
    }
    app.refresh_directory().await.unwrap();
    let snapshot = app.directory();
    let own = snapshot.members().member(app.entity()).unwrap();
    assert!(own.authorize_provider().is_err(), "the second story is not believed");
}

/// What the anchor says when it is asked, its statements dated so.
async fn asked(anchor: &TestAnchor, app: &App, dated: i64) -> Fetched {
    anchor.state().dated = Some(dated);
    let client = app.anchor_client().unwrap();
    Fetched::fetch(app.db(), &client, app.trust_root(), app.now()).await.unwrap()
}

/// What is known once it is kept by a process that knew what `app` knows.
async fn kept(app: &App, fetched: Fetched) -> DirectorySnapshot {
    let (before, now) = (app.directory(), app.now());
    app.db().write(move |conn| keep(conn, Some(&before), &fetched, now)).await.unwrap().snapshot
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_first_and_keeps_last_loses_no_member() {
    let anchor = TestAnchor::start(&Clock::default());
    let (_social, app) = member(&anchor).await;
    let (food, _) = TestDepartment::member(&anchor, "food", &["provider"], None, "").await;
    let now = app.now().seconds();
    let (first, last) = (asked(&anchor, &app, now + 1).await, asked(&anchor, &app, now + 2).await);
    for fetched in [last, first] {
        let snapshot = kept(&app, fetched).await;
        assert!(snapshot.peer(&food.entity, app.now()).is_ok(), "both heard of it");
    }
    // What was seen stays the greatest: who asks now and is told of the first instant again is told of the past.
    let snapshot = kept(&app, asked(&anchor, &app, now + 1).await).await;
    assert_eq!(snapshot.peer(&food.entity, app.now()).unwrap_err().code(), Code::PeerUnknown);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_stories_of_one_instant_are_refused_whoever_heard_them() {
    let anchor = TestAnchor::start(&Clock::default());
    let (_social, app) = member(&anchor).await;
    let (food, _) = TestDepartment::member(&anchor, "food", &["provider"], None, "").await;
    let now = app.now().seconds();
    let first = asked(&anchor, &app, now + 1).await;
    {
        let mut state = anchor.state();
        let entry = state.members.get_mut(&food.entity).unwrap();
        entry.roles = vec!["consumer:social".parse().unwrap()];
        entry.forget_statement();
    }
    let other = asked(&anchor, &app, now + 1).await;
    assert!(kept(&app, first).await.peer(&food.entity, app.now()).is_ok());
    let snapshot = kept(&app, other).await;
    assert_eq!(snapshot.peer(&food.entity, app.now()).unwrap_err().code(), Code::PeerUnknown);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_starts_from_what_was_seen_while_the_anchor_is_away_and_fails_closed_after_a_day() {
    let mut anchor = TestAnchor::start(&Clock::default());
    let (department, app) = member(&anchor).await;
    anchor.go_away().await;
    assert!(app.refresh_directory().await.is_err());
    let app = department.open();
    let (snapshot, now) = (app.directory(), app.now());
    assert!(snapshot.peer(&department.entity, now).is_ok());
    let later = now.plus(DAY + 1);
    assert_eq!(snapshot.peer(&department.entity, later).unwrap_err().code(), Code::DirectoryOutdated);
    assert_eq!(snapshot.authorize_current(later).unwrap_err().code(), Code::DirectoryOutdated);
    let stored = app.db().read_blocking(|conn| super::load(conn, app.trust_root(), later)).unwrap();
    assert_eq!(stored.peer(&department.entity, later).unwrap_err().code(), Code::DirectoryOutdated, "not peer-unknown");
    let admitted = |snapshot: &DirectorySnapshot| snapshot.certificates().map(|(_, who)| who).collect::<Vec<_>>();
    for snapshot in [&*snapshot, &stored] {
        assert_eq!(admitted(snapshot), std::slice::from_ref(&department.entity), "it is told why, whoever looked when");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn registers_come_signed_by_two_officers_and_never_go_back() {
    use schemas::federation::{RegisterContent, SignedRegister};
    let anchor = TestAnchor::start(&Clock::default());
    let (_department, app) = member(&anchor).await;
    assert!(app.directory().laws().is_none());
    anchor.register(2, &RegisterContent::Laws(Vec::new()), app.now());
    app.refresh_directory().await.unwrap();
    assert_eq!(app.directory().laws().unwrap().version(), 2);

    anchor.register(1, &RegisterContent::Laws(Vec::new()), app.now());
    app.refresh_directory().await.unwrap();
    assert_eq!(app.directory().laws().unwrap().version(), 2, "an older version is not taken");

    anchor.register(3, &RegisterContent::Laws(Vec::new()), app.now());
    {
        let mut state = anchor.state();
        let SignedRegister { signatures } = state.laws.clone().unwrap();
        state.laws = Some(SignedRegister { signatures: signatures[..1].to_vec() });
    }
    app.refresh_directory().await.unwrap();
    assert_eq!(app.directory().laws().unwrap().version(), 2, "one officer is not enough");
}

#[tokio::test(flavor = "multi_thread")]
async fn chains_are_kept_for_evidence() {
    let anchor = TestAnchor::start(&Clock::default());
    let (department, app) = member(&anchor).await;
    let (entity, now) = (department.entity.clone(), app.now());
    let kept = app
        .db()
        .read(move |conn| crate::store::directory::member_chain_at(conn, &entity, now.numeric()))
        .await
        .unwrap();
    let kept = kept.unwrap();
    let member =
        protocol::federation::verify_chain(&kept.chain, app.trust_root(), Timestamp::from_numeric(now.numeric()))
            .unwrap();
    assert_eq!(*member.entity(), department.entity);
}
