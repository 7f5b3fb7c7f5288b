//! Life events as officers follow them: how many came how far, which sources are silent, what is parked, and what became of a case.
//!
//! Guarantees: numbers, types, states and times; a case names nobody. Deliberately absent: the events' contents.

use schemas::{
    id::{CaseId, EntityId, SystemName},
    problem::Code,
};
use service_kit::db::DatabaseError;

use super::evidence::Evidence;
use crate::{
    app::App,
    audit,
    decisions::DecisionError,
    store::triggers::{
        cases::{CaseSeen, EventHeard, Funnel, cases_newest, events_of_case, funnels_heard, funnels_told},
        overview::{FeedView, InboxView, feeds_overview, inbox_overview},
    },
    triggers::delivery,
};

/// Days that the funnels count.
pub const DAYS: i64 = 30;
/// Newest events whose cases are listed.
const NEWEST: i64 = 50;
/// A day in milliseconds.
const DAY_MS: i64 = 86_400_000;

/// Both sides at a glance.
#[derive(Clone, Debug)]
pub struct Overview {
    /// What we told each subscriber.
    pub told: Vec<(EntityId, Funnel)>,
    /// What each source told us.
    pub heard: Vec<(EntityId, Funnel)>,
    /// Our feeds.
    pub feeds: Vec<FeedView>,
    /// Feeds that we hear.
    pub inboxes: Vec<InboxView>,
    /// Cases of the newest events.
    pub cases: Vec<CaseSeen>,
}

/// One case from its events to its decisions.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// What was heard, oldest first.
    pub events: Vec<EventHeard>,
    /// What was decided, oldest first.
    pub decisions: Vec<Evidence>,
}

impl App {
    /// How events come and go.
    ///
    /// # Errors
    /// If the rows cannot be read.
    pub async fn triggers_overview(&self) -> Result<Overview, DatabaseError> {
        let now_ms = self.now_ms();
        let since_ms = now_ms.saturating_sub(DAYS * DAY_MS);
        self.db()
            .read(move |conn| {
                Ok(Overview {
                    told: funnels_told(conn, since_ms)?,
                    heard: funnels_heard(conn, since_ms)?,
                    feeds: feeds_overview(conn, now_ms)?,
                    inboxes: inbox_overview(conn, now_ms)?,
                    cases: cases_newest(conn, NEWEST)?,
                })
            })
            .await
    }

    /// What became of a case here; nothing known: both lists are empty.
    ///
    /// # Errors
    /// If the rows cannot be read.
    pub async fn case_timeline(&self, case: &CaseId) -> Result<Timeline, DecisionError> {
        let of = case.clone();
        let events = self.db().read(move |conn| Ok::<_, DatabaseError>(events_of_case(conn, &of)?)).await?;
        let mut decisions = Vec::new();
        for item in self.decisions_in_case(case).await? {
            decisions.extend(self.review_evidence(&item.decision).await?);
        }
        Ok(Timeline { events, decisions })
    }

    /// Sends again what was parked for a subscriber; how many.
    ///
    /// # Errors
    /// If the rows cannot be written.
    pub async fn replay_parked_events(
        &self,
        officer: &SystemName,
        subscriber: &EntityId,
    ) -> Result<usize, DatabaseError> {
        let events = delivery::replay(self, subscriber).await?;
        let row = audit::done(officer.as_str(), "trigger.replay", subscriber.as_str(), self.now());
        let row = if events > 0 { row } else { audit::refused(row, Some(Code::NotFound)) };
        audit::record(self.db(), row).await?;
        Ok(events)
    }
}
