//! Where a test may end a batch or change a bit. In a released binary every function here is empty.

#[cfg(test)]
use std::cell::{Cell, RefCell};

use tlog::merkle::Hash;

use super::SequencerError;
use crate::store::StoreError;

/// Places between the steps of the write path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Leaves hashed, edge extended.
    Hashed,
    /// Self-check passed.
    Checked,
    /// Checkpoint signed in memory.
    Signed,
    /// Everything written, COMMIT not yet sent.
    BeforeCommit,
    /// COMMIT succeeded, nobody told.
    Committed,
}

/// What a test wants to happen.
#[derive(Default)]
pub(crate) struct Faults {
    /// Ends at this step, as often as the number says.
    #[cfg(test)]
    pub(crate) stop: Cell<Option<(Step, u32)>>,
    /// Flips one bit of one leaf hash between hashing and tree.
    #[cfg(test)]
    pub(crate) flip: RefCell<Option<usize>>,
}

#[cfg(not(test))]
impl Faults {
    #[inline(always)]
    pub(super) fn reach(&self, _: Step) -> Result<(), SequencerError> {
        Ok(())
    }

    #[inline(always)]
    pub(super) fn reach_store(&self, _: Step) -> Result<(), StoreError> {
        Ok(())
    }

    #[inline(always)]
    pub(super) fn between_hashing_and_tree(&self, _: &mut [Hash]) {}
}

#[cfg(test)]
impl Faults {
    pub(super) fn reach(&self, step: Step) -> Result<(), SequencerError> {
        if self.is_due(step) { Err(SequencerError::Injected(step)) } else { Ok(()) }
    }

    pub(super) fn reach_store(&self, step: Step) -> Result<(), StoreError> {
        use service_kit::db::DatabaseError;
        let lost = || StoreError::Database(DatabaseError::Unavailable("injected".to_owned()));
        if self.is_due(step) { Err(lost()) } else { Ok(()) }
    }

    fn is_due(&self, step: Step) -> bool {
        match self.stop.get() {
            Some((at, times)) if at == step && times > 0 => {
                self.stop.set(Some((at, times - 1)));
                true
            }
            _ => false,
        }
    }

    pub(super) fn between_hashing_and_tree(&self, leaves: &mut [Hash]) {
        let Some(bit) = self.flip.borrow_mut().take() else { return };
        let index = (bit / 256) % leaves.len();
        let mut bytes = *leaves[index].as_bytes();
        bytes[(bit % 256) / 8] ^= 1 << (bit % 8);
        leaves[index] = bytes.into();
    }
}
