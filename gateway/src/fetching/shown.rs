//! Why facts are not known: in the records of decisions, and for officers.

use std::collections::BTreeMap;

use schemas::{
    id::{DatasetId, ReasonCode, SchemeId},
    time::Timestamp,
};

use crate::{
    app::App,
    decisions::DecisionError,
    store::fetching::{FactAsk, asks_unanswered},
};

/// A fact that was asked for and did not come.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Unknown {
    /// Whose, by the department's own number; none where she is not linked.
    pub number: Option<String>,
    /// Which.
    pub fact: String,
    /// Where it would be.
    pub dataset: DatasetId,
    /// For the sake of which scheme.
    pub scheme: SchemeId,
    /// Why it did not come, as a code.
    pub reason: String,
    /// When it is asked for again.
    pub again: Timestamp,
}

/// The reasons of a person, by path of the fact.
pub(crate) fn why(asks: &[FactAsk]) -> BTreeMap<String, ReasonCode> {
    let reason = |ask: &FactAsk| {
        let code = ask.reason.as_deref()?.parse().ok()?;
        Some((ask.wanted.path.as_str().to_owned(), code))
    };
    asks.iter().filter_map(reason).collect()
}

impl App {
    /// Facts that were asked for and did not come, at most `limit`; those that are asked for again soonest first.
    ///
    /// # Errors
    /// If the rows cannot be read.
    pub async fn facts_unknown(&self, limit: u32) -> Result<Vec<Unknown>, DecisionError> {
        let keys = self.keys().clone();
        let asks = self.db().read(move |conn| asks_unanswered(conn, &keys, limit.into())).await?;
        let mut unknown = Vec::new();
        for ask in asks {
            let local = self.links().resolve(&ask.wanted.subject).await?;
            unknown.push(Unknown {
                number: local.map(|local| local.as_str().to_owned()),
                fact: ask.wanted.path.to_string(),
                dataset: ask.wanted.dataset,
                scheme: ask.wanted.scheme,
                reason: ask.reason.unwrap_or_default(),
                again: Timestamp::from_seconds(ask.next_ms.div_euclid(1000)),
            });
        }
        Ok(unknown)
    }
}
