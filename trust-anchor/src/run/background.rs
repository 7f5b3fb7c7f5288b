//! What works beside the listeners: the sequencer's loop, the publisher's loop, hourly upkeep; and how they stop.
//!
//! Guarantees: the log stops before the publisher, so that what was acknowledged is published; a log that cannot be
//! continued is served read-only. Deliberately absent: the work itself.

use std::sync::Arc;

use service_kit::{clock::Clock, db::Database, health::Health};
use tokio::{sync::watch, task::JoinHandle};

use super::RunError;
use crate::{
    config::AnchorConfig,
    keys::Keys,
    published_file::PublishedFile,
    publisher::{self, PublishError, Publisher},
    sequencer::{self, LogJobs, Sequencer, SequencerError},
    stamping::{OwnAuthority, Stamper},
};

/// The parts that work beside the listeners.
pub(super) struct Background {
    pub(super) stop_log: watch::Sender<bool>,
    pub(super) stop_rest: watch::Sender<bool>,
    pub(super) sequencer: JoinHandle<Result<(), SequencerError>>,
    pub(super) rest: Vec<JoinHandle<()>>,
}

impl Background {
    /// Resolves when the sequencer ends by itself, which it does for a fatal error alone.
    pub(super) async fn fatal(&mut self) -> RunError {
        match (&mut self.sequencer).await {
            Ok(Err(error)) => error.into(),
            Ok(Ok(())) | Err(_) => SequencerError::SelfCheck("the sequencer ended").into(),
        }
    }

    pub(super) async fn stop(self) -> Result<(), RunError> {
        // First the log, then the publisher, so that what was acknowledged is published.
        self.stop_log.send_replace(true);
        let ended = self.sequencer.await.unwrap_or(Err(SequencerError::SelfCheck("the sequencer panicked")));
        self.stop_rest.send_replace(true);
        for task in self.rest {
            if task.await.is_err() {
                tracing::error!("a background task panicked");
            }
        }
        Ok(ended?)
    }
}

/// What the sequencer and the publisher share.
pub(super) struct Log {
    pub(super) database: Database,
    pub(super) keys: Arc<Keys>,
    pub(super) file: PublishedFile,
    pub(super) clock: Clock,
}

impl Log {
    /// Starts the sequencer; a log that cannot be continued is served read-only.
    pub(super) fn start(
        &self,
        config: &AnchorConfig,
        jobs: LogJobs,
        stop: watch::Receiver<bool>,
        health: &Health,
    ) -> Result<(JoinHandle<Result<(), SequencerError>>, bool), RunError> {
        let (trouble, watched) = watch::channel(None::<String>);
        health.check("log", move || {
            let trouble = watched.borrow().clone();
            async move { trouble.map_or(Ok(()), Err) }
        });
        match Sequencer::start(self.database.clone(), self.keys.log.clone(), self.file.clone()) {
            Ok(mut sequencer) => {
                self.drain(&mut sequencer)?;
                let running =
                    sequencer::run(sequencer, jobs, self.clock.clone(), config.batch_interval(), stop, trouble);
                Ok((tokio::spawn(running), true))
            }
            Err(SequencerError::Recovery(error)) => {
                tracing::error!(%error, "the log cannot be continued: read-only");
                trouble.send_replace(Some(error.to_string()));
                // `jobs` is dropped: every submission is refused.
                let waiting = async move {
                    let mut stop = stop;
                    let _closed = stop.wait_for(|stop| *stop).await;
                    drop(trouble);
                    Ok(())
                };
                Ok((tokio::spawn(waiting), false))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What the authority wanted logged is in the log before anybody is answered.
    fn drain(&self, sequencer: &mut Sequencer) -> Result<(), RunError> {
        loop {
            match sequencer.drain_pending(self.clock.now_ms()) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if error.is_fatal() => return Err(error.into()),
                Err(error) => {
                    // The loop of batches tries again, and readiness tells.
                    tracing::error!(%error, "what waited for the log still waits");
                    return Ok(());
                }
            }
        }
    }

    /// Shows what was published, and goes on publishing if the log goes on.
    pub(super) fn publish(
        &self,
        config: &AnchorConfig,
        authority: &Arc<OwnAuthority>,
        stop: watch::Receiver<bool>,
        health: &Health,
        writable: bool,
    ) -> Result<(watch::Receiver<publisher::Shown>, Vec<JoinHandle<()>>), RunError> {
        let (trouble, watched) = watch::channel(None::<String>);
        health.check("publication", move || {
            let trouble = watched.borrow().clone();
            async move { trouble.map_or(Ok(()), Err) }
        });
        let failed = |error: PublishError| RunError::Publication(error.to_string());
        if !writable {
            return Ok((Publisher::read_only(&self.database).map_err(failed)?, Vec::new()));
        }
        let stampers: Vec<Arc<dyn Stamper>> = vec![Arc::clone(authority) as _];
        let key = self.keys.log.verifying_key();
        let started = Publisher::start(self.database.clone(), stampers, self.file.clone(), key);
        let (publisher, shown) = started.map_err(failed)?;
        let running = publisher::run(publisher, self.clock.clone(), config.publish_interval(), stop, trouble);
        Ok((shown, vec![tokio::spawn(running)]))
    }
}
