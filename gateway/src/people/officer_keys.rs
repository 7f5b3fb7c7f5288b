//! Keys by which officers sign for the department.
//!
//! Guarantees: the private key is made on the officer's own machine and never seen here; a key counts once another officer, who
//! compared its thumbprint with the one on paper, confirmed it. Deliberately absent: publishing, which `join` does with the
//! federation key that is kept off line.

use protocol::seal::{Jwk, VerifyingKey};
use schemas::{federation::OfficerJwk, id::KeyId, problem::Code};
use service_kit::{access::User, db::AnyConnection};

use super::{OfficerKey, People, PeopleError, Role, action};
use crate::{
    audit,
    store::people::{
        PeopleStoreError,
        officer_keys::{officer_key_confirm, officer_key_end, officer_key_insert, officer_key_list},
    },
};

/// What an account of these roles may sign, as `officer_jwks` writes it.
fn signs(user: &User) -> Option<&'static str> {
    Role::ALL.into_iter().filter(|role| user.holds(role.as_str())).find_map(Role::signs)
}

/// The keys that the entity configuration lists.
///
/// # Errors
/// If the database fails.
pub fn published(conn: &mut AnyConnection) -> Result<Vec<OfficerJwk>, PeopleStoreError> {
    let keys = officer_key_list(conn)?;
    Ok(keys.into_iter().filter(|key| key.confirmed_by.is_some()).map(|key| key.key).collect())
}

impl People {
    /// Keys that have not ended.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn officer_keys(&self) -> Result<Vec<OfficerKey>, PeopleError> {
        Ok(self.db.read(officer_key_list).await?)
    }

    /// Takes the public key of the officer who is signed in.
    ///
    /// # Errors
    /// `access-denied` for one who signs nothing; `request-malformed` for what is no public key; `conflict` for a known one.
    pub async fn register_key(&self, user: &User, text: &str) -> Result<KeyId, PeopleError> {
        let Some(role) = signs(user) else {
            return self.refuse_key(user, Code::AccessDenied, "only scheme officers and reviewers sign").await;
        };
        let Some(key) = public_key(text) else {
            return self
                .refuse_key(user, Code::RequestMalformed, "this is no public key; paste what the command printed")
                .await;
        };
        let kid = key.kid().clone();
        let officer = OfficerJwk { person: user.person.to_string(), role: role.to_owned(), jwk: key.jwk().clone() };
        let (account, id, now) = (user.name.clone(), kid.clone(), self.now_ms());
        let entry = self.done(account.as_str(), action::KEY_REGISTER, kid.as_str());
        let new = self
            .db
            .write(move |conn| {
                let new = officer_key_insert(conn, &account, &id, &officer, now)?;
                let entry = if new { entry } else { audit::refused(entry, Some(Code::Conflict)) };
                audit::append(conn, &entry)?;
                Ok::<_, PeopleStoreError>(new)
            })
            .await?;
        if new { Ok(kid) } else { Err(PeopleError::Refused(Code::Conflict, "this key was handed in before")) }
    }

    async fn refuse_key(&self, user: &User, code: Code, why: &'static str) -> Result<KeyId, PeopleError> {
        self.note_refused(user.name.as_str(), action::KEY_REGISTER, "officer-key", code).await?;
        Err(PeopleError::Refused(code, why))
    }

    /// Confirms the key of another officer.
    ///
    /// # Errors
    /// `access-denied` for a key of one's own person, and where there is none to confirm.
    pub async fn confirm_key(&self, user: &User, kid: KeyId) -> Result<(), PeopleError> {
        let (account, person) = (user.name.clone(), user.person.clone());
        let entry = self.done(account.as_str(), action::KEY_CONFIRM, kid.as_str());
        let confirmed = self
            .db
            .write(move |conn| {
                let confirmed = officer_key_confirm(conn, &kid, &account, &person)?;
                let entry = if confirmed { entry } else { audit::refused(entry, Some(Code::AccessDenied)) };
                audit::append(conn, &entry)?;
                Ok::<_, PeopleStoreError>(confirmed)
            })
            .await?;
        let why = "another officer must confirm your own key";
        if confirmed { Ok(()) } else { Err(PeopleError::Refused(Code::AccessDenied, why)) }
    }

    /// Ends a key; it leaves the entity configuration with the next `join`.
    ///
    /// # Errors
    /// `not-found`.
    pub async fn end_key(&self, user: &User, kid: KeyId) -> Result<(), PeopleError> {
        let (entry, now) = (self.done(user.name.as_str(), action::KEY_END, kid.as_str()), self.now_ms());
        let ended = self
            .db
            .write(move |conn| {
                let ended = officer_key_end(conn, &kid, now)?;
                let entry = if ended { entry } else { audit::refused(entry, Some(Code::NotFound)) };
                audit::append(conn, &entry)?;
                Ok::<_, PeopleStoreError>(ended)
            })
            .await?;
        if ended { Ok(()) } else { Err(PeopleError::Refused(Code::NotFound, "there is no such key")) }
    }
}

/// A public key for signatures, of what an officer pasted.
fn public_key(text: &str) -> Option<VerifyingKey> {
    if text.len() > 4096 {
        return None;
    }
    let jwk: Jwk = serde_json::from_str(text.trim()).ok()?;
    VerifyingKey::from_jwk(&protocol::seal::key::bare(&jwk)).ok()
}
