//! Registers of purposes and of laws: in force when two different officers of the authority signed equal content.

use std::collections::{BTreeMap, BTreeSet};

use schemas::{
    digest::Digest,
    federation::{Disclosure, Law, Purpose, Register, RegisterContent, SignedRegister},
    id::{CompactJws, LawId, PurposeCode, RegisterVersion},
    receipt::ReceiptBasis,
    time::Timestamp,
};

use super::{FederationError, Mark, VerifiedAnchor, statement::authorize_life};
use crate::seal::{JwsError, Limits, Typ, UnverifiedJws};

/// How many different persons must sign.
const PERSONS: usize = 2;
/// The role in which an officer signs a register.
const ROLE: &str = "register";
/// Longest delay of disclosure, days (protocol, "register of laws").
const LONGEST_DELAY: u16 = 180;

/// A register in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerifiedRegister {
    /// The purpose registry.
    Purposes(VerifiedPurposes),
    /// The register of laws.
    Laws(VerifiedLaws),
}

/// The purposes in force: the upper bound of any consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedPurposes {
    mark: Mark,
    purposes: BTreeMap<(PurposeCode, RegisterVersion), Purpose>,
}

/// The laws in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedLaws {
    mark: Mark,
    laws: BTreeMap<LawId, Law>,
}

/// A law as two officers put it in force. Made by [`VerifiedLaws::registered`] alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredLaw {
    law: Law,
    register: Digest,
}

impl RegisteredLaw {
    /// The law.
    pub const fn law(&self) -> &Law {
        &self.law
    }

    /// Digest of the content of the register's version that it was taken from.
    pub const fn register(&self) -> Digest {
        self.register
    }

    /// The law as a receipt names it.
    pub fn receipt_basis(&self) -> ReceiptBasis {
        let (id, version) = (self.law.id.clone(), Some(self.law.version.clone()));
        ReceiptBasis::Law { id, version, digest: self.register }
    }
}

/// Verifies all signatures of one version of a register.
///
/// # Errors
/// If a signature is not by an officer of the anchor, contents differ, or fewer than two persons signed.
pub fn verify_register(
    signed: &SignedRegister,
    anchor: &VerifiedAnchor,
    now: Timestamp,
) -> Result<VerifiedRegister, FederationError> {
    let mut persons = BTreeSet::new();
    let mut agreed: Option<(u64, RegisterContent)> = None;
    for jws in &signed.signatures {
        let (person, register) = verify_signature(jws, anchor, now)?;
        let said = (register.version, register.content);
        if agreed.as_ref().is_some_and(|agreed| *agreed != said) {
            return Err(FederationError::NotInForce("the officers signed different contents"));
        }
        agreed = Some(said);
        persons.insert(person);
    }
    match agreed {
        Some((version, content)) if persons.len() >= PERSONS => VerifiedRegister::new(version, content),
        _ => Err(FederationError::NotInForce("fewer than two persons signed")),
    }
}

/// The digest by which receipts name a register, of a register that was verified before: its officers are not looked at.
/// `None` if it cannot be read.
pub fn register_digest(signed: &SignedRegister) -> Option<Digest> {
    let jws = UnverifiedJws::of(signed.signatures.first()?, Limits::STATEMENT).ok()?;
    let register: Register = jws.unverified_claims().ok()?;
    serde_json::to_vec(&register.content).ok().map(Digest::of)
}

fn verify_signature(
    jws: &CompactJws,
    anchor: &VerifiedAnchor,
    now: Timestamp,
) -> Result<(String, Register), FederationError> {
    let unverified = UnverifiedJws::of(jws, Limits::STATEMENT)?;
    let not_officer = FederationError::NotInForce("signed by one who is not an officer");
    let kid = unverified.claimed_issuer().key_id().ok_or_else(|| not_officer.clone())?;
    let claimed: Register = unverified.unverified_claims()?;
    let (person, key) = anchor.officers().valid_at(&kid, ROLE, claimed.iat).ok_or(not_officer)?;
    let register: Register = unverified.verify(Typ::Register, key)?.claims()?;
    if register.iss != *anchor.entity() {
        return Err(FederationError::NotInForce("of another authority"));
    }
    // A register has no end; only the future is refused.
    authorize_life(register.iat, Timestamp::from_seconds(i64::MAX).numeric(), i64::MAX, now)?;
    Ok((person.to_owned(), register))
}

impl VerifiedRegister {
    fn new(version: u64, content: RegisterContent) -> Result<Self, FederationError> {
        let json = serde_json::to_vec(&content).map_err(|_| JwsError::Malformed("a register cannot be written"))?;
        let mark = Mark { position: version, digest: Digest::of(json) };
        match content {
            RegisterContent::Purposes(list) => VerifiedPurposes::new(mark, list).map(Self::Purposes),
            RegisterContent::Laws(list) => VerifiedLaws::new(mark, list).map(Self::Laws),
        }
    }

    /// What to compare with what was seen of this register before.
    pub fn mark(&self) -> Mark {
        match self {
            Self::Purposes(purposes) => purposes.mark,
            Self::Laws(laws) => laws.mark,
        }
    }
}

impl VerifiedPurposes {
    fn new(mark: Mark, list: Vec<Purpose>) -> Result<Self, FederationError> {
        let mut purposes = BTreeMap::new();
        for purpose in list {
            let name = (purpose.code.clone(), purpose.version.clone());
            if purposes.insert(name, purpose).is_some() {
                return Err(FederationError::NotInForce("a purpose stands twice"));
            }
        }
        Ok(Self { mark, purposes })
    }

    /// The register's version.
    pub fn version(&self) -> u64 {
        self.mark.position
    }

    /// What to compare with what was seen before.
    pub fn mark(&self) -> Mark {
        self.mark
    }

    /// The purpose that a consent names, in exactly that version.
    pub fn purpose(&self, code: &PurposeCode, version: &RegisterVersion) -> Option<&Purpose> {
        self.purposes.get(&(code.clone(), version.clone()))
    }

    /// The newest version of a purpose: what bounds a law, which names no version.
    pub fn newest(&self, code: &PurposeCode) -> Option<&Purpose> {
        self.purposes.values().filter(|purpose| purpose.code == *code).max_by(|a, b| a.version.cmp(&b.version))
    }

    /// All purposes, by code and version.
    pub fn iter(&self) -> impl Iterator<Item = &Purpose> {
        self.purposes.values()
    }
}

impl VerifiedLaws {
    fn new(mark: Mark, list: Vec<Law>) -> Result<Self, FederationError> {
        let mut laws = BTreeMap::new();
        for law in list {
            if matches!(law.disclosure, Disclosure::Delayed(days) if days > LONGEST_DELAY) {
                return Err(FederationError::NotInForce("disclosure is delayed by more than 180 days"));
            }
            if law.break_glass && law.disclosure != Disclosure::Immediate {
                return Err(FederationError::NotInForce("a law for emergencies does not tell the citizen at once"));
            }
            if laws.insert(law.id.clone(), law).is_some() {
                return Err(FederationError::NotInForce("a law stands twice"));
            }
        }
        Ok(Self { mark, laws })
    }

    /// The register's version.
    pub fn version(&self) -> u64 {
        self.mark.position
    }

    /// What to compare with what was seen before.
    pub fn mark(&self) -> Mark {
        self.mark
    }

    /// A law that is in force on that day.
    pub fn law(&self, id: &LawId, now: Timestamp) -> Option<&Law> {
        self.laws.get(id).filter(|law| now.civil_day() <= law.until)
    }

    /// A law with the register that it stands in, ended or not: the decision judges its days.
    pub fn registered(&self, id: &LawId) -> Option<RegisteredLaw> {
        self.laws.get(id).map(|law| RegisteredLaw { law: law.clone(), register: self.mark.digest })
    }

    /// All laws, ended ones included.
    pub fn iter(&self) -> impl Iterator<Item = &Law> {
        self.laws.values()
    }
}

#[cfg(test)]
mod tests;
