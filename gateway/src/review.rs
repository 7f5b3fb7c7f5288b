//! What officers do about decisions, by page, command and counter: the evidence that they look at, the words that they add, the
//! orders that they sign, slips and letters for those whom it concerns.
//!
//! Guarantees: every way to decide leads through [`App::review_act`], so that a page, a command and a counter are refused alike;
//! who decides says why, and the words stay in the department, encrypted, from the commit that decides. Deliberately absent: the rules of deciding
//! (`decisions::officer`); nobody is removed here, for nothing here can.

pub mod commands;
pub mod counter;
pub mod evidence;
pub mod funnel;
pub mod journals;
pub mod letter;
pub mod order;
pub mod places;
mod slip;
#[cfg(test)]
pub(crate) mod tests;

use protocol::consent::Refusal;
use schemas::{
    decision::{AppealRoute, DeliveryEvidence},
    id::{MessageId, SystemName},
    problem::Code,
};
use serde::{Deserialize, Serialize};
use service_kit::db::AnyConnection;

pub use self::slip::ObjectionSlip;
use crate::{
    app::App,
    audit,
    break_glass::Reason,
    decisions::{OfficerRefused, ReviewOutcome},
    people::Roles,
    store::{decisions::DecisionStoreError, people::accounts::account_find, review::NoteKind},
};

/// Papers of one objection at most, and characters of a line about one.
const PAPERS: usize = 20;
const PAPER: usize = 200;
/// Their actions in the audit trail; as `decisions::officer` has them.
const REVIEW: &str = "decision.review";
const OBJECTION: &str = "decision.objection";
/// Characters of an objection.
const WORDS: usize = 2_000;

/// What an officer does.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ReviewAct {
    /// Decides about an objection or a proposal: whether what was proposed stands, and why.
    Decide {
        /// The decision.
        decision: MessageId,
        /// Whether it stands.
        upheld: bool,
        /// Why, in the officer's words.
        reason: String,
    },
    /// Enters an objection that was made in person.
    Object {
        /// Against which decision.
        decision: MessageId,
        /// Where it was taken.
        route: AppealRoute,
        /// What was said.
        words: String,
        /// Papers that were shown, one line each.
        papers: Vec<String>,
    },
    /// Enters that a notice arrived.
    Delivered {
        /// Of which decision.
        decision: MessageId,
        /// What shows it.
        evidence: DeliveryEvidence,
    },
    /// Signs that a stopped scheme may go on.
    Release {
        /// The scheme, or the built-in rule.
        scheme: String,
        /// For how many people; both persons sign the same number.
        people: u64,
    },
}

// Words about a citizen must not reach a log by accident.
impl std::fmt::Debug for ReviewAct {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReviewAct(…)")
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReviewDone {
    /// It was heard.
    Heard(ReviewOutcome),
    /// The objection was taken; the slip is for her.
    Entered(Box<ObjectionSlip>),
    /// The delivery stands on record, and the window runs.
    Delivered,
    /// The first signature (`false`), or the second: the scheme goes on.
    Released(bool),
}

fn malformed(why: &'static str) -> OfficerRefused {
    Refusal::new(Code::RequestMalformed, why).into()
}

/// An account that is open and may do one of these things.
pub(crate) fn account_may(
    conn: &mut AnyConnection,
    app: &App,
    account: &SystemName,
    allowed: &Roles,
) -> Result<bool, DecisionStoreError> {
    let found = account_find(conn, app.keys(), account)?;
    Ok(found.is_some_and(|found| !found.disabled && allowed.iter().any(|role| found.roles.holds(role))))
}

impl App {
    /// Does what an officer wants, who was proven to be this account and to hold the role.
    ///
    /// # Errors
    /// `reason-missing`, `request-malformed`, and those of the decision: `not-found`, `conflict`, `four-eyes-required`.
    pub async fn review_act(&self, officer: &SystemName, act: ReviewAct) -> Result<ReviewDone, OfficerRefused> {
        match act {
            ReviewAct::Decide { decision, upheld, reason } => {
                let reason: Result<Reason, OfficerRefused> = reason.parse().map_err(OfficerRefused::from);
                let reason = self.heeded(reason, (officer, REVIEW, &decision)).await?;
                let said = vec![(NoteKind::Reason, reason.as_str().to_owned())];
                Ok(ReviewDone::Heard(self.review_decide_saying(officer, (&decision, upheld), said).await?))
            }
            ReviewAct::Object { decision, route, words, papers } => {
                let whole = whole(route, &words, papers);
                let (words, papers) = self.heeded(whole, (officer, OBJECTION, &decision)).await?;
                let papers = papers.into_iter().map(|paper| (NoteKind::Paper, paper)).collect();
                let taken = self.objection_enter_with(officer, &decision, (route, &words), papers).await?;
                let papers = self.decision_papers(&decision).await?;
                Ok(ReviewDone::Entered(Box::new(self.objection_slip(taken, papers).await?)))
            }
            ReviewAct::Delivered { decision, evidence } => {
                self.notice_delivered(officer, &decision, evidence).await?;
                Ok(ReviewDone::Delivered)
            }
            ReviewAct::Release { scheme, people } => {
                Ok(ReviewDone::Released(self.breaker_release(officer, &scheme, people).await?))
            }
        }
    }

    /// What an officer wrote, if it can be taken; that it was not is a row of the audit trail.
    async fn heeded<T>(
        &self,
        wrote: Result<T, OfficerRefused>,
        (officer, action, decision): (&SystemName, &'static str, &MessageId),
    ) -> Result<T, OfficerRefused> {
        if let Err(error) = &wrote {
            let row = audit::done(officer.as_str(), action, decision.as_str(), self.now());
            audit::record(self.db(), audit::refused(row, Some(error.code()))).await?;
        }
        wrote
    }
}

/// The parts of an objection that somebody made in person, if they can be taken.
fn whole(route: AppealRoute, words: &str, papers: Vec<String>) -> Result<(String, Vec<String>), OfficerRefused> {
    if route == AppealRoute::Wallet {
        return Err(malformed("an objection of a wallet is the citizen's to sign"));
    }
    Ok((said(words, WORDS)?, listed(papers)?))
}

/// Words of so many characters at most, without what cannot be printed.
fn said(text: &str, most: usize) -> Result<String, OfficerRefused> {
    let text = text.trim().replace("\r\n", "\n");
    if text.chars().count() > most || text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(malformed("write at most 2,000 characters, without control characters"));
    }
    Ok(text)
}

fn listed(papers: Vec<String>) -> Result<Vec<String>, OfficerRefused> {
    let papers: Vec<String> =
        papers.iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
    let fits = |line: &String| line.chars().count() <= PAPER && !line.chars().any(char::is_control);
    if papers.len() > PAPERS || !papers.iter().all(fits) {
        return Err(malformed("list at most 20 papers, one a line, each in at most 200 characters"));
    }
    Ok(papers)
}
