//! Asking under a registered law: whoever is due is named to the provider by the identity registry in one call, and asked about one
//! by one.
//!
//! In this order, and what is true if we stop there: the row is claimed with the key of its question (nothing happened; the next
//! one goes on under that key) · who was asked before under it is not asked again · the others are named · each is asked, the query
//! stored before it is sent · the end is written.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, stream};
use protocol::seal::random;
use schemas::{
    digest::Digest,
    federation::Law,
    id::{EntityId, LawId, SectorSubject},
    problem::Code,
};

use super::{
    AT_ONCE, CLAIM_MS,
    end::{self, Asked},
};
use crate::{
    app::App,
    decisions::DecisionError,
    exchange::ask::{About, Before, End, LawQuestion, NotAnswered, digest},
    store::{
        exchange::asks::AskKey,
        fetching::{Claim, FactAsk, FactBasis, ask_claim},
    },
};

/// One claimed row with its question.
struct Ready {
    ask: FactAsk,
    question: LawQuestion,
    key: AskKey,
    wanted: Digest,
}

/// Asks about all of these, law by law.
///
/// # Errors
/// If the rows cannot be claimed.
pub(super) async fn ask_all(app: &App, due: Vec<FactAsk>) -> Result<(), DecisionError> {
    let mut by_law: BTreeMap<(LawId, String), Vec<Ready>> = BTreeMap::new();
    for mut ask in due {
        let Some(turn) = claim(app, &mut ask).await? else { continue };
        ask.turn = turn;
        let FactBasis::Law(law) = ask.wanted.basis.clone() else { continue };
        match ready(app, &ask, &law) {
            Ok(ready) => by_law.entry((law, ask.wanted.field.to_string())).or_default().push(ready),
            // Nobody was asked.
            Err(not) => ended(app, &ask, app.entity(), Err(not)).await,
        }
    }
    for people in by_law.into_values() {
        ask_some(app, people).await;
    }
    Ok(())
}

/// Claims a row for a question of its own; `None`: it is not ours, or the day's budget is spent.
pub(super) async fn claim(app: &App, ask: &mut FactAsk) -> Result<Option<i64>, DecisionError> {
    let Some(settings) = app.config().fetching.as_ref() else { return Ok(None) };
    let (now, now_ms, budget) = (app.decided_at(), app.decided_at_ms(), settings.per_day);
    let question = random::message_id(app.now());
    let (claimed, id) = (ask.clone(), question.clone());
    let claim = app.db().write(move |conn| {
        let until_ms = now_ms.saturating_add(CLAIM_MS);
        ask_claim(conn, (&claimed, Some(&id)), (now_ms, until_ms), (now.civil_day(), budget))
    });
    match claim.await? {
        Claim::Ours(turn) => {
            ask.question.get_or_insert(question);
            Ok(Some(turn))
        }
        Claim::Theirs => Ok(None),
        Claim::Spent => {
            let next_ms = now_ms.saturating_add(end::until_tomorrow(app));
            let asked = Asked { request: ask.request.clone(), consent: None };
            end::without(app, ask, ("BUDGET_SPENT", None), (&asked, next_ms)).await?;
            Ok(None)
        }
    }
}

/// The question about this fact, if the law gives us this field.
fn ready(app: &App, ask: &FactAsk, law: &LawId) -> Result<Ready, NotAnswered> {
    let settings = app.config().fetching.as_ref().ok_or(NotAnswered::new(Code::Internal))?;
    let (wanted, unknown) = (&ask.wanted, NotAnswered::new(Code::LawNotRegistered));
    let directory = app.directory();
    let law: &Law = directory.law(law, app.now())?.ok_or(unknown)?;
    if law.allowed.dataset != wanted.dataset || !law.allowed.fields.contains(&wanted.field) {
        return Err(NotAnswered::new(Code::LawScopeExceeded).detail("the law does not give this fact"));
    }
    let id = ask.question.as_ref().ok_or(NotAnswered::new(Code::Internal))?;
    let question = LawQuestion {
        law: law.id.clone(),
        provider: law.provider.clone(),
        dataset: wanted.dataset.clone(),
        fields: vec![wanted.field.clone()],
        predicates: Vec::new(),
        purpose: law.purpose.clone(),
        // A message id is of the alphabet of cases: each question is a case of its own.
        case: id.as_str().parse().map_err(|_| NotAnswered::new(Code::Internal))?,
        officer: settings.officer.clone(),
    };
    let key = AskKey::new(settings.system.clone(), id.clone());
    Ok(Ready { wanted: digest(&(&question, &wanted.subject))?, key, question, ask: ask.clone() })
}

/// Asks about people of one law: those who were asked before first, the others named in one call.
async fn ask_some(app: &App, people: Vec<Ready>) {
    let mut fresh = Vec::new();
    for ready in people {
        match app.asked_before(&ready.key, &ready.wanted).await {
            Ok(None) => fresh.push(ready),
            Ok(Some(Before::Ended(end))) => ended(app, &ready.ask, &ready.question.provider, Ok(end)).await,
            Ok(Some(Before::Open(pending))) => {
                ended(app, &ready.ask, &ready.question.provider, app.finish(&pending).await).await
            }
            Err(not) => ended(app, &ready.ask, &ready.question.provider, Err(not)).await,
        }
    }
    let Some(first) = fresh.first() else { return };
    let subjects: Vec<SectorSubject> = fresh.iter().map(|ready| ready.ask.wanted.subject.clone()).collect();
    let names = match app.named_to_provider(&first.key, &first.question, &subjects).await {
        Ok(names) => names,
        Err(not) => {
            for ready in &fresh {
                ended(app, &ready.ask, &ready.question.provider, Err(not.clone())).await;
            }
            return;
        }
    };
    // Collected first: a stream over the closure itself would not be `Send` for every lifetime.
    let asked: Vec<_> = fresh
        .into_iter()
        .zip(names)
        .map(|(ready, name)| async move {
            let heard = match name {
                Some(sealed) => {
                    let about = About { sealed, people: vec![ready.ask.wanted.subject.clone()] };
                    app.ask_under_law(&ready.key, ready.wanted, &ready.question, about).await
                }
                None => Err(NotAnswered::new(Code::NotFoundOrNotPermitted)),
            };
            ended(app, &ready.ask, &ready.question.provider, heard).await;
        })
        .collect();
    stream::iter(asked).buffer_unordered(AT_ONCE).for_each(|()| std::future::ready(())).await;
}

/// `provider`: who was asked, whose word an answer is.
async fn ended(app: &App, ask: &FactAsk, provider: &EntityId, heard: Result<End, NotAnswered>) {
    if let Err(error) = end::take(app, ask, (provider, &Asked::default()), heard).await {
        tracing::warn!(%error, fact = %ask.wanted.path, "the end of a question could not be kept; it is heard again");
    }
}
