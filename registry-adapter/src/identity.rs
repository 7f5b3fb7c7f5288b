//! The residents of an identity registry: one by number, or all in the order of their numbers.
//!
//! Guarantees: reads through the reader's role, in pages; a birth date known only by year never looks like a day.
//! Deliberately absent: pseudonyms and bindings; whoever calls this is the registry itself.

use std::sync::Arc;

use schemas::time::CivilDate;
use service_kit::db::DatabaseError;

use crate::{
    catalogue::Column,
    connection::Connections,
    key::LocalKey,
    mapping::IdentityTable,
    row::{boolean, day, key_bind, where_key, where_key_in},
    statement::{Bind, Row, Statement},
};

/// People read at a time.
const PAGE: i64 = 1_000;

/// What is known of a birth date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BirthDate {
    /// The day.
    Day(CivilDate),
    /// The year alone, or year and month.
    Year(i16),
    /// Nothing.
    Unknown,
}

impl BirthDate {
    /// The year, where it is known.
    pub fn year(self) -> Option<i16> {
        match self {
            Self::Day(day) => Some(day.date().year()),
            Self::Year(year) => Some(year),
            Self::Unknown => None,
        }
    }
}

/// One resident. Personal data: no Display, and Debug shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Resident {
    /// The resident number.
    pub number: LocalKey,
    /// Given name.
    pub given_name: String,
    /// Family name, where there is one.
    pub family_name: Option<String>,
    /// Birth date.
    pub birth_date: BirthDate,
    /// LGD code of the district, where mapped and known.
    pub district: Option<String>,
    /// Whether the register holds the person alive.
    pub alive: bool,
}

impl std::fmt::Debug for Resident {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Resident(…)")
    }
}

/// Why residents could not be read.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The database could not be asked.
    #[error("the register of residents could not be read")]
    Database(#[source] DatabaseError),
    /// A row cannot be understood; it is named by column alone.
    #[error("a resident's {0} cannot be read")]
    Unreadable(&'static str),
}

impl From<diesel::result::Error> for IdentityError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

/// The register of residents. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Residents {
    table: Arc<IdentityTable>,
    readers: Connections,
}

impl Residents {
    pub(crate) fn new(table: Arc<IdentityTable>, readers: Connections) -> Self {
        Self { table, readers }
    }

    pub(crate) fn table(&self) -> &IdentityTable {
        &self.table
    }

    pub(crate) fn lend(&self) -> Result<crate::connection::Lent, IdentityError> {
        self.readers.lend().map_err(IdentityError::Database)
    }

    /// The resident of this number. Blocks.
    ///
    /// # Errors
    /// If the database cannot be read or the row cannot be understood.
    pub fn by_number(&self, number: &LocalKey) -> Result<Option<Resident>, IdentityError> {
        let Some(bind) = key_bind(&self.table.key, number) else { return Ok(None) };
        let mut conn = self.readers.lend().map_err(IdentityError::Database)?;
        let rows = where_key(self.select().sql(" WHERE "), &self.table.key, bind).sql(" LIMIT 2").rows(&mut conn)?;
        rows.first().map(|row| self.resident(row)).transpose()
    }

    /// The residents of these numbers, as far as there are any, in no order. Blocks.
    ///
    /// # Errors
    /// If the database cannot be read or a row cannot be understood.
    pub fn by_numbers(&self, numbers: &[LocalKey]) -> Result<Vec<Resident>, IdentityError> {
        let binds: Vec<Bind> = numbers.iter().filter_map(|number| key_bind(&self.table.key, number)).collect();
        if binds.is_empty() {
            return Ok(Vec::new());
        }
        let mut conn = self.readers.lend().map_err(IdentityError::Database)?;
        let rows = where_key_in(self.select().sql(" WHERE "), &self.table.key, binds).rows(&mut conn)?;
        rows.iter().map(|row| self.resident(row)).collect()
    }

    /// Gives each resident to `each`, in the order of their numbers, a page in memory at a time. Blocks.
    ///
    /// # Errors
    /// The first of the database, of an unreadable row, or of `each`.
    pub fn for_each<E: From<IdentityError>>(&self, mut each: impl FnMut(Resident) -> Result<(), E>) -> Result<(), E> {
        let mut last: Option<LocalKey> = None;
        loop {
            let page = self.page(last.as_ref())?;
            let Some(end) = page.last() else { return Ok(()) };
            last = Some(end.number.clone());
            page.into_iter().try_for_each(&mut each)?;
        }
    }

    /// A page of at most 1,000 residents after this one. Blocks.
    ///
    /// # Errors
    /// If the database cannot be read or a row cannot be understood.
    pub fn page(&self, after: Option<&LocalKey>) -> Result<Vec<Resident>, IdentityError> {
        let key = &self.table.key;
        let mut statement = self.select();
        if let Some(bind) = after.and_then(|last| key_bind(key, last)) {
            statement = statement.sql(" WHERE ").name(&key.name).sql(" > ").bind(bind);
        }
        // `t.`: without it PostgreSQL orders by the text of the output column of the same name.
        statement = statement.sql(" ORDER BY t.").name(&key.name).sql(" LIMIT ").bind(PAGE);
        let rows = statement.rows(&mut *self.readers.lend().map_err(IdentityError::Database)?)?;
        rows.iter().map(|row| self.resident(row)).collect()
    }

    fn select(&self) -> Statement {
        let t = &self.table;
        let statement =
            Statement::new("SELECT ").texts_of([&t.key, &t.given_name, &t.family_name, &t.birthdate, &t.alive]);
        let statement = or_null(or_null(statement, t.birth_precision.as_ref()), t.district.as_ref());
        statement.sql(" FROM ").table(&t.table).sql(" AS t")
    }

    fn resident(&self, row: &Row) -> Result<Resident, IdentityError> {
        let unreadable = IdentityError::Unreadable;
        let number = row.text(0).and_then(|text| text.parse().ok()).ok_or(unreadable("number"))?;
        let filled = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        Ok(Resident {
            number,
            given_name: filled(row.text(1)).ok_or(unreadable("given name"))?,
            family_name: filled(row.text(2)),
            birth_date: birth_date(row.text(3), row.text(5)),
            district: filled(row.text(6)),
            alive: row.text(4).and_then(boolean).ok_or(unreadable("alive"))?,
        })
    }
}

fn or_null(statement: Statement, column: Option<&Column>) -> Statement {
    match column {
        Some(column) => statement.sql(", ").text_of(column),
        None => statement.sql(", NULL"),
    }
}

/// Only a full date of precision `day` (or without a stated precision) is a day.
fn birth_date(text: Option<&str>, precision: Option<&str>) -> BirthDate {
    let text = text.unwrap_or_default().trim();
    let year = || text.get(..4).and_then(|year| year.parse().ok()).map_or(BirthDate::Unknown, BirthDate::Year);
    match (day(text), precision) {
        (Some(day), None | Some("day")) => BirthDate::Day(day),
        _ => year(),
    }
}

#[cfg(test)]
mod tests;
