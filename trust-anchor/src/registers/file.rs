//! Reading purposes and laws from TOML files, with `${name}` for entities that differ between deployments.
//!
//! Guarantees: unknown keys, unresolved names and entries that [`super::lint`] refuses are errors with file, line
//! and mend; nothing of a file with an error is used.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
};

use schemas::{
    federation::{Law, Purpose},
    id::EntityId,
    time::CivilDate,
};
use serde::{Deserialize, de::DeserializeOwned};
use toml::Spanned;

use super::lint;

/// Values for `${name}` in register files: `--set civil=https://civil.gov.example`.
pub type Placeholders = BTreeMap<String, EntityId>;

/// A register file was not taken.
#[derive(Debug, PartialEq, Eq)]
pub struct RegisterFileError {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong and how to mend it.
    pub problem: String,
}

impl fmt::Display for RegisterFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for RegisterFileError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PurposeFile {
    purpose: Vec<Spanned<Purpose>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LawFile {
    law: Vec<Spanned<Law>>,
}

/// Reads `[[purpose]]` tables.
pub(crate) fn read_purposes(path: &Path, set: &Placeholders) -> Result<Vec<Purpose>, RegisterFileError> {
    let source = Source::read(path, set)?;
    let file: PurposeFile = source.parse()?;
    file.purpose.into_iter().map(|entry| source.checked(entry, lint::purpose)).collect()
}

/// Reads `[[law]]` tables; `today` is for laws that have ended.
pub(crate) fn read_laws(path: &Path, set: &Placeholders, today: CivilDate) -> Result<Vec<Law>, RegisterFileError> {
    let source = Source::read(path, set)?;
    let file: LawFile = source.parse()?;
    file.law.into_iter().map(|entry| source.checked(entry, |law| lint::law(law, today))).collect()
}

struct Source<'a> {
    path: &'a Path,
    text: String,
}

impl<'a> Source<'a> {
    fn read(path: &'a Path, set: &Placeholders) -> Result<Self, RegisterFileError> {
        let unreadable = |error: std::io::Error| RegisterFileError {
            path: path.to_owned(),
            line: None,
            problem: format!("the file cannot be read: {error}; mend: name an existing TOML file"),
        };
        let text = fs::read_to_string(path).map_err(unreadable)?;
        let text = resolve(&text, set).map_err(|(line, name)| RegisterFileError {
            path: path.to_owned(),
            line: Some(line),
            problem: format!("`${{{name}}}` has no value; mend: add `--set {name}=https://…`"),
        })?;
        Ok(Self { path, text })
    }

    fn parse<T: DeserializeOwned>(&self) -> Result<T, RegisterFileError> {
        toml::from_str(&self.text).map_err(|error| {
            let line = error.span().map(|span| line_at(&self.text, span.start));
            self.error(line, format!("{}; mend: see the sample registers for the form", error.message()))
        })
    }

    fn checked<T>(
        &self,
        entry: Spanned<T>,
        lint: impl Fn(&T) -> Option<lint::Finding>,
    ) -> Result<T, RegisterFileError> {
        let start = entry.span().start;
        let entry = entry.into_inner();
        match lint(&entry) {
            None => Ok(entry),
            Some(finding) => Err(self.error(Some(self.line_of_key(start, finding.key)), finding.problem)),
        }
    }

    /// The line of a key within the entry that begins at `start`; the entry's own if the key is not written out.
    fn line_of_key(&self, start: usize, key: &str) -> usize {
        let first = line_at(&self.text, start);
        let entry = self.text.lines().enumerate().skip(first.saturating_sub(1));
        // The next entry begins at a table of the root; `[[purpose.allowed]]` is still part of this one.
        let begins = |line: &str| line.trim().strip_prefix("[[").is_some_and(|rest| !rest.contains('.'));
        let mut within = entry.take_while(|(number, line)| *number < first || !begins(line));
        let found = within.find(|(_, line)| {
            let line = line.trim_start().trim_start_matches('[');
            line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(['=', ']', '.']))
                || line.split('.').any(|part| part.trim_end_matches(']') == key && line.ends_with(']'))
        });
        found.map_or(first, |(number, _)| number + 1)
    }

    fn error(&self, line: Option<usize>, problem: String) -> RegisterFileError {
        RegisterFileError { path: self.path.to_owned(), line, problem }
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// Puts values in; the line and name of the first that has none. Comments are left alone.
fn resolve(text: &str, set: &Placeholders) -> Result<String, (usize, String)> {
    let mut resolved = String::with_capacity(text.len());
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if line.trim_start().starts_with('#') {
            resolved.push_str(line);
            continue;
        }
        let mut rest = line;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').ok_or_else(|| (number + 1, after.trim().to_owned()))?;
            let value = set.get(name).ok_or_else(|| (number + 1, name.to_owned()))?;
            resolved.push_str(before);
            resolved.push_str(value.as_str());
            rest = after;
        }
        resolved.push_str(rest);
    }
    Ok(resolved)
}
