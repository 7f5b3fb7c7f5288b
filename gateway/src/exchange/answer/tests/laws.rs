//! Queries under a registered law: each refusal between two good queries, exact quotas, and when the citizen is told.

use schemas::{
    federation::{Disclosure, LawQuota},
    query::Query,
    receipt::ReceiptBasis,
};
use service_kit::db::DatabaseError;

use super::*;
use crate::{
    exchange::testing::federation::{ENGINES, Engine, Registers},
    store::{
        exchange::{receipts::ReceiptRow, receipts_of_subject},
        links::subject_index,
    },
};

const RESIDENT: &str = "RID-0001";

fn wide(registers: &mut Registers) {
    registers.law.quota = LawQuota { per_day: 1_000, per_officer: 1_000, per_subject: 1_000 };
}

async fn good(federation: &Federation) -> Receipt {
    let answer = federation.answer(&federation.world.law_query(RESIDENT)).await.unwrap();
    assert_eq!(code(federation, &answer), None, "a good query is answered");
    receipt(federation, &answer)
}

fn receipt(federation: &Federation, answer: &CompactJws) -> Receipt {
    let member = federation.provider_member();
    let answer = Attested::<Answer>::verify(answer.as_str().as_bytes(), &member).unwrap();
    Attested::<Receipt>::verify(answer.claims().receipt.as_str().as_bytes(), &member).unwrap().into_parts().0
}

fn bent(federation: &Federation, bend: impl FnOnce(&mut Query)) -> Query {
    let mut query = federation.world.law_query(RESIDENT);
    bend(&mut query);
    query
}

const REFUSALS: [(&str, Code, Bend); 11] = [
    ("no such law", Code::LawNotRegistered, |f| {
        bent(f, |q| {
            let Basis::Law { id, .. } = &mut q.basis else { panic!("a law") };
            *id = name("rbd-1969-s3a");
        })
    }),
    ("a law for another dataset and provider", Code::LawScopeExceeded, |f| {
        bent(f, |q| {
            let Basis::Law { id, .. } = &mut q.basis else { panic!("a law") };
            *id = f.naming.id.clone();
        })
    }),
    ("no officer", Code::LawScopeExceeded, |f| bent(f, |q| q.agent.officer = None)),
    ("no case", Code::LawScopeExceeded, |f| bent(f, |q| q.case = None)),
    ("an item that the law does not give", Code::LawScopeExceeded, |f| {
        bent(f, |q| q.query.fields.push(name("annual_income")))
    }),
    ("a question that the law does not give", Code::LawScopeExceeded, |f| {
        bent(f, |q| q.query.predicates.push(lte("annual_income", "1")))
    }),
    ("another purpose", Code::LawScopeExceeded, |f| {
        bent(f, |q| q.query.purpose = name("social.widow-pension.eligibility"))
    }),
    ("another dataset", Code::LawScopeExceeded, |f| bent(f, |q| q.query.dataset = name("revenue.land"))),
    ("named for another asker", Code::NotFoundOrNotPermitted, |f| {
        bent(f, |q| {
            let Basis::Law { subject, .. } = &mut q.basis else { panic!("a law") };
            *subject = f.world.named(RESIDENT, &name("https://food.localhost"));
        })
    }),
    ("nobody here by that name", Code::NotFoundOrNotPermitted, |f| f.world.law_query("RID-9999")),
    ("ended long ago", Code::Stale, |f| bent(f, |q| (q.iat, q.exp) = (q.iat.plus(-300), q.exp.plus(-300)))),
];

fn lte(field: &str, value: &str) -> schemas::consent::Predicate {
    schemas::consent::Predicate { field: name(field), op: schemas::consent::PredicateOp::Lte, value: value.to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_is_signed_receipted_reads_nothing_and_counts_nothing() {
    let federation = Federation::start_on(Engine::Sqlite, wide).await;
    for (why, refusal, bend) in REFUSALS {
        good(&federation).await;
        let (receipts_before, read_before, uses) =
            (receipts(&federation), federation.statements(), uses(&federation).await);
        let query = federation.world.sealed(&bend(&federation));
        let bytes = query.as_str().as_bytes();
        let answer = federation.answer_bytes(bytes).await.unwrap_or_else(|error| panic!("{why}: {error}"));
        assert_eq!(code(&federation, &answer), Some(refusal), "{why}");
        assert_eq!(receipts(&federation), receipts_before + 1, "{why}: one receipt");
        assert_eq!(federation.statements(), read_before, "{why}: nothing was read");
        assert_eq!(self::uses(&federation).await, uses, "{why}: nothing was counted");
        assert_eq!(federation.answer_bytes(bytes).await.as_ref(), Ok(&answer), "{why}: the same again");
    }
    good(&federation).await;
}

/// All counts of laws, added up.
async fn uses(federation: &Federation) -> i64 {
    use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};
    #[derive(QueryableByName)]
    struct Sum {
        #[diesel(sql_type = BigInt)]
        sum: i64,
    }
    let query = "SELECT CAST(COALESCE(SUM(uses), 0) AS BIGINT) AS sum FROM law_use";
    let sum = federation
        .provider
        .db()
        .read(move |conn| Ok::<_, DatabaseError>(sql_query(query).get_result::<Sum>(conn)?.sum));
    sum.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_names_the_law_and_its_version_and_the_consumer_gets_the_data() {
    let federation = Federation::start().await;
    let receipt = good(&federation).await;
    let law = &federation.world.law;
    let Some(ReceiptBasis::Law { id, version, .. }) = receipt.basis else { panic!("a law") };
    assert_eq!((id, version), (law.id.clone(), Some(law.version.clone())));
    assert_eq!(receipt.fields, law.allowed.fields);
    assert!(receipt.subject.is_some(), "as a keyed hash");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_law_that_ended_yesterday_allows_nothing() {
    let federation = Federation::start_on(Engine::Sqlite, |registers| registers.law.until = name("2020-03-31")).await;
    let answer = federation.answer(&federation.world.law_query(RESIDENT)).await.unwrap();
    assert_eq!(code(&federation, &answer), Some(Code::LawScopeExceeded));
}

/// One quota of the three is small.
fn quota(small: &'static str) -> impl FnOnce(&mut Registers) {
    move |registers| {
        let of = |name| if small == name { 2 } else { 100 };
        registers.law.quota = LawQuota { per_day: of("day"), per_officer: of("officer"), per_subject: of("subject") };
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_quota_ends_the_day_for_whom_it_counts_and_for_nobody_else() {
    let other_officer: Bend = |f| bent(f, |q| q.agent.officer = Some(name("o-18")));
    let other_person: Bend = |f| f.world.law_query("RID-0002");
    for (engine, small, others) in [
        (Engine::Sqlite, "day", [(other_officer, true), (other_person, true)]),
        (Engine::Postgres, "officer", [(other_officer, false), (other_person, true)]),
        (Engine::Sqlite, "subject", [(other_officer, true), (other_person, false)]),
    ] {
        let federation = Federation::start_on(engine, quota(small)).await;
        federation.link("RID-0002", "KH-2").await;
        good(&federation).await;
        good(&federation).await;
        let read = federation.statements();
        let answer = federation.answer(&federation.world.law_query(RESIDENT)).await.unwrap();
        assert_eq!(code(&federation, &answer), Some(Code::LawQuotaExceeded), "{small}");
        assert_eq!(federation.statements(), read, "{small}: the counts spare the read");
        for (place, (other, refused)) in others.into_iter().enumerate() {
            let answer = federation.answer(&other(&federation)).await.unwrap();
            assert_eq!(code(&federation, &answer).is_some(), refused, "{small} {place}");
        }
        tamper(&federation.provider, "UPDATE law_use SET day = day - 1".to_owned()).await;
        good(&federation).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_queries_at_once_on_two_processes_exactly_the_quota_is_answered() {
    let federation = Federation::start_on(Engine::Postgres, |registers| {
        registers.law.quota = LawQuota { per_day: 12, per_officer: 12, per_subject: 7 };
    });
    let federation = federation.await;
    federation.link("RID-0002", "KH-2").await;
    let second = federation.revenue.open();
    second.refresh_directory().await.unwrap();
    let apps = [federation.provider.clone(), second];
    let asks = (0..60).map(|place: usize| {
        let resident = if place.is_multiple_of(2) { RESIDENT } else { "RID-0002" };
        let query = federation.world.sealed(&federation.world.law_query(resident));
        let (app, caller) = (apps[place % 3 % 2].clone(), federation.consumer.entity().clone());
        let certificate = federation.certificate();
        tokio::spawn(async move { app.answer(&caller, &certificate, query.as_str().as_bytes()).await.unwrap() })
    });
    let mut answered = 0;
    for ask in asks.collect::<Vec<_>>() {
        match code(&federation, &ask.await.unwrap()) {
            None => answered += 1,
            Some(refusal) => assert_eq!(refusal, Code::LawQuotaExceeded),
        }
    }
    // Two people at seven each, twelve in all.
    assert_eq!(answered, 12, "never more, and never fewer while some is left");
    assert_eq!(uses(&federation).await, 36, "in all, of the officer, about each person");
    assert_eq!(receipts(&federation), 60);
}

async fn told(federation: &Federation, days: i64) -> Vec<ReceiptRow> {
    let app = federation.provider.clone();
    let subject = federation.world.registry.subject(RESIDENT, &federation.world.provider.sector);
    let at = app.now().plus(days * 86_400);
    let rows = move |conn: &mut _| {
        Ok::<_, DatabaseError>(receipts_of_subject(conn, &subject_index(app.keys(), &subject), at, 10)?)
    };
    federation.provider.db().read(rows).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_citizen_is_told_at_once_or_when_the_delay_has_passed() {
    for engine in ENGINES {
        let at_once = Federation::start_on(engine, |_| {}).await;
        good(&at_once).await;
        assert_eq!(told(&at_once, 0).await.len(), 1);
        let later = Federation::start_on(engine, |registers| registers.law.disclosure = Disclosure::Delayed(30)).await;
        good(&later).await;
        let refused = later.answer(&bent(&later, |q| q.query.fields.push(name("annual_income")))).await.unwrap();
        assert_eq!(code(&later, &refused), Some(Code::LawScopeExceeded));
        assert_eq!(told(&later, 29).await, Vec::new());
        assert_eq!(told(&later, 31).await.len(), 2, "attempts are told too");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_answer_leaves_no_second_time_once_the_law_is_gone() {
    let federation = Federation::start().await;
    let query = federation.world.sealed(&federation.world.law_query(RESIDENT));
    let answer = federation.answer_bytes(query.as_str().as_bytes()).await.unwrap();
    assert_eq!(federation.answer_bytes(query.as_str().as_bytes()).await.as_ref(), Ok(&answer));
    let laws = schemas::federation::RegisterContent::Laws(vec![federation.naming.clone()]);
    federation.anchor.register(2, &laws, federation.provider.now());
    federation.provider.refresh_directory().await.unwrap();
    let again = federation.answer_bytes(query.as_str().as_bytes()).await;
    assert_eq!(again.unwrap_err().code(), Code::LawNotRegistered);
    let refused = federation.answer(&federation.world.law_query(RESIDENT)).await.unwrap();
    assert_eq!(code(&federation, &refused), Some(Code::LawNotRegistered));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_answer_leaves_no_second_time_once_the_law_is_another() {
    let federation = Federation::start().await;
    let query = federation.world.sealed(&federation.world.law_query(RESIDENT));
    let answer = federation.answer_bytes(query.as_str().as_bytes()).await.unwrap();
    let law =
        federation.provider.directory().laws().unwrap().iter().find(|law| law.id != federation.naming.id).cloned();
    let register = |position, laws| {
        federation.anchor.register(
            position,
            &schemas::federation::RegisterContent::Laws(laws),
            federation.provider.now(),
        );
    };
    let mut law = law.unwrap();
    register(2, vec![law.clone()]);
    federation.provider.refresh_directory().await.unwrap();
    let again = federation.answer_bytes(query.as_str().as_bytes()).await;
    assert_eq!(again.as_ref(), Ok(&answer), "another register with the same law");
    law.quota.per_day += 1;
    register(3, vec![law]);
    federation.provider.refresh_directory().await.unwrap();
    let again = federation.answer_bytes(query.as_str().as_bytes()).await;
    assert_eq!(again.unwrap_err().code(), Code::LawNotRegistered);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_in_an_emergency_is_counted_and_told_at_once() {
    for engine in ENGINES {
        let federation = Federation::start_on(engine, |registers| registers.law.break_glass = true).await;
        let exchange = good(&federation).await.exchange;
        let refused = federation.answer(&bent(&federation, |q| q.query.fields.push(name("annual_income")))).await;
        assert_eq!(code(&federation, &refused.unwrap()), Some(Code::LawScopeExceeded), "nothing left");

        let app = federation.provider.clone();
        let counts = app.break_glass_counts(Timestamp::from_seconds(0)).await.unwrap();
        let counted: Vec<(u64, u64)> = counts.0.values().map(|law| (law.answered, law.asked)).collect();
        assert_eq!(counted, [(1, 0)], "one answer; the refusal is none, and the asking side reviews");
        let subject = federation.world.registry.subject(RESIDENT, &federation.world.provider.sector);
        let person = crate::notices::Person::of_subject(app.keys(), &subject);
        let keys = app.keys().clone();
        let notices = app.db().read(move |conn| crate::store::notices::notices_of(conn, &keys, &person, 9));
        let kinds: Vec<_> = notices.await.unwrap().into_iter().map(|notice| notice.kind).collect();
        let [schemas::notice::NoticeKind::BreakGlass { exchange: told_of, .. }] = kinds.as_slice() else {
            panic!("{kinds:?}")
        };
        assert_eq!(*told_of, exchange);
        assert_eq!(told(&federation, 0).await.len(), 2, "her history has it at once as well, and the attempt");
    }
}
