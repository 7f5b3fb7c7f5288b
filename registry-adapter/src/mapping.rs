//! The mapping file: which tables and columns of the department's database mean what.
//!
//! Guarantees: every name in it was listed by the database when the file was loaded; unknown keys, expressions and
//! contradictions are refused with file, line, key and mend. Shape and examples: `docs/mapping.md`.
//! Deliberately absent: SQL, expressions, defaults that guess.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use schemas::{
    federation::{DatasetDescription, FieldDescription},
    id::EventType,
};

use crate::catalogue::{Catalogue, Engine};

mod change;
mod dataset;
mod error;
mod guardians;
mod identity;
mod matching;
mod roll;
mod section;

pub use change::{ChangeCapture, Form, Member, Noticed, members, relations};
pub use dataset::{Dataset, Field, FieldKind};
pub use error::MappingError;
pub use guardians::GuardiansTable;
pub use identity::IdentityTable;
pub use matching::{BirthDateForm, MatchingTable, NameColumns, NameForm};
pub(crate) use roll::{EnrolMapping, RowNumbers};
pub use roll::{InvalidRollId, JournalPlace, Roll, RollId, RollStatus, WriteWay};

use section::{Document, Section};

const KEYS: &[&str] = &["source", "dataset", "matching", "roll", "change", "identity", "guardians"];

/// A mapping file that was read but not yet compared with its database.
#[derive(Debug)]
pub struct MappingFile {
    name: PathBuf,
    text: String,
    engine: Engine,
}

/// A mapping whose every name the database listed.
#[derive(Clone, Debug)]
pub struct Mapping {
    pub(crate) engine: Engine,
    pub(crate) datasets: Vec<Dataset>,
    pub(crate) matching: Vec<Arc<MatchingTable>>,
    pub(crate) rolls: Vec<Arc<Roll>>,
    pub(crate) changes: Vec<Arc<ChangeCapture>>,
    pub(crate) identity: Option<Arc<IdentityTable>>,
    pub(crate) guardians: Option<Arc<GuardiansTable>>,
}

impl MappingFile {
    /// Reads the file and its `[source]`.
    ///
    /// # Errors
    /// If it cannot be read, is not TOML, has unknown sections, or names no known kind of source.
    pub fn read(path: &Path) -> Result<Self, MappingError> {
        let text = std::fs::read_to_string(path).map_err(|error| MappingError::unreadable(path, &error))?;
        Self::from_text(path, text)
    }

    /// The same from a text; `name` stands in errors.
    ///
    /// # Errors
    /// As [`MappingFile::read`].
    pub fn from_text(name: &Path, text: String) -> Result<Self, MappingError> {
        let document = Document::parse(name, &text)?;
        let root = document.root(KEYS)?;
        let engine = root
            .required_section("source", &["kind"])?
            .one_of("kind", &[("sqlite", Engine::Sqlite), ("postgres", Engine::Postgres)])?;
        Ok(Self { name: name.to_owned(), text, engine })
    }

    /// The kind of source it is written for.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Binds every name to what the database listed.
    ///
    /// # Errors
    /// The first thing that is wrong, with line, key and mend.
    pub fn bind(&self, catalogue: &Catalogue) -> Result<Mapping, MappingError> {
        let document = Document::parse(&self.name, &self.text)?;
        let root = document.root(KEYS)?;
        if catalogue.engine != self.engine {
            let source = root.required_section("source", &["kind"])?;
            let what = format!("the mapping is for {}, the connection is to {}", self.engine, catalogue.engine);
            return Err(source.wrong("kind", what, "write the kind of the source that the configuration connects to"));
        }
        let mapping = Mapping {
            engine: self.engine,
            datasets: root.each("dataset", dataset::KEYS, |s| Dataset::parse(s, catalogue))?,
            matching: root.each("matching", matching::KEYS, |s| MatchingTable::parse(s, catalogue).map(Arc::new))?,
            rolls: root.each("roll", roll::KEYS, |s| Roll::parse(s, catalogue).map(Arc::new))?,
            changes: root.each("change", change::KEYS, |s| ChangeCapture::parse(s, catalogue).map(Arc::new))?,
            identity: root
                .section("identity", identity::KEYS)?
                .map(|s| IdentityTable::parse(&s, catalogue).map(Arc::new))
                .transpose()?,
            guardians: root
                .section("guardians", guardians::KEYS)?
                .map(|s| GuardiansTable::parse(&s, catalogue).map(Arc::new))
                .transpose()?,
        };
        mapping.refuse_repetition(&root)?;
        Ok(mapping)
    }
}

impl Mapping {
    /// What the federation's catalogue says of the datasets.
    pub fn describe(&self) -> Vec<DatasetDescription> {
        self.datasets.iter().map(describe).collect()
    }

    /// The rolls that may be held, by id.
    pub fn rolls(&self) -> impl Iterator<Item = &RollId> {
        self.rolls.iter().map(|roll| &roll.id)
    }

    /// The types of events that rows of mapped tables become.
    pub fn events(&self) -> impl Iterator<Item = &EventType> {
        self.changes.iter().map(|change| &change.event)
    }

    /// The matching tables, in the order of the file.
    pub fn matching(&self) -> &[Arc<MatchingTable>] {
        &self.matching
    }

    fn refuse_repetition(&self, root: &Section<'_>) -> Result<(), MappingError> {
        refuse_repeated(root, "dataset", "id", self.datasets.iter().map(|d| d.id.as_str()))?;
        refuse_repeated(root, "roll", "id", self.rolls.iter().map(|r| r.id.as_str()))?;
        // One table a type: what became of a row is known by the type of its event.
        refuse_repeated(root, "change", "event", self.changes.iter().map(|c| c.event.as_str()))
    }
}

fn describe(dataset: &Dataset) -> DatasetDescription {
    let field = |field: &Field| FieldDescription {
        name: field.name.clone(),
        title: field.title.clone(),
        r#type: field.kind.as_str().to_owned(),
        sensitivity: field.sensitivity,
        mask: field.mask,
    };
    DatasetDescription {
        id: dataset.id.clone(),
        title: dataset.title.clone(),
        fields: dataset.fields.iter().map(field).collect(),
        purposes: dataset.purposes.clone(),
        assurance: dataset.assurance,
        refuse_assisted: dataset.refuse_assisted,
    }
}

/// Refuses the second section of the same name; each of them is an array of tables in the file.
fn refuse_repeated<'v>(
    root: &Section<'_>,
    array: &'static str,
    key: &'static str,
    values: impl Iterator<Item = &'v str>,
) -> Result<(), MappingError> {
    let mut seen = std::collections::BTreeSet::new();
    for (place, value) in values.enumerate() {
        if !seen.insert(value) {
            let what = format!("`{value}` stands twice");
            return Err(root.wrong_in(
                array,
                place,
                key,
                what,
                "keep one of the two, or give the other an id of its own",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
