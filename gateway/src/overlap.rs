//! Comparing a roll of ours with another department's under a registered law, so that both learn whom both have, and nothing else.
//!
//! Guarantees: nothing leaves before the law was found to allow it and our own signed word of it is durable and queued for the log;
//! no point, secret or identifier is ever stored or logged; what comes out is a number in both sides' signed results, and marks for
//! our own officers. Deliberately absent: any way from a mark to a roll. Nothing here can hold, remove or even decide: the words for
//! that are not used in this folder (`tests::nothing_here_can_change_a_roll`), and the rolls are read through the reader's role.
//!
//! | step | who | durable before it leaves |
//! |---|---|---|
//! | begin | asker | its signed request, type 9 |
//! | accepted, refused | answerer | its signed word, type 9; the law's quota taken in the same transaction |
//! | turns | both, a page at a time | nothing: points alone, of secrets that live in memory |
//! | compared | asker, then answerer | its signed result, type 9, with its marks |
//! | broken | whoever notices | its signed word, type 9 |

mod answer;
mod ask;
mod close;
pub mod commands;
mod error;
mod marks;
mod ours;
mod roll;
mod sessions;
#[cfg(test)]
mod tests;

use service_kit::jobs::{Jobs, JobsError};

pub use self::{
    ask::{Compared, OVERLAP, OVERLAP_RESULT, Order},
    error::OverlapError,
    marks::{MarkView, OverlapView, Shown},
};
use crate::app::App;
pub(crate) use sessions::Sessions;

/// The job that ends what was left open, and forgets old marks.
const OVERLAPS: &str = "overlaps";

impl App {
    fn overlaps(&self) -> &Sessions {
        &self.areas().overlaps
    }
}

/// Registers the job of this area.
///
/// # Errors
/// If the scheduler refuses.
pub async fn schedule(app: &App, jobs: &mut Jobs) -> Result<(), JobsError> {
    let with = app.clone();
    let wake = jobs
        .every("40 * * * * *", OVERLAPS, move || {
            let app = with.clone();
            async move { close::tidy(&app).await }
        })
        .await?;
    app.wakes().put(OVERLAPS, wake);
    Ok(())
}
