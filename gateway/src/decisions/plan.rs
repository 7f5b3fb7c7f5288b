//! Which rules apply to which rolls of this department today: its published schemes, and a built-in rule where a roll has none.

use std::{collections::BTreeMap, sync::Arc};

use eligibility::{
    effect::{DeathRule, Effect, Include, Mode, NoticeTo, Remove},
    scheme::Scheme,
};
use registry_adapter::mapping::RollId;
use schemas::{
    decision::SchemeVersion,
    id::{RuleId, SchemeId},
    time::CivilDate,
};

use super::DecisionError;
use crate::app::App;

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
        }
    }

    pub(super) fn scheme(&self) -> Option<&Scheme> {
        match &self.by {
            By::Scheme(scheme) => Some(scheme),
            By::Rule(_) => None,
        }
    }

    /// Id, version and hash of the scheme.
    pub(super) fn version(&self) -> Option<SchemeVersion> {
        self.scheme().map(|s| SchemeVersion { id: s.id.clone(), version: s.version, hash: s.hash })
    }

    pub(super) fn rule(&self) -> Option<RuleId> {
        match &self.by {
            By::Scheme(_) => None,
            By::Rule(rule) => Some(rule.clone()),
        }
    }

    /// What people call it, by language.
    pub(super) fn title(&self) -> BTreeMap<String, String> {
        let (en, hi) = match &self.by {
            By::Scheme(scheme) => (scheme.title.en.clone(), scheme.title.hi.clone()),
            By::Rule(_) => ("your benefit here".to_owned(), "यहाँ के आपके लाभ".to_owned()),
        };
        [("en".to_owned(), en), ("hi".to_owned(), hi)].into()
    }
}

/// The rules of a day.
///
/// # Errors
/// If the published schemes cannot be read.
pub(super) async fn plans(app: &App, day: CivilDate) -> Result<Vec<Plan>, DecisionError> {
    let schemes = match app.decisions().given() {
        Some(given) => given.into_iter().filter(|scheme| scheme.is_in_force(day)).collect(),
        None => published(app, day).await?,
    };
    let mut plans: Vec<Plan> = schemes.into_iter().filter_map(|scheme| of_scheme(app, scheme)).collect();
    for section in &app.config().follow {
        let Ok(roll) = section.roll.parse::<RollId>() else { continue };
        if !plans.iter().any(|plan| plan.roll == roll) {
            plans.extend(of_rule(roll));
        }
    }
    Ok(plans)
}

async fn published(app: &App, day: CivilDate) -> Result<Vec<Arc<Scheme>>, DecisionError> {
    app.schemes().active(day).await.map_err(|error| DecisionError::Schemes(error.to_string()))
}

/// A scheme of ours whose roll is named in the configuration.
fn of_scheme(app: &App, scheme: Arc<Scheme>) -> Option<Plan> {
    let roll = app.config().decisions.roll(&scheme.id)?;
    Some(Plan { effect: scheme.effect.clone(), roll, by: By::Scheme(scheme) })
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
