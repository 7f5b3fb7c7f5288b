//! Systems that fetch their orders instead of being told, and confirm them by themselves.

use schemas::{
    id::{MessageId, SystemName},
    webhook::WebhookEvent,
};
use service_kit::db::DatabaseError;

use super::tell::event;
use crate::{
    app::App,
    store::retention::orders::{order_confirm, orders_of_system},
};

/// Orders of one answer.
const MOST: i64 = 100;

/// A confirmation is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// No such order of this system.
    #[error("no such order")]
    Unknown,
    /// The database.
    #[error(transparent)]
    Store(#[from] DatabaseError),
}

impl App {
    /// What a system has to erase and has not confirmed, oldest first.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn erasures_for(&self, system: &SystemName) -> Result<Vec<WebhookEvent>, DatabaseError> {
        let system = system.clone();
        let orders = self.db().read(move |conn| Ok::<_, DatabaseError>(orders_of_system(conn, &system, MOST)?)).await?;
        Ok(orders.iter().map(|order| event(self.entity(), order)).collect())
    }

    /// A system says that what an order names is gone there.
    ///
    /// # Errors
    /// If it has no such order.
    pub async fn confirm_erasure(&self, system: &SystemName, order: &MessageId) -> Result<(), ConfirmError> {
        let (system, order, now) = (system.clone(), order.clone(), self.now());
        let known = self.db().write(move |conn| Ok::<_, DatabaseError>(order_confirm(conn, &order, &system, now)?));
        if !known.await? {
            return Err(ConfirmError::Unknown);
        }
        self.wakes().wake(super::RETENTION);
        Ok(())
    }
}
