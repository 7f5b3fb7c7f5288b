//! Pages about schemes: the list, one version, its editor, its back-test, the people it would move, what officers sign.
//!
//! Guarantees: whole without a script; people appear by the department's own numbers, on one page alone; what a finding says of a file
//! stands under the very line. Deliberately absent: HTTP (`http/people/pages/schemes`) and every decision (`crate::schemes`).

pub mod chart;
pub mod clauses;
pub mod file;

use askama::Template;
use eligibility::{
    clause::Bilingual,
    examples::{self, OutcomeName},
    scheme::Scheme,
};
use schemas::{
    id::{ClauseId, SchemeId},
    scheme::SchemeAction,
    time::{CivilDate, Timestamp},
};
use service_kit::words::Language;

use self::{chart::Chart, clauses::ClauseLine, file::File};
use super::Page;
use crate::schemes::{Detail, Listed, Movers, Moving, Open, Terms, Tested, VersionState};

/// Who may write, test, sign and take back.
pub const WRITERS: &str = "scheme-officer";

/// Every scheme.
#[derive(Template)]
#[template(path = "schemes.html")]
pub struct Schemes {
    /// What every page has.
    pub page: Page,
    /// By scheme: its versions, the newest first.
    pub schemes: Vec<Versions>,
}

/// The versions of one scheme.
pub struct Versions {
    /// Which.
    pub id: SchemeId,
    /// Its title in the page's language.
    pub title: String,
    /// The newest first.
    pub versions: Vec<Listed>,
}

impl Versions {
    /// Puts versions together by scheme.
    pub fn of(page: &Page, listed: Vec<Listed>) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for version in listed {
            let title = in_language(page, &version.title, &version.title_hi).to_owned();
            match all.last_mut().filter(|scheme| scheme.id == version.version.id) {
                Some(scheme) => {
                    scheme.title = title;
                    scheme.versions.insert(0, version);
                }
                None => all.push(Self { id: version.version.id.clone(), title, versions: vec![version] }),
            }
        }
        all
    }
}

fn in_language<'a>(page: &Page, english: &'a str, hindi: &'a str) -> &'a str {
    match page.locale().language {
        Language::English => english,
        Language::Hindi => hindi,
    }
}

/// The key of a state's name.
pub fn state(state: VersionState) -> &'static str {
    match state {
        VersionState::Submitted => "schemes-state-submitted",
        VersionState::BackTested => "schemes-state-tested",
        VersionState::Scheduled => "schemes-state-scheduled",
        VersionState::InForce => "schemes-state-in-force",
        VersionState::Superseded => "schemes-state-superseded",
    }
}

/// Names of accounts in a row.
pub fn accounts<T: ToString>(all: &[T]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Schemes {
    fn writes(&self) -> bool {
        writes(&self.page)
    }
}

fn writes(page: &Page) -> bool {
    page.user().is_some_and(|user| user.holds(WRITERS))
}

/// One version.
#[derive(Template)]
#[template(path = "scheme.html")]
pub struct Version {
    /// What every page has.
    pub page: Page,
    /// Everything about it.
    pub detail: Detail,
    /// Its clauses, beside those in force.
    pub clauses: Vec<ClauseLine>,
    /// Its file with what lint says.
    pub file: File,
}

impl Version {
    /// The page of a version.
    pub fn of(page: Page, detail: Detail) -> Self {
        let live = detail.live.as_ref().map(|(live, stored)| (live.as_ref(), stored.body.as_str()));
        let live = live.filter(|(live, _)| live.hash != detail.scheme.hash);
        let clauses = clauses::beside(&detail.scheme, &detail.stored.body, live);
        let file = File::linted(&page, &detail.stored.body);
        let title = in_language(&page, &detail.scheme.title.en, &detail.scheme.title.hi).to_owned();
        let title = format!(
            "{title} · {}",
            page.say_with("scheme-version", "number", number(&page, &detail.scheme.version).as_str())
        );
        Self { page: page.titled(title), detail, clauses, file }
    }

    fn writes(&self) -> bool {
        writes(&self.page)
    }

    fn address(&self) -> String {
        address(&self.detail.scheme)
    }

    /// Whether two officers signed what waits.
    fn may_publish(&self) -> bool {
        self.detail.publishing.as_ref().is_some_and(|open| open.by.len() >= 2)
    }

    fn order(&self, action: &SchemeAction, number: &u32) -> String {
        said(&self.page, *action, *number)
    }

    fn examples(&self) -> Vec<ExampleLine> {
        examples::run(&self.detail.scheme)
            .into_iter()
            .map(|result| ExampleLine {
                name: result.example.name.clone(),
                day: result.example.as_of,
                outcome: OutcomeName::from(result.evaluation.outcome).as_str(),
                passes: result.differences.is_empty(),
            })
            .collect()
    }
}

/// One example of a file, run.
pub struct ExampleLine {
    /// What it shows.
    pub name: String,
    /// The day that is asked about.
    pub day: CivilDate,
    /// What came out.
    pub outcome: &'static str,
    /// Whether that is what the file says.
    pub passes: bool,
}

/// The address of a version's page.
pub fn address(scheme: &Scheme) -> String {
    format!("/console/schemes/{}/{}", scheme.id, scheme.version)
}

/// What an order does, in words.
fn said(page: &Page, action: SchemeAction, number: u32) -> String {
    let key = match action {
        SchemeAction::Publish => "scheme-order-publish",
        SchemeAction::Rollback => "scheme-order-rollback",
        SchemeAction::Withdraw => "scheme-order-withdraw",
    };
    page.say_with(key, "number", self::number(page, number).as_str())
}

fn moment(at_ms: i64) -> Timestamp {
    Timestamp::from_seconds(at_ms.div_euclid(1_000))
}

/// Where a file is written.
#[derive(Template)]
#[template(path = "scheme_edit.html")]
pub struct Edit {
    /// What every page has.
    pub page: Page,
    /// What was written so far.
    pub text: String,
    /// The same with what lint says; `None` before it was asked.
    pub file: Option<File>,
}

impl Edit {
    fn rows(&self) -> usize {
        self.text.lines().count().clamp(16, 40)
    }
}

/// What a back-test says, or how far it is.
#[derive(Template)]
#[template(path = "scheme_test.html")]
pub struct Test {
    /// What every page has.
    pub page: Page,
    /// The version.
    pub detail: Detail,
    /// Its movements by district, sex and category.
    pub charts: Vec<Chart>,
}

impl Test {
    /// The page of a version's back-test.
    pub fn of(page: Page, detail: Detail) -> Self {
        let charts = detail.test.as_ref().map(|test| {
            let result = &test.result;
            let groups =
                [("district", &result.by_district), ("sex", &result.by_sex), ("category", &result.by_category)];
            groups.into_iter().map(|(what, groups)| Chart::of(&page, what, groups)).collect()
        });
        Self { page, detail, charts: charts.unwrap_or_default() }
    }

    fn writes(&self) -> bool {
        writes(&self.page)
    }

    fn address(&self) -> String {
        address(&self.detail.scheme)
    }

    fn number(&self, number: &u64) -> String {
        count(&self.page, *number)
    }

    fn clause(&self, id: &ClauseId) -> String {
        clause_text(&self.page, &self.detail.scheme, id)
    }

    fn failed(&self) -> Option<schemas::problem::Code> {
        match self.detail.run.as_ref()?.state {
            crate::store::schemes::runs::RunState::Failed(code) => Some(code),
            _ => None,
        }
    }

    fn has_broken_off(&self) -> bool {
        use crate::store::schemes::runs::RunState;
        self.detail.run.as_ref().is_some_and(|run| run.state == RunState::Running) && !self.detail.is_running()
    }
}

fn count(page: &Page, number: u64) -> String {
    self::number(page, number)
}

/// What is counted here, by value or by reference: templates have both.
pub trait Counted {
    /// For a message.
    fn whole(&self) -> i64;
}

impl Counted for u32 {
    fn whole(&self) -> i64 {
        i64::from(*self)
    }
}

impl Counted for u64 {
    fn whole(&self) -> i64 {
        i64::try_from(*self).unwrap_or(i64::MAX)
    }
}

impl Counted for usize {
    fn whole(&self) -> i64 {
        i64::try_from(*self).unwrap_or(i64::MAX)
    }
}

impl<N: Counted> Counted for &N {
    fn whole(&self) -> i64 {
        (*self).whole()
    }
}

/// A number for a message.
pub fn whole(number: impl Counted) -> i64 {
    number.whole()
}

/// A number as people read it.
pub fn number(page: &Page, number: impl Counted) -> String {
    page.locale().number(number.whole())
}

fn clause_text(page: &Page, scheme: &Scheme, id: &ClauseId) -> String {
    let found = scheme.clauses.iter().find(|clause| clause.id == *id);
    found.map_or_else(String::new, |clause| text_of(page, &clause.text).to_owned())
}

/// A text in the page's language.
pub fn text_of<'a>(page: &Page, text: &'a Bilingual) -> &'a str {
    in_language(page, &text.en, &text.hi)
}

/// Who would enter or leave, by the department's own numbers.
#[derive(Template)]
#[template(path = "scheme_people.html")]
pub struct People {
    /// What every page has.
    pub page: Page,
    /// The version.
    pub detail: Detail,
    /// Its back-test.
    pub test: Tested,
    /// Who is listed.
    pub moving: Moving,
    /// The page of the list, from 0.
    pub place: u32,
    /// The people of the page.
    pub movers: Movers,
}

impl People {
    fn address(&self) -> String {
        address(&self.detail.scheme)
    }

    fn leaves(&self) -> bool {
        self.moving == Moving::Leave
    }

    fn why(&self, decisive: &[ClauseId]) -> String {
        let each = decisive.iter().map(|id| format!("{id}: {}", clause_text(&self.page, &self.detail.scheme, id)));
        each.collect::<Vec<_>>().join("; ")
    }

    fn has_read(&self) -> bool {
        self.page.user().is_some_and(|user| self.test.readers.contains(&user.name))
    }
}

/// What an officer signs: that a version comes into force, or that the one before comes back.
#[derive(Template)]
#[template(path = "scheme_sign.html")]
pub struct Sign {
    /// What every page has.
    pub page: Page,
    /// The version from whose page it began.
    pub detail: Detail,
    /// What is signed.
    pub terms: Terms,
    /// The same as a document, for the key that signs.
    pub document: String,
    /// What others signed alike already.
    pub open: Option<Open>,
}

impl Sign {
    fn address(&self) -> String {
        address(&self.detail.scheme)
    }

    fn takes_back(&self) -> bool {
        self.terms.action != SchemeAction::Publish
    }

    /// Where the signed order goes.
    fn target(&self) -> &'static str {
        if self.takes_back() { "/console/schemes/rollback" } else { "/console/schemes/sign" }
    }

    fn order(&self) -> String {
        said(&self.page, self.terms.action, self.terms.scheme.version)
    }

    fn has_signed(&self) -> bool {
        let user = self.page.user();
        self.open.as_ref().is_some_and(|open| user.is_some_and(|user| open.by.contains(&user.name)))
    }

    fn account(&self) -> &str {
        self.page.user().map_or("", |user| user.name.as_str())
    }
}
