//! The consumer's receipts on their way to the provider, in batches; and taking them there.
//!
//! The body is one compact JWS a line, `application/dx-receipts`. Guarantees: a receipt leaves the queue when the provider has it
//! or says that it will never take it; the provider stores only what its asker signed and what matches its own receipt of the
//! same exchange, once. Deliberately absent: any effect on data; receipts are evidence alone.

use std::collections::BTreeMap;

use protocol::{
    exchange::{Attested, CounterpartInvalid, PairRule, check_receipt},
    federation::VerifiedMember,
    seal::decode_base64url,
};
use schemas::{
    digest::Digest,
    id::{CompactJws, EntityId, MessageId},
    problem::Code,
    receipt::Receipt,
};
use serde::{Deserialize, Serialize};
use service_kit::db::DatabaseError;
use utoipa::ToSchema;

use super::{Rejected, journal::milliseconds};
use crate::{
    app::App,
    store::exchange::{
        receipts::{counterparts_insert, provider_receipts},
        returns::{WaitingReceipt, returns_claim, returns_done, returns_later},
    },
};

/// The media type of a batch.
pub const RECEIPTS_TYPE: &str = "application/dx-receipts";
/// Receipts of one batch.
pub const BATCH: usize = 200;
/// Bytes of one batch.
pub const BATCH_BYTES: usize = 1024 * 1024;
/// How long a claimed receipt is left to whoever claimed it, milliseconds.
const CLAIMED_MS: i64 = 30_000;
/// Longest pause between two tries, seconds (security, "Outbox").
const LONGEST_PAUSE: i64 = 15 * 60;

/// What the provider says to a batch; what is not named was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Returned {
    /// Receipts that will never be taken.
    pub refused: Vec<RefusedReceipt>,
}

/// A receipt that the provider will never take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefusedReceipt {
    /// Its line, from 0.
    pub line: usize,
    /// Why.
    #[schema(value_type = String)]
    pub code: Code,
}

impl App {
    /// One round of the queue; returns how many left it.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn return_receipts(&self) -> Result<usize, DatabaseError> {
        let now_ms = milliseconds(self.now());
        let due = self.db().write(move |conn| {
            Ok::<_, DatabaseError>(returns_claim(conn, now_ms, now_ms.saturating_add(CLAIMED_MS), 1_000)?)
        });
        let mut by_peer: BTreeMap<EntityId, Vec<WaitingReceipt>> = BTreeMap::new();
        for waiting in due.await? {
            by_peer.entry(waiting.peer.clone()).or_default().push(waiting);
        }
        let mut left = 0;
        for (peer, receipts) in by_peer {
            for batch in receipts.chunks(BATCH) {
                left += self.return_batch(&peer, batch).await?;
            }
        }
        Ok(left)
    }

    async fn return_batch(&self, peer: &EntityId, batch: &[WaitingReceipt]) -> Result<usize, DatabaseError> {
        let ids: Vec<MessageId> = batch.iter().map(|waiting| waiting.receipt.clone()).collect();
        let count = ids.len();
        let Some(returned) = self.post_receipts(peer, batch).await else {
            let tries = batch.iter().map(|waiting| waiting.tries).max().unwrap_or_default();
            let next_ms = milliseconds(self.now().plus(pause(tries)));
            return self.db().write(move |conn| Ok(returns_later(conn, &ids, next_ms).map(|()| 0)?)).await;
        };
        for refused in &returned.refused {
            // An exchange that the provider never saw: our `unconfirmed` stands alone, and that is what it says.
            tracing::info!(%peer, code = %refused.code, "a receipt was not taken");
        }
        self.db().write(move |conn| Ok(returns_done(conn, &ids).map(|()| count)?)).await
    }

    /// `None`: not taken now.
    async fn post_receipts(&self, peer: &EntityId, batch: &[WaitingReceipt]) -> Option<Returned> {
        let directory = self.directory();
        let endpoint = &directory.peer(peer, self.now()).ok()?.gateway().receipts_endpoint;
        let lines: Vec<&str> = batch.iter().map(|waiting| waiting.jws.as_str()).collect();
        let client = self.peer_client(peer).ok()?;
        let reply = client.post(endpoint, RECEIPTS_TYPE, lines.join("\n").into_bytes()).await.ok()?;
        (reply.status == 200).then(|| serde_json::from_slice(&reply.body).ok())?
    }

    /// Takes receipts that an asker gives back: `caller` is whose certificate (DER) stands at the other end.
    ///
    /// # Errors
    /// `peer-unknown`, `peer-suspended`, `directory-outdated`, `peer-certificate-mismatch`, `token-malformed`.
    pub async fn take_receipts(
        &self,
        caller: &EntityId,
        certificate: &[u8],
        body: &[u8],
    ) -> Result<Returned, Rejected> {
        let now = self.now();
        let directory = self.directory();
        let peer = directory.peer(caller, now).map_err(|refusal| Rejected::new(refusal.code()))?;
        peer.authorize_certificate(certificate, now).map_err(|error| Rejected::new(error.code()))?;
        let text = std::str::from_utf8(body).map_err(|_| Rejected::new(Code::TokenMalformed))?;
        let lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        if lines.len() > BATCH {
            return Err(Rejected::new(Code::RequestTooLarge));
        }
        let (app, peer) = (self.clone(), peer.clone());
        // A batch is some 20 ms of signatures: not on the threads that serve connections.
        let work = tokio::task::spawn_blocking(move || app.judge_receipts(&peer, &lines));
        work.await.map_err(|_| Rejected::new(Code::Internal))?
    }

    fn judge_receipts(&self, peer: &VerifiedMember, lines: &[String]) -> Result<Returned, Rejected> {
        let signed: Vec<_> = lines.iter().map(|line| Attested::<Receipt>::verify(line.as_bytes(), peer)).collect();
        let exchanges: Vec<MessageId> = signed.iter().flatten().map(|r| r.claims().exchange.clone()).collect();
        let ours = self
            .db()
            .read_blocking(|conn| Ok::<_, DatabaseError>(provider_receipts(conn, peer.entity(), &exchanges)?))?;
        let mut taken = Vec::new();
        let mut returned = Returned::default();
        for (line, signed) in signed.into_iter().enumerate() {
            let judged = signed.map_err(|error| error.code()).and_then(|receipt| {
                let own = ours.get(&receipt.claims().exchange).ok_or(Code::NotFound)?;
                let ours = read_own(own).ok_or(Code::Internal)?;
                matches((&ours, Digest::of(own.as_str())), &receipt).map(|()| receipt).map_err(|invalid| invalid.code())
            });
            match judged {
                Ok(receipt) => taken.push(receipt),
                Err(code) => returned.refused.push(RefusedReceipt { line, code }),
            }
        }
        if !taken.is_empty() {
            self.db().write_blocking(|conn| Ok::<_, DatabaseError>(counterparts_insert(conn, &taken)?))?;
        }
        Ok(returned)
    }
}

/// Our own receipt as we signed it: its row is insert-only, so that its signature is not verified again.
fn read_own(jws: &CompactJws) -> Option<Receipt> {
    let payload = decode_base64url(jws.as_str().split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

/// The rules of [`protocol::exchange::accept_counterpart`] for a receipt whose signature was verified before ours was found.
fn matches(ours: (&Receipt, Digest), theirs: &Attested<Receipt>) -> Result<(), CounterpartInvalid> {
    check_receipt(theirs.claims())?;
    PairRule::first_broken_of_own(ours, theirs).map_or(Ok(()), |rule| Err(CounterpartInvalid::Mismatch(rule)))
}

/// Seconds until the next try: doubled each time, with the tail of the clock as jitter.
fn pause(tries: u32) -> i64 {
    let longest = 1_i64.checked_shl(tries.min(10)).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
    let [random] = protocol::seal::random::bytes::<1>();
    1 + longest * i64::from(random) / 256
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_below_a_quarter_of_an_hour() {
        for tries in 0..100 {
            let longest = if tries < 10 { 1 << tries } else { 900 };
            assert!((1..=longest.min(900)).contains(&pause(tries)), "{tries}");
        }
    }
}
