//! Two pairs of eyes are two persons, not two accounts.
//!
//! Guarantees: an account counts as its own person's, as everybody's it was said to be before, and, until somebody else confirmed
//! it, as that of whoever invited it (who held its password first) and of everybody who may be behind that account; two accounts
//! are two persons if these have nobody in common. What cannot be read, or is no account, is no second person. Deliberately absent:
//! which actions need two persons; their routes say so.

use std::collections::BTreeSet;

use protocol::consent::Refusal;
use schemas::{id::SystemName, problem::Code};
use service_kit::db::{AnyConnection, DatabaseError};

use crate::store::people::{
    PeopleStoreError,
    persons::{account_former_persons, account_origin, accounts_of_person},
};

/// The second pair of eyes is not known to be another person's, or it cannot be told; nothing may be done.
#[derive(Debug, thiserror::Error)]
pub enum FourEyesRefused {
    /// `four-eyes-required`; the text may be shown.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Our storage.
    #[error(transparent)]
    Store(#[from] PeopleStoreError),
}

impl FourEyesRefused {
    /// The code for whoever asked.
    pub fn code(&self) -> Code {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Store(_) => Code::Internal,
        }
    }
}

impl From<DatabaseError> for FourEyesRefused {
    fn from(error: DatabaseError) -> Self {
        Self::Store(error.into())
    }
}

const SAME: &str = "another person must do this: both accounts are, or may be, one officer's";
const UNKNOWN: &str = "another officer with an account here must do this";

/// Refuses unless these accounts are known to be two persons'. In the transaction of what they do together.
///
/// # Errors
/// [`FourEyesRefused`].
pub fn two_persons(conn: &mut AnyConnection, first: &SystemName, second: &SystemName) -> Result<(), FourEyesRefused> {
    let (first, second) = (persons_behind(conn, first)?, persons_behind(conn, second)?);
    apart(&first, &second)
}

/// The same of officers as queries and receipts name them: by pseudonym. One who has no account here is only that pseudonym.
///
/// # Errors
/// [`FourEyesRefused`].
pub fn two_officers(conn: &mut AnyConnection, first: &SystemName, second: &SystemName) -> Result<(), FourEyesRefused> {
    let mut of = |person: &SystemName| {
        let mut persons = BTreeSet::from([person.clone()]);
        for account in accounts_of_person(conn, person)? {
            persons.extend(persons_behind(conn, &account)?);
        }
        Ok::<_, FourEyesRefused>(persons)
    };
    let (first, second) = (of(first)?, of(second)?);
    apart(&first, &second)
}

/// The same where the first may be somebody whom another system named, and who has no account here: she is only her name then.
///
/// # Errors
/// [`FourEyesRefused`].
pub fn apart_from_named(conn: &mut AnyConnection, named: &SystemName, by: &SystemName) -> Result<(), FourEyesRefused> {
    let mut first = BTreeSet::from([named.clone()]);
    if account_origin(conn, named)?.is_some() {
        first.extend(persons_behind(conn, named)?);
    }
    let mut second = persons_behind(conn, by)?;
    second.insert(by.clone());
    apart(&first, &second)
}

fn apart(first: &BTreeSet<SystemName>, second: &BTreeSet<SystemName>) -> Result<(), FourEyesRefused> {
    if first.is_disjoint(second) { Ok(()) } else { Err(Refusal::new(Code::FourEyesRequired, SAME).into()) }
}

/// Everybody who may be behind an account.
fn persons_behind(conn: &mut AnyConnection, account: &SystemName) -> Result<BTreeSet<SystemName>, FourEyesRefused> {
    let (mut persons, mut seen) = (BTreeSet::new(), BTreeSet::new());
    let mut next = Some(account.clone());
    while let Some(name) = next.take() {
        let Some(origin) = account_origin(conn, &name)? else {
            return Err(Refusal::new(Code::FourEyesRequired, UNKNOWN).into());
        };
        persons.insert(origin.person);
        persons.extend(account_former_persons(conn, &name)?);
        seen.insert(name);
        next = origin.invited_by.filter(|inviter| !origin.confirmed && !seen.contains(inviter));
    }
    Ok(persons)
}

#[cfg(test)]
mod tests;
