//! Telling the roll what was decided, after the commit that decided it.
//!
//! Guarantees: each order carries the id of its decision, by which the roll does it once; whatever stops in between, the same
//! order is asked for again and answers what it did. A removal is ordered beside a warrant that is issued anew from the signed
//! records each time; there is no other way. What was done is signed into the decision's chain, with the journal entries.

mod brief;
mod done;
mod paid;

use std::collections::{BTreeMap, BTreeSet};

use eligibility::{fact::names, propose::Reason};
use protocol::{
    due_process::{Objection, OpenObjection, RemovalWarrant, VerifiedDecision, VerifiedNotice},
    seal::random,
};
use registry_adapter::{
    key::LocalKey,
    mapping::RollId,
    roll::{
        Amendment, Applied, Enrolment, HoldDecision, MappedRolls, ReleaseDecision, Removal, Restoration,
        RollWriter as _,
    },
};
use schemas::{
    answer::FieldValue,
    decision::{DecisionAction, DecisionEffect, DecisionNotice, DecisionRecord},
    digest::Digest,
    id::{FactName, MessageId},
    scheme::DecisionState,
    time::Timestamp,
};
use service_kit::db::AnyConnection;

use self::{
    brief::{Brief, brief},
    done::{advance, word},
    paid::paid,
};
use super::{
    DecisionError, breaker, clock, decide,
    error::blocking,
    look::local_key,
    outcome::{self, Answer},
    plan::plans,
    records::{self, Word, claims_of},
    run::locked,
    transition, trying,
};
use crate::{
    app::App,
    notices::Person,
    rolls::look_again,
    store::{
        decisions::{
            cases::{Decided, Todo, Undone, decision_find, decision_update, decisions_of},
            log::LogKind,
            persons::person_lock,
            work::{decision_later, decisions_wake},
        },
        links::{NewLink, link_insert, link_lock, link_subjects},
    },
};

/// How a link by enrolment is recorded.
const BY_ENROLMENT: &str = "enrolment";

/// What came of telling the rolls.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Whether anything changed, so that she is to be looked at again.
    pub(super) any: bool,
    /// The last that could not be done.
    pub(super) failed: Option<DecisionError>,
}

/// Does everything that the rolls are still to be told about a person. `right`: the removals that were just found right; none where
/// she could not be looked at, and then nobody is removed.
pub(super) async fn of_person(app: &App, person: &Person, right: Option<&[MessageId]>) -> Told {
    let (keys, who) = (app.keys().clone(), person.clone());
    let decided = match app.db().read(move |conn| decisions_of(conn, &keys, &who)).await {
        Ok(decided) => decided,
        Err(error) => return Told { any: false, failed: Some(error.into()) },
    };
    let mut told = Told::default();
    for decided in decided.into_iter().filter(|decided| decided.todo.is_some()) {
        let done = match (decided.todo, right) {
            (Some(Todo::Remove), None) => continue,
            (Some(Todo::Remove), Some(right)) if !right.contains(&decided.id) => not_right(app, decided).await,
            (Some(Todo::Remove), _) if !clock::is_believed(app).await => continue,
            _ => one(app, decided).await,
        };
        match done {
            Ok(any) => told.any |= any,
            Err(error) => told.failed = Some(error),
        }
    }
    told
}

/// A removal that nothing confirms is not carried out: an officer looks.
pub(super) async fn not_right(app: &App, mut decided: Decided) -> Result<bool, DecisionError> {
    let Some((_, local)) = local_key(app, &decided.person).await? else {
        return Err(DecisionError::NotWhole("a decision about nobody"));
    };
    decided.todo = Some(Todo::Remove);
    let (with, now) = (app.clone(), app.decided_at());
    app.db()
        .write(move |conn| {
            outcome::stop(&mut decided, now);
            if decision_update(conn, with.keys(), &decided)? {
                outcome::review(conn, &with, (&decided, local.as_ref()), now)?;
            }
            Ok::<_, DecisionError>(true)
        })
        .await
}

/// Tells the roll of one decision; if that fails, later again. Whether anything changed.
async fn one(app: &App, decided: Decided) -> Result<bool, DecisionError> {
    let id = decided.id.clone();
    match perform(app, decided).await {
        Ok(any) => Ok(any),
        Err(error) => {
            trying::failed(app, &id, &error).await?;
            Err(error)
        }
    }
}

/// What the roll did, and what the removal rested on.
struct Done {
    applied: Applied,
    notice: Option<DecisionNotice>,
    answer: Answer,
}

async fn perform(app: &App, decided: Decided) -> Result<bool, DecisionError> {
    let (with, read) = (app.clone(), decided.clone());
    match app.db().write(move |conn| order(conn, &with, &read)).await? {
        Order::Stands => carry_out(app, decided).await,
        // It is looked at again, and not ordered as it was.
        Order::Changed => Ok(true),
        Order::Stopped => Ok(false),
    }
}

/// An order, held against what is known now.
enum Order {
    /// As it was read.
    Stands,
    /// Its decision is another by now.
    Changed,
    /// A removal by a scheme that was stopped since it was ordered; it waits.
    Stopped,
}

fn order(conn: &mut AnyConnection, app: &App, read: &Decided) -> Result<Order, DecisionError> {
    person_lock(conn, app.keys(), &read.person)?;
    let now = decision_find(conn, app.keys(), &read.id)?;
    if now.is_none_or(|now| now.turn != read.turn || now.todo != read.todo) {
        return Ok(Order::Changed);
    }
    if read.todo == Some(Todo::Remove) && breaker::is_stopped(conn, &read.scheme)? {
        decision_later(conn, &read.id, app.decided_at_ms().saturating_add(breaker::STOPPED_MS))?;
        return Ok(Order::Stopped);
    }
    Ok(Order::Stands)
}

/// Orders it of the roll and writes what came of it. Whether anything changed.
pub(super) async fn carry_out(app: &App, decided: Decided) -> Result<bool, DecisionError> {
    let Some((_, local)) = local_key(app, &decided.person).await? else {
        return Err(DecisionError::NotWhole("a decision about nobody"));
    };
    let (keys, id, person) = (app.keys().clone(), decided.id.clone(), decided.person.clone());
    let today = app.decided_at().civil_day();
    let next = next_of(app, &decided).await?;
    let brief = app.db().read(move |conn| brief(conn, &keys, (&id, &person), (&next, today))).await?;
    settle(app, &decided.roll).await?;
    let (with, order, to) = (app.clone(), decided.clone(), local.clone());
    let done = blocking(move || tell(&with, &order, to, brief)).await?;
    commit(app, decided, local, done).await
}

/// Whoever is concerned by what the department's own system did on this roll is looked at again; it is known before it is written down.
async fn settle(app: &App, roll: &str) -> Result<(), DecisionError> {
    let roll: RollId = roll.parse().map_err(|_| DecisionError::NotWhole("its roll is no roll"))?;
    let writer = app.triggers().rolls().cloned().ok_or(DecisionError::NotWhole("no roll can be written here"))?;
    let (reader, named) = (writer.clone(), roll.clone());
    look_again(app, blocking(move || Ok(reader.found(&named)?)).await?).await?;
    let now = app.decided_at();
    look_again(app, blocking(move || Ok(writer.settle(&roll, now)?.done)).await?).await?;
    Ok(())
}

/// The schemes that follow on the one that a removal by a clause ends, or from which a removal is taken back.
async fn next_of(app: &App, decided: &Decided) -> Result<Vec<String>, DecisionError> {
    let ends = decided.todo == Some(Todo::Remove) && decided.matter.cause.reason == Reason::ClauseFalse;
    if !ends && decided.todo != Some(Todo::Restore) {
        return Ok(Vec::new());
    }
    let plans = plans(app, app.decided_at().civil_day()).await?;
    let Some(plan) = plans.iter().find(|plan| plan.key() == decided.scheme) else { return Ok(Vec::new()) };
    Ok(transition::following(plan, &plans).into_iter().map(|next| next.key().to_owned()).collect())
}

/// Who decided, as the journal names it.
fn actor(decided: &Decided) -> String {
    match (&decided.matter.scheme, &decided.matter.rule) {
        (Some(scheme), _) => format!("scheme:{}@{}", scheme.id, scheme.version),
        (None, Some(rule)) => format!("rule:{rule}"),
        (None, None) => decided.scheme.clone(),
    }
}

/// Orders it of the roll. Blocks.
fn tell(app: &App, decided: &Decided, local: Option<LocalKey>, brief: Brief) -> Result<Done, DecisionError> {
    let writer = app.triggers().rolls().ok_or(DecisionError::NotWhole("no roll can be written here"))?;
    let roll: RollId = decided.roll.parse().map_err(|_| DecisionError::NotWhole("its roll is no roll"))?;
    let now = app.decided_at();
    let todo = decided.todo.ok_or(DecisionError::Overtaken)?;
    let (applied, notice) = match todo {
        Todo::Enrol => (writer.enrol(&enrolment(decided, (roll, local.clone()), brief.facts), now)?, None),
        Todo::Remove => {
            let (applied, notice) = remove(app, writer, decided, (roll, local.clone()), (brief, now))?;
            (applied, Some(notice))
        }
        todo => {
            let subject = local.clone().ok_or(DecisionError::NotWhole("nobody here is meant"))?;
            let paid = paid(writer, decided, &subject, (&brief.stays, now.civil_day()))?;
            (rows(writer, decided, todo, (roll, subject, paid), now)?, None)
        }
    };
    let active = todo == Todo::Release && outcome::is_active(writer, decided, local.as_ref())?;
    Ok(Done { answer: outcome::answer(todo, &applied, active), applied, notice })
}

fn rows(
    writer: &MappedRolls,
    decided: &Decided,
    todo: Todo,
    (roll, subject, paid): (RollId, LocalKey, BTreeSet<String>),
    now: Timestamp,
) -> Result<Applied, DecisionError> {
    let matter = &decided.matter;
    let hold = matter.hold.clone().ok_or(DecisionError::NotWhole("nothing holds it"));
    let undone = matter.undone.clone().ok_or(DecisionError::NotWhole("nothing undid it"));
    let (actor, event) = (actor(decided), matter.events.first().copied());
    Ok(match todo {
        Todo::Hold | Todo::Decline => writer.hold(
            &HoldDecision {
                roll,
                subject,
                // What hangs on no event hangs on the decision itself.
                event: event.unwrap_or_else(|| Digest::of(decided.id.as_str())),
                decision: if todo == Todo::Hold { hold? } else { undone?.decision },
                reason: if todo == Todo::Hold { matter.cause.reason.code() } else { "DECLINED" }.to_owned(),
                effective: matter.effective,
                actor,
            },
            now,
        )?,
        Todo::Release => {
            let undone = undone?;
            let (decision, event, reason) = (undone.decision, undone.event, undone.reason);
            writer
                .release(&ReleaseDecision { roll, subject, hold: hold?, event, decision, reason, actor, paid }, now)?
        }
        Todo::Restore => {
            let undone = undone?;
            let (decision, event, reason) = (undone.decision, undone.event, undone.reason);
            let removal = decided.id.clone();
            writer.restore(&Restoration { roll, subject, removal, decision, event, reason, actor, paid }, now)?
        }
        Todo::NameHead => writer.amend(&named_head(decided, (roll, subject))?, now)?,
        Todo::Enrol | Todo::Remove => return Err(DecisionError::NotWhole("an order of another kind")),
    })
}

fn enrolment(
    decided: &Decided,
    (roll, subject): (RollId, Option<LocalKey>),
    facts: BTreeMap<FactName, FieldValue>,
) -> Enrolment {
    let matter = &decided.matter;
    Enrolment {
        roll,
        subject,
        decision: decided.id.clone(),
        event: matter.events.first().copied(),
        reason: matter.cause.reason.code().to_owned(),
        effective: matter.effective,
        until: None,
        amount: matter.monthly,
        facts,
        actor: actor(decided),
    }
}

/// Her own row alone: the rows of the others on the card stay as they are.
fn named_head(decided: &Decided, (roll, subject): (RollId, LocalKey)) -> Result<Amendment, DecisionError> {
    let matter = &decided.matter;
    let fact: FactName = names::HEAD.parse().map_err(|_| DecisionError::NotWhole("a fact"))?;
    Ok(Amendment {
        roll,
        subject,
        decision: decided.id.clone(),
        event: matter.events.first().copied(),
        reason: matter.cause.reason.code().to_owned(),
        effective: matter.effective,
        until: None,
        amount: None,
        facts: BTreeMap::from([(fact, FieldValue::Boolean(true))]),
        actor: actor(decided),
    })
}

/// A removal: only by a warrant from the signed decision, the recorded delivery, and a window that is over or two persons.
fn remove(
    app: &App,
    writer: &MappedRolls,
    decided: &Decided,
    (roll, subject): (RollId, Option<LocalKey>),
    (brief, now): (Brief, Timestamp),
) -> Result<(Applied, DecisionNotice), DecisionError> {
    let subject = subject.ok_or(DecisionError::NotWhole("nobody here is meant"))?;
    let (us, key) = (app.entity(), app.keys().signing.public());
    let first = brief.records.iter().find(|(kind, jws)| {
        *kind == LogKind::Decision
            && claims_of::<DecisionRecord>(jws)
                .is_some_and(|record| record.decision == decided.id && record.action == DecisionAction::Remove)
    });
    let notice = brief.records.iter().rev().find(|(kind, _)| *kind == LogKind::Notice);
    let (Some((_, decision)), Some((_, notice))) = (first, notice) else {
        return Err(DecisionError::NotWhole("the decision or the delivery of its notice is not on record"));
    };
    let decision = VerifiedDecision::verify(decision, us, key)?;
    let notice = VerifiedNotice::verify(notice, us, key)?.delivered()?;
    let objection = match (decided.state, brief.heard_by) {
        (DecisionState::Upheld, Some((first, second))) => {
            Objection::Upheld(OpenObjection::raised(&decision).uphold(&first, &second)?)
        }
        (DecisionState::Noticed, None) => {
            Objection::None(notice.window_over(now).map_err(protocol::due_process::NoWarrant::from)?)
        }
        _ => return Err(DecisionError::NotWhole("an objection that is not heard, or heard by nobody")),
    };
    let warrant = RemovalWarrant::issue(&decision, &notice, objection, now)?;
    let effective = match decided.matter.cause.reason {
        Reason::Death => decided.matter.effective,
        _ => brief.last_day.unwrap_or_else(|| now.civil_day()),
    };
    let removal = Removal {
        roll,
        subject,
        event: decided.matter.events.first().copied(),
        reason: decided.matter.cause.reason.code().to_owned(),
        effective,
        actor: actor(decided),
    };
    Ok((writer.remove(&warrant, &removal, now)?, warrant.reference()))
}

fn effects(decided: &Decided, applied: &Applied) -> Result<Vec<DecisionEffect>, DecisionError> {
    let roll: RollId = decided.roll.parse().map_err(|_| DecisionError::NotWhole("its roll is no roll"))?;
    let rows = applied.rows.iter();
    Ok(rows
        .map(|row| DecisionEffect { roll: roll.dataset().clone(), seq: row.journal.seq, entry: row.journal.hash })
        .collect())
}

/// The decision after what the roll did, its signed record, and the notice; or an officer's review, if the roll did otherwise.
async fn commit(app: &App, decided: Decided, local: Option<LocalKey>, done: Done) -> Result<bool, DecisionError> {
    if done.answer == Answer::Intended {
        // The department's own system has still to do it: the order stays.
        trying::failed(app, &decided.id, &DecisionError::Intended).await?;
        return Ok(false);
    }
    let (with, now) = (app.clone(), app.decided_at());
    app.db()
        .write(move |conn| {
            let to = (&decided, local.as_ref());
            person_lock(conn, with.keys(), &decided.person)?;
            let written = match done.answer {
                Answer::Done => did(conn, &with, to, done, now)?,
                Answer::Otherwise | Answer::Intended => did_otherwise(conn, &with, to, done, now)?,
            };
            if written { Ok(()) } else { make_good(conn, &with, to, now) }
        })
        .await?;
    app.wake_anchor();
    app.wake_notices();
    Ok(true)
}

/// A removal that was carried out although it was not wanted any more is taken back.
pub(super) async fn put_back_unasked(app: &App, decided: Decided) -> Result<(), DecisionError> {
    let Some((_, local)) = local_key(app, &decided.person).await? else {
        return Err(DecisionError::NotWhole("a decision about nobody"));
    };
    let told = Decided { todo: Some(Todo::Remove), ..decided };
    let (with, now) = (app.clone(), app.decided_at());
    let write = move |conn: &mut AnyConnection| {
        // Whoever told the roll may have written it down since.
        if locked(conn, &with, &told.id)?.is_none_or(|now| now.turn != told.turn) {
            return Err(DecisionError::Overtaken);
        }
        make_good(conn, &with, (&told, local.as_ref()), now)
    };
    app.db().write(write).await?;
    app.wake_anchor();
    Ok(())
}

/// The decision changed while the roll was told: what the roll did and nobody wants any more is taken back, by an order of its own.
fn make_good(
    conn: &mut AnyConnection,
    app: &App,
    (told, local): (&Decided, Option<&LocalKey>),
    now: Timestamp,
) -> Result<(), DecisionError> {
    use DecisionState as S;
    let Some(mut after) = decision_find(conn, app.keys(), &told.id)? else { return Ok(()) };
    let over = matches!(after.state, S::Released | S::Reversed | S::Withdrawn);
    match told.todo {
        Some(Todo::Hold) if over && after.todo.is_none() => after.todo = Some(Todo::Release),
        Some(Todo::Remove) if !matches!(after.state, S::Removed | S::Restored) => {
            // Whom officers found right stays free of the same cause.
            after.matter.dismissed |= after.state == S::Reversed;
            (after.state, after.todo, after.waits) = (S::Restored, Some(Todo::Restore), None);
        }
        // Another process did the same, or what is to be done next follows from the decision as it stands.
        _ => return Ok(()),
    }
    let before = after.matter.undone.take();
    let (reason, event) = before.map_or_else(|| ("OVERTAKEN".to_owned(), None), |undone| (undone.reason, undone.event));
    // An order of its own: the one before was answered already, and is not done twice.
    after.matter.undone = Some(Undone { decision: random::message_id(now), reason, event });
    after.since = now.civil_day();
    let undone = after.matter.undone.clone();
    let by = undone.as_ref().map(|undone| (&undone.decision, undone.reason.as_str()));
    records::log(conn, app, (&after, local), word(&after, after.todo, by), now)?;
    if decision_update(conn, app.keys(), &after)? { Ok(()) } else { Err(DecisionError::Overtaken) }
}

/// The roll did it.
fn did(
    conn: &mut AnyConnection,
    app: &App,
    (decided, local): (&Decided, Option<&LocalKey>),
    done: Done,
    now: Timestamp,
) -> Result<bool, DecisionError> {
    let mut after = decided.clone();
    after.todo = None;
    let step = advance(&mut after, decided.todo, now)?;
    let said = after.clone();
    if decided.todo == Some(Todo::Remove) {
        // Nothing has undone it: what a hold came to before is over with it.
        after.matter.undone = None;
    }
    if decided.todo == Some(Todo::Release) && after.past().is_open() {
        // It was lifted for now: what was proposed goes on, and may hold again.
        (after.matter.hold, after.matter.undone) = (None, None);
    }
    if !decision_update(conn, app.keys(), &after)? {
        // Another process did the same; the roll did it once.
        return Ok(false);
    }
    decisions_wake(conn, &after.person)?;
    let new_number = done.applied.rows.first().map(|row| row.row_key.clone());
    let number = local.cloned().or_else(|| new_number.clone());
    if let (Some(Todo::Enrol), None, Some(number)) = (decided.todo, local, &new_number) {
        link_lock(conn, app.keys(), number.as_str())?;
        if link_subjects(conn, app.keys(), number.as_str())?.iter().all(|other| *other == after.matter.subject) {
            link_insert(conn, app.keys(), &link(&after, number), now)?;
        } else {
            // The department gave her a number that somebody else has.
            outcome::review(conn, app, (&after, None), now)?;
        }
    }
    log_effects(conn, app, (decided, &said, number.as_ref()), done, now)?;
    if let Some(step) = step {
        decide::tell(conn, app, &said, step, now)?;
    }
    Ok(true)
}

/// The roll did otherwise: what it did is on record, nothing is told, and an officer looks.
fn did_otherwise(
    conn: &mut AnyConnection,
    app: &App,
    (decided, local): (&Decided, Option<&LocalKey>),
    done: Done,
    now: Timestamp,
) -> Result<bool, DecisionError> {
    let mut after = decided.clone();
    outcome::stop(&mut after, now);
    if !decision_update(conn, app.keys(), &after)? {
        return Ok(false);
    }
    log_effects(conn, app, (decided, &after, local), done, now)?;
    outcome::review(conn, app, (&after, local), now)?;
    Ok(true)
}

fn log_effects(
    conn: &mut AnyConnection,
    app: &App,
    (decided, after, number): (&Decided, &Decided, Option<&LocalKey>),
    done: Done,
    now: Timestamp,
) -> Result<(), DecisionError> {
    let effects = effects(decided, &done.applied)?;
    let undone = after.matter.undone.as_ref();
    let word = word(after, decided.todo, undone.map(|undone| (&undone.decision, undone.reason.as_str())));
    let word = Word { effects, notice: done.notice, ..word };
    records::log(conn, app, (after, number), word, now).map(drop)
}

fn link(decided: &Decided, number: &LocalKey) -> NewLink {
    NewLink {
        subject: decided.matter.subject.clone(),
        local_key: number.as_str().to_owned(),
        method: BY_ENROLMENT.to_owned(),
        score: 100,
        confirmed_by: actor(decided),
    }
}
