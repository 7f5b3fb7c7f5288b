//! One TOML file a process, each key also from the environment, nothing unknown, errors that name line and mend.
//!
//! Guarantees: unknown keys are refused with the nearest known one, placeholder secrets are refused, every error
//! names file, line (or environment variable) and key. The type to load says `#[serde(deny_unknown_fields)]`.
//! Deliberately absent: global settings, profiles, defaults that differ between machines.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use figment::{
    Figment,
    error::Kind,
    providers::{Env, Format, Toml},
    value::{Dict, Value},
};
use serde::de::DeserializeOwned;

mod types;
pub use types::{FilePath, Listen, Seconds};

/// What is wrong with a configuration, where, and how to mend it.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, or the environment variable that set the key.
    pub origin: String,
    /// The line in the file, from 1, where it is known.
    pub line: Option<usize>,
    /// The key, parts joined by dots; empty for the file as a whole.
    pub key: String,
    /// What is wrong.
    pub problem: String,
    /// How to mend it.
    pub mend: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": key `{}`", self.key)?;
        }
        write!(f, ": {}; mend: {}", self.problem, self.mend)
    }
}

impl std::error::Error for ConfigError {}

/// Reads the TOML file, lays the environment over it (`<env_prefix>SECTION__KEY`), and validates into `T`.
pub fn load<T: DeserializeOwned>(path: &Path, env_prefix: &str) -> Result<T, ConfigError> {
    let text = fs::read_to_string(path).map_err(|error| ConfigError {
        origin: path.display().to_string(),
        line: None,
        key: String::new(),
        problem: format!("the file cannot be read: {error}"),
        mend: "name an existing file that this user can read".to_owned(),
    })?;
    check_syntax(path, &text)?;
    let environment = Env::prefixed(env_prefix).split("__");
    let figment = Figment::from(Toml::file_exact(path)).merge(environment);
    let origin = Origin { path, text: &text, env_prefix, figment: &figment };
    let settings: Dict = figment.extract().map_err(|error| origin.explain(error))?;
    refuse_placeholders(&origin, &mut Vec::new(), &Value::from(settings))?;
    figment.extract().map_err(|error| origin.explain(error))
}

fn check_syntax(path: &Path, text: &str) -> Result<(), ConfigError> {
    let Err(error) = toml::de::DeTable::parse(text) else { return Ok(()) };
    Err(ConfigError {
        origin: path.display().to_string(),
        line: error.span().map(|span| line_of(text, span.start)),
        key: String::new(),
        problem: error.message().to_owned(),
        mend: "write it as TOML (https://toml.io): `key = \"value\"`, sections in [brackets]".to_owned(),
    })
}

struct Origin<'a> {
    path: &'a Path,
    text: &'a str,
    env_prefix: &'a str,
    figment: &'a Figment,
}

impl Origin<'_> {
    fn explain(&self, error: figment::Error) -> ConfigError {
        let mut key = error.path.clone();
        let (problem, mend) = match &error.kind {
            Kind::UnknownField(name, known) => {
                if key.last() != Some(name) {
                    key.push(name.clone());
                }
                ("this key is not known".to_owned(), suggestion(name, known))
            }
            Kind::UnknownVariant(given, known) => {
                (format!("`{given}` is not one of the choices"), suggestion(given, known))
            }
            Kind::MissingField(name) => {
                key.push(name.to_string());
                ("this key is missing".to_owned(), format!("add `{name} = …`"))
            }
            other => (other.to_string(), "give a value of the kind that the manual names".to_owned()),
        };
        self.error(&key, problem, mend)
    }

    fn error(&self, key: &[String], problem: String, mend: String) -> ConfigError {
        let joined = key.join(".");
        let variable = self.env_prefix.to_owned() + &key.join("__").to_uppercase();
        let from_environment =
            self.figment.find_metadata(&joined).is_some_and(|metadata| metadata.name.contains("environment"));
        let (origin, line) = if from_environment {
            (format!("environment variable {variable}"), None)
        } else {
            (self.path.display().to_string(), line_of_key(self.text, key))
        };
        ConfigError { origin, line, key: joined, problem, mend }
    }
}

fn suggestion(given: &str, known: &[&str]) -> String {
    let near = known
        .iter()
        .map(|name| (strsim::jaro_winkler(&given.to_lowercase(), name), *name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match near {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "remove it".to_owned(),
        None => format!("remove it, or use one of: {}", known.join(", ")),
    }
}

fn refuse_placeholders(origin: &Origin<'_>, key: &mut Vec<String>, value: &Value) -> Result<(), ConfigError> {
    match value {
        Value::Dict(_, members) => {
            for (name, member) in members {
                key.push(name.clone());
                refuse_placeholders(origin, key, member)?;
                key.pop();
            }
            Ok(())
        }
        Value::Array(_, items) => items.iter().try_for_each(|item| refuse_placeholders(origin, key, item)),
        Value::String(_, text) if holds_placeholder(text) => Err(origin.error(
            key,
            "this is a placeholder, not a real value".to_owned(),
            "put a real secret into a file of mode 0600 and name that file here".to_owned(),
        )),
        _ => Ok(()),
    }
}

fn holds_placeholder(text: &str) -> bool {
    let password = url::Url::parse(text).ok().and_then(|url| url.password().map(str::to_owned));
    match password {
        Some(password) => crate::secret::is_placeholder(&password),
        None => !text.trim().is_empty() && crate::secret::is_placeholder(text),
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count().saturating_add(1)
}

/// The line of the deepest part of the key that stands in the text.
fn line_of_key(text: &str, key: &[String]) -> Option<usize> {
    let table = toml::de::DeTable::parse(text).ok()?;
    let mut here = table.get_ref();
    let mut found = None;
    for part in key {
        let Some((name, value)) = here.iter().find(|(name, _)| name.get_ref() == part) else { break };
        found = Some(line_of(text, name.span().start));
        let Some(next) = value.get_ref().as_table() else { break };
        here = next;
    }
    found
}

/// The folder against which a configuration's relative paths are read.
pub fn folder_of(path: &Path) -> PathBuf {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

#[cfg(test)]
mod tests;
