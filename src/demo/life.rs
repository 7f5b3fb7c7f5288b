//! Life events of the story: each is registered in civil registration's own database, and ends as a changed row in another department's.
//!
//! Guarantees: the rows before and after, the decision and its reason are read from the department's own tables and from the journal
//! beside them; the records are those of the event that the journal names, and both are in the log. Deliberately absent: removals; their
//! windows of thirty days do not pass while a story is told.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, ensure};
use jiff::{ToSpan as _, civil::Date};
use protocol::seal::decode_base64url;
use schemas::{bundle::Bundle, digest::Digest, event::Event};
use serde_json::{Value, json};
use service_kit::clock::Clock;

use super::{
    cast::Citizen,
    federation::Federation,
    officer::Officer,
    population::{
        ALLOWANCE, CastMember, DISABILITY, Journaled, MARRIAGE, PENSION, RATION, ResidentNo, RollTable, cancel_death,
        correct_birth_date, enter_birth, enter_death, enter_marriage, enter_move, newest_change, register_no,
        row_as_it_stands, rows_of_name,
    },
    schemes::{FOOD_SCHEMES, SOCIAL_SCHEMES, publish_all},
    side_by_side::side_by_side,
    story::{Teller, read, save, with_wallet},
};
use crate::{audit, world::Department};

const BIRTH: &str = "in.vinimay.birth.registered.v1";
const AGE: &str = "in.vinimay.age.attained.v1";
const AGE_REVISED: &str = "in.vinimay.age.revised.v1";
const MARRIED: &str = "in.vinimay.marriage.registered.v1";
const MOVED: &str = "in.vinimay.residence.moved.v1";
const DEATH: &str = "in.vinimay.death.registered.v1";
const ANNULLED: &str = "in.vinimay.death.annulled.v1";
/// Odisha, in the Local Government Directory.
const ODISHA: u8 = 21;
/// The newborn's given name.
const NEWBORN: &str = "Navya";
/// How long an event may take to reach another department's table, on a machine that does much else.
const REACHES_WITHIN: Duration = Duration::from_secs(300);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Which department's table changes.
#[derive(Clone, Copy)]
struct Beneficiary<'a> {
    name: &'static str,
    department: &'a Department,
    database: &'a Path,
    table: RollTable,
}

impl<'a> Beneficiary<'a> {
    fn food(federation: &'a Federation) -> Self {
        let (department, database) = (&federation.food, federation.databases.food.as_path());
        Self { name: "food", department, database, table: RATION }
    }

    fn social(federation: &'a Federation, table: RollTable) -> Self {
        let (department, database) = (&federation.social, federation.databases.social.as_path());
        Self { name: "social", department, database, table }
    }

    fn newest(&self) -> anyhow::Result<i64> {
        Ok(newest_change(self.database, self.table.roll)?.map_or(0, |change| change.seq))
    }

    fn row(&self, key: &str) -> anyhow::Result<Option<Value>> {
        Ok(row_as_it_stands(self.database, self.table, key)?)
    }

    /// Waits until the journal tells of a change with this outcome after a place.
    async fn changed(&self, after: i64, outcome: &str) -> anyhow::Result<Journaled> {
        let clock = Clock::system();
        let asked = clock.monotonic();
        loop {
            let newest = newest_change(self.database, self.table.roll)?;
            if let Some(change) = newest.filter(|change| change.seq > after && change.outcome == outcome) {
                return Ok(change);
            }
            let waited = clock.monotonic().saturating_sub(asked);
            ensure!(waited < REACHES_WITHIN, "no row of {} was {outcome} in time", self.table.table);
            clock.sleep(LOOK_AGAIN).await;
        }
    }
}

/// What is told of one event.
struct Happened<'a> {
    step: &'static str,
    kind: &'static str,
    told: String,
    at: Beneficiary<'a>,
    before: Option<Value>,
    change: Journaled,
    more: Value,
}

/// What a department wants to be told of everybody.
struct Asked<'a> {
    by: &'a Department,
    law: &'static str,
    purpose: &'static str,
    types: &'static [&'static str],
    ages: &'static [&'static str],
}

fn subscriptions(federation: &Federation) -> [Asked<'_>; 4] {
    let social =
        |law, types, ages| Asked { by: &federation.social, law, purpose: "social.benefit.entitlement", types, ages };
    [
        Asked {
            by: &federation.food,
            law: "rbd-1969-s3a-food-births",
            purpose: "food.ration.entitlement",
            types: &[BIRTH],
            ages: &[],
        },
        social("cg-offers-2026-ages", &[AGE, AGE_REVISED], &["18", "60"]),
        social("cg-offers-2026-marriages", &[MARRIED], &[]),
        social("cg-offers-2026-moves", &[MOVED], &[]),
    ]
}

/// Proposed by the one, approved by civil registration as owner of the data; its id.
fn agree(federation: &Federation, asked: &Asked<'_>, until: &str) -> anyhow::Result<String> {
    let source = federation.civil.entity().as_str();
    let mut arguments =
        vec!["subscription", "propose", "--source", source, "--law", asked.law, "--purpose", asked.purpose];
    arguments.extend(["--everybody", "--until", until]);
    asked.types.iter().for_each(|kind| arguments.extend(["--type", kind]));
    asked.ages.iter().for_each(|age| arguments.extend(["--age", age]));
    let proposed: Value = serde_json::from_str(&asked.by.command(&arguments)?)?;
    let id = proposed["id"].as_str().context("the subscription has no id")?;
    federation.civil.command(&["subscription", "approve", id, "--owner", "data-owner"])?;
    Ok(id.to_owned())
}

impl Teller<'_> {
    /// Two officers of two departments bring schemes into force.
    pub(super) fn schemes_are_published(&mut self, federation: &Federation) -> anyhow::Result<()> {
        let since = self.clock.monotonic();
        let today = self.today();
        let departments = [(&federation.food, &FOOD_SCHEMES[..]), (&federation.social, &SOCIAL_SCHEMES[..])];
        let rows = side_by_side(departments, |(department, schemes)| publish_all(department, schemes, today))?;
        let people: u64 = rows.iter().sum();
        let published: Vec<&str> =
            departments.iter().flat_map(|(_, schemes)| schemes.iter().map(|scheme| scheme.id)).collect();
        let told = format!(
            "two departments publish {} schemes, each tested on their own rolls ({people} rows) and signed by two officers",
            published.len()
        );
        self.told("schemes", since, told, json!({ "schemes": published, "rows": people }));
        Ok(())
    }

    /// Subscriptions that speak of everybody, signed by both sides and approved by the data owner.
    pub(super) async fn life_events_are_subscribed_to(&mut self, federation: &mut Federation) -> anyhow::Result<()> {
        let since = self.clock.monotonic();
        let until = self.today().checked_add(1.year())?.to_string();
        let agreed = side_by_side(subscriptions(federation), |asked| agree(federation, &asked, &until))?;
        // Ages are looked at when the gateway starts and every quarter of an hour; nobody waits for that here.
        federation.civil.stop()?;
        federation.civil.start_all()?;
        self.until_ages_were_looked_at(&federation.civil).await?;
        let told = format!(
            "{} subscriptions to life events are signed by both sides, under registered laws, and approved by the data owner",
            agreed.len()
        );
        self.told("subscriptions", since, told, json!({ "subscriptions": agreed }));
        Ok(())
    }

    /// Birth, 18, 60, marriage, a move out of the state; their bundles.
    pub(super) async fn life_goes_on(&mut self, federation: &Federation) -> anyhow::Result<Vec<PathBuf>> {
        Ok(vec![
            self.a_child_is_born(federation).await?,
            self.somebody_completes_18(federation).await?,
            self.somebody_completes_60(federation).await?,
            self.a_couple_marries(federation).await?,
            self.somebody_moves_away(federation).await?,
        ])
    }

    async fn a_child_is_born(&mut self, federation: &Federation) -> anyhow::Result<PathBuf> {
        let since = self.clock.monotonic();
        let mother = member(&federation.databases.cast.mother, "mother")?;
        let at = Beneficiary::food(federation);
        let name = [Some(NEWBORN), mother.family_name.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let known = rows_of_name(at.database, at.table, "name_en", &name)?;
        let after = at.newest()?;
        let day = self.today().yesterday()?;
        let child = ResidentNo::new(federation.people.saturating_add(1));
        let number = enter_birth(&federation.databases.civil, (child, NEWBORN), mother, day, self.instant()?)?;
        let change = at.changed(after, "enrolled").await?;
        let now = rows_of_name(at.database, at.table, "name_en", &name)?;
        ensure!(now == known + 1, "{now} members are named {name}, {known} were");
        let told =
            "a birth is registered; the child becomes a member of the ration roll, without anybody applying".to_owned();
        let more = json!({ "registration": number });
        self.happened(federation, since, Happened { step: "birth", kind: BIRTH, told, at, before: None, change, more })
            .await
    }

    async fn somebody_completes_18(&mut self, federation: &Federation) -> anyhow::Result<PathBuf> {
        let since = self.clock.monotonic();
        let child = member(&federation.databases.cast.child_on_roll, "child on the roll")?;
        let at = Beneficiary::social(federation, DISABILITY);
        let register = register_no(child.keys.resident_no);
        let entry = row_as_it_stands(at.database, ALLOWANCE, &register)?.context("the child is not on the roll")?;
        let after = at.newest()?;
        let born = self.today().checked_sub(18.years())?;
        correct_birth_date(&federation.databases.civil, child.keys.resident_no, born)?;
        let change = at.changed(after, "enrolled").await?;
        let row = at.row(&change.row_key)?.context("the new row is gone")?;
        ensure!(row["register_no"] == register.as_str(), "another person was entered: {row}");
        let told = "a birth date is corrected in the register, and 18 years are complete today; the entry of a second scheme's roll, the children's allowance, is the fact by which the disability pension begins".to_owned();
        self.report.shown(&format!("fact: {} of {}: {entry}", ALLOWANCE.table, ALLOWANCE.roll));
        let more = json!({ "fact": entry, "roll": ALLOWANCE.roll });
        self.happened(federation, since, Happened { step: "eighteen", kind: AGE, told, at, before: None, change, more })
            .await
    }

    async fn somebody_completes_60(&mut self, federation: &Federation) -> anyhow::Result<PathBuf> {
        let since = self.clock.monotonic();
        let woman = member(&federation.databases.cast.without_pension, "woman who turns 60")?;
        let at = Beneficiary::social(federation, PENSION);
        let after = at.newest()?;
        let (citizen, _) = with_wallet(federation, woman, "wallet-sixty").await?;
        let born = self.today().checked_sub(60.years())?;
        correct_birth_date(&federation.databases.civil, woman.keys.resident_no, born)?;
        let more = self.she_accepts(&citizen).await?;
        let change = at.changed(after, "enrolled").await?;
        let told = "a birth date is corrected in the register, and 60 years are complete today; a pension is offered, and begins when she accepts".to_owned();
        self.happened(federation, since, Happened { step: "sixty", kind: AGE, told, at, before: None, change, more })
            .await
    }

    async fn a_couple_marries(&mut self, federation: &Federation) -> anyhow::Result<PathBuf> {
        let since = self.clock.monotonic();
        let couple = federation.databases.cast.couple.as_ref();
        let couple = couple.context("nobody marries in this population; use more --people")?;
        let at = Beneficiary::social(federation, MARRIAGE);
        let after = at.newest()?;
        let (citizen, _) = with_wallet(federation, &couple[0], "wallet-bride").await?;
        let number = enter_marriage(&federation.databases.civil, couple, self.today(), self.instant()?)?;
        let accepted = self.she_accepts(&citizen).await?;
        let change = at.changed(after, "enrolled").await?;
        let told = "a marriage is registered; both are offered assistance, and the bride accepts".to_owned();
        let more = json!({ "registration": number, "offer": accepted });
        self.happened(
            federation,
            since,
            Happened { step: "marriage", kind: MARRIED, told, at, before: None, change, more },
        )
        .await
    }

    async fn somebody_moves_away(&mut self, federation: &Federation) -> anyhow::Result<PathBuf> {
        let since = self.clock.monotonic();
        let mover = member(&federation.databases.cast.mover, "pensioner who moves")?;
        let ppo = mover.keys.ppo_no.context("the mover has no pension")?.to_string();
        let at = Beneficiary::social(federation, PENSION);
        let (after, before) = (at.newest()?, at.row(&ppo)?);
        let number = enter_move(&federation.databases.civil, mover, ODISHA, self.today(), self.instant()?)?;
        let change = at.changed(after, "held").await?;
        ensure!(change.row_key == ppo, "another pension was held: {}", change.row_key);
        let told = "a move out of the state is registered; the pension is held, and nothing ends without notice and a window of thirty days".to_owned();
        let more = json!({ "registration": number });
        self.happened(federation, since, Happened { step: "migration", kind: MOVED, told, at, before, change, more })
            .await
    }

    /// A death holds, in both departments that follow the person; its annulment puts both back.
    pub(super) async fn a_death_is_registered_and_annulled(
        &mut self,
        federation: &Federation,
    ) -> anyhow::Result<Vec<PathBuf>> {
        let person = member(&federation.databases.cast.pensioner, "pensioner")?.clone();
        let ppo = person.keys.ppo_no.context("the pensioner has no pension")?.to_string();
        let card = person.keys.ration_member_id.context("the pensioner has no ration card")?.to_string();
        let both = [(Beneficiary::social(federation, PENSION), ppo), (Beneficiary::food(federation), card)];
        let civil = &federation.databases.civil;

        let (since, stood, entered) = (self.clock.monotonic(), stand(&both)?, self.clock.monotonic());
        let (day, place, now) = (self.today().yesterday()?, person.district_lgd, self.instant()?);
        let registration = enter_death(civil, person.keys.resident_no, day, place, now)?;
        let held = changed(&both, &stood, "held").await?;
        let reached = self.clock.monotonic().saturating_sub(entered).as_millis();
        let told = format!(
            "a death is registered; within {reached} ms pension and ration are held, reversibly; first the pension"
        );
        let more = json!({ "registration": registration, "reached_ms": u64::try_from(reached)? });
        let steps =
            [("death", told), ("death-ration", "and the ration of that member alone; the card goes on".to_owned())];
        let mut bundles = self.in_both(federation, (since, DEATH), steps, (&both, stood, held), &more).await?;

        self.the_family_objects(federation, &bundles[0], &both[0].1).await?;

        let (since, stood) = (self.clock.monotonic(), stand(&both)?);
        cancel_death(civil, &registration, self.today())?;
        let released = changed(&both, &stood, "released").await?;
        let months: Vec<Value> =
            released.iter().filter_map(|change| serde_json::from_str(change.arrears.as_deref()?).ok()).collect();
        let owed = match months.first().and_then(Value::as_array).map_or(0, Vec::len) {
            0 => "no day of payment had passed while it was held, so that nothing is owed".to_owned(),
            owed => format!("{owed} months that were not paid meanwhile are listed for the treasury"),
        };
        let told = format!("the entry of the death is cancelled: she lives, and the pension is paid again; {owed}");
        let more = json!({ "registration": registration, "unpaid_months": months });
        let steps = [("annulment", told), ("annulment-ration", "and she has her ration again".to_owned())];
        bundles.extend(self.in_both(federation, (since, ANNULLED), steps, (&both, stood, released), &more).await?);
        Ok(bundles)
    }

    /// At the counter of the social welfare department, with the case number of the notice; an officer enters what they say.
    async fn the_family_objects(&mut self, federation: &Federation, told: &Path, number: &str) -> anyhow::Result<()> {
        let (since, social) = (self.clock.monotonic(), &federation.social);
        let (clerk, admin) =
            (Officer::hired(social, "chitra", &["reviewer"])?, Officer::hired(social, "devki", &["admin"])?);
        admin.confirms(&clerk.registers_a_key(social)?)?;
        let file = |name: &str, text: &str| -> anyhow::Result<String> {
            let file = social.folder().join(name);
            std::fs::write(&file, text)?;
            Ok(file.display().to_string())
        };
        let (case, number) = (case_of(told)?, file("number.txt", number)?);
        let words = file("said.txt", "She sits beside me. The register means another woman of her name.\n")?;
        let look = || -> anyhow::Result<Value> {
            let find = ["review", "find", &case, "--number-file", &number, "--account", &clerk.name, "--json"];
            Ok(serde_json::from_str(&social.command(&find)?)?)
        };
        let removal = look()?;
        let decision = removal["decision"].as_str().context("a decision without an id")?;
        let key = clerk.key.display().to_string();
        let said = ["review", "object", decision, "--route", "counter", "--words-file", &words];
        let by = ["--account", &clerk.name, "--key", &key, "--json"];
        let entered: Value = serde_json::from_str(&social.command(&[said.as_slice(), &by].concat())?)?;
        ensure!(entered["done"] == "entered", "the objection was not taken: {entered}");
        let now = look()?;
        ensure!(now["state"] == "contested" && now["objection"] == true, "the objection is not open: {now}");
        let told = "the family objects at the counter, by the case number of the notice, and has a slip; two officers must hear it before anybody is taken off".to_owned();
        self.told("objection", since, told, json!({ "case": case, "decision": decision, "slip": entered["slip"] }));
        Ok(())
    }

    /// Tells what one entry did in both departments.
    async fn in_both(
        &mut self,
        federation: &Federation,
        (since, kind): (Duration, &'static str),
        steps: [(&'static str, String); 2],
        (both, stood, changes): (&Both<'_>, Stood, Vec<Journaled>),
        more: &Value,
    ) -> anyhow::Result<Vec<PathBuf>> {
        let mut bundles = Vec::new();
        let each = both.iter().zip(stood).zip(changes).zip(steps);
        for ((((at, _), (_, before)), change), (step, told)) in each {
            let happened = Happened { step, kind, told, at: *at, before, change, more: more.clone() };
            bundles.push(self.happened(federation, since, happened).await?);
        }
        Ok(bundles)
    }

    /// Her wallet shows an offer; she takes it.
    async fn she_accepts(&mut self, citizen: &Citizen) -> anyhow::Result<Value> {
        let asked = self.clock.monotonic();
        loop {
            let found = citizen.benefits()?;
            let decisions =
                found.as_array().into_iter().flatten().filter_map(|told| told["decisions"].as_array()).flatten();
            let offered = decisions.into_iter().find(|view| view["state"] == "offered");
            if let Some(view) = offered {
                let decision = view["decision"].as_str().context("an offer without an id")?;
                self.report.shown(&format!("her wallet: {}", view["why"]["en"].as_str().unwrap_or_default()));
                let answered = citizen.accept(decision)?;
                return Ok(json!({ "decision": decision, "why": view["why"], "state": answered["state"] }));
            }
            let waited = self.clock.monotonic().saturating_sub(asked);
            ensure!(waited < REACHES_WITHIN, "nothing was offered in time: {found}");
            self.clock.sleep(Duration::from_millis(100)).await;
        }
    }

    /// Tells one event with its rows, decision, records and bundle, all as they stand now.
    async fn happened(
        &mut self,
        federation: &Federation,
        since: Duration,
        happened: Happened<'_>,
    ) -> anyhow::Result<PathBuf> {
        let Happened { step, kind, told, at, before, change, more } = happened;
        let after = at.row(&change.row_key)?.context("the changed row is gone")?;
        let event = change.event.as_deref().context("the journal names no event")?;
        let (id, bundle) = bundle_of(federation, &at, kind, event, step).await?;
        let audited = audit::verify_file(&bundle, &federation.anchor.trust_root()?, self.clock.now())?;
        let places: Vec<u64> = audited.report.records.iter().filter_map(|record| record.index).collect();
        ensure!(places.len() == 3, "event, acknowledgement and application were to be in the log: {places:?}");
        let evidence = json!({
            "department": at.department.entity(), "table": at.table.table, "before": before, "after": after,
            "decision": change.decision, "by": change.actor, "reason": change.reason,
            "event": id, "indexes": places, "bundle": bundle, "more": more,
        });
        self.told(step, since, told, evidence);
        let before = before.map_or_else(|| "no such row".to_owned(), |row| row.to_string());
        self.report.shown(&format!("{} before: {before}\n{} after:  {after}", at.table.table, at.table.table));
        self.report.shown(&format!(
            "decision {} by {} ({}); in the log: event at {}, acknowledgement at {}, application at {}; bundle {id}",
            change.decision.as_deref().unwrap_or("none"),
            change.actor,
            change.reason,
            places[0],
            places[1],
            places[2]
        ));
        Ok(bundle)
    }

    fn today(&self) -> Date {
        self.clock.now().civil_day().date()
    }

    fn instant(&self) -> anyhow::Result<jiff::Timestamp> {
        Ok(jiff::Timestamp::from_second(self.clock.now().seconds())?)
    }

    /// The first pass of the ageing job of a gateway that was just started is over.
    async fn until_ages_were_looked_at(&self, department: &Department) -> anyhow::Result<()> {
        let asked = self.clock.monotonic();
        while !metrics(department)?
            .lines()
            .any(|line| line.starts_with("job_runs_total") && line.contains("\"ageing\""))
        {
            let waited = self.clock.monotonic().saturating_sub(asked);
            ensure!(waited < REACHES_WITHIN, "the register did not look at ages in time");
            self.clock.sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }
}

/// The two tables in which one person stands, with her key in each.
type Both<'a> = [(Beneficiary<'a>, String); 2];
/// Where each journal ended, and the row as it stood.
type Stood = Vec<(i64, Option<Value>)>;

fn stand(both: &Both<'_>) -> anyhow::Result<Stood> {
    both.iter().map(|(at, key)| Ok((at.newest()?, at.row(key)?))).collect()
}

/// Waits until each of the two rows was changed in this way.
async fn changed(both: &Both<'_>, stood: &Stood, outcome: &str) -> anyhow::Result<Vec<Journaled>> {
    let mut changes = Vec::new();
    for ((at, key), (after, _)) in both.iter().zip(stood) {
        let change = at.changed(*after, outcome).await?;
        ensure!(change.row_key == *key, "another row of {} was {outcome}: {}", at.table.table, change.row_key);
        changes.push(change);
    }
    Ok(changes)
}

fn member<'a>(cast: &'a Option<CastMember>, role: &str) -> anyhow::Result<&'a CastMember> {
    cast.as_ref().with_context(|| format!("no {role} in this population; use more --people"))
}

/// The bundle of the event that the journal names by its digest.
async fn bundle_of(
    federation: &Federation,
    at: &Beneficiary<'_>,
    kind: &str,
    digest: &str,
    step: &str,
) -> anyhow::Result<(String, PathBuf)> {
    let portal = at.department.portal(0)?;
    let events: Value = read(&portal.fetch("/v1/events?limit=50").await?)?;
    for event in events.as_array().into_iter().flatten().filter(|event| event["type"] == kind) {
        let id = event["event"].as_str().context("an event without an id")?;
        let file = save(federation, &portal, &format!("/v1/events/{id}/bundle?wait=8"), step).await?;
        let bundle: Bundle = serde_json::from_slice(&std::fs::read(&file)?)?;
        if bundle.records.iter().any(|record| Digest::of(record.jws.as_str()).to_string() == digest) {
            return Ok((id.to_owned(), file));
        }
    }
    anyhow::bail!("{} has no event {digest} of {kind}", at.name)
}

/// The case number in the event of a bundle, which notices have too.
fn case_of(bundle: &Path) -> anyhow::Result<String> {
    let bundle: Bundle = serde_json::from_slice(&std::fs::read(bundle)?)?;
    let claims = |jws: &str| decode_base64url(jws.split('.').nth(1)?).ok();
    let mut events =
        bundle.records.iter().filter_map(|record| serde_json::from_slice::<Event>(&claims(record.jws.as_str())?).ok());
    Ok(events.next().context("a bundle without an event")?.case.to_string())
}

/// The metrics of a gateway, from its own machine.
fn metrics(department: &Department) -> anyhow::Result<String> {
    let address = department.management(0);
    let address = address.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}
