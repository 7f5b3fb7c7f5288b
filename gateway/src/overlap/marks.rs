//! What officers see and settle: comparisons, and who of our roll was found on the other's too.
//!
//! Guarantees: that numbers of people were looked at, and each settling with its reason, is a row of the audit trail; a mark is settled
//! once. Deliberately absent: what follows. "Pursued" is a note that the department goes after it by its own procedure; it does
//! nothing. The console's review queue holds decisions, and a mark is none.

use schemas::{
    id::{EntityId, MessageId, SystemName},
    problem::Code,
    time::Timestamp,
};
use serde::Serialize;

use super::OverlapError;
use crate::{
    app::App,
    audit,
    break_glass::Reason,
    store::overlap::{
        OverlapRow, Side, State,
        marks::{Finding, Mark, MarkError, Settling, mark_settle, marks_of},
        overlap_list, records_of,
    },
};

/// What the audit trail calls it.
const LOOK: &str = "overlap.look";
const SETTLE: &str = "overlap.settle";
/// Marks shown at once.
const SHOWN: i64 = 10_000;

/// A comparison as an officer reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OverlapView {
    /// Its id.
    pub comparison: MessageId,
    /// Whether we asked or answered.
    pub side: Side,
    /// The other department.
    pub with: EntityId,
    /// Under which law.
    pub law: String,
    /// By which identifier.
    pub identifier: String,
    /// Our roll.
    pub roll: String,
    /// The other's.
    pub their_roll: String,
    /// The asker's officer.
    pub officer: String,
    /// The asker's case.
    pub case: String,
    /// How far it has come.
    pub state: State,
    /// Why it was refused.
    pub code: Option<Code>,
    /// Different identifiers on our roll.
    pub ours: i64,
    /// On the other's.
    pub theirs: Option<i64>,
    /// How many both have.
    pub common: Option<i64>,
    /// Whether both sides signed the same result.
    pub confirmed: bool,
    /// Since when.
    pub began_at: Timestamp,
    /// Until when.
    pub ended_at: Option<Timestamp>,
}

impl From<OverlapRow> for OverlapView {
    fn from(row: OverlapRow) -> Self {
        Self {
            comparison: row.key.comparison,
            side: row.key.side,
            with: row.key.peer,
            law: row.law,
            identifier: row.identifier,
            roll: row.roll,
            their_roll: row.peer_roll,
            officer: row.officer,
            case: row.case,
            state: row.state,
            code: row.code,
            ours: row.people,
            theirs: row.peer_people,
            common: row.common,
            confirmed: row.confirmed,
            began_at: row.began_at,
            ended_at: row.ended_at,
        }
    }
}

/// A mark as an officer reads it. The number is the department's own.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct MarkView {
    /// Its id.
    pub mark: MessageId,
    /// Our own number of the person.
    pub number: String,
    /// Since when.
    pub found_at: Timestamp,
    /// What an officer found.
    pub finding: Option<Finding>,
    /// Who she is.
    pub officer: Option<String>,
}

// The number is personal data.
impl std::fmt::Debug for MarkView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MarkView({})", self.mark)
    }
}

impl From<Mark> for MarkView {
    fn from(mark: Mark) -> Self {
        let (finding, officer) = mark.settled.unzip();
        Self { mark: mark.id, number: mark.person.as_str().to_owned(), found_at: mark.found_at, finding, officer }
    }
}

/// One comparison with its marks, and everything that both sides signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The comparison.
    pub overlap: OverlapView,
    /// Who was found, those that wait first.
    pub marks: Vec<MarkView>,
    /// Compact JWSs, as an auditor verifies them.
    pub signed: Vec<String>,
}

impl App {
    /// Comparisons, the newest first.
    ///
    /// # Errors
    /// If the rows cannot be read.
    pub async fn overlaps_seen(&self, most: u32) -> Result<Vec<OverlapView>, OverlapError> {
        let rows = self.db().read(move |conn| Ok::<_, MarkError>(overlap_list(conn, i64::from(most))?)).await?;
        Ok(rows.into_iter().map(OverlapView::from).collect())
    }

    /// One comparison with the numbers of those who were found; that they were looked at is a row of the audit trail.
    ///
    /// # Errors
    /// If the rows cannot be read. `None`: there is none of this id.
    pub async fn overlap_shown(&self, comparison: &MessageId, actor: &str) -> Result<Option<Shown>, OverlapError> {
        let (keys, wanted) = (self.keys().clone(), comparison.clone());
        let found = self.db().read(move |conn| {
            let mut all = overlap_list(conn, i64::from(u32::MAX))?.into_iter();
            let Some(row) = all.find(|row| row.key.comparison == wanted) else { return Ok(None) };
            let marks = marks_of(conn, &keys, &row.key, SHOWN)?;
            let signed = records_of(conn, &row.key)?;
            Ok::<_, MarkError>(Some((row, marks, signed)))
        });
        let found = found.await?;
        let row = audit::done(actor, LOOK, comparison.as_str(), self.now());
        let row = if found.is_some() { row } else { audit::refused(row, Some(Code::NotFound)) };
        audit::record(self.db(), row).await?;
        Ok(found.map(|(row, marks, signed)| Shown {
            overlap: row.into(),
            marks: marks.into_iter().map(MarkView::from).collect(),
            signed: signed.into_iter().map(|record| record.jws.to_string()).collect(),
        }))
    }

    /// An officer says what she found. `false`: nothing of this id waits.
    ///
    /// # Errors
    /// If the rows cannot be written.
    pub async fn overlap_settle(
        &self,
        mark: &MessageId,
        officer: &SystemName,
        finding: Finding,
        reason: &Reason,
    ) -> Result<bool, OverlapError> {
        let (keys, at) = (self.keys().clone(), self.now());
        let (mark, officer, reason) = (mark.clone(), officer.clone(), reason.clone());
        let settled = self.db().write(move |conn| {
            let settling = Settling { id: &mark, officer: &officer, finding, reason: reason.as_str(), at };
            let of = mark_settle(conn, &keys, &settling)?;
            let target = of.as_ref().map_or(mark.as_str(), |key| key.comparison.as_str());
            let row = audit::done(officer.as_str(), SETTLE, target, at);
            audit::append(conn, &if of.is_some() { row } else { audit::refused(row, Some(Code::NotFound)) })?;
            Ok::<_, MarkError>(of.is_some())
        });
        Ok(settled.await?)
    }
}
