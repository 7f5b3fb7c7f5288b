//! Every hour: does a source whose feed we hear fall silent, or tell far more or far less than it usually does?
//!
//! Guarantees: who is flagged is told in the log and by a gauge within an hour of the day being over. Deliberately absent: acting on
//! it; the breaker of each scheme does that.

use service_kit::db::DatabaseError;

use super::TriggerError;
use crate::{
    app::App,
    store::triggers::overview::{Band, InboxView, inbox_overview},
};

/// Looks at every source; gives those that are not as usual.
pub(crate) async fn run(app: &App) -> Result<(), TriggerError> {
    for view in flagged(app, app.now_ms()).await? {
        tracing::error!(source = %view.source, band = ?view.band, today = view.today, "a source of life events is silent or out of its usual band");
    }
    Ok(())
}

/// Those that are not as usual at this instant, milliseconds since the epoch.
pub(super) async fn flagged(app: &App, now_ms: i64) -> Result<Vec<InboxView>, TriggerError> {
    let views = app.db().read(move |conn| Ok::<_, DatabaseError>(inbox_overview(conn, now_ms)?)).await?;
    for view in &views {
        let flag = if view.band == Band::Usual { 0.0 } else { 1.0 };
        metrics::gauge!("feed_flagged", "source" => view.source.to_string()).set(flag);
    }
    Ok(views.into_iter().filter(|view| view.band != Band::Usual).collect())
}
