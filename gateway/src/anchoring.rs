//! The outbox pump: what waits is submitted to the trust anchor's log, in batches, by one process at a time.
//!
//! Guarantees: a row leaves the outbox only in the transaction that writes its place, after the anchor's signed
//! acknowledgement named exactly the digests that were submitted; a lost answer means the same digests again, which the log
//! has once. Deliberately absent: proofs (`bundle`), and any wait of an exchange for the anchor.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use protocol::{
    consent::Refusal,
    federation::FederationError,
    seal::{self, JwsError, Limits, SealFailed, Typ, UnverifiedJws, random},
};
use schemas::{
    federation::{AnchorAck, AnchorSubmission, SubmittedEntry},
    id::{CompactJws, MessageId},
    problem::Code,
    version::V1,
};
use service_kit::{
    clock::Clock,
    db::{Database, DatabaseError},
    lease::Lease,
};

use crate::{
    app::App,
    clients::anchor::{AnchorError, jittered},
    store::outbox::{anchored_insert, outbox_oldest, outbox_waiting},
};

/// Entries of one submission (protocol, "Anchoring").
const BATCH: usize = 1_024;
/// An acknowledgement names as many digests as its submission.
const ACK: Limits = Limits::ANSWER.members(BATCH);
/// A submission's life, seconds; at most 120.
const LIFE: i64 = 60;
/// How long the lease holds; each batch renews it in its own commit, so that a busy pump pays one commit a batch.
const LEASE: Duration = Duration::from_secs(10);
/// A lease with less than this left is taken anew before a batch.
const LEAST_LEFT: Duration = Duration::from_secs(3);
const LEASE_NAME: &str = "anchor-outbox";
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(900);

/// Nothing, or not everything, could be submitted; it stays in the outbox.
#[derive(Debug, thiserror::Error)]
pub enum PumpError {
    /// The anchor is away, refused, or answered what cannot be read.
    #[error(transparent)]
    Anchor(#[from] AnchorError),
    /// The acknowledgement is not the anchor's.
    #[error("the acknowledgement does not verify: {0}")]
    Signature(#[from] JwsError),
    /// The acknowledgement was signed by an unknown key.
    #[error("the acknowledgement's key is not the anchor's: {0}")]
    Key(#[from] FederationError),
    /// The acknowledgement is of something else.
    #[error("the acknowledgement does not fit the submission: {0}")]
    OtherAck(&'static str),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// OpenSSL failed.
    #[error(transparent)]
    Seal(#[from] SealFailed),
}

impl PumpError {
    /// What the anchor asked us to wait.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Anchor(AnchorError::Refused { retry_after, .. }) => {
                retry_after.map(|s| Duration::from_secs(s.into()))
            }
            _ => None,
        }
    }
}

/// The pump of one process.
#[derive(Debug)]
pub struct Pump {
    holder: String,
    pause: Mutex<Pause>,
    held: Mutex<Option<Held>>,
}

/// A lease, and until when this process may rely on it (monotonic).
#[derive(Clone, Debug)]
struct Held {
    lease: Lease,
    until: Duration,
}

/// When to try again after a failure: monotonic, with the failures so far.
#[derive(Clone, Copy, Debug, Default)]
struct Pause {
    until: Duration,
    failures: u32,
}

impl Pump {
    /// The pump of this process. A database that no other process may share has one holder, so that a restarted process
    /// overtakes its own past at once.
    pub fn new(database: &Database) -> Self {
        let holder = if database.is_shared() { random::token() } else { "the-only-process".to_owned() };
        Self { holder, pause: Mutex::default(), held: Mutex::default() }
    }

    /// Submits all that waits, unless another process does or the last failure was a moment ago.
    ///
    /// # Errors
    /// [`PumpError`]; what was not acknowledged stays in the outbox.
    pub async fn run(&self, app: &App) -> Result<(), PumpError> {
        if app.clock().monotonic() < self.lock().until || !has_work(app).await? {
            return Ok(());
        }
        let Some(lease) = self.lease(app).await? else { return Ok(()) };
        let done = self.submit_all(app, &lease).await;
        self.note(app.clock(), done.as_ref().err());
        done
    }

    /// The anchor was heard otherwise: what failed before is worth trying now.
    pub fn anchor_is_back(&self) {
        *self.lock() = Pause::default();
    }

    /// The lease that this process holds, taken anew when it runs out; `None` if another process has it.
    async fn lease(&self, app: &App) -> Result<Option<Lease>, PumpError> {
        let monotonic = app.clock().monotonic();
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(held) = held.filter(|held| held.until > monotonic.saturating_add(LEAST_LEFT)) {
            return Ok(Some(held.lease));
        }
        let (holder, now_ms) = (self.holder.clone(), app.clock().now_ms());
        let taken = app
            .db()
            .write(move |conn| Ok::<_, DatabaseError>(Lease::acquire(conn, LEASE_NAME, &holder, now_ms, LEASE)?))
            .await?;
        self.hold(taken.clone(), monotonic);
        Ok(taken)
    }

    /// Remembers the lease as of an instant before it was written.
    fn hold(&self, lease: Option<Lease>, since: Duration) {
        let held = lease.map(|lease| Held { lease, until: since.saturating_add(LEASE) });
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = held;
    }

    /// 1 s, 2 s, 4 s … 15 min, each with full jitter, never before the anchor's own Retry-After.
    fn note(&self, clock: &Clock, error: Option<&PumpError>) {
        let mut pause = self.lock();
        let Some(error) = error else {
            *pause = Pause::default();
            return;
        };
        let whole = SHORTEST.saturating_mul(1 << pause.failures.min(10)).min(LONGEST);
        let wait = jittered(whole).max(error.retry_after().unwrap_or_default());
        *pause = Pause { until: clock.monotonic().saturating_add(wait), failures: pause.failures.saturating_add(1) };
    }

    async fn submit_all(&self, app: &App, lease: &Lease) -> Result<(), PumpError> {
        let client = app.anchor_client()?;
        loop {
            let entries = app.db().read(|conn| Ok::<_, DatabaseError>(outbox_waiting(conn, BATCH)?)).await?;
            if entries.is_empty() {
                return Ok(());
            }
            let (id, submission) = submission(app, &entries)?;
            let ack = verify_ack(app, &id, &entries, &client.submit(&submission).await?)?;
            let full = entries.len() == BATCH;
            metrics::counter!("anchored_total").increment(u64::try_from(entries.len()).unwrap_or(0));
            let (monotonic, now_ms, renewed) = (app.clock().monotonic(), app.clock().now_ms(), lease.clone());
            let ours = app
                .db()
                .write(move |conn| {
                    // If we stop before this commit, the same digests are submitted again; the log has each once. The same
                    // holds if another process has overtaken us: its rows and ours say the same.
                    anchored_insert(conn, &entries, &ack.entries, &ack.origin)?;
                    Ok::<_, DatabaseError>(renewed.renew(conn, now_ms, LEASE)?)
                })
                .await?;
            self.hold(ours.then(|| lease.clone()), monotonic);
            if !ours || !full {
                return Ok(());
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Pause> {
        self.pause.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn has_work(app: &App) -> Result<bool, DatabaseError> {
    let oldest = app.db().read(|conn| Ok::<_, DatabaseError>(outbox_oldest(conn)?)).await?;
    metrics::gauge!("anchor_outbox_oldest_seconds").set(oldest.map_or(0.0, |since| age_seconds(app.clock(), since)));
    Ok(oldest.is_some())
}

#[allow(clippy::cast_precision_loss, reason = "a metric")]
fn age_seconds(clock: &Clock, since_ms: i64) -> f64 {
    let now_ms = i64::try_from(clock.now_ms()).unwrap_or(i64::MAX);
    now_ms.saturating_sub(since_ms).max(0) as f64 / 1000.0
}

fn submission(app: &App, entries: &[SubmittedEntry]) -> Result<(MessageId, CompactJws), SealFailed> {
    let now = app.now();
    let jti = random::message_id(now);
    let claims = AnchorSubmission {
        v: V1,
        iss: app.entity().clone(),
        aud: app.trust_root().entity.clone(),
        iat: now.numeric(),
        exp: now.numeric().plus(LIFE),
        jti: jti.clone(),
        entries: entries.to_vec(),
    };
    Ok((jti, seal::sign(Typ::AnchorSubmit, &app.keys().signing, &claims)?))
}

/// The anchor's signature over exactly what was submitted.
fn verify_ack(
    app: &App,
    submission: &MessageId,
    entries: &[SubmittedEntry],
    jws: &CompactJws,
) -> Result<AnchorAck, PumpError> {
    let unverified = UnverifiedJws::of(jws, ACK)?;
    let kid = unverified.claimed_issuer().key_id().ok_or(PumpError::OtherAck("no key id"))?;
    let snapshot = app.directory();
    let anchor = snapshot.members().anchor();
    let key = anchor.signing_key(&kid, app.now().numeric())?;
    let ack: AnchorAck = unverified.verify(Typ::AnchorAck, key)?.claims()?;
    if ack.iss != *anchor.entity() || ack.aud != *app.entity() || ack.submission != *submission {
        return Err(PumpError::OtherAck("issuer, audience or submission"));
    }
    let same = ack.entries.len() == entries.len()
        && ack.entries.iter().zip(entries).all(|(got, sent)| got.digest == sent.digest);
    if same { Ok(ack) } else { Err(PumpError::OtherAck("digests")) }
}

/// Whether the log has been silent for longer than the grace; looked up at most once a second.
#[derive(Debug)]
pub struct Overdue {
    grace: Duration,
    known: Mutex<Option<(Duration, Option<i64>)>>,
}

impl Overdue {
    /// Nothing is known yet.
    pub fn new(grace: Duration) -> Self {
        Self { grace, known: Mutex::default() }
    }

    /// Refuses when the oldest row of the outbox is older than the grace.
    ///
    /// # Errors
    /// `anchor-overdue`; `overloaded` if the database cannot tell.
    pub async fn authorize(&self, database: &Database, clock: &Clock) -> Result<(), Refusal> {
        let oldest = match self.remembered(clock.monotonic()) {
            Some(oldest) => oldest,
            None => {
                let oldest =
                    database.read(|conn| Ok::<_, DatabaseError>(outbox_oldest(conn)?)).await.map_err(|error| {
                        tracing::warn!(%error, "the age of the outbox cannot be told");
                        Refusal::new(Code::Overloaded, "the age of the outbox cannot be told")
                    })?;
                *self.lock() = Some((clock.monotonic(), oldest));
                oldest
            }
        };
        let grace = i64::try_from(self.grace.as_millis()).unwrap_or(i64::MAX);
        let now = i64::try_from(clock.now_ms()).unwrap_or(i64::MAX);
        match oldest {
            Some(since) if now.saturating_sub(since) > grace => {
                Err(Refusal::new(Code::AnchorOverdue, "the oldest receipt has waited longer than the grace"))
            }
            _ => Ok(()),
        }
    }

    fn remembered(&self, now: Duration) -> Option<Option<i64>> {
        let known = *self.lock();
        known.filter(|(at, _)| now.saturating_sub(*at) < Duration::from_secs(1)).map(|(_, oldest)| oldest)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(Duration, Option<i64>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
