//! Decisions by scheme, as the public may know them.

use std::collections::BTreeMap;

use eligibility::clause::Bilingual;
use schemas::time::Timestamp;
use service_kit::db::DatabaseError;

use super::Told;
use crate::{
    app::App,
    schemes::SchemeError,
    store::schemes::counts::{SchemeCounts, counts_between},
};

/// One scheme, and how often what was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemeLine {
    /// Its id, or that of a built-in rule.
    pub scheme: String,
    /// Its title, if a version of it was handed in.
    pub title: Option<Bilingual>,
    /// Offered, entered, held, removed, undone.
    pub counts: [Told; 5],
}

impl SchemeLine {
    fn of(counts: SchemeCounts, titles: &BTreeMap<String, Bilingual>) -> Self {
        let told = |number: i64| Told::of(u64::try_from(number).unwrap_or(0));
        let SchemeCounts { scheme, offered, entered, held, removed, undone } = counts;
        let title = titles.get(&scheme).cloned();
        Self { scheme, title, counts: [offered, entered, held, removed, undone].map(told) }
    }
}

impl App {
    /// Decisions that began in this time, by scheme.
    pub(super) async fn count_schemes(
        &self,
        (from, until): (Timestamp, Timestamp),
    ) -> Result<Vec<SchemeLine>, SchemeError> {
        let counted = move |conn: &mut _| Ok::<_, DatabaseError>(counts_between(conn, from, until)?);
        let counts = self.db().read(counted).await?;
        let listed = self.schemes().list().await?.into_iter();
        let title =
            |one: crate::schemes::Listed| (one.version.id.to_string(), Bilingual { en: one.title, hi: one.title_hi });
        let titles: BTreeMap<String, Bilingual> = listed.map(title).collect();
        Ok(counts.into_iter().map(|counts| SchemeLine::of(counts, &titles)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_of_a_scheme_are_not_told_and_its_title_is() {
        let counts =
            SchemeCounts { scheme: "CG-X".to_owned(), offered: 4, entered: 0, held: 5, removed: 1, undone: 40 };
        let title = Bilingual { en: "Pension".to_owned(), hi: "पेंशन".to_owned() };
        let line = SchemeLine::of(counts, &BTreeMap::from([("CG-X".to_owned(), title.clone())]));
        assert_eq!(line.counts, [Told::Few, Told::Number(0), Told::Number(5), Told::Few, Told::Number(40)]);
        assert_eq!(line.title, Some(title));
    }
}
