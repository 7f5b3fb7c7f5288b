//! Proofs that go beside a consent, or stand alone: presence over a live nonce, guardianships, and presentations to the citizen's
//! endpoints. Each is bent in one place, by somebody with the keys of a citizen, a member or even the registry.

use protocol::{
    credential::{KeyBinding, guardianship::GuardianshipDraft, vc::presentation_nonce},
    seal::random,
};
use schemas::{
    citizen::PresentationNonce,
    consent::{BindingPresentation, DataSubject, FrequencyMode},
    digest::Digest,
    id::EntityId,
    problem::Code,
};
use serde_json::{Value, json};
use vinimay::world::Department;

use super::{of_a_signed_refusal, people::Desk, world::World};
use crate::rogue::{Binding, Citizen, Heard, Traces};

/// What is shown here.
pub const CODES: &[Code] = &[
    Code::LiveNonceRequired,
    Code::GuardianshipInvalid,
    Code::Stale,
    Code::Replayed,
    Code::BindingInvalid,
    Code::NotFound,
];

/// A nonce that a department gave out for a kind of use.
async fn nonce(department: &Department, kind: &str) -> String {
    let body = json!({ "kind": kind }).to_string();
    let given = Desk::of(department).post("/citizen/v1/nonce", "application/json", &body).await.unwrap();
    serde_json::from_str::<PresentationNonce>(&given).unwrap().nonce
}

fn bound_to(world: &World, aud: &EntityId, nonce: &str) -> KeyBinding {
    let iat = world.now().plus(-1).numeric();
    KeyBinding { aud: aud.to_string(), nonce: nonce.to_owned(), iat, transaction_data_hashes: Vec::new() }
}

/// A query on this basis.
async fn ask(world: &World, basis: &Value) -> Heard {
    let (asker, door) = &world.callers[0];
    door.ask(&asker.sign(&asker.claims(world.federation.revenue.entity(), basis, world.now()))).await
}

/// Refused and signed; a good query follows.
async fn is_refused(world: &World, basis: &Value, code: Code, why: &str) {
    let before = Traces::of(&world.federation.revenue);
    assert_eq!(ask(world, basis).await, Heard::Refused(code), "{why}");
    let after = Traces::of(&world.federation.revenue);
    assert_eq!(after.since(&before), of_a_signed_refusal(), "{why}");
    assert_eq!((after.uses, after.statements), (before.uses, before.statements), "{why}: no use, no read");
}

/// A consent for one use, with this proof that she is there.
fn once(world: &World, live: Option<String>) -> Value {
    let (citizen, provider, now) = (&world.citizen, world.federation.revenue.entity(), world.now());
    let mut draft = world.draft(now);
    (draft.terms.frequency.mode, draft.terms.frequency.max_uses) = (FrequencyMode::OneTime, 1);
    let consent = citizen.sign(&draft, &citizen.bindings[0].key);
    let binding = citizen.present(&consent, &citizen.bindings[0], provider, now);
    citizen.seal_whole(&consent, &BindingPresentation { binding, live, guardianship: None }, provider)
}

/// Shows nothing but the binding itself, over a nonce.
fn shown(world: &World, binding: &Binding, aud: &EntityId, nonce: &str) -> Option<String> {
    Some(binding.held.present(&[], &bound_to(world, aud, nonce), &binding.key).unwrap())
}

/// A nonce proves presence for one consent, at the department that gave it, for this use, by the key that consents.
pub async fn presence_is_proven_once_and_here(world: &World) {
    let (revenue, food) = (&world.federation.revenue, &world.federation.food);
    let (here, hers) = (revenue.entity(), &world.citizen.bindings[0]);
    let used = nonce(revenue, "live").await;
    let good = once(world, shown(world, hers, here, &used));
    assert_eq!(ask(world, &good).await, Heard::Answered, "a good one before");
    is_refused(world, &good, Code::ConsentUsedUp, "once is once").await;
    let elsewhere = world.federation.food.entity();
    let fresh = nonce(revenue, "live").await;
    let bent = [
        ("no proof", None),
        ("a nonce that another consent used", shown(world, hers, here, &used)),
        ("a nonce for another use", shown(world, hers, here, &nonce(revenue, "citizen").await)),
        ("another department's nonce", shown(world, hers, here, &nonce(food, "live").await)),
        ("a nonce that nobody gave", shown(world, hers, here, &random::nonce())),
        ("for another department", shown(world, hers, elsewhere, &fresh)),
        ("by another key of hers", shown(world, &world.citizen.bindings[1], here, &fresh)),
        ("without a key binding", shown(world, hers, here, &fresh).map(|shown| until_its_end(&shown))),
        ("no proof at all", Some("here I am".to_owned())),
    ];
    for (why, live) in bent {
        is_refused(world, &once(world, live), Code::LiveNonceRequired, why).await;
    }
    let late = once(world, shown(world, hers, here, &fresh));
    assert_eq!(ask(world, &late).await, Heard::Answered, "refused proofs spend no nonce of hers");
    world.is_good("after proofs of presence").await;
}

/// What is shown, with no key binding behind it.
fn until_its_end(shown: &str) -> String {
    let (shown, _) = shown.rsplit_once('~').unwrap();
    format!("{shown}~")
}

type Bend = fn(&mut GuardianshipDraft, &World);

fn bends() -> Vec<(&'static str, Bend)> {
    vec![
        ("of another key", |g, w| g.guardian = w.citizen.bindings[1].key.public().clone()),
        ("for purposes of another family", |g, _| g.purposes = vec!["food".parse().unwrap()]),
        ("for no purpose", |g, _| g.purposes.clear()),
        ("that has ended", |g, w| g.exp = w.now().plus(-1).numeric()),
        ("that begins in a minute", |g, w| g.iat = w.now().plus(60).numeric()),
        ("over nobody of this sector", |g, _| {
            g.ward.retain(|(sector, _)| sector.as_str() != "revenue");
        }),
        ("over herself", |g, w| g.ward = w.citizen.subjects()),
        ("by a registry that is none", |g, w| g.issuer = w.federation.food.entity().clone()),
    ]
}

/// A consent for a ward, on this guardianship, which the consent names by this digest.
fn for_ward(world: &World, named: Option<Digest>, token: Option<String>) -> Value {
    let (citizen, provider, now) = (&world.citizen, world.federation.revenue.entity(), world.now());
    let mut draft = world.draft(now);
    if let Some(guardianship_sha256) = named {
        draft.terms.data_subject = DataSubject::Ward { guardianship_sha256 };
    }
    let hers = &citizen.bindings[0];
    let consent = citizen.sign(&draft, &hers.key);
    let binding = citizen.present(&consent, hers, provider, now);
    let guardianship = token.map(|token| only_for_revenue(&token));
    citizen.seal_whole(&consent, &BindingPresentation { binding, live: None, guardianship }, provider)
}

/// Shows this sector's name of the ward and no other.
fn only_for_revenue(token: &str) -> String {
    protocol::credential::guardianship::show(token, &"revenue".parse().unwrap()).unwrap_or_else(|_| {
        let (signed, _) = token.split_once('~').unwrap();
        format!("{signed}~")
    })
}

/// Who decides for another needs a guardianship for that key, this purpose, this time and this sector.
pub async fn nobody_decides_for_another_without_right(world: &World) {
    let other = world.federation.databases.cast.pensioner.clone().unwrap().keys.resident_no.to_string();
    let ward = Citizen::bind(&world.federation, &other, 1, world.now()).await;
    let key = &world.citizen.bindings[0].key;
    let appointed = |change: &dyn Fn(&mut GuardianshipDraft)| {
        world.citizen.appointed_over(&ward, key, world.now(), |draft| change(draft))
    };
    let (digest, token) = appointed(&|_| ());
    let good = for_ward(world, Some(digest), Some(token.clone()));
    assert_eq!(ask(world, &good).await, Heard::Answered, "a good one before");
    for (why, bend) in bends() {
        let (digest, token) = appointed(&|draft| bend(draft, world));
        let basis = for_ward(world, Some(digest), Some(token));
        is_refused(world, &basis, Code::GuardianshipInvalid, &format!("a guardianship {why}")).await;
    }
    let (another, _) = appointed(&|_| ());
    for (why, named, shown) in [
        ("not shown", Some(digest), None),
        ("another than she named", Some(another), Some(token.clone())),
        ("a guardianship and no ward", None, Some(token.clone())),
        ("no guardianship at all", Some(digest), Some("mine~".to_owned())),
        ("changed after it was signed", Some(digest), Some(token.replacen('.', ".A", 1))),
    ] {
        is_refused(world, &for_ward(world, named, shown), Code::GuardianshipInvalid, why).await;
    }
    let again = for_ward(world, Some(digest), Some(token));
    assert_eq!(ask(world, &again).await, Heard::Answered, "a good one after");
    world.is_good("after guardianships").await;
}

/// Her uses and her evidence are told to her, over a nonce of this department that nobody has used.
pub async fn nobody_reads_anothers_history(world: &World) {
    let (revenue, food) = (&world.federation.revenue, &world.federation.food);
    let (desk, hers, here) = (Desk::of(revenue), &world.citizen.bindings[0], revenue.entity());
    let told = async |binding: &str| {
        desk.post("/citizen/v1/history", "application/json", &json!({ "binding": binding }).to_string()).await
    };
    let present = |binding: &Binding, aud: &EntityId, nonce: &str| {
        binding.held.present_subject(&"revenue".parse().unwrap(), &bound_to(world, aud, nonce), &binding.key).unwrap()
    };
    let used = present(hers, here, &nonce(revenue, "citizen").await);
    let before: Value = serde_json::from_str(&told(&used).await.unwrap()).unwrap();
    assert!(!before["uses"].as_array().unwrap().is_empty(), "there is something to read");
    let fresh = nonce(revenue, "citizen").await;
    let consent = world.citizen.sign(&world.draft(world.now()), &hers.key);
    let stolen = world.citizen.present(&consent, hers, here, world.now());
    let other_key = KeyBinding { nonce: presentation_nonce(&consent), ..bound_to(world, here, "") };
    for (why, code, binding) in [
        ("a nonce that was used", Code::Replayed, used.clone()),
        ("a nonce for another use", Code::Stale, present(hers, here, &nonce(revenue, "live").await)),
        ("another department's nonce", Code::Stale, present(hers, here, &nonce(food, "citizen").await)),
        ("a nonce that nobody gave", Code::Stale, present(hers, here, &random::nonce())),
        ("what goes with a consent", Code::Stale, stolen),
        ("the same, made by her", Code::Stale, hers.held.present(&[], &other_key, &hers.key).unwrap()),
        ("for another department", Code::BindingInvalid, present(hers, food.entity(), &fresh)),
        ("without a key binding", Code::BindingInvalid, until_its_end(&present(hers, here, &fresh))),
    ] {
        assert_eq!(told(&binding).await, Err(code), "{why}");
    }
    anothers_evidence(world, &before["uses"][0]["exchange"]).await;
    assert!(told(&present(hers, here, &fresh)).await.is_ok(), "refused presentations spend no nonce of hers");
    let spare = present(hers, here, &nonce(revenue, "citizen").await);
    let others = json!({ "binding": spare, "scope": "others" }).to_string();
    assert_eq!(
        desk.post("/identity/bindings/revoke", "application/json", &others).await,
        Err(Code::RoleMissing),
        "a binding ends where it was issued"
    );
    world.is_good("after strangers asked for histories").await;
}

/// The evidence of her exchange is for her alone: another person learns not even that it is there.
async fn anothers_evidence(world: &World, exchange: &Value) {
    let revenue = &world.federation.revenue;
    let (desk, here) = (Desk::of(revenue), revenue.entity());
    // Neither she nor the ward for whom she decided above: what is told of the ward is the ward's to read too.
    let other = world.federation.databases.cast.next_at_60.clone().unwrap().keys.resident_no.to_string();
    let other = Citizen::bind(&world.federation, &other, 1, world.now()).await;
    let stranger = &other.bindings[0];
    for exchange in [exchange.clone(), json!(random::message_id(world.now()))] {
        let nonce = nonce(revenue, "citizen").await;
        let to = bound_to(world, here, &nonce);
        let shown = stranger.held.present_subject(&"revenue".parse().unwrap(), &to, &stranger.key).unwrap();
        let body = json!({ "binding": shown, "exchange": exchange }).to_string();
        assert_eq!(desk.post("/citizen/v1/bundles", "application/json", &body).await, Err(Code::NotFound));
    }
}
