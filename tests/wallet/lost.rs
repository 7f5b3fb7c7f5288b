//! A lost phone: the desk ends its bindings, departments hear of it, and a new phone is bound.

use std::path::Path;

use serde_json::{Value, json};
use service_kit::clock::Clock;

use super::{Wallet, applicant, ask, query};
use crate::{
    ready::Ready,
    rogue::{PATIENCE, until},
};

/// What the old phone consented to is refused from then on; a new consent by the new phone is answered.
pub(super) async fn a_lost_phone_is_ended_at_the_desk(ready: &mut Ready, home: &Path) {
    let old = Wallet { ready, home: home.to_owned() };
    let kept = old.grants(&[&ask(ready).await.link]);
    assert_eq!(query(ready, &kept).await, (200, Value::Null), "before the phone is lost");
    let file = ready.folder.path().join("number.txt");
    std::fs::write(&file, applicant(ready)).unwrap();
    let path = file.display().to_string();
    let order = ["binding", "revoke", "--resident-file", &path, "--reason", "lost-phone"];
    let ended: Value = serde_json::from_str(&ready.federation.civil.command(&order).unwrap()).unwrap();
    assert_eq!(ended["changed"], 4, "every binding of that wallet");
    let bad = ready.federation.civil.command(&["binding", "revoke", "--resident-file", &path, "--reason", "bored"]);
    assert!(bad.unwrap_err().to_string().contains("lost-phone"), "the reasons are named");
    // Lists are fetched each minute, and at the start.
    ready.federation.revenue.stop().unwrap();
    ready.federation.revenue.start_all().unwrap();
    until(&Clock::system(), PATIENCE, "the department has heard of it", async || {
        query(ready, &kept).await == (403, json!("binding-revoked"))
    })
    .await;
    let old = Wallet { ready, home: home.to_owned() };
    let told = old.run(&["history"]).2;
    assert!(told.contains("binding-revoked"), "who found the phone reads nothing: {told}");
    let new = Wallet::bound(ready, "new-phone", &applicant(ready)).await;
    let granted = new.grants(&[&ask(ready).await.link]);
    assert_eq!(query(ready, &granted).await, (200, Value::Null), "the new phone");
    assert_eq!(query(ready, &kept).await, (403, json!("binding-revoked")), "the old phone's consent stays ended");
}
