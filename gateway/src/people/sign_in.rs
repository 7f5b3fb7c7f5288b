//! Signing in by name and password.
//!
//! Guarantees: after five failed tries within a minute on one account, or from one address, the next are refused unread, on all
//! replicas together; a try is written down before the password is tried, so that tries at the same time count too; each
//! sign-in gets a new token. Deliberately absent: any difference between an unknown name and a wrong password.

use std::net::IpAddr;

use protocol::seal::random;
use schemas::{
    id::{MessageId, SystemName},
    problem::Code,
};

use super::{Password, People, PeopleError, Session, action, actor};
use crate::{
    audit,
    store::people::{
        PeopleStoreError,
        accounts::{account_find, account_password},
        tries::{try_delete, try_index, try_insert},
    },
};

/// Failed tries a minute (security, "Limits and time-outs").
const TRIES: i64 = 5;

const REFUSED: PeopleError =
    PeopleError::Refused(Code::SignInRefused, "check name and password, or ask your administrator");

/// What one look into the database said before the password is tried.
enum Before {
    TooMany,
    Kept { known: bool, hash: Option<String> },
}

impl People {
    /// Signs somebody in.
    ///
    /// # Errors
    /// `sign-in-refused`, `too-many-requests`.
    pub async fn sign_in(&self, name: &str, password: Password, address: IpAddr) -> Result<Session, PeopleError> {
        // A text that is no name is nobody's; it goes the whole way all the same.
        let name: Option<SystemName> = name.trim().to_ascii_lowercase().parse().ok();
        let id = random::message_id(self.now());
        let (known, hash) = match self.begin_try(&id, name.clone(), address).await? {
            Before::TooMany => {
                self.note_refused(actor(None), action::SIGN_IN, "console", Code::TooManyRequests).await?;
                return Err(PeopleError::Refused(Code::TooManyRequests, "wait a minute before the next try"));
            }
            Before::Kept { known, hash } => (known, hash),
        };
        let fits = self.try_password(password, hash).await?;
        match name.filter(|_| known) {
            Some(name) if fits => self.begin_session(name, Some(id)).await?.ok_or(REFUSED),
            name => {
                self.note_refused(actor(name.as_ref()), action::SIGN_IN, "console", Code::SignInRefused).await?;
                Err(REFUSED)
            }
        }
    }

    /// Writes the try down, and reads what the password is to be tried against.
    async fn begin_try(
        &self,
        id: &MessageId,
        name: Option<SystemName>,
        address: IpAddr,
    ) -> Result<Before, PeopleError> {
        let (id, keys, now) = (id.clone(), self.keys.clone(), self.now_ms());
        let of_account = try_index(&keys, &format!("account {}", actor(name.as_ref())));
        let of_address = try_index(&keys, &format!("address {address}"));
        let before = self
            .db
            .write(move |conn| {
                let tries = try_insert(conn, &id, &of_account, now)?.max(try_insert(conn, &id, &of_address, now)?);
                if tries >= TRIES {
                    // What is refused unread is no try: otherwise one who goes on trying would never be let in again.
                    try_delete(conn, &id)?;
                    return Ok(Before::TooMany);
                }
                let Some(name) = name else { return Ok(Before::Kept { known: false, hash: None }) };
                let known = account_find(conn, &keys, &name)?.is_some();
                Ok::<_, PeopleStoreError>(Before::Kept { known, hash: account_password(conn, &name)? })
            })
            .await?;
        Ok(before)
    }

    async fn try_password(&self, password: Password, hash: Option<String>) -> Result<bool, PeopleError> {
        let _place = self.hashing.acquire().await.map_err(|_| PeopleError::Hashing)?;
        let tried = tokio::task::spawn_blocking(move || password.fits(hash.as_deref())).await;
        tried.map_err(|_| PeopleError::Hashing)
    }

    /// Lets somebody in who has proved who it is; `None` if the account is shut or gone.
    pub(super) async fn begin_session(
        &self,
        name: SystemName,
        tried: Option<MessageId>,
    ) -> Result<Option<Session>, PeopleError> {
        let (people, now) = (self.clone(), self.now_ms());
        let begun = self
            .db
            .write(move |conn| {
                let Some(account) = account_find(conn, &people.keys, &name)?.filter(|account| !account.disabled) else {
                    let entry = people.done(name.as_str(), action::SIGN_IN, "console");
                    audit::append(conn, &audit::refused(entry, Some(Code::SignInRefused)))?;
                    return Ok(None);
                };
                if let Some(id) = &tried {
                    try_delete(conn, id)?;
                }
                let session = Session::begin(conn, account, &people.lifetimes, now)?;
                audit::append(conn, &people.done(name.as_str(), action::SIGN_IN, "console"))?;
                Ok::<_, PeopleStoreError>(Some(session))
            })
            .await?;
        Ok(begun)
    }
}
