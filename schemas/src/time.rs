//! Times on the wire: NumericDate, instants in RFC 3339 UTC with whole seconds, civil dates.
//!
//! Source: protocol, "Times"; RFC 7519 §2 (NumericDate), RFC 3339. No clock is read here.

use std::{fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Seconds since 1970-01-01T00:00:00Z, whole: `iat`, `exp`, `nbf` (RFC 7519 §2).
/// Read strictly: from 0 to the end of the year 9999, so that sums and differences of dates never overflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "i64", try_from = "i64")]
pub struct NumericDate(i64);

/// The number is negative or beyond the year 9999.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a NumericDate lies between 0 and 253402300799")]
pub struct InvalidNumericDate;

impl NumericDate {
    /// The last second of the year 9999, the greatest that RFC 3339 can write.
    const MAX: i64 = 253_402_300_799;

    /// Seconds since the epoch; clamped to the years 1970 to 9999.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(if seconds < 0 {
            0
        } else if seconds > Self::MAX {
            Self::MAX
        } else {
            seconds
        })
    }

    /// Seconds since the epoch.
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// This many seconds later (or earlier, if negative); stops at the ends of the range.
    pub const fn plus(self, seconds: i64) -> Self {
        Self::from_seconds(self.0.saturating_add(seconds))
    }
}

impl TryFrom<i64> for NumericDate {
    type Error = InvalidNumericDate;

    fn try_from(seconds: i64) -> Result<Self, InvalidNumericDate> {
        let date = Self::from_seconds(seconds);
        if date.0 == seconds { Ok(date) } else { Err(InvalidNumericDate) }
    }
}

impl From<NumericDate> for i64 {
    fn from(date: NumericDate) -> Self {
        date.0
    }
}

impl JsonSchema for NumericDate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NumericDate".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 0, "maximum": Self::MAX })
    }
}

/// An instant written as RFC 3339 UTC with `Z` and whole seconds: `2026-11-21T08:00:00Z`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(NumericDate);

/// The text is not `YYYY-MM-DDThh:mm:ssZ`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("an instant is written YYYY-MM-DDThh:mm:ssZ")]
pub struct InvalidTimestamp;

impl Timestamp {
    /// The instant of a NumericDate.
    pub const fn from_numeric(date: NumericDate) -> Self {
        Self(date)
    }

    /// Seconds since the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(NumericDate::from_seconds(seconds))
    }

    /// The same instant as a NumericDate.
    pub const fn numeric(self) -> NumericDate {
        self.0
    }

    /// Seconds since the epoch.
    pub const fn seconds(self) -> i64 {
        self.0.seconds()
    }

    /// This many seconds later (or earlier, if negative).
    pub const fn plus(self, seconds: i64) -> Self {
        Self(self.0.plus(seconds))
    }

    /// The civil day in Asia/Kolkata (UTC+05:30, no daylight saving since 1945).
    pub fn civil_day(self) -> CivilDate {
        let shifted = self.seconds().saturating_add(19_800);
        CivilDate(instant(shifted).to_zoned(jiff::tz::TimeZone::UTC).date())
    }
}

fn instant(seconds: i64) -> jiff::Timestamp {
    // NumericDate is clamped to years that jiff can hold, so the fallback is never taken.
    jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", instant(self.seconds()).strftime("%Y-%m-%dT%H:%M:%SZ"))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        let parsed: jiff::Timestamp = text.parse().map_err(|_| InvalidTimestamp)?;
        let value = Self::from_seconds(parsed.as_second());
        // One spelling for one instant: what does not print back the same is refused.
        if value.to_string() == text { Ok(value) } else { Err(InvalidTimestamp) }
    }
}

/// A day of the civil calendar in Asia/Kolkata, `YYYY-MM-DD`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CivilDate(jiff::civil::Date);

/// The text is not `YYYY-MM-DD`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a civil date is written YYYY-MM-DD")]
pub struct InvalidCivilDate;

impl CivilDate {
    /// The day as the calendar library knows it.
    pub const fn date(self) -> jiff::civil::Date {
        self.0
    }

    /// Takes a day of the calendar library.
    pub const fn from_date(date: jiff::civil::Date) -> Self {
        Self(date)
    }

    /// The instant at which this day begins in Asia/Kolkata (UTC+05:30).
    pub fn start(self) -> Timestamp {
        let utc = self.0.to_zoned(jiff::tz::TimeZone::UTC).map_or(0, |z| z.timestamp().as_second());
        Timestamp::from_seconds(utc.saturating_sub(19_800))
    }
}

impl fmt::Display for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m-%d"))
    }
}

impl fmt::Debug for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for CivilDate {
    type Err = InvalidCivilDate;

    fn from_str(text: &str) -> Result<Self, InvalidCivilDate> {
        let value = Self(text.parse().map_err(|_| InvalidCivilDate)?);
        if value.to_string() == text { Ok(value) } else { Err(InvalidCivilDate) }
    }
}

/// A calendar duration of one unit, as ISO 8601 writes it: `P90D`, `P2W`, `P1M`, `P1Y` (count 1 to 9,999).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CalendarDuration {
    count: u16,
    unit: CalendarUnit,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum CalendarUnit {
    Day,
    Week,
    Month,
    Year,
}

/// The text is not `P`, a count and one of D, W, M, Y.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a duration is written P90D, P2W, P1M or P1Y")]
pub struct InvalidDuration;

impl CalendarDuration {
    /// `P1D`.
    pub const DAY: Self = Self { count: 1, unit: CalendarUnit::Day };

    /// `n` of these durations after a civil date; a month's last day where the day does not exist (ISO 8601 arithmetic).
    /// Stops at the end of the calendar.
    pub fn after(self, date: CivilDate, n: u32) -> CivilDate {
        let count = i64::from(self.count).saturating_mul(i64::from(n));
        let span = jiff::Span::new();
        let span = match self.unit {
            CalendarUnit::Day => span.try_days(count),
            CalendarUnit::Week => span.try_weeks(count),
            CalendarUnit::Month => span.try_months(count),
            CalendarUnit::Year => span.try_years(count),
        };
        CivilDate(span.and_then(|s| date.0.checked_add(s)).unwrap_or(jiff::civil::Date::MAX))
    }

    /// The longest that this can be, in days: what upper bounds are compared by (a month counts 31, a year 366).
    pub const fn days_at_most(self) -> u32 {
        let each = match self.unit {
            CalendarUnit::Day => 1,
            CalendarUnit::Week => 7,
            CalendarUnit::Month => 31,
            CalendarUnit::Year => 366,
        };
        self.count as u32 * each
    }

    /// The shortest that this can be, in days (a month counts 28, a year 365).
    pub const fn days_at_least(self) -> u32 {
        let each = match self.unit {
            CalendarUnit::Day => 1,
            CalendarUnit::Week => 7,
            CalendarUnit::Month => 28,
            CalendarUnit::Year => 365,
        };
        self.count as u32 * each
    }
}

impl fmt::Display for CalendarDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            CalendarUnit::Day => 'D',
            CalendarUnit::Week => 'W',
            CalendarUnit::Month => 'M',
            CalendarUnit::Year => 'Y',
        };
        write!(f, "P{}{unit}", self.count)
    }
}

impl fmt::Debug for CalendarDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for CalendarDuration {
    type Err = InvalidDuration;

    fn from_str(text: &str) -> Result<Self, InvalidDuration> {
        let unit = match text.chars().last() {
            Some('D') => CalendarUnit::Day,
            Some('W') => CalendarUnit::Week,
            Some('M') => CalendarUnit::Month,
            Some('Y') => CalendarUnit::Year,
            _ => return Err(InvalidDuration),
        };
        let digits = text.strip_prefix('P').and_then(|t| t.get(..t.len().saturating_sub(1))).ok_or(InvalidDuration)?;
        let plain =
            (1..=4).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
        if !plain {
            return Err(InvalidDuration);
        }
        Ok(Self { count: digits.parse().map_err(|_| InvalidDuration)?, unit })
    }
}

macro_rules! text_on_the_wire {
    ($name:ident, $pattern:literal) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}
text_on_the_wire!(Timestamp, "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}Z$");
text_on_the_wire!(CivilDate, "^\\d{4}-\\d{2}-\\d{2}$");
text_on_the_wire!(CalendarDuration, "^P[1-9][0-9]{0,3}[DWMY]$");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_before_the_epoch_or_beyond_the_calendar_is_refused() {
        assert_eq!(serde_json::from_str::<NumericDate>("0").unwrap(), NumericDate::from_seconds(0));
        for bad in ["-1", "253402300800", "9223372036854775807", "-9223372036854775808", "1.0", "\"1\"", "1e3"] {
            assert!(serde_json::from_str::<NumericDate>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_instant_reads_back_what_it_prints() {
        let text = "2026-11-21T08:00:00Z";
        assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), text);
    }

    #[test]
    fn other_spellings_of_an_instant_are_refused() {
        for bad in [
            "2026-11-21T08:00:00+00:00",
            "2026-11-21T08:00:00.000Z",
            "2026-11-21T08:00:00.5Z",
            "2026-11-21 08:00:00Z",
            "2026-11-21t08:00:00z",
            "2026-11-21T13:30:00+05:30",
            "2026-02-30T08:00:00Z",
            "1795248000",
            "",
        ] {
            assert_eq!(bad.parse::<Timestamp>(), Err(InvalidTimestamp), "{bad}");
        }
    }

    #[test]
    fn the_civil_day_turns_at_half_past_six_in_the_evening_utc() {
        let before: Timestamp = "2026-11-20T18:29:59Z".parse().unwrap();
        assert_eq!(before.civil_day().to_string(), "2026-11-20");
        assert_eq!(before.plus(1).civil_day().to_string(), "2026-11-21");
        assert_eq!(before.plus(1).civil_day().start(), before.plus(1));
    }

    #[test]
    fn a_civil_date_has_one_spelling() {
        assert!("2026-11-21".parse::<CivilDate>().is_ok());
        for bad in ["2026-1-21", "20261121", "2026-11-21T00:00:00Z", "2025-02-29", "21-11-2026"] {
            assert_eq!(bad.parse::<CivilDate>(), Err(InvalidCivilDate), "{bad}");
        }
    }

    #[test]
    fn a_duration_is_counted_by_the_calendar() {
        let month: CalendarDuration = "P1M".parse().unwrap();
        let from: CivilDate = "2026-01-31".parse().unwrap();
        assert_eq!(month.after(from, 1).to_string(), "2026-02-28");
        assert_eq!(month.after(from, 2).to_string(), "2026-03-31");
        for bad in ["P", "90D", "P0D", "P-1D", "P1H", "P1.5D", "PT1M", "P12345D", "P1MD", "D"] {
            assert!(bad.parse::<CalendarDuration>().is_err(), "{bad}");
        }
    }
}
