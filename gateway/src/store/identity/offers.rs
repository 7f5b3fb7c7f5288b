//! Invitations of wallets.

use diesel::{
    OptionalExtension, QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use registry_adapter::key::LocalKey;
use schemas::{local::AssistedOffer, time::Timestamp};
use service_kit::db::AnyConnection;

use super::bindings::resident_name;
use crate::{
    keys::Keys,
    store::encrypted::{ColumnError, Encrypted},
};

/// Wrong transaction codes after which an invitation is dead (protocol, "The citizen").
pub const TRIES: i64 = 5;

const CODE: Encrypted = Encrypted { table: "binding_offer", column: "code" };
const TX_CODE: Encrypted = Encrypted { table: "binding_offer", column: "tx" };
const RESIDENT: Encrypted = Encrypted { table: "binding_offer", column: "resident" };

/// An invitation, to be written.
#[derive(Debug)]
pub struct NewOffer<'a> {
    /// The pre-authorised code.
    pub code: &'a str,
    /// The transaction code.
    pub tx_code: &'a str,
    /// Who is invited.
    pub resident: &'a LocalKey,
    /// For whose operator, if she is helped.
    pub assisted: Option<&'a AssistedOffer>,
    /// When it ends.
    pub expires: Timestamp,
}

/// The transaction code belongs to one invitation: the same digits elsewhere have another hash.
fn tx_index(keys: &Keys, code: &str, tx_code: &str) -> String {
    TX_CODE.index(keys, &format!("{code} {tx_code}"))
}

/// Writes an invitation.
///
/// # Errors
/// If the database or the encryption fails.
pub fn offer_insert(conn: &mut AnyConnection, keys: &Keys, offer: &NewOffer<'_>) -> Result<(), OfferStoreError> {
    let index = CODE.index(keys, offer.code);
    let resident = RESIDENT.seal(keys, &index, &offer.resident.as_str())?;
    sql_query(
        "INSERT INTO binding_offer (code_index, tx_index, resident, terms, tries, state, expires_at, resident_index) \
         VALUES ($1, $2, $3, $4, 0, 'open', $5, $6)",
    )
    .bind::<Text, _>(&index)
    .bind::<Text, _>(tx_index(keys, offer.code, offer.tx_code))
    .bind::<Binary, _>(resident)
    .bind::<Nullable<Text>, _>(terms_written(offer.assisted)?)
    .bind::<BigInt, _>(offer.expires.seconds())
    .bind::<Text, _>(resident_name(keys, offer.resident))
    .execute(conn)?;
    Ok(())
}

/// Terms as they stand in the table.
pub(super) fn terms_written(assisted: Option<&AssistedOffer>) -> Result<Option<String>, ColumnError> {
    assisted.map(|terms| serde_json::to_string(terms).map_err(|_| ColumnError::Content)).transpose()
}

/// Terms as they stand in the table; those that cannot be read are damage, never a binding for her own phone.
pub(super) fn terms_read(terms: Option<String>) -> Result<Option<AssistedOffer>, ColumnError> {
    terms.map(|terms| serde_json::from_str(&terms).map_err(|_| ColumnError::Content)).transpose()
}

/// Whom an invitation or a token is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invited {
    /// The resident.
    pub resident: LocalKey,
    /// For whose operator, if she is helped.
    pub assisted: Option<AssistedOffer>,
}

/// What redeeming a code came to.
#[derive(Debug)]
pub enum Redeemed {
    /// The code was used now, by us: this resident gets a token.
    Resident(Invited),
    /// Unknown, used before, dead or ended.
    NoSuchCode,
    /// The transaction code is another; the try was counted.
    WrongTxCode,
}

/// An invitation that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum OfferStoreError {
    /// The database.
    #[error(transparent)]
    Database(#[from] service_kit::db::DatabaseError),
    /// The encryption.
    #[error(transparent)]
    Column(#[from] ColumnError),
}

impl From<diesel::result::Error> for OfferStoreError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Binary)]
    resident: Vec<u8>,
    #[diesel(sql_type = Nullable<Text>)]
    terms: Option<String>,
}

/// Uses a code. The first whose transaction code is right gets it; the fifth wrong one kills it.
///
/// # Errors
/// If the database or the encryption fails.
pub fn offer_redeem(
    conn: &mut AnyConnection,
    keys: &Keys,
    code: &str,
    tx_code: &str,
    now: Timestamp,
) -> Result<Redeemed, OfferStoreError> {
    let index = CODE.index(keys, code);
    let used: Option<Row> = sql_query(
        "UPDATE binding_offer SET state = 'used' \
         WHERE code_index = $1 AND tx_index = $2 AND state = 'open' AND expires_at > $3 RETURNING resident, terms",
    )
    .bind::<Text, _>(&index)
    .bind::<Text, _>(tx_index(keys, code, tx_code))
    .bind::<BigInt, _>(now.seconds())
    .get_result(conn)
    .optional()?;
    if let Some(row) = used {
        let number: String = RESIDENT.open(keys, &index, &row.resident)?;
        let resident = number.parse().map_err(|_| ColumnError::Content)?;
        return Ok(Redeemed::Resident(Invited { resident, assisted: terms_read(row.terms)? }));
    }
    let counted = sql_query(
        "UPDATE binding_offer SET tries = tries + 1, state = CASE WHEN tries + 1 >= $1 THEN 'dead' ELSE 'open' END \
         WHERE code_index = $2 AND state = 'open' AND expires_at > $3",
    )
    .bind::<BigInt, _>(TRIES)
    .bind::<Text, _>(&index)
    .bind::<BigInt, _>(now.seconds())
    .execute(conn)?;
    Ok(if counted == 1 { Redeemed::WrongTxCode } else { Redeemed::NoSuchCode })
}

/// Kills the open invitations of a resident, by her name among others ([`resident_name`]). Returns how many.
pub(super) fn offers_end_of(conn: &mut AnyConnection, resident: &str) -> QueryResult<usize> {
    sql_query("UPDATE binding_offer SET state = 'dead' WHERE resident_index = $1 AND state = 'open'")
        .bind::<Text, _>(resident)
        .execute(conn)
}

/// Removes invitations that ended before this time.
pub fn offers_prune(conn: &mut AnyConnection, before: Timestamp) -> QueryResult<usize> {
    sql_query("DELETE FROM binding_offer WHERE expires_at < $1").bind::<BigInt, _>(before.seconds()).execute(conn)
}
