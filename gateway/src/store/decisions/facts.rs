//! Records of what was said of a person: the input of the fold.

use diesel::{
    QueryableByName,
    sql_types::{Binary, Text},
};
use eligibility::{
    fact::{Benefit, FactPath, Of, Value},
    fold::{Content, EventRecord, Role},
};
use schemas::{
    digest::Digest,
    event::{EventAssurance, EventKind, EventPayload, Relation},
    id::{CaseId, EntityId, EventType, MessageId, SectorSubject},
    time::{CivilDate, Timestamp},
};
use serde::{Deserialize, Serialize};
use service_kit::db::AnyConnection;

use super::DecisionStoreError;
use crate::{
    keys::Keys,
    store::{encrypted::Encrypted, exchange::statement::Statement, notices::Person},
};

const BODY: Encrypted = Encrypted { table: "fact_record", column: "body" };

/// A record with the pseudonyms of the others of whom it speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// What was said.
    pub record: EventRecord,
    /// Of whom else, as far as they are named to us.
    pub others: Vec<(Relation, SectorSubject)>,
}

/// As it is encrypted: names that do not change with the program.
#[derive(Serialize, Deserialize)]
pub(super) struct Body {
    id: MessageId,
    source: EntityId,
    priority: u8,
    effective: CivilDate,
    recorded: Timestamp,
    assurance: EventAssurance,
    case: CaseId,
    supersedes: Option<MessageId>,
    digest: Digest,
    role: String,
    content: Said,
    others: Vec<(String, SectorSubject)>,
}

#[derive(Serialize, Deserialize)]
enum Said {
    Event {
        kind: EventType,
        payload: String,
    },
    Stated(Vec<(FactPath, Option<Value>)>),
    /// As it was written before sources said of what it is all: nothing is missing of nothing.
    Draws(Vec<Benefit>),
    Benefits {
        drawn: Vec<Benefit>,
        whole: Vec<Of>,
    },
}

const ROLES: [(Role, &str); 7] = [
    (Role::Subject, "subject"),
    (Role::Related(Relation::Mother), "mother"),
    (Role::Related(Relation::Father), "father"),
    (Role::Related(Relation::Spouse), "spouse"),
    (Role::Related(Relation::Head), "head"),
    (Role::Related(Relation::Survivor), "survivor"),
    (Role::Related(Relation::Parted), "parted"),
];

/// The word of a role, as it stands in the tables.
pub fn role_word(role: Role) -> &'static str {
    ROLES.iter().find(|(known, _)| *known == role).map_or("subject", |(_, word)| word)
}

fn role_of(word: &str) -> Result<Role, DecisionStoreError> {
    let found = ROLES.iter().find(|(_, known)| *known == word);
    found.map(|(role, _)| *role).ok_or(DecisionStoreError::Damaged("an unknown role"))
}

impl Body {
    pub(super) fn of(heard: &Heard) -> Result<Self, DecisionStoreError> {
        let record = heard.record.clone();
        let content = match record.content {
            Content::Event(payload) => Said::Event {
                kind: payload.kind().event_type().ok_or(DecisionStoreError::Damaged("a type without a name"))?,
                payload: serde_json::to_string(&payload).map_err(|_| DecisionStoreError::Damaged("a payload"))?,
            },
            Content::Stated(statements) => Said::Stated(statements),
            Content::Draws { benefits, whole } => Said::Benefits { drawn: benefits, whole },
        };
        let word = |relation| role_word(Role::Related(relation)).to_owned();
        Ok(Self {
            id: record.id,
            source: record.source,
            priority: record.priority,
            effective: record.effective,
            recorded: record.recorded,
            assurance: record.assurance,
            case: record.case,
            supersedes: record.supersedes,
            digest: record.digest,
            role: role_word(record.role).to_owned(),
            content,
            others: heard.others.iter().map(|(relation, subject)| (word(*relation), subject.clone())).collect(),
        })
    }

    pub(super) fn heard(self) -> Result<Heard, DecisionStoreError> {
        let content = match self.content {
            Said::Event { kind, payload } => {
                let kind = EventKind::of(&kind).ok_or(DecisionStoreError::Damaged("an unknown type"))?;
                let payload = EventPayload::parse(kind, payload.as_bytes());
                Content::Event(payload.map_err(|_| DecisionStoreError::Damaged("a payload"))?)
            }
            Said::Stated(statements) => Content::Stated(statements),
            Said::Draws(benefits) => Content::Draws { benefits, whole: Vec::new() },
            Said::Benefits { drawn, whole } => Content::Draws { benefits: drawn, whole },
        };
        let others = self.others.into_iter().map(|(word, subject)| match role_of(&word)? {
            Role::Related(relation) => Ok((relation, subject)),
            Role::Subject => Err(DecisionStoreError::Damaged("nobody is related to herself")),
        });
        let others = others.collect::<Result<_, _>>()?;
        let record = EventRecord {
            id: self.id,
            source: self.source,
            priority: self.priority,
            effective: self.effective,
            recorded: self.recorded,
            assurance: self.assurance,
            case: self.case,
            supersedes: self.supersedes,
            digest: self.digest,
            role: role_of(&self.role)?,
            content,
        };
        Ok(Heard { record, others })
    }
}

fn place(person: &Person, record: &EventRecord) -> String {
    format!("{} {} {} {}", person.as_str(), record.source, record.id, role_word(record.role))
}

/// Keeps a record of a person. `false`: it is known already.
///
/// # Errors
/// If the database or the encryption fails.
pub fn fact_insert(
    conn: &mut AnyConnection,
    keys: &Keys,
    (person, heard): (&Person, &Heard),
    now_ms: i64,
) -> Result<bool, DecisionStoreError> {
    let record = &heard.record;
    let body = BODY.seal(keys, &place(person, record), &Body::of(heard)?)?;
    let inserted =
        Statement::new("INSERT INTO fact_record (person, source, message, role, case_id, body, at_ms) VALUES ")
            .row([
                person.as_str().into(),
                record.source.as_str().into(),
                record.id.as_str().into(),
                role_word(record.role).into(),
                record.case.as_str().into(),
                body.as_slice().into(),
                now_ms.into(),
            ])
            .sql(" ON CONFLICT DO NOTHING")
            .execute(conn)?;
    Ok(inserted == 1)
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    person: String,
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = Text)]
    message: String,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Binary)]
    body: Vec<u8>,
}

impl Row {
    fn open(self, keys: &Keys) -> Result<Heard, DecisionStoreError> {
        let place = format!("{} {} {} {}", self.person, self.source, self.message, self.role);
        BODY.open::<Body>(keys, &place, &self.body)?.heard()
    }
}

const COLUMNS: &str = "SELECT person, source, message, role, body FROM fact_record WHERE ";

/// Everything that was said of a person.
///
/// # Errors
/// If the database or the encryption fails.
pub fn facts_of(conn: &mut AnyConnection, keys: &Keys, person: &Person) -> Result<Vec<Heard>, DecisionStoreError> {
    let rows: Vec<Row> = Statement::new(COLUMNS).sql("person = ").bind(person.as_str()).load(conn)?;
    rows.into_iter().map(|row| row.open(keys)).collect()
}

/// What was said of others in the cascades in which this person stands.
///
/// # Errors
/// If the database or the encryption fails.
pub fn facts_beside(conn: &mut AnyConnection, keys: &Keys, person: &Person) -> Result<Vec<Heard>, DecisionStoreError> {
    let select = Statement::new(COLUMNS).sql("case_id IN (SELECT case_id FROM fact_record WHERE person = ");
    let rows: Vec<Row> = select.bind(person.as_str()).sql(") AND person <> ").bind(person.as_str()).load(conn)?;
    rows.into_iter().map(|row| row.open(keys)).collect()
}

#[derive(QueryableByName)]
struct PersonRow {
    #[diesel(sql_type = Text)]
    person: String,
}

/// Everybody of whom a cascade speaks.
///
/// # Errors
/// If the database fails.
pub fn persons_of_case(conn: &mut AnyConnection, case: &CaseId) -> Result<Vec<Person>, DecisionStoreError> {
    let select = Statement::new("SELECT DISTINCT person FROM fact_record WHERE case_id = ").bind(case.as_str());
    let rows: Vec<PersonRow> = select.sql(" ORDER BY person").load(conn)?;
    Ok(rows.into_iter().map(|row| Person::from_stored(row.person)).collect())
}
