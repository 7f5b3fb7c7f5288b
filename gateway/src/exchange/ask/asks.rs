//! The durable commits of questions: one before sending, one before the data goes to the caller.
//!
//! Guarantees: both are group commits by one writer; whoever writes the receipt of an exchange ends it, once, in whichever
//! process; receipt, counterpart, end, outbox row and the way back to the provider are one transaction.

use std::collections::BTreeMap;

use protocol::exchange::Attested;
use schemas::{
    digest::Digest,
    id::{EntityId, MessageId, SectorSubject},
    receipt::Receipt,
    time::Timestamp,
};
use service_kit::{
    db::{AnyConnection, Database, QueryResult},
    group_commit::{Batch, BatchLimits, GroupCommit},
};
use tlog::entry::EntryType;

use super::{super::journal::milliseconds, End};
use crate::{
    exchange::Rejected,
    keys::Keys,
    store::{
        exchange::{
            asks::{NewAsk, asks_end, asks_insert, end_open, end_seal},
            claims::ClaimKey,
            issuer_index,
            receipts::{NewReceipt, counterparts_insert, receipts_insert},
            returns::returns_insert,
        },
        links::subject_index,
        outbox::outbox_insert,
        retention::{Kept, retention_insert},
    },
};

/// Writes questions and their ends.
#[derive(Clone)]
pub struct Asks {
    keys: Keys,
    writer: GroupCommit<Ledger>,
}

/// The end of a question, with its evidence.
pub(in crate::exchange) struct Close {
    /// Our receipt.
    pub(in crate::exchange) receipt: Attested<Receipt>,
    /// The provider's, where an answer came.
    pub(in crate::exchange) counterpart: Option<Attested<Receipt>>,
    /// What the caller hears.
    pub(in crate::exchange) end: End,
    /// The consent's issuer; nobody under a law.
    pub(in crate::exchange) issuer: Option<schemas::id::Did>,
    /// Who is told of a use under a law.
    pub(in crate::exchange) told: Told,
    /// Until when the answer may be kept, if there is one.
    pub(in crate::exchange) kept: Option<Kept>,
}

/// Who is told of a use under a law, by our own pseudonyms, and from when. On a consent its issuer is told at once.
#[derive(Clone, Default)]
pub(in crate::exchange) struct Told {
    /// The person whom it is about.
    pub(in crate::exchange) person: Option<SectorSubject>,
    /// People who were named to somebody.
    pub(in crate::exchange) others: Vec<SectorSubject>,
    /// From when; `None`: at once.
    pub(in crate::exchange) from: Option<Timestamp>,
    /// Whose operator helped her to give the consent.
    pub(in crate::exchange) assisted: Option<EntityId>,
}

enum Item {
    Open { ask: Box<NewAsk>, at: Timestamp },
    Close(Box<Closing>),
}

struct Closing {
    receipt: NewReceipt,
    counterpart: Option<Attested<Receipt>>,
    end: Vec<u8>,
    kept: Option<Kept>,
}

#[derive(Clone, Copy)]
struct Ledger;

impl Asks {
    /// Starts the writer.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn start(keys: Keys, database: Database) -> std::io::Result<Self> {
        Ok(Self { keys, writer: GroupCommit::spawn(database, Ledger, BatchLimits::default())? })
    }

    /// Stores a question before it is sent. `false`: its key names another one already.
    pub(super) async fn open(&self, ask: NewAsk, at: Timestamp) -> Result<bool, Rejected> {
        Ok(self.writer.commit(Item::Open { ask: Box::new(ask), at }).await?)
    }

    /// Ends a question. `false`: it had ended already, and its first end holds.
    pub(in crate::exchange) async fn close(&self, close: Close) -> Result<bool, Rejected> {
        let Close { receipt, counterpart, end, issuer, told, kept } = close;
        let end = end_seal(&self.keys, &receipt.claims().exchange, &end)?;
        let index = |person: &SectorSubject| subject_index(&self.keys, person);
        let issuer = issuer.map(|issuer| issuer_index(&self.keys, &issuer));
        let receipt = NewReceipt {
            people: told.others.iter().map(index).collect(),
            assisted: told.assisted,
            ..NewReceipt::of(&receipt, told.person.as_ref().map(index), issuer).told_from(told.from)
        };
        Ok(self.writer.commit(Item::Close(Box::new(Closing { receipt, counterpart, end, kept }))).await?)
    }

    /// Reads an end as it was stored.
    pub(super) fn end(&self, exchange: &MessageId, stored: &[u8]) -> Result<End, Rejected> {
        Ok(end_open(&self.keys, exchange, stored)?)
    }
}

impl Batch for Ledger {
    type Item = Item;
    type Outcome = bool;

    fn commit(&self, conn: &mut AnyConnection, items: &[Item]) -> QueryResult<Vec<bool>> {
        let opened = open_all(conn, items)?;
        let closed = close_all(conn, items)?;
        Ok(items
            .iter()
            .map(|item| match item {
                Item::Open { ask, .. } => opened.contains(&ask.exchange),
                Item::Close(closing) => closed.contains(&closing.receipt.jti),
            })
            .collect())
    }
}

fn open_all(conn: &mut AnyConnection, items: &[Item]) -> QueryResult<std::collections::HashSet<MessageId>> {
    let asked = |item: &Item| match item {
        Item::Open { ask, at } => Some((NewAsk::clone(ask), *at)),
        Item::Close(_) => None,
    };
    let (mut asks, times): (Vec<_>, Vec<_>) = items.iter().filter_map(asked).unzip();
    asks.sort_by(|a, b| a.key.cmp(&b.key));
    asks_insert(conn, &asks, times.into_iter().max().map_or(0, milliseconds))
}

fn close_all(conn: &mut AnyConnection, items: &[Item]) -> QueryResult<std::collections::HashSet<MessageId>> {
    fn closing(item: &Item) -> Option<(&ClaimKey, &Closing)> {
        match item {
            Item::Close(closing) => Some((&closing.receipt.key, closing)),
            Item::Open { .. } => None,
        }
    }
    // In the order of keys, and one of each exchange: the unique index decides between batches, this within one.
    let closings: BTreeMap<_, &Closing> = items.iter().rev().filter_map(closing).collect();
    let receipts: Vec<_> = closings.values().map(|closing| closing.receipt.clone()).collect();
    let written = receipts_insert(conn, &receipts)?;
    let ended: Vec<_> = closings.into_values().filter(|closing| written.contains(&closing.receipt.jti)).collect();
    if ended.is_empty() {
        return Ok(written);
    }
    let now_ms = ended.iter().map(|c| c.receipt.issued.seconds().saturating_mul(1000)).max().unwrap_or_default();
    let counterparts: Vec<_> = ended.iter().filter_map(|closing| closing.counterpart.clone()).collect();
    counterparts_insert(conn, &counterparts)?;
    let ends: Vec<_> = ended.iter().map(|c| (c.receipt.key.exchange.clone(), c.end.clone())).collect();
    asks_end(conn, &ends, now_ms)?;
    let kept: Vec<Kept> = ended.iter().filter_map(|closing| closing.kept.clone()).collect();
    retention_insert(conn, &kept)?;
    let own: Vec<&NewReceipt> = ended.iter().map(|closing| &closing.receipt).collect();
    returns_insert(conn, &own, now_ms)?;
    let logged: Vec<(EntryType, Digest)> = own.iter().map(|r| (EntryType::ExchangeReceipt, r.digest)).collect();
    outbox_insert(conn, &logged, now_ms)?;
    Ok(written)
}
