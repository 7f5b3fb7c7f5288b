//! `[identity]`: the identity registry's table of residents.

use std::sync::Arc;

use super::{MappingError, section::Section};
use crate::catalogue::{Catalogue, Column, Table};

pub(super) const KEYS: &[&str] =
    &["table", "key", "given_name", "family_name", "birthdate", "birth_precision", "district", "alive"];

/// The identity registry's table of residents.
#[derive(Clone, Debug)]
pub struct IdentityTable {
    pub(crate) table: Arc<Table>,
    pub(crate) key: Column,
    pub(crate) given_name: Column,
    pub(crate) family_name: Column,
    pub(crate) birthdate: Column,
    pub(crate) birth_precision: Option<Column>,
    pub(crate) district: Option<Column>,
    pub(crate) alive: Column,
}

impl IdentityTable {
    pub(super) fn parse(section: &Section<'_>, catalogue: &Catalogue) -> Result<Self, MappingError> {
        let table = section.table(catalogue)?;
        Ok(Self {
            key: section.key_column("key", &table)?,
            given_name: section.column("given_name", &table)?,
            family_name: section.column("family_name", &table)?,
            birthdate: section.column("birthdate", &table)?,
            birth_precision: section.optional_column("birth_precision", &table)?,
            district: section.optional_column("district", &table)?,
            alive: section.column("alive", &table)?,
            table,
        })
    }
}
