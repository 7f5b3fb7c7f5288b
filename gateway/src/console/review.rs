//! Pages of reviews: what waits, the evidence of one decision, objections at the counter, letters, stopped schemes.
//!
//! Deliberately absent: deciding (`crate::review`).

use askama::Template;
use schemas::{
    assisted::SlipText,
    decision::{ClauseResult, DecisionAction, FactRecord},
    digest::Digest,
    id::SystemName,
    scheme::DecisionState,
    time::{CivilDate, Timestamp},
};
use serde::Serialize;
use service_kit::words::{Language, Locale};

use super::Page;
use crate::{
    decisions::{ReviewItem, Stopped},
    review::{
        ObjectionSlip,
        evidence::{Change, ClauseSeen, Evidence, Step},
        letter::Letter,
        places::{PlaceList, Untold},
    },
    store::review::{Note, NoteKind},
};

/// A word of a closed set as JSON has it.
pub(crate) fn said(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A message named by such a word: `<kind>-<word>`.
pub(crate) fn say_word(page: &Page, kind: &str, value: &impl Serialize) -> String {
    page.say(&format!("{kind}-{}", said(value)))
}

/// The name of a reason; its code, where there is none.
pub(crate) fn reason(page: &Page, code: &str) -> String {
    let key = format!("reason-{}", code.to_ascii_lowercase().replace('_', "-"));
    page.find(&key).unwrap_or_else(|| code.to_owned())
}

/// The name of a type of event; the type, where there is none.
pub(crate) fn event(page: &Page, event_type: &str) -> String {
    let short = event_type.strip_prefix("in.vinimay.").unwrap_or(event_type);
    let short = short.strip_suffix(".v1").unwrap_or(short);
    page.find(&format!("event-{}", short.replace(['.', '_'], "-"))).unwrap_or_else(|| event_type.to_owned())
}

/// The scheme's name in the reader's language.
pub(crate) fn scheme(page: &Page, item: &ReviewItem) -> String {
    let named = item.title.get(page.lang()).or_else(|| item.title.values().next()).cloned();
    named.or_else(|| page.find(&format!("rule-{}", item.scheme))).unwrap_or_else(|| item.scheme.clone())
}

/// The sentence that says why, in the reader's language.
pub(crate) fn why(page: &Page, item: &ReviewItem) -> String {
    item.why.get(page.lang()).cloned().unwrap_or_default()
}

/// A moment, in the reader's language.
pub(crate) fn moment(page: &Page, at: &Timestamp) -> String {
    page.locale().moment(*at)
}

/// The first characters of a digest, for the eye; the whole stands in the title.
pub(crate) fn short(digest: &Digest) -> String {
    digest.to_string().chars().take(19).chain("…".chars()).collect()
}

fn days(from: CivilDate, to: CivilDate) -> i64 {
    to.start().seconds().saturating_sub(from.start().seconds()).div_euclid(86_400)
}

/// How the time to object stands, as a sentence.
pub(crate) fn clock(page: &Page, item: &ReviewItem, today: CivilDate) -> String {
    use DecisionState as S;
    match (item.state, item.until) {
        (S::Contested, _) => page.say("review-clock-contested"),
        (S::Noticed | S::Upheld, Some(until)) if days(today, until) >= 0 => {
            let day = page.locale().day(until);
            let count = days(today, until).saturating_add(1);
            page.say_all("review-clock-runs", &[("day", day.into()), ("count", count.into())])
        }
        (S::Noticed | S::Upheld, _) => page.say("review-clock-over"),
        (S::Proposed | S::Held, _) if item.action == DecisionAction::Remove => page.say("review-clock-none"),
        _ => page.say("review-clock-not"),
    }
}

/// What waits for a reviewer.
#[derive(Template)]
#[template(path = "review.html")]
pub struct Queue {
    /// What every page has.
    pub page: Page,
    /// What waits.
    pub waiting: Vec<ReviewItem>,
    /// How many schemes are stopped.
    pub stopped: usize,
    /// Today in India.
    pub today: CivilDate,
}

impl Queue {
    const GROUPS: [&'static str; 5] = ["objections", "proposals", "looks", "untold", "stopped"];

    fn group_of(item: &ReviewItem) -> &'static str {
        use DecisionAction as A;
        match (item.state, item.action) {
            _ if item.stopped => "stopped",
            (DecisionState::Contested | DecisionState::Removed, _) => "objections",
            (DecisionState::Held, _) if !item.asked => "untold",
            (_, A::Flag | A::Review) => "looks",
            _ => "proposals",
        }
    }

    fn stopped(&self) -> String {
        self.page.say_with("review-stopped", "count", self.stopped)
    }

    fn number(&self, number: usize) -> String {
        self.page.locale().number(i64::try_from(number).unwrap_or(i64::MAX))
    }

    fn group(&self, group: &str) -> Vec<&ReviewItem> {
        self.waiting.iter().filter(|item| Self::group_of(item) == group).collect()
    }
}

/// Everything about one decision.
#[derive(Template)]
#[template(path = "review_case.html")]
pub struct Case {
    /// What every page has.
    pub page: Page,
    /// On what it rests.
    pub evidence: Evidence,
    /// Today in India.
    pub today: CivilDate,
    /// The reader's account.
    pub reader: SystemName,
}

impl Case {
    const fn item(&self) -> &ReviewItem {
        &self.evidence.item
    }

    fn text<'a>(&self, texts: &'a std::collections::BTreeMap<String, String>) -> Option<&'a str> {
        texts.get(self.page.lang()).or_else(|| texts.values().next()).map(String::as_str)
    }

    fn clause(&self, clause: &ClauseSeen) -> String {
        self.text(&clause.text).map_or_else(|| clause.id.to_string(), str::to_owned)
    }

    /// Why no fact stands below a clause.
    fn no_facts(&self, clause: &ClauseSeen) -> String {
        let unknown = clause.result == ClauseResult::Unknown;
        self.page.say(if unknown { "review-facts-none" } else { "review-facts-unnamed" })
    }

    /// What would change it, as a sentence.
    fn changes(&self, change: &Change) -> String {
        let clause = self.text(&change.text).map_or_else(|| change.would.clause.to_string(), str::to_owned);
        match change.would.on {
            Some(day) => {
                let day = self.page.locale().day(day);
                self.page.say_all("review-changes-on", &[("name", clause.into()), ("day", day.into())])
            }
            None => self.page.say_with("review-changes-if", "name", clause),
        }
    }

    fn monthly(&self) -> Option<String> {
        self.evidence.monthly.map(|rupees| self.page.locale().number(rupees.into()))
    }

    /// Whether an objection is heard.
    fn is_heard(&self) -> bool {
        let objected = self.item().objection.as_ref().is_some_and(|objection| objection.open);
        objected && matches!(self.item().state, DecisionState::Contested | DecisionState::Removed)
    }

    /// A proposal on which an officer must look first.
    fn is_asked(&self) -> bool {
        self.item().asked
    }

    fn is_removal(&self) -> bool {
        self.item().action == DecisionAction::Remove
    }

    /// Whether a delivery may be entered.
    fn is_undelivered(&self) -> bool {
        let before = matches!(self.item().state, DecisionState::Proposed | DecisionState::Held);
        before && self.evidence.notice.as_ref().is_some_and(|notice| notice.delivery.is_none())
    }

    /// Whether an objection may be entered.
    fn is_open_to_objection(&self) -> bool {
        use DecisionState as S;
        let open = matches!(self.item().state, S::Proposed | S::Held | S::Noticed | S::Upheld | S::Removed);
        self.is_removal() && open && self.evidence.notice.is_some()
    }

    /// Who spoke first about the objection, and whether the removal would stand.
    fn first(&self) -> Option<&(SystemName, bool)> {
        self.item().objection.as_ref().and_then(|objection| objection.first.as_ref())
    }

    fn is_own_word(&self) -> bool {
        self.first().is_some_and(|(by, _)| *by == self.reader)
    }

    fn papers(&self) -> Vec<&Note> {
        self.evidence.notes.iter().filter(|note| note.kind == NoteKind::Paper).collect()
    }

    fn reasons(&self) -> Vec<&Note> {
        self.evidence.notes.iter().filter(|note| note.kind == NoteKind::Reason).collect()
    }

    fn moment(&self, ms: &i64) -> String {
        self.page.locale().moment(Timestamp::from_seconds(ms.div_euclid(1_000)))
    }

    fn fact(&self, fact: &FactRecord) -> String {
        let key = format!("fact-{}", fact.fact.as_str().replace(['.', '_'], "-"));
        self.page.find(&key).unwrap_or_else(|| fact.fact.to_string())
    }

    fn step(&self, step: &Step) -> String {
        step.action
            .as_ref()
            .map_or_else(|| self.page.say("step-delivered"), |action| say_word(&self.page, "action", action))
    }

    fn state(&self, state: &Option<DecisionState>) -> String {
        state.as_ref().map(|state| say_word(&self.page, "state", state)).unwrap_or_default()
    }
}

/// The letter of a notice.
#[derive(Template)]
#[template(path = "review_letter.html")]
pub struct LetterPage {
    /// What every page has.
    pub page: Page,
    /// What is printed.
    pub letter: Letter,
    /// Side of the QR code in modules, and its dark ones as an SVG path.
    pub code: (usize, String),
}

impl LetterPage {
    fn say(&self, locale: &Locale, key: &str, number: &str) -> String {
        self.page.say_in(*locale, key, &[("number", number.into())])
    }

    /// By when, as a sentence: the day, or how many days from the day on which it arrives.
    fn deadline(&self, locale: &Locale) -> String {
        match (self.letter.until, self.letter.days) {
            (Some(until), _) => self.page.say_in(*locale, "letter-until", &[("day", locale.day(until).into())]),
            (None, Some(days)) => self.page.say_in(*locale, "letter-days", &[("count", i64::from(days).into())]),
            (None, None) => String::new(),
        }
    }
}

/// Lists for panchayats and wards.
#[derive(Template)]
#[template(path = "review_places.html")]
pub struct PlacesPage {
    /// What every page has.
    pub page: Page,
    /// One a place.
    pub lists: Vec<PlaceList>,
    /// Whether not everybody fits.
    pub more: bool,
    /// Our name, in the order of [`Language::ALL`].
    pub department: [String; 2],
    /// Of which day they are.
    pub day: CivilDate,
}

impl PlacesPage {
    /// Hindi first: it is read where she lives.
    const BOTH: [Locale; 2] = [Locale::HINDI, Locale::ENGLISH];
    const COLUMNS: [&'static str; 7] = ["number", "name", "scheme", "payment", "days", "case", "signature"];

    fn column(&self, locale: &Locale, column: &str) -> String {
        self.page.say_in(*locale, &format!("places-{column}"), &[])
    }

    fn heading(&self, locale: &Locale, list: &PlaceList) -> String {
        match &list.place {
            Some(place) => self.page.say_in(*locale, "places-place", &[("name", place.as_str().into())]),
            None => self.page.say_in(*locale, "places-nowhere", &[]),
        }
    }

    fn duty(&self, locale: &Locale) -> String {
        let ours = Language::ALL.iter().position(|language| *language == locale.language);
        let department = ours.and_then(|at| self.department.get(at)).map_or("", String::as_str);
        let arguments = [("name", department.into()), ("day", locale.day(self.day).into())];
        self.page.say_in(*locale, "places-duty", &arguments)
    }

    fn scheme(&self, locale: &Locale, one: &Untold) -> String {
        let said = one.scheme.get(locale.language.tag()).or_else(|| one.scheme.values().next());
        said.cloned().unwrap_or_else(|| "-".to_owned())
    }

    fn to_household(&self, locale: &Locale) -> String {
        self.page.say_in(*locale, "places-household", &[])
    }

    fn payment(&self, locale: &Locale, one: &Untold) -> String {
        self.page.say_in(*locale, if one.held { "places-held" } else { "places-goes-on" }, &[])
    }

    fn days(&self, one: &Untold) -> String {
        self.page.locale().number(i64::from(one.days))
    }
}

/// The counter, where an objection is entered for somebody who came in person.
#[derive(Template)]
#[template(path = "review_objection.html")]
pub struct Counter {
    /// What every page has.
    pub page: Page,
    /// The decision that was found.
    pub found: Option<ReviewItem>,
    /// Today in India.
    pub today: CivilDate,
}

/// The slip of an objection, in every language.
#[derive(Template)]
#[template(path = "review_slip.html")]
pub struct SlipPage {
    /// What every page has.
    pub page: Page,
    /// What is printed.
    pub slip: ObjectionSlip,
    /// Side of the QR code in modules, and its dark ones as an SVG path.
    pub code: (usize, String),
}

impl SlipPage {
    /// Hindi first.
    fn texts(&self) -> Vec<(&String, &SlipText)> {
        self.slip.text.iter().rev().collect()
    }
}

/// Schemes that the breaker stopped.
#[derive(Template)]
#[template(path = "review_breakers.html")]
pub struct Breakers {
    /// What every page has.
    pub page: Page,
    /// Which.
    pub stopped: Vec<Stopped>,
    /// The reader's account.
    pub reader: SystemName,
}

impl Breakers {
    fn number(&self, number: &u64) -> String {
        self.page.locale().number(i64::try_from(*number).unwrap_or(i64::MAX))
    }

    fn since(&self, stopped: &Stopped) -> String {
        self.page.locale().moment(Timestamp::from_seconds(stopped.tripped_ms.div_euclid(1_000)))
    }

    /// For how many: what was signed, or as many as wait.
    fn people(&self, stopped: &Stopped) -> u64 {
        stopped.ceiling.unwrap_or(stopped.waiting).max(1)
    }

    fn first(&self, by: &SystemName, stopped: &Stopped) -> String {
        let people = self.number(&self.people(stopped));
        self.page.say_all("breakers-first", &[("name", by.as_str().into()), ("number", people.into())])
    }

    fn is_own(&self, stopped: &Stopped) -> bool {
        stopped.first_by.as_ref() == Some(&self.reader)
    }
}

#[cfg(test)]
mod tests {
    use service_kit::words::{Language, Words};

    /// Words that pages put behind a kind; those of closed sets, as JSON has them.
    const WORDS: &[(&str, &str)] = &[
        ("action", "offer enrol withdraw hold release remove restore amend flag review"),
        (
            "state",
            "proposed offered accepted declined expired withdrawn enrolled held noticed contested upheld removed reversed released restored",
        ),
        ("clause", "true false unknown"),
        ("evidence", "wallet sms-report officer"),
        ("channel", "wallet mail sms letter"),
        ("way", "waiting printed delivered parked"),
        ("route", "wallet counter operator"),
        ("person", "subject mother father spouse head survivor parted"),
        ("applied", "settled unmatched contradicted"),
        ("band", "usual many few silent"),
        ("stage", "told acknowledged applied settled unmatched contradicted"),
        ("finding", "edited missing unlinked head-disagrees row-changed-outside row-missing between before"),
        ("review-group", "objections proposals looks untold stopped"),
        ("review-clock", "contested runs over none not"),
        (
            "done",
            "second-needed heard-anew decision-reversed decision-upheld decision-dropped decision-confirmed notice-delivered",
        ),
        ("done", "breaker-signed breaker-released matched matched-nobody replayed"),
        ("step", "delivered"),
        ("slip", "title taken against case number paper next keep"),
        (
            "places",
            "text none place nowhere duty number name scheme payment days case signature held goes-on household more print back title",
        ),
        ("letter", "title for until days case notice signature"),
        ("triggers", "heard told"),
    ];

    #[test]
    fn every_word_that_a_page_puts_together_has_its_message() {
        let words: std::sync::Arc<Words> = crate::console::words().unwrap();
        let keys = words.keys(Language::English);
        for (kind, all) in WORDS {
            for word in all.split_whitespace() {
                assert!(keys.contains(&format!("{kind}-{word}")), "{kind}-{word}");
            }
        }
    }
}
