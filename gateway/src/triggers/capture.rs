//! From a row of the department's register to events: noticed, numbered, signed and stored in one fenced transaction.
//!
//! Guarantees: a row, and a registration number, becomes events once, whatever stops in between; a number is given only in the
//! transaction that stores the signed event, so that no feed has a gap; the change is taken off the department's outbox only
//! when the events are durable. Deliberately absent: sending.

use std::{collections::BTreeSet, time::Duration};

use registry_adapter::{
    changes::{Change, ChangeFeed, ChangeUnreadable, Position},
    key::LocalKey,
};
use schemas::{event::EventKind, id::EventType};
use service_kit::{db::AnyConnection, lease::Lease};

use super::{
    DELIVERY, TriggerError, ageing,
    error::blocking,
    happening::{Happening, happenings_of},
    tell::{self, Known, Page},
};
use crate::{
    app::App,
    store::{
        identity::bindings::{binding_resume, binding_suspend},
        triggers::captured::captured_claim_all,
    },
};

/// The register is looked at so often; the job itself comes round every second.
const POLL: Duration = Duration::from_millis(200);
const POLLS: u32 = 5;
/// Changes of one transaction: enough to be quick, few enough not to keep others from writing.
pub(super) const BATCH: u32 = 100;

/// Looks for changes during one second.
pub(crate) async fn run(app: &App) -> Result<(), TriggerError> {
    for _ in 0..POLLS {
        once(app).await?;
        app.clock().sleep(POLL).await;
    }
    Ok(())
}

/// Turns all that is pending into events.
pub(crate) async fn once(app: &App) -> Result<(), TriggerError> {
    let Some(changes) = app.triggers().changes.clone() else { return Ok(()) };
    let first = readable(&changes).await?;
    if first.is_empty() {
        return Ok(());
    }
    let Some(lease) = app.lease(super::CAPTURE).await? else { return Ok(()) };
    let done = all(app, &changes, &lease, first).await;
    app.release(lease).await?;
    done
}

async fn readable(changes: &ChangeFeed) -> Result<Vec<Prepared>, TriggerError> {
    let looked = changes.clone();
    let pending = blocking(move || Ok(looked.pending(BATCH)?)).await?;
    Ok(pending.into_iter().filter_map(Prepared::of).collect())
}

/// Batch after batch under one lease, which each batch's commit checks.
async fn all(app: &App, changes: &ChangeFeed, lease: &Lease, first: Vec<Prepared>) -> Result<(), TriggerError> {
    let (mut batch, mut renewed) = (first, app.clock().monotonic());
    loop {
        let full = batch.len() == BATCH as usize;
        let (working, captured, held) = (app.clone(), changes.clone(), lease.clone());
        if blocking(move || capture(&working, &captured, &held, batch)).await? > 0 {
            app.wake_anchor();
            app.wakes().wake(DELIVERY);
        }
        if !full {
            return Ok(());
        }
        if app.clock().monotonic().saturating_sub(renewed) > super::RENEWED_WITHIN {
            if !app.renew(lease).await? {
                return Err(TriggerError::Overtaken);
            }
            renewed = app.clock().monotonic();
        }
        batch = readable(changes).await?;
    }
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
        tell::together(conn, app.now_ms(), |page, conn| {
            let mut told = tell_each(app, (page, conn), &happenings, &known)?;
            for correction in &corrections {
                told += ageing::correct(app, (page, conn), correction)?;
            }
            Ok(told)
        })
    })?;
    // If we stop here, the changes come again and are known by their rows: no second event.
    changes.mark_done(&positions)?;
    Ok(told)
}

/// The residents of whom the happenings speak, for what helps to match. Blocks.
pub(super) fn known(app: &App, happenings: &[Happening]) -> Result<Known, TriggerError> {
    let mut known = Known::new();
    let Some(residents) = app.source().and_then(registry_adapter::source::Source::residents) else { return Ok(known) };
    let named = |happening: &'_ Happening| {
        std::iter::once(happening.subject.clone()).chain(happening.people.values().cloned()).collect::<Vec<_>>()
    };
    let numbers: BTreeSet<LocalKey> = happenings.iter().flat_map(named).collect();
    let numbers: Vec<LocalKey> = numbers.into_iter().collect();
    known.extend(residents.by_numbers(&numbers)?.into_iter().map(|resident| (resident.number.clone(), resident)));
    Ok(known)
}

/// The events of each happening, unless its row or its registration number was told before.
pub(super) fn tell_each(
    app: &App,
    (page, conn): (&mut Page, &mut AnyConnection),
    happenings: &[Happening],
    known: &Known,
) -> Result<usize, TriggerError> {
    let (mut told, keys) = (0, app.keys());
    page.speaks_of(happenings.iter().flat_map(|happening| tell::followed(app, happening)));
    for happening in unclaimed(conn, happenings, app.now_ms())? {
        match happening.kind {
            // Whoever holds the dead person's wallet can use it no more, from this commit on.
            EventKind::DeathRegistered => drop(binding_suspend(conn, keys, &happening.subject)?),
            EventKind::DeathAnnulled => drop(binding_resume(conn, keys, &happening.subject)?),
            _ => {}
        }
        told += tell::tell_all(app, (page, conn), happening, known)?;
    }
    Ok(told)
}

/// Those that nobody told before, in their order: each claims its row, then its number, and so on as long as it is the first.
fn unclaimed<'a>(
    conn: &mut AnyConnection,
    happenings: &'a [Happening],
    now_ms: i64,
) -> Result<Vec<&'a Happening>, TriggerError> {
    let mut left: Vec<(EventType, &Happening)> = Vec::with_capacity(happenings.len());
    for happening in happenings {
        left.push((happening.kind.event_type().ok_or(TriggerError::Answer("a type has no name"))?, happening));
    }
    for place in 0..happenings.iter().map(|happening| happening.claims.len()).max().unwrap_or(0) {
        let claim = |happening: &'a Happening| happening.claims.get(place).map(String::as_str);
        let asked: Vec<(EventType, &str)> =
            left.iter().filter_map(|(kind, happening)| Some((kind.clone(), claim(happening)?))).collect();
        let mut claimed = captured_claim_all(conn, &asked, now_ms)?;
        left.retain(|(kind, happening)| {
            let Some(claim) = claim(happening) else { return true };
            let first = claimed.remove(&(kind.as_str().to_owned(), claim.to_owned()));
            if !first && place > 0 {
                tracing::warn!(event = %kind, "a registration number came again in another row; it has no second effect");
            }
            first
        });
    }
    Ok(left.into_iter().map(|(_, happening)| happening).collect())
}
