//! Time goes on: notices arrive, windows end, offers expire, days come on which somebody is looked at again.
//!
//! Guarantees: one process at a time, by a lease; each step is a commit that another process's step would refuse, for a decision
//! changes only from the turn in which it was read. An undelivered notice starts no window. Deliberately absent: a timer of its own;
//! the scheduler wakes it, and all days are read from the gateway's clock.

use std::collections::BTreeMap;

use eligibility::lifecycle::{
    entering::AnyEntering,
    leaving::{AnyLeaving, Window},
};
use protocol::{exchange::Attested, seal::random};
use schemas::{
    decision::{
        AppealRoute, DecisionAction, DecisionNotice, DecisionRecord, DeliveryEvidence, NoticeDelivery, NoticeRecord,
    },
    digest::Digest,
    id::{MessageId, StaffMark},
    notice::Channel,
    scheme::DecisionState,
    time::Timestamp,
    version::V1,
};
use service_kit::{db::AnyConnection, lease::Lease};

use super::{
    DECISIONS, DecisionError, breaker, clock, look, perform,
    plan::{Plan, plans, successor},
    records::{self, Word, claims_of},
    transition, trying,
};
use crate::{
    app::App,
    notices::Person,
    store::{
        decisions::{
            cases::{Arrived, Decided, Todo, decision_find, decision_update, decisions_of, notice_arrived},
            days::{rules_known, rules_seen},
            log::{LogKind, log_append, log_of},
            persons::{person_lock, persons_all_due, persons_due},
            work::{Turn, decision_wait, decisions_ended, decisions_todo, decisions_told, decisions_wake},
        },
        notices::notice_find,
    },
};

/// Rows of one round.
const BATCH: i64 = 100;
/// How long a window waits for the answer to its successor's offer before it is looked at again, milliseconds.
const ANSWER_MS: i64 = 900_000;
/// The language in which the text of a notice is on record.
const LANGUAGE: &str = "hi";

/// Lets time go on for everybody.
///
/// # Errors
/// If something cannot be read; what failed for one person is logged and tried again, and stops nobody else.
pub(crate) async fn run(app: &App) -> Result<(), DecisionError> {
    if app.triggers().rolls().is_none() {
        return Ok(());
    }
    let Some(lease) = app.lease(DECISIONS).await? else { return Ok(()) };
    let done = all(app, &lease).await;
    app.release(lease).await?;
    done
}

async fn all(app: &App, lease: &Lease) -> Result<(), DecisionError> {
    let plans = plans(app, app.decided_at().civil_day()).await?;
    notice_new_rules(app, &plans).await?;
    // By a clock that jumped nothing ends, and nothing begins far in the future.
    let believed = clock::pass(app).await?;
    if believed || clock::may_begin(app).await {
        told(app).await?;
    }
    if believed {
        breaker::go_on(app).await?;
        expire(app).await?;
        windows(app, &plans).await?;
    }
    trying::measure(app).await?;
    if !app.renew(lease).await? {
        return Ok(());
    }
    orders(app).await?;
    due(app, lease).await
}

/// When the rules of any roll change, everybody is looked at again, by whichever process comes next.
async fn notice_new_rules(app: &App, plans: &[Plan]) -> Result<(), DecisionError> {
    let mut rules: Vec<String> = plans.iter().map(Plan::mark).collect();
    rules.sort();
    let (rules, now_ms) = (Digest::of(rules.join("\n")).to_string(), app.decided_at_ms());
    if app.db().read(rules_known).await?.as_ref() == Some(&rules) {
        return Ok(());
    }
    let write = move |conn: &mut AnyConnection| {
        if rules_seen(conn, &rules, now_ms)? {
            persons_all_due(conn, now_ms)?;
        }
        Ok(())
    };
    app.db().write(write).await
}

/// Notices that arrived start their windows.
async fn told(app: &App) -> Result<(), DecisionError> {
    let now_ms = app.decided_at_ms();
    for turn in app.db().read(move |conn| decisions_told(conn, now_ms, BATCH)).await? {
        if let Err(error) = arrived(app, &turn.id).await {
            trying::failed(app, &turn.id, &error).await?;
        }
    }
    Ok(())
}

/// Starts the window of a decision whose notice arrived.
async fn arrived(app: &App, id: &MessageId) -> Result<(), DecisionError> {
    let (keys, decision) = (app.keys().clone(), id.clone());
    let arrived = app.db().read(move |conn| {
        let notice = decision_find(conn, &keys, &decision)?.and_then(|decided| decided.notice);
        Ok::<_, DecisionError>(notice.map(|notice| notice_arrived(conn, &notice)).transpose()?.flatten())
    });
    let by = |by: String| by.parse().map_err(|_| DecisionError::NotWhole("somebody without a name"));
    let delivered = match arrived.await? {
        None => return Ok(()),
        Some(Arrived::Wallet) => Delivered { channel: Channel::Wallet, evidence: DeliveryEvidence::Wallet, by: None },
        Some(Arrived::Letter { by: officer }) => {
            Delivered { channel: Channel::Letter, evidence: DeliveryEvidence::Officer, by: Some(by(officer)?) }
        }
        Some(Arrived::Sms { by: system }) => {
            Delivered { channel: Channel::Sms, evidence: DeliveryEvidence::SmsReport, by: Some(by(system)?) }
        }
    };
    deliver(app, id, delivered).await
}

/// A recorded delivery.
#[derive(Clone, Debug)]
pub(super) struct Delivered {
    pub(super) channel: Channel,
    pub(super) evidence: DeliveryEvidence,
    pub(super) by: Option<StaffMark>,
}

/// Starts the window of a decision: its notice arrived. Both records are signed and logged.
///
/// # Errors
/// If there is no such notice, or its window runs already.
pub(super) async fn deliver(app: &App, id: &MessageId, delivered: Delivered) -> Result<(), DecisionError> {
    let (with, id, now) = (app.clone(), id.clone(), app.decided_at());
    app.db().write(move |conn| deliver_now(conn, &with, &id, &delivered, now)).await?;
    app.wake_anchor();
    Ok(())
}

/// The same in the caller's transaction.
pub(super) fn deliver_now(
    conn: &mut AnyConnection,
    app: &App,
    id: &MessageId,
    delivered: &Delivered,
    now: Timestamp,
) -> Result<(), DecisionError> {
    let decided = locked(conn, app, id)?.ok_or(DecisionError::NotWhole("no such decision"))?;
    let (Some(notice), None) = (decided.matter.notice, decided.waits) else {
        return Err(DecisionError::NotWhole("no notice was sent"));
    };
    let window = Window::after(clock::not_before(conn, now)?, notice.days);
    match AnyLeaving::stored(decided.id.clone(), decided.state, None) {
        Ok(AnyLeaving::Proposed(proposed)) => drop(proposed.noticed(window)),
        Ok(AnyLeaving::Held(held)) => drop(held.noticed(window)),
        _ => return Err(DecisionError::NotWhole("its window runs already, or it is over")),
    }
    let record = notice_record(conn, app, &decided, (delivered, window), now)?;
    let signed = Attested::sign(record, &app.keys().signing)?;
    log_append(conn, &decided.id, (LogKind::Notice, signed.jws()), app.decided_at_ms())?;
    let mut after = decided;
    after.state = DecisionState::Noticed;
    (after.matter.delivered, after.until, after.since) = (Some(now), Some(window.ends()), now.civil_day());
    let reference = DecisionNotice { digest: signed.digest(), window_ends: window.ends() };
    let local = local(conn, app, &after)?;
    records::log(conn, app, (&after, local.as_ref()), Word { notice: Some(reference), ..Word::own(&after) }, now)?;
    if decision_update(conn, app.keys(), &after)? { Ok(()) } else { Err(DecisionError::Overtaken) }
}

/// A decision whose person is locked until the end of the transaction: whoever writes records of it does so in turn.
pub(super) fn locked(conn: &mut AnyConnection, app: &App, id: &MessageId) -> Result<Option<Decided>, DecisionError> {
    let Some(found) = decision_find(conn, app.keys(), id)? else { return Ok(None) };
    person_lock(conn, app.keys(), &found.person)?;
    Ok(decision_find(conn, app.keys(), id)?)
}

/// Her local number, in the caller's transaction.
pub(super) fn local(
    conn: &mut AnyConnection,
    app: &App,
    decided: &Decided,
) -> Result<Option<registry_adapter::key::LocalKey>, DecisionError> {
    let number = crate::store::links::link_find(conn, app.keys(), &decided.matter.subject)?;
    Ok(number.and_then(|text| text.parse().ok()))
}

fn notice_record(
    conn: &mut AnyConnection,
    app: &App,
    decided: &Decided,
    (delivered, window): (&Delivered, Window),
    now: Timestamp,
) -> Result<NoticeRecord, DecisionError> {
    let told_of = log_of(conn, &decided.id)?.into_iter().find(|logged| {
        claims_of::<DecisionRecord>(&logged.jws)
            .is_some_and(|record| record.decision == decided.id && record.action == DecisionAction::Remove)
    });
    let told_of = told_of.ok_or(DecisionError::NotWhole("the decision is not on record"))?;
    let notice = decided.notice.as_ref().ok_or(DecisionError::NotWhole("no notice was sent"))?;
    let stored = notice_find(conn, app.keys(), notice)?.ok_or(DecisionError::NotWhole("the notice is gone"))?;
    let text = app.notice_text(&stored.kind, notice, LANGUAGE);
    Ok(NoticeRecord {
        v: V1,
        iss: app.entity().clone(),
        iat: now.numeric(),
        jti: random::message_id(now),
        salt: random::salt(),
        case: decided.case.clone(),
        decision: decided.id.clone(),
        record: told_of.digest(),
        channel: delivered.channel,
        language: LANGUAGE.parse().map_err(|_| DecisionError::NotWhole("a language"))?,
        text: Digest::of(text),
        appeal: vec![AppealRoute::Wallet, AppealRoute::Counter, AppealRoute::Operator],
        delivery: Some(NoticeDelivery {
            at: now,
            evidence: delivered.evidence,
            by: delivered.by.clone(),
            window_ends: window.ends(),
        }),
    })
}

/// Offers whose last day is past.
async fn expire(app: &App) -> Result<(), DecisionError> {
    let (today, now_ms) = (app.decided_at().civil_day(), app.decided_at_ms());
    let ended = move |conn: &mut AnyConnection| decisions_ended(conn, (DecisionState::Offered, today), now_ms, BATCH);
    for turn in app.db().read(ended).await? {
        let (with, id, now) = (app.clone(), turn.id.clone(), app.decided_at());
        let done = app.db().write(move |conn| expire_now(conn, &with, &id, now)).await;
        if let Err(error) = done {
            trying::failed(app, &turn.id, &error).await?;
        }
    }
    Ok(())
}

fn expire_now(conn: &mut AnyConnection, app: &App, id: &MessageId, now: Timestamp) -> Result<(), DecisionError> {
    let Some(mut after) = decision_find(conn, app.keys(), id)? else { return Ok(()) };
    let AnyEntering::Offered(offered) = AnyEntering::stored(id.clone(), after.state, after.until)? else {
        return Ok(());
    };
    if offered.expire(now.civil_day()).is_err() {
        return Ok(());
    }
    (after.state, after.since) = (DecisionState::Expired, now.civil_day());
    let local = local(conn, app, &after)?;
    if decision_update(conn, app.keys(), &after)? {
        records::log(conn, app, (&after, local.as_ref()), Word::own(&after), now)?;
        decisions_wake(conn, &after.person)?;
    }
    Ok(())
}

/// Windows that are over: the roll is to be told, unless a successor is still to be answered, so that no day goes unpaid.
async fn windows(app: &App, plans: &[Plan]) -> Result<(), DecisionError> {
    let (today, now_ms) = (app.decided_at().civil_day(), app.decided_at_ms());
    for state in [DecisionState::Noticed, DecisionState::Upheld] {
        let ended = move |conn: &mut AnyConnection| decisions_ended(conn, (state, today), now_ms, BATCH);
        for turn in app.db().read(ended).await? {
            if let Err(error) = window(app, plans, &turn).await {
                trying::failed(app, &turn.id, &error).await?;
            }
        }
    }
    Ok(())
}

/// Her facts as they are today, once more, before anybody is taken off; what nothing confirms goes to an officer.
async fn window(app: &App, plans: &[Plan], turn: &Turn) -> Result<(), DecisionError> {
    let settled = look::settle(app, &turn.person).await?;
    let (with, turn, right) = (app.clone(), turn.clone(), settled.right.contains(&turn.id));
    let keys = |plan: &Plan| {
        let following = transition::following(plan, plans).into_iter().map(|next| next.key().to_owned());
        following.chain(successor(plans, plan.key()).map(|next| next.to_string())).collect()
    };
    let followers: BTreeMap<String, Vec<String>> =
        plans.iter().map(|plan| (plan.key().to_owned(), keys(plan))).collect();
    let doubted = app.db().write(move |conn| {
        person_lock(conn, with.keys(), &turn.person)?;
        let Some(mut now) = decision_find(conn, with.keys(), &turn.id)? else { return Ok(None) };
        let ends = matches!(now.state, DecisionState::Noticed | DecisionState::Upheld);
        if !ends || now.todo.is_some() || now.waits.is_some() {
            return Ok(None);
        }
        if !right {
            return Ok(Some(now));
        }
        let next = followers.get(&now.scheme).map(Vec::as_slice).unwrap_or_default();
        if answer_is_open(conn, &with, (&now.person, next))? || breaker::is_stopped(conn, &now.scheme)? {
            // Her answer wakes it, or two signatures; nobody is looked at each second meanwhile.
            decision_wait(conn, &turn.id, with.decided_at_ms().saturating_add(ANSWER_MS))?;
        } else {
            now.todo = Some(Todo::Remove);
            decision_update(conn, with.keys(), &now)?;
        }
        Ok::<_, DecisionError>(None)
    });
    match doubted.await? {
        Some(doubted) => perform::not_right(app, doubted).await.map(drop),
        None => Ok(()),
    }
}

/// Whether the offer of one that follows waits for her answer, or for the roll.
fn answer_is_open(
    conn: &mut AnyConnection,
    app: &App,
    (person, next): (&Person, &[String]),
) -> Result<bool, DecisionError> {
    let past = decisions_of(conn, app.keys(), person)?;
    Ok(past.iter().filter(|decided| next.contains(&decided.scheme)).any(|decided| {
        decided.todo == Some(Todo::Enrol) || matches!(decided.state, DecisionState::Offered | DecisionState::Accepted)
    }))
}

/// What the rolls are still to be told. Each person is looked at first; what cannot be done is tried again later, behind the others.
async fn orders(app: &App) -> Result<(), DecisionError> {
    let now_ms = app.decided_at_ms();
    let mut seen: Vec<Person> = Vec::new();
    for turn in app.db().read(move |conn| decisions_todo(conn, now_ms, BATCH)).await? {
        if seen.contains(&turn.person) {
            continue;
        }
        if let Err(error) = look::settle(app, &turn.person).await {
            trying::failed(app, &turn.id, &error).await?;
        }
        seen.push(turn.person);
    }
    Ok(())
}

/// Who is to be looked at again.
async fn due(app: &App, lease: &Lease) -> Result<(), DecisionError> {
    let mut last: Option<Vec<Person>> = None;
    loop {
        let now_ms = app.decided_at_ms();
        let due = app.db().read(move |conn| persons_due(conn, now_ms, BATCH)).await?;
        // Whom we cannot settle stays due; the next round tries again.
        if due.is_empty() || last.as_ref() == Some(&due) || !app.renew(lease).await? {
            return Ok(());
        }
        for person in &due {
            if let Err(error) = look::settle(app, person).await {
                trying::person(app, person, &error).await?;
            }
        }
        last = Some(due);
    }
}
