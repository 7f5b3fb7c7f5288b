//! What wallets and citizens are refused on the people's listeners.

use protocol::{
    credential::did,
    seal::{KeyReference, SigningKey, Typ, random, sign_as},
};
use schemas::problem::Code;
use serde_json::{Value, json};
use service_kit::http_client::HttpClient;
use vinimay::world::Department;

use super::world::World;
use crate::rogue::{Traces, address, client, plain_code};

/// What is shown here.
pub const CODES: &[Code] = &[
    Code::RoleMissing,
    Code::NotFound,
    Code::TokenMalformed,
    Code::TokenTypeWrong,
    Code::VersionUnsupported,
    Code::AudienceWrong,
    Code::ConsentWrongSubject,
    Code::Conflict,
    Code::MediaTypeUnsupported,
    Code::RequestMalformed,
];

/// A people's listener.
pub struct Desk {
    client: HttpClient,
    base: String,
}

impl Desk {
    pub fn of(department: &Department) -> Self {
        Self {
            client: client(&department.folder().join("keys/tls.pem"), None),
            base: address(department, "public", "people"),
        }
    }

    pub async fn post(&self, path: &str, media_type: &str, body: &str) -> Result<String, Code> {
        let url = format!("{}{path}", self.base).parse().unwrap();
        let reply = self.client.post(&url, media_type, body.as_bytes().to_vec(), 1 << 22).await.unwrap();
        if reply.status == 200 { Ok(String::from_utf8(reply.body).unwrap()) } else { Err(plain_code(&reply)) }
    }

    async fn fetch(&self, path: &str) -> Result<(), Code> {
        let url = format!("{}{path}", self.base).parse().unwrap();
        let reply = self.client.fetch(&url, 1 << 20).await.unwrap();
        if reply.status == 200 { Ok(()) } else { Err(plain_code(&reply)) }
    }
}

const ORDER: &str = "application/consent-order+jwt";

fn signed(typ: Typ, key: &SigningKey, order: &Value) -> String {
    let url = did::key_url(&did::encode(key.public()).unwrap());
    sign_as(typ, key, KeyReference::Url(&url), order).unwrap().to_string()
}

/// Orders that are not hers to give, requests that are not there.
pub async fn refusals_to_wallets(world: &World) {
    world.nothing_is_on_its_way().await;
    orders(world).await;
    let (civil, revenue) = (Desk::of(&world.federation.civil), Desk::of(&world.federation.revenue));
    let before = Traces::of(&world.federation.revenue);
    assert_eq!(revenue.post("/identity/nonce", "application/json", "").await, Err(Code::RoleMissing));
    assert_eq!(revenue.fetch("/status/rb/0").await, Err(Code::RoleMissing));
    assert_eq!(civil.fetch("/status/rb/77").await, Err(Code::NotFound));
    assert_eq!(revenue.fetch("/citizen/v1/orders").await, Err(Code::MethodNotAllowed));
    assert_eq!(revenue.fetch("/peer/v1/queries").await, Err(Code::NotFound), "peers have a listener of their own");
    let unknown = "/consents/requests/01939c3e-7a10-7a10-8a10-0123456789ab";
    let form = "application/x-www-form-urlencoded";
    assert_eq!(revenue.post(unknown, form, "wallet_nonce=n").await, Err(Code::NotFound));
    assert_eq!(revenue.post("/consents/responses", form, "nothing=1").await, Err(Code::RequestMalformed));
    assert_eq!(revenue.post("/citizen/v1/history", "application/json", "[]").await, Err(Code::RequestMalformed));
    assert_eq!(Traces::of(&world.federation.revenue), before);
    world.is_good("after requests of strangers").await;
}

async fn orders(world: &World) {
    let revenue = Desk::of(&world.federation.revenue);
    let (key, other) = (&world.citizen.bindings[0].key, &world.citizen.bindings[1].key);
    let consent = world.citizen.sign(&world.draft(world.now()), key);
    let aud = json!([world.federation.social.entity(), world.federation.revenue.entity()]);
    let order = |n: u32| {
        json!({ "v": 1, "iss": did::encode(key.public()).unwrap(), "aud": aud, "iat": world.now().seconds(),
                "jti": random::message_id(world.now()), "consent": consent, "action": "pause", "n": n })
    };
    let obeyed = signed(Typ::ConsentOrder, key, &order(5));
    let first = revenue.post("/citizen/v1/orders", ORDER, &obeyed).await.unwrap();
    assert_eq!(revenue.post("/citizen/v1/orders", ORDER, &obeyed).await, Ok(first), "a repeat is acknowledged again");
    let changed = |change: fn(&mut Value)| {
        let mut order = order(6);
        change(&mut order);
        order
    };
    let mut elsewhere = order(6);
    elsewhere["aud"] = json!([world.federation.food.entity()]);
    let strange: [(Code, &str, String); 7] = [
        (Code::Conflict, "a number that is not later", signed(Typ::ConsentOrder, key, &order(5))),
        (Code::ConsentWrongSubject, "by another key of hers", {
            let mut order = order(6);
            order["iss"] = did::encode(other.public()).unwrap().as_str().into();
            signed(Typ::ConsentOrder, other, &order)
        }),
        (Code::AudienceWrong, "for another department", signed(Typ::ConsentOrder, key, &elsewhere)),
        (Code::TokenTypeWrong, "signed as an objection", signed(Typ::Objection, key, &order(6))),
        (
            Code::VersionUnsupported,
            "of version 2",
            signed(Typ::ConsentOrder, key, &changed(|order| order["v"] = json!(2))),
        ),
        (
            Code::TokenMalformed,
            "an action that nobody knows",
            signed(Typ::ConsentOrder, key, &changed(|order| order["action"] = "forget".into())),
        ),
        (Code::TokenMalformed, "no order at all", "hello".to_owned()),
    ];
    for (code, why, order) in strange {
        let before = Traces::of(&world.federation.revenue);
        assert_eq!(revenue.post("/citizen/v1/orders", ORDER, &order).await, Err(code), "{why}");
        assert_eq!(Traces::of(&world.federation.revenue), before, "{why}");
    }
    let before = Traces::of(&world.federation.revenue);
    assert_eq!(revenue.post("/citizen/v1/orders", "application/json", &obeyed).await, Err(Code::MediaTypeUnsupported));
    assert_eq!(Traces::of(&world.federation.revenue), before);
    let next = signed(Typ::ConsentOrder, key, &order(6));
    assert!(revenue.post("/citizen/v1/orders", ORDER, &next).await.is_ok(), "a good order after refused ones");
}
