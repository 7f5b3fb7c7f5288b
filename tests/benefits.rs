//! What departments decided about her, in her own wallet in a real Chromium, at 320 and 1,280 pixels, in Hindi and English: she is widowed, reads the
//! offer and why, takes it; she is registered as dead by mistake, is told, and objects in her own words. The real binary, real rows in civil
//! registration's own table.
//!
//! The steps stand in `tests/browser/benefits.mjs`; here is what happens outside the browser. Screenshots are written to `docs/screenshots` when
//! `VINIMAY_SCREENSHOTS` is set.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use gateway::store::decisions::{
    cases::Decided,
    objections::{StoredObjection, objection_find},
};
use jiff::civil::date;
use openssl::{sha::sha256, x509::X509};
use schemas::{
    decision::{AppealRoute, DecisionAction},
    id::MessageId,
    scheme::DecisionState,
};
use serde_json::{Value, json};
use vinimay::world::Department;

use crate::{
    foreign::{Conversation, Said, repository},
    life::{
        Life,
        plan::{Benefit, LifePlan, OfficePlan},
        register::Newcomer,
    },
    support::report,
};

const SCRIPT: &str = "browser/benefits.mjs";
/// What a widow is offered, and what she draws already.
const OFFERED: &str = "WIDOW";
const DRAWN: &str = "PENSION";
const WALKS: [(u32, &str); 4] = [(320, "hi"), (320, "en"), (1280, "hi"), (1280, "en")];

fn plan() -> LifePlan {
    let widow = Benefit::of(OFFERED, include_str!("cases/schemes/widow.toml"));
    let social = OfficePlan::new("social", vec![widow, Benefit::by_the_rule(DRAWN)]).hearing(&["marriage", "death"]);
    LifePlan::of(vec![social]).with_pages()
}

/// Whoever walks, by the name of the walk: her resident number and her number at the department.
#[derive(Default)]
struct Women(BTreeMap<String, (String, String)>);

impl Women {
    fn of(&self, said: &Value) -> &(String, String) {
        &self.0[said["name"].as_str().unwrap()]
    }

    /// Somebody draws one pension, and is widowed: another is offered to her. Her invitation to a wallet.
    async fn is_widowed(&mut self, life: &Life, said: &Value) -> Value {
        let office = life.office("social");
        let born = date(1970, 5, 5);
        let wife = life.civil.resident(Newcomer { name: "Sushila Sahu", born, sex: "female" });
        let husband = life.civil.resident(Newcomer { name: "Mangal Sahu", born: date(1965, 1, 2), sex: "male" });
        let number = wife.replace('R', "S");
        office.knows(&number, "Sushila Sahu", born);
        office.beneficiary(DRAWN, &number, "Sushila Sahu");
        office.links(&life.civil, &wife, &number).await;
        life.civil.marriage(&wife, &husband, life.days_ago(4_000));
        life.until_quiet().await;
        life.civil.death(&husband, life.days_ago(30));
        life.until("another pension is offered to her", |life| {
            life.office("social").history(&life.civil, &wife, OFFERED)
                == [(DecisionAction::Offer, DecisionState::Offered)]
        })
        .await;
        let invitation = serde_json::to_value(life.invitation(&wife).await).unwrap();
        let offer = one(life, &wife, |decided| decided.scheme == OFFERED).id;
        self.0.insert(said["name"].as_str().unwrap().to_owned(), (wife, number));
        json!({ "invitation": invitation, "decision": offer })
    }

    /// She stands on the roll of what she took, and is registered as dead: what she drew before is held.
    async fn dies(&self, life: &Life, said: &Value) -> Value {
        let (resident, number) = self.of(said);
        life.until_stands(("social", OFFERED, number), "ACTIVE").await;
        life.civil.death(resident, life.days_ago(2));
        life.until_stands(("social", DRAWN, number), "HOLD").await;
        let removal = |decided: &Decided| decided.roll == "social.pension" && decided.action == DecisionAction::Remove;
        life.until("she is written to", |life| one(life, resident, removal).notice.is_some()).await;
        json!({ "decision": one(life, resident, removal).id })
    }
}

/// The one decision about her that is such.
fn one(life: &Life, resident: &str, such: impl Fn(&Decided) -> bool) -> Decided {
    let found = life.office("social").decisions(&life.civil, resident).into_iter().find(|decided| such(decided));
    found.expect("it was decided")
}

/// Her objection as the department keeps it, and how the decision stands.
fn objected(life: &Life, women: &Women, said: &Value) -> Value {
    let id: MessageId = said["decision"].as_str().unwrap().parse().unwrap();
    let office = life.office("social");
    let kept = objection_find(&mut office.kept().open(), &office.keys(), &id).unwrap().expect("it was taken");
    let StoredObjection { words, slip, route, entered_by, .. } = kept;
    assert_eq!((route, entered_by), (AppealRoute::Wallet, None));
    let decided = one(life, &women.of(said).0, |decided| decided.id == id);
    json!({ "words": words, "slip": slip, "case": decided.case, "state": decided.state })
}

async fn answer(life: &Life, women: &mut Women, (wants, said): (&str, &Value)) -> Value {
    match wants {
        "widow" => women.is_widowed(life, said).await,
        "death" => women.dies(life, said).await,
        "objection" => objected(life, women, said),
        other => json!({ "failed": format!("nobody gives {other}") }),
    }
}

/// What the browser accepts: the public keys of this world's certificates.
fn keys_of(life: &Life) -> Vec<String> {
    let departments = [&life.civil.department, &life.office("social").department];
    let mut files: Vec<_> = departments.map(|one: &Department| one.folder().join("keys/tls.pem")).into();
    files.push(life.anchor.folder().join("data/keys/tls.pem"));
    let key = |pem: Vec<u8>| {
        let key = X509::from_pem(&pem).unwrap().public_key().unwrap().public_key_to_der().unwrap();
        STANDARD.encode(sha256(&key))
    };
    files.iter().map(|file| key(std::fs::read(file).unwrap())).collect()
}

fn opening(life: &Life) -> Value {
    let members = [life.anchor.entity(), life.civil.department.entity(), life.office("social").department.entity()];
    let walks = WALKS.map(|(width, language)| json!({ "width": width, "language": language }));
    let screenshots = std::env::var_os("VINIMAY_SCREENSHOTS").map(|_| repository().join("docs/screenshots"));
    json!({
        "wallet": life.wallet.as_ref().unwrap().origin, "members": members, "keys": keys_of(life), "walks": walks,
        "camera": life.folder().join("camera.y4m"), "screenshots": screenshots,
    })
}

/// The same by the command's wallet: only a removal, only her own, only in so many words; twice is once.
async fn she_objects_from_the_command_line(life: &Life) {
    let office = life.office("social");
    let born = date(1950, 3, 4);
    let resident = life.civil.resident(Newcomer { name: "Budhram Netam", born, sex: "male" });
    let number = resident.replace('R', "S");
    office.knows(&number, "Budhram Netam", born);
    office.beneficiary(DRAWN, &number, "Budhram Netam");
    office.links(&life.civil, &resident, &number).await;
    let wallet = life.wallet_of(&resident).await;
    life.until_quiet().await;
    life.civil.death(&resident, life.days_ago(2));
    life.until_stands(("social", DRAWN, &number), "HOLD").await;
    let removal = |decided: &Decided| decided.action == DecisionAction::Remove;
    life.until("he is written to", |life| one(life, &resident, removal).notice.is_some()).await;
    let decision = one(life, &resident, removal).id;
    let file = life.folder().join("words.txt");
    let refused = |words: &str, decision: &str| {
        std::fs::write(&file, words).unwrap();
        format!("{:#}", wallet.object(decision, &file).unwrap_err())
    };
    assert!(refused(&"x".repeat(2_001), decision.as_str()).contains("at most 2000"));
    let unknown = refused("I live.", "019aa000-0000-7000-8000-000000000001");
    assert!(unknown.contains("no department told of a removal"), "{unknown}");
    let objection = |decision: &MessageId| objection_find(&mut office.kept().open(), &office.keys(), decision).unwrap();
    assert!(objection(&decision).is_none(), "what was refused left nothing");
    std::fs::write(&file, "I live.\n").unwrap();
    let taken = wallet.object(decision.as_str(), &file).unwrap();
    let kept = objection(&decision).unwrap();
    assert_eq!(
        (kept.words.as_str(), kept.route, json!(kept.slip)),
        ("I live.", AppealRoute::Wallet, taken["slip"].clone())
    );
    assert_eq!(one(life, &resident, removal).state, DecisionState::Contested);
    assert_eq!(wallet.object(decision.as_str(), &file).unwrap()["slip"], taken["slip"], "the same slip");
    assert_eq!(objection(&decision).unwrap().words, "I live.", "said once");
}

#[tokio::test(flavor = "multi_thread")]
async fn she_reads_takes_and_contests_what_was_decided_about_her_in_a_real_browser() {
    let life = Life::start(&plan()).await;
    let mut women = Women::default();
    let mut browser = Conversation::with_node(SCRIPT, &life.folder(), &opening(&life));
    let result = loop {
        match browser.hear() {
            Said::Done(result) => break result,
            Said::Wants(wants, said) => browser.say(&answer(&life, &mut women, (&wants, &said)).await),
        }
    };
    let walks = result["walks"].as_array().unwrap();
    assert_eq!(walks.len(), WALKS.len());
    for walk in walks {
        let name = walk["name"].as_str().unwrap();
        for kind in ["violations", "complaints", "faults"] {
            assert_eq!(walk[kind], json!([]), "{name}: {kind}: {:#}", walk[kind]);
        }
        assert_eq!(walk["states"], json!(["offered", "enrolled", "noticed", "contested"]), "{name}: {walk:#}");
        assert_eq!(walk["same"], json!([true, true]), "{name}: her buttons are of one size");
        let objection = &walk["objection"];
        assert_eq!(walk["slip"], objection["slip"], "{name}: the slip in her hand is the department's");
        assert_eq!((&walk["said"], &objection["state"]), (&objection["words"], &json!("contested")), "{name}");
        assert_eq!(walk["offline"], walk["slip"], "{name}: it is there without a network");
    }
    she_objects_from_the_command_line(&life).await;
    let screens: usize = walks.iter().map(|walk| walk["screens"].as_array().unwrap().len()).sum();
    report("benefits in a browser", &format!("{screens} screens without a complaint of axe-core"));
}
