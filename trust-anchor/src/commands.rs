//! What the command line does to an anchor, running or not: invite, suspend, register, look, prove, verify.
//!
//! Guarantees: every change, and every refused attempt, is a row of the audit trail in the same database; what
//! must be logged waits in the database for the sequencer, so that a command never writes to the log itself.
//! Deliberately absent: `init` and `run` (modules of their own), printing, parsing of arguments.

mod log;
mod members;
mod registers;

use schemas::{problem::Code, time::Timestamp};
use service_kit::{
    audit_trail::{self, Outcome},
    clock::Clock,
    db::{Database, DatabaseError, MigrateError, OpenError},
};

pub use log::{CheckpointView, LogCommandError, log_checkpoint, log_fsck, log_prove, log_size};
pub use members::{MemberView, member_invite, member_list, member_resume, member_suspend};
pub use registers::{RegisteredEntry, RegisteredVersion, law_add, law_list, purpose_add, purpose_list};

use crate::{
    config::AnchorConfig,
    directory::{InviteError, StandingError},
    keys::{Keys, KeysError},
    registers::{RegisterError, RegisterFileError},
    store::{self, Connection, StoreError},
};

/// A command changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Its tables are not those of this program.
    #[error(transparent)]
    Schema(#[from] MigrateError),
    /// It belongs to another anchor.
    #[error(
        "the database is of {found}, the configuration of {configured}; mend: name the configuration that belongs here"
    )]
    OtherAnchor {
        /// Entity in the database.
        found: String,
        /// Entity in the configuration.
        configured: String,
    },
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An invitation.
    #[error(transparent)]
    Invite(#[from] InviteError),
    /// A suspension.
    #[error(transparent)]
    Standing(#[from] StandingError),
    /// A register.
    #[error(transparent)]
    Register(#[from] RegisterError),
}

impl From<DatabaseError> for CommandError {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

impl From<RegisterFileError> for CommandError {
    fn from(error: RegisterFileError) -> Self {
        Self::Register(error.into())
    }
}

impl CommandError {
    fn code(&self) -> Code {
        match self {
            Self::Standing(error) => error.code(),
            Self::Register(error) => error.code(),
            Self::Invite(InviteError::AlreadyMember(_)) => Code::Conflict,
            Self::Invite(InviteError::NoRole) => Code::RequestMalformed,
            _ => Code::Internal,
        }
    }
}

/// The actor under which a command stands in the audit trail: whoever may read the key files may use it.
pub(crate) const ACTOR: &str = "command-line";

/// Opens the database of this configuration, which `init` has made.
pub(crate) fn open(config: &AnchorConfig) -> Result<Database, CommandError> {
    let database = Database::open(&config.database())?;
    database.check_schema(&store::migrations())?;
    let identity = database.read_blocking(store::anchor::identity)?;
    if identity.entity == config.entity {
        return Ok(database);
    }
    Err(CommandError::OtherAnchor { found: identity.entity.to_string(), configured: config.entity.to_string() })
}

struct Action {
    name: &'static str,
    target: String,
}

/// Runs one administrative action in a transaction; a refusal is a row of the audit trail too.
fn administer<T>(
    config: &AnchorConfig,
    action: &Action,
    work: impl FnOnce(&mut Connection, &Keys, Timestamp) -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let database = open(config)?;
    let now = Clock::system().now();
    let done = Keys::load(config)
        .map_err(CommandError::from)
        .and_then(|keys| database.write_blocking(|conn| work(conn, &keys, now)));
    if let Err(error) = &done {
        let refused = entry(action, Outcome::Refused, Some(error.code()), now);
        database.write_blocking(|conn| {
            audit_trail::append(conn, &refused).map_err(DatabaseError::from)?;
            Ok::<_, CommandError>(())
        })?;
    }
    done
}

fn audit(conn: &mut Connection, action: &Action, now: Timestamp) -> Result<(), CommandError> {
    audit_trail::append(conn, &entry(action, Outcome::Done, None, now)).map_err(DatabaseError::from)?;
    Ok(())
}

fn entry(action: &Action, outcome: Outcome, code: Option<Code>, at: Timestamp) -> audit_trail::Entry {
    audit_trail::Entry {
        at,
        actor: ACTOR.to_owned(),
        action: action.name.to_owned(),
        target: action.target.clone(),
        outcome,
        code,
    }
}
