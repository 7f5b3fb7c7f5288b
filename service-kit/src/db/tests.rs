use diesel::{QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::BigInt};

use super::*;
use crate::testing::{DatabaseWorld, PostgresServer, both_databases, postgres};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn rows(conn: &mut AnyConnection) -> Result<i64, DatabaseError> {
    Ok(sql_query("SELECT count(*) AS count FROM lease").get_result::<Count>(conn)?.count)
}

fn insert(conn: &mut AnyConnection, name: &str) -> Result<(), DatabaseError> {
    sql_query("INSERT INTO lease VALUES ($1, 'h', 1, 1)").bind::<diesel::sql_types::Text, _>(name).execute(conn)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_keeps_all_or_nothing() {
    for world in both_databases().await {
        let db = &world.database;
        db.write(|conn| insert(conn, "a")).await.unwrap();
        let failed: Result<(), DatabaseError> = db
            .write(|conn| {
                insert(conn, "b")?;
                insert(conn, "a")
            })
            .await;
        assert!(matches!(failed, Err(DatabaseError::Constraint(_))), "{failed:?}");
        assert_eq!(db.read(rows).await.unwrap(), 1);
        db.ping().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_inside_rolls_back_and_the_database_goes_on() {
    for world in both_databases().await {
        let db = world.database.clone();
        let worker = tokio::spawn(async move {
            db.write::<(), DatabaseError, _>(|conn| {
                insert(conn, "a")?;
                panic!("on purpose")
            })
            .await
        });
        assert!(worker.await.unwrap_err().is_panic());
        world.database.write(|conn| insert(conn, "a")).await.unwrap();
        assert_eq!(world.database.read(rows).await.unwrap(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_has_the_durable_settings_and_its_readers_cannot_write() {
    let world = DatabaseWorld::sqlite(&Migrations::none());
    let full = |conn: &mut AnyConnection| -> Result<i64, DatabaseError> {
        Ok(sql_query("SELECT synchronous + 10 * foreign_keys AS count FROM pragma_synchronous, pragma_foreign_keys")
            .get_result::<Count>(conn)?
            .count)
    };
    assert_eq!(world.database.write(full).await.unwrap(), 12, "synchronous = FULL (2), foreign_keys = ON");
    let refused = world.database.read(|conn| insert(conn, "x")).await;
    assert!(refused.unwrap_err().to_string().contains("readonly"));
    let DatabaseUrl::Sqlite(path) = world.database.url() else { panic!("SQLite") };
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(path).unwrap());
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_never_creates_and_creating_never_overwrites() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd name?#%.db");
    let url = DatabaseUrl::Sqlite(path.clone());
    assert!(matches!(Database::open(&url), Err(OpenError::Missing { .. })));
    assert!(!path.exists());
    Database::create(&url).unwrap().migrate(&Migrations::none()).unwrap();
    let again = Database::create(&url).unwrap_err();
    assert!(matches!(again, OpenError::AlreadyExists { .. }) && again.to_string().contains("mend"), "{again}");
    Database::open(&url).unwrap().check_schema(&Migrations::none()).unwrap();

    let url = postgres().new_database();
    Database::create(&url).unwrap().migrate(&Migrations::none()).unwrap();
    assert!(matches!(Database::create(&url), Err(OpenError::AlreadyExists { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_with_unsafe_settings_is_refused() {
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        let url = postgres().new_database();
        if setting == "synchronous_commit" {
            let mut conn = Database::open(&url).unwrap().lend_writer().unwrap();
            let name = "current_database()";
            conn.batch_execute(&format!(
                "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || {name} || ' SET synchronous_commit = off'; END $$"
            ))
            .unwrap();
            let error = Database::open(&url).unwrap_err().to_string();
            assert!(error.contains("synchronous_commit = off") && error.contains("mend"), "{error}");
        }
    }
    let careless = PostgresServer::start(&["fsync=off"]);
    let error = Database::open(&careless.new_database()).unwrap_err();
    assert!(matches!(error, OpenError::Unsafe { setting: "fsync", .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_run_once_and_a_newer_schema_is_refused() {
    for world in both_databases().await {
        let (db, none) = (&world.database, Migrations::none());
        assert!(db.migrate(&none).unwrap().is_empty(), "they ran when the world was made");
        db.check_schema(&none).unwrap();
        let mut conn = db.lend_writer().unwrap();
        conn.batch_execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99999999999999')").unwrap();
        drop(conn);
        for refused in [db.migrate(&none).unwrap_err(), db.check_schema(&none).unwrap_err()] {
            assert!(matches!(&refused, MigrateError::Newer { unknown } if unknown == &["99999999999999"]), "{refused}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_without_its_tables_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let db = Database::create(&DatabaseUrl::Sqlite(folder.path().join("a.db"))).unwrap();
    assert!(matches!(db.check_schema(&Migrations::none()), Err(MigrateError::Older { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_migrate_one_database_together() {
    let url = postgres().new_database();
    let (one, two) = (Database::open(&url).unwrap(), Database::open(&url).unwrap());
    let other = std::thread::spawn(move || two.migrate(&Migrations::none()).unwrap().len());
    let ran = tokio::task::block_in_place(|| one.migrate(&Migrations::none()).unwrap().len());
    assert_eq!(ran + other.join().unwrap(), 1, "exactly one of them ran the step");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_went_away_is_unavailable_and_comes_back_without_help() {
    let server = PostgresServer::start(&[]);
    let db = Database::create(&server.new_database()).unwrap();
    db.migrate(&Migrations::none()).unwrap();
    db.write(|conn| insert(conn, "a")).await.unwrap();
    let mut held = db.lend_writer().unwrap();
    tokio::task::block_in_place(|| server.crash_and_restart());
    let broken = db.transact(&mut held, |conn| insert(conn, "b"));
    assert!(matches!(broken, Err(DatabaseError::Unavailable(_))), "{broken:?}");
    drop(held);
    assert_eq!(db.read(rows).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lost_during_commit_is_an_unknown_outcome() {
    let server = PostgresServer::start(&[]);
    let db = Database::create(&server.new_database()).unwrap();
    db.migrate(&Migrations::none()).unwrap();
    let lost = db
        .write(move |conn| {
            insert(conn, "a")?;
            server.crash_and_restart();
            Ok::<_, DatabaseError>(())
        })
        .await;
    assert!(matches!(lost, Err(DatabaseError::OutcomeUnknown(_))), "{lost:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_database_has_no_connection_left_and_none_on_its_way() {
    for world in both_databases().await {
        let db = Database::open(world.database.url()).unwrap();
        let (held, other) = (db.lend_reader().unwrap(), db.clone());
        let closing = tokio::spawn(db.close());
        other.write(|conn| insert(conn, "a")).await.unwrap();
        assert!(!closing.is_finished(), "another handle is in use");
        drop(other);
        tokio::task::yield_now().await;
        assert!(!closing.is_finished(), "a connection is lent");
        drop(held);
        closing.await.unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    for _ in 0..20 {
        let db = match path.exists() {
            false => Database::create(&DatabaseUrl::Sqlite(path.clone())).unwrap(),
            true => Database::open(&DatabaseUrl::Sqlite(path.clone())).unwrap(),
        };
        db.close().await;
        let open =
            std::fs::read_dir("/proc/self/fd").unwrap().filter_map(|fd| std::fs::read_link(fd.unwrap().path()).ok());
        assert!(!open.into_iter().any(|open| open == path), "no file is open");
    }
}
