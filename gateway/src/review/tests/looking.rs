//! Looking after life events and rolls: timelines, comparisons that name what others did.

use super::world::*;
use crate::http::people::pages::tests::html::check;

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_a_timeline_that_names_nobody() {
    let (served, decision) = World::open().await.served().await;
    let (observer, reviewer) = (served.officer("ravi", "observer").await, served.officer("asha", "reviewer").await);
    let page = observer.get("/console/triggers/case-D-1").await;
    check(&page, "en", "a timeline");
    assert!(page.body.contains("Payment on hold") && page.body.contains("death registered"), "{}", page.body);
    for hidden in ["Sushila", ">101<", decision.as_str()] {
        assert!(!page.body.contains(hidden), "{hidden}: {}", page.body);
    }
    let page = reviewer.get("/console/triggers/case-D-1").await;
    assert!(
        page.body.contains(&format!("/console/review/{decision}")),
        "a reviewer goes on to the evidence: {}",
        page.body
    );
    assert_eq!(refusal(&observer.get("/console/triggers/case-D-9").await), "404 not-found");
    assert_eq!(refusal(&observer.get("/console/triggers/no%20case").await), "404 not-found");
    served.office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_names_rows_that_others_changed_and_entries_that_are_gone_with_their_windows() {
    let (served, _) = World::open().await.served().await;
    let auditor = served.officer("lata", "auditor").await;
    let compare = async || post(&auditor, "/console/rolls/verify", &[("roll", "social.pension")]).await;
    let list = auditor.get("/console/rolls").await;
    check(&list, "en", "rolls");
    assert!(list.body.contains("social.pension") && !list.body.contains("data-finding"), "{}", list.body);
    let whole = compare().await;
    check(&whole, "en", "a whole journal");
    assert!(whole.body.contains("The journal is whole"), "{}", whole.body);
    served.change("UPDATE pension_beneficiary SET payment_status = 'ACTIVE' WHERE ppo_no = 101");
    let found = compare().await;
    check(&found, "en", "a roll that others changed");
    let journaled = served.look("SELECT COUNT(*) FROM vinimay_journal WHERE action = 'outside'");
    assert!(
        found.body.contains("data-finding=\"row-changed-outside\"") || journaled != "0",
        "found by the comparison, or journaled by the watch that was faster: {}",
        found.body
    );
    crate::rolls::heads(served.office.running.app()).await.unwrap();
    let list = auditor.get("/console/rolls").await;
    assert!(list.body.contains("Up to entry"), "the head is signed: {}", list.body);
    served.change("DROP TRIGGER vinimay_journal_no_delete; DELETE FROM vinimay_journal WHERE seq = 1");
    let found = compare().await;
    check(&found, "en", "a journal without its beginning");
    let named = ["data-finding=\"head-disagrees\"", "data-finding=\"missing\""];
    assert!(named.iter().any(|finding| found.body.contains(finding)), "{}", found.body);
    assert!(found.body.contains("It happened between") || found.body.contains("It was found"), "{}", found.body);
    assert_eq!(refusal(&post(&auditor, "/console/rolls/verify", &[("roll", "no.roll")]).await), "404 not-found");
    let audit = served.office.audit().await;
    assert!(audit.iter().any(|line| line == "lata journal.verify social.pension done"), "{audit:#?}");
    served.office.close().await;
}
