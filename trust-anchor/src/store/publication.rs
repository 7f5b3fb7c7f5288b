//! Checkpoints that were shown to the world, with their time stamps.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl};

use super::{
    Connection, StoreError,
    schema::{publication, time_stamp},
    signed, unsigned,
};

/// A published checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Publication {
    /// Size of the tree.
    pub size: u64,
    /// The checkpoint note with the log's own line alone: the bytes that were stamped.
    pub note: String,
    /// When, milliseconds since 1970.
    pub published_ms: u64,
    /// RFC 3161 responses over `note`.
    pub stamps: Vec<Stamp>,
}

/// One time-stamp response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Which authority.
    pub authority: String,
    /// The time that it states, seconds since 1970.
    pub gen_time: i64,
    /// DER of the `TimeStampResp`.
    pub response: Vec<u8>,
}

pub(crate) fn publication_insert(conn: &mut Connection, new: &Publication) -> Result<(), StoreError> {
    let newest: Option<i64> =
        publication::table.select(publication::seq).order(publication::seq.desc()).first(conn).optional()?;
    let seq = newest.unwrap_or(0) + 1;
    diesel::insert_into(publication::table)
        .values((
            publication::seq.eq(seq),
            publication::size.eq(signed(new.size)?),
            publication::note.eq(&new.note),
            publication::published_ms.eq(signed(new.published_ms)?),
        ))
        .execute(conn)?;
    for stamp in &new.stamps {
        diesel::insert_into(time_stamp::table)
            .values((
                time_stamp::publication.eq(seq),
                time_stamp::authority.eq(&stamp.authority),
                time_stamp::gen_time.eq(stamp.gen_time),
                time_stamp::response.eq(&stamp.response),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// The newest publication.
pub(crate) fn newest(conn: &mut Connection) -> Result<Option<Publication>, StoreError> {
    let row = publication::table
        .order(publication::seq.desc())
        .select((publication::seq, publication::size, publication::note, publication::published_ms))
        .first(conn)
        .optional()?;
    row.map(|row| with_stamps(conn, row)).transpose()
}

/// The newest publication of this size.
pub(crate) fn of_size(conn: &mut Connection, size: u64) -> Result<Option<Publication>, StoreError> {
    let Ok(size) = signed(size) else { return Ok(None) };
    let row = publication::table
        .filter(publication::size.eq(size))
        .order(publication::seq.desc())
        .select((publication::seq, publication::size, publication::note, publication::published_ms))
        .first(conn)
        .optional()?;
    row.map(|row| with_stamps(conn, row)).transpose()
}

/// Publications after row `after`, oldest first, at most `most`, each with its row.
pub(crate) fn after(conn: &mut Connection, after: i64, most: i64) -> Result<Vec<(i64, Publication)>, StoreError> {
    let rows: Vec<Row> = publication::table
        .filter(publication::seq.gt(after))
        .order(publication::seq.asc())
        .limit(most)
        .select((publication::seq, publication::size, publication::note, publication::published_ms))
        .load(conn)?;
    rows.into_iter().map(|row| Ok((row.0, with_stamps(conn, row)?))).collect()
}

type Row = (i64, i64, String, i64);

fn with_stamps(conn: &mut Connection, (seq, size, note, published_ms): Row) -> Result<Publication, StoreError> {
    let stamps: Vec<(String, i64, Vec<u8>)> = time_stamp::table
        .filter(time_stamp::publication.eq(seq))
        .order(time_stamp::authority.asc())
        .select((time_stamp::authority, time_stamp::gen_time, time_stamp::response))
        .load(conn)?;
    let stamps =
        stamps.into_iter().map(|(authority, gen_time, response)| Stamp { authority, gen_time, response }).collect();
    Ok(Publication { size: unsigned(size)?, note, published_ms: unsigned(published_ms)?, stamps })
}
