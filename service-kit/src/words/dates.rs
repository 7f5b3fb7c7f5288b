//! Days and moments in words: `21 November 2026`, `21 नवंबर 2026, 13:45 बजे`. Always Asia/Kolkata.

use schemas::time::{CivilDate, Timestamp};

use super::{Language, Locale};

const ENGLISH: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const HINDI: [&str; 12] =
    ["जनवरी", "फ़रवरी", "मार्च", "अप्रैल", "मई", "जून", "जुलाई", "अगस्त", "सितंबर", "अक्टूबर", "नवंबर", "दिसंबर"];
/// Seconds by which Asia/Kolkata is ahead of UTC.
const OFFSET: i64 = 19_800;

impl Locale {
    /// A day, in words.
    pub fn day(self, day: CivilDate) -> String {
        // The type's own form is `YYYY-MM-DD`.
        let text = day.to_string();
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next(), parts.next(), parts.next());
        let number = |part: Option<&str>| part.and_then(|part| part.parse::<usize>().ok()).unwrap_or(0);
        let months = match self.language {
            Language::English => ENGLISH,
            Language::Hindi => HINDI,
        };
        let name = number(month).checked_sub(1).and_then(|month| months.get(month)).copied().unwrap_or_default();
        self.numerals.write(&format!("{} {name} {}", number(day), year.unwrap_or_default()))
    }

    /// A moment, to the minute.
    pub fn moment(self, at: Timestamp) -> String {
        let minutes = at.seconds().saturating_add(OFFSET).rem_euclid(86_400) / 60;
        let time = self.numerals.write(&format!("{:02}:{:02}", minutes / 60, minutes % 60));
        let day = self.day(at.civil_day());
        match self.language {
            Language::English => format!("{day}, {time}"),
            Language::Hindi => format!("{day}, {time} बजे"),
        }
    }

    /// A number, grouped as in India: 12,34,567.
    pub fn number(self, number: i64) -> String {
        let digits = number.unsigned_abs().to_string();
        let (head, last) = digits.split_at(digits.len().saturating_sub(3));
        let mut groups: Vec<&str> = Vec::new();
        let mut rest = head;
        while !rest.is_empty() {
            let (before, group) = rest.split_at(rest.len().saturating_sub(2));
            groups.push(group);
            rest = before;
        }
        groups.reverse();
        groups.push(last);
        let sign = if number < 0 { "−" } else { "" };
        self.numerals.write(&format!("{sign}{}", groups.join(",")))
    }
}
