//! On both engines: what is decided once is decided once, whoever asks second.

use protocol::seal::{DecryptionKey, random};
use schemas::{
    digest::Digest,
    id::{CompactJws, ConsentId, Did, MessageId},
    local::ConsentRequestState,
    time::Timestamp,
};
use service_kit::db::{AnyConnection, DatabaseError};
use service_kit_testing::DatabaseWorld;

use super::{
    held::{HeldConsent, NewHeld, held_find, held_insert, held_of_request},
    orders::{NewAck, ack_find, ack_insert},
    requests::{
        OBJECTS, RequestStoreError, StoredRequest, object_find, object_insert, request_decide, request_find,
        request_insert, request_of_key,
    },
    spent::{Once, spend, spent_prune},
    status_lists::{SeenList, list_find, list_upsert, list_used, lists_used},
};
use crate::{
    consents::testing::keys,
    keys::Keys,
    store::{MIGRATIONS, exchange::consent_index},
};

fn now() -> Timestamp {
    Timestamp::from_seconds(1_795_248_100)
}

/// Runs the same on SQLite and on PostgreSQL.
fn on_both(check: impl Fn(&mut AnyConnection, &Keys) -> Result<(), RequestStoreError>) {
    for world in [DatabaseWorld::sqlite(&MIGRATIONS), DatabaseWorld::postgres(&MIGRATIONS)] {
        world.database.write_blocking(|conn| check(conn, &keys())).unwrap();
    }
}

fn request() -> StoredRequest {
    StoredRequest {
        id: random::message_id(now()),
        system: "portal".parse().unwrap(),
        case: Some("case-7".parse().unwrap()),
        terms: serde_json::from_value(serde_json::json!({
            "type": "urn:vinimay:consent:1", "credential_ids": ["binding"], "purpose": "social.pension", "purpose_version": "1",
            "text": { "en": "x" }, "consumer_name": { "en": "y" }, "items": [], "validity": "P1D",
            "frequency": { "mode": "recurring", "maxUses": 1 }, "retention": "P1D"
        }))
        .unwrap(),
        key: DecryptionKey::generate().unwrap(),
        expires: now().plus(60),
        state: ConsentRequestState::Waiting,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_spent_once_of_its_kind_until_it_is_forgotten() {
    tokio::task::block_in_place(|| {
        on_both(|conn, _| {
            assert!(spend(conn, Once::Citizen, "n", now())?);
            assert!(!spend(conn, Once::Citizen, "n", now())?);
            assert!(spend(conn, Once::Identity, "n", now())?, "another kind");
            assert_eq!(spent_prune(conn, now())?, 0, "not before its end");
            assert_eq!(spent_prune(conn, now().plus(1))?, 2);
            assert!(spend(conn, Once::Citizen, "n", now())?);
            Ok(())
        });
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_reads_back_and_is_decided_once_before_its_end() {
    tokio::task::block_in_place(|| {
        on_both(|conn, keys| {
            let (one, two) = (request(), request());
            request_insert(conn, keys, &one)?;
            request_insert(conn, keys, &two)?;
            let found = request_find(conn, keys, &one.id)?.unwrap();
            assert_eq!(
                (found.terms, found.case, found.key.kid()),
                (one.terms.clone(), one.case.clone(), one.key.kid())
            );
            assert_eq!(request_of_key(conn, keys, two.key.kid())?.unwrap().id, two.id);
            assert!(request_find(conn, keys, &random::message_id(now()))?.is_none());
            assert!(request_decide(conn, &one.id, true, now())?);
            assert!(!request_decide(conn, &one.id, false, now())?, "decided before");
            assert_eq!(request_find(conn, keys, &one.id)?.unwrap().state, ConsentRequestState::Given);
            assert!(!request_decide(conn, &two.id, true, now().plus(60))?, "at its end");
            assert_eq!(request_find(conn, keys, &two.id)?.unwrap().state, ConsentRequestState::Waiting);
            Ok(())
        });
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_a_request_opens_with_the_departments_keys_alone() {
    tokio::task::block_in_place(|| {
        on_both(|conn, own| {
            let one = request();
            request_insert(conn, own, &one)?;
            assert!(matches!(request_find(conn, &keys(), &one.id), Err(RequestStoreError::Column(_))));
            Ok(())
        });
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn request_objects_belong_to_their_request_and_are_not_without_end() {
    tokio::task::block_in_place(|| {
        on_both(|conn, _| {
            let (one, two) = (random::message_id(now()), random::message_id(now()));
            for number in 0..OBJECTS {
                assert!(object_insert(conn, &one, &Digest::of(number.to_string()), "n", now())?);
            }
            assert!(!object_insert(conn, &one, &Digest::of("more"), "n", now())?);
            let found = object_find(conn, &one, &Digest::of("0"))?.unwrap();
            assert_eq!((found.nonce.as_str(), found.served), ("n", now()));
            assert_eq!(object_find(conn, &two, &Digest::of("0"))?, None, "another request");
            Ok(())
        });
    });
}

fn held() -> (ConsentId, HeldConsent) {
    let tokens = HeldConsent { consent: "a.b.c".parse().unwrap(), binding: "a..c.d.e".parse().unwrap() };
    (random::consent_id(now()), tokens)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_consent_is_kept_once_in_the_order_of_its_request() {
    tokio::task::block_in_place(|| {
        on_both(|conn, keys| {
            let request: MessageId = random::message_id(now());
            let ((one, tokens), (two, _)) = (held(), held());
            let new = |id, place| NewHeld { id, request: &request, place, tokens: &tokens, valid_until: now() };
            assert!(held_insert(conn, keys, &new(&two, 1))?);
            assert!(held_insert(conn, keys, &new(&one, 0))?);
            assert!(!held_insert(conn, keys, &new(&one, 0))?, "its id is there");
            assert_eq!(held_find(conn, keys, &one)?.as_ref(), Some(&tokens));
            assert_eq!(held_of_request(conn, &request)?, [one, two]);
            assert!(held_find(conn, keys, &held().0)?.is_none());
            Ok(())
        });
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_is_kept_once_an_order() {
    tokio::task::block_in_place(|| {
        on_both(|conn, keys| {
            let issuer: Did = "did:jwk:eyJ".parse().unwrap();
            let (consent, order) = (consent_index(keys, &issuer, &held().0), Digest::of("order"));
            let (first, second): (CompactJws, CompactJws) = ("a.b.c".parse().unwrap(), "d.e.f".parse().unwrap());
            let new = |ack| NewAck { order: &order, consent: &consent, n: 1, ack, at: now() };
            assert_eq!(ack_find(conn, &order)?, None);
            assert!(ack_insert(conn, &new(&first))?);
            assert!(!ack_insert(conn, &new(&second))?);
            assert_eq!(ack_find(conn, &order)?, Some(first));
            Ok(())
        });
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_list_never_goes_back_and_is_forgotten_when_nobody_asks() {
    tokio::task::block_in_place(|| {
        on_both(|conn, _| {
            let list = |token: &str, seconds| SeenList {
                uri: "https://civil.gov.example/status/rb/0".to_owned(),
                issuer: "https://civil.gov.example".parse().unwrap(),
                token: token.parse().unwrap(),
                fetched: now().plus(seconds),
            };
            list_upsert(conn, &list("b.b.b", 10), now())?;
            list_upsert(conn, &list("a.a.a", 0), now().plus(20))?;
            let found = list_find(conn, &list("a.a.a", 0).uri)?.unwrap();
            assert_eq!(
                (found.token.as_str(), found.fetched),
                ("b.b.b", now().plus(10)),
                "an older one changes nothing"
            );
            list_upsert(conn, &list("c.c.c", 11), now())?;
            assert_eq!(list_find(conn, &found.uri)?.unwrap().token.as_str(), "c.c.c");
            assert_eq!(lists_used(conn, now())?.len(), 1);
            assert!(lists_used(conn, now().plus(100))?.is_empty(), "nobody asked since");
            list_used(conn, &found.uri, now().plus(100))?;
            assert_eq!(lists_used(conn, now().plus(100))?.len(), 1);
            Ok(())
        });
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_spend_one_nonce_at_once_spend_it_once() {
    let world = tokio::task::block_in_place(|| DatabaseWorld::postgres(&MIGRATIONS));
    let tries = (0..16).map(|_| {
        let database = world.database.clone();
        tokio::spawn(async move {
            database.write(|conn| Ok::<_, DatabaseError>(spend(conn, Once::Citizen, "n", now())?)).await.unwrap()
        })
    });
    let mut won = 0;
    for attempt in tries.collect::<Vec<_>>() {
        won += usize::from(attempt.await.unwrap());
    }
    assert_eq!(won, 1);
}
