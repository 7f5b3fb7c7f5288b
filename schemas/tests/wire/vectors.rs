//! `vectors/`: one file a type, a list of `{why, type, valid, message}`; `beyond_schema` marks what only serde refuses.

use std::fs;

use serde::Deserialize;
use serde_json::Value;

use crate::types::{OPEN, TYPES, WireType, folder, stems};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    why: String,
    r#type: String,
    valid: bool,
    #[serde(default)]
    beyond_schema: bool,
    message: Value,
}

fn vectors(stem: &str) -> (&'static WireType, Vec<Vector>) {
    let wire = TYPES.iter().find(|wire| wire.stem == stem).unwrap_or_else(|| panic!("{stem}.json is of no type"));
    let text = fs::read_to_string(folder("vectors").join(format!("{stem}.json"))).unwrap();
    (wire, serde_json::from_str(&text).unwrap_or_else(|e| panic!("{stem}.json: {e}")))
}

fn each_vector(mut check: impl FnMut(&'static WireType, &Vector)) {
    for stem in stems("vectors") {
        let (wire, vectors) = vectors(&stem);
        vectors.iter().for_each(|vector| check(wire, vector));
    }
}

#[test]
fn serde_takes_the_valid_and_refuses_the_invalid() {
    each_vector(|wire, vector| {
        assert_eq!(vector.r#type, wire.name, "{}: {}", wire.stem, vector.why);
        let read = (wire.round_trip)(&vector.message.to_string());
        match (vector.valid, read) {
            (true, Ok(again)) => {
                assert_eq!(again, vector.message, "{}: {} reads back otherwise", wire.stem, vector.why)
            }
            (true, Err(error)) => panic!("{}: {} is refused: {error}", wire.stem, vector.why),
            (false, Ok(_)) => panic!("{}: {} is taken", wire.stem, vector.why),
            (false, Err(_)) => {}
        }
    });
}

#[test]
fn the_schemas_take_the_valid_and_refuse_what_a_schema_can() {
    each_vector(|wire, vector| {
        let schema = serde_json::to_value((wire.schema)()).unwrap();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let allowed = validator.is_valid(&vector.message);
        let expected = vector.valid || vector.beyond_schema;
        assert_eq!(allowed, expected, "{}: {}", wire.stem, vector.why);
    });
}

#[test]
fn each_type_has_vectors_of_both_kinds_each_with_its_reason() {
    for wire in TYPES {
        let (_, vectors) = vectors(wire.stem);
        assert!(vectors.iter().any(|v| v.valid), "{} has no valid vector", wire.stem);
        assert!(vectors.iter().filter(|v| !v.valid).count() >= 2, "{} has too few invalid vectors", wire.stem);
        let mut reasons: Vec<_> = vectors.iter().map(|v| v.why.as_str()).collect();
        assert!(reasons.iter().all(|why| why.len() > 5 && !why.contains('\n')), "{}", wire.stem);
        reasons.sort_unstable();
        reasons.dedup();
        assert_eq!(reasons.len(), vectors.len(), "{}: a reason stands twice", wire.stem);
    }
}

#[test]
fn a_valid_message_with_any_member_added_is_refused_unless_its_type_is_open() {
    each_vector(|wire, vector| {
        let open = OPEN.contains(&wire.stem);
        let mut message = vector.message.clone();
        if let Some(object) = message.as_object_mut().filter(|_| vector.valid) {
            object.insert("not-a-member".into(), Value::Null);
            assert_eq!((wire.round_trip)(&message.to_string()).is_ok(), open, "{}: {}", wire.stem, vector.why);
        }
    });
}

#[test]
fn a_message_without_one_of_its_required_members_is_refused() {
    each_vector(|wire, vector| {
        let schema = serde_json::to_value((wire.schema)()).unwrap();
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        assert!(!required.is_empty(), "{} requires nothing", wire.stem);
        for name in required.iter().filter(|_| vector.valid) {
            let mut message = vector.message.clone();
            message.as_object_mut().unwrap().remove(name.as_str().unwrap());
            assert!((wire.round_trip)(&message.to_string()).is_err(), "{} without {name}", wire.stem);
        }
    });
}
