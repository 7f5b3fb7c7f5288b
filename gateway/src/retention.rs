//! The end of an answer's life: on its day, or when her consent is revoked and the purpose promises it, it is gone everywhere here.
//!
//! Guarantees: the day stands in the row that is committed with our receipt, and is never moved back; on that day, not before, our own
//! copies go in the same transaction that signs the orders; each system that got the answer is told, again and again, until it confirms;
//! only then is the erasure recorded, signed and logged. If the process dies anywhere between, the rows say how to go on. The steps:
//!
//! | step | where | if it fails |
//! |---|---|---|
//! | the day comes, or a revocation brings it forward | `due` | the next round |
//! | own copies go, orders are signed | [`order`], one transaction | the next round |
//! | each system is told | `tell.rs` | back-off 1 s to 15 min; after 72 h parked, alarm, the citizen is told |
//! | all have confirmed: record, log, notice | `close`, one transaction | the next round |
//!
//! Deliberately absent: the systems' own erasure. A department that confirms what it did not do has signed nothing; its gateway has.

mod confirm;
mod keep;
mod tell;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use protocol::seal::{SealFailed, Typ, random, sign};
use schemas::{
    digest::Digest,
    erasure::{EraseOrder, Erasure},
    id::{CompactJws, EntityId, SystemName},
    notice::NoticeKind,
    time::Timestamp,
    version::V1,
};
use service_kit::{
    db::{AnyConnection, DatabaseError},
    jobs::{Jobs, JobsError},
};
use tlog::entry::EntryType;

pub use self::{confirm::ConfirmError, keep::ends};
pub use crate::store::retention::Kept;

use crate::{
    app::{App, Foundation},
    keys::Keys,
    notices::{self, NoticeError},
    store::{
        outbox::outbox_insert,
        retention::{
            NewErasure, Retained, erasure_insert,
            orders::{StoredOrder, confirmations_of, order_insert, orders_count, orders_due},
            own_copies_erase, retention_confirmed, retention_due, retention_erasing, retention_sweep_revoked,
        },
    },
    webhooks::{Outside, OutsideError},
};

/// The job that ends answers.
pub const RETENTION: &str = "retention";
/// The job that looks for revocations which an answer has overtaken.
pub const SWEEP: &str = "retention-sweep";
/// Answers of one round.
const ROUND: i64 = 100;

/// What this area keeps in memory while the gateway runs: how each of our systems is told.
#[derive(Debug)]
pub(crate) struct Retention {
    systems: BTreeMap<SystemName, Outside>,
}

/// A round did not go through; what is open stays so.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// OpenSSL.
    #[error(transparent)]
    Seal(#[from] SealFailed),
    /// A notice.
    #[error(transparent)]
    Notice(#[from] NoticeError),
}

impl Retention {
    /// Opens the way to each system that has one.
    ///
    /// # Errors
    /// If an address or its certificates cannot be used.
    pub(crate) fn open(foundation: &Foundation) -> Result<Self, OutsideError> {
        let systems = foundation.config.systems.iter();
        let open = systems.filter_map(|system| {
            let settings = system.erase.as_ref()?;
            Some(Outside::open(settings, &foundation.networks).map(|outside| (system.name.clone(), outside)))
        });
        Ok(Self { systems: open.collect::<Result<_, _>>()? })
    }
}

/// One round.
pub(crate) async fn run(app: &App) -> Result<(), RetentionError> {
    run_at(app, Moment::now(app)).await
}

/// One instant, in both counts.
#[derive(Clone, Copy, Debug)]
struct Moment {
    now: Timestamp,
    now_ms: i64,
}

impl Moment {
    fn now(app: &App) -> Self {
        Self { now: app.now(), now_ms: app.now_ms() }
    }
}

async fn run_at(app: &App, at: Moment) -> Result<(), RetentionError> {
    let Moment { now, now_ms } = at;
    let work = app.db().read(move |conn| {
        Ok::<_, RetentionError>(
            !retention_due(conn, now, 1)?.is_empty()
                || !orders_due(conn, now_ms, 1)?.is_empty()
                || !retention_confirmed(conn, 1)?.is_empty(),
        )
    });
    if !work.await? {
        return Ok(());
    }
    let Some(lease) = app.lease(RETENTION).await? else { return Ok(()) };
    let done = round(app, at).await;
    app.release(lease).await?;
    done
}

async fn round(app: &App, at: Moment) -> Result<(), RetentionError> {
    while order_due(app, at).await? > 0 {}
    tell::run(app, at).await?;
    while close_confirmed(app, at).await? > 0 {}
    measure(app).await
}

/// What is due: own copies go, orders are signed. Returns how many.
async fn order_due(app: &App, at: Moment) -> Result<usize, RetentionError> {
    let (keys, us) = (app.keys().clone(), app.entity().clone());
    let ordered = app.db().write(move |conn| {
        let due = retention_due(conn, at.now, ROUND)?;
        for retained in &due {
            order(conn, &keys, &us, retained, at)?;
        }
        Ok::<_, RetentionError>(due.len())
    });
    ordered.await
}

/// One answer: its copies go and its order is written, both or neither.
fn order(
    conn: &mut AnyConnection,
    keys: &Keys,
    us: &EntityId,
    retained: &Retained,
    Moment { now, now_ms }: Moment,
) -> Result<(), RetentionError> {
    if !retention_erasing(conn, &retained.exchange, now)? {
        return Ok(());
    }
    own_copies_erase(conn, &retained.exchange)?;
    let id = random::message_id(now);
    let claims = EraseOrder {
        v: V1,
        iss: us.clone(),
        aud: retained.system.clone(),
        iat: now.numeric(),
        jti: id.clone(),
        exchange: retained.exchange.clone(),
        receipt: retained.receipt,
        provider: retained.provider.clone(),
        dataset: retained.dataset.clone(),
        reason: retained.reason,
        due: retained.ends,
    };
    let jws = sign(Typ::EraseOrder, &keys.signing, &claims)?;
    let (exchange, system) = (retained.exchange.clone(), retained.system.clone());
    Ok(order_insert(conn, &StoredOrder { id, exchange, system, jws, since_ms: now_ms, tries: 0 })?)
}

/// What every system has confirmed: the record. Returns how many.
async fn close_confirmed(app: &App, at: Moment) -> Result<usize, RetentionError> {
    let (keys, us) = (app.keys().clone(), app.entity().clone());
    let closed = app.db().write(move |conn| {
        let confirmed = retention_confirmed(conn, ROUND)?;
        for retained in &confirmed {
            close(conn, &keys, &us, retained, at)?;
        }
        Ok::<_, RetentionError>(confirmed.len())
    });
    let closed = closed.await?;
    if closed > 0 {
        metrics::counter!("answers_erased_total").increment(u64::try_from(closed).unwrap_or(0));
        app.wake_anchor();
        app.wake_notices();
    }
    Ok(closed)
}

fn close(
    conn: &mut AnyConnection,
    keys: &Keys,
    us: &EntityId,
    retained: &Retained,
    Moment { now, now_ms }: Moment,
) -> Result<(), RetentionError> {
    let Some(jws) = record(conn, keys, us, retained, now)? else { return Ok(()) };
    if !erasure_insert(conn, &NewErasure { exchange: &retained.exchange, jws: &jws, at: now })? {
        return Ok(());
    }
    outbox_insert(conn, &[(EntryType::Consent, Digest::of(jws.as_str()))], now_ms)?;
    if let Some(person) = &retained.person {
        let (exchange, provider, dataset) =
            (retained.exchange.clone(), retained.provider.clone(), retained.dataset.clone());
        notices::write(conn, keys, person, &NoticeKind::Erased { exchange, provider, dataset }, now)?;
    }
    Ok(())
}

/// The signed record; `None` while a confirmation is missing.
fn record(
    conn: &mut AnyConnection,
    keys: &Keys,
    us: &EntityId,
    retained: &Retained,
    now: Timestamp,
) -> Result<Option<CompactJws>, RetentionError> {
    let Some(systems) = confirmations_of(conn, &retained.exchange)? else { return Ok(None) };
    let claims = Erasure {
        v: V1,
        iss: us.clone(),
        iat: now.numeric(),
        jti: random::message_id(now),
        salt: random::salt(),
        exchange: retained.exchange.clone(),
        receipt: retained.receipt,
        reason: retained.reason,
        due: retained.ends,
        gateway: retained.erased.unwrap_or(now),
        systems,
    };
    Ok(Some(sign(Typ::Erasure, &keys.signing, &claims)?))
}

/// Brings forward what a revocation and an answer, committed side by side, have left behind.
pub(crate) async fn sweep(app: &App) -> Result<(), RetentionError> {
    let now = app.now();
    let found = app.db().write(move |conn| Ok::<_, RetentionError>(retention_sweep_revoked(conn, now)?)).await?;
    if found > 0 {
        app.wakes().wake(RETENTION);
    }
    Ok(())
}

async fn measure(app: &App) -> Result<(), RetentionError> {
    let (open, parked) = app.db().read(|conn| Ok::<_, RetentionError>(orders_count(conn)?)).await?;
    #[allow(clippy::cast_precision_loss, reason = "metrics")]
    {
        metrics::gauge!("erasures_open").set(open as f64);
        metrics::gauge!("erasures_parked").set(parked as f64);
    }
    Ok(())
}

/// Registers the jobs of this area and pokes each once.
///
/// # Errors
/// If the scheduler refuses.
pub async fn schedule(app: &App, jobs: &mut Jobs) -> Result<(), JobsError> {
    let with = app.clone();
    let ending = move || {
        let app = with.clone();
        async move { run(&app).await }
    };
    let with = app.clone();
    let sweeping = move || {
        let app = with.clone();
        async move { sweep(&app).await }
    };
    let ending = jobs.every("* * * * * *", RETENTION, ending).await?;
    let sweeping = jobs.every("40 * * * * *", SWEEP, sweeping).await?;
    for (name, wake) in [(RETENTION, ending), (SWEEP, sweeping)] {
        wake.poke();
        app.wakes().put(name, wake);
    }
    Ok(())
}
