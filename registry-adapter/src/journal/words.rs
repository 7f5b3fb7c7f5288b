//! The words of the journal: what was attempted and what became of it.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }
        impl $name {
            /// As the journal writes it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
            pub(super) fn read(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}
words!(
    /// What was attempted.
    Action {
        /// A payment was to be held.
        Hold = "hold",
        /// A hold was to be lifted.
        Release = "release",
        /// Somebody was to be entered.
        Enrol = "enrol",
        /// Somebody was to be taken off, after notice and window.
        Remove = "remove",
        /// Somebody was to be put back as if never gone.
        Restore = "restore",
        /// Somebody stays, with another amount, end or facts.
        Amend = "amend",
        /// Nothing by us: a row was found as others made it.
        Outside = "outside",
    }
);
words!(
    /// What became of one row.
    RowOutcome {
        /// Active before, held now.
        Held = "held",
        /// It was held already; left alone.
        AlreadyHeld = "already-held",
        /// It is neither active nor held: ended, removed; left alone.
        NotActive = "not-active",
        /// Held by us before, now as it was.
        Released = "released",
        /// Another decision still holds it; left alone.
        StillHeld = "still-held",
        /// We do not hold it; left alone.
        NotHeld = "not-held",
        /// Others changed it since we did; left alone.
        ChangedOutside = "changed-outside",
        /// A new row.
        Enrolled = "enrolled",
        /// The person has an active or held row already; left alone.
        AlreadyEnrolled = "already-enrolled",
        /// Off the roll now.
        Removed = "removed",
        /// It was off the roll already; left alone.
        AlreadyRemoved = "already-removed",
        /// Back, as if never gone.
        Restored = "restored",
        /// We did not remove it by that decision; left alone.
        NotRemoved = "not-removed",
        /// In payment, with other values.
        Amended = "amended",
        /// It had those values already.
        Unchanged = "unchanged",
        /// As the roll stood when we first looked.
        Found = "found",
        /// Others entered it since we looked.
        Appeared = "appeared",
        /// Others deleted it since we looked.
        Gone = "gone",
        /// About to be changed; the next entry tells what became of it.
        Intended = "intended",
        /// The intended change could not be read back; left as it is.
        NotApplied = "not-applied",
    }
);

impl RowOutcome {
    /// Whether the row was changed, by whomever.
    pub const fn changed(self) -> bool {
        matches!(
            self,
            Self::Held
                | Self::Released
                | Self::ChangedOutside
                | Self::Enrolled
                | Self::Removed
                | Self::Restored
                | Self::Amended
                | Self::Found
                | Self::Appeared
                | Self::Gone
        )
    }
}
