//! `[[change]]`: a table whose new or changed rows become life events.
//!
//! Guarantees: the members and people named are those of the type; a table that is watched is a table, while what is read may be a
//! view of it. Deliberately absent: expressions; words of the register's own are put into ours by a view (`read`).

use std::sync::Arc;

use schemas::{
    event::{EventKind, Relation},
    id::EventType,
};

use super::{MappingError, section::Section};
use crate::catalogue::{Catalogue, Column, Table};

mod members;

pub use members::{Form, Member, members, relations};

pub(super) const KEYS: &[&str] = &[
    "event",
    "table",
    "key",
    "subject",
    "effective",
    "on",
    "watch",
    "when",
    "read",
    "supersedes",
    "ended",
    "related",
    "payload",
];

/// Which changes of a row count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noticed {
    /// New rows.
    Inserts,
    /// Rows in which a watched column changed.
    Updates,
    /// Both.
    Both,
}

/// A table whose rows become events of one type.
#[derive(Clone, Debug)]
pub struct ChangeCapture {
    pub(crate) event: EventType,
    pub(crate) kind: EventKind,
    pub(crate) table: Arc<Table>,
    /// Where the row is read: the table, or a view of it with the same key.
    pub(crate) read: Arc<Table>,
    pub(crate) key: Column,
    pub(crate) subject: Column,
    pub(crate) effective: Column,
    pub(crate) noticed: Noticed,
    pub(crate) watch: Vec<Column>,
    /// Only rows with this value; `None`: with any.
    pub(crate) when: Option<(Column, Option<String>)>,
    /// Names the earlier registration that this one replaces.
    pub(crate) supersedes: Option<Column>,
    /// Of a marriage: filled once it has ended.
    pub(crate) ended: Option<Column>,
    pub(crate) related: Vec<(Relation, Column)>,
    pub(crate) payload: Vec<(Member, Column)>,
}

impl ChangeCapture {
    pub(super) fn parse(section: &Section<'_>, catalogue: &Catalogue) -> Result<Self, MappingError> {
        let table = section.base_table(catalogue)?;
        let event: EventType = section.parsed("event")?;
        let unknown =
            || section.wrong("event", format!("no row becomes a `{event}`"), "take a type of docs/mapping.md");
        let kind = EventKind::of(&event).filter(|kind| members(*kind).is_some()).ok_or_else(unknown)?;
        let read = section.optional_table("read", catalogue)?.unwrap_or_else(|| Arc::clone(&table));
        let key = section.key_column("key", &table)?;
        let subject = section.key_column("subject", &table)?;
        // A view must show the row's key and person under the same names.
        section.column("key", &read)?;
        section.column("subject", &read)?;
        let noticed = noticed(section)?;
        Ok(Self {
            subject,
            effective: section.column("effective", &read)?,
            watch: watch(section, noticed, &table)?,
            when: when(section, &read)?,
            supersedes: section.optional_column("supersedes", &read)?,
            ended: section.optional_column("ended", &read)?,
            related: related(section, kind, &read)?,
            payload: payload(section, kind, &read)?,
            key,
            event,
            kind,
            noticed,
            read,
            table,
        })
    }
}

fn noticed(section: &Section<'_>) -> Result<Noticed, MappingError> {
    if section.optional("on")?.is_none() {
        return Ok(Noticed::Inserts);
    }
    section.one_of("on", &[("insert", Noticed::Inserts), ("update", Noticed::Updates), ("both", Noticed::Both)])
}

/// The columns whose change counts; needed exactly where changes count.
fn watch(section: &Section<'_>, noticed: Noticed, table: &Table) -> Result<Vec<Column>, MappingError> {
    let names: Vec<String> = if section.has("watch") { section.parsed_list("watch")? } else { Vec::new() };
    match (noticed, names.is_empty()) {
        (Noticed::Inserts, false) => {
            Err(section.wrong("watch", "new rows alone are noticed", "write on = \"update\" or \"both\""))
        }
        (Noticed::Updates | Noticed::Both, true) => {
            Err(section.wrong("watch", "the key is missing", "name the columns whose change is an event"))
        }
        _ => names.iter().map(|name| section.column_named("watch", name, table)).collect(),
    }
}

fn when(section: &Section<'_>, read: &Table) -> Result<Option<(Column, Option<String>)>, MappingError> {
    let mut conditions = section.texts("when")?.into_iter();
    let Some((name, value)) = conditions.next() else { return Ok(None) };
    if conditions.next().is_some() {
        return Err(section.wrong(
            "when",
            "it names several columns",
            "name one; for more, make a view and name it by `read`",
        ));
    }
    let column = section.column_named("when", &name, read)?;
    Ok(Some((column, (value != "*").then_some(value))))
}

fn related(section: &Section<'_>, kind: EventKind, read: &Table) -> Result<Vec<(Relation, Column)>, MappingError> {
    let mapped = section.texts("related")?;
    let known = relations(kind);
    let mut related = Vec::new();
    for (name, column) in &mapped {
        let Some((relation, ..)) = known.iter().find(|(_, known, _)| known == name) else {
            let names: Vec<&str> = known.iter().map(|(_, name, _)| *name).collect();
            let mend = format!("events of this type speak of: {}", names.join(", "));
            return Err(section.wrong("related", format!("`{name}` is nobody of whom the event speaks"), mend));
        };
        related.push((*relation, section.column_named("related", column, read)?));
    }
    for (_, name, required) in known {
        if *required && !mapped.iter().any(|(mapped, _)| mapped == name) {
            return Err(section.wrong("related", format!("`{name}` is missing"), format!("add {name} = \"<column>\"")));
        }
    }
    Ok(related)
}

fn payload(section: &Section<'_>, kind: EventKind, read: &Table) -> Result<Vec<(Member, Column)>, MappingError> {
    let known = members(kind).unwrap_or_default();
    let mut payload: Vec<(Member, Column)> = Vec::new();
    for (path, column) in section.texts("payload")? {
        let Some(member) = known.iter().find(|member| member.path == path) else {
            let mend = super::error::suggestion(&path, known.iter().map(|member| member.path));
            return Err(section.wrong("payload", format!("the event has no member `{path}`"), mend));
        };
        payload.push((*member, section.column_named("payload", &column, read)?));
    }
    for member in known.iter().filter(|member| member.required) {
        if !payload.iter().any(|(mapped, _)| mapped == member) {
            let path = member.path;
            return Err(section.wrong("payload", format!("`{path}` is missing"), format!("add {path} = \"<column>\"")));
        }
    }
    Ok(payload)
}
