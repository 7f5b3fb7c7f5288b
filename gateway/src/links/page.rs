//! One page of a seeding file: residents, sealed to one department, signed by the identity registry.

use protocol::federation::{FederationError, VerifiedMember};
use protocol::seal::{
    self, Binding, DecryptionKey, EncryptionKey, JweError, JwsError, Limits, SealFailed, SigningKey, Typ,
    UnverifiedJws, random,
};
use schemas::{
    id::{CompactJws, EntityId, LawId, MessageId},
    linking::{NamedResident, SubjectsPage},
    time::Timestamp,
    version::V1,
};

/// Residents on a page; the bound on JSON lists is 1,000.
pub(super) const RESIDENTS: usize = 500;
/// How old a page may be, seconds: it travels by hand.
const OLDEST: i64 = 7 * 86_400;
/// How far an `iat` may lie ahead, seconds.
const SKEW: i64 = 10;
/// Longest page, bytes.
const LIMITS: Limits = Limits::ANSWER;

/// A page is not acceptable.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// Its token.
    #[error("its signature or form is not acceptable: {0}")]
    Token(#[from] JwsError),
    /// Its sealed part.
    #[error("it cannot be opened: {0}")]
    Sealed(#[from] JweError),
    /// Its signer.
    #[error("its signer is not vouched for: {0}")]
    Signer(#[from] FederationError),
    /// Not for this department, too old, or out of order.
    #[error("{0}")]
    Unfit(&'static str),
}

/// For whom pages are, and under which law.
pub(super) struct Heading<'a> {
    pub registry: &'a EntityId,
    pub receiver: &'a EntityId,
    pub law: &'a LawId,
    pub now: Timestamp,
}

/// A page as it stands in the file.
pub(super) struct SignedPage {
    pub jti: MessageId,
    pub jws: CompactJws,
}

/// Seals and signs one page.
pub(super) fn sign_page(
    heading: &Heading<'_>,
    key: &SigningKey,
    receiver: &EncryptionKey,
    page: u32,
    last: bool,
    residents: &[NamedResident],
) -> Result<SignedPage, SealFailed> {
    let jti = random::message_id(heading.now);
    let sealed = seal::seal(receiver, &Binding::subjects(heading.registry, heading.receiver, &jti), &residents)?;
    let claims = SubjectsPage {
        v: V1,
        iss: heading.registry.clone(),
        aud: heading.receiver.clone(),
        iat: heading.now.numeric(),
        jti: jti.clone(),
        law: heading.law.clone(),
        page,
        last,
        residents: sealed,
    };
    Ok(SignedPage { jti, jws: seal::sign(Typ::Subjects, key, &claims)? })
}

/// The registry that a page claims to come from; to be looked up, not to be believed.
pub(super) fn claimed_registry(line: &str) -> Result<(UnverifiedJws, EntityId), PageError> {
    let unverified = UnverifiedJws::parse(line.as_bytes(), LIMITS)?;
    let iss = unverified.claimed_issuer().iss().and_then(|iss| iss.parse().ok());
    let iss = iss.ok_or(PageError::Unfit("it names no identity registry"))?;
    Ok((unverified, iss))
}

/// Verifies a page against the registry that the directory vouches for.
pub(super) fn verify_page(
    unverified: UnverifiedJws,
    registry: &VerifiedMember,
    us: &EntityId,
    now: Timestamp,
) -> Result<SubjectsPage, PageError> {
    let kid = unverified.claimed_issuer().key_id().ok_or(PageError::Unfit("it names no key"))?;
    let key = registry.signing_key(&kid, now.numeric(), None)?;
    let page: SubjectsPage = unverified.verify(Typ::Subjects, key)?.claims()?;
    if page.iss != *registry.entity() || page.aud != *us {
        return Err(PageError::Unfit("it is for another department"));
    }
    let age = now.seconds() - page.iat.seconds();
    if !(-SKEW..=OLDEST).contains(&age) {
        return Err(PageError::Unfit("it is older than seven days, or from the future"));
    }
    Ok(page)
}

/// Opens the residents of a verified page with any of our keys, the current one first.
pub(super) fn open_page(page: &SubjectsPage, keys: &[DecryptionKey]) -> Result<Vec<NamedResident>, PageError> {
    let binding = Binding::subjects(&page.iss, &page.aud, &page.jti);
    let mut refused = PageError::Unfit("there is no key to open it with");
    for key in keys {
        match seal::open(&page.residents, key, &binding, LIMITS) {
            Ok(residents) => return Ok(residents),
            Err(error) => refused = error.into(),
        }
    }
    Err(refused)
}
