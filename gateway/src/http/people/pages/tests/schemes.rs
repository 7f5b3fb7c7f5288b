//! Schemes on pages: written, checked, tested, read, signed by two, published, taken back; and each refusal by its own code.

use protocol::seal::{Algorithm, SigningKey};
use service_kit_testing::{Browser, Page};

use super::{ALL_ROLES, Office, html::check};
use crate::{
    people::{HandedIn, Purpose},
    schemes::{Terms, sign_order},
    testing::Source,
};

const PENSION: &str = include_str!("../../../../../../eligibility/samples/cg-ignoaps.toml");

const ROLL: Source = Source {
    sql: "CREATE TABLE pensioner (ppo INTEGER PRIMARY KEY, person TEXT, state TEXT NOT NULL, since TEXT, amount INTEGER, \
          born TEXT, bpl INTEGER, lives_in TEXT, district TEXT, sex TEXT);\n\
          INSERT INTO pensioner VALUES \
          (1, 'P1', 'active', '2020-01-01', 500, '1950-01-01', 1, '22', 'Raipur', 'female'),\
          (2, 'P2', 'active', '2020-01-01', 500, '1950-01-01', 0, '22', 'Raipur', 'male'),\
          (3, 'P3', 'active', '2020-01-01', 500, '1950-01-01', NULL, '22', 'Durg <b>', 'female'),\
          (4, 'P4', 'applied', NULL, NULL, '1990-01-01', 1, '22', 'Durg <b>', 'female');",
    mapping: r#"
[source]
kind = "sqlite"
[[roll]]
id = "pension"
table = "pensioner"
key = "ppo"
subject_key = "person"
status = "state"
active = "active"
held = "held"
since = "since"
amount = "amount"
[roll.fact]
"person.birth_date" = "born"
"household.bpl" = "bpl"
"person.state_code" = "lives_in"
"person.district" = "district"
"person.sex" = "sex"
"#,
};

const PAGE: &str = "/console/schemes/CG-IGNOAPS/3";
const NAMED: [(&str, &str); 2] = [("scheme", "CG-IGNOAPS"), ("version", "3")];

async fn office(rolls: &str) -> Office {
    Office::over(Some(&ROLL), &["provider"], rolls).await
}

const PAYS: &str = "[decisions.rolls]\nCG-IGNOAPS = \"pension\"\n";

/// The sample as this department's, in force from long ago.
fn file(office: &Office) -> String {
    PENSION
        .replace("https://social.gov.example", office.department.entity.as_str())
        .replace("in_force = { from = 2026-04-01 }", "in_force = { from = 2020-04-01 }")
}

async fn post(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    let token = browser.get("/console").await.hidden("form_token");
    browser.post(path, &[fields, &[("form_token", token.as_str())]].concat()).await
}

fn code(page: &Page) -> String {
    let found = ["data-code=\"", "data-error=\""].iter().find_map(|start| page.body.split_once(start));
    found.map(|(_, rest)| rest.split('"').next().unwrap().to_owned()).unwrap_or_default()
}

/// An officer with a key of her own.
struct Officer {
    browser: Browser,
    key: SigningKey,
}

impl Officer {
    async fn new(office: &Office, name: &str) -> Self {
        let browser = office.officer(name, "scheme-officer admin").await;
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let (app, account) = (office.running.app(), name.parse().unwrap());
        let of = Purpose { department: app.entity(), account: &account };
        let handed = serde_json::to_string(&HandedIn::new(&key, of, app.now()).unwrap()).unwrap();
        assert_eq!(post(&browser, "/console/keys", &[("key", &handed)]).await.status, 303);
        Self { browser, key }
    }

    async fn confirms(&self, other: &Self) {
        let fields = [("kid", other.key.kid().as_str()), ("decision", "confirm")];
        assert_eq!(post(&self.browser, "/console/keys/decide", &fields).await.status, 303);
    }

    /// Signs what a page shows, and hands it in.
    async fn signs(&self, office: &Office, below: &str) -> Page {
        let shown = self.browser.get(&format!("{PAGE}/{below}")).await;
        assert_eq!(shown.status, 200, "{}", shown.body);
        check(&shown, "en", below);
        let terms = shown.body.split_once("data-value=\"terms\">").unwrap().1.split("</pre>").next().unwrap();
        let terms: Terms = serde_json::from_str(&terms.replace("&#34;", "\"")).unwrap();
        let order = sign_order(&self.key, &terms, office.running.app().now()).unwrap();
        let path = if below == "sign" { "/console/schemes/sign" } else { "/console/schemes/rollback" };
        post(&self.browser, path, &[&NAMED[..], &[("order", order.as_str())]].concat()).await
    }
}

/// The page of the back-test once it is there.
async fn tested(browser: &Browser) -> Page {
    loop {
        let page = browser.get(&format!("{PAGE}/backtest")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        if !page.body.contains("data-reload") {
            return page;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_goes_from_the_editor_into_force_and_back_by_the_hands_of_two_officers() {
    let office = office(PAYS).await;
    let (asha, ravi) = (Officer::new(&office, "asha").await, Officer::new(&office, "ravi").await);
    asha.confirms(&ravi).await;
    ravi.confirms(&asha).await;
    assert!(asha.browser.get("/console/schemes").await.body.contains("No scheme was handed in yet."));

    let submitted = post(&asha.browser, "/console/schemes/submit", &[("text", &file(&office))]).await;
    assert_eq!(submitted.header("location"), format!("{PAGE}?done=scheme-submitted"), "{}", submitted.body);
    let again = post(&asha.browser, "/console/schemes/submit", &[("text", &(file(&office) + "# other\n"))]).await;
    assert_eq!((again.status, code(&again).as_str()), (409, "conflict"), "the number is taken");
    let unsigned = asha.browser.get(&format!("{PAGE}/sign")).await;
    assert_eq!((unsigned.status, code(&unsigned).as_str()), (409, "backtest-missing"));
    let people = asha.browser.get(&format!("{PAGE}/people?moving=leave")).await;
    assert_eq!((people.status, code(&people).as_str()), (409, "backtest-missing"));

    assert_eq!(post(&asha.browser, "/console/schemes/backtest", &NAMED).await.status, 303);
    let result = tested(&asha.browser).await;
    check(&result, "en", "a back-test");
    assert!(
        result.body.contains("<svg class=\"chart\"") && result.body.contains("Durg &#60;b&#62;"),
        "{}",
        result.body
    );
    assert!(!result.body.contains("P2"), "no person stands beside the counts");
    let unread = asha.browser.get(&format!("{PAGE}/sign")).await;
    assert_eq!((unread.status, code(&unread).as_str()), (409, "leavers-unread"));

    let leavers = asha.browser.get(&format!("{PAGE}/people?moving=leave")).await;
    check(&leavers, "en", "leavers");
    assert!(leavers.body.contains("P2") && !leavers.body.contains("P1"), "{}", leavers.body);
    let test = leavers.hidden("test");
    let other = format!("sha-256:{}", "A".repeat(43));
    for (test, read, status) in [(&test, "no", 400), (&other, "yes", 0), (&test, "yes", 303)] {
        let fields = [&NAMED[..], &[("test", test.as_str()), ("read", read)]].concat();
        let marked = post(&asha.browser, "/console/schemes/read", &fields).await;
        assert!(marked.status == status || (status == 0 && marked.status >= 400), "{test} {read}: {}", marked.status);
    }

    assert_eq!(asha.signs(&office, "sign").await.status, 303);
    let alone = post(&asha.browser, "/console/schemes/publish", &NAMED).await;
    assert_eq!((alone.status, code(&alone).as_str()), (403, "four-eyes-required"));
    let twice = asha.browser.get(&format!("{PAGE}/sign")).await;
    assert!(twice.body.contains("You have signed this."), "{}", twice.body);
    assert_eq!(ravi.signs(&office, "sign").await.status, 303);
    let published = post(&ravi.browser, "/console/schemes/publish", &NAMED).await;
    assert_eq!(published.header("location"), format!("{PAGE}?done=scheme-published"), "{}", published.body);
    let page = asha.browser.get(PAGE).await;
    check(&page, "en", "a version in force");
    assert!(page.body.contains("data-value=\"state\">In force"), "{}", page.body);
    let list = asha.browser.get("/console/schemes").await.body;
    assert!(list.contains("asha, ravi") || list.contains("ravi, asha"), "who signed, within one second: {list}");

    assert_eq!(ravi.signs(&office, "rollback").await.header("location"), format!("{PAGE}?done=scheme-signed"));
    assert!(asha.browser.get(PAGE).await.body.contains("data-value=\"state\">In force"), "one is not enough");
    assert_eq!(asha.signs(&office, "rollback").await.header("location"), format!("{PAGE}?done=scheme-taken-back"));
    assert!(asha.browser.get(PAGE).await.body.contains("No longer in force"));
    let nothing = asha.browser.get(&format!("{PAGE}/rollback")).await;
    assert_eq!((nothing.status, code(&nothing).as_str()), (404, "not-found"));

    let audit = office.audit().await;
    for line in [
        "asha scheme.submit CG-IGNOAPS@3 done",
        "asha scheme.submit CG-IGNOAPS@3 refused conflict",
        "asha scheme.backtest CG-IGNOAPS@3 done",
        "asha scheme.people CG-IGNOAPS@3 done",
        "asha scheme.read-leavers CG-IGNOAPS@3 done",
        "asha scheme.sign CG-IGNOAPS@3 done",
        "asha scheme.order CG-IGNOAPS@3 refused four-eyes-required",
        "ravi scheme.order CG-IGNOAPS@3 done",
        "asha scheme.order CG-IGNOAPS@3 done",
    ] {
        assert!(audit.iter().any(|row| row == line), "{line} in {audit:#?}");
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_is_shown_by_an_arrow_under_its_line_and_what_was_written_is_given_back() {
    let office = office(PAYS).await;
    let officer = office.officer("asha", "scheme-officer").await;
    check(&officer.get("/console/schemes/new").await, "en", "an empty editor");
    let broken = file(&office).replacen("age = { at_least = 60 }", "age = { at_lest = 60 }", 1);
    for (path, status) in [("/console/schemes/lint", 200), ("/console/schemes/submit", 400)] {
        let page = post(&officer, path, &[("text", &broken.replace('\n', "\r\n"))]).await;
        assert_eq!(page.status, status, "{}", page.body);
        check(&page, "en", path);
        for part in [
            "<mark class=\"fault\">at_lest<span",
            "▲",
            "data-finding=\"unknown-key\"",
            "There is no such word in a scheme",
        ] {
            assert!(page.body.contains(part), "{path}: {part} in {}", page.body);
        }
        assert!(page.body.contains("at_lest = 60 }\n"), "the text is still there, with its own ends of lines");
        assert_eq!(code(&page), if status == 400 { "scheme-not-clean" } else { "" });
    }
    let clean = post(&officer, "/console/schemes/lint", &[("text", &file(&office))]).await;
    assert!(clean.body.contains("The file is in order"), "{}", clean.body);
    assert!(office.running.app().schemes().list().await.unwrap().is_empty(), "a check keeps nothing");
    let foreign = post(&officer, "/console/schemes/submit", &[("text", PENSION)]).await;
    assert_eq!((foreign.status, code(&foreign).as_str()), (403, "access-denied"), "another department's");

    assert_eq!(post(&officer, "/console/schemes/submit", &[("text", &file(&office))]).await.status, 303);
    let next = officer.get("/console/schemes/new?scheme=CG-IGNOAPS&version=3").await;
    assert!(next.body.contains("\nversion = 4\n"), "{}", next.body);
    for (language, tag) in [("en", "en"), ("hi", "hi"), ("hi", "hi-u-nu-deva")] {
        for path in ["/console/schemes", PAGE, &format!("{PAGE}/backtest"), "/console/schemes/new"] {
            check(&officer.get(&format!("{path}?lang={tag}")).await, language, path);
        }
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_read_and_only_scheme_officers_see_people_or_change_anything() {
    let office = office(PAYS).await;
    let (officer, auditor) = (office.officer("asha", "scheme-officer").await, office.officer("mira", "auditor").await);
    let operator = office.officer("ravi", "operator").await;
    assert_eq!(post(&officer, "/console/schemes/submit", &[("text", &file(&office))]).await.status, 303);
    for path in ["/console/schemes", PAGE, &format!("{PAGE}/backtest")] {
        assert_eq!((auditor.get(path).await.status, operator.get(path).await.status), (200, 403), "{path}");
    }
    assert!(!auditor.get(PAGE).await.body.contains("data-do=\"edit\""), "nothing to press");
    for path in [
        "/console/schemes/new",
        &format!("{PAGE}/people?moving=leave"),
        &format!("{PAGE}/sign"),
        &format!("{PAGE}/rollback"),
    ] {
        assert_eq!(auditor.get(path).await.status, 403, "{path}");
    }
    for path in ["lint", "submit", "backtest", "read", "sign", "publish", "rollback"] {
        let path = format!("/console/schemes/{path}");
        assert_eq!(post(&auditor, &path, &NAMED).await.status, 403, "{path}");
        let stolen = officer.post(&path, &[&NAMED[..], &[("form_token", "stolen")]].concat()).await;
        assert_eq!((stolen.status, code(&stolen).as_str()), (403, "form-foreign"), "{path}");
    }
    for path in ["/console/schemes/CG-IGNOAPS/9", "/console/schemes/CG-IGNOAPS/x", "/console/schemes/no such/1"] {
        assert_eq!(officer.get(path).await.status, 404, "{path}");
    }
    for (path, fields, expected) in [
        ("/console/schemes/publish", vec![], "four-eyes-required"),
        ("/console/schemes/sign", vec![("order", "a b")], "request-malformed"),
        ("/console/schemes/sign", vec![("order", "e30.e30.e30")], "request-malformed"),
    ] {
        let refused = post(&officer, path, &[&NAMED[..], &fields].concat()).await;
        assert_eq!(code(&refused), expected, "{path} {fields:?}: {}", refused.body);
    }
    assert!(office.officer("kin", ALL_ROLES).await.get("/console").await.body.contains("/console/schemes"));
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_roll_there_is_no_back_test_and_the_page_says_so() {
    let office = office("").await;
    let officer = office.officer("asha", "scheme-officer").await;
    assert_eq!(post(&officer, "/console/schemes/submit", &[("text", &file(&office))]).await.status, 303);
    let refused = post(&officer, "/console/schemes/backtest", &NAMED).await;
    assert_eq!((refused.status, code(&refused).as_str()), (409, "conflict"), "{}", refused.body);
    assert!(refused.body.contains("it is not configured which roll this scheme pays by"), "{}", refused.body);
    let audit = office.audit().await;
    assert!(audit.contains(&"asha scheme.backtest CG-IGNOAPS@3 refused conflict".to_owned()), "{audit:#?}");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_test_that_fails_says_so_and_may_be_begun_again() {
    let office = office("[decisions.rolls]\nCG-IGNOAPS = \"nobody\"\n").await;
    let officer = office.officer("asha", "scheme-officer").await;
    assert_eq!(post(&officer, "/console/schemes/submit", &[("text", &file(&office))]).await.status, 303);
    for _ in 0..2 {
        assert_eq!(post(&officer, "/console/schemes/backtest", &NAMED).await.status, 303);
        let failed = tested(&officer).await;
        check(&failed, "en", "a failed back-test");
        assert_eq!(code(&failed), "not-found", "{}", failed.body);
    }
    let audit = office.audit().await;
    assert!(audit.contains(&"asha scheme.backtest CG-IGNOAPS@3 refused not-found".to_owned()), "{audit:#?}");
    office.close().await;
}
