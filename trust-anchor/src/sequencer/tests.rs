//! After each step of each test the whole log is verified again, by `fsck` and by a fresh start.

use diesel::{RunQueryDsl, connection::SimpleConnection, sql_query};
use tlog::merkle::EMPTY_ROOT;

use super::*;
use crate::{
    fsck::{FsckReport, fsck},
    store::{Connection, log::Head},
};
use service_kit::db::{AnyConnection, DatabaseUrl};

struct World {
    folder: tempfile::TempDir,
    key: SigningKey,
    tsa_root: tlog::timestamp::CertificateDer,
}

const T0: u64 = 1_795_000_000_000;

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::from_seed("anchor.example/log/2026".parse().unwrap(), &[7; 32]).unwrap();
        let tsa_key = tlog::timestamp::TsaKey::from_secret(&[9; 32]).unwrap();
        let spec = tlog::timestamp::CertificateSpec {
            common_name: "root",
            serial: tlog::timestamp::TokenSerial::new([1; 8], 1),
            not_before_unix: 0,
            not_after_unix: 4_000_000_000,
        };
        let tsa_root = tlog::timestamp::create_root(&tsa_key, &spec).unwrap();
        let world = Self { folder, key, tsa_root };
        let note = sign_checkpoint(0, EMPTY_ROOT, &world.key).unwrap();
        world.file().write(&note).unwrap();
        let database = Database::create(&world.url()).unwrap();
        database.migrate(&store::migrations()).unwrap();
        let head = Head { size: 0, root: EMPTY_ROOT, received_ms: T0, note };
        database.write_blocking(|conn| store::log::head_insert(conn, &head)).unwrap();
        world
    }

    fn url(&self) -> DatabaseUrl {
        DatabaseUrl::Sqlite(self.folder.path().join("anchor.db"))
    }

    fn file(&self) -> PublishedFile {
        PublishedFile::in_folder(self.folder.path())
    }

    fn try_start(&self) -> Result<Sequencer, SequencerError> {
        Sequencer::start(Database::open(&self.url()).unwrap(), self.key.clone(), self.file())
    }

    fn start(&self) -> Sequencer {
        self.try_start().unwrap()
    }

    fn database(&self) -> Database {
        Database::open(&self.url()).unwrap()
    }

    fn head(&self) -> Head {
        self.database().read_blocking(store::log::head).unwrap()
    }

    /// Verifies everything, by reading the database anew; returns the number of entries.
    fn verified(&self) -> u64 {
        let report: FsckReport =
            self.database().read_blocking(|conn| fsck(conn, self.key.verifying_key(), &self.tsa_root)).unwrap();
        self.start();
        report.entries
    }

    fn publish_head(&self) {
        self.file().write(&self.head().note).unwrap();
    }

    fn sql(&self, text: &str) {
        let database = self.database();
        database.write_blocking(|conn| execute(conn, text)).unwrap();
    }
}

fn execute(conn: &mut Connection, text: &str) -> Result<(), StoreError> {
    sql_query(text).execute(conn)?;
    Ok(())
}

fn wanted(from: u32, to: u32) -> Vec<Wanted> {
    (from..to)
        .map(|n| Wanted { entry_type: EntryType::ExchangeReceipt, digest: RecordDigest::of(&n.to_be_bytes()) })
        .collect()
}

fn indexes(placed: &[Placed]) -> Vec<u64> {
    placed.iter().map(|place| place.index).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_get_places_in_order_across_batches_tiles_and_restarts() {
    let world = World::new();
    let mut sequencer = world.start();
    let mut size = 0;
    for (step, count) in [1, 2, 252, 1, 1, 255, 256, 300].into_iter().enumerate() {
        let placed = sequencer.sequence(&wanted(size, size + count), T0 + step as u64).unwrap();
        assert_eq!(indexes(&placed), (u64::from(size)..u64::from(size + count)).collect::<Vec<_>>());
        size += count;
        assert_eq!(world.verified(), u64::from(size));
        if step % 3 == 2 {
            sequencer = world.start();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_record_twice_keeps_its_place_and_time_and_another_type_is_another_entry() {
    let world = World::new();
    let mut sequencer = world.start();
    let first = sequencer.sequence(&wanted(0, 3), T0 + 5).unwrap();
    let mixed = [wanted(0, 3), wanted(3, 5), wanted(3, 4), wanted(1, 2)].concat();
    let second = sequencer.sequence(&mixed, T0 + 50).unwrap();
    assert_eq!(indexes(&second), [0, 1, 2, 3, 4, 3, 1]);
    assert_eq!((second[0], second[6], second[5]), (first[0], first[1], second[3]));
    let head = world.head();
    assert_eq!(sequencer.sequence(&wanted(0, 5), T0 + 60).unwrap().len(), 5);
    assert_eq!(world.head(), head, "nothing new, nothing signed");
    let other = Wanted { entry_type: EntryType::Trigger, ..wanted(0, 1)[0] };
    assert_eq!(sequencer.sequence(&[other], T0 + 70).unwrap()[0].index, 5);
    assert_eq!(world.verified(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_after_any_step_leaves_a_whole_log_and_the_same_request_ends_well() {
    for (step, durable) in [
        (Step::Hashed, false),
        (Step::Checked, false),
        (Step::Signed, false),
        (Step::BeforeCommit, false),
        (Step::Committed, true),
    ] {
        let world = World::new();
        let mut sequencer = world.start();
        sequencer.sequence(&wanted(0, 300), T0 + 1).unwrap();
        sequencer.faults.stop.set(Some((step, 1)));
        assert!(sequencer.sequence(&wanted(300, 600), T0 + 2).is_err(), "{step:?}");
        drop(sequencer);
        assert_eq!(world.verified(), if durable { 600 } else { 300 }, "{step:?}");
        let placed = world.start().sequence(&wanted(300, 600), T0 + 3).unwrap();
        assert_eq!(indexes(&placed), (300..600).collect::<Vec<_>>(), "{step:?}");
        assert_eq!(world.verified(), 600);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unclear_commit_is_told_apart_by_the_reload_without_a_restart() {
    let world = World::new();
    let mut sequencer = world.start();
    sequencer.sequence(&wanted(0, 10), T0 + 1).unwrap();
    // Durable, but the process does not know: as if the connection broke after COMMIT.
    sequencer.faults.stop.set(Some((Step::Committed, 1)));
    assert!(sequencer.sequence(&wanted(10, 20), T0 + 2).is_err());
    let again = sequencer.sequence(&wanted(10, 30), T0 + 9).unwrap();
    assert_eq!(indexes(&again), (10..30).collect::<Vec<_>>());
    assert_eq!((again[0].received_ms, again[19].received_ms), (T0 + 2, T0 + 9));
    assert_eq!(world.verified(), 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_storage_errors_in_a_row_lose_nothing() {
    let world = World::new();
    let mut sequencer = world.start();
    sequencer.sequence(&wanted(0, 10), T0 + 1).unwrap();
    sequencer.faults.stop.set(Some((Step::BeforeCommit, 2)));
    for _ in 0..2 {
        let error = sequencer.sequence(&wanted(10, 20), T0 + 2).unwrap_err();
        assert!(matches!(error, SequencerError::Store(_)) && !error.is_fatal());
        assert_eq!(world.verified(), 10);
    }
    assert_eq!(indexes(&sequencer.sequence(&wanted(10, 20), T0 + 2).unwrap()), (10..20).collect::<Vec<_>>());
    assert_eq!(world.verified(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_flipped_bit_between_hashing_and_tree_is_never_signed() {
    let world = World::new();
    let mut sequencer = world.start();
    sequencer.sequence(&wanted(0, 255), T0 + 1).unwrap();
    let head = world.head();
    for bit in [0, 77, 255, 256 * 2 + 3, 256 * 200 + 129] {
        *sequencer.faults.flip.borrow_mut() = Some(bit);
        let error = sequencer.sequence(&wanted(255, 600), T0 + 2).unwrap_err();
        assert!(matches!(error, SequencerError::SelfCheck(_)), "{error}");
        assert_eq!(world.head(), head, "nothing was stored, nothing signed");
    }
    sequencer.sequence(&wanted(255, 600), T0 + 2).unwrap();
    assert_eq!(world.verified(), 600);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_sequencers_on_one_database_one_loses_and_must_stop() {
    let world = World::new();
    let (mut one, mut two) = (world.start(), world.start());
    one.sequence(&wanted(0, 10), T0 + 1).unwrap();
    let error = two.sequence(&wanted(5, 20), T0 + 1).unwrap_err();
    assert!(error.is_fatal(), "{error}");
    assert_eq!(world.verified(), 10);
    one.sequence(&wanted(10, 20), T0 + 2).unwrap();
    assert_eq!(world.verified(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_backup_restored_is_refused_at_start() {
    let world = World::new();
    let backup = world.folder.path().join("backup.db");
    world.start().sequence(&wanted(0, 10), T0 + 1).unwrap();
    world.publish_head();
    match &mut **world.database().lend_writer().unwrap() {
        AnyConnection::Sqlite(conn) => conn.batch_execute(&format!("VACUUM INTO '{}'", backup.display())).unwrap(),
        AnyConnection::Postgres(_) => unreachable!(),
    }
    world.start().sequence(&wanted(10, 20), T0 + 2).unwrap();
    world.publish_head();
    let backup = Database::open(&DatabaseUrl::Sqlite(backup)).unwrap();
    let error = Sequencer::start(backup, world.key.clone(), world.file()).err().unwrap();
    let rolled_back = RecoveryError::RolledBack { published: 20, stored: 10 };
    assert_eq!(error.to_string(), rolled_back.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tree_than_the_published_one_is_refused_at_start() {
    let world = World::new();
    let mut sequencer = world.start();
    sequencer.sequence(&wanted(0, 10), T0 + 1).unwrap();
    let foreign = sign_checkpoint(7, tlog::merkle::leaf_hash(b"another"), &world.key).unwrap();
    world.file().write(&foreign).unwrap();
    assert!(matches!(world.try_start().err().unwrap(), SequencerError::Recovery(RecoveryError::Forked)));
    std::fs::write(world.folder.path().join("published-checkpoint"), "x").unwrap();
    assert!(matches!(world.try_start().err().unwrap(), SequencerError::Recovery(RecoveryError::PublishedFile(_))));
    std::fs::remove_file(world.folder.path().join("published-checkpoint")).unwrap();
    assert!(matches!(world.try_start().err().unwrap(), SequencerError::Recovery(RecoveryError::PublishedFile(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_beneath_the_database_is_refused_at_start_and_found_by_fsck() {
    for (change, what) in [
        ("UPDATE log_head SET note = replace(note, 'anchor', 'ancho')", "the head's note"),
        ("UPDATE log_head SET root = zeroblob(32)", "the head's root"),
        ("UPDATE log_head SET size = 299", "the head's size"),
        ("UPDATE log_tile SET hashes = substr(hashes, 1, 32) WHERE level = 0 AND idx = 1", "a short tile on the edge"),
        ("UPDATE log_tile SET hashes = zeroblob(32) WHERE level = 1", "an upper tile"),
        ("DELETE FROM log_tile WHERE level = 1", "a missing tile"),
        ("UPDATE log_entry SET bytes = zeroblob(42) WHERE idx = 299", "the newest entry"),
        ("DELETE FROM log_entry WHERE idx = 299", "a missing entry"),
    ] {
        let world = World::new();
        world.start().sequence(&wanted(0, 300), T0 + 1).unwrap();
        assert_eq!(world.verified(), 300);
        world.sql(change);
        assert!(world.try_start().is_err(), "{what}");
        let found = world.database().read_blocking(|conn| fsck(conn, world.key.verifying_key(), &world.tsa_root));
        assert!(found.is_err(), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fsck_finds_what_lies_too_deep_for_a_start() {
    for change in [
        "UPDATE log_entry SET bytes = zeroblob(42) WHERE idx = 3",
        "DELETE FROM log_entry WHERE idx = 3",
        "UPDATE log_tile SET hashes = substr(hashes, 1, 8160) WHERE level = 0 AND idx = 0",
    ] {
        let world = World::new();
        world.start().sequence(&wanted(0, 300), T0 + 1).unwrap();
        world.sql(change);
        let found = world.database().read_blocking(|conn| fsck(conn, world.key.verifying_key(), &world.tsa_root));
        assert!(found.is_err(), "{change}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn time_in_the_log_never_decreases_and_a_step_back_stops_it() {
    let world = World::new();
    let mut sequencer = world.start();
    assert_eq!(sequencer.sequence(&wanted(0, 1), T0 + 5_000).unwrap()[0].received_ms, T0 + 5_000);
    assert_eq!(sequencer.sequence(&wanted(1, 2), T0 + 4_000).unwrap()[0].received_ms, T0 + 5_000, "a second is a step");
    let error = sequencer.sequence(&wanted(2, 3), T0 + 3_999).unwrap_err();
    assert!(matches!(error, SequencerError::ClockBack(1_001)), "{error}");
    assert_eq!(world.verified(), 2);
    assert!(world.start().sequence(&wanted(2, 3), T0).is_err(), "a restart does not forget the time");
    assert_eq!(sequencer.sequence(&wanted(2, 3), T0 + 6_000).unwrap()[0].index, 2);
    assert_eq!(world.verified(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_the_batch_and_nothing_else() {
    let world = World::new();
    let database = world.database();
    let mut sequencer = Sequencer::start(database.clone(), world.key.clone(), world.file()).unwrap();
    sequencer.sequence(&wanted(0, 300), T0 + 1).unwrap();
    // SQLite's own bound on the file stands for the disk's: the error is the same, SQLITE_FULL.
    let pages = |conn: &mut Connection, most: u32| match conn {
        AnyConnection::Sqlite(conn) => conn.batch_execute(&format!("PRAGMA max_page_count = {most}")).unwrap(),
        AnyConnection::Postgres(_) => unreachable!(),
    };
    pages(&mut database.lend_writer().unwrap(), 1);
    let error = sequencer.sequence(&wanted(300, 1300), T0 + 2).unwrap_err();
    assert!(matches!(error, SequencerError::Store(_)) && !error.is_fatal(), "{error}");
    assert_eq!(world.verified(), 300);
    pages(&mut database.lend_writer().unwrap(), u32::MAX / 2);
    sequencer.sequence(&wanted(300, 1300), T0 + 3).unwrap();
    assert_eq!(world.verified(), 1300);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_authority_wants_logged_is_drained_once_in_order() {
    let world = World::new();
    let mut sequencer = world.start();
    let digests = [RecordDigest::of(b"a"), RecordDigest::of(b"b")];
    world
        .database()
        .write_blocking(|conn| {
            digests.iter().try_for_each(|digest| store::log::pending_insert(conn, EntryType::Version, *digest))
        })
        .unwrap();
    // A stop between the log and the queue drains the same rows again.
    sequencer.faults.stop.set(Some((Step::Committed, 1)));
    assert!(sequencer.drain_pending(T0 + 1).is_err());
    assert_eq!(sequencer.drain_pending(T0 + 2).unwrap(), 2);
    assert_eq!(sequencer.drain_pending(T0 + 3).unwrap(), 0);
    assert_eq!(world.verified(), 2);
    let found =
        world.database().read_blocking(|conn| store::log::entry_find(conn, EntryType::Version, digests[1])).unwrap();
    assert_eq!(found.unwrap().0, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_its_capacity_the_queue_pushes_back_at_once_and_recovers() {
    let world = World::new();
    let (queue, jobs) = LogQueue::new();
    let mut waiting = Vec::new();
    for batch in 0..4 {
        let queue = queue.clone();
        waiting.push(tokio::spawn(async move { queue.sequence(wanted(batch * 1_024, (batch + 1) * 1_024)).await }));
    }
    while queue.depth() < queue::CAPACITY {
        tokio::task::yield_now().await;
    }
    assert_eq!(queue.sequence(wanted(9_000, 9_001)).await, Err(QueueError::Full));
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let (health, _) = tokio::sync::watch::channel(None);
    let clock = service_kit::clock::Clock::system();
    let interval = std::time::Duration::from_millis(1);
    let running = tokio::spawn(run(world.start(), jobs, clock, interval, stopped, health));
    for done in waiting {
        assert_eq!(done.await.unwrap().unwrap().len(), 1_024);
    }
    assert_eq!(queue.sequence(wanted(9_000, 9_001)).await.unwrap()[0].index, 4_096);
    stop.send(true).unwrap();
    running.await.unwrap().unwrap();
    assert_eq!(queue.sequence(wanted(9_001, 9_002)).await, Err(QueueError::Refusing));
    assert_eq!(world.verified(), 4_097);
}
