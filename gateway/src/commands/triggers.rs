//! `vinimay gateway trigger …` and `subscription …`: feeds as they stand, what is parked, and what was agreed.
//!
//! Deliberately absent: reading events; what stands in them is sealed.

use std::path::Path;

use schemas::{
    id::{EntityId, MessageId},
    time::{CivilDate, Timestamp},
};
use serde::Serialize;
use service_kit::clock::Clock;

use super::{CommandError, open};
use crate::{
    audit,
    store::triggers::{
        Side,
        overview::{FeedView, InboxView, RecordView, feeds_overview, inbox_overview, records_of},
        scopes::{ScopeRow, scope_find},
        subscriptions::{SubscriptionRow, subscriptions_all},
    },
    triggers::{TriggerError, ageing, delivery, subscribe::Proposal},
};

/// Feeds to others, and from others.
#[derive(Clone, Debug, Serialize)]
pub struct TriggerList {
    /// What we tell.
    pub told: Vec<FeedView>,
    /// What we hear.
    pub heard: Vec<InboxView>,
}

/// Every feed as it stands.
///
/// # Errors
/// [`CommandError`], with its mend.
pub async fn trigger_list(config: &Path, clock: &Clock) -> Result<TriggerList, CommandError> {
    let app = open(config, clock).await?;
    let now_ms = i64::try_from(clock.now_ms()).unwrap_or(i64::MAX);
    let list = app.db().read(move |conn| {
        Ok::<_, TriggerError>(TriggerList { told: feeds_overview(conn, now_ms)?, heard: inbox_overview(conn, now_ms)? })
    });
    Ok(list.await?)
}

/// The signed records of one event on our side: what became of it.
///
/// # Errors
/// [`CommandError`], with its mend.
pub async fn trigger_show(config: &Path, event: MessageId, clock: &Clock) -> Result<Vec<RecordView>, CommandError> {
    let app = open(config, clock).await?;
    Ok(app.db().read(move |conn| Ok::<_, TriggerError>(records_of(conn, &event)?)).await?)
}

/// What was sent again.
#[derive(Clone, Debug, Serialize)]
pub struct Replayed {
    /// To whom.
    pub subscriber: EntityId,
    /// How many events.
    pub events: usize,
}

/// Sends again what was parked for a subscriber; the running gateway does the sending.
///
/// # Errors
/// [`CommandError`], with its mend.
pub async fn trigger_replay(config: &Path, subscriber: EntityId, clock: &Clock) -> Result<Replayed, CommandError> {
    let app = open(config, clock).await?;
    let events = delivery::replay(&app, &subscriber).await.map_err(TriggerError::from)?;
    let row = audit::done(audit::COMMAND_LINE, "trigger.replay", subscriber.as_str(), app.now());
    audit::record(app.db(), row).await.map_err(TriggerError::from)?;
    Ok(Replayed { subscriber, events })
}

/// Lets ageing go on up to today although the clock has jumped.
///
/// # Errors
/// [`CommandError`], with its mend.
pub async fn trigger_go_on(config: &Path, clock: &Clock) -> Result<CivilDate, CommandError> {
    let app = open(config, clock).await?;
    Ok(ageing::go_on(&app, audit::COMMAND_LINE).await.map_err(TriggerError::from)?)
}

/// A subscription as an officer reads it.
#[derive(Clone, Debug, Serialize)]
pub struct SubscriptionView {
    /// Its id.
    pub id: MessageId,
    /// `source`: we tell; `subscriber`: we hear.
    pub side: &'static str,
    /// The other side.
    pub peer: EntityId,
    /// Types.
    pub types: Vec<String>,
    /// Under which law.
    pub law: String,
    /// `follow` or `population`.
    pub scope: schemas::event::SubscriptionScope,
    /// Which of them.
    pub filter: Option<schemas::event::EventFilter>,
    /// Last day.
    pub until: CivilDate,
    /// `proposed`, `needs approval`, `in force`, `over`, `ended`.
    pub state: &'static str,
}

impl SubscriptionView {
    fn of(side: Side, row: SubscriptionRow, scope: ScopeRow, today: CivilDate) -> Self {
        let everybody = scope.scope == schemas::event::SubscriptionScope::Population;
        let state = match () {
            () if scope.ended => "ended",
            () if today > row.until => "over",
            () if !row.in_force(today) => "proposed",
            () if side == Side::Source && everybody && !scope.approved => "needs approval",
            () => "in force",
        };
        Self {
            id: row.id,
            side: side.as_str(),
            peer: row.peer,
            types: row.types.iter().map(ToString::to_string).collect(),
            law: row.law.to_string(),
            scope: scope.scope,
            filter: scope.filter,
            until: row.until,
            state,
        }
    }
}

/// Every subscription, of both sides.
///
/// # Errors
/// [`CommandError`], with its mend.
pub async fn subscription_list(config: &Path, clock: &Clock) -> Result<Vec<SubscriptionView>, CommandError> {
    let (app, today) = (open(config, clock).await?, clock.now().civil_day());
    let list = app.db().read(move |conn| {
        let mut views = Vec::new();
        for side in [Side::Source, Side::Subscriber] {
            for row in subscriptions_all(conn, side)? {
                let scope = scope_find(conn, &row.id)?;
                views.push(SubscriptionView::of(side, row, scope, today));
            }
        }
        Ok::<_, TriggerError>(views)
    });
    Ok(list.await?)
}

/// Proposes a subscription and takes the source's signature.
///
/// # Errors
/// [`CommandError`], with its mend.
pub async fn subscription_propose(
    config: &Path,
    proposal: Proposal,
    clock: &Clock,
) -> Result<SubscriptionView, CommandError> {
    let app = open(config, clock).await?;
    let row = app.subscribe(proposal).await?;
    let id = row.id.clone();
    let scope = app.db().read(move |conn| Ok::<_, TriggerError>(scope_find(conn, &id)?)).await?;
    Ok(SubscriptionView::of(Side::Subscriber, row, scope, clock.now().civil_day()))
}

/// What was done to a subscription, and when.
#[derive(Clone, Debug, Serialize)]
pub struct SubscriptionChanged {
    /// Which.
    pub id: MessageId,
    /// `approved` or `ended`.
    pub state: &'static str,
    /// When.
    pub at: Timestamp,
}

/// The data owner approves a subscription that speaks of everybody.
///
/// # Errors
/// [`CommandError`], with its mend.
pub async fn subscription_approve(
    config: &Path,
    id: MessageId,
    owner: &str,
    clock: &Clock,
) -> Result<SubscriptionChanged, CommandError> {
    open(config, clock).await?.approve_subscription(&id, owner).await?;
    Ok(SubscriptionChanged { id, state: "approved", at: clock.now() })
}

/// Ends a subscription on our side before its last day.
///
/// # Errors
/// [`CommandError`], with its mend.
pub async fn subscription_end(
    config: &Path,
    id: MessageId,
    (by, reason): (&str, &str),
    clock: &Clock,
) -> Result<SubscriptionChanged, CommandError> {
    open(config, clock).await?.end_subscription(&id, by, reason).await?;
    Ok(SubscriptionChanged { id, state: "ended", at: clock.now() })
}
