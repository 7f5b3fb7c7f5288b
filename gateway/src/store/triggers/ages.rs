//! Watermarks of ageing, and who attains an age.
//!
//! Guarantees: a crossing stands once for (person, years, convention, birth date), by a keyed hash; a watermark only grows; a
//! resident's number stands here, encrypted, only until it was told. Deliberately absent: reckoning.

use diesel::{
    QueryResult, QueryableByName,
    sql_types::{BigInt, Binary, Text},
};
use registry_adapter::key::LocalKey;
use schemas::{
    event::{AgeConvention, AgeThreshold},
    time::CivilDate,
};
use service_kit::db::AnyConnection;

use super::PersonIndex;
use crate::{
    keys::Keys,
    store::{
        encrypted::{ColumnError, Encrypted},
        exchange::statement::{Bind, ROWS, Statement, read},
    },
};

const CROSSING: Encrypted = Encrypted { table: "age_crossing", column: "crossing" };
const RESIDENT: Encrypted = Encrypted { table: "age_crossing", column: "resident" };

/// A row that cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum AgeStoreError {
    /// The rows.
    #[error("the crossings of ages could not be read or written")]
    Rows(#[from] diesel::result::Error),
    /// The encrypted column.
    #[error(transparent)]
    Column(#[from] ColumnError),
}

const fn word(convention: AgeConvention) -> &'static str {
    match convention {
        AgeConvention::Anniversary => "anniversary",
        AgeConvention::DayBefore => "day_before",
    }
}

fn convention(word: &str) -> QueryResult<AgeConvention> {
    match word {
        "anniversary" => Ok(AgeConvention::Anniversary),
        "day_before" => Ok(AgeConvention::DayBefore),
        _ => Err(diesel::result::Error::DeserializationError("a convention is none".into())),
    }
}

#[derive(QueryableByName)]
struct Day {
    #[diesel(sql_type = Text)]
    day: String,
}

/// Up to which day everybody who attains this age was found.
pub fn watermark(conn: &mut AnyConnection, age: AgeThreshold) -> QueryResult<Option<CivilDate>> {
    let select = Statement::new("SELECT day FROM age_watermark WHERE years = ").bind(i64::from(age.years));
    let rows: Vec<Day> = select.sql(" AND convention = ").bind(word(age.convention)).load(conn)?;
    rows.first().map(|row| read(&row.day)).transpose()
}

/// Moves it, if it stands where the caller found it; `false`: another process was there first. Call it in the transaction that
/// stores the crossings.
pub fn watermark_move(
    conn: &mut AnyConnection,
    age: AgeThreshold,
    from: Option<CivilDate>,
    to: CivilDate,
) -> QueryResult<bool> {
    let (years, convention, to) = (i64::from(age.years), word(age.convention), to.to_string());
    let moved = match from {
        None => Statement::new("INSERT INTO age_watermark (years, convention, day) VALUES ")
            .row([years.into(), convention.into(), to.as_str().into()])
            .sql(" ON CONFLICT DO NOTHING")
            .execute(conn)?,
        Some(from) => {
            let update = Statement::new("UPDATE age_watermark SET day = ").bind(to.as_str()).sql(" WHERE years = ");
            let update = update.bind(years).sql(" AND convention = ").bind(convention).sql(" AND day = ");
            update.bind(from.to_string().as_str()).execute(conn)?
        }
    };
    Ok(moved == 1)
}

/// The latest day of all watermarks.
pub fn watermark_latest(conn: &mut AnyConnection) -> QueryResult<Option<CivilDate>> {
    let rows: Vec<Day> = Statement::new("SELECT day FROM age_watermark ORDER BY day DESC LIMIT 1").load(conn)?;
    rows.first().map(|row| read(&row.day)).transpose()
}

/// Lets ageing go on although the clock has jumped, up to this day.
pub fn permission_insert(conn: &mut AnyConnection, day: CivilDate, by: &str, now_ms: i64) -> QueryResult<()> {
    Statement::new("INSERT INTO age_permission (day, by_whom, at_ms) VALUES ")
        .row([day.to_string().as_str().into(), by.into(), now_ms.into()])
        .sql(" ON CONFLICT DO NOTHING")
        .execute(conn)
        .map(drop)
}

/// Up to which day an officer has let it go on.
pub fn permitted_until(conn: &mut AnyConnection) -> QueryResult<Option<CivilDate>> {
    let rows: Vec<Day> = Statement::new("SELECT day FROM age_permission ORDER BY day DESC LIMIT 1").load(conn)?;
    rows.first().map(|row| read(&row.day)).transpose()
}

/// Somebody attains an age.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// Its keyed hash.
    pub id: String,
    /// Which age.
    pub age: AgeThreshold,
    /// On which day.
    pub effective: CivilDate,
}

impl Crossing {
    /// Of one person with one birth date.
    pub fn of(keys: &Keys, resident: &LocalKey, age: AgeThreshold, birth: CivilDate, effective: CivilDate) -> Self {
        let key = format!("{} {} {birth} {}", age.years, word(age.convention), resident.as_str());
        Self { id: CROSSING.index(keys, &key), age, effective }
    }
}

/// Queues it to be told. One that is known is left alone; one that was revised, and holds after all, is queued again.
///
/// # Errors
/// [`AgeStoreError`].
pub fn crossing_insert(
    conn: &mut AnyConnection,
    keys: &Keys,
    crossing: &Crossing,
    resident: &LocalKey,
    now_ms: i64,
) -> Result<(), AgeStoreError> {
    crossings_insert(conn, keys, &[(crossing.clone(), resident)], now_ms)
}

/// Queues many, no two of them the same.
///
/// # Errors
/// [`AgeStoreError`].
pub fn crossings_insert(
    conn: &mut AnyConnection,
    keys: &Keys,
    crossings: &[(Crossing, &LocalKey)],
    now_ms: i64,
) -> Result<(), AgeStoreError> {
    let into = "INSERT INTO age_crossing (crossing, person_index, years, convention, effective, resident, state, at_ms) VALUES ";
    for chunk in crossings.chunks(ROWS) {
        let rows = chunk.iter().map(|(crossing, resident)| row(keys, crossing, resident, now_ms));
        Statement::new(into)
            .rows(rows.collect::<Result<Vec<_>, _>>()?)
            .sql(" ON CONFLICT (crossing) DO UPDATE SET state = 'due', resident = excluded.resident, at_ms = excluded.at_ms ")
            .sql("WHERE age_crossing.state = 'revised'")
            .execute(conn)?;
    }
    Ok(())
}

fn row(keys: &Keys, crossing: &Crossing, resident: &LocalKey, now_ms: i64) -> Result<[Bind; 8], AgeStoreError> {
    let sealed = RESIDENT.seal(keys, &crossing.id, &resident.as_str())?;
    Ok([
        crossing.id.as_str().into(),
        PersonIndex::of_resident(keys, resident.as_str()).as_str().into(),
        i64::from(crossing.age.years).into(),
        word(crossing.age.convention).into(),
        crossing.effective.to_string().as_str().into(),
        sealed.as_slice().into(),
        "due".into(),
        now_ms.into(),
    ])
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    crossing: String,
    #[diesel(sql_type = BigInt)]
    years: i64,
    #[diesel(sql_type = Text)]
    convention: String,
    #[diesel(sql_type = Text)]
    effective: String,
    #[diesel(sql_type = Binary)]
    resident: Vec<u8>,
    #[diesel(sql_type = Text)]
    state: String,
}

impl Row {
    fn parsed(&self) -> QueryResult<Crossing> {
        let years = u8::try_from(self.years).unwrap_or(u8::MAX);
        let age = AgeThreshold { years, convention: convention(&self.convention)? };
        Ok(Crossing { id: self.crossing.clone(), age, effective: read(&self.effective)? })
    }
}

const SELECT: &str = "SELECT crossing, years, convention, effective, resident, state FROM age_crossing WHERE ";

/// What is to be told, the earliest first, with the resident's number.
///
/// # Errors
/// [`AgeStoreError`].
pub fn crossings_due(
    conn: &mut AnyConnection,
    keys: &Keys,
    limit: i64,
) -> Result<Vec<(Crossing, LocalKey)>, AgeStoreError> {
    let select = Statement::new(SELECT).sql("state = 'due' ORDER BY at_ms, crossing LIMIT ").bind(limit);
    let rows: Vec<Row> = select.load(conn)?;
    let due = |row: &Row| {
        let number: String = RESIDENT.open(keys, &row.crossing, &row.resident)?;
        Ok((row.parsed()?, number.parse().map_err(|_| ColumnError::Content)?))
    };
    rows.iter().map(due).collect()
}

/// It is told: who it is stands here no longer in the open.
pub fn crossing_told(conn: &mut AnyConnection, id: &str) -> QueryResult<bool> {
    let update = Statement::new("UPDATE age_crossing SET state = 'told', resident = ").bind(&[][..]);
    Ok(update.sql(" WHERE state = 'due' AND crossing = ").bind(id).execute(conn)? == 1)
}

/// What was found before of a person and an age, and stands; with each, whether it was told.
pub fn crossings_of(
    conn: &mut AnyConnection,
    person: &PersonIndex,
    age: AgeThreshold,
) -> QueryResult<Vec<(Crossing, bool)>> {
    let select = Statement::new(SELECT).sql("state <> 'revised' AND person_index = ").bind(person.as_str());
    let select = select.sql(" AND years = ").bind(i64::from(age.years)).sql(" AND convention = ");
    let rows: Vec<Row> = select.bind(word(age.convention)).sql(" ORDER BY at_ms").load(conn)?;
    rows.iter().map(|row| Ok((row.parsed()?, row.state == "told"))).collect()
}

/// It holds no longer: the birth date was another.
pub fn crossing_revised(conn: &mut AnyConnection, id: &str) -> QueryResult<bool> {
    let update = Statement::new("UPDATE age_crossing SET state = 'revised', resident = ").bind(&[][..]);
    Ok(update.sql(" WHERE state <> 'revised' AND crossing = ").bind(id).execute(conn)? == 1)
}
