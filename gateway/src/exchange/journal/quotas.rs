//! Daily quotas of laws, taken in the transaction of the answers that use them.
//!
//! Guarantees: rows are locked in the order of their keys and decided one answer after another in the order they came; an answer
//! that needs several counts takes all of them or none; a refused query takes none. Deliberately absent: the limits themselves.

use std::collections::{BTreeMap, BTreeSet};

use schemas::problem::Code;
use service_kit::db::{AnyConnection, QueryResult};

use super::ledger::broken;
use crate::store::exchange::law_uses::{LawCounter, LawUsesTaken, law_uses_lock, law_uses_take};

/// Uses that one answer takes of one count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LawTake {
    /// Which count.
    pub counter: LawCounter,
    /// How many.
    pub uses: u32,
    /// How many there may be in all that day.
    pub most: u32,
}

impl LawTake {
    /// Whether so many uses before leave room for these.
    pub const fn fits(&self, before: u32) -> bool {
        match before.checked_add(self.uses) {
            Some(after) => after <= self.most,
            None => false,
        }
    }
}

/// Takes what each answer needs, in their order; `law-quota-exceeded` for one that finds too little left.
pub(crate) fn take(conn: &mut AnyConnection, wanted: &[&[LawTake]]) -> QueryResult<Vec<Result<(), Code>>> {
    let counters: BTreeSet<_> = wanted.iter().flat_map(|takes| takes.iter()).map(|take| take.counter.clone()).collect();
    if counters.is_empty() {
        return Ok(vec![Ok(()); wanted.len()]);
    }
    let before = law_uses_lock(conn, &Vec::from_iter(counters))?;
    let mut after = before.clone();
    let taken = wanted.iter().map(|takes| take_all(&mut after, takes)).collect();
    let changed: Vec<_> = before
        .into_iter()
        .filter_map(|(counter, before)| {
            let after = *after.get(&counter)?;
            (after != before).then_some(LawUsesTaken { counter, before, after })
        })
        .collect();
    if law_uses_take(conn, &changed)? == changed.len() { Ok(taken) } else { Err(broken("a locked count changed")) }
}

fn take_all(counts: &mut BTreeMap<LawCounter, u32>, takes: &[LawTake]) -> Result<(), Code> {
    let left = |take: &LawTake| counts.get(&take.counter).is_some_and(|before| take.fits(*before));
    if !takes.iter().all(left) {
        return Err(Code::LawQuotaExceeded);
    }
    for take in takes {
        counts.entry(take.counter.clone()).and_modify(|count| *count = count.saturating_add(take.uses));
    }
    Ok(())
}
