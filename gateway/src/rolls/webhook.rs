//! Handing a change of a roll to the department's own system, where that one makes it.
//!
//! Guarantees: each order is signed by the gateway's own key for that address alone, and goes over TLS to the very address that the
//! configuration names; that it was taken proves nothing, the row must read back. Deliberately absent: patience; what was not taken
//! is handed over again by the next settling of the roll.

use std::collections::BTreeMap;

use protocol::seal::{SigningKey, Typ, random, sign};
use registry_adapter::{
    journal::{Action, RowValues},
    roll::{ChangeSender, NotSent, RollChange},
};
use schemas::{
    id::{CompactJws, EntityId},
    roll_order::{RollAction, RollOrder},
    version::V1,
};
use service_kit::clock::Clock;
use tokio::runtime::Handle;

use crate::{
    app::{Foundation, StartError},
    webhooks::{Outside, WebhookSettings},
};

/// Media type of an order.
pub const MEDIA_TYPE: &str = "application/dx-roll-order+jwt";

/// The department's system.
pub(crate) struct RollWebhook {
    outside: Outside,
    address: String,
    us: EntityId,
    signing: SigningKey,
    clock: Clock,
}

impl std::fmt::Debug for RollWebhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RollWebhook").field(&self.address).finish()
    }
}

impl RollWebhook {
    /// Makes the client.
    ///
    /// # Errors
    /// If the address or the certificates cannot be used.
    pub(crate) fn open(foundation: &Foundation, settings: &WebhookSettings) -> Result<Self, StartError> {
        Ok(Self {
            outside: Outside::open(settings, &foundation.networks)?,
            address: settings.url.to_string(),
            us: foundation.config.entity.clone(),
            signing: foundation.keys.signing.clone(),
            clock: foundation.clock.clone(),
        })
    }

    fn order(&self, change: &RollChange) -> Result<CompactJws, NotSent> {
        let now = self.clock.now();
        let order = RollOrder {
            v: V1,
            iss: self.us.clone(),
            aud: self.address.clone(),
            iat: now.numeric(),
            jti: random::message_id(now),
            decision: change.decision.clone(),
            roll: change.roll.dataset().clone(),
            row: change.row_key.as_str().to_owned(),
            action: action(change.action).ok_or_else(|| NotSent("nothing is to be changed".to_owned()))?,
            reason: change.reason.parse().map_err(|_| NotSent("a reason that is no code".to_owned()))?,
            before: change.before.as_ref().map(columns),
            after: columns(&change.after),
        };
        sign(Typ::RollOrder, &self.signing, &order).map_err(|error| NotSent(error.to_string()))
    }
}

fn columns(row: &RowValues) -> BTreeMap<String, Option<String>> {
    row.columns().map(|(name, value)| (name.to_owned(), value.map(str::to_owned))).collect()
}

const fn action(action: Action) -> Option<RollAction> {
    Some(match action {
        Action::Hold => RollAction::Hold,
        Action::Release => RollAction::Release,
        Action::Enrol => RollAction::Enrol,
        Action::Remove => RollAction::Remove,
        Action::Restore => RollAction::Restore,
        Action::Amend => RollAction::Amend,
        Action::Outside => return None,
    })
}

impl ChangeSender for RollWebhook {
    fn send(&self, change: &RollChange) -> Result<(), NotSent> {
        let order = self.order(change)?;
        let runtime = Handle::try_current().map_err(|error| NotSent(error.to_string()))?;
        // Rolls are written on threads that may block.
        let reply = runtime.block_on(self.outside.post(MEDIA_TYPE, &[], order.as_str().as_bytes().to_vec()));
        let reply = reply.map_err(|error| NotSent(error.to_string()))?;
        if (200..300).contains(&reply.status) { Ok(()) } else { Err(NotSent(format!("it said {}", reply.status))) }
    }
}
