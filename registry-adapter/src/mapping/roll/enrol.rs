//! `[roll.enrol]`: how a new row of a roll is numbered and what stands in it besides facts.

use super::{Section, columns_with};
use crate::{
    catalogue::{Column, ColumnKind, Table},
    mapping::MappingError,
};

const KEYS: &[&str] = &["number", "prefix", "digits", "amend", "default"];

/// How a new row is made.
#[derive(Clone, Debug)]
pub(crate) struct EnrolMapping {
    pub(crate) number: RowNumbers,
    /// Columns that always get the same word.
    pub(crate) defaults: Vec<(Column, String)>,
    /// Whether columns of facts may be changed later.
    pub(crate) amend: bool,
}

/// How a new row is numbered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RowNumbers {
    /// The next whole number.
    Next,
    /// A prefix and the next number, with leading zeros up to so many digits.
    Prefixed {
        /// What stands before.
        prefix: String,
        /// Least number of digits.
        digits: usize,
    },
    /// A UUID of version 7.
    Uuid,
    /// The person's own number.
    Subject,
}

impl EnrolMapping {
    pub(super) fn parse(roll: &Section<'_>, table: &Table) -> Result<Option<Self>, MappingError> {
        let Some(section) = roll.section("enrol", KEYS)? else { return Ok(None) };
        let key = roll.key_column("key", table)?;
        let number = number(&section)?;
        let whole = key.kind == ColumnKind::Integer;
        if whole != (number == RowNumbers::Next) && number != RowNumbers::Subject {
            let what = if whole { "the key is a whole number" } else { "the key is a text" };
            return Err(section.wrong(
                "number",
                what,
                "write next for whole numbers; prefixed or uuid for texts; or subject",
            ));
        }
        Ok(Some(Self { number, defaults: columns_with(&section, "default", table)?, amend: section.flag("amend")? }))
    }
}

fn number(section: &Section<'_>) -> Result<RowNumbers, MappingError> {
    const WORDS: &[(&str, u8)] = &[("next", 0), ("prefixed", 1), ("uuid", 2), ("subject", 3)];
    Ok(match section.one_of("number", WORDS)? {
        0 => RowNumbers::Next,
        1 => RowNumbers::Prefixed {
            prefix: section.text("prefix")?.to_owned(),
            digits: match section.optional("digits")? {
                None => 1,
                Some(_) => section.parsed::<u8>("digits").map(|digits| usize::from(digits.min(18)))?,
            },
        },
        2 => RowNumbers::Uuid,
        _ => RowNumbers::Subject,
    })
}
