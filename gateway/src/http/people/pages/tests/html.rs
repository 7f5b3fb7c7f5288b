//! Holds every page to what a page must be: whole HTML, a language, one heading, a label for each field, nothing inline.

use std::collections::BTreeSet;

use scraper::{ElementRef, Html, Selector};
use service_kit_testing::{Browser, Page};

use super::{ALL_ROLES, Office};

fn all<'a>(document: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    document.select(&Selector::parse(selector).unwrap()).collect()
}

fn attribute<'a>(element: ElementRef<'a>, name: &str) -> &'a str {
    element.value().attr(name).unwrap_or_default()
}

/// Everything that a parser can say of a page in this language.
pub(crate) fn check(page: &Page, language: &str, what: &str) {
    let document = Html::parse_document(&page.body);
    assert!(document.errors.is_empty(), "{what}: {:?}", document.errors);
    assert_eq!(
        all(&document, "html").iter().map(|html| attribute(*html, "lang")).collect::<Vec<_>>(),
        [language],
        "{what}"
    );
    assert_eq!(all(&document, "h1").len(), 1, "{what}: one heading");
    assert_eq!(all(&document, "main[data-screen]").len(), 1, "{what}");
    let title: String = all(&document, "title").iter().flat_map(|title| title.text()).collect();
    assert!(title.trim().len() > 3, "{what}: {title}");
    let ids: Vec<&str> = all(&document, "[id]").iter().map(|element| attribute(*element, "id")).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{what}: ids stand once: {ids:?}");
    labelled(&document, &ids, what);
    nothing_inline(&document, what);
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{what}: {policy}");
    for (name, value) in
        [("x-frame-options", "DENY"), ("x-content-type-options", "nosniff"), ("content-language", language)]
    {
        assert_eq!(page.header(name), value, "{what}");
    }
    assert!(page.header("permissions-policy").contains("camera=()"), "{what}");
}

fn labelled(document: &Html, ids: &[&str], what: &str) {
    let labels: BTreeSet<&str> = all(document, "label[for]").iter().map(|label| attribute(*label, "for")).collect();
    for field in all(document, "input:not([type=hidden]):not([hidden]), textarea, select") {
        assert!(labels.contains(attribute(field, "id")), "{what}: {} has no label", attribute(field, "name"));
    }
    for element in all(document, "[aria-labelledby], [aria-describedby]") {
        for id in [attribute(element, "aria-labelledby"), attribute(element, "aria-describedby")] {
            assert!(id.is_empty() || ids.contains(&id), "{what}: nothing has the id {id}");
        }
    }
    for form in all(document, "form[method=post]") {
        let address = attribute(form, "action");
        let token = form.select(&Selector::parse("input[name=form_token]").unwrap()).count();
        let public = ["/sign-in", "/invitation"].contains(&address);
        assert_eq!(token, usize::from(!public), "{what}: {address}");
    }
}

fn nothing_inline(document: &Html, what: &str) {
    assert!(all(document, "style, [style], iframe, object, embed").is_empty(), "{what}");
    for script in all(document, "script") {
        assert_eq!((attribute(script, "src"), script.inner_html().as_str()), ("/assets/console.js", ""), "{what}");
    }
    for element in all(document, "*") {
        assert!(!element.value().attrs().any(|(name, _)| name.starts_with("on")), "{what}");
        for name in ["href", "src", "action"] {
            let target = attribute(element, name);
            let own =
                target.is_empty() || target.starts_with('#') || (target.starts_with('/') && !target.starts_with("//"));
            assert!(own, "{what}: {target}");
        }
    }
}

const PUBLIC: &[&str] = &[
    "/sign-in",
    "/transparency",
    "/status",
    "/problems",
    "/problems/consent-revoked",
    "/problems/internal",
    "/accessibility",
    "/privacy",
    "/sign-in?done=signed-out",
    "/sign-in?done=nonsense",
];
const OFFICERS: &[&str] = &[
    "/console",
    "/console/users",
    "/console/users?done=disabled",
    "/console/keys",
    "/console/audit",
    "/console/break-glass",
    "/console/links",
    "/console/schemes",
    "/console/schemes/new",
    "/console/assisted",
    "/console/assisted/01936b1e-5b2f-7c3d-8e4f-0123456789ab",
];

async fn check_all(browser: &Browser, addresses: &[&str], tag: &str, language: &str) {
    for address in addresses {
        let sign = if address.contains('?') { '&' } else { '?' };
        let page = browser.get(&format!("{address}{sign}lang={tag}")).await;
        assert_eq!(page.status, 200, "{address}: {}", page.body);
        check(&page, language, address);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_whole_in_every_language_and_numerals() {
    let office = Office::open().await;
    let (visitor, officer) = (office.browser(), office.officer("asha", ALL_ROLES).await);
    let code = office.invite("mira", "mira", "reviewer").await;
    let invitation = format!("/invitation?code={code}");
    for (tag, language) in [("en", "en"), ("hi", "hi"), ("hi-u-nu-deva", "hi")] {
        check_all(&visitor, PUBLIC, tag, language).await;
        check_all(&visitor, &[&invitation], tag, language).await;
        check_all(&officer, OFFICERS, tag, language).await;
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_of_language_is_kept_and_leads_back_to_the_same_page() {
    let office = Office::open().await;
    let browser = office.browser();
    let english = browser.get("/invitation?code=a%26b").await;
    assert!(english.body.contains(r#"href="/invitation?code=a%26b&#38;lang=hi""#), "{}", english.body);
    let hindi = browser.get("/sign-in?lang=hi-u-nu-deva").await;
    assert!(hindi.body.contains("साइन इन करें"));
    check(&browser.get("/privacy").await, "hi", "the cookie keeps it");
    check(&office.browser().speaking("hi-IN, en;q=0.5").get("/privacy").await, "hi", "Accept-Language");
    check(&office.browser().speaking("ta").get("/privacy").await, "en", "another language");
    office.close().await;
}
