//! What was exchanged, counted so that nobody can be found in it.
//!
//! Guarantees: exchanges by basis, decisions by scheme; whole days only; a number below five is not told; no total is shown from which a hidden number could be worked out.
//! Deliberately absent: anything by person, officer or department.

mod schemes;

use std::collections::BTreeMap;

use schemas::{
    id::LawId,
    receipt::{Outcome, ReceiptBasis, ReceiptRole},
    time::{CivilDate, Timestamp},
};
use service_kit::{db::DatabaseError, words::Locale};

pub use schemes::SchemeLine;

use crate::{
    app::App,
    schemes::SchemeError,
    store::exchange::transparency::{CountedReceipt, receipts_between},
};

/// How many days are shown.
const DAYS: i64 = 30;
const DAY: i64 = 86_400;
/// Smaller numbers are not told.
const SMALLEST: u64 = 5;

/// How long figures are kept, seconds: the page is public, and counting reads a month.
const FRESH: i64 = 600;

/// The figures as they were last counted.
#[derive(Debug, Default)]
pub struct Kept(tokio::sync::Mutex<Option<(i64, Overview)>>);

/// A number that may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Exactly.
    Number(u64),
    /// From one to four.
    Few,
}

impl Told {
    /// Nothing is zero; a few are a few.
    pub const fn of(number: u64) -> Self {
        match number {
            1..SMALLEST => Self::Few,
            _ => Self::Number(number),
        }
    }

    /// As a page writes it.
    pub fn text(self, locale: Locale) -> String {
        match self {
            Self::Number(number) => locale.number(i64::try_from(number).unwrap_or(i64::MAX)),
            Self::Few => format!("<{}", locale.number(i64::try_from(SMALLEST).unwrap_or(i64::MAX))),
        }
    }
}

/// One line: a basis, and how often it led to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The law; `None` is consent.
    pub law: Option<LawId>,
    /// As the asking department.
    pub asked: Told,
    /// As the answering department, answered.
    pub answered: Told,
    /// As the answering department, refused.
    pub refused: Told,
}

/// Uses of one law for emergencies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emergencies {
    /// The law.
    pub law: LawId,
    /// Uses by this department.
    pub asked: Told,
    /// Answers to others.
    pub answered: Told,
    /// Found wrong by the second officer.
    pub rejected: Told,
}

/// Everything that the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// The first day.
    pub from: CivilDate,
    /// The last day.
    pub until: CivilDate,
    /// Consent first, then the laws.
    pub lines: Vec<Line>,
    /// Laws for emergencies.
    pub emergencies: Vec<Emergencies>,
    /// Decisions by scheme.
    pub schemes: Vec<SchemeLine>,
}

#[derive(Default)]
struct Counts {
    asked: u64,
    answered: u64,
    refused: u64,
}

/// Receipts by basis.
struct Tally(BTreeMap<Option<LawId>, Counts>);

impl Tally {
    fn new() -> Self {
        Self(BTreeMap::from([(None, Counts::default())]))
    }

    /// Counts a receipt. A refusal before the basis was read counts for nothing.
    fn count(&mut self, receipt: CountedReceipt) {
        let law = match receipt.basis {
            Some(ReceiptBasis::Consent { .. }) => None,
            Some(ReceiptBasis::Law { id, version: Some(_), .. }) => Some(id),
            // Whoever asks under a law that is not registered does not put its name on this page.
            None | Some(ReceiptBasis::Law { .. }) => return,
        };
        let line = self.0.entry(law).or_default();
        let counted = match (receipt.role, receipt.outcome) {
            (ReceiptRole::Consumer, _) => &mut line.asked,
            (ReceiptRole::Provider, Outcome::Answered) => &mut line.answered,
            (ReceiptRole::Provider, _) => &mut line.refused,
        };
        *counted = counted.saturating_add(1);
    }

    fn lines(self) -> Vec<Line> {
        let told = |(law, counts): (Option<LawId>, Counts)| Line {
            law,
            asked: Told::of(counts.asked),
            answered: Told::of(counts.answered),
            refused: Told::of(counts.refused),
        };
        self.0.into_iter().map(told).collect()
    }
}

/// The beginning of the first day shown, and the end of the last: today is not over.
fn period(now: Timestamp) -> (Timestamp, Timestamp) {
    let today = now.civil_day().start();
    (Timestamp::from_seconds(today.seconds().saturating_sub(DAYS.saturating_mul(DAY))), today)
}

impl App {
    /// What the page shows today; counted at most every ten minutes, by one request while others wait.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn transparency(&self) -> Result<Overview, SchemeError> {
        let mut kept = self.areas().transparency.0.lock().await;
        let now = self.now().seconds();
        if let Some((at, overview)) = &*kept
            && now.saturating_sub(*at) < FRESH
        {
            return Ok(overview.clone());
        }
        let overview = self.count_exchanges().await?;
        *kept = Some((now, overview.clone()));
        Ok(overview)
    }

    async fn count_exchanges(&self) -> Result<Overview, SchemeError> {
        let (from, until) = period(self.now());
        let counted = move |conn: &mut _| {
            let mut tally = Tally::new();
            receipts_between(conn, from, until, |receipt| tally.count(receipt))?;
            Ok::<_, DatabaseError>(tally.lines())
        };
        let lines = self.db().read(counted).await?;
        let emergencies = self.break_glass_counts(from).await?.0.into_iter().map(|(law, counts)| Emergencies {
            law,
            asked: Told::of(counts.asked),
            answered: Told::of(counts.answered),
            rejected: Told::of(counts.rejected),
        });
        Ok(Overview {
            from: from.civil_day(),
            until: Timestamp::from_seconds(until.seconds().saturating_sub(1)).civil_day(),
            lines,
            emergencies: emergencies.collect(),
            schemes: self.count_schemes((from, until)).await?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::digest::Digest;

    fn lines(receipts: impl IntoIterator<Item = CountedReceipt>) -> Vec<Line> {
        let mut tally = Tally::new();
        receipts.into_iter().for_each(|receipt| tally.count(receipt));
        tally.lines()
    }

    fn receipt(role: ReceiptRole, law: Option<&str>, outcome: Outcome) -> CountedReceipt {
        let basis = match law {
            None => ReceiptBasis::Consent {
                id: "urn:uuid:01936b1e-5b2f-7c3d-8e4f-0123456789ab".parse().unwrap(),
                digest: Digest::of("consent"),
            },
            Some(law) => ReceiptBasis::Law {
                id: law.parse().unwrap(),
                version: Some("2026-10".parse().unwrap()),
                digest: Digest::of("register"),
            },
        };
        CountedReceipt { role, basis: Some(basis), outcome }
    }

    #[test]
    fn small_numbers_are_not_told_and_zero_is() {
        for (number, text) in [(0, "0"), (1, "<5"), (4, "<5"), (5, "5"), (123_456, "1,23,456")] {
            assert_eq!(Told::of(number).text(Locale::ENGLISH), text);
        }
        assert_eq!(Told::Few.text(Locale::HINDI_DEVANAGARI), "<५");
    }

    #[test]
    fn receipts_are_counted_by_basis_side_and_outcome() {
        let mut receipts = vec![receipt(ReceiptRole::Provider, None, Outcome::Answered); 7];
        receipts.extend(vec![receipt(ReceiptRole::Provider, None, Outcome::Refused); 2]);
        receipts.extend(vec![receipt(ReceiptRole::Consumer, Some("rbd-1969-s3a"), Outcome::Answered); 5]);
        receipts.push(CountedReceipt { role: ReceiptRole::Provider, basis: None, outcome: Outcome::Refused });
        let lines = lines(receipts);
        assert_eq!(lines.len(), 2, "consent, and one law");
        assert_eq!((lines[0].law.as_ref(), lines[0].answered, lines[0].refused), (None, Told::Number(7), Told::Few));
        assert_eq!((lines[1].asked, lines[1].answered), (Told::Number(5), Told::Number(0)));
    }

    #[test]
    fn without_receipts_there_is_still_the_line_of_consent() {
        assert_eq!(lines([]).len(), 1);
    }

    #[test]
    fn only_whole_days_are_shown() {
        let (from, until) = period("2026-11-21T20:00:00Z".parse().unwrap());
        assert_eq!(
            (from.civil_day().to_string(), until.civil_day().to_string()),
            ("2026-10-23".into(), "2026-11-22".into())
        );
        assert_eq!(until, "2026-11-21T18:30:00Z".parse().unwrap(), "midnight in India");
    }
}
