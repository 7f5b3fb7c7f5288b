//! The wallet, and a department's own pages, in a real Chromium, at 320 and 1,280 pixels, in Hindi and English, against the real binary: its pages come from their own
//! origin, and it speaks with gateways of two departments and the identity registry, each with an origin of its own.
//!
//! The steps stand in `tests/browser`; here are the departments: they invite, ask, query, and tell how a request stands. Screenshots are
//! written to `docs/screenshots` when `VINIMAY_SCREENSHOTS` is set.

mod phone;
mod schemes;

use base64::{Engine, engine::general_purpose::STANDARD};
use openssl::{sha::sha256, x509::X509};
use schemas::{
    local::{BindingOffer, ConsentRequestView},
    problem::Code,
};
use serde_json::{Value, json};
use service_kit::clock::Clock;
use vinimay::demo::{PENSION_PURPOSE, Variation};

use self::phone::Phone;
use crate::{
    foreign::{Conversation, Said, node, repository},
    ready::{Ready, good},
    rogue::{client, plain_code},
    support::{depth, in_company, report},
    wallet::wards::{Family, family, open_the_register_of_guardians},
};

const SCRIPT: &str = "browser/main.mjs";
/// The first load at most, in kilobytes on the wire: all of it, and scripts alone.
const FIRST_LOAD: f64 = 100.0;
const SCRIPTS: f64 = 60.0;
const SIZES: [u32; 2] = [320, 1280];
const LANGUAGES: [&str; 2] = ["hi", "en"];

/// The departments, as the browser's script asks them.
struct Departments {
    ready: Ready,
    /// A mother and her child, if anybody decides for one.
    family: Option<Family>,
    /// Where a code of an assisted session arrives, if anybody sends one.
    phone: Option<Phone>,
}

impl Departments {
    /// An invitation; for one session, if a centre helps.
    async fn offer(&self, said: &Value) -> Value {
        let person = match &self.family {
            Some(family) if said["mother"] == json!(true) => family.mother.clone(),
            _ => self.ready.federation.databases.cast.applicant.clone().unwrap().keys.resident_no.to_string(),
        };
        let desk = self.ready.federation.civil.portal(0).unwrap();
        let mut order = json!({ "resident": person });
        if let Some(session) = said.get("assisted") {
            order["assisted"] = session.clone();
        }
        let reply = desk.post("/v1/binding-offers", &[], &order).await.unwrap();
        let _: BindingOffer = good(&reply);
        good(&reply)
    }

    /// A request of the pension portal: about her income, or about a child's ration card.
    async fn request(&self, said: &Value) -> Value {
        let federation = &self.ready.federation;
        let for_ward = said["ward"] == json!(true);
        let item = if for_ward {
            json!({ "provider": federation.food.entity(), "dataset": "food.household", "fields": ["category"] })
        } else {
            json!({ "provider": federation.revenue.entity(), "dataset": "revenue.income", "fields": ["annual_income_band"] })
        };
        let order = json!({ "purpose": PENSION_PURPOSE, "items": [item], "validity": "P30D", "for_ward": for_ward,
            "frequency": { "mode": "recurring", "maxUses": 4 }, "retention": "P30D" });
        let portal = self.ready.federation.social.portal(0).unwrap();
        good(&portal.post("/v1/consent-requests", &[], &order).await.unwrap())
    }

    async fn state(&self, said: &Value) -> ConsentRequestView {
        let path = format!("/v1/consent-requests/{}", said["request"].as_str().unwrap());
        good(&self.ready.federation.social.portal(0).unwrap().fetch(&path).await.unwrap())
    }

    /// One query on the consent that came of a request; beyond it, if so wanted.
    async fn query(&self, said: &Value) -> Value {
        let consent = self.state(said).await.consents.first().cloned().unwrap();
        let beyond = said["beyond"] == json!(true);
        let fields: &[&str] = match (said["ward"] == json!(true), beyond) {
            (true, _) => &["category"],
            (false, true) => &["annual_income_band", "annual_income"],
            (false, false) => &["annual_income_band"],
        };
        let key = protocol::seal::random::message_id(Clock::system().now()).to_string();
        let query = json!({ "consent": consent, "fields": fields, "purpose": PENSION_PURPOSE });
        let portal = self.ready.federation.social.portal(0).unwrap();
        let reply = portal.post("/v1/queries", &[("Idempotency-Key", &key)], &query).await.unwrap();
        let code = if reply.status == 200 { Value::Null } else { json!(plain_code(&reply)) };
        json!({ "code": code })
    }

    async fn answer(&self, wants: &str, said: &Value) -> Value {
        match wants {
            "offer" => self.offer(said).await,
            "code" => json!({ "code": self.phone.as_ref().expect("nobody sends codes").code() }),
            "request" => self.request(said).await,
            "query" => self.query(said).await,
            "invite" => invite(&self.ready, said),
            "state" => json!({ "state": self.state(said).await.state }),
            other => json!({ "failed": format!("nobody gives {other}") }),
        }
    }

    /// Has the browser do it, and answers what it asks for.
    async fn watch(&self, opening: &Value) -> Value {
        let mut browser = Conversation::with_node(SCRIPT, self.ready.folder.path(), opening);
        loop {
            match browser.hear() {
                Said::Done(result) => return result,
                Said::Wants(wants, said) => browser.say(&self.answer(&wants, &said).await),
            }
        }
    }

    fn opening(&self) -> Value {
        let federation = &self.ready.federation;
        let mut members: Vec<String> = federation.departments().map(|(_, one)| one.entity().to_string()).into();
        members.push(federation.anchor.entity().to_string());
        let walks: Vec<Value> = SIZES
            .iter()
            .flat_map(|width| LANGUAGES.map(|language| json!({ "width": width, "language": language })))
            .collect();
        let wallet = federation.wallet.as_ref().expect("the wallet is not built; mend: scripts/web.sh wallet");
        let screenshots = std::env::var_os("VINIMAY_SCREENSHOTS").map(|_| repository().join("docs/screenshots"));
        json!({
            "wallet": wallet.origin, "members": members, "keys": keys_of(&self.ready), "walks": walks,
            "camera": self.ready.folder.path().join("camera.y4m"), "screenshots": screenshots,
        })
    }
}

/// An account for an officer, as the command makes it.
fn invite(ready: &Ready, said: &Value) -> Value {
    let account = format!("officer-{}", said["name"].as_str().unwrap());
    let roles = ["operator", "scheme-officer", "reviewer", "auditor", "admin", "centre-operator"];
    let mut arguments = vec!["user", "invite", account.as_str(), "--display", "Asha Devi"];
    roles.iter().for_each(|role| arguments.extend(["--role", role]));
    let printed: Value = serde_json::from_str(&ready.federation.social.command(&arguments).unwrap()).unwrap();
    json!({ "account": account, "link": printed["link"] })
}

/// What the browser accepts: the public keys of this federation's certificates.
fn keys_of(ready: &Ready) -> Vec<String> {
    let federation = &ready.federation;
    let mut files: Vec<_> = federation.departments().map(|(_, one)| one.folder().join("keys/tls.pem")).into();
    files.push(federation.anchor.folder().join("data/keys/tls.pem"));
    let key = |pem: Vec<u8>| {
        let key = X509::from_pem(&pem).unwrap().public_key().unwrap().public_key_to_der().unwrap();
        STANDARD.encode(sha256(&key))
    };
    files.iter().map(|file| key(std::fs::read(file).unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_citizen_walks_through_the_wallet_in_a_real_browser() {
    let _turn = in_company();
    let folder = tempfile::tempdir().unwrap();
    let phone = Phone::listen(folder.path());
    let mut variation = Variation::default();
    variation.more.insert("social", phone.section());
    let mut ready = Ready::varied(&variation);
    let family = family(&ready);
    open_the_register_of_guardians(&mut ready);
    let departments = Departments { ready, family: Some(family), phone: Some(phone) };
    let mut opening = departments.opening();
    opening["wards"] = json!(true);
    opening["helped"] = json!(true);
    opening["helper"] = json!(departments.ready.federation.social.entity());
    let result = departments.watch(&opening).await;
    let walks = result["walks"].as_array().unwrap();
    assert_eq!(walks.len(), SIZES.len() * LANGUAGES.len());
    for (number, walk) in walks.iter().enumerate() {
        judge(walk, number, &departments);
    }
    let helped = result["helped"].as_array().unwrap();
    assert_eq!(helped.len(), walks.len());
    helped.iter().for_each(judge_helped);
    let wards = result["wards"].as_array().unwrap();
    assert_eq!(wards.len(), walks.len());
    wards.iter().for_each(|walk| judge_ward(walk, &departments.family.as_ref().unwrap().name));
    report("wallet in a browser", &summary(&result));
    lighthouse(&departments, depth(0, 5));
}

/// Lighthouse's opinion of the first page, the median of so many runs: of `make soak` alone, for it measures the machine too.
fn lighthouse(departments: &Departments, runs: usize) {
    if runs == 0 {
        return;
    }
    let wallet = departments.ready.federation.wallet.as_ref().unwrap();
    let order = json!({ "wallet": wallet.origin, "keys": keys_of(&departments.ready), "runs": runs });
    let scores = node("browser/lighthouse/lighthouse.mjs", &order).unwrap();
    report("lighthouse", &scores.to_string());
    assert!(scores["performance"].as_u64().unwrap() >= 95 && scores["accessibility"] == 100, "{scores}");
}

/// Pages of a department, for everybody and for officers: each stands, in both languages, and tells what is wrong.
#[tokio::test(flavor = "multi_thread")]
async fn a_departments_pages_stand_in_a_real_browser() {
    let _turn = in_company();
    let departments = Departments { ready: Ready::plain(), family: None, phone: None };
    let mut opening = departments.opening();
    opening["department"] = json!(departments.ready.federation.social.entity());
    let result = departments.watch(&opening).await;
    let walks = result["walks"].as_array().unwrap();
    assert_eq!(walks.len(), SIZES.len() * LANGUAGES.len());
    for walk in walks {
        let name = walk["name"].as_str().unwrap();
        assert_eq!((&walk["violations"], &walk["complaints"]), (&json!([]), &json!([])), "{name}: {walk:#}");
        let told =
            json!([Code::SignInRefused, Code::InvitationInvalid, Code::PasswordUnsuitable, null, null, "/sign-in"]);
        assert_eq!(
            walk["errors"], told,
            "{name}: between refusals the password is set and the officer signs in; signed out, the console is shut"
        );
    }
    a_form_from_elsewhere(&departments).await;
}

/// A form that another site sent is nobody's, whatever stands in it.
async fn a_form_from_elsewhere(departments: &Departments) {
    let social = &departments.ready.federation.social;
    let people = client(&social.folder().join("keys/tls.pem"), None);
    let url = format!("{}/sign-in", social.entity()).parse().unwrap();
    let form = "application/x-www-form-urlencoded";
    let body = b"name=nobody&password=seven-lamps-on-a-long-table".to_vec();
    for headers in [vec![], vec![("Origin", "https://evil.example")], vec![("Sec-Fetch-Site", "cross-site")]] {
        let reply = people.post_with(&url, form, &headers, body.clone(), 1 << 16).await.unwrap();
        assert_eq!(plain_code(&reply), Code::FormForeign, "{headers:?}");
    }
    let own = social.entity().to_string();
    let reply = people.post_with(&url, form, &[("Origin", own.as_str())], body, 1 << 16).await.unwrap();
    assert_eq!(reply.status, Code::SignInRefused.status(), "from our own page it is looked at");
}

/// What is shown here.
pub const CODES: &[Code] = &[
    Code::FormForeign,
    Code::SignInRefused,
    Code::PasswordUnsuitable,
    Code::InvitationInvalid,
    Code::SchemeNotClean,
    Code::BacktestMissing,
    Code::LeaversUnread,
];

fn judge(walk: &Value, number: usize, departments: &Departments) {
    let name = walk["name"].as_str().unwrap();
    let nothing = json!([]);
    for kind in ["violations", "complaints", "faults"] {
        assert_eq!(walk[kind], nothing, "{name}: {kind}: {:#}", walk[kind]);
    }
    let codes = json!([null, Code::ConsentScopeExceeded, Code::ConsentRevoked]);
    assert_eq!(
        walk["queries"], codes,
        "{name}: one query is answered, one beyond the consent and one after its end are refused"
    );
    let rows = [vec!["answered"; number + 1], vec!["refused"; number + 1]].concat();
    assert_eq!(
        walk["history"],
        json!(rows),
        "{name}: she sees each use and each refusal, of earlier walks too, and why"
    );
    assert_eq!((&walk["consenting"]["state"], &walk["filmed"]["state"]), (&json!("given"), &json!("denied")), "{name}");
    assert!(walk["revoking"]["taps"].is_u64() && walk["consenting"]["taps"].is_u64(), "{name}: taps were counted");
    let (ending, giving) = (walk["revoking"]["taps"].as_u64().unwrap(), walk["consenting"]["taps"].as_u64().unwrap());
    assert!((1..=giving).contains(&ending), "{name}: {ending} taps to revoke, {giving} to consent");
    let (load, script) = (walk["load"]["kilobytes"].as_f64().unwrap(), walk["load"]["script"].as_f64().unwrap());
    assert!(load <= FIRST_LOAD && script <= SCRIPTS, "{name}: {load:.1} kB, scripts {script:.1} kB");
    assert!(script > 0.0, "{name}: something was weighed");
    assert!(walk["offline"]["consents"].as_u64().unwrap() >= 1, "{name}: her consents are there without a network");
    let origins = walk["origins"].as_array().unwrap();
    for department in [
        &departments.ready.federation.civil,
        &departments.ready.federation.social,
        &departments.ready.federation.revenue,
    ] {
        assert!(
            origins.contains(&json!(department.entity())),
            "{name}: it spoke with {}: {origins:?}",
            department.entity()
        );
    }
}

/// A citizen who was helped at a centre.
fn judge_helped(walk: &Value) {
    let name = walk["name"].as_str().unwrap();
    for kind in ["violations", "complaints", "faults", "kept"] {
        assert_eq!(walk[kind], json!([]), "{name}: {kind}: {:#}", walk[kind]);
    }
    assert_eq!((&walk["state"], &walk["used"]), (&json!("given"), &Value::Null), "{name}: given, and used");
    assert_eq!(walk["refused"], json!(Code::ConsentRevoked), "{name}: the slip ended it");
    assert_eq!(walk["languages"], json!(["en", "hi"]), "{name}: the slip is in both languages");
    assert!(walk["address"].as_str().unwrap().ends_with("/#/assisted"), "{name}: no token stays in the address");
}

/// A mother who decided for her child.
fn judge_ward(walk: &Value, child: &str) {
    let name = walk["name"].as_str().unwrap();
    for kind in ["violations", "complaints", "faults"] {
        assert_eq!(walk[kind], json!([]), "{name}: {kind}: {:#}", walk[kind]);
    }
    assert_eq!(walk["chosen"], json!(child), "{name}: for whom she decides stands on the screen");
    assert_eq!((&walk["state"], &walk["used"]), (&json!("given"), &Value::Null), "{name}: given, and used");
}

fn summary(result: &Value) -> String {
    let walk = &result["walks"][0];
    let screens: usize = ["walks", "helped", "wards"]
        .iter()
        .flat_map(|kind| result[kind].as_array().unwrap())
        .map(|walk| walk["screens"].as_array().unwrap().len())
        .sum();
    format!(
        "Chromium {}; {screens} screens without a complaint of axe-core; first load {:.1} kB, scripts {:.1} kB; {} taps to consent, {} to revoke",
        result["browser"].as_str().unwrap(),
        walk["load"]["kilobytes"].as_f64().unwrap(),
        walk["load"]["script"].as_f64().unwrap(),
        walk["consenting"]["taps"],
        walk["revoking"]["taps"],
    )
}
