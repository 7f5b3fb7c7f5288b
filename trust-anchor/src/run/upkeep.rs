//! What is done at start and once an hour: the anchor's own configuration is renewed in time, the head of the audit
//! trail goes into the log.

use std::{sync::Arc, time::Duration};

use schemas::id::CompactJws;
use service_kit::{clock::Clock, db::Database};
use tokio::{sync::watch, task::JoinHandle};

use super::background::Log;
use crate::{
    audit_head,
    config::AnchorConfig,
    configuration::{self, ConfigurationError},
    keys::Keys,
};

/// How often.
const INTERVAL: Duration = Duration::from_secs(3_600);

/// Does what is due; returns the configuration that counts now.
pub(super) fn upkeep(
    database: &Database,
    config: &AnchorConfig,
    keys: &Keys,
    clock: &Clock,
) -> Result<CompactJws, ConfigurationError> {
    database.write_blocking(|conn| {
        let now = clock.now();
        audit_head::log(conn, &config.entity, &keys.signing, now)?;
        configuration::current(conn, configuration::Described::of(config), keys, now)
    })
}

/// Renews the anchor's own configuration long before it ends, and puts the head of the audit trail into the log, at
/// start and once an hour.
pub(super) fn keep_up(
    first: CompactJws,
    config: &AnchorConfig,
    log: &Log,
    mut stop: watch::Receiver<bool>,
) -> (watch::Receiver<CompactJws>, JoinHandle<()>) {
    let (renewed, receiver) = watch::channel(first);
    let (config, database, keys, clock) =
        (config.clone(), log.database.clone(), Arc::clone(&log.keys), log.clock.clone());
    let task = tokio::spawn(async move {
        loop {
            tokio::select! {
                () = clock.sleep(INTERVAL) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            let (config, database, keys, clock) = (config.clone(), database.clone(), Arc::clone(&keys), clock.clone());
            let work = move || upkeep(&database, &config, &keys, &clock);
            match tokio::task::spawn_blocking(work).await {
                Ok(Ok(jws)) => drop(renewed.send_replace(jws)),
                Ok(Err(error)) => tracing::error!(%error, "the entity configuration was not renewed"),
                Err(_) => tracing::error!("renewing the entity configuration panicked"),
            }
        }
    });
    (receiver, task)
}
