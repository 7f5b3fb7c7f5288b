//! She takes a consent back: what came on it is unknown from that very commit.

use eligibility::fold::{Content, EventRecord, Role};
use protocol::seal::random;
use schemas::{
    digest::Digest,
    event::EventAssurance,
    id::{EntityId, MessageId},
    time::Timestamp,
};
use service_kit::db::AnyConnection;

use super::end::DAY_MS;
use crate::{
    decisions::facts::FETCHED,
    keys::Keys,
    store::{
        decisions::{
            DecisionStoreError,
            facts::{Heard, fact_insert, facts_of},
            persons::{Known, person_due},
        },
        exchange::ConsentIndex,
        fetching::{AskEnd, AskState, FactAsk, ask_end, asks_on_consent},
    },
};

/// She is asked again after this, if a scheme still needs it.
const AGAIN_MS: i64 = 30 * DAY_MS;

/// Forgets what came on a consent, in the transaction that ends it, and has the people looked at again. `order`: what ended it.
///
/// # Errors
/// If the rows cannot be written.
pub(crate) fn consent_ended(
    conn: &mut AnyConnection,
    keys: &Keys,
    (consent, order): (&ConsentIndex, &Digest),
    now: Timestamp,
) -> Result<bool, DecisionStoreError> {
    let asks = asks_on_consent(conn, keys, consent)?;
    for ask in &asks {
        forget(conn, keys, (ask, order), now)?;
    }
    Ok(!asks.is_empty())
}

fn forget(
    conn: &mut AnyConnection,
    keys: &Keys,
    (ask, order): (&FactAsk, &Digest),
    now: Timestamp,
) -> Result<(), DecisionStoreError> {
    let now_ms = now.seconds().saturating_mul(1000);
    let heard = facts_of(conn, keys, &ask.person)?;
    let said = heard.iter().rev().map(|heard| &heard.record).filter(|record| says(record, ask));
    // The newest word of it: what was fetched last.
    if let Some(last) = said.max_by_key(|record| (record.recorded, record.id.clone())) {
        let record = no_longer(last, (ask, order), random::message_id(now), now)?;
        fact_insert(conn, keys, (&ask.person, &Heard { record, others: Vec::new() }), now_ms)?;
        let known = Known { subject: ask.wanted.subject.clone(), about: None };
        person_due(conn, keys, (&ask.person, &known), now_ms)?;
    }
    let end = AskEnd {
        state: AskState::Due,
        question: None,
        request: None,
        consent: None,
        reason: Some("CONSENT_REVOKED"),
        tries: 0,
        next_ms: now_ms.saturating_add(AGAIN_MS),
    };
    ask_end(conn, ask, &end)?;
    Ok(())
}

fn says(record: &EventRecord, ask: &FactAsk) -> bool {
    let Content::Stated(facts) = &record.content else { return false };
    facts.iter().any(|(path, value)| *path == ask.wanted.path && value.is_some())
}

/// The same source says so no longer, from the day from which it said so.
fn no_longer(
    said: &EventRecord,
    (ask, order): (&FactAsk, &Digest),
    id: MessageId,
    now: Timestamp,
) -> Result<EventRecord, DecisionStoreError> {
    let source: EntityId = said.source.clone();
    Ok(EventRecord {
        case: id.as_str().parse().map_err(|_| DecisionStoreError::Damaged("a case"))?,
        id,
        source,
        priority: FETCHED,
        effective: now.civil_day().max(said.effective),
        // Of two words of one second the one counts that comes after the other.
        recorded: now.max(said.recorded.plus(1)),
        assurance: EventAssurance::Registered,
        supersedes: None,
        digest: *order,
        role: Role::Subject,
        content: Content::Stated(vec![(ask.wanted.path.clone(), None)]),
    })
}
