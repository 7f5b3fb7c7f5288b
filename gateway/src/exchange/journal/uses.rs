//! Uses of consents, and nonces of presence, taken in the transaction of the answers that use them.
//!
//! Guarantees: rows of one consent are decided one answer after another in the order they came, under the row's lock; a nonce
//! counts for the first consent that came with it.

use std::collections::{BTreeMap, BTreeSet};

use protocol::consent::{ConsentState, UseClaim, WindowUse};
use schemas::{consent::ConsentStatus, problem::Code, time::Timestamp};
use service_kit::db::{AnyConnection, QueryResult};

use super::ledger::broken;
use crate::store::exchange::{
    consent_state::{ConsentIndex, UsesTaken, consents_lock, uses_take},
    live_nonces::{LiveNonce, live_nonces_spend},
};

/// One use of one consent.
#[derive(Clone, Debug)]
pub(super) struct ConsentUse {
    pub(super) index: ConsentIndex,
    pub(super) claim: UseClaim,
    /// The nonce over which she proved presence, where that was not known yet.
    pub(super) live: Option<LiveNonce>,
    pub(super) at: Timestamp,
}

/// Takes a use for each answer that needs one, in their order.
pub(super) fn take(conn: &mut AnyConnection, wanted: &[Option<&ConsentUse>]) -> QueryResult<Vec<Result<(), Code>>> {
    let indexes: BTreeSet<_> = wanted.iter().flatten().map(|wanted| wanted.index.clone()).collect();
    if indexes.is_empty() {
        return Ok(vec![Ok(()); wanted.len()]);
    }
    let present = present(conn, wanted)?;
    let before = consents_lock(conn, &Vec::from_iter(indexes))?;
    let mut after = before.clone();
    let one = |(wanted, present): (&Option<&ConsentUse>, Result<(), Code>)| match wanted {
        Some(wanted) => present.and_then(|()| take_one(&mut after, wanted)),
        None => Ok(()),
    };
    let taken = wanted.iter().zip(present).map(one).collect();
    let changed: Vec<_> = before
        .into_iter()
        .filter_map(|(index, before)| {
            let after = *after.get(&index)?;
            (after != before).then_some(UsesTaken { index, before: before.uses, after })
        })
        .collect();
    if uses_take(conn, &changed)? == changed.len() { Ok(taken) } else { Err(broken("a locked row changed")) }
}

/// Whether each nonce is that consent's: it stays so even if the use is then refused.
fn present(conn: &mut AnyConnection, wanted: &[Option<&ConsentUse>]) -> QueryResult<Vec<Result<(), Code>>> {
    let nonces: Vec<&LiveNonce> = wanted.iter().flatten().filter_map(|wanted| wanted.live.as_ref()).collect();
    if nonces.is_empty() {
        return Ok(vec![Ok(()); wanted.len()]);
    }
    let whose = live_nonces_spend(conn, &nonces)?;
    let judge = |wanted: &Option<&ConsentUse>| match wanted.and_then(|wanted| wanted.live.as_ref()) {
        None => Ok(()),
        Some(live) if whose.get(&live.nonce).is_some_and(|owner| owner == live.consent.as_str()) => Ok(()),
        Some(_) => Err(Code::LiveNonceRequired),
    };
    Ok(wanted.iter().map(judge).collect())
}

fn take_one(states: &mut BTreeMap<ConsentIndex, ConsentState>, wanted: &ConsentUse) -> Result<(), Code> {
    let state = states.get_mut(&wanted.index).ok_or(Code::ConsentUsedUp)?;
    *state = used_once_more(*state, &wanted.claim, wanted.at)?;
    Ok(())
}

/// The state after one more use, or why there is none: what [`Grant::authorize`](protocol::consent::Grant::authorize) saw may
/// have changed since.
pub(super) fn used_once_more(state: ConsentState, claim: &UseClaim, now: Timestamp) -> Result<ConsentState, Code> {
    match state.status {
        ConsentStatus::Active => {}
        ConsentStatus::Paused => return Err(Code::ConsentPaused),
        ConsentStatus::Revoked => return Err(Code::ConsentRevoked),
    }
    if state.until.is_some_and(|until| until <= now) {
        return Err(Code::ConsentExpired);
    }
    if state.uses >= claim.max_uses {
        return Err(Code::ConsentUsedUp);
    }
    let window = match (claim.window, state.window) {
        (None, known) => known,
        (Some(window), Some(known)) if known.index == window.index && known.uses < window.uses => {
            Some(WindowUse { index: known.index, uses: known.uses.saturating_add(1) })
        }
        (Some(window), known) if known.is_none_or(|known| known.index < window.index) && window.uses > 0 => {
            Some(WindowUse { index: window.index, uses: 1 })
        }
        (Some(_), _) => return Err(Code::ConsentUsedUp),
    };
    Ok(ConsentState { uses: state.uses.saturating_add(1), window, ..state })
}
