//! `[[matching]]`: how people of the identity registry are found in the department's own table.

use std::sync::Arc;

use super::{MappingError, section::Section};
use crate::catalogue::{Catalogue, Column, ColumnKind, Engine, Table};

pub(super) const KEYS: &[&str] =
    &["table", "key", "name", "name_form", "given_name", "family_name", "birth_date", "birth_date_form", "district"];

/// A table whose rows are people.
#[derive(Clone, Debug)]
pub struct MatchingTable {
    pub(crate) table: Arc<Table>,
    pub(crate) key: Column,
    pub(crate) name: NameColumns,
    pub(crate) birth_date: Column,
    pub(crate) birth_date_form: BirthDateForm,
    pub(crate) district: Option<Column>,
}

/// Where the name stands.
#[derive(Clone, Debug)]
pub enum NameColumns {
    /// Both names in one column.
    Joined(Column, NameForm),
    /// One column each: given, family.
    Parts(Column, Column),
}

/// How one column holds both names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameForm {
    /// `SAHU, Sushila`; without comma the given name alone.
    FamilyCommaGiven,
    /// `Sushila Sahu`.
    GivenFamily,
}

/// How a birth date is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BirthDateForm {
    /// `1966-11-21`.
    Iso,
    /// `21/11/1966`.
    DayMonthYear,
}

impl MatchingTable {
    pub(super) fn parse(section: &Section<'_>, catalogue: &Catalogue) -> Result<Self, MappingError> {
        let table = section.table(catalogue)?;
        let birth_date_form = section
            .one_of("birth_date_form", &[("iso", BirthDateForm::Iso), ("dd/mm/yyyy", BirthDateForm::DayMonthYear)])?;
        Ok(Self {
            key: section.key_column("key", &table)?,
            name: NameColumns::parse(section, &table)?,
            birth_date: birth_date(section, &table, birth_date_form, catalogue.engine)?,
            birth_date_form,
            district: section.optional_column("district", &table)?,
            table,
        })
    }
}

impl NameColumns {
    fn parse(section: &Section<'_>, table: &Table) -> Result<Self, MappingError> {
        match (section.optional_column("name", table)?, section.optional_column("given_name", table)?) {
            (Some(name), None) => {
                let forms = [("family, given", NameForm::FamilyCommaGiven), ("given family", NameForm::GivenFamily)];
                Ok(Self::Joined(name, section.one_of("name_form", &forms)?))
            }
            (None, Some(given)) => Ok(Self::Parts(given, section.column("family_name", table)?)),
            _ => Err(section.wrong(
                "name",
                "the name stands either in one column or in two",
                "write name and name_form, or given_name and family_name",
            )),
        }
    }
}

fn birth_date(
    section: &Section<'_>,
    table: &Table,
    form: BirthDateForm,
    engine: Engine,
) -> Result<Column, MappingError> {
    let column = section.column("birth_date", table)?;
    let comparable = match column.kind {
        ColumnKind::Text => true,
        ColumnKind::Date => form == BirthDateForm::Iso,
        // A SQLite column declared DATE holds what was written into it.
        ColumnKind::Other => engine == Engine::Sqlite,
        ColumnKind::Integer | ColumnKind::Boolean => false,
    };
    if comparable {
        return Ok(column);
    }
    let what = format!("`{}` does not hold birth dates in the form given", column.name);
    Err(section.wrong("birth_date", what, "map a text column with its birth_date_form, or a date column with \"iso\""))
}
