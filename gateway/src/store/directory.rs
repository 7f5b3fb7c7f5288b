//! Statements, chains and registers as they were seen.
//!
//! Guarantees: a mark never goes back, not even between two processes on one database; chains are only added. Deliberately
//! absent: verification; what stands here was verified before and is verified again when it is read.

use std::collections::HashMap;

use diesel::{
    OptionalExtension, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Binary, Text},
};
use protocol::federation::Mark;
use schemas::{
    digest::Digest,
    id::{CompactJws, EntityId},
    time::NumericDate,
};
use service_kit::db::{AnyConnection, DatabaseError};

/// Of which statement a mark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatementKind {
    /// What an entity says of itself.
    Configuration,
    /// What the anchor says of it.
    Subordinate,
}

impl StatementKind {
    const ALL: [Self; 2] = [Self::Configuration, Self::Subordinate];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Subordinate => "subordinate",
        }
    }
}

/// Which register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RegisterKind {
    /// The purpose registry.
    Purposes,
    /// The register of laws.
    Laws,
}

impl RegisterKind {
    /// Its name in the database and below `registers_endpoint`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Purposes => "purposes",
            Self::Laws => "laws",
        }
    }
}

#[derive(QueryableByName)]
struct MarkRow {
    #[diesel(sql_type = BigInt)]
    iat: i64,
    #[diesel(sql_type = Binary)]
    digest: Vec<u8>,
}

impl From<MarkRow> for Mark {
    fn from(row: MarkRow) -> Self {
        Self {
            position: u64::try_from(row.iat).unwrap_or(0),
            // A digest of another length was not written by us; zeros then look like equivocation, which refuses.
            digest: Digest::from_bytes(row.digest.try_into().unwrap_or([0; 32])),
        }
    }
}

#[derive(QueryableByName)]
struct SeenRow {
    #[diesel(sql_type = Text)]
    entity: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(embed)]
    mark: MarkRow,
}

/// The greatest `iat` seen of a statement.
pub fn statement_seen_find(
    conn: &mut AnyConnection,
    entity: &EntityId,
    kind: StatementKind,
) -> Result<Option<Mark>, DatabaseError> {
    let row: Option<MarkRow> = sql_query("SELECT iat, digest FROM statement_seen WHERE entity = $1 AND kind = $2")
        .bind::<Text, _>(entity.as_str())
        .bind::<Text, _>(kind.as_str())
        .get_result(conn)
        .optional()?;
    Ok(row.map(Mark::from))
}

/// The greatest `iat` seen of each statement.
pub fn statements_seen(conn: &mut AnyConnection) -> Result<HashMap<(EntityId, StatementKind), Mark>, DatabaseError> {
    let rows: Vec<SeenRow> = sql_query("SELECT entity, kind, iat, digest FROM statement_seen").load(conn)?;
    let marks = rows.into_iter().filter_map(|row| {
        // What no such entity could have written is found again when the entity's own mark is looked up, and refuses there.
        let entity = row.entity.parse().ok()?;
        let kind = StatementKind::ALL.into_iter().find(|kind| kind.as_str() == row.kind)?;
        Some(((entity, kind), row.mark.into()))
    });
    Ok(marks.collect())
}

/// Remembers a greater `iat`; a smaller one changes nothing.
pub fn statement_seen_put(
    conn: &mut AnyConnection,
    entity: &EntityId,
    kind: StatementKind,
    mark: Mark,
) -> Result<(), DatabaseError> {
    sql_query(
        "INSERT INTO statement_seen (entity, kind, iat, digest) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (entity, kind) DO UPDATE SET iat = excluded.iat, digest = excluded.digest \
         WHERE statement_seen.iat < excluded.iat",
    )
    .bind::<Text, _>(entity.as_str())
    .bind::<Text, _>(kind.as_str())
    .bind::<BigInt, _>(i64::try_from(mark.position).unwrap_or(i64::MAX))
    .bind::<Binary, _>(mark.digest.as_bytes().to_vec())
    .execute(conn)?;
    Ok(())
}

/// A chain as it was seen; for the anchor itself, its entity configuration alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredChain {
    /// The member, or the anchor.
    pub entity: EntityId,
    /// Issue of the subordinate statement (of the anchor: of its configuration).
    pub iat: NumericDate,
    /// When the first of the statements ends.
    pub exp: NumericDate,
    /// Configuration, subordinate, anchor.
    pub chain: Vec<CompactJws>,
}

#[derive(QueryableByName)]
struct ChainRow {
    #[diesel(sql_type = Text)]
    entity: String,
    #[diesel(sql_type = BigInt)]
    iat: i64,
    #[diesel(sql_type = BigInt)]
    exp: i64,
    #[diesel(sql_type = Text)]
    chain: String,
}

impl ChainRow {
    /// A row that cannot be read was damaged beneath us; it is left out, and the next refresh brings another.
    fn read(self) -> Option<StoredChain> {
        Some(StoredChain {
            entity: self.entity.parse().ok()?,
            iat: NumericDate::from_seconds(self.iat),
            exp: NumericDate::from_seconds(self.exp),
            chain: serde_json::from_str(&self.chain).ok()?,
        })
    }
}

/// Keeps a chain.
pub fn member_chain_insert(conn: &mut AnyConnection, stored: &StoredChain) -> Result<(), DatabaseError> {
    let chain = serde_json::to_string(&stored.chain)
        .map_err(|error| DatabaseError::Constraint(format!("a chain cannot be written as JSON: {error}")))?;
    sql_query("INSERT INTO member_chain (entity, iat, exp, chain) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
        .bind::<Text, _>(stored.entity.as_str())
        .bind::<BigInt, _>(stored.iat.seconds())
        .bind::<BigInt, _>(stored.exp.seconds())
        .bind::<Text, _>(chain)
        .execute(conn)?;
    Ok(())
}

/// The newest chain of each entity, the anchor's own configuration included.
pub fn member_chain_newest(conn: &mut AnyConnection) -> Result<Vec<StoredChain>, DatabaseError> {
    let rows: Vec<ChainRow> = sql_query(
        "SELECT entity, iat, exp, chain FROM member_chain AS one \
         WHERE iat = (SELECT MAX(iat) FROM member_chain AS other WHERE other.entity = one.entity)",
    )
    .load(conn)?;
    Ok(rows.into_iter().filter_map(ChainRow::read).collect())
}

/// The chain of an entity that was in force at an instant, for evidence.
pub fn member_chain_at(
    conn: &mut AnyConnection,
    entity: &EntityId,
    at: NumericDate,
) -> Result<Option<StoredChain>, DatabaseError> {
    let row: Option<ChainRow> = sql_query(
        "SELECT entity, iat, exp, chain FROM member_chain WHERE entity = $1 AND iat <= $2 AND exp > $2 ORDER BY iat DESC LIMIT 1",
    )
    .bind::<Text, _>(entity.as_str())
    .bind::<BigInt, _>(at.seconds())
    .get_result(conn)
    .optional()?;
    Ok(row.and_then(ChainRow::read))
}

#[derive(QueryableByName)]
struct RegisterRow {
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Text)]
    signatures: String,
}

/// The newest register seen: version and signatures.
pub fn register_seen_find(
    conn: &mut AnyConnection,
    kind: RegisterKind,
) -> Result<Option<(u64, Vec<CompactJws>)>, DatabaseError> {
    let row: Option<RegisterRow> = sql_query("SELECT version, signatures FROM register_seen WHERE kind = $1")
        .bind::<Text, _>(kind.as_str())
        .get_result(conn)
        .optional()?;
    Ok(row.and_then(|row| Some((u64::try_from(row.version).ok()?, serde_json::from_str(&row.signatures).ok()?))))
}

/// Remembers a greater version; a smaller one changes nothing.
pub fn register_seen_put(
    conn: &mut AnyConnection,
    kind: RegisterKind,
    version: u64,
    signatures: &[CompactJws],
) -> Result<(), DatabaseError> {
    let signatures = serde_json::to_string(signatures)
        .map_err(|error| DatabaseError::Constraint(format!("a register cannot be written as JSON: {error}")))?;
    sql_query(
        "INSERT INTO register_seen (kind, version, signatures) VALUES ($1, $2, $3) \
         ON CONFLICT (kind) DO UPDATE SET version = excluded.version, signatures = excluded.signatures \
         WHERE register_seen.version < excluded.version",
    )
    .bind::<Text, _>(kind.as_str())
    .bind::<BigInt, _>(i64::try_from(version).unwrap_or(i64::MAX))
    .bind::<Text, _>(signatures)
    .execute(conn)?;
    Ok(())
}
