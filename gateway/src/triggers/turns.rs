//! Whom this process serves at the moment, one task each: so that nobody is served twice at once, and nobody waits for another.
//!
//! Guarantees: of each peer one turn at a time in this process; who asks for a turn that is taken is heard at its end, so that
//! nothing which came meanwhile waits for the next look; a task that fails or panics gives its turn back. Between processes a lease of
//! the job and the peer decides, and no round begins without it. Deliberately absent: what is done in a round.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::future::BoxFuture;
use schemas::id::EntityId;
use service_kit::lease::Lease;
use tokio::task::JoinHandle;

use super::TriggerError;
use crate::app::App;

/// One peer being served.
pub(super) type Task = JoinHandle<Result<(), TriggerError>>;

/// One round: what waits for a peer, until nothing does.
pub(super) type Round = for<'a> fn(&'a App, &'a EntityId, &'a Lease) -> BoxFuture<'a, Result<(), TriggerError>>;

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
    pub(super) fn begin_all(
        &self,
        app: &App,
        job: &'static str,
        peers: impl IntoIterator<Item = EntityId>,
        round: Round,
    ) -> Vec<Task> {
        let task = |turn: Turn| {
            let (peer, app) = (turn.of.clone(), app.clone());
            tokio::spawn(async move {
                let served = serve(&app, job, turn, round).await;
                if let Err(error) = &served {
                    tracing::warn!(%peer, %error, "a peer took not everything that is meant for it; it is tried again");
                }
                served
            })
        };
        peers.into_iter().filter_map(|peer| self.begin(peer)).map(task).collect()
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

/// Until nothing is left for this peer, unless another process is at it.
async fn serve(app: &App, job: &'static str, turn: Turn, round: Round) -> Result<(), TriggerError> {
    let Some(lease) = app.lease_of(job, turn.of()).await? else { return Ok(()) };
    let served = rounds(app, turn, &lease, round).await;
    app.release(lease).await?;
    served
}

/// What comes after the last look and before the end of the turn is seen by another round.
async fn rounds(app: &App, turn: Turn, lease: &Lease, round: Round) -> Result<(), TriggerError> {
    round(app, turn.of(), lease).await?;
    let mut again = turn.again();
    while let Some(turn) = again {
        if !app.renew(lease).await? {
            return Ok(());
        }
        round(app, turn.of(), lease).await?;
        again = turn.again();
    }
    Ok(())
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
