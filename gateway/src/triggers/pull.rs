//! Reading feeds again: pull is the truth, push is a hint.
//!
//! Guarantees: what a signed head names and is not here is fetched and taken like a delivery; events that are here and are not
//! those of the head are evidence of equivocation; while a source delivers by itself, without gaps, its feed is left alone.
//! Deliberately absent: trust in a page without a verified head.

use std::collections::BTreeSet;

use protocol::{
    event::{FeedMismatch, accept_feed_head, check_feed},
    exchange::Attested,
};
use schemas::{event::FeedHead, id::EntityId, problem::Code};
use service_kit::{db::DatabaseError, lease::Lease};

use super::{
    PULL, TriggerError,
    delivery::BATCH,
    feed::{FeedPage, PAGE},
    outbound::{Below, fetch_json},
    turns::Task,
};
use crate::{
    app::App,
    exchange::Rejected,
    store::triggers::{
        Side,
        heads::head_insert,
        inbox::{inbox_contiguous, inbox_digests, inbox_last, inbox_run_end},
        subscriptions::{subscriptions_all, subscriptions_with},
    },
};

/// Sees to it that the feed of every source that we follow is read, and waits for none.
pub(crate) async fn start(app: &App) -> Result<(), TriggerError> {
    begin(app).await.map(drop)
}

/// The same, and waits for all of them; the first error.
#[cfg(test)]
pub(crate) async fn run(app: &App) -> Result<(), TriggerError> {
    super::turns::ended(begin(app).await?).await
}

async fn begin(app: &App) -> Result<Vec<Task>, TriggerError> {
    let sources = sources(app).await?;
    Ok(app.triggers().pulling.begin_all(app, PULL, sources, |app, source, lease| Box::pin(one(app, source, lease))))
}

/// Everybody of whom we hear.
async fn sources(app: &App) -> Result<BTreeSet<EntityId>, TriggerError> {
    let rows = app.db().read(|conn| Ok::<_, DatabaseError>(subscriptions_all(conn, Side::Subscriber)?)).await?;
    let today = app.now().civil_day();
    Ok(rows.into_iter().filter(|row| row.in_force(today)).map(|row| row.peer).collect())
}

async fn one(app: &App, source: &EntityId, lease: &Lease) -> Result<(), TriggerError> {
    by_pages(app, source, lease, PAGE).await
}

/// Reads one feed by pages of so many events at most.
pub(super) async fn by_pages(app: &App, source: &EntityId, lease: &Lease, page: u32) -> Result<(), TriggerError> {
    let (from, today) = (source.clone(), app.now().civil_day());
    let rows =
        app.db().read(move |conn| Ok::<_, DatabaseError>(subscriptions_with(conn, Side::Subscriber, &from)?)).await?;
    if !rows.iter().any(|row| row.in_force(today)) {
        return Ok(());
    }
    let mut after = mark(app, source).await?.contiguous;
    loop {
        let here = mark(app, source).await?;
        if app.triggers().flow.is_delivering(source, (here.contiguous, here.last), app.clock().monotonic()) {
            return Ok(());
        }
        let (from, limit) = (after.to_string(), page.to_string());
        let page: FeedPage = fetch_json(app, source, Below::Feed, &[("after", &from), ("limit", &limit)]).await?;
        let head = verify_head(app, source, page.head.as_str().as_bytes())?;
        let mut read = after;
        for events in page.events.chunks(BATCH) {
            let taken = app
                .take_events(source, events)
                .await
                .map_err(|_| TriggerError::Answer("an event of the feed is not taken"))?;
            read = read.max(taken.last);
        }
        if !app.renew(lease).await? {
            return Ok(());
        }
        // What was refused stays missing, and keeps nothing that comes after it from being read.
        let next = before_next_gap(app, source, read).await?;
        if next >= head.claims().last_seq || next <= after {
            let contiguous = mark(app, source).await?.contiguous;
            app.triggers().flow.was_read(source, contiguous, app.clock().monotonic());
            return compare(app, source, &head).await;
        }
        after = next;
    }
}

/// The last number from this one on before something is missing.
async fn before_next_gap(app: &App, source: &EntityId, from: u64) -> Result<u64, DatabaseError> {
    let source = source.clone();
    app.db().read(move |conn| Ok(inbox_run_end(conn, &source, from)?)).await
}

/// Numbers of a source's events that are here.
struct Mark {
    /// Up to this one nothing is missing.
    contiguous: u64,
    last: u64,
}

async fn mark(app: &App, source: &EntityId) -> Result<Mark, DatabaseError> {
    let source = source.clone();
    app.db()
        .read(move |conn| Ok(Mark { contiguous: inbox_contiguous(conn, &source)?, last: inbox_last(conn, &source)? }))
        .await
}

fn verify_head(app: &App, source: &EntityId, head: &[u8]) -> Result<Attested<FeedHead>, TriggerError> {
    let directory = app.directory();
    let member = directory.peer(source, app.now())?;
    accept_feed_head(head, member, app.entity()).map_err(|code| {
        tracing::warn!(%source, %code, "the head of a feed is not taken");
        TriggerError::Answer("the head of the feed does not verify")
    })
}

/// Keeps the head and holds what is here against it.
async fn compare(app: &App, source: &EntityId, head: &Attested<FeedHead>) -> Result<(), TriggerError> {
    let (peer, head, now_ms) = (source.clone(), head.clone(), app.now_ms());
    let compared = app
        .db()
        .write(move |conn| {
            head_insert(conn, Side::Subscriber, &peer, &head, now_ms)?;
            let held = inbox_digests(conn, &peer, head.claims().last_seq)?;
            Ok::<_, DatabaseError>(check_feed(head.claims(), &held))
        })
        .await?;
    match compared {
        Err(FeedMismatch::Different) => {
            metrics::counter!("equivocations_total").increment(1);
            tracing::error!(%source, "the events that are here are not those of the source's signed head");
        }
        // Some of it was refused; the source has parked it.
        Err(error @ FeedMismatch::Missing { .. }) => tracing::warn!(%source, %error, "the feed has gaps here"),
        Ok(()) => {}
    }
    Ok(())
}

impl App {
    /// Takes a source's heartbeat.
    ///
    /// # Errors
    /// `peer-unknown`, `peer-suspended`, `directory-outdated`; those of the token; `audience-wrong`; `access-denied` from who is
    /// not followed.
    pub async fn receive_head(&self, caller: &EntityId, body: &[u8]) -> Result<(), Rejected> {
        let (now, directory) = (self.now(), self.directory());
        let source = directory.peer(caller, now).map_err(|refusal| Rejected::new(refusal.code()))?;
        let head = accept_feed_head(body, source, self.entity()).map_err(Rejected::new)?;
        let heard = sources(self).await.map_err(|error| {
            tracing::warn!(%error, "a heartbeat could not be judged");
            Rejected::new(Code::Overloaded).retry_after(1)
        })?;
        if !heard.contains(caller) {
            return Err(Rejected::new(Code::AccessDenied));
        }
        let here = mark(self, caller).await?.contiguous;
        if here < head.claims().last_seq {
            self.wakes().wake(PULL);
        }
        compare(self, caller, &head).await.map_err(|error| {
            tracing::warn!(%error, "a heartbeat could not be kept");
            Rejected::new(Code::Overloaded).retry_after(1)
        })
    }
}
