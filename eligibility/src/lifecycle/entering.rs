//! Into a scheme: offered and accepted, or entered by a law that needs no application, and then told.

use schemas::{id::MessageId, scheme::DecisionState, time::CivilDate};

use super::NotWhole;

/// One decision to take somebody in, in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entering<S> {
    id: MessageId,
    state: S,
}

macro_rules! states {
    ($($(#[$doc:meta])* $name:ident)*) => { $($(#[$doc])* #[derive(Clone, Copy, Debug, PartialEq, Eq)] pub struct $name(());)* };
}

states! {
    /// Computed; nothing was done.
    Proposed
    /// She took it.
    Accepted
    /// In the scheme.
    Enrolled
    /// She did not want it.
    Declined
    /// She did not answer in time.
    Expired
    /// The reason went away.
    Withdrawn
}

/// She may accept or decline, until a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offered(CivilDate);

/// A scheme whose registered law needs no application. Made from the scheme's file, whose lint refuses the mode without a law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoApplicationNeeded(());

impl NoApplicationNeeded {
    /// The scheme's mode is `enrol`.
    pub const fn by_the_scheme() -> Self {
        Self(())
    }
}

impl<S> Entering<S> {
    /// The decision.
    pub const fn id(&self) -> &MessageId {
        &self.id
    }

    fn becomes<T>(self, state: T) -> Entering<T> {
        Entering { id: self.id, state }
    }
}

impl Entering<Proposed> {
    /// A new decision.
    pub const fn begin(id: MessageId) -> Self {
        Self { id, state: Proposed(()) }
    }

    /// Offers it until a day.
    pub fn offer(self, until: CivilDate) -> Entering<Offered> {
        self.becomes(Offered(until))
    }

    /// Enters her at once, as the law wants it.
    pub fn enrol_by_law(self, _: NoApplicationNeeded) -> Entering<Enrolled> {
        self.becomes(Enrolled(()))
    }

    /// The reason went away.
    pub fn withdraw(self) -> Entering<Withdrawn> {
        self.becomes(Withdrawn(()))
    }
}

impl Entering<Offered> {
    /// Last day of the offer.
    pub const fn until(&self) -> CivilDate {
        self.state.0
    }

    /// She takes it.
    ///
    /// # Errors
    /// The offer, if its last day is past.
    pub fn accept(self, today: CivilDate) -> Result<Entering<Accepted>, Self> {
        if today <= self.state.0 { Ok(self.becomes(Accepted(()))) } else { Err(self) }
    }

    /// She does not.
    pub fn decline(self) -> Entering<Declined> {
        self.becomes(Declined(()))
    }

    /// Its last day is past.
    ///
    /// # Errors
    /// The offer, while it runs.
    pub fn expire(self, today: CivilDate) -> Result<Entering<Expired>, Self> {
        if today > self.state.0 { Ok(self.becomes(Expired(()))) } else { Err(self) }
    }

    /// The reason went away.
    pub fn withdraw(self) -> Entering<Withdrawn> {
        self.becomes(Withdrawn(()))
    }
}

impl Entering<Accepted> {
    /// Enters her.
    pub fn enrol(self) -> Entering<Enrolled> {
        self.becomes(Enrolled(()))
    }
}

impl Entering<Enrolled> {
    /// She was entered by law and does not want it, with effect from the start.
    pub fn decline(self, _: NoApplicationNeeded) -> Entering<Declined> {
        self.becomes(Declined(()))
    }
}

/// A decision to take somebody in as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is the state of its name")]
pub enum AnyEntering {
    Proposed(Entering<Proposed>),
    Offered(Entering<Offered>),
    Accepted(Entering<Accepted>),
    Enrolled(Entering<Enrolled>),
    /// Over without an entry.
    Over(DecisionState),
}

impl AnyEntering {
    /// Puts a stored decision together.
    ///
    /// # Errors
    /// [`NotWhole`] if the state belongs to the other direction, or the last day of an offer is missing.
    pub fn stored(id: MessageId, state: DecisionState, until: Option<CivilDate>) -> Result<Self, NotWhole> {
        use DecisionState as S;
        let whole = |what| NotWhole { state, what };
        Ok(match state {
            S::Proposed => Self::Proposed(Entering { id, state: Proposed(()) }),
            S::Offered => {
                let until = until.ok_or_else(|| whole("the offer has no last day"))?;
                Self::Offered(Entering { id, state: Offered(until) })
            }
            S::Accepted => Self::Accepted(Entering { id, state: Accepted(()) }),
            S::Enrolled => Self::Enrolled(Entering { id, state: Enrolled(()) }),
            S::Declined | S::Expired | S::Withdrawn => Self::Over(state),
            S::Held | S::Noticed | S::Contested | S::Upheld | S::Removed | S::Reversed | S::Released | S::Restored => {
                return Err(whole("it is a state of leaving"));
            }
        })
    }
}
