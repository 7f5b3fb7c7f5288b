//! What the payload of each type of event takes from a register's columns: the members a `[change.payload]` may name.
//!
//! Guarantees: a member that its type does not have is refused when the mapping is loaded, and so is a mapping without one that the
//! type must have. Deliberately absent: people ([`Relation`], mapped in `[change.related]`) and what the gateway fills in.
//! Source: triggers, "Events".

use schemas::event::{EventKind, Relation};

/// How a column's value becomes a member's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text as it is.
    Text,
    /// One of the type's words, in lower case.
    Word,
    /// `YYYY-MM-DD`.
    Day,
    /// A code of the Local Government Directory, which registers often keep as a number.
    Code,
    /// A small whole number.
    Number,
    /// True or false.
    Flag,
}

/// One member of a payload that a column may fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its path in the payload, parts joined by dots.
    pub path: &'static str,
    /// How its value is written.
    pub form: Form,
    /// Whether a mapping must have it.
    pub required: bool,
}

const fn must(path: &'static str, form: Form) -> Member {
    Member { path, form, required: true }
}

const fn may(path: &'static str, form: Form) -> Member {
    Member { path, form, required: false }
}

const NUMBER: Member = must("registration_number", Form::Text);

const BIRTH: &[Member] = &[
    NUMBER,
    may("child.birth_date", Form::Day),
    may("child.sex", Form::Word),
    may("child.birth_order", Form::Number),
    may("child.plurality", Form::Number),
    may("mother.name", Form::Text),
    may("father.name", Form::Text),
    may("place.state", Form::Code),
    may("place.district", Form::Code),
    may("place.local_body", Form::Code),
    may("place.kind", Form::Word),
    may("registration_type", Form::Word),
];
const STILLBIRTH: &[Member] = &[
    NUMBER,
    may("date", Form::Day),
    may("plurality", Form::Number),
    may("place.state", Form::Code),
    may("place.district", Form::Code),
    may("place.local_body", Form::Code),
    may("place.kind", Form::Word),
];
const ANNULLED: &[Member] = &[NUMBER, must("reason", Form::Word)];
const REPORTED: &[Member] =
    &[must("report_number", Form::Text), must("reported_by", Form::Word), may("death_date", Form::Day)];
const DEATH: &[Member] = &[
    NUMBER,
    may("death_date", Form::Day),
    may("death_date_precision", Form::Word),
    may("match.method", Form::Text),
    may("match.score", Form::Number),
];
const MARRIAGE: &[Member] = &[NUMBER, may("date", Form::Day)];
const ENDED: &[Member] =
    &[NUMBER, may("date", Form::Day), must("reason", Form::Word), may("death_registration_number", Form::Text)];
const MOVED: &[Member] = &[
    may("registration_number", Form::Text),
    may("from.state", Form::Code),
    may("from.district", Form::Code),
    may("from.local_body", Form::Code),
    may("to.state", Form::Code),
    may("to.district", Form::Code),
    may("to.local_body", Form::Code),
    must("kind", Form::Word),
    may("temporary", Form::Flag),
];
const HOUSEHOLD: &[Member] = &[must("household", Form::Text), must("change", Form::Word)];
const CORRECTED: &[Member] = &[must("field", Form::Word), may("value", Form::Text)];
const PRESENCE: &[Member] = &[may("date", Form::Day), must("kind", Form::Word), may("district", Form::Code)];

/// The members of a type; `None` for one that no table's rows become as they are.
pub fn members(kind: EventKind) -> Option<&'static [Member]> {
    Some(match kind {
        EventKind::BirthRegistered => BIRTH,
        EventKind::BirthStillbirth => STILLBIRTH,
        EventKind::BirthAnnulled | EventKind::DeathAnnulled => ANNULLED,
        EventKind::DeathReported => REPORTED,
        EventKind::DeathRegistered => DEATH,
        EventKind::MarriageRegistered => MARRIAGE,
        EventKind::MarriageEnded => ENDED,
        EventKind::ResidenceMoved => MOVED,
        EventKind::HouseholdChanged => HOUSEHOLD,
        EventKind::PersonCorrected => CORRECTED,
        EventKind::PresenceConfirmed => PRESENCE,
        // Who they are says everything; a changed birth date is compared with what was told.
        EventKind::PersonMerged | EventKind::PersonSplit | EventKind::AgeRevised => &[],
        EventKind::AgeAttained | EventKind::FeedHeartbeat | EventKind::FeedNotice => return None,
    })
}

/// The other people whom a type may speak of: their relation, its name in mapping and payload, and whether it must be mapped.
pub fn relations(kind: EventKind) -> &'static [(Relation, &'static str, bool)] {
    match kind {
        EventKind::BirthRegistered => &[(Relation::Mother, "mother", false), (Relation::Father, "father", false)],
        EventKind::MarriageRegistered | EventKind::MarriageEnded => &[(Relation::Spouse, "spouse", true)],
        EventKind::HouseholdChanged => &[(Relation::Head, "head", false)],
        EventKind::PersonMerged => &[(Relation::Survivor, "into", true)],
        EventKind::PersonSplit => &[(Relation::Parted, "parted", true)],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_that_a_row_may_become_has_members_of_its_own_names() {
        for kind in EventKind::ALL {
            let Some(members) = members(*kind) else { continue };
            let mut paths: Vec<_> = members.iter().map(|member| member.path).collect();
            paths.sort_unstable();
            paths.dedup();
            assert_eq!(paths.len(), members.len(), "{kind:?}");
        }
        assert!(members(EventKind::AgeAttained).is_none(), "age is reckoned, not entered");
        assert!(members(EventKind::FeedHeartbeat).is_none());
    }

    #[test]
    fn who_must_be_known_for_an_event_to_make_sense_must_be_mapped() {
        let must = |kind| relations(kind).iter().filter(|(.., required)| *required).count();
        assert_eq!(must(EventKind::MarriageRegistered), 1);
        assert_eq!(must(EventKind::BirthRegistered), 0, "a foundling has a birth too");
        assert_eq!(must(EventKind::DeathRegistered), 0);
    }
}
