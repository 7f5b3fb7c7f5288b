//! What time and the authority take away: statements end, consents are revoked, members are suspended, an anchor stays away.
//!
//! All processes read the test's clock, so days pass at once. The provider is two processes on one PostgreSQL: what holds at one
//! holds at the other. Nobody restarts anything: what ends by itself is mended by itself.

use std::{path::PathBuf, time::Duration};

use protocol::seal::random;
use schemas::{
    bundle::Bundle,
    consent::{ConsentStatus, OrderAction},
    id::{ConsentId, MessageId},
    local::LocalAnswer,
    problem::Code,
};
use serde_json::{Value, json};
use service_kit_testing::TestClockFile;
use vinimay::demo::PENSION_PURPOSE;

use crate::{
    doors::Doors,
    ready::{consenting_citizen, good},
    rogue::{Heard, PATIENCE, until},
    support::{binary, both, in_company, json as read_json},
};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
/// Every process reads the directory again each second.
const OFTEN: &str = "\n[anchor]\nrefresh = 1\n";

#[tokio::test(flavor = "multi_thread")]
async fn what_time_and_authority_take_away_is_gone_everywhere() {
    let _turn = in_company();
    let folder = tempfile::tempdir().unwrap();
    let file = TestClockFile::create(folder.path().join("clock.json")).unwrap();
    let binary = binary().with_environment(TestClockFile::VARIABLE, &file.path().display().to_string());
    let doors = Doors::open(binary, file.clock(), OFTEN).await;
    let mut time = Time { doors, file };
    time.a_revoked_consent_stops_the_next_query_on_both().await;
    time.a_suspended_member_is_refused_until_it_is_resumed().await;
    time.an_expired_statement_proves_nothing_later().await;
    time.evidence_that_waits_too_long_stops_answers_until_the_anchor_is_back().await;
    time.an_old_directory_stops_answers_until_the_anchor_is_back().await;
}

struct Time {
    doors: Doors,
    file: TestClockFile,
}

impl Time {
    fn pass(&self, seconds: u64) {
        self.file.advance(Duration::from_secs(seconds)).unwrap();
    }

    /// Whether both processes say this to new queries on a new consent.
    async fn both_say(&self, expected: &Heard) -> bool {
        let basis = self.doors.basis(&self.doors.draft());
        self.doors.ask(0, &basis).await == *expected && self.doors.ask(1, &basis).await == *expected
    }

    /// Both processes come to say this by themselves.
    async fn both_come_to_say(&self, expected: Heard, when: &str) {
        until(&self.doors.clock, PATIENCE, &format!("both say {expected:?} {when}"), async || {
            self.both_say(&expected).await
        })
        .await;
    }

    async fn a_revoked_consent_stops_the_next_query_on_both(&self) {
        let doors = &self.doors;
        for at in [0, 1] {
            let draft = doors.draft();
            let basis = doors.basis(&draft);
            let consent = basis["consent"].as_str().unwrap().parse().unwrap();
            let before = [doors.query(&basis), doors.query(&basis)];
            for (door, query) in before.iter().enumerate() {
                assert_eq!(doors.heard(&doors.send(door, query).await).0, Heard::Answered, "door {door}");
            }
            assert_eq!(doors.order(at, &consent, OrderAction::Revoke, 1).await, ConsentStatus::Revoked);
            for door in [0, 1] {
                assert_eq!(
                    doors.ask(door, &basis).await,
                    Heard::Refused(Code::ConsentRevoked),
                    "revoked at {at}, asked at {door}"
                );
                // What was answered before is not given out again either, whichever process answered.
                for query in &before {
                    let again = doors.heard(&doors.send(door, query).await).0;
                    assert_eq!(again, Heard::Problem(Code::ConsentRevoked), "revoked at {at}, repeated at {door}");
                }
            }
        }
    }

    async fn a_suspended_member_is_refused_until_it_is_resumed(&self) {
        let anchor = &self.doors.ready.federation.anchor;
        let social = self.doors.asker.entity.as_str();
        assert!(self.both_say(&Heard::Answered).await, "before the suspension");
        anchor.command(&["member", "suspend", social]).unwrap();
        self.both_come_to_say(Heard::Refused(Code::PeerSuspended), "after the suspension").await;
        anchor.command(&["member", "resume", social]).unwrap();
        self.both_come_to_say(Heard::Answered, "after the resumption").await;
        // The asker reads the directory by itself, and may be the last to know.
        let federation = &self.doors.ready.federation;
        let portal = federation.social.portal(0).unwrap();
        let order = json!({
            "purpose": PENSION_PURPOSE,
            "items": [{ "provider": federation.revenue.entity(), "dataset": "revenue.income", "fields": ["annual_income_band"] }],
            "validity": "P90D", "frequency": { "mode": "recurring", "maxUses": 4 }, "retention": "P180D",
        });
        until(&self.doors.clock, PATIENCE, "the asker knows that it is a member again", async || {
            portal.post("/v1/consent-requests", &[], &order).await.is_ok_and(|reply| reply.status < 300)
        })
        .await;
    }

    /// A statement lives for a day. What was signed in its life stays proven; what was signed later is not proven by it.
    async fn an_expired_statement_proves_nothing_later(&self) {
        let (_citizen, consent) = consenting_citizen(&self.doors.ready.federation).await;
        let early = self.bundle(&self.exchange(&consent).await).await;
        self.pass(3 * DAY);
        let late = self.bundle(&self.exchange(&consent).await).await;
        for (name, bundle) in [("early", &early), ("late", &late)] {
            let (code, words) = self.audit(name, bundle);
            assert_eq!(code, 0, "{name}, three days later: {words}");
        }
        assert_eq!(early.members.len(), 2, "both signed");
        for member in 0..2 {
            let place = late.members.iter().position(|m| m.entity == early.members[member].entity).unwrap();
            let mut changed = late.clone();
            changed.members[place].chain.clone_from(&early.members[member].chain);
            assert_ne!(changed, late, "the statement is another one");
            let (code, words) = self.audit("expired", &changed);
            assert_eq!(code, 1, "the chain of three days ago: {words}");
        }
    }

    /// Asks through the portal as often as needed: after three days everything must catch up first.
    async fn exchange(&self, consent: &ConsentId) -> LocalAnswer {
        let portal = self.doors.ready.federation.social.portal(0).unwrap();
        let mut answer = None;
        until(&self.doors.clock, PATIENCE, "the portal gets an answer", async || {
            let key = random::message_id(self.doors.clock.now()).to_string();
            let query = json!({ "consent": consent, "fields": ["annual_income_band"], "purpose": PENSION_PURPOSE });
            let reply = portal.post("/v1/queries", &[("Idempotency-Key", &key)], &query).await;
            answer = reply.ok().filter(|reply| reply.status == 200).map(|reply| good(&reply));
            answer.is_some()
        })
        .await;
        answer.unwrap()
    }

    async fn bundle(&self, answer: &LocalAnswer) -> Bundle {
        let portal = self.doors.ready.federation.social.portal(0).unwrap();
        let path = |id: &MessageId| format!("/v1/receipts/{id}/bundle?wait=8");
        let mut bundle = None;
        until(&self.doors.clock, PATIENCE, "the receipts are in the log", async || {
            let reply = portal.fetch(&path(&answer.receipt)).await.unwrap();
            bundle = (reply.status == 200).then(|| good(&reply));
            bundle.is_some()
        })
        .await;
        bundle.unwrap()
    }

    /// Exit code and words of the auditor's program, on the day that the test's clock says.
    fn audit(&self, name: &str, bundle: &Bundle) -> (i32, String) {
        let federation = &self.doors.ready.federation;
        let path: PathBuf = federation.folder.join(format!("{name}.json"));
        std::fs::write(&path, serde_json::to_vec(bundle).unwrap()).unwrap();
        let _: Value = read_json(&path);
        let (file, root) = (path.display().to_string(), federation.anchor.trust_root_file().display().to_string());
        let output = federation
            .binary
            .command(&["audit", "verify", "--level", "detailed", "--trust", &root, &file])
            .output()
            .unwrap();
        (output.status.code().unwrap(), both(&output))
    }

    /// Four hours' grace; refusals leave receipts that wait too.
    async fn evidence_that_waits_too_long_stops_answers_until_the_anchor_is_back(&mut self) {
        // The second process may not have read the directory since three days passed.
        self.both_come_to_say(Heard::Answered, "before the anchor goes away").await;
        self.doors.ready.federation.anchor.stop().unwrap();
        assert!(self.both_say(&Heard::Answered).await, "the anchor is away for a moment");
        assert!(self.doors.waiting() > 0, "receipts wait");
        self.pass(4 * HOUR + 60);
        self.both_come_to_say(Heard::Refused(Code::AnchorOverdue), "four hours later").await;
        self.doors.ready.federation.anchor.start().unwrap();
        self.both_come_to_say(Heard::Answered, "when the anchor is back").await;
    }

    async fn an_old_directory_stops_answers_until_the_anchor_is_back(&mut self) {
        self.doors.ready.federation.anchor.stop().unwrap();
        self.pass(25 * HOUR);
        assert!(self.both_say(&Heard::Problem(Code::DirectoryOutdated)).await, "a day later");
        self.doors.ready.federation.anchor.start().unwrap();
        self.both_come_to_say(Heard::Answered, "when the anchor is back").await;
    }
}
