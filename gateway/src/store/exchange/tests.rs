//! The statements that no test of the exchange runs on both engines, on both engines.

use protocol::exchange::{Attested, Consumer, Evidence, Question};
use protocol_testing::World;
use schemas::{digest::Digest, id::MessageId, query::Query};
use service_kit::db::{AnyConnection, Database, DatabaseError};

use super::{
    asks::{
        AskKey, KEPT_MS, NewAsk, ask_find, ask_of_exchange, asks_due, asks_end, asks_hurry, asks_insert, end_open,
        end_seal, ends_sweep, query_open, query_seal,
    },
    receipts::{NewReceipt, counterparts_insert, provider_receipts, receipts_insert},
    returns::{returns_claim, returns_done, returns_insert, returns_later},
};
use crate::{
    exchange::testing::{databases, keys, receipts_of},
    keys::Keys,
};

struct Scene {
    world: World,
    keys: Keys,
}

impl Scene {
    fn new() -> Self {
        let world = World::new();
        let keys = keys(&world.consumer, world.now);
        Self { world, keys }
    }

    fn consumer(&self) -> Consumer<'_> {
        Consumer {
            entity: &self.world.consumer.entity,
            signing: &self.keys.signing,
            subject_mac: &self.keys.subject_mac,
        }
    }

    fn query(&self) -> Attested<Query> {
        let query = self.world.query(&self.world.citizen("RID-0001").consent(&self.world.terms()));
        let question =
            Question { provider: query.aud, terms: query.query, basis: query.basis, agent: query.agent, case: None };
        self.consumer().ask(question, 60, self.world.now).unwrap()
    }

    fn ask(&self, query: &Attested<Query>, key: &AskKey) -> NewAsk {
        let exchange = query.claims().jti.clone();
        NewAsk {
            key: key.clone(),
            request: Digest::of("request"),
            provider: query.claims().aud.clone(),
            query: query_seal(&self.keys, &exchange, query.jws(), &[]).unwrap(),
            exchange,
            next_ms: 2_000,
        }
    }

    fn key(&self, n: u8) -> AskKey {
        let idempotency = format!("01936b1e-5b2f-7c3d-8e4f-0123456789{n:02x}").parse().unwrap();
        AskKey::new("portal".parse().unwrap(), idempotency)
    }

    fn receipt(&self, query: &Attested<Query>) -> NewReceipt {
        let receipt = self.consumer().unconfirmed(query, &Evidence::default(), self.world.now).unwrap();
        NewReceipt::of(&receipt, None, None)
    }
}

/// Runs on this thread, in one transaction.
fn write<T>(database: &Database, work: impl FnOnce(&mut AnyConnection) -> diesel::QueryResult<T>) -> T {
    let done = tokio::task::block_in_place(|| database.write_blocking(|conn| Ok::<_, DatabaseError>(work(conn)?)));
    done.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_names_one_question_which_is_open_until_its_end() {
    let scene = Scene::new();
    for world in databases() {
        let database = &world.database;
        let (one, two, other) = (scene.query(), scene.query(), scene.query());
        let asks = [scene.ask(&one, &scene.key(1)), scene.ask(&two, &scene.key(1)), scene.ask(&other, &scene.key(2))];
        let written = write(database, |conn| asks_insert(conn, &asks, 1_000));
        assert_eq!(written.len(), 2, "two keys, two questions");
        assert!(written.contains(&asks[0].exchange) && written.contains(&asks[2].exchange));
        assert!(write(database, |conn| asks_insert(conn, &asks[1..2], 1_000)).is_empty(), "the first one stays");
        assert!(write(database, |conn| asks_insert(conn, &[], 1_000)).is_empty());

        let found = write(database, |conn| ask_find(conn, &scene.key(1))).unwrap();
        assert_eq!((&found.exchange, found.request, &found.end), (&asks[0].exchange, Digest::of("request"), &None));
        let stored = query_open(&scene.keys, &found.exchange, &found.open.unwrap()).unwrap();
        assert_eq!((&stored.query, stored.people.len()), (one.jws(), 0), "byte for byte");
        assert_eq!(write(database, |conn| ask_find(conn, &scene.key(3))), None);

        let end = end_seal(&scene.keys, &asks[0].exchange, &"the end").unwrap();
        write(database, |conn| asks_end(conn, &[(asks[0].exchange.clone(), end.clone())], 1_000));
        write(database, |conn| asks_end(conn, &[(asks[0].exchange.clone(), b"another".to_vec())], 1_000));
        let ended = write(database, |conn| ask_of_exchange(conn, &asks[0].exchange)).unwrap();
        assert_eq!(ended.open, None);
        let text: String = end_open(&scene.keys, &ended.exchange, &ended.end.unwrap()).unwrap();
        assert_eq!(text, "the end", "the first end stays");
        assert_eq!(write(database, |conn| ends_sweep(conn, 1_000 + KEPT_MS - 1, 10)), 0);
        assert_eq!(write(database, |conn| ends_sweep(conn, 1_000 + KEPT_MS, 10)), 1);
        let forgotten = write(database, |conn| ask_find(conn, &scene.key(1))).unwrap();
        assert_eq!((forgotten.open, forgotten.end), (None, None), "the key stays taken");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_has_its_turn_once_in_a_while_and_at_once_after_a_restart() {
    let scene = Scene::new();
    for world in databases() {
        let database = &world.database;
        let queries: Vec<_> = (0..3).map(|_| scene.query()).collect();
        let keys = (1..).map(|n| scene.key(n));
        let asks: Vec<_> = queries.iter().zip(keys).map(|(query, key)| scene.ask(query, &key)).collect();
        write(database, |conn| asks_insert(conn, &asks, 1_000));
        let due = |now: i64, limit: i64| write(database, |conn| asks_due(conn, now, now + 500, limit)).len();
        assert_eq!(due(1_999, 10), 0, "its caller is still there");
        assert_eq!((due(2_000, 2), due(2_000, 10), due(2_000, 10)), (2, 1, 0), "each has one turn");
        assert_eq!(due(2_600, 10), 3);
        assert_eq!(write(database, |conn| asks_hurry(conn, 2_700)), 3);
        assert_eq!(due(2_700, 10), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_wait_for_their_way_back_until_they_are_taken() {
    let scene = Scene::new();
    for world in databases() {
        let database = &world.database;
        let receipts: Vec<_> = (0..3).map(|_| scene.receipt(&scene.query())).collect();
        let ids: Vec<MessageId> = receipts.iter().map(|receipt| receipt.jti.clone()).collect();
        write(database, |conn| returns_insert(conn, &receipts.iter().collect::<Vec<_>>(), 1_000));
        let claim = |now: i64| write(database, |conn| returns_claim(conn, now, now + 300, 10));
        assert_eq!(claim(999).len(), 0);
        let first = claim(1_000);
        assert_eq!(first.len(), 3);
        assert!(first.iter().all(|waiting| waiting.tries == 0 && waiting.peer == scene.world.provider.entity));
        assert_eq!(claim(1_200).len(), 0, "left to whoever claimed them");
        write(database, |conn| returns_done(conn, &ids[..1]));
        write(database, |conn| returns_later(conn, &ids[1..], 5_000));
        assert_eq!(claim(4_999).len(), 0);
        let again = claim(5_000);
        assert_eq!(again.iter().map(|waiting| waiting.tries).collect::<Vec<_>>(), [1, 1]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_has_one_receipt_of_each_side() {
    let scene = Scene::new();
    for world in databases() {
        let database = &world.database;
        let query = scene.query();
        let (first, second) = (scene.receipt(&query), scene.receipt(&query));
        let exchange = &query.claims().jti;
        assert_eq!(write(database, |conn| receipts_insert(conn, std::slice::from_ref(&first))).len(), 1);
        assert_eq!(write(database, |conn| receipts_insert(conn, &[second])).len(), 0, "the first one stays");
        let theirs: Vec<_> = (0..2)
            .map(|_| {
                let scene = Scene::new();
                let mut claims = scene.consumer().unconfirmed(&query, &Evidence::default(), scene.world.now).unwrap();
                let (mut receipt, _) = claims.clone().into_parts();
                receipt.role = schemas::receipt::ReceiptRole::Provider;
                receipt.iss = scene.world.provider.entity.clone();
                claims = Attested::sign(receipt, &scene.keys.signing).unwrap();
                claims
            })
            .collect();
        write(database, |conn| counterparts_insert(conn, &theirs));
        let pair = Some((first.jws, Some(theirs[0].jws().clone())));
        assert_eq!(receipts_of(database, exchange).await, pair, "the first one of each side stays");
        assert_eq!(receipts_of(database, &first.jti).await, pair);
        let ours = write(database, |conn| {
            provider_receipts(conn, &scene.world.provider.entity, std::slice::from_ref(exchange))
        });
        assert!(ours.is_empty(), "we were the consumer");
    }
}
