//! What an order to the roll needs beside its decision: signed records, who heard an objection, facts for columns.
//!
//! Deliberately absent: judging any of it; the warrant does (`perform`).

use std::collections::BTreeMap;

use eligibility::{
    fact::{Fact, FactPath, Value, names},
    fold::{Related, fold},
    propose::Reason,
};
use schemas::{
    answer::FieldValue,
    decision::DecisionAction,
    id::{CompactJws, FactName, MessageId, StaffMark},
    scheme::DecisionState,
    time::CivilDate,
};
use service_kit::db::AnyConnection;

use super::paid::{Stay, stays};
use crate::{
    decisions::DecisionError,
    keys::Keys,
    notices::Person,
    store::decisions::{
        cases::{Decided, decisions_of},
        facts::facts_of,
        log::{LogKind, log_of},
        objections::objection_find,
        persons::person_find,
    },
};

/// What an order needs beside the decision.
pub(super) struct Brief {
    pub(super) records: Vec<(LogKind, CompactJws)>,
    pub(super) heard_by: Option<(StaffMark, StaffMark)>,
    pub(super) facts: BTreeMap<FactName, FieldValue>,
    /// The day before the successor's first day, where one was entered.
    pub(super) last_day: Option<CivilDate>,
    /// Where else she was entered meanwhile, of what follows.
    pub(super) stays: Vec<Stay>,
}

pub(super) fn brief(
    conn: &mut AnyConnection,
    keys: &Keys,
    (id, person): (&MessageId, &Person),
    (next, today): (&[String], CivilDate),
) -> Result<Brief, DecisionError> {
    let records = log_of(conn, id)?.into_iter().map(|logged| (logged.kind, logged.jws)).collect();
    let objection = objection_find(conn, keys, id)?;
    let heard_by = objection.and_then(|objection| {
        let first = objection.first?.0.as_str().parse().ok()?;
        Some((first, objection.second?.as_str().parse().ok()?))
    });
    let heard: Vec<_> = facts_of(conn, keys, person)?.into_iter().map(|heard| heard.record).collect();
    let folded = fold(&heard, &Related::default(), today);
    let mut facts: BTreeMap<FactName, FieldValue> = folded.facts.iter().filter_map(field).collect();
    if let Ok(head) = names::HEAD.parse::<FactName>() {
        // Whoever is entered is no head until a register says so.
        facts.entry(head).or_insert(FieldValue::Boolean(false));
    }
    let known = person_find(conn, keys, person)?;
    if let Some(about) = known.and_then(|known| known.about) {
        let more = [
            ("person.name", Some(FieldValue::Text(about.name))),
            ("person.birth_year", about.birth_year.map(|year| FieldValue::Integer(year.into()))),
        ];
        for (name, value) in more {
            if let (Ok(name), Some(value)) = (name.parse::<FactName>(), value) {
                facts.entry(name).or_insert(value);
            }
        }
    }
    let past = decisions_of(conn, keys, person)?;
    let own = past.iter().find(|decided| decided.id == *id);
    let last_day = own.and_then(|own| successor_starts(&past, own, next));
    let stays = own.map(|own| stays(&past, own, (next, today))).unwrap_or_default();
    Ok(Brief { records, heard_by, facts, last_day, stays })
}

/// The last day of a benefit whose successor was entered: the day before that one's first.
fn successor_starts(past: &[Decided], own: &Decided, next: &[String]) -> Option<CivilDate> {
    if own.action != DecisionAction::Remove || own.matter.cause.reason != Reason::ClauseFalse {
        return None;
    }
    let starts = past.iter().filter(|other| {
        let entered = other.state == DecisionState::Enrolled && other.action != DecisionAction::Amend;
        // One that follows counts whenever she was entered: the removal may have begun anew since.
        let since = next.contains(&other.scheme) || other.at_ms >= own.at_ms - 86_400_000;
        other.scheme != own.scheme && entered && since
    });
    let first = starts.map(|other| other.matter.effective).max()?;
    first.date().yesterday().ok().map(CivilDate::from_date)
}

fn field((path, fact): (&FactPath, &Fact)) -> Option<(FactName, FieldValue)> {
    let value = match &fact.value {
        Value::Bool(truth) => FieldValue::Boolean(*truth),
        Value::Integer(number) => FieldValue::Integer(*number),
        Value::Text(text) => FieldValue::Text(text.clone()),
        Value::Date(day) => FieldValue::Text(day.to_string()),
        Value::List(_) => return None,
    };
    Some((path.as_str().parse().ok()?, value))
}
