//! The demonstration: an anchor and four departments as processes on this machine, and one story told with them.
//!
//! Guarantees: every step is done by the commands and requests that staff, systems and citizens would use; a line is printed only
//! after what it says was looked at; `--once` exits 0 only if all of it held. The people are synthetic.

mod cast;
mod federation;
mod life;
mod officer;
pub mod population;
mod report;
mod schemes;
mod side_by_side;
mod story;

use std::path::PathBuf;

pub use cast::Citizen;
pub use federation::{Federation, PENSION_PURPOSE, Variation};
pub use officer::Officer;
pub use report::{Report, Step};
pub use schemes::two_officers;
pub use story::tell;

/// How the demonstration is to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// End after the story.
    pub once: bool,
    /// One JSON document instead of lines.
    pub json: bool,
    /// Where its files are; a temporary folder that is removed if none is named.
    pub data: Option<PathBuf>,
    /// How many synthetic people.
    pub people: u64,
    /// Seed of their generator.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { once: true, json: true, data: None, people: 20_000, seed: 1947 }
    }
}
