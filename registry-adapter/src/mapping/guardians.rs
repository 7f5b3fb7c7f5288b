//! `[guardians]`: the identity registry's table of who decides for whom.

use std::sync::Arc;

use super::{MappingError, section::Section};
use crate::catalogue::{Catalogue, Column, Table};

pub(super) const KEYS: &[&str] = &["table", "ward", "guardian", "until"];

/// The identity registry's table of guardianships: one row a ward and guardian, such as parents of a child.
#[derive(Clone, Debug)]
pub struct GuardiansTable {
    pub(crate) table: Arc<Table>,
    pub(crate) ward: Column,
    pub(crate) guardian: Column,
    pub(crate) until: Option<Column>,
}

impl GuardiansTable {
    pub(super) fn parse(section: &Section<'_>, catalogue: &Catalogue) -> Result<Self, MappingError> {
        let table = section.table(catalogue)?;
        Ok(Self {
            ward: section.column("ward", &table)?,
            guardian: section.column("guardian", &table)?,
            until: section.optional_column("until", &table)?,
            table,
        })
    }
}
