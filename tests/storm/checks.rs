//! What must hold when the storm is over.

use std::collections::{BTreeMap, BTreeSet};

use protocol::seal::decode_base64url;
use schemas::{digest::Digest, event::Event, id::CompactJws};

use super::{ALIVE_AFTER_ALL, BENEFIT, DYING, PEOPLE, Person, seldom};
use crate::{
    life::{Life, office::Office},
    ready::log_entries,
    rogue::{PATIENCE, until},
};

/// What was counted on the way.
pub struct Seen {
    /// Events that a department had already when they came again.
    pub duplicates: i64,
    /// Digests of events, acknowledgements, applications and decision records that stand in the log.
    pub logged: usize,
}

/// Waits until nothing is to be told, delivered, applied, returned or logged any more.
pub async fn nothing_is_left_to_do(life: &Life) {
    seldom("everything was told, delivered, applied, returned and logged", || {
        life.civil.pending() == 0
            && life.civil.kept().count("feed_delivery") == 0
            && life.offices.iter().all(|office| {
                ["inbox_work", "inbox_return", "outbox"].iter().all(|table| office.kept().count(table) == 0)
            })
            && life.civil.kept().count("outbox") == 0
    })
    .await;
}

/// Holds everything against everything; `told` entries were made in the register.
pub async fn everything(life: &Life, people: &[Person], told: usize) -> Seen {
    let mut records = digests(life.civil.kept().words("jws", "feed_event"));
    let mut duplicates = 0;
    for office in &life.offices {
        let (events, persons) = delivered_once_and_in_order(life, office);
        assert_eq!((events, persons), (told, PEOPLE), "{} was told another number of entries", office.name());
        each_effect_is_there_once(office, people);
        the_sums_are_right(office);
        let (good, said) = office.verifies(BENEFIT);
        assert!(good, "the journal of {} does not verify: {said}", office.name());
        records.extend(digests(office.kept().words("jws", "event_record")));
        let decisions = digests(office.kept().words("jws", "decision_record"));
        assert!(decisions.len() >= DYING + ALIVE_AFTER_ALL, "{} has no record of each step", office.name());
        records.extend(decisions);
        duplicates += office.kept().count("event_record WHERE kind = 'duplicate'");
    }
    records.extend(digests(life.civil.kept().words("jws", "event_record")));
    let logged = every_record_is_in_the_log_once(life, records).await;
    Seen { duplicates, logged }
}

/// Every event that was signed for a department is there, once, and was applied in its person's order; how many events, of how many
/// people.
pub fn delivered_once_and_in_order(life: &Life, office: &Office) -> (usize, usize) {
    let sent = sent(life, office);
    each_is_delivered_once(office, &sent);
    (sent.len(), the_order_of_each_person_is_kept(office, &sent))
}

/// Everything that was signed for a department, by number.
fn sent(life: &Life, office: &Office) -> Vec<String> {
    let from = format!("feed_event WHERE subscriber = '{}' ORDER BY seq", office.department.entity());
    life.civil.kept().words("jws", &from)
}

fn claims(jws: &str) -> Event {
    let jws: CompactJws = jws.parse().unwrap();
    serde_json::from_slice(&decode_base64url(jws.as_str().split('.').nth(1).unwrap()).unwrap()).unwrap()
}

fn each_is_delivered_once(office: &Office, sent: &[String]) {
    let name = office.name();
    let numbers: Vec<u64> = sent.iter().map(|jws| claims(jws).seq).collect();
    assert!(numbers.iter().copied().eq(1..=sent.len() as u64), "the numbers for {name} have a gap");
    assert!(
        office.kept().words("jws", "inbox_event ORDER BY seq") == sent,
        "{name} has other events than were signed for it"
    );
    assert_eq!(office.kept().count("equivocation"), 0);
}

/// In the order in which they were applied, the numbers of each person follow each other from 1.
fn the_order_of_each_person_is_kept(office: &Office, sent: &[String]) -> usize {
    let by_id: BTreeMap<String, Event> =
        sent.iter().map(|jws| claims(jws)).map(|event| (event.jti.to_string(), event)).collect();
    let applied =
        office.kept().words("event", "event_record WHERE role = 'subscriber' AND kind = 'applied' ORDER BY rowid");
    assert_eq!(applied.len(), sent.len(), "{} applied another number of events", office.name());
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    for id in &applied {
        let event = &by_id[id];
        let before = last.insert(&event.subject_ref, event.person_seq).unwrap_or(0);
        assert_eq!(event.person_seq, before + 1, "{} applied events of one person out of order", office.name());
    }
    last.len()
}

fn each_effect_is_there_once(office: &Office, people: &[Person]) {
    for person in people {
        let expected: &[&str] = match (person.dies(), person.lives_after_all()) {
            (true, true) => &["held", "released"],
            (true, false) => &["held"],
            (false, _) => &[],
        };
        let row = format!("{BENEFIT}-{}", person.number);
        assert_eq!(office.story(BENEFIT, &row), expected, "{} at {}", person.number, office.name());
    }
    // Rows that the department entered itself stand there as outside, without a decision.
    let journal: Vec<_> = office.journal(BENEFIT).into_iter().filter(|entry| entry.decision.is_some()).collect();
    assert_eq!(journal.len(), DYING + ALIVE_AFTER_ALL, "the journal of {} tells of others", office.name());
    let acts: BTreeSet<(Option<&str>, &str)> =
        journal.iter().map(|entry| (entry.decision.as_deref(), entry.outcome.as_str())).collect();
    assert_eq!(acts.len(), journal.len(), "a decision was carried out twice at {}", office.name());
}

fn the_sums_are_right(office: &Office) {
    let standing = |status: &str| office.count(&format!("beneficiary WHERE status = '{status}'"));
    let held = DYING - ALIVE_AFTER_ALL;
    let expected = [("ACTIVE", PEOPLE - held), ("HOLD", held), ("STOPPED", 0)];
    for (status, count) in expected {
        assert_eq!(standing(status), i64::try_from(count).unwrap(), "{status} at {}", office.name());
    }
    assert_eq!(office.count("beneficiary"), i64::try_from(PEOPLE).unwrap());
}

/// As the log has them.
fn digests(records: Vec<String>) -> BTreeSet<Digest> {
    records.iter().map(Digest::of).collect()
}

/// Waits for the checkpoint that covers them all.
async fn every_record_is_in_the_log_once(life: &Life, wanted: BTreeSet<Digest>) -> usize {
    let mut log = Vec::new();
    until(&service_kit::clock::Clock::system(), PATIENCE, "every record stands in the log", async || {
        log = log_entries(&life.anchor).await;
        let there: BTreeSet<&Digest> = log.iter().collect();
        wanted.iter().all(|digest| there.contains(digest))
    })
    .await;
    let there: BTreeSet<&Digest> = log.iter().collect();
    assert_eq!(there.len(), log.len(), "a digest stands in the log twice");
    wanted.len()
}
