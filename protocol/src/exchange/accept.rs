//! From a peer's bytes to a [`PeerQuery`], and the checks that come after its signature.
//!
//! Guarantees: no claim is used before the signature is verified. What fails in [`accept`] is answered with a plain
//! problem, what fails after it with a signed refusal. Freshness is apart because a known (iss, jti) is looked up
//! before it; only [`MemberQuery::fresh`] leads to [`Asked`], without which nothing is granted.
//! Deliberately absent: that look-up, and the basis.

use schemas::{
    digest::Digest,
    federation::Standing,
    id::{CompactJws, EntityId},
    problem::Code,
    query::Query,
    time::Timestamp,
};

use super::{Attested, NotAttested};
use crate::{
    consent::{Asked, Refusal},
    federation::VerifiedMember,
    seal::{authorize_audience, authorize_fresh},
};

/// A query signed by the peer at the other end of the connection. Made by [`accept`] alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerQuery(Attested<Query>);

/// A query that no signed refusal can answer: nobody is known to have signed it.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("the query was not accepted")]
pub struct NotAccepted(#[from] NotAttested);

impl NotAccepted {
    /// `token-malformed`, `token-type-wrong`, `version-unsupported`, `signature-invalid` or
    /// `peer-certificate-mismatch`.
    pub const fn code(&self) -> Code {
        self.0.code()
    }
}

/// Takes a query from the member whose certificate the caller has shown: size, form, signer, signature, claims.
///
/// # Errors
/// A plain problem, in that order.
pub fn accept(bytes: &[u8], peer: &VerifiedMember) -> Result<PeerQuery, NotAccepted> {
    Ok(PeerQuery(Attested::verify(bytes, peer)?))
}

/// A query to us, by a member in good standing with the role for its purpose. Made by [`authorize_peer`] alone.
#[derive(Clone, Copy, Debug)]
pub struct MemberQuery<'a>(&'a Query);

/// Allows a query that is meant for us, by a member in good standing with the role for its purpose.
///
/// # Errors
/// [`Code::AudienceWrong`], [`Code::PeerCertificateMismatch`], [`Code::PeerSuspended`], [`Code::RoleMissing`].
pub fn authorize_peer<'a>(
    query: &'a PeerQuery,
    peer: &VerifiedMember,
    us: &EntityId,
) -> Result<MemberQuery<'a>, Refusal> {
    let claims = query.claims();
    authorize_audience(&claims.aud, us).map_err(|error| Refusal::new(error.code(), "for another receiver"))?;
    if *peer.entity() != claims.iss {
        return Err(Refusal::new(Code::PeerCertificateMismatch, "another member's query"));
    }
    if peer.standing() == Standing::Suspended {
        return Err(Refusal::new(Code::PeerSuspended, "the peer is suspended"));
    }
    peer.authorize_consumer(&claims.query.purpose)
        .map_err(|error| Refusal::new(error.code(), "no role for this family of purposes"))?;
    Ok(MemberQuery(claims))
}

impl<'a> MemberQuery<'a> {
    /// Allows a query that lives at most 120 s and is for now, give or take 10 s.
    ///
    /// # Errors
    /// [`Code::Stale`].
    pub fn fresh(self, now: Timestamp) -> Result<Asked<'a>, Refusal> {
        authorize_fresh(self.0.iat, self.0.exp, now)
            .map_err(|error| Refusal::new(error.code(), "too old, too long-lived or from the future"))?;
        Ok(Asked::of(self.0))
    }
}

impl PeerQuery {
    /// The claims.
    pub fn claims(&self) -> &Query {
        self.0.claims()
    }

    /// The query as it came.
    pub fn jws(&self) -> &CompactJws {
        self.0.jws()
    }

    /// SHA-256 over the query as it came: for "the same bytes again", never for counting uses.
    pub fn digest(&self) -> Digest {
        self.0.digest()
    }
}
