//! Looking after accounts: who there is, what they may do, who may not sign in any more.
//!
//! Guarantees: nobody changes an account of her own person here, so that no administrator shuts herself out or gives herself a
//! role. Deliberately absent: removing accounts; audit rows name them for ever.

use schemas::{id::SystemName, problem::Code};
use service_kit::{access::User, db::AnyConnection};

use super::{Account, FourEyesRefused, People, PeopleError, Roles, action, two_persons};
use crate::{
    audit,
    store::people::{
        PeopleStoreError,
        accounts::{account_find, account_list, account_set_disabled, account_set_roles, invitation_delete},
        persons::{account_confirm, account_set_person},
        sessions::session_delete_all,
    },
};

/// Who changes an account.
#[derive(Clone, Debug)]
pub enum By {
    /// Whoever may run commands on the gateway's machine.
    CommandLine,
    /// A signed-in administrator.
    Officer(Box<User>),
}

impl By {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::CommandLine => audit::COMMAND_LINE,
            Self::Officer(user) => user.name.as_str(),
        }
    }

    /// The officer's account.
    pub(super) fn account(&self) -> Option<&SystemName> {
        match self {
            Self::CommandLine => None,
            Self::Officer(user) => Some(&user.name),
        }
    }

    pub(super) fn is(&self, account: &Account) -> bool {
        matches!(self, Self::Officer(user) if user.person == account.person)
    }
}

/// What is done to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It may not sign in, and is signed out everywhere.
    Disable,
    /// It may sign in again.
    Enable,
    /// It may do this from now on.
    Roles(Roles),
    /// It is another person's than whoever invited it.
    Confirm,
    /// It is this officer's.
    Person(SystemName),
}

impl Change {
    const fn action(&self) -> &'static str {
        match self {
            Self::Disable => action::DISABLE,
            Self::Enable => action::ENABLE,
            Self::Roles(_) => action::ROLES,
            Self::Confirm => action::CONFIRM,
            Self::Person(_) => action::PERSON,
        }
    }
}

impl People {
    /// Every account, by name.
    ///
    /// # Errors
    /// If the database or the encryption fails.
    pub async fn list(&self) -> Result<Vec<Account>, PeopleError> {
        let keys = self.keys.clone();
        Ok(self.db.read(move |conn| account_list(conn, &keys)).await?)
    }

    /// Changes an account.
    ///
    /// # Errors
    /// `not-found`; `access-denied` for an account of one's own; `four-eyes-required` for confirming one that may be one's own;
    /// `conflict` for confirming what needs none.
    pub async fn change(&self, by: By, name: SystemName, change: Change) -> Result<(), PeopleError> {
        let (people, now) = (self.clone(), self.now_ms());
        let entry = self.done(by.name(), change.action(), name.as_str());
        let refused = self
            .db
            .write(move |conn| {
                let refusal = match people.may_change(conn, &by, &name, &change)? {
                    None => apply(conn, &by, &name, change, now)?,
                    refusal => refusal,
                };
                let entry = refusal.map_or(entry.clone(), |(code, _)| audit::refused(entry, Some(code)));
                audit::append(conn, &entry)?;
                Ok::<_, PeopleStoreError>(refusal)
            })
            .await?;
        refused.map_or(Ok(()), |(code, why)| Err(PeopleError::Refused(code, why)))
    }

    /// Why not, if not.
    fn may_change(
        &self,
        conn: &mut AnyConnection,
        by: &By,
        name: &SystemName,
        change: &Change,
    ) -> Result<Option<Refused>, PeopleStoreError> {
        let Some(account) = account_find(conn, &self.keys, name)? else {
            return Ok(Some((Code::NotFound, "there is no such account")));
        };
        if let (Change::Confirm, Some(officer)) = (change, by.account()) {
            return match two_persons(conn, officer, name) {
                Ok(()) => Ok(None),
                Err(FourEyesRefused::Refused(refusal)) => {
                    Ok(Some((refusal.code(), "whoever invited it, or may be behind it, does not confirm it")))
                }
                Err(FourEyesRefused::Store(error)) => Err(error),
            };
        }
        let own = by.is(&account);
        Ok(own.then_some((Code::AccessDenied, "another administrator must change your own account")))
    }
}

/// Code and reason.
type Refused = (Code, &'static str);

fn apply(
    conn: &mut AnyConnection,
    by: &By,
    name: &SystemName,
    change: Change,
    now_ms: i64,
) -> Result<Option<Refused>, PeopleStoreError> {
    match change {
        Change::Disable => {
            account_set_disabled(conn, name, Some(now_ms))?;
            invitation_delete(conn, name)?;
            session_delete_all(conn, name)?;
        }
        Change::Enable => drop(account_set_disabled(conn, name, None)?),
        Change::Roles(roles) => drop(account_set_roles(conn, name, &roles)?),
        Change::Confirm if !account_confirm(conn, name, by.name())? => {
            return Ok(Some((Code::Conflict, "the account is confirmed already")));
        }
        Change::Confirm => {}
        Change::Person(person) => account_set_person(conn, name, &person)?,
    }
    Ok(None)
}
