//! Rows of the audit trail: every administrative action, refused ones included.
//!
//! Guarantees: names of officers, systems and things only; never a citizen. Deliberately absent: the chain itself, which is
//! `service_kit::audit_trail`'s.

use schemas::{problem::Code, time::Timestamp};
use service_kit::{
    audit_trail::{self, Entry, Outcome},
    db::{AnyConnection, Database, DatabaseError},
};

use crate::config::Config;

/// Keys and database were made.
pub const INIT: &str = "gateway.init";
/// The department joined, or updated its entry.
pub const JOIN: &str = "gateway.join";
/// Residents' rows left for another department's linking.
pub const SUBJECTS_EXPORT: &str = "subjects.export";
/// Pseudonyms were tied to local numbers from a file.
pub const LINK_SEED: &str = "link.seed";
/// An officer tied one pseudonym to a local number.
pub const LINK_SET: &str = "link.set";
/// The department's own database got what the mapping needs.
pub const SOURCE_INSTALL: &str = "source.install";
/// A bundle of evidence was read.
pub const BUNDLE_READ: &str = "bundle.read";

/// Who acts when a command is typed.
pub const COMMAND_LINE: &str = "command-line";

/// A row for something that the command line did to the department itself.
pub fn by_command_line(config: &Config, action: &str, at: Timestamp) -> Entry {
    done(COMMAND_LINE, action, config.entity.as_str(), at)
}

/// A row for something that was done.
pub fn done(actor: &str, action: &str, target: &str, at: Timestamp) -> Entry {
    Entry {
        at,
        actor: actor.to_owned(),
        action: action.to_owned(),
        target: target.to_owned(),
        outcome: Outcome::Done,
        code: None,
    }
}

/// The same row, of something that was refused or failed.
pub fn refused(entry: Entry, code: Option<Code>) -> Entry {
    Entry { outcome: if code.is_some() { Outcome::Refused } else { Outcome::Failed }, code, ..entry }
}

/// Writes a row in the caller's transaction.
///
/// # Errors
/// If the database fails.
pub fn append(conn: &mut AnyConnection, entry: &Entry) -> Result<(), DatabaseError> {
    audit_trail::append(conn, entry)?;
    Ok(())
}

/// Writes a row of its own.
///
/// # Errors
/// If the database fails; the action must then not be reported as done.
pub async fn record(database: &Database, entry: Entry) -> Result<(), DatabaseError> {
    audit_trail::record(database, entry).await.map(drop)
}
