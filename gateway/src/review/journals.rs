//! Rolls as officers look after them: the head of each journal, what others did, and whether everything is whole.
//!
//! Guarantees: entries and windows of time; keys of rows only where a comparison names them, which is a row of the audit trail.
//! Deliberately absent: putting anything back.

use registry_adapter::mapping::RollId;
use schemas::{id::SystemName, time::Timestamp};
use service_kit::db::DatabaseError;

use crate::{
    app::App,
    audit,
    rolls::{self, RollsError, commands::Shown},
    store::{
        journal::{journal_head_newest, journal_looked},
        review::outside_rows,
    },
};

/// Outside edits of one list.
const MOST: i64 = 200;
/// Its action in the audit trail.
const VERIFY: &str = "journal.verify";

/// One roll.
#[derive(Clone, Debug)]
pub struct RollSeen {
    /// Its id.
    pub roll: RollId,
    /// Last entry of its journal; none: nothing was done yet.
    pub entries: Option<u64>,
    /// The newest signed head: up to which entry, its hash, when.
    pub head: Option<(u64, String, Timestamp)>,
    /// When the roll was last compared with its journal.
    pub looked: Option<Timestamp>,
    /// What others did, newest first: entry and when it was found.
    pub outside: Vec<(String, Timestamp)>,
}

fn moment(ms: i64) -> Timestamp {
    Timestamp::from_seconds(ms.div_euclid(1_000))
}

impl App {
    /// Each roll that is open here.
    ///
    /// # Errors
    /// If a journal or our database cannot be read.
    pub async fn rolls_seen(&self) -> Result<Vec<RollSeen>, RollsError> {
        let Some(writer) = self.triggers().rolls().cloned() else { return Ok(Vec::new()) };
        let mut seen = Vec::new();
        for roll in writer.rolls().cloned().collect::<Vec<_>>() {
            let (reader, named) = (writer.clone(), roll.clone());
            let head = tokio::task::spawn_blocking(move || reader.journal_head(&named)).await;
            let entries = head.map_err(|_| RollsError::Stopping)??.map(|head| head.seq);
            let name = roll.to_string();
            let read = self.db().read(move |conn| {
                let outside = outside_rows(conn, &name, MOST)?;
                let head = journal_head_newest(conn, &name)?;
                Ok::<_, DatabaseError>((head, journal_looked(conn, &name)?, outside))
            });
            let (head, looked, outside) = read.await?;
            let head = head.map(|head| (u64::try_from(head.seq).unwrap_or(0), head.hash, moment(head.at_ms)));
            seen.push(RollSeen { roll, entries, head, looked: looked.map(moment), outside });
        }
        Ok(seen)
    }

    /// Compares a roll's journal with itself, its signed head and the roll, for an officer; empty where all is well.
    ///
    /// # Errors
    /// If one of them cannot be read.
    pub async fn verify_roll(&self, officer: &SystemName, roll: &RollId) -> Result<Vec<Shown>, RollsError> {
        let row = audit::done(officer.as_str(), VERIFY, &roll.to_string(), self.now());
        match rolls::verify(self, roll).await {
            Ok(found) => {
                audit::record(self.db(), row).await?;
                Ok(found.into_iter().map(Shown::from).collect())
            }
            Err(error) => {
                audit::record(self.db(), audit::refused(row, None)).await?;
                Err(error)
            }
        }
    }
}
