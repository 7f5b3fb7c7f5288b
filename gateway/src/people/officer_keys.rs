//! Keys by which officers sign for the department.
//!
//! Guarantees: the private key is made on the officer's own machine and never seen here; a key is taken from whoever proves to hold
//! it, and counts once another officer, who compared its thumbprint with the one on paper, confirmed it. Deliberately absent: publishing, which `join` does with the
//! federation key that is kept off line.

use schemas::{
    federation::OfficerJwk,
    id::{EntityId, KeyId, SystemName},
    problem::Code,
};
use service_kit::{access::User, db::AnyConnection};

use super::{
    FourEyesRefused, OfficerKey, People, PeopleError, Purpose, Role, action, officer_proof::proven_key, two_persons,
};
use crate::{
    audit,
    store::people::{
        PeopleStoreError,
        officer_keys::{
            officer_key_confirm, officer_key_end, officer_key_find, officer_key_insert, officer_key_list,
            officer_key_of,
        },
    },
};

/// What an account of these roles may sign, as `officer_jwks` writes it: one word a key.
fn signs(user: &User) -> Vec<&'static str> {
    Role::ALL.into_iter().filter(|role| user.holds(role.as_str())).filter_map(Role::signs).collect()
}

/// What the next key of an account signs: the first of these for which it has none; with one for each, the first again.
fn next(conn: &mut AnyConnection, account: &SystemName, signs: &[&'static str]) -> Result<String, PeopleStoreError> {
    let known = officer_key_list(conn)?;
    let has = |role: &str| known.iter().any(|key| key.account == *account && key.key.role == role);
    let open = signs.iter().find(|role| !has(role)).or(signs.first());
    Ok(open.copied().unwrap_or_default().to_owned())
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

    /// The confirmed key of an officer, by pseudonym.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn officer_key_of(&self, person: SystemName) -> Result<Option<KeyId>, PeopleError> {
        Ok(self.db.read(move |conn| officer_key_of(conn, &person)).await?)
    }

    /// Takes the public key of the officer who is signed in. Who may sign two things hands in a key for each, one after the other.
    ///
    /// # Errors
    /// `access-denied` for one who signs nothing; `request-malformed` for what is no key with a proof; `conflict` for a known one.
    pub async fn register_key(&self, user: &User, department: &EntityId, text: &str) -> Result<KeyId, PeopleError> {
        let signs = signs(user);
        if signs.is_empty() {
            return self.refuse_key(user, Code::AccessDenied, "only scheme officers and reviewers sign").await;
        }
        let key = match proven_key(text, Purpose { department, account: &user.name }, self.now()) {
            Ok(key) => key,
            Err(why) => return self.refuse_key(user, Code::RequestMalformed, why).await,
        };
        let kid = key.kid().clone();
        let (person, jwk) = (user.person.to_string(), key.jwk().clone());
        let (account, id, now) = (user.name.clone(), kid.clone(), self.now_ms());
        let entry = self.done(account.as_str(), action::KEY_REGISTER, kid.as_str());
        let new = self
            .db
            .write(move |conn| {
                let officer = OfficerJwk { person, role: next(conn, &account, &signs)?, jwk };
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
    /// `four-eyes-required` for a key that is, or may be, one's own; `not-found`; `conflict` for a confirmed one.
    pub async fn confirm_key(&self, user: &User, kid: KeyId) -> Result<(), PeopleError> {
        let account = user.name.clone();
        let entry = self.done(account.as_str(), action::KEY_CONFIRM, kid.as_str());
        let refused = self
            .db
            .write(move |conn| {
                let refused = confirm(conn, &kid, &account)?;
                let code = refused.as_ref().map(|(code, _)| *code);
                audit::append(conn, &code.map_or(entry.clone(), |code| audit::refused(entry, Some(code))))?;
                Ok::<_, PeopleStoreError>(refused)
            })
            .await?;
        refused.map_or(Ok(()), |(code, why)| Err(PeopleError::Refused(code, why)))
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

/// Confirms a key in the caller's transaction; code and reason if not.
fn confirm(
    conn: &mut AnyConnection,
    kid: &KeyId,
    account: &SystemName,
) -> Result<Option<(Code, &'static str)>, PeopleStoreError> {
    let Some(key) = officer_key_find(conn, kid)? else {
        return Ok(Some((Code::NotFound, "there is no such key")));
    };
    match two_persons(conn, &key.account, account) {
        Ok(()) => {}
        Err(FourEyesRefused::Store(error)) => return Err(error),
        Err(FourEyesRefused::Refused(refusal)) => {
            return Ok(Some((refusal.code(), "another officer must confirm a key that is, or may be, your own")));
        }
    }
    let confirmed = officer_key_confirm(conn, kid, account)?;
    Ok((!confirmed).then_some((Code::Conflict, "the key is confirmed already")))
}
