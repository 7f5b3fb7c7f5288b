//! How far a decision may come, as types: a step that must not be taken does not compile.
//!
//! Guarantees: the only roads to [`leaving::Removed`] are a window that is over after a recorded delivery, and an objection that
//! was heard and upheld by two persons; a state read from storage is put together again only if it is whole (a window belongs to
//! `noticed`, and `noticed` has one). Every step of the types is one of [`DecisionState::may_become`], and every pair of that table
//! is a step here; a test compares the two. Deliberately absent: what a step does to a roll, signatures, and the clock.
//!
//! Nobody leaves by a hold:
//! ```compile_fail,E0599
//! fn f(held: eligibility::lifecycle::leaving::Leaving<eligibility::lifecycle::leaving::Held>) {
//!     held.removed();
//! }
//! ```
//! nor by a notice whose window was not looked at:
//! ```compile_fail,E0599
//! fn f(noticed: eligibility::lifecycle::leaving::Leaving<eligibility::lifecycle::leaving::Noticed>) {
//!     noticed.removed();
//! }
//! ```
//! nor by an objection that nobody heard:
//! ```compile_fail,E0599
//! fn f(contested: eligibility::lifecycle::leaving::Leaving<eligibility::lifecycle::leaving::Contested>) {
//!     contested.removed();
//! }
//! ```
//! nor can the permission be made out of nothing:
//! ```compile_fail,E0451
//! fn f(id: schemas::id::MessageId) -> eligibility::lifecycle::leaving::MayBeRemoved {
//!     eligibility::lifecycle::leaving::MayBeRemoved { id }
//! }
//! ```
//! An offer enrols nobody who did not accept it:
//! ```compile_fail,E0599
//! fn f(offered: eligibility::lifecycle::entering::Entering<eligibility::lifecycle::entering::Offered>) {
//!     offered.enrol();
//! }
//! ```

pub mod entering;
pub mod leaving;

use schemas::scheme::DecisionState;

/// What is stored is no state of that direction, or lacks what belongs to it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a stored decision in state {state:?} is not whole: {what}")]
pub struct NotWhole {
    /// The state.
    pub state: DecisionState,
    /// What is wrong.
    pub what: &'static str,
}

#[cfg(test)]
mod tests;
