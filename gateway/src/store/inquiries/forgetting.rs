//! What inquiries hold of people, and until when.

use diesel::{QueryResult, QueryableByName, sql_types::Text};
use service_kit::db::AnyConnection;

use crate::store::exchange::{asks, statement::Statement};

/// How long a batch or a request in parts is kept, so that it can go on, milliseconds.
pub const RESUMABLE_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// Takes away values of case files whose time is over or whose consent was revoked, at most `limit`; returns how many.
pub fn values_forget(conn: &mut AnyConnection, now_ms: i64, limit: i64) -> QueryResult<usize> {
    let over = Statement::new(
        "UPDATE inquiry_part SET value = NULL WHERE value IS NOT NULL AND (inquiry, place) IN \
         (SELECT inquiry, place FROM inquiry_part WHERE value IS NOT NULL AND value_until_ms <= ",
    )
    .bind(now_ms)
    .sql(" LIMIT ")
    .bind(limit)
    .sql(")")
    .execute(conn)?;
    let revoked = Statement::new(
        "UPDATE inquiry_part SET value = NULL WHERE value IS NOT NULL AND consent_index IN \
         (SELECT consent_index FROM consent_state WHERE status = ",
    )
    .bind("revoked")
    .sql(")")
    .execute(conn)?;
    Ok(over + revoked)
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = Text)]
    id: String,
}

/// Takes away what inquiries hold of people when nobody can go on with them: a day after a batch was made that has ended, a week
/// after anything else was made, and of case files when their last value is gone. Outcomes and receipts stay. At most `limit`
/// inquiries; returns how many.
pub fn inquiries_forget(conn: &mut AnyConnection, now_ms: i64, limit: i64) -> QueryResult<usize> {
    let forgotten: Vec<IdRow> = Statement::new(
        "UPDATE inquiry SET about = NULL, state = 'ended' WHERE id IN (SELECT i.id FROM inquiry i WHERE i.about IS NOT NULL \
         AND i.made_ms <= ",
    )
    .bind(now_ms.saturating_sub(asks::KEPT_MS))
    .sql(" AND ((i.kind = 'batch' AND i.state = 'ended') OR i.made_ms <= ")
    .bind(now_ms.saturating_sub(RESUMABLE_MS))
    .sql(
        ") AND NOT EXISTS (SELECT 1 FROM inquiry_part p WHERE p.inquiry = i.id AND p.value IS NOT NULL) \
         ORDER BY i.made_ms LIMIT ",
    )
    .bind(limit)
    .sql(") RETURNING id")
    .load(conn)?;
    for row in &forgotten {
        Statement::new("UPDATE inquiry_part SET about = NULL WHERE inquiry = ").bind(row.id.as_str()).execute(conn)?;
    }
    Ok(forgotten.len())
}
