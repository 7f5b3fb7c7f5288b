//! Whatever bytes arrive, they are refused without a panic, and one changed character is always noticed.

use std::sync::LazyLock;

use proptest::prelude::*;
use schemas::query::Query;

use super::super::{fixture::*, *};
use crate::federation::{VerifiedMember, testing::NOW};

struct Sample {
    scene: Scene,
    consumer: VerifiedMember,
    query: Attested<Query>,
    answer: String,
}

static SAMPLE: LazyLock<Sample> = LazyLock::new(|| {
    let scene = Scene::new();
    let query = scene.ask();
    let answer = scene.answer(&scene.accept(&query)).answer.jws().to_string();
    Sample { consumer: scene.consumer(), query, answer, scene }
});

/// The token with one character replaced by another of its alphabet.
fn changed(token: &str, at: prop::sample::Index, by: u8) -> Option<String> {
    let position = at.index(token.len());
    let mut bytes = token.as_bytes().to_vec();
    let before = std::mem::replace(&mut bytes[position], by);
    (before != by).then(|| String::from_utf8(bytes).unwrap())
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_refused(bytes: Vec<u8>, text in "[A-Za-z0-9_.-]{0,300}") {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            prop_assert!(accept(bytes, &SAMPLE.consumer).is_err());
            prop_assert!(SAMPLE.scene.open_bytes(bytes, &SAMPLE.query, NOW).is_err());
        }
    }

    #[test]
    fn a_query_with_one_character_changed_is_refused(at: prop::sample::Index, by in "[A-Za-z0-9_.-]") {
        let spoilt = changed(SAMPLE.query.jws().as_str(), at, by.as_bytes()[0]);
        prop_assume!(spoilt.is_some());
        prop_assert!(accept(spoilt.unwrap().as_bytes(), &SAMPLE.consumer).is_err());
    }

    #[test]
    fn an_answer_with_one_character_changed_is_refused(at: prop::sample::Index, by in "[A-Za-z0-9_.-]") {
        let spoilt = changed(&SAMPLE.answer, at, by.as_bytes()[0]);
        prop_assume!(spoilt.is_some());
        prop_assert!(SAMPLE.scene.open_bytes(spoilt.unwrap().as_bytes(), &SAMPLE.query, NOW).is_err());
    }
}
