//! The letter of a decision's notice, to be printed and handed over: Hindi and English, with case number, deadline and QR code.
//!
//! Guarantees: it says what the notice says, word for word; each print is a row of the audit trail. Deliberately absent: name and
//! postal address, which the department's own files have under the number on the letter; counting a print as a delivery.

use schemas::{
    id::{CaseId, MessageId, SystemName},
    problem::Code,
    time::{CivilDate, Timestamp},
};
use service_kit::{
    db::AnyConnection,
    words::{Language, Locale},
};

use crate::{
    app::App,
    audit,
    decisions::{DecisionError, OfficerRefused},
    store::{
        decisions::cases::decision_find,
        links::link_find,
        notices::{StoredNotice, notice_find},
    },
};

/// Its action in the audit trail.
const PRINTED: &str = "decision.letter";

/// A letter.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// The decision.
    pub decision: MessageId,
    /// The notice.
    pub notice: MessageId,
    /// The case.
    pub case: CaseId,
    /// Her number at this department.
    pub number: Option<String>,
    /// When the notice was written.
    pub at: Timestamp,
    /// Last day on which she may object, where the window runs.
    pub until: Option<CivilDate>,
    /// Days to object, counted from the day on which the letter arrives.
    pub days: Option<u16>,
    /// For the QR code.
    pub qr: String,
    /// In each language: language, department, title, body.
    pub texts: Vec<LetterText>,
}

// It is about a person.
impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Letter").field("notice", &self.notice).finish_non_exhaustive()
    }
}

/// A letter in one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterText {
    /// Which.
    pub locale: Locale,
    /// Who writes.
    pub department: String,
    /// One line.
    pub title: String,
    /// Whole sentences.
    pub body: String,
}

struct Found {
    notice: StoredNotice,
    number: Option<String>,
    case: CaseId,
    until: Option<CivilDate>,
    days: Option<u16>,
}

fn find(conn: &mut AnyConnection, app: &App, id: &MessageId) -> Result<Option<Found>, DecisionError> {
    let Some(decided) = decision_find(conn, app.keys(), id)? else { return Ok(None) };
    let Some(notice) = &decided.notice else { return Ok(None) };
    let Some(notice) = notice_find(conn, app.keys(), notice)? else { return Ok(None) };
    Ok(Some(Found {
        notice,
        number: link_find(conn, app.keys(), &decided.matter.subject)?,
        case: decided.case,
        until: decided.until,
        days: decided.matter.notice.map(|notice| notice.days),
    }))
}

impl App {
    /// The letter of a decision's notice, for an officer who prints it.
    ///
    /// # Errors
    /// `not-found`: no such decision, or no notice of it was written.
    pub async fn decision_letter(&self, officer: &SystemName, decision: &MessageId) -> Result<Letter, OfficerRefused> {
        let (with, id) = (self.clone(), decision.clone());
        let found = self.db().read(move |conn| find(conn, &with, &id)).await?;
        let row = audit::done(officer.as_str(), PRINTED, decision.as_str(), self.now());
        let row = if found.is_some() { row } else { audit::refused(row, Some(Code::NotFound)) };
        audit::record(self.db(), row).await?;
        let found = found.ok_or(protocol::consent::Refusal::new(Code::NotFound, "no notice of it was written"))?;
        Ok(self.letter_of(decision, found))
    }

    fn letter_of(&self, decision: &MessageId, found: Found) -> Letter {
        let Found { notice, number, case, until, days } = found;
        let text = |language: Language| {
            let text = self.notice_text(&notice.kind, &notice.id, language.tag());
            let (title, body) = text.split_once('\n').unwrap_or(("", text.as_str()));
            LetterText {
                locale: if language == Language::Hindi { Locale::HINDI } else { Locale::ENGLISH },
                department: self.named(language),
                title: title.to_owned(),
                body: body.to_owned(),
            }
        };
        Letter {
            decision: decision.clone(),
            at: Timestamp::from_seconds(notice.at_ms.div_euclid(1_000)),
            qr: format!("vinimay:notice?member={}&case={case}&notice={}", self.entity(), notice.id),
            texts: [Language::Hindi, Language::English].into_iter().map(text).collect(),
            notice: notice.id,
            case,
            number,
            until,
            days,
        }
    }
}
