//! The last published checkpoint, in a file beside the database: what makes a restored old backup visible.
//!
//! Guarantees: written durably (temporary file, fsync, rename, fsync of the folder) before anybody can read the
//! checkpoint, so it is never behind what the world has seen; made by `init` alone. Deliberately absent: trust in
//! it beyond the log's own signature; witnesses will hold the same fact elsewhere.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use tlog::{
    checkpoint::{SignedCheckpoint, VerifiedCheckpoint},
    note::VerifyingKey,
};

/// The file's name in the data folder.
const NAME: &str = "published-checkpoint";

/// Where the file is.
#[derive(Debug, Clone)]
pub(crate) struct PublishedFile(PathBuf);

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PublishedFileError {
    /// It cannot be read or written.
    #[error(
        "{path}: {source}; mend: restore this file together with the database (it holds the last published checkpoint)"
    )]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no checkpoint of this log.
    #[error("{path} is no checkpoint signed by this log's key; mend: restore the file that belongs here")]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
}

impl PublishedFile {
    /// The file in this data folder.
    pub(crate) fn in_folder(data_dir: &Path) -> Self {
        Self(data_dir.join(NAME))
    }

    /// The checkpoint in it, verified.
    pub(crate) fn read(&self, key: &VerifyingKey) -> Result<VerifiedCheckpoint, PublishedFileError> {
        let bytes = fs::read(&self.0).map_err(|source| self.io(source))?;
        let not_ours = || PublishedFileError::NotOurs { path: self.0.clone() };
        let signed = SignedCheckpoint::parse(&bytes).map_err(|_| not_ours())?;
        signed.verify(key).map_err(|_| not_ours())
    }

    /// Replaces the content, durably.
    pub(crate) fn write(&self, note: &str) -> Result<(), PublishedFileError> {
        self.replace(note).map_err(|source| self.io(source))
    }

    fn replace(&self, note: &str) -> io::Result<()> {
        let beside = self.0.with_extension("new");
        let mut file = fs::File::create(&beside)?;
        file.write_all(note.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, &self.0)?;
        let folder = self.0.parent().unwrap_or(Path::new("."));
        fs::File::open(folder)?.sync_all()
    }

    fn io(&self, source: io::Error) -> PublishedFileError {
        PublishedFileError::Io { path: self.0.clone(), source }
    }
}
