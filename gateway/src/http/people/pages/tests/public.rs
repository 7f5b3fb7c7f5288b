//! What everybody may read.

use schemas::problem::Code;

use super::{Office, html::check};

#[tokio::test(flavor = "multi_thread")]
async fn every_code_has_its_page_of_help_in_both_languages() {
    let office = Office::open().await;
    let browser = office.browser();
    for code in Code::ALL {
        for language in ["en", "hi"] {
            let page = browser.get(&format!("/problems/{code}?lang={language}")).await;
            assert_eq!(page.status, 200, "{code}");
            check(&page, language, code.as_str());
            assert!(page.body.contains(&format!("data-code=\"{code}\"")), "{code}");
        }
    }
    let unknown = browser.get("/problems/nonsense").await;
    assert_eq!(unknown.status, 404);
    check(&unknown, "hi", "the page of a problem");
    assert!(unknown.body.contains("data-code=\"not-found\""), "{}", unknown.body);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_problem_document_names_an_address_that_helps() {
    let office = Office::open().await;
    let problem = schemas::problem::Problem::new(&office.department.entity, Code::ConsentRevoked, "r-1");
    let path = problem.kind.strip_prefix(office.department.entity.as_str()).unwrap().to_owned();
    assert_eq!(office.browser().get(&path).await.status, 200);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_and_the_figures_are_public_and_name_nobody() {
    let office = Office::open().await;
    let browser = office.browser();
    let state = browser.get("/status").await;
    for check in ["database", "directory", "certificate", "anchoring"] {
        assert!(state.body.contains(&format!("data-check=\"{check}\" data-well=\"true\"")), "{}", state.body);
    }
    let figures = browser.get("/transparency").await;
    assert!(
        figures.body.contains("The citizen&#39;s consent") || figures.body.contains("The citizen's consent"),
        "{}",
        figures.body
    );
    assert!(figures.body.contains("There was no such use."));
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn assets_are_served_from_here_and_nothing_else_is() {
    let office = Office::open().await;
    let browser = office.browser();
    for (file, media_type) in
        [("console.css", "text/css"), ("console.js", "text/javascript"), ("icon.svg", "image/svg+xml")]
    {
        let asset = browser.get(&format!("/assets/{file}")).await;
        assert_eq!(asset.status, 200);
        assert!(asset.header("content-type").starts_with(media_type), "{file}");
    }
    for path in ["/assets/other.js", "/assets/..%2Fconsole.css", "/assets/"] {
        assert_eq!(browser.get(path).await.status, 404, "{path}");
    }
    office.close().await;
}
