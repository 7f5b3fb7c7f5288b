//! The job that goes the ways: one process at a time, each way with its own back-off.
//!
//! Guarantees: no lock is held across a call; a way ends as delivered with its proof, as parked after 72 h or at a refusal for good, and
//! never silently; if the process dies between sending and storing, the same message goes again under the same id. A way that cannot
//! be gone for a notice that must be told is replaced by paper.

use futures_util::{StreamExt as _, stream};
use schemas::notice::{Channel, DeliveryState, NoticeClass};
use service_kit::db::DatabaseError;

use super::{
    NoticeError,
    names::Names,
    notifier::{Address, Arrival, Message, NotDelivered},
    plan::{self, Configured},
    texts::language,
};
use crate::{
    app::App,
    store::{
        links::link_number,
        notices::{
            StoredNotice,
            deliveries::{
                DueDelivery, Step, deliveries_count, deliveries_due, deliveries_replay, delivery_insert, delivery_step,
            },
            notice_find, notices_new,
            preferences::preference_find,
        },
    },
    triggers::back_off,
};

/// After so long without a delivery a way is parked: 72 h.
const PARK_MS: i64 = 72 * 3_600_000;
/// Ways of one round.
const ROUND: i64 = 200;
/// Calls at once.
const AT_ONCE: usize = 8;

/// One round.
pub(super) async fn run(app: &App) -> Result<(), NoticeError> {
    run_at(app, app.now_ms()).await
}

/// One round at an instant, milliseconds since the epoch.
pub(super) async fn run_at(app: &App, now_ms: i64) -> Result<(), NoticeError> {
    let keys = app.keys().clone();
    let work = app.db().read(move |conn| {
        Ok::<_, NoticeError>(!notices_new(conn, &keys, 1)?.is_empty() || !deliveries_due(conn, now_ms, 1)?.is_empty())
    });
    if !work.await? {
        return Ok(());
    }
    let Some(lease) = app.lease(super::DELIVERY).await? else { return Ok(()) };
    let done = round(app, now_ms).await;
    app.release(lease).await?;
    done
}

async fn round(app: &App, now_ms: i64) -> Result<(), NoticeError> {
    while plan::run(app, now_ms).await? > 0 {}
    let due = app.db().read(move |conn| Ok::<_, NoticeError>(deliveries_due(conn, now_ms, ROUND)?)).await?;
    let done: Vec<Result<(), NoticeError>> =
        stream::iter(due).map(|one| go(app, one, now_ms)).buffer_unordered(AT_ONCE).collect().await;
    measure(app).await?;
    done.into_iter().collect()
}

impl App {
    /// Sends again what was parked; how many.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn replay_notices(&self) -> Result<usize, DatabaseError> {
        let now_ms = self.now_ms();
        let again = self.db().write(move |conn| Ok::<_, DatabaseError>(deliveries_replay(conn, now_ms)?)).await?;
        self.wake_notices();
        Ok(again)
    }
}

/// One way: the message, the call, the step.
async fn go(app: &App, due: DueDelivery, now_ms: i64) -> Result<(), NoticeError> {
    let outcome = match message(app, &due).await? {
        Some(message) => match app.notices().notifier(due.channel) {
            Some(notifier) => notifier.deliver(&message).await,
            None => Err(NotDelivered::later("this way is not configured any more")),
        },
        None => Err(NotDelivered::Never { problem: "her address is not known any more".to_owned() }),
    };
    match outcome {
        Ok(Arrival::Delivered(proof)) => step(app, &due, Step::Delivered(proof), now_ms).await,
        Ok(Arrival::Printed) => step(app, &due, Step::Printed, now_ms).await,
        Err(NotDelivered::Later { problem, retry_after }) if now_ms.saturating_sub(due.since_ms) < PARK_MS => {
            tracing::info!(notice = %due.notice, channel = due.channel.as_str(), problem, "a notice is tried again");
            let next = back_off::next_ms(now_ms, due.tries, retry_after);
            step(app, &due, Step::Later(next), now_ms).await
        }
        Err(NotDelivered::Later { problem, .. } | NotDelivered::Never { problem }) => {
            park(app, &due, &problem, now_ms).await
        }
    }
}

async fn step(app: &App, due: &DueDelivery, step: Step, now_ms: i64) -> Result<(), NoticeError> {
    if matches!(step, Step::Delivered(_)) {
        metrics::counter!("notices_delivered_total", "channel" => due.channel.as_str()).increment(1);
    }
    let due = due.clone();
    let written = app.db().write(move |conn| {
        delivery_step(conn, (&due.notice, due.channel), &step, now_ms)?;
        Ok::<_, NoticeError>(())
    });
    written.await
}

/// Gives a way up, and takes paper for what must be told.
async fn park(app: &App, due: &DueDelivery, problem: &str, now_ms: i64) -> Result<(), NoticeError> {
    tracing::error!(notice = %due.notice, channel = due.channel.as_str(), problem, "a notice is parked");
    metrics::counter!("notices_parked_total", "channel" => due.channel.as_str()).increment(1);
    let (keys, configured) = (app.keys().clone(), Configured::of(app));
    let (due, problem) = (due.clone(), problem.to_owned());
    let parked = app.db().write(move |conn| {
        let parked = delivery_step(conn, (&due.notice, due.channel), &Step::Parked(problem), now_ms)?;
        let notice = notice_find(conn, &keys, &due.notice)?;
        let must = notice.filter(|notice| parked && notice.kind.class() == NoticeClass::Always);
        if let Some(notice) = must.filter(|_| due.channel != Channel::Letter)
            && let Some(letter) = plan::paper(conn, &keys, &notice, configured)?
        {
            delivery_insert(conn, &notice.id, letter, now_ms)?;
        }
        Ok::<_, NoticeError>(())
    });
    parked.await
}

/// What goes out; `None` if nobody knows where to any more.
async fn message(app: &App, due: &DueDelivery) -> Result<Option<Message>, NoticeError> {
    let (keys, id, channel) = (app.keys().clone(), due.notice.clone(), due.channel);
    let found = app.db().read(move |conn| {
        let Some(notice) = notice_find(conn, &keys, &id)? else { return Ok(None) };
        let chosen = preference_find(conn, &keys, &notice.to)?;
        let language = chosen.as_ref().map_or_else(|| language(""), |chosen| language(&chosen.language));
        let contact = chosen.map(|chosen| chosen.contact).unwrap_or_default();
        let to = match channel {
            Channel::Mail => contact.email.map(Address::Mail),
            Channel::Sms => contact.phone.map(Address::Phone),
            Channel::Letter => link_number(conn, &keys, notice.to.as_str())?.map(Address::Number),
            Channel::Wallet => None,
        };
        Ok::<_, NoticeError>(to.map(|to| (notice, to, language)))
    });
    let Some((notice, to, language)) = found.await? else { return Ok(None) };
    let StoredNotice { id, kind, at_ms, .. } = notice;
    let texts = app.notices().texts.all(&kind, &id, &Names::now(app), language);
    let at = schemas::time::Timestamp::from_seconds(at_ms.div_euclid(1000));
    Ok(Some(Message { id, to, language, texts, at }))
}

async fn measure(app: &App) -> Result<(), NoticeError> {
    let counts = app.db().read(|conn| Ok::<_, NoticeError>(deliveries_count(conn)?)).await?;
    for (state, gauge) in [
        (DeliveryState::Waiting, "notices_waiting"),
        (DeliveryState::Printed, "notices_printed"),
        (DeliveryState::Parked, "notices_parked"),
    ] {
        let count = counts.iter().find(|(of, _)| *of == state).map_or(0, |(_, count)| *count);
        #[allow(clippy::cast_precision_loss, reason = "a metric")]
        metrics::gauge!(gauge).set(count as f64);
    }
    Ok(())
}
