//! `json/` holds exactly the schemas that the types generate. `UPDATE_SCHEMAS=1` rewrites the folder.

use std::{collections::BTreeSet, fs};

use crate::types::{OPEN, TYPES, WireType, folder, stems};

fn generated(wire: &WireType) -> String {
    let mut text = serde_json::to_string_pretty(&(wire.schema)()).unwrap();
    text.push('\n');
    text
}

#[test]
fn the_committed_schemas_are_those_of_the_types() {
    let update = std::env::var_os("UPDATE_SCHEMAS").is_some();
    for wire in TYPES {
        let path = folder("json").join(format!("{}.json", wire.stem));
        if update {
            fs::write(&path, generated(wire)).unwrap();
        }
        // Compared as documents: whether members keep their order depends on what else is built beside this crate.
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&committed).ok(),
            serde_json::from_str(&generated(wire)).ok(),
            "{} is out of date: UPDATE_SCHEMAS=1 cargo test -p schemas",
            path.display()
        );
    }
    let known: BTreeSet<_> = TYPES.iter().map(|wire| wire.stem.to_owned()).collect();
    assert_eq!(known.len(), TYPES.len(), "a type stands twice");
    assert_eq!(stems("json"), known.into_iter().collect::<Vec<_>>(), "a schema is left over");
}

#[test]
fn all_types_but_those_that_others_extend_are_closed() {
    for wire in TYPES.iter().filter(|wire| !OPEN.contains(&wire.stem)) {
        let schema = (wire.schema)();
        assert_eq!(schema.get("additionalProperties"), Some(&serde_json::Value::Bool(false)), "{}", wire.stem);
    }
}
