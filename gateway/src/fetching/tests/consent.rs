//! With her consent: asked by a notice in her wallet, used when she says yes, forgotten when she takes it back.

use std::sync::Arc;

use eligibility::scheme::Scheme;
use protocol::seal::random;
use schemas::{
    consent::OrderAction,
    decision::DecisionAction,
    digest::Digest,
    id::{CompactJws, SectorSubject},
    local::ConsentRequestView,
    notice::NoticeKind,
    scheme::DecisionState,
};
use serde_json::json;

use super::world::{POOR_WIDOWS, SOCIAL, rows_of};
use crate::{
    app::App,
    consents::testing::{CitizenWorld, PURPOSE, TestWallet, purpose},
    decisions::facts::{Says, Stated},
    exchange::testing::count,
    notices::Person,
    store::{
        decisions::cases::{Decided, decisions_of},
        fetching::{AskState, FactAsk, asks_of},
        links::{NewLink, link_insert},
        notices::{StoredNotice, notices_of},
    },
    testing::Source,
};

const HOUSEHOLDS: Source = Source {
    sql: "CREATE TABLE household (card_no TEXT PRIMARY KEY NOT NULL, on_bpl_list BOOLEAN);
          INSERT INTO household VALUES ('KH-1', 0), ('KH-2', 1);",
    mapping: r#"
[source]
kind = "sqlite"
[[dataset]]
id = "food.household"
title = { en = "Household", hi = "परिवार" }
table = "household"
key = "card_no"
purposes = ["social.old-age-pension.eligibility"]
assurance = "substantial"
[[dataset.field]]
name = "bpl"
column = "on_bpl_list"
type = "boolean"
sensitivity = "personal"
"#,
};

struct World {
    citizens: CitizenWorld,
}

impl World {
    async fn start() -> Self {
        let mut asked = purpose(PURPOSE, false);
        asked.allowed = serde_json::from_value(json!([{ "dataset": "food.household", "fields": ["bpl"] }])).unwrap();
        let more = format!(
            "[source.writer]\nurl = \"sqlite://source.sqlite\"\n[decisions.rolls]\n\"T-POOR-WIDOWS\" = \"social.pension\"\n\
             [fetching]\nsystem = \"portal\"\nofficer = \"officer-1\"\n\
             [fetching.purposes]\n\"T-POOR-WIDOWS\" = \"{PURPOSE}\"\n"
        );
        let citizens = CitizenWorld::start_with(vec![asked], &HOUSEHOLDS, Some(&SOCIAL), &more).await;
        let scheme =
            Scheme::parse(&POOR_WIDOWS.replace("BASIS", "consent")).unwrap_or_else(|found| panic!("{found:?}"));
        citizens.social.app().decisions().give(vec![Arc::new(scheme)]);
        citizens.link("R-1", "KH-1").await;
        citizens.link("R-2", "KH-2").await;
        let this = Self { citizens };
        this.stands("R-1", "102").await;
        this
    }

    fn app(&self) -> &App {
        self.citizens.social.app()
    }

    fn subject(&self, resident: &str) -> SectorSubject {
        self.citizens.civil.app().keys().sectors[&"social".parse().unwrap()].sector_subject(resident)
    }

    fn person(&self, resident: &str) -> Person {
        Person::of_subject(self.app().keys(), &self.subject(resident))
    }

    async fn stands(&self, resident: &str, number: &str) {
        let link = NewLink {
            subject: self.subject(resident),
            local_key: number.to_owned(),
            method: "officer".to_owned(),
            score: 100,
            confirmed_by: "officer-1".to_owned(),
        };
        let app = self.app().clone();
        let linked = self.app().db().write(move |conn| link_insert(conn, app.keys(), &link, app.now())).await;
        assert!(linked.unwrap_or_else(|error| panic!("{error}")));
    }

    async fn widowed(&self, resident: &str) {
        let now = self.app().now();
        let stated = Stated {
            source: "https://registrar.localhost".parse().unwrap(),
            id: random::message_id(now),
            receipt: Digest::of(resident),
            effective: "2020-01-01".parse().unwrap(),
            recorded: now,
            says: Says::Facts(vec![("person.marital_status".parse().unwrap(), Some("widowed".into()))]),
        };
        assert!(self.app().state_facts(&self.subject(resident), stated).await.unwrap());
    }

    /// Comes to its end when her row is so.
    async fn until(&self, resident: &str, is_so: impl Fn(&FactAsk) -> bool) -> FactAsk {
        loop {
            let (keys, person) = (self.app().keys().clone(), self.person(resident));
            let rows = self.app().db().read(move |conn| asks_of(conn, &keys, &person)).await.unwrap();
            if let Some(row) = rows.into_iter().find(&is_so) {
                return row;
            }
            self.app().wake_fetching();
            tokio::task::yield_now().await;
        }
    }

    async fn reason(&self, resident: &str, reason: &str) -> FactAsk {
        self.until(resident, |ask| ask.reason.as_deref() == Some(reason)).await
    }

    async fn notices(&self, resident: &str) -> Vec<StoredNotice> {
        let (keys, person) = (self.app().keys().clone(), self.person(resident));
        self.app().db().read(move |conn| notices_of(conn, &keys, &person, 100)).await.unwrap()
    }

    /// The request that her notice leads to.
    async fn asked(&self, resident: &str) -> ConsentRequestView {
        let ask = self.reason(resident, "CONSENT_ASKED").await;
        let notices = self.notices(resident).await;
        let told = notices.iter().find_map(|notice| match &notice.kind {
            NoticeKind::ConsentAsked { request, link, scheme, .. } => Some((request, link, scheme)),
            _ => None,
        });
        let (request, link, scheme) = told.expect("a notice leads to the request");
        assert_eq!((Some(request), scheme["en"].as_str()), (ask.request.as_ref(), "Poor widows' pension"));
        let view = self.citizens.view(request).await;
        assert_eq!(view.link, format!("openid4vp://?{link}"), "her wallet can open it");
        view
    }

    /// She, or whoever has the link, says yes.
    async fn consents(&self, wallet: &TestWallet, view: &ConsentRequestView) -> CompactJws {
        let fetched = TestWallet::fetch(&self.citizens, view).await;
        let response = wallet.response(&self.citizens, &fetched, wallet.draft(&self.citizens, &fetched));
        TestWallet::post(&self.citizens, &fetched, &response).await.json::<serde_json::Value>();
        response.consents[0].clone()
    }

    /// Her wallet asks for her notices, and so shows whose key it has.
    async fn looks(&self, wallet: &TestWallet) {
        let binding = wallet.present(&self.citizens, &self.citizens.social, &["sub_social"]).await;
        let told = self.citizens.social.post_json("/citizen/v1/notices", &json!({ "binding": binding })).await;
        told.json::<serde_json::Value>();
    }

    async fn decisions(&self, resident: &str) -> Vec<Decided> {
        let (keys, person) = (self.app().keys().clone(), self.person(resident));
        self.app().db().read(move |conn| decisions_of(conn, &keys, &person)).await.unwrap()
    }

    fn answers(&self) -> i64 {
        count(self.citizens.revenue.app().db(), "receipt")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn she_is_asked_in_her_wallet_and_what_she_lets_be_known_decides() {
    let world = World::start().await;
    world.widowed("R-2").await;
    let view = world.asked("R-2").await;
    assert_eq!(world.answers(), 0, "nothing is asked before she consents");
    let wallet = TestWallet::of(&world.citizens, "R-2").await;
    world.looks(&wallet).await;
    world.consents(&wallet, &view).await;
    world.until("R-2", |ask| ask.state == AskState::Known).await;
    let [offer] = &world.decisions("R-2").await[..] else { panic!("not one decision") };
    assert_eq!((offer.action, offer.state), (DecisionAction::Offer, DecisionState::Offered));
    assert_eq!((world.answers(), rows_of(world.app(), "consent_request").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_by_somebody_else_says_nothing_of_her_until_its_key_shows_whose_it_is() {
    let world = World::start().await;
    world.widowed("R-2").await;
    let view = world.asked("R-2").await;
    let other = TestWallet::of(&world.citizens, "R-1").await;
    world.looks(&other).await;
    world.consents(&other, &view).await;
    world.reason("R-2", "CONSENT_WRONG_SUBJECT").await;
    assert_eq!((world.answers(), world.decisions("R-2").await.len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_shows_whose_it_is_after_the_consent_is_believed_then() {
    let world = World::start().await;
    world.widowed("R-2").await;
    let view = world.asked("R-2").await;
    let wallet = TestWallet::of(&world.citizens, "R-2").await;
    world.consents(&wallet, &view).await;
    world.reason("R-2", "CONSENT_WRONG_SUBJECT").await;
    world.looks(&wallet).await;
    world.until("R-2", |ask| ask.state == AskState::Known).await;
    assert_eq!(world.answers(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_on_a_consent_that_she_takes_back_is_unknown_and_removes_nobody() {
    let world = World::start().await;
    world.widowed("R-1").await;
    let view = world.asked("R-1").await;
    let wallet = TestWallet::of(&world.citizens, "R-1").await;
    world.looks(&wallet).await;
    let consent = world.consents(&wallet, &view).await;
    world.until("R-1", |ask| ask.state == AskState::Known).await;
    let [removal] = &world.decisions("R-1").await[..] else { panic!("not one decision") };
    assert_eq!((removal.action, removal.state), (DecisionAction::Remove, DecisionState::Proposed));
    let order = wallet.sign(&wallet.order(&world.citizens, &consent, OrderAction::Revoke, 1));
    TestWallet::send(&world.citizens.social, &order).await.text();
    world.reason("R-1", "CONSENT_REVOKED").await;
    crate::decisions::settle(world.app(), &world.person("R-1")).await.unwrap();
    let removal = world.decisions("R-1").await.remove(0);
    assert_eq!(
        (removal.state, removal.matter.undone.unwrap().reason.as_str()),
        (DecisionState::Withdrawn, "FACT_UNKNOWN")
    );
    let missing = &removal.matter.clauses[1].missing[0];
    assert_eq!((missing.fact.as_str(), missing.reason.as_str()), ("household.bpl", "CONSENT_REVOKED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_no_is_left_alone_for_a_month() {
    let world = World::start().await;
    world.widowed("R-2").await;
    let view = world.asked("R-2").await;
    let fetched = TestWallet::fetch(&world.citizens, &view).await;
    let denied = [("error", "access_denied"), ("state", fetched.claims.state.as_str())];
    world.citizens.social.post_form("/consents/responses", &[], &denied).await.json::<serde_json::Value>();
    let ask = world.reason("R-2", "CONSENT_DENIED").await;
    assert!(ask.next_ms > world.app().now_ms() + 29 * 86_400_000);
    assert_eq!((world.answers(), world.decisions("R-2").await.len()), (0, 0));
}
