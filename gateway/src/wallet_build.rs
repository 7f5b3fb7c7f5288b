//! The build of the wallet that we serve, signed and logged once, so that a consent's `wallet` can be held against the log.
//!
//! Guarantees: only an identity registry signs, and only while a chain of its own is known by which its signature can be checked years
//! later; the record and its place in the queue for the log are one transaction; a build has one record, however often and in however
//! many processes it is started. Deliberately absent: judging a build.

use protocol::{
    exchange::Attested,
    seal::{SealFailed, random},
};
use schemas::{digest::Digest, version::V1, wallet_build::WalletBuild};
use service_kit::{
    db::DatabaseError,
    jobs::{Jobs, JobsError},
};
use tlog::entry::EntryType;

use crate::{
    app::App,
    store::{
        directory::member_chain_at,
        outbox::outbox_insert,
        wallet_builds::{wallet_build_find, wallet_build_insert},
    },
};

/// A build could not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The database.
    #[error(transparent)]
    Store(#[from] DatabaseError),
    /// OpenSSL.
    #[error(transparent)]
    Seal(#[from] SealFailed),
    /// The scheduler.
    #[error(transparent)]
    Jobs(#[from] JobsError),
}

/// The job that signs a build which could not be signed at start.
const JOB: &str = "wallet-build";

/// Signs the build that is served, now or once the directory was read.
///
/// # Errors
/// If it cannot be signed or written, or the scheduler refuses.
pub(crate) async fn schedule(app: &App, jobs: &mut Jobs, build: Digest) -> Result<(), BuildError> {
    app.record_wallet_build(build).await?;
    let app = app.clone();
    let record = move || {
        let app = app.clone();
        async move { app.record_wallet_build(build).await }
    };
    jobs.every("20 * * * * *", JOB, record).await?;
    Ok(())
}

impl App {
    /// Signs that we serve this build and queues it for the log, unless that was done before or our own chain is not known now. A
    /// static host elsewhere signs nothing.
    ///
    /// # Errors
    /// If it cannot be signed or written.
    pub(crate) async fn record_wallet_build(&self, build: Digest) -> Result<(), BuildError> {
        if self.config().identity.is_none() {
            return Ok(());
        }
        let now = self.now();
        let us = self.entity().clone();
        let read = self.db().read(move |conn| {
            let chain = member_chain_at(conn, &us, now.numeric())?;
            Ok::<_, DatabaseError>((wallet_build_find(conn, &build)?, chain))
        });
        let (known, chain) = read.await?;
        if known.is_some() {
            return Ok(());
        }
        if chain.is_none() {
            tracing::warn!("the wallet's build is signed once the trust anchor has vouched for us again");
            return Ok(());
        }
        let claims = WalletBuild {
            v: V1,
            iss: self.entity().clone(),
            iat: now.numeric(),
            jti: random::message_id(now),
            salt: random::salt(),
            build,
        };
        let signed = Attested::sign(claims, &self.keys().signing)?;
        let now_ms = self.now_ms();
        let written = self.db().write(move |conn| {
            let first = wallet_build_insert(conn, &build, signed.jws())?;
            if first {
                outbox_insert(conn, &[(EntryType::Build, signed.digest())], now_ms)?;
            }
            Ok::<_, DatabaseError>(first)
        });
        if written.await? {
            self.wake_anchor();
        }
        Ok(())
    }
}
