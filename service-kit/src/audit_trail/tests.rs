use diesel::connection::SimpleConnection;

use super::*;
use crate::testing::both_databases;

fn entry(target: &str) -> Entry {
    Entry {
        at: "2026-11-21T08:00:00Z".parse().unwrap(),
        actor: "operator-1".to_owned(),
        action: "member.suspend".to_owned(),
        target: target.to_owned(),
        outcome: Outcome::Refused,
        code: Some(Code::AccessDenied),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_action_extends_the_chain() {
    for world in both_databases().await {
        let db = &world.database;
        let mut newest = None;
        for target in ["a", "b", "c"] {
            newest = Some(record(db, entry(target)).await.unwrap());
        }
        assert_eq!(newest.as_ref().unwrap().seq, 3);
        assert_eq!(db.read(verify).await.unwrap(), newest);
        let page = db.read(|conn| Ok::<_, DatabaseError>(super::newest(conn, i64::MAX, 2)?)).await.unwrap();
        assert_eq!(page.iter().map(|row| (row.seq, row.target.as_str())).collect::<Vec<_>>(), [(3, "c"), (2, "b")]);
        assert_eq!((page[0].outcome.as_str(), page[0].code.as_deref()), ("refused", Some("access-denied")));
        let older = db.read(|conn| Ok::<_, DatabaseError>(super::newest(conn, 2, 2)?)).await.unwrap();
        assert_eq!(older.len(), 1);
        let rolled_back: Result<(), DatabaseError> = db
            .write(|conn| {
                append(conn, &entry("never"))?;
                Err(DatabaseError::Panicked)
            })
            .await;
        assert!(rolled_back.is_err());
        assert_eq!(db.read(verify).await.unwrap(), newest, "an action that did not happen leaves no row");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_application_can_neither_change_nor_remove_a_row() {
    for world in both_databases().await {
        record(&world.database, entry("a")).await.unwrap();
        for statement in [
            "UPDATE audit_trail SET actor = 'x'",
            "DELETE FROM audit_trail",
            "INSERT INTO audit_trail SELECT * FROM audit_trail",
        ] {
            let refused: Result<(), DatabaseError> =
                world.database.write(move |conn| Ok(conn.batch_execute(statement)?)).await;
            assert!(refused.is_err(), "{statement}");
        }
        assert_eq!(world.database.read(verify).await.unwrap().unwrap().seq, 1);
    }
}

/// The head that a look at the first two rows reached.
fn second(conn: &mut AnyConnection) -> QueryResult<Option<Head>> {
    let row: Option<Row> = sql_query("SELECT * FROM audit_trail WHERE seq = 2").get_result(conn).optional()?;
    Ok(row.map(|row| Head { seq: row.seq, hash: row.hash.try_into().unwrap() }))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_since_a_look_is_looked_at() {
    for world in both_databases().await {
        record(&world.database, entry("a")).await.unwrap();
        let first = world.database.read(verify).await.unwrap();
        assert_eq!(
            world
                .database
                .read({
                    let first = first.clone();
                    move |conn| verify_after(conn, first)
                })
                .await
                .unwrap(),
            first
        );
        record(&world.database, entry("b")).await.unwrap();
        let both = world.database.read(move |conn| verify_after(conn, first)).await.unwrap();
        assert_eq!((both.as_ref().map(|head| head.seq), &both), (Some(2), &world.database.read(verify).await.unwrap()));
        let other = Head { seq: 2, hash: [7; 32] };
        let foreign = world.database.read(move |conn| verify_after(conn, Some(other))).await;
        assert!(matches!(foreign, Err(ChainError::Broken { seq: 2 })));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_beneath_the_database_is_found() {
    for (change, first_wrong) in [
        ("UPDATE audit_trail SET actor = 'x' WHERE seq = 2", 2),
        ("UPDATE audit_trail SET code = NULL WHERE seq = 3", 3),
        ("UPDATE audit_trail SET at_seconds = at_seconds + 1 WHERE seq = 1", 1),
        ("DELETE FROM audit_trail WHERE seq = 2", 2),
        ("DELETE FROM audit_trail WHERE seq = 1", 1),
    ] {
        for world in both_databases().await {
            for target in ["a", "b", "c"] {
                record(&world.database, entry(target)).await.unwrap();
            }
            let known = world.database.read(|conn| Ok::<_, DatabaseError>(second(conn)?)).await.unwrap();
            // What somebody with the database's own rights can do: take the guards away first.
            let mut conn = world.database.lend_writer().unwrap();
            let unguard = match &**conn {
                AnyConnection::Sqlite(_) => "DROP TRIGGER audit_trail_no_update; DROP TRIGGER audit_trail_no_delete;",
                AnyConnection::Postgres(_) => {
                    "ALTER TABLE audit_trail DISABLE TRIGGER ALL; GRANT ALL ON audit_trail TO CURRENT_USER;"
                }
            };
            conn.batch_execute(unguard).unwrap();
            conn.batch_execute(change).unwrap();
            assert!(matches!(verify(&mut conn), Err(ChainError::Broken { seq }) if seq == first_wrong), "{change}");
            let wrong = matches!(verify_after(&mut conn, known), Err(ChainError::Broken { seq }) if seq >= 2);
            assert_eq!(wrong, first_wrong >= 2, "after a look at two rows: {change}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_postgres_make_one_chain() {
    let mut worlds = both_databases().await;
    let world = worlds.pop().unwrap();
    let other = Database::open(world.database.url()).unwrap();
    let mut writers = Vec::new();
    for n in 0..40 {
        let db = if n % 2 == 0 { world.database.clone() } else { other.clone() };
        writers.push(tokio::spawn(async move { record(&db, entry("x")).await }));
    }
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    assert_eq!(world.database.read(verify).await.unwrap().unwrap().seq, 40);
}

#[test]
fn no_two_rows_hash_the_same_bytes() {
    let row = |actor: &str, action: &str, code: Option<&str>| Row {
        seq: 1,
        at_seconds: 0,
        actor: actor.to_owned(),
        action: action.to_owned(),
        target: String::new(),
        outcome: String::new(),
        code: code.map(str::to_owned),
        prev_hash: GENESIS.to_vec(),
        hash: Vec::new(),
    };
    assert_ne!(chain(&row("ab", "c", None)), chain(&row("a", "bc", None)));
    assert_ne!(chain(&row("a", "b", None)), chain(&row("a", "b", Some(""))));
}
