//! Uses become notices, for those who want to hear of each, or of a week in one.
//!
//! Guarantees: the receipts themselves are the outbox, so that an answer pays nothing for this; each use is told once (by its
//! exchange), also one whose receipt was committed late; a use that a law keeps back for a time is not told here at all. Deliberately
//! absent: refused uses, and people who have chosen nothing.

use std::collections::BTreeSet;

use protocol::seal::decode_base64url;
use schemas::{
    id::MessageId,
    notice::{NoticeKind, NoticeLevel},
    receipt::{Outcome, Receipt},
    time::Timestamp,
};
use service_kit::db::AnyConnection;

use super::{NoticeError, Person, write};
use crate::{
    app::App,
    keys::Keys,
    store::notices::{
        preferences::{Listener, listener_told, listeners_due},
        uses::receipts_between,
    },
};

/// How late a receipt may be committed after the second that it names.
const LATE: i64 = 600;
/// Seconds of a week.
const WEEK: i64 = 7 * 86_400;
/// Listeners of one round.
const ROUND: i64 = 500;
/// Between two tellings of the same person, seconds.
const PACE: i64 = 60;

/// One round.
pub(super) async fn run(app: &App) -> Result<(), NoticeError> {
    run_at(app, app.now()).await
}

/// One round at an instant.
pub(super) async fn run_at(app: &App, now: Timestamp) -> Result<(), NoticeError> {
    let due = app.db().read(move |conn| {
        let mut due = listeners_due(conn, NoticeLevel::EveryUse, now.plus(-PACE), ROUND)?;
        due.extend(listeners_due(conn, NoticeLevel::Weekly, now.plus(-WEEK - LATE), ROUND)?);
        Ok::<_, NoticeError>(due)
    });
    let due = due.await?;
    if due.is_empty() {
        return Ok(());
    }
    for listener in due {
        let keys = app.keys().clone();
        let told = app.db().write(move |conn| tell(conn, &keys, &listener, now));
        told.await?;
    }
    app.wake_notices();
    Ok(())
}

fn tell(conn: &mut AnyConnection, keys: &Keys, listener: &Listener, now: Timestamp) -> Result<(), NoticeError> {
    if listener.level == NoticeLevel::Weekly {
        return summary(conn, keys, listener, now);
    }
    if !listener_told(conn, listener, now)? {
        return Ok(());
    }
    for receipt in used(conn, &listener.person, listener.told.plus(-LATE), now)? {
        write(conn, keys, &listener.person, &of(receipt), now)?;
    }
    Ok(())
}

/// The whole days from the last telling on, seven of them.
fn summary(conn: &mut AnyConnection, keys: &Keys, listener: &Listener, now: Timestamp) -> Result<(), NoticeError> {
    let from = listener.told.civil_day();
    let end = from.start().plus(WEEK);
    let end = if end > listener.told { end } else { listener.told.plus(WEEK) };
    if !listener_told(conn, listener, end)? {
        return Ok(());
    }
    let exchanges: BTreeSet<MessageId> =
        used(conn, &listener.person, listener.told, end)?.into_iter().map(|receipt| receipt.exchange).collect();
    if exchanges.is_empty() {
        return Ok(());
    }
    let uses = u32::try_from(exchanges.len()).unwrap_or(u32::MAX);
    let kind = NoticeKind::Summary { uses, from, until: end.plus(-1).civil_day() };
    write(conn, keys, &listener.person, &kind, now)
}

/// Receipts of answers about her, from a second on and before another, that she may be told of now.
fn used(
    conn: &mut AnyConnection,
    person: &Person,
    from: Timestamp,
    before: Timestamp,
) -> Result<Vec<Receipt>, NoticeError> {
    let stored = receipts_between(conn, person, from, before)?;
    let read = stored.iter().filter_map(|jws| {
        let payload = decode_base64url(jws.as_str().split('.').nth(1)?).ok()?;
        serde_json::from_slice::<Receipt>(&payload).ok()
    });
    Ok(read.filter(|receipt| receipt.outcome == Outcome::Answered).collect())
}

fn of(receipt: Receipt) -> NoticeKind {
    let Receipt { exchange, role, peer, purpose, dataset, .. } = receipt;
    NoticeKind::Use { exchange, role, peer, purpose, dataset }
}
