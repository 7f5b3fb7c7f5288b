//! The status of bindings as everybody may read it: signed lists, signed again when a status has changed.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use protocol::credential::status_list::{Publication, PublishError, Status, StatusList, publish};
use schemas::{
    id::{CompactJws, EntityId},
    time::Timestamp,
};
use service_kit::db::{AnyConnection, DatabaseError};

use crate::{
    app::App,
    keys::Keys,
    store::identity::bindings::{PLACES, Standing, list_exceptions, list_generation},
};

/// How long a published list may be used, seconds: as long as the oldest that providers take, and an hour.
const LIFE: i64 = 5 * 3600;
/// How often readers should come back, seconds.
const TTL: u64 = 60;
/// A list is signed anew after so long even if nothing changed, seconds.
const SIGNED_ANEW: i64 = 600;

/// The address of a list.
pub(super) fn uri(public: &EntityId, list: i64) -> String {
    format!("{public}/status/rb/{list}")
}

/// The number of a list of ours at this address.
pub(crate) fn number(public: &EntityId, address: &str) -> Option<i64> {
    let list = address.rsplit('/').next()?.parse().ok()?;
    (uri(public, list) == address).then_some(list)
}

/// Lists as they were last signed, by number.
#[derive(Debug, Default)]
pub struct PublishedLists(Mutex<HashMap<i64, Published>>);

#[derive(Clone, Debug)]
struct Published {
    generation: i64,
    signed: Timestamp,
    token: CompactJws,
}

/// A list cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum StatusPublishError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Signing.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

impl From<protocol::credential::status_list::StatusListError> for StatusPublishError {
    fn from(error: protocol::credential::status_list::StatusListError) -> Self {
        Self::Publish(error.into())
    }
}

impl PublishedLists {
    fn find(&self, list: i64, generation: i64, now: Timestamp) -> Option<CompactJws> {
        let lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = lists.get(&list).filter(|published| published.generation == generation)?;
        (0..SIGNED_ANEW).contains(&(now.seconds() - found.signed.seconds())).then(|| found.token.clone())
    }

    fn put(&self, list: i64, published: Published) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(list, published);
    }
}

impl App {
    /// The list of this number, signed; `None` if there is none. Signed again when a status has changed.
    ///
    /// # Errors
    /// If the database or OpenSSL fails.
    pub(crate) async fn status_list(&self, list: i64) -> Result<Option<CompactJws>, StatusPublishError> {
        let now = self.now();
        let generation = self.db().read(move |conn| Ok::<_, DatabaseError>(list_generation(conn, list)?)).await?;
        let Some(generation) = generation else { return Ok(None) };
        let published = &self.areas().citizens.published;
        if let Some(token) = published.find(list, generation, now) {
            return Ok(Some(token));
        }
        let (keys, issuer) = (self.keys().clone(), self.entity().clone());
        let uri = uri(&self.config().public.people, list);
        let (generation, token) = self.db().read(move |conn| sign_list(conn, &keys, (list, uri), issuer, now)).await?;
        published.put(list, Published { generation, signed: now, token: token.clone() });
        Ok(Some(token))
    }
}

/// The generation is read before the places: a change between the two is published once more, and never missed.
fn sign_list(
    conn: &mut AnyConnection,
    keys: &Keys,
    (list, uri): (i64, String),
    issuer: EntityId,
    now: Timestamp,
) -> Result<(i64, CompactJws), StatusPublishError> {
    let generation = list_generation(conn, list).map_err(DatabaseError::from)?.unwrap_or(0);
    let mut bits = StatusList::new(PLACES as usize)?;
    for (idx, status) in list_exceptions(conn, list).map_err(DatabaseError::from)? {
        let status = if status == Standing::Suspended.number() { Status::Suspended } else { Status::Invalid };
        bits.set(u64::try_from(idx).unwrap_or(u64::MAX), status)?;
    }
    let (iat, exp) = (now.numeric(), now.plus(LIFE).numeric());
    let publication = Publication { issuer, uri, iat, exp, ttl: TTL };
    Ok((generation, publish(&bits, &publication, &keys.signing)?))
}

#[cfg(test)]
mod tests {
    use protocol::{
        credential::status_list::verify,
        seal::{Limits, random},
    };
    use schemas::consent::StatusReference;

    use super::*;
    use crate::consents::testing::keys;

    #[test]
    fn a_full_list_of_any_content_travels_under_the_limit() {
        let (keys, now) = (keys(), Timestamp::from_seconds(1_795_248_100));
        let (issuer, uri) = ("https://civil.gov.example".parse().unwrap(), "https://civil.gov.example/status/rb/0");
        let chance = random::bytes::<{ PLACES as usize / 4 }>();
        let drawn = |idx: u32| match chance[idx as usize / 4] >> (2 * (idx % 4)) & 3 {
            0 => Status::Valid,
            1 => Status::Invalid,
            _ => Status::Suspended,
        };
        let mut bits = StatusList::new(PLACES as usize).unwrap();
        for idx in (0..PLACES).filter(|idx| drawn(*idx) != Status::Valid) {
            bits.set(idx.into(), drawn(idx)).unwrap();
        }
        let (iat, exp) = (now.numeric(), now.plus(LIFE).numeric());
        let publication = Publication { issuer, uri: uri.to_owned(), iat, exp, ttl: TTL };
        let token = publish(&bits, &publication, &keys.signing).unwrap();
        assert!(token.as_str().len() <= Limits::STATUS_LIST.bytes, "{} bytes", token.as_str().len());
        let issuer = &publication.issuer;
        let list = verify(token.as_str().as_bytes(), uri, issuer, keys.signing.public(), now).unwrap();
        for idx in [0, 1, PLACES / 2, PLACES - 1] {
            let reference = StatusReference { idx: idx.into(), uri: uri.to_owned() };
            assert_eq!(list.status_of(&reference).unwrap().status(), drawn(idx), "{idx}");
        }
        let beyond = StatusReference { idx: PLACES.into(), uri: uri.to_owned() };
        assert!(list.status_of(&beyond).is_err(), "past the end");
    }
}
