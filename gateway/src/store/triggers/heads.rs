//! Signed heads of feeds: our own at the source, the source's at a subscriber.

use diesel::{QueryResult, QueryableByName, sql_types::Text};
use protocol::exchange::Attested;
use schemas::{
    event::FeedHead,
    id::{CompactJws, EntityId},
};
use service_kit::db::AnyConnection;

use super::Side;
use crate::store::exchange::statement::{Statement, read};

/// Stores a head.
pub fn head_insert(
    conn: &mut AnyConnection,
    side: Side,
    peer: &EntityId,
    head: &Attested<FeedHead>,
    now_ms: i64,
) -> QueryResult<()> {
    Statement::new("INSERT INTO feed_head (role, peer, digest, last_seq, jws, at_ms) VALUES ")
        .row([
            side.as_str().into(),
            peer.as_str().into(),
            head.digest().to_string().as_str().into(),
            i64::try_from(head.claims().last_seq).unwrap_or(i64::MAX).into(),
            head.jws().as_str().into(),
            now_ms.into(),
        ])
        .sql(" ON CONFLICT DO NOTHING")
        .execute(conn)
        .map(drop)
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    jws: String,
}

/// The head of a feed that names the most events.
pub fn head_latest(conn: &mut AnyConnection, side: Side, peer: &EntityId) -> QueryResult<Option<CompactJws>> {
    let select = Statement::new("SELECT jws FROM feed_head WHERE role = ").bind(side.as_str()).sql(" AND peer = ");
    let rows: Vec<Row> = select.bind(peer.as_str()).sql(" ORDER BY last_seq DESC, at_ms DESC LIMIT 1").load(conn)?;
    rows.first().map(|row| read(&row.jws)).transpose()
}
