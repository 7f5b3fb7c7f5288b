//! Looking after accounts: who there is, what they may do, who may not sign in any more.
//!
//! Guarantees: nobody changes an account of her own person here, so that no administrator shuts herself out or gives herself a
//! role. Deliberately absent: removing accounts; audit rows name them for ever.

use schemas::{id::SystemName, problem::Code};
use service_kit::access::User;

use super::{Account, People, PeopleError, Roles, action};
use crate::{
    audit,
    store::people::{
        PeopleStoreError,
        accounts::{account_find, account_list, account_set_disabled, account_set_roles, invitation_delete},
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
}

impl Change {
    const fn action(&self) -> &'static str {
        match self {
            Self::Disable => action::DISABLE,
            Self::Enable => action::ENABLE,
            Self::Roles(_) => action::ROLES,
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
    /// `not-found`; `access-denied` for an account of one's own.
    pub async fn change(&self, by: By, name: SystemName, change: Change) -> Result<(), PeopleError> {
        let (keys, now) = (self.keys.clone(), self.now_ms());
        let entry = self.done(by.name(), change.action(), name.as_str());
        let refused = self
            .db
            .write(move |conn| {
                let refusal = match account_find(conn, &keys, &name)? {
                    None => Some((Code::NotFound, "there is no such account")),
                    Some(account) if by.is(&account) => {
                        Some((Code::AccessDenied, "another administrator must change your own account"))
                    }
                    Some(_) => None,
                };
                if let Some((code, _)) = refusal {
                    audit::append(conn, &audit::refused(entry, Some(code)))?;
                    return Ok(refusal);
                }
                match change {
                    Change::Disable => {
                        account_set_disabled(conn, &name, Some(now))?;
                        invitation_delete(conn, &name)?;
                        session_delete_all(conn, &name)?;
                    }
                    Change::Enable => drop(account_set_disabled(conn, &name, None)?),
                    Change::Roles(roles) => drop(account_set_roles(conn, &name, &roles)?),
                }
                audit::append(conn, &entry)?;
                Ok::<_, PeopleStoreError>(None)
            })
            .await?;
        refused.map_or(Ok(()), |(code, why)| Err(PeopleError::Refused(code, why)))
    }
}
