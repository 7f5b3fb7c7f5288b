//! Comparisons that we answer and that are under way in this process: few, short, in memory alone.
//!
//! Guarantees: one a peer and four in all; one that is idle for two minutes or older than an hour is dropped, and its secret cleared
//! with it; a message is worked at by one thread at a time. Deliberately absent: storage. A comparison that breaks off begins anew.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use protocol::overlap::Answering;
use schemas::{
    digest::Digest,
    id::{CompactJws, EntityId, MessageId},
    overlap::OverlapTerms,
};

use super::roll::Numbers;

/// Comparisons at once.
const AT_ONCE: usize = 4;
/// The longest pause between two messages.
const IDLE: Duration = Duration::from_secs(120);
/// The longest comparison; rows that are open for longer are closed.
pub(super) const LIFE: Duration = Duration::from_secs(3_600);

/// One comparison under way.
pub(crate) struct Session {
    pub terms: OverlapTerms,
    /// Digest of the message with which it began.
    pub request: Digest,
    pub answering: Answering<Numbers>,
    /// The last message that was answered, by digest, and the answer.
    pub last: Option<(Digest, CompactJws)>,
}

enum Slot {
    /// Somebody is working at it.
    Busy,
    Waiting(Box<Session>),
}

struct Timed {
    slot: Slot,
    began: Duration,
    touched: Duration,
}

impl Timed {
    fn is_over(&self, now: Duration) -> bool {
        let idle = matches!(self.slot, Slot::Waiting(_)) && now.saturating_sub(self.touched) > IDLE;
        idle || now.saturating_sub(self.began) > LIFE
    }
}

type Key = (EntityId, MessageId);

/// A session that was dropped: which, its request, and its turns.
pub(crate) type Dropped = (EntityId, MessageId, Digest, u32);

/// See the head of this file.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<Key, Timed>>);

/// A place that is ours to work at. Dropped without [`put`](Self::put), as when a request is cut off, it is free again, and whatever
/// was there is gone.
pub(super) struct Place<'s> {
    sessions: &'s Sessions,
    key: Option<Key>,
}

impl Place<'_> {
    /// Keeps a session here for the next message.
    pub(super) fn put(mut self, session: Box<Session>, now: Duration) {
        let Some(key) = self.key.take() else { return };
        if let Some(timed) = self.sessions.all().get_mut(&key) {
            (timed.slot, timed.touched) = (Slot::Waiting(session), now);
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.sessions.all().remove(&key);
        }
    }
}

/// Whether a session is at hand.
pub(super) enum Taken<'s> {
    /// Ours to work at.
    Session(Place<'s>, Box<Session>),
    /// Another message of it is being worked at.
    Busy,
    /// There is none.
    None,
}

impl Sessions {
    fn all(&self) -> MutexGuard<'_, HashMap<Key, Timed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a place for a comparison that may begin; `None`: too many are under way.
    pub(super) fn reserve(&self, peer: &EntityId, comparison: &MessageId, now: Duration) -> Option<Place<'_>> {
        let mut all = self.all();
        if all.len() >= AT_ONCE || all.keys().any(|(busy, _)| busy == peer) {
            return None;
        }
        let key = (peer.clone(), comparison.clone());
        all.insert(key.clone(), Timed { slot: Slot::Busy, began: now, touched: now });
        Some(Place { sessions: self, key: Some(key) })
    }

    /// Takes a session to work at it.
    pub(super) fn take(&self, peer: &EntityId, comparison: &MessageId) -> Taken<'_> {
        let key = (peer.clone(), comparison.clone());
        let mut all = self.all();
        let Some(timed) = all.get_mut(&key) else { return Taken::None };
        match std::mem::replace(&mut timed.slot, Slot::Busy) {
            Slot::Busy => Taken::Busy,
            Slot::Waiting(session) => Taken::Session(Place { sessions: self, key: Some(key) }, session),
        }
    }

    /// Drops everything whose time is over.
    pub(super) fn sweep(&self, now: Duration) -> Vec<Dropped> {
        let mut all = self.all();
        let over: Vec<Key> = all.iter().filter(|(_, timed)| timed.is_over(now)).map(|(key, _)| key.clone()).collect();
        let mut dropped = Vec::new();
        for key in over {
            if let Some(Timed { slot: Slot::Waiting(session), .. }) = all.remove(&key) {
                dropped.push((key.0, key.1, session.request, session.answering.turns()));
            }
        }
        dropped
    }
}

#[cfg(test)]
mod tests {
    use protocol::overlap::Context;
    use schemas::time::Timestamp;

    use super::*;

    fn session() -> Box<Session> {
        let (asker, us) = (peer(1), peer(0));
        let law = "nfsa-2013-s12".parse().unwrap();
        let context = Context::new(&law, [&asker, &us], &Digest::of("r"));
        let terms = OverlapTerms {
            law,
            purpose: "social.pension.overlap".parse().unwrap(),
            identifier: "ration_card".parse().unwrap(),
            roll: "social.pension".parse().unwrap(),
            of: "food.card".parse().unwrap(),
            people: 0,
            officer: "officer-1".parse().unwrap(),
            case: "C-1".parse().unwrap(),
        };
        let answering = Answering::begin(context, Vec::new(), 0).unwrap();
        Box::new(Session { terms, request: Digest::of("r"), answering, last: None })
    }

    fn peer(n: usize) -> EntityId {
        format!("https://department-{n}.gov.example").parse().unwrap()
    }

    fn id() -> MessageId {
        protocol::seal::random::message_id(Timestamp::from_seconds(1_795_248_100))
    }

    #[test]
    fn one_a_peer_and_four_in_all_are_under_way() {
        let (sessions, now) = (Sessions::default(), Duration::ZERO);
        let mut places: Vec<_> = (0..5).map(|n| sessions.reserve(&peer(n), &id(), now)).collect();
        assert_eq!(places.iter().filter(|place| place.is_some()).count(), 4);
        assert!(places[4].is_none());
        places.remove(0);
        assert!(sessions.reserve(&peer(1), &id(), now).is_none(), "its first is still there");
        assert!(sessions.reserve(&peer(4), &id(), now).is_some(), "a place that was dropped is free");
    }

    #[test]
    fn one_message_of_a_comparison_is_worked_at_at_a_time() {
        let (sessions, now, comparison) = (Sessions::default(), Duration::ZERO, id());
        assert!(matches!(sessions.take(&peer(1), &comparison), Taken::None));
        let place = sessions.reserve(&peer(1), &comparison, now).unwrap();
        assert!(matches!(sessions.take(&peer(1), &comparison), Taken::Busy));
        place.put(session(), now);
        let Taken::Session(place, taken) = sessions.take(&peer(1), &comparison) else { panic!("it waits") };
        assert!(matches!(sessions.take(&peer(1), &comparison), Taken::Busy));
        assert!(matches!(sessions.take(&peer(2), &comparison), Taken::None), "another peer has no part in it");
        place.put(taken, now);
        let Taken::Session(place, _) = sessions.take(&peer(1), &comparison) else { panic!("it waits again") };
        drop(place);
        assert!(matches!(sessions.take(&peer(1), &comparison), Taken::None), "a request that was cut off ends it");
    }

    #[test]
    fn what_is_idle_or_old_is_dropped() {
        let (sessions, comparison) = (Sessions::default(), id());
        sessions.reserve(&peer(1), &comparison, Duration::ZERO).unwrap().put(session(), Duration::ZERO);
        assert!(sessions.sweep(IDLE).is_empty());
        let dropped = sessions.sweep(IDLE + Duration::from_secs(1));
        assert_eq!(dropped, [(peer(1), comparison.clone(), Digest::of("r"), 0)]);
        assert!(matches!(sessions.take(&peer(1), &comparison), Taken::None));
        // However busy it is kept, an hour is the longest.
        sessions.reserve(&peer(1), &comparison, Duration::ZERO).unwrap().put(session(), LIFE);
        assert_eq!(sessions.sweep(LIFE + Duration::from_secs(1)).len(), 1);
    }
}
