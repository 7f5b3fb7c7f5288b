//! Events of one transaction, numbered and signed one by one, written together.
//!
//! Guarantees: numbers follow each other without a gap, because the row that counts them is locked from the first number to the end of
//! the transaction; what was told is written before anybody looks for it, and in any case before [`together`] returns, so that no
//! number is given without its event. Deliberately absent: who is told, and signing.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    sync::Arc,
};

use schemas::{
    digest::Digest,
    event::EventKind,
    id::{EntityId, MessageId},
    time::CivilDate,
};
use service_kit::db::AnyConnection;
use tlog::entry::EntryType;

use super::TriggerError;
use crate::store::{
    outbox::outbox_insert,
    triggers::{
        PersonIndex,
        feeds::{NewEvent, feed_counted, feed_events_insert, feed_last_id, feed_next, feed_person_counts},
        scopes::{ScopeRow, scope_find},
        subscriptions::{SubscriptionRow, following, subscriptions_by_id, subscriptions_of_population},
        told::{Told, told_insert, told_of},
    },
};

/// What is to be written, and what was read on the way.
#[derive(Default)]
pub(in crate::triggers) struct Page {
    /// The last number of each feed that was numbered here, and whether the feed knows it.
    numbered: BTreeMap<EntityId, (u64, bool)>,
    /// The last id of each of them.
    last: BTreeMap<EntityId, Option<MessageId>>,
    /// Of whom the page speaks, as far as that is known before: what is read of one of them is read of all.
    people: BTreeSet<PersonIndex>,
    counted: BTreeMap<EntityId, BTreeMap<PersonIndex, u64>>,
    followed: BTreeMap<PersonIndex, Vec<MessageId>>,
    subscriptions: BTreeMap<MessageId, Arc<SubscriptionRow>>,
    everybody: Option<Vec<Arc<SubscriptionRow>>>,
    scopes: BTreeMap<MessageId, ScopeRow>,
    events: Vec<NewEvent>,
    told: Vec<Told>,
    digests: Vec<(EntryType, Digest)>,
}

/// Runs `work` on a page and writes the page. Call it in a transaction.
///
/// # Errors
/// Those of `work` and of the database; then nothing must be committed.
pub(in crate::triggers) fn together<T>(
    conn: &mut AnyConnection,
    now_ms: i64,
    work: impl FnOnce(&mut Page, &mut AnyConnection) -> Result<T, TriggerError>,
) -> Result<T, TriggerError> {
    let mut page = Page::default();
    let done = work(&mut page, conn)?;
    page.write(conn, now_ms)?;
    Ok(done)
}

impl Page {
    /// The next number of a feed, and the id of the event before it.
    pub(super) fn next(
        &mut self,
        conn: &mut AnyConnection,
        peer: &EntityId,
    ) -> Result<(u64, Option<MessageId>), TriggerError> {
        let seq = match self.numbered.entry(peer.clone()) {
            Entry::Vacant(first) => {
                let seq = first.insert((feed_next(conn, peer)?, true)).0;
                self.last.insert(peer.clone(), feed_last_id(conn, peer)?);
                seq
            }
            Entry::Occupied(mut last) => {
                let (seq, known) = last.get_mut();
                (*seq, *known) = (seq.saturating_add(1), false);
                *seq
            }
        };
        Ok((seq, self.last.get(peer).cloned().flatten()))
    }

    /// The page will speak of these.
    pub(in crate::triggers) fn speaks_of(&mut self, people: impl IntoIterator<Item = PersonIndex>) {
        self.people.extend(people);
    }

    /// A person, and those of whom the page speaks and of whom nothing was read yet.
    fn with_others(&self, person: &PersonIndex, read: impl Fn(&PersonIndex) -> bool) -> Vec<PersonIndex> {
        let others = self.people.iter().filter(|other| *other != person && !read(other)).cloned();
        std::iter::once(person.clone()).chain(others).collect()
    }

    /// The next number of a person in a feed.
    pub(super) fn next_of_person(
        &mut self,
        conn: &mut AnyConnection,
        (peer, person): (&EntityId, &PersonIndex),
    ) -> Result<u64, TriggerError> {
        if !self.counted.get(peer).is_some_and(|counted| counted.contains_key(person)) {
            let read = |other: &PersonIndex| self.counted.get(peer).is_some_and(|counted| counted.contains_key(other));
            let people = self.with_others(person, read);
            let mut counts = feed_person_counts(conn, peer, &people)?;
            let counted = self.counted.entry(peer.clone()).or_default();
            for person in people {
                let count = counts.remove(person.as_str()).unwrap_or(0);
                counted.insert(person, count);
            }
        }
        let count = self.counted.entry(peer.clone()).or_default().entry(person.clone()).or_default();
        *count = count.saturating_add(1);
        Ok(*count)
    }

    /// Subscriptions that follow a person, those that last longest first.
    pub(super) fn following(
        &mut self,
        conn: &mut AnyConnection,
        person: &PersonIndex,
        today: CivilDate,
    ) -> Result<Vec<Arc<SubscriptionRow>>, TriggerError> {
        if !self.followed.contains_key(person) {
            let people = self.with_others(person, |other| self.followed.contains_key(other));
            let mut found = following(conn, &people, today)?;
            for person in people {
                let ids = found.remove(person.as_str()).unwrap_or_default();
                self.followed.insert(person, ids);
            }
            self.read_subscriptions(conn)?;
        }
        let ids = self.followed.get(person).into_iter().flatten();
        Ok(ids.filter_map(|id| self.subscriptions.get(id).cloned()).collect())
    }

    fn read_subscriptions(&mut self, conn: &mut AnyConnection) -> Result<(), TriggerError> {
        let unknown: BTreeSet<&MessageId> =
            self.followed.values().flatten().filter(|id| !self.subscriptions.contains_key(*id)).collect();
        let unknown: Vec<&MessageId> = unknown.into_iter().collect();
        for row in subscriptions_by_id(conn, &unknown)? {
            self.subscriptions.insert(row.id.clone(), Arc::new(row));
        }
        Ok(())
    }

    /// Subscriptions that speak of everybody.
    pub(super) fn everybody(
        &mut self,
        conn: &mut AnyConnection,
        today: CivilDate,
    ) -> Result<Vec<Arc<SubscriptionRow>>, TriggerError> {
        if self.everybody.is_none() {
            self.everybody = Some(subscriptions_of_population(conn, today)?.into_iter().map(Arc::new).collect());
        }
        Ok(self.everybody.clone().unwrap_or_default())
    }

    /// What a subscription says beyond its types.
    pub(super) fn scope(&mut self, conn: &mut AnyConnection, id: &MessageId) -> Result<ScopeRow, TriggerError> {
        match self.scopes.entry(id.clone()) {
            Entry::Vacant(unknown) => Ok(unknown.insert(scope_find(conn, id)?).clone()),
            Entry::Occupied(known) => Ok(known.get().clone()),
        }
    }

    /// The latest event that told of a registration, one of this page included.
    pub(super) fn told_of(
        &mut self,
        conn: &mut AnyConnection,
        peer: &EntityId,
        (registration, person, kind): (&str, &PersonIndex, EventKind),
        now_ms: i64,
    ) -> Result<Option<MessageId>, TriggerError> {
        self.write(conn, now_ms)?;
        Ok(told_of(conn, peer, registration, person, kind)?)
    }

    /// One more event.
    pub(super) fn push(&mut self, event: NewEvent, told: Told) {
        self.digests.push((EntryType::Trigger, event.digest));
        self.last.insert(event.subscriber.clone(), Some(event.event.jti.clone()));
        self.events.push(event);
        self.told.push(told);
    }

    fn write(&mut self, conn: &mut AnyConnection, now_ms: i64) -> Result<(), TriggerError> {
        for (peer, (seq, known)) in &mut self.numbered {
            if !std::mem::replace(known, true) {
                feed_counted(conn, peer, *seq)?;
            }
        }
        feed_events_insert(conn, &std::mem::take(&mut self.events), now_ms)?;
        told_insert(conn, &std::mem::take(&mut self.told), now_ms)?;
        outbox_insert(conn, &std::mem::take(&mut self.digests), now_ms)?;
        Ok(())
    }
}
