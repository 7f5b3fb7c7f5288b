//! Consents for once only, the file to keep, and members who do not verify.

use std::path::PathBuf;

use diesel::{Connection, RunQueryDsl, SqliteConnection, sql_query, sql_types::Text};
use serde_json::{Value, json};
use service_kit::clock::Clock;

use super::{USAGE, Wallet, ask_for, query};
use crate::{
    rogue::{PATIENCE, until},
    support::{both, json as read_json},
};

/// What is asked for once needs a proof that she is there; the wallet makes it, over a nonce of the department that answers.
pub(super) async fn once_only_is_answered_once(wallet: &Wallet<'_>) {
    let item = json!({ "provider": wallet.ready.federation.revenue.entity(), "dataset": "revenue.income",
        "fields": ["annual_income_band"] });
    let asked = ask_for(wallet.ready, &item, &json!({ "mode": "one-time", "maxUses": 1 })).await;
    let once = wallet.grants(&[&asked.link]);
    assert_eq!(query(wallet.ready, &once).await, (200, Value::Null), "with a proof of presence");
    assert_eq!(query(wallet.ready, &once).await, (403, json!("consent-used-up")));
}

/// Consents, orders, uses and their evidence; no key and no binding; each bundle stands alone before an auditor.
pub(super) async fn everything_is_written_into_a_file_to_keep(wallet: &Wallet<'_>) {
    let (mut number, mut path) = (0, PathBuf::new());
    until(&Clock::system(), PATIENCE, "the evidence of every use is in the log", async || {
        number += 1;
        path = wallet.ready.folder.path().join(format!("kept-{number}.json"));
        wallet.run(&["export", "--out", &path.display().to_string()]).0 == 0
    })
    .await;
    let again = wallet.fails(USAGE, &["export", "--out", &path.display().to_string()]);
    assert!(again.contains("exists already"), "a file is never written over: {again}");
    let kept = read_json(&path);
    let length = |name: &str| kept[name].as_array().unwrap().len();
    // One that was revoked, one for once, and one that was signed and came too late: what she signed she keeps.
    assert_eq!((length("consents"), length("missing")), (3, 0));
    let uses = kept["histories"].as_array().unwrap().iter().map(|told| told["uses"].as_array().unwrap().len());
    assert_eq!(length("bundles"), uses.sum::<usize>());
    let revoked = &kept["consents"].as_array().unwrap().iter().find(|consent| consent["orders"] != json!([])).unwrap();
    // Paused, resumed, revoked: each acknowledged by both parties.
    assert_eq!(
        (revoked["orders"].as_array().unwrap().len(), revoked["acknowledgements"].as_array().unwrap().len()),
        (3, 6)
    );
    let text = kept.to_string();
    assert!(!text.contains("PRIVATE KEY") && !text.contains("\"d\":"), "no key");
    assert!(!text.contains("resident_id"), "no binding");
    only_its_owner_reads(&path);
    an_auditor_accepts(wallet, &kept["bundles"]);
}

fn only_its_owner_reads(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o077, 0);
}

fn an_auditor_accepts(wallet: &Wallet<'_>, bundles: &Value) {
    let root = wallet.ready.federation.anchor.trust_root_file().display().to_string();
    let (found, path) = (&bundles.as_array().unwrap()[0]["bundle"], wallet.ready.folder.path().join("one.json"));
    // A bundle is written as its type is; members stand in the order of the type.
    let typed: schemas::bundle::Bundle = serde_json::from_value(found.clone()).unwrap();
    std::fs::write(&path, serde_json::to_vec(&typed).unwrap()).unwrap();
    let arguments = ["audit", "verify", "--offline", "--trust", &root, &path.display().to_string()];
    let output = wallet.ready.federation.binary.command(&arguments).output().unwrap();
    assert!(output.status.success(), "{}", both(&output));
}

/// The anchor serves another member's configuration for one: she does not lose the others to it.
pub(super) fn a_member_that_does_not_verify_is_left_out_and_named(wallet: &Wallet<'_>) {
    let federation = &wallet.ready.federation;
    let (food, civil) = (federation.food.entity().as_str(), federation.civil.entity().as_str());
    let mut conn = anchors_rows(wallet);
    let whole = |wallet: &Wallet<'_>| {
        let (code, printed, all) = wallet.run(&["history"]);
        let told: Value = serde_json::from_str(&printed).unwrap();
        let members = told.as_array().unwrap().iter().map(|told| told["member"].as_str().unwrap().to_owned());
        (code, members.collect::<Vec<_>>(), all)
    };
    let (_, before, _) = whole(wallet);
    let own: Configuration = sql_query("SELECT configuration FROM member WHERE entity = $1")
        .bind::<Text, _>(food)
        .get_result(&mut conn)
        .unwrap();
    let swap = sql_query(
        "UPDATE member SET configuration = (SELECT configuration FROM member WHERE entity = $1) WHERE entity = $2",
    );
    assert_eq!(swap.bind::<Text, _>(civil).bind::<Text, _>(food).execute(&mut conn).unwrap(), 1);
    let (code, without, all) = whole(wallet);
    let mended = sql_query("UPDATE member SET configuration = $1 WHERE entity = $2");
    mended.bind::<Text, _>(own.configuration).bind::<Text, _>(food).execute(&mut conn).unwrap();
    assert_eq!(code, 0, "{all}");
    assert!(all.contains(&format!("{food} is left out")), "it is named: {all}");
    let others: Vec<String> = before.iter().filter(|member| *member != food).cloned().collect();
    assert_eq!((before.len(), without), (others.len() + 1, others), "and all others told");
    assert_eq!(whole(wallet).1, before, "it is back when it verifies");
}

#[derive(diesel::QueryableByName)]
struct Configuration {
    #[diesel(sql_type = Text)]
    configuration: String,
}

/// As whoever has broken into the anchor's database, but has not its key.
fn anchors_rows(wallet: &Wallet<'_>) -> SqliteConnection {
    let data = wallet.ready.federation.anchor.folder().join("data");
    let mut files = std::fs::read_dir(data).unwrap().map(|entry| entry.unwrap().path());
    let file = files.find(|path| path.extension().is_some_and(|e| e == "sqlite" || e == "db")).unwrap();
    let mut conn = SqliteConnection::establish(&file.display().to_string()).unwrap();
    sql_query("PRAGMA busy_timeout = 60000").execute(&mut conn).unwrap();
    conn
}
