//! The closed set holds what the database lists, and nothing else.

use super::*;
use crate::testing::{connection, departments};

#[test]
fn both_engines_list_tables_views_and_columns_of_comparable_kinds() {
    for department in departments() {
        let catalogue = read(&mut connection(&department.owner)).unwrap();
        let table = catalogue.table("khatedar").unwrap();
        assert!(!table.is_view && catalogue.table("khata_view").unwrap().is_view);
        assert_eq!(table.column("khata_no").unwrap().kind, ColumnKind::Text);
        assert_eq!(table.column("annual_income").unwrap().kind, ColumnKind::Integer);
        assert_eq!(table.column("taxpayer").unwrap().kind, ColumnKind::Boolean);
        assert!(table.column("no_such").is_none() && catalogue.table("no_such").is_none());
    }
}

#[test]
fn our_own_tables_cannot_be_mapped() {
    for department in departments() {
        let catalogue = read(&mut connection(&department.owner)).unwrap();
        for ours in ["vinimay_journal", "vinimay_outbox", "vinimay_journal.entry", "vinimay_journal.outbox"] {
            assert!(catalogue.table(ours).is_none(), "{ours}");
        }
    }
}

#[test]
fn a_listed_name_that_needs_more_than_quoting_is_not_in_the_set() {
    for department in departments() {
        department.execute("CREATE TABLE \"a b\"\"; DROP TABLE khatedar; --\" (x TEXT)");
        department.execute("CREATE TABLE odd (\"x\"\"; --\" TEXT, fine TEXT)");
        let catalogue = read(&mut connection(&department.owner)).unwrap();
        assert!(catalogue.table_names().all(|name| name.split('.').all(is_identifier)));
        let odd = catalogue.table("odd").unwrap();
        assert_eq!(odd.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["fine"]);
    }
}

#[test]
fn on_postgresql_a_schema_may_be_named_and_unreadable_tables_are_not_listed() {
    let department = crate::testing::Department::postgres();
    department.execute("CREATE SCHEMA land; CREATE TABLE land.plot (plot_no TEXT); CREATE TABLE secret (x TEXT)");
    let owner = read(&mut connection(&department.owner)).unwrap();
    assert!(owner.table("land.plot").is_some() && owner.table("public.khatedar").is_some());
    assert!(owner.table("plot").is_none(), "not on the search path");
    let reader = read(&mut connection(&department.reader)).unwrap();
    assert!(reader.table("khatedar").is_some());
    assert!(reader.table("land.plot").is_none() && reader.table("secret").is_none());
}
