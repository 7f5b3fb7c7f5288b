//! Everything on which a decision rests, side by side: clauses with their texts, facts with source, day and receipt, the events that
//! woke it, the notice and how it arrived, the objection with its papers, and every signed step.
//!
//! Guarantees: clauses, facts and steps are those of the signed records and of the decision as it stands, not of today's rules; values
//! of facts stay where they are. Deliberately absent: judging.

use std::collections::BTreeMap;

use eligibility::scheme::Scheme;
use protocol::consent::Refusal;
use schemas::{
    decision::{
        ClauseResult, DecisionAction, DecisionRecord, DeliveryEvidence, FactRecord, NoticeRecord, SchemeVersion,
        WouldChange,
    },
    digest::Digest,
    event::MatchEvidence,
    id::{ClauseId, EntityId, MessageId, StaffMark, SystemName},
    notice::{Channel, DeliveryState},
    problem::Code,
    scheme::DecisionState,
    time::{CivilDate, Timestamp},
};
use serde::Serialize;
use service_kit::db::AnyConnection;

use super::{account_may, commands::Waiting, counter::takers};
use crate::{
    app::App,
    audit,
    decisions::{DecisionError, OfficerRefused, ReviewItem},
    store::{
        decisions::{
            DecisionStoreError,
            cases::{Decided, decision_find},
            log::{LogKind, Logged, log_of},
        },
        notices::{deliveries::deliveries_of, notice_find},
        review::{Note, notes_of},
        triggers::{
            cases::{EventHeard, events_of_person},
            stored_claims,
        },
    },
};

/// Its action in the audit trail.
const LOOK: &str = "decision.look";

/// Everything about one decision.
#[derive(Clone, Debug, Serialize)]
pub struct Evidence {
    /// What it is.
    #[serde(flatten)]
    pub summary: Waiting,
    /// The same, with what is about a person; it is printed nowhere.
    #[serde(skip)]
    pub item: ReviewItem,
    /// The version of the scheme that was applied.
    pub version: Option<SchemeVersion>,
    /// The built-in rule, where no scheme decided.
    pub rule: Option<String>,
    /// Rupees a month.
    pub monthly: Option<u32>,
    /// Each clause.
    pub clauses: Vec<ClauseSeen>,
    /// What woke it.
    pub events: Vec<EventSeen>,
    /// Whose register recorded it.
    pub source: Option<EntityId>,
    /// How the person of the event was matched.
    pub matched: Option<MatchEvidence>,
    /// What would change it.
    pub changes: Option<Change>,
    /// Who confirmed it.
    pub confirmed_by: Vec<StaffMark>,
    /// Days to object once the notice arrived.
    pub notice_days: Option<u16>,
    /// The notice.
    pub notice: Option<NoticeSeen>,
    /// Every signed record, oldest first.
    pub steps: Vec<Step>,
    /// Why officers decided so, and papers shown.
    #[serde(skip)]
    pub notes: Vec<Note>,
}

/// A clause and what it was computed from.
#[derive(Clone, Debug, Serialize)]
pub struct ClauseSeen {
    /// Its number.
    pub id: ClauseId,
    /// Whether it holds.
    pub result: ClauseResult,
    /// Whether it made the difference.
    pub decisive: bool,
    /// Its text by language; empty where the file is not kept here.
    pub text: BTreeMap<String, String>,
    /// Law, guideline, paragraph.
    pub reference: Option<String>,
    /// The facts.
    pub facts: Vec<FactRecord>,
}

/// What would change a decision.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// The clause and, where it changes by itself, the day.
    #[serde(flatten)]
    pub would: WouldChange,
    /// The clause's text by language.
    pub text: BTreeMap<String, String>,
}

/// A notice and how it stands.
#[derive(Clone, Debug, Serialize)]
pub struct NoticeSeen {
    /// Its number.
    pub id: MessageId,
    /// When it was written.
    pub at: Timestamp,
    /// Whether her wallet has it.
    pub fetched: bool,
    /// Each way that it took.
    pub ways: Vec<(Channel, DeliveryState)>,
    /// The recorded delivery; without one no window runs.
    pub delivery: Option<DeliverySeen>,
}

/// A recorded delivery.
#[derive(Clone, Debug, Serialize)]
pub struct DeliverySeen {
    /// When.
    pub at: Timestamp,
    /// What shows it.
    pub evidence: DeliveryEvidence,
    /// Who entered it.
    pub by: Option<StaffMark>,
    /// Last day on which she may object.
    pub window_ends: CivilDate,
    /// SHA-256 over the signed record.
    pub digest: Digest,
}

/// One signed record.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// What it did; none: the notice was delivered.
    pub action: Option<DecisionAction>,
    /// How far the decision had come.
    pub state: Option<DecisionState>,
    /// Why, as a code.
    pub reason: Option<String>,
    /// How many rows of the roll it changed.
    pub rows: usize,
    /// SHA-256 over the record: the log at the trust anchor holds it.
    pub digest: Digest,
}

/// An event that woke a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventSeen {
    /// SHA-256 over it.
    pub digest: Digest,
    /// What is kept of it here; none: it came another way.
    pub heard: Option<EventHeard>,
}

/// Texts of clauses by number.
type Texts = BTreeMap<ClauseId, (BTreeMap<String, String>, String)>;

struct Read {
    decided: Decided,
    log: Vec<Logged>,
    events: Vec<EventSeen>,
    notice: Option<NoticeSeen>,
    notes: Vec<Note>,
}

impl App {
    /// Everything about one decision; none if there is no such one.
    ///
    /// # Errors
    /// If the rows cannot be read.
    pub async fn review_evidence(&self, decision: &MessageId) -> Result<Option<Evidence>, DecisionError> {
        let (with, id) = (self.clone(), decision.clone());
        let Some(read) = self.db().read(move |conn| read(conn, &with, &id)).await? else { return Ok(None) };
        let items = self.decisions_in_case(&read.decided.case).await?;
        let Some(item) = items.into_iter().find(|item| item.decision == *decision) else { return Ok(None) };
        let texts = self.clause_texts(read.decided.matter.scheme.as_ref()).await;
        Ok(Some(evidence(item, read, &texts)))
    }

    /// The same for an officer who looks at it; that she did is a row of the audit trail.
    ///
    /// # Errors
    /// `not-found`.
    pub async fn look_at_decision(
        &self,
        officer: &SystemName,
        decision: &MessageId,
    ) -> Result<Evidence, OfficerRefused> {
        let evidence = self.review_evidence(decision).await?;
        self.looked(officer, decision.as_str(), evidence.is_none().then_some(Code::NotFound)).await?;
        evidence.ok_or_else(|| Refusal::new(Code::NotFound, "no such decision").into())
    }

    /// The decision that a letter is about, for an officer at the counter; that she looked is a row of the audit trail.
    ///
    /// # Errors
    /// As [`decision_at_counter`](Self::decision_at_counter).
    pub async fn decision_for_counter(
        &self,
        officer: &SystemName,
        case: &str,
        number: &str,
    ) -> Result<ReviewItem, OfficerRefused> {
        let (with, by) = (self.clone(), officer.clone());
        let may = self.db().read(move |conn| account_may(conn, &with, &by, &takers())).await?;
        let found = if may {
            self.decision_at_counter(case, number).await
        } else {
            Err(Refusal::new(Code::AccessDenied, "no open account of an operator or reviewer has this name").into())
        };
        let target = found.as_ref().map_or("counter", |item| item.decision.as_str());
        self.looked(officer, target, found.as_ref().err().map(OfficerRefused::code)).await?;
        found
    }

    async fn looked(&self, officer: &SystemName, target: &str, refused: Option<Code>) -> Result<(), DecisionError> {
        let row = audit::done(officer.as_str(), LOOK, target, self.now());
        let row = if refused.is_none() { row } else { audit::refused(row, refused) };
        Ok(audit::record(self.db(), row).await?)
    }

    /// The texts of a version's clauses; none where its file is not kept here.
    async fn clause_texts(&self, version: Option<&SchemeVersion>) -> Texts {
        let Some(version) = version else { return Texts::new() };
        let Ok(stored) = self.schemes().version(&version.id, version.version).await else { return Texts::new() };
        let scheme = Scheme::parse(&stored.body).ok().filter(|scheme| scheme.hash == version.hash);
        let clauses = scheme.map(|scheme| scheme.clauses).unwrap_or_default();
        let text = |text: eligibility::clause::Bilingual| {
            BTreeMap::from([("en".to_owned(), text.en), ("hi".to_owned(), text.hi)])
        };
        clauses.into_iter().map(|clause| (clause.id, (text(clause.text), clause.reference))).collect()
    }

    /// The decision of a case that somebody at the counter may object to, by the number of hers at this department.
    ///
    /// # Errors
    /// `not-found`; `conflict`: several, so that the decision must be named.
    pub async fn decision_at_counter(&self, case: &str, number: &str) -> Result<ReviewItem, OfficerRefused> {
        let none = Refusal::new(Code::NotFound, "no decision of this case and number may be objected to");
        let Ok(case) = case.trim().parse() else { return Err(none.into()) };
        let number = number.trim();
        let found = self.decisions_in_case(&case).await?.into_iter();
        let hers = found.filter(|item| {
            item.action == DecisionAction::Remove && item.local.as_ref().is_some_and(|local| local.as_str() == number)
        });
        let open = |item: &ReviewItem| {
            use DecisionState as S;
            matches!(item.state, S::Proposed | S::Held | S::Noticed | S::Contested | S::Upheld | S::Removed)
        };
        let mut open: Vec<ReviewItem> = hers.filter(open).collect();
        match open.len() {
            0 => Err(none.into()),
            1 => Ok(open.remove(0)),
            _ => {
                let many = "several decisions of this case are hers; name the decision";
                Err(Refusal::new(Code::Conflict, many).into())
            }
        }
    }
}

fn read(conn: &mut AnyConnection, app: &App, id: &MessageId) -> Result<Option<Read>, DecisionError> {
    let Some(decided) = decision_find(conn, app.keys(), id)? else { return Ok(None) };
    let log = log_of(conn, id)?;
    let delivery = log.iter().rev().find_map(delivery_of);
    let heard = events_of_person(conn, &decided.person).map_err(DecisionStoreError::from)?;
    let woke = |digest: &Digest| {
        let heard = heard.iter().find(|event| event.digest == *digest).cloned();
        EventSeen { digest: *digest, heard }
    };
    let events = decided.matter.events.iter().map(woke).collect();
    let notice = decided.notice.as_ref().map(|notice| seen(conn, app, notice, delivery)).transpose()?.flatten();
    let notes = notes_of(conn, app.keys(), id)?;
    Ok(Some(Read { decided, log, events, notice, notes }))
}

fn seen(
    conn: &mut AnyConnection,
    app: &App,
    id: &MessageId,
    delivery: Option<DeliverySeen>,
) -> Result<Option<NoticeSeen>, DecisionError> {
    let Some(stored) = notice_find(conn, app.keys(), id)? else { return Ok(None) };
    let ways = deliveries_of(conn, id).map_err(DecisionStoreError::from)?;
    let at = Timestamp::from_seconds(stored.at_ms.div_euclid(1_000));
    Ok(Some(NoticeSeen { id: stored.id, at, fetched: stored.fetched, ways, delivery }))
}

fn delivery_of(logged: &Logged) -> Option<DeliverySeen> {
    if logged.kind != LogKind::Notice {
        return None;
    }
    let record: NoticeRecord = stored_claims(logged.jws.as_str()).ok()?;
    let delivery = record.delivery?;
    Some(DeliverySeen {
        at: delivery.at,
        evidence: delivery.evidence,
        by: delivery.by,
        window_ends: delivery.window_ends,
        digest: logged.digest(),
    })
}

fn step(logged: &Logged) -> Option<Step> {
    let digest = logged.digest();
    if logged.kind == LogKind::Notice {
        let record: NoticeRecord = stored_claims(logged.jws.as_str()).ok()?;
        let at = Timestamp::from_seconds(record.iat.seconds());
        return Some(Step { at, action: None, state: None, reason: None, rows: 0, digest });
    }
    let record: DecisionRecord = stored_claims(logged.jws.as_str()).ok()?;
    Some(Step {
        at: Timestamp::from_seconds(record.iat.seconds()),
        action: Some(record.action),
        state: Some(record.state),
        reason: Some(record.reason.to_string()),
        rows: record.effects.len(),
        digest,
    })
}

fn evidence(item: ReviewItem, read: Read, texts: &Texts) -> Evidence {
    let matter = read.decided.matter;
    let text = |clause: &ClauseId| texts.get(clause).map(|(text, _)| text.clone()).unwrap_or_default();
    let clauses = matter.clauses.into_iter().map(|clause| ClauseSeen {
        decisive: matter.decisive.contains(&clause.id),
        text: text(&clause.id),
        reference: texts.get(&clause.id).map(|(_, reference)| reference.clone()),
        id: clause.id,
        result: clause.result,
        facts: clause.facts,
    });
    Evidence {
        clauses: clauses.collect(),
        summary: Waiting::from(item.clone()),
        item,
        version: matter.scheme,
        rule: matter.rule.map(|rule| rule.to_string()),
        monthly: matter.monthly,
        events: read.events,
        source: matter.source,
        matched: matter.matched,
        changes: matter.changes.map(|would| Change { text: text(&would.clause), would }),
        confirmed_by: matter.confirmed_by,
        notice_days: matter.notice.map(|notice| notice.days),
        notice: read.notice,
        steps: read.log.iter().filter_map(step).collect(),
        notes: read.notes,
    }
}
