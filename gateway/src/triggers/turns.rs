//! Whom this process serves at the moment, one task each: so that nobody is served twice at once, and nobody waits for another.
//!
//! Guarantees: of each peer one turn at a time in this process; who asks for a turn that is taken is heard at its end, so that
//! nothing which came meanwhile waits for the next look; a task that fails or panics gives its turn back. Deliberately absent:
//! other processes; between those a lease decides.

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use schemas::id::EntityId;
use tokio::task::JoinHandle;

use super::TriggerError;

/// One peer being served.
pub(super) type Task = JoinHandle<Result<(), TriggerError>>;

/// The turns of one kind of work. Clones are the same turns.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns(Arc<Mutex<BTreeMap<EntityId, Asked>>>);

/// Whether somebody asked for the turn while it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    No,
    Yes,
}

/// The right to serve one peer, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Turns,
    of: EntityId,
    /// It was given back already.
    over: bool,
}

impl Turns {
    /// The turn of a peer; `None` if it is taken: then it goes round once more.
    pub(super) fn begin(&self, of: EntityId) -> Option<Turn> {
        let mut all = self.lock();
        if let Some(asked) = all.get_mut(&of) {
            *asked = Asked::Yes;
            return None;
        }
        all.insert(of.clone(), Asked::No);
        drop(all);
        Some(Turn { turns: self.clone(), of, over: false })
    }

    /// Serves each of these whom nobody serves already, in a task of its own.
    pub(super) fn begin_all<Serving>(
        &self,
        peers: impl Iterator<Item = EntityId>,
        serve: impl Fn(Turn) -> Serving,
    ) -> Vec<Task>
    where
        Serving: Future<Output = Result<(), TriggerError>> + Send + 'static,
    {
        let task = |turn: Turn| {
            let (peer, serving) = (turn.of.clone(), serve(turn));
            tokio::spawn(async move {
                let served = serving.await;
                if let Err(error) = &served {
                    tracing::warn!(%peer, %error, "a peer took not everything that is meant for it; it is tried again");
                }
                served
            })
        };
        peers.filter_map(|peer| self.begin(peer)).map(task).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<EntityId, Asked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Whose it is.
    pub(super) const fn of(&self) -> &EntityId {
        &self.of
    }

    /// The same turn once more if somebody asked for it meanwhile, else its end.
    pub(super) fn again(mut self) -> Option<Self> {
        let turns = self.turns.clone();
        let mut all = turns.lock();
        if let Some(asked @ Asked::Yes) = all.get_mut(&self.of) {
            *asked = Asked::No;
            return Some(self);
        }
        // In one step with the look: whoever asks from here on gets a turn of its own.
        all.remove(&self.of);
        self.over = true;
        None
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.over {
            self.turns.lock().remove(&self.of);
        }
    }
}

/// Waits for all; the first error.
#[cfg(test)]
pub(super) async fn ended(tasks: Vec<Task>) -> Result<(), TriggerError> {
    let mut first_error = None;
    for task in tasks {
        if let Err(error) = task.await.unwrap() {
            first_error.get_or_insert(error);
        }
    }
    first_error.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(name: &str) -> EntityId {
        format!("https://{name}.localhost").parse().unwrap()
    }

    #[test]
    fn each_peer_has_one_turn_at_a_time_and_others_do_not_wait_for_it() {
        let turns = Turns::default();
        let turn = turns.begin(peer("food")).unwrap();
        assert!(turns.begin(peer("food")).is_none());
        assert!(turns.begin(peer("social")).is_some_and(|other| other.of() == &peer("social")));
        drop(turn);
        assert!(turns.begin(peer("food")).is_some(), "a turn that was dropped is free");
    }

    #[test]
    fn who_asked_meanwhile_is_heard_once_before_the_turn_ends() {
        let turns = Turns::default();
        let turn = turns.begin(peer("food")).unwrap();
        for _ in 0..3 {
            assert!(turns.begin(peer("food")).is_none());
        }
        let turn = turn.again().expect("somebody asked");
        assert!(turn.again().is_none(), "nobody asked again");
        assert!(turns.begin(peer("food")).is_some());
    }

    #[test]
    fn a_turn_that_ended_takes_nobody_elses_away() {
        let turns = Turns::default();
        assert!(turns.begin(peer("food")).unwrap().again().is_none());
        let _second = turns.begin(peer("food")).unwrap();
        assert!(turns.begin(peer("food")).is_none(), "the second turn stands");
    }

    #[test]
    fn a_task_that_panics_gives_its_turn_back() {
        let turns = Turns::default();
        let theirs = turns.clone();
        let panicked = std::thread::spawn(move || {
            let _turn = theirs.begin(peer("food")).unwrap();
            panic!("on purpose");
        });
        assert!(panicked.join().is_err());
        assert!(turns.begin(peer("food")).is_some());
    }
}
