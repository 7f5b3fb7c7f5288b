//! Who would enter and leave by group: a picture that the server draws, and the same numbers as a table.
//!
//! Guarantees: each number of the picture stands in the table too; what leaves is hatched, so that nobody needs to tell colours apart.
//! Deliberately absent: scripts.

use std::collections::BTreeMap;

use eligibility::backtest::Counts;

use super::count;
use crate::console::Page;

/// Groups in the picture; the table holds all.
const DRAWN: usize = 12;
/// Units of the picture: its width, the width of the longest bar, and the height of a group.
pub const WIDTH: u64 = 320;
const LONGEST: u64 = 250;
const GROUP: u64 = 48;
/// Characters of a group's name in the picture.
const NAME: usize = 36;

/// One picture and its table.
pub struct Chart {
    /// `district`, `sex` or `category`.
    pub what: &'static str,
    /// Height of the picture.
    pub height: u64,
    /// The groups that move most.
    pub bars: Vec<Bar>,
    /// Every group.
    pub rows: Vec<Row>,
}

/// One group in the picture.
pub struct Bar {
    /// Its name.
    pub name: String,
    /// Where it begins, from the top.
    pub y: u64,
    /// How long the bar of those who enter is.
    pub enter: u64,
    /// How long the bar of those who leave is.
    pub leave: u64,
    /// The numbers, as people read them.
    pub counts: [String; 2],
}

/// One group in the table.
pub struct Row {
    /// Its name.
    pub name: String,
    /// Enter, leave, stay, out, unknown, officer.
    pub counts: [String; 6],
}

impl Chart {
    /// Of groups.
    pub fn of(page: &Page, what: &'static str, groups: &BTreeMap<String, Counts>) -> Self {
        let mut drawn: Vec<(&String, &Counts)> = groups.iter().filter(|(_, counts)| moves(counts) > 0).collect();
        drawn.sort_by_key(|(name, counts)| (std::cmp::Reverse(moves(counts)), (*name).clone()));
        drawn.truncate(DRAWN);
        let longest = drawn.iter().map(|(_, counts)| counts.enter.max(counts.leave)).max().unwrap_or(1).max(1);
        let bar = |(place, (name, counts)): (u64, (&String, &Counts))| Bar {
            name: shortened(&named(page, what, name)),
            y: place.saturating_mul(GROUP),
            enter: length(counts.enter, longest),
            leave: length(counts.leave, longest),
            counts: [counts.enter, counts.leave].map(|number| count(page, number)),
        };
        let row = |(name, c): (&String, &Counts)| Row {
            name: named(page, what, name),
            counts: [c.enter, c.leave, c.stay, c.out, c.unknown, c.officer].map(|number| count(page, number)),
        };
        let bars: Vec<Bar> = (0..).zip(drawn).map(bar).collect();
        let height = u64::try_from(bars.len()).unwrap_or(0).saturating_mul(GROUP);
        Self { what, height, bars, rows: groups.iter().map(row).collect() }
    }
}

const fn moves(counts: &Counts) -> u64 {
    counts.enter.saturating_add(counts.leave)
}

/// In proportion; one person is still seen.
fn length(number: u64, longest: u64) -> u64 {
    match number {
        0 => 0,
        _ => number.saturating_mul(LONGEST).checked_div(longest).unwrap_or(0).max(2),
    }
}

/// What a department's word means to people, where we know it.
fn named(page: &Page, what: &str, name: &str) -> String {
    match (what, name.to_ascii_lowercase().as_str()) {
        (_, "unknown") => page.say("scheme-group-unknown"),
        (_, "other") => page.say("scheme-group-other"),
        ("sex", "female") => page.say("scheme-group-female"),
        ("sex", "male") => page.say("scheme-group-male"),
        _ => name.to_owned(),
    }
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= NAME {
        return name.to_owned();
    }
    name.chars().take(NAME.saturating_sub(1)).chain(std::iter::once('…')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_in_proportion_and_one_person_is_seen() {
        for (number, longest, expected) in [(0, 9, 0), (9, 9, LONGEST), (3, 9, 83), (1, 1_000_000, 2)] {
            assert_eq!(length(number, longest), expected, "{number} of {longest}");
        }
    }

    #[test]
    fn a_long_name_is_shortened_in_the_picture_by_characters() {
        assert_eq!(shortened("रायपुर"), "रायपुर");
        let long = "क".repeat(40);
        assert_eq!(shortened(&long).chars().count(), NAME);
        assert!(shortened(&long).ends_with('…'));
    }
}
