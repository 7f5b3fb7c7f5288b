//! Officers' pages for schemes in a real Chromium: written with a mistake, checked, tested, read, signed by two with keys of their browsers,
//! published, taken back.

use std::fs;

use eligibility::lint::lint;
use schemas::problem::Code;
use serde_json::{Value, json};
use service_kit::clock::Clock;
use vinimay::demo::{Federation, Options, Variation};

use super::{LANGUAGES, SCRIPT, SIZES, keys_of};
use crate::{
    foreign::{Conversation, Said, repository},
    ready::Ready,
    support::{binary, in_company, report},
};

/// Enough people that somebody is between 60 and 65, in several districts.
const PEOPLE: u64 = 3_000;
const PENSION: &str = include_str!("../../src/demo/schemes/pension.toml");
/// What the roll of pensioners holds besides names.
const FACTS: &str =
    "\"person.birth_date\" = \"dob\"\n\"person.sex\" = \"gender\"\n\"person.district\" = \"district_lgd\"\n";

/// In this order.
const CODES: &[Code] = &[Code::SchemeNotClean, Code::BacktestMissing, Code::LeaversUnread];

/// The social department alone, whose roll of pensioners also tells when they were born.
fn department() -> Ready {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { people: PEOPLE, ..Options::default() };
    let (variation, now) = (Variation::default(), Clock::system().now());
    let mut federation = Federation::set_up_as(binary(), folder.path(), &options, &variation, now).unwrap();
    let mapping = federation.social.folder().join("mapping.toml");
    let (roll, rest) = ("id = \"social.pension\"\n", "[roll.fact]\n");
    let text = fs::read_to_string(&mapping).unwrap();
    let (before, after) = text.split_once(roll).expect("there is a roll of pensioners");
    fs::write(&mapping, format!("{before}{roll}{}", after.replacen(rest, &format!("{rest}{FACTS}"), 1))).unwrap();
    federation.social.start_all().unwrap();
    Ready { federation, folder }
}

/// The pension from 65 on, as this version.
fn scheme(ready: &Ready, said: &Value) -> Value {
    let (version, today) = (said["version"].as_u64().unwrap(), Clock::system().now().civil_day().to_string());
    let mut text = PENSION.to_owned();
    for (before, after) in [
        ("version = 1", format!("version = {version}").as_str()),
        ("${social}", ready.federation.social.entity().as_str()),
        ("${today}", today.as_str()),
        ("at_least = 60", "at_least = 65"),
        ("age_from = 60", "age_from = 65"),
        ("1966-11-21", "1961-11-21"),
        ("60 years", "65 years"),
        ("60 वर्ष", "65 वर्ष"),
    ] {
        text = text.replace(before, after);
    }
    assert!(lint(&text).is_clean(), "{:?}", lint(&text).findings);
    json!({ "text": text })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheme_comes_into_force_and_goes_back_by_two_officers_in_a_real_browser() {
    let _turn = in_company();
    let ready = department();
    let walks =
        SIZES.iter().flat_map(|width| LANGUAGES.map(|language| json!({ "width": width, "language": language })));
    let screenshots = std::env::var_os("VINIMAY_SCREENSHOTS").map(|_| repository().join("docs/screenshots"));
    let opening = json!({
        "schemes": true, "department": ready.federation.social.entity(), "keys": keys_of(&ready),
        "walks": walks.collect::<Vec<_>>(), "camera": ready.folder.path().join("camera.y4m"), "screenshots": screenshots,
    });
    let mut browser = Conversation::with_node(SCRIPT, ready.folder.path(), &opening);
    let result = loop {
        match browser.hear() {
            Said::Done(result) => break result,
            Said::Wants(wants, said) if wants == "invite" => browser.say(&super::invite(&ready, &said)),
            Said::Wants(_, said) => browser.say(&scheme(&ready, &said)),
        }
    };
    let walks = result["walks"].as_array().unwrap();
    assert_eq!(walks.len(), SIZES.len() * LANGUAGES.len());
    for (walk, language) in walks.iter().zip(LANGUAGES.iter().cycle()) {
        judge(walk, language);
    }
    report(
        "schemes in a browser",
        &format!("{} screens without a complaint of axe-core", walks[0]["screens"].as_array().unwrap().len()),
    );
}

fn judge(walk: &Value, language: &str) {
    let name = walk["name"].as_str().unwrap();
    for kind in ["violations", "complaints", "faults"] {
        assert_eq!(walk[kind], json!([]), "{name}: {kind}: {:#}", walk[kind]);
    }
    assert_eq!(walk["codes"], json!(CODES), "{name}: nothing is signed before its time");
    let arrow = &walk["arrow"];
    assert_eq!((&arrow["marked"], &arrow["above"]), (&json!("at_lest"), &json!(true)), "{name}: the arrow points");
    assert!(arrow["lines"].as_u64().unwrap() > 30, "{name}: the whole file is there");
    let chart = &walk["chart"];
    assert_ne!(chart["leave"], "0", "{name}: some are not 65 yet");
    assert_eq!((&chart["bars"], &chart["tables"]), (&json!(3), &json!(3)), "{name}: each picture has its table");
    let (live, over) = match language {
        "hi" => ("लागू है", "अब लागू नहीं है"),
        _ => ("In force", "No longer in force"),
    };
    assert_eq!(walk["states"], json!([live, live, over]), "{name}: one officer takes nothing back");
}
