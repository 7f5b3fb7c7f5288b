//! Who may be behind an account: its person, the persons it was said to be before, and whoever invited it.
//!
//! Guarantees: what an account was called stays; a confirmation ends with the next invitation that is used, and with a change of
//! the person on either side. Deliberately absent: the rule (`crate::people`'s four eyes).

use diesel::{
    OptionalExtension, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{Nullable, Text},
};
use schemas::id::SystemName;
use service_kit::db::AnyConnection;

use super::PeopleStoreError;

/// How an account came to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The officer's pseudonym now.
    pub person: SystemName,
    /// The account that handed its invitation over; none: the gateway's own machine, or the OpenID provider.
    pub invited_by: Option<SystemName>,
    /// Whether somebody else confirmed whose it is.
    pub confirmed: bool,
}

#[derive(QueryableByName)]
struct OriginRow {
    #[diesel(sql_type = Text)]
    person: String,
    #[diesel(sql_type = Nullable<Text>)]
    invited_by: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    confirmed_by: Option<String>,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

fn read(text: &str) -> Result<SystemName, PeopleStoreError> {
    text.parse().map_err(|_| PeopleStoreError::Content { table: "account" })
}

/// How an account came to be, whether it is open or shut.
///
/// # Errors
/// If the database fails.
pub fn account_origin(conn: &mut AnyConnection, name: &SystemName) -> Result<Option<Origin>, PeopleStoreError> {
    let found: Option<OriginRow> = sql_query("SELECT person, invited_by, confirmed_by FROM account WHERE name = $1")
        .bind::<Text, _>(name.as_str())
        .get_result(conn)
        .optional()?;
    let read = |row: OriginRow| {
        Ok(Origin {
            person: read(&row.person)?,
            invited_by: row.invited_by.as_deref().map(read).transpose()?,
            confirmed: row.confirmed_by.is_some(),
        })
    };
    found.map(read).transpose()
}

/// The pseudonyms that an account had before.
///
/// # Errors
/// If the database fails.
pub fn account_former_persons(
    conn: &mut AnyConnection,
    name: &SystemName,
) -> Result<Vec<SystemName>, PeopleStoreError> {
    let rows: Vec<Name> = sql_query("SELECT person AS name FROM account_person WHERE account = $1 ORDER BY person")
        .bind::<Text, _>(name.as_str())
        .load(conn)?;
    rows.iter().map(|row| read(&row.name)).collect()
}

/// The accounts that have this pseudonym, or had it.
///
/// # Errors
/// If the database fails.
pub fn accounts_of_person(conn: &mut AnyConnection, person: &SystemName) -> Result<Vec<SystemName>, PeopleStoreError> {
    let rows: Vec<Name> = sql_query(
        "SELECT name FROM account WHERE person = $1 UNION SELECT account AS name FROM account_person WHERE person = $2 \
         ORDER BY name",
    )
    .bind::<Text, _>(person.as_str())
    .bind::<Text, _>(person.as_str())
    .load(conn)?;
    rows.iter().map(|row| read(&row.name)).collect()
}

/// From now on the account counts as its inviter's too, until somebody confirms it.
///
/// # Errors
/// If the database fails.
pub fn account_set_inviter(
    conn: &mut AnyConnection,
    name: &SystemName,
    inviter: Option<&SystemName>,
) -> Result<(), PeopleStoreError> {
    sql_query("UPDATE account SET invited_by = $1, confirmed_by = NULL WHERE name = $2")
        .bind::<Nullable<Text>, _>(inviter.map(SystemName::as_str))
        .bind::<Text, _>(name.as_str())
        .execute(conn)?;
    Ok(())
}

/// Writes down who confirmed whose account it is. Returns whether there was one to confirm.
///
/// # Errors
/// If the database fails.
pub fn account_confirm(conn: &mut AnyConnection, name: &SystemName, by: &str) -> Result<bool, PeopleStoreError> {
    let rows = sql_query("UPDATE account SET confirmed_by = $1 WHERE name = $2 AND confirmed_by IS NULL")
        .bind::<Text, _>(by)
        .bind::<Text, _>(name.as_str())
        .execute(conn)?;
    Ok(rows == 1)
}

/// The account is this person's. What it confirmed, and what was confirmed of it, must be confirmed again: keys and accounts.
///
/// # Errors
/// If the database fails.
pub fn account_set_person(
    conn: &mut AnyConnection,
    name: &SystemName,
    person: &SystemName,
) -> Result<(), PeopleStoreError> {
    for statement in [
        "INSERT INTO account_person (account, person) SELECT name, person FROM account WHERE person <> $1 AND name = $2 \
         ON CONFLICT DO NOTHING",
        "UPDATE account SET person = $1, confirmed_by = NULL WHERE name = $2",
        "UPDATE officer_key SET person = $1, confirmed_by = NULL WHERE account = $2",
    ] {
        sql_query(statement).bind::<Text, _>(person.as_str()).bind::<Text, _>(name.as_str()).execute(conn)?;
    }
    for statement in [
        "UPDATE account SET confirmed_by = NULL WHERE confirmed_by = $1",
        "UPDATE officer_key SET confirmed_by = NULL WHERE confirmed_by = $1",
    ] {
        sql_query(statement).bind::<Text, _>(name.as_str()).execute(conn)?;
    }
    Ok(())
}
