//! Evidence for the person herself: the bundle of one of her own exchanges, to keep and to have verified anywhere.
//!
//! Guarantees: hers by the pseudonym that she disclosed or the key that she proved, and told already; another person's exchange
//! sounds like none. The bundle holds receipts, proofs and chains, never data. Deliberately absent: how it is put together.

use std::time::Duration;

use protocol::credential::did;
use schemas::{
    bundle::Bundle,
    citizen::BundleRequest,
    id::{MessageId, SectorSubject},
};
use service_kit::db::DatabaseError;

use super::PresentationError;
use crate::{
    app::App,
    bundle::{self, BundleError},
    store::{evidence::receipt_about, exchange::issuer_index, links::subject_index},
};

/// Longest wait for the log.
const WAIT: Duration = Duration::from_secs(5);

/// There is no bundle for her.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The presentation.
    #[error(transparent)]
    Presentation(#[from] PresentationError),
    /// Not hers, unknown, or not in the log yet.
    #[error(transparent)]
    Bundle(#[from] BundleError),
}

impl From<DatabaseError> for EvidenceError {
    fn from(error: DatabaseError) -> Self {
        Self::Bundle(error.into())
    }
}

impl App {
    /// The bundle of an exchange of hers.
    ///
    /// # Errors
    /// Those of the presentation; [`BundleError::Unknown`] for an exchange that is not hers, or of which she is told later.
    pub(crate) async fn bundle_for_citizen(&self, request: &BundleRequest) -> Result<Bundle, EvidenceError> {
        let binding = self.verify_presentation(&request.binding).await?;
        let subject: Option<SectorSubject> =
            binding.disclosed(&format!("sub_{}", self.config().sector)).and_then(|text| text.parse().ok());
        let issuer = did::encode(binding.key()).ok();
        let (keys, exchange, now) = (self.keys().clone(), request.exchange.clone(), self.now());
        let hers = self.db().read(move |conn| {
            let subject = subject.map(|subject| subject_index(&keys, &subject));
            let issuer = issuer.map(|issuer| issuer_index(&keys, &issuer));
            receipt_about(conn, &exchange, subject.as_deref(), issuer.as_deref(), now)
        });
        // By the id of our own receipt: that of the exchange may be another person's as well, asked about by another peer.
        let receipt: MessageId = hers.await?.ok_or(BundleError::Unknown)?;
        Ok(bundle::assemble(self, receipt, WAIT).await?)
    }
}
