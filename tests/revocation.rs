//! She revokes while her consent is used a hundred times a second, at two processes on one PostgreSQL.
//!
//! In every round a new consent is used by queries that start at a fixed pace, at both processes in turn; then her signed order goes to
//! the citizen endpoint of one of them. Guaranteed after the acknowledgement arrived, by the driver's own monotonic clock: no query
//! that is sent is answered, and the database counts no further use; at the ordinary pace every query is answered or refused. What
//! was measured is printed and asserted nowhere.
//!
//! `VINIMAY_LOAD=highest` asks as fast as a member may; then a query may be turned away for now, or end without any answer, and both
//! are counted. `VINIMAY_ROUNDS` plays fewer rounds.

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

/// What became of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    Answered,
    Revoked,
    /// Refused for now: the gateway, or what it needs, has too much to do.
    TurnedAway,
    /// No whole answer; whether it counts as a use nobody but the database knows.
    Torn,
}

/// One query: when it was sent, and what came back when.
struct Asked {
    sent: Duration,
    heard_at: Duration,
    came: Came,
}

/// What a round measured.
struct Round {
    /// From sending the order to holding the acknowledgement.
    acknowledged: Duration,
    /// From sending the order to the first refusal that anybody heard.
    refused: Duration,
    asked: usize,
    turned_away: usize,
    torn: usize,
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
    let wanted = std::env::var("VINIMAY_ROUNDS").ok().and_then(|count| count.parse().ok()).unwrap_or(ROUNDS);
    let mut rounds = Vec::with_capacity(wanted);
    for number in 0..wanted {
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
    let count = |what| asked.iter().filter(|one| one.came == what).count();
    let (answered, torn) = (count(Came::Answered), count(Came::Torn));
    assert_eq!(uses(doors) - before, used, "round {number}: a use was committed after the acknowledgement");
    let each = answered..=answered + torn;
    assert!(
        each.contains(&usize::try_from(used).unwrap()),
        "round {number}: {used} uses, {answered} answered, {torn} torn"
    );
    let refused = asked.iter().filter(|one| one.came == Came::Revoked).map(|one| one.heard_at).min().unwrap();
    Round {
        acknowledged: at - ordered,
        refused: refused.saturating_sub(ordered),
        asked: asked.len(),
        turned_away: count(Came::TurnedAway),
        torn,
        took: doors.clock.monotonic() - begun,
    }
}

/// None was answered that was sent after the acknowledgement; at the ordinary pace, every one was answered or refused for this
/// reason alone.
fn judge(asked: &[Asked], acknowledged: Duration, number: usize) {
    for one in asked {
        let late = one.came == Came::Answered && one.sent >= acknowledged;
        assert!(!late, "round {number}: answered although sent after the acknowledgement");
        let expected = matches!(one.came, Came::Answered | Came::Revoked);
        assert!(expected || is_highest(), "round {number}: {:?} at the ordinary pace", one.came);
    }
}

fn is_highest() -> bool {
    std::env::var("VINIMAY_LOAD").as_deref() == Ok("highest")
}

fn pace() -> Duration {
    if is_highest() { HIGHEST } else { PACE }
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
            counts.refused_after.fetch_add(usize::from(after && one.came == Came::Revoked), Ordering::Relaxed);
            counts.answered.fetch_add(usize::from(one.came == Came::Answered), Ordering::Relaxed);
            one
        });
    }
    asking.join_all().await
}

#[allow(clippy::print_stderr)] // why a question was torn is for whoever looks for the reason
async fn ask(doors: &Doors, door: usize, query: &str) -> Asked {
    let (sent, reply) = doors.send_timed(door, query).await;
    let heard_at = doors.clock.monotonic();
    let came = match reply.map(|reply| doors.heard(&reply).0) {
        Ok(Heard::Answered) => Came::Answered,
        Ok(Heard::Refused(Code::ConsentRevoked)) => Came::Revoked,
        Ok(Heard::Refused(code) | Heard::Problem(code)) if matches!(code.status(), 429 | 503) => Came::TurnedAway,
        Ok(other) => panic!("{other:?}"),
        Err(error) => {
            eprintln!("torn: {error}");
            Came::Torn
        }
    };
    Asked { sent, heard_at, came }
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
    let sum = |pick: fn(&Round) -> usize| rounds.iter().map(pick).sum::<usize>();
    let (asked, took) = (sum(|round| round.asked), rounds.iter().map(|round| round.took).sum::<Duration>());
    #[allow(clippy::cast_precision_loss)] // a few thousand
    let rate = asked as f64 / took.as_secs_f64();
    format!(
        "{} rounds, {asked} queries, {rate:.0} a second at two processes; from sending the order to its acknowledgement: {}; \
         to the first refusal heard: {}; answered after the acknowledgement: 0; uses committed after it: 0; turned away for now: {}; \
         without any answer: {}",
        rounds.len(),
        of(|round| round.acknowledged),
        of(|round| round.refused),
        sum(|round| round.turned_away),
        sum(|round| round.torn),
    )
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
