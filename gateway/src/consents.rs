//! The citizen's side of every member: asking her, keeping what she gave, obeying what she orders, telling her who used it.
//!
//! Source: OpenID4VP 1.0; protocol, "Asking", "Ending it", "Who used my data". Guarantees: a consent is kept only if it is what
//! was asked, word for word, and signed by the key that answered; an order holds in the commit that acknowledges it; nobody
//! reads another person's uses. Deliberately absent: whether a consent allows a query (`protocol::consent`).

mod asked;
mod evidence;
pub mod forwarding;
mod held;
mod history;
mod links;
pub mod nonces;
mod orders;
mod presentation;
mod prune;
mod request_object;
mod response;
pub mod statuses;

pub use asked::AskError;
pub use evidence::EvidenceError;
pub use held::HeldConsentError;
pub use history::HistoryError;
pub use links::LinkError;
pub use orders::OrderError;
pub use presentation::PresentationError;
pub use prune::{PRUNE, STATUSES, schedule};
pub use request_object::RequestObjectError;
pub use response::ResponseError;
pub use statuses::StatusLists;

pub use crate::store::consents::held::HeldConsent;

use protocol::seal::encode_base64url;
use schemas::{
    id::EntityId,
    openid::{ConsentTransaction, FEDERATION_CLIENT},
};

/// What this area keeps in memory.
#[derive(Debug, Default)]
pub struct Citizens {
    /// Status lists of identity registries.
    pub statuses: StatusLists,
    /// Parties that citizens' orders are being carried to.
    pub lanes: forwarding::Lanes,
    /// Our own status lists as signed, at an identity registry.
    pub published: crate::identity::PublishedLists,
}

/// The client identifier of a member (OpenID4VP 1.0 §5.9.3).
pub(crate) fn client_id(entity: &EntityId) -> String {
    format!("{FEDERATION_CLIENT}{entity}")
}

/// The one element of `transaction_data`: equal bytes each time, since the stored terms are written in one order.
fn transaction_data(asked: &ConsentTransaction) -> String {
    encode_base64url(serde_json::to_vec(asked).unwrap_or_default())
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
