//! Looking at a roll and at the journal beside it, as the department's own staff would with any tool.
//!
//! Guaranteed: reads only; what is told is what the tables hold at that moment.

use std::path::Path;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::desk::open;
use crate::demo::population::BuildError;

/// The last change of a roll that Vinimay made, as its journal tells it.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Journaled {
    /// Place in the journal of the roll.
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    /// The row's key.
    #[diesel(sql_type = Text)]
    pub row_key: String,
    /// The decision that ordered it.
    #[diesel(sql_type = Nullable<Text>)]
    pub decision: Option<String>,
    /// What was done.
    #[diesel(sql_type = Text)]
    pub outcome: String,
    /// Why.
    #[diesel(sql_type = Text)]
    pub reason: String,
    /// By which scheme or rule.
    #[diesel(sql_type = Text)]
    pub actor: String,
    /// The event on which it hangs, by its digest.
    #[diesel(sql_type = Nullable<Text>)]
    pub event: Option<String>,
    /// What was not paid meanwhile.
    #[diesel(sql_type = Nullable<Text>)]
    pub arrears: Option<String>,
}

/// The newest journal entry of a roll; nothing where none was ever written.
///
/// # Errors
/// What the database says.
pub fn newest_change(department: &Path, roll: &str) -> Result<Option<Journaled>, BuildError> {
    let newest = diesel::sql_query(
        "SELECT seq, row_key, decision, outcome, reason, actor, event, arrears FROM vinimay_journal WHERE roll = ? \
         ORDER BY seq DESC LIMIT 1",
    )
    .bind::<Text, _>(roll);
    Ok(newest.load(&mut open(department)?)?.pop())
}

#[derive(QueryableByName)]
struct Shown {
    #[diesel(sql_type = Text)]
    text: String,
}

/// Tables and columns that may be shown: each roll of the story with its key and what a reader wants to see.
#[derive(Debug, Clone, Copy)]
pub struct RollTable {
    /// Its name in the mapping.
    pub roll: &'static str,
    /// The table.
    pub table: &'static str,
    key: &'static str,
    columns: &'static str,
}

/// Members of ration cards.
pub const RATION: RollTable = RollTable {
    roll: "food.ration-member",
    table: "ration_member",
    key: "member_id",
    columns: "'name_en', name_en, 'birth_date', birth_date, 'relation', relation, 'status', status, \
              'status_reason', status_reason, 'status_since', status_since",
};
/// Pensioners.
pub const PENSION: RollTable = RollTable {
    roll: "social.pension",
    table: "pension_beneficiary",
    key: "ppo_no",
    columns: "'applicant_name', applicant_name, 'scheme_code', scheme_code, 'payment_status', payment_status, \
              'status_reason', status_reason, 'status_since', status_since, 'monthly_amount', monthly_amount",
};
/// Adults with a disability.
pub const DISABILITY: RollTable = RollTable {
    roll: "social.disability",
    table: "disability_pension",
    key: "pension_no",
    columns: "'register_no', register_no, 'name', name, 'status', status, 'status_reason', status_reason, \
              'status_since', status_since, 'monthly_amount', monthly_amount",
};
/// Children with a disability.
pub const ALLOWANCE: RollTable = RollTable {
    roll: "social.child-disability",
    table: "child_disability_allowance",
    key: "register_no",
    columns: "'child_name', child_name, 'status', status, 'monthly_amount', monthly_amount",
};
/// Assistance on marriage.
pub const MARRIAGE: RollTable = RollTable {
    roll: "social.marriage",
    table: "marriage_assistance",
    key: "file_no",
    columns: "'name', name, 'status', status, 'status_reason', status_reason, 'status_since', status_since",
};

/// A row as it stands, as JSON with its key; nothing for a key that is not there.
///
/// # Errors
/// What the database says.
pub fn row_as_it_stands(department: &Path, at: RollTable, key: &str) -> Result<Option<serde_json::Value>, BuildError> {
    let RollTable { table, key: column, columns, .. } = at;
    let found = diesel::sql_query(format!(
        "SELECT json_object('{column}', {column}, {columns}) AS text FROM {table} WHERE {column} = ?"
    ))
    .bind::<Text, _>(key)
    .load::<Shown>(&mut open(department)?)?
    .pop();
    Ok(found.and_then(|row| serde_json::from_str(&row.text).ok()))
}

/// How many rows of a table hold this name; so that a new row is seen to be new.
///
/// # Errors
/// What the database says.
pub fn rows_of_name(department: &Path, at: RollTable, column: &str, name: &str) -> Result<usize, BuildError> {
    let table = at.table;
    let found = diesel::sql_query(format!("SELECT {} AS text FROM {table} WHERE {column} = ?", at.key))
        .bind::<Text, _>(name)
        .load::<Shown>(&mut open(department)?)?;
    Ok(found.len())
}
