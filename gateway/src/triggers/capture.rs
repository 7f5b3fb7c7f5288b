//! From a row of the department's register to events: noticed, numbered, signed and stored in one fenced transaction.
//!
//! Guarantees: a row, and a registration number, becomes events once, whatever stops in between; a number is given only in the
//! transaction that stores the signed event, so that no feed has a gap; the change is taken off the department's outbox only
//! when the events are durable. Deliberately absent: sending.

use std::time::Duration;

use registry_adapter::changes::{Change, ChangeFeed, ChangeUnreadable, Position};
use schemas::event::EventKind;
use service_kit::{db::AnyConnection, lease::Lease};

use super::{
    DELIVERY, TriggerError, ageing,
    error::blocking,
    happening::{Happening, happenings_of},
    tell::{self, Known},
};
use crate::{
    app::App,
    store::{
        identity::bindings::{binding_resume, binding_suspend},
        triggers::captured::captured_claim,
    },
};

/// The register is looked at so often; the job itself comes round every second.
const POLL: Duration = Duration::from_millis(200);
const POLLS: u32 = 5;
/// Changes of one transaction: enough to be quick, few enough not to keep others from writing.
pub(super) const BATCH: u32 = 50;

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
    /// Something happened.
    Something(Box<Change>),
    /// Nothing to tell: the row is gone again, or speaks of nobody whom the register knows.
    Nothing,
}

impl Prepared {
    /// `None`: it stays pending for an officer, and blocks nobody.
    fn of(change: Change) -> Option<Self> {
        let position = change.position;
        let what = match &change.content {
            Err(ChangeUnreadable::RowMissing | ChangeUnreadable::NotMeant) => What::Nothing,
            // A birth date that is no day is looked at all the same: what was told before may be wrong.
            Err(_) if change.event.as_str() == EventKind::AgeRevised.as_str() => What::Something(Box::new(change)),
            Err(error) => {
                tracing::warn!(event = %change.event, %error, "a change of the register cannot be told; it stays pending");
                return None;
            }
            Ok(_) if change.subject.is_none() => What::Nothing,
            Ok(_) => What::Something(Box::new(change)),
        };
        Some(Self { position, what })
    }
}

/// Stores the events of these changes, then takes the changes off the outbox. Returns how many events there are.
fn capture(app: &App, changes: &ChangeFeed, lease: &Lease, prepared: Vec<Prepared>) -> Result<usize, TriggerError> {
    let positions: Vec<Position> = prepared.iter().map(|change| change.position).collect();
    let (mut happenings, mut corrected) = (Vec::new(), Vec::new());
    for change in prepared {
        let What::Something(change) = change.what else { continue };
        if change.event.as_str() == EventKind::AgeRevised.as_str() {
            corrected.extend(change.subject);
        } else {
            happenings.extend(happenings_of(app.keys(), changes, *change)?);
        }
    }
    let known = known(app, &happenings)?;
    let corrections = ageing::corrections(app, &corrected)?;
    let told = app.db().write_blocking(|conn| {
        // Until COMMIT nobody can overtake us; who was overtaken already stores nothing.
        if !lease.check(conn)? {
            return Err(TriggerError::Overtaken);
        }
        let mut told = 0;
        for happening in &happenings {
            told += tell_once(app, conn, happening, &known)?;
        }
        for correction in &corrections {
            told += ageing::correct(app, conn, correction)?;
        }
        Ok(told)
    })?;
    // If we stop here, the changes come again and are known by their rows: no second event.
    changes.mark_done(&positions)?;
    Ok(told)
}

/// The residents of whom the happenings speak, for what helps to match. Blocks.
pub(super) fn known(app: &App, happenings: &[Happening]) -> Result<Known, TriggerError> {
    let mut known = Known::new();
    let Some(residents) = app.source().and_then(registry_adapter::source::Source::residents) else { return Ok(known) };
    for key in
        happenings.iter().flat_map(|happening| std::iter::once(&happening.subject).chain(happening.people.values()))
    {
        if !known.contains_key(key)
            && let Some(resident) = residents.by_number(key)?
        {
            known.insert(key.clone(), resident);
        }
    }
    Ok(known)
}

/// The events of one happening, unless its row or its registration number was told before.
pub(super) fn tell_once(
    app: &App,
    conn: &mut AnyConnection,
    happening: &Happening,
    known: &Known,
) -> Result<usize, TriggerError> {
    let (keys, now_ms) = (app.keys(), app.now_ms());
    let kind = happening.kind.event_type().ok_or(TriggerError::Answer("a type has no name"))?;
    for (place, claim) in happening.claims.iter().enumerate() {
        if !captured_claim(conn, &kind, claim, now_ms)? {
            if place > 0 {
                tracing::warn!(event = %kind, "a registration number came again in another row; it has no second effect");
            }
            return Ok(0);
        }
    }
    match happening.kind {
        // Whoever holds the dead person's wallet can use it no more, from this commit on.
        EventKind::DeathRegistered => drop(binding_suspend(conn, keys, &happening.subject)?),
        EventKind::DeathAnnulled => drop(binding_resume(conn, keys, &happening.subject)?),
        _ => {}
    }
    tell::tell_all(app, conn, happening, known)
}
