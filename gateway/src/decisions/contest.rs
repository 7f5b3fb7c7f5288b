//! An objection is taken: before a removal, with more words while or after it is heard, and against a removal that was carried out.
//!
//! Guarantees: what somebody enters for her uses up nothing of hers: whatever is said later is kept beside it, and votes that were
//! cast without it fall. While her window runs, what two persons found is heard again with it. Against a removal that was carried
//! out there is no last day. To object is to have received the notice: if no delivery was recorded yet, this is it. Runs in the
//! caller's transaction. Deliberately absent: judging it (`officer`), and who may say so (`citizen`, `officer`).

use eligibility::lifecycle::leaving::{AnyLeaving, Leaving, Noticed};
use protocol::{consent::Refusal, seal::random};
use schemas::{
    benefits::ObjectionTaken,
    decision::{AppealRoute, DecisionAction, DecisionRecord, DeliveryEvidence},
    id::{MessageId, SystemName},
    notice::Channel,
    problem::Code,
    scheme::DecisionState,
    time::Timestamp,
};
use service_kit::db::AnyConnection;

use super::{
    DecisionError,
    citizen::CitizenError,
    records::{self, Word},
    run::{Delivered, deliver_now, local, locked},
};
use crate::{
    app::App,
    store::decisions::{
        cases::{Decided, Todo, decision_find, decision_update},
        log::{LogKind, log_of},
        objections::{StoredObjection, objection_find, objection_insert, objection_more},
        persons::person_due_by,
    },
};

/// Longest words of one objection with all that was added, characters.
const MOST: usize = 8_000;
const NONE: Refusal = Refusal::new(Code::Conflict, "nothing can be objected to here, or no more");

/// What was said, where, and who wrote it down.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) route: AppealRoute,
    pub(super) words: String,
    pub(super) by: Option<SystemName>,
}

/// Whether an objection to this decision is taken now.
pub(super) fn is_open(decided: &Decided, now: Timestamp) -> bool {
    use DecisionState as S;
    let told = decided.action == DecisionAction::Remove && decided.notice.is_some();
    let runs = decided.until.is_some_and(|until| now.civil_day() <= until);
    told && match decided.state {
        S::Proposed | S::Held | S::Noticed | S::Contested | S::Removed => true,
        S::Upheld => runs,
        _ => false,
    }
}

/// Takes an objection in the caller's transaction. The same again is answered with the same slip. A removal that is ordered and that the
/// roll has not done is not done before she is heard; if it does it meanwhile, it is taken back.
pub(super) fn object_now(
    conn: &mut AnyConnection,
    app: &App,
    id: &MessageId,
    said: Said,
    now: Timestamp,
) -> Result<ObjectionTaken, CitizenError> {
    let decided = locked(conn, app, id)?.ok_or(Refusal::new(Code::NotFound, "no such decision"))?;
    if !is_open(&decided, now) {
        return Err(NONE.into());
    }
    let known = objection_find(conn, app.keys(), id)?;
    match (decided.state, known) {
        (DecisionState::Contested, Some(known)) => {
            add(conn, app, (&known, &said))?;
            taken(conn, &decided, known.slip)
        }
        (DecisionState::Upheld, Some(known)) => again(conn, app, (decided, known), &said, now),
        (DecisionState::Removed, known) => afterwards(conn, app, (decided, known), said, now),
        (DecisionState::Proposed | DecisionState::Held | DecisionState::Noticed, _) => first(conn, app, id, said, now),
        _ => Err(NONE.into()),
    }
}

fn first(
    conn: &mut AnyConnection,
    app: &App,
    id: &MessageId,
    said: Said,
    now: Timestamp,
) -> Result<ObjectionTaken, CitizenError> {
    let mut decided = decision_find(conn, app.keys(), id)?.ok_or(DecisionError::Overtaken)?;
    let ordered = decided.todo.take_if(|todo| *todo == Todo::Remove).is_some();
    // Whoever hears her looks at what could not be held, too.
    let marked = decided.matter.hold.is_none() && decided.matter.undone.take().is_some();
    if (decided.waits.take().is_some() || ordered || marked) && !decision_update(conn, app.keys(), &decided)? {
        return Err(DecisionError::Overtaken.into());
    }
    if matches!(decided.state, DecisionState::Proposed | DecisionState::Held) {
        deliver_now(conn, app, id, &received(&said)?, now)?;
    }
    if ordered {
        // Whoever was about to tell the roll may have done it.
        person_due_by(conn, id, app.decided_at_ms())?;
    }
    let decided = decision_find(conn, app.keys(), id)?.ok_or(DecisionError::Overtaken)?;
    noticed(&decided)?.contest();
    let slip = begin(conn, app, (&decided, said))?;
    contested(conn, app, decided, now).and_then(|after| taken(conn, &after, slip))
}

fn noticed(decided: &Decided) -> Result<Leaving<Noticed>, CitizenError> {
    match AnyLeaving::stored(decided.id.clone(), decided.state, decided.window()) {
        Ok(AnyLeaving::Noticed(noticed)) => Ok(noticed),
        _ => Err(NONE.into()),
    }
}

/// Writes a first objection; its slip.
fn begin(conn: &mut AnyConnection, app: &App, (decided, said): (&Decided, Said)) -> Result<String, CitizenError> {
    let slip = random::pin(8);
    let Said { route, words, by } = said;
    let stored = StoredObjection {
        decision: decided.id.clone(),
        route,
        words,
        entered_by: by,
        slip: slip.clone(),
        at_ms: app.decided_at_ms(),
        first: None,
        second: None,
    };
    objection_insert(conn, app.keys(), &stored)?;
    Ok(slip)
}

/// The decision waits for two persons.
fn contested(conn: &mut AnyConnection, app: &App, decided: Decided, now: Timestamp) -> Result<Decided, CitizenError> {
    let mut after = decided;
    (after.state, after.waits, after.since) = (DecisionState::Contested, None, now.civil_day());
    let number = local(conn, app, &after)?;
    records::log(conn, app, (&after, number.as_ref()), Word::own(&after), now)?;
    if decision_update(conn, app.keys(), &after)? { Ok(after) } else { Err(DecisionError::Overtaken.into()) }
}

/// Two persons had found that the removal stands; with what is said now, while the window runs, it is heard again.
fn again(
    conn: &mut AnyConnection,
    app: &App,
    (decided, known): (Decided, StoredObjection),
    said: &Said,
    now: Timestamp,
) -> Result<ObjectionTaken, CitizenError> {
    let AnyLeaving::Upheld(upheld) =
        AnyLeaving::stored(decided.id.clone(), decided.state, decided.window()).map_err(|_| NONE)?
    else {
        return Err(NONE.into());
    };
    upheld.contest(now).map_err(|_| NONE)?;
    if !add(conn, app, (&known, said))? {
        // Nothing new: it was heard.
        return Err(NONE.into());
    }
    let after = contested(conn, app, without_hearers(decided, &known), now)?;
    taken(conn, &after, known.slip)
}

/// She was taken off, and says that it is wrong: two persons hear it, and she stays off until they say that she is right.
fn afterwards(
    conn: &mut AnyConnection,
    app: &App,
    (decided, known): (Decided, Option<StoredObjection>),
    said: Said,
    now: Timestamp,
) -> Result<ObjectionTaken, CitizenError> {
    let slip = match known {
        None => begin(conn, app, (&decided, said))?,
        Some(known) if !add(conn, app, (&known, &said))? => return taken(conn, &decided, known.slip),
        Some(known) => {
            let after = without_hearers(decided.clone(), &known);
            if !decision_update(conn, app.keys(), &after)? {
                return Err(DecisionError::Overtaken.into());
            }
            known.slip
        }
    };
    let number = local(conn, app, &decided)?;
    let word = Word { action: DecisionAction::Review, ..Word::own(&decided) };
    records::log(conn, app, (&decided, number.as_ref()), word, now)?;
    taken(conn, &decided, slip)
}

/// Whoever heard it before may hear it again: they confirmed nothing, they judged what was said then.
fn without_hearers(mut decided: Decided, known: &StoredObjection) -> Decided {
    let heard = |name: &str| {
        let first = known.first.as_ref().is_some_and(|(first, _)| first.as_str() == name);
        first || known.second.as_ref().is_some_and(|second| second.as_str() == name)
    };
    decided.matter.confirmed_by.retain(|officer| !heard(officer.as_str()));
    decided
}

/// Keeps what is new beside what was said. Whether anything was: her own signature under what another entered for her is.
fn add(conn: &mut AnyConnection, app: &App, (known, said): (&StoredObjection, &Said)) -> Result<bool, CitizenError> {
    let words = said.words.trim();
    let (told, own) = (known.words.contains(words), said.by.is_none() && known.entered_by.is_some());
    if told && !own {
        return Ok(false);
    }
    let mut more = StoredObjection { first: None, second: None, ..known.clone() };
    if !told {
        more.words = [words, known.words.as_str()].join("\n\n").trim().to_owned();
    }
    if more.words.chars().count() > MOST {
        let why = "so much was said already that no more fits; bring it to the hearing";
        return Err(Refusal::new(Code::RequestMalformed, why).into());
    }
    if own {
        (more.route, more.entered_by) = (said.route, None);
    }
    objection_more(conn, app.keys(), &more)?;
    Ok(true)
}

fn received(said: &Said) -> Result<Delivered, DecisionError> {
    let by = said.by.as_ref().map(|by| by.as_str().parse()).transpose();
    let by = by.map_err(|_| DecisionError::NotWhole("an officer without a name"))?;
    Ok(match by {
        None => Delivered { channel: Channel::Wallet, evidence: DeliveryEvidence::Wallet, by },
        Some(_) => Delivered { channel: Channel::Letter, evidence: DeliveryEvidence::Officer, by },
    })
}

fn taken(conn: &mut AnyConnection, decided: &Decided, slip: String) -> Result<ObjectionTaken, CitizenError> {
    let log = log_of(conn, &decided.id)?;
    // Her own decision's: what holds or releases the payment meanwhile has records of its own in the same chain.
    let own = |record: DecisionRecord| record.decision == decided.id;
    let last = log
        .into_iter()
        .rev()
        .find(|logged| logged.kind == LogKind::Decision && records::claims_of(&logged.jws).is_some_and(own));
    let record = last.ok_or(DecisionError::NotWhole("the decision is not on record"))?.jws;
    Ok(ObjectionTaken { decision: decided.id.clone(), case: decided.case.clone(), slip, record })
}
