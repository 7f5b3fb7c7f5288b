//! What a wallet may not answer to a request for consent (OpenID4VP 1.0 §8): each answer is sealed to the request's own key, as a wallet
//! does it, and bent in one place. After all of them the request still waits, and is answered by a wallet of ours.

use std::collections::BTreeMap;

use protocol::{
    credential::KeyBinding,
    seal::{EncryptionKey, decode_base64url, encode_base64url, random, seal_plain},
};
use schemas::{
    digest::Digest,
    local::{ConsentRequestState, ConsentRequestView},
    openid::{AuthorizationResponse, BINDING_QUERY_ID, RequestObject},
    problem::Code,
};
use serde_json::json;
use url::{Url, form_urlencoded::Serializer};
use vinimay::demo::PENSION_PURPOSE;

use super::{people::Desk, world::World};
use crate::{ready::good, rogue::Traces};

/// Shown here.
pub const CODES: &[Code] = &[Code::BindingMissing, Code::BindingInvalid, Code::ConsentWrongSubject, Code::Conflict];

const FORM: &str = "application/x-www-form-urlencoded";

/// An answer that would be accepted but for the card, which only a wallet that showed it can name.
struct Answer {
    object: RequestObject,
    response: AuthorizationResponse,
    /// How the session is shown.
    session: KeyBinding,
    /// Which of her bindings shows it.
    binding: usize,
}

type Bend = fn(&mut Answer);

fn bends() -> Vec<(Code, &'static str, Bend)> {
    use Code::*;
    vec![
        (BindingInvalid, "a session for another asker", |a| {
            a.session.aud = "openid_federation:https://else.example".into()
        }),
        (BindingInvalid, "a session over another nonce", |a| a.session.nonce = random::nonce()),
        (BindingInvalid, "a session over no terms", |a| a.session.transaction_data_hashes.clear()),
        (BindingInvalid, "a session over other terms", |a| {
            a.session.transaction_data_hashes = vec![encode_base64url([1; 32])];
        }),
        (ConsentWrongSubject, "a session by another key of hers", |a| a.binding = 1),
        (Conflict, "the state of another request", |a| {
            a.response.state = "01939c3e-7a10-7a10-8a10-0123456789ab".into()
        }),
        (Conflict, "no consent", |a| a.response.consents.clear()),
        (Conflict, "two consents where one was asked for", |a| {
            a.response.consents.push(a.response.consents[0].clone());
            a.response.consent_bindings.push(a.response.consent_bindings[0].clone());
        }),
        (Conflict, "a consent to something else", |_| ()),
    ]
}

pub async fn refused_answers(world: &World) {
    let social = Desk::of(&world.federation.social);
    let view = ask(world).await;
    let before = Traces::of(&world.federation.social).rows["held_consent"];
    for (code, why, bend) in bends() {
        let mut answer = prepared(world, &view).await;
        bend(&mut answer);
        let form = sealed(world, answer, true);
        assert_eq!(social.post("/consents/responses", FORM, &form).await, Err(code), "{why}");
    }
    let form = sealed(world, prepared(world, &view).await, false);
    assert_eq!(
        social.post("/consents/responses", FORM, &form).await,
        Err(Code::BindingMissing),
        "nobody shows a binding"
    );
    assert_eq!(Traces::of(&world.federation.social).rows["held_consent"], before, "nothing of them is kept");
    assert_eq!(state(world, &view).await, ConsentRequestState::Waiting);
    let home = world.federation.folder.join("wallet-that-answers");
    let root = world.federation.anchor.trust_root().unwrap();
    let citizen = vinimay::demo::Citizen::with_wallet(&world.federation.binary, home, &root).unwrap();
    let person = world.federation.databases.cast.applicant.clone().unwrap().keys.resident_no.to_string();
    let desk = world.federation.civil.portal(0).unwrap();
    citizen.bind(&good(&desk.post("/v1/binding-offers", &[], &json!({ "resident": person })).await.unwrap())).unwrap();
    citizen.grant(&view.link).unwrap();
    assert_eq!(state(world, &view).await, ConsentRequestState::Given, "a good answer after refused ones");
}

async fn ask(world: &World) -> ConsentRequestView {
    let item = json!({ "provider": world.federation.revenue.entity(), "dataset": "revenue.income", "fields": ["annual_income_band"] });
    let order = json!({ "purpose": PENSION_PURPOSE, "items": [item], "validity": "P30D",
        "frequency": { "mode": "recurring", "maxUses": 4 }, "retention": "P30D" });
    good(&world.federation.social.portal(0).unwrap().post("/v1/consent-requests", &[], &order).await.unwrap())
}

async fn state(world: &World, view: &ConsentRequestView) -> ConsentRequestState {
    let path = format!("/v1/consent-requests/{}", view.id);
    good::<ConsentRequestView>(&world.federation.social.portal(0).unwrap().fetch(&path).await.unwrap()).state
}

/// Fetches the request as a wallet does, and answers with her first binding.
async fn prepared(world: &World, view: &ConsentRequestView) -> Answer {
    let link: Url = view.link.parse().unwrap();
    let uri: Url = link.query_pairs().find(|(name, _)| name == "request_uri").unwrap().1.parse().unwrap();
    let jws = Desk::of(&world.federation.social).post(uri.path(), FORM, "").await.unwrap();
    let claims = decode_base64url(jws.split('.').nth(1).unwrap()).unwrap();
    let object: RequestObject = serde_json::from_slice(&claims).unwrap();
    let (now, provider) = (world.now(), world.federation.revenue.entity());
    let mut draft = world.draft(now);
    draft.notice.request = Digest::of(&jws);
    (draft.valid_from, draft.notice.shown_at) = (now, now);
    let consent = world.citizen.sign(&draft, &world.citizen.bindings[0].key);
    let shown = world.citizen.present(&consent, &world.citizen.bindings[0], provider, now);
    let basis = world.citizen.seal(&consent, &shown, provider);
    let session = KeyBinding {
        aud: object.client_id.clone(),
        nonce: object.nonce.clone(),
        iat: now.numeric(),
        transaction_data_hashes: vec![encode_base64url(Digest::of(&object.transaction_data[0]).as_bytes())],
    };
    let response = AuthorizationResponse {
        state: object.state.clone(),
        vp_token: BTreeMap::new(),
        consents: vec![consent],
        consent_bindings: vec![basis["binding"].as_str().unwrap().parse().unwrap()],
    };
    Answer { object, response, session, binding: 0 }
}

/// The form of `direct_post.jwt`, with or without the session.
fn sealed(world: &World, answer: Answer, with_session: bool) -> String {
    let Answer { object, mut response, session, binding } = answer;
    let binding = &world.citizen.bindings[binding];
    if with_session {
        let shown = binding.held.present(&[], &session, &binding.key).unwrap();
        response.vp_token = [(BINDING_QUERY_ID.to_owned(), vec![shown])].into();
    }
    let key = EncryptionKey::from_jwk(&object.client_metadata.jwks.keys[0]).unwrap();
    let jwe = seal_plain(&key, &response).unwrap();
    Serializer::new(String::new()).append_pair("response", jwe.as_str()).finish()
}
