//! Work of this area that comes round: status lists as often as the directory, orders every other second, what has ended every
//! hour.

use schemas::time::Timestamp;
use service_kit::{
    db::DatabaseError,
    jobs::{Jobs, JobsError},
};

use crate::{
    app::App,
    store::{
        consents::spent::spent_prune,
        identity::{offers::offers_prune, tokens::tokens_prune},
        links_open::open_prune,
    },
};

/// The job that fetches status lists.
pub const STATUSES: &str = "statuses";
/// The job that carries citizens' orders to the other party.
pub const ORDERS: &str = "orders";
/// The job that removes what has ended.
pub const PRUNE: &str = "citizen-prune";
/// How long after its end a row is kept, seconds.
const KEPT: i64 = 3600;
/// How long somebody waits for an officer to link her, seconds: a month.
const WAITING: i64 = 30 * 86_400;

/// Registers the jobs and wakes the first.
///
/// # Errors
/// If the scheduler refuses.
pub async fn schedule(app: &App, jobs: &mut Jobs) -> Result<(), JobsError> {
    let fetching = app.clone();
    let wake = jobs
        .every(&crate::jobs::pattern(app.config().anchor.refresh.0, 30), STATUSES, move || {
            let app = fetching.clone();
            async move { app.statuses().refresh(&app).await }
        })
        .await?;
    app.wakes().put(STATUSES, wake);
    let carrying = app.clone();
    jobs.every("*/2 * * * * *", ORDERS, move || {
        let app = carrying.clone();
        async move {
            let now_ms = i64::try_from(app.clock().now_ms()).unwrap_or(i64::MAX);
            app.forward_orders_apart(now_ms).await
        }
    })
    .await?;
    let pruning = app.clone();
    jobs.every("0 17 * * * *", PRUNE, move || {
        let app = pruning.clone();
        async move { prune(&app, app.now().plus(-KEPT)).await }
    })
    .await?;
    app.wakes().wake(STATUSES);
    Ok(())
}

async fn prune(app: &App, before: Timestamp) -> Result<(), DatabaseError> {
    app.db()
        .write(move |conn| {
            spent_prune(conn, before)?;
            offers_prune(conn, before)?;
            tokens_prune(conn, before)?;
            open_prune(conn, before.plus(KEPT - WAITING))?;
            Ok(())
        })
        .await
}
