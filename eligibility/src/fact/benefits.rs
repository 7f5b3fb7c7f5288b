//! What a person draws, and of which benefits it is known whether she draws them.
//!
//! Guarantees: a benefit that somebody named is there, also if nothing else is known; that one is *not* there is known only of the
//! classes and schemes of which somebody said everything, such as the department of its own rolls; of all others it is unknown, which
//! is different from none. What was said longer ago than a clause allows is unknown, in both directions; what stands on one's own roll
//! is as of now. Deliberately absent: where it comes from ([`crate::fold`], the caller's rolls).

use std::collections::BTreeMap;

use schemas::time::{CivilDate, Timestamp};
use serde::{Deserialize, Serialize};

use super::Fact;
use crate::truth::Truth;

/// A benefit that the person draws or drew.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Benefit {
    /// Id of the scheme.
    pub scheme: String,
    /// Its class, such as `pension`.
    pub class: String,
    /// From this day.
    pub since: CivilDate,
    /// Up to and including this day; `None`: still.
    pub until: Option<CivilDate>,
    /// Rupees a month, where it pays money.
    pub monthly: Option<u32>,
}

impl Benefit {
    /// Whether it is drawn on this day.
    pub fn runs_on(&self, day: CivilDate) -> bool {
        self.since <= day && self.until.is_none_or(|until| day <= until)
    }
}

/// Which benefits are meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Of {
    /// All of a class.
    Class(String),
    /// Those of one scheme.
    Scheme(String),
}

impl Of {
    /// Whether a benefit is among these, by its own word.
    pub fn admits(&self, benefit: &Benefit) -> bool {
        match self {
            Self::Class(class) => benefit.class == *class,
            Self::Scheme(scheme) => benefit.scheme == *scheme,
        }
    }
}

/// One that was named, and when; `None`: it stands on one's own roll.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Drawn {
    benefit: Benefit,
    said: Option<Timestamp>,
}

/// What is known of a person's benefits. Nothing, to begin with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Benefits {
    drawn: Vec<Drawn>,
    /// Of these it is known that nothing is missing above, with whoever said so.
    whole: BTreeMap<Of, Fact>,
    /// Nothing at all is missing: an example inside a scheme file, a person made up.
    everything: bool,
}

impl Benefits {
    /// All that there are.
    pub fn all(benefits: Vec<Benefit>) -> Self {
        let mut this = Self { everything: true, ..Self::default() };
        benefits.into_iter().for_each(|benefit| this.draws(benefit, None));
        this
    }

    /// She draws this one. `said`: when its source recorded that; `None`: it stands on one's own roll.
    pub fn draws(&mut self, benefit: Benefit, said: Option<Timestamp>) {
        let drawn = Drawn { benefit, said };
        if let Err(at) = self.drawn.binary_search(&drawn) {
            self.drawn.insert(at, drawn);
        }
    }

    /// She draws nothing of this scheme any more, whoever said that she did.
    pub fn draws_no_more(&mut self, scheme: &str) {
        self.drawn.retain(|drawn| drawn.benefit.scheme != scheme);
    }

    /// Of these nothing is missing, by the word of `fact`; its value does not matter. The latest word counts.
    pub fn know_all(&mut self, of: Of, fact: Fact) {
        let later = self.whole.get(&of).is_none_or(|known| known.recorded <= fact.recorded);
        if later {
            self.whole.insert(of, fact);
        }
    }

    /// Each that was named.
    pub fn iter(&self) -> impl Iterator<Item = &Benefit> {
        self.drawn.iter().map(|drawn| &drawn.benefit)
    }

    /// Each whose word is not older than `since`, where that is given.
    pub fn fresh(&self, since: Option<Timestamp>) -> impl Iterator<Item = &Benefit> {
        let fresh = move |drawn: &&Drawn| since.zip(drawn.said).is_none_or(|(since, said)| since <= said);
        self.drawn.iter().filter(fresh).map(|drawn| &drawn.benefit)
    }

    /// By whose word nothing of these is missing; a word older than `since` does not count.
    pub fn known_by(&self, of: &Of, since: Option<Timestamp>) -> Option<&Fact> {
        self.whole.get(of).filter(|fact| since.is_none_or(|since| since <= fact.recorded))
    }

    /// Whether nothing of these is missing. `paid_by`: the schemes that pay the class, all of them, where that is known; whoever
    /// knows all of each of them knows all of the class.
    pub fn is_whole(&self, of: &Of, paid_by: Option<&[String]>, since: Option<Timestamp>) -> bool {
        let each = |scheme: &String| self.known_by(&Of::Scheme(scheme.clone()), since).is_some();
        self.everything || self.known_by(of, since).is_some() || paid_by.is_some_and(|schemes| schemes.iter().all(each))
    }

    /// Whether one is there that is meant: true if one was named, false only if nothing is missing.
    pub fn any(
        &self,
        (of, paid_by): (&Of, Option<&[String]>),
        since: Option<Timestamp>,
        meant: impl Fn(&Benefit) -> bool,
    ) -> Truth {
        if self.fresh(since).any(meant) {
            Truth::True
        } else if self.is_whole(of, paid_by, since) {
            Truth::False
        } else {
            Truth::Unknown
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::truth::Truth::{False, True, Unknown};

    fn day(text: &str) -> CivilDate {
        text.parse().unwrap()
    }

    fn pension() -> Benefit {
        let (scheme, class) = ("CG-IGNWPS".to_owned(), "pension".to_owned());
        Benefit { scheme, class, since: day("2020-01-01"), until: Some(day("2026-11-20")), monthly: Some(500) }
    }

    fn class(name: &str) -> Of {
        Of::Class(name.to_owned())
    }

    fn asks(benefits: &Benefits, of: &Of, since: Option<Timestamp>) -> Truth {
        benefits.any((of, None), since, |benefit| of.admits(benefit))
    }

    #[test]
    fn a_benefit_runs_through_its_last_day() {
        let benefit = pension();
        assert!(benefit.runs_on(day("2026-11-20")) && !benefit.runs_on(day("2026-11-21")));
        assert!(!benefit.runs_on(day("2019-12-31")));
    }

    #[test]
    fn what_was_named_is_there_and_what_was_not_is_unknown_until_somebody_said_all() {
        let mut benefits = Benefits::default();
        assert_eq!(asks(&benefits, &class("pension"), None), Unknown, "nobody said anything");
        benefits.draws(pension(), None);
        assert_eq!(asks(&benefits, &class("pension"), None), True);
        assert_eq!(asks(&benefits, &class("ration"), None), Unknown, "one pension says nothing of rations");
        benefits.draws_no_more("CG-IGNWPS");
        assert_eq!(asks(&benefits, &class("pension"), None), Unknown, "that one is over, and others may run");
        benefits.know_all(class("ration"), Fact::own(true, day("2026-11-21")));
        assert_eq!(asks(&benefits, &class("ration"), None), False);
        assert_eq!(asks(&benefits, &Of::Scheme("X".to_owned()), None), Unknown, "nor all rations of one scheme alone");
        assert_eq!(asks(&Benefits::all(vec![]), &Of::Scheme("X".to_owned()), None), False);
    }

    #[test]
    fn a_class_is_known_by_all_the_schemes_that_pay_it_and_by_no_fewer() {
        let mut benefits = Benefits::default();
        let schemes = ["A".to_owned(), "B".to_owned()];
        let ask = |benefits: &Benefits| benefits.any((&class("pension"), Some(&schemes)), None, |_| true);
        benefits.know_all(Of::Scheme("A".to_owned()), Fact::own(true, day("2026-11-21")));
        assert_eq!(ask(&benefits), Unknown);
        benefits.know_all(Of::Scheme("B".to_owned()), Fact::own(true, day("2026-11-21")));
        assert_eq!(ask(&benefits), False);
        assert!(Benefits::default().is_whole(&class("pension"), Some(&[]), None), "nobody else pays it");
    }

    #[test]
    fn what_was_said_too_long_ago_is_unknown_in_both_directions_and_ones_own_roll_is_as_of_now() {
        let (old, limit) = (day("2026-01-01").start(), Some(day("2026-06-01").start()));
        let mut benefits = Benefits::default();
        benefits.draws(pension(), Some(old));
        benefits.know_all(class("pension"), Fact::own(true, day("2026-01-01")));
        assert_eq!(
            (asks(&benefits, &class("pension"), None), asks(&benefits, &class("pension"), limit)),
            (True, Unknown)
        );
        benefits.draws(pension(), None);
        assert_eq!(asks(&benefits, &class("pension"), limit), True);
        let mut none = Benefits::default();
        none.know_all(class("pension"), Fact::own(true, day("2026-01-01")));
        assert_eq!((asks(&none, &class("pension"), None), asks(&none, &class("pension"), limit)), (False, Unknown));
        none.know_all(class("pension"), Fact::own(true, day("2026-07-01")));
        none.know_all(class("pension"), Fact::own(true, day("2026-01-01")));
        assert_eq!(asks(&none, &class("pension"), limit), False, "the latest word counts, whichever came last");
    }
}
