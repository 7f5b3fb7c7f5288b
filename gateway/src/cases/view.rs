//! How the parts of a case stand, and what a case file keeps of them.
//!
//! Guarantees: a case file is seen by the system that made it, for the officer that made it; each look is an audit row in a
//! transaction that was committed before anything is shown; a value is kept as long as the consent's retention, and no longer than
//! the consent stays unrevoked. Deliberately absent: values in any other place than an encrypted column.

use schemas::{
    answer::Record,
    asking::{CaseView, PartAnswer, PartOutcome},
    consent::ConsentStatus,
    id::{ConsentId, MessageId, SystemName},
    problem::Code,
    time::Timestamp,
};
use service_kit::db::DatabaseError;

use super::{InquiryAbout, PartAbout, outcome, parts::unsealed};
use crate::{
    app::App,
    audit,
    exchange::ask::{End, NotAnswered},
    store::{
        encrypted::ColumnError,
        exchange::{
            asks::{AskRow, ask_find},
            consent_find,
        },
        inquiries::{
            Inquiry, Kind, Outcome, PartEnd, PartRow, PartValue, inquiry_about_open, inquiry_find, part_about_open,
            part_value_open, part_value_seal, parts_page, parts_write,
        },
    },
};

/// A look at a case file in the audit trail.
const ACTION: &str = "case.read";

impl App {
    /// How the parts of an inquiry stand, without asking anything.
    ///
    /// # Errors
    /// `request-expired` once it is forgotten; `overloaded`.
    pub(super) async fn case_view(&self, id: &MessageId) -> Result<CaseView, NotAnswered> {
        let (app, wanted) = (self.clone(), id.clone());
        let view = self.db().read(move |conn| {
            let Some(inquiry) = inquiry_find(conn, &wanted)? else { return Ok(Err(NotAnswered::new(Code::NotFound))) };
            let parts = parts_page(conn, &wanted, 0, i64::from(inquiry.parts))?;
            Ok::<_, DatabaseError>(app.view_of(&inquiry, parts))
        });
        view.await?
    }

    fn view_of(&self, inquiry: &Inquiry, parts: Vec<PartRow>) -> Result<CaseView, NotAnswered> {
        let forgotten =
            || NotAnswered::new(Code::RequestExpired).detail("this case is no longer kept; its receipts are");
        let about = inquiry.about.as_ref().ok_or_else(forgotten)?;
        let about: InquiryAbout = inquiry_about_open(self.keys(), &inquiry.id, about).map_err(unsealed)?;
        let parts = parts.into_iter().map(|part| self.part_answer(inquiry, part));
        Ok(CaseView {
            id: inquiry.id.clone(),
            case: about.case,
            purpose: about.purpose,
            officer: about.officer,
            made: Timestamp::from_seconds(inquiry.made_ms.div_euclid(1000)),
            parts: parts.collect::<Result<_, _>>().map_err(unsealed)?,
        })
    }

    /// One part as its system hears it.
    pub(super) fn part_answer(&self, inquiry: &Inquiry, part: PartRow) -> Result<PartAnswer, ColumnError> {
        let (keys, id, place) = (self.keys(), &inquiry.id, part.place);
        let about = part.about.as_ref().map(|about| part_about_open(keys, id, place, about)).transpose()?;
        let PartAbout { person, number, provider, dataset, .. } = about.unwrap_or_default();
        let end = part.end.as_ref().zip(part.exchange.as_ref());
        let end = end.and_then(|(end, exchange)| self.stored_end(exchange, end).ok());
        let kept = part.value.as_ref().map(|value| part_value_open(keys, id, place, value)).transpose()?;
        let (record, refusal) = match end {
            // A case file shows what it keeps itself, so that a revoked consent takes it out of sight.
            _ if inquiry.kind == Kind::Case && part.outcome == Some(Outcome::Answered) => (kept, None),
            Some(End::Answered(answer)) => (Some(answer.record), None),
            Some(End::Refused { answer, .. }) => (None, Some(answer)),
            Some(End::Unconfirmed { .. }) | None => (None, None),
        };
        Ok(PartAnswer {
            part: place,
            person,
            number,
            provider,
            dataset,
            outcome: word(part.outcome),
            open: !part.ended && inquiry.about.is_some(),
            code: part.code,
            exchange: part.exchange,
            receipt: part.receipt,
            counterpart: part.counterpart,
            ended: part.at.filter(|_| part.ended),
            record,
            refusal,
        })
    }

    /// A case file, for the system and the officer that made it. Each look, refused ones included, is an audit row.
    ///
    /// # Errors
    /// `not-found` for everybody else; `request-expired`, `overloaded`.
    pub async fn look_at_case(
        &self,
        system: &SystemName,
        officer: Option<&SystemName>,
        id: &MessageId,
    ) -> Result<CaseView, NotAnswered> {
        let wanted = id.clone();
        let found = self.db().read(move |conn| Ok::<_, DatabaseError>(inquiry_find(conn, &wanted)?)).await?;
        let case = found.filter(|inquiry| inquiry.kind == Kind::Case);
        let own = case.filter(|inquiry| inquiry.key.system == *system && inquiry.officer.as_ref() == officer);
        let row = audit::done(system.as_str(), ACTION, id.as_str(), self.now());
        if own.is_none() {
            audit::record(self.db(), audit::refused(row, Some(Code::NotFound))).await?;
            return Err(NotAnswered::new(Code::NotFound).detail("there is no case file of this id for you"));
        }
        audit::record(self.db(), row).await?;
        self.settle_inquiry(id).await?;
        self.forget_revoked().await?;
        self.case_view(id).await
    }

    /// Writes down the ends that recovery brought since.
    ///
    /// # Errors
    /// If the database does not answer.
    pub(super) async fn settle_inquiry(&self, id: &MessageId) -> Result<(), NotAnswered> {
        let wanted = id.clone();
        let read = self.db().read(move |conn| {
            let Some(inquiry) = inquiry_find(conn, &wanted)? else { return Ok(None) };
            let mut open = Vec::new();
            for part in parts_page(conn, &wanted, 0, i64::from(inquiry.parts))?.into_iter().filter(|part| !part.ended) {
                if let Some(asked) = ask_find(conn, &inquiry.key.part(part.place))? {
                    open.push((part, asked));
                }
            }
            Ok::<_, DatabaseError>(Some((inquiry, open)))
        });
        let Some((inquiry, open)) = read.await? else { return Ok(()) };
        let mut ends = Vec::new();
        for (part, asked) in open {
            if let Some(end) = self.settled(&inquiry, part, asked).await? {
                ends.push(end);
            }
        }
        let id = id.clone();
        Ok(self.db().write(move |conn| Ok::<_, DatabaseError>(parts_write(conn, &id, &ends)?)).await?)
    }

    /// How a part stands now that its question has an end; `None` if it has none.
    async fn settled(&self, inquiry: &Inquiry, part: PartRow, asked: AskRow) -> Result<Option<PartEnd>, NotAnswered> {
        let Some(end) = &asked.end else { return Ok(None) };
        let end = self.stored_end(&asked.exchange, end)?;
        let (keys, id) = (self.keys(), &inquiry.id);
        let about = part.about.as_ref().map(|about| part_about_open(keys, id, part.place, about)).transpose();
        let about: PartAbout = about.map_err(unsealed)?.unwrap_or_default();
        let result = Ok(end);
        let settled = outcome::of(part.place, &result, self.now());
        match (about.consent, result) {
            (Some(consent), Ok(End::Answered(answer))) if inquiry.kind == Kind::Case => {
                self.keep_value(id, settled, &consent, &answer.record).await.map(Some)
            }
            _ => Ok(Some(settled)),
        }
    }

    /// A part's end with the record that a case file keeps: until the consent's retention is over, unless it was revoked.
    pub(super) async fn keep_value(
        &self,
        inquiry: &MessageId,
        end: PartEnd,
        consent: &ConsentId,
        record: &Record,
    ) -> Result<PartEnd, NotAnswered> {
        let held = self.held(consent).await?;
        let index = held.index.clone();
        let row = self.db().read(move |conn| Ok::<_, DatabaseError>(consent_find(conn, &index)?)).await?;
        if row.is_some_and(|row| row.state.status == ConsentStatus::Revoked) {
            return Ok(end);
        }
        let until = held.consent.terms().retention.duration.after(end.at.civil_day(), 1).start();
        let record = part_value_seal(self.keys(), inquiry, end.place, record).map_err(unsealed)?;
        Ok(PartEnd { value: Some(PartValue { record, until, consent: held.index }), ..end })
    }
}

/// What was not asked yet is not available yet.
const fn word(outcome: Option<Outcome>) -> PartOutcome {
    match outcome {
        Some(Outcome::Answered) => PartOutcome::Answered,
        Some(Outcome::Refused) => PartOutcome::Refused,
        Some(Outcome::Unavailable) | None => PartOutcome::Unavailable,
    }
}
