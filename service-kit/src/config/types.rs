//! Types that configurations share: addresses to listen on, files, durations.

use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use figment::value::magic::RelativePathBuf;
use serde::{Deserialize, Deserializer};

/// An address to listen on, such as `127.0.0.1:7443` or `[::]:443`; port 0 lets the system choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen(pub SocketAddr);

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| format!("`{text}` is no address; write it as 127.0.0.1:7443 or [::1]:7443"))
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A file named in a configuration; a relative one is read against the folder of the configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct FilePath(RelativePathBuf);

impl FilePath {
    /// Where the file is.
    pub fn resolve(&self) -> PathBuf {
        self.0.relative()
    }
}

impl From<PathBuf> for FilePath {
    fn from(path: PathBuf) -> Self {
        Self(path.into())
    }
}

/// A span of time in a configuration, whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Seconds(pub u32);

impl Seconds {
    /// As a duration.
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0 as u64)
    }
}
