//! The wallet on the command line, against running departments: what it does, what it refuses, and what it keeps for later.

mod keeping;
mod lost;
mod served;
pub mod wards;

use std::path::PathBuf;

use schemas::{
    id::ConsentId,
    local::{BindingOffer, ConsentRequestState, ConsentRequestView},
};
use serde_json::{Value, json};
use vinimay::demo::PENSION_PURPOSE;

use crate::{
    ready::{Ready, good},
    support::{both, in_company},
};

const NO: i32 = 1;
const USAGE: i32 = 2;
const UNKNOWN: i32 = 3;
const TRUST: i32 = 4;

/// A wallet's folder in a running federation.
struct Wallet<'a> {
    ready: &'a Ready,
    home: PathBuf,
}

impl<'a> Wallet<'a> {
    /// Runs a command; its exit code, what it printed, and both outputs for a failure's message.
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let home = self.home.display().to_string();
        let mut all = vec!["wallet", "--home", &home, "--json"];
        all.extend(arguments);
        let output = self.ready.federation.binary.command(&all).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8_lossy(&output.stdout).into_owned(), both(&output))
    }

    /// What a command that succeeds prints.
    fn json(&self, arguments: &[&str]) -> Value {
        let (code, printed, all) = self.run(arguments);
        assert_eq!(code, 0, "{arguments:?}: {all}");
        serde_json::from_str(&printed).unwrap()
    }

    /// What a command that fails says.
    fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let (found, _, all) = self.run(arguments);
        assert_eq!(found, code, "{arguments:?}: {all}");
        all
    }

    fn init(&self, fingerprint: &str) -> [String; 7] {
        let anchor = self.ready.federation.anchor.entity().to_string();
        ["init", "--anchor", &anchor, "--fingerprint", fingerprint, "--allow-network", "127.0.0.0/8"].map(str::to_owned)
    }

    /// A new wallet of this resident.
    async fn bound(ready: &'a Ready, name: &str, resident: &str) -> Self {
        let wallet = Wallet { ready, home: ready.folder.path().join(name) };
        let own = wallet.init(ready.federation.anchor.trust_root().unwrap().fingerprint.as_str());
        wallet.json(&own.each_ref().map(String::as_str));
        let (offered, file) = (offer_to(ready, resident).await, ready.folder.path().join(format!("{name}-tx-code")));
        std::fs::write(&file, &offered.tx_code).unwrap();
        wallet.json(&["bind", &offered.offer, "--tx-code-file", &file.display().to_string()]);
        wallet
    }

    /// Consents to what is asked, and the consent.
    fn grants(&self, arguments: &[&str]) -> ConsentId {
        let granted = self.json(&[&["grant"], arguments].concat());
        granted["consents"][0].as_str().unwrap().parse().unwrap()
    }
}

/// The applicant's number in the register of residents.
fn applicant(ready: &Ready) -> String {
    ready.federation.databases.cast.applicant.clone().unwrap().keys.resident_no.to_string()
}

async fn offer(ready: &Ready) -> BindingOffer {
    offer_to(ready, &applicant(ready)).await
}

async fn offer_to(ready: &Ready, resident: &str) -> BindingOffer {
    let desk = ready.federation.civil.portal(0).unwrap();
    good(&desk.post("/v1/binding-offers", &[], &json!({ "resident": resident })).await.unwrap())
}

async fn ask(ready: &Ready) -> ConsentRequestView {
    let item = json!({ "provider": ready.federation.revenue.entity(), "dataset": "revenue.income",
        "fields": ["annual_income_band"] });
    ask_for(ready, &item, &json!({ "mode": "recurring", "maxUses": 4 })).await
}

/// A request of the pension portal for one item.
async fn ask_for(ready: &Ready, item: &Value, frequency: &Value) -> ConsentRequestView {
    ask_about(ready, item, frequency, false).await
}

/// The same, about herself or about a ward of hers.
async fn ask_about(ready: &Ready, item: &Value, frequency: &Value, for_ward: bool) -> ConsentRequestView {
    let order = json!({ "purpose": PENSION_PURPOSE, "items": [item], "validity": "P30D", "frequency": frequency,
        "retention": "P30D", "for_ward": for_ward });
    good(&ready.federation.social.portal(0).unwrap().post("/v1/consent-requests", &[], &order).await.unwrap())
}

async fn state(ready: &Ready, view: &ConsentRequestView) -> ConsentRequestState {
    let portal = ready.federation.social.portal(0).unwrap();
    good::<ConsentRequestView>(&portal.fetch(&format!("/v1/consent-requests/{}", view.id)).await.unwrap()).state
}

/// Status and, where refused, code of a query of the portal.
async fn query(ready: &Ready, consent: &ConsentId) -> (u16, Value) {
    let (status, body) = query_for(ready, consent, "annual_income_band").await;
    (status, body["code"].clone())
}

/// What the portal hears to a query for one item.
async fn query_for(ready: &Ready, consent: &ConsentId, field: &str) -> (u16, Value) {
    let key = protocol::seal::random::message_id(service_kit::clock::Clock::system().now()).to_string();
    let query = json!({ "consent": consent, "fields": [field], "purpose": PENSION_PURPOSE });
    let portal = ready.federation.social.portal(0).unwrap();
    let reply = portal.post("/v1/queries", &[("Idempotency-Key", &key)], &query).await.unwrap();
    (reply.status, serde_json::from_slice(&reply.body).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_pins_binds_shows_decides_orders_and_keeps_what_did_not_arrive() {
    let _turn = in_company();
    let mut ready = Ready::plain();
    let home = ready.folder.path().join("her-wallet");
    pinning(&Wallet { ready: &ready, home: home.clone() });
    binding(&ready, &home).await;
    let (shown, denied) = (ask(&ready).await, ask(&ready).await);
    let wallet = Wallet { ready: &ready, home: home.clone() };

    let english = wallet.json(&["show", &shown.link, "--lang", "en"]);
    let text = english["text"].as_str().unwrap();
    assert!(
        text.contains("Revenue Department") && text.contains("band of yearly income") && text.contains("30 days"),
        "{text}"
    );
    let hindi = wallet.json(&["show", &shown.link]);
    assert!(hindi["text"].as_str().unwrap().contains("राजस्व विभाग"), "Hindi is the default");
    wallet.json(&["deny", &denied.link]);
    assert_eq!(state(&ready, &denied).await, ConsentRequestState::Denied);
    assert!(wallet.fails(NO, &["grant", &denied.link]).contains("conflict"), "a decision is made once");
    assert!(wallet.fails(USAGE, &["show", "https://evil.example"]).contains("no request"));

    let granted = wallet.json(&["grant", &shown.link]);
    assert_eq!(granted["text"], hindi["text"], "what was shown last is what is signed");
    let id: ConsentId = granted["consents"][0].as_str().unwrap().parse().unwrap();
    assert_eq!(query(&ready, &id).await, (200, Value::Null));
    wallet.json(&["pause", id.as_str()]);
    assert_eq!(query(&ready, &id).await, (403, json!("consent-paused")));
    wallet.json(&["resume", id.as_str()]);
    assert_eq!(query(&ready, &id).await, (200, Value::Null));
    let history = wallet.json(&["history"]).to_string();
    assert!(history.contains(id.as_str()) && !history.contains("below"), "{history}");

    ready.federation.revenue.stop().unwrap();
    let wallet = Wallet { ready: &ready, home: home.clone() };
    let (code, printed, all) = wallet.run(&["revoke", id.as_str()]);
    let told: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((code, told["acknowledged"].as_array().unwrap().len()), (UNKNOWN, 1), "{all}");
    assert_eq!(told["pending"], json!([ready.federation.revenue.entity()]), "shown as pending");
    assert!(wallet.fails(UNKNOWN, &["history"]).contains("still wait"), "tried again, and still shown");
    ready.federation.revenue.start_all().unwrap();
    let wallet = Wallet { ready: &ready, home: home.clone() };
    let (code, _, all) = wallet.run(&["history"]);
    assert!(code == 0 && !all.contains("still wait"), "delivered by the next command: {all}");
    assert_eq!(query(&ready, &id).await, (403, json!("consent-revoked")));
    assert!(wallet.fails(USAGE, &["resume", id.as_str()]).contains("revoked"));

    keeping::once_only_is_answered_once(&wallet).await;
    keeping::everything_is_written_into_a_file_to_keep(&wallet).await;
    keeping::a_member_that_does_not_verify_is_left_out_and_named(&wallet);
    served::the_served_wallet_is_the_logged_build(&wallet).await;
    wards::a_mother_decides_for_her_child(&mut ready).await;
    lost::a_lost_phone_is_ended_at_the_desk(&mut ready, &home).await;
}

/// Nothing is trusted because it came first.
fn pinning(wallet: &Wallet<'_>) {
    assert!(wallet.fails(USAGE, &["history"]).contains("wallet init"));
    let foreign = wallet.init("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let foreign: Vec<&str> = foreign.iter().map(String::as_str).collect();
    assert!(wallet.fails(TRUST, &foreign).contains("fingerprint"));
    assert!(!wallet.home.exists(), "a refused anchor leaves no wallet");
    let own = wallet.init(wallet.ready.federation.anchor.trust_root().unwrap().fingerprint.as_str());
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    assert!(wallet.fails(UNKNOWN, &own[..5]).contains("not on the public Internet"), "private networks are named");
    wallet.json(&own);
    assert!(wallet.fails(USAGE, &own).contains("there is a wallet already"));
}

/// A code counts once, with its own transaction code.
async fn binding(ready: &Ready, home: &std::path::Path) {
    let wallet = Wallet { ready, home: home.to_owned() };
    let offered = offer(ready).await;
    let file = ready.folder.path().join("tx-code");
    let path = file.display().to_string();
    std::fs::write(&file, if offered.tx_code == "000000" { "000001" } else { "000000" }).unwrap();
    assert!(wallet.fails(NO, &["bind", &offered.offer, "--tx-code-file", &path]).contains("invalid_grant"));
    std::fs::write(&file, &offered.tx_code).unwrap();
    // One department asks; one key in general, and two for departments to come.
    assert_eq!(wallet.json(&["bind", &offered.offer, "--tx-code-file", &path])["bindings"], 4);
    assert!(wallet.fails(NO, &["bind", &offered.offer, "--tx-code-file", &path]).contains("invalid_grant"), "used");
    assert!(wallet.fails(USAGE, &["bind", "https://evil.example", "--tx-code-file", &path]).contains("no offer"));
}
