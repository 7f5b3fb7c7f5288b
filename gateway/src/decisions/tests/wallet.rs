//! What a citizen does by her wallet about decisions, over HTTP: she reads them, answers an offer, objects; and every refusal.

use std::sync::Arc;

use eligibility::scheme::Scheme;
use protocol::{
    credential::did,
    exchange::Attested,
    seal::{Algorithm, SigningKey, Typ, random, sign},
};
use schemas::{
    benefits::{
        BenefitAnswer, Benefits, BenefitsRequest, ObjectionOrder, ObjectionRequest, ObjectionTaken, OfferAnswer,
    },
    citizen::{BundleRequest, HistoryRequest, LinkRequest},
    decision::DecisionRecord,
    event::EventKind,
    id::{CompactJws, MessageId, SectorSubject},
    notice::{NoticeLevel, Notices, NoticesRequest, PreferencesOrder, PreferencesRequest},
    problem::Code,
    scheme::DecisionState,
    time::{NumericDate, Timestamp},
    version::V1,
};
use serde_json::{Value, json};
use service_kit::db::DatabaseError;

use super::world::{SOCIAL, WIDOWS, event_of, hears};
use crate::{
    app::App,
    consents::testing::{Answer, CitizenWorld, Proofs, TestWallet},
    identity::{binding_revoke, binding_suspend},
    store::links::{LinkError, NewLink, link_insert},
};

const MORE: &str =
    "[source.writer]\nurl = \"sqlite://source.sqlite\"\n[decisions.rolls]\n\"T-WIDOWS\" = \"social.pension\"\n";

struct People {
    world: CitizenWorld,
}

impl People {
    /// R-1 stands on the roll under 101, R-2 nowhere.
    async fn start() -> Self {
        let this = Self { world: CitizenWorld::start_beside(&SOCIAL, MORE).await };
        this.app().decisions().give(vec![Arc::new(Scheme::parse(WIDOWS).unwrap())]);
        let (app, link) = (
            this.app().clone(),
            NewLink {
                subject: this.subject("R-1"),
                local_key: "101".to_owned(),
                method: "officer".to_owned(),
                score: 100,
                confirmed_by: "officer-1".to_owned(),
            },
        );
        let linked = this.app().db().write(move |conn| link_insert(conn, app.keys(), &link, app.now())).await;
        assert!(linked.unwrap_or_else(|error: LinkError| panic!("{error}")));
        this
    }

    fn app(&self) -> &App {
        self.world.social.app()
    }

    fn subject(&self, resident: &str) -> SectorSubject {
        self.world.civil.app().keys().sectors[&"social".parse().unwrap()].sector_subject(resident)
    }

    /// A death of hers is registered: a removal with hold and notice.
    async fn dies(&self, resident: &str) {
        let day = self.app().now().civil_day();
        let payload = format!(
            r#"{{"registration_number":"D-1","death_date":"{day}","death_date_precision":"day","match":{{"method":"resident-number","score":100}}}}"#
        );
        let who = (resident, self.subject(resident));
        hears(self.app(), &event_of(self.app(), who, EventKind::DeathRegistered, ("case-D-1", &payload))).await;
    }

    /// Her husband dies: an offer.
    async fn is_widowed(&self, resident: &str) {
        let day = self.app().now().civil_day();
        let payload = format!(
            r#"{{"registration_number":"M-1","date":"{day}","reason":"death_of_spouse","spouse":{{"name":"Mangal","birth_year":1949,"subject":null}},"death_registration_number":"D-9"}}"#
        );
        let who = (resident, self.subject(resident));
        hears(self.app(), &event_of(self.app(), who, EventKind::MarriageEnded, ("case-D-9", &payload))).await;
    }

    async fn wallet(&self, resident: &str) -> TestWallet {
        TestWallet::of(&self.world, resident).await
    }

    async fn present(&self, wallet: &TestWallet) -> String {
        wallet.present(&self.world, &self.world.social, &["sub_social"]).await
    }

    async fn asks(&self, wallet: &TestWallet) -> Answer {
        let binding = self.present(wallet).await;
        self.world.social.post_json("/citizen/v1/benefits", &BenefitsRequest { binding }).await
    }

    async fn answers(&self, wallet: &TestWallet, decision: &MessageId, answer: BenefitAnswer) -> Answer {
        let request = OfferAnswer { binding: self.present(wallet).await, decision: decision.clone(), answer };
        self.world.social.post_json("/citizen/v1/benefits/answers", &request).await
    }

    async fn objects(&self, wallet: &TestWallet, objection: CompactJws) -> Answer {
        let request = ObjectionRequest { binding: self.present(wallet).await, objection };
        self.world.social.post_json("/citizen/v1/objections", &request).await
    }

    fn order(&self, wallet: &TestWallet, decision: &MessageId) -> ObjectionOrder {
        let now = self.world.now();
        ObjectionOrder {
            v: V1,
            iss: did::encode(wallet.key.public()).unwrap(),
            aud: self.world.social.entity.clone(),
            iat: now.numeric(),
            jti: random::message_id(now),
            decision: decision.clone(),
            words: "मैं जीवित हूँ।".to_owned(),
        }
    }

    fn record(&self, jws: &CompactJws) -> DecisionRecord {
        Attested::read_own(jws, self.app().keys().signing.public()).unwrap().into_parts().0
    }
}

fn objection(wallet: &TestWallet, order: &ObjectionOrder) -> CompactJws {
    sign(Typ::Objection, &wallet.key, order).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn she_reads_what_was_decided_about_her_and_nobody_elses_wallet_does() {
    let people = People::start().await;
    people.dies("R-1").await;
    let (wallet, other) = (people.wallet("R-1").await, people.wallet("R-2").await);
    let seen: Benefits = people.asks(&wallet).await.json();
    assert_eq!((seen.member, seen.decisions.len()), (people.world.social.entity.clone(), 1));
    let view = &seen.decisions[0];
    assert_eq!(
        (view.state, view.reason.as_str(), view.may.as_slice()),
        (DecisionState::Held, "DEATH_REGISTERED", &[BenefitAnswer::Object][..])
    );
    assert!(view.why["hi"].chars().count() > 20 && view.why["en"].contains("death"), "{:?}", view.why);
    let of_it = |jws: &CompactJws| people.record(jws).decision == view.decision;
    assert!(view.records.iter().any(of_it), "with the signed record");
    assert_eq!(people.asks(&other).await.json::<Benefits>().decisions, []);

    let hidden = wallet.present(&people.world, &people.world.social, &[]).await;
    let asked = |binding: String| async {
        people.world.social.post_json("/citizen/v1/benefits", &BenefitsRequest { binding }).await
    };
    assert_eq!(asked(hidden).await.refused(), Code::RequestMalformed, "she does not say who she is here");
    let twice = people.present(&wallet).await;
    asked(twice.clone()).await.json::<Benefits>();
    assert_eq!(asked(twice).await.refused(), Code::Replayed);
    assert_eq!(asked(wallet.binding.as_str().to_owned()).await.refused(), Code::BindingInvalid);
    let elsewhere = wallet.present(&people.world, &people.world.revenue, &["sub_social"]).await;
    assert_eq!(asked(elsewhere).await.refused(), Code::Stale, "over another department's nonce");
    let unknown = json!({ "binding": people.present(&wallet).await, "more": 1 });
    assert_eq!(people.world.social.post_json("/citizen/v1/benefits", &unknown).await.refused(), Code::RequestMalformed);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_is_taken_once_by_her_own_wallet_and_by_nothing_else() {
    let people = People::start().await;
    people.is_widowed("R-2").await;
    let (wallet, other) = (people.wallet("R-2").await, people.wallet("R-1").await);
    let offer = people.asks(&wallet).await.json::<Benefits>().decisions.remove(0);
    assert_eq!(offer.may, [BenefitAnswer::Accept, BenefitAnswer::Decline]);
    let (id, accept) = (&offer.decision, BenefitAnswer::Accept);
    assert_eq!(people.answers(&other, id, accept).await.refused(), Code::NotFound, "another person's");
    let nobodys = random::message_id(people.world.now());
    assert_eq!(people.answers(&wallet, &nobodys, accept).await.refused(), Code::NotFound);
    let wrong_door = people.answers(&wallet, id, BenefitAnswer::Object).await;
    assert_eq!(wrong_door.refused(), Code::RequestMalformed, "objections have a door of their own");
    let helped = TestWallet::bound(&people.world, &Proofs::assisted(&people.world, "R-2").await, 1).await.remove(0);
    assert_eq!(people.answers(&helped, id, accept).await.refused(), Code::AccessDenied, "what outlives a session");
    assert_eq!(people.asks(&helped).await.json::<Benefits>().decisions.len(), 1, "she may read it there");
    let hidden = wallet.present(&people.world, &people.world.social, &[]).await;
    let request = OfferAnswer { binding: hidden, decision: id.clone(), answer: accept };
    let hidden = people.world.social.post_json("/citizen/v1/benefits/answers", &request).await;
    assert_eq!(hidden.refused(), Code::RequestMalformed);
    assert_eq!(people.asks(&wallet).await.json::<Benefits>().decisions[0].state, DecisionState::Offered, "as before");

    let binding = people.present(&wallet).await;
    let request = OfferAnswer { binding, decision: id.clone(), answer: accept };
    let taken: Value = people.world.social.post_json("/citizen/v1/benefits/answers", &request).await.json();
    assert_eq!(taken["state"], "accepted");
    let again = people.world.social.post_json("/citizen/v1/benefits/answers", &request).await;
    assert_eq!(again.refused(), Code::Replayed);
    assert_eq!(people.answers(&wallet, id, accept).await.refused(), Code::Conflict, "an offer is taken once");
    assert_eq!(people.answers(&wallet, id, BenefitAnswer::Decline).await.refused(), Code::Conflict);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_objection_is_hers_for_this_department_and_stops_the_removal() {
    let people = People::start().await;
    people.dies("R-1").await;
    people.is_widowed("R-2").await;
    let (wallet, other) = (people.wallet("R-1").await, people.wallet("R-2").await);
    let id = people.asks(&wallet).await.json::<Benefits>().decisions.remove(0).decision;
    let offer = people.asks(&other).await.json::<Benefits>().decisions.remove(0).decision;
    let good = people.order(&wallet, &id);
    let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
    let signed = |order: &ObjectionOrder| objection(&wallet, order);
    let later = |seconds: i64| NumericDate::from_seconds(good.iat.seconds() + seconds);
    let mut of_version_two = serde_json::to_value(&good).unwrap();
    of_version_two["v"] = json!(2);
    let refused: Vec<(&str, CompactJws, Code)> = vec![
        ("by another key", sign(Typ::Objection, &stranger, &good).unwrap(), Code::ConsentWrongSubject),
        (
            "naming another issuer",
            signed(&ObjectionOrder { iss: did::encode(stranger.public()).unwrap(), ..good.clone() }),
            Code::ConsentWrongSubject,
        ),
        (
            "for another department",
            signed(&ObjectionOrder { aud: people.world.revenue.entity.clone(), ..good.clone() }),
            Code::AudienceWrong,
        ),
        ("from the future", signed(&ObjectionOrder { iat: later(3_600), ..good.clone() }), Code::Stale),
        ("too long", signed(&ObjectionOrder { words: "अ".repeat(2_001), ..good.clone() }), Code::RequestMalformed),
        ("of another kind", sign(Typ::ConsentOrder, &wallet.key, &good).unwrap(), Code::TokenTypeWrong),
        ("of another version", sign(Typ::Objection, &wallet.key, &of_version_two).unwrap(), Code::VersionUnsupported),
        ("without claims", sign(Typ::Objection, &wallet.key, &json!({ "v": 1 })).unwrap(), Code::TokenMalformed),
        (
            "against no decision",
            signed(&ObjectionOrder { decision: random::message_id(people.world.now()), ..good.clone() }),
            Code::NotFound,
        ),
        (
            "against another person's",
            signed(&ObjectionOrder { decision: offer.clone(), ..good.clone() }),
            Code::NotFound,
        ),
    ];
    for (why, order, code) in refused {
        assert_eq!(people.objects(&wallet, order).await.refused(), code, "{why}");
    }
    let against_an_offer = objection(&other, &people.order(&other, &offer));
    assert_eq!(people.objects(&other, against_an_offer).await.refused(), Code::Conflict, "an offer takes nothing");
    let no_token = json!({ "binding": people.present(&wallet).await, "objection": "a.b" });
    let no_token = people.world.social.post_json("/citizen/v1/objections", &no_token).await;
    assert_eq!(no_token.refused(), Code::RequestMalformed);
    assert_eq!(people.asks(&wallet).await.json::<Benefits>().decisions[0].state, DecisionState::Held, "as before");

    let taken: ObjectionTaken = people.objects(&wallet, signed(&good)).await.json();
    let record = people.record(&taken.record);
    assert_eq!((taken.decision, taken.slip.len(), record.state), (id.clone(), 8, DecisionState::Contested));
    let again: ObjectionTaken = people.objects(&wallet, signed(&good)).await.json();
    assert_eq!(again.slip, taken.slip, "carried here twice, taken once");
    let seen = people.asks(&wallet).await.json::<Benefits>().decisions.remove(0);
    assert_eq!((seen.state, seen.may), (DecisionState::Contested, Vec::new()));
}

/// What a suspended or revoked binding is refused, door by door; `None`: it is let in.
async fn doors(people: &People, wallet: &TestWallet, decision: &MessageId) -> Vec<(&'static str, Option<Code>)> {
    let social = &people.world.social;
    let now: Timestamp = people.world.now();
    let mut doors = Vec::new();
    let mut knock = |door: &'static str, answer: Answer| {
        doors.push((door, (answer.0.status >= 300).then(|| answer.refused())));
    };
    let binding = || people.present(wallet);
    let request = NoticesRequest { binding: binding().await, seen: Vec::new() };
    knock("notices", social.post_json("/citizen/v1/notices", &request).await);
    knock("benefits", people.asks(wallet).await);
    let order = PreferencesOrder {
        v: V1,
        iss: did::encode(wallet.key.public()).unwrap(),
        aud: social.entity.clone(),
        iat: now.numeric(),
        jti: random::message_id(now),
        level: NoticeLevel::Weekly,
        language: "hi".to_owned(),
        phone: None,
        email: None,
    };
    let order = sign(Typ::Preferences, &wallet.key, &order).unwrap();
    let request = PreferencesRequest { binding: binding().await, order };
    knock("preferences", social.post_json("/citizen/v1/preferences", &request).await);
    let request = HistoryRequest { binding: binding().await };
    knock("history", social.post_json("/citizen/v1/history", &request).await);
    let request = BundleRequest { binding: binding().await, exchange: random::message_id(now) };
    knock("bundles", social.post_json("/citizen/v1/bundles", &request).await);
    let request = LinkRequest { binding: binding().await, local_number: "101".to_owned() };
    knock("links", social.post_json("/citizen/v1/links", &request).await);
    knock("answers", people.answers(wallet, decision, BenefitAnswer::Decline).await);
    knock("objections", people.objects(wallet, objection(wallet, &people.order(wallet, decision))).await);
    doors
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_wrongly_registered_as_dead_reads_and_objects_by_her_wallet_and_does_nothing_else() {
    let people = People::start().await;
    people.dies("R-1").await;
    let wallet = people.wallet("R-1").await;
    let id = people.asks(&wallet).await.json::<Benefits>().decisions.remove(0).decision;
    let end = async |change: fn(
        &mut service_kit::db::AnyConnection,
        &crate::keys::Keys,
        &registry_adapter::key::LocalKey,
    ) -> diesel::QueryResult<usize>| {
        let (keys, number) = (people.world.civil.app().keys().clone(), "R-1".parse().unwrap());
        let write = move |conn: &mut _| Ok::<_, DatabaseError>(change(conn, &keys, &number)?);
        assert_eq!(people.world.civil.app().db().write(write).await.unwrap(), 1);
        people.app().statuses().refresh(people.app()).await.unwrap();
    };
    end(binding_suspend).await;
    let read: Notices = {
        let request = NoticesRequest { binding: people.present(&wallet).await, seen: Vec::new() };
        people.world.social.post_json("/citizen/v1/notices", &request).await.json()
    };
    assert_eq!(read.notices.len(), 1, "she is told that her payment is held, and why");
    let no = Some(Code::BindingSuspended);
    assert_eq!(
        doors(&people, &wallet, &id).await,
        [
            ("notices", None),
            ("benefits", None),
            ("preferences", no),
            ("history", no),
            ("bundles", no),
            ("links", no),
            ("answers", no),
            ("objections", None),
        ]
    );
    assert_eq!(people.asks(&wallet).await.json::<Benefits>().decisions[0].state, DecisionState::Contested);
    end(binding_revoke).await;
    let shut = doors(&people, &wallet, &id).await;
    assert_eq!(shut.len(), 8);
    for (door, refused) in shut {
        assert_eq!(refused, Some(Code::BindingRevoked), "{door}: one that was lost proves nothing anywhere");
    }
}
