//! A subscriber's change of its follow list: whom it wants to hear about, and until when.
//!
//! Guarantees: the list is readable by the source alone and bound to its request; a request is fresh and by the
//! subscriber of the subscription it names. Deliberately absent: storage, and the look-up of the people.

use schemas::{
    event::{FollowList, FollowRequest},
    id::{EntityId, MessageId},
    problem::Code,
    time::Timestamp,
    version::V1,
};

use super::{Receiver, VerifiedSubscription};
use crate::{
    exchange::{Attested, MemberClaims, NotAttested, first_opened},
    federation::VerifiedMember,
    seal::{
        Binding, DecryptionKey, EncryptionKey, JweError, SealFailed, authorize_audience, authorize_fresh, open, random,
        seal,
    },
};

/// Most people in one request, added and removed together.
pub const MAX_FOLLOWED: usize = 10_000;

/// A follow request signed by the peer that sent it. Made by [`accept_follow`] alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerFollow(Attested<FollowRequest>);

impl Receiver<'_> {
    /// Signs a change of our follow list at a source; lives 60 s.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn follow(
        &self,
        source: &EntityId,
        source_key: &EncryptionKey,
        subscription: &MessageId,
        list: &FollowList,
        now: Timestamp,
    ) -> Result<Attested<FollowRequest>, SealFailed> {
        let jti = random::message_id(now);
        let request = FollowRequest {
            v: V1,
            iss: self.entity.clone(),
            aud: source.clone(),
            iat: now.numeric(),
            exp: now.numeric().plus(60),
            subscription: subscription.clone(),
            follow: seal(source_key, &Binding::event(self.entity, source, &jti), list)?,
            jti,
        };
        Attested::sign(request, self.signing)
    }
}

/// Takes a follow request from the member whose certificate the caller has shown.
///
/// # Errors
/// A plain problem: nobody is known to have signed it.
pub fn accept_follow(bytes: &[u8], subscriber: &VerifiedMember) -> Result<PeerFollow, NotAttested> {
    Attested::verify(bytes, subscriber).map(PeerFollow)
}

/// Allows a fresh request to us by the subscriber of the subscription that it names, while that lasts.
///
/// # Errors
/// [`Code::AudienceWrong`], [`Code::Stale`], [`Code::AccessDenied`].
pub fn authorize_follow(
    request: &PeerFollow,
    subscription: &VerifiedSubscription,
    us: &EntityId,
    now: Timestamp,
) -> Result<(), Code> {
    let claims = request.claims();
    authorize_audience(&claims.aud, us).map_err(|error| error.code())?;
    authorize_fresh(claims.iat, claims.exp, now).map_err(|error| error.code())?;
    let terms = subscription.terms();
    let theirs = (&terms.id, &terms.subscriber, &terms.source) == (&claims.subscription, &claims.iss, us);
    if theirs && now.civil_day() <= terms.until { Ok(()) } else { Err(Code::AccessDenied) }
}

/// Opens the list. `keys` are all our decryption keys, old ones included.
///
/// # Errors
/// If it is not for us, belongs to another request, or names too many people.
pub fn open_follow(request: &PeerFollow, keys: &[DecryptionKey]) -> Result<FollowList, JweError> {
    let FollowRequest { iss, aud, jti, follow, .. } = request.claims();
    let binding = Binding::event(iss, aud, jti);
    let opened = keys.iter().map(|key| open::<FollowList>(follow, key, &binding, FollowRequest::LIMITS));
    let list = first_opened(opened)?;
    if list.add.len() + list.remove.len() <= MAX_FOLLOWED { Ok(list) } else { Err(JweError::Content("a short list")) }
}

impl PeerFollow {
    /// The claims.
    pub fn claims(&self) -> &FollowRequest {
        self.0.claims()
    }

    /// SHA-256 over the request as it came.
    pub fn digest(&self) -> schemas::digest::Digest {
        self.0.digest()
    }
}
