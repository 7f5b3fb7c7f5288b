//! Where a database is: `sqlite:///var/lib/x.db` or `postgres://user@host/name`.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use serde::{Deserialize, Deserializer};

use crate::secret::Secret;

/// The address of a database. Printing never shows a password.
#[derive(Clone)]
pub enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A libpq connection URI.
    Postgres(Secret<String>),
}

impl DatabaseUrl {
    /// The same, a relative SQLite path being read against this folder.
    pub fn relative_to(self, folder: &Path) -> Self {
        match self {
            Self::Sqlite(path) => Self::Sqlite(folder.join(path)),
            postgres @ Self::Postgres(_) => postgres,
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sqlite = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:"));
        match sqlite {
            Some(path) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            None if text.starts_with("postgres://") || text.starts_with("postgresql://") => {
                Ok(Self::Postgres(Secret::new(text.to_owned())))
            }
            _ => Err("a database is written sqlite:///path/to/file or postgres://user@host/name".to_owned()),
        }
    }
}

impl<'de> Deserialize<'de> for DatabaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(uri) => match url::Url::parse(uri.expose()) {
                Ok(uri) => write!(f, "postgres://{}{}", uri.host_str().unwrap_or("(socket)"), uri.path()),
                Err(_) => f.write_str("postgres://(unreadable)"),
            },
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_printed() {
        let url: DatabaseUrl = "postgres://kit:hunter2@db.example/kit?sslmode=require".parse().unwrap();
        assert_eq!(format!("{url} {url:?}"), "postgres://db.example/kit postgres://db.example/kit");
    }

    #[test]
    fn both_kinds_are_read_and_others_refused() {
        assert!(matches!("sqlite:///a/b.db".parse(), Ok(DatabaseUrl::Sqlite(p)) if p == Path::new("/a/b.db")));
        let relative: DatabaseUrl = "sqlite:b.db".parse().unwrap();
        assert!(matches!(relative.relative_to(Path::new("/a")), DatabaseUrl::Sqlite(p) if p == Path::new("/a/b.db")));
        for bad in ["", "sqlite:", "mysql://x", "/a/b.db"] {
            assert!(bad.parse::<DatabaseUrl>().unwrap_err().contains("sqlite:///"), "{bad}");
        }
    }
}
