//! A subscriber's change of its follow list, at the source.
//!
//! Guarantees: only the subscriber of a subscription in force changes its list; a request counts once, and nobody is called unknown
//! before new residents were looked for; what is kept are keyed
//! hashes of our own residents with a last day. Deliberately absent: telling the subscriber whom we know.

use protocol::{
    event::{PeerFollow, VerifiedSubscription, accept_follow, accept_subscription, authorize_follow, open_follow},
    federation::VerifiedMember,
};
use schemas::{
    event::FollowList,
    id::{EntityId, MessageId, Sector, SectorSubject},
    problem::Code,
    time::CivilDate,
};
use serde::Serialize;
use service_kit::db::DatabaseError;

use super::{TriggerError, pseudonyms};
use crate::{
    app::App,
    directory::DirectorySnapshot,
    exchange::Rejected,
    store::triggers::{
        PersonIndex, Side,
        follows::{follow_claim, follow_delete, follow_put},
        pseudonyms::pseudonyms_resolve,
        subscriptions::{SubscriptionRow, subscription_find},
    },
};

/// What the subscriber hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FollowTaken {
    /// People followed from now on.
    pub added: usize,
    /// People followed no longer.
    pub removed: usize,
    /// Pseudonyms that are nobody's here.
    pub unknown: usize,
}

impl App {
    /// Takes a change of the caller's follow list.
    ///
    /// # Errors
    /// `peer-unknown`, `peer-suspended`; those of the token and of the sealed list; `access-denied` without a subscription in
    /// force; `audience-wrong`, `stale`; `replayed` for other bytes under a known id.
    pub async fn take_follow(&self, caller: &EntityId, body: &[u8]) -> Result<FollowTaken, Rejected> {
        let (now, directory) = (self.now(), self.directory());
        let subscriber = directory.peer(caller, now).map_err(|refusal| Rejected::new(refusal.code()))?;
        let request = accept_follow(body, subscriber).map_err(|error| Rejected::new(error.code()))?;
        let id = request.claims().subscription.clone();
        let row =
            self.db().read(move |conn| Ok::<_, DatabaseError>(subscription_find(conn, Side::Source, &id)?)).await?;
        let row = row.filter(|row| row.in_force(now.civil_day())).ok_or(Rejected::new(Code::AccessDenied))?;
        let subscription = verified(&row, subscriber, &directory, self.entity())?;
        authorize_follow(&request, &subscription, self.entity(), now).map_err(Rejected::new)?;
        let list = open_follow(&request, &self.keys().encryption).map_err(|error| Rejected::new(error.code()))?;
        let people = self.people(subscriber.sector(), &list).await.map_err(|error| {
            tracing::warn!(%error, peer = %caller, "a follow list could not be resolved");
            Rejected::new(Code::RegistryUnavailable).retry_after(5)
        })?;
        self.keep_follow(&request, row.id, people).await
    }

    /// Whom the pseudonyms mean; new residents are looked for where somebody is unknown.
    async fn people(&self, sector: &Sector, list: &FollowList) -> Result<People, TriggerError> {
        pseudonyms::build_if_empty(self, sector).await?;
        let add: Vec<SectorSubject> = list.add.iter().map(|followed| followed.sub.clone()).collect();
        let mut added = self.resolve_pseudonyms(sector, &add).await?;
        if added.contains(&None) {
            // Taken without having looked, she would count as followed there, and her death would reach nobody.
            if !pseudonyms::complete(self, sector).await? {
                return Err(TriggerError::Answer(
                    "new residents were looked for a moment ago; the list is to come again",
                ));
            }
            added = self.resolve_pseudonyms(sector, &add).await?;
        }
        let removed = self.resolve_pseudonyms(sector, &list.remove).await?;
        let unknown = added.iter().chain(&removed).filter(|person| person.is_none()).count();
        let with_day =
            added.into_iter().zip(&list.add).filter_map(|(person, followed)| Some((person?, followed.until)));
        Ok(People { add: with_day.collect(), remove: removed.into_iter().flatten().collect(), unknown })
    }

    async fn resolve_pseudonyms(
        &self,
        sector: &Sector,
        subjects: &[SectorSubject],
    ) -> Result<Vec<Option<PersonIndex>>, TriggerError> {
        let (keys, sector, subjects) = (self.keys().clone(), sector.clone(), subjects.to_vec());
        Ok(self
            .db()
            .read(move |conn| Ok::<_, DatabaseError>(pseudonyms_resolve(conn, &keys, &sector, &subjects)?))
            .await?)
    }

    async fn keep_follow(
        &self,
        request: &PeerFollow,
        subscription: MessageId,
        people: People,
    ) -> Result<FollowTaken, Rejected> {
        let taken = FollowTaken { added: people.add.len(), removed: people.remove.len(), unknown: people.unknown };
        let claims = request.claims();
        let (peer, id, digest, now_ms) = (claims.iss.clone(), claims.jti.clone(), request.digest(), self.now_ms());
        let before = self
            .db()
            .write(move |conn| {
                let before = follow_claim(conn, &peer, &id, digest, now_ms)?;
                if before.is_none() {
                    follow_put(conn, &subscription, &people.add)?;
                    follow_delete(conn, &subscription, &people.remove)?;
                }
                Ok::<_, DatabaseError>(before)
            })
            .await?;
        // The same bytes again: what they ask for was done, and later requests may have changed it since.
        if before.is_none_or(|before| before == digest) { Ok(taken) } else { Err(Rejected::new(Code::Replayed)) }
    }
}

struct People {
    add: Vec<(PersonIndex, CivilDate)>,
    remove: Vec<PersonIndex>,
    unknown: usize,
}

/// The subscription with both signatures verified again: a row alone gives no right.
pub(super) fn verified(
    row: &SubscriptionRow,
    subscriber: &VerifiedMember,
    directory: &DirectorySnapshot,
    us: &EntityId,
) -> Result<VerifiedSubscription, Rejected> {
    let denied = Rejected::new(Code::AccessDenied);
    let (Some(ours), Some(theirs)) = (&row.source_copy, &row.subscriber_copy) else { return Err(denied) };
    let us = directory.members().member(us).ok_or(Rejected::new(Code::DirectoryOutdated))?;
    accept_subscription(ours.as_str().as_bytes(), theirs.as_str().as_bytes(), us, subscriber)
        .map_err(|error| Rejected::new(error.code()))
}
