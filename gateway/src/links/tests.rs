use schemas::{
    federation::{AllowedData, Disclosure, Law, LawQuota, RegisterContent},
    problem::Code,
};
use service_kit::clock::Clock;

use super::*;
use crate::{
    app::App,
    store::testing::rows,
    testing::{Source, TestAnchor, TestDepartment},
};

const CIVIL: Source = Source {
    sql: "CREATE TABLE residents (number TEXT PRIMARY KEY, given TEXT, family TEXT, born TEXT, precision TEXT, district TEXT, alive INTEGER);
          INSERT INTO residents VALUES
          ('R1', 'Asha', 'Sahu', '1958-03-04', 'day', '387', 1), ('R2', 'Binod', 'Sahu', '1960-02-29', 'day', '387', 1),
          ('R3', 'Chandra', 'Yadav', '1955-01-01', 'year', '387', 1), ('R4', 'Deva', 'Netam', '1950-05-05', 'day', '387', 0),
          ('R5', 'Twin', 'Sahu', '1970-01-02', 'day', '387', 1), ('R6', 'Twin', 'Sahu', '1970-01-02', 'day', '387', 1),
          ('R7', 'Elsewhere', 'Rao', '1971-01-02', 'day', '387', 1);",
    mapping: r#"
[source]
kind = "sqlite"
[identity]
table = "residents"
key = "number"
given_name = "given"
family_name = "family"
birthdate = "born"
birth_precision = "precision"
district = "district"
alive = "alive"
"#,
};

const FOOD: Source = Source {
    sql: "CREATE TABLE members (card TEXT PRIMARY KEY, name TEXT, dob TEXT, district TEXT);
          INSERT INTO members VALUES ('F-1', 'ASHA  SAHU', '1958-03-04', '387'), ('F-2', 'Binod Sahu', '1960-02-29', '387'),
          ('F-3', 'Twin Sahu', '1970-01-02', '387'), ('F-4', 'Chandra Yadav', '1955-01-01', '387');",
    mapping: r#"
[source]
kind = "sqlite"
[[matching]]
table = "members"
key = "card"
name = "name"
name_form = "given family"
birth_date = "dob"
birth_date_form = "iso"
district = "district"
"#,
};

const LAW: &str = "cg-seeding-food";

fn law(civil: &TestDepartment, food: &TestDepartment) -> Law {
    law_between(&civil.entity, &food.entity)
}

fn law_between(civil: &EntityId, food: &EntityId) -> Law {
    let title =
        [("en", "Seeding"), ("hi", "आरंभ")].map(|(language, text)| (language.to_owned(), text.to_owned())).into();
    Law {
        id: LAW.parse().unwrap(),
        version: "2026-10".parse().unwrap(),
        title,
        statute: "An Act".into(),
        section: "7".into(),
        consumer: food.clone(),
        provider: civil.clone(),
        purpose: "identity.subject-link".parse().unwrap(),
        allowed: AllowedData {
            dataset: DATASET.parse().unwrap(),
            fields: FIELDS.map(|field| field.parse().unwrap()).to_vec(),
        },
        until: "2099-12-31".parse().unwrap(),
        quota: LawQuota { per_day: 1, per_officer: 1, per_subject: 1 },
        disclosure: Disclosure::Immediate,
        predicates: Vec::new(),
        break_glass: false,
    }
}

struct World {
    anchor: TestAnchor,
    civil: (TestDepartment, App),
    food: (TestDepartment, App),
}

/// An identity registry and a department in one federation, with the law between them in force.
async fn world() -> World {
    let anchor = TestAnchor::start(&Clock::default());
    let sectors = "[identity]\nsectors = [\"food\"]\n";
    let civil = TestDepartment::member(&anchor, "civil", &["identity-registry:food"], Some(&CIVIL), sectors).await;
    let food = TestDepartment::member(&anchor, "food", &["provider"], Some(&FOOD), "").await;
    anchor.register(1, &RegisterContent::Laws(vec![law(&civil.0, &food.0)]), civil.1.now());
    for app in [&civil.1, &food.1] {
        app.refresh_directory().await.unwrap();
    }
    World { anchor, civil, food }
}

impl World {
    fn export(&self, name: &str) -> Result<(Exported, std::path::PathBuf), ExportError> {
        let out = self.civil.0.path(name);
        let exported =
            tokio::task::block_in_place(|| export(&self.civil.1, &self.food.0.entity, &LAW.parse().unwrap(), &out))?;
        Ok((exported, out))
    }

    fn seed(&self, file: &std::path::Path) -> Result<Seeded, SeedError> {
        tokio::task::block_in_place(|| seed(&self.food.1, file))
    }
}

async fn links(app: &App) -> i64 {
    app.db().read(|conn| rows(conn, "subject_link")).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_register_is_linked_where_it_is_sure_and_nowhere_else() {
    let world = world().await;
    let (exported, file) = world.export("food.jwt").unwrap();
    assert_eq!((exported.residents, exported.pages), (5, 1), "the dead and those without a day of birth are not named");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains("Asha") && !text.contains("Sahu"), "sealed");

    let seeded = world.seed(&file).unwrap();
    assert_eq!(seeded, Seeded { residents: 5, linked: 2, known: 0, ambiguous: 2, unknown: 1 });
    let again = world.seed(&file).unwrap();
    assert_eq!((again.linked, again.known), (0, 2));

    let sub = world.civil.1.keys().sectors[&"food".parse().unwrap()].sector_subject("R1");
    let key = world.food.1.links().resolve(&sub).await.unwrap().unwrap();
    assert_eq!(key.as_str(), "F-1");
    assert_eq!(world.food.1.links().subjects_of(&key).await.unwrap(), vec![sub]);
    assert_eq!(world.food.1.links().subjects_of(&"F-3".parse().unwrap()).await.unwrap(), Vec::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_receipted_on_both_sides_and_counts_in_the_laws_day() {
    let world = world().await;
    let (_, file) = world.export("food.jwt").unwrap();
    let logged = |app: &App| app.db().clone().read_blocking(|conn| rows(conn, "outbox")).unwrap();
    let receipts = |app: &App, table: &'static str| app.db().clone().read_blocking(|conn| rows(conn, table)).unwrap();
    tokio::task::block_in_place(|| {
        assert_eq!((receipts(&world.civil.1, "receipt"), logged(&world.civil.1)), (1, 1));
        world.seed(&file).unwrap();
        world.seed(&file).unwrap();
        assert_eq!(
            (receipts(&world.food.1, "receipt"), logged(&world.food.1)),
            (1, 1),
            "once, however often it is read"
        );
        assert_eq!(receipts(&world.food.1, "counterpart_receipt"), 1);
        assert_eq!(receipts(&world.food.1, "receipt_return"), 1, "ours is on its way to the registry");
    });
    let error = world.export("again.jwt").unwrap_err();
    assert!(matches!(error, ExportError::Quota { .. }) && error.to_string().contains("mend"), "{error}");
    assert!(!world.civil.0.path("again.jwt").exists());
    assert_eq!(world.civil.1.db().read(|conn| rows(conn, "receipt")).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receipts_of_a_run_are_a_pair() {
    let world = world().await;
    let (_, file) = world.export("food.jwt").unwrap();
    world.seed(&file).unwrap();
    let ours = |app: &App, sql: &'static str| {
        let app = app.clone();
        async move {
            use diesel::{QueryableByName, RunQueryDsl as _, sql_query, sql_types::Text};
            #[derive(QueryableByName)]
            struct Jws {
                #[diesel(sql_type = Text)]
                jws: String,
            }
            let found = app
                .db()
                .read(move |conn| Ok::<_, service_kit::db::DatabaseError>(sql_query(sql).get_result::<Jws>(conn)?.jws));
            let jws = found.await.unwrap().parse().unwrap();
            protocol::exchange::Attested::<schemas::receipt::Receipt>::read_own(&jws, app.keys().signing.public())
                .unwrap()
        }
    };
    let (given, taken) =
        (ours(&world.civil.1, "SELECT jws FROM receipt").await, ours(&world.food.1, "SELECT jws FROM receipt").await);
    assert_eq!(protocol::exchange::PairRule::first_broken(&given, &taken), None);
    for receipt in [&given, &taken] {
        assert_eq!(protocol::exchange::check_receipt(receipt.claims()), Ok(()));
    }
}

#[test]
fn a_law_lets_tell_a_page_only_if_it_names_all_that_stands_in_it() {
    let entity = |name: &str| -> EntityId { format!("https://{name}.localhost").parse().unwrap() };
    let (civil, food) = (entity("civil"), entity("food"));
    let law = law_between(&civil, &food);
    assert!(allows(&law, &civil, &food) && !allows(&law, &food, &civil));
    for field in FIELDS {
        let mut narrow = law.clone();
        narrow.allowed.fields.retain(|named| named.as_str() != field);
        assert!(!allows(&narrow, &civil, &food), "without {field}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_registered_law_nobody_is_named() {
    let world = world().await;
    let out = world.civil.0.path("other.jwt");
    let attempt = |receiver: &EntityId, law: &str| {
        tokio::task::block_in_place(|| export(&world.civil.1, receiver, &law.parse().unwrap(), &out)).unwrap_err()
    };
    for (receiver, law) in [(&world.food.0.entity, "no-such-law"), (&world.civil.0.entity, LAW)] {
        let error = attempt(receiver, law);
        assert!(matches!(error, ExportError::Law { .. }) && error.to_string().contains("mend"), "{error}");
    }
    let stranger = "https://stranger.localhost".parse().unwrap();
    assert!(matches!(attempt(&stranger, LAW), ExportError::Receiver(refusal) if refusal.code() == Code::PeerUnknown));
    assert!(!out.exists());
    let audited = world.civil.1.db().read(|conn| rows(conn, "audit_trail")).await.unwrap();
    assert_eq!(audited, 5, "init, join and three refusals");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_existing_file_is_never_overwritten() {
    let world = world().await;
    std::fs::write(world.civil.0.path("food.jwt"), "mine").unwrap();
    assert!(matches!(world.export("food.jwt"), Err(ExportError::File { .. })));
    assert_eq!(std::fs::read_to_string(world.civil.0.path("food.jwt")).unwrap(), "mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_changed_cut_repeated_or_foreign_links_nobody() {
    let world = world().await;
    let (_, file) = world.export("food.jwt").unwrap();
    let good = std::fs::read_to_string(&file).unwrap();
    let middle = good.len() / 2;
    let mut flipped = good.clone().into_bytes();
    flipped[middle] = if flipped[middle] == b'A' { b'B' } else { b'A' };
    let cases = [
        (String::from_utf8(flipped).unwrap(), "line 1"),
        (String::new(), "incomplete"),
        (format!("{good}{good}"), "incomplete"),
        ("not a page\n".to_owned(), "line 1"),
        (good.lines().next().unwrap().to_owned(), "incomplete"),
        (good.lines().next().map(|page| format!("{page}\n{page}\n")).unwrap(), "receipt"),
    ];
    for (content, says) in cases {
        std::fs::write(&file, content).unwrap();
        let error = world.seed(&file).unwrap_err().to_string();
        assert!(error.contains(says) && error.contains("mend"), "{error}");
        assert_eq!(links(&world.food.1).await, 0);
    }
    std::fs::write(&file, good).unwrap();
    assert_eq!(world.seed(&file).unwrap().linked, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_without_the_role_for_our_sector_names_nobody_here() {
    let world = world().await;
    let (_, file) = world.export("food.jwt").unwrap();
    {
        let mut state = world.anchor.state();
        let entry = state.members.get_mut(&world.civil.0.entity).unwrap();
        (entry.roles, entry.changed) = (vec!["identity-registry:revenue".parse().unwrap()], true);
    }
    world.food.1.refresh_directory().await.unwrap();
    let error = world.seed(&file).unwrap_err();
    assert!(matches!(error, SeedError::Registry(refusal) if refusal.code() == Code::RoleMissing), "{error}");
    assert_eq!(links(&world.food.1).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_officer_links_once_and_does_not_overwrite() {
    let world = world().await;
    let app = &world.food.1;
    let sub = world.civil.1.keys().sectors[&"food".parse().unwrap()].sector_subject("R5");
    let link = |key: &str| {
        app.links().link_by_officer(sub.clone(), key.parse().unwrap(), "officer-1".parse().unwrap(), app.now())
    };
    assert_eq!(link("F-3").await.unwrap(), Linked::New);
    assert_eq!(link("F-3").await.unwrap(), Linked::Same);
    assert_eq!(link("F-4").await.unwrap(), Linked::Other);
    assert_eq!(app.links().resolve(&sub).await.unwrap().unwrap().as_str(), "F-3");
    assert_eq!(app.db().read(|conn| rows(conn, "audit_trail")).await.unwrap(), 5, "init, join and three actions");
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_links_are_written_hundreds_in_a_statement_on_both_engines() {
    use diesel::{Connection, connection::InstrumentationEvent};
    use service_kit_testing::DatabaseWorld;
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };
    let folder = tempfile::tempdir().unwrap();
    let keys = {
        let department = TestDepartment::new("food", None, "");
        let made = department.init();
        std::fs::rename(&made.keys, folder.path().join("keys")).unwrap();
        crate::keys::KeyFolder::new(folder.path().join("keys")).load(&[]).unwrap()
    };
    let sector = protocol::seal::keyed_hash::MacKey::generate();
    let links: Vec<NewLink> = (0..4_000)
        .map(|n| NewLink {
            subject: sector.sector_subject(&format!("R{n}")),
            local_key: format!("CG-{n}"),
            method: "name-birthdate".into(),
            score: 90,
            confirmed_by: "seeding".into(),
        })
        .collect();
    let migrations = &crate::store::MIGRATIONS;
    let clock = Clock::default();
    for world in
        tokio::task::block_in_place(|| [DatabaseWorld::sqlite(migrations), DatabaseWorld::postgres(migrations)])
    {
        let (mut written, statements) = (0, Arc::new(AtomicUsize::new(0)));
        for page in links.chunks(1_000) {
            let seen = Arc::clone(&statements);
            let write = world.database.write_blocking(|conn| {
                conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
                    let begun = matches!(event, InstrumentationEvent::StartQuery { .. });
                    seen.fetch_add(usize::from(begun), Ordering::Relaxed);
                });
                crate::store::links::link_insert_many(conn, &keys, page, clock.now())
            });
            written += write.unwrap().written;
        }
        assert_eq!(written, 4_000);
        // 16, on each page four that ask who has a number and who waits for a link, and what begins, ends and locks transactions.
        let statements = statements.load(Ordering::Relaxed);
        assert!((32..=48).contains(&statements), "{statements}");
        let again = world
            .database
            .write_blocking(|conn| crate::store::links::link_insert_many(conn, &keys, &links[..500], clock.now()))
            .unwrap();
        assert_eq!((again.written, again.taken.len()), (0, 0));
        let found = world.database.read_blocking(|conn| link_find(conn, &keys, &links[777].subject)).unwrap();
        assert_eq!(found.as_deref(), Some("CG-777"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_a_seeding_run_leaves_open_an_officer_links_by_her_word() {
    let world = world().await;
    let file = world.export("food.jwt").unwrap().1;
    let food = &world.food.1;
    assert_eq!(world.seed(&file).unwrap().ambiguous, 2);
    let waiting = food.open_links().await.unwrap();
    assert_eq!(waiting.iter().map(|person| person.given_name.as_str()).collect::<Vec<_>>(), ["Twin", "Twin"]);
    let subject = waiting[0].sub.clone();
    let candidates = food.link_candidates(&subject).await.unwrap();
    assert_eq!((candidates.len(), candidates[0].key.as_str(), candidates[0].same_name), (1, "F-3", true));
    let by = Decider {
        officer: "officer-1".parse().unwrap(),
        reason: "Her ration card of 2019 names the same house.".parse().unwrap(),
    };
    assert_eq!(food.confirm_link(&subject, "F-1".parse().unwrap(), &by).await.unwrap(), None, "none of her rows");
    assert_eq!(food.confirm_link(&subject, "F-3".parse().unwrap(), &by).await.unwrap(), Some(Linked::New));
    assert_eq!(food.open_links().await.unwrap().len(), 1);
    assert!(food.link_candidates(&subject).await.unwrap().is_empty(), "she waits no more");
    let again = food.confirm_link(&subject, "F-3".parse().unwrap(), &by).await.unwrap();
    assert_eq!(again, None, "she waits no more");
    let last = food.open_links().await.unwrap().remove(0).sub;
    assert!(food.compare_link(&last, &by.officer).await.unwrap().is_some());
    assert!(food.compare_link(&subject, &by.officer).await.unwrap().is_none());
    assert!(food.dismiss_link(&last, &by).await.unwrap());
    assert!(!food.dismiss_link(&last, &by).await.unwrap(), "once");
    let (keys, decided) = (food.keys().clone(), [subject.clone(), last.clone()]);
    let reasons = food.db().read(move |conn| {
        let mut of = |subject| crate::store::links_decided::decisions_of(conn, &keys, subject);
        Ok::<_, LinkError>([of(&decided[0])?, of(&decided[1])?])
    });
    let why = by.reason.as_str().to_owned();
    assert_eq!(reasons.await.unwrap(), [vec![(true, why.clone())], vec![(false, why)]]);
    assert!(food.open_links().await.unwrap().is_empty() && food.links().resolve(&last).await.unwrap().is_none());
    assert_eq!(food.links().resolve(&subject).await.unwrap().unwrap().as_str(), "F-3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_gives_nobody_a_number_that_another_pseudonym_has() {
    let world = world().await;
    let food = &world.food.1;
    let other = food.keys().subject_mac.sector_subject("somebody else");
    let (key, officer) = ("F-1".parse::<LocalKey>().unwrap(), "officer-1".parse().unwrap());
    let linked = food.links().link_by_officer(other.clone(), key.clone(), officer, food.now()).await.unwrap();
    assert_eq!(linked, Linked::New);
    let (_, file) = world.export("food.jwt").unwrap();
    let seeded = world.seed(&file).unwrap();
    assert_eq!(
        seeded,
        Seeded { residents: 5, linked: 1, known: 0, ambiguous: 3, unknown: 1 },
        "Asha is for an officer"
    );
    assert_eq!(food.links().subjects_of(&key).await.unwrap(), vec![other]);
    let asha = world.civil.1.keys().sectors[&"food".parse().unwrap()].sector_subject("R1");
    assert_eq!(food.links().resolve(&asha).await.unwrap(), None);
    assert!(food.open_links().await.unwrap().iter().any(|open| open.sub == asha), "she waits with her name");
    let again = world.seed(&file).unwrap();
    assert_eq!((again.linked, again.known, again.ambiguous), (0, 1, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_in_one_run_who_name_one_number_neither_gets_it_on_both_engines() {
    use crate::store::links::{link_insert_many, link_subjects};
    use service_kit_testing::DatabaseWorld;
    let folder = tempfile::tempdir().unwrap();
    let department = TestDepartment::new("food", None, "");
    std::fs::rename(&department.init().keys, folder.path().join("keys")).unwrap();
    let keys = crate::keys::KeyFolder::new(folder.path().join("keys")).load(&[]).unwrap();
    let sector = protocol::seal::keyed_hash::MacKey::generate();
    let link = |name: &str, number: &str| NewLink {
        subject: sector.sector_subject(name),
        local_key: number.into(),
        method: "name-birthdate".into(),
        score: 90,
        confirmed_by: "seeding".into(),
    };
    let migrations = &crate::store::MIGRATIONS;
    let clock = Clock::default();
    for world in
        tokio::task::block_in_place(|| [DatabaseWorld::sqlite(migrations), DatabaseWorld::postgres(migrations)])
    {
        let mut runs = Vec::new();
        for run in [
            vec![link("asha", "F-1"), link("binod", "F-2"), link("twin", "F-3"), link("other twin", "F-3")],
            vec![link("asha", "F-1"), link("stranger", "F-1"), link("chandra", "F-4")],
        ] {
            let done = world.database.write_blocking(|conn| link_insert_many(conn, &keys, &run, clock.now())).unwrap();
            let mut taken = done.taken;
            taken.sort_by(|a, b| a.as_str().cmp(b.as_str()));
            runs.push((done.written, taken));
        }
        let mut twins = vec![sector.sector_subject("twin"), sector.sector_subject("other twin")];
        twins.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        assert_eq!(runs, [(2, twins), (1, vec![sector.sector_subject("stranger")])]);
        let of =
            |number: &'static str| world.database.read_blocking(|conn| link_subjects(conn, &keys, number)).unwrap();
        assert_eq!((of("F-1"), of("F-3").len()), (vec![sector.sector_subject("asha")], 0));
    }
}
