//! Telling sources what became of their events.
//!
//! Guarantees: an application is offered until its source has it, or says for good that it will not take it.

use std::collections::BTreeMap;

use schemas::id::{CompactJws, EntityId};
use service_kit::db::DatabaseError;

use super::{
    TriggerError, back_off,
    outbound::{Below, post_json},
    receive_applied::{AppliedBatch, AppliedTaken},
};
use crate::{
    app::App,
    store::triggers::work::{Work, return_done, return_later, returns_due},
};

const BATCH: i64 = 100;

/// Returns what is due.
pub(crate) async fn run(app: &App) -> Result<(), TriggerError> {
    if due(app).await?.is_empty() {
        return Ok(());
    }
    let Some(lease) = app.lease(super::RETURNS).await? else { return Ok(()) };
    let mut by_source: BTreeMap<EntityId, Vec<Work>> = BTreeMap::new();
    for work in due(app).await? {
        by_source.entry(work.source.clone()).or_default().push(work);
    }
    let mut first_error = None;
    for (source, works) in by_source {
        if let Err(error) = offer(app, &source, &works).await {
            first_error.get_or_insert(error);
        }
        app.renew(&lease).await?;
    }
    app.release(lease).await?;
    first_error.map_or(Ok(()), Err)
}

async fn due(app: &App) -> Result<Vec<Work>, TriggerError> {
    let now_ms = app.now_ms();
    Ok(app.db().read(move |conn| Ok::<_, DatabaseError>(returns_due(conn, now_ms, BATCH)?)).await?)
}

async fn offer(app: &App, source: &EntityId, works: &[Work]) -> Result<(), TriggerError> {
    let applied: Vec<CompactJws> = works.iter().map(|work| work.jws.clone()).collect();
    let answered = post_json::<AppliedTaken>(app, source, Below::Applied, &AppliedBatch { applied }).await;
    let refused = match &answered {
        Ok(taken) => taken.refused.len(),
        Err(error) => {
            let (works, retry_after, now_ms) = (works.to_vec(), error.retry_after(), app.now_ms());
            app.db()
                .write(move |conn| {
                    for work in &works {
                        return_later(
                            conn,
                            &work.source,
                            &work.event,
                            back_off::next_ms(now_ms, work.tries, retry_after),
                        )?;
                    }
                    Ok::<_, DatabaseError>(())
                })
                .await?;
            0
        }
    };
    answered?;
    if refused > 0 {
        tracing::error!(%source, refused, "a source does not take applications of its own events");
    }
    let works = works.to_vec();
    let done = app.db().write(move |conn| {
        works.iter().try_for_each(|work| return_done(conn, &work.source, &work.event)).map_err(DatabaseError::from)
    });
    Ok(done.await?)
}
