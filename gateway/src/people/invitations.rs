//! Invitations: a one-time link by which an officer chooses a password.
//!
//! Guarantees: the code is 256 random bits, kept as its digest, used once, and ends after three days; using it ends every session
//! of the account; whoever handed it over may have used it herself, so that the account counts as hers too until somebody else
//! confirms it (`four_eyes`). Deliberately absent: sending it.

use protocol::seal::random;
use schemas::{
    digest::Digest,
    id::{EntityId, SystemName},
    problem::Code,
};

use super::{By, Password, People, PeopleError, Roles, UNKNOWN, action, actor};
use crate::{
    audit,
    store::people::{
        PeopleStoreError,
        accounts::{
            NewAccount, StoredInvitation, account_find, account_insert, account_set_password, account_set_roles,
            invitation_claim, invitation_find, invitation_insert,
        },
        persons::account_set_inviter,
        sessions::session_delete_all,
    },
};

/// How long an invitation holds, milliseconds.
const LIFE_MS: i64 = 3 * 86_400_000;
/// Actors of the audit trail that are nobody's account.
const RESERVED: [&str; 2] = [audit::COMMAND_LINE, UNKNOWN];

/// Whom to invite, and as what.
#[derive(Clone, Debug)]
pub struct Invite {
    /// The account; made if there is none, else it gets a new password and these roles.
    pub name: SystemName,
    /// A pseudonym of the officer, if it is not the account's name: two accounts of one officer have the same.
    pub person: Option<SystemName>,
    /// How pages address the officer.
    pub display: Option<String>,
    /// What the account may do.
    pub roles: Roles,
}

/// The code of an invitation.
#[derive(Debug)]
pub struct Invited {
    /// For the link; shown once.
    pub code: String,
    /// When it ends, milliseconds.
    pub until_ms: i64,
}

impl Invited {
    /// The link at the people's listener of this address.
    pub fn link(&self, people: &EntityId) -> String {
        format!("{}/invitation?code={}", people.as_str().trim_end_matches('/'), self.code)
    }
}

impl People {
    /// Invites somebody, or lets somebody who was here choose a new password.
    ///
    /// # Errors
    /// [`PeopleError`]; `conflict` if the account is another officer's.
    pub async fn invite(&self, by: By, invite: Invite) -> Result<Invited, PeopleError> {
        if RESERVED.contains(&invite.name.as_str()) {
            self.note_refused(by.name(), action::INVITE, invite.name.as_str(), Code::RequestMalformed).await?;
            return Err(PeopleError::Refused(Code::RequestMalformed, "the audit trail uses this name; choose another"));
        }
        let (code, now) = (random::token(), self.now_ms());
        let (digest, until_ms) = (Digest::of(&code), now.saturating_add(LIFE_MS));
        let entry = self.done(by.name(), action::INVITE, invite.name.as_str());
        let keys = self.keys.clone();
        let other = self
            .db
            .write(move |conn| {
                let person = invite.person.clone().unwrap_or_else(|| invite.name.clone());
                let account = NewAccount {
                    display: invite.display.unwrap_or_else(|| invite.name.to_string()),
                    name: invite.name.clone(),
                    person: person.clone(),
                    roles: invite.roles.clone(),
                    login: None,
                };
                if account_insert(conn, &keys, &account, now)? {
                    account_set_inviter(conn, &invite.name, by.account())?;
                } else {
                    let known = account_find(conn, &keys, &invite.name)?;
                    let other = invite.person.is_some() && known.as_ref().is_none_or(|known| known.person != person);
                    // Nobody gives herself a role or a password by way of an invitation.
                    if other || known.is_some_and(|known| by.is(&known)) {
                        audit::append(conn, &audit::refused(entry, Some(Code::Conflict)))?;
                        return Ok(true);
                    }
                    account_set_roles(conn, &invite.name, &invite.roles)?;
                }
                invitation_insert(conn, &digest, (&invite.name, by.account()), until_ms)?;
                audit::append(conn, &entry)?;
                Ok::<_, PeopleStoreError>(false)
            })
            .await?;
        if other {
            return Err(PeopleError::Refused(Code::Conflict, "the account belongs to another officer, or to yourself"));
        }
        Ok(Invited { code, until_ms })
    }

    /// Whom an invitation is for.
    ///
    /// # Errors
    /// `invitation-invalid`.
    pub async fn invitation(&self, code: &str) -> Result<SystemName, PeopleError> {
        let (digest, now) = (Digest::of(code), self.now_ms());
        let found = self.db.read(move |conn| invitation_find(conn, &digest, now)).await?;
        found
            .map(|found| found.account)
            .ok_or(PeopleError::Refused(Code::InvitationInvalid, "ask whoever invited you for a new link"))
    }

    /// Uses an invitation: the account has this password from now on, and no session of before.
    ///
    /// # Errors
    /// `password-unsuitable`, and then the invitation still holds; `invitation-invalid`.
    pub async fn accept(&self, code: &str, password: Password) -> Result<SystemName, PeopleError> {
        let name = match self.invitation(code).await {
            Ok(name) => name,
            Err(error) => {
                self.note_refused(actor(None), action::ACCEPT, "invitation", Code::InvitationInvalid).await?;
                return Err(error);
            }
        };
        if let Err(unsuitable) = password.judge(name.as_str()) {
            self.note_refused(name.as_str(), action::ACCEPT, "invitation", Code::PasswordUnsuitable).await?;
            return Err(PeopleError::Refused(Code::PasswordUnsuitable, unsuitable.why()));
        }
        let hash = self.hash(password).await?;
        let (digest, now, people) = (Digest::of(code), self.now_ms(), self.clone());
        let accepted = self
            .db
            .write(move |conn| {
                let claimed = invitation_claim(conn, &digest, now)?;
                let Some(StoredInvitation { account: name, inviter }) = claimed else { return Ok(None) };
                if !account_set_password(conn, &name, &hash)? {
                    return Ok(None);
                }
                account_set_inviter(conn, &name, inviter.as_ref())?;
                session_delete_all(conn, &name)?;
                audit::append(conn, &people.done(name.as_str(), action::ACCEPT, "invitation"))?;
                Ok::<_, PeopleStoreError>(Some(name))
            })
            .await?;
        accepted.ok_or(PeopleError::Refused(Code::InvitationInvalid, "the invitation was used, or the account is shut"))
    }

    /// Hashes on the blocking pool, a few at a time.
    async fn hash(&self, password: Password) -> Result<String, PeopleError> {
        let _place = self.hashing.acquire().await.map_err(|_| PeopleError::Hashing)?;
        let hashed = tokio::task::spawn_blocking(move || password.hash()).await.map_err(|_| PeopleError::Hashing)?;
        hashed.ok_or(PeopleError::Hashing)
    }
}
