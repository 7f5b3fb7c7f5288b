//! Refusals of the basis: the consent, the binding that goes with it, and what the provider knows of both.

use diesel::{Connection, RunQueryDsl, SqliteConnection, sql_query};
use protocol::{
    credential::did,
    seal::{KeyReference, SigningKey, Typ, random, sign_as},
};
use schemas::{
    consent::{BindingMode, ConsentOrder, ConsentStatus, DataSubject, FrequencyMode, OrderAck, OrderAction},
    digest::Digest,
    federation::Assurance,
    id::CompactJws,
    problem::Code,
    version::V1,
};
use serde_json::{Value, json};

use super::{
    attempt::{Attempt, Row, row},
    of_a_signed_refusal,
    world::World,
};
use crate::rogue::{Heard, PATIENCE, Traces, address, client, plain_code, until};

/// Shown beside the table.
pub const BESIDE: &[Code] = &[
    Code::ConsentRevoked,
    Code::ConsentPaused,
    Code::ConsentUsedUp,
    Code::NotFoundOrNotPermitted,
    Code::RegistryUnavailable,
    Code::BindingSuspended,
    Code::BindingRevoked,
];

pub fn rows() -> Vec<Row> {
    use Code::*;
    vec![
        row(ConsentWrongConsumer, "given to another department", |a| {
            a.draft.terms.consumer = a.world.federation.food.entity().clone();
        }),
        row(ConsentWrongProvider, "given for another department's data", |a| {
            let food = a.world.federation.food.entity().clone();
            a.draft.terms.provider = food;
        }),
        row(ConsentWrongSubject, "signed by one key and naming another", |a| {
            let other = did::encode(a.world.citizen.bindings[1].key.public()).unwrap();
            resign(a, |credential| credential["credentialSubject"]["id"] = other.as_str().into());
        }),
        row(ConsentWrongSubject, "with the binding of another key", |a| {
            let consent = a.world.citizen.sign(&a.draft, &a.binding.key);
            let shown = a.world.citizen.present(&consent, &a.world.citizen.bindings[1], &a.draft.terms.provider, a.now);
            *a.basis() = a.world.citizen.seal(&consent, &shown, &a.draft.terms.provider);
        }),
        row(BindingInvalid, "presented for another consent", |a| {
            let (consent, other) = (
                a.world.citizen.sign(&a.draft, &a.binding.key),
                a.world.citizen.sign(&a.world.draft(a.now), &a.binding.key),
            );
            let shown = a.world.citizen.present(&other, &a.binding, &a.draft.terms.provider, a.now);
            *a.basis() = a.world.citizen.seal(&consent, &shown, &a.draft.terms.provider);
        }),
        row(BindingInvalid, "sealed to another department", |a| {
            let food = a.world.federation.food.entity().clone();
            let consent = a.world.citizen.sign(&a.draft, &a.binding.key);
            let shown = a.world.citizen.present(&consent, &a.binding, &food, a.now);
            *a.basis() = a.world.citizen.seal(&consent, &shown, &food);
        }),
        row(BindingInvalid, "moved from another query", |a| {
            let mut other = Attempt::new(a.world);
            let binding = other.basis()["binding"].clone();
            a.basis()["binding"] = binding;
        }),
        row(BindingInvalid, "shown eleven minutes earlier", |a| a.draft.notice.shown_at = a.now.plus(-11 * 60)),
        row(BindingInvalid, "an assisted session that names no operator", |a| {
            a.binding = a.world.citizen.forged_by_registry(|binding| binding.mode = BindingMode::Assisted);
        }),
        row(BindingInvalid, "a binding that has ended", |a| {
            let ended = a.now.plus(-60).numeric();
            a.binding = a.world.citizen.forged_by_registry(|binding| binding.exp = ended);
        }),
        row(GuardianshipInvalid, "for a ward, without a guardianship", |a| {
            a.draft.terms.data_subject = DataSubject::Ward { guardianship_sha256: Digest::of("none") };
        }),
        row(ConsentNotYetValid, "begins in an hour", |a| a.draft.valid_from = a.now.plus(3_600)),
        row(ConsentExpired, "ended a second ago", |a| a.draft.valid_until = a.now.plus(-1)),
        row(ConsentPurposeMismatch, "asked for another purpose of the family", |a| {
            a.claims()["query"]["purpose"] = "social.pension.continuation".into();
        }),
        row(ConsentScopeExceeded, "one item more", |a| {
            a.claims()["query"]["fields"] = json!(["annual_income_band", "annual_income"]);
        }),
        row(ConsentScopeExceeded, "no item", |a| a.claims()["query"]["fields"] = json!([])),
        row(ConsentScopeExceeded, "another dataset", |a| {
            a.claims()["query"]["dataset"] = "revenue.land-holding".into()
        }),
        row(ConsentScopeExceeded, "with a predicate", |a| {
            a.claims()["query"]["predicates"] = json!([{ "field": "annual_income_band", "op": "eq", "value": "A" }]);
        }),
        row(ConsentAboveTemplate, "an item that the purpose does not have", |a| {
            a.draft.terms.fields = vec!["annual_income".parse().unwrap()];
            a.claims()["query"]["fields"] = json!(["annual_income"]);
        }),
        row(ConsentAboveTemplate, "a text that she was never shown", |a| {
            a.draft.terms.purpose.text = Digest::of("a milder text")
        }),
        row(ConsentAboveTemplate, "a version that is not registered", |a| {
            a.draft.terms.purpose.version = "2027-01".parse().unwrap();
        }),
        row(ConsentAboveTemplate, "thirteen uses", |a| a.draft.terms.frequency.max_uses = 13),
        row(ConsentAboveTemplate, "valid for 366 days", |a| {
            a.draft.valid_until = a.draft.valid_from.plus(366 * 86_400)
        }),
        row(ConsentAboveTemplate, "kept for a year", |a| a.draft.terms.retention.duration = "P1Y".parse().unwrap()),
        row(DatasetUnknown, "a dataset of another department", |a| {
            a.draft.terms.dataset = "food.household".parse().unwrap();
            a.draft.terms.fields = vec!["category".parse().unwrap()];
            a.claims()["query"]["dataset"] = "food.household".into();
            a.claims()["query"]["fields"] = json!(["category"]);
        }),
        row(BindingAssuranceTooLow, "a person who is hardly known", |a| {
            a.binding = a.world.citizen.forged_by_registry(|binding| binding.assurance = Assurance::Low);
        }),
        row(LiveNonceRequired, "once only, without a proof of presence", |a| {
            a.draft.terms.frequency.mode = FrequencyMode::OneTime;
            a.draft.terms.frequency.max_uses = 1;
        }),
        row(TokenMalformed, "a consent with another context", |a| {
            resign(a, |credential| credential["@context"][1] = "https://evil.example/contexts/consent/v1".into());
        }),
        row(TokenMalformed, "a consent with a member that nobody knows", |a| {
            resign(a, |credential| credential["termsOfUse"] = json!({}));
        }),
        row(SignatureInvalid, "a consent whose signature is another's", |a| {
            let own = a.world.citizen.sign(&a.draft, &a.binding.key);
            let other = a.world.citizen.sign(&a.world.draft(a.now), &a.binding.key);
            let (signed, _) = own.as_str().rsplit_once('.').unwrap();
            let (_, signature) = other.as_str().rsplit_once('.').unwrap();
            a.basis()["consent"] = format!("{signed}.{signature}").into();
        }),
    ]
}

/// Signs a changed credential with her own key.
pub fn resign(attempt: &mut Attempt<'_>, change: impl FnOnce(&mut Value)) {
    let consent = attempt.world.citizen.sign(&attempt.draft, &attempt.binding.key);
    let mut credential = payload(consent.as_str());
    change(&mut credential);
    let url = did::key_url(&did::encode(attempt.binding.key.public()).unwrap());
    let changed = sign_as(Typ::Consent, &attempt.binding.key, KeyReference::Url(&url), &credential).unwrap();
    attempt.basis()["consent"] = changed.as_str().into();
}

fn payload(jws: &str) -> Value {
    let payload = jws.split('.').nth(1).unwrap();
    serde_json::from_slice(&protocol::seal::decode_base64url(payload).unwrap()).unwrap()
}

/// One more query on a consent that is there already.
async fn again(world: &World, basis: &Value) -> Heard {
    let (asker, door) = &world.callers[0];
    door.ask(&asker.sign(&asker.claims(world.federation.revenue.entity(), basis, world.now()))).await
}

/// A signed refusal that leaves what such a one leaves.
async fn refused_again(world: &World, basis: &Value, code: Code) {
    let before = Traces::of(&world.federation.revenue);
    assert_eq!(again(world, basis).await, Heard::Refused(code));
    let after = Traces::of(&world.federation.revenue);
    assert_eq!(after.since(&before), of_a_signed_refusal(), "{code}");
    assert_eq!((after.uses, after.statements), (before.uses, before.statements), "{code}");
    world.is_good(code.as_str()).await;
}

/// Revoked, paused, resumed, shortened by her order; used up by use.
pub async fn what_is_ordered_or_used_up_is_refused(world: &World) {
    let now = world.now();
    let key = &world.citizen.bindings[0].key;
    let draft = world.draft(now);
    let consent = world.citizen.sign(&draft, key);
    let basis = basis_of(world, &consent);
    assert_eq!(again(world, &basis).await, Heard::Answered);
    assert_eq!(order(world, key, &consent, OrderAction::Pause, 1).await, Ok(ConsentStatus::Paused));
    refused_again(world, &basis, Code::ConsentPaused).await;
    assert_eq!(order(world, key, &consent, OrderAction::Resume, 2).await, Ok(ConsentStatus::Active));
    assert_eq!(again(world, &basis).await, Heard::Answered);
    assert_eq!(order(world, key, &consent, OrderAction::Revoke, 3).await, Ok(ConsentStatus::Revoked));
    refused_again(world, &basis, Code::ConsentRevoked).await;
    assert_eq!(order(world, key, &consent, OrderAction::Resume, 4).await, Err(Code::Conflict), "revoked is final");
    refused_again(world, &basis, Code::ConsentRevoked).await;

    let mut once = world.draft(now);
    once.terms.frequency.max_uses = 1;
    let basis = basis_of(world, &world.citizen.sign(&once, key));
    assert_eq!(again(world, &basis).await, Heard::Answered);
    refused_again(world, &basis, Code::ConsentUsedUp).await;

    let mut monthly = world.draft(now);
    monthly.terms.frequency.period = Some("P1M".parse().unwrap());
    monthly.terms.frequency.uses_per_period = Some(1);
    let basis = basis_of(world, &world.citizen.sign(&monthly, key));
    assert_eq!(again(world, &basis).await, Heard::Answered);
    refused_again(world, &basis, Code::ConsentUsedUp).await;
}

pub fn basis_of(world: &World, consent: &CompactJws) -> Value {
    let (binding, provider) = (&world.citizen.bindings[0], world.federation.revenue.entity());
    let shown = world.citizen.present(consent, binding, provider, world.now());
    world.citizen.seal(consent, &shown, provider)
}

/// Her signed order at the provider's people's listener; what it says holds now.
pub async fn order(
    world: &World,
    key: &SigningKey,
    consent: &CompactJws,
    action: OrderAction,
    n: u32,
) -> Result<ConsentStatus, Code> {
    let revenue = &world.federation.revenue;
    let did = did::encode(key.public()).unwrap();
    let order = ConsentOrder {
        v: V1,
        iss: did.clone(),
        aud: vec![world.federation.social.entity().clone(), revenue.entity().clone()],
        iat: world.now().numeric(),
        jti: random::message_id(world.now()),
        consent: consent.clone(),
        action,
        until: None,
        n,
    };
    let signed = sign_as(Typ::ConsentOrder, key, KeyReference::Url(&did::key_url(&did)), &order).unwrap();
    let url = format!("{}/citizen/v1/orders", address(revenue, "public", "people")).parse().unwrap();
    let people = client(&revenue.folder().join("keys/tls.pem"), None);
    let reply =
        people.post(&url, "application/consent-order+jwt", signed.as_str().as_bytes().to_vec(), 1 << 16).await.unwrap();
    if reply.status != 200 {
        return Err(plain_code(&reply));
    }
    let ack: OrderAck = serde_json::from_value(payload(std::str::from_utf8(&reply.body).unwrap())).unwrap();
    Ok(ack.status)
}

/// One refusal for a person who is not known here, and for one whose number here has no row: nobody can tell which.
pub async fn an_unknown_person_looks_like_a_basis_that_does_not_reach(world: &World) {
    let mut nobody = Attempt::new(world);
    nobody.binding = world.citizen.forged_by_registry(|binding| {
        for (_, subject) in &mut binding.subjects {
            *subject = protocol::seal::encode_base64url([7; 32]).parse().unwrap();
        }
    });
    let applicant = world.federation.databases.cast.applicant.clone().unwrap().keys.khata_no.unwrap().to_string();
    let mut seen = Vec::new();
    for (mut attempt, is_gone) in [(nobody, false), (Attempt::new(world), true)] {
        let before = Traces::of(&world.federation.revenue);
        let (door, bytes) = (&world.callers[0].1, attempt.bytes().clone());
        if is_gone {
            in_revenue(world, &format!("UPDATE khatedar SET khata_no = 'gone' WHERE khata_no = '{applicant}'"));
        }
        let reply = door.post(&bytes, "application/dx-query+jwt", &[]).await;
        if is_gone {
            in_revenue(world, &format!("UPDATE khatedar SET khata_no = '{applicant}' WHERE khata_no = 'gone'"));
        }
        let (heard, answer) = door.heard(&reply);
        assert_eq!(heard, Heard::Refused(Code::NotFoundOrNotPermitted));
        let answer = answer.unwrap();
        let mut receipt = payload(answer.receipt.as_str());
        let mut answer = serde_json::to_value(&answer).unwrap();
        for (document, own) in [
            (&mut answer, vec!["jti", "iat", "query_jti", "query", "receipt"]),
            (&mut receipt, vec!["jti", "iat", "exchange", "query", "salt", "basis", "subject", "status_checked"]),
        ] {
            for name in own {
                assert_ne!(document[name].take(), Value::Null, "{name} is there");
            }
        }
        let after = Traces::of(&world.federation.revenue);
        assert_eq!((after.since(&before), after.uses), (of_a_signed_refusal(), before.uses));
        seen.push((reply.status, reply.media_type, reply.body.len(), answer, receipt));
        world.is_good("after a person who is not there").await;
    }
    assert_eq!(seen[0], seen[1], "the two cannot be told apart, not even by length");
}

/// As the department's own staff would do it.
fn in_revenue(world: &World, statement: &str) {
    let path = world.federation.databases.revenue.display().to_string();
    let mut conn = SqliteConnection::establish(&path).unwrap();
    sql_query("PRAGMA busy_timeout = 60000").execute(&mut conn).unwrap();
    assert!(sql_query(statement).execute(&mut conn).unwrap() <= 1);
}

/// The table is gone for a moment: the query is refused, and answered when the table is back.
pub async fn a_source_that_cannot_be_read(world: &World) {
    let rename = |from: &str, to: &str| in_revenue(world, &format!("ALTER TABLE {from} RENAME TO {to}"));
    world.is_good("before the table is gone").await;
    let before = Traces::of(&world.federation.revenue);
    rename("khatedar", "gone");
    let heard = Attempt::new(world).send().await;
    rename("gone", "khatedar");
    let after = Traces::of(&world.federation.revenue);
    assert_eq!(heard, Heard::Refused(Code::RegistryUnavailable));
    assert_eq!((after.since(&before), after.uses), (of_a_signed_refusal(), before.uses));
    world.is_good("when the table is back").await;
}

/// A registered death suspends her binding; a lost wallet revokes it. Both come by the registry's status list.
pub async fn a_binding_that_is_suspended_or_revoked(world: &mut World) {
    world.nothing_is_on_its_way().await;
    world.is_good("before her binding changes").await;
    set_status(world, 2);
    status_is_heard(world, Code::BindingSuspended).await;
    set_status(world, 0);
    restart(world).await;
    until(&world.clock, PATIENCE, "the suspension is lifted", async || Attempt::new(world).gets_answered().await).await;
    world.is_good("when the suspension is lifted").await;
    set_status(world, 1);
    status_is_heard(world, Code::BindingRevoked).await;
}

/// The registry's own rows: there is no command for a lost wallet yet, and a death takes more than the binding.
fn set_status(world: &World, status: i32) {
    let path = world.federation.civil.folder().join("gateway.sqlite").display().to_string();
    let mut conn = SqliteConnection::establish(&path).unwrap();
    sql_query("PRAGMA busy_timeout = 60000").execute(&mut conn).unwrap();
    let idx = world.citizen.bindings[0].held.claims().status.status_list.idx;
    conn.transaction(|conn| {
        let changed = sql_query(format!("UPDATE binding SET status = {status} WHERE idx = {idx}")).execute(conn)?;
        assert_eq!(changed, 1);
        sql_query("UPDATE status_list SET generation = generation + 1").execute(conn)
    })
    .unwrap();
}

/// Lists are fetched each minute, and at the start.
async fn restart(world: &mut World) {
    world.federation.revenue.stop().unwrap();
    world.federation.revenue.start_all().unwrap();
}

async fn status_is_heard(world: &mut World, code: Code) {
    restart(world).await;
    until(&world.clock, PATIENCE, "the status is heard", async || !Attempt::new(world).gets_answered().await).await;
    world.nothing_is_on_its_way().await;
    let before = Traces::of(&world.federation.revenue);
    assert_eq!(Attempt::new(world).send().await, Heard::Refused(code));
    let after = Traces::of(&world.federation.revenue);
    assert_eq!(
        (after.since(&before), after.uses, after.statements),
        (of_a_signed_refusal(), before.uses, before.statements),
        "{code}"
    );
}
