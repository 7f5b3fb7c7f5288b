//! Which program showed the card: the digest of this executable, remembered while the file stays the same.

use std::{fs, os::unix::fs::MetadataExt};

use schemas::digest::Digest;
use serde::{Deserialize, Serialize};

use super::{Home, WalletError};

const FILE: &str = "build.json";

#[derive(Serialize, Deserialize)]
struct Remembered {
    inode: u64,
    bytes: u64,
    changed: (i64, i64),
    digest: Digest,
}

/// The digest that consents name as `wallet`.
pub(super) fn digest(home: &Home) -> Result<Digest, WalletError> {
    let unreadable = |error: std::io::Error| WalletError::Usage(format!("this program cannot be read: {error}"));
    let program = std::env::current_exe().map_err(unreadable)?;
    let meta = fs::metadata(&program).map_err(unreadable)?;
    let (inode, bytes, changed) = (meta.ino(), meta.len(), (meta.ctime(), meta.ctime_nsec()));
    if let Ok(Some(known)) = home.read::<Remembered>(FILE)
        && (known.inode, known.bytes, known.changed) == (inode, bytes, changed)
    {
        return Ok(known.digest);
    }
    let digest = Digest::of(fs::read(&program).map_err(unreadable)?);
    home.write(FILE, &Remembered { inode, bytes, changed, digest })?;
    Ok(digest)
}
