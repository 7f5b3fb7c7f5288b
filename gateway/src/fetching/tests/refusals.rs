//! Whatever keeps a fact away: unknown, with its reason, and nothing happens to anybody.

use schemas::federation::LawQuota;

use super::world::{Registers, World};

/// How a world is bent, whether the food department answers, about whom, and the reason.
type Case = (&'static str, fn(&mut Registers), bool, &'static str, &'static str);

const CASES: &[Case] = &[
    ("off line", |_| {}, false, "RID-2", "PEER_UNAVAILABLE"),
    ("no law", |registers| registers.law.id = "another-law".parse().unwrap(), true, "RID-2", "LAW_NOT_REGISTERED"),
    (
        "other field",
        |registers| registers.law.allowed.fields = vec!["members".parse().unwrap()],
        true,
        "RID-2",
        "LAW_SCOPE_EXCEEDED",
    ),
    (
        "no naming",
        |registers| registers.naming.purpose = "social.other".parse().unwrap(),
        true,
        "RID-2",
        "LAW_NOT_REGISTERED",
    ),
    (
        "quota",
        |registers| registers.law.quota = LawQuota { per_day: 0, per_officer: 0, per_subject: 0 },
        true,
        "RID-2",
        "LAW_QUOTA_EXCEEDED",
    ),
    ("nothing known", |_| {}, true, "RID-3", "NOT_KNOWN_THERE"),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_come_stays_unknown_and_removes_nobody() {
    for (case, bend, served, resident, reason) in CASES {
        let mut world = World::with("per_day = 100", bend).await;
        if *served {
            world.serve_food().await;
        }
        world.lives(resident, "widowed").await;
        world.asks().await;
        assert_eq!(world.reason(resident).await.as_deref(), Some(*reason), "{case}");
        assert_eq!(world.decisions(resident).await.len(), 0, "{case}");
        assert_eq!(world.roll().await, "102=ACTIVE", "{case}");
        let row = world.rows(resident).await.remove(0);
        assert!(row.next_ms > world.app.decided_at_ms(), "{case}: asked again later");
        assert_eq!(row.tries, 1, "{case}");
        world.asks().await;
        assert_eq!(world.rows(resident).await.remove(0).tries, 1, "{case}: not before its time");
        world.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_came_back_on_line_is_asked_again_and_answers() {
    let mut world = World::new().await;
    world.lives("RID-1", "widowed").await;
    world.asks().await;
    assert_eq!(world.reason("RID-1").await.as_deref(), Some("PEER_UNAVAILABLE"));
    world.serve_food().await;
    world.app.decisions().go_ahead(3600);
    world.asks().await;
    assert_eq!((world.decisions("RID-1").await.len(), world.reason("RID-1").await), (1, None));
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_whom_the_department_does_not_know_is_unknown() {
    let mut world = World::new().await;
    world.serve_food().await;
    world.food_forgets("RID-1").await;
    world.lives("RID-1", "widowed").await;
    world.asks().await;
    assert_eq!(world.reason("RID-1").await.as_deref(), Some("NOT_FOUND_OR_NOT_PERMITTED"));
    world.close().await;
}
