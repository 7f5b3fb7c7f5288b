//! Names of people: from the asker's pseudonym to one that only the receiver opens, and what stands in the way.

use protocol::{credential::binding::DirectoryKeys, event::open_subject, exchange::seal_naming};
use schemas::{
    id::{EntityId, SectorSubject},
    naming::NamingOrder,
    query::{Agent, QueryTerms},
};
use service_kit::db::DatabaseError;

use super::*;
use crate::{
    exchange::{
        naming::NamingBasis,
        testing::federation::{Engine, Registers},
    },
    store::links::{LinkError, NewLink, link_insert},
};

/// The asker's own pseudonym of a resident.
fn own(federation: &Federation, resident: &str) -> SectorSubject {
    federation.registry.keys().sectors[&name::<schemas::id::Sector>("social")].sector_subject(resident)
}

fn order(federation: &Federation, subjects: Vec<SectorSubject>) -> NamingOrder {
    NamingOrder { receiver: federation.provider.entity().clone(), subjects }
}

fn query(federation: &Federation, order: &NamingOrder) -> Query {
    let (asker, registry) = (federation.consumer.entity(), federation.registry.entity());
    let key = federation.registry.keys().encryption[0].public().clone();
    let law = &federation.naming;
    Query {
        aud: registry.clone(),
        query: QueryTerms {
            dataset: law.allowed.dataset.clone(),
            fields: law.allowed.fields.clone(),
            predicates: Vec::new(),
            purpose: law.purpose.clone(),
        },
        basis: Basis::Law { id: law.id.clone(), subject: seal_naming(asker, registry, &key, order).unwrap() },
        agent: Agent { system: name("pension-portal"), officer: Some(name("o-17")) },
        ..federation.world.law_query("RID-0001")
    }
}

async fn ask(federation: &Federation, query: &Query) -> Option<Code> {
    let sealed = federation.world.sealed(query);
    let bytes = sealed.as_str().as_bytes();
    let answer = federation.registry.answer(federation.consumer.entity(), &federation.certificate(), bytes).await;
    let member = federation.consumer.directory().members().member(federation.registry.entity()).unwrap().clone();
    let answer = Attested::<Answer>::verify(answer.unwrap().as_str().as_bytes(), &member).unwrap();
    answer.claims().refusal.map(|refusal| refusal.code)
}

async fn good(federation: &Federation) {
    let order = order(federation, vec![own(federation, "RID-0001")]);
    assert_eq!(ask(federation, &query(federation, &order)).await, None, "a good call is answered");
}

type BendOrder = fn(&Federation) -> Query;

const REFUSALS: [(&str, Code, BendOrder); 8] = [
    ("nobody", Code::LawScopeExceeded, |f| query(f, &order(f, Vec::new()))),
    ("a person twice", Code::LawScopeExceeded, |f| query(f, &order(f, vec![own(f, "RID-0001"), own(f, "RID-0001")]))),
    ("a receiver that is no member", Code::PeerUnknown, |f| {
        let receiver: EntityId = name("https://nobody.localhost");
        query(f, &NamingOrder { receiver, ..order(f, vec![own(f, "RID-0001")]) })
    }),
    ("a law that gives no names", Code::LawScopeExceeded, |f| {
        let mut query = query(f, &order(f, vec![own(f, "RID-0001")]));
        let Basis::Law { id, .. } = &mut query.basis else { panic!("a law") };
        *id = f.world.law.id.clone();
        query
    }),
    ("no such law", Code::LawNotRegistered, |f| {
        let mut query = query(f, &order(f, vec![own(f, "RID-0001")]));
        let Basis::Law { id, .. } = &mut query.basis else { panic!("a law") };
        *id = name("rbd-1969-s3a");
        query
    }),
    ("no officer", Code::LawScopeExceeded, |f| {
        let mut query = query(f, &order(f, vec![own(f, "RID-0001")]));
        query.agent.officer = None;
        query
    }),
    ("an order sealed by another", Code::TokenMalformed, |f| {
        let mut query = query(f, &order(f, vec![own(f, "RID-0001")]));
        let (other, key) = (name("https://food.localhost"), f.registry.keys().encryption[0].public().clone());
        let sealed = seal_naming(&other, f.registry.entity(), &key, &order(f, vec![own(f, "RID-0001")])).unwrap();
        let Basis::Law { subject, .. } = &mut query.basis else { panic!("a law") };
        *subject = sealed;
        query
    }),
    ("more people than the officer has left", Code::LawQuotaExceeded, |f| {
        let subjects = (0..21).map(|n| own(f, &format!("RID-{n}"))).collect();
        query(f, &order(f, subjects))
    }),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_stands_between_two_good_calls_and_counts_nobody() {
    let federation = Federation::start_on(Engine::Sqlite, |registers: &mut Registers| {
        registers.naming.quota.per_subject = 50;
    })
    .await;
    good(&federation).await;
    for (why, refusal, bend) in REFUSALS {
        assert_eq!(ask(&federation, &bend(&federation)).await, Some(refusal), "{why}");
        good(&federation).await;
    }
    let data = ask(&federation, &federation.world.law_query("RID-0001")).await;
    assert_eq!(data, Some(Code::AudienceWrong), "a question for another department");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_department_that_is_no_identity_registry_names_nobody() {
    let federation = Federation::start().await;
    let mut query = query(&federation, &order(&federation, vec![own(&federation, "RID-0001")]));
    query.aud = federation.provider.entity().clone();
    assert_eq!(code_of(&federation, &federation.answer(&query).await), Some(Code::DatasetUnknown));
}

/// Ties a resident, by the registry's own keys, to a number of the provider.
async fn link(federation: &Federation, resident: &str, number: &str) {
    let key = &federation.registry.keys().sectors[&name::<schemas::id::Sector>("revenue")];
    let link = NewLink {
        subject: key.sector_subject(resident),
        local_key: number.to_owned(),
        method: "officer".to_owned(),
        score: 100,
        confirmed_by: "officer-1".to_owned(),
    };
    let (app, now) = (federation.provider.clone(), federation.world.now);
    let linked = federation.provider.db().write(move |conn| link_insert(conn, app.keys(), &link, now)).await;
    assert!(linked.unwrap_or_else(|error: LinkError| panic!("{error}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_opens_at_its_receiver_in_the_askers_messages_and_carries_a_query_under_a_law() {
    let federation = Federation::start().await;
    let registry = crate::run::start(federation.civil.config(), federation.civil.clock.clone(), None).await.unwrap();
    registry.app().refresh_directory().await.unwrap();
    link(&federation, "RID-0002", "KH-2").await;
    let law = federation.consumer.naming_law(&federation.world.purpose.code).unwrap();
    assert_eq!(law.id, federation.naming.id);
    let basis =
        NamingBasis { law: law.id, case: name("CG-2026-118"), officer: name("o-17"), system: name("pension-portal") };
    let people = [own(&federation, "RID-0002"), own(&federation, "RID-4711"), own(&federation, "RID-0001")];
    let names = federation.consumer.name_subjects(&basis, federation.provider.entity(), &people).await.unwrap();
    assert_eq!(names.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true], "in their order");

    let (asker, keys) = (federation.consumer.entity(), &federation.provider.keys().encryption);
    let (directory, now) = (federation.provider.directory(), federation.world.now);
    let sector = name("revenue");
    let registries = DirectoryKeys { directory: directory.members(), sector: &sector, now };
    let open = |us, keys| open_subject(names[0].as_ref().unwrap(), us, keys, asker, &registries, now.numeric());
    assert_eq!(open(federation.provider.entity(), keys).unwrap().registry(), federation.registry.entity());
    assert!(open(asker, &federation.consumer.keys().encryption).is_err(), "the asker learns nothing");

    let mut query = federation.world.law_query("RID-0002");
    let Basis::Law { subject, .. } = &mut query.basis else { panic!("a law") };
    *subject = names[0].clone().unwrap();
    assert_eq!(code_of(&federation, &federation.answer(&query).await), None, "the provider finds the person");
    assert_eq!(count(federation.consumer.db(), "receipt"), 1, "the call is receipted at the asker");
    assert_eq!(count(registry.app().db(), "receipt"), 1, "and at the registry");
    registry.stop().await.unwrap();
}

/// After how many whole days, from a second on, each person of our receipts may be told.
async fn told_after(app: &App, since: i64) -> Vec<Option<i64>> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::BigInt>)]
        told_from: Option<i64>,
    }
    let rows: Vec<Row> = app
        .db()
        .read(|conn| {
            let query = diesel::sql_query("SELECT told_from FROM receipt ORDER BY jti");
            Ok::<_, DatabaseError>(diesel::RunQueryDsl::load(query, conn)?)
        })
        .await
        .unwrap();
    rows.into_iter().map(|row| row.told_from.map(|from| (from - since) / 86_400)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_naming_is_told_on_both_sides_no_earlier_than_the_use_that_it_serves() {
    use schemas::federation::Disclosure;
    for (naming, data, days) in [
        (Disclosure::Immediate, Disclosure::Immediate, None),
        (Disclosure::Immediate, Disclosure::Delayed(30), Some(30)),
        (Disclosure::Delayed(60), Disclosure::Delayed(30), Some(60)),
    ] {
        let bend = |registers: &mut Registers| (registers.naming.disclosure, registers.law.disclosure) = (naming, data);
        let federation = Federation::start_on(Engine::Sqlite, bend).await;
        let registry =
            crate::run::start(federation.civil.config(), federation.civil.clock.clone(), None).await.unwrap();
        registry.app().refresh_directory().await.unwrap();
        let law = federation.naming.id.clone();
        let basis = NamingBasis { law, case: name("CG-1"), officer: name("o-17"), system: name("pension-portal") };
        let her = own(&federation, "RID-0001");
        let people = [her.clone()];
        federation.consumer.name_subjects(&basis, federation.provider.entity(), &people).await.unwrap();
        let since = federation.world.now.seconds();
        assert_eq!(told_after(registry.app(), since).await, [days], "at the registry");
        assert_eq!(told_after(&federation.consumer, since).await, [days], "at the asker");
        let history = |days: i64| {
            let (app, her) = (federation.consumer.clone(), her.clone());
            let at = app.now().plus(days * 86_400);
            let rows = move |conn: &mut _| {
                let index = crate::store::links::subject_index(app.keys(), &her);
                Ok::<_, DatabaseError>(crate::store::exchange::receipts_of_subject(conn, &index, at, 10)?.len())
            };
            federation.consumer.db().read(rows)
        };
        assert_eq!(history(0).await.unwrap(), usize::from(days.is_none()), "she is told when the law says so");
        assert_eq!(history(days.unwrap_or(0)).await.unwrap(), 1, "that the asker had her named");
        registry.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_named_under_a_law_for_emergencies() {
    let federation = Federation::start_on(Engine::Sqlite, |registers| registers.naming.break_glass = true).await;
    let asked = query(&federation, &order(&federation, vec![own(&federation, "RID-0001")]));
    assert_eq!(ask(&federation, &asked).await, Some(Code::LawScopeExceeded), "the registry refuses it");
    let law = federation.consumer.naming_law(&federation.world.purpose.code);
    assert_eq!(law.unwrap_err().code(), Code::LawNotRegistered, "and the asker does not take it");
    assert_eq!(count(federation.registry.db(), "break_glass"), 0);
}
