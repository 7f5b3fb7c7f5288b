//! The answer to a batch, line by line: one JSON object a person in the order of the request, then one that says how the batch
//! stands (NDJSON).
//!
//! Guarantees: a line is told when its person has an outcome, whoever works on the batch; memory is that of some lines. The answer
//! ends with the batch, or when nothing was told for a while; what it leaves is read with `?after=`.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, stream};
use schemas::{
    asking::{BatchProgress, BatchState},
    id::MessageId,
    problem::Code,
};
use service_kit::db::DatabaseError;

use super::{batch::is_running, parts::unsealed};
use crate::{
    app::App,
    exchange::ask::NotAnswered,
    store::inquiries::{Inquiry, PartRow, State, inquiry_find, parts_ended, parts_page},
};

/// Lines told at once.
const LINES: i64 = 16;
/// How long to wait for word of another process's progress before looking.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// How long nothing may be told before the answer ends, so that a connection is not held for ever.
const SILENCE: Duration = Duration::from_secs(60);

/// Where an answer stands.
struct Told {
    app: App,
    id: MessageId,
    next: u32,
    last: Option<u32>,
    since: Duration,
    over: bool,
}

impl App {
    /// The lines of a batch from the place after `after` on.
    pub fn batch_lines(
        &self,
        id: MessageId,
        after: Option<u32>,
    ) -> impl Stream<Item = Result<Bytes, NotAnswered>> + use<> {
        let next = after.map_or(0, |after| after.saturating_add(1));
        let since = self.clock().monotonic();
        let told = Told { app: self.clone(), id, next, last: after, since, over: false };
        stream::unfold(told, |told| async move {
            if told.over {
                return None;
            }
            Some(told.more().await)
        })
    }
}

impl Told {
    /// The next lines, or the last one.
    async fn more(mut self) -> (Result<Bytes, NotAnswered>, Self) {
        loop {
            // Before looking, so that nothing that happens meanwhile is missed.
            let app = self.app.clone();
            let progress = app.cases().progress.notified();
            let text = match self.look().await {
                Ok(text) => text,
                Err(error) => {
                    self.over = true;
                    return (Err(error), self);
                }
            };
            if let Some(text) = text {
                return (Ok(text), self);
            }
            let _ = tokio::time::timeout(LOOK_AGAIN, progress).await;
        }
    }

    /// `None`: nothing to tell yet.
    async fn look(&mut self) -> Result<Option<Bytes>, NotAnswered> {
        let (id, next) = (self.id.clone(), self.next);
        let read = self.app.db().read(move |conn| {
            let Some(batch) = inquiry_find(conn, &id)? else { return Ok(None) };
            let page = parts_page(conn, &id, next, LINES)?;
            let ended = parts_ended(conn, &id)?;
            Ok::<_, DatabaseError>(Some((batch, page, ended)))
        });
        let (batch, page, ended) = read.await?.ok_or(NotAnswered::new(Code::NotFound))?;
        let whole = !is_running(&batch);
        let ready: Vec<PartRow> = page.into_iter().take_while(|part| whole || part.outcome.is_some()).collect();
        let now = self.app.clock().monotonic();
        if !ready.is_empty() {
            self.since = now;
            return self.lines(&batch, ready).map(Some);
        }
        let silent = now.saturating_sub(self.since) >= SILENCE;
        if whole || silent {
            self.over = true;
            return line(&state(&batch, ended, self.last)).map(Some);
        }
        Ok(None)
    }

    fn lines(&mut self, batch: &Inquiry, parts: Vec<PartRow>) -> Result<Bytes, NotAnswered> {
        let mut text = BytesMut::new();
        for part in parts {
            (self.next, self.last) = (part.place.saturating_add(1), Some(part.place));
            text.extend_from_slice(&line(&self.app.part_answer(batch, part).map_err(unsealed)?)?);
        }
        Ok(text.freeze())
    }
}

fn state(batch: &Inquiry, ended: u32, after: Option<u32>) -> BatchState {
    let state = match batch.state {
        State::Running => BatchProgress::Running,
        State::Stopped => BatchProgress::Stopped,
        State::Ended => BatchProgress::Ended,
    };
    BatchState { batch: batch.id.clone(), state, code: batch.code, persons: batch.parts, ended, after }
}

fn line<T: serde::Serialize>(value: &T) -> Result<Bytes, NotAnswered> {
    let mut text = serde_json::to_vec(value).map_err(|_| NotAnswered::new(Code::Internal))?;
    text.push(b'\n');
    Ok(text.into())
}
