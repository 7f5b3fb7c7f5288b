//! The verdict and the checks as sentences for a person.

use protocol::bundle::{Check, Finding, Verdict};

use super::{Audited, tally};

/// One line of verdict for one file.
pub fn verdict_line(audited: &Audited) -> String {
    let (passed, failed, open) = tally(&audited.report);
    let file = audited.file.display();
    match audited.verdict {
        Verdict::Trusted => {
            let stamped = audited.report.records.iter().filter_map(|r| r.stamped).max();
            let when = stamped.map_or_else(String::new, |t| format!(", stamped {t}"));
            format!("{file}: verified, {} records, {passed} checks passed{when}", audited.report.records.len())
        }
        Verdict::Failed => {
            format!("{file}: REFUSED, {failed} checks failed ({passed} passed, {open} could not be checked)")
        }
        Verdict::Undecided => {
            format!("{file}: could not tell, {open} checks could not be made ({passed} passed, none failed)")
        }
        Verdict::Foreign => {
            format!("{file}: REFUSED, this is no evidence under the pinned root ({failed} checks failed)")
        }
    }
}

/// One line of one check.
pub fn finding_line(check: &Check) -> String {
    let record = check.record.map_or_else(String::new, |n| format!(" of record {n}"));
    match check.finding {
        Finding::Passed => format!("  passed   {}{record}", check.id.as_str()),
        Finding::Failed(reason) => format!("  FAILED   {}{record}: {}", check.id.as_str(), reason.as_str()),
        Finding::CouldNotBeChecked(reason) => format!("  not made {}{record}: {}", check.id.as_str(), reason.as_str()),
    }
}
