//! Who attains an age: every quarter of an hour, on the civil day of Asia/Kolkata, for each age that a subscription asks for.
//!
//! Guarantees: everybody whom the register holds alive, with a birth date known to the day, is found once for each (person, years,
//! convention, birth date), however long nothing ran and whatever stopped in between: a watermark moves in the transaction that
//! stores whom it passed. A clock that was set back does nothing and alarms; one that jumps ahead by more than two days stops until
//! the trust anchor's own signed time agrees, or an officer says so. A birth date known by the year alone never fires. A corrected
//! one is held against every age that was passed before. Deliberately absent: which schemes use an age; subscriptions say so.
//! Source: triggers, "Ageing".

use std::collections::{BTreeMap, BTreeSet};

use eligibility::age::{attained, cut_under};
use registry_adapter::{
    ageing::Born,
    changes::Draft,
    identity::{BirthDate, Residents},
    key::LocalKey,
    source::Source,
};
use schemas::{
    event::{AGE_ATTAINED, AgeThreshold, EventKind, SubscriptionScope},
    time::{CivilDate, Timestamp},
};
use serde_json::json;
use service_kit::{
    db::{AnyConnection, DatabaseError},
    lease::Lease,
};

use super::{
    AGEING, DELIVERY, TriggerError, capture,
    error::blocking,
    happening::{Happening, case_of},
    tell::{self, Known, Page},
};
use crate::{
    app::App,
    audit,
    decisions::DecisionError,
    keys::Keys,
    store::{
        decisions::days::decision_day,
        triggers::{
            PersonIndex, Side,
            ages::{
                Crossing, crossing_insert, crossing_revised, crossing_told, crossings_due, crossings_insert,
                crossings_of, permission_insert, permitted_until, watermark, watermark_latest, watermark_move,
            },
            captured_index,
            scopes::scope_find,
            subscriptions::subscriptions_all,
        },
    },
};

/// The most days that one transaction passes.
const CHUNK_DAYS: i32 = 31;
/// A clock that is further ahead of the last pass is not believed by itself.
const BELIEVED_DAYS: i32 = 2;

/// Finds who attains an age today, and who attained one since the last pass.
pub(crate) async fn run(app: &App) -> Result<(), TriggerError> {
    on_day(app, app.now().civil_day()).await
}

/// The same as of a civil day.
pub(super) async fn on_day(app: &App, today: CivilDate) -> Result<(), TriggerError> {
    let Some(residents) = app.source().and_then(Source::residents) else { return Ok(()) };
    let Some(lease) = app.lease(AGEING).await? else { return Ok(()) };
    let done = pass(app, &residents, &lease, today).await;
    app.release(lease).await?;
    app.wake_anchor();
    app.wakes().wake(DELIVERY);
    done
}

async fn pass(app: &App, residents: &Residents, lease: &Lease, today: CivilDate) -> Result<(), TriggerError> {
    // What an earlier pass found and did not come to tell.
    tell_due(app, lease).await?;
    if !clock_is_believed(app, today).await? {
        return Ok(());
    }
    let ages = app.db().read(move |conn| ages_asked_for(conn, today)).await?;
    for age in ages {
        cross(app, residents, lease, (age, today)).await?;
    }
    tell_due(app, lease).await
}

/// The ages that subscriptions in force ask for.
fn ages_asked_for(conn: &mut AnyConnection, today: CivilDate) -> Result<BTreeSet<AgeThreshold>, TriggerError> {
    let mut ages = BTreeSet::new();
    for subscription in subscriptions_all(conn, Side::Source)? {
        if !subscription.in_force(today) || !subscription.types.iter().any(|kind| kind.as_str() == AGE_ATTAINED) {
            continue;
        }
        let row = scope_find(conn, &subscription.id)?;
        if !row.ended && (row.scope == SubscriptionScope::Follow || row.approved) {
            ages.extend(row.filter.into_iter().flat_map(|filter| filter.ages));
        }
    }
    Ok(ages)
}

/// Why a clock is not acted upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockDoubt {
    /// It was set back.
    Back {
        /// The last day that was passed.
        latest: CivilDate,
    },
    /// It is more than two days ahead of the last pass, and neither the trust anchor nor an officer confirms it.
    Ahead {
        /// The last day that was passed.
        latest: CivilDate,
    },
}

/// Whether the clock may be acted upon; the last day is that of ageing or of decisions, whichever is later.
pub(crate) async fn clock_doubt(app: &App, today: CivilDate) -> Result<Option<ClockDoubt>, TriggerError> {
    let days = |conn: &mut AnyConnection| {
        let decided = decision_day(conn).map_err(DecisionError::from)?;
        Ok::<_, TriggerError>((watermark_latest(conn)?.max(decided), permitted_until(conn)?))
    };
    let (Some(latest), permitted) = app.db().read(days).await? else { return Ok(None) };
    if today < latest {
        return Ok(Some(ClockDoubt::Back { latest }));
    }
    let witnessed = anchor_day(app).is_some_and(|day| today <= days_after(day, BELIEVED_DAYS));
    let believed = today <= days_after(latest, BELIEVED_DAYS) || witnessed;
    let believed = believed || permitted.is_some_and(|day| today <= day);
    Ok((!believed).then_some(ClockDoubt::Ahead { latest }))
}

/// The same, said aloud: nobody ages by a clock that jumped.
async fn clock_is_believed(app: &App, today: CivilDate) -> Result<bool, TriggerError> {
    match clock_doubt(app, today).await? {
        None => return Ok(true),
        Some(ClockDoubt::Back { latest }) => {
            tracing::error!(%today, %latest, "the clock was set back; nobody ages until it is past the last day again");
            metrics::counter!("ageing_stopped_total", "reason" => "clock-back").increment(1);
        }
        Some(ClockDoubt::Ahead { latest }) => {
            tracing::error!(%today, %latest, "the clock is more than two days ahead of the last pass and the trust anchor does not confirm it; mend: set the clock, or look at it and run `vinimay gateway trigger go-on`");
            metrics::counter!("ageing_stopped_total", "reason" => "clock-ahead").increment(1);
        }
    }
    Ok(false)
}

/// The day of the trust anchor's latest signed statement: another clock than ours.
fn anchor_day(app: &App) -> Option<CivilDate> {
    let directory = app.directory();
    let payload = directory.anchor_configuration().as_str().split('.').nth(1)?;
    let payload = protocol::seal::decode_base64url(payload).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&payload).ok()?;
    Some(Timestamp::from_seconds(claims.get("iat")?.as_i64()?).civil_day())
}

/// An officer has looked at the clock: ageing and decisions go on up to today.
///
/// # Errors
/// If the database fails.
pub async fn go_on(app: &App, by: &str) -> Result<CivilDate, DatabaseError> {
    let (today, now_ms, by, us, now) =
        (app.now().civil_day(), app.now_ms(), by.to_owned(), app.entity().clone(), app.now());
    app.db()
        .write(move |conn| {
            permission_insert(conn, today, &by, now_ms)?;
            audit::append(conn, &audit::done(&by, "ageing.go-on", us.as_str(), now))
        })
        .await?;
    app.wakes().wake(AGEING);
    app.wake_decisions();
    Ok(today)
}

fn days_after(day: CivilDate, days: i32) -> CivilDate {
    let span = jiff::Span::new().days(i64::from(days));
    CivilDate::from_date(day.date().checked_add(span).unwrap_or(jiff::civil::Date::MAX))
}

/// Moves one age's watermark to today, a chunk at a time. An age that is new begins today: who attained it before is found by a
/// back-test and offered, not told in a flood.
async fn cross(
    app: &App,
    residents: &Residents,
    lease: &Lease,
    (age, today): (AgeThreshold, CivilDate),
) -> Result<(), TriggerError> {
    let mut mark = app.db().read(move |conn| Ok::<_, TriggerError>(watermark(conn, age)?)).await?;
    while mark != Some(today) {
        if !app.renew(lease).await? {
            return Err(TriggerError::Overtaken);
        }
        let until = mark.map_or(today, |mark| today.min(days_after(mark, CHUNK_DAYS)));
        let (working, held, residents) = (app.clone(), lease.clone(), residents.clone());
        blocking(move || {
            let born = match mark {
                Some(mark) => born_between(&residents, age, (mark, until))?,
                None => Vec::new(),
            };
            store(&working, &held, age, (mark, until), &born)
        })
        .await?;
        mark = Some(until);
    }
    Ok(())
}

/// Whoever attains the age after one day and until another, by the days of birth that do.
fn born_between(
    residents: &Residents,
    age: AgeThreshold,
    (after, until): (CivilDate, CivilDate),
) -> Result<Vec<Born>, TriggerError> {
    let cut = |day| cut_under(day, age.years, age.convention.into());
    let (mut all, mut from) = (Vec::new(), None);
    loop {
        let page = residents.born_between((cut(after), cut(until)), from.as_ref())?;
        all.extend(page.people);
        let Some(next) = page.next else { return Ok(all) };
        from = Some(next);
    }
}

/// Crossings and watermark in one transaction.
fn store(
    app: &App,
    lease: &Lease,
    age: AgeThreshold,
    (from, to): (Option<CivilDate>, CivilDate),
    born: &[Born],
) -> Result<(), TriggerError> {
    let (keys, now_ms) = (app.keys(), app.now_ms());
    app.db().write_blocking(|conn| {
        if !lease.check(conn)? || !watermark_move(conn, age, from, to)? {
            return Err(TriggerError::Overtaken);
        }
        let crossings: Vec<(Crossing, &LocalKey)> = born
            .iter()
            .map(|person| {
                let effective = attained(person.on, age.years, age.convention.into());
                (Crossing::of(keys, &person.number, age, person.on, effective), &person.number)
            })
            .collect();
        Ok(crossings_insert(conn, keys, &crossings, now_ms)?)
    })
}

/// Tells what was found. If we stop in between, the rest is told next time.
async fn tell_due(app: &App, lease: &Lease) -> Result<(), TriggerError> {
    loop {
        if !app.renew(lease).await? {
            return Err(TriggerError::Overtaken);
        }
        let (working, held) = (app.clone(), lease.clone());
        if blocking(move || tell_some(&working, &held)).await? < capture::BATCH as usize {
            return Ok(());
        }
    }
}

fn tell_some(app: &App, lease: &Lease) -> Result<usize, TriggerError> {
    let keys = app.keys();
    let due =
        app.db().read_blocking(|conn| Ok::<_, TriggerError>(crossings_due(conn, keys, capture::BATCH.into())?))?;
    let happenings: Vec<Happening> =
        due.iter().map(|(crossing, resident)| attains(app, crossing, resident)).collect::<Result<_, _>>()?;
    let known = capture::known(app, &happenings)?;
    app.db().write_blocking(|conn| {
        if !lease.check(conn)? {
            return Err(TriggerError::Overtaken);
        }
        tell::together(conn, app.now_ms(), |page, conn| {
            for ((crossing, _), happening) in due.iter().zip(&happenings) {
                let alive = known.get(&happening.subject).is_some_and(|resident| resident.alive);
                if crossing_told(conn, &crossing.id)? && alive {
                    tell::tell_all(app, (page, conn), happening, &known)?;
                }
            }
            Ok(())
        })
    })?;
    Ok(due.len())
}

/// Somebody's age, as a registration that later events may speak of.
fn age_index(keys: &Keys, resident: &LocalKey, age: AgeThreshold) -> String {
    captured_index(keys, "registration", &format!("age {age:?} {}", resident.as_str()))
}

fn attains(app: &App, crossing: &Crossing, resident: &LocalKey) -> Result<Happening, TriggerError> {
    let Crossing { age, effective, .. } = crossing;
    let members = json!({ "years": age.years, "convention": age.convention, "effective": effective });
    about_age(app, EventKind::AgeAttained, members, crossing, resident)
}

fn about_age(
    app: &App,
    kind: EventKind,
    members: serde_json::Value,
    crossing: &Crossing,
    resident: &LocalKey,
) -> Result<Happening, TriggerError> {
    let serde_json::Value::Object(members) = members else { return Err(TriggerError::Answer("no members")) };
    Ok(Happening {
        kind,
        claims: Vec::new(),
        subject: resident.clone(),
        people: BTreeMap::new(),
        recorded: app.now(),
        effective: crossing.effective,
        draft: Draft::of(kind, members).map_err(|_| TriggerError::Answer("an age has no payload"))?,
        case: case_of(app.keys(), "age", &crossing.id)?,
        registration: Some(age_index(app.keys(), resident, crossing.age)),
        replaces: None,
    })
}

/// A resident whose birth date is new or another. Personal data.
pub(super) struct Correction {
    resident: registry_adapter::identity::Resident,
}

/// The residents whose rows have changed, as they stand now. Blocks.
pub(super) fn corrections(app: &App, changed: &[LocalKey]) -> Result<Vec<Correction>, TriggerError> {
    let Some(residents) = app.source().and_then(Source::residents) else { return Ok(Vec::new()) };
    let mut corrections = Vec::new();
    for number in changed {
        corrections.extend(residents.by_number(number)?.map(|resident| Correction { resident }));
    }
    Ok(corrections)
}

/// Holds a birth date against every age that was passed before; how many events that makes.
pub(super) fn correct(
    app: &App,
    (page, conn): (&mut Page, &mut AnyConnection),
    correction: &Correction,
) -> Result<usize, TriggerError> {
    let resident = &correction.resident;
    if !resident.alive {
        return Ok(0);
    }
    let mut told = 0;
    for age in ages_asked_for(conn, app.now().civil_day())? {
        let Some(mark) = watermark(conn, age)? else { continue };
        let person = PersonIndex::of_resident(app.keys(), resident.number.as_str());
        let before = crossings_of(conn, &person, age)?;
        let BirthDate::Day(birth) = resident.birth_date else {
            if !before.is_empty() {
                tracing::error!(
                    years = age.years,
                    "a birth date is known by the year alone now, after an age was told; it is for an officer"
                );
                metrics::counter!("ageing_unclear_total").increment(1);
            }
            continue;
        };
        let effective = attained(birth, age.years, age.convention.into());
        let now = Crossing::of(app.keys(), &resident.number, age, birth, effective);
        told += one_age(app, (page, conn), (&now, mark), &before, correction)?;
    }
    if told > 0 {
        app.wakes().wake(AGEING);
    }
    Ok(told)
}

/// One age of one person by the corrected date: attained at once, revised, or as it was.
fn one_age(
    app: &App,
    (page, conn): (&mut Page, &mut AnyConnection),
    (now, mark): (&Crossing, CivilDate),
    before: &[(Crossing, bool)],
    Correction { resident }: &Correction,
) -> Result<usize, TriggerError> {
    if before.iter().any(|(known, _)| known.id == now.id || known.effective == now.effective) {
        return Ok(0);
    }
    let attained = now.effective <= mark;
    let mut revised = 0;
    for (known, was_told) in before {
        crossing_revised(conn, &known.id)?;
        if *was_told {
            let members = json!({
                "years": now.age.years, "convention": now.age.convention, "attained": attained,
                "effective": now.effective, "before": known.effective,
            });
            let happening = about_age(app, EventKind::AgeRevised, members, now, &resident.number)?;
            let known = Known::from([(resident.number.clone(), resident.clone())]);
            tell::tell_all(app, (page, conn), &happening, &known)?;
            revised += 1;
        }
    }
    if attained {
        crossing_insert(conn, app.keys(), now, &resident.number, app.now_ms())?;
        if revised > 0 {
            // The revision has said it.
            crossing_told(conn, &now.id)?;
        }
    }
    Ok(revised.max(usize::from(attained)))
}
