//! Life events that a department's own system reports, where no table of the register can be watched.
//!
//! Guarantees: only types that the configuration gives this system and the directory this department; the person is one of the
//! register's; a report counts once by its id, and other content under that id is refused; events and claim are one transaction.
//! Deliberately absent: taking a report back; an annulment is an event of its own.

use std::collections::BTreeMap;

use registry_adapter::{
    changes::{Content, Draft},
    key::LocalKey,
    mapping::relations,
    source::Source,
};
use schemas::{
    digest::Digest,
    event::{EventKind, Relation},
    id::{EventType, MessageId, SystemName},
    problem::Code,
    time::CivilDate,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    DELIVERY, TriggerError, capture,
    error::blocking,
    happening::{Happening, ReportedBy, with_consequences},
    tell,
};
use crate::{
    app::App,
    exchange::Rejected,
    store::triggers::{
        captured::{captured_claim, captured_exists},
        captured_index,
    },
};

/// A life event as a system reports it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The system's own id of the report.
    pub id: MessageId,
    /// What happened.
    pub r#type: EventType,
    /// To whom, by the register's number.
    pub subject: String,
    /// From which day it holds.
    pub effective: CivilDate,
    /// Members of the type's payload.
    #[serde(default)]
    pub payload: Map<String, Value>,
    /// The other people of whom it speaks, by the register's numbers: `spouse`, `mother`, `father`, `head`, `into`, `parted`.
    #[serde(default)]
    pub related: BTreeMap<String, String>,
    /// The number of the earlier registration that this one replaces.
    #[serde(default)]
    pub supersedes: Option<String>,
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    /// Told, to so many departments.
    Told(usize),
    /// The same report was taken before.
    Known,
}

impl App {
    /// Takes a report of one of the department's own systems.
    ///
    /// # Errors
    /// `role-missing`; `request-malformed` for a payload that is not that of the type; `not-found-or-not-permitted` for somebody whom
    /// the register does not know; `conflict` for other content under a known id; `registry-unavailable`; `overloaded`.
    pub async fn report(&self, system: &SystemName, report: Report) -> Result<Reported, Rejected> {
        let kind = self.authorize_report(system, &report.r#type)?;
        let malformed = || Rejected::new(Code::RequestMalformed);
        let subject: LocalKey = report.subject.parse().map_err(|_| malformed())?;
        let content = content(kind, &report).ok_or_else(malformed)?;
        let app = self.clone();
        let done = blocking(move || app.take(kind, &report, subject, content)).await;
        let reported = done.map_err(|error| {
            tracing::warn!(%error, "a report could not be taken");
            Rejected::new(Code::Overloaded).retry_after(1)
        })?;
        self.wake_anchor();
        self.wakes().wake(DELIVERY);
        reported.map_err(Rejected::new)
    }

    fn authorize_report(&self, system: &SystemName, kind: &EventType) -> Result<EventKind, Rejected> {
        let missing = Rejected::new(Code::RoleMissing);
        if !self.system(system).is_some_and(|system| system.events.contains(kind)) {
            return Err(missing);
        }
        let directory = self.directory();
        let us = directory.peer(self.entity(), self.now()).map_err(|refusal| Rejected::new(refusal.code()))?;
        if us.authorize_event_source(kind).is_err() {
            return Err(missing);
        }
        // Ages are reckoned, and a feed speaks for itself.
        let reportable = |kind: &EventKind| registry_adapter::mapping::members(*kind).is_some();
        EventKind::of(kind).filter(reportable).filter(|kind| *kind != EventKind::AgeRevised).ok_or(missing)
    }

    /// Blocks.
    fn take(
        &self,
        kind: EventKind,
        report: &Report,
        subject: LocalKey,
        content: Content,
    ) -> Result<Result<Reported, Code>, TriggerError> {
        let residents = self.source().and_then(Source::residents);
        let known = residents.map(|residents| residents.by_number(&subject)).transpose()?.flatten();
        if known.is_none() {
            return Ok(Err(Code::NotFoundOrNotPermitted));
        }
        let recorded = self.now();
        let by = ReportedBy { kind, report: report.id.as_str(), subject, recorded };
        let main = by.happening(self.keys(), content)?;
        let happenings = with_consequences(self.keys(), self.triggers().changes.as_ref(), recorded, main)?;
        self.store_report(report, &happenings)
    }

    fn store_report(&self, report: &Report, happenings: &[Happening]) -> Result<Result<Reported, Code>, TriggerError> {
        let known = capture::known(self, happenings)?;
        let text = serde_json::to_string(report).map_err(|_| TriggerError::Answer("a report has no JSON form"))?;
        let id = captured_index(self.keys(), "report", report.id.as_str());
        let whole = captured_index(self.keys(), "report", &format!("{} {}", report.id, Digest::of(&text)));
        let now_ms = self.now_ms();
        self.db().write_blocking(|conn| {
            if !captured_claim(conn, &report.r#type, &id, now_ms)? {
                let same = captured_exists(conn, &report.r#type, &whole)?;
                return Ok(if same { Ok(Reported::Known) } else { Err(Code::Conflict) });
            }
            captured_claim(conn, &report.r#type, &whole, now_ms)?;
            tell::together(conn, now_ms, |page, conn| {
                Ok(Ok(Reported::Told(capture::tell_each(self, (page, conn), happenings, &known)?)))
            })
        })
    }
}

/// The report as a row of the register would be read; `None` if it is not of its type.
fn content(kind: EventKind, report: &Report) -> Option<Content> {
    let mut related: BTreeMap<Relation, LocalKey> = BTreeMap::new();
    for (name, number) in &report.related {
        let (relation, ..) = relations(kind).iter().find(|(_, known, _)| known == name)?;
        related.insert(*relation, number.parse().ok()?);
    }
    let needed = relations(kind).iter().filter(|(.., required)| *required);
    if needed.into_iter().any(|(relation, ..)| !related.contains_key(relation)) {
        return None;
    }
    Some(Content {
        effective: report.effective,
        draft: Draft::reported(kind, report.effective, report.payload.clone()).ok()?,
        related,
        supersedes: report.supersedes.clone(),
        repeats: false,
    })
}
