//! Life events between departments: told by the one whose register recorded them, heard by those that follow the person.
//!
//! Guarantees: a change of the register becomes at most one event for each subscriber, signed once and numbered without gaps; it
//! is delivered until a signed acknowledgement comes; a receiver stores before it acknowledges and acts once. No path leads from
//! here to a removal: all that an event does is a reversible hold. Several processes may share one PostgreSQL: who works holds a
//! lease, and each commit is fenced. Deliberately absent: schemes, notices, annulment.
//!
//! The way of one event: `capture` → `delivery` (source) → `receive` → `apply` → `returns` (subscriber) → `receive_applied`.

pub mod ageing;
pub mod apply;
pub mod approvals;
pub(crate) mod back_off;
pub mod capture;
pub mod delivery;
mod error;
pub mod feed;
mod flow;
pub mod follow;
pub mod follows;
mod happening;
pub mod heartbeat;
pub(crate) mod open;
mod outbound;
mod pseudonyms;
pub mod pull;
pub mod receive;
pub mod receive_applied;
pub mod report;
pub mod returns;
pub mod subscribe;
pub mod subscriptions;
mod tell;
#[cfg(test)]
mod tests;
mod turns;
pub(crate) mod watch;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use protocol::seal::random;
use registry_adapter::{changes::ChangeFeed, install::install, mapping::RollId, roll::MappedRolls};
use schemas::id::EntityId;
use service_kit::{
    db::{Database, DatabaseError, DatabaseUrl},
    jobs::{Jobs, JobsError},
    lease::Lease,
};

use crate::{
    app::{App, Foundation, StartError},
    config::{Config, SourceSettings},
};

pub use error::TriggerError;
pub(crate) use open::open;

use back_off::Pauses;
use flow::Flow;
use turns::Turns;

/// The job that looks for changes of the department's own register.
pub const CAPTURE: &str = "capture";
/// The job that finds who attains an age.
pub const AGEING: &str = "ageing";
/// The job that sends events.
pub const DELIVERY: &str = "delivery";
/// The job that parks what nobody acknowledged for three days.
pub const PARKING: &str = "delivery-parking";
/// The job that signs heads of feeds.
pub const HEARTBEAT: &str = "feed-heads";
/// The job that subscribes and tells whom we follow.
pub const FOLLOW: &str = "follow";
/// The job that fetches what is missing of a feed.
pub const PULL: &str = "pull";
/// The job that applies events.
pub const APPLY: &str = "apply";
/// The job that flags silent sources.
pub const WATCH: &str = "feed-watch";
/// The job that tells sources what was applied.
pub const RETURNS: &str = "event-returns";

/// How long a lease holds; renewed for each batch, given back at the end.
const LEASE: Duration = Duration::from_secs(30);

/// A lease that is held for long is renewed when so much time has passed.
const RENEWED_WITHIN: Duration = Duration::from_secs(5);

/// What this area keeps in memory while the gateway runs.
#[derive(Debug)]
pub(crate) struct Triggers {
    /// Names this process to the leases.
    holder: String,
    rolls: Option<MappedRolls>,
    changes: Option<ChangeFeed>,
    followed: Mutex<Vec<follow::Section>>,
    pauses: Pauses,
    /// Subscribers to whom events are on their way.
    delivering: Turns,
    /// Sources to whom applications are on their way.
    returning: Turns,
    /// Sources whose feeds are being read.
    pulling: Turns,
    /// Sources that deliver at the moment.
    flow: Flow,
}

/// Who holds this process' leases. A database that no other process may share has one holder, so that a restarted process overtakes
/// its own past at once and does not wait until the dead one's leases end.
fn holder(database: &Database) -> String {
    if database.is_shared() { random::token() } else { "the-only-process".to_owned() }
}

impl Triggers {
    /// Opens the department's rolls and change capture where they are mapped and a writer is configured. Blocks.
    ///
    /// # Errors
    /// If they cannot be opened, or a `[[follow]]` section names no mapped roll.
    pub(crate) fn open(foundation: &Foundation) -> Result<Self, StartError> {
        let Foundation { config, source, .. } = foundation;
        let writable = config.source.as_ref().filter(|settings| settings.writer.is_some());
        let (rolls, changes) = match (writable, source) {
            (Some(settings), Some(source)) => {
                install_where_the_writer_owns(settings)?;
                let rolls = (!config.follow.is_empty() || !config.decisions.rolls.is_empty())
                    .then(|| crate::rolls::open_rolls(foundation, (settings, source)))
                    .transpose()?;
                (rolls, source.changes()?)
            }
            _ => (None, None),
        };
        authorize_rolls(config, rolls.as_ref())?;
        let followed = Mutex::new(config.follow.iter().map(|_| follow::Section::default()).collect());
        Ok(Self {
            holder: holder(&foundation.db),
            rolls,
            changes,
            followed,
            pauses: Pauses::default(),
            delivering: Turns::default(),
            returning: Turns::default(),
            pulling: Turns::default(),
            flow: Flow::default(),
        })
    }

    /// The department's rolls, where they are mapped and a writer is configured.
    pub(crate) fn rolls(&self) -> Option<&MappedRolls> {
        self.rolls.as_ref()
    }

    fn sections(&self) -> MutexGuard<'_, Vec<follow::Section>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// On SQLite the writer is the owner of its file; PostgreSQL's owner installs once and lends the writer its few rights.
fn install_where_the_writer_owns(settings: &SourceSettings) -> Result<(), StartError> {
    if let Some(writer) = &settings.writer
        && let url @ DatabaseUrl::Sqlite(_) = writer.address()?
    {
        install(&settings.mapping.resolve(), &url, None)?;
    }
    Ok(())
}

/// Every followed event must have a roll on which it can act.
fn authorize_rolls(config: &Config, rolls: Option<&MappedRolls>) -> Result<(), StartError> {
    for section in &config.follow {
        let roll: RollId =
            section.roll.parse().map_err(|_| StartError::Follow(format!("`{}` names no roll", section.roll)))?;
        let Some(rolls) = rolls else {
            return Err(StartError::Follow(
                "no source with a writer is configured, so that nothing could be held".to_owned(),
            ));
        };
        rolls.journal_head(&roll).map_err(|error| StartError::Follow(error.to_string()))?;
    }
    Ok(())
}

impl App {
    pub(crate) fn triggers(&self) -> &Triggers {
        &self.areas().triggers
    }

    /// Takes a lease for this process, if no other holds it.
    pub(crate) async fn lease(&self, name: &'static str) -> Result<Option<Lease>, DatabaseError> {
        self.lease_named(name.to_owned()).await
    }

    /// Takes the lease of one kind of work for one peer.
    async fn lease_of(&self, name: &'static str, peer: &EntityId) -> Result<Option<Lease>, DatabaseError> {
        self.lease_named(format!("{name} {peer}")).await
    }

    async fn lease_named(&self, name: String) -> Result<Option<Lease>, DatabaseError> {
        let (holder, now_ms) = (self.triggers().holder.clone(), self.clock().now_ms());
        self.db().write(move |conn| Ok(Lease::acquire(conn, &name, &holder, now_ms, LEASE)?)).await
    }

    /// Holds on to it. `false`: it was lost, and the work must stop.
    pub(crate) async fn renew(&self, lease: &Lease) -> Result<bool, DatabaseError> {
        let (lease, now_ms) = (lease.clone(), self.clock().now_ms());
        self.db().write(move |conn| Ok(lease.renew(conn, now_ms, LEASE)?)).await
    }

    /// Gives it back.
    pub(crate) async fn release(&self, lease: Lease) -> Result<(), DatabaseError> {
        self.db().write(move |conn| Ok(lease.release(conn)?)).await
    }

    /// Wall time as the database counts it.
    pub(crate) fn now_ms(&self) -> i64 {
        i64::try_from(self.clock().now_ms()).unwrap_or(i64::MAX)
    }
}

/// Registers the jobs of this area.
///
/// # Errors
/// If the scheduler refuses.
pub async fn schedule(app: &App, jobs: &mut Jobs) -> Result<(), JobsError> {
    macro_rules! every {
        ($pattern:literal, $name:expr, $run:path) => {
            let with = app.clone();
            let wake = jobs
                .every($pattern, $name, move || {
                    let app = with.clone();
                    async move { $run(&app).await }
                })
                .await?;
            app.wakes().put($name, wake);
            app.wakes().wake($name);
        };
    }
    if app.triggers().changes.is_some() {
        every!("* * * * * *", CAPTURE, capture::run);
    }
    if app.source().is_some_and(|source| source.residents().is_some()) {
        every!("0 */15 * * * *", AGEING, ageing::run);
    }
    every!("* * * * * *", DELIVERY, delivery::start);
    every!("0 * * * * *", PARKING, delivery::park);
    every!("0 * * * * *", HEARTBEAT, heartbeat::run);
    if !app.config().follow.is_empty() {
        every!("* * * * * *", FOLLOW, follow::run);
    }
    every!("0 0 * * * *", WATCH, watch::run);
    every!("0 * * * * *", PULL, pull::start);
    every!("* * * * * *", APPLY, apply::run);
    every!("* * * * * *", RETURNS, returns::start);
    Ok(())
}
