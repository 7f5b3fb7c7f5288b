//! Pages of life events, of people who are not surely meant, and of rolls.
//!
//! Deliberately absent: the events' contents; and judging what was found.

use askama::Template;
use schemas::{id::CaseId, time::Timestamp};

use super::{
    Page,
    review::{event, reason, said, say_word, scheme},
};
use crate::{
    decisions::QueueItem,
    review::{
        evidence::{Evidence, Step},
        funnel::{Overview, Timeline},
        journals::RollSeen,
    },
    rolls::commands::Shown,
    store::{
        decisions::{facts::role_word, queue::QueueKind},
        triggers::{cases::Funnel, overview::Band},
    },
};

fn number(page: &Page, number: u64) -> String {
    page.locale().number(i64::try_from(number).unwrap_or(i64::MAX))
}

/// How events come and go.
#[derive(Template)]
#[template(path = "triggers.html")]
pub struct Triggers {
    /// What every page has.
    pub page: Page,
    /// The figures.
    pub overview: Overview,
    /// Whether the reader may send again what is parked.
    pub operates: bool,
}

/// One bar of a funnel.
struct Stage {
    name: &'static str,
    number: u64,
    /// Of a hundred.
    width: u64,
}

impl Triggers {
    fn number(&self, value: &u64) -> String {
        number(&self.page, *value)
    }

    fn stages(&self, funnel: &Funnel) -> Vec<Stage> {
        let stages = [
            ("told", funnel.told),
            ("acknowledged", funnel.acknowledged),
            ("applied", funnel.applied),
            ("settled", funnel.of("settled")),
            ("unmatched", funnel.of("unmatched")),
            ("contradicted", funnel.of("contradicted")),
        ];
        let most = funnel.told.max(1);
        let stage = |(name, number): (&'static str, u64)| Stage {
            name,
            number,
            width: number.saturating_mul(100).checked_div(most).unwrap_or(0).min(100),
        };
        stages.into_iter().map(stage).collect()
    }

    /// What we hear first, then what we tell.
    fn sides(&self) -> [(&'static str, &[(schemas::id::EntityId, Funnel)]); 2] {
        [("heard", &self.overview.heard), ("told", &self.overview.told)]
    }

    fn is_unusual(band: &Band) -> bool {
        *band != Band::Usual
    }

    fn parked(&self) -> bool {
        self.overview.feeds.iter().any(|feed| feed.parked > 0)
    }
}

/// One case, from its events to its decisions.
#[derive(Template)]
#[template(path = "trigger_case.html")]
pub struct CaseTimeline {
    /// What every page has.
    pub page: Page,
    /// The case.
    pub case: CaseId,
    /// What is known.
    pub timeline: Timeline,
    /// Whether the reader may open a decision.
    pub reviews: bool,
}

/// One line of a timeline.
struct Line<'a> {
    at: Timestamp,
    text: String,
    more: String,
    decision: Option<&'a Evidence>,
}

impl CaseTimeline {
    fn step(&self, step: &Step) -> (String, String) {
        let what = match &step.action {
            Some(action) => say_word(&self.page, "action", action),
            None => self.page.say("step-delivered"),
        };
        let state = step.state.as_ref().map(|state| say_word(&self.page, "state", state));
        let why = step.reason.as_ref().map(|code| reason(&self.page, code));
        (what, state.into_iter().chain(why).collect::<Vec<_>>().join(" · "))
    }

    fn open(&self, number: &usize) -> String {
        self.page.say_with("trigger-case-open", "number", *number)
    }

    /// Everything, oldest first.
    fn lines(&self) -> Vec<Line<'_>> {
        let mut lines = Vec::new();
        for heard in &self.timeline.events {
            let text = event(&self.page, &heard.event_type);
            let from = self.page.say_with("trigger-from", "name", heard.source.as_str());
            lines.push(Line { at: heard.received, text: text.clone(), more: from, decision: None });
            if let Some((result, at)) = &heard.applied {
                let more = self.page.say(&format!("applied-{result}"));
                let told = self.page.say_with("trigger-applied", "name", text.as_str());
                lines.push(Line { at: *at, text: told, more, decision: None });
            }
        }
        for evidence in &self.timeline.decisions {
            for (place, step) in evidence.steps.iter().enumerate() {
                let (text, more) = self.step(step);
                let text = format!("{}: {text}", scheme(&self.page, &evidence.item));
                lines.push(Line { at: step.at, text, more, decision: (place == 0).then_some(evidence) });
            }
        }
        lines.sort_by_key(|line| line.at);
        lines
    }
}

/// Records of which nobody here is surely meant.
#[derive(Template)]
#[template(path = "matching.html")]
pub struct Matching {
    /// What every page has.
    pub page: Page,
    /// Which.
    pub queue: Vec<QueueItem>,
}

impl Matching {
    fn kind(&self, item: &QueueItem) -> String {
        match item.kind {
            QueueKind::Unmatched => self.page.say("matching-unmatched"),
            QueueKind::Ambiguous => self.page.say("matching-ambiguous"),
        }
    }

    fn role(item: &QueueItem) -> &'static str {
        role_word(item.key.role)
    }

    fn what(&self, item: &QueueItem) -> String {
        event(&self.page, item.event_type)
    }
}

/// Rolls and their journals.
#[derive(Template)]
#[template(path = "rolls.html")]
pub struct Rolls {
    /// What every page has.
    pub page: Page,
    /// Each.
    pub rolls: Vec<RollSeen>,
    /// What a comparison of one of them found.
    pub compared: Option<(String, Vec<Shown>)>,
}

impl Rolls {
    fn number(&self, value: &u64) -> String {
        number(&self.page, *value)
    }

    fn findings(&self, count: usize) -> String {
        self.page.say_with("rolls-findings", "count", count)
    }

    fn finding(&self, found: &Shown) -> String {
        let key = format!("finding-{}", found.what);
        let of = |value: Option<u64>| value.map(|value| number(&self.page, value)).unwrap_or_default();
        let to = of(found.to.filter(|to| Some(*to) != found.seq));
        let place = match (&found.row, to.is_empty()) {
            (Some(row), _) => row.clone(),
            (None, true) => of(found.seq),
            (None, false) => format!("{}–{to}", of(found.seq)),
        };
        self.page.say_with(&key, "number", place)
    }

    fn window(&self, found: &Shown) -> String {
        let until = self.page.locale().moment(found.found);
        match found.after {
            Some(after) => {
                let after = self.page.locale().moment(after);
                self.page.say_all("finding-between", &[("at", after.into()), ("day", until.into())])
            }
            None => self.page.say_with("finding-before", "at", until),
        }
    }
}

/// The name of a band.
pub(crate) fn band(page: &Page, band: &Band) -> String {
    page.say(&format!("band-{}", said(band)))
}
