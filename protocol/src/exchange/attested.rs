//! Claims known to be signed by the member that they name: verified from a peer, or signed by ourselves.
//!
//! Guarantees: [`Attested`] has three constructors, each of which signs or verifies; the key belonged to the claimed
//! issuer at the claimed time. Deliberately absent: audience, freshness, roles and meaning.

use schemas::{
    answer::Answer,
    digest::Digest,
    erasure::Erasure,
    event::{Event, EventAck, EventApplied, FeedHead, FollowRequest, Subscription},
    id::{CompactJws, EntityId},
    overlap::{Overlap, OverlapResult},
    problem::Code,
    query::Query,
    receipt::Receipt,
    time::{NumericDate, Timestamp},
    wallet_build::WalletBuild,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    federation::VerifiedMember,
    seal::{JwsError, Limits, SealFailed, SigningKey, Typ, UnverifiedJws, VerifyingKey, sign},
};

/// Claims that a member signs with its `signing` key.
pub trait MemberClaims: DeserializeOwned + Serialize {
    /// The one `typ`.
    const TYP: Typ;
    /// How large the token may be.
    const LIMITS: Limits;
    /// Who signs.
    fn iss(&self) -> &EntityId;
    /// When.
    fn iat(&self) -> NumericDate;
}

macro_rules! member_claims {
    ($($name:ident $limits:ident;)*) => {
        $(impl MemberClaims for $name {
            const TYP: Typ = Typ::$name;
            const LIMITS: Limits = Limits::$limits;
            fn iss(&self) -> &EntityId {
                &self.iss
            }
            fn iat(&self) -> NumericDate {
                self.iat
            }
        })*
    };
}

member_claims! {
    Query QUERY;
    Answer ANSWER;
    Receipt RECORD;
    Event EVENT;
    EventAck RECORD;
    EventApplied RECORD;
    FeedHead RECORD;
    Subscription RECORD;
    Erasure RECORD;
    Overlap OVERLAP;
    OverlapResult OVERLAP;
}

impl MemberClaims for WalletBuild {
    const TYP: Typ = Typ::Build;
    const LIMITS: Limits = Limits::RECORD;
    fn iss(&self) -> &EntityId {
        &self.iss
    }
    fn iat(&self) -> NumericDate {
        self.iat
    }
}

impl MemberClaims for FollowRequest {
    const TYP: Typ = Typ::Follow;
    /// 10,000 pseudonyms sealed into one part.
    const LIMITS: Limits = Limits::of(2 * 1024 * 1024).members(10_000);
    fn iss(&self) -> &EntityId {
        &self.iss
    }
    fn iat(&self) -> NumericDate {
        self.iat
    }
}

/// Claims with the exact token that carries them, signed by the member they name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attested<T> {
    claims: T,
    jws: CompactJws,
    digest: Digest,
}

/// A token is not signed by the member that it should be from.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotAttested {
    /// The token itself.
    #[error("the token is not acceptable")]
    Token(#[from] JwsError),
    /// It names another issuer than the member it should be from.
    #[error("the token is signed for another member")]
    OtherIssuer,
    /// The key is none of the member's, or was not valid when the token says it was signed.
    #[error("the token's key was not the member's at that time")]
    KeyNotValid,
}

impl NotAttested {
    /// The code of refusal, where such a token came over a peer's connection.
    pub const fn code(&self) -> Code {
        match self {
            Self::Token(error) => error.code(),
            Self::OtherIssuer => Code::PeerCertificateMismatch,
            Self::KeyNotValid => Code::SignatureInvalid,
        }
    }
}

/// When a token says it was signed, before anybody vouched for it: for choosing among the member's keys.
#[derive(Deserialize)]
struct ClaimedTime {
    iat: NumericDate,
}

impl<T: MemberClaims> Attested<T> {
    /// Verifies a token that should be from this member.
    ///
    /// # Errors
    /// By the first thing that is wrong: form, issuer, the key and its dates, type, signature, version, claims.
    pub fn verify(bytes: &[u8], member: &VerifiedMember) -> Result<Self, NotAttested> {
        Self::verify_received(bytes, member, None)
    }

    /// The same for a token that the log received at a known time: it stays good if its key was stolen afterwards.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_received(
        bytes: &[u8],
        member: &VerifiedMember,
        received: Option<Timestamp>,
    ) -> Result<Self, NotAttested> {
        let token = UnverifiedJws::parse(bytes, T::LIMITS)?;
        let claimed = token.claimed_issuer();
        if claimed.entity().as_ref() != Some(member.entity()) {
            return Err(NotAttested::OtherIssuer);
        }
        let kid = claimed.key_id().ok_or(NotAttested::KeyNotValid)?;
        // The same bytes are verified below, so that a key chosen by this time was valid at the time that counts.
        let ClaimedTime { iat } = token.unverified_claims()?;
        let key = member.signing_key(&kid, iat, received).map_err(|_| NotAttested::KeyNotValid)?;
        Self::with_key(token, key)
    }

    /// Reads back a token of our own from storage.
    ///
    /// # Errors
    /// If it is damaged or signed with another key.
    pub fn read_own(jws: &CompactJws, key: &VerifyingKey) -> Result<Self, NotAttested> {
        Self::with_key(UnverifiedJws::of(jws, T::LIMITS)?, key)
    }

    /// Signs claims of our own.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn sign(claims: T, key: &SigningKey) -> Result<Self, SealFailed> {
        let jws = sign(T::TYP, key, &claims)?;
        let digest = Digest::of(jws.as_str());
        Ok(Self { claims, jws, digest })
    }

    fn with_key(token: UnverifiedJws, key: &VerifyingKey) -> Result<Self, NotAttested> {
        let verified = token.verify(T::TYP, key)?;
        let (claims, digest) = (verified.claims()?, verified.digest());
        Ok(Self { claims, jws: verified.into_compact(), digest })
    }
}

impl<T> Attested<T> {
    /// The claims.
    pub fn claims(&self) -> &T {
        &self.claims
    }

    /// The token as it travels, byte for byte.
    pub fn jws(&self) -> &CompactJws {
        &self.jws
    }

    /// SHA-256 over the token as it travels.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The claims and the token.
    pub fn into_parts(self) -> (T, CompactJws) {
        (self.claims, self.jws)
    }
}
