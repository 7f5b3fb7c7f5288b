//! Telling our own systems to erase: a CloudEvent whose data is the signed order, until each confirms.
//!
//! Guarantees: the order goes out as it was signed, under the same id each time; only a 2xx that names that id counts; what a system says
//! otherwise, 4xx included, is tried again, because the duty does not end; after 72 h it is parked, with an alarm, and the citizen is
//! told. No lock is held across a call. A system without an address fetches its orders.

use futures_util::{StreamExt as _, stream};
use schemas::{
    erasure::ErasureConfirmation,
    id::EntityId,
    notice::NoticeKind,
    time::Timestamp,
    webhook::{DATA_TYPE, MEDIA_TYPE, SpecVersion, WebhookEvent, WebhookType},
};
use service_kit::{db::DatabaseError, http_client::Reply};

use super::{Moment, RetentionError};
use crate::{
    app::App,
    notices,
    store::retention::{
        orders::{StoredOrder, order_confirm, order_later, order_park, orders_due, orders_replay},
        retention_find,
    },
    triggers::back_off,
    webhooks::Outside,
};

/// After so long without a confirmation an order is parked: 72 h.
const PARK_MS: i64 = 72 * 3_600_000;
/// Orders of one round.
const ROUND: i64 = 200;
/// Calls at once.
const AT_ONCE: usize = 8;

/// Why a system has not confirmed.
struct Unconfirmed {
    problem: String,
    retry_after: Option<u32>,
}

/// Tells every system whose turn it is.
pub(super) async fn run(app: &App, at: Moment) -> Result<(), RetentionError> {
    let now_ms = at.now_ms;
    let due = app.db().read(move |conn| Ok::<_, RetentionError>(orders_due(conn, now_ms, ROUND)?)).await?;
    let told: Vec<Result<(), RetentionError>> =
        stream::iter(due).map(|order| one(app, order, at)).buffer_unordered(AT_ONCE).collect().await;
    told.into_iter().collect()
}

async fn one(app: &App, order: StoredOrder, at: Moment) -> Result<(), RetentionError> {
    let said = match app.areas().retention.systems.get(&order.system) {
        Some(system) => post(app.entity(), system, &order).await,
        None => Err(Unconfirmed { problem: "it has not fetched its order".to_owned(), retry_after: None }),
    };
    let (id, system, now) = (order.id.clone(), order.system.clone(), at.now);
    match said {
        Ok(()) => {
            let confirmed =
                app.db().write(move |conn| Ok::<_, RetentionError>(order_confirm(conn, &id, &system, now)?));
            confirmed.await.map(drop)
        }
        Err(said) => later(app, &order, said, at).await,
    }
}

/// The event of an order.
pub(super) fn event(us: &EntityId, order: &StoredOrder) -> WebhookEvent {
    WebhookEvent {
        specversion: SpecVersion::V1,
        id: order.id.clone(),
        source: us.clone(),
        kind: WebhookType::Erase,
        subject: order.exchange.clone(),
        time: Timestamp::from_seconds(order.since_ms.div_euclid(1000)),
        datacontenttype: DATA_TYPE.to_owned(),
        data: order.jws.clone(),
    }
}

async fn post(us: &EntityId, system: &Outside, order: &StoredOrder) -> Result<(), Unconfirmed> {
    let failed = |problem: String| Unconfirmed { problem, retry_after: None };
    let body = serde_json::to_vec(&event(us, order)).map_err(|error| failed(error.to_string()))?;
    let reply = system.post(MEDIA_TYPE, &[], body).await.map_err(|error| failed(error.to_string()))?;
    confirmed(&reply, order)
}

/// Only a 2xx whose body names the order counts.
fn confirmed(reply: &Reply, order: &StoredOrder) -> Result<(), Unconfirmed> {
    let said = |problem: String| Err(Unconfirmed { problem, retry_after: reply.retry_after });
    if !(200..300).contains(&reply.status) {
        return said(format!("it said {}", reply.status));
    }
    match serde_json::from_slice::<ErasureConfirmation>(&reply.body) {
        Ok(confirmation) if confirmation.id == order.id => Ok(()),
        Ok(_) => said("it confirmed another order".to_owned()),
        Err(_) => said("its answer is no confirmation".to_owned()),
    }
}

async fn later(
    app: &App,
    order: &StoredOrder,
    said: Unconfirmed,
    Moment { now, now_ms }: Moment,
) -> Result<(), RetentionError> {
    let id = order.id.clone();
    let (system, exchange, problem) = (&order.system, &order.exchange, &said.problem);
    if now_ms.saturating_sub(order.since_ms) < PARK_MS {
        tracing::warn!(%system, %exchange, problem, "an erasure is not confirmed yet");
        let next = back_off::next_ms(now_ms, order.tries, said.retry_after);
        return app.db().write(move |conn| Ok(order_later(conn, &id, next)?)).await;
    }
    tracing::error!(%system, %exchange, problem, "an erasure was not confirmed for 72 hours and is parked");
    let (keys, exchange) = (app.keys().clone(), order.exchange.clone());
    let parked = app.db().write(move |conn| {
        let told = order_park(conn, &id)?.then(|| retention_find(conn, &exchange)).transpose()?.flatten();
        if let Some((retained, person)) = told.and_then(|mut told| told.person.take().map(|person| (told, person))) {
            let kind = NoticeKind::ErasureOverdue { exchange, provider: retained.provider, dataset: retained.dataset };
            notices::write(conn, &keys, &person, &kind, now)?;
        }
        Ok::<_, RetentionError>(())
    });
    parked.await?;
    app.wake_notices();
    Ok(())
}

impl App {
    /// Sends parked orders again; how many.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn replay_erasures(&self) -> Result<usize, DatabaseError> {
        let now_ms = self.now_ms();
        let again = self.db().write(move |conn| Ok::<_, DatabaseError>(orders_replay(conn, now_ms)?)).await?;
        self.wakes().wake(super::RETENTION);
        Ok(again)
    }
}
