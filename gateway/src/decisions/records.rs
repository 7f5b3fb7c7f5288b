//! Signed records of decisions and of delivered notices, each a link of its decision's chain.
//!
//! Guarantees: a record names the person by a keyed mark alone; its clauses are those by which it was decided, whatever holds now.

use std::collections::BTreeMap;

use eligibility::{
    evaluate::{Evaluation, FactStanding},
    truth::Truth,
};
use protocol::{
    exchange::{Attested, MemberClaims},
    seal::random,
};
use registry_adapter::{key::LocalKey, mapping::RollId, roll::RollWriter as _};
use schemas::{
    decision::{
        ClauseRecord, ClauseResult, DecisionAction, DecisionEffect, DecisionNotice, DecisionRecord, DecisionTarget,
        Direction, FactRecord, MissingFact, WouldChange,
    },
    digest::Digest,
    id::{CompactJws, EntityId, MessageId, ReasonCode},
    scheme::DecisionState,
    time::Timestamp,
    version::V1,
};
use service_kit::db::AnyConnection;

use super::DecisionError;
use crate::{
    app::App,
    store::decisions::{
        cases::Decided,
        log::{LogKind, Logged, log_append, log_of},
    },
};

/// One record to be signed.
#[derive(Clone, Debug)]
pub(super) struct Word<'a> {
    /// Whose it is: the decision's own, or one that holds or undoes it.
    pub(super) id: &'a MessageId,
    /// What it does.
    pub(super) action: DecisionAction,
    /// How far it has come.
    pub(super) state: DecisionState,
    /// Why, if not for the decision's own reason.
    pub(super) reason: Option<&'a str>,
    /// What it did to the roll.
    pub(super) effects: Vec<DecisionEffect>,
    /// The delivered notice.
    pub(super) notice: Option<DecisionNotice>,
    /// What it undoes.
    pub(super) undoes: Option<&'a MessageId>,
}

impl<'a> Word<'a> {
    pub(super) fn own(decided: &'a Decided) -> Self {
        Self {
            id: &decided.id,
            action: decided.action,
            state: decided.state,
            reason: None,
            effects: Vec::new(),
            notice: None,
            undoes: None,
        }
    }
}

/// Signs a record, appends it to the decision's chain and queues it for the log. Its digest.
///
/// # Errors
/// If OpenSSL or the database fails.
pub(super) fn log(
    conn: &mut AnyConnection,
    app: &App,
    (decided, local): (&Decided, Option<&LocalKey>),
    word: Word<'_>,
    now: Timestamp,
) -> Result<Digest, DecisionError> {
    let previous = last_of::<DecisionRecord>(&log_of(conn, &decided.id)?, |record| record.decision == *word.id);
    let record = record(app, (decided, local), word, (previous, now))?;
    let signed = Attested::sign(record, &app.keys().signing)?;
    log_append(conn, &decided.id, (LogKind::Decision, signed.jws()), app.decided_at_ms())?;
    Ok(signed.digest())
}

/// The claims of a stored record of ours; it was signed by us before it was stored.
pub(super) fn claims_of<T: MemberClaims>(jws: &CompactJws) -> Option<T> {
    crate::store::triggers::stored_claims(jws.as_str()).ok()
}

fn last_of<T: MemberClaims>(log: &[Logged], which: impl Fn(&T) -> bool) -> Option<Digest> {
    let decisions = log.iter().rev().filter(|logged| logged.kind == LogKind::Decision);
    let mut matching = decisions.filter(|logged| claims_of::<T>(&logged.jws).is_some_and(|claims| which(&claims)));
    matching.next().map(Logged::digest)
}

fn record(
    app: &App,
    (decided, local): (&Decided, Option<&LocalKey>),
    word: Word<'_>,
    (previous, now): (Option<Digest>, Timestamp),
) -> Result<DecisionRecord, DecisionError> {
    let matter = &decided.matter;
    let reason = word.reason.unwrap_or_else(|| matter.cause.reason.code());
    let removes = word.action == DecisionAction::Remove;
    Ok(DecisionRecord {
        v: V1,
        iss: app.entity().clone(),
        iat: now.numeric(),
        jti: random::message_id(now),
        salt: random::salt(),
        decision: word.id.clone(),
        previous,
        case: decided.case.clone(),
        scheme: matter.scheme.clone(),
        rule: matter.rule.clone(),
        direction: direction(word.action),
        action: word.action,
        state: word.state,
        reason: reason.parse().map_err(|_| DecisionError::NotWhole("a reason that is no code"))?,
        effective: matter.effective,
        target: target(app, (decided, local), word.id)?,
        events: matter.events.clone(),
        clauses: matter.clauses.clone(),
        decisive: matter.decisive.clone(),
        changes: matter.changes.clone(),
        r#match: matter.matched.clone(),
        confirmed_by: matter.confirmed_by.clone(),
        notice_days: matter.notice.filter(|_| removes).map(|notice| notice.days),
        notice: word.notice,
        undoes: word.undoes.cloned(),
        effects: word.effects,
    })
}

const fn direction(action: DecisionAction) -> Direction {
    use DecisionAction as A;
    match action {
        A::Offer | A::Enrol | A::Withdraw | A::Release | A::Restore | A::Amend => Direction::In,
        A::Hold | A::Remove | A::Flag | A::Review => Direction::Out,
    }
}

fn target(
    app: &App,
    (decided, local): (&Decided, Option<&LocalKey>),
    id: &MessageId,
) -> Result<Option<DecisionTarget>, DecisionError> {
    let (Some(writer), Some(local)) = (app.triggers().rolls(), local) else { return Ok(None) };
    let roll: RollId = decided.roll.parse().map_err(|_| DecisionError::NotWhole("its roll is no roll"))?;
    let person = writer.person_mark(&roll, local, id)?;
    Ok(Some(DecisionTarget { roll: roll.dataset().clone(), person }))
}

/// The clauses of an evaluation as a record names them: facts by path and source, never by value.
/// `why`: how questions about facts ended, by path.
pub(super) fn clauses(evaluation: &Evaluation, us: &EntityId, why: &BTreeMap<String, ReasonCode>) -> Vec<ClauseRecord> {
    let clauses = evaluation.clauses.iter().map(|clause| ClauseRecord {
        id: clause.id.clone(),
        result: match clause.result {
            Truth::True => ClauseResult::True,
            Truth::False => ClauseResult::False,
            Truth::Unknown => ClauseResult::Unknown,
        },
        facts: clause.facts.iter().filter_map(|used| fact(used, us)).collect(),
        missing: clause.facts.iter().filter_map(|used| missing(used, why)).collect(),
    });
    clauses.collect()
}

fn fact(used: &eligibility::evaluate::FactUsed, us: &EntityId) -> Option<FactRecord> {
    let (FactStanding::Known(origin) | FactStanding::Outdated(origin) | FactStanding::Unusable(origin)) =
        &used.standing
    else {
        return None;
    };
    Some(FactRecord {
        fact: used.path.as_str().parse().ok()?,
        source: origin.source.clone().unwrap_or_else(|| us.clone()),
        effective: origin.effective,
        recorded: origin.recorded,
        receipt: origin.receipt,
    })
}

/// A fact that the clause lacks, and why.
fn missing(used: &eligibility::evaluate::FactUsed, why: &BTreeMap<String, ReasonCode>) -> Option<MissingFact> {
    let untold = match used.standing {
        FactStanding::Missing => "NOT_ASKED",
        FactStanding::Outdated(_) => "TOO_OLD",
        FactStanding::Unusable(_) | FactStanding::Known(_) => return None,
    };
    let reason = why.get(used.path.as_str()).cloned().or_else(|| untold.parse().ok())?;
    Some(MissingFact { fact: used.path.as_str().parse().ok()?, reason })
}

/// What would change it by itself.
pub(super) fn changes(evaluation: &Evaluation) -> Option<WouldChange> {
    evaluation.changes.as_ref().map(|change| WouldChange { clause: change.clause.clone(), on: Some(change.on) })
}
