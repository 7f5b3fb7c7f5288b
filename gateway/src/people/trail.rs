//! The audit trail as officers read it: newest first, and whether its chain holds.
//!
//! Guarantees: the first look of a process hashes every row; each further one the rows since then, and the row where the last look
//! ended, so that a page costs what is new. Deliberately absent: rows before it; that they did not change since,
//! `vinimay gateway trail verify` says, which hashes all of them.

use std::sync::{Arc, Mutex, PoisonError};

use service_kit::{
    audit_trail::{self, ChainError, Head, Recorded},
    db::DatabaseError,
};

use super::{People, PeopleError};

/// Where the last look of this process ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail(Arc<Mutex<Option<Head>>>);

/// A page of the audit trail.
#[derive(Clone, Debug)]
pub struct TrailPage {
    /// The newest first.
    pub rows: Vec<Recorded>,
    /// Whether the chain holds.
    pub holds: bool,
}

impl People {
    /// Rows before this number, newest first, and whether the chain holds.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn trail(&self, before: i64, rows: i64) -> Result<TrailPage, PeopleError> {
        let known = self.trail.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let read = move |conn: &mut _| {
            let rows = audit_trail::newest(conn, before, rows)?;
            match audit_trail::verify_after(conn, known) {
                Ok(reached) => Ok((rows, Some(reached))),
                Err(ChainError::Broken { .. }) => Ok((rows, None)),
                Err(ChainError::Database(error)) => Err(error),
            }
        };
        let (rows, reached) = self.db.read::<_, DatabaseError, _>(read).await?;
        let holds = reached.is_some();
        if let Some(reached) = reached {
            let mut known = self.trail.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Of two looks at once the farther one counts.
            if reached.as_ref().map(|head| head.seq) > known.as_ref().map(|head| head.seq) {
                *known = reached;
            }
        }
        Ok(TrailPage { rows, holds })
    }

    /// Hashes every row; the head that was reached.
    ///
    /// # Errors
    /// If the database fails, or the chain is broken.
    pub async fn verify_trail(&self) -> Result<Option<Head>, ChainError> {
        self.db.read(audit_trail::verify).await
    }
}
