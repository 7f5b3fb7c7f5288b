//! What is sealed in an event, by its type.
//!
//! Guarantees: each type has exactly one payload; an unknown member or a payload of another type is refused; nothing is
//! larger than 16 kB. Source: triggers, "Events"; names as SPDCI CRVS and OpenCRVS have them.
//! Deliberately absent: causes of death; birth dates in events about age; who gets which scheme.

use serde::{Serialize, de::DeserializeOwned};

use super::{
    AgeAttained, AgeRevised, BirthAnnulled, BirthRegistered, BirthStillbirth, DeathAnnulled, DeathRegistered,
    DeathReported, EventKind, HouseholdChanged, MarriageEnded, MarriageRegistered, PersonCorrected, PersonMerged,
    PersonSplit, PresenceConfirmed, RelatedPerson, ResidenceMoved,
};

/// The most bytes of a payload, as of a whole event: 16 kB.
pub const MAX_PAYLOAD: usize = 16 * 1024;

/// Reads one payload of a type that is known only now: from bytes, or out of a sealed part.
pub trait PayloadReader {
    /// Why it cannot be read.
    type Error;

    /// Reads it as that type.
    ///
    /// # Errors
    /// If it is of another form.
    fn read<T: DeserializeOwned>(self) -> Result<T, Self::Error>;
}

/// A payload is not what its type says.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum PayloadInvalid {
    /// More than 16 kB.
    #[error("the payload is larger than 16 kB")]
    TooLarge,
    /// The type speaks of no person.
    #[error("events of this type have no payload about a person")]
    NotAboutAPerson,
    /// Members are missing, unknown or of another form. Tells nothing of the values.
    #[error("the payload does not hold what its type must")]
    Form,
}

macro_rules! payloads {
    ($($name:ident),* $(,)?) => {
        /// The payload of an event about a person.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        #[serde(untagged)]
        #[allow(missing_docs, reason = "each variant holds the payload of the type of its name")]
        pub enum EventPayload {
            $($name($name),)*
        }

        $(impl From<$name> for EventPayload {
            fn from(payload: $name) -> Self {
                Self::$name(payload)
            }
        })*

        impl EventPayload {
            /// The type whose payload it is.
            pub const fn kind(&self) -> EventKind {
                match self { $(Self::$name(_) => EventKind::$name,)* }
            }

            /// Reads the payload of a type; `None` for a type that speaks of no person.
            ///
            /// # Errors
            /// As the reader.
            pub fn read_as<R: PayloadReader>(kind: EventKind, reader: R) -> Option<Result<Self, R::Error>> {
                match kind {
                    $(EventKind::$name => Some(reader.read::<$name>().map(Self::$name)),)*
                    EventKind::FeedHeartbeat | EventKind::FeedNotice => None,
                }
            }
        }
    };
}

payloads!(
    BirthRegistered,
    BirthAnnulled,
    BirthStillbirth,
    DeathReported,
    DeathRegistered,
    DeathAnnulled,
    AgeAttained,
    AgeRevised,
    MarriageRegistered,
    MarriageEnded,
    ResidenceMoved,
    HouseholdChanged,
    PersonCorrected,
    PersonMerged,
    PersonSplit,
    PresenceConfirmed,
);

/// What a related person is to the one whom the event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Relation {
    /// The mother.
    Mother,
    /// The father.
    Father,
    /// The husband or wife.
    Spouse,
    /// The head of the household.
    Head,
    /// The entry that goes on after two were joined.
    Survivor,
    /// The entry that was parted from this one.
    Parted,
}

struct Bytes<'a>(&'a [u8]);

impl PayloadReader for Bytes<'_> {
    type Error = PayloadInvalid;

    fn read<T: DeserializeOwned>(self) -> Result<T, PayloadInvalid> {
        serde_json::from_slice(self.0).map_err(|_| PayloadInvalid::Form)
    }
}

impl EventPayload {
    /// Reads a payload by its type.
    ///
    /// # Errors
    /// [`PayloadInvalid`].
    pub fn parse(kind: EventKind, bytes: &[u8]) -> Result<Self, PayloadInvalid> {
        if bytes.len() > MAX_PAYLOAD {
            return Err(PayloadInvalid::TooLarge);
        }
        Self::read_as(kind, Bytes(bytes)).unwrap_or(Err(PayloadInvalid::NotAboutAPerson))
    }

    /// The register's number of what was registered. The same number is the same registration, whatever the event's id.
    pub fn registration_number(&self) -> Option<&str> {
        Some(match self {
            Self::BirthRegistered(birth) => &birth.registration_number,
            Self::BirthAnnulled(annulled) => &annulled.registration_number,
            Self::BirthStillbirth(birth) => &birth.registration_number,
            Self::DeathReported(death) => &death.report_number,
            Self::DeathRegistered(death) => &death.registration_number,
            Self::DeathAnnulled(annulled) => &annulled.registration_number,
            Self::MarriageRegistered(marriage) => &marriage.registration_number,
            Self::MarriageEnded(ended) => &ended.registration_number,
            Self::ResidenceMoved(moved) => moved.registration_number.as_deref()?,
            _ => return None,
        })
    }

    /// The other people of whom it speaks.
    pub fn related(&self) -> Vec<(Relation, &RelatedPerson)> {
        match self {
            Self::BirthRegistered(birth) => {
                let father = birth.father.iter().map(|father| (Relation::Father, father));
                birth.mother.iter().map(|mother| (Relation::Mother, mother)).chain(father).collect()
            }
            Self::MarriageRegistered(marriage) => vec![(Relation::Spouse, &marriage.spouse)],
            Self::MarriageEnded(ended) => vec![(Relation::Spouse, &ended.spouse)],
            Self::HouseholdChanged(changed) => changed.head.iter().map(|head| (Relation::Head, head)).collect(),
            Self::PersonMerged(merged) => vec![(Relation::Survivor, &merged.into)],
            Self::PersonSplit(split) => vec![(Relation::Parted, &split.parted)],
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
