//! Status lists of identity registries as they were fetched, shared by all processes.

use diesel::{
    OptionalExtension, QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Text},
};
use schemas::{
    id::{CompactJws, EntityId},
    time::Timestamp,
};
use service_kit::db::AnyConnection;

/// A list as it was fetched.
#[derive(Clone, Debug)]
pub struct SeenList {
    /// Its address.
    pub uri: String,
    /// Whose it is.
    pub issuer: EntityId,
    /// The token, as it came.
    pub token: CompactJws,
    /// When it came.
    pub fetched: Timestamp,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    uri: String,
    #[diesel(sql_type = Text)]
    issuer: String,
    #[diesel(sql_type = Text)]
    token: String,
    #[diesel(sql_type = BigInt)]
    fetched_at: i64,
}

impl Row {
    /// A row that cannot be read is as good as none: the list is fetched again.
    fn read(self) -> Option<SeenList> {
        let (issuer, token) = (self.issuer.parse().ok()?, self.token.parse().ok()?);
        Some(SeenList { uri: self.uri, issuer, token, fetched: Timestamp::from_seconds(self.fetched_at) })
    }
}

/// Keeps a list, unless a newer one is kept already; it counts as asked for now.
pub fn list_upsert(conn: &mut AnyConnection, list: &SeenList, now: Timestamp) -> QueryResult<()> {
    sql_query(
        "INSERT INTO status_list_seen (uri, issuer, token, fetched_at, used_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (uri) DO UPDATE SET issuer = excluded.issuer, token = excluded.token, \
         fetched_at = excluded.fetched_at WHERE status_list_seen.fetched_at <= excluded.fetched_at",
    )
    .bind::<Text, _>(&list.uri)
    .bind::<Text, _>(list.issuer.as_str())
    .bind::<Text, _>(list.token.as_str())
    .bind::<BigInt, _>(list.fetched.seconds())
    .bind::<BigInt, _>(now.seconds())
    .execute(conn)
    .map(drop)
}

/// A list by its address.
pub fn list_find(conn: &mut AnyConnection, uri: &str) -> QueryResult<Option<SeenList>> {
    let row: Option<Row> = sql_query("SELECT uri, issuer, token, fetched_at FROM status_list_seen WHERE uri = $1")
        .bind::<Text, _>(uri)
        .get_result(conn)
        .optional()?;
    Ok(row.and_then(Row::read))
}

/// The lists that were asked for since then.
pub fn lists_used(conn: &mut AnyConnection, since: Timestamp) -> QueryResult<Vec<SeenList>> {
    let rows: Vec<Row> = sql_query("SELECT uri, issuer, token, fetched_at FROM status_list_seen WHERE used_at >= $1")
        .bind::<BigInt, _>(since.seconds())
        .load(conn)?;
    Ok(rows.into_iter().filter_map(Row::read).collect())
}

/// Notes that a list is still asked for.
pub fn list_used(conn: &mut AnyConnection, uri: &str, now: Timestamp) -> QueryResult<()> {
    sql_query("UPDATE status_list_seen SET used_at = $1 WHERE uri = $2")
        .bind::<BigInt, _>(now.seconds())
        .bind::<Text, _>(uri)
        .execute(conn)
        .map(drop)
}
