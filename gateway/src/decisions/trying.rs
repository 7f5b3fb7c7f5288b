//! What could not be done is tried again ever later, and given up after three days until somebody sets it out anew.
//!
//! Guarantees: the count outlives the process; a decision that changes, and a person of whom something new is said, are tried at
//! once; what is given up is listed (`vinimay gateway parked list`) and alarmed, never dropped. Deliberately absent: trying.

use schemas::id::MessageId;

use super::DecisionError;
use crate::{
    app::App,
    notices::Person,
    store::decisions::work::{
        Again, Tried, decision_failed, decision_tried, parked_count, person_failed, person_tried,
    },
    triggers::back_off,
};

/// After so long without a success it is parked: 72 h.
const PARK_MS: i64 = 72 * 3_600_000;

/// When it is tried again after one more failure.
fn again(tried: Tried, now_ms: i64) -> Again {
    let failing_ms = tried.failing_ms.unwrap_or(now_ms);
    let parks = now_ms.saturating_sub(failing_ms) >= PARK_MS;
    let next_ms = back_off::next_ms(now_ms, tried.tries, None);
    Again { failing_ms, next_ms, parked_ms: tried.parked_ms.or_else(|| parks.then_some(now_ms)) }
}

/// A decision could not go on: it goes behind the others.
///
/// # Errors
/// If the database fails.
pub(super) async fn failed(app: &App, id: &MessageId, error: &DecisionError) -> Result<(), DecisionError> {
    tracing::warn!(decision = %id, %error, "a decision could not go on; it is tried again");
    let (decision, now_ms) = (id.clone(), app.decided_at_ms());
    let parked = app.db().write(move |conn| {
        // One that is behind the others already was counted.
        let due = |tried: &Tried| tried.next_ms <= now_ms;
        let Some(tried) = decision_tried(conn, &decision)?.filter(due) else { return Ok(false) };
        let next = again(tried, now_ms);
        decision_failed(conn, &decision, next)?;
        Ok::<_, DecisionError>(tried.parked_ms.is_none() && next.parked_ms.is_some())
    });
    if parked.await? {
        tracing::error!(decision = %id, "a decision is parked after three days; mend its cause, then run `vinimay gateway parked replay decisions`");
        metrics::counter!("decisions_parked_total").increment(1);
    }
    Ok(())
}

/// A person could not be looked at: she goes behind the others.
///
/// # Errors
/// If the database fails.
pub(super) async fn person(app: &App, person: &Person, error: &DecisionError) -> Result<(), DecisionError> {
    tracing::warn!(%error, "a person could not be looked at; it is tried again");
    let (who, now_ms) = (person.clone(), app.decided_at_ms());
    let parked = app.db().write(move |conn| {
        let Some(tried) = person_tried(conn, &who)? else { return Ok(false) };
        let next = again(tried, now_ms);
        person_failed(conn, &who, next)?;
        Ok::<_, DecisionError>(tried.parked_ms.is_none() && next.parked_ms.is_some())
    });
    if parked.await? {
        tracing::error!(
            "a person is parked after three days; mend the cause, then run `vinimay gateway parked replay decisions`"
        );
        metrics::counter!("decisions_parked_total").increment(1);
    }
    Ok(())
}

/// How many decisions and people are parked, for whoever watches.
///
/// # Errors
/// If the database fails.
pub(super) async fn measure(app: &App) -> Result<(), DecisionError> {
    let (decisions, people) = app.db().read(parked_count).await?;
    #[allow(clippy::cast_precision_loss, reason = "a metric")]
    for (of, count) in [("decisions", decisions), ("people", people)] {
        metrics::gauge!("decisions_parked", "of" => of).set(count as f64);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_waits_longer_and_three_days_of_them_are_enough() {
        let first = again(Tried::default(), 1_000);
        assert_eq!((first.failing_ms, first.parked_ms), (1_000, None));
        assert!((1_000..=2_000).contains(&first.next_ms), "at most a second");
        let longest = |tries| {
            let of = |_| again(Tried { tries, failing_ms: Some(0), ..Tried::default() }, 0).next_ms;
            (0..300).map(of).max().unwrap()
        };
        assert!(longest(20) <= 900_000 && longest(20) > longest(2), "up to a quarter of an hour");
        let tried = Tried { tries: 300, failing_ms: Some(0), ..Tried::default() };
        assert_eq!(again(tried, PARK_MS - 1).parked_ms, None);
        assert_eq!(again(tried, PARK_MS).parked_ms, Some(PARK_MS));
        let parked = Tried { parked_ms: Some(7), ..tried };
        assert_eq!(again(parked, PARK_MS * 2).parked_ms, Some(7), "since when it is parked stays");
    }
}
