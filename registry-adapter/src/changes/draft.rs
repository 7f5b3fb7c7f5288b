//! A row as the payload of its event, without the people: they are named anew for each subscriber.
//!
//! Guarantees: a draft holds only members of its type, each of the form that the type wants; what a register does not know is left
//! out or stands as unknown, never guessed; it was tried as a payload before it is handed over.
//! Deliberately absent: pseudonyms and sealing.

use schemas::{
    event::{EventKind, EventPayload, PayloadInvalid, RelatedPerson, Relation},
    id::LgdCode,
    time::CivilDate,
};
use serde_json::{Map, Value, json};

use super::ChangeUnreadable;
use crate::{
    catalogue::Column,
    mapping::{ChangeCapture, Form, Member, relations},
    row::{boolean, day},
    statement::Row,
};

/// The payload of an event as far as the register's row tells it. Personal data: Debug shows none of it.
#[derive(Clone, PartialEq)]
pub struct Draft {
    kind: EventKind,
    members: Map<String, Value>,
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Draft").field(&self.kind).finish()
    }
}

impl Draft {
    /// A draft from members that are known already, as an event that is reported over an interface has them.
    ///
    /// # Errors
    /// If they are not the payload of the type.
    pub fn of(kind: EventKind, members: Map<String, Value>) -> Result<Self, PayloadInvalid> {
        let draft = Self { kind, members };
        draft.payload(&[], Some("household".to_owned())).map(|_| draft)
    }

    /// A draft from what a department's own system reports: members as in the payload, the rest as where a register says nothing.
    ///
    /// # Errors
    /// If they are not the payload of the type.
    pub fn reported(
        kind: EventKind,
        effective: CivilDate,
        reported: Map<String, Value>,
    ) -> Result<Self, PayloadInvalid> {
        let mut members = defaults(kind, effective);
        for (name, value) in reported {
            match (members.get_mut(&name).and_then(Value::as_object_mut), value) {
                (Some(known), Value::Object(said)) => known.extend(said),
                (_, value) => {
                    members.insert(name, value);
                }
            }
        }
        Self::of(kind, members)
    }

    /// Its type.
    pub const fn kind(&self) -> EventKind {
        self.kind
    }

    /// The register's number of what was registered, where the type has one.
    pub fn registration_number(&self) -> Option<&str> {
        let number = self.members.get("registration_number").or_else(|| self.members.get("report_number"));
        number.and_then(Value::as_str)
    }

    /// The register's own number of the household, which never leaves as it is.
    pub fn household(&self) -> Option<&str> {
        self.members.get("household").and_then(Value::as_str)
    }

    /// The payload with the people as one subscriber knows them, and the household by its pseudonym.
    ///
    /// # Errors
    /// If the members are not those of the type.
    pub fn payload(
        &self,
        people: &[(Relation, RelatedPerson)],
        household_ref: Option<String>,
    ) -> Result<EventPayload, PayloadInvalid> {
        let mut members = self.members.clone();
        if members.remove("household").is_some() {
            members.insert("household_ref".to_owned(), json!(household_ref));
        }
        for (relation, name, required) in relations(self.kind) {
            let person = people.iter().find(|(known, _)| known == relation).map(|(_, person)| person);
            let unknown = RelatedPerson { name: None, birth_year: None, subject: None };
            let by_name = members.get(*name).and_then(by_name);
            let person = person.or(by_name.as_ref()).or(required.then_some(&unknown));
            members.insert((*name).to_owned(), json!(person));
        }
        EventPayload::parse(self.kind, Value::Object(members).to_string().as_bytes())
    }
}

/// Somebody of whom the register has no more than the name, as clerks enter parents: she is told by it, and surely nobody is meant.
fn by_name(member: &Value) -> Option<RelatedPerson> {
    let name = member.get("name")?.as_str()?.trim();
    (!name.is_empty()).then(|| RelatedPerson { name: Some(name.to_owned()), birth_year: None, subject: None })
}

/// Reads the mapped members, which stand in the row from `at` on.
pub(super) fn draft(
    capture: &ChangeCapture,
    row: &Row,
    at: usize,
    effective: CivilDate,
) -> Result<Draft, ChangeUnreadable> {
    let mut members = defaults(capture.kind, effective);
    for (place, (member, column)) in capture.payload.iter().enumerate() {
        let text = row.text(at + place).map(str::trim).filter(|text| !text.is_empty());
        match text {
            Some(text) => put(&mut members, member.path, value(member, column, text)?),
            None if member.required => return Err(wrong(column, "value")),
            None => {}
        }
    }
    if capture.kind == EventKind::PersonCorrected {
        members = corrected(&members);
    }
    Draft::of(capture.kind, members).map_err(|_| ChangeUnreadable::NoPayload)
}

fn wrong(column: &Column, expected: &'static str) -> ChangeUnreadable {
    ChangeUnreadable::Value { column: column.name.to_string(), expected }
}

fn value(member: &Member, column: &Column, text: &str) -> Result<Value, ChangeUnreadable> {
    match member.form {
        Form::Text => Ok(json!(text)),
        Form::Word => Ok(json!(text.to_lowercase())),
        Form::Day => day(text).map(|day| json!(day)).ok_or_else(|| wrong(column, "date")),
        Form::Code => text.parse::<LgdCode>().map(|code| json!(code)).map_err(|_| wrong(column, "LGD code")),
        Form::Number => text.parse::<u8>().map(|number| json!(number)).map_err(|_| wrong(column, "small number")),
        Form::Flag => boolean(text).map(|flag| json!(flag)).ok_or_else(|| wrong(column, "truth value")),
    }
}

/// What holds where the register says nothing else.
fn defaults(kind: EventKind, effective: CivilDate) -> Map<String, Value> {
    let place = || json!({ "state": null, "district": null, "local_body": null });
    let born = || json!({ "state": null, "district": null, "local_body": null, "kind": "unknown" });
    let members = match kind {
        EventKind::BirthRegistered => json!({
            "child": { "birth_date": effective, "sex": "unknown", "birth_order": null, "plurality": 1 },
            "place": born(), "registration_type": "current", "mother": { "name": null }, "father": { "name": null },
        }),
        EventKind::BirthStillbirth => json!({ "date": effective, "plurality": 1, "place": born() }),
        EventKind::DeathReported => json!({ "death_date": null }),
        // The register's own row names its resident by number.
        EventKind::DeathRegistered => json!({
            "death_date": effective, "death_date_precision": "day",
            "match": { "method": "resident-number", "score": 100 },
        }),
        EventKind::MarriageRegistered => json!({ "date": effective }),
        EventKind::MarriageEnded => json!({ "date": effective, "death_registration_number": null }),
        EventKind::ResidenceMoved => {
            json!({ "registration_number": null, "from": place(), "to": place(), "temporary": false })
        }
        EventKind::PresenceConfirmed => json!({ "date": effective, "district": null }),
        _ => json!({}),
    };
    match members {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Puts a value where its path says; at most two parts.
fn put(members: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            members.insert(path.to_owned(), value);
        }
        Some((outer, inner)) => {
            if let Some(object) = members.get_mut(outer).and_then(Value::as_object_mut) {
                object.insert(inner.to_owned(), value);
            }
        }
    }
}

/// One row corrects one field.
fn corrected(members: &Map<String, Value>) -> Map<String, Value> {
    let field = json!({ "field": members.get("field"), "value": members.get("value") });
    Map::from_iter([("fields".to_owned(), json!([field]))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::members;

    fn day_of(text: &str) -> CivilDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_paths_that_a_mapping_may_name_are_those_of_the_payload() {
        for kind in EventKind::ALL {
            let Some(known) = members(*kind) else { continue };
            let mut filled = defaults(*kind, day_of("2026-11-18"));
            for member in known {
                if let Some((outer, inner)) = member.path.split_once('.') {
                    let object = filled.get(outer).and_then(Value::as_object);
                    assert!(object.is_some_and(|object| object.contains_key(inner)), "{kind:?} {}", member.path);
                }
                put(&mut filled, member.path, json!("x"));
            }
        }
    }

    #[test]
    fn a_draft_becomes_a_payload_with_people_and_pseudonym() {
        let members = json!({ "household": "H-7", "change": "head_changed" });
        let draft = Draft::of(EventKind::HouseholdChanged, members.as_object().unwrap().clone()).unwrap();
        let head = RelatedPerson { name: Some("Phulo Netam".to_owned()), birth_year: Some(2001), subject: None };
        let payload = draft.payload(&[(Relation::Head, head.clone())], Some("pseudonym".to_owned())).unwrap();
        let EventPayload::HouseholdChanged(changed) = payload else { panic!("another type") };
        assert_eq!((changed.household_ref.as_str(), changed.head), ("pseudonym", Some(head)));
        assert_eq!(draft.household(), Some("H-7"));
        assert!(!format!("{draft:?}").contains("H-7"));
    }

    #[test]
    fn a_spouse_whom_the_register_does_not_know_stands_as_unknown() {
        let members = json!({ "registration_number": "M-1", "date": "2026-11-18" });
        let draft = Draft::of(EventKind::MarriageRegistered, members.as_object().unwrap().clone()).unwrap();
        let EventPayload::MarriageRegistered(marriage) = draft.payload(&[], None).unwrap() else { panic!() };
        assert_eq!(marriage.spouse.name, None);
        assert_eq!(draft.registration_number(), Some("M-1"));
    }

    #[test]
    fn a_mother_whom_the_register_knows_by_name_alone_is_told_by_it_and_one_with_a_number_by_that() {
        let mut members = defaults(EventKind::BirthRegistered, day_of("2026-11-18"));
        members.insert("registration_number".to_owned(), json!("B-1"));
        let mother = |members: &Map<String, Value>, people: &[(Relation, RelatedPerson)]| {
            let draft = Draft::of(EventKind::BirthRegistered, members.clone()).unwrap();
            let EventPayload::BirthRegistered(birth) = draft.payload(people, None).unwrap() else { panic!() };
            (birth.mother, birth.father)
        };
        assert_eq!(mother(&members, &[]), (None, None), "a foundling");
        put(&mut members, "mother.name", json!("Phulo Netam"));
        let by_name = RelatedPerson { name: Some("Phulo Netam".to_owned()), birth_year: None, subject: None };
        assert_eq!(mother(&members, &[]), (Some(by_name.clone()), None));
        let known = RelatedPerson { birth_year: Some(2001), ..by_name };
        assert_eq!(mother(&members, &[(Relation::Mother, known.clone())]).0, Some(known));
        let forged = json!({ "name": " ", "subject": "eyJ" });
        members.insert("mother".to_owned(), forged);
        assert_eq!(mother(&members, &[]).0, None, "nobody but the gateway names a pseudonym");
    }

    #[test]
    fn what_is_no_payload_of_the_type_is_no_draft() {
        let members = json!({ "registration_number": "D-1", "reason": "mistake" });
        assert!(Draft::of(EventKind::DeathAnnulled, members.as_object().unwrap().clone()).is_err());
        assert!(Draft::of(EventKind::FeedHeartbeat, Map::new()).is_err());
    }

    #[test]
    fn what_a_system_reports_is_completed_and_judged_like_a_row() {
        let members = |value: Value| value.as_object().unwrap().clone();
        let day = day_of("2026-11-18");
        let birth = json!({ "registration_number": "B-1", "child": { "sex": "female" } });
        let draft = Draft::reported(EventKind::BirthRegistered, day, members(birth)).unwrap();
        let EventPayload::BirthRegistered(birth) = draft.payload(&[], None).unwrap() else { panic!() };
        assert_eq!((birth.child.birth_date, birth.child.plurality), (day, 1));
        for wrong in [json!({}), json!({ "kind": "telephone" }), json!({ "kind": "officer", "mother": "R-1" })] {
            assert!(Draft::reported(EventKind::PresenceConfirmed, day, members(wrong)).is_err());
        }
    }

    #[test]
    fn a_corrected_field_is_one_of_a_list() {
        let members = json!({ "field": "given_name", "value": "Sunita" });
        let fields = corrected(members.as_object().unwrap());
        let EventPayload::PersonCorrected(corrected) =
            Draft::of(EventKind::PersonCorrected, fields).unwrap().payload(&[], None).unwrap()
        else {
            panic!("another type")
        };
        assert_eq!(corrected.fields[0].field.as_str(), "given_name");
    }
}
