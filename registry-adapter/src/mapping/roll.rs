//! `[[roll]]`: a beneficiary table in which a person's payment may be held.

use std::{fmt, str::FromStr, sync::Arc};

use schemas::id::DatasetId;

use super::{MappingError, section::Section};
use crate::catalogue::{Catalogue, Column, ColumnKind, Table};

pub(super) const KEYS: &[&str] = &["id", "table", "key", "status", "active", "held", "reason", "since", "subject_key"];

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

/// A beneficiary table in which a payment may be held.
#[derive(Clone, Debug)]
pub struct Roll {
    pub(crate) id: RollId,
    pub(crate) table: Arc<Table>,
    pub(crate) key: Column,
    pub(crate) subject: Column,
    pub(crate) status: Column,
    pub(crate) active: String,
    pub(crate) held: String,
    pub(crate) reason: Option<Column>,
    pub(crate) since: Option<Column>,
}

impl Roll {
    pub(super) fn parse(section: &Section<'_>, catalogue: &Catalogue) -> Result<Self, MappingError> {
        let table = section.base_table(catalogue)?;
        let roll = Self {
            id: section.parsed("id")?,
            key: section.key_column("key", &table)?,
            subject: section.key_column("subject_key", &table)?,
            status: section.key_column("status", &table)?,
            active: section.text("active")?.to_owned(),
            held: section.text("held")?.to_owned(),
            reason: section.optional_column("reason", &table)?,
            since: section.optional_column("since", &table)?,
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
        if self.status.kind != ColumnKind::Text {
            return Err(section.wrong(
                "status",
                "it is not a text column",
                "map the text column that holds the status",
            ));
        }
        let written = [Some(&self.status), self.reason.as_ref(), self.since.as_ref()];
        let names: Vec<_> = written.into_iter().flatten().map(|column| &column.name).collect();
        let identifying = [&self.key.name, &self.subject.name];
        if names.iter().any(|name| identifying.contains(name)) {
            return Err(section.wrong("status", "a key column would be written to", "map columns other than the keys"));
        }
        Ok(())
    }

    /// The mapped columns in one fixed order: what a row's digest covers.
    pub(crate) fn columns(&self) -> Vec<&Column> {
        let mut columns = vec![&self.key, &self.subject, &self.status];
        columns.extend(self.reason.as_ref());
        columns.extend(self.since.as_ref());
        columns
    }
}
