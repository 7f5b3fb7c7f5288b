//! A world that rows share: the first row starts it, each takes its turn in it, the last that leaves stops it.
//!
//! Guarantees: a row that failed leaves nothing to the next one, which begins with a world of its own.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as Turns, OwnedMutexGuard};

use crate::life::{Life, plan::LifePlan};

/// A world whose clock is so many days ahead makes way for another: no row lets more than 45 go by.
const OLD: i64 = 40;

/// The world of one module of rows.
pub struct Shared {
    running: Mutex<Weak<Turns<Option<Life>>>>,
}

/// A row's turn in the world.
pub struct Turn {
    life: OwnedMutexGuard<Option<Life>>,
}

impl Shared {
    /// None yet.
    pub const fn new() -> Self {
        Self { running: Mutex::new(Weak::new()) }
    }

    /// A turn in the world of this plan, which is started if it does not run.
    pub async fn turn(&self, plan: impl FnOnce() -> LifePlan) -> Turn {
        let world = {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            running.upgrade().unwrap_or_else(|| {
                let world = Arc::new(Turns::new(None));
                *running = Arc::downgrade(&world);
                world
            })
        };
        let mut life = world.lock_owned().await;
        // Rows come in any order, and a world's certificates are good for ninety days of its own time. The next one does not queue anew:
        // its rows would end long after all others.
        let old = if life.as_ref().is_some_and(|life| life.days_gone() > OLD) { life.take() } else { None };
        let place = old.and_then(Life::leaves_its_place);
        if life.is_none() {
            *life = Some(match place {
                Some(place) => Life::start_in(place, &plan()).await,
                None => Life::start(&plan()).await,
            });
        }
        Turn { life }
    }
}

impl std::ops::Deref for Turn {
    type Target = Life;

    fn deref(&self) -> &Life {
        self.life.as_ref().unwrap()
    }
}

impl std::ops::DerefMut for Turn {
    fn deref_mut(&mut self) -> &mut Life {
        self.life.as_mut().unwrap()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Whatever the row left half done ends with its world.
            *self.life = None;
        }
    }
}
