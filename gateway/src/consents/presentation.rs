//! A citizen proves her binding over a nonce of ours.
//!
//! Guarantees: a binding that is suspended proves who she is where she reads what was decided about her and contests it, and
//! nowhere else: a registered death suspends it, and the death may be wrong. One that is revoked proves nothing anywhere.

use protocol::{
    consent::Refusal,
    credential::{
        Status, VerifiedBinding,
        binding::{self, DirectoryKeys, Expected},
    },
    seal::freshness::SKEW,
};
use schemas::{consent::BindingMode, problem::Code, time::Timestamp};
use service_kit::db::DatabaseError;

use super::nonces;
use crate::{
    app::App,
    store::consents::spent::{Once, spend},
};

/// A presentation was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum PresentationError {
    /// Why.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The nonce could not be spent.
    #[error(transparent)]
    Store(#[from] DatabaseError),
}

/// Allows a binding whose status is known and good.
fn authorize_status(status: Option<Status>) -> Result<(), Refusal> {
    match status {
        Some(Status::Valid) => Ok(()),
        Some(Status::Suspended) => Err(Refusal::new(Code::BindingSuspended, "suspended")),
        Some(Status::Invalid | Status::Unknown(_)) => Err(Refusal::new(Code::BindingRevoked, "revoked")),
        None => Err(Refusal::new(Code::BindingStatusUnavailable, "no status fresh enough")),
    }
}

impl App {
    /// Verifies a presentation made for us, over a nonce of ours that nobody has used, of a binding that holds.
    ///
    /// # Errors
    /// `binding-invalid`, `stale` (the nonce is not ours or has ended), `replayed` (it was used), `binding-suspended`,
    /// `binding-revoked`, `binding-status-unavailable`.
    pub(crate) async fn verify_presentation(&self, presentation: &str) -> Result<VerifiedBinding, PresentationError> {
        let verified = self.verify_over_nonce(presentation, self.now())?;
        self.spend_presentation(verified).await
    }

    /// As [`Self::verify_presentation`], by a wallet of her own: what outlives a session is not decided in an assisted one.
    ///
    /// # Errors
    /// The same, and `access-denied` (the binding of an assisted session).
    pub(crate) async fn verify_own_presentation(
        &self,
        presentation: &str,
    ) -> Result<VerifiedBinding, PresentationError> {
        let verified = self.verify_over_nonce(presentation, self.now())?;
        if verified.0.claims().mode == BindingMode::Assisted {
            return Err(Refusal::new(Code::AccessDenied, "not in an assisted session").into());
        }
        self.spend_presentation(verified).await
    }

    /// As [`Self::verify_presentation`], of a binding that may be suspended too: for reading notices and decisions about herself,
    /// and for objecting, and for nothing else.
    ///
    /// # Errors
    /// The same but `binding-suspended`.
    pub(crate) async fn verify_contesting_presentation(
        &self,
        presentation: &str,
    ) -> Result<VerifiedBinding, PresentationError> {
        let (binding, ends) = self.verify_over_nonce(presentation, self.now())?;
        let status = self.statuses().fresh(self, binding.issuer(), binding.status()).await;
        if status != Some(Status::Suspended) {
            authorize_status(status)?;
        }
        self.spend_nonce(binding, ends).await
    }

    /// Allows a binding that holds, as a list says that is not too old.
    pub(super) async fn authorize_in_force(&self, binding: &VerifiedBinding) -> Result<(), Refusal> {
        authorize_status(self.statuses().fresh(self, binding.issuer(), binding.status()).await)
    }

    async fn spend_presentation(
        &self,
        (binding, ends): (VerifiedBinding, Timestamp),
    ) -> Result<VerifiedBinding, PresentationError> {
        self.authorize_in_force(&binding).await?;
        self.spend_nonce(binding, ends).await
    }

    async fn spend_nonce(
        &self,
        binding: VerifiedBinding,
        ends: Timestamp,
    ) -> Result<VerifiedBinding, PresentationError> {
        let nonce = binding.nonce().to_owned();
        let spent = self.db().write(move |conn| Ok::<_, DatabaseError>(spend(conn, Once::Citizen, &nonce, ends)?));
        if spent.await? { Ok(binding) } else { Err(Refusal::new(Code::Replayed, "the nonce was used before").into()) }
    }

    fn verify_over_nonce(&self, presentation: &str, now: Timestamp) -> Result<(VerifiedBinding, Timestamp), Refusal> {
        let invalid = Refusal::new(Code::BindingInvalid, "no key binding");
        let bound = presentation.rsplit('~').next().ok_or(invalid)?;
        let nonce = nonces::claimed(bound).ok_or(invalid)?;
        let ends = nonces::authorize(self.keys(), Once::Citizen, &nonce, now)
            .map_err(|_| Refusal::new(Code::Stale, "the nonce is not ours or has ended"))?;
        let directory = self.directory();
        let keys = DirectoryKeys { directory: directory.members(), sector: &self.config().sector, now };
        let expected = Expected { audience: self.entity().as_str(), nonce: &nonce, holder: None };
        let binding = binding::verify(presentation, &keys, expected, now)
            .map_err(|error| Refusal::new(error.code(), "the presentation does not verify"))?;
        let issued = ends.plus(-i64::from(nonces::LIFE));
        if binding.presented() < issued.plus(-SKEW).numeric() {
            return Err(Refusal::new(Code::Stale, "presented before the nonce was given"));
        }
        Ok((binding, ends))
    }
}
