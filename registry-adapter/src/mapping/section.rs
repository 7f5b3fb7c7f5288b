//! Reading one section of a mapping file, key by key, with the place of each in the text.
//!
//! Guarantees: a section is opened with the list of keys it may have, and any other key is refused at once.

use std::{path::Path, str::FromStr, sync::Arc};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{MappingError, error::suggestion};
use crate::catalogue::{Catalogue, Column, ColumnKind, Table, is_identifier};

/// A parsed file.
pub(super) struct Document<'t> {
    name: &'t Path,
    text: &'t str,
    root: Spanned<DeTable<'t>>,
}

/// One table of the file, known to have no key but those it may have.
pub(super) struct Section<'d> {
    document: &'d Document<'d>,
    path: String,
    at: usize,
    table: &'d DeTable<'d>,
}

impl<'t> Document<'t> {
    pub(super) fn parse(name: &'t Path, text: &'t str) -> Result<Self, MappingError> {
        DeTable::parse(text).map(|root| Self { name, text, root }).map_err(|error| MappingError {
            file: name.to_owned(),
            line: line_of(text, error.span().map_or(0, |span| span.start)),
            key: "(syntax)".to_owned(),
            what: error.message().trim().replace('\n', ", "),
            mend: "write it as TOML 1.0 (https://toml.io)".to_owned(),
        })
    }

    pub(super) fn root<'d>(&'d self, keys: &[&'static str]) -> Result<Section<'d>, MappingError>
    where
        't: 'd,
    {
        // Covariance: the document lives at least as long as the section that borrows it.
        let document: &'d Document<'d> = self;
        Section::open(document, String::new(), 0, document.root.get_ref(), keys)
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

impl<'d> Section<'d> {
    fn open(
        document: &'d Document<'d>,
        path: String,
        at: usize,
        table: &'d DeTable<'d>,
        keys: &[&'static str],
    ) -> Result<Self, MappingError> {
        let section = Self { document, path, at, table };
        match section.table.keys().find(|key| !keys.contains(&key.get_ref().as_ref())) {
            None => Ok(section),
            Some(key) => {
                let written = key.get_ref().as_ref();
                let mend = suggestion(written, keys);
                Err(section.error(key.span().start, written, "it is not a key of this section".to_owned(), mend))
            }
        }
    }

    fn error(&self, at: usize, key: &str, what: String, mend: impl Into<String>) -> MappingError {
        let key = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        MappingError {
            file: self.document.name.to_owned(),
            line: line_of(self.document.text, at),
            key,
            what,
            mend: mend.into(),
        }
    }

    /// An error at this key, or at the section where the key is absent.
    pub(super) fn wrong(&self, key: &str, what: impl Into<String>, mend: impl Into<String>) -> MappingError {
        let at = self.table.get(key).map_or(self.at, |value| value.span().start);
        self.error(at, key, what.into(), mend)
    }

    /// An error at a key of one table of an array.
    pub(super) fn wrong_in(
        &self,
        array: &str,
        place: usize,
        key: &str,
        what: String,
        mend: &'static str,
    ) -> MappingError {
        let value = self.table.get(array).and_then(|v| v.get_ref().as_array()).and_then(|a| a.get(place));
        let value = value.and_then(|v| v.get_ref().as_table()).and_then(|t| t.get(key));
        let at = value.map_or(self.at, |v| v.span().start);
        self.error(at, &format!("{array}[{place}].{key}"), what, mend)
    }

    /// The sub-section, if it is there.
    pub(super) fn section(&self, key: &'static str, keys: &[&'static str]) -> Result<Option<Self>, MappingError> {
        let Some(value) = self.table.get(key) else { return Ok(None) };
        let DeValue::Table(table) = value.get_ref() else {
            return Err(self.wrong(key, "it is not a section", format!("write it as [{key}]")));
        };
        Self::open(self.document, self.below(key), value.span().start, table, keys).map(Some)
    }

    /// The sub-section, which must be there.
    pub(super) fn required_section(&self, key: &'static str, keys: &[&'static str]) -> Result<Self, MappingError> {
        self.section(key, keys)?
            .ok_or_else(|| self.wrong(key, "the section is missing", format!("add [{}]", self.below(key))))
    }

    /// Every table of an array of tables; none where the array is absent.
    pub(super) fn each<T>(
        &self,
        key: &'static str,
        keys: &[&'static str],
        mut parse: impl FnMut(&Self) -> Result<T, MappingError>,
    ) -> Result<Vec<T>, MappingError> {
        let Some(value) = self.table.get(key) else { return Ok(Vec::new()) };
        let tables = match value.get_ref() {
            DeValue::Array(tables) if !tables.is_empty() => tables,
            _ => return Err(self.wrong(key, "it is not a list of sections", format!("write it as [[{key}]]"))),
        };
        let mut parsed = Vec::with_capacity(tables.len());
        for (place, value) in tables.iter().enumerate() {
            let path = format!("{}[{place}]", self.below(key));
            let DeValue::Table(table) = value.get_ref() else {
                return Err(self.wrong(key, "it is not a list of sections", format!("write it as [[{key}]]")));
            };
            parsed.push(parse(&Self::open(self.document, path, value.span().start, table, keys)?)?);
        }
        Ok(parsed)
    }

    fn below(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Every key of a section whose keys are free, with its text.
    pub(super) fn texts(&self, key: &'static str) -> Result<Vec<(String, String)>, MappingError> {
        let Some(value) = self.table.get(key) else { return Ok(Vec::new()) };
        let DeValue::Table(table) = value.get_ref() else {
            return Err(self.wrong(key, "it is not a table", format!("write it as [{}]", self.below(key))));
        };
        let text = |(name, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| match value.get_ref() {
            DeValue::String(text) => Ok((AsRef::<str>::as_ref(name.get_ref()).to_owned(), text.as_ref().to_owned())),
            _ => Err(self.wrong(key, "its values are not all texts", "put each value in quotes")),
        };
        table.iter().map(|(name, value): (&Spanned<std::borrow::Cow<'_, str>>, _)| text((name, value))).collect()
    }

    /// A text, if it is there.
    pub(super) fn optional(&self, key: &'static str) -> Result<Option<&'d str>, MappingError> {
        match self.table.get(key).map(Spanned::get_ref) {
            None => Ok(None),
            Some(DeValue::String(text)) if !text.is_empty() => Ok(Some(text.as_ref())),
            Some(DeValue::String(_)) => Err(self.wrong(key, "it is empty", "write a value or leave the key out")),
            Some(_) => Err(self.wrong(key, "it is not a text", "put the value in quotes")),
        }
    }

    /// True or false; false where the key is absent.
    pub(super) fn flag(&self, key: &'static str) -> Result<bool, MappingError> {
        match self.table.get(key).map(Spanned::get_ref) {
            None => Ok(false),
            Some(DeValue::Boolean(flag)) => Ok(*flag),
            Some(_) => Err(self.wrong(key, "it is neither true nor false", format!("write {key} = true"))),
        }
    }

    /// A text, which must be there.
    pub(super) fn text(&self, key: &'static str) -> Result<&'d str, MappingError> {
        self.optional(key)?.ok_or_else(|| {
            let section = if self.path.is_empty() { "the file" } else { &self.path };
            self.wrong(key, "the key is missing", format!("add {key} = \"…\" to {section}"))
        })
    }

    /// A text that a type of its own reads.
    pub(super) fn parsed<T: FromStr<Err: std::fmt::Display>>(&self, key: &'static str) -> Result<T, MappingError> {
        let text = self.text(key)?;
        text.parse().map_err(|error: T::Err| self.wrong(key, format!("`{text}` is no such thing"), error.to_string()))
    }

    /// A list of texts that a type of its own reads; not empty.
    pub(super) fn parsed_list<T: FromStr<Err: std::fmt::Display>>(
        &self,
        key: &'static str,
    ) -> Result<Vec<T>, MappingError> {
        let wrong = || self.wrong(key, "it is not a list of texts", format!("write {key} = [\"…\"]"));
        let list = self.table.get(key).and_then(|v| v.get_ref().as_array()).filter(|a| !a.is_empty());
        let mut parsed = Vec::new();
        for value in list.ok_or_else(wrong)?.iter() {
            let text = value.get_ref().as_str().ok_or_else(wrong)?;
            let one = text
                .parse()
                .map_err(|error: T::Err| self.wrong(key, format!("`{text}` is no such thing"), error.to_string()))?;
            parsed.push(one);
        }
        Ok(parsed)
    }

    /// One of a few words.
    pub(super) fn one_of<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Result<T, MappingError> {
        let text = self.text(key)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        let mend = || suggestion(text, words.iter().map(|(word, _)| *word));
        found.ok_or_else(|| self.wrong(key, format!("`{text}` is not known here"), mend()))
    }

    /// A table or view that the database listed.
    pub(super) fn table(&self, catalogue: &Catalogue) -> Result<Arc<Table>, MappingError> {
        self.table_named("table", self.text("table")?, catalogue)
    }

    /// Another one, if the key is there.
    pub(super) fn optional_table(
        &self,
        key: &'static str,
        catalogue: &Catalogue,
    ) -> Result<Option<Arc<Table>>, MappingError> {
        self.optional(key)?.map(|written| self.table_named(key, written, catalogue)).transpose()
    }

    fn table_named(&self, key: &str, written: &str, catalogue: &Catalogue) -> Result<Arc<Table>, MappingError> {
        if written.split('.').count() > 2 || !written.split('.').all(is_identifier) {
            return Err(self.not_a_name(key, written));
        }
        catalogue.table(written).ok_or_else(|| {
            let what = format!("the source has no table or view `{written}` that its reader may read");
            self.wrong(key, what, suggestion(written, catalogue.table_names()))
        })
    }

    /// Whether the key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// A table, not a view, for it will be written to or watched.
    pub(super) fn base_table(&self, catalogue: &Catalogue) -> Result<Arc<Table>, MappingError> {
        let table = self.table(catalogue)?;
        if table.is_view {
            return Err(self.wrong("table", format!("`{table}` is a view"), "name the table behind the view"));
        }
        Ok(table)
    }

    /// A column that the database listed for the table.
    pub(super) fn column(&self, key: &'static str, table: &Table) -> Result<Column, MappingError> {
        self.column_named(key, self.text(key)?, table)
    }

    /// The same by a name that was read already.
    pub(super) fn column_named(&self, key: &str, written: &str, table: &Table) -> Result<Column, MappingError> {
        if !is_identifier(written) {
            return Err(self.not_a_name(key, written));
        }
        table.column(written).cloned().ok_or_else(|| {
            let what = format!("`{table}` has no column `{written}` that its reader may read");
            self.wrong(key, what, suggestion(written, table.columns.iter().map(|c| c.name.as_str())))
        })
    }

    /// A column, if the key is there.
    pub(super) fn optional_column(&self, key: &'static str, table: &Table) -> Result<Option<Column>, MappingError> {
        self.optional(key)?.map(|written| self.column_named(key, written, table)).transpose()
    }

    /// A column by which rows are found: text or whole numbers, so that one key has one spelling.
    pub(super) fn key_column(&self, key: &'static str, table: &Table) -> Result<Column, MappingError> {
        let column = self.column(key, table)?;
        if matches!(column.kind, ColumnKind::Text | ColumnKind::Integer) {
            return Ok(column);
        }
        let what = format!("`{}` is neither text nor a whole number, so that rows cannot be found by it", column.name);
        Err(self.wrong(key, what, "map a text or integer column, or a view that casts it"))
    }

    fn not_a_name(&self, key: &str, written: &str) -> MappingError {
        let what = format!("`{}` is not a name", written.escape_debug());
        self.wrong(key, what, "write the name of one table or column, letters, digits and underscores; a mapping holds no expressions: make a view")
    }
}
