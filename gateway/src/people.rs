//! The department's officers: accounts, how they sign in, sessions, and the keys by which they sign.
//!
//! Guarantees: every action leaves an audit row in the transaction that does it, refused ones too; a disabled account is out at
//! its next request, on every replica; an unknown name and a wrong password are told apart by nobody, not by time either.
//! Deliberately absent: citizens, who never have an account; what each role may do, which stands at the routes.

mod account;
pub mod commands;
mod directory;
mod four_eyes;
mod invitations;
mod officer_keys;
mod officer_proof;
pub mod openid;
mod password;
mod sessions;
mod sign_in;
#[cfg(test)]
pub(crate) mod testing;
mod trail;

use std::sync::Arc;

use schemas::{id::SystemName, problem::Code, time::Timestamp};
use service_kit::{
    audit_trail::Entry,
    clock::Clock,
    db::{Database, DatabaseError, StatementError},
};
use tokio::sync::Semaphore;

pub use account::{Account, OfficerKey, Role, Roles, UnknownRole};
pub use directory::{By, Change};
pub use four_eyes::{FourEyesRefused, apart_from_named, two_officers, two_persons};
pub use invitations::{Invite, Invited};
pub use officer_keys::published as published_officer_keys;
pub use officer_proof::{HandedIn, Purpose};
pub use password::{Password, PasswordUnsuitable};
pub use sessions::{Lifetimes, Session};
pub use trail::TrailPage;

use crate::{app::App, audit, keys::Keys, store::people::PeopleStoreError};

/// Names of actions in the audit trail.
pub mod action {
    /// Somebody was invited.
    pub const INVITE: &str = "user.invite";
    /// An invitation was used, or shown when it did not hold.
    pub const ACCEPT: &str = "user.accept";
    /// Somebody signed in, or tried to.
    pub const SIGN_IN: &str = "user.sign-in";
    /// A session was ended by its person.
    pub const SIGN_OUT: &str = "user.sign-out";
    /// All sessions of an account were ended by its person.
    pub const SIGN_OUT_EVERYWHERE: &str = "user.sign-out-everywhere";
    /// An account was shut.
    pub const DISABLE: &str = "user.disable";
    /// An account was opened again.
    pub const ENABLE: &str = "user.enable";
    /// An account may do other things now.
    pub const ROLES: &str = "user.roles";
    /// Somebody else confirmed that an account is another person's.
    pub const CONFIRM: &str = "user.confirm";
    /// An account was said to be this officer's.
    pub const PERSON: &str = "user.person";
    /// An officer handed in a public key.
    pub const KEY_REGISTER: &str = "user.key-register";
    /// Another officer confirmed it.
    pub const KEY_CONFIRM: &str = "user.key-confirm";
    /// It ended.
    pub const KEY_END: &str = "user.key-end";
    /// A route refused a signed-in person.
    pub const CONSOLE: &str = "console.request";
}

/// Hashing takes 19 MiB each: never more at a time.
const HASHES: usize = 2;

/// The department's officers. Cheap to clone.
#[derive(Clone)]
pub struct People {
    db: Database,
    keys: Keys,
    clock: Clock,
    lifetimes: Lifetimes,
    hashing: Arc<Semaphore>,
    trail: trail::Trail,
}

/// What was asked for was not done.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// It is not allowed, or does not fit; the text may be shown.
    #[error("{1}")]
    Refused(Code, &'static str),
    /// Our storage.
    #[error(transparent)]
    Store(#[from] PeopleStoreError),
    /// Hashing failed.
    #[error("a password could not be hashed")]
    Hashing,
}

impl From<FourEyesRefused> for PeopleError {
    fn from(error: FourEyesRefused) -> Self {
        match error {
            FourEyesRefused::Refused(refusal) => Self::Refused(
                refusal.code(),
                "another person must do this: both accounts are, or may be, one officer's",
            ),
            FourEyesRefused::Store(error) => Self::Store(error),
        }
    }
}

impl From<DatabaseError> for PeopleError {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

impl From<StatementError> for PeopleError {
    fn from(error: StatementError) -> Self {
        Self::Store(error.into())
    }
}

impl People {
    /// In this database, under these keys.
    pub fn new(db: Database, keys: Keys, clock: Clock, lifetimes: Lifetimes) -> Self {
        Self { db, keys, clock, lifetimes, hashing: Arc::new(Semaphore::new(HASHES)), trail: trail::Trail::default() }
    }

    fn now_ms(&self) -> i64 {
        i64::try_from(self.clock.now_ms()).unwrap_or(i64::MAX)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn done(&self, actor: &str, action: &str, target: &str) -> Entry {
        audit::done(actor, action, target, self.now())
    }

    /// Writes down that something was refused.
    async fn note_refused(&self, actor: &str, action: &str, target: &str, code: Code) -> Result<(), PeopleError> {
        let entry = audit::refused(self.done(actor, action, target), Some(code));
        Ok(audit::record(&self.db, entry).await?)
    }
}

impl std::fmt::Debug for People {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("People").finish_non_exhaustive()
    }
}

impl App {
    /// The provider by which officers sign in, if there is one.
    pub fn openid(&self) -> Option<&openid::OpenId> {
        self.areas().openid.as_ref()
    }

    /// The department's officers.
    pub fn officers(&self) -> &People {
        &self.areas().officers
    }
}

/// The actor of rows whose account is not known: a name that somebody typed may be a password.
const UNKNOWN: &str = "unknown";

/// The account of an audit row: its name if it exists.
fn actor(account: Option<&SystemName>) -> &str {
    account.map_or(UNKNOWN, SystemName::as_str)
}
