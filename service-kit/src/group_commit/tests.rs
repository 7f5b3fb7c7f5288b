use std::sync::{Arc, Mutex, mpsc};

use diesel::{
    RunQueryDsl, sql_query,
    sql_types::{BigInt, Nullable, Text},
};
use futures_util::FutureExt;

use super::{AnyConnection, Batch, BatchLimits, CommitError, Database, DatabaseError, GroupCommit, QueryResult};
use crate::{
    db::{Migrations, Options},
    testing::{DatabaseWorld, PostgresServer, both_databases},
};

type Sizes = Arc<Mutex<Vec<usize>>>;

/// Writes leases by name; the name `bad` breaks a constraint, `panic` panics. The first batch says that it has
/// begun and waits at the gate, if there is one.
struct Names {
    batches: Sizes,
    gate: Mutex<Option<Gate>>,
}

struct Gate {
    entered: mpsc::Sender<()>,
    open: mpsc::Receiver<()>,
}

impl Batch for Names {
    type Item = String;
    type Outcome = bool;

    fn commit(&self, conn: &mut AnyConnection, items: &[String]) -> QueryResult<Vec<bool>> {
        let gate = self.gate.lock().unwrap().take();
        if let Some(gate) = gate {
            gate.entered.send(()).unwrap();
            let _ = gate.open.recv();
        }
        self.batches.lock().unwrap().push(items.len());
        items
            .iter()
            .map(|name| {
                assert_ne!(name, "panic", "on purpose");
                let fence = (name != "bad").then_some(1);
                sql_query("INSERT INTO lease VALUES ($1, 'h', $2, 1) ON CONFLICT (name) DO NOTHING")
                    .bind::<Text, _>(name)
                    .bind::<Nullable<BigInt>, _>(fence)
                    .execute(conn)
                    .map(|rows| rows == 1)
            })
            .collect()
    }
}

fn names() -> (Names, Sizes) {
    let batches = Arc::default();
    (Names { batches: Arc::clone(&batches), gate: Mutex::new(None) }, batches)
}

/// A batch that stops at its gate; the two ends say when it has stopped and let it go on.
fn gated() -> (Names, Sizes, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (batch, batches) = names();
    let (entered, has_entered) = mpsc::channel();
    let (opener, open) = mpsc::channel();
    *batch.gate.lock().unwrap() = Some(Gate { entered, open });
    (batch, batches, has_entered, opener)
}

async fn count(world: &DatabaseWorld) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let rows: Result<Count, DatabaseError> =
        world.database.read(|conn| Ok(sql_query("SELECT count(*) AS count FROM lease").get_result(conn)?)).await;
    rows.unwrap().count
}

/// Holds the writer in its first batch while `items` queue up behind it.
async fn committed_together(world: &DatabaseWorld, items: &[&str]) -> (Vec<Result<bool, CommitError>>, Vec<usize>) {
    let (batch, batches, has_entered, open) = gated();
    let writer = GroupCommit::spawn(world.database.clone(), batch, BatchLimits::default()).unwrap();
    let mut first = Box::pin(writer.commit("first".to_owned()));
    assert!(first.as_mut().now_or_never().is_none());
    has_entered.recv().unwrap();
    let mut callers: Vec<_> = items.iter().map(|name| Box::pin(writer.commit((*name).to_owned()))).collect();
    for caller in &mut callers {
        // Polled once, so that they stand in the queue in this order.
        assert!(caller.as_mut().now_or_never().is_none());
    }
    open.send(()).unwrap();
    assert!(first.await.unwrap());
    let outcomes = futures_util::future::join_all(callers).await;
    let sizes = batches.lock().unwrap().clone();
    (outcomes, sizes)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_committed_in_few_transactions_and_each_caller_gets_its_own_outcome() {
    for world in both_databases().await {
        let items: Vec<String> = (0..100).map(|n| format!("n{}", n % 50)).collect();
        let items: Vec<&str> = items.iter().map(String::as_str).collect();
        let (outcomes, batches) = committed_together(&world, &items).await;
        let outcomes: Vec<bool> = outcomes.into_iter().map(Result::unwrap).collect();
        assert!(outcomes[..50].iter().all(|new| *new) && outcomes[50..].iter().all(|new| !*new));
        assert_eq!(batches, [1, 100]);
        assert_eq!(count(&world).await, 51);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_row_spoils_no_other() {
    for bad in ["bad", "panic"] {
        for world in both_databases().await {
            let (outcomes, _) = committed_together(&world, &["a", bad, "b", "a"]).await;
            assert!(
                matches!(outcomes.as_slice(), [Ok(true), Err(CommitError::Refused(_)), Ok(true), Ok(false)]),
                "{outcomes:?}"
            );
            assert_eq!(count(&world).await, 3, "first, a and b");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_holds_no_more_than_its_limit_and_a_full_queue_refuses() {
    let world = DatabaseWorld::sqlite(&Migrations::none());
    let (batch, batches) = names();
    let limits = BatchLimits { rows: 7, ..BatchLimits::default() };
    let writer = GroupCommit::spawn(world.database.clone(), batch, limits).unwrap();
    let all = (0..50).map(|n| writer.commit(format!("n{n}")));
    assert!(futures_util::future::join_all(all).await.into_iter().all(|done| done.unwrap()));
    assert!(batches.lock().unwrap().iter().all(|size| *size <= 7));

    let (batch, _, has_entered, open) = gated();
    let limits = BatchLimits { queue: 1, ..BatchLimits::default() };
    let writer = GroupCommit::spawn(world.database.clone(), batch, limits).unwrap();
    let (mut taken, mut queued) = (Box::pin(writer.commit("a".to_owned())), Box::pin(writer.commit("b".to_owned())));
    assert!(taken.as_mut().now_or_never().is_none());
    has_entered.recv().unwrap();
    assert!(queued.as_mut().now_or_never().is_none());
    assert!(matches!(writer.commit("c".to_owned()).await, Err(CommitError::Overloaded)));
    open.send(()).unwrap();
    assert!(taken.await.unwrap() && queued.await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_went_away_loses_no_acknowledged_row() {
    let server = PostgresServer::start(&[]);
    let url = server.new_database();
    let database = Database::create(&url).unwrap();
    database.migrate(&Migrations::none()).unwrap();
    let (batch, _) = names();
    let writer = GroupCommit::spawn(database.clone(), batch, BatchLimits::default()).unwrap();
    let callers: Vec<_> = (0..400)
        .map(|n| {
            let writer = writer.clone();
            tokio::spawn(async move { (n, writer.commit(format!("n{n}")).await) })
        })
        .collect();
    tokio::task::block_in_place(|| server.crash_and_restart());
    let reopened = Database::open_with(&url, Options::default()).unwrap();
    for caller in callers {
        let (n, outcome) = caller.await.unwrap();
        if matches!(outcome, Ok(true)) {
            let name = format!("n{n}");
            let kept: Result<usize, DatabaseError> = reopened
                .write(move |conn| {
                    Ok(sql_query("UPDATE lease SET fence = 2 WHERE name = $1").bind::<Text, _>(name).execute(conn)?)
                })
                .await;
            assert_eq!(kept.unwrap(), 1, "row n{n} was acknowledged");
        }
    }
    assert!(writer.commit("after".to_owned()).await.unwrap(), "the writer goes on without help");
}

/// A real write error: the file may grow no further (RLIMIT_FSIZE), which SQLite reports as an I/O error.
#[test]
fn a_disk_that_fails_ends_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let status = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 1000; exec \"$0\" --exact group_commit::tests::child_writes_until_the_disk_fails --ignored"])
        .arg(std::env::current_exe().unwrap())
        .env("KIT_FOLDER", folder.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(crate::db::EXIT_STORAGE));
}

#[tokio::test]
#[ignore = "run by the test above as a child process"]
async fn child_writes_until_the_disk_fails() {
    let path = std::path::PathBuf::from(std::env::var("KIT_FOLDER").unwrap()).join("a.db");
    let database = Database::create(&crate::db::DatabaseUrl::Sqlite(path)).unwrap();
    database.migrate(&Migrations::none()).unwrap();
    let (batch, _) = names();
    let writer = GroupCommit::spawn(database, batch, BatchLimits::default()).unwrap();
    for n in 0..100_000 {
        writer.commit(format!("{n}{}", "x".repeat(10_000))).await.unwrap();
    }
}
