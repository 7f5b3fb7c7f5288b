//! What is read of a person before the transaction that decides, and what that transaction does.
//!
//! Guarantees: decisions are read before her number and her rows, for rolls are in databases of their own, and once more in the
//! transaction; if they differ, nothing is decided.

use std::collections::BTreeMap;

use registry_adapter::{
    key::LocalKey,
    mapping::{RollId, RollStatus},
    roll::RowStanding,
};
use schemas::{scheme::DecisionState, time::Timestamp};
use service_kit::db::AnyConnection;

use super::{Settled, heads, joined_of, local_key, look, next_look, right, say_as_joined};
use crate::{
    app::App,
    decisions::{
        DecisionError, decide, joined,
        own::{self, Paying, Standings, is_shared, standings},
        plan::{Plan, plans, with_gone},
        wanting,
    },
    notices::Person,
    store::decisions::{
        cases::{Decided, Todo, decisions_of},
        persons::person_seen,
    },
};

/// A person as she was read.
pub(in crate::decisions) struct Read {
    person: Person,
    past: Vec<Decided>,
    local: Option<LocalKey>,
    plans: Vec<Plan>,
    standings: Standings,
    sizes: BTreeMap<RollId, u64>,
    elsewhere: Vec<Standings>,
    paying: Vec<Paying>,
    now: Timestamp,
}

impl Read {
    /// `None`: she is not known here.
    ///
    /// # Errors
    /// If a roll or the database cannot be read.
    pub(in crate::decisions) async fn of(app: &App, person: &Person) -> Result<Option<Self>, DecisionError> {
        let (keys, who) = (app.keys().clone(), person.clone());
        let past = app.db().read(move |conn| decisions_of(conn, &keys, &who)).await?;
        let Some((_, local)) = local_key(app, person).await? else { return Ok(None) };
        let now = app.decided_at();
        let plans = with_gone(plans(app, now.civil_day()).await?, &past);
        let paying = own::paying(&app.config().decisions, &plans);
        let (standings, sizes) = standings(app, local.clone(), (&plans, &paying)).await?;
        let joined = joined_of(app, person).await?;
        let elsewhere = joined::standings(app, (&joined, local.as_ref()), &paying).await?;
        // Rows under a number that two people claim say nothing of either.
        let paying = if is_shared(app, local.as_ref()).await? { Vec::new() } else { paying };
        Ok(Some(Self { person: person.clone(), past, local, plans, standings, sizes, elsewhere, paying, now }))
    }

    /// An order to take her off that the roll has carried out, while its decision does not know yet: whoever ordered it stopped in
    /// between, or the department's own system did it since.
    pub(super) fn removed_already(&self) -> Option<Decided> {
        let mut ordered = self.past.iter().filter(|past| past.todo == Some(Todo::Remove));
        ordered.find(|order| self.rows_removed_by(order).next().is_some()).cloned()
    }

    /// A removal that the roll has carried out, on every row of hers, although nobody wants it any more: the department's own system was
    /// told of it before.
    pub(super) fn removed_unasked(&self) -> Option<Decided> {
        let known = |past: &Decided| matches!(past.state, DecisionState::Removed | DecisionState::Restored);
        let mut others = self.past.iter().filter(|past| past.todo != Some(Todo::Remove) && !known(past));
        others
            .find(|past| {
                self.is_off(past) && self.rows_removed_by(past).next().is_some() && !self.is_done_in_part(past)
            })
            .cloned()
    }

    /// Whether a removal that stands was done in part, so that an officer was asked about the rest: neither what the department does to
    /// the rest nor what the officer says to it is a sign that nobody wants it.
    fn is_done_in_part(&self, decided: &Decided) -> bool {
        decided.past().is_open() && self.rows_of(decided).any(|row| row.spared_by.as_ref() == Some(&decided.id))
    }

    fn rows_of<'a>(&'a self, decided: &'a Decided) -> impl Iterator<Item = &'a RowStanding> {
        let of_it = self.standings.iter().filter(|(roll, _)| roll.as_str() == decided.roll);
        of_it.flat_map(|(_, standing)| &standing.rows)
    }

    /// Whether no row of hers on that roll is anything but removed.
    fn is_off(&self, decided: &Decided) -> bool {
        self.rows_of(decided).all(|row| row.status == RollStatus::Removed)
    }

    fn rows_removed_by<'a>(&'a self, decided: &'a Decided) -> impl Iterator<Item = &'a RowStanding> {
        self.rows_of(decided).filter(|row| row.removed_by.as_ref() == Some(&decided.id))
    }

    /// Reads the rest, decides and writes, in one transaction that holds her row; whether anything changed.
    ///
    /// # Errors
    /// [`DecisionError::Overtaken`] if somebody decided since, or told a roll: the rows may be older than the decisions, so that an
    /// entry that was just made would be missing, and made once more.
    pub(in crate::decisions) async fn decide(self, app: &App) -> Result<(Settled, bool), DecisionError> {
        let with = app.clone();
        let done = app.db().write(move |conn| self.decide_now(conn, &with)).await?;
        if done.1 {
            app.wake_anchor();
            app.wake_notices();
        }
        Ok(done)
    }

    fn decide_now(self, conn: &mut AnyConnection, app: &App) -> Result<(Settled, bool), DecisionError> {
        let Self { person, past, local, plans, standings, sizes, elsewhere, paying, now } = self;
        let Some(mut look) = look(conn, app.keys(), (person, local), (standings, elsewhere, paying), now)? else {
            return Ok((Settled::default(), false));
        };
        if !is_as_read(&look.past, &past) {
            return Err(DecisionError::Overtaken);
        }
        look.heads = heads(app, &plans);
        let said = say_as_joined(&mut look, &plans);
        let settled = Settled {
            concerned: look.is_concerned() || said.iter().any(|said| !said.proposals.is_empty()),
            contradicted: !look.folded.contradictions.is_empty(),
            right: right(&look, &said, &plans),
        };
        let due = next_look(&look, &said, &plans);
        let changed = decide::decide(conn, app, &look, (&said, &plans), &sizes, now)?;
        if wanting::want(conn, app, (&look, &plans), &said)? {
            app.wake_fetching();
        }
        let due_ms = due.map(|day| day.start().seconds().saturating_mul(1000));
        person_seen(conn, &look.person, (look.local.is_some(), due_ms), app.decided_at_ms())?;
        Ok((settled, changed))
    }
}

/// Whether the same decisions stand as they did.
fn is_as_read(now: &[Decided], before: &[Decided]) -> bool {
    let turns = |decided: &[Decided]| decided.iter().map(|one| (one.id.clone(), one.turn)).collect::<Vec<_>>();
    turns(now) == turns(before)
}
