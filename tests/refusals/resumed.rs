//! A batch whose gateway is killed goes on where it was: everybody gets one end, and the other department answers about each once.

use std::collections::BTreeSet;

use protocol::seal::random;
use schemas::{
    asking::{BatchProgress, BatchState, PartAnswer, PartOutcome},
    id::MessageId,
    problem::Code,
    receipt::{Outcome, Receipt},
};
use serde_json::{Value, json};
use url::Url;
use vinimay::demo::PENSION_PURPOSE;

use super::{local::clerk, world::World};
use crate::rogue::{PATIENCE, receipts, until};

/// How many people a gateway asks about side by side.
const IN_FLIGHT: usize = 16;

/// A batch of the clerk, under one key.
struct Batch {
    url: Url,
    key: String,
    order: Value,
}

impl Batch {
    /// Sends it, or sends it again, and reads what is told; nothing if the connection broke or nothing more was told in time.
    async fn send(&self, world: &World) -> Option<(Vec<PartAnswer>, BatchState)> {
        let body = self.order.to_string().into_bytes();
        let headers = [("Idempotency-Key", self.key.as_str())];
        let sent = clerk(world).post_with(&self.url, "application/json", &headers, body, 1 << 22).await.ok()?;
        assert_eq!(sent.status, 200, "{}", String::from_utf8_lossy(&sent.body));
        let text = String::from_utf8(sent.body).unwrap();
        let (lines, last) = text.trim_end().rsplit_once('\n')?;
        let lines = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        Some((lines, serde_json::from_str(last).ok()?))
    }
}

/// Pensioners whom revenue knows, by social welfare's own numbers.
fn pensioners(world: &World) -> Vec<String> {
    let truth = std::fs::read_to_string(&world.federation.databases.truth).unwrap();
    let known = truth.lines().skip(1).filter_map(|line| {
        let numbers: Vec<&str> = line.split(',').collect();
        (!numbers[1].is_empty() && !numbers[3].is_empty()).then(|| numbers[3].to_owned())
    });
    known.take(120).collect()
}

/// What revenue has said with a receipt.
fn said(world: &World) -> Vec<Receipt> {
    receipts(&world.federation.revenue)
}

/// The asker is killed, then the other department; `advance` moves the clock of all of them by seconds.
pub async fn a_batch_goes_on_after_both_were_killed(world: &mut World, advance: impl Fn(u64)) {
    super::world::link(&world.federation, "social");
    world.nothing_is_on_its_way().await;
    let numbers = pensioners(world);
    let batch = Batch {
        url: format!("{}/v1/batches", world.federation.social.local_address(0)).parse().unwrap(),
        key: random::message_id(world.now()).to_string(),
        order: json!({ "case": "CHECK-2026", "purpose": PENSION_PURPOSE, "officer": "officer-7",
            "law": "cg-pension-check-2026", "provider": world.federation.revenue.entity(), "dataset": "revenue.income",
            "fields": ["annual_income_band"], "numbers": numbers }),
    };
    let before = said(world).len();
    // Whoever listens no more does not stop it.
    let listening = async {
        batch.send(world).await;
        std::future::pending::<()>().await;
    };
    let ten = until(&world.clock, PATIENCE, "ten are asked about", async || said(world).len() >= before + 10);
    tokio::select! { () = ten => (), () = listening => unreachable!("it waits for ever") }
    world.federation.social.server(0).unwrap().kill().unwrap();
    world.federation.social.start(0).unwrap();
    world.federation.revenue.server(0).unwrap().kill().unwrap();
    world.federation.revenue.start(0).unwrap();
    // The turn of a process that is dead is over after two minutes of the clock that we hold.
    advance(130);
    let (mut lines, world) = (Vec::new(), &*world);
    until(&world.clock, PATIENCE, "the batch has ended", async || {
        advance(1);
        let Some((told, last)) = batch.send(world).await else { return false };
        lines = told;
        last.state == BatchProgress::Ended && last.ended == last.persons
    })
    .await;
    everybody_has_one_end(&lines, &numbers);
    let asked: BTreeSet<_> = lines.iter().filter_map(|line| line.exchange.clone()).collect();
    each_was_answered_once(&said(world)[before..], &lines, &asked);
    world.is_good("after a batch that was killed twice").await;
}

/// The other department signed one receipt for each who was asked about; beyond these only that a question came too late to be any use,
/// whereupon that person was asked about anew.
fn each_was_answered_once(said: &[Receipt], lines: &[PartAnswer], asked: &BTreeSet<MessageId>) {
    let (of_lines, beyond): (Vec<&Receipt>, Vec<&Receipt>) =
        said.iter().partition(|receipt| asked.contains(&receipt.exchange));
    assert_eq!(of_lines.len(), asked.len(), "one receipt for each who was asked about");
    for receipt in beyond {
        assert_eq!((receipt.outcome, receipt.refusal), (Outcome::Refused, Some(Code::Stale)), "{}", receipt.exchange);
    }
    let answered = |receipt: &&&Receipt| receipt.outcome == Outcome::Answered;
    let told = lines.iter().filter(|line| line.outcome == PartOutcome::Answered).count();
    assert_eq!(of_lines.iter().filter(answered).count(), told, "as many answers as were told");
}

fn everybody_has_one_end(lines: &[PartAnswer], numbers: &[String]) {
    let told: Vec<&str> = lines.iter().map(|line| line.number.as_deref().unwrap()).collect();
    assert_eq!(told, numbers, "in the order of the request, each once");
    let answered = lines.iter().filter(|line| line.outcome == PartOutcome::Answered);
    let exchanges: BTreeSet<_> = answered.clone().map(|line| line.exchange.as_ref().unwrap()).collect();
    assert_eq!(exchanges.len(), answered.clone().count(), "an exchange of their own each");
    assert!(answered.count() >= 10, "those of before the kill at least");
    let refused = lines.iter().filter(|line| line.outcome != PartOutcome::Answered);
    for line in refused.clone() {
        let told = [Code::NotFoundOrNotPermitted, Code::Stale].map(Some);
        assert!(!line.open && told.contains(&line.code), "{line:?}");
    }
    // What was on its way to the other department when it was killed came too late, and is told so.
    assert!(refused.filter(|line| line.code == Some(Code::Stale)).count() <= IN_FLIGHT);
}
