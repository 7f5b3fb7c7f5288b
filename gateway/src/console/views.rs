//! One template a page, with what it shows.

use askama::Template;
use registry_adapter::matching::Candidate;
use schemas::{
    assisted::{AssistedSession, AssistedSlip},
    id::{EntityId, KeyId, SystemName},
    linking::NamedResident,
    problem::Code,
    time::Timestamp,
};
use service_kit::audit_trail::Recorded;

use super::{Page, transparency::Overview};
use crate::{
    break_glass::StoredUse,
    people::{Account, OfficerKey, Role},
};

/// Where somebody signs in.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    /// What every page has.
    pub page: Page,
    /// Whether there is a provider.
    pub openid: bool,
    /// The name that was typed before.
    pub name: String,
}

/// The way on after another site sent the browser here.
#[derive(Template)]
#[template(path = "signed_in.html")]
pub struct SignedIn {
    /// What every page has.
    pub page: Page,
}

/// Where a password is chosen.
#[derive(Template)]
#[template(path = "invitation.html")]
pub struct Invitation {
    /// What every page has.
    pub page: Page,
    /// The code, and whom it is for; `None` if it does not hold.
    pub holds: Option<(String, String)>,
}

/// The first page of a signed-in officer.
#[derive(Template)]
#[template(path = "home.html")]
pub struct Home {
    /// What every page has.
    pub page: Page,
}

/// Accounts.
#[derive(Template)]
#[template(path = "users.html")]
pub struct Users {
    /// What every page has.
    pub page: Page,
    /// Everybody.
    pub accounts: Vec<Account>,
    /// A link that was just made.
    pub invited: Option<String>,
}

impl Users {
    /// By somebody else than the reader and whoever invited it.
    fn needs_confirming(&self, account: &Account) -> bool {
        let own = |name| self.page.user().is_some_and(|user| user.name == name || user.person == account.person);
        account.unconfirmed_from.clone().is_some_and(|inviter| !own(inviter))
    }

    fn roles(&self, account: &Account) -> String {
        account.roles.iter().map(|role| self.page.role(role)).collect::<Vec<_>>().join(", ")
    }
}

/// Keys of officers.
#[derive(Template)]
#[template(path = "keys.html")]
pub struct Keys {
    /// What every page has.
    pub page: Page,
    /// Those that have not ended.
    pub keys: Vec<OfficerKey>,
    /// Whether the reader may hand one in.
    pub signs: bool,
    /// Whether the reader may confirm and end.
    pub decides: bool,
    /// For whom the proof is made.
    pub department: String,
}

impl Keys {
    fn account(&self) -> &str {
        self.page.user().map_or("", |user| user.name.as_str())
    }

    fn is_own(&self, key: &OfficerKey) -> bool {
        self.page.user().is_some_and(|user| user.person.as_str() == key.key.person)
    }

    fn thumbprint(kid: &KeyId) -> String {
        let chars: Vec<char> = kid.as_str().chars().collect();
        chars.chunks(6).map(|chunk| chunk.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
    }
}

/// Uses in an emergency that wait for a review.
#[derive(Template)]
#[template(path = "break_glass.html")]
pub struct BreakGlass {
    /// What every page has.
    pub page: Page,
    /// The most urgent first.
    pub uses: Vec<StoredUse>,
    /// When the page is made.
    pub now: Timestamp,
}

impl BreakGlass {
    fn is_own(&self, used: &StoredUse) -> bool {
        self.page.user().is_some_and(|user| user.person == used.officer)
    }

    fn is_overdue(&self, used: &StoredUse) -> bool {
        used.due <= self.now
    }
}

/// People whom only an officer can link.
#[derive(Template)]
#[template(path = "links.html")]
pub struct Links {
    /// What every page has.
    pub page: Page,
    /// Who waits, the longest first.
    pub waiting: Vec<NamedResident>,
}

/// One person beside the rows that she could be.
#[derive(Template)]
#[template(path = "compare.html")]
pub struct Compare {
    /// What every page has.
    pub page: Page,
    /// Who waits.
    pub person: NamedResident,
    /// Rows of the department's table with the same birth date.
    pub candidates: Vec<Candidate>,
}

pub(super) fn full_name(person: &NamedResident) -> String {
    let family = person.family_name.iter().map(String::as_str);
    std::iter::once(person.given_name.as_str()).chain(family).collect::<Vec<_>>().join(" ")
}

/// Where an assisted session begins.
#[derive(Template)]
#[template(path = "assisted.html")]
pub struct Assisted {
    /// What every page has.
    pub page: Page,
    /// The session that was just opened.
    pub opened: Option<OpenedSession>,
    /// How many consents were just ended.
    pub ended: Option<i64>,
}

/// A session that was just opened, and what the civil registration office is told for its invitation.
pub struct OpenedSession {
    /// The session.
    pub session: AssistedSession,
    /// This department.
    pub operator: EntityId,
    /// The operator's pseudonym.
    pub person: SystemName,
}

/// What a citizen takes home, in every language.
#[derive(Template)]
#[template(path = "slip.html")]
pub struct Slip {
    /// What every page has.
    pub page: Page,
    /// `None`: not closed, or another operator's.
    pub slip: Option<AssistedSlip>,
    /// Side of the QR code in modules.
    pub size: usize,
    /// Its dark modules as an SVG path.
    pub modules: String,
}

/// The audit trail.
#[derive(Template)]
#[template(path = "audit.html")]
pub struct Audit {
    /// What every page has.
    pub page: Page,
    /// The newest first.
    pub rows: Vec<Recorded>,
    /// Whether the chain of all rows holds.
    pub holds: bool,
    /// The number before which the next page begins.
    pub older: Option<i64>,
}

/// What was exchanged, for the public.
#[derive(Template)]
#[template(path = "transparency.html")]
pub struct Transparency {
    /// What every page has.
    pub page: Page,
    /// The figures.
    pub overview: Overview,
}

/// Whether the gateway works, for the public.
#[derive(Template)]
#[template(path = "status.html")]
pub struct Status {
    /// What every page has.
    pub page: Page,
    /// What is looked at, and whether it is well.
    pub checks: Vec<(&'static str, bool)>,
    /// When.
    pub at: String,
}

/// Help for one code of refusal.
#[derive(Template)]
#[template(path = "problem.html")]
pub struct ProblemHelp {
    /// What every page has.
    pub page: Page,
    /// The code.
    pub code: Code,
    /// What was said about this very request, and its id.
    pub request: Option<(String, String)>,
}

/// All codes.
#[derive(Template)]
#[template(path = "problems.html")]
pub struct Problems {
    /// What every page has.
    pub page: Page,
}

/// A statement in paragraphs: `<screen>-1`, `<screen>-2` and so on.
#[derive(Template)]
#[template(path = "statement.html")]
pub struct Statement {
    /// What every page has.
    pub page: Page,
    /// Keys of the paragraphs.
    pub paragraphs: &'static [&'static str],
}
