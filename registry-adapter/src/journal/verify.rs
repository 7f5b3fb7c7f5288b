//! Is the chain whole? Every edited, missing or foreign entry is named.

use schemas::digest::Digest;
use service_kit::db::AnyConnection;

use super::{Entry, JournalError, after, beginning, table};
use crate::{connection::engine, key::LocalKey, mapping::RollId, statement::Statement};

const PAGE: i64 = 1_000;

/// The last entry of a roll's chain: what is anchored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalHead {
    /// Its number.
    pub seq: u64,
    /// Its hash.
    pub hash: Digest,
}

/// Something that should not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The entry does not have the hash that it states, or cannot be read: it was edited.
    Edited {
        /// Its number; 0 where not even that can be read.
        seq: u64,
    },
    /// Entries were removed.
    Missing {
        /// First missing number.
        from: u64,
        /// Last missing number.
        to: u64,
    },
    /// The entry does not follow the one before it.
    Unlinked {
        /// Its number.
        seq: u64,
    },
    /// The journal ends before, or elsewhere than, the head that was anchored.
    HeadDisagrees {
        /// The anchored number.
        anchored: u64,
    },
    /// A row of the roll is not as we left it: changed by others.
    RowChangedOutside {
        /// Which row.
        row_key: LocalKey,
    },
    /// A row that we wrote to is gone.
    RowMissing {
        /// Which row.
        row_key: LocalKey,
    },
}

/// The last entry, if there is one.
pub(crate) fn head(conn: &mut AnyConnection, roll: &RollId) -> Result<Option<JournalHead>, JournalError> {
    let select = Statement::new("SELECT CAST(seq AS TEXT), hash FROM ").sql(table(engine(conn)));
    let select = select.sql(" AS e WHERE roll = ").bind(roll.as_str());
    // `e.seq`: without it PostgreSQL orders by the output column of that name, which is text.
    let rows = select.sql(" ORDER BY e.seq DESC LIMIT 1").rows(conn)?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(JournalHead { seq: super::parsed(row, 0)?, hash: super::parsed(row, 1)? }))
}

/// Walks the whole chain of a roll and compares it with the anchored head, if one is given.
pub(crate) fn verify(
    conn: &mut AnyConnection,
    roll: &RollId,
    anchored: Option<JournalHead>,
) -> Result<Vec<Finding>, JournalError> {
    let mut findings = Vec::new();
    let mut last = JournalHead { seq: 0, hash: beginning(roll) };
    let mut agreed = anchored.is_none_or(|anchored| anchored == last);
    loop {
        let page = after(conn, roll, last.seq, PAGE)?;
        if page.is_empty() {
            break;
        }
        for row in page {
            let seq = super::parsed(&row, 1)?;
            let stated = super::parsed(&row, 19).unwrap_or(last.hash);
            last = follow(last, JournalHead { seq, hash: stated }, Entry::read(&row).ok(), &mut findings);
            agreed |= anchored == Some(last);
        }
    }
    if let (false, Some(anchored)) = (agreed, anchored) {
        findings.push(Finding::HeadDisagrees { anchored: anchored.seq });
    }
    Ok(findings)
}

/// Judges one entry and gives the head as far as it. After an edited entry the chain goes on from the hash that the
/// entry states, so that one edit is one finding.
fn follow(last: JournalHead, stated: JournalHead, entry: Option<Entry>, findings: &mut Vec<Finding>) -> JournalHead {
    let seq = stated.seq;
    if seq > last.seq + 1 {
        findings.push(Finding::Missing { from: last.seq + 1, to: seq - 1 });
    }
    match entry.filter(|entry| entry.computed_hash() == entry.hash) {
        None => findings.push(Finding::Edited { seq }),
        Some(entry) if seq == last.seq + 1 && entry.prev_hash != last.hash => {
            findings.push(Finding::Unlinked { seq });
        }
        Some(_) => {}
    }
    stated
}
