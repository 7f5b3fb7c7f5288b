//! A person named to one receiver by the identity registry, for the messages of one asker.
//!
//! Guarantees: a [`NamedPerson`] was named in a statement that an identity registry of the receiver's sector signed, for this receiver
//! and this asker, and that was in force when the name was used; it opens only at the receiver. Sealing alone would prove nothing:
//! anybody can seal to a public key, the asker as well (ADR 0390). Deliberately absent: who may ask for a name; that is a query
//! under consent or law; and whether a name was used before: the messages around it count once.

use schemas::{
    event::NamedSubject,
    id::{CompactJwe, CompactJws, EntityId, SectorSubject},
    problem::Code,
    time::{NumericDate, Timestamp},
    version::V1,
};

use crate::{
    credential::binding::RegistryKeys,
    exchange::first_opened,
    seal::{
        Binding, DecryptionKey, EncryptionKey, JweError, JwsError, Limits, SealFailed, SigningKey, Typ, UnverifiedJws,
        freshness::SKEW, open_named, random, seal, sign,
    },
};

/// How long a name may be used, seconds: as long as the statements of the federation live, so that a batch that was interrupted
/// goes on with the names it has, and no name outlives by more than a day what it was given for.
pub const NAME_LIFE: i64 = 86_400;

/// The identity registry as it names people.
#[derive(Clone, Copy, Debug)]
pub struct NamingRegistry<'a> {
    /// Who names.
    pub entity: &'a EntityId,
    /// Signs the names.
    pub signing: &'a SigningKey,
}

/// A person whom an identity registry of our sector named to us. Made by [`open_subject`] alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPerson {
    registry: EntityId,
    subject: SectorSubject,
}

/// Why a name is no name.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum NameInvalid {
    /// It does not open here, or was sealed for other messages.
    #[error("the sealed name does not open")]
    Sealed(#[from] JweError),
    /// What was sealed is no statement of this form, or its signature does not verify.
    #[error("the name is not signed as it must be")]
    Statement(#[from] JwsError),
    /// Whoever should have signed it is no identity registry of our sector, or the key was not its own then.
    #[error("the name is no identity registry's")]
    NotRegistry,
    /// The statement is about another registry, receiver or asker than the sealed part around it.
    #[error("the name was given for another receiver or asker")]
    Moved,
    /// It was used before or after its time, or says that it lives longer than a name may.
    #[error("the name is not in force")]
    NotInForce,
}

impl NameInvalid {
    /// The code of refusal, where the name stands in a message whose signature verified.
    pub const fn code(&self) -> Code {
        match self {
            Self::Sealed(error) => error.code(),
            Self::Statement(error) => error.code(),
            Self::NotRegistry => Code::SignatureInvalid,
            Self::Moved => Code::TokenMalformed,
            Self::NotInForce => Code::Stale,
        }
    }
}

impl NamingRegistry<'_> {
    /// Names a person to a receiver, by the receiver's own pseudonym of her: signed by us, sealed to the receiver, for messages that
    /// `asker` signs within the next [`NAME_LIFE`] seconds.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn name(
        &self,
        (receiver, receiver_key): (&EntityId, &EncryptionKey),
        asker: &EntityId,
        sub: SectorSubject,
        now: Timestamp,
    ) -> Result<CompactJwe, SealFailed> {
        let named = NamedSubject {
            v: V1,
            iss: self.entity.clone(),
            aud: receiver.clone(),
            iat: now.numeric(),
            exp: now.numeric().plus(NAME_LIFE),
            jti: random::message_id(now),
            r#for: asker.clone(),
            sub,
        };
        seal_name(receiver_key, &named, self.signing)
    }
}

/// Signs and seals a statement as it is.
fn seal_name(to: &EncryptionKey, named: &NamedSubject, key: &SigningKey) -> Result<CompactJwe, SealFailed> {
    let statement = sign(Typ::NamedSubject, key, named)?;
    seal(to, &Binding::subject(&named.iss, &named.aud, &named.r#for), &statement)
}

/// Opens a name inside a message that `asker` signed and that was made at `used`: of a query, which is answered at once, now; of an
/// event, which counts however late it arrives, when the event was signed. `keys` are all our decryption keys, old ones included.
///
/// # Errors
/// By the first thing that is wrong: sealed for us and this asker, a registry of our sector, its signature, the parties, the time.
pub fn open_subject(
    jwe: &CompactJwe,
    us: &EntityId,
    keys: &[DecryptionKey],
    asker: &EntityId,
    registries: &impl RegistryKeys,
    used: NumericDate,
) -> Result<NamedPerson, NameInvalid> {
    let opened = keys.iter().map(|key| open_named::<CompactJws>(jwe, key, (us, asker), Limits::OTHER));
    let (registry, statement) = first_opened(opened)?;
    let statement = UnverifiedJws::of(&statement, Limits::OTHER)?;
    // The key is looked up for the time that the statement claims; the same bytes are verified below.
    let claimed: NamedSubject = statement.unverified_claims()?;
    let kid = statement.claimed_issuer().key_id().ok_or(NameInvalid::NotRegistry)?;
    let key = registries.registry_key(&registry, &kid, claimed.iat).ok_or(NameInvalid::NotRegistry)?;
    let named: NamedSubject = statement.verify(Typ::NamedSubject, &key)?.claims()?;
    if (&named.iss, &named.aud, &named.r#for) != (&registry, us, asker) {
        return Err(NameInvalid::Moved);
    }
    if in_force(&named, used) { Ok(NamedPerson { registry, subject: named.sub }) } else { Err(NameInvalid::NotInForce) }
}

fn in_force(named: &NamedSubject, used: NumericDate) -> bool {
    let (iat, exp, used) = (named.iat.seconds(), named.exp.seconds(), used.seconds());
    let life = exp.checked_sub(iat).is_some_and(|life| (1..=NAME_LIFE).contains(&life));
    life && iat <= used.saturating_add(SKEW) && exp > used.saturating_sub(SKEW)
}

impl NamedPerson {
    /// Who named her.
    pub fn registry(&self) -> &EntityId {
        &self.registry
    }

    /// Our own pseudonym of her.
    pub fn subject(&self) -> &SectorSubject {
        &self.subject
    }

    /// Our own pseudonym of her.
    pub fn into_subject(self) -> SectorSubject {
        self.subject
    }
}

#[cfg(test)]
mod tests;
