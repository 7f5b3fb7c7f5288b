//! The log's tables: head, entries, tiles, and what the authority still wants logged.
//!
//! [`commit`] is the only function that changes head, entries and tiles, and it changes them together.

use std::cell::RefCell;

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, RunQueryDsl, dsl::count_star};
use tlog::{
    entry::{ENTRY_BYTES, Entry, EntryType, RecordDigest},
    merkle::{HASH_BYTES, Hash},
    tile::{FULL_WIDTH, Tile, TileReader},
};

use super::{
    Connection, StoreError, bytes32,
    schema::{log_entry, log_head, log_tile, pending_entry},
    signed, unsigned,
};

/// The newest signed state of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    /// Number of entries.
    pub size: u64,
    /// Root of their tree.
    pub root: Hash,
    /// Time of the newest entry, milliseconds since 1970.
    pub received_ms: u64,
    /// The checkpoint note with the log's own signature.
    pub note: String,
}

/// What one transaction adds to the log.
#[derive(Debug, Clone)]
pub(crate) struct Addition {
    /// The head after it.
    pub head: Head,
    /// The bytes of the new entries, from index `old size` on.
    pub entries: Vec<[u8; ENTRY_BYTES]>,
    /// Completed tiles and the new right edge.
    pub tiles: Vec<Tile>,
}

pub(crate) fn head_insert(conn: &mut Connection, head: &Head) -> Result<(), StoreError> {
    diesel::insert_into(log_head::table)
        .values((
            log_head::id.eq(1),
            log_head::size.eq(signed(head.size)?),
            log_head::root.eq(head.root.as_bytes().to_vec()),
            log_head::received_ms.eq(signed(head.received_ms)?),
            log_head::note.eq(&head.note),
        ))
        .execute(conn)?;
    Ok(())
}

pub(crate) fn head(conn: &mut Connection) -> Result<Head, StoreError> {
    let row: Option<(i64, Vec<u8>, i64, String)> = log_head::table
        .filter(log_head::id.eq(1))
        .select((log_head::size, log_head::root, log_head::received_ms, log_head::note))
        .first(conn)
        .optional()?;
    let (size, root, received_ms, note) = row.ok_or(StoreError::Damaged("head of the log"))?;
    Ok(Head { size: unsigned(size)?, root: bytes32(&root)?.into(), received_ms: unsigned(received_ms)?, note })
}

/// Adds entries and tiles and moves the head from `old`. Call it in one transaction with nothing else in it.
pub(crate) fn commit(conn: &mut Connection, old: &Head, addition: &Addition) -> Result<(), StoreError> {
    head_swap(conn, old, &addition.head)?;
    for (index, bytes) in (old.size..).zip(&addition.entries) {
        entry_insert(conn, index, bytes)?;
    }
    addition.tiles.iter().try_for_each(|tile| tile_put(conn, tile))
}

fn head_swap(conn: &mut Connection, old: &Head, new: &Head) -> Result<(), StoreError> {
    let moved = diesel::update(log_head::table)
        .filter(log_head::id.eq(1))
        .filter(log_head::size.eq(signed(old.size)?))
        .filter(log_head::root.eq(old.root.as_bytes().to_vec()))
        .set((
            log_head::size.eq(signed(new.size)?),
            log_head::root.eq(new.root.as_bytes().to_vec()),
            log_head::received_ms.eq(signed(new.received_ms)?),
            log_head::note.eq(&new.note),
        ))
        .execute(conn)?;
    if moved == 1 { Ok(()) } else { Err(StoreError::HeadMoved) }
}

fn entry_insert(conn: &mut Connection, index: u64, bytes: &[u8; ENTRY_BYTES]) -> Result<(), StoreError> {
    let entry = Entry::parse(bytes).map_err(|_| StoreError::Damaged("entry"))?;
    diesel::insert_into(log_entry::table)
        .values((
            log_entry::idx.eq(signed(index)?),
            log_entry::entry_type.eq(i32::from(u8::from(entry.entry_type))),
            log_entry::digest.eq(entry.digest.as_bytes().to_vec()),
            log_entry::bytes.eq(bytes.to_vec()),
        ))
        .execute(conn)?;
    Ok(())
}

/// A tile only ever grows: the row of a wider tile is never replaced by a narrower one.
fn tile_put(conn: &mut Connection, tile: &Tile) -> Result<(), StoreError> {
    let (level, index) = (i32::from(tile.id().level()), signed(tile.id().index())?);
    let grown = diesel::update(log_tile::table)
        .filter(log_tile::level.eq(level))
        .filter(log_tile::idx.eq(index))
        .set(log_tile::hashes.eq(tile.bytes().to_vec()))
        .execute(conn)?;
    if grown == 0 {
        diesel::insert_into(log_tile::table)
            .values((log_tile::level.eq(level), log_tile::idx.eq(index), log_tile::hashes.eq(tile.bytes().to_vec())))
            .execute(conn)?;
    }
    Ok(())
}

/// Where a record stands in the log, if it is there.
pub(crate) fn entry_find(
    conn: &mut Connection,
    entry_type: EntryType,
    digest: RecordDigest,
) -> Result<Option<(u64, Entry)>, StoreError> {
    let row: Option<(i64, Vec<u8>)> = log_entry::table
        .filter(log_entry::entry_type.eq(i32::from(u8::from(entry_type))))
        .filter(log_entry::digest.eq(digest.as_bytes().to_vec()))
        .select((log_entry::idx, log_entry::bytes))
        .first(conn)
        .optional()?;
    row.map(|(index, bytes)| Ok((unsigned(index)?, Entry::parse(&bytes).map_err(|_| StoreError::Damaged("entry"))?)))
        .transpose()
}

/// The bytes of entries `from..to`, as they were stored; fewer if some are missing.
pub(crate) fn entries(conn: &mut Connection, from: u64, to: u64) -> Result<Vec<Vec<u8>>, StoreError> {
    let rows: Vec<(i64, Vec<u8>)> = log_entry::table
        .filter(log_entry::idx.ge(signed(from)?))
        .filter(log_entry::idx.lt(signed(to)?))
        .order(log_entry::idx.asc())
        .select((log_entry::idx, log_entry::bytes))
        .load(conn)?;
    let dense = rows.iter().zip(from..).all(|((index, _), expected)| u64::try_from(*index) == Ok(expected));
    if dense { Ok(rows.into_iter().map(|(_, bytes)| bytes).collect()) } else { Err(StoreError::Damaged("entry")) }
}

pub(crate) fn entry_count(conn: &mut Connection) -> Result<u64, StoreError> {
    unsigned(log_entry::table.select(count_star()).first(conn)?)
}

pub(crate) fn tile_row(conn: &mut Connection, level: u8, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let Ok(index) = signed(index) else { return Ok(None) };
    Ok(log_tile::table
        .filter(log_tile::level.eq(i32::from(level)))
        .filter(log_tile::idx.eq(index))
        .select(log_tile::hashes)
        .first(conn)
        .optional()?)
}

/// The stored tiles as the rules of the tree read them: a narrower tile is a prefix of what is stored.
pub(crate) struct StoredTiles<'a>(RefCell<&'a mut Connection>);

impl<'a> StoredTiles<'a> {
    pub(crate) fn new(conn: &'a mut Connection) -> Self {
        Self(RefCell::new(conn))
    }
}

impl TileReader for StoredTiles<'_> {
    type Error = StoreError;

    fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<u8>, StoreError> {
        let row = tile_row(&mut self.0.borrow_mut(), level, index)?;
        cut(row, width)?.ok_or(StoreError::Damaged("tile"))
    }
}

/// The first `width` hashes of a stored tile; `None` where it is narrower or absent. A row that is no whole number
/// of hashes, or longer than a full tile, is damaged: nothing of it is shown.
pub(crate) fn cut(row: Option<Vec<u8>>, width: u16) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(mut hashes) = row else { return Ok(None) };
    let wanted = usize::from(width) * HASH_BYTES;
    if hashes.len() % HASH_BYTES != 0 || hashes.len() > usize::from(FULL_WIDTH) * HASH_BYTES {
        return Err(StoreError::Damaged("tile"));
    }
    if hashes.len() < wanted {
        return Ok(None);
    }
    hashes.truncate(wanted);
    Ok(Some(hashes))
}

pub(crate) fn pending_insert(
    conn: &mut Connection,
    entry_type: EntryType,
    digest: RecordDigest,
) -> Result<(), StoreError> {
    let newest: Option<i64> =
        pending_entry::table.select(pending_entry::id).order(pending_entry::id.desc()).first(conn).optional()?;
    diesel::insert_into(pending_entry::table)
        .values((
            pending_entry::id.eq(newest.unwrap_or(0) + 1),
            pending_entry::entry_type.eq(i32::from(u8::from(entry_type))),
            pending_entry::digest.eq(digest.as_bytes().to_vec()),
        ))
        .execute(conn)?;
    Ok(())
}

/// What waits to be logged, oldest first, with the row that [`pending_delete`] takes.
pub(crate) fn pending(conn: &mut Connection, most: i64) -> Result<Vec<(i64, EntryType, RecordDigest)>, StoreError> {
    let rows: Vec<(i64, i32, Vec<u8>)> = pending_entry::table
        .order(pending_entry::id.asc())
        .limit(most)
        .select((pending_entry::id, pending_entry::entry_type, pending_entry::digest))
        .load(conn)?;
    rows.into_iter()
        .map(|(id, number, digest)| {
            let number = u8::try_from(number).map_err(|_| StoreError::Damaged("entry type"))?;
            let entry_type = EntryType::try_from(number).map_err(|_| StoreError::Damaged("entry type"))?;
            Ok((id, entry_type, bytes32(&digest)?.into()))
        })
        .collect()
}

/// Forgets what has been logged.
pub(crate) fn pending_delete(conn: &mut Connection, up_to: i64) -> Result<(), StoreError> {
    diesel::delete(pending_entry::table).filter(pending_entry::id.le(up_to)).execute(conn)?;
    Ok(())
}
