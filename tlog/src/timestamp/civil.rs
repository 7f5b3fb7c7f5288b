//! Seconds since 1970 as GeneralizedTime and UTCTime, and back. UTC, whole seconds, no leap
//! seconds: what RFC 3161 and X.509 write.

use super::der::{self, DerError, tlv};

/// First and last second that GeneralizedTime of four-digit years can name, from 1970 on.
const RANGE: std::ops::RangeInclusive<i64> = 0..=253_402_300_799;

/// First second of 2050, from which X.509 and CMS leave UTCTime (RFC 5652 §11.3).
const YEAR_2050: i64 = 2_524_608_000;

/// GeneralizedTime `YYYYMMDDhhmmssZ`; `None` outside the years 1970 to 9999.
pub(super) fn generalized_time(unix: i64) -> Option<Vec<u8>> {
    digits(unix).map(|digits| tlv(der::GENERALIZED_TIME, &[digits.as_bytes(), b"Z"]))
}

/// The Time of CMS: UTCTime before 2050, GeneralizedTime after.
pub(super) fn cms_time(unix: i64) -> Option<Vec<u8>> {
    let digits = digits(unix)?;
    if unix < YEAR_2050 { Some(tlv(der::UTC_TIME, &[&digits.as_bytes()[2..], b"Z"])) } else { generalized_time(unix) }
}

fn digits(unix: i64) -> Option<String> {
    if !RANGE.contains(&unix) {
        return None;
    }
    let (year, month, day) = civil(unix / 86_400);
    let second = unix % 86_400;
    Some(format!("{year:04}{month:02}{day:02}{:02}{:02}{:02}", second / 3_600, second / 60 % 60, second % 60))
}

/// Contents of a GeneralizedTime as DER allows it, fractions of a second cut off.
pub(super) fn parse_generalized(contents: &[u8]) -> Result<i64, DerError> {
    let text = contents.strip_suffix(b"Z").ok_or(DerError)?;
    let (whole, fraction) = text.split_at_checked(14).ok_or(DerError)?;
    let fraction_ok = match fraction {
        [] => true,
        [b'.', digits @ ..] => digits.iter().all(u8::is_ascii_digit) && digits.last().is_some_and(|last| *last != b'0'),
        _ => false,
    };
    if !fraction_ok || !whole.iter().all(u8::is_ascii_digit) {
        return Err(DerError);
    }
    let number =
        |range: std::ops::Range<usize>| whole[range].iter().fold(0, |n, digit| n * 10 + i64::from(digit - b'0'));
    let days = days(number(0..4), number(4..6), number(6..8));
    let unix = days * 86_400 + number(8..10) * 3_600 + number(10..12) * 60 + number(12..14);
    // Dates and times that do not exist come back as others.
    if digits(unix).is_some_and(|again| again.as_bytes() == whole) { Ok(unix) } else { Err(DerError) }
}

/// Year, month, day of a day since 1970-01-01, by 400-year eras that start in March.
fn civil(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// Inverse of [`civil`]; any numbers give some day.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(unix: i64) -> String {
        String::from_utf8(generalized_time(unix).unwrap()[2..].to_vec()).unwrap()
    }

    #[test]
    fn seconds_are_written_as_utc() {
        assert_eq!(text(0), "19700101000000Z");
        assert_eq!(text(1_767_139_200), "20251231000000Z");
        assert_eq!(text(951_782_399), "20000228235959Z");
        assert_eq!(text(951_782_400), "20000229000000Z");
        assert_eq!(text(253_402_300_799), "99991231235959Z");
        assert_eq!(generalized_time(-1), None);
        assert_eq!(generalized_time(253_402_300_800), None);
        assert_eq!(cms_time(1_767_139_200).unwrap(), b"\x17\x0d251231000000Z");
        assert_eq!(cms_time(YEAR_2050).unwrap(), b"\x18\x0f20500101000000Z");
    }

    #[test]
    fn every_day_of_four_centuries_is_read_back_in_order() {
        let mut last = (0, 0, 0);
        for day in 0..146_100 {
            assert!(civil(day) > last);
            last = civil(day);
            assert_eq!(
                parse_generalized(text(day * 86_400 + day % 86_400).as_bytes()),
                Ok(day * 86_400 + day % 86_400)
            );
        }
    }

    #[test]
    fn fractions_are_cut_and_impossible_times_refused() {
        assert_eq!(parse_generalized(b"20251231000000.5Z"), Ok(1_767_139_200));
        assert_eq!(parse_generalized(b"20251231000000.125Z"), Ok(1_767_139_200));
        for bad in [
            "",
            "Z",
            "20251231000000",
            "202512310000Z",
            "20251231000000.Z",
            "20251231000000.50Z",
            "20251231000000,5Z",
            "20251231000000+0000",
            "20251331000000Z",
            "20250229000000Z",
            "20251231240000Z",
            "20251231006000Z",
            "20251231000060Z",
            "20251200000000Z",
            "19691231235959Z",
            "2025123100000xZ",
            "20251231000000.5xZ",
        ] {
            assert_eq!(parse_generalized(bad.as_bytes()), Err(DerError), "{bad}");
        }
    }
}
