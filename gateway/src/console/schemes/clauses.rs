//! The clauses of a version beside those of the version in force.
//!
//! Guarantees: a clause counts as changed if one byte between its heading and the next is another. Deliberately absent: what a change means
//! for people, which the back-test says.

use eligibility::{
    clause::{Clause, ClauseKind},
    scheme::Scheme,
};

/// How a clause differs from the version in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Nothing is in force beside it.
    Alone,
    /// Word for word the same.
    Same,
    /// Of this number, with another content.
    Changed,
    /// Not in force.
    New,
    /// In force, and not in this version any more.
    Gone,
}

impl Difference {
    /// The key of its name; empty where there is nothing to say.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Alone => "",
            Self::Same => "scheme-clause-same",
            Self::Changed => "scheme-clause-changed",
            Self::New => "scheme-clause-new",
            Self::Gone => "scheme-clause-gone",
        }
    }
}

/// One clause.
pub struct ClauseLine {
    /// The clause.
    pub clause: Clause,
    /// How it differs.
    pub difference: Difference,
}

impl ClauseLine {
    /// The key of what the clause asks.
    pub fn asks(&self) -> &'static str {
        match self.clause.kind {
            ClauseKind::Include => "scheme-clause-include",
            ClauseKind::Exclude if self.clause.to_officer => "scheme-clause-officer",
            ClauseKind::Exclude => "scheme-clause-exclude",
        }
    }
}

/// The clauses of a version, then those that went.
pub fn beside(scheme: &Scheme, body: &str, live: Option<(&Scheme, &str)>) -> Vec<ClauseLine> {
    let of = |clauses: &[Clause], id: &str| clauses.iter().find(|clause| clause.id.as_str() == id).cloned();
    let difference = |clause: &Clause| match live {
        None => Difference::Alone,
        Some((old, text)) => match of(&old.clauses, clause.id.as_str()) {
            None => Difference::New,
            Some(before) if source(&before, text) == source(clause, body) => Difference::Same,
            Some(_) => Difference::Changed,
        },
    };
    let now = scheme.clauses.iter().map(|clause| ClauseLine { difference: difference(clause), clause: clause.clone() });
    let old = live.map(|(old, _)| old.clauses.as_slice()).unwrap_or_default();
    let gone = old.iter().filter(|clause| of(&scheme.clauses, clause.id.as_str()).is_none());
    now.chain(gone.map(|clause| ClauseLine { clause: clause.clone(), difference: Difference::Gone })).collect()
}

/// A clause as the file writes it: from its heading to the next one. Its own place is that of the heading alone.
fn source<'a>(clause: &Clause, text: &'a str) -> &'a str {
    let from = text.get(clause.span.start..).unwrap_or_default();
    let body = from.find('\n').unwrap_or(from.len());
    let next = from.get(body..).and_then(|rest| rest.find("\n["));
    from.get(..next.map_or(from.len(), |next| body.saturating_add(next))).unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PENSION: &str = include_str!("../../../../eligibility/samples/cg-ignoaps.toml");

    fn differences(text: &str, live: Option<&str>) -> Vec<(String, Difference)> {
        let (scheme, live) = (Scheme::parse(text).unwrap(), live.map(|text| (Scheme::parse(text).unwrap(), text)));
        let lines = beside(&scheme, text, live.as_ref().map(|(scheme, text)| (scheme, *text)));
        lines.into_iter().map(|line| (line.clause.id.to_string(), line.difference)).collect()
    }

    #[test]
    fn a_clause_is_the_same_changed_new_or_gone() {
        assert!(differences(PENSION, None).iter().all(|(_, difference)| *difference == Difference::Alone));
        assert!(differences(PENSION, Some(PENSION)).iter().all(|(_, difference)| *difference == Difference::Same));
        let later = PENSION.replacen("at_least = 60", "at_least = 65", 1);
        let of = |all: &[(String, Difference)], id: &str| all.iter().find(|(found, _)| found == id).unwrap().1;
        let found = differences(&later, Some(PENSION));
        assert_eq!((of(&found, "I1"), of(&found, "I2")), (Difference::Changed, Difference::Same));
        let other = PENSION.replace("id = \"X1\"", "id = \"X2\"").replace("X1 = ", "X2 = ");
        let found = differences(&other, Some(PENSION));
        assert_eq!((of(&found, "X2"), of(&found, "X1")), (Difference::New, Difference::Gone));
    }
}
