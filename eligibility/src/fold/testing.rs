//! Records for tests: each from the register of civil matters unless it says otherwise.

use schemas::{
    digest::Digest,
    event::{EventAssurance, EventKind, EventPayload, Relation},
    id::MessageId,
    time::CivilDate,
};

use super::{Content, EventRecord, Role};

/// A day.
pub fn day(text: &str) -> CivilDate {
    text.parse().unwrap()
}

/// The id of the n-th message.
pub fn message(n: u32) -> MessageId {
    format!("01936b1e-5b2f-7c3d-8e4f-{n:012x}").parse().unwrap()
}

/// A record of an event, effective on a day and recorded `n` minutes after its beginning.
pub fn record(n: u32, kind: EventKind, effective: &str, payload: &str) -> EventRecord {
    EventRecord {
        id: message(n),
        source: "https://civil.example".parse().unwrap(),
        priority: 100,
        effective: day(effective),
        recorded: day(effective).start().plus(i64::from(n) * 60),
        assurance: if kind.is_reported() { EventAssurance::Reported } else { EventAssurance::Registered },
        case: format!("case-{n}").parse().unwrap(),
        supersedes: None,
        digest: Digest::of(n.to_string()),
        role: Role::Subject,
        content: Content::Event(EventPayload::parse(kind, payload.as_bytes()).unwrap()),
    }
}

impl EventRecord {
    /// The same, recorded on another day.
    pub fn recorded_on(mut self, on: &str) -> Self {
        self.recorded = day(on).start();
        self
    }

    /// The same, seen from somebody of whom it also speaks.
    pub fn as_related(mut self, relation: Relation) -> Self {
        self.role = Role::Related(relation);
        self
    }

    /// The same, replacing another.
    pub fn replacing(mut self, n: u32) -> Self {
        self.supersedes = Some(message(n));
        self
    }
}

/// A registered death.
pub fn death(n: u32, number: &str, on: &str) -> EventRecord {
    let payload = format!(
        r#"{{"registration_number":"{number}","death_date":"{on}","death_date_precision":"day","match":{{"method":"resident-number","score":100}}}}"#
    );
    record(n, EventKind::DeathRegistered, on, &payload)
}

/// A registered death is void.
pub fn death_annulled(n: u32, number: &str, on: &str) -> EventRecord {
    let payload = format!(r#"{{"registration_number":"{number}","reason":"never_died"}}"#);
    record(n, EventKind::DeathAnnulled, on, &payload)
}

/// Somebody says that she has died.
pub fn reported(n: u32, on: &str) -> EventRecord {
    let payload = format!(r#"{{"report_number":"R-{n}","reported_by":"anganwadi","death_date":"{on}"}}"#);
    record(n, EventKind::DeathReported, on, &payload)
}

/// A sign of life.
pub fn presence(n: u32, on: &str, district: &str) -> EventRecord {
    let payload = format!(r#"{{"date":"{on}","kind":"payment_in_person","district":"{district}"}}"#);
    record(n, EventKind::PresenceConfirmed, on, &payload)
}

/// A move from district 387 of state 22.
pub fn moved(n: u32, on: &str, kind: &str, temporary: bool) -> EventRecord {
    let to = match kind {
        "out_of_state" => r#"{"state":"27","district":"490","local_body":null}"#,
        _ => r#"{"state":"22","district":"387","local_body":null}"#,
    };
    let payload = format!(
        r#"{{"registration_number":null,"from":{{"state":"22","district":"387","local_body":null}},"to":{to},"kind":"{kind}","temporary":{temporary}}}"#
    );
    record(n, EventKind::ResidenceMoved, on, &payload)
}

const SPOUSE: &str = r#"{"name":"Budhram Sahu","birth_year":1950,"subject":null}"#;

/// A marriage.
pub fn married(n: u32, on: &str) -> EventRecord {
    let payload = format!(r#"{{"registration_number":"M-{n}","date":"{on}","spouse":{SPOUSE}}}"#);
    record(n, EventKind::MarriageRegistered, on, &payload)
}

/// A marriage ended by the death of the husband.
pub fn widowed(n: u32, on: &str, death: &str) -> EventRecord {
    let payload = format!(
        r#"{{"registration_number":"M-1","date":"{on}","reason":"death_of_spouse","spouse":{SPOUSE},"death_registration_number":"{death}"}}"#
    );
    record(n, EventKind::MarriageEnded, on, &payload)
}

/// A birth of one of `plurality` children.
pub fn birth(n: u32, on: &str, plurality: u8) -> EventRecord {
    let payload = format!(
        r#"{{"registration_number":"B-{n}","child":{{"birth_date":"{on}","sex":"female","birth_order":1,"plurality":{plurality}}},"mother":{SPOUSE},"father":null,"place":{{"state":"22","district":"387","local_body":null,"kind":"facility"}},"registration_type":"current"}}"#
    );
    record(n, EventKind::BirthRegistered, on, &payload)
}

/// She becomes the head of her household, or leaves it.
pub fn household(n: u32, change: &str, on: &str) -> EventRecord {
    let payload = format!(r#"{{"household_ref":"h","change":"{change}","head":null}}"#);
    record(n, EventKind::HouseholdChanged, on, &payload)
}

/// Years completed on a day.
pub fn attained(n: u32, years: u8, on: &str) -> EventRecord {
    let payload = format!(r#"{{"years":{years},"convention":"anniversary","effective":"{on}"}}"#);
    record(n, EventKind::AgeAttained, on, &payload)
}

/// Years completed on another day than was told; as the register tells it, of that day.
pub fn revised(n: u32, years: u8, (before, on): (&str, &str), recorded: &str) -> EventRecord {
    let payload = format!(
        r#"{{"years":{years},"convention":"anniversary","attained":{},"effective":"{on}","before":"{before}"}}"#,
        day(on) <= day(recorded)
    );
    let record = record(n, EventKind::AgeRevised, on, &payload);
    EventRecord { recorded: day(recorded).start().plus(i64::from(n) * 60), ..record }
}
