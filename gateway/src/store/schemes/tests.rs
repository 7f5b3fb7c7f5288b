//! Insert-only on both engines; a damaged file is not read.

use diesel::{RunQueryDsl as _, sql_query};
use service_kit_testing::DatabaseWorld;

use super::*;
use crate::store::MIGRATIONS;

fn both() -> Vec<DatabaseWorld> {
    tokio::task::block_in_place(|| vec![DatabaseWorld::sqlite(&MIGRATIONS), DatabaseWorld::postgres(&MIGRATIONS)])
}

fn version(number: u32, body: &str) -> StoredVersion {
    StoredVersion {
        hash: Digest::of(body),
        scheme: "CG-X".parse().unwrap(),
        version: number,
        body: body.to_owned(),
        submitted_by: "asha".to_owned(),
        at_ms: 1,
    }
}

fn order(place: i64, terms: &str) -> StoredOrder {
    StoredOrder {
        scheme: "CG-X".parse().unwrap(),
        place,
        action: SchemeAction::Publish,
        hash: Digest::of("one"),
        from: "2026-04-01".parse().unwrap(),
        terms: Digest::of(terms),
        at_ms: 1,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_and_a_place_are_taken_once_and_nothing_is_changed_or_deleted() {
    for world in both() {
        let conn = &mut **world.database.lend_writer().unwrap();
        assert!(version_insert(conn, &version(1, "one")).unwrap());
        assert!(!version_insert(conn, &version(1, "two")).unwrap(), "the number is taken");
        assert!(!version_insert(conn, &version(2, "one")).unwrap(), "the file is known");
        assert_eq!(version_find(conn, &"CG-X".parse().unwrap(), 1).unwrap(), Some(version(1, "one")));
        assert_eq!(version_list(conn).unwrap().len(), 1);
        assert!(order_insert(conn, &order(0, "a")).unwrap());
        assert!(!order_insert(conn, &order(0, "b")).unwrap(), "the place is taken");
        assert!(!order_insert(conn, &order(1, "a")).unwrap(), "the order was carried out");
        let scheme = "CG-X".parse().unwrap();
        assert_eq!(order_list(conn, Some(&scheme)).unwrap(), [order(0, "a")]);
        assert_eq!(order_list(conn, None).unwrap().len(), 1);
        assert!(order_list(conn, Some(&"CG-Y".parse().unwrap())).unwrap().is_empty());
        for statement in [
            "UPDATE scheme_version SET body = 'x'",
            "DELETE FROM scheme_order",
            "UPDATE scheme_order SET from_day = '2020-01-01'",
        ] {
            assert!(sql_query(statement).execute(conn).is_err(), "{statement}");
        }
    }
}
