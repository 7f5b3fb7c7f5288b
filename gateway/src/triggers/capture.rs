//! From a row of the department's register to events: noticed, numbered, signed and stored in one fenced transaction.
//!
//! Guarantees: a row, and a registration number, becomes events once, whatever stops in between; a number is given only in the
//! transaction that stores the signed event, so that no feed has a gap; the change is taken off the department's outbox only
//! when the events are durable. Deliberately absent: sending.

use std::time::Duration;

use registry_adapter::{
    changes::{Change, ChangeFeed, ChangeUnreadable, Position},
    identity::Resident,
};
use schemas::event::{DEATH_REGISTERED, DeathRegistered};
use service_kit::{db::AnyConnection, lease::Lease};

use super::{
    DELIVERY, TriggerError,
    error::blocking,
    tell::{self, Happening},
};
use crate::{
    app::App,
    identity::binding_suspend,
    store::triggers::{PersonIndex, captured::captured_claim, captured_index},
};

/// The register is looked at so often; the job itself comes round every second.
const POLL: Duration = Duration::from_millis(200);
const POLLS: u32 = 5;
/// Changes of one transaction: enough to be quick, few enough not to keep others from writing.
const BATCH: u32 = 50;

/// Looks for changes during one second.
pub(crate) async fn run(app: &App) -> Result<(), TriggerError> {
    for _ in 0..POLLS {
        while once(app).await? {}
        app.clock().sleep(POLL).await;
    }
    Ok(())
}

/// Turns what is pending into events; `true`: there may be more.
pub(crate) async fn once(app: &App) -> Result<bool, TriggerError> {
    let Some(changes) = app.triggers().changes.clone() else { return Ok(false) };
    let looked = changes.clone();
    let pending = blocking(move || Ok(looked.pending(BATCH)?)).await?;
    let readable: Vec<Prepared> = pending.into_iter().filter_map(Prepared::of).collect();
    if readable.is_empty() {
        return Ok(false);
    }
    let Some(lease) = app.lease(super::CAPTURE).await? else { return Ok(false) };
    let full = readable.len() == BATCH as usize;
    let (working, held) = (app.clone(), lease.clone());
    let done = blocking(move || capture(&working, &changes, &held, readable)).await;
    app.release(lease).await?;
    let told = done?;
    if told > 0 {
        app.wake_anchor();
        app.wakes().wake(DELIVERY);
    }
    Ok(full)
}

/// A change as far as it can be told.
struct Prepared {
    position: Position,
    what: What,
}

enum What {
    /// A registered death.
    Death(Box<(Change, DeathRegistered)>),
    /// Nothing to tell: the row is gone again, or speaks of nobody whom the register knows.
    Nothing,
}

impl Prepared {
    /// `None`: it stays pending for an officer, and blocks nobody.
    fn of(change: Change) -> Option<Self> {
        let position = change.position;
        let what = match &change.content {
            Err(ChangeUnreadable::RowMissing) => What::Nothing,
            Err(error) => {
                tracing::warn!(event = %change.event, %error, "a change of the register cannot be told; it stays pending");
                return None;
            }
            Ok(_) if change.subject.is_none() => What::Nothing,
            Ok(content) if change.event.as_str() == DEATH_REGISTERED => match tell::death(content) {
                Some(death) => What::Death(Box::new((change, death))),
                None => {
                    tracing::warn!(event = %change.event, "a change does not hold what its event must; it stays pending");
                    return None;
                }
            },
            Ok(_) => {
                tracing::warn!(event = %change.event, "changes of this type cannot be told; it stays pending");
                return None;
            }
        };
        Some(Self { position, what })
    }
}

/// Stores the events of these changes, then takes the changes off the outbox. Returns how many events there are.
fn capture(app: &App, changes: &ChangeFeed, lease: &Lease, prepared: Vec<Prepared>) -> Result<usize, TriggerError> {
    let positions: Vec<Position> = prepared.iter().map(|change| change.position).collect();
    let happenings = happenings(app, prepared)?;
    let told = app.db().write_blocking(|conn| {
        // Until COMMIT nobody can overtake us; who was overtaken already stores nothing.
        if !lease.check(conn)? {
            return Err(TriggerError::Overtaken);
        }
        let mut told = 0;
        for happening in &happenings {
            told += tell_once(app, conn, happening)?;
        }
        Ok(told)
    })?;
    // If we stop here, the changes come again and are known by their rows: no second event.
    changes.mark_done(&positions)?;
    Ok(told)
}

/// Reads the residents whom the changes are about, for what helps to match.
fn happenings(app: &App, prepared: Vec<Prepared>) -> Result<Vec<Happening>, TriggerError> {
    let residents = app.source().and_then(registry_adapter::source::Source::residents);
    let mut happenings = Vec::with_capacity(prepared.len());
    for change in prepared {
        let What::Death(death) = change.what else { continue };
        let (change, death) = *death;
        let (Some(subject), Ok(content)) = (change.subject, change.content) else { continue };
        let resident: Option<Resident> = match &residents {
            Some(residents) => residents.by_number(&subject)?,
            None => None,
        };
        happenings.push(Happening {
            kind: change.event,
            row_key: change.row_key,
            subject,
            recorded: change.recorded,
            effective: content.effective,
            about: tell::about(resident.as_ref()),
            death,
        });
    }
    Ok(happenings)
}

/// The events of one happening, unless its row or its registration number was told before.
fn tell_once(app: &App, conn: &mut AnyConnection, happening: &Happening) -> Result<usize, TriggerError> {
    let (keys, now_ms) = (app.keys(), app.now_ms());
    let row = captured_index(keys, "row", happening.row_key.as_str());
    let number = captured_index(keys, "number", &happening.death.registration_number);
    if !captured_claim(conn, &happening.kind, &row, now_ms)? {
        return Ok(0);
    }
    if !captured_claim(conn, &happening.kind, &number, now_ms)? {
        tracing::warn!(event = %happening.kind, "a registration number came again in another row; it has no second effect");
        return Ok(0);
    }
    // Whoever holds the dead person's wallet can use it no more, from this commit on.
    binding_suspend(conn, keys, &happening.subject)?;
    let person = PersonIndex::of_resident(keys, happening.subject.as_str());
    tell::tell_all(app, conn, happening, &person)
}
