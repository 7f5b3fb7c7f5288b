//! Objections that a counter's own system, or an assisted operator's, enters for somebody who came in person.
//!
//! Guarantees: an officer with an open account answers for it, by name, and the audit trail says which system named her; the same
//! objection again is answered with the same slip.
//! Deliberately absent: the officer's proof; the system that calls signed her in, and answers for that.

use protocol::consent::Refusal;
use schemas::{
    decision::AppealRoute,
    id::{MessageId, SystemName},
    problem::Code,
};
use serde::Deserialize;

use super::{ObjectionSlip, ReviewAct, ReviewDone, account_may};
use crate::{
    app::App,
    audit,
    decisions::{DecisionError, OfficerRefused},
    people::{Role, Roles},
};

/// Its action in the audit trail: which system said that which officer took what.
const COUNTER: &str = "decision.counter";

/// What a counter says.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CounterObjection {
    /// Against which decision; or case and number, as they stand on the letter.
    #[serde(default)]
    pub decision: Option<MessageId>,
    /// The case on the letter.
    #[serde(default)]
    pub case: Option<String>,
    /// Her number at this department, on the letter.
    #[serde(default)]
    pub number: Option<String>,
    /// `counter` or `operator`.
    pub route: AppealRoute,
    /// What was said; may be empty.
    #[serde(default)]
    pub words: String,
    /// Papers that were shown, one line each.
    #[serde(default)]
    pub papers: Vec<String>,
    /// The account of the officer who took it.
    pub officer: SystemName,
}

// It holds what a citizen said.
impl std::fmt::Debug for CounterObjection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CounterObjection(…)")
    }
}

/// Who may enter an objection.
pub(crate) fn takers() -> Roles {
    Roles::new([Role::Operator, Role::Reviewer, Role::CentreOperator])
}

impl App {
    /// Enters what a counter's system says.
    ///
    /// # Errors
    /// `access-denied`: no open account that may; `request-malformed`; `not-found`; `conflict`: nothing can be objected to, or no more,
    /// or the decision must be named.
    pub async fn objection_at_counter(
        &self,
        system: &SystemName,
        said: CounterObjection,
    ) -> Result<ObjectionSlip, OfficerRefused> {
        let (with, officer) = (self.clone(), said.officer.clone());
        let may = self.db().read(move |conn| Ok::<_, DecisionError>(account_may(conn, &with, &officer, &takers())?));
        if !may.await? {
            let row = audit::done(system.as_str(), COUNTER, said.officer.as_str(), self.now());
            audit::record(self.db(), audit::refused(row, Some(Code::AccessDenied))).await?;
            return Err(
                Refusal::new(Code::AccessDenied, "no open account of an operator or reviewer has this name").into()
            );
        }
        let decision = match (said.decision, said.case, said.number) {
            (Some(decision), None, None) => decision,
            (None, Some(case), Some(number)) => self.decision_at_counter(&case, &number).await?.decision,
            _ => {
                let why = "name the decision, or the case and the number on the letter";
                return Err(Refusal::new(Code::RequestMalformed, why).into());
            }
        };
        // Whose word it is that this officer took it.
        let row = audit::done(system.as_str(), COUNTER, &format!("{decision} {}", said.officer), self.now());
        audit::record(self.db(), row).await?;
        let act = ReviewAct::Object { decision, route: said.route, words: said.words, papers: said.papers };
        match self.review_act(&said.officer, act).await? {
            ReviewDone::Entered(slip) => Ok(*slip),
            _ => Err(DecisionError::NotWhole("an objection without a slip").into()),
        }
    }
}
