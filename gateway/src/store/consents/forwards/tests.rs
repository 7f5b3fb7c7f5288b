//! On both engines: no order is overtaken by a later one of its consent, and neither a flood nor damage stops the others.

use diesel::{RunQueryDsl as _, sql_query, sql_types::Binary};
use schemas::{digest::Digest, id::EntityId, problem::Code, time::Timestamp};
use service_kit::db::AnyConnection;
use service_kit_testing::DatabaseWorld;

use super::*;
use crate::{
    consents::testing::keys,
    store::{
        MIGRATIONS,
        consents::orders::{NewAck, ack_insert},
        exchange::consent_index,
    },
};

const ALL: ClaimBounds = ClaimBounds { per_peer: 10, all: 100 };

/// Runs the same on SQLite and on PostgreSQL.
fn on_both(check: impl Fn(&mut AnyConnection, &Keys) -> Result<(), RequestStoreError>) {
    tokio::task::block_in_place(|| {
        for world in [DatabaseWorld::sqlite(&MIGRATIONS), DatabaseWorld::postgres(&MIGRATIONS)] {
            world.database.write_blocking(|conn| check(conn, &keys())).unwrap();
        }
    });
}

fn peer(name: &str) -> EntityId {
    format!("https://{name}.gov.example").parse().unwrap()
}

/// An order of this name about a consent, obeyed here as the citizen's n-th.
struct Order<'a> {
    name: &'a str,
    to: &'a EntityId,
    consent: &'a ConsentIndex,
    n: u32,
    revokes: bool,
    next_ms: i64,
}

impl Order<'_> {
    fn digest(&self) -> Digest {
        Digest::of(self.name)
    }

    fn queue(&self, conn: &mut AnyConnection, keys: &Keys) -> Result<(), RequestStoreError> {
        let order: CompactJws = format!("a.{}.c", self.name).parse().unwrap();
        let (digest, at) = (self.digest(), Timestamp::from_seconds(1_795_248_100));
        ack_insert(conn, &NewAck { order: &digest, consent: self.consent, n: self.n, ack: &order, at })?;
        let (peer, consent, revokes, next_ms) = (self.to, self.consent, self.revokes, self.next_ms);
        let new = NewForward { digest: &digest, peer, consent, order: &order, revokes, now_ms: 0, next_ms };
        forward_insert(conn, keys, &new)
    }
}

fn consent(keys: &Keys) -> ConsentIndex {
    let now = Timestamp::from_seconds(1_795_248_100);
    consent_index(keys, &"did:jwk:eyJ".parse().unwrap(), &protocol::seal::random::consent_id(now))
}

/// Digests of what is claimed at this time, until a second later.
fn claimed(conn: &mut AnyConnection, keys: &Keys, now_ms: i64) -> Result<Vec<Digest>, RequestStoreError> {
    let claim = forwards_claim(conn, keys, (now_ms, now_ms + 1_000), (&[], ALL))?;
    assert_eq!(claim.damaged, 0);
    Ok(claim.due.into_iter().map(|forward| forward.digest).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_order_waits_for_the_earlier_ones_of_its_consent() {
    on_both(|conn, keys| {
        let (to, other, about) = (peer("revenue"), peer("civil"), consent(keys));
        // The later one was written first and is due; the earlier one is not.
        let later = Order { name: "later", to: &to, consent: &about, n: 2, revokes: false, next_ms: 0 };
        let earlier = Order { name: "earlier", n: 1, next_ms: 500, ..later };
        let elsewhere = Order { name: "elsewhere", to: &other, n: 3, ..later };
        for order in [&later, &earlier, &elsewhere] {
            order.queue(conn, keys)?;
        }
        assert_eq!(claimed(conn, keys, 100)?, [elsewhere.digest()], "another party has its own turn");
        assert_eq!(claimed(conn, keys, 600)?, [earlier.digest()]);
        assert_eq!(claimed(conn, keys, 700)?, [], "it is on its way");
        assert!(forward_end(conn, &earlier.digest(), &to, &ForwardEnd::Acknowledged("a.b.c".parse().unwrap()))?);
        assert_eq!(claimed(conn, keys, 800)?, [later.digest()]);
        Ok(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_waits_behind_no_order_that_goes_on_failing() {
    on_both(|conn, keys| {
        let (to, about) = (peer("revenue"), consent(keys));
        let failing = Order { name: "failing", to: &to, consent: &about, n: 1, revokes: false, next_ms: 0 };
        let shorter = Order { name: "shorter", n: 2, ..failing };
        let revoke = Order { name: "revoke", n: 3, revokes: true, ..failing };
        failing.queue(conn, keys)?;
        assert_eq!(claimed(conn, keys, 100)?, [failing.digest()]);
        forward_later(conn, &failing.digest(), &to, (5_000, Waits::PutOff))?;
        shorter.queue(conn, keys)?;
        assert_eq!(claimed(conn, keys, 200)?, [], "what is not final keeps its turn");
        revoke.queue(conn, keys)?;
        assert_eq!(claimed(conn, keys, 300)?, [revoke.digest()]);
        assert_eq!(claimed(conn, keys, 6_000)?, [revoke.digest()], "and nothing overtakes it");
        assert!(forward_end(conn, &revoke.digest(), &to, &ForwardEnd::Acknowledged("a.b.c".parse().unwrap()))?);
        assert_eq!(claimed(conn, keys, 6_100)?, [failing.digest()], "the others hear what became of them");
        Ok(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_the_party_goes_on_putting_off_holds_back_no_later_one() {
    on_both(|conn, keys| {
        let (to, about) = (peer("revenue"), consent(keys));
        let stubborn = Order { name: "stubborn", to: &to, consent: &about, n: 1, revokes: false, next_ms: 0 };
        let later = Order { name: "later", n: 2, ..stubborn };
        let latest = Order { name: "latest", n: 3, ..stubborn };
        for order in [&stubborn, &later, &latest] {
            order.queue(conn, keys)?;
        }
        for _ in 0..PUT_OFF * 3 {
            // However long nobody is there, the first stays the first.
            forward_later(conn, &stubborn.digest(), &to, (0, Waits::Away))?;
        }
        for _ in 1..PUT_OFF {
            forward_later(conn, &stubborn.digest(), &to, (0, Waits::PutOff))?;
        }
        assert_eq!(claimed(conn, keys, 100)?, [stubborn.digest()]);
        forward_later(conn, &stubborn.digest(), &to, (9_000, Waits::PutOff))?;
        assert_eq!(claimed(conn, keys, 200)?, [later.digest()], "but the others keep their order");
        assert!(forward_end(conn, &later.digest(), &to, &ForwardEnd::Acknowledged("a.b.c".parse().unwrap()))?);
        assert_eq!(claimed(conn, keys, 300)?, [latest.digest()]);
        assert_eq!(claimed(conn, keys, 9_100)?.len(), 2, "and it is still tried");
        assert!(forward_end(conn, &stubborn.digest(), &to, &ForwardEnd::Parked)?);
        assert!(forward_replay(conn, &stubborn.digest(), &to, 9_200)?);
        assert_eq!(claimed(conn, keys, 20_000)?, [stubborn.digest()], "who sets out anew is the first again");
        Ok(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_party_is_left_alone_and_the_others_have_their_turn() {
    on_both(|conn, keys| {
        let (busy, free) = (peer("revenue"), peer("civil"));
        let (one, two) = (consent(keys), consent(keys));
        let stuck = Order { name: "stuck", to: &busy, consent: &one, n: 1, revokes: false, next_ms: 0 };
        let other = Order { name: "other", to: &free, consent: &two, ..stuck };
        stuck.queue(conn, keys)?;
        other.queue(conn, keys)?;
        let digests = |claim: Claim| claim.due.into_iter().map(|forward| forward.digest).collect::<Vec<_>>();
        let lanes = [busy.clone(), peer("elsewhere")];
        assert_eq!(digests(forwards_claim(conn, keys, (10, 20), (&lanes, ALL))?), [other.digest()]);
        assert_eq!(digests(forwards_claim(conn, keys, (11, 20), (&[], ALL))?), [stuck.digest()]);
        Ok(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_order_is_listed_and_sets_out_anew_when_an_officer_says_so() {
    on_both(|conn, keys| {
        let (to, about) = (peer("revenue"), consent(keys));
        let order = Order { name: "order", to: &to, consent: &about, n: 1, revokes: false, next_ms: 0 };
        order.queue(conn, keys)?;
        assert!(!forward_replay(conn, &order.digest(), &to, 50)?, "it is not parked");
        assert!(forward_end(conn, &order.digest(), &to, &ForwardEnd::Parked)?);
        let parked = ParkedForward { digest: order.digest(), peer: to.clone(), since_ms: 0 };
        assert_eq!(forwards_parked(conn, 9)?, [parked]);
        assert!(!forward_replay(conn, &order.digest(), &peer("civil"), 50)?, "to nobody else");
        assert!(forward_replay(conn, &order.digest(), &to, 50)?);
        assert_eq!((forwards_parked(conn, 9)?, claimed(conn, keys, 60)?), (Vec::new(), vec![order.digest()]));
        Ok(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_for_one_party_takes_no_turn_of_another_and_what_is_new_goes_first() {
    on_both(|conn, keys| {
        let (flooded, quiet) = (peer("revenue"), peer("civil"));
        for number in 0..30 {
            let (name, consent) = (format!("flood-{number}"), consent(keys));
            Order { name: &name, to: &flooded, consent: &consent, n: 1, revokes: false, next_ms: number }
                .queue(conn, keys)?;
        }
        let about = consent(keys);
        let last = Order { name: "last", to: &quiet, consent: &about, n: 1, revokes: false, next_ms: 90 };
        last.queue(conn, keys)?;
        let bounds = ClaimBounds { per_peer: 4, all: 100 };
        let first = forwards_claim(conn, keys, (100, 200), (&[], bounds))?.due;
        let of = |peer: &EntityId| first.iter().filter(|forward| forward.peer == *peer).count();
        assert_eq!((of(&flooded), of(&quiet)), (4, 1));
        let second = forwards_claim(conn, keys, (300, 400), (&[], bounds))?.due;
        let again = |forward: &Forward| first.iter().any(|one| one.digest == forward.digest && one.peer == flooded);
        assert!(!second.iter().any(again), "those that were never tried");
        assert_eq!(forwards_claim(conn, keys, (500, 600), (&[], ClaimBounds { per_peer: 4, all: 3 }))?.due.len(), 3);
        Ok(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_parked_waits_anew_when_it_is_brought_again_and_what_ended_stays() {
    on_both(|conn, keys| {
        let (to, about) = (peer("revenue"), consent(keys));
        let order = Order { name: "order", to: &to, consent: &about, n: 1, revokes: false, next_ms: 0 };
        order.queue(conn, keys)?;
        assert_eq!(claimed(conn, keys, 100)?, [order.digest()]);
        assert!(forward_end(conn, &order.digest(), &to, &ForwardEnd::Parked)?);
        assert_eq!(claimed(conn, keys, 10_000)?, []);
        order.queue(conn, keys)?;
        assert_eq!(forwards_of(conn, &order.digest())?, [(to.clone(), None)]);
        let claim = forwards_claim(conn, keys, (10_000, 11_000), (&[], ALL))?;
        assert_eq!(claim.due[0].tries, 0, "as if it were new");
        let refused = ForwardEnd::Refused(Code::Conflict);
        assert!(forward_end(conn, &order.digest(), &to, &refused)?);
        order.queue(conn, keys)?;
        assert_eq!(forwards_of(conn, &order.digest())?, [(to.clone(), Some(refused))]);
        Ok(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_read_is_parked_and_the_others_go_on() {
    on_both(|conn, keys| {
        let (to, one, two) = (peer("revenue"), consent(keys), consent(keys));
        let damaged = Order { name: "damaged", to: &to, consent: &one, n: 1, revokes: false, next_ms: 0 };
        let later = Order { name: "later", n: 2, next_ms: 1, ..damaged };
        let sound = Order { name: "sound", consent: &two, next_ms: 1, ..damaged };
        for order in [&damaged, &later, &sound] {
            order.queue(conn, keys)?;
        }
        sql_query("UPDATE order_forward SET signed_order = $1 WHERE order_digest = $2")
            .bind::<Binary, _>(b"damage".to_vec())
            .bind::<Binary, _>(damaged.digest().as_bytes().to_vec())
            .execute(conn)?;
        let claim = forwards_claim(conn, keys, (100, 1_000), (&[], ALL))?;
        assert_eq!((claim.damaged, claim.due.len(), claim.due[0].digest), (1, 1, sound.digest()));
        assert_eq!(forwards_of(conn, &damaged.digest())?, [(to.clone(), Some(ForwardEnd::Parked))]);
        damaged.queue(conn, keys)?;
        assert_eq!(
            claimed(conn, keys, 200)?,
            [damaged.digest()],
            "brought again it is whole, and before the later one"
        );
        Ok(())
    });
}
