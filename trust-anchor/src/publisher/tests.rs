//! Publishing by hand, step by step, on an anchor that is initialised and does not run.

use std::sync::Mutex;

use tlog::timestamp::{Refusal, TimestampResponse};

use super::*;
use crate::{
    commands,
    keys::Keys,
    sequencer::{Sequencer, Wanted},
    stamping::OwnAuthority,
    testing::World,
};

/// An authority that can be away.
struct Moody {
    own: OwnAuthority,
    away: Mutex<bool>,
}

impl Stamper for Moody {
    fn name(&self) -> &str {
        "moody"
    }

    fn stamp(&self, message: &[u8], now_seconds: i64) -> Result<(TimestampResponse, i64), StampError> {
        match *self.away.lock().unwrap() {
            true => Err(Refusal::SystemFailure.into()),
            false => self.own.stamp(message, now_seconds),
        }
    }
}

struct Bench {
    world: World,
    stamper: Arc<Moody>,
    publisher: Publisher,
    shown: watch::Receiver<Shown>,
    now_ms: u64,
}

impl Bench {
    fn new() -> Self {
        let world = World::new();
        let keys = Keys::load(&world.config).unwrap();
        let own = OwnAuthority::new(keys.tsa, keys.tsa_root, None);
        let stamper = Arc::new(Moody { own, away: Mutex::new(false) });
        let (publisher, shown) = Self::publisher(&world, &stamper);
        let now_ms = Clock::system().now_ms() + 1_000;
        Self { world, stamper, publisher, shown, now_ms }
    }

    fn publisher(world: &World, stamper: &Arc<Moody>) -> (Publisher, watch::Receiver<Shown>) {
        let database = commands::open(&world.config).unwrap();
        let file = PublishedFile::in_folder(&world.config.data_dir());
        Publisher::start(database, vec![Arc::clone(stamper) as _], file, &world.log_key()).unwrap()
    }

    fn grow(&self, record: &str) {
        let keys = Keys::load(&self.world.config).unwrap();
        let file = PublishedFile::in_folder(&self.world.config.data_dir());
        let mut sequencer = Sequencer::start(commands::open(&self.world.config).unwrap(), keys.log, file).unwrap();
        let digest = tlog::entry::RecordDigest::of(record.as_bytes());
        let wanted = Wanted { entry_type: tlog::entry::EntryType::ExchangeReceipt, digest };
        sequencer.sequence(&[wanted], self.now_ms).unwrap();
    }

    fn size_shown(&self) -> Option<u64> {
        self.shown.borrow().as_ref().map(|shown| shown.size)
    }

    fn size_in_file(&self) -> u64 {
        let file = PublishedFile::in_folder(&self.world.config.data_dir());
        file.read(&self.world.log_key()).unwrap().checkpoint().size
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_is_published_when_it_grew_and_again_after_ten_minutes() {
    let mut bench = Bench::new();
    assert_eq!(bench.size_shown(), None);
    assert!(bench.publisher.publish(bench.now_ms).unwrap(), "the empty log is published too");
    assert!(!bench.publisher.publish(bench.now_ms + 1).unwrap());
    bench.grow("one");
    assert!(bench.publisher.publish(bench.now_ms + 2).unwrap());
    assert_eq!((bench.size_shown(), bench.size_in_file()), (Some(1), 1));
    let first = bench.shown.borrow_and_update().clone().unwrap();
    assert!(!bench.publisher.publish(bench.now_ms + 600_001).unwrap());
    assert!(bench.publisher.publish(bench.now_ms + 600_002).unwrap());
    let again = bench.shown.borrow_and_update().clone().unwrap();
    assert_eq!(first.note, again.note, "the same checkpoint");
    assert!(again.stamps[0].gen_time >= first.stamps[0].gen_time + 600, "stamped anew");
    let report = commands::log_fsck(&bench.world.config).unwrap();
    assert_eq!((report.publications, report.timestamps), (3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_time_stamp_nothing_is_shown_and_the_log_goes_on() {
    let bench = Bench::new();
    bench.publisher.publish(bench.now_ms).unwrap();
    *bench.stamper.away.lock().unwrap() = true;
    bench.grow("one");
    bench.grow("two");
    assert!(matches!(bench.publisher.publish(bench.now_ms + 1), Err(PublishError::Stamp(_))));
    assert_eq!((bench.size_shown(), bench.size_in_file()), (Some(0), 0));
    *bench.stamper.away.lock().unwrap() = false;
    assert!(bench.publisher.publish(bench.now_ms + 2).unwrap());
    assert_eq!(bench.size_shown(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_steps_back_stops_publication_also_after_a_restart() {
    let bench = Bench::new();
    bench.publisher.publish(bench.now_ms).unwrap();
    bench.grow("one");
    assert!(bench.publisher.publish(bench.now_ms - 1_000).unwrap(), "a second is a step");
    bench.grow("two");
    let (restarted, _shown) = Bench::publisher(&bench.world, &bench.stamper);
    for publisher in [&bench.publisher, &restarted] {
        let error = publisher.publish(bench.now_ms - 3_000).unwrap_err();
        assert!(matches!(error, PublishError::ClockBack(_)), "{error}");
    }
    assert_eq!(bench.size_shown(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_shows_what_was_published_last() {
    let bench = Bench::new();
    bench.grow("one");
    bench.publisher.publish(bench.now_ms).unwrap();
    let (_publisher, shown) = Bench::publisher(&bench.world, &bench.stamper);
    assert_eq!(*shown.borrow(), *bench.shown.borrow());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_was_not_written_to_the_file_is_not_shown() {
    let bench = Bench::new();
    bench.publisher.publish(bench.now_ms).unwrap();
    bench.grow("one");
    // A folder where the temporary file would be: the write fails as on a full disk.
    let beside = bench.world.config.data_dir().join("published-checkpoint.new");
    std::fs::create_dir(&beside).unwrap();
    assert!(matches!(bench.publisher.publish(bench.now_ms + 1), Err(PublishError::File(_))));
    assert_eq!((bench.size_shown(), bench.size_in_file()), (Some(0), 0));
    std::fs::remove_dir(&beside).unwrap();
    let (_restarted, shown) = Bench::publisher(&bench.world, &bench.stamper);
    let shown = shown.borrow().as_ref().map(|shown| shown.size);
    assert_eq!((shown, bench.size_in_file()), (Some(1), 1), "a restart brings the file up before it shows");
    assert!(bench.publisher.publish(bench.now_ms + 2).unwrap());
    assert_eq!((bench.size_shown(), bench.size_in_file()), (Some(1), 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_restored_to_just_before_its_last_publication_shows_nothing_older() {
    let bench = Bench::new();
    bench.publisher.publish(bench.now_ms).unwrap();
    bench.grow("one");
    // The world has seen the head of size 1; this database knows the entry, but not that publication.
    let database = commands::open(&bench.world.config).unwrap();
    let head = database.read_blocking(log::head).unwrap();
    PublishedFile::in_folder(&bench.world.config.data_dir()).write(&head.note).unwrap();
    let (publisher, shown) = Bench::publisher(&bench.world, &bench.stamper);
    assert!(shown.borrow().is_none());
    publisher.publish(bench.now_ms + 1).unwrap();
    assert_eq!(shown.borrow().as_ref().unwrap().size, 1);
}
