//! Scheme files: one TOML file a scheme, read once and strictly, hashed as it stands.
//!
//! Guarantees: an unknown key, a missing key or a value of another kind is refused with its place and, where one is near, the key
//! that was meant; the hash is over the file's exact bytes, so that `id@version` and hash in a decision name one text for ever.
//! Source: triggers, "Schemes". Deliberately absent: whether the rules make sense ([`crate::lint`]), signatures and storage.

mod clauses;
mod effects;
mod examples;
mod reader;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::Range,
};

use schemas::{
    digest::Digest,
    id::{EntityId, SchemeId},
    time::CivilDate,
};
use serde::{Deserialize, Serialize};

use crate::{
    age::Convention,
    benefit::BenefitRule,
    clause::{AgeBounds, AgeDay, Bilingual, Clause, FactNeed, Test},
    effect::Effect,
    examples::Example,
    lint::LintDiagnostic,
};
use reader::Reader;

/// Largest scheme file, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;

/// What a scheme counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Persons.
    Person,
    /// Members of a household that holds one entitlement.
    Household,
    /// Deliveries of a mother: twins are one.
    Delivery,
}

/// The days on which a version is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InForce {
    /// From this day.
    pub from: CivilDate,
    /// Up to and including this day; `None`: until superseded.
    pub until: Option<CivilDate>,
}

/// The schemes before and after this one in a life: no unpaid day between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transition {
    /// From here people come.
    pub predecessor: Option<SchemeId>,
    /// There they go.
    pub successor: Option<SchemeId>,
}

/// One version of a scheme.
#[derive(Clone, Debug)]
pub struct Scheme {
    /// Its id.
    pub id: SchemeId,
    /// Its version, from 1.
    pub version: u32,
    /// SHA-256 over the file's bytes.
    pub hash: Digest,
    /// Its name.
    pub title: Bilingual,
    /// Whose scheme it is.
    pub department: EntityId,
    /// Its class, such as `pension`: what other schemes' clauses name.
    pub class: String,
    /// What it counts.
    pub unit: Unit,
    /// When it is in force.
    pub in_force: InForce,
    /// When an age counts as completed.
    pub age_convention: Convention,
    /// Its clauses, in the file's order.
    pub clauses: Vec<Clause>,
    /// What it gives.
    pub benefit: BenefitRule,
    /// Where the fact of its formula comes from.
    pub benefit_need: Option<FactNeed>,
    /// By class, the schemes that pay it: all of them, by the word of who signs this file.
    pub paid_by: BTreeMap<String, Vec<SchemeId>>,
    /// What follows.
    pub effect: Effect,
    /// Its neighbours in a life.
    pub transition: Transition,
    /// The examples inside.
    pub examples: Vec<Example>,
    /// Places in the file.
    pub(crate) places: Places,
}

/// Places that findings point at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    pub scheme: Range<usize>,
    pub effect: Range<usize>,
    pub in_force: Range<usize>,
    pub title: Range<usize>,
    pub benefit: Range<usize>,
}

/// An age at which something changes under a convention; what subscriptions and ageing need to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Threshold {
    /// Completed years.
    pub years: u8,
    /// When they count as completed.
    pub convention: Convention,
}

impl Scheme {
    /// Reads a file.
    ///
    /// # Errors
    /// Each thing that is wrong, with its place.
    pub fn parse(text: &str) -> Result<Self, Vec<LintDiagnostic>> {
        if text.len() > MAX_BYTES {
            let what = format!("the file is longer than {MAX_BYTES} bytes");
            return Err(vec![LintDiagnostic::error("too-long", 0..0, what, "one file holds one scheme")]);
        }
        let root = toml::de::DeTable::parse(text).map_err(|error| {
            let at = error.span().unwrap_or(0..0);
            vec![LintDiagnostic::error("toml", at, error.message().to_owned(), "see https://toml.io for the notation")]
        })?;
        let mut reader = Reader::new(text);
        let scheme = whole(&mut reader, &root, Digest::of(text));
        let findings = reader.into_findings();
        match scheme {
            Some(scheme) if findings.is_empty() => Ok(scheme),
            _ => Err(findings),
        }
    }

    /// The clause of a number.
    pub fn clause(&self, id: &str) -> Option<&Clause> {
        self.clauses.iter().find(|c| c.id.as_str() == id)
    }

    /// Every bound of an age among its clauses.
    pub(crate) fn ages(&self) -> impl Iterator<Item = (&Clause, AgeBounds)> {
        self.clauses.iter().flat_map(|clause| {
            clause.tests().filter_map(move |test| match test {
                Test::Age(bounds) => Some((clause, *bounds)),
                _ => None,
            })
        })
    }

    /// The ages at which somebody's standing or rate changes on the day itself, each once. Ages counted on 1 January are not among
    /// them: they change on that day for everybody.
    pub fn thresholds(&self) -> BTreeSet<Threshold> {
        let convention = self.age_convention;
        let bounds = self.ages().filter(|(_, b)| b.on == AgeDay::Itself);
        let mut years: BTreeSet<u8> = bounds
            .flat_map(|(_, b)| [b.at_least, b.at_most.map(|n| n.saturating_add(1))])
            .flatten()
            .filter(|n| *n > 0)
            .collect();
        if let BenefitRule::Slabs(slabs) = &self.benefit {
            years.extend(slabs.iter().map(|s| s.age_from).filter(|n| *n > 0));
        }
        years.into_iter().map(|years| Threshold { years, convention }).collect()
    }

    /// Whether it counts ages on 1 January, so that everybody is looked at once on that day.
    pub fn counts_on_1_january(&self) -> bool {
        self.ages().any(|(_, b)| b.on == AgeDay::January1)
    }

    /// Whether it is in force on a day.
    pub fn is_in_force(&self, day: CivilDate) -> bool {
        self.in_force.from <= day && self.in_force.until.is_none_or(|until| day <= until)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.id, self.version)
    }
}

fn whole(reader: &mut Reader<'_>, root: &toml::Spanned<toml::de::DeTable<'_>>, hash: Digest) -> Option<Scheme> {
    let mut file = reader.table(root.get_ref(), root.span(), "the file");
    let head = file.required_table(reader, "scheme");
    let clauses = clauses::read(reader, &mut file);
    let benefit_place = file.place_of("benefit");
    let benefit = effects::benefit(reader, &mut file);
    let paid_by = paid_by(reader, &mut file);
    let effect_place = file.place_of("effect");
    let effect = effects::read(reader, &mut file);
    let transition = transition(reader, &mut file);
    let examples = examples::read(reader, &mut file);
    file.finish(reader);

    let mut head = head?;
    let id = head.parsed::<SchemeId>(reader, "id");
    let version = head.integer_within(reader, "version", 1..=1_000_000);
    let title_place = head.place_of("title");
    let title = head.bilingual(reader, "title");
    let department = head.parsed::<EntityId>(reader, "department");
    let class = head.word(reader, "class");
    let unit = head.optional_one_of(
        reader,
        "unit",
        &[("person", Unit::Person), ("household", Unit::Household), ("delivery", Unit::Delivery)],
    );
    let in_force_place = head.place_of("in_force");
    let in_force = in_force(reader, &mut head);
    let conventions = [("anniversary", Convention::Anniversary), ("day_before", Convention::DayBefore)];
    let age_convention = head.optional_one_of(reader, "age_convention", &conventions);
    let places = Places {
        scheme: head.place(),
        effect: effect_place,
        in_force: in_force_place,
        title: title_place,
        benefit: benefit_place,
    };
    head.finish(reader);
    let (benefit, benefit_need) = benefit?;
    Some(Scheme {
        id: id?,
        version: u32::try_from(version?).ok()?,
        hash,
        title: title?,
        department: department?,
        class: class?,
        unit: unit.unwrap_or(Unit::Person),
        in_force: in_force?,
        age_convention: age_convention.unwrap_or_default(),
        clauses,
        benefit,
        benefit_need,
        paid_by,
        effect: effect?,
        transition,
        examples,
        places,
    })
}

fn in_force(reader: &mut Reader<'_>, head: &mut reader::Table<'_>) -> Option<InForce> {
    let mut table = head.required_table(reader, "in_force")?;
    let from = table.date(reader, "from");
    let until = table.optional_date(reader, "until");
    table.finish(reader);
    Some(InForce { from: from?, until })
}

fn paid_by(reader: &mut Reader<'_>, file: &mut reader::Table<'_>) -> BTreeMap<String, Vec<SchemeId>> {
    let Some(table) = file.optional_table(reader, "paid_by") else { return BTreeMap::new() };
    let mut found = BTreeMap::new();
    for (class, place, value) in table.entries() {
        let names = value.get_ref().as_array().map(|array| array.iter().map(|item| item.get_ref().as_str()));
        let schemes: Option<Vec<SchemeId>> = names.and_then(|mut names| {
            names.try_fold(Vec::new(), |all, name| Some([all, vec![name?.parse().ok()?]].concat()))
        });
        match schemes {
            Some(schemes) if !schemes.is_empty() => drop(found.insert(class.to_owned(), schemes)),
            _ => reader.refuse(
                "bad-value",
                place,
                format!("`{class}` names the schemes that pay this class, all of them"),
                "such as `pension = [\"CG-IGNOAPS\", \"CG-IGNWPS\"]`",
            ),
        }
    }
    found
}

fn transition(reader: &mut Reader<'_>, file: &mut reader::Table<'_>) -> Transition {
    let Some(mut table) = file.optional_table(reader, "transition") else { return Transition::default() };
    let predecessor = table.optional_parsed(reader, "predecessor");
    let successor = table.optional_parsed(reader, "successor");
    table.finish(reader);
    Transition { predecessor, successor }
}

#[cfg(test)]
mod tests;
