//! Secrets: hidden in every print, wiped when dropped, read only from files that nobody else can read.
//!
//! Guarantees: `Debug` and `Display` show nothing; a file readable by group or others, owned by somebody else,
//! or holding a placeholder is refused. Deliberately absent: secrets from the environment or the command line.

use std::{
    fmt, fs,
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use zeroize::Zeroize;

/// A value that is never printed and is wiped from memory when dropped.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes the value in.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value; the name is long so that each use is seen in review.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl<T: Zeroize> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// A secret's file was refused. No variant shows any of its content.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It cannot be opened, read or written.
    #[error("{path}: {source}; check that the file exists and belongs to the user that runs this program")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others than its owner can read or change it.
    #[error("{path} has mode {mode:04o}, so others can use this secret; mend: chmod 600 {path}")]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It belongs to another user.
    #[error("{path} belongs to user {owner}, not to the user that runs this program; mend: chown it")]
    Owner {
        /// The file.
        path: PathBuf,
        /// The owner's numeric id.
        owner: u32,
    },
    /// It holds a value from some example.
    #[error("{path} holds a placeholder; mend: put a real secret there (for instance: openssl rand -base64 32)")]
    Placeholder {
        /// The file.
        path: PathBuf,
    },
}

const PLACEHOLDERS: &[&str] =
    &["", "changeme", "change-me", "change_me", "secret", "password", "passwd", "placeholder", "todo", "xxx", "admin"];

/// Whether the text is one that people leave in examples.
pub fn is_placeholder(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    PLACEHOLDERS.contains(&text.as_str())
}

/// Files with secrets in them.
#[derive(Debug)]
pub struct SecretFile;

impl SecretFile {
    /// Reads a secret after checking owner (this user or root) and mode (0600 or 0400), on the opened file.
    pub fn read(path: &Path) -> Result<Secret<Vec<u8>>, SecretError> {
        let io = |source| SecretError::Io { path: path.to_owned(), source };
        let mut file = fs::File::open(path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        let (mode, owner) = (metadata.mode() & 0o7777, metadata.uid());
        if mode & 0o7177 != 0 {
            return Err(SecretError::Mode { path: path.to_owned(), mode });
        }
        if owner != rustix::process::geteuid().as_raw() && owner != 0 {
            return Err(SecretError::Owner { path: path.to_owned(), owner });
        }
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0).saturating_add(1));
        file.read_to_end(&mut bytes).map_err(io)?;
        let secret = Secret::new(bytes);
        if std::str::from_utf8(secret.expose()).is_ok_and(is_placeholder) {
            return Err(SecretError::Placeholder { path: path.to_owned() });
        }
        Ok(secret)
    }

    /// Writes a new secret with mode 0600, durably. An existing file is never overwritten.
    pub fn write(path: &Path, content: &[u8]) -> Result<(), SecretError> {
        let io = |source| SecretError::Io { path: path.to_owned(), source };
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(io)?;
        file.write_all(content).and_then(|()| file.sync_all()).map_err(io)?;
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::File::open(folder).and_then(|f| f.sync_all()).map_err(io)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_secret_prints_nothing_of_itself() {
        let secret = Secret::new("hunter2".to_owned());
        assert_eq!(format!("{secret} {secret:?}"), "[secret] [secret]");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn what_is_written_is_private_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        SecretFile::write(&path, b"real secret").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(SecretFile::read(&path).unwrap().expose(), b"real secret");
        assert!(matches!(SecretFile::write(&path, b"other"), Err(SecretError::Io { .. })), "never overwritten");
        assert_eq!(SecretFile::read(&path).unwrap().expose(), b"real secret");
    }

    #[test]
    fn a_file_that_others_can_read_or_run_is_refused_with_its_mend() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        SecretFile::write(&path, b"real secret").unwrap();
        for mode in [0o644, 0o640, 0o620, 0o601, 0o660, 0o700, 0o4600] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = SecretFile::read(&path).unwrap_err();
            assert!(matches!(error, SecretError::Mode { .. }), "{mode:o}");
            assert!(error.to_string().contains("chmod 600"));
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert!(SecretFile::read(&path).is_ok());
    }

    #[test]
    fn placeholders_are_no_secrets() {
        let folder = tempfile::tempdir().unwrap();
        for (n, text) in ["changeme", "CHANGEME\n", "", "  secret ", "password"].iter().enumerate() {
            let path = folder.path().join(n.to_string());
            SecretFile::write(&path, text.as_bytes()).unwrap();
            assert!(matches!(SecretFile::read(&path), Err(SecretError::Placeholder { .. })), "{text:?}");
        }
    }
}
