//! A wallet answers: only what was asked is kept, and only once.

use protocol::{credential::vc, seal::encode_base64url};
use schemas::{
    consent::DataSubject,
    digest::Digest,
    local::{ConsentRequestState, ConsentRequestView},
    openid::{AuthorizationResponse, BINDING_QUERY_ID},
    problem::Code,
};
use serde_json::Value;
use service_kit::db::DatabaseError;

use crate::{
    consents::testing::{CitizenWorld, Fetched, PURPOSE, TestWallet},
    identity::binding_suspend,
    store::testing::rows,
};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_and_signed_is_kept_sealed_and_used() {
    let world = CitizenWorld::start().await;
    world.link("R-1", "KH-1").await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let (id, consent) = wallet.consent(&world).await;
    let held = world.social.app().held_consent(&id).await.unwrap().unwrap();
    assert_eq!(held.consent, consent);
    let raw = std::fs::read(world.social.department.path("gateway.sqlite")).unwrap();
    let wal = std::fs::read(world.social.department.path("gateway.sqlite-wal")).unwrap_or_default();
    let needle = consent.as_str().as_bytes();
    for file in [raw, wal] {
        assert!(!file.windows(needle.len()).any(|window| window == needle), "the consent stands in clear on the disk");
    }

    let key = protocol::seal::random::message_id(world.now()).to_string();
    let query = serde_json::json!({ "consent": id, "fields": ["annual_income_band"], "purpose": PURPOSE });
    let answer: Value = world.social.portal_post("/v1/queries", &[("Idempotency-Key", &key)], &query).await.json();
    assert_eq!(answer["record"]["rows"][0]["annual_income_band"], "below_100000");
}

fn ward() -> DataSubject {
    DataSubject::Ward { guardianship_sha256: Digest::of("guardianship") }
}

/// Asked of a guardian: her word about a ward is kept, her word about herself is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_guardian_who_is_asked_about_a_ward_answers_about_a_ward() {
    let world = CitizenWorld::start().await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let mut order = world.consent_order();
    order["for_ward"] = true.into();
    let view: ConsentRequestView = world.social.portal_post("/v1/consent-requests", &[], &order).await.json();
    let fetched = TestWallet::fetch(&world, &view).await;
    let own = wallet.response(&world, &fetched, wallet.draft(&world, &fetched));
    assert_eq!(TestWallet::post(&world, &fetched, &own).await.refused(), Code::Conflict, "about herself");
    let mut response = wallet.response(&world, &fetched, wallet.draft(&world, &fetched));
    signed(&mut response, &world, &fetched, &wallet, |draft| draft.terms.data_subject = ward());
    TestWallet::post(&world, &fetched, &response).await.json::<Value>();
    assert_eq!(world.view(&view.id).await.state, ConsentRequestState::Given);
}

type Edit = fn(&mut AuthorizationResponse, &CitizenWorld, &Fetched, &TestWallet);

/// Puts another consent into the response, with a presentation that belongs to it.
fn signed(
    response: &mut AuthorizationResponse,
    world: &CitizenWorld,
    fetched: &Fetched,
    wallet: &TestWallet,
    edit: impl FnOnce(&mut vc::ConsentDraft),
) {
    let mut draft = wallet.draft(world, fetched);
    edit(&mut draft);
    let other = wallet.response(world, fetched, draft);
    response.consents = other.consents;
    response.consent_bindings = other.consent_bindings;
}

const LIES: &[(&str, Code, Edit)] = &[
    ("more fields", Code::Conflict, |r, w, f, t| {
        signed(r, w, f, t, |d| d.terms.fields.push("annual_income".parse().unwrap()))
    }),
    ("more uses", Code::Conflict, |r, w, f, t| signed(r, w, f, t, |d| d.terms.frequency.max_uses = 12)),
    ("other days", Code::Conflict, |r, w, f, t| signed(r, w, f, t, |d| d.terms.data_range = None)),
    ("about a ward, where she was asked about herself", Code::Conflict, |r, w, f, t| {
        signed(r, w, f, t, |d| d.terms.data_subject = ward());
    }),
    ("another provider", Code::Conflict, |r, w, f, t| {
        signed(r, w, f, t, |d| d.terms.provider = w.civil.entity.clone())
    }),
    ("another consumer", Code::Conflict, |r, w, f, t| {
        signed(r, w, f, t, |d| d.terms.consumer = w.civil.entity.clone())
    }),
    ("kept for longer", Code::Conflict, |r, w, f, t| {
        signed(r, w, f, t, |d| d.terms.retention.duration = "P180D".parse().unwrap());
    }),
    ("a later end", Code::Conflict, |r, w, f, t| signed(r, w, f, t, |d| d.valid_until = d.valid_until.plus(86_400))),
    ("another text", Code::Conflict, |r, w, f, t| signed(r, w, f, t, |d| d.terms.purpose.text = Digest::of("other"))),
    ("another card", Code::Conflict, |r, w, f, t| signed(r, w, f, t, |d| d.notice.notice = Digest::of("other"))),
    ("another language than the card's", Code::Conflict, |r, w, f, t| {
        signed(r, w, f, t, |d| d.notice.locale = "en".into())
    }),
    ("another request object", Code::Conflict, |r, w, f, t| {
        signed(r, w, f, t, |d| d.notice.request = Digest::of("other"))
    }),
    ("shown before it was fetched", Code::Stale, |r, w, f, t| {
        signed(r, w, f, t, |d| d.notice.shown_at = d.notice.shown_at.plus(-300));
    }),
    ("shown in the future", Code::Stale, |r, w, f, t| {
        signed(r, w, f, t, |d| d.notice.shown_at = d.notice.shown_at.plus(300))
    }),
    ("valid since before she saw it", Code::Stale, |r, w, f, t| {
        signed(r, w, f, t, |d| d.valid_from = d.valid_from.plus(-600))
    }),
    ("no consent", Code::Conflict, |r, _, _, _| r.consents.clear()),
    ("no presentation", Code::Conflict, |r, _, _, _| r.consent_bindings.clear()),
    ("another state", Code::Conflict, |r, _, _, _| r.state = "01936b1e-5b2f-7c3d-8e4f-0123456789ab".into()),
    ("no session", Code::BindingMissing, |r, _, _, _| r.vp_token.clear()),
    ("a session over another nonce", Code::BindingInvalid, |r, w, f, t| {
        let hash = encode_base64url(Digest::of(&f.claims.transaction_data[0]).as_bytes());
        let to = TestWallet::key_binding(&f.claims.client_id, "another", w.now().numeric(), vec![hash]);
        session(r, t.binding.present(&[], &to, &t.key).unwrap());
    }),
    ("a session for another department", Code::BindingInvalid, |r, w, f, t| {
        let hash = encode_base64url(Digest::of(&f.claims.transaction_data[0]).as_bytes());
        let to = TestWallet::key_binding(w.civil.entity.as_str(), &f.claims.nonce, w.now().numeric(), vec![hash]);
        session(r, t.binding.present(&[], &to, &t.key).unwrap());
    }),
    ("a session over other terms", Code::BindingInvalid, |r, w, f, t| {
        let to = TestWallet::key_binding(&f.claims.client_id, &f.claims.nonce, w.now().numeric(), vec!["other".into()]);
        session(r, t.binding.present(&[], &to, &t.key).unwrap());
    }),
    ("a forged signature", Code::SignatureInvalid, |r, _, _, _| {
        let (head, signature) = r.consents[0].as_str().rsplit_once('.').unwrap();
        let reversed: String = signature.chars().rev().collect();
        // Reversed base64url may end in trailing bits; the first characters alone are exchanged.
        let forged = format!("{}{}", &reversed[..40], &signature[40..]);
        r.consents[0] = format!("{head}.{forged}").parse().unwrap();
    }),
];

fn session(response: &mut AuthorizationResponse, presentation: String) {
    response.vp_token.insert(BINDING_QUERY_ID.to_owned(), vec![presentation]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_not_what_was_asked_is_refused_and_nothing_of_it_kept() {
    let world = CitizenWorld::start().await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let view = world.ask().await;
    let fetched = TestWallet::fetch(&world, &view).await;
    for (why, code, edit) in LIES {
        let mut response = wallet.response(&world, &fetched, wallet.draft(&world, &fetched));
        edit(&mut response, &world, &fetched, &wallet);
        assert_eq!(TestWallet::post(&world, &fetched, &response).await.refused(), *code, "{why}");
    }
    let kept = world.social.app().db().read(|conn| rows(conn, "held_consent")).await;
    assert_eq!(kept.unwrap(), 0);
    assert_eq!(world.view(&view.id).await.state, ConsentRequestState::Waiting);

    let response = wallet.response(&world, &fetched, wallet.draft(&world, &fetched));
    TestWallet::post(&world, &fetched, &response).await.json::<Value>();
    assert_eq!(world.view(&view.id).await.state, ConsentRequestState::Given);
    assert_eq!(TestWallet::post(&world, &fetched, &response).await.refused(), Code::Conflict, "one decision a request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_by_another_key_than_the_sessions_is_refused() {
    let world = CitizenWorld::start().await;
    let wallets = TestWallet::batch(&world, "R-1", 2).await;
    let view = world.ask().await;
    let fetched = TestWallet::fetch(&world, &view).await;
    let mut response = wallets[0].response(&world, &fetched, wallets[0].draft(&world, &fetched));
    session(&mut response, wallets[1].session(&world, &fetched));
    assert_eq!(TestWallet::post(&world, &fetched, &response).await.refused(), Code::ConsentWrongSubject);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_binding_consents_to_nothing() {
    let world = CitizenWorld::start().await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let (keys, number) = (world.civil.app().keys().clone(), "R-1".parse().unwrap());
    let suspended =
        world.civil.app().db().write(move |conn| Ok::<_, DatabaseError>(binding_suspend(conn, &keys, &number)?));
    assert_eq!(suspended.await.unwrap(), 1);
    let view = world.ask().await;
    let fetched = TestWallet::fetch(&world, &view).await;
    let response = wallet.response(&world, &fetched, wallet.draft(&world, &fetched));
    assert_eq!(TestWallet::post(&world, &fetched, &response).await.refused(), Code::BindingSuspended);
}

#[tokio::test(flavor = "multi_thread")]
async fn she_says_no_once_and_an_answer_to_nothing_is_refused() {
    let world = CitizenWorld::start().await;
    let wallet = TestWallet::of(&world, "R-1").await;
    let view = world.ask().await;
    let fetched = TestWallet::fetch(&world, &view).await;
    let no = [("error", "access_denied"), ("state", view.id.as_str())];
    world.social.post_form("/consents/responses", &[], &no).await.json::<Value>();
    assert_eq!(world.view(&view.id).await.state, ConsentRequestState::Denied);
    assert_eq!(world.social.post_form("/consents/responses", &[], &no).await.refused(), Code::Conflict);
    let response = wallet.response(&world, &fetched, wallet.draft(&world, &fetched));
    assert_eq!(TestWallet::post(&world, &fetched, &response).await.refused(), Code::Conflict, "denied stays denied");
    let path = format!("/consents/requests/{}", view.id);
    assert_eq!(world.social.post_form(&path, &[], &[("wallet_nonce", "w")]).await.refused(), Code::Conflict);

    let unknown = [("error", "access_denied"), ("state", "01936b1e-5b2f-7c3d-8e4f-0123456789ab")];
    assert_eq!(world.social.post_form("/consents/responses", &[], &unknown).await.refused(), Code::NotFound);
    let to_nobody = protocol::seal::DecryptionKey::generate().unwrap();
    let sealed = protocol::seal::seal_plain(to_nobody.public(), &response).unwrap();
    let answer = world.social.post_form("/consents/responses", &[], &[("response", sealed.as_str())]).await;
    assert_eq!(answer.refused(), Code::NotFound);
    let answer = world.social.post("/consents/responses", "application/json", &[], "{}").await;
    assert_eq!(answer.refused(), Code::MediaTypeUnsupported);
}
