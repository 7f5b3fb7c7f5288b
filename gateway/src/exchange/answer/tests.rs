//! The whole path, and each code that it can give: between two good queries, and nothing but a receipt has changed.

use protocol::{
    credential::Status,
    exchange::Attested,
    seal::{Typ, random, sign},
};
use protocol_testing::name;
use schemas::{
    answer::Answer,
    consent::{DataSubject, FrequencyMode},
    federation::Standing,
    id::CompactJws,
    query::{Basis, Query},
    receipt::Receipt,
};

mod laws;
mod names;
mod presence;

use super::*;
use crate::exchange::testing::{
    count,
    federation::{Federation, strange_certificate, tamper},
};

/// The code of a signed refusal; `None` for data. Answer and receipt are the provider's and agree.
fn code(federation: &Federation, answer: &CompactJws) -> Option<Code> {
    let member = federation.provider_member();
    let answer = Attested::<Answer>::verify(answer.as_str().as_bytes(), &member).unwrap();
    let receipt = Attested::<Receipt>::verify(answer.claims().receipt.as_str().as_bytes(), &member).unwrap();
    assert_eq!(answer.claims().refusal.map(|refusal| refusal.code), receipt.claims().refusal);
    receipt.claims().refusal
}

fn receipts(federation: &Federation) -> i64 {
    let (receipts, claims) =
        (count(federation.provider.db(), "receipt"), count(federation.provider.db(), "exchange_claim"));
    assert_eq!(receipts, claims);
    receipts
}

async fn good(federation: &Federation) {
    let query = federation.world.query(&federation.consent(1));
    let answer = federation.answer(&query).await.unwrap();
    assert_eq!(code(federation, &answer), None, "a good query is answered");
}

type Bend = fn(&Federation) -> Query;

fn with_terms(federation: &Federation, bend: impl FnOnce(&mut schemas::consent::ConsentTerms)) -> Query {
    let mut terms = federation.terms(4);
    bend(&mut terms);
    federation.world.query(&federation.citizen().consent(&terms))
}

fn bent(federation: &Federation, bend: impl FnOnce(&mut Query)) -> Query {
    let mut query = federation.world.query(&federation.consent(4));
    bend(&mut query);
    query
}

fn dated(federation: &Federation, from: i64, until: i64) -> Query {
    let citizen = federation.citizen();
    let mut draft = citizen.draft(&federation.terms(4));
    draft.valid_from = federation.world.now.plus(from);
    draft.valid_until = federation.world.now.plus(until);
    federation.world.query(&citizen.sign(draft))
}

const REFUSALS: [(&str, Code, Bend); 16] = [
    ("for another department", Code::AudienceWrong, |f| bent(f, |q| q.aud = name("https://food.localhost"))),
    ("no role for this family", Code::RoleMissing, |f| bent(f, |q| q.query.purpose = name("food.ration.eligibility"))),
    ("ended long ago", Code::Stale, |f| bent(f, |q| (q.iat, q.exp) = (q.iat.plus(-300), q.exp.plus(-300)))),
    ("lives too long", Code::Stale, |f| bent(f, |q| q.exp = q.iat.plus(121))),
    ("another consumer's consent", Code::ConsentWrongConsumer, |f| {
        with_terms(f, |terms| terms.consumer = name("https://food.localhost"))
    }),
    ("another provider's consent", Code::ConsentWrongProvider, |f| {
        bent(f, |_| {}).tap(|q| q.basis = with_terms(f, |t| t.provider = name("https://food.localhost")).basis)
    }),
    ("another person's binding", Code::BindingInvalid, |f| {
        let other = f.world.query(&f.world.citizen("RID-0002").consent(&f.terms(4)));
        bent(f, |q| {
            let (Basis::Consent { binding, .. }, Basis::Consent { binding: others, .. }) = (&mut q.basis, other.basis)
            else {
                panic!("consents")
            };
            *binding = others;
        })
    }),
    ("not begun", Code::ConsentNotYetValid, |f| dated(f, 3600, 7200)),
    ("ended", Code::ConsentExpired, |f| dated(f, -7200, -1)),
    ("another purpose", Code::ConsentPurposeMismatch, |f| {
        bent(f, |q| q.query.purpose = name("social.widow-pension.eligibility"))
    }),
    ("an item she did not name", Code::ConsentScopeExceeded, |f| {
        bent(f, |q| q.query.fields.push(name("annual_income")))
    }),
    ("kept for longer than the purpose allows", Code::ConsentAboveTemplate, |f| {
        with_terms(f, |terms| terms.retention.duration = name("P10Y"))
    }),
    ("one time without a live nonce", Code::LiveNonceRequired, |f| {
        with_terms(f, |terms| (terms.frequency.mode, terms.frequency.max_uses) = (FrequencyMode::OneTime, 1))
    }),
    ("a ward without a guardianship", Code::GuardianshipInvalid, |f| {
        let guardianship_sha256 = schemas::digest::Digest::of("guardianship");
        with_terms(f, |terms| terms.data_subject = DataSubject::Ward { guardianship_sha256 })
    }),
    ("a law that nobody registered", Code::LawNotRegistered, |f| {
        bent(f, |q| {
            let Basis::Consent { binding, .. } = q.basis.clone() else { panic!("a consent") };
            q.basis = Basis::Law { id: name("rbd-1969-s3a"), subject: binding };
        })
    }),
    ("nobody here by that pseudonym", Code::NotFoundOrNotPermitted, |f| {
        f.world.query(&f.world.citizen("RID-9999").consent(&f.terms(4)))
    }),
];

trait Tap: Sized {
    fn tap(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl Tap for Query {}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_after_the_signature_is_signed_receipted_and_reads_nothing() {
    let federation = Federation::start().await;
    for (why, refusal, bend) in REFUSALS {
        good(&federation).await;
        let (receipts_before, read_before) = (receipts(&federation), federation.statements());
        let uses = count(federation.provider.db(), "consent_state");
        let query = federation.world.sealed(&bend(&federation));
        let bytes = query.as_str().as_bytes();
        let answer = federation.answer_bytes(bytes).await.unwrap_or_else(|error| panic!("{why}: {error}"));
        assert_eq!(code(&federation, &answer), Some(refusal), "{why}");
        assert_eq!(receipts(&federation), receipts_before + 1, "{why}: one receipt");
        assert_eq!(count(federation.provider.db(), "consent_state"), uses, "{why}: no use");
        assert_eq!(federation.statements(), read_before, "{why}: nothing was read");
        assert_eq!(federation.answer_bytes(bytes).await.as_ref(), Ok(&answer), "{why}: the same again");
    }
    good(&federation).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_before_the_signature_is_a_plain_problem_and_leaves_nothing() {
    let federation = Federation::start().await;
    good(&federation).await;
    let query = bent(&federation, |_| {});
    let sealed = federation.world.sealed(&query);
    let signing = &federation.world.consumer.signing;
    let other_type = sign(Typ::Receipt, signing, &query).unwrap();
    let stranger = protocol::seal::SigningKey::generate(protocol::seal::Algorithm::Es256).unwrap();
    let forged = sign(Typ::Query, &stranger, &query).unwrap();
    let others = federation.world.sealed(&bent(&federation, |q| q.iss = name("https://food.localhost")));
    let mut version = serde_json::to_value(&query).unwrap();
    version["v"] = 2.into();
    let version = sign(Typ::Query, signing, &version).unwrap();
    let swapped = {
        let (signed, _) = sealed.as_str().rsplit_once('.').unwrap();
        let other = federation.world.sealed(&bent(&federation, |_| {}));
        format!("{signed}.{}", other.as_str().rsplit_once('.').unwrap().1)
    };
    let long = format!("{}{}", sealed, "A".repeat(64 * 1024));
    let table: [(&str, Code, &[u8]); 9] = [
        ("no token", Code::TokenMalformed, b"hello"),
        ("empty", Code::TokenMalformed, b""),
        ("not UTF-8", Code::TokenMalformed, b"\xff\xfe"),
        ("too long", Code::TokenMalformed, long.as_bytes()),
        ("another type", Code::TokenTypeWrong, other_type.as_str().as_bytes()),
        ("another version", Code::VersionUnsupported, version.as_str().as_bytes()),
        ("an unknown key", Code::SignatureInvalid, forged.as_str().as_bytes()),
        ("another signature", Code::SignatureInvalid, swapped.as_bytes()),
        ("another member's query", Code::PeerCertificateMismatch, others.as_str().as_bytes()),
    ];
    let (before, read) = (receipts(&federation), federation.statements());
    for (why, code, bytes) in table {
        assert_eq!(federation.answer_bytes(bytes).await.unwrap_err().code(), code, "{why}");
    }
    let (bytes, certificate) = (sealed.as_str().as_bytes(), federation.certificate());
    let caller = federation.consumer.entity();
    let unknown = federation.provider.answer(&name("https://food.localhost"), &certificate, bytes).await;
    assert_eq!(unknown.unwrap_err().code(), Code::PeerUnknown);
    let strange = federation.provider.answer(caller, &strange_certificate(), bytes).await;
    assert_eq!(strange.unwrap_err().code(), Code::PeerCertificateMismatch);
    assert_eq!((receipts(&federation), federation.statements()), (before, read), "nothing is left behind");
    assert_eq!(code_of(&federation, &federation.answer_bytes(bytes).await), None, "the good one is still answered");
}

fn code_of(federation: &Federation, answer: &Result<CompactJws, Rejected>) -> Option<Code> {
    code(federation, answer.as_ref().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_binding_that_was_suspended_or_revoked_or_whose_status_is_unknown_is_refused() {
    let federation = Federation::start().await;
    let citizen = federation.citizen();
    let consent = citizen.consent(&federation.terms(9));
    let ask = || federation.world.query(&consent);
    assert_eq!(code_of(&federation, &federation.answer(&ask()).await), None);
    let reference = citizen.binding.claims().status.status_list.clone();
    for (seconds, status, refusal) in [
        (1, Status::Suspended, Some(Code::BindingSuspended)),
        (2, Status::Valid, None),
        (3, Status::Invalid, Some(Code::BindingRevoked)),
    ] {
        federation.world.registry.set_status(&reference, status);
        federation.learn_statuses(&federation.provider, seconds);
        assert_eq!(code_of(&federation, &federation.answer(&ask()).await), refusal, "remembered or not: {status:?}");
    }
    // Another process of the same gateway, which has not fetched any list yet.
    let fresh = federation.revenue.open();
    fresh.refresh_directory().await.unwrap();
    let query = federation.world.sealed(&federation.world.query(&federation.consent(1)));
    let answer = fresh.answer(federation.consumer.entity(), &federation.certificate(), query.as_str().as_bytes()).await;
    assert_eq!(code_of(&federation, &answer), Some(Code::BindingStatusUnavailable));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_is_used_up_and_a_query_id_counts_once() {
    let federation = Federation::start().await;
    let consent = federation.consent(1);
    let (first, second) = (federation.world.query(&consent), federation.world.query(&consent));
    let sealed = federation.world.sealed(&first);
    let answered = federation.answer_bytes(sealed.as_str().as_bytes()).await.unwrap();
    assert_eq!(code(&federation, &answered), None);
    let read = federation.statements();
    assert_eq!(code_of(&federation, &federation.answer(&second).await), Some(Code::ConsentUsedUp));
    assert_eq!(federation.statements(), read, "the row spares the read");
    let again = federation.answer_bytes(sealed.as_str().as_bytes()).await.unwrap();
    assert_eq!(again, answered, "the same bytes get the same answer");
    // ES256 signs differently each time: the same claims are other bytes.
    assert_eq!(federation.answer(&first).await.unwrap_err().code(), Code::Replayed);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_left_is_what_was_granted_and_opens_for_the_asker_alone() {
    let federation = Federation::start().await;
    let mut terms = federation.terms(2);
    terms.fields.push(name("assessed_on"));
    let query = bent(&federation, |_| {});
    let consent = federation.citizen().consent(&terms);
    let mut query = Query { jti: random::message_id(federation.world.now), ..query };
    query.basis = federation.world.query(&consent).basis;
    query.query.fields = vec![name("annual_income_band")];
    let sealed = federation.world.sealed(&query);
    let answer = federation.answer_bytes(sealed.as_str().as_bytes()).await.unwrap();
    let query = Attested::<Query>::read_own(&sealed, federation.consumer.keys().signing.public()).unwrap();
    let (member, now) = (federation.provider_member(), federation.consumer.now());
    let keys = &federation.consumer.keys().encryption;
    let opened = protocol::exchange::open_answer(answer.as_str().as_bytes(), &query, &member, keys, now).unwrap();
    let protocol::exchange::Answered::Record(record) = opened.answered() else { panic!("a record") };
    let row = std::collections::BTreeMap::from([(
        name("annual_income_band"),
        schemas::answer::FieldValue::Text("below_100000".into()),
    )]);
    assert_eq!(record.rows, vec![row], "only what was asked for");
    assert_eq!(opened.receipt().claims().fields, vec![name("annual_income_band")]);
    let others = &federation.provider.keys().encryption;
    assert!(protocol::exchange::open_answer(answer.as_str().as_bytes(), &query, &member, others, now).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn overdue_evidence_a_lost_source_and_a_suspended_peer_stop_answers() {
    let federation = Federation::start().await;
    good(&federation).await;
    let path = federation.revenue.path("source.sqlite");
    crate::store::testing::sqlite_file(&path, "ALTER TABLE khatedar RENAME TO elsewhere");
    let query = federation.world.query(&federation.consent(1));
    assert_eq!(code_of(&federation, &federation.answer(&query).await), Some(Code::RegistryUnavailable));
    crate::store::testing::sqlite_file(&path, "ALTER TABLE elsewhere RENAME TO khatedar");
    good(&federation).await;

    {
        let mut state = federation.anchor.state();
        let entry = state.members.get_mut(federation.consumer.entity()).unwrap();
        (entry.standing, entry.changed) = (Standing::Suspended, true);
    }
    federation.provider.refresh_directory().await.unwrap();
    let query = federation.world.query(&federation.consent(1));
    assert_eq!(code_of(&federation, &federation.answer(&query).await), Some(Code::PeerSuspended));
    {
        let mut state = federation.anchor.state();
        let entry = state.members.get_mut(federation.consumer.entity()).unwrap();
        (entry.standing, entry.changed) = (Standing::Active, true);
    }
    federation.provider.refresh_directory().await.unwrap();
    good(&federation).await;

    tamper(&federation.provider, "UPDATE outbox SET since_ms = 0".to_owned()).await;
    let fresh = federation.revenue.open();
    fresh.refresh_directory().await.unwrap();
    let query = federation.world.sealed(&federation.world.query(&federation.consent(1)));
    let answer = fresh.answer(federation.consumer.entity(), &federation.certificate(), query.as_str().as_bytes()).await;
    assert_eq!(code_of(&federation, &answer), Some(Code::AnchorOverdue));
}
