//! A wallet of other hands (`tests/interop`: the OpenID and SD-JWT libraries of the Open Wallet Foundation, jose, Node's own TLS) obtains
//! bindings and gives a consent that a query uses; a third hand (PyPI `sd-jwt`) verifies the binding. None of them shares code with us.

use schemas::{
    id::ConsentId,
    local::{BindingOffer, ConsentRequestState, ConsentRequestView},
    problem::Code,
};
use serde_json::{Value, json};
use vinimay::demo::PENSION_PURPOSE;

use crate::{
    foreign::{node, python},
    ready::{Ready, good},
    rogue::plain_code,
    support::in_company,
};

const WALLET: &str = "interop/wallet/wallet.mjs";

/// The wallet, and whom it deals with.
struct World {
    ready: Ready,
    home: String,
}

impl World {
    fn start() -> Self {
        let ready = Ready::plain();
        let home = ready.folder.path().join("independent-wallet.json").display().to_string();
        Self { ready, home }
    }

    fn wallet(&self, command: &str, mut order: Value) -> Result<Value, String> {
        order["command"] = command.into();
        order["home"] = self.home.as_str().into();
        node(WALLET, &order)
    }

    async fn bind(&self, tx_code: impl FnOnce(&str) -> String) -> Result<Value, String> {
        let federation = &self.ready.federation;
        let person = federation.databases.cast.applicant.clone().unwrap().keys.resident_no.to_string();
        let desk = federation.civil.portal(0).unwrap();
        let offer: BindingOffer =
            good(&desk.post("/v1/binding-offers", &[], &json!({ "resident": person })).await.unwrap());
        let root = federation.anchor.trust_root().unwrap();
        self.wallet(
            "bind",
            json!({
                "anchor": root.entity, "fingerprint": root.fingerprint, "offer": offer.offer,
                "txCode": tx_code(&offer.tx_code), "count": 2,
            }),
        )
    }

    async fn ask(&self) -> ConsentRequestView {
        let federation = &self.ready.federation;
        let item = |provider: &vinimay::world::Department, dataset: &str, field: &str| json!({ "provider": provider.entity(), "dataset": dataset, "fields": [field] });
        let order = json!({
            "purpose": PENSION_PURPOSE,
            "items": [
                item(&federation.revenue, "revenue.income", "annual_income_band"),
                item(&federation.food, "food.household", "category"),
            ],
            "validity": "P30D", "frequency": { "mode": "recurring", "maxUses": 4 }, "retention": "P30D",
        });
        good(&federation.social.portal(0).unwrap().post("/v1/consent-requests", &[], &order).await.unwrap())
    }

    async fn state(&self, view: &ConsentRequestView) -> ConsentRequestView {
        let path = format!("/v1/consent-requests/{}", view.id);
        good(&self.ready.federation.social.portal(0).unwrap().fetch(&path).await.unwrap())
    }

    async fn query(&self, consent: &ConsentId, field: &str) -> Result<Value, Code> {
        let key = protocol::seal::random::message_id(service_kit::clock::Clock::system().now()).to_string();
        let query = json!({ "consent": consent, "fields": [field], "purpose": PENSION_PURPOSE });
        let portal = self.ready.federation.social.portal(0).unwrap();
        let reply = portal.post("/v1/queries", &[("Idempotency-Key", &key)], &query).await.unwrap();
        if reply.status == 200 { Ok(good(&reply)) } else { Err(plain_code(&reply)) }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_of_other_hands_is_bound_consents_and_revokes() {
    let _turn = in_company();
    let world = World::start();
    let refused = world.bind(|code| if code == "000000" { "000001".to_owned() } else { "000000".to_owned() }).await;
    assert!(refused.unwrap_err().contains("invalid_grant"), "a wrong transaction code");
    let bound = world.bind(str::to_owned).await.unwrap();
    a_third_hand_verifies(&bound);

    let asked = world.ask().await;
    let given: Vec<ConsentId> =
        serde_json::from_value(world.wallet("consent", json!({ "link": asked.link })).unwrap()["consents"].clone())
            .unwrap();
    let view = world.state(&asked).await;
    assert_eq!((view.state, &view.consents), (ConsentRequestState::Given, &given), "one consent for each provider");
    for (consent, field) in given.iter().zip(["annual_income_band", "category"]) {
        let answer = world.query(consent, field).await.unwrap();
        assert!(answer.to_string().contains(field), "{answer}");
    }
    let again = world.wallet("consent", json!({ "link": asked.link })).unwrap_err();
    assert!(again.contains("409"), "a request is answered once: {again}");

    let ended = world.wallet("revoke", json!({ "consent": given[0] })).unwrap();
    assert_eq!(ended["statuses"], json!(["revoked", "revoked"]), "both parties signed");
    assert_eq!(world.query(&given[0], "annual_income_band").await, Err(Code::ConsentRevoked));
    assert!(world.query(&given[1], "category").await.is_ok(), "the other consent stands");
}

/// What the registry issued and the wallet presented, as PyPI's `sd-jwt` reads it.
fn a_third_hand_verifies(bound: &Value) {
    assert_eq!(bound["bindings"], 2);
    let claims = python("interop/verify.py", bound).unwrap();
    assert_eq!((&claims["vct"], &claims["mode"]), (&json!("urn:vinimay:resident-binding:1"), &json!("self")));
    assert!(claims["given_name"].is_string() && claims["sub_revenue"].is_string(), "what was disclosed");
    for concealed in ["family_name", "birthdate", "resident_id", "sub_food", "sub_social"] {
        assert!(claims.get(concealed).is_none(), "{concealed} was not disclosed");
    }
}
