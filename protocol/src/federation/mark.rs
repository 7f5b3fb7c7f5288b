//! The greatest `iat` or version seen: nothing in the directory ever goes back (security, requirement 19).

use schemas::{digest::Digest, time::NumericDate};

/// What was seen last of one statement or register. The database keeps one a name; this decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// `iat` of a statement in seconds, or version of a register.
    pub position: u64,
    /// Digest over the statement as it came, or over the register's content.
    pub digest: Digest,
}

/// The new one must not replace the seen one.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum WentBack {
    /// Older than what was seen.
    #[error("older than what was seen before")]
    Older,
    /// Of the same instant or version, with other bytes: the signer told two stories. Keep both as evidence.
    #[error("another statement of the same instant or version was seen before")]
    Equivocation,
}

impl Mark {
    /// The mark of a statement.
    pub fn of_statement(iat: NumericDate, digest: Digest) -> Self {
        Self { position: u64::try_from(iat.seconds()).unwrap_or(0), digest }
    }

    /// Goes forward or stays; never back.
    ///
    /// # Errors
    /// [`WentBack`].
    pub fn advance(seen: Option<&Self>, new: Self) -> Result<Self, WentBack> {
        match seen {
            Some(seen) if new.position < seen.position => Err(WentBack::Older),
            Some(seen) if new.position == seen.position && new.digest != seen.digest => Err(WentBack::Equivocation),
            _ => Ok(new),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_goes_forward_or_stays() {
        let mark = |position, text: &str| Mark { position, digest: Digest::of(text) };
        let seen = mark(7, "a");
        for (new, verdict) in [
            (mark(8, "b"), Ok(mark(8, "b"))),
            (mark(7, "a"), Ok(seen)),
            (mark(7, "b"), Err(WentBack::Equivocation)),
            (mark(6, "a"), Err(WentBack::Older)),
        ] {
            assert_eq!(Mark::advance(Some(&seen), new), verdict);
        }
        assert_eq!(Mark::advance(None, mark(0, "a")), Ok(mark(0, "a")));
    }
}
