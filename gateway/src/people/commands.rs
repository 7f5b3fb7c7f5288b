//! What `vinimay gateway user …` calls: accounts from the gateway's own machine, and an officer's key on the officer's.

use std::path::Path;

use protocol::seal::{Algorithm, KeyError, SealFailed, SigningKey};
use schemas::{id::SystemName, time::Timestamp};
use serde::Serialize;
use service_kit::{
    clock::Clock,
    config::ConfigError,
    secret::{SecretError, SecretFile},
};

use super::{By, Change, HandedIn, Invite, People, PeopleError, Purpose};
use crate::{
    app::{StartError, open_database},
    config::Config,
    keys::{KeyFileError, KeyFolder},
};

/// A command on accounts failed.
#[derive(Debug, thiserror::Error)]
pub enum UserCommandError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Opening what is there.
    #[error(transparent)]
    Start(#[from] Box<StartError>),
    /// Key files.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// The accounts.
    #[error(transparent)]
    People(#[from] PeopleError),
    /// A key could not be made.
    #[error("a key could not be made: {0}")]
    Key(#[from] KeyError),
    /// Its proof could not be made.
    #[error("a proof could not be made: {0}")]
    Proof(#[from] SealFailed),
    /// The file of the new key.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The blocking pool is gone.
    #[error("the process is stopping")]
    Stopping,
}

/// An invitation, to be printed once.
#[derive(Debug, Serialize)]
pub struct PrintedInvitation {
    /// The account.
    pub name: SystemName,
    /// The one-time link.
    pub link: String,
    /// When it ends.
    pub ends: Timestamp,
}

/// An account, to be printed.
#[derive(Debug, Serialize)]
pub struct PrintedAccount {
    /// Its name.
    pub name: SystemName,
    /// The officer's pseudonym.
    pub person: SystemName,
    /// What it may do.
    pub roles: Vec<&'static str>,
    /// Whether the invitation was used.
    pub has_password: bool,
    /// Whether it may not sign in.
    pub disabled: bool,
    /// Whose invitation it came by, until somebody else confirmed that it is another person's.
    pub unconfirmed_from: Option<SystemName>,
}

async fn open(config: &Path, clock: &Clock) -> Result<(Config, People), UserCommandError> {
    let (config, clock) = (Config::load(config)?, clock.clone());
    let opened = tokio::task::spawn_blocking(move || {
        let sectors = config.identity.as_ref().map(|identity| identity.sectors.clone()).unwrap_or_default();
        let keys = KeyFolder::new(config.keys.folder.resolve()).load(&sectors)?;
        let people = People::new(open_database(&config).map_err(Box::new)?, keys, clock, config.people.lifetimes());
        Ok((config, people))
    });
    opened.await.map_err(|_| UserCommandError::Stopping)?
}

/// Makes an account, or a new invitation for one.
///
/// # Errors
/// [`UserCommandError`], with its mend.
pub async fn user_invite(config: &Path, invite: Invite, clock: &Clock) -> Result<PrintedInvitation, UserCommandError> {
    let (config, people) = open(config, clock).await?;
    let name = invite.name.clone();
    let invited = people.invite(By::CommandLine, invite).await?;
    let (link, ends) = (invited.link(&config.public.people), Timestamp::from_seconds(invited.until_ms / 1000));
    Ok(PrintedInvitation { name, link, ends })
}

/// Every account.
///
/// # Errors
/// [`UserCommandError`], with its mend.
pub async fn user_list(config: &Path, clock: &Clock) -> Result<Vec<PrintedAccount>, UserCommandError> {
    let (_, people) = open(config, clock).await?;
    let printed = people.list().await?.into_iter().map(|account| PrintedAccount {
        roles: account.roles.iter().map(super::Role::as_str).collect(),
        name: account.name,
        person: account.person,
        has_password: account.has_password,
        disabled: account.disabled,
        unconfirmed_from: account.unconfirmed_from,
    });
    Ok(printed.collect())
}

/// Closes an account, or opens it again.
///
/// # Errors
/// [`UserCommandError`], with its mend.
pub async fn user_change(
    config: &Path,
    name: SystemName,
    change: Change,
    clock: &Clock,
) -> Result<(), UserCommandError> {
    let (_, people) = open(config, clock).await?;
    Ok(people.change(By::CommandLine, name, change).await?)
}

/// Makes an officer's key in a new file, and what is pasted into the console; needs no gateway.
///
/// # Errors
/// [`UserCommandError`], if the file exists or cannot be written.
pub fn user_key(out: &Path, of: Purpose<'_>, now: Timestamp) -> Result<HandedIn, UserCommandError> {
    let key = SigningKey::generate(Algorithm::Es256)?;
    SecretFile::write(out, &key.to_pem()?)?;
    Ok(HandedIn::new(&key, of, now)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        audit,
        people::{Password, Role, Roles},
        testing::TestDepartment,
    };

    #[tokio::test(flavor = "multi_thread")]
    async fn an_account_is_invited_listed_and_closed_from_the_command_line_before_the_department_joins() {
        let (department, clock) = (TestDepartment::new("food", None, ""), Clock::default());
        department.init();
        let config = department.path("gateway.toml");
        let roles = Roles::new([Role::Reviewer, Role::Auditor]);
        let invite =
            Invite { name: "asha.devi".parse().unwrap(), person: None, display: Some("Asha Devi".to_owned()), roles };
        let printed = user_invite(&config, invite, &clock).await.unwrap();
        assert!(printed.link.starts_with("https://food.localhost/invitation?code="), "{}", printed.link);
        let (_, people) = open(&config, &clock).await.unwrap();
        let code = printed.link.split_once("code=").unwrap().1;
        people.accept(code, Password::new("monsoon arrives on a tuesday".to_owned())).await.unwrap();
        let listed = user_list(&config, &clock).await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!((listed[0].roles.as_slice(), listed[0].has_password), (&["reviewer", "auditor"][..], true));
        user_change(&config, printed.name.clone(), Change::Disable, &clock).await.unwrap();
        assert!(user_list(&config, &clock).await.unwrap()[0].disabled);
        let error = user_change(&config, "nobody".parse().unwrap(), Change::Disable, &clock).await.unwrap_err();
        assert!(error.to_string().contains("no such account"), "{error}");
        let person = Change::Person("officer-7".parse().unwrap());
        user_change(&config, printed.name.clone(), person, &clock).await.unwrap();
        assert_eq!(user_list(&config, &clock).await.unwrap()[0].person.as_str(), "officer-7");
        user_change(&config, printed.name.clone(), Change::Confirm, &clock).await.unwrap();
        let twice = user_change(&config, printed.name, Change::Confirm, &clock).await.unwrap_err();
        assert!(twice.to_string().contains("confirmed already"), "{twice}");
        let reserved = Invite {
            name: audit::COMMAND_LINE.parse().unwrap(),
            person: None,
            display: None,
            roles: Roles::new([Role::Auditor]),
        };
        assert!(user_invite(&config, reserved, &clock).await.is_err(), "the audit trail's own name");
    }

    #[test]
    fn an_officers_key_stays_in_a_private_file_and_only_its_public_half_is_printed() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("officer.pem");
        let (department, account) = ("https://food.gov.example".parse().unwrap(), "asha".parse().unwrap());
        let of = Purpose { department: &department, account: &account };
        let printed = user_key(&out, of, Timestamp::from_seconds(1)).unwrap();
        let key = SigningKey::from_pem(SecretFile::read(&out).unwrap().expose()).unwrap();
        assert_eq!(key.kid(), &printed.thumbprint);
        let json = serde_json::to_value(&printed).unwrap();
        assert_eq!(json["public"].as_object().unwrap().keys().collect::<Vec<_>>(), ["kty", "crv", "x", "y"]);
        assert!(user_key(&out, of, Timestamp::from_seconds(1)).is_err(), "never overwritten");
    }
}
