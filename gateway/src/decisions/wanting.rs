//! Which facts of a person are worth asking for: those without which a scheme cannot say, where saying would decide something.
//!
//! Guarantees: nobody is asked about of whom nothing would follow; somebody outside a roll is asked about only if all that is not
//! known of her can be brought. Deliberately absent: asking (`crate::fetching`).

use eligibility::{
    clause::{Clause, FactNeed},
    evaluate::{Evaluation, FactStanding, Outcome},
    fact::FactPath,
    propose::{Past, Proposal, Standing, Verdict, propose},
    scheme::Scheme,
    truth::Truth,
};
use service_kit::db::AnyConnection;

use super::{
    DecisionError,
    look::{Look, Said, situation, standing_of},
    plan::Plan,
};
use crate::{
    app::App,
    fetching,
    store::{
        decisions::cases::Decided,
        fetching::{FactBasis, FactWanted},
    },
};

/// Writes down what is to be asked for her, in the transaction that looked at her. Whether anything is.
///
/// # Errors
/// If the rows cannot be written.
pub(super) fn want(
    conn: &mut AnyConnection,
    app: &App,
    (look, plans): (&Look, &[Plan]),
    said: &[Said<'_>],
) -> Result<bool, DecisionError> {
    if app.config().fetching.is_none() {
        return Ok(false);
    }
    let wanted: Vec<FactWanted> = said.iter().flat_map(|said| lacking(look, plans, said)).collect();
    Ok(fetching::want(conn, app.keys(), (&look.person, &look.asks), &wanted, app.decided_at_ms())?)
}

fn lacking(look: &Look, plans: &[Plan], said: &Said<'_>) -> Vec<FactWanted> {
    let (Some(scheme), Some(evaluation)) = (said.plan.scheme(), &said.evaluation) else { return Vec::new() };
    let Some(standing) = standing_of(look.standings.get(&said.plan.roll)) else { return Vec::new() };
    if evaluation.outcome != Outcome::Unknown || !decides(look, plans, said, standing) {
        return Vec::new();
    }
    let unknown: Vec<(&Clause, Option<FactWanted>)> = unknown(scheme, evaluation)
        .map(|clause| (clause, clause.need.as_ref().and_then(|need| wanted(look, (scheme, clause), need))))
        .collect();
    let all = unknown.iter().all(|(_, wanted)| wanted.is_some());
    let worth = all || standing != Standing::Absent;
    let mut facts: Vec<FactWanted> = unknown.into_iter().filter_map(|(_, wanted)| wanted).collect();
    facts.retain(|wanted| worth && is_lacking(evaluation, &wanted.path));
    facts.sort_by(|a, b| a.path.cmp(&b.path));
    facts.dedup_by(|a, b| a.path == b.path);
    facts
}

fn unknown<'a>(scheme: &'a Scheme, evaluation: &'a Evaluation) -> impl Iterator<Item = &'a Clause> {
    let said = scheme.clauses.iter().zip(&evaluation.clauses);
    said.filter(|(_, said)| said.result == Truth::Unknown).map(|(clause, _)| clause)
}

/// Whether anything would follow from a yes, or from a no.
fn decides(look: &Look, plans: &[Plan], said: &Said<'_>, standing: Standing) -> bool {
    let past: Vec<Past> = look.past_of(said.plan, plans).map(Decided::past).collect();
    let decisive = said.evaluation.iter().flat_map(|evaluation| &evaluation.decisive).map(ToString::to_string);
    let yes = Verdict::Eligible { since: look.today };
    let no = Verdict::NotEligible { decisive: decisive.collect() };
    [yes, no].iter().any(|verdict| {
        let proposals = propose(&situation(look, said.plan, (verdict, standing), &said.unit, &past));
        let begins = |proposal: &Proposal| {
            matches!(proposal, Proposal::Offer { .. } | Proposal::Enrol { .. } | Proposal::Leave { .. })
        };
        proposals.iter().any(begins)
    })
}

fn wanted(look: &Look, (scheme, clause): (&Scheme, &Clause), need: &FactNeed) -> Option<FactWanted> {
    let basis = match need.basis.as_deref() {
        None | Some("consent") => FactBasis::Consent,
        Some(basis) => FactBasis::Law(basis.strip_prefix("law:")?.parse().ok()?),
    };
    let title = &scheme.title;
    Some(FactWanted {
        subject: look.known.subject.clone(),
        path: path_of(clause, need)?,
        dataset: need.dataset.parse().ok()?,
        field: need.field.parse().ok()?,
        basis,
        scheme: scheme.id.clone(),
        title: [("en".to_owned(), title.en.clone()), ("hi".to_owned(), title.hi.clone())].into(),
    })
}

/// The fact that the field says: the clause's only one, or the one of the field's name.
fn path_of(clause: &Clause, need: &FactNeed) -> Option<FactPath> {
    let facts = clause.facts();
    let named = |path: &&FactPath| path.as_str().rsplit('.').next() == Some(need.field.as_str());
    match &facts[..] {
        [only] => Some(only.clone()),
        several => several.iter().find(named).cloned(),
    }
}

/// Whether the clauses lack this fact: what is known and young enough is not asked for.
fn is_lacking(evaluation: &Evaluation, path: &FactPath) -> bool {
    let used = evaluation.clauses.iter().flat_map(|clause| &clause.facts).filter(|used| used.path == *path);
    used.into_iter().any(|used| matches!(used.standing, FactStanding::Missing | FactStanding::Outdated(_)))
}
