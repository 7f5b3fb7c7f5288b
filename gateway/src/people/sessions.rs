//! Sessions: from a sign-in until it is ended, idle, or old.
//!
//! Guarantees: account and session are read for every request, so that what was disabled or ended is out on every replica; the
//! database holds the digest of a token and never the token.

use std::time::Duration;

use protocol::seal::random;
use schemas::{digest::Digest, id::SystemName, problem::Code};
use service_kit::{
    access::{Found, SessionToken, Sessions, User},
    db::AnyConnection,
    server::ProblemResponse,
};

use super::{Account, People, PeopleError, action};
use crate::{
    audit,
    store::people::{
        PeopleStoreError,
        accounts::account_find,
        sessions::{session_delete, session_delete_all, session_find, session_insert, session_touch},
    },
};

/// The last use is written down at most so often, milliseconds.
const TOUCH_MS: i64 = 60_000;

/// How long sessions last (NIST SP 800-63B-4 §2.2.3: at most 24 hours, and one of inactivity).
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// Without a request.
    pub idle: Duration,
    /// At all.
    pub absolute: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self { idle: Duration::from_secs(15 * 60), absolute: Duration::from_secs(8 * 3600) }
    }
}

/// A session that has just begun.
#[derive(Debug)]
pub struct Session {
    /// For the browser.
    pub token: SessionToken,
    /// Whose.
    pub account: Account,
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The part of a token's digest that names its session in audit rows and tables.
fn session_name(digest: &Digest) -> Option<SystemName> {
    digest.to_string().strip_prefix("sha256:")?.get(..16)?.parse().ok()
}

impl Session {
    pub(super) fn begin(
        conn: &mut AnyConnection,
        account: Account,
        lifetimes: &Lifetimes,
        now_ms: i64,
    ) -> Result<Self, PeopleStoreError> {
        let wrong = || PeopleStoreError::Content { table: "session" };
        let token = SessionToken::new(random::token()).ok_or_else(wrong)?;
        let until = now_ms.saturating_add(milliseconds(lifetimes.absolute));
        session_insert(conn, &token.digest(), &account.name, now_ms, until)?;
        Ok(Self { token, account })
    }
}

impl People {
    async fn user(&self, token: Digest) -> Result<Option<User>, PeopleStoreError> {
        let (keys, now) = (self.keys.clone(), self.now_ms());
        let seen_after = now.saturating_sub(milliseconds(self.lifetimes.idle));
        let digest = token;
        let found = self
            .db
            .read(move |conn| {
                let Some(session) = session_find(conn, &digest, now, seen_after)? else { return Ok(None) };
                let account = account_find(conn, &keys, &session.account)?.filter(|account| !account.disabled);
                Ok::<_, PeopleStoreError>(account.map(|account| (account, session.seen_ms)))
            })
            .await?;
        let Some((account, seen)) = found else { return Ok(None) };
        let session = session_name(&token).ok_or(PeopleStoreError::Content { table: "session" })?;
        if now.saturating_sub(seen) > TOUCH_MS {
            self.db.write(move |conn| session_touch(conn, &token, now)).await?;
        }
        let roles = account.roles.iter().map(|role| role.as_str().to_owned()).collect();
        let Account { name, person, display, .. } = account;
        Ok(Some(User { name, person, display, roles, session }))
    }

    /// Ends the session of a token, or every session of its account.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn sign_out(&self, user: &User, token: &SessionToken, everywhere: bool) -> Result<(), PeopleError> {
        let (name, digest) = (user.name.clone(), token.digest());
        let action = if everywhere { action::SIGN_OUT_EVERYWHERE } else { action::SIGN_OUT };
        let entry = self.done(name.as_str(), action, "console");
        let ended = self.db.write(move |conn| {
            if everywhere {
                session_delete_all(conn, &name)?;
            }
            session_delete(conn, &digest)?;
            audit::append(conn, &entry)?;
            Ok::<_, PeopleStoreError>(())
        });
        Ok(ended.await?)
    }
}

impl Sessions for People {
    fn find<'a>(&'a self, token: &'a SessionToken) -> Found<'a> {
        let digest = token.digest();
        Box::pin(async move {
            self.user(digest).await.map_err(|error| {
                tracing::error!(%error, "a session could not be looked up");
                ProblemResponse::new(Code::Internal)
            })
        })
    }

    fn refused<'a>(&'a self, user: &'a User, route: &'static str, code: Code) -> service_kit::access::Noted<'a> {
        Box::pin(async move {
            let noted = self.note_refused(user.name.as_str(), action::CONSOLE, route, code).await;
            noted.map_err(|error| {
                tracing::error!(%error, "a refusal could not be written down");
                ProblemResponse::new(Code::Internal)
            })
        })
    }
}
