//! Status lists of identity registries: fetched in the background, kept for all processes, looked up without waiting.
//!
//! Guarantees: a list is fetched from its registry's peers' listener alone, whose certificates the directory lists; its signature,
//! address and time are verified each time it is taken from network or database; how old is too old
//! is `protocol::consent`'s to say where data is asked for, and [`StatusLists::fresh`]'s elsewhere. A list that was never seen is fetched
//! at once, by one caller at a time. A registry's own lists are read from its own database each time, as they are published at that
//! moment: what it revoked, it does not believe itself for a minute.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use protocol::credential::{
    BindingStatus, Status, VerifiedStatusList,
    status_list::{StatusListError, verify},
};
use protocol::seal::{Limits, Typ, UnverifiedJws, VerifyingKey, freshness::SKEW};
use schemas::{
    consent::{StatusListToken, StatusReference},
    id::{CompactJws, EntityId},
    time::{NumericDate, Timestamp},
};
use service_kit::db::DatabaseError;
use tokio::sync::Mutex as AsyncMutex;
use url::Url;

use crate::{
    app::App,
    clients::peer::peers_address,
    store::consents::status_lists::{SeenList, list_find, list_upsert, list_used, lists_used},
};

/// How long a first fetch may hold up the one who asks: below the 10 seconds of a handler.
const FIRST: Duration = Duration::from_secs(8);
/// How long nobody waits again for a list that could not be had; the job of each minute tries all the same.
const PAUSE: Duration = Duration::from_secs(10);
/// A list that nobody asked about for so long is not fetched any more, seconds.
const FORGOTTEN: i64 = 86_400;
/// A list in memory that is older than this is looked for in the database, seconds: another process may have a newer one.
/// Below the 60 seconds that sensitive purposes allow.
const AGED: i64 = 45;
/// Oldest list that is believed where the protocol's rules for answers do not apply, seconds.
const OLDEST: i64 = 4 * 3600;

/// Lists as they are known to this process.
#[derive(Debug, Default)]
pub struct StatusLists {
    known: Mutex<HashMap<String, KnownList>>,
    /// The turn to fetch, and when (monotonic) which list could not be had.
    fetching: AsyncMutex<HashMap<String, Duration>>,
}

/// A list, and when it ends by its own word.
#[derive(Clone, Debug)]
pub(crate) struct KnownList {
    list: Arc<VerifiedStatusList>,
    ends: NumericDate,
}

impl KnownList {
    pub(super) fn new(list: VerifiedStatusList, ends: NumericDate) -> Self {
        Self { list: Arc::new(list), ends }
    }

    /// Seconds since it was fetched.
    fn age(&self, now: Timestamp) -> i64 {
        now.seconds() - self.list.checked_at().seconds()
    }
}

/// Tests publish lists that outlive them.
#[cfg(test)]
impl From<VerifiedStatusList> for KnownList {
    fn from(list: VerifiedStatusList) -> Self {
        let ends = list.checked_at().plus(OLDEST + 3600).numeric();
        Self::new(list, ends)
    }
}

/// A list could not be had.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// Its address is not one of its registry's.
    #[error("the list's address is not one of its registry's")]
    Address,
    /// The directory does not vouch for the registry now.
    #[error("the directory does not vouch for the registry")]
    Registry,
    /// It could not be fetched.
    #[error("the list could not be fetched: {0}")]
    Away(String),
    /// It does not verify.
    #[error(transparent)]
    Unverified(#[from] StatusListError),
    /// It could not be kept.
    #[error(transparent)]
    Store(#[from] DatabaseError),
}

impl StatusLists {
    /// What was last known of a binding by this registry; `None` if its list could not be had.
    pub async fn status(&self, app: &App, issuer: &EntityId, reference: &StatusReference) -> Option<BindingStatus> {
        self.list(app, issuer, &reference.uri).await?.list.status_of(reference).ok()
    }

    /// What is known of a binding by a list of at most four hours that has not ended; `None` if there is none.
    pub async fn fresh(&self, app: &App, issuer: &EntityId, reference: &StatusReference) -> Option<Status> {
        let known = self.list(app, issuer, &reference.uri).await?;
        let now = app.now();
        // A list from the future is a clock that stepped back: as unknown as none.
        let fresh = (-SKEW..=OLDEST).contains(&known.age(now)) && now.numeric() < known.ends;
        if fresh { known.list.status_of(reference).ok().map(|status| status.status()) } else { None }
    }

    async fn list(&self, app: &App, issuer: &EntityId, uri: &str) -> Option<KnownList> {
        if issuer == app.entity() {
            return app.own_list(uri).await;
        }
        match self.find(uri) {
            Some(known) if known.age(app.now()) < AGED => Some(known),
            older => self.newer(app, issuer, uri).await.or(older),
        }
    }

    fn find(&self, uri: &str) -> Option<KnownList> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(uri).cloned()
    }

    /// Takes a list that was verified.
    pub(crate) fn learn(&self, uri: &str, list: impl Into<KnownList>) -> KnownList {
        let list = list.into();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = known.entry(uri.to_owned()).or_insert_with(|| list.clone());
        if kept.list.checked_at() <= list.list.checked_at() {
            *kept = list;
        }
        kept.clone()
    }

    /// What is known more newly than here: in the database, which another process may have renewed; or at the registry, where
    /// nobody keeps the list current because it was never seen or not asked about for a day.
    async fn newer(&self, app: &App, issuer: &EntityId, uri: &str) -> Option<KnownList> {
        let is_young = |known: &KnownList| known.age(app.now()) < AGED;
        let stored = self.stored(app, issuer, uri).await;
        if stored.as_ref().is_some_and(is_young) {
            return stored;
        }
        // One at a time: whoever has nothing waits for what the first one fetches, whoever has something does not.
        let mut failed = match &stored {
            None => self.fetching.lock().await,
            Some(_) => match self.fetching.try_lock() {
                Ok(turn) => turn,
                Err(_) => return stored,
            },
        };
        if let Some(list) = self.find(uri).filter(is_young) {
            return Some(list);
        }
        let now = app.clock().monotonic();
        if failed.get(uri).is_some_and(|at| now.saturating_sub(*at) < PAUSE) {
            return stored;
        }
        match tokio::time::timeout(FIRST, self.fetch(app, issuer, uri)).await {
            Ok(Ok(list)) => {
                failed.remove(uri);
                return Some(list);
            }
            Ok(Err(error)) => tracing::warn!(%error, %issuer, "a status list could not be had"),
            Err(_) => tracing::warn!(%issuer, "a status list did not come in time"),
        }
        failed.insert(uri.to_owned(), now);
        stored
    }

    async fn stored(&self, app: &App, issuer: &EntityId, uri: &str) -> Option<KnownList> {
        let wanted = uri.to_owned();
        let found = app.db().read(move |conn| Ok::<_, DatabaseError>(list_find(conn, &wanted)?)).await;
        let seen = found.ok()?.filter(|seen| seen.issuer == *issuer)?;
        let list = app.verify_list(&seen.token, uri, issuer, seen.fetched).ok()?;
        Some(self.learn(uri, list))
    }

    /// Fetches a list from its registry and keeps it.
    async fn fetch(&self, app: &App, issuer: &EntityId, uri: &str) -> Result<KnownList, StatusError> {
        let now = app.now();
        app.authorize_address(issuer, uri, now)?;
        let client = app.peer_client(issuer).map_err(|_| StatusError::Registry)?;
        let address = app.list_address(issuer, uri).ok_or(StatusError::Address)?;
        let reply = client.fetch(&address, &[]).await.map_err(|error| StatusError::Away(error.to_string()))?;
        if reply.status != 200 {
            return Err(StatusError::Away(format!("status {}", reply.status)));
        }
        let token = String::from_utf8(reply.body).ok().and_then(|text| text.trim_end().parse::<CompactJws>().ok());
        let token = token.ok_or(StatusListError::Malformed("no compact token"))?;
        let list = self.learn(uri, app.verify_list(&token, uri, issuer, now)?);
        let seen = SeenList { uri: uri.to_owned(), issuer: issuer.clone(), token, fetched: now };
        app.db().write(move |conn| Ok::<_, DatabaseError>(list_upsert(conn, &seen, now)?)).await?;
        Ok(list)
    }

    /// Fetches every list that is still asked for; what cannot be had stays as it was.
    ///
    /// # Errors
    /// If the database fails, or no list at all could be had although some are asked for.
    pub async fn refresh(&self, app: &App) -> Result<(), StatusError> {
        let now = app.now();
        self.note_used(app, now).await?;
        let since = now.plus(-FORGOTTEN);
        let lists = app.db().read(move |conn| Ok::<_, DatabaseError>(lists_used(conn, since)?)).await?;
        let mut failed = None;
        let mut fetched = 0_usize;
        for seen in &lists {
            match self.fetch(app, &seen.issuer, &seen.uri).await {
                Ok(_) => fetched += 1,
                Err(error) => {
                    tracing::warn!(%error, issuer = %seen.issuer, "a status list could not be had");
                    failed = Some(error);
                }
            }
        }
        match failed {
            Some(error) if fetched == 0 => Err(error),
            _ => Ok(()),
        }
    }

    /// What this process holds is asked for.
    async fn note_used(&self, app: &App, now: Timestamp) -> Result<(), DatabaseError> {
        let held: Vec<String> = self.known.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect();
        if held.is_empty() {
            return Ok(());
        }
        app.db().write(move |conn| Ok(held.iter().try_for_each(|uri| list_used(conn, uri, now))?)).await
    }
}

impl App {
    /// Status lists of identity registries.
    pub fn statuses(&self) -> &StatusLists {
        &self.areas().citizens.statuses
    }

    /// A list of our own, as everybody would get it now; `None` if there is none, or it cannot be read.
    async fn own_list(&self, uri: &str) -> Option<KnownList> {
        let list = crate::identity::status::number(&self.config().public.people, uri)?;
        let now = self.now();
        let token = self.status_list(list).await.inspect_err(|error| {
            tracing::warn!(%error, "an own status list could not be read");
        });
        let token = token.ok().flatten()?;
        self.verify_list(&token, uri, self.entity(), now).ok()
    }

    /// Only hosts in the directory: the list must stand on the people's listener of its own registry.
    fn authorize_address(&self, issuer: &EntityId, uri: &str, now: Timestamp) -> Result<(), StatusError> {
        let directory = self.directory();
        let member = directory.peer(issuer, now).map_err(|_| StatusError::Registry)?;
        let origin = |text: &str| Url::parse(text).ok().map(|url| url.origin());
        let wanted = origin(uri).ok_or(StatusError::Address)?;
        let listed = [issuer.as_str(), member.gateway().citizen_endpoint.as_str()];
        if listed.into_iter().filter_map(origin).any(|known| known == wanted) {
            Ok(())
        } else {
            Err(StatusError::Address)
        }
    }

    /// Where we fetch it: the same path below the registry's peers' listener. On the people's one, a certificate may stand
    /// that browsers know and the directory does not.
    fn list_address(&self, issuer: &EntityId, uri: &str) -> Option<String> {
        let directory = self.directory();
        let member = directory.peer(issuer, self.now()).ok()?;
        let path = Url::parse(uri).ok()?;
        peers_address(member, &format!("/peer/v1{}", path.path()))
    }

    /// Verifies a list as it was fetched at that time, with the key that its registry had for our sector.
    fn verify_list(
        &self,
        token: &CompactJws,
        uri: &str,
        issuer: &EntityId,
        fetched: Timestamp,
    ) -> Result<KnownList, StatusError> {
        let directory = self.directory();
        let member = directory.peer(issuer, self.now()).map_err(|_| StatusError::Registry)?;
        member.authorize_identity_registry(&self.config().sector).map_err(|_| StatusError::Registry)?;
        let claimed = UnverifiedJws::of(token, Limits::STATUS_LIST).map_err(StatusListError::Token)?.claimed_issuer();
        let kid = claimed.key_id().ok_or(StatusError::Registry)?;
        let key = member.signing_key(&kid, fetched.numeric(), None).map_err(|_| StatusError::Registry)?;
        let list = verify(token.as_str().as_bytes(), uri, issuer, key, fetched)?;
        Ok(KnownList::new(list, end_of(token, key)?))
    }
}

/// When a list ends by its own word.
fn end_of(token: &CompactJws, key: &VerifyingKey) -> Result<NumericDate, StatusListError> {
    let verified = UnverifiedJws::of(token, Limits::STATUS_LIST)?.verify(Typ::StatusList, key)?;
    Ok(verified.claims::<StatusListToken>()?.exp)
}
