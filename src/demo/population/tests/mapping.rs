//! The mapping files name only what the databases have, in the format of the registry adapter.

use toml::{Table, Value};

use super::*;

/// Each mapping with the database that it is about.
fn mappings() -> [(&'static str, Table, &'static PathBuf); 4] {
    let parsed = |text: &str| text.parse::<Table>().unwrap();
    [
        ("civil", parsed(CIVIL_MAPPING), &made().civil),
        ("revenue", parsed(REVENUE_MAPPING), &made().revenue),
        ("food", parsed(FOOD_MAPPING), &made().food),
        ("social", parsed(SOCIAL_MAPPING), &made().social),
    ]
}

fn columns(path: &Path, table: &str) -> HashSet<String> {
    texts(path, &format!("SELECT name AS value FROM pragma_table_info('{table}')")).into_iter().collect()
}

fn sections<'a>(mapping: &'a Table, name: &str) -> Vec<&'a Table> {
    let list = mapping.get(name).and_then(Value::as_array);
    list.into_iter().flatten().map(|section| section.as_table().unwrap()).collect()
}

fn named<'a>(section: &'a Table, key: &str) -> &'a str {
    section.get(key).and_then(Value::as_str).unwrap_or_else(|| panic!("{key} in {section}"))
}

/// Every column that a section names must be one of its table's.
fn assert_columns(path: &Path, section: &Table, keys: &[&str]) {
    let table = named(section, "table");
    let present = columns(path, table);
    for key in keys.iter().filter(|key| section.contains_key(**key)) {
        assert!(present.contains(named(section, key)), "{table} has no {}", named(section, key));
    }
}

#[test]
fn datasets_name_columns_of_their_tables() {
    let mut fields = 0;
    for (_, mapping, path) in mappings() {
        for dataset in sections(&mapping, "dataset") {
            assert_columns(path, dataset, &["key", "range_column"]);
            let present = columns(path, named(dataset, "table"));
            for field in sections(dataset, "field") {
                assert!(present.contains(named(field, "column")), "{field}");
                assert!(["text", "integer", "date", "boolean"].contains(&named(field, "type")));
                assert!(["public", "personal", "sensitive"].contains(&named(field, "sensitivity")));
                fields += 1;
            }
        }
    }
    assert!(fields >= 15, "{fields}");
}

#[test]
fn datasets_have_titles_in_both_languages_and_a_purpose() {
    for (department, mapping, _) in mappings() {
        for dataset in sections(&mapping, "dataset") {
            let title = dataset["title"].as_table().unwrap();
            assert!(title.contains_key("en") && title.contains_key("hi"), "{dataset}");
            assert!(named(dataset, "id").starts_with(&format!("{department}.")));
            assert!(!dataset["purposes"].as_array().unwrap().is_empty());
        }
    }
}

#[test]
fn matching_rolls_and_changes_name_columns_of_their_tables() {
    for (_, mapping, path) in mappings() {
        for section in sections(&mapping, "matching") {
            assert_columns(path, section, &["key", "name", "birth_date", "district"]);
        }
        for section in sections(&mapping, "roll") {
            assert_columns(path, section, &["key", "status", "reason", "since", "subject_key"]);
        }
        for section in sections(&mapping, "change") {
            assert_columns(path, section, &["key", "subject", "effective"]);
            let present = columns(path, named(section, "table"));
            for part in ["payload", "related"] {
                let named = section.get(part).and_then(Value::as_table).into_iter().flat_map(|part| part.values());
                assert!(named.into_iter().all(|column| present.contains(column.as_str().unwrap())), "{section}");
            }
        }
    }
}

#[test]
fn the_identity_registry_is_civil_registration() {
    let [(_, civil, path), others @ ..] = mappings();
    let identity = civil["identity"].as_table().unwrap();
    assert_columns(
        path,
        identity,
        &["key", "given_name", "family_name", "birthdate", "birth_precision", "district", "alive"],
    );
    assert_eq!(identity.len(), 8);
    assert!(others.iter().all(|(_, mapping, _)| !mapping.contains_key("identity")));
}

#[test]
fn a_roll_knows_the_states_that_its_table_uses() {
    for (_, mapping, path) in mappings() {
        for roll in sections(&mapping, "roll") {
            let (table, status) = (named(roll, "table"), named(roll, "status"));
            let least = if ["ration_member", "pension_beneficiary"].contains(&table) { 1_000 } else { 0 };
            assert!(count(path, &format!("{table} WHERE {status} = '{}'", named(roll, "active"))) > least, "{table}");
            let ddl = texts(path, &format!("SELECT sql AS value FROM sqlite_master WHERE name = '{table}'"));
            assert!(ddl[0].contains(&format!("'{}'", named(roll, "held"))));
        }
    }
}

#[test]
fn the_postgresql_variants_have_the_same_columns() {
    let revenue = include_str!("../../departments/revenue/schema.postgres.sql");
    let social = include_str!("../../departments/social/schema.postgres.sql");
    for (ddl, table, path) in [(revenue, "khatedar", &made().revenue), (social, "pension_beneficiary", &made().social)]
    {
        let body = ddl.split_once(&format!("CREATE TABLE {table} (")).unwrap().1;
        let names =
            body.lines().filter(|line| line.starts_with("    ")).filter_map(|line| line.split_whitespace().next());
        assert_eq!(names.map(str::to_owned).collect::<HashSet<_>>(), columns(path, table));
    }
}

#[test]
fn fields_of_the_design_are_offered() {
    let [_, (_, revenue, _), (_, food, _), _] = mappings();
    let offered = |mapping: &Table, id: &str, name: &str| {
        let dataset = sections(mapping, "dataset").into_iter().find(|d| named(d, "id") == id).unwrap().clone();
        sections(&dataset, "field").iter().any(|field| named(field, "name") == name)
    };
    assert!(offered(&revenue, "revenue.income", "annual_income_band"));
    assert!(offered(&revenue, "revenue.income", "annual_income"));
    assert!(offered(&food, "food.household", "bpl"));
}

#[test]
fn columns_declare_the_kind_that_the_mapping_names() {
    for (_, mapping, path) in mappings() {
        for dataset in sections(&mapping, "dataset") {
            for field in sections(dataset, "field") {
                let (table, column) = (named(dataset, "table"), named(field, "column"));
                let sql = format!("SELECT type AS value FROM pragma_table_info('{table}') WHERE name = '{column}'");
                // SQLite keeps dates as text and booleans as integers.
                let expected = if ["integer", "boolean"].contains(&named(field, "type")) { "INT" } else { "TEXT" };
                assert!(texts(path, &sql)[0].starts_with(expected), "{table}.{column}: {:?}", texts(path, &sql));
            }
        }
    }
}
