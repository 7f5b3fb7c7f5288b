//! Finding a person of the identity registry in the department's own table, to fill `subject_link`.
//!
//! Guarantees: one rule, deterministic: equal name (case, spacing and order aside), equal full birth date and, where
//! mapped, equal district, and only one such row. Two such rows, or two people with one row, are ambiguous and left to
//! an officer; a birth date known by year never links.
//! Deliberately absent: similarity, phonetics, guesses: a wrong link shows one person another's data.

use std::{collections::HashMap, sync::Arc};

use schemas::time::CivilDate;
use service_kit::db::DatabaseError;

use crate::{
    catalogue::Engine,
    connection::Connections,
    identity::{BirthDate, Resident},
    key::LocalKey,
    mapping::{BirthDateForm, MatchingTable, NameColumns, NameForm},
    row::day,
    statement::{Row, Statement},
};

/// Birth dates looked up in one query; below every engine's limit of bound values.
const DATES: usize = 400;
/// People with one birth date among whom a name is sought: more is a broken table, not a coincidence.
const ROWS: i64 = 100_000;

/// Whom to find. Personal data: Debug shows nothing of it.
#[derive(Clone)]
pub struct Person {
    /// Given name.
    pub given_name: String,
    /// Family name, where there is one.
    pub family_name: Option<String>,
    /// Birth date.
    pub birth_date: BirthDate,
    /// LGD code of the district, where known.
    pub district: Option<String>,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Person(…)")
    }
}

impl From<Resident> for Person {
    fn from(resident: Resident) -> Self {
        let Resident { given_name, family_name, birth_date, district, .. } = resident;
        Self { given_name, family_name, birth_date, district }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// Exactly one row, and no other person has it.
    Linked {
        /// The row's key.
        key: LocalKey,
        /// How: `name-birthdate` or `name-birthdate-district`.
        method: &'static str,
        /// 0 to 100.
        score: u8,
    },
    /// More than one row, or a row that two people could be. An officer decides.
    Ambiguous,
    /// Nobody here.
    None,
}

/// A row that somebody born on that day could be, for an officer to look at.
#[derive(Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The row's key.
    pub key: LocalKey,
    /// Its name, in lower case, given name first.
    pub name: String,
    /// LGD code of its district, where mapped.
    pub district: Option<String>,
    /// Whether the name is equal.
    pub same_name: bool,
    /// Whether the district is equal, or none is mapped.
    pub same_district: bool,
}

impl std::fmt::Debug for Candidate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Candidate(…)")
    }
}

/// Candidates shown at most; more people of one birth date are no help to anybody.
const CANDIDATES: usize = 50;

/// Why people could not be looked for.
#[derive(Debug, thiserror::Error)]
pub enum MatchError {
    /// The database could not be asked.
    #[error("the department's table of people could not be read")]
    Database(#[source] DatabaseError),
    /// The table has too many rows of one birth date to be a table of people.
    #[error("more than {ROWS} rows share {DATES} birth dates")]
    TooManyRows,
}

impl From<diesel::result::Error> for MatchError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

/// Finds people in one mapped table. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Matcher {
    table: Arc<MatchingTable>,
    engine: Engine,
    readers: Connections,
}

/// What must be equal.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Likeness {
    name: String,
    born: CivilDate,
    district: Option<String>,
}

impl Matcher {
    pub(crate) fn new(table: Arc<MatchingTable>, engine: Engine, readers: Connections) -> Self {
        Self { table, engine, readers }
    }

    /// Looks for one person. Whether another person claims the same row only [`Matcher::match_all`] can know. Blocks.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub fn match_one(&self, person: &Person) -> Result<Match, MatchError> {
        let Some(wanted) = self.likeness(person) else { return Ok(Match::None) };
        let rows = self.rows_born_on(&[wanted.born])?;
        Ok(self.judge(rows.get(&wanted)))
    }

    /// Rows of the person's birth date, those with an equal name or district first, at most fifty; none without a full birth
    /// date. An officer decides among them. Blocks.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub fn candidates(&self, person: &Person) -> Result<Vec<Candidate>, MatchError> {
        let BirthDate::Day(born) = person.birth_date else { return Ok(Vec::new()) };
        let wanted = full_name(&person.given_name, person.family_name.as_deref());
        let here = person.district.as_deref().map(str::trim);
        let of = |(likeness, keys): (Likeness, Vec<LocalKey>)| {
            let (same_name, district) = (likeness.name == wanted, likeness.district.clone());
            let same_district = district.is_none() || district.as_deref() == here;
            let name = likeness.name;
            keys.into_iter().map(move |key| Candidate {
                key,
                name: name.clone(),
                district: district.clone(),
                same_name,
                same_district,
            })
        };
        let mut found: Vec<Candidate> = self.rows_born_on(&[born])?.into_iter().flat_map(of).collect();
        found.sort_by(|a, b| {
            (!a.same_name, !a.same_district, a.key.as_str()).cmp(&(!b.same_name, !b.same_district, b.key.as_str()))
        });
        found.truncate(CANDIDATES);
        Ok(found)
    }

    /// Rows of an equal name born in a year: somebody whom this may be, and no more than that. Blocks.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub fn namesakes(&self, name: &str, year: i16) -> Result<Vec<LocalKey>, MatchError> {
        let wanted = full_name(name, None);
        let Ok(first) = jiff::civil::Date::new(year, 1, 1) else { return Ok(Vec::new()) };
        let days: Vec<CivilDate> = first
            .series(jiff::Span::new().days(1))
            .take_while(|day| day.year() == year)
            .map(CivilDate::from_date)
            .collect();
        let same = self.rows_born_on(&days)?.into_iter().filter(|(likeness, _)| likeness.name == wanted);
        let mut keys: Vec<LocalKey> = same.flat_map(|(_, keys)| keys).collect();
        keys.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        keys.truncate(CANDIDATES);
        Ok(keys)
    }

    /// Whether the row of this number is this person: equal name and full birth date. The district is not asked for, since
    /// the number singles the row out; people of one name and birth date are told apart by it. Blocks.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub fn confirm(&self, person: &Person, number: &LocalKey) -> Result<bool, MatchError> {
        let BirthDate::Day(born) = person.birth_date else { return Ok(false) };
        let name = full_name(&person.given_name, person.family_name.as_deref());
        let rows = self.rows_born_on(&[born])?;
        let same = |likeness: &Likeness| likeness.name == name && likeness.born == born;
        Ok(rows.iter().any(|(likeness, keys)| same(likeness) && keys.contains(number)))
    }

    /// Looks for everybody, some hundred birth dates at a time, and gives each with what was found, in the order they
    /// came. A row that two of them could be makes both ambiguous. Blocks.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub fn match_all<T>(&self, people: impl IntoIterator<Item = (T, Person)>) -> Result<Vec<(T, Match)>, MatchError> {
        let mut found = Vec::new();
        let mut waiting: Vec<(T, Option<Likeness>)> = Vec::new();
        let mut dates = std::collections::BTreeSet::new();
        for (id, person) in people {
            let wanted = self.likeness(&person);
            dates.extend(wanted.as_ref().map(|w| w.born));
            waiting.push((id, wanted));
            if dates.len() == DATES {
                self.settle(&mut waiting, &std::mem::take(&mut dates), &mut found)?;
            }
        }
        self.settle(&mut waiting, &dates, &mut found)?;
        refuse_shared_rows(&mut found);
        Ok(found)
    }

    fn settle<T>(
        &self,
        waiting: &mut Vec<(T, Option<Likeness>)>,
        dates: &std::collections::BTreeSet<CivilDate>,
        found: &mut Vec<(T, Match)>,
    ) -> Result<(), MatchError> {
        let dates: Vec<CivilDate> = dates.iter().copied().collect();
        let rows = if dates.is_empty() { HashMap::new() } else { self.rows_born_on(&dates)? };
        let judged = waiting.drain(..).map(|(id, wanted)| {
            let found = wanted.map_or(Match::None, |wanted| self.judge(rows.get(&wanted)));
            (id, found)
        });
        found.extend(judged);
        Ok(())
    }

    fn judge(&self, keys: Option<&Vec<LocalKey>>) -> Match {
        let method = if self.table.district.is_some() { "name-birthdate-district" } else { "name-birthdate" };
        match keys.map(Vec::as_slice) {
            Some([key]) => Match::Linked { key: key.clone(), method, score: 100 },
            Some([_, ..]) => Match::Ambiguous,
            _ => Match::None,
        }
    }

    /// `None` where the person cannot be linked by this rule: no full birth date, or no district where one is mapped.
    fn likeness(&self, person: &Person) -> Option<Likeness> {
        let BirthDate::Day(born) = person.birth_date else { return None };
        let district = match (&self.table.district, &person.district) {
            (None, _) => None,
            (Some(_), Some(district)) => Some(district.trim().to_owned()),
            (Some(_), None) => return None,
        };
        Some(Likeness { name: full_name(&person.given_name, person.family_name.as_deref()), born, district })
    }

    fn rows_born_on(&self, dates: &[CivilDate]) -> Result<HashMap<Likeness, Vec<LocalKey>>, MatchError> {
        let rows = self.select(dates).rows(&mut *self.readers.lend().map_err(MatchError::Database)?)?;
        if rows.len() as i64 > ROWS {
            return Err(MatchError::TooManyRows);
        }
        let mut people: HashMap<Likeness, Vec<LocalKey>> = HashMap::new();
        for row in rows {
            // A row without a readable key, name or date is nobody's.
            if let Some((likeness, key)) = self.candidate(&row) {
                people.entry(likeness).or_default().push(key);
            }
        }
        Ok(people)
    }

    fn select(&self, dates: &[CivilDate]) -> Statement {
        let t = &self.table;
        let mut statement = Statement::new("SELECT ").texts_of([&t.key, &t.birth_date]);
        statement = match &t.name {
            NameColumns::Joined(name, _) => statement.sql(", ").text_of(name).sql(", NULL"),
            NameColumns::Parts(given, family) => statement.sql(", ").texts_of([given, family]),
        };
        if let Some(district) = &t.district {
            statement = statement.sql(", ").text_of(district);
        }
        statement = statement.sql(" FROM ").table(&t.table).sql(" WHERE ").name(&t.birth_date.name).sql(" IN (");
        for (place, date) in dates.iter().enumerate() {
            statement = if place == 0 { statement } else { statement.sql(", ") };
            statement = statement.bind_for(self.engine, &t.birth_date, written(*date, t.birth_date_form));
        }
        statement.sql(") LIMIT ").bind(ROWS + 1)
    }

    fn candidate(&self, row: &Row) -> Option<(Likeness, LocalKey)> {
        let name = match (&self.table.name, row.text(2), row.text(3)) {
            (NameColumns::Joined(_, form), Some(name), _) => joined_name(name, *form),
            (NameColumns::Parts(..), Some(given), family) => full_name(given, family),
            (_, None, _) => return None,
        };
        let district = match self.table.district {
            Some(_) => Some(row.text(4)?.trim().to_owned()),
            None => None,
        };
        let born = birth_day(row.text(1)?, self.table.birth_date_form)?;
        Some((Likeness { name, born, district }, row.text(0)?.parse().ok()?))
    }
}

/// Two people with one row: neither is linked.
fn refuse_shared_rows<T>(found: &mut [(T, Match)]) {
    let mut claims: HashMap<LocalKey, usize> = HashMap::new();
    for (_, one) in found.iter() {
        if let Match::Linked { key, .. } = one {
            *claims.entry(key.clone()).or_default() += 1;
        }
    }
    for (_, one) in found {
        if matches!(one, Match::Linked { key, .. } if claims.get(key).is_some_and(|count| *count > 1)) {
            *one = Match::Ambiguous;
        }
    }
}

/// `given family` in lower case with single spaces.
fn full_name(given: &str, family: Option<&str>) -> String {
    let words = given.split_whitespace().chain(family.unwrap_or_default().split_whitespace());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

fn joined_name(name: &str, form: NameForm) -> String {
    match (form, name.split_once(',')) {
        (NameForm::FamilyCommaGiven, Some((family, given))) => full_name(given, Some(family)),
        _ => full_name(name, None),
    }
}

fn written(date: CivilDate, form: BirthDateForm) -> String {
    match form {
        BirthDateForm::Iso => date.to_string(),
        BirthDateForm::DayMonthYear => date.date().strftime("%d/%m/%Y").to_string(),
    }
}

fn birth_day(text: &str, form: BirthDateForm) -> Option<CivilDate> {
    match form {
        BirthDateForm::Iso => day(text),
        BirthDateForm::DayMonthYear => {
            jiff::civil::Date::strptime("%d/%m/%Y", text.trim()).ok().map(CivilDate::from_date)
        }
    }
}

#[cfg(test)]
mod tests;
