//! Officers review a removal in a real Chromium, at 320 and 1,280 pixels, in Hindi and English: it is objected to at the counter, two
//! persons find the objection right, and the payment goes on. The real binary, real deaths in civil registration's own table.
//!
//! The steps stand in `tests/browser/review.mjs`; here is what happens outside the browser: somebody marries, is widowed, is registered
//! as dead by mistake. Screenshots are written to `docs/screenshots` when `VINIMAY_SCREENSHOTS` is set.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::civil::date;
use openssl::{sha::sha256, x509::X509};
use serde_json::{Value, json};

use crate::{
    foreign::{Conversation, Said, repository},
    life::{
        Life,
        plan::{Benefit, LifePlan, OfficePlan},
        register::Newcomer,
    },
    support::report,
};

const SCRIPT: &str = "browser/review.mjs";
const PENSION: &str = "CG-IGNWPS";
const SAMPLE: &str = include_str!("../eligibility/samples/cg-ignwps.toml");
/// Where everything is done, and where the heaviest pages are looked at once more.
const WALKS: [(u32, &str); 2] = [(320, "hi"), (1280, "en")];
const LOOKS: [(u32, &str); 2] = [(320, "en"), (1280, "hi")];

fn plan() -> LifePlan {
    let scheme: &'static str = Box::leak(SAMPLE.replace("https://social.gov.example", "${us}").into_boxed_str());
    LifePlan::of(vec![OfficePlan::new("social", vec![Benefit::of(PENSION, scheme)]).hearing(&["marriage", "death"])])
}

/// A widow who draws the pension, and who is registered as dead: her decision, and what her letter says.
async fn case(life: &Life, name: &str) -> Value {
    let office = life.office("social");
    let wife = life.civil.resident(Newcomer { name: "Sushila Sahu", born: date(1970, 5, 5), sex: "female" });
    let husband = life.civil.resident(Newcomer { name: "Mangal Sahu", born: date(1965, 1, 2), sex: "male" });
    let number = wife.replace('R', "S");
    office.beneficiary(PENSION, &number, "Sushila Sahu");
    office.links(&life.civil, &wife, &number).await;
    life.civil.marriage(&wife, &husband, life.days_ago(4_000));
    life.until_quiet().await;
    life.civil.death(&husband, life.days_ago(300));
    life.until_quiet().await;
    life.civil.death(&wife, life.days_ago(2));
    life.until_stands(("social", PENSION, &number), "HOLD").await;
    let decisions = office.decisions(&life.civil, &wife);
    let held = decisions.iter().find(|decided| decided.scheme == PENSION && decided.matter.hold.is_some());
    let held = held.unwrap_or_else(|| panic!("{name}: {decisions:?}"));
    json!({ "decision": held.id, "case": held.case, "number": number })
}

/// An account of somebody, as the command makes it.
fn invite(life: &Life, said: &Value) -> Value {
    let account = said["account"].as_str().unwrap();
    let roles = ["operator", "scheme-officer", "reviewer", "auditor", "admin", "centre-operator"];
    let mut arguments = vec!["user", "invite", account, "--display", "Asha Devi"];
    roles.iter().for_each(|role| arguments.extend(["--role", role]));
    json!({ "link": life.office("social").says(&arguments)["link"] })
}

async fn answer(life: &Life, wants: &str, said: &Value) -> Value {
    match wants {
        "case" => case(life, said["name"].as_str().unwrap()).await,
        "invite" => invite(life, said),
        "paid" => {
            life.until_stands(("social", PENSION, said["number"].as_str().unwrap()), "ACTIVE").await;
            json!({ "paid": true })
        }
        other => json!({ "failed": format!("nobody gives {other}") }),
    }
}

fn opening(life: &Life) -> Value {
    let social = &life.office("social").department;
    let certificate = std::fs::read(social.folder().join("keys/tls.pem")).unwrap();
    let key = X509::from_pem(&certificate).unwrap().public_key().unwrap().public_key_to_der().unwrap();
    let ways = |ways: [(u32, &str); 2]| ways.map(|(width, language)| json!({ "width": width, "language": language }));
    let screenshots = std::env::var_os("VINIMAY_SCREENSHOTS").map(|_| repository().join("docs/screenshots"));
    json!({
        "department": social.entity(), "keys": [STANDARD.encode(sha256(&key))], "walks": ways(WALKS), "looks": ways(LOOKS),
        "camera": life.folder().join("camera.y4m"), "screenshots": screenshots,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_is_reviewed_objected_to_and_reversed_in_a_real_browser() {
    let life = Life::start(&plan()).await;
    let mut browser = Conversation::with_node(SCRIPT, &life.folder(), &opening(&life));
    let result = loop {
        match browser.hear() {
            Said::Done(result) => break result,
            Said::Wants(wants, said) => browser.say(&answer(&life, &wants, &said).await),
        }
    };
    let walks = result["walks"].as_array().unwrap();
    assert_eq!(walks.len(), WALKS.len());
    let looks = result["looks"].as_array().unwrap();
    assert_eq!(looks.len(), LOOKS.len());
    looks.iter().for_each(|look| assert_eq!(look["violations"], json!([]), "{look:#}"));
    for walk in walks {
        let name = walk["name"].as_str().unwrap();
        assert_eq!((&walk["violations"], &walk["complaints"]), (&json!([]), &json!([])), "{name}: {walk:#}");
        assert_eq!(walk["states"], json!(["held", "contested", "contested", "reversed"]), "{name}: {walk:#}");
        assert_eq!(walk["refused"], json!("four-eyes-required"), "{name}: one officer is not two");
        assert_eq!(walk["languages"], json!(["hi", "en"]), "{name}: the slip is in both languages");
        assert_eq!((&walk["script"], &walk["whole"]), (&json!(true), &json!(true)), "{name}");
    }
    report("review in a browser", &format!("{} screens without a complaint of axe-core", result["screens"]));
}
