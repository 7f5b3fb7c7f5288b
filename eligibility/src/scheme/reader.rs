//! Reading TOML with places: each key asked for once, what was not asked for refused.
//!
//! Guarantees: a finding for every missing, misspelt or mistyped key, at its place; nothing is guessed.

use std::{collections::BTreeSet, ops::Range, str::FromStr};

use schemas::time::CivilDate;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
    value::Datetime,
};

use crate::{clause::Bilingual, lint::LintDiagnostic, vocabulary::nearest};

/// Collects findings while a file is read.
pub(super) struct Reader<'t> {
    text: &'t str,
    findings: Vec<LintDiagnostic>,
}

impl<'t> Reader<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, findings: Vec::new() }
    }

    pub fn into_findings(mut self) -> Vec<LintDiagnostic> {
        self.findings.sort_by_key(|f| (f.at.start, f.at.end));
        self.findings
    }

    pub fn refuse(&mut self, code: &'static str, at: Range<usize>, what: impl Into<String>, help: impl Into<String>) {
        self.findings.push(LintDiagnostic::error(code, at, what, help));
    }

    pub fn table<'a>(&self, table: &'a DeTable<'a>, place: Range<usize>, what: &'static str) -> Table<'a> {
        // A `[header]`'s own place is its line; an empty one would be drawn nowhere.
        let place = if place.is_empty() { 0..self.text.find('\n').unwrap_or(self.text.len()) } else { place };
        Table { table, place, what, asked: BTreeSet::new() }
    }

    /// The place of bytes `at` of a text's value, if the text stands in the file as it is; else of the whole value.
    pub fn within(&self, value: &Spanned<DeValue<'_>>, at: Range<usize>) -> Range<usize> {
        let place = value.span();
        let inner = value.get_ref().as_str().and_then(|text| {
            let raw = self.text.get(place.clone())?;
            let offset = raw.find(text).filter(|_| !text.is_empty())?;
            Some(place.start + offset + at.start..place.start + offset + at.end)
        });
        inner.unwrap_or(place)
    }
}

/// One table, with the keys that were asked for.
pub(super) struct Table<'a> {
    table: &'a DeTable<'a>,
    place: Range<usize>,
    what: &'static str,
    asked: BTreeSet<&'static str>,
}

impl<'a> Table<'a> {
    pub fn place(&self) -> Range<usize> {
        self.place.clone()
    }

    /// Where the value of a key stands; the table itself where the key is missing.
    pub fn place_of(&self, key: &str) -> Range<usize> {
        self.table.get(key).map_or_else(|| self.place(), Spanned::span)
    }

    /// The value of a key as it is.
    pub fn value(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.insert(key);
        self.table.get(key)
    }

    /// All entries, for tables whose keys are names.
    pub fn entries(&self) -> impl Iterator<Item = (&'a str, Range<usize>, &'a Spanned<DeValue<'a>>)> + use<'a> {
        self.table.iter().map(|(key, value)| (key.get_ref().as_ref(), key.span(), value))
    }

    fn missing(&self, reader: &mut Reader<'_>, key: &str) {
        reader.refuse("missing-key", self.place(), format!("{} has no `{key}`", self.what), format!("add `{key} = …`"));
    }

    fn wrong(&self, reader: &mut Reader<'_>, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str) {
        let found = value.get_ref().type_str();
        reader.refuse("wrong-type", value.span(), format!("`{key}` is {wanted}, not a TOML {found}"), "");
    }

    fn required<T>(&mut self, reader: &mut Reader<'_>, key: &'static str, found: Option<T>) -> Option<T> {
        if self.value(key).is_none() {
            self.missing(reader, key);
        }
        found
    }

    pub fn optional_text(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<String> {
        let value = self.value(key)?;
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong(reader, key, value, "a text");
        }
        text.map(str::to_owned)
    }

    pub fn text(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<String> {
        let found = self.optional_text(reader, key);
        self.required(reader, key, found)
    }

    /// A word in lower case: letters, digits, `_`.
    pub fn word(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<String> {
        let text = self.text(reader, key)?;
        let good = !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !good {
            reader.refuse(
                "bad-value",
                self.place_of(key),
                format!("`{key}` is a word in lower case"),
                "such as `pension`",
            );
        }
        good.then_some(text)
    }

    pub fn optional_parsed<T: FromStr<Err: std::fmt::Display>>(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
    ) -> Option<T> {
        let text = self.optional_text(reader, key)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                reader.refuse("bad-value", self.place_of(key), format!("`{key}`: {error}"), "");
                None
            }
        }
    }

    pub fn parsed<T: FromStr<Err: std::fmt::Display>>(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
    ) -> Option<T> {
        let found = self.optional_parsed(reader, key);
        self.required(reader, key, found)
    }

    pub fn optional_integer(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
        within: std::ops::RangeInclusive<i64>,
    ) -> Option<i64> {
        let value = self.value(key)?;
        let Some(number) = integer(value.get_ref()) else {
            self.wrong(reader, key, value, "a whole number");
            return None;
        };
        if !within.contains(&number) {
            let what = format!("`{key}` lies between {} and {}", within.start(), within.end());
            reader.refuse("bad-value", value.span(), what, "");
            return None;
        }
        Some(number)
    }

    pub fn integer_within(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
        within: std::ops::RangeInclusive<i64>,
    ) -> Option<i64> {
        let found = self.optional_integer(reader, key, within);
        self.required(reader, key, found)
    }

    /// A decimal number as hundredths: `0.5` is 50.
    pub fn hundredths(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<u32> {
        let value = self.value(key);
        let text = value.and_then(|v| match v.get_ref() {
            DeValue::Float(f) => Some(f.as_str().to_owned()),
            DeValue::Integer(i) => Some(i.as_str().to_owned()),
            _ => None,
        });
        let found = text.and_then(|text| {
            let (whole, part) = text.split_once('.').unwrap_or((&text, "0"));
            let part = format!("{part:0<2}");
            let part = (part.len() == 2).then(|| part.parse::<u32>().ok())??;
            whole.parse::<u32>().ok()?.checked_mul(100)?.checked_add(part)
        });
        if let (Some(value), None) = (value, found) {
            reader.refuse(
                "bad-value",
                value.span(),
                format!("`{key}` is a number of 0 or more with at most two decimals"),
                "",
            );
        }
        self.required(reader, key, found)
    }

    pub fn optional_bool(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        let found = value.get_ref().as_bool();
        if found.is_none() {
            self.wrong(reader, key, value, "true or false");
        }
        found
    }

    pub fn optional_date(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<CivilDate> {
        let value = self.value(key)?;
        let found = value.get_ref().as_datetime().and_then(date);
        if found.is_none() {
            self.wrong(reader, key, value, "a date (2026-04-01, without quotes)");
        }
        found
    }

    pub fn date(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<CivilDate> {
        let found = self.optional_date(reader, key);
        self.required(reader, key, found)
    }

    pub fn optional_one_of<T: Copy>(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        let text = self.optional_text(reader, key)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let help = nearest(&text, all.iter().copied())
                .map_or(format!("one of {}", all.join(", ")), |n| format!("did you mean `{n}`?"));
            reader.refuse("bad-value", self.place_of(key), format!("`{key}` cannot be `{text}`"), help);
        }
        found
    }

    pub fn one_of<T: Copy>(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        let found = self.optional_one_of(reader, key, words);
        self.required(reader, key, found)
    }

    pub fn optional_table(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<Table<'a>> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Table(table) => Some(reader.table(table, value.span(), key)),
            _ => {
                self.wrong(reader, key, value, "a table");
                None
            }
        }
    }

    pub fn required_table(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<Table<'a>> {
        let found = self.optional_table(reader, key);
        if self.value(key).is_none() {
            self.missing(reader, key);
        }
        found
    }

    /// The tables of an array; none where the key is missing.
    pub fn tables(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Vec<Table<'a>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong(reader, key, value, "an array of tables");
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in array.iter() {
            match item.get_ref() {
                DeValue::Table(table) => tables.push(reader.table(table, item.span(), key)),
                _ => self.wrong(reader, key, item, "an array of tables"),
            }
        }
        tables
    }

    /// A text in both languages; what is missing or empty is found by the lint, so that each gets its own word.
    pub fn bilingual(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<Bilingual> {
        let mut table = self.required_table(reader, key)?;
        let en = table.optional_text(reader, "en").unwrap_or_default();
        let hi = table.optional_text(reader, "hi").unwrap_or_default();
        table.finish(reader);
        Some(Bilingual { en, hi })
    }

    /// Refuses what nobody asked for.
    pub fn finish(self, reader: &mut Reader<'_>) {
        for (key, place, _) in self.entries() {
            if self.asked.contains(key) {
                continue;
            }
            let known: Vec<&str> = self.asked.iter().copied().collect();
            let help = nearest(key, known.iter().copied())
                .map_or_else(|| format!("known here: {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
            reader.refuse("unknown-key", place, format!("{} knows no key `{key}`", self.what), help);
        }
    }
}

/// A whole number of TOML.
pub(super) fn integer(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// A civil day of TOML; a time of day is not one.
pub(super) fn date(value: &Datetime) -> Option<CivilDate> {
    if value.time.is_some() || value.offset.is_some() {
        return None;
    }
    let date = value.date?;
    let month = i8::try_from(date.month).ok()?;
    let day = i8::try_from(date.day).ok()?;
    jiff::civil::Date::new(i16::try_from(date.year).ok()?, month, day).ok().map(CivilDate::from_date)
}
