//! `[[dataset]]`: what may be asked for.

use std::{collections::BTreeMap, sync::Arc};

use schemas::{
    federation::{Assurance, Mask, Sensitivity},
    id::{DatasetId, FieldName, PurposeCode},
};

use super::{MappingError, section::Section};
use crate::catalogue::{Catalogue, Column, ColumnKind, Engine, Table};

pub(super) const KEYS: &[&str] =
    &["id", "title", "table", "key", "purposes", "assurance", "refuse_assisted", "range_column", "field"];
const FIELD_KEYS: &[&str] = &["name", "title", "column", "type", "sensitivity", "mask"];
const MASKS: &[(&str, Mask)] = &[
    ("last-4", Mask::Last4),
    ("year", Mask::Year),
    ("month", Mask::Month),
    ("initial", Mask::Initial),
    ("present", Mask::Present),
];

/// What may be asked for: one table or view, found by the person's local key.
#[derive(Clone, Debug)]
pub struct Dataset {
    pub(crate) id: DatasetId,
    pub(crate) title: BTreeMap<String, String>,
    pub(crate) table: Arc<Table>,
    pub(crate) key: Column,
    pub(crate) purposes: Vec<PurposeCode>,
    pub(crate) assurance: Assurance,
    pub(crate) refuse_assisted: bool,
    pub(crate) range: Option<Column>,
    pub(crate) fields: Vec<Field>,
}

/// One field: a name for the world, a column of the department.
#[derive(Clone, Debug)]
pub struct Field {
    pub(crate) name: FieldName,
    pub(crate) title: BTreeMap<String, String>,
    pub(crate) column: Column,
    pub(crate) kind: FieldKind,
    pub(crate) sensitivity: Sensitivity,
    pub(crate) mask: Option<Mask>,
}

/// How a value travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Unicode text.
    Text,
    /// A whole number of 64 bits.
    Integer,
    /// `YYYY-MM-DD`.
    Date,
    /// True or false.
    Boolean,
}

impl FieldKind {
    const WORDS: &[(&str, Self)] =
        &[("text", Self::Text), ("integer", Self::Integer), ("date", Self::Date), ("boolean", Self::Boolean)];

    /// As the catalogue writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Date => "date",
            Self::Boolean => "boolean",
        }
    }
}

impl Dataset {
    pub(super) fn parse(section: &Section<'_>, catalogue: &Catalogue) -> Result<Self, MappingError> {
        let table = section.table(catalogue)?;
        let dataset = Self {
            id: section.parsed("id")?,
            title: title(section)?,
            key: section.key_column("key", &table)?,
            purposes: section.parsed_list("purposes")?,
            assurance: section.one_of(
                "assurance",
                &[("low", Assurance::Low), ("substantial", Assurance::Substantial), ("high", Assurance::High)],
            )?,
            refuse_assisted: section.flag("refuse_assisted")?,
            range: range(section, &table, catalogue.engine)?,
            fields: section.each("field", FIELD_KEYS, |s| Field::parse(s, &table))?,
            table,
        };
        dataset.refuse_empty_or_repeated(section)?;
        Ok(dataset)
    }

    fn refuse_empty_or_repeated(&self, section: &Section<'_>) -> Result<(), MappingError> {
        if self.fields.is_empty() {
            return Err(section.wrong("field", "the dataset has no fields", "add at least one [[dataset.field]]"));
        }
        super::refuse_repeated(section, "field", "name", self.fields.iter().map(|f| f.name.as_str()))
    }
}

impl Field {
    fn parse(section: &Section<'_>, table: &Table) -> Result<Self, MappingError> {
        let kind = section.one_of("type", FieldKind::WORDS)?;
        Ok(Self {
            name: section.parsed("name")?,
            title: if section.texts("title")?.is_empty() { BTreeMap::new() } else { title(section)? },
            column: section.column("column", table)?,
            kind,
            sensitivity: section.one_of(
                "sensitivity",
                &[
                    ("public", Sensitivity::Public),
                    ("personal", Sensitivity::Personal),
                    ("sensitive", Sensitivity::Sensitive),
                ],
            )?,
            mask: mask(section, kind)?,
        })
    }
}

/// A mask that fits the kind of value; another would leave nothing, which nobody means.
fn mask(section: &Section<'_>, kind: FieldKind) -> Result<Option<Mask>, MappingError> {
    if section.optional("mask")?.is_none() {
        return Ok(None);
    }
    let mask = section.one_of("mask", MASKS)?;
    let fits = match mask {
        Mask::Last4 => matches!(kind, FieldKind::Text | FieldKind::Integer),
        Mask::Year | Mask::Month => kind == FieldKind::Date,
        Mask::Initial => kind == FieldKind::Text,
        Mask::Present => true,
    };
    if fits {
        return Ok(Some(mask));
    }
    let what = format!("it does not fit values of the type {}", kind.as_str());
    let mend = "last-4 is for text and integer, year and month for date, initial for text, present for all";
    Err(section.wrong("mask", what, mend))
}

fn title(section: &Section<'_>) -> Result<BTreeMap<String, String>, MappingError> {
    let title: BTreeMap<String, String> = section.texts("title")?.into_iter().collect();
    if ["en", "hi"].iter().all(|language| title.get(*language).is_some_and(|text| !text.trim().is_empty())) {
        return Ok(title);
    }
    Err(section.wrong("title", "citizens read it in Hindi and English", "write title = { en = \"…\", hi = \"…\" }"))
}

/// The column that a consent's data range is compared with; it must hold comparable days.
fn range(section: &Section<'_>, table: &Table, engine: Engine) -> Result<Option<Column>, MappingError> {
    let Some(column) = section.optional_column("range_column", table)? else { return Ok(None) };
    let comparable = match engine {
        // SQLite keeps days as ISO 8601 text, which compares as the days do.
        Engine::Sqlite => matches!(column.kind, ColumnKind::Text | ColumnKind::Other),
        Engine::Postgres => column.kind == ColumnKind::Date,
    };
    if comparable {
        return Ok(Some(column));
    }
    let what = format!("`{}` does not hold days that can be compared", column.name);
    Err(section.wrong("range_column", what, "map a date column (SQLite: ISO 8601 text), or a view that casts it"))
}
