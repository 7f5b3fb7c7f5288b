//! What an account is, and the roles that it may hold.

use std::{collections::BTreeSet, fmt, str::FromStr};

use schemas::{
    federation::OfficerJwk,
    id::{KeyId, SystemName},
};

/// What an account may do; the routes say which of them they are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Links people, looks after requests and sources.
    Operator,
    /// Writes and signs schemes.
    SchemeOfficer,
    /// Decides what needs a second pair of eyes.
    Reviewer,
    /// Reads the audit trail.
    Auditor,
    /// Reads overviews.
    Observer,
    /// Looks after accounts.
    Admin,
    /// Sits at a service centre with citizens who have no phone.
    CentreOperator,
}

/// There is no such role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the roles are operator, scheme-officer, reviewer, auditor, observer, admin and centre-operator")]
pub struct UnknownRole;

impl Role {
    /// Every role.
    pub const ALL: [Self; 7] = [
        Self::Operator,
        Self::SchemeOfficer,
        Self::Reviewer,
        Self::Auditor,
        Self::Observer,
        Self::Admin,
        Self::CentreOperator,
    ];

    /// As routes, commands and rows write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::SchemeOfficer => "scheme-officer",
            Self::Reviewer => "reviewer",
            Self::Auditor => "auditor",
            Self::Observer => "observer",
            Self::Admin => "admin",
            Self::CentreOperator => "centre-operator",
        }
    }

    /// What an officer of this role signs with a key of her own, as `officer_jwks` writes it; most sign nothing.
    pub const fn signs(self) -> Option<&'static str> {
        match self {
            Self::SchemeOfficer => Some("scheme"),
            Self::Reviewer => Some("review"),
            _ => None,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(UnknownRole)
    }
}

impl<'de> serde::Deserialize<'de> for Role {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The roles of one account, each once, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles(BTreeSet<Role>);

impl Roles {
    /// These roles.
    pub fn new(roles: impl IntoIterator<Item = Role>) -> Self {
        Self(roles.into_iter().collect())
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = Role> + '_ {
        self.0.iter().copied()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is among them.
    pub fn holds(&self, role: Role) -> bool {
        self.0.contains(&role)
    }
}

/// Separated by spaces.
impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iter().map(Role::as_str).collect::<Vec<_>>().join(" "))
    }
}

/// An officer's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name; it goes into audit rows.
    pub name: SystemName,
    /// A pseudonym of the officer: two accounts of one officer have the same.
    pub person: SystemName,
    /// How pages address the officer.
    pub display: String,
    /// What it may do.
    pub roles: Roles,
    /// Whether the invitation was used.
    pub has_password: bool,
    /// Whether it may not sign in.
    pub disabled: bool,
    /// Whose invitation it came by, until somebody else confirmed that it is another person's.
    pub unconfirmed_from: Option<SystemName>,
}

/// The public key of an officer who may sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficerKey {
    /// Its thumbprint.
    pub kid: KeyId,
    /// The account that handed it in.
    pub account: SystemName,
    /// As the entity configuration lists it.
    pub key: OfficerJwk,
    /// The account of another officer; without it the key is not published.
    pub confirmed_by: Option<SystemName>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_reads_back_and_a_set_keeps_each_once() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse(), Ok(role));
        }
        assert_eq!("root".parse::<Role>(), Err(UnknownRole));
        let roles = Roles::new([Role::Admin, Role::Operator, Role::Admin]);
        assert_eq!(roles.to_string(), "operator admin");
        assert!(roles.holds(Role::Admin) && !roles.holds(Role::Auditor) && !roles.is_empty());
    }
}
