//! What standing records say, in their order.

use schemas::{
    event::{
        BirthPlaceKind, DatePrecision, DeathRegistered, EventAssurance, EventPayload, HouseholdChange, MarriageEnd,
        MoveKind, PersonCorrected, PresenceConfirmed, Relation, ResidenceMoved, Sex,
    },
    time::CivilDate,
};

use super::{
    Contradiction, Death, Delivery, Folded, MovedOut, Origin, Related, ReportedDeath, Role,
    record::{Content, EventRecord},
    standing::{Void, family_of_death, standing},
};
use crate::{
    age::Convention,
    fact::{Attained, Benefit, Fact, Value, names},
};

/// Children born within so many days of each other by one mother are of one delivery.
const ONE_DELIVERY_DAYS: i64 = 7;
/// A presence at home this many days before a move was recorded speaks against it too.
const RECENT_DAYS: i64 = 30;

/// `records`: those that stand; `all`: every one.
pub(super) fn apply((records, all): (&[&EventRecord], &[EventRecord]), related: &Related, as_of: CivilDate) -> Folded {
    let mut folded = Folded::default();
    for record in records {
        facts_of(&mut folded, record);
    }
    constants(&mut folded, records);
    corrected(&mut folded, records);
    benefits(&mut folded, records);
    widowed_by_a_death(&mut folded, records, related, as_of);
    death(&mut folded, (records, all));
    residence(&mut folded, records);
    folded
}

fn origin(record: &EventRecord) -> Origin {
    Origin {
        event: record.id.clone(),
        source: record.source.clone(),
        digest: record.digest,
        case: record.case.clone(),
        recorded: record.recorded,
        registration: record.event().and_then(EventPayload::registration_number).map(str::to_owned),
    }
}

fn put(folded: &mut Folded, path: &str, value: impl Into<Value>, record: &EventRecord, effective: CivilDate) {
    let fact = Fact {
        value: value.into(),
        effective,
        recorded: record.recorded,
        source: Some(record.fact_source()),
        receipt: Some(record.digest),
    };
    // The names of facts are constants whose form a test shows.
    if let Ok(path) = path.parse() {
        folded.facts.set(path, fact);
    }
}

/// Facts that change in the world: the last word by effective day counts.
fn facts_of(folded: &mut Folded, record: &EventRecord) {
    if let Content::Stated(statements) = &record.content {
        for (path, value) in statements.iter().filter(|(path, _)| !is_constant(path.as_str())) {
            match value {
                Some(value) => put(folded, path.as_str(), value.clone(), record, record.effective),
                None => folded.facts.unset(path),
            }
        }
    }
    match (record.role, record.event()) {
        (Role::Subject, Some(EventPayload::MarriageRegistered(_)))
        | (Role::Related(Relation::Spouse), Some(EventPayload::MarriageRegistered(_))) => {
            put(folded, names::MARITAL_STATUS, "married", record, record.effective);
        }
        (Role::Subject, Some(EventPayload::MarriageEnded(ended))) => marriage_ended(folded, ended.reason, record),
        (Role::Related(Relation::Spouse), Some(EventPayload::MarriageEnded(ended)))
            if ended.reason != MarriageEnd::DeathOfSpouse =>
        {
            marriage_ended(folded, ended.reason, record);
        }
        (Role::Related(Relation::Mother), Some(EventPayload::BirthRegistered(birth))) => {
            let at = (birth.child.birth_date, birth.child.plurality, birth.place.kind);
            delivered(folded, at, record);
        }
        (Role::Subject, Some(EventPayload::BirthStillbirth(birth))) => {
            delivered(folded, (birth.date, birth.plurality, birth.place.kind), record);
        }
        (Role::Related(Relation::Head), Some(EventPayload::HouseholdChanged(_))) => {
            put(folded, names::HEAD, true, record, record.effective);
        }
        (Role::Subject, Some(EventPayload::HouseholdChanged(changed))) => match changed.change {
            HouseholdChange::HeadChanged => put(folded, names::HEAD, true, record, record.effective),
            HouseholdChange::MemberLeft => put(folded, names::HEAD, false, record, record.effective),
            HouseholdChange::MemberAdded => {}
        },
        _ => {}
    }
}

fn marriage_ended(folded: &mut Folded, how: MarriageEnd, record: &EventRecord) {
    match how {
        MarriageEnd::Divorce => put(folded, names::MARITAL_STATUS, "divorced", record, record.effective),
        MarriageEnd::DeathOfSpouse => put(folded, names::MARITAL_STATUS, "widowed", record, record.effective),
        // A void marriage leaves her as she was before it, which we do not know.
        MarriageEnd::Annulment => folded.facts.unset(names::MARITAL_STATUS),
    }
}

fn delivered(folded: &mut Folded, (on, plurality, place): (CivilDate, u8, BirthPlaceKind), record: &EventRecord) {
    let near = |known: &Delivery| days_between(known.on, on).abs() <= ONE_DELIVERY_DAYS;
    if !folded.deliveries.iter().any(near) {
        folded.deliveries.push(Delivery { on, origin: origin(record) });
        put(folded, names::DELIVERY_DATE, on, record, on);
    }
    put(folded, names::DELIVERY_PLURALITY, i64::from(plurality), record, on);
    match place {
        BirthPlaceKind::Facility => put(folded, names::DELIVERY_INSTITUTIONAL, true, record, on),
        BirthPlaceKind::Home => put(folded, names::DELIVERY_INSTITUTIONAL, false, record, on),
        BirthPlaceKind::Unknown => folded.facts.unset(names::DELIVERY_INSTITUTIONAL),
    }
}

fn days_between(from: CivilDate, to: CivilDate) -> i64 {
    (to.start().seconds() - from.start().seconds()) / 86_400
}

/// What is so from birth on; a later word corrects an earlier one, whatever day it speaks of.
const CONSTANTS: [&str; 4] = [names::BIRTH_DATE, names::BIRTH_YEAR, names::SEX, names::NATIVE_STATE];

fn is_constant(path: &str) -> bool {
    CONSTANTS.contains(&path)
}

fn constants(folded: &mut Folded, records: &[&EventRecord]) {
    let mut written = records.to_vec();
    written.sort_by(|a, b| a.written().cmp(&b.written()));
    for record in written {
        match (&record.content, record.role) {
            (Content::Stated(statements), _) => {
                for (path, value) in statements.iter().filter(|(path, _)| is_constant(path.as_str())) {
                    match value {
                        Some(value) => put(folded, path.as_str(), value.clone(), record, record.effective),
                        None => folded.facts.unset(path),
                    }
                }
            }
            (Content::Event(payload), Role::Subject) => constant_of(folded, payload, record),
            _ => {}
        }
    }
}

/// Words on a birth or an age that a later word corrected: what rested on them was wrong from the beginning.
fn corrected(folded: &mut Folded, records: &[&EventRecord]) {
    let facts = &folded.facts;
    let wrong = records.iter().filter(|record| {
        let birth = said_birth(record).is_some_and(|day| facts.date(names::BIRTH_DATE).is_some_and(|now| now != day));
        let age =
            said_age(record).is_some_and(|(age, on)| facts.attained(age.0, age.1).is_some_and(|now| now.on != on));
        birth || age
    });
    let wrong: Vec<_> = wrong.map(|record| record.digest).collect();
    folded.voided.extend(wrong);
}

fn said_birth(record: &EventRecord) -> Option<CivilDate> {
    match (&record.content, record.role) {
        (Content::Stated(statements), _) => statements.iter().find_map(|(path, value)| match value {
            Some(Value::Date(day)) if path.as_str() == names::BIRTH_DATE => Some(*day),
            _ => None,
        }),
        (Content::Event(EventPayload::BirthRegistered(birth)), Role::Subject) => Some(birth.child.birth_date),
        (Content::Event(EventPayload::PersonCorrected(corrected)), Role::Subject) => {
            let field = corrected.fields.iter().find(|field| format!("person.{}", field.field) == names::BIRTH_DATE);
            field.and_then(|field| plain_text(field.value.as_ref()?)?.parse().ok())
        }
        _ => None,
    }
}

fn said_age(record: &EventRecord) -> Option<((u8, Convention), CivilDate)> {
    match record.event() {
        Some(EventPayload::AgeAttained(age)) => Some(((age.years, age.convention.into()), age.effective)),
        Some(EventPayload::AgeRevised(age)) => Some(((age.years, age.convention.into()), age.effective)),
        _ => None,
    }
}

fn constant_of(folded: &mut Folded, payload: &EventPayload, record: &EventRecord) {
    match payload {
        EventPayload::BirthRegistered(birth) => {
            put(folded, names::BIRTH_DATE, birth.child.birth_date, record, record.effective);
            if let Some(sex) = sex(birth.child.sex) {
                put(folded, names::SEX, sex, record, record.effective);
            }
        }
        EventPayload::AgeAttained(age) => {
            attained(folded, (age.years, age.convention.into()), Some(age.effective), record);
        }
        EventPayload::AgeRevised(age) => {
            attained(folded, (age.years, age.convention.into()), Some(age.effective), record);
        }
        EventPayload::PersonCorrected(corrected) => corrections(folded, corrected, record),
        _ => {}
    }
}

const fn sex(sex: Sex) -> Option<&'static str> {
    match sex {
        Sex::Female => Some("female"),
        Sex::Male => Some("male"),
        Sex::Transgender => Some("other"),
        Sex::Unknown => None,
    }
}

fn attained(folded: &mut Folded, (years, convention): (u8, Convention), on: Option<CivilDate>, record: &EventRecord) {
    if let Some(on) = on {
        let source = Some(record.fact_source());
        let attained = Attained { on, recorded: record.recorded, source, receipt: Some(record.digest) };
        folded.facts.set_attained(years, convention, attained);
    }
}

/// A corrected field whose value does not travel is unknown until it is fetched.
fn corrections(folded: &mut Folded, corrected: &PersonCorrected, record: &EventRecord) {
    for field in &corrected.fields {
        let path = format!("person.{}", field.field);
        if !is_constant(&path) {
            continue;
        }
        let text = field.value.as_ref().and_then(plain_text);
        match (path.as_str(), text) {
            (names::BIRTH_DATE, Some(text)) => match text.parse::<CivilDate>() {
                Ok(day) => put(folded, &path, day, record, record.effective),
                Err(_) => folded.facts.unset(&path),
            },
            (names::BIRTH_YEAR, Some(text)) => match text.parse::<i64>() {
                Ok(year) => put(folded, &path, year, record, record.effective),
                Err(_) => folded.facts.unset(&path),
            },
            (_, Some(text)) => put(folded, &path, text, record, record.effective),
            (_, None) => folded.facts.unset(&path),
        }
    }
}

fn plain_text(value: &schemas::answer::FieldValue) -> Option<String> {
    use schemas::answer::FieldValue;
    match value {
        FieldValue::Text(text) => Some(text.clone()),
        FieldValue::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Of each source its last word about a class or scheme; the union of all sources.
fn benefits(folded: &mut Folded, records: &[&EventRecord]) {
    let mut written = records.to_vec();
    written.sort_by(|a, b| a.written().cmp(&b.written()));
    let mut named: Vec<(&EventRecord, &Benefit)> = Vec::new();
    for record in written {
        let Content::Draws { benefits, whole } = &record.content else { continue };
        named
            .retain(|(earlier, benefit)| earlier.source != record.source || !whole.iter().any(|of| of.admits(benefit)));
        named.extend(benefits.iter().map(|benefit| (record, benefit)));
        for of in whole {
            let fact = Fact {
                value: true.into(),
                effective: record.effective,
                recorded: record.recorded,
                source: Some(record.fact_source()),
                receipt: Some(record.digest),
            };
            folded.facts.benefits_mut().know_all(of.clone(), fact);
        }
    }
    for (record, benefit) in named {
        folded.facts.benefits_mut().draws(benefit.clone(), Some(record.recorded));
    }
}

/// A wife whose husband's registered death stands is widowed, whichever of marriage and death was heard of first.
fn widowed_by_a_death(folded: &mut Folded, records: &[&EventRecord], related: &Related, as_of: CivilDate) {
    let deaths: Vec<EventRecord> = related.spouses.iter().map(|(_, record)| record.clone()).collect();
    let stands = standing(&deaths, Void { own: &related.annulled, others: &[] });
    for (marriage, death) in &related.spouses {
        let Some(married) = records.iter().find(|record| record.id == *marriage) else { continue };
        let Some(EventPayload::DeathRegistered(dead)) = death.event() else { continue };
        let still_married = folded.facts.get(names::MARITAL_STATUS).is_some_and(|status| {
            status.value == Value::from("married")
                && status.source.as_ref().is_some_and(|source| source.id == married.id)
        });
        let after = dead.death_date >= married.effective && dead.death_date <= as_of;
        if still_married && after && death.assurance == EventAssurance::Registered && stands.contains(&death) {
            put(folded, names::MARITAL_STATUS, "widowed", death, dead.death_date);
        }
    }
}

/// The last day on which somebody can have died by a date of this precision: a sign of life until then contradicts nothing.
fn last_day(death: &DeathRegistered) -> CivilDate {
    let date = death.death_date.date();
    CivilDate::from_date(match death.death_date_precision {
        DatePrecision::Day => date,
        DatePrecision::Month => date.last_of_month(),
        DatePrecision::Year => date.last_of_year(),
    })
}

fn presences<'a>(records: &'a [&EventRecord]) -> impl Iterator<Item = (&'a EventRecord, &'a PresenceConfirmed)> {
    records.iter().filter(|record| record.role == Role::Subject).filter_map(|record| match record.event() {
        Some(EventPayload::PresenceConfirmed(presence)) => Some((*record, presence)),
        _ => None,
    })
}

fn death(folded: &mut Folded, (records, all): (&[&EventRecord], &[EventRecord])) {
    let sign_after =
        |day| presences(records).find(|(_, presence)| presence.date > day).map(|(record, _)| origin(record));
    let mut known = true;
    for record in records.iter().filter(|record| record.role == Role::Subject) {
        match record.event() {
            Some(EventPayload::DeathRegistered(dead)) if record.assurance == EventAssurance::Registered => {
                let family = family_of_death(all, record);
                let death = Death { on: dead.death_date, origin: origin(record), family };
                match sign_after(last_day(dead)) {
                    Some(sign) => {
                        known = false;
                        folded.contradictions.push(Contradiction::AliveAfterDeath { death, sign });
                    }
                    None => {
                        if folded.death.is_none() {
                            put(folded, names::DEATH_DATE, dead.death_date, record, dead.death_date);
                            put(folded, names::ALIVE, false, record, dead.death_date);
                            folded.death = Some(death.clone());
                        }
                        folded.deaths.push(death);
                    }
                }
            }
            Some(EventPayload::DeathReported(report))
                if sign_after(report.death_date.unwrap_or(record.effective)).is_none() =>
            {
                folded.reported = Some(ReportedDeath { by: report.reported_by, origin: origin(record) });
            }
            _ => {}
        }
    }
    if folded.death.is_some() {
        folded.reported = None;
    } else if known
        && folded.reported.is_none()
        && let Some(first) = records.first()
    {
        // Nobody has to prove that she lives: without a death that stands she does.
        let heard = first.recorded.civil_day();
        put(folded, names::ALIVE, true, first, first.effective.min(heard));
    }
}

fn residence(folded: &mut Folded, records: &[&EventRecord]) {
    for record in records.iter().filter(|record| record.role == Role::Subject) {
        if let Some(EventPayload::ResidenceMoved(moved)) = record.event() {
            // Seasonal work is not migration.
            if !moved.temporary {
                move_to(folded, moved, record);
            }
        }
    }
    let Some((moved, from)) = folded.moved_out.clone().zip(left_district(records, folded)) else { return };
    let recent = CivilDate::from_date(
        moved.origin.recorded.civil_day().date().saturating_sub(jiff::Span::new().days(RECENT_DAYS)),
    );
    let from_day = moved.since.min(recent);
    let seen = presences(records).find(|(_, presence)| {
        presence.date >= from_day
            && presence.district.as_ref().is_some_and(|district| Some(district.as_str()) == from.as_deref())
    });
    if let Some((record, _)) = seen {
        folded.moved_out = None;
        folded.facts.unset(names::STATE_CODE);
        folded.facts.unset(names::DISTRICT);
        folded.contradictions.push(Contradiction::AtHomeAfterMove { moved, sign: origin(record) });
    }
}

/// The district that the standing move left.
fn left_district(records: &[&EventRecord], folded: &Folded) -> Option<Option<String>> {
    let moved = folded.moved_out.as_ref()?;
    records.iter().find(|record| record.id == moved.origin.event).and_then(|record| match record.event() {
        Some(EventPayload::ResidenceMoved(moved)) => Some(moved.from.district.as_ref().map(|d| d.as_str().to_owned())),
        _ => None,
    })
}

fn move_to(folded: &mut Folded, moved: &ResidenceMoved, record: &EventRecord) {
    let state = match (moved.kind, &moved.to.state) {
        (MoveKind::Abroad, _) => Some("abroad".to_owned()),
        (_, Some(state)) => Some(state.as_str().to_owned()),
        (MoveKind::WithinDistrict | MoveKind::InterDistrict, None) => {
            moved.from.state.as_ref().map(|s| s.as_str().to_owned())
        }
        _ => None,
    };
    match state {
        Some(state) => put(folded, names::STATE_CODE, state, record, record.effective),
        None => folded.facts.unset(names::STATE_CODE),
    }
    match &moved.to.district {
        Some(district) => put(folded, names::DISTRICT, district.as_str(), record, record.effective),
        None => folded.facts.unset(names::DISTRICT),
    }
    folded.moved_out = matches!(moved.kind, MoveKind::OutOfState | MoveKind::Abroad)
        .then(|| MovedOut { since: record.effective, origin: origin(record) });
}
