//! The roll of any day, made again from the journal, equals what stood in the table then: to the bit, for any run of operations.

use proptest::prelude::*;
use schemas::time::CivilDate;

use super::{
    super::*,
    enrolment::{amendment, enrolment},
    warrant::*,
    *,
};

/// One thing that happens to a roll.
#[derive(Clone, Copy, Debug)]
enum Step {
    Hold(u8),
    Release,
    Enrol(u8),
    Amend(u8, u32),
    Remove(u8),
    Restore,
    Edit(u8),
    Delete(u8),
    NextDay,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let person = 1..5_u8;
    let step = prop_oneof![
        person.clone().prop_map(Step::Hold),
        Just(Step::Release),
        person.clone().prop_map(Step::Enrol),
        (person.clone(), 100..900_u32).prop_map(|(who, amount)| Step::Amend(who, amount)),
        person.clone().prop_map(Step::Remove),
        Just(Step::Restore),
        person.clone().prop_map(Step::Edit),
        person.prop_map(Step::Delete),
        Just(Step::NextDay),
    ];
    prop::collection::vec(step, 1..24)
}

struct Run<'d> {
    department: &'d Department,
    rolls: MappedRolls,
    at: Timestamp,
    hold: Option<HoldDecision>,
    removed: Option<(String, MessageId)>,
    days: Vec<(CivilDate, Replayed)>,
}

impl<'d> Run<'d> {
    fn new(department: &'d Department) -> Self {
        let rolls = whole(department);
        rolls.scan(&roll_id(), now()).unwrap();
        Self { department, rolls, at: now(), hold: None, removed: None, days: Vec::new() }
    }

    fn step(&mut self, step: Step) {
        let who = |n: u8| format!("P-{n}");
        match step {
            Step::Hold(n) => {
                let order = hold(&who(n));
                self.rolls.hold(&order, self.at).unwrap();
                self.hold = Some(order);
            }
            Step::Release => {
                if let Some(order) = &self.hold {
                    self.rolls.release(&release(order), self.at).unwrap();
                }
            }
            Step::Enrol(n) => drop(self.rolls.enrol(&enrolment(&who(n)), self.at).unwrap()),
            Step::Amend(n, amount) => drop(self.rolls.amend(&amendment(&who(n), amount), self.at).unwrap()),
            Step::Remove(n) => {
                let warrant = warrant(&self.rolls, &roll_id(), &who(n), self.at);
                self.rolls.remove(&warrant, &removal(&roll_id(), &who(n)), self.at).unwrap();
                self.removed = Some((who(n), warrant.decision().clone()));
            }
            Step::Restore => {
                if let Some((subject, removal)) = self.removed.clone() {
                    let (decision, subject) = (random::message_id(self.at), subject.parse().unwrap());
                    let (reason, actor) = ("DEATH_ANNULLED".to_owned(), "officer:8".to_owned());
                    let order = Restoration {
                        roll: roll_id(),
                        subject,
                        removal,
                        decision,
                        event: None,
                        reason,
                        actor,
                        paid: BTreeSet::new(),
                    };
                    self.rolls.restore(&order, self.at).unwrap();
                }
            }
            Step::Edit(n) => self.department.execute(&format!(
                "UPDATE pension_beneficiary SET status_reason = 'CLERK', monthly_amount = 7 WHERE person_no = 'P-{n}'"
            )),
            Step::Delete(n) => {
                self.department.execute(&format!("DELETE FROM pension_beneficiary WHERE person_no = 'P-{n}'"));
            }
            Step::NextDay => self.end_day(),
        }
    }

    /// What is looked at each night, and what the day's end was.
    fn end_day(&mut self) {
        self.rolls.note_outside(&roll_id(), self.at).unwrap();
        self.days.push((self.at.civil_day(), self.rolls.snapshot(&roll_id()).unwrap()));
        self.at = self.at.plus(86_400);
    }
}

fn every_day_is_made_again(department: &Department, steps: Vec<Step>) {
    let mut run = Run::new(department);
    steps.into_iter().for_each(|step| run.step(step));
    run.end_day();
    for (day, stood) in &run.days {
        let replayed = run.rolls.replay(&roll_id(), *day).unwrap();
        assert_eq!(replayed.to_lines(), stood.to_lines(), "{day}");
        assert_eq!(replayed.digest(), stood.digest());
    }
    assert_eq!(run.rolls.verify(&roll_id(), None).unwrap(), []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_day_of_any_run_is_made_again_to_the_bit_on_sqlite(steps in steps()) {
        every_day_is_made_again(&Department::sqlite(), steps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_day_of_any_run_is_made_again_to_the_bit_on_postgresql(steps in steps()) {
        every_day_is_made_again(&Department::postgres(), steps);
    }
}

#[test]
fn before_the_first_look_there_is_nothing() {
    let department = Department::sqlite();
    let rolls = whole(&department);
    rolls.scan(&roll_id(), now()).unwrap();
    assert!(rolls.replay(&roll_id(), "2026-11-20".parse().unwrap()).unwrap().is_empty());
    assert_eq!(rolls.replay(&roll_id(), "2026-11-21".parse().unwrap()).unwrap().len(), 3);
}
