//! For tests: a gateway that runs, and officers who sign in to it by its own pages.

use service_kit::clock::Clock;
use service_kit_testing::Browser;

use super::{By, Invite, Roles};
use crate::{
    run::{Running, start},
    testing::{Source, TestAnchor, TestDepartment},
};

/// A password that is long enough and on no list.
pub(crate) const PASSWORD: &str = "monsoon arrives on a tuesday";

/// A running department, and whoever keeps it alive.
pub(crate) struct Office {
    pub(crate) running: Running,
    pub(crate) department: TestDepartment,
    _anchor: TestAnchor,
}

impl Office {
    pub(crate) async fn open() -> Self {
        Self::with("").await
    }

    /// `more` is appended to the configuration.
    pub(crate) async fn with(more: &str) -> Self {
        Self::of(&["provider"], more).await
    }

    /// A department of these roles.
    pub(crate) async fn of(roles: &[&str], more: &str) -> Self {
        Self::over(None, roles, more).await
    }

    /// A department of these roles with a database of its own.
    pub(crate) async fn over(source: Option<&Source>, roles: &[&str], more: &str) -> Self {
        let anchor = TestAnchor::start(&Clock::default());
        let department = TestDepartment::new("food", source, more);
        department.init();
        department.join(&anchor, roles).await.unwrap();
        let running = start(department.config(), Clock::default(), None).await.unwrap();
        Self { running, department, _anchor: anchor }
    }

    /// A department that has joined already, served from now on.
    pub(crate) async fn serving(department: TestDepartment, anchor: TestAnchor) -> Self {
        let running = start(department.config(), Clock::default(), None).await.unwrap();
        Self { running, department, _anchor: anchor }
    }

    pub(crate) fn browser(&self) -> Browser {
        let certificate = self.running.app().identity().certificate_der().unwrap();
        Browser::new("localhost", self.running.listeners()["people"].port(), &certificate)
    }

    /// The code of an invitation for this account with these roles, separated by spaces.
    pub(crate) async fn invite(&self, name: &str, person: &str, roles: &str) -> String {
        let invite = Invite {
            name: name.parse().unwrap(),
            person: Some(person.parse().unwrap()),
            display: Some(format!("Officer <{name}>")),
            roles: Roles::new(roles.split(' ').map(|role| role.parse().unwrap())),
        };
        self.running.app().officers().invite(By::CommandLine, invite).await.unwrap().code
    }

    /// A browser of a new officer who signed in.
    pub(crate) async fn officer(&self, name: &str, roles: &str) -> Browser {
        self.account_of(name, name, roles).await
    }

    /// The same for one account of a person.
    pub(crate) async fn account_of(&self, name: &str, person: &str, roles: &str) -> Browser {
        let (code, browser) = (self.invite(name, person, roles).await, self.browser());
        let fields = [("code", code.as_str()), ("password", PASSWORD), ("again", PASSWORD)];
        assert_eq!(browser.post("/invitation", &fields).await.status, 303);
        sign_in(&browser, name, PASSWORD).await;
        browser
    }

    /// Rows of the audit trail, oldest first, as `actor action target outcome code`.
    pub(crate) async fn audit(&self) -> Vec<String> {
        let read = |conn: &mut _| {
            let rows = service_kit::audit_trail::newest(conn, i64::MAX, 1000)?;
            Ok::<_, service_kit::db::DatabaseError>(rows)
        };
        let rows = self.running.app().db().read(read).await.unwrap();
        let line = |row: service_kit::audit_trail::Recorded| {
            let code = row.code.unwrap_or_default();
            format!("{} {} {} {} {code}", row.actor, row.action, row.target, row.outcome).trim_end().to_owned()
        };
        rows.into_iter().rev().map(line).collect()
    }

    pub(crate) async fn close(self) {
        self.running.stop().await.unwrap();
    }
}

pub(crate) async fn sign_in(browser: &Browser, name: &str, password: &str) {
    let answer = browser.post("/sign-in", &[("name", name), ("password", password)]).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/console"), "{}", answer.body);
}
