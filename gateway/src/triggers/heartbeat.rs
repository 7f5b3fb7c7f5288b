//! Every 15 minutes: the signed head of each feed, logged and sent, so that silence and gaps show.
//!
//! Deliberately absent: retries; the next heartbeat says the same and more.

use futures_util::future::join_all;
use service_kit::db::DatabaseError;

use super::{
    TriggerError,
    error::blocking,
    feed::sign_head,
    outbound::{Below, post},
};
use crate::{
    app::App,
    store::triggers::{
        feeds::{FeedState, feeds_without_head_since},
        follows::follow_claims_prune,
    },
};

/// Media type of a feed's head.
pub const FEED_HEAD: &str = "application/dx-feed-head+jwt";
const EVERY_MS: i64 = 15 * 60_000;

/// Signs and sends the heads that are due.
pub(crate) async fn run(app: &App) -> Result<(), TriggerError> {
    let before = app.now_ms().saturating_sub(EVERY_MS);
    app.db().write(move |conn| Ok::<_, DatabaseError>(follow_claims_prune(conn, before)?)).await?;
    let due = app.db().read(move |conn| Ok::<_, DatabaseError>(feeds_without_head_since(conn, before)?)).await?;
    if due.is_empty() {
        return Ok(());
    }
    let Some(lease) = app.lease(super::HEARTBEAT).await? else { return Ok(()) };
    let sent = join_all(due.into_iter().map(|feed| one(app, feed))).await;
    app.release(lease).await?;
    app.wake_anchor();
    sent.into_iter().collect()
}

async fn one(app: &App, feed: FeedState) -> Result<(), TriggerError> {
    let (signing, subscriber) = (app.clone(), feed.subscriber.clone());
    let head = blocking(move || signing.db().write_blocking(|conn| sign_head(&signing, conn, &subscriber))).await?;
    if let Err(error) =
        post(app, &feed.subscriber, Below::Feed, FEED_HEAD, head.jws().as_str().as_bytes().to_vec()).await
    {
        tracing::info!(%error, subscriber = %feed.subscriber, "a heartbeat was not taken; the next one follows");
    }
    Ok(())
}
