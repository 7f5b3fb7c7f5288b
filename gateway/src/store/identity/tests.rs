//! On both engines: a code is used once and dies at the fifth wrong try; places are given once.

use registry_adapter::key::LocalKey;
use schemas::{id::KeyId, time::Timestamp};
use service_kit::db::AnyConnection;
use service_kit_testing::DatabaseWorld;

use super::{
    bindings::{
        FILLED, NewBinding, OwnRevocation, Place, Standing, binding_insert, bindings_revoke_of, bindings_set,
        key_is_bound, list_exceptions, list_generation, list_open,
    },
    offers::{Invited, NewOffer, OfferStoreError, Redeemed, TRIES, offer_insert, offer_redeem, offers_prune},
    resident_names::{
        NamesTable, resident_names_begin, resident_names_end, resident_names_renew, resident_names_table,
    },
    tokens::{NewToken, Take, token_insert, token_stands, token_take, tokens_prune},
};
use crate::{consents::testing::keys, keys::Keys, store::MIGRATIONS};

fn now() -> Timestamp {
    Timestamp::from_seconds(1_795_248_100)
}

fn on_both(check: impl Fn(&mut AnyConnection, &Keys) -> Result<(), OfferStoreError>) {
    for world in [DatabaseWorld::sqlite(&MIGRATIONS), DatabaseWorld::postgres(&MIGRATIONS)] {
        world.database.write_blocking(|conn| check(conn, &keys())).unwrap();
    }
}

fn resident(number: &str) -> LocalKey {
    number.parse().unwrap()
}

fn kid(first: char) -> KeyId {
    format!("{first}PrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k").parse().unwrap()
}

fn new<'a>(key: &'a KeyId, resident: &'a LocalKey) -> NewBinding<'a> {
    NewBinding { key, resident, wallet: key, expires: now() }
}

fn herself() -> Invited {
    Invited { resident: resident("R-1"), assisted: None }
}

fn offer(conn: &mut AnyConnection, keys: &Keys, code: &str) -> Result<(), OfferStoreError> {
    offer_insert(
        conn,
        keys,
        &NewOffer { code, tx_code: "123456", resident: &resident("R-1"), assisted: None, expires: now().plus(900) },
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_redeemed_once_by_its_own_transaction_code() {
    tokio::task::block_in_place(|| {
        on_both(|conn, keys| {
            offer(conn, keys, "a")?;
            offer(conn, keys, "b")?;
            assert!(matches!(offer_redeem(conn, keys, "c", "123456", now())?, Redeemed::NoSuchCode));
            let Redeemed::Resident(invited) = offer_redeem(conn, keys, "a", "123456", now())? else {
                panic!("redeemed")
            };
            assert_eq!(invited, herself());
            assert!(matches!(offer_redeem(conn, keys, "a", "123456", now())?, Redeemed::NoSuchCode), "used");
            assert!(matches!(offer_redeem(conn, keys, "b", "123456", now().plus(900))?, Redeemed::NoSuchCode), "ended");
            assert_eq!(offers_prune(conn, now().plus(901))?, 2);
            Ok(())
        });
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fifth_wrong_transaction_code_kills() {
    tokio::task::block_in_place(|| {
        on_both(|conn, keys| {
            offer(conn, keys, "a")?;
            offer(conn, keys, "b")?;
            for _ in 0..TRIES {
                assert!(matches!(offer_redeem(conn, keys, "a", "000000", now())?, Redeemed::WrongTxCode));
            }
            assert!(matches!(offer_redeem(conn, keys, "a", "123456", now())?, Redeemed::NoSuchCode), "dead");
            for _ in 1..TRIES {
                assert!(matches!(offer_redeem(conn, keys, "b", "000000", now())?, Redeemed::WrongTxCode));
            }
            assert!(
                matches!(offer_redeem(conn, keys, "b", "123456", now())?, Redeemed::Resident(_)),
                "four are forgiven"
            );
            Ok(())
        });
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_for_its_key_its_time_and_its_allowance() {
    tokio::task::block_in_place(|| {
        on_both(|conn, keys| {
            let new = NewToken { token: "t", dpop_key: &kid('k'), whose: &herself(), expires: now().plus(600) };
            token_insert(conn, keys, &new)?;
            let take = |bindings| Take { bindings, most: 20 };
            assert!(token_take(conn, keys, "t", &kid('x'), take(1), now())?.is_none(), "another key");
            assert!(token_take(conn, keys, "u", &kid('k'), take(1), now())?.is_none(), "another token");
            assert!(token_take(conn, keys, "t", &kid('k'), take(1), now().plus(600))?.is_none(), "ended");
            assert_eq!(token_take(conn, keys, "t", &kid('k'), take(16), now())?, Some(herself()));
            assert!(token_take(conn, keys, "t", &kid('k'), take(5), now())?.is_none(), "beyond its allowance");
            assert!(token_take(conn, keys, "t", &kid('k'), take(4), now())?.is_some());
            assert_eq!(tokens_prune(conn, now().plus(601))?, 1);
            Ok(())
        });
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_and_a_key_are_given_once_and_changes_count_the_list_up() {
    tokio::task::block_in_place(|| {
        on_both(|conn, keys| {
            let list = list_open(conn)?;
            assert_eq!(list_open(conn)?, list, "there is room");
            let (one, two) = (resident("R-1"), resident("R-2"));
            let place = |idx| Place { list, idx };
            assert!(binding_insert(conn, keys, &new(&kid('a'), &one), place(7))?);
            assert!(!binding_insert(conn, keys, &new(&kid('b'), &two), place(7))?, "the place is taken");
            assert!(!binding_insert(conn, keys, &new(&kid('a'), &one), place(8))?, "the key is bound");
            assert!(binding_insert(conn, keys, &new(&kid('b'), &two), place(8))?);
            assert!(key_is_bound(conn, &kid('a'))? && !key_is_bound(conn, &kid('c'))?);

            assert_eq!(list_generation(conn, list)?, Some(0));
            assert_eq!(bindings_set(conn, keys, &one, Standing::Suspended)?, 1);
            assert_eq!(bindings_set(conn, keys, &one, Standing::Suspended)?, 0, "already so");
            assert_eq!((list_generation(conn, list)?, list_exceptions(conn, list)?), (Some(1), vec![(7, 2)]));
            assert_eq!(bindings_set(conn, keys, &one, Standing::Valid)?, 1);
            assert_eq!(bindings_set(conn, keys, &one, Standing::Revoked)?, 1);
            assert_eq!(bindings_set(conn, keys, &one, Standing::Valid)?, 0, "revoked is final");
            assert_eq!((list_generation(conn, list)?, list_exceptions(conn, list)?), (Some(3), vec![(7, 1)]));
            assert_eq!(list_generation(conn, list + 1)?, None);
            Ok(())
        });
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_person_of_a_binding_ends_those_of_her_other_wallets_or_all() {
    tokio::task::block_in_place(|| {
        on_both(|conn, keys| {
            let list = list_open(conn)?;
            let (one, two) = (resident("R-1"), resident("R-2"));
            // Two keys of a lost phone, one of a new phone, one of somebody else.
            for (idx, (key, wallet, whose)) in
                (0..).zip([('a', 'p', &one), ('b', 'p', &one), ('c', 'n', &one), ('d', 'p', &two)])
            {
                let new = NewBinding { key: &kid(key), resident: whose, wallet: &kid(wallet), expires: now() };
                assert!(binding_insert(conn, keys, &new, Place { list, idx })?);
            }
            assert_eq!(bindings_revoke_of(conn, &kid('x'), true)?, OwnRevocation::Unknown, "no binding has the key");
            assert_eq!(bindings_revoke_of(conn, &kid('c'), true)?, OwnRevocation::Ended(2), "from the new phone");
            assert_eq!(list_exceptions(conn, list)?, vec![(0, 1), (1, 1)]);
            assert_eq!(list_generation(conn, list)?, Some(1));
            assert_eq!(bindings_revoke_of(conn, &kid('a'), true)?, OwnRevocation::NotInForce, "from the lost phone");
            assert_eq!(bindings_revoke_of(conn, &kid('c'), true)?, OwnRevocation::Ended(0), "they have ended");
            assert_eq!(
                bindings_revoke_of(conn, &kid('c'), false)?,
                OwnRevocation::Ended(1),
                "all of hers, and nobody else's"
            );
            assert_eq!(list_exceptions(conn, list)?, vec![(0, 1), (1, 1), (2, 1)]);
            Ok(())
        });
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_ends_her_open_codes_and_tokens_and_nobody_elses() {
    tokio::task::block_in_place(|| {
        on_both(|conn, keys| {
            let token = |conn: &mut AnyConnection, token: &str, wallet: char, number: &str| {
                let whose = Invited { resident: resident(number), assisted: None };
                let new = NewToken { token, dpop_key: &kid(wallet), whose: &whose, expires: now().plus(600) };
                token_insert(conn, keys, &new)
            };
            let fresh = |conn: &mut AnyConnection, code: &str| {
                offer(conn, keys, code)?;
                token(conn, &format!("{code}-own"), 'n', "R-1")?;
                token(conn, &format!("{code}-other"), 'p', "R-1")
            };
            token(conn, "stranger", 'p', "R-2")?;
            fresh(conn, "a")?;
            bindings_set(conn, keys, &resident("R-1"), Standing::Suspended)?;
            assert!(token_stands(conn, keys, "a-own")? && token_stands(conn, keys, "a-other")?, "not by a suspension");
            bindings_set(conn, keys, &resident("R-1"), Standing::Revoked)?;
            assert!(matches!(offer_redeem(conn, keys, "a", "123456", now())?, Redeemed::NoSuchCode), "at the desk");
            assert!(!token_stands(conn, keys, "a-own")? && !token_stands(conn, keys, "a-other")?);

            fresh(conn, "b")?;
            let list = list_open(conn)?;
            let one = resident("R-1");
            let new = NewBinding { key: &kid('c'), resident: &one, wallet: &kid('n'), expires: now() };
            assert!(binding_insert(conn, keys, &new, Place { list, idx: 5 })?);
            assert_eq!(bindings_revoke_of(conn, &kid('c'), true)?, OwnRevocation::Ended(0));
            assert!(matches!(offer_redeem(conn, keys, "b", "123456", now())?, Redeemed::NoSuchCode), "by herself");
            assert!(token_stands(conn, keys, "b-own")? && !token_stands(conn, keys, "b-other")?);
            assert_eq!(bindings_revoke_of(conn, &kid('c'), false)?, OwnRevocation::Ended(1));
            assert!(!token_stands(conn, keys, "b-own")? && token_stands(conn, keys, "stranger")?);
            Ok(())
        });
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_names_is_complete_after_its_last_page_and_one_at_a_time_builds_it() {
    tokio::task::block_in_place(|| {
        on_both(|conn, _| {
            let (sector, other) = ("revenue".parse().unwrap(), "social".parse().unwrap());
            let (until, table) = (now().plus(600), |complete, building| NamesTable { complete, building });
            assert_eq!(resident_names_table(conn, &sector, now())?, table(false, false));
            assert!(resident_names_begin(conn, &sector, now(), until)?);
            assert_eq!(resident_names_table(conn, &sector, now())?, table(false, true));
            assert!(!resident_names_begin(conn, &sector, now(), until)?, "somebody builds it");
            assert!(resident_names_begin(conn, &other, now(), until)?, "another sector's is another's");
            resident_names_renew(conn, &sector, until.plus(600))?;
            assert!(!resident_names_begin(conn, &sector, until, until)?, "the turn was kept");
            assert!(resident_names_begin(conn, &sector, until.plus(600), until.plus(900))?, "the builder is gone");
            resident_names_end(conn, &sector, false)?;
            assert_eq!(resident_names_table(conn, &sector, now())?, table(false, false), "the register went away");
            assert!(resident_names_begin(conn, &sector, now(), until)?);
            resident_names_end(conn, &sector, true)?;
            assert!(resident_names_begin(conn, &sector, now(), until)?);
            assert_eq!(resident_names_table(conn, &sector, now())?, table(true, true), "completed again");
            resident_names_end(conn, &sector, false)?;
            assert_eq!(resident_names_table(conn, &sector, now())?, table(true, false), "once complete stays so");
            Ok(())
        });
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_filled_half_is_followed_by_a_new_one() {
    tokio::task::block_in_place(|| {
        on_both(|conn, _| {
            let first = list_open(conn)?;
            let fill = "UPDATE status_list SET places = $1 WHERE list = $2";
            let filled = |conn: &mut AnyConnection, places: i64| {
                use diesel::{RunQueryDsl as _, sql_types::BigInt};
                diesel::sql_query(fill).bind::<BigInt, _>(places).bind::<BigInt, _>(first).execute(conn)
            };
            filled(conn, FILLED - 1)?;
            assert_eq!(list_open(conn)?, first);
            filled(conn, FILLED)?;
            assert_eq!(list_open(conn)?, first + 1);
            assert_eq!((list_generation(conn, first)?, list_generation(conn, first + 1)?), (Some(0), Some(0)));
            Ok(())
        });
    });
}
