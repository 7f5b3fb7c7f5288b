//! Which rules apply to which rolls of this department today: its published schemes, and a built-in rule where a roll has none.

use std::{collections::BTreeMap, sync::Arc};

use eligibility::{
    clause::ClauseKind,
    effect::{DeathRule, Effect, Include, Mode, NoticeTo, Remove},
    propose::Reason,
    scheme::Scheme,
};
use registry_adapter::mapping::RollId;
use schemas::{
    decision::{DecisionAction, SchemeVersion},
    id::{ClauseId, RuleId, SchemeId},
    scheme::DecisionState,
    time::CivilDate,
};

use super::DecisionError;
use crate::{
    app::App,
    store::decisions::cases::{Decided, DecisiveRule},
};

/// The rule for rolls that no scheme governs: a registered death holds, and ends after notice and window; nobody is entered.
const DEATH_HOLD: &str = "death-hold@1";
/// Its window, in whole days.
const NOTICE_DAYS: u16 = 30;

/// What decides.
#[derive(Clone, Debug)]
pub(super) enum By {
    /// A published scheme.
    Scheme(Arc<Scheme>),
    /// A built-in rule.
    Rule(RuleId),
    /// What decided once and does not any more: withdrawn, past its last day, or not configured. It begins nothing.
    Gone(String),
}

/// One set of rules for one roll.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) by: By,
    pub(super) roll: RollId,
    pub(super) effect: Effect,
}

impl Plan {
    /// Id of the scheme or of the rule.
    pub(super) fn key(&self) -> &str {
        match &self.by {
            By::Scheme(scheme) => scheme.id.as_str(),
            By::Rule(rule) => rule.as_str(),
            By::Gone(key) => key.as_str(),
        }
    }

    pub(super) fn scheme(&self) -> Option<&Scheme> {
        match &self.by {
            By::Scheme(scheme) => Some(scheme),
            By::Rule(_) | By::Gone(_) => None,
        }
    }

    /// Id, version and hash of the scheme.
    pub(super) fn version(&self) -> Option<SchemeVersion> {
        self.scheme().map(|s| SchemeVersion { id: s.id.clone(), version: s.version, hash: s.hash })
    }

    pub(super) fn rule(&self) -> Option<RuleId> {
        match &self.by {
            By::Scheme(_) | By::Gone(_) => None,
            By::Rule(rule) => Some(rule.clone()),
        }
    }

    /// Whether these rules take anybody out for this reason; a report or a contradiction is for any rules to show.
    pub(super) const fn has_rule_for(&self, reason: Reason) -> bool {
        let remove = &self.effect.remove;
        match reason {
            Reason::Death => remove.death.is_some(),
            Reason::MovedOut => remove.moved_out_of_state.is_some(),
            Reason::ClauseFalse => remove.clause_false.is_some(),
            _ => !self.is_gone(),
        }
    }

    /// Whether it decided once and does not any more.
    pub(super) const fn is_gone(&self) -> bool {
        matches!(self.by, By::Gone(_))
    }

    /// What tells these rules from others: when any of a department's changes, everybody is looked at again.
    pub(super) fn mark(&self) -> String {
        let hash = self.version().map(|version| version.hash.to_string()).unwrap_or_default();
        format!("{} {} {hash}", self.key(), self.roll)
    }

    fn is_of(&self, decided: &Decided) -> bool {
        self.roll.as_str() == decided.roll && self.key() == decided.scheme
    }

    /// What these clauses say to people.
    pub(super) fn texts(&self, clauses: &[ClauseId]) -> Vec<DecisiveRule> {
        let own = self.scheme().into_iter().flat_map(|scheme| &scheme.clauses);
        let named = own.filter(|clause| clauses.contains(&clause.id));
        named
            .map(|clause| DecisiveRule {
                includes: clause.kind == ClauseKind::Include,
                text: [("en", &clause.text.en), ("hi", &clause.text.hi)]
                    .map(|(tag, text)| (tag.to_owned(), text.clone()))
                    .into(),
            })
            .collect()
    }

    /// What people call it, by language.
    pub(super) fn title(&self) -> BTreeMap<String, String> {
        let (en, hi) = match &self.by {
            By::Scheme(scheme) => (scheme.title.en.clone(), scheme.title.hi.clone()),
            By::Rule(_) | By::Gone(_) => ("your benefit here".to_owned(), "यहाँ की आपकी सहायता".to_owned()),
        };
        [("en".to_owned(), en), ("hi".to_owned(), hi)].into()
    }
}

/// The rules of a day.
///
/// # Errors
/// If the published schemes cannot be read.
pub(super) async fn plans(app: &App, day: CivilDate) -> Result<Vec<Plan>, DecisionError> {
    let mut plans: Vec<Plan> =
        published(app, day).await?.into_iter().filter_map(|scheme| of_scheme(app, scheme)).collect();
    for section in &app.config().follow {
        let Ok(roll) = section.roll.parse::<RollId>() else { continue };
        if !plans.iter().any(|plan| plan.roll == roll) {
            plans.extend(of_rule(roll));
        }
    }
    Ok(plans)
}

async fn published(app: &App, day: CivilDate) -> Result<Vec<Arc<Scheme>>, DecisionError> {
    #[cfg(test)]
    if let Some(given) = app.decisions().given() {
        return Ok(given.into_iter().filter(|scheme| scheme.is_in_force(day)).collect());
    }
    app.schemes().active(day).await.map_err(|error| DecisionError::Schemes(error.to_string()))
}

/// A scheme of ours whose roll is named in the configuration.
fn of_scheme(app: &App, scheme: Arc<Scheme>) -> Option<Plan> {
    let roll = app.config().decisions.roll(&scheme.id)?;
    Some(Plan { effect: scheme.effect.clone(), roll, by: By::Scheme(scheme) })
}

/// The rules by which a decision is looked at today: those that took it; or, while it is open, others of the same roll that know
/// its reason, so that nothing is held twice when a first scheme is published.
pub(super) fn governing<'a>(plans: &'a [Plan], decided: &Decided) -> Option<&'a Plan> {
    let own = plans.iter().find(|plan| !plan.is_gone() && plan.is_of(decided));
    let enters = matches!(decided.action, DecisionAction::Offer | DecisionAction::Enrol);
    let adopts = |plan: &&Plan| {
        let known = plan.has_rule_for(decided.matter.cause.reason);
        !plan.is_gone() && plan.roll.as_str() == decided.roll && known
    };
    let other = || plans.iter().find(adopts).filter(|_| !enters && decided.past().is_open());
    own.or_else(other).or_else(|| plans.iter().find(|plan| plan.is_of(decided)))
}

/// With the rules that are gone, of decisions that are open or could still turn out wrong.
pub(super) fn with_gone(mut plans: Vec<Plan>, past: &[Decided]) -> Vec<Plan> {
    for decided in past.iter().filter(|past| past.past().is_open() || past.state == DecisionState::Removed) {
        let Ok(roll) = decided.roll.parse::<RollId>() else { continue };
        if governing(&plans, decided).is_none() {
            plans.push(Plan { by: By::Gone(decided.scheme.clone()), roll, effect: nothing() });
        }
    }
    plans
}

fn nothing() -> Effect {
    Effect { include: Include { mode: Mode::Offer, remembered_months: 12 }, remove: Remove::default() }
}

fn of_rule(roll: RollId) -> Option<Plan> {
    let death = DeathRule { hold: true, notice_days: NOTICE_DAYS, notice_to: NoticeTo::Household };
    let effect = Effect {
        include: Include { mode: Mode::Offer, remembered_months: 12 },
        remove: Remove { death: Some(death), ..Remove::default() },
    };
    Some(Plan { by: By::Rule(DEATH_HOLD.parse().ok()?), roll, effect })
}

/// The scheme's neighbour in a life, where it names one.
pub(super) fn successor(plans: &[Plan], key: &str) -> Option<SchemeId> {
    let plan = plans.iter().find(|plan| plan.key() == key)?;
    plan.scheme()?.transition.successor.clone()
}
