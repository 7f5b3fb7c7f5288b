//! Reading `[[clause]]`: exactly one condition each.

use schemas::id::ClauseId;
use toml::{Spanned, de::DeValue};

use super::reader::{self, Reader, Table};
use crate::{
    clause::{AgeBounds, AgeDay, Clause, ClauseKind, Comparison, Condition, Enrolment, FactNeed, Groups, Of, Test},
    expression::{CommonExpressions, Expressions, Wanted},
    fact::{FactPath, Value, names},
    vocabulary::{self, Kind},
};

/// The conditions that a clause may have; one of them.
const CONDITIONS: &[&str] = &["age", "residence", "marital_status", "enrolled", "compare", "when", "any_of"];

pub(super) fn read(reader: &mut Reader<'_>, file: &mut Table<'_>) -> Vec<Clause> {
    let mut clauses: Vec<Clause> = Vec::new();
    for table in file.tables(reader, "clause") {
        let place = table.place();
        let Some(clause) = clause(reader, table) else { continue };
        if clauses.iter().any(|c| c.id == clause.id) {
            reader.refuse(
                "repeated-id",
                place,
                format!("clause `{}` is there twice", clause.id),
                "number each clause once",
            );
        }
        clauses.push(clause);
    }
    clauses
}

fn clause(reader: &mut Reader<'_>, mut table: Table<'_>) -> Option<Clause> {
    let span = table.place();
    let id = table.parsed::<ClauseId>(reader, "id");
    let kinds = [("include", ClauseKind::Include), ("exclude", ClauseKind::Exclude)];
    let kind = table.one_of(reader, "kind", &kinds);
    let text = table.optional_table(reader, "text").map(|mut text| {
        let en = text.optional_text(reader, "en").unwrap_or_default();
        let hi = text.optional_text(reader, "hi").unwrap_or_default();
        text.finish(reader);
        crate::clause::Bilingual { en, hi }
    });
    let reference = table.optional_text(reader, "ref");
    let on_conflict = table.optional_one_of(reader, "on_conflict", &[("officer", true), ("refuse", false)]);
    let need = need(reader, &mut table);
    let condition = condition(reader, &mut table);
    table.finish(reader);
    Some(Clause {
        id: id?,
        kind: kind?,
        condition: condition?,
        text: text.unwrap_or_default(),
        reference: reference.unwrap_or_default(),
        to_officer: on_conflict.unwrap_or(false),
        need,
        span,
    })
}

pub(super) fn need(reader: &mut Reader<'_>, table: &mut Table<'_>) -> Option<FactNeed> {
    let mut need = table.optional_table(reader, "fact")?;
    let dataset = need.text(reader, "dataset");
    let field = need.text(reader, "field");
    let basis = need.optional_text(reader, "basis");
    let max_age_days = need.optional_integer(reader, "max_age_days", 1..=3650).and_then(|n| u16::try_from(n).ok());
    need.finish(reader);
    Some(FactNeed { dataset: dataset?, field: field?, basis, max_age_days })
}

fn condition(reader: &mut Reader<'_>, table: &mut Table<'_>) -> Option<Condition> {
    let present: Vec<&str> = CONDITIONS.iter().copied().filter(|key| table.value(key).is_some()).collect();
    if present.len() != 1 {
        let what = match present.len() {
            0 => "the clause asks nothing".to_owned(),
            _ => format!("the clause asks several things: {}", present.join(", ")),
        };
        let help = format!("give each clause one of {}", CONDITIONS.join(", "));
        reader.refuse("one-condition", table.place(), what, help);
    }
    let key = *present.first()?;
    if key != "any_of" {
        return tests(reader, table).into_iter().next().map(Condition::One);
    }
    let mut groups = Groups::default();
    for mut group in table.tables(reader, "any_of") {
        let place = group.place();
        let found = tests(reader, &mut group);
        group.finish(reader);
        if found.is_empty() {
            reader.refuse("one-condition", place, "this group asks nothing", "name at least one condition");
        }
        groups.push(found);
    }
    if groups.is_empty() {
        reader.refuse("one-condition", table.place_of("any_of"), "`any_of` has no group", "name at least one");
    }
    Some(Condition::AnyOf(groups))
}

fn tests(reader: &mut Reader<'_>, table: &mut Table<'_>) -> Vec<Test> {
    let mut tests = Vec::new();
    tests.extend(table.optional_table(reader, "age").and_then(|t| age(reader, t)).map(Test::Age));
    tests.extend(table.optional_table(reader, "residence").and_then(|t| residence(reader, t)));
    if let Some(value) = table.value("marital_status") {
        let kind = Kind::Text(vocabulary::MARITAL_STATUS);
        let words = values(reader, value, kind);
        tests.extend(words.map(|w| Test::MaritalStatus(w.into_iter().filter_map(into_text).collect())));
    }
    tests.extend(table.optional_table(reader, "enrolled").and_then(|t| enrolled(reader, t)).map(Test::Enrolled));
    tests.extend(table.optional_table(reader, "compare").and_then(|t| compare(reader, t)));
    if let Some(value) = table.value("when") {
        tests.extend(when(reader, value));
    }
    tests
}

fn into_text(value: Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn age(reader: &mut Reader<'_>, mut table: Table<'_>) -> Option<AgeBounds> {
    let place = table.place();
    let years = |n: i64| u8::try_from(n).ok();
    let mut at_least = table.optional_integer(reader, "at_least", 1..=120).and_then(years);
    let mut at_most = table.optional_integer(reader, "at_most", 0..=120).and_then(years);
    let between = table.value("between");
    if let Some(value) = between {
        let both: Option<Vec<i64>> =
            value.get_ref().as_array().map(|a| a.iter().filter_map(|v| reader::integer(v.get_ref())).collect());
        match both.as_deref() {
            Some([from, to])
                if at_least.is_none() && at_most.is_none() && (0..=120).contains(from) && (0..=120).contains(to) =>
            {
                (at_least, at_most) = (years(*from), years(*to));
            }
            _ => reader.refuse(
                "bad-value",
                value.span(),
                "`between` is two ages and stands alone",
                "such as `between = [40, 79]`",
            ),
        }
    }
    let on = table.optional_one_of(reader, "on", &[("itself", AgeDay::Itself), ("1_january", AgeDay::January1)]);
    table.finish(reader);
    if at_least.is_none() && at_most.is_none() {
        reader.refuse("bad-value", place, "the age has no bound", "give `at_least`, `at_most` or `between = [40, 79]`");
        return None;
    }
    Some(AgeBounds { at_least, at_most, on: on.unwrap_or_default() })
}

fn residence(reader: &mut Reader<'_>, mut table: Table<'_>) -> Option<Test> {
    let place = table.place();
    let mut found: Vec<Test> = Vec::new();
    let mut present = 0;
    for (key, name) in [("state", names::STATE_CODE), ("district", names::DISTRICT), ("native_of", names::NATIVE_STATE)]
    {
        let Some(value) = table.value(key) else { continue };
        present += 1;
        let codes = values(reader, value, Kind::Text(&[]));
        let path = name.parse::<FactPath>().ok();
        found.extend(codes.zip(path).map(|(c, p)| Test::Residence(p, c.into_iter().filter_map(into_text).collect())));
    }
    table.finish(reader);
    if present != 1 {
        reader.refuse(
            "bad-value",
            place,
            "`residence` names one of state, district, native_of",
            "such as `{ state = \"22\" }`",
        );
    }
    found.into_iter().next()
}

fn enrolled(reader: &mut Reader<'_>, mut table: Table<'_>) -> Option<Enrolment> {
    let place = table.place();
    let class = table.optional_text(reader, "class").map(Of::Class);
    let scheme = table.optional_text(reader, "scheme").map(Of::Scheme);
    let other_than_self = table.optional_bool(reader, "other_than_self").unwrap_or(false);
    let since = table.value("since").and_then(|value| fact(reader, value, Some(Kind::Date)));
    table.finish(reader);
    match (class, scheme) {
        (Some(of), None) | (None, Some(of)) => Some(Enrolment { of, other_than_self, since }),
        _ => {
            reader.refuse(
                "bad-value",
                place,
                "`enrolled` names a class or a scheme, one of them",
                "such as `{ class = \"pension\" }`",
            );
            None
        }
    }
}

/// The name of a fact, of a kind if one is wanted.
fn fact(reader: &mut Reader<'_>, value: &Spanned<DeValue<'_>>, wanted: Option<Kind>) -> Option<FactPath> {
    let text = value.get_ref().as_str().unwrap_or_default();
    let Some(kind) = vocabulary::kind(text) else {
        let near = vocabulary::nearest(text, names::ALL.iter().copied());
        let help = near.map_or_else(|| format!("known: {}", names::ALL.join(", ")), |n| format!("did you mean `{n}`?"));
        reader.refuse("unknown-fact", value.span(), format!("no fact is named `{text}`"), help);
        return None;
    };
    if wanted.is_some_and(|w| w != kind) {
        reader.refuse("wrong-type", value.span(), format!("`{text}` is {}", kind.words()), "name another fact");
        return None;
    }
    text.parse().ok()
}

fn compare(reader: &mut Reader<'_>, mut table: Table<'_>) -> Option<Test> {
    let place = table.place();
    let Some(name) = table.value("fact") else {
        reader.refuse("missing-key", place, "compare has no `fact`", "add `fact = \"person.sex\"`");
        return None;
    };
    let path = fact(reader, name, None);
    let kind = path.as_ref().and_then(|p| vocabulary::kind(p.as_str()));
    let mut found: Vec<Comparison> = Vec::new();
    for key in ["is", "is_not", "one_of", "at_least", "at_most"] {
        let (Some(value), Some(kind)) = (table.value(key), kind) else { continue };
        if matches!(key, "at_least" | "at_most") && !matches!(kind, Kind::Integer | Kind::Date) {
            reader.refuse(
                "wrong-type",
                value.span(),
                format!("`{key}` goes with numbers and dates"),
                "use `is` or `one_of`",
            );
            continue;
        }
        let Some(several) = values(reader, value, kind) else { continue };
        let first = several.first().cloned();
        found.extend(match key {
            "one_of" => Some(Comparison::OneOf(several)),
            "is" => first.map(Comparison::Is),
            "is_not" => first.map(Comparison::IsNot),
            "at_least" => first.map(Comparison::AtLeast),
            _ => first.map(Comparison::AtMost),
        });
    }
    table.finish(reader);
    let path = path?;
    if found.len() != 1 {
        reader.refuse(
            "bad-value",
            place,
            "`compare` says one of is, is_not, one_of, at_least, at_most",
            "such as `is = \"female\"`",
        );
        return None;
    }
    found.into_iter().next().map(|comparison| Test::Compare(path, comparison))
}

/// One value or several of a kind.
fn values(reader: &mut Reader<'_>, value: &Spanned<DeValue<'_>>, kind: Kind) -> Option<Vec<Value>> {
    let one = |item: &Spanned<DeValue<'_>>| match item.get_ref() {
        DeValue::String(text) => Some(Value::from(text.as_ref())),
        DeValue::Boolean(b) => Some(Value::from(*b)),
        DeValue::Integer(_) => reader::integer(item.get_ref()).map(Value::from),
        DeValue::Datetime(d) => reader::date(d).map(Value::from),
        _ => None,
    };
    let items: Vec<Option<Value>> = match value.get_ref() {
        DeValue::Array(array) => array.iter().map(one).collect(),
        _ => vec![one(value)],
    };
    let found: Option<Vec<Value>> = items.into_iter().collect();
    let good = found.filter(|all| !all.is_empty() && all.iter().all(|v| kind.admits(v)));
    if good.is_none() {
        let words = match kind {
            Kind::Text(words) if !words.is_empty() => format!("one of {}", words.join(", ")),
            other => other.words().to_owned(),
        };
        reader.refuse("wrong-type", value.span(), format!("what is compared here is {words}"), "");
    }
    good
}

pub(super) fn when(reader: &mut Reader<'_>, value: &Spanned<DeValue<'_>>) -> Option<Test> {
    expression(reader, value, Wanted::Truth).map(Test::When)
}

/// An expression; its faults at their places within the text.
pub(super) fn expression(
    reader: &mut Reader<'_>,
    value: &Spanned<DeValue<'_>>,
    wanted: Wanted,
) -> Option<std::sync::Arc<dyn crate::expression::Compiled>> {
    let Some(source) = value.get_ref().as_str() else {
        reader.refuse("wrong-type", value.span(), "an expression is a text", "such as \"household.bpl\"");
        return None;
    };
    match CommonExpressions.compile(source, wanted) {
        Ok(compiled) => Some(compiled),
        Err(faults) => {
            for fault in faults {
                let at = reader.within(value, fault.at);
                let code = if fault.what.starts_with("no fact") { "unknown-fact" } else { "expression" };
                reader.refuse(code, at, fault.what, fault.help);
            }
            None
        }
    }
}
