//! A feed as its subscriber reads it: a page of events under a signed head.
//!
//! Guarantees: the head names the last number and the Merkle root over every event's digest; it is stored and on its way to the
//! log before it is given out. Deliberately absent: anybody else's feed; whose it is, the certificate says.

use protocol::{event::Source, exchange::Attested};
use schemas::{
    event::FeedHead,
    id::{CompactJws, EntityId},
};
use serde::{Deserialize, Serialize};
use service_kit::db::{AnyConnection, DatabaseError};
use tlog::entry::EntryType;

use super::{TriggerError, error::blocking};
use crate::{
    app::App,
    store::{
        outbox::outbox_insert,
        triggers::{
            Side,
            feeds::{feed_digests, feed_head_signed, feed_last, feed_page},
            heads::{head_insert, head_latest},
            stored_claims,
            told::told_counts,
        },
    },
};

/// Over how long a heartbeat counts: 24 h.
const DAY_MS: i64 = 86_400_000;
/// Most events of one page.
pub const PAGE: u32 = 1_000;
/// Most bytes of events in one page: a whole answer stays below the 1 MB that a peer takes.
const PAGE_BYTES: usize = 900 * 1024;

/// A page of a feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedPage {
    /// `dx-feed-head+jwt`.
    pub head: CompactJws,
    /// Events after the number asked for, in order; fewer than there are if they are large.
    pub events: Vec<CompactJws>,
}

impl App {
    /// A page of the caller's own feed.
    ///
    /// # Errors
    /// If the database fails or nothing can be signed.
    pub async fn feed_page(&self, subscriber: &EntityId, after: u64, limit: u32) -> Result<FeedPage, TriggerError> {
        let (app, subscriber) = (self.clone(), subscriber.clone());
        let page = blocking(move || {
            let limit = i64::from(limit.clamp(1, PAGE));
            app.db().write_blocking(|conn| {
                let events = feed_page(conn, &subscriber, after, limit)?;
                Ok(FeedPage {
                    head: current_head(&app, conn, &subscriber)?,
                    events: events.into_iter().map(|event| event.jws).collect(),
                })
            })
        })
        .await?;
        self.wake_anchor();
        Ok(within_bytes(page))
    }
}

fn within_bytes(mut page: FeedPage) -> FeedPage {
    let mut bytes = page.head.as_str().len();
    let fits = page.events.iter().take_while(|event| {
        bytes += event.as_str().len() + 3;
        bytes <= PAGE_BYTES
    });
    let count = fits.count();
    page.events.truncate(count);
    page
}

/// The head that names every event of the feed: the one signed last, or a new one.
fn current_head(app: &App, conn: &mut AnyConnection, subscriber: &EntityId) -> Result<CompactJws, TriggerError> {
    let last = feed_last(conn, subscriber)?;
    if let Some(known) = head_latest(conn, Side::Source, subscriber)?
        && stored_claims::<FeedHead>(known.as_str())?.last_seq == last
    {
        return Ok(known);
    }
    Ok(sign_head(app, conn, subscriber)?.jws().clone())
}

/// Signs the head of a feed as it stands in this transaction, stores it and queues it for the log.
pub(super) fn sign_head(
    app: &App,
    conn: &mut AnyConnection,
    subscriber: &EntityId,
) -> Result<Attested<FeedHead>, TriggerError> {
    let digests = feed_digests(conn, subscriber)?;
    let source = Source { entity: app.entity(), signing: &app.keys().signing };
    let now_ms = app.now_ms();
    let counts = told_counts(conn, subscriber, now_ms.saturating_sub(DAY_MS))?.into_iter().collect();
    let head = source.heartbeat(subscriber, &digests, (Some(counts), None), app.now())?;
    head_insert(conn, Side::Source, subscriber, &head, now_ms)?;
    feed_head_signed(conn, subscriber, now_ms)?;
    outbox_insert(conn, &[(EntryType::Head, head.digest())], now_ms).map_err(DatabaseError::from)?;
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_stays_below_what_a_peer_takes() {
        let event: CompactJws = format!("e30.{}.AA", "A".repeat(16_000)).parse().unwrap();
        let page = FeedPage { head: event.clone(), events: vec![event; 100] };
        let page = within_bytes(page);
        assert_eq!(page.events.len(), 56);
        assert!(serde_json::to_vec(&page).unwrap().len() < 1024 * 1024);
    }
}
