//! Telling sources what became of their events.
//!
//! Guarantees: an application is offered until its source has it, or says for good that it will not take it; each source has a task,
//! a lease and a back-off of its own.

use schemas::id::{CompactJws, EntityId};
use service_kit::{db::DatabaseError, lease::Lease};

use super::{
    TriggerError, back_off,
    outbound::{Below, post_json},
    receive_applied::{AppliedBatch, AppliedTaken},
    turns::Task,
};
use crate::{
    app::App,
    store::triggers::work::{Work, returns_done, returns_due, returns_later, sources_to_tell},
};

const BATCH: i64 = 100;

/// Sees to it that every source is told, and waits for none.
pub(crate) async fn start(app: &App) -> Result<(), TriggerError> {
    begin(app).await.map(drop)
}

/// The same, and waits for all of them; the first error.
#[cfg(test)]
pub(crate) async fn run(app: &App) -> Result<(), TriggerError> {
    super::turns::ended(begin(app).await?).await
}

async fn begin(app: &App) -> Result<Vec<Task>, TriggerError> {
    let now_ms = app.now_ms();
    let sources = app.db().read(move |conn| Ok::<_, DatabaseError>(sources_to_tell(conn, now_ms)?)).await?;
    Ok(app
        .triggers()
        .returning
        .begin_all(app, super::RETURNS, sources, |app, source, lease| Box::pin(one(app, source, lease))))
}

async fn one(app: &App, source: &EntityId, lease: &Lease) -> Result<(), TriggerError> {
    loop {
        let works = due(app, source).await?;
        if works.is_empty() {
            return Ok(());
        }
        offer(app, source, works).await?;
        if !app.renew(lease).await? {
            return Ok(());
        }
    }
}

async fn due(app: &App, source: &EntityId) -> Result<Vec<Work>, TriggerError> {
    let (source, now_ms) = (source.clone(), app.now_ms());
    Ok(app.db().read(move |conn| Ok::<_, DatabaseError>(returns_due(conn, &source, now_ms, BATCH)?)).await?)
}

async fn offer(app: &App, source: &EntityId, works: Vec<Work>) -> Result<(), TriggerError> {
    let applied: Vec<CompactJws> = works.iter().map(|work| work.jws.clone()).collect();
    let answered = post_json::<AppliedTaken>(app, source, Below::Applied, &AppliedBatch { applied }).await;
    let from = source.clone();
    match answered {
        Ok(taken) => {
            if !taken.refused.is_empty() {
                let refused = taken.refused.len();
                tracing::error!(%source, refused, "a source does not take applications of its own events");
            }
            Ok(app.db().write(move |conn| Ok::<_, DatabaseError>(returns_done(conn, &from, &works)?)).await?)
        }
        Err(error) => {
            let tries = works.iter().map(|work| work.tries).min().unwrap_or(0);
            let next = back_off::next_ms(app.now_ms(), tries, error.retry_after());
            app.db().write(move |conn| Ok::<_, DatabaseError>(returns_later(conn, &from, &works, next)?)).await?;
            Err(error)
        }
    }
}
