//! Free space on a disk, and the least with which a server starts.

use std::path::Path;

use super::OpenError;

const LEAST_BYTES: u64 = 256 * 1024 * 1024;
const LEAST_PERCENT: u64 = 5;

/// What is left on the disk that holds a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreeSpace {
    /// Bytes that this user may still write.
    pub free: u64,
    /// Bytes in all.
    pub total: u64,
}

impl FreeSpace {
    /// At least 256 MiB and 5 %.
    pub const fn is_enough(self) -> bool {
        self.free >= LEAST_BYTES && self.percent() >= LEAST_PERCENT
    }

    const fn percent(self) -> u64 {
        // An empty total is a file system that does not count (procfs); then nothing is free.
        match self.free.saturating_mul(100).checked_div(self.total) {
            Some(percent) => percent,
            None => 0,
        }
    }
}

/// Free space on the disk that holds this file or folder; the file need not exist yet.
pub fn free_space(path: &Path) -> Result<FreeSpace, OpenError> {
    let mut there = path;
    while !there.exists() {
        there = there.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    }
    let stat = rustix::fs::statvfs(there)
        .map_err(|error| OpenError::DiskUnknown { path: path.to_owned(), source: error.into() })?;
    Ok(FreeSpace {
        free: stat.f_bavail.saturating_mul(stat.f_frsize),
        total: stat.f_blocks.saturating_mul(stat.f_frsize),
    })
}

/// Refuses to go on with less than 256 MiB or 5 %.
pub fn require_free_space(path: &Path) -> Result<(), OpenError> {
    let space = free_space(path)?;
    if space.is_enough() {
        return Ok(());
    }
    Err(OpenError::DiskFull {
        path: path.to_owned(),
        free_mib: space.free / (1024 * 1024),
        free_percent: space.percent(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_bounds_count() {
        const GIB: u64 = 1 << 30;
        for (free, total, enough) in [
            (GIB, 10 * GIB, true),
            (LEAST_BYTES, 5 * GIB, true),
            (LEAST_BYTES - 1, GIB, false),
            (GIB, 100 * GIB, false),
            (0, 0, false),
        ] {
            assert_eq!(FreeSpace { free, total }.is_enough(), enough, "{free} of {total}");
        }
    }

    #[test]
    fn a_disk_without_space_is_refused_with_its_mend() {
        // procfs reports no space at all, which is what a full disk looks like.
        let error = require_free_space(Path::new("/proc/self/status")).unwrap_err().to_string();
        assert!(error.contains("mend: free at least 256 MiB"), "{error}");
        assert!(free_space(Path::new("/tmp/not/yet/there")).unwrap().total > 0);
    }
}
