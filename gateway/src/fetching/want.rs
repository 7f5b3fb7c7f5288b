//! What is needed of a person now becomes rows, in the transaction that found it out.

use service_kit::db::AnyConnection;

use crate::{
    keys::Keys,
    notices::Person,
    store::{
        decisions::DecisionStoreError,
        fetching::{AskState, FactAsk, FactWanted, ask_rest, ask_want},
    },
};

/// Makes due what is needed and not asked for, and lets rest what nobody needs any more. Whether anything is due.
///
/// # Errors
/// If the rows cannot be written.
pub(crate) fn want(
    conn: &mut AnyConnection,
    keys: &Keys,
    (person, asks): (&Person, &[FactAsk]),
    wanted: &[FactWanted],
    now_ms: i64,
) -> Result<bool, DecisionStoreError> {
    let mut due = false;
    for wanted in wanted {
        let asked = asks.iter().find(|ask| ask.wanted.path == wanted.path);
        if asked.is_none_or(|ask| matches!(ask.state, AskState::Known | AskState::Idle)) {
            ask_want(conn, keys, (person, wanted), now_ms)?;
            due = true;
        }
    }
    let is_wanted = |ask: &FactAsk| wanted.iter().any(|wanted| wanted.path == ask.wanted.path);
    for ask in asks.iter().filter(|ask| ask.state == AskState::Due && !is_wanted(ask)) {
        ask_rest(conn, (person, &ask.wanted.path), now_ms)?;
    }
    Ok(due)
}
