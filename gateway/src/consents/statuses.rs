//! Status lists of identity registries: fetched in the background, kept for all processes, looked up without waiting.
//!
//! Guarantees: a list is fetched from its registry's peers' listener alone, whose certificates the directory lists; its signature,
//! address and time are verified each time it is taken from network or database; how old is too old is `protocol::consent`'s
//! to say. A list that was never seen is fetched at once, by one caller at a time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use protocol::credential::{
    BindingStatus, VerifiedStatusList,
    status_list::{StatusListError, verify},
};
use protocol::seal::{Limits, UnverifiedJws};
use schemas::{
    consent::StatusReference,
    id::{CompactJws, EntityId},
    time::Timestamp,
};
use service_kit::db::DatabaseError;
use tokio::sync::Mutex as AsyncMutex;
use url::Url;

use crate::{
    app::App,
    clients::peer::peers_address,
    store::consents::status_lists::{SeenList, list_find, list_upsert, list_used, lists_used},
};

/// How long a first fetch may hold up the one who asks.
const FIRST: Duration = Duration::from_secs(3);
/// How long nobody waits again for a list that could not be had; the job of each minute tries all the same.
const PAUSE: Duration = Duration::from_secs(10);
/// A list that nobody asked about for so long is not fetched any more, seconds.
const FORGOTTEN: i64 = 86_400;
/// A list in memory that is older than this is looked for in the database, seconds: another process may have a newer one.
const AGED: i64 = 90;

/// Lists as they are known to this process.
#[derive(Debug, Default)]
pub struct StatusLists {
    known: Mutex<HashMap<String, Arc<VerifiedStatusList>>>,
    /// The turn to fetch, and when (monotonic) which list could not be had.
    fetching: AsyncMutex<HashMap<String, Duration>>,
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
        let list = match self.find(&reference.uri) {
            Some(list) if app.now().seconds() - list.checked_at().seconds() < AGED => list,
            older => self.newer(app, issuer, &reference.uri).await.or(older)?,
        };
        list.status_of(reference).ok()
    }

    fn find(&self, uri: &str) -> Option<Arc<VerifiedStatusList>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(uri).cloned()
    }

    /// Takes a list that was verified.
    pub(crate) fn learn(&self, uri: &str, list: VerifiedStatusList) -> Arc<VerifiedStatusList> {
        let list = Arc::new(list);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = known.entry(uri.to_owned()).or_insert_with(|| Arc::clone(&list));
        if kept.checked_at() <= list.checked_at() {
            *kept = list;
        }
        Arc::clone(kept)
    }

    /// What is known more newly than here: in the database, which another process may have renewed; or at the registry, where
    /// nobody keeps the list current because it was never seen or not asked about for a day.
    async fn newer(&self, app: &App, issuer: &EntityId, uri: &str) -> Option<Arc<VerifiedStatusList>> {
        let is_young = |list: &Arc<VerifiedStatusList>| app.now().seconds() - list.checked_at().seconds() < AGED;
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

    async fn stored(&self, app: &App, issuer: &EntityId, uri: &str) -> Option<Arc<VerifiedStatusList>> {
        let wanted = uri.to_owned();
        let found = app.db().read(move |conn| Ok::<_, DatabaseError>(list_find(conn, &wanted)?)).await;
        let seen = found.ok()?.filter(|seen| seen.issuer == *issuer)?;
        let list = app.verify_list(&seen.token, uri, issuer, seen.fetched).ok()?;
        Some(self.learn(uri, list))
    }

    /// Fetches a list from its registry and keeps it.
    async fn fetch(&self, app: &App, issuer: &EntityId, uri: &str) -> Result<Arc<VerifiedStatusList>, StatusError> {
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
    ) -> Result<VerifiedStatusList, StatusError> {
        let directory = self.directory();
        let member = directory.peer(issuer, self.now()).map_err(|_| StatusError::Registry)?;
        member.authorize_identity_registry(&self.config().sector).map_err(|_| StatusError::Registry)?;
        let claimed = UnverifiedJws::of(token, Limits::STATUS_LIST).map_err(StatusListError::Token)?.claimed_issuer();
        let kid = claimed.key_id().ok_or(StatusError::Registry)?;
        let key = member.signing_key(&kid, fetched.numeric(), None).map_err(|_| StatusError::Registry)?;
        Ok(verify(token.as_str().as_bytes(), uri, issuer, key, fetched)?)
    }
}
