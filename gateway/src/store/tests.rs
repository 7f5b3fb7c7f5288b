use diesel::{RunQueryDsl as _, sql_query};
use protocol::federation::Mark;
use schemas::{
    digest::Digest,
    federation::SequencedEntry,
    id::{CompactJws, EntityId},
    time::NumericDate,
};
use service_kit::db::{AnyConnection, DatabaseError};
use service_kit_testing::DatabaseWorld;
use tlog::entry::EntryType;

use super::{
    MIGRATIONS,
    directory::{
        RegisterKind, StatementKind, StoredChain, member_chain_at, member_chain_insert, member_chain_newest,
        register_seen_find, register_seen_put, statement_seen_find, statement_seen_put,
    },
    outbox::{anchored_find, anchored_insert, outbox_insert, outbox_oldest, outbox_waiting},
    testing::{rows, tables},
};

/// One database of each engine with all our tables.
fn both() -> Vec<DatabaseWorld> {
    tokio::task::block_in_place(|| vec![DatabaseWorld::sqlite(&MIGRATIONS), DatabaseWorld::postgres(&MIGRATIONS)])
}

fn entity(name: &str) -> EntityId {
    format!("https://{name}.gov.example").parse().unwrap()
}

fn jws(text: &str) -> CompactJws {
    format!("{text}.b.c").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_have_the_same_tables_and_columns() {
    let found: Vec<Vec<String>> =
        both().iter().map(|world| tables(&mut world.database.lend_reader().unwrap())).collect();
    assert_eq!(found[0], found[1]);
    for table in ["audit_trail.hash", "lease.fence", "outbox.digest", "anchored.log_index", "subject_link.local_key"] {
        assert!(found[0].iter().any(|column| column == table), "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_leaves_only_with_its_place() {
    for world in both() {
        let conn = &mut **world.database.lend_writer().unwrap();
        let digests: Vec<Digest> = (0..600).map(|n| Digest::of(format!("record {n}"))).collect();
        let entries: Vec<_> = digests.iter().map(|digest| (EntryType::ExchangeReceipt, *digest)).collect();
        outbox_insert(conn, &entries, 1_000).unwrap();
        outbox_insert(conn, &entries[..10], 2_000).unwrap();
        assert_eq!((rows(conn, "outbox").unwrap(), outbox_oldest(conn).unwrap()), (600, Some(1_000)));

        let waiting = outbox_waiting(conn, 500).unwrap();
        assert_eq!(waiting.len(), 500);
        let places: Vec<_> = (0_u64..)
            .zip(&waiting)
            .map(|(index, entry)| SequencedEntry { digest: entry.digest, index: 40 + index, received_ms: 5_000 })
            .collect();
        anchored_insert(conn, &waiting, &places, "origin").unwrap();
        anchored_insert(conn, &waiting, &places, "origin").unwrap();
        assert_eq!((rows(conn, "outbox").unwrap(), rows(conn, "anchored").unwrap()), (100, 500));
        let found = anchored_find(conn, EntryType::ExchangeReceipt, &waiting[3].digest).unwrap().unwrap();
        assert_eq!((found.log_index, found.received_ms), (43, 5_000));
        assert_eq!(
            anchored_find(conn, EntryType::Trigger, &waiting[3].digest).unwrap(),
            None,
            "another type is another entry"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_in_the_log_is_final() {
    for world in both() {
        let conn = &mut **world.database.lend_writer().unwrap();
        outbox_insert(conn, &[(EntryType::Trigger, Digest::of("x"))], 1).unwrap();
        let waiting = outbox_waiting(conn, 1).unwrap();
        let place = SequencedEntry { digest: Digest::of("x"), index: 7, received_ms: 1 };
        anchored_insert(conn, &waiting, &[place], "origin").unwrap();
        for change in ["UPDATE anchored SET log_index = 8", "DELETE FROM anchored"] {
            let refused = sql_query(change).execute(conn).map_err(DatabaseError::from);
            assert!(refused.unwrap_err().to_string().contains("insert-only"), "{change}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_and_registers_go_forward_alone() {
    for world in both() {
        let conn = &mut **world.database.lend_writer().unwrap();
        let mark = |position, text: &str| Mark { position, digest: Digest::of(text) };
        let kind = StatementKind::Subordinate;
        for (put, expected) in
            [(mark(5, "a"), mark(5, "a")), (mark(4, "b"), mark(5, "a")), (mark(6, "c"), mark(6, "c"))]
        {
            statement_seen_put(conn, &entity("revenue"), kind, put).unwrap();
            assert_eq!(statement_seen_find(conn, &entity("revenue"), kind).unwrap(), Some(expected));
        }
        assert_eq!(statement_seen_find(conn, &entity("revenue"), StatementKind::Configuration).unwrap(), None);
        for (version, expected) in [(2, 2), (1, 2), (3, 3)] {
            register_seen_put(conn, RegisterKind::Laws, version, &[jws("a")]).unwrap();
            assert_eq!(register_seen_find(conn, RegisterKind::Laws).unwrap().unwrap().0, expected);
        }
        assert_eq!(register_seen_find(conn, RegisterKind::Purposes).unwrap(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_is_found_by_the_instant_at_which_it_counted() {
    for world in both() {
        let conn: &mut AnyConnection = &mut world.database.lend_writer().unwrap();
        let stored = |iat: i64, text: &str| StoredChain {
            entity: entity("food"),
            iat: NumericDate::from_seconds(iat),
            exp: NumericDate::from_seconds(iat + 100),
            chain: vec![jws(text)],
        };
        for chain in [stored(1_000, "one"), stored(1_050, "two")] {
            member_chain_insert(conn, &chain).unwrap();
        }
        for (at, expected) in [
            (1_000, Some("one")),
            (1_049, Some("one")),
            (1_050, Some("two")),
            (1_149, Some("two")),
            (1_150, None),
            (900, None),
        ] {
            let found = member_chain_at(conn, &entity("food"), NumericDate::from_seconds(at)).unwrap();
            assert_eq!(found.map(|found| found.chain), expected.map(|text| vec![jws(text)]), "{at}");
        }
        let newest = member_chain_newest(conn).unwrap();
        assert_eq!(newest, vec![stored(1_050, "two")]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_exchanges_of_one_id_each_person_has_her_own() {
    use super::evidence::{exchange_records, receipt_about};
    let id =
        |n: u8| -> schemas::id::MessageId { format!("01936b1e-5b2f-7c3d-8e4f-0123456789{n:02x}").parse().unwrap() };
    for world in both() {
        let conn = &mut **world.database.lend_writer().unwrap();
        let digest = match conn {
            AnyConnection::Sqlite(_) => "x'00'",
            AnyConnection::Postgres(_) => "'\\x00'::bytea",
        };
        // Two peers chose id 10; a third chose the id of our receipt of another's exchange.
        for (receipt, peer, exchange, jws, subject, told_from) in [
            (1, "https://b", 10, "a.a.a", "anita", "NULL"),
            (2, "https://a", 10, "b.b.b", "bimla", "NULL"),
            (3, "https://c", 1, "c.c.c", "chitra", "2000"),
        ] {
            let row = format!(
                "INSERT INTO receipt (jti, role, peer, exchange, digest, jws, issued_at, subject_index, told_from) \
                 VALUES ('{}', 'provider', '{peer}', '{}', {digest}, '{jws}', 1, '{subject}', {told_from})",
                id(receipt),
                id(exchange)
            );
            sql_query(row).execute(conn).unwrap();
        }
        for (who, exchange, at, expected) in [
            ("anita", 10, 1_000, Some("a.a.a")),
            ("bimla", 10, 1_000, Some("b.b.b")),
            ("chitra", 10, 3_000, None),
            ("anita", 1, 3_000, None),
            ("chitra", 1, 1_999, None),
            ("chitra", 1, 2_000, Some("c.c.c")),
        ] {
            let now = schemas::time::Timestamp::from_seconds(at);
            let hers = receipt_about(conn, &id(exchange), Some(who), None, now).unwrap();
            let records = hers.map(|hers| exchange_records(conn, &hers).unwrap().unwrap().records);
            let found = records.map(|records| records.iter().map(|(_, jws)| jws.to_string()).collect::<Vec<_>>());
            assert_eq!(found, expected.map(|jws| vec![jws.to_owned()]), "{who} {exchange} {at}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receipts_of_an_exchange_are_found_by_the_id_of_either() {
    use super::evidence::exchange_records;
    let id =
        |n: u8| -> schemas::id::MessageId { format!("01936b1e-5b2f-7c3d-8e4f-0123456789{n:02x}").parse().unwrap() };
    for world in both() {
        let conn = &mut **world.database.lend_writer().unwrap();
        let digest = match conn {
            AnyConnection::Sqlite(_) => "x'00'",
            AnyConnection::Postgres(_) => "'\\x00'::bytea",
        };
        // Exchange 10 has both sides, exchange 11 ours alone; a stranger's receipt names exchange 11 too.
        for row in [
            format!(
                "receipt (jti, role, peer, exchange, digest, jws, issued_at) VALUES ('{}', 'consumer', 'https://p', '10', {digest}, 'a.b.c', 1)",
                id(1)
            ),
            format!(
                "receipt (jti, role, peer, exchange, digest, jws, issued_at) VALUES ('{}', 'provider', 'https://c', '11', {digest}, 'd.e.f', 1)",
                id(2)
            ),
            format!(
                "counterpart_receipt (role, peer, exchange, jti, digest, jws) VALUES ('provider', 'https://p', '10', '{}', {digest}, 'g.h.i')",
                id(3)
            ),
            format!(
                "counterpart_receipt (role, peer, exchange, jti, digest, jws) VALUES ('provider', 'https://x', '11', '{}', {digest}, 'j.k.l')",
                id(4)
            ),
        ] {
            sql_query(format!("INSERT INTO {row}")).execute(conn).unwrap();
        }
        let mut found = |n: u8| {
            let records = exchange_records(conn, &id(n)).unwrap();
            records.map(|records| records.records.iter().map(|(_, jws)| jws.to_string()).collect::<Vec<_>>())
        };
        let both_sides = Some(vec!["a.b.c".to_owned(), "g.h.i".to_owned()]);
        assert_eq!((found(1), found(3)), (both_sides.clone(), both_sides));
        assert_eq!(found(2), Some(vec!["d.e.f".to_owned()]));
        assert_eq!((found(4), found(5)), (None, None));
    }
}
