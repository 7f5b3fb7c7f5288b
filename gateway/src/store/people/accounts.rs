//! Accounts and their invitations.

use diesel::{
    OptionalExtension, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use schemas::{digest::Digest, id::SystemName};
use service_kit::db::AnyConnection;

use super::PeopleStoreError;
use crate::{
    keys::Keys,
    people::{Account, Role, Roles},
    store::encrypted::Encrypted,
};

const DISPLAY: Encrypted = Encrypted { table: "account", column: "display" };
const LOGIN: Encrypted = Encrypted { table: "account", column: "login" };
const COLUMNS: &str = "name, person, display, roles, password, disabled_ms, invited_by, confirmed_by";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    person: String,
    #[diesel(sql_type = Binary)]
    display: Vec<u8>,
    #[diesel(sql_type = Text)]
    roles: String,
    #[diesel(sql_type = Nullable<Text>)]
    password: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    disabled_ms: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    invited_by: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    confirmed_by: Option<String>,
}

impl Row {
    fn read(self, keys: &Keys) -> Result<Account, PeopleStoreError> {
        let wrong = || PeopleStoreError::Content { table: "account" };
        let inviter = self.invited_by.filter(|_| self.confirmed_by.is_none());
        let roles: Option<Vec<Role>> = self.roles.split_whitespace().map(|role| role.parse().ok()).collect();
        Ok(Account {
            display: DISPLAY.open(keys, &self.name, &self.display)?,
            name: self.name.parse().map_err(|_| wrong())?,
            person: self.person.parse().map_err(|_| wrong())?,
            roles: Roles::new(roles.ok_or_else(wrong)?),
            has_password: self.password.is_some(),
            disabled: self.disabled_ms.is_some(),
            unconfirmed_from: inviter.map(|name| name.parse()).transpose().map_err(|_| wrong())?,
        })
    }
}

/// An account, to be written.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its name.
    pub name: SystemName,
    /// The officer.
    pub person: SystemName,
    /// How pages address the officer.
    pub display: String,
    /// What it may do.
    pub roles: Roles,
    /// OpenID: issuer and subject.
    pub login: Option<(String, String)>,
}

fn login_index(keys: &Keys, issuer: &str, subject: &str) -> String {
    LOGIN.index(keys, &format!("{issuer} {subject}"))
}

/// Writes an account. Returns whether it was written: a name stands once.
///
/// # Errors
/// If the database or the encryption fails.
pub fn account_insert(
    conn: &mut AnyConnection,
    keys: &Keys,
    account: &NewAccount,
    now_ms: i64,
) -> Result<bool, PeopleStoreError> {
    let display = DISPLAY.seal(keys, account.name.as_str(), &account.display)?;
    let login = account.login.as_ref().map(|(issuer, subject)| login_index(keys, issuer, subject));
    let rows = sql_query(
        "INSERT INTO account (name, person, display, roles, login_index, made_ms) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(account.name.as_str())
    .bind::<Text, _>(account.person.as_str())
    .bind::<Binary, _>(display)
    .bind::<Text, _>(account.roles.to_string())
    .bind::<Nullable<Text>, _>(login)
    .bind::<BigInt, _>(now_ms)
    .execute(conn)?;
    Ok(rows == 1)
}

/// An account by name.
///
/// # Errors
/// If the database or the encryption fails.
pub fn account_find(
    conn: &mut AnyConnection,
    keys: &Keys,
    name: &SystemName,
) -> Result<Option<Account>, PeopleStoreError> {
    let found: Option<Row> = sql_query(format!("SELECT {COLUMNS} FROM account WHERE name = $1"))
        .bind::<Text, _>(name.as_str())
        .get_result(conn)
        .optional()?;
    found.map(|row| row.read(keys)).transpose()
}

/// The account of a person whom an OpenID provider knows.
///
/// # Errors
/// If the database or the encryption fails.
pub fn account_by_login(
    conn: &mut AnyConnection,
    keys: &Keys,
    issuer: &str,
    subject: &str,
) -> Result<Option<Account>, PeopleStoreError> {
    let found: Option<Row> = sql_query(format!("SELECT {COLUMNS} FROM account WHERE login_index = $1"))
        .bind::<Text, _>(login_index(keys, issuer, subject))
        .get_result(conn)
        .optional()?;
    found.map(|row| row.read(keys)).transpose()
}

/// Every account, by name.
///
/// # Errors
/// If the database or the encryption fails.
pub fn account_list(conn: &mut AnyConnection, keys: &Keys) -> Result<Vec<Account>, PeopleStoreError> {
    let rows: Vec<Row> = sql_query(format!("SELECT {COLUMNS} FROM account ORDER BY name LIMIT 10000")).load(conn)?;
    rows.into_iter().map(|row| row.read(keys)).collect()
}

#[derive(QueryableByName)]
struct Password {
    #[diesel(sql_type = Nullable<Text>)]
    password: Option<String>,
}

/// The password's hash of an account that may sign in.
///
/// # Errors
/// If the database fails.
pub fn account_password(conn: &mut AnyConnection, name: &SystemName) -> Result<Option<String>, PeopleStoreError> {
    let found: Option<Password> = sql_query("SELECT password FROM account WHERE name = $1 AND disabled_ms IS NULL")
        .bind::<Text, _>(name.as_str())
        .get_result(conn)
        .optional()?;
    Ok(found.and_then(|row| row.password))
}

/// Sets the password's hash.
///
/// # Errors
/// If the database fails.
pub fn account_set_password(conn: &mut AnyConnection, name: &SystemName, hash: &str) -> Result<bool, PeopleStoreError> {
    let rows = sql_query("UPDATE account SET password = $1 WHERE name = $2 AND disabled_ms IS NULL")
        .bind::<Text, _>(hash)
        .bind::<Text, _>(name.as_str())
        .execute(conn)?;
    Ok(rows == 1)
}

/// Sets what an account may do.
///
/// # Errors
/// If the database fails.
pub fn account_set_roles(conn: &mut AnyConnection, name: &SystemName, roles: &Roles) -> Result<bool, PeopleStoreError> {
    let rows = sql_query("UPDATE account SET roles = $1 WHERE name = $2")
        .bind::<Text, _>(roles.to_string())
        .bind::<Text, _>(name.as_str())
        .execute(conn)?;
    Ok(rows == 1)
}

/// Shuts an account, or opens it again (`None`). Returns whether there is such an account.
///
/// # Errors
/// If the database fails.
pub fn account_set_disabled(
    conn: &mut AnyConnection,
    name: &SystemName,
    at_ms: Option<i64>,
) -> Result<bool, PeopleStoreError> {
    let rows = sql_query("UPDATE account SET disabled_ms = $1 WHERE name = $2")
        .bind::<Nullable<BigInt>, _>(at_ms)
        .bind::<Text, _>(name.as_str())
        .execute(conn)?;
    Ok(rows == 1)
}

/// Writes an invitation of this officer's (none: of the gateway's own machine), and takes back those that the account had.
///
/// # Errors
/// If the database fails.
pub fn invitation_insert(
    conn: &mut AnyConnection,
    code: &Digest,
    (account, inviter): (&SystemName, Option<&SystemName>),
    until_ms: i64,
) -> Result<(), PeopleStoreError> {
    invitation_delete(conn, account)?;
    sql_query("INSERT INTO invitation (digest, account, until_ms, invited_by) VALUES ($1, $2, $3, $4)")
        .bind::<Text, _>(code.to_string())
        .bind::<Text, _>(account.as_str())
        .bind::<BigInt, _>(until_ms)
        .bind::<Nullable<Text>, _>(inviter.map(SystemName::as_str))
        .execute(conn)?;
    Ok(())
}

/// Takes back the invitations of an account.
///
/// # Errors
/// If the database fails.
pub fn invitation_delete(conn: &mut AnyConnection, account: &SystemName) -> Result<(), PeopleStoreError> {
    sql_query("DELETE FROM invitation WHERE account = $1").bind::<Text, _>(account.as_str()).execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Invited {
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = Nullable<Text>)]
    invited_by: Option<String>,
}

/// Whom an invitation is for, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredInvitation {
    /// The account.
    pub account: SystemName,
    /// The officer who handed it over; none: the gateway's own machine.
    pub inviter: Option<SystemName>,
}

impl Invited {
    fn read(self) -> Result<StoredInvitation, PeopleStoreError> {
        let wrong = |_| PeopleStoreError::Content { table: "invitation" };
        Ok(StoredInvitation {
            account: self.account.parse().map_err(wrong)?,
            inviter: self.invited_by.map(|name| name.parse()).transpose().map_err(wrong)?,
        })
    }
}

/// Whom an invitation is for, if it holds.
///
/// # Errors
/// If the database fails.
pub fn invitation_find(
    conn: &mut AnyConnection,
    code: &Digest,
    now_ms: i64,
) -> Result<Option<StoredInvitation>, PeopleStoreError> {
    let found: Option<Invited> =
        sql_query("SELECT account, invited_by FROM invitation WHERE digest = $1 AND until_ms > $2")
            .bind::<Text, _>(code.to_string())
            .bind::<BigInt, _>(now_ms)
            .get_result(conn)
            .optional()?;
    found.map(Invited::read).transpose()
}

/// Uses an invitation up. Of two who use it at once, one gets it.
///
/// # Errors
/// If the database fails.
pub fn invitation_claim(
    conn: &mut AnyConnection,
    code: &Digest,
    now_ms: i64,
) -> Result<Option<StoredInvitation>, PeopleStoreError> {
    let found: Option<Invited> =
        sql_query("DELETE FROM invitation WHERE digest = $1 AND until_ms > $2 RETURNING account, invited_by")
            .bind::<Text, _>(code.to_string())
            .bind::<BigInt, _>(now_ms)
            .get_result(conn)
            .optional()?;
    found.map(Invited::read).transpose()
}
