//! How a question ended: the fact is kept and the person looked at again, or the reason is, with the time of the next question.

use eligibility::{
    fact::{FactPath, Value},
    fold::{Related, fold},
};
use schemas::{
    consent::ConsentStatus,
    digest::Digest,
    id::{EntityId, MessageId},
    local::LocalAnswer,
    problem::Code,
    time::CivilDate,
};

use super::{consent_ended, value};
use crate::{
    app::App,
    clients::anchor::jittered,
    decisions::{
        DecisionError,
        facts::{Says, Stated},
    },
    exchange::ask::{End, NotAnswered},
    notices::Person,
    store::{
        decisions::{DecisionStoreError, facts::facts_of},
        exchange::{ConsentIndex, consent_find, consent_state::consents_lock},
        fetching::{AskEnd, AskState, FactAsk, ask_end, receipt_digest},
    },
};

const MINUTE_MS: i64 = 60_000;
pub(super) const DAY_MS: i64 = 86_400_000;
/// What a department does not know is asked for again after this.
const UNKNOWN_THERE_MS: i64 = 7 * DAY_MS;
/// What could be said and was not kept is kept soon.
const SOON_MS: i64 = 5_000;
/// Tries after which the pause is the longest.
const DOUBLINGS: i64 = 11;

/// On what the question was asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// The request for consent that was answered.
    pub(super) request: Option<MessageId>,
    /// The consent.
    pub(super) consent: Option<ConsentIndex>,
}

/// Takes how a question ended.
///
/// # Errors
/// If it cannot be kept; the question then ends once more with the same answer.
pub(super) async fn take(
    app: &App,
    ask: &FactAsk,
    (provider, asked): (&EntityId, &Asked),
    ended: Result<End, NotAnswered>,
) -> Result<(), DecisionError> {
    match ended {
        Ok(End::Answered(answer)) => said(app, ask, (provider, asked), &answer).await,
        Ok(End::Refused { code, .. } | End::Unconfirmed { code, .. }) => refused(app, ask, asked, code, false).await,
        // Another question was asked under this key once: the next one has its own.
        Err(not) => refused(app, ask, asked, not.code(), not.code() != Code::Conflict).await,
    }
}

async fn said(
    app: &App,
    ask: &FactAsk,
    (provider, asked): (&EntityId, &Asked),
    answer: &LocalAnswer,
) -> Result<(), DecisionError> {
    let wanted = &ask.wanted;
    let now_ms = app.decided_at_ms();
    let found = match value::of(&answer.record, &wanted.field, &wanted.path) {
        Ok(found) => found,
        Err(silent) => {
            let next_ms = now_ms.saturating_add(UNKNOWN_THERE_MS);
            return without(app, ask, (silent.code(), None), (asked, next_ms)).await;
        }
    };
    let receipt = digest_of(app, &answer.receipt).await?;
    let now = app.decided_at();
    let effective = since(app, &ask.person, (&wanted.path, &found, provider), now.civil_day()).await?;
    let stated = Stated {
        source: provider.clone(),
        id: answer.exchange.clone(),
        receipt,
        effective,
        recorded: now,
        says: Says::Facts(vec![(wanted.path.clone(), Some(found))]),
    };
    if let Err(error) = app.state_facts(&wanted.subject, stated).await {
        // It may stand already and a roll be away: the same answer is heard again under the same key.
        let next_ms = now_ms.saturating_add(SOON_MS);
        let end = AskEnd { next_ms, reason: ask.reason.as_deref(), ..open(ask, asked) };
        write(app, ask, end).await?;
        return Err(error);
    }
    metrics::counter!("facts_fetched_total").increment(1);
    known(app, ask, (asked.consent.clone(), receipt), now_ms).await
}

/// The value is kept. If she took the consent back while it was asked for, it is unknown again in the same commit.
async fn known(
    app: &App,
    ask: &FactAsk,
    (consent, receipt): (Option<ConsentIndex>, Digest),
    now_ms: i64,
) -> Result<(), DecisionError> {
    let (keys, ask, now) = (app.keys().clone(), ask.clone(), app.decided_at());
    app.db()
        .write(move |conn| {
            // Locked first: a revocation comes wholly before or wholly after this.
            consents_lock(conn, consent.as_slice())?;
            let consent = consent.as_ref();
            let end = AskEnd {
                state: AskState::Known,
                question: None,
                request: None,
                consent,
                reason: None,
                tries: 0,
                next_ms: now_ms,
            };
            ask_end(conn, &ask, &end)?;
            if let Some(consent) = consent
                && consent_find(conn, consent)?.is_some_and(|row| row.state.status == ConsentStatus::Revoked)
            {
                consent_ended(conn, &keys, (consent, &receipt), now)?;
            }
            Ok::<_, DecisionStoreError>(())
        })
        .await?;
    app.wake_decisions();
    Ok(())
}

/// The row with its question still open.
fn open<'a>(ask: &'a FactAsk, asked: &'a Asked) -> AskEnd<'a> {
    AskEnd {
        state: if asked.request.is_some() { AskState::Asked } else { AskState::Due },
        question: ask.question.as_ref(),
        request: asked.request.as_ref(),
        consent: None,
        reason: None,
        tries: ask.tries,
        next_ms: ask.next_ms,
    }
}

/// No answer. `goes_on`: the same question is heard of again under its key, or was never asked.
async fn refused(app: &App, ask: &FactAsk, asked: &Asked, code: Code, goes_on: bool) -> Result<(), DecisionError> {
    let reason = code.as_str().to_uppercase().replace('-', "_");
    let now_ms = app.decided_at_ms();
    let ends_consent = matches!(code, Code::ConsentRevoked | Code::ConsentExpired | Code::ConsentUsedUp);
    if ends_consent || code == Code::LawQuotaExceeded {
        let pause = if code == Code::LawQuotaExceeded { until_tomorrow(app) } else { 30 * DAY_MS };
        return without(app, ask, (&reason, None), (&Asked::default(), now_ms.saturating_add(pause))).await;
    }
    let question = ask.question.as_ref().filter(|_| goes_on);
    without(app, ask, (&reason, question), (asked, now_ms.saturating_add(pause_ms(ask.tries)))).await
}

/// Writes a reason and the time of the next question.
pub(super) async fn without(
    app: &App,
    ask: &FactAsk,
    (reason, question): (&str, Option<&MessageId>),
    (asked, next_ms): (&Asked, i64),
) -> Result<(), DecisionError> {
    tracing::info!(fact = %ask.wanted.path, reason, "a fact stays unknown");
    metrics::counter!("facts_not_fetched_total").increment(1);
    let tries = ask.tries.saturating_add(1);
    let end = AskEnd { question, reason: Some(reason), tries, next_ms, ..open(ask, asked) };
    write(app, ask, end).await
}

/// Writes how the row stands and gives it back. A claim that was lost writes nothing: somebody else's question counts.
pub(super) async fn write(app: &App, ask: &FactAsk, end: AskEnd<'_>) -> Result<(), DecisionError> {
    let ask = ask.clone();
    let AskEnd { state, question, request, consent, reason, tries, next_ms } = end;
    let (question, request) = (question.cloned(), request.cloned());
    let (consent, reason) = (consent.cloned(), reason.map(str::to_owned));
    app.db()
        .write(move |conn| {
            let (question, request) = (question.as_ref(), request.as_ref());
            let (consent, reason) = (consent.as_ref(), reason.as_deref());
            ask_end(conn, &ask, &AskEnd { state, question, request, consent, reason, tries, next_ms })
        })
        .await?;
    Ok(())
}

/// A minute, doubling to a day; from the half on by chance, so that not all come at once.
fn pause_ms(tries: i64) -> i64 {
    let whole = (MINUTE_MS << tries.clamp(0, DOUBLINGS)).min(DAY_MS);
    let half = std::time::Duration::from_millis(whole.unsigned_abs() / 2);
    let chance = jittered(half);
    i64::try_from((half + chance).as_millis()).unwrap_or(DAY_MS)
}

/// How long the civil day lasts, milliseconds.
pub(super) fn until_tomorrow(app: &App) -> i64 {
    let now = app.decided_at();
    let over = now.seconds().saturating_sub(now.civil_day().start().seconds());
    DAY_MS.saturating_sub(over.saturating_mul(1000)).max(MINUTE_MS)
}

async fn digest_of(app: &App, receipt: &MessageId) -> Result<Digest, DecisionError> {
    let jti = receipt.clone();
    let found = app.db().read(move |conn| receipt_digest(conn, &jti)).await?;
    found.ok_or(DecisionError::NotWhole("the receipt of an exchange is not kept"))
}

/// From which day the value holds: what this department said before and says again has held since then.
async fn since(
    app: &App,
    person: &Person,
    (path, value, source): (&FactPath, &Value, &EntityId),
    today: CivilDate,
) -> Result<CivilDate, DecisionError> {
    let (keys, who) = (app.keys().clone(), person.clone());
    let heard = app.db().read(move |conn| facts_of(conn, &keys, &who)).await?;
    let records: Vec<_> = heard.into_iter().map(|heard| heard.record).collect();
    let before = fold(&records, &Related::default(), today).facts;
    let same = before
        .get(path)
        .filter(|fact| fact.value == *value && fact.source.as_ref().is_some_and(|by| by.entity == *source));
    Ok(same.map_or(today, |fact| fact.effective))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_from_a_minute_to_a_day() {
        for tries in 0..40 {
            let whole = (MINUTE_MS << tries.clamp(0, DOUBLINGS)).min(DAY_MS);
            let pause = pause_ms(tries);
            assert!((whole / 2..=whole).contains(&pause), "{tries}: {pause}");
        }
        assert!(pause_ms(40) >= DAY_MS / 2);
    }
}
