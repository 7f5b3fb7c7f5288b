//! A decision as it begins or is amended: what it rests on, and in which cascade it stands.
//!
//! Guarantees: the events that are named are those that caused it or bore its decisive facts, so that their annulment finds it.
//! Deliberately absent: what follows from it (`decide`).

use std::collections::BTreeSet;

use eligibility::{
    clause::Test,
    evaluate::{Evaluation, FactStanding},
    fold::EventRecord,
    propose::{Cause, Reason},
};
use protocol::seal::random;
use schemas::{
    decision::DecisionAction,
    digest::Digest,
    event::{EventPayload, MatchEvidence},
    id::{CaseId, EntityId, MessageId},
    scheme::DecisionState,
    time::{CivilDate, Timestamp},
};
use service_kit::db::AnyConnection;

use super::Desk;
use crate::{
    decisions::{
        DecisionError,
        look::Said,
        outcome,
        records::{self, Word},
    },
    store::decisions::cases::{Decided, Matter},
};

/// An event that woke a decision.
struct Woke {
    digest: Digest,
    source: EntityId,
    case: CaseId,
    matched: Option<MatchEvidence>,
}

impl Woke {
    fn of(record: &EventRecord) -> Self {
        Self {
            digest: record.digest,
            source: record.source.clone(),
            case: record.case.clone(),
            matched: match record.event() {
                Some(EventPayload::DeathRegistered(death)) => Some(death.r#match.clone()),
                _ => None,
            },
        }
    }
}

impl Desk<'_> {
    pub(super) fn draft(
        &self,
        said: &Said<'_>,
        (action, cause): (DecisionAction, &Cause),
        effective: CivilDate,
    ) -> Result<Decided, DecisionError> {
        let woke = self.woke(cause, Some(said));
        let (events, origin) = (woke.iter().map(|woke| woke.digest).collect(), woke.into_iter().next());
        let evaluation = said.evaluation.as_ref();
        let id = random::message_id(self.clerk.now);
        // What hangs on no event is a case of its own; a message id is of the alphabet of cases.
        Ok(Decided {
            person: self.look.person.clone(),
            scheme: said.plan.key().to_owned(),
            roll: said.plan.roll.to_string(),
            action,
            state: DecisionState::Proposed,
            case: origin
                .as_ref()
                .map(|origin| origin.case.clone())
                .map_or_else(|| id.as_str().parse().map_err(|_| DecisionError::NotWhole("a case")), Ok)?,
            matter: Matter {
                subject: self.look.known.subject.clone(),
                cause: cause.clone(),
                effective,
                notice: None,
                scheme: said.plan.version(),
                rule: said.plan.rule(),
                title: said.plan.title(),
                monthly: evaluation.and_then(|evaluation| evaluation.monthly),
                events,
                source: origin.as_ref().map(|origin| origin.source.clone()),
                matched: origin.and_then(|origin| origin.matched),
                clauses: evaluation.map(|e| self.clauses(e)).unwrap_or_default(),
                decisive: evaluation.map(|e| e.decisive.clone()).unwrap_or_default(),
                changes: evaluation.and_then(records::changes),
                confirmed_by: Vec::new(),
                hold: None,
                delivered: None,
                undone: None,
                by_law: false,
                dismissed: false,
                rules: evaluation.map(|e| said.plan.texts(&e.decisive)).unwrap_or_default(),
                next: None,
            },
            since: self.look.today,
            until: None,
            todo: None,
            waits: None,
            notice: None,
            turn: 0,
            at_ms: self.clerk.app.decided_at_ms(),
            id,
        })
    }

    /// The events on which a cause hangs, the one that began the cascade first; for what hangs on none, the latest that was heard.
    fn woke(&self, cause: &Cause, said: Option<&Said<'_>>) -> Vec<Woke> {
        let folded = &self.look.folded;
        if cause.reason == Reason::HeadOfHousehold {
            let named = |record: &&EventRecord| cause.key == format!("{} {}", record.source, record.id);
            return self.heard().find(named).map(Woke::of).into_iter().collect();
        }
        let origin = match cause.reason {
            Reason::Death => folded.deaths.iter().find(|death| death.is(&cause.key)).map(|death| &death.origin),
            Reason::DeathReported => folded.reported.as_ref().map(|reported| &reported.origin),
            Reason::MovedOut => folded.moved_out.as_ref().map(|moved| &moved.origin),
            _ => None,
        };
        if let Some(origin) = origin {
            let heard = self.heard().find(|record| record.id == origin.event && record.source == origin.source);
            return heard.map(Woke::of).into_iter().collect();
        }
        let of_clauses = said.filter(|_| cause.reason == Reason::ClauseFalse);
        let mut bore = of_clauses.map(|said| self.bore(said)).unwrap_or_default();
        if bore.is_empty() {
            bore.extend(self.look.heard.iter().map(|heard| &heard.record).max_by_key(|record| at(record)));
        }
        bore.into_iter().map(Woke::of).collect()
    }

    /// Everything that was heard of her, and of those she married.
    fn heard(&self) -> impl Iterator<Item = &EventRecord> {
        let spouses = self.look.related.spouses.iter().map(|(_, record)| record);
        self.look.heard.iter().map(|heard| &heard.record).chain(spouses)
    }

    /// The events that bore the facts of the decisive clauses, latest first.
    fn bore(&self, said: &Said<'_>) -> Vec<&EventRecord> {
        let Some(evaluation) = &said.evaluation else { return Vec::new() };
        let decisive = evaluation.clauses.iter().filter(|clause| evaluation.decisive.contains(&clause.id));
        let mut receipts: BTreeSet<Digest> = decisive
            .flat_map(|clause| &clause.facts)
            .filter_map(|used| match &used.standing {
                FactStanding::Known(origin) => origin.receipt,
                _ => None,
            })
            .collect();
        if is_by_age(said, evaluation) {
            receipts.extend(self.look.folded.facts.all_attained().filter_map(|attained| attained.receipt));
        }
        let mut bore: Vec<&EventRecord> = self.heard().filter(|record| receipts.contains(&record.digest)).collect();
        bore.sort_by(|a, b| at(b).cmp(&at(a)));
        bore.dedup_by(|a, b| a.digest == b.digest);
        bore
    }

    /// The reason is told otherwise now. Of one that is over, an officer looks at what is owed or was paid too much by its day.
    pub(super) fn amend(
        &self,
        conn: &mut AnyConnection,
        past: &Decided,
        (cause, effective): (&Cause, CivilDate),
    ) -> Result<(), DecisionError> {
        let mut now = past.clone();
        let woke = self.woke(cause, None);
        now.matter.events.extend(woke.iter().map(|woke| woke.digest));
        now.matter.events.sort();
        now.matter.events.dedup();
        now.matter.matched = woke.into_iter().next().and_then(|woke| woke.matched).or(now.matter.matched);
        let moved = now.matter.effective != effective;
        (now.matter.cause, now.matter.effective) = (cause.clone(), effective);
        self.clerk.log(conn, &now, Word { action: DecisionAction::Amend, ..Word::own(&now) })?;
        self.clerk.update(conn, &now)?;
        if moved && now.state == DecisionState::Removed {
            outcome::review(conn, self.clerk.app, (&now, self.clerk.local), self.clerk.now)?;
        }
        Ok(())
    }
}

fn at(record: &EventRecord) -> (Timestamp, &MessageId) {
    (record.recorded, &record.id)
}

/// Whether an age is among what decided: it may be known from events about ages alone.
fn is_by_age(said: &Said<'_>, evaluation: &Evaluation) -> bool {
    let clauses = said.plan.scheme().into_iter().flat_map(|scheme| &scheme.clauses);
    let decisive = clauses.filter(|clause| evaluation.decisive.contains(&clause.id));
    decisive.flat_map(|clause| clause.tests()).any(|test| matches!(test, Test::Age(_)))
}
