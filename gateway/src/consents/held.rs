//! Consents that this department may use, for its own queries.

use schemas::id::ConsentId;

use crate::{
    app::App,
    store::consents::{
        held::{HeldConsent, held_find},
        requests::RequestStoreError,
    },
};

/// A consent could not be read.
#[derive(Debug, thiserror::Error)]
#[error("a held consent could not be read")]
pub struct HeldConsentError(#[from] RequestStoreError);

impl App {
    /// A consent that a citizen gave to this department; `None` if it holds none of that id. What holds for it now stands in
    /// `store::exchange::consent_find`.
    ///
    /// # Errors
    /// If the database or the encryption fails.
    pub async fn held_consent(&self, id: &ConsentId) -> Result<Option<HeldConsent>, HeldConsentError> {
        let (keys, id) = (self.keys().clone(), id.clone());
        Ok(self.db().read(move |conn| held_find(conn, &keys, &id)).await?)
    }
}
