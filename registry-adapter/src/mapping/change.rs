//! `[[change]]`: a table whose new rows become life events.

use std::sync::Arc;

use schemas::id::EventType;

use super::{MappingError, section::Section};
use crate::catalogue::{Catalogue, Column, Table};

pub(super) const KEYS: &[&str] = &["event", "table", "key", "subject", "effective", "payload"];

/// A table whose new rows become events of one type.
#[derive(Clone, Debug)]
pub struct ChangeCapture {
    pub(crate) event: EventType,
    pub(crate) table: Arc<Table>,
    pub(crate) key: Column,
    pub(crate) subject: Column,
    pub(crate) effective: Column,
    pub(crate) payload: Vec<(String, Column)>,
}

impl ChangeCapture {
    pub(super) fn parse(section: &Section<'_>, catalogue: &Catalogue) -> Result<Self, MappingError> {
        let table = section.base_table(catalogue)?;
        let mut payload = Vec::new();
        for (member, column) in section.texts("payload")? {
            payload.push((member, section.column_named("payload", &column, &table)?));
        }
        Ok(Self {
            event: section.parsed("event")?,
            key: section.key_column("key", &table)?,
            subject: section.key_column("subject", &table)?,
            effective: section.column("effective", &table)?,
            payload,
            table,
        })
    }
}
