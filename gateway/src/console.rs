//! Pages for officers and the public: what every page has, and what each one shows.
//!
//! Guarantees: pages are whole without a script; every text comes from `web/locales`; values are escaped by the templates'
//! type; nothing personal stands in an address. Deliberately absent: decisions, and HTTP, which is `http/people/pages`.

pub mod qr;
pub mod review;
pub mod schemes;
pub mod transparency;
pub mod triggers;
pub mod views;

use std::sync::Arc;

use schemas::problem::Code;
use service_kit::{
    access::{FormToken, User},
    words::{Language, Locale, Numerals, Value, Words, WordsError},
};

use crate::{app::App, people::Role};

/// The texts of every page.
const TEXTS: &[(Language, &str)] = &[
    (Language::English, include_str!("../../web/locales/en/console.ftl")),
    (Language::English, include_str!("../../web/locales/en/schemes.ftl")),
    (Language::English, include_str!("../../web/locales/en/review.ftl")),
    (Language::English, include_str!("../../web/locales/en/refusals.ftl")),
    (Language::Hindi, include_str!("../../web/locales/hi/console.ftl")),
    (Language::Hindi, include_str!("../../web/locales/hi/schemes.ftl")),
    (Language::Hindi, include_str!("../../web/locales/hi/review.ftl")),
    (Language::Hindi, include_str!("../../web/locales/hi/refusals.ftl")),
];

/// Reads the texts.
///
/// # Errors
/// If a file does not parse.
pub fn words() -> Result<Arc<Words>, WordsError> {
    Words::load(TEXTS).map(Arc::new)
}

/// What a page knows of the request that it answers.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Language and numerals.
    pub locale: Locale,
    /// The address without its query: where links to other languages go.
    pub path: String,
    /// Its query without the language, ready for one more pair.
    pub query: String,
    /// Whether that address can be opened with GET.
    pub can_be_opened: bool,
    /// Who is signed in.
    pub user: Option<(User, FormToken)>,
}

/// What every template is given.
pub struct Page {
    words: Arc<Words>,
    visit: Visit,
    department: String,
    screen: &'static str,
    title: String,
    notice: Option<String>,
    error: Option<PageError>,
}

/// Why something was not done, above the form with which it was tried.
#[derive(Clone, Debug)]
pub struct PageError {
    /// The code.
    pub code: Code,
    /// In the reader's language.
    pub title: String,
    /// What to do.
    pub mend: String,
}

/// A link.
pub struct Link {
    /// Where.
    pub href: String,
    /// What it is called.
    pub text: String,
    /// Whether it is the page itself.
    pub current: bool,
    /// The language of its text, if another than the page's.
    pub lang: &'static str,
}

/// Pages of signed-in officers: address, text, roles.
const NAVIGATION: &[(&str, &str, &str)] = &[
    ("/console", "nav-home", ""),
    ("/console/links", "nav-links", "operator"),
    ("/console/matching", "nav-matching", "operator"),
    ("/console/objections", "nav-objections", "operator reviewer centre-operator"),
    ("/console/assisted", "nav-assisted", "centre-operator"),
    ("/console/schemes", "nav-schemes", "scheme-officer reviewer auditor observer"),
    ("/console/triggers", "nav-triggers", "operator scheme-officer reviewer auditor observer"),
    ("/console/review", "nav-review", "reviewer"),
    ("/console/rolls", "nav-rolls", "scheme-officer reviewer auditor"),
    ("/console/break-glass", "nav-break-glass", "reviewer"),
    ("/console/keys", "nav-keys", "scheme-officer reviewer admin"),
    ("/console/users", "nav-users", "admin"),
    ("/console/audit", "nav-audit", "auditor admin"),
];

impl Page {
    /// The page of this name, for this visit. Its title is the message `<screen>-title`.
    pub fn new(app: &App, visit: Visit, screen: &'static str) -> Self {
        let words = Arc::clone(app.words());
        let title = words.say(visit.locale, &format!("{screen}-title"));
        let names = &app.config().name;
        let name = names.get(visit.locale.language.tag()).or_else(|| names.get("en")).or_else(|| names.values().next());
        let department = name.cloned().unwrap_or_else(|| app.entity().to_string());
        Self { words, visit, department, screen, title, notice: None, error: None }
    }

    /// The same under another title.
    #[must_use]
    pub fn titled(self, title: String) -> Self {
        Self { title, ..self }
    }

    /// The same with good news: the message `done-<what>`, if there is one.
    #[must_use]
    pub fn notice(self, what: Option<&str>) -> Self {
        let key = what.map(|what| format!("done-{what}"));
        let notice = key.and_then(|key| self.words.find(self.visit.locale, &key, &[]));
        Self { notice, ..self }
    }

    /// The same with the reason why something was not done.
    #[must_use]
    pub fn refused(self, code: Code) -> Self {
        let error =
            PageError { code, title: self.say(&format!("code-{code}")), mend: self.say(&format!("code-{code}.mend")) };
        Self { error: Some(error), ..self }
    }

    /// A message.
    pub fn say(&self, key: &str) -> String {
        self.words.say(self.visit.locale, key)
    }

    /// A message with one argument.
    pub fn say_with<'a>(&self, key: &str, name: &str, value: impl Into<Value<'a>>) -> String {
        self.words.say_with(self.visit.locale, key, &[(name, value.into())])
    }

    /// A message with several arguments.
    pub fn say_all(&self, key: &str, arguments: &[(&str, Value<'_>)]) -> String {
        self.say_in(self.visit.locale, key, arguments)
    }

    /// A message in a language that need not be the reader's: for what is printed for somebody else.
    pub fn say_in(&self, locale: Locale, key: &str, arguments: &[(&str, Value<'_>)]) -> String {
        self.words.say_with(locale, key, arguments)
    }

    /// A message without arguments, if there is one.
    pub fn find(&self, key: &str) -> Option<String> {
        self.words.find(self.visit.locale, key, &[])
    }

    /// The language and numerals.
    pub const fn locale(&self) -> Locale {
        self.visit.locale
    }

    /// For the `lang` attribute.
    pub const fn lang(&self) -> &'static str {
        self.visit.locale.language.tag()
    }

    /// The department's name.
    pub fn department(&self) -> &str {
        &self.department
    }

    /// For `data-screen`.
    pub const fn screen(&self) -> &'static str {
        self.screen
    }

    /// The heading.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What was done.
    pub fn done(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// What was not done.
    pub const fn error(&self) -> Option<&PageError> {
        self.error.as_ref()
    }

    /// Who is signed in.
    pub fn user(&self) -> Option<&User> {
        self.visit.user.as_ref().map(|(user, _)| user)
    }

    /// For the hidden field of each form.
    pub fn form_token(&self) -> &str {
        self.visit.user.as_ref().map_or("", |(_, token)| token.as_str())
    }

    /// The name of a role.
    pub fn role(&self, role: Role) -> String {
        self.say(&format!("role-{role}"))
    }

    /// The names of the signed-in person's roles.
    pub fn own_roles(&self) -> Vec<Role> {
        let held = |role: &Role| self.user().is_some_and(|user| user.holds(role.as_str()));
        Role::ALL.into_iter().filter(held).collect()
    }

    /// The pages that this person may open.
    pub fn navigation(&self) -> Vec<Link> {
        let Some(user) = self.user() else { return Vec::new() };
        let allowed = NAVIGATION.iter().filter(|(_, _, roles)| user.holds(roles));
        let link = |(href, text, _): &(&str, &str, &str)| Link {
            href: (*href).to_owned(),
            text: self.say(text),
            current: is_within(&self.visit.path, href),
            lang: self.lang(),
        };
        allowed.map(link).collect()
    }

    /// This page in the other languages.
    pub fn languages(&self) -> Vec<Link> {
        if !self.visit.can_be_opened {
            return Vec::new();
        }
        let others = Locale::ALL.into_iter().filter(|locale| *locale != self.visit.locale);
        let name = |locale: Locale| match locale.numerals {
            Numerals::Latin => "language-name",
            Numerals::Devanagari => "language-name-devanagari",
        };
        let link = |locale: Locale| Link {
            href: format!("{}?{}lang={locale}", self.visit.path, self.visit.query),
            text: self.words.say(locale, name(locale)),
            current: false,
            lang: locale.language.tag(),
        };
        others.map(link).collect()
    }
}

/// Whether an address is this page's or of one below it; the first page has none below.
fn is_within(path: &str, page: &str) -> bool {
    path.strip_prefix(page).is_some_and(|rest| rest.is_empty() || (page != "/console" && rest.starts_with('/')))
}

impl App {
    /// The texts of pages.
    pub fn words(&self) -> &Arc<Words> {
        &self.areas().words
    }
}

#[cfg(test)]
mod tests;
