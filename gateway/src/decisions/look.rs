//! Looking at one person: what is known of her, what each set of rules says to it, and what is to be done.
//!
//! Guarantees: everything about the person is decided and written in one transaction that holds her row, and only if nobody decided
//! since she was read (`read`); then the rolls are told, and nobody is taken off one unless this look found it right. It goes round
//! until nothing is left to do. Deliberately absent: writing (`decide`).

mod read;

use std::collections::BTreeSet;

use eligibility::{
    clause::{ClauseKind, Test},
    evaluate::{BENEFITS, Evaluation, FactStanding, Outcome, completes, evaluate},
    fact::{Fact, PersonFacts, names},
    fold::{EventRecord, Folded, Related, fold},
    propose::{Past, Proposal, Situation, Standing, Verdict, propose, wakes},
    scheme::{Scheme, Unit},
};
use protocol::consent::Refusal;
use registry_adapter::{
    key::LocalKey,
    mapping::{RollId, RollStatus},
    roll::Standing as RollStanding,
};
use schemas::{
    decision::DecisionAction,
    id::MessageId,
    problem::Code,
    scheme::DecisionState,
    time::{CivilDate, Timestamp},
};
use service_kit::db::AnyConnection;

pub(super) use self::read::Read;
use super::{
    DecisionError,
    error::blocking,
    joined::{self, Joined},
    outcome,
    own::{self, Paying, Standings},
    perform,
    plan::{Plan, governing},
    related::{annulled_beside, related},
    transition::coming_over,
};
use crate::{
    app::App,
    keys::Keys,
    notices::Person,
    store::{
        decisions::{
            cases::{Decided, Todo, decision_find, decisions_of},
            facts::{Heard, facts_of},
            persons::{Known, person_find, person_lock},
        },
        fetching::{FactAsk, asks_of},
    },
};

/// More rounds than any chain of decisions needs.
const ROUNDS: usize = 6;

/// What came of looking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settled {
    /// Whether she stands, or stood, on a roll or something was decided about her.
    pub(crate) concerned: bool,
    /// Whether what is known of her contradicts itself.
    pub(crate) contradicted: bool,
    /// Open removals of which today's rules and what is known say that they are right; no other is carried out.
    pub(super) right: Vec<MessageId>,
}

/// What one set of rules says of one unit of a person's entitlement.
pub(super) struct Said<'a> {
    pub(super) plan: &'a Plan,
    pub(super) unit: String,
    pub(super) evaluation: Option<Evaluation>,
    pub(super) proposals: Vec<Proposal>,
}

/// Everything that is known of a person.
pub(super) struct Look {
    pub(super) person: Person,
    pub(super) known: Known,
    pub(super) local: Option<LocalKey>,
    pub(super) heard: Vec<Heard>,
    pub(super) folded: Folded,
    /// The same by her own entry alone, where others are taken for hers.
    alone: Option<Folded>,
    pub(super) joined: Joined,
    /// Open decisions that her own entry alone would end.
    by_merge: BTreeSet<MessageId>,
    /// What was said of others and bears on her.
    pub(super) related: Related,
    pub(super) past: Vec<Decided>,
    pub(super) standings: Standings,
    /// How her other entries stand, by numbers of their own.
    elsewhere: Vec<Standings>,
    /// Our schemes whose rolls speak of her; none where another person is linked to her number too.
    pub(super) paying: Vec<Paying>,
    pub(super) today: CivilDate,
    /// What was asked of other departments about her.
    pub(super) asks: Vec<FactAsk>,
    /// Rolls that name heads of households.
    heads: BTreeSet<RollId>,
}

/// Looks at a person until nothing is left to do. What is known of her is read and decided before any roll is told, each time; an
/// order that cannot be done keeps no other from being done, and no news from being heard.
///
/// # Errors
/// If something cannot be read or written, the first of the last round; it is safe to ask again.
pub(crate) async fn settle(app: &App, person: &Person) -> Result<Settled, DecisionError> {
    let (mut settled, mut failed) = (Settled::default(), None);
    for _ in 0..ROUNDS {
        let round = Round::of(once(app, person).await);
        if let Some(looked) = round.settled.clone() {
            settled = Settled { concerned: settled.concerned | looked.concerned, ..looked };
        }
        let right = round.settled.as_ref().map(|looked| looked.right.as_slice());
        let told = perform::of_person(app, person, right).await;
        failed = round.failed.or(told.failed);
        if !round.again && !told.any {
            break;
        }
    }
    failed.map_or(Ok(settled), Err)
}

/// One look at a person.
#[derive(Debug)]
struct Round {
    /// What came of it; `None`: nothing is known of her, and nobody is taken off a roll by it.
    settled: Option<Settled>,
    /// Whether she is to be looked at once more.
    again: bool,
    failed: Option<DecisionError>,
}

impl Round {
    fn of(looked: Result<(Option<Settled>, bool), DecisionError>) -> Self {
        match looked {
            Ok((settled, again)) => Self { settled, again, failed: None },
            Err(error) => {
                // What was read did not hold any more: it is read anew.
                Self { settled: None, again: matches!(error, DecisionError::Overtaken), failed: Some(error) }
            }
        }
    }
}

/// Her local number, by her pseudonym.
pub(super) async fn local_key(app: &App, person: &Person) -> Result<Option<(Known, Option<LocalKey>)>, DecisionError> {
    let (keys, who) = (app.keys().clone(), person.clone());
    let Some(known) = app.db().read(move |conn| person_find(conn, &keys, &who)).await? else { return Ok(None) };
    let local = app.links().resolve(&known.subject).await?;
    Ok(Some((known, local)))
}

async fn joined_of(app: &App, person: &Person) -> Result<Joined, DecisionError> {
    let (keys, who) = (app.keys().clone(), person.clone());
    app.db().read(move |conn| Joined::of(conn, &keys, &who)).await
}

/// What came of one look, if anything was decided, and whether anything changed.
async fn once(app: &App, person: &Person) -> Result<(Option<Settled>, bool), DecisionError> {
    let Some(read) = Read::of(app, person).await? else { return Ok((Some(Settled::default()), false)) };
    if let Some(unwanted) = read.removed_unasked() {
        perform::put_back_unasked(app, unwanted).await?;
        return Ok((None, true));
    }
    if let Some(order) = read.removed_already()
        && perform::carry_out(app, order).await?
    {
        // It is written down that she was taken off; nothing was decided yet, of no other removal of hers either.
        return Ok((None, true));
    }
    read.decide(app).await.map(|(settled, changed)| (Some(settled), changed))
}

/// Before an objection is taken: what a roll has carried out and her decisions do not know yet is written down.
///
/// # Errors
/// `conflict`: the department's own system was told, and has it in hand; she is heard once it is done.
pub(super) async fn before_objection(app: &App, person: &Person, id: &MessageId) -> Result<(), Refusal> {
    match written_down(app, person, id).await {
        Ok(false) => Ok(()),
        Ok(true) => {
            Err(Refusal::new(Code::Conflict, "the department's own system is carrying it out; object again then"))
        }
        Err(error) => {
            // Her words are taken all the same; what the roll did meanwhile is found by the next look, and taken back.
            tracing::warn!(decision = %id, %error, "an objection is taken before the rolls could be read");
            Ok(())
        }
    }
}

/// Whether the department's own system has the removal in hand.
async fn written_down(app: &App, person: &Person, id: &MessageId) -> Result<bool, DecisionError> {
    let Some(read) = Read::of(app, person).await? else { return Ok(false) };
    if let Some(order) = read.removed_already() {
        perform::carry_out(app, order).await?;
    }
    let (keys, decision) = (app.keys().clone(), id.clone());
    let decided = app.db().read(move |conn| decision_find(conn, &keys, &decision)).await?;
    let Some(decided) = decided.filter(|decided| decided.todo == Some(Todo::Remove)) else { return Ok(false) };
    let roll: RollId = decided.roll.parse().map_err(|_| DecisionError::NotWhole("its roll is no roll"))?;
    let Some(writer) = app.triggers().rolls().cloned() else { return Ok(false) };
    blocking(move || Ok(writer.is_handed_over(&roll, &decided.id)?)).await
}

fn heads(app: &App, plans: &[Plan]) -> BTreeSet<RollId> {
    let Some(writer) = app.triggers().rolls() else { return BTreeSet::new() };
    plans.iter().map(|plan| &plan.roll).filter(|roll| writer.amends(roll, names::HEAD)).cloned().collect()
}

impl Look {
    fn is_concerned(&self) -> bool {
        !self.past.is_empty() || self.standings.values().any(|standing| !standing.rows.is_empty())
    }

    /// Her decisions that are looked at by these rules.
    pub(super) fn past_of<'a>(&'a self, plan: &'a Plan, plans: &'a [Plan]) -> impl Iterator<Item = &'a Decided> {
        self.past.iter().filter(move |past| governing(plans, past).is_some_and(|by| std::ptr::eq(by, plan)))
    }

    /// What the roll did not follow waits for an officer: it is not proposed again, and her review stays until somebody looked.
    fn waits_for_the_roll(&self, proposal: &Proposal) -> bool {
        let find = |id: &MessageId| self.past.iter().find(|past| past.id == *id);
        match proposal {
            Proposal::Undo { decision } => find(decision).is_some_and(outcome::is_about_the_roll),
            Proposal::Restore { decision } => find(decision).is_some_and(|past| past.matter.undone.is_some()),
            _ => false,
        }
    }

    /// The facts with what she draws on our own rolls.
    fn facts(&self) -> PersonFacts {
        let mut facts = self.folded.facts.clone();
        // An entry of hers that nobody connected with a number may stand on our rolls all the same.
        let whole = self.elsewhere.len() == self.joined.others.len();
        for standings in self.elsewhere.iter().chain([&self.standings]) {
            own::tell(facts.benefits_mut(), &self.paying, (standings, whole), self.today);
        }
        if let Some(year) = self.known.about.as_ref().and_then(|about| about.birth_year)
            && facts.get(names::BIRTH_YEAR).is_none()
            && let Ok(path) = names::BIRTH_YEAR.parse()
        {
            facts.set(path, Fact::own(i64::from(year), self.today));
        }
        facts
    }
}

/// Reads everything about a person whose row is locked from here on.
fn look(
    conn: &mut AnyConnection,
    keys: &Keys,
    (person, local): (Person, Option<LocalKey>),
    (standings, elsewhere, paying): (Standings, Vec<Standings>, Vec<Paying>),
    now: Timestamp,
) -> Result<Option<Look>, DecisionError> {
    let Some(known) = person_lock(conn, keys, &person)? else { return Ok(None) };
    let joined = Joined::of(conn, keys, &person)?;
    let mut heard = facts_of(conn, keys, &person)?;
    let today = now.civil_day();
    let mut alone = None;
    if !joined.is_none() {
        alone = Some(folded(&heard, &related(conn, keys, (&person, &heard))?, today));
        heard.extend(joined.heard.iter().cloned());
    }
    let mut related = related(conn, keys, (&person, &heard))?;
    for (_, other) in &joined.others {
        related.annulled.extend(annulled_beside(conn, keys, other)?);
    }
    let mut folded = folded(&heard, &related, today);
    folded.voided.extend(joined.parted.iter().copied());
    let past = decisions_of(conn, keys, &person)?;
    let asks = asks_of(conn, keys, &person)?;
    Ok(Some(Look {
        person,
        known,
        local,
        heard,
        folded,
        alone,
        joined,
        by_merge: BTreeSet::new(),
        related,
        past,
        standings,
        elsewhere,
        paying,
        today,
        asks,
        heads: BTreeSet::new(),
    }))
}

fn folded(heard: &[Heard], related: &Related, today: CivilDate) -> Folded {
    let records: Vec<EventRecord> = heard.iter().map(|heard| heard.record.clone()).collect();
    fold(&records, related, today)
}

/// What each set of rules says; held against what it would say of her own entry alone, where others are taken for hers.
fn say_as_joined<'a>(look: &mut Look, plans: &'a [Plan]) -> Vec<Said<'a>> {
    let mut said = say(look, plans);
    if let Some(alone) = look.alone.take() {
        let joined = std::mem::replace(&mut look.folded, alone);
        let by_own = say(look, plans);
        look.alone = Some(std::mem::replace(&mut look.folded, joined));
        joined::restrain(&mut said, &joined::begun(&by_own), (&look.joined, &look.elsewhere));
        look.by_merge = joined::ended(&by_own);
    }
    said
}

/// What each set of rules says.
fn say<'a>(look: &Look, plans: &'a [Plan]) -> Vec<Said<'a>> {
    let facts = look.facts();
    let (mut undone, mut restored) = (BTreeSet::new(), BTreeSet::new());
    let mut said: Vec<Said<'a>> = plans
        .iter()
        .flat_map(|plan| units(look, plan).into_iter().map(move |unit| (plan, unit)))
        .map(|(plan, unit)| {
            let standing = standing_of(look.standings.get(&plan.roll));
            let evaluation = plan.scheme().map(|scheme| {
                let facts = coming_over(scheme, plans, (&facts, &look.past), look.today);
                evaluate(scheme, &facts_of_unit(&facts, &unit), look.today)
            });
            let verdict = verdict(plan, evaluation.as_ref(), &facts);
            let past: Vec<Past> = look.past_of(plan, plans).map(Decided::past).collect();
            let situation = situation(look, plan, (&verdict, standing.unwrap_or(Standing::Absent)), &unit, &past);
            let mut proposals = propose(&situation);
            // Rows of the department's own word, or rules that are gone: nothing begins, and what was wrong is undone.
            if standing.is_none() || plan.is_gone() {
                proposals.retain(is_of_the_past);
            }
            if !look.heads.contains(&plan.roll) {
                proposals.retain(|proposal| !matches!(proposal, Proposal::Head { .. }));
            }
            proposals.extend(without_rule(plan, look.past_of(plan, plans)));
            proposals.sort();
            if proposals.iter().any(|proposal| matches!(proposal, Proposal::Restore { .. })) {
                restored.insert(plan.roll.clone());
            }
            // What is undone is undone once, whatever else is said of it.
            proposals.retain(|proposal| !look.waits_for_the_roll(proposal) && is_first(&mut undone, proposal));
            Said { plan, proposals, evaluation, unit }
        })
        .collect();
    // Who is restored to a roll is not entered there as well, by other rules that govern it now.
    for said in said.iter_mut().filter(|said| restored.contains(&said.plan.roll)) {
        said.proposals.retain(|proposal| !matches!(proposal, Proposal::Offer { .. } | Proposal::Enrol { .. }));
    }
    said
}

/// Whether it begins nothing.
const fn is_of_the_past(proposal: &Proposal) -> bool {
    matches!(proposal, Proposal::Undo { .. } | Proposal::Restore { .. } | Proposal::Amend { .. })
}

/// Whether a decision is not undone by another proposal already.
fn is_first(undone: &mut BTreeSet<MessageId>, proposal: &Proposal) -> bool {
    match proposal {
        Proposal::Undo { decision } | Proposal::Restore { decision } => undone.insert(decision.clone()),
        _ => true,
    }
}

/// Decisions for which today's rules have no reason any more: scheme withdrawn, rule dropped.
fn without_rule<'a>(plan: &Plan, past: impl Iterator<Item = &'a Decided>) -> Vec<Proposal> {
    let open = past.filter(|past| past.past().is_open() && !plan.has_rule_for(past.matter.cause.reason));
    open.filter(|past| match past.action {
        DecisionAction::Remove => true,
        DecisionAction::Offer | DecisionAction::Enrol => {
            matches!(past.state, DecisionState::Offered | DecisionState::Proposed)
        }
        _ => false,
    })
    .map(|past| Proposal::Undo { decision: past.id.clone() })
    .collect()
}

/// Open removals which today's rules confirm, of a person whose row can be read.
fn right(look: &Look, said: &[Said<'_>], plans: &[Plan]) -> Vec<MessageId> {
    let open = look.past.iter().filter(|past| past.action == DecisionAction::Remove && past.past().is_open());
    let confirmed = open.filter(|past| {
        let undo = Proposal::Undo { decision: past.id.clone() };
        let undone = said.iter().any(|said| said.proposals.contains(&undo))
            || look.by_merge.contains(&past.id) && past.matter.confirmed_by.is_empty();
        let plan = governing(plans, past).filter(|plan| !plan.is_gone());
        !undone && plan.is_some_and(|plan| standing_of(look.standings.get(&plan.roll)).is_some())
    });
    confirmed.map(|past| past.id.clone()).collect()
}

pub(super) fn situation<'a>(
    look: &'a Look,
    plan: &'a Plan,
    (verdict, standing): (&'a Verdict, Standing),
    unit: &'a str,
    past: &'a [Past],
) -> Situation<'a> {
    let rules = plan.version().map(|version| version.hash);
    Situation { effect: &plan.effect, verdict, standing, folded: &look.folded, unit, rules, past, today: look.today }
}

/// What the scheme counts for her: herself, or each delivery.
fn units(look: &Look, plan: &Plan) -> Vec<String> {
    match plan.scheme().map(|scheme| scheme.unit) {
        Some(Unit::Delivery) => look.folded.deliveries.iter().map(|delivery| delivery.on.to_string()).collect(),
        _ => vec![String::new()],
    }
}

/// The facts as they are for one delivery.
fn facts_of_unit(facts: &PersonFacts, unit: &str) -> PersonFacts {
    let mut facts = facts.clone();
    if let (Ok(on), Ok(path)) = (unit.parse::<CivilDate>(), names::DELIVERY_DATE.parse()) {
        facts.set(path, Fact::own(on, on));
    }
    facts
}

/// `None`: only rows whose status is the department's own word; they are not ours to judge.
pub(super) fn standing_of(standing: Option<&RollStanding>) -> Option<Standing> {
    let rows = standing.map(|standing| standing.rows.as_slice()).unwrap_or_default();
    let has = |status| rows.iter().any(|row| row.status == status);
    if rows.is_empty() {
        Some(Standing::Absent)
    } else if has(RollStatus::Active) {
        Some(Standing::Active)
    } else if has(RollStatus::Held) {
        Some(Standing::Held)
    } else if has(RollStatus::Removed) {
        Some(Standing::Removed)
    } else {
        None
    }
}

/// A built-in rule has no clauses: whoever stands there stays eligible by it.
fn verdict(plan: &Plan, evaluation: Option<&Evaluation>, facts: &PersonFacts) -> Verdict {
    let Some((evaluation, scheme)) = evaluation.zip(plan.scheme()) else { return Verdict::Unknown };
    match evaluation.outcome {
        Outcome::Eligible => Verdict::Eligible { since: since(scheme, evaluation, facts) },
        Outcome::NotYet { .. } | Outcome::NotEligible => {
            let mut decisive: Vec<String> = evaluation.decisive.iter().map(ToString::to_string).collect();
            decisive.sort();
            Verdict::NotEligible { decisive }
        }
        Outcome::Unknown => Verdict::Unknown,
        Outcome::Conflict => Verdict::Conflict,
    }
}

/// The day on which the last of her facts came to hold: from it she is entitled, also if it was heard of later.
fn since(scheme: &Scheme, evaluation: &Evaluation, facts: &PersonFacts) -> CivilDate {
    let used = evaluation.clauses.iter().flat_map(|clause| &clause.facts).filter_map(|used| match &used.standing {
        // That she draws nothing else was so before somebody said it.
        FactStanding::Known(_) if used.path.as_str().starts_with(BENEFITS) => None,
        FactStanding::Known(origin) if origin.source.is_some() => Some(origin.effective),
        _ => None,
    });
    let include = scheme.clauses.iter().filter(|clause| clause.kind == ClauseKind::Include);
    let years = include.flat_map(|clause| clause.tests()).filter_map(|test| match test {
        Test::Age(bounds) => bounds.at_least,
        _ => None,
    });
    let ages = years.filter_map(|years| completes(facts, years, scheme.age_convention));
    used.chain(ages).max().unwrap_or(scheme.in_force.from).max(scheme.in_force.from)
}

/// The next day on which the answer may be another by itself.
fn next_look(look: &Look, said: &[Said<'_>], plans: &[Plan]) -> Option<CivilDate> {
    let by_clauses = said.iter().filter_map(|said| said.evaluation.as_ref()?.changes.as_ref().map(|change| change.on));
    let not_yet = said.iter().filter_map(|said| match said.evaluation.as_ref()?.outcome {
        Outcome::NotYet { next } => Some(next),
        _ => None,
    });
    let by_events = said.iter().filter_map(|said| {
        let past: Vec<Past> = look.past_of(said.plan, plans).map(Decided::past).collect();
        let verdict = Verdict::Unknown;
        wakes(&situation(look, said.plan, (&verdict, Standing::Active), &said.unit, &past))
    });
    // Whoever is, or was, held for the sake of another scheme is looked at each day: that one may pay no more, or again.
    let followed = |past: &&Decided| past.matter.next.is_some() && past.past().is_open();
    let tomorrow =
        look.past.iter().find(followed).and_then(|_| look.today.date().tomorrow().ok()).map(CivilDate::from_date);
    by_clauses.chain(not_yet).chain(by_events).chain(tomorrow).filter(|day| *day > look.today).min()
}

/// Local numbers of people with this name and birth year, where the department's people are mapped.
pub(super) fn namesakes(app: &App, name: &str, year: i16) -> Vec<String> {
    let Some(source) = app.source() else { return Vec::new() };
    let mut found = Vec::new();
    for matcher in source.matchers() {
        match matcher.namesakes(name, year) {
            Ok(keys) => found.extend(keys.into_iter().map(|key| key.as_str().to_owned())),
            Err(error) => tracing::warn!(%error, "people of the same name could not be looked for"),
        }
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_that_was_overtaken_or_failed_knows_of_no_removal_that_it_is_right() {
        let looked =
            Settled { right: vec!["019aa000-0000-7000-8000-000000000001".parse().unwrap()], ..Settled::default() };
        let whole = Round::of(Ok((Some(looked.clone()), false)));
        assert!(whole.settled == Some(looked) && !whole.again && whole.failed.is_none());
        let written = Round::of(Ok((None, true)));
        assert!(written.settled.is_none() && written.again && written.failed.is_none());
        let overtaken = Round::of(Err(DecisionError::Overtaken));
        assert!(overtaken.settled.is_none() && overtaken.again && overtaken.failed.is_some());
        let failed = Round::of(Err(DecisionError::NotWhole("a row")));
        assert!(failed.settled.is_none() && !failed.again && failed.failed.is_some());
    }
}
