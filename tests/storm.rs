//! A storm of life events: gateways are killed and answers are lost while a register fills; at the end everything is as if nothing
//! had happened. And one death among many departments, with its annulment.
//!
//! Guarantees: the faults are real ones (SIGKILL, a line that breaks after the answer was given); what is checked is read from the
//! departments' own tables, the journals beside them, the gateways' own databases and the anchor's log.

mod checks;
mod line;
mod many;

use std::sync::Arc;

use jiff::civil::date;
use service_kit::clock::Clock;

use self::line::{Line, Weather};
use crate::{
    life::{
        Life,
        plan::{Benefit, LifePlan, OfficePlan},
        register::Newcomer,
    },
    rogue::{PATIENCE, until},
    support::{depth, report},
};

/// Departments, each with a roll that the rule for deaths governs.
const OFFICES: [&str; 5] = ["social", "food", "health", "labour", "housing"];
const BENEFIT: &str = "PENSION";
/// People with a row on every roll.
const PEOPLE: usize = 40;
/// Of whom a death is registered; one more would be a flood, and stop at the breaker.
const DYING: usize = 9;
/// Whose death is annulled again.
const ALIVE_AFTER_ALL: usize = 5;

/// Somebody on every roll.
struct Person {
    /// Her number in the register.
    resident: String,
    /// Her number in each department.
    number: String,
    /// The registration of her death.
    death: String,
    place: usize,
}

impl Person {
    const fn dies(&self) -> bool {
        self.place < DYING
    }

    const fn lives_after_all(&self) -> bool {
        self.place < ALIVE_AFTER_ALL
    }
}

/// One entry of the register.
#[derive(Clone, Copy)]
enum Entry<'a> {
    Moves(&'a Person, &'static str),
    Dies(&'a Person),
    LivesAfterAll(&'a Person),
}

/// What is killed, in turn.
#[derive(Clone, Copy, Debug)]
enum Victim {
    Source,
    Subscriber(usize),
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_gateways_and_lost_acknowledgements_lose_no_event_and_double_no_effect() {
    let mut life = Life::start(&plan()).await;
    let people = people(&life).await;
    let weather = Arc::new(Weather::default());
    let lines = lines(&mut life, &weather);
    let kills = depth(10, 50);
    let (before, after) = entries(&people, depth(10, 250));
    storm(&mut life, &before, 0..kills / 2).await;
    // A death that was told and annulled before anybody acted on it holds nobody: that would be right, and show nothing.
    for person in people.iter().filter(|person| person.dies()) {
        stands_everywhere(&life, person, "HOLD").await;
    }
    storm(&mut life, &after, kills / 2..kills).await;
    life.until("answers were lost", |_| weather.seen().1 > 0).await;
    weather.calms_down();
    for person in &people {
        let holds = person.dies() && !person.lives_after_all();
        stands_everywhere(&life, person, if holds { "HOLD" } else { "ACTIVE" }).await;
    }
    checks::nothing_is_left_to_do(&life).await;
    let told = before.len() + after.len();
    let seen = checks::everything(&life, &people, told).await;
    let (answers, lost) = weather.seen();
    // On each line one may be under way that was to be lost.
    assert!(lost + OFFICES.len() >= answers / line::ONE_OF, "{lost} of {answers} answers were lost");
    assert!(seen.duplicates > 0, "of {lost} lost answers nothing came again");
    report(
        "storm",
        &format!(
            "{told} entries told to {} departments under {kills} kills; {lost} of {answers} answers lost, {} events came again; {} records in the log",
            OFFICES.len(),
            seen.duplicates,
            seen.logged
        ),
    );
    drop(lines);
}

fn plan() -> LifePlan {
    let office = |name| OfficePlan::new(name, vec![Benefit::by_the_rule(BENEFIT)]).hearing(&["residence"]);
    LifePlan::of(OFFICES.map(office).to_vec())
}

/// Everybody is on every roll, linked, and followed.
async fn people(life: &Life) -> Vec<Person> {
    let who = Newcomer { name: "Sushila Sahu", born: date(1950, 5, 5), sex: "female" };
    let residents = life.civil.residents(PEOPLE, who);
    let person = |(place, resident): (usize, String)| Person {
        number: resident.replace('R', "S"),
        death: format!("D-{resident}"),
        resident,
        place,
    };
    let people: Vec<Person> = residents.into_iter().enumerate().map(person).collect();
    for office in &life.offices {
        let rows: Vec<(String, String)> =
            people.iter().map(|person| (person.number.clone(), who.name.to_owned())).collect();
        office.beneficiaries(BENEFIT, &rows);
        for person in &people {
            office.links(&life.civil, &person.resident, &person.number).await;
        }
    }
    // Reported, registered and annulled deaths are followed by a section each.
    let followed = i64::try_from(3 * PEOPLE * OFFICES.len()).unwrap();
    life.until("everybody is followed by every department", |life| life.civil.kept().count("follow") >= followed).await;
    people
}

/// Each department's gateway is reached by a line that loses answers.
fn lines(life: &mut Life, weather: &Arc<Weather>) -> Vec<Line> {
    let each = |office: &mut crate::life::office::Office| {
        office.cut_off();
        let line = Line::before(&office.department, weather);
        office.comes_back();
        line
    };
    life.offices.iter_mut().map(each).collect()
}

/// Everybody moves out of the state and back so many times; deaths come in the first half, annulments in the second.
fn entries(people: &[Person], moves: usize) -> (Vec<Entry<'_>>, Vec<Entry<'_>>) {
    let mut halves = [Vec::new(), Vec::new()];
    for step in 0..moves {
        let half = &mut halves[usize::from(step >= moves / 2)];
        let kind = if step % 2 == 0 { "out_of_state" } else { "return" };
        half.extend(people.iter().map(|person| Entry::Moves(person, kind)));
        if step == moves / 4 {
            half.extend(people.iter().filter(|person| person.dies()).map(Entry::Dies));
        }
        if step == moves * 3 / 4 {
            half.extend(people.iter().filter(|person| person.lives_after_all()).map(Entry::LivesAfterAll));
        }
    }
    let [before, after] = halves;
    (before, after)
}

/// Entries are made, and while their events are under way somebody is killed; as often as there are rounds.
async fn storm(life: &mut Life, entries: &[Entry<'_>], rounds: std::ops::Range<usize>) {
    let each = entries.len().div_ceil(rounds.len());
    for (round, some) in rounds.zip(entries.chunks(each)) {
        let told = life.civil.kept().count("feed_event");
        some.iter().for_each(|entry| enter(life, *entry));
        life.until("some of it is told", |life| life.civil.kept().count("feed_event") > told).await;
        let victim = if round % 2 == 0 { Victim::Source } else { Victim::Subscriber(round / 2 % OFFICES.len()) };
        kill_and_start(life, victim, round);
    }
}

fn enter(life: &Life, entry: Entry<'_>) {
    match entry {
        Entry::Moves(person, kind) => life.civil.moved(&person.resident, kind, life.days_ago(2)),
        Entry::Dies(person) => life.civil.death_numbered(&person.death, &person.resident, life.days_ago(1)),
        Entry::LivesAfterAll(person) => life.civil.annulment(&person.death, &person.resident, life.today()),
    }
}

fn kill_and_start(life: &mut Life, victim: Victim, round: usize) {
    let department = match victim {
        Victim::Source => &mut life.civil.department,
        Victim::Subscriber(place) => &mut life.offices[place].department,
    };
    department.server(0).unwrap().kill().unwrap();
    department.start(0).unwrap_or_else(|error| panic!("{victim:?} did not come back in round {round}: {error}"));
}

async fn stands_everywhere(life: &Life, person: &Person, status: &str) {
    for office in &life.offices {
        life.until_stands((office.name(), BENEFIT, &person.number), status).await;
    }
}

/// Looks again now and then: whoever looks is not to be what the machine does. The full counts have hours.
async fn seldom(what: &str, mut holds: impl FnMut() -> bool) {
    let (clock, patience) = (Clock::system(), PATIENCE * u32::try_from(depth(1, 24)).unwrap());
    until(&clock, patience, what, async || {
        let held = holds();
        if !held {
            clock.sleep(std::time::Duration::from_millis(200)).await;
        }
        held
    })
    .await;
}
