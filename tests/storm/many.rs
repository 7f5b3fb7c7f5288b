//! A registered death among many departments, all but one on line; its annulment; and an objection on paper.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use jiff::civil::{Date, date};
use schemas::{decision::DecisionAction, id::MessageId, local::BindingOffer, scheme::DecisionState};
use serde_json::{Value, json};
use service_kit::clock::Clock;
use vinimay::demo::{Citizen, Officer};

use super::{BENEFIT, checks, seldom};
use crate::{
    life::{
        Life,
        plan::{Benefit, LifePlan, OfficePlan},
        register::{DURG, HOME, Newcomer, ODISHA},
    },
    ready::good,
    support::{depth, report},
};

/// Departments that follow their beneficiaries.
const NAMES: [&str; 20] = [
    "social",
    "food",
    "health",
    "labour",
    "housing",
    "energy",
    "water",
    "transport",
    "tribal",
    "women",
    "schools",
    "colleges",
    "forest",
    "mining",
    "sports",
    "villages",
    "towns",
    "farms",
    "fisheries",
    "crafts",
];
const RULE: &str = "death-hold@1";
/// Meanwhile a row so often.
const EVERY: Duration = Duration::from_millis(20);
/// From the registration of a death to the hold, where a department is on line.
const HELD_WITHIN: Duration = Duration::from_secs(5);
/// From its annulment, or from when a department is on line again, to the payment.
const BACK_WITHIN: Duration = Duration::from_secs(60);
/// People who move meanwhile, each at most so often in one half of the story.
const MOVING: usize = 25;

/// Somebody on every roll.
struct Person {
    resident: String,
    number: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_death_holds_in_every_department_and_its_annulment_restores_all() {
    let mut life = Life::start_alone(&plan()).await;
    let her = on_every_roll(&life, "Sushila Sahu").await;
    let him = on_every_roll(&life, "Budhram Netam").await;
    let wallet = wallet(&life, &her).await;
    let last = life.offices.len() - 1;

    life.offices[last].cut_off();
    let load = Load::begins(&life);
    let since = Clock::default().monotonic();
    let death = life.civil.death(&her.resident, life.days_ago(1));
    let held = all_stand(&life, &life.offices[..last], &her, "HOLD", since).await;
    life.civil.death(&him.resident, life.days_ago(1));
    all_stand(&life, &life.offices[..last], &him, "HOLD", since).await;
    let since = Clock::default().monotonic();
    life.offices[last].comes_back();
    let held_later = all_stand(&life, &life.offices[last..], &her, "HOLD", since).await;
    load.ends().await;
    everything_is_delivered_and_applied(&life).await;

    // Days of payment pass. Whoever was told nothing is removed by no window.
    life.days_pass(40);
    life.offices[last].cut_off();
    let load = Load::begins(&life);
    let since = Clock::default().monotonic();
    life.civil.annulment(&death, &her.resident, life.today());
    let back = all_stand(&life, &life.offices[..last], &her, "ACTIVE", since).await;
    let since = Clock::default().monotonic();
    life.offices[last].comes_back();
    let back_later = all_stand(&life, &life.offices[last..], &her, "ACTIVE", since).await;
    load.ends().await;

    everything_is_delivered_and_applied(&life).await;
    for office in &life.offices {
        checks::delivered_once_and_in_order(&life, office);
        she_is_restored_with_arrears(&life, office, &her);
    }
    assert!(held < HELD_WITHIN, "held after {held:?}");
    assert!(back < BACK_WITHIN && back_later < BACK_WITHIN, "back after {back:?} and {back_later:?}");
    she_sees_both(&life, &wallet).await;
    he_objects_on_paper(&mut life, &him).await;
    report(
        "many-departments",
        &format!(
            "a death held in {last} departments on line after {} ms under 50 rows a second, in one that came back {} ms after its start; \
             annulled: {} ms and {} ms",
            held.as_millis(),
            held_later.as_millis(),
            back.as_millis(),
            back_later.as_millis()
        ),
    );
}

async fn everything_is_delivered_and_applied(life: &Life) {
    seldom("everything was delivered and applied", || {
        life.civil.pending() == 0
            && life.civil.kept().count("feed_delivery") == 0
            && life.offices.iter().all(|office| office.kept().count("inbox_work") == 0)
    })
    .await;
}

/// The first hears of every move, too.
fn plan() -> LifePlan {
    let office = |(place, name): (usize, &&'static str)| {
        let office = OfficePlan::new(name, vec![Benefit::by_the_rule(BENEFIT)]);
        if place == 0 { office.hearing(&["residence"]) } else { office }
    };
    LifePlan::of(NAMES[..depth(6, 20)].iter().enumerate().map(office).collect())
}

/// Linked and followed everywhere.
async fn on_every_roll(life: &Life, name: &str) -> Person {
    let resident = life.civil.resident(Newcomer { name, born: date(1950, 5, 5), sex: "female" });
    let person = Person { number: resident.replace('R', "S"), resident };
    for office in &life.offices {
        office.beneficiary(BENEFIT, &person.number, name);
        office.links(&life.civil, &person.resident, &person.number).await;
    }
    let follow_her = |life: &Life| {
        life.offices.iter().all(|office| office.kept().count("followed") >= 3 * office.kept().count("subject_link"))
    };
    life.until("everybody follows her", follow_her).await;
    person
}

async fn wallet(life: &Life, person: &Person) -> Citizen {
    let desk = life.civil.department.portal(0).unwrap();
    let resident = json!({ "resident": person.resident });
    let offer: BindingOffer = good(&desk.post("/v1/binding-offers", &[], &resident).await.unwrap());
    let root = life.anchor.trust_root().unwrap();
    let citizen = Citizen::with_wallet(&life.binary, life.folder().join("wallet"), &root).unwrap();
    citizen.bind(&offer).unwrap();
    citizen
}

/// Waits until a person stands like this in each of these; how long that took since an instant.
async fn all_stand(
    life: &Life,
    offices: &[crate::life::office::Office],
    person: &Person,
    status: &str,
    since: Duration,
) -> Duration {
    for office in offices {
        life.until_stands((office.name(), BENEFIT, &person.number), status).await;
    }
    Clock::default().monotonic().saturating_sub(since)
}

fn she_is_restored_with_arrears(life: &Life, office: &crate::life::office::Office, her: &Person) {
    let row = format!("{BENEFIT}-{}", her.number);
    assert_eq!(office.story(BENEFIT, &row), ["held", "released"], "{}", office.name());
    let history = office.history(&life.civil, &her.resident, RULE);
    assert_eq!(history, [(DecisionAction::Remove, DecisionState::Released)], "{}", office.name());
    let journal = office.journal(BENEFIT);
    let released = journal.iter().find(|entry| entry.row_key == row && entry.outcome == "released").unwrap();
    let arrears: Value = serde_json::from_str(released.arrears.as_deref().unwrap()).unwrap();
    assert!(arrears.as_array().is_some_and(|months| !months.is_empty()), "{} owes nothing: {arrears}", office.name());
}

/// Her wallet tells of every department what was held and that it was released, each as a signed record.
async fn she_sees_both(life: &Life, wallet: &Citizen) {
    let mut found = Value::Null;
    // A department may hold her binding, which her death suspended, for suspended until it reads the registry's list again; she is told
    // that it did not answer.
    life.until_asked("every department tells her", async || match wallet.benefits() {
        Ok(told) => {
            found = told;
            true
        }
        Err(_) => false,
    })
    .await;
    let told = found.as_array().unwrap();
    assert_eq!(told.len(), life.offices.len(), "{found}");
    for department in told {
        let decisions = department["decisions"].as_array().unwrap();
        let states: Vec<&Value> = decisions.iter().map(|decision| &decision["state"]).collect();
        assert_eq!(states, ["released"], "{department}");
        assert!(decisions[0]["records"].as_array().unwrap().len() >= 2, "the hold and its end: {department}");
    }
}

/// He has neither wallet nor phone: a letter, his words at the counter, two officers who say that he is right.
async fn he_objects_on_paper(life: &mut Life, him: &Person) {
    let name = NAMES[0];
    let decided = |life: &Life| life.office(name).decisions(&life.civil, &him.resident).pop().unwrap();
    life.until("a letter was written", |life| decided(life).notice.is_some()).await;
    let decision = decided(life);
    life.letter_arrives(name, &decision.notice.unwrap()).await;
    let history = |life: &Life| life.office(name).history(&life.civil, &him.resident, RULE);
    life.until("the window runs", |life| history(life) == [(DecisionAction::Remove, DecisionState::Noticed)]).await;
    let office = life.office(name);
    let reviewers = reviewers(office);
    objects(office, &decision.id, &reviewers[0]);
    assert_eq!(history(life), [(DecisionAction::Remove, DecisionState::Contested)]);
    let office = life.office(name);
    for reviewer in &reviewers {
        finds_him_right(office, &decision.id, reviewer);
    }
    life.until_stands((name, BENEFIT, &him.number), "ACTIVE").await;
    let row = format!("{BENEFIT}-{}", him.number);
    life.until("it is on record", |life| history(life) == [(DecisionAction::Remove, DecisionState::Reversed)]).await;
    assert_eq!(life.office(name).story(BENEFIT, &row), ["held", "released"]);
}

/// Two persons with keys of their own, each confirmed by the other.
fn reviewers(office: &crate::life::office::Office) -> [Officer; 2] {
    let department = &office.department;
    let hired = |name| Officer::hired(department, name, &["reviewer", "admin"]).unwrap();
    let [one, other] = [hired("chitra"), hired("deepak")];
    let (hers, his) = (one.registers_a_key(department).unwrap(), other.registers_a_key(department).unwrap());
    one.confirms(&his).unwrap();
    other.confirms(&hers).unwrap();
    [one, other]
}

fn objects(office: &crate::life::office::Office, decision: &MessageId, by: &Officer) {
    let (words, papers) = (office.department.folder().join("said.txt"), office.department.folder().join("papers.txt"));
    std::fs::write(&words, "मैं जीवित हूँ").unwrap();
    std::fs::write(&papers, "voter card\n").unwrap();
    let (words, papers, key) =
        (words.display().to_string(), papers.display().to_string(), by.key.display().to_string());
    office.says(&[
        "review",
        "object",
        decision.as_str(),
        "--route",
        "counter",
        "--words-file",
        &words,
        "--papers-file",
        &papers,
        "--account",
        &by.name,
        "--key",
        &key,
    ]);
}

fn finds_him_right(office: &crate::life::office::Office, decision: &MessageId, by: &Officer) {
    let reason = office.department.folder().join("reason.txt");
    std::fs::write(&reason, "He came to the counter with his papers, and is alive.").unwrap();
    let (reason, key) = (reason.display().to_string(), by.key.display().to_string());
    office.says(&[
        "review",
        "decide",
        decision.as_str(),
        "--outcome",
        "reverse",
        "--reason-file",
        &reason,
        "--account",
        &by.name,
        "--key",
        &key,
    ]);
}

/// People move, fifty rows a second, each a commit of its own, until it ends; on a slow machine not more than it can digest.
struct Load {
    over: Arc<AtomicBool>,
    running: tokio::task::JoinHandle<()>,
}

impl Load {
    fn begins(life: &Life) -> Self {
        let who = Newcomer { name: "Phulo Netam", born: date(1980, 1, 1), sex: "female" };
        let (people, database, on) = (life.civil.residents(MOVING, who), life.civil.database.clone(), life.days_ago(2));
        let over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&over);
        let running = tokio::task::spawn(async move {
            let mut conn = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
            conn.batch_execute("PRAGMA busy_timeout = 60000").unwrap();
            let mut ticks = tokio::time::interval(EVERY);
            for resident in people.iter().cycle().take(MOVING * depth(10, 200)) {
                ticks.tick().await;
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                moves(&mut conn, resident, on);
            }
        });
        Self { over, running }
    }

    async fn ends(self) {
        self.over.store(true, Ordering::SeqCst);
        self.running.await.unwrap();
    }
}

fn moves(conn: &mut SqliteConnection, resident: &str, on: Date) {
    conn.batch_execute(&format!(
        "INSERT INTO moves (registration_number, resident_no, moved_on, kind, from_state, from_district, to_state) \
         SELECT 'L-' || (COUNT(*) + 1), '{resident}', '{on}', 'out_of_state', {HOME}, {DURG}, {ODISHA} FROM moves"
    ))
    .unwrap();
}
