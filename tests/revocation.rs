//! She revokes while her consent is used a hundred times a second, at two processes on one PostgreSQL.
//!
//! In every round a new consent is used by queries that start at a fixed pace, at both processes in turn; then her signed order goes to
//! the citizen endpoint of one of them. Guaranteed after the acknowledgement arrived, by the driver's own monotonic clock: no query
//! that is sent is answered, and the database counts no further use. What was measured is printed and asserted nowhere.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
use schemas::{
    consent::{ConsentStatus, OrderAction},
    id::CompactJws,
    problem::Code,
};
use serde_json::Value;
use service_kit::clock::Clock;
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
    time::MissedTickBehavior,
};
use vinimay::demo::Variation;

use crate::{
    doors::Doors,
    rogue::{Heard, PATIENCE, until},
    support::{alone, binary, report},
};

const ROUNDS: usize = 50;
/// Queries start this far apart: a hundred a second.
const PACE: Duration = Duration::from_millis(10);
/// For `make bench`: just below the rate that a gateway grants one member, or as often as this machine can.
const HIGHEST: Duration = Duration::from_micros(2_100);
/// Queries in flight at most; a machine that cannot keep the pace is not buried.
const IN_FLIGHT: usize = 96;
/// Answers before she revokes, and refusals to queries that were sent after the acknowledgement: enough at both processes.
const BEFORE: usize = 20;
const AFTER: usize = 20;
/// More than any round uses.
const USES: u32 = 100_000;
/// One query: when it was sent, and what came back when.
struct Asked {
    sent: Duration,
    heard_at: Duration,
    heard: Heard,
}

/// What a round measured.
struct Round {
    /// From sending the order to holding the acknowledgement.
    acknowledged: Duration,
    /// From sending the order to the first refusal that anybody heard.
    refused: Duration,
    asked: usize,
    took: Duration,
}

/// Counts while a round runs.
#[derive(Default)]
struct Counts {
    answered: AtomicUsize,
    refused_after: AtomicUsize,
    started: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_acknowledgement_nothing_is_answered_and_no_use_is_counted() {
    let _turn = alone();
    let variation = Variation::default().with_uses(USES);
    let doors = Arc::new(Doors::varied(binary(), Clock::system(), variation, "").await);
    let mut rounds = Vec::with_capacity(ROUNDS);
    for number in 0..ROUNDS {
        rounds.push(round(&doors, number).await);
    }
    report("revocation", &summary(&rounds));
}

async fn round(doors: &Arc<Doors>, number: usize) -> Round {
    let mut draft = doors.draft();
    draft.terms.frequency.max_uses = USES;
    let basis = doors.basis(&draft);
    let consent: CompactJws = basis["consent"].as_str().unwrap().parse().unwrap();
    let (before, begun) = (uses(doors), doors.clock.monotonic());
    let (counts, (acknowledged, ack)) = (Arc::new(Counts::default()), watch::channel(None));
    let load = tokio::spawn(load(Arc::clone(doors), basis, Arc::clone(&counts), ack));
    reaches(doors, &counts.answered, BEFORE, "queries are answered").await;

    let ordered = doors.clock.monotonic();
    let status = doors.order(number % 2, &consent, OrderAction::Revoke, 1).await;
    let at = doors.clock.monotonic();
    acknowledged.send(Some(at)).unwrap();
    assert_eq!(status, ConsentStatus::Revoked);
    let used = uses(doors) - before;

    reaches(doors, &counts.refused_after, AFTER, "queries are refused").await;
    drop(acknowledged);
    let asked = load.await.unwrap();
    judge(&asked, at, number);
    let answered = asked.iter().filter(|one| one.heard == Heard::Answered).count();
    assert_eq!(uses(doors) - before, used, "round {number}: a use was committed after the acknowledgement");
    assert_eq!(usize::try_from(used).unwrap(), answered, "round {number}: each answer is a use and each use an answer");
    let refused = asked.iter().filter(|one| one.heard != Heard::Answered).map(|one| one.heard_at).min().unwrap();
    Round {
        acknowledged: at - ordered,
        refused: refused.saturating_sub(ordered),
        asked: asked.len(),
        took: doors.clock.monotonic() - begun,
    }
}

/// Every query was answered or refused for this reason alone; none was answered that was sent after the acknowledgement.
fn judge(asked: &[Asked], acknowledged: Duration, number: usize) {
    for one in asked {
        let revoked = one.heard == Heard::Refused(Code::ConsentRevoked);
        assert!(revoked || one.heard == Heard::Answered, "round {number}: {:?}", one.heard);
        assert!(revoked || one.sent < acknowledged, "round {number}: answered although sent after the acknowledgement");
    }
}

fn pace() -> Duration {
    if std::env::var("VINIMAY_LOAD").as_deref() == Ok("highest") { HIGHEST } else { PACE }
}

/// Starts a query at each beat, at both doors in turn, until the other end of `acknowledged` is dropped.
async fn load(
    doors: Arc<Doors>,
    basis: Value,
    counts: Arc<Counts>,
    acknowledged: watch::Receiver<Option<Duration>>,
) -> Vec<Asked> {
    let mut beat = tokio::time::interval(pace());
    beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut asking, places) = (JoinSet::new(), Arc::new(Semaphore::new(IN_FLIGHT)));
    while acknowledged.has_changed().is_ok() {
        beat.tick().await;
        let place = Arc::clone(&places).acquire_owned().await.unwrap();
        let (doors, counts, acknowledged) = (Arc::clone(&doors), Arc::clone(&counts), acknowledged.clone());
        let (query, door) = (doors.query(&basis), counts.started.fetch_add(1, Ordering::Relaxed) % 2);
        asking.spawn(async move {
            let one = ask(&doors, door, &query).await;
            drop(place);
            let after = acknowledged.borrow().is_some_and(|at| one.sent >= at);
            counts.refused_after.fetch_add(usize::from(after), Ordering::Relaxed);
            counts.answered.fetch_add(usize::from(one.heard == Heard::Answered), Ordering::Relaxed);
            one
        });
    }
    asking.join_all().await
}

async fn ask(doors: &Doors, door: usize, query: &str) -> Asked {
    let (sent, reply) = doors.send_timed(door, query).await;
    let heard_at = doors.clock.monotonic();
    Asked { sent, heard_at, heard: doors.heard(&reply).0 }
}

async fn reaches(doors: &Doors, count: &AtomicUsize, wanted: usize, what: &str) {
    until(&doors.clock, PATIENCE, what, async || count.load(Ordering::Relaxed) >= wanted).await;
}

#[derive(QueryableByName)]
struct Uses {
    #[diesel(sql_type = BigInt)]
    uses: i64,
}

/// Uses of all consents, as they are committed.
fn uses(doors: &Doors) -> i64 {
    let mut conn = PgConnection::establish(&doors.database).unwrap();
    let query = "SELECT coalesce(sum(uses), 0)::bigint AS uses FROM consent_state";
    sql_query(query).get_result::<Uses>(&mut conn).unwrap().uses
}

fn summary(rounds: &[Round]) -> String {
    let of = |pick: fn(&Round) -> Duration| {
        let mut all: Vec<Duration> = rounds.iter().map(pick).collect();
        all.sort_unstable();
        format!("median {:.1} ms, most {:.1} ms", millis(all[all.len() / 2]), millis(all[all.len() - 1]))
    };
    let (asked, took): (usize, Duration) =
        rounds.iter().fold((0, Duration::ZERO), |(asked, took), round| (asked + round.asked, took + round.took));
    #[allow(clippy::cast_precision_loss)] // a few thousand
    let rate = asked as f64 / took.as_secs_f64();
    format!(
        "{} rounds, {asked} queries, {rate:.0} a second at two processes; from sending the order to its acknowledgement: {}; \
         to the first refusal heard: {}; answered after the acknowledgement: 0; uses committed after it: 0",
        rounds.len(),
        of(|round| round.acknowledged),
        of(|round| round.refused),
    )
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
