//! Citizens' orders on their way to the other party of the consent, and what came of them.
//!
//! Guarantees: a row is written in the transaction that obeys the order; a claim is taken by one process at a time and comes
//! back by itself; orders about one consent reach a party one after the other, the earliest first, but a revocation, which is
//! final, before all, and one that the party goes on putting off holds back no other; no party takes the turn of the others; what
//! came of an order stays. Deliberately absent: when to try again.

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl, sql_query,
    sql_types::{BigInt, Binary, Nullable, Text},
};
use schemas::{
    digest::Digest,
    id::{CompactJws, EntityId},
    problem::Code,
};
use service_kit::db::AnyConnection;

use super::requests::RequestStoreError;
use crate::{
    keys::Keys,
    store::{
        encrypted::{ColumnError, Encrypted},
        exchange::{ConsentIndex, statement::Statement},
    },
};

const ORDER: Encrypted = Encrypted { table: "order_forward", column: "signed_order" };

/// A party that put off an order so often, though it answered, is not waited for with the later orders about that consent: her
/// newest will is to hold there, and of the older one she hears that a later order holds (`conflict`). With the pauses between
/// tries this is a quarter of an hour or more.
pub const PUT_OFF: i64 = 10;

/// An order, to be carried on.
#[derive(Debug)]
pub struct NewForward<'a> {
    /// Its digest.
    pub digest: &'a Digest,
    /// To whom.
    pub peer: &'a EntityId,
    /// Of which consent.
    pub consent: &'a ConsentIndex,
    /// The order as it came.
    pub order: &'a CompactJws,
    /// Whether it ends the consent: then it waits behind no other.
    pub revokes: bool,
    /// Now, milliseconds.
    pub now_ms: i64,
    /// Not tried before, milliseconds.
    pub next_ms: i64,
}

/// An order that was claimed.
#[derive(Clone, Debug)]
pub struct Forward {
    /// Its digest.
    pub digest: Digest,
    /// To whom.
    pub peer: EntityId,
    /// The order as it came.
    pub order: CompactJws,
    /// How often it was tried before.
    pub tries: u32,
    /// Since when it waits, milliseconds.
    pub since_ms: i64,
}

/// How many orders a claim takes.
#[derive(Clone, Copy, Debug)]
pub struct ClaimBounds {
    /// For one party.
    pub per_peer: i64,
    /// For all.
    pub all: i64,
}

/// What was due.
#[derive(Debug)]
pub struct Claim {
    /// To be carried.
    pub due: Vec<Forward>,
    /// Rows that could not be read; they are parked.
    pub damaged: usize,
}

/// What came of an order at the other party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForwardEnd {
    /// Its acknowledgement.
    Acknowledged(CompactJws),
    /// It will never take it.
    Refused(Code),
    /// Nobody answered for days; an officer looks.
    Parked,
}

/// Writes an order that waits. One of this digest to this party stays as it is, but if it was parked it waits anew.
///
/// # Errors
/// If the database or the encryption fails.
pub fn forward_insert(conn: &mut AnyConnection, keys: &Keys, new: &NewForward<'_>) -> Result<(), RequestStoreError> {
    let sealed = ORDER.seal(keys, &new.digest.to_string(), new.order)?;
    sql_query(
        "INSERT INTO order_forward (order_digest, peer, consent_index, signed_order, state, tries, revokes, since_ms, \
         next_ms) VALUES ($1, $2, $3, $4, 'waiting', 0, $5, $6, $7) ON CONFLICT (order_digest, peer) DO UPDATE SET \
         signed_order = excluded.signed_order, state = 'waiting', tries = 0, put_off = 0, since_ms = excluded.since_ms, \
         next_ms = excluded.next_ms WHERE order_forward.state = 'parked'",
    )
    .bind::<Binary, _>(new.digest.as_bytes().to_vec())
    .bind::<Text, _>(new.peer.as_str())
    .bind::<Text, _>(new.consent.as_str())
    .bind::<Binary, _>(sealed)
    .bind::<BigInt, _>(i64::from(new.revokes))
    .bind::<BigInt, _>(new.now_ms)
    .bind::<BigInt, _>(new.next_ms)
    .execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Binary)]
    order_digest: Vec<u8>,
    #[diesel(sql_type = Text)]
    peer: String,
    #[diesel(sql_type = Binary)]
    signed_order: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    tries: i64,
    #[diesel(sql_type = BigInt)]
    since_ms: i64,
}

impl Row {
    fn read(&self, keys: &Keys) -> Result<Forward, ColumnError> {
        let digest = <[u8; 32]>::try_from(self.order_digest.as_slice()).map_err(|_| ColumnError::Content)?;
        let digest = Digest::from_bytes(digest);
        Ok(Forward {
            order: ORDER.open(keys, &digest.to_string(), &self.signed_order)?,
            digest,
            peer: self.peer.parse().map_err(|_| ColumnError::Content)?,
            tries: u32::try_from(self.tries).unwrap_or(u32::MAX),
            since_ms: self.since_ms,
        })
    }

    /// Out of the way of the others; the citizen who brings her order again mends it.
    fn park(&self, conn: &mut AnyConnection) -> QueryResult<usize> {
        sql_query("UPDATE order_forward SET state = 'parked' WHERE order_digest = $1 AND peer = $2")
            .bind::<Binary, _>(&self.order_digest)
            .bind::<Text, _>(&self.peer)
            .execute(conn)
    }
}

/// The earliest order of each consent for each party (by the citizen's number, then by age), if it is due; of those the least
/// tried of each party that is not busy. One of them that waits holds back the later orders about its consent: overtaken, it would
/// be refused. Those that were put off too often form a line of their own. A revocation goes before all of them: it is final, and
/// what it overtakes is of no use any more.
fn claim(until_ms: i64, now_ms: i64, busy: &[EntityId], bounds: ClaimBounds) -> Statement {
    let mut claim = Statement::new("UPDATE order_forward SET next_ms = ")
        .bind(until_ms)
        .sql(", tries = tries + 1 WHERE state = 'waiting' AND next_ms <= ")
        .bind(now_ms)
        .sql(
            " AND (order_digest, peer) IN (SELECT d.order_digest, d.peer FROM (SELECT w.order_digest, w.peer, w.tries, \
             w.next_ms, ROW_NUMBER() OVER (PARTITION BY w.peer ORDER BY w.tries, w.next_ms) AS at_peer FROM \
             (SELECT f.order_digest, f.peer, f.tries, f.next_ms, ROW_NUMBER() OVER (PARTITION BY f.peer, f.consent_index, \
             CASE WHEN f.revokes = 0 AND f.put_off >= ",
        )
        .bind(PUT_OFF)
        .sql(
            " THEN 1 ELSE 0 END ORDER BY f.revokes DESC, COALESCE(a.n, 0), f.since_ms, f.order_digest) AS in_turn FROM order_forward AS f \
             LEFT JOIN order_ack AS a ON a.order_digest = f.order_digest WHERE f.state = 'waiting') AS w \
             WHERE w.in_turn = 1 AND w.next_ms <= ",
        )
        .bind(now_ms);
    if !busy.is_empty() {
        claim = claim.sql(" AND w.peer NOT IN ").row(busy.iter().map(|peer| peer.as_str().into()));
    }
    claim
        .sql(") AS d WHERE d.at_peer <= ")
        .bind(bounds.per_peer)
        .sql(" ORDER BY d.tries, d.next_ms LIMIT ")
        .bind(bounds.all)
        .sql(") RETURNING order_digest, peer, signed_order, tries - 1 AS tries, since_ms")
}

/// Takes what is due within the bounds for parties that are not busy; it is due again at `until_ms` if nothing is heard of it.
///
/// # Errors
/// If the database fails. A row that cannot be read is parked, and the others are taken.
pub fn forwards_claim(
    conn: &mut AnyConnection,
    keys: &Keys,
    (now_ms, until_ms): (i64, i64),
    (busy, bounds): (&[EntityId], ClaimBounds),
) -> Result<Claim, RequestStoreError> {
    let rows: Vec<Row> = claim(until_ms, now_ms, busy, bounds).load(conn)?;
    let mut claim = Claim { due: Vec::new(), damaged: 0 };
    for row in rows {
        match row.read(keys) {
            Ok(forward) => claim.due.push(forward),
            Err(error) => {
                tracing::error!(peer = row.peer, %error, "a citizen's order cannot be read from its row; it is parked");
                claim.damaged += row.park(conn)?;
            }
        }
    }
    Ok(claim)
}

/// A parked order, for whoever looks after them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedForward {
    /// Its digest.
    pub digest: Digest,
    /// To whom.
    pub peer: EntityId,
    /// Since when it waited, milliseconds.
    pub since_ms: i64,
}

#[derive(QueryableByName)]
struct ParkedRow {
    #[diesel(sql_type = Binary)]
    order_digest: Vec<u8>,
    #[diesel(sql_type = Text)]
    peer: String,
    #[diesel(sql_type = BigInt)]
    since_ms: i64,
}

/// Orders that are parked, oldest first.
///
/// # Errors
/// If the database fails or a row is damaged.
pub fn forwards_parked(conn: &mut AnyConnection, limit: i64) -> Result<Vec<ParkedForward>, RequestStoreError> {
    let rows: Vec<ParkedRow> = sql_query(
        "SELECT order_digest, peer, since_ms FROM order_forward WHERE state = 'parked' \
         ORDER BY since_ms, order_digest, peer LIMIT $1",
    )
    .bind::<BigInt, _>(limit)
    .load(conn)?;
    let read = |row: ParkedRow| {
        let digest = <[u8; 32]>::try_from(row.order_digest.as_slice()).map_err(|_| ColumnError::Content)?;
        let peer = row.peer.parse().map_err(|_| ColumnError::Content)?;
        Ok(ParkedForward { digest: Digest::from_bytes(digest), peer, since_ms: row.since_ms })
    };
    Ok(rows.into_iter().map(read).collect::<Result<_, ColumnError>>()?)
}

/// Lets a parked order set out anew. Returns whether there was one.
pub fn forward_replay(conn: &mut AnyConnection, digest: &Digest, peer: &EntityId, now_ms: i64) -> QueryResult<bool> {
    let replayed = sql_query(
        "UPDATE order_forward SET state = 'waiting', tries = 0, put_off = 0, since_ms = $1, next_ms = $2 WHERE order_digest = $3 \
         AND peer = $4 AND state = 'parked'",
    )
    .bind::<BigInt, _>(now_ms)
    .bind::<BigInt, _>(now_ms)
    .bind::<Binary, _>(digest.as_bytes().to_vec())
    .bind::<Text, _>(peer.as_str())
    .execute(conn)?;
    Ok(replayed == 1)
}

/// Why a claimed order waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// The party could not be reached, or takes no order at the moment.
    Away,
    /// The party answered, and put off this one.
    PutOff,
}

/// Puts off a claimed order.
pub fn forward_later(
    conn: &mut AnyConnection,
    digest: &Digest,
    peer: &EntityId,
    (next_ms, why): (i64, Waits),
) -> QueryResult<()> {
    sql_query(
        "UPDATE order_forward SET next_ms = $1, put_off = put_off + $2 WHERE order_digest = $3 AND peer = $4 \
         AND state = 'waiting'",
    )
    .bind::<BigInt, _>(next_ms)
    .bind::<BigInt, _>(i64::from(why == Waits::PutOff))
    .bind::<Binary, _>(digest.as_bytes().to_vec())
    .bind::<Text, _>(peer.as_str())
    .execute(conn)
    .map(drop)
}

/// Writes down what came of an order; the first answer stays.
pub fn forward_end(conn: &mut AnyConnection, digest: &Digest, peer: &EntityId, end: &ForwardEnd) -> QueryResult<bool> {
    let (state, outcome) = match end {
        ForwardEnd::Acknowledged(ack) => ("acknowledged", Some(ack.as_str())),
        ForwardEnd::Refused(code) => ("refused", Some(code.as_str())),
        ForwardEnd::Parked => ("parked", None),
    };
    let ended = sql_query(
        "UPDATE order_forward SET state = $1, outcome = $2 WHERE order_digest = $3 AND peer = $4 \
         AND state IN ('waiting', 'parked')",
    )
    .bind::<Text, _>(state)
    .bind::<Nullable<Text>, _>(outcome)
    .bind::<Binary, _>(digest.as_bytes().to_vec())
    .bind::<Text, _>(peer.as_str())
    .execute(conn)?;
    Ok(ended == 1)
}

#[derive(QueryableByName)]
struct EndRow {
    #[diesel(sql_type = Text)]
    peer: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Text>)]
    outcome: Option<String>,
}

/// The other parties of an order, with what came of it; `None` while it waits.
///
/// # Errors
/// If the database fails or a row is damaged.
pub fn forwards_of(
    conn: &mut AnyConnection,
    digest: &Digest,
) -> Result<Vec<(EntityId, Option<ForwardEnd>)>, RequestStoreError> {
    let rows: Vec<EndRow> =
        sql_query("SELECT peer, state, outcome FROM order_forward WHERE order_digest = $1 ORDER BY peer")
            .bind::<Binary, _>(digest.as_bytes().to_vec())
            .load(conn)?;
    let read = |row: EndRow| {
        let end = match (row.state.as_str(), row.outcome) {
            ("waiting", _) => None,
            ("acknowledged", Some(ack)) => {
                Some(ForwardEnd::Acknowledged(ack.parse().map_err(|_| ColumnError::Content)?))
            }
            ("refused", Some(code)) => Some(ForwardEnd::Refused(code.parse().map_err(|_| ColumnError::Content)?)),
            ("parked", _) => Some(ForwardEnd::Parked),
            _ => return Err(ColumnError::Content),
        };
        Ok((row.peer.parse().map_err(|_| ColumnError::Content)?, end))
    };
    Ok(rows.into_iter().map(read).collect::<Result<_, ColumnError>>()?)
}

#[cfg(test)]
mod tests;
