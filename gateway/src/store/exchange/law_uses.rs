//! How often a law was used on one day: in all, by one officer, about one person.
//!
//! Guarantees: officers and persons stand here as keyed hashes; counts only grow (a trigger refuses the rest); a use is taken by
//! a conditional UPDATE on rows that are locked until COMMIT, in the order of their keys, so that counts are exact over all
//! processes. Deliberately absent: the limits, which are the register's.

use std::collections::BTreeMap;

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Text},
};
use schemas::{
    id::{EntityId, LawId, SectorSubject, SystemName},
    time::Timestamp,
};
use service_kit::db::AnyConnection;

use super::statement::{Bind, ROWS, Statement};
use crate::{keys::Keys, store::encrypted::Encrypted};

const WHO: Encrypted = Encrypted { table: "law_use", column: "who" };
/// How far Asia/Kolkata is ahead of UTC, seconds.
const KOLKATA: i64 = 19_800;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// A civil day of Asia/Kolkata, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LawDay(i64);

impl LawDay {
    /// The day that holds an instant.
    pub const fn of(at: Timestamp) -> Self {
        Self(at.seconds().saturating_add(KOLKATA).div_euclid(DAY))
    }

    /// So many days earlier.
    #[must_use]
    pub const fn before(self, days: i64) -> Self {
        Self(self.0.saturating_sub(days))
    }
}

/// Whose uses are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Scope {
    Law,
    Officer,
    Subject,
}

impl Scope {
    const fn word(self) -> &'static str {
        match self {
            Self::Law => "law",
            Self::Officer => "officer",
            Self::Subject => "subject",
        }
    }
}

/// One count of one day. Its order is the order of locks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LawCounter {
    law: LawId,
    day: LawDay,
    scope: Scope,
    who: String,
}

impl LawCounter {
    /// All uses of a law.
    pub fn of_law(law: &LawId, day: LawDay) -> Self {
        Self { law: law.clone(), day, scope: Scope::Law, who: String::new() }
    }

    /// Uses by one officer of the asking department.
    pub fn of_officer(keys: &Keys, law: &LawId, day: LawDay, consumer: &EntityId, officer: &SystemName) -> Self {
        let who = WHO.index(keys, &format!("officer {consumer} {officer}"));
        Self { law: law.clone(), day, scope: Scope::Officer, who }
    }

    /// Uses about one person.
    pub fn of_subject(keys: &Keys, law: &LawId, day: LawDay, subject: &SectorSubject) -> Self {
        let who = WHO.index(keys, &format!("subject {}", subject.as_str()));
        Self { law: law.clone(), day, scope: Scope::Subject, who }
    }

    fn key(&self) -> [Bind; 4] {
        [self.law.as_str().into(), self.day.0.into(), self.scope.word().into(), self.who.as_str().into()]
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    law: String,
    #[diesel(sql_type = BigInt)]
    day: i64,
    #[diesel(sql_type = Text)]
    scope: String,
    #[diesel(sql_type = Text)]
    who: String,
    #[diesel(sql_type = BigInt)]
    uses: i64,
}

const SELECT: &str = "SELECT law, day, scope, who, uses FROM law_use WHERE (law, day, scope, who) IN (VALUES ";

/// Uses so far; a counter without a row has none.
pub fn law_uses_find(conn: &mut AnyConnection, counters: &[LawCounter]) -> QueryResult<BTreeMap<LawCounter, u32>> {
    let mut found = BTreeMap::new();
    for chunk in counters.chunks(ROWS) {
        let rows = Statement::new(SELECT).rows(chunk.iter().map(LawCounter::key)).sql(")").load(conn)?;
        read(chunk, rows, &mut found);
    }
    Ok(found)
}

/// Makes sure that each counter has a row, and locks the rows until COMMIT. The counters must be sorted.
pub fn law_uses_lock(conn: &mut AnyConnection, counters: &[LawCounter]) -> QueryResult<BTreeMap<LawCounter, u32>> {
    let mut locked = BTreeMap::new();
    for chunk in counters.chunks(ROWS) {
        let fresh = chunk.iter().map(|counter| counter.key().into_iter().chain([0.into()]));
        Statement::new("INSERT INTO law_use (law, day, scope, who, uses) VALUES ")
            .rows(fresh)
            .sql(" ON CONFLICT DO NOTHING")
            .execute(conn)?;
        let select = Statement::new(SELECT).rows(chunk.iter().map(LawCounter::key));
        let select = select.sql(") ORDER BY law, day, scope, who");
        // SQLite holds the lock of the whole database since BEGIN IMMEDIATE.
        let select = if matches!(conn, AnyConnection::Postgres(_)) { select.sql(" FOR UPDATE") } else { select };
        let rows = select.load(conn)?;
        read(chunk, rows, &mut locked);
    }
    Ok(locked)
}

/// A count beyond 32 bits is a damaged row; the greatest count refuses every use.
fn read(asked: &[LawCounter], rows: Vec<Row>, found: &mut BTreeMap<LawCounter, u32>) {
    for row in rows {
        let is = |counter: &&LawCounter| {
            (counter.law.as_str(), counter.day.0, counter.scope.word(), &counter.who)
                == (row.law.as_str(), row.day, row.scope.as_str(), &row.who)
        };
        if let Some(counter) = asked.iter().find(is) {
            found.insert(counter.clone(), u32::try_from(row.uses).unwrap_or(u32::MAX));
        }
    }
}

/// What the uses of one counter in one batch come to.
#[derive(Clone, Debug)]
pub struct LawUsesTaken {
    /// The counter.
    pub counter: LawCounter,
    /// Uses before.
    pub before: u32,
    /// Uses after.
    pub after: u32,
}

/// Counts uses, only where they stand as was decided on. Returns how many rows agreed.
pub fn law_uses_take(conn: &mut AnyConnection, taken: &[LawUsesTaken]) -> QueryResult<usize> {
    let mut changed = 0;
    for chunk in taken.chunks(ROWS) {
        let rows = chunk.iter().map(|taken| {
            let counts = [i64::from(taken.before).into(), i64::from(taken.after).into()];
            taken.counter.key().into_iter().chain(counts)
        });
        changed += Statement::new("UPDATE law_use SET uses = v.column6 FROM (VALUES ")
            .rows(rows)
            .sql(
                ") AS v WHERE law_use.law = v.column1 AND law_use.day = v.column2 AND law_use.scope = v.column3 \
                 AND law_use.who = v.column4 AND law_use.uses = v.column5",
            )
            .execute(conn)?;
    }
    Ok(changed)
}

/// Forgets counts of days before this one, at most `limit`; returns how many.
pub fn law_uses_sweep(conn: &mut AnyConnection, before: LawDay, limit: i64) -> QueryResult<usize> {
    Statement::new(
        "DELETE FROM law_use WHERE (law, day, scope, who) IN (SELECT law, day, scope, who FROM law_use WHERE day < ",
    )
    .bind(before.0)
    .sql(" LIMIT ")
    .bind(limit)
    .sql(")")
    .execute(conn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_kolkata() {
        let midnight: Timestamp = "2026-11-20T18:30:00Z".parse().unwrap();
        assert_eq!(LawDay::of(midnight.plus(-1)), LawDay::of(midnight).before(1));
        assert_eq!(LawDay::of(midnight), LawDay::of(midnight.plus(86_399)));
        assert!(LawDay::of(midnight) < LawDay::of(midnight.plus(86_400)));
    }
}
