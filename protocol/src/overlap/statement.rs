//! Messages and statements of a comparison: signed here, and taken only where they belong to it.

use schemas::{
    digest::Digest,
    id::{EntityId, MessageId},
    overlap::{Overlap, OverlapResult, OverlapSays, OverlapStep},
    problem::Code,
    time::Timestamp,
    version::V1,
};

use crate::{
    exchange::{Attested, NotAttested},
    federation::VerifiedMember,
    seal::{ClaimsError, SealFailed, SigningKey, authorize_audience, authorize_fresh, random},
};

/// How long a message lives, seconds.
const LIFE: i64 = 60;

/// A message is not taken: nobody is known to have signed it, or it is not for us, not for now, or not of this comparison.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotTaken {
    /// The token.
    #[error(transparent)]
    Token(#[from] NotAttested),
    /// Audience or time.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// It speaks of another comparison.
    #[error("the message belongs to another comparison")]
    Elsewhere,
}

impl NotTaken {
    /// The code of refusal.
    pub const fn code(&self) -> Code {
        match self {
            Self::Token(error) => error.code(),
            Self::Claims(error) => error.code(),
            Self::Elsewhere => Code::TokenMalformed,
        }
    }
}

/// Who speaks, to whom.
#[derive(Clone, Copy, Debug)]
pub struct Party<'a> {
    /// We.
    pub entity: &'a EntityId,
    /// Our key.
    pub signing: &'a SigningKey,
    /// The other side.
    pub peer: &'a EntityId,
}

impl Party<'_> {
    /// Signs a message of the side that asks. The first one gives the comparison its id.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn message(
        &self,
        comparison: &MessageId,
        step: OverlapStep,
        now: Timestamp,
    ) -> Result<Attested<Overlap>, SealFailed> {
        let first = matches!(step, OverlapStep::Begin(_));
        let message = Overlap {
            v: V1,
            iss: self.entity.clone(),
            aud: self.peer.clone(),
            iat: now.numeric(),
            exp: now.numeric().plus(LIFE),
            jti: if first { comparison.clone() } else { random::message_id(now) },
            salt: random::salt(),
            comparison: comparison.clone(),
            step,
        };
        Attested::sign(message, self.signing)
    }

    /// Signs a statement. `about`: the comparison, and the digest of its first message.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn statement(
        &self,
        (comparison, request): (&MessageId, Digest),
        says: OverlapSays,
        now: Timestamp,
    ) -> Result<Attested<OverlapResult>, SealFailed> {
        let statement = OverlapResult {
            v: V1,
            iss: self.entity.clone(),
            aud: self.peer.clone(),
            iat: now.numeric(),
            jti: random::message_id(now),
            salt: random::salt(),
            comparison: comparison.clone(),
            request,
            says,
        };
        Attested::sign(statement, self.signing)
    }
}

/// Takes a message of the side that asks.
///
/// # Errors
/// [`NotTaken`].
pub fn accept_message(
    bytes: &[u8],
    asker: &VerifiedMember,
    us: &EntityId,
    now: Timestamp,
) -> Result<Attested<Overlap>, NotTaken> {
    let message = Attested::<Overlap>::verify(bytes, asker)?;
    let claims = message.claims();
    authorize_audience(&claims.aud, us)?;
    authorize_fresh(claims.iat, claims.exp, now)?;
    let first = matches!(claims.step, OverlapStep::Begin(_));
    if first == (claims.jti == claims.comparison) { Ok(message) } else { Err(NotTaken::Elsewhere) }
}

/// Takes a statement of the other side about this comparison.
///
/// # Errors
/// [`NotTaken`].
pub fn accept_result(
    bytes: &[u8],
    peer: &VerifiedMember,
    us: &EntityId,
    (comparison, request): (&MessageId, Digest),
) -> Result<Attested<OverlapResult>, NotTaken> {
    let statement = Attested::<OverlapResult>::verify(bytes, peer)?;
    let claims = statement.claims();
    authorize_audience(&claims.aud, us)?;
    if (&claims.comparison, claims.request) == (comparison, request) { Ok(statement) } else { Err(NotTaken::Elsewhere) }
}
