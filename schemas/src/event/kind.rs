//! The closed list of life events: which types there are, and what may be said of each without its payload.
//!
//! Guarantees: every type of the federation stands here once; a type that does not is unknown everywhere.
//! Source: triggers, "Events". Deliberately absent: payloads ([`super::EventPayload`]).

use crate::id::EventType;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $constant:ident = $text:literal;)*) => {
        $($(#[$doc])* pub const $constant: &str = $text;)*

        /// What happened, as one of the types of the federation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum EventKind {
            $($(#[$doc])* $name,)*
        }

        impl EventKind {
            /// Every type, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// As it stands in events, roles and subscriptions.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $constant,)* }
            }
        }
    };
}

kinds! {
    /// A birth is in the register.
    BirthRegistered BIRTH_REGISTERED = "in.vinimay.birth.registered.v1";
    /// A registration of a birth is void.
    BirthAnnulled BIRTH_ANNULLED = "in.vinimay.birth.annulled.v1";
    /// A child was born dead; about the mother.
    BirthStillbirth BIRTH_STILLBIRTH = "in.vinimay.birth.stillbirth.v1";
    /// Somebody says that a person has died: may flag, never removes.
    DeathReported DEATH_REPORTED = "in.vinimay.death.reported.v1";
    /// A death is in the register.
    DeathRegistered DEATH_REGISTERED = "in.vinimay.death.registered.v1";
    /// A registration of a death is void.
    DeathAnnulled DEATH_ANNULLED = "in.vinimay.death.annulled.v1";
    /// A person completes years.
    AgeAttained AGE_ATTAINED = "in.vinimay.age.attained.v1";
    /// What was said of a person's age was wrong.
    AgeRevised AGE_REVISED = "in.vinimay.age.revised.v1";
    /// A marriage is in the register; one event for each of the two.
    MarriageRegistered MARRIAGE_REGISTERED = "in.vinimay.marriage.registered.v1";
    /// A marriage has ended; one event for each who lives.
    MarriageEnded MARRIAGE_ENDED = "in.vinimay.marriage.ended.v1";
    /// A person lives elsewhere now.
    ResidenceMoved RESIDENCE_MOVED = "in.vinimay.residence.moved.v1";
    /// A household has changed.
    HouseholdChanged HOUSEHOLD_CHANGED = "in.vinimay.household.changed.v1";
    /// What the register says of a person was corrected.
    PersonCorrected PERSON_CORRECTED = "in.vinimay.person.corrected.v1";
    /// Two entries turned out to be one person.
    PersonMerged PERSON_MERGED = "in.vinimay.person.merged.v1";
    /// One entry turned out to be two persons.
    PersonSplit PERSON_SPLIT = "in.vinimay.person.split.v1";
    /// A sign of life.
    PresenceConfirmed PRESENCE_CONFIRMED = "in.vinimay.presence.confirmed.v1";
    /// The feed is alive; travels as the signed head of the feed.
    FeedHeartbeat FEED_HEARTBEAT = "in.vinimay.feed.heartbeat.v1";
    /// Many events of a kind are to come; travels in the signed head of the feed.
    FeedNotice FEED_NOTICE = "in.vinimay.feed.notice.v1";
}

impl EventKind {
    /// The type of that name; `None` for one that the federation does not know.
    pub fn of(kind: &EventType) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.as_str() == kind.as_str())
    }

    /// Its name; always there, as a test shows.
    pub fn event_type(self) -> Option<EventType> {
        self.as_str().parse().ok()
    }

    /// Whether it says that an earlier registration was wrong. Between persons such events go first.
    pub const fn is_annulment(self) -> bool {
        matches!(self, Self::BirthAnnulled | Self::DeathAnnulled)
    }

    /// Whether it goes before other persons' events: annulments and corrections.
    pub const fn is_urgent(self) -> bool {
        self.is_annulment() || matches!(self, Self::AgeRevised | Self::PersonCorrected | Self::PersonSplit)
    }

    /// Whether it is hearsay: it may flag and never acts.
    pub const fn is_reported(self) -> bool {
        matches!(self, Self::DeathReported)
    }

    /// Whether it speaks of a feed and not of a person; such a type is no [`super::Event`].
    pub const fn is_of_feed(self) -> bool {
        matches!(self, Self::FeedHeartbeat | Self::FeedNotice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_is_a_name_and_is_found_by_it() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::of(&kind.event_type().unwrap()), Some(*kind));
        }
        assert_eq!(EventKind::of(&"in.vinimay.death.rumoured.v1".parse().unwrap()), None);
        assert_eq!(EventKind::of(&"in.vinimay.death.registered.v2".parse().unwrap()), None);
    }

    #[test]
    fn what_undoes_goes_first_and_hearsay_is_known_as_such() {
        let urgent: Vec<_> = EventKind::ALL.iter().filter(|kind| kind.is_urgent()).collect();
        assert!(urgent.contains(&&EventKind::DeathAnnulled) && !urgent.contains(&&EventKind::DeathRegistered));
        assert!(EventKind::DeathReported.is_reported() && !EventKind::DeathRegistered.is_reported());
        assert_eq!(EventKind::ALL.iter().filter(|kind| kind.is_of_feed()).count(), 2);
    }
}
