//! Uses of a consent are counted exactly, whoever of several processes is asked, and however many at once.

use std::{collections::BTreeMap, sync::Arc};

use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
use schemas::{digest::Digest, problem::Code};
use service_kit::{clock::Clock, http_client::Reply};
use tokio::{sync::Barrier, task::JoinSet};

use crate::{
    doors::Doors,
    ready::log_entries,
    rogue::{Heard, PATIENCE, until},
    support::{binary, depth, in_company},
};

/// Queries that start together.
const AT_ONCE: usize = 200;

/// One query of a round, and what came of it.
struct Asked {
    query: String,
    door: usize,
    reply: Reply,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_for_one_use_is_used_once_whichever_process_is_asked() {
    let _turn = in_company();
    let doors = Arc::new(Doors::open(binary(), Clock::system(), "").await);
    let rounds = depth(20, 200);
    let mut receipts = Vec::new();
    for round in 0..rounds {
        let asked = ask_all_at_once(&doors).await;
        receipts.extend(one_is_answered(&doors, &asked, round));
        repeating_changes_nothing(&doors, &asked, round).await;
    }
    assert_eq!(receipts.len(), rounds * AT_ONCE);
    counted_once(&doors.database, rounds);
    stand_in_the_log_once(&doors, &receipts).await;
}

/// Different queries on one new consent for one use, half to each process, all released together.
async fn ask_all_at_once(doors: &Arc<Doors>) -> Vec<Asked> {
    let mut draft = doors.draft();
    draft.terms.frequency.max_uses = 1;
    let basis = doors.basis(&draft);
    let start = Arc::new(Barrier::new(AT_ONCE));
    let mut asking = JoinSet::new();
    for number in 0..AT_ONCE {
        let (doors, start, query, door) = (Arc::clone(doors), Arc::clone(&start), doors.query(&basis), number % 2);
        asking.spawn(async move {
            start.wait().await;
            let reply = doors.send(door, &query).await;
            Asked { query, door, reply }
        });
    }
    asking.join_all().await
}

/// One answer, all others refused for this one reason, each signed and with a receipt of its own.
fn one_is_answered(doors: &Doors, asked: &[Asked], round: usize) -> Vec<Digest> {
    let mut heard_of: BTreeMap<String, usize> = BTreeMap::new();
    let mut receipts = Vec::new();
    for one in asked {
        let (heard, answer) = doors.heard(&one.reply);
        *heard_of.entry(format!("{heard:?}")).or_default() += 1;
        receipts.extend(answer.map(|answer| Digest::of(answer.receipt.as_str())));
    }
    let expected = [(Heard::Answered, 1), (Heard::Refused(Code::ConsentUsedUp), AT_ONCE - 1)];
    assert_eq!(heard_of, expected.map(|(heard, times)| (format!("{heard:?}"), times)).into(), "round {round}");
    receipts
}

/// The winner's bytes, and a loser's, get the same bytes again from both processes.
async fn repeating_changes_nothing(doors: &Doors, asked: &[Asked], round: usize) {
    let winner = asked.iter().find(|one| doors.heard(&one.reply).0 == Heard::Answered).unwrap();
    let loser = asked.iter().find(|one| one.door != winner.door).unwrap();
    for (who, one) in [("winner", winner), ("loser", loser)] {
        for door in [one.door, 1 - one.door] {
            let again = doors.send(door, &one.query).await;
            assert_eq!(
                (again.status, again.body == one.reply.body),
                (200, true),
                "round {round}: the {who} again at door {door}"
            );
        }
    }
}

#[derive(QueryableByName)]
struct Used {
    #[diesel(sql_type = BigInt)]
    consents: i64,
    #[diesel(sql_type = BigInt)]
    once: i64,
}

fn counted_once(database: &str, rounds: usize) {
    let mut conn = PgConnection::establish(database).unwrap();
    let query = "SELECT count(*) AS consents, count(*) FILTER (WHERE uses = 1) AS once FROM consent_state";
    let used: Used = sql_query(query).get_result(&mut conn).unwrap();
    let rounds = i64::try_from(rounds).unwrap();
    assert_eq!((used.consents, used.once), (rounds, rounds));
}

async fn stand_in_the_log_once(doors: &Doors, receipts: &[Digest]) {
    let anchor = &doors.ready.federation.anchor;
    let mut log = Vec::new();
    until(&doors.clock, PATIENCE, "all receipts are in the log", async || {
        log = log_entries(anchor).await;
        let places = places(&log);
        receipts.iter().all(|receipt| places.contains_key(receipt))
    })
    .await;
    let places = places(&log);
    assert!(receipts.iter().all(|receipt| places[receipt] == 1), "a receipt stands in the log twice");
}

fn places(log: &[Digest]) -> BTreeMap<Digest, usize> {
    let mut places = BTreeMap::new();
    log.iter().for_each(|digest| *places.entry(*digest).or_default() += 1);
    places
}
