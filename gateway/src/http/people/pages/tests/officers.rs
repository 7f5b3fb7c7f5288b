//! Officers: invited, signed in, refused, closed.

use schemas::linking::NamedResident;
use service_kit_testing::Browser;

use super::{ALL_ROLES, Office, PASSWORD, html::check, sign_in};
use crate::{store::links_open::open_insert, testing::Source};

async fn home(browser: &Browser) -> u16 {
    browser.get("/console").await.status
}

/// Posts with the form token of the console's first page.
async fn post(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> service_kit_testing::Page {
    let token = browser.get("/console").await.hidden("form_token");
    browser.post(path, &[fields, &[("form_token", token.as_str())]].concat()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invited_officer_chooses_a_password_once_signs_in_and_out() {
    let office = Office::open().await;
    let (code, browser) = (office.invite("asha", "asha", "auditor").await, office.browser());
    let fields = |password: &'static str, again: &'static str| [("password", password), ("again", again)];
    let accept = async |fields: &[(&str, &str)]| {
        browser.post("/invitation", &[&[("code", code.as_str())], fields].concat()).await
    };
    for (password, again) in [("short", "short"), ("password1234", "password1234"), (PASSWORD, "another sentence here")]
    {
        let refused = accept(&fields(password, again)).await;
        assert_eq!(refused.status, 400, "{password}");
        assert!(refused.body.contains("data-error=\"password-unsuitable\""), "{password}");
        check(&refused, "en", "a refused password");
    }
    assert_eq!(accept(&fields(PASSWORD, PASSWORD)).await.header("location"), "/sign-in?done=password");
    let used = accept(&fields(PASSWORD, PASSWORD)).await;
    assert_eq!(used.status, 410);
    assert!(used.body.contains("data-error=\"invitation-invalid\""));
    assert_eq!(browser.get("/invitation?code=nonsense").await.status, 410);

    assert_eq!(browser.get("/console").await.header("location"), "/sign-in", "a browser is sent to where one signs in");
    sign_in(&browser, "Asha", PASSWORD).await;
    let first = browser.cookie("__Host-session").unwrap();
    assert!(browser.get("/console").await.body.contains("Officer &#60;asha&#62;"), "values are escaped");
    sign_in(&browser, "asha", PASSWORD).await;
    assert_ne!(browser.cookie("__Host-session").unwrap(), first, "each sign-in gets a new token");
    assert_eq!(post(&browser, "/sign-out", &[]).await.header("location"), "/sign-in?done=signed-out");
    assert_eq!((browser.cookie("__Host-session"), home(&browser).await), (None, 303));
    let audit = office.audit().await;
    for line in [
        "command-line user.invite asha done",
        "asha user.accept invitation refused password-unsuitable",
        "asha user.accept invitation done",
        "unknown user.accept invitation refused invitation-invalid",
        "asha user.sign-in console done",
        "asha user.sign-out console done",
    ] {
        assert!(audit.iter().any(|row| row == line), "{line} in {audit:#?}");
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_an_unknown_name_and_a_closed_account_look_the_same() {
    let office = Office::open().await;
    let (_asha, closed) = (office.officer("asha", "auditor").await, office.officer("ravi", "auditor").await);
    let admin = office.officer("mira", "admin").await;
    assert_eq!(home(&closed).await, 200);
    let disabled = post(&admin, "/console/users/change", &[("name", "ravi"), ("change", "disable")]).await;
    assert_eq!(disabled.header("location"), "/console/users?done=disabled");
    assert_eq!(home(&closed).await, 303, "the next request of a closed account is out");
    let browser = office.browser();
    let mut bodies = Vec::new();
    for (name, password) in
        [("asha", "not her password"), ("nobody", PASSWORD), ("ravi", PASSWORD), ("' OR 1=1", PASSWORD)]
    {
        let refused = browser.post("/sign-in", &[("name", name), ("password", password)]).await;
        assert_eq!(refused.status, 401, "{name}");
        assert!(refused.body.contains("data-error=\"sign-in-refused\""), "{name}");
        assert!(!refused.body.contains("OR 1=1"), "what is no name is not given back");
        bodies.push(refused.body.replace(name, ""));
    }
    assert!(bodies[1..3].iter().all(|body| *body == bodies[0]), "nobody can tell them apart");
    let enabled = post(&admin, "/console/users/change", &[("name", "ravi"), ("change", "enable")]).await;
    assert_eq!(enabled.status, 303);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sixth_failed_try_within_a_minute_is_refused_unread_and_success_does_not_count() {
    let office = Office::open().await;
    let browser = office.officer("asha", "auditor").await;
    for _ in 0..6 {
        sign_in(&browser, "asha", PASSWORD).await;
    }
    for _ in 0..5 {
        assert_eq!(browser.post("/sign-in", &[("name", "asha"), ("password", "wrong password")]).await.status, 401);
    }
    let refused = browser.post("/sign-in", &[("name", "asha"), ("password", PASSWORD)]).await;
    assert_eq!(refused.status, 429, "even with the right password");
    assert!(refused.body.contains("data-error=\"too-many-requests\""));
    assert_eq!(home(&browser).await, 200, "who is signed in stays so");
    let audit = office.audit().await;
    assert!(audit.contains(&"unknown user.sign-in console refused too-many-requests".to_owned()), "{audit:#?}");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_everywhere_ends_every_session_of_the_account_and_no_other() {
    let office = Office::open().await;
    let (one, two, other) =
        (office.officer("asha", "auditor").await, office.browser(), office.officer("ravi", "auditor").await);
    sign_in(&two, "asha", PASSWORD).await;
    assert_eq!(post(&one, "/sign-out/everywhere", &[]).await.status, 303);
    assert_eq!((home(&one).await, home(&two).await, home(&other).await), (303, 303, 200));
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_idle_or_old_has_ended() {
    for settings in ["idle = 0", "absolute = 0"] {
        let office = Office::with(&format!("[people]\n{settings}\n")).await;
        let browser = office.officer("asha", "auditor").await;
        assert_eq!(home(&browser).await, 303, "{settings}");
        office.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_form_and_a_form_of_another_site_change_nothing() {
    let office = Office::open().await;
    let (admin, other) = (office.officer("asha", "admin").await, office.officer("ravi", "admin").await);
    let (own, foreign) =
        (admin.get("/console").await.hidden("form_token"), other.get("/console").await.hidden("form_token"));
    let change = |token: &str| {
        vec![
            ("name".to_owned(), "ravi".to_owned()),
            ("change".to_owned(), "disable".to_owned()),
            ("form_token".to_owned(), token.to_owned()),
        ]
    };
    for (origin, token) in [
        (admin.origin(), foreign.as_str()),
        (admin.origin(), ""),
        ("https://evil.example", own.as_str()),
        ("null", own.as_str()),
    ] {
        let fields = change(token);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let refused = admin.post_from(origin, "/console/users/change", &fields).await;
        assert_eq!(refused.status, 403, "{origin}");
        assert!(refused.body.contains("data-code=\"form-foreign\""), "{origin}: {}", refused.body);
        check(&refused, "en", "a refused form");
    }
    assert_eq!(home(&other).await, 200);
    let refused =
        admin.post_from("https://evil.example", "/sign-in", &[("name", "asha"), ("password", PASSWORD)]).await;
    assert_eq!(refused.status, 403, "nobody signs somebody else in");
    let audit = office.audit().await;
    let noted =
        audit.iter().filter(|row| *row == "asha console.request /console/users/change refused form-foreign").count();
    assert_eq!(noted, 4, "{audit:#?}");
    assert_eq!(post(&admin, "/console/users/change", &[("name", "ravi"), ("change", "disable")]).await.status, 303);
    assert_eq!(home(&other).await, 303);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_page_is_for_its_roles_and_a_refusal_is_a_row() {
    let office = Office::open().await;
    let all = office.officer("asha", ALL_ROLES).await;
    let observer = office.officer("ravi", "observer").await;
    for path in ["/console/users", "/console/keys", "/console/audit", "/console/break-glass", "/console/assisted"] {
        assert_eq!(all.get(path).await.status, 200, "{path}");
        let refused = observer.get(path).await;
        assert_eq!(refused.status, 403, "{path}");
        assert!(refused.body.contains("data-code=\"access-denied\""), "{path}");
        assert!(!observer.get("/console").await.body.contains(&format!("href=\"{path}\"")), "{path} is not offered");
        assert_eq!(office.browser().get(path).await.status, 303, "{path}");
        assert_eq!(all.get(path).await.status, 200, "good before and after");
    }
    let audit = office.audit().await;
    assert!(audit.contains(&"ravi console.request /console/audit refused access-denied".to_owned()), "{audit:#?}");
    let thief = office.browser();
    thief.set_cookie("__Host-session", &"A".repeat(43));
    assert_eq!(thief.get("/console").await.status, 303, "a guessed token opens nothing");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_invites_and_changes_others_and_never_herself() {
    let office = Office::open().await;
    let admin = office.officer("asha", "admin").await;
    let invite =
        [("name", "Ravi"), ("display", "Ravi Kumar"), ("person", ""), ("role", "auditor"), ("role", "reviewer")];
    let invited = post(&admin, "/console/users/invite", &invite).await;
    assert_eq!(invited.status, 200, "{}", invited.body);
    assert!(invited.body.contains("https://food.localhost/invitation?code="), "{}", invited.body);
    check(&invited, "en", "an invitation");
    for (fields, status) in [
        (vec![("name", "asha"), ("display", "A"), ("role", "operator")], 409),
        (vec![("name", "ravi"), ("display", "A"), ("person", "asha"), ("role", "operator")], 409),
        (vec![("name", "mira"), ("display", "A")], 400),
        (vec![("name", "mira"), ("display", "A"), ("role", "root")], 400),
        (vec![("name", "no name"), ("display", "A"), ("role", "auditor")], 400),
        (vec![("name", "mira"), ("display", ""), ("role", "auditor")], 400),
        (vec![("name", "mira"), ("display", "A"), ("role", "auditor"), ("x", "1")], 400),
    ] {
        assert_eq!(post(&admin, "/console/users/invite", &fields).await.status, status, "{fields:?}");
    }
    let own = post(&admin, "/console/users/change", &[("name", "asha"), ("change", "disable")]).await;
    assert_eq!(own.status, 403);
    assert_eq!(post(&admin, "/console/users/change", &[("name", "nobody"), ("change", "disable")]).await.status, 404);
    assert_eq!(post(&admin, "/console/users/change", &[("name", "ravi"), ("change", "remove")]).await.status, 400);
    assert_eq!(home(&admin).await, 200);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officers_key_needs_a_second_officer() {
    let office = Office::open().await;
    let reviewer = office.account_of("asha", "asha", "reviewer admin").await;
    let same_person = office.account_of("asha-2", "asha", "admin").await;
    let (admin, auditor) = (office.officer("ravi", "admin").await, office.officer("mira", "auditor").await);
    let (key, handed) = officers_key(&office, "asha");
    let public = serde_json::to_string(&protocol::seal::key::bare(key.public().jwk())).unwrap();
    let (_, of_another) = officers_key(&office, "ravi");
    for (browser, text, status) in [
        (&reviewer, "nonsense", 400),
        (&reviewer, public.as_str(), 400),
        (&reviewer, of_another.as_str(), 400),
        (&auditor, handed.as_str(), 403),
        (&reviewer, handed.as_str(), 303),
        (&reviewer, handed.as_str(), 409),
    ] {
        assert_eq!(post(browser, "/console/keys", &[("key", text)]).await.status, status, "{text}");
    }
    let confirm = [("kid", key.kid().as_str()), ("decision", "confirm")];
    let mine = "four-eyes-required";
    for (browser, status, code) in
        [(&reviewer, 403, mine), (&same_person, 403, mine), (&admin, 303, ""), (&admin, 409, "conflict")]
    {
        let answer = post(browser, "/console/keys/decide", &confirm).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        assert!(code.is_empty() || answer.body.contains(&format!("data-code=\"{code}\"")), "{}", answer.body);
    }
    check(&admin.get("/console/keys").await, "en", "keys");
    let both = office.account_of("binod", "binod", "scheme-officer reviewer").await;
    for _ in 0..2 {
        let (_, handed) = officers_key(&office, "binod");
        assert_eq!(post(&both, "/console/keys", &[("key", handed.as_str())]).await.status, 303);
    }
    let keys = office.running.app().officers().officer_keys().await.unwrap();
    let his = keys.iter().filter(|key| key.account.as_str() == "binod");
    let signs: std::collections::BTreeSet<&str> = his.map(|key| key.key.role.as_str()).collect();
    assert_eq!(signs, ["review", "scheme"].into(), "who may sign two things has a key for each");
    let published = office.running.app().db().read(crate::people::published_officer_keys).await.unwrap();
    assert_eq!((published.len(), published[0].role.as_str(), published[0].person.as_str()), (1, "review", "asha"));
    assert_eq!(
        post(&admin, "/console/keys/decide", &[("kid", key.kid().as_str()), ("decision", "end")]).await.status,
        303
    );
    office.close().await;
}

/// A key that an officer made, and what she pastes for this account.
fn officers_key(office: &Office, account: &str) -> (protocol::seal::SigningKey, String) {
    let key = protocol::seal::SigningKey::generate(protocol::seal::Algorithm::Es256).unwrap();
    let (app, account) = (office.running.app(), account.parse().unwrap());
    let of = crate::people::Purpose { department: app.entity(), account: &account };
    let handed = crate::people::HandedIn::new(&key, of, app.now()).unwrap();
    (key, serde_json::to_string(&handed).unwrap())
}

/// The code of the invitation on a page.
fn invitation(page: &service_kit_testing::Page) -> String {
    let link = page.body.split_once("data-value=\"invitation\">").expect("a link").1;
    link.split_once("code=").unwrap().1.split('<').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_an_administrator_invited_for_herself_is_no_second_person() {
    let office = Office::open().await;
    let (admin, other) = (office.officer("asha", "admin reviewer").await, office.officer("ravi", "admin").await);
    let fields = [("name", "kin"), ("display", "Kin"), ("role", "reviewer"), ("role", "admin")];
    let code = invitation(&post(&admin, "/console/users/invite", &fields).await);
    let kin = office.browser();
    let chosen = [("code", code.as_str()), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(kin.post("/invitation", &chosen).await.status, 303);
    sign_in(&kin, "kin", PASSWORD).await;
    let (key, handed) = officers_key(&office, "asha");
    assert_eq!(post(&admin, "/console/keys", &[("key", handed.as_str())]).await.status, 303);

    let confirm_key = [("kid", key.kid().as_str()), ("decision", "confirm")];
    let confirm = [("name", "kin"), ("change", "confirm")];
    for (browser, path, fields) in [
        (&kin, "/console/keys/decide", &confirm_key),
        (&admin, "/console/users/change", &confirm),
        (&kin, "/console/users/change", &confirm),
    ] {
        let refused = post(browser, path, fields).await;
        assert_eq!(refused.status, 403, "{path}");
        assert!(refused.body.contains("data-code=\"four-eyes-required\""), "{}", refused.body);
    }
    let page = other.get("/console/users").await;
    check(&page, "en", "accounts, one to be confirmed");
    assert!(page.body.contains("data-do=\"confirm-account\""), "{}", page.body);
    assert!(!admin.get("/console/users").await.body.contains("data-do=\"confirm-account\""), "not for the inviter");
    assert_eq!(
        post(&other, "/console/users/change", &confirm).await.header("location"),
        "/console/users?done=user-confirmed"
    );
    assert_eq!(post(&other, "/console/users/change", &confirm).await.status, 409, "once");
    assert_eq!(post(&kin, "/console/keys/decide", &confirm_key).await.status, 303, "another person now");

    let again = [("name", "kin"), ("display", "Kin"), ("role", "reviewer")];
    let code = invitation(&post(&admin, "/console/users/invite", &again).await);
    let chosen = [("code", code.as_str()), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(kin.post("/invitation", &chosen).await.status, 303);
    assert!(other.get("/console/users").await.body.contains("data-do=\"confirm-account\""), "a new link, a new doubt");
    let audit = office.audit().await;
    for line in [
        "kin user.key-confirm THUMBPRINT refused four-eyes-required",
        "asha user.confirm kin refused four-eyes-required",
        "ravi user.confirm kin done",
        "ravi user.confirm kin refused conflict",
    ] {
        let line = line.replace("THUMBPRINT", key.kid().as_str());
        assert!(audit.contains(&line), "{line} in {audit:#?}");
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_sees_every_action_and_that_the_chain_holds() {
    let office = Office::open().await;
    let (auditor, _) = (office.officer("asha", "auditor").await, office.officer("ravi", "observer").await);
    let page = auditor.get("/console/audit").await;
    check(&page, "en", "the audit trail");
    assert!(page.body.contains("data-chain=\"true\"") && page.body.contains("user.sign-in"), "{}", page.body);
    assert!(page.body.contains("<td>ravi</td>") && !page.body.contains("&#60;ravi&#62;"), "accounts, not names");
    assert_eq!(auditor.get("/console/audit?before=2").await.status, 200);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_opens_a_session_where_the_department_helps_and_prints_a_slip_once_it_is_closed() {
    let helping = Office::of(&["assisted-operator"], "").await;
    let operator = helping.officer("asha", "centre-operator").await;
    let opened = post(&operator, "/console/assisted", &[]).await;
    assert_eq!(opened.status, 200, "{}", opened.body);
    assert!(
        opened.body.contains("data-do=\"open-wallet\"") && opened.body.contains("/#/assisted?operator="),
        "{}",
        opened.body
    );
    let session = opened.body.split_once("data-session=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let slip = operator.get(&format!("/console/assisted/{session}")).await;
    check(&slip, "en", "a slip");
    assert!(slip.body.contains("There is no slip of this session."), "{}", slip.body);
    assert_eq!(operator.get("/console/assisted/nonsense").await.status, 404);
    helping.close().await;

    let other = Office::open().await;
    let refused = post(&other.officer("asha", "centre-operator").await, "/console/assisted", &[]).await;
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("data-code=\"role-missing\""), "{}", refused.body);
    let audit = other.audit().await;
    assert!(audit.contains(&"asha assisted.open session refused role-missing".to_owned()), "{audit:#?}");
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_needs_a_reason_a_use_and_the_role() {
    let office = Office::open().await;
    let (reviewer, auditor) = (office.officer("asha", "reviewer").await, office.officer("ravi", "auditor").await);
    let fields = |reason: &'static str| {
        [("exchange", "01936b1e-5b2f-7c3d-8e4f-0123456789ab"), ("outcome", "upheld"), ("reason", reason)]
    };
    let decide = "/console/break-glass/decide";
    for (browser, reason, status) in [
        (&reviewer, "short", 400),
        (&reviewer, "The ward book confirms it.", 404),
        (&auditor, "The ward book confirms it.", 403),
    ] {
        assert_eq!(post(browser, decide, &fields(reason)).await.status, status, "{reason}");
    }
    office.close().await;
}

/// A table of people, and how it is matched.
const MEMBERS: Source = Source {
    sql: "CREATE TABLE members (card TEXT PRIMARY KEY, name TEXT, dob TEXT, district TEXT);
          INSERT INTO members VALUES ('F-1', 'ASHA  SAHU', '1958-03-04', '387'), ('F-2', 'Asha Yadav', '1958-03-04', '388'),
          ('F-3', 'Binod Sahu', '1960-02-29', '387');",
    mapping: r#"
[source]
kind = "sqlite"
[[matching]]
table = "members"
key = "card"
name = "name"
name_form = "given family"
birth_date = "dob"
birth_date_form = "iso"
district = "district"
"#,
};

async fn waits(office: &Office) -> String {
    let person: NamedResident = serde_json::from_value(serde_json::json!({
        "sub": "A".repeat(43), "given_name": "Asha", "family_name": "Sahu", "birth_date": "1958-03-04", "district": "387",
    }))
    .unwrap();
    let (app, subject) = (office.running.app(), person.sub.to_string());
    let (keys, now) = (app.keys().clone(), app.now());
    app.db().write(move |conn| open_insert(conn, &keys, &person, now)).await.unwrap();
    subject
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_compares_both_sides_and_links_one_of_the_rows_shown() {
    let office = Office::over(Some(&MEMBERS), &["provider"], "").await;
    let (operator, auditor) = (office.officer("asha", "operator").await, office.officer("ravi", "auditor").await);
    let subject = waits(&office).await;
    assert!(operator.get("/console/links").await.body.contains("Compare Asha Sahu with our register"));
    let whom = [("subject", subject.as_str())];
    let compared = post(&operator, "/console/links/compare", &whom).await;
    check(&compared, "en", "both sides");
    assert!(
        compared.body.contains("F-1") && compared.body.contains("F-2") && !compared.body.contains("F-3"),
        "{}",
        compared.body
    );
    let other = "B".repeat(43);
    assert_eq!(post(&operator, "/console/links/compare", &[("subject", other.as_str())]).await.status, 404);
    let why = "The ration card names the same house.";
    for (browser, key, certain, reason, status) in [
        (&operator, "F-3", "yes", why, 404),
        (&operator, "F-1", "no", why, 400),
        (&operator, "F-1", "yes", "same", 400),
        (&auditor, "F-1", "yes", why, 403),
        (&operator, "F-1", "yes", why, 303),
        (&operator, "F-1", "yes", why, 404),
    ] {
        let fields = [("subject", subject.as_str()), ("key", key), ("certain", certain), ("reason", reason)];
        assert_eq!(post(browser, "/console/links", &fields).await.status, status, "{key} {certain} {reason}");
    }
    assert_eq!(waits(&office).await, subject);
    let fields = |reason: &'static str| [("subject", subject.as_str()), ("reason", reason)];
    for (browser, reason, status) in
        [(&operator, "no", 400), (&auditor, why, 403), (&operator, why, 303), (&operator, why, 404)]
    {
        assert_eq!(post(browser, "/console/links/dismiss", &fields(reason)).await.status, status, "{reason}");
    }
    assert!(operator.get("/console/links?done=linked").await.body.contains("Nobody waits for a decision."));
    let audit = office.audit().await;
    for line in [
        "asha link.compare subject-link done",
        "asha link.compare subject-link refused not-found",
        "asha link.set subject-link done",
        "asha link.set subject-link refused not-found",
        "asha link.dismiss subject-link done",
        "asha link.dismiss subject-link refused not-found",
    ] {
        assert!(audit.iter().any(|row| row == line), "{line} in {audit:#?}");
    }
    office.close().await;
}
