//! `[[roll]]`: a beneficiary table that decisions may change: which column says what, and which words it uses.
//!
//! Guarantees: no key column is ever written to after a row was made; every column that is written is of a kind that both engines
//! write alike; statuses differ from each other. Deliberately absent: what a decision needs before it may be applied.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use schemas::id::{DatasetId, FactName, FieldName};

use super::{MappingError, section::Section};
use crate::catalogue::{Catalogue, Column, ColumnKind, Table};

mod enrol;

pub(crate) use enrol::{EnrolMapping, RowNumbers};

pub(super) const KEYS: &[&str] = &[
    "id",
    "table",
    "key",
    "status",
    "active",
    "held",
    "removed",
    "restored",
    "reason",
    "since",
    "until",
    "amount",
    "payment_day",
    "subject_key",
    "journal",
    "write",
    "only",
    "fact",
    "overlap",
    "enrol",
];

/// The name of a roll, such as `social.pension`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RollId(DatasetId);

/// The text is no roll's name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a roll is named in lower case, parts joined by dots")]
pub struct InvalidRollId;

impl RollId {
    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl RollId {
    /// The same name as it stands in a decision's record.
    pub fn dataset(&self) -> &DatasetId {
        &self.0
    }
}

impl From<DatasetId> for RollId {
    fn from(id: DatasetId) -> Self {
        Self(id)
    }
}

impl FromStr for RollId {
    type Err = InvalidRollId;

    fn from_str(text: &str) -> Result<Self, InvalidRollId> {
        text.parse().map(Self).map_err(|_| InvalidRollId)
    }
}

impl fmt::Display for RollId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RollId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a roll's journal is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalPlace {
    /// Beside the roll: a change and its journal row are one transaction.
    Beside,
    /// In a database of the gateway's, because the department refuses it beside: intent, apply, confirm by reading back.
    Apart,
}

/// How a roll is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteWay {
    /// By the writer's role.
    Direct,
    /// By a signed message to a system of the department; it counts when it can be read back.
    Webhook,
}

/// What the status of a row means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RollStatus {
    /// In payment.
    Active,
    /// Held; arrears run.
    Held,
    /// Taken off by a decision.
    Removed,
    /// A word of the department's own: ended, suspended, whatever it says there.
    Other,
}

/// A beneficiary table that decisions may change.
#[derive(Clone, Debug)]
pub struct Roll {
    pub(crate) id: RollId,
    pub(crate) table: Arc<Table>,
    pub(crate) key: Column,
    pub(crate) subject: Column,
    pub(crate) status: Column,
    pub(crate) active: String,
    pub(crate) held: String,
    pub(crate) removed: Option<String>,
    pub(crate) restored: Option<String>,
    pub(crate) reason: Option<Column>,
    pub(crate) since: Option<Column>,
    pub(crate) until: Option<Column>,
    pub(crate) amount: Option<Column>,
    /// Day of the month on which it is paid.
    pub(crate) payment_day: i8,
    pub(crate) journal: JournalPlace,
    pub(crate) write: WriteWay,
    /// The rows of this roll among others of the table.
    pub(crate) only: Vec<(Column, String)>,
    /// Facts and the columns that hold them.
    pub(crate) facts: BTreeMap<FactName, Column>,
    pub(crate) enrol: Option<EnrolMapping>,
    /// Identifiers by which the roll may be compared with another department's, and the columns that hold them.
    pub(crate) overlap: BTreeMap<FieldName, Column>,
}

impl Roll {
    pub(super) fn parse(section: &Section<'_>, catalogue: &Catalogue) -> Result<Self, MappingError> {
        let table = section.base_table(catalogue)?;
        let text = |key| section.optional(key).map(|text| text.map(str::to_owned));
        let roll = Self {
            id: section.parsed("id")?,
            key: section.key_column("key", &table)?,
            subject: section.key_column("subject_key", &table)?,
            status: section.key_column("status", &table)?,
            active: section.text("active")?.to_owned(),
            held: section.text("held")?.to_owned(),
            removed: text("removed")?,
            restored: text("restored")?,
            reason: section.optional_column("reason", &table)?,
            since: section.optional_column("since", &table)?,
            until: section.optional_column("until", &table)?,
            amount: section.optional_column("amount", &table)?,
            payment_day: payment_day(section)?,
            journal: match section.optional("journal")? {
                None => JournalPlace::Beside,
                Some(_) => {
                    section.one_of("journal", &[("beside", JournalPlace::Beside), ("apart", JournalPlace::Apart)])?
                }
            },
            write: match section.optional("write")? {
                None => WriteWay::Direct,
                Some(_) => section.one_of("write", &[("direct", WriteWay::Direct), ("webhook", WriteWay::Webhook)])?,
            },
            only: columns_with(section, "only", &table)?,
            facts: facts(section, &table)?,
            enrol: EnrolMapping::parse(section, &table)?,
            overlap: identifiers(section, &table)?,
            table,
        };
        roll.refuse_contradiction(section)?;
        Ok(roll)
    }

    fn refuse_contradiction(&self, section: &Section<'_>) -> Result<(), MappingError> {
        if self.active == self.held {
            let what = "active and held are the same value, so that a hold would change nothing";
            return Err(section.wrong("held", what, "write the value that stops the payment"));
        }
        if self.removed.as_ref().is_some_and(|word| *word == self.active || *word == self.held) {
            let what = "removed is the same value as active or held, so that a removal could not be seen";
            return Err(section.wrong("removed", what, "write the value of a row that left the roll"));
        }
        if self.restored.as_ref().is_some_and(|word| *word == self.held || Some(word) == self.removed.as_ref()) {
            let what = "restored is the same value as held or removed, so that nobody would be back";
            return Err(section.wrong("restored", what, "write the value of a row that is in payment again"));
        }
        if self.status.kind != ColumnKind::Text {
            return Err(section.wrong(
                "status",
                "it is not a text column",
                "map the text column that holds the status",
            ));
        }
        self.refuse_unwritable(section)
    }

    /// Keys are never written to; what is written must be of a kind that can be.
    fn refuse_unwritable(&self, section: &Section<'_>) -> Result<(), MappingError> {
        let identifying = [&self.key.name, &self.subject.name];
        for column in self.updated() {
            if identifying.contains(&&column.name) {
                return Err(section.wrong(
                    "status",
                    "a key column would be written to",
                    "map columns other than the keys",
                ));
            }
        }
        if let Some(amount) = self.amount.as_ref().filter(|column| column.kind != ColumnKind::Integer) {
            let what = format!("`{}` does not hold whole rupees", amount.name);
            return Err(section.wrong("amount", what, "map an integer column, or leave amounts to the department"));
        }
        for column in self.inserted() {
            if column.kind == ColumnKind::Other {
                let what = format!("`{}` is of a type that is read only as text and cannot be written", column.name);
                return Err(section.wrong("fact", what, "map text, integer, boolean and date columns"));
            }
        }
        Ok(())
    }

    /// The mapped columns in one fixed order, each once: what a row's digest covers.
    pub(crate) fn columns(&self) -> Vec<&Column> {
        let mut columns = vec![&self.key, &self.subject, &self.status];
        columns.extend([&self.reason, &self.since, &self.until, &self.amount].into_iter().flatten());
        columns.extend(self.only.iter().map(|(column, _)| column));
        columns.extend(self.facts.values());
        columns.extend(self.enrol.iter().flat_map(|enrol| enrol.defaults.iter().map(|(column, _)| column)));
        let mut seen = std::collections::BTreeSet::new();
        // Key and subject may be one column, and stand twice for whoever reads by place.
        columns
            .into_iter()
            .enumerate()
            .filter(|(place, c)| seen.insert(&c.name) || *place < 3)
            .map(|(_, c)| c)
            .collect()
    }

    /// Columns that holds, removals and the like change.
    pub(crate) fn updated(&self) -> Vec<&Column> {
        let mut columns = vec![&self.status];
        columns.extend([&self.reason, &self.since, &self.until, &self.amount].into_iter().flatten());
        if self.enrol.as_ref().is_some_and(|enrol| enrol.amend) {
            let kept = [&self.key.name, &self.subject.name];
            columns.extend(self.facts.values().filter(|column| !kept.contains(&&column.name)));
        }
        columns
    }

    /// Columns that an enrolment fills; none where people are not enrolled here.
    pub(crate) fn inserted(&self) -> Vec<&Column> {
        if self.enrol.is_some() { self.columns() } else { Vec::new() }
    }

    /// What a status means.
    pub(crate) fn meaning(&self, status: &str) -> RollStatus {
        if status == self.active || self.restored.as_deref() == Some(status) {
            RollStatus::Active
        } else if status == self.held {
            RollStatus::Held
        } else if self.removed.as_deref() == Some(status) {
            RollStatus::Removed
        } else {
            RollStatus::Other
        }
    }
}

fn payment_day(section: &Section<'_>) -> Result<i8, MappingError> {
    if section.optional("payment_day")?.is_none() {
        return Ok(1);
    }
    match section.parsed::<i8>("payment_day")? {
        day @ 1..=28 => Ok(day),
        _ => Err(section.wrong("payment_day", "not every month has that day", "write a day from 1 to 28")),
    }
}

/// `[roll.<key>]`: columns and the words that stand in them.
fn columns_with(
    section: &Section<'_>,
    key: &'static str,
    table: &Table,
) -> Result<Vec<(Column, String)>, MappingError> {
    let texts = section.texts(key)?;
    texts.into_iter().map(|(column, word)| Ok((section.column_named(key, &column, table)?, word))).collect()
}

fn facts(section: &Section<'_>, table: &Table) -> Result<BTreeMap<FactName, Column>, MappingError> {
    let mut facts = BTreeMap::new();
    for (fact, column) in section.texts("fact")? {
        let name = fact.parse().map_err(|_| {
            section.wrong("fact", format!("`{fact}` is no fact"), "write a path such as \"person.birth_date\"")
        })?;
        facts.insert(name, section.column_named("fact", &column, table)?);
    }
    Ok(facts)
}

/// `[roll.overlap]`: names that laws use, and the columns behind them. Text or whole numbers, so that one identifier has one spelling.
fn identifiers(section: &Section<'_>, table: &Table) -> Result<BTreeMap<FieldName, Column>, MappingError> {
    let mut identifiers = BTreeMap::new();
    for (identifier, written) in section.texts("overlap")? {
        let name = identifier.parse().map_err(|_| {
            let what = format!("`{identifier}` names no identifier");
            section.wrong("overlap", what, "write a name such as ration_card, as the law has it")
        })?;
        let column = section.column_named("overlap", &written, table)?;
        if !matches!(column.kind, ColumnKind::Text | ColumnKind::Integer) {
            let what = format!("`{written}` is neither text nor a whole number");
            return Err(section.wrong(
                "overlap",
                what,
                "map the column that holds the number as it is written on the card",
            ));
        }
        identifiers.insert(name, column);
    }
    Ok(identifiers)
}
