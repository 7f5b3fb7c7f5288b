//! The end of a comparison on our side: with its marks, or broken off. And what is left open.

use protocol::overlap::Common;
use registry_adapter::key::LocalKey;
use schemas::{digest::Digest, overlap::OverlapSays};
use service_kit::db::AnyConnection;

use super::{OverlapError, ours, roll::Numbers, sessions::LIFE};
use crate::{
    app::App,
    audit,
    store::overlap::{
        End, OverlapKey, OverlapRecord, Side, State,
        marks::{MarkError, marks_insert, marks_prune},
        overlap_end, overlap_forgotten,
    },
};

/// How long marks are kept, settled or not, seconds: half a year.
const MARKS_KEPT: i64 = 180 * 86_400;
/// Marks forgotten in one pass.
const PRUNED: i64 = 5_000;

/// What the audit trail calls it.
pub(super) const COMPARED: &str = "overlap.compared";
const BROKEN: &str = "overlap.broken";

/// Ends a comparison with whom both have: row, marks, records, audit row and outbox in one commit. `false` where it had ended.
pub(super) async fn compared(
    app: &App,
    key: &OverlapKey,
    common: Common<Numbers>,
    records: Vec<OverlapRecord>,
) -> Result<bool, OverlapError> {
    let (keys, key, at, now_ms) = (app.keys().clone(), key.clone(), app.now(), app.now_ms());
    let size = u32::try_from(common.len()).unwrap_or(u32::MAX);
    let people: Vec<LocalKey> = common.into_names().into_iter().flatten().collect();
    let ended = app
        .db()
        .write(move |conn| {
            let end = End { state: State::Compared, code: None, common: Some(size), at };
            if !overlap_end(conn, &key, end)? {
                return Ok(false);
            }
            marks_insert(conn, &keys, &key, &people, at)?;
            ours::keep(conn, &key, &records, (at, now_ms))?;
            audit::append(conn, &audit::done(key.peer.as_str(), COMPARED, key.comparison.as_str(), at))?;
            Ok::<_, MarkError>(true)
        })
        .await?;
    app.wake_anchor();
    Ok(ended)
}

/// Ends a comparison that broke off. `turns`: how many this side knows of.
pub(super) async fn broken(
    app: &App,
    key: &OverlapKey,
    request: Digest,
    turns: Option<u32>,
) -> Result<(), OverlapError> {
    let statement = app.overlap_statement(key, request, OverlapSays::Broken { turns })?;
    let (record, key, at, now_ms) = (ours::record(&statement, true), key.clone(), app.now(), app.now_ms());
    app.db()
        .write(move |conn: &mut AnyConnection| {
            let end = End { state: State::Broken, code: None, common: None, at };
            if overlap_end(conn, &key, end)? {
                ours::keep(conn, &key, &[record], (at, now_ms))?;
                let row = audit::done(key.peer.as_str(), BROKEN, key.comparison.as_str(), at);
                audit::append(conn, &audit::refused(row, None))?;
            }
            Ok::<_, MarkError>(())
        })
        .await?;
    app.wake_anchor();
    Ok(())
}

/// Ends what was left: sessions of this process whose time is over, and rows that a crash left open. Forgets old marks.
pub(super) async fn tidy(app: &App) -> Result<(), OverlapError> {
    for (peer, comparison, request, turns) in app.overlaps().sweep(app.clock().monotonic()) {
        broken(app, &OverlapKey { side: Side::Answerer, peer, comparison }, request, Some(turns)).await?;
    }
    let long_ago = app.now().plus(-i64::try_from(LIFE.as_secs()).unwrap_or(i64::MAX));
    let open = app.db().read(move |conn| Ok::<_, MarkError>(overlap_forgotten(conn, long_ago)?)).await?;
    for row in open {
        broken(app, &row.key, row.request, None).await?;
    }
    let before = app.now().plus(-MARKS_KEPT);
    app.db().write(move |conn| marks_prune(conn, before, PRUNED)).await?;
    Ok(())
}
