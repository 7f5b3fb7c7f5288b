//! The consent as a verifiable credential (W3C VCDM 2.0, secured by JOSE: VC-JOSE-COSE §3.1.1), typ `vc+jwt`.
//!
//! Guarantees: a [`VerifiedConsent`] was signed by the key whose DID is both `issuer` and `credentialSubject.id`;
//! contexts and types are exact and ordered; its terms agree with one another; `ssi` accepts it as VCDM 2.0. Contexts
//! are compared, never fetched. Deliberately absent: time, parties, scope and bounds, which `consent` judges.

mod coherent;

use schemas::{
    consent::{CONSENT_CONTEXT_PATH, ConsentCredential, ConsentNotice, ConsentSubject, ConsentTerms, VCDM_CONTEXT},
    digest::Digest,
    id::{CompactJws, ConsentId, Did, EntityId},
    problem::Code,
    time::Timestamp,
};
use ssi::claims::vc::{
    syntax::{NonEmptyObject, RequiredType},
    v2::SpecializedJsonCredential,
};

use super::did;
use crate::seal::{
    JwsError, KeyReference, Limits, SealFailed, SigningKey, Typ, UnverifiedJws, VerifyingKey, encode_base64url, sign_as,
};

const TYPES: [&str; 2] = ["VerifiableCredential", "ConsentCredential"];
const EVIDENCE: &str = "ConsentNotice";

/// What `ssi` checks: a credential of the VCDM 2.0 that has our type.
type Vcdm = SpecializedJsonCredential<NonEmptyObject, (), OurType>;

#[derive(Debug, Clone)]
struct OurType;

impl RequiredType for OurType {
    const REQUIRED_TYPE: &'static str = TYPES[1];
}

/// What a wallet is about to sign.
#[derive(Clone, Debug)]
pub struct ConsentDraft {
    /// Its id.
    pub id: ConsentId,
    /// First instant.
    pub valid_from: Timestamp,
    /// Last instant (exclusive).
    pub valid_until: Timestamp,
    /// The terms, as they were shown.
    pub terms: ConsentTerms,
    /// What was shown.
    pub notice: ConsentNotice,
}

/// A consent that the key of its issuer signed. Whether it allows anything is another question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedConsent {
    credential: ConsentCredential,
    key: VerifyingKey,
    compact: CompactJws,
    digest: Digest,
}

/// A consent cannot be used.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConsentError {
    /// The token itself.
    #[error("the consent's token is refused")]
    Token(#[from] JwsError),
    /// Signed by another key than that of the person it speaks of.
    #[error("the consent was not signed by the person it speaks of")]
    WrongSubject,
    /// Not a consent credential of this federation, or terms that contradict one another.
    #[error("the consent is malformed: {0}")]
    Malformed(&'static str),
}

impl ConsentError {
    /// The code of refusal.
    pub const fn code(&self) -> Code {
        match self {
            Self::Token(error) => error.code(),
            Self::WrongSubject => Code::ConsentWrongSubject,
            Self::Malformed(_) => Code::TokenMalformed,
        }
    }
}

/// A consent cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The draft is one that no provider would accept.
    #[error("the consent would be refused")]
    Refused(#[from] ConsentError),
    /// Signing failed.
    #[error("the consent could not be signed")]
    Seal(#[from] SealFailed),
}

/// Signs a consent with the citizen's key for that consumer, in the federation of an anchor.
///
/// # Errors
/// If the terms contradict one another, the token would be too large, or OpenSSL fails.
pub fn issue(draft: ConsentDraft, anchor: &EntityId, key: &SigningKey) -> Result<CompactJws, IssueError> {
    let issuer = did::encode(key.public()).map_err(|_| ConsentError::WrongSubject)?;
    let url = did::key_url(&issuer);
    let credential = ConsentCredential {
        context: contexts(anchor),
        id: draft.id,
        r#type: TYPES.map(str::to_owned),
        issuer: issuer.clone(),
        valid_from: draft.valid_from,
        valid_until: draft.valid_until,
        credential_subject: ConsentSubject { id: issuer, consent: draft.terms },
        evidence: [draft.notice],
    };
    let jws = sign_as(Typ::Consent, key, KeyReference::Url(&url), &credential)?;
    verify(&jws, anchor)?;
    Ok(jws)
}

/// Verifies a consent: token, issuer, form, coherence.
///
/// # Errors
/// The first of these that fails.
pub fn verify(jws: &CompactJws, anchor: &EntityId) -> Result<VerifiedConsent, ConsentError> {
    let token = UnverifiedJws::of(jws, Limits::CONSENT)?;
    let claimed = token.claimed_issuer();
    let signer = claimed.kid().and_then(did::of_key_url).ok_or(ConsentError::WrongSubject)?;
    let key = did::resolve(&signer).map_err(|_| ConsentError::WrongSubject)?;
    let token = token.verify(Typ::Consent, &key)?;
    let credential: ConsentCredential = token.claims()?;
    if credential.issuer != signer || credential.credential_subject.id != signer {
        return Err(ConsentError::WrongSubject);
    }
    check_form(&credential, anchor)?;
    let _: Vcdm = token.claims().map_err(|_| ConsentError::Malformed("not a credential of VCDM 2.0"))?;
    coherent::check(&credential).map_err(ConsentError::Malformed)?;
    Ok(VerifiedConsent { credential, key, digest: token.digest(), compact: token.into_compact() })
}

fn contexts(anchor: &EntityId) -> [String; 2] {
    [VCDM_CONTEXT.to_owned(), format!("{anchor}{CONSENT_CONTEXT_PATH}")]
}

fn check_form(credential: &ConsentCredential, anchor: &EntityId) -> Result<(), ConsentError> {
    if credential.context != contexts(anchor) {
        return Err(ConsentError::Malformed("the contexts are not those of this federation"));
    }
    if credential.r#type != TYPES {
        return Err(ConsentError::Malformed("the type is not that of a consent"));
    }
    let [notice] = &credential.evidence;
    if notice.r#type != EVIDENCE {
        return Err(ConsentError::Malformed("the evidence is not a consent notice"));
    }
    if !is_locale(&notice.locale) {
        return Err(ConsentError::Malformed("the locale is not a language tag"));
    }
    Ok(())
}

/// A language tag as the purpose registry uses them: `hi`, `en`, `en-IN` (RFC 5646 §2.1, the plain part).
fn is_locale(text: &str) -> bool {
    let mut parts = text.split('-');
    let language = parts.next().is_some_and(|l| matches!(l.len(), 2 | 3) && l.bytes().all(|b| b.is_ascii_lowercase()));
    language
        && text.len() <= 16
        && parts.all(|p| (2..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
}

impl VerifiedConsent {
    /// Its id; uses are counted by issuer and id.
    pub fn id(&self) -> &ConsentId {
        &self.credential.id
    }

    /// The citizen's key as a DID.
    pub fn issuer(&self) -> &Did {
        &self.credential.issuer
    }

    /// The citizen's key.
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// What she agreed to.
    pub fn terms(&self) -> &ConsentTerms {
        &self.credential.credential_subject.consent
    }

    /// What was shown to her.
    pub fn notice(&self) -> &ConsentNotice {
        let [notice] = &self.credential.evidence;
        notice
    }

    /// First instant.
    pub fn valid_from(&self) -> Timestamp {
        self.credential.valid_from
    }

    /// Last instant (exclusive).
    pub fn valid_until(&self) -> Timestamp {
        self.credential.valid_until
    }

    /// The credential.
    pub fn credential(&self) -> &ConsentCredential {
        &self.credential
    }

    /// The token as it came.
    pub fn compact(&self) -> &CompactJws {
        &self.compact
    }

    /// The digest of the token as it came.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The nonce of the binding presentation that belongs to this consent.
    pub fn presentation_nonce(&self) -> String {
        presentation_nonce(&self.compact)
    }
}

/// `nonce` of the KB-JWT that goes with a consent: base64url(SHA-256(consent JWS)).
pub fn presentation_nonce(consent: &CompactJws) -> String {
    encode_base64url(Digest::of(consent.as_str()).as_bytes())
}

#[cfg(test)]
mod tests;
