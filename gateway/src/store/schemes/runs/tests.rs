//! On both engines: one run at a time, people in pages, readers for good.

use diesel::{RunQueryDsl as _, sql_query};
use eligibility::backtest::{BackTestResult, Counts, Difference};
use schemas::id::CompactJws;
use service_kit_testing::DatabaseWorld;

use super::*;
use crate::store::{
    MIGRATIONS,
    schemes::{StoredBackTest, StoredVersion, backtest_insert, version_insert},
};

fn both() -> Vec<DatabaseWorld> {
    tokio::task::block_in_place(|| vec![DatabaseWorld::sqlite(&MIGRATIONS), DatabaseWorld::postgres(&MIGRATIONS)])
}

fn asha() -> SystemName {
    "asha".parse().unwrap()
}

/// A version that was handed in; its hash.
fn handed_in(conn: &mut AnyConnection) -> Digest {
    let hash = Digest::of("one");
    let version = StoredVersion {
        hash,
        scheme: "CG-X".parse().unwrap(),
        version: 1,
        body: "one".to_owned(),
        submitted_by: "asha".to_owned(),
        at_ms: 1,
    };
    assert!(version_insert(conn, &version).unwrap());
    hash
}

fn back_test(conn: &mut AnyConnection, keys: &Keys, hash: Digest, jws: &str) -> Digest {
    let jws: CompactJws = jws.parse().unwrap();
    let digest = Digest::of(jws.as_str());
    let result = BackTestResult {
        scheme: hash,
        as_of: String::from("2026-11-21").try_into().unwrap(),
        people: 0,
        on_roll: 0,
        counts: Counts::default(),
        by_district: Default::default(),
        by_sex: Default::default(),
        by_category: Default::default(),
        why_leave: Default::default(),
        why_unknown: Default::default(),
        difference: Difference::default(),
        leavers: Vec::new(),
        breaker_trips: false,
    };
    backtest_insert(conn, keys, &StoredBackTest { digest, hash, jws, result, at_ms: 1 }).unwrap();
    digest
}

fn leaver(handle: &str) -> Leaver {
    Leaver { handle: handle.to_owned(), decisive: vec!["I1".parse().unwrap()] }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_run_of_a_file_goes_on_at_a_time_and_a_broken_off_one_may_be_begun_again() {
    for world in both() {
        let conn = &mut **world.database.lend_writer().unwrap();
        let hash = handed_in(conn);
        assert_eq!(run_find(conn, &hash).unwrap(), None);
        assert!(run_begin(conn, &hash, &asha(), 1_000).unwrap());
        assert!(!run_begin(conn, &hash, &asha(), 1_000 + BROKEN_OFF).unwrap(), "it goes on");
        run_touch(conn, &hash, (10, 20), 2_000).unwrap();
        let expected = Run { state: RunState::Running, account: asha(), people: 10, total: 20, touched_ms: 2_000 };
        assert_eq!(run_find(conn, &hash).unwrap(), Some(expected));
        assert!(run_begin(conn, &hash, &asha(), 2_001 + BROKEN_OFF).unwrap(), "nobody touched it for long");
        run_end(conn, &hash, Some(Code::Conflict), 3_000).unwrap();
        assert_eq!(run_find(conn, &hash).unwrap().unwrap().state, RunState::Failed(Code::Conflict));
        run_touch(conn, &hash, (1, 1), 4_000).unwrap();
        assert_eq!(run_find(conn, &hash).unwrap().unwrap().touched_ms, 3_000, "what ended is not touched");
        assert!(run_begin(conn, &hash, &asha(), 5_000).unwrap(), "a failed one");
        run_end(conn, &hash, None, 6_000).unwrap();
        assert_eq!(run_find(conn, &hash).unwrap().unwrap().state, RunState::Done);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_kept_encrypted_for_the_newest_back_test_of_a_file() {
    let department = crate::testing::TestDepartment::new("social", None, "");
    department.init();
    let keys = crate::keys::KeyFolder::new(department.config().keys.folder.resolve()).load(&[]).unwrap();
    for world in both() {
        let conn = &mut **world.database.lend_writer().unwrap();
        let hash = handed_in(conn);
        let (old, new) = (back_test(conn, &keys, hash, "a.b.c"), back_test(conn, &keys, hash, "a.b.d"));
        let pages = [("leave", vec![vec![leaver("P1"), leaver("P2")], vec![leaver("P3")]]), ("enter", Vec::new())];
        people_insert(conn, &keys, (&hash, &old), &pages).unwrap();
        let page =
            |conn: &mut AnyConnection, digest, place| people_page(conn, &keys, digest, ("leave", place)).unwrap();
        assert_eq!(page(conn, &old, 0), Some(vec![leaver("P1"), leaver("P2")]));
        assert_eq!((page(conn, &old, 1), page(conn, &old, 2)), (Some(vec![leaver("P3")]), None));
        people_insert(conn, &keys, (&hash, &new), &pages[1..]).unwrap();
        assert_eq!(page(conn, &old, 0), None, "those of the one before are forgotten");
        people_insert(conn, &keys, (&hash, &new), &pages).unwrap();
        let damage = "UPDATE scheme_backtest_people SET page = 2 WHERE page = 1";
        sql_query(damage).execute(conn).unwrap();
        assert!(people_page(conn, &keys, &new, ("leave", 2)).is_err(), "a page that was moved does not open");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_read_a_sample_is_kept_once_and_for_good() {
    let department = crate::testing::TestDepartment::new("social", None, "");
    department.init();
    let keys = crate::keys::KeyFolder::new(department.config().keys.folder.resolve()).load(&[]).unwrap();
    for world in both() {
        let conn = &mut **world.database.lend_writer().unwrap();
        let hash = handed_in(conn);
        let digest = back_test(conn, &keys, hash, "a.b.c");
        assert!(leavers_readers(conn, &digest).unwrap().is_empty());
        assert!(leavers_read_insert(conn, &digest, &asha(), 1).unwrap());
        assert!(!leavers_read_insert(conn, &digest, &asha(), 2).unwrap(), "once");
        assert_eq!(leavers_readers(conn, &digest).unwrap(), [asha()]);
        for statement in ["UPDATE scheme_leavers_read SET account = 'ravi'", "DELETE FROM scheme_leavers_read"] {
            assert!(sql_query(statement).execute(conn).is_err(), "{statement}");
        }
    }
}
