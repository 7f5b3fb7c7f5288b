//! The clock file of a test world: every process reads it, the test writes it.
//!
//! The file is JSON. Offsets in milliseconds are added to the real clocks; `wall_ms` or `monotonic_ms`, where
//! present, freeze that clock at a value. Writers replace the file by rename, so a reader never sees half of it.

use std::{
    env, fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use schemas::time::Timestamp;
use serde::{Deserialize, Serialize};
use service_kit::clock::{Bend, Clock, bend_the_system_clock};
use tokio::sync::Notify;

/// How often a process looks whether the file is another.
const POLL: Duration = Duration::from_millis(5);

const VARIABLE: &str = "VINIMAY_TEST_CLOCK";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Setting {
    wall_offset_ms: i64,
    monotonic_offset_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    wall_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    monotonic_ms: Option<u64>,
}

/// The reading side: keeps the last good setting, so that a vanished file stops no server half-way.
#[derive(Debug)]
struct Reader {
    path: PathBuf,
    last: Mutex<Setting>,
    monotonic_floor: Mutex<Duration>,
    /// Wakes who sleeps: a process has dozens of them, and one looks for all.
    bent_anew: Notify,
}

impl Reader {
    fn watched(path: PathBuf) -> Arc<Self> {
        let (last, monotonic_floor) = (Mutex::default(), Mutex::default());
        let reader = Arc::new(Self { path, last, monotonic_floor, bent_anew: Notify::new() });
        let watched = Arc::downgrade(&reader);
        std::thread::spawn(move || {
            let mut seen = None;
            while let Some(reader) = watched.upgrade() {
                // A writer puts a new file in the place of the old one.
                let now = fs::metadata(&reader.path).ok().map(|file| (file.ino(), file.mtime_nsec()));
                if std::mem::replace(&mut seen, now) != now {
                    reader.bent_anew.notify_waiters();
                }
                drop(reader);
                std::thread::sleep(POLL);
            }
        });
        reader
    }

    fn setting(&self) -> Setting {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match read(&self.path) {
            Ok(setting) => *last = setting,
            Err(error) => tracing::error!(%error, "the test clock's file cannot be read; its last setting holds"),
        }
        *last
    }

    fn monotonic_by(&self, setting: Setting, real: Duration) -> Duration {
        let real = u64::try_from(real.as_millis()).unwrap_or(u64::MAX);
        let ms = setting.monotonic_ms.unwrap_or_else(|| real.saturating_add_signed(setting.monotonic_offset_ms));
        let mut floor = self.monotonic_floor.lock().unwrap_or_else(PoisonError::into_inner);
        *floor = (*floor).max(Duration::from_millis(ms));
        *floor
    }
}

impl Bend for Reader {
    fn wall_ms(&self, real: u64) -> u64 {
        let setting = self.setting();
        setting.wall_ms.unwrap_or_else(|| real.saturating_add_signed(setting.wall_offset_ms))
    }

    fn monotonic(&self, real: Duration) -> Duration {
        self.monotonic_by(self.setting(), real)
    }

    fn bent_anew(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.bent_anew.notified())
    }
}

/// The clocks of this process are those of the file that its environment names, if it names one. For a program with the cargo feature
/// `test-clock`, as the first thing that it does.
pub fn obey_the_named_file() {
    if let Some(path) = env::var_os(VARIABLE) {
        bend_the_system_clock(Reader::watched(path.into()));
    }
}

fn read(path: &Path) -> io::Result<Setting> {
    serde_json::from_slice(&fs::read(path)?).map_err(io::Error::other)
}

/// The writing side, for tests.
#[derive(Clone, Debug)]
pub struct TestClockFile {
    path: PathBuf,
}

impl TestClockFile {
    /// The environment variable that names the file to the processes of the test world.
    pub const VARIABLE: &str = VARIABLE;

    /// Writes a file with both clocks at their real values.
    pub fn create(path: impl Into<PathBuf>) -> io::Result<Self> {
        let file = Self { path: path.into() };
        file.write(Setting::default())?;
        Ok(file)
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A clock that reads this file, for the test's own process.
    pub fn clock(&self) -> Clock {
        Clock::bent(Reader::watched(self.path.clone()))
    }

    /// Sets wall time; it goes on from there at its usual pace. Monotonic time is left alone.
    pub fn set(&self, wall: Timestamp) -> io::Result<()> {
        let real = i64::try_from(Clock::default().now_ms()).unwrap_or(i64::MAX);
        let wall_offset_ms = wall.seconds().saturating_mul(1000).saturating_sub(real);
        self.write(Setting { wall_offset_ms, wall_ms: None, ..read(&self.path)? })
    }

    /// Moves both clocks forward.
    pub fn advance(&self, by: Duration) -> io::Result<()> {
        let old = read(&self.path)?;
        let ms = i64::try_from(by.as_millis()).map_err(io::Error::other)?;
        self.write(Setting {
            wall_offset_ms: old.wall_offset_ms.saturating_add(ms),
            monotonic_offset_ms: old.monotonic_offset_ms.saturating_add(ms),
            wall_ms: old.wall_ms.map(|w| w.saturating_add_signed(ms)),
            monotonic_ms: old.monotonic_ms.map(|m| m.saturating_add_signed(ms)),
        })
    }

    /// Steps wall time back, as a bad time server does. Monotonic time is left alone.
    pub fn step_wall_back(&self, by: Duration) -> io::Result<()> {
        let old = read(&self.path)?;
        let ms = i64::try_from(by.as_millis()).map_err(io::Error::other)?;
        self.write(Setting {
            wall_offset_ms: old.wall_offset_ms.saturating_sub(ms),
            wall_ms: old.wall_ms.map(|w| w.saturating_add_signed(ms.saturating_neg())),
            ..old
        })
    }

    fn write(&self, setting: Setting) -> io::Result<()> {
        let beside = self.path.with_extension("new");
        fs::write(&beside, serde_json::to_vec(&setting)?)?;
        fs::rename(beside, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> (tempfile::TempDir, TestClockFile) {
        let folder = tempfile::tempdir().unwrap();
        let file = TestClockFile::create(folder.path().join("clock.json")).unwrap();
        (folder, file)
    }

    #[test]
    fn two_clocks_on_one_file_are_set_together() {
        let (_folder, file) = file();
        let (one, two) = (file.clock(), file.clock());
        let then: Timestamp = "2031-03-01T00:00:00Z".parse().unwrap();
        file.set(then).unwrap();
        for clock in [one, two] {
            assert!((0..5).contains(&(clock.now().seconds() - then.seconds())));
        }
    }

    #[test]
    fn advancing_moves_both_clocks_and_stepping_back_only_the_wall() {
        let (_folder, file) = file();
        let clock = file.clock();
        let (wall, monotonic) = (clock.now(), clock.monotonic());
        file.advance(Duration::from_secs(86_400)).unwrap();
        assert!(clock.now() >= wall.plus(86_400));
        assert!(clock.monotonic() >= monotonic + Duration::from_secs(86_400));
        file.step_wall_back(Duration::from_secs(90_000)).unwrap();
        assert!(clock.now() < wall);
        assert!(clock.monotonic() >= monotonic + Duration::from_secs(86_400));
    }

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_file_advances() {
        let (_folder, file) = file();
        let clock = file.clock();
        let sleeper = tokio::spawn(async move { clock.sleep(Duration::from_secs(3600)).await });
        tokio::task::yield_now().await;
        file.advance(Duration::from_secs(3601)).unwrap();
        sleeper.await.unwrap();
    }

    #[test]
    fn a_vanished_file_keeps_the_last_setting() {
        let (_folder, file) = file();
        let clock = file.clock();
        file.advance(Duration::from_secs(1_000_000)).unwrap();
        let now = clock.now();
        fs::remove_file(file.path()).unwrap();
        assert!(clock.now() >= now);
    }
}
