//! What only time refuses: a world whose processes read the test's clock.

use std::time::Duration;

use protocol::seal::random;
use schemas::{local::ConsentRequestView, problem::Code};
use serde_json::json;
use service_kit_testing::TestClockFile;
use vinimay::demo::PENSION_PURPOSE;

use super::{
    attempt::Attempt,
    local::{clerk, question},
    of_a_signed_refusal, resumed,
    world::World,
};
use crate::{
    ready::{consenting_citizen, good},
    rogue::{Heard, PATIENCE, Traces, address, client, plain_code, until, waiting},
    support::binary,
};

/// What is shown here.
pub const CODES: &[Code] = &[
    Code::Replayed,
    Code::PeerUnknown,
    Code::NotAuthenticated,
    Code::RequestExpired,
    Code::PeerUnavailable,
    Code::AnchorOverdue,
    Code::BindingStatusUnavailable,
    Code::DirectoryOutdated,
];

const HOUR: u64 = 3_600;
const DAY: i64 = 86_400;

struct Timed {
    world: World,
    file: TestClockFile,
}

/// All of it, in one world.
pub async fn everything_that_time_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let file = TestClockFile::create(folder.path().join("clock.json")).unwrap();
    let binary = binary().with_environment(TestClockFile::VARIABLE, &file.path().display().to_string());
    let world = World::start_with(binary, file.clock()).await;
    let mut timed = Timed { world, file };
    timed.world.is_good("at the start").await;
    timed.a_certificate_ends_on_an_open_connection().await;
    timed.an_answer_is_kept_for_ten_minutes().await;
    timed.a_peer_is_away().await;
    timed.a_request_for_consent_ends().await;
    timed.evidence_waits_too_long_for_the_log().await;
    timed.a_directory_grows_old().await;
    let file = timed.file.clone();
    let advance = |seconds| file.advance(Duration::from_secs(seconds)).unwrap();
    resumed::a_batch_goes_on_after_both_were_killed(&mut timed.world, advance).await;
}

impl Timed {
    fn advance(&self, seconds: u64) {
        self.file.advance(Duration::from_secs(seconds)).unwrap();
    }

    /// Who was admitted once is looked at again at each request.
    async fn a_certificate_ends_on_an_open_connection(&mut self) {
        let world = &mut self.world;
        let clerk = clerk(world);
        let audit = format!(
            "{}/v1/receipts/01939c3e-7a10-7a10-8a10-0123456789ab/bundle",
            world.federation.social.local_address(0)
        )
        .parse()
        .unwrap();
        assert_eq!(plain_code(&clerk.fetch(&audit, 1 << 16).await.unwrap()), Code::NotFound, "admitted");
        // Nobody may learn of the day that never was.
        world.federation.anchor.stop().unwrap();
        world.federation.civil.stop().unwrap();
        let (good, before) = (Attempt::new(world), Traces::of(&world.federation.revenue));
        self.file.set(world.now().plus(100 * DAY)).unwrap();
        assert_eq!(good.send().await, Heard::Problem(Code::PeerUnknown));
        assert_eq!(plain_code(&clerk.fetch(&audit, 1 << 16).await.unwrap()), Code::NotAuthenticated);
        self.file.step_wall_back(Duration::from_secs(100 * 24 * HOUR)).unwrap();
        assert_eq!(Traces::of(&world.federation.revenue), before);
        world.federation.anchor.start().unwrap();
        world.federation.civil.start_all().unwrap();
        world.is_good("when the certificate is current again").await;
    }

    async fn an_answer_is_kept_for_ten_minutes(&self) {
        let (asker, door) = &self.world.callers[0];
        let mut attempt = Attempt::new(&self.world);
        let bytes = asker.sign(attempt.claims());
        assert_eq!(door.ask(&bytes).await, Heard::Answered);
        self.advance(9 * 60);
        assert_eq!(door.ask(&bytes).await, Heard::Answered, "after nine minutes, although stale");
        self.advance(2 * 60);
        let uses = Traces::of(&self.world.federation.revenue).uses;
        assert_eq!(door.ask(&bytes).await, Heard::Problem(Code::Replayed), "after eleven minutes");
        assert_eq!(Traces::of(&self.world.federation.revenue).uses, uses);
        self.world.is_good("after a replay").await;
    }

    /// The question stays open and is answered when the peer is back.
    async fn a_peer_is_away(&mut self) {
        let (_, consent) = consenting_citizen(&self.world.federation).await;
        let social = self.world.federation.social.portal(0).unwrap();
        self.world.federation.revenue.stop().unwrap();
        let key = random::message_id(self.world.now()).to_string();
        let headers = [("Idempotency-Key", key.as_str())];
        let asked = async { social.post("/v1/queries", &headers, &question(&consent)).await.unwrap() };
        let file = self.file.clone();
        let patience = async {
            // Its patience is nine seconds of the clock that we hold.
            loop {
                tokio::time::sleep(Duration::from_millis(25)).await;
                file.advance(Duration::from_millis(300)).unwrap();
            }
        };
        let reply = tokio::select! { reply = asked => reply, () = patience => unreachable!("it goes on") };
        assert_eq!(plain_code(&reply), Code::PeerUnavailable);
        self.world.federation.revenue.start_all().unwrap();
        let reply = social.post("/v1/queries", &headers, &question(&consent)).await.unwrap();
        assert_eq!(reply.status, 200, "the same question: {}", String::from_utf8_lossy(&reply.body));
    }

    async fn a_request_for_consent_ends(&mut self) {
        let federation = &self.world.federation;
        let social = federation.social.portal(0).unwrap();
        let order = json!({
            "purpose": PENSION_PURPOSE,
            "items": [{ "provider": federation.revenue.entity(), "dataset": "revenue.income", "fields": ["annual_income_band"] }],
            "validity": "P90D", "frequency": { "mode": "recurring", "maxUses": 4 }, "retention": "P180D",
        });
        let view: ConsentRequestView = good(&social.post("/v1/consent-requests", &[], &order).await.unwrap());
        let people = client(&federation.social.folder().join("keys/tls.pem"), None);
        let url = format!("{}/consents/requests/{}", address(&federation.social, "public", "people"), view.id)
            .parse()
            .unwrap();
        let fetch = async || {
            people.post(&url, "application/x-www-form-urlencoded", b"wallet_nonce=n".to_vec(), 1 << 16).await.unwrap()
        };
        assert_eq!(fetch().await.status, 200);
        self.file.set(self.world.now().plus(view.expires.seconds() - self.world.now().seconds() + 1)).unwrap();
        let before = Traces::of(&federation.social).rows["request_object"];
        assert_eq!(plain_code(&fetch().await), Code::RequestExpired);
        assert_eq!(Traces::of(&federation.social).rows["request_object"], before);
        self.is_good_again("after a day").await;
    }

    /// The anchor is away for longer than the grace, then the registry too.
    async fn evidence_waits_too_long_for_the_log(&mut self) {
        self.world.federation.anchor.stop().unwrap();
        self.world.is_good("while the anchor is away").await;
        assert!(waiting(&self.world.federation.revenue) > 0, "its receipt waits");
        self.world.federation.civil.stop().unwrap();
        self.advance(4 * HOUR + 300);
        self.refused(Code::AnchorOverdue).await;
        self.world.federation.anchor.start().unwrap();
        let clock = self.world.clock.clone();
        let federation = &self.world.federation;
        until(&clock, Duration::from_secs(20 * HOUR), "the outbox is empty", async || {
            // Its back-off is of the clock that we hold.
            self.advance(1);
            waiting(&federation.revenue) == 0
        })
        .await;
        self.refused(Code::BindingStatusUnavailable).await;
        self.world.federation.civil.start_all().unwrap();
        self.is_good_again("when anchor and registry are back").await;
    }

    async fn a_directory_grows_old(&mut self) {
        self.world.federation.anchor.stop().unwrap();
        self.advance(25 * HOUR);
        let before = Traces::of(&self.world.federation.revenue);
        assert_eq!(Attempt::new(&self.world).send().await, Heard::Problem(Code::DirectoryOutdated));
        // What it starts from is as old.
        self.world.federation.revenue.stop().unwrap();
        self.world.federation.revenue.start_all().unwrap();
        assert_eq!(Attempt::new(&self.world).send().await, Heard::Problem(Code::DirectoryOutdated), "started anew");
        assert_eq!(Traces::of(&self.world.federation.revenue), before);
        self.world.federation.anchor.start().unwrap();
        self.is_good_again("when the anchor is back").await;
    }

    async fn refused(&self, code: Code) {
        let before = Traces::of(&self.world.federation.revenue);
        assert_eq!(Attempt::new(&self.world).send().await, Heard::Refused(code));
        let after = Traces::of(&self.world.federation.revenue);
        assert_eq!(
            (after.since(&before), after.uses, after.statements),
            (of_a_signed_refusal(), before.uses, before.statements),
            "{code}"
        );
    }

    /// What a gateway fetches in the background it fetches at its start, so nobody waits for the next minute.
    async fn is_good_again(&mut self, when: &str) {
        self.world.federation.revenue.stop().unwrap();
        self.world.federation.revenue.start_all().unwrap();
        let world = &self.world;
        until(&world.clock, PATIENCE, "the provider answers again", async || Attempt::new(world).gets_answered().await)
            .await;
        world.is_good(when).await;
    }
}
