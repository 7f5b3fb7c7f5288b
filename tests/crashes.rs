//! SIGKILL under load: no acknowledged receipt is lost, none is there twice, no hand is needed to go on.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types::Text};
use protocol::seal::random;
use schemas::{digest::Digest, id::ConsentId, local::LocalAnswer, problem::Problem};
use serde_json::json;
use service_kit::{clock::Clock, http_client::Reply};
use vinimay::{
    demo::{Federation, PENSION_PURPOSE},
    world::LocalClient,
};

use crate::{
    ready::{Ready, consenting_citizen, log_entries},
    rogue::PATIENCE,
    support::{depth, in_company, report},
};

/// Fifty exchanges a second.
const EVERY: Duration = Duration::from_millis(20);

#[derive(Clone, Copy, Debug)]
enum Victim {
    Provider,
    Consumer,
    Anchor,
}

/// What the callers saw.
#[derive(Default)]
struct Seen {
    answered: Vec<LocalAnswer>,
    /// By what came instead.
    others: BTreeMap<String, usize>,
}

impl Seen {
    fn note(&mut self, reply: anyhow::Result<Reply>) {
        let what = match reply {
            Ok(reply) if reply.status == 200 => {
                return self.answered.push(serde_json::from_slice(&reply.body).unwrap());
            }
            Ok(reply) => serde_json::from_slice::<Problem>(&reply.body).unwrap().code.to_string(),
            Err(_) => "no whole answer".to_owned(),
        };
        *self.others.entry(what).or_default() += 1;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_nine_loses_no_acknowledged_receipt() {
    let _turn = in_company();
    let Ready { mut federation, folder: _folder } = Ready::with_uses(1_000_000);
    let (_citizen, consent) = consenting_citizen(&federation).await;
    let clock = Clock::system();
    let portal = federation.social.portal(0).unwrap();
    let seen = Arc::new(Mutex::new(Seen::default()));
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let load = tokio::spawn(load(portal, consent, Arc::clone(&seen), stopped));

    let rounds = depth(10, 50);
    for round in 0..rounds {
        for victim in [Victim::Provider, Victim::Consumer, Victim::Anchor] {
            let moment = 150 + u64::from(random::bytes::<1>()[0]) * 2;
            clock.sleep(Duration::from_millis(moment)).await;
            federation = tokio::task::spawn_blocking(move || kill_and_start(federation, victim, round)).await.unwrap();
        }
    }
    let before = seen.lock().unwrap().answered.len();
    wait(&clock, "exchanges go on after the last kill", || seen.lock().unwrap().answered.len() > before + 20).await;
    stop.send(true).unwrap();
    load.await.unwrap();

    let databases = [&federation.revenue, &federation.social].map(|d| d.folder().join("gateway.sqlite"));
    wait(&clock, "both gateways have nothing left to do", || is_quiet(&databases)).await;
    let log = whole_log(&clock, &federation, &databases).await;
    let seen = seen.lock().unwrap();
    let counted =
        format!("{} kills, {} exchanges answered, others: {:?}", rounds * 3, seen.answered.len(), seen.others);
    report("crashes", &counted);
    every_answer_has_both_receipts_in_the_log_once(&seen.answered, &databases, &log);
    every_receipt_of_the_provider_is_matched(&databases);
}

/// Asks fifty times a second, whatever the answers are.
async fn load(
    portal: LocalClient,
    consent: ConsentId,
    seen: Arc<Mutex<Seen>>,
    stopped: tokio::sync::watch::Receiver<bool>,
) {
    let mut ticks = tokio::time::interval(EVERY);
    let mut asking = tokio::task::JoinSet::new();
    while !*stopped.borrow() {
        ticks.tick().await;
        let (portal, consent, seen) = (portal.clone(), consent.clone(), Arc::clone(&seen));
        asking.spawn(async move {
            let key = random::message_id(Clock::system().now()).to_string();
            let query = json!({ "consent": consent, "fields": ["annual_income_band"], "purpose": PENSION_PURPOSE });
            let answer = portal.post("/v1/queries", &[("Idempotency-Key", &key)], &query).await;
            seen.lock().unwrap().note(answer);
        });
    }
    while asking.join_next().await.is_some() {}
}

fn kill_and_start(mut federation: Federation, victim: Victim, round: usize) -> Federation {
    let started = match victim {
        Victim::Provider => {
            federation.revenue.server(0).unwrap().kill().unwrap();
            federation.revenue.start(0)
        }
        Victim::Consumer => {
            federation.social.server(0).unwrap().kill().unwrap();
            federation.social.start(0)
        }
        Victim::Anchor => {
            federation.anchor.server().unwrap().kill().unwrap();
            federation.anchor.start()
        }
    };
    started.unwrap_or_else(|error| panic!("{victim:?} did not come back in round {round}: {error}"));
    federation
}

async fn wait(clock: &Clock, what: &str, mut until: impl FnMut() -> bool) {
    let since = clock.monotonic();
    while !until() {
        assert!(clock.monotonic().saturating_sub(since) < PATIENCE, "it never came true that {what}");
        clock.sleep(Duration::from_millis(50)).await;
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

/// Nothing open, nothing to give back, nothing to anchor: in the order in which one makes work for the next, so that none can
/// appear behind the reader.
fn is_quiet([provider, consumer]: &[PathBuf; 2]) -> bool {
    [("ask_open", consumer), ("receipt_return", consumer), ("outbox", consumer), ("outbox", provider)]
        .into_iter()
        .all(|(table, database)| number(database, &format!("SELECT COUNT(*) AS n FROM {table}")) == 0)
}

/// The log under the first checkpoint that covers every place that the gateways were promised. A place is durable before it is
/// acknowledged, and in a checkpoint within a second of that.
async fn whole_log(clock: &Clock, federation: &Federation, databases: &[PathBuf; 2]) -> Vec<Digest> {
    let promised = |database: &PathBuf| number(database, "SELECT MAX(log_index) + 1 AS n FROM anchored");
    let promised = databases.iter().map(promised).max().unwrap();
    let since = clock.monotonic();
    loop {
        let log = log_entries(&federation.anchor).await;
        if i64::try_from(log.len()).unwrap() >= promised {
            return log;
        }
        assert!(clock.monotonic().saturating_sub(since) < PATIENCE, "{} of {promised} entries", log.len());
        clock.sleep(Duration::from_millis(50)).await;
    }
}

/// Waits while a gateway that was killed recovers its database.
fn reader(database: &Path) -> SqliteConnection {
    let mut conn = SqliteConnection::establish(&format!("file:{}?mode=ro", database.display())).unwrap();
    sql_query("PRAGMA busy_timeout = 60000").execute(&mut conn).unwrap();
    conn
}

fn number(database: &Path, query: &str) -> i64 {
    sql_query(query).get_result::<Count>(&mut reader(database)).unwrap().n
}

#[derive(QueryableByName)]
struct Kept {
    #[diesel(sql_type = Text)]
    jti: String,
    #[diesel(sql_type = Text)]
    exchange: String,
    #[diesel(sql_type = Text)]
    jws: String,
}

/// Our own receipts on one side of an exchange: a department that was linked holds a receipt of that, too.
fn receipts(database: &Path, role: &str) -> Vec<Kept> {
    let query = sql_query("SELECT jti, exchange, jws FROM receipt WHERE role = $1").bind::<Text, _>(role);
    query.load(&mut reader(database)).unwrap()
}

fn every_answer_has_both_receipts_in_the_log_once(
    answers: &[LocalAnswer],
    [provider, consumer]: &[PathBuf; 2],
    log: &[Digest],
) {
    let mut places: BTreeMap<Digest, usize> = BTreeMap::new();
    log.iter().for_each(|digest| *places.entry(*digest).or_default() += 1);
    assert!(places.values().all(|count| *count == 1), "a digest stands in the log twice");
    let by_jti =
        |database, role| receipts(database, role).into_iter().map(|r| (r.jti, r.jws)).collect::<BTreeMap<_, _>>();
    let (provider, consumer) = (by_jti(provider, "provider"), by_jti(consumer, "consumer"));
    let exchanges: BTreeSet<_> = answers.iter().map(|a| a.exchange.clone()).collect();
    assert_eq!(exchanges.len(), answers.len(), "two callers got one exchange");
    for answer in answers {
        for (side, kept, jti) in
            [("consumer", &consumer, &answer.receipt), ("provider", &provider, &answer.counterpart)]
        {
            let jws = kept.get(jti.as_str()).unwrap_or_else(|| panic!("the {side} lost receipt {jti}"));
            assert!(places.contains_key(&Digest::of(jws)), "the log lacks the {side}'s receipt {jti}");
        }
    }
}

fn every_receipt_of_the_provider_is_matched([provider, consumer]: &[PathBuf; 2]) {
    let mut matched: BTreeMap<String, usize> = BTreeMap::new();
    receipts(consumer, "consumer").into_iter().for_each(|r| *matched.entry(r.exchange).or_default() += 1);
    for receipt in receipts(provider, "provider") {
        assert_eq!(
            matched.get(&receipt.exchange),
            Some(&1),
            "exchange {} has no receipt at the consumer, or two",
            receipt.exchange
        );
    }
}
