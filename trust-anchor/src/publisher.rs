//! From `sequenced` to `anchored`: stamps the head, keeps it, shows it, releases who waits.
//!
//! Guarantees: what is shown is durable twice before anybody can read it (database, and the file that betrays a
//! restored backup); it is the log's own head, signed and stamped; sizes never go back. A missing time stamp stops
//! publication and never the log. Deliberately absent: witnesses; until they exist, *anchored* means "in a
//! time-stamped checkpoint".

use std::{sync::Arc, time::Duration};

use service_kit::{
    clock::Clock,
    db::{Database, DatabaseError},
};
use tlog::note::VerifyingKey;
use tokio::sync::watch;

use crate::{
    published_file::{PublishedFile, PublishedFileError},
    sequencer::GREATEST_STEP_BACK_MS,
    stamping::{StampError, Stamper},
    store::{
        StoreError,
        log::{self, Head},
        publication::{self, Publication, Stamp},
    },
};

/// A checkpoint is shown again, newly stamped, after so long without growth.
const REPEAT_MS: u64 = 600_000;

/// The newest published checkpoint; `None` before the first.
pub(crate) type Shown = Option<Arc<Publication>>;

/// Nothing was published this time.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PublishError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    File(#[from] PublishedFileError),
    #[error(transparent)]
    Stamp(#[from] StampError),
    #[error("the clock is {0} ms behind the newest publication, so nothing is stamped; mend: set this machine's time")]
    ClockBack(u64),
    #[error(
        "the database has {stored} entries, {published} were published; nothing is published; mend: restore the newest database"
    )]
    RolledBack { published: u64, stored: u64 },
}

impl From<DatabaseError> for PublishError {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

/// See the head of this file.
pub(crate) struct Publisher {
    database: Database,
    stampers: Vec<Arc<dyn Stamper>>,
    file: PublishedFile,
    shown: watch::Sender<Shown>,
}

impl Publisher {
    /// Shows what was published before, if anything. A stop between database and file leaves the file behind: it is
    /// brought up before anybody sees that checkpoint. A database that was restored to just before its last
    /// publication is behind the file: then nothing is shown until the next publication, so that sizes never go back.
    pub(crate) fn start(
        database: Database,
        stampers: Vec<Arc<dyn Stamper>>,
        file: PublishedFile,
        key: &VerifyingKey,
    ) -> Result<(Self, watch::Receiver<Shown>), PublishError> {
        let in_file = file.read(key)?.checkpoint().size;
        let newest = database.read_blocking(publication::newest)?.filter(|newest| newest.size >= in_file);
        if let Some(newest) = newest.as_ref().filter(|newest| newest.size > in_file) {
            file.write(&newest.note)?;
        }
        let (shown, receiver) = watch::channel(newest.map(Arc::new));
        Ok((Self { database, stampers, file, shown }, receiver))
    }

    /// What a database shows that may not be continued: the newest of what it has.
    pub(crate) fn read_only(database: &Database) -> Result<watch::Receiver<Shown>, PublishError> {
        let newest = database.read_blocking(publication::newest)?;
        Ok(watch::channel(newest.map(Arc::new)).1)
    }

    /// Publishes the head if it grew, or if the last publication is old; tells whether it did.
    pub(crate) fn publish(&self, now_ms: u64) -> Result<bool, PublishError> {
        let head = self.database.read_blocking(log::head)?;
        let before = self.shown.borrow().clone();
        if !is_due(before.as_deref(), &head, now_ms)? {
            return Ok(false);
        }
        let seconds = i64::try_from(now_ms / 1_000).unwrap_or(i64::MAX);
        let stamps = self
            .stampers
            .iter()
            .map(|stamper| stamp(stamper.as_ref(), &head.note, seconds))
            .collect::<Result<_, _>>()?;
        let new = Publication { size: head.size, note: head.note, published_ms: now_ms, stamps };
        // A stop before this leaves a token that nobody has seen; after it the publication exists and is shown at
        // the next start.
        self.database.write_blocking(|conn| publication::publication_insert(conn, &new))?;
        self.file.write(&new.note)?;
        self.shown.send_replace(Some(Arc::new(new)));
        Ok(true)
    }
}

fn is_due(before: Option<&Publication>, head: &Head, now_ms: u64) -> Result<bool, PublishError> {
    let Some(before) = before else { return Ok(true) };
    if head.size < before.size {
        return Err(PublishError::RolledBack { published: before.size, stored: head.size });
    }
    match now_ms.checked_sub(before.published_ms) {
        None if before.published_ms - now_ms > GREATEST_STEP_BACK_MS => {
            Err(PublishError::ClockBack(before.published_ms - now_ms))
        }
        age => Ok(head.size > before.size || age.is_some_and(|age| age >= REPEAT_MS)),
    }
}

fn stamp(stamper: &dyn Stamper, note: &str, seconds: i64) -> Result<Stamp, StampError> {
    let (response, gen_time) = stamper.stamp(note.as_bytes(), seconds)?;
    Ok(Stamp { authority: stamper.name().to_owned(), gen_time, response: response.as_der().to_vec() })
}

/// Publishes until `stop` says so; then once more, so that nothing sequenced waits for the next start.
pub(crate) async fn run(
    publisher: Publisher,
    clock: Clock,
    interval: Duration,
    mut stop: watch::Receiver<bool>,
    health: watch::Sender<Option<String>>,
) {
    let publisher = Arc::new(publisher);
    loop {
        let stopping = *stop.borrow_and_update();
        let (this, now_ms) = (Arc::clone(&publisher), clock.now_ms());
        let done = tokio::task::spawn_blocking(move || this.publish(now_ms)).await;
        let trouble = match done {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("publishing panicked".to_owned()),
        };
        if let Some(error) = &trouble {
            tracing::error!(%error, "the head of the log was not published");
            metrics::counter!("anchor_publications_failed_total").increment(1);
        }
        health.send_if_modified(|now| std::mem::replace(now, trouble.clone()) != trouble);
        if stopping {
            return;
        }
        tokio::select! {
            () = clock.sleep(interval) => {}
            _ = stop.changed() => {}
        }
    }
}

#[cfg(test)]
mod tests;
