//! Our own rows of a query, and what they say of a query that came before.
//!
//! Guarantees: one read for all of it; a stored answer leaves again only while everything holds on which it hangs: consent, law,
//! binding, guardianship, the peer's standing. Deliberately absent: the writing (`journal`).

use protocol::{
    consent::{Refusal, UseClaim, VerifiedBasis},
    credential::Status,
    exchange::PeerQuery,
    federation::VerifiedMember,
};
use schemas::{federation::Standing, id::CompactJws, problem::Code, time::Timestamp};

use super::{Rejected, basis::law_digest, journal::milliseconds};
use crate::{
    app::App,
    consents::nonces,
    directory::DirectorySnapshot,
    keys::Keys,
    laws,
    store::{
        consents::spent::Once,
        exchange::{
            answers::StatusPlace,
            claims::KnownQuery,
            consent_index,
            known::{OwnRows, Wanted, own_rows_find},
        },
    },
};

impl App {
    /// What to look up of a verified basis.
    pub(super) fn want_basis(&self, wanted: &mut Wanted, basis: &VerifiedBasis, now: Timestamp) {
        match basis {
            VerifiedBasis::Consent(basis) => {
                let consent = &basis.consent;
                wanted.consent = Some(consent_index(self.keys(), consent.issuer(), consent.id()));
                wanted.subject = basis.subject(&self.config().sector);
                wanted.live = basis.live.as_ref().map(|live| live.nonce().to_owned());
            }
            VerifiedBasis::Law(basis) => {
                wanted.subject = Some(basis.subject.clone());
                wanted.counters = laws::counters(self.keys(), basis, now);
            }
        }
    }

    /// All that our own rows say of a query.
    ///
    /// # Errors
    /// `overloaded`: the database did not answer.
    pub(super) async fn own_rows(&self, wanted: Wanted, now: Timestamp) -> Result<OwnRows, Rejected> {
        let app = self.clone();
        let read = self.db().read(move |conn| own_rows_find(conn, app.keys(), &wanted, milliseconds(now)));
        read.await.map_err(|error| {
            tracing::warn!(%error, "the rows of a query could not be read");
            Rejected::new(Code::Overloaded).retry_after(1)
        })
    }

    /// The answer that this very query got before, as long as all holds on which it hangs.
    ///
    /// # Errors
    /// `replayed`, `consent-revoked`, `consent-paused`, `consent-expired`, `peer-suspended`, `law-not-registered`,
    /// `binding-suspended`, `binding-revoked`, `binding-status-unavailable`, `guardianship-invalid`.
    pub(super) async fn again(
        &self,
        query: &PeerQuery,
        known: &KnownQuery,
        peer: &VerifiedMember,
        directory: &DirectorySnapshot,
    ) -> Result<CompactJws, Rejected> {
        let stored = self.exchange().journal.again(query, known)?;
        if peer.standing() != Standing::Active {
            return Err(Rejected::new(Code::PeerSuspended));
        }
        if let Some(law) = &known.law {
            let holds = directory.law(law, self.now()).map_err(|refusal| Rejected::new(refusal.code()))?;
            // The same law word for word: another version may allow less.
            let holds = holds.and_then(law_digest).filter(|digest| known.law_digest == Some(*digest));
            holds.ok_or(Rejected::new(Code::LawNotRegistered))?;
        }
        for place in &known.statuses {
            let status = self.statuses().status(self, &place.issuer, &place.place).await;
            still_valid(place, status.map(|status| status.status())).map_err(Rejected::new)?;
        }
        Ok(stored)
    }
}

fn still_valid(place: &StatusPlace, status: Option<Status>) -> Result<(), Code> {
    match status {
        Some(Status::Valid) => Ok(()),
        None => Err(Code::BindingStatusUnavailable),
        Some(_) if place.guardianship => Err(Code::GuardianshipInvalid),
        Some(Status::Suspended) => Err(Code::BindingSuspended),
        Some(Status::Invalid | Status::Unknown(_)) => Err(Code::BindingRevoked),
    }
}

/// Whether the nonce of a use must be spent for its consent now: not if there is none, nor if it was spent for it before.
///
/// # Errors
/// `live-nonce-required`: not ours, ended before its first use, or spent for another consent.
pub(super) fn authorize_nonce(keys: &Keys, claim: &UseClaim, rows: &OwnRows, now: Timestamp) -> Result<bool, Refusal> {
    let refused = |because| Refusal::new(Code::LiveNonceRequired, because);
    let Some(nonce) = &claim.live else { return Ok(false) };
    let ours = consent_index(keys, &claim.issuer, &claim.consent);
    match rows.spent_for.as_deref() {
        Some(spent_for) if spent_for == ours.as_str() => Ok(false),
        Some(_) => Err(refused("the nonce was spent for another consent")),
        None => {
            let ours = nonces::authorize(keys, Once::Live, nonce.as_str(), now);
            ours.map(|_| true).map_err(|_| refused("the nonce is not ours or has ended"))
        }
    }
}
