//! A feed's signed head against what a subscriber holds.

use proptest::prelude::*;
use schemas::{digest::Digest, problem::Code};

use super::super::{fixture::*, *};
use crate::federation::testing::{NOW, entity};

fn digests(count: usize) -> Vec<Digest> {
    (0..count).map(|n| Digest::of(n.to_string())).collect()
}

#[test]
fn the_root_of_nothing_is_the_hash_of_nothing() {
    assert_eq!(feed_root(&[]), Digest::of(""));
    // RFC 6962 §2.1: one leaf is hashed with a zero byte before it.
    let one = Digest::of("0");
    assert_eq!(feed_root(&[one]), Digest::of([&[0], one.as_bytes().as_slice()].concat()));
}

#[test]
fn a_head_is_taken_from_its_source_by_its_subscriber() {
    let scene = Scene::new();
    let head = scene.signs_for_civil().feed_head(&entity("social"), &digests(3), NOW).unwrap();
    let bytes = head.jws().as_str().as_bytes();
    assert_eq!(accept_feed_head(bytes, &scene.source(), &entity("social")).unwrap(), head);
    assert_eq!(accept_feed_head(bytes, &scene.source(), &entity("food")), Err(Code::AudienceWrong));
    assert_eq!(accept_feed_head(bytes, &scene.receiver(), &entity("social")), Err(Code::PeerCertificateMismatch));
}

#[test]
fn what_is_missing_differs_from_what_was_changed() {
    let scene = Scene::new();
    let held = digests(5);
    let head = scene.signs_for_civil().feed_head(&entity("social"), &held, NOW).unwrap();
    let head = head.claims();
    assert_eq!(check_feed(head, &held), Ok(()));
    assert_eq!(check_feed(head, &digests(7)), Ok(()), "later events are not judged");
    assert_eq!(check_feed(head, &held[..4]), Err(FeedMismatch::Missing { last_seq: 5, held: 4 }));
}

proptest! {
    #[test]
    fn a_changed_or_exchanged_event_is_found(count in 1..40_usize, at: prop::sample::Index, other: prop::sample::Index) {
        let scene_free = digests(count);
        let root = feed_root(&scene_free);
        let mut changed = scene_free.clone();
        changed[at.index(count)] = Digest::of("another");
        prop_assert_ne!(feed_root(&changed), root);
        let mut exchanged = scene_free.clone();
        exchanged.swap(at.index(count), other.index(count));
        prop_assert_eq!(feed_root(&exchanged) == root, at.index(count) == other.index(count));
    }
}
