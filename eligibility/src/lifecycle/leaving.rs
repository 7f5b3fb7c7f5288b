//! Out of a scheme: proposed, held, noticed, contested, and only then removed.

use schemas::{
    id::MessageId,
    scheme::DecisionState,
    time::{CivilDate, Timestamp},
};

use super::NotWhole;

/// One decision to take somebody out, in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving<S> {
    id: MessageId,
    state: S,
}

macro_rules! states {
    ($($(#[$doc:meta])* $name:ident)*) => { $($(#[$doc])* #[derive(Clone, Copy, Debug, PartialEq, Eq)] pub struct $name(());)* };
}

states! {
    /// Computed; nothing was done.
    Proposed
    /// Payment is held.
    Held
    /// An objection is to be heard.
    Contested
    /// Off the roll.
    Removed
    /// The objection was right.
    Reversed
    /// The reason went away, and with it the hold.
    Released
    /// The reason went away before anything was done.
    Withdrawn
    /// Back as if never gone.
    Restored
}

/// The notice arrived, and the window runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noticed(Window);

/// Two persons heard it, and the removal stands: when the window is over, she may be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upheld(Option<Window>);

/// How long a person may object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    delivered: Timestamp,
    ends: CivilDate,
}

impl Window {
    /// The window that a recorded delivery opens: so many whole days after the day of the delivery (Asia/Kolkata).
    pub fn after(delivered: Timestamp, notice_days: u16) -> Self {
        let day = delivered.civil_day().date().saturating_add(jiff::Span::new().days(i64::from(notice_days)));
        Self { delivered, ends: CivilDate::from_date(day) }
    }

    /// As it was stored.
    pub const fn stored(delivered: Timestamp, ends: CivilDate) -> Self {
        Self { delivered, ends }
    }

    /// When the notice arrived.
    pub const fn delivered(&self) -> Timestamp {
        self.delivered
    }

    /// Last day on which she may object.
    pub const fn ends(&self) -> CivilDate {
        self.ends
    }

    /// Whether its last day is past.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now.civil_day() > self.ends
    }
}

/// Two different persons heard an objection. That they are two is for the caller to have shown; one person cannot make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TwoPersons {
    first: String,
    second: String,
}

impl TwoPersons {
    /// `None` if both are one.
    pub fn of(first: impl Into<String>, second: impl Into<String>) -> Option<Self> {
        let two = Self { first: first.into(), second: second.into() };
        (two.first != two.second && !two.first.is_empty() && !two.second.is_empty()).then_some(two)
    }

    /// Who they are, as staff pseudonyms.
    pub fn both(&self) -> [&str; 2] {
        [&self.first, &self.second]
    }
}

/// She may be taken off the roll. Made by [`Leaving::<Noticed>::window_over`] and [`Leaving::<Upheld>::removable`] alone, and
/// by neither while a window runs.
#[derive(Debug, PartialEq, Eq)]
pub struct MayBeRemoved {
    id: MessageId,
}

impl MayBeRemoved {
    /// The decision.
    pub const fn id(&self) -> &MessageId {
        &self.id
    }

    /// It was done.
    pub fn removed(self) -> Leaving<Removed> {
        Leaving { id: self.id, state: Removed(()) }
    }
}

impl<S> Leaving<S> {
    /// The decision.
    pub const fn id(&self) -> &MessageId {
        &self.id
    }

    fn becomes<T>(self, state: T) -> Leaving<T> {
        Leaving { id: self.id, state }
    }
}

impl Leaving<Proposed> {
    /// A new decision.
    pub const fn begin(id: MessageId) -> Self {
        Self { id, state: Proposed(()) }
    }

    /// Holds the payment.
    pub fn hold(self) -> Leaving<Held> {
        self.becomes(Held(()))
    }

    /// The notice arrived.
    pub fn noticed(self, window: Window) -> Leaving<Noticed> {
        self.becomes(Noticed(window))
    }

    /// The reason went away.
    pub fn withdraw(self) -> Leaving<Withdrawn> {
        self.becomes(Withdrawn(()))
    }
}

impl Leaving<Held> {
    /// The notice arrived.
    pub fn noticed(self, window: Window) -> Leaving<Noticed> {
        self.becomes(Noticed(window))
    }

    /// The payment goes on for now; what was proposed stands.
    pub fn resume(self) -> Leaving<Proposed> {
        self.becomes(Proposed(()))
    }

    /// The reason went away.
    pub fn release(self) -> Leaving<Released> {
        self.becomes(Released(()))
    }
}

impl Leaving<Noticed> {
    /// Until when she may object.
    pub const fn window(&self) -> &Window {
        &self.state.0
    }

    /// She objects.
    pub fn contest(self) -> Leaving<Contested> {
        self.becomes(Contested(()))
    }

    /// The reason went away.
    pub fn release(self) -> Leaving<Released> {
        self.becomes(Released(()))
    }

    /// If the window is over, she may be removed.
    ///
    /// # Errors
    /// The decision as it was, while the window runs.
    pub fn window_over(self, now: Timestamp) -> Result<MayBeRemoved, Self> {
        if self.state.0.is_over(now) { Ok(MayBeRemoved { id: self.id }) } else { Err(self) }
    }
}

impl Leaving<Contested> {
    /// Two persons heard it, and the removal stands.
    pub fn uphold(self, _: &TwoPersons, window: Option<Window>) -> Leaving<Upheld> {
        self.becomes(Upheld(window))
    }

    /// The objection was right, or the reason went away.
    pub fn reverse(self) -> Leaving<Reversed> {
        self.becomes(Reversed(()))
    }
}

impl Leaving<Upheld> {
    /// Until when she may object, if it is known.
    pub const fn window(&self) -> Option<&Window> {
        self.state.0.as_ref()
    }

    /// If the window is over, she may be removed: who objects early has no shorter time to object.
    ///
    /// # Errors
    /// The decision as it was, while the window runs.
    pub fn removable(self, now: Timestamp) -> Result<MayBeRemoved, Self> {
        let over = self.state.0.as_ref().is_some_and(|window| window.is_over(now));
        if over { Ok(MayBeRemoved { id: self.id }) } else { Err(self) }
    }

    /// She says more while the window runs: it is heard again.
    ///
    /// # Errors
    /// The decision as it was, once the window is over.
    pub fn contest(self, now: Timestamp) -> Result<Leaving<Contested>, Self> {
        let runs = self.state.0.as_ref().is_some_and(|window| !window.is_over(now));
        if runs { Ok(self.becomes(Contested(()))) } else { Err(self) }
    }

    /// The reason went away at the last moment.
    pub fn release(self) -> Leaving<Released> {
        self.becomes(Released(()))
    }
}

impl Leaving<Removed> {
    /// Back as if never gone.
    pub fn restore(self) -> Leaving<Restored> {
        self.becomes(Restored(()))
    }
}

/// A decision to take somebody out as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the state of its name")]
pub enum AnyLeaving {
    Proposed(Leaving<Proposed>),
    Held(Leaving<Held>),
    Noticed(Leaving<Noticed>),
    Contested(Leaving<Contested>),
    Upheld(Leaving<Upheld>),
    Removed(Leaving<Removed>),
    /// Over without a removal, or undone.
    Over(DecisionState),
}

impl AnyLeaving {
    /// Puts a stored decision together.
    ///
    /// # Errors
    /// [`NotWhole`] if the state belongs to the other direction, or the window is missing.
    pub fn stored(id: MessageId, state: DecisionState, window: Option<Window>) -> Result<Self, NotWhole> {
        use DecisionState as S;
        let whole = |what| NotWhole { state, what };
        Ok(match state {
            S::Proposed => Self::Proposed(Leaving { id, state: Proposed(()) }),
            S::Held => Self::Held(Leaving { id, state: Held(()) }),
            S::Noticed => {
                let window = window.ok_or_else(|| whole("no delivery is recorded"))?;
                Self::Noticed(Leaving { id, state: Noticed(window) })
            }
            S::Contested => Self::Contested(Leaving { id, state: Contested(()) }),
            S::Upheld => Self::Upheld(Leaving { id, state: Upheld(window) }),
            S::Removed => Self::Removed(Leaving { id, state: Removed(()) }),
            S::Withdrawn | S::Reversed | S::Released | S::Restored => Self::Over(state),
            S::Offered | S::Accepted | S::Declined | S::Expired | S::Enrolled => {
                return Err(whole("it is a state of entering"));
            }
        })
    }
}
