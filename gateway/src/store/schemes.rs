//! Scheme files, their back-tests, officers' signatures, and what is in force from which day.
//!
//! Guarantees: all insert-only; a hash names one file, a scheme and number one version, whoever comes first; what is in force on a
//! day is the last order whose day has come. The whole result of a back-test, which names people, is encrypted. Deliberately
//! absent: who may sign and what must be there first (`crate::schemes`).

pub mod counts;
pub mod runs;

use diesel::{
    OptionalExtension as _, QueryableByName, RunQueryDsl as _, sql_query,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use eligibility::backtest::BackTestResult;
use schemas::{
    digest::Digest,
    id::{CompactJws, KeyId, SchemeId, SystemName},
    scheme::SchemeAction,
    time::CivilDate,
};
use service_kit::db::{AnyConnection, DatabaseError};

use super::encrypted::{ColumnError, Encrypted};
use crate::keys::Keys;

const RESULT: Encrypted = Encrypted { table: "scheme_backtest", column: "result" };

/// A row cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum SchemeStoreError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The encryption.
    #[error(transparent)]
    Column(#[from] ColumnError),
    /// A stored value is not what it must be.
    #[error("the table {0} holds what it cannot hold")]
    Content(&'static str),
}

impl From<diesel::result::Error> for SchemeStoreError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}

/// A version as it was handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredVersion {
    /// SHA-256 over the file.
    pub hash: Digest,
    /// The scheme.
    pub scheme: SchemeId,
    /// The version.
    pub version: u32,
    /// The file.
    pub body: String,
    /// The account that handed it in.
    pub submitted_by: String,
    /// When, milliseconds since the epoch.
    pub at_ms: i64,
}

#[derive(QueryableByName)]
struct VersionRow {
    #[diesel(sql_type = Text)]
    hash: String,
    #[diesel(sql_type = Text)]
    scheme: String,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Text)]
    body: String,
    #[diesel(sql_type = Text)]
    submitted_by: String,
    #[diesel(sql_type = BigInt)]
    at_ms: i64,
}

impl VersionRow {
    fn read(self) -> Result<StoredVersion, SchemeStoreError> {
        let wrong = || SchemeStoreError::Content("scheme_version");
        let hash: Digest = self.hash.parse().map_err(|_| wrong())?;
        // The file is what its hash says, or somebody wrote into the table by hand.
        if Digest::of(&self.body) != hash {
            return Err(wrong());
        }
        Ok(StoredVersion {
            hash,
            scheme: self.scheme.parse().map_err(|_| wrong())?,
            version: u32::try_from(self.version).map_err(|_| wrong())?,
            body: self.body,
            submitted_by: self.submitted_by,
            at_ms: self.at_ms,
        })
    }
}

const VERSION: &str = "SELECT hash, scheme, version, body, submitted_by, at_ms FROM scheme_version";

/// Keeps a version. Whether it is new; `false` if this number or this very file is known.
pub fn version_insert(conn: &mut AnyConnection, version: &StoredVersion) -> Result<bool, SchemeStoreError> {
    let rows = sql_query(
        "INSERT INTO scheme_version (hash, scheme, version, body, submitted_by, at_ms) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(version.hash.to_string())
    .bind::<Text, _>(version.scheme.as_str())
    .bind::<BigInt, _>(i64::from(version.version))
    .bind::<Text, _>(&version.body)
    .bind::<Text, _>(&version.submitted_by)
    .bind::<BigInt, _>(version.at_ms)
    .execute(conn)?;
    Ok(rows == 1)
}

/// A version by its number.
pub fn version_find(
    conn: &mut AnyConnection,
    scheme: &SchemeId,
    version: u32,
) -> Result<Option<StoredVersion>, SchemeStoreError> {
    let found: Option<VersionRow> = sql_query(format!("{VERSION} WHERE scheme = $1 AND version = $2"))
        .bind::<Text, _>(scheme.as_str())
        .bind::<BigInt, _>(i64::from(version))
        .get_result(conn)
        .optional()?;
    found.map(VersionRow::read).transpose()
}

/// A version by its hash.
pub fn version_of_hash(conn: &mut AnyConnection, hash: &Digest) -> Result<Option<StoredVersion>, SchemeStoreError> {
    let found: Option<VersionRow> = sql_query(format!("{VERSION} WHERE hash = $1"))
        .bind::<Text, _>(hash.to_string())
        .get_result(conn)
        .optional()?;
    found.map(VersionRow::read).transpose()
}

/// Every version, by scheme and number.
pub fn version_list(conn: &mut AnyConnection) -> Result<Vec<StoredVersion>, SchemeStoreError> {
    let rows: Vec<VersionRow> = sql_query(format!("{VERSION} ORDER BY scheme, version LIMIT 10000")).load(conn)?;
    rows.into_iter().map(VersionRow::read).collect()
}

/// A signed back-test.
#[derive(Clone, Debug)]
pub struct StoredBackTest {
    /// Digest of the JWS.
    pub digest: Digest,
    /// The tested file.
    pub hash: Digest,
    /// The signed counts.
    pub jws: CompactJws,
    /// The whole result.
    pub result: BackTestResult,
    /// When, milliseconds since the epoch.
    pub at_ms: i64,
}

#[derive(QueryableByName)]
struct BackTestRow {
    #[diesel(sql_type = Text)]
    digest: String,
    #[diesel(sql_type = Text)]
    hash: String,
    #[diesel(sql_type = Text)]
    jws: String,
    #[diesel(sql_type = Binary)]
    result: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    at_ms: i64,
}

/// Keeps a back-test.
pub fn backtest_insert(conn: &mut AnyConnection, keys: &Keys, test: &StoredBackTest) -> Result<(), SchemeStoreError> {
    let digest = test.digest.to_string();
    sql_query("INSERT INTO scheme_backtest (digest, hash, jws, result, at_ms) VALUES ($1, $2, $3, $4, $5)")
        .bind::<Text, _>(&digest)
        .bind::<Text, _>(test.hash.to_string())
        .bind::<Text, _>(test.jws.as_str())
        .bind::<Binary, _>(RESULT.seal(keys, &digest, &test.result)?)
        .bind::<BigInt, _>(test.at_ms)
        .execute(conn)?;
    Ok(())
}

/// The newest back-test of a file.
pub fn backtest_newest(
    conn: &mut AnyConnection,
    keys: &Keys,
    hash: &Digest,
) -> Result<Option<StoredBackTest>, SchemeStoreError> {
    let query = "SELECT digest, hash, jws, result, at_ms FROM scheme_backtest WHERE hash = $1 ORDER BY at_ms DESC, digest LIMIT 1";
    let found: Option<BackTestRow> = sql_query(query).bind::<Text, _>(hash.to_string()).get_result(conn).optional()?;
    found.map(|row| backtest_read(keys, row)).transpose()
}

fn backtest_read(keys: &Keys, row: BackTestRow) -> Result<StoredBackTest, SchemeStoreError> {
    let wrong = || SchemeStoreError::Content("scheme_backtest");
    Ok(StoredBackTest {
        result: RESULT.open(keys, &row.digest, &row.result)?,
        digest: row.digest.parse().map_err(|_| wrong())?,
        hash: row.hash.parse().map_err(|_| wrong())?,
        jws: row.jws.parse().map_err(|_| wrong())?,
        at_ms: row.at_ms,
    })
}

/// One officer's signature under an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSignature {
    /// Digest of what all who sign say alike.
    pub terms: Digest,
    /// The key.
    pub kid: KeyId,
    /// The account that owns it.
    pub account: SystemName,
    /// The scheme.
    pub scheme: SchemeId,
    /// The order.
    pub jws: CompactJws,
    /// When, milliseconds since the epoch.
    pub at_ms: i64,
}

#[derive(QueryableByName)]
struct SignatureRow {
    #[diesel(sql_type = Text)]
    terms: String,
    #[diesel(sql_type = Text)]
    kid: String,
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = Text)]
    scheme: String,
    #[diesel(sql_type = Text)]
    jws: String,
    #[diesel(sql_type = BigInt)]
    at_ms: i64,
}

impl SignatureRow {
    fn read(self) -> Result<StoredSignature, SchemeStoreError> {
        let wrong = || SchemeStoreError::Content("scheme_signature");
        Ok(StoredSignature {
            terms: self.terms.parse().map_err(|_| wrong())?,
            kid: self.kid.parse().map_err(|_| wrong())?,
            account: self.account.parse().map_err(|_| wrong())?,
            scheme: self.scheme.parse().map_err(|_| wrong())?,
            jws: self.jws.parse().map_err(|_| wrong())?,
            at_ms: self.at_ms,
        })
    }
}

/// Keeps a signature. Whether it is new.
pub fn signature_insert(conn: &mut AnyConnection, signature: &StoredSignature) -> Result<bool, SchemeStoreError> {
    let rows = sql_query(
        "INSERT INTO scheme_signature (terms, kid, account, scheme, jws, at_ms) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(signature.terms.to_string())
    .bind::<Text, _>(signature.kid.as_str())
    .bind::<Text, _>(signature.account.as_str())
    .bind::<Text, _>(signature.scheme.as_str())
    .bind::<Text, _>(signature.jws.as_str())
    .bind::<BigInt, _>(signature.at_ms)
    .execute(conn)?;
    Ok(rows == 1)
}

/// The signatures about a scheme, newest first.
pub fn signature_list(conn: &mut AnyConnection, scheme: &SchemeId) -> Result<Vec<StoredSignature>, SchemeStoreError> {
    let query = "SELECT terms, kid, account, scheme, jws, at_ms FROM scheme_signature WHERE scheme = $1 \
                 ORDER BY at_ms DESC, kid LIMIT 1000";
    let rows: Vec<SignatureRow> = sql_query(query).bind::<Text, _>(scheme.as_str()).load(conn)?;
    rows.into_iter().map(SignatureRow::read).collect()
}

/// An order that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredOrder {
    /// The scheme.
    pub scheme: SchemeId,
    /// Its place among the scheme's orders, from 0.
    pub place: i64,
    /// What it did.
    pub action: SchemeAction,
    /// With which file.
    pub hash: Digest,
    /// From which day.
    pub from: CivilDate,
    /// Digest of what the officers said alike.
    pub terms: Digest,
    /// When, milliseconds since the epoch.
    pub at_ms: i64,
}

#[derive(QueryableByName)]
struct OrderRow {
    #[diesel(sql_type = Text)]
    scheme: String,
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = Text)]
    action: String,
    #[diesel(sql_type = Text)]
    hash: String,
    #[diesel(sql_type = Text)]
    from_day: String,
    #[diesel(sql_type = Text)]
    terms: String,
    #[diesel(sql_type = BigInt)]
    at_ms: i64,
}

const fn action_word(action: SchemeAction) -> &'static str {
    match action {
        SchemeAction::Publish => "publish",
        SchemeAction::Rollback => "rollback",
        SchemeAction::Withdraw => "withdraw",
    }
}

impl OrderRow {
    fn read(self) -> Result<StoredOrder, SchemeStoreError> {
        let wrong = || SchemeStoreError::Content("scheme_order");
        Ok(StoredOrder {
            scheme: self.scheme.parse().map_err(|_| wrong())?,
            place: self.place,
            action: match self.action.as_str() {
                "publish" => SchemeAction::Publish,
                "rollback" => SchemeAction::Rollback,
                "withdraw" => SchemeAction::Withdraw,
                _ => return Err(wrong()),
            },
            hash: self.hash.parse().map_err(|_| wrong())?,
            from: self.from_day.parse().map_err(|_| wrong())?,
            terms: self.terms.parse().map_err(|_| wrong())?,
            at_ms: self.at_ms,
        })
    }
}

const ORDER: &str = "SELECT scheme, place, action, hash, from_day, terms, at_ms FROM scheme_order";

/// Appends an order to its scheme's. Whether it is new: one order is carried out once, and one place taken once.
pub fn order_insert(conn: &mut AnyConnection, order: &StoredOrder) -> Result<bool, SchemeStoreError> {
    let rows = sql_query(
        "INSERT INTO scheme_order (scheme, place, action, hash, from_day, terms, at_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
    )
    .bind::<Text, _>(order.scheme.as_str())
    .bind::<BigInt, _>(order.place)
    .bind::<Text, _>(action_word(order.action))
    .bind::<Text, _>(order.hash.to_string())
    .bind::<Text, _>(order.from.to_string())
    .bind::<Text, _>(order.terms.to_string())
    .bind::<BigInt, _>(order.at_ms)
    .execute(conn)?;
    Ok(rows == 1)
}

/// The orders of one scheme, or of all, by place.
pub fn order_list(conn: &mut AnyConnection, scheme: Option<&SchemeId>) -> Result<Vec<StoredOrder>, SchemeStoreError> {
    let query = format!("{ORDER} WHERE $1 IS NULL OR scheme = $2 ORDER BY scheme, place LIMIT 10000");
    let name = scheme.map(SchemeId::as_str);
    let rows: Vec<OrderRow> =
        sql_query(query).bind::<Nullable<Text>, _>(name).bind::<Nullable<Text>, _>(name).load(conn)?;
    rows.into_iter().map(OrderRow::read).collect()
}

#[cfg(test)]
mod tests;
