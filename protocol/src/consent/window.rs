//! Calendar windows of a recurring consent, counted from the civil day of `validFrom` in Asia/Kolkata.
//!
//! Window n runs from the start of the day `validFrom + n · period` to the start of the day `validFrom + (n+1) · period`
//! (a month's last day where the day does not exist), so that windows neither overlap nor leave a gap, and a period of a
//! month begins on the same day each month.

use schemas::{
    consent::Frequency,
    time::{CalendarDuration, CivilDate, Timestamp},
};

/// One window and how often a consent may be used in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its number, from 0.
    pub index: u32,
    /// First instant.
    pub start: Timestamp,
    /// Last instant (exclusive).
    pub end: Timestamp,
    /// Uses in it.
    pub uses: u32,
}

/// The window of a consent that holds `now`; `None` if the consent has no windows.
pub(super) fn at(frequency: &Frequency, valid_from: Timestamp, now: Timestamp) -> Option<Window> {
    let (period, uses) = (frequency.period?, frequency.uses_per_period?);
    let first = valid_from.civil_day();
    let index = index_at(period, first, now.civil_day());
    let edge = |n| period.after(first, n).start();
    Some(Window { index, start: edge(index), end: edge(index.saturating_add(1)), uses })
}

fn index_at(period: CalendarDuration, first: CivilDate, today: CivilDate) -> u32 {
    let days = first.date().until(today.date()).map_or(0, |span| span.get_days());
    // No window is longer than the period at its longest, so the number is at least this; then walk the rest.
    let mut index = u32::try_from(days.max(0)).unwrap_or(0) / period.days_at_most().max(1);
    loop {
        let next = period.after(first, index.saturating_add(1));
        // The second condition ends the walk where the calendar does.
        if next > today || next == period.after(first, index) {
            return index;
        }
        index = index.saturating_add(1);
    }
}

#[cfg(test)]
mod tests;
