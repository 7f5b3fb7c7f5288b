//! What is wrong in a mapping file: where, what, and how to mend it.

use std::path::{Path, PathBuf};

/// One thing wrong in a mapping file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}: {key}: {what}; mend: {mend}", file.display())]
pub struct MappingError {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1; 0 where the file could not be read at all.
    pub line: usize,
    /// The key, with its section: `dataset[0].field[1].column`.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub mend: String,
}

impl MappingError {
    pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        Self {
            file: path.to_owned(),
            line: 0,
            key: "(file)".to_owned(),
            what: format!("it cannot be read: {error}"),
            mend: "check the path in the configuration and that this user may read the file".to_owned(),
        }
    }
}

/// `did you mean …?` where one of the candidates is near, else the candidates themselves.
pub(super) fn suggestion<S: AsRef<str>>(written: &str, candidates: impl IntoIterator<Item = S>) -> String {
    let candidates: Vec<S> = candidates.into_iter().collect();
    let near = candidates
        .iter()
        .map(|candidate| (strsim::jaro_winkler(written, candidate.as_ref()), candidate.as_ref()))
        .filter(|(likeness, _)| *likeness >= 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match near {
        Some((_, candidate)) => format!("did you mean `{candidate}`?"),
        None if candidates.is_empty() => "there is none here; leave it out".to_owned(),
        None => {
            let names: Vec<&str> = candidates.iter().take(12).map(AsRef::as_ref).collect();
            let more = if candidates.len() > 12 { ", …" } else { "" };
            format!("write one of {}{more}", names.join(", "))
        }
    }
}
