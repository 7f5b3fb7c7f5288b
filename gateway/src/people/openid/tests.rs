//! Officers sign in through a provider that really signs, over real TLS; and everything that it must not get through with.

mod provider;

use service_kit_testing::{Browser, Page};
use url::Url;

use self::provider::{CLIENT, Provider, Twist};
use crate::people::testing::Office;

async fn office(provider: &Provider) -> Office {
    Office::with(&provider.section("client_secret_file = \"client.secret\"", &[])).await
}

fn pair(address: &Url, name: &str) -> String {
    address.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// Begins at the gateway; what it sends to the provider.
async fn begin(browser: &Browser) -> Url {
    let answer = browser.get("/openid/start").await;
    assert_eq!(answer.status, 302, "{}", answer.body);
    Url::parse(answer.header("location")).unwrap()
}

/// The whole way: to the provider, where the person signs in, and back.
async fn round(provider: &Provider, browser: &Browser) -> Page {
    let asked = begin(browser).await;
    let code = provider.person_signs_in(&pair(&asked, "nonce"), &pair(&asked, "code_challenge"));
    browser.get(&format!("/openid/callback?code={code}&state={}", pair(&asked, "state"))).await
}

async fn refused(page: &Page, what: &str) {
    assert_eq!(page.status, 401, "{what}: {}", page.body);
    assert!(page.body.contains("data-code=\"sign-in-refused\""), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_signs_in_with_the_roles_that_the_provider_says() {
    let provider = Provider::start();
    let office = office(&provider).await;
    let browser = office.browser();
    assert!(browser.get("/sign-in").await.body.contains("href=\"/openid/start\""));
    let asked = begin(&browser).await;
    assert_eq!((pair(&asked, "response_type"), pair(&asked, "code_challenge_method")), ("code".into(), "S256".into()));
    assert_eq!(
        (pair(&asked, "client_id").as_str(), pair(&asked, "redirect_uri").as_str()),
        (CLIENT, "https://food.localhost/openid/callback")
    );

    let page = round(&provider, &browser).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("url=/console"), "a page goes on, for the cookie is strict");
    let home = browser.get("/console").await;
    assert!(home.body.contains("Asha Devi") && home.body.contains("href=\"/console/audit\""), "{}", home.body);
    assert_eq!(browser.get("/console/users").await.status, 403);

    provider.twist(Twist::Groups(&["gov-admins"]));
    let again = office.browser();
    assert_eq!(round(&provider, &again).await.status, 200);
    assert_eq!((again.get("/console/users").await.status, again.get("/console/audit").await.status), (200, 200));
    assert_eq!(office.running.app().officers().list().await.unwrap().len(), 1, "one person, one account");
    let audit = office.audit().await;
    assert!(
        audit.iter().any(|row| row.starts_with("openid-") && row.ends_with("user.sign-in console done")),
        "{audit:#?}"
    );
    assert!(!audit.iter().any(|row| row.contains("person-1")), "the provider's name for her stays out of it");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_must_not_get_through_with_is_refused_and_written_down() {
    let provider = Provider::start();
    let office = office(&provider).await;
    let twists = [
        Twist::Claim("iss", "\"https://evil.example\""),
        Twist::Claim("aud", "\"another-client\""),
        Twist::Claim("aud", "[\"vinimay-food\",\"another-client\"]"),
        Twist::Claim("azp", "\"another-client\""),
        Twist::Claim("nonce", "\"another\""),
        Twist::Claim("nonce", "null"),
        Twist::Claim("exp", "1"),
        Twist::Claim("iat", "1"),
        Twist::Claim("iat", "99999999999"),
        Twist::Claim("sub", "\"\""),
        Twist::Header("alg", "\"none\""),
        Twist::Header("alg", "\"RS256\""),
        Twist::Header("alg", "\"HS256\""),
        Twist::Header("kid", "\"unknown\""),
        Twist::Header("crit", "[\"x\"]"),
        Twist::OtherKey,
        Twist::Groups(&[]),
        Twist::Groups(&["unmapped"]),
    ];
    let attempts = twists.len();
    for twist in twists {
        let what = format!("{twist:?}");
        provider.twist(twist);
        let browser = office.browser();
        refused(&round(&provider, &browser).await, &what).await;
        assert_eq!(browser.get("/console").await.status, 303, "{what}");
    }
    let audit = office.audit().await;
    let noted = audit.iter().filter(|row| *row == "unknown user.sign-in openid refused sign-in-refused").count();
    assert_eq!(noted, attempts, "{audit:#?}");
    provider.twist(Twist::None);
    assert_eq!(round(&provider, &office.browser()).await.status, 200, "good after all that");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_counts_once_and_in_the_browser_that_began() {
    let provider = Provider::start();
    let office = office(&provider).await;
    let (one, other) = (office.browser(), office.browser());
    let asked = begin(&one).await;
    begin(&other).await;
    let code = provider.person_signs_in(&pair(&asked, "nonce"), &pair(&asked, "code_challenge"));
    let back = format!("/openid/callback?code={code}&state={}", pair(&asked, "state"));
    refused(&other.get(&back).await, "another browser").await;
    refused(&one.get(&back).await, "the state was used up by the other one").await;
    for (query, what) in
        [("", "nothing"), ("?code=a", "no state"), ("?code=a&state=guessed", "a state that is not ours")]
    {
        refused(&one.get(&format!("/openid/callback{query}")).await, what).await;
    }
    for more in ["error=access_denied", "code=guessed", "code=a&iss=https://evil.example"] {
        let asked = begin(&one).await;
        let page = one.get(&format!("/openid/callback?{more}&state={}", pair(&asked, "state"))).await;
        refused(&page, more).await;
    }
    assert_eq!(round(&provider, &one).await.status, 200);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_account_does_not_come_in_by_the_provider_either() {
    let provider = Provider::start();
    let office = office(&provider).await;
    assert_eq!(round(&provider, &office.browser()).await.status, 200);
    let officers = office.running.app().officers();
    let name = officers.list().await.unwrap()[0].name.clone();
    officers.change(crate::people::By::CommandLine, name, crate::people::Change::Disable).await.unwrap();
    refused(&round(&provider, &office.browser()).await, "a closed account").await;
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn we_prove_ourselves_by_a_key_where_the_provider_wants_it() {
    let provider = Provider::start();
    let office = Office::with(&provider.section("client_key_file = \"client.pem\"", &[])).await;
    assert_eq!(round(&provider, &office.browser()).await.status, 200);
    assert!(provider.saw_assertion());
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_go_to_hosts_that_are_named_and_metadata_must_fit() {
    for (twist, hosts) in
        [(Twist::Endpoint("https://127.0.0.1:1/token"), &[][..]), (Twist::Issuer("https://evil.example"), &[][..])]
    {
        let provider = Provider::start();
        let what = format!("{twist:?}");
        provider.twist(twist);
        let office = Office::with(&provider.section("client_secret_file = \"client.secret\"", hosts)).await;
        let answer = office.browser().get("/openid/start").await;
        assert_eq!(answer.status, 401, "{what}");
        office.close().await;
    }
    let without = Office::open().await;
    assert_eq!(without.browser().get("/openid/start").await.status, 404);
    assert_eq!(without.browser().get("/openid/callback?code=a&state=b").await.status, 404);
    without.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_away_is_said_to_be_away() {
    let provider = Provider::start();
    let office = office(&provider).await;
    provider.stop().await;
    let answer = office.browser().get("/openid/start").await;
    assert_eq!(answer.status, 502, "{}", answer.body);
    office.close().await;
}
