//! Who attains an age: pages over residents born within a span of days.
//!
//! Guarantees: only people whom the register holds alive, with a birth date known to the day, are named; the span is given as days of
//! birth, reckoned by the caller, and never by the database (`+ interval` and `age()` disagree about leaplings); a page begins where
//! the last one ended, so that an index on the birth date serves it. Deliberately absent: ages, thresholds, watermarks.
//! Source: triggers, "Ageing".

use schemas::time::CivilDate;

use crate::{
    catalogue::{ColumnKind, Engine},
    connection::engine,
    identity::{IdentityError, Residents},
    key::LocalKey,
    row::{boolean, day, key_bind},
    statement::{Row, Statement},
};

/// People read at a time.
pub const PAGE: i64 = 1_000;

/// Somebody born within the span. Personal data: Debug shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Born {
    /// The resident number.
    pub number: LocalKey,
    /// The day of birth.
    pub on: CivilDate,
}

impl std::fmt::Debug for Born {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Born(…)")
    }
}

/// One page, and whether there may be more.
#[derive(Clone, Debug, Default)]
pub struct BornPage {
    /// The people, by day and number.
    pub people: Vec<Born>,
    /// Where the next page begins; `None`: this was the last.
    pub next: Option<Born>,
}

impl Residents {
    /// A page of the living born after one day and until another, both of birth; `from` is where the page before ended. Blocks.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn born_between(
        &self,
        (after, until): (CivilDate, CivilDate),
        from: Option<&Born>,
    ) -> Result<BornPage, IdentityError> {
        let mut conn = self.lend()?;
        let rows = self.born_select(engine(&conn), (after, until), from).rows(&mut conn)?;
        let full = i64::try_from(rows.len()).is_ok_and(|count| count == PAGE);
        // The database has compared texts where a register keeps its days as text: each row is looked at once more.
        let read: Vec<(Born, bool)> = rows.iter().filter_map(born).collect();
        let next = full.then(|| read.last().map(|(born, _)| born.clone())).flatten();
        let meant = |(born, alive): (Born, bool)| (alive && born.on > after && born.on <= until).then_some(born);
        Ok(BornPage { people: read.into_iter().filter_map(meant).collect(), next })
    }

    fn born_select(&self, engine: Engine, (after, until): (CivilDate, CivilDate), from: Option<&Born>) -> Statement {
        let table = self.table();
        let (birth, key) = (&table.birthdate, &table.key);
        let mut select = Statement::new("SELECT ").texts_of([key, birth, &table.alive]).sql(" FROM ");
        select = select.table(&table.table).sql(" AS t WHERE t.").name(&birth.name);
        // A later page begins at its own day, so that no page walks over those before it.
        select = if from.is_some() { select.sql(" >= ") } else { select.sql(" > ") };
        let begin = from.map_or(after, |from| from.on);
        select = select.bind_for(engine, birth, begin.to_string()).sql(" AND t.").name(&birth.name).sql(" <= ");
        select = select.bind_for(engine, birth, until.to_string());
        // Written as the partial index has it, so that the index serves.
        if let Some(precision) = &table.birth_precision {
            select = select.sql(" AND t.").name(&precision.name).sql(" = 'day'");
        }
        select = match table.alive.kind {
            ColumnKind::Boolean => select.sql(" AND t.").name(&table.alive.name),
            ColumnKind::Integer => select.sql(" AND t.").name(&table.alive.name).sql(" = 1"),
            _ => select,
        };
        if let Some((from, bind)) = from.and_then(|from| Some((from, key_bind(key, &from.number)?))) {
            select = select.sql(" AND (t.").name(&birth.name).sql(", t.").name(&key.name).sql(") > (");
            select = select.bind_for(engine, birth, from.on.to_string()).sql(", ").bind(bind).sql(")");
        }
        select.sql(" ORDER BY t.").name(&birth.name).sql(", t.").name(&key.name).sql(" LIMIT ").bind(PAGE)
    }
}

/// `None` for a row that speaks of no day, such as one whose date is a text of another form.
fn born(row: &Row) -> Option<(Born, bool)> {
    let number = row.text(0)?.parse().ok()?;
    Some((Born { number, on: row.text(1).and_then(day)? }, row.text(2).and_then(boolean)?))
}

#[cfg(test)]
mod tests;
