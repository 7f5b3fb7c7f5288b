//! What our own rolls say of what a person draws.
//!
//! Guarantees: whoever stands on one of our rolls draws that benefit, whatever else is known; that she does not is known only of our
//! own schemes, only of somebody linked to a number of ours that nobody else has, and only where the roll answered and has no row
//! whose status is the department's own word. Of what others pay our rolls say nothing. Also rolls whose scheme is not in force
//! now are asked: they may pay all the same. Deliberately absent: what others state (`eligibility::fold`).

use std::collections::BTreeMap;

use eligibility::fact::{Benefit, Benefits, Fact, Of};
use registry_adapter::{
    key::LocalKey,
    mapping::{RollId, RollStatus},
    roll::{RollError, RollWriter as _, RowStanding, Standing},
};
use schemas::{id::SchemeId, time::CivilDate};

use super::{DecisionError, error::blocking, plan::Plan};
use crate::{app::App, config::DecisionSettings};

/// How somebody stands on each roll.
pub(crate) type Standings = BTreeMap<RollId, Standing>;

/// A scheme of ours and the roll by which it pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Paying {
    pub(crate) scheme: String,
    /// Empty where no version of it is in force; then it is known by its id alone.
    pub(crate) class: String,
    pub(crate) roll: RollId,
}

/// Every scheme for which a roll is configured, with its class where a version is in force.
pub(super) fn paying(settings: &DecisionSettings, plans: &[Plan]) -> Vec<Paying> {
    let class = |id: &str| {
        let schemes = plans.iter().filter_map(Plan::scheme);
        schemes.into_iter().find(|scheme| scheme.id.as_str() == id).map(|scheme| scheme.class.clone())
    };
    let each = settings.rolls.iter().filter_map(|(scheme, roll)| {
        let class = class(scheme).unwrap_or_default();
        Some(Paying { scheme: scheme.parse::<SchemeId>().ok()?.to_string(), class, roll: roll.parse().ok()? })
    });
    each.collect()
}

/// Adds what the rolls say of one person. `standings`: of the rolls that answered, for her number. `whole`: whether she can stand
/// there under no other number.
pub(crate) fn tell(
    benefits: &mut Benefits,
    paying: &[Paying],
    (standings, whole): (&Standings, bool),
    today: CivilDate,
) {
    for paying in paying {
        let Some(standing) = standings.get(&paying.roll) else { continue };
        let drawn = standing.rows.iter().filter(|row| matches!(row.status, RollStatus::Active | RollStatus::Held));
        drawn.for_each(|row| benefits.draws(benefit(paying, row, today), None));
        if whole && standing.rows.iter().all(|row| is_ours(row.status)) {
            benefits.know_all(Of::Scheme(paying.scheme.clone()), Fact::own(true, today));
        }
    }
}

fn benefit(paying: &Paying, row: &RowStanding, today: CivilDate) -> Benefit {
    Benefit {
        scheme: paying.scheme.clone(),
        class: paying.class.clone(),
        since: row.since.unwrap_or(today),
        until: row.until,
        monthly: row.amount.and_then(|amount| u32::try_from(amount).ok()),
    }
}

const fn is_ours(status: RollStatus) -> bool {
    matches!(status, RollStatus::Active | RollStatus::Held | RollStatus::Removed)
}

/// How she stands on each roll, and how many people each roll has, for the breaker.
pub(super) type Rolls = (Standings, BTreeMap<RollId, u64>);

pub(super) async fn standings(
    app: &App,
    local: Option<LocalKey>,
    (plans, paying): (&[Plan], &[Paying]),
) -> Result<Rolls, DecisionError> {
    let rolls: Vec<(RollId, bool)> = plans.iter().map(|plan| (plan.roll.clone(), !plan.is_gone())).collect();
    let beside: Vec<RollId> = paying.iter().map(|paying| paying.roll.clone()).collect();
    let app = app.clone();
    blocking(move || {
        let Some(writer) = app.triggers().rolls() else { return Ok(Rolls::default()) };
        let (mut standings, mut sizes) = (BTreeMap::new(), BTreeMap::new());
        if let Some(local) = &local {
            for roll in beside {
                match writer.standing(&roll, local) {
                    // A line of the configuration for a scheme that is not in force stops nobody.
                    Err(RollError::RollUnknown(_)) => {}
                    standing => drop(standings.insert(roll, standing?)),
                }
            }
        }
        for (roll, counted) in rolls {
            if let Some(local) = local.as_ref().filter(|_| !standings.contains_key(&roll)) {
                standings.insert(roll.clone(), writer.standing(&roll, local)?);
            }
            if counted && local.is_some() {
                sizes.insert(roll.clone(), app.decisions().counted.size(writer, &roll, app.decided_at_ms())?);
            }
        }
        Ok((standings, sizes))
    })
    .await
}

/// Whether her number here is linked to somebody else too.
pub(super) async fn is_shared(app: &App, local: Option<&LocalKey>) -> Result<bool, DecisionError> {
    match local {
        Some(local) => Ok(app.links().subjects_of(local).await?.len() > 1),
        None => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use eligibility::truth::Truth;

    use super::*;

    fn row(status: RollStatus) -> RowStanding {
        RowStanding {
            row_key: "101".parse().unwrap(),
            status,
            word: "X".to_owned(),
            since: None,
            until: None,
            amount: Some(500),
            held_by: None,
            removed_by: None,
            spared_by: None,
        }
    }

    /// What is known of a pension of ours and of the class, by these rows of our roll.
    fn known(rows: Option<Vec<RowStanding>>) -> (Truth, Truth) {
        let roll: RollId = "social.pension".parse().unwrap();
        let paying = Paying { scheme: "A".to_owned(), class: "pension".to_owned(), roll: roll.clone() };
        let standings = rows.map(|rows| (roll, Standing { rows })).into_iter().collect();
        let mut benefits = Benefits::default();
        tell(&mut benefits, &[paying], (&standings, true), "2026-11-21".parse().unwrap());
        let ask = |of: Of| benefits.any((&of, None), None, |benefit| of.admits(benefit));
        (ask(Of::Scheme("A".to_owned())), ask(Of::Class("pension".to_owned())))
    }

    #[test]
    fn our_roll_proves_who_is_there_and_that_somebody_is_not_there_alone() {
        use Truth::{False, True, Unknown};
        for (rows, scheme, class) in [
            (None, Unknown, Unknown),
            (Some(vec![]), False, Unknown),
            (Some(vec![row(RollStatus::Active)]), True, True),
            (Some(vec![row(RollStatus::Held)]), True, True),
            (Some(vec![row(RollStatus::Removed)]), False, Unknown),
            (Some(vec![row(RollStatus::Other)]), Unknown, Unknown),
            (Some(vec![row(RollStatus::Other), row(RollStatus::Active)]), True, True),
        ] {
            assert_eq!(known(rows.clone()), (scheme, class), "{rows:?}");
        }
    }
}
