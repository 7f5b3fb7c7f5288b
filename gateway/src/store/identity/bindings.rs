//! Places of bindings in status lists.
//!
//! Guarantees: places are random within a list that is at most half full, so that a place tells nothing about when or whose;
//! every change of a status counts its list's generation up in the same transaction; a revocation ends what could still become
//! a binding: open invitations and access tokens.

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Nullable, Text},
};
use registry_adapter::key::LocalKey;
use schemas::{id::KeyId, time::Timestamp};
use service_kit::db::AnyConnection;

use super::{offers::offers_end_of, tokens::tokens_end_of};
use crate::{keys::Keys, store::encrypted::Encrypted};

const RESIDENT: Encrypted = Encrypted { table: "binding", column: "resident" };

/// Places of one list. At two bits each 32 kB, which travels under the limit of 64 kB even where nothing compresses.
pub const PLACES: u32 = 131_072;
/// Places that are given out before a new list is begun.
pub(super) const FILLED: i64 = 65_536;

/// Where a binding's status stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Number of the list.
    pub list: i64,
    /// Place in it.
    pub idx: i64,
}

/// What a place says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// In force.
    Valid,
    /// Ended for good.
    Revoked,
    /// Stopped for now.
    Suspended,
}

impl Standing {
    /// As it stands in the table, and in the list.
    pub const fn number(self) -> i64 {
        match self {
            Self::Valid => 0,
            Self::Revoked => 1,
            Self::Suspended => 2,
        }
    }
}

/// A binding, to be given a place.
#[derive(Debug)]
pub struct NewBinding<'a> {
    /// Its key.
    pub key: &'a KeyId,
    /// Whose.
    pub resident: &'a LocalKey,
    /// The wallet that gets it: the thumbprint of its DPoP key.
    pub wallet: &'a KeyId,
    /// When it ends.
    pub expires: Timestamp,
}

#[derive(QueryableByName)]
struct ListRow {
    #[diesel(sql_type = BigInt)]
    list: i64,
}

/// The list in which places are given out now; begun if there is none with room.
pub fn list_open(conn: &mut AnyConnection) -> QueryResult<i64> {
    let open = "SELECT list FROM status_list WHERE places < $1 ORDER BY list LIMIT 1";
    let found: Vec<ListRow> = sql_query(open).bind::<BigInt, _>(FILLED).load(conn)?;
    if let Some(row) = found.first() {
        return Ok(row.list);
    }
    // Two processes that begin a list at once meet at its number; the loser takes the winner's.
    let next: ListRow = sql_query("SELECT COALESCE(MAX(list) + 1, 0) AS list FROM status_list").get_result(conn)?;
    sql_query("INSERT INTO status_list (list, generation, places) VALUES ($1, 0, 0) ON CONFLICT DO NOTHING")
        .bind::<BigInt, _>(next.list)
        .execute(conn)?;
    Ok(next.list)
}

/// Gives a binding this place, if nobody has it and its key has no binding yet.
pub fn binding_insert(conn: &mut AnyConnection, keys: &Keys, new: &NewBinding<'_>, place: Place) -> QueryResult<bool> {
    let written = sql_query(
        "INSERT INTO binding (list, idx, key, resident_index, wallet, status, expires_at) \
         VALUES ($1, $2, $3, $4, $5, 0, $6) ON CONFLICT DO NOTHING",
    )
    .bind::<BigInt, _>(place.list)
    .bind::<BigInt, _>(place.idx)
    .bind::<Text, _>(new.key.as_str())
    .bind::<Text, _>(RESIDENT.index(keys, new.resident.as_str()))
    .bind::<Text, _>(new.wallet.as_str())
    .bind::<BigInt, _>(new.expires.seconds())
    .execute(conn)?;
    if written == 1 {
        sql_query("UPDATE status_list SET places = places + 1 WHERE list = $1")
            .bind::<BigInt, _>(place.list)
            .execute(conn)?;
    }
    Ok(written == 1)
}

#[derive(QueryableByName)]
struct Known {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Whether a key has a binding.
pub fn key_is_bound(conn: &mut AnyConnection, key: &KeyId) -> QueryResult<bool> {
    let known: Known = sql_query("SELECT COUNT(*) AS count FROM binding WHERE key = $1")
        .bind::<Text, _>(key.as_str())
        .get_result(conn)?;
    Ok(known.count > 0)
}

#[derive(QueryableByName)]
struct PlaceRow {
    #[diesel(sql_type = BigInt)]
    list: i64,
    #[diesel(sql_type = BigInt)]
    idx: i64,
    #[diesel(sql_type = BigInt)]
    status: i64,
}

/// The place of a key, and whether it was revoked; `None` if it has none.
pub fn place_of_key(conn: &mut AnyConnection, key: &KeyId) -> QueryResult<Option<(Place, bool)>> {
    let rows: Vec<PlaceRow> =
        sql_query("SELECT list, idx, status FROM binding WHERE key = $1").bind::<Text, _>(key.as_str()).load(conn)?;
    let revoked = |row: &PlaceRow| row.status == Standing::Revoked.number();
    Ok(rows.first().map(|row| (Place { list: row.list, idx: row.idx }, revoked(row))))
}

/// Names a resident among others without telling who it is.
pub fn resident_name(keys: &Keys, resident: &LocalKey) -> String {
    RESIDENT.index(keys, resident.as_str())
}

/// Sets the status of all bindings of a resident that have it not yet; revoked ones stay revoked. Returns how many changed.
pub fn bindings_set(
    conn: &mut AnyConnection,
    keys: &Keys,
    resident: &LocalKey,
    standing: Standing,
) -> QueryResult<usize> {
    let index = RESIDENT.index(keys, resident.as_str());
    if standing == Standing::Revoked {
        end_issuing(conn, &index, None)?;
    }
    let changed: Vec<ListRow> = sql_query(
        "UPDATE binding SET status = $1 WHERE resident_index = $2 AND status <> $1 AND status <> 1 RETURNING list",
    )
    .bind::<BigInt, _>(standing.number())
    .bind::<Text, _>(&index)
    .load(conn)?;
    lists_changed(conn, &changed)?;
    Ok(changed.len())
}

/// Ends what could still become a binding, in the order in which one becomes the other, and before the bindings: whoever turns
/// one into the other at this moment is waited for, and what came of it ends next.
fn end_issuing(conn: &mut AnyConnection, resident: &str, except_wallet: Option<&str>) -> QueryResult<()> {
    offers_end_of(conn, resident)?;
    tokens_end_of(conn, resident, except_wallet)?;
    Ok(())
}

/// Counts up the generation of each list with a changed place.
fn lists_changed(conn: &mut AnyConnection, changed: &[ListRow]) -> QueryResult<()> {
    let lists: std::collections::BTreeSet<i64> = changed.iter().map(|row| row.list).collect();
    for list in lists {
        sql_query("UPDATE status_list SET generation = generation + 1 WHERE list = $1")
            .bind::<BigInt, _>(list)
            .execute(conn)?;
    }
    Ok(())
}

/// What came of a revocation by the person herself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnRevocation {
    /// No binding has the key.
    Unknown,
    /// The key's own binding is revoked or suspended: it ends none.
    NotInForce,
    /// So many have ended.
    Ended(usize),
}

#[derive(QueryableByName)]
struct OwnRow {
    #[diesel(sql_type = Text)]
    resident_index: String,
    #[diesel(sql_type = Nullable<Text>)]
    wallet: Option<String>,
    #[diesel(sql_type = BigInt)]
    status: i64,
}

/// Ends bindings of the person who holds the binding of this key, if that is in force here and now: all of them, or those of
/// her other wallets; with her open invitations, and the access tokens of the same wallets. Bindings that name no wallet count
/// as another wallet's.
pub fn bindings_revoke_of(conn: &mut AnyConnection, key: &KeyId, others_alone: bool) -> QueryResult<OwnRevocation> {
    // A write and not a look: of two wallets that end each other at once, the second finds itself ended.
    let own: Vec<OwnRow> =
        sql_query("UPDATE binding SET status = status WHERE key = $1 RETURNING resident_index, wallet, status")
            .bind::<Text, _>(key.as_str())
            .load(conn)?;
    let Some(own) = own.into_iter().next() else { return Ok(OwnRevocation::Unknown) };
    if own.status != Standing::Valid.number() {
        return Ok(OwnRevocation::NotInForce);
    }
    let spared = others_alone.then(|| own.wallet.unwrap_or_default());
    end_issuing(conn, &own.resident_index, spared.as_deref())?;
    // No wallet has an empty name: where all are ended, none is spared.
    let changed: Vec<ListRow> = sql_query(
        "UPDATE binding SET status = 1 WHERE resident_index = $1 AND status <> 1 \
         AND (wallet IS NULL OR wallet <> $2) RETURNING list",
    )
    .bind::<Text, _>(&own.resident_index)
    .bind::<Text, _>(spared.unwrap_or_default())
    .load(conn)?;
    lists_changed(conn, &changed)?;
    Ok(OwnRevocation::Ended(changed.len()))
}

/// Suspends a resident's bindings, as at a registered death, in the caller's transaction. Returns how many.
///
/// # Errors
/// If the database fails.
pub fn binding_suspend(conn: &mut AnyConnection, keys: &Keys, resident: &LocalKey) -> QueryResult<usize> {
    bindings_set(conn, keys, resident, Standing::Suspended)
}

/// Lifts a suspension, as when a death is annulled.
///
/// # Errors
/// If the database fails.
pub fn binding_resume(conn: &mut AnyConnection, keys: &Keys, resident: &LocalKey) -> QueryResult<usize> {
    bindings_set(conn, keys, resident, Standing::Valid)
}

/// Ends a resident's bindings for good, as for a lost wallet.
///
/// # Errors
/// If the database fails.
pub fn binding_revoke(conn: &mut AnyConnection, keys: &Keys, resident: &LocalKey) -> QueryResult<usize> {
    bindings_set(conn, keys, resident, Standing::Revoked)
}

#[derive(QueryableByName)]
struct GenerationRow {
    #[diesel(sql_type = BigInt)]
    generation: i64,
}

/// How often statuses of a list have changed; `None` if there is no such list.
pub fn list_generation(conn: &mut AnyConnection, list: i64) -> QueryResult<Option<i64>> {
    let rows: Vec<GenerationRow> =
        sql_query("SELECT generation FROM status_list WHERE list = $1").bind::<BigInt, _>(list).load(conn)?;
    Ok(rows.first().map(|row| row.generation))
}

#[derive(QueryableByName)]
struct StatusRow {
    #[diesel(sql_type = BigInt)]
    idx: i64,
    #[diesel(sql_type = BigInt)]
    status: i64,
}

/// The places of a list that are not in force, with their numbers.
pub fn list_exceptions(conn: &mut AnyConnection, list: i64) -> QueryResult<Vec<(i64, i64)>> {
    let rows: Vec<StatusRow> = sql_query("SELECT idx, status FROM binding WHERE list = $1 AND status <> 0")
        .bind::<BigInt, _>(list)
        .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.idx, row.status)).collect())
}
