//! Questions without an end: asked again byte for byte while the provider may know them, else closed as `unconfirmed`.
//!
//! The same code ends them as ends them in good weather (`ask/end.rs`). If the process dies here nothing is lost: the query and
//! its turn are rows. Guarantees: each receipt of a provider is matched by one of ours of the same exchange; each question ends
//! once, whichever process ends it. Deliberately absent: a new query for an old question; only the caller may ask anew.

use futures_util::{StreamExt, stream};
use schemas::time::Timestamp;
use service_kit::db::DatabaseError;

use super::{
    ask::{End, Heard, NotAnswered, Pending},
    journal::milliseconds,
};
use crate::{
    app::App,
    laws::KEPT_DAYS,
    store::exchange::{
        answers::{self, answers_sweep},
        asks::{OpenAsk, asks_due, asks_hurry, ends_sweep},
        law_uses::{LawDay, law_uses_sweep},
        live_nonces::live_nonces_sweep,
    },
};

/// Until when a provider can give a stored answer, milliseconds after the query was asked: its life, the clocks' skew, the ten
/// minutes that answers are kept, and a minute for the last try.
const KNOWN_MS: i64 = 60_000 + 20_000 + answers::KEPT_MS + 60_000;
/// Between two tries of one question, milliseconds.
const AGAIN_MS: i64 = 10_000;
/// Questions of one round.
const ROUND: i64 = 200;
/// Questions in the air at once.
const AT_ONCE: usize = 16;
/// Rows that one sweep forgets.
const SWEPT: i64 = 5_000;

impl App {
    /// After a restart: nobody sends our open questions, unless another process shares the database.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn hurry_open_questions(&self) -> Result<(), DatabaseError> {
        if self.db().is_shared() {
            return Ok(());
        }
        let now_ms = milliseconds(self.now());
        self.db().write(move |conn| Ok(asks_hurry(conn, now_ms).map(drop)?)).await
    }

    /// One round over the questions whose turn it is; returns how many ended.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn recover_questions(&self) -> Result<usize, DatabaseError> {
        let now_ms = milliseconds(self.now());
        let due = self
            .db()
            .write(move |conn| Ok::<_, DatabaseError>(asks_due(conn, now_ms, now_ms.saturating_add(AGAIN_MS), ROUND)?));
        let rounds = stream::iter(due.await?).map(|open| async move {
            let exchange = open.exchange.clone();
            match self.recover(&open).await {
                Ok(_) => 1,
                Err(error) => {
                    tracing::info!(%exchange, %error, "a question stays open");
                    0
                }
            }
        });
        Ok(rounds.buffer_unordered(AT_ONCE).fold(0, |ended, one| async move { ended + one }).await)
    }

    async fn recover(&self, open: &OpenAsk) -> Result<End, NotAnswered> {
        let pending: Pending = self.pending(&open.exchange, &open.query)?;
        let heard = match self.send_once(pending.query.claims(), pending.query.jws().as_str()).await {
            Ok(heard) => heard,
            // Suspended or gone: it may come back while the provider still knows the query.
            Err(error) => Heard::NotYet(error.code()),
        };
        let over = is_over(open.asked_ms, self.now());
        match self.end(&pending, heard).await {
            Err(error) if over => self.end_unconfirmed(&pending, error.code()).await,
            ended => ended,
        }
    }

    /// Forgets stored answers and ends whose time is over, counts of laws of long ago, and nonces of consents that ended.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn sweep_answers(&self) -> Result<usize, DatabaseError> {
        let now = self.now();
        let now_ms = milliseconds(now);
        let swept = self.db().write(move |conn| {
            let answers = answers_sweep(conn, now_ms, SWEPT)? + ends_sweep(conn, now_ms, SWEPT)?;
            let counts = law_uses_sweep(conn, LawDay::of(now).before(KEPT_DAYS), SWEPT)?;
            Ok::<_, DatabaseError>(answers + counts + live_nonces_sweep(conn, now, SWEPT)?)
        });
        swept.await
    }
}

/// Whether the provider can no longer give an answer that it made in time.
fn is_over(asked_ms: i64, now: Timestamp) -> bool {
    milliseconds(now).saturating_sub(asked_ms) > KNOWN_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_given_up_only_when_no_stored_answer_can_be_left() {
        let asked = Timestamp::from_seconds(1_795_248_100);
        for (seconds, over) in [(0, false), (60, false), (679, false), (740, false), (741, true), (100_000, true)] {
            assert_eq!(is_over(milliseconds(asked), asked.plus(seconds)), over, "{seconds}");
        }
    }
}
