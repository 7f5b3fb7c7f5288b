//! A small world for tests of life events: an anchor, civil registration, and any number of departments with a roll each; one clock.
//!
//! Guarantees: real processes of the real binary, set up by the commands that a department's staff would type; every process reads one
//! clock file, so that windows of thirty days pass at once. Nobody lives in it yet: each test enters people of its own. Deliberately
//! absent: any way to make a gateway decide; tests change the departments' own tables and wait for what follows.

mod kept;
mod laws;
pub mod office;
mod officers;
pub mod plan;
pub mod postman;
pub mod register;
pub mod wallet;

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use jiff::{ToSpan as _, civil::Date};
use schemas::time::Timestamp;
use service_kit::clock::Clock;
use service_kit_testing::TestClockFile;
use tempfile::TempDir;
use vinimay::world::{Addresses, Anchor, Binary, Department, ServedWallet};

use self::{office::Office, plan::LifePlan, register::Register};
use crate::{
    rogue::{PATIENCE, until},
    support::{Place, alone, binary, depth, in_company},
};

/// Longer than a department waits until it compares its roll with whom it follows, seconds.
const COMPARED: u64 = 61;

/// So many days ahead of the last pass a clock is believed.
const BELIEVED: u64 = 2;

/// A running world.
pub struct Life {
    /// The world's clock.
    pub clock: Clock,
    /// The program, with the world's clock.
    pub binary: Binary,
    /// The trust anchor.
    pub anchor: Anchor,
    /// Civil registration.
    pub civil: Register,
    /// The departments, in the order of the plan.
    pub offices: Vec<Office>,
    /// The wallet's pages, where the plan wants them.
    pub wallet: Option<ServedWallet>,
    time: TestClockFile,
    folder: TempDir,
    place: Option<Place>,
}

impl Life {
    /// Sets a world up and starts it. Blocks the thread while commands run.
    pub async fn start(plan: &LifePlan) -> Self {
        Self::start_in(in_company(), plan).await
    }

    /// The same, where the world's time is measured.
    pub async fn start_alone(plan: &LifePlan) -> Self {
        Self::start_in(alone(), plan).await
    }

    /// The same in a place that another world has left.
    pub async fn start_in(place: Place, plan: &LifePlan) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let time = TestClockFile::create(folder.path().join("clock.json")).unwrap();
        let (clock, now) = (time.clock(), time.clock().now());
        let binary = binary().with_environment(TestClockFile::VARIABLE, &time.path().display().to_string());
        let addresses = Addresses::new();
        let wallet =
            plan.wallet.then(|| ServedWallet::built(&addresses).unwrap().expect("mend: scripts/web.sh wallet"));
        let origin = wallet.as_ref().map(|wallet| &wallet.origin);
        let mut anchor = Anchor::init_with_wallet(&binary, &folder.path().join("anchor"), &addresses, origin).unwrap();
        let pages = wallet.as_ref().map_or(String::new(), ServedWallet::section);
        let civil = civil(&binary, folder.path(), &addresses, (plan, &pages), now);
        let each = |plan| Office::set_up(&binary, folder.path(), &addresses, (plan, &civil.department), now);
        let offices: Vec<Office> = side_by_side(plan.offices.iter().collect(), each);
        laws::register(&anchor, folder.path(), civil.department.entity().as_str(), &parties(&offices));
        anchor.start().unwrap();
        for department in std::iter::once(&civil.department).chain(offices.iter().map(|office| &office.department)) {
            department.join(&anchor).unwrap();
        }
        let mut life = Self { clock, binary, anchor, civil, offices, wallet, time, folder, place: Some(place) };
        life.open(plan).await;
        life
    }

    /// Starts every gateway; schemes come into force and subscriptions are signed.
    async fn open(&mut self, plan: &LifePlan) {
        self.civil.department.start_all().unwrap();
        let (today, civil) = (self.today(), &self.civil.department);
        side_by_side(self.offices.iter_mut().collect(), |office: &mut Office| {
            office.department.start_all().unwrap();
            for benefit in office.plan.benefits.clone() {
                if let Some(scheme) = benefit.scheme {
                    office.publishes(benefit.id, scheme, today);
                }
            }
            office.subscribes(civil, today.checked_add(1.year()).unwrap());
        });
        let ages: BTreeSet<&str> = plan.offices.iter().flat_map(|office| office.ages.iter().copied()).collect();
        if !ages.is_empty() {
            // Ages are looked at when the gateway starts and every quarter of an hour; nobody waits for that here.
            self.civil.department.stop().unwrap();
            self.civil.department.start_all().unwrap();
            let ages = i64::try_from(ages.len()).unwrap();
            self.until("each age has its watermark", |life| life.civil.kept().count("age_watermark") == ages).await;
        }
    }

    /// Stops; another world may have its place.
    pub fn leaves_its_place(mut self) -> Option<Place> {
        self.place.take()
    }

    /// Where the world's files are.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// A department by its name.
    pub fn office(&self, name: &str) -> &Office {
        self.offices.iter().find(|office| office.name() == name).unwrap()
    }

    /// The same, to stop or start it.
    pub fn office_mut(&mut self, name: &str) -> &mut Office {
        self.offices.iter_mut().find(|office| office.name() == name).unwrap()
    }

    /// The civil day of India by the world's clock.
    pub fn today(&self) -> Date {
        self.clock.now().civil_day().date()
    }

    /// So many days before today.
    pub fn days_ago(&self, days: i32) -> Date {
        self.today().checked_sub(days.days()).unwrap()
    }

    /// The clock goes on by days. A gateway does not believe such a jump by itself: in each an officer looks, and lets it go on.
    pub fn days_pass(&self, days: u64) {
        self.time.advance(Duration::from_secs(days * 86_400)).unwrap();
        if days > BELIEVED {
            let offices = self.offices.iter().map(|office| &office.department);
            side_by_side(
                std::iter::once(&self.civil.department).chain(offices).collect(),
                |department: &Department| department.command(&["trigger", "go-on"]).unwrap(),
            );
        }
    }

    /// The clock goes on by seconds.
    pub fn seconds_pass(&self, seconds: u64) {
        self.time.advance(Duration::from_secs(seconds)).unwrap();
    }

    /// How many days the clock is ahead of the machine's.
    pub fn days_gone(&self) -> i64 {
        (self.clock.now().seconds() - Clock::default().now().seconds()).div_euclid(86_400)
    }

    /// The clock goes on to an instant that lies ahead.
    pub fn becomes(&self, at: &str) {
        let at: Timestamp = at.parse().unwrap();
        let ahead = at.seconds() - self.clock.now().seconds();
        self.seconds_pass(u64::try_from(ahead).expect("time goes on only"));
    }

    /// Looks again until something holds; fails loudly when it never does. Patience is of the machine's own time.
    pub async fn until(&self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        // The full counts have hours.
        let patience = PATIENCE * u32::try_from(depth(1, 24)).unwrap();
        until(&Clock::default(), patience, what, async || holds(self)).await;
    }

    /// The same for what must be asked for.
    pub async fn until_asked(&self, what: &str, holds: impl AsyncFnMut() -> bool) {
        until(&Clock::default(), PATIENCE, what, holds).await;
    }

    /// Waits until civil registration knows that a department follows a beneficiary of so many rolls: what happens to her from now on
    /// reaches it.
    pub async fn until_followed(&self, office: &str, resident: &str, rolls: i64) {
        let entity = self.office(office).department.entity().to_string();
        let follows = plan::FOLLOWED * rolls;
        // A department compares its roll with what it told at least so often.
        self.seconds_pass(COMPARED);
        self.until(&format!("{office} follows {resident}"), |life| life.civil.follows_of(resident, &entity) >= follows)
            .await;
    }

    /// Waits until a person stands like this on a roll of a department.
    pub async fn until_stands(&self, (office, id, number): (&str, &str, &str), status: &str) {
        let what = format!("{number} is {status} on {id} of {office}");
        self.until(&what, |life| life.office(office).stands(id, number) == status).await;
    }

    /// Waits until everything that the register holds was told, taken by every department, and has run its course there.
    pub async fn until_quiet(&self) {
        self.until("everything was told and has run its course", |life| {
            life.civil.pending() == 0 && life.offices.iter().all(|office| is_quiet(life, office))
        })
        .await;
    }

    /// Waits until a department has looked at the clock twice more, whole: what is due by now is done, or is not going to be.
    pub async fn until_time_was_seen(&self, office: &str) {
        for job in ["follow", "decisions", "apply"] {
            let before = self.office(office).runs_of(job);
            self.until("time was seen", |life| life.office(office).runs_of(job) >= before + 2).await;
        }
        self.until_quiet().await;
    }

    /// Waits until the first letter of a decision lies at the desk, and hands it over: its window begins.
    pub async fn letter_arrives(&self, office: &str, letter: &schemas::id::MessageId) {
        let office = self.office(office);
        self.until_asked("the letter is printed and handed over", async || office.hands_over(letter).await).await;
    }
}

fn parties(offices: &[Office]) -> Vec<laws::Party<'_>> {
    let entity = |office: &Office| office.department.entity().to_string();
    let named = |name: &str| offices.iter().find(|office| office.name() == name);
    let party = |office: &'_ Office| {
        let plan = &office.plan;
        let asks = plan.asks.and_then(|name| Some((name, entity(named(name)?))));
        laws::Party { name: plan.name, entity: entity(office), asks }
    };
    offices.iter().map(party).collect()
}

/// Nothing is under way to a department, and nothing is left to do in it today.
fn is_quiet(life: &Life, office: &Office) -> bool {
    let entity = office.department.entity();
    let waiting = format!("feed_delivery WHERE subscriber = '{entity}' AND state = 'waiting'");
    life.civil.kept().count(&waiting) == 0
        && office.kept().count("inbox_work") == 0
        && office.kept().count("decision WHERE todo IS NOT NULL") == 0
}

fn civil(
    binary: &Binary,
    folder: &std::path::Path,
    addresses: &Addresses,
    (plan, pages): (&LifePlan, &str),
    now: Timestamp,
) -> Register {
    std::fs::create_dir_all(folder.join("civil")).unwrap();
    let database = folder.join("civil/register.sqlite");
    Register::create(&database);
    let mut described = plan.civil(&database, Register::MAPPING);
    described.more.push_str(pages);
    let sectors = described.names_people_of.clone();
    let department = Department::init(binary, &folder.join("civil"), addresses, &described, plan.civil.1, now).unwrap();
    Register::of(department, database, sectors, plan.civil.0.clone())
}

/// Does the same for each, two at a time: commands mostly wait for disks.
fn side_by_side<T: Send, R: Send>(all: Vec<T>, each: impl Fn(T) -> R + Sync) -> Vec<R> {
    let each = &each;
    let mut done = Vec::new();
    let mut rest = all.into_iter();
    loop {
        let few: Vec<T> = rest.by_ref().take(3).collect();
        if few.is_empty() {
            return done;
        }
        std::thread::scope(|scope| {
            let running: Vec<_> = few.into_iter().map(|one| scope.spawn(move || each(one))).collect();
            done.extend(running.into_iter().map(|one| one.join().unwrap()));
        });
    }
}

impl Drop for Life {
    /// Every process ends in order before the world's files go.
    fn drop(&mut self) {
        for office in &mut self.offices {
            let _ = office.department.stop();
        }
        let _ = self.civil.department.stop();
        let _ = self.anchor.stop();
    }
}
