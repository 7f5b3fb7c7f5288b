//! Reading `[[test]]`: what is given, and what must come out.

use schemas::{id::ClauseId, time::CivilDate};
use toml::{Spanned, de::DeValue};

use super::reader::{self, Reader, Table};
use crate::{
    examples::{Example, Expected, OutcomeName},
    fact::{Benefit, Fact, FactPath, PersonFacts, Value, names},
    truth::Truth,
    vocabulary,
};

pub(super) fn read(reader: &mut Reader<'_>, file: &mut Table<'_>) -> Vec<Example> {
    let mut examples = Vec::new();
    for mut table in file.tables(reader, "test") {
        let span = table.place();
        let name = table.text(reader, "name");
        let start = table.required_table(reader, "given").and_then(|t| given(reader, t));
        let end = table.required_table(reader, "expect").and_then(|t| expected(reader, t));
        table.finish(reader);
        if let (Some(name), Some((as_of, facts)), Some(expected)) = (name, start, end) {
            examples.push(Example { name, as_of, facts, expected, span });
        }
    }
    examples
}

fn given(reader: &mut Reader<'_>, mut table: Table<'_>) -> Option<(CivilDate, PersonFacts)> {
    let as_of = table.date(reader, "as_of");
    let recorded = table.optional_date(reader, "recorded").or(as_of);
    let mut facts = PersonFacts::new();
    let on = as_of.unwrap_or(CivilDate::from_date(jiff::civil::Date::ZERO));
    for (key, table_of) in [
        ("person", table.value("person")),
        ("household", table.value("household")),
        ("delivery", table.value("delivery")),
    ] {
        let Some(value) = table_of else { continue };
        let DeValue::Table(entries) = value.get_ref() else {
            reader.refuse("wrong-type", value.span(), format!("`{key}` holds facts, such as `{key}.bpl`"), "");
            continue;
        };
        for (name, value) in entries.iter() {
            let path = format!("{key}.{}", name.get_ref());
            if let Some((path, value)) = fact(reader, &path, name.span(), value) {
                let recorded = recorded.unwrap_or(on);
                facts.set(path, Fact { recorded: recorded.start(), ..Fact::own(value, recorded) });
            }
        }
    }
    if table.value("benefits").is_some() {
        facts.set_benefits(benefits(reader, &mut table));
    }
    table.finish(reader);
    as_of.map(|as_of| (as_of, facts))
}

fn fact(
    reader: &mut Reader<'_>,
    path: &str,
    at: std::ops::Range<usize>,
    value: &Spanned<DeValue<'_>>,
) -> Option<(FactPath, Value)> {
    let Some(kind) = vocabulary::kind(path) else {
        let near = vocabulary::nearest(path, names::ALL.iter().copied());
        let help = near.map_or_else(|| format!("known: {}", names::ALL.join(", ")), |n| format!("did you mean `{n}`?"));
        reader.refuse("unknown-fact", at, format!("no fact is named `{path}`"), help);
        return None;
    };
    let found = match value.get_ref() {
        DeValue::String(text) => Some(Value::from(text.as_ref())),
        DeValue::Boolean(b) => Some(Value::from(*b)),
        DeValue::Integer(_) => reader::integer(value.get_ref()).map(Value::from),
        DeValue::Datetime(d) => reader::date(d).map(Value::from),
        _ => None,
    };
    match found {
        Some(found) if kind.admits(&found) => Some((path.parse().ok()?, found)),
        _ => {
            reader.refuse("wrong-type", value.span(), format!("`{path}` is {}", kind.words()), "");
            None
        }
    }
}

fn benefits(reader: &mut Reader<'_>, table: &mut Table<'_>) -> Vec<Benefit> {
    let mut benefits = Vec::new();
    for mut benefit in table.tables(reader, "benefits") {
        let scheme = benefit.text(reader, "scheme");
        let class = benefit.text(reader, "class");
        let since = benefit.date(reader, "since");
        let until = benefit.optional_date(reader, "until");
        let monthly = benefit.optional_integer(reader, "monthly", 0..=1_000_000).and_then(|n| u32::try_from(n).ok());
        benefit.finish(reader);
        if let (Some(scheme), Some(class), Some(since)) = (scheme, class, since) {
            benefits.push(Benefit { scheme, class, since, until, monthly });
        }
    }
    benefits
}

fn expected(reader: &mut Reader<'_>, mut table: Table<'_>) -> Option<Expected> {
    let outcomes = OutcomeName::ALL.map(|o| (o.as_str(), o));
    let outcome = table.one_of(reader, "outcome", &outcomes);
    let next = table.optional_date(reader, "next");
    let monthly = table.optional_integer(reader, "monthly", 0..=1_000_000).and_then(|n| u32::try_from(n).ok());
    let mut clauses = Vec::new();
    for (key, place, value) in table.entries() {
        if ["outcome", "next", "monthly"].contains(&key) {
            continue;
        }
        let truth = match value.get_ref() {
            DeValue::Boolean(b) => Some(Truth::from(*b)),
            DeValue::String(text) if text == "unknown" => Some(Truth::Unknown),
            _ => None,
        };
        match (key.parse::<ClauseId>(), truth) {
            (Ok(id), Some(truth)) => clauses.push((id, truth, place)),
            _ => {
                let help =
                    "name clauses: `I1 = true`, `I1 = false`, `I1 = \"unknown\"`; besides outcome, next, monthly";
                reader.refuse("unknown-key", place, format!("`{key}` cannot be expected so"), help);
            }
        }
    }
    Some(Expected { outcome: outcome?, next, monthly, clauses })
}
