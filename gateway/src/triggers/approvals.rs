//! The data owner's word on subscriptions: approving one that speaks of everybody, ending one before its last day.
//!
//! Guarantees: an approval is a copy of the very terms, signed and logged like the copies of both sides; it and an end are rows of the
//! audit trail, under the name of whoever gave the word; neither is taken back. Deliberately absent: who may give it; the command runs
//! where the department's keys are.

use protocol::event::sign_subscription;
use schemas::{
    event::SubscriptionScope,
    id::{MessageId, SystemName},
};
use service_kit::db::DatabaseError;
use tlog::entry::EntryType;

use super::TriggerError;
use crate::{
    app::App,
    audit,
    store::{
        outbox::outbox_insert,
        triggers::{
            Side,
            scopes::{approval_insert, end_insert, scope_find},
            subscriptions::{SubscriptionRow, copy_terms, subscription_find},
        },
    },
};

const APPROVE: &str = "subscription.approve";
const END: &str = "subscription.end";

impl App {
    /// Approves a subscription that speaks of everybody. Doing it again changes nothing.
    ///
    /// # Errors
    /// If there is no such subscription of ours as a source, it follows a list and needs no approval, or the database fails.
    pub async fn approve_subscription(&self, id: &MessageId, owner: &str) -> Result<(), TriggerError> {
        let owner: SystemName = owner.parse().map_err(|_| TriggerError::Answer("the data owner's name is no name"))?;
        let row = self.own_subscription(id).await?;
        let copy = row.subscriber_copy.as_ref().ok_or(TriggerError::Answer("the subscription is not signed"))?;
        let terms = copy_terms(copy).map_err(DatabaseError::from)?;
        if terms.scope != SubscriptionScope::Population {
            return Err(TriggerError::Answer("a subscription with a follow list needs no approval"));
        }
        let (now, now_ms, id) = (self.now(), self.now_ms(), id.clone());
        let approval = sign_subscription(&terms, self.entity(), &self.keys().signing, now)?;
        self.db()
            .write(move |conn| {
                if approval_insert(conn, &id, &owner, approval.jws(), now_ms)? {
                    outbox_insert(conn, &[(EntryType::Version, approval.digest())], now_ms)?;
                    audit::append(conn, &audit::done(owner.as_str(), APPROVE, id.as_str(), now))?;
                }
                Ok::<_, TriggerError>(())
            })
            .await?;
        self.wake_anchor();
        Ok(())
    }

    /// Ends a subscription on our side before its last day; nothing more is told under it. Doing it again changes nothing.
    ///
    /// # Errors
    /// If there is no such subscription of ours as a source, or the database fails.
    pub async fn end_subscription(&self, id: &MessageId, by: &str, reason: &str) -> Result<(), TriggerError> {
        let row = self.own_subscription(id).await?;
        let (now, now_ms, by, reason) = (self.now(), self.now_ms(), by.to_owned(), reason.to_owned());
        self.db()
            .write(move |conn| {
                if end_insert(conn, &row.id, &by, &reason, now_ms)? {
                    audit::append(conn, &audit::done(&by, END, row.id.as_str(), now))?;
                }
                Ok::<_, TriggerError>(())
            })
            .await
    }

    async fn own_subscription(&self, id: &MessageId) -> Result<SubscriptionRow, TriggerError> {
        let id = id.clone();
        let row = self.db().read(move |conn| {
            let row = subscription_find(conn, Side::Source, &id)?;
            // Of one that is there, the scope can be read.
            row.as_ref().map(|row| scope_find(conn, &row.id)).transpose()?;
            Ok::<_, DatabaseError>(row)
        });
        row.await?.ok_or(TriggerError::Answer("this department is the source of no such subscription"))
    }
}
