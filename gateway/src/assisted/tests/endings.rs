//! A consent of an assisted session, from its signature to the day on which the slip comes back.

use protocol::credential::vc;
use schemas::{
    assisted::{AssistedSession, Closing},
    citizen::{History, HistoryRequest},
    consent::{Assistance, AssistanceMethod, ConsentStatus, OrderAction},
    id::{CompactJws, ConsentId, MessageId, SystemName},
    local::AssistedOffer,
    problem::Code,
};
use serde_json::{Value, json};
use service_kit::db::DatabaseError;

use super::refusal;
use crate::{
    consents::testing::{Answer, CitizenWorld, PURPOSE, Proofs, Serving, TestWallet},
    store::exchange::{consent_find, consent_index},
};

/// Somebody who came with nothing, the session in which she was helped, and what she gave.
struct Helped {
    wallet: TestWallet,
    session: AssistedSession,
    id: ConsentId,
    consent: CompactJws,
}

fn asha() -> SystemName {
    "asha".parse().unwrap()
}

/// Helped by that member; the device writes that she was helped in the session `named`.
async fn helped(world: &CitizenWorld, centre: &Serving, named: impl FnOnce(&mut Assistance)) -> Helped {
    let session = centre.app().assisted_open(&asha()).await.unwrap();
    let (operator, number) = (centre.entity.clone(), session.session.clone());
    let terms = AssistedOffer { operator: operator.clone(), session: number.clone(), person: asha() };
    let proofs = Proofs::assisted_by(world, "R-1", terms).await;
    let wallet = TestWallet::bound(world, &proofs, 1).await.remove(0);
    let view = world.ask().await;
    let fetched = TestWallet::fetch(world, &view).await;
    let mut draft = wallet.draft(world, &fetched);
    let mut assistance = Assistance { operator, session: number, method: AssistanceMethod::OtpReadOut };
    named(&mut assistance);
    draft.notice.assistance = Some(assistance);
    let response = wallet.response(world, &fetched, draft);
    TestWallet::post(world, &fetched, &response).await.json::<Value>();
    Helped { wallet, session, id: world.view(&view.id).await.consents.remove(0), consent: response.consents[0].clone() }
}

impl Helped {
    fn order(&self, world: &CitizenWorld, action: OrderAction) -> CompactJws {
        self.wallet.sign(&self.wallet.order(world, &self.consent, action, 1))
    }

    fn closing(&self, endings: Vec<CompactJws>) -> Closing {
        Closing { token: self.session.token.clone(), consents: vec![self.id.clone()], endings }
    }
}

async fn query(world: &CitizenWorld, consent: &ConsentId) -> Answer {
    let key = protocol::seal::random::message_id(world.now()).to_string();
    let query = json!({ "consent": consent, "fields": ["annual_income_band"], "purpose": PURPOSE });
    world.social.portal_post("/v1/queries", &[("Idempotency-Key", &key)], &query).await
}

/// Until this member holds the consent to be revoked. The job of the running gateway carries orders as well.
async fn revoked_at(at: &Serving, carried_by: &Serving, consent: &CompactJws) {
    let consent = vc::verify(consent, &at.app().trust_root().entity).unwrap();
    let index = consent_index(at.app().keys(), consent.issuer(), consent.id());
    let settled = async {
        loop {
            let now_ms = i64::try_from(carried_by.app().clock().now_ms()).unwrap();
            carried_by.app().forward_orders(now_ms + 600_000).await.unwrap();
            let index = index.clone();
            let found = at.app().db().read(move |conn| Ok::<_, DatabaseError>(consent_find(conn, &index)?)).await;
            if found.unwrap().is_some_and(|row| row.state.status == ConsentStatus::Revoked) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(120), settled).await.expect("the order is carried");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_slip_ends_the_consent_of_its_session_at_both_departments() {
    let world = CitizenWorld::start().await;
    world.link("R-1", "KH-1").await;
    // Once the helper is a party of the consent itself, once it is none.
    for centre in [&world.social, &world.civil] {
        let given = helped(&world, centre, |_| ()).await;
        query(&world, &given.id).await.json::<Value>();
        let slip = centre.app().assisted_close(&given.closing(vec![given.order(&world, OrderAction::Revoke)])).await;
        assert_eq!(slip.unwrap().consents, std::slice::from_ref(&given.id));
        query(&world, &given.id).await.json::<Value>();

        let another = "ravi".parse().unwrap();
        let unknown: MessageId = protocol::seal::random::message_id(world.now());
        let nothing = centre.app().assisted_end(&unknown, &another).await;
        assert_eq!(nothing.map_err(refusal), Err(Code::NotFound));
        for _ in 0..2 {
            let ended = centre.app().assisted_end(&given.session.session, &another).await;
            assert_eq!(ended.map_err(refusal), Ok(1), "any operator of the department, and again");
        }
        for party in [&world.revenue, &world.social] {
            revoked_at(party, centre, &given.consent).await;
        }
        assert_eq!(query(&world, &given.id).await.refused(), Code::ConsentRevoked);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_leaves_revocations_of_its_own_consents_and_nothing_else() {
    let world = CitizenWorld::start().await;
    world.link("R-1", "KH-1").await;
    let given = helped(&world, &world.social, |_| ()).await;
    let other = helped(&world, &world.social, |_| ()).await;
    let stranger = TestWallet::of(&world, "R-2").await;
    let by_stranger = stranger.sign(&given.wallet.order(&world, &given.consent, OrderAction::Revoke, 1));
    let app = world.social.app();
    for (why, ending) in [
        ("a pause", given.order(&world, OrderAction::Pause)),
        ("of another session's consent", other.order(&world, OrderAction::Revoke)),
        ("by another key", by_stranger),
        ("no order at all", given.consent.clone()),
    ] {
        let refused = app.assisted_close(&given.closing(vec![ending])).await;
        assert_eq!(refused.map_err(refusal).err(), Some(Code::RequestMalformed), "{why}");
    }
    let unlisted = Closing { consents: Vec::new(), ..given.closing(vec![given.order(&world, OrderAction::Revoke)]) };
    assert_eq!(
        app.assisted_close(&unlisted).await.map_err(refusal).err(),
        Some(Code::RequestMalformed),
        "not on the slip"
    );
    app.assisted_close(&given.closing(vec![given.order(&world, OrderAction::Revoke)])).await.unwrap();
}

/// The device writes what it likes into what the citizen signs; the identity registry's word about the session stands beside it.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_names_another_helper_or_session_is_refused_by_the_provider() {
    let world = CitizenWorld::start().await;
    world.link("R-1", "KH-1").await;
    let civil = world.civil.entity.clone();
    let elsewhere = helped(&world, &world.social, |named| named.operator = civil).await;
    assert_eq!(query(&world, &elsewhere.id).await.refused(), Code::BindingInvalid, "another member that may help");
    let session = protocol::seal::random::message_id(world.now());
    let forged = helped(&world, &world.social, |named| named.session = session).await;
    assert_eq!(query(&world, &forged.id).await.refused(), Code::BindingInvalid, "another session");
    let honest = helped(&world, &world.social, |_| ()).await;
    query(&world, &honest.id).await.json::<Value>();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_used_my_data_says_which_consents_she_gave_with_help_and_whose() {
    let world = CitizenWorld::start().await;
    world.link("R-1", "KH-1").await;
    let helped = helped(&world, &world.social, |_| {}).await;
    query(&world, &helped.id).await.json::<Value>();
    // Later, from a wallet of her own: she gave another one alone.
    let own = TestWallet::of(&world, "R-1").await;
    let (alone, _) = own.consent(&world).await;
    query(&world, &alone).await.json::<Value>();
    let told = async |wallet: &TestWallet, at: &Serving, shown: &[&str]| {
        let binding = wallet.present(&world, at, shown).await;
        at.post_json("/citizen/v1/history", &HistoryRequest { binding }).await.json::<History>()
    };
    let operator = |told: &History, consent: &ConsentId| {
        told.uses.iter().find(|used| used.consent.as_ref() == Some(consent)).unwrap().assisted.clone()
    };
    let at_provider = told(&own, &world.revenue, &["sub_revenue"]).await;
    assert_eq!(operator(&at_provider, &helped.id), Some(world.social.entity.clone()));
    assert_eq!(operator(&at_provider, &alone), None);
    let with_her_key = told(&helped.wallet, &world.social, &[]).await;
    assert_eq!(operator(&with_her_key, &helped.id), Some(world.social.entity.clone()), "and the asker says the same");
}
